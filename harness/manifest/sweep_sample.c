#include <math.h>
#include <stdio.h>

#include "base/philox_hd.h"
#include "harness/manifest/sobol.h"
#include "harness/manifest/sweep_reader.h"

/* What the random words of a sample are drawn for; the last word of the counter. */
enum { DRAW_POINT = 1, DRAW_SHIFT = 2 };

static ftdn_philox_block draw(const ftdn_sample *sample, uint32_t point, int key_index, uint32_t purpose)
{
    const ftdn_philox_block counter = {{point, (uint32_t)key_index, 0, purpose}};
    return ftdn_philox(counter, (uint32_t)sample->seed, (uint32_t)(sample->seed >> 32));
}

/* Coordinate of a point, in [0, 1). */
static double coordinate(const ftdn_sample *sample, int point, int key_index)
{
    if (sample->is_sobol) {
        uint32_t shift = sample->seed ? draw(sample, 0, key_index, DRAW_SHIFT).word[0] : 0;
        return (double)(ftdn_sobol((uint32_t)point + 1, key_index) ^ shift) * 0x1p-32;
    }
    const ftdn_philox_block bits = draw(sample, (uint32_t)point, key_index, DRAW_POINT);
    return (double)((uint64_t)bits.word[0] << 21 | bits.word[1] >> 11) * 0x1p-53;
}

/* Where u in [0, 1) lies between the bounds; every integer has an equal share of an even range. */
static double place(const ftdn_bounds *bounds, bool is_integer, double u)
{
    double from = bounds->from->number, to = bounds->to->number, value;
    if (bounds->is_log) value = from * exp(u * log(to / from));
    else if (is_integer) value = from - 0.5 + u * (to - from + 1);
    else value = from + u * (to - from);
    if (is_integer) value = round(value);
    return fmin(fmax(value, from), to);
}

/* Items that no point has must be right too: all are read before any is drawn. */
static ftdn_status check_items(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer, const ftdn_json *list,
                               bool *ret_good)
{
    int n_before = r->mistakes->n_mistakes;
    const ftdn_values items = {.n = list->n_children, .node = list->child};
    ftdn_column column;
    FTDN_TRY(ftdn_column_read(r, key, pointer, &items, &column));
    *ret_good = r->mistakes->n_mistakes == n_before && !r->mistakes->has_more;
    return FTDN_OK;
}

static ftdn_status pick_items(const ftdn_sweep_reader *r, const ftdn_sample *sample, int key_index,
                              const ftdn_json *list, ftdn_values *ret_values)
{
    const ftdn_json **nodes = FTDN_NEW(r->arena, (size_t)sample->n_points, const ftdn_json *, r->err);
    if (!nodes) return FTDN_ERR_MEMORY;
    for (int i = 0; i < sample->n_points; i++)
        nodes[i] = list->child[(int)(coordinate(sample, i, key_index) * list->n_children)];
    *ret_values = (ftdn_values){.n = sample->n_points, .node = nodes};
    return FTDN_OK;
}

/* Are the bounds values of the key? Mistakes are added. */
static ftdn_status check_bounds(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer,
                                const ftdn_bounds *bounds, bool *ret_good)
{
    const ftdn_value_place place = {.key = key, .pointer = pointer, .item = -1};
    ftdn_value from, to;
    FTDN_TRY(ftdn_value_read(&place, bounds->from, r->arena, r->mistakes, &from, r->err));
    FTDN_TRY(ftdn_value_read(&place, bounds->to, r->arena, r->mistakes, &to, r->err));
    *ret_good = from.is_sound && to.is_sound;
    return FTDN_OK;
}

ftdn_status ftdn_sample_draw(const ftdn_sweep_reader *r, const ftdn_sample *sample, int key_index, ftdn_key_id key,
                             const char *pointer, const ftdn_json *node, ftdn_values *ret_values)
{
    *ret_values = (ftdn_values){0};
    bool is_good = false, is_integer = ftdn_manifest_keys[key].type == FTDN_VALUE_INTEGER;
    if (node->kind == FTDN_JSON_ARRAY && node->n_children > 0) {
        FTDN_TRY(check_items(r, key, pointer, node, &is_good));
        return is_good ? pick_items(r, sample, key_index, node, ret_values) : FTDN_OK;
    }
    if (node->kind != FTDN_JSON_OBJECT) {
        bool is_list = node->kind == FTDN_JSON_ARRAY;
        ftdn_sweep_mistake(r, ftdn_position_of_value(node), pointer, "",
                           "%s is not allowed; allowed: a list of values, or the bounds of a range",
                           is_list ? "an empty list" : ftdn_json_kind_name(node->kind));
        return FTDN_OK;
    }
    ftdn_bounds bounds;
    if (!ftdn_bounds_read(r, key, pointer, node, &bounds)) return FTDN_OK;
    FTDN_TRY(check_bounds(r, key, pointer, &bounds, &is_good));
    if (!is_good) return FTDN_OK;
    size_t n_points = (size_t)sample->n_points;
    ftdn_json *numbers = FTDN_NEW(r->arena, n_points, ftdn_json, r->err);
    const ftdn_json **nodes = FTDN_NEW(r->arena, n_points, const ftdn_json *, r->err);
    if (!numbers || !nodes) return FTDN_ERR_MEMORY;
    for (int i = 0; i < sample->n_points; i++) {
        char text[32];
        snprintf(text, sizeof text, is_integer ? "%.0f" : "%.6g",
                 place(&bounds, is_integer, coordinate(sample, i, key_index)));
        FTDN_TRY(ftdn_number_make(r, node, text, &numbers[i]));
        bool is_low = numbers[i].number<bounds.from->number, is_high = numbers[i].number> bounds.to->number;
        if (is_low || is_high)
            FTDN_TRY(ftdn_number_make(r, node, is_low ? bounds.from->literal : bounds.to->literal, &numbers[i]));
        nodes[i] = &numbers[i];
    }
    *ret_values = (ftdn_values){.n = sample->n_points, .node = nodes, .of_range = true};
    return FTDN_OK;
}
