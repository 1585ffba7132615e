/* figure_script.h - a figure as two texts: the numbers behind it, and the gnuplot script that draws them.
 *
 * Both are functions of the figure alone. The script stands beside its numbers and can be run and changed by hand:
 *
 *     gnuplot accuracy.gp                     # accuracy.svg
 *     gnuplot -e 'format="pdf"' accuracy.gp   # or png; -e 'output="other.svg"' names the picture */
#ifndef FTDN_ANALYSIS_FIGURE_SCRIPT_H
#define FTDN_ANALYSIS_FIGURE_SCRIPT_H

#include "analysis/accuracy_figure.h"
#include "base/text.h"

/* CSV, a row per point: curve (from 1), line, method, ratio, weight_rate, feature_map_rate, n, mean_map_voc07,
 * sd_map_voc07, map_half_width, low, high. low and high bound the band; where there is none they are the mean. Every
 * number to its last bit. */
void ftdn_figure_write_numbers(const ftdn_accuracy_figure *figure, ftdn_text *text);

/* stem: name of the files without folder and suffix; the script reads STEM.csv beside it. */
void ftdn_figure_write_script(const ftdn_accuracy_figure *figure, const char *stem, ftdn_text *text);

#endif
