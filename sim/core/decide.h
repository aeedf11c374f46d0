/*
 * How a decision is made known: numbered when it is opened, closed exactly once. For the files of
 * the scheduler alone.
 *
 *   decision            closed by
 *   launchInstance      the agent's registration, or the loss of the instance
 *   terminateInstance   the loss of the instance
 *   placeTask           the first report about the task, or the loss of its instance
 *   stopTask            the report STOPPED, or the loss of its instance
 *   refuse, wait        themselves: they are answers
 */
#ifndef BERTH_CORE_DECIDE_H
#define BERTH_CORE_DECIDE_H

#include "core/place.h"
#include "core/scheduler.h"

/* Appends a numbered decision that is its own answer. */
struct message *decide(struct scheduler *scheduler, struct outputs *outputs,
                       enum message_kind kind);

/* Appends one that stays open: `*is_open`, which must be false, says so from now on. */
struct message *decide_open(struct scheduler *scheduler, struct outputs *outputs,
                            enum message_kind kind, bool *is_open);

/* Refuses a call as a whole. */
void decide_refuse(struct scheduler *scheduler, struct outputs *outputs, enum message_kind call,
                   enum refusal refusal);

/* Closes it where it is open. */
void decide_close(struct scheduler *scheduler, bool *is_open);

/* Puts the PROVISIONING task where `placement` says and tells the agent. */
void decide_put(struct scheduler *scheduler, struct outputs *outputs, int task,
                const struct placement *placement);

/* Sets the task's desired status to STOPPED and tells its agent, once its targets have drained; a task on
 * no instance just ends. */
void decide_stop(struct scheduler *scheduler, struct outputs *outputs, int task,
                 enum stop_code code, enum stop_reason reason);

/* Its targets have drained: tells its agent. */
void decide_stop_drained(struct scheduler *scheduler, struct outputs *outputs, int task);
/* Ends a PROVISIONING task that no longer waits, and says so where it is the scheduler's own will. */
void decide_give_up(struct scheduler *scheduler, struct outputs *outputs, int task,
                    enum stop_code code, enum stop_reason reason);

/* Says that a task of the request finds no room, with the nearest miss: a service's next one (`task` is
 * ID_NONE) or a PROVISIONING one. `said` is what was said last. It is said once, and again where the
 * reason had been that no instance was up. */
void decide_wait(struct scheduler *scheduler, struct outputs *outputs, int request, int taskdef,
                 int task, struct wait *said);

/* The deadline comes no later than this. */
void decide_by(struct scheduler *scheduler, int64_t at_usec);

/* The gap before the next try after `n_failures` in a row: 1 s, doubled each time, 15 min at most, where the
 * rules say nothing else (ECS developer guide, service-throttle-logic, gives the maximum; the growth is
 * berth's choice). */
int64_t decide_backoff_usec(const struct scheduler *scheduler, int32_t n_failures);

#endif
