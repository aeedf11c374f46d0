/*
 * Faults, and the calls about instances and tasks by name.
 */
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *text, *findings;
};

/* Members of a scenario; they begin at column 23. */
static const struct row entries[] = {
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"startTask\":{\"taskDefinition\":\"d\","
     "\"containerInstances\":[\"i1\",\"i2\"],\"group\":\"g\"}}]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"startTask\":{\"taskDefinition\":\"e\","
     "\"containerInstances\":[]}}]",
     "1:172: error: timeline[0].startTask.taskDefinition: no task definition \"e\" (did you mean "
     "d?)\n1:197: error: timeline[0].startTask.containerInstances: 0 items; ECS takes 1 to 10 in a "
     "call"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"startTask\":{\"containerInstances\":["
     "\"i1\",\"t1\",\"i0\"]}}]",
     "1:154: error: timeline[0].startTask.taskDefinition: missing: \"family\" (its latest "
     "revision) or \"family:revision\"\n1:182: error: timeline[0].startTask.containerInstances[1]: "
     "\"t1\" is no instance; instances are named i1, i2, ...\n1:187: error: "
     "timeline[0].startTask.containerInstances[2]: \"i0\" is no instance; instances are named i1, "
     "i2, ..."},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"startTask\":{\"taskDefinition\":\"d\","
     "\"containerInstances\":\"i1\",\"overrides\":{},\"group\":\"\"}}]",
     "1:197: warning: timeline[0].startTask.containerInstances: found \"i1\" where ECS takes a "
     "list: taken as a list of one\n1:202: warning: timeline[0].startTask.overrides: ECS has it, "
     "berth does not simulate it yet: no effect\n1:225: error: timeline[0].startTask.group: a task "
     "group's name has 1 to 255 characters"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"startTask\":{\"taskDefinition\":\"d\","
     "\"containerInstances\":[\"i1\",\"i1\",\"i1\",\"i1\",\"i1\",\"i1\",\"i1\",\"i1\",\"i1\","
     "\"i1\",\"i1\"]}}]",
     "1:197: error: timeline[0].startTask.containerInstances: 11 items; ECS takes 1 to 10 in a "
     "call"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"updateContainerInstancesState\":{"
     "\"containerInstances\":[\"i1\"],\"status\":\"DRAINING\"}}]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"updateContainerInstancesState\":{"
     "\"containerInstances\":[\"i1\"],\"status\":\"DEREGISTERING\"}}]",
     "1:212: error: timeline[0].updateContainerInstancesState.status: found \"DEREGISTERING\", "
     "wanted one of ACTIVE, DRAINING"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"updateContainerInstancesState\":{}}]",
     "1:174: error: timeline[0].updateContainerInstancesState.containerInstances: missing: 1 to 10 "
     "instances, such as [\"i1\"]\n1:174: error: timeline[0].updateContainerInstancesState.status: "
     "missing: DRAINING: no new task, services' tasks go elsewhere; ACTIVE: as before"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"updateTaskProtection\":{\"tasks\":["
     "\"t1\",\"t2\"],\"protectionEnabled\":true,\"expiresInMinutes\":2880,\"cluster\":\"default\"}}"
     "]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"updateTaskProtection\":{\"tasks\":["
     "\"t1\"],\"protectionEnabled\":\"true\",\"expiresInMinutes\":2881}}]",
     "1:201: warning: timeline[0].updateTaskProtection.protectionEnabled: found \"true\"; ECS "
     "takes true without quotes here\n1:227: error: "
     "timeline[0].updateTaskProtection.expiresInMinutes: found 2881, wanted a whole number from 1 "
     "to 2880"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"updateTaskProtection\":{\"tasks\":["
     "\"i1\"],\"protectionEnabled\":false,\"expiresInMinutes\":5}}]",
     "1:175: error: timeline[0].updateTaskProtection.tasks[0]: \"i1\" is no task; tasks are named "
     "t1, t2, ...\n1:226: warning: timeline[0].updateTaskProtection.expiresInMinutes: only a "
     "protection expires"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killZone\":{\"zone\":\"a\"}}"
     "}]",
     "1:170: error: timeline[0].fault.killZone.zone: no instances are in a zone \"a\""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killZone\":{}}}]",
     "1:162: error: timeline[0].fault.killZone.zone: missing: a zone of the instances"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killZone\":\"a\"}}]",
     "1:162: error: timeline[0].fault.killZone: found \"a\", wanted an object: a zone to kill"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"cutAgent\":{\"instance\":"
     "\"i1\",\"for\":\"30s\"}}}]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"cutAgent\":{\"for\":\"0s\"}}"
     "}]",
     "1:162: error: timeline[0].fault.cutAgent.instance: missing: its instance, such as "
     "\"i1\"\n1:169: error: timeline[0].fault.cutAgent.for: found \"0s\", wanted more than 0s"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"cutAgent\":\"i1\"}}]",
     "1:162: error: timeline[0].fault.cutAgent: found \"i1\", wanted an object: an agent to cut "
     "off"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killAgent\":\"i1\"}}]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killAgent\":\"t1\"}}]",
     "1:163: error: timeline[0].fault.killAgent: \"t1\" is no instance; instances are named i1, "
     "i2, ..."},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"slowRegistry\":{\"factor\":"
     "2.5,\"for\":\"20s\"}}}]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"slowRegistry\":{\"factor\":"
     "0.5}}}]",
     "1:176: error: timeline[0].fault.slowRegistry.factor: found 0.5, wanted a number from 1 to "
     "1000"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"slowRegistry\":{\"for\":20}}"
     "}]",
     "1:166: error: timeline[0].fault.slowRegistry.factor: missing: 1 to 1000: how many times as "
     "long\n1:173: error: timeline[0].fault.slowRegistry.for: found 20, wanted a duration such as "
     "\"90s\" or \"300ms\""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"deadRegistry\":{}}}]",
     ""},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"deadRegistry\":{\"fro\":"
     "\"1s\"}}}]",
     "1:167: error: timeline[0].fault.deadRegistry.fro: unknown member of a dead registry (did you "
     "mean for?)"},
    {"\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
     "\"i\",\"memory\":8}]}],\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killTask\":\"t1\","
     "\"killAgent\":\"i1\"}}]",
     "1:150: error: timeline[0].fault: wanted exactly one of killTask, killContainer, "
     "killInstance, killZone, cutAgent, killAgent, slowRegistry, deadRegistry, "
     "interruptSpot"},
    {"\"instances\":[{\"type\":\"m5.large\",\"zones\":[\"eu-1a\",\"eu-1b\"]}],\"timeline\":[{"
     "\"at\":\"1s\",\"fault\":{\"killZone\":{\"zone\":\"eu-1c\"}}}]",
     "1:134: error: timeline[0].fault.killZone.zone: no instances are in a zone \"eu-1c\" (did you "
     "mean eu-1a?)"},
};

