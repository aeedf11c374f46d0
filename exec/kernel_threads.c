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

static bool is_listed(const struct kernel_threads *threads, int pid)
{
    for (int i = 0; i < threads->n_list; i++) {
        if (threads->list[i].pid == pid) {
            return true;
        }
    }
    return false;
}

void kernel_threads_look(struct kernel_threads *threads)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;

    while (processes && (entry = readdir(processes))) {
        int pid = atoi(entry->d_name), fd;

        if (pid > KTHREADD && !is_listed(threads, pid) && is_kernel_thread(pid) &&
            (fd = open_file(pid, "schedstat")) >= 0) {
            *ARRAY_ADD(threads, list) = (struct kernel_thread){.pid = pid, .fd = fd};
        }
    }
    if (processes) {
        closedir(processes);
    }
}

void kernel_threads_open(struct kernel_threads *threads)
{
    *threads = (struct kernel_threads){0};
    kernel_threads_look(threads);
}

void kernel_threads_close(struct kernel_threads *threads)
{
    for (int i = 0; i < threads->n_list; i++) {
        close(threads->list[i].fd);
    }
    free(threads->list);
}

int64_t kernel_threads_used_usec(struct kernel_threads *threads)
{
    int64_t sum_nsec = 0;
    char text[128];

    for (int i = 0; i < threads->n_list; i++) {
        struct kernel_thread *thread = &threads->list[i];

        if (read_file(thread->fd, text, sizeof text)) { /* else it has ended */
            thread->used_nsec = strtoll(text, NULL, 10);
        }
        sum_nsec += thread->used_nsec;
    }
    return sum_nsec / 1000;
}
