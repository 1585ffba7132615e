/* main.c - the program: finds the command, runs it, says what went wrong. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/code_version.h"
#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"
#include "engine/engine.h"
#include "harness/terminal/command.h"
#include "harness/terminal/manual.h"
#include "harness/terminal/print.h"

static const ftdn_command_entry command[] = {
    {"run", "run a manifest's trials that its results file lacks", ftdn_command_run},
    {"plan", "list the trials of a manifest and which are done; run nothing", ftdn_command_plan},
    {"manifest", "check a manifest, or print the schema of manifests", ftdn_command_manifest},
    {"status", "tell how far the campaigns of a results file are", ftdn_command_status},
    {"watch", "the same, again and again until the run ends", ftdn_command_watch},
    {"submit", "run a manifest's trials on a Slurm cluster", ftdn_command_submit},
    {"show", "show what a results file holds, or one trial of it", ftdn_command_show},
    {"sites", "list the elements that one trial hits in one layer", ftdn_command_sites},
    {"query", "ask a results file: a named query or a SELECT", ftdn_command_query},
    {"table", "print a table of the paper's kind out of a results file", ftdn_command_table},
    {"figure", "draw a figure out of a results file", ftdn_command_figure},
    {"report", "write a whole results file as one HTML page", ftdn_command_report},
    {"pictures", "draw what is found in a few images, without faults and with them", ftdn_command_pictures},
    {"replay", "run a stored trial again, and compare bit for bit", ftdn_command_replay},
    {"verify", "check that a results file holds what was written into it", ftdn_command_verify},
    {"repair", "save the sound trials of a damaged results file", ftdn_command_repair},
    {"merge", "unite results files, such as the shards of a campaign", ftdn_command_merge},
    {"diff", "compare two results files trial by trial", ftdn_command_diff},
    {"dump", "print all results of a file as a canonical text", ftdn_command_dump},
    {"migrate", "make a results file of an older program one of this one", ftdn_command_migrate},
    {"rank", "score the channels of a network: which matter most", ftdn_command_rank},
    {"detect", "find objects in one picture", ftdn_command_detect},
    {"inspect", "look into a weight file, a network or a dataset", ftdn_command_inspect},
    {"convert", "turn a PyTorch weight file into safetensors", ftdn_command_convert},
    {"train", "train a network on labelled images", ftdn_command_train},
    {"fetch", "get a dataset or trained weights into the cache", ftdn_command_fetch},
    {"doctor", "tell what this machine has, and what to do about what is missing", ftdn_command_doctor},
    {"bench", "measure how fast this machine is", ftdn_command_bench},
};
enum { N_COMMANDS = sizeof command / sizeof *command };

/* Words behind a command's name that have a help of their own. */
static const struct {
    const char *command, *word;
} subject[] = {
    {"inspect", "weights"},
    {"inspect", "graph"},
    {"inspect", "dataset"},
    {"bench", "overhead"},
    {"bench", "device"},
};
enum { N_SUBJECTS = sizeof subject / sizeof *subject };

static const char program_summary[] =
    "Inject faults into convolutional neural networks and record what they cost in average precision.";

static ftdn_status print_help(ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text,
                     "example: ftdn run experiments/smoke.json\n\n"
                     "usage: ftdn COMMAND [arguments] [options]\n%s\n\ncommands:\n",
                     program_summary);
    for (int i = 0; i < N_COMMANDS; i++) ftdn_text_append(&text, "  %-9s %s\n", command[i].name, command[i].summary);
    ftdn_text_append(&text, "\n'ftdn COMMAND --help' shows an example and the options of a command; "
                            "'ftdn --version' what is built in.\n");
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

/* The commands, for the completion of command lines. */
static ftdn_status print_words(ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "command ftdn\narguments COMMAND\n");
    for (int i = 0; i < N_COMMANDS; i++) ftdn_text_append(&text, "word %s\n", command[i].name);
    ftdn_text_append(&text, "option --help\noption --version\n");
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

/* What a command says of itself, or of the subject behind its name; NULL: of itself. */
static ftdn_status print_section(const ftdn_command_entry *row, const char *about, ftdn_error *err)
{
    ftdn_exit_code exit_code;
    char words[3][32];
    char *argv[] = {words[0], words[1], words[2], NULL};
    int argc = 0;
    snprintf(words[argc++], sizeof *words, "%s", row->name);
    if (about) snprintf(words[argc++], sizeof *words, "%s", about);
    snprintf(words[argc++], sizeof *words, "--help=man");
    argv[argc] = NULL;
    return row->run(argc, argv, &exit_code, err);
}

