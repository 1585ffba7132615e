#include "harness/terminal/command.h"

#include <omp.h>

#include "harness/terminal/print.h"

ftdn_status ftdn_command_arguments(const ftdn_command *command, int argc, char **argv, ftdn_arena *arena,
                                   ftdn_arguments *ret_arguments, ftdn_error *err)
{
    FTDN_TRY(ftdn_options_parse(command, argc - 1, (const char *const *)argv + 1, arena, ret_arguments, err));
    if (!ret_arguments->wants_help) return FTDN_OK;
    return ftdn_print_help(command, ret_arguments->help_form, err);
}

int ftdn_default_threads(void)
{
    return omp_get_num_procs();
}
