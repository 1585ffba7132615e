/* sheet.h - pictures in rows and columns under headings, as one picture. */
#ifndef FTDN_DATASETS_SHEET_H
#define FTDN_DATASETS_SHEET_H

#include "datasets/image.h"

typedef struct ftdn_sheet_column {
    const char *title;    /* ASCII */
    const char *subtitle; /* below it, smaller; NULL: none */
} ftdn_sheet_column;

typedef struct ftdn_sheet_desc {
    const char *title; /* over the whole sheet */
    int n_rows, n_columns;
    const ftdn_sheet_column *column; /* [n_columns] */
    const char *const *row_title;    /* [n_rows], below the first picture of each row */
    const ftdn_picture *cell;        /* [n_rows][n_columns], all of one width, those of a row of one height */
} ftdn_sheet_desc;

/* Lives in the arena. FTDN_ERR_ARG: a side over FTDN_PICTURE_MAX_SIDE. Texts that are too long are cut. */
FTDN_NODISCARD ftdn_status ftdn_sheet_make(const ftdn_sheet_desc *desc, ftdn_arena *arena, ftdn_picture *ret_sheet,
                                           ftdn_error *err);

#endif
