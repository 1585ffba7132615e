/* test_device_campaign.c - campaigns on devices: workers, devices and lost ones change no result; the faults are those
 * of the processor; whatever shows a trial shows it as it ran. */
#include <stdlib.h>
#include <string.h>

#include "tests/cli/cli_campaign.h"
#include "tests/gpu/gpu.h"

/* 8 trials. A micro-batch of 2 leaves one of the images alone in the last one. */
#define SWEEP                                                                                                          \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.02], 'faults.feature_map_rate': [0, 0.02],"                        \
    " 'protection': [{'method': 'none'}, {'method': 'kr', 'ratio': 0.5, 'ranking': 'second_order'}]}}"

enum { N_TRIALS = 8, N_IMAGES = 3 };

static void write_manifest(const char *path, const char *engine, const char *rest)
{
    ftdn_cli_write_quoted(path,
                          "{'manifest_version': 1, 'name': 'small',\n"
                          " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},\n"
                          " 'dataset': {'kind': 'test_scenes', 'images': %d},\n"
                          " 'calibration': {'kind': 'test_scenes', 'images': 2, 'allow_overlap': true},\n"
                          " 'engine': {%s}, %s}\n",
                          N_IMAGES, engine, rest);
}

#define ON_DEVICE "'backend': 'cuda', 'micro_batch': 2"
#define ON_PROCESSOR "'backend': 'cpu'"

static int enter(void **state)
{
    unsetenv("FTDN_EMULATOR_DEVICES");
    unsetenv("FTDN_EMULATOR_FAIL_LAUNCH");
    unsetenv("FTDN_EMULATOR_FAIL_ALLOC");
    return ftdn_cli_enter(state);
}

static void workers_and_devices_change_no_result(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_manifest("m.json", ON_DEVICE, SWEEP);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "-q", "--db", "a.db"));
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(*) FROM v_trials WHERE backend = 'cuda'", N_TRIALS);
    const char *expected = ftdn_cli_results(arena, "a.db");
    if (ftdn_test_module()->is_emulated) setenv("FTDN_EMULATOR_DEVICES", "2", 1);
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "run", "m.json", "-q", "--db", "b.db", "-w", "2", "-t", "2", "-b", "1", "--canary", "2"));
    assert_string_equal(ftdn_cli_results(arena, "b.db"), expected);
}

static void each_device_has_a_worker_and_is_named(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!ftdn_test_module()->is_emulated) skip();
    setenv("FTDN_EMULATOR_DEVICES", "3", 1);
    write_manifest("m.json", ON_DEVICE, "'sweep': {'seeds': 3}");
    ftdn_cli_result result = FTDN_CLI(arena, "run", "m.json", "--db", "a.db");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.out, " by 3 workers");
    ftdn_cli_assert_answer(arena, "a.db", "SELECT workers FROM v_runs", 3);
    const char *environment = ftdn_cli_ask(arena, "a.db", "SELECT device, driver, libraries FROM environments");
    ftdn_cli_assert_says(environment, "emulated device");
    ftdn_cli_assert_says(environment, "\"\"CUDA\"\":\"\"");
}

/* A trial's id names the kind of the first device: another kind would give it other bits. */
static void devices_of_another_kind_are_left_out(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!ftdn_test_module()->is_emulated) skip();
    setenv("FTDN_EMULATOR_DEVICES", "2+2", 1);
    write_manifest("m.json", ON_DEVICE, "'sweep': {'seeds': 4}");
    ftdn_cli_result result = FTDN_CLI(arena, "run", "m.json", "--db", "a.db");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.out, " by 2 workers");
}

/* By what tells trials apart; their ids differ, for the backend is part of them. */
static const char faults_by_trial[] =
    "SELECT t.weight_rate, t.feature_map_rate, t.method, f.location, f.layer, f.copy, f.elements, f.faults "
    "FROM v_faults f JOIN v_trials t ON t.id = f.id ORDER BY 1, 2, 3, 4, 5, 6";

static void faults_are_those_of_the_processor(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_manifest("device.json", ON_DEVICE, SWEEP);
    write_manifest("processor.json", ON_PROCESSOR, SWEEP);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "device.json", "-q", "--db", "device.db"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "processor.json", "-q", "--db", "processor.db"));
    const char *expected = ftdn_cli_ask(arena, "processor.db", faults_by_trial);
    ftdn_cli_assert_says(expected, "base_net.13.3");
    assert_string_equal(ftdn_cli_ask(arena, "device.db", faults_by_trial), expected);
}

