#include "harness/estimate/plan_report.h"

#include <string.h>

#include "harness/record.h"
#include "harness/terminal/duration.h"
#include "harness/terminal/print.h"

#define VALUE_COLUMNS 40 /* for the values of a factor */

/* Count the trials of some sweeps. seen: [n_trials] of zeros, or of marks of earlier calls. */
static void count_sweep(const ftdn_trial_queue *queue, int sweep, int mark, int *seen, ftdn_sweep_count *count)
{
    const ftdn_plan *plan = queue->plan;
    for (int c = 0; c < plan->n_cells; c++) {
        const ftdn_plan_cell *cell = &plan->cell[c];
        if (sweep >= 0 && cell->sweep != sweep) continue;
        for (int i = 0; i < cell->n_seeds; i++) {
            int trial = cell->trial[i];
            bool is_wanted = i < queue->n_asked[c];
            /* 2 * mark: seen; 2 * mark + 1: seen as wanted. */
            if (seen[trial] / 2 != mark) {
                seen[trial] = 2 * mark;
                count->n_most++;
            }
            if (!is_wanted || seen[trial] % 2) continue;
            seen[trial]++;
            count->n_trials++;
            count->n_done += queue->trial[trial].state == FTDN_TRIAL_HELD;
        }
    }
}

ftdn_status ftdn_plan_report_make(const ftdn_campaign_files *files, const char *shard, const ftdn_trial_queue *queue,
                                  ftdn_arena *arena, ftdn_plan_report *ret_report, ftdn_error *err)
{
    const ftdn_plan *plan = &files->plan;
    ftdn_plan_report report = {.files = files, .shard = shard, .queue = queue};
    report.sweep = FTDN_NEW(arena, (size_t)plan->n_sweeps, ftdn_sweep_count, err);
    if (!report.sweep) return FTDN_ERR_MEMORY;
    ftdn_arena_mark here = ftdn_arena_get_mark(arena);
    int *seen = FTDN_NEW(arena, (size_t)plan->n_trials, int, err);
    if (!seen) return FTDN_ERR_MEMORY;
    for (int s = 0; s < plan->n_sweeps; s++) count_sweep(queue, s, s + 1, seen, &report.sweep[s]);
    count_sweep(queue, -1, plan->n_sweeps + 1, seen, &report.all);
    ftdn_arena_reset(arena, here);
    *ret_report = report;
    return FTDN_OK;
}

/* A value in words; an object as the words inside it: "kr weight_sum 0.5 mean". */
static void write_value(const ftdn_json *node, ftdn_text *text)
{
    switch (node->kind) {
    case FTDN_JSON_STRING: ftdn_append_shown(text, node->string); break;
    case FTDN_JSON_OBJECT:
        for (int i = 0; i < node->n_children; i++) {
            ftdn_text_append(text, "%s", i ? " " : "");
            write_value(node->child[i], text);
        }
        break;
    default: ftdn_json_write(text, node, false);
    }
}

static void write_axis_value(const ftdn_axis *axis, int i, ftdn_text *text)
{
    for (int c = 0; c < axis->n_columns; c++) {
        const ftdn_column *column = &axis->column[c];
        const ftdn_json *node = column->value[(size_t)i * (size_t)column->n_rows].node;
        ftdn_text_append(text, "%s", c ? "/" : "");
        if (node) write_value(node, text);
    }
}

/* All values where there is room for them, else the first ones and the last. */
static void write_values(const ftdn_axis *axis, ftdn_text *text)
{
    ftdn_text last;
    ftdn_text_init(&last);
    write_axis_value(axis, axis->n_values - 1, &last);
    size_t start = text->n_chars, room = VALUE_COLUMNS > last.n_chars + 5 ? VALUE_COLUMNS - last.n_chars - 5 : 0;
    for (int i = 0; i + 1 < axis->n_values; i++) {
        size_t before = text->n_chars;
        write_axis_value(axis, i, text);
        ftdn_text_append(text, ", ");
        if (text->failed || text->n_chars - start <= room + (i + 2 == axis->n_values ? 5 : 0)) continue;
        text->n_chars = before;
        ftdn_text_append(text, "... ");
        break;
    }
    ftdn_text_append_bytes(text, last.chars, last.n_chars);
    if (last.failed) text->failed = true;
    ftdn_text_done(&last);
}

static void write_seeds(const ftdn_seeds *seeds, ftdn_text *text)
{
    if (seeds->ci95 > 0)
        ftdn_text_append(text, "%d to %d, until mAP is known to +- %g", seeds->n_min, seeds->n, seeds->ci95);
    else if (seeds->n == 1) ftdn_text_append(text, "%llu", (unsigned long long)ftdn_seeds_get(seeds, 0));
    else
        ftdn_text_append(text, "%llu to %llu", (unsigned long long)ftdn_seeds_get(seeds, 0),
                         (unsigned long long)ftdn_seeds_get(seeds, seeds->n - 1));
}

