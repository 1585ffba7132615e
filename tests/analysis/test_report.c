#include "analysis/report.h"

#include <math.h>

#include "tests/analysis/made_cells.h"
#include "tests/results/asked_store.h"

static const ftdn_report_desc plain = {
    .store_path = "my store.db", .title = "A <title>", .program = "ftdn test", .manifest = "*"};

/* The page; it lives in the store's arena. */
static const char *write(ftdn_asked_store *asked, const ftdn_report_desc *desc)
{
    ftdn_error err;
    ftdn_text html;
    ftdn_text_init(&html);
    FTDN_ASSERT_OK(ftdn_report_write(asked->store, desc, &asked->arena, &html, &err), err);
    return ftdn_test_keep_text(&html, &asked->arena);
}

/* Clean 0.6; at 1 % 0.5 and 0.4, protected 0.55 and 0.49: a gain of 0.05 and 0.09; at 10 % 0.1, protected 0.2. */
static void append_trials(ftdn_asked_store *asked)
{
    static const ftdn_asked_trial trials[] = {
        {0, NULL, NAN, 0, 0.6},      {0.01, NULL, NAN, 0, 0.5}, {0.01, NULL, NAN, 1, 0.4},  {0.01, "kr", 0.5, 0, 0.55},
        {0.01, "kr", 0.5, 1, 0.49},  {0.1, NULL, NAN, 0, 0.1},  {0.1, NULL, NAN, 1, 0.1},   {0.1, "kr", 0.5, 0, 0.2},
        {0.1, "kr", 0.5, 1, 0.2},
    };
    ftdn_asked_append(asked, trials, 9, 0);
}

static void the_sections_have_the_numbers_of_the_store(void **state)
{
    ftdn_asked_store *asked = *state;
    append_trials(asked);
    const char *page = write(asked, &plain);
    static const char *const in_order[] = {
        "<!DOCTYPE html>", "<title>A &lt;title&gt;", "<h1>A &lt;title&gt;</h1>",
        /* summary */
        "<dt>trials<dd>9", "<dt>clean mAP<dd>60.0 %", "<dt>worst mAP<dd>10.0 %", "unprotected, 10 % of weights",
        "<dt>greatest gain<dd>+10.0 points", "KR 50 % entropy, mean against 10 % of weights; the greatest of 2",
        /* curves: one for each protection, their means in the hints */
        "id=\"curves\"", "<figcaption>mAP against the weight fault rate</figcaption>", "<svg",
        "unprotected, 1 % of weights: 45.00 %, s.d. 7.07 (n = 2)",
        "KR 50 %, 1 % of weights: 52.00 %, s.d. 4.24 (n = 2)",
        /* gains: 95 % half width of two pairs is 12.706 * 0.02828 / sqrt(2) = 0.2541 */
        "id=\"gains\"", "1 % of weights", "KR 50 % entropy, mean", "+7.00<small>&nbsp;±&nbsp;25.41</small>",
        "class=\"interval open\"", "10 % of weights", "+10.00<small>&nbsp;±&nbsp;0.00</small>",
        "class=\"interval gain\"",
        /* costs: 4 MB * 0.5 of weights and 1 MB of maps */
        "id=\"costs\"", "mAP against memory", "added weights and maps (MB) 3</title>", "id=\"rates\"",
        "id=\"attempts\"", "No attempt failed.", "id=\"environments\"", "gcc 12.2.0", "oneDNN 2.6.3",
        "id=\"manifests\"", "id=\"points\"", "ftdn replay &#39;my store.db&#39; ", " --verify", "</html>\n"};
    ftdn_assert_in_order(page, in_order, sizeof in_order / sizeof *in_order);
}

