#include "harness/figures/paint.h"

#include <math.h>

/* Bright colours that differ from class to class: hues spread by the golden ratio. */
static void colour_of(int class_index, uint8_t ret_colour[3])
{
    double hue = 6 * fmod(class_index * 0.6180339887, 1);
    for (int c = 0; c < 3; c++) {
        double distance = fabs(fmod(hue + 6 - 2.0 * c, 6) - 3) - 1;
        ret_colour[c] = (uint8_t)lround(55 + 200 * fmin(fmax(distance, 0), 1));
    }
}

ftdn_status ftdn_paint_boxes(ftdn_picture *picture, const ftdn_painted_box *box, int n_boxes, ftdn_arena *scratch,
                             ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
    ftdn_drawn_box *drawn = FTDN_NEW(scratch, (size_t)n_boxes, ftdn_drawn_box, err);
    if (!drawn) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_boxes; i++) {
        const ftdn_painted_box *from = &box[i];
        drawn[i] = (ftdn_drawn_box){.x0 = from->x0, .y0 = from->y0, .x1 = from->x1, .y1 = from->y1};
        colour_of(from->class_index, drawn[i].colour);
        drawn[i].label = isnan(from->score)
                             ? from->class_name
                             : ftdn_arena_format(scratch, err, "%s %.2f", from->class_name, (double)from->score);
        if (!drawn[i].label) return FTDN_ERR_MEMORY;
    }
    FTDN_TRY(ftdn_picture_draw_boxes(picture, drawn, n_boxes, scratch, err));
    ftdn_arena_reset(scratch, mark);
    return FTDN_OK;
}
