/* manual.h - the manual page ftdn(1), in the language of troff's man macros, out of what the program says of itself.
 *
 * The page is a head, a section of each command (`ftdn COMMAND --help=man`), and an end. */
#ifndef FTDN_HARNESS_TERMINAL_MANUAL_H
#define FTDN_HARNESS_TERMINAL_MANUAL_H

#include "base/text.h"
#include "harness/terminal/options.h"

/* Title, name, synopsis, description, and the heading of the commands. summary: of the program, one sentence. */
void ftdn_manual_write_head(const char *version, const char *summary, ftdn_text *text);

/* Usage, summary, example, options and details of a command. */
void ftdn_manual_write_command(const ftdn_command *command, ftdn_text *text);

/* Exit codes, environment, files. */
void ftdn_manual_write_end(ftdn_text *text);

#endif
