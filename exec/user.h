/*
 * Who the payload runs as: "user[:group]", numbers or names of the image's own /etc/passwd and
 * /etc/group. Never asks the host's user database, and never follows a link out of the image.
 */
#ifndef BERTH_EXEC_USER_H
#define BERTH_EXEC_USER_H

#include "file/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { USER_GROUPS_MAX = 32 };

struct user_identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[USER_GROUPS_MAX]; /* supplementary */
    size_t n_groups;
    char home[128];
};

/*
 * `text` NULL or "" = root. `layers`: lowest first, NULL-ended; the highest that has the file
 * counts. As Docker: a number without an entry is fine (group 0), an unknown name is not (OCI
 * runtime specification, "user").
 */
bool user_lookup(const char *const *layers, const char *text, struct user_identity *user,
                 struct err *err);

#endif
