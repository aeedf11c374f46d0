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

static const struct grammar_member normal_members[] = {
    {"mean", SHAPE_DURATION, .required = true, .about = "the mean value"},
    {"sd", SHAPE_DURATION, .required = true, .about = "the standard deviation"},
    {.name = NULL},
};
const struct grammar normal_grammar = {"a normal distribution",
                                       "Cut at zero: what would be negative is 0.",
                                       .members = normal_members};

static const struct grammar_member gamma_members[] = {
    {"mean", SHAPE_DURATION, .required = true, .about = "the mean value"},
    {"shape", SHAPE_DECIMAL, .required = true,
     .about = "0.05 to 1000; 1 is exponential, more is narrower"},
    {.name = NULL},
};
const struct grammar gamma_grammar = {"a gamma distribution", .members = gamma_members};

static const struct grammar_member weibull_members[] = {
    {"scale", SHAPE_DURATION, .required = true, .about = "63.2 of 100 values are below it"},
    {"shape", SHAPE_DECIMAL, .required = true,
     .about = "0.05 to 1000; 1 is exponential, less has a longer tail"},
    {.name = NULL},
};
const struct grammar weibull_grammar = {"a Weibull distribution", .members = weibull_members};

static const struct grammar_member distribution_members[] = {
    {"lognormal", SHAPE_OBJECT, .of = &lognormal_grammar, .about = "skewed, as most delays are"},
    {"uniform", SHAPE_OBJECT, .of = &uniform_grammar, .about = "every value equally likely"},
    {"exponential", SHAPE_OBJECT, .of = &exponential_grammar, .about = "without memory"},
    {"normal", SHAPE_OBJECT, .of = &normal_grammar, .about = "around its mean, cut at zero"},
    {"gamma", SHAPE_OBJECT, .of = &gamma_grammar, .about = "sums of exponential ones"},
    {"weibull", SHAPE_OBJECT, .of = &weibull_grammar, .about = "until the first of many ends"},
    {"samples", SHAPE_SAMPLES,
     .about = "what was measured, each value as likely: a list of durations, or the name of a file "
              "beside this one with a duration on each line"},
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
    {"memory", SHAPE_SIZE, .required = true,
     .about = "what tasks may reserve; of a virtual machine without osMemory less: what its system "
              "leaves of it"},
    {"gpus", SHAPE_NUMBER, .about = "0 to 62; default 0"},
    {"enis", SHAPE_NUMBER_ANY,
     .about = "tasks in awsvpc that it has network interfaces for; default \"any\""},
    {"price", SHAPE_DECIMAL, .about = "dollars per hour, on demand; default 0"},
    {"spotPrice", SHAPE_DECIMAL, .about = "dollars per hour as Spot; default: price"},
    {"osMemory", SHAPE_SIZE,
     .about = "beside memory: what its own operating system keeps; default 0B"},
    {"boot", SHAPE_DISTRIBUTION,
     .about = "from the launch until the agent starts; default: costs.boot"},
    {.name = NULL},
};
const struct grammar instance_type_grammar = {"an instance type", .members = instance_type_members};

const char *const isolation_names[] = {"slice", "vm", NULL};
const char *const task_isolation_names[] = {"container", "vm", NULL};

static const struct grammar_member instance_group_members[] = {
    {"type", SHAPE_TEXT, .required = true,
     .about = "a name from instanceTypes, or an EC2 type such as m5.large"},
    {"count", SHAPE_NUMBER, .about = "how many; default 1"},
    {"zones", SHAPE_LIST, .about = "availability zones, which the instances take in turn"},
    {"attributes", SHAPE_TEXT_MAP,
     .about = "custom attributes; null for one without a value (memberOf reads them)"},
    {"agent", SHAPE_OBJECT, .of = &agent_grammar,
     .about = "how its agents are configured, beyond the scenario's agent"},
    {"isolation", SHAPE_CHOICE, .values = isolation_names,
     .about = "in a real run: \"vm\", a kernel of its own, or \"slice\", a part of this machine; "
              "default: costs.machines"},
    {"replace", SHAPE_BOOL,
     .about = "a lost instance is replaced, as an Auto Scaling group would; default true"},
    {.name = NULL},
};
const struct grammar instance_group_grammar = {"a group of instances",
                                               .members = instance_group_members};

