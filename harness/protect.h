/* protect.h - the protection that a trial asks for, made for its network:
 *
 *     scores      of the channels of each unit                (harness/rankings/scores.h)
 *     selection   the best of each layer, or of the network   (rankers/select.h)
 *     copies      of their filters; or the ranges of a clip   (protectors/duplication.h, harness/rankings/ranges.h)
 *     graph       that computes with them                     (protectors/protector.h) */
#ifndef FTDN_HARNESS_PROTECT_H
#define FTDN_HARNESS_PROTECT_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/rankings/scores.h"
#include "protectors/protector.h"

/* Scores and ranges are got from `scores` or computed. The protection lives in the arena and may not be moved. */
FTDN_NODISCARD ftdn_status ftdn_protect(const ftdn_planned_trial *trial, const ftdn_score_source *scores,
                                        ftdn_arena *arena, ftdn_protection *protection, ftdn_error *err);

#endif
