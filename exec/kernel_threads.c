/*
 * See kernel_threads.h. Kernel threads are the children of kthreadd, which is always process 2.
 */
#include "exec/kernel_threads.h"

#include "core/array.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KTHREADD 2

/* A file of so few bytes in /proc is read at once. */
static bool read_file(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

static int open_file(int pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* A name may have spaces and brackets in it: what counts comes behind the last one. */
static bool is_kernel_thread(int pid)
{
    int fd = open_file(pid, "stat"), parent;
    char text[512], *end;
    bool ok = fd >= 0 && read_file(fd, text, sizeof text) && (end = strrchr(text, ')')) != NULL &&
              sscanf(end + 1, " %*c %d", &parent) == 1 && parent == KTHREADD;

    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

void kernel_threads_open(struct kernel_threads *threads)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;

    *threads = (struct kernel_threads){0};
    while (processes && (entry = readdir(processes))) {
        int pid = atoi(entry->d_name), fd;

        if (pid > KTHREADD && is_kernel_thread(pid) && (fd = open_file(pid, "schedstat")) >= 0) {
            *ARRAY_ADD(threads, fds) = fd;
        }
    }
    if (processes) {
        closedir(processes);
    }
}

void kernel_threads_close(struct kernel_threads *threads)
{
    for (int i = 0; i < threads->n_fds; i++) {
        close(threads->fds[i]);
    }
    free(threads->fds);
}

int64_t kernel_threads_used_usec(const struct kernel_threads *threads)
{
    int64_t sum_nsec = 0;
    char text[128];

    for (int i = 0; i < threads->n_fds; i++) {
        if (read_file(threads->fds[i], text, sizeof text)) { /* else it has ended */
            sum_nsec += strtoll(text, NULL, 10);
        }
    }
    return sum_nsec / 1000;
}

int64_t kernel_threads_cpu_usec(void)
{
    struct kernel_threads threads;
    int64_t used_usec;

    kernel_threads_open(&threads);
    used_usec = kernel_threads_used_usec(&threads);
    kernel_threads_close(&threads);
    return used_usec;
}
