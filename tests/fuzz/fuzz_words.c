/* fuzz_words.c - what is typed: each line is a word of a command line; then the words by themselves, as lengths of
 * time, decimals and lists of class names. */
#include <string.h>

#include "base/json.h"
#include "harness/manifest/decimal.h"
#include "harness/plan/class_names.h"
#include "harness/terminal/duration.h"
#include "harness/terminal/options.h"
#include "tests/fuzz/fuzz.h"

#define MOST_WORDS 100

static void read_options(const char *const *word, int n_words)
{
    static const char *const formats[] = {"table", "csv", "json"};
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_arguments arguments;
    bool is_quiet = false;
    const char *db = NULL;
    long long n_threads = 1;
    double rate = 0;
    ftdn_option_words settings = {0};
    int format = 0;
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("quiet", 'q', &is_quiet, "say nothing"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &db, "results file"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &n_threads, 1, 1024, "worker threads"),
        FTDN_NUMBER_OPTION("rate", 'r', "RATE", &rate, 0, 1, "a rate"),
        FTDN_WORDS_OPTION("set", 's', "KEY=VALUE", &settings, "settings"),
        FTDN_CHOICE_OPTION("format", 'f', "FORMAT", &format, 3, formats, "form of the answer"),
    };
    const ftdn_command command = {.name = "ftdn x", .arguments = "FILE...", .summary = "s", .example = "ftdn x a",
                                  .min_arguments = 0, .max_arguments = 20, .n_options = 6, .option = options};
    ftdn_arena_init(&arena);
    if (ftdn_fuzz_is_read(ftdn_options_parse(&command, n_words, word, &arena, &arguments, &err), &err, NULL)) {
        FTDN_FUZZ_CHECK(n_threads >= 1 && n_threads <= 1024 && rate >= 0 && rate <= 1);
        FTDN_FUZZ_CHECK(format >= 0 && format < 3 && settings.n_words <= FTDN_MAX_OPTION_WORDS);
        FTDN_FUZZ_CHECK(arguments.wants_help || arguments.n_arguments <= 20);
    }
    ftdn_arena_done(&arena);
}

/* Of a number of JSON: what is written reads back as the same. */
static void read_decimal(const char *literal)
{
    char text[FTDN_DECIMAL_CHARS];
    ftdn_decimal decimal, again;
    if (!ftdn_decimal_parse(literal, &decimal)) return;
    ftdn_decimal_write(decimal, text);
    if (!ftdn_decimal_parse(text, &again))
        ftdn_fuzz_fail("'%s' is written as '%s', which cannot be read", literal, text);
    FTDN_FUZZ_CHECK(again.digits == decimal.digits && again.exponent == decimal.exponent);
}

static void read_numbers(const char *word)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    const ftdn_json *node;
    double seconds = 0;
    char duration[32];
    if (ftdn_fuzz_is_read(ftdn_duration_parse(word, &seconds, &err), &err, NULL)) {
        FTDN_FUZZ_CHECK(seconds > 0 && seconds < 1e15);
        FTDN_FUZZ_CHECK(ftdn_duration_text(seconds, duration)[0]);
    }
    ftdn_arena_init(&arena);
    if (ftdn_json_parse(word, strlen(word), "word", &arena, &node, &err) == FTDN_OK && node->kind == FTDN_JSON_NUMBER)
        read_decimal(node->literal);
    ftdn_arena_done(&arena);
}

static void read_names(const char *word)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_class_names names;
    ftdn_arena_init(&arena);
    if (ftdn_fuzz_is_read(ftdn_class_names_parse(word, "a.pth", &arena, &names, &err), &err, NULL)) {
        FTDN_FUZZ_CHECK(names.n > 0);
        for (int i = 0; i < names.n; i++) FTDN_FUZZ_CHECK(names.name[i][0]);
    }
    ftdn_arena_done(&arena);
}

static void read_words(char *bytes, size_t n_bytes)
{
    const char *word[MOST_WORDS];
    int n_words = 0;
    (void)n_bytes;
    for (char *next = bytes; next && n_words < MOST_WORDS;) {
        char *end = strchr(next, '\n');
        word[n_words++] = next;
        if (end) *end = 0;
        next = end ? end + 1 : NULL;
    }
    read_options(word, n_words);
    for (int i = 0; i < n_words; i++) {
        read_numbers(word[i]);
        read_names(word[i]);
    }
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_text(corpus, "--db\nx.db\n-t4\n--rate=0.5\na\n--\n-b");
    ftdn_fuzz_add_text(corpus, "-q\n--set\na=1\n--set\n--x\n--format=json\n--help=man");
    ftdn_fuzz_add_text(corpus, "1h30m\n90s\n45\n2d\n0.1\n-1.25e-3\n1000000");
    ftdn_fuzz_add_text(corpus, "car,person\n[\"a\",\"background\"]\nbackground,car\n-h");
}

static const char *const words[] = {"--",       "--db=",    "--threads=", "-t",    "-r",
                                    "--rate",   "--format", "csv",        "--set", "\n",
                                    "=",        "\x1b[2J",  "e400",       "e-400", "000000000000000000",
                                    "9d9h9m9s", "[\"",      "\"]",        "\",\"", "background",
                                    ",",        "inf",      "nan",        "0x1p3", NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "words",
                                                        .max_bytes = 2048,
                                                        .read = read_words,
                                                        .add_seeds = add_seeds,
                                                        .word = words,
                                                        .ends_in_zero = true};
