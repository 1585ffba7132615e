#include "harness/manifest/manifest.h"

#include <assert.h>
#include <stdbool.h>

#include "base/file.h"
#include "harness/manifest/manifest_extends.h"
#include "harness/manifest/manifest_resolved.h"
#include "harness/manifest/sweep_read.h"

/* A manifest under way. */
typedef struct reader {
    ftdn_manifest *manifest;
    ftdn_arena *arena;
    ftdn_mistakes *mistakes;
    ftdn_error *err;
} reader;

static ftdn_lookup lookup_in(const ftdn_manifest *manifest, const ftdn_document *given)
{
    return (ftdn_lookup){given, &manifest->defaults, &manifest->table};
}

static const ftdn_value *get(const ftdn_manifest *manifest, ftdn_key_id key)
{
    return &manifest->given.value[key];
}

static ftdn_status read_defaults(const reader *r)
{
    const ftdn_value *defaults = get(r->manifest, FTDN_KEY_DEFAULTS);
    if (!defaults->node || !defaults->is_sound) return FTDN_OK;
    const ftdn_value_place place = {
        .key = FTDN_KEY_ROOT, .pointer = ftdn_manifest_keys[FTDN_KEY_DEFAULTS].path, .item = -1, .of_template = true};
    return ftdn_value_read(&place, defaults->node, r->arena, r->mistakes, r->manifest->defaults.value, r->err);
}

/* A sweep of `sweeps`. Answers whether it can be read. */
static ftdn_status read_named(const reader *r, const ftdn_json *member, ftdn_sweep *sweeps, int *n_sweeps)
{
    const char *pointer =
        ftdn_arena_format(r->arena, r->err, "%s.%s", ftdn_manifest_keys[FTDN_KEY_SWEEPS].path, member->key);
    if (!pointer) return FTDN_ERR_MEMORY;
    if (member->repeated_key) {
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_key(member), pointer,
                          "key given twice in one object; allowed: once");
        return FTDN_OK;
    }
    if (!ftdn_is_name(member->key)) {
        ftdn_text allowed;
        ftdn_text_init(&allowed);
        ftdn_key_write_allowed(FTDN_KEY_NAME, &allowed);
        if (allowed.failed) r->mistakes->failed = true;
        else
            ftdn_mistakes_add(r->mistakes, ftdn_position_of_key(member), pointer,
                              "the name is not allowed; allowed: %s", allowed.chars);
        ftdn_text_done(&allowed);
        return FTDN_OK;
    }
    const ftdn_value_place place = {.key = FTDN_KEY_SWEEP, .pointer = pointer, .item = -1};
    ftdn_document values = {0};
    FTDN_TRY(ftdn_value_read(&place, member, r->arena, r->mistakes, &values.value[FTDN_KEY_SWEEP], r->err));
    if (!values.value[FTDN_KEY_SWEEP].is_sound) return FTDN_OK;
    const ftdn_sweep_source source = {.name = member->key,
                                      .pointer = pointer,
                                      .values = &values.value[FTDN_KEY_SWEEP],
                                      .lookup = lookup_in(r->manifest, &r->manifest->given)};
    return ftdn_sweep_read(&source, r->arena, r->mistakes, &sweeps[(*n_sweeps)++], r->err);
}

static ftdn_status read_sweeps(const reader *r)
{
    ftdn_manifest *manifest = r->manifest;
    const ftdn_value *one = get(manifest, FTDN_KEY_SWEEP), *several = get(manifest, FTDN_KEY_SWEEPS);
    bool has_several = several->node && several->is_sound;
    size_t capacity = 1 + (has_several ? (size_t)several->node->n_children : 0);
    int n_sweeps = 0;
    ftdn_sweep *sweeps = FTDN_NEW(r->arena, capacity, ftdn_sweep, r->err);
    if (!sweeps) return FTDN_ERR_MEMORY;
    if (one->node && several->node)
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_key(several->node), ftdn_manifest_keys[FTDN_KEY_SWEEPS].path,
                          "given beside 'sweep'; allowed: one of the two");
    if (has_several && several->node->n_children == 0)
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(several->node), ftdn_manifest_keys[FTDN_KEY_SWEEPS].path,
                          "an empty object is not allowed; allowed: at least one sweep by its name");
    if (one->node && one->is_sound) {
        const char *name = ftdn_manifest_keys[FTDN_KEY_SWEEP].path;
        const ftdn_sweep_source source = {
            .name = name, .pointer = name, .values = one, .lookup = lookup_in(manifest, &manifest->given)};
        FTDN_TRY(ftdn_sweep_read(&source, r->arena, r->mistakes, &sweeps[n_sweeps++], r->err));
    }
    for (int i = 0; has_several && i < several->node->n_children; i++)
        FTDN_TRY(read_named(r, several->node->child[i], sweeps, &n_sweeps));
    if (n_sweeps == 0) FTDN_TRY(ftdn_sweep_of_template(&manifest->given, r->arena, &sweeps[n_sweeps++], r->err));
    manifest->sweep = sweeps;
    manifest->n_sweeps = n_sweeps;
    return FTDN_OK;
}

static void count_trials(const reader *r)
{
    ftdn_manifest *manifest = r->manifest;
    for (int i = 0; i < manifest->n_sweeps; i++) manifest->n_trials += manifest->sweep[i].n_trials;
    if (manifest->n_trials <= FTDN_MAX_TRIALS) return;
    ftdn_key_id key = get(manifest, FTDN_KEY_SWEEPS)->node ? FTDN_KEY_SWEEPS : FTDN_KEY_SWEEP;
    ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(get(manifest, key)->node), ftdn_manifest_keys[key].path,
                      "too many combinations; allowed: at most %zu trials", FTDN_MAX_TRIALS);
}

