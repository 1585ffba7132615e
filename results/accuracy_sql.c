#include "results/query_sql.h"

#include "results/cells.h"
#include "results/query.h"

/* A cell is what trials have in common that differ in their seed alone. What cells have in common, from the little to
 * the much, as lists of columns of the table cells: */

/* the network without faults and its evaluation, */
#define NETWORK                                                                                                        \
    "model, width, weights_digest, dataset_digest, backend, arithmetic, score_threshold, nms_iou, candidates, iou"

/* the faults too: the same ones on the same weights and maps, seed by seed, */
#define FAULTS                                                                                                         \
    NETWORK ", type, bit, bits, range_low, range_high, weight_rate, feature_map_rate, weight_count, "                  \
            "feature_map_count, weight_scope, feature_map_scope, feature_map_point, redraw"

/* all but the ranking, and what it alone needs; or all but the ratio. */
#define ALL_BUT_RANKING FAULTS ", copies, method, allocation, merge, merge_point, combine, ratio"
#define ALL_BUT_RATIO                                                                                                  \
    FAULTS ", copies, method, ranking, direction, allocation, merge, merge_point, combine, calibration_digest, "       \
           "measured_images"

/* Columns by fault rates and protection, and the order of such rows. */
#define RATES "manifest, model, type, weight_rate, feature_map_rate, weight_count, feature_map_count"
#define PROTECTION "method, ranking, merge, ratio, variant"
#define BY_PROTECTION                                                                                                  \
    "manifest, model, type, " PROTECTION ", weight_rate, feature_map_rate, weight_count, feature_map_count, key"

/* The cells that hold a trial which a campaign of this name made or asks for; "*": all cells. */
#define CHOSEN                                                                                                         \
    " (:manifest = '*' OR key IN (SELECT t.cell FROM campaigns p JOIN attempts a ON a.campaign = p.id "                \
    "JOIN trials t ON t.id = a.trial_id WHERE p.name GLOB :manifest UNION SELECT t.cell FROM campaigns p "             \
    "JOIN planned w ON w.campaign = p.id JOIN trials t ON t.id = w.trial_id WHERE p.name GLOB :manifest)) "

/* cell: each cell with the mAP of its trials. first_trial: that of the least seed, whose campaign names the cell.
 * groups: further columns that number what cells have in common, as GROUP_OF(...) AS name; equal numbers are equal in
 * all columns, NULL in both included. */
#define GROUP_OF(columns) "dense_rank() OVER (ORDER BY " columns ")"
#define CELL_WITH(groups)                                                                                              \
    "held AS (SELECT t.cell, count(r.map_voc07) AS n, avg(r.map_voc07) AS mean_map, "                                  \
    "stddev(r.map_voc07) AS sd_map, half_width(r.map_voc07) AS map_half_width, "                                       \
    "min(r.map_voc07) AS min_map, max(r.map_voc07) AS max_map, "                                                       \
    "(SELECT f.key FROM trials f WHERE f.cell = t.cell ORDER BY f.seed LIMIT 1) AS first_trial "                       \
    "FROM trials t CROSS JOIN results r ON r.trial = t.key GROUP BY t.cell), "                                         \
    "cell AS MATERIALIZED (SELECT c.*, h.*, p.name AS manifest, " FTDN_QUERY_VARIANT " AS variant" groups              \
    " FROM held h JOIN cells c ON c.key = h.cell JOIN results r ON r.trial = h.first_trial "                           \
    "JOIN attempts a ON a.id = r.attempt JOIN campaigns p ON p.id = a.campaign) "

#define IS_FAULTLESS "weight_rate = 0 AND feature_map_rate = 0 AND weight_count = 0 AND feature_map_count = 0"

/* clean: the mAP of each network without faults and protection, whatever its seed. Needs the group `network`. */
#define CLEAN                                                                                                          \
    "clean AS MATERIALIZED (SELECT network, avg(mean_map) AS clean_map FROM cell WHERE method = 'none' "               \
    "AND " IS_FAULTLESS " GROUP BY network) "

/* partner: each cell and what it is compared with; paired: each of its trials with the mean of its partners' trials of
 * the same seed, NULL where there are none. */
#define PAIRED(is_partner, is_compared, group)                                                                         \
    "partner AS MATERIALIZED (SELECT c.key AS cell, b.key AS other FROM cell c JOIN cell b ON b." group " = c." group  \
    " WHERE b." is_partner " AND c." is_compared "), "                                                                 \
    "paired AS MATERIALIZED (SELECT t.cell, r.map_voc07 AS map, (SELECT avg(q.map_voc07) FROM partner p "              \
    "CROSS JOIN trials u ON u.cell = p.other AND u.seed = t.seed CROSS JOIN results q ON q.trial = u.key "             \
    "WHERE p.cell = t.cell) AS other_map FROM trials t CROSS JOIN results r ON r.trial = t.key "                       \
    "WHERE t.cell IN (SELECT cell FROM partner)) "

