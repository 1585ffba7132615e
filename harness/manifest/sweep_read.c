#include "harness/manifest/sweep_read.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "harness/manifest/sweep_reader.h"

/* A sweep under way. */
typedef struct builder {
    ftdn_sweep_reader r;
    const ftdn_sweep_source *source;
    ftdn_axis set; /* what `set` gives, one value each */
    int n_axes, capacity;
    ftdn_axis *axis; /* [capacity] */
    bool is_too_large;
} builder;

static const ftdn_value *value_of(const ftdn_sweep_source *source, ftdn_key_id key)
{
    return &source->values[(int)key - (int)FTDN_KEY_SWEEP];
}

/* The value of a key where it is given and sound, else NULL. */
static const ftdn_json *find(const builder *b, ftdn_key_id key)
{
    const ftdn_value *value = value_of(b->source, key);
    return value->node && value->is_sound ? value->node : NULL;
}

/* "sweeps.NAME.grid" for FTDN_KEY_SWEEP_GRID. */
static const char *pointer_of(const builder *b, ftdn_key_id key)
{
    const char *rest = ftdn_manifest_keys[key].path + strlen(ftdn_manifest_keys[FTDN_KEY_SWEEP].path);
    return ftdn_arena_format(b->r.arena, b->r.err, "%s%s", b->source->pointer, rest);
}

/* The key of an earlier column of the sweep that sets the same values; FTDN_KEY_ROOT if there is none. The last axis
 * is under way: `fresh`. */
static ftdn_key_id find_overlap(const builder *b, const ftdn_axis *fresh, ftdn_key_id key)
{
    for (int i = 0; i < b->n_axes; i++)
        for (int k = 0; k < b->axis[i].n_columns; k++)
            if (ftdn_keys_overlap(b->axis[i].column[k].key, key)) return b->axis[i].column[k].key;
    for (int k = 0; k < fresh->n_columns; k++)
        if (ftdn_keys_overlap(fresh->column[k].key, key)) return fresh->column[k].key;
    return FTDN_KEY_ROOT;
}

/* Does `set` give a value that the column replaces? An object of `set` may hold other keys beside it. */
static ftdn_key_id find_set(const builder *b, ftdn_key_id key)
{
    for (int i = 0; i < b->set.n_columns; i++) {
        const ftdn_column *column = &b->set.column[i];
        int row = (int)key - (int)column->key;
        bool is_given = ftdn_keys_overlap(column->key, key);
        if (is_given && row > 0) is_given = column->value[row].node;
        if (is_given) return column->key;
    }
    return FTDN_KEY_ROOT;
}

/* The key of an axis' member; FTDN_KEY_ROOT after a mistake. */
static ftdn_key_id claim(const builder *b, const ftdn_axis *fresh, const char *pointer, const ftdn_json *member)
{
    ftdn_key_id key = ftdn_dotted_find(&b->r, pointer, member);
    if (key == FTDN_KEY_ROOT) return key;
    ftdn_position position = ftdn_position_of_key(member);
    ftdn_key_id other = find_overlap(b, fresh, key);
    const char *where = "";
    if (other == FTDN_KEY_ROOT) {
        other = find_set(b, key);
        where = " in its set";
    }
    if (other != FTDN_KEY_ROOT) {
        ftdn_sweep_mistake(&b->r, position, pointer, "",
                           "sets the same values as '%s' of this sweep%s; allowed: one of the two",
                           ftdn_manifest_keys[other].path, where);
        return FTDN_KEY_ROOT;
    }
    if (key == FTDN_KEY_SEED && value_of(b->source, FTDN_KEY_SWEEP_SEEDS)->node) {
        ftdn_sweep_mistake(&b->r, position, pointer, "", "given beside 'seeds' of this sweep; allowed: one of the two");
        return FTDN_KEY_ROOT;
    }
    return key;
}

