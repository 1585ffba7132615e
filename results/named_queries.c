#include "results/query.h"

/* Averages are taken over trials that differ in nothing but their seed (and their environment): the
 * groups are made by all other parameters, also by those that are not shown. */
#define ALL_BUT_SEED                                                                                                   \
    "manifest, model, width, weights_digest, dataset_digest, backend, arithmetic, score_threshold, "                   \
    "nms_iou, candidates, iou, type, bit, bits, range_low, range_high, weight_rate, feature_map_rate, "                \
    "weight_count, feature_map_count, weight_scope, feature_map_scope, feature_map_point, redraw, copies, method, "    \
    "ranking, direction, allocation, merge, merge_point, combine, ratio, calibration_digest, measured_images"

/* What trials have in common that differ in nothing but their protection: they see the same faults on the same
 * weights and maps. */
#define ALL_BUT_PROTECTION                                                                                             \
    "model, width, weights_digest, dataset_digest, backend, arithmetic, score_threshold, "                             \
    "nms_iou, candidates, iou, type, bit, bits, range_low, range_high, weight_rate, feature_map_rate, "                \
    "weight_count, feature_map_count, weight_scope, feature_map_scope, feature_map_point, redraw, seed"

/* What protections have in common that choose their channels by different rankings. */
#define ALL_BUT_RANKING ALL_BUT_PROTECTION ", copies, method, allocation, merge, merge_point, combine, ratio"

/* The finished trials, with what tells protections apart that are equal in the columns below. */
#define TRIALS "(SELECT *, " FTDN_QUERY_VARIANT " AS variant FROM v_trials)"

/* Columns of a table by fault rates and protection, and the order of its rows. */
#define RATES_AND_PROTECTION                                                                                           \
    "manifest, model, type, weight_rate, feature_map_rate, weight_count, feature_map_count, method, ranking, merge, "  \
    "ratio, variant"
#define BY_PROTECTION                                                                                                  \
    "manifest, model, type, method, ranking, merge, ratio, variant, weight_rate, feature_map_rate, weight_count, "     \
    "feature_map_count"

/* Quantiles of Student's distribution for two-sided 95 %: the row of the greatest df that is not above the degrees of
 * freedom holds. */
#define STUDENT_95                                                                                                     \
    "(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (6, 2.447), (7, 2.365), (8, 2.306), (9, 2.262), "    \
    "(10, 2.228), (11, 2.201), (12, 2.179), (13, 2.160), (14, 2.145), (15, 2.131), (16, 2.120), (17, 2.110), "         \
    "(18, 2.101), (19, 2.093), (20, 2.086), (21, 2.080), (22, 2.074), (23, 2.069), (24, 2.064), (25, 2.060), "         \
    "(26, 2.056), (27, 2.052), (28, 2.048), (29, 2.045), (30, 2.042), (40, 2.021), (60, 2.000), (120, 1.980), "        \
    "(1000, 1.962)"

/* clang-format off */
/* Of the 95 % interval of a mean of n values whose squared distances from it add up to `squares`; NULL for n < 2. */
#define HALF_WIDTH(n, squares)                                                                                         \
    "(SELECT t FROM student WHERE df < " n " ORDER BY df DESC LIMIT 1) * sqrt(" squares " / (" n " - 1) / " n ")"

/* Each trial against the baseline trial that has everything in `same` in common with it. `same`: columns. */
#define GAIN_OVER(is_baseline, is_compared, same)                                                                      \
    "WITH student(df, t) AS (VALUES " STUDENT_95 "), "                                                                 \
    "paired AS (SELECT *, CASE WHEN " is_compared " THEN map_voc07 - avg(map_voc07) "                                  \
    "FILTER (WHERE " is_baseline ") OVER (PARTITION BY " same ") END AS gain FROM " TRIALS "), "                       \
    "centred AS (SELECT *, avg(map_voc07) OVER cell AS mean_map, avg(gain) OVER cell AS mean_gain "                    \
    "FROM paired WINDOW cell AS (PARTITION BY " ALL_BUT_SEED ")), "                                                    \
    "cells AS (SELECT " RATES_AND_PROTECTION ", count(map_voc07) AS n, mean_map, "                                     \
    "sum((map_voc07 - mean_map) * (map_voc07 - mean_map)) AS map_squares, count(gain) AS pairs, mean_gain, "           \
    "sum((gain - mean_gain) * (gain - mean_gain)) AS gain_squares "                                                    \
    "FROM centred GROUP BY " ALL_BUT_SEED ") "                                                                         \
    "SELECT " RATES_AND_PROTECTION ", n, mean_map AS mean_map_voc07, "                                                 \
    HALF_WIDTH("n", "map_squares") " AS map_half_width, pairs, mean_gain, "                                            \
    HALF_WIDTH("pairs", "gain_squares") " AS gain_half_width FROM cells "                                              \
    "ORDER BY manifest, model, type, weight_rate, feature_map_rate, weight_count, feature_map_count, "                 \
    "method <> 'none', mean_gain DESC, method, ranking, merge, ratio, variant"
/* clang-format on */

