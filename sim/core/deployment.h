/*
 * Deployments: what an update of a service rolls out, how it ends and how it is taken back (ECS
 * developer guide, deployment-type-ecs, deployment-circuit-breaker; API: DeploymentConfiguration,
 * ServiceDeployment.lifecycleStage). For the files of the service scheduler alone.
 */
#ifndef BERTH_CORE_DEPLOYMENT_H
#define BERTH_CORE_DEPLOYMENT_H

#include "core/scheduler.h"

/* A new primary deployment of the service; what was primary is superseded. */
void deployment_begin(struct scheduler *scheduler, struct outputs *outputs, int service,
                      int taskdef);

/* Moves the service's deployments on as far as they can go now: stages, completion, ends. */
void deployment_advance(struct scheduler *scheduler, struct outputs *outputs, int service);

/* The circuit breaker counts a task of the deployment: one that never ran (`was_running` is false), which
 * counts until one has run; one that failed its checks, from then on. */
void deployment_note_failure(struct scheduler *scheduler, struct outputs *outputs, int service,
                             int deployment, bool was_running);
void deployment_note_healthy(struct scheduler *scheduler, int service, int deployment);

/* An alarm of that name (a number of cluster.names) has gone to ALARM: deployments that watch it
 * fail. */
void deployment_note_alarm(struct scheduler *scheduler, struct outputs *outputs, int32_t name);

/* A rolling deployment with other load balancers: as much of the traffic goes to it as it has healthy tasks of those
 * desired, and all of it once nobody else has any. */
void deployment_follow_tasks(struct scheduler *scheduler, struct outputs *outputs, int service);

/* The target group that the deployment's tasks stand in by its n-th load balancer, or ID_NONE. */
int32_t deployment_group(const struct deployment *deployment, int balancer);

/* Whether one of the deployment's groups, on the side named, is one that `other` stands in. */
bool deployment_shares_groups(const struct deployment *deployment, const struct deployment *other,
                              bool alternate);

/* What the service's alarms are has changed under way: those that are on do not count for the deployment. */
void deployment_renew_alarms(struct scheduler *scheduler, int service);

/* The production traffic's shares stand: said when a service is created. */
void deployment_say_traffic(struct scheduler *scheduler, struct outputs *outputs, int service);

#endif
