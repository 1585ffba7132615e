#include "harness/terminal/command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "harness/terminal/format_options.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/query.h"

typedef struct query_options {
    bool wants_list;
    const char *explained, *columns;
    ftdn_format_options format;
    ftdn_option_words settings;
} query_options;

/* "manifest=* within=0.01" */
static void append_parameters(ftdn_text *text, const ftdn_named_query *query)
{
    for (int i = 0; i < FTDN_QUERY_MAX_PARAMETERS && query->parameter[i].name; i++)
        ftdn_text_append(text, "%s%s=%s", i ? " " : "", query->parameter[i].name, query->parameter[i].initial);
}

static void write_list(ftdn_text *text)
{
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    ftdn_table table;
    ftdn_table_init(&table, 3);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "query");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "what it tells");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "--set");
    for (int i = 0; i < n_queries; i++) {
        size_t start;
        ftdn_table_add_shown(&table, query[i].name);
        ftdn_table_add_shown(&table, query[i].help);
        start = table.chars.n_chars;
        append_parameters(&table.chars, &query[i]);
        ftdn_table_end_cell(&table, FTDN_CELL_TEXT, (int)(table.chars.n_chars - start));
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static ftdn_status print_ahead(void *n_written, const ftdn_text *text, ftdn_error *err)
{
    return ftdn_print_ahead(text, n_written, err);
}

/* An answer for a file is written there, all or nothing; any other one is printed while it is made. What is left to
 * print stands in the text. */
static ftdn_status ask_store(const query_options *options, const ftdn_arguments *arguments, ftdn_format format,
                             ftdn_text *text, ftdn_error *err)
{
    const char *output = options->format.output;
    const ftdn_question question = {
        .text = arguments->argument[1],
        .n_settings = options->settings.n_words,
        .setting = options->settings.word,
        .columns = options->columns,
        .most_width = output ? 0 : ftdn_terminal_width(),
    };
    size_t n_written = 0;
    const ftdn_query_listener listener = {print_ahead, &n_written};
    ftdn_store *store = NULL;
    FTDN_TRY(ftdn_store_open(arguments->argument[0], FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_query_answer(store, &question, format, output ? NULL : &listener, text, err);
    ftdn_store_close(store);
    if (status != FTDN_OK) return status;
    ftdn_text_drop(text, n_written);
    return ftdn_format_write_output(&options->format, text, err);
}

static ftdn_status ask(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                       ftdn_error *err)
{
    (void)arena;
    const query_options *options = user;
    if (options->wants_list || options->explained) {
        const char *option = options->wants_list ? "--list" : "--explain";
        if (arguments->n_arguments > 0)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "%s takes no store, but got '%s'", option, arguments->argument[0]);
        if (options->explained) return ftdn_query_explain(options->explained, text, err);
        write_list(text);
        return FTDN_OK;
    }
    if (arguments->n_arguments > 2)
        return FTDN_FAIL(
            err, FTDN_ERR_ARG,
            "unexpected argument '%s'; usage: ftdn query DB QUESTION, where a SELECT stands between quotes",
            arguments->argument[2]);
    if (arguments->n_arguments < 2)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "missing argument; usage: ftdn query DB QUESTION, or ftdn query --list");
    ftdn_format format;
    FTDN_TRY(ftdn_format_choose(&options->format, &format, err));
    return ask_store(options, arguments, format, text, err);
}

#define MAX_NAMES 256

static int list_names(const char **names)
{
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    assert(n_queries <= MAX_NAMES);
    for (int i = 0; i < n_queries; i++) names[i] = query[i].name;
    return n_queries;
}

ftdn_status ftdn_command_query(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    query_options values = {0};
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("list", 0, &values.wants_list, "list the named queries and what can be set in them"),
        FTDN_TEXT_OPTION("explain", 0, "QUESTION", &values.explained, "tell what each column of a named query means"),
        FTDN_WORDS_OPTION("set", 0, "NAME=VALUE", &values.settings, "set a parameter of the query; may be repeated"),
        FTDN_TEXT_OPTION("columns", 0, "NAMES", &values.columns, "these columns only, in this order: --columns a,b,c"),
        FTDN_CSV_OPTION(&values.format),
        FTDN_JSON_OPTION(&values.format),
        FTDN_MARKDOWN_OPTION(&values.format),
        FTDN_LATEX_OPTION(&values.format),
        FTDN_OUTPUT_OPTION(&values.format),
    };
    const char *names[MAX_NAMES];
    const int n_names = list_names(names);
    const ftdn_command command = {
        .name = "ftdn query",
        .arguments = "DB QUESTION",
        .summary = "Ask a results file.",
        .example = "ftdn query results/smoke.db \"SELECT weight_rate, avg(map_voc07) FROM v_trials GROUP BY 1\"",
        .details =
            "QUESTION is the name of a query (--list) or one SQL statement that only reads. CSV and JSON hold every\n"
            "number to its last bit; tables are rounded for reading. Own SQL may have parameters (:name), and use the\n"
            "aggregates stddev(x), half_width(x) (of the 95 % interval of the mean), t_test(x) (p that it is 0) and\n"
            "sign_test(x); docs/statistics.md has them all:\n\n"
            "  ftdn query results/smoke.db smallest_ratio --set within=0.02\n"
            "  ftdn query results/smoke.db map_by_rate --latex --columns weight_rate,n,mean_map_voc07 -o table.tex\n"
            "  ftdn query --explain smallest_ratio",
        .min_arguments = 0,
        .max_arguments = 1000, /* the words of a SELECT without quotes: ask says so */
        .n_options = sizeof options / sizeof *options,
        .option = options,
        .n_words = n_names,
        .word = names,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, ask, &values, err);
}
