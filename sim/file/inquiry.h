/*
 * Asking a run log why, again and again: a fresh scheduler is stepped to the moment of each question
 * and goes on from there when the next question is about a later one. Works in slices, so that whoever
 * has a window to keep alive can.
 */
#ifndef BERTH_FILE_INQUIRY_H
#define BERTH_FILE_INQUIRY_H

#include "file/explain.h"

enum inquiry_state {
    INQUIRY_IDLE, /* nothing was asked */
    INQUIRY_WORKING,
    INQUIRY_ANSWERED,
    INQUIRY_NOTHING, /* the task was never placed by then, nor does it wait */
    INQUIRY_FAILED,  /* the log does not replay: `err` says why, and there is nothing more to ask */
};

struct inquiry {
    struct explain answer; /* of INQUIRY_ANSWERED; its `story` is NULL */
    enum inquiry_state state;
    struct err err;
    int64_t n_records; /* of the scheduler, stepped since the log's beginning */
    /* private */
    char *path;
    int64_t n_bytes; /* of the log, when it was opened */
    struct runlog_reader *reader;
    struct story *story; /* NULL, or learns of every record that is read */
    struct scheduler scheduler;
    struct outputs outputs;
    struct record ahead; /* read and not stepped yet; the reader's */
    bool has_ahead, at_end;
    struct cluster trial;
    bool has_trial, has_answer;
};

/* Opens a log that holds the scheduler's records (--log=tasks or more). `story` (NULL: none) is told of every
 * record as it is read, once each, as long as no question goes back. Close after a failure too. The
 * inquiry must not move in memory. */
bool inquiry_open(struct inquiry *inquiry, const char *path, struct story *story, struct err *err);
void inquiry_close(struct inquiry *inquiry);

/* Asks why a task is where it is at `until_usec`, or why it waits then. The last answer is gone. */
void inquiry_ask(struct inquiry *inquiry, int32_t task, int64_t until_usec);

/* Reads at most so many records towards the answer; less than 0: all it takes. Returns the state. */
enum inquiry_state inquiry_work(struct inquiry *inquiry, int64_t n_records);

/* The answer, for whoever keeps it beyond the next question, which must then not be asked: it looks into the
 * inquiry. Release with explain_finish(). */
struct explain inquiry_take(struct inquiry *inquiry);

/* Reads on to the end, for the story alone. False on an error, as INQUIRY_FAILED. */
bool inquiry_tell_rest(struct inquiry *inquiry);

/* How far into the log the work has come, of 1000. */
int inquiry_permille(const struct inquiry *inquiry);

#endif
