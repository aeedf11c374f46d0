/*
 * Every invariant of the core, by name. Tests check after each step, `--paranoid` does so in a run.
 */
#ifndef BERTH_CORE_CHECK_H
#define BERTH_CORE_CHECK_H

#include "core/agent.h"
#include "core/scheduler.h"

/* Returns NULL where all hold, else the name of the first that does not; `detail` (of `size` bytes)
 * then says where. */
const char *core_check(const struct scheduler *scheduler, char *detail, size_t size);
const char *core_check_agent(const struct agent *agent, char *detail, size_t size);

#endif
