/*
 * The service scheduler: keeps each REPLICA service at its desired count. For the scheduler's step
 * alone; it sees the cluster after the event and before anybody else.
 */
#ifndef BERTH_CORE_SERVICE_H
#define BERTH_CORE_SERVICE_H

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

/* One of its tasks has STOPPED: `reached_running` decides whether the next start is throttled (ECS
 * developer guide, service-throttle-logic: only tasks that never were RUNNING count). */
void service_note_stopped(struct scheduler *scheduler, int service, bool reached_running);

/* One of its tasks runs: the throttle is off. */
void service_note_running(struct scheduler *scheduler, int service);

/* First half of the agenda: stops what the touched services have too many of. */
void service_stop_surplus(struct scheduler *scheduler, struct outputs *outputs);

/* Second half: starts what they lack, the blocked ones too where room may have appeared; empties
 * the agenda. Services wait for room in the order in which they were blocked. */
void service_start_missing(struct scheduler *scheduler, struct outputs *outputs);

#endif
