/* rig.h - a model set up for trials: program, packed weights, injectors and one worker per thread.
 *
 * Setting up takes far longer than a trial's own preparation, so that trials which differ only in
 * rates and seed share a rig. What a trial changes in it (packed weights) the next trial sets right. */
#ifndef FTDN_HARNESS_RIG_H
#define FTDN_HARNESS_RIG_H

#include "base/arena.h"
#include "base/status.h"
#include "detect/detections.h"
#include "engine/engine.h"
#include "harness/model.h"
#include "harness/settings.h"
#include "injectors/map_faults.h"
#include "injectors/weight_faults.h"

/* What one thread needs to take an image from bytes to boxes. */
typedef struct ftdn_worker {
    ftdn_arena arena;      /* detector and buffers, then the detections of the trial's images */
    ftdn_arena_mark empty; /* behind the buffers */
    ftdn_context *context;
    ftdn_detector detector;
    ftdn_map_injector injector;
    float *logits;                    /* [n_priors, n_classes+1] */
    float *locations;                 /* [n_priors, 4] */
    const uint8_t **pixels;           /* [micro_batch] */
    uint64_t *image_id;               /* [micro_batch] */
    int64_t forward_ns, detection_ns; /* of the trial; forward with the hook's time in it */
    int64_t n_nonfinite;
} ftdn_worker;

typedef struct ftdn_rig {
    ftdn_arena arena;
    const ftdn_model *model; /* borrowed */
    ftdn_program *program;
    ftdn_packed *packed;
    bool *packed_is_faulty; /* [n_params] */
    bool *changed;          /* [n_params], scratch */
    ftdn_weight_faults weight_faults;
    ftdn_map_faults map_faults;
    int n_workers;
    ftdn_worker *worker; /* [n_workers] */
} ftdn_rig;

/* model: borrowed. settings: the engine, the evaluation rule, and where faults may be; not rates and seed. */
FTDN_NODISCARD ftdn_status ftdn_rig_init(ftdn_rig *rig, const ftdn_model *model, const ftdn_trial_settings *settings,
                                         int n_threads, ftdn_error *err);
void ftdn_rig_done(ftdn_rig *rig);

/* Would ftdn_rig_init make the same rig from both settings (and the same model)? */
bool ftdn_rig_fits(const ftdn_trial_settings *a, const ftdn_trial_settings *b);

/* Bring the packed weights to what the trial asks for: clean, or with faults drawn for (rate, seed). */
FTDN_NODISCARD ftdn_status ftdn_rig_set_weights(ftdn_rig *rig, const ftdn_fault_model *model, double rate,
                                                uint64_t seed, ftdn_error *err);

/* Activation memory, packed weights and worker buffers. */
size_t ftdn_rig_bytes(const ftdn_rig *rig);

#endif
