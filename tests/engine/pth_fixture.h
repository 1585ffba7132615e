/* pth_fixture.h - hand-made PyTorch files, parsed from memory; a folder for each test: one file includes this once. */
#ifndef FTDN_TESTS_ENGINE_PTH_FIXTURE_H
#define FTDN_TESTS_ENGINE_PTH_FIXTURE_H

#include "engine/tensor_file.h"
#include "engine/tensor_formats.h"
#include "tests/engine/make_pth.h"
#include "tests/support/folder_per_test.h"

static const float six[6] = {1, 2, 3, 4, 5, 6};

/* float32 values 1 to 6 in storage '0', seen as x[2,3] */
static const pth_view plain_view = {"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}};

/* What was parsed last. */
static ftdn_tensor_file parsed;

static inline ftdn_status parse_zip(const ftdn_text *pickle, const void *bytes, size_t n_bytes)
{
    zip_maker zip = {0};
    zip_add(&zip, "net/data.pkl", pickle->chars, pickle->n_chars);
    zip_add(&zip, "net/byteorder", "little", 6);
    zip_add(&zip, "net/data/0", bytes, n_bytes);
    zip_finish(&zip);
    char *copy = ftdn_arena_copy_text(&arena, zip.file.chars, zip.file.n_chars, &err);
    ftdn_status status = ftdn_pth_zip_parse(copy, zip.file.n_chars, &arena, &parsed, &err);
    zip_done(&zip);
    return status;
}

static inline ftdn_status parse_legacy(const ftdn_text *pickle, const void *bytes, size_t n_bytes)
{
    ftdn_text file = {0};
    legacy_begin(&file);
    ftdn_text_append_bytes(&file, pickle->chars, pickle->n_chars);
    legacy_add_storage(&file, "0", n_bytes / sizeof(float), bytes, n_bytes);
    char *copy = ftdn_arena_copy_text(&arena, file.chars, file.n_chars, &err);
    ftdn_status status = ftdn_pth_legacy_parse(copy, file.n_chars, &arena, &parsed, &err);
    ftdn_text_done(&file);
    return status;
}

#endif
