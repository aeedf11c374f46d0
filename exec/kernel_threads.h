/*
 * How much the kernel works by itself: what it puts off until nobody waits for it any more (groups,
 * networks and mounts that have gone) burns CPU time in threads of its own, which nobody's bill shows.
 */
#ifndef BERTH_EXEC_KERNEL_THREADS_H
#define BERTH_EXEC_KERNEL_THREADS_H

#include <stdint.h>

struct kernel_thread {
    int pid, fd;
    int64_t used_nsec;
};

/* Those that lived when it was opened, or were there at a later look; who has ended since keeps what it used. */
struct kernel_threads {
    int n_list, cap_list;
    struct kernel_thread *list;
};

/* The first two take some milliseconds, the others do not. The caller closes it. */
void kernel_threads_open(struct kernel_threads *threads);
void kernel_threads_look(struct kernel_threads *threads);
void kernel_threads_close(struct kernel_threads *threads);

/* CPU time that they have had so far, microseconds; 0 where they cannot be seen, as in a container. */
int64_t kernel_threads_used_usec(struct kernel_threads *threads);

#endif
