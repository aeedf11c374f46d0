/*
 * What is asked of instances and reported about them. For the scheduler's step alone.
 */
#ifndef BERTH_CORE_INSTANCE_H
#define BERTH_CORE_INSTANCE_H

#include "core/scheduler.h"

/*
 * A group launches no more after so many instances in a row that never registered (at least one for
 * each of its places), or so many for each place that were lost soon after, without a task having
 * run on them.
 */
#define INSTANCE_TRIES_MAX 5
#define INSTANCE_PROVEN_USEC (10 * USEC_PER_SEC)

/* A group and its first launches. */
void instance_add_group(struct scheduler *scheduler, const struct message *event,
                        struct outputs *outputs);

/* An agent has come up, or is back. Absurd sizes leave the instance where it is. */
void instance_register(struct scheduler *scheduler, const struct register_instance *call);

/* Nothing is placed there until it is back; what runs there is not taken for stopped. */
void instance_disconnect(struct scheduler *scheduler, int id);

/* UpdateContainerInstancesState: only from ACTIVE to DRAINING and back. */
void instance_update_state(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs);

/* The machine is gone: its tasks have stopped, and what was open about it is closed. */
void instance_lose(struct scheduler *scheduler, struct outputs *outputs, int id);

/* Launches again what groups that replace have lost, once each launch is due. */
void instance_replace_missing(struct scheduler *scheduler, struct outputs *outputs);

/* While the run ends, an instance goes as soon as its last task has stopped. */
void instance_terminate_empty(struct scheduler *scheduler, struct outputs *outputs, int id);

#endif
