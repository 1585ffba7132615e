#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/cli/cli.h"

static const char *const command_name[] = {"run",    "plan",   "manifest", "status",  "watch",  "submit",   "show",
                                           "sites",  "query",  "table",    "figure",  "report", "pictures", "train",
                                           "replay", "verify", "repair",   "merge",   "diff",   "dump",     "migrate",
                                           "rank",   "detect", "inspect",  "convert", "fetch",  "doctor",   "bench"};
enum { N_COMMANDS = sizeof command_name / sizeof *command_name };

static const char *const with_options[] = {"run", "plan", "manifest", "query", "submit", "replay", "detect"};

static void help_begins_with_an_example_and_lists_every_command(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_result result = FTDN_CLI(&place->arena, "--help");
    ftdn_cli_assert_done(result);
    assert_int_equal(strncmp(result.out, "example: ftdn run ", 18), 0);
    for (int i = 0; i < N_COMMANDS; i++) {
        char line[32];
        snprintf(line, sizeof line, "\n  %s ", command_name[i]);
        ftdn_cli_assert_says(result.out, line);
    }
    assert_string_equal(FTDN_CLI(&place->arena, "-h").out, result.out);
    assert_string_equal(FTDN_CLI(&place->arena, "help").out, result.out);
}

static void help_of_each_command_begins_with_an_example(void **state)
{
    ftdn_cli_place *place = *state;
    for (int i = 0; i < N_COMMANDS; i++) {
        char example[32], usage[32];
        snprintf(example, sizeof example, "example: ftdn %s ", command_name[i]);
        snprintf(usage, sizeof usage, "\nusage: ftdn %s", command_name[i]);
        ftdn_cli_result result = FTDN_CLI(&place->arena, command_name[i], "--help");
        ftdn_cli_assert_done(result);
        if (strncmp(result.out, example, strlen(example) - 1) != 0) fail_msg("%s: %s", command_name[i], result.out);
        ftdn_cli_assert_says(result.out, usage);
        ftdn_cli_assert_says(result.out, "\noptions:\n");
        ftdn_cli_assert_says(result.out, "-h, --help");
        assert_string_equal(FTDN_CLI(&place->arena, command_name[i], "-h").out, result.out);
    }
    ftdn_cli_result result = FTDN_CLI(&place->arena, "inspect", "graph", "--help");
    ftdn_cli_assert_done(result);
    assert_int_equal(strncmp(result.out, "example: ftdn inspect graph ", 28), 0);
    ftdn_cli_assert_says(result.out, "--width W");
    result = FTDN_CLI(&place->arena, "bench", "overhead", "--help");
    ftdn_cli_assert_done(result);
    assert_int_equal(strncmp(result.out, "example: ftdn bench overhead ", 29), 0);
    ftdn_cli_assert_done(FTDN_CLI(&place->arena, "inspect", "weights", "--help"));
    ftdn_cli_assert_done(FTDN_CLI(&place->arena, "inspect", "dataset", "--help"));
}

static void the_word_help_shows_the_help_of_what_follows(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    assert_string_equal(FTDN_CLI(arena, "help", "run").out, FTDN_CLI(arena, "run", "--help").out);
    assert_string_equal(FTDN_CLI(arena, "help", "inspect", "graph").out,
                        FTDN_CLI(arena, "inspect", "graph", "--help").out);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "help", "rnu"), 2, "unknown command 'rnu'; did you mean 'run'?\n");
}

/* But for command lines, which stay whole so that they can be copied. */
static void every_help_fits_a_terminal_of_80_columns(void **state)
{
    ftdn_cli_place *place = *state;
    for (int i = 0; i < N_COMMANDS; i++) {
        const char *line = FTDN_CLI(&place->arena, command_name[i], "--help").out;
        for (size_t n_chars; *line; line += n_chars + 1) {
            n_chars = strcspn(line, "\n");
            bool is_command = strncmp(line, "example: ftdn ", 14) == 0 || strncmp(line, "  ftdn ", 7) == 0;
            if (n_chars > 80 && !is_command) fail_msg("%s --help: %.*s", command_name[i], (int)n_chars, line);
        }
    }
}

