/*
 * What a task definition asks of a machine beyond its program, as berth gives it: limits,
 * capabilities, settings, mounts. What it does not give is said, by name, before the run; what
 * nobody should give is refused. It must never know how any of it is done.
 */
#ifndef BERTH_EXEC_WANTS_H
#define BERTH_EXEC_WANTS_H

#include "exec/protocol.h"
#include "file/err.h"
#include "exec/cgroup.h"
#include "file/scenario.h"

/* Refuses what cannot be run at all (EXIT_MACHINE): privileged containers. */
bool wants_check(const struct scenario *scenario, struct err *err);

/* Says on stderr what a real run does not give, or gives otherwise, a line each. */
void wants_tell(const struct scenario *scenario, const struct cgroup_machine *machine);

/* Fills what `plan` gets of container number `i` of a definition. Texts are the definition's, lists
 * are to be released with wants_release(). */
void wants_fill(struct plan_container *plan, const struct scenario_taskdef *taskdef, int i);
void wants_release(struct plan_container *plan);

#endif
