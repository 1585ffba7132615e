/* manifest_resolved.h - a manifest that stands for itself: absolute paths, no variables, no other files. */
#ifndef FTDN_HARNESS_MANIFEST_MANIFEST_RESOLVED_H
#define FTDN_HARNESS_MANIFEST_MANIFEST_RESOLVED_H

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"

/* The document of a manifest without mistakes (ftdn_manifest.root), with absolute paths and without `$schema`; its
 * members are sorted. What needs no change is borrowed. */
FTDN_NODISCARD ftdn_status ftdn_manifest_resolve(const ftdn_json *root, ftdn_arena *arena, const ftdn_json **ret_root,
                                                 ftdn_error *err);

#endif
