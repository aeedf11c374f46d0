/*
 * One task inside the agent: how its containers move up, are watched, and come down again. For the
 * agent's step alone.
 */
#ifndef BERTH_CORE_AGENT_TASK_H
#define BERTH_CORE_AGENT_TASK_H

#include "core/agent.h"

const struct task_definition *agent_task_definition(const struct agent *agent,
                                                    const struct agent_task *task);

/* A task that has just been sent. Release with agent_task_destroy(). */
struct agent_task *agent_task_create(const struct agent *agent, const struct place_task *event);
void agent_task_destroy(const struct agent *agent, struct agent_task *task);

/* Whether its containers run in a virtual machine of the task's own. */
bool agent_task_has_machine(const struct agent *agent, const struct agent_task *task);

/* It takes what it needs of the host, which has it. */
void agent_task_admit(struct agent *agent, struct agent_task *task);

/* Its desired status becomes STOPPED; `before` and `after` make up the reason, both may be NULL. The
 * first stop and its reason stay. */
void agent_task_stop(struct agent_task *task, enum stop_code code, const char *before,
                     const char *after);

/* A container runs: its probes begin. */
void agent_task_started(const struct agent *agent, struct agent_task *task, int container);

/* A running container has exited: it is restarted by its policy, or has STOPPED. */
void agent_task_exited(const struct agent *agent, struct agent_task *task,
                       const struct container_exited *event, struct outputs *outputs);

/* The answer to the probe that is out (ECS API: HealthCheck). */
void agent_task_probed(const struct agent *agent, struct agent_task *task, int container,
                       bool healthy);

/* Moves every container as far as it can go and reports. Returns whether the task has ended: it has
 * then given back what it held of the host, and the caller takes it from the agent's list. */
bool agent_task_advance(struct agent *agent, struct agent_task *task, struct outputs *outputs);

/* Does what is due by now; returns as agent_task_advance(). */
bool agent_task_tick(struct agent *agent, struct agent_task *task, struct outputs *outputs);

/* When something of the task is due next. */
int64_t agent_task_deadline(const struct agent *agent, const struct agent_task *task);

#endif
