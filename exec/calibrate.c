/*
 * The order of things, the table and the profile. What is written is what was measured, as samples:
 * no shape is put on it here.
 */
#include "exec/calibrate.h"

#include "exec/calibrate_inside.h"
#include "exec/cloud.h"
#include "exec/loop.h"
#include "exec/vm_kit.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

bool calibrate_hurries(const struct calibration *calibration)
{
    return calibration->quick && calibration->boots == CALIBRATE_BOOTS_IN_TIME;
}

bool calibrate_has_time(const struct calibration *calibration, int64_t until_usec)
{
    return !calibrate_hurries(calibration) ||
           loop_clock_usec() - calibration->begin_usec <= until_usec;
}

bool calibrate_is_late(struct calibration *calibration, int64_t after_usec, const char *what)
{
    if (calibrate_has_time(calibration, after_usec)) {
        return false;
    }
    assert(calibration->n_late < CALIBRATE_LATE_MOST);
    calibration->late[calibration->n_late++] = what;
    fprintf(stderr,
            "berth: no time is left to measure %s: the profile keeps the default; without --quick "
            "they are measured\n",
            what);
    return true;
}

bool calibrate_is_late_to_boot(struct calibration *calibration, int64_t after_usec, int n_boots,
                               const char *what)
{
    int64_t last_usec = CALIBRATE_CUT_USEC - n_boots * calibration->longest_usec;

    return calibrate_is_late(calibration, after_usec < last_usec ? after_usec : last_usec, what);
}

/* What is missing is said at once, and not that there was no time for it. */
static void boot_machines(struct calibration *calibration)
{
    struct vm_kit kit;
    struct err err;

    if (!vm_kit_find(&kit, &err)) {
        fprintf(stderr, "berth: no virtual machines are measured: %s\n", err.text);
        return;
    }
    if (calibrate_hurries(calibration)) {
        calibration->until_usec = calibration->begin_usec + CALIBRATE_CUT_USEC;
    }
    calibrate_machines(calibration);
    if (!calibration->interrupted) {
        calibrate_machines_together(calibration);
    }
}

/* All that memory can be watched beside: it rests meanwhile. */
static bool measure_restless(struct calibration *calibration, bool rests, struct err *err)
{
    struct calibrate_cooling *cooling = rests ? calibrate_cooling_begin() : NULL;
    bool ok;

    calibrate_namespaces(calibration);
    calibrate_session(calibration);
    ok = calibrate_groups(calibration, err) && calibrate_containers(calibration, err) &&
         calibrate_agent_memory(calibration, err);
    if (cooling) {
        calibrate_cooling_end(calibration, cooling, ok);
    }
    return ok;
}

static bool measure(struct calibration *calibration, struct err *err)
{
    bool rests = !calibrate_is_late(calibration, 0, "what rests cost");
    bool ok = measure_restless(calibration, rests, err) && calibrate_beside(calibration, err) &&
              (rests ? calibrate_rests(calibration, err) : calibrate_images(calibration, err));

    if (!ok) {
        return false;
    }
    if (calibration->boots != CALIBRATE_BOOTS_NEVER) {
        boot_machines(calibration);
    }
    return !calibration->interrupted || err_set(err, EXIT_MACHINE, "interrupted");
}

static bool open_run(struct calibration *calibration, struct err *err)
{
    struct sweep_counts counts = {0};
    char base[256];

    if (!programs_find(&calibration->programs, err) ||
        !cgroup_open(&calibration->cgroups, cgroup_backend_wanted(), err)) {
        return false;
    }
    if (!sweep_base(base, sizeof base, err) ||
        !sweep_dead(base, &calibration->cgroups, &counts, err) ||
        !sweep_open(&calibration->run, base, err)) {
        cgroup_close(&calibration->cgroups);
        return false;
    }
    if (!cloud_open(&calibration->cloud_fd, &(struct err){0})) {
        calibration->cloud_fd = -1;
    }
    return true;
}

bool calibrate(struct calibration *calibration, struct err *err)
{
    struct sweep_counts counts = {0};
    struct err close_err;
    bool ok;

    calibration->begin_usec = loop_clock_usec();
    if (!open_run(calibration, err)) {
        return false;
    }
    ok = measure(calibration, err);
    if (calibration->cloud_fd >= 0) {
        close(calibration->cloud_fd);
    }
    if (!sweep_close(&calibration->run, &calibration->cgroups, &counts, &close_err)) {
        err_report(&close_err);
    }
    calibration->cgroup = cgroup_kind_name(calibration->cgroups.kind);
    calibration->took = (double)(loop_clock_usec() - calibration->begin_usec) / 1e6;
    cgroup_close(&calibration->cgroups);
    return ok;
}
