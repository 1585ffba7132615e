#include "harness/campaign/crew_member.h"

#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/campaign/canary.h"
#include "harness/campaign/message.h"
#include "harness/null_trial.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/same_settings.h"
#include "harness/rankings/scores.h"
#include "harness/record.h"
#include "harness/trial.h"

#define PROGRESS_NS 100000000 /* between two words about the same job */

typedef struct member {
    const ftdn_duties *duties;
    int place, fd;
    int trial; /* of the job */
    ftdn_text job, answer;
    ftdn_arena arena; /* of the job */
    ftdn_rig rig;
    const ftdn_planned_trial *rig_leader; /* the trial that the rig was made for; NULL: there is no rig */
    const ftdn_device_module *device;     /* whose device its place gives it; NULL: none yet */
    ftdn_device_images images;            /* of the last trial there; of all its rigs */
    ftdn_device_cache *cache;             /* of all that is compiled there */
    int64_t last_progress_ns;
} member;

static void tell_progress(member *m, const char *what, int n_done, int n_all)
{
    int64_t now_ns = ftdn_clock_ns();
    if (now_ns - m->last_progress_ns < PROGRESS_NS) return;
    m->last_progress_ns = now_ns;
    ftdn_message_begin(&m->answer, FTDN_MESSAGE_PROGRESS, m->trial);
    ftdn_message_put_text(&m->answer, what);
    ftdn_message_put_integer(&m->answer, n_done);
    ftdn_message_put_integer(&m->answer, n_all);
    ftdn_message_end(&m->answer);
    (void)ftdn_message_send(m->fd, &m->answer);
}

static void tell_images(void *user, int n_images_done)
{
    member *m = user;
    tell_progress(m, NULL, n_images_done, m->duties->plan->trial[m->trial].dataset->n_images);
}

static void tell_ranking(void *user, const char *ranker, int n_done, int n_all)
{
    tell_progress(user, ranker, n_done, n_all);
}

static ftdn_score_source make_source(member *m, const ftdn_layer_scores *given, int n_given)
{
    return (ftdn_score_source){
        .given = given,
        .n_given = n_given,
        .n_threads = m->duties->n_threads,
        .cache = m->cache,
        .on_progress = tell_ranking,
        .user = m,
    };
}

static void drop_rig(member *m)
{
    if (m->rig_leader) ftdn_rig_done(&m->rig);
    m->rig_leader = NULL;
}

/* What rigs share; NULL without a device. */
static ftdn_device_images *shared_images(member *m)
{
    return m->device ? &m->images : NULL;
}

/* A rig for the trial: the last one where it fits. */
static ftdn_status prepare_rig(member *m, const ftdn_planned_trial *trial, ftdn_message_reader *body, ftdn_error *err)
{
    ftdn_layer_scores *layer;
    int n_layers;
    FTDN_TRY(ftdn_message_get_scores(body, &m->arena, &layer, &n_layers, err));
    const ftdn_planned_trial *leader = m->rig_leader;
    if (leader && leader->model == trial->model && ftdn_same_rig(&leader->settings, &trial->settings)) return FTDN_OK;
    drop_rig(m);
    const ftdn_score_source scores = make_source(m, layer, n_layers);
    const ftdn_rig_desc desc = {
        .trial = trial,
        .scores = &scores,
        .n_threads = m->duties->n_threads,
        .images = shared_images(m),
        .cache = m->cache,
    };
    FTDN_TRY(ftdn_rig_init(&m->rig, &desc, err));
    m->rig_leader = trial;
    return FTDN_OK;
}

static ftdn_status make_record(member *m, const ftdn_planned_trial *trial, ftdn_message_reader *body,
                               ftdn_trial_record *ret_record, ftdn_error *err)
{
    if (ftdn_is_null_trial(&trial->settings)) return ftdn_null_trial_run(trial, &m->arena, ret_record, err);
    const ftdn_trial_control control = {.batch = m->duties->batch, .on_image = tell_images, .user = m};
    ftdn_trial_result result;
    FTDN_TRY(prepare_rig(m, trial, body, err));
    FTDN_TRY(ftdn_trial_run(&m->rig, trial->dataset, &trial->settings, &control, &m->arena, &result, err));
    return ftdn_record_make(trial, &m->rig, &result, &m->arena, ret_record, err);
}

static ftdn_status run_trial(member *m, ftdn_message_reader *body, ftdn_error *err)
{
    const ftdn_planned_trial *trial = &m->duties->plan->trial[m->trial];
    ftdn_trial_record record;
    FTDN_TRY(make_record(m, trial, body, &record, err));
    ftdn_message_begin(&m->answer, FTDN_MESSAGE_RESULT, m->trial);
    ftdn_message_put_integer(&m->answer, m->rig_leader ? (int64_t)ftdn_rig_bytes(&m->rig) : 0);
    ftdn_message_put_record(&m->answer, &record);
    return FTDN_OK;
}

