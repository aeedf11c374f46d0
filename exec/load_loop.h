/*
 * The inside of load.h's process: its orders and its loop.
 */
#ifndef BERTH_EXEC_LOAD_LOOP_H
#define BERTH_EXEC_LOAD_LOOP_H

#include "exec/load.h"

enum load_word { LOAD_WORD_PROBE, LOAD_WORD_FORGET, LOAD_WORD_END };

struct load_order {
    enum load_word word;
    struct load_probe probe; /* FORGET: its group and task alone */
};

/* Sends, asks and reports until the other end of `fd`, a sequenced-packet socket, is closed. */
_Noreturn void load_loop(const struct load_job *job, int fd);

#endif
