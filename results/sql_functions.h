/* sql_functions.h - statistics that SQL lacks, for the queries of a store and for users' own.
 *
 *     stddev(x)                 standard deviation of a sample (n - 1); NULL for fewer than two values
 *     half_width(x)             of the 95 % interval of the mean, by Student's t; NULL for fewer than two values
 *     t_test(x)                 two-sided p that the mean is 0; NULL for fewer than two values, or where all are equal
 *     sign_test(x)              two-sided p that both signs are equally likely; NULL where no value differs from 0
 *     holm(p, n) OVER (ORDER BY p)   p adjusted for n comparisons; NULL where p is NULL
 *     needed_values(sd, h)      values that a 95 % interval of half width h needs; NULL where there is no such number
 *     student_quantile(p, df)   of Student's distribution: ftdn_student_quantile
 *     student_p(t, df)          the chance of |t| or more: ftdn_student_two_sided_p
 *
 * The first four are aggregates, which leave NULL out as avg() does. All are computed by base/ (moments.h, sign_test.h,
 * holm.h, student.h). */
#ifndef FTDN_RESULTS_SQL_FUNCTIONS_H
#define FTDN_RESULTS_SQL_FUNCTIONS_H

#include <sqlite3.h>

/* Make the functions known to a connection; SQLITE_OK, or what SQLite says. */
int ftdn_sql_functions_register(sqlite3 *db);

#endif
