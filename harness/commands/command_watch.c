#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/campaign/status_report.h"
#include "harness/terminal/command.h"
#include "harness/terminal/print.h"

#define LEAST_PAUSE_S 1.0
#define REST 10 /* times as long as a look takes: watching costs little beside what is watched */

/* What stands on the screen. */
typedef struct screen {
    bool is_terminal;
    int n_lines;          /* of the last picture, above the cursor */
    int n_done, n_failed; /* of the last line; -1: none yet */
} screen;

/* Cut what a terminal has no room for: long lines would break, and lines above its top cannot be drawn again. */
static void fit(const ftdn_text *picture, ftdn_text *text, int *ret_n_lines)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    int n_rows = size.ws_row > 1 ? size.ws_row - 1 : 23, n_columns = size.ws_col > 0 ? size.ws_col : 80;
    *ret_n_lines = 0;
    for (const char *line = picture->chars; line && *line && *ret_n_lines < n_rows; ++*ret_n_lines) {
        size_t n_chars = strcspn(line, "\n"), n_kept = 0;
        /* Bytes that continue a character take no column. */
        for (int column = 0; n_kept < n_chars; n_kept++) {
            column += ((unsigned char)line[n_kept] & 0xC0) != 0x80;
            if (column > n_columns) break;
        }
        ftdn_text_append_bytes(text, line, n_kept);
        ftdn_text_append(text, "\033[K\n");
        line += n_chars + (line[n_chars] == '\n');
    }
}

static ftdn_status draw(screen *s, const ftdn_status_report *report, ftdn_error *err)
{
    ftdn_text picture, text;
    ftdn_text_init(&picture);
    ftdn_text_init(&text);
    ftdn_status_report_write_owner(report, &picture);
    ftdn_status_report_write(report, &picture);
    ftdn_text_append_bytes(&picture, "", 0);
    if (s->n_lines > 0) ftdn_text_append(&text, "\033[%dA", s->n_lines);
    if (!picture.failed) fit(&picture, &text, &s->n_lines);
    ftdn_text_append(&text, "\033[J");
    if (picture.failed) text.failed = true;
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    ftdn_text_done(&picture);
    return status;
}

/* A line where something has happened. */
static ftdn_status tell(screen *s, const ftdn_status_report *report, ftdn_error *err)
{
    const ftdn_run_state *run = &report->store.run;
    if (run->n_done == s->n_done && run->n_failed == s->n_failed) return FTDN_OK;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status_report_write_line(report, &text);
    s->n_done = run->n_done;
    s->n_failed = run->n_failed;
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

/* Who is at work: said before the store is looked at, which may take a while. */
static ftdn_status tell_owner(const ftdn_status_report *report, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status_report_write_owner(report, &text);
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

/* Nobody is at work any more: how it ended. */
static ftdn_status conclude(screen *s, const ftdn_status_report *report, ftdn_error *err)
{
    if (s->is_terminal && s->n_lines > 0) {
        printf("\033[%dA\033[J", s->n_lines);
        fflush(stdout);
    }
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status_report_write_owner(report, &text);
    ftdn_status_report_write(report, &text);
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

static void pause_for(double seconds)
{
    const struct timespec time = {.tv_sec = (time_t)seconds,
                                  .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static ftdn_status watch(const char *db_path, screen *s, ftdn_error *err)
{
    for (bool is_first = true;; is_first = false) {
        int64_t start_ns = ftdn_clock_ns();
        ftdn_status_report report = {0};
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_status status = ftdn_status_report_find_owner(db_path, &report, err);
        if (status == FTDN_OK && is_first && !s->is_terminal && report.owner[0]) status = tell_owner(&report, err);
        if (status == FTDN_OK) status = ftdn_status_report_read(&report, &arena, err);
        bool is_over = !report.owner[0];
        if (status == FTDN_OK && is_over) status = conclude(s, &report, err);
        else if (status == FTDN_OK) status = (s->is_terminal ? draw : tell)(s, &report, err);
        ftdn_arena_done(&arena);
        if (status != FTDN_OK || is_over) return status;
        double took_s = (double)(ftdn_clock_ns() - start_ns) * 1e-9;
        pause_for(took_s * REST > LEAST_PAUSE_S ? took_s * REST : LEAST_PAUSE_S);
    }
}

ftdn_status ftdn_command_watch(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    const ftdn_command command = {
        .name = "ftdn watch",
        .arguments = "DB",
        .summary = "Show how far a run is, once a second, until it ends.",
        .example = "ftdn watch results/smoke.db",
        .details = "On a terminal the picture is drawn anew in its place; elsewhere a line is printed when trials\n"
                   "were finished. Ctrl-C ends the watching alone. 'ftdn status DB' looks once.",
        .min_arguments = 1,
        .max_arguments = 1,
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_arguments arguments;
    screen s = {.is_terminal = isatty(STDOUT_FILENO), .n_done = -1, .n_failed = -1};
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help) status = watch(arguments.argument[0], &s, err);
    ftdn_arena_done(&arena);
    return status;
}
