/*
 * One scheduler, stepped by hand: a cluster of boxes, what services are asked for, what agents, probers and
 * metrics report, and what is decided. Every step is checked.
 */
#ifndef BERTH_TESTS_CORE_STEPS_H
#define BERTH_TESTS_CORE_STEPS_H

#include "core/scheduler.h"

extern struct scheduler scheduler;
extern struct outputs outputs; /* of the last step */
extern int64_t now_usec;

/* `n` boxes of 4096 CPU units and MiB, in zones a and b by turns. */
void steps_begin(int n);
void steps_finish(void);

void steps_step(const struct message *event);

/* Goes on to that time, with a tick at each deadline on the way. */
void steps_until(int64_t at_usec);

/* The `n`-th output of that kind in the last step, or NULL; how many there are. */
const struct message *steps_said(enum message_kind kind, int n);
int steps_count(enum message_kind kind);
bool steps_said_event(enum service_event_code code);

/* A definition of one container "web" with that much CPU; `checked`: with a health check. */
int steps_define(int cpu, bool checked);

/* A service to change and then to create: desired count 2, the defaults. */
struct message steps_service(const char *name, int taskdef, int desired);
struct deployment_configuration steps_configuration(void);
struct service *steps_create(const struct message *call);
void steps_update(int service, int taskdef, int desired);
int steps_target_group(const char *name, int delay_sec);

void steps_report(int task, enum task_status status, enum health_status health);

/* All tasks that are PENDING run. */
void steps_run_all(void);

/* All tasks that were told to stop have. */
void steps_stop_all(void);
void steps_probe(int target_group, int task, bool passed);

/* One period in which each service's tasks use that percentage of their CPU. */
void steps_observe(int percent);

#endif
