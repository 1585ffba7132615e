/* test_report_command.c - a results file as one page. */
#include <stdio.h>
#include <sys/stat.h>

#include "tests/cli/cli_campaign.h"

static const char sweep[] =
    "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1},"
    " 'sweep': {'grid': {'faults.weight_rate': [0, 0.01, 0.1], 'protection': [{'method': 'none'}, "
    "{'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5}, {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5}]}, "
    "'seeds': [0, 1]}";

static void run_small(ftdn_arena *arena)
{
    ftdn_cli_write_small("small.json", 3, sweep);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q"));
}

static void the_same_file_gives_the_same_page_byte_for_byte(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    size_t n_first, n_second;
    run_small(arena);
    ftdn_cli_result result = FTDN_CLI(arena, "report", "results/small.db");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "results/small.html: ");
    ftdn_cli_assert_done(FTDN_CLI(arena, "report", "results/small.db", "-o", "new/other.html"));
    const char *first = ftdn_cli_load(arena, "results/small.html", &n_first);
    const char *second = ftdn_cli_load(arena, "new/other.html", &n_second);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
}

/* The words of a command are separated by single spaces here. */
static void run_shown_command(ftdn_arena *arena, const char *command)
{
    const char *words[8] = {NULL};
    int n_words = 0;
    char *rest = ftdn_arena_copy_text(arena, command, strcspn(command, "<"), NULL);
    assert_non_null(rest);
    for (char *word = strtok(rest, " "); word && n_words < 7; word = strtok(NULL, " ")) words[n_words++] = word;
    ftdn_cli_result result = ftdn_cli_start(arena, -1, words + 1);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "are equal, bit for bit");
}

static void each_point_has_a_command_that_repeats_it(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    size_t n_chars;
    int n_commands = 0;
    run_small(arena);
    ftdn_cli_assert_done(FTDN_CLI(arena, "report", "results/small.db", "-o", "report.html"));
    const char *page = ftdn_cli_load(arena, "report.html", &n_chars);
    for (const char *at = page; (at = strstr(at, "<code>ftdn replay ")); at++, n_commands++)
        if (n_commands % 4 == 0) run_shown_command(arena, at + strlen("<code>"));
    assert_int_equal(n_commands, 9);
}

/* The agreement of rankings is what ftdn rank says of the same network. */
static void rankings_agree_as_ftdn_rank_says(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    size_t n_chars;
    run_small(arena);
    ftdn_cli_result result = FTDN_CLI(arena, "rank", "small.json", "--ranker", "entropy,weight_sum", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *spearman =
        ftdn_cli_member(ftdn_cli_member(ftdn_cli_parse(arena, result.out), "agreement"), "spearman");
    double expected = ftdn_cli_member(ftdn_cli_member(spearman, "entropy"), "weight_sum")->number;
    ftdn_cli_assert_done(FTDN_CLI(arena, "report", "results/small.db", "-o", "report.html"));
    const char *page = ftdn_cli_load(arena, "report.html", &n_chars), *matrix = strstr(page, "Correlation of ranks");
    assert_non_null(matrix);
    const char *said = strstr(matrix, "<td class=\"h");
    char shown[16];
    snprintf(shown, sizeof shown, ">%.2f", expected);
    assert_non_null(said);
    if (!strstr(said, shown) || strstr(said, shown) > said + 20) fail_msg("%s is not %.40s", shown, said);
}

static void pictures_are_part_of_the_page(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    size_t n_chars;
    run_small(arena);
    assert_int_equal(remove("small.json"), 0); /* the store keeps what is needed */
    ftdn_cli_assert_done(FTDN_CLI(arena, "report", "results/small.db", "-o", "report.html", "--pictures", "1"));
    const char *page = ftdn_cli_load(arena, "report.html", &n_chars);
    ftdn_cli_assert_says(page, "What the network sees");
    ftdn_cli_assert_says(page, "10 % weight faults and 0 % map faults, seed 0");
    ftdn_cli_assert_says(page, "src=\"data:image/jpeg;base64,/9j/");
}

static void what_cannot_be_reported_is_said_and_nothing_is_written(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    struct stat info;
    run_small(arena);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "report", "missing.db", "-o", "a.html"), 5, "missing.db");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "report", "results/small.db", "-o", "a.html", "--manifest", "x*"), 5,
                          "there is no finished trial of a campaign 'x*'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "report"), 2, "missing argument");
    assert_int_not_equal(stat("a.html", &info), 0);
    mkdir("a.html", 0777);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "report", "results/small.db", "-o", "a.html"), 4, "a.html");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(the_same_file_gives_the_same_page_byte_for_byte),
        FTDN_CAMPAIGN_TEST(each_point_has_a_command_that_repeats_it),
        FTDN_CAMPAIGN_TEST(rankings_agree_as_ftdn_rank_says),
        FTDN_CAMPAIGN_TEST(pictures_are_part_of_the_page),
        FTDN_CAMPAIGN_TEST(what_cannot_be_reported_is_said_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
