#define _XOPEN_SOURCE 700 /* waitid */
#include "harness/campaign/crew.h"

#include <assert.h>
#include <errno.h>
#include <omp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GONE_WAIT_MS 2000 /* between a closed socket and the end of its process */

ftdn_status ftdn_crew_init(ftdn_crew *crew, const ftdn_duties *duties, int n_places, ftdn_error *err)
{
    *crew = (ftdn_crew){.duties = duties, .place = calloc((size_t)n_places, sizeof *crew->place)};
    if (!crew->place) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d workers", n_places);
    crew->n_places = n_places;
    ftdn_text_init(&crew->body);
    for (int i = 0; i < n_places; i++) {
        crew->place[i].fd = -1;
        ftdn_text_init(&crew->place[i].incoming);
    }
    return FTDN_OK;
}

void ftdn_crew_done(ftdn_crew *crew)
{
    for (int i = 0; i < crew->n_places; i++) {
        ftdn_crew_dismiss(crew, i);
        ftdn_text_done(&crew->place[i].incoming);
    }
    ftdn_text_done(&crew->body);
    free(crew->place);
    *crew = (ftdn_crew){0};
}

/* In the child: what ends a run is for its scheduler alone, though a terminal or Slurm tells all processes. It ends
 * with its scheduler, and it holds no other worker's socket. */
static _Noreturn void become_member(const ftdn_crew *crew, int place, int fd, pid_t scheduler)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != scheduler) _exit(0);
    for (int i = 0; i < crew->n_places; i++)
        if (crew->place[i].fd >= 0) close(crew->place[i].fd);
    ftdn_crew_member_work(crew->duties, place, fd);
}

ftdn_status ftdn_crew_hire(ftdn_crew *crew, int place, ftdn_error *err)
{
    ftdn_crew_place *own = &crew->place[place];
    assert(own->pid == 0);
    int end[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) != 0)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "no socket for a worker process: %s", strerror(errno));
    /* A fork has the calling thread only: OpenMP must not believe in others, which wait for work in this process. */
    omp_pause_resource_all(omp_pause_hard);
    pid_t scheduler = getpid(), pid = fork();
    if (pid == 0) {
        close(end[0]);
        become_member(crew, place, end[1], scheduler);
    }
    int number = errno;
    close(end[1]);
    if (pid < 0) {
        close(end[0]);
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "no worker process can be started: %s", strerror(number));
    }
    own->pid = pid;
    own->fd = end[0];
    own->incoming.n_chars = 0;
    return FTDN_OK;
}

static int reap(ftdn_crew_place *own)
{
    int how = 0;
    while (waitpid(own->pid, &how, 0) < 0 && errno == EINTR) {}
    close(own->fd);
    own->pid = 0;
    own->fd = -1;
    own->incoming.n_chars = 0;
    return how;
}

void ftdn_crew_dismiss(ftdn_crew *crew, int place)
{
    ftdn_crew_place *own = &crew->place[place];
    if (own->pid == 0) return;
    kill(own->pid, SIGKILL);
    (void)reap(own);
}

void ftdn_crew_send(ftdn_crew *crew, int place, const ftdn_text *message)
{
    (void)ftdn_message_send(crew->place[place].fd, message);
}

/* A worker whose socket is closed is about to end; one that does not is ended. */
static void tell_gone(ftdn_crew *crew, int place, ftdn_crew_event *event)
{
    ftdn_crew_place *own = &crew->place[place];
    siginfo_t info = {0};
    for (int ms = 0; ms < GONE_WAIT_MS; ms++) {
        if (waitid(P_PID, (id_t)own->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (info.si_pid == 0) kill(own->pid, SIGKILL);
    int how = reap(own);
    event->kind = FTDN_CREW_GONE;
    event->place = place;
    if (WIFSIGNALED(how))
        snprintf(event->cause, sizeof event->cause, "killed by signal %d (%s)", WTERMSIG(how),
                 strsignal(WTERMSIG(how)));
    else snprintf(event->cause, sizeof event->cause, "ended with exit code %d", WEXITSTATUS(how));
}

/* Hand out the first message of a worker, if it is there as a whole. */
static bool take_message(ftdn_crew *crew, int place, ftdn_crew_event *event)
{
    ftdn_text *incoming = &crew->place[place].incoming;
    ftdn_message_header header;
    if (incoming->n_chars < sizeof header) return false;
    memcpy(&header, incoming->chars, sizeof header);
    size_t n_bytes = sizeof header + (size_t)header.n_bytes;
    if (incoming->n_chars < n_bytes) return false;
    crew->body.n_chars = 0;
    ftdn_text_append_bytes(&crew->body, incoming->chars + sizeof header, (size_t)header.n_bytes);
    memmove(incoming->chars, incoming->chars + n_bytes, incoming->n_chars - n_bytes);
    incoming->n_chars -= n_bytes;
    *event = (ftdn_crew_event){
        .kind = FTDN_CREW_MESSAGE,
        .place = place,
        .header = header,
        .body = {.at = crew->body.chars, .end = crew->body.chars + header.n_bytes, .failed = crew->body.failed},
    };
    return true;
}

/* Read what a worker has sent, without waiting. False where nothing will come any more. */
static bool read_some(ftdn_crew_place *own)
{
    char bytes[16384];
    for (;;) {
        ssize_t n_read = recv(own->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n_read > 0) ftdn_text_append_bytes(&own->incoming, bytes, (size_t)n_read);
        else if (n_read == 0) return false;
        else if (errno == EAGAIN || errno == EWOULDBLOCK) return !own->incoming.failed;
        else if (errno != EINTR) return false;
    }
}

static bool take_any_message(ftdn_crew *crew, ftdn_crew_event *event)
{
    for (int i = 0; i < crew->n_places; i++) {
        int place = (crew->next + i) % crew->n_places;
        if (crew->place[place].pid == 0 || !take_message(crew, place, event)) continue;
        crew->next = (place + 1) % crew->n_places;
        return true;
    }
    return false;
}

ftdn_status ftdn_crew_wait(ftdn_crew *crew, int timeout_ms, ftdn_crew_event *ret_event, ftdn_error *err)
{
    *ret_event = (ftdn_crew_event){.kind = FTDN_CREW_QUIET};
    if (take_any_message(crew, ret_event)) return FTDN_OK;
    struct pollfd *watched = calloc((size_t)crew->n_places, sizeof *watched);
    if (!watched) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d workers", crew->n_places);
    for (int i = 0; i < crew->n_places; i++) watched[i] = (struct pollfd){.fd = crew->place[i].fd, .events = POLLIN};
    int n_ready = poll(watched, (nfds_t)crew->n_places, timeout_ms);
    int gone = -1;
    for (int i = 0; i < crew->n_places && n_ready > 0; i++)
        if (watched[i].revents && !read_some(&crew->place[i]) && gone < 0) gone = i;
    free(watched);
    if (n_ready < 0 && errno != EINTR)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "waiting for worker processes: %s", strerror(errno));
    if (!take_any_message(crew, ret_event) && gone >= 0) tell_gone(crew, gone, ret_event);
    return FTDN_OK;
}
