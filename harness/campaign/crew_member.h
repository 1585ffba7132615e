/* crew_member.h - the life of a worker process: a job comes, its answer goes. */
#ifndef FTDN_HARNESS_CAMPAIGN_CREW_MEMBER_H
#define FTDN_HARNESS_CAMPAIGN_CREW_MEMBER_H

#include "harness/plan/plan.h"

/* What all workers of a campaign know from their beginning on. */
typedef struct ftdn_duties {
    const ftdn_plan *plan; /* images of the trials that will be asked for are decoded */
    int n_threads;         /* of each worker */
    int batch;             /* images that a thread takes at a time */
    int n_devices;         /* 0: trials run on processors */
} ftdn_duties;

/* Do what comes through the socket until its other end is closed, or a device is lost. place: of the worker among all;
 * chooses its device. Does not return: the process ends here, and runs nothing of what its parent had left to do. */
_Noreturn void ftdn_crew_member_work(const ftdn_duties *duties, int place, int fd);

#endif
