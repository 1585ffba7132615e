/* paper_figures.h - the figures and tables that are known by name: what each shows, and how it is drawn.
 *
 * What is run for them stands in experiments/: SIZE/NAME.json completes road.json or a file of sizes/ (network, images)
 * by one of figures/ (the sweep). Where a size has no trained SSD-VGG, its SSD-MobileNet stands in, as the picture
 * says. */
#ifndef FTDN_ANALYSIS_PAPER_FIGURES_H
#define FTDN_ANALYSIS_PAPER_FIGURES_H

#include "analysis/accuracy_figure.h"

typedef enum ftdn_paper_kind {
    FTDN_PAPER_CURVES,  /* mAP against a fault rate */
    FTDN_PAPER_LAYERS,  /* mAP where one layer alone is hit */
    FTDN_PAPER_SEEDS,   /* width of an interval against the number of seeds */
    FTDN_PAPER_CLASSES, /* a table of average precisions by class */
    FTDN_PAPER_TIMES,   /* a table of the time of one image */
    FTDN_PAPER_MEMORY,  /* a table of bytes */
} ftdn_paper_kind;

typedef struct ftdn_paper_figure {
    const char *name;  /* "fig6a" */
    const char *title; /* "Fig. 6(a): ..." */
    const char *what;  /* one line, for lists */
    ftdn_paper_kind kind;
    bool is_of_vgg; /* in the paper it shows SSD-VGG alone */
    ftdn_figure_axis axis; /* of CURVES, as ftdn_accuracy_figure_desc */
    double other_rate;     /* the same; of CLASSES: the rate of both */
    bool is_linear;        /* the axis, whatever the rates are */
} ftdn_paper_figure;

bool ftdn_paper_kind_is_table(ftdn_paper_kind kind);

/* All of them, figures and tables of the paper first. */
const ftdn_paper_figure *ftdn_paper_figures(int *ret_n_figures);

/* NULL: there is none of that name. */
const ftdn_paper_figure *ftdn_paper_figure_find(const char *name);

#define FTDN_N_PAPER_SIZES 3

/* "road", "real", "paper": the smallest first. [FTDN_N_PAPER_SIZES] */
const char *const *ftdn_paper_sizes(void);

/* A figure of kind CURVES: with its title, the paper's own points (of mAP), and a note where another network stands in
 * for the paper's. Lives in the arena; lines are borrowed. FTDN_ERR_STORE as ftdn_accuracy_figure_make. */
FTDN_NODISCARD ftdn_status ftdn_paper_figure_make(const ftdn_paper_figure *known, const ftdn_lines *lines,
                                                  ftdn_figure_measure measure, ftdn_figure_band band, ftdn_arena *arena,
                                                  ftdn_accuracy_figure *ret_figure, ftdn_error *err);

#endif
