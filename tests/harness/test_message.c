/* test_message.c - what crosses between scheduler and workers arrives bit for bit, or is seen to be broken. */
#include "harness/campaign/message.h"

#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/support.h"

static const ftdn_class_row classes[] = {{"cat", 0.1, 0x1.999999999999ap-4, 3}, {"dog", (double)NAN, (double)NAN, 0}};
static const ftdn_timing_row timings[] = {{"weights", 1e-300}, {"total", 2.5}};
static const ftdn_fault_row faults[] = {{"base_net.1.3", "weights", 1, INT64_C(1) << 40, 0.01, 17, 16}};

static ftdn_trial_record make_record(void)
{
    return (ftdn_trial_record){
        .map_voc07 = 0.1,
        .map_area = (double)NAN,
        .n_images = 300,
        .n_nonfinite_outputs = 5,
        .n_nonfinite_faults = INT64_MAX,
        .seconds = 1.5,
        .overhead = {1, 2, 3, 4, 5, 6},
        .class_row = classes,
        .n_classes = 2,
        .timing_row = timings,
        .n_timings = 2,
        .fault_row = faults,
        .n_faults = 1,
    };
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void assert_same_record(const ftdn_trial_record *a, const ftdn_trial_record *b)
{
    assert_true(same_bits(a->map_voc07, b->map_voc07) && same_bits(a->map_area, b->map_area));
    assert_true(a->n_images == b->n_images && a->n_nonfinite_outputs == b->n_nonfinite_outputs);
    assert_true(a->n_nonfinite_faults == b->n_nonfinite_faults && same_bits(a->seconds, b->seconds));
    assert_memory_equal(&a->overhead, &b->overhead, sizeof a->overhead);
    assert_int_equal(a->n_classes, b->n_classes);
    for (int i = 0; i < a->n_classes; i++) {
        assert_string_equal(a->class_row[i].class_name, b->class_row[i].class_name);
        assert_true(same_bits(a->class_row[i].ap_voc07, b->class_row[i].ap_voc07));
        assert_true(same_bits(a->class_row[i].ap_area, b->class_row[i].ap_area));
        assert_int_equal(a->class_row[i].n_objects, b->class_row[i].n_objects);
    }
    assert_int_equal(a->n_timings, b->n_timings);
    for (int i = 0; i < a->n_timings; i++) {
        assert_string_equal(a->timing_row[i].stage, b->timing_row[i].stage);
        assert_true(same_bits(a->timing_row[i].seconds, b->timing_row[i].seconds));
    }
    assert_int_equal(a->n_faults, b->n_faults);
    for (int i = 0; i < a->n_faults; i++) {
        const ftdn_fault_row *x = &a->fault_row[i], *y = &b->fault_row[i];
        assert_string_equal(x->layer, y->layer);
        assert_string_equal(x->location, y->location);
        assert_true(x->copy == y->copy && x->n_elements == y->n_elements && x->n_faults == y->n_faults);
        assert_true(x->n_changed == y->n_changed && same_bits(x->requested_rate, y->requested_rate));
    }
}

static void a_record_crosses_a_socket_bit_for_bit(void **state)
{
    (void)state;
    int end[2];
    ftdn_arena arena;
    ftdn_text sent, body;
    ftdn_error err = {0};
    ftdn_message_header header;
    ftdn_trial_record received = {0};
    const ftdn_trial_record record = make_record();
    ftdn_arena_init(&arena);
    ftdn_text_init(&sent);
    ftdn_text_init(&body);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    ftdn_message_begin(&sent, FTDN_MESSAGE_RESULT, 42);
    ftdn_message_put_record(&sent, &record);
    ftdn_message_end(&sent);
    assert_true(ftdn_message_send(end[0], &sent));
    assert_true(ftdn_message_receive(end[1], &header, &body));
    assert_int_equal(header.kind, FTDN_MESSAGE_RESULT);
    assert_int_equal(header.trial, 42);
    ftdn_message_reader reader = {.at = body.chars, .end = body.chars + body.n_chars};
    FTDN_ASSERT_OK(ftdn_message_get_record(&reader, &arena, &received, &err), err);
    assert_ptr_equal(reader.at, reader.end);
    assert_same_record(&record, &received);
    close(end[0]);
    assert_false(ftdn_message_receive(end[1], &header, &body));
    close(end[1]);
    ftdn_text_done(&sent);
    ftdn_text_done(&body);
    ftdn_arena_done(&arena);
}

static void scores_arrive_bit_for_bit(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_text text;
    ftdn_error err = {0};
    double first[] = {1.0 / 3, -2e-308, 7}, second[] = {0.5};
    const ftdn_layer_scores layer[] = {{"conv1", 3, first}, {"conv2", 1, second}};
    ftdn_layer_scores *received;
    int n_layers;
    ftdn_arena_init(&arena);
    ftdn_text_init(&text);
    ftdn_message_put_scores(&text, layer, 2);
    ftdn_message_reader reader = {.at = text.chars, .end = text.chars + text.n_chars};
    FTDN_ASSERT_OK(ftdn_message_get_scores(&reader, &arena, &received, &n_layers, &err), err);
    assert_int_equal(n_layers, 2);
    assert_string_equal(received[1].layer, "conv2");
    assert_memory_equal(received[0].score, first, sizeof first);
    assert_memory_equal(received[1].score, second, sizeof second);
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

/* However short it is cut, and whichever byte is another, a body is read without harm. */
static void a_broken_body_is_an_error_and_no_harm(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_text text;
    ftdn_error err = {0};
    const ftdn_trial_record record = make_record();
    ftdn_trial_record received;
    ftdn_arena_init(&arena);
    ftdn_text_init(&text);
    ftdn_message_put_record(&text, &record);
    for (size_t n = 0; n < text.n_chars; n++) {
        char *cut = malloc(n + 1);
        memcpy(cut, text.chars, n);
        ftdn_message_reader reader = {.at = cut, .end = cut + n};
        FTDN_ASSERT_FAILS(ftdn_message_get_record(&reader, &arena, &received, &err), FTDN_ERR_BACKEND, "ends too early",
                          err);
        free(cut);
        ftdn_arena_done(&arena);
    }
    for (size_t i = 0; i < text.n_chars; i++) {
        text.chars[i] = (char)~text.chars[i];
        ftdn_message_reader reader = {.at = text.chars, .end = text.chars + text.n_chars};
        ftdn_status status = ftdn_message_get_record(&reader, &arena, &received, &err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_BACKEND);
        text.chars[i] = (char)~text.chars[i];
        ftdn_arena_done(&arena);
    }
    ftdn_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_crosses_a_socket_bit_for_bit),
        cmocka_unit_test(scores_arrive_bit_for_bit),
        cmocka_unit_test(a_broken_body_is_an_error_and_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
