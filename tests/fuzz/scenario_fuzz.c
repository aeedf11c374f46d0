/*
 * Scenarios and task definitions, mangled: bytes changed, cut and doubled in their texts, and values
 * exchanged in their trees for others from anywhere. The same texts every time. With clang the same
 * target is built for libFuzzer too (ninja tests/fuzz/scenario_libfuzzer).
 */
#include "core/draw.h"
#include "scenario_target.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const seeds[] = {
    "[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPort\":80}]}]",
    "{\"berth\":\"scenario/1\",\"title\":\"t\",\"seed\":3,\"epoch\":\"2026-01-01T00:00:00Z\","
    "\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\",\"boot\":{\"lognormal\":"
    "{\"median\":\"18s\",\"p99\":\"40s\"}}}},"
    "\"instances\":[\"2xm5.large\",{\"type\":\"box\",\"count\":2,\"zones\":[\"a\",\"b\"],"
    "\"attributes\":{\"stack\":\"prod\",\"gpu\":null},\"replace\":false}],"
    "\"images\":{\"i:1\":{\"size\":\"40MiB\",\"oci\":\"first\"}},"
    "\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
    "\"image\":\"i:1\",\"memory\":64,\"stopTimeout\":2}]},"
    "{\"family\":\"job\",\"containerDefinitions\":[{\"name\":\"job\",\"image\":\"i:1\","
    "\"memory\":64}]}],"
    "\"behaviour\":{\"web/web\":{\"ready\":\"1s\"},\"job/job\":{\"work\":{\"uniform\":"
    "{\"min\":\"1s\",\"max\":\"2s\"}},\"idle\":\"2s\",\"exit\":3}},"
    "\"services\":[{\"serviceName\":\"web\",\"taskDefinition\":\"web:1\",\"desiredCount\":4,"
    "\"placementStrategy\":[{\"type\":\"spread\",\"field\":\"attribute:ecs.availability-zone\"},"
    "{\"type\":\"binpack\",\"field\":\"memory\"}]}],"
    "\"timeline\":[{\"at\":\"5s\",\"runTask\":{\"taskDefinition\":\"job\",\"count\":3,"
    "\"placementConstraints\":[{\"type\":\"distinctInstance\"}]},\"wait\":true},"
    "{\"at\":\"6s\",\"fault\":{\"killContainer\":{\"task\":\"t1\",\"container\":\"web\"}}},"
    "{\"at\":\"7s\",\"updateService\":{\"service\":\"web\",\"desiredCount\":2,"
    "\"taskDefinition\":\"job\"}},"
    "{\"at\":\"8s\",\"stopTask\":{\"task\":\"t3\"}},"
    "{\"at\":\"9s\",\"createService\":{\"serviceName\":\"b\",\"taskDefinition\":\"web\","
    "\"desiredCount\":1}},{\"at\":\"9s\",\"deleteService\":{\"service\":\"b\"}},"
    "{\"at\":\"9s\",\"fault\":{\"killInstance\":\"i2\"}}],"
    "\"until\":\"15s\",\"expect\":[{\"at\":\"end\",\"service\":\"web\",\"running\":4},"
    "{\"task\":\"t7\",\"instance\":\"i2\",\"lastStatus\":\"STOPPED\"}],"
    "\"costs\":{\"pull\":{\"exponential\":{\"mean\":\"1s\"}},\"pullPerSecond\":\"1MiB\"}}",
    "{\"family\":\"shop\",\"cpu\":\".5 vCPU\",\"memory\":\"1 GB\",\"networkMode\":\"host\","
    "\"requiresCompatibilities\":[\"EC2\"],"
    "\"placementConstraints\":[{\"type\":\"memberOf\",\"expression\":\"attribute:x == y\"}],"
    "\"containerDefinitions\":[{\"name\":\"init\",\"image\":\"tool:1\",\"memory\":64,"
    "\"essential\":false},{\"name\":\"web\",\"image\":\"web:1\",\"cpu\":256,\"memory\":300,"
    "\"memoryReservation\":128,\"startTimeout\":5,\"stopTimeout\":2,"
    "\"portMappings\":[{\"containerPort\":80},{\"containerPort\":53,\"protocol\":\"udp\"}],"
    "\"dependsOn\":[{\"containerName\":\"init\",\"condition\":\"SUCCESS\"}],"
    "\"entryPoint\":[\"/bin/sh\"],\"command\":[\"web\"],"
    "\"environment\":[{\"name\":\"A\",\"value\":\"b\"}],\"user\":\"0\","
    "\"healthCheck\":{\"command\":[\"true\"],\"interval\":10}},"
    "{\"name\":\"log\",\"image\":\"web:1\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"web\","
    "\"condition\":\"HEALTHY\"}]}]}",
    "{\"family\":\"full\",\"pidMode\":\"task\",\"ipcMode\":\"none\",\"taskRoleArn\":\"r\","
    "\"volumes\":[{\"name\":\"v\",\"host\":{\"sourcePath\":\"/v\"}},{\"name\":\"w\","
    "\"dockerVolumeConfiguration\":{\"scope\":\"shared\",\"autoprovision\":true}},{\"name\":\"x\","
    "\"efsVolumeConfiguration\":{\"fileSystemId\":\"f\"}}],\"ephemeralStorage\":{\"sizeInGiB\":30},"
    "\"containerDefinitions\":[{\"name\":\"db\",\"image\":\"i\",\"memory\":8},"
    "{\"name\":\"web\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD\",\"a\"]},"
    "\"restartPolicy\":{\"enabled\":true,\"ignoredExitCodes\":[0],\"restartAttemptPeriod\":60},"
    "\"resourceRequirements\":[{\"type\":\"GPU\",\"value\":\"ALL\"}],"
    "\"portMappings\":[{\"containerPortRange\":\"80-90\"}],\"links\":[\"db:d\"],"
    "\"volumesFrom\":[{\"sourceContainer\":\"db\"}],"
    "\"mountPoints\":[{\"sourceVolume\":\"v\",\"containerPath\":\"/v\",\"readOnly\":true}],"
    "\"ulimits\":[{\"name\":\"nofile\",\"softLimit\":1,\"hardLimit\":2}],"
    "\"systemControls\":[{\"namespace\":\"net.x\",\"value\":\"1\"}],"
    "\"linuxParameters\":{\"capabilities\":{\"add\":[\"KILL\"],\"drop\":[\"ALL\"]},"
    "\"tmpfs\":[{\"containerPath\":\"/t\",\"size\":1,\"mountOptions\":[\"ro\"]}],\"maxSwap\":0},"
    "\"extraHosts\":[{\"hostname\":\"h\",\"ipAddress\":\"1.1.1.1\"}],\"dnsServers\":[\"1.1.1.1\"],"
    "\"dockerLabels\":{\"a\":\"b\"},\"secrets\":[{\"name\":\"s\",\"valueFrom\":\"a\"}],"
    "\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"a\":\"b\"}}}]}",
    "{\"berth\":\"scenario/"
    "1\",\"agent\":{\"imagePullBehavior\":\"once\",\"reservedMemory\":\"1MiB\","
    "\"reservedPorts\":[80],\"dynamicPorts\":\"40000-40009\",\"heartbeatTimeout\":\"1s\"},"
    "\"instanceTypes\":{\"b\":{\"vcpu\":1,\"memory\":\"1GiB\",\"gpus\":2,\"enis\":\"any\"}},"
    "\"instances\":[{\"type\":\"b\",\"count\":3,\"zones\":[\"a\",\"b\"],\"agent\":"
    "{\"reservedPortsUdp\":[53]}}],\"costs\":\"laptop\",\"until\":\"9s\",\"taskDefinitions\":["
    "{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":\"i\",\"memory\":8}]}],"
    "\"behaviour\":{\"d/c\":{\"unhealthyAfter\":\"5s\"}},\"timeline\":["
    "{\"at\":\"1s\",\"startTask\":{\"taskDefinition\":\"d\",\"containerInstances\":[\"i1\"]}},"
    "{\"at\":\"2s\",\"updateContainerInstancesState\":{\"containerInstances\":[\"i1\",\"i2\"],"
    "\"status\":\"DRAINING\"}},{\"at\":\"3s\",\"updateTaskProtection\":{\"tasks\":[\"t1\"],"
    "\"protectionEnabled\":true,\"expiresInMinutes\":5}},"
    "{\"at\":\"4s\",\"fault\":{\"killZone\":{\"zone\":\"a\"}}},"
    "{\"at\":\"4s\",\"fault\":{\"cutAgent\":{\"instance\":\"i1\",\"for\":\"1s\"}}},"
    "{\"at\":\"5s\",\"fault\":{\"slowRegistry\":{\"factor\":2.5,\"for\":\"1s\"}}},"
    "{\"at\":\"6s\",\"fault\":{\"deadRegistry\":{}}},{\"at\":\"7s\",\"fault\":{\"killAgent\":"
    "\"i2\"}}]}",
    /* Requests through target groups */
    "{\"berth\":\"scenario/"
    "1\",\"until\":\"60s\",\"loadLevel\":\"rate\",\"targetGroups\":[{\"Name\":"
    "\"w\",\"Attributes\":[{\"Key\":\"deregistration_delay.timeout_seconds\",\"Value\":\"3\"}]}],"
    "\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":"
    "\"i\",\"memory\":8}]}],\"behaviour\":{\"d/a\":{\"request\":{\"work\":\"2ms\",\"wait\":{"
    "\"exponential\":{\"mean\":\"9ms\"}},\"concurrency\":4,\"queue\":10}}},\"services\":[{"
    "\"serviceName\":\"web\",\"taskDefinition\":\"d\",\"desiredCount\":2,\"loadBalancers\":[{"
    "\"targetGroupArn\":\"w\",\"containerName\":\"a\",\"containerPort\":80}]}],\"load\":[{"
    "\"service\":\"web\",\"from\":\"1s\",\"to\":\"50s\",\"timeout\":\"2s\",\"arrivals\":{"
    "\"poisson\":{"
    "\"rate\":\"200/s\"}}},{\"targetGroup\":\"w\",\"arrivals\":{\"steps\":[{\"at\":\"0s\",\"rate\":"
    "\"9/min\"},{\"at\":\"5s\",\"rate\":\"2.5/s\"}],\"period\":\"9s\",\"spacing\":\"even\"}}],"
    "\"timeline\":[{\"at\":\"9s\",\"load\":{\"service\":\"web\",\"arrivals\":{\"sine\":{\"low\":"
    "\"1/s\",\"high\":\"9/"
    "s\",\"period\":\"1h\"}}}},{\"at\":\"20s\",\"load\":{\"targetGroup\":\"w\","
    "\"arrivals\":{\"constant\":{\"rate\":\"5/s\"}}}}],\"expect\":[{\"targetGroup\":\"w\","
    "\"sentAtLeast\":1,\"failedAtMost\":0,\"p99AtMost\":\"1s\"}]}",
    "{\"berth\":\"scenario/1\",\"until\":\"9s\",\"costs\":{\"profile\":\"ec2\",\"api\":\"1s\","
    "\"create\":{\"wait\":\"1ms\",\"cpu\":{\"gamma\":{\"mean\":\"2ms\",\"shape\":2.5}},\"cold\":"
    "{\"normal\":{\"mean\":\"3ms\",\"sd\":\"1ms\"}}},\"exit\":{\"weibull\":{\"scale\":\"1s\","
    "\"shape\":0.5}},\"child\":{\"cpu\":{\"samples\":[\"1ms\",\"2ms\"]}},\"host\":{\"cpus\":2,"
    "\"memory\":\"4GiB\",\"session\":true,\"background\":0.03},\"agentTogether\":1.5,"
    "\"createAlone\":0.5,\"endLater\":0.7,\"keep\":{\"cpu\":\"1ms\"},"
    "\"networkAlone\":1,\"freePerMiB\":"
    "\"9us\",\"clear\":{\"wait\":\"9ms\",\"cpu\":\"1ms\"},\"agentQueue\":true,\"coldAfter\":{"
    "\"samples\":[\"1s\"]},"
    "\"balanceAfter\":\"1s\",\"overbalanceEvery\":\"1ms\",\"startTurns\":\"1ms\",\"agentTurn\":"
    "\"1ms\",\"readyTurn\":\"1ms\",\"readyBeside\":\"1ms\","
    "\"leastWorkTurns\":\"1ms\",\"coolsIn\":"
    "{\"samples\":[\"1s\",\"2s\"]},\"end\":{\"cpu\":\"1ms\",\"afterRest\":\"2ms\"},"
    "\"diskPerSecond\":"
    "\"any\","
    "\"registryPerSecond\":\"1MiB\",\"machines\":\"vms\",\"path\":\"restore\",\"vm\":{\"restore\":"
    "{\"kernel\":\"1s\"},\"speed\":0.5,\"inside\":{\"start\":\"1ms\"}},\"contention\":false},"
    "\"images\":{\"i\":{\"layers\":[{\"size\":\"1MiB\",\"digest\":\"a\"},{\"size\":\"2MiB\"}]}},"
    "\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"c\",\"image\":"
    "\"i\",\"memory\":8}]}],\"behaviour\":{\"d/c\":{\"work\":\"1s\",\"threads\":4}}}",
    "{\"berth\":\"scenario/1\",\"until\":\"90s\",\"rules\":{\"metricPeriod\":\"5s\",\"capacityInDa"
    "tapoints\":2,\"spotWarning\":\"3s\",\"minute\":\"2s\"},\"instanceTypes\":{\"box\":{\"vcpu\":1"
    ",\"memory\":\"1GiB\",\"price\":0.1,\"spotPrice\":0.03,\"osMemory\":\"64MiB\",\"enis\":3}},\"l"
    "aunchTemplates\":{\"l\":\"box\"},\"spot\":{\"interruptAfter\":{\"exponential\":{\"mean\":\"2"
    "0s\"}},\"draining\":true},\"fargate\":{\"boot\":\"1s\",\"zones\":[\"a\"],\"vcpuPrice\":0.04,\""
    "memoryPrice\":0.004,\"spotShare\":0.3},\"autoScalingGroups\":[{\"AutoScalingGroupNam"
    "e\":\"g\",\"MinSize\":0,\"MaxSize\":3,\"DesiredCapacity\":1,\"AvailabilityZones\":[\"a\",\"b"
    "\"],\"LaunchTemplate\":{\"LaunchTemplateName\":\"l\"},\"NewInstancesProtectedFromScale"
    "In\":true},{\"AutoScalingGroupName\":\"h\",\"MinSize\":1,\"MaxSize\":2,\"MixedInstancesP"
    "olicy\":{\"LaunchTemplate\":{\"Overrides\":[{\"InstanceType\":\"box\"},{\"InstanceType\":"
    "\"m5.large\"}]},\"InstancesDistribution\":{\"OnDemandBaseCapacity\":1,\"OnDemandPerce"
    "ntageAboveBaseCapacity\":50,\"OnDemandAllocationStrategy\":\"lowest-price\",\"SpotIn"
    "stancePools\":2}}}],\"capacityProviders\":[\"FARGATE\",{\"name\":\"p\",\"autoScalingGrou"
    "pProvider\":{\"autoScalingGroupArn\":\"g\",\"managedScaling\":{\"status\":\"ENABLED\",\"ta"
    "rgetCapacity\":80,\"minimumScalingStepSize\":1,\"maximumScalingStepSize\":4,\"instan"
    "ceWarmupPeriod\":3},\"managedTerminationProtection\":\"ENABLED\",\"managedDraining\":"
    "\"DISABLED\"}},{\"name\":\"q\",\"autoScalingGroupProvider\":{\"autoScalingGroupArn\":\"h\""
    "}}],\"defaultCapacityProviderStrategy\":[{\"capacityProvider\":\"p\",\"weight\":1,\"bas"
    "e\":1},{\"capacityProvider\":\"q\",\"weight\":2}],\"taskDefinitions\":[{\"family\":\"f\",\"n"
    "etworkMode\":\"awsvpc\",\"cpu\":\"256\",\"memory\":\"512\",\"containerDefinitions\":[{\"name"
    "\":\"a\",\"image\":\"i\",\"portMappings\":[{\"containerPort\":80}]}]}],\"targetGroups\":[{\""
    "Name\":\"w\",\"HealthCheckIntervalSeconds\":5}],\"services\":[{\"serviceName\":\"s\",\"tas"
    "kDefinition\":\"f\",\"desiredCount\":3},{\"serviceName\":\"t\",\"taskDefinition\":\"f\",\"de"
    "siredCount\":1,\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE\",\"weigh"
    "t\":1},{\"capacityProvider\":\"FARGATE_SPOT\",\"weight\":1}],\"loadBalancers\":[{\"targe"
    "tGroupArn\":\"w\",\"containerName\":\"a\",\"containerPort\":80}]}],\"scaling\":[{\"registe"
    "rScalableTarget\":{\"ServiceNamespace\":\"ecs\",\"ResourceId\":\"service/default/s\",\"S"
    "calableDimension\":\"ecs:service:DesiredCount\",\"MinCapacity\":1,\"MaxCapacity\":5}}"
    ",{\"putScalingPolicy\":{\"PolicyName\":\"x\",\"ServiceNamespace\":\"ecs\",\"ResourceId\":\""
    "service/default/s\",\"ScalableDimension\":\"ecs:service:DesiredCount\",\"PolicyType\""
    ":\"StepScaling\",\"StepScalingPolicyConfiguration\":{\"AdjustmentType\":\"ChangeInCap"
    "acity\",\"Cooldown\":5,\"StepAdjustments\":[{\"MetricIntervalLowerBound\":0,\"ScalingA"
    "djustment\":1}]}}},{\"putMetricAlarm\":{\"AlarmName\":\"hot\",\"MetricName\":\"CPUUtiliz"
    "ation\",\"Namespace\":\"AWS/ECS\",\"Statistic\":\"Average\",\"Period\":60,\"EvaluationPeri"
    "ods\":1,\"Threshold\":50,\"ComparisonOperator\":\"GreaterThanThreshold\",\"Dimensions\""
    ":[{\"Name\":\"ServiceName\",\"Value\":\"s\"}],\"AlarmActions\":[\"x\"]}}],\"load\":[{\"servic"
    "e\":\"t\",\"arrivals\":{\"poisson\":{\"rate\":\"5/"
    "s\"}}}],\"timeline\":[{\"at\":\"5s\",\"runTask"
    "\":{\"taskDefinition\":\"f\",\"count\":4,\"launchType\":\"FARGATE\"}},{\"at\":\"6s\",\"runTask"
    "\":{\"taskDefinition\":\"f\",\"count\":2,\"capacityProviderStrategy\":[{\"capacityProvid"
    "er\":\"q\",\"weight\":1}]}},{\"at\":\"9s\",\"updateService\":{\"service\":\"t\",\"capacityProv"
    "iderStrategy\":[{\"capacityProvider\":\"FARGATE_SPOT\",\"weight\":1}],\"forceNewDeploy"
    "ment\":true}},{\"at\":\"12s\",\"fault\":{\"interruptSpot\":{\"task\":\"t4\"}}},{\"at\":"
    "\"13s\","
    "\"fault\":{\"interruptSpot\":{\"instance\":\"i2\"}}}]}",
};
#define N_SEEDS (sizeof seeds / sizeof seeds[0])

