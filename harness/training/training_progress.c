#include "harness/training/training_progress.h"

#include "base/clock.h"
#include "harness/terminal/duration.h"

#define LINE_NS 20000000000 /* between two plain lines */
#define MOVE_NS 1000000000  /* between two values of speed and loss in the moving line */

void ftdn_training_progress_init(ftdn_training_progress *progress, FILE *out, int first_step, int last_step, int batch,
                                 ftdn_training_log *log)
{
    int64_t now_ns = ftdn_clock_ns();
    *progress = (ftdn_training_progress){.log = log,
                                         .first_step = first_step,
                                         .last_step = last_step,
                                         .batch = batch,
                                         .start_ns = now_ns,
                                         .last_told_ns = now_ns};
    ftdn_progress_init(&progress->line, out);
}

/* Whole steps, with validations among them: what is left takes as long, step for step. */
static double seconds_left(const ftdn_training_progress *progress, int step)
{
    double elapsed_s = (double)(ftdn_clock_ns() - progress->start_ns) * 1e-9;
    return elapsed_s / (step - progress->first_step) * (progress->last_step - step);
}

static void tell(ftdn_training_progress *progress, int step, double epoch)
{
    char left[32], line[160];
    snprintf(line, sizeof line, "step %d of %d, epoch %.2f: loss %.3f, %.3g images/s, %s left", step,
             progress->last_step, epoch, progress->loss, progress->images_per_s,
             ftdn_duration_text(seconds_left(progress, step), left));
    ftdn_progress_show(&progress->line, line);
}

void ftdn_training_progress_step(ftdn_training_progress *progress, int step, double epoch, ftdn_loss_value loss,
                                 int64_t elapsed_ns)
{
    int64_t now_ns = ftdn_clock_ns();
    progress->n_since++;
    progress->since_ns += elapsed_ns;
    progress->loss_since += loss.classification + loss.regression;
    bool is_first = step == progress->first_step + 1;
    int64_t interval_ns = progress->line.is_terminal ? MOVE_NS : LINE_NS;
    if (!is_first && now_ns - progress->last_told_ns < interval_ns && step < progress->last_step) return;
    progress->images_per_s = progress->n_since * progress->batch / ((double)progress->since_ns * 1e-9);
    progress->loss = progress->loss_since / progress->n_since;
    progress->n_since = 0;
    progress->since_ns = 0;
    progress->loss_since = 0;
    progress->last_told_ns = now_ns;
    ftdn_training_log_add_speed(progress->log, step, progress->images_per_s);
    tell(progress, step, epoch);
}

void ftdn_training_progress_validation(ftdn_training_progress *progress, int step, double map, double seconds)
{
    char line[96];
    snprintf(line, sizeof line, "step %d: validation mAP %.4f (%.1f s)", step, map, seconds);
    ftdn_progress_tell(&progress->line, line);
}

void ftdn_training_progress_done(ftdn_training_progress *progress)
{
    ftdn_progress_clear(&progress->line);
}
