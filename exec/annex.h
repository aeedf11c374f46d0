/*
 * Virtual machines that are one task's own, as the agent of an instance has them: each is part of the
 * instance's share of the machine, a second agent's hands in it do to the task's containers what the
 * instance's agent orders, and it goes with its task. It must never decide anything, nor know what an
 * image or a container is made of.
 */
#ifndef BERTH_EXEC_ANNEX_H
#define BERTH_EXEC_ANNEX_H

#include "exec/cgroup.h"
#include "exec/fact.h"
#include "exec/protocol.h"
#include "file/err.h"

#include <stdbool.h>

struct annexes;
struct annex;

/* All of an instance's. Both borrowed. */
bool annexes_open(struct annexes **annexes, const struct setup *setup,
                  struct cgroup_machine *cgroups, struct err *err);

/* Kills those that are left and waits for their end. */
void annexes_close(struct annexes *annexes);

/* The network that their interfaces are attached to, borrowed; -1 (as it begins): they have none. */
void annexes_cloud(struct annexes *annexes, int cloud_fd);

/* How the registry does from now on; times since the run began. */
void annexes_registry(struct annexes *annexes, const struct registry_order *order);

/* Readable when annexes_next() may have something, or something to do. */
int annexes_fd(const struct annexes *annexes);

/* The next fact; false when there is none now. Never blocks. */
bool annexes_next(struct annexes *annexes, struct fact *fact);

/* Boots one for a task, in a group of that name which is made. A machineBooted tells how it went. Plan
 * and duty are borrowed until annex_end(). */
struct annex *annex_boot(struct annexes *annexes, const struct plan *plan, const struct duty *duty,
                         const char *group);

/* Does one of the agent's actions in it; every order is answered, also by one that has gone. */
void annex_order(struct annex *annex, const struct message *action);
void annex_fault(struct annex *annex, const struct fault_order *order);

/* What its task has used, as it said last; false where it has said nothing. */
bool annex_used(const struct annex *annex, struct used *used);

/* The task has gone: the machine is switched off, and nothing of it is told any more. */
void annex_end(struct annex *annex);

#endif
