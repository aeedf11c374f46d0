/*
 * What the controller and the agents wait with: file descriptors, one alarm on the monotonic clock,
 * and the signals that end a program, as plain values handed back. It calls nobody, so the order of
 * things stays in the programs that use it.
 */
#ifndef BERTH_EXEC_LOOP_H
#define BERTH_EXEC_LOOP_H

#include "file/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Tags of the loop's own; a user's tags are 0 or more. */
#define LOOP_SIGNAL (-1)
#define LOOP_ALARM (-2)

struct loop_ready {
    int64_t tag;   /* as given to loop_watch(), or one of the above */
    bool readable; /* there is input, or the end of it */
    bool writable;
    int signal; /* LOOP_SIGNAL: its number */
};

struct loop {
    int epoll_fd, timer_fd, signal_fd;
    int64_t alarm_usec; /* what the timer is set to */
};

/* Microseconds of CLOCK_MONOTONIC: the clock that every process of a run shares. */
int64_t loop_clock_usec(void);

/* `signals` are blocked from here on and come as LOOP_SIGNAL. They stay blocked in children, which
 * must unblock them. */
bool loop_open(struct loop *loop, const sigset_t *signals, struct err *err);
void loop_close(struct loop *loop);

/* Level-triggered. Watch the same descriptor again to change what is asked of it. */
bool loop_watch(struct loop *loop, int fd, int64_t tag, bool write_too, struct err *err);
void loop_forget(struct loop *loop, int fd);

/* LOOP_ALARM comes once at that time, at once when it has passed; INT64_MAX: never. */
void loop_alarm(struct loop *loop, int64_t at_usec);

/* Waits for something and fills at most `n_max` of what is ready; returns how many. */
int loop_wait(struct loop *loop, struct loop_ready *ready, int n_max);

#endif
