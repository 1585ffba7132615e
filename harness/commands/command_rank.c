#include "harness/terminal/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/campaign/campaign_files.h"
#include "harness/commands/ranking_report.h"
#include "harness/plan/calibration.h"
#include "harness/plan/same_settings.h"
#include "harness/rankings/ranking.h"
#include "harness/terminal/format_options.h"
#include "harness/terminal/print.h"

typedef struct rank_options {
    const char *rankers, *layers;
    int direction; /* of directions */
    int point;     /* an ftdn_map_point */
    long long n_threads;
    ftdn_format_options format;
} rank_options;

static const char *const directions[] = {"outgoing", "filter"};
static const char *const points[] = {"activation", "conv"}; /* as ftdn_map_point */

/* What a ranking cannot be made of: it takes one model and one set of images. */
static ftdn_status check_axis(const ftdn_manifest *manifest, const ftdn_axis *axis, ftdn_error *err)
{
    static const ftdn_key_id fixed[] = {FTDN_KEY_MODEL, FTDN_KEY_CALIBRATION, FTDN_KEY_ENGINE};
    for (int c = 0; c < axis->n_columns; c++) {
        ftdn_key_id key = axis->column[c].key;
        for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
            if (key != fixed[i] && ftdn_key_parent(key) != fixed[i]) continue;
            return FTDN_FAIL(err, FTDN_ERR_MANIFEST,
                             "%s: the sweep varies %s; a ranking takes one model, one engine, one calibration",
                             manifest->path, ftdn_manifest_keys[key].path);
        }
    }
    return FTDN_OK;
}

static ftdn_status check_sweep(const ftdn_manifest *manifest, ftdn_error *err)
{
    for (int s = 0; s < manifest->n_sweeps; s++) {
        const ftdn_sweep *sweep = &manifest->sweep[s];
        if (manifest->n_sweeps > 1) FTDN_TRY(check_axis(manifest, &sweep->set, err));
        for (int a = 0; a < sweep->n_axes; a++) FTDN_TRY(check_axis(manifest, &sweep->axis[a], err));
        for (size_t i = 0; i < sweep->n_included; i++) FTDN_TRY(check_axis(manifest, &sweep->included[i], err));
    }
    return FTDN_OK;
}

/* The rankers of a list "a,b", each once; NULL: all but those that need injection, which take far longer. */
static ftdn_status choose_rankers(const char *list, ftdn_arena *arena, const ftdn_ranker *const **ret_ranker,
                                  int *ret_n, ftdn_error *err)
{
    int n_all, n_chosen = 0;
    const ftdn_ranker *const *all = ftdn_rankers(&n_all);
    const ftdn_ranker **chosen = FTDN_NEW(arena, (size_t)n_all, const ftdn_ranker *, err);
    const char **names = FTDN_NEW(arena, (size_t)n_all, const char *, err);
    if (!chosen || !names) return FTDN_ERR_MEMORY;
    for (int r = 0; r < n_all; r++) {
        names[r] = all[r]->name;
        if (!list && !all[r]->needs_injection) chosen[n_chosen++] = all[r];
    }
    for (const char *at = list; at;) {
        size_t n_chars = strcspn(at, ",");
        char *name = ftdn_arena_copy_text(arena, at, n_chars, err);
        if (!name) return FTDN_ERR_MEMORY;
        int choice;
        FTDN_TRY(ftdn_word_choose("--ranker", name, names, n_all, &choice, err));
        for (int i = 0; i < n_chosen; i++) {
            if (chosen[i] == all[choice]) return FTDN_FAIL(err, FTDN_ERR_ARG, "--ranker: '%s' is given twice", name);
        }
        chosen[n_chosen++] = all[choice];
        at = at[n_chars] ? at + n_chars + 1 : NULL;
    }
    *ret_ranker = chosen;
    *ret_n = n_chosen;
    return FTDN_OK;
}

