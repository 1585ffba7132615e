#include "harness/terminal/command.h"

#include <math.h>
#include <string.h>

#include "analysis/chart.h"
#include "analysis/figure_script.h"
#include "analysis/paper_figures.h"
#include "base/file.h"
#include "harness/figures/figure_picture.h"
#include "harness/figures/paper_campaign.h"
#include "harness/figures/paper_list.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct figure_options {
    bool wants_list, wants_all, wants_paper, wants_gain, asks_nothing;
    const char *db, *manifest;
    int size, axis, band; /* of ftdn_paper_sizes, an ftdn_figure_axis, an ftdn_figure_band or -1 */
    double other_rate; /* NaN: to be chosen */
    ftdn_option_words outputs;
    ftdn_exit_code *ret_exit;
} figure_options;

#define ACCURACY "accuracy" /* the figure that is drawn out of any store, and runs nothing */

/* As ftdn_figure_axis and ftdn_figure_band. */
static const char *const axis_name[] = {"any", "weight_rate", "feature_map_rate", "both", "each"};
static const char *const band_name[] = {"sd", "ci95"};

static ftdn_figure_measure measure_of(const figure_options *options)
{
    return options->wants_gain ? FTDN_MEASURE_GAIN : FTDN_MEASURE_MAP;
}

/* Of gains the question is whether there is one. */
static ftdn_figure_band band_of(const figure_options *options)
{
    if (options->band >= 0) return (ftdn_figure_band)options->band;
    return options->wants_gain ? FTDN_BAND_CI95 : FTDN_BAND_SD;
}

