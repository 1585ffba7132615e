#include <ctype.h>
#include <math.h>

#include "analysis/paper_figures.h"
#include "base/file.h"
#include "tests/support/arena_per_test.h"
#include "tests/support/support.h"

static const ftdn_paper_value *load(const char *name, int *ret_n_values)
{
    const ftdn_paper_value *value;
    FTDN_ASSERT_OK(ftdn_paper_values_load(name, &arena, &value, ret_n_values, &err), err);
    return value;
}

/* Each run of white space as one space, and the emphasis of Markdown gone. */
static char *squeeze(const char *text)
{
    char *squeezed = FTDN_NEW(&arena, strlen(text) + 1, char, &err), *end = squeezed;
    assert_non_null(squeezed);
    for (; *text; text++) {
        if (*text == '*') continue;
        if (!isspace((unsigned char)*text)) *end++ = *text;
        else if (end > squeezed && end[-1] != ' ') *end++ = ' ';
    }
    return squeezed;
}

static void every_sentence_stands_in_the_paper(void **state)
{
    (void)state;
    char *text;
    size_t n_bytes;
    int n_values;
    const char *path = ftdn_test_shared_path(&arena, "paper.txt");
    FTDN_ASSERT_OK(ftdn_file_load(path, (size_t)1 << 24, &arena, &text, &n_bytes, &err), err);
    const char *paper = squeeze(text);
    const ftdn_paper_value *value = load(NULL, &n_values);
    for (int i = 0; i < n_values; i++) {
        const char *place = paper;
        char *part = squeeze(value[i].sentence), *next;
        do { /* a footnote stands where a sentence has " ... " */
            if ((next = strstr(part, " ... "))) *next = '\0';
            place = strstr(place, part);
            if (!place) fail_msg("'%s' is no part of the paper", value[i].sentence);
            part = next + strlen(" ... ");
        } while (next);
    }
}

/* The number as the sentence writes it: of a figure in percent. */
static void every_value_stands_in_its_sentence(void **state)
{
    (void)state;
    int n_values;
    const ftdn_paper_value *value = load(NULL, &n_values);
    assert_true(n_values > 80);
    for (int i = 0; i < n_values; i++) {
        char digits[32];
        snprintf(digits, sizeof digits, "%.6g", value[i].row ? value[i].y : 100 * value[i].y);
        if (!strstr(value[i].sentence, digits)) fail_msg("'%s' has no %s", value[i].sentence, digits);
    }
}

static void every_value_belongs_to_a_figure_or_table(void **state)
{
    (void)state;
    int n_values;
    const ftdn_paper_value *value = load(NULL, &n_values);
    for (int i = 0; i < n_values; i++) {
        const ftdn_paper_figure *known = ftdn_paper_figure_find(value[i].name);
        assert_non_null(known);
        assert_int_equal(value[i].row != NULL, ftdn_paper_kind_is_table(known->kind));
        if (value[i].row) assert_non_null(value[i].series);
        else assert_true(value[i].y >= 0 && value[i].y <= 1 && !(value[i].x < 0) && !(value[i].x > 1));
    }
}

static void a_cell_of_a_table_is_found_by_its_row_and_column(void **state)
{
    (void)state;
    int n_values;
    const ftdn_paper_value *value = load("table3", &n_values);
    assert_true(ftdn_paper_values_find(value, n_values, "mAP", "KR 50 %") == 0.36);
    assert_true(ftdn_paper_values_find(value, n_values, "images/s", "no faults") == 119);
    assert_true(isnan(ftdn_paper_values_find(value, n_values, "images/s", "D2NN 50 %")));
    assert_true(isnan(ftdn_paper_values_find(value, n_values, "tram", "KR 50 %")));
    load("fig7a", &n_values);
    assert_int_equal(n_values, 0);
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    long k = 0;
    for (ftdn_status status = FTDN_ERR_MEMORY; status != FTDN_OK; k++) {
        ftdn_arena tight;
        const ftdn_paper_value *value;
        int n_values;
        ftdn_arena_init(&tight);
        ftdn_arena_fail_after(&tight, k);
        status = ftdn_paper_values_load(NULL, &tight, &value, &n_values, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&tight);
    }
    assert_true(k > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(every_sentence_stands_in_the_paper),
        FTDN_ARENA_TEST(every_value_stands_in_its_sentence),
        FTDN_ARENA_TEST(every_value_belongs_to_a_figure_or_table),
        FTDN_ARENA_TEST(a_cell_of_a_table_is_found_by_its_row_and_column),
        FTDN_ARENA_TEST(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
