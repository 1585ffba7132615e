#include "harness/sweep.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"

/* What reading a grid shares. */
typedef struct reader {
    const ftdn_json *grid;
    const char *folder;
    ftdn_arena *arena;
    ftdn_mistakes *mistakes;
    ftdn_error *err;
} reader;

/* Add a mistake about the axis that `member` is. */
static void FTDN_PRINTF(4, 5)
    add_axis_mistake(const reader *r, ftdn_position position, const ftdn_json *member, const char *format, ...)
{
    char what[512]; /* holds words of this file and of the table */
    va_list args;
    va_start(args, format);
    int n_chars = vsnprintf(what, sizeof what, format, args);
    va_end(args);
    assert(n_chars >= 0 && n_chars < (int)sizeof what);
    ftdn_text pointer;
    ftdn_text_init(&pointer);
    ftdn_text_append(&pointer, "%s.%s", ftdn_manifest_keys[FTDN_KEY_SWEEP_GRID].path, member->key);
    if (pointer.failed) r->mistakes->failed = true;
    else ftdn_mistakes_add(r->mistakes, position, pointer.chars, "%s", what);
    ftdn_text_done(&pointer);
}

static void add_unknown_axis(const reader *r, const ftdn_json *member)
{
    const char *nearest = ftdn_key_suggest_swept(member->key);
    add_axis_mistake(r, ftdn_position_of_key(member), member,
                     "unknown key; allowed: keys of model, dataset, evaluate, engine, faults, protection and "
                     "calibration, as in \"faults.weight_rate\", and seed%s%s%s",
                     nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static bool is_inside(ftdn_key_id key, const ftdn_axis *axis)
{
    return (int)key >= (int)axis->key && (int)key < (int)axis->key + axis->n_rows;
}

/* An earlier axis that sets the same values; NULL if none. */
static const ftdn_axis *find_overlap(const ftdn_axis *axes, int n_axes, const ftdn_axis *fresh)
{
    for (int i = 0; i < n_axes; i++)
        if (is_inside(fresh->key, &axes[i]) || is_inside(axes[i].key, fresh)) return &axes[i];
    return NULL;
}

/* The axis without its values. Answers false after a mistake. */
static bool begin_axis(const reader *r, const ftdn_json *member, const ftdn_axis *axes, int n_axes, ftdn_axis *ret_axis)
{
    ftdn_position key_position = ftdn_position_of_key(member);
    int key = ftdn_key_find(member->key, strlen(member->key));
    if (key <= (int)FTDN_KEY_ROOT) {
        add_unknown_axis(r, member);
        return false;
    }
    if (!ftdn_manifest_keys[key].swept) {
        add_axis_mistake(r, key_position, member, "the same for all trials; allowed: keys that a trial depends on");
        return false;
    }
    if (member->repeated_key) {
        add_axis_mistake(r, key_position, member, "key given twice in one object; allowed: once");
        return false;
    }
    *ret_axis = (ftdn_axis){.key = (ftdn_key_id)key, .n_rows = ftdn_key_n_rows((ftdn_key_id)key)};
    const ftdn_axis *overlap = find_overlap(axes, n_axes, ret_axis);
    if (overlap) {
        add_axis_mistake(r, key_position, member, "sets the same values as '%s' of this grid; allowed: one of the two",
                         ftdn_manifest_keys[overlap->key].path);
        return false;
    }
    if (member->kind != FTDN_JSON_ARRAY || member->n_children == 0) {
        bool is_list = member->kind == FTDN_JSON_ARRAY;
        add_axis_mistake(r, ftdn_position_of_value(member), member, "%s is not allowed; allowed: a list of values",
                         is_list ? "an empty list" : ftdn_json_kind_name(member->kind));
        return false;
    }
    ret_axis->n_values = member->n_children;
    return true;
}

static ftdn_status read_axis_values(const reader *r, const ftdn_json *list, ftdn_axis *axis)
{
    size_t n_slots;
    if (!ftdn_size_mul((size_t)axis->n_values, (size_t)axis->n_rows, &n_slots))
        return FTDN_FAIL(r->err, FTDN_ERR_MEMORY, "%d values do not fit into memory", axis->n_values);
    ftdn_value *values = FTDN_NEW(r->arena, n_slots, ftdn_value, r->err);
    if (!values) return FTDN_ERR_MEMORY;
    for (int i = 0; i < axis->n_values; i++) {
        ftdn_value_place place = {.key = axis->key, .grid_item = i, .folder = r->folder};
        FTDN_TRY(ftdn_value_read(&place, list->child[i], r->arena, r->mistakes,
                                 values + (size_t)i * (size_t)axis->n_rows, r->err));
    }
    axis->value = values;
    return FTDN_OK;
}

/* The product of all n_values; too large a product is a mistake and counts as 1. */
static size_t count_trials(const reader *r, const ftdn_axis *axes, int n_axes)
{
    size_t n_trials = 1;
    for (int i = 0; i < n_axes; i++)
        if (!ftdn_size_mul(n_trials, (size_t)axes[i].n_values, &n_trials) || n_trials > FTDN_MAX_TRIALS) {
            const char *pointer = ftdn_manifest_keys[FTDN_KEY_SWEEP_GRID].path;
            ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(r->grid), pointer,
                              "too many combinations; allowed: at most %zu trials", FTDN_MAX_TRIALS);
            return 1;
        }
    return n_trials;
}

ftdn_status ftdn_sweep_read(const ftdn_json *grid, const char *folder, ftdn_arena *arena, ftdn_mistakes *mistakes,
                            ftdn_sweep *ret_sweep, ftdn_error *err)
{
    *ret_sweep = (ftdn_sweep){.n_trials = 1};
    if (!grid) return FTDN_OK;
    assert(grid->kind == FTDN_JSON_OBJECT);
    reader r = {.grid = grid, .folder = folder, .arena = arena, .mistakes = mistakes, .err = err};
    ftdn_axis *axes = FTDN_NEW(arena, (size_t)grid->n_children, ftdn_axis, err);
    if (!axes) return FTDN_ERR_MEMORY;
    int n_axes = 0;
    for (int i = 0; i < grid->n_children; i++) {
        ftdn_axis axis;
        if (!begin_axis(&r, grid->child[i], axes, n_axes, &axis)) continue;
        FTDN_TRY(read_axis_values(&r, grid->child[i], &axis));
        axes[n_axes++] = axis;
    }
    *ret_sweep = (ftdn_sweep){.n_axes = n_axes, .axis = axes, .n_trials = count_trials(&r, axes, n_axes)};
    return FTDN_OK;
}

void ftdn_sweep_get(const ftdn_sweep *sweep, const ftdn_document *base, size_t index, ftdn_document *ret_document)
{
    assert(index < sweep->n_trials);
    *ret_document = *base;
    for (int i = sweep->n_axes - 1; i >= 0; i--) {
        const ftdn_axis *axis = &sweep->axis[i];
        size_t item = index % (size_t)axis->n_values, n_rows = (size_t)axis->n_rows;
        index /= (size_t)axis->n_values;
        memcpy(&ret_document->value[axis->key], axis->value + item * n_rows, n_rows * sizeof *axis->value);
    }
}
