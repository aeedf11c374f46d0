/*
 * Removing whole folders. It must never follow a link, whatever is in them.
 */
#ifndef BERTH_EXEC_TREE_H
#define BERTH_EXEC_TREE_H

#include <stdbool.h>

/*
 * Removes the folder `name` in the folder `at` (or AT_FDCWD) with all in it. True when it is gone.
 */
bool tree_remove(int at, const char *name);

#endif