static const ftdn_named_query named_query[] = {
    {
        .name = "v_trials",
        .help = "each finished trial: id, manifest, every parameter, mAP, images, seconds, when, code version",
        .sql = "SELECT * FROM v_trials ORDER BY finished_at, id",
    },
    {
        .name = "v_ap",
        .help = "each finished trial and class: average precision (VOC 11-point and area), objects",
        .sql = "SELECT * FROM v_ap ORDER BY id, class",
    },
    {
        .name = "v_faults",
        .help = "each finished trial, layer, location and copy: requested and observed fault rate, elements, faults",
        .sql = "SELECT * FROM v_faults ORDER BY id, position",
    },
    {
        .name = "v_timings",
        .help = "each finished trial and stage: seconds",
        .sql = "SELECT * FROM v_timings ORDER BY id, stage",
    },
    {
        .name = "v_failures",
        .help = "each failed attempt: trial, cause, when, where, and whether another attempt finished",
        .sql = "SELECT * FROM v_failures ORDER BY failed_at, id",
    },
    {
        .name = "v_scores",
        .help = "each channel's score and rank in its layer by each ranking that was computed, and what it was made of",
        .sql = "SELECT * FROM v_scores ORDER BY ranker, created_at, parameters, layer, rank",
    },
    {
        .name = "v_overheads",
        .help = "each measurement of a protection's cost: times of one image, bytes and operations added",
        .sql = "SELECT * FROM v_overheads ORDER BY id",
    },
    {
        .name = "map_by_rate",
        .help = "mAP against fault rates and protection: number of seeds, mean, least and greatest",
        .sql = "SELECT " RATES_AND_PROTECTION ", count(*) AS n, "
               "avg(map_voc07) AS mean_map_voc07, min(map_voc07) AS min_map_voc07, max(map_voc07) AS max_map_voc07 "
               "FROM " TRIALS " GROUP BY " ALL_BUT_SEED " ORDER BY " BY_PROTECTION,
    },
    {
        .name = "protection_gain",
        .help = "mean mAP of each protection, and its gain over none, seed by seed, with 95 % half widths",
        .sql = GAIN_OVER("method = 'none'", "method <> 'none'", ALL_BUT_PROTECTION),
    },
    {
        .name = "ranking_gain",
        .help = "mean mAP of each ranking, and its gain over the random one of the same protection, seed by seed",
        .sql = GAIN_OVER("ranking = 'random'", "ranking <> 'random'", ALL_BUT_RANKING),
    },
    {
        .name = "class_ap",
        .help = "average precision of each class against fault rates and protection, mean over seeds",
        .sql = "SELECT " RATES_AND_PROTECTION ", class, "
               "count(*) AS n, avg(ap_voc07) AS mean_ap_voc07, avg(ap_area) AS mean_ap_area, max(objects) AS objects "
               "FROM " TRIALS " JOIN v_ap USING (id) GROUP BY " ALL_BUT_SEED ", class "
               "ORDER BY " BY_PROTECTION ", class",
    },
    {
        .name = "rates",
        .help = "fault rates layer by layer: requested, and observed over all trials that asked for the same",
        .sql = "SELECT model, location, layer, copy, requested_rate, "
               "CAST(sum(faults) AS REAL) / sum(elements) AS observed_rate, count(*) AS trials, "
               "sum(elements) AS elements, sum(faults) AS faults, sum(changed) AS changed "
               "FROM v_faults JOIN v_trials USING (id) "
               "GROUP BY model, width, type, location, requested_rate, layer, copy "
               "ORDER BY model, width, type, location, requested_rate, copy, min(position)",
    },
    {
        .name = "timings",
        .help = "time by stage: mean, least and greatest seconds of a trial, and milliseconds per image",
        .sql = "SELECT manifest, model, backend, stage, count(*) AS trials, avg(v_timings.seconds) AS mean_seconds, "
               "min(v_timings.seconds) AS min_seconds, max(v_timings.seconds) AS max_seconds, "
               "1000 * sum(v_timings.seconds) / sum(images) AS ms_per_image "
               "FROM v_timings JOIN v_trials USING (id) GROUP BY manifest, model, backend, stage "
               "ORDER BY manifest, model, backend, mean_seconds DESC",
    },
    {
        .name = "failures",
        .help = "failed attempts by cause: how many, of how many trials, trials still unfinished, the last one",
        .sql = "SELECT manifest, cause, count(*) AS attempts, count(DISTINCT id) AS trials, "
               "count(DISTINCT CASE WHEN finished THEN NULL ELSE id END) AS unfinished, max(failed_at) AS last_at "
               "FROM v_failures GROUP BY manifest, cause ORDER BY attempts DESC, manifest, cause",
    },
    {
        .name = "environments",
        .help = "what trials were made with: code version, compiler, machine, device, libraries; attempts of each",
        .sql = "SELECT e.code_version, e.compiler, e.machine, e.system, e.cpu, e.device, e.libraries, "
               "count(a.id) FILTER (WHERE a.outcome = 'done') AS done, count(a.id) FILTER (WHERE a.outcome = 'failed') "
               "AS failed "
               "FROM environments e LEFT JOIN attempts a ON a.environment = e.id GROUP BY e.id ORDER BY e.id",
    },
};

const ftdn_named_query *ftdn_named_queries(int *ret_n)
{
    *ret_n = (int)(sizeof named_query / sizeof *named_query);
    return named_query;
}
