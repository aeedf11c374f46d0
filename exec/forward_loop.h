/*
 * The process behind forward.h; nobody else includes it.
 */
#ifndef BERTH_EXEC_FORWARD_LOOP_H
#define BERTH_EXEC_FORWARD_LOOP_H

#include "exec/forward.h"

/* Where the process finds its starter; everything above is closed. */
#define FORWARD_FD 3

/* Each is answered with an int: 0 or errno. */
struct forward_order {
    bool add;
    struct forward_rule rule;
};

/* Until the starter is gone. */
void forward_loop(void);

#endif
