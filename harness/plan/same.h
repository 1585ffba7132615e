/* same.h - do two settings ask for the same thing? What is the same is opened, ranked and set up once. */
#ifndef FTDN_HARNESS_PLAN_SAME_H
#define FTDN_HARNESS_PLAN_SAME_H

#include "harness/manifest/settings.h"

/* NULL is the same as NULL only. */
bool ftdn_same_text(const char *a, const char *b);

bool ftdn_same_model(const ftdn_model_settings *a, const ftdn_model_settings *b);
bool ftdn_same_images(const ftdn_data_settings *a, const ftdn_data_settings *b);
bool ftdn_same_scope(const ftdn_scope_settings *a, const ftdn_scope_settings *b);

/* How detections are made; not how they are measured. */
bool ftdn_same_detect_rule(const ftdn_evaluate_settings *a, const ftdn_evaluate_settings *b);

/* What a hit element becomes; not how many are hit. */
bool ftdn_same_fault_model(const ftdn_fault_settings *a, const ftdn_fault_settings *b);

/* Of trials of one model and engine: the same copies of the same filters, merged in the same way; or clipped to the
 * same ranges? */
bool ftdn_same_protection(const ftdn_trial_settings *a, const ftdn_trial_settings *b);

/* Of trials of one model: would ftdn_rig_init make the same rig for both? */
bool ftdn_same_rig(const ftdn_trial_settings *a, const ftdn_trial_settings *b);

#endif
