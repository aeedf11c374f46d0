/*
 * What a run's time line shows: marks of what matters, and numbers over time, both made once per run and put into
 * columns once per width. It must never know pixels' places, colours or who draws it.
 */
#ifndef BERTH_VIZ_CHRONICLE_H
#define BERTH_VIZ_CHRONICLE_H

#include "viz/scene_index.h"
#include "viz/series.h"

enum chronicle_kind {
    CHRONICLE_PLACED,
    CHRONICLE_STOPPED, /* a task, or an instance is gone */
    /* From here on they are marks: one can be told about and jumped to. */
    CHRONICLE_DEPLOYMENT,
    CHRONICLE_SCALE_OUT,
    CHRONICLE_SCALE_IN,
    CHRONICLE_FAULT, /* done by the scenario */
    CHRONICLE_FAILURE,
    CHRONICLE_KINDS,
};
#define CHRONICLE_MARKS CHRONICLE_DEPLOYMENT

enum chronicle_strip {
    CHRONICLE_UTILIZATION, /* hundredths of a per cent of the CPU that there is */
    CHRONICLE_WAITING,     /* tasks */
    CHRONICLE_RUNNING,     /* tasks */
    CHRONICLE_COST,        /* nano-dollars an hour */
    CHRONICLE_LATENCY,     /* microseconds, 95th percentile */
    CHRONICLE_STRIPS,
};

struct chronicle_mark {
    int64_t at_usec;
    enum chronicle_kind kind;
    int32_t id; /* of the scene index's event, the story's fact or the scenario's fault */
};

struct chronicle_fault {
    char text[80];
};

struct chronicle {
    const struct scene_index *index;
    struct chronicle_mark *marks; /* in order of time */
    int n_marks, cap_marks;
    struct chronicle_fault *faults;
    int n_faults, cap_faults;
    struct series strips[CHRONICLE_STRIPS];
    int64_t most[CHRONICLE_STRIPS]; /* 0: there is nothing to draw */
    /* Of the width last asked for. */
    int width;
    int64_t length_usec;
    uint8_t *kinds;      /* by column: bits 1 << kind */
    int64_t *low, *high; /* by strip and column: the values it goes through */
};

/* `scenario` is the run's own, as its header has it: its faults are marks. The index must outlive the chronicle. */
void chronicle_init(struct chronicle *chronicle, const struct scene_index *index,
                    const char *scenario);
void chronicle_finish(struct chronicle *chronicle);

/* Makes the columns for that many of them over that length of time. */
void chronicle_fit(struct chronicle *chronicle, int width, int64_t length_usec);

/* The column of a moment, from 0 to width - 1 within the length. */
int chronicle_column(int64_t at_usec, int width, int64_t length_usec);

/* A mark in words, without its time: "fault: killTask t1". */
void chronicle_tell(const struct chronicle *chronicle, const struct chronicle_mark *mark,
                    char *text, size_t size);

/* Whether that value of a strip says something: nobody answers in no time, and what never has cost anything has no
 * price that is known. */
bool chronicle_knows(const struct chronicle *chronicle, enum chronicle_strip strip, int64_t value);

/* A strip's value in words: "63 %", "0.192", "12.5 ms". */
void chronicle_tell_value(enum chronicle_strip strip, int64_t value, char *text, size_t size);

/* The first mark after a moment (1) or the last before it (-1) in any of the runs; USEC_NEVER: none. */
int64_t chronicle_next(const struct chronicle *const *chronicles, int n, int64_t at_usec,
                       int direction);

#endif
