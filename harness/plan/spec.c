#include "harness/plan/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_members.h"

static void write_range(ftdn_text *text, const char *key, double low, double high)
{
    ftdn_json_put_key(text, key);
    ftdn_text_append(text, "[");
    ftdn_text_append_json_number(text, low);
    ftdn_text_append(text, ",");
    ftdn_text_append_json_number(text, high);
    ftdn_text_append(text, "]");
}

static void write_globs(ftdn_text *text, const ftdn_scope_settings *scope)
{
    ftdn_text_append(text, "[");
    for (int i = 0; i < scope->n_globs; i++) {
        if (i > 0) ftdn_text_append(text, ",");
        ftdn_text_append_json_string(text, scope->glob[i]);
    }
    ftdn_text_append(text, "]");
}

static void write_scope(ftdn_text *text, const char *key, const ftdn_scope_settings *scope)
{
    ftdn_json_put_key(text, key);
    if (scope->name) ftdn_text_append_json_string(text, scope->name);
    else write_globs(text, scope);
}

/* The images that a ranking or a clip reads; "measured" those at their head. */
static void write_calibration(ftdn_text *text, const ftdn_trial_settings *settings, const ftdn_trial_facts *facts)
{
    ftdn_json_begin_object(text, "calibration");
    ftdn_json_put_string(text, "digest", facts->calibration_digest);
    int n_images = facts->n_calibration_images, n_read = n_images;
    if (ftdn_settings_measure(&settings->protection)) n_read = ftdn_settings_measured_images(settings, n_images);
    ftdn_json_put_integer(text, "n_images", (uint64_t)n_images);
    if (n_read < n_images) ftdn_json_put_integer(text, "n_read", (uint64_t)n_read);
    ftdn_json_end_object(text);
}

/* What the method has, and nothing else. */
static void write_protection(ftdn_text *text, const ftdn_trial_settings *settings, const ftdn_trial_facts *facts)
{
    const ftdn_protection_settings *protection = &settings->protection;
    ftdn_json_begin_object(text, "protection");
    if (protection->allocation) ftdn_json_put_string(text, "allocation", protection->allocation);
    if (ftdn_settings_need_calibration(protection)) write_calibration(text, settings, facts);
    if (protection->combine) ftdn_json_put_string(text, "combine", protection->combine);
    if (protection->direction) ftdn_json_put_string(text, "direction", protection->direction);
    if (protection->merge) ftdn_json_put_string(text, "merge", protection->merge);
    if (protection->merge_point) ftdn_json_put_string(text, "merge_point", protection->merge_point);
    ftdn_json_put_string(text, "method", protection->method);
    if (protection->ranking) ftdn_json_put_string(text, "ranking", protection->ranking);
    if (!isnan(protection->ratio)) ftdn_json_put_number(text, "ratio", protection->ratio);
    ftdn_json_end_object(text);
}

/* All but the seed; answers the number of characters before it. Keys in alphabetical order, in every object. What says
 * more about a fault type stands only where the type has it, a count of faults only where it takes a rate's place. */
