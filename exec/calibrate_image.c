/*
 * Unpacking, with the image that the build has made. What an image costs is said by its size as it
 * stands in the layout, which is what a scenario knows of it too.
 */
#include "exec/calibrate_inside.h"

#include "exec/image.h"
#include "exec/loop.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MIB 1048576

static int64_t cpu_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static bool unpack(struct calibration *calibration, const char *layout, int n, struct err *err)
{
    int64_t begin_usec, begin_cpu_usec, took_usec, took_cpu_usec;
    struct image image;
    char store[300];

    snprintf(store, sizeof store, "%s/store%d", calibration->run.folder, n);
    begin_usec = loop_clock_usec();
    begin_cpu_usec = cpu_usec();
    if (!image_unpack(layout, store, &image, err)) {
        return false;
    }
    took_usec = loop_clock_usec() - begin_usec;
    took_cpu_usec = cpu_usec() - begin_cpu_usec;
    if (image.blob_bytes > 0) {
        series_add(&calibration->series[MEASURED_UNPACK], took_cpu_usec * MIB / image.blob_bytes);
        series_add(&calibration->series[MEASURED_UNPACK_WAIT],
                   took_usec > took_cpu_usec ? (took_usec - took_cpu_usec) * MIB / image.blob_bytes
                                             : 0);
    }
    image_finish(&image);
    return true;
}

bool calibrate_images(struct calibration *calibration, struct err *err)
{
    char layout[PATH_MAX + 16];

    snprintf(layout, sizeof layout, "%s/first", calibration->programs.images);
    if (!calibration->programs.images[0] || access(layout, R_OK) != 0) {
        return true; /* nothing to unpack: the profile says nothing of it */
    }
    for (int n = calibration->quick ? 4 : 10; n > 0; n--) {
        if (!unpack(calibration, layout, n, err)) {
            return false;
        }
    }
    return true;
}
