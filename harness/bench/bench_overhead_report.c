/* bench_overhead_report.c - the answers of `ftdn bench overhead`: tables for people, an object for machines. */
#include <math.h>
#include <string.h>

#include "base/table.h"
#include "harness/bench/bench_overhead.h"
#include "harness/terminal/print.h"

/* The row of the original network that stands before the row at hand. */
static const ftdn_latency *original_of(const ftdn_latency *latency, int at)
{
    while (at > 0 && strcmp(latency[at].method, "none") != 0) at--;
    return &latency[at];
}

static void add_headers(ftdn_table *table, const char *const *header, int n_headers)
{
    ftdn_table_init(table, n_headers);
    for (int i = 0; i < n_headers; i++) ftdn_table_add(table, FTDN_CELL_TEXT, "%s", header[i]);
}

static void add_names(ftdn_table *table, const ftdn_latency *latency)
{
    ftdn_table_add_shown(table, latency->model);
    ftdn_table_add(table, FTDN_CELL_TEXT, "%s", strcmp(latency->method, "none") ? latency->method : "original");
}

static void write_times(const ftdn_latency *latency, int n_latencies, ftdn_text *text)
{
    static const char *const header[] = {"network",        "method", "median ms", "lower quartile",
                                         "upper quartile", "least",  "x original"};
    ftdn_table table;
    add_headers(&table, header, sizeof header / sizeof *header);
    for (int i = 0; i < n_latencies; i++) {
        const double seconds[] = {latency[i].median_s, latency[i].q1_s, latency[i].q3_s, latency[i].min_s};
        add_names(&table, &latency[i]);
        for (int k = 0; k < 4; k++) ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.2f", 1e3 * seconds[k]);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.3f", latency[i].slowdown);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static void write_memory(const ftdn_latency *latency, int n_latencies, ftdn_text *text)
{
    static const char *const header[] = {"network", "method",       "copies MB", "+ maps MB", "= sum MB",
                                         "all maps", "weights held", "maps held", "at a time", "GMAC"};
    ftdn_table table;
    add_headers(&table, header, sizeof header / sizeof *header);
    for (int i = 0; i < n_latencies; i++) {
        const ftdn_latency *own = &latency[i], *original = original_of(latency, i);
        if (own == original) continue;
        const int64_t n_bytes[] = {
            own->weight_bytes,
            own->feature_map_bytes,
            own->weight_bytes + own->feature_map_bytes,
            own->map_bytes,
            own->allocated_weight_bytes - original->allocated_weight_bytes,
            own->allocated_map_bytes - original->allocated_map_bytes,
            own->peak_map_bytes - original->peak_map_bytes,
        };
        add_names(&table, own);
        for (int k = 0; k < 7; k++) ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.1f", 1e-6 * (double)n_bytes[k]);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.2f", 1e-9 * (double)own->macs);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

void ftdn_overhead_write_table(const ftdn_bench_conditions *conditions, const ftdn_latency *latency, int n_latencies,
                               ftdn_text *text)
{
    const ftdn_latency *last = &latency[n_latencies - 1];
    ftdn_append_shown(text, conditions->cpu);
    ftdn_text_append(text, ", %d core%s", conditions->n_cores, conditions->n_cores == 1 ? "" : "s");
    if (!isnan(conditions->load)) ftdn_text_append(text, ", load before the run %.2f", conditions->load);
    ftdn_text_append(text, "\n%s, %s; ftdn %s, %s; %s\n", conditions->arithmetic, conditions->library,
                     conditions->code_version, conditions->compiler, conditions->date);
    ftdn_text_append(text, "ratio %g by %s, merge %s; weights ", last->ratio, last->ranking, last->merge);
    ftdn_append_shown(text, last->weights);
    ftdn_text_append(text, "; %d repeat%s over %d image%s after %d passes of warm-up\n\n", last->n_repeats,
                     last->n_repeats == 1 ? "" : "s", last->n_images, last->n_images == 1 ? "" : "s", last->n_warmup);
    ftdn_text_append(text, "One image through the network, processor time of one thread (kr merges for each image):\n");
    write_times(latency, n_latencies, text);
    ftdn_text_append(text, "\nWhat the protection adds, for one image (copies and maps: the paper's count):\n");
    write_memory(latency, n_latencies, text);
}

static void append_number(ftdn_text *text, const char *key, double number)
{
    ftdn_text_append(text, ",\"%s\":", key);
    ftdn_text_append_json_number(text, number);
}

static void append_string(ftdn_text *text, const char *key, const char *string)
{
    ftdn_text_append(text, ",\"%s\":", key);
    if (string) ftdn_append_json(text, string);
    else ftdn_text_append(text, "null");
}

/* Names and units are those of v_overheads. */
static void append_row(const ftdn_latency *row, ftdn_text *text)
{
    ftdn_text_append(text, "{\"model\":");
    ftdn_append_json(text, row->model);
    append_number(text, "width", row->width);
    append_string(text, "weights", row->weights);
    append_string(text, "weights_digest", row->weights_digest);
    append_string(text, "method", row->method);
    append_string(text, "ranking", row->ranking);
    append_string(text, "merge", row->merge);
    append_number(text, "ratio", row->ratio);
    append_string(text, "backend", row->backend);
    append_string(text, "arithmetic", row->arithmetic);
    append_number(text, "threads", row->n_threads);
    append_number(text, "images", row->n_images);
    append_number(text, "warmup", row->n_warmup);
    append_number(text, "repeats", row->n_repeats);
    append_number(text, "median_s", row->median_s);
    append_number(text, "q1_s", row->q1_s);
    append_number(text, "q3_s", row->q3_s);
    append_number(text, "min_s", row->min_s);
    append_number(text, "slowdown", row->slowdown);
    append_number(text, "weight_bytes", (double)row->weight_bytes);
    append_number(text, "feature_map_bytes", (double)row->feature_map_bytes);
    append_number(text, "map_bytes", (double)row->map_bytes);
    append_number(text, "macs", (double)row->macs);
    append_number(text, "allocated_weight_bytes", (double)row->allocated_weight_bytes);
    append_number(text, "allocated_map_bytes", (double)row->allocated_map_bytes);
    append_number(text, "peak_map_bytes", (double)row->peak_map_bytes);
    ftdn_text_append(text, "}");
}

void ftdn_overhead_write_json(const ftdn_bench_conditions *conditions, const ftdn_latency *latency, int n_latencies,
                              ftdn_text *text)
{
    ftdn_text_append(text, "{\"conditions\":{\"cpu\":");
    ftdn_append_json(text, conditions->cpu);
    append_number(text, "cores", conditions->n_cores);
    append_number(text, "load", conditions->load);
    append_string(text, "library", conditions->library);
    append_string(text, "code_version", conditions->code_version);
    append_string(text, "compiler", conditions->compiler);
    append_string(text, "date", conditions->date);
    ftdn_text_append(text, "},\"overheads\":[");
    for (int i = 0; i < n_latencies; i++) {
        ftdn_text_append(text, i ? ",\n" : "\n");
        append_row(&latency[i], text);
    }
    ftdn_text_append(text, "\n]}\n");
}
