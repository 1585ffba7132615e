#include "harness/terminal/command.h"

#include <string.h>

#include "engine/tensor_file.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

#define SUFFIX ".safetensors"

static bool ends_in(const char *text, const char *suffix)
{
    size_t n_text = strlen(text), n_suffix = strlen(suffix);
    return n_text > n_suffix && strcmp(text + n_text - n_suffix, suffix) == 0;
}

/* "wrote OUT: 5 tensors, 1,234 elements", and how many were no F32 before. */
static void write_answer(const ftdn_tensor_file *file, const char *path, ftdn_text *text)
{
    size_t n_elements = 0;
    int n_converted = 0;
    for (int i = 0; i < file->n_tensors; i++) {
        n_elements += file->tensor[i].n_elements;
        n_converted += strcmp(file->tensor[i].dtype, "F32") != 0;
    }
    ftdn_text_append(text, "wrote %s: %d tensors, ", path, file->n_tensors);
    ftdn_append_count(text, n_elements);
    ftdn_text_append(text, " elements, from %s", file->format);
    if (n_converted > 0) ftdn_text_append(text, "; %d tensors of other types became F32", n_converted);
    ftdn_text_append(text, "\n");
}

static ftdn_status convert(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                           ftdn_error *err)
{
    (void)user;
    const char *in = arguments->argument[0], *out = arguments->argument[1];
    if (!ends_in(out, SUFFIX)) return FTDN_FAIL(err, FTDN_ERR_ARG, "the output '%s' must end in " SUFFIX, out);
    ftdn_tensor_file file;
    FTDN_TRY(ftdn_tensor_file_load(in, arena, &file, err));
    FTDN_TRY(ftdn_safetensors_write(out, &file, NULL, err));
    write_answer(&file, out, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_convert(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    const ftdn_command command = {
        .name = "ftdn convert",
        .arguments = "IN OUT.safetensors",
        .summary = "Write all tensors of a weight file as float32 safetensors.",
        .example = "ftdn convert mobilenet-v1-ssd-mp-0_675.pth mobilenet.safetensors",
        .details = "IN is a PyTorch file (zip or legacy) or safetensors; no code in it is run. An OUT that exists is "
                   "replaced\nonce the new one is complete.",
        .min_arguments = 2,
        .max_arguments = 2,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, convert, NULL, err);
}
