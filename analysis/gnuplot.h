/* gnuplot.h - what all scripts of figures have in common: how pictures look, and texts that gnuplot does not obey. */
#ifndef FTDN_ANALYSIS_GNUPLOT_H
#define FTDN_ANALYSIS_GNUPLOT_H

#include "analysis/line_style.h"
#include "base/text.h"

/* A text as an expression of gnuplot, on one line. In single quotes nothing of it is obeyed; a quote stands alone in
 * double ones. */
void ftdn_text_append_gnuplot(ftdn_text *text, const char *chars);

/* The picture's kind, size and fonts: the variables format and output, which may be given with -e. */
void ftdn_gnuplot_write_terminals(const char *stem, ftdn_text *text);

/* Title (lines of it, the long ones broken), labels without quotes, border, grid and the place of the key. */
void ftdn_gnuplot_write_frame(const char *title, const char *x_label, const char *y_label, ftdn_text *text);

/* The line style of this number. */
void ftdn_gnuplot_write_style(const ftdn_line_style *style, int number, ftdn_text *text);

#endif
