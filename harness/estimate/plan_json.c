#include "harness/estimate/plan_report.h"

#include "base/json_members.h"
#include "harness/terminal/print.h"

static void write_value(const ftdn_axis *axis, int i, ftdn_text *text)
{
    if (axis->n_columns > 1) ftdn_text_append(text, "[");
    for (int c = 0; c < axis->n_columns; c++) {
        const ftdn_column *column = &axis->column[c];
        const ftdn_json *node = column->value[(size_t)i * (size_t)column->n_rows].node;
        ftdn_text_append(text, "%s", c ? "," : "");
        if (node) ftdn_json_write(text, node, false);
        else ftdn_text_append(text, "null");
    }
    if (axis->n_columns > 1) ftdn_text_append(text, "]");
}

static void write_factors(const ftdn_sweep *sweep, ftdn_text *text)
{
    ftdn_text_append(text, "\"factors\":[");
    for (int a = 0; a < sweep->n_axes; a++) {
        const ftdn_axis *axis = &sweep->axis[a];
        ftdn_text_append(text, "%s{\"name\":", a ? "," : "");
        ftdn_append_json(text, axis->name);
        ftdn_text_append(text, ",\"values\":[");
        for (int i = 0; i < axis->n_values; i++) {
            ftdn_text_append(text, "%s", i ? "," : "");
            write_value(axis, i, text);
        }
        ftdn_text_append(text, "]}");
    }
    ftdn_text_append(text, "]");
}

static void write_seeds(const ftdn_seeds *seeds, ftdn_text *text)
{
    if (seeds->n == 0) return;
    ftdn_text_append(text, ",\"seeds\":{\"most\":%d", seeds->n);
    if (seeds->ci95 > 0) {
        ftdn_text_append(text, ",\"least\":%d", seeds->n_min);
        ftdn_json_put_number(text, "ci95", seeds->ci95);
    }
    ftdn_text_append(text, "}");
}

/* What depends on ids is null where they are not known. */
static void write_count(const ftdn_plan_report *report, const ftdn_sweep_count *count, ftdn_text *text)
{
    ftdn_text_append(text, "\"n_trials\":%d,\"n_most\":%d,", count->n_trials, count->n_most);
    if (report->unknown_ids) ftdn_text_append(text, "\"n_done\":null,\"n_missing\":null");
    else ftdn_text_append(text, "\"n_done\":%d,\"n_missing\":%d", count->n_done, count->n_trials - count->n_done);
}

static void write_sweeps(const ftdn_plan_report *report, ftdn_text *text)
{
    const ftdn_plan *plan = &report->files->plan;
    const ftdn_manifest *manifest = &report->files->manifest;
    ftdn_text_append(text, "\"sweeps\":[");
    for (int s = 0; s < plan->n_sweeps; s++) {
        const ftdn_sweep *sweep = &manifest->sweep[s];
        ftdn_text_append(text, "%s\n{\"name\":", s ? "," : "");
        ftdn_append_json(text, plan->sweep_name[s]);
        ftdn_text_append(text, ",\"combinations\":%zu,\"excluded\":%zu,\"included\":%zu,", sweep->n_combinations,
                         sweep->n_product - sweep->n_kept, sweep->n_included);
        write_count(report, &report->sweep[s], text);
        ftdn_text_append(text, ",");
        write_factors(sweep, text);
        write_seeds(&sweep->seeds, text);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]");
}

static void write_estimate(const ftdn_estimate *estimate, ftdn_text *text)
{
    ftdn_text_append(text, ",\n\"estimate\":{\"n_wanted\":%d,\"n_most\":%d,\"workers\":%d,\"threads\":%d",
                     estimate->n_wanted, estimate->n_most, estimate->n_workers, estimate->n_threads);
    ftdn_json_put_number(text, "seconds", estimate->seconds);
    ftdn_json_put_number(text, "most_seconds", estimate->most_seconds);
    ftdn_json_put_number(text, "relative_uncertainty", estimate->uncertainty);
    ftdn_json_put_number(text, "memory_bytes", estimate->memory_bytes);
    ftdn_json_put_number(text, "worker_bytes", estimate->worker_bytes);
    ftdn_json_put_number(text, "disk_bytes", estimate->disk_bytes);
    ftdn_json_put_number(text, "most_disk_bytes", estimate->most_disk_bytes);
    ftdn_json_put_number(text, "calibration_seconds", estimate->calibration_s);
    ftdn_text_append(text, ",\"earlier_trials\":%d,\"kinds\":%d,\"unmeasured_kinds\":%d,\"uncounted_rankings\":%d}",
                     estimate->n_earlier, estimate->n_kinds, estimate->n_unmeasured, estimate->n_unknown_rankings);
}

static void write_trial_sweeps(const ftdn_plan_report *report, int trial, ftdn_text *text)
{
    const ftdn_trial_queue *queue = report->queue;
    const ftdn_plan *plan = &report->files->plan;
    int last = -1;
    ftdn_text_append(text, "\"sweeps\":[");
    for (int i = queue->cells_of[trial]; i < queue->cells_of[trial + 1]; i++) {
        int sweep = plan->cell[queue->cell_list[i]].sweep;
        if (sweep == last) continue; /* cells stand sweep by sweep */
        ftdn_text_append(text, "%s", last >= 0 ? "," : "");
        ftdn_append_json(text, plan->sweep_name[sweep]);
        last = sweep;
    }
    ftdn_text_append(text, "]");
}

static void write_trials(const ftdn_plan_report *report, ftdn_text *text)
{
    const ftdn_plan *plan = &report->files->plan;
    ftdn_text_append(text, ",\n\"trials\":[");
    for (int i = 0; i < plan->n_trials; i++) {
        const ftdn_trial_spec *spec = &plan->trial[i].spec;
        bool is_done = report->queue->trial[i].state == FTDN_TRIAL_HELD;
        ftdn_text_append(text, "%s\n", i ? "," : "");
        if (report->unknown_ids) ftdn_text_append(text, "{\"id\":null,\"done\":null,");
        else ftdn_text_append(text, "{\"id\":\"%s\",\"done\":%s,", spec->id, is_done ? "true" : "false");
        write_trial_sweeps(report, i, text);
        ftdn_text_append(text, ",\"spec\":");
        ftdn_trial_spec_write(spec, text);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "\n]");
}

void ftdn_plan_report_write_json(const ftdn_plan_report *report, const ftdn_estimate *estimate, bool has_list,
                                 ftdn_text *text)
{
    const ftdn_manifest *manifest = &report->files->manifest;
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "name", manifest->name);
    ftdn_append_json_member(text, "description", manifest->description);
    ftdn_append_json_member(text, "store", report->files->db_path);
    ftdn_append_json_member(text, "shard", report->shard);
    ftdn_text_append(text, ",");
    write_count(report, &report->all, text);
    ftdn_text_append(text, ",\"n_repeated\":%d,\n", report->files->plan.n_repeated);
    write_sweeps(report, text);
    if (estimate) write_estimate(estimate, text);
    if (has_list) write_trials(report, text);
    ftdn_text_append(text, "}\n");
}
