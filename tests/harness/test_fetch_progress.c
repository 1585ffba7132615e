/* test_fetch_progress.c - what people see of a fetch, on a terminal and elsewhere. */
#include "harness/commands/fetch_progress.h"

#include <stdlib.h>
#include <time.h>

#include "tests/support/support.h"

static void sizes_have_three_digits_or_so(void **state)
{
    (void)state;
    static const struct {
        uint64_t n_bytes;
        const char *text;
    } rows[] = {{0, "0 bytes"},          {999, "999 bytes"},      {1000, "1 kB"},         {149266, "149 kB"},
                {999499, "999 kB"},      {999500, "1.0 MB"},      {38000000, "38.0 MB"},  {99949999, "99.9 MB"},
                {99950000, "100 MB"},    {460032000, "460 MB"},   {999499999, "999 MB"},  {999500000, "1.00 GB"},
                {1999639040, "2.00 GB"}, {16000000000, "16.00 GB"}};
    char text[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(ftdn_bytes_text(rows[i].n_bytes, text), rows[i].text);
}

/* What was written so far. */
static const char *read_all(FILE *file, char text[4096])
{
    rewind(file);
    size_t n_chars = fread(text, 1, 4095, file);
    text[n_chars] = 0;
    return text;
}

static void wait_until_due(const ftdn_fetch_progress *progress)
{
    while (!ftdn_progress_is_due(&progress->line)) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void a_terminal_shows_the_share_the_rest_and_the_pace(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_fetch_progress progress;
    char text[4096];
    FILE *out = tmpfile();
    assert_non_null(out);
    ftdn_arena_init(&arena);
    ftdn_fetch_progress_init(&progress, out, &arena);
    progress.line.is_terminal = true;
    progress.line.n_columns = 100;
    ftdn_fetch_watch watch = ftdn_fetch_progress_watch(&progress, NULL);
    watch.progress(watch.user, "f", 0, 100000000);
    assert_non_null(strstr(read_all(out, text), "\r[........................] 0 bytes of 100 MB\033[K"));
    wait_until_due(&progress);
    watch.progress(watch.user, "f", 50000000, 100000000);
    read_all(out, text);
    assert_non_null(strstr(text, "[############............] 50.0 MB of 100 MB, "));
    assert_non_null(strstr(text, " s left (\u00b1 "));
    assert_non_null(strstr(text, "B/s\033[K"));
    wait_until_due(&progress);
    watch.progress(watch.user, "f", 1000, 100000000); /* it started over: nothing is known of its pace */
    assert_non_null(strstr(read_all(out, text), "\r[........................] 1 kB of 100 MB\033[K"));
    wait_until_due(&progress);
    watch.progress(watch.user, "g", 70000, -1);
    assert_non_null(strstr(read_all(out, text), "\r[........................] 70 kB\033[K"));
    watch.tell(watch.user, "a line");
    assert_non_null(strstr(read_all(out, text), "\r\033[Ka line\n"));
    fclose(out);
    ftdn_arena_done(&arena);
}

static void elsewhere_only_lines_are_written_and_nothing_where_it_is_quiet(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_fetch_progress progress;
    char text[4096];
    FILE *out = tmpfile();
    assert_non_null(out);
    ftdn_arena_init(&arena);
    ftdn_fetch_progress_init(&progress, out, &arena);
    ftdn_fetch_watch watch = ftdn_fetch_progress_watch(&progress, NULL);
    watch.tell(watch.user, "a line");
    watch.progress(watch.user, "f", 5, 10);
    assert_string_equal(read_all(out, text), "a line\n");
    fclose(out);
    ftdn_fetch_progress_init(&progress, NULL, &arena);
    watch = ftdn_fetch_progress_watch(&progress, NULL);
    watch.tell(watch.user, "a line");
    watch.progress(watch.user, "f", 5, 10);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_three_digits_or_so),
        cmocka_unit_test(a_terminal_shows_the_share_the_rest_and_the_pace),
        cmocka_unit_test(elsewhere_only_lines_are_written_and_nothing_where_it_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