static const struct grammar_member layer_members[] = {
    {"size", SHAPE_SIZE, .required = true, .about = "what a pull downloads of it"},
    {"digest", SHAPE_TEXT,
     .about = "what tells layers apart: those of the same digest are pulled once on an instance"},
    {.name = NULL},
};
const struct grammar layer_grammar = {"a layer", .members = layer_members};

static const struct grammar_member image_members[] = {
    {"size", SHAPE_SIZE, .about = "what a pull downloads; default: costs.imageSize"},
    {"layers", SHAPE_LIST, .of = &layer_grammar, .about = "instead of size: what it is made of"},
    {"oci", SHAPE_TEXT,
     .about =
         "real runs: folder of an OCI image layout, or folder:tag where it has several images, "
         "beside the scenario or shipped with berth; default: a small built-in root file "
         "system"},
    {"rootfs", SHAPE_TEXT, .about = "real runs: tarball of a root file system, instead of oci"},
    {.name = NULL},
};
const struct grammar image_grammar = {"an image", .members = image_members};

static const struct grammar_member behaviour_members[] = {
    {"ready", SHAPE_DISTRIBUTION, .about = "from the start until it serves; default 0s"},
    {"work", SHAPE_DISTRIBUTION, .about = "CPU time that it burns; default 0s"},
    {"threads", SHAPE_NUMBER,
     .about = "that share its work: more than 1 may use as many CPUs; default 1"},
    {"idle", SHAPE_IDLE,
     .about = "then it sleeps that long; default 0s beside work or exit, else \"forever\""},
    {"memory", SHAPE_SIZE, .about = "memory that it touches at its start; default 0B"},
    {"request", SHAPE_OBJECT, .of = &request_grammar,
     .about = "how it serves a request, where a load balancer sends it some"},
    {"exit", SHAPE_NUMBER, .about = "its exit code, 0 to 255; default 0"},
    {"stop", SHAPE_IDLE,
     .about =
         "from SIGTERM until it ends, serving no more; what is longer than its stopTimeout ends by "
         "SIGKILL; default 0s"},
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
    {"interruptSpot", SHAPE_OBJECT, .of = &interrupt_grammar,
     .about = "a Spot warning, and two minutes later the instance is gone"},
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
    {"registerScalableTarget", SHAPE_OBJECT, .of = &scalable_target_grammar,
     .about = "Application Auto Scaling's RegisterScalableTarget"},
    {"putScalingPolicy", SHAPE_OBJECT, .of = &scaling_policy_grammar,
     .about = "Application Auto Scaling's PutScalingPolicy"},
    {"putScheduledAction", SHAPE_OBJECT, .of = &scheduled_action_grammar,
     .about = "Application Auto Scaling's PutScheduledAction"},
    {"putMetricAlarm", SHAPE_OBJECT, .of = &metric_alarm_grammar,
     .about = "CloudWatch's PutMetricAlarm"},
    {"updateContainerInstancesState", SHAPE_OBJECT, .of = &update_instances_grammar,
     .about = "ECS's UpdateContainerInstancesState: drain instances"},
    {"updateTaskProtection", SHAPE_OBJECT, .of = &update_protection_grammar,
     .about = "ECS's UpdateTaskProtection"},
    {"fault", SHAPE_OBJECT, .of = &fault_grammar, .about = "something breaks"},
    {"load", SHAPE_OBJECT, .of = &load_grammar,
     .about = "from now on requests come like this instead"},
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
    {"targetGroup", SHAPE_TEXT, .about = "a target group's name, with bounds for its requests"},
    {"sentAtLeast", SHAPE_NUMBER, .about = "requests of the whole run"},
    {"failedAtMost", SHAPE_NUMBER, .about = "of them, without a good answer"},
    {"p50AtMost", SHAPE_DURATION, .about = "half of the others were answered so soon"},
    {"p95AtMost", SHAPE_DURATION, .about = "95 of 100 were"},
    {"p99AtMost", SHAPE_DURATION, .about = "99 of 100 were"},
    {.name = NULL},
};
const struct grammar expect_grammar = {"an expectation",
                                       "Of a service (service and running), of a task (task, and "
                                       "instance or lastStatus) or of requests "
                                       "(targetGroup, and bounds).",
                                       .members = expect_members};

