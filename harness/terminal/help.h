/* help.h - what a command tells of itself on a terminal of 80 columns. */
#ifndef FTDN_HARNESS_TERMINAL_HELP_H
#define FTDN_HARNESS_TERMINAL_HELP_H

#include "base/text.h"
#include "harness/terminal/options.h"

#define FTDN_HELP_COLUMNS 80

/* The example first, then usage, summary, options, details. Running text is filled, and so is what stands behind the
 * words of a list ("  name  what it is", further lines below "what"). Other indented lines, commands, stay whole. */
void ftdn_help_write(const ftdn_command *command, ftdn_text *text);

#endif
