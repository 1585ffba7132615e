/* crew.h - the worker processes of a campaign: hired, spoken to, watched, replaced.
 *
 * A worker is a fork of the scheduler: it has plan, weights and images without loading or copying them. It does one
 * job at a time, never opens the store, and ends when the scheduler ends, in whatever way. What happens inside it (a
 * crash of a library, memory refused, a loop without end) is seen from outside and costs the job at most. */
#ifndef FTDN_HARNESS_CAMPAIGN_CREW_H
#define FTDN_HARNESS_CAMPAIGN_CREW_H

#include <sys/types.h>

#include "base/status.h"
#include "harness/campaign/crew_member.h"
#include "harness/campaign/message.h"

typedef struct ftdn_crew_place {
    pid_t pid; /* 0: nobody is here */
    int fd;    /* the scheduler's end of the socket */
    ftdn_text incoming; /* bytes received, from the beginning of a message */
} ftdn_crew_place;

typedef struct ftdn_crew {
    const ftdn_duties *duties; /* borrowed */
    int n_places;
    ftdn_crew_place *place; /* [n_places] */
    int next; /* whose messages are looked at first: all get their turn */
    ftdn_text body; /* of the last message */
} ftdn_crew;

typedef enum ftdn_crew_event_kind {
    FTDN_CREW_QUIET,   /* nothing happened in the given time, or a signal came */
    FTDN_CREW_MESSAGE, /* header and body hold a message */
    FTDN_CREW_GONE,    /* the worker has ended; cause says how */
} ftdn_crew_event_kind;

typedef struct ftdn_crew_event {
    ftdn_crew_event_kind kind;
    int place;
    ftdn_message_header header;
    ftdn_message_reader body; /* valid until the next wait */
    char cause[128];          /* "killed by signal 11 (Segmentation fault)" */
} ftdn_crew_event;

FTDN_NODISCARD ftdn_status ftdn_crew_init(ftdn_crew *crew, const ftdn_duties *duties, int n_places, ftdn_error *err);

/* Dismisses all who are left. */
void ftdn_crew_done(ftdn_crew *crew);

/* Fork a worker into a place that is empty. FTDN_ERR_BACKEND: the system refuses. */
FTDN_NODISCARD ftdn_status ftdn_crew_hire(ftdn_crew *crew, int place, ftdn_error *err);

/* End a worker at once (SIGKILL); its place is empty afterwards. Nothing where it is empty. */
void ftdn_crew_dismiss(ftdn_crew *crew, int place);

/* Give a worker that waits its next job. A worker that is gone is told by the next event. */
void ftdn_crew_send(ftdn_crew *crew, int place, const ftdn_text *message);

/* The next event. A worker's last words come before the news that it is gone. */
FTDN_NODISCARD ftdn_status ftdn_crew_wait(ftdn_crew *crew, int timeout_ms, ftdn_crew_event *ret_event, ftdn_error *err);

#endif
