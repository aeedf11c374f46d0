/*
 * The tables of berth's own part of a scenario; those of ECS's part stand in grammar_ecs.c.
 */
#include "file/grammar.h"

#include "core/message.h"
#include "file/nearest.h"
#include "model/world.h"

#include <stddef.h>
#include <string.h>

static const struct grammar_member lognormal_members[] = {
    {"median", SHAPE_DURATION, .required = true, .about = "half of the values are below it"},
    {"p99", SHAPE_DURATION, .required = true, .about = "99 of 100 values are below it"},
    {.name = NULL},
};
const struct grammar lognormal_grammar = {"a lognormal distribution", .members = lognormal_members};

static const struct grammar_member uniform_members[] = {
    {"min", SHAPE_DURATION, .required = true, .about = "the smallest value"},
    {"max", SHAPE_DURATION, .required = true, .about = "the largest value"},
    {.name = NULL},
};
const struct grammar uniform_grammar = {"a uniform distribution", .members = uniform_members};

static const struct grammar_member exponential_members[] = {
    {"mean", SHAPE_DURATION, .required = true, .about = "the mean value"},
    {.name = NULL},
};
const struct grammar exponential_grammar = {"an exponential distribution",
                                            .members = exponential_members};

static const struct grammar_member distribution_members[] = {
    {"lognormal", SHAPE_OBJECT, .of = &lognormal_grammar, .about = "skewed, as most delays are"},
    {"uniform", SHAPE_OBJECT, .of = &uniform_grammar, .about = "every value equally likely"},
    {"exponential", SHAPE_OBJECT, .of = &exponential_grammar, .about = "without memory"},
    {"constant", SHAPE_DURATION, .about = "always the same: as a plain duration"},
    {.name = NULL},
};
const struct grammar distribution_grammar = {
    "a distribution", "A plain duration, or exactly one of these members. The seed decides.",
    .members = distribution_members};

static const struct grammar_member agent_members[] = {
    {"imagePullBehavior", SHAPE_CHOICE, .values = pull_behavior_names,
     .about = "ECS_IMAGE_PULL_BEHAVIOR: default (pull, else take the cached image), always, once "
              "or prefer-cached"},
    {"pullDependentContainersUpfront", SHAPE_BOOL,
     .about = "ECS_PULL_DEPENDENT_CONTAINERS_UPFRONT: containers that wait for others are pulled "
              "already; default false"},
    {"reservedMemory", SHAPE_SIZE,
     .about = "ECS_RESERVED_MEMORY: of the instance, not for tasks; default 0B"},
    {"reservedPorts", SHAPE_LIST, .items = SHAPE_NUMBER,
     .about =
         "ECS_RESERVED_PORTS: no task gets these; default 22, 2375, 2376, 51678, 51679, 51680"},
    {"reservedPortsUdp", SHAPE_LIST, .items = SHAPE_NUMBER,
     .about = "ECS_RESERVED_PORTS_UDP; default none"},
    {"dynamicPorts", SHAPE_TEXT,
     .about = "ECS_DYNAMIC_HOST_PORT_RANGE, such as \"32768-60999\"; default \"49153-65535\""},
    {"imageCleanupInterval", SHAPE_DURATION,
     .about = "ECS_IMAGE_CLEANUP_INTERVAL; 0s: unused images stay; default 30m"},
    {"imageMinimumAge", SHAPE_DURATION,
     .about = "ECS_IMAGE_MINIMUM_CLEANUP_AGE: since the pull; default 1h"},
    {"imagesPerCleanup", SHAPE_NUMBER, .about = "ECS_NUM_IMAGES_DELETE_PER_CYCLE; default 5"},
    {"heartbeatTimeout", SHAPE_DURATION,
     .about = "silence of the control plane until the agent connects anew; default 1m"},
    {"heartbeatJitter", SHAPE_DURATION, .about = "up to this much more; default 1m"},
    {.name = NULL},
};
const struct grammar agent_grammar = {
    "an agent", "How the container agent is configured; the defaults are ECS's.",
    .members = agent_members};

static const struct grammar_member instance_type_members[] = {
    {"vcpu", SHAPE_DECIMAL, .required = true, .about = "processors; 1 is 1024 CPU units"},
    {"memory", SHAPE_SIZE, .required = true, .about = "what tasks may reserve"},
    {"gpus", SHAPE_NUMBER, .about = "0 to 62; default 0"},
    {"enis", SHAPE_NUMBER_ANY,
     .about = "tasks in awsvpc that it has network interfaces for; default \"any\""},
    {"boot", SHAPE_DISTRIBUTION,
     .about = "from the launch until the agent starts; default: costs.boot"},
    {.name = NULL},
};
const struct grammar instance_type_grammar = {"an instance type", .members = instance_type_members};

