/* test_options.c - command lines: what they set, what they say, and the help. */
#include <signal.h>
#include <string.h>

#include "harness/terminal/exit_code.h"
#include "harness/terminal/options.h"

#include "harness/terminal/help.h"
#include "tests/support/support.h"

/* The values that a command of the tests sets. */
typedef struct values {
    const char *db;
    long long n_threads;
    double rate;
    bool quiet;
    ftdn_option_words extra;
    int band;
} values;

/* Runs a command line of space-separated words; "_" stands for an empty word. */
typedef struct fixture {
    ftdn_arena arena;
    values values;
    ftdn_arguments arguments;
    ftdn_error err;
    ftdn_option option[6];
    ftdn_command command;
} fixture;

static const char *const bands[] = {"sd", "ci95"};

static void fixture_init(fixture *f)
{
    *f = (fixture){.values = {.n_threads = -1, .rate = -1}};
    ftdn_arena_init(&f->arena);
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("db", 0, "FILE", &f->values.db, "results file"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &f->values.n_threads, 1, 1024, "worker threads"),
        FTDN_NUMBER_OPTION("rate", 0, "R", &f->values.rate, 0, 1, "a rate"),
        FTDN_FLAG_OPTION("quiet", 'q', &f->values.quiet, "print less"),
        FTDN_WORDS_OPTION("extra", 0, "WORD", &f->values.extra, "a word to hand on"),
        FTDN_CHOICE_OPTION("band", 'b', "BAND", &f->values.band, 2, bands, "sd or ci95"),
    };
    memcpy(f->option, options, sizeof options);
    f->command = (ftdn_command){
        .name = "ftdn run",
        .arguments = "MANIFEST",
        .summary = "Run what a manifest asks for.",
        .example = "ftdn run experiments/smoke.json",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = 6,
        .option = f->option,
    };
}

static ftdn_status parse(fixture *f, const char *line)
{
    const char *argv[32];
    int argc = 0;
    char *words = ftdn_arena_copy_text(&f->arena, line, strlen(line), NULL);
    assert_non_null(words);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? "" : word;
    return ftdn_options_parse(&f->command, argc, argv, &f->arena, &f->arguments, &f->err);
}

static void every_spelling_of_an_option_sets_it(void **state)
{
    (void)state;
    const char *lines[] = {
        "m.json --db x.db --threads 4 --rate 0.5 --quiet --band ci95",
        "--db=x.db -t 4 --rate=5e-1 -q m.json --band=ci95",
        "-t4 m.json --quiet --db x.db --rate .5 -b ci95",
        "--threads=4 --db x.db -bci95 --rate 0.5 -q -- m.json",
    };
    for (int i = 0; i < 4; i++) {
        fixture f;
        fixture_init(&f);
        FTDN_ASSERT_OK(parse(&f, lines[i]), f.err);
        assert_string_equal(f.values.db, "x.db");
        assert_int_equal(f.values.n_threads, 4);
        assert_true(f.values.rate == 0.5);
        assert_true(f.values.quiet);
        assert_int_equal(f.values.band, 1);
        assert_false(f.arguments.wants_help);
        assert_int_equal(f.arguments.n_arguments, 1);
        assert_string_equal(f.arguments.argument[0], "m.json");
        ftdn_arena_done(&f.arena);
    }
}

static void options_that_are_not_given_are_left_alone(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    FTDN_ASSERT_OK(parse(&f, "-"), f.err); /* a single dash is an argument */
    assert_null(f.values.db);
    assert_int_equal(f.values.n_threads, -1);
    assert_false(f.values.quiet);
    assert_string_equal(f.arguments.argument[0], "-");
    ftdn_arena_done(&f.arena);
}

static void words_to_hand_on_are_kept_in_their_order(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    FTDN_ASSERT_OK(parse(&f, "--extra --quiet m.json --extra=--db --extra a"), f.err);
    assert_int_equal(f.values.extra.n_words, 3);
    assert_string_equal(f.values.extra.word[0], "--quiet");
    assert_string_equal(f.values.extra.word[1], "--db");
    assert_string_equal(f.values.extra.word[2], "a");
    assert_false(f.values.quiet);
    f.values.extra.n_words = FTDN_MAX_OPTION_WORDS;
    FTDN_ASSERT_FAILS(parse(&f, "m.json --extra a"), FTDN_ERR_ARG, "--extra is given more than 64 times", f.err);
    ftdn_arena_done(&f.arena);
}

