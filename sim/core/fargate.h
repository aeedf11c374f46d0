/*
 * Fargate: one micro-VM for each task, of the task's size, within the launches that an account is
 * allowed. For the scheduler's files alone.
 */
#ifndef BERTH_CORE_FARGATE_H
#define BERTH_CORE_FARGATE_H

#include "core/scheduler.h"

/* Whether there are micro-VMs of so many CPU units and MiB. */
bool fargate_has_size(int32_t cpu, int32_t memory_mib);

/* Launches the micro-VM of a PROVISIONING task where the bucket has a launch left. Else it says when it
 * will have one, and returns ID_NONE. */
int fargate_launch(struct scheduler *scheduler, struct outputs *outputs, int task);

/* The micro-VM's task has stopped, or never came: it is of no use any more. */
void fargate_release(struct scheduler *scheduler, int instance);

#endif
