/*
 * Where the pieces of berth's executor are: in a build folder or installed, always beside the
 * program that runs. It must never look at the caller's PATH.
 */
#ifndef BERTH_EXEC_PROGRAM_H
#define BERTH_EXEC_PROGRAM_H

#include "file/err.h"

#include <limits.h>
#include <stdbool.h>

struct programs {
    char agent[PATH_MAX];  /* berth-agent */
    char work[PATH_MAX];   /* berth-work */
    char images[PATH_MAX]; /* folder of berth's own images; "" where there is none */
};

/* Finds them; each is there and may be executed. */
bool programs_find(struct programs *programs, struct err *err);

#endif
