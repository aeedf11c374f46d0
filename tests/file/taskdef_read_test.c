/*
 * Task definitions: ECS's rules hold, what real files carry is tolerated, each finding stands at its
 * place.
 */
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *text, *findings;
};

/* Containers of a definition "d"; they begin at column 80. */
static const struct row containers[] = {
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8}", ""},
    {"{\"name\":\"a\",\"memory\":8}",
     "1:80: error: taskDefinitions[0].containerDefinitions[0].image: missing: its image"},
    {"{\"image\":\"i\",\"memory\":8}",
     "1:80: error: taskDefinitions[0].containerDefinitions[0].name: missing: its name in the "
     "definition"},
    {"{\"name\":\"a b\",\"image\":\"\",\"memory\":8}",
     "1:88: error: taskDefinitions[0].containerDefinitions[0].name: found \"a b\", wanted 1 to 255 "
     "letters, digits, - and _\n1:102: error: taskDefinitions[0].containerDefinitions[0].image: "
     "found an empty text, wanted an image such as nginx:latest"},
    {"{\"name\":\"a\",\"image\":\"i\"}",
     "1:80: warning: taskDefinitions[0].containerDefinitions[0]: no memory, which ECS wants on "
     "instances: give memory or memoryReservation here, or memory for the task; counted as 0 MiB"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":4}",
     "1:113: error: taskDefinitions[0].containerDefinitions[0].memory: 4 MiB; a container needs at "
     "least 6"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":64,\"memoryReservation\":64}",
     "1:113: error: taskDefinitions[0].containerDefinitions[0].memory: 64 MiB must be more than "
     "memoryReservation, 64 MiB"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":128,\"memoryReservation\":64}", ""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":\"128MiB\"}",
     "1:113: error: taskDefinitions[0].containerDefinitions[0].memory: found \"128MiB\"; ECS takes "
     "MiB here: 128"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":\"128\"}",
     "1:113: warning: taskDefinitions[0].containerDefinitions[0].memory: found \"128\"; ECS takes "
     "a number here: 128"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":-1}",
     "1:113: error: taskDefinitions[0].containerDefinitions[0].memory: found -1, wanted a whole "
     "number from 0 to 33554432"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":99999999999}",
     "1:113: error: taskDefinitions[0].containerDefinitions[0].memory: found 99999999999, wanted a "
     "whole number from 0 to 33554432"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":1.5}",
     "1:113: error: taskDefinitions[0].containerDefinitions[0].memory: found 1.5, wanted a whole "
     "number"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"cpu\":\"1 vCPU\"}",
     "1:121: error: taskDefinitions[0].containerDefinitions[0].cpu: found \"1 vCPU\"; ECS takes "
     "CPU units here: 1024"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"stopTimeout\":\"30s\"}",
     "1:129: error: taskDefinitions[0].containerDefinitions[0].stopTimeout: found \"30s\"; ECS "
     "takes seconds here: 30"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"stopTimeout\":\"soon\",\"startTimeout\":-1}",
     "1:129: error: taskDefinitions[0].containerDefinitions[0].stopTimeout: found \"soon\", wanted "
     "a whole number\n1:151: error: taskDefinitions[0].containerDefinitions[0].startTimeout: found "
     "-1, wanted a whole number from 0 to 604800"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"esential\":false}",
     "1:115: warning: taskDefinitions[0].containerDefinitions[0].esential: unknown member of a "
     "container definition (did you mean essential?)"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"essential\":false}",
     "1:79: error: taskDefinitions[0].containerDefinitions: no container is essential; ECS wants "
     "at least one"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"essential\":\"true\"}",
     "1:127: warning: taskDefinitions[0].containerDefinitions[0].essential: found \"true\"; ECS "
     "takes true without quotes here"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"essential\":1}",
     "1:127: error: taskDefinitions[0].containerDefinitions[0].essential: found 1, wanted true or "
     "false"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"cpu\":null,\"command\":null}",
     "1:121: warning: taskDefinitions[0].containerDefinitions[0].cpu: found null: taken as "
     "absent\n1:136: warning: taskDefinitions[0].containerDefinitions[0].command: found null: "
     "taken as absent"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"command\":\"sleep 1\"}",
     "1:125: warning: taskDefinitions[0].containerDefinitions[0].command: found \"sleep 1\" where "
     "ECS takes a list: taken as its words"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"command\":[\"sleep\",1]}",
     "1:134: warning: taskDefinitions[0].containerDefinitions[0].command[1]: found 1; ECS takes a "
     "text here: \"1\""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"environment\":[{\"name\":\"A\",\"value\":5},{"
     "\"value\":\"x\"},{\"name\":\"B=C\"}]}",
     "1:150: warning: taskDefinitions[0].containerDefinitions[0].environment[0].value: found 5; "
     "ECS takes a text here: \"5\"\n1:153: error: "
     "taskDefinitions[0].containerDefinitions[0].environment[1].name: missing: the variable's "
     "name\n1:175: error: taskDefinitions[0].containerDefinitions[0].environment[2].name: found "
     "\"B=C\", wanted a name without ="},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":{\"containerPort\":80}}",
     "1:130: warning: taskDefinitions[0].containerDefinitions[0].portMappings: found an object "
     "where ECS takes a list: taken as a list of one"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"hostPort\":80},{"
     "\"containerPort\":0},{\"containerPort\":80,\"protocol\":\"TCP\"}]}",
     "1:131: error: taskDefinitions[0].containerDefinitions[0].portMappings[0].containerPort: "
     "missing: the port that the container listens on\n1:164: error: "
     "taskDefinitions[0].containerDefinitions[0].portMappings[1].containerPort: found 0, wanted a "
     "whole number from 1 to 65535\n1:198: warning: "
     "taskDefinitions[0].containerDefinitions[0].portMappings[2].protocol: found \"TCP\"; ECS "
     "takes tcp here"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPort\":80,"
     "\"hostPort\":80},{\"containerPort\":81,\"hostPort\":80}]}",
     "1:130: error: taskDefinitions[0].containerDefinitions[0].portMappings: port 80 of the "
     "instance is mapped twice in this task"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPort\":80,"
     "\"hostPort\":80},{\"containerPort\":81,\"hostPort\":80,\"protocol\":\"udp\"}]}",
     ""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPortRange\":\"80-"
     "90\"}]}",
     ""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"interval\":1}}",
     "1:129: error: taskDefinitions[0].containerDefinitions[0].healthCheck.command: missing: "
     "[\"CMD-SHELL\", \"...\"] or [\"CMD\", program, argument, ...]\n1:141: error: "
     "taskDefinitions[0].containerDefinitions[0].healthCheck.interval: found 1, wanted a whole "
     "number from 5 to 300"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD\",\"a\"],"
     "\"interval\":\"10s\"}}",
     "1:163: error: taskDefinitions[0].containerDefinitions[0].healthCheck.interval: found "
     "\"10s\"; ECS takes seconds here: 10"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8},{\"name\":\"a\",\"image\":\"i\",\"memory\":8}",
     "1:124: error: taskDefinitions[0].containerDefinitions[1].name: \"a\" is the name of "
     "container 0 already"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"a\","
     "\"condition\":\"START\"}]}",
     "1:145: error: taskDefinitions[0].containerDefinitions[0].dependsOn[0].containerName: a "
     "container cannot wait for itself"},
    {"{\"name\":\"web\",\"image\":\"i\",\"memory\":8},{\"name\":\"b\",\"image\":\"i\",\"memory\":8,"
     "\"dependsOn\":[{\"containerName\":\"wbe\",\"condition\":\"START\"}]}",
     "1:183: error: taskDefinitions[0].containerDefinitions[1].dependsOn[0].containerName: no "
     "container \"wbe\" in this definition (did you mean web?)"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"b\","
     "\"condition\":\"START\"}]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{"
     "\"containerName\":\"c\",\"condition\":\"START\"}]},{\"name\":\"c\",\"image\":\"i\","
     "\"memory\":8,\"dependsOn\":[{\"containerName\":\"a\",\"condition\":\"START\"}]}",
     "1:311: error: taskDefinitions[0].containerDefinitions[2].dependsOn: containers wait for each "
     "other: c -> a -> b -> c"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"b\","
     "\"condition\":\"HEALTHY\"}]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8}",
     "1:127: error: taskDefinitions[0].containerDefinitions[0].dependsOn: b cannot become HEALTHY: "
     "it has no healthCheck"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"b\","
     "\"condition\":\"SUCCESS\"}]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8}",
     "1:127: error: taskDefinitions[0].containerDefinitions[0].dependsOn: b is essential, so its "
     "end stops the task: ECS takes no SUCCESS on it"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"b\","
     "\"condition\":\"SUCCESS\"}]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8,\"essential\":"
     "false}",
     ""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"b\","
     "\"condition\":\"STARTED\"},{\"condition\":\"START\"}]},{\"name\":\"b\",\"image\":\"i\","
     "\"memory\":8}",
     "1:161: error: taskDefinitions[0].containerDefinitions[0].dependsOn[0].condition: found "
     "\"STARTED\", wanted one of START, COMPLETE, SUCCESS, HEALTHY (did you mean START?)\n1:172: "
     "error: taskDefinitions[0].containerDefinitions[0].dependsOn[1].containerName: missing: a "
     "container of the same definition"},
    {"5", "1:80: error: taskDefinitions[0].containerDefinitions[0]: found 5, wanted an object: a "
          "container definition"},
};

