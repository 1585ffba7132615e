/* command_bench_device.c - `ftdn bench device`. */
#include <unistd.h>

#include "harness/bench/bench_device.h"
#include "harness/terminal/command.h"
#include "harness/terminal/print.h"

typedef struct device_values {
    const char *model;
    double width;
    long long micro_batch, n_images, n_repeats;
    bool wants_json;
} device_values;

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    (void)arguments;
    const device_values *values = user;
    const ftdn_device_bench_options options = {
        .model = values->model,
        .width = values->width,
        .micro_batch = (int)values->micro_batch,
        .n_images = (int)values->n_images,
        .n_repeats = (int)values->n_repeats,
        .progress = isatty(STDERR_FILENO) ? stderr : NULL,
    };
    ftdn_device_bench *bench = FTDN_NEW(arena, 1, ftdn_device_bench, err);
    if (!bench) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_bench_device(&options, arena, bench, err));
    if (values->wants_json) ftdn_device_bench_write_json(bench, text);
    else ftdn_device_bench_write_table(bench, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_bench_device(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    device_values values = {.micro_batch = 128, .n_images = 512, .n_repeats = 7};
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("model", 'm', "NETWORK", &values.model,
                         "one network (default: ssd_mobilenet_v1 and ssd_vgg16)"),
        FTDN_NUMBER_OPTION("width", 0, "X", &values.width, 0.01, 16,
                           "its channels' multiplier (default: as published)"),
        FTDN_INTEGER_OPTION("micro-batch", 'b', "N", &values.micro_batch, 1, 1024,
                            "the largest; 1, 8, 32 and 64 below it are measured too (default: 128)"),
        FTDN_INTEGER_OPTION("images", 'n', "N", &values.n_images, 1, 100000, "of an evaluation (default: 512)"),
        FTDN_INTEGER_OPTION("repeats", 'r', "N", &values.n_repeats, 1, 1000, "samples of each measure (default: 7)"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of a table"),
    };
    const ftdn_command command = {
        .name = "ftdn bench device",
        .arguments = "",
        .summary = "Measure how fast the first GPU does what a campaign does. Needs no file.",
        .example = "ftdn bench device --model ssd_mobilenet_v1",
        .details =
            "For each network, with f32 and with TF32 numbers: whole evaluations with 1 % faults in the feature maps,\n"
            "by the size of a micro-batch; and at 64 images, the size that campaigns use, where the time goes, what\n"
            "injection adds to the forward pass, what the device's memory holds, what protections cost (one image at\n"
            "a time, as in Table 1; fmr by micro-batches too), and the floor of the forward pass: its bytes at the\n"
            "bandwidth of a copy on the device, or its multiply-adds at the rate of a large convolution, whichever\n"
            "takes longer, step by step. Limits are the design's figures for an H200.",
        .min_arguments = 0,
        .max_arguments = 0,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &values, err);
}