static ftdn_status add_axis(builder *b, const ftdn_axis *fresh)
{
    if (fresh->n_columns == 0) return FTDN_OK;
    assert(b->n_axes < b->capacity);
    ftdn_text name;
    ftdn_text_init(&name);
    for (int i = 0; i < fresh->n_columns; i++)
        ftdn_text_append(&name, "%s%s", i ? " + " : "", ftdn_manifest_keys[fresh->column[i].key].path);
    ftdn_axis *axis = &b->axis[b->n_axes];
    *axis = *fresh;
    ftdn_status status = ftdn_text_check(&name, b->r.err);
    axis->name = status == FTDN_OK ? ftdn_arena_copy_text(b->r.arena, name.chars, name.n_chars, b->r.err) : NULL;
    ftdn_text_done(&name);
    b->n_axes += axis->name != NULL;
    return axis->name ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status read_grid(builder *b, const ftdn_json *grid, const char *pointer)
{
    for (int i = 0; i < grid->n_children; i++) {
        const ftdn_json *member = grid->child[i];
        const char *at = ftdn_member_pointer(&b->r, pointer, member);
        ftdn_column *column = FTDN_NEW(b->r.arena, 1, ftdn_column, b->r.err);
        if (!at || !column) return FTDN_ERR_MEMORY;
        ftdn_axis axis = {.of_grid = true, .column = column};
        ftdn_key_id key = claim(b, &axis, at, member);
        if (key == FTDN_KEY_ROOT) continue;
        ftdn_values values;
        FTDN_TRY(ftdn_values_expand(&b->r, key, at, member, &values));
        if (values.n == 0) continue;
        FTDN_TRY(ftdn_column_read(&b->r, key, at, &values, column));
        axis.n_values = values.n;
        axis.n_columns = 1;
        FTDN_TRY(add_axis(b, &axis));
    }
    return FTDN_OK;
}

/* One object of a zip. */
static ftdn_status read_zip(builder *b, const ftdn_json *object, const char *pointer)
{
    if (object->kind != FTDN_JSON_OBJECT) {
        ftdn_sweep_mistake(
            &b->r, ftdn_position_of_value(object), pointer, "",
            "%s is not allowed; allowed: an object of dotted keys, each with a list of values or a range",
            ftdn_json_kind_name(object->kind));
        return FTDN_OK;
    }
    ftdn_column *columns = FTDN_NEW(b->r.arena, (size_t)object->n_children, ftdn_column, b->r.err);
    if (!columns) return FTDN_ERR_MEMORY;
    ftdn_axis axis = {.column = columns};
    for (int i = 0; i < object->n_children; i++) {
        const ftdn_json *member = object->child[i];
        const char *at = ftdn_member_pointer(&b->r, pointer, member);
        if (!at) return FTDN_ERR_MEMORY;
        ftdn_key_id key = claim(b, &axis, at, member);
        if (key == FTDN_KEY_ROOT) continue;
        ftdn_values values;
        FTDN_TRY(ftdn_values_expand(&b->r, key, at, member, &values));
        if (values.n == 0) continue;
        if (axis.n_columns > 0 && values.n != axis.n_values) {
            ftdn_sweep_mistake(&b->r, ftdn_position_of_value(member), at, "",
                               "%d value%s beside the %d of '%s'; allowed: as many", values.n, values.n == 1 ? "" : "s",
                               axis.n_values, ftdn_manifest_keys[columns[0].key].path);
            continue;
        }
        axis.n_values = values.n;
        FTDN_TRY(ftdn_column_read(&b->r, key, at, &values, &columns[axis.n_columns]));
        axis.n_columns++;
    }
    return add_axis(b, &axis);
}

static ftdn_status read_zips(builder *b, const ftdn_json *zip, const char *pointer)
{
    if (zip->kind == FTDN_JSON_OBJECT) return read_zip(b, zip, pointer);
    for (int i = 0; i < zip->n_children; i++) {
        const char *at = ftdn_arena_format(b->r.arena, b->r.err, "%s[%d]", pointer, i);
        if (!at) return FTDN_ERR_MEMORY;
        FTDN_TRY(read_zip(b, zip->child[i], at));
    }
    return FTDN_OK;
}

/* Are the required keys of an object of the sweep given? Answers false where one is not, or not sound. */
static bool has_required(const builder *b, ftdn_key_id object)
{
    bool has_all = true;
    for (int key = (int)object + 1; key < (int)object + ftdn_key_n_rows(object); key++) {
        const ftdn_value *value = value_of(b->source, (ftdn_key_id)key);
        if (value->node) {
            has_all = has_all && value->is_sound;
            continue;
        }
        if (!ftdn_manifest_keys[key].required) continue;
        has_all = false;
        ftdn_text allowed;
        ftdn_text_init(&allowed);
        ftdn_key_write_allowed((ftdn_key_id)key, &allowed);
        const char *rest = ftdn_manifest_keys[key].path + strlen(ftdn_manifest_keys[FTDN_KEY_SWEEP].path);
        if (allowed.failed) b->r.mistakes->failed = true;
        else
            ftdn_sweep_mistake(&b->r, ftdn_position_of_value(value_of(b->source, object)->node), b->source->pointer,
                               rest, "missing; allowed: %s", allowed.chars);
        ftdn_text_done(&allowed);
    }
    return has_all;
}

static ftdn_status read_sample(builder *b)
{
    if (!find(b, FTDN_KEY_SWEEP_SAMPLE) || !has_required(b, FTDN_KEY_SWEEP_SAMPLE)) return FTDN_OK;
    const ftdn_json *keys = find(b, FTDN_KEY_SWEEP_SAMPLE_KEYS), *seed = find(b, FTDN_KEY_SWEEP_SAMPLE_SEED);
    const char *pointer = pointer_of(b, FTDN_KEY_SWEEP_SAMPLE_KEYS);
    ftdn_column *columns = FTDN_NEW(b->r.arena, (size_t)keys->n_children, ftdn_column, b->r.err);
    if (!columns || !pointer) return FTDN_ERR_MEMORY;
    if (keys->n_children == 0 || keys->n_children > FTDN_MAX_SAMPLE_KEYS) {
        ftdn_sweep_mistake(&b->r, ftdn_position_of_value(keys), pointer, "", "%d keys; allowed: 1 ... %d",
                           keys->n_children, FTDN_MAX_SAMPLE_KEYS);
        return FTDN_OK;
    }
    const ftdn_sample sample = {
        .is_sobol = !strcmp(find(b, FTDN_KEY_SWEEP_SAMPLE_METHOD)->string, "sobol"),
        .n_points = (int)find(b, FTDN_KEY_SWEEP_SAMPLE_POINTS)->number,
        .seed = seed ? (uint64_t)(seed->number + 0.0) : 0,
    };
    ftdn_axis axis = {.n_values = sample.n_points, .column = columns};
    for (int i = 0; i < keys->n_children; i++) {
        const ftdn_json *member = keys->child[i];
        const char *at = ftdn_member_pointer(&b->r, pointer, member);
        if (!at) return FTDN_ERR_MEMORY;
        ftdn_key_id key = claim(b, &axis, at, member);
        if (key == FTDN_KEY_ROOT) continue;
        ftdn_values values;
        FTDN_TRY(ftdn_sample_draw(&b->r, &sample, i, key, at, member, &values));
        if (values.n == 0) continue;
        FTDN_TRY(ftdn_column_read(&b->r, key, at, &values, &columns[axis.n_columns]));
        axis.n_columns++;
    }
    return add_axis(b, &axis);
}

static ftdn_status read_axes(builder *b)
{
    const ftdn_json *grid = find(b, FTDN_KEY_SWEEP_GRID), *zip = find(b, FTDN_KEY_SWEEP_ZIP);
    b->capacity = (grid ? grid->n_children : 0) + (zip ? zip->n_children + 1 : 0) + 1;
    b->axis = FTDN_NEW(b->r.arena, (size_t)b->capacity, ftdn_axis, b->r.err);
    const char *at_grid = pointer_of(b, FTDN_KEY_SWEEP_GRID), *at_zip = pointer_of(b, FTDN_KEY_SWEEP_ZIP);
    if (!b->axis || !at_grid || !at_zip) return FTDN_ERR_MEMORY;
    if (grid) FTDN_TRY(read_grid(b, grid, at_grid));
    if (zip) FTDN_TRY(read_zips(b, zip, at_zip));
    return read_sample(b);
}

/* A seed that an object of dotted keys gives beside `seeds`. */
static void refuse_seed(const builder *b, const ftdn_json *object, const char *pointer)
{
    const ftdn_json *seed = ftdn_json_find(object, ftdn_manifest_keys[FTDN_KEY_SEED].path);
    if (seed && value_of(b->source, FTDN_KEY_SWEEP_SEEDS)->node)
        ftdn_sweep_mistake(&b->r, ftdn_position_of_key(seed), pointer, ".seed",
                           "given beside 'seeds' of this sweep; allowed: one of the two");
}

/* The template with what `set` says. */
static ftdn_status read_base(builder *b, const ftdn_document **ret_base)
{
    const ftdn_json *set = find(b, FTDN_KEY_SWEEP_SET);
    ftdn_document *base = FTDN_NEW(b->r.arena, 1, ftdn_document, b->r.err);
    const char *pointer = pointer_of(b, FTDN_KEY_SWEEP_SET);
    if (!base || !pointer) return FTDN_ERR_MEMORY;
    *base = *b->source->lookup.given;
    if (set) FTDN_TRY(ftdn_settings_axis_read(&b->r, pointer, set, &b->set));
    if (set) refuse_seed(b, set, pointer);
    for (int i = 0; i < b->set.n_columns; i++) {
        const ftdn_column *column = &b->set.column[i];
        memcpy(&base->value[column->key], column->value, (size_t)column->n_rows * sizeof *column->value);
    }
    *ret_base = base;
    return FTDN_OK;
}

static ftdn_status read_included(builder *b, ftdn_sweep *sweep)
{
    const ftdn_json *list = find(b, FTDN_KEY_SWEEP_INCLUDE);
    const char *pointer = pointer_of(b, FTDN_KEY_SWEEP_INCLUDE);
    size_t n_items = list ? (size_t)list->n_children : 0;
    ftdn_axis *items = FTDN_NEW(b->r.arena, n_items, ftdn_axis, b->r.err);
    if (!items || !pointer) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_items; i++) {
        const ftdn_json *item = list->child[i];
        const char *at = ftdn_arena_format(b->r.arena, b->r.err, "%s[%zu]", pointer, i);
        if (!at) return FTDN_ERR_MEMORY;
        if (item->kind != FTDN_JSON_OBJECT) {
            ftdn_sweep_mistake(&b->r, ftdn_position_of_value(item), at, "",
                               "%s is not allowed; allowed: an object of dotted keys, each with a value",
                               ftdn_json_kind_name(item->kind));
            continue;
        }
        FTDN_TRY(ftdn_settings_axis_read(&b->r, at, item, &items[i]));
        refuse_seed(b, item, at);
    }
    sweep->included = items;
    sweep->n_included = n_items;
    return FTDN_OK;
}