/* Bare definitions. */
static const struct row definitions[] = {
    {"{\"family\":\"d\",\"containerDefinitions\":[]}",
     "1:38: error: containerDefinitions: no containers; a task has 1 to 10"},
    {"{\"family\":\"d "
     "d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}]}",
     "1:11: error: family: found \"d d\", wanted 1 to 255 letters, digits, - and _"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\"}],\"memory\":"
     "\"512\"}",
     ""},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":600}],"
     "\"memory\":\"512\"}",
     "1:87: error: memory: the containers reserve 600 MiB together, the task has 512"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":512,"
     "\"cpu\":300}],\"memory\":\"0.5 GB\",\"cpu\":\".25 vCPU\"}",
     "1:112: error: cpu: the containers ask for 300 CPU units together, the task has 256"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"cpu\":256,\"memory\":512}",
     "1:82: warning: cpu: found 256; ECS takes a text here: \"256\"\n1:95: warning: memory: found "
     "512; ECS takes a text here: \"512\""},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"cpu\":\"64\"}",
     "1:82: error: cpu: \"64\" is 64, wanted 128 to 196608"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"memory\":\"512MiB\"}",
     "1:85: error: memory: found \"512MiB\"; ECS takes MiB here: \"512\""},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"networkMode\":\"brigde\"}",
     "1:90: error: networkMode: found \"brigde\", wanted one of bridge, host, awsvpc, none (did "
     "you mean bridge?)"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"networkMode\":\"default\"}",
     "1:90: warning: networkMode: found \"default\", which ECS does not take: taken as bridge"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"portMappings\":[{\"containerPort\":80,\"hostPort\":81}]}],\"networkMode\":\"awsvpc\"}",
     "1:89: error: containerDefinitions[0].portMappings: hostPort 81: with networkMode awsvpc it "
     "must be absent or equal to containerPort, 80"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"256\",\"memory\":\"3072\"}",
     "1:1: warning: networkMode: FARGATE is required and ECS takes it with networkMode awsvpc "
     "only\n1:135: error: memory: FARGATE is required and has no size of 256 CPU units with 3072 "
     "MiB "
     "(the sizes: 256 with 512, 1024, 2048; 512 with 1024 to 4096; 1024 with 2048 to 8192; ...)"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"8192\",\"memory\":\"20 GB\"}",
     "1:1: warning: networkMode: FARGATE is required and ECS takes it with networkMode awsvpc "
     "only\n1:11: warning: family: d needs 8192 CPU units and fits on no instance, even an empty "
     "one: "
     "the nearest, m5.large, has 2048"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"placementConstraints\":[{\"type\":\"distinctInstance\"}]}",
     "1:108: error: placementConstraints[0].type: ECS takes only memberOf in a task definition; "
     "distinctInstance belongs into RunTask or CreateService"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"placementConstraints\":[{\"type\":\"memberOf\"},{\"type\":\"memberOf\",\"expression\":"
     "\"attribute:x ==\"},{\"type\":\"member\"}]}",
     "1:100: error: placementConstraints[0].expression: missing: memberOf needs an "
     "expression\n1:152: error: placementConstraints[1].expression: column 15 of the expression: "
     "expected an argument, found the end: attribute:x ==^\n1:178: error: "
     "placementConstraints[2].type: found "
     "\"member\", wanted one of distinctInstance, memberOf (did you mean memberOf?)"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"placementConstraints\":{\"type\":\"memberOf\",\"expression\":\"attribute:x == y\"}}",
     "1:99: warning: placementConstraints: found an object where ECS takes a list: taken as a list "
     "of one"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"revision\":7,\"status\":\"ACTIVE\",\"taskDefinitionArn\":\"arn\"}",
     "1:127: warning: taskDefinitionArn: what describe-task-definition adds is passed over "
     "(taskDefinitionArn, revision, status); revisions are counted from 1 in the order of "
     "registration"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"requiresAttributes\":[{\"value\":\"x\"}]}",
     "1:98: error: requiresAttributes[0].name: missing: an attribute's name"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"requiresAttributes\":[{\"name\":\"ecs.os-type\"},{\"name\":\"disk\",\"value\":\"ssd\"}]}",
     "1:97: warning: requiresAttributes: no instance has the attribute disk=ssd: the task fits on "
     "none"},
    {"{\"taskDefinition\":{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":0}]},\"tags\":[]}",
     "1:57: warning: taskDefinition.containerDefinitions[0]: no memory, which ECS wants on "
     "instances: give memory or memoryReservation here, or memory for the task; counted as 0 MiB"},
    {"{\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}]}",
     "1:1: warning: family: missing: taken from the file's name, \"x\""},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"secretz\":[]}],\"volume\":[]}",
     "1:74: warning: containerDefinitions[0].secretz: unknown member of a container definition "
     "(did you mean secrets?)\n1:89: warning: volume: unknown member of a task definition (did you "
     "mean volumes?)"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":9000}]"
     "}",
     "1:11: warning: family: d needs 9000 MiB and fits on no instance, even an empty one: the "
     "nearest, m5.large, has 7764"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"cpu\":9000}]}",
     "1:11: warning: family: d needs 9000 CPU units and fits on no instance, even an empty one: "
     "the nearest, m5.large, has 2048"},
    {"{\"family\":\"d\",\"containerDefinitions\":{\"name\":\"a\",\"image\":\"i\",\"memory\":8}}",
     "1:38: warning: containerDefinitions: found an object where ECS takes a list: taken as a list "
     "of one"},
    /* as Terraform takes them */
    {"[{\"name\":\"a\",\n\"image\":\"i\",\"memory\":\"8\",\"networkMode\":\"host\"}]",
     "1:1: warning: top level: a list of container definitions alone: taken as a task definition\n"
     "1:1: warning: family: missing: taken from the file's name, \"x\"\n"
     "2:22: warning: containerDefinitions[0].memory: found \"8\"; ECS takes a number here: 8\n"
     "2:26: warning: containerDefinitions[0].networkMode: unknown member of a container "
     "definition"},
    {"[{\"family\":\"d\",\"containerDefinitions\":[]}]",
     "1:1: error: top level: a list of task definitions: wanted one a file, or all as "
     "\"taskDefinitions\" of a scenario"},
    {"[]", "1:1: error: top level: found a list, wanted an object: a scenario"},
    /* as CloudFormation has it */
    {"{\"Family\":\"d\",\"ContainerDefinitions\":[{\"Name\":\"a\"}]}",
     "1:1: error: top level: this is CloudFormation; berth takes what the ECS API takes (family, "
     "containerDefinitions): `aws ecs describe-task-definition` prints it"},
    /* as templates are before they are filled in */
    {"{\"family\":\"d\",\"cpu\":${cpu}}",
     "1:21: error: JSON: invalid token near '$' (a template's place: fill it in first)"},
    {"{\"family\":\"d\",\"cpu\":{{ must_env `CPU` }}}",
     "1:22: error: JSON: string or '}' expected near '{' (a template's place: fill it in first)"},
    {"{\"family\":\"d\", // a comment\n\"cpu\":1}",
     "1:16: error: JSON: string or '}' expected near '/' (JSON has no comments)"},
    /* as other languages have it */
    {"{\"family\":\"d\",\n}",
     "2:1: error: JSON: string or '}' expected near '}' (no comma after the last one)"},
    {"{\"containerDefinitions\":[1 , ]}",
     "1:30: error: JSON: unexpected token near ']' (no comma after the last one)"},
    {"{'family':\"d\"}",
     "1:2: error: JSON: string or '}' expected near ''' (JSON has \" alone for texts)"},
    /* as editors save it */
    {"\xff\xfe{", "1:1: error: JSON: unable to decode byte 0xff (UTF-16? save it as UTF-8)"},
    {"{\"family\":\"Gr\xf6\"}",
     "1:13: error: JSON: unable to decode byte 0xf6 near '\"Gr' (save it as UTF-8)"},
    {"", "1:1: error: JSON: '[' or '{' expected near end of file (there is nothing in it)"},
    {" \n", "2:1: error: JSON: '[' or '{' expected near end of file (there is nothing in it)"},
    /* berth's own, of another kind */
    {"{\"berth\":\"run/1\"}\n{}",
     "2:1: error: JSON: end of file expected near '{' (this is the log of a run)"},
    {"{\"berth\":\"host-profile/1\",\"costs\":{}}",
     "1:1: error: top level: this is a host profile, for --host-profile; wanted a file whose "
     "\"berth\" is \"scenario/1\""},
    {"{\"family\":\"d\",\"containerDefinitions\":[1,2,3,4,5,6,7,8,9,10,11]}",
     "1:38: error: containerDefinitions: 11 containers; ECS takes at most 10 in a task definition"},
};

