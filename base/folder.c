#include "base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Remove what the folder open at fd holds, and close fd. */
static ftdn_status empty(const char *path, int fd, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    DIR *folder = fdopendir(fd);
    if (!folder) {
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be removed: %s", path, strerror(errno));
        close(fd);
        return status;
    }
    for (const struct dirent *entry; status == FTDN_OK && (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0) status = empty(path, child, err);
        if (status == FTDN_OK && unlinkat(fd, entry->d_name, child >= 0 ? AT_REMOVEDIR : 0) != 0)
            status =
                FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: '%s' cannot be removed: %s", path, entry->d_name, strerror(errno));
    }
    closedir(folder);
    return status;
}

ftdn_status ftdn_folder_remove(const char *path, ftdn_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return FTDN_OK;
    if (fd < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be removed: %s", path, strerror(errno));
    FTDN_TRY(empty(path, fd, err));
    if (rmdir(path) != 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be removed: %s", path, strerror(errno));
    return FTDN_OK;
}
