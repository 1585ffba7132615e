/* progress.h - how far a campaign is, for people: one moving line on a terminal, plain lines elsewhere.
 *
 * The remaining time is that of the trials still to run, at the pace of those run by this call: trials that the store
 * held already count neither as work done nor as work left. */
#ifndef FTDN_HARNESS_CAMPAIGN_PROGRESS_H
#define FTDN_HARNESS_CAMPAIGN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/campaign/pace.h"

/* Where a campaign stands. */
typedef struct ftdn_standing {
    int n_wanted; /* trials to run by this call, as far as is known */
    int n_done, n_failed;
    bool may_grow;         /* cells may ask for more seeds */
    double under_way;      /* trials' worth of work done in those that are running */
    double trials_per_s;   /* negative while nothing is known */
    ftdn_pace_time left;
    double least_map, greatest_map; /* of this call; NaN before the first */
} ftdn_standing;

typedef struct ftdn_progress {
    FILE *out; /* NULL: quiet */
    bool is_terminal;
    int n_columns; /* of the terminal */
    int64_t last_drawn_ns;
} ftdn_progress;

/* out: where to write, NULL for nothing; a terminal is recognised. */
void ftdn_progress_init(ftdn_progress *progress, FILE *out);

/* Has it been long enough since something was drawn or printed that more may be? */
bool ftdn_progress_is_due(const ftdn_progress *progress);

/* Draw the moving line. */
void ftdn_progress_draw(ftdn_progress *progress, const ftdn_standing *standing);

/* Draw the moving line of other work, of which the share `done` (0 to 1; negative: not known) is through. items: what
 * stands behind the bar, the least important last; what does not fit as a whole is left out. */
void ftdn_progress_draw_work(ftdn_progress *progress, double done, const char *const *item, int n_items);

/* Say that channels are ranked; one line, or in place of the moving one. */
void ftdn_progress_tell_ranking(ftdn_progress *progress, const char *ranker, int n_done, int n_all);

/* Is there to be a line about a trial that has just ended, the n_through-th of n_wanted? Not on a terminal, where the
 * moving line says enough; where there are very many trials, once a second. */
bool ftdn_progress_wants_trial(const ftdn_progress *progress, int n_through, int n_wanted);

/* That line. what: the trial in a few words: "weight_rate 0.01, seed 1". */
void ftdn_progress_finish_trial(ftdn_progress *progress, const ftdn_standing *standing, const char *what,
                                double map_voc07, double seconds);

/* A line of the caller's own: the moving one on a terminal, a plain one elsewhere. */
void ftdn_progress_show(ftdn_progress *progress, const char *line);

/* A line of its own about something unusual, above the moving one. */
void ftdn_progress_tell(ftdn_progress *progress, const char *line);

/* Clear the moving line, so that other text can follow. */
void ftdn_progress_clear(ftdn_progress *progress);

#endif
