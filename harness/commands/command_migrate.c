#include "harness/terminal/command.h"

#include "harness/terminal/print.h"
#include "results/migrate.h"

typedef struct migrate_options {
    bool wants_json;
} migrate_options;

static void write_json(const char *db, const ftdn_migration *migration, ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "store", db);
    ftdn_text_append(text, ",\"from\":%d,\"to\":%d", migration->from, migration->to);
    ftdn_append_json_member(text, "backup", migration->backup);
    ftdn_text_append(text, ",\"trials\":%d,\"attempts\":%d,\"rankings\":%d,\"latencies\":%d}\n",
                     migration->rows.n_trials, migration->rows.n_attempts, migration->rows.n_rankings,
                     migration->rows.n_latencies);
}

static void write_answer(const char *db, const ftdn_migration *migration, ftdn_text *text)
{
    ftdn_append_shown(text, db);
    if (!migration->backup) {
        ftdn_text_append(text, ": its schema is %d, that of this program; nothing was done\n", migration->to);
        return;
    }
    ftdn_text_append(text, ": schema %d became schema %d, with %d trials, %d attempts, %d rankings, %d latencies\n",
                     migration->from, migration->to, migration->rows.n_trials, migration->rows.n_attempts,
                     migration->rows.n_rankings, migration->rows.n_latencies);
    ftdn_text_append(text, "the store as it was: ");
    ftdn_append_shown(text, migration->backup);
    ftdn_text_append(text, "\n");
}

static ftdn_status migrate(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                           ftdn_error *err)
{
    const migrate_options *options = user;
    const char *db = arguments->argument[0];
    ftdn_migration migration;
    FTDN_TRY(ftdn_store_migrate(db, arena, &migration, err));
    if (options->wants_json) write_json(db, &migration, text);
    else write_answer(db, &migration, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_migrate(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    migrate_options values = {0};
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of text"),
    };
    const ftdn_command command = {
        .name = "ftdn migrate",
        .arguments = "DB",
        .summary = "Make a results file of an older program one of this program.",
        .example = "ftdn migrate results/smoke.db",
        .details =
            "All trials, attempts, timings, channel scores and latencies are kept. The file as it was stays beside "
            "the\n"
            "new one as DB.backup-2. Commands that write a store do the same by themselves. A migration that fails or\n"
            "is killed leaves the old file as it was; the same command begins anew.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, migrate, &values, err);
}
