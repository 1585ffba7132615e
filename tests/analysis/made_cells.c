#include "tests/analysis/made_cells.h"

#include <math.h>

static const ftdn_class_accuracy without_faults[] = {
    {"bus", 10, {3, 0.4, 0, 0}}, {"car", 100, {3, 0.8, 0, 0}}, {"cat", 0, {3, NAN, NAN, NAN}}};
static const ftdn_class_accuracy with_faults[] = {
    {"bus", 10, {3, 0.15, 0.03, 0.07}}, {"car", 100, {3, 0.3, 0.02, 0.05}}, {"cat", 0, {3, NAN, NAN, NAN}}};

ftdn_cell_accuracy ftdn_made_cell(const char *method, double ratio, double weight_rate, double feature_map_rate,
                                  double map)
{
    bool is_protected = strcmp(method, "none") != 0, is_clean = weight_rate == 0 && feature_map_rate == 0;
    return (ftdn_cell_accuracy){
        .params = {.model = "ssd_vgg16", .width = 1, .weights = "a.pth", .weights_digest = "aaaaaaaaaaaa",
                   .dataset = "road test", .dataset_digest = "dddddddddddd", .backend = "cpu",
                   .arithmetic = "f32 direct", .score_threshold = 0.01, .nms_iou = 0.45, .candidates = 200, .iou = 0.5,
                   .type = "zero", .bit = -1, .range_low = NAN, .range_high = NAN, .weight_rate = weight_rate,
                   .feature_map_rate = feature_map_rate, .weight_scope = "features", .feature_map_scope = "features",
                   .feature_map_point = "activation", .redraw = "trial", .copies = "independent", .method = method,
                   .ranking = is_protected ? "weight_sum" : NULL, .merge = is_protected ? "mean" : NULL,
                   .ratio = ratio},
        .map = {3, map, is_clean ? 0 : 0.02, is_clean ? 0 : 0.05},
        .images_per_second = 100,
        .n_classes = 3,
        .class_accuracy = is_clean ? without_faults : with_faults,
    };
}

ftdn_lines ftdn_made_lines(const ftdn_cell_accuracy *cell, int n_cells, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_lines lines;
    FTDN_ASSERT_OK(ftdn_lines_group(cell, n_cells, arena, &lines, &err), err);
    return lines;
}

void ftdn_assert_in_order(const char *text, const char *const *fragment, int n_fragments)
{
    const char *place = text;
    for (int i = 0; i < n_fragments; i++) {
        place = strstr(place, fragment[i]);
        if (!place) fail_msg("no '%s' in its place of\n%s", fragment[i], text);
        place += strlen(fragment[i]);
    }
}