static ftdn_status rank_channels(member *m, ftdn_error *err)
{
    const ftdn_planned_trial *trial = &m->duties->plan->trial[m->trial];
    const ftdn_score_source source = make_source(m, NULL, 0);
    ftdn_layer_scores *layer;
    int n_layers;
    int64_t start_ns = ftdn_clock_ns();
    drop_rig(m);
    FTDN_TRY(ftdn_scores_compute(&source, trial, &m->arena, &layer, &n_layers, err));
    ftdn_message_begin(&m->answer, FTDN_MESSAGE_SCORES, m->trial);
    ftdn_message_put_real(&m->answer, (double)(ftdn_clock_ns() - start_ns) * 1e-9);
    ftdn_message_put_scores(&m->answer, layer, n_layers);
    return FTDN_OK;
}

static ftdn_status evaluate_canary(member *m, ftdn_error *err)
{
    const ftdn_planned_trial *trial = &m->duties->plan->trial[m->trial];
    char digest[FTDN_SHA256_HEX];
    FTDN_TRY(ftdn_canary_evaluate(trial, shared_images(m), m->cache, digest, err));
    ftdn_message_begin(&m->answer, FTDN_MESSAGE_DIGEST, m->trial);
    ftdn_message_put_text(&m->answer, digest);
    return FTDN_OK;
}

/* Before anything touches a device. */
static ftdn_status choose_device(member *m, ftdn_error *err)
{
    const ftdn_device_module *module;
    if (m->device || m->duties->n_devices == 0) return FTDN_OK;
    FTDN_TRY(ftdn_device_module_open(&module, err));
    FTDN_TRY(module->device->select(m->place % m->duties->n_devices, err));
    FTDN_TRY(module->device->cache_create(&m->cache, err));
    ftdn_device_images_init(&m->images, module);
    m->device = module;
    return FTDN_OK;
}

static ftdn_status do_kind(member *m, unsigned kind, ftdn_error *err)
{
    ftdn_message_reader body = {.at = m->job.chars, .end = m->job.chars + m->job.n_chars};
    FTDN_TRY(choose_device(m, err));
    switch (kind) {
    case FTDN_MESSAGE_RUN: return run_trial(m, &body, err);
    case FTDN_MESSAGE_RANK: return rank_channels(m, err);
    case FTDN_MESSAGE_CANARY: return evaluate_canary(m, err);
    default: return FTDN_FAIL(err, FTDN_ERR_BACKEND, "a worker process was asked for job %u", kind);
    }
}

/* Is there memory that an earlier job has filled for later ones? */
static bool keeps_memory(const member *m)
{
    return m->rig_leader || m->images.resident.n_images > 0;
}

static void drop_kept(member *m)
{
    drop_rig(m);
    ftdn_device_images_done(&m->images);
    if (m->device) m->device->device->cache_free(m->cache);
    m->cache = NULL;
    m->device = NULL;
    ftdn_arena_done(&m->arena);
}

/* Do it and make the answer. */
static ftdn_status do_job(member *m, const ftdn_message_header *header)
{
    ftdn_error err = {0};
    m->trial = header->trial;
    m->last_progress_ns = ftdn_clock_ns();
    bool kept_memory = keeps_memory(m);
    ftdn_status status = do_kind(m, header->kind, &err);
    if (status == FTDN_ERR_MEMORY && kept_memory) { /* there may be room for one job at a time */
        drop_kept(m);
        status = do_kind(m, header->kind, &err);
    }
    if (status != FTDN_OK) {
        ftdn_message_begin(&m->answer, FTDN_MESSAGE_FAILED, m->trial);
        ftdn_message_put_integer(&m->answer, (int64_t)status);
        ftdn_message_put_text(&m->answer, err.message);
    }
    ftdn_message_end(&m->answer);
    ftdn_arena_done(&m->arena);
    return status;
}

void ftdn_crew_member_work(const ftdn_duties *duties, int place, int fd)
{
    member m = {.duties = duties, .place = place, .fd = fd};
    ftdn_message_header header;
    ftdn_arena_init(&m.arena);
    ftdn_text_init(&m.job);
    ftdn_text_init(&m.answer);
    while (ftdn_message_receive(fd, &header, &m.job)) {
        ftdn_status status = do_job(&m, &header);
        if (!ftdn_message_send(fd, &m.answer)) break;
        /* Errors of kernels stay with the process that met them. */
        if (status == FTDN_ERR_BACKEND && duties->n_devices > 0) break;
    }
    _exit(0);
}
