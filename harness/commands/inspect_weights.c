#include "harness/commands/inspect.h"

#include <inttypes.h>

#include "engine/tensor_file.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

static void append_shape(ftdn_text *text, const ftdn_named_tensor *tensor, const char *separator)
{
    for (int i = 0; i < tensor->n_dims; i++) ftdn_text_append(text, "%s%" PRId64, i ? separator : "", tensor->dims[i]);
}

static size_t count_elements(const ftdn_tensor_file *file)
{
    size_t n_elements = 0;
    for (int i = 0; i < file->n_tensors; i++) n_elements += file->tensor[i].n_elements;
    return n_elements;
}

/* digest: [n_tensors], each of FTDN_SHA256_HEX characters. */
static void write_table(const ftdn_tensor_file *file, char (*digest)[FTDN_SHA256_HEX], ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 5);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "tensor");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "shape");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "type");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "elements");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "SHA-256 of the float32 values");
    for (int i = 0; i < file->n_tensors; i++) {
        const ftdn_named_tensor *tensor = &file->tensor[i];
        ftdn_table_add_shown(&table, tensor->name);
        size_t start = table.chars.n_chars;
        append_shape(&table.chars, tensor, "x");
        if (tensor->n_dims == 0) ftdn_text_append(&table.chars, "scalar");
        ftdn_table_end_cell(&table, FTDN_CELL_TEXT, (int)(table.chars.n_chars - start));
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", tensor->dtype);
        ftdn_table_add_count(&table, tensor->n_elements);
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", digest[i]);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);

    ftdn_text_append(text, "\n%d tensors, ", file->n_tensors);
    ftdn_append_count(text, count_elements(file));
    ftdn_text_append(text, " elements, %s\n", file->format);
    for (int i = 0; i < file->n_metadata; i++) {
        ftdn_append_shown(text, file->metadata[i].key);
        ftdn_text_append(text, ": ");
        ftdn_append_shown(text, file->metadata[i].value);
        ftdn_text_append(text, "\n");
    }
}

static void write_json(const ftdn_tensor_file *file, char (*digest)[FTDN_SHA256_HEX], ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "file", file->path);
    ftdn_text_append(text, ",\"format\":\"%s\",\"elements\":%zu,\"metadata\":{", file->format, count_elements(file));
    for (int i = 0; i < file->n_metadata; i++) {
        ftdn_text_append(text, i ? "," : "");
        ftdn_append_json(text, file->metadata[i].key);
        ftdn_text_append(text, ":");
        ftdn_append_json(text, file->metadata[i].value);
    }
    ftdn_text_append(text, "},\"tensors\":[");
    for (int i = 0; i < file->n_tensors; i++) {
        const ftdn_named_tensor *tensor = &file->tensor[i];
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "name", tensor->name);
        ftdn_text_append(text, ",\"shape\":[");
        append_shape(text, tensor, ",");
        ftdn_text_append(text, "],\"type\":\"%s\",\"elements\":%zu,\"sha256\":\"%s\"}", tensor->dtype,
                         tensor->n_elements, digest[i]);
    }
    ftdn_text_append(text, "\n]}\n");
}

/* user: a bool, JSON is wanted. */
static ftdn_status inspect(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                           ftdn_error *err)
{
    const bool *wants_json = user;
    ftdn_tensor_file file;
    FTDN_TRY(ftdn_tensor_file_load(arguments->argument[0], arena, &file, err));
    char(*digest)[FTDN_SHA256_HEX] = ftdn_arena_alloc(arena, (size_t)file.n_tensors, sizeof *digest, err);
    if (!digest) return FTDN_ERR_MEMORY;
    for (int i = 0; i < file.n_tensors; i++) FTDN_TRY(ftdn_named_tensor_digest(&file.tensor[i], digest[i], err));
    if (*wants_json) write_json(&file, digest, text);
    else write_table(&file, digest, text);
    return FTDN_OK;
}

ftdn_status ftdn_inspect_weights(int argc, const char *const *argv, ftdn_error *err)
{
    bool wants_json = false;
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &wants_json, "an object instead of a table"),
    };
    const ftdn_command command = {
        .name = "ftdn inspect weights",
        .arguments = "FILE",
        .summary = "List the tensors of a weight file: names, shapes, types, digests.",
        .example = "ftdn inspect weights mobilenet-v1-ssd-mp-0_675.pth",
        .details =
            "FILE is safetensors or a PyTorch file (zip or legacy); no code in it is run. A digest is that of the\n"
            "values as float32 in row-major order, and thus the same in every format.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = 1,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, argv, inspect, &wants_json, err);
}
