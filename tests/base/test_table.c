#include "base/table.h"

#include "tests/support/support.h"

static void assert_table(ftdn_table *table, const char *expected)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_table_write(table, &text);
    assert_false(text.failed);
    assert_string_equal(text.chars, expected);
    ftdn_text_done(&text);
    ftdn_table_done(table);
}

static void numbers_stand_to_the_right_and_texts_to_the_left(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 3);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "layer");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "n");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "kind");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "a");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "%d", 12345);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "x");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "long name");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.1f", 0.5);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "long kind");
    assert_table(&table, "layer          n  kind\n"
                         "---------  -----  ---------\n"
                         "a          12345  x\n"
                         "long name    0.5  long kind\n");
}

/* [n_rows] of these columns, the header among them. */
static void fill(ftdn_table *table, const char *const *cell, int n_cells)
{
    for (int i = 0; i < n_cells; i++) {
        bool is_number = cell[i][strspn(cell[i], "0123456789.")] == 0;
        ftdn_table_add(table, is_number ? FTDN_CELL_NUMBER : FTDN_CELL_TEXT, "%s", cell[i]);
    }
}

static const char *const wide[] = {
    "trial", "model",  "rate", "type", "map",    "seconds", "7dbf", "ssd_v1", "0.01",
    "zero",  "0.1234", "2.5",  "96ab", "ssd_v1", "0.1",     "zero", "0.5",    "12.5",
};
enum { N_WIDE = sizeof wide / sizeof *wide };

static void a_table_that_does_not_fit_tells_equal_columns_once_and_the_others_below_each_other(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 6);
    fill(&table, wide, N_WIDE);
    table.most_width = 24;
    assert_table(&table, "in all rows: model ssd_v1,\n"
                         "  type zero\n"
                         "\n"
                         "trial  rate     map\n"
                         "-----  ----  ------\n"
                         "7dbf   0.01  0.1234\n"
                         "96ab    0.1     0.5\n"
                         "\n"
                         "trial  seconds\n"
                         "-----  -------\n"
                         "7dbf       2.5\n"
                         "96ab      12.5\n");
}

static void a_table_that_fits_is_left_alone(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 2);
    fill(&table, (const char *const[]){"a", "b", "1", "2", "1", "2"}, 6);
    table.most_width = 4;
    assert_table(&table, "a  b\n-  -\n1  2\n1  2\n");
}

static void one_row_and_rows_that_are_all_equal_keep_a_column(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 2);
    fill(&table, (const char *const[]){"long_a", "long_b", "1", "2"}, 4);
    table.most_width = 8;
    assert_table(&table, "long_a  long_b\n------  ------\n     1       2\n");
    ftdn_table_init(&table, 2);
    fill(&table, (const char *const[]){"long_a", "long_b", "1", "2", "1", "2"}, 6);
    table.most_width = 8;
    assert_table(&table, "in all rows: long_a 1\n\nlong_b\n------\n     2\n     2\n");
}

static void a_column_with_a_text_in_it_stands_to_the_left(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 1);
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "value");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "1");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "two");
    assert_table(&table, "value\n-----\n1\ntwo\n");
}

static void missing_cells_go_with_their_column_and_leave_no_space_at_the_end(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 3);
    for (int i = 0; i < 3; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "head");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "-");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "7");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", "");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "-");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "-");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "end");
    assert_table(&table, "head  head  head\n"
                         "----  ----  ----\n"
                         "-        7\n"
                         "-        -\n"
                         "            end\n");
}

/* "né" is three bytes and two columns. */
static void the_width_is_that_on_the_terminal(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_table_init(&table, 2);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "a");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "b");
    ftdn_text_append(&table.chars, "n\xc3\xa9");
    ftdn_table_end_cell(&table, FTDN_CELL_TEXT, 2);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "x");
    assert_table(&table, "a   b\n--  -\nn\xc3\xa9  x\n");
}

static void many_rows_are_kept(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_text text;
    ftdn_table_init(&table, 2);
    for (int i = 0; i < 2000; i++) ftdn_table_add(&table, FTDN_CELL_NUMBER, "%04d", i);
    ftdn_text_init(&text);
    ftdn_table_write(&table, &text);
    assert_int_equal(text.n_chars, 1001 * 11);
    assert_string_equal(text.chars + text.n_chars - 11, "1998  1999\n");
    ftdn_text_done(&text);
    ftdn_table_done(&table);
}

static void a_refused_allocation_fails_the_text(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_text text;
    ftdn_table_init(&table, 1);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "a");
    table.failed = true;
    ftdn_table_add(&table, FTDN_CELL_TEXT, "b");
    ftdn_text_init(&text);
    ftdn_table_write(&table, &text);
    assert_true(text.failed);
    assert_int_equal(text.n_chars, 0);
    ftdn_text_done(&text);
    ftdn_table_done(&table);
}

/* Two columns, a header and a row. */
static void start_table(ftdn_table *table, const char *first, double second)
{
    ftdn_table_init(table, 2);
    ftdn_table_add(table, FTDN_CELL_TEXT, "a");
    ftdn_table_add(table, FTDN_CELL_TEXT, "rate");
    ftdn_table_add(table, FTDN_CELL_TEXT, "%s", first);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%g", second);
}

static void a_table_that_goes_on_has_no_second_header_and_keeps_its_widths(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_text text;
    ftdn_text_init(&text);
    start_table(&table, "word", 0.5);
    ftdn_table_write(&table, &text);
    ftdn_table_continue(&table);
    ftdn_table_write(&table, &text);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "x");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "1");
    ftdn_table_write(&table, &text);
    ftdn_table_continue(&table);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "longer");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "2");
    ftdn_table_write(&table, &text);
    assert_string_equal(text.chars, "a     rate\n----  ----\nword   0.5\nx        1\nlonger     2\n");
    ftdn_text_done(&text);
    ftdn_table_done(&table);
}

static void markdown_and_latex_align_as_the_table_does(void **state)
{
    (void)state;
    ftdn_table table;
    ftdn_text text;
    ftdn_text_init(&text);
    start_table(&table, "word", 0.25);
    ftdn_table_write_markdown(&table, &text);
    assert_string_equal(text.chars, "| a    | rate |\n| ---- | ---: |\n| word | 0.25 |\n");
    ftdn_text_drop(&text, text.n_chars);
    ftdn_table_write_latex(&table, &text);
    assert_string_equal(text.chars, "\\begin{tabular}{lr}\n\\toprule\na & rate \\\\\n\\midrule\n"
                                    "word & 0.25 \\\\\n\\bottomrule\n\\end{tabular}\n");
    table.failed = true;
    ftdn_table_write_latex(&table, &text);
    assert_true(text.failed);
    ftdn_text_done(&text);
    ftdn_table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_to_the_right_and_texts_to_the_left),
        cmocka_unit_test(a_table_that_does_not_fit_tells_equal_columns_once_and_the_others_below_each_other),
        cmocka_unit_test(a_table_that_fits_is_left_alone),
        cmocka_unit_test(one_row_and_rows_that_are_all_equal_keep_a_column),
        cmocka_unit_test(a_column_with_a_text_in_it_stands_to_the_left),
        cmocka_unit_test(missing_cells_go_with_their_column_and_leave_no_space_at_the_end),
        cmocka_unit_test(the_width_is_that_on_the_terminal),
        cmocka_unit_test(many_rows_are_kept),
        cmocka_unit_test(a_refused_allocation_fails_the_text),
        cmocka_unit_test(a_table_that_goes_on_has_no_second_header_and_keeps_its_widths),
        cmocka_unit_test(markdown_and_latex_align_as_the_table_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
