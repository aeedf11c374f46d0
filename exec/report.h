/*
 * What a real run shows when it is over: the same picture as a simulation, whether the machines
 * decide the same when asked again, and what is left. It must never know how the run was made.
 */
#ifndef BERTH_EXEC_REPORT_H
#define BERTH_EXEC_REPORT_H

#include "exec/cgroup.h"
#include "exec/leftover.h"
#include "exec/scale.h"
#include "exec/trial.h"
#include "file/err.h"
#include "file/replay.h"
#include "file/scenario.h"
#include "file/story.h"

#include <stdbool.h>

struct report {
    const struct scenario *scenario;
    const char *log_path;
    const char *prints; /* the folder with what containers printed; NULL: nothing */
    struct scale scale;
    uint64_t seed;
    struct run_summary summary;
    struct story story;
    struct buffer replay;      /* "replay: identical (...)", or the first difference */
    struct buffer deployments; /* as members of a JSON object, and as lines */
    struct buffer deployed;
    bool identical;
    int64_t waiting; /* tasks without room when the run ended */
    int given_up;    /* groups whose instances failed every time */
    bool interrupted;
    struct leftovers left;
    const struct cgroup_machine *cgroups;
    bool with_kvm;       /* its virtual machines, if it had any */
    struct trial inside; /* what a container saw */
    bool given_to_user;  /* the log belongs to the caller of sudo */
};

/* Reads the log back: story and replay. False where it cannot be read. */
bool report_read(struct report *report, struct err *err);
void report_finish(struct report *report);

void report_print(const struct report *report);
void report_print_json(const struct report *report);

/* What a shell sees of a program that SIGINT ended. */
#define REPORT_INTERRUPTED 130

/* What the run exits with: 1 where the replay differs or something is left, and, as a simulation,
 * where an expectation fails or a task found no room; an interrupted run is not judged by these. */
int report_verdict(const struct report *report);

#endif