static ftdn_status choose_layers(const char *glob, const ftdn_graph *graph, ftdn_arena *arena,
                                 ftdn_layer_set *ret_layers, ftdn_error *err)
{
    const ftdn_scope features = {.name = "features"}, given = {.n_globs = 1, .glob = &glob};
    ftdn_status status =
        ftdn_scope_resolve(glob ? &given : &features, graph, FTDN_LOCATION_FEATURE_MAP, arena, ret_layers, err);
    if (status == FTDN_ERR_ARG) ftdn_error_context(err, "--layer");
    return status;
}

static void show_images(void *user, int n_images_done)
{
    const ftdn_ranking_desc *desc = user;
    fprintf(stderr, "\r%d of %d calibration images\033[K", n_images_done, desc->calibration->n_images);
    fflush(stderr);
}

static void show_channels(void *user, int n_channels_done, int n_channels)
{
    const ftdn_ranking_desc *desc = user;
    fprintf(stderr, "\r%d of %d channels measured, over %d images\033[K", n_channels_done, n_channels,
            desc->n_measured_images);
    fflush(stderr);
}

/* The sweep leaves the calibration alone: all trials get it from one place. */
static ftdn_status prepare_images(ftdn_campaign_files *files, ftdn_ranking_desc *desc, ftdn_error *err)
{
    const ftdn_plan *plan = &files->plan;
    const ftdn_dataset *checked = NULL;
    ftdn_dataset *calibration = NULL;
    ftdn_status status =
        ftdn_calibration_open(&plan->trial[0].settings, plan->trial[0].dataset, &files->inputs, &calibration, err);
    for (int i = 0; i < plan->n_trials && status == FTDN_OK; i++) {
        const ftdn_planned_trial *trial = &plan->trial[i];
        if (trial->dataset != checked)
            status = ftdn_calibration_check(&trial->settings, calibration, trial->dataset, err);
        checked = trial->dataset;
    }
    FTDN_TRY(ftdn_manifest_blame(&files->manifest, 0, FTDN_KEY_CALIBRATION, status, err));
    FTDN_TRY(ftdn_dataset_decode(calibration, desc->model->network.input_size, desc->n_threads, err));
    desc->calibration = calibration;
    return FTDN_OK;
}

static bool need_injection(const ftdn_ranking_desc *desc)
{
    bool some = false;
    for (int r = 0; r < desc->n_rankers; r++) some |= desc->ranker[r]->needs_injection;
    return some;
}

/* What is injected, and for how many images. */
static ftdn_status prepare_injection(const ftdn_campaign_files *files, ftdn_ranking_desc *desc, ftdn_error *err)
{
    const ftdn_plan *plan = &files->plan;
    const ftdn_trial_settings *settings = &plan->trial[0].settings;
    for (int i = 1; i < plan->n_trials; i++) {
        if (ftdn_same_fault_model(&settings->faults, &plan->trial[i].settings.faults)) continue;
        return FTDN_FAIL(err, FTDN_ERR_MANIFEST, "%s: the sweep varies the type of faults; ranker measured takes one",
                         files->manifest.path);
    }
    desc->n_measured_images = ftdn_settings_measured_images(settings, desc->calibration->n_images);
    desc->fault = ftdn_settings_fault_model(&settings->faults);
    return FTDN_OK;
}

