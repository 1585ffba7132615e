/* print.h - the only way of a command to standard output: a text as a whole, where a failed write is an error. */
#ifndef FTDN_HARNESS_TERMINAL_PRINT_H
#define FTDN_HARNESS_TERMINAL_PRINT_H

#include <stdint.h>

#include "base/status.h"
#include "base/table.h"
#include "base/text.h"
#include "harness/terminal/options.h"

/* Write the text and flush. FTDN_ERR_MEMORY where the text is incomplete, FTDN_ERR_INPUT where it cannot be written,
 * FTDN_ERR_PIPE where its reader has left. */
FTDN_NODISCARD ftdn_status ftdn_print(const ftdn_text *text, ftdn_error *err);

/* Write what standard output takes without waiting of the characters behind *n_written, and count them there: so a long
 * answer begins while it is still being made, and a reader that takes its time holds nothing up. Failures as of
 * ftdn_print. */
FTDN_NODISCARD ftdn_status ftdn_print_ahead(const ftdn_text *text, size_t *n_written, ftdn_error *err);

/* Columns of the terminal that standard output is; 0: it is none, or does not say. */
int ftdn_terminal_width(void);

/* Print the help of a command. */
FTDN_NODISCARD ftdn_status ftdn_print_help(const ftdn_command *command, ftdn_help_form form, ftdn_error *err);

/* What is left of a command once its line is read: append the answer to text. user: the option values. */
typedef ftdn_status ftdn_answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                                ftdn_error *err);

/* Read a command's line (argv[0] is the command's name), then print its help or its answer. The arena lives as long
 * as the call. Nothing is printed where `answer` fails. */
FTDN_NODISCARD ftdn_status ftdn_print_answer(const ftdn_command *command, int argc, const char *const *argv,
                                             ftdn_answer *answer, const void *user, ftdn_error *err);

/* Append a text from a file as a reader can bear it: valid UTF-8, one line, nothing that a terminal obeys. */
void ftdn_append_shown(ftdn_text *text, const char *string);

/* Of a list of n lines in a text for people: how many are shown; and a line about those that are not. */
int ftdn_n_listed(int n);
void ftdn_append_unlisted(ftdn_text *text, int n);

/* Append such a text as a JSON string: valid UTF-8, everything else kept. */
void ftdn_append_json(ftdn_text *text, const char *string);

/* Append it as a member of a JSON object (base/json_members.h). string: NULL: null. */
void ftdn_append_json_member(ftdn_text *text, const char *key, const char *string);

/* Append and end a cell with such a text. */
void ftdn_table_add_shown(ftdn_table *table, const char *string);

/* Append and end a cell with a count: "26,285,998". */
void ftdn_table_add_count(ftdn_table *table, uint64_t count);

/* Append the JSON member "roles" of a layer: "roles":["feature_map","source"]. roles: FTDN_ROLE_ bits. */
void ftdn_append_json_roles(ftdn_text *text, unsigned roles);

/* Append a count in the same form. */
void ftdn_append_count(ftdn_text *text, uint64_t count);

#endif
