/*
 * The tables of ECS's part of a scenario: every member of the API's requests (ECS API reference,
 * 2014-11-13, as of 2026-08), with a meaning where berth takes notice of it.
 */
#include "core/message.h"
#include "file/grammar.h"

#include <stddef.h>

/* ECS has the member, berth takes no notice of it yet. */
#define PASSED_OVER .about = NULL

static const char *const launch_types[] = {"EC2", "FARGATE", NULL};

static const char *const strategy_types[] = {"binpack", "spread", "random", NULL}; /* ECS's own */

static const struct grammar_member strategy_members[] = {
    {"type", SHAPE_CHOICE, .required = true, .values = strategy_types, .open = true,
     .about = "binpack, spread or random; berth takes the name of a strategy of your own too (in "
              "sim/core/strategies.c, such as best-fit)"},
    {"field", SHAPE_TEXT,
     .about = "binpack: cpu or memory; spread: instanceId, host or attribute:NAME"},
    {.name = NULL},
};
const struct grammar strategy_grammar = {
    "a placement strategy", "Each rule breaks the ties that those before it leave; at most 5.",
    .ecs = true, .members = strategy_members};

static const struct grammar_member constraint_members[] = {
    {"type", SHAPE_CHOICE, .required = true, .values = constraint_type_names,
     .about = "distinctInstance or memberOf"},
    {"expression", SHAPE_TEXT, .about = "memberOf: in the cluster query language, at most 2000 characters"},
    {.name = NULL},
};
const struct grammar constraint_grammar = {"a placement constraint", .ecs = true,
                                           .members = constraint_members};

/* Without the name of "nothing". */
static const char *const rebalancing_said[] = {"ENABLED", "DISABLED", NULL};

