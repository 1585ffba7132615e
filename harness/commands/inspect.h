/* inspect.h - what `ftdn inspect` can look into, one function each.
 *
 * argv[0] is the subject's name; each reads the rest of the line itself and prints its answer. */
#ifndef FTDN_HARNESS_COMMANDS_INSPECT_H
#define FTDN_HARNESS_COMMANDS_INSPECT_H

#include "base/status.h"

FTDN_NODISCARD ftdn_status ftdn_inspect_weights(int argc, const char *const *argv, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_inspect_graph(int argc, const char *const *argv, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_inspect_dataset(int argc, const char *const *argv, ftdn_error *err);

#endif
