/*
 * Groups and capacity providers for tests of the core: on top of steps.h, whose boxes need not be there.
 */
#ifndef BERTH_TESTS_CORE_CAPACITY_STEPS_H
#define BERTH_TESTS_CORE_CAPACITY_STEPS_H

#include "steps.h"

/* A group in zones a and b of boxes of 1024 CPU units and MiB. Returns its number. */
int capacity_group(enum group_kind kind, int least, int count, int most, int spot_percent);

/* The call for a provider of it: managed scaling to 100 %, to change and then to make. */
struct message capacity_provider_call(const char *name, int group);
int capacity_provider(const char *name, int group);

void capacity_register_all(void);

/* RunTask, of at most 10 tasks. */
void capacity_run(int taskdef, int count, const struct provider_share *shares, int n);

/* Tasks of the provider that are meant to run. */
int capacity_count(int provider);

/* The next datapoint of the first provider that has one. */
const struct capacity_state *capacity_datapoint(void);

/* A definition of 256 CPU units and 512 MiB in awsvpc. */
int capacity_fargate_definition(void);

#endif
