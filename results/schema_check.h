/* schema_check.h - has a store the schema of this program, and nothing beside it?
 *
 * A file that calls itself a store may hold triggers that change what is written, views and indexes that answer
 * something else than the rows say, or lack the triggers that keep results as they are. SQLite keeps the text of each
 * statement that made an object: these are compared with schema.sql. */
#ifndef FTDN_RESULTS_SCHEMA_CHECK_H
#define FTDN_RESULTS_SCHEMA_CHECK_H

#include "results/store_internal.h"

typedef struct ftdn_schema_difference {
    char what[512]; /* the first one, in words; "" where there is none */
} ftdn_schema_difference;

/* FTDN_ERR_STORE: the schema cannot be read. */
FTDN_NODISCARD ftdn_status ftdn_schema_check(const ftdn_store *store, ftdn_schema_difference *ret_difference,
                                             ftdn_error *err);

#endif