Test(taskdef_read, findings_in_containers)
{
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
        reading_gives(containers_of(containers[i].text), containers[i].findings);
}

Test(taskdef_read, findings_in_definitions)
{
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++)
        reading_gives(definitions[i].text, definitions[i].findings);
}

/* Everything that the machines and a real container know of a definition. */
static const char whole[] =
    "{\"family\":\"shop\",\"cpu\":\".5 vCPU\",\"memory\":\"1 GB\",\"networkMode\":\"bridge\","
    "\"placementConstraints\":[{\"type\":\"memberOf\",\"expression\":\"attribute:x exists\"}],"
    "\"requiresAttributes\":[{\"name\":\"com.amazonaws.ecs.capability.docker-remote-api.1.18\"},"
    "{\"name\":\"ssd\"},{\"name\":\"rack\",\"value\":\"r1\"}],"
    "\"containerDefinitions\":["
    "{\"name\":\"init\",\"image\":\"tool:1\",\"memory\":64,\"essential\":false},"
    "{\"name\":\"web\",\"image\":\"web:1\",\"cpu\":256,\"memory\":300,\"memoryReservation\":128,"
    "\"startTimeout\":5,\"stopTimeout\":2,"
    "\"portMappings\":[{\"containerPort\":80},{\"containerPort\":53,\"hostPort\":5300,"
    "\"protocol\":\"udp\"}],"
    "\"dependsOn\":[{\"containerName\":\"init\",\"condition\":\"SUCCESS\"}],"
    "\"entryPoint\":[\"/bin/sh\",\"-c\"],\"command\":[\"exec web\"],"
    "\"environment\":[{\"name\":\"A\",\"value\":\"b=c\"},{\"name\":\"E\"}],"
    "\"workingDirectory\":\"/srv\",\"user\":\"65534\",\"hostname\":\"w\","
    "\"readonlyRootFilesystem\":true}]}";

