/*
 * Target groups and the health of their targets: raw probe results in, states out. A balancer routes
 * by these states and never judges itself (ELBv2: target-group-health-checks).
 */
#ifndef BERTH_CORE_TARGET_H
#define BERTH_CORE_TARGET_H

#include "core/scheduler.h"

/* CreateTargetGroup. */
void target_create_group(struct scheduler *scheduler, const struct message *event,
                         struct outputs *outputs);

/* A service's task is RUNNING: its container joins the service's target groups. `report` says the host
 * ports. */
void target_register(struct scheduler *scheduler, struct outputs *outputs, int task,
                     const struct task_state *report);

/* One probe's result; a new target needs one pass, one that was unhealthy the group's threshold. */
void target_probed(struct scheduler *scheduler, const struct target_probed *probed,
                   struct outputs *outputs);

/* The task is to stop: its targets drain. False where it has none to wait for. */
bool target_drain(struct scheduler *scheduler, struct outputs *outputs, int task);

/* The task has stopped, however: its targets are forgotten. */
void target_forget(struct scheduler *scheduler, struct outputs *outputs, int task);

/* Ends what has drained long enough, and stops the tasks behind it. */
void target_tick(struct scheduler *scheduler, struct outputs *outputs);

/* All of the task's targets are healthy, or one of them is unhealthy. False without targets. */
bool target_all_healthy(const struct cluster *cluster, int task);
bool target_any_unhealthy(const struct cluster *cluster, int task);

/* Whether the balancer sends new requests to that task in that group: to healthy targets, and to
 * unhealthy ones where the group has no healthy one (it fails open). For drivers too. */
bool target_gets_requests(const struct cluster *cluster, int target_group, int task);

#endif
