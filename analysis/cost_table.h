/* cost_table.h - what protections cost without any fault, as in the paper's Tables 1 (time of one image) and 2
 * (memory): networks by kernel recovery and feature-map recovery. */
#ifndef FTDN_ANALYSIS_COST_TABLE_H
#define FTDN_ANALYSIS_COST_TABLE_H

#include <stdbool.h>

#include "analysis/paper_values.h"
#include "analysis/table_format.h"
#include "results/latencies.h"

typedef struct ftdn_cost_network {
    const char *name;                         /* "SSD-VGG" */
    const ftdn_latency *original, *kr, *fmr;
} ftdn_cost_network;

typedef struct ftdn_cost_table {
    bool is_of_memory; /* else of time */
    int n_networks;
    const ftdn_cost_network *network; /* [n_networks] in the order of their measurements */
    int n_paper_values;               /* 0 where they are not to be shown; put there after the table is made */
    const ftdn_paper_value *paper_value;
} ftdn_cost_table;

/* latency: [n_latencies], borrowed; no two of one network and method. Networks that lack a method are left out. Lives
 * in the arena. FTDN_ERR_STORE: none is left. */
FTDN_NODISCARD ftdn_status ftdn_cost_table_make(const ftdn_latency *latency, int n_latencies, bool is_of_memory,
                                                ftdn_arena *arena, ftdn_cost_table *ret_table, ftdn_error *err);

/* Append it. Times: median, and in brackets the quotient to the original. Memory: copied filters, and with FMR the maps
 * of copied channels, in MB. */
void ftdn_cost_table_write(const ftdn_cost_table *table, ftdn_format format, ftdn_text *text);

#endif
