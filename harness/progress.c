#include "harness/progress.h"

#include <math.h>
#include <unistd.h>

#include "base/clock.h"

#define BAR_CELLS 24
#define REDRAW_NS 200000000

void ftdn_progress_init(ftdn_progress *progress, FILE *out, int n_trials)
{
    *progress = (ftdn_progress){
        .out = out,
        .is_terminal = out && isatty(fileno(out)),
        .n_trials = n_trials,
        .start_ns = ftdn_clock_ns(),
        .last_map = (double)NAN,
    };
}

const char *ftdn_duration_text(double seconds, char text[32])
{
    long s = lround(seconds < 0 ? 0 : seconds);
    if (s < 60) snprintf(text, 32, "%ld s", s);
    else if (s < 3600) snprintf(text, 32, "%ld min %ld s", s / 60, s % 60);
    else snprintf(text, 32, "%ld h %ld min", s / 3600, s / 60 % 60);
    return text;
}

/* Seconds left when `done` trials (with a fraction) are run; negative while nothing is known. */
static double remaining_s(const ftdn_progress *progress, double done)
{
    double elapsed_s = (double)(ftdn_clock_ns() - progress->start_ns) * 1e-9;
    return done > 0 ? elapsed_s / done * (progress->n_trials - done) : -1;
}

static void draw(ftdn_progress *progress, double done)
{
    char bar[BAR_CELLS + 1], left[32];
    int n_full = (int)(done / progress->n_trials * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++) bar[i] = i < n_full ? '#' : '.';
    bar[BAR_CELLS] = 0;
    fprintf(progress->out, "\r[%s] %d of %d trials", bar, progress->n_done, progress->n_trials);
    if (!isnan(progress->last_map)) fprintf(progress->out, ", last mAP %.4f", progress->last_map);
    double left_s = remaining_s(progress, done);
    if (left_s >= 0) fprintf(progress->out, ", %s left", ftdn_duration_text(left_s, left));
    fprintf(progress->out, "\033[K");
    fflush(progress->out);
    progress->last_drawn_ns = ftdn_clock_ns();
}

void ftdn_progress_start_trial(ftdn_progress *progress, int n_images)
{
    if (progress->ranking_start_ns) progress->start_ns += ftdn_clock_ns() - progress->ranking_start_ns;
    progress->ranking_start_ns = 0;
    progress->n_images = n_images;
    if (progress->is_terminal) draw(progress, progress->n_done);
}

void ftdn_progress_on_image(void *user, int n_images_done)
{
    ftdn_progress *progress = user;
    if (!progress->is_terminal || ftdn_clock_ns() - progress->last_drawn_ns < REDRAW_NS) return;
    draw(progress, progress->n_done + (double)n_images_done / progress->n_images);
}

void ftdn_progress_on_ranking(void *user, const char *ranker, int n_done, int n_all)
{
    ftdn_progress *progress = user;
    int64_t now_ns = ftdn_clock_ns();
    bool begins = progress->ranking_start_ns == 0;
    if (begins) progress->ranking_start_ns = now_ns;
    if (begins && progress->out && !progress->is_terminal)
        fprintf(progress->out, "calibration: %s, %d steps\n", ranker, n_all);
    if (progress->is_terminal && (begins || now_ns - progress->last_drawn_ns >= REDRAW_NS)) {
        fprintf(progress->out, "\rcalibration: %s, %d of %d\033[K", ranker, n_done, n_all);
        progress->last_drawn_ns = now_ns;
    }
    if (progress->out) fflush(progress->out);
}

void ftdn_progress_finish_trial(ftdn_progress *progress, const char *what, double map_voc07, double seconds)
{
    progress->n_done++;
    progress->last_map = map_voc07;
    if (progress->is_terminal) {
        draw(progress, progress->n_done);
    } else if (progress->out) {
        char left[32];
        fprintf(progress->out, "trial %d of %d: %s: mAP %.4f in %.1f s, %s left\n", progress->n_done,
                progress->n_trials, what, map_voc07, seconds,
                ftdn_duration_text(remaining_s(progress, progress->n_done), left));
        fflush(progress->out);
    }
}

void ftdn_progress_clear(ftdn_progress *progress)
{
    if (!progress->is_terminal) return;
    fprintf(progress->out, "\r\033[K");
    fflush(progress->out);
}
