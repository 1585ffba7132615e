#include "results/query.h"

/* Averages are taken over trials that differ in nothing but their seed (and their environment): the
 * groups are made by all other parameters, also by those that are not shown. */
#define ALL_BUT_SEED                                                                                                   \
    "manifest, model, width, weights_digest, dataset_digest, backend, arithmetic, score_threshold, "                   \
    "nms_iou, candidates, iou, type, bit, bits, range_low, range_high, weight_rate, feature_map_rate, "                \
    "weight_scope, feature_map_scope, feature_map_point, redraw, copies, method, ranking, merge, ratio"

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
        .help = "each finished trial, layer and location: requested and observed fault rate, elements, faults",
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
        .name = "v_overheads",
        .help = "each measurement of a protection's cost: times of one image, bytes and operations added",
        .sql = "SELECT * FROM v_overheads ORDER BY id",
    },
    {
        .name = "map_by_rate",
        .help = "mAP against fault rates and protection: number of seeds, mean, least and greatest",
        .sql = "SELECT manifest, model, type, weight_rate, feature_map_rate, method, ranking, ratio, count(*) AS n, "
               "avg(map_voc07) AS mean_map_voc07, min(map_voc07) AS min_map_voc07, max(map_voc07) AS max_map_voc07 "
               "FROM v_trials GROUP BY " ALL_BUT_SEED " ORDER BY manifest, model, type, method, ranking, ratio, "
               "weight_rate, feature_map_rate",
    },
    {
        .name = "class_ap",
        .help = "average precision of each class against fault rates and protection, mean over seeds",
        .sql = "SELECT manifest, model, type, weight_rate, feature_map_rate, method, ranking, ratio, class, "
               "count(*) AS n, avg(ap_voc07) AS mean_ap_voc07, avg(ap_area) AS mean_ap_area, max(objects) AS objects "
               "FROM v_trials JOIN v_ap USING (id) GROUP BY " ALL_BUT_SEED
               ", class ORDER BY manifest, model, type, method, "
               "ranking, ratio, weight_rate, feature_map_rate, class",
    },
    {
        .name = "rates",
        .help = "fault rates layer by layer: requested, and observed over all trials that asked for the same",
        .sql = "SELECT model, location, layer, requested_rate, "
               "CAST(sum(faults) AS REAL) / sum(elements) AS observed_rate, count(*) AS trials, "
               "sum(elements) AS elements, sum(faults) AS faults, sum(changed) AS changed "
               "FROM v_faults JOIN v_trials USING (id) GROUP BY model, width, type, location, requested_rate, layer "
               "ORDER BY model, width, type, location, requested_rate, min(position)",
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