static const struct grammar_member step_members[] = {
    {"wait", SHAPE_DISTRIBUTION, .about = "what takes the same time however busy the machine is"},
    {"cpu", SHAPE_DISTRIBUTION, .about = "CPU time, which takes longer where it is shared"},
    {"cold", SHAPE_DISTRIBUTION,
     .about = "CPU time where the same was not done for costs.coldAfter before (of the steps of "
              "containers, and of what the kernel does behind them), between the two where it was "
              "done since; default: as cpu"},
    {"afterRest", SHAPE_DURATION,
     .about =
         "CPU time more when all that it needs has cooled (costs.coolsIn): of signal, end, "
         "behindEnd and remove what the container has, of agentEvent what the agent has, of "
         "fresh what another container has left to a host, of create, child, exec and others "
         "what a host, or an instance, has done the same with; what was never done has cooled"},
    {.name = NULL},
};
const struct grammar step_grammar = {
    "a cost step", "A plain distribution is a wait; else either or both, each drawn by itself.",
    .members = step_members};

static const struct grammar_member host_members[] = {
    {"cpus", SHAPE_DECIMAL, .required = true, .about = "how many all instances share"},
    {"memory", SHAPE_SIZE, .about = "of the host; nothing follows from it"},
    {"session", SHAPE_BOOL,
     .about = "agents and what they start share one part of the CPUs, as big as an instance's"},
    {"background", SHAPE_DECIMAL,
     .about = "0 to 0.99: the part of all CPUs that other programs take where all are wanted; "
              "default 0"},
    {.name = NULL},
};
const struct grammar host_grammar = {
    "a host", "The one machine that all instances are parts of, as in a real run of berth's.",
    .members = host_members};

#define STEP SHAPE_STEP, .of = &step_grammar

static const struct grammar_member vm_boot_members[] = {
    {"vmm", STEP, .about = "the program that holds the machine starts"},
    {"firmware", STEP, .about = "until the kernel begins"},
    {"kernel", STEP, .about = "until the first program runs"},
    {"userspace", STEP, .about = "until the agent is started"},
    {"agent", STEP, .about = "until the agent inside is there"},
    {.name = NULL},
};
const struct grammar vm_boot_grammar = {"a way to boot", .members = vm_boot_members};

static const struct grammar_member vm_members[] = {
    {"scratch", SHAPE_OBJECT, .of = &vm_boot_grammar, .about = "a compressed kernel boots"},
    {"uncompressed", SHAPE_OBJECT, .of = &vm_boot_grammar, .about = "an uncompressed kernel boots"},
    {"restore", SHAPE_OBJECT, .of = &vm_boot_grammar, .about = "a snapshot goes on"},
    {"osMemory", SHAPE_SIZE,
     .about = "what the guest's operating system takes of its memory; tasks get the rest"},
    {"overhead", SHAPE_SIZE, .about = "what it takes of the host's memory beyond its own"},
    {"together", SHAPE_DECIMAL,
     .about = "0.1 to 10: what a boot's CPU time is where as many machines boot as the host has "
              "CPUs, of what it is alone; default 1"},
    {"speed", SHAPE_DECIMAL, .about = "0.001 to 10: work done inside, of what the host would do"},
    {"inside", SHAPE_OBJECT, .of = &costs_grammar,
     .about = "steps of agents and containers inside a guest; default: as outside"},
    {.name = NULL},
};
const struct grammar vm_grammar = {"virtual machines", .members = vm_members};

