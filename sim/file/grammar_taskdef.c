/*
 * The tables of task definitions: every member of RegisterTaskDefinition (ECS API reference,
 * 2014-11-13, as of 2026-08). A member without a meaning is one that ECS has and berth takes no notice
 * of; what stands inside it is checked against these tables all the same.
 */
#include "core/message.h"
#include "file/grammar.h"
#include "file/taskdef_run.h"

#include <stddef.h>

/* ECS has the member, berth takes no notice of it yet. */
#define PASSED_OVER .about = NULL

/* For members inside of those. */
#define OF_ECS .about = "no effect"
#define WANTED .required = true, .about = "ECS wants it; no effect"

static const char *const app_protocols[] = {"http", "http2", "grpc", NULL};

static const struct grammar_member port_mapping_members[] = {
    {"containerPort", SHAPE_NUMBER, .about = "1 to 65535"},
    {"hostPort", SHAPE_NUMBER,
     .about = "bridge: a port of the instance, 0 or absent for a dynamic one; host and awsvpc: "
              "absent or the containerPort"},
    {"protocol", SHAPE_CHOICE, .values = port_protocol_names, .about = "tcp or udp; default tcp"},
    {"containerPortRange", SHAPE_TEXT,
     .about = "instead of containerPort: \"8000-8010\", each on a dynamic port"},
    {"name", SHAPE_TEXT, PASSED_OVER},
    {"appProtocol", SHAPE_CHOICE, .values = app_protocols, PASSED_OVER},
    {.name = NULL},
};
const struct grammar port_mapping_grammar = {"a port mapping", .ecs = true,
                                             .members = port_mapping_members};

const char *const depends_on_names[] = {"START", "COMPLETE", "SUCCESS", "HEALTHY", NULL};

