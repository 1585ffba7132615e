#include "harness/manifest.h"

#include <assert.h>
#include <stdbool.h>

#include "base/file.h"

#define LARGEST_FILE ((size_t)64 << 20)

/* May the items of an axis differ in which keys they give, or in a word that decides which keys go together? */
static bool has_structure(const ftdn_axis *axis)
{
    return axis->n_rows > 1 || ftdn_manifest_keys[axis->key].type == FTDN_VALUE_CHOICE;
}

static bool is_number(const ftdn_axis *axis)
{
    ftdn_value_type type = ftdn_manifest_keys[axis->key].type;
    return type == FTDN_VALUE_NUMBER || type == FTDN_VALUE_INTEGER;
}

/* The value that is most likely not to go with other keys: of numbers the greatest, else the first. */
static const ftdn_value *pick_value(const ftdn_axis *axis)
{
    const ftdn_value *picked = &axis->value[0];
    for (int i = 1; is_number(axis) && i < axis->n_values; i++) {
        const ftdn_value *value = &axis->value[i];
        if (!value->is_sound) continue;
        if (!picked->is_sound || ftdn_value_number(value) > ftdn_value_number(picked)) picked = value;
    }
    return picked;
}

/* Keys that do not go together may meet in any combination of the grid. Axes of plain values are looked at
 * in one of their values, so that a grid of a million rates and seeds is checked at once. */
static ftdn_status check_trials(const ftdn_manifest *manifest, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                ftdn_error *err)
{
    ftdn_sweep sweep = {.n_axes = manifest->sweep.n_axes, .n_trials = 1};
    ftdn_axis *axes = FTDN_NEW(arena, (size_t)sweep.n_axes, ftdn_axis, err);
    if (!axes) return FTDN_ERR_MEMORY;
    for (int i = 0; i < sweep.n_axes; i++) {
        axes[i] = manifest->sweep.axis[i];
        if (!has_structure(&axes[i])) {
            axes[i].value = pick_value(&axes[i]);
            axes[i].n_values = 1;
        }
        sweep.n_trials *= (size_t)axes[i].n_values;
    }
    sweep.axis = axes;
    bool is_too_large = manifest->sweep.n_trials == 1; /* a mistake already: one trial is enough */
    if (is_too_large) sweep.n_trials = 1;
    for (size_t i = 0; i < sweep.n_trials && !mistakes->has_more; i++) {
        ftdn_document trial;
        ftdn_sweep_get(&sweep, &manifest->base, i, &trial);
        ftdn_settings_check(&trial, mistakes);
    }
    return FTDN_OK;
}

ftdn_status ftdn_manifest_parse(const char *text, size_t n_bytes, const char *path, ftdn_arena *arena,
                                ftdn_mistakes *mistakes, ftdn_manifest *ret_manifest, ftdn_error *err)
{
    ftdn_manifest manifest = {.path = ftdn_arena_format(arena, err, "%s", path), .description = ""};
    if (!manifest.path) return FTDN_ERR_MEMORY;
    manifest.folder = ftdn_path_folder(arena, path, err);
    if (!manifest.folder) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_document_read_defaults(arena, &manifest.defaults, err));

    ftdn_error syntax = {0};
    ftdn_status status = ftdn_json_parse(text, n_bytes, path, arena, &manifest.root, &syntax);
    if (status == FTDN_ERR_INPUT) return FTDN_FAIL(err, FTDN_ERR_MANIFEST, "%s", syntax.message);
    if (status != FTDN_OK) return FTDN_FAIL(err, status, "%s", syntax.message);

    const ftdn_value_place whole = {.key = FTDN_KEY_ROOT, .grid_item = -1, .folder = manifest.folder};
    FTDN_TRY(ftdn_value_read(&whole, manifest.root, arena, mistakes, manifest.base.value, err));
    const ftdn_value *grid = &manifest.base.value[FTDN_KEY_SWEEP_GRID];
    const ftdn_json *axes = grid->is_sound ? grid->node : NULL;
    FTDN_TRY(ftdn_sweep_read(axes, manifest.folder, arena, mistakes, &manifest.sweep, err));
    manifest.n_trials = manifest.sweep.n_trials;
    FTDN_TRY(check_trials(&manifest, arena, mistakes, err));
    FTDN_TRY(ftdn_mistakes_check(mistakes, err));

    manifest.name = manifest.base.value[FTDN_KEY_NAME].node->string;
    if (manifest.base.value[FTDN_KEY_DESCRIPTION].node)
        manifest.description = manifest.base.value[FTDN_KEY_DESCRIPTION].node->string;
    *ret_manifest = manifest;
    return FTDN_OK;
}

ftdn_status ftdn_manifest_load(const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                               ftdn_manifest *ret_manifest, ftdn_error *err)
{
    char *text = NULL;
    size_t n_bytes = 0;
    FTDN_TRY(ftdn_file_load(path, LARGEST_FILE, arena, &text, &n_bytes, err));
    return ftdn_manifest_parse(text, n_bytes, path, arena, mistakes, ret_manifest, err);
}

void ftdn_manifest_get_settings(const ftdn_manifest *manifest, size_t index, ftdn_trial_settings *ret_settings)
{
    assert(index < manifest->n_trials);
    ftdn_document trial;
    ftdn_sweep_get(&manifest->sweep, &manifest->base, index, &trial);
    ftdn_settings_make(&trial, &manifest->defaults, ret_settings);
}

ftdn_status ftdn_manifest_blame(const ftdn_manifest *manifest, size_t index, ftdn_key_id key, ftdn_status status,
                                ftdn_error *err)
{
    if (status != FTDN_ERR_ARG) return status;
    ftdn_document document;
    ftdn_sweep_get(&manifest->sweep, &manifest->base, index, &document);
    ftdn_key_id given = key;
    while (!document.value[given].node) given = ftdn_key_parent(given);
    const ftdn_json *node = document.value[given].node;
    ftdn_position position = ftdn_position_of_value(node);
    if (node->kind != FTDN_JSON_OBJECT) key = given; /* a scope for weights and maps together */
    if (err) err->status = FTDN_ERR_MANIFEST;
    ftdn_error_context(err, "%s:%d:%d: %s", position.file, position.line, position.column,
                       ftdn_manifest_keys[key].path);
    return FTDN_ERR_MANIFEST;
}
