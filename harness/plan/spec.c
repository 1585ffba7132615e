#include "harness/plan/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Append a literal text; printf would take most of the time of a plan. */
static void write_literal(ftdn_text *text, const char *literal)
{
    ftdn_text_append_bytes(text, literal, strlen(literal));
}

/* Append `"key":`, behind a comma where the object has a member already. */
static void write_key(ftdn_text *text, const char *key)
{
    char last = text->n_chars ? text->chars[text->n_chars - 1] : '{';
    write_literal(text, last == '{' ? "\"" : ",\"");
    write_literal(text, key);
    write_literal(text, "\":");
}

static void write_string(ftdn_text *text, const char *key, const char *string)
{
    write_key(text, key);
    ftdn_text_append_json_string(text, string);
}

static void write_number(ftdn_text *text, const char *key, double number)
{
    write_key(text, key);
    ftdn_text_append_json_number(text, number);
}

static void write_integer(ftdn_text *text, const char *key, uint64_t integer)
{
    write_key(text, key);
    ftdn_text_append(text, "%" PRIu64, integer);
}

static void write_range(ftdn_text *text, const char *key, double low, double high)
{
    write_key(text, key);
    write_literal(text, "[");
    ftdn_text_append_json_number(text, low);
    write_literal(text, ",");
    ftdn_text_append_json_number(text, high);
    write_literal(text, "]");
}

static void begin_object(ftdn_text *text, const char *key)
{
    write_key(text, key);
    write_literal(text, "{");
}

static void end_object(ftdn_text *text)
{
    write_literal(text, "}");
}

static void write_globs(ftdn_text *text, const ftdn_scope_settings *scope)
{
    write_literal(text, "[");
    for (int i = 0; i < scope->n_globs; i++) {
        if (i > 0) write_literal(text, ",");
        ftdn_text_append_json_string(text, scope->glob[i]);
    }
    write_literal(text, "]");
}

static void write_scope(ftdn_text *text, const char *key, const ftdn_scope_settings *scope)
{
    write_key(text, key);
    if (scope->name) ftdn_text_append_json_string(text, scope->name);
    else write_globs(text, scope);
}

/* The images that a ranking or a clip reads; "measured" those at their head. */
static void write_calibration(ftdn_text *text, const ftdn_trial_settings *settings, const ftdn_trial_facts *facts)
{
    begin_object(text, "calibration");
    write_string(text, "digest", facts->calibration_digest);
    int n_images = facts->n_calibration_images, n_measured = settings->n_measured_images;
    if (!ftdn_settings_measure(&settings->protection)) n_measured = n_images;
    write_integer(text, "n_images", (uint64_t)n_images);
    if (n_measured < n_images) write_integer(text, "n_read", (uint64_t)n_measured);
    end_object(text);
}

/* What the method has, and nothing else. */
static void write_protection(ftdn_text *text, const ftdn_trial_settings *settings, const ftdn_trial_facts *facts)
{
    const ftdn_protection_settings *protection = &settings->protection;
    begin_object(text, "protection");
    if (protection->allocation) write_string(text, "allocation", protection->allocation);
    if (ftdn_settings_need_calibration(protection)) write_calibration(text, settings, facts);
    if (protection->combine) write_string(text, "combine", protection->combine);
    if (protection->direction) write_string(text, "direction", protection->direction);
    if (protection->merge) write_string(text, "merge", protection->merge);
    if (protection->merge_point) write_string(text, "merge_point", protection->merge_point);
    write_string(text, "method", protection->method);
    if (protection->ranking) write_string(text, "ranking", protection->ranking);
    if (!isnan(protection->ratio)) write_number(text, "ratio", protection->ratio);
    end_object(text);
}

/* All but the seed; answers the number of characters before it. Keys in alphabetical order, in every object. What says
 * more about a fault type stands only where the type has it, a count of faults only where it takes a rate's place. */
