#include "harness/terminal/command.h"

#include <stdio.h>

#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/store_dump.h"

/* Written row by row: a dump may be larger than memory. */
static ftdn_status dump(const char *path, ftdn_error *err)
{
    ftdn_store *store;
    FTDN_TRY(ftdn_store_open(path, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_store_dump(store, stdout, err);
    ftdn_store_close(store);
    return status;
}

ftdn_status ftdn_command_dump(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    const ftdn_command command = {
        .name = "ftdn dump",
        .arguments = "DB",
        .summary = "Print all results of a file as a canonical text: two files with equal results give equal bytes.",
        .example = "ftdn dump results/smoke.db | sha256sum",
        .details = "One JSON object a line, trials in the order of their ids, with all that is a function of their\n"
                   "specs: parameters, results, overheads, average precision, faults; nothing of machines and times.",
        .min_arguments = 1,
        .max_arguments = 1,
    };
    ftdn_arena arena;
    ftdn_arguments arguments;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help) status = dump(arguments.argument[0], err);
    ftdn_arena_done(&arena);
    return status;
}