static const struct grammar_member depends_on_members[] = {
    {"containerName", SHAPE_TEXT, .required = true, .about = "a container of the same definition"},
    {"condition", SHAPE_CHOICE, .required = true, .values = depends_on_names,
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

static const struct grammar_member restart_policy_members[] = {
    {"enabled", SHAPE_BOOL, .required = true, .about = "whether it is started again at all"},
    {"ignoredExitCodes", SHAPE_LIST, .items = SHAPE_NUMBER,
     .about = "at most 50: not started again after one of these"},
    {"restartAttemptPeriod", SHAPE_NUMBER,
     .about = "seconds, 60 to 1800: it must have run that long; default 300"},
    {.name = NULL},
};
const struct grammar restart_policy_grammar = {"a restart policy", .ecs = true,
                                               .members = restart_policy_members};

static const char *const resource_types[] = {"GPU", "InferenceAccelerator", "NeuronDevice", NULL};

static const struct grammar_member resource_requirement_members[] = {
    {"type", SHAPE_CHOICE, .required = true, .values = resource_types,
     .about = "GPU; the others have no effect yet"},
    {"value", SHAPE_TEXT, .required = true,
     .about = "GPU: how many, as a text, or \"ALL\" of the instance"},
    {.name = NULL},
};
const struct grammar resource_requirement_grammar = {"a resource requirement", .ecs = true,
                                                     .members = resource_requirement_members};

static const struct grammar_member health_check_members[] = {
    {"command", SHAPE_LIST, .required = true,
     .about = "[\"CMD-SHELL\", \"...\"] or [\"CMD\", program, argument, ...]"},
    {"interval", SHAPE_NUMBER, .about = "seconds, 5 to 300; default 30"},
    {"timeout", SHAPE_NUMBER, .about = "seconds, 2 to 60; default 5"},
    {"retries", SHAPE_NUMBER, .about = "1 to 10; default 3"},
    {"startPeriod", SHAPE_NUMBER, .about = "seconds, 0 to 300; default 0"},
    {.name = NULL},
};
const struct grammar health_check_grammar = {"a health check", .ecs = true,
                                             .members = health_check_members};

static const struct grammar_member ulimit_members[] = {
    {"name", SHAPE_CHOICE, .required = true, .values = ulimit_names, .about = "such as nofile"},
    {"softLimit", SHAPE_NUMBER, .required = true, .about = "-1: none"},
    {"hardLimit", SHAPE_NUMBER, .required = true, .about = "at least the soft one; -1: none"},
    {.name = NULL},
};
const struct grammar ulimit_grammar = {"a ulimit", .ecs = true, .members = ulimit_members};

static const struct grammar_member mount_point_members[] = {
    {"sourceVolume", SHAPE_TEXT, .about = "a name from volumes"},
    {"containerPath", SHAPE_TEXT, .about = "where in the container"},
    {"readOnly", SHAPE_BOOL, .about = "default false"},
    {.name = NULL},
};
const struct grammar mount_point_grammar = {"a mount point", .ecs = true,
                                            .members = mount_point_members};

static const struct grammar_member volumes_from_members[] = {
    {"sourceContainer", SHAPE_TEXT, .about = "a container of the same definition"},
    {"readOnly", SHAPE_BOOL, .about = "default false"},
    {.name = NULL},
};
const struct grammar volumes_from_grammar = {"a source of volumes", .ecs = true,
                                             .members = volumes_from_members};

/* ECS API: KernelCapabilities. */
static const char *const capability_names[] = {
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "SYSLOG",
    "WAKE_ALARM",
    NULL,
};

static const struct grammar_member capabilities_members[] = {
    {"add", SHAPE_LIST, .values = capability_names, .about = "beyond a container's usual ones"},
    {"drop", SHAPE_LIST, .values = capability_names, .about = "of the usual ones"},
    {.name = NULL},
};
const struct grammar capabilities_grammar = {"capabilities", .ecs = true,
                                             .members = capabilities_members};

static const char *const device_permissions[] = {"read", "write", "mknod", NULL};

static const struct grammar_member device_members[] = {
    {"hostPath", SHAPE_TEXT, WANTED},
    {"containerPath", SHAPE_TEXT, OF_ECS},
    {"permissions", SHAPE_LIST, .values = device_permissions, OF_ECS},
    {.name = NULL},
};
const struct grammar device_grammar = {"a device", .ecs = true, .members = device_members};

/* ECS API: Tmpfs. */
static const char *const mount_options[] = {
    "defaults",      "ro",         "rw",          "suid",
    "nosuid",        "dev",        "nodev",       "exec",
    "noexec",        "sync",       "async",       "dirsync",
    "remount",       "mand",       "nomand",      "atime",
    "noatime",       "diratime",   "nodiratime",  "bind",
    "rbind",         "unbindable", "runbindable", "private",
    "rprivate",      "shared",     "rshared",     "slave",
    "rslave",        "relatime",   "norelatime",  "strictatime",
    "nostrictatime", "mode",       "uid",         "gid",
    "nr_inodes",     "nr_blocks",  "mpol",        NULL,
};

static const struct grammar_member tmpfs_members[] = {
    {"containerPath", SHAPE_TEXT, .required = true, .about = "where in the container"},
    {"size", SHAPE_NUMBER, .required = true, .about = "MiB"},
    {"mountOptions", SHAPE_LIST, .values = mount_options, .about = "such as noexec"},
    {.name = NULL},
};
const struct grammar tmpfs_grammar = {"a tmpfs", .ecs = true, .members = tmpfs_members};

static const struct grammar_member linux_parameters_members[] = {
    {"capabilities", SHAPE_OBJECT, .of = &capabilities_grammar, .about = "what root may do"},
    {"initProcessEnabled", SHAPE_BOOL, .about = "an init as process 1; default false"},
    {"sharedMemorySize", SHAPE_NUMBER, .about = "MiB of /dev/shm"},
    {"tmpfs", SHAPE_LIST, .of = &tmpfs_grammar, .about = "file systems in memory"},
    {"maxSwap", SHAPE_NUMBER, .about = "MiB beside memory; 0: no swap"},
    {"swappiness", SHAPE_NUMBER, .about = "0 to 100, beside maxSwap; default 60"},
    {"devices", SHAPE_LIST, .of = &device_grammar, PASSED_OVER},
    {.name = NULL},
};
const struct grammar linux_parameters_grammar = {"Linux parameters", .ecs = true,
                                                 .members = linux_parameters_members};

static const struct grammar_member host_entry_members[] = {
    {"hostname", SHAPE_TEXT, .required = true, .about = "a name"},
    {"ipAddress", SHAPE_TEXT, .required = true, .about = "its address"},
    {.name = NULL},
};
const struct grammar host_entry_grammar = {"a host entry", .ecs = true,
                                           .members = host_entry_members};

static const struct grammar_member system_control_members[] = {
    {"namespace", SHAPE_TEXT,
     .about = "such as net.core.somaxconn; only what a container has for "
              "itself"},
    {"value", SHAPE_TEXT, .about = "its value"},
    {.name = NULL},
};
const struct grammar system_control_grammar = {"a system control", .ecs = true,
                                               .members = system_control_members};

static const struct grammar_member secret_members[] = {
    {"name", SHAPE_TEXT, WANTED},
    {"valueFrom", SHAPE_TEXT, WANTED},
    {.name = NULL},
};
const struct grammar secret_grammar = {"a secret", .ecs = true, .members = secret_members};

static const char *const log_drivers[] = {"json-file", "syslog", "journald",    "gelf", "fluentd",
                                          "awslogs",   "splunk", "awsfirelens", NULL};

static const struct grammar_member log_configuration_members[] = {
    {"logDriver", SHAPE_CHOICE, .required = true, .values = log_drivers,
     .about = "a real run writes files, whatever it is"},
    {"options", SHAPE_TEXT_MAP, .about = "no effect"},
    {"secretOptions", SHAPE_LIST, .of = &secret_grammar, PASSED_OVER},
    {.name = NULL},
};
const struct grammar log_configuration_grammar = {"a log configuration", .ecs = true,
                                                  .members = log_configuration_members};

static const char *const file_types[] = {"s3", NULL};

static const struct grammar_member environment_file_members[] = {
    {"value", SHAPE_TEXT, WANTED},
    {"type", SHAPE_CHOICE, .values = file_types, WANTED},
    {.name = NULL},
};
const struct grammar environment_file_grammar = {"an environment file", .ecs = true,
                                                 .members = environment_file_members};

static const struct grammar_member credentials_members[] = {
    {"credentialsParameter", SHAPE_TEXT, WANTED},
    {.name = NULL},
};
const struct grammar credentials_grammar = {"repository credentials", .ecs = true,
                                            .members = credentials_members};

static const char *const firelens_types[] = {"fluentd", "fluentbit", NULL};

static const struct grammar_member firelens_members[] = {
    {"type", SHAPE_CHOICE, .values = firelens_types, WANTED},
    {"options", SHAPE_TEXT_MAP, OF_ECS},
    {.name = NULL},
};
const struct grammar firelens_grammar = {"a FireLens configuration", .ecs = true,
                                         .members = firelens_members};

static const char *const consistencies[] = {"enabled", "disabled", NULL};

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
    {"healthCheck", SHAPE_OBJECT, .of = &health_check_grammar,
     .about = "a command that says whether it is well; others can wait for HEALTHY"},
    {"restartPolicy", SHAPE_OBJECT, .of = &restart_policy_grammar,
     .about = "it may be started again without its task"},
    {"resourceRequirements", SHAPE_LIST, .of = &resource_requirement_grammar, .about = "GPUs"},
    {"links", SHAPE_LIST,
     .about = "bridge: \"container\" or \"container:name\", started before it"},
    {"volumesFrom", SHAPE_LIST, .of = &volumes_from_grammar,
     .about = "mounts of other containers, which are created before it"},
    {"mountPoints", SHAPE_LIST, .of = &mount_point_grammar, .about = "where it has which volumes"},
    {"entryPoint", SHAPE_LIST, .about = "replaces the image's entry point"},
    {"command", SHAPE_LIST, .about = "replaces the image's command"},
    {"environment", SHAPE_LIST, .of = &environment_grammar, .about = "variables"},
    {"workingDirectory", SHAPE_TEXT, .about = "default: the image's"},
    {"user", SHAPE_TEXT, .about = "default: the image's"},
    {"hostname", SHAPE_TEXT, .about = "default: one of its own"},
    {"readonlyRootFilesystem", SHAPE_BOOL, .about = "default false"},
    {"privileged", SHAPE_BOOL, .about = "default false; a real run refuses it"},
    {"interactive", SHAPE_BOOL, .about = "its standard input stays open; default false"},
    {"pseudoTerminal", SHAPE_BOOL, .about = "default false"},
    {"disableNetworking", SHAPE_BOOL, .about = "default false"},
    {"linuxParameters", SHAPE_OBJECT, .of = &linux_parameters_grammar,
     .about = "capabilities, memory, file systems"},
    {"ulimits", SHAPE_LIST, .of = &ulimit_grammar, .about = "limits of its processes"},
    {"systemControls", SHAPE_LIST, .of = &system_control_grammar, .about = "kernel parameters"},
    {"extraHosts", SHAPE_LIST, .of = &host_entry_grammar, .about = "lines for its /etc/hosts"},
    {"dnsServers", SHAPE_LIST, .about = "addresses of its name servers"},
    {"dnsSearchDomains", SHAPE_LIST, .about = "for its /etc/resolv.conf"},
    {"dockerLabels", SHAPE_TEXT_MAP, .about = "names and values"},
    {"logConfiguration", SHAPE_OBJECT, .of = &log_configuration_grammar,
     .about = "where its output goes"},
    {"repositoryCredentials", SHAPE_OBJECT, .of = &credentials_grammar, PASSED_OVER},
    {"environmentFiles", SHAPE_LIST, .of = &environment_file_grammar, PASSED_OVER},
    {"secrets", SHAPE_LIST, .of = &secret_grammar, PASSED_OVER},
    {"versionConsistency", SHAPE_CHOICE, .values = consistencies, PASSED_OVER},
    {"dockerSecurityOptions", SHAPE_LIST, PASSED_OVER},
    {"firelensConfiguration", SHAPE_OBJECT, .of = &firelens_grammar, PASSED_OVER},
    {"credentialSpecs", SHAPE_LIST, PASSED_OVER},
    {.name = NULL},
};
const struct grammar container_grammar = {"a container definition", .ecs = true,
                                          .members = container_members};

static const struct grammar_member host_volume_members[] = {
    {"sourcePath", SHAPE_TEXT,
     .about = "a folder of the instance; absent: an empty one that goes with the task"},
    {.name = NULL},
};
const struct grammar host_volume_grammar = {"a host volume", .ecs = true,
                                            .members = host_volume_members};

const char *const volume_scope_names[] = {"task", "shared", NULL};

static const struct grammar_member docker_volume_members[] = {
    {"scope", SHAPE_CHOICE, .values = volume_scope_names,
     .about = "task: goes with the task; shared: stays on the instance; default task"},
    {"autoprovision", SHAPE_BOOL, .about = "shared: made where it does not exist; default false"},
    {"driver", SHAPE_TEXT, .about = "no effect"},
    {"driverOpts", SHAPE_TEXT_MAP, .about = "no effect"},
    {"labels", SHAPE_TEXT_MAP, .about = "no effect"},
    {.name = NULL},
};
const struct grammar docker_volume_grammar = {"a Docker volume", .ecs = true,
                                              .members = docker_volume_members};

static const char *const switches[] = {"ENABLED", "DISABLED", NULL};

static const struct grammar_member efs_authorization_members[] = {
    {"accessPointId", SHAPE_TEXT, OF_ECS},
    {"iam", SHAPE_CHOICE, .values = switches, OF_ECS},
    {.name = NULL},
};
const struct grammar efs_authorization_grammar = {"an EFS authorization", .ecs = true,
                                                  .members = efs_authorization_members};

static const struct grammar_member efs_volume_members[] = {
    {"fileSystemId", SHAPE_TEXT, WANTED},
    {"rootDirectory", SHAPE_TEXT, OF_ECS},
    {"transitEncryption", SHAPE_CHOICE, .values = switches, OF_ECS},
    {"transitEncryptionPort", SHAPE_NUMBER, OF_ECS},
    {"authorizationConfig", SHAPE_OBJECT, .of = &efs_authorization_grammar, OF_ECS},
    {.name = NULL},
};
const struct grammar efs_volume_grammar = {"an EFS volume", .ecs = true,
                                           .members = efs_volume_members};

static const struct grammar_member s3_volume_members[] = {
    {"fileSystemArn", SHAPE_TEXT, WANTED},
    {"rootDirectory", SHAPE_TEXT, OF_ECS},
    {"transitEncryptionPort", SHAPE_NUMBER, OF_ECS},
    {"accessPointArn", SHAPE_TEXT, OF_ECS},
    {.name = NULL},
};
const struct grammar s3_volume_grammar = {"an S3 volume", .ecs = true,
                                          .members = s3_volume_members};

static const struct grammar_member fsx_authorization_members[] = {
    {"credentialsParameter", SHAPE_TEXT, WANTED},
    {"domain", SHAPE_TEXT, WANTED},
    {.name = NULL},
};
const struct grammar fsx_authorization_grammar = {"an FSx authorization", .ecs = true,
                                                  .members = fsx_authorization_members};

static const struct grammar_member fsx_volume_members[] = {
    {"fileSystemId", SHAPE_TEXT, WANTED},
    {"rootDirectory", SHAPE_TEXT, WANTED},
    {"authorizationConfig", SHAPE_OBJECT, .of = &fsx_authorization_grammar, WANTED},
    {.name = NULL},
};
const struct grammar fsx_volume_grammar = {"an FSx volume", .ecs = true,
                                           .members = fsx_volume_members};

static const struct grammar_member volume_members[] = {
    {"name", SHAPE_TEXT, .about = "its name, for mountPoints"},
    {"host", SHAPE_OBJECT, .of = &host_volume_grammar, .about = "a folder of the instance"},
    {"dockerVolumeConfiguration", SHAPE_OBJECT, .of = &docker_volume_grammar,
     .about = "a volume that Docker would keep"},
    {"efsVolumeConfiguration", SHAPE_OBJECT, .of = &efs_volume_grammar, PASSED_OVER},
    {"s3filesVolumeConfiguration", SHAPE_OBJECT, .of = &s3_volume_grammar, PASSED_OVER},
    {"fsxWindowsFileServerVolumeConfiguration", SHAPE_OBJECT, .of = &fsx_volume_grammar,
     PASSED_OVER},
    {"configuredAtLaunch", SHAPE_BOOL, PASSED_OVER},
    {.name = NULL},
};
const struct grammar volume_grammar = {"a volume", .ecs = true, .members = volume_members};

static const struct grammar_member tag_members[] = {
    {"key", SHAPE_TEXT, OF_ECS},
    {"value", SHAPE_TEXT, OF_ECS},
    {.name = NULL},
};
const struct grammar tag_grammar = {"a tag", .ecs = true, .members = tag_members};

static const char *const proxy_types[] = {"APPMESH", NULL};

static const struct grammar_member proxy_members[] = {
    {"type", SHAPE_CHOICE, .values = proxy_types, OF_ECS},
    {"containerName", SHAPE_TEXT, WANTED},
    {"properties", SHAPE_LIST, .of = &environment_grammar, OF_ECS},
    {.name = NULL},
};
const struct grammar proxy_grammar = {"a proxy configuration", .ecs = true,
                                      .members = proxy_members};

static const struct grammar_member accelerator_members[] = {
    {"deviceName", SHAPE_TEXT, WANTED},
    {"deviceType", SHAPE_TEXT, WANTED},
    {.name = NULL},
};
const struct grammar accelerator_grammar = {"an inference accelerator", .ecs = true,
                                            .members = accelerator_members};

static const struct grammar_member required_attribute_members[] = {
    {"name", SHAPE_TEXT, .required = true, .about = "an attribute's name"},
    {"value", SHAPE_TEXT, .about = "its value; default: any"},
    {"targetType", SHAPE_TEXT, PASSED_OVER},
    {"targetId", SHAPE_TEXT, PASSED_OVER},
    {.name = NULL},
};
const struct grammar required_attribute_grammar = {"a required attribute", .ecs = true,
                                                   .members = required_attribute_members};

static const struct grammar_member ephemeral_storage_members[] = {
    {"sizeInGiB", SHAPE_NUMBER, .required = true, .about = "Fargate: 21 to 200"},
    {.name = NULL},
};
const struct grammar ephemeral_storage_grammar = {"an ephemeral storage", .ecs = true,
                                                  .members = ephemeral_storage_members};

static const char *const architectures[] = {"X86_64", "ARM64", NULL};
static const char *const os_families[] = {
    "LINUX",
    "WINDOWS_SERVER_2025_FULL",
    "WINDOWS_SERVER_2025_CORE",
    "WINDOWS_SERVER_2022_FULL",
    "WINDOWS_SERVER_2022_CORE",
    "WINDOWS_SERVER_20H2_CORE",
    "WINDOWS_SERVER_2019_FULL",
    "WINDOWS_SERVER_2019_CORE",
    "WINDOWS_SERVER_2016_FULL",
    "WINDOWS_SERVER_2004_CORE",
    NULL,
};

static const struct grammar_member platform_members[] = {
    {"cpuArchitecture", SHAPE_CHOICE, .values = architectures, OF_ECS},
    {"operatingSystemFamily", SHAPE_CHOICE, .values = os_families, OF_ECS},
    {.name = NULL},
};
const struct grammar platform_grammar = {"a runtime platform", .ecs = true,
                                         .members = platform_members};

static const char *const compatibilities[] = {"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES",
                                              NULL};

const char *const pid_mode_names[] = {"task", "host", NULL};
const char *const ipc_mode_names[] = {"task", "host", "none", NULL};

/* What describe-task-definition answers with beside it. */
#define DESCRIBED SHAPE_ANY, .about = "an answer of describe-task-definition: passed over"

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
    {"requiresCompatibilities", SHAPE_LIST, .values = compatibilities,
     .about = "with FARGATE, cpu and memory must be one of Fargate's sizes"},
    {"volumes", SHAPE_LIST, .of = &volume_grammar, .about = "for mountPoints"},
    {"pidMode", SHAPE_CHOICE, .values = pid_mode_names,
     .about = "whose processes a container sees; default: its own"},
    {"ipcMode", SHAPE_CHOICE, .values = ipc_mode_names,
     .about = "whose shared memory and queues; default: its own"},
    {"tags", SHAPE_LIST, .of = &tag_grammar, PASSED_OVER},
    {"taskRoleArn", SHAPE_TEXT, PASSED_OVER},
    {"executionRoleArn", SHAPE_TEXT, PASSED_OVER},
    {"proxyConfiguration", SHAPE_OBJECT, .of = &proxy_grammar, PASSED_OVER},
    {"inferenceAccelerators", SHAPE_LIST, .of = &accelerator_grammar, PASSED_OVER},
    {"ephemeralStorage", SHAPE_OBJECT, .of = &ephemeral_storage_grammar, PASSED_OVER},
    {"runtimePlatform", SHAPE_OBJECT, .of = &platform_grammar, PASSED_OVER},
    {"enableFaultInjection", SHAPE_BOOL, PASSED_OVER},
    {"taskDefinitionArn", DESCRIBED},
    {"revision", DESCRIBED},
    {"status", DESCRIBED},
    {"requiresAttributes", SHAPE_LIST, .of = &required_attribute_grammar,
     .about = "what an instance must have; agents have all capabilities of ECS"},
    {"compatibilities", DESCRIBED},
    {"registeredAt", DESCRIBED},
    {"registeredBy", DESCRIBED},
    {"deregisteredAt", DESCRIBED},
    {"deleteRequestedAt", DESCRIBED},
    {.name = NULL},
};
const struct grammar task_definition_grammar = {"a task definition", .ecs = true,
                                                .members = task_definition_members};
