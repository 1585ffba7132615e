/* bench_report.c - the answers of `ftdn bench`: a table for people, an object for machines. */
#include "harness/bench/bench_report.h"

#include <math.h>

#include "harness/terminal/print.h"

static const struct {
    const char *name;
    double factor; /* from what a measure is kept in */
} unit_table[] = {
    [FTDN_UNIT_SECONDS_PER_IMAGE] = {"ms/image", 1e3},
    [FTDN_UNIT_SECONDS] = {"ms", 1e3},
    [FTDN_UNIT_SECONDS_PER_ELEMENT] = {"ns/element", 1e9},
    [FTDN_UNIT_FRACTION] = {"%", 1e2},
    [FTDN_UNIT_QUOTIENT] = {"times", 1},
    [FTDN_UNIT_FLOPS] = {"GFLOP/s", 1e-9},
    [FTDN_UNIT_BYTES] = {"MB", 1e-6},
    [FTDN_UNIT_BYTES_PER_SECOND] = {"GB/s", 1e-9},
};

static bool is_met(const ftdn_bench_measure *measure)
{
    return measure->median <= measure->label.limit;
}

/* Three digits that count, for numbers of ordinary size. */
static int n_decimals(double number)
{
    double size = fabs(number);
    return size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
}

void ftdn_bench_add_row(ftdn_table *table, const ftdn_bench_measure *measure)
{
    const ftdn_bench_label *label = &measure->label;
    double factor = unit_table[label->unit].factor;
    int decimals = n_decimals(measure->median * factor);
    ftdn_table_add(table, FTDN_CELL_TEXT, "%s", label->network ? label->network : "");
    ftdn_table_add(table, FTDN_CELL_TEXT, "%s", label->name);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%.*f", decimals, measure->median * factor);
    if (measure->n_samples > 1) {
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.*f", decimals, measure->lowest * factor);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.*f", decimals, measure->highest * factor);
    } else {
        ftdn_table_add(table, FTDN_CELL_MISSING, "-");
        ftdn_table_add(table, FTDN_CELL_MISSING, "-");
    }
    ftdn_table_add(table, FTDN_CELL_TEXT, "%s", unit_table[label->unit].name);
    if (label->limit > 0) {
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%g", label->limit * factor);
        ftdn_table_add(table, FTDN_CELL_TEXT, "%s", is_met(measure) ? "yes" : "no");
    } else {
        ftdn_table_add(table, FTDN_CELL_MISSING, "%s", "");
        ftdn_table_add(table, FTDN_CELL_MISSING, "%s", "");
    }
}

static void write_conditions(const ftdn_bench *bench, ftdn_text *text)
{
    const ftdn_bench_conditions *conditions = &bench->conditions;
    const ftdn_bench_options *options = bench->options;
    ftdn_append_shown(text, conditions->cpu);
    ftdn_text_append(text, ", %d core%s", conditions->n_cores, conditions->n_cores == 1 ? "" : "s");
    if (!isnan(conditions->load)) ftdn_text_append(text, ", load before the run %.2f", conditions->load);
    ftdn_text_append(text, "\n%s, %s, ceiling by %s; ftdn %s, %s; %s\n", conditions->arithmetic, conditions->library,
                     conditions->ceiling_kernel, conditions->code_version, conditions->compiler, conditions->date);
    ftdn_text_append(text, "%d thread%s, %d repeat%s after a warm-up, %d test scene%s, formula weights\n\n",
                     options->n_threads, options->n_threads == 1 ? "" : "s", options->n_repeats,
                     options->n_repeats == 1 ? "" : "s", options->n_images, options->n_images == 1 ? "" : "s");
}

void ftdn_bench_write_table(const ftdn_bench *bench, ftdn_text *text)
{
    static const char *const headers[] = {"network", "measure", "median", "lowest", "highest", "unit", "limit", "met"};
    enum { N_COLUMNS = sizeof headers / sizeof *headers };
    write_conditions(bench, text);
    ftdn_table table;
    ftdn_table_init(&table, N_COLUMNS);
    for (int i = 0; i < N_COLUMNS; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", headers[i]);
    for (int i = 0; i < bench->n_measures; i++) ftdn_bench_add_row(&table, &bench->measure[i]);
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static void append_member(ftdn_text *text, const char *key, double number)
{
    ftdn_text_append(text, ",\"%s\":", key);
    ftdn_text_append_json_number(text, number);
}

static void append_text_member(ftdn_text *text, const char *key, const char *string)
{
    ftdn_text_append(text, ",\"%s\":", key);
    ftdn_append_json(text, string);
}

void ftdn_bench_append_measure(ftdn_text *text, const ftdn_bench_measure *measure)
{
    const ftdn_bench_label *label = &measure->label;
    double factor = unit_table[label->unit].factor;
    const char *name = label->name;
    while (*name == ' ') name++; /* the table's indent */
    ftdn_text_append(text, "\"network\":");
    if (label->network) ftdn_append_json(text, label->network);
    else ftdn_text_append(text, "null");
    append_text_member(text, "measure", name);
    append_text_member(text, "unit", unit_table[label->unit].name);
    append_member(text, "samples", measure->n_samples);
    append_member(text, "median", measure->median * factor);
    append_member(text, "lowest", measure->lowest * factor);
    append_member(text, "lower_quartile", measure->lower_quartile * factor);
    append_member(text, "upper_quartile", measure->upper_quartile * factor);
    append_member(text, "highest", measure->highest * factor);
    append_member(text, "limit", label->limit > 0 ? label->limit * factor : (double)NAN);
    ftdn_text_append(text, ",\"met\":%s", label->limit <= 0 ? "null" : is_met(measure) ? "true" : "false");
}

void ftdn_bench_write_json(const ftdn_bench *bench, ftdn_text *text)
{
    const ftdn_bench_conditions *conditions = &bench->conditions;
    ftdn_text_append(text, "{\"conditions\":{\"cpu\":");
    ftdn_append_json(text, conditions->cpu);
    append_member(text, "cores", conditions->n_cores);
    append_member(text, "load", conditions->load);
    append_text_member(text, "arithmetic", conditions->arithmetic);
    append_text_member(text, "library", conditions->library);
    append_text_member(text, "ceiling", conditions->ceiling_kernel);
    append_text_member(text, "code_version", conditions->code_version);
    append_text_member(text, "compiler", conditions->compiler);
    append_text_member(text, "date", conditions->date);
    append_member(text, "threads", bench->options->n_threads);
    append_member(text, "repeats", bench->options->n_repeats);
    append_member(text, "images", bench->options->n_images);
    append_text_member(text, "weights", "formula:0");
    append_text_member(text, "dataset", "test scenes");
    ftdn_text_append(text, "},\"measures\":[");
    for (int i = 0; i < bench->n_measures; i++) {
        ftdn_text_append(text, i ? ",\n" : "\n");
        ftdn_text_append(text, "{\"part\":\"%s\",", ftdn_bench_part_name[bench->measure[i].label.part]);
        ftdn_bench_append_measure(text, &bench->measure[i]);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "\n]}\n");
}
