#include "harness/terminal/manual.h"

#include <stdio.h>
#include <string.h>

#include "harness/terminal/exit_code.h"

/* Letters that troff gives a meaning of its own: a backslash, and the ASCII forms of dash, quotes, accent, tilde and
 * circumflex, of which it would make others. */
static void write_chars(const char *chars, size_t n_chars, ftdn_text *text)
{
    for (size_t i = 0; i < n_chars; i++) {
        switch (chars[i]) {
        case '\\': ftdn_text_append(text, "\\e"); break;
        case '-': ftdn_text_append(text, "\\-"); break;
        case '\'': ftdn_text_append(text, "\\(aq"); break;
        case '"': ftdn_text_append(text, "\\(dq"); break;
        case '`': ftdn_text_append(text, "\\(ga"); break;
        case '~': ftdn_text_append(text, "\\(ti"); break;
        case '^': ftdn_text_append(text, "\\(ha"); break;
        default: ftdn_text_append_bytes(text, chars + i, 1);
        }
    }
}

static void write_text(const char *chars, ftdn_text *text)
{
    write_chars(chars, strlen(chars), text);
}

/* A line of text, which a dot at its beginning does not make a request. */
static void write_line(const char *chars, size_t n_chars, ftdn_text *text)
{
    if (n_chars > 0 && chars[0] == '.') ftdn_text_append(text, "\\&");
    write_chars(chars, n_chars, text);
    ftdn_text_append(text, "\n");
}

/* Running text is filled; lines that are indented keep their form. */
static void write_details(const char *details, ftdn_text *text)
{
    bool is_set = false, was_empty = true;
    ftdn_text_append(text, ".PP\n");
    for (const char *line = details; *line;) {
        size_t n_chars = strcspn(line, "\n");
        bool is_indented = line[0] == ' ';
        if (is_set != is_indented && n_chars > 0) {
            ftdn_text_append(text, is_indented ? ".PP\n.nf\n" : ".fi\n.PP\n");
            is_set = is_indented;
        } else if (was_empty && n_chars > 0 && line != details) {
            ftdn_text_append(text, ".PP\n");
        }
        if (n_chars > 0) write_line(line, n_chars, text);
        was_empty = n_chars == 0;
        line += n_chars + (line[n_chars] == '\n');
    }
    if (is_set) ftdn_text_append(text, ".fi\n");
}

static void write_option(const ftdn_option *option, ftdn_text *text)
{
    ftdn_text_append(text, ".TP\n");
    if (option->letter) ftdn_text_append(text, "\\fB\\-%c\\fR, ", option->letter);
    ftdn_text_append(text, "\\fB\\-\\-");
    write_text(option->name, text);
    ftdn_text_append(text, "\\fR");
    if (option->value_name) {
        ftdn_text_append(text, " \\fI");
        write_text(option->value_name, text);
        ftdn_text_append(text, "\\fR");
    }
    ftdn_text_append(text, "\n");
    write_line(option->help, strlen(option->help), text);
}

void ftdn_manual_write_command(const ftdn_command *command, ftdn_text *text)
{
    ftdn_text_append(text, ".SS %s\n", command->name);
    ftdn_text_append(text, "\\fB%s\\fR ", command->name);
    if (command->arguments[0]) {
        ftdn_text_append(text, "\\fI");
        write_text(command->arguments, text);
        ftdn_text_append(text, "\\fR ");
    }
    ftdn_text_append(text, "[options]\n.PP\n");
    write_line(command->summary, strlen(command->summary), text);
    ftdn_text_append(text, ".PP\nExample:\n.PP\n.nf\n.RS 4\n");
    write_line(command->example, strlen(command->example), text);
    ftdn_text_append(text, ".RE\n.fi\n");
    for (int i = 0; i < command->n_options; i++) write_option(&command->option[i], text);
    if (command->details) write_details(command->details, text);
}