static const struct grammar_member costs_members[] = {
    {"profile", SHAPE_CHOICE, .values = costs_names,
     .about = "of what is not said; default \"ec2\", in a host profile \"laptop\""},
    {"boot", SHAPE_DISTRIBUTION,
     .about = "launch decision until the agent starts, instead of the five steps below; of a "
              "virtual machine see vm"},
    {"api", STEP, .about = "the call that launches an instance"},
    {"pending", STEP, .about = "until the machine is switched on"},
    {"firmware", STEP, .about = "until its kernel begins"},
    {"kernel", STEP, .about = "until its first program runs"},
    {"userspace", STEP, .about = "until the agent is started"},
    {"agent", STEP, .about = "agent start until it sends its registration"},
    {"register", STEP, .about = "until the cluster has taken the registration"},
    {"teardown", STEP, .about = "an instance's end"},
    {"message", STEP, .about = "scheduler to agent or back, one way"},
    {"agentEvent", STEP, .about = "the agent takes one message or fact"},
    {"schedulerEvent", STEP, .about = "the scheduler takes one message, one after the other"},
    {"provision", STEP, .about = "a task is placed until its agent is told"},
    {"eni", STEP, .about = "awsvpc: a task's network interface, before its first pull"},
    {"pull", STEP, .about = "the fixed part of an image pull"},
    {"standIn", STEP,
     .about = "an instance makes the file system that stands in for images the host does not have"},
    {"create", STEP, .about = "the agent creates a container"},
    {"network", STEP, .about = "likewise, more for one with a network of its own"},
    {"start", STEP, .about = "the agent starts a container"},
    {"child", STEP, .about = "its first process prepares, beside the agent"},
    {"fresh", STEP, .about = "child, more for the memory that a host gives to a container"},
    {"locked", STEP, .about = "child, what the whole host does one at a time"},
    {"exec", STEP, .about = "until the program runs, under the container's own limits"},
    {"stop", STEP, .about = "a signal until the process has ended"},
    {"exit", STEP, .about = "a process has ended until the agent knows"},
    {"remove", STEP,
     .about = "the agent removes a container; with agentQueue the longest wait of a task's counts"},
    {"end", STEP,
     .about = "a container's processes on their way out, under its own limits but for endLater"},
    {"endBySignal", STEP, .about = "likewise, more where a signal ends it"},
    {"endByMemory", STEP, .about = "end, more where the kernel ends it for its memory"},
    {"signal", STEP, .about = "the agent sends a signal"},
    {"disconnect", STEP, .about = "remove, more for one with a network of its own"},
    {"behind", STEP, .about = "what the kernel does behind a creation; nobody waits for it"},
    {"behindEnd", STEP, .about = "likewise, at once behind the end of a container's processes"},
    {"clear", STEP, .about = "likewise, behind its removal: groups, mounts"},
    {"behindNetwork", STEP, .about = "behind, more for one with a network of its own"},
    {"clearNetwork", STEP, .about = "clear, likewise"},
    {"keep", STEP,
     .about =
         "an agent (agentQueue) keeps what a container has printed until it is ready, when it has "
         "nothing else to do"},
    {"agentTogether", SHAPE_DECIMAL,
     .about = "with host and contention: what agent's CPU time is, 0.1 to 10, where at least as "
              "many start at once as there are CPUs, of what it is alone; default 1"},
    {"createAlone", SHAPE_DECIMAL,
     .about = "of create, what only one on a host does at a time: 0 to 1, default 0; "
              "to 2 where it is slower for whoever has waited"},
    {"networkAlone", SHAPE_DECIMAL, .about = "of network likewise"},
    {"endLater", SHAPE_DECIMAL,
     .about =
         "of end, what comes when the agent knows of it already (with agentQueue and contention), "
         "beside the agent instead of under the container's limits, and its removal waits for "
         "that; "
         "not of a kill: 0 to 1, default 0"},
    {"agentQueue", SHAPE_BOOL,
     .about = "an agent does its events, creations, starts and removals one after the other"},
    {"coldAfter", SHAPE_DISTRIBUTION,
     .about = "how long an instance, or the host of several, has not done the same until it is "
              "cold: an equal part of what cold costs more for each value (a plain duration: all "
              "at once); default: evenly from 0 to 45ms"},
    {"coolsIn", SHAPE_DISTRIBUTION,
     .about =
         "how long memory that nobody uses stays at hand, as where a guest's host takes it back; "
         "default, and 0s: for ever"},
    {"pullQueue", SHAPE_BOOL, .about = "an instance pulls one image after the other"},
    {"pullPerSecond", SHAPE_SIZE,
     .about = "what an instance downloads and unpacks in a second, instead of the five below"},
    {"layerPerSecond", SHAPE_SIZE_ANY, .about = "what one layer's connection carries"},
    {"networkPerSecond", SHAPE_SIZE_ANY, .about = "what an instance downloads"},
    {"registryPerSecond", SHAPE_SIZE_ANY, .about = "what the registry sends to all together"},
    {"unpackPerSecond", SHAPE_SIZE_ANY, .about = "decompressing, in a second of CPU time"},
    {"diskPerSecond", SHAPE_SIZE_ANY, .about = "what an instance's disk takes of layers"},
    {"balanceAfter", SHAPE_DURATION,
     .about = "so long what comes to a host whose CPUs are busy stays in the line of one of them, "
              "and an agent at work has its part of one; default 0s: all share evenly at once"},
    {"overbalanceEvery", SHAPE_DURATION,
     .about = "so often the host's kernel, evening out its CPUs' lines, moves all but two, now and "
              "then all but one, of the longest to another, where all who work weigh as little as "
              "any can (see leastWorkTurns); "
              "only with balanceAfter, default 0s: never"},
    {"startTurns", SHAPE_DISTRIBUTION,
     .about = "what a container's start waits for its turns, where work keeps a host's CPUs busy; "
              "as the next five only with balanceAfter"},
    {"workTurns", SHAPE_DISTRIBUTION, .about = "likewise work that comes to them"},
    {"leastWorkTurns", SHAPE_DISTRIBUTION,
     .about = "workTurns of a task with the least weight there is, one container of at most 2 CPU "
              "units, if different"},
    {"agentTurn", SHAPE_DISTRIBUTION,
     .about = "what an agent that is at work waits when work comes to the last idle CPU; this and "
              "the next two only with agentQueue"},
    {"readyTurn", SHAPE_DISTRIBUTION,
     .about =
         "what passes until an agent hears that a container is ready that works on the last idle "
         "CPU at once"},
    {"readyBeside", SHAPE_DISTRIBUTION,
     .about =
         "likewise where one CPU more is idle, while the kernel has work of its own to do behind "
         "containers"},
    {"touchPerMiB", SHAPE_DURATION, .about = "CPU time of touching a MiB for the first time"},
    {"freePerMiB", SHAPE_DURATION, .about = "CPU time of giving it back at the end"},
    {"imageSize", SHAPE_SIZE, .about = "of an image that the scenario does not mention"},
    {"osMemory", SHAPE_SIZE, .about = "what an instance's operating system takes"},
    {"agentMemory", SHAPE_SIZE,
     .about = "what the agent takes: counted in the summary, since what an instance registers is "
              "without it"},
    {"containerMemory", SHAPE_SIZE,
     .about = "what each container takes beside its own: likewise, no limit of its own counts it"},
    {"contention", SHAPE_BOOL,
     .about = "false: everything takes as long as if it were alone; default true"},
    {"host", SHAPE_OBJECT, .of = &host_grammar,
     .about = "all instances are parts of one host; default: each is a machine"},
    {"machines", SHAPE_CHOICE, .values = machines_names,
     .about = "what instances are: \"slices\" of a host (default) or virtual machines"},
    {"path", SHAPE_CHOICE, .values = boot_path_names,
     .about = "how virtual machines start; default \"scratch\""},
    {"vm", SHAPE_OBJECT, .of = &vm_grammar, .about = "what virtual machines cost"},
    {.name = NULL},
};
const struct grammar costs_grammar = {"costs", "How long each step takes in a simulation.",
                                      .members = costs_members};

