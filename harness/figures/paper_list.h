/* paper_list.h - what `ftdn figure` and `ftdn table` know by name, in words: lists, and the paper's own numbers. */
#ifndef FTDN_HARNESS_FIGURES_PAPER_LIST_H
#define FTDN_HARNESS_FIGURES_PAPER_LIST_H

#include "analysis/paper_figures.h"
#include "base/text.h"

/* Names and what they show, then for each size what of its data is missing on this machine. tables: the tables, else
 * the figures. */
FTDN_NODISCARD ftdn_status ftdn_paper_list_write(bool tables, ftdn_arena *arena, ftdn_text *text, ftdn_error *err);

#define FTDN_MOST_PAPER_NAMES 32

/* The names of the tables, else of the figures; how many. name: [FTDN_MOST_PAPER_NAMES] */
int ftdn_paper_list_names(bool tables, const char **name);

/* The numbers that the paper's text gives for one of them, each with its sentence. */
FTDN_NODISCARD ftdn_status ftdn_paper_list_write_values(const ftdn_paper_figure *known, ftdn_arena *arena,
                                                        ftdn_text *text, ftdn_error *err);

#endif
