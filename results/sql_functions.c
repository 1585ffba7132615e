#include "results/sql_functions.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/holm.h"
#include "base/moments.h"
#include "base/sign_test.h"
#include "base/student.h"

static bool is_null(sqlite3_value *value)
{
    return sqlite3_value_numeric_type(value) == SQLITE_NULL;
}

/* The state of an aggregate, all 0 at first; NULL after it has told that there is no memory. */
static void *get_state(sqlite3_context *context, int n_bytes)
{
    void *state = sqlite3_aggregate_context(context, n_bytes);
    if (!state) sqlite3_result_error_nomem(context);
    return state;
}

static void add_value(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    if (is_null(argument[0])) return;
    ftdn_moments *moments = get_state(context, sizeof *moments);
    if (moments) ftdn_moments_add(moments, sqlite3_value_double(argument[0]));
}

/* What was added up: nothing where there was no value. */
static ftdn_moments get_moments(sqlite3_context *context)
{
    const ftdn_moments *moments = sqlite3_aggregate_context(context, 0);
    return moments ? *moments : (ftdn_moments){0};
}

/* A result of NaN is NULL. */
static void finish_stddev(sqlite3_context *context)
{
    const ftdn_moments moments = get_moments(context);
    sqlite3_result_double(context, ftdn_moments_sd(&moments));
}

/* The factor of the interval for the n that was met last: most groups of an answer have the same. */
typedef struct factor_memo {
    int64_t n; /* 0: none yet */
    double factor;
} factor_memo;

static void finish_half_width(sqlite3_context *context)
{
    const ftdn_moments moments = get_moments(context);
    factor_memo *memo = sqlite3_user_data(context);
    if (moments.n < 2) return;
    if (memo->n != moments.n) *memo = (factor_memo){moments.n, ftdn_interval_factor(moments.n)};
    sqlite3_result_double(context, memo->factor * ftdn_moments_standard_error(&moments));
}

static void finish_t_test(sqlite3_context *context)
{
    const ftdn_moments moments = get_moments(context);
    sqlite3_result_double(context, ftdn_moments_t_test(&moments));
}

typedef struct signs {
    int64_t n_above, n_below;
} signs;

static void add_sign(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    if (is_null(argument[0])) return;
    double value = sqlite3_value_double(argument[0]);
    signs *counted = get_state(context, sizeof *counted);
    if (!counted) return;
    counted->n_above += value > 0;
    counted->n_below += value < 0;
}

static void finish_sign_test(sqlite3_context *context)
{
    const signs *counted = sqlite3_aggregate_context(context, 0);
    if (counted) sqlite3_result_double(context, ftdn_sign_test(counted->n_above, counted->n_below));
}

typedef struct holm_state {
    bool has_begun;
    double last_p;
    ftdn_holm holm;
} holm_state;

/* Arguments: p, and the number of comparisons. */
static void take_comparison(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    if (is_null(argument[0])) return;
    double p = sqlite3_value_double(argument[0]);
    holm_state *state = get_state(context, sizeof *state);
    if (!state) return;
    if (!state->has_begun) *state = (holm_state){true, p, {.n_left = sqlite3_value_int64(argument[1])}};
    if (p < state->last_p)
        sqlite3_result_error(context, "holm(p, n) wants its p in order: holm(p, n) OVER (ORDER BY p)", -1);
    else if (state->holm.n_left <= 0)
        sqlite3_result_error(context, "holm(p, n): there are more than n comparisons", -1);
    else ftdn_holm_next(&state->holm, p);
    state->last_p = p;
}

static void tell_adjusted(sqlite3_context *context)
{
    const holm_state *state = sqlite3_aggregate_context(context, 0);
    if (state && state->has_begun) sqlite3_result_double(context, state->holm.adjusted);
}

/* A frame that does not begin at the first row would ask for this. */
static void drop_comparison(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    (void)argument;
    sqlite3_result_error(context, "holm(p, n) wants all rows before its own: holm(p, n) OVER (ORDER BY p)", -1);
}

/* NULL where an argument is NULL; a NaN becomes NULL, too. */
static void call_with_numbers(sqlite3_context *context, sqlite3_value **argument, double (*function)(double, double))
{
    if (is_null(argument[0]) || is_null(argument[1])) return;
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

static void call_needed_values(sqlite3_context *context, int n_arguments, sqlite3_value **argument)
{
    (void)n_arguments;
    if (is_null(argument[0]) || is_null(argument[1])) return;
    int64_t n = ftdn_needed_values(sqlite3_value_double(argument[0]), sqlite3_value_double(argument[1]));
    if (n > 0) sqlite3_result_int64(context, n);
}

int ftdn_sql_functions_register(sqlite3 *db)
{
    enum { FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };
    typedef void add(sqlite3_context * context, int n_arguments, sqlite3_value **argument);
    static const struct {
        const char *name;
        add *call, *step; /* one of them */
        void (*finish)(sqlite3_context *context);
    } rows[] = {
        {"stddev", NULL, add_value, finish_stddev},
        {"t_test", NULL, add_value, finish_t_test},
        {"sign_test", NULL, add_sign, finish_sign_test},
        {"needed_values", call_needed_values, NULL, NULL},
        {"student_quantile", call_quantile, NULL, NULL},
        {"student_p", call_two_sided_p, NULL, NULL},
    };
    factor_memo *memo = sqlite3_malloc(sizeof *memo);
    if (!memo) return SQLITE_NOMEM;
    *memo = (factor_memo){0};
    /* From here on the connection owns the memo, also where the call fails. */
    int code =
        sqlite3_create_function_v2(db, "half_width", 1, FLAGS, memo, NULL, add_value, finish_half_width, sqlite3_free);
    if (code == SQLITE_OK)
        code = sqlite3_create_window_function(db, "holm", 2, FLAGS, NULL, take_comparison, tell_adjusted, tell_adjusted,
                                              drop_comparison, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && code == SQLITE_OK; i++)
        code = sqlite3_create_function_v2(db, rows[i].name, rows[i].step ? 1 : 2, FLAGS, NULL, rows[i].call,
                                          rows[i].step, rows[i].finish, NULL);
    return code;
}