static const char *const profile_versions[] = {"host-profile/1", NULL};

static const struct grammar_member host_profile_members[] = {
    {"berth", SHAPE_CHOICE, .required = true, .values = profile_versions,
     .about = "says what this file is: \"host-profile/1\""},
    {"machine", SHAPE_ANY, .about = "for people: what was measured where and when"},
    {"measured", SHAPE_ANY, .about = "for people: the figures behind the costs"},
    {"costs", SHAPE_OBJECT, .required = true, .of = &costs_grammar,
     .about = "take the place of a scenario's costs"},
    {.name = NULL},
};
const struct grammar host_profile_grammar = {
    "a host profile",
    "A file of its own: what `berth calibrate` measured on a machine, for `berth sim "
    "--host-profile`.",
    .members = host_profile_members};

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
              "\"1xm5.large\", none where capacity providers or Fargate take the tasks"},
    {"awsvpcTrunking", SHAPE_BOOL,
     .about = "ECS's account setting: EC2 types have more network interfaces for tasks; default "
              "false"},
    {"launchTemplates", SHAPE_TEXT_MAP,
     .about = "names of EC2 launch templates and the instance types that they stand for"},
    {"autoScalingGroups", SHAPE_LIST, .of = &auto_scaling_grammar,
     .about = "CreateAutoScalingGroup calls; beside them the default of instances is none"},
    {"capacityProviders", SHAPE_LIST, .of = &provider_grammar, .items = SHAPE_TEXT,
     .about = "CreateCapacityProvider calls, \"FARGATE\", \"FARGATE_SPOT\""},
    {"defaultCapacityProviderStrategy", SHAPE_LIST, .of = &share_grammar,
     .about = "of calls that name neither a strategy nor a launchType"},
    {"fargate", SHAPE_OBJECT, .of = &fargate_grammar, .about = "what Fargate is like"},
    {"spot", SHAPE_OBJECT, .of = &spot_grammar, .about = "what Spot is like"},
    {"images", SHAPE_MAP, .of = &image_grammar, .about = "container images by name"},
    {"taskDefinitions", SHAPE_FILES, .of = &task_definition_grammar,
     .about = "in order of registration: register-task-definition objects, or names of files "
              "that hold one, beside the scenario"},
    {"isolation", SHAPE_TEXT_MAP,
     .about = "by family: \"vm\", each task of it in a virtual machine of its own on its instance, "
              "or \"container\" (default), on the instance's kernel"},
    {"behaviour", SHAPE_MAP, .of = &behaviour_grammar, .about = "by \"family/container\""},
    {"services", SHAPE_LIST, .of = &create_service_grammar,
     .about = "CreateService calls, made once the first instances are up"},
    {"load", SHAPE_LIST, .of = &load_grammar, .about = "where requests come from"},
    {"targetGroups", SHAPE_LIST, .of = &target_group_grammar,
     .about = "that services' loadBalancers name"},
    {"scaling", SHAPE_LIST, .of = &scaling_call_grammar,
     .about = "scaling calls about these services, made right after them"},
    {"rules", SHAPE_OBJECT, .of = &rules_grammar, .about = "ECS's time constants, shortened"},
    {"loadLevel", SHAPE_CHOICE, .values = load_level_names,
     .about = "simulations: \"request\" (one by one), \"rate\" (as a flow, for days and weeks) or "
              "\"auto\": a flow beyond 20 million requests; default \"auto\""},
    {"timeline", SHAPE_LIST, .of = &entry_grammar, .about = "what happens when"},
    {"until", SHAPE_DURATION,
     .about = "the end of the run; default: when the timeline is done and no task lives. Needed "
              "beside a service"},
    {"expect", SHAPE_LIST, .of = &expect_grammar, .about = "what should hold"},
    {"costs", SHAPE_PROFILE, .of = &costs_grammar, .values = costs_names,
     .about =
         "\"ec2\" (default), \"laptop\" (what berth's own containers take on one), \"fargate\", "
         "\"firecracker\", \"2012\", or some of one's own"},
    {"agent", SHAPE_OBJECT, .of = &agent_grammar, .about = "how all agents are configured"},
    {.name = NULL},
};
const struct grammar scenario_grammar = {"a scenario", .members = scenario_members};

