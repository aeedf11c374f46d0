/*
 * Virtual machines that boot at the same time, one for each processor: nobody waits for a processor, and
 * yet each takes longer, since what processors share (a core, a cache) is not theirs alone any more.
 */
#include "exec/calibrate_inside.h"

#include "exec/loop.h"
#include "exec/scale.h"
#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>
#include <unistd.h>

enum { TOGETHER_MOST = 4 };

/* What is not begun by then is not measured in a quick calibration. */
#define QUICK_USEC (24 * USEC_PER_SEC)

static const char world[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Calibration\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"192MiB\" } },"
    "  \"instances\": [ { \"type\": \"box\", \"count\": %d } ],"
    "  \"taskDefinitions\": [ { \"family\": \"job\", \"networkMode\": \"none\","
    "    \"containerDefinitions\": [ { \"name\": \"c\", \"image\": \"calibration\","
    "    \"memory\": 32 } ] } ],"
    "  \"behaviour\": { \"job/c\": { \"idle\": \"0s\" } },"
    "  \"timeline\": [ { \"at\": \"0s\", \"wait\": true, \"runTask\": {"
    "    \"taskDefinition\": \"job\", \"count\": %d,"
    "    \"placementConstraints\": [ { \"type\": \"distinctInstance\" } ] } } ],"
    "  \"costs\": { \"profile\": \"laptop\", \"machines\": \"vms\" } }";

static void take(struct calibration *calibration, const struct story *story, bool all)
{
    int64_t alone_usec = series_quantile(&calibration->machines[0][MACHINE_REGISTERED], 500);
    struct series together = {0};

    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *row = &story->instances[i];

        if (row->registered_at_usec != USEC_NEVER) {
            series_add(&together, row->registered_at_usec - row->launch_at_usec);
        }
    }
    if (together.n > 0 && alone_usec > 0) {
        calibration->together =
            calibrate_slower(calibration, series_quantile(&together, 500), alone_usec, all);
    }
}

void calibrate_machines_together(struct calibration *calibration)
{
    static const char what[] = "virtual machines at once";
    const int64_t cpus = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
    const int n = cpus < TOGETHER_MOST ? (int)cpus : TOGETHER_MOST;
    char text[sizeof world + 32], log[300];
    struct scenario *scenario;
    struct run_header header;
    struct story story;
    struct err err;

    if (n < 2 || calibration->machines[0][MACHINE_REGISTERED].n == 0 ||
        calibrate_is_late_to_boot(calibration, QUICK_USEC, 1, what)) {
        return; /* the default is that it makes no difference */
    }
    snprintf(text, sizeof text, world, n, n);
    snprintf(log, sizeof log, "%s/machines.run", calibration->run.folder);
    scenario = calibrate_scenario(text);
    if (calibrate_run(calibration, scenario, log, &err) &&
        story_load(&story, log, &header, NULL, &err)) {
        take(calibration, &story, n == cpus);
        story_finish(&story);
        run_header_finish(&header);
    } else if (!calibration->interrupted &&
               !(calibration->cut && calibrate_is_late(calibration, CALIBRATE_CUT_USEC, what))) {
        fprintf(stderr, "berth: virtual machines at once are not measured: %s\n", err.text);
    }
    scenario_destroy(scenario);
}
