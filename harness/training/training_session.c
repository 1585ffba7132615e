#include "harness/training/training_session.h"

#include <string.h>

#include "base/file.h"
#include "engine/device.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/calibration.h"
#include "harness/plan/class_names.h"
#include "harness/training/training_checkpoint.h"

#define DEFAULT_FOLDER "trainings"

void ftdn_training_session_init(ftdn_training_session *session)
{
    *session = (ftdn_training_session){.lock = {.fd = -1}};
    ftdn_arena_init(&session->arena);
    ftdn_inputs_init(&session->inputs);
}

void ftdn_training_session_done(ftdn_training_session *session)
{
    ftdn_trainer_done(&session->trainer);
    if (session->device) session->device->device->cache_free(session->cache);
    ftdn_training_log_close(&session->log);
    ftdn_store_lock_release(&session->lock);
    ftdn_inputs_done(&session->inputs);
    ftdn_arena_done(&session->arena);
}

static ftdn_status load_manifest(ftdn_training_session *session, const char *path, ftdn_error *err)
{
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &session->arena);
    ftdn_status status = ftdn_training_manifest_load(path, &session->arena, &mistakes, &session->manifest, err);
    if (status != FTDN_ERR_MANIFEST || mistakes.n_mistakes == 0) return status;
    return ftdn_mistakes_print_all(&mistakes, path, err);
}

static ftdn_status name_files(ftdn_training_session *session, const char *folder, ftdn_error *err)
{
    ftdn_arena *arena = &session->arena;
    const char *name = session->manifest.name;
    session->folder = folder ? folder : ftdn_path_join(arena, DEFAULT_FOLDER, name, err);
    if (!session->folder) return FTDN_ERR_MEMORY;
    session->checkpoint_path = ftdn_path_join(arena, session->folder, "checkpoint.safetensors", err);
    const char *weights = ftdn_arena_format(arena, err, "%s.safetensors", name);
    if (!session->checkpoint_path || !weights) return FTDN_ERR_MEMORY;
    session->weights_path = ftdn_path_join(arena, session->folder, weights, err);
    return session->weights_path ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_class_names classes_of(const ftdn_dataset *dataset)
{
    return (ftdn_class_names){dataset->description, dataset->n_classes, dataset->class_name};
}

static ftdn_status check_objects(const ftdn_dataset *dataset, ftdn_error *err)
{
    for (int i = 0; i < dataset->n_images; i++)
        if (dataset->image[i].n_objects > 0) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "no image of the dataset (%s) has an object", dataset->description);
}

/* The images of both sets are listed, and are different ones of the same classes. */
static ftdn_status open_images(ftdn_training_session *session, ftdn_error *err)
{
    const ftdn_training_manifest *manifest = &session->manifest;
    const ftdn_data_settings *validation = &manifest->validation.dataset;
    FTDN_TRY(ftdn_inputs_get_dataset(&session->inputs, &manifest->dataset, &session->dataset, err));
    FTDN_TRY(ftdn_inputs_get_dataset(&session->inputs, validation, &session->validation, err));
    FTDN_TRY(check_objects(session->dataset, err));
    FTDN_TRY(check_objects(session->validation, err));
    const ftdn_class_names learnt = classes_of(session->dataset), tested = classes_of(session->validation);
    FTDN_TRY(ftdn_class_names_check(&learnt, &tested, err));
    const ftdn_image_set images = {validation, session->validation}, others = {&manifest->dataset, session->dataset};
    return ftdn_images_check_apart(&images, &others, "take other images for validation", err);
}

static ftdn_status check_classes(const ftdn_training_session *session, ftdn_error *err)
{
    int n_classes = session->state.model.network.n_classes;
    if (session->dataset->n_classes == n_classes) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the model has %d classes, the dataset (%s) has %d; leave model.classes out",
                     n_classes, session->dataset->description, session->dataset->n_classes);
}

/* What does not fit together is a mistake of the manifest. */
static ftdn_status blame_manifest(const ftdn_training_session *session, ftdn_status status, ftdn_error *err)
{
    if (status != FTDN_ERR_ARG) return status;
    if (err) err->status = FTDN_ERR_MANIFEST;
    ftdn_error_context(err, "%s", session->manifest.path);
    return FTDN_ERR_MANIFEST;
}

