#include "harness/training/training_spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

static void write_key(ftdn_text *text, const char *key)
{
    char last = text->n_chars ? text->chars[text->n_chars - 1] : '{';
    ftdn_text_append(text, "%s\"%s\":", last == '{' ? "" : ",", key);
}

static void begin_object(ftdn_text *text, const char *key)
{
    write_key(text, key);
    ftdn_text_append(text, "{");
}

static void end_object(ftdn_text *text)
{
    ftdn_text_append(text, "}");
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

static void write_flag(ftdn_text *text, const char *key, bool flag)
{
    write_key(text, key);
    ftdn_text_append(text, flag ? "true" : "false");
}

static void write_augmentation(ftdn_text *text, const ftdn_augment_desc *augmentation)
{
    begin_object(text, "augmentation");
    write_flag(text, "crop", augmentation->crop);
    write_number(text, "expand", augmentation->expand);
    if (augmentation->expand > 0) write_number(text, "max_expand", augmentation->max_expand);
    write_flag(text, "mirror", augmentation->mirror);
    write_number(text, "photometric", augmentation->photometric);
    end_object(text);
}

static void write_model(ftdn_text *text, const ftdn_training_state *state)
{
    const ftdn_network *network = &state->model.network;
    begin_object(text, "model");
    write_integer(text, "classes", (uint64_t)network->n_classes);
    write_string(text, "name", network->name);
    write_number(text, "width", network->width);
    end_object(text);
}

static void write_training(ftdn_text *text, const ftdn_training_manifest *manifest)
{
    const ftdn_optimizer_desc *optimizer = &manifest->optimizer;
    bool is_sgd = optimizer->kind == FTDN_OPTIMIZER_SGD;
    begin_object(text, "training");
    write_number(text, "average", manifest->average);
    write_integer(text, "batch", (uint64_t)manifest->batch);
    if (manifest->batch_norms) write_flag(text, "batch_norms", true);
    write_number(text, "final_fraction", manifest->learning_rate.final_fraction);
    write_number(text, "learning_rate", manifest->learning_rate.peak);
    write_number(text, "max_gradient_norm", optimizer->max_gradient_norm);
    if (is_sgd) write_number(text, "momentum", optimizer->momentum);
    write_string(text, "optimizer", is_sgd ? "sgd" : "adam");
    write_integer(text, "seed", manifest->seed);
    write_integer(text, "steps", (uint64_t)manifest->n_steps);
    write_integer(text, "warmup_steps", (uint64_t)manifest->learning_rate.warmup_steps);
    write_number(text, "weight_decay", optimizer->weight_decay);
    end_object(text);
}

ftdn_status ftdn_training_spec_make(const ftdn_training_manifest *manifest, const ftdn_training_state *state,
                                    const ftdn_dataset *dataset, const char *arithmetic, ftdn_arena *arena,
                                    ftdn_training_spec *ret_spec, ftdn_error *err)
{
    ftdn_training_spec spec = {0};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{");
    write_augmentation(&text, &manifest->augmentation);
    begin_object(&text, "dataset");
    write_string(&text, "digest", dataset->digest);
    write_integer(&text, "images", (uint64_t)dataset->n_images);
    end_object(&text);
    begin_object(&text, "engine");
    write_string(&text, "arithmetic", arithmetic);
    write_string(&text, "backend", manifest->validation.engine.backend);
    end_object(&text);
    write_model(&text, state);
    write_integer(&text, "semantics", FTDN_TRAINING_SEMANTICS);
    write_training(&text, manifest);
    begin_object(&text, "weights");
    write_string(&text, "initial", state->model.weights_digest);
    end_object(&text);
    end_object(&text);
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = ftdn_sha256_of(text.chars, text.n_chars, spec.id, err);
    if (status == FTDN_OK && !(spec.text = ftdn_arena_copy_text(arena, text.chars, text.n_chars, err)))
        status = FTDN_ERR_MEMORY;
    ftdn_text_done(&text);
    if (status == FTDN_OK) *ret_spec = spec;
    return status;
}

/* The value of a member, "absent" where there is none. */
static void write_value(ftdn_text *text, const ftdn_json *node)
{
    if (node) ftdn_json_write(text, node, true);
    else ftdn_text_append(text, "absent");
}

static bool are_equal(const ftdn_json *a, const ftdn_json *b)
{
    ftdn_text left, right;
    ftdn_text_init(&left);
    ftdn_text_init(&right);
    write_value(&left, a);
    write_value(&right, b);
    bool equal = !left.failed && !right.failed && strcmp(left.chars, right.chars) == 0;
    ftdn_text_done(&left);
    ftdn_text_done(&right);
    return equal;
}

/* Append the first difference of two objects, of which `a` decides what is looked at; does nothing where there is one
 * already. */
static void append_difference(const ftdn_json *a, const ftdn_json *b, bool is_swapped, const char *path,
                              ftdn_text *text)
{
    for (int i = 0; i < a->n_children && text->n_chars == 0; i++) {
        const ftdn_json *mine = a->child[i], *other = ftdn_json_find(b, mine->key);
        char inner[256];
        snprintf(inner, sizeof inner, "%s%s%s", path, path[0] ? "." : "", mine->key);
        if (other && mine->kind == FTDN_JSON_OBJECT && other->kind == FTDN_JSON_OBJECT) {
            append_difference(mine, other, is_swapped, inner, text);
        } else if (!are_equal(mine, other)) {
            ftdn_text_append(text, "%s is ", inner);
            write_value(text, is_swapped ? other : mine);
            ftdn_text_append(text, " there and ");
            write_value(text, is_swapped ? mine : other);
            ftdn_text_append(text, " here");
        }
    }
}

ftdn_status ftdn_training_spec_compare(const char *there, const char *here, ftdn_arena *arena,
                                       const char **ret_difference, ftdn_error *err)
{
    const ftdn_json *a = NULL, *b = NULL;
    FTDN_TRY(ftdn_json_parse(there, strlen(there), "spec", arena, &a, err));
    FTDN_TRY(ftdn_json_parse(here, strlen(here), "spec", arena, &b, err));
    ftdn_text text;
    ftdn_text_init(&text);
    append_difference(a, b, false, "", &text);
    append_difference(b, a, true, "", &text);
    ftdn_status status = FTDN_OK;
    if (text.failed ||
        !(*ret_difference = ftdn_arena_copy_text(arena, text.chars ? text.chars : "", text.n_chars, err)))
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for the difference of two trainings");
    ftdn_text_done(&text);
    return status;
}
