#include "harness/commands/fetch_progress.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "harness/terminal/duration.h"

#define LEAST_PIECE ((uint64_t)256 << 10)
#define MOST_PIECES 500 /* of a file, or so */

const char *ftdn_bytes_text(uint64_t n_bytes, char text[32])
{
    double bytes = (double)n_bytes;
    if (n_bytes < 1000) snprintf(text, 32, "%" PRIu64 " bytes", n_bytes);
    else if (bytes < 999.5e3) snprintf(text, 32, "%.0f kB", bytes / 1e3);
    else if (bytes < 99.95e6) snprintf(text, 32, "%.1f MB", bytes / 1e6);
    else if (bytes < 999.5e6) snprintf(text, 32, "%.0f MB", bytes / 1e6);
    else snprintf(text, 32, "%.2f GB", bytes / 1e9);
    return text;
}

void ftdn_fetch_progress_init(ftdn_fetch_progress *progress, FILE *out, ftdn_arena *arena)
{
    *progress = (ftdn_fetch_progress){.arena = arena};
    ftdn_progress_init(&progress->line, out);
}

static void tell(void *user, const char *line)
{
    ftdn_fetch_progress *progress = user;
    progress->file_name = NULL; /* a new source has a pace of its own */
    ftdn_progress_tell(&progress->line, line);
}

/* Begin to learn the pace. Without memory for it the remaining time stays unknown. */
static void start(ftdn_fetch_progress *progress, const char *file_name, uint64_t n_done, int64_t n_all)
{
    progress->file_name = file_name;
    progress->n_piece = n_all > 0 ? (uint64_t)n_all / MOST_PIECES : 0;
    if (progress->n_piece < LEAST_PIECE) progress->n_piece = LEAST_PIECE;
    progress->n_counted = progress->n_last = n_done;
    progress->counted_ns = ftdn_clock_ns();
    if (ftdn_pace_init(&progress->pace, 1, progress->arena, NULL) != FTDN_OK) progress->pace = (ftdn_pace){0};
}

/* Count the pieces that have come since the last one was counted; they came at an even pace. */
static void learn(ftdn_fetch_progress *progress, uint64_t n_done)
{
    uint64_t n_pieces = (n_done - progress->n_counted) / progress->n_piece;
    if (n_pieces == 0 || progress->pace.n_groups == 0) return;
    int64_t now_ns = ftdn_clock_ns();
    double seconds = (double)(now_ns - progress->counted_ns) / 1e9 / (double)n_pieces;
    for (uint64_t i = 0; i < n_pieces; i++) ftdn_pace_add(&progress->pace, 0, 1, seconds);
    progress->n_counted += n_pieces * progress->n_piece;
    progress->counted_ns = now_ns;
}

static void draw(ftdn_fetch_progress *progress, uint64_t n_done, int64_t n_all)
{
    char done_text[32], all_text[32], left_text[32], around_text[32], rate_text[32];
    char amount[128] = "", left[96] = "", rate[64] = "";
    double share = n_all > 0 ? (double)n_done / (double)n_all : -1;
    ftdn_bytes_text(n_done, done_text);
    if (n_all > 0) snprintf(amount, sizeof amount, "%s of %s", done_text, ftdn_bytes_text((uint64_t)n_all, all_text));
    else snprintf(amount, sizeof amount, "%s", done_text);
    bool has_pace = progress->pace.n_groups > 0 && progress->pace.all.n > 0;
    if (has_pace && n_all > 0 && (uint64_t)n_all > n_done) {
        const ftdn_pace_work work = {0, (int)(((uint64_t)n_all - n_done) / progress->n_piece) + 1, 1};
        ftdn_pace_time time = ftdn_pace_remaining(&progress->pace, &work, 1, 1);
        snprintf(left, sizeof left, ", %s left (\u00b1 %s)", ftdn_duration_text(time.seconds, left_text),
                 ftdn_duration_text(time.uncertainty, around_text));
    }
    if (has_pace && progress->pace.all.mean > 0)
        snprintf(rate, sizeof rate, ", %s/s",
                 ftdn_bytes_text((uint64_t)((double)progress->n_piece / progress->pace.all.mean), rate_text));
    const char *const items[] = {amount, left, rate};
    ftdn_progress_draw_work(&progress->line, share, items, 3);
}

static void show(void *user, const char *file_name, uint64_t n_done, int64_t n_all)
{
    ftdn_fetch_progress *progress = user;
    bool is_known = progress->file_name && strcmp(progress->file_name, file_name) == 0;
    if (!is_known || n_done < progress->n_last) start(progress, file_name, n_done, n_all);
    progress->n_last = n_done;
    learn(progress, n_done);
    if (ftdn_progress_is_due(&progress->line)) draw(progress, n_done, n_all);
}

ftdn_fetch_watch ftdn_fetch_progress_watch(ftdn_fetch_progress *progress, const volatile sig_atomic_t *stop)
{
    return (ftdn_fetch_watch){.tell = tell, .progress = show, .user = progress, .stop = stop};
}
