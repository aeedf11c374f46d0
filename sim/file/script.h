/*
 * A scenario as the events it puts into a cluster, in order and in time: rules, definitions, groups of
 * instances and target groups at 0, services once the initial instances have settled (so that their placement does
 * not depend on who booted first), the timeline's calls and faults at their times, the end. Both
 * drivers ask the same script, so both runs are asked the same things.
 */
#ifndef BERTH_FILE_SCRIPT_H
#define BERTH_FILE_SCRIPT_H

#include "core/scheduler.h"
#include "file/scenario.h"

/* More types than a group may name: EC2 Auto Scaling takes 40 overrides. */
#define SCRIPT_TYPES_MAX 64

/* A Spot instance's warning, and its end after that. */
struct script_interruption {
    int32_t instance;
    int64_t at_usec;
    bool warned;
};

struct script {
    const struct scenario *scenario;
    int next_taskdef, next_group, next_target_group, next_service, next_scaling, next_entry;
    bool gave_rules;
    int next_target; /* of an entry that is given one by one */
    int n_zone;      /* instances that a FAULT_KILL_ZONE may hit: those it found */
    int next_provider;
    bool gave_default;
    int n_met; /* instances that have been looked at */
    struct script_interruption *interruptions;
    int n_interruptions, cap_interruptions;
    struct group_type more_types[SCRIPT_TYPES_MAX]; /* of the group last given */
    bool ended;
    struct message call; /* the event last given; texts belong to the scenario */
    struct policy_number actions[SCENARIO_ACTIONS_MAX]; /* of that event */
    struct fault fault;                                 /* the fault last given; likewise */
};

enum script_item {
    SCRIPT_EVENT, /* `event`: step the scheduler with it now */
    SCRIPT_FAULT, /* `fault`: do it to the world now */
    SCRIPT_WAIT,  /* nothing now: ask again after the next step, and at `at_usec` at the latest */
    SCRIPT_END,   /* everything has been given, the last event was MESSAGE_END */
};

struct script_step {
    enum script_item item;
    const struct message *event;
    const struct fault *fault; /* its container is found; it or the task may not exist: ID_NONE */
    int64_t at_usec;           /* or USEC_NEVER */
};

void script_init(struct script *script, const struct scenario *scenario);
void script_finish(struct script *script);

/* What the scenario has for the cluster at `now_usec`. Call until it says SCRIPT_WAIT or
 * SCRIPT_END. */
struct script_step script_next(struct script *script, const struct scheduler *scheduler,
                               int64_t now_usec);

#endif
