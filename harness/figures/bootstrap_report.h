/* bootstrap_report.h - the intervals of a bootstrap over images, for people and as JSON. */
#ifndef FTDN_HARNESS_FIGURES_BOOTSTRAP_REPORT_H
#define FTDN_HARNESS_FIGURES_BOOTSTRAP_REPORT_H

#include <stdbool.h>

#include "base/text.h"
#include "harness/figures/image_bootstrap.h"

typedef struct ftdn_bootstrap_report {
    const ftdn_image_bootstrap_desc *desc;
    int n_images, n_rows;
    const ftdn_bootstrap_row *row; /* [n_rows] */
    bool is_pair;                  /* of two trials */
} ftdn_bootstrap_report;

/* A line that says what was resampled, and a table. */
void ftdn_bootstrap_append(const ftdn_bootstrap_report *report, ftdn_text *text);

/* A further member of an object: ,"bootstrap":{...} */
void ftdn_bootstrap_append_json(const ftdn_bootstrap_report *report, ftdn_text *text);

#endif
