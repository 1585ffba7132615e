/* manifest_extends.h - manifests that complete other manifests: `extends`, and several documents made one.
 *
 * The files that `extends` names are merged in their order, and the file that names them over them: objects member by
 * member, anything else whole, and so is a sweep. Every node keeps the place where it stands, so that a mistake names
 * its own file. */
#ifndef FTDN_HARNESS_MANIFEST_MANIFEST_EXTENDS_H
#define FTDN_HARNESS_MANIFEST_MANIFEST_EXTENDS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/manifest/mistakes.h"

#define FTDN_LARGEST_MANIFEST ((size_t)64 << 20) /* bytes */
#define FTDN_DEEPEST_EXTENDS 16                  /* files in a chain */

/* The document `root`, parsed from the file `path`, with all that it extends; it has no `extends` any more. Mistakes
 * are added where `extends` stands: a file that cannot be read, a cycle, a chain that is too long. A file that is no
 * JSON is FTDN_ERR_MANIFEST, its place in err. */
FTDN_NODISCARD ftdn_status ftdn_manifest_extend(const ftdn_json *root, const char *path, ftdn_arena *arena,
                                                ftdn_mistakes *mistakes, const ftdn_json **ret_root, ftdn_error *err);

/* Parse the text of a manifest; what is no JSON is FTDN_ERR_MANIFEST. */
FTDN_NODISCARD ftdn_status ftdn_manifest_parse_json(const char *text, size_t n_bytes, const char *path,
                                                    ftdn_arena *arena, const ftdn_json **ret_root, ftdn_error *err);

#endif
