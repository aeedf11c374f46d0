/*
 * Whether others work on this machine meanwhile: what all processes used of its CPUs, without one's own
 * children. Knows neither what the children do nor what is concluded from it.
 */
#ifndef BERTH_OTHERS_H
#define BERTH_OTHERS_H

#include <stdbool.h>
#include <stdint.h>

struct others {
    int64_t at_usec;
    int64_t all_usec; /* CPU time of all, -1: unknown here */
    int64_t own_usec; /* of children that have ended */
};

/* From now on. */
void others_begin(struct others *others);

/* CPU time that others have used since, microseconds; the kernel's own is theirs. All children that were
 * started since have ended. */
int64_t others_used_usec(const struct others *others);

/* What the kernel's own threads do behind one's children, thousandths of a CPU: it clears up behind
 * containers, and a calibration makes and ends hardly anything else. */
enum others_kernel { OTHERS_BEHIND_RUN = 80, OTHERS_BEHIND_CALIBRATION = 160 };

/* Whether that was enough, beyond the kernel's own, to be in the way. */
bool others_disturbed(const struct others *others, enum others_kernel permille);

/* Waits until next to nothing goes on, at most that long. */
void others_await_end(int64_t patience_usec);

#endif
