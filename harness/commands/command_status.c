#include "base/file.h"
#include "harness/campaign/status_report.h"
#include "harness/terminal/command.h"
#include "harness/terminal/print.h"

/* The first line is printed at once, before a large store is looked through. */
static ftdn_status report_status(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                                 ftdn_error *err)
{
    const bool *json = user;
    ftdn_status_report report;
    FTDN_TRY(ftdn_status_report_find_owner(arguments->argument[0], &report, err));
    if (!*json && (report.owner[0] || ftdn_file_exists(report.db_path))) {
        ftdn_status_report_write_owner(&report, text);
        FTDN_TRY(ftdn_print(text, err));
        text->n_chars = 0;
    }
    FTDN_TRY(ftdn_status_report_read(&report, arena, err));
    if (*json) ftdn_status_report_write_json(&report, text);
    else ftdn_status_report_write(&report, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_status(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    bool json = false;
    const ftdn_option option[] = {
        FTDN_FLAG_OPTION("json", 0, &json, "print an object instead of text"),
    };
    const ftdn_command command = {
        .name = "ftdn status",
        .arguments = "DB",
        .summary = "Tell how far the campaigns of a results file are, and whether somebody is at work on them.",
        .example = "ftdn status results/smoke.db",
        .details = "It holds nobody up: a run that fills the file goes on. The rate is that of the last five minutes,\n"
                   "the remaining time follows from it. 'ftdn watch DB' tells it again and again.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, report_status, &json, err);
}
