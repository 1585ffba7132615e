#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/student.h"
#include "tests/results/asked_store.h"

/* One trial of a campaign at 1 % weight faults. */
static void append_trial(ftdn_asked_store *asked, int number, const char *method, const char *ranking, int64_t seed,
                         double map)
{
    ftdn_sample sample;
    ftdn_sample_init(&sample, number);
    ftdn_trial_params *params = &sample.record.params;
    params->seed = seed;
    params->method = method;
    params->ranking = ranking;
    if (ranking) {
        params->merge = "mean";
        params->ratio = 0.5;
    }
    sample.record.map_voc07 = map;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
}

/* By hand: the three mAP without protection have the half width 4.303 * (1/8) / sqrt(3) = 0.3105, the gains 1/16 and
 * 3/16 have 12.706 * sqrt(1/128) / sqrt(2) = 0.7941 and t = 2, whose p with one degree of freedom is
 * 2 / pi * atan(1/2) = 0.2952. */
static void gains_are_paired_by_seed(void **state)
{
    ftdn_asked_store *asked = *state;
    append_trial(asked, 1, "none", NULL, 0, 0.25);
    append_trial(asked, 2, "none", NULL, 1, 0.375);
    append_trial(asked, 3, "none", NULL, 2, 0.5);
    append_trial(asked, 4, "kr", "entropy", 0, 0.3125); /* gains 1/16, 3/16; seed 9 has no partner */
    append_trial(asked, 5, "kr", "entropy", 1, 0.5625);
    append_trial(asked, 6, "kr", "entropy", 9, 0.4375);
    append_trial(asked, 7, "kr", "random", 0, 0.5);
    append_trial(asked, 8, "clip", NULL, 7, 0.125);
    const char *answer = ftdn_asked_csv(asked, "protection_gain", NULL), *row = answer;
    static const char *const rows[] = {
        "none,,,,,3,0.375,0.3105172139687911,0,,,,,,\n",
        "kr,random,mean,0.5,,1,0.5,,1,0.25,,,,1,1\n",
        ("kr,entropy,mean,0.5,,3,0.4375,0.3105172139687911,2,0.125,0.7941377960109184,0.2951672353008666,"
         "0.2951672353008666,0.5,1\n"),
        "clip,,,,,1,0.125,,0,,,,,,\n",
    };
    for (int i = 0; i < 4; i++) {
        row = strstr(row, rows[i]);
        if (!row) fail_msg("no row '%s' in its place of\n%s", rows[i], answer);
    }
    /* Against random, whose seed 0 alone has a partner; and the other way round. */
    ftdn_asked_assert_row(asked, "ranking_gain", NULL,
                          "smoke,ssd_mobilenet_v1_tf,zero,0.1,1e-05,0,0,kr,entropy,mean,0.5,,3,0.4375,0."
                          "3105172139687911,1,-0.1875,,,,1,1\n");
    ftdn_asked_assert_row(asked, "ranking_gain", "baseline=entropy",
                          "smoke,ssd_mobilenet_v1_tf,zero,0.1,1e-05,0,0,kr,random,mean,0.5,,1,0.5,,1,0.1875,,,,1,1\n");
}

/* Seven pairs each, by hand: kr gains 1/64 ... 7/64, the mean 1/16 and the deviation sqrt(28 / 6) / 64, so that
 * t = 4 sqrt(7) / sqrt(28 / 6) = 4.899 with 6 degrees of freedom and all signs agree: 2 / 2^7. At rate 0.2 it gains
 * 1/64 in six and loses 1/64 in one: 2 (1 + 7) / 2^7. The smaller p is doubled, the other one stays; of the signs, too.
 * */
static void comparisons_of_an_answer_are_one_family(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_asked_trial trials[28];
    for (int i = 0; i < 7; i++) {
        trials[i] = (ftdn_asked_trial){0.1, NULL, 0, i, 0.25};
        trials[7 + i] = (ftdn_asked_trial){0.1, "kr", 0.5, i, 0.25 + (i + 1) / 64.0};
        trials[14 + i] = (ftdn_asked_trial){0.2, NULL, 0, i, 0.25};
        trials[21 + i] = (ftdn_asked_trial){0.2, "kr", 0.5, i, 0.25 + (i == 3 ? -1 : 1) / 64.0};
    }
    ftdn_asked_append(asked, trials, 28, 1070);
    double p[2], holm_p[2], sign_p[2], holm_sign_p[2];
    const char *row = ftdn_asked_csv(asked, "protection_gain", NULL);
    for (int i = 0; i < 2; i++) {
        row = strstr(row, ",kr,entropy,mean,0.5,,7,");
        assert_non_null(row);
        row += 1;
        const char *tail = strchr(row, '\n');
        for (int commas = 0; commas < 4; commas += *--tail == ',') continue;
        assert_int_equal(sscanf(tail, ",%lf,%lf,%lf,%lf", &p[i], &holm_p[i], &sign_p[i], &holm_sign_p[i]), 4);
    }
    assert_true(fabs(p[0] - ftdn_student_two_sided_p(4 * sqrt(7 / (28 / 6.0)), 6)) < 1e-12);
    assert_true(p[0] < p[1] && holm_p[0] == 2 * p[0] && holm_p[1] == p[1]);
    assert_true(sign_p[0] == 2 / 128.0 && sign_p[1] == 16 / 128.0);
    assert_true(holm_sign_p[0] == 4 / 128.0 && holm_sign_p[1] == 16 / 128.0);
}

