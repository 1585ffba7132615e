#include "analysis/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/plot_ticks.h"
#include "tests/support/support.h"

static void assert_ticks(double low, double high, bool is_logarithmic, int n_wanted, const char *expected)
{
    double tick[FTDN_MOST_TICKS];
    char said[256] = "";
    int n = ftdn_ticks_choose(low, high, is_logarithmic, n_wanted, tick);
    for (int i = 0; i < n; i++)
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s%.6g", i ? " " : "", tick[i]);
    assert_string_equal(said, expected);
}

static void ticks_are_round_numbers_within_the_axis(void **state)
{
    (void)state;
    assert_ticks(0, 10, false, 5, "0 2 4 6 8 10");
    assert_ticks(-0.4, 10.4, false, 6, "0 2 4 6 8 10");
    assert_ticks(28.3, 35.6, false, 5, "30 32 34");
    assert_ticks(0, 0.003, false, 5, "0 0.001 0.002 0.003");
    assert_ticks(-12, 7, false, 4, "-10 -5 0 5");
    assert_ticks(0.2, 5, true, 6, "0.2 0.5 1 2 5");
    assert_ticks(0.001, 100, true, 5, "0.001 0.01 0.1 1 10 100");
}

static void no_tick_is_a_negative_zero(void **state)
{
    (void)state;
    double tick[FTDN_MOST_TICKS];
    ftdn_ticks_choose(-0.4, 10, false, 5, tick);
    assert_true(tick[0] == 0 && !signbit(tick[0]));
}

static const ftdn_line_style solid = {"#0072b2", "solid", 7}, dashed = {"#d55e00", "(12,5)", 6};
static const ftdn_plot_axis percent = {"rate (%)", 0, 100, false, true}, rates = {"rate <%>", 1, 100, true, true};

/* The number behind a text, which must be there. */
static double number_behind(const char *svg, const char *before)
{
    const char *place = strstr(svg, before);
    if (!place) fail_msg("no '%s' in\n%s", before, svg);
    return strtod(place + strlen(before), NULL);
}

static void values_lie_where_the_axes_say(void **state)
{
    (void)state;
    static const ftdn_plot_point point[] = {{1, 0, NAN, NAN}, {10, 50, NAN, NAN}, {100, 100, NAN, NAN}};
    ftdn_text text;
    double x[3], y[3];
    ftdn_text_init(&text);
    ftdn_plot plot = ftdn_plot_begin(&text, &rates, &percent, "a \"chart\"");
    ftdn_plot_line(&plot, &dashed, point, 3);
    ftdn_plot_band(&plot, &dashed, point, 3);
    ftdn_plot_end(&plot);
    const char *line = strstr(text.chars, "points=\"");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "points=\"%lf,%lf %lf,%lf %lf,%lf\"", &x[0], &y[0], &x[1], &y[1], &x[2], &y[2]), 6);
    assert_true(fabs(x[1] - x[0] - (x[2] - x[1])) < 0.11); /* equal factors are equal distances; printed to 0.1 */
    assert_true(fabs(y[0] - y[1] - (y[1] - y[2])) < 0.11);
    assert_true(x[0] < x[2] && y[0] > y[2]);
    assert_true(number_behind(text.chars, "class=\"tick\" d=\"M") == x[0]);
    assert_non_null(strstr(text.chars, "stroke-dasharray=\"12,5\""));
    assert_non_null(strstr(text.chars, "class=\"cd55e00\" color=\"#d55e00\""));
    assert_non_null(strstr(text.chars, "aria-label=\"a &quot;chart&quot;\""));
    assert_non_null(strstr(text.chars, ">rate &lt;%&gt;</text>"));
    assert_null(strstr(text.chars, "opacity")); /* no point has a band */
    ftdn_text_done(&text);
}

static void what_lies_outside_is_cut_off_at_the_axes(void **state)
{
    (void)state;
    static const ftdn_plot_point point[] = {{0, 50, -40, 140}, {100, 50, -40, 140}};
    ftdn_text text;
    double x, high, low;
    ftdn_text_init(&text);
    ftdn_plot plot = ftdn_plot_begin(&text, &percent, &percent, "");
    size_t n_before = text.n_chars;
    ftdn_plot_band(&plot, &solid, point, 2);
    const char *band = strstr(text.chars + n_before, "d=\"M");
    assert_non_null(band);
    assert_int_equal(sscanf(band, "d=\"M%lf %lfL%*f %*fL%*f %lf", &x, &high, &low), 3);
    assert_true(high == 10 && low == 246); /* the frame of plot.c */
    ftdn_text_done(&text);
}

static void markers_differ_without_their_colour(void **state)
{
    (void)state;
    static const int types[] = {7, 6, 5, 4, 9, 8, 11, 13};
    char *seen[8];
    for (int i = 0; i < 8; i++) {
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_plot_append_sample(&text, &(ftdn_line_style){"#000000", "solid", types[i]}, false);
        seen[i] = text.chars;
        for (int k = 0; k < i; k++) assert_string_not_equal(seen[i], seen[k]);
    }
    for (int i = 0; i < 8; i++) free(seen[i]);
}

static void a_marker_tells_what_it_is(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_plot plot = ftdn_plot_begin(&text, &percent, &percent, "");
    ftdn_plot_marker(&plot, &solid, 50, 50, "KR <50 %>");
    assert_non_null(strstr(text.chars, "><title>KR &lt;50 %&gt;</title></path>"));
    ftdn_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_numbers_within_the_axis),
        cmocka_unit_test(no_tick_is_a_negative_zero),
        cmocka_unit_test(values_lie_where_the_axes_say),
        cmocka_unit_test(what_lies_outside_is_cut_off_at_the_axes),
        cmocka_unit_test(markers_differ_without_their_colour),
        cmocka_unit_test(a_marker_tells_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
