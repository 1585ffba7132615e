/* command_overhead.c - `ftdn bench overhead`. */
#include <unistd.h>

#include "harness/bench/bench_conditions.h"
#include "harness/bench/bench_overhead.h"
#include "harness/bench/overhead_store.h"
#include "harness/terminal/command.h"
#include "harness/terminal/print.h"

typedef struct overhead_values {
    const char *db, *model, *weights;
    double width, ratio;
    long long n_repeats, n_images;
    bool wants_winograd, wants_json;
} overhead_values;

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    (void)arguments;
    const overhead_values *values = user;
    if (values->weights && !values->model)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--weights needs --model NAME, the network that they belong to");
    const ftdn_overhead_options options = {
        .model = values->model,
        .width = values->width,
        .weights_path = values->weights,
        .ratio = values->ratio,
        .conv_algorithm = values->wants_winograd ? FTDN_CONV_WINOGRAD : FTDN_CONV_DIRECT,
        .n_warmup = 2,
        .n_repeats = (int)values->n_repeats,
        .n_images = (int)values->n_images,
        .progress = isatty(STDERR_FILENO) ? stderr : NULL,
    };
    const ftdn_bench_conditions conditions = ftdn_bench_conditions_take(options.conv_algorithm);
    const ftdn_latency *latency;
    int n_latencies;
    if (values->db) FTDN_TRY(ftdn_overhead_store_check(values->db, err));
    FTDN_TRY(ftdn_bench_overhead(&options, arena, &latency, &n_latencies, err));
    if (values->db) FTDN_TRY(ftdn_overhead_store_append(values->db, conditions.date, latency, n_latencies, err));
    if (values->wants_json) ftdn_overhead_write_json(&conditions, latency, n_latencies, text);
    else ftdn_overhead_write_table(&conditions, latency, n_latencies, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_overhead(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    overhead_values values = {.ratio = 0.5, .n_repeats = 25, .n_images = 4};
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "add the measurements to this store (default: print them only)"),
        FTDN_TEXT_OPTION("model", 'm', "NETWORK", &values.model,
                         "one network (default: ssd_mobilenet_v1 and ssd_vgg16)"),
        FTDN_TEXT_OPTION("weights", 'w', "FILE", &values.weights, "its weights (default: formula weights)"),
        FTDN_NUMBER_OPTION("width", 0, "X", &values.width, 0.01, 16,
                           "its channels' multiplier (default: as published)"),
        FTDN_NUMBER_OPTION("ratio", 0, "R", &values.ratio, 0, 1, "of the channels that are copied (default: 0.5)"),
        FTDN_INTEGER_OPTION("repeats", 'r', "N", &values.n_repeats, 1, 100000, "images measured (default: 25)"),
        FTDN_INTEGER_OPTION("images", 'n', "N", &values.n_images, 1, 10000, "different ones among them (default: 4)"),
        FTDN_FLAG_OPTION("winograd", 0, &values.wants_winograd, "Winograd's algorithm for 3x3 convolutions"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of tables"),
    };
    const ftdn_command command = {
        .name = "ftdn bench overhead",
        .arguments = "",
        .summary = "Measure what kernel recovery and feature-map recovery cost: time of one image, memory.",
        .example = "ftdn bench overhead --model ssd_mobilenet_v1 --db results/overhead.db",
        .details =
            "Times are processor time of one thread that takes one test scene, as bytes, through the network, without\n"
            "detection. Methods take turns image by image. kr merges its copies, and lays the merged weights out, for\n"
            "each image, as the paper measures it; a campaign does so once per trial. 'x original' is the median over\n"
            "the quotients of neighbours.\n\n"
            "Memory: 'copies' and 'maps' are the paper's count, from the graph: copied filters, and maps of copied\n"
            "channels of feature layers; 'all maps' has those of copied depthwise convolutions too. 'held' is what\n"
            "the engine and the stored copies really take, beyond the original: maps without any memory used twice,\n"
            "those before and after merging apart; 'at a time' as the engine runs, where memory is used again.\n"
            "Rows of --db FILE are read in the view v_overheads.",
        .min_arguments = 0,
        .max_arguments = 0,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &values, err);
}
