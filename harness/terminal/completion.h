/* completion.h - what the completion of command lines (harness/terminal/completion.bash) must know of a command.
 *
 * `ftdn COMMAND --help=words` prints a line for each fact, of words between spaces:
 *
 *     command ftdn query
 *     arguments DB QUESTION         as the usage has them
 *     word map_by_rate              what the last argument may be
 *     option --output FILE          with the name of its value, if it takes one
 *     option -o FILE
 *     option --band BAND sd ci95    and the words that this may be
 *
 * Names of arguments and values tell their kind: DB, A.db: results files; MANIFEST: JSON; OUT.jpg: that suffix; IMAGE,
 * FILE, DIR, ROOT, FOLDER; ID: a trial. */
#ifndef FTDN_HARNESS_TERMINAL_COMPLETION_H
#define FTDN_HARNESS_TERMINAL_COMPLETION_H

#include "base/text.h"
#include "harness/terminal/options.h"

void ftdn_completion_write_command(const ftdn_command *command, ftdn_text *text);

#endif
