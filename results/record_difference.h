/* record_difference.h - do two records of one trial say the same, bit for bit? */
#ifndef FTDN_RESULTS_RECORD_DIFFERENCE_H
#define FTDN_RESULTS_RECORD_DIFFERENCE_H

#include "base/text.h"
#include "results/store.h"

typedef struct ftdn_record_comparison {
    int n_compared, n_different; /* values */
} ftdn_record_comparison;

/* Append a line for each value that differs: "class dog, ap_voc07: 0.25 and 0.26". Compared is what is a function of
 * the spec: ids, spec, results, overheads, classes and faults; no times. */
ftdn_record_comparison ftdn_record_compare(const ftdn_trial_record *a, const ftdn_trial_record *b, ftdn_text *text);

#endif
