/* test_doctor.c - what ftdn doctor finds: with the module as it was built, with modules that are not what they should
 * be, and with devices that answer, fail or are missing. */
#include <stdlib.h>

#include "engine/device.h"
#include "tests/cli/cli.h"

/* Words that the build gives: files of modules; "" where it made none. */
static const char *built, *emulated, *fake, *no_module;

static void set(const char *name, const char *value)
{
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

/* The module that the program opens; NULL: the one beside it. */
static void name_module(const char *path)
{
    set(FTDN_DEVICE_MODULE_VARIABLE, path);
    set("FTDN_FAKE_MODULE", NULL);
    set("FTDN_EMULATOR_DEVICES", NULL);
    set("FTDN_EMULATOR_FAIL_LAUNCH", NULL);
}

static void each_finding_is_a_line_and_the_processor_computes(void **state)
{
    ftdn_cli_place *place = *state;
    name_module("/nowhere/x.so");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "doctor");
    ftdn_cli_assert_done(result);
    assert_int_equal(strncmp(result.out, "ok       program      ftdn 0.", 29), 0);
    ftdn_cli_assert_says(result.out, "\nok       processor    ");
    ftdn_cli_assert_says(result.out, "\nok       backend cpu  oneDNN ");
    ftdn_cli_assert_says(result.out, "; two convolutions differ from the reference by ");
    ftdn_cli_assert_says(result.out, "\nok       backend ref  plain loops, ");
    for (const char *line = result.out; *line; line += strcspn(line, "\n") + 1) {
        bool known = !strncmp(line, "ok  ", 4) || !strncmp(line, "missing  ", 9) || !strncmp(line, "broken   ", 9);
        if (!known) fail_msg("%s", line);
    }
}

static void json_holds_the_same_findings(void **state)
{
    ftdn_cli_place *place = *state;
    name_module("/nowhere/x.so");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "doctor", "--json"), text = FTDN_CLI(&place->arena, "doctor");
    ftdn_cli_assert_done(result);
    const ftdn_json *root = ftdn_cli_parse(&place->arena, result.out);
    assert_true(ftdn_cli_member(root, "cpu_works")->boolean);
    assert_false(ftdn_cli_member(root, "gpu_works")->boolean);
    assert_int_equal(ftdn_cli_member(root, "devices")->n_children, 0);
    const ftdn_json *findings = ftdn_cli_member(root, "findings");
    int n_lines = 0;
    for (const char *c = text.out; *c; c++) n_lines += *c == '\n';
    assert_int_equal(findings->n_children, n_lines);
    for (int i = 0; i < findings->n_children; i++) {
        const char *what = ftdn_cli_member(findings->child[i], "what")->string;
        ftdn_cli_assert_says(text.out, what);
        ftdn_cli_assert_says(text.out, ftdn_cli_member(findings->child[i], "state")->string);
    }
}

/* Where no device answers, nothing breaks, and --gpu makes an exit code of it. */
static void the_module_loads_and_reports_its_absence_politely(void **state)
{
    ftdn_cli_place *place = *state;
    if (!*built) skip();
    name_module(NULL);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "doctor");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\nok       CUDA module  ");
    ftdn_cli_assert_says(result.out, "/ftdn_cuda.so, cuDNN 9.");
    bool answers = strstr(result.out, "device 0") != NULL;
    if (!answers) {
        ftdn_cli_assert_says(result.out, "\nmissing  device       no device answers: cudaGetDeviceCount: ");
        ftdn_cli_assert_says(result.out, "; 'nvidia-smi' shows what the driver sees");
    }
    assert_int_equal(FTDN_CLI(&place->arena, "doctor", "--gpu").exit_code, answers ? 0 : 1);
    ftdn_cli_assert_says(FTDN_CLI(&place->arena, "--version").out, "\nbackend cuda: cuDNN 9.");
}

/* The finding stands in the answer, which is no failure unless a device is asked for. */
static void assert_missing(ftdn_arena *arena, const char *finding)
{
    ftdn_cli_result result = FTDN_CLI(arena, "doctor");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, finding);
    result = FTDN_CLI(arena, "doctor", "--gpu");
    assert_int_equal(result.exit_code, 1);
    assert_string_equal(result.err, "");
    ftdn_cli_assert_says(result.out, finding);
}

