/* How long the report of a store of 100,000 trials takes, and how large it is. What this prints is the measurement:
 * meson test -C build analysis/report_large -v */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analysis/report.h"
#include "base/file.h"
#include "tests/results/large_store.h"
#include "tests/results/sample.h"

/* Promised are 10 s on a quiet machine. Processor time is what a busy one keeps, but for its caches. */
#define LIMIT_SECONDS 10.0
#define LIMIT_BYTES 8000000

static void a_store_of_100000_trials_gives_a_page_in_10_seconds(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_arena arena;
    ftdn_store *store;
    ftdn_text html;
    ftdn_arena_init(&arena);
    ftdn_text_init(&html);
    char *folder = ftdn_test_create_folder(&arena), *path = ftdn_path_join(&arena, folder, "large.db", &err);
    const ftdn_report_desc desc = {.store_path = "large.db", .title = "large", .program = "ftdn test", .manifest = "*"};
    ftdn_large_store_make(path);
    clock_t begin = clock();
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    FTDN_ASSERT_OK(ftdn_report_write(store, &desc, &arena, &html, &err), err);
    ftdn_store_close(store);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    printf("%.2f s of processor time, %.2f MB, %.0f MB of memory\n", seconds, (double)html.n_chars / 1e6,
           (double)arena.peak_bytes / 1e6);
    const char *kept = getenv("FTDN_KEEP_REPORT"); /* to look at it */
    if (kept) FTDN_ASSERT_OK(ftdn_file_write_atomic(kept, html.chars, html.n_chars, &err), err);
    assert_true(seconds < LIMIT_SECONDS);
    assert_true(html.n_chars < LIMIT_BYTES);
    assert_non_null(strstr(html.chars, "100,000"));
    ftdn_test_remove_folder(folder);
    ftdn_text_done(&html);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_store_of_100000_trials_gives_a_page_in_10_seconds)};
    return cmocka_run_group_tests_name("analysis/report_large", tests, NULL, NULL);
}