/* Clip may cost something without faults: the same for each seed, which six pairs of one sign make no surer. The other
 * comparison is alone in its family then. */
static void seeds_without_faults_are_no_sample(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_asked_trial trials[24];
    for (int i = 0; i < 6; i++) {
        trials[i] = (ftdn_asked_trial){0, NULL, 0, i, 0.75};
        trials[6 + i] = (ftdn_asked_trial){0, "clip", 0, i, 0.5};
        trials[12 + i] = (ftdn_asked_trial){0.1, NULL, 0, i, 0.25};
        trials[18 + i] = (ftdn_asked_trial){0.1, "clip", 0, i, 0.5};
    }
    ftdn_asked_append(asked, trials, 24, 1200);
    ftdn_asked_assert_row(asked, "protection_gain", NULL,
                          "smoke,ssd_mobilenet_v1_tf,zero,0,0,0,0,clip,entropy,mean,0,,6,0.5,0,6,-0.25,0,,,,\n");
    ftdn_asked_assert_row(
        asked, "protection_gain", NULL,
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,clip,entropy,mean,0,,6,0.5,0,6,0.25,0,,,0.03125,0.03125\n");
}

/* 0.25 and 0.5 have the deviation sqrt(1/32) = 0.1768, and t is 12.706: an interval of +- 0.2 needs five seeds, with
 * t = 2.776 0.2195, or six, with t = 2.571 0.1856. */
static void seeds_needed_are_those_of_the_deviation(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {{0.1, NULL, 0, 0, 0.25},
                                              {0.1, NULL, 0, 1, 0.5},
                                              {0.2, NULL, 0, 0, 0.5},
                                              {0.3, NULL, 0, 0, 0.5},
                                              {0.3, NULL, 0, 1, 0.5}};
    ftdn_asked_append(asked, trials, 5, 1120);
    assert_string_equal(
        ftdn_asked_csv(asked, "seeds_needed", "within=0.2"),
        "manifest,model,type,weight_rate,feature_map_rate,weight_count,feature_map_count,method,ranking,"
        "merge,ratio,variant,n,mean_map_voc07,sd_map_voc07,map_half_width,seeds_needed,seeds_missing\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,none,,,,,2,0.375,0.1767766952966369,"
        "1.5882755920218368,6,4\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.3,0,0,0,none,,,,,2,0.5,0,0,2,0\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.2,0,0,0,none,,,,,1,0.5,,,,\n");
}

static void a_bare_trial_serves_all_protections_of_its_faults_only(void **state)
{
    ftdn_asked_store *asked = *state;
    static const double rates[] = {0.01, 0.02};
    for (int i = 0; i < 4; i++) {
        ftdn_sample sample;
        ftdn_sample_init(&sample, i);
        ftdn_trial_params *params = &sample.record.params;
        params->weight_rate = rates[i % 2];
        params->seed = 0;
        params->copies = i < 2 ? "independent" : "clean"; /* no matter to what has no copies */
        params->method = i < 2 ? "none" : "d2nn";
        asked->origin.campaign = ftdn_sample_add_campaign(asked->store, i < 2 ? "bare" : "protected");
        sample.record.map_voc07 = i < 2 ? rates[i] : 0.5;
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    const char *answer = ftdn_asked_csv(asked, "protection_gain", NULL);
    assert_non_null(
        strstr(answer, "protected,ssd_mobilenet_v1_tf,zero,0.01,1e-05,0,0,d2nn,,,,,1,0.5,,1,0.49,,,,1,1\n"));
    assert_non_null(
        strstr(answer, "protected,ssd_mobilenet_v1_tf,zero,0.02,1e-05,0,0,d2nn,,,,,1,0.5,,1,0.48,,,,1,1\n"));
    assert_non_null(strstr(answer, "bare,ssd_mobilenet_v1_tf,zero,0.02,1e-05,0,0,none,,,,,1,0.02,,0,,,,,,\n"));
}

/* By hand: seeds 0 and 1 lost 0.25 and 0.5, of which came back 0.125 and 0.375: shares 1/2 and 3/4, with the half width
 * 12.706 * 1/8; together 0.5 of 0.75. Seed 2 lost next to nothing, and says nothing. */
static void recovery_is_the_share_of_the_loss_that_came_back(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {
        {0, NULL, 0, 5, 0.75},      {0.1, NULL, 0, 0, 0.5},     {0.1, NULL, 0, 1, 0.25},
        {0.1, NULL, 0, 2, 0.7499},  {0.1, "kr", 0.5, 0, 0.625}, {0.1, "kr", 0.5, 1, 0.625},
        {0.1, "kr", 0.5, 2, 0.625}, {0.2, NULL, 0, 0, 0.75},    {0.2, "kr", 0.5, 0, 0.5},
    };
    ftdn_asked_append(asked, trials, 9, 1010);
    ftdn_asked_assert_row(
        asked, "recovery", NULL,
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,kr,entropy,mean,0.5,,0.75,0.49996666666666667,0.625,2,0.625,"
        "1.5882755920218368,0.6666666666666666\n");
    ftdn_asked_assert_row(asked, "recovery", NULL, /* no loss, no share of it */
                          "smoke,ssd_mobilenet_v1_tf,zero,0.2,0,0,0,kr,entropy,mean,0.5,,0.75,0.75,0.5,0,,,\n");
    ftdn_asked_assert_row(asked, "recovery", "least=0",
                          "smoke,ssd_mobilenet_v1_tf,zero,0.2,0,0,0,kr,entropy,mean,0.5,,0.75,0.75,0.5,0,,,\n");
    assert_non_null(strstr(ftdn_asked_csv(asked, "recovery", "least=0.00001"), ",0.625,3,-415.9"));
}

static void the_smallest_ratio_is_within_the_margin_that_is_set(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {
        {0, NULL, 0, 0, 0.75},        {0.1, "kr", 0.25, 0, 0.625},   {0.1, "kr", 0.25, 1, 0.6875},
        {0.1, "kr", 0.5, 0, 0.71875}, {0.1, "kr", 0.75, 0, 0.71875}, {0.1, "kr", 1, 0, 0.734375},
    };
    ftdn_asked_append(asked, trials, 6, 1020);
    static const char *const rows[][2] = {
        {"within=0.1", "0.25,4,2,0.65625,0.3970688980054592,0.75,0.09375\n"},
        {"within=0.09375", "0.25,4,2,0.65625,0.3970688980054592,0.75,0.09375\n"},
        {"within=0.05", "0.5,4,1,0.71875,,0.75,0.03125\n"},
        {"within=0.02", "1,4,1,0.734375,,0.75,0.015625\n"},
        {NULL, ",4,1,0.734375,,0.75,0.015625\n"}, /* 0.01: none is; the nearest is shown */
    };
    for (int i = 0; i < 5; i++) {
        const char *row = ftdn_arena_format(&asked->arena, NULL,
                                            "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,kr,entropy,mean,,%s", rows[i][1]);
        ftdn_asked_assert_row(asked, "smallest_ratio", rows[i][0], row);
    }
}

/* Only trials whose faults are in weights or in maps, and in one layer, tell something of that layer. */
static void a_layer_is_vulnerable_by_what_its_own_faults_cost(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial clean = {0, NULL, 0, 0, 0.75}, hit = {0.1, NULL, 0, 0, 0.25},
                                  other = {0.1, NULL, 0, 1, 0.5};
    static const char *const layers[] = {"base_net.2.0", "base_net.3.0"};
    ftdn_sample sample;
    ftdn_asked_append(asked, &clean, 1, 1030);
    ftdn_asked_describe(&other, 1050, &sample); /* its faults are in two layers */
    sample.fault_row[1].requested_rate = 0.1;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    for (int i = 0; i < 3; i++) {
        ftdn_asked_describe(i == 1 ? &other : &hit, 1060 + i, &sample);
        sample.record.params.weight_scope = i == 2 ? "[\"base_net.3.*\"]" : "[\"base_net.2.*\"]";
        sample.record.n_faults = 1;
        sample.fault_row[0].layer = layers[i == 2];
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    assert_string_equal(ftdn_asked_csv(asked, "layer_vulnerability", NULL),
                        "manifest,model,type,location,layer,rate,fault_count,method,ranking,merge,ratio,variant,"
                        "elements,n,mean_map_voc07,map_half_width,clean_map_voc07,loss\n"
                        "smoke,ssd_mobilenet_v1_tf,zero,weights,base_net.3.0,0.1,0,none,,,,,1000,1,0.25,,0.75,0.5\n"
                        "smoke,ssd_mobilenet_v1_tf,zero,weights,base_net.2.0,0.1,0,none,,,,,1000,2,0.375,"
                        "1.5882755920218368,0.75,0.375\n");
}

/* The newest measurement counts. Ratio 0.5 costs more than 0.25 and is worse: it is not on the front. */
static void accuracy_stands_beside_its_cost(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {{0.1, NULL, 0, 0, 0.25},
                                        {0.1, "kr", 0.25, 0, 0.625},
                                        {0.1, "kr", 0.5, 0, 0.5},
                                        {0.1, "kr", 1, 0, 0.75}};
    ftdn_asked_append(asked, trials, 4, 1040);
    ftdn_asked_append_latency(asked, "kr", 0.25, 8);
    ftdn_asked_append_latency(asked, "none", NAN, 0.25);
    ftdn_asked_append_latency(asked, "kr", 0.25, 0.375);
    ftdn_asked_append_latency(asked, "kr", 0.5, 0.5);
    assert_string_equal(ftdn_asked_csv(asked, "SELECT count(*) AS n FROM v_overheads", NULL), "n\n4\n");
    static const char *const by_ms[] = {
        "none,,,,,1,0.25,,250,1,1,2026-01-31T23:59:59Z,bench\n",
        "kr,entropy,mean,0.25,,1,0.625,,375,1.5,1,2026-01-31T23:59:59Z,bench\n",
        "kr,entropy,mean,0.5,,1,0.5,,500,2,0,2026-01-31T23:59:59Z,bench\n",
    };
    static const char *const by_mb[] = {
        "none,,,,,1,0.25,,0,0,0,0,1\n",
        "kr,entropy,mean,0.25,,1,0.625,,2,1,1,0.25,1\n",
        "kr,entropy,mean,0.5,,1,0.5,,3,2,1,0.25,0\n",
        "kr,entropy,mean,1,,1,0.75,,5,4,1,0.25,1\n",
    };
    for (int i = 0; i < 3; i++)
        ftdn_asked_assert_row(
            asked, "map_by_ms", NULL,
            ftdn_arena_format(&asked->arena, NULL, "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,%s", by_ms[i]));
    assert_null(strstr(ftdn_asked_csv(asked, "map_by_ms", NULL), "kr,entropy,mean,1,"));
    for (int i = 0; i < 4; i++)
        ftdn_asked_assert_row(
            asked, "map_by_mb", NULL,
            ftdn_arena_format(&asked->arena, NULL, "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,%s", by_mb[i]));
}

/* Of two that give the same at the same cost neither is better; a third pays more for it. */
static void equals_are_on_the_front_together(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial trials[] = {{0.1, NULL, 0, 0, 0.25},
                                              {0.1, "kr", 0.5, 0, 0.5},
                                              {0.1, "fmr", 0.5, 0, 0.5},
                                              {0.1, "d2nn", 0.5, 0, 0.375},
                                              {0.1, "kr", 1, 0, 0.5}};
    static const char *const rows[] = {"none,,,,,1,0.25,,0,0,0,0,1\n", "kr,entropy,mean,0.5,,1,0.5,,3,2,1,0.25,1\n",
                                       "fmr,entropy,mean,0.5,,1,0.5,,3,2,1,0.25,1\n",
                                       "d2nn,entropy,mean,0.5,,1,0.375,,3,2,1,0.25,0\n",
                                       "kr,entropy,mean,1,,1,0.5,,5,4,1,0.25,0\n"};
    ftdn_asked_append(asked, trials, 5, 1300);
    for (int i = 0; i < 5; i++)
        ftdn_asked_assert_row(
            asked, "map_by_mb", NULL,
            ftdn_arena_format(&asked->arena, NULL, "smoke,ssd_mobilenet_v1_tf,zero,0.1,0,0,0,%s", rows[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(gains_are_paired_by_seed),
        FTDN_ASKED_TEST(comparisons_of_an_answer_are_one_family),
        FTDN_ASKED_TEST(seeds_without_faults_are_no_sample),
        FTDN_ASKED_TEST(seeds_needed_are_those_of_the_deviation),
        FTDN_ASKED_TEST(a_bare_trial_serves_all_protections_of_its_faults_only),
        FTDN_ASKED_TEST(recovery_is_the_share_of_the_loss_that_came_back),
        FTDN_ASKED_TEST(the_smallest_ratio_is_within_the_margin_that_is_set),
        FTDN_ASKED_TEST(a_layer_is_vulnerable_by_what_its_own_faults_cost),
        FTDN_ASKED_TEST(accuracy_stands_beside_its_cost),
        FTDN_ASKED_TEST(equals_are_on_the_front_together),
    };
    return cmocka_run_group_tests_name("results/accuracy_queries", tests, NULL, NULL);
}
