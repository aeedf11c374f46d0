/*
 * What a container tells its agent: fixed-size records over the status pipe, written by pid 1 first
 * as part of the agent's image (init.c), later as the program berth-init (berth_init.c). Plain
 * data, no pointers.
 */
#ifndef BERTH_EXEC_RECORD_H
#define BERTH_EXEC_RECORD_H

#include "exec/container.h"

#include <stdint.h>

enum record_kind { RECORD_STARTED, RECORD_FAILED, RECORD_READY, RECORD_EXITED };

/* Smaller than PIPE_BUF, so each write is whole. */
struct record {
    int32_t kind;
    int32_t stage, error;    /* RECORD_FAILED */
    int32_t status;          /* RECORD_EXITED: as waitpid() has it */
    int64_t used_usec;       /* RECORD_EXITED: CPU time of pid 1 and the payload until now */
    int32_t rlimit_refused;  /* RECORD_STARTED */
    int64_t at_usec;         /* CLOCK_MONOTONIC */
    int64_t stages[STAGE_N]; /* RECORD_STARTED and RECORD_FAILED: when each began; 0 = not */
    char detail[96];         /* RECORD_FAILED: the path or name at which it failed */
};

/* The descriptors of pid 1 when it becomes berth-init; everything else is closed. */
enum { RECORD_STATUS_FD = 3, RECORD_PARENT_FD = 4 };

#endif
