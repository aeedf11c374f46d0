/*
 * One agent, i1, stepped by hand: what happens to it, and what it wants done. For tests of agents.
 */
#ifndef BERTH_TESTS_CORE_AGENT_STEPS_H
#define BERTH_TESTS_CORE_AGENT_STEPS_H

#include "core/agent.h"

extern struct taskdefs taskdefs;
extern struct agent agent;
extern struct outputs outputs; /* of the last step */
extern int64_t now_usec;       /* when the next step comes */

/* A fresh agent at 0 s, after its boot; the definitions stand in `taskdefs`. */
void steps_begin(const struct boot *boot);
void steps_finish(void);

void steps_step(const struct message *event);
const struct message *steps_said(enum message_kind kind);
bool steps_ordered(enum message_kind kind, int task, int container);
bool steps_signalled(int task, int container, enum stop_signal signal);
bool steps_reported(int task, enum task_status status);
void steps_place(int task, int taskdef);
void steps_tick(void);
void steps_answer_probe(int task, int container, bool healthy);
void steps_pass_probe(int task, int container);
void steps_stop(int task);
void steps_fact(enum message_kind kind, int task, int container, const char *error);
void steps_exited(int task, int container, int exit_code, bool oom);
void steps_bring_up(int task, int container);

#endif
