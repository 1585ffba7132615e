/* canary.h - the golden canary: the network without faults, evaluated again and again while a campaign runs.
 *
 * Its answer is a function of weights, images and arithmetic alone. An answer with another bit says that the worker
 * (its memory, its processor) is no longer what it was, and that what it did since its last good answer is not to be
 * trusted. */
#ifndef FTDN_HARNESS_CAMPAIGN_CANARY_H
#define FTDN_HARNESS_CAMPAIGN_CANARY_H

#include <stdbool.h>

#include "base/sha256.h"
#include "base/status.h"
#include "harness/device_images.h"
#include "harness/plan/plan.h"

#define FTDN_CANARY_IMAGES 8 /* evaluated: the first of the dataset */

/* Have both trials the same clean network, images and rule of detection? */
bool ftdn_canary_fits(const ftdn_planned_trial *a, const ftdn_planned_trial *b);

/* What a canary is the answer to: a digest of all that determines it. */
FTDN_NODISCARD ftdn_status ftdn_canary_key(const ftdn_planned_trial *trial, char ret_key[FTDN_SHA256_HEX],
                                           ftdn_error *err);

/* The trial's network, without its faults and protection, set up anew from the clean weights and run on one thread
 * over the first images: a digest of every bit of every detection. images, cache: as in ftdn_rig_desc, so that it
 * answers for those that trials use. */
FTDN_NODISCARD ftdn_status ftdn_canary_evaluate(const ftdn_planned_trial *trial, ftdn_device_images *images,
                                                ftdn_device_cache *cache, char ret_digest[FTDN_SHA256_HEX],
                                                ftdn_error *err);

#endif
