/*
 * One virtual machine after the other, on each way up, with a job in it: what came before the agent's
 * first word is the guest's own account of its boot, the rest of the way is measured here.
 */
#include "exec/calibrate_inside.h"

#include "exec/loop.h"
#include "file/phases.h"
#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>
#include <stdlib.h>

#define WORK_MSEC 300

/* What is not begun by then is not measured in a quick calibration. */
#define QUICK_USEC (20 * USEC_PER_SEC)

static const char *const late_names[BOOT_PATHS] = {
    [BOOT_SCRATCH] = "virtual machines from scratch, and at once",
    [BOOT_UNCOMPRESSED] = "virtual machines with an uncompressed kernel, and containers inside",
    [BOOT_RESTORE] = "virtual machines restored from a snapshot",
};

_Static_assert((int)CALIBRATE_PATHS == (int)BOOT_PATHS, "a series for each way up");

static const char world[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Calibration\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"192MiB\" } },"
    "  \"instances\": [ { \"type\": \"box\", \"count\": 1 } ],"
    "  \"taskDefinitions\": [ { \"family\": \"job\", \"networkMode\": \"none\","
    "    \"containerDefinitions\": [ { \"name\": \"c\", \"image\": \"calibration\","
    "    \"memory\": 32 } ] } ],"
    "  \"behaviour\": { \"job/c\": { \"work\": \"300ms\", \"idle\": \"0s\" } },"
    "  \"timeline\": [ { \"at\": \"0s\", \"wait\": true, \"runTask\": {"
    "    \"taskDefinition\": \"job\" } } ],"
    "  \"costs\": { \"profile\": \"laptop\", \"machines\": \"vms\", \"path\": \"%s\" } }";

static void take(struct calibration *calibration, enum boot_path path, const struct story *story)
{
    struct series *series = calibration->machines[path];
    const struct story_instance *row = &story->instances[0];
    int64_t registered_usec = row->registered_at_usec - row->launch_at_usec;
    /* On a busy machine a guest's clock may say less, or more, than there was. */
    const int64_t firmware_usec = row->course.firmware_usec > 0 ? row->course.firmware_usec : 0;
    const int64_t kernel_usec =
        row->course.kernel_usec < registered_usec ? row->course.kernel_usec : registered_usec;
    int64_t inside_usec = firmware_usec + kernel_usec + row->course.user_usec;
    int64_t run_usec = USEC_NEVER;

    if (story->n_tasks > 0 && story->tasks[0].n_containers > 0) {
        run_usec = phases_of_container(story, &story->tasks[0].containers[0], PHASE_RUN);
    }
    series_add(&series[MACHINE_FIRMWARE], firmware_usec);
    series_add(&series[MACHINE_KERNEL], kernel_usec);
    series_add(&series[MACHINE_USER], row->course.user_usec);
    series_add(&series[MACHINE_AGENT],
               registered_usec > inside_usec ? registered_usec - inside_usec : 0);
    series_add(&series[MACHINE_REGISTERED], registered_usec);
    series_add(&series[MACHINE_SYSTEM], row->course.system_bytes);
    series_add(&series[MACHINE_HOST], row->course.host_bytes);
    if (row->course.overhead_bytes > 0) {
        series_add(&series[MACHINE_OVERHEAD], row->course.overhead_bytes);
    }
    if (run_usec != USEC_NEVER && run_usec > 0) {
        series_add(&calibration->speed_permille, WORK_MSEC * USEC_PER_MSEC * 1000 / run_usec);
    }
}

/* What is inside is measured once a round, in the machine that comes up without a snapshot the soonest. */
static char *world_of(const struct calibration *calibration, enum boot_path path)
{
    char *text;

    if (path == BOOT_UNCOMPRESSED) {
        return calibrate_guest_world(boot_path_names[path], calibration->quick);
    }
    if (asprintf(&text, world, boot_path_names[path]) < 0) {
        abort();
    }
    return text;
}

static bool one_machine(struct calibration *calibration, enum boot_path path, struct err *err)
{
    char *text = world_of(calibration, path), log[300];
    struct scenario *scenario;
    struct run_header header;
    struct story story;
    bool ok;

    snprintf(log, sizeof log, "%s/machine.run", calibration->run.folder);
    scenario = calibrate_scenario(text);
    free(text);
    ok = calibrate_run(calibration, scenario, log, err) &&
         story_load(&story, log, &header, NULL, err);
    if (ok && story.n_instances > 0 && story.instances[0].registered_at_usec != USEC_NEVER) {
        take(calibration, path, &story);
        if (path == BOOT_UNCOMPRESSED) {
            calibrate_guest_take(calibration->inside, &story);
        }
    }
    if (ok) {
        story_finish(&story);
        run_header_finish(&header);
    }
    scenario_destroy(scenario);
    return ok;
}

void calibrate_machines(struct calibration *calibration)
{
    struct err err;

    for (int n = calibration->quick ? 1 : 3; n > 0; n--) {
        for (int path = 0; path < BOOT_PATHS; path++) {
            if (calibrate_is_late_to_boot(calibration, QUICK_USEC, path == BOOT_RESTORE ? 2 : 1,
                                          late_names[path])) {
                continue; /* the default profile says something of it */
            }
            if (!one_machine(calibration, (enum boot_path)path, &err) &&
                !(calibration->cut &&
                  calibrate_is_late(calibration, CALIBRATE_CUT_USEC, late_names[path]))) {
                if (!calibration->interrupted) {
                    fprintf(stderr, "berth: no virtual machines are measured: %s\n", err.text);
                }
                return;
            }
        }
    }
}
