/* own_manifest.h - the sweep of a figure or table of the paper over a network and images of one's own. */
#ifndef FTDN_HARNESS_FIGURES_OWN_MANIFEST_H
#define FTDN_HARNESS_FIGURES_OWN_MANIFEST_H

#include "base/arena.h"
#include "base/status.h"

/* "fig6a-mine" of the figure fig6a and the manifest data/mine.json, with "_" for what may stand in no name. */
FTDN_NODISCARD ftdn_status ftdn_own_name(const char *figure, const char *manifest, ftdn_arena *arena,
                                         const char **ret_name, ftdn_error *err);

/* Write figures/NAME.json, which extends the user's manifest and the sweep of the figure, and can be planned, run and
 * replayed as any other. Its path lives in the arena. FTDN_ERR_INPUT: there is no such manifest. */
FTDN_NODISCARD ftdn_status ftdn_own_manifest_write(const char *figure, const char *manifest, ftdn_arena *arena,
                                                   const char **ret_path, ftdn_error *err);

#endif
