#include "datasets/label_place.h"

#include <stdbool.h>

#define LABEL_WEIGHT 1000 /* of a covered pixel of a label, against one of a box */

/* Places: above and below, inside and beside, then rows of labels away from the box. */
enum { FIRST_INSIDE = 4, N_NEAR = 10, FARTHEST = 6 };

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* Candidate `index`: the near ones, then two for each row away from the box. */
static ftdn_area make_candidate(int index, ftdn_area box, int width, int height)
{
    int x = box.x0, y = box.y0, at_right = box.x1 - width;
    switch (index) {
    case 0: y = box.y0 - height; break;
    case 1: x = at_right, y = box.y0 - height; break;
    case 2: y = box.y1; break;
    case 3: x = at_right, y = box.y1; break;
    case 4: break;
    case 5: y = box.y1 - height; break;
    case 6: x = at_right; break;
    case 7: x = at_right, y = box.y1 - height; break;
    case 8: x = box.x1; break;
    case 9: x = box.x0 - width; break;
    default: {
        int row = (index - N_NEAR) / 2 + 1;
        y = (index - N_NEAR) % 2 == 0 ? box.y0 - (row + 1) * height : box.y1 + row * height;
        break;
    }
    }
    return (ftdn_area){x, y, x + width, y + height};
}

/* The nearest position from which the area lies in 0 ... end - 1, or begins there. */
static int fit(int position, int extent, int end)
{
    return max(min(position, end - extent), 0);
}

/* Pixels of areas that a label covers, areas that are nearer than `gap` pixels among them. */
static long long count_covered(ftdn_area label, const ftdn_area *areas, int n_areas, int gap)
{
    long long n_pixels = 0;
    for (int i = 0; i < n_areas; i++) {
        int across = min(label.x1, areas[i].x1) - max(label.x0, areas[i].x0) + gap;
        int down = min(label.y1, areas[i].y1) - max(label.y0, areas[i].y0) + gap;
        if (across > 0 && down > 0) n_pixels += (long long)across * down;
    }
    return n_pixels;
}

/* In pixels; labels must not touch. A row away from the box counts as half of the label on a box. */
static long long weigh(const ftdn_label_scene *scene, ftdn_area label, int index)
{
    long long n_pixels = (long long)(label.x1 - label.x0) * (label.y1 - label.y0);
    int row = index < N_NEAR ? 0 : (index - N_NEAR) / 2 + 1;
    return LABEL_WEIGHT * count_covered(label, scene->label, scene->n_labels, 1) +
           count_covered(label, scene->box, scene->n_boxes, 0) + row * n_pixels / 2;
}

ftdn_area ftdn_label_place(const ftdn_label_scene *scene, ftdn_area box, int width, int height)
{
    ftdn_area best = {0};
    long long least = -1;
    for (int index = 0; index < N_NEAR + 2 * FARTHEST && least != 0; index++) {
        ftdn_area label = make_candidate(index, box, width, height);
        int x = fit(label.x0, width, scene->width), y = fit(label.y0, height, scene->height);
        /* Moved up or down, a label above or below would stand in its box, or nowhere near it. */
        bool may_move = index >= FIRST_INSIDE && index < N_NEAR;
        if (y != label.y0 && !may_move) continue;
        label = (ftdn_area){x, y, x + width, y + height};
        long long weight = weigh(scene, label, index);
        if (least >= 0 && weight >= least) continue;
        best = label;
        least = weight;
    }
    return best;
}