/* "2 x 3 combinations, 1 excluded, 2 included" */
static void write_combinations(const ftdn_sweep *sweep, ftdn_text *text)
{
    ftdn_text_append(text, "%zu combination%s", sweep->n_combinations, sweep->n_combinations == 1 ? "" : "s");
    if (sweep->n_product > sweep->n_kept) ftdn_text_append(text, ", %zu excluded", sweep->n_product - sweep->n_kept);
    if (sweep->n_included > 0) ftdn_text_append(text, ", %zu included", sweep->n_included);
}

static int find_name_width(const ftdn_manifest *manifest)
{
    size_t width = strlen("seeds");
    for (int s = 0; s < manifest->n_sweeps; s++)
        for (int a = 0; a < manifest->sweep[s].n_axes; a++) {
            size_t n_chars = strlen(manifest->sweep[s].axis[a].name);
            if (n_chars > width && n_chars <= 42) width = n_chars;
        }
    return (int)width;
}

static void write_sweep(const ftdn_sweep *sweep, int width, ftdn_text *text)
{
    ftdn_text_append(text, "\n%s: ", sweep->name);
    write_combinations(sweep, text);
    ftdn_text_append(text, "\n");
    if (*sweep->description) {
        ftdn_text_append(text, "  ");
        ftdn_append_shown(text, sweep->description);
        ftdn_text_append(text, "\n");
    }
    for (int a = 0; a < sweep->n_axes; a++) {
        ftdn_text_append(text, "  %-*s %6d  ", width, sweep->axis[a].name, sweep->axis[a].n_values);
        write_values(&sweep->axis[a], text);
        ftdn_text_append(text, "\n");
    }
    if (sweep->seeds.n == 0) return;
    ftdn_text_append(text, "  %-*s %6d  ", width, "seeds", sweep->seeds.n);
    write_seeds(&sweep->seeds, text);
    ftdn_text_append(text, "\n");
}

static void add_count(ftdn_table *table, const char *name, const ftdn_sweep_count *count, bool may_grow, bool knows_ids)
{
    ftdn_table_add_shown(table, name);
    ftdn_table_add_count(table, (uint64_t)count->n_trials);
    if (may_grow) ftdn_table_add_count(table, (uint64_t)count->n_most);
    if (!knows_ids) return;
    ftdn_table_add_count(table, (uint64_t)count->n_done);
    ftdn_table_add_count(table, (uint64_t)(count->n_trials - count->n_done));
}

/* Of several sweeps: what each asks for. */
static void write_counts(const ftdn_plan_report *report, ftdn_text *text)
{
    const ftdn_plan *plan = &report->files->plan;
    bool may_grow = report->all.n_most > report->all.n_trials, knows_ids = !report->unknown_ids;
    ftdn_table table;
    if (plan->n_sweeps < 2) return;
    ftdn_table_init(&table, 2 + may_grow + 2 * knows_ids);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "sweep");
    ftdn_table_add(&table, FTDN_CELL_TEXT, may_grow ? "trials at least" : "trials");
    if (may_grow) ftdn_table_add(&table, FTDN_CELL_TEXT, "at most");
    if (knows_ids) ftdn_table_add(&table, FTDN_CELL_TEXT, "done");
    if (knows_ids) ftdn_table_add(&table, FTDN_CELL_TEXT, "missing");
    for (int s = 0; s < plan->n_sweeps; s++)
        add_count(&table, plan->sweep_name[s], &report->sweep[s], may_grow, knows_ids);
    ftdn_table_write(&table, text);
    ftdn_text_append(text, "\n");
    ftdn_table_done(&table);
}

/* "12 trials (and 1 that repeat one of them), 3 in results/smoke.db, 9 to run" */
static void write_sum(const ftdn_plan_report *report, ftdn_text *text)
{
    const ftdn_sweep_count *all = &report->all;
    int n_repeated = report->files->plan.n_repeated;
    bool may_grow = all->n_most > all->n_trials;
    ftdn_text_append(text, "%d", all->n_trials);
    if (may_grow) ftdn_text_append(text, " to %d", all->n_most);
    ftdn_text_append(text, " trial%s", all->n_most == 1 ? "" : "s");
    if (n_repeated) ftdn_text_append(text, " (and %d that repeat one of them)", n_repeated);
    if (report->unknown_ids) {
        ftdn_text_append(text, "; which of them ");
        ftdn_append_shown(text, report->files->db_path);
        ftdn_text_append(text,
                         " holds is not known, because ids name the kind of device that computes: %s; --device "
                         "sm_90x132 plans for one of that kind\n",
                         report->unknown_ids);
        return;
    }
    if (report->shard) ftdn_text_append(text, " in shard %s", report->shard);
    ftdn_text_append(text, ", %d in ", all->n_done);
    ftdn_append_shown(text, report->files->db_path);
    ftdn_text_append(text, ", %d%s to run\n", all->n_trials - all->n_done, may_grow ? " or more" : "");
}

