/* picture_find.h - the file of a picture, which may have another suffix than the one that is expected. */
#ifndef FTDN_DATASETS_PICTURE_FIND_H
#define FTDN_DATASETS_PICTURE_FIND_H

#include "base/arena.h"
#include "base/status.h"

/* The file `stem` + "." + a suffix of pictures, the first that exists of jpg, jpeg, png, tif, tiff and the same in
 * capitals; *ret_path is NULL where there is none. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_picture_find(const char *stem, ftdn_arena *arena, const char **ret_path,
                                             ftdn_error *err);

#endif
