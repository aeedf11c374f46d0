/*
 * Unpacking, with the image that the build has made. What an image costs is said by its size as it
 * stands in the layout, which is what a scenario knows of it too.
 */
#include "exec/calibrate_inside.h"

#include "exec/image.h"
#include "exec/loop.h"
#include "exec/store.h"

#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB 1048576

enum { TOGETHER_MOST = 4 };

/* What a process that unpacks has to say. */
struct unpacked {
    bool ok;
    struct err err;
    int64_t cpu_usec, wait_usec; /* of a MiB */
};

static int64_t cpu_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* As an agent does it, in a store like an agent's, which goes with the process. */
static void unpack(struct unpacked *unpacked, const char *layout, const char *store)
{
    bool own_mounts = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
                      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    bool mounted = false;
    int64_t begin_usec, begin_cpu_usec, took_usec, took_cpu_usec;
    struct image image;

    if (!store_open(store, own_mounts, &mounted, &unpacked->err)) {
        return;
    }
    begin_usec = loop_clock_usec();
    begin_cpu_usec = cpu_usec();
    if (!image_unpack(layout, store, &image, &unpacked->err)) {
        return;
    }
    took_usec = loop_clock_usec() - begin_usec;
    took_cpu_usec = cpu_usec() - begin_cpu_usec;
    unpacked->cpu_usec = took_cpu_usec * MIB / (image.blob_bytes + 1);
    unpacked->wait_usec =
        took_usec > took_cpu_usec ? (took_usec - took_cpu_usec) * MIB / (image.blob_bytes + 1) : 0;
    unpacked->ok = true;
    image_finish(&image);
}

/* As many at once as there are processors, since that is how agents come to it. */
static bool together(struct calibration *calibration, const char *layout, int round,
                     struct err *err)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int n_processes = cpus < TOGETHER_MOST ? (int)cpus : TOGETHER_MOST;
    struct unpacked *all = mmap(NULL, TOGETHER_MOST * sizeof *all, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[TOGETHER_MOST];
    char store[300];
    bool ok = true;

    assert(all != MAP_FAILED);
    for (int i = 0; i < n_processes; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            snprintf(store, sizeof store, "%s/store%d-%d", calibration->run.folder, round, i);
            unpack(&all[i], layout, store);
            _exit(EXIT_FINE);
        }
    }
    for (int i = 0; i < n_processes; i++) {
        ok = pids[i] > 0 && waitpid(pids[i], NULL, 0) == pids[i] && ok;
        if (!all[i].ok && ok) {
            ok = all[i].err.text[0] ? (*err = all[i].err, false)
                                    : err_set(err, EXIT_MACHINE, "unpacking ended early");
        }
        series_add(&calibration->series[MEASURED_UNPACK], all[i].cpu_usec);
        series_add(&calibration->series[MEASURED_UNPACK_WAIT], all[i].wait_usec);
    }
    munmap(all, TOGETHER_MOST * sizeof *all);
    return ok;
}

bool calibrate_images(struct calibration *calibration, struct err *err)
{
    char layout[PATH_MAX + 16];

    snprintf(layout, sizeof layout, "%s/first", calibration->programs.images);
    if (!calibration->programs.images[0] || access(layout, R_OK) != 0) {
        return true; /* nothing to unpack: the profile says nothing of it */
    }
    /* Each time in processes that have not done so before, as agents have not. */
    for (int n = calibration->quick ? 6 : 12; n > 0; n--) {
        if (!together(calibration, layout, n, err)) {
            return false;
        }
    }
    return true;
}