Test(scenario_faults, findings)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        reading_gives(scenario_of(entries[i].text), entries[i].findings);
}

Test(scenario_faults, values)
{
    struct scenario *scenario = reading(
        scenario_of(
            "\"instances\":[{\"type\":\"m5.large\",\"zones\":[\"a\"]}],\"timeline\":["
            "{\"at\":\"1s\",\"fault\":{\"cutAgent\":{\"instance\":\"i2\",\"for\":\"30s\"}}},"
            "{\"at\":\"2s\",\"fault\":{\"slowRegistry\":{\"factor\":2.5}}},"
            "{\"at\":\"3s\",\"fault\":{\"killZone\":{\"zone\":\"a\"}}},"
            "{\"at\":\"4s\",\"updateTaskProtection\":{\"tasks\":[\"t3\",\"t1\"],"
            "\"protectionEnabled\":true}},"
            "{\"at\":\"5s\",\"updateContainerInstancesState\":{\"containerInstances\":"
            "[\"i1\"],\"status\":\"DRAINING\"}}]"),
        "");
    const struct scenario_entry *entry = scenario->timeline;

    cr_assert(entry[0].fault.kind == FAULT_CUT_AGENT && entry[0].fault.instance == 1);
    cr_assert(entry[0].fault.for_usec == 30 * USEC_PER_SEC);
    cr_assert(entry[1].fault.kind == FAULT_SLOW_REGISTRY);
    cr_assert(entry[1].fault.factor_permille == 2500 && entry[1].fault.for_usec == USEC_NEVER);
    cr_assert_str_eq(entry[2].fault.zone, "a");
    cr_assert(entry[3].n_targets == 2 && entry[3].targets[0] == 2);
    cr_assert(entry[3].call.as.update_task_protection.expires_usec == 7200 * USEC_PER_SEC);
    cr_assert(entry[4].call.as.update_instance_state.draining && entry[4].targets[0] == 0);
    scenario_destroy(scenario);
}
