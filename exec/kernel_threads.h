/*
 * How much the kernel works by itself: what it puts off until nobody waits for it any more (groups,
 * networks and mounts that have gone) burns CPU time in threads of its own, which nobody's bill shows.
 */
#ifndef BERTH_EXEC_KERNEL_THREADS_H
#define BERTH_EXEC_KERNEL_THREADS_H

#include <stdint.h>

/* Those that live when it is opened. */
struct kernel_threads {
    int n_fds, cap_fds, *fds;
};

/* Takes some milliseconds; the other two do not. The caller closes it. */
void kernel_threads_open(struct kernel_threads *threads);
void kernel_threads_close(struct kernel_threads *threads);

/* CPU time that they have had so far, microseconds; 0 where they cannot be seen. */
int64_t kernel_threads_used_usec(const struct kernel_threads *threads);

/* CPU time of all the kernel's threads so far, microseconds; 0 where they cannot be seen, as in a
 * container. Takes some milliseconds. */
int64_t kernel_threads_cpu_usec(void);

#endif
