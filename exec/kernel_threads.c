/*
 * See kernel_threads.h. Kernel threads are the children of kthreadd, which is always process 2.
 */
#include "exec/kernel_threads.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KTHREADD 2

static bool read_line(int pid, const char *name, char *line, int size)
{
    char path[64];
    FILE *file;
    bool ok;

    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    file = fopen(path, "re");
    ok = file && fgets(line, size, file);
    if (file) {
        fclose(file);
    }
    return ok;
}

/* A name may have spaces and brackets in it: what counts comes behind the last one. */
static bool is_kernel_thread(int pid)
{
    char line[512], *end;
    int parent;

    return read_line(pid, "stat", line, sizeof line) && (end = strrchr(line, ')')) != NULL &&
           sscanf(end + 1, " %*c %d", &parent) == 1 && parent == KTHREADD;
}

int64_t kernel_threads_cpu_usec(void)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    int64_t sum_nsec = 0;
    char line[128];

    while (processes && (entry = readdir(processes))) {
        int pid = atoi(entry->d_name);

        if (pid > KTHREADD && is_kernel_thread(pid) &&
            read_line(pid, "schedstat", line, sizeof line)) {
            sum_nsec += strtoll(line, NULL, 10);
        }
    }
    if (processes) {
        closedir(processes);
    }
    return sum_nsec / 1000;
}
