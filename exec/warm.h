/*
 * Memory at hand. Where a machine is a guest, its host takes back what nobody uses and hands it out again at many
 * times the price, so what a MiB costs depends on what the machine did in the minute before. Memory that a run will
 * touch is therefore touched once before and given back: then it costs the same in every run. It must never know
 * what a run does with it.
 */
#ifndef BERTH_EXEC_WARM_H
#define BERTH_EXEC_WARM_H

#include "exec/plan.h"

#include <stdint.h>

/* Touches so many bytes, in as many processes as there are processors, up to 32, and gives them back; no more than half
 * of what is unused and of what this process's groups may still have, and for no longer than three seconds. */
void warm_memory(int64_t bytes);

/* That half: bytes. */
int64_t warm_most(void);

/* What the scenario's containers touch, as far as one can know before it runs, and no more than its instances have;
 * bytes. */
int64_t warm_wanted(const struct plans *plans);

#endif