static const struct grammar_member instance_group_members[] = {
    {"type", SHAPE_TEXT, .required = true,
     .about = "a name from instanceTypes, or an EC2 type such as m5.large"},
    {"count", SHAPE_NUMBER, .about = "how many; default 1"},
    {"zones", SHAPE_LIST, .about = "availability zones, which the instances take in turn"},
    {"attributes", SHAPE_TEXT_MAP,
     .about = "custom attributes; null for one without a value (memberOf reads them)"},
    {"agent", SHAPE_OBJECT, .of = &agent_grammar,
     .about = "how its agents are configured, beyond the scenario's agent"},
    {"replace", SHAPE_BOOL,
     .about = "a lost instance is replaced, as an Auto Scaling group would; default true"},
    {.name = NULL},
};
const struct grammar instance_group_grammar = {"a group of instances",
                                               .members = instance_group_members};

static const struct grammar_member image_members[] = {
    {"size", SHAPE_SIZE, .about = "what a pull downloads; default: costs.imageSize"},
    {"oci", SHAPE_TEXT,
     .about = "real runs: folder of an OCI image layout, beside the scenario or shipped with "
              "berth; default: a small built-in root file system"},
    {"rootfs", SHAPE_TEXT, .about = "real runs: tarball of a root file system, instead of oci"},
    {.name = NULL},
};
const struct grammar image_grammar = {"an image", .members = image_members};

static const struct grammar_member behaviour_members[] = {
    {"ready", SHAPE_DISTRIBUTION, .about = "from the start until it serves; default 0s"},
    {"work", SHAPE_DISTRIBUTION, .about = "CPU time that it burns; default 0s"},
    {"idle", SHAPE_IDLE,
     .about = "then it sleeps that long; default 0s beside work or exit, else \"forever\""},
    {"memory", SHAPE_SIZE, .about = "memory that it touches at its start; default 0B"},
    {"exit", SHAPE_NUMBER, .about = "its exit code, 0 to 255; default 0"},
    {"unhealthyAfter", SHAPE_DURATION,
     .about = "from its start until its health checks fail; default: never"},
    {.name = NULL},
};
const struct grammar behaviour_grammar = {
    "a behaviour",
    "What a container does: touches memory, becomes ready, works, idles, exits. One that names "
    "neither work, idle nor exit serves until it is stopped. A container without an entry is "
    "ready at once, idles 10 s and exits with 0.",
    .members = behaviour_members};

static const struct grammar_member kill_container_members[] = {
    {"task", SHAPE_TASK, .required = true, .about = "its task, such as \"t1\""},
    {"container", SHAPE_TEXT, .required = true, .about = "its name in the task definition"},
    {.name = NULL},
};
const struct grammar kill_container_grammar = {"a container to kill",
                                               .members = kill_container_members};

static const struct grammar_member cut_agent_members[] = {
    {"instance", SHAPE_INSTANCE, .required = true, .about = "its instance, such as \"i1\""},
    {"for", SHAPE_DURATION, .about = "how long; default: until the end"},
    {.name = NULL},
};
const struct grammar cut_agent_grammar = {"an agent to cut off", .members = cut_agent_members};

static const struct grammar_member slow_registry_members[] = {
    {"factor", SHAPE_DECIMAL, .required = true, .about = "1 to 1000: how many times as long"},
    {"for", SHAPE_DURATION, .about = "how long; default: until the end"},
    {.name = NULL},
};
const struct grammar slow_registry_grammar = {"a slow registry", .members = slow_registry_members};

static const struct grammar_member dead_registry_members[] = {
    {"for", SHAPE_DURATION, .about = "how long; default: until the end"},
    {.name = NULL},
};
const struct grammar dead_registry_grammar = {"a dead registry", .members = dead_registry_members};

static const struct grammar_member kill_zone_members[] = {
    {"zone", SHAPE_TEXT, .required = true, .about = "a zone of the instances"},
    {.name = NULL},
};
const struct grammar kill_zone_grammar = {"a zone to kill", .members = kill_zone_members};

