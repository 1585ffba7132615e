/* bench_report.h - one measure as the reports of `ftdn bench` show it. */
#ifndef FTDN_HARNESS_BENCH_BENCH_REPORT_H
#define FTDN_HARNESS_BENCH_BENCH_REPORT_H

#include "base/table.h"
#include "harness/bench/bench.h"

/* Cells: network, name, median, lowest, highest, unit, limit, is the limit met. */
void ftdn_bench_add_row(ftdn_table *table, const ftdn_bench_measure *measure);

/* Members of a JSON object: network, measure, unit, samples, the figures, limit, met. */
void ftdn_bench_append_measure(ftdn_text *text, const ftdn_bench_measure *measure);

#endif
