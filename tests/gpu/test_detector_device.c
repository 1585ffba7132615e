/* Detections made on a device against those of the processor: the same bits, whatever the answers. */
#include "detect/detector_device.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tests/gpu/heads.h"
#include "tests/gpu/refused_memory.h"

static const ftdn_detect_rule paper_rule = {.score_threshold = 0.01, .nms_iou = 0.45, .candidates_per_class = 200};

static const ftdn_detector_device_table *table(void)
{
    return ftdn_test_module()->detector;
}

static ftdn_device_detector_desc describe(const heads *h, bool averages, ftdn_detect_rule rule)
{
    return (ftdn_device_detector_desc){
        .network = h->network,
        .n_networks = h->n_networks,
        .averages = averages,
        .priors = h->priors,
        .rule = rule,
        .context = h->machine.context,
    };
}

static ftdn_device_detector *create(const heads *h, bool averages, ftdn_detect_rule rule)
{
    ftdn_error err;
    ftdn_device_detector *detector;
    const ftdn_device_detector_desc desc = describe(h, averages, rule);
    FTDN_ASSERT_OK(table()->create(&desc, &detector, &err), err);
    return detector;
}

/* What the processor finds in the answers that stand in the maps. */
typedef struct expected_lists {
    ftdn_detector detector;
    float *logits, *locations; /* averages */
    bool averages;
} expected_lists;

static expected_lists expect(heads *h, bool averages, ftdn_detect_rule rule)
{
    ftdn_error err;
    expected_lists expected = {.averages = averages};
    FTDN_ASSERT_OK(ftdn_detector_init(&expected.detector, h->network, &rule, &h->arena, &err), err);
    expected.logits = heads_floats(h, (size_t)h->n_priors * (size_t)h->n_columns);
    expected.locations = heads_floats(h, (size_t)h->n_priors * 4);
    return expected;
}

static const ftdn_detector *expect_list(expected_lists *expected, const heads *h, int list, int image)
{
    const float *logits = heads_logits(h, list, image), *locations = heads_locations(h, list, image);
    if (expected->averages) {
        size_t n_priors = (size_t)h->n_priors;
        ftdn_combine_answers(logits, heads_logits(h, 1, image), n_priors * (size_t)h->n_columns, expected->logits);
        ftdn_combine_answers(locations, heads_locations(h, 1, image), n_priors * 4, expected->locations);
        logits = expected->logits;
        locations = expected->locations;
    }
    ftdn_detect(&expected->detector, logits, locations, h->priors);
    return &expected->detector;
}

static void assert_same_list(const ftdn_device_detections *found, const ftdn_detector *expected)
{
    assert_int_equal(found->n_nonfinite, expected->n_nonfinite);
    assert_int_equal(found->n_detections, expected->n_detections);
    for (int i = 0; i < expected->n_detections; i++) {
        const ftdn_detection *a = &found->detection[i], *b = &expected->detection[i];
        if (memcmp(a, b, sizeof *a)) {
            fail_msg("detection %d: class %d, prior %d, score %.9g; expected class %d, prior %d, score %.9g", i,
                     a->class_index, a->prior, (double)a->score, b->class_index, b->prior, (double)b->score);
        }
    }
}

/* All lists of a slot; returns how many detections there are. */
static int assert_slot(ftdn_device_detector *detector, int slot, expected_lists *expected, const heads *h, int n_images)
{
    ftdn_error err;
    ftdn_device_detections found[MAX_NETWORKS * 8];
    int n_lists = expected->averages ? 1 : h->n_networks, n_found = 0;
    assert_true(n_images <= 8);
    FTDN_ASSERT_OK(table()->receive(detector, slot, n_images, found, &err), err);
    for (int list = 0; list < n_lists; list++) {
        for (int image = 0; image < n_images; image++) {
            const ftdn_device_detections *own = &found[list * n_images + image];
            assert_same_list(own, expect_list(expected, h, list, image));
            n_found += own->n_detections;
        }
    }
    return n_found;
}

static void detect_and_send(ftdn_device_detector *detector, int slot)
{
    ftdn_error err;
    FTDN_ASSERT_OK(table()->detect(detector, slot, &err), err);
    FTDN_ASSERT_OK(table()->send(detector, slot, &err), err);
}

