/* training_session.h - a training that is open: all it reads, its state, and the folder that it fills.
 *
 *     FOLDER/checkpoint.safetensors   where it stands               (harness/training/training_checkpoint.h)
 *     FOLDER/log.csv, ...             what it said                  (harness/training/training_log.h)
 *     FOLDER/curve.gp, .svg, .png     its loss and mAP, drawn       (harness/training/training_curve.h)
 *     FOLDER/NAME.safetensors         the weights, once it is over  (harness/training/training_weights.h) */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_SESSION_H
#define FTDN_HARNESS_TRAINING_TRAINING_SESSION_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/campaign/store_lock.h"
#include "harness/plan/inputs.h"
#include "harness/training/training_log.h"
#include "harness/training/training_manifest.h"
#include "harness/training/training_spec.h"
#include "harness/training/training_state.h"
#include "harness/training/training_step.h"

typedef struct ftdn_training_session {
    ftdn_arena arena;
    ftdn_training_manifest manifest;
    ftdn_inputs inputs;
    ftdn_dataset *dataset, *validation; /* live in inputs */
    ftdn_training_state state;
    ftdn_training_spec spec;
    const char *folder, *checkpoint_path, *weights_path;
    ftdn_store_lock lock;
    ftdn_training_log log;
    const ftdn_device_module *device; /* NULL: the training is on the host */
    ftdn_device_cache *cache;         /* of its validations */
    ftdn_trainer trainer;
    int n_threads;
    int n_resumed; /* steps that a checkpoint held */
    int n_saved;   /* steps that the checkpoint holds now */
} ftdn_training_session;

void ftdn_training_session_init(ftdn_training_session *session);
void ftdn_training_session_done(ftdn_training_session *session);

/* Read the manifest; all its mistakes are printed on stderr, err then says how many. Open what it names, and check that
 * it fits together. FTDN_ERR_MANIFEST, FTDN_ERR_INPUT. folder: NULL for trainings/NAME. */
FTDN_NODISCARD ftdn_status ftdn_training_session_open(ftdn_training_session *session, const char *manifest_path,
                                                      const char *folder, ftdn_error *err);

/* Decode the images, take the folder, and go on where its checkpoint stands or begin anew. FTDN_ERR_STORE: another
 * training fills the folder. FTDN_ERR_INPUT: images, or a checkpoint of another training. */
FTDN_NODISCARD ftdn_status ftdn_training_session_start(ftdn_training_session *session, int n_threads, ftdn_error *err);

/* Bring logs and state to the disk, where there is anything new. */
FTDN_NODISCARD ftdn_status ftdn_training_session_save(ftdn_training_session *session, ftdn_error *err);

#endif