/* Every process of the emulator loses its device at the same launch: behind some trials, the next process goes on. */
static void a_lost_device_costs_its_worker_and_no_result(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!ftdn_test_module()->is_emulated) skip();
    write_manifest("m.json", ON_DEVICE, SWEEP);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "-q", "--db", "whole.db"));
    setenv("FTDN_EMULATOR_FAIL_LAUNCH", "800", 1);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "m.json", "--db", "a.db");
    unsetenv("FTDN_EMULATOR_FAIL_LAUNCH");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "an illegal memory access was encountered");
    ftdn_cli_assert_says(result.out, "attempts that failed, all of them made good:\n");
    assert_true(ftdn_cli_ask_number(arena, "a.db", "SELECT count(*) FROM v_attempts WHERE outcome = 'device'") > 0);
    assert_string_equal(ftdn_cli_results(arena, "a.db"), ftdn_cli_results(arena, "whole.db"));
}

/* The allocation that is refused belongs to a later job than the first one: to its network, or to its weights. */
static void a_job_without_room_is_tried_again_without_what_earlier_ones_kept(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const char *const refused[] = {"60", "90"};
    if (!ftdn_test_module()->is_emulated) skip();
    write_manifest("m.json", ON_DEVICE,
                   "'sweep': {'grid': {'faults.weight_rate': [0, 0.02], 'protection': [{'method': 'none'},"
                   " {'method': 'fmr', 'ratio': 0.5, 'ranking': 'weight_sum'}]}}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "-q", "--db", "whole.db"));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        setenv("FTDN_EMULATOR_FAIL_ALLOC", refused[i], 1);
        ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "-q", "--db", refused[i]));
        unsetenv("FTDN_EMULATOR_FAIL_ALLOC");
        ftdn_cli_assert_answer(arena, refused[i], "SELECT count(*) FROM v_attempts WHERE outcome != 'done'", 0);
        assert_string_equal(ftdn_cli_results(arena, refused[i]), ftdn_cli_results(arena, "whole.db"));
    }
}

static void without_a_device_it_says_why(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!ftdn_test_module()->is_emulated) skip();
    setenv("FTDN_EMULATOR_DEVICES", "0", 1);
    write_manifest("m.json", ON_DEVICE, SWEEP);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "m.json", "-q");
    assert_true(result.exit_code != 0);
    ftdn_cli_assert_says(result.err, "m.json:5:24: engine.backend: no device answers: ");
    ftdn_cli_assert_says(result.err,
                         "no CUDA-capable device is detected; 'ftdn doctor' looks at backends and devices\n");
}

/* Of made-up weights, whose scores differ between device and processor in their last digits. */
static const ftdn_json *detect(ftdn_arena *arena, const char *backend)
{
    ftdn_cli_result result = FTDN_CLI(arena, "detect", "voc/JPEGImages/a.jpg", "-m", "ssd_mobilenet_v1", "-w",
                                      "formula:3", "--width", "0.1", "-s", "0.1", "-b", backend, "--json");
    ftdn_cli_assert_done(result);
    return ftdn_cli_member(ftdn_cli_parse(arena, result.out), "detections");
}

static void detect_finds_on_the_device_what_it_finds_on_the_processor(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_voc("voc");
    const ftdn_json *expected = detect(arena, "cpu"), *found = detect(arena, "cuda");
    assert_true(expected->n_children > 0);
    assert_int_equal(found->n_children, expected->n_children);
    for (int i = 0; i < found->n_children; i++) {
        const ftdn_json *a = found->child[i], *b = expected->child[i];
        assert_string_equal(ftdn_cli_member(a, "class")->string, ftdn_cli_member(b, "class")->string);
        assert_true(fabs(ftdn_cli_member(a, "score")->number - ftdn_cli_member(b, "score")->number) < 1e-4);
        for (int k = 0; k < 4; k++)
            assert_true(
                fabs(ftdn_cli_member(a, "box")->child[k]->number - ftdn_cli_member(b, "box")->child[k]->number) < 1e-2);
    }
}

static const char *id_of(ftdn_arena *arena, const char *db)
{
    const char *text = ftdn_cli_ask(arena, db, "SELECT id FROM v_trials");
    return ftdn_arena_copy_text(arena, strchr(text, '\n') + 1, 16, NULL);
}

/* The trials of a plan as JSON. */
static const ftdn_json *list_planned(ftdn_arena *arena, const char *manifest, const char *device, int n_expected)
{
    ftdn_cli_result result =
        device ? FTDN_CLI(arena, "plan", manifest, "--json", "--list", "--no-estimate", "--device", device)
               : FTDN_CLI(arena, "plan", manifest, "--json", "--list", "--no-estimate");
    ftdn_cli_assert_done(result);
    const ftdn_json *trials = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "trials");
    assert_int_equal(trials->n_children, n_expected);
    return trials;
}

static const ftdn_json *engine_of(const ftdn_json *trial)
{
    return ftdn_cli_member(ftdn_cli_member(trial, "spec"), "engine");
}

