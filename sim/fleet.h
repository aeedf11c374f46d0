/*
 * The simulated machines: instances that boot and die, images that are pulled once on each, and
 * containers that start, work, idle, answer probes and exit as the scenario says. It carries out what
 * agents order and tells them what came of it, through the event queue alone. Never sees the scheduler
 * decide.
 */
#ifndef BERTH_FLEET_H
#define BERTH_FLEET_H

#include "core/agent.h"
#include "file/scenario.h"
#include "model/share.h"
#include "queue.h"

enum fleet_what {
    FLEET_BOOTED = 1, /* id: instance */
    FLEET_LOST,       /* id: instance */
    FLEET_SHARE,      /* id: instance: somebody's work is done */
    FLEET_CONTAINER,  /* id: task; the container's index stands above FLEET_WHAT_BITS */
    FLEET_PROBED,     /* likewise */
    FLEET_WHATS,
};

#define FLEET_WHAT_BITS 8

/* What a container does now. */
enum fleet_phase {
    PHASE_IDLE_AGENT, /* nothing: its agent has to say what comes next */
    PHASE_PULLING,
    PHASE_CREATING,
    PHASE_STARTING,
    PHASE_GETTING_READY,
    PHASE_WORKING,
    PHASE_IDLING,
    PHASE_EXITING,
    PHASE_EXITED,
};

struct fleet_container {
    int64_t wake_usec;    /* the end of the phase, USEC_NEVER where something else ends it */
    int64_t started_usec; /* the last time */
    int64_t probed_usec;  /* the probe that is out is answered then, USEC_NEVER */
    int32_t probe;        /* its number */
    int32_t n_starts;
    int32_t next;      /* of the same task, or of the free list */
    int32_t exit_code; /* EXITING; STARTING: of an exit right after the start, 0: none */
    uint8_t container;
    uint8_t phase; /* enum fleet_phase */
    bool oom;
    bool pull_fails;
    bool serves; /* said so in a notice */
};

/* What those who send requests have to know of containers. */
enum fleet_news {
    FLEET_OPENED, /* it serves from now on */
    FLEET_CLOSED, /* it does not any more */
    FLEET_SERVED, /* what it was given with fleet_serve() is done */
};

struct fleet_notice {
    int32_t task;
    uint8_t container;
    uint8_t news; /* enum fleet_news */
};

struct fleet_image {
    int32_t image;
    int64_t here_at_usec;
};

struct fleet_instance {
    int32_t group;
    bool up;   /* its agent runs */
    bool gone; /* nothing happens here any more */
    struct agent agent;
    struct share share;
    int64_t share_usec; /* the FLEET_SHARE that was put in the queue last */
    struct fleet_image *images;
    int n_images, cap_images;
};

struct fleet {
    const struct scenario *scenario;
    uint64_t seed;
    struct queue *queue;
    const struct cluster *cluster; /* to look up definitions of tasks */
    int64_t now_usec;
    struct fleet_instance *instances;
    int n_instances, cap_instances;
    struct fleet_container *containers;
    int n_containers, cap_containers;
    int32_t free_container;
    int32_t *tasks; /* first container by task */
    int n_tasks, cap_tasks;
    bool gives_notice;            /* there is somebody who reads: */
    struct fleet_notice *notices; /* in order; emptied by whoever reads them */
    int n_notices, cap_notices;
    int64_t n_probes; /* answers on their way: entries of the queue that lead to nothing */
    int64_t registry_slow_usec; /* pulls that begin before it take registry_permille / 1000 */
    int64_t registry_permille;
    int64_t registry_dead_usec; /* pulls that begin before it fail */
};

void fleet_init(struct fleet *fleet, const struct scenario *scenario, uint64_t seed,
                struct queue *queue, const struct cluster *cluster);
void fleet_finish(struct fleet *fleet);

/* The scheduler's launchInstance and terminateInstance. */
void fleet_launch(struct fleet *fleet, const struct launch_instance *launch);
void fleet_terminate(struct fleet *fleet, int32_t instance);

/* An agent's action on the world. */
void fleet_order(struct fleet *fleet, int32_t instance, const struct message *action);

/* Does it, where it hits machines or the registry. False where there is nothing (any more) that the
 * fault could hit. */
bool fleet_fault(struct fleet *fleet, const struct fault *fault);

/* A serving container's requests want CPU time: see share_serve(). Once it is given a notice says so. */
void fleet_serve(struct fleet *fleet, int64_t at_usec, int32_t task, int container, int threads,
                 share_wide left);
share_wide fleet_left(struct fleet *fleet, int64_t at_usec, int32_t task, int container);

/* Whether its health checks pass. */
bool fleet_is_healthy(struct fleet *fleet, int64_t at_usec, int32_t task, int container);

/* Makes of a queue entry the event that it is for a machine: an agent, or the scheduler (`*machine`
 * ID_NONE). False where it concerns nobody any more. */
bool fleet_event(struct fleet *fleet, const struct queue_entry *entry, int32_t *machine,
                 struct message *event);

#endif
