/*
 * The service scheduler: keeps each service at its desired count within its percentages. For the
 * scheduler's step alone; it sees the cluster after the event and before anybody else.
 */
#ifndef BERTH_CORE_SERVICE_H
#define BERTH_CORE_SERVICE_H

#include "core/place.h"
#include "core/scheduler.h"

/* CreateService, UpdateService, DeleteService (service_calls.c). */
void service_create(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs);
void service_update(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs);
void service_delete(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs);

/* The service is to be looked at in this step. */
void service_touch(struct scheduler *scheduler, int service);

/* One of its tasks has STOPPED. Where it `was_wanted` and never ran, the next start is throttled (ECS
 * developer guide, service-throttle-logic: only such tasks count). One that ran is replaced without delay;
 * only where very many in a row never became healthy they are throttled too, so that a program that ends
 * at once does not fill the log: that is berth's choice. */
void service_note_stopped(struct scheduler *scheduler, struct outputs *outputs, int task,
                          bool was_wanted);

/* One of its tasks runs: the throttle is off, and its targets are registered. */
void service_note_running(struct scheduler *scheduler, struct outputs *outputs, int task,
                          const struct task_state *report);

/* What counts as healthy, and what is to be replaced (service_health.c). ECS API,
 * DeploymentConfiguration.minimumHealthyPercent: without checks RUNNING for 40 s; with an essential
 * container's health check HEALTHY; behind a balancer a healthy target too. */
void service_judge(struct scheduler *scheduler, struct outputs *outputs, int task);
void service_judge_tick(struct scheduler *scheduler, struct outputs *outputs);

/* First half of the agenda: stops what the touched services have too many of. */
void service_stop_surplus(struct scheduler *scheduler, struct outputs *outputs);

/* Then: the tasks of DAEMON services start, before anybody else's. */
void service_start_daemons(struct scheduler *scheduler, struct outputs *outputs);

/* Second half: starts what they lack, the blocked ones too where room may have appeared; empties
 * the agenda. Services wait for room in the order in which they were blocked. */
void service_start_missing(struct scheduler *scheduler, struct outputs *outputs);

/* An instance has come, gone or changed: DAEMON services look at it, others may rebalance. */
void service_note_instance(struct scheduler *scheduler, int instance);

/* What is due by time. */
void service_tick(struct scheduler *scheduler, struct outputs *outputs);

/* For the files of the service scheduler ------------------------------------------------------- */

/* The deployment keeps its tasks: the primary one, and beside it, until its clean-up, the one that a
 * blue/green deployment replaces. */
bool service_keeps(const struct service *service, int deployment);

/* Why a task of a deployment that the service does not keep is stopped. */
enum stop_reason service_replaced(const struct service *service, const struct task *task);

/* The primary deployment is being rolled out by moving traffic rather than by percentages. */
bool service_shifts_traffic(const struct service *service);

/* Says, once a deployment, that neither limit lets anything be started or stopped any more, where that is so.
 * `upper`: tasks that may live at most. */
void service_say_stuck(struct scheduler *scheduler, struct outputs *outputs, int service,
                       int32_t upper);

/* Says what happened in ECS's terms; who shows it finds ECS's words. */
struct service_event *service_say(struct scheduler *scheduler, struct outputs *outputs, int service,
                                  enum service_event_code code);

/* Stops one of its tasks and keeps account of it. */
void service_stop_task(struct scheduler *scheduler, struct outputs *outputs, int task,
                       enum stop_reason reason);

/* The task is started, and accounted for, where `placement` says. */
void service_put_task(struct scheduler *scheduler, struct outputs *outputs, int service,
                      int deployment, const struct placement *placement);

/* There is no room for its next task: says so, and looks again when some appears. */
void service_block(struct scheduler *scheduler, struct outputs *outputs, int service, int taskdef);

/* DAEMON services (daemon.c): one task on each ACTIVE instance that meets the constraints. */
void daemon_count(struct scheduler *scheduler, int service);
void daemon_stop(struct scheduler *scheduler, struct outputs *outputs, int service);
void daemon_start(struct scheduler *scheduler, struct outputs *outputs, int service);

/* Zone rebalancing (rebalance.c): whether it may start one task more than desired now, which placement
 * then puts where fewest are. */
bool rebalance_wants(const struct scheduler *scheduler, int service, struct placement *placement);
bool rebalance_spreads_over_zones(const struct strategy_rule *rule);
bool rebalance_is_bound(const struct placement_constraint *constraints, int n);
bool rebalance_is_compatible(const struct create_service *call, const struct service *service);

#endif
