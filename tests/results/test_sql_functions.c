#include <math.h>
#include <sqlite3.h>

#include "base/sign_test.h"
#include "base/student.h"
#include "results/sql_functions.h"
#include "tests/support/support.h"

static sqlite3 *db;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(ftdn_sql_functions_register(db), SQLITE_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return sqlite3_close(db);
}

/* The number that an expression over the rows of `values` gives; NaN for NULL. */
static double get(const char *expression, const char *values)
{
    sqlite3_stmt *statement;
    char *sql = sqlite3_mprintf("WITH v(x) AS (%s) SELECT %s FROM v", values, expression);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    sqlite3_free(sql);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    double number = sqlite3_column_type(statement, 0) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return number;
}

static void assert_gives(const char *expression, const char *values, double expected)
{
    double number = get(expression, values);
    if (isnan(expected) ? !isnan(number) : !(fabs(number - expected) <= 1e-12 * fabs(expected)))
        fail_msg("%s of %s is %.17g, not %.17g", expression, values, number, expected);
}

/* 2, 4, 4, 4, 5, 5, 7, 9 have the mean 5 and 32 as sum of squares. */
static void aggregates_are_those_of_the_textbook(void **state)
{
    (void)state;
    const char *values = "VALUES (2), (4), (4), (4), (5), (5), (7), (9)";
    assert_gives("stddev(x)", values, sqrt(32.0 / 7));
    assert_gives("half_width(x)", values, ftdn_student_quantile(0.975, 7) * sqrt(32.0 / 7 / 8));
    assert_gives("t_test(x)", values, ftdn_student_two_sided_p(5 / sqrt(32.0 / 7 / 8), 7));
    assert_gives("t_test(x - 5)", values, 1);
    assert_gives("stddev(x) FILTER (WHERE x > 4)", values, sqrt(11.0 / 3));
}

static void what_is_null_or_too_little_has_no_deviation(void **state)
{
    (void)state;
    static const char *const functions[] = {"stddev(x)", "half_width(x)", "t_test(x)"};
    for (int i = 0; i < 3; i++) {
        assert_gives(functions[i], "SELECT 1 WHERE 0", NAN);
        assert_gives(functions[i], "VALUES (1)", NAN);
        assert_gives(functions[i], "VALUES (1), (NULL)", NAN);
        assert_gives(functions[i], "VALUES (NULL), (NULL)", NAN);
        assert_true(get(functions[i], "VALUES (1), (NULL), (2)") == get(functions[i], "VALUES (1), (2)"));
    }
}

static void equal_values_have_no_spread_and_no_test(void **state)
{
    (void)state;
    assert_gives("stddev(x)", "VALUES (0.1), (0.1), (0.1)", 0);
    assert_gives("half_width(x)", "VALUES (0.1), (0.1), (0.1)", 0);
    assert_gives("t_test(x)", "VALUES (0.1), (0.1), (0.1)", NAN);
}

/* The sum of squares less the square of the sum would be 0 here. */
static void a_small_spread_far_from_zero_is_not_lost(void **state)
{
    (void)state;
    assert_gives("stddev(x)", "VALUES (1000000000000.0), (1000000000001.0), (1000000000002.0)", 1);
}

/* The factor of an interval is kept from group to group: another number of values has another one. */
static void groups_of_different_sizes_have_their_own_factors(void **state)
{
    (void)state;
    const char *groups =
        "SELECT half_width(column2) FROM (VALUES (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1)) "
        "GROUP BY column1";
    double two = ftdn_student_quantile(0.975, 1) * 0.5, three = ftdn_student_quantile(0.975, 2) / sqrt(3);
    assert_gives("min(x)", groups, three);
    assert_gives("max(x)", groups, two);
    assert_gives("sum(x)", groups, two + three + two);
}

static void signs_are_counted_without_zeros(void **state)
{
    (void)state;
    assert_gives("sign_test(x)", "VALUES (1), (0.5), (NULL), (-2), (0), (3), (4), (1e-300)", ftdn_sign_test(5, 1));
    assert_gives("sign_test(x)", "VALUES (0), (0)", NAN);
    assert_gives("sign_test(x)", "VALUES (NULL)", NAN);
    assert_gives("sign_test(x)", "SELECT 1 WHERE 0", NAN);
}

