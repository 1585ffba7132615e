/* experiments_folder.h - where the manifests that come with the program lie. */
#ifndef FTDN_HARNESS_FIGURES_EXPERIMENTS_FOLDER_H
#define FTDN_HARNESS_FIGURES_EXPERIMENTS_FOLDER_H

#include "base/arena.h"
#include "base/status.h"

/* The path of SIZE/NAME.json: below $FTDN_EXPERIMENTS where that is set; else below `experiments` or
 * `share/ft-deepnets/experiments` in the program's folder or one of the three above it, so that a program finds them
 * where it was built and where it is installed, whatever the current folder. Lives in the arena. FTDN_ERR_INPUT: it is
 * not there. */
FTDN_NODISCARD ftdn_status ftdn_experiment_find(const char *size, const char *name, ftdn_arena *arena,
                                                const char **ret_path, ftdn_error *err);

#endif
