/*
 * Groups of instances: what is asked of them, and what they launch. For the scheduler's step alone.
 */
#ifndef BERTH_CORE_GROUP_H
#define BERTH_CORE_GROUP_H

#include "core/scheduler.h"

/*
 * A group launches no more after so many instances in a row that never registered (at least one for
 * each of its places), or so many for each place that were lost soon after, without a task having
 * run on them.
 */
#define GROUP_TRIES_MAX 5
#define GROUP_PROVEN_USEC (10 * USEC_PER_SEC)

/* A group and its first launches. */
void group_add(struct scheduler *scheduler, const struct message *event, struct outputs *outputs);

/* Launches what groups lack of their desired capacity: at once after scaling out, with a growing gap
 * where launches failed. */
void group_launch_missing(struct scheduler *scheduler, struct outputs *outputs);

/* A micro-VM for a task on Fargate. Returns its index. */
int group_launch_for(struct scheduler *scheduler, struct outputs *outputs, int group, int32_t zone,
                     int task);

/* An instance's place in its group is free from now on. */
void group_give_up_place(struct cluster *cluster, const struct instance *instance);

/* It is gone. */
void group_leave(struct cluster *cluster, int id);

/* The group has lost that instance, which nobody had told to go: it lacks one, or, where it does not
 * replace, is content with less. */
void group_note_missing(struct scheduler *scheduler, const struct instance *instance,
                        bool never_registered);

#endif
