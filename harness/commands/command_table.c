#include "harness/terminal/command.h"

#include <math.h>
#include <string.h>

#include "analysis/class_table.h"
#include "analysis/cost_table.h"
#include "analysis/paper_figures.h"
#include "harness/figures/paper_campaign.h"
#include "harness/figures/paper_list.h"
#include "harness/figures/paper_overhead.h"
#include "harness/terminal/format_options.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

#define CLASSES "classes" /* the table that is printed out of any store, and runs nothing */
#define N_REPEATS 15      /* images behind a time of Table 1 */

typedef struct table_options {
    bool wants_list, wants_paper, asks_nothing;
    const char *db, *own, *manifest;
    ftdn_format_options format;
    int size; /* of ftdn_paper_sizes; -1: not given */
    double weight_rate, feature_map_rate; /* NaN: to be chosen */
    ftdn_exit_code *ret_exit;
} table_options;

/* "AP at 1 % weight faults and 1 % map faults (zero): mean over seeds, ± s.d." */
static void append_title(const ftdn_class_table *table, ftdn_text *text)
{
    ftdn_text_append(text, "AP at ");
    if (table->weight_rate > 0) ftdn_text_append(text, "%g %% weight faults", 100 * table->weight_rate);
    if (table->weight_rate > 0 && table->feature_map_rate > 0) ftdn_text_append(text, " and ");
    if (table->feature_map_rate > 0) ftdn_text_append(text, "%g %% map faults", 100 * table->feature_map_rate);
    if (table->type) ftdn_text_append(text, " (%s)", table->type);
    ftdn_text_append(text, ": mean over seeds, ± s.d.\n\n");
}

static ftdn_status make_table(const table_options *options, ftdn_arena *arena, ftdn_class_table *ret_table,
                              ftdn_error *err)
{
    ftdn_lines lines;
    const ftdn_class_table_desc desc = {options->weight_rate, options->feature_map_rate};
    FTDN_TRY(ftdn_lines_load(options->db, options->manifest, arena, &lines, err));
    FTDN_TRY(ftdn_class_table_make(&lines, &desc, arena, ret_table, err));
    return FTDN_OK;
}

static ftdn_status write_store(const table_options *options, ftdn_format format, ftdn_arena *arena, ftdn_text *text,
                               ftdn_error *err)
{
    ftdn_class_table table;
    if (!options->db) return FTDN_FAIL(err, FTDN_ERR_ARG, "--db is missing; 'ftdn table --help' shows an example");
    ftdn_status status = make_table(options, arena, &table, err);
    if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", options->db);
    FTDN_TRY(status);
    if (format == FTDN_FORMAT_TEXT) append_title(&table, text);
    ftdn_class_table_write(&table, format, text);
    return FTDN_OK;
}

static ftdn_status write_classes(const ftdn_paper_figure *known, const table_options *options,
                                 const ftdn_paper_campaign_desc *desc, ftdn_format format, ftdn_campaign_files *files,
                                 ftdn_text *text, ftdn_error *err)
{
    const ftdn_class_table_desc rates = {known->other_rate, known->other_rate};
    ftdn_arena *arena = &files->arena;
    ftdn_lines lines;
    ftdn_class_table table;
    FTDN_TRY(ftdn_paper_campaign_complete(desc, files, options->ret_exit, err));
    FTDN_TRY(ftdn_paper_campaign_load(files, &lines, err));
    ftdn_status status = ftdn_class_table_make(&lines, &rates, arena, &table, err);
    if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", files->db_path);
    FTDN_TRY(status);
    if (options->wants_paper)
        FTDN_TRY(ftdn_paper_values_load(known->name, arena, &table.paper_value, &table.n_paper_values, err));
    if (format == FTDN_FORMAT_TEXT) append_title(&table, text);
    ftdn_class_table_write(&table, format, text);
    return FTDN_OK;
}

static ftdn_status write_costs(const ftdn_paper_figure *known, const table_options *options,
                               const ftdn_paper_campaign_desc *desc, ftdn_format format, ftdn_campaign_files *files,
                               ftdn_text *text, ftdn_error *err)
{
    bool is_of_memory = known->kind == FTDN_PAPER_MEMORY;
    ftdn_arena *arena = &files->arena;
    const ftdn_latency *latency;
    int n_latencies;
    ftdn_cost_table table;
    FTDN_TRY(ftdn_paper_overhead_complete(desc, is_of_memory ? 1 : N_REPEATS, files, &latency, &n_latencies, err));
    FTDN_TRY(ftdn_cost_table_make(latency, n_latencies, is_of_memory, arena, &table, err));
    if (options->wants_paper)
        FTDN_TRY(ftdn_paper_values_load(known->name, arena, &table.paper_value, &table.n_paper_values, err));
    if (format == FTDN_FORMAT_TEXT) ftdn_text_append(text, "%s\n\n", known->title);
    ftdn_cost_table_write(&table, format, text);
    return FTDN_OK;
}

