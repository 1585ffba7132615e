/* test_pace.c - remaining time and lengths of time. */
#include "harness/campaign/pace.h"

#include <math.h>

#include "harness/plan/shard.h"
#include "harness/terminal/duration.h"
#include "tests/support/support.h"

static ftdn_arena arena;

static void assert_near(double value, double expected)
{
    if (fabs(value - expected) > 1e-9 * fabs(expected)) fail_msg("%.12g instead of %.12g", value, expected);
}

static void remaining_time_is_that_of_each_group_shared_among_the_workers(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_pace pace;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_pace_init(&pace, 3, &arena, &err), err);
    const ftdn_pace_work work[] = {{0, 10, 100}, {1, 5, 100}, {2, 2, 50}};
    assert_true(ftdn_pace_remaining(&pace, work, 3, 2).seconds < 0);
    assert_true(ftdn_pace_expect(&pace, 0, 100) < 0);
    for (int i = 0; i < 4; i++) {
        ftdn_pace_add(&pace, 0, 100, 2.0);
        ftdn_pace_add(&pace, 1, 100, 6.0);
    }
    assert_near(ftdn_pace_expect(&pace, 0, 100), 2);
    assert_near(ftdn_pace_expect(&pace, 1, 50), 3);
    assert_near(ftdn_pace_expect(&pace, 2, 100), 4); /* of all, where nothing is known of the group */
    /* (10 * 2 + 5 * 6 + 2 * 50 * 0.04) / 2 */
    assert_near(ftdn_pace_remaining(&pace, work, 3, 2).seconds, 27);
    assert_near(ftdn_pace_remaining(&pace, work, 2, 2).uncertainty, 0.05 * 25); /* what is always allowed for */
    assert_true(ftdn_pace_remaining(&pace, work, 3, 2).uncertainty > 0.05 * 27);
    ftdn_arena_done(&arena);
}

static void trials_that_scatter_make_the_time_uncertain(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_pace pace;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_pace_init(&pace, 1, &arena, &err), err);
    const ftdn_pace_work work = {0, 16, 1};
    ftdn_pace_add(&pace, 0, 1, 1);
    ftdn_pace_add(&pace, 0, 1, 3);
    ftdn_pace_time left = ftdn_pace_remaining(&pace, &work, 1, 1);
    assert_near(left.seconds, 32);
    /* Variance 2 of a trial; 16 of them, and a mean known from two: 2 * sqrt(2 * (16 + 256 / 2)). */
    assert_near(left.uncertainty, 2 * sqrt(2.0 * (16 + 128)) + 0.05 * 32);
    ftdn_arena_done(&arena);
}

static void lengths_of_time_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90", 90},      {"90s", 90},    {"45m", 2700},  {"8h", 28800},
                {"1h30m", 5400}, {"2d", 172800}, {"0.5h", 1800}, {"1d2h3m4s", 93784}};
    static const char *const bad[] = {"",     "h",    "0",      "-1h", "8 h", "1h1h", "1m1h",
                                      "1h30", "1e3s", "8hours", "nan", "0s",  ".",    "1e999"};
    ftdn_error err = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double seconds = 0;
        FTDN_ASSERT_OK(ftdn_duration_parse(good[i].text, &seconds, &err), err);
        assert_near(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double seconds = 0;
        FTDN_ASSERT_FAILS(ftdn_duration_parse(bad[i], &seconds, &err), FTDN_ERR_ARG, "is no length of time", err);
    }
}

static void lengths_of_time_are_written_in_two_units(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(ftdn_duration_text(0.4, text), "0 s");
    assert_string_equal(ftdn_duration_text(59.4, text), "59 s");
    assert_string_equal(ftdn_duration_text(125, text), "2 min 5 s");
    assert_string_equal(ftdn_duration_text(7260, text), "2 h 1 min");
}

static void a_shard_is_a_part_of_a_whole(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "1", "0/2", "3/2", "1/0", "1/10001", "a/b", "1/2/3", "-1/2", "1 /2", "1/"};
    ftdn_error err = {0};
    ftdn_shard shard = {0};
    const char *path;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_shard_parse("2/5", &shard, &err), err);
    assert_int_equal(shard.index, 2);
    assert_int_equal(shard.n_shards, 5);
    FTDN_ASSERT_OK(ftdn_shard_db_path(&shard, "smoke", &arena, &path, &err), err);
    assert_string_equal(path, "results/smoke.2-of-5.db");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FTDN_ASSERT_FAILS(ftdn_shard_parse(bad[i], &shard, &err), FTDN_ERR_ARG, "allowed: I/N, as in 2/5", err);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remaining_time_is_that_of_each_group_shared_among_the_workers),
        cmocka_unit_test(trials_that_scatter_make_the_time_uncertain),
        cmocka_unit_test(lengths_of_time_are_read_as_people_write_them),
        cmocka_unit_test(lengths_of_time_are_written_in_two_units),
        cmocka_unit_test(a_shard_is_a_part_of_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
