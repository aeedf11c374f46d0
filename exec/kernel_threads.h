/*
 * How much the kernel works by itself: what it puts off until nobody waits for it any more (groups,
 * networks and mounts that have gone) burns CPU time in threads of its own, which nobody's bill shows.
 */
#ifndef BERTH_EXEC_KERNEL_THREADS_H
#define BERTH_EXEC_KERNEL_THREADS_H

#include <stdint.h>

/* CPU time of all the kernel's threads so far, microseconds; 0 where they cannot be seen, as in a
 * container. Takes some milliseconds. */
int64_t kernel_threads_cpu_usec(void);

#endif
