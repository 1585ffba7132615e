#include "harness/training/training_loop.h"

#include <string.h>

#include "base/clock.h"
#include "harness/training/training_checkpoint.h"
#include "harness/training/training_progress.h"
#include "harness/training/training_validation.h"
#include "harness/training/training_weights.h"

#define N_RECENT 100 /* steps whose mean loss is told */

typedef struct loop {
    ftdn_training_session *session;
    const ftdn_training_options *options;
    ftdn_training_summary *summary;
    ftdn_training_progress progress;
    ftdn_loss_value recent[N_RECENT]; /* ring */
    int64_t steps_ns;                 /* in steps of this call */
} loop;

static bool is_asked_to_stop(const loop *l)
{
    return l->options->stop && *l->options->stop;
}

static bool is_due(int step, int every)
{
    return step > 0 && step % every == 0;
}

static ftdn_status run_step(loop *l, ftdn_error *err)
{
    ftdn_training_session *session = l->session;
    int64_t start_ns = ftdn_clock_ns();
    ftdn_step_result result;
    FTDN_TRY(ftdn_trainer_step(&session->trainer, &result, err));
    int64_t elapsed_ns = ftdn_clock_ns() - start_ns;
    int step = session->state.n_steps;
    l->steps_ns += elapsed_ns;
    l->recent[l->summary->n_run++ % N_RECENT] = result.loss;
    double epoch = (double)step * session->manifest.batch / session->dataset->n_images;
    ftdn_training_log_add_step(&session->log, step, epoch, &result);
    ftdn_training_progress_step(&l->progress, step, epoch, result.loss, elapsed_ns);
    return FTDN_OK;
}

static ftdn_loss_value mean_loss(const loop *l)
{
    int n = l->summary->n_run < N_RECENT ? l->summary->n_run : N_RECENT;
    ftdn_loss_value mean = {0};
    for (int i = 0; i < n; i++) {
        mean.classification += l->recent[i].classification / n;
        mean.regression += l->recent[i].regression / n;
    }
    return mean;
}

static ftdn_training_validation validation_of(const loop *l)
{
    const ftdn_training_session *session = l->session;
    return (ftdn_training_validation){
        .manifest = &session->manifest,
        .dataset = session->validation,
        .n_threads = session->n_threads,
        .cache = session->cache,
        .stop = l->options->stop,
    };
}

/* Validate the weights as they are. The row may be there already, where a training goes on from a checkpoint. */
static ftdn_status validate(loop *l, ftdn_error *err)
{
    ftdn_training_session *session = l->session;
    int step = session->state.n_steps;
    if (!is_due(step, session->manifest.validate_every) || session->log.validations.last_step == step) return FTDN_OK;
    FTDN_TRY(ftdn_trainer_fetch(&session->trainer, err));
    const ftdn_training_validation validation = validation_of(l);
    ftdn_arena_mark mark = ftdn_arena_get_mark(&session->arena);
    ftdn_trial_result result;
    ftdn_status status = ftdn_training_validate(&validation, &session->state.model.network, session->state.best,
                                                &session->arena, &result, err);
    if (status == FTDN_OK) {
        ftdn_training_log_add_validation(&session->log, step, &result);
        ftdn_training_progress_validation(&l->progress, step, result.map_voc07, result.total_s);
        status = ftdn_training_log_sync(&session->log, err);
    }
    ftdn_arena_reset(&session->arena, mark);
    return status;
}

/* The weights in their file, measured as they stand there. */
static ftdn_status finish(loop *l, ftdn_error *err)
{
    ftdn_training_session *session = l->session;
    ftdn_training_product product = {
        .state = &session->state,
        .spec = &session->spec,
        .as_half = session->manifest.writes_half,
        .dataset = session->dataset,
        .validation = session->validation,
        .validated = &l->summary->best,
    };
    FTDN_TRY(ftdn_trainer_fetch(&session->trainer, err));
    FTDN_TRY(ftdn_training_weights_ship(&session->state, product.as_half, &session->arena, &product.weights, err));
    const ftdn_training_validation validation = validation_of(l);
    FTDN_TRY(ftdn_training_validate(&validation, &session->state.shipped, product.weights, &session->arena,
                                    &l->summary->best, err));
    return ftdn_training_weights_write(session->weights_path, &product, &session->arena, err);
}

/* Steps up to the last one, or up to where the user asks to stop. */
static ftdn_status run_steps(loop *l, int last_step, ftdn_error *err)
{
    ftdn_training_session *session = l->session;
    while (!is_asked_to_stop(l)) {
        FTDN_TRY(validate(l, err));
        if (session->state.n_steps >= last_step) return FTDN_OK;
        FTDN_TRY(run_step(l, err));
        int step = session->state.n_steps;
        if (step == last_step || is_due(step, session->manifest.checkpoint_every))
            FTDN_TRY(ftdn_training_session_save(session, err));
    }
    return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "interrupted");
}

ftdn_status ftdn_training_run(ftdn_training_session *session, const ftdn_training_options *options,
                              ftdn_training_summary *ret_summary, ftdn_error *err)
{
    int64_t start_ns = ftdn_clock_ns();
    int n_steps = session->manifest.n_steps;
    int last_step = options->last_step > 0 && options->last_step < n_steps ? options->last_step : n_steps;
    ftdn_training_summary summary = {.end = last_step < n_steps ? FTDN_TRAINING_PAUSED : FTDN_TRAINING_FINISHED};
    loop l = {.session = session, .options = options, .summary = &summary};
    ftdn_training_progress_init(&l.progress, options->progress, session->state.n_steps, last_step,
                                session->manifest.batch, &session->log);
    ftdn_status status = run_steps(&l, last_step, err);
    if (status == FTDN_OK && session->state.n_steps >= n_steps) {
        summary.end = FTDN_TRAINING_FINISHED;
        status = finish(&l, err);
    }
    ftdn_training_progress_done(&l.progress);
    if (status == FTDN_ERR_INTERRUPTED) {
        summary.end = FTDN_TRAINING_INTERRUPTED;
        status = ftdn_training_session_save(session, err);
    }
    FTDN_TRY(status);
    summary.seconds = (double)(ftdn_clock_ns() - start_ns) * 1e-9;
    summary.loss = mean_loss(&l);
    if (l.steps_ns > 0)
        summary.images_per_s = (double)summary.n_run * session->manifest.batch / ((double)l.steps_ns * 1e-9);
    *ret_summary = summary;
    return FTDN_OK;
}
