/*
 * The tables of ECS's part of a scenario: every member of the API's requests (ECS API reference,
 * 2014-11-13, as of 2026-08), with a meaning where berth takes notice of it.
 */
#include "core/message.h"
#include "file/grammar.h"

#include <stddef.h>

/* ECS has the member, berth takes no notice of it yet. */
#define PASSED_OVER .about = NULL

static const struct grammar_member strategy_members[] = {
    {"type", SHAPE_CHOICE, .required = true, .values = strategy_type_names,
     .about = "binpack, spread or random"},
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
    {"expression", SHAPE_TEXT, .about = "memberOf: in the cluster query language"},
    {.name = NULL},
};
const struct grammar constraint_grammar = {"a placement constraint", .ecs = true,
                                           .members = constraint_members};

static const struct grammar_member create_service_members[] = {
    {"serviceName", SHAPE_TEXT, .required = true, .about = "its name"},
    {"taskDefinition", SHAPE_TEXT, .required = true,
     .about = "\"family\" (its latest revision) or \"family:revision\""},
    {"desiredCount", SHAPE_NUMBER, .required = true, .about = "how many tasks it keeps running"},
    {"placementStrategy", SHAPE_LIST, .of = &strategy_grammar,
     .about = "default: spread over zones, then over instances"},
    {"placementConstraints", SHAPE_LIST, .of = &constraint_grammar, .about = "all must hold"},
    {"schedulingStrategy", SHAPE_TEXT, .about = "REPLICA; berth has no DAEMON services yet"},
    {"launchType", SHAPE_TEXT, .about = "EC2: tasks run on the scenario's instances"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"clientToken", SHAPE_TEXT, .about = "no effect"},
    {"tags", SHAPE_ANY, .about = "no effect"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"role", SHAPE_TEXT, .about = "no effect"},
    {"availabilityZoneRebalancing", SHAPE_TEXT, PASSED_OVER},
    {"loadBalancers", SHAPE_ANY, PASSED_OVER},
    {"serviceRegistries", SHAPE_ANY, PASSED_OVER},
    {"capacityProviderStrategy", SHAPE_ANY, PASSED_OVER},
    {"platformVersion", SHAPE_TEXT, PASSED_OVER},
    {"deploymentConfiguration", SHAPE_ANY, PASSED_OVER},
    {"networkConfiguration", SHAPE_ANY, PASSED_OVER},
    {"healthCheckGracePeriodSeconds", SHAPE_NUMBER, PASSED_OVER},
    {"deploymentController", SHAPE_ANY, PASSED_OVER},
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
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"capacityProviderStrategy", SHAPE_ANY, PASSED_OVER},
    {"deploymentConfiguration", SHAPE_ANY, PASSED_OVER},
    {"availabilityZoneRebalancing", SHAPE_TEXT, PASSED_OVER},
    {"networkConfiguration", SHAPE_ANY, PASSED_OVER},
    {"placementConstraints", SHAPE_ANY, PASSED_OVER},
    {"placementStrategy", SHAPE_ANY, PASSED_OVER},
    {"platformVersion", SHAPE_TEXT, PASSED_OVER},
    {"forceNewDeployment", SHAPE_ANY, PASSED_OVER},
    {"healthCheckGracePeriodSeconds", SHAPE_NUMBER, PASSED_OVER},
    {"deploymentController", SHAPE_ANY, PASSED_OVER},
    {"enableExecuteCommand", SHAPE_ANY, PASSED_OVER},
    {"loadBalancers", SHAPE_ANY, PASSED_OVER},
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
    {"launchType", SHAPE_TEXT, .about = "EC2: tasks run on the scenario's instances"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"clientToken", SHAPE_TEXT, .about = "no effect"},
    {"startedBy", SHAPE_TEXT, .about = "no effect"},
    {"referenceId", SHAPE_TEXT, .about = "no effect"},
    {"tags", SHAPE_ANY, .about = "no effect"},
    {"enableECSManagedTags", SHAPE_ANY, .about = "no effect"},
    {"propagateTags", SHAPE_TEXT, .about = "no effect"},
    {"capacityProviderStrategy", SHAPE_ANY, PASSED_OVER},
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

