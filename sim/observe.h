/*
 * The simulated world's metrics: what services used and how their target groups' requests fared, once a
 * metric period, as the event that the scheduler gets. Decides nothing.
 */
#ifndef BERTH_OBSERVE_H
#define BERTH_OBSERVE_H

#include "core/metrics.h"
#include "front.h"

struct observer {
    const struct scheduler *scheduler;
    struct front *front;
    int64_t began_usec; /* the period; USEC_NEVER: there is no service yet */
    struct metrics_rows services;
};

void observe_init(struct observer *observer, const struct scheduler *scheduler,
                  struct front *front);
void observe_finish(struct observer *observer);

/* When the next observation is due, USEC_NEVER: not before a service is created. */
int64_t observe_deadline(struct observer *observer, int64_t now_usec);

/* Observes the period that ends now, and begins the next one. False where nothing has been to see.
 * The event's lists live until the next call. */
bool observe_event(struct observer *observer, int64_t now_usec, struct message *event);

#endif
