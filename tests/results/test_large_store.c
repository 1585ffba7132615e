/* How long the named queries take on a store of 100,000 trials. The table that this prints is the measurement:
 * meson test -C build results/large_store -v */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "tests/results/large_store.h"
#include "tests/results/sample.h"

/* A query takes less than 1 s on a quiet machine. Processor time, and five times as much, is what a busy one keeps. */
#define LIMIT_SECONDS 5.0

/* When rows came first: the second call of a CSV, the first one hears the header alone. */
typedef struct stopwatch {
    int64_t begin, first; /* ns */
    double processor_begin, processor_first;
    int n_calls;
} stopwatch;

static double processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static ftdn_status hear(void *user, const ftdn_text *text, ftdn_error *err)
{
    (void)text;
    (void)err;
    stopwatch *watch = user;
    if (++watch->n_calls != 2) return FTDN_OK;
    watch->first = ftdn_clock_ns() - watch->begin;
    watch->processor_first = processor_seconds() - watch->processor_begin;
    return FTDN_OK;
}

static int count_lines(const char *text)
{
    int n_lines = 0;
    for (; (text = strchr(text, '\n')); text++) n_lines++;
    return n_lines;
}

/* Ask the query and print its line; the processor time that counts. A list of a million rows takes its time, but begins
 * at once: what counts is its beginning. */
static double measure(const char *path, const char *name)
{
    ftdn_error err;
    ftdn_store *store;
    ftdn_text text;
    ftdn_text_init(&text);
    stopwatch watch = {.begin = ftdn_clock_ns(), .processor_begin = processor_seconds()};
    const ftdn_query_listener listener = {hear, &watch};
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    FTDN_ASSERT_OK(
        ftdn_query_answer(store, &(ftdn_question){.text = name}, FTDN_FORMAT_CSV, &listener, &text, &err), err);
    ftdn_store_close(store);
    int64_t all = ftdn_clock_ns() - watch.begin;
    double processor = processor_seconds() - watch.processor_begin;
    if (watch.n_calls < 2) {
        watch.first = all;
        watch.processor_first = processor;
    }
    printf("%-20s  %8d  %9.3f  %9.3f  %9.3f\n", name, count_lines(text.chars) - 1, (double)watch.first / 1e9,
           (double)all / 1e9, processor);
    ftdn_text_done(&text);
    return strncmp(name, "v_", 2) == 0 ? watch.processor_first : processor;
}

static void every_named_query_is_quick(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_arena arena;
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    ftdn_arena_init(&arena);
    char *folder = ftdn_test_create_folder(&arena), *path = ftdn_path_join(&arena, folder, "large.db", &err);
    ftdn_large_store_make(path);
    printf("%-20s  %8s  %9s  %9s  %9s\n", "query", "rows", "first (s)", "all (s)", "cpu (s)");
    for (int i = 0; i < n_queries; i++)
        if (measure(path, query[i].name) > LIMIT_SECONDS) fail_msg("%s takes too long", query[i].name);
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_named_query_is_quick)};
    return cmocka_run_group_tests_name("results/large_store", tests, NULL, NULL);
}