static ftdn_status load_lines(const char *db, const char *manifest, ftdn_arena *arena, ftdn_lines *ret_lines,
                              ftdn_error *err)
{
    ftdn_store *store;
    const ftdn_cell_accuracy *cell;
    int n_cells;
    FTDN_TRY(ftdn_store_open(db, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_accuracy_load(store, manifest, arena, &cell, &n_cells, err);
    ftdn_store_close(store);
    FTDN_TRY(status);
    return ftdn_lines_group(cell, n_cells, arena, ret_lines, err);
}

/* The paths that are asked for, else that of the stem with each of the suffixes (NULL-terminated). */
static ftdn_status place_pictures(const figure_options *options, const char *stem, const char *const *suffix,
                                  ftdn_arena *arena, ftdn_picture_place *place, int *ret_n_places, ftdn_error *err)
{
    int n_places = options->outputs.n_words;
    for (int i = 0; i < n_places; i++)
        FTDN_TRY(ftdn_picture_place_make(options->outputs.word[i], arena, &place[i], err));
    for (int i = 0; n_places == 0 && suffix[i]; i++) {
        const char *path = ftdn_arena_format(arena, err, "%s.%s", stem, suffix[i]);
        if (!path) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_picture_place_make(path, arena, &place[i], err));
        if (!suffix[i + 1]) n_places = i + 1;
    }
    *ret_n_places = n_places;
    return FTDN_OK;
}

static void write_figure_numbers(const void *figure, ftdn_text *text)
{
    ftdn_figure_write_numbers(figure, text);
}

static void write_figure_script(const void *figure, const char *stem, ftdn_text *text)
{
    ftdn_figure_write_script(figure, stem, text);
}

static void write_chart_numbers(const void *chart, ftdn_text *text)
{
    ftdn_chart_write_numbers(chart, text);
}

static void write_chart_script(const void *chart, const char *stem, ftdn_text *text)
{
    ftdn_chart_write_script(chart, stem, text);
}

/* "figures/fig6a-road.svg, figures/fig6a-road.png: 5 lines, 30 points; ..." */
static ftdn_status draw_all(const ftdn_drawable *drawable, int n_lines, int n_points, const ftdn_picture_place *place,
                            int n_places, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    for (int i = 0; i < n_places; i++) {
        FTDN_TRY(ftdn_picture_draw(drawable, &place[i], arena, err));
        ftdn_text_append(text, i ? ", " : "");
        ftdn_append_shown(text, place[i].path);
    }
    ftdn_text_append(text, ": %d lines, %d points; numbers and script beside it as .csv and .gp\n", n_lines, n_points);
    return FTDN_OK;
}

static ftdn_status draw_figure(const ftdn_accuracy_figure *figure, const ftdn_picture_place *place, int n_places,
                               ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    const ftdn_drawable drawable = {figure, write_figure_numbers, write_figure_script};
    int n_points = 0;
    for (int c = 0; c < figure->n_curves; c++) n_points += figure->curve[c].n_points;
    return draw_all(&drawable, figure->n_curves, n_points, place, n_places, arena, text, err);
}

static ftdn_status draw_chart(const ftdn_chart *chart, const ftdn_picture_place *place, int n_places, ftdn_arena *arena,
                              ftdn_text *text, ftdn_error *err)
{
    const ftdn_drawable drawable = {chart, write_chart_numbers, write_chart_script};
    int n_points = 0;
    for (int c = 0; c < chart->n_curves; c++) n_points += chart->curve[c].n_points;
    return draw_all(&drawable, chart->n_curves, n_points, place, n_places, arena, text, err);
}

static ftdn_status draw_store(const figure_options *options, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    static const char *const suffixes[] = {"svg", NULL};
    const ftdn_accuracy_figure_desc desc = {
        .axis = (ftdn_figure_axis)options->axis,
        .other_rate = options->other_rate,
        .band = band_of(options),
        .measure = measure_of(options),
    };
    ftdn_lines lines;
    ftdn_accuracy_figure figure;
    ftdn_picture_place place[FTDN_MAX_OPTION_WORDS];
    int n_places;
    if (!options->db) return FTDN_FAIL(err, FTDN_ERR_ARG, "--db is missing; 'ftdn figure --help' shows an example");
    const char *folder = ftdn_path_folder(arena, options->db, err), *stem = ftdn_path_stem(arena, options->db, err);
    const char *file =
        stem ? ftdn_arena_format(arena, err, "%s_%s", stem, options->wants_gain ? "gain" : ACCURACY) : NULL;
    const char *path = folder && file ? ftdn_path_join(arena, folder, file, err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    FTDN_TRY(place_pictures(options, path, suffixes, arena, place, &n_places, err));
    FTDN_TRY(load_lines(options->db, options->manifest, arena, &lines, err));
    ftdn_status status = ftdn_accuracy_figure_make(&lines, &desc, arena, &figure, err);
    if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", options->db);
    FTDN_TRY(status);
    return draw_figure(&figure, place, n_places, arena, text, err);
}

/* lines: of the campaign, whatever kind of figure it is for. */
static ftdn_status draw_lines(const ftdn_paper_figure *known, const ftdn_lines *lines, const figure_options *options,
                              const ftdn_picture_place *place, int n_places, ftdn_arena *arena, ftdn_text *text,
                              ftdn_error *err)
{
    ftdn_accuracy_figure figure;
    ftdn_chart chart;
    if (known->kind == FTDN_PAPER_CURVES) {
        FTDN_TRY(ftdn_paper_figure_make(known, lines, measure_of(options), band_of(options), arena, &figure, err));
        return draw_figure(&figure, place, n_places, arena, text, err);
    }
    if (known->kind == FTDN_PAPER_LAYERS) FTDN_TRY(ftdn_chart_make_layers(lines, known->title, arena, &chart, err));
    else FTDN_TRY(ftdn_chart_make_seeds(lines, known->title, arena, &chart, err));
    return draw_chart(&chart, place, n_places, arena, text, err);
}

/* files: of the campaign, whose trials are run first. */
static ftdn_status draw_campaign(const ftdn_paper_figure *known, const figure_options *options,
                                 ftdn_campaign_files *files, ftdn_text *text, ftdn_error *err)
{
    static const char *const suffixes[] = {"svg", "png", NULL};
    const char *size = ftdn_paper_sizes()[options->size];
    const ftdn_paper_campaign_desc desc = {known->name, size, options->db, options->asks_nothing};
    ftdn_arena *arena = &files->arena;
    ftdn_lines lines;
    ftdn_picture_place place[FTDN_MAX_OPTION_WORDS];
    int n_places;
    const char *stem =
        ftdn_arena_format(arena, err, "figures/%s-%s%s", known->name, size, options->wants_gain ? "-gain" : "");
    if (!stem) return FTDN_ERR_MEMORY;
    FTDN_TRY(place_pictures(options, stem, suffixes, arena, place, &n_places, err));
    FTDN_TRY(ftdn_paper_campaign_complete(&desc, files, options->ret_exit, err));
    FTDN_TRY(ftdn_paper_campaign_load(files, &lines, err));
    ftdn_status status = draw_lines(known, &lines, options, place, n_places, arena, text, err);
    if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", files->db_path);
    return status;
}

static ftdn_status draw_known(const ftdn_paper_figure *known, const figure_options *options, ftdn_text *text,
                              ftdn_error *err)
{
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = draw_campaign(known, options, &files, text, err);
    ftdn_campaign_files_done(&files);
    return status;
}

static ftdn_status find_figure(const char *name, bool wants_gain, const ftdn_paper_figure **ret_known, ftdn_error *err)
{
    *ret_known = ftdn_paper_figure_find(name);
    if (!*ret_known)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "unknown figure '%s'; 'ftdn figure --list' shows them all", name);
    if (ftdn_paper_kind_is_table((*ret_known)->kind))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s is a table; 'ftdn table %s' prints it", name, name);
    if (wants_gain && (*ret_known)->kind != FTDN_PAPER_CURVES)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--gain: %s has no curves of protections", name);
    return FTDN_OK;
}

/* Figures that are known by name say themselves what is on their axes. */
static ftdn_status check_options(const figure_options *options, ftdn_error *err)
{
    bool has_cut = options->axis != FTDN_AXIS_ANY || !isnan(options->other_rate) || strcmp(options->manifest, "*") != 0;
    if (has_cut)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "-x, --other-rate and --manifest belong to the figure '" ACCURACY "'");
    if (options->wants_all && options->wants_gain)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--all draws what has no gains, too: --gain belongs to one figure");
    if (options->wants_all && (options->db || options->outputs.n_words > 0))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--all draws several figures: --db and --output belong to one");
    return FTDN_OK;
}