/* Keys that do not go together, and keys that are missing, where the file and all that it extends could be read. */
static ftdn_status check_trials(const reader *r)
{
    const ftdn_lookup lookup = lookup_in(r->manifest, &r->manifest->given);
    for (int i = 0; i < r->manifest->n_sweeps; i++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(r->arena);
        int n_before = r->mistakes->n_mistakes;
        FTDN_TRY(ftdn_sweep_check(&r->manifest->sweep[i], &lookup, r->arena, r->mistakes, r->err));
        if (r->mistakes->n_mistakes == n_before) ftdn_arena_reset(r->arena, mark);
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
    FTDN_TRY(ftdn_values_read_defaults(&ftdn_manifest_key_table, arena, manifest.table.value, err));

    const reader r = {.manifest = &manifest, .arena = arena, .mistakes = mistakes, .err = err};
    const ftdn_json *own;
    FTDN_TRY(ftdn_manifest_parse_json(text, n_bytes, path, arena, &own, err));
    FTDN_TRY(ftdn_manifest_extend(own, path, arena, mistakes, &manifest.root, err));
    bool is_complete = mistakes->n_mistakes == 0;
    const ftdn_value_place whole = ftdn_place_of_key(FTDN_KEY_ROOT);
    FTDN_TRY(ftdn_value_read(&whole, manifest.root, arena, mistakes, manifest.given.value, err));
    FTDN_TRY(read_defaults(&r));
    FTDN_TRY(read_sweeps(&r));
    count_trials(&r);
    if (is_complete) FTDN_TRY(check_trials(&r));
    FTDN_TRY(ftdn_mistakes_check(mistakes, err));

    manifest.name = get(&manifest, FTDN_KEY_NAME)->node->string;
    if (get(&manifest, FTDN_KEY_DESCRIPTION)->node)
        manifest.description = get(&manifest, FTDN_KEY_DESCRIPTION)->node->string;
    FTDN_TRY(ftdn_manifest_resolve(manifest.root, arena, &manifest.resolved, err));
    *ret_manifest = manifest;
    return FTDN_OK;
}

ftdn_status ftdn_manifest_load(const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                               ftdn_manifest *ret_manifest, ftdn_error *err)
{
    char *text = NULL;
    size_t n_bytes = 0;
    FTDN_TRY(ftdn_file_load(path, FTDN_LARGEST_MANIFEST, arena, &text, &n_bytes, err));
    return ftdn_manifest_parse(text, n_bytes, path, arena, mistakes, ret_manifest, err);
}

/* One trial of a sweep. */
typedef struct trial_place {
    const ftdn_sweep *sweep;
    size_t combination;
    int seed; /* its number among those of the sweep */
} trial_place;

static trial_place find_trial(const ftdn_manifest *manifest, size_t index)
{
    assert(index < manifest->n_trials);
    const ftdn_sweep *sweep = manifest->sweep;
    while (index >= sweep->n_trials) index -= sweep++->n_trials;
    size_t n_seeds = ftdn_sweep_n_seeds(sweep);
    return (trial_place){sweep, index / n_seeds, (int)(index % n_seeds)};
}

void ftdn_manifest_get_settings(const ftdn_manifest *manifest, size_t index, ftdn_trial_settings *ret_settings)
{
    trial_place place = find_trial(manifest, index);
    ftdn_document trial;
    ftdn_sweep_get(place.sweep, place.combination, &trial);
    const ftdn_lookup lookup = lookup_in(manifest, &trial);
    ftdn_settings_make(&lookup, ret_settings);
    if (place.sweep->seeds.n) ret_settings->seed = ftdn_seeds_get(&place.sweep->seeds, place.seed);
}

uint64_t ftdn_manifest_get_seed(const ftdn_manifest *manifest, size_t index)
{
    trial_place place = find_trial(manifest, index);
    if (place.sweep->seeds.n) return ftdn_seeds_get(&place.sweep->seeds, place.seed);
    ftdn_document trial;
    ftdn_sweep_get(place.sweep, place.combination, &trial);
    const ftdn_lookup lookup = lookup_in(manifest, &trial);
    return (uint64_t)ftdn_value_number(ftdn_lookup_get(&lookup, FTDN_KEY_SEED));
}

ftdn_position ftdn_manifest_locate(const ftdn_manifest *manifest, size_t index, ftdn_key_id key, const char **ret_path)
{
    trial_place place = find_trial(manifest, index);
    ftdn_document document;
    ftdn_sweep_get(place.sweep, place.combination, &document);
    const ftdn_document *defaults = &manifest->defaults;
    ftdn_key_id given = key;
    while (!document.value[given].node && !defaults->value[given].node) given = ftdn_key_parent(given);
    const ftdn_json *node = document.value[given].node;
    if (!node) node = defaults->value[given].node;
    if (node->kind != FTDN_JSON_OBJECT) key = given; /* a scope for weights and maps together */
    *ret_path = ftdn_manifest_keys[key].path;
    return ftdn_position_of_value(node);
}

ftdn_status ftdn_manifest_blame(const ftdn_manifest *manifest, size_t index, ftdn_key_id key, ftdn_status status,
                                ftdn_error *err)
{
    if (status != FTDN_ERR_ARG && status != FTDN_ERR_BACKEND && status != FTDN_ERR_INPUT) return status;
    const char *path;
    ftdn_position position = ftdn_manifest_locate(manifest, index, key, &path);
    if (status == FTDN_ERR_ARG) status = FTDN_ERR_MANIFEST;
    if (err) err->status = status;
    ftdn_error_context(err, "%s:%d:%d: %s", position.file, position.line, position.column, path);
    return status;
}
