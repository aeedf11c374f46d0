/*
 * A folder of a command's own, for as long as it runs: a child of the temporary folder that is removed
 * with all in it, at the latest when another such command begins after its owner was killed. Knows
 * nothing of what is put into it.
 */
#ifndef BERTH_FILE_SCRATCH_H
#define BERTH_FILE_SCRATCH_H

#include "file/err.h"

struct scratch {
    char folder[256];
    int lock_fd; /* held as long as we live; close-on-exec */
};

/* Removes what dead ones left, and makes one, in TMPDIR or /tmp. Close where it succeeds. */
bool scratch_open(struct scratch *scratch, struct err *err);
void scratch_close(struct scratch *scratch);

/* Removes the folders of commands of this user that have died, and returns how many. */
int scratch_sweep(void);

#endif
