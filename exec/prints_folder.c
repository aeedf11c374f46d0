/*
 * The folder of what a run's containers printed: made by root under sudo, in a place that is the
 * user's, so nothing here follows a link or touches what it did not make.
 */
#include "exec/prints.h"

#include "exec/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *prints_folder(const char *log_path)
{
    char *folder;

    if (asprintf(&folder, "%s.logs", log_path) < 0) {
        abort();
    }
    return folder;
}

/* "t3.web.log" */
static bool is_ours(const char *name)
{
    size_t n = strlen(name), digits = strspn(name + (n > 0), "0123456789");

    return n > 5 && name[0] == 't' && digits > 0 && name[1 + digits] == '.' &&
           strcmp(name + n - 4, ".log") == 0;
}

static int open_folder(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Removes what an earlier run left; others' files stay, and with them the folder. */
static void remove_old(const char *folder)
{
    int fd = open_folder(folder);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (list && (entry = readdir(list))) {
        if (is_ours(entry->d_name)) {
            unlinkat(fd, entry->d_name, 0);
        }
    }
    if (list) {
        closedir(list);
    }
    rmdir(folder);
}

bool prints_folder_make(const char *folder, struct err *err)
{
    remove_old(folder);
    if (mkdir(folder, 0755) == 0) {
        return true;
    }
    return errno == EEXIST
               ? err_set(err, EXIT_INPUT,
                         "%s is there, and holds what berth did not put there: what containers "
                         "print goes there; move it away, or choose another place with -o",
                         folder)
               : err_file(err, errno, "cannot make %s", folder);
}

bool prints_folder_finish(const char *folder)
{
    int fd = open_folder(folder);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool some = false;

    while (list && (entry = readdir(list))) {
        if (is_ours(entry->d_name)) {
            some = true;
            owner_give_at(fd, entry->d_name);
        }
    }
    if (list) {
        if (some) {
            owner_give_folder(fd);
        }
        closedir(list);
    }
    if (!some) {
        rmdir(folder);
    }
    return some;
}
