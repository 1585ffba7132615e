/* folder.h - whole folders: removed with all they hold. */
#ifndef FTDN_BASE_FOLDER_H
#define FTDN_BASE_FOLDER_H

#include "base/status.h"

/* Remove a folder with all that is in it; one that does not exist is fine. Symbolic links are removed, never followed.
 * FTDN_ERR_INPUT names the folder and the first entry that stays; no folder. */
FTDN_NODISCARD ftdn_status ftdn_folder_remove(const char *path, ftdn_error *err);

#endif
