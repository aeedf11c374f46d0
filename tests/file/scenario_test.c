/*
 * Scenarios: each finding at its place, each member where it belongs, and the source of a scenario
 * is the scenario.
 */
#include "file/scenario.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct row {
    const char *text, *findings;
};

/* Members of a scenario; they begin at column 23. */
#define A_MEMBER "{\"type\":\"memberOf\",\"expression\":\"attribute:a exists\"}"
#define FIVE_MEMBERS A_MEMBER "," A_MEMBER "," A_MEMBER "," A_MEMBER "," A_MEMBER

static const struct row rows[] = {
    {"\"titel\":\"x\"", "1:23: error: titel: unknown member of a scenario (did you mean title?)"},
    {"\"title\":5", "1:31: error: title: found 5, wanted a text"},
    {"\"note\":{\"anything\":[\"goes\"]},\"title\":\"x\"", ""},
    {"\"seed\":-1",
     "1:30: error: seed: found -1, wanted a whole number from 0 to 9223372036854775807"},
    {"\"seed\":1.5", "1:30: error: seed: found 1.5, wanted a whole number"},
    {"\"seed\":\"1\"", "1:30: error: seed: found \"1\", wanted a whole number"},
    {"\"epoch\":\"2026-01-01\"", "1:31: error: epoch: found \"2026-01-01\", wanted a date and time "
                                 "in UTC such as \"2026-01-01T00:00:00Z\""},
    {"\"epoch\":\"2030-12-31T23:59:59Z\"", ""},
    {"\"until\":\"0s\"", "1:31: error: until: found \"0s\", wanted more than 0s"},
    {"\"until\":\"-1s\"", "1:31: error: until: \"-1s\" is negative"},
    {"\"until\":15",
     "1:31: error: until: found 15, wanted a duration such as \"90s\" or \"300ms\""},
    {"\"until\":null",
     "1:31: error: until: found null, wanted a duration such as \"90s\" or \"300ms\""},
    {"\"until\":\"1e9s\"", "1:31: error: until: \"1e9s\" has an unknown unit; durations look like "
                           "\"300ms\", \"90s\", \"1.5m\", \"2h\""},
    {"\"instances\":\"2xbox\"", "1:35: error: instances: no instance type \"box\", neither in "
                                "instanceTypes nor among the EC2 types that berth knows"},
    {"\"instances\":\"4xm5.lagre\"",
     "1:35: error: instances: no instance type \"m5.lagre\", neither in instanceTypes nor among "
     "the EC2 types that berth knows (did you mean m5.large?)"},
    {"\"instances\":[\"2xm5.large\",{\"type\":\"c5.large\",\"count\":3},5]",
     "1:79: error: instances[2]: found 5, wanted an object: a group of instances"},
    {"\"instances\":[{\"count\":1}]", "1:36: error: instances[0].type: missing: a name from "
                                      "instanceTypes, or an EC2 type such as m5.large"},
    {"\"instances\":[{\"type\":\"m5.large\",\"zone\":[\"a\"]}]",
     "1:55: error: instances[0].zone: unknown member of a group of instances (did you mean "
     "zones?)"},
    {"\"instances\":[{\"type\":\"m5.large\",\"isolation\":\"vms\"}]",
     "1:67: error: instances[0].isolation: found \"vms\", wanted one of slice, vm (did you mean "
     "vm?)"},
    {"\"instances\":[{\"type\":\"m5.large\",\"zones\":\"a\"}]",
     "1:63: error: instances[0].zones: found \"a\", wanted a list"},
    {"\"instances\":[{\"type\":\"m5.large\",\"count\":0,\"replace\":\"no\"}]",
     "1:63: error: instances[0].count: found 0, wanted a whole number from 1 to 1000000\n1:75: "
     "error: instances[0].replace: found \"no\", wanted true or false"},
    {"\"instances\":[{\"type\":\"m5.large\",\"attributes\":{\"stack\":\"prod\",\"gpu\":null}}]",
     ""},
    {"\"instances\":[{\"type\":\"m5.large\",\"attributes\":{\"a b\":\"x\",\"stack\":\" "
     "x\",\"ecs.instance-type\":\"y\"}}]",
     "1:75: error: instances[0].attributes.a b: an attribute's name has 1 to 128 letters, digits, "
     "- _ . / \\\n1:87: error: instances[0].attributes.stack: \" x\": a value has 1 to 128 "
     "letters, digits, - _ . @ / \\ : and inner spaces; null is an attribute without a "
     "value\n1:112: error: instances[0].attributes.ecs.instance-type: instances have this "
     "attribute from their type"},
    {"\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\"}},\"instances\":\"2xbx\"",
     "1:86: error: instances: no instance type \"bx\", neither in instanceTypes nor among the EC2 "
     "types that berth knows (did you mean box?)"},
    {"\"instanceTypes\":{\"box\":{\"vcpu\":0,\"memory\":\"1KiB\",\"bot\":\"1s\"}}",
     "1:54: error: instanceTypes.box.vcpu: found 0, wanted a number from 0.01 to 4096\n1:65: "
     "error: instanceTypes.box.memory: found \"1KiB\", wanted 1MiB to 32TiB\n1:72: error: "
     "instanceTypes.box.bot: unknown member of an instance type (did you mean boot?)"},
    {"\"instanceTypes\":{\"box\":{\"memory\":1024}}",
     "1:46: error: instanceTypes.box.vcpu: missing: processors; 1 is 1024 CPU units\n1:56: error: "
     "instanceTypes.box.memory: found 1024, wanted a size such as \"512MiB\""},
    {"\"instanceTypes\":{\"2box\":{\"vcpu\":1,\"memory\":\"1GiB\"}}",
     "1:47: error: instanceTypes.2box: an instance type's name begins with a letter and has no "
     "comma"},
    {"\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\",\"boot\":{\"lognormal\":{"
     "\"median\":\"18s\",\"p99\":\"4s\"}}}}",
     "1:114: error: instanceTypes.box.boot.lognormal.p99: \"4s\" is less than median, \"18s\""},
    {"\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\",\"boot\":{\"uniform\":{\"min\":"
     "\"1s\",\"max\":\"2s\"},\"constant\":\"1s\"}}}",
     "1:79: error: instanceTypes.box.boot: wanted exactly one of lognormal, uniform, exponential, "
     "normal, "
     "gamma, weibull, samples, constant"},
    {"\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\",\"boot\":{\"exponential\":{"
     "\"mean\":\"1\"}}}}",
     "1:102: error: instanceTypes.box.boot.exponential.mean: \"1\" has no unit; durations look "
     "like \"300ms\", \"90s\", \"1.5m\", \"2h\""},
    {"\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\",\"boot\":{\"normal\":{\"mean\":"
     "\"1s\"}}}}",
     "1:89: error: instanceTypes.box.boot.normal.sd: missing: the standard deviation"},
    {"\"images\":{\"a:1\":{\"size\":\"40MiB\"}}",
     "1:39: warning: images.a:1: no container has this image"},
    {"\"images\":{\"a:1\":{\"size\":40,\"oci\":\"\"}}",
     "1:47: error: images.a:1.size: found 40, wanted a size such as \"512MiB\"\n1:56: error: "
     "images.a:1.oci: found an empty text, wanted the folder of an OCI image layout"},
    {"\"behaviour\":{\"web/web\":{\"ready\":\"1s\"}}",
     "1:46: error: behaviour.web/web: no task definition has this family and container"},
    {"\"costs\":{\"pull\":\"1s\",\"pullPerSecond\":\"0B\",\"imageSize\":\"10MiB\",\"boots\":"
     "\"1s\"}",
     "1:60: error: costs.pullPerSecond: found \"0B\"; nothing would ever be pulled\n1:85: error: "
     "costs.boots: unknown member of costs (did you mean boot?)"},
    {"\"taskDefinitions\":[\"nowhere.json\"]",
     "1:42: error: taskDefinitions[0]: cannot read nowhere.json: No such file or directory"},
    {"\"taskDefinitions\":[5]",
     "1:42: error: taskDefinitions[0]: found 5, wanted an object: a task definition"},
    {"\"taskDefinitions\":\"web.json\"",
     "1:41: error: taskDefinitions: found \"web.json\", wanted a list"},
    {"\"services\":[{\"serviceName\":\"web\",\"taskDefinition\":\"web\",\"desiredCount\":4}],"
     "\"until\":\"1s\"",
     "1:73: error: services[0].taskDefinition: no task definition \"web\""},
    {"\"services\":[{}],\"until\":\"1s\"",
     "1:35: error: services[0].serviceName: missing: its name\n1:35: error: "
     "services[0].taskDefinition: missing: \"family\" (its latest revision) or "
     "\"family:revision\"\n1:35: error: services[0].desiredCount: missing: a REPLICA service needs "
     "one"},
    {"\"services\":{},\"until\":\"1s\"", "1:34: error: services: found an object, wanted a list"},
    {"\"timeline\":[{\"at\":\"1s\"}]", "1:35: error: timeline[0]: wanted an API call such as "
                                       "runTask or updateService, a fault or a load"},
    {"\"timeline\":[{\"runTask\":{\"taskDefinition\":\"web\"}}]",
     "1:35: error: timeline[0].at: missing: when, from the start of the run\n1:64: error: "
     "timeline[0].runTask.taskDefinition: no task definition \"web\""},
    {"\"timeline\":[{\"at\":\"1s\",\"stopTask\":{\"task\":\"3\"},\"fault\":{\"killTask\":\"t1\"}}]",
     "1:65: error: timeline[0].stopTask.task: \"3\" is no task; tasks are named t1, t2, ...\n1:78: "
     "error: timeline[0].fault: this entry has a stopTask already; an entry is one call or one "
     "fault"},
    {"\"timeline\":[{\"at\":\"1s\",\"stopTask\":{\"task\":\"t3\"},\"wait\":true}]",
     "1:78: error: timeline[0].wait: only a runTask can wait for room"},
    {"\"timeline\":[{\"at\":\"1s\",\"fault\":{}}]",
     "1:54: error: timeline[0].fault: wanted exactly one of killTask, killContainer, killInstance, "
     "killZone, cutAgent, killAgent, slowRegistry, deadRegistry, "
     "interruptSpot"},
    {"\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killTask\":\"i1\"}},{\"at\":\"1s\",\"fault\":{"
     "\"killInstance\":\"i0\"}}]",
     "1:66: error: timeline[0].fault.killTask: \"i1\" is no task; tasks are named t1, t2, "
     "...\n1:108: error: timeline[1].fault.killInstance: \"i0\" is no instance; instances are "
     "named i1, i2, ..."},
    {"\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killContainer\":{\"task\":\"t1\",\"container\":"
     "\"web\"}}}]",
     "1:96: error: timeline[0].fault.killContainer.container: no task definition has a container "
     "\"web\""},
    {"\"timeline\":[{\"at\":\"1s\",\"updateService\":{\"service\":\"web\",\"desiredCount\":2}}]",
     "1:73: error: timeline[0].updateService.service: no service \"web\""},
    {"\"timeline\":[{\"at\":\"1s\",\"reboot\":{}}]",
     "1:35: error: timeline[0]: wanted an API call such as runTask or updateService, a "
     "fault or a load\n1:46: error: timeline[0].reboot: unknown member of an entry of the "
     "timeline"},
    {"\"timeline\":[{\"at\":\"3s\",\"stopTask\":{\"task\":\"t1\"}}],\"until\":\"2s\"",
     "1:41: warning: timeline[0].at: never happens: the run has ended by then"},
    {"\"expect\":[{\"service\":\"web\",\"running\":4}]",
     "1:44: error: expect[0].service: no service \"web\""},
    {"\"expect\":[{\"at\":\"soon\",\"task\":\"t1\",\"lastStatus\":\"STOPED\"}]",
     "1:39: error: expect[0].at: found \"soon\", wanted a duration or \"end\"\n1:71: error: "
     "expect[0].lastStatus: found \"STOPED\", wanted one of PROVISIONING, PENDING, ACTIVATING, "
     "RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED (did you mean STOPPED?)"},
    {"\"expect\":[{\"task\":\"t1\"},{\"running\":3},{\"task\":\"t1\",\"instance\":\"i1\","
     "\"running\":2}]",
     "1:33: error: expect[0]: wanted instance or lastStatus of the task\n1:47: error: expect[1]: "
     "wanted either a service, a task or a targetGroup\n1:100: error: expect[2].running: belongs "
     "to a service, "
     "not to a task"},
    {"\"expect\":[{\"at\":\"3s\",\"task\":\"t1\",\"instance\":\"i2\"}],\"until\":\"2s\"",
     "1:39: error: expect[0].at: \"3s\" is after the end of the run"},
    {"\"seed\":99999999999999999999",
     "1:49: error: JSON: too big integer near '99999999999999999999'"},
    {"\"seed\":1,\"seed\":2", "1:37: error: JSON: duplicate object key near '\"seed\"'"},
    {"\"seed\":NaN", "1:32: error: JSON: invalid token near 'NaN'"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"wbe\",\"desiredCount\":1}],\"until\":\"1s\"",
     "1:173: error: services[0].taskDefinition: no task definition \"wbe\" (did you mean web?)"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web:2\",\"desiredCount\":1}],\"until\":\"1s\"",
     "1:173: error: services[0].taskDefinition: found \"web:2\"; the latest revision of web is 1"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"arn:aws:ecs:eu-west-1:1:task-definition/web:1\",\"desiredCount\":1}],\"until\":\"1s\"",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web\",\"desiredCount\":1}]",
     "1:1: error: until: missing: a service runs for ever, so its scenario must say when to end, "
     "such as \"60s\""},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web\",\"desiredCount\":\"four\"},{\"serviceName\":\"s\",\"taskDefinition\":\"web\","
     "\"desiredCount\":1,\"desiredCont\":2}],\"until\":\"1s\"",
     "1:194: error: services[0].desiredCount: found \"four\", wanted a whole number\n1:217: error: "
     "services[1].serviceName: a service \"s\" stands above already\n1:261: warning: "
     "services[1].desiredCont: unknown member of a CreateService call (did you mean "
     "desiredCount?)"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"networkMode\":\"awsvpc\",\"cpu\":\"256\","
     "\"memory\":"
     "\"512\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":\"a:1\"}]},{\"family\":\"odd\","
     "\"networkMode\":\"awsvpc\",\"cpu\":\"256\",\"memory\":\"3072\",\"containerDefinitions\":[{"
     "\"name\":\"c\",\"image\":\"a:1\"}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web\",\"desiredCount\":1,\"launchType\":\"FARGATE\"}],\"timeline\":[{\"at\":\"1s\","
     "\"updateService\":{\"service\":\"s\",\"taskDefinition\":\"odd\"}}],\"until\":\"9s\"",
     "1:449: error: timeline[0].updateService.taskDefinition: odd: No Fargate configuration exists "
     "for given values: 256 CPU, 3072 memory. See the AWS documentation for supported values"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web\",\"desiredCount\":1,\"serviceRegistries\":[]},{\"serviceName\":\"r\","
     "\"taskDefinition\":"
     "\"web\",\"desiredCount\":1,\"serviceRegistries\":[],\"launchType\":\"FARGATE\"}],\"until\":"
     "\"1s\"",
     "1:196: warning: services[0].serviceRegistries: ECS has it, berth does not simulate it yet: "
     "no "
     "effect\n1:315: error: services[1].launchType: web: Network mode bridge is not compatible "
     "with Fargate, which needs awsvpc\n1:315: error: services[1].launchType: web: No Fargate "
     "configuration exists for given values: 0 CPU, 0 memory. See the AWS documentation for "
     "supported values"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web\",\"desiredCount\":1,\"schedulingStrategy\":\"DAEMON\"}],\"until\":\"1s\"",
     "1:194: error: services[0].desiredCount: a DAEMON service has one task on each instance, and "
     "no "
     "desiredCount"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":"
     "\"web\",\"desiredCount\":1,\"placementStrategy\":[{\"type\":\"binpak\"},{\"type\":"
     "\"binpack\",\"field\":\"disk\"},{\"type\":\"spread\"},{\"type\":\"spread\",\"field\":"
     "\"zone\"},{\"type\":\"random\",\"field\":\"x\"}]}],\"until\":\"1s\"",
     "1:225: error: services[0].placementStrategy[0].type: found \"binpak\", wanted "
     "binpack, spread, random or a strategy of sim/core/strategies.c (did you mean "
     "binpack?)\n1:261: error: "
     "services[0].placementStrategy[1].field: found \"disk\"; binpack's field is cpu or "
     "memory\n1:269: error: services[0].placementStrategy[2].field: missing: spread needs a "
     "field\n1:312: error: services[0].placementStrategy[3].field: found \"zone\"; spread's field "
     "is instanceId, host or attribute:NAME, such as attribute:ecs.availability-zone"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"timeline\":[{\"at\":\"0s\",\"runTask\":{"
     "\"taskDefinition\":\"web\",\"placementStrategy\":[{\"type\":\"random\"},{\"type\":\"random\"}"
     ",{\"type\":\"random\"},{\"type\":\"random\"},{\"type\":\"random\"},{\"type\":\"random\"}]}}]",
     "1:202: error: timeline[0].runTask.placementStrategy: 6 rules; ECS takes at most 5"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"placementConstraints\":[" FIVE_MEMBERS "," A_MEMBER
     "],\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"a:1\",\"memory\":8}]}],"
     "\"timeline\":[{\"at\":\"0s\",\"runTask\":{\"taskDefinition\":\"web\","
     "\"placementConstraints\":[" FIVE_MEMBERS "]}}]",
     "1:554: error: timeline[0].runTask.placementConstraints: 5 constraints, and 6 in the task "
     "definition; ECS takes at most 10 for a task"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"timeline\":[{\"at\":\"0s\",\"runTask\":{"
     "\"taskDefinition\":\"web\",\"count\":11}},{\"at\":\"0s\",\"runTask\":{\"taskDefinition\":"
     "\"web\",\"count\":0}}]",
     "1:190: error: timeline[0].runTask.count: found 11; one RunTask call starts 1 to 10 tasks, "
     "more take several entries\n1:248: error: timeline[1].runTask.count: found 0, wanted a whole "
     "number from 1 to 10"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"timeline\":[{\"at\":\"0s\",\"runTask\":{"
     "\"taskDefinition\":\"web\",\"placementConstraints\":[{\"type\":\"distinctInstance\","
     "\"expression\":\"x\"}],\"overrides\":{}},\"wait\":\"yes\"}]",
     "1:246: error: timeline[0].runTask.placementConstraints[0].expression: distinctInstance takes "
     "no expression\n1:252: warning: timeline[0].runTask.overrides: ECS has it, berth does not "
     "simulate it yet: no effect\n1:275: error: timeline[0].wait: found \"yes\", wanted true or "
     "false"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"behaviour\":{\"web/wbe\":{\"work\":\"1s\"},\"web/"
     "web\":{\"exit\":256,\"idle\":\"always\"}}",
     "1:148: error: behaviour.web/wbe: no task definition has this family and container (did you "
     "mean web/web?)\n1:180: error: behaviour.web/web.exit: found 256, wanted a whole number from "
     "0 to 255\n1:191: error: behaviour.web/web.idle: found \"always\", wanted a duration or "
     "\"forever\""},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"images\":{\"a:2\":{\"size\":\"1MiB\"}}",
     "1:141: warning: images.a:2: no container has this image (did you mean a:1?)"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\"}]}],\"services\":[{\"serviceName\":\"s\",\"taskDefinition\":\"web\","
     "\"desiredCount\":1}],\"behaviour\":{\"web/web\":{\"work\":\"1s\"}},\"until\":\"1s\"",
     "1:82: warning: taskDefinitions[0].containerDefinitions[0]: no memory, which ECS wants on "
     "instances: give memory or "
     "memoryReservation here, or memory for the task; counted as 0 MiB"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"timeline\":[{\"at\":\"0s\",\"fault\":{\"killContainer\":"
     "{\"task\":\"t1\",\"container\":\"wen\"}}}]",
     "1:198: error: timeline[0].fault.killContainer.container: no task definition has a container "
     "\"wen\" (did you mean web?)"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":8}]}],\"timeline\":[{\"at\":\"0s\",\"createService\":{"
     "\"serviceName\":\"s\",\"taskDefinition\":\"web\",\"desiredCount\":1}},{\"at\":\"1s\","
     "\"deleteService\":{\"service\":\"r\"}}]",
     "1:1: error: until: missing: a service runs for ever, so its scenario must say when to end, "
     "such as \"60s\"\n1:263: error: timeline[1].deleteService.service: no service \"r\" (did you "
     "mean s?)"},
    {"\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
     "\"image\":\"a:1\",\"memory\":2000}]}],\"instances\":[{\"type\":\"t3.micro\"},{\"type\":\"t3."
     "nano\"}]",
     "1:52: warning: taskDefinitions[0].family: web needs 2000 MiB and fits on no instance, even "
     "an empty one: the nearest, t3.micro, has 936"},
};

