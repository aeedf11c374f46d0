/*
 * What there is to see at a moment of a run, as plain data: zones hold instances, instances hold
 * tasks, tasks hold containers, and a lane holds what waits. A story and a time give a scene, and
 * nothing else does, so playing, stepping and jumping cannot differ. It must never know pixels,
 * colours or who draws it.
 */
#ifndef BERTH_VIZ_SCENE_H
#define BERTH_VIZ_SCENE_H

#include "viz/life.h"
#include "viz/scene_index.h"

enum scene_host_state {
    SCENE_HOST_BOOTING,
    SCENE_HOST_READY,        /* its agent has registered */
    SCENE_HOST_DRAINING,     /* takes no new tasks */
    SCENE_HOST_DISCONNECTED, /* nobody hears of its agent */
    SCENE_HOST_WARNED,       /* its Spot capacity is about to be taken back */
    SCENE_HOST_GONE,         /* lost, though nobody decided that */
    SCENE_HOST_TERMINATED,
    SCENE_HOST_STATES,
};

/* "booting", "ready", ... */
extern const char *const scene_host_names[];

struct scene_container {
    const char *name;
    enum life state;
    const char *phase; /* "pulling", "ready", ... */
};

struct scene_task {
    int32_t task;
    int32_t instance;
    char name[16];
    const char *family;
    enum life state;         /* DONE and FAILED: only a trace is left, its place is free */
    bool draining;           /* it runs, but no load balancer sends it anything new */
    const char *phase;       /* of the container that is furthest behind */
    int32_t cpu, memory_mib; /* what it reserves */
    int32_t machine_mib;     /* of it a virtual machine of its own takes; 0: it has none */
    struct scene_slot slot;
    int n_containers;
};

struct scene_instance {
    int32_t instance;
    char name[32];
    const char *type;
    enum scene_host_state state;
    int32_t cpu, memory_mib;                   /* for tasks */
    int32_t cpu_reserved, memory_reserved_mib; /* now, by the tasks that are not stopped */
    const struct scene_sum *sum;               /* its tasks of now and their traces */
};

/* Something that waits for room. */
struct scene_wait {
    int32_t task, service; /* one of them is ID_NONE */
    char name[64];
    const char *family;
    int32_t cpu, memory_mib;
    int64_t since_usec;
    char lacks[96]; /* the nearest miss: "RESOURCE:MEMORY, i2 lacks 128 MiB" */
};

#define SCENE_WAITS_MOST 256

/* The moment itself; arrays are reused from call to call. */
struct scene {
    const struct scene_index *index;
    int64_t at_usec;
    struct scene_instance *instances; /* in the order of index->order, launched or not */
    bool *present; /* by position in `instances`: launched by now, and no other has its berth */
    struct scene_sums sums;
    int n_hosts[SCENE_HOST_STATES]; /* instances in each state */
    struct scene_wait *waits;       /* who has waited longest first, at most SCENE_WAITS_MOST */
    int n_waits, cap_waits;
    int n_waiting; /* all of them */
    int n_running;
    int32_t
        held_from;    /* placements from this one of the run on are not shown; INT32_MAX: all are */
    int n_held;       /* of what was placed by now */
    char latest[256]; /* the last thing that happened, in words; "" before the first */
};

void scene_init(struct scene *scene, const struct scene_index *index);
void scene_finish(struct scene *scene);

/* Moves the scene to a moment. The same moment gives the same scene, whatever was seen before. */
void scene_move(struct scene *scene, int64_t at_usec);

/* Goes back within the moment, to just before the run's placement of that number (`nth_placed` of a
 * story's task): what was placed then or later is not on its instance yet. Until the next move. */
void scene_hold(struct scene *scene, int32_t nth_placed);

/* What there is to see of a task, of any number. False: nothing, it is not placed yet, or another
 * has its place by now. */
bool scene_task(const struct scene *scene, int32_t task, struct scene_task *seen);

/* One of its containers, from 0 to below `n_containers`. */
struct scene_container scene_container(const struct scene *scene, const struct scene_task *task,
                                       int i);

/* An instance by its number; NULL: there is none, or it is not launched yet. */
const struct scene_instance *scene_instance(const struct scene *scene, int32_t instance);

#endif
