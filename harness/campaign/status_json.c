#include <math.h>

#include "harness/campaign/status_report.h"
#include "harness/terminal/print.h"

static void write_word(const char *name, const char *word, ftdn_text *text)
{
    ftdn_text_append(text, "\"%s\":", name);
    if (word) ftdn_append_json(text, word);
    else ftdn_text_append(text, "null");
}

static void write_number(const char *name, double number, ftdn_text *text)
{
    ftdn_text_append(text, ",\"%s\":", name);
    ftdn_text_append_json_number(text, number);
}

static void write_run(const ftdn_status_report *report, ftdn_text *text)
{
    const ftdn_run_state *run = &report->store.run;
    ftdn_pace_time left;
    int n_left = ftdn_status_report_left(report, &left);
    bool is_running = ftdn_status_report_is_running(report);
    ftdn_text_append(text, "{\"id\":%lld,", (long long)run->id);
    write_word("started_at", run->started_at, text);
    ftdn_text_append(text, ",");
    write_word("ended_at", run->ended_at, text);
    ftdn_text_append(text, ",");
    write_word("outcome", run->outcome ? run->outcome : is_running ? NULL : "killed", text);
    ftdn_text_append(text, ",");
    write_word("machine", run->machine, text);
    ftdn_text_append(text, ",");
    write_word("shard", run->shard, text);
    ftdn_text_append(text,
                     ",\"pid\":%lld,\"workers\":%d,\"threads\":%d,\"n_wanted\":%d,\"n_done\":%d,\"n_failed\":%d,"
                     "\"n_given_up\":%d,\"n_withdrawn\":%d",
                     (long long)run->pid, run->n_workers, run->n_threads, run->n_wanted, run->n_done, run->n_failed,
                     run->n_given_up, run->n_withdrawn);
    if (is_running) {
        ftdn_text_append(text, ",\"n_left\":%d", n_left);
        write_number("seconds_so_far", run->since_start_s, text);
        write_number("trials_per_second", run->trials_per_s, text);
        write_number("seconds_left", left.seconds < 0 ? (double)NAN : left.seconds, text);
        write_number("uncertainty_seconds", left.seconds < 0 ? (double)NAN : left.uncertainty, text);
    }
    ftdn_text_append(text, ",\"failures\":[");
    for (int i = 0; i < run->n_causes; i++) {
        ftdn_text_append(text, "%s{", i ? "," : "");
        write_word("cause", run->cause[i].text, text);
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
    write_word("id", trial->id, text);
    ftdn_text_append(text, ",");
    write_word("label", trial->label, text);
    write_number("map_voc07", trial->map_voc07, text);
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
    write_word("name", campaign->name, text);
    ftdn_text_append(text, ",");
    write_word("manifest", campaign->path, text);
    ftdn_text_append(text, ",");
    write_word("command", command.failed ? NULL : command.chars, text);
    write_counts(campaign->n_planned, campaign->n_done, campaign->n_failed, text);
    write_marked("worst", &campaign->worst, text);
    write_marked("best", &campaign->best, text);
    ftdn_text_append(text, ",\"sweeps\":[");
    for (int s = 0; s < campaign->n_sweeps; s++) {
        const ftdn_sweep_state *sweep = &campaign->sweep[s];
        ftdn_text_append(text, "%s{", s ? "," : "");
        write_word("name", sweep->name, text);
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
    write_word("store", report->db_path, text);
    ftdn_text_append(text, ",");
    write_word("filled_by", report->owner[0] ? report->owner : NULL, text);
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