Test(scenario, findings)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        reading_gives(scenario_of(rows[i].text), rows[i].findings);
}

Test(scenario, texts_that_are_none)
{
    static const struct row texts[] = {
        {"", "1:1: error: JSON: '[' or '{' expected near end of file (there is nothing in it)"},
        {"5", "1:1: error: JSON: '[' or '{' expected near '5'"},
        {"[]", "1:1: error: top level: found a list, wanted an object: a scenario"},
        {"{}", "1:1: error: berth: missing: says what this file is: \"scenario/1\""},
        {"{\"berth\":\"scenario/2\"}",
         "1:10: error: berth: found \"scenario/2\", wanted scenario/1"},
        {"{\"berth\":\"scenario/1\"", "1:21: error: JSON: '}' expected near end of file"},
        {"{\"berth\":\n\"scenario/1\",\n}",
         "3:1: error: JSON: string or '}' expected near '}' (no comma after the last one)"},
        {"{\"berth\":\"scenario/1\",\"note\":1e999}",
         "1:34: error: JSON: real number overflow near '1e999'"},
        /* a byte order mark is no character; columns are characters, lines end with \n */
        {"\xef\xbb\xbf{\"berth\":\"scenario/1\",\"sed\":1}",
         "1:23: error: sed: unknown member of a scenario (did you mean seed?)"},
        {"{\"berth\":\"scenario/1\",\r\n\"title\":\"\xc3\xa4\xf0\x9f\x9a\xa2\",\"b\\nc\":1}",
         "2:14: error: b?c: unknown member of a scenario"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        reading_gives(texts[i].text, texts[i].findings);
}

/* Files in a folder of their own. */
static char folder[] = "/tmp/berth-scenario-test-XXXXXX";

static const char *file(const char *name, const char *text)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next = (next + 1) % 4];
    FILE *out;

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    out = fopen(path, "we");
    cr_assert(out != NULL);
    fputs(text, out);
    fclose(out);
    return path;
}

