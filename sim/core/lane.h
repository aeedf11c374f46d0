/*
 * A lane: the instances that may be the answer to one kind of question (strategy, constraints, host
 * ports, task group), in the order in which the strategy prefers them. Attributes with few values divide
 * them into classes, each a board of the shelf; the tasks that share a value of an attribute with many
 * are part of an instance's key. For place_index.c alone, which tells the lane of every change.
 */
#ifndef BERTH_CORE_LANE_H
#define BERTH_CORE_LANE_H

#include "core/place.h"
#include "core/shelf.h"

#define LANE_RULES_MAX 16
#define LANE_COUNT_BITS 19 /* of a key for the group's tasks of an instance */
#define LANE_TOTAL_BITS 20 /* and for those of a value */

/* The instances that share every value of the attributes that divide the lane: a board of the shelf. */
struct lane_class {
    int32_t values[LANE_RULES_MAX]; /* by rule; names in the lane */
};

/* What a lane knows of an instance. */
struct lane_place {
    int32_t class;     /* by its attributes, for life */
    int32_t own_tasks; /* of the lane's group, meant to run; where they matter */
    int8_t allowed;    /* by what never changes: 1, 0, or -1 not asked yet */
};

/* An instance in the list of those that share a value. */
struct lane_member {
    int32_t value;
    int32_t next; /* instance of the same value, ID_NONE */
};

/* A rule that spreads over an attribute: the tasks of the group by its value. */
struct lane_tally {
    int64_t *totals;  /* by value */
    int32_t *members; /* by value: the first instance that has it, where the total is in the key */
    int32_t n_values, cap_values;
    struct lane_member *of; /* by instance, likewise */
    int n_of, cap_of;
    bool is_used; /* the rule does spread over an attribute, and no earlier one over the same */
    bool in_key;
};

/* One number of an instance and where it stands in the key. */
struct lane_part {
    enum strategy_field
        field; /* BY_CPU, BY_MEMORY, BY_INSTANCE (tasks of the group), BY_ATTRIBUTE */
    int rule;  /* BY_ATTRIBUTE: whose tally */
    int shift;
};

struct lane {
    int32_t signature;
    int32_t slot;                  /* among the index's lanes */
    int64_t asked_at;              /* turn of the last question */
    int64_t seen;                  /* notes */
    const struct request *request; /* a copy: requests move */
    const struct task_definition *definition;
    struct query **definition_queries;
    int32_t task_group;
    int n_rules;    /* before the first random one */
    bool at_random; /* there is a random one */
    int shifts[LANE_RULES_MAX],
        bits[LANE_RULES_MAX];               /* of a rule's value in the key; 0 bits: none */
    struct lane_part parts[LANE_RULES_MAX]; /* the same for whoever makes a key */
    int n_parts;
    bool distinct, takes_extras;
    bool own_tasks_matter;
    bool demanding;     /* not every active instance takes the task if it fits */
    bool overflown;     /* some count does not fit into the key: it must not be asked */
    bool is_plain;      /* one class, and of an instance nothing matters but what is free there */
    struct shelf shelf; /* of the instances that take the task if it fits */
    struct lane_place *places;
    int n_places, cap_places;
    struct lane_class *classes;
    int n_classes, cap_classes;
    int classes_max; /* with more, it is better built anew */
    struct names class_names;
    struct names values;
    struct lane_tally tallies[LANE_RULES_MAX]; /* by rule */
};

/* The lane for a request and a definition, with every instance in its place. */
struct lane *lane_create(const struct cluster *cluster, int request, int taskdef,
                         int32_t signature);
void lane_destroy(struct lane *lane);

/* Takes in what the cluster's index has noted and the instances that have come since. */
void lane_follow(struct lane *lane, const struct cluster *cluster);

/* Follows, and then: where one more task goes, or PLACE_PLAINLY. */
struct placement lane_answer(struct lane *lane, const struct cluster *cluster, int taskdef,
                             int task);

/* Compares the lane with one built anew; where they do not agree, `detail` says what. */
bool lane_check(const struct lane *lane, const struct cluster *cluster, char *detail, size_t size);

/* For lane.c and lane_choose.c alone: an instance that has come; whether one meets what the lane asks for besides
 * CPU and memory; that so many more of the lane's group are meant to run on one; to put one where it belongs
 * now. */
void lane_meet(struct lane *lane, const struct cluster *cluster, int instance);
bool lane_meets_demands(struct lane *lane, const struct cluster *cluster, int instance);
void lane_count(struct lane *lane, int instance, int delta);
void lane_refresh(struct lane *lane, const struct cluster *cluster, int instance);

#endif
