/*
 * The view's time. It must never know a window, a key or the computer's clock.
 */
#include "viz/clock.h"

#include "core/array.h"

#include <stdio.h>
#include <stdlib.h>

/* In tenths. */
static const int speeds[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
#define SPEED_NORMAL 3

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

void clock_init(struct clock *clock, const struct scene_index *const *indexes, int n_indexes)
{
    *clock = (struct clock){.speed = SPEED_NORMAL, .length_usec = 1};
    *ARRAY_ADD(clock, moments) = 0;
    for (int i = 0; i < n_indexes; i++) {
        int64_t length_usec = scene_index_length_usec(indexes[i]);
        if (length_usec > clock->length_usec)
            clock->length_usec = length_usec;
        for (int e = 0; e < indexes[i]->n_events; e++)
            *ARRAY_ADD(clock, moments) = indexes[i]->events[e].at_usec;
    }
    qsort(clock->moments, (size_t)clock->n_moments, sizeof *clock->moments, by_value);
    int kept = 1;
    for (int i = 1; i < clock->n_moments; i++) {
        if (clock->moments[i] != clock->moments[kept - 1])
            clock->moments[kept++] = clock->moments[i];
    }
    clock->n_moments = kept;
}

void clock_finish(struct clock *clock)
{
    free(clock->moments);
    *clock = (struct clock){0};
}

void clock_seek(struct clock *clock, int64_t at_usec)
{
    clock->at_usec = at_usec < 0 ? 0 : at_usec > clock->length_usec ? clock->length_usec : at_usec;
}

/* The number of moments before `at_usec`. */
static int count_before(const struct clock *clock, int64_t at_usec)
{
    int low = 0, high = clock->n_moments;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (clock->moments[middle] < at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void clock_step(struct clock *clock, int direction)
{
    clock->playing = false;
    int at = direction > 0 ? count_before(clock, clock->at_usec + 1)
                           : count_before(clock, clock->at_usec) - 1;
    if (at >= 0 && at < clock->n_moments)
        clock->at_usec = clock->moments[at];
    else if (direction > 0)
        clock->at_usec = clock->length_usec;
}

void clock_toggle(struct clock *clock)
{
    if (!clock->playing && clock->at_usec >= clock->length_usec)
        clock->at_usec = 0;
    clock->playing = !clock->playing;
}

void clock_change_speed(struct clock *clock, int direction)
{
    int speed = clock->speed + direction;
    if (speed >= 0 && speed < (int)(sizeof speeds / sizeof speeds[0]))
        clock->speed = speed;
}

bool clock_advance(struct clock *clock, int64_t real_usec)
{
    if (!clock->playing || real_usec <= 0)
        return false;
    /* A suspended computer is no reason to jump over everything. */
    if (real_usec > USEC_PER_SEC)
        real_usec = USEC_PER_SEC;
    clock_seek(clock, clock->at_usec + real_usec * speeds[clock->speed] / 10);
    if (clock->at_usec >= clock->length_usec)
        clock->playing = false;
    return true;
}

char *clock_tell(const struct clock *clock, char *text, size_t size)
{
    const char *what = clock->playing ? "playing" : "paused";
    int tenths = speeds[clock->speed];
    if (!clock->playing && clock->speed == SPEED_NORMAL)
        snprintf(text, size, "%s", what);
    else if (tenths < 10)
        snprintf(text, size, "%s x1/%d", what, 10 / tenths);
    else
        snprintf(text, size, "%s x%d", what, tenths / 10);
    return text;
}
