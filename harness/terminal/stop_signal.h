/* stop_signal.h - the user's wish to stop: Ctrl-C, or SIGTERM. */
#ifndef FTDN_HARNESS_TERMINAL_STOP_SIGNAL_H
#define FTDN_HARNESS_TERMINAL_STOP_SIGNAL_H

#include <signal.h>

/* From now on the first such signal says `word` on stderr and sets the flag that is returned, which is 0 before; the
 * second one ends the program at once. word: lives as long as the program. */
const volatile sig_atomic_t *ftdn_stop_signal_watch(const char *word);

#endif