void ftdn_plan_report_write(const ftdn_plan_report *report, ftdn_text *text)
{
    const ftdn_manifest *manifest = &report->files->manifest;
    int width = find_name_width(manifest);
    ftdn_text_append(text, "%s%s", manifest->name, *manifest->description ? ": " : "");
    ftdn_append_shown(text, manifest->description);
    ftdn_text_append(text, "\n");
    for (int s = 0; s < manifest->n_sweeps; s++) write_sweep(&manifest->sweep[s], width, text);
    ftdn_text_append(text, "\n");
    write_counts(report, text);
    write_sum(report, text);
}

/* "120 MB", "1.4 GB" */
static const char *size_text(double n_bytes, char text[32])
{
    if (n_bytes >= 1e9) snprintf(text, 32, "%.2g GB", n_bytes / 1e9);
    else if (n_bytes >= 1e7) snprintf(text, 32, "%.0f MB", n_bytes / 1e6);
    else snprintf(text, 32, "%.1f MB", n_bytes / 1e6);
    return text;
}

static void write_basis(const ftdn_estimate *estimate, ftdn_text *text)
{
    if (estimate->n_earlier > 0)
        ftdn_text_append(text, "from %d earlier trial%s of this store", estimate->n_earlier,
                         estimate->n_earlier == 1 ? "" : "s");
    else ftdn_text_append(text, "from %.1f s of calibration", estimate->calibration_s);
    if (estimate->n_unmeasured)
        ftdn_text_append(text, "; %d of %d kinds of trials are not measured", estimate->n_unmeasured,
                         estimate->n_kinds);
    if (estimate->n_unknown_rankings)
        ftdn_text_append(text, "; %d ranking%s not counted", estimate->n_unknown_rankings,
                         estimate->n_unknown_rankings == 1 ? " is" : "s are");
}

void ftdn_plan_report_write_estimate(const ftdn_plan_report *report, const ftdn_estimate *estimate, ftdn_text *text)
{
    char a[32], b[32], c[32];
    if (estimate->n_wanted == 0) {
        ftdn_text_append(text, "\nnothing is left to run\n");
        return;
    }
    bool may_grow = estimate->n_most > estimate->n_wanted;
    double low_s = estimate->seconds / (1 + estimate->uncertainty);
    double high_s = estimate->seconds * (1 + estimate->uncertainty);
    ftdn_text_append(text, "\ntime    about %s", ftdn_duration_text(estimate->seconds, a));
    ftdn_text_append(text, " (%s to %s)", ftdn_duration_text(low_s, a), ftdn_duration_text(high_s, b));
    if (may_grow) ftdn_text_append(text, "; with all seeds %s", ftdn_duration_text(estimate->most_seconds, a));
    ftdn_text_append(text, "\n        %d worker%s of %d thread%s, ", estimate->n_workers,
                     estimate->n_workers == 1 ? "" : "s", estimate->n_threads, estimate->n_threads == 1 ? "" : "s");
    write_basis(estimate, text);
    ftdn_text_append(text, "\nmemory  about %s, %s of it for each worker\n", size_text(estimate->memory_bytes, a),
                     size_text(estimate->worker_bytes, b));
    ftdn_text_append(text, "disk    about %s more", size_text(estimate->disk_bytes, c));
    if (may_grow) ftdn_text_append(text, ", %s at most,", size_text(estimate->most_disk_bytes, c));
    ftdn_text_append(text, " in %s\n", report->files->db_path);
}

ftdn_status ftdn_plan_report_write_trials(const ftdn_plan_report *report, ftdn_arena *arena, ftdn_text *text,
                                          ftdn_error *err)
{
    const ftdn_plan *plan = &report->files->plan;
    ftdn_text_append(text, "\n");
    for (int i = 0; i < plan->n_trials; i++) {
        ftdn_trial_state state = report->queue->trial[i].state;
        const char *word = state == FTDN_TRIAL_HELD ? "done" : state == FTDN_TRIAL_DORMANT ? "perhaps" : "missing";
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        const char *label = ftdn_record_label(&plan->trial[i], arena, err);
        if (!label) return FTDN_ERR_MEMORY;
        if (report->unknown_ids) ftdn_text_append(text, "  %s\n", label);
        else ftdn_text_append(text, "  %.12s  %-7s  %s\n", plan->trial[i].spec.id, word, label);
        ftdn_arena_reset(arena, mark);
    }
    return FTDN_OK;
}
