/* command.h - the commands of the program: one file command_NAME.c each, one row in the table of main.c. */
#ifndef FTDN_HARNESS_TERMINAL_COMMAND_H
#define FTDN_HARNESS_TERMINAL_COMMAND_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/terminal/exit_code.h"
#include "harness/terminal/options.h"

typedef struct ftdn_command_entry {
    const char *name;
    const char *summary; /* one line for `ftdn --help` */
    /* argv[0] is the command's name. Prints its answer on stdout. FTDN_ERR_ARG becomes the exit code for wrong usage;
     * *ret_exit starts as FTDN_EXIT_DONE, and is read only where the call answers FTDN_OK, or FTDN_ERR_PIPE because
     * nobody reads on. */
    ftdn_status (*run)(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
} ftdn_command_entry;

/* Read the words behind a command's name (argv[0]) into the variables of its options. Where --help was
 * given, the help is printed and ret_arguments->wants_help is true. */
FTDN_NODISCARD ftdn_status ftdn_command_arguments(const ftdn_command *command, int argc, char **argv, ftdn_arena *arena,
                                                  ftdn_arguments *ret_arguments, ftdn_error *err);

/* The processor cores that this process may use. */
int ftdn_default_threads(void);

ftdn_status ftdn_command_run(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_plan(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_manifest(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_status(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_watch(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_submit(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_show(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_sites(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_query(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_table(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_figure(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_report(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_pictures(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_verify(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_repair(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_merge(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_diff(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_dump(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_migrate(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_rank(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_replay(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_detect(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_inspect(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_convert(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_train(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_doctor(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_fetch(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_bench(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err);
ftdn_status ftdn_command_bench_device(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err); /* of bench */
ftdn_status ftdn_command_overhead(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err); /* of bench */

#endif