static const struct grammar_member port_mapping_members[] = {
    {"containerPort", SHAPE_NUMBER, .about = "1 to 65535"},
    {"hostPort", SHAPE_NUMBER,
     .about = "bridge: a port of the instance, 0 or absent for a dynamic one; host and awsvpc: "
              "absent or the containerPort"},
    {"protocol", SHAPE_CHOICE, .values = port_protocol_names, .about = "tcp or udp; default tcp"},
    {"name", SHAPE_TEXT, PASSED_OVER},
    {"appProtocol", SHAPE_TEXT, PASSED_OVER},
    {"containerPortRange", SHAPE_TEXT, PASSED_OVER},
    {.name = NULL},
};
const struct grammar port_mapping_grammar = {"a port mapping", .ecs = true,
                                             .members = port_mapping_members};

static const struct grammar_member depends_on_members[] = {
    {"containerName", SHAPE_TEXT, .required = true, .about = "a container of the same definition"},
    {"condition", SHAPE_CHOICE, .required = true, .values = container_condition_names,
     .about = "START, COMPLETE (exited), SUCCESS (exited with 0) or HEALTHY"},
    {.name = NULL},
};
const struct grammar depends_on_grammar = {"a dependency", .ecs = true,
                                           .members = depends_on_members};

static const struct grammar_member environment_members[] = {
    {"name", SHAPE_TEXT, .about = "the variable's name"},
    {"value", SHAPE_TEXT, .about = "its value"},
    {.name = NULL},
};
const struct grammar environment_grammar = {"an environment variable", .ecs = true,
                                            .members = environment_members};

static const struct grammar_member health_check_members[] = {
    {"command", SHAPE_LIST, .required = true, .about = "[\"CMD-SHELL\", \"...\"]"},
    {"interval", SHAPE_NUMBER, .about = "seconds, 5 to 300; default 30"},
    {"timeout", SHAPE_NUMBER, .about = "seconds, 2 to 60; default 5"},
    {"retries", SHAPE_NUMBER, .about = "1 to 10; default 3"},
    {"startPeriod", SHAPE_NUMBER, .about = "seconds, 0 to 300; default 0"},
    {.name = NULL},
};
const struct grammar health_check_grammar = {"a health check", .ecs = true,
                                             .members = health_check_members};

