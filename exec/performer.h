/*
 * The hands of one agent: does what its machine orders to real containers, and hands back what
 * became of it as events. It must never decide what comes next, and never step the machine.
 */
#ifndef BERTH_EXEC_PERFORMER_H
#define BERTH_EXEC_PERFORMER_H

#include "core/message.h"
#include "exec/cgroup.h"
#include "exec/fact.h"
#include "exec/network.h"
#include "exec/protocol.h"
#include "file/err.h"

#include <stdbool.h>

struct performer;
struct prints_out;

/* For the instance of `setup`, whose cgroup and folder exist. `setup`, `cgroups` and `network` are
 * borrowed; without a network (NULL) containers have nothing but lo. What containers print goes into
 * the setup's folder, or into `out` where that is not NULL. Call from the main thread before any
 * other is started. */
bool performer_open(struct performer **performer, const struct setup *setup,
                    struct cgroup_machine *cgroups, struct network *network, struct prints_out *out,
                    struct err *err);

/* Where the machines of tasks that have one to themselves are attached: borrowed. */
void performer_cloud(struct performer *performer, int cloud_fd);

/* Ends everything that lives and waits for it (some milliseconds). */
void performer_close(struct performer *performer);

/* What a definition's containers are and what a task's do: taken over, not copied. */
void performer_plan(struct performer *performer, const struct plan *plan);
void performer_duty(struct performer *performer, const struct duty *duty);

/* Does one of the machine's actions. */
void performer_act(struct performer *performer, const struct message *action);

/* SIGKILL from outside; nothing where nothing runs. */
void performer_fault(struct performer *performer, const struct fault_order *order);

/* How the registry does from now on, with times since the run began. The machine's images are folders here:
 * what takes longer, or fails, is told later, and said to be modelled. */
void performer_registry(struct performer *performer, const struct registry_order *order);

/* Whether performer_next() may begin with what is left of tasks that are to be removed, which takes a while. */
bool performer_removes(const struct performer *performer);

/* The next fact; false when there is none now. Never blocks. */
bool performer_next(struct performer *performer, struct fact *fact);

/* What the next task of a guest's has used: of all tasks where this is a guest, else of those that have a
 * machine to themselves. `at` is 0 at first; false when there is no other. */
bool performer_used(struct performer *performer, int *at, struct used *used);

/* Does what nobody waits for, some of it at a time: keeps what containers have printed. For whenever
 * there is nothing else to do. */
void performer_rest(struct performer *performer);

/* What is started from now on waits at that gate (container.h), which is borrowed; 0: nothing waits. */
void performer_hold(struct performer *performer, int gate_fd);

/* Whether nothing is left of any task that was removed, and no other is here. */
bool performer_is_idle(const struct performer *performer);

/* Descriptors that are readable when performer_next() may have something, or performer_rest()
 * something to do. */
enum { PERFORMER_FDS = 5 };
void performer_fds(const struct performer *performer, int fds[PERFORMER_FDS]);

#endif
