/*
 * Files made under sudo belong to the user who called it, not to root. It must never touch a file
 * that was there before, nor follow a link.
 */
#ifndef BERTH_EXEC_OWNER_H
#define BERTH_EXEC_OWNER_H

#include <stdbool.h>

/* Gives the file to the user who called sudo; nothing where nobody did. True where it was given. */
bool owner_give(const char *path);

/* The same below a folder. */
bool owner_give_at(int folder_fd, const char *name);

/* The folder itself, which is open. */
bool owner_give_folder(int fd);

#endif
