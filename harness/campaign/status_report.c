#include "harness/campaign/status_report.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "harness/campaign/campaign.h"
#include "harness/terminal/duration.h"
#include "harness/terminal/print.h"

ftdn_status ftdn_status_report_find_owner(const char *db_path, ftdn_status_report *ret_report, ftdn_error *err)
{
    ftdn_status_report report = {.db_path = db_path};
    FTDN_TRY(ftdn_store_lock_find_owner(db_path, report.owner, err));
    *ret_report = report;
    return FTDN_OK;
}

bool ftdn_status_report_is_running(const ftdn_status_report *report)
{
    const ftdn_run_state *run = &report->store.run;
    return report->owner[0] && run->id > 0 && !run->outcome;
}

ftdn_status ftdn_status_report_read(ftdn_status_report *report, ftdn_arena *arena, ftdn_error *err)
{
    if (report->owner[0] && !ftdn_file_exists(report->db_path)) return FTDN_OK;
    ftdn_store *store;
    FTDN_TRY(ftdn_store_open(report->db_path, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_store_read_status(store, FTDN_MOST_TRIES, arena, &report->store, err);
    ftdn_store_close(store);
    FTDN_TRY(status);
    /* It may have ended meanwhile. */
    bool may_have_ended = report->owner[0] && !ftdn_status_report_is_running(report);
    return may_have_ended ? ftdn_store_lock_find_owner(report->db_path, report->owner, err) : FTDN_OK;
}

static const ftdn_campaign_state *find_campaign(const ftdn_status_report *report)
{
    for (int i = 0; i < report->store.n_campaigns; i++)
        if (report->store.campaign[i].key == report->store.run.campaign) return &report->store.campaign[i];
    return NULL;
}

int ftdn_status_report_left(const ftdn_status_report *report, ftdn_pace_time *ret_left)
{
    const ftdn_run_state *run = &report->store.run;
    const ftdn_campaign_state *campaign = find_campaign(report);
    *ret_left = (ftdn_pace_time){-1, -1};
    if (!campaign) return 0;
    int n_left = campaign->n_planned - campaign->n_done - run->n_given_up;
    if (n_left < 0) n_left = 0;
    if (isnan(run->trials_per_s)) return n_left;
    /* The mean is known from the recent trials only, and those that are left spread around it. */
    double spread = isnan(run->spread) ? 0.5 : fmax(run->spread, 0.1);
    double relative = n_left > 0 ? spread * sqrt(1.0 / run->n_recent + 1.0 / n_left) : 0;
    ret_left->seconds = n_left / run->trials_per_s;
    ret_left->uncertainty = 2 * relative * ret_left->seconds;
    return n_left;
}

void ftdn_status_report_write_owner(const ftdn_status_report *report, ftdn_text *text)
{
    ftdn_append_shown(text, report->db_path);
    if (report->owner[0]) {
        ftdn_text_append(text, " is being filled by ");
        ftdn_append_shown(text, report->owner);
        ftdn_text_append(text, "\n");
    } else {
        ftdn_text_append(text, ": nobody fills it now\n");
    }
}

static void write_last_run(const ftdn_status_report *report, ftdn_text *text)
{
    const ftdn_run_state *run = &report->store.run;
    if (run->id == 0) ftdn_text_append(text, "no run was begun in it\n");
    else if (report->owner[0]) ftdn_text_append(text, "its run has not begun: plan and images are being prepared\n");
    else if (run->outcome)
        ftdn_text_append(text, "the last run, begun %.19sZ, %s%s %.19sZ\n", run->started_at,
                         strcmp(run->outcome, "out of time") ? "" : "ran ", run->outcome, run->ended_at);
    else ftdn_text_append(text, "the last run, begun %.19sZ on %s, was killed\n", run->started_at, run->machine);
}

static void add_count(ftdn_table *table, const char *name, int n_planned, int n_done, int n_failed)
{
    ftdn_table_add_shown(table, name);
    ftdn_table_add_count(table, (uint64_t)n_planned);
    ftdn_table_add_count(table, (uint64_t)n_done);
    ftdn_table_add_count(table, (uint64_t)(n_planned - n_done));
    ftdn_table_add_count(table, (uint64_t)n_failed);
}

static void write_sweeps(const ftdn_campaign_state *campaign, ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 5);
    static const char *const header[] = {"sweep", "planned", "done", "missing", "failed"};
    for (int i = 0; i < 5; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", header[i]);
    for (int s = 0; s < campaign->n_sweeps; s++) {
        const ftdn_sweep_state *sweep = &campaign->sweep[s];
        add_count(&table, sweep->name, sweep->n_planned, sweep->n_done, sweep->n_failed);
    }
    if (campaign->n_sweeps > 1)
        add_count(&table, "all, each once", campaign->n_planned, campaign->n_done, campaign->n_failed);
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static void write_marked(const char *what, const ftdn_marked_trial *trial, ftdn_text *text)
{
    if (!trial->id) return;
    ftdn_text_append(text, "%s  mAP %.4f  %.12s  ", what, trial->map_voc07, trial->id);
    ftdn_append_shown(text, trial->label);
    ftdn_text_append(text, "\n");
}

static void write_campaign(const ftdn_campaign_state *campaign, ftdn_text *text)
{
    ftdn_text_append(text, "\n%s%s", campaign->name, *campaign->description ? ": " : "");
    ftdn_append_shown(text, campaign->description);
    ftdn_text_append(text, "\n");
    write_sweeps(campaign, text);
    write_marked("worst", &campaign->worst, text);
    write_marked("best ", &campaign->best, text);
}

static void write_rate(double trials_per_s, ftdn_text *text)
{
    if (trials_per_s >= 0.5) ftdn_text_append(text, "%.3g trials/s", trials_per_s);
    else ftdn_text_append(text, "%.3g trials/min", trials_per_s * 60);
}

static void write_left(const ftdn_status_report *report, ftdn_text *text)
{
    char left[32], around[32];
    ftdn_pace_time time;
    int n_left = ftdn_status_report_left(report, &time);
    ftdn_text_append(text, "%d trial%s left", n_left, n_left == 1 ? "" : "s");
    if (time.seconds > 0)
        ftdn_text_append(text, ", about %s (+- %s)", ftdn_duration_text(time.seconds, left),
                         ftdn_duration_text(time.uncertainty, around));
}

static void write_run(const ftdn_status_report *report, ftdn_text *text)
{
    char elapsed[32];
    const ftdn_run_state *run = &report->store.run;
    ftdn_text_append(text, "\nrun    %d worker%s%s%s, %s so far, %d of %d trials finished\n", run->n_workers,
                     run->n_workers == 1 ? "" : "s", run->shard ? ", shard " : "", run->shard ? run->shard : "",
                     ftdn_duration_text(run->since_start_s, elapsed), run->n_done, run->n_wanted);
    ftdn_text_append(text, "rate   ");
    if (isnan(run->trials_per_s)) ftdn_text_append(text, "no trial was finished in the last minutes\n");
    else {
        write_rate(run->trials_per_s, text);
        ftdn_text_append(text, " in the last minutes\n");
    }
    ftdn_text_append(text, "left   ");
    write_left(report, text);
    ftdn_text_append(text, "\n");
}

static void write_failures(const ftdn_run_state *run, ftdn_text *text)
{
    if (run->n_failed == 0) return;
    ftdn_text_append(text, "\n%d failed attempt%s of the %s run, %d trial%s given up\n", run->n_failed,
                     run->n_failed == 1 ? "" : "s", run->outcome ? "last" : "present", run->n_given_up,
                     run->n_given_up == 1 ? "" : "s");
    for (int i = 0; i < run->n_causes; i++) {
        ftdn_text_append(text, "  %6d  ", run->cause[i].n_attempts);
        ftdn_append_shown(text, run->cause[i].text);
        ftdn_text_append(text, "\n");
    }
}

void ftdn_status_report_write_command(const ftdn_status_report *report, const ftdn_campaign_state *campaign,
                                      ftdn_text *text)
{
    const ftdn_run_state *run = &report->store.run;
    ftdn_text_append_shell_word(text, campaign->path);
    ftdn_text_append(text, " --db ");
    ftdn_text_append_shell_word(text, report->db_path);
    if (run->shard && run->campaign == campaign->key) ftdn_text_append(text, " --shard %s", run->shard);
}

/* What a user does now. */
static void write_advice(const ftdn_status_report *report, ftdn_text *text)
{
    bool is_complete = true;
    for (int i = 0; i < report->store.n_campaigns; i++) {
        const ftdn_campaign_state *campaign = &report->store.campaign[i];
        if (campaign->n_done == campaign->n_planned) continue;
        is_complete = false;
        ftdn_text_append(text, "go on with: ftdn run ");
        ftdn_status_report_write_command(report, campaign, text);
        ftdn_text_append(text, "\n");
    }
    if (!is_complete || report->store.n_campaigns == 0) return;
    ftdn_text_append(text, "all trials are in the store; see them: ftdn show ");
    ftdn_text_append_shell_word(text, report->db_path);
    ftdn_text_append(text, "\n");
}

void ftdn_status_report_write(const ftdn_status_report *report, ftdn_text *text)
{
    const ftdn_store_status *store = &report->store;
    bool is_running = ftdn_status_report_is_running(report);
    if (!is_running) write_last_run(report, text);
    for (int i = 0; i < store->n_campaigns; i++) write_campaign(&store->campaign[i], text);
    if (is_running) write_run(report, text);
    write_failures(&store->run, text);
    if (store->n_unconfirmed || (store->n_campaigns && !report->owner[0])) ftdn_text_append(text, "\n");
    if (store->n_unconfirmed)
        ftdn_text_append(text, "%d result%s no golden canary confirms%s\n", store->n_unconfirmed,
                         store->n_unconfirmed == 1 ? " that" : "s that", is_running ? " yet" : "");
    if (!report->owner[0]) write_advice(report, text);
}

void ftdn_status_report_write_line(const ftdn_status_report *report, ftdn_text *text)
{
    const ftdn_run_state *run = &report->store.run;
    if (!ftdn_status_report_is_running(report)) {
        ftdn_text_append(text, "being prepared\n");
        return;
    }
    ftdn_text_append(text, "%d of %d trials finished", run->n_done, run->n_wanted);
    if (run->n_failed) ftdn_text_append(text, ", %d failed attempt%s", run->n_failed, run->n_failed == 1 ? "" : "s");
    ftdn_text_append(text, ", ");
    if (!isnan(run->trials_per_s)) {
        write_rate(run->trials_per_s, text);
        ftdn_text_append(text, ", ");
    }
    write_left(report, text);
    ftdn_text_append(text, "\n");
}
