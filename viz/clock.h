/*
 * What time it is in the view: playing, pausing, stepping from event to event, jumping. The one
 * place where the view's own time moves. It must never know a window, a key or the computer's
 * clock.
 */
#ifndef BERTH_VIZ_CLOCK_H
#define BERTH_VIZ_CLOCK_H

#include "viz/scene_index.h"

struct clock {
    int64_t at_usec, length_usec;
    bool playing;
    int speed;        /* position in the table of speeds */
    int64_t *moments; /* at which anything happens in any of the runs, each once, in order */
    int n_moments, cap_moments;
};

/* Starts at 0, paused, at x1, over all the runs together. */
void clock_init(struct clock *clock, const struct scene_index *const *indexes, int n_indexes);
void clock_finish(struct clock *clock);

/* Goes to a moment, kept within the runs. */
void clock_seek(struct clock *clock, int64_t at_usec);

/* Pauses and goes to the next (1) or the previous (-1) moment at which something happens; the
 * beginning counts as one. */
void clock_step(struct clock *clock, int direction);

/* Plays or pauses; at the end playing starts again from 0. */
void clock_toggle(struct clock *clock);

/* One speed faster (1) or slower (-1), from 1/10x to 1000x. */
void clock_change_speed(struct clock *clock, int direction);

/* So much real time has passed. Pauses at the end. Returns whether the time has moved. */
bool clock_advance(struct clock *clock, int64_t real_usec);

/* "paused" or "playing x2". Returns `text`. */
char *clock_tell(const struct clock *clock, char *text, size_t size);

#endif