static int check_once(const heads_desc *desc, bool averages, ftdn_detect_rule rule, int n_steps, bool may_break)
{
    heads h;
    heads_init(&h, desc);
    heads_fill(&h, n_steps, may_break);
    ftdn_device_detector *detector = create(&h, averages, rule);
    expected_lists expected = expect(&h, averages, rule);
    detect_and_send(detector, 0);
    int n_found = assert_slot(detector, 0, &expected, &h, desc->micro_batch);
    table()->free(detector);
    heads_done(&h);
    return n_found;
}

/* Ties and broken numbers, small and large classes, every limit. */
static void check_random_answers(const char *order)
{
    static const double limits[] = {0, 0.25, 0.45, 0.5, 1}, thresholds[] = {-1, 0, 0.01, 0.2, 0.5, 1};
    static const int candidates[] = {1, 7, 200, 300, 5000};
    int n_found = 0;
    srand(4 + (unsigned)order[0]);
    for (int round = 0; round < 24; round++) {
        const heads_desc desc = {
            .in = {1 + rand() % 8, 1 + rand() % 8, 3},
            .n_boxes = {1 + rand() % 4, 1 + rand() % 6},
            .n_classes = 1 + rand() % 4,
            .n_networks = 1 + rand() % 2,
            .micro_batch = 1 + rand() % 3,
            .score_kind = rand() % 2 ? FTDN_SCORE_SOFTMAX : FTDN_SCORE_SIGMOID,
        };
        const ftdn_detect_rule rule = {thresholds[rand() % 6], limits[rand() % 5], candidates[rand() % 5]};
        bool averages = desc.n_networks == 2 && rand() % 2;
        n_found += check_once(&desc, averages, rule, rand() % 2 ? 7 : 100000, rand() % 2);
    }
    assert_true(n_found > 500);
}

static void random_answers_give_the_lists_of_the_processor(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_random_answers);
}

/* More priors than a block has threads, and than a tile and shared memory hold. */
static void lists_of_many_priors_are_those_of_the_processor(void **state)
{
    (void)state;
    static const struct {
        int side, n_classes, candidates;
        double threshold;
        int n_steps;
    } cases[] = {
        {20, 20, 200, 0.01, 100000},                           /* clean scores */
        {20, 20, 300, 0, 3},                                   /* every prior passes, and most scores are equal */
        {20, 2, 1024, 0, 100000},                              /* the most that shared memory holds */
        {20, 2, 1025, 0, 5},         {20, 2, 2000, 0, 100000}, /* all of them */
        {38, 1, 200, 0, 1},                                    /* all scores are equal: the first priors are taken */
        {6, 150, 200, 0.001, 1000},                            /* a tile of fewer priors than a block has threads */
    };
    srand(11);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const heads_desc desc = {
            .in = {cases[i].side, cases[i].side, 3},
            .n_boxes = {4, 4},
            .n_classes = cases[i].n_classes,
            .n_networks = 1,
            .micro_batch = 2,
            .score_kind = FTDN_SCORE_SOFTMAX,
        };
        const ftdn_detect_rule rule = {cases[i].threshold, 0.45, cases[i].candidates};
        assert_true(check_once(&desc, false, rule, cases[i].n_steps, false) > 0);
    }
}

static const heads_desc small = {
    .in = {6, 5, 3},
    .n_boxes = {3, 2},
    .n_classes = 3,
    .n_networks = 1,
    .micro_batch = 3,
    .score_kind = FTDN_SCORE_SOFTMAX,
};

static void an_image_of_which_nothing_is_a_number_has_no_detections(void **state)
{
    (void)state;
    heads h;
    heads_init(&h, &small);
    heads_fill(&h, 1000, false);
    for (int i = 0; i < h.n_priors * h.n_columns; i++) heads_logits(&h, 0, 1)[i] = NAN;
    for (int i = 0; i < h.n_priors * 4; i++) heads_locations(&h, 0, 2)[i] = i % 4 ? 0 : INFINITY;
    heads_upload(&h);
    ftdn_device_detector *detector = create(&h, false, paper_rule);
    expected_lists expected = expect(&h, false, paper_rule);
    detect_and_send(detector, 0);
    assert_true(assert_slot(detector, 0, &expected, &h, 3) > 0);
    ftdn_error err;
    ftdn_device_detections found[3];
    FTDN_ASSERT_OK(table()->receive(detector, 0, 3, found, &err), err);
    assert_int_equal(found[0].n_nonfinite, 0);
    assert_int_equal(found[1].n_nonfinite, h.n_priors * h.n_columns);
    assert_int_equal(found[1].n_detections, 0);
    assert_int_equal(found[2].n_nonfinite, h.n_priors);
    assert_int_equal(found[2].n_detections, 0);
    table()->free(detector);
    heads_done(&h);
}

