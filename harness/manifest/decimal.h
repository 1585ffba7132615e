/* decimal.h - exact decimals: the values of a range, computed as they are written.
 *
 * In doubles 0.1 + 2 * 0.1 is not 0.3, and a trial at the one would not be the trial at the other. Here a number is
 * digits * 10^exponent, with at most 15 significant digits, so that the nearest double and the shortest decimal of that
 * double lead back to the same number. */
#ifndef FTDN_HARNESS_MANIFEST_DECIMAL_H
#define FTDN_HARNESS_MANIFEST_DECIMAL_H

#include <stdbool.h>

#define FTDN_DECIMAL_DIGITS 15
#define FTDN_DECIMAL_CHARS 64 /* of a decimal as it is written, with its final 0 */

typedef struct ftdn_decimal {
    long long digits; /* within 10^15; the last one not 0, unless the number is 0 */
    int exponent;     /* 0 for the number 0 */
} ftdn_decimal;

/* A JSON number as it is written: 0.10 is 1 * 10^-1. False (*ret untouched) where it has more than 15 significant
 * digits, or an exponent beyond 300 as it is written or as it is kept. */
bool ftdn_decimal_parse(const char *literal, ftdn_decimal *ret);

/* Write the number as JSON, integers below 10^18 without an exponent. */
void ftdn_decimal_write(ftdn_decimal number, char ret_text[FTDN_DECIMAL_CHARS]);

/* The steps from one number to another. */
typedef struct ftdn_steps {
    long long n;            /* whole steps that fit: from + n * step is not beyond `to` */
    bool is_whole;          /* from + n * step is `to` */
    long long first, step;  /* in units of 10^exponent */
    int exponent;
} ftdn_steps;

/* False where step is 0, leads away from `to`, or where the numbers are too many digits apart to be added exactly. */
bool ftdn_steps_count(ftdn_decimal from, ftdn_decimal to, ftdn_decimal step, ftdn_steps *ret_steps);

/* from + i * step; 0 <= i <= n + 1. */
ftdn_decimal ftdn_steps_get(const ftdn_steps *steps, long long i);

#endif
