/*
 * What the executor's tests stand on: a run of their own below a fresh folder, the built-in image
 * with a layer that holds the probe, and a way to run one container to its end. It must never leave
 * anything, and says so when something was left.
 */
#ifndef BERTH_TESTS_EXEC_FIXTURE_H
#define BERTH_TESTS_EXEC_FIXTURE_H

#include "exec/cgroup.h"
#include "exec/container.h"
#include "exec/image.h"
#include "exec/sweep.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fixture {
    char base[64];
    struct sweep_run run;
    struct cgroup_machine machine;
    struct container_host *host;
    struct image image;
    const char *layers[3]; /* the built-in one, and one with /probe */
    char instance[64], task[96];
};

/* How a container went. */
struct outcome {
    bool created, failed, started, ready;
    enum container_stage stage;
    int error;
    struct err err;
    int exit_code, signal;
    bool oom_killed;
    int64_t used_usec; /* until its exit was told */
    int64_t begin_usec, started_usec, ready_usec, exited_usec;
    struct cgroup_usage usage; /* at its end */
    char output[16384];
};

/*
 * Fails the test where this machine should be able to and is not; skips it, saying why, without
 * root.
 */
void fixture_open(struct fixture *fixture);

/* As much as an ordinary user can; false with the reason when user namespaces are closed to it. */
bool fixture_open_as_user(struct fixture *fixture, struct err *err);

/* Ends the run; the test fails when processes, cgroups or folders were left by then. */
void fixture_close(struct fixture *fixture);

/* A specification with the fixture's layers and task group, to be changed. */
struct container_spec fixture_spec(const struct fixture *fixture, const char *const *argv);

/* Runs it to its end and removes it. */
void fixture_run(struct fixture *fixture, struct container_spec spec, struct outcome *outcome);

/* The same for `sh -c script` in an otherwise plain container. */
void fixture_shell(struct fixture *fixture, const char *script, struct outcome *outcome);

/* Waits up to a minute for the next event: machines are busy. */
bool fixture_next(struct fixture *fixture, struct container_event *event);

int64_t fixture_now_usec(void);

/*
 * A child that sleeps in the group until it is killed; it enters as containers do on this machine.
 */
pid_t fixture_sleeper_in(const struct cgroup_machine *machine, const char *path);

#endif