static const struct grammar_member fault_members[] = {
    {"killTask", SHAPE_TASK, .about = "SIGKILL to all its containers"},
    {"killContainer", SHAPE_OBJECT, .of = &kill_container_grammar, .about = "SIGKILL to one"},
    {"killInstance", SHAPE_INSTANCE, .about = "the machine is gone, with all that runs on it"},
    {"killZone", SHAPE_OBJECT, .of = &kill_zone_grammar,
     .about = "all machines of a zone are gone"},
    {"cutAgent", SHAPE_OBJECT, .of = &cut_agent_grammar,
     .about = "an agent's connection is cut; its tasks live on"},
    {"killAgent", SHAPE_INSTANCE, .about = "the agent's process dies, and the instance is lost"},
    {"slowRegistry", SHAPE_OBJECT, .of = &slow_registry_grammar, .about = "pulls take longer"},
    {"deadRegistry", SHAPE_OBJECT, .of = &dead_registry_grammar, .about = "pulls fail"},
    {.name = NULL},
};
const struct grammar fault_grammar = {"a fault", "Exactly one of these members.",
                                      .members = fault_members};

static const struct grammar_member entry_members[] = {
    {"at", SHAPE_DURATION, .required = true, .about = "when, from the start of the run"},
    {"runTask", SHAPE_OBJECT, .of = &run_task_grammar, .about = "ECS's RunTask"},
    {"startTask", SHAPE_OBJECT, .of = &start_task_grammar, .about = "ECS's StartTask"},
    {"stopTask", SHAPE_OBJECT, .of = &stop_task_grammar, .about = "ECS's StopTask"},
    {"createService", SHAPE_OBJECT, .of = &create_service_grammar, .about = "ECS's CreateService"},
    {"updateService", SHAPE_OBJECT, .of = &update_service_grammar, .about = "ECS's UpdateService"},
    {"deleteService", SHAPE_OBJECT, .of = &delete_service_grammar, .about = "ECS's DeleteService"},
    {"updateContainerInstancesState", SHAPE_OBJECT, .of = &update_instances_grammar,
     .about = "ECS's UpdateContainerInstancesState: drain instances"},
    {"updateTaskProtection", SHAPE_OBJECT, .of = &update_protection_grammar,
     .about = "ECS's UpdateTaskProtection"},
    {"fault", SHAPE_OBJECT, .of = &fault_grammar, .about = "something breaks"},
    {"wait", SHAPE_BOOL,
     .about = "beside runTask: tasks without room wait in PROVISIONING, as with a capacity "
              "provider, instead of being refused; default false"},
    {.name = NULL},
};
const struct grammar entry_grammar = {
    "an entry of the timeline", "One API call or one fault, and when.", .members = entry_members};

static const struct grammar_member expect_members[] = {
    {"at", SHAPE_MOMENT, .about = "when; default \"end\": just before the run is taken down"},
    {"service", SHAPE_TEXT, .about = "a service's name, with running"},
    {"running", SHAPE_NUMBER, .about = "how many of its tasks are RUNNING"},
    {"task", SHAPE_TASK, .about = "a task, with instance or lastStatus or both"},
    {"instance", SHAPE_INSTANCE, .about = "where the task is or was"},
    {"lastStatus", SHAPE_CHOICE, .values = task_status_names,
     .about = "the task's status, such as STOPPED"},
    {.name = NULL},
};
const struct grammar expect_grammar = {
    "an expectation",
    "Of a service (service and running) or of a task (task, and instance or "
    "lastStatus).",
    .members = expect_members};

static const struct grammar_member costs_members[] = {
    {"profile", SHAPE_CHOICE, .values = costs_names,
     .about = "of what is not said; default \"ec2\""},
    {"boot", SHAPE_DISTRIBUTION, .about = "launch decision until the agent starts"},
    {"agent", SHAPE_DISTRIBUTION, .about = "agent start until it sends its registration"},
    {"message", SHAPE_DISTRIBUTION, .about = "scheduler to agent or back, one way"},
    {"pull", SHAPE_DISTRIBUTION, .about = "the fixed part of an image pull"},
    {"pullPerSecond", SHAPE_SIZE, .about = "download and unpacking, bytes in a second"},
    {"create", SHAPE_DISTRIBUTION, .about = "creating a container"},
    {"start", SHAPE_DISTRIBUTION, .about = "starting a container"},
    {"stop", SHAPE_DISTRIBUTION, .about = "a signal until the exit is seen"},
    {"teardown", SHAPE_DISTRIBUTION, .about = "an instance's end"},
    {"imageSize", SHAPE_SIZE, .about = "of an image that the scenario does not mention"},
    {.name = NULL},
};
const struct grammar costs_grammar = {"costs", "How long each step takes in a simulation.",
                                      .members = costs_members};

static const char *const versions[] = {"scenario/1", NULL};

