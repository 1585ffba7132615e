/* store_dump.h - the logical content of a store as a canonical text, to be compared byte for byte. */
#ifndef FTDN_RESULTS_STORE_DUMP_H
#define FTDN_RESULTS_STORE_DUMP_H

#include <stdio.h>

#include "results/store.h"

/* Write all that is a function of specs alone, and nothing else: trials in the order of their ids, each with its
 * parameters, result, overhead, classes and faults, one JSON object a line. Two stores whose dumps are equal hold the
 * same results, whatever machines, workers and interruptions they came from. FTDN_ERR_INPUT: out cannot be written. */
FTDN_NODISCARD ftdn_status ftdn_store_dump(ftdn_store *store, FILE *out, ftdn_error *err);

#endif
