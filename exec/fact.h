/*
 * What becomes of an agent's order, on its way to the agent's machine. It must never know who found it out.
 */
#ifndef BERTH_EXEC_FACT_H
#define BERTH_EXEC_FACT_H

#include "core/message.h"

#include <stdbool.h>

/* The event is the taker's: message_finish(). */
struct fact {
    struct message event;
    bool modelled; /* the duration that it ends was not measured */
    int64_t
        used_usec; /* of an exit: CPU time of the container's processes until it was told; 0: not known */
};

#endif
