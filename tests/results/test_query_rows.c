#include <math.h>

#include "results/query_rows.h"
#include "tests/results/asked_store.h"

static ftdn_rows load(ftdn_asked_store *asked, const char *text, int most_rows)
{
    ftdn_error err;
    ftdn_rows rows;
    const ftdn_question question = {.text = text};
    FTDN_ASSERT_OK(ftdn_query_load(asked->store, &question, most_rows, &asked->arena, &rows, &err), err);
    return rows;
}

static void every_kind_of_value_is_kept_as_it_is(void **state)
{
    const ftdn_rows rows =
        load(*state, "SELECT 9007199254740993 AS whole, 0.1 AS real, 'a''b' AS text, NULL AS none, x'00' AS blob", 9);
    assert_int_equal(rows.n_columns, 5);
    assert_null(rows.query);
    ftdn_row_value whole = ftdn_rows_get(&rows, 0, "whole"), real = ftdn_rows_get(&rows, 0, "real");
    assert_int_equal(whole.kind, FTDN_ROW_INTEGER);
    assert_true(whole.integer == 9007199254740993);
    assert_int_equal(real.kind, FTDN_ROW_REAL);
    assert_true(real.number == 0.1);
    assert_int_equal(ftdn_rows_get(&rows, 0, "text").kind, FTDN_ROW_STRING);
    assert_string_equal(ftdn_rows_get(&rows, 0, "text").string, "a'b");
    static const char *const missing[] = {"none", "blob", "no such column"};
    for (int i = 0; i < 3; i++) {
        ftdn_row_value value = ftdn_rows_get(&rows, 0, missing[i]);
        assert_int_equal(value.kind, FTDN_ROW_MISSING);
        assert_true(isnan(value.number));
        assert_string_equal(value.string, "");
    }
    assert_int_equal(ftdn_rows_find_column(&rows, "text"), 2);
    assert_int_equal(ftdn_rows_find_column(&rows, "no such column"), -1);
}

static void rows_beyond_the_limit_are_counted(void **state)
{
    static const char numbers[] =
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i FROM n";
    ftdn_rows rows = load(*state, numbers, 500);
    assert_int_equal(rows.n_rows, 500);
    assert_true(rows.n_all == 1000);
    for (int r = 0; r < rows.n_rows; r++) assert_true(ftdn_rows_get(&rows, r, "i").integer == r);
    rows = load(*state, numbers, 0);
    assert_int_equal(rows.n_rows, 0);
    assert_true(rows.n_all == 1000);
}

static void a_named_query_has_its_name_and_its_parameters(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_rows rows;
    static const ftdn_asked_trial trials[] = {{0.01, NULL, NAN, 0, 0.5}, {0.01, NULL, NAN, 1, 0.25}};
    ftdn_asked_append(asked, trials, 2, 0);
    rows = load(asked, "map_by_rate", 10);
    assert_string_equal(rows.query, "map_by_rate");
    assert_int_equal(rows.n_rows, 1);
    assert_true(ftdn_rows_get(&rows, 0, "mean_map_voc07").number == 0.375);
    const char *setting = "manifest=other";
    const ftdn_question other = {.text = "map_by_rate", .n_settings = 1, .setting = &setting};
    FTDN_ASSERT_OK(ftdn_query_load(asked->store, &other, 10, &asked->arena, &rows, &err), err);
    assert_int_equal(rows.n_rows, 0);
    const ftdn_question bad = {.text = "map_by_rat"}, write = {.text = "DELETE FROM trials"};
    FTDN_ASSERT_FAILS(ftdn_query_load(asked->store, &bad, 10, &asked->arena, &rows, &err), FTDN_ERR_ARG,
                      "did you mean 'map_by_rate'", err);
    FTDN_ASSERT_FAILS(ftdn_query_load(asked->store, &write, 10, &asked->arena, &rows, &err), FTDN_ERR_ARG, "refused",
                      err);
}

/* The trials of a cell stand in the order of their seeds, whatever the order in which they were finished. */
static void points_have_all_their_trials_by_seed(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {
        {0.01, NULL, NAN, 7, 0.5}, {0.01, NULL, NAN, 2, 0.25}, {0.01, "kr", 0.5, 2, 0.75}};
    ftdn_sample sample[3];
    for (int i = 0; i < 3; i++) ftdn_asked_describe(&trials[i], i, &sample[i]);
    ftdn_asked_append(asked, trials, 3, 0);
    const ftdn_rows rows = load(asked, "points", 10);
    assert_int_equal(rows.n_rows, 2);
    int bare = strcmp(ftdn_rows_get(&rows, 0, "method").string, "none") == 0 ? 0 : 1;
    assert_string_equal(ftdn_rows_get(&rows, bare, "id").string, sample[1].record.id);
    assert_true(ftdn_rows_get(&rows, bare, "seed").integer == 2);
    const char *seeds =
        ftdn_arena_format(&asked->arena, NULL, "2 %.16s, 7 %.16s", sample[1].record.id, sample[0].record.id);
    assert_string_equal(ftdn_rows_get(&rows, bare, "seeds").string, seeds);
    assert_string_equal(ftdn_rows_get(&rows, 1 - bare, "id").string, sample[2].record.id);
}

static void a_manifest_is_told_as_it_was_resolved(void **state)
{
    const ftdn_rows rows = load(*state, "manifests", 10);
    assert_int_equal(rows.n_rows, 1);
    assert_string_equal(ftdn_rows_get(&rows, 0, "manifest").string, ftdn_sample_campaign.name);
    assert_string_equal(ftdn_rows_get(&rows, 0, "resolved").string, ftdn_sample_campaign.manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(every_kind_of_value_is_kept_as_it_is),
        FTDN_ASKED_TEST(rows_beyond_the_limit_are_counted),
        FTDN_ASKED_TEST(a_named_query_has_its_name_and_its_parameters),
        FTDN_ASKED_TEST(points_have_all_their_trials_by_seed),
        FTDN_ASKED_TEST(a_manifest_is_told_as_it_was_resolved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