static size_t write_cell(ftdn_text *text, const ftdn_trial_settings *settings, const ftdn_trial_facts *facts)
{
    const ftdn_fault_settings *faults = &settings->faults;
    ftdn_text_append(text, "{");
    ftdn_json_begin_object(text, "dataset");
    ftdn_json_put_string(text, "digest", facts->dataset_digest);
    ftdn_json_put_integer(text, "n_images", (uint64_t)facts->n_images);
    ftdn_json_end_object(text);
    ftdn_json_begin_object(text, "engine");
    ftdn_json_put_string(text, "arithmetic", facts->arithmetic);
    ftdn_json_put_string(text, "backend", settings->engine.backend);
    ftdn_json_put_string(text, "convolution", settings->engine.convolution);
    ftdn_json_put_integer(text, "micro_batch", (uint64_t)facts->micro_batch);
    ftdn_json_end_object(text);
    ftdn_json_begin_object(text, "evaluate");
    ftdn_json_put_integer(text, "candidates", (uint64_t)settings->evaluate.candidates);
    ftdn_json_put_number(text, "iou", settings->evaluate.iou);
    ftdn_json_put_number(text, "nms_iou", settings->evaluate.nms_iou);
    ftdn_json_put_number(text, "score_threshold", settings->evaluate.score_threshold);
    ftdn_json_end_object(text);
    ftdn_json_begin_object(text, "faults");
    if (faults->bit >= 0) ftdn_json_put_integer(text, "bit", (uint64_t)faults->bit);
    if (faults->bits) ftdn_json_put_string(text, "bits", faults->bits);
    ftdn_json_put_string(text, "copies", faults->copies);
    if (faults->feature_map_count > 0)
        ftdn_json_put_integer(text, "feature_map_count", (uint64_t)faults->feature_map_count);
    ftdn_json_put_string(text, "feature_map_point", faults->feature_map_point);
    ftdn_json_put_number(text, "feature_map_rate", faults->feature_map_rate);
    write_scope(text, "feature_map_scope", &faults->feature_map_scope);
    if (faults->has_range) write_range(text, "range", (double)faults->low, (double)faults->high);
    ftdn_json_put_string(text, "redraw", faults->redraw);
    ftdn_json_put_string(text, "type", faults->type);
    if (faults->weight_count > 0) ftdn_json_put_integer(text, "weight_count", (uint64_t)faults->weight_count);
    ftdn_json_put_number(text, "weight_rate", faults->weight_rate);
    write_scope(text, "weight_scope", &faults->weight_scope);
    ftdn_json_end_object(text);
    ftdn_json_begin_object(text, "model");
    ftdn_json_put_integer(text, "n_classes", (uint64_t)settings->model.n_classes);
    ftdn_json_put_string(text, "name", settings->model.name);
    ftdn_json_put_string(text, "weights", facts->weights_digest);
    ftdn_json_put_number(text, "width", facts->width);
    ftdn_json_end_object(text);
    write_protection(text, settings, facts);
    size_t n_head = text->n_chars;
    ftdn_json_put_integer(text, "semantics", FTDN_SEMANTICS);
    ftdn_json_end_object(text);
    return n_head;
}

ftdn_status ftdn_cell_spec_make(const ftdn_trial_settings *settings, const ftdn_trial_facts *facts, ftdn_sha256 *hash,
                                ftdn_arena *arena, ftdn_cell_spec *ret_cell, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_cell_spec cell = {.n_head = write_cell(&text, settings, facts)};
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) {
        ftdn_sha256_add(hash, text.chars, text.n_chars);
        ftdn_sha256_finish(hash, cell.digest);
        cell.head = ftdn_arena_copy_text(arena, text.chars, text.n_chars, err);
        if (!cell.head) status = FTDN_ERR_MEMORY;
    }
    if (status == FTDN_OK) {
        cell.tail = cell.head + cell.n_head;
        cell.n_tail = text.n_chars - cell.n_head;
        *ret_cell = cell;
    }
    ftdn_text_done(&text);
    return status;
}

#define SEED_CHARS 40

static int write_seed(char member[SEED_CHARS], uint64_t seed)
{
    return snprintf(member, SEED_CHARS, ",\"seed\":%" PRIu64, seed);
}

ftdn_trial_spec ftdn_cell_spec_with_seed(const ftdn_cell_spec *cell, uint64_t seed, ftdn_sha256 *hash)
{
    char member[SEED_CHARS];
    ftdn_trial_spec spec = {.cell = cell, .seed = seed};
    ftdn_sha256_add(hash, cell->head, cell->n_head);
    ftdn_sha256_add(hash, member, (size_t)write_seed(member, seed));
    ftdn_sha256_add(hash, cell->tail, cell->n_tail);
    ftdn_sha256_finish(hash, spec.id);
    return spec;
}

void ftdn_trial_spec_write(const ftdn_trial_spec *spec, ftdn_text *text)
{
    char member[SEED_CHARS];
    ftdn_text_append_bytes(text, spec->cell->head, spec->cell->n_head);
    ftdn_text_append_bytes(text, member, (size_t)write_seed(member, spec->seed));
    ftdn_text_append_bytes(text, spec->cell->tail, spec->cell->n_tail);
}

const char *ftdn_trial_spec_text(const ftdn_trial_spec *spec, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_trial_spec_write(spec, &text);
    return ftdn_text_keep(&text, arena, err);
}

const char *ftdn_scope_text(const ftdn_scope_settings *scope, ftdn_arena *arena, ftdn_error *err)
{
    if (scope->name) return scope->name;
    ftdn_text text;
    ftdn_text_init(&text);
    write_globs(&text, scope);
    return ftdn_text_keep(&text, arena, err);
}
