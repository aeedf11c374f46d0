/*
 * Where the data that others published is read in place: $BERTH_DATA, else ../shared/data beside the
 * checkout.
 */
#ifndef BERTH_TESTS_DATA_H
#define BERTH_TESTS_DATA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Writes the path of something in that folder, or returns false where it is not there. */
static inline bool data_path(char *path, size_t size, const char *name)
{
    const char *folder = getenv("BERTH_DATA");

    snprintf(path, size, "%s/%s", folder ? folder : SOURCE_ROOT "/../shared/data", name);
    return access(path, R_OK) == 0;
}

#endif
