/*
 * Agents' configuration and the world's other new members: each finding at its place, each value where
 * the drivers take it from.
 */
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *text, *findings;
};

/* Members of a scenario; they begin at column 23. */
static const struct row worlds[] = {
    {"\"agent\":{\"imagePullBehavior\":\"once\",\"pullDependentContainersUpfront\":true,"
     "\"reservedMemory\":\"256MiB\",\"reservedPorts\":[8080],\"reservedPortsUdp\":[53],"
     "\"dynamicPorts\":\"32768-60999\",\"imageCleanupInterval\":\"10m\",\"imageMinimumAge\":\"1m\","
     "\"imagesPerCleanup\":2,\"heartbeatTimeout\":\"10s\",\"heartbeatJitter\":\"0s\"}",
     ""},
    {"\"agent\":{\"imagePullBehavior\":\"cached\",\"reservedMemory\":256,\"reservedPorts\":[0,"
     "\"x\"],\"dynamicPorts\":\"9-1\",\"imagesPerCleanup\":0,\"heartbeatTimeout\":\"0s\"}",
     "1:52: error: agent.imagePullBehavior: found \"cached\", wanted one of default, always, once, "
     "prefer-cached\n1:78: error: agent.reservedMemory: found 256, wanted a size such as "
     "\"512MiB\"\n1:99: error: agent.reservedPorts[0]: found 0, wanted a whole number from 1 to "
     "65535\n1:101: error: agent.reservedPorts[1]: found \"x\", wanted a whole number\n1:121: "
     "error: agent.dynamicPorts: found \"9-1\", wanted a range of ports such as "
     "\"32768-60999\"\n1:146: error: agent.imagesPerCleanup: found 0, wanted a whole number from 1 "
     "to 1000000\n1:167: error: agent.heartbeatTimeout: found \"0s\", wanted more than 0s"},
    {"\"agent\":{\"imagePullBehaviour\":\"once\"}",
     "1:32: error: agent.imagePullBehaviour: unknown member of an agent (did you mean "
     "imagePullBehavior?)"},
    {"\"agent\":5", "1:31: error: agent: found 5, wanted an object: an agent"},
    {"\"instances\":[{\"type\":\"m5.large\",\"agent\":{\"reservedPorts\":80}}]",
     "1:80: error: instances[0].agent.reservedPorts: found 80, wanted a list"},
    {"\"instanceTypes\":{\"b\":{\"vcpu\":1,\"memory\":\"1GiB\",\"gpus\":2,\"enis\":\"any\"},\"c\":{"
     "\"vcpu\":1,\"memory\":\"1GiB\",\"gpus\":63,\"enis\":\"some\"},\"d\":{\"vcpu\":1,\"memory\":"
     "\"1GiB\",\"enis\":-1}}",
     "1:130: error: instanceTypes.c.gpus: found 63, wanted a whole number from 0 to 62\n1:140: "
     "error: instanceTypes.c.enis: found \"some\", wanted a whole number or \"any\"\n1:185: error: "
     "instanceTypes.d.enis: found -1, wanted a whole number from 0 to 1000000"},
    {"\"images\":{\"i\":{\"rootfs\":\"\"}},\"taskDefinitions\":[{\"family\":\"d\","
     "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}]}]",
     "1:47: error: images.i.rootfs: found an empty text, wanted a tarball of a root file system"},
    {"\"images\":{\"i\":{\"rootfs\":\"a.tar\",\"oci\":\"b\"}},\"taskDefinitions\":[{\"family\":"
     "\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}]}]",
     "1:47: error: images.i.rootfs: the image has an oci already"},
    {"\"behaviour\":{\"d/"
     "a\":{\"unhealthyAfter\":5}},\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":["
     "{\"name\":\"a\",\"image\":\"i\",\"memory\":8}]}]",
     "1:60: error: behaviour.d/a.unhealthyAfter: found 5, wanted a duration such as \"90s\" or "
     "\"300ms\""},
    {"\"costs\":\"laptop\"", ""},
    {"\"costs\":\"laptops\"",
     "1:31: error: costs: found \"laptops\", wanted one of ec2, laptop, fargate, firecracker, 2012 (did you mean laptop?)"},
    {"\"costs\":{\"profile\":\"laptop\",\"start\":\"1ms\"}", ""},
    {"\"costs\":{\"profile\":\"mac\"}",
     "1:42: error: costs.profile: found \"mac\", wanted one of ec2, laptop, fargate, firecracker, 2012"},
    {"\"costs\":5", "1:31: error: costs: found 5, wanted an object: costs"},
};

Test(scenario_agent, findings)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        reading_gives(scenario_of(worlds[i].text), worlds[i].findings);
}

Test(scenario_agent, groups_have_rules_of_their_own)
{
    struct scenario *scenario = reading(
        scenario_of("\"agent\":{\"imagePullBehavior\":\"once\",\"reservedMemory\":\"100.5MiB\","
                    "\"reservedPortsUdp\":[53],\"dynamicPorts\":\"40000-40009\"},"
                    "\"instances\":[{\"type\":\"g4dn.xlarge\"},{\"type\":\"m5.large\","
                    "\"agent\":{\"reservedPorts\":[80],\"imageCleanupInterval\":\"0s\"}}]"),
        "");
    const struct agent_rules *a = scenario->groups[0].rules, *b = scenario->groups[1].rules;

    cr_assert(a->pull_behavior == PULL_ONCE && b->pull_behavior == PULL_ONCE);
    cr_assert(a->reserved_memory_mib == 101 && b->first_dynamic_port == 40000);
    cr_assert(a->n_reserved == 7 && a->reserved[6].port == 53);
    cr_assert(a->reserved[6].protocol == PROTOCOL_UDP);
    cr_assert(b->n_reserved == 2 && b->reserved[1].port == 80 && b->image_cleanup_usec == 0);
    cr_assert(a->image_cleanup_usec == 1800 * USEC_PER_SEC);
    cr_assert(scenario->types[0].gpus == 1 && scenario->types[0].enis == 2);
    scenario_destroy(scenario);
}

Test(scenario_agent, without_one_the_rules_are_ecs_s)
{
    struct scenario *scenario = reading(scenario_of("\"costs\":\"laptop\""), "");

    cr_assert(scenario->groups[0].rules == NULL);
    cr_assert(scenario->costs.steps[COST_CREATE].wait.kind == DISTRIBUTION_CONSTANT);
    scenario_destroy(scenario);
}