static void a_plan_for_a_kind_of_device_has_its_ids_wherever_it_is_made(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_manifest("m.json", ON_DEVICE, SWEEP);
    const ftdn_json *here = list_planned(arena, "m.json", "sm_90x132", N_TRIALS);
    const ftdn_json *other = list_planned(arena, "m.json", "sm_120x170", N_TRIALS);
    if (ftdn_test_module()->is_emulated) {
        const ftdn_json *asked = list_planned(arena, "m.json", NULL, N_TRIALS);
        const ftdn_json *named = list_planned(arena, "m.json", "sm_80x4", N_TRIALS); /* the emulated device */
        for (int i = 0; i < N_TRIALS; i++)
            assert_string_equal(ftdn_cli_member(asked->child[i], "id")->string,
                                ftdn_cli_member(named->child[i], "id")->string);
    }
    setenv("FTDN_EMULATOR_DEVICES", "0", 1);
    const ftdn_json *elsewhere = list_planned(arena, "m.json", "sm_90x132", N_TRIALS);
    for (int i = 0; i < N_TRIALS; i++) {
        const char *id = ftdn_cli_member(here->child[i], "id")->string;
        ftdn_cli_assert_says(ftdn_cli_member(engine_of(here->child[i]), "arithmetic")->string, "f32 fma sm_90x132 ");
        ftdn_cli_assert_says(ftdn_cli_member(engine_of(other->child[i]), "arithmetic")->string, "f32 fma sm_120x170 ");
        assert_string_equal(ftdn_cli_member(elsewhere->child[i], "id")->string, id);
        assert_string_not_equal(ftdn_cli_member(other->child[i], "id")->string, id);
    }
    static const char *const wrong[] = {"sm90x132", "sm_9x1",  "sm_",      "sm_090x1",  "sm_90",
                                        "sm_90x",   "sm_90x0", "sm_90x1a", "sm_1200x1", "h200"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ftdn_cli_assert_fails(FTDN_CLI(arena, "plan", "m.json", "--device", wrong[i]), 2,
                              " is no kind of device; they are called sm_90x132");
}

/* Nothing is said that depends on an id, and nothing is measured. */
static void without_a_device_a_plan_has_no_ids(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!ftdn_test_module()->is_emulated) skip();
    setenv("FTDN_EMULATOR_DEVICES", "0", 1);
    write_manifest("m.json", ON_DEVICE, SWEEP);
    const ftdn_json *trials = list_planned(arena, "m.json", NULL, N_TRIALS);
    for (int i = 0; i < N_TRIALS; i++) {
        assert_int_equal(ftdn_cli_member(trials->child[i], "id")->kind, FTDN_JSON_NULL);
        assert_int_equal(ftdn_cli_member(trials->child[i], "done")->kind, FTDN_JSON_NULL);
    }
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "m.json");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\n8 trials; which of them results/small.db holds is not known, because ids name "
                                     "the kind of device that computes: m.json:5:24: engine.backend: no device "
                                     "answers: cudaGetDeviceCount: ");
    ftdn_cli_assert_says(result.out, "; --device sm_90x132 plans for one of that kind\n");
    ftdn_cli_assert_says(result.out, "\n  weight_rate 0.02, feature_map_rate 0.02, kr second_order 0.5 mean, seed 0\n");
    assert_null(strstr(result.out, "missing"));
    assert_null(strstr(result.out, "time "));
    ftdn_cli_assert_fails(FTDN_CLI(arena, "plan", "m.json", "--shard", "1/2"), 1,
                          "which trials are part of a shard follows from their ids");
    ftdn_cli_assert_done(FTDN_CLI(arena, "plan", "m.json", "--shard", "1/2", "--device", "sm_90x132"));
    write_manifest("m.json", ON_PROCESSOR, SWEEP);
    ftdn_cli_assert_says(FTDN_CLI(arena, "plan", "m.json", "--no-estimate").out, "8 trials, 0 in results/small.db");
}

/* Weights drawn for each image: the device takes one at a time, and the trial says so. */
static void the_spec_names_the_micro_batch_that_is_run(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const struct {
        const char *faults, *micro_batch;
    } cases[] = {
        {"'faults': {'weight_rate': 0.02, 'redraw': 'image'}", "micro_batch 1 "},
        {"'faults': {'weight_rate': 0.02}", "micro_batch 2 "},
        {"'faults': {'feature_map_rate': 0.02, 'redraw': 'image'}", "micro_batch 2 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_manifest("m.json", ON_DEVICE, cases[i].faults);
        const char *db = ftdn_arena_format(arena, NULL, "%zu.db", i);
        ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "-q", "--db", db));
        ftdn_cli_result shown = FTDN_CLI(arena, "show", db, id_of(arena, db));
        ftdn_cli_assert_done(shown);
        ftdn_text words;
        ftdn_text_init(&words);
        for (const char *c = shown.out; *c; c++)
            if (*c != ' ' || c[1] != ' ') ftdn_text_append(&words, "%c", *c == '\n' ? ' ' : *c);
        ftdn_cli_assert_says(words.chars, cases[i].micro_batch);
        ftdn_text_done(&words);
        ftdn_cli_assert_says(FTDN_CLI(arena, "replay", db, id_of(arena, db)).out, "values are equal, bit for bit");
    }
}

