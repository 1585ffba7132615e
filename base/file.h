/* file.h - whole files: read at once, written all or nothing; and paths. */
#ifndef FTDN_BASE_FILE_H
#define FTDN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

/* Read a regular file of at most max_bytes into the arena, a 0 behind it (not counted).
 * FTDN_ERR_INPUT names the path: missing, no regular file, unreadable, too large, shrunk meanwhile. */
FTDN_NODISCARD ftdn_status ftdn_file_load(const char *path, size_t max_bytes, ftdn_arena *arena, char **ret_bytes,
                                          size_t *ret_n_bytes, ftdn_error *err);

/* Open a regular file of at most max_bytes to read; the caller closes it. *ret_n_bytes: its size now. FTDN_ERR_INPUT as
 * above. */
FTDN_NODISCARD ftdn_status ftdn_file_open(const char *path, size_t max_bytes, int *ret_fd, size_t *ret_n_bytes,
                                          ftdn_error *err);

/* Write a file all or nothing: a temporary beside it, fsync, rename over it, fsync of the folder.
 * On failure (FTDN_ERR_INPUT) the former file stands as it was and no temporary is left; only where the
 * sync of the folder fails is the new file in its place already, and the message says so. */
FTDN_NODISCARD ftdn_status ftdn_file_write_atomic(const char *path, const void *bytes, size_t n_bytes, ftdn_error *err);

/* The failure of a write to a stream or a descriptor, by errno: FTDN_ERR_PIPE where its reader has left, else
 * FTDN_ERR_INPUT: "standard output: No space left on device". */
ftdn_status ftdn_file_fail_write(const char *name, ftdn_error *err);

/* Put a finished file in the place of another one in the same folder, or of none: fsync, rename, fsync of the folder.
 * On failure (FTDN_ERR_INPUT names `to`) both stand as they were; where the sync of the folder fails, as above. */
FTDN_NODISCARD ftdn_status ftdn_file_replace(const char *from, const char *to, ftdn_error *err);

bool ftdn_file_exists(const char *path);

/* Create a folder and its missing parents (mode 0777 less the umask); one that exists is fine. */
FTDN_NODISCARD ftdn_status ftdn_folder_create(const char *path, ftdn_error *err);

/* folder + "/" + name (one "/" where folder ends in it); name alone where it is absolute or folder is empty or ".".
 * NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_path_join(ftdn_arena *arena, const char *folder, const char *name, ftdn_error *err);

/* The part before the last '/', "/" for the root, "." where there is none. NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_path_folder(ftdn_arena *arena, const char *path, ftdn_error *err);

/* The part behind the last '/', without its last ".suffix" (".name" has none). NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_path_stem(ftdn_arena *arena, const char *path, ftdn_error *err);

#endif