static void make_folder(void)
{
    cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
    char command[300];

    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert(system(command) == 0);
}

static struct scenario *load(const char *path, const struct scenario_options *options,
                             const char *wanted)
{
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, options, &findings);
    char found[4096] = "";

    for (int i = 0; i < findings.n_list; i++) {
        const char *text = findings.list[i].text;

        if (strncmp(text, folder, strlen(folder)) == 0)
            text += strlen(folder) + 1;
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i ? "\n" : "", text);
    }
    cr_assert_str_eq(found, wanted, "\nfound  %s\nwanted %s", found, wanted);
    findings_finish(&findings);
    return scenario;
}

static const char web[] = "{\n \"family\": \"web\",\n \"containerDefinitions\": [\n"
                          "  {\"name\":\"web\",\"image\":\"a:1\",\"memory\":64}\n ]\n}\n";

Test(scenario, definitions_in_files, .init = make_folder, .fini = remove_folder)
{
    const char *path;
    struct scenario *scenario, *again;
    struct findings findings = {0};

    file("web.json", web);
    path = file("s.json", "{\"berth\":\"scenario/1\",\"taskDefinitions\":[\"web.json\"]}");
    scenario = load(path, NULL, "");
    cr_assert_str_eq(scenario->title, "s");
    cr_assert_str_eq(
        scenario->source,
        "{\"berth\":\"scenario/1\",\"taskDefinitions\":[{\"family\":\"web\","
        "\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"a:1\",\"memory\":64}]}]}");
    again = scenario_parse(scenario->source, "run", &findings);
    cr_assert(again != NULL && findings.n_list == 0);
    cr_assert_str_eq(again->source, scenario->source);
    scenario_destroy(again);
    scenario_destroy(scenario);
}

