/* line_style.h - how lines look, in every figure alike: told apart by colour, by dash and by marker.
 *
 * Colours are those of Okabe and Ito, which people with any colour vision tell apart; dash and marker do without. */
#ifndef FTDN_ANALYSIS_LINE_STYLE_H
#define FTDN_ANALYSIS_LINE_STYLE_H

#include "base/arena.h"
#include "base/status.h"
#include "analysis/lines.h"

#define FTDN_MOST_STYLES 24 /* more lines than this cannot be told apart */

typedef struct ftdn_line_style {
    const char *colour; /* "#0072b2" */
    const char *dash;   /* of gnuplot: "solid", "(8,4)" */
    int marker;         /* a point type of gnuplot */
} ftdn_line_style;

/* ret_style: [n_lines]. A method keeps its colours (KR blue, FMR red, D2NN green) and its dash, its second line has a
 * lighter colour, where no method has more than two lines; else colours follow the order of the lines. n_lines:
 * FTDN_MOST_STYLES at most. */
void ftdn_line_styles_choose(const ftdn_line *const *line, int n_lines, ftdn_line_style *ret_style);

#endif