Test(taskdef_read, reads_every_member)
{
    struct scenario *scenario = reading(
        whole, "1:173: warning: requiresAttributes: no instance has the attribute ssd: the task "
               "fits on none\n1:173: warning: requiresAttributes: no instance has the attribute "
               "rack=r1: the task fits on none");
    const struct task_definition *definition = scenario->taskdefs[0].definition;
    const struct container_definition *init = &definition->containers[0],
                                      *web = &definition->containers[1];
    const struct container_run *run = &scenario->taskdefs[0].run->containers[1];

    cr_assert_str_eq(definition->family, "shop");
    cr_assert(definition->revision == 1);
    cr_assert(definition->cpu == 512 && definition->memory_mib == 1024);
    cr_assert(definition->network_mode == NETWORK_BRIDGE);
    cr_assert(definition->n_constraints == 1);
    cr_assert_str_eq(definition->constraints[0].expression, "attribute:x exists");
    cr_assert(definition->n_requires == 2);
    cr_assert_str_eq(definition->requires[0].name, "ssd");
    cr_assert(definition->requires[0].value == NULL);
    cr_assert_str_eq(definition->requires[1].value, "r1");
    cr_assert(definition->n_containers == 2);
    cr_assert(!init->essential && init->cpu == 0 && init->memory_mib == 64);
    cr_assert(init->stop_timeout_usec == 30 * USEC_PER_SEC && init->start_timeout_usec == 0);
    cr_assert(web->essential && web->cpu == 256 && web->memory_mib == 300);
    cr_assert(web->memory_reservation_mib == 128);
    cr_assert(web->start_timeout_usec == 5 * USEC_PER_SEC);
    cr_assert(web->stop_timeout_usec == 2 * USEC_PER_SEC);
    cr_assert(web->n_ports == 2 && web->ports[0].container_port == 80);
    cr_assert(web->ports[0].host_port == 0 && web->ports[0].protocol == PROTOCOL_TCP);
    cr_assert(web->ports[1].host_port == 5300 && web->ports[1].protocol == PROTOCOL_UDP);
    cr_assert(web->n_depends == 1 && web->depends[0].container == 0);
    cr_assert(web->depends[0].condition == CONDITION_SUCCESS);
    cr_assert(run->n_entry_point == 2 && run->n_command == 1 && run->n_environment == 2);
    cr_assert_str_eq(run->entry_point[1], "-c");
    cr_assert_str_eq(run->command[0], "exec web");
    cr_assert_str_eq(run->environment[0], "A=b=c");
    cr_assert_str_eq(run->environment[1], "E=");
    cr_assert_str_eq(run->working_directory, "/srv");
    cr_assert_str_eq(run->user, "65534");
    cr_assert_str_eq(run->hostname, "w");
    cr_assert(run->readonly_root);
    cr_assert(scenario->taskdefs[0].run->containers[0].user == NULL);
    scenario_destroy(scenario);
}

