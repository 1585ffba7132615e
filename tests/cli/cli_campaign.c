#include "tests/cli/cli_campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "datasets/image.h"

int ftdn_cli_enter(void **state)
{
    int result = ftdn_cli_set_up(state);
    const ftdn_cli_place *place = *state;
    return result == 0 ? chdir(place->folder) : result;
}

int ftdn_cli_leave(void **state)
{
    return chdir("/") == 0 ? ftdn_cli_tear_down(state) : -1;
}

void ftdn_cli_write_quoted(const char *path, const char *format, ...)
{
    char text[16384];
    va_list arguments;
    va_start(arguments, format);
    int n_chars = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_in_range(n_chars, 0, sizeof text - 1);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_test_write_file(path, text, (size_t)n_chars);
}

void ftdn_cli_write_small(const char *path, int n_images, const char *rest)
{
    ftdn_cli_write_quoted(path,
                          "{'manifest_version': 1, 'name': 'small',\n"
                          " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.25},\n"
                          " 'dataset': {'kind': 'test_scenes', 'images': %d},\n %s}\n",
                          n_images, rest);
}

void ftdn_cli_write_voc(const char *root)
{
    static const char *const folders[] = {"ImageSets/Main", "Annotations", "JPEGImages"};
    static uint8_t pixels[40 * 30 * 3];
    const ftdn_picture picture = {40, 30, pixels};
    ftdn_error err = {0};
    char path[256];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        FTDN_ASSERT_OK(ftdn_folder_create(path, &err), err);
    }
    snprintf(path, sizeof path, "%s/ImageSets/Main/test.txt", root);
    ftdn_cli_write_quoted(path, "a\nb\nc\n");
    for (char name = 'a'; name <= 'c'; name++) {
        for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(name + i / 20);
        snprintf(path, sizeof path, "%s/JPEGImages/%c.jpg", root, name);
        FTDN_ASSERT_OK(ftdn_picture_write_jpeg(path, &picture, &err), err);
        snprintf(path, sizeof path, "%s/Annotations/%c.xml", root, name);
        ftdn_cli_write_quoted(path, "<annotation>\n<object>\n<name>dog</name>\n<bndbox><xmin>3</xmin><ymin>4</ymin>"
                                    "<xmax>20</xmax><ymax>25</ymax></bndbox>\n</object>\n</annotation>\n");
    }
}

const char *ftdn_cli_ask(ftdn_arena *arena, const char *db, const char *question)
{
    ftdn_cli_result result = FTDN_CLI(arena, "query", db, question, "--csv");
    ftdn_cli_assert_done(result);
    return result.out;
}

long long ftdn_cli_ask_number(ftdn_arena *arena, const char *db, const char *question)
{
    const char *row = strchr(ftdn_cli_ask(arena, db, question), '\n');
    if (!row) fail_msg("%s: no answer", question);
    char *end;
    long long number = strtoll(row + 1, &end, 10);
    if (end == row + 1 || strcmp(end, "\n") != 0) fail_msg("%s: the answer is '%s'", question, row + 1);
    return number;
}

void ftdn_cli_assert_answer(ftdn_arena *arena, const char *db, const char *question, long long expected)
{
    long long answer = ftdn_cli_ask_number(arena, db, question);
    if (answer != expected) fail_msg("%lld instead of %lld: %s", answer, expected, question);
}

const char *ftdn_cli_results(ftdn_arena *arena, const char *db)
{
    ftdn_cli_result result = FTDN_CLI(arena, "dump", db);
    ftdn_cli_assert_done(result);
    return result.out;
}

void ftdn_cli_assert_whole(ftdn_arena *arena, const char *db)
{
    long long n_trials = ftdn_cli_ask_number(arena, db, "SELECT count(*) FROM v_trials");
    ftdn_cli_assert_answer(arena, db, "SELECT count(*) FROM v_ap", 20 * n_trials);
    ftdn_cli_assert_answer(arena, db, "SELECT count(*) FROM v_timings", 6 * n_trials);
    ftdn_cli_assert_says(ftdn_cli_ask(arena, db, "SELECT * FROM pragma_integrity_check"), "\nok");
}
