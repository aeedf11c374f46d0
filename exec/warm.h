/*
 * Memory at hand. Where a machine is a guest, its host takes back what nobody uses, and hands it out again at
 * many times the price: a MiB costs what happened on the machine in the minute before. So memory that is about to be
 * touched is touched once before and given back, and a run finds what the run before it found. It must never
 * know who will use it.
 */
#ifndef BERTH_EXEC_WARM_H
#define BERTH_EXEC_WARM_H

#include "exec/plan.h"

#include <stdint.h>

/* Touches so many bytes on all processors at once and gives them back; no more than half of what is free, and for
 * no longer than three seconds. */
void warm_memory(int64_t bytes);

/* What the scenario's containers touch, as far as one can know before it runs, and no more than its instances have;
 * bytes. */
int64_t warm_wanted(const struct plans *plans);

#endif