Test(scenario, findings_in_files_name_them, .init = make_folder, .fini = remove_folder)
{
    file("web.json", "{\n \"family\": \"web\",\n \"containerDefinitions\": [\n"
                     "  {\"name\":\"web\",\"image\":\"a:1\"}\n ]\n}\n");
    file("broken.json", "{\n \"family\" \"x\"}");
    file("list.json", "[]");
    file("unnamed.json",
         "{\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}]}");
    cr_assert(load(file("s.json", "{\"berth\":\"scenario/1\",\n\"sed\": 1,\"taskDefinitions\":["
                                  "\"web.json\",\"broken.json\",\"list.json\",\"unnamed.json\"],"
                                  "\"timeline\":[{\"at\":\"0s\",\"runTask\":"
                                  "{\"taskDefinition\":\"unnamed\"}}]}"),
                   NULL,
                   "s.json:2:1: error: sed: unknown member of a scenario (did you mean seed?)\n"
                   "web.json:4:3: warning: containerDefinitions[0]: no memory, which ECS wants on "
                   "instances: give memory or "
                   "memoryReservation here, or memory for the task; counted as 0 MiB\n"
                   "broken.json:2:13: error: JSON: ':' expected near '\"x\"'\n"
                   "list.json:1:1: error: top level: found a list, wanted a task definition\n"
                   "unnamed.json:1:1: warning: family: missing: taken from the file's name, "
                   "\"unnamed\"") == NULL);
}