/* Multiply *n by a factor; a product that is too large is told once and then counts as 1. */
static void multiply(builder *b, size_t *n, size_t factor, ftdn_key_id at)
{
    if (b->is_too_large || (ftdn_size_mul(*n, factor, n) && *n <= FTDN_MAX_TRIALS)) return;
    b->is_too_large = true;
    const ftdn_value *value = value_of(b->source, at);
    if (!value->node) at = FTDN_KEY_SWEEP;
    const char *rest = ftdn_manifest_keys[at].path + strlen(ftdn_manifest_keys[FTDN_KEY_SWEEP].path);
    ftdn_sweep_mistake(&b->r, ftdn_position_of_value(value_of(b->source, at)->node), b->source->pointer, rest,
                       "too many combinations; allowed: at most %zu trials", FTDN_MAX_TRIALS);
}

/* After a mistake of size the sweep counts as its first combination. */
static void count(builder *b, ftdn_sweep *sweep)
{
    sweep->n_product = 1;
    for (int i = 0; i < sweep->n_axes; i++)
        multiply(b, &sweep->n_product, (size_t)sweep->axis[i].n_values, FTDN_KEY_SWEEP_GRID);
    if (b->is_too_large) sweep->n_product = 1;
    sweep->n_kept = sweep->n_product;
    sweep->n_combinations = sweep->n_kept + sweep->n_included;
}

