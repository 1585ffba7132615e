#include "analysis/cost_table.h"

#include <math.h>
#include <string.h>

#include "analysis/network_label.h"

static bool same_network(const ftdn_latency *a, const ftdn_latency *b)
{
    return strcmp(a->model, b->model) == 0 && a->width == b->width && strcmp(a->weights_digest, b->weights_digest) == 0;
}

static const ftdn_latency *find(const ftdn_latency *latency, int n_latencies, const ftdn_latency *network,
                                const char *method)
{
    for (int i = 0; i < n_latencies; i++)
        if (same_network(&latency[i], network) && strcmp(latency[i].method, method) == 0) return &latency[i];
    return NULL;
}

static ftdn_status name_network(const ftdn_latency *network, ftdn_arena *arena, const char **ret_name, ftdn_error *err)
{
    const char *name = ftdn_model_label(network->model);
    if (network->width != 1) name = ftdn_arena_format(arena, err, "%s, width %.6g", name, network->width);
    *ret_name = name;
    return name ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_cost_table_make(const ftdn_latency *latency, int n_latencies, bool is_of_memory, ftdn_arena *arena,
                                 ftdn_cost_table *ret_table, ftdn_error *err)
{
    ftdn_cost_network *network = FTDN_NEW(arena, (size_t)n_latencies, ftdn_cost_network, err);
    ftdn_cost_table table = {.is_of_memory = is_of_memory, .network = network};
    if (!network) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_latencies; i++) {
        if (find(latency, n_latencies, &latency[i], "none") != &latency[i]) continue;
        ftdn_cost_network one = {
            .original = &latency[i],
            .kr = find(latency, n_latencies, &latency[i], "kr"),
            .fmr = find(latency, n_latencies, &latency[i], "fmr"),
        };
        if (!one.kr || !one.fmr) continue;
        FTDN_TRY(name_network(&latency[i], arena, &one.name, err));
        network[table.n_networks++] = one;
    }
    if (table.n_networks == 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "no network was measured with kernel recovery and feature-map recovery");
    *ret_table = table;
    return FTDN_OK;
}

static double bytes_of(const ftdn_latency *latency)
{
    return (double)(latency->weight_bytes + latency->feature_map_bytes);
}

static void add_time(ftdn_table *table, double ms, double quotient)
{
    if (isnan(quotient)) ftdn_table_add(table, FTDN_CELL_NUMBER, "%.2f ms", ms);
    else ftdn_table_add(table, FTDN_CELL_NUMBER, "%.2f ms (%.2f)", ms, quotient);
}

static void add_own(const ftdn_cost_table *t, const ftdn_cost_network *network, ftdn_format format, ftdn_table *table)
{
    ftdn_table_add_name(table, network->name, format);
    if (t->is_of_memory) {
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.1f MB", 1e-6 * bytes_of(network->kr));
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.1f MB", 1e-6 * bytes_of(network->fmr));
        return;
    }
    add_time(table, 1e3 * network->original->median_s, (double)NAN);
    add_time(table, 1e3 * network->kr->median_s, network->kr->slowdown);
    add_time(table, 1e3 * network->fmr->median_s, network->fmr->slowdown);
}

/* The paper's row beside ours: its rows begin with the network's name, then say where it was measured. */
static void add_paper(const ftdn_cost_table *t, const ftdn_cost_network *network, ftdn_table *table)
{
    static const char *const columns[] = {"original", "KR", "FMR"};
    size_t n_chars = strlen(network->name);
    const char *last = NULL;
    for (int i = 0; i < t->n_paper_values; i++) {
        const char *row = t->paper_value[i].row;
        if (!row || strncmp(row, network->name, n_chars) != 0 || (last && strcmp(row, last) == 0)) continue;
        last = row;
        ftdn_text_append(&table->chars, "  paper%s", row + n_chars);
        ftdn_table_end_cell(table, FTDN_CELL_TEXT, 7 + (int)strlen(row + n_chars));
        double original = ftdn_paper_values_find(t->paper_value, t->n_paper_values, row, columns[0]);
        for (int c = t->is_of_memory; c < 3; c++) {
            double value = ftdn_paper_values_find(t->paper_value, t->n_paper_values, row, columns[c]);
            if (t->is_of_memory) ftdn_table_add(table, FTDN_CELL_NUMBER, "%.1f MB", value);
            else add_time(table, value, c == 0 ? (double)NAN : value / original);
        }
    }
}

static void write_records(const ftdn_cost_table *t, ftdn_format format, ftdn_text *text)
{
    static const char *const names[] = {
        "network",           "method",   "ratio",        "median_ms",         "lower_quartile_ms",
        "upper_quartile_ms", "slowdown", "weight_bytes", "feature_map_bytes", "repeats"};
    ftdn_records records = ftdn_records_begin(format, names, sizeof names / sizeof *names, text);
    for (int i = 0; i < t->n_networks; i++) {
        const ftdn_latency *const methods[] = {t->network[i].original, t->network[i].kr, t->network[i].fmr};
        for (int m = 0; m < 3; m++) {
            const ftdn_latency *own = methods[m];
            ftdn_records_put_text(&records, t->network[i].name);
            ftdn_records_put_text(&records, own->method);
            ftdn_records_put_number(&records, own->ratio);
            ftdn_records_put_number(&records, 1e3 * own->median_s);
            ftdn_records_put_number(&records, 1e3 * own->q1_s);
            ftdn_records_put_number(&records, 1e3 * own->q3_s);
            ftdn_records_put_number(&records, own->slowdown);
            ftdn_records_put_number(&records, (double)own->weight_bytes);
            ftdn_records_put_number(&records, (double)own->feature_map_bytes);
            ftdn_records_put_number(&records, own->n_repeats);
        }
    }
    ftdn_records_end(&records);
}

void ftdn_cost_table_write(const ftdn_cost_table *t, ftdn_format format, ftdn_text *text)
{
    if (format == FTDN_FORMAT_CSV || format == FTDN_FORMAT_JSON) {
        write_records(t, format, text);
        return;
    }
    ftdn_table table;
    ftdn_table_init(&table, t->is_of_memory ? 3 : 4);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "network");
    if (!t->is_of_memory) ftdn_table_add(&table, FTDN_CELL_TEXT, "original");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "kernel recovery");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "feature-map recovery");
    for (int i = 0; i < t->n_networks; i++) {
        add_own(t, &t->network[i], format, &table);
        add_paper(t, &t->network[i], &table);
    }
    ftdn_table_write_as(&table, format, text);
    ftdn_table_done(&table);
}