/* Two seeds that lose 4 and 6 points: 5 +- 12.7. Two that lose 3 each leave no doubt. */
static void the_greatest_gain_may_be_a_loss(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {
        {0.01, NULL, NAN, 0, 0.5}, {0.01, NULL, NAN, 1, 0.5}, {0.01, "kr", 0.5, 0, 0.46}, {0.01, "kr", 0.5, 1, 0.44},
        {0.1, NULL, NAN, 0, 0.5},  {0.1, NULL, NAN, 1, 0.5},  {0.1, "kr", 0.5, 0, 0.47},  {0.1, "kr", 0.5, 1, 0.47},
    };
    ftdn_asked_append(asked, trials, 4, 0);
    assert_non_null(strstr(write(asked, &plain), "<dd>-5.0 points<small>± 12.7 (95&nbsp;%, may be chance)"));
    ftdn_asked_append(asked, trials + 4, 4, 4);
    assert_non_null(strstr(write(asked, &plain), "<dd>-3.0 points<small>± 0.0 (95&nbsp;%): KR 50 %"));
}

static void the_same_store_gives_the_same_page(void **state)
{
    ftdn_asked_store *asked = *state;
    append_trials(asked);
    const char *first = write(asked, &plain), *second = write(asked, &plain);
    assert_string_equal(first, second);
}

static void nothing_is_asked_from_outside(void **state)
{
    ftdn_asked_store *asked = *state;
    append_trials(asked);
    const char *page = write(asked, &plain);
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "https:"));
    assert_null(strstr(page, " src="));
    assert_null(strstr(page, "@import"));
    assert_non_null(strstr(page, "default-src 'none'"));
}

static void what_a_manifest_says_is_no_markup(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    const ftdn_campaign_row campaign = {
        .name = "<i>&", .description = "</script><img src=x onerror=alert(1)>", .path = "\"a\".json",
        .manifest = "{\"name\":\"</pre><b>\",\"list\":[1,2]}"};
    FTDN_ASSERT_OK(ftdn_store_add_campaign(asked->store, &campaign, &asked->origin.campaign, &err), err);
    append_trials(asked);
    const char *page = write(asked, &plain);
    static const char *const in_order[] = {"<dt>&lt;i&gt;&amp;<dd>&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;",
                                           "&quot;a&quot;.json", "&quot;name&quot;: &quot;&lt;/pre&gt;&lt;b&gt;&quot;"};
    ftdn_assert_in_order(page, in_order, 3);
    assert_null(strstr(page, "<img"));
    assert_null(strstr(page, "<i>"));
}

static void other_campaigns_can_be_left_out(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_text html;
    static const ftdn_asked_trial other[] = {{0.02, "fmr", 0.25, 0, 0.3}};
    append_trials(asked);
    asked->origin.campaign = ftdn_sample_add_campaign(asked->store, "other");
    ftdn_asked_append(asked, other, 1, 20);
    assert_non_null(strstr(write(asked, &plain), "2 % of weights"));
    ftdn_report_desc desc = plain;
    desc.manifest = "smo*";
    const char *page = write(asked, &desc);
    assert_null(strstr(page, "2 % of weights"));
    assert_null(strstr(page, ">other<"));
    desc.manifest = "none";
    ftdn_text_init(&html);
    FTDN_ASSERT_FAILS(ftdn_report_write(asked->store, &desc, &asked->arena, &html, &err), FTDN_ERR_STORE,
                      "there is no finished trial of a campaign 'none'", err);
    ftdn_text_done(&html);
}

/* Each kind of store without something: no faults, faults by their number, one rate, no times, one seed. */
static void a_store_that_lacks_something_has_a_page_too(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_sample sample;
    ftdn_sample_init(&sample, 0);
    sample.record.params.weight_rate = sample.record.params.feature_map_rate = 0;
    sample.record.n_timings = 0;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_non_null(strstr(write(asked, &plain), "there is no curve to draw"));
    ftdn_sample_init(&sample, 1);
    sample.record.params.weight_rate = sample.record.params.feature_map_rate = 0;
    sample.record.params.weight_count = 5;
    sample.record.map_voc07 = (double)NAN;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    const char *page = write(asked, &plain);
    assert_non_null(strstr(page, "<td class=\"n\">5"));
    ftdn_sample_init(&sample, 2);
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_non_null(strstr(write(asked, &plain), "</html>"));
}

