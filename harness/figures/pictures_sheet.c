#include "harness/figures/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/paint.h"
#include "harness/rig.h"

#define CELL_WIDTH 420 /* pixels */

/* The image as the network reads it, in its natural proportions. */
static ftdn_status make_cell(const ftdn_dataset *dataset, int image, ftdn_arena *arena, ftdn_picture *ret_cell,
                             ftdn_error *err)
{
    const ftdn_image *shown = &dataset->image[image];
    double proportion = (double)shown->height / shown->width;
    int height = (int)lround(CELL_WIDTH * fmin(fmax(proportion, 0.25), 4));
    ftdn_picture cell = {.width = CELL_WIDTH, .height = height};
    cell.pixels = ftdn_arena_alloc(arena, (size_t)cell.width * (size_t)cell.height, 3, err);
    uint8_t *pixels = ftdn_arena_alloc(arena, (size_t)dataset->size * (size_t)dataset->size, 3, err);
    if (!cell.pixels || !pixels) return FTDN_ERR_MEMORY;
    const ftdn_picture small = {.width = dataset->size, .height = dataset->size, .pixels = pixels};
    memcpy(pixels, shown->pixels, (size_t)dataset->size * (size_t)dataset->size * 3);
    ftdn_picture_scale(&small, cell.width, cell.height, cell.pixels);
    *ret_cell = cell;
    return FTDN_OK;
}

static ftdn_status paint_truth(const ftdn_dataset *dataset, int image, ftdn_arena *arena, ftdn_picture *cell,
                               ftdn_error *err)
{
    const ftdn_image *shown = &dataset->image[image];
    ftdn_painted_box *box = FTDN_NEW(arena, (size_t)shown->n_objects, ftdn_painted_box, err);
    if (!box) return FTDN_ERR_MEMORY;
    float w = (float)cell->width / (float)shown->width, h = (float)cell->height / (float)shown->height;
    for (int i = 0; i < shown->n_objects; i++) {
        const ftdn_object *o = &shown->object[i];
        box[i] = (ftdn_painted_box){
            o->class_index, dataset->class_name[o->class_index], NAN, o->x0 * w, o->y0 * h, o->x1 * w, o->y1 * h};
    }
    return ftdn_paint_boxes(cell, box, shown->n_objects, err);
}

static int by_score(const void *left, const void *right)
{
    const ftdn_painted_box *a = left, *b = right;
    return (a->score < b->score) - (a->score > b->score);
}

static ftdn_status paint_found(const ftdn_dataset *dataset, const ftdn_image_detections *found, double score,
                               ftdn_arena *arena, ftdn_picture *cell, ftdn_error *err)
{
    ftdn_painted_box *box = FTDN_NEW(arena, (size_t)found->n_detections, ftdn_painted_box, err);
    int n_boxes = 0;
    if (!box) return FTDN_ERR_MEMORY;
    float w = (float)cell->width, h = (float)cell->height;
    for (int i = 0; i < found->n_detections; i++) {
        const ftdn_detection *d = &found->detection[i];
        if (!((double)d->score > score)) continue;
        box[n_boxes++] = (ftdn_painted_box){
            d->class_index, dataset->class_name[d->class_index], d->score, d->x0 * w, d->y0 * h, d->x1 * w, d->y1 * h};
    }
    qsort(box, (size_t)n_boxes, sizeof *box, by_score);
    return ftdn_paint_boxes(cell, box, n_boxes, err);
}

/* found: [n_images], copied into the arena: the worker's own go with the rig. */
static ftdn_status detect_images(const ftdn_pictures *pictures, ftdn_rig *rig, ftdn_arena *arena,
                                 ftdn_image_detections *found, ftdn_error *err)
{
    for (int r = 0; r < pictures->n_images; r++) {
        ftdn_image_detections own;
        FTDN_TRY(ftdn_rig_detect(rig, pictures->dataset, pictures->image[r], 1, &own, err));
        size_t n_bytes = (size_t)own.n_detections * sizeof *own.detection;
        ftdn_detection *copy = ftdn_arena_alloc(arena, n_bytes, 1, err);
        if (!copy) return FTDN_ERR_MEMORY;
        memcpy(copy, own.detection, n_bytes);
        found[r] = (ftdn_image_detections){copy, own.n_detections};
    }
    return FTDN_OK;
}