static size_t write_cell(ftdn_text *text, const ftdn_trial_settings *settings, const ftdn_trial_facts *facts)
{
    const ftdn_fault_settings *faults = &settings->faults;
    write_literal(text, "{");
    begin_object(text, "dataset");
    write_string(text, "digest", facts->dataset_digest);
    write_integer(text, "n_images", (uint64_t)facts->n_images);
    end_object(text);
    begin_object(text, "engine");
    write_string(text, "arithmetic", facts->arithmetic);
    write_string(text, "backend", settings->engine.backend);
    write_string(text, "convolution", settings->engine.convolution);
    write_integer(text, "micro_batch", (uint64_t)facts->micro_batch);
    end_object(text);
    begin_object(text, "evaluate");
    write_integer(text, "candidates", (uint64_t)settings->evaluate.candidates);
    write_number(text, "iou", settings->evaluate.iou);
    write_number(text, "nms_iou", settings->evaluate.nms_iou);
    write_number(text, "score_threshold", settings->evaluate.score_threshold);
    end_object(text);
    begin_object(text, "faults");
    if (faults->bit >= 0) write_integer(text, "bit", (uint64_t)faults->bit);
    if (faults->bits) write_string(text, "bits", faults->bits);
    write_string(text, "copies", faults->copies);
    if (faults->feature_map_count > 0) write_integer(text, "feature_map_count", (uint64_t)faults->feature_map_count);
    write_string(text, "feature_map_point", faults->feature_map_point);
    write_number(text, "feature_map_rate", faults->feature_map_rate);
    write_scope(text, "feature_map_scope", &faults->feature_map_scope);
    if (faults->has_range) write_range(text, "range", (double)faults->low, (double)faults->high);
    write_string(text, "redraw", faults->redraw);
    write_string(text, "type", faults->type);
    if (faults->weight_count > 0) write_integer(text, "weight_count", (uint64_t)faults->weight_count);
    write_number(text, "weight_rate", faults->weight_rate);
    write_scope(text, "weight_scope", &faults->weight_scope);
    end_object(text);
    begin_object(text, "model");
    write_integer(text, "n_classes", (uint64_t)settings->model.n_classes);
    write_string(text, "name", settings->model.name);
    write_string(text, "weights", facts->weights_digest);
    write_number(text, "width", facts->width);
    end_object(text);
    write_protection(text, settings, facts);
    size_t n_head = text->n_chars;
    write_integer(text, "semantics", FTDN_SEMANTICS);
    end_object(text);
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
        ftdn_sha256_finish(hash, cell.cell);
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

ftdn_status ftdn_cell_spec_with_seed(const ftdn_cell_spec *cell, uint64_t seed, ftdn_sha256 *hash, ftdn_arena *arena,
                                     ftdn_trial_spec *ret_spec, ftdn_error *err)
{
    char member[40];
    size_t n_member = (size_t)snprintf(member, sizeof member, ",\"seed\":%" PRIu64, seed);
    size_t n_chars = cell->n_head + n_member + cell->n_tail;
    char *text = ftdn_arena_alloc(arena, n_chars + 1, 1, err);
    if (!text) return FTDN_ERR_MEMORY;
    memcpy(text, cell->head, cell->n_head);
    memcpy(text + cell->n_head, member, n_member);
    memcpy(text + cell->n_head + n_member, cell->tail, cell->n_tail);
    ftdn_trial_spec spec = {.text = text};
    memcpy(spec.cell, cell->cell, sizeof spec.cell);
    ftdn_sha256_add(hash, text, n_chars);
    ftdn_sha256_finish(hash, spec.id);
    *ret_spec = spec;
    return FTDN_OK;
}

ftdn_status ftdn_trial_spec_make(const ftdn_trial_settings *settings, const ftdn_trial_facts *facts, ftdn_arena *arena,
                                 ftdn_trial_spec *ret_spec, ftdn_error *err)
{
    ftdn_sha256 *hash;
    ftdn_cell_spec cell;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_status status = ftdn_cell_spec_make(settings, facts, hash, arena, &cell, err);
    if (status == FTDN_OK) status = ftdn_cell_spec_with_seed(&cell, settings->seed, hash, arena, ret_spec, err);
    ftdn_sha256_free(hash);
    return status;
}

const char *ftdn_scope_text(const ftdn_scope_settings *scope, ftdn_arena *arena, ftdn_error *err)
{
    if (scope->name) return scope->name;
    ftdn_text text;
    ftdn_text_init(&text);
    write_globs(&text, scope);
    const char *copy = NULL;
    if (ftdn_text_check(&text, err) == FTDN_OK) copy = ftdn_arena_copy_text(arena, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return copy;
}
