/* clock.h - elapsed time. */
#ifndef FTDN_BASE_CLOCK_H
#define FTDN_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of the monotonic clock, from an arbitrary start. */
int64_t ftdn_clock_ns(void);

#endif
