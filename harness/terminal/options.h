/* options.h - one command's line: options, arguments, help, all from one description.
 *
 *     const char *db = NULL;
 *     long long n_threads = 0;
 *     const ftdn_option options[] = {
 *         FTDN_TEXT_OPTION("db", 0, "FILE", &db, "results file"),
 *         FTDN_INTEGER_OPTION("threads", 't', "N", &n_threads, 1, 1024, "worker threads"),
 *     };
 *
 * Accepted are `--db FILE`, `--db=FILE`, `-t 4`, `-t4`, flags, `--` before arguments that begin with '-', and
 * -h or --help everywhere. Options may stand before, between and behind arguments. */
#ifndef FTDN_HARNESS_TERMINAL_OPTIONS_H
#define FTDN_HARNESS_TERMINAL_OPTIONS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

typedef enum ftdn_option_kind {
    FTDN_OPTION_FLAG,
    FTDN_OPTION_TEXT,
    FTDN_OPTION_INTEGER, /* decimal, in [min, max] */
    FTDN_OPTION_NUMBER,  /* decimal, in [min, max] */
    FTDN_OPTION_WORDS,   /* a text, given any number of times; the next word is it even where it begins with -- */
    FTDN_OPTION_CHOICE,  /* one of n_words words */
} ftdn_option_kind;

#define FTDN_MAX_OPTION_WORDS 64

/* The values of an option of kind WORDS, in the order in which they are given. */
typedef struct ftdn_option_words {
    int n_words;
    const char *word[FTDN_MAX_OPTION_WORDS]; /* parts of argv */
} ftdn_option_words;

typedef struct ftdn_option {
    const char *name;       /* "threads": --threads */
    char letter;            /* 't': -t; 0: none */
    const char *value_name; /* "N" in the help; NULL for a flag */
    const char *help;       /* one line */
    ftdn_option_kind kind;
    union {
        bool *flag;
        const char **text; /* set to a part of argv */
        long long *integer;
        double *number;
        ftdn_option_words *words; /* appended to */
        int *choice;              /* set to the word's place */
    } ret;                        /* left alone where the option is not given */
    double min, max;
    int n_words;
    const char *const *word; /* [n_words] of a choice */
} ftdn_option;

/* Rows of a table of options. */
#define FTDN_FLAG_OPTION(name, letter, variable, help)                                                                 \
    {                                                                                                                  \
        (name), (letter), NULL, (help), FTDN_OPTION_FLAG, {.flag = (variable)}, 0, 0, 0, NULL                          \
    }
#define FTDN_TEXT_OPTION(name, letter, value_name, variable, help)                                                     \
    {                                                                                                                  \
        (name), (letter), (value_name), (help), FTDN_OPTION_TEXT, {.text = (variable)}, 0, 0, 0, NULL                  \
    }
#define FTDN_WORDS_OPTION(name, letter, value_name, variable, help)                                                    \
    {                                                                                                                  \
        (name), (letter), (value_name), (help), FTDN_OPTION_WORDS, {.words = (variable)}, 0, 0, 0, NULL                \
    }
#define FTDN_INTEGER_OPTION(name, letter, value_name, variable, min, max, help)                                        \
    {                                                                                                                  \
        (name), (letter), (value_name), (help), FTDN_OPTION_INTEGER, {.integer = (variable)}, (min), (max), 0, NULL    \
    }
#define FTDN_NUMBER_OPTION(name, letter, value_name, variable, min, max, help)                                         \
    {                                                                                                                  \
        (name), (letter), (value_name), (help), FTDN_OPTION_NUMBER, {.number = (variable)}, (min), (max), 0, NULL      \
    }
#define FTDN_CHOICE_OPTION(name, letter, value_name, variable, n_words, word, help)                                    \
    {                                                                                                                  \
        (name), (letter), (value_name), (help), FTDN_OPTION_CHOICE, {.choice = (variable)}, 0, 0, (n_words), (word)    \
    }

typedef struct ftdn_command {
    const char *name;      /* "ftdn run" */
    const char *arguments; /* "MANIFEST"; "" where there are none */
    const char *summary;   /* one line: what the command does */
    const char *example;   /* "ftdn run experiments/smoke.json --db results/smoke.db" */
    const char *details;   /* further paragraphs of the help; NULL: none */
    int min_arguments, max_arguments;
    int n_options;
    const ftdn_option *option; /* [n_options] */
    int n_words;
    const char *const *word; /* [n_words] what the last argument may be, where that is a word that is known */
} ftdn_command;

/* How a command tells about itself: --help, --help=man, --help=words. */
typedef enum ftdn_help_form {
    FTDN_HELP_TEXT,
    FTDN_HELP_MAN,   /* a section of the manual page (harness/terminal/manual.h) */
    FTDN_HELP_WORDS, /* for the completion of command lines (harness/terminal/completion.h) */
} ftdn_help_form;

/* The form that a word of a command line asks for: "--help", "-h", "--help=man". false: it is another word. */
bool ftdn_help_form_find(const char *word, ftdn_help_form *ret_form);

typedef struct ftdn_arguments {
    bool wants_help; /* --help was given: nothing else was checked or set behind it */
    ftdn_help_form help_form;
    int n_arguments;
    const char *const *argument; /* [n_arguments] parts of argv, in their order; the list lives in the arena */
} ftdn_arguments;

/* Read argv[0] ... argv[argc-1], the words behind the command's name. FTDN_ERR_ARG: an unknown option (with
 * the nearest), one given twice, a missing or wrong value, too few or too many arguments. */
FTDN_NODISCARD ftdn_status ftdn_options_parse(const ftdn_command *command, int argc, const char *const *argv,
                                              ftdn_arena *arena, ftdn_arguments *ret_arguments, ftdn_error *err);

/* Which of n_words words a value is. what: "--band". FTDN_ERR_ARG names it, all of the words and the nearest. */
FTDN_NODISCARD ftdn_status ftdn_word_choose(const char *what, const char *value, const char *const *word, int n_words,
                                            int *ret_choice, ftdn_error *err);

/* The row of --help, which every command has. */
extern const ftdn_option ftdn_help_option;

#endif