Test(scenario, bare_definition, .init = make_folder, .fini = remove_folder)
{
    struct scenario_options options = {.count = 23, .instances = "4xm5.large"};
    struct scenario *scenario = load(file("web.json", web), &options, "");
    int32_t n = 0;

    cr_assert(scenario->n_groups == 1 && scenario->groups[0].count == 4);
    cr_assert_str_eq(scenario->types[scenario->groups[0].type].name, "m5.large");
    cr_assert(scenario->n_timeline == 3 && scenario->until_usec == USEC_NEVER);
    for (int i = 0; i < 3; i++) {
        const struct run_task *call = &scenario->timeline[i].call.as.run_task;

        cr_assert(scenario->timeline[i].at_usec == 0);
        cr_assert(call->taskdef == 0 && call->wait && call->count <= 10);
        n += call->count;
    }
    cr_assert(n == 23);
    cr_assert(!scenario->taskdefs[0].behaviours[0].given);
    cr_assert(scenario->taskdefs[0].behaviours[0].idle_usec == 10 * USEC_PER_SEC);
    scenario_destroy(scenario);
}

Test(scenario, options, .init = make_folder, .fini = remove_folder)
{
    static const struct {
        const char *set, *findings;
    } sets[] = {
        {"services.0.desiredCount=6", ""},
        {"services[0].desiredCount=6", ""},
        {"seed=7", ""},
        {"behaviour.web/web.ready=1s", ""},
        {"instanceTypes.a.b.memory=2GiB", ""},
        {"title=6 tasks", ""},
        {"taskDefinitions.0.containerDefinitions.0.memory=32", ""},
        {"taskDefinitions.0.cpu=256", ""},
        {"services.0.desiredCount=six",
         "s.json:5:70: error: services[0].desiredCount: found \"six\", wanted a whole number (from "
         "--set services.0.desiredCount=six)"},
        {"taskDefinitions.0.containerDefinitions.0.memory=3",
         "web.json:4:40: error: containerDefinitions[0].memory: 3 MiB; a container needs at least "
         "6 "
         "(from --set taskDefinitions.0.containerDefinitions.0.memory=3)"},
        {"sed=7", "s.json:1:1: error: sed: unknown member of a scenario (did you mean seed?) (from "
                  "--set sed=7)"},
        {"service.0.desiredCount=6", "s.json:1:1: error: --set: \"service\" addresses nothing"},
        {"services.1.desiredCount=6",
         "s.json:1:1: error: --set: \"services.1\" addresses nothing: the list has fewer items"},
        {"services.x.desiredCount=6", "s.json:1:1: error: --set: \"services.x.desiredCount\" "
                                      "addresses nothing: a list's items have numbers, from 0"},
        {"until.x=6", "s.json:1:1: error: --set: \"until.x\" addresses nothing: what is before the "
                      "last dot must be an object or a list"},
        {"until", "s.json:1:1: error: --set: wanted PATH=VALUE, such as "
                  "services.0.desiredCount=6; found \"until\""},
    };
    const char *path;

    file("web.json", web);
    path =
        file("s.json", "{\"berth\":\"scenario/1\",\n\"instanceTypes\":{\"a.b\":{\"vcpu\":1,"
                       "\"memory\":\"1GiB\"}},\"instances\":\"2xa.b\",\n"
                       "\"taskDefinitions\":[\"web.json\"],\n"
                       "\"behaviour\":{\"web/web\":{}},\"until\":\"5s\",\n\"services\":["
                       "{\"serviceName\":\"s\",\"taskDefinition\":\"web\",\"desiredCount\":4}]}");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct scenario_options options = {.n_sets = 1, .sets = &sets[i].set};

        scenario_destroy(load(path, &options, sets[i].findings));
    }
}