/* As a trial does it: the host reads one micro-batch while the next one is under way. */
static void check_slots(const char *order)
{
    heads h;
    srand(5 + (unsigned)order[0]);
    heads_init(&h, &small);
    heads next = heads_with_other_answers(&h);
    ftdn_device_detector *detector = create(&h, false, paper_rule);
    expected_lists expected = expect(&h, false, paper_rule);
    for (int round = 0; round < 3; round++) {
        heads_fill(&h, 1000, false);
        detect_and_send(detector, 0);
        heads_fill(&next, 1000, false);
        detect_and_send(detector, 1);
        assert_true(assert_slot(detector, 0, &expected, &h, 3) > 0);
        assert_true(assert_slot(detector, 1, &expected, &next, 2) > 0); /* a last batch that is not full */
    }
    table()->free(detector);
    heads_done(&h);
}

static void two_slots_hold_two_micro_batches(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_slots);
}

/* Detected one after the other, sent later: a slot keeps what it holds on the device too. */
static void a_slot_may_be_sent_after_the_other_was_filled(void **state)
{
    (void)state;
    ftdn_error err;
    heads h;
    srand(8);
    heads_init(&h, &small);
    heads next = heads_with_other_answers(&h);
    ftdn_device_detector *detector = create(&h, false, paper_rule);
    expected_lists expected = expect(&h, false, paper_rule);
    heads_fill(&h, 1000, false);
    FTDN_ASSERT_OK(table()->detect(detector, 0, &err), err);
    heads_fill(&next, 1000, false);
    FTDN_ASSERT_OK(table()->detect(detector, 1, &err), err);
    FTDN_ASSERT_OK(table()->send(detector, 0, &err), err);
    FTDN_ASSERT_OK(table()->send(detector, 1, &err), err);
    assert_true(assert_slot(detector, 1, &expected, &next, 3) > 0);
    assert_true(assert_slot(detector, 0, &expected, &h, 3) > 0);
    table()->free(detector);
    heads_done(&h);
}

static void a_recorded_detection_reads_the_maps_of_its_replay(void **state)
{
    (void)state;
    ftdn_error err;
    heads h;
    srand(9);
    heads_init(&h, &small);
    ftdn_device_detector *detector = create(&h, false, paper_rule);
    expected_lists expected = expect(&h, false, paper_rule);
    const ftdn_device_table *device = ftdn_test_module()->device;
    ftdn_device_recording *recording;
    FTDN_ASSERT_OK(device->record_begin(h.machine.context, &err), err);
    FTDN_ASSERT_OK(table()->detect(detector, 0, &err), err);
    FTDN_ASSERT_OK(device->record_end(h.machine.context, &recording, &err), err);
    for (int round = 0; round < 2; round++) {
        heads_fill(&h, 1000, round == 1);
        FTDN_ASSERT_OK(device->replay(recording, h.machine.context, &err), err);
        FTDN_ASSERT_OK(table()->send(detector, 0, &err), err);
        assert_true(assert_slot(detector, 0, &expected, &h, 3) > 0);
    }
    device->recording_free(recording);
    table()->free(detector);
    heads_done(&h);
}

static void answers_are_read_back_as_they_are(void **state)
{
    (void)state;
    ftdn_error err;
    heads h;
    heads_desc desc = small;
    desc.n_networks = 2;
    srand(10);
    heads_init(&h, &desc);
    heads_fill(&h, 1000, true);
    ftdn_device_detector *detector = create(&h, true, paper_rule);
    size_t n_logits = (size_t)h.n_priors * (size_t)h.n_columns, n_locations = (size_t)h.n_priors * 4;
    float *logits = heads_floats(&h, n_logits), *locations = heads_floats(&h, n_locations);
    for (int network = 0; network < 2; network++) {
        for (int image = 0; image < 3; image++) {
            FTDN_ASSERT_OK(table()->read_answer(detector, network, image, logits, locations, &err), err);
            assert_memory_equal(logits, heads_logits(&h, network, image), n_logits * sizeof *logits);
            assert_memory_equal(locations, heads_locations(&h, network, image), n_locations * sizeof *locations);
        }
    }
    table()->free(detector);
    heads_done(&h);
}

