/*
 * See tree.h.
 */
#include "exec/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool tree_remove(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder;
    struct dirent *entry;

    if (fd >= 0) {
        fchmod(fd, 0700); /* an image's folder may forbid even its owner to write */
    }
    folder = fd >= 0 ? fdopendir(fd) : NULL;
    while (folder && (entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) {
            continue;
        }
        if (unlinkat(fd, entry->d_name, 0) != 0 && errno == EISDIR) {
            tree_remove(fd, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}
