/*
 * One line of a run log: one step of one machine. The currency between the drivers, the log, the
 * replay and everything that reads runs.
 */
#ifndef BERTH_FILE_RECORD_H
#define BERTH_FILE_RECORD_H

#include "core/message.h"

struct record {
    int32_t machine; /* ID_NONE: the scheduler, else the agent of that instance */
    int64_t seq;     /* 1, 2, ... within the machine */
    int64_t at_usec; /* on the machine's own clock, since the start of the run */
    bool modelled;   /* the duration that ends with this event was modelled, not measured */
    struct message event;
    struct outputs outputs;
};

/* The digest of a machine's history up to and with this record, `before` being the one up to the
 * record before it (0: none). Equal histories have equal digests on every machine. */
uint64_t record_digest(uint64_t before, const struct record *record);

/* Whether the scheduler refused the call that this record holds, or some of what it asks for. */
bool record_is_refused(const struct record *record);

#endif
