/* pictures.h - a few images of a campaign as its trials see them: truth, without faults, with faults, protected.
 *
 * The columns are trials of one plan that have the same seed and the same fault rates. Faults and detections are those
 * of the trials, bit for bit. */
#ifndef FTDN_HARNESS_FIGURES_PICTURES_H
#define FTDN_HARNESS_FIGURES_PICTURES_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/sheet.h"
#include "harness/plan/plan.h"
#include "harness/rankings/scores.h"
#include "harness/worker.h"

typedef struct ftdn_pictures_desc {
    double weight_rate, feature_map_rate; /* NaN: of the rates that most protections are tried at, the greatest */
    long long seed;                       /* below 0: the least */
    double score;                         /* boxes that score above it are drawn */
    int n_images;                         /* those with the most classes, where none are named */
    int n_names;
    const char *const *name; /* [n_names] of images */
    int n_threads;           /* that decode, and score channels */
} ftdn_pictures_desc;

typedef struct ftdn_pictures_column {
    const char *name;                /* "KR 50 %", "no faults" */
    const ftdn_planned_trial *trial; /* NULL: the ground truth */
} ftdn_pictures_column;

typedef struct ftdn_pictures {
    double weight_rate, feature_map_rate;
    uint64_t seed;
    ftdn_dataset *dataset; /* of all columns */
    int n_columns;         /* the ground truth first */
    const ftdn_pictures_column *column;
    int n_images;
    const int *image; /* [n_images] places in the dataset */
} ftdn_pictures;

/* Choose columns and images. Lives in the arena. FTDN_ERR_ARG: the plan has no such trials, or the dataset no such
 * image. */
FTDN_NODISCARD ftdn_status ftdn_pictures_choose(const ftdn_plan *plan, const ftdn_pictures_desc *desc,
                                                ftdn_arena *arena, ftdn_pictures *ret_pictures, ftdn_error *err);

/* What a trial of the columns finds in the images. found: [n_images], of the arena (pictures_sheet.c). */
FTDN_NODISCARD ftdn_status ftdn_pictures_detect(const ftdn_pictures *pictures, const ftdn_planned_trial *trial,
                                                const ftdn_score_source *scores, ftdn_arena *arena,
                                                ftdn_image_detections *found, ftdn_error *err);

/* Run the images through the columns' trials and draw the sheet (pictures_sheet.c). store: where channel scores may be
 * found and kept, and what a trial measured over all images; NULL: there is none. */
FTDN_NODISCARD ftdn_status ftdn_pictures_draw(const ftdn_pictures *pictures, const ftdn_pictures_desc *desc,
                                              ftdn_store *store, ftdn_arena *arena, ftdn_picture *ret_sheet,
                                              ftdn_error *err);

#endif
