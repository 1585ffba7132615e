/* doctor.h - what this program and this machine have, finding by finding, and what to do about what is missing. */
#ifndef FTDN_HARNESS_COMMANDS_DOCTOR_H
#define FTDN_HARNESS_COMMANDS_DOCTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/device.h"

#define FTDN_MAX_FINDINGS 48
#define FTDN_GIB 1073741824.0
#define FTDN_DOCTOR_MAX_DEVICES 16 /* that are tried and described; further ones are counted */

typedef enum ftdn_finding_state {
    FTDN_FINDING_OK,
    FTDN_FINDING_MISSING, /* something can do without it */
    FTDN_FINDING_BROKEN,  /* it is there and does not do what it should */
} ftdn_finding_state;

typedef struct ftdn_finding {
    const char *what; /* "backend cpu" */
    ftdn_finding_state state;
    const char *text;   /* what was found, or why not; one line */
    const char *advice; /* what to do; NULL: nothing, or the text says it */
} ftdn_finding;

typedef struct ftdn_doctor {
    ftdn_arena *arena; /* borrowed; texts live there */
    int n_findings;
    ftdn_finding finding[FTDN_MAX_FINDINGS];
    bool cpu_works;
    int n_devices;       /* that answer */
    int n_sound_devices; /* of those that were tried: they compute what the reference does */
    ftdn_device_info device[FTDN_DOCTOR_MAX_DEVICES];
} ftdn_doctor;

void ftdn_doctor_init(ftdn_doctor *doctor, ftdn_arena *arena);

/* Add a finding. advice: static text or NULL. Only a refused allocation fails these functions. */
FTDN_NODISCARD ftdn_status ftdn_doctor_add(ftdn_doctor *doctor, const char *what, ftdn_finding_state state,
                                           const char *advice, ftdn_error *err, const char *format, ...)
    FTDN_PRINTF(6, 7);

/* Program, processor, folders, and the programs that some commands call. */
FTDN_NODISCARD ftdn_status ftdn_doctor_examine_program(ftdn_doctor *doctor, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_doctor_examine_surroundings(ftdn_doctor *doctor, ftdn_error *err);

/* The backends and the devices (doctor_backends.c): each computes a small network, which is compared with the
 * reference. What a device does is done by a child process. */
FTDN_NODISCARD ftdn_status ftdn_doctor_try_backends(ftdn_doctor *doctor, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_doctor_try_devices(ftdn_doctor *doctor, ftdn_error *err);

#endif
