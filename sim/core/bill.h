/*
 * The bill: the ledger in the words of a message. For the scheduler's step and whoever wants to know what a
 * run has cost so far.
 */
#ifndef BERTH_CORE_BILL_H
#define BERTH_CORE_BILL_H

#include "core/scheduler.h"

/* The whole run's, once it is over. Nothing where nothing has a price. */
void bill_tell(struct scheduler *scheduler, struct outputs *outputs);

/* Nano-dollars billed: everything after the end, before it what has ended. */
int64_t bill_nanos(const struct scheduler *scheduler);
int64_t bill_idle_nanos(const struct scheduler *scheduler);

#endif