static const struct grammar_member scenario_members[] = {
    {"berth", SHAPE_CHOICE, .required = true, .values = versions,
     .about = "says what this file is: \"scenario/1\""},
    {"$schema", SHAPE_TEXT, .about = "for editors: path of schema/scenario.schema.json"},
    {"title", SHAPE_TEXT, .about = "one line; default: the file's name"},
    {"seed", SHAPE_NUMBER, .about = "of all random draws; default 1"},
    {"epoch", SHAPE_TEXT,
     .about =
         "the date and time at 0s, as registeredAt shows it; default \"2026-01-01T00:00:00Z\""},
    {"cluster", SHAPE_TEXT, .about = "the cluster's name; default \"default\""},
    {"instanceTypes", SHAPE_MAP, .of = &instance_type_grammar,
     .about = "kinds of machines by name"},
    {"instances", SHAPE_INSTANCES, .of = &instance_group_grammar,
     .about = "the machines: \"2xbox\" or a list of such texts and objects; default "
              "\"1xm5.large\""},
    {"images", SHAPE_MAP, .of = &image_grammar, .about = "container images by name"},
    {"taskDefinitions", SHAPE_FILES, .of = &task_definition_grammar,
     .about = "in order of registration: register-task-definition objects, or names of files "
              "that hold one, beside the scenario"},
    {"behaviour", SHAPE_MAP, .of = &behaviour_grammar, .about = "by \"family/container\""},
    {"services", SHAPE_LIST, .of = &create_service_grammar,
     .about = "CreateService calls, made once the first instances are up"},
    {"timeline", SHAPE_LIST, .of = &entry_grammar, .about = "what happens when"},
    {"until", SHAPE_DURATION,
     .about = "the end of the run; default: when the timeline is done and no task lives. Needed "
              "beside a service"},
    {"expect", SHAPE_LIST, .of = &expect_grammar, .about = "what should hold"},
    {"costs", SHAPE_PROFILE, .of = &costs_grammar, .values = costs_names,
     .about =
         "\"ec2\", \"laptop\" (what berth's own containers take on one), or some of one's own; "
         "default \"ec2\""},
    {"agent", SHAPE_OBJECT, .of = &agent_grammar, .about = "how all agents are configured"},
    {.name = NULL},
};
const struct grammar scenario_grammar = {"a scenario", .members = scenario_members};

const struct grammar *const grammars[] = {
    &scenario_grammar,
    &instance_type_grammar,
    &instance_group_grammar,
    &agent_grammar,
    &image_grammar,
    &behaviour_grammar,
    &entry_grammar,
    &fault_grammar,
    &kill_container_grammar,
    &kill_zone_grammar,
    &cut_agent_grammar,
    &slow_registry_grammar,
    &dead_registry_grammar,
    &expect_grammar,
    &costs_grammar,
    &distribution_grammar,
    &lognormal_grammar,
    &uniform_grammar,
    &exponential_grammar,
    &create_service_grammar,
    &update_service_grammar,
    &delete_service_grammar,
    &run_task_grammar,
    &start_task_grammar,
    &stop_task_grammar,
    &update_instances_grammar,
    &update_protection_grammar,
    &strategy_grammar,
    &constraint_grammar,
    &task_definition_grammar,
    &container_grammar,
    &port_mapping_grammar,
    &depends_on_grammar,
    &environment_grammar,
    &health_check_grammar,
    &restart_policy_grammar,
    &resource_requirement_grammar,
    &volume_grammar,
    &host_volume_grammar,
    &docker_volume_grammar,
    &mount_point_grammar,
    &volumes_from_grammar,
    &linux_parameters_grammar,
    &capabilities_grammar,
    &tmpfs_grammar,
    &ulimit_grammar,
    &system_control_grammar,
    &host_entry_grammar,
    &log_configuration_grammar,
    &device_grammar,
    &efs_volume_grammar,
    &efs_authorization_grammar,
    &s3_volume_grammar,
    &fsx_volume_grammar,
    &fsx_authorization_grammar,
    &secret_grammar,
    &environment_file_grammar,
    &credentials_grammar,
    &firelens_grammar,
    &tag_grammar,
    &proxy_grammar,
    &accelerator_grammar,
    &required_attribute_grammar,
    &ephemeral_storage_grammar,
    &platform_grammar,
    NULL,
};

const struct grammar_member *grammar_member(const struct grammar *grammar, const char *name)
{
    for (const struct grammar_member *member = grammar->members; member->name; member++)
        if (strcmp(member->name, name) == 0)
            return member;
    return NULL;
}

const char *grammar_nearest(const struct grammar *grammar, const char *name)
{
    const char *names[64];
    int n = 0;

    for (const struct grammar_member *member = grammar->members; member->name && n < 64; member++)
        names[n++] = member->name;
    return nearest_name(name, names, n);
}
