#include "harness/figures/paint.h"

#include <math.h>

#include "base/text.h"

/* Bright colours that differ from class to class: hues spread by the golden ratio. */
static void colour_of(int class_index, uint8_t ret_colour[3])
{
    double hue = 6 * fmod(class_index * 0.6180339887, 1);
    for (int c = 0; c < 3; c++) {
        double distance = fabs(fmod(hue + 6 - 2.0 * c, 6) - 3) - 1;
        ret_colour[c] = (uint8_t)lround(55 + 200 * fmin(fmax(distance, 0), 1));
    }
}

ftdn_status ftdn_paint_boxes(ftdn_picture *picture, const ftdn_painted_box *box, int n_boxes, ftdn_error *err)
{
    for (int i = n_boxes - 1; i >= 0; i--) {
        ftdn_text label;
        uint8_t colour[3];
        ftdn_text_init(&label);
        ftdn_text_append(&label, "%s", box[i].class_name);
        if (!isnan(box[i].score)) ftdn_text_append(&label, " %.2f", (double)box[i].score);
        colour_of(box[i].class_index, colour);
        ftdn_status status = ftdn_text_check(&label, err);
        if (status == FTDN_OK)
            ftdn_picture_draw_box(picture, box[i].x0, box[i].y0, box[i].x1, box[i].y1, label.chars, colour);
        ftdn_text_done(&label);
        if (status != FTDN_OK) return status;
    }
    return FTDN_OK;
}
