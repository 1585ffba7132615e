#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/campaign/campaign_files.h"
#include "harness/plan/find_named.h"
#include "harness/sites.h"
#include "harness/terminal/command.h"
#include "harness/terminal/format_options.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

/* The answer under way. */
typedef struct sites_writer {
    ftdn_format format; /* TEXT, CSV or JSON */
    ftdn_table table; /* of TABLE */
    ftdn_text *text;  /* of CSV and JSON */
    size_t n_sites;
} sites_writer;

static void append_coordinates(const ftdn_fault_site *site, const char *separator, ftdn_text *text)
{
    size_t n_inside = 1;
    for (int axis = 0; axis < site->n_axes; axis++) n_inside *= (size_t)site->shape[axis];
    for (int axis = 0; axis < site->n_axes; axis++) {
        n_inside /= (size_t)site->shape[axis];
        ftdn_text_append(text, "%s%zu", axis ? separator : "", site->index / n_inside % (size_t)site->shape[axis]);
    }
}

/* The shortest decimals that tell all floats apart; "nan" and "inf" are strings in JSON. */
static void append_value(float value, bool quote_words, ftdn_text *text)
{
    const char *quote = quote_words && !isfinite(value) ? "\"" : "";
    ftdn_text_append(text, "%s%.9g%s", quote, (double)value, quote);
}

static void add_table_row(const ftdn_fault_site *site, ftdn_table *table)
{
    ftdn_table_add(table, FTDN_CELL_TEXT, "%s", site->location);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", site->copy);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%zu", site->index);
    size_t start = table->chars.n_chars;
    append_coordinates(site, " ", &table->chars);
    ftdn_table_end_cell(table, FTDN_CELL_TEXT, (int)(table->chars.n_chars - start));
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%.9g", (double)site->before);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%.9g", (double)site->after);
}

/* user: sites_writer * */
static void add_row(void *user, const ftdn_fault_site *site)
{
    sites_writer *w = user;
    ftdn_text *text = w->text;
    switch (w->format) {
    case FTDN_FORMAT_TEXT: add_table_row(site, &w->table); break;
    case FTDN_FORMAT_CSV:
        ftdn_text_append(text, "%s,%d,%zu,", site->location, site->copy, site->index);
        append_coordinates(site, " ", text);
        ftdn_text_append(text, ",%.9g,%.9g\n", (double)site->before, (double)site->after);
        break;
    case FTDN_FORMAT_JSON:
        ftdn_text_append(text, "%s\n{\"location\":\"%s\",\"copy\":%d,\"index\":%zu,\"coordinates\":[",
                         w->n_sites ? "," : "", site->location, site->copy, site->index);
        append_coordinates(site, ",", text);
        ftdn_text_append(text, "],\"before\":");
        append_value(site->before, true, text);
        ftdn_text_append(text, ",\"after\":");
        append_value(site->after, true, text);
        ftdn_text_append(text, "}");
        break;
    case FTDN_FORMAT_MARKDOWN:
    case FTDN_FORMAT_LATEX: assert(false && "no option asks for it");
    }
    w->n_sites++;
}

typedef struct sites_options {
    const char *trial, *layer, *image, *db;
    ftdn_format_options format;
} sites_options;

static ftdn_status list_sites(const sites_options *options, const ftdn_planned_trial *trial, ftdn_store *store,
                              sites_writer *w, ftdn_arena *arena, ftdn_error *err)
{
    int layer = 0, image = FTDN_NO_IMAGE;
    FTDN_TRY(ftdn_find_layer(&trial->model->network.graph, options->layer, arena, &layer, err));
    if (options->image) FTDN_TRY(ftdn_find_image(trial->dataset, options->image, &image, err));
    ftdn_rig rig;
    const ftdn_score_source scores = {.store = store, .n_threads = ftdn_default_threads()};
    const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = 1};
    const ftdn_site_visitor visitor = {.call = add_row, .user = w};
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_status status = ftdn_rig_prepare(&rig, &trial->settings, err);
    if (status == FTDN_OK) status = ftdn_sites_visit(&rig, trial, layer, image, &visitor, arena, err);
    ftdn_rig_done(&rig);
    return status;
}

/* The sites as rows, between what stands before and behind them. */
static ftdn_status write_sites(const sites_options *options, ftdn_format format, const ftdn_planned_trial *trial,
                               ftdn_store *store, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    static const char *const columns[] = {"location", "copy", "index", "coordinates", "before", "after"};
    sites_writer w = {.format = format, .text = text};
    ftdn_table_init(&w.table, 6);
    for (int i = 0; i < 6; i++) ftdn_table_add(&w.table, FTDN_CELL_TEXT, "%s", columns[i]);
    if (w.format == FTDN_FORMAT_CSV) ftdn_text_append(text, "location,copy,index,coordinates,before,after\n");
    if (w.format == FTDN_FORMAT_JSON) ftdn_text_append(text, "[");
    ftdn_status status = list_sites(options, trial, store, &w, arena, err);
    if (w.format == FTDN_FORMAT_JSON) ftdn_text_append(text, "\n]\n");
    if (w.format == FTDN_FORMAT_TEXT) ftdn_table_write(&w.table, text);
    ftdn_table_done(&w.table);
    return status;
}

static ftdn_status answer_with(const char *manifest, const sites_options *options, ftdn_campaign_files *files,
                               ftdn_text *text, ftdn_error *err)
{
    const ftdn_planned_trial *trial;
    ftdn_format format;
    ftdn_store *store;
    FTDN_TRY(ftdn_format_choose(&options->format, &format, err));
    FTDN_TRY(ftdn_campaign_files_open(files, manifest, options->db, err));
    FTDN_TRY(ftdn_find_trial(&files->plan, options->trial, &trial, err));
    FTDN_TRY(ftdn_campaign_files_open_scores(files, trial, &store, err));
    ftdn_status status = write_sites(options, format, trial, store, &files->arena, text, err);
    ftdn_store_close(store);
    return status == FTDN_OK ? ftdn_format_write_output(&options->format, text, err) : status;
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    (void)arena;
    const sites_options *options = user;
    if (!options->trial || !options->layer)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "sites needs --trial ID and --layer NAME");
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = answer_with(arguments->argument[0], options, &files, text, err);
    ftdn_campaign_files_done(&files);
    return status;
}

ftdn_status ftdn_command_sites(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    sites_options options = {0};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("trial", 0, "ID", &options.trial, "the trial: the beginning of its id ('ftdn plan' tells)"),
        FTDN_TEXT_OPTION("layer", 0, "NAME", &options.layer, "the layer ('ftdn inspect graph' lists them)"),
        FTDN_TEXT_OPTION("image", 0, "NAME", &options.image, "list the faults in this image's map too"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &options.db,
                         "the store that may hold the channels' scores (default: results/NAME.db)"),
        FTDN_CSV_OPTION(&options.format),
        FTDN_JSON_OPTION(&options.format),
        FTDN_OUTPUT_OPTION(&options.format),
    };
    const ftdn_command command = {
        .name = "ftdn sites",
        .arguments = "MANIFEST",
        .summary = "List the elements of one layer that one trial hits, with their values before and after.",
        .example = "ftdn sites experiments/quickstart.json --trial 1a2b --layer base_net.1.0",
        .details = "Coordinates: of weights [K,C,R,S], of a map [H,W,C]; copy 0 is the original, and an element of a\n"
                   "copy has the coordinates of the original's. docs/fault-sites.md states the rule.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &options, err);
}
