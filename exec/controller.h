/*
 * Driver 2: the scheduler machine over agent processes and the real clock. The same few lines as
 * the simulator's driver: next event, log it, step, log the decisions, act. It decides nothing, and
 * never steps from inside acting: what an act causes at once waits in the inbox.
 */
#ifndef BERTH_EXEC_CONTROLLER_H
#define BERTH_EXEC_CONTROLLER_H

#include "exec/cgroup.h"
#include "exec/guests.h"
#include "exec/plan.h"
#include "exec/sweep.h"
#include "file/err.h"
#include "file/runlog.h"
#include "file/scenario.h"

#include <stdbool.h>
#include <stdint.h>

/* One real run. All borrowed, everything stays the caller's. */
struct controller_job {
    const struct scenario *scenario;
    const struct plans *plans;
    const struct sweep_run *run;
    const struct cgroup_machine *cgroups;
    const char *agent_program, *work_program;
    struct guests *guests; /* what virtual machines are made of */
    const char *prints;    /* see struct setup */
    int cloud_fd;          /* see cloud.h; -1: containers have no networks */
    struct runlog_writer *log;
    int64_t jitter_usec; /* see struct setup */
    int64_t until_usec;  /* CLOCK_MONOTONIC: what still runs is killed then; 0: it may go on */
    bool talk;           /* show on stderr, a terminal, how far it is */
};

struct controller_result {
    struct run_summary summary;
    int64_t waiting;  /* tasks without room when the run ended */
    int given_up;     /* groups whose instances failed every time */
    bool interrupted; /* by a signal, before its time */
    bool signalled;   /* likewise, or while it was taken down */
    bool cut;         /* by until_usec, before its time */
};

/* Runs the scenario to its end and takes everything down. False where this machine could not go on;
 * everything is taken down then, too, and the log has all that happened. */
bool controller_run(const struct controller_job *job, struct controller_result *result,
                    struct err *err);

#endif
