#include <math.h>

#include "base/json_members.h"
#include "harness/campaign/status_report.h"
#include "harness/terminal/print.h"

static void write_run(const ftdn_status_report *report, ftdn_text *text)
{
    const ftdn_run_state *run = &report->store.run;
    ftdn_pace_time left;
    int n_left = ftdn_status_report_left(report, &left);
    bool is_running = ftdn_status_report_is_running(report);
    ftdn_text_append(text, "{\"id\":%lld", (long long)run->id);
    ftdn_append_json_member(text, "started_at", run->started_at);
    ftdn_append_json_member(text, "ended_at", run->ended_at);
    ftdn_append_json_member(text, "outcome", run->outcome ? run->outcome : is_running ? NULL : "killed");
    ftdn_append_json_member(text, "machine", run->machine);
    ftdn_append_json_member(text, "shard", run->shard);
    ftdn_text_append(text,
                     ",\"pid\":%lld,\"workers\":%d,\"threads\":%d,\"n_wanted\":%d,\"n_done\":%d,\"n_failed\":%d,"
                     "\"n_given_up\":%d,\"n_withdrawn\":%d",
                     (long long)run->pid, run->n_workers, run->n_threads, run->n_wanted, run->n_done, run->n_failed,
                     run->n_given_up, run->n_withdrawn);
    if (is_running) {
        ftdn_text_append(text, ",\"n_left\":%d", n_left);
        ftdn_json_put_number(text, "seconds_so_far", run->since_start_s);
        ftdn_json_put_number(text, "trials_per_second", run->trials_per_s);
        ftdn_json_put_number(text, "seconds_left", left.seconds < 0 ? (double)NAN : left.seconds);
        ftdn_json_put_number(text, "uncertainty_seconds", left.seconds < 0 ? (double)NAN : left.uncertainty);
    }
    ftdn_text_append(text, ",\"failures\":[");
    for (int i = 0; i < run->n_causes; i++) {
        ftdn_text_append(text, "%s{", i ? "," : "");
        ftdn_append_json_member(text, "cause", run->cause[i].text);
        ftdn_text_append(text, ",\"n_attempts\":%d}", run->cause[i].n_attempts);
    }
    ftdn_text_append(text, "]}");
}

static void write_marked(const char *name, const ftdn_marked_trial *trial, ftdn_text *text)
{
    ftdn_text_append(text, ",\"%s\":", name);
    if (!trial->id) {
        ftdn_text_append(text, "null");
        return;
    }
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "id", trial->id);
    ftdn_append_json_member(text, "label", trial->label);
    ftdn_json_put_number(text, "map_voc07", trial->map_voc07);
    ftdn_text_append(text, "}");
}

static void write_counts(int n_planned, int n_done, int n_failed, ftdn_text *text)
{
    ftdn_text_append(text, ",\"n_planned\":%d,\"n_done\":%d,\"n_missing\":%d,\"n_failed\":%d", n_planned, n_done,
                     n_planned - n_done, n_failed);
}

static void write_campaign(const ftdn_status_report *report, const ftdn_campaign_state *campaign, ftdn_text *text)
{
    ftdn_text command;
    ftdn_text_init(&command);
    ftdn_text_append(&command, "ftdn run ");
    ftdn_status_report_write_command(report, campaign, &command);
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "name", campaign->name);
    ftdn_append_json_member(text, "manifest", campaign->path);
    ftdn_append_json_member(text, "command", command.failed ? NULL : command.chars);
    write_counts(campaign->n_planned, campaign->n_done, campaign->n_failed, text);
    write_marked("worst", &campaign->worst, text);
    write_marked("best", &campaign->best, text);
    ftdn_text_append(text, ",\"sweeps\":[");
    for (int s = 0; s < campaign->n_sweeps; s++) {
        const ftdn_sweep_state *sweep = &campaign->sweep[s];
        ftdn_text_append(text, "%s{", s ? "," : "");
        ftdn_append_json_member(text, "name", sweep->name);
        write_counts(sweep->n_planned, sweep->n_done, sweep->n_failed, text);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}");
    if (command.failed) text->failed = true;
    ftdn_text_done(&command);
}

void ftdn_status_report_write_json(const ftdn_status_report *report, ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "store", report->db_path);
    ftdn_append_json_member(text, "filled_by", report->owner[0] ? report->owner : NULL);
    ftdn_text_append(text, ",\n\"run\":");
    if (report->store.run.id) write_run(report, text);
    else ftdn_text_append(text, "null");
    ftdn_text_append(text, ",\n\"campaigns\":[");
    for (int i = 0; i < report->store.n_campaigns; i++) {
        ftdn_text_append(text, "%s\n", i ? "," : "");
        write_campaign(report, &report->store.campaign[i], text);
    }
    ftdn_text_append(text, "],\n\"n_unconfirmed\":%d}\n", report->store.n_unconfirmed);
}