static ftdn_status draw_every(const figure_options *options, ftdn_text *text, ftdn_error *err)
{
    int n_figures;
    const ftdn_paper_figure *known = ftdn_paper_figures(&n_figures);
    for (int i = 0; i < n_figures; i++)
        if (!ftdn_paper_kind_is_table(known[i].kind)) FTDN_TRY(draw_known(&known[i], options, text, err));
    return FTDN_OK;
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    const figure_options *options = user;
    const ftdn_paper_figure *known;
    if (options->wants_list) return ftdn_paper_list_write(false, arena, text, err);
    if (arguments->n_arguments == 0 && !options->wants_all)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "which figure? 'ftdn figure --list' shows them all");
    if (arguments->n_arguments > 0 && options->wants_all)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "a figure and --all exclude each other");
    if (!options->wants_all && strcmp(arguments->argument[0], ACCURACY) == 0)
        return draw_store(options, arena, text, err);
    FTDN_TRY(check_options(options, err));
    if (options->wants_all) return draw_every(options, text, err);
    FTDN_TRY(find_figure(arguments->argument[0], options->wants_gain, &known, err));
    if (options->wants_paper) return ftdn_paper_list_write_values(known, arena, text, err);
    return draw_known(known, options, text, err);
}

ftdn_status ftdn_command_figure(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    figure_options values = {
        .manifest = "*",
        .band = -1,
        .other_rate = (double)NAN,
        .ret_exit = ret_exit,
    };
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("list", 0, &values.wants_list, "list the figures, and the data that are missing for them"),
        FTDN_CHOICE_OPTION("size", 0, "SIZE", &values.size, FTDN_N_PAPER_SIZES, ftdn_paper_sizes(),
                           "road (default): generated scenes, minutes; real: the images at hand; paper: VOC 2007"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "results file (default: results/NAME-SIZE.db)"),
        FTDN_WORDS_OPTION("output", 'o', "FILE", &values.outputs,
                          "picture: .svg, .png or .pdf; any number of them (default: figures/NAME-SIZE.svg and .png)"),
        FTDN_FLAG_OPTION("gain", 0, &values.wants_gain,
                         "draw what protections gain over the same faults without them, seed by seed"),
        FTDN_CHOICE_OPTION("band", 0, "BAND", &values.band, 2, band_name,
                           "sd, or ci95: the 95 % interval of the mean (default: sd, of gains ci95)"),
        FTDN_FLAG_OPTION("yes", 'y', &values.asks_nothing, "run what is missing without asking, however long it takes"),
        FTDN_FLAG_OPTION("all", 0, &values.wants_all, "draw all figures of the list"),
        FTDN_FLAG_OPTION("paper", 0, &values.wants_paper,
                         "print the numbers that the paper's text gives, and draw nothing"),
        FTDN_CHOICE_OPTION("x", 'x', "AXIS", &values.axis, 5, axis_name,
                           "of 'accuracy': weight_rate, feature_map_rate, both (equal rates), each (one at a time)"),
        FTDN_NUMBER_OPTION("other-rate", 0, "R", &values.other_rate, 0, 1,
                           "of 'accuracy': the rate that is not on the axis: 0.01"),
        FTDN_TEXT_OPTION("manifest", 0, "NAME", &values.manifest,
                         "of 'accuracy': trials of this campaign only; a pattern with * and ?"),
    };
    const char *names[1 + FTDN_MOST_PAPER_NAMES] = {ACCURACY};
    const int n_names = 1 + ftdn_paper_list_names(false, names + 1);
    const ftdn_command command = {
        .name = "ftdn figure",
        .arguments = "NAME",
        .summary = "Run what a figure of the paper needs, and draw it, by gnuplot.",
        .example = "ftdn figure fig6a --size road",
        .details =
            "The trials of experiments/SIZE/NAME.json that the results file lacks are run first, after saying how\n"
            "long they take; a second call draws at once. Beside the picture stand the numbers (.csv) and the\n"
            "gnuplot script (.gp) that draws them: change it, run it again. A line is the mean over seeds, its band\n"
            "the standard deviation; open circles are the paper's own points, where its text gives them. Seeds that\n"
            "hit harder hit every protection harder: with --gain each trial is compared with the unprotected one of\n"
            "its seed, and a band of its mean that does not hold 0 is a gain (or a loss) that is hardly chance.\n\n"
            "The figure 'accuracy' is drawn out of any results file and runs nothing; without -x and --other-rate it\n"
            "is the one with the most points:\n\n"
            "  ftdn figure accuracy --db results/quickstart.db -o accuracy.svg -o accuracy.png",
        .min_arguments = 0,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
        .n_words = n_names,
        .word = names,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &values, err);
}
