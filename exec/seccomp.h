/*
 * The system call filter of every container: an allow list after Docker's default profile, built
 * once with libseccomp and kept as the program the kernel takes. Loading it then costs 0.1 ms
 * instead of 3 ms. It must never know for which container it is.
 */
#ifndef BERTH_EXEC_SECCOMP_H
#define BERTH_EXEC_SECCOMP_H

#include "file/err.h"

#include <stdbool.h>

struct sock_filter;

struct seccomp_filter {
    struct sock_filter *code; /* owned; ended by seccomp_filter_finish() */
    unsigned short n;
};

/*
 * Builds the filter. What is not on the list gets EPERM; clone3 gets ENOSYS, so that the C library
 * falls back to clone, whose flags a filter can see (moby, profiles/seccomp/default.json).
 */
bool seccomp_filter_build(struct seccomp_filter *filter, struct err *err);
void seccomp_filter_finish(struct seccomp_filter *filter);

/*
 * Loads it for this process and all it will start, after no_new_privs. Returns 0 or -1 with errno;
 * no memory is asked for.
 */
int seccomp_filter_load(const struct seccomp_filter *filter);

#endif
