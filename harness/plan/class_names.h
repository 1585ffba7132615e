/* class_names.h - lists of class names: those that a weight file says it was trained for, and are two the same? */
#ifndef FTDN_HARNESS_PLAN_CLASS_NAMES_H
#define FTDN_HARNESS_PLAN_CLASS_NAMES_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/tensor_file.h"

/* The key of a weight file's metadata that holds its classes. */
#define FTDN_CLASSES_METADATA "classes"

typedef struct ftdn_class_names {
    const char *owner; /* for messages: "weights.safetensors" */
    int n;             /* 0: none are known */
    const char *const *name;
} ftdn_class_names;

/* A JSON list of names, or names between commas; a first name "background" does not count. Lives in the arena, but for
 * the owner, which is borrowed. FTDN_ERR_ARG, or for broken JSON FTDN_ERR_INPUT: no list of different names. */
FTDN_NODISCARD ftdn_status ftdn_class_names_parse(const char *text, const char *owner, ftdn_arena *arena,
                                                  ftdn_class_names *ret_names, ftdn_error *err);

/* The names that the file's metadata hold; none where they say nothing. FTDN_ERR_INPUT: no list of different names. */
FTDN_NODISCARD ftdn_status ftdn_class_names_read(const ftdn_tensor_file *file, ftdn_arena *arena,
                                                 ftdn_class_names *ret_names, ftdn_error *err);

/* FTDN_ERR_ARG where two known lists differ, in their names or their order; the message has both. */
FTDN_NODISCARD ftdn_status ftdn_class_names_check(const ftdn_class_names *a, const ftdn_class_names *b,
                                                  ftdn_error *err);

#endif