static ftdn_status write_known(const char *name, const table_options *options, ftdn_format format, ftdn_text *text,
                               ftdn_error *err)
{
    const ftdn_paper_figure *known = ftdn_paper_figure_find(name);
    if (!known) return ftdn_paper_list_fail_unknown(true, name, err);
    if (!ftdn_paper_kind_is_table(known->kind))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s is a figure; 'ftdn figure %s' draws it", name, name);
    if (strcmp(options->manifest, "*") != 0 || !isnan(options->weight_rate) || !isnan(options->feature_map_rate))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--manifest and the rates belong to the table '" CLASSES "'");
    if (options->own && known->kind != FTDN_PAPER_CLASSES)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--own belongs to table3; 'ftdn bench overhead' measures other networks");
    FTDN_TRY(ftdn_paper_size_check(options->size, options->own, err));
    const ftdn_paper_campaign_desc desc = {name, ftdn_paper_size(options->size), options->own, options->db,
                                           options->asks_nothing};
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = (known->kind == FTDN_PAPER_CLASSES ? write_classes : write_costs)(known, options, &desc,
                                                                                           format, &files, text, err);
    ftdn_campaign_files_done(&files);
    return status;
}

static ftdn_status write_table(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                               ftdn_error *err)
{
    const table_options *options = user;
    ftdn_format format;
    FTDN_TRY(ftdn_format_choose(&options->format, &format, err));
    if (options->wants_list) return ftdn_paper_list_write(true, arena, text, err);
    if (arguments->n_arguments == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "which table? 'ftdn table --list' shows them all");
    const char *name = arguments->argument[0];
    if (strcmp(name, CLASSES) == 0) FTDN_TRY(write_store(options, format, arena, text, err));
    else FTDN_TRY(write_known(name, options, format, text, err));
    return ftdn_format_write_output(&options->format, text, err);
}

ftdn_status ftdn_command_table(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    table_options values = {
        .ret_exit = ret_exit,
        .size = -1,
        .manifest = "*",
        .weight_rate = (double)NAN,
        .feature_map_rate = (double)NAN,
    };
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("list", 0, &values.wants_list, "list the tables, and the data that are missing for them"),
        FTDN_CHOICE_OPTION("size", 0, "SIZE", &values.size, FTDN_N_PAPER_SIZES, ftdn_paper_sizes(),
                           "road (default): generated scenes, minutes; real: the images at hand; paper: VOC 2007"),
        FTDN_TEXT_OPTION("own", 0, "MANIFEST", &values.own,
                         "of table3: the network and the images of this manifest, in place of a size"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "results file (default: results/NAME-SIZE.db)"),
        FTDN_FLAG_OPTION("paper", 0, &values.wants_paper, "the paper's values in a row below each of ours"),
        FTDN_FLAG_OPTION("yes", 'y', &values.asks_nothing, "run what is missing without asking, however long it takes"),
        FTDN_CSV_OPTION(&values.format),
        FTDN_JSON_OPTION(&values.format),
        FTDN_MARKDOWN_OPTION(&values.format),
        FTDN_LATEX_OPTION(&values.format),
        FTDN_OUTPUT_OPTION(&values.format),
        FTDN_TEXT_OPTION("manifest", 0, "NAME", &values.manifest,
                         "of 'classes': trials of this campaign only; a pattern with * and ?"),
        FTDN_NUMBER_OPTION("weight-rate", 0, "R", &values.weight_rate, 0, 1,
                           "of 'classes': at this fault rate of weights: 0.01"),
        FTDN_NUMBER_OPTION("feature-map-rate", 0, "R", &values.feature_map_rate, 0, 1, "and this one of feature maps"),
    };
    const char *names[1 + FTDN_MOST_PAPER_NAMES] = {CLASSES};
    const int n_names = 1 + ftdn_paper_list_names(true, names + 1);
    const ftdn_command command = {
        .name = "ftdn table",
        .arguments = "NAME",
        .summary = "Run what a table of the paper needs, and print it.",
        .example = "ftdn table table3 --size road --paper",
        .details =
            "table3: average precision of each class; a column is a protection, mean over the seeds, and standard\n"
            "deviation. 'recovered' is the share of the mAP lost to the faults that the protection gives back;\n"
            "images/s are those of one thread in network and detection, in the fastest trial. table1 and table2: time\n"
            "and memory, as 'ftdn bench overhead' measures them. What the results file lacks is run first, after\n"
            "saying how long it takes. CSV and JSON hold every number to its last bit.\n\n"
            "'classes' is table3 out of any results file, and runs nothing. Without rates, those are taken that the\n"
            "most protections were tried at, and of these the ones that cost about half of the mAP:\n\n"
            "  ftdn table classes --db results/quickstart.db",
        .min_arguments = 0,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
        .n_words = n_names,
        .word = names,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, write_table, &values, err);
}
