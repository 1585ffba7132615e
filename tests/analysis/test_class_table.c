#include <math.h>

#include "analysis/class_table.h"
#include "tests/support/arena_per_test.h"
#include "tests/analysis/made_cells.h"

static const ftdn_class_table_desc any = {NAN, NAN};

static ftdn_class_table make(const ftdn_cell_accuracy *cell, int n_cells, const ftdn_class_table_desc *desc)
{
    ftdn_class_table table;
    const ftdn_lines lines = ftdn_made_lines(cell, n_cells, &arena);
    FTDN_ASSERT_OK(ftdn_class_table_make(&lines, desc, &arena, &table, &err), err);
    return table;
}

static const char *write(const ftdn_class_table *table, ftdn_format format)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_class_table_write(table, format, &text);
    return ftdn_test_keep_text(&text, &arena);
}

/* Half of what faults cost comes back with KR: (0.4 - 0.2) / (0.6 - 0.2). */
static const ftdn_cell_accuracy *small_campaign(void)
{
    static ftdn_cell_accuracy cell[3];
    cell[0] = ftdn_made_cell("none", NAN, 0, 0, 0.6);
    cell[1] = ftdn_made_cell("none", NAN, 0.01, 0.01, 0.2);
    cell[2] = ftdn_made_cell("kr", 0.5, 0.01, 0.01, 0.4);
    return cell;
}

static void the_table_is_that_of_the_paper(void **state)
{
    (void)state;
    const ftdn_class_table table = make(small_campaign(), 3, &any);
    assert_true(table.weight_rate == 0.01 && table.feature_map_rate == 0.01);
    assert_string_equal(table.type, "zero");
    assert_string_equal(write(&table, FTDN_FORMAT_TEXT), "class      objects  no faults  unprotected    KR 50 %\n"
                                                         "---------  -------  ---------  -----------  ---------\n"
                                                         "bus             10       0.40    0.15±0.03  0.15±0.03\n"
                                                         "car            100       0.80    0.30±0.02  0.30±0.02\n"
                                                         "mAP              -       0.60    0.20±0.02  0.40±0.02\n"
                                                         "recovered        -          -            -       50 %\n"
                                                         "images/s         -        100          100        100\n");
    const char *const markdown[] = {"| class     | objects | no faults |", "|      50 % |", "| images/s "};
    const char *const latex[] = {"\\begin{tabular}{lrrrr}\n\\toprule\n", "KR 50 \\%", "0.30$\\pm$0.02", "50 \\%"};
    ftdn_assert_in_order(write(&table, FTDN_FORMAT_MARKDOWN), markdown, 3);
    ftdn_assert_in_order(write(&table, FTDN_FORMAT_LATEX), latex, 4);
}

static void a_protection_that_changes_nothing_recovers_zero(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0.01, 0.2),
        ftdn_made_cell("kr", 0.5, 0.01, 0.01, 0.1995),
    };
    const ftdn_class_table table = make(cell, 3, &any);
    const char *const row[] = {"\nrecovered        -          -            -        0 %\n"};
    ftdn_assert_in_order(write(&table, FTDN_FORMAT_TEXT), row, 1);
}

static void csv_has_every_number_to_its_last_bit(void **state)
{
    (void)state;
    const ftdn_class_table table = make(small_campaign(), 3, &any);
    assert_string_equal(write(&table, FTDN_FORMAT_CSV),
                        "protection,class,objects,weight_rate,feature_map_rate,n,mean_ap_voc07,sd_ap_voc07,"
                        "ap_half_width,images_per_second\n"
                        "no faults,bus,10,0,0,3,0.4,0,0,\n"
                        "no faults,car,100,0,0,3,0.8,0,0,\n"
                        "no faults,mAP,,0,0,3,0.6,0,0,100\n"
                        "unprotected,bus,10,0.01,0.01,3,0.15,0.03,0.07,\n"
                        "unprotected,car,100,0.01,0.01,3,0.3,0.02,0.05,\n"
                        "unprotected,mAP,,0.01,0.01,3,0.2,0.02,0.05,100\n"
                        "KR 50 %,bus,10,0.01,0.01,3,0.15,0.03,0.07,\n"
                        "KR 50 %,car,100,0.01,0.01,3,0.3,0.02,0.05,\n"
                        "KR 50 %,mAP,,0.01,0.01,3,0.4,0.02,0.05,100\n");
}

