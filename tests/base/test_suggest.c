#include "base/suggest.h"

#include "tests/support/support.h"

static const char *const keys[] = {"weight_rate", "feature_map_rate", "type", "scope", "seed", "kr", "fmr"};

static void the_nearest_word_is_suggested_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *word, *suggestion;
    } rows[] = {
        {"weight_rate", "weight_rate"},
        {"wieght_rate", "weight_rate"},    /* a swap */
        {"wieght_rtae", "weight_rate"},    /* two swaps */
        {"weightrate", "weight_rate"},     /* a letter missing */
        {"weights_rate", "weight_rate"},   /* a letter too many */
        {"weight_rates__", "weight_rate"}, /* three too many */
        {"weight_rates___", NULL},         /* four: too far although the word is long */
        {"feature_map_rte", "feature_map_rate"},
        {"tpye", "type"},
        {"tpey", NULL}, /* two of four letters */
        {"sede", "seed"},
        {"scop", "scope"},
        {"cope", "scope"},
        {"kt", "kr"}, /* one letter is always allowed */
        {"fr", "kr"}, /* as near as fmr, and earlier */
        {"KR", "kr"},
        {"Wieght_Rate", "weight_rate"},
        {"feature", "feature_map_rate"}, /* its beginning */
        {"fe", NULL},                    /* which could be anything */
        {"", NULL},
        {"protection", NULL},
        {"a_word_that_is_far_longer_than_all_the_candidates_together", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *suggestion = ftdn_suggest(rows[i].word, keys, (int)(sizeof keys / sizeof keys[0]));
        if (!rows[i].suggestion) assert_null(suggestion);
        else assert_string_equal(suggestion ? suggestion : "(none)", rows[i].suggestion);
    }
}

static void a_word_that_means_something_else_than_it_looks_like_is_known(void **state)
{
    (void)state;
    static const char *const backends[] = {"cpu", "ref", "cuda"}, *const others[] = {"cpu", "ref"};
    assert_string_equal(ftdn_suggest("gpu", backends, 3), "cuda");
    assert_string_equal(ftdn_suggest("gpu", others, 2), "cpu");
}

static void nothing_is_suggested_from_nothing(void **state)
{
    (void)state;
    assert_null(ftdn_suggest("kr", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_is_suggested_or_none),
        cmocka_unit_test(a_word_that_means_something_else_than_it_looks_like_is_known),
        cmocka_unit_test(nothing_is_suggested_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
