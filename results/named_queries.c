#include "results/query.h"

#include <assert.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "results/query_sql.h"

#define MOST_NAMED_QUERIES 64

#define MANIFEST                                                                                                       \
    {                                                                                                                  \
        .name = "manifest", .initial = "*", .help = "name of a campaign, or a pattern with * and ?"                    \
    }

/* The views stand in the order of schema.sql. Where they hold millions of rows, their order is that of the file, so
 * that the first rows come at once. */
static const ftdn_named_query named_query[] = {
    {
        .name = "v_trials",
        .help = "each finished trial: id, manifest, every parameter, mAP, images, seconds, when, code version",
        .sql = "SELECT * FROM v_trials",
    },
    {
        .name = "v_ap",
        .help = "each finished trial and class: average precision (VOC 11-point and area), objects",
        .sql = "SELECT * FROM v_ap",
    },
    {
        .name = "v_faults",
        .help = "each finished trial, layer, location and copy: requested and observed fault rate, elements, faults",
        .sql = "SELECT * FROM v_faults",
    },
    {
        .name = "v_timings",
        .help = "each finished trial and stage: seconds",
        .sql = "SELECT * FROM v_timings",
    },
    {
        .name = "v_failures",
        .help = "each failed attempt: trial, cause, when, where, and whether another attempt finished",
        .sql = "SELECT * FROM v_failures ORDER BY failed_at, id",
    },
    {
        .name = "v_attempts",
        .help = "each attempt of any outcome: trial, run, worker, whether a golden canary confirmed it, provenance",
        .sql = "SELECT * FROM v_attempts",
    },
    {
        .name = "v_runs",
        .help = "each call of ftdn run: campaign, times, outcome, workers, trials wanted and done",
        .sql = "SELECT * FROM v_runs ORDER BY started_at, id",
    },
    {
        .name = "v_missing",
        .help = "each trial that a sweep asks for and the store lacks",
        .sql = "SELECT * FROM v_missing",
    },
    {
        .name = "v_campaigns",
        .help = "each campaign: manifest, description, trials planned and finished",
        .sql = "SELECT * FROM v_campaigns ORDER BY added_at, manifest, digest",
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
        .help = "mAP against fault rates and protection: number of seeds, mean, deviation, 95 % interval, extremes",
        .sql = ftdn_sql_map_by_rate,
        .parameter = {MANIFEST},
    },
    {
        .name = "seeds_needed",
        .help = "how many seeds a 95 % interval of the mean mAP that is no wider takes, by the deviation so far",
        .sql = ftdn_sql_seeds_needed,
        .parameter = {MANIFEST, {"within", "0.01", "half of the interval: mAP"}},
    },
    {
        .name = "points",
        .help = "each combination of parameters: mean mAP, and its trials, seed by seed, as ftdn replay takes them",
        .sql = ftdn_sql_points,
        .parameter = {MANIFEST},
    },
    {
        .name = "class_ap",
        .help = "average precision of each class against fault rates and protection: mean over seeds, 95 % interval",
        .sql = ftdn_sql_class_ap,
        .parameter = {MANIFEST},
    },
    {
        .name = "protection_gain",
        .help = "mean mAP of each protection, and its gain over none, seed by seed: 95 % interval, p of two tests",
        .sql = ftdn_sql_protection_gain,
        .parameter = {MANIFEST},
    },
    {
        .name = "ranking_gain",
        .help = "mean mAP of each ranking, and its gain over another one of the same protection, seed by seed",
        .sql = ftdn_sql_ranking_gain,
        .parameter = {MANIFEST, {"baseline", "random", "the ranking that others are compared with"}},
    },
    {
        .name = "recovery",
        .help = "share of the mAP lost to faults that each protection gives back, seed by seed",
        .sql = ftdn_sql_recovery,
        .parameter = {MANIFEST, {"least", "0.001", "pairs whose faults cost less mAP than this are left out"}},
    },
    {
        .name = "smallest_ratio",
        .help = "the smallest ratio of copied channels that keeps the mean mAP within a margin of the clean network's",
        .sql = ftdn_sql_smallest_ratio,
        .parameter = {MANIFEST, {"within", "0.01", "the margin: mAP that may be lost"}},
    },
    {
        .name = "layer_vulnerability",
        .help = "mAP lost to faults in one layer alone, layer by layer, the worst first",
        .sql = ftdn_sql_layer_vulnerability,
        .parameter = {MANIFEST},
    },
    {
        .name = "map_by_ms",
        .help = "mAP against milliseconds for an image, as ftdn bench overhead --db measured them for each protection",
        .sql = ftdn_sql_map_by_ms,
        .parameter = {MANIFEST},
    },
    {
        .name = "map_by_mb",
        .help = "mAP against megabytes of copies and maps that each protection adds",
        .sql = ftdn_sql_map_by_mb,
        .parameter = {MANIFEST},
    },
    {
        .name = "rates",
        .help = "fault rates layer by layer: requested, and observed over all trials that asked for the same",
        .sql = ftdn_sql_rates,
    },
    {
        .name = "timings",
        .help = "time by stage: mean, least and greatest seconds of a trial, and milliseconds per image",
        .sql = ftdn_sql_timings,
        .parameter = {MANIFEST},
    },
    {
        .name = "failures",
        .help = "failed attempts by cause: how many, of how many trials, trials still unfinished, the last one",
        .sql = ftdn_sql_failures,
        .parameter = {MANIFEST},
    },
    {
        .name = "sweeps",
        .help = "each sweep of each campaign: trials planned, finished, missing",
        .sql = ftdn_sql_sweeps,
        .parameter = {MANIFEST},
    },
    {
        .name = "missing",
        .help = "trials that a sweep still lacks, in words, how often they failed and why",
        .sql = ftdn_sql_missing,
        .parameter = {MANIFEST, {"sweep", "*", "name of a sweep, or a pattern"}},
    },
    {
        .name = "attempts",
        .help = "attempts by campaign and outcome: how many, of how many trials, seconds, first and last",
        .sql = ftdn_sql_attempts,
        .parameter = {MANIFEST},
    },
    {
        .name = "runs",
        .help = "runs in the order of their start: outcome, workers, trials wanted, done, failed",
        .sql = ftdn_sql_runs,
        .parameter = {MANIFEST},
    },
    {
        .name = "unconfirmed",
        .help = "finished trials that no golden canary of their worker has confirmed yet",
        .sql = ftdn_sql_unconfirmed,
        .parameter = {MANIFEST},
    },
    {
        .name = "history",
        .help = "trials by code version and campaign: how many, when, mean mAP, time",
        .sql = ftdn_sql_history,
        .parameter = {MANIFEST},
    },
    {
        .name = "environments",
        .help = "what trials were made with: code version, compiler, machine, device, libraries; attempts of each",
        .sql = ftdn_sql_environments,
    },
    {
        .name = "manifests",
        .help = "each campaign's manifest as it was resolved: all keys with their values, paths absolute",
        .sql = ftdn_sql_manifests,
        .parameter = {MANIFEST},
    },
    {
        .name = "repeat",
        .help = "the command that repeats a trial and compares the result bit for bit",
        .sql = ftdn_sql_repeat,
        .parameter = {MANIFEST, {"trial", "", "the beginning of its id; all trials where it is empty"}},
    },
};

const ftdn_named_query *ftdn_named_queries(int *ret_n)
{
    *ret_n = (int)(sizeof named_query / sizeof *named_query);
    return named_query;
}

ftdn_status ftdn_named_query_find(const char *name, const ftdn_named_query **ret_query, ftdn_error *err)
{
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    const char *names[MOST_NAMED_QUERIES];
    assert(n_queries <= MOST_NAMED_QUERIES);
    for (int i = 0; i < n_queries; i++) {
        names[i] = query[i].name;
        if (strcmp(name, query[i].name) != 0) continue;
        *ret_query = &query[i];
        return FTDN_OK;
    }
    const char *nearest = ftdn_suggest(name, names, n_queries);
    ftdn_text known;
    ftdn_text_init(&known);
    for (int i = 0; i < n_queries; i++) ftdn_text_append(&known, "%s%s", i ? ", " : "", names[i]);
    ftdn_status status = ftdn_text_check(&known, err);
    if (status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "no query is named '%s'%s%s%s (there are %s; or give a SELECT)", name,
                           nearest ? ": did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "", known.chars);
    ftdn_text_done(&known);
    return status;
}
