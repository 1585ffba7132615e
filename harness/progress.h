/* progress.h - how far a campaign is, for people: one moving line on a terminal, plain lines elsewhere.
 *
 * The remaining time is that of the trials still to run, at the pace of those run by this call:
 * trials that the store held already count neither as work done nor as work left, nor does the time in which
 * channels are ranked. */
#ifndef FTDN_HARNESS_PROGRESS_H
#define FTDN_HARNESS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct ftdn_progress {
    FILE *out; /* NULL: quiet */
    bool is_terminal;
    int n_trials; /* to run */
    int n_done;   /* run so far */
    int n_images; /* of the running trial */
    int64_t start_ns, last_drawn_ns;
    int64_t ranking_start_ns; /* 0: no ranking under way */
    double last_map; /* of the last finished trial; NaN before */
} ftdn_progress;

/* out: where to write, NULL for nothing; a terminal is recognised. */
void ftdn_progress_init(ftdn_progress *progress, FILE *out, int n_trials);

void ftdn_progress_start_trial(ftdn_progress *progress, int n_images);

/* user: ftdn_progress *; fits ftdn_trial_control.on_image. Draws at most five times a second. */
void ftdn_progress_on_image(void *user, int n_images_done);

/* user: ftdn_progress *; fits ftdn_score_source.on_progress. */
void ftdn_progress_on_ranking(void *user, const char *ranker, int n_done, int n_all);

/* what: the trial in a few words: "weight_rate 0.01, seed 1". */
void ftdn_progress_finish_trial(ftdn_progress *progress, const char *what, double map_voc07, double seconds);

/* Clear the moving line, so that other text can follow. */
void ftdn_progress_clear(ftdn_progress *progress);

/* "45 s", "12 min 5 s", "3 h 20 min": into text, which is returned. */
const char *ftdn_duration_text(double seconds, char text[32]);

#endif
