/*
 * The real world's metrics: what services used by cgroup accounting and how their target groups'
 * requests fared, once a metric period, as the event that the scheduler gets. It must never decide.
 */
#ifndef BERTH_EXEC_OBSERVE_H
#define BERTH_EXEC_OBSERVE_H

#include "core/metrics.h"
#include "exec/crew.h"
#include "exec/ingress.h"

struct observer {
    const struct scheduler *scheduler;
    const struct crew *crew;
    struct ingress *ingress;
    int64_t began_usec; /* the period; USEC_NEVER: there is no service yet */
    struct metrics_rows services;
    struct observed {
        int64_t cpu_usec, throttled_usec; /* when last seen */
    } * tasks;
    int n_tasks, cap_tasks;
};

void observe_init(struct observer *observer, const struct scheduler *scheduler,
                  const struct crew *crew, struct ingress *ingress);
void observe_finish(struct observer *observer);

/* When the next observation is due, USEC_NEVER: not before a service is created, nor after the end. */
int64_t observe_deadline(struct observer *observer, int64_t now_usec);

/* How often guests have to say what their tasks use, so that it is known within a small part of a
 * period; 0: never, the run has no service. */
int64_t observe_used_usec(const struct observer *observer);

/* Observes the period that ends now, and begins the next one. False where nothing has been to see.
 * The event's lists live until the next call. */
bool observe_event(struct observer *observer, int64_t now_usec, struct message *event);

#endif
