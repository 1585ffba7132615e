/* query_sql.h - the SQL of the named queries that are more than a view: text, by what it is about. */
#ifndef FTDN_RESULTS_QUERY_SQL_H
#define FTDN_RESULTS_QUERY_SQL_H

/* Accuracy: means over seeds, differences by seed, costs (accuracy_sql.c). */
extern const char ftdn_sql_map_by_rate[], ftdn_sql_points[], ftdn_sql_seeds_needed[], ftdn_sql_class_ap[],
    ftdn_sql_protection_gain[], ftdn_sql_ranking_gain[], ftdn_sql_recovery[], ftdn_sql_smallest_ratio[],
    ftdn_sql_layer_vulnerability[], ftdn_sql_map_by_ms[], ftdn_sql_map_by_mb[];

/* The same for accuracy.c: each cell; each class of the cell ?. */
extern const char ftdn_sql_cell_accuracy[], ftdn_sql_cell_classes[];

/* How results came about: attempts, runs, time, what is missing (record_sql.c). */
extern const char ftdn_sql_rates[], ftdn_sql_timings[], ftdn_sql_failures[], ftdn_sql_attempts[], ftdn_sql_runs[],
    ftdn_sql_unconfirmed[], ftdn_sql_sweeps[], ftdn_sql_missing[], ftdn_sql_history[], ftdn_sql_environments[],
    ftdn_sql_repeat[], ftdn_sql_manifests[];

#endif
