/*
 * What is asked of instances and reported about them. For the scheduler's step alone.
 */
#ifndef BERTH_CORE_INSTANCE_H
#define BERTH_CORE_INSTANCE_H

#include "core/scheduler.h"

/* An agent has come up, or is back. Absurd sizes leave the instance where it is. */
void instance_register(struct scheduler *scheduler, const struct register_instance *call);

/* Nothing is placed there until it is back; what runs there is not taken for stopped. */
void instance_disconnect(struct scheduler *scheduler, int id);

/* UpdateContainerInstancesState: only from ACTIVE to DRAINING and back. */
void instance_update_state(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs);

/* The machine is gone: its tasks have stopped, and what was open about it is closed. */
void instance_lose(struct scheduler *scheduler, struct outputs *outputs, int id);

/* The instance's place in its group is given up: it is terminated once its last task has stopped, or at
 * `until_usec`. */
void instance_leave(struct scheduler *scheduler, int id, int64_t until_usec);
void instance_terminate_leaving(struct scheduler *scheduler, struct outputs *outputs);

/* Sets it DRAINING and says why. */
void instance_drain(struct scheduler *scheduler, struct outputs *outputs, int id,
                    enum drain_reason reason, enum termination_rule rule);

/* A Spot instance will be interrupted: its tasks are drained where its agent is set to do so, a micro-VM's
 * task is stopped. What the warning does not move is lost with the instance. */
void instance_warn(struct scheduler *scheduler, const struct spot_warning *call,
                   struct outputs *outputs);

/* The run is over: what still runs is billed up to now, and nothing costs any more. */
void instance_bill_all(struct scheduler *scheduler);

/* While the run ends, an instance goes as soon as its last task has stopped. */
void instance_terminate_empty(struct scheduler *scheduler, struct outputs *outputs, int id);

#endif