static ftdn_status print_part(void (*write)(ftdn_text *text), ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    write(&text);
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

static void write_head(ftdn_text *text)
{
    char version[32];
    snprintf(version, sizeof version, "%.*s", (int)strcspn(FTDN_CODE_VERSION, "+"), FTDN_CODE_VERSION);
    ftdn_manual_write_head(version, program_summary, text);
}

/* The manual page. */
static ftdn_status print_manual(ftdn_error *err)
{
    FTDN_TRY(print_part(write_head, err));
    for (int i = 0; i < N_COMMANDS; i++) {
        FTDN_TRY(print_section(&command[i], NULL, err));
        for (int j = 0; j < N_SUBJECTS; j++)
            if (strcmp(subject[j].command, command[i].name) == 0)
                FTDN_TRY(print_section(&command[i], subject[j].word, err));
    }
    return print_part(ftdn_manual_write_end, err);
}

static ftdn_status print_help_in(ftdn_help_form form, ftdn_error *err)
{
    switch (form) {
    case FTDN_HELP_TEXT: break;
    case FTDN_HELP_MAN: return print_manual(err);
    case FTDN_HELP_WORDS: return print_words(err);
    }
    return print_help(err);
}

static ftdn_status print_version(ftdn_error *err)
{
    static const char *const backends[] = {"cpu", "cuda", "ref"};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "ftdn %.*s\n", (int)strcspn(FTDN_CODE_VERSION, "+"), FTDN_CODE_VERSION);
    ftdn_text_append(&text, "code: %s\n", FTDN_CODE_VERSION);
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        const ftdn_backend *backend = ftdn_backend_find(backends[i]);
        if (!backend) continue;
        ftdn_text_append(&text, "backend %s: %s, %s\n", backends[i], ftdn_backend_version(backend),
                         ftdn_backend_arithmetic(backend, FTDN_CONV_DIRECT));
    }
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

static const ftdn_command_entry *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(command[i].name, name) == 0) return &command[i];
    return NULL;
}

static ftdn_status fail_unknown(const char *name, ftdn_error *err)
{
    const char *names[N_COMMANDS + 1] = {[N_COMMANDS] = "--version"};
    for (int i = 0; i < N_COMMANDS; i++) names[i] = command[i].name;
    const char *nearest = ftdn_suggest(name, names, N_COMMANDS + 1);
    const char *what = name[0] == '-' ? "option" : "command";
    if (nearest) return FTDN_FAIL(err, FTDN_ERR_ARG, "unknown %s '%s'; did you mean '%s'?", what, name, nearest);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "unknown %s '%s'; 'ftdn --help' lists the commands", what, name);
}

/* `ftdn help COMMAND` is `ftdn COMMAND --help`. */
static ftdn_status print_help_about(int n_words, char **word, ftdn_error *err)
{
    static const char form[] = "--help";
    ftdn_exit_code exit_code;
    char help[sizeof form];
    char *argv[] = {NULL, NULL, NULL, NULL};
    int argc = 0;
    if (n_words == 0) return print_help(err);
    const ftdn_command_entry *row = find_command(word[0]);
    if (!row) return fail_unknown(word[0], err);
    for (; argc < n_words && argc < 2; argc++) argv[argc] = word[argc];
    argv[argc++] = memcpy(help, form, sizeof form);
    return row->run(argc, argv, &exit_code, err);
}

static ftdn_status run(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    if (argc < 2) return FTDN_FAIL(err, FTDN_ERR_ARG, "no command is given; 'ftdn --help' lists the commands");
    const char *word = argv[1];
    ftdn_help_form form;
    if (strcmp(word, "help") == 0) return print_help_about(argc - 2, argv + 2, err);
    if (ftdn_help_form_find(word, &form)) return print_help_in(form, err);
    if (strcmp(word, "--version") == 0) return print_version(err);
    const ftdn_command_entry *row = find_command(word);
    if (!row) return fail_unknown(word, err);
    FTDN_TRY(row->run(argc - 1, argv + 1, ret_exit, err));
    /* What was printed piece by piece: a reader must not take half an answer for the whole. */
    if (fflush(stdout) != 0) return ftdn_file_fail_write("standard output", err);
    if (ferror(stdout)) return FTDN_FAIL(err, FTDN_ERR_INPUT, "standard output cannot be written");
    return FTDN_OK;
}

int main(int argc, char **argv)
{
    /* A reader that leaves early (| head) ends the printing, and never a campaign. */
    signal(SIGPIPE, SIG_IGN);
    /* So is a file that may not grow any more (ulimit -f, a quota). */
    signal(SIGXFSZ, SIG_IGN);
    ftdn_error err = {0};
    ftdn_exit_code exit_code = FTDN_EXIT_DONE;
    ftdn_status status = run(argc, argv, &exit_code, &err);
    if (status == FTDN_OK || (status == FTDN_ERR_PIPE && exit_code != FTDN_EXIT_DONE)) return (int)exit_code;
    if (status != FTDN_ERR_PIPE) fprintf(stderr, "ftdn: %s\n", err.message);
    return (int)ftdn_exit_code_of(status);
}
