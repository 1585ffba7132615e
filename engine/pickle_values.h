/* pickle_values.h - what PyTorch's names in a pickle stand for: storages, tensors, parameters, sizes. */
#ifndef FTDN_ENGINE_PICKLE_VALUES_H
#define FTDN_ENGINE_PICKLE_VALUES_H

#include <stdbool.h>

#include "engine/pickle.h"

bool ftdn_pickle_bytes_equal(ftdn_pickle_bytes bytes, const char *text);

/* FTDN_ERR_INPUT "WHAT is a list, not a tuple" where the value is of another kind. */
FTDN_NODISCARD ftdn_status ftdn_pickle_require_kind(const ftdn_pickle_value *value, ftdn_pickle_kind kind,
                                                    const char *what, ftdn_error *err);

/* A storage from its persistent id; it is added to the pickle's list. */
FTDN_NODISCARD ftdn_status ftdn_pickle_make_storage(ftdn_pickle *pickle, const ftdn_pickle_value *id, ftdn_arena *arena,
                                                    ftdn_pickle_value *ret_value, ftdn_error *err);

/* The value that a name (any but ORDERED_DICT) makes of its arguments. */
FTDN_NODISCARD ftdn_status ftdn_pickle_make_value(ftdn_pickle_name name, const ftdn_pickle_items *args,
                                                  ftdn_arena *arena, ftdn_pickle_value *ret_value, ftdn_error *err);

#endif