static void rules_outside_their_ranges_are_refused(void **state)
{
    (void)state;
    ftdn_error err;
    heads h;
    heads_init(&h, &small);
    ftdn_device_detector *detector;
    ftdn_device_detector_desc desc = describe(&h, false, paper_rule);
    desc.rule.nms_iou = 1.5;
    FTDN_ASSERT_FAILS(table()->create(&desc, &detector, &err), FTDN_ERR_ARG, "overlap for suppression 1.5", err);
    desc.rule = paper_rule;
    desc.rule.candidates_per_class = 0;
    FTDN_ASSERT_FAILS(table()->create(&desc, &detector, &err), FTDN_ERR_ARG, "0 candidates per class", err);
    heads_done(&h);
}

/* In a child: from the answers to the host, where the k-th kernel breaks. Answers 0 where all went well, 1 where the
 * failure is told as it should be. */
static int detect_until(int k, const char *order)
{
    ftdn_error err;
    heads h;
    char text[16];
    heads_init(&h, &small);
    heads_fill(&h, 1000, false);
    ftdn_device_detector *detector = create(&h, false, paper_rule);
    snprintf(text, sizeof text, "%d", k);
    setenv("FTDN_EMULATOR_ORDER", order, 1);
    setenv("FTDN_EMULATOR_FAIL_LAUNCH", text, 1);
    ftdn_device_detections found[3];
    ftdn_status status = table()->detect(detector, 0, &err);
    if (status == FTDN_OK) status = table()->send(detector, 0, &err);
    if (status == FTDN_OK) status = table()->receive(detector, 0, 3, found, &err);
    table()->free(detector);
    heads_done(&h);
    if (status == FTDN_OK) return 0;
    return status == FTDN_ERR_BACKEND && strstr(err.message, "an illegal memory access was encountered") ? 1 : 2;
}

/* The first test: a process that has touched the device has no children there. */
static void a_kernel_that_breaks_is_a_failure_of_the_backend(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    static const char *const orders[] = {"", "lazy"};
    for (int i = 0; i < 2; i++) {
        for (int k = 1; k <= 4; k++) { /* scores, selection, packing, and none */
            pid_t child = fork();
            assert_true(child >= 0);
            if (!child) _exit(detect_until(k, orders[i]));
            int status;
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), k <= 3);
        }
    }
}

static ftdn_status create_and_free(void *user, ftdn_error *err)
{
    ftdn_device_detector *detector = NULL;
    const ftdn_device_detector_desc desc = describe(user, false, paper_rule);
    ftdn_status status = table()->create(&desc, &detector, err);
    assert_int_equal(!detector, status != FTDN_OK);
    if (detector) table()->free(detector);
    return status;
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    heads h;
    srand(12);
    heads_init(&h, &small);
    heads_fill(&h, 1000, false);
    assert_true(ftdn_test_refuse_each_allocation(create_and_free, &h) > 10);
    ftdn_device_detector *detector = create(&h, false, paper_rule);
    expected_lists expected = expect(&h, false, paper_rule);
    detect_and_send(detector, 0);
    assert_true(assert_slot(detector, 0, &expected, &h, 3) > 0);
    table()->free(detector);
    heads_done(&h);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_that_breaks_is_a_failure_of_the_backend),
        cmocka_unit_test(random_answers_give_the_lists_of_the_processor),
        cmocka_unit_test(lists_of_many_priors_are_those_of_the_processor),
        cmocka_unit_test(an_image_of_which_nothing_is_a_number_has_no_detections),
        cmocka_unit_test(two_slots_hold_two_micro_batches),
        cmocka_unit_test(a_slot_may_be_sent_after_the_other_was_filled),
        cmocka_unit_test(a_recorded_detection_reads_the_maps_of_its_replay),
        cmocka_unit_test(answers_are_read_back_as_they_are),
        cmocka_unit_test(rules_outside_their_ranges_are_refused),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
