/*
 * What time it is in the view: playing, pausing, stepping from event to event, jumping. The one
 * place where the view's own time moves. It must never know a window, a key or the computer's
 * clock.
 */
#ifndef BERTH_VIZ_CLOCK_H
#define BERTH_VIZ_CLOCK_H

#include "viz/scene_index.h"

/* Moments in order, each once. */
struct clock_moments {
    int64_t *usec;
    int n_usec, cap_usec;
};

struct clock {
    int64_t at_usec, length_usec;
    bool playing;
    int speed;                      /* position in the table of speeds */
    struct clock_moments events;    /* at which anything happens in any of the runs */
    struct clock_moments decisions; /* at which a scheduler decides anything; 0 and the end */
    int32_t *placed; /* by decision's moment: placements then, in all runs together */
    int32_t shown; /* of the placements of this very moment the first so many are seen; CLOCK_ALL */
};

#define CLOCK_ALL INT32_MAX

/* Starts at 0, paused, at x1, over all the runs together. */
void clock_init(struct clock *clock, const struct scene_index *const *indexes, int n_indexes);
void clock_finish(struct clock *clock);

/* Goes to a moment, kept within the runs, with all that happens then. */
void clock_seek(struct clock *clock, int64_t at_usec);

/* Pauses and goes to the next (1) or the previous (-1) of the moments; the beginning counts as one. */
void clock_step(struct clock *clock, const struct clock_moments *moments, int direction);

/* Pauses and goes to the next or the previous decision. Of several placements at one moment each is a step of its
 * own: the moment is the same, and `shown` says how many of them are seen. */
void clock_step_decision(struct clock *clock, int direction);

/* The placements at this moment in all runs together. */
int32_t clock_placed(const struct clock *clock);

/* Plays or pauses; at the end playing starts again from 0. */
void clock_toggle(struct clock *clock);

/* One speed faster (1) or slower (-1), from 1/10x to 1000x. */
void clock_change_speed(struct clock *clock, int direction);

/* So much real time has passed. Pauses at the end. Returns whether the time has moved. */
bool clock_advance(struct clock *clock, int64_t real_usec);

/* A moment as people type it: "12s", "1.5m", "12" (seconds), "1:30", "50%", "end", "+5s" and "-5s" from now.
 * Returns NULL, or what is wrong with the text. The moment may lie outside the run. */
const char *clock_read(const struct clock *clock, const char *text, int64_t *at_usec);

/* "x2", "x1/10". Returns `text`. */
char *clock_tell_speed(const struct clock *clock, char *text, size_t size);

/* "playing x2"; paused: "". Returns `text`. */
char *clock_tell(const struct clock *clock, char *text, size_t size);

#endif
