/* duration.h - lengths of time as people write and read them. */
#ifndef FTDN_HARNESS_TERMINAL_DURATION_H
#define FTDN_HARNESS_TERMINAL_DURATION_H

#include "base/status.h"

/* "45 s", "12 min 5 s", "3 h 20 min": into text, which is returned. */
const char *ftdn_duration_text(double seconds, char text[32]);

/* "90s", "45m", "8h", "1h30m", "2d"; a number alone is seconds. FTDN_ERR_ARG: anything else, or no time at all. */
FTDN_NODISCARD ftdn_status ftdn_duration_parse(const char *text, double *ret_seconds, ftdn_error *err);

#endif
