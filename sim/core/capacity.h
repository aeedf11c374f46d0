/*
 * Capacity providers: which of them a task goes to, and what a cluster's default is. For the scheduler's
 * files alone. How a provider's group grows and shrinks is capacity_scale.c's, micro-VMs are fargate.c's.
 */
#ifndef BERTH_CORE_CAPACITY_H
#define BERTH_CORE_CAPACITY_H

#include "core/scheduler.h"

/* ECS service quotas: providers in a strategy. ECS API, CapacityProviderStrategyItem: base, weight. */
#define CAPACITY_SHARES_MAX 20
#define CAPACITY_BASE_MAX 100000
#define CAPACITY_WEIGHT_MAX 1000

/* CreateCapacityProvider, PutClusterCapacityProviders. */
void capacity_create(struct scheduler *scheduler, const struct message *event,
                     struct outputs *outputs);
void capacity_put_default(struct scheduler *scheduler, const struct message *event,
                          struct outputs *outputs);

/* Adds the request of a CreateService or RunTask call with all shares of its strategy, or of the
 * cluster's default: the first of a chain. ID_NONE as cluster_add_request(), or where the strategy
 * is unsound: a provider that does not exist or stands twice, more than one base, no weight, Fargate
 * beside an Auto Scaling group. */
int capacity_add_request(struct cluster *cluster, const struct message *call, int service);

/* A new chain for tasks of that definition of the chain's service, which counts from nothing: with `n` other
 * shares, or (0) with the same ones. ID_NONE where they are unsound. */
int capacity_renew_request(struct cluster *cluster, int request, int taskdef,
                           const struct provider_share *shares, int n);

/* A task of that definition can go there: on Fargate it must have one of its sizes, and awsvpc. */
bool capacity_takes(const struct cluster *cluster, int request, int taskdef);

/* The request of the chain that its next task belongs to: base first, then the one with the least
 * (tasks beyond its base + 1) / weight, the first of equals. Counts a service's wanted tasks, and of a
 * RunTask call all that were given. */
int capacity_next_request(const struct cluster *cluster, int request);

/* Tasks of the request that find no room wait PROVISIONING: managed scaling is on. */
bool capacity_waits(const struct cluster *cluster, int request);

/* Tasks of the request each get a micro-VM. */
bool capacity_is_fargate(const struct cluster *cluster, int request);

/* So many tasks may wait for Auto Scaling groups in a cluster, and there are as many. */
bool capacity_is_full(const struct scheduler *scheduler);

/* Once a period: the datapoints of all providers with managed scaling that are due, and what follows.
 * See capacity_scale.c. */
void capacity_scale(struct scheduler *scheduler, struct outputs *outputs);

/* Without a task that is no daemon. */
bool capacity_is_empty(const struct cluster *cluster, int instance);

#endif
