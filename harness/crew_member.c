#include "harness/crew_member.h"

#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/canary.h"
#include "harness/message.h"
#include "harness/null_trial.h"
#include "harness/record.h"
#include "harness/scores.h"
#include "harness/trial.h"

#define PROGRESS_NS 100000000 /* between two words about the same job */

typedef struct member {
    const ftdn_duties *duties;
    int fd;
    int trial; /* of the job */
    ftdn_text job, answer;
    ftdn_arena arena; /* of the job */
    ftdn_rig rig;
    const ftdn_planned_trial *rig_leader; /* the trial that the rig was made for; NULL: there is no rig */
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
        .on_progress = tell_ranking,
        .user = m,
    };
}

static void drop_rig(member *m)
{
    if (m->rig_leader) ftdn_rig_done(&m->rig);
    m->rig_leader = NULL;
}

/* A rig for the trial: the last one where it fits. */
static ftdn_status prepare_rig(member *m, const ftdn_planned_trial *trial, ftdn_message_reader *body, ftdn_error *err)
{
    ftdn_layer_scores *layer;
    int n_layers;
    FTDN_TRY(ftdn_message_get_scores(body, &m->arena, &layer, &n_layers, err));
    const ftdn_planned_trial *leader = m->rig_leader;
    if (leader && leader->model == trial->model && ftdn_rig_fits(&leader->settings, &trial->settings)) return FTDN_OK;
    drop_rig(m);
    const ftdn_score_source scores = make_source(m, layer, n_layers);
    const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = m->duties->n_threads};
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
    char digest[FTDN_SHA256_HEX];
    FTDN_TRY(ftdn_canary_evaluate(&m->duties->plan->trial[m->trial], digest, err));
    ftdn_message_begin(&m->answer, FTDN_MESSAGE_DIGEST, m->trial);
    ftdn_message_put_text(&m->answer, digest);
    return FTDN_OK;
}

static void do_job(member *m, const ftdn_message_header *header)
{
    ftdn_message_reader body = {.at = m->job.chars, .end = m->job.chars + m->job.n_chars};
    ftdn_error err = {0};
    ftdn_status status = FTDN_OK;
    m->trial = header->trial;
    m->last_progress_ns = ftdn_clock_ns();
    switch (header->kind) {
    case FTDN_MESSAGE_RUN: status = run_trial(m, &body, &err); break;
    case FTDN_MESSAGE_RANK: status = rank_channels(m, &err); break;
    case FTDN_MESSAGE_CANARY: status = evaluate_canary(m, &err); break;
    default: status = FTDN_FAIL(&err, FTDN_ERR_BACKEND, "a worker process was asked for job %u", header->kind);
    }
    if (status != FTDN_OK) {
        ftdn_message_begin(&m->answer, FTDN_MESSAGE_FAILED, m->trial);
        ftdn_message_put_integer(&m->answer, (int64_t)status);
        ftdn_message_put_text(&m->answer, err.message);
    }
    ftdn_message_end(&m->answer);
    ftdn_arena_done(&m->arena);
}

void ftdn_crew_member_work(const ftdn_duties *duties, int fd)
{
    member m = {.duties = duties, .fd = fd};
    ftdn_message_header header;
    ftdn_arena_init(&m.arena);
    ftdn_text_init(&m.job);
    ftdn_text_init(&m.answer);
    while (ftdn_message_receive(fd, &header, &m.job)) {
        do_job(&m, &header);
        if (!ftdn_message_send(fd, &m.answer)) break;
    }
    _exit(0);
}
