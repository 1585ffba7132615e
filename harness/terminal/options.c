#include "harness/terminal/options.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

#define MAX_OPTIONS 64

const ftdn_option ftdn_help_option = FTDN_FLAG_OPTION("help", 'h', NULL, "show this text");

static bool takes_value(const ftdn_option *option)
{
    return option->kind != FTDN_OPTION_FLAG;
}

/* The option of a name of n_chars characters; -1 if there is none. */
static int find_option(const ftdn_command *command, const char *name, size_t n_chars)
{
    for (int i = 0; i < command->n_options; i++)
        if (strlen(command->option[i].name) == n_chars && memcmp(command->option[i].name, name, n_chars) == 0) return i;
    return -1;
}

static int find_letter(const ftdn_command *command, char letter)
{
    for (int i = 0; i < command->n_options; i++)
        if (letter && command->option[i].letter == letter) return i;
    return -1;
}

/* n_chars: of the option's name in `word`, which begins with "--". */
static ftdn_status fail_unknown(const ftdn_command *command, const char *word, size_t n_chars, ftdn_arena *arena,
                                ftdn_error *err)
{
    const char *names[MAX_OPTIONS + 1] = {"help"};
    for (int i = 0; i < command->n_options; i++) names[i + 1] = command->option[i].name;
    char *name = ftdn_arena_copy_text(arena, word + 2, n_chars, err);
    if (!name) return FTDN_ERR_MEMORY;
    const char *nearest = ftdn_suggest(name, names, command->n_options + 1);
    if (nearest) return FTDN_FAIL(err, FTDN_ERR_ARG, "unknown option --%s; did you mean --%s?", name, nearest);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "unknown option --%s; '%s --help' lists the options", name, command->name);
}

static bool read_integer(const char *text, long long *ret_integer)
{
    if (strspn(text, "+-0123456789") != strlen(text) || !text[0]) return false;
    char *end;
    errno = 0;
    *ret_integer = strtoll(text, &end, 10);
    return errno == 0 && *end == 0;
}

static bool read_number(const char *text, double *ret_number)
{
    if (strspn(text, "+-0123456789.eE") != strlen(text) || !text[0]) return false;
    char *end;
    *ret_number = strtod(text, &end);
    return *end == 0 && isfinite(*ret_number);
}

static ftdn_status choose_word(const ftdn_option *option, const char *value, ftdn_error *err)
{
    char what[64];
    int n_chars = snprintf(what, sizeof what, "--%s", option->name);
    assert(n_chars > 0 && n_chars < (int)sizeof what);
    return ftdn_word_choose(what, value, option->word, option->n_words, option->ret.choice, err);
}

static ftdn_status set_value(const ftdn_option *option, const char *value, ftdn_error *err)
{
    long long integer = 0;
    double number = 0;
    switch (option->kind) {
    case FTDN_OPTION_FLAG: *option->ret.flag = true; break;
    case FTDN_OPTION_TEXT:
        if (!value[0]) return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s: %s is empty", option->name, option->value_name);
        *option->ret.text = value;
        break;
    case FTDN_OPTION_INTEGER:
        if (!read_integer(value, &integer) || (double)integer < option->min || (double)integer > option->max)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s: '%s' is not allowed; allowed: an integer in [%.17g, %.17g]",
                             option->name, value, option->min, option->max);
        *option->ret.integer = integer;
        break;
    case FTDN_OPTION_NUMBER:
        if (!read_number(value, &number) || number < option->min || number > option->max)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s: '%s' is not allowed; allowed: a number in [%g, %g]",
                             option->name, value, option->min, option->max);
        *option->ret.number = number;
        break;
    case FTDN_OPTION_WORDS:
        if (!value[0]) return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s: %s is empty", option->name, option->value_name);
        if (option->ret.words->n_words == FTDN_MAX_OPTION_WORDS)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s is given more than %d times", option->name,
                             FTDN_MAX_OPTION_WORDS);
        option->ret.words->word[option->ret.words->n_words++] = value;
        break;
    case FTDN_OPTION_CHOICE: return choose_word(option, value, err);
    }
    return FTDN_OK;
}

bool ftdn_help_form_find(const char *word, ftdn_help_form *ret_form)
{
    static const struct {
        const char *word;
        ftdn_help_form form;
    } forms[] = {{"--help", FTDN_HELP_TEXT},
                 {"-h", FTDN_HELP_TEXT},
                 {"--help=man", FTDN_HELP_MAN},
                 {"--help=words", FTDN_HELP_WORDS}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(word, forms[i].word) != 0) continue;
        *ret_form = forms[i].form;
        return true;
    }
    return false;
}

static ftdn_status check_count(const ftdn_command *command, const ftdn_arguments *arguments, ftdn_error *err)
{
    if (arguments->n_arguments < command->min_arguments)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "missing argument; usage: %s %s", command->name, command->arguments);
    if (arguments->n_arguments > command->max_arguments)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "unexpected argument '%s'; usage: %s%s%s",
                         arguments->argument[command->max_arguments], command->name, command->arguments[0] ? " " : "",
                         command->arguments);
    return FTDN_OK;
}

