#include "base/child_answer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* What the child says first; after FTDN_OK the answer follows. */
typedef struct child_report {
    ftdn_status status;
    char message[sizeof((ftdn_error *)0)->message];
} child_report;

static bool write_all(int fd, const void *bytes, size_t n_bytes)
{
    const char *rest = bytes;
    while (n_bytes > 0) {
        ssize_t n = write(fd, rest, n_bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        rest += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

/* The child's whole life. */
static void reply(ftdn_child_question *question, void *user, void *answer, size_t n_bytes, int fd)
{
    child_report report = {0};
    ftdn_error err = {0};
    report.status = question(user, answer, &err);
    memcpy(report.message, err.message, sizeof report.message);
    bool written = write_all(fd, &report, sizeof report);
    if (report.status == FTDN_OK) written = written && write_all(fd, answer, n_bytes);
    _exit(written ? 0 : 1);
}

typedef enum read_result { READ_ALL, READ_SHORT, READ_LATE } read_result;

static read_result read_until(int fd, void *bytes, size_t n_bytes, int64_t deadline_ns)
{
    char *rest = bytes;
    while (n_bytes > 0) {
        int64_t left_ns = deadline_ns - ftdn_clock_ns();
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int n_ready = left_ns > 0 ? poll(&ready, 1, (int)(left_ns / 1000000) + 1) : 0;
        if (n_ready == 0) return READ_LATE;
        if (n_ready < 0 && errno == EINTR) continue;
        ssize_t n = n_ready > 0 ? read(fd, rest, n_bytes) : -1;
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return READ_SHORT;
        rest += n;
        n_bytes -= (size_t)n;
    }
    return READ_ALL;
}

static ftdn_status fail_ended(int wait_status, ftdn_error *err)
{
    if (WIFSIGNALED(wait_status))
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "the process that was asked ended: %s",
                         strsignal(WTERMSIG(wait_status)));
    return FTDN_FAIL(err, FTDN_ERR_BACKEND, "the process that was asked ended with code %d", WEXITSTATUS(wait_status));
}

/* Read the answer, and see the child off. */
static ftdn_status hear(pid_t child, int fd, int timeout_ms, void *ret_answer, size_t n_bytes, ftdn_error *err)
{
    child_report report;
    int wait_status = 0;
    int64_t deadline_ns = ftdn_clock_ns() + (int64_t)timeout_ms * 1000000;
    read_result result = read_until(fd, &report, sizeof report, deadline_ns);
    bool has_answer = result == READ_ALL && report.status == FTDN_OK;
    if (has_answer) result = read_until(fd, ret_answer, n_bytes, deadline_ns);
    if (result != READ_SHORT) kill(child, SIGKILL); /* nothing that it does now matters to anybody */
    while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) continue;
    if (result == READ_LATE) return FTDN_FAIL(err, FTDN_ERR_BACKEND, "no answer within %g s", timeout_ms / 1000.0);
    if (result == READ_SHORT) return fail_ended(wait_status, err);
    return has_answer ? FTDN_OK : FTDN_FAIL(err, report.status, "%s", report.message);
}

ftdn_status ftdn_child_ask(ftdn_child_question *question, void *user, int timeout_ms, void *ret_answer, size_t n_bytes,
                           ftdn_error *err)
{
    int ends[2];
    if (pipe(ends) != 0) return FTDN_FAIL(err, FTDN_ERR_BACKEND, "pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        reply(question, user, ret_answer, n_bytes, ends[1]);
    }
    int cause = errno;
    close(ends[1]);
    ftdn_status status = child > 0 ? hear(child, ends[0], timeout_ms, ret_answer, n_bytes, err)
                                   : FTDN_FAIL(err, FTDN_ERR_BACKEND, "fork: %s", strerror(cause));
    close(ends[0]);
    return status;
}
