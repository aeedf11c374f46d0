/*
 * What is meant by words that somebody types: "web", "t7", "state:running zone:a". A thing matches when all of the
 * words do. It must never know keys, or how a match is shown.
 */
#ifndef BERTH_VIZ_FILTER_H
#define BERTH_VIZ_FILTER_H

#include "viz/scene.h"

#define FILTER_TEXT 96

struct filter {
    bool *tasks;              /* by number: it is there at this moment and matches */
    bool *instances;          /* by number: it matches, or one of its tasks does */
    int n_tasks, n_instances; /* that match themselves */
};

/* A word is compared with a task's family, name, instance, service, state and zone, an instance's name, type, state
 * and zone: names of things as a whole, families, services and types also in part, states from their first letters
 * on. "KEY:WORD" compares with that alone. False, and nothing is touched, where there is no word. */
bool filter_apply(struct filter *filter, const struct scene *scene, const char *text);
void filter_finish(struct filter *filter);

/* When a task that matches but for its state is placed for the first time; USEC_NEVER: never. */
int64_t filter_first_usec(const struct scene *scene, const char *text);

/* Every key there is, for people: "family", "task", ... ended by NULL. */
extern const char *const filter_keys[];

#endif
