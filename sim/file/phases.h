/*
 * The durations that people compare: the phases of a container's life, what a task takes as a whole and how
 * an instance with a kernel of its own comes up, each the distance of two moments of one run's story. Knows
 * nothing of how they are compared, printed or drawn.
 */
#ifndef BERTH_FILE_PHASES_H
#define BERTH_FILE_PHASES_H

#include "file/story.h"

enum phase {
    PHASE_PULL,
    PHASE_CREATE,
    PHASE_START,
    PHASE_READY,         /* from started to ready */
    PHASE_RUN,           /* from ready to an exit that nobody ordered */
    PHASE_STOP,          /* from SIGTERM to the exit */
    PHASE_STARTUP,       /* of a task: from its placement until its last container is ready */
    PHASE_FIRST_REQUEST, /* of a task behind a load balancer: from then until it has answered a request */
    PHASE_COMPLETION, /* of a task that ends by itself: from its placement until it is STOPPED */
    PHASE_FIRMWARE,   /* of an instance: see struct boot_course, as the next two */
    PHASE_KERNEL,
    PHASE_USER,
    PHASE_BOOT,     /* from its launch until its agent is there */
    PHASE_REGISTER, /* and from then until it is registered */
    PHASES,
};

/* "pull", "completion"; ended by NULL. */
extern const char *const phases_names[];

/* Microseconds; USEC_NEVER where the phase did not end before the end of the run: what comes later
 * belongs to the teardown. */
int64_t phases_of_container(const struct story *story, const struct story_container *row,
                            enum phase phase);

/* Likewise; PHASE_STARTUP to PHASE_COMPLETION. Nothing, not less, is the first request of a task that answered
 * before the last of its containers was ready. */
int64_t phases_of_task(const struct story *story, const struct story_task *row, enum phase phase);

/* Likewise of a task's own virtual machine: up to PHASE_BOOT. `machine` may be NULL. */
int64_t phases_of_machine(const struct story *story, const struct story_machine *machine,
                          enum phase phase);

/* Likewise of an instance that has a kernel of its own. */
int64_t phases_of_instance(const struct story *story, const struct story_instance *row,
                           enum phase phase);

/* Whether the real run did not measure that phase of the container. */
bool phases_container_modelled(const struct story_container *row, enum phase phase);

/* Whether more than a hundredth of a task's total was not measured, or not the moment from which its first
 * request counts. */
bool phases_task_modelled(const struct story *story, const struct story_task *row,
                          enum phase phase);

#endif