#define FAULTY                                                                                                         \
    "'faults': {'weight_rate': 0.02, 'feature_map_rate': 0.02}, 'protection': {'method': 'fmr', 'ratio': 0.5,"         \
    " 'ranking': 'weight_sum'}"

/* Locations and indices; the values of maps differ in their last digits. */
static const char *list_sites(ftdn_arena *arena, const char *manifest, const char *id)
{
    ftdn_cli_result result =
        FTDN_CLI(arena, "sites", manifest, "--trial", id, "--layer", "base_net.3.3", "--image", "scene000001", "--csv");
    ftdn_cli_assert_done(result);
    ftdn_text sites;
    ftdn_text_init(&sites);
    for (const char *line = result.out; *line; line = strchr(line, '\n') + 1) {
        const char *end = line;
        for (int i = 0; i < 3; i++) end = strchr(end, ',') + 1;
        ftdn_text_append(&sites, "%.*s\n", (int)(end - line), line);
    }
    const char *copy = ftdn_arena_copy_text(arena, sites.chars, sites.n_chars, NULL);
    ftdn_text_done(&sites);
    return copy;
}

static void sites_dumps_and_replays_show_the_trial_of_the_device(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_manifest("device.json", ON_DEVICE, FAULTY);
    write_manifest("processor.json", ON_PROCESSOR, FAULTY);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "device.json", "-q", "--db", "device.db"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "processor.json", "-q", "--db", "processor.db"));
    const char *device = id_of(arena, "device.db"), *processor = id_of(arena, "processor.db");
    assert_string_not_equal(device, processor);
    const char *sites = list_sites(arena, "device.json", device);
    ftdn_cli_assert_says(sites, "\nfeature_map,1,");
    assert_string_equal(sites, list_sites(arena, "processor.json", processor));

    ftdn_cli_result replay = FTDN_CLI(arena, "replay", "device.db", device);
    assert_int_equal(replay.exit_code, 0);
    ftdn_cli_assert_says(replay.out, "values are equal, bit for bit");

    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "device.json", "-q", "--trial", device, "--dump", "device"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "processor.json", "-q", "--trial", processor, "--dump", "processor"));
    size_t n_bytes;
    const ftdn_json *one = ftdn_cli_parse(arena, ftdn_cli_load(arena, "device/scene000000/index.json", &n_bytes));
    const ftdn_json *two = ftdn_cli_parse(arena, ftdn_cli_load(arena, "processor/scene000000/index.json", &n_bytes));
    const ftdn_json *a = ftdn_cli_member(one, "files"), *b = ftdn_cli_member(two, "files");
    assert_int_equal(a->n_children, b->n_children);
    for (int i = 0; i < a->n_children; i++) {
        double greatest = ftdn_cli_member(a->child[i], "max")->number;
        double expected = ftdn_cli_member(b->child[i], "max")->number;
        assert_string_equal(ftdn_cli_member(a->child[i], "file")->string, ftdn_cli_member(b->child[i], "file")->string);
        assert_true(fabs(greatest - expected) <= 1e-4 * fmax(1, fabs(expected)));
    }
}

#define DEVICE_TEST(function) cmocka_unit_test_setup_teardown(function, enter, ftdn_cli_leave)

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        DEVICE_TEST(workers_and_devices_change_no_result),
        DEVICE_TEST(each_device_has_a_worker_and_is_named),
        DEVICE_TEST(devices_of_another_kind_are_left_out),
        DEVICE_TEST(faults_are_those_of_the_processor),
        DEVICE_TEST(a_lost_device_costs_its_worker_and_no_result),
        DEVICE_TEST(a_job_without_room_is_tried_again_without_what_earlier_ones_kept),
        DEVICE_TEST(without_a_device_it_says_why),
        DEVICE_TEST(a_plan_for_a_kind_of_device_has_its_ids_wherever_it_is_made),
        DEVICE_TEST(without_a_device_a_plan_has_no_ids),
        DEVICE_TEST(the_spec_names_the_micro_batch_that_is_run),
        DEVICE_TEST(detect_finds_on_the_device_what_it_finds_on_the_processor),
        DEVICE_TEST(sites_dumps_and_replays_show_the_trial_of_the_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