/* All that can be wrong is found before the first forward pass. */
static ftdn_status rank(ftdn_campaign_files *files, const rank_options *options, ftdn_ranking *ret_ranking,
                        ftdn_error *err)
{
    const ftdn_planned_trial *trial = &files->plan.trial[0];
    ftdn_ranking_desc desc = {
        .model = trial->model,
        .backend = ftdn_backend_find(trial->settings.engine.backend),
        .conv_algorithm = trial->settings.engine.conv_algorithm,
        .options = {.seed = trial->settings.seed, .own_filter = options->direction == 1},
        .point = (ftdn_map_point)options->point,
        .n_threads = (int)options->n_threads,
    };
    FTDN_TRY(check_sweep(&files->manifest, err));
    FTDN_TRY(choose_rankers(options->rankers, &files->arena, &desc.ranker, &desc.n_rankers, err));
    FTDN_TRY(choose_layers(options->layers, &desc.model->network.graph, &files->arena, &desc.layers, err));
    if (ftdn_ranking_needs_images(desc.ranker, desc.n_rankers)) FTDN_TRY(prepare_images(files, &desc, err));
    if (need_injection(&desc)) FTDN_TRY(prepare_injection(files, &desc, err));
    bool is_watched = desc.calibration && isatty(STDERR_FILENO);
    desc.on_image = is_watched ? show_images : NULL;
    desc.on_channel = is_watched ? show_channels : NULL;
    desc.user = &desc;
    ftdn_status status = ftdn_ranking_compute(&desc, &files->arena, ret_ranking, err);
    if (is_watched) fprintf(stderr, "\r\033[K");
    return status;
}

static ftdn_status answer_with(const char *manifest, const rank_options *options, ftdn_campaign_files *files,
                               ftdn_text *text, ftdn_error *err)
{
    ftdn_ranking ranking;
    ftdn_format format;
    FTDN_TRY(ftdn_format_choose(&options->format, &format, err));
    FTDN_TRY(ftdn_campaign_files_open(files, manifest, NULL, err));
    FTDN_TRY(rank(files, options, &ranking, err));
    FTDN_TRY((format == FTDN_FORMAT_CSV    ? ftdn_ranking_write_csv
              : format == FTDN_FORMAT_JSON ? ftdn_ranking_write_json
                                           : ftdn_ranking_write_tables)(&ranking, &files->arena, text, err));
    return ftdn_format_write_output(&options->format, text, err);
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    (void)arena;
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = answer_with(arguments->argument[0], user, &files, text, err);
    ftdn_campaign_files_done(&files);
    return status;
}

ftdn_status ftdn_command_rank(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    rank_options options = {.n_threads = ftdn_default_threads()};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("ranker", 'r', "NAMES", &options.rankers,
                         "the rankings, one or a list A,B (default: all but measured)"),
        FTDN_CHOICE_OPTION("direction", 'd', "WORD", &options.direction, 2, directions,
                           "weight_sum adds the weights that read a channel (outgoing, default) or its own (filter)"),
        FTDN_CHOICE_OPTION("point", 'p', "POINT", &options.point, 2, points,
                           "maps are read, or hit, as handed on (activation, default) or at the convolution (conv)"),
        FTDN_TEXT_OPTION("layer", 'l', "GLOB", &options.layers,
                         "layers by name (default: those whose outputs are the paper's feature maps)"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &options.n_threads, 1, 1024,
                            "worker threads (default: the processor's cores); scores do not depend on it"),
        FTDN_CSV_OPTION(&options.format),
        FTDN_JSON_OPTION(&options.format),
        FTDN_OUTPUT_OPTION(&options.format),
    };
    const ftdn_command command = {
        .name = "ftdn rank",
        .arguments = "MANIFEST",
        .summary = "Score the channels of each layer: which matter most, and how far the rankings agree.",
        .example = "ftdn rank experiments/rank.json --ranker weight_sum,second_order --csv -o scores.csv",
        .details = "The network is the manifest's model without faults; rankings by images read the images of its key\n"
                   "calibration, the random one its seed. A larger score means a channel that matters more; equal\n"
                   "scores are ordered by channel. CSV has all scores (ranker,layer,channel,score,rank), JSON the\n"
                   "agreement too.\n\n"
                   "NAMES: weight_sum, second_order, entropy, taylor, activation, random, measured.\n"
                   "The ranking measured injects faults of the manifest's type into one channel after the other, for\n"
                   "the first images of the calibration (key calibration.measured_images), and runs the layers behind\n"
                   "it again: for an image that takes hundreds of times as long as the others.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &options, err);
}
