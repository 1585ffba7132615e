/* figure_picture.h - a figure as a picture, drawn by gnuplot, its numbers (.csv) and script (.gp) beside it. */
#ifndef FTDN_HARNESS_FIGURES_FIGURE_PICTURE_H
#define FTDN_HARNESS_FIGURES_FIGURE_PICTURE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* Where a picture goes. Of several pictures with the same stem the files beside them are the same. */
typedef struct ftdn_picture_place {
    const char *path, *folder, *stem;
    const char *format; /* "svg", "png", "pdf" */
} ftdn_picture_place;

/* A figure of any kind. */
typedef struct ftdn_drawable {
    const void *figure;
    void (*write_numbers)(const void *figure, ftdn_text *text);
    void (*write_script)(const void *figure, const char *stem, ftdn_text *text);
} ftdn_drawable;

/* FTDN_ERR_ARG: the path has no suffix of a picture. */
FTDN_NODISCARD ftdn_status ftdn_picture_place_make(const char *path, ftdn_arena *arena, ftdn_picture_place *ret_place,
                                                   ftdn_error *err);

/* Write the files beside it and draw, all or nothing of the picture; folders are created. FTDN_ERR_INPUT: there is no
 * gnuplot, or it cannot. */
FTDN_NODISCARD ftdn_status ftdn_picture_draw(const ftdn_drawable *drawable, const ftdn_picture_place *place,
                                             ftdn_arena *arena, ftdn_error *err);

#endif
