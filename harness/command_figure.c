#include "harness/command.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/figure_script.h"
#include "base/file.h"
#include "harness/child_program.h"
#include "harness/options.h"
#include "harness/print.h"

typedef struct figure_options {
    bool wants_list;
    const char *db, *manifest, *axis, *band;
    double other_rate; /* NaN: to be chosen */
    ftdn_option_words outputs;
} figure_options;

static const char *const figure_name[] = {"accuracy"};
static const char *const figure_help[] = {"mAP against the fault rate, a line for each protection"};
enum { N_FIGURES = sizeof figure_name / sizeof *figure_name };

static void write_list(ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 2);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "figure");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "what it shows");
    for (int i = 0; i < N_FIGURES; i++) {
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", figure_name[i]);
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", figure_help[i]);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static ftdn_status read_desc(const figure_options *options, ftdn_accuracy_figure_desc *ret_desc, ftdn_error *err)
{
    static const char *const axes[] = {"any", "weight_rate", "feature_map_rate", "both"}; /* as ftdn_figure_axis */
    static const char *const bands[] = {"sd", "ci95"};                                    /* as ftdn_figure_band */
    int axis, band;
    FTDN_TRY(ftdn_word_choose("--x", options->axis, axes, 4, &axis, err));
    FTDN_TRY(ftdn_word_choose("--band", options->band, bands, 2, &band, err));
    *ret_desc = (ftdn_accuracy_figure_desc){(ftdn_figure_axis)axis, options->other_rate, (ftdn_figure_band)band};
    return FTDN_OK;
}

static ftdn_status make_figure(const figure_options *options, ftdn_arena *arena, ftdn_accuracy_figure *ret_figure,
                               ftdn_error *err)
{
    ftdn_accuracy_figure_desc desc;
    ftdn_store *store;
    const ftdn_cell_accuracy *cell;
    int n_cells;
    ftdn_lines lines;
    FTDN_TRY(read_desc(options, &desc, err));
    FTDN_TRY(ftdn_store_open(options->db, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_accuracy_load(store, options->manifest, arena, &cell, &n_cells, err);
    ftdn_store_close(store);
    if (status != FTDN_OK) return status;
    FTDN_TRY(ftdn_lines_group(cell, n_cells, arena, &lines, err));
    status = ftdn_accuracy_figure_make(&lines, &desc, arena, ret_figure, err);
    if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", options->db);
    return status;
}

/* A picture, and the two files beside it that it is drawn from: of several pictures with the same stem these are the
 * same. */
typedef struct picture {
    const char *path, *folder, *stem;
    const char *format; /* "svg", "png", "pdf" */
} picture;

static ftdn_status describe_picture(const char *path, ftdn_arena *arena, picture *ret_picture, ftdn_error *err)
{
    static const char *const formats[] = {"svg", "png", "pdf"};
    const char *dot = strrchr(path, '.');
    int format;
    if (!dot || strchr(dot, '/'))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--output: '%s' must end in .svg, .png or .pdf", path);
    FTDN_TRY(ftdn_word_choose("the suffix of --output", dot + 1, formats, 3, &format, err));
    picture result = {
        .path = path,
        .folder = ftdn_path_folder(arena, path, err),
        .stem = ftdn_path_stem(arena, path, err),
        .format = formats[format],
    };
    if (!result.folder || !result.stem) return FTDN_ERR_MEMORY;
    *ret_picture = result;
    return FTDN_OK;
}

static ftdn_status write_beside(const picture *p, const char *suffix, const ftdn_text *text, ftdn_arena *arena,
                                ftdn_error *err)
{
    char *name = ftdn_arena_format(arena, err, "%s.%s", p->stem, suffix);
    char *path = name ? ftdn_path_join(arena, p->folder, name, err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_text_check(text, err));
    return ftdn_file_write_atomic(path, text->chars, text->n_chars, err);
}

static ftdn_status write_sources(const picture *p, const ftdn_accuracy_figure *figure, ftdn_arena *arena,
                                 ftdn_error *err)
{
    ftdn_text numbers, script;
    ftdn_text_init(&numbers);
    ftdn_text_init(&script);
    ftdn_figure_write_numbers(figure, &numbers);
    ftdn_figure_write_script(figure, p->stem, &script);
    ftdn_status status = ftdn_folder_create(p->folder, err);
    if (status == FTDN_OK) status = write_beside(p, "csv", &numbers, arena, err);
    if (status == FTDN_OK) status = write_beside(p, "gp", &script, arena, err);
    ftdn_text_done(&numbers);
    ftdn_text_done(&script);
    return status;
}

/* gnuplot works in the picture's folder, where the script's names are, and draws into `part`. */
static ftdn_status run_gnuplot(const picture *p, const char *part, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text settings;
    ftdn_child_result result;
    ftdn_text_init(&settings);
    ftdn_text_append(&settings, "cd ");
    ftdn_text_append_gnuplot(&settings, p->folder);
    ftdn_text_append(&settings, "; format = '%s'; output = ", p->format);
    ftdn_text_append_gnuplot(&settings, part);
    const char *script = ftdn_arena_format(arena, err, "%s.gp", p->stem);
    ftdn_status status = script ? ftdn_text_check(&settings, err) : FTDN_ERR_MEMORY;
    if (status == FTDN_OK) {
        const char *const words[] = {"gnuplot", "-e", settings.chars, script, NULL};
        status = ftdn_child_run(words, arena, &result, err);
        if (status == FTDN_ERR_INPUT)
            ftdn_error_context(err,
                               "figures are drawn by gnuplot: install it (on Debian: apt-get install gnuplot-nox); "
                               "%s/%s.csv has the numbers",
                               p->folder, p->stem);
    }
    ftdn_text_done(&settings);
    if (status == FTDN_OK && result.exit_code != 0)
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "gnuplot could not draw %s: %s", p->path, result.err);
    return status;
}

/* All or nothing: the former picture stays where the new one fails. */
static ftdn_status draw(const picture *p, ftdn_arena *arena, ftdn_error *err)
{
    char *part = ftdn_arena_format(arena, err, "%s.%s.part", p->stem, p->format);
    char *part_path = part ? ftdn_path_join(arena, p->folder, part, err) : NULL;
    if (!part_path) return FTDN_ERR_MEMORY;
    ftdn_status status = run_gnuplot(p, part, arena, err);
    if (status == FTDN_OK) status = ftdn_file_replace(part_path, p->path, err);
    if (status != FTDN_OK) remove(part_path);
    return status;
}

static void append_summary(const ftdn_accuracy_figure *figure, const picture *p, int n_pictures, ftdn_text *text)
{
    int n_points = 0;
    for (int c = 0; c < figure->n_curves; c++) n_points += figure->curve[c].n_points;
    for (int i = 0; i < n_pictures; i++) {
        ftdn_append_shown(text, p[i].path);
        ftdn_text_append(text, i + 1 < n_pictures ? ", " : "");
    }
    ftdn_text_append(text, ": %d lines, %d points; numbers and script beside it as .csv and .gp\n", figure->n_curves,
                     n_points);
}

static ftdn_status draw_figure(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                               ftdn_error *err)
{
    const figure_options *options = user;
    picture pictures[FTDN_MAX_OPTION_WORDS];
    ftdn_accuracy_figure figure;
    int name, n_pictures = options->outputs.n_words;
    if (options->wants_list) {
        write_list(text);
        return FTDN_OK;
    }
    if (arguments->n_arguments == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "which figure? 'ftdn figure --list' shows them all");
    FTDN_TRY(ftdn_word_choose("figure", arguments->argument[0], figure_name, N_FIGURES, &name, err));
    if (!options->db) return FTDN_FAIL(err, FTDN_ERR_ARG, "--db is missing; 'ftdn figure --help' shows an example");
    for (int i = 0; i < n_pictures; i++) FTDN_TRY(describe_picture(options->outputs.word[i], arena, &pictures[i], err));
    if (n_pictures == 0) {
        char *folder = ftdn_path_folder(arena, options->db, err), *stem = ftdn_path_stem(arena, options->db, err);
        char *file = stem ? ftdn_arena_format(arena, err, "%s_%s.svg", stem, figure_name[name]) : NULL;
        char *path = folder && file ? ftdn_path_join(arena, folder, file, err) : NULL;
        if (!path) return FTDN_ERR_MEMORY;
        FTDN_TRY(describe_picture(path, arena, &pictures[n_pictures++], err));
    }
    FTDN_TRY(make_figure(options, arena, &figure, err));
    for (int i = 0; i < n_pictures; i++) {
        FTDN_TRY(write_sources(&pictures[i], &figure, arena, err));
        FTDN_TRY(draw(&pictures[i], arena, err));
    }
    append_summary(&figure, pictures, n_pictures, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_figure(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    figure_options values = {.manifest = "*", .axis = "any", .band = "sd", .other_rate = (double)NAN};
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("list", 0, &values.wants_list, "list the figures"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "results file"),
        FTDN_WORDS_OPTION("output", 'o', "FILE", &values.outputs,
                          "picture: .svg, .png or .pdf; any number of them (default: DB_accuracy.svg beside the file)"),
        FTDN_TEXT_OPTION("x", 'x', "AXIS", &values.axis, "weight_rate, feature_map_rate or both (equal rates)"),
        FTDN_NUMBER_OPTION("other-rate", 0, "R", &values.other_rate, 0, 1, "the rate that is not on the axis: 0.01"),
        FTDN_TEXT_OPTION("band", 0, "BAND", &values.band, "sd (default), or ci95: the 95 % interval of the mean"),
        FTDN_TEXT_OPTION("manifest", 0, "NAME", &values.manifest,
                         "trials of this campaign only; a pattern with * and ?"),
    };
    const ftdn_command command = {
        .name = "ftdn figure",
        .arguments = "NAME",
        .summary = "Draw a figure out of a results file, by gnuplot.",
        .example = "ftdn figure accuracy --db results/quickstart.db -o accuracy.svg -o accuracy.png",
        .details = "Beside the picture stand the numbers (.csv) and the gnuplot script (.gp) that draws them:\n"
                   "change it, run it again. A line is the mean over seeds, its band the standard deviation.\n"
                   "Without -x and --other-rate the figure is the one with the most points.",
        .min_arguments = 0,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, draw_figure, &values, err);
}