Test(scenario, sets_change_what_they_say, .init = make_folder, .fini = remove_folder)
{
    const char *sets[] = {"cpu=256", "containerDefinitions.0.memory=32", "seed=9",
                          "timeline.0.runTask.count=3"};
    struct scenario_options options = {.n_sets = 4, .sets = sets};
    struct scenario *scenario = load(file("web.json", web), &options, "");

    cr_assert(scenario->taskdefs[0].definition->cpu == 256);
    cr_assert(scenario->taskdefs[0].definition->containers[0].memory_mib == 32);
    cr_assert(scenario->seed == 9);
    cr_assert(scenario->timeline[0].call.as.run_task.count == 3);
    scenario_destroy(scenario);
}

/* What stands in the first scenario is what comes out. */
Test(scenario, reads_every_part)
{
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(SCENARIOS "/first.json", NULL, &findings);
    const struct scenario_entry *entry;

    cr_assert(scenario != NULL && findings.n_list == 0, "%s",
              findings.n_list ? findings.list[0].text : "");
    cr_assert(scenario->seed == 1 && scenario->until_usec == 15 * USEC_PER_SEC);
    cr_assert(scenario->n_groups == 1 && scenario->groups[0].n_zones == 2);
    cr_assert(scenario->groups[0].replace && scenario->groups[0].count == 2);
    cr_assert_str_eq(scenario->groups[0].zones[1].name, "b");
    cr_assert(scenario->types[0].cpu == 1024 && scenario->types[0].memory_mib == 1024);
    cr_assert(scenario->types[0].boot_given && scenario->types[0].boot.a_usec == 0);
    cr_assert(scenario->n_images == 1 && scenario->images[0].size_bytes == 8 << 20);
    cr_assert_str_eq(scenario->images[0].oci, "first");
    cr_assert(scenario->taskdefs[0].behaviours[0].idle_usec == IDLE_FOREVER);
    cr_assert(scenario->taskdefs[0].behaviours[0].ready.a_usec == 300 * USEC_PER_MSEC);
    cr_assert(scenario->taskdefs[1].behaviours[0].idle_usec == 0);
    cr_assert(scenario->taskdefs[1].behaviours[0].work.a_usec == 2 * USEC_PER_SEC);
    cr_assert(scenario->services[0].as.create_service.desired == 4);
    cr_assert(scenario->services[0].as.create_service.n_strategy == 2);
    cr_assert(scenario->services[0].as.create_service.strategy[0].field == BY_ATTRIBUTE);
    cr_assert_str_eq(scenario->services[0].as.create_service.strategy[0].attribute,
                     "ecs.availability-zone");
    entry = &scenario->timeline[1];
    cr_assert(entry->call.kind == MESSAGE_RUN_TASK && entry->call.as.run_task.taskdef == 1);
    cr_assert(entry->call.as.run_task.count == 2 && !entry->call.as.run_task.wait);
    entry = &scenario->timeline[2];
    cr_assert(entry->is_fault && entry->fault.kind == FAULT_KILL_TASK && entry->fault.task == 0);
    cr_assert(scenario->expects[0].at_usec == USEC_NEVER && scenario->expects[0].running == 4);
    cr_assert(scenario->expects[1].last_status == TASK_STOPPED && scenario->expects[1].task == 6);
    cr_assert(scenario->expects[2].instance == 0);
    cr_assert_str_eq(scenario->expects[1].text, "{\"task\":\"t7\",\"lastStatus\":\"STOPPED\"}");
    scenario_destroy(scenario);
}

