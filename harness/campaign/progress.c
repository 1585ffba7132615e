#include "harness/campaign/progress.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/terminal/duration.h"

#define BAR_CELLS 24        /* on a wide terminal; half of them elsewhere */
#define WIDE_COLUMNS 100
#define REDRAW_NS 200000000
#define LINE_NS 1000000000 /* between two plain lines, where there are more trials than MOST_LINES */
#define MOST_LINES 200
#define DEFAULT_COLUMNS 80

void ftdn_progress_init(ftdn_progress *progress, FILE *out)
{
    struct winsize size = {0};
    *progress = (ftdn_progress){.out = out, .is_terminal = out && isatty(fileno(out)), .n_columns = DEFAULT_COLUMNS};
    if (progress->is_terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        progress->n_columns = size.ws_col;
}

/* ", 12 min 5 s left (± 40 s)"; nothing while nothing is known. */
static int write_left(const ftdn_standing *standing, char *text, size_t n_bytes)
{
    char left[32], around[32];
    if (standing->left.seconds < 0) return 0;
    return snprintf(text, n_bytes, ", %s left (\u00b1 %s)%s", ftdn_duration_text(standing->left.seconds, left),
                    ftdn_duration_text(standing->left.uncertainty, around), standing->may_grow ? " or more" : "");
}

/* "0.53", "12.4", "1243" */
static const char *rate_text(double trials_per_s, char text[32])
{
    if (trials_per_s >= 0.5) snprintf(text, 32, "%.3g/s", trials_per_s);
    else snprintf(text, 32, "%.3g/min", trials_per_s * 60);
    return text;
}

/* The columns that a text takes: its characters, of UTF-8 the first bytes. */
static int count_columns(const char *text)
{
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* Append an item where it fits as a whole. */
static void add_item(char *line, size_t n_bytes, int n_room, const char *item)
{
    size_t at = strlen(line);
    if (count_columns(line) + count_columns(item) <= n_room) snprintf(line + at, n_bytes - at, "%s", item);
}

/* What stands behind the bar; the least important last, which a narrow terminal leaves out. */
static void write_line(const ftdn_standing *standing, int n_room, char *line, size_t n_bytes)
{
    char item[96], rate[32];
    snprintf(line, n_bytes, "%d of %d trials", standing->n_done, standing->n_wanted);
    if (n_room < count_columns(line)) line[n_room > 0 ? n_room : 0] = 0;
    if (write_left(standing, item, sizeof item) > 0) add_item(line, n_bytes, n_room, item);
    snprintf(item, sizeof item, ", %d failed", standing->n_failed);
    if (standing->n_failed) add_item(line, n_bytes, n_room, item);
    snprintf(item, sizeof item, ", mAP %.2f to %.2f", standing->least_map, standing->greatest_map);
    if (!isnan(standing->least_map)) add_item(line, n_bytes, n_room, item);
    snprintf(item, sizeof item, ", %s", rate_text(standing->trials_per_s, rate));
    if (standing->trials_per_s > 0) add_item(line, n_bytes, n_room, item);
}

bool ftdn_progress_is_due(const ftdn_progress *progress)
{
    return progress->out && ftdn_clock_ns() - progress->last_drawn_ns >= REDRAW_NS;
}

static int bar_cells(const ftdn_progress *progress)
{
    return progress->n_columns >= WIDE_COLUMNS ? BAR_CELLS : BAR_CELLS / 2;
}

/* The columns behind the bar. */
static int room_behind_bar(const ftdn_progress *progress)
{
    return progress->n_columns - bar_cells(progress) - 4;
}

static void draw_bar(ftdn_progress *progress, double done, const char *line)
{
    char bar[BAR_CELLS + 1];
    int n_cells = bar_cells(progress), n_full = (int)((done < 1 ? done : 1) * n_cells);
    memset(bar, '.', (size_t)n_cells);
    memset(bar, '#', (size_t)n_full);
    bar[n_cells] = 0;
    fprintf(progress->out, "\r[%s] %s\033[K", bar, line);
    fflush(progress->out);
    progress->last_drawn_ns = ftdn_clock_ns();
}

void ftdn_progress_draw(ftdn_progress *progress, const ftdn_standing *standing)
{
    if (!progress->is_terminal || standing->n_wanted == 0) return;
    char line[256];
    write_line(standing, room_behind_bar(progress), line, sizeof line);
    draw_bar(progress, (standing->n_done + standing->n_failed + standing->under_way) / standing->n_wanted, line);
}

void ftdn_progress_draw_work(ftdn_progress *progress, double done, const char *const *item, int n_items)
{
    if (!progress->is_terminal) return;
    char line[256] = "";
    for (int i = 0; i < n_items; i++) add_item(line, sizeof line, room_behind_bar(progress), item[i]);
    draw_bar(progress, done > 0 ? done : 0, line);
}

void ftdn_progress_tell_ranking(ftdn_progress *progress, const char *ranker, int n_done, int n_all)
{
    if (!progress->out) return;
    int64_t now_ns = ftdn_clock_ns();
    if (!progress->is_terminal) {
        if (n_done == 0) fprintf(progress->out, "calibration: %s\n", ranker);
        fflush(progress->out);
        return;
    }
    if (n_done > 0 && now_ns - progress->last_drawn_ns < REDRAW_NS) return;
    if (n_all > 0) fprintf(progress->out, "\rcalibration: %s, %d of %d\033[K", ranker, n_done, n_all);
    else fprintf(progress->out, "\rcalibration: %s\033[K", ranker);
    fflush(progress->out);
    progress->last_drawn_ns = now_ns;
}

bool ftdn_progress_wants_trial(const ftdn_progress *progress, int n_through, int n_wanted)
{
    if (!progress->out || progress->is_terminal) return false;
    return n_wanted <= MOST_LINES || n_through == n_wanted || ftdn_clock_ns() - progress->last_drawn_ns >= LINE_NS;
}

void ftdn_progress_finish_trial(ftdn_progress *progress, const ftdn_standing *standing, const char *what,
                                double map_voc07, double seconds)
{
    int n_through = standing->n_done + standing->n_failed;
    char left[96] = "";
    if (n_through < standing->n_wanted) write_left(standing, left, sizeof left);
    fprintf(progress->out, "trial %d of %d: %s: mAP %.4f in %.1f s%s\n", n_through, standing->n_wanted, what, map_voc07,
            seconds, left);
    fflush(progress->out);
    progress->last_drawn_ns = ftdn_clock_ns();
}

void ftdn_progress_show(ftdn_progress *progress, const char *line)
{
    if (!progress->out) return;
    if (progress->is_terminal) fprintf(progress->out, "\r%.*s\033[K", progress->n_columns - 1, line);
    else fprintf(progress->out, "%s\n", line);
    fflush(progress->out);
    progress->last_drawn_ns = ftdn_clock_ns();
}

void ftdn_progress_tell(ftdn_progress *progress, const char *line)
{
    if (!progress->out) return;
    ftdn_progress_clear(progress);
    fprintf(progress->out, "%s\n", line);
    fflush(progress->out);
}

void ftdn_progress_clear(ftdn_progress *progress)
{
    if (!progress->is_terminal) return;
    fprintf(progress->out, "\r\033[K");
    fflush(progress->out);
}
