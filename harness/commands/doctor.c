#include "harness/commands/doctor.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/code_version.h"
#include "base/file.h"
#include "harness/manifest/data_cache.h"
#include "harness/plan/environment.h"
#include "harness/terminal/child_program.h"

#define LONGEST_LINE sizeof(((ftdn_error *)0)->message)

void ftdn_doctor_init(ftdn_doctor *doctor, ftdn_arena *arena)
{
    *doctor = (ftdn_doctor){.arena = arena};
}

ftdn_status ftdn_doctor_add(ftdn_doctor *doctor, const char *what, ftdn_finding_state state, const char *advice,
                            ftdn_error *err, const char *format, ...)
{
    char line[LONGEST_LINE];
    va_list arguments;
    assert(doctor->n_findings < FTDN_MAX_FINDINGS);
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const char *name = ftdn_arena_copy_text(doctor->arena, what, strlen(what), err);
    const char *text = name ? ftdn_arena_copy_text(doctor->arena, line, strlen(line), err) : NULL;
    if (!text) return FTDN_ERR_MEMORY;
    doctor->finding[doctor->n_findings++] =
        (ftdn_finding){.what = name, .state = state, .text = text, .advice = advice};
    return FTDN_OK;
}

ftdn_status ftdn_doctor_examine_program(ftdn_doctor *doctor, ftdn_error *err)
{
    char cpu[FTDN_CPU_NAME_BYTES];
    ftdn_environment_cpu(cpu);
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    FTDN_TRY(ftdn_doctor_add(doctor, "program", FTDN_FINDING_OK, NULL, err, "ftdn %s, %s", FTDN_CODE_VERSION,
                             ftdn_environment_compiler()));
    return ftdn_doctor_add(doctor, "processor", FTDN_FINDING_OK, NULL, err, "%s, %ld cores, %.1f GiB of memory", cpu,
                           sysconf(_SC_NPROCESSORS_ONLN), bytes / FTDN_GIB);
}

/* Can a file be written there, the folder being made first? */
static ftdn_status is_writable(const char *folder, ftdn_arena *arena, bool *ret_is, ftdn_error *err)
{
    while (access(folder, F_OK) != 0 && strcmp(folder, "/") != 0 && strcmp(folder, ".") != 0) {
        folder = ftdn_path_folder(arena, folder, err);
        if (!folder) return FTDN_ERR_MEMORY;
    }
    *ret_is = access(folder, W_OK | X_OK) == 0;
    return FTDN_OK;
}

static ftdn_status examine_folder(ftdn_doctor *doctor, const char *what, const char *folder, const char *advice,
                                  ftdn_error *err)
{
    bool is_there = ftdn_file_exists(folder), can_write;
    FTDN_TRY(is_writable(folder, doctor->arena, &can_write, err));
    if (can_write)
        return ftdn_doctor_add(doctor, what, FTDN_FINDING_OK, NULL, err, "%s%s", folder,
                               is_there ? "" : ", which is made when it is needed");
    return ftdn_doctor_add(doctor, what, FTDN_FINDING_BROKEN, advice, err, "%s cannot be written", folder);
}

static ftdn_status examine_cache(ftdn_doctor *doctor, ftdn_error *err)
{
    const char *folder;
    FTDN_TRY(ftdn_data_cache_folder(doctor->arena, &folder, err));
    if (!folder)
        return ftdn_doctor_add(doctor, "data cache", FTDN_FINDING_MISSING, "'ftdn fetch --cache DIR' names one", err,
                               "neither XDG_CACHE_HOME nor HOME names a folder");
    return examine_folder(doctor, "data cache", folder, "let XDG_CACHE_HOME name a folder of yours", err);
}

/* A program that says its version. */
static ftdn_status examine_tool(ftdn_doctor *doctor, const char *what, const char *name, const char *advice,
                                ftdn_error *err)
{
    ftdn_child_result result;
    ftdn_error cause = {0};
    ftdn_status status = ftdn_child_run((const char *const[]){name, "--version", NULL}, doctor->arena, &result, &cause);
    if (status != FTDN_OK) return ftdn_doctor_add(doctor, what, FTDN_FINDING_MISSING, advice, err, "%s", cause.message);
    const char *said = *result.out ? result.out : result.err;
    if (result.exit_code != 0)
        return ftdn_doctor_add(doctor, what, FTDN_FINDING_BROKEN, advice, err, "%s --version: exit code %d: %.*s", name,
                               result.exit_code, (int)strcspn(said, "\n"), said);
    return ftdn_doctor_add(doctor, what, FTDN_FINDING_OK, NULL, err, "%.*s", (int)strcspn(said, "\n"), said);
}

ftdn_status ftdn_doctor_examine_surroundings(ftdn_doctor *doctor, ftdn_error *err)
{
    FTDN_TRY(examine_cache(doctor, err));
    FTDN_TRY(examine_folder(doctor, "results", "results", "work in a folder of yours, or name files with --db", err));
    FTDN_TRY(examine_tool(doctor, "figures", "gnuplot",
                          "figures are drawn by gnuplot (on Debian: apt-get install gnuplot-nox)", err));
    return examine_tool(doctor, "Slurm", "sbatch", "only 'ftdn submit --slurm' needs it", err);
}
