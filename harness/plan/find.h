/* find.h - what a user names on the command line: a trial, an image, a layer. */
#ifndef FTDN_HARNESS_PLAN_FIND_H
#define FTDN_HARNESS_PLAN_FIND_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/plan/plan.h"

/* All answer FTDN_ERR_ARG where nothing fits, and leave *ret_... alone then. */

/* The one trial whose id begins with the prefix. */
FTDN_NODISCARD ftdn_status ftdn_find_trial(const ftdn_plan *plan, const char *prefix,
                                           const ftdn_planned_trial **ret_trial, ftdn_error *err);

/* Its place in the dataset. */
FTDN_NODISCARD ftdn_status ftdn_find_image(const ftdn_dataset *dataset, const char *name, int *ret_image,
                                           ftdn_error *err);

/* Its index in the graph; the message has the nearest name. The arena is scratch. */
FTDN_NODISCARD ftdn_status ftdn_find_layer(const ftdn_graph *graph, const char *name, ftdn_arena *arena, int *ret_layer,
                                           ftdn_error *err);

#endif