const struct grammar *const grammars[] = {
    &scenario_grammar,
    &instance_type_grammar,
    &instance_group_grammar,
    &agent_grammar,
    &auto_scaling_grammar,
    &launch_template_grammar,
    &mixed_grammar,
    &mixed_template_grammar,
    &override_grammar,
    &instances_distribution_grammar,
    &provider_grammar,
    &group_provider_grammar,
    &managed_scaling_grammar,
    &share_grammar,
    &fargate_grammar,
    &spot_grammar,
    &interrupt_grammar,
    &image_grammar,
    &layer_grammar,
    &behaviour_grammar,
    &request_grammar,
    &load_grammar,
    &arrivals_grammar,
    &flow_grammar,
    &sine_grammar,
    &rate_step_grammar,
    &entry_grammar,
    &fault_grammar,
    &kill_container_grammar,
    &kill_zone_grammar,
    &cut_agent_grammar,
    &slow_registry_grammar,
    &dead_registry_grammar,
    &expect_grammar,
    &costs_grammar,
    &step_grammar,
    &host_grammar,
    &vm_grammar,
    &vm_boot_grammar,
    &host_profile_grammar,
    &distribution_grammar,
    &lognormal_grammar,
    &uniform_grammar,
    &exponential_grammar,
    &normal_grammar,
    &gamma_grammar,
    &weibull_grammar,
    &rules_grammar,
    &target_group_grammar,
    &target_attribute_grammar,
    &create_service_grammar,
    &deployment_grammar,
    &breaker_grammar,
    &threshold_grammar,
    &deployment_alarms_grammar,
    &canary_grammar,
    &linear_grammar,
    &load_balancer_grammar,
    &advanced_grammar,
    &controller_grammar,
    &scaling_call_grammar,
    &scalable_target_grammar,
    &suspended_grammar,
    &scaling_policy_grammar,
    &target_tracking_grammar,
    &predefined_metric_grammar,
    &step_scaling_grammar,
    &step_adjustment_grammar,
    &scheduled_action_grammar,
    &target_action_grammar,
    &metric_alarm_grammar,
    &dimension_grammar,
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
