/*
 * What the files of the crew share among themselves; nobody else includes it.
 */
#ifndef BERTH_EXEC_CREW_INSIDE_H
#define BERTH_EXEC_CREW_INSIDE_H

#include "exec/crew.h"

/* This machine cannot go on; the first reason counts. */
void crew_fail(struct crew *crew, const struct err *err);

/* "i3", or "t5's micro-VM", in `text` of `size` bytes. */
const char *crew_name(const struct member *member, char *text, size_t size);

/* The instance is gone: the controller will ask. */
void crew_lose(struct crew *crew, int32_t instance);

/* Sends what goes now, and watches for the rest. */
void crew_flush_machine(struct crew *crew, struct machine *machine);

/* Starts a member whose time has come. */
void crew_boot(struct crew *crew, struct member *member);

/* What an agent needs to know before anything else, and the event that starts its machine. A guest
 * has asked for the time before, others (NULL) have the same clock. */
void crew_introduce(struct crew *crew, struct member *member, const struct reading *reading);

/* Kills a virtual machine that does not come up. It is lost like any other: what becomes of that is
 * the scheduler's. */
void crew_watch_rise(struct crew *crew, struct machine *machine);

#endif
