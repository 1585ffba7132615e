#include "harness/terminal/stop_signal.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Read and written by the signal handler; the mutable globals of the program. */
static volatile sig_atomic_t stop_requested;
static const char *stop_word;

static void request_stop(int signal_number)
{
    stop_requested = 1;
    ssize_t n_written = write(STDERR_FILENO, stop_word, strlen(stop_word));
    (void)n_written;
    signal(signal_number, SIG_DFL);
}

const volatile sig_atomic_t *ftdn_stop_signal_watch(const char *word)
{
    struct sigaction action = {.sa_handler = request_stop};
    sigemptyset(&action.sa_mask);
    stop_word = word;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop_requested;
}
