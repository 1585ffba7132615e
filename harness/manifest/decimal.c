#include "harness/manifest/decimal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGEST_EXPONENT 300
#define LARGEST_DIGITS 999999999999999 /* 15 of them */
#define LARGEST_SUM 1000000000000000 /* 10^15: what is added has no more digits than a decimal */

static ftdn_decimal normalize(long long digits, int exponent)
{
    if (digits == 0) return (ftdn_decimal){0, 0};
    for (; digits % 10 == 0; exponent++) digits /= 10;
    return (ftdn_decimal){digits, exponent};
}

bool ftdn_decimal_parse(const char *literal, ftdn_decimal *ret)
{
    const char *at = literal + (literal[0] == '-');
    long long digits = 0;
    int exponent = 0, n_zeros = 0; /* zeros that count only where a digit follows */
    bool in_fraction = false;
    for (; *at && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            in_fraction = true;
            continue;
        }
        exponent -= in_fraction;
        n_zeros++;
        if (*at == '0') continue;
        for (; n_zeros > 0 && digits <= LARGEST_DIGITS; n_zeros--) digits *= 10;
        digits += *at - '0';
        if (digits > LARGEST_DIGITS) return false;
    }
    exponent += digits ? n_zeros : 0;
    if (*at) {
        long written = strtol(at + 1, NULL, 10);
        if (written < -LARGEST_EXPONENT || written > LARGEST_EXPONENT) return false;
        exponent += (int)written;
    }
    ftdn_decimal number = normalize(literal[0] == '-' ? -digits : digits, exponent);
    if (abs(number.exponent) > LARGEST_EXPONENT) return false;
    *ret = number;
    return true;
}

void ftdn_decimal_write(ftdn_decimal number, char ret_text[FTDN_DECIMAL_CHARS])
{
    static const char zeros[] = "000000000000000000";
    char digits[24];
    int n_digits = snprintf(digits, sizeof digits, "%lld", llabs(number.digits)), n_chars;
    const char *sign = number.digits < 0 ? "-" : "";
    int n_before = n_digits + number.exponent; /* digits before the point */
    if (number.exponent >= 0 && n_before <= 18)
        n_chars = snprintf(ret_text, FTDN_DECIMAL_CHARS, "%s%s%.*s", sign, digits, number.exponent, zeros);
    else if (number.exponent < 0 && n_before > 0)
        n_chars = snprintf(ret_text, FTDN_DECIMAL_CHARS, "%s%.*s.%s", sign, n_before, digits, digits + n_before);
    else if (number.exponent < 0 && n_before > -6)
        n_chars = snprintf(ret_text, FTDN_DECIMAL_CHARS, "%s0.%.*s%s", sign, -n_before, zeros, digits);
    else n_chars = snprintf(ret_text, FTDN_DECIMAL_CHARS, "%s%se%d", sign, digits, number.exponent);
    assert(n_chars > 0 && n_chars < FTDN_DECIMAL_CHARS);
}

/* The digits in units of 10^exponent. */
static bool scale(ftdn_decimal number, int exponent, long long *ret)
{
    long long digits = number.digits;
    for (int e = number.exponent; e > exponent && digits; e--) {
        digits *= 10;
        if (llabs(digits) >= LARGEST_SUM) return false;
    }
    *ret = digits;
    return true;
}

static int lower_exponent(ftdn_decimal a, ftdn_decimal b)
{
    if (a.digits == 0) return b.exponent;
    if (b.digits == 0) return a.exponent;
    return a.exponent < b.exponent ? a.exponent : b.exponent;
}

bool ftdn_steps_count(ftdn_decimal from, ftdn_decimal to, ftdn_decimal step, ftdn_steps *ret_steps)
{
    ftdn_steps steps = {.exponent = lower_exponent(step, from)};
    const ftdn_decimal lowest = {1, steps.exponent};
    steps.exponent = lower_exponent(lowest, to);
    long long last;
    if (!scale(from, steps.exponent, &steps.first) || !scale(to, steps.exponent, &last)) return false;
    if (!scale(step, steps.exponent, &steps.step) || steps.step == 0) return false;
    steps.n = (last - steps.first) / steps.step;
    steps.is_whole = steps.n * steps.step == last - steps.first;
    if (last != steps.first && (last > steps.first) != (steps.step > 0)) return false;
    *ret_steps = steps;
    return true;
}

ftdn_decimal ftdn_steps_get(const ftdn_steps *steps, long long i)
{
    assert(i >= 0 && i <= steps->n + 1);
    return normalize(steps->first + i * steps->step, steps->exponent);
}