static void what_is_not_known_is_a_dash_or_no_row(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell = ftdn_made_cell("none", NAN, 0.01, 0, 0.2);
    cell.images_per_second = NAN;
    cell.map.mean = NAN;
    const ftdn_class_table table = make(&cell, 1, &any);
    assert_string_equal(write(&table, FTDN_FORMAT_TEXT), "class  objects  unprotected\n"
                                                         "-----  -------  -----------\n"
                                                         "bus         10    0.15±0.03\n"
                                                         "car        100    0.30±0.02\n"
                                                         "mAP          -            -\n");
}

static void rates_are_those_that_most_protections_have_and_cost_about_half(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),    ftdn_made_cell("none", NAN, 0.001, 0, 0.58),
        ftdn_made_cell("kr", 0.5, 0.001, 0, 0.59), ftdn_made_cell("none", NAN, 0.01, 0, 0.25),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),   ftdn_made_cell("none", NAN, 0.1, 0, 0.01),
        ftdn_made_cell("kr", 0.5, 0.1, 0, 0.02),   ftdn_made_cell("none", NAN, 0.02, 0.02, 0.3),
    };
    assert_true(make(cell, 8, &any).weight_rate == 0.01);
    const ftdn_class_table_desc given = {0.02, NAN}, absent = {0.02, 0};
    const ftdn_class_table table = make(cell, 8, &given);
    assert_true(table.weight_rate == 0.02 && table.feature_map_rate == 0.02);
    assert_int_equal(table.n_columns, 2);
    const ftdn_lines lines = ftdn_made_lines(cell, 8, &arena);
    ftdn_class_table none;
    FTDN_ASSERT_FAILS(ftdn_class_table_make(&lines, &absent, &arena, &none, &err), FTDN_ERR_STORE,
                      "there is no trial with these fault rates; there are (of weights and maps) 0.001 and 0, 0.01 "
                      "and 0, 0.1 and 0, 0.02 and 0.02",
                      err);
    const ftdn_lines clean = ftdn_made_lines(cell, 1, &arena);
    FTDN_ASSERT_FAILS(ftdn_class_table_make(&clean, &any, &arena, &none, &err), FTDN_ERR_STORE,
                      "there is no trial with a fault rate above 0", err);
}

static void networks_have_clean_columns_of_their_own(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.2),
        ftdn_made_cell("none", NAN, 0, 0, 0.7),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
    };
    cell[2].params.model = cell[3].params.model = "ssd_zoo";
    const ftdn_class_table table = make(cell, 4, &any);
    assert_int_equal(table.n_columns, 4);
    assert_ptr_equal(table.column[0].cell, &cell[0]);
    assert_string_equal(table.column[1].name, "no faults: unprotected, ssd_zoo");
    assert_ptr_equal(table.column[1].cell, &cell[2]);
}

static void the_papers_rows_stand_below_ours(void **state)
{
    (void)state;
    const ftdn_paper_value value[] = {
        {.name = "table3", .row = "car", .series = "no faults", .y = 0.56, .sentence = "a"},
        {.name = "table3", .row = "mAP", .series = "KR 50 %", .y = 0.36, .sentence = "b"},
    };
    ftdn_class_table table = make(small_campaign(), 3, &any);
    table.paper_value = value;
    table.n_paper_values = 2;
    const char *const rows[] = {
        "\ncar ",
        "\n  paper          -       0.56            -          -\nmAP ",
        "\n  paper          -          -            -       0.36\n",
    };
    ftdn_assert_in_order(write(&table, FTDN_FORMAT_TEXT), rows, 3);
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    const ftdn_lines lines = ftdn_made_lines(small_campaign(), 3, &arena);
    long k = 0;
    for (ftdn_status status = FTDN_ERR_MEMORY; status != FTDN_OK; k++) {
        ftdn_arena tight;
        ftdn_class_table table;
        ftdn_arena_init(&tight);
        ftdn_arena_fail_after(&tight, k);
        status = ftdn_class_table_make(&lines, &any, &tight, &table, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&tight);
    }
    assert_true(k > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_table_is_that_of_the_paper),
        FTDN_ARENA_TEST(a_protection_that_changes_nothing_recovers_zero),
        FTDN_ARENA_TEST(the_papers_rows_stand_below_ours),
        FTDN_ARENA_TEST(csv_has_every_number_to_its_last_bit),
        FTDN_ARENA_TEST(what_is_not_known_is_a_dash_or_no_row),
        FTDN_ARENA_TEST(rates_are_those_that_most_protections_have_and_cost_about_half),
        FTDN_ARENA_TEST(a_failed_allocation_is_an_error),
        FTDN_ARENA_TEST(networks_have_clean_columns_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
