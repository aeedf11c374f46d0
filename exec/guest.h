/*
 * The agent as the first program of a virtual machine: file systems, modules, the line to the
 * controller and the network, before anything else; later, who this guest is. It must never run on
 * a machine that is not a guest of ours, nor know what an agent does.
 */
#ifndef BERTH_EXEC_GUEST_H
#define BERTH_EXEC_GUEST_H

#include "exec/protocol.h"
#include "file/err.h"

#include <stdbool.h>

/* Whether the calling process is the first of a kernel. */
bool guest_is_first(void);

/* Makes the guest a place to live in: the line is then PROTOCOL_FD, and PROTOCOL_CLOUD_FD a network
 * namespace with the bridge to the run's cloud, where the guest has a network interface. */
bool guest_begin(struct err *err);

/* The time was told: narrows down where the run began on our clock. */
void guest_read_clock(const struct reading *reading);

/* What to say first, and again after a sleep. The texts stay ours. */
struct hello guest_hello(void);

/* Takes on what the setup says: clock, name, randomness, disks, and its folder. `origin_usec`: the
 * CLOCK_MONOTONIC here at which the run began, as near as the quickest of what was told allows. */
bool guest_settle(const struct setup *setup, int64_t *origin_usec, struct err *err);

/* Turns the machine off. */
_Noreturn void guest_end(void);

#endif