static void words_behind_two_dashes_are_arguments(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    f.command.max_arguments = 3;
    FTDN_ASSERT_OK(parse(&f, "a -- --db --"), f.err);
    assert_int_equal(f.arguments.n_arguments, 3);
    assert_string_equal(f.arguments.argument[1], "--db");
    assert_string_equal(f.arguments.argument[2], "--");
    ftdn_arena_done(&f.arena);
}

static void help_is_seen_wherever_it_stands(void **state)
{
    (void)state;
    const struct {
        const char *line;
        ftdn_help_form form;
    } lines[] = {
        {"--help", FTDN_HELP_TEXT},
        {"-h", FTDN_HELP_TEXT},
        {"m.json extra --quiet --help", FTDN_HELP_TEXT},
        {"--threads 3 -h --nonsense", FTDN_HELP_TEXT},
        {"a b c --help=man", FTDN_HELP_MAN},
        {"--help=words --nonsense", FTDN_HELP_WORDS},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        fixture f;
        fixture_init(&f);
        FTDN_ASSERT_OK(parse(&f, lines[i].line), f.err);
        assert_true(f.arguments.wants_help);
        assert_int_equal(f.arguments.help_form, lines[i].form);
        ftdn_arena_done(&f.arena);
    }
}

static void every_wrong_line_is_told_what_is_wrong(void **state)
{
    (void)state;
    const struct {
        const char *line, *message;
    } wrong[] = {
        {"", "missing argument; usage: ftdn run MANIFEST"},
        {"a b", "unexpected argument 'b'; usage: ftdn run MANIFEST"},
        {"m --treads 3", "unknown option --treads; did you mean --threads?"},
        {"m --hepl", "unknown option --hepl; did you mean --help?"},
        {"m --treads=3", "unknown option --treads; did you mean --threads?"},
        {"m --zzz", "unknown option --zzz; 'ftdn run --help' lists the options"},
        {"m -x", "unknown option -x; 'ftdn run --help' lists the options"},
        {"m -5", "unknown option -5; 'ftdn run --help' lists the options"},
        {"m --db", "--db: FILE is missing"},
        {"m -t", "--threads: N is missing"},
        {"m --db --quiet", "--db: FILE is missing"},
        {"m --db _", "--db: FILE is empty"},
        {"m --db=", "--db: FILE is empty"},
        {"m --db a --db b", "--db is given twice"},
        {"m -q --quiet", "--quiet is given twice"},
        {"m --quiet=1", "--quiet takes no value, but got '1'"},
        {"m -qt", "--quiet takes no value, but got 't'"},
        {"m --threads 0", "--threads: '0' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --threads 1025", "--threads: '1025' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --threads 2x", "--threads: '2x' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --threads 1.5", "--threads: '1.5' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --threads _", "--threads: '' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --threads -4", "--threads: '-4' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --threads 99999999999999999999",
         "--threads: '99999999999999999999' is not allowed; allowed: an integer in [1, 1024]"},
        {"m --rate 1.01", "--rate: '1.01' is not allowed; allowed: a number in [0, 1]"},
        {"m --rate nan", "--rate: 'nan' is not allowed; allowed: a number in [0, 1]"},
        {"m --rate 0x1", "--rate: '0x1' is not allowed; allowed: a number in [0, 1]"},
        {"m --rate 1e999", "--rate: '1e999' is not allowed; allowed: a number in [0, 1]"},
        {"m --rate -", "--rate: '-' is not allowed; allowed: a number in [0, 1]"},
        {"m --extra", "--extra: WORD is missing"},
        {"m --band", "--band: BAND is missing"},
        {"m --band ci", "--band: 'ci' is not allowed; allowed: sd, ci95"},
        {"m --band ci59", "--band: 'ci59' is not allowed; allowed: sd, ci95; did you mean 'ci95'?"},
        {"m --help=html", "--help: 'html' is not allowed; allowed: man, words"},
        {"m --extra=", "--extra: WORD is empty"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fixture f;
        fixture_init(&f);
        assert_int_equal(parse(&f, wrong[i].line), FTDN_ERR_ARG);
        assert_string_equal(f.err.message, wrong[i].message);
        ftdn_arena_done(&f.arena);
    }
}

static void the_help_begins_with_an_example(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    f.command.details = "More words.";
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_help_write(&f.command, &text);
    assert_string_equal(text.chars, "example: ftdn run experiments/smoke.json\n"
                                    "\n"
                                    "usage: ftdn run MANIFEST [options]\n"
                                    "Run what a manifest asks for.\n"
                                    "\n"
                                    "options:\n"
                                    "      --db FILE     results file\n"
                                    "  -t, --threads N   worker threads\n"
                                    "      --rate R      a rate\n"
                                    "  -q, --quiet       print less\n"
                                    "      --extra WORD  a word to hand on\n"
                                    "  -b, --band BAND   sd or ci95\n"
                                    "  -h, --help        show this text\n"
                                    "\n"
                                    "More words.\n");
    ftdn_text_done(&text);
    ftdn_arena_done(&f.arena);
}

static void the_help_is_filled_and_commands_in_it_stay_whole(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    f.command.details = "Running text that was broken here\nand goes on with so many words that eighty columns do not "
                        "hold it.\n\n"
                        "  ftdn run experiments/a_manifest_with_a_long_name.json --db results/a_long_name_too.db -q\n"
                        "  name  what it is, which takes\n"
                        "        more than one line, and in eighty columns yet another one at that\n"
                        "  next  x";
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_help_write(&f.command, &text);
    const char *details = strstr(text.chars, "\nRunning");
    assert_non_null(details);
    assert_string_equal(details + 1,
                        "Running text that was broken here and goes on with so many words that eighty\n"
                        "columns do not hold it.\n\n"
                        "  ftdn run experiments/a_manifest_with_a_long_name.json --db results/a_long_name_too.db -q\n"
                        "  name  what it is, which takes more than one line, and in eighty columns yet\n"
                        "        another one at that\n"
                        "  next  x\n");
    ftdn_text_done(&text);
    ftdn_arena_done(&f.arena);
}

static void a_command_without_arguments_and_options_has_help_too(void **state)
{
    (void)state;
    const ftdn_command command = {.name = "ftdn x", .arguments = "", .summary = "S.", .example = "ftdn x"};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_help_write(&command, &text);
    assert_string_equal(text.chars,
                        "example: ftdn x\n\nusage: ftdn x [options]\nS.\n\noptions:\n  -h, --help  show this text\n");
    ftdn_text_done(&text);
    fixture f;
    fixture_init(&f);
    f.command = command;
    assert_int_equal(parse(&f, "a"), FTDN_ERR_ARG);
    assert_string_equal(f.err.message, "unexpected argument 'a'; usage: ftdn x");
    ftdn_arena_done(&f.arena);
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f);
    const char *argv[] = {"m", "--treads"};
    for (long k = 0; k < 2; k++) {
        ftdn_arena_fail_after(&f.arena, k);
        assert_int_equal(ftdn_options_parse(&f.command, 2, argv, &f.arena, &f.arguments, &f.err), FTDN_ERR_MEMORY);
    }
    ftdn_arena_fail_after(&f.arena, 2);
    assert_int_equal(ftdn_options_parse(&f.command, 2, argv, &f.arena, &f.arguments, &f.err), FTDN_ERR_ARG);
    ftdn_arena_done(&f.arena);
}

