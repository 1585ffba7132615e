#include "results/sql_functions.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/student.h"

/* Mean and squared distances from it, value by value (Welford's method): equal values have the distance 0 exactly. */
typedef struct moments {
    int64_t n;
    double mean, squares;
} moments;

static void add_value(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    if (sqlite3_value_numeric_type(argument[0]) == SQLITE_NULL) return;
    moments *sums = sqlite3_aggregate_context(context, sizeof *sums);
    if (!sums) {
        sqlite3_result_error_nomem(context);
        return;
    }
    double value = sqlite3_value_double(argument[0]), distance = value - sums->mean;
    sums->n++;
    sums->mean += distance / (double)sums->n;
    sums->squares += distance * (value - sums->mean);
}

/* What was added up, where that makes a standard deviation; else NULL, which is the result of the function too. */
static const moments *get_sample(sqlite3_context *context)
{
    const moments *sums = sqlite3_aggregate_context(context, 0);
    return sums && sums->n >= 2 ? sums : NULL;
}

static double standard_error(const moments *sums)
{
    return sqrt(sums->squares / (double)(sums->n - 1) / (double)sums->n);
}

static void finish_stddev(sqlite3_context *context)
{
    const moments *sums = get_sample(context);
    if (sums) sqlite3_result_double(context, sqrt(sums->squares / (double)(sums->n - 1)));
}

/* The factor of the interval for the n that was met last: most groups of an answer have the same. */
typedef struct factor_memo {
    int64_t n; /* 0: none yet */
    double factor;
} factor_memo;

static void finish_half_width(sqlite3_context *context)
{
    const moments *sums = get_sample(context);
    factor_memo *memo = sqlite3_user_data(context);
    if (!sums) return;
    if (memo->n != sums->n) *memo = (factor_memo){sums->n, ftdn_student_quantile(0.975, (double)(sums->n - 1))};
    sqlite3_result_double(context, memo->factor * standard_error(sums));
}

static void finish_t_test(sqlite3_context *context)
{
    const moments *sums = get_sample(context);
    if (!sums || sums->squares == 0) return;
    double p = ftdn_student_two_sided_p(sums->mean / standard_error(sums), (double)(sums->n - 1));
    sqlite3_result_double(context, p);
}

/* NULL where an argument is NULL; a NaN becomes NULL, too. */
static void call_with_numbers(sqlite3_context *context, sqlite3_value **argument, double (*function)(double, double))
{
    if (sqlite3_value_numeric_type(argument[0]) == SQLITE_NULL) return;
    if (sqlite3_value_numeric_type(argument[1]) == SQLITE_NULL) return;
    sqlite3_result_double(context, function(sqlite3_value_double(argument[0]), sqlite3_value_double(argument[1])));
}

static void call_quantile(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    call_with_numbers(context, argument, ftdn_student_quantile);
}

static void call_two_sided_p(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    call_with_numbers(context, argument, ftdn_student_two_sided_p);
}

int ftdn_sql_functions_register(sqlite3 *db)
{
    enum { FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };
    factor_memo *memo = sqlite3_malloc(sizeof *memo);
    if (!memo) return SQLITE_NOMEM;
    *memo = (factor_memo){0};
    /* From here on the connection owns the memo, also where the call fails. */
    int code =
        sqlite3_create_function_v2(db, "half_width", 1, FLAGS, memo, NULL, add_value, finish_half_width, sqlite3_free);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(db, "stddev", 1, FLAGS, NULL, NULL, add_value, finish_stddev, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(db, "t_test", 1, FLAGS, NULL, NULL, add_value, finish_t_test, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(db, "student_quantile", 2, FLAGS, NULL, call_quantile, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(db, "student_p", 2, FLAGS, NULL, call_two_sided_p, NULL, NULL, NULL);
    return code;
}
