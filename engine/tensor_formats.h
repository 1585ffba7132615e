/* tensor_formats.h - the readers behind ftdn_tensor_file_load, one per format.
 *
 * Each gets the whole file in memory and fills `format`, the tensors and the metadata; tensors
 * borrow from the bytes where these are aligned row-major float32 already. The bytes must live as
 * long as the arena. On failure *ret_file is untouched; messages name the place inside the file,
 * the caller adds the path. */
#ifndef FTDN_ENGINE_TENSOR_FORMATS_H
#define FTDN_ENGINE_TENSOR_FORMATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/tensor_file.h"

FTDN_NODISCARD ftdn_status ftdn_safetensors_parse(const char *bytes, size_t n_bytes, ftdn_arena *arena,
                                                  ftdn_tensor_file *ret_file, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_pth_zip_parse(const char *bytes, size_t n_bytes, ftdn_arena *arena,
                                              ftdn_tensor_file *ret_file, ftdn_error *err);

/* Moves storages inside `bytes` by up to 3 bytes to align them. */
FTDN_NODISCARD ftdn_status ftdn_pth_legacy_parse(char *bytes, size_t n_bytes, ftdn_arena *arena,
                                                 ftdn_tensor_file *ret_file, ftdn_error *err);

/* The product of the dimensions (1 for a scalar), or false where one is negative or it overflows. */
bool ftdn_dims_elements(const int64_t *dims, int n_dims, size_t *ret_n_elements);

/* Is the name not empty, well-formed UTF-8 and without control characters? Other names are refused
 * before they stand in any message. */
bool ftdn_tensor_name_is_valid(const char *name);

/* "[8,3,3,3]" into text[n_chars], cut where it does not fit. Returns text. */
char *ftdn_dims_text(const int64_t *dims, int n_dims, char *text, size_t n_chars);

#define FTDN_DIMS_CHARS (FTDN_TENSOR_MAX_DIMS * 21 + 3) /* room for the text of any dimensions */

#endif
