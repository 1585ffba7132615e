#include "harness/terminal/help.h"

#include <string.h>

/* Where running text goes: words are put into lines that begin with `indent` spaces. */
typedef struct filler {
    ftdn_text *text;
    size_t indent, column; /* column: characters in the line so far */
    bool has_word;         /* in the line, behind its beginning */
} filler;

static void put_word(filler *f, const char *word, size_t n_chars)
{
    if (f->has_word && f->column + 1 + n_chars > FTDN_HELP_COLUMNS) {
        ftdn_text_append(f->text, "\n%*s", (int)f->indent, "");
        f->column = f->indent;
        f->has_word = false;
    }
    if (f->has_word) {
        ftdn_text_append_bytes(f->text, " ", 1);
        f->column++;
    }
    ftdn_text_append_bytes(f->text, word, n_chars);
    f->column += n_chars;
    f->has_word = true;
}

static void put_words(filler *f, const char *chars, size_t n_chars)
{
    const char *end = chars + n_chars;
    while (chars < end) {
        size_t n_word = 0, n_left = (size_t)(end - chars);
        while (n_word < n_left && chars[n_word] != ' ') n_word++;
        if (n_word > 0) put_word(f, chars, n_word);
        chars += n_word < n_left ? n_word + 1 : n_word;
    }
}

/* Behind a beginning of n_chars characters that is written already. */
static filler begin_filling(ftdn_text *text, size_t indent, size_t n_chars)
{
    return (filler){.text = text, .indent = indent, .column = n_chars};
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
    ftdn_text_append(text, "%*s  ", n_chars < width ? (int)(width - n_chars) : 0, "");
    filler f = begin_filling(text, width + 2, width + 2);
    put_words(&f, option->help, strlen(option->help));
    ftdn_text_append(text, "\n");
}

static size_t n_indented(const char *line)
{
    return strspn(line, " ");
}

/* Of a line "  name  what it is": where "what" begins; 0 where the line is no such one. */
static size_t find_explanation(const char *line, size_t n_chars)
{
    size_t at = n_indented(line);
    if (at == 0) return 0;
    for (; at + 2 < n_chars; at++)
        if (line[at] == ' ' && line[at + 1] == ' ') return at + n_indented(line + at);
    return 0;
}

/* Does the next line go on with what stands at this column? */
static bool goes_on(const char *line, size_t column)
{
    return line[0] && line[0] != '\n' && n_indented(line) == column && !find_explanation(line, strcspn(line, "\n"));
}

/* Fill the lines from `line` on that belong together, behind a beginning of n_begin characters at column n_begin; what
 * comes behind them. */
static const char *fill_lines(const char *line, size_t n_begin, ftdn_text *text)
{
    filler f = begin_filling(text, n_begin, n_begin);
    const char *words = line;
    do {
        size_t n_chars = strcspn(words, "\n");
        put_words(&f, words, n_chars);
        words += n_chars + (words[n_chars] == '\n');
    } while (goes_on(words, n_begin));
    ftdn_text_append(text, "\n");
    return words;
}

static void write_details(const char *details, ftdn_text *text)
{
    for (const char *line = details; *line;) {
        size_t n_chars = strcspn(line, "\n"), explanation = find_explanation(line, n_chars);
        if (n_chars > 0 && line[0] != ' ') {
            line = fill_lines(line, 0, text);
        } else if (explanation > 0) {
            ftdn_text_append_bytes(text, line, explanation);
            line = fill_lines(line + explanation, explanation, text);
        } else {
            ftdn_text_append(text, "%.*s\n", (int)n_chars, line);
            line += n_chars + (line[n_chars] == '\n');
        }
    }
}

void ftdn_help_write(const ftdn_command *command, ftdn_text *text)
{
    ftdn_text_append(text, "example: %s\n\n", command->example);
    ftdn_text_append(text, "usage: %s%s%s [options]\n", command->name, command->arguments[0] ? " " : "",
                     command->arguments);
    filler f = begin_filling(text, 0, 0);
    put_words(&f, command->summary, strlen(command->summary));
    ftdn_text_append(text, "\n\noptions:\n");
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
    if (!command->details) return;
    ftdn_text_append(text, "\n");
    write_details(command->details, text);
}
