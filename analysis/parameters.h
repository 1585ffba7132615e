/* parameters.h - the parameters of a cell one by one: what two cells differ in, and how that is said. */
#ifndef FTDN_ANALYSIS_PARAMETERS_H
#define FTDN_ANALYSIS_PARAMETERS_H

#include <stdbool.h>

#include "base/text.h"
#include "results/store.h"

/* All parameters but the fault rates and the seed are numbered from 0. Their order is that in which they are said. */
int ftdn_n_parameters(void);

/* Does the cell have a use for this parameter: is it not NULL in the store? */
bool ftdn_parameter_is_set(int parameter, const ftdn_trial_params *cell);

/* Below, at or above 0 as a stands before, beside or behind b: methods in the order of the paper's Table 3 with "none"
 * first, ratios from the greatest down, numbers and texts upwards, those that are not set first. */
int ftdn_parameter_compare(int parameter, const ftdn_trial_params *a, const ftdn_trial_params *b);

/* Is it a part of every name (method, ratio)? */
bool ftdn_parameter_is_always_said(int parameter);

/* Is it what something is called (weights, images) whose digest is the next parameter? Digests tell cells apart, and
 * labels are said. */
bool ftdn_parameter_is_label(int parameter);

/* Does it belong to the protection, or to the network and its images? The others are of faults and measurement. */
bool ftdn_parameter_is_of_protection(int parameter);
bool ftdn_parameter_is_of_network(int parameter);

/* Append the value as a part of a name: "KR", "50 %", "entropy", "SSD-VGG", "width 0.25". The parameter is set. */
void ftdn_parameter_append(int parameter, const ftdn_trial_params *cell, ftdn_text *text);

#endif
