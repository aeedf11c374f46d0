/*
 * Whole runs for calibration: a scenario of its own through the controller, as `berth exec` does it, in
 * a folder, a cloud and a log of its own.
 */
#include "exec/calibrate_inside.h"

#include "exec/cloud.h"
#include "exec/controller.h"
#include "exec/loop.h"

#include "file/story.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

struct scenario *calibrate_scenario(const char *text)
{
    struct findings findings = {0};
    struct scenario *scenario = scenario_parse(text, "calibration", &findings);

    findings_finish(&findings);
    assert(scenario != NULL);
    return scenario;
}

static bool control_in(struct calibration *calibration, const struct sweep_run *run, int cloud_fd,
                       const struct scenario *scenario, const char *path, struct err *err)
{
    const struct run_header header = {
        .mode = RUN_EXEC,
        .title = scenario->title,
        .scenario = scenario->source,
        .scale_numerator = 1,
        .scale_denominator = 1,
        .version = (char *)(uintptr_t)BERTH_VERSION,
    };
    struct controller_result result;
    struct guests guests;
    struct plans plans;
    struct controller_job job = {
        .scenario = scenario,
        .plans = &plans,
        .run = run,
        .cgroups = &calibration->cgroups,
        .agent_program = calibration->programs.agent,
        .work_program = calibration->programs.work,
        .cloud_fd = cloud_fd,
        .until_usec = calibration->until_usec,
        .log = runlog_create(path, &header, LOG_ALL, err),
    };
    bool ok;

    if (!job.log) {
        return false;
    }
    plans_make(&plans, scenario, (struct scale){1, 1}, 1, NULL);
    guests_init(&guests, (enum vm_start)scenario->costs.path, &plans, run, &calibration->programs);
    job.guests = &guests;
    ok = (!guests_any(scenario) || guests_open(&guests, err)) && controller_run(&job, &result, err);
    guests_close(&guests);
    plans_finish(&plans);
    if (ok && result.signalled) {
        calibration->interrupted = true;
        ok = err_set(err, EXIT_MACHINE, "interrupted");
    }
    calibration->cut = ok && result.cut;
    if (calibration->cut) {
        ok = err_set(err, EXIT_MACHINE, "no time was left");
    }
    if (ok) {
        return runlog_close(job.log, &result.summary, err);
    }
    runlog_abandon(job.log);
    return false;
}

static void note_longest(struct calibration *calibration, int64_t usec)
{
    if (calibration->until_usec > 0 && usec > calibration->longest_usec) {
        calibration->longest_usec = usec;
    }
}

/* Each run in a folder of its own, as instances have theirs there. */
bool calibrate_run(struct calibration *calibration, const struct scenario *scenario,
                   const char *path, struct err *err)
{
    int64_t begin_usec = loop_clock_usec();
    struct sweep_counts counts = {0};
    struct sweep_run run;
    struct err close_err;
    int cloud_fd = -1;
    char base[256];
    bool ok;

    if (!sweep_base(base, sizeof base, err) || !sweep_open(&run, base, err)) {
        return false;
    }
    if (calibration->cloud_fd >= 0 && !cloud_open(&cloud_fd, &close_err)) {
        cloud_fd = -1;
    }
    ok = control_in(calibration, &run, cloud_fd, scenario, path, err);
    if (cloud_fd >= 0) {
        close(cloud_fd);
    }
    if (!sweep_close(&run, &calibration->cgroups, &counts, &close_err)) {
        err_report(&close_err);
    }
    note_longest(calibration, loop_clock_usec() - begin_usec);
    return ok;
}

bool calibrate_tell(struct calibration *calibration, const char *text, struct story *story,
                    struct run_header *header, struct err *err)
{
    struct scenario *scenario = calibrate_scenario(text);
    char path[300];
    bool ok;

    snprintf(path, sizeof path, "%s/told.run", calibration->run.folder);
    ok = calibrate_run(calibration, scenario, path, err) &&
         story_load(story, path, header, NULL, err);
    scenario_destroy(scenario);
    return ok;
}