const char ftdn_sql_map_by_rate[] =
    "WITH " CELL_WITH("") "SELECT " RATES ", " PROTECTION ", n, mean_map AS mean_map_voc07, sd_map AS sd_map_voc07, "
                          "map_half_width, min_map AS min_map_voc07, max_map AS max_map_voc07 FROM cell WHERE" CHOSEN
                          "ORDER BY " BY_PROTECTION;

const char ftdn_sql_seeds_needed[] =
    "WITH " CELL_WITH("") ", wanted AS (SELECT *, needed_values(sd_map, :within) AS seeds_needed FROM cell WHERE" CHOSEN
                          ") SELECT " RATES ", " PROTECTION
                          ", n, mean_map AS mean_map_voc07, sd_map AS sd_map_voc07, map_half_width, seeds_needed, "
                          "max(0, seeds_needed - n) AS seeds_missing FROM wanted "
                          "ORDER BY seeds_missing DESC, " BY_PROTECTION;
/* All parameters that tell cells apart, as they are called. */
const char ftdn_sql_points[] =
    "WITH " CELL_WITH("") "SELECT " RATES ", " PROTECTION ", width, weights, dataset, backend, arithmetic, "
                          "score_threshold, nms_iou, candidates, iou, bit, bits, range_low, range_high, weight_scope, "
                          "feature_map_scope, feature_map_point, redraw, copies, direction, allocation, merge_point, "
                          "combine, calibration, measured_images, n, mean_map AS mean_map_voc07, map_half_width, "
                          "(SELECT f.seed FROM trials f WHERE f.key = first_trial) AS seed, "
                          "(SELECT f.id FROM trials f WHERE f.key = first_trial) AS id, (SELECT group_concat(o.seed || "
                          "' ' || substr(o.id, 1, 16), ', ') FROM "
                          "(SELECT seed, id FROM trials s WHERE s.cell = cell.key ORDER BY seed) o) AS seeds "
                          "FROM cell WHERE" CHOSEN "ORDER BY " BY_PROTECTION;

/* Each class of each cell, over its trials. */
#define CLASS_MEAN                                                                                                     \
    "SELECT cell AS of_cell, class, count(ap_voc07) AS n_ap, avg(ap_voc07) AS mean_ap_voc07, "                         \
    "stddev(ap_voc07) AS sd_ap_voc07, half_width(ap_voc07) AS ap_half_width, avg(ap_area) AS mean_ap_area, objects "   \
    "FROM class_ap GROUP BY cell, class"

const char ftdn_sql_class_ap[] =
    "WITH " CELL_WITH("") ", class_mean AS (" CLASS_MEAN ") "
                          "SELECT " RATES ", " PROTECTION
                          ", class, n_ap AS n, mean_ap_voc07, ap_half_width, mean_ap_area, objects "
                          "FROM class_mean JOIN cell ON key = of_cell WHERE" CHOSEN "ORDER BY " BY_PROTECTION ", class";

/* The comparisons of the answer are one family: holm_p and holm_sign_p are adjusted for as many as there are. Without
 * faults all seeds give the same, and so many equal signs say nothing. */
#define GAIN_OVER(is_partner, is_compared, columns)                                                                    \
    "WITH " CELL_WITH(", " GROUP_OF(columns) " AS same") ", " PAIRED(                                                  \
        is_partner, is_compared,                                                                                       \
        "same") ", gain AS (SELECT cell AS of_cell, count(map - other_map) AS pairs, avg(map - other_map) AS "         \
                "mean_gain, half_width(map - other_map) AS gain_half_width, t_test(map - other_map) AS p, "            \
                "sign_test(map - other_map) AS p_of_signs FROM paired GROUP BY cell), "                                \
                "compared AS MATERIALIZED (SELECT *, iif(" IS_FAULTLESS ", NULL, p_of_signs) AS sign_p "               \
                "FROM cell LEFT JOIN gain ON of_cell = key WHERE" CHOSEN "), "                                         \
                "family AS (SELECT count(p) AS n_p, count(sign_p) AS n_sign_p FROM compared) "                         \
                "SELECT " RATES ", " PROTECTION                                                                        \
                ", n, mean_map AS mean_map_voc07, map_half_width, ifnull(pairs, 0) AS pairs, "                         \
                "mean_gain, gain_half_width, p, holm(p, n_p) OVER (ORDER BY p) AS holm_p, sign_p, "                    \
                "holm(sign_p, n_sign_p) OVER (ORDER BY sign_p) AS holm_sign_p FROM compared CROSS JOIN family "        \
                "ORDER BY " RATES ", method <> 'none', mean_gain DESC, " PROTECTION ", key"

