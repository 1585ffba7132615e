#include "harness/figures/truth_sheet.h"

#include <math.h>
#include <string.h>

#include "harness/figures/paint.h"

enum { CELL = 300, GAP = 6, MOST_COLUMNS = 6 };

/* The next square number's root, but no wider than a page. */
static int choose_columns(int n_images)
{
    int n_columns = 1;
    while (n_columns < MOST_COLUMNS && n_columns * n_columns < n_images) n_columns++;
    return n_columns;
}

static ftdn_status paint_truth(const ftdn_dataset *dataset, const ftdn_image *image, ftdn_picture *cell,
                               ftdn_arena *arena, ftdn_error *err)
{
    float across = (float)CELL / (float)image->width, down = (float)CELL / (float)image->height;
    ftdn_painted_box *box = FTDN_NEW(arena, (size_t)image->n_objects, ftdn_painted_box, err);
    if (!box) return FTDN_ERR_MEMORY;
    for (int i = 0; i < image->n_objects; i++) {
        const ftdn_object *object = &image->object[i];
        const char *name = dataset->class_name[object->class_index];
        if (object->difficult) name = ftdn_arena_format(arena, err, "%s?", name);
        if (!name) return FTDN_ERR_MEMORY;
        box[i] = (ftdn_painted_box){
            .class_index = object->class_index,
            .class_name = name,
            .score = NAN,
            .x0 = object->x0 * across,
            .y0 = object->y0 * down,
            .x1 = object->x1 * across,
            .y1 = object->y1 * down,
        };
    }
    return ftdn_paint_boxes(cell, box, image->n_objects, err);
}

ftdn_status ftdn_truth_sheet_write(const char *path, ftdn_dataset *dataset, bool with_boxes, int n_threads,
                                   ftdn_arena *arena, ftdn_error *err)
{
    static const uint8_t ground[3] = {255, 255, 255};
    int n_images = dataset->n_images, n_columns = choose_columns(n_images);
    int n_rows = (n_images + n_columns - 1) / n_columns;
    if (n_images > FTDN_TRUTH_SHEET_MAX_IMAGES) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "a sheet of %d images; at most %d fit, say --images N", n_images,
                         FTDN_TRUTH_SHEET_MAX_IMAGES);
    }
    FTDN_TRY(ftdn_dataset_decode(dataset, CELL, n_threads, err));
    ftdn_picture sheet = {n_columns * (CELL + GAP) + GAP, n_rows * (CELL + GAP) + GAP, NULL};
    sheet.pixels = ftdn_arena_alloc(arena, (size_t)sheet.width * (size_t)sheet.height, 3, err);
    ftdn_picture cell = {CELL, CELL, ftdn_arena_alloc(arena, CELL * CELL, 3, err)};
    if (!sheet.pixels || !cell.pixels) return FTDN_ERR_MEMORY;
    ftdn_picture_fill(&sheet, 0, 0, sheet.width, sheet.height, ground);
    for (int i = 0; i < n_images; i++) {
        memcpy(cell.pixels, dataset->image[i].pixels, (size_t)CELL * CELL * 3);
        if (with_boxes) FTDN_TRY(paint_truth(dataset, &dataset->image[i], &cell, arena, err));
        ftdn_picture_paste(&sheet, GAP + i % n_columns * (CELL + GAP), GAP + i / n_columns * (CELL + GAP), &cell);
    }
    return ftdn_picture_write_jpeg(path, &sheet, err);
}