/* Which option a word such as "--db=x" or "-t4" is, and the value that it carries itself (NULL: none). */
static ftdn_status read_option_word(const ftdn_command *command, const char *word, ftdn_arena *arena, int *ret_option,
                                    const char **ret_value, ftdn_error *err)
{
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        size_t n_chars = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
        *ret_option = find_option(command, word + 2, n_chars);
        if (*ret_option < 0) return fail_unknown(command, word, n_chars, arena, err);
        *ret_value = equals ? equals + 1 : NULL;
    } else {
        *ret_option = find_letter(command, word[1]);
        if (*ret_option < 0)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "unknown option %s; '%s --help' lists the options", word,
                             command->name);
        *ret_value = word[2] ? word + 2 : NULL;
    }
    if (*ret_value && !takes_value(&command->option[*ret_option]))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s takes no value, but got '%s'", command->option[*ret_option].name,
                         *ret_value);
    return FTDN_OK;
}

ftdn_status ftdn_options_parse(const ftdn_command *command, int argc, const char *const *argv, ftdn_arena *arena,
                               ftdn_arguments *ret_arguments, ftdn_error *err)
{
    assert(command->n_options <= MAX_OPTIONS);
    bool is_given[MAX_OPTIONS] = {false}, only_arguments = false;
    ftdn_arguments arguments = {0};
    const char **list = FTDN_NEW(arena, (size_t)argc, const char *, err);
    if (!list) return FTDN_ERR_MEMORY;
    arguments.argument = list;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (only_arguments || word[0] != '-' || !word[1]) {
            list[arguments.n_arguments++] = word;
            continue;
        }
        only_arguments = strcmp(word, "--") == 0;
        if (only_arguments) continue;
        ftdn_help_form form;
        if (ftdn_help_form_find(word, &form)) {
            *ret_arguments = (ftdn_arguments){.wants_help = true, .help_form = form};
            return FTDN_OK;
        }
        if (strncmp(word, "--help=", 7) == 0)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "--help: '%s' is not allowed; allowed: man, words", word + 7);
        int index = -1;
        const char *value = NULL;
        FTDN_TRY(read_option_word(command, word, arena, &index, &value, err));
        const ftdn_option *option = &command->option[index];
        bool is_list = option->kind == FTDN_OPTION_WORDS;
        if (is_given[index] && !is_list) return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s is given twice", option->name);
        is_given[index] = true;
        if (takes_value(option) && !value) {
            if (i + 1 == argc || (!is_list && strncmp(argv[i + 1], "--", 2) == 0))
                return FTDN_FAIL(err, FTDN_ERR_ARG, "--%s: %s is missing", option->name, option->value_name);
            value = argv[++i];
        }
        FTDN_TRY(set_value(option, value, err));
    }
    FTDN_TRY(check_count(command, &arguments, err));
    *ret_arguments = arguments;
    return FTDN_OK;
}

/* "  -t, --threads N"; how many characters that are. */
static size_t write_option_head(const ftdn_option *option, ftdn_text *text)
{
    size_t n_before = text->n_chars;
    if (option->letter) ftdn_text_append(text, "  -%c, --%s", option->letter, option->name);
    else ftdn_text_append(text, "      --%s", option->name);
    if (option->value_name) ftdn_text_append(text, " %s", option->value_name);
    return text->n_chars - n_before;
}

static void write_option(const ftdn_option *option, size_t width, ftdn_text *text)
{
    size_t n_chars = write_option_head(option, text);
    ftdn_text_append(text, "%*s  %s\n", n_chars < width ? (int)(width - n_chars) : 0, "", option->help);
}

ftdn_status ftdn_word_choose(const char *what, const char *value, const char *const *word, int n_words, int *ret_choice,
                             ftdn_error *err)
{
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    for (int i = 0; i < n_words; i++) {
        if (strcmp(value, word[i]) == 0) {
            ftdn_text_done(&allowed);
            *ret_choice = i;
            return FTDN_OK;
        }
        ftdn_text_append(&allowed, "%s%s", i ? ", " : "", word[i]);
    }
    ftdn_status status = ftdn_text_check(&allowed, err);
    const char *nearest = ftdn_suggest(value, word, n_words);
    if (status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "%s: '%s' is not allowed; allowed: %s%s%s%s", what, value, allowed.chars,
                           nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    ftdn_text_done(&allowed);
    return status;
}

void ftdn_options_write_help(const ftdn_command *command, ftdn_text *text)
{
    ftdn_text_append(text, "example: %s\n\n", command->example);
    ftdn_text_append(text, "usage: %s%s%s [options]\n%s\n\noptions:\n", command->name, command->arguments[0] ? " " : "",
                     command->arguments, command->summary);
    size_t width = 0;
    for (int i = 0; i <= command->n_options; i++) {
        ftdn_text head;
        ftdn_text_init(&head);
        size_t n_chars = write_option_head(i < command->n_options ? &command->option[i] : &ftdn_help_option, &head);
        if (n_chars > width) width = n_chars;
        if (head.failed) text->failed = true;
        ftdn_text_done(&head);
    }
    for (int i = 0; i < command->n_options; i++) write_option(&command->option[i], width, text);
    write_option(&ftdn_help_option, width, text);
    if (command->details) ftdn_text_append(text, "\n%s\n", command->details);
}