void ftdn_manual_write_head(const char *version, const char *summary, ftdn_text *text)
{
    ftdn_text_append(text,
                     ".TH FTDN 1 \"\" \"ftdn %s\" \"FT\\-DeepNets\"\n"
                     ".SH NAME\n"
                     "ftdn \\- fault injection into convolutional neural networks\n"
                     ".SH SYNOPSIS\n"
                     "\\fBftdn\\fR \\fICOMMAND\\fR [arguments] [options]\n"
                     ".br\n"
                     "\\fBftdn\\fR \\fICOMMAND\\fR \\fB\\-\\-help\\fR\n"
                     ".br\n"
                     "\\fBftdn\\fR \\fB\\-\\-version\\fR\n"
                     ".SH DESCRIPTION\n",
                     version);
    write_line(summary, strlen(summary), text);
    ftdn_text_append(
        text, "A campaign is one JSON file, the manifest; its results are one SQLite file, the store. A trial\\(aqs "
              "result depends on its description alone: not on workers, threads, order or interruptions.\n"
              ".PP\n"
              "Options may stand before, between and behind arguments; \\fB\\-\\-\\fR ends them. Every command "
              "knows \\fB\\-h\\fR and \\fB\\-\\-help\\fR, which say what stands here.\n"
              ".SH COMMANDS\n");
}

/* A paragraph with a head in bold. */
static void write_item(const char *head, const char *what, ftdn_text *text)
{
    ftdn_text_append(text, ".TP\n\\fB");
    write_text(head, text);
    ftdn_text_append(text, "\\fR\n");
    write_line(what, strlen(what), text);
}

void ftdn_manual_write_end(ftdn_text *text)
{
    static const char *const environment[][2] = {
        {"XDG_CACHE_HOME", "ftdn below it is the data cache, where 'ftdn fetch' puts data and manifests find them "
                           "(default: ~/.cache)."},
        {"any variable", "stands in paths of a manifest as ${NAME}."},
    };
    static const char *const files[][2] = {
        {"results/NAME.db", "The results of the manifest called NAME, below the current folder, unless --db says "
                            "otherwise. It is an SQLite file; its views keep their names and columns."},
        {"trainings/NAME", "What 'ftdn train' fills: checkpoints, a log, the trained weights."},
    };
    static const struct {
        ftdn_exit_code code;
        const char *meaning;
    } codes[] = {
        {FTDN_EXIT_DONE, "Done."},
        {FTDN_EXIT_UNEXPECTED, "Unexpected: out of memory, or a compute library refused a call."},
        {FTDN_EXIT_USAGE, "The command line is wrong."},
        {FTDN_EXIT_MANIFEST, "The manifest is wrong."},
        {FTDN_EXIT_INPUT, "A file is missing, damaged, or does not fit."},
        {FTDN_EXIT_STORE, "The store cannot be used, or is damaged."},
        {FTDN_EXIT_FAILED_TRIALS, "Finished, but trials failed; or what was compared differs."},
        {FTDN_EXIT_TRIALS_LEFT, "The time of --for is over, or the trials of --limit are run; trials are left."},
        {FTDN_EXIT_INTERRUPTED, "Interrupted; the same command goes on."},
        {FTDN_EXIT_NO_READER, "Who read the answer has left, as in 'ftdn show DB | head'."},
    };
    ftdn_text_append(text, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", (int)codes[i].code);
        write_item(number, codes[i].meaning, text);
    }
    ftdn_text_append(text, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < sizeof environment / sizeof *environment; i++)
        write_item(environment[i][0], environment[i][1], text);
    ftdn_text_append(text, ".SH FILES\n");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) write_item(files[i][0], files[i][1], text);
    ftdn_text_append(text, ".SH SEE ALSO\n\\fBsqlite3\\fR(1), \\fBgnuplot\\fR(1), \\fBsbatch\\fR(1)\n");
}
