#include "harness/terminal/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "harness/bench/bench.h"
#include "harness/terminal/print.h"

typedef struct bench_values {
    const char *model;
    long long n_threads, n_repeats, n_images;
    bool wants_winograd, wants_json;
} bench_values;

static ftdn_status choose_part(const char *name, bool *wanted, ftdn_error *err)
{
    for (int i = 0; i < FTDN_BENCH_N_PARTS; i++) {
        if (strcmp(name, ftdn_bench_part_name[i]) != 0) continue;
        wanted[i] = true;
        return FTDN_OK;
    }
    if (strcmp(name, "overhead") == 0 || strcmp(name, "device") == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is measured alone, and is the first word: ftdn bench %s", name, name);
    const char *nearest = ftdn_suggest(name, ftdn_bench_part_name, FTDN_BENCH_N_PARTS);
    if (nearest)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "nothing to measure is called '%s'; did you mean '%s'?", name, nearest);
    return FTDN_FAIL(err, FTDN_ERR_ARG,
                     "nothing to measure is called '%s'; 'ftdn bench --help' lists what can be measured", name);
}

static ftdn_status bench(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                         ftdn_error *err)
{
    const bench_values *values = user;
    ftdn_bench_options options = {
        .model = values->model,
        .conv_algorithm = values->wants_winograd ? FTDN_CONV_WINOGRAD : FTDN_CONV_DIRECT,
        .n_threads = (int)values->n_threads,
        .n_repeats = (int)values->n_repeats,
        .n_images = (int)values->n_images,
        .progress = isatty(STDERR_FILENO) ? stderr : NULL,
    };
    for (int i = 0; i < arguments->n_arguments; i++) FTDN_TRY(choose_part(arguments->argument[i], options.wanted, err));
    for (int i = 0; i < FTDN_BENCH_N_PARTS; i++) options.wanted[i] |= arguments->n_arguments == 0;
    ftdn_bench result;
    FTDN_TRY(ftdn_bench_run(&options, arena, &result, err));
    if (values->wants_json) ftdn_bench_write_json(&result, text);
    else ftdn_bench_write_table(&result, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_bench(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    if (argc > 1 && strcmp(argv[1], "overhead") == 0) return ftdn_command_overhead(argc - 1, argv + 1, ret_exit, err);
    if (argc > 1 && strcmp(argv[1], "device") == 0) return ftdn_command_bench_device(argc - 1, argv + 1, ret_exit, err);
    bench_values values = {.n_threads = ftdn_default_threads(), .n_repeats = 7, .n_images = 16};
    const ftdn_option options[] = {
        FTDN_INTEGER_OPTION("threads", 't', "N", &values.n_threads, 1, 1024,
                            "worker threads (default: the processor's cores)"),
        FTDN_INTEGER_OPTION("repeats", 'r', "N", &values.n_repeats, 1, 1000, "samples of each measure (default: 7)"),
        FTDN_INTEGER_OPTION("images", 'n', "N", &values.n_images, 1, 10000, "images of an evaluation (default: 16)"),
        FTDN_TEXT_OPTION("model", 'm', "NETWORK", &values.model,
                         "one network, ssd_mobilenet_v1 or ssd_vgg16 (default: both)"),
        FTDN_FLAG_OPTION("winograd", 0, &values.wants_winograd, "Winograd's algorithm for 3x3 convolutions"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of a table"),
    };
    enum { N_ALONE = 2, N_WORDS = FTDN_BENCH_N_PARTS + N_ALONE };
    const char *words[N_WORDS] = {"overhead", "device"};
    memcpy(words + N_ALONE, ftdn_bench_part_name, sizeof ftdn_bench_part_name);
    const ftdn_command command = {
        .name = "ftdn bench",
        .arguments = "[NAME...]",
        .summary = "Measure how fast this machine does what a campaign does, in a minute or two. Needs no file.",
        .example = "ftdn bench evaluate weights --model ssd_mobilenet_v1",
        .details =
            "Names (default: all of them):\n"
            "  evaluate  decoded images to average precision with 1 % faults in the map of every convolution of the\n"
            "            blocks: where the time goes, what injection adds to the clean forward pass (run in turn with\n"
            "            it), and how much of the processor's multiply-add ceiling the forward pass reaches\n"
            "  weights   setting up a trial's weights with 1 % faults\n"
            "  protect   trials with 1 % weight faults and half of the channels kept twice, against unprotected ones\n"
            "  sites     finding fault sites, on one thread, in each version this processor runs\n"
            "  detect    scores, box code and suppression of one image, on one thread; in the worst case all priors\n"
            "            of all classes pass\n"
            "  scenes    painting generated test scenes\n"
            "  train     batches of 32 images in training, forward and backward, of an SSD-MobileNet a quarter as "
            "wide\n"
            "            with 8 classes (whatever --model and --images say), loss and optimizer apart\n"
            "  campaign  null trials through scheduler, workers and store, against a bare sync to disk (files in a\n"
            "            folder below the current one, removed at the end)\n"
            "  ceiling   multiply-adds on registers alone\n"
            "  memory    of a set-up for trials, and of the process at its peak\n"
            "Alone, with options of their own ('ftdn bench overhead --help'), and not among 'all of them':\n"
            "  overhead  what protections cost: time of one image, memory\n"
            "  device    evaluations on a GPU\n\n"
            "Each line is the median of the repeats, between the lowest and the highest. What runs on one thread is\n"
            "given in processor time, everything else in time of the clock on the wall. Limits are the design's\n"
            "figures for two cores; evaluation, weights and training are compared with them at two threads only. A "
            "processor on\n"
            "which 'forward if it ran at the ceiling' exceeds the limit cannot meet it. Winograd's algorithm is\n"
            "credited with the operations of the direct one. On a busy machine ('processor time got' well under\n"
            "100 %) read the lowest.",
        .min_arguments = 0,
        .max_arguments = 100,
        .n_options = sizeof options / sizeof *options,
        .option = options,
        .n_words = N_WORDS,
        .word = words,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, bench, &values, err);
}
