#include "analysis/report_parts.h"

#include "analysis/html.h"

#define COLUMN_WIDTH 14 /* rem: wide enough for the labels of boxes */

ftdn_status ftdn_report_write_pictures(const ftdn_report *report, ftdn_error *err)
{
    const ftdn_report_desc *desc = report->desc;
    (void)err;
    ftdn_report_open_section(report, "pictures", "What the network sees");
    ftdn_text_append(report->html, "<p class=\"lead\">");
    ftdn_html_append(report->html, desc->pictures_title);
    ftdn_text_append(report->html,
                     "</p>\n<div class=\"scroll\"><img class=\"sheet\" style=\"width:%drem\" alt=\"Images with the "
                     "boxes that are found, a row for "
                     "each image, a column for each protection\" src=\"data:image/jpeg;base64,",
                     COLUMN_WIDTH * desc->n_picture_columns);
    ftdn_html_append_base64(report->html, desc->pictures, desc->n_picture_bytes);
    ftdn_text_append(report->html, "\"></div>\n</section>\n");
    return FTDN_OK;
}
