/* test_decimal.c - decimals are exact, and so are the values of a range. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/manifest/decimal.h"
#include "tests/support/support.h"

static ftdn_decimal parse(const char *literal)
{
    ftdn_decimal decimal = {0};
    if (!ftdn_decimal_parse(literal, &decimal)) fail_msg("%s is refused", literal);
    return decimal;
}

static void every_spelling_of_a_number_is_one_decimal(void **state)
{
    (void)state;
    static const struct {
        const char *literal;
        long long digits;
        int exponent;
        const char *written;
    } rows[] = {
        {"0", 0, 0, "0"},
        {"-0.00", 0, 0, "0"},
        {"0e7", 0, 0, "0"},
        {"0.1", 1, -1, "0.1"},
        {"0.10", 1, -1, "0.1"},
        {"1e-1", 1, -1, "0.1"},
        {"100E-3", 1, -1, "0.1"},
        {"-12.50", -125, -1, "-12.5"},
        {"1200", 12, 2, "1200"},
        {"1.2e+3", 12, 2, "1200"},
        {"1000000000000000000000", 1, 21, "1e21"},
        {"0.000001", 1, -6, "0.000001"},
        {"1e-7", 1, -7, "1e-7"},
        {"-25e-9", -25, -9, "-25e-9"},
        {"123456789012345", 123456789012345, 0, "123456789012345"},
        {"1.23456789012345", 123456789012345, -14, "1.23456789012345"},
        {"1234567890123450000", 123456789012345, 4, "1234567890123450000"},
        {"1e300", 1, 300, "1e300"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_decimal seen = parse(rows[i].literal);
        char written[FTDN_DECIMAL_CHARS];
        assert_int_equal(seen.digits, rows[i].digits);
        assert_int_equal(seen.exponent, rows[i].exponent);
        ftdn_decimal_write(seen, written);
        if (strlen(rows[i].written) <= 18) assert_string_equal(written, rows[i].written);
        ftdn_decimal again = parse(written);
        assert_true(again.digits == seen.digits && again.exponent == seen.exponent);
        assert_true(strtod(written, NULL) == strtod(rows[i].literal, NULL));
    }
}

static void what_15_digits_cannot_hold_is_refused(void **state)
{
    (void)state;
    static const char *const literals[] = {
        "1234567890123456", "0.1234567890123456",     "1.000000000000001", "1e301", "1e-301", "1.5e-300",
        "10e300",           "1e-99999999999999999999"};
    ftdn_decimal untouched = {7, 7};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        assert_false(ftdn_decimal_parse(literals[i], &untouched));
        assert_int_equal(untouched.digits, 7);
    }
}

/* The values of from, to, step in one line; "" where there are none. */
static void describe(const char *from, const char *to, const char *step, ftdn_text *text)
{
    ftdn_steps steps;
    if (!ftdn_steps_count(parse(from), parse(to), parse(step), &steps)) return;
    for (long long i = 0; i <= steps.n; i++) {
        char value[FTDN_DECIMAL_CHARS];
        ftdn_decimal_write(ftdn_steps_get(&steps, i), value);
        ftdn_text_append(text, "%s%s", i ? " " : "", value);
    }
    if (!steps.is_whole) ftdn_text_append(text, " ...");
}

static void steps_are_what_a_hand_writes(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *step, *values;
    } rows[] = {
        {"0.1", "0.5", "0.1", "0.1 0.2 0.3 0.4 0.5"},
        {"0", "0.3", "1e-1", "0 0.1 0.2 0.3"},
        {"0.3", "0.1", "-0.1", "0.3 0.2 0.1"},
        {"1", "1", "5", "1"},
        {"0.1", "0.25", "0.1", "0.1 0.2 ..."},
        {"0", "1e-3", "0.00025", "0 0.00025 0.0005 0.00075 0.001"},
        {"-1", "1", "0.5", "-1 -0.5 0 0.5 1"},
        {"0", "30", "10", "0 10 20 30"},
        {"0", "1", "0", ""},
        {"0", "1", "-0.1", ""},
        {"0", "1", "1e-16", ""}, /* 1.0000000000000001 has too many digits */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_text seen;
        ftdn_text_init(&seen);
        ftdn_text_append(&seen, "%s", "");
        describe(rows[i].from, rows[i].to, rows[i].step, &seen);
        assert_string_equal(seen.chars, rows[i].values);
        ftdn_text_done(&seen);
    }
}

/* Each value is the double that its decimal reads as; added up in doubles, thousands of them would differ. */
static void no_value_of_a_long_range_is_off_by_a_bit(void **state)
{
    (void)state;
    ftdn_steps steps;
    assert_true(ftdn_steps_count(parse("0.0001"), parse("1"), parse("0.0001"), &steps));
    assert_int_equal(steps.n, 9999);
    int n_off = 0;
    double sum = 0;
    for (int i = 0; i <= 9999; i++) {
        char value[FTDN_DECIMAL_CHARS], expected[16];
        ftdn_decimal_write(ftdn_steps_get(&steps, i), value);
        snprintf(expected, sizeof expected, "%d.%04d", (i + 1) / 10000, (i + 1) % 10000);
        assert_true(strtod(value, NULL) == strtod(expected, NULL));
        sum += 0.0001;
        n_off += sum != strtod(expected, NULL);
    }
    assert_true(n_off > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_a_number_is_one_decimal),
        cmocka_unit_test(what_15_digits_cannot_hold_is_refused),
        cmocka_unit_test(steps_are_what_a_hand_writes),
        cmocka_unit_test(no_value_of_a_long_range_is_off_by_a_bit),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