Test(scenario, behaviours)
{
    static const struct {
        const char *behaviour;
        int64_t idle_usec, stop_usec;
    } table[] = {
        {"{}", IDLE_FOREVER, 0},
        {"{\"stop\":\"3s\"}", IDLE_FOREVER, 3 * USEC_PER_SEC},
        {"{\"idle\":\"1s\",\"stop\":\"forever\"}", USEC_PER_SEC, IDLE_FOREVER},
        {"{\"ready\":\"1s\",\"memory\":\"1MiB\"}", IDLE_FOREVER, 0},
        {"{\"work\":\"1s\"}", 0, 0},
        {"{\"exit\":3}", 0, 0},
        {"{\"idle\":\"2s\"}", 2 * USEC_PER_SEC, 0},
        {"{\"idle\":\"forever\",\"work\":\"1s\"}", IDLE_FOREVER, 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct scenario *scenario;
        char members[400];

        snprintf(members, sizeof members,
                 "\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\","
                 "\"image\":\"i\",\"memory\":8}]}],\"behaviour\":{\"d/a\":%s}",
                 table[i].behaviour);
        scenario = reading(scenario_of(members), "");
        cr_assert(scenario->taskdefs[0].behaviours[0].idle_usec == table[i].idle_usec, "%s",
                  table[i].behaviour);
        cr_assert(scenario->taskdefs[0].behaviours[0].stop_usec == table[i].stop_usec, "%s",
                  table[i].behaviour);
        scenario_destroy(scenario);
    }
}

Test(scenario, revisions_and_order)
{
    struct scenario *scenario = reading(
        scenario_of("\"taskDefinitions\":["
                    "{\"family\":\"a\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":\"i\","
                    "\"memory\":8}]},"
                    "{\"family\":\"b\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":\"i\","
                    "\"memory\":8}]},"
                    "{\"family\":\"a\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":\"j\","
                    "\"memory\":8}]}],"
                    "\"timeline\":[{\"at\":\"2s\",\"runTask\":{\"taskDefinition\":\"a\"}},"
                    "{\"at\":\"1s\",\"runTask\":{\"taskDefinition\":\"a:1\"},\"wait\":true},"
                    "{\"at\":\"2s\",\"runTask\":{\"taskDefinition\":\"a:2\",\"group\":\"g\"}},"
                    "{\"at\":\"0s\",\"runTask\":{\"taskDefinition\":\"b\"}}]"),
        "");
    static const int32_t taskdefs[] = {1, 0, 2, 2};

    cr_assert(scenario->taskdefs[2].definition->revision == 2);
    cr_assert(scenario->taskdefs[1].definition->revision == 1);
    for (int i = 0; i < 4; i++)
        cr_assert(scenario->timeline[i].call.as.run_task.taskdef == taskdefs[i], "%d", i);
    cr_assert(scenario->timeline[1].call.as.run_task.wait);
    cr_assert(scenario->timeline[2].call.as.run_task.group == NULL);
    cr_assert_str_eq(scenario->timeline[3].call.as.run_task.group, "g");
    cr_assert(scenario->taskdefs[0].images[0] == scenario->taskdefs[1].images[0]);
    cr_assert_str_eq(scenario->images[scenario->taskdefs[2].images[0]].name, "j");
    scenario_destroy(scenario);
}

Test(scenario, costs_and_distributions)
{
    struct scenario *scenario = reading(
        scenario_of(
            "\"costs\":{\"boot\":{\"lognormal\":{\"median\":\"18s\",\"p99\":\"40s\"}},"
            "\"pull\":{\"uniform\":{\"min\":\"1s\",\"max\":\"2s\"}},"
            "\"create\":{\"exponential\":{\"mean\":\"50ms\"}},\"start\":{\"constant\":\"1s\"},"
            "\"stop\":\"3s\",\"pullPerSecond\":\"10MiB\",\"imageSize\":\"1MiB\"}"),
        "");
    const struct costs *costs = &scenario->costs;

    const struct step_cost *steps = costs->steps;

    cr_assert(steps[COST_USERSPACE].wait.kind == DISTRIBUTION_LOGNORMAL &&
              steps[COST_USERSPACE].wait.a_usec == 18000000 &&
              steps[COST_USERSPACE].wait.b_usec == 40000000);
    cr_assert(distribution_is_zero(&steps[COST_PENDING].wait), "boot stands for it");
    cr_assert(steps[COST_PULL].wait.kind == DISTRIBUTION_UNIFORM &&
              steps[COST_PULL].wait.b_usec == 2000000);
    cr_assert(steps[COST_CREATE].wait.kind == DISTRIBUTION_EXPONENTIAL &&
              steps[COST_CREATE].wait.a_usec == 50000 &&
              distribution_is_zero(&steps[COST_CREATE].cpu));
    cr_assert(steps[COST_START].wait.kind == DISTRIBUTION_CONSTANT &&
              steps[COST_START].wait.a_usec == 1000000);
    cr_assert(steps[COST_STOP].wait.a_usec == 3000000);
    cr_assert(costs->network_bytes_per_sec == 10 << 20 && costs->image_size_bytes == 1 << 20 &&
              costs->unpack_bytes_per_sec == BYTES_PER_SEC_ANY);
    cr_assert(!scenario->types[0].boot_given);
    scenario_destroy(scenario);
}

static char *repeated(const char *before, const char *text, int n, const char *after)
{
    size_t length = strlen(text);
    char *all = malloc(strlen(before) + length * (size_t)n + strlen(after) + 1), *at;

    cr_assert(all != NULL);
    at = stpcpy(all, before);
    for (int i = 0; i < n; i++)
        at = stpcpy(at, text);
    strcpy(at, after);
    return all;
}

Test(scenario, bombs)
{
    char *deep = repeated("{\"berth\":\"scenario/1\",\"note\":", "[", 1000000, "");
    char *number = repeated("{\"berth\":\"scenario/1\",\"seed\":", "9", 100000, "}");
    char *duration = repeated("{\"berth\":\"scenario/1\",\"until\":\"", "9", 100000, "s\"}");
    struct findings findings = {0};

    cr_assert(scenario_parse(deep, "x", &findings) == NULL);
    cr_assert(strstr(findings.list[0].text, "maximum parsing depth reached"));
    cr_assert(scenario_parse(number, "x", &findings) == NULL);
    cr_assert(strstr(findings.list[1].text, "too big integer"));
    cr_assert(scenario_parse(duration, "x", &findings) == NULL);
    cr_assert(strstr(findings.list[2].text, "is too large"));
    cr_assert(strlen(findings.list[2].text) < 200);
    findings_finish(&findings);
    free(deep);
    free(number);
    free(duration);
}

/* Ten thousand of everything, right and wrong: nothing is quadratic. A quadratic reader takes
 * minutes here, this one less than a second. */
static char *many(const char *count)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const int n = 10000;

    fputs("{\"berth\":\"scenario/1\",\"taskDefinitions\":[", out);
    for (int i = 0; i < n; i++)
        fprintf(out,
                "%s{\"family\":\"f%d\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":\"i%d\","
                "\"memory\":8}]}",
                i ? "," : "", i, i);
    fputs("],\"services\":[", out);
    for (int i = 0; i < n; i++)
        fprintf(out, "%s{\"serviceName\":\"s%d\",\"taskDefinition\":\"f%d\",\"desiredCount\":%s}",
                i ? ",\n" : "", i, n - 1 - i, count);
    fputs("],\"behaviour\":{", out);
    for (int i = 0; i < n; i++)
        fprintf(out, "%s\"f%d/c\":{\"ready\":\"1s\"}", i ? "," : "", i);
    fputs("},\"timeline\":[", out);
    for (int i = 0; i < n; i++)
        fprintf(out,
                "%s{\"at\":\"%dms\",\"updateService\":{\"service\":\"s%d\",\"desiredCount\":%s}}",
                i ? "," : "", n - i, i, count);
    fputs("],\"until\":\"1h\"}", out);
    fclose(out);
    return text;
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

Test(scenario, ten_thousand_services)
{
    char *fine = many("2"), *wrong = many("\"2\"");
    struct findings findings = {0};
    double begin = cpu_seconds();
    struct scenario *scenario = scenario_parse(fine, "x", &findings);

    cr_assert(scenario != NULL);
    cr_assert(scenario->n_services == 10000 && scenario->n_timeline == 10000);
    cr_assert(scenario->services[9999].as.create_service.taskdef == 0);
    cr_assert(scenario->timeline[0].at_usec == USEC_PER_MSEC);
    scenario_destroy(scenario);
    /* ECS takes "2" for 2 with a warning */
    scenario = scenario_parse(wrong, "x", &findings);
    cr_assert(scenario != NULL && findings.n_list == 20000);
    scenario_destroy(scenario);
    cr_assert(cpu_seconds() - begin < 20, "%g s", cpu_seconds() - begin);
    findings_finish(&findings);
    free(fine);
    free(wrong);
}