/* Rows in any order, among them equal and missing ones: by hand 4 * 0.005, 3 * 0.01 twice, and 0.9. */
static void comparisons_are_adjusted_in_a_window(void **state)
{
    (void)state;
    const char *values = "SELECT column1 AS p, holm(column1, 4) OVER (ORDER BY column1) AS x "
                         "FROM (VALUES (0.9), (0.01), (NULL), (0.005), (0.01))";
    static const struct {
        const char *expression;
        double adjusted;
    } rows[] = {
        {"min(column2)", 0.02},
        {"max(column2) FILTER (WHERE column1 = 0.01)", 0.03},
        {"min(column2) FILTER (WHERE column1 = 0.01)", 0.03},
        {"max(column2)", 0.9},
        {"max(column2) FILTER (WHERE column1 IS NULL)", NAN},
    };
    for (int i = 0; i < 5; i++) {
        char *nested =
            sqlite3_mprintf("SELECT %s FROM (SELECT p AS column1, x AS column2 FROM (%s))", rows[i].expression, values);
        assert_gives("max(x)", nested, rows[i].adjusted);
        sqlite3_free(nested);
    }
    assert_gives("holm(x, 5)", "VALUES (0.01)", 0.05);
    assert_gives("holm(x, 5)", "VALUES (NULL)", NAN);
}

static void assert_refused(const char *sql, const char *message)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = sqlite3_step(statement);
    assert_int_equal(code, SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(db), message);
    sqlite3_finalize(statement);
}

static void a_window_that_is_no_family_is_refused(void **state)
{
    (void)state;
    static const char order[] = "holm(p, n) wants its p in order: holm(p, n) OVER (ORDER BY p)";
    assert_refused("SELECT holm(column1, 2) FROM (VALUES (0.2), (0.1))", order);
    assert_refused("SELECT holm(column1, 2) OVER (ORDER BY column1 DESC) FROM (VALUES (0.2), (0.1))", order);
    assert_refused("SELECT holm(column1, 1) OVER (ORDER BY column1) FROM (VALUES (0.1), (0.2))",
                   "holm(p, n): there are more than n comparisons");
    assert_refused("SELECT holm(column1, 9) OVER (ORDER BY column1 ROWS 1 PRECEDING) FROM (VALUES (0.1), (0.2), (0.3))",
                   "holm(p, n) wants all rows before its own: holm(p, n) OVER (ORDER BY p)");
}

static void needed_values_can_be_asked(void **state)
{
    (void)state;
    assert_gives("needed_values(x, 0.5)", "VALUES (1)", 18); /* as in tests/base/test_moments.c */
    assert_gives("needed_values(x, 1e-9)", "VALUES (1)", NAN);
    assert_gives("needed_values(x, 0.5)", "VALUES (NULL)", NAN);
    assert_gives("needed_values(0.5, x)", "VALUES (NULL)", NAN);
}

static void the_distribution_can_be_asked(void **state)
{
    (void)state;
    assert_gives("student_quantile(0.975, x)", "VALUES (9)", ftdn_student_quantile(0.975, 9));
    assert_gives("student_p(2.5, x)", "VALUES (9)", ftdn_student_two_sided_p(2.5, 9));
    assert_gives("student_p(x, 9)", "VALUES (NULL)", NAN);
    assert_gives("student_quantile(0.975, x)", "VALUES (NULL)", NAN);
    assert_gives("student_quantile(x, 9)", "VALUES (1)", NAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(aggregates_are_those_of_the_textbook, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_null_or_too_little_has_no_deviation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_values_have_no_spread_and_no_test, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_spread_far_from_zero_is_not_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_of_different_sizes_have_their_own_factors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signs_are_counted_without_zeros, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comparisons_are_adjusted_in_a_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_window_that_is_no_family_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(needed_values_can_be_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_distribution_can_be_asked, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("results/sql_functions", tests, NULL, NULL);
}
