/*
 * The inside of a serving container: so many requests at once, the others wait in line, first come
 * first served, and beyond the line's end they are turned away. Requests live in one pool, so a line
 * is a chain through it. Knows nothing of time, nor how long a request takes.
 */
#ifndef BERTH_MODEL_STATION_H
#define BERTH_MODEL_STATION_H

#include "core/unit.h"

#include <stdbool.h>

/* Where a request is. BROKEN: nowhere any more, but its driver still waits for it. */
enum request_state {
    REQUEST_FREE,
    REQUEST_IN_LINE,
    REQUEST_WORKING,
    REQUEST_WAITING,
    REQUEST_BROKEN,
};

struct visit {
    int64_t arrived_usec;
    int64_t n;                    /* its number among its source's */
    int64_t work_usec, wait_usec; /* that serving it takes */
    int32_t source;
    int32_t group;
    int32_t target; /* in the group's balancer */
    int32_t station;
    uint8_t state; /* enum request_state */
    int32_t next;  /* in the line, or of the free ones */
};

struct visits {
    struct visit *visits;
    int n_visits, cap_visits;
    int32_t free;
};

void visits_init(struct visits *pool);
void visits_finish(struct visits *pool);
int32_t visits_add(struct visits *pool); /* uninitialised but for `next` */

static inline void visits_remove(struct visits *pool, int32_t request)
{
    pool->visits[request].state = REQUEST_FREE;
    pool->visits[request].next = pool->free;
    pool->free = request;
}

struct station {
    int32_t concurrency; /* at least 1 */
    int32_t line_max;
    int32_t n_serving, n_waiting;
    int32_t first, last; /* of the line, ID_NONE */
};

struct station station_new(int32_t concurrency, int32_t line_max);

enum station_answer { STATION_SERVES, STATION_QUEUES, STATION_FULL };

/* A request comes: it is served at once, waits, or is turned away. */
static inline enum station_answer station_come(struct station *station, struct visits *pool,
                                               int32_t request)
{
    if (station->n_serving < station->concurrency) {
        station->n_serving++;
        return STATION_SERVES;
    }
    if (station->n_waiting >= station->line_max)
        return STATION_FULL;
    pool->visits[request].state = REQUEST_IN_LINE;
    pool->visits[request].next = ID_NONE;
    if (station->last == ID_NONE)
        station->first = request;
    else
        pool->visits[station->last].next = request;
    station->last = request;
    station->n_waiting++;
    return STATION_QUEUES;
}

/* The head of the line, which leaves it; ID_NONE: nobody waits. */
static inline int32_t station_shift(struct station *station, const struct visits *pool)
{
    int32_t request = station->first;

    if (request == ID_NONE)
        return ID_NONE;
    station->first = pool->visits[request].next;
    if (station->first == ID_NONE)
        station->last = ID_NONE;
    station->n_waiting--;
    return request;
}

/* One that was served has left: who is served next, ID_NONE: nobody. */
static inline int32_t station_leave(struct station *station, const struct visits *pool)
{
    int32_t next = station_shift(station, pool);

    if (next == ID_NONE)
        station->n_serving--;
    return next;
}

#endif
