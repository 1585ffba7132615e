#include "harness/command.h"

#include <stdio.h>

#include "harness/options.h"
#include "harness/print.h"
#include "results/query.h"

typedef struct query_options {
    bool wants_list, wants_csv, wants_json;
} query_options;

static void write_list(ftdn_text *text)
{
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    ftdn_table table;
    ftdn_table_init(&table, 2);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "query");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "what it tells");
    for (int i = 0; i < n_queries; i++) {
        ftdn_table_add_shown(&table, query[i].name);
        ftdn_table_add_shown(&table, query[i].help);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static ftdn_status ask(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                       ftdn_error *err)
{
    (void)arena;
    const query_options *options = user;
    if (options->wants_list) {
        if (arguments->n_arguments > 0)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "--list takes no argument, but got '%s'", arguments->argument[0]);
        write_list(text);
        return FTDN_OK;
    }
    if (arguments->n_arguments < 2)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "missing argument; usage: ftdn query DB QUESTION, or ftdn query --list");
    if (options->wants_csv && options->wants_json)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--csv and --json exclude each other");
    ftdn_query_format format = options->wants_csv    ? FTDN_QUERY_CSV
                               : options->wants_json ? FTDN_QUERY_JSON
                                                     : FTDN_QUERY_TABLE;
    ftdn_store *store = NULL;
    FTDN_TRY(ftdn_store_open(arguments->argument[0], FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_query_print(store, arguments->argument[1], format, stdout, err);
    ftdn_store_close(store);
    return status;
}

ftdn_status ftdn_command_query(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    query_options values = {0};
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("list", 0, &values.wants_list, "list the named queries"),
        FTDN_FLAG_OPTION("csv", 0, &values.wants_csv, "comma-separated values (RFC 4180) instead of a table"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an array of objects instead of a table"),
    };
    const ftdn_command command = {
        .name = "ftdn query",
        .arguments = "DB QUESTION",
        .summary = "Ask a results file.",
        .example = "ftdn query results/smoke.db \"SELECT weight_rate, avg(map_voc07) FROM v_trials GROUP BY 1\"",
        .details =
            "QUESTION is the name of a query (--list) or one SQL statement that only reads. CSV and JSON hold every\n"
            "number to its last bit; the table is rounded for reading.",
        .min_arguments = 0,
        .max_arguments = 2,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, ask, &values, err);
}
