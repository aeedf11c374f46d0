/*
 * Predict mode: which placement is asked about, what was picked, what was right, and the score. It must
 * never know a window, a key or how it is drawn.
 */
#ifndef BERTH_VIZ_GUESS_H
#define BERTH_VIZ_GUESS_H

#include "viz/panel_tell.h"
#include "viz/why.h"

enum guess_state {
    GUESS_OFF,
    GUESS_ASKS,     /* time goes no further than the question's moment */
    GUESS_ANSWERED, /* and the answer is shown */
    GUESS_DONE,     /* no placement is left */
};

enum guess_verdict {
    GUESS_RIGHT,
    GUESS_EQUAL, /* the rules leave both as good: counts as right */
    GUESS_WRONG,
    GUESS_PASSED, /* nothing was picked */
};

struct guess_mark {
    int32_t task, picked, chosen; /* `picked`: ID_NONE */
    enum guess_verdict verdict;
};

struct guess {
    const struct story *story;
    enum guess_state state;
    int32_t *tasks; /* in the order of their placements */
    int n_tasks;
    int at; /* the question's position in `tasks` */
    struct guess_mark *marks;
    int n_marks, cap_marks;
};

/* `story` must outlive it. */
void guess_init(struct guess *guess, const struct story *story);
void guess_finish(struct guess *guess);

/* Begins with the first placement after a moment, or at it; an earlier score is gone. */
void guess_start(struct guess *guess, int64_t at_usec);
void guess_stop(struct guess *guess);

/* The story has grown: what was placed meanwhile will be asked about too. */
void guess_grow(struct guess *guess);

/* The task that is asked about, ID_NONE where none is, and the moment of its placement. */
int32_t guess_task(const struct guess *guess);
int64_t guess_at_usec(const struct guess *guess);

/* Placements in which no strategy had a say are no questions: passes over them once their explanation is
 * there. Returns whether it did. */
bool guess_skip(struct guess *guess, const struct explain *explain);

/* An instance (ID_NONE: none) was picked for the task that is asked about, which `explain` explains. */
void guess_pick(struct guess *guess, const struct explain *explain, int32_t instance);

/* After an answer: the next question. */
void guess_next(struct guess *guess);

/* The score: what was asked, what was right, and of those how many because the rules leave equals. */
struct guess_score {
    int n_asked, n_right, n_equal;
};
struct guess_score guess_count(const struct guess *guess);

/* The question, the answer or the summary, as rows. `why` answers about the task. */
void guess_tell(const struct guess *guess, struct panel *panel, const struct why *why, bool there);

/* "predicted 7 of 9 placements (1 by an equally good instance)", a line; nothing where nothing was asked. */
void guess_report(const struct guess *guess, struct buffer *text);

#endif
