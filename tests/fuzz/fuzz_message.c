/* fuzz_message.c - bodies of messages between scheduler and workers, which a worker may garble before it dies. */
#include <math.h>
#include <string.h>

#include "harness/campaign/message.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, const char *bytes, size_t n_bytes)
{
    if (!text) return;
    FTDN_FUZZ_CHECK(text >= bytes && text < bytes + n_bytes);
    FTDN_FUZZ_CHECK(memchr(text, 0, n_bytes - (size_t)(text - bytes)));
}

static void read_record(const char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_trial_record record;
    ftdn_message_reader reader = {.at = bytes, .end = bytes + n_bytes};
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_message_get_record(&reader, &arena, &record, &err);
    (void)ftdn_fuzz_is_read(status, &err, "worker");
    for (int i = 0; status == FTDN_OK && i < record.n_classes; i++)
        check_text(record.class_row[i].class_name, bytes, n_bytes);
    for (int i = 0; status == FTDN_OK && i < record.n_timings; i++)
        check_text(record.timing_row[i].stage, bytes, n_bytes);
    for (int i = 0; status == FTDN_OK && i < record.n_faults; i++) {
        check_text(record.fault_row[i].layer, bytes, n_bytes);
        check_text(record.fault_row[i].location, bytes, n_bytes);
    }
    ftdn_fuzz_check_memory(&arena, n_bytes, 1 << 17, 64);
    ftdn_arena_done(&arena);
}

static void read_scores(const char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_layer_scores *layer;
    int n_layers;
    ftdn_message_reader reader = {.at = bytes, .end = bytes + n_bytes};
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_message_get_scores(&reader, &arena, &layer, &n_layers, &err);
    if (ftdn_fuzz_is_read(status, &err, "worker")) {
        double sum = 0;
        for (int l = 0; l < n_layers; l++)
            for (int k = 0; k < layer[l].n_channels; k++) sum += layer[l].score[k];
        FTDN_FUZZ_CHECK(isnan(sum) || sum == sum);
    }
    ftdn_fuzz_check_memory(&arena, n_bytes, 1 << 17, 64);
    ftdn_arena_done(&arena);
}

static void read_message(char *bytes, size_t n_bytes)
{
    read_record(bytes, n_bytes);
    read_scores(bytes, n_bytes);
}

static void add_body(ftdn_fuzz_corpus *corpus, ftdn_text *text)
{
    ftdn_message_end(text);
    ftdn_fuzz_add_seed(corpus, text->chars + sizeof(ftdn_message_header), text->n_chars - sizeof(ftdn_message_header));
    ftdn_text_done(text);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    static const ftdn_class_row classes[] = {{"cat", 0.1, 0.2, 3}, {"dog", 0, 1, 0}};
    static const ftdn_timing_row timings[] = {{"weights", 1e-300}, {"total", 2.5}};
    static const ftdn_fault_row faults[] = {{"base_net.1.3", "weights", 1, INT64_C(1) << 40, 0.01, 17, 16}};
    static const ftdn_trial_record record = {.class_row = classes, .n_classes = 2, .timing_row = timings,
                                             .n_timings = 2, .fault_row = faults, .n_faults = 1};
    double score[3] = {0.5, -1, 1e300};
    const ftdn_layer_scores layers[] = {{"base_net.2.3", 3, score}, {"base_net.1.0", 1, score}};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_message_begin(&text, FTDN_MESSAGE_RESULT, 0);
    ftdn_message_put_record(&text, &record);
    add_body(corpus, &text);
    ftdn_text_init(&text);
    ftdn_message_begin(&text, FTDN_MESSAGE_SCORES, 0);
    ftdn_message_put_scores(&text, layers, 2);
    add_body(corpus, &text);
}

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "message", .max_bytes = 1024, .read = read_message, .add_seeds = add_seeds};