/* What breaks readers: values and pieces of text from anywhere. */
static const char *const values[] = {
    "null",
    "true",
    "0",
    "-1",
    "1",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "0.5",
    "1e308",
    "\"\"",
    "\"1s\"",
    "\"-1s\"",
    "\"999999999999999999999999h\"",
    "\"512MiB\"",
    "\"1e3GiB\"",
    "\"forever\"",
    "\"end\"",
    "\"t1\"",
    "\"t2147483648\"",
    "\"i1\"",
    "\"web\"",
    "\"web:1\"",
    "\"job\"",
    "\"a\\u0000b\"",
    "\"\\n\\u001b[31m\"",
    "\"\xf0\x9f\x9a\xa2\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "{\"\":{\"\":{}}}",
    "\"4xm5.large\"",
    "\"0x\"",
    "\"attribute:\"",
    "\"attribute:x =~ (a+)+\"",
    "\"%s%n\"",
    "\"../../../../etc/passwd\"",
    "\"/\"",
    "{\"note\":1}",
    "{\"constant\":\"1s\"}",
    "{\"taskDefinition\":{}}",
};
#define N_VALUES (sizeof values / sizeof values[0])

struct mangler {
    uint64_t round;
    int64_t n; /* draws so far in this round */
};

static size_t below(struct mangler *mangler, size_t bound)
{
    return (size_t)draw_below(mangler->round, DRAW_WORK, 0, mangler->n++, bound);
}

/* Bytes */

static size_t mangle_bytes(struct mangler *mangler, char *text, size_t length, size_t capacity)
{
    static const char bytes[] = "{}[]\",:\\ 0123456789-.eExu\n\t\x01\x7f\xc3\xff";
    size_t at = below(mangler, length + 1), n = below(mangler, 12);

    if (n > length - at)
        n = length - at;
    switch (below(mangler, 4)) {
    case 0: /* another byte */
        if (at < length)
            text[at] = bytes[below(mangler, sizeof bytes - 1)];
        return length;
    case 1: /* cut */
        memmove(text + at, text + at + n, length - at - n);
        return length - n;
    case 2: /* doubled */
        if (length + n > capacity)
            return length;
        memmove(text + at + n, text + at, length - at);
        return length + n;
    default: /* a value set in */
    {
        const char *value = values[below(mangler, N_VALUES)];
        size_t size = strlen(value);

        if (length + size > capacity)
            return length;
        memmove(text + at + size, text + at, length - at);
        memcpy(text + at, value, size);
        return length + size;
    }
    }
}

/* Trees */

static size_t count_nodes(const json_t *value)
{
    size_t n = 1, i;
    const char *name;
    json_t *child;

    json_object_foreach((json_t *)value, name, child) n += count_nodes(child);
    json_array_foreach(value, i, child) n += count_nodes(child);
    return n;
}

/* The node with that number, in the order of the text. */
static json_t *find_node(json_t *value, size_t *number)
{
    const char *name;
    json_t *child, *found;
    size_t i;

    if ((*number)-- == 0)
        return value;
    json_object_foreach(value, name, child) if ((found = find_node(child, number))) return found;
    json_array_foreach(value, i, child) if ((found = find_node(child, number))) return found;
    return NULL;
}

static json_t *any_node(struct mangler *mangler, json_t *root)
{
    size_t number = below(mangler, count_nodes(root));

    return find_node(root, &number);
}

static json_t *any_value(struct mangler *mangler, json_t *root)
{
    json_t *value;

    if (below(mangler, 3) == 0)
        return json_deep_copy(any_node(mangler, root));
    value = json_loads(values[below(mangler, N_VALUES)], JSON_DECODE_ANY, NULL);
    return value ? value : json_null();
}

static const char *any_name(struct mangler *mangler, json_t *object)
{
    size_t number = below(mangler, json_object_size(object) + 1);
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value) if (number-- == 0) return name;
    return "surprise";
}