ftdn_status ftdn_sweep_read(const ftdn_sweep_source *source, ftdn_arena *arena, ftdn_mistakes *mistakes,
                            ftdn_sweep *ret_sweep, ftdn_error *err)
{
    int n_before = mistakes->n_mistakes;
    builder b = {.r = {.arena = arena, .mistakes = mistakes, .err = err}, .source = source};
    const ftdn_json *description = find(&b, FTDN_KEY_SWEEP_DESCRIPTION), *rules = find(&b, FTDN_KEY_SWEEP_EXCLUDE);
    const char *at_seeds = pointer_of(&b, FTDN_KEY_SWEEP_SEEDS), *at_rules = pointer_of(&b, FTDN_KEY_SWEEP_EXCLUDE);
    if (!at_seeds || !at_rules) return FTDN_ERR_MEMORY;
    ftdn_sweep sweep = {.name = source->name, .description = description ? description->string : ""};
    FTDN_TRY(read_base(&b, &sweep.base));
    FTDN_TRY(read_axes(&b));
    sweep.set = b.set;
    sweep.axis = b.axis;
    sweep.n_axes = b.n_axes;
    FTDN_TRY(ftdn_seeds_read(&b.r, at_seeds, value_of(source, FTDN_KEY_SWEEP_SEEDS), &sweep.seeds));
    FTDN_TRY(read_included(&b, &sweep));
    count(&b, &sweep);
    bool is_good = mistakes->n_mistakes == n_before && !mistakes->has_more;
    if (rules) FTDN_TRY(ftdn_rules_apply(&b.r, at_rules, rules, &source->lookup, is_good, &sweep));
    sweep.n_combinations = sweep.n_kept + sweep.n_included;
    sweep.n_trials = sweep.n_combinations;
    multiply(&b, &sweep.n_trials, ftdn_sweep_n_seeds(&sweep), FTDN_KEY_SWEEP_SEEDS);
    if (sweep.n_combinations == 0) sweep.n_kept = sweep.n_combinations = 1;
    if (b.is_too_large) sweep.n_trials = sweep.n_combinations;
    *ret_sweep = sweep;
    return FTDN_OK;
}

ftdn_status ftdn_sweep_of_template(const ftdn_document *given, ftdn_arena *arena, ftdn_sweep *ret_sweep,
                                   ftdn_error *err)
{
    ftdn_document *base = FTDN_NEW(arena, 1, ftdn_document, err);
    if (!base) return FTDN_ERR_MEMORY;
    *base = *given;
    *ret_sweep = (ftdn_sweep){
        .name = ftdn_manifest_keys[FTDN_KEY_SWEEP].path,
        .description = "",
        .base = base,
        .n_product = 1,
        .n_kept = 1,
        .n_combinations = 1,
        .n_trials = 1,
    };
    return FTDN_OK;
}