ftdn_status ftdn_pictures_detect(const ftdn_pictures *pictures, const ftdn_planned_trial *trial,
                                 const ftdn_score_source *scores, ftdn_arena *arena, ftdn_image_detections *found,
                                 ftdn_error *err)
{
    const ftdn_rig_desc desc = {.trial = trial, .scores = scores, .n_threads = 1};
    ftdn_rig rig;
    FTDN_TRY(ftdn_dataset_decode(pictures->dataset, trial->model->network.input_size, scores->n_threads, err));
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_status status = ftdn_rig_prepare(&rig, &trial->settings, err);
    if (status == FTDN_OK) status = detect_images(pictures, &rig, arena, found, err);
    ftdn_rig_done(&rig);
    return status;
}

/* cell: that of the column in the first row; those of the others follow n_columns apart. */
static ftdn_status paint_column(const ftdn_pictures *pictures, const ftdn_planned_trial *trial,
                                const ftdn_score_source *scores, double score, ftdn_arena *arena, ftdn_picture *cell,
                                ftdn_error *err)
{
    ftdn_image_detections *found = FTDN_NEW(arena, (size_t)pictures->n_images, ftdn_image_detections, err);
    if (!found) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_pictures_detect(pictures, trial, scores, arena, found, err));
    for (int r = 0; r < pictures->n_images; r++)
        FTDN_TRY(paint_found(pictures->dataset, &found[r], score, arena, &cell[r * pictures->n_columns], err));
    return FTDN_OK;
}

/* What the trial measured over all its images, where the store has it. */
static ftdn_status append_map(ftdn_store *store, const ftdn_planned_trial *trial, ftdn_arena *arena,
                              const char **ret_text, ftdn_error *err)
{
    char id[FTDN_SHA256_HEX];
    ftdn_trial_record record;
    *ret_text = "";
    if (!store || !trial || ftdn_store_find_trial(store, trial->spec.id, id, NULL) != FTDN_OK) return FTDN_OK;
    FTDN_TRY(ftdn_store_read_record(store, id, arena, &record, err));
    *ret_text = ftdn_arena_format(arena, err, "mAP %.2f over %d images", record.map_voc07, record.n_images);
    return *ret_text ? FTDN_OK : FTDN_ERR_MEMORY;
}

static const char *make_title(const ftdn_pictures *pictures, double score, ftdn_arena *arena, ftdn_error *err)
{
    return ftdn_arena_format(
        arena, err, "%.6g %% weight faults, %.6g %% feature-map faults, seed %llu: boxes above %.6g",
        100 * pictures->weight_rate, 100 * pictures->feature_map_rate, (unsigned long long)pictures->seed, score);
}

ftdn_status ftdn_pictures_draw(const ftdn_pictures *pictures, const ftdn_pictures_desc *desc, ftdn_store *store,
                               ftdn_arena *arena, ftdn_picture *ret_sheet, ftdn_error *err)
{
    int n_rows = pictures->n_images, n_columns = pictures->n_columns;
    ftdn_dataset *dataset = pictures->dataset;
    const ftdn_score_source scores = {.store = store, .n_threads = desc->n_threads};
    ftdn_picture *cell = FTDN_NEW(arena, (size_t)n_rows * (size_t)n_columns, ftdn_picture, err);
    ftdn_sheet_column *column = FTDN_NEW(arena, (size_t)n_columns, ftdn_sheet_column, err);
    const char **row_title = FTDN_NEW(arena, (size_t)n_rows, const char *, err);
    const char *title = make_title(pictures, desc->score, arena, err);
    if (!cell || !column || !row_title || !title) return FTDN_ERR_MEMORY;
    const ftdn_planned_trial *last = pictures->column[n_columns - 1].trial;
    FTDN_TRY(ftdn_dataset_decode(dataset, last->model->network.input_size, desc->n_threads, err));
    for (int r = 0; r < n_rows; r++) {
        row_title[r] = dataset->image[pictures->image[r]].name;
        for (int c = 0; c < n_columns; c++)
            FTDN_TRY(make_cell(dataset, pictures->image[r], arena, &cell[r * n_columns + c], err));
    }
    for (int c = 0; c < n_columns; c++) {
        const ftdn_planned_trial *trial = pictures->column[c].trial;
        column[c].title = pictures->column[c].name;
        FTDN_TRY(append_map(store, trial, arena, &column[c].subtitle, err));
        if (trial) FTDN_TRY(paint_column(pictures, trial, &scores, desc->score, arena, &cell[c], err));
        for (int r = 0; !trial && r < n_rows; r++)
            FTDN_TRY(paint_truth(dataset, pictures->image[r], arena, &cell[r * n_columns + c], err));
    }
    const ftdn_sheet_desc sheet = {
        .title = title,
        .n_rows = n_rows,
        .n_columns = n_columns,
        .column = column,
        .row_title = row_title,
        .cell = cell,
    };
    return ftdn_sheet_make(&sheet, arena, ret_sheet, err);
}
