/* scores.h - the channel scores that a trial's protection is chosen by: found in the store, or computed and kept there.
 *
 * A trial's settings name the ranking (protection.ranking, protection.direction), what `measured` injects (the type of
 * the faults, n_measured_images), the backend, and where maps are read (faults.feature_map_point). Scores are read from
 * the network without faults. Those of `random` are a function of the trial's seed and never stored. */
#ifndef FTDN_HARNESS_RANKINGS_SCORES_H
#define FTDN_HARNESS_RANKINGS_SCORES_H

#include <signal.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/graph.h"
#include "harness/plan/plan.h"
#include "injectors/scope.h"
#include "results/stored_scores.h"

/* Where scores come from, and who is told meanwhile. */
typedef struct ftdn_score_source {
    const ftdn_layer_scores *given; /* [n_given] found or computed before, of all layers that are asked for */
    int n_given;       /* 0: none are given */
    ftdn_store *store; /* open for writing; NULL: computed each time */
    int n_threads;
    ftdn_device_cache *cache; /* on a device: as in ftdn_compile_desc */
    const volatile sig_atomic_t *stop; /* not 0: leave with FTDN_ERR_INTERRUPTED; NULL: never */
    /* While scores are computed from images, from the calling thread: images done, of `measured` channels of images.
     * Any number of times, also none; may be NULL. */
    void (*on_progress)(void *user, const char *ranker, int n_done, int n_all);
    void *user;
} ftdn_score_source;

/* The layers from whose channels protections choose, in the network's order; live in the arena. FTDN_ERR_ARG: the
 * network has none. */
FTDN_NODISCARD ftdn_status ftdn_protected_layers(const ftdn_graph *graph, ftdn_arena *arena, ftdn_layer_set *ret_layers,
                                                 ftdn_error *err);

/* The scores of a planned trial's layers by its ranking, which the settings name. trial->calibration is decoded first
 * where it must be; nothing is decoded for scores that the store has. *ret_score: [n_layers][K of the layer], finite;
 * lives in the arena.
 * FTDN_ERR_INPUT: images that cannot be decoded, scores that are not finite, no object in any image where the ranking
 * needs one; FTDN_ERR_STORE: the store fails, or holds other scores for the same key. */
FTDN_NODISCARD ftdn_status ftdn_scores_get(const ftdn_score_source *source, const ftdn_planned_trial *trial,
                                           ftdn_layer_set layers, ftdn_arena *arena, const double *const **ret_score,
                                           ftdn_error *err);

/* The same in steps, for a campaign whose workers compute and whose scheduler keeps: scores of the layers that the
 * trial's protection chooses from. ret_layer: [*ret_n_layers] in the arena. */

/* Are the scores of this protection kept in the store: does it rank, and not at random? */
bool ftdn_scores_are_kept(const ftdn_protection_settings *protection);

/* What determines the kept scores of a trial, as a text: equal for trials that share them. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_scores_key_text(const ftdn_planned_trial *trial, ftdn_arena *arena,
                                                const char **ret_text, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_scores_find(ftdn_store *store, const ftdn_planned_trial *trial, ftdn_arena *arena,
                                            ftdn_layer_scores **ret_layer, int *ret_n_layers, bool *ret_found,
                                            ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_scores_compute(const ftdn_score_source *source, const ftdn_planned_trial *trial,
                                               ftdn_arena *arena, ftdn_layer_scores **ret_layer, int *ret_n_layers,
                                               ftdn_error *err);

/* Scores that are all 0, for measuring how long trials take: any channels will do. */
FTDN_NODISCARD ftdn_status ftdn_scores_blank(const ftdn_planned_trial *trial, ftdn_arena *arena,
                                             ftdn_layer_scores **ret_layer, int *ret_n_layers, ftdn_error *err);

/* seconds: that computing them took. */
FTDN_NODISCARD ftdn_status ftdn_scores_keep(ftdn_store *store, const ftdn_planned_trial *trial,
                                            const ftdn_layer_scores *layer, int n_layers, double seconds,
                                            ftdn_error *err);

#endif