/* Changes one object or list of the tree. */
static void mangle_tree(struct mangler *mangler, json_t *root)
{
    json_t *node = any_node(mangler, root), *value = any_value(mangler, root);

    if (json_is_object(node)) {
        char name[256];

        snprintf(name, sizeof name, "%s", any_name(mangler, node));
        if (below(mangler, 4) == 0)
            json_object_del(node, name);
        else
            json_object_set(node, name, value);
    } else if (json_is_array(node)) {
        size_t at = below(mangler, json_array_size(node) + 1);

        if (below(mangler, 3) == 0)
            json_array_remove(node, at);
        else if (below(mangler, 2) == 0)
            json_array_set(node, at, value);
        else
            json_array_insert(node, at, value);
    }
    json_decref(value);
}

#define TREES 12000
#define TEXTS 8000

Test(scenario_fuzz, trees)
{
    for (uint64_t round = 0; round < TREES; round++) {
        struct mangler mangler = {.round = round};
        json_t *root = json_loads(seeds[round % N_SEEDS], 0, NULL);
        char *text;

        cr_assert(root != NULL);
        for (size_t n = 1 + below(&mangler, 3); n > 0; n--)
            mangle_tree(&mangler, root);
        text = json_dumps(root, below(&mangler, 2) ? JSON_INDENT(1) : JSON_COMPACT);
        cr_assert(text != NULL);
        LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
        free(text);
        json_decref(root);
    }
    /* some mangled texts must still be scenarios, or nothing behind the reader was tried */
    cr_assert(scenario_target_accepted > TREES / 20, "%d of %d", scenario_target_accepted, TREES);
}

Test(scenario_fuzz, texts)
{
    static char text[8192];

    for (uint64_t round = 0; round < TEXTS; round++) {
        struct mangler mangler = {.round = TREES + round};
        size_t length = strlen(seeds[round % N_SEEDS]);

        memcpy(text, seeds[round % N_SEEDS], length);
        for (size_t n = 1 + below(&mangler, 4); n > 0; n--)
            length = mangle_bytes(&mangler, text, length, sizeof text);
        LLVMFuzzerTestOneInput((const uint8_t *)text, length);
    }
}