const char ftdn_sql_protection_gain[] = GAIN_OVER("method = 'none'", "method <> 'none'", FAULTS);

const char ftdn_sql_ranking_gain[] = GAIN_OVER("ranking = :baseline", "ranking <> :baseline", ALL_BUT_RANKING);

const char ftdn_sql_recovery[] =
    "WITH " CELL_WITH(", " GROUP_OF(FAULTS) " AS same, " GROUP_OF(NETWORK) " AS network") ", " CLEAN ", " PAIRED(
        "method = 'none'", "method <> 'none'",
        "same") ", loss AS (SELECT p.cell AS of_cell, map - other_map AS gain, other_map, "
                "iif(clean_map - other_map >= :least AND clean_map > other_map, clean_map - other_map, NULL) AS lost "
                "FROM paired p JOIN cell c ON c.key = p.cell JOIN clean USING (network) WHERE map - other_map IS NOT "
                "NULL), "
                "share AS (SELECT of_cell, count(lost) AS pairs, avg(other_map) AS bare_map, avg(gain / lost) AS "
                "mean_recovery, "
                "half_width(gain / lost) AS recovery_half_width, sum(gain) FILTER (WHERE lost IS NOT NULL) / sum(lost) "
                "AS total_recovery FROM loss GROUP BY of_cell) "
                "SELECT " RATES ", " PROTECTION ", clean_map AS clean_map_voc07, bare_map AS bare_map_voc07, "
                "mean_map AS mean_map_voc07, pairs, mean_recovery, recovery_half_width, total_recovery "
                "FROM share JOIN cell ON key = of_cell JOIN clean USING (network) WHERE" CHOSEN "ORDER BY " RATES
                ", total_recovery DESC, " PROTECTION ", key";

const char ftdn_sql_smallest_ratio[] = "WITH " CELL_WITH(", " GROUP_OF(ALL_BUT_RATIO) " AS same, " GROUP_OF(
    NETWORK) " AS network") ", " CLEAN ", tried AS (SELECT *, clean_map - mean_map AS loss, ifnull(clean_map - "
                            "mean_map <= :within, 0) AS holds "
                            "FROM cell JOIN clean USING (network) WHERE ratio IS NOT NULL AND" CHOSEN "), "
                            "ranked AS (SELECT *, row_number() OVER (PARTITION BY same ORDER BY holds DESC, iif(holds, "
                            "ratio, loss), ratio) "
                            "AS place, count(*) OVER (PARTITION BY same) AS ratios FROM tried) "
                            "SELECT " RATES
                            ", method, ranking, merge, variant, iif(holds, ratio, NULL) AS smallest_ratio, ratios, n, "
                            "mean_map AS mean_map_voc07, map_half_width, clean_map AS clean_map_voc07, loss FROM "
                            "ranked WHERE place = 1 "
                            "ORDER BY " RATES
                            ", smallest_ratio IS NULL, smallest_ratio, loss, method, ranking, merge, variant, key";

const char ftdn_sql_layer_vulnerability[] = "WITH " CELL_WITH(", " GROUP_OF(
    NETWORK) " AS network") ", " CLEAN ", one_place AS (SELECT *, iif(weight_rate + weight_count > 0, 'weights', "
                            "'feature_map') AS location "
                            "FROM cell WHERE (weight_rate + weight_count > 0) <> (feature_map_rate + feature_map_count "
                            "> 0)), "
                            "layered AS (SELECT o.*, (SELECT iif(count(DISTINCT f.layer) = 1, min(f.layer), NULL) FROM "
                            "layer_faults f "
                            "WHERE f.trial = o.first_trial AND f.location = o.location AND f.requested_rate > 0) AS "
                            "layer, "
                            "(SELECT sum(f.elements) FROM layer_faults f WHERE f.trial = o.first_trial AND f.location "
                            "= o.location "
                            "AND f.copy = 0) AS elements FROM one_place o) "
                            "SELECT manifest, model, type, location, layer, iif(location = 'weights', weight_rate, "
                            "feature_map_rate) AS rate, "
                            "iif(location = 'weights', weight_count, feature_map_count) AS fault_count, " PROTECTION
                            ", elements, n, "
                            "mean_map AS mean_map_voc07, map_half_width, clean_map AS clean_map_voc07, clean_map - "
                            "mean_map AS loss "
                            "FROM layered LEFT JOIN clean USING (network) WHERE layer IS NOT NULL AND" CHOSEN
                            "ORDER BY manifest, model, type, location, rate, fault_count, " PROTECTION
                            ", loss DESC, layer, key";

