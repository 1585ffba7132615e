/* cell_text.h - a text value as it can be shown: valid UTF-8, and its width on a terminal. */
#ifndef FTDN_RESULTS_CELL_TEXT_H
#define FTDN_RESULTS_CELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Append bytes: [n_bytes] as UTF-8; a malformed byte and a 0 become U+FFFD. With escape_controls,
 * control characters become \n, \t, \x1b and the like: one line of a terminal, and nothing it obeys.
 * Returns the columns that the appended characters take: 2 for wide East Asian characters and
 * emoji, 0 for combining ones. */
int ftdn_cell_text_append(ftdn_text *text, const char *bytes, size_t n_bytes, bool escape_controls);

#endif