static void what_is_wrong_with_a_module_is_told(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *text = ftdn_cli_path(arena, place->folder, "text.so");
    ftdn_test_write_file(text, "no library", 10);
    name_module("/nowhere/x.so");
    assert_missing(arena, "\nmissing  CUDA module  the CUDA module /nowhere/x.so, which $FTDN_CUDA_MODULE names, does "
                          "not exist\n");
    name_module(text);
    assert_missing(arena, "\nmissing  CUDA module  the CUDA module cannot be opened: ");
    name_module(no_module);
    assert_missing(arena, " is no CUDA module: it has no ftdn_device_module_of_cuda\n");
    name_module(fake);
    set("FTDN_FAKE_MODULE", "be of another version");
    assert_missing(arena, " is of version 0.0.1+g1234567, this program of ");
    assert_null(strstr(FTDN_CLI(arena, "--version").out, "backend cuda"));
    set("FTDN_FAKE_MODULE", "crash");
    assert_missing(arena, "\nmissing  device       no device answers: the process that was asked ended: Segmentation "
                          "fault; ");
}

/* A manifest that names the backend is refused with the doctor's words. */
static void a_plan_for_a_device_says_what_the_doctor_says(void **state)
{
    ftdn_cli_place *place = *state;
    char *manifest = ftdn_cli_path(&place->arena, place->folder, "m.json");
    static const char text[] =
        "{\"manifest_version\": 1, \"name\": \"m\", \"engine\": {\"backend\": \"cuda\"},"
        " \"model\": {\"name\": \"ssd_mobilenet_v1\", \"weights\": \"formula:0\", \"width\": 0.1},"
        " \"dataset\": {\"kind\": \"test_scenes\", \"images\": 1}}";
    ftdn_test_write_file(manifest, text, strlen(text));
    name_module("/nowhere/x.so");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "plan", manifest), 1,
                          "m.json:1:60: engine.backend: backend 'cuda': the CUDA module /nowhere/x.so, which "
                          "$FTDN_CUDA_MODULE names, does not exist; 'ftdn doctor' looks at backends and devices\n");
}

static void devices_that_answer_are_tried(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!*emulated) skip();
    name_module(emulated);
    set("FTDN_EMULATOR_DEVICES", "2");
    ftdn_cli_result result = FTDN_CLI(arena, "doctor", "--gpu");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, ", emulated for tests\n");
    ftdn_cli_assert_says(result.out, "\nok       driver       CUDA ");
    ftdn_cli_assert_says(result.out, "\nok       device 0     ");
    ftdn_cli_assert_says(result.out, "\nok       device 1     ");
    ftdn_cli_assert_says(strstr(result.out, "device 1"), "; two convolutions differ from the reference by ");
    const ftdn_json *root = ftdn_cli_parse(arena, FTDN_CLI(arena, "doctor", "--json").out);
    assert_true(ftdn_cli_member(root, "gpu_works")->boolean);
    assert_int_equal(ftdn_cli_member(root, "devices")->n_children, 2);

    set("FTDN_EMULATOR_DEVICES", "0");
    assert_missing(arena, "\nmissing  device       no device answers: cudaGetDeviceCount: ");
}

static void a_device_that_answers_and_does_not_compute_is_broken(void **state)
{
    ftdn_cli_place *place = *state;
    if (!*emulated) skip();
    name_module(emulated);
    set("FTDN_EMULATOR_FAIL_LAUNCH", "1");
    assert_missing(&place->arena, "\nbroken   device 0     ");
}

static void what_commands_call_or_write_is_looked_for(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *path = ftdn_arena_copy_text(arena, getenv("PATH"), strlen(getenv("PATH")), NULL);
    name_module("/nowhere/x.so");
    set("PATH", "/nowhere");
    set("XDG_CACHE_HOME", "/dev/null/cache");
    ftdn_cli_result result = FTDN_CLI(arena, "doctor");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out,
                         "\nmissing  figures      gnuplot: No such file or directory; figures are drawn by ");
    ftdn_cli_assert_says(result.out, "\nmissing  Slurm        sbatch: No such file or directory; only ");
    ftdn_cli_assert_says(result.out, "\nbroken   data cache   /dev/null/cache/ftdn cannot be written; ");
    set("XDG_CACHE_HOME", place->folder);
    result = FTDN_CLI(arena, "doctor");
    ftdn_cli_assert_says(result.out, "\nok       data cache   ");
    ftdn_cli_assert_says(result.out, "/ftdn, which is made when it is needed\n");
    set("PATH", path);
}

int main(int argc, char **argv)
{
    if (argc != 5) return 2;
    built = argv[1];
    emulated = argv[2];
    fake = argv[3];
    no_module = argv[4];
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(each_finding_is_a_line_and_the_processor_computes),
        FTDN_CLI_TEST(json_holds_the_same_findings),
        FTDN_CLI_TEST(the_module_loads_and_reports_its_absence_politely),
        FTDN_CLI_TEST(what_is_wrong_with_a_module_is_told),
        FTDN_CLI_TEST(a_plan_for_a_device_says_what_the_doctor_says),
        FTDN_CLI_TEST(devices_that_answer_are_tried),
        FTDN_CLI_TEST(a_device_that_answers_and_does_not_compute_is_broken),
        FTDN_CLI_TEST(what_commands_call_or_write_is_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
