#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/campaign/campaign_files.h"
#include "harness/plan/find.h"
#include "harness/sites.h"
#include "harness/terminal/command.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef enum sites_format { SITES_TABLE, SITES_CSV, SITES_JSON } sites_format;

/* The answer under way. */
typedef struct sites_writer {
    sites_format format;
    ftdn_table table; /* of TABLE */
    ftdn_text text;   /* of CSV and JSON */
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

/* user: sites_writer * */
static void add_row(void *user, const ftdn_fault_site *site)
{
    sites_writer *w = user;
    ftdn_table *table = &w->table;
    ftdn_text *text = &w->text;
    switch (w->format) {
    case SITES_TABLE:
        ftdn_table_add(table, FTDN_CELL_TEXT, "%s", site->location);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", site->copy);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%zu", site->index);
        append_coordinates(site, " ", text);
        ftdn_table_add(table, FTDN_CELL_TEXT, "%s", text->failed ? "" : text->chars);
        ftdn_text_done(text);
        ftdn_text_init(text);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.9g", (double)site->before);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.9g", (double)site->after);
        break;
    case SITES_CSV:
        ftdn_text_append(text, "%s,%d,%zu,", site->location, site->copy, site->index);
        append_coordinates(site, " ", text);
        ftdn_text_append(text, ",%.9g,%.9g\n", (double)site->before, (double)site->after);
        break;
    case SITES_JSON:
        ftdn_text_append(text, "%s\n{\"location\":\"%s\",\"copy\":%d,\"index\":%zu,\"coordinates\":[",
                         w->n_sites ? "," : "", site->location, site->copy, site->index);
        append_coordinates(site, ",", text);
        ftdn_text_append(text, "],\"before\":");
        append_value(site->before, true, text);
        ftdn_text_append(text, ",\"after\":");
        append_value(site->after, true, text);
        ftdn_text_append(text, "}");
        break;
    }
    w->n_sites++;
}

typedef struct sites_options {
    const char *trial, *layer, *image, *db;
    bool csv, json;
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

static ftdn_status answer(const sites_options *options, const ftdn_campaign_files *files,
                          const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_store *store;
    FTDN_TRY(ftdn_campaign_files_open_scores(files, trial, &store, err));
    static const char *const columns[] = {"location", "copy", "index", "coordinates", "before", "after"};
    sites_writer w = {.format = options->json ? SITES_JSON : options->csv ? SITES_CSV : SITES_TABLE};
    ftdn_table_init(&w.table, 6);
    ftdn_text_init(&w.text);
    for (int i = 0; i < 6; i++) ftdn_table_add(&w.table, FTDN_CELL_TEXT, "%s", columns[i]);
    if (w.format == SITES_CSV) ftdn_text_append(&w.text, "location,copy,index,coordinates,before,after\n");
    if (w.format == SITES_JSON) ftdn_text_append(&w.text, "[");
    ftdn_status status = list_sites(options, trial, store, &w, arena, err);
    ftdn_store_close(store);
    if (w.format == SITES_JSON) ftdn_text_append(&w.text, "\n]\n");
    if (w.format == SITES_TABLE) ftdn_table_write(&w.table, &w.text);
    if (status == FTDN_OK) status = ftdn_print(&w.text, err);
    ftdn_table_done(&w.table);
    ftdn_text_done(&w.text);
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
        FTDN_FLAG_OPTION("csv", 0, &options.csv, "print CSV"),
        FTDN_FLAG_OPTION("json", 0, &options.json, "print JSON"),
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
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_arguments arguments;
    const ftdn_planned_trial *trial = NULL;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &files.arena, &arguments, err);
    if (status != FTDN_OK || arguments.wants_help) goto done;
    if (!options.trial || !options.layer)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "sites needs --trial ID and --layer NAME");
    if (status == FTDN_OK) status = ftdn_campaign_files_open(&files, arguments.argument[0], options.db, err);
    if (status == FTDN_OK) status = ftdn_find_trial(&files.plan, options.trial, &trial, err);
    if (status == FTDN_OK) status = answer(&options, &files, trial, &files.arena, err);
done:
    ftdn_campaign_files_done(&files);
    return status;
}
