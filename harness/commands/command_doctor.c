#include "harness/terminal/command.h"

#include <inttypes.h>

#include "harness/commands/doctor.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct doctor_options {
    bool wants_json, needs_gpu;
} doctor_options;

static const char *const state_words[] = {
    [FTDN_FINDING_OK] = "ok", [FTDN_FINDING_MISSING] = "missing", [FTDN_FINDING_BROKEN] = "broken"};

static ftdn_status examine(ftdn_doctor *doctor, ftdn_error *err)
{
    FTDN_TRY(ftdn_doctor_examine_program(doctor, err));
    FTDN_TRY(ftdn_doctor_try_backends(doctor, err));
    FTDN_TRY(ftdn_doctor_try_devices(doctor, err));
    return ftdn_doctor_examine_surroundings(doctor, err);
}

static void write_text(const ftdn_doctor *doctor, ftdn_text *text)
{
    for (int i = 0; i < doctor->n_findings; i++) {
        const ftdn_finding *finding = &doctor->finding[i];
        ftdn_text_append(text, "%-7s  %-11s  ", state_words[finding->state], finding->what);
        ftdn_append_shown(text, finding->text);
        if (finding->advice) ftdn_text_append(text, "; %s", finding->advice);
        ftdn_text_append(text, "\n");
    }
}

static void write_devices_json(const ftdn_doctor *doctor, ftdn_text *text)
{
    ftdn_text_append(text, ",\"devices\":[");
    for (int i = 0; i < doctor->n_devices && i < FTDN_DOCTOR_MAX_DEVICES; i++) {
        const ftdn_device_info *info = &doctor->device[i];
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "name", info->name);
        ftdn_text_append(text, ",\"capability\":\"%d.%d\",\"multiprocessors\":%d", info->major, info->minor,
                         info->n_multiprocessors);
        ftdn_append_json_member(text, "driver", info->driver);
        ftdn_text_append(text, ",\"total_bytes\":%zu,\"free_bytes\":%zu}", info->total_bytes, info->free_bytes);
    }
    ftdn_text_append(text, "]");
}

static void write_json(const ftdn_doctor *doctor, bool gpu_works, ftdn_text *text)
{
    ftdn_text_append(text, "{\"cpu_works\":%s,\"gpu_works\":%s", doctor->cpu_works ? "true" : "false",
                     gpu_works ? "true" : "false");
    write_devices_json(doctor, text);
    ftdn_text_append(text, ",\"findings\":[");
    for (int i = 0; i < doctor->n_findings; i++) {
        const ftdn_finding *finding = &doctor->finding[i];
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "what", finding->what);
        ftdn_append_json_member(text, "state", state_words[finding->state]);
        ftdn_append_json_member(text, "text", finding->text);
        ftdn_append_json_member(text, "advice", finding->advice);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}\n");
}

static ftdn_status print_findings(const doctor_options *options, ftdn_arena *arena, ftdn_exit_code *ret_exit,
                                  ftdn_error *err)
{
    ftdn_doctor doctor;
    ftdn_text text;
    ftdn_doctor_init(&doctor, arena);
    FTDN_TRY(examine(&doctor, err));
    int n_tried = doctor.n_devices < FTDN_DOCTOR_MAX_DEVICES ? doctor.n_devices : FTDN_DOCTOR_MAX_DEVICES;
    bool gpu_works = n_tried > 0 && doctor.n_sound_devices == n_tried;
    ftdn_text_init(&text);
    if (options->wants_json) write_json(&doctor, gpu_works, &text);
    else write_text(&doctor, &text);
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    if (!doctor.cpu_works || (options->needs_gpu && !gpu_works)) *ret_exit = FTDN_EXIT_UNEXPECTED;
    return status;
}

ftdn_status ftdn_command_doctor(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    doctor_options options = {0};
    const ftdn_option option[] = {
        FTDN_FLAG_OPTION("gpu", 0, &options.needs_gpu, "exit code 1 unless a device answers and computes as it should"),
        FTDN_FLAG_OPTION("json", 0, &options.wants_json, "print the findings as one JSON object"),
    };
    const ftdn_command command = {
        .name = "ftdn doctor",
        .arguments = "",
        .summary = "Tell what this program and this machine have, and what to do about what is missing.",
        .example = "ftdn doctor",
        .details = "Each line is a finding: ok, missing or broken. The backends and each device compute two small\n"
                   "convolutions, which are compared with the reference. The exit code is 0 where the processor\n"
                   "works: devices, gnuplot and Slurm may be missing.",
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_arena arena;
    ftdn_arguments arguments;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help) status = print_findings(&options, &arena, ret_exit, err);
    ftdn_arena_done(&arena);
    return status;
}