static void version_names_program_code_and_backends(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_result result = FTDN_CLI(&place->arena, "--version");
    ftdn_cli_assert_done(result);
    assert_int_equal(
        strncmp(result.out, "ftdn " FTDN_EXPECTED_VERSION "\n", strlen("ftdn " FTDN_EXPECTED_VERSION "\n")), 0);
    ftdn_cli_assert_says(result.out, "\ncode: " FTDN_EXPECTED_VERSION);
    ftdn_cli_assert_says(result.out, "\nbackend cpu: oneDNN ");
    ftdn_cli_assert_says(result.out, "\nbackend ref: ");
}

static void wrong_usage_is_exit_code_2_and_says_what_to_do(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_result nothing = ftdn_cli_start(arena, -1, (const char *const[]){NULL});
    ftdn_cli_assert_fails(nothing, 2, "no command is given; 'ftdn --help' lists the commands\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detct"), 2, "unknown command 'detct'; did you mean 'detect'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "frobnicate"), 2, "unknown command 'frobnicate'; 'ftdn --help' lists");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "--frob"), 2, "unknown option '--frob'; 'ftdn --help' lists");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "version"), 2, "unknown command 'version'; did you mean '--version'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "convert", "in"), 2, "usage: ftdn convert IN OUT.safetensors\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect"), 2, "usage: ftdn inspect SUBJECT");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "grahp", "x"), 2,
                          "unknown subject 'grahp'; did you mean 'graph'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "x"), 2, "there are weights, graph and dataset\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "weights", "a", "b"), 2, "unexpected argument 'b'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "weights", "a", "--jsno"), 2, "--jsno; did you mean --json?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", "a.db"), 2, "usage: ftdn query DB QUESTION");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", "a.db", "v_ap", "--csv", "--json"), 2, "exclude each other");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", "--list", "x"), 2, "--list takes no store, but got 'x'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "show"), 2, "usage: ftdn show DB [ID]\n");
    for (size_t i = 0; i < sizeof with_options / sizeof *with_options; i++)
        ftdn_cli_assert_fails(FTDN_CLI(arena, with_options[i], "--frob"), 2, "unknown option --frob");
}

/* The answers of these go through every way to standard output. */
static void a_full_disk_is_an_error(void **state)
{
    ftdn_cli_place *place = *state;
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) skip();
    static const char *const lines[][4] = {
        {"--help"}, {"--version"}, {"show", "--help"}, {"inspect", "graph", "ssd_vgg16"}, {"query", "--list"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ftdn_cli_result result = ftdn_cli_start(&place->arena, full, lines[i]);
        ftdn_cli_assert_fails(result, 4, "standard output: No space left on device\n");
    }
    close(full);
}

/* `| head` is no failure: not a word, and the exit code of a program that SIGPIPE ends. */
static void a_reader_that_leaves_ends_the_program_quietly(void **state)
{
    ftdn_cli_place *place = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    static const char *const lines[][4] = {
        {"--help"}, {"show", "--help"}, {"inspect", "graph", "ssd_vgg16"}, {"query", "--list"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ftdn_cli_result result = ftdn_cli_start(&place->arena, ends[1], lines[i]);
        assert_int_equal(result.exit_code, 128 + SIGPIPE);
        assert_string_equal(result.err, "");
    }
    close(ends[1]);
}

/* What went wrong is said, whoever reads the answer. */
static void errors_are_said_where_nobody_reads_the_answer(void **state)
{
    ftdn_cli_place *place = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    ftdn_cli_result result = ftdn_cli_start(&place->arena, ends[1], (const char *const[]){"show", "none.db", NULL});
    ftdn_cli_assert_fails(result, 5, "none.db' does not exist\n");
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(help_begins_with_an_example_and_lists_every_command),
        FTDN_CLI_TEST(help_of_each_command_begins_with_an_example),
        FTDN_CLI_TEST(the_word_help_shows_the_help_of_what_follows),
        FTDN_CLI_TEST(every_help_fits_a_terminal_of_80_columns),
        FTDN_CLI_TEST(version_names_program_code_and_backends),
        FTDN_CLI_TEST(wrong_usage_is_exit_code_2_and_says_what_to_do),
        FTDN_CLI_TEST(a_full_disk_is_an_error),
        FTDN_CLI_TEST(a_reader_that_leaves_ends_the_program_quietly),
        FTDN_CLI_TEST(errors_are_said_where_nobody_reads_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
