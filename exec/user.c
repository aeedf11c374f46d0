/*
 * Reading passwd and group files of an image by hand: getpwnam() would read the host's.
 */
#include "exec/user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Opens a file of the image as the overlay would show it, links resolved inside the layer. */
static FILE *open_in_image(const char *const *layers, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    size_t n = 0;

    while (layers[n]) {
        n++;
    }
    while (n-- > 0) {
        int layer = open(layers[n], O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = layer < 0 ? -1 : (int)syscall(SYS_openat2, layer, path, &how, sizeof how);

        if (layer >= 0) {
            close(layer);
        }
        if (fd >= 0) {
            return fdopen(fd, "r");
        }
    }
    return NULL;
}

static bool is_number(const char *text, unsigned *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *number = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && !*end && value < 0xffffffff;
}

/* Splits a line at colons in place; missing fields are "". */
static void split(char *line, char *fields[7])
{
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < 7; i++) {
        fields[i] = line;
        line += strcspn(line, ":");
        if (*line) {
            *line++ = '\0';
        }
    }
}

/* Finds the entry by name, or by number when `name` is one. */
static bool find(FILE *file, const char *name, char *line, int size, char *fields[7])
{
    unsigned wanted, number;
    bool by_number = is_number(name, &wanted);

    while (file && fgets(line, size, file)) {
        split(line, fields);
        if (by_number ? is_number(fields[2], &number) && number == wanted
                      : !strcmp(fields[0], name)) {
            return true;
        }
    }
    return false;
}

static bool find_user(const char *const *layers, const char *name, struct user_identity *user,
                      char *login, size_t size, struct err *err)
{
    FILE *file = open_in_image(layers, "etc/passwd");
    char line[1024], *fields[7];
    unsigned uid = 0, gid = 0;
    bool found = find(file, name, line, sizeof line, fields);

    if (file) {
        fclose(file);
    }
    if (found) {
        found = is_number(fields[2], &uid) && is_number(fields[3], &gid);
        snprintf(user->home, sizeof user->home, "%s", fields[5]);
        snprintf(login, size, "%s", fields[0]);
    } else {
        found = is_number(name, &uid);
    }
    user->uid = uid;
    user->gid = gid;
    return found || err_set(err, EXIT_INPUT, "user %s is not in the image's /etc/passwd", name);
}

static bool find_group(const char *const *layers, const char *name, struct user_identity *user,
                       struct err *err)
{
    FILE *file = open_in_image(layers, "etc/group");
    char line[4096], *fields[7];
    unsigned gid = 0;
    bool found = find(file, name, line, sizeof line, fields);

    if (file) {
        fclose(file);
    }
    found = is_number(found ? fields[2] : name, &gid);
    user->gid = gid;
    return found || err_set(err, EXIT_INPUT, "group %s is not in the image's /etc/group", name);
}

static bool lists(char *members, const char *login)
{
    char *rest = NULL;

    for (char *one = strtok_r(members, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        if (!strcmp(one, login)) {
            return true;
        }
    }
    return false;
}

static void find_supplementary(const char *const *layers, const char *login,
                               struct user_identity *user)
{
    FILE *file = open_in_image(layers, "etc/group");
    char line[4096], *fields[7];
    unsigned gid;

    while (file && user->n_groups < USER_GROUPS_MAX && fgets(line, sizeof line, file)) {
        split(line, fields);
        if (is_number(fields[2], &gid) && lists(fields[3], login)) {
            user->groups[user->n_groups++] = gid;
        }
    }
    if (file) {
        fclose(file);
    }
}

bool user_lookup(const char *const *layers, const char *text, struct user_identity *user,
                 struct err *err)
{
    struct user_identity found = {.home = "/root"};
    char name[256], login[256] = "", *group;

    if (text && text[0] && strcmp(text, "root") && strcmp(text, "0") && strcmp(text, "0:0")) {
        snprintf(name, sizeof name, "%s", text);
        group = strchr(name, ':');
        if (group) {
            *group++ = '\0';
        }
        snprintf(found.home, sizeof found.home, "/");
        if (!find_user(layers, name, &found, login, sizeof login, err)) {
            return false;
        }
        if (group && !find_group(layers, group, &found, err)) {
            return false;
        }
        if (!group && login[0]) {
            find_supplementary(layers, login, &found);
        }
    }
    *user = found;
    return true;
}
