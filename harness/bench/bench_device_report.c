/* bench_device_report.c - the answers of `ftdn bench device`: a table for people, an object for machines. */
#include <math.h>

#include "base/table.h"
#include "harness/bench/bench_device.h"
#include "harness/bench/bench_report.h"
#include "harness/terminal/print.h"

static void write_conditions(const ftdn_device_bench *bench, ftdn_text *text)
{
    const ftdn_device_bench_options *options = bench->options;
    const ftdn_device_info *device = &bench->device;
    ftdn_append_shown(text, device->name);
    ftdn_text_append(text, " (sm_%d%d, %d multiprocessors, %.1f GB), driver ", device->major, device->minor,
                     device->n_multiprocessors, (double)device->total_bytes * 1e-9);
    ftdn_append_shown(text, device->driver);
    ftdn_text_append(text, ", ");
    ftdn_append_shown(text, device->libraries);
    for (int a = 0; a < bench->n_arithmetics; a++)
        ftdn_text_append(text, "%s%s", a ? "; " : "\n", bench->arithmetic[a]);
    ftdn_text_append(text, "\n");
    ftdn_append_shown(text, bench->conditions.cpu);
    ftdn_text_append(text, ", %d core%s; ftdn %s, %s; %s\n", bench->conditions.n_cores,
                     bench->conditions.n_cores == 1 ? "" : "s", bench->conditions.code_version,
                     bench->conditions.compiler, bench->conditions.date);
    ftdn_text_append(text, "%d repeat%s after a warm-up, %d test scene%s, formula weights%s\n\n", options->n_repeats,
                     options->n_repeats == 1 ? "" : "s", options->n_images, options->n_images == 1 ? "" : "s",
                     bench->module->is_emulated ? "; EMULATED: times are those of the processor" : "");
}

void ftdn_device_bench_write_table(const ftdn_device_bench *bench, ftdn_text *text)
{
    static const char *const headers[] = {"network", "measure", "median", "lowest",      "highest",
                                          "unit",    "limit",   "met",    "micro-batch", "numbers"};
    enum { N_COLUMNS = sizeof headers / sizeof *headers };
    ftdn_table table;
    write_conditions(bench, text);
    ftdn_table_init(&table, N_COLUMNS);
    for (int i = 0; i < N_COLUMNS; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", headers[i]);
    for (int i = 0; i < bench->n_measures; i++) {
        const ftdn_device_measure *own = &bench->measure[i];
        ftdn_bench_add_row(&table, &own->measure);
        if (own->micro_batch > 0) ftdn_table_add(&table, FTDN_CELL_NUMBER, "%d", own->micro_batch);
        else ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", own->arithmetic ? own->arithmetic : "");
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static void append_text(ftdn_text *text, const char *key, const char *string)
{
    ftdn_text_append(text, ",\"%s\":", key);
    ftdn_append_json(text, string);
}

static void append_number(ftdn_text *text, const char *key, double number)
{
    ftdn_text_append(text, ",\"%s\":", key);
    ftdn_text_append_json_number(text, number);
}

static void append_conditions(const ftdn_device_bench *bench, ftdn_text *text)
{
    const ftdn_device_info *device = &bench->device;
    ftdn_text_append(text, "{\"device\":");
    ftdn_append_json(text, device->name);
    ftdn_text_append(text, ",\"capability\":\"%d.%d\",\"emulated\":%s", device->major, device->minor,
                     bench->module->is_emulated ? "true" : "false");
    append_number(text, "multiprocessors", device->n_multiprocessors);
    append_number(text, "memory_bytes", (double)device->total_bytes);
    append_text(text, "driver", device->driver);
    append_text(text, "libraries", device->libraries);
    static const char *const keys[] = {"f32", "tf32"};
    for (int a = 0; a < bench->n_arithmetics; a++) append_text(text, keys[a], bench->arithmetic[a]);
    append_text(text, "cpu", bench->conditions.cpu);
    append_number(text, "cores", bench->conditions.n_cores);
    append_text(text, "code_version", bench->conditions.code_version);
    append_text(text, "compiler", bench->conditions.compiler);
    append_text(text, "date", bench->conditions.date);
    append_number(text, "repeats", bench->options->n_repeats);
    append_number(text, "images", bench->options->n_images);
    append_text(text, "weights", "formula:0");
    append_text(text, "dataset", "test scenes");
    ftdn_text_append(text, "}");
}

void ftdn_device_bench_write_json(const ftdn_device_bench *bench, ftdn_text *text)
{
    ftdn_text_append(text, "{\"conditions\":");
    append_conditions(bench, text);
    ftdn_text_append(text, ",\"measures\":[");
    for (int i = 0; i < bench->n_measures; i++) {
        const ftdn_device_measure *own = &bench->measure[i];
        ftdn_text_append(text, i ? ",\n{" : "\n{");
        ftdn_bench_append_measure(text, &own->measure);
        append_number(text, "micro_batch", own->micro_batch > 0 ? own->micro_batch : (double)NAN);
        ftdn_text_append(text, ",\"numbers\":");
        if (own->arithmetic) ftdn_append_json(text, own->arithmetic);
        else ftdn_text_append(text, "null");
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "\n]}\n");
}