/* Before images are read. */
static ftdn_status open_device(ftdn_training_session *session, ftdn_error *err)
{
    const char *backend = session->manifest.validation.engine.backend;
    int n_devices;
    if (strcmp(backend, FTDN_DEVICE_BACKEND) != 0) return FTDN_OK;
    ftdn_status status = ftdn_device_module_open(&session->device, err);
    if (status == FTDN_OK) status = session->device->device->count(&n_devices, err);
    if (status == FTDN_OK) status = session->device->device->cache_create(&session->cache, err);
    if (status == FTDN_OK) return FTDN_OK;
    ftdn_error_context(err, "%s: training.backend '%s'", session->manifest.path, backend);
    ftdn_error_hint(err, "'ftdn doctor' looks at backends and devices");
    return status;
}

static ftdn_status make_spec(ftdn_training_session *session, ftdn_error *err)
{
    const ftdn_engine_settings *engine = &session->manifest.validation.engine;
    const ftdn_backend *backend;
    ftdn_device_info device;
    FTDN_TRY(ftdn_backend_open(engine->backend, &backend, err));
    if (session->device) FTDN_TRY(session->device->device->describe(0, &device, err));
    const char *arithmetic =
        ftdn_arithmetic_text(backend, engine->conv_algorithm, session->device ? &device : NULL, &session->arena, err);
    if (!arithmetic) return FTDN_ERR_MEMORY;
    return ftdn_training_spec_make(&session->manifest, &session->state, session->dataset, arithmetic, &session->arena,
                                   &session->spec, err);
}

static ftdn_status open_inputs(ftdn_training_session *session, ftdn_error *err)
{
    FTDN_TRY(open_device(session, err));
    FTDN_TRY(open_images(session, err));
    FTDN_TRY(ftdn_training_state_init(&session->state, &session->manifest, &session->arena, err));
    FTDN_TRY(check_classes(session, err));
    return make_spec(session, err);
}

ftdn_status ftdn_training_session_open(ftdn_training_session *session, const char *manifest_path, const char *folder,
                                       ftdn_error *err)
{
    FTDN_TRY(load_manifest(session, manifest_path, err));
    FTDN_TRY(name_files(session, folder, err));
    return blame_manifest(session, open_inputs(session, err), err);
}

static ftdn_status decode(ftdn_training_session *session, ftdn_error *err)
{
    int size = session->state.model.network.input_size;
    FTDN_TRY(ftdn_dataset_decode(session->dataset, size, session->n_threads, err));
    return ftdn_dataset_decode(session->validation, size, session->n_threads, err);
}

/* One training at a time fills the folder. */
static ftdn_status take_folder(ftdn_training_session *session, ftdn_error *err)
{
    char owner[FTDN_LOCK_OWNER_BYTES];
    FTDN_TRY(ftdn_folder_create(session->folder, err));
    ftdn_status status = ftdn_store_lock_take(session->checkpoint_path, &session->lock, err);
    if (status != FTDN_ERR_STORE) return status;
    if (ftdn_store_lock_find_owner(session->checkpoint_path, owner, NULL) != FTDN_OK || !owner[0]) return status;
    return FTDN_FAIL(err, FTDN_ERR_STORE, "'%s' is being filled by another training: %s", session->folder, owner);
}

ftdn_status ftdn_training_session_start(ftdn_training_session *session, int n_threads, ftdn_error *err)
{
    session->n_threads = n_threads;
    FTDN_TRY(take_folder(session, err));
    if (ftdn_file_exists(session->checkpoint_path)) {
        FTDN_TRY(ftdn_training_checkpoint_read(session->checkpoint_path, &session->state, &session->spec,
                                               &session->arena, err));
    }
    session->n_resumed = session->n_saved = session->state.n_steps;
    FTDN_TRY(ftdn_training_log_open(&session->log, session->folder, session->n_resumed, session->validation,
                                    &session->arena, err));
    FTDN_TRY(decode(session, err));
    return ftdn_trainer_init(&session->trainer, &session->state, &session->manifest, session->dataset, n_threads,
                             &session->arena, err);
}

ftdn_status ftdn_training_session_save(ftdn_training_session *session, ftdn_error *err)
{
    if (session->n_saved == session->state.n_steps) return FTDN_OK;
    FTDN_TRY(ftdn_training_log_sync(&session->log, err));
    FTDN_TRY(ftdn_trainer_fetch(&session->trainer, err));
    FTDN_TRY(ftdn_training_checkpoint_write(session->checkpoint_path, &session->state, &session->spec, &session->arena,
                                            err));
    session->n_saved = session->state.n_steps;
    return FTDN_OK;
}