static const struct grammar_member container_members[] = {
    {"name", SHAPE_TEXT, .required = true, .about = "its name in the definition"},
    {"image", SHAPE_TEXT, .required = true, .about = "its image"},
    {"cpu", SHAPE_NUMBER, .about = "CPU units, 1024 are one vCPU: a weight; default 0"},
    {"memory", SHAPE_NUMBER, .about = "MiB, the hard limit"},
    {"memoryReservation", SHAPE_NUMBER, .about = "MiB; where given, what placement counts"},
    {"essential", SHAPE_BOOL, .about = "its end stops the task; default true"},
    {"portMappings", SHAPE_LIST, .of = &port_mapping_grammar, .about = "ports it listens on"},
    {"dependsOn", SHAPE_LIST, .of = &depends_on_grammar, .about = "starts after these"},
    {"startTimeout", SHAPE_NUMBER, .about = "seconds for those that depend on it to wait"},
    {"stopTimeout", SHAPE_NUMBER, .about = "seconds from SIGTERM to SIGKILL; default 30"},
    {"entryPoint", SHAPE_LIST, .about = "replaces the image's entry point"},
    {"command", SHAPE_LIST, .about = "replaces the image's command"},
    {"environment", SHAPE_LIST, .of = &environment_grammar, .about = "variables"},
    {"workingDirectory", SHAPE_TEXT, .about = "default: the image's"},
    {"user", SHAPE_TEXT, .about = "default: the image's"},
    {"hostname", SHAPE_TEXT, .about = "default: one of its own"},
    {"readonlyRootFilesystem", SHAPE_BOOL, .about = "default false"},
    {"healthCheck", SHAPE_OBJECT, .of = &health_check_grammar,
     .about = "makes HEALTHY a condition that others can wait for"},
    {"repositoryCredentials", SHAPE_ANY, PASSED_OVER},
    {"links", SHAPE_ANY, PASSED_OVER},
    {"restartPolicy", SHAPE_ANY, PASSED_OVER},
    {"environmentFiles", SHAPE_ANY, PASSED_OVER},
    {"mountPoints", SHAPE_ANY, PASSED_OVER},
    {"volumesFrom", SHAPE_ANY, PASSED_OVER},
    {"linuxParameters", SHAPE_ANY, PASSED_OVER},
    {"secrets", SHAPE_ANY, PASSED_OVER},
    {"versionConsistency", SHAPE_TEXT, PASSED_OVER},
    {"disableNetworking", SHAPE_ANY, PASSED_OVER},
    {"privileged", SHAPE_ANY, PASSED_OVER},
    {"dnsServers", SHAPE_ANY, PASSED_OVER},
    {"dnsSearchDomains", SHAPE_ANY, PASSED_OVER},
    {"extraHosts", SHAPE_ANY, PASSED_OVER},
    {"dockerSecurityOptions", SHAPE_ANY, PASSED_OVER},
    {"interactive", SHAPE_ANY, PASSED_OVER},
    {"pseudoTerminal", SHAPE_ANY, PASSED_OVER},
    {"dockerLabels", SHAPE_ANY, PASSED_OVER},
    {"ulimits", SHAPE_ANY, PASSED_OVER},
    {"logConfiguration", SHAPE_ANY, PASSED_OVER},
    {"systemControls", SHAPE_ANY, PASSED_OVER},
    {"resourceRequirements", SHAPE_ANY, PASSED_OVER},
    {"firelensConfiguration", SHAPE_ANY, PASSED_OVER},
    {"credentialSpecs", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar container_grammar = {"a container definition", .ecs = true,
                                          .members = container_members};

static const struct grammar_member task_definition_members[] = {
    {"family", SHAPE_TEXT, .required = true,
     .about = "its name; registering a family again makes its next revision"},
    {"containerDefinitions", SHAPE_LIST, .of = &container_grammar, .required = true,
     .about = "1 to 10 containers, one of them essential"},
    {"cpu", SHAPE_TEXT, .about = "a ceiling for the task: \"256\" CPU units or \"0.25 vCPU\""},
    {"memory", SHAPE_TEXT, .about = "for the task: \"512\" MiB or \"0.5 GB\""},
    {"networkMode", SHAPE_CHOICE, .values = network_mode_names,
     .about = "bridge, host, awsvpc or none; default bridge"},
    {"placementConstraints", SHAPE_LIST, .of = &constraint_grammar, .about = "memberOf only"},
    {"requiresCompatibilities", SHAPE_LIST,
     .about = "with FARGATE, cpu and memory must be one of Fargate's sizes"},
    {"taskRoleArn", SHAPE_TEXT, PASSED_OVER},
    {"executionRoleArn", SHAPE_TEXT, PASSED_OVER},
    {"volumes", SHAPE_ANY, PASSED_OVER},
    {"tags", SHAPE_ANY, PASSED_OVER},
    {"pidMode", SHAPE_TEXT, PASSED_OVER},
    {"ipcMode", SHAPE_TEXT, PASSED_OVER},
    {"proxyConfiguration", SHAPE_ANY, PASSED_OVER},
    {"inferenceAccelerators", SHAPE_ANY, PASSED_OVER},
    {"ephemeralStorage", SHAPE_ANY, PASSED_OVER},
    {"runtimePlatform", SHAPE_ANY, PASSED_OVER},
    {"enableFaultInjection", SHAPE_ANY, PASSED_OVER},
    /* describe-task-definition answers with these too */
    {"taskDefinitionArn", SHAPE_ANY, PASSED_OVER},
    {"revision", SHAPE_ANY, PASSED_OVER},
    {"status", SHAPE_ANY, PASSED_OVER},
    {"requiresAttributes", SHAPE_ANY, PASSED_OVER},
    {"compatibilities", SHAPE_ANY, PASSED_OVER},
    {"registeredAt", SHAPE_ANY, PASSED_OVER},
    {"registeredBy", SHAPE_ANY, PASSED_OVER},
    {"deregisteredAt", SHAPE_ANY, PASSED_OVER},
    {"deleteRequestedAt", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar task_definition_grammar = {"a task definition", .ecs = true,
                                                .members = task_definition_members};