static void a_word_is_chosen_or_all_words_are_named(void **state)
{
    (void)state;
    static const char *const words[] = {"sd", "ci95"};
    int choice = -1;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_word_choose("--band", "ci95", words, 2, &choice, &err), err);
    assert_int_equal(choice, 1);
    FTDN_ASSERT_FAILS(ftdn_word_choose("--band", "ci", words, 2, &choice, &err), FTDN_ERR_ARG,
                      "--band: 'ci' is not allowed; allowed: sd, ci95", err);
    assert_int_equal(choice, 1);
}

static void every_status_has_its_exit_code(void **state)
{
    (void)state;
    assert_int_equal(ftdn_exit_code_of(FTDN_OK), 0);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_MEMORY), 1);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_BACKEND), 1);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_ARG), 2);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_MANIFEST), 3);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_INPUT), 4);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_STORE), 5);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_INTERRUPTED), 130);
    assert_int_equal(ftdn_exit_code_of(FTDN_ERR_PIPE), 128 + SIGPIPE);
    assert_int_equal(FTDN_EXIT_FAILED_TRIALS, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_an_option_sets_it),
        cmocka_unit_test(options_that_are_not_given_are_left_alone),
        cmocka_unit_test(words_to_hand_on_are_kept_in_their_order),
        cmocka_unit_test(words_behind_two_dashes_are_arguments),
        cmocka_unit_test(help_is_seen_wherever_it_stands),
        cmocka_unit_test(every_wrong_line_is_told_what_is_wrong),
        cmocka_unit_test(the_help_begins_with_an_example),
        cmocka_unit_test(the_help_is_filled_and_commands_in_it_stay_whole),
        cmocka_unit_test(a_command_without_arguments_and_options_has_help_too),
        cmocka_unit_test(a_refused_allocation_is_an_error),
        cmocka_unit_test(a_word_is_chosen_or_all_words_are_named),
        cmocka_unit_test(every_status_has_its_exit_code),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
