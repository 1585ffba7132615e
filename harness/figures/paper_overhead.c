#include "harness/figures/paper_overhead.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/bench/bench_conditions.h"
#include "harness/bench/bench_overhead.h"
#include "harness/bench/overhead_store.h"
#include "harness/figures/experiments_folder.h"

#define N_IMAGES 4 /* different ones */
#define N_WARMUP 2

/* What the store has, and what is asked for. */
typedef struct overhead_plan {
    const ftdn_plan *plan;
    double ratio; /* of the manifest's protections; NaN: it has none */
    const ftdn_latency *held;
    int n_held;
} overhead_plan;

/* Is trial i the first with its network? */
static bool is_first_of_network(const ftdn_plan *plan, int i)
{
    for (int k = 0; k < i; k++)
        if (plan->trial[k].model == plan->trial[i].model) return false;
    return true;
}

/* By name: made-up weights of a network with other classes have other digests, and take the same time. */
static bool belongs(const overhead_plan *p, const ftdn_latency *latency, const ftdn_planned_trial *trial)
{
    const ftdn_model_settings *model = &trial->settings.model;
    return strcmp(latency->model, model->name) == 0 && strcmp(latency->weights, model->weights) == 0 &&
           latency->width == trial->model->network.width && (isnan(latency->ratio) || latency->ratio == p->ratio);
}

static bool is_held(const overhead_plan *p, const ftdn_planned_trial *trial)
{
    for (int i = 0; i < p->n_held; i++)
        if (!isnan(p->held[i].ratio) && belongs(p, &p->held[i], trial)) return true;
    return false;
}

static ftdn_status read_held(const char *db, ftdn_arena *arena, overhead_plan *p, ftdn_error *err)
{
    ftdn_store *store;
    p->held = NULL;
    p->n_held = 0;
    if (!ftdn_file_exists(db)) return FTDN_OK;
    FTDN_TRY(ftdn_store_open(db, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_store_list_latencies(store, arena, &p->held, &p->n_held, err);
    ftdn_store_close(store);
    return status;
}

static ftdn_status measure(const overhead_plan *p, const ftdn_planned_trial *trial, const char *db, int n_repeats,
                           ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_model_settings *model = &trial->settings.model;
    const ftdn_overhead_options options = {
        .model = model->name,
        .width = model->width,
        .weights_path = model->weights_path,
        .ratio = p->ratio,
        .conv_algorithm = trial->settings.engine.conv_algorithm,
        .n_warmup = N_WARMUP,
        .n_repeats = n_repeats,
        .n_images = N_IMAGES,
        .progress = isatty(STDERR_FILENO) ? stderr : NULL,
    };
    const ftdn_bench_conditions conditions = ftdn_bench_conditions_take(options.conv_algorithm);
    const ftdn_latency *latency;
    int n_latencies;
    fprintf(stderr, "measuring %s: %d images without protection, with kr, with fmr\n", model->name, n_repeats);
    FTDN_TRY(ftdn_overhead_store_check(db, err));
    FTDN_TRY(ftdn_bench_overhead(&options, arena, &latency, &n_latencies, err));
    return ftdn_overhead_store_append(db, conditions.date, latency, n_latencies, err);
}

static ftdn_status select_planned(const overhead_plan *p, ftdn_arena *arena, const ftdn_latency **ret_latency,
                                  int *ret_n_latencies, ftdn_error *err)
{
    ftdn_latency *latency = FTDN_NEW(arena, (size_t)p->n_held, ftdn_latency, err);
    int n_latencies = 0;
    if (!latency) return FTDN_ERR_MEMORY;
    for (int t = 0; t < p->plan->n_trials; t++)
        for (int i = 0; is_first_of_network(p->plan, t) && i < p->n_held; i++)
            if (belongs(p, &p->held[i], &p->plan->trial[t])) latency[n_latencies++] = p->held[i];
    *ret_latency = latency;
    *ret_n_latencies = n_latencies;
    return FTDN_OK;
}

ftdn_status ftdn_paper_overhead_complete(const ftdn_paper_campaign_desc *desc, int n_repeats,
                                         ftdn_campaign_files *files, const ftdn_latency **ret_latency,
                                         int *ret_n_latencies, ftdn_error *err)
{
    const char *path;
    ftdn_arena *arena = &files->arena;
    overhead_plan p = {.plan = &files->plan, .ratio = (double)NAN};
    FTDN_TRY(ftdn_experiment_find(desc->size, desc->name, arena, &path, err));
    FTDN_TRY(ftdn_campaign_files_open(files, path, desc->db, err));
    FTDN_TRY(read_held(files->db_path, arena, &p, err));
    for (int t = 0; t < p.plan->n_trials && isnan(p.ratio); t++) p.ratio = p.plan->trial[t].settings.protection.ratio;
    if (isnan(p.ratio)) return FTDN_FAIL(err, FTDN_ERR_MANIFEST, "manifest '%s' has no protection to measure", path);
    for (int t = 0; t < p.plan->n_trials; t++)
        if (is_first_of_network(p.plan, t) && !is_held(&p, &p.plan->trial[t]))
            FTDN_TRY(measure(&p, &p.plan->trial[t], files->db_path, n_repeats, arena, err));
    FTDN_TRY(read_held(files->db_path, arena, &p, err));
    return select_planned(&p, arena, ret_latency, ret_n_latencies, err);
}