static const struct grammar_member create_service_members[] = {
    {"serviceName", SHAPE_TEXT, .required = true, .about = "its name"},
    {"taskDefinition", SHAPE_TEXT, .required = true,
     .about = "\"family\" (its latest revision) or \"family:revision\""},
    {"desiredCount", SHAPE_NUMBER, .about = "how many tasks it keeps running; REPLICA needs it"},
    {"placementStrategy", SHAPE_LIST, .of = &strategy_grammar,
     .about = "default: spread over zones, then over instances"},
    {"placementConstraints", SHAPE_LIST, .of = &constraint_grammar, .about = "all must hold"},
    {"schedulingStrategy", SHAPE_CHOICE, .values = scheduling_strategy_names,
     .about = "REPLICA, or DAEMON: one task on each instance; default REPLICA"},
    {"deploymentConfiguration", SHAPE_OBJECT, .of = &deployment_grammar,
     .about = "how updates are rolled out"},
    {"loadBalancers", SHAPE_LIST, .of = &load_balancer_grammar,
     .about = "target groups that its tasks take requests from"},
    {"healthCheckGracePeriodSeconds", SHAPE_NUMBER,
     .about = "behind a load balancer failing checks count for nothing so long; default 0"},
    {"availabilityZoneRebalancing", SHAPE_CHOICE, .values = rebalancing_said,
     .about = "ENABLED or DISABLED; default ENABLED where the strategy spreads over zones first"},
    {"deploymentController", SHAPE_OBJECT, .of = &controller_grammar, .about = "ECS"},
    {"launchType", SHAPE_CHOICE, .values = launch_types,
     .about = "EC2: on any instance; FARGATE: each in a micro-VM of its own; default: the "
              "cluster's default strategy, else EC2"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"clientToken", SHAPE_TEXT, .about = "no effect"},
    {"tags", SHAPE_ANY, .about = "no effect"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"role", SHAPE_TEXT, .about = "no effect"},
    {"serviceRegistries", SHAPE_ANY, PASSED_OVER},
    {"capacityProviderStrategy", SHAPE_LIST, .of = &share_grammar,
     .about = "at most 20; instead of launchType"},
    {"platformVersion", SHAPE_TEXT, PASSED_OVER},
    {"networkConfiguration", SHAPE_ANY, PASSED_OVER},
    {"enableExecuteCommand", SHAPE_ANY, PASSED_OVER},
    {"serviceConnectConfiguration", SHAPE_ANY, PASSED_OVER},
    {"volumeConfigurations", SHAPE_ANY, PASSED_OVER},
    {"vpcLatticeConfigurations", SHAPE_ANY, PASSED_OVER},
    {"monitoring", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar create_service_grammar = {"a CreateService call", .ecs = true,
                                               .says_unsimulated = true,
                                               .members = create_service_members};

static const struct grammar_member update_service_members[] = {
    {"service", SHAPE_TEXT, .required = true, .about = "its name"},
    {"desiredCount", SHAPE_NUMBER, .about = "default: unchanged"},
    {"taskDefinition", SHAPE_TEXT, .about = "default: unchanged"},
    {"forceNewDeployment", SHAPE_BOOL, .about = "new tasks of the same definition; default false"},
    {"deploymentConfiguration", SHAPE_OBJECT, .of = &deployment_grammar,
     .about = "default: as before, member by member"},
    {"healthCheckGracePeriodSeconds", SHAPE_NUMBER, .about = "default: unchanged"},
    {"availabilityZoneRebalancing", SHAPE_CHOICE, .values = rebalancing_said,
     .about = "default: unchanged"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"capacityProviderStrategy", SHAPE_LIST, .of = &share_grammar,
     .about = "at most 20; instead of launchType"},
    {"networkConfiguration", SHAPE_ANY, PASSED_OVER},
    {"placementConstraints", SHAPE_LIST, .of = &constraint_grammar,
     .about = "instead of those it has, for tasks that start from now on; []: none"},
    {"placementStrategy", SHAPE_LIST, .of = &strategy_grammar,
     .about = "likewise; []: over zones, then over instances"},
    {"platformVersion", SHAPE_TEXT, PASSED_OVER},
    {"deploymentController", SHAPE_ANY, PASSED_OVER},
    {"enableExecuteCommand", SHAPE_ANY, PASSED_OVER},
    {"loadBalancers", SHAPE_LIST, .of = &load_balancer_grammar,
     .about = "instead of those it has, in a new deployment; []: none"},
    {"serviceRegistries", SHAPE_ANY, PASSED_OVER},
    {"serviceConnectConfiguration", SHAPE_ANY, PASSED_OVER},
    {"volumeConfigurations", SHAPE_ANY, PASSED_OVER},
    {"vpcLatticeConfigurations", SHAPE_ANY, PASSED_OVER},
    {"monitoring", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar update_service_grammar = {"an UpdateService call", .ecs = true,
                                               .says_unsimulated = true,
                                               .members = update_service_members};

static const struct grammar_member delete_service_members[] = {
    {"service", SHAPE_TEXT, .required = true, .about = "its name"},
    {"force", SHAPE_BOOL, .about = "its tasks are stopped either way"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {.name = NULL},
};
const struct grammar delete_service_grammar = {"a DeleteService call", .ecs = true,
                                               .members = delete_service_members};

static const struct grammar_member run_task_members[] = {
    {"taskDefinition", SHAPE_TEXT, .required = true,
     .about = "\"family\" (its latest revision) or \"family:revision\""},
    {"count", SHAPE_NUMBER, .about = "1 to 10; default 1"},
    {"group", SHAPE_TEXT, .about = "the task group; default \"family:FAMILY\""},
    {"placementStrategy", SHAPE_LIST, .of = &strategy_grammar, .about = "default: random"},
    {"placementConstraints", SHAPE_LIST, .of = &constraint_grammar, .about = "all must hold"},
    {"launchType", SHAPE_CHOICE, .values = launch_types,
     .about = "EC2: on any instance; FARGATE: each in a micro-VM of its own; default: the "
              "cluster's default strategy, else EC2"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"clientToken", SHAPE_TEXT, .about = "no effect"},
    {"startedBy", SHAPE_TEXT, .about = "no effect"},
    {"referenceId", SHAPE_TEXT, .about = "no effect"},
    {"tags", SHAPE_ANY, .about = "no effect"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"capacityProviderStrategy", SHAPE_LIST, .of = &share_grammar,
     .about = "at most 20; instead of launchType"},
    {"enableExecuteCommand", SHAPE_ANY, PASSED_OVER},
    {"networkConfiguration", SHAPE_ANY, PASSED_OVER},
    {"overrides", SHAPE_ANY, PASSED_OVER},
    {"platformVersion", SHAPE_TEXT, PASSED_OVER},
    {"volumeConfigurations", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar run_task_grammar = {"a RunTask call", .ecs = true, .says_unsimulated = true,
                                         .members = run_task_members};

static const struct grammar_member stop_task_members[] = {
    {"task", SHAPE_TASK, .required = true, .about = "such as \"t3\""},
    {"reason", SHAPE_TEXT, .about = "no effect"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {.name = NULL},
};
const struct grammar stop_task_grammar = {"a StopTask call", .ecs = true,
                                          .members = stop_task_members};

static const struct grammar_member start_task_members[] = {
    {"taskDefinition", SHAPE_TEXT, .required = true,
     .about = "\"family\" (its latest revision) or \"family:revision\""},
    {"containerInstances", SHAPE_LIST, .items = SHAPE_INSTANCE, .required = true,
     .about = "1 to 10 instances, such as [\"i1\"]: one task on each, by no strategy"},
    {"group", SHAPE_TEXT, .about = "the task group; default \"family:FAMILY\""},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"startedBy", SHAPE_TEXT, .about = "no effect"},
    {"referenceId", SHAPE_TEXT, .about = "no effect"},
    {"tags", SHAPE_ANY, .about = "no effect"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"enableExecuteCommand", SHAPE_ANY, PASSED_OVER},
    {"networkConfiguration", SHAPE_ANY, PASSED_OVER},
    {"overrides", SHAPE_ANY, PASSED_OVER},
    {"volumeConfigurations", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar start_task_grammar = {"a StartTask call", .ecs = true,
                                           .says_unsimulated = true, .members = start_task_members};

/* The other statuses of the API are its answers. */
const char *const instance_state_names[] = {"ACTIVE", "DRAINING", NULL};

static const struct grammar_member update_instances_members[] = {
    {"containerInstances", SHAPE_LIST, .items = SHAPE_INSTANCE, .required = true,
     .about = "1 to 10 instances, such as [\"i1\"]"},
    {"status", SHAPE_CHOICE, .required = true, .values = instance_state_names,
     .about = "DRAINING: no new task, services' tasks go elsewhere; ACTIVE: as before"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {.name = NULL},
};
const struct grammar update_instances_grammar = {"an UpdateContainerInstancesState call",
                                                 .ecs = true, .members = update_instances_members};

static const struct grammar_member update_protection_members[] = {
    {"tasks", SHAPE_LIST, .items = SHAPE_TASK, .required = true,
     .about = "1 to 10 tasks of services, such as [\"t1\"]"},
    {"protectionEnabled", SHAPE_BOOL, .required = true,
     .about = "true: not to be stopped by scale-in and deployments"},
    {"expiresInMinutes", SHAPE_NUMBER, .about = "1 to 2880; default 120"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {.name = NULL},
};
const struct grammar update_protection_grammar = {"an UpdateTaskProtection call", .ecs = true,
                                                  .members = update_protection_members};