static void failures_and_what_is_missing_are_told(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    append_trials(asked);
    ftdn_sample_init(&sample, 30);
    /* The one trial is planned by two sweeps, and failed for two causes. */
    const ftdn_planned_row rows[] = {{"sweep", sample.record.id, "seed=30"}, {"again", sample.record.id, "seed=30"}};
    FTDN_ASSERT_OK(ftdn_store_add_planned(asked->store, asked->origin.campaign, rows, 2, &err), err);
    FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample, "no <memory>", &asked->origin, &err), err);
    FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample, "no time", &asked->origin, &err), err);
    static const char *const in_order[] = {"missing of those planned: 1<",
                                           "<dt>failed attempts<dd>2",
                                           "unfinished trials: 1<",
                                           "Failures by cause",
                                           "no &lt;memory&gt;",
                                           "Trials that are missing",
                                           "seed=30"};
    ftdn_assert_in_order(write(asked, &plain), in_order, 7);
}

static void rankings_and_pictures_stand_where_they_are_given(void **state)
{
    ftdn_asked_store *asked = *state;
    static const char *const names[] = {"entropy", "weight_sum"};
    static const double spearman[] = {1, -0.25, -0.25, 1}, best_half[] = {1, 0.375, 0.375, 1};
    const ftdn_report_agreement agreement = {"net <1>", 2, names, spearman, best_half};
    append_trials(asked);
    const char *bare = write(asked, &plain);
    assert_null(strstr(bare, "id=\"rankings\""));
    assert_null(strstr(bare, "id=\"pictures\""));
    ftdn_report_desc desc = plain;
    desc.n_agreements = 1;
    desc.agreement = &agreement;
    desc.pictures_title = "Boxes & all";
    desc.pictures = (const unsigned char *)"foobar";
    desc.n_picture_bytes = 6;
    desc.n_picture_columns = 3;
    static const char *const in_order[] = {"href=\"#pictures\"",
                                           "href=\"#rankings\"",
                                           "Boxes &amp; all",
                                           "style=\"width:42rem\"",
                                           "data:image/jpeg;base64,Zm9vYmFy\"",
                                           "net &lt;1&gt;",
                                           "-0.25",
                                           "best half",
                                           "0.38"};
    ftdn_assert_in_order(write(asked, &desc), in_order, 9);
}

/* The k-th allocation fails for k = 1, 2, ...: an error, until there are enough. */
static void memory_that_is_refused_is_an_error(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    long n_good = 0;
    append_trials(asked);
    for (ftdn_status status = FTDN_ERR_MEMORY; status != FTDN_OK; n_good += 1 + n_good / 7) {
        ftdn_arena arena;
        ftdn_text html;
        ftdn_arena_init(&arena);
        ftdn_text_init(&html);
        ftdn_arena_fail_after(&arena, n_good);
        status = ftdn_report_write(asked->store, &plain, &arena, &html, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_text_done(&html);
        ftdn_arena_done(&arena);
        assert_true(n_good < 100000);
    }
    assert_true(n_good > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(the_sections_have_the_numbers_of_the_store),
        FTDN_ASKED_TEST(the_greatest_gain_may_be_a_loss),
        FTDN_ASKED_TEST(the_same_store_gives_the_same_page),
        FTDN_ASKED_TEST(nothing_is_asked_from_outside),
        FTDN_ASKED_TEST(what_a_manifest_says_is_no_markup),
        FTDN_ASKED_TEST(other_campaigns_can_be_left_out),
        FTDN_ASKED_TEST(a_store_that_lacks_something_has_a_page_too),
        FTDN_ASKED_TEST(failures_and_what_is_missing_are_told),
        FTDN_ASKED_TEST(memory_that_is_refused_is_an_error),
        FTDN_ASKED_TEST(rankings_and_pictures_stand_where_they_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
