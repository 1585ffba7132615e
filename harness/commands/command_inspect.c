#include "harness/terminal/command.h"

#include <string.h>

#include "base/suggest.h"
#include "harness/commands/inspect.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct subject {
    const char *name;
    ftdn_status (*run)(int argc, const char *const *argv, ftdn_error *err);
} subject;

static const subject subject_table[] = {
    {"weights", ftdn_inspect_weights},
    {"graph", ftdn_inspect_graph},
    {"dataset", ftdn_inspect_dataset},
};
enum { N_SUBJECTS = sizeof subject_table / sizeof *subject_table };

static ftdn_status fail_unknown(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                                ftdn_error *err)
{
    (void)user, (void)arena, (void)text;
    const char *word = arguments->argument[0], *names[N_SUBJECTS];
    for (int i = 0; i < N_SUBJECTS; i++) names[i] = subject_table[i].name;
    const char *nearest = ftdn_suggest(word, names, N_SUBJECTS);
    if (nearest)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "inspect: unknown subject '%s'; did you mean '%s'?", word, nearest);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "inspect: unknown subject '%s'; there are weights, graph and dataset", word);
}

ftdn_status ftdn_command_inspect(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    const char *const *words = (const char *const *)argv;
    for (int i = 0; argc > 1 && i < N_SUBJECTS; i++)
        if (strcmp(words[1], subject_table[i].name) == 0) return subject_table[i].run(argc - 1, words + 1, err);
    const char *names[N_SUBJECTS];
    for (int i = 0; i < N_SUBJECTS; i++) names[i] = subject_table[i].name;
    const ftdn_command command = {
        .name = "ftdn inspect",
        .arguments = "SUBJECT...",
        .summary = "Look into a weight file, a network or a dataset.",
        .example = "ftdn inspect graph ssd_vgg16",
        .details = "subjects:\n"
                   "  weights FILE        tensors: names, shapes, types, digests\n"
                   "  graph NAME          layers of a network: shapes, parameters, operations, memory\n"
                   "  dataset ROOT SPLIT  a dataset, or generated scenes: images, objects of each class, digest\n"
                   "'ftdn inspect SUBJECT --help' shows the options of each.",
        .min_arguments = 1,
        .max_arguments = 1000, /* read by the subjects */
        .n_words = N_SUBJECTS,
        .word = names,
    };
    return ftdn_print_answer(&command, argc, words, fail_unknown, NULL, err);
}
