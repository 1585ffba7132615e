#include <string.h>

#include "base/size.h"
#include "harness/manifest/sweep_reader.h"

const char *ftdn_member_pointer(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *member)
{
    return ftdn_arena_format(r->arena, r->err, "%s.%s", pointer, member->key);
}

static void add_unknown(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *member)
{
    const char *nearest = ftdn_key_suggest_swept(member->key);
    ftdn_sweep_mistake(r, ftdn_position_of_key(member), pointer, "",
                       "unknown key; allowed: keys of model, dataset, evaluate, engine, faults, protection and "
                       "calibration, as in \"faults.weight_rate\", and seed%s%s%s",
                       nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

ftdn_key_id ftdn_dotted_find(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *member)
{
    int key = ftdn_key_find(member->key, strlen(member->key));
    ftdn_position position = ftdn_position_of_key(member);
    const char *suffix = "";
    if (key <= (int)FTDN_KEY_ROOT) {
        add_unknown(r, pointer, member);
    } else if (!ftdn_manifest_keys[key].swept) {
        ftdn_sweep_mistake(r, position, pointer, suffix,
                           "the same for all trials; allowed: keys that a trial depends on");
    } else if (member->repeated_key) {
        ftdn_sweep_mistake(r, position, pointer, suffix, "key given twice in one object; allowed: once");
    } else {
        return (ftdn_key_id)key;
    }
    return FTDN_KEY_ROOT;
}

static bool is_inside(ftdn_key_id key, ftdn_key_id object)
{
    return (int)key >= (int)object && (int)key < (int)object + ftdn_key_n_rows(object);
}

bool ftdn_keys_overlap(ftdn_key_id a, ftdn_key_id b)
{
    return is_inside(a, b) || is_inside(b, a);
}

ftdn_status ftdn_column_read(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer,
                             const ftdn_values *values, ftdn_column *ret_column)
{
    size_t n_rows = (size_t)ftdn_key_n_rows(key), n_slots;
    if (!ftdn_size_mul((size_t)values->n, n_rows, &n_slots))
        return FTDN_FAIL(r->err, FTDN_ERR_MEMORY, "%d values do not fit into memory", values->n);
    ftdn_value *slots = FTDN_NEW(r->arena, n_slots, ftdn_value, r->err);
    if (!slots) return FTDN_ERR_MEMORY;
    bool is_wrong = false;
    for (int i = 0; i < values->n; i++) {
        ftdn_value *value = slots + (size_t)i * n_rows;
        if (is_wrong) { /* the values of a range are wrong alike */
            value->node = values->node[i];
            continue;
        }
        const ftdn_value_place place = {.key = key, .pointer = pointer, .item = values->is_single ? -1 : i};
        FTDN_TRY(ftdn_value_read(&place, values->node[i], r->arena, r->mistakes, value, r->err));
        is_wrong = values->of_range && !value->is_sound;
    }
    *ret_column = (ftdn_column){.key = key, .n_rows = (int)n_rows, .value = slots};
    return FTDN_OK;
}

ftdn_status ftdn_settings_axis_read(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *object,
                                    ftdn_axis *ret_axis)
{
    ftdn_column *columns = FTDN_NEW(r->arena, (size_t)object->n_children, ftdn_column, r->err);
    if (!columns) return FTDN_ERR_MEMORY;
    int n_columns = 0;
    for (int i = 0; i < object->n_children; i++) {
        const ftdn_json *member = object->child[i];
        const char *at = ftdn_member_pointer(r, pointer, member);
        if (!at) return FTDN_ERR_MEMORY;
        ftdn_key_id key = ftdn_dotted_find(r, at, member);
        if (key == FTDN_KEY_ROOT) continue;
        const ftdn_column *other = NULL;
        for (int k = 0; k < n_columns && !other; k++)
            if (ftdn_keys_overlap(columns[k].key, key)) other = &columns[k];
        if (other) {
            ftdn_sweep_mistake(r, ftdn_position_of_key(member), at, "",
                               "sets the same values as '%s' of this object; allowed: one of the two",
                               ftdn_manifest_keys[other->key].path);
            continue;
        }
        const ftdn_values value = {.n = 1, .node = &object->child[i], .is_single = true};
        FTDN_TRY(ftdn_column_read(r, key, at, &value, &columns[n_columns++]));
    }
    *ret_axis = (ftdn_axis){.name = "", .n_values = 1, .n_columns = n_columns, .column = columns};
    return FTDN_OK;
}