Test(taskdef_read, ports_that_no_instance_gives)
{
    const char *ssh =
        containers_of("{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{"
                      "\"containerPort\":1,\"hostPort\":22}]}");

    reading_gives(ssh,
                  "1:130: warning: taskDefinitions[0].containerDefinitions[0].portMappings: port "
                  "22 is reserved on every instance: the task fits on none");
}

/* ECS developer guide, task-cpu-memory-error: the sizes, and those just beside them. */
Test(taskdef_read, fargate_sizes)
{
    static const struct {
        const char *cpu, *memory;
        bool fits;
    } rows[] = {
        {"256", "512", true},      {"256", "1024", true},    {"256", "2048", true},
        {"256", "1536", false},    {"256", "3072", false},   {"512", "512", false},
        {"512", "4096", true},     {"512", "5120", false},   {".5 vCPU", "3GB", true},
        {"1024", "2048", true},    {"1024", "8192", true},   {"1024", "1024", false},
        {"2048", "4096", true},    {"2048", "16384", true},  {"2048", "4097", false},
        {"4096", "30720", true},   {"4096", "31744", false}, {"8192", "16384", true},
        {"8192", "18 GB", false},  {"8192", "20 GB", true},  {"16384", "122880", true},
        {"16384", "36864", false}, {"128", "512", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct findings findings = {0};
        struct scenario *scenario;
        char text[400];

        snprintf(
            text, sizeof text,
            "{\"family\":\"d\",\"requiresCompatibilities\":[\"EC2\",\"FARGATE\"],\"cpu\":\"%s\","
            "\"memory\":\"%s\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\"}]}",
            rows[i].cpu, rows[i].memory);
        scenario = scenario_parse(text, "x.json", &findings);
        cr_assert((scenario != NULL) == rows[i].fits, "%s with %s: %s", rows[i].cpu, rows[i].memory,
                  findings.n_list ? findings.list[0].text : "no finding");
        scenario_destroy(scenario);
        findings_finish(&findings);
    }
}