/* 1 where no protection against the same faults has a greater mean at the same cost, or as great a one at a lower. */
#define IS_ON_FRONT(cost)                                                                                              \
    "mean_map = max(mean_map) OVER (PARTITION BY same ORDER BY " cost ") AND ifnull(mean_map > max(mean_map) OVER "    \
    "(PARTITION BY same ORDER BY " cost " GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 1) AS on_front"

const char ftdn_sql_map_by_ms[] = "WITH " CELL_WITH(", " GROUP_OF(
    FAULTS) " AS same") ", latest AS (SELECT l.*, e.machine, row_number() OVER (PARTITION BY l.model, l.width, "
                        "l.backend, l.arithmetic, "
                        "l.method, l.merge, l.ratio ORDER BY l.id DESC) AS age FROM latencies l JOIN environments e ON "
                        "e.id = l.environment) "
                        "SELECT " RATES ", " PROTECTION
                        ", n, mean_map_voc07, map_half_width, median_ms, slowdown, on_front, measured_at, "
                        "machine FROM (SELECT c.*, mean_map AS mean_map_voc07, 1000 * median_s AS median_ms, slowdown, "
                        "measured_at, machine, " IS_ON_FRONT(
                            "median_s") " FROM cell c JOIN latest l ON age = 1 AND l.model = c.model AND l.width = "
                                        "c.width "
                                        "AND l.backend = c.backend AND l.arithmetic = c.arithmetic AND l.method = "
                                        "c.method AND l.merge IS c.merge "
                                        "AND l.ratio IS c.ratio) WHERE" CHOSEN "ORDER BY " RATES
                                        ", median_ms, mean_map_voc07 DESC, " PROTECTION ", key";

const char ftdn_sql_map_by_mb[] = "WITH " CELL_WITH(", " GROUP_OF(
    FAULTS) " AS same") "SELECT " RATES ", " PROTECTION
                        ", n, mean_map_voc07, map_half_width, copied_mb, weights_mb, maps_mb, added_work, "
                        "on_front FROM (SELECT c.*, mean_map AS mean_map_voc07, (weight_bytes + feature_map_bytes) / "
                        "1e6 AS copied_mb, "
                        "weight_bytes / 1e6 AS weights_mb, feature_map_bytes / 1e6 AS maps_mb, 1.0 * macs / "
                        "network_macs AS added_work, " IS_ON_FRONT(
                            "weight_bytes + feature_map_bytes") " FROM cell c JOIN overheads o ON o.trial = "
                                                                "c.first_trial) "
                                                                "WHERE" CHOSEN "ORDER BY " RATES
                                                                ", copied_mb, mean_map_voc07 DESC, " PROTECTION ", key";

/* Images per second of one thread in the fastest trial, which was disturbed least; drawing faults is no part of it. */
const char ftdn_sql_cell_accuracy[] = "WITH " CELL_WITH(", " GROUP_OF(FAULTS) " AS same") ", " PAIRED(
    "method = 'none'", "method <> 'none'",
    "same") ", gain AS (SELECT cell AS of_gain, count(map - other_map) AS pairs, "
            "avg(map - other_map) AS mean_gain, stddev(map - other_map) AS sd_gain, half_width(map - other_map) AS "
            "gain_half_width FROM paired GROUP BY cell), speed AS (SELECT t.cell AS of_cell, max(r.images / (SELECT "
            "nullif(sum(s.seconds), 0) FROM timings s "
            "WHERE s.attempt = r.attempt AND s.stage IN ('forward', 'detection'))) AS images_per_second "
            "FROM trials t CROSS JOIN results r ON r.trial = t.key GROUP BY t.cell) "
            "SELECT key, n, mean_map, sd_map, map_half_width, ifnull(pairs, 0), mean_gain, sd_gain, gain_half_width, "
            "images_per_second, id, " FTDN_CELL_COLUMNS
            " FROM cell JOIN speed ON of_cell = key LEFT JOIN gain ON of_gain = key WHERE" CHOSEN "ORDER BY key";

const char ftdn_sql_cell_classes[] =
    "SELECT class, n_ap, mean_ap_voc07, sd_ap_voc07, ap_half_width, objects FROM (" CLASS_MEAN ") "
    "WHERE of_cell = ? ORDER BY class";
