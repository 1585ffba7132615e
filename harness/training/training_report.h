/* training_report.h - what a training came to, as a table for people and as JSON. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_REPORT_H
#define FTDN_HARNESS_TRAINING_TRAINING_REPORT_H

#include "base/text.h"
#include "harness/training/training_loop.h"

/* What is about to happen: network, images, schedule, where the weights start from; a few lines. */
void ftdn_training_report_begin(const ftdn_training_session *session, ftdn_text *text);

/* The end: mAP and AP of each class, files, what to run next; or how to go on. */
void ftdn_training_report_end(const ftdn_training_session *session, const ftdn_training_summary *summary,
                              ftdn_text *text);

/* The same as one JSON object. */
void ftdn_training_report_json(const ftdn_training_session *session, const ftdn_training_summary *summary,
                               ftdn_text *text);

#endif
