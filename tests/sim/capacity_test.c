/*
 * Capacity providers in whole runs: the worked examples of the developer guide and of AWS's exercises, what
 * Fargate and Spot do to tasks, and that the bill is what a plain recount of the run's instances gives. Every
 * run is checked after each step, logged and replayed.
 */
#include "core/bill.h"
#include "file/cost.h"
#include "file/layers.h"
#include "trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)

/* A world without delays of its own: boxes for four tasks, and a task too large for any. */
#define WORLD                                                                                      \
    "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '0s', 'pullPerSecond': "      \
    "'1GiB', 'create': '0s', 'start': '0s', 'stop': '0s', 'teardown': '0s'},"                      \
    "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s', 'price': 0.36, "         \
    "'spotPrice': 0.09}, 'gift': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"                    \
    "'launchTemplates': {'boxes': 'box', 'gifts': 'gift'}, 'images': {'x': {'size': '1MiB'}},"     \
    "'taskDefinitions': ["                                                                         \
    "{'family': 'web', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 256, "          \
    "'memory': 256}]},"                                                                            \
    "{'family': 'huge', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 2048, "        \
    "'memory': 256}]},"                                                                            \
    "{'family': 'far', 'networkMode': 'awsvpc', 'cpu': '256', 'memory': '512', "                   \
    "'containerDefinitions': [{'name': 'c', 'image': 'x'}]}],"                                     \
    "'behaviour': {'web/c': {'idle': 'forever'}, 'far/c': {'idle': 'forever'}},"
#define GROUP(name, least, most)                                                                   \
    "{'AutoScalingGroupName': '" name "', 'MinSize': " #least ", 'MaxSize': " #most                \
    ", 'AvailabilityZones': ['a', 'b'], 'LaunchTemplate': {'LaunchTemplateName': 'boxes'}}"
#define PROVIDER(name, group, more)                                                                \
    "{'name': '" name "', 'autoScalingGroupProvider': {'autoScalingGroupArn': '" group             \
    "', 'managedScaling': {'status': 'ENABLED'" more "}}}"
#define ONE(least, most, more)                                                                     \
    "'autoScalingGroups': [" GROUP("g", least, most) "], 'capacityProviders': [" PROVIDER(         \
        "p", "g", more) "], 'defaultCapacityProviderStrategy': [{'capacityProvider': 'p', "        \
                        "'weight': 1}],"

/* Tasks of a group's instances, or waiting for them, that are meant to run just before the end. */
static int tasks_of(const char *provider)
{
    const struct cluster *cluster = &result.scheduler.cluster;
    int n = 0;

    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct request *request = &cluster->requests[cluster->tasks[t].request];

        n += request->provider != ID_NONE && cluster->tasks[t].stop_code == STOP_USER_INITIATED &&
             strcmp(cluster->providers[request->provider].spec.name, provider) == 0;
    }
    return n;
}

static const struct capacity_state *datapoint(int i)
{
    cr_assert(i < result.story.n_capacity, "only %d datapoints", result.story.n_capacity);
    return &result.story.capacity[i].state;
}

#define TWO_PROVIDERS                                                                              \
    "'autoScalingGroups': [" GROUP("od", 9, 9) ", " GROUP(                                         \
        "sp", 9, 9) "], 'capacityProviders': [" PROVIDER("OD", "od",                               \
                                                         "") ", " PROVIDER("SPOT", "sp", "") "],"
#define SHARES                                                                                     \
    "'capacityProviderStrategy': [{'capacityProvider': 'OD', 'base': 2, 'weight': 1}, "            \
    "{'capacityProvider': 'SPOT', 'weight': 3}]"

Test(capacity, base_and_weights_split_ten_tasks_into_4_and_6)
{
    trial_run(WORLD TWO_PROVIDERS "'services': [{'serviceName': 's', 'taskDefinition': 'web', "
                                  "'desiredCount': 10, " SHARES "}], 'until': '5s'");
    cr_expect_eq(tasks_of("OD"), 4);
    cr_expect_eq(tasks_of("SPOT"), 6);
    trial_end();
}

Test(capacity, grown_to_22_they_are_7_and_15)
{
    trial_run(
        WORLD TWO_PROVIDERS
        "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': 10, " SHARES
        "}], 'timeline': [{'at': '5s', 'updateService': {'service': 's', 'desiredCount': 22}}], "
        "'until': '9s'");
    cr_expect_eq(tasks_of("OD"), 7);
    cr_expect_eq(tasks_of("SPOT"), 15);
    trial_end();
}

/* A new deployment keeps the service's strategy, and counts from nothing. */
Test(capacity, a_new_deployment_is_split_alike)
{
    trial_run(
        WORLD TWO_PROVIDERS
        "'rules': {'healthyAfter': '0s'}, 'services': [{'serviceName': 's', 'taskDefinition': "
        "'web', 'desiredCount': 10, " SHARES "}], 'timeline': [{'at': '5s', 'updateService': "
        "{'service': 's', 'forceNewDeployment': true}}], 'until': '60s'");
    cr_expect_eq(tasks_of("OD"), 4);
    cr_expect_eq(tasks_of("SPOT"), 6);
    cr_expect_eq(result.story.n_tasks, 20);
    trial_end();
}

Test(capacity, a_run_task_call_counts_for_itself)
{
    trial_run(WORLD TWO_PROVIDERS "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'web', "
                                  "'count': 10, " SHARES "}}, {'at': '2s', 'runTask': "
                                  "{'taskDefinition': 'web', 'count': 10, " SHARES
                                  "}}], 'until': '5s'");
    cr_expect_eq(tasks_of("OD"), 8);
    cr_expect_eq(tasks_of("SPOT"), 12);
    trial_end();
}

Test(capacity, from_zero_two_instances_start_whatever_is_needed)
{
    trial_run(WORLD ONE(0, 9, "") "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'web', "
                                  "'count': 10}}], 'until': '90s'");
    cr_expect_eq(datapoint(0)->n, 0);
    cr_expect_eq(datapoint(0)->metric_centi, 20000);
    cr_expect_eq(datapoint(0)->verdict, CAPACITY_OUT);
    cr_expect_eq(datapoint(0)->desired, 2);
    trial_end();
}

/* Two instances are full with eight tasks; ten more wait, four on each: three more are needed. */
#define FULL_AND_TEN_MORE                                                                          \
    "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'web', 'count': 8}}, {'at': '2s', "   \
    "'runTask': {'taskDefinition': 'web', 'count': 10}}], 'until': '90s'"

Test(capacity, ten_waiting_tasks_make_250_and_five_instances)
{
    trial_run(WORLD ONE(2, 9, "") FULL_AND_TEN_MORE);
    cr_expect_eq(datapoint(0)->n, 2);
    cr_expect_eq(datapoint(0)->m, 5);
    cr_expect_eq(datapoint(0)->metric_centi, 25000);
    cr_expect_eq(datapoint(0)->desired, 5);
    trial_end();
}

Test(capacity, the_step_size_caps_them_at_four)
{
    trial_run(WORLD ONE(2, 9, ", 'maximumScalingStepSize': 2") FULL_AND_TEN_MORE);
    cr_expect_eq(datapoint(0)->metric_centi, 20000);
    cr_expect_eq(datapoint(0)->desired, 4);
    trial_end();
}

Test(capacity, the_warm_up_holds_the_next_step)
{
    trial_run(WORLD ONE(
        0, 9, ", 'instanceWarmupPeriod': 100") "'timeline': [{'at': '1s', 'runTask': "
                                               "{'taskDefinition': 'web', 'count': 10}}], "
                                               "'until': '190s'");
    cr_expect_eq(datapoint(1)->verdict, CAPACITY_WARMING_UP);
    cr_expect_eq(datapoint(2)->verdict, CAPACITY_OUT);
    cr_expect_eq(datapoint(2)->desired, 3);
    trial_end();
}

Test(capacity, a_task_larger_than_the_smallest_type_never_scales_and_says_so)
{
    trial_run(WORLD ONE(1, 9, "") "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'huge', "
                                  "'count': 3}}], 'until': '1h'");
    for (int i = 0; i < 29; i++) {
        cr_expect_eq(datapoint(i)->verdict, CAPACITY_NEVER_FITS);
        cr_expect_eq(datapoint(i)->metric_centi, 10000);
        cr_expect_eq(datapoint(i)->desired, 1);
    }
    /* After 30 minutes ECS gives them up. */
    cr_expect_eq(result.story.tasks[0].stopped_at_usec, SECOND + 30 * MINUTE);
    cr_expect_eq(result.story.tasks[0].stop_code, STOP_TASK_FAILED_TO_START);
    cr_expect(story_given_up(&result.story.tasks[0]));
    cr_expect_eq(result.unplaced, 3);
    trial_end();
}

Test(capacity, fifteen_low_datapoints_scale_in_and_what_is_full_stays)
{
    trial_run(WORLD "'autoScalingGroups': [" GROUP(
        "g", 0, 9) "], 'capacityProviders': [{'name': 'p', "
                   "'autoScalingGroupProvider': {'autoScalingGroupArn': 'g', 'managedScaling': "
                   "{'status': 'ENABLED'}, 'managedTerminationProtection': 'ENABLED'}}], "
                   "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'web', 'count': 1, "
                   "'capacityProviderStrategy': [{'capacityProvider': 'p', 'weight': 1}]}}], "
                   "'until': '30m'");
    cr_expect_eq(datapoint(1)->n, 2);
    cr_expect_eq(datapoint(1)->n_empty, 1);
    cr_expect_eq(datapoint(1)->metric_centi, 5000);
    for (int i = 1; i < 15; i++)
        cr_expect_eq(datapoint(i)->verdict, CAPACITY_LOW);
    cr_expect_eq(datapoint(15)->verdict, CAPACITY_IN);
    cr_expect_eq(datapoint(15)->desired, 1);
    cr_expect_eq(datapoint(20)->metric_centi, 10000);
    cr_expect_eq(result.story.tasks[0].stopped_at_usec, 30 * MINUTE, "nobody stopped it before");
    trial_end();
}

Test(capacity, fargate_launches_a_hundred_at_once_and_twenty_a_second)
{
    char *timeline = strdup("");
    char *members;
    int at_once = 0;

    for (int i = 0; i < 30; i++) {
        char *longer;

        cr_assert(asprintf(&longer,
                           "%s%s{'at': '0s', 'runTask': {'taskDefinition': 'far', 'count': 10, "
                           "'launchType': 'FARGATE'}}",
                           timeline, i ? ", " : "") > 0);
        free(timeline);
        timeline = longer;
    }
    cr_assert(asprintf(&members,
                       WORLD "'fargate': {'boot': '0s'}, 'instances': '1xbox', "
                             "'timeline': [%s], 'until': '20s'",
                       timeline) > 0);
    trial_run(members);
    for (int t = 0; t < result.story.n_tasks; t++)
        at_once += result.story.tasks[t].placed_at_usec == 0;
    cr_expect_eq(result.story.n_tasks, 300);
    cr_expect_eq(at_once, 100);
    cr_expect_eq(result.story.tasks[299].placed_at_usec, 10 * SECOND);
    free(timeline);
    free(members);
    trial_end();
}

/* Median of 21 seeds of when the one task on Fargate is ready, and whether the machine told of its boot. */
static int64_t micro_ready_usec(const char *costs, const char *fargate, const char *cpu, bool *told)
{
    int64_t ready[21], key;
    int n = 0, at;

    for (uint64_t seed = 1; seed <= 21; seed++) {
        char *members;

        cr_assert(asprintf(&members,
                           "'costs': %s, %s 'taskDefinitions': [{'family': 'far', 'networkMode': "
                           "'awsvpc', 'cpu': '%s', 'memory': '2048', 'containerDefinitions': "
                           "[{'name': 'c', 'image': 'x'}]}], 'behaviour': {'far/c': {'idle': "
                           "'1s'}}, 'timeline': [{'at': '0s', 'wait': true, 'runTask': "
                           "{'taskDefinition': 'far', 'launchType': 'FARGATE'}}]",
                           costs, fargate, cpu) > 0);
        trial_run_seed(members, seed);
        free(members);
        cr_assert(result.story.n_tasks == 1 && result.story.tasks[0].n_containers == 1);
        key = result.story.tasks[0].containers[0].ready_at_usec;
        cr_assert(key != USEC_NEVER);
        for (at = n++; at > 0 && ready[at - 1] > key; at--)
            ready[at] = ready[at - 1];
        ready[at] = key;
        *told = result.story.instances[0].course.kernel_usec > 0;
        trial_end();
    }
    return ready[10];
}

/* Some 30 s until the first tasks run (V. Ionescu, "Scaling containers on AWS in 2022"); a Firecracker micro-VM
 * in 125 ms and what is in it; on one's own machine qemu's boot of some seconds. */
Test(capacity, a_micro_vm_boots_as_its_profile_says)
{
    bool told;
    int64_t usec = micro_ready_usec("'fargate'", "", "1024", &told);

    cr_expect(!told && usec > 27 * SECOND && usec < 33 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("'ec2'", "", "1024", &told);
    cr_expect(!told && usec > 27 * SECOND && usec < 33 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("'firecracker'", "", "1024", &told);
    cr_expect(told && usec > SECOND / 10 && usec < SECOND, "%.3f s", (double)usec / SECOND);
    usec = micro_ready_usec("'laptop'", "", "1024", &told);
    cr_expect(told && usec > 3 * SECOND && usec < 6 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("{'profile': 'laptop', 'host': {'cpus': 2}}", "", "1024", &told);
    cr_expect(told && usec > 3 * SECOND && usec < 6 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("'firecracker'", "'fargate': {'boot': '7s'},", "1024", &told);
    cr_expect(!told && usec >= 7 * SECOND && usec < 8 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("{'profile': 'laptop', 'machines': 'vms'}",
                            "'fargate': {'boot': '7s'},", "1024", &told);
    cr_expect(!told && usec >= 7 * SECOND && usec < 8 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("'fargate'", "'fargate': {'boot': '60s'},", "1024", &told);
    cr_expect(!told && usec > 60 * SECOND, "%.1f s", (double)usec / SECOND);
    /* on a host a real one boots, whatever the scenario says, and with the CPU of its task */
    usec = micro_ready_usec("{'profile': 'laptop', 'host': {'cpus': 2}}",
                            "'fargate': {'boot': '60s'},", "1024", &told);
    cr_expect(told && usec > 3 * SECOND && usec < 6 * SECOND, "%.1f s", (double)usec / SECOND);
    usec = micro_ready_usec("{'profile': 'laptop', 'host': {'cpus': 2}}", "", "256", &told);
    cr_expect(told && usec > 12 * SECOND && usec < 20 * SECOND, "%.1f s", (double)usec / SECOND);
}

Test(capacity, spot_warns_drains_and_takes)
{
    trial_run(
        WORLD
        "'spot': {'draining': true}, 'autoScalingGroups': [{'AutoScalingGroupName': 'g', "
        "'MinSize': 2, 'MaxSize': 2, 'MixedInstancesPolicy': {'LaunchTemplate': {'Overrides': "
        "[{'InstanceType': 'box'}]}, 'InstancesDistribution': "
        "{'OnDemandPercentageAboveBaseCapacity': 0}}}],"
        "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': 2}],"
        "'timeline': [{'at': '10s', 'fault': {'interruptSpot': {'instance': 'i1'}}}], "
        "'until': '5m'");
    cr_expect(result.story.instances[0].spot && result.story.instances[1].spot);
    cr_expect_eq(result.story.instances[0].lost_at_usec, 130 * SECOND);
    cr_expect_eq(result.story.n_instances, 3, "the group replaces it");
    for (int t = 0; t < result.story.n_tasks; t++)
        cr_expect(result.story.tasks[t].stop_code != STOP_SPOT_INTERRUPTION, "drained in time: t%d",
                  t + 1);
    trial_end();
}

Test(capacity, fargate_spot_stops_its_task_and_the_service_starts_another)
{
    trial_run(WORLD
              "'fargate': {'boot': '0s'}, 'capacityProviders': ['FARGATE_SPOT'], 'services': "
              "[{'serviceName': 's', 'taskDefinition': 'far', 'desiredCount': 1, "
              "'capacityProviderStrategy': [{'capacityProvider': 'FARGATE_SPOT', 'weight': 1}]}], "
              "'timeline': [{'at': '10s', 'fault': {'interruptSpot': {'task': 't1'}}}], "
              "'until': '5m'");
    cr_expect_eq(result.story.tasks[0].stop_code, STOP_SPOT_INTERRUPTION);
    cr_expect_eq(result.story.tasks[0].stop_at_usec, 10 * SECOND);
    cr_expect_eq(result.story.n_tasks, 2);
    cr_expect(result.story.tasks[1].running_at_usec != USEC_NEVER);
    trial_end();
}

Test(capacity, without_managed_scaling_run_task_fails_at_once)
{
    trial_run(WORLD "'autoScalingGroups': [" GROUP(
        "g", 0,
        9) "], 'capacityProviders': [{'name': 'p', "
           "'autoScalingGroupProvider': {'autoScalingGroupArn': 'g'}}], 'timeline': [{'at': "
           "'1s', 'runTask': {'taskDefinition': 'web', 'capacityProviderStrategy': "
           "[{'capacityProvider': 'p', 'weight': 1}]}}], 'until': '9s'");
    cr_expect_eq(result.unplaced, 1);
    trial_end();
}

Test(capacity, beyond_the_limit_of_provisioning_tasks_run_task_fails)
{
    trial_run(WORLD "'rules': {'provisioningLimit': 3}," ONE(
        0, 9, "") "'timeline': [{'at': '1s', "
                  "'runTask': {'taskDefinition': 'web', 'count': 5}}], 'until': '9s'");
    cr_expect_eq(result.refused, 2);
    cr_expect_eq(result.story.n_tasks, 3);
    trial_end();
}

/* Money ------------------------------------------------------------------------------------------ */

/* What the run's instances cost by the story alone, in nano-dollars per hour times microseconds / 1024. */
static unsigned __int128 recount(void)
{
    const struct story *story = &result.story;
    unsigned __int128 sum = 0;

    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *instance = &story->instances[i];
        const struct instance_group *group = &story->groups[instance->group];
        int64_t from = instance->launch_at_usec, to = instance->lost_at_usec, usec;
        int64_t rate = (instance->spot ? group->spot_price : group->price) * 1024;

        /* Taken back in its first hour: nobody pays. */
        if (group->kind != GROUP_FARGATE && instance->warned_at_usec != USEC_NEVER &&
            instance->terminate_at_usec == USEC_NEVER && to <= story->end_usec &&
            to - from < 60 * MINUTE)
            continue;
        if (group->kind == GROUP_FARGATE) {
            const struct story_task *task = &story->tasks[instance->bound_task];

            if (task->instance != i)
                continue;
            from = task->placed_at_usec;
            to = task->stopped_at_usec;
            rate =
                256 * (instance->spot ? group->spot_price : group->price) + 512 * group->price_gib;
        }
        if (to > story->end_usec)
            to = story->end_usec;
        usec = to - from < MINUTE ? MINUTE : to - from;
        sum += (unsigned __int128)rate * (uint64_t)usec;
    }
    return sum;
}

static void check_bill(void)
{
    const struct bill *bill = &result.story.bill.as.bill;
    int64_t providers = 0, services = bill->idle_nanos, hours = 0;

    cr_assert(result.story.bill.kind == MESSAGE_BILL);
    cr_expect_eq(bill->nanos, ledger_nanos(recount()), "billed %lld, recounted %lld",
                 (long long)bill->nanos, (long long)ledger_nanos(recount()));
    for (int i = 0; i < bill->n_providers; i++)
        providers += bill->providers[i].nanos;
    for (int i = 0; i < bill->n_services; i++)
        services += bill->services[i].nanos;
    for (int i = 0; i < bill->n_hours; i++)
        hours += bill->hours[i].nanos;
    cr_expect(llabs(providers - bill->nanos) <= bill->n_providers);
    cr_expect(llabs(services - bill->nanos) <= bill->n_services + 1);
    cr_expect(llabs(hours - bill->nanos) <= bill->n_hours);
}

Test(capacity, an_hour_of_an_instance_costs_its_price_and_what_no_task_uses_is_idle)
{
    trial_run(WORLD "'instances': [{'type': 'box', 'count': 1}], 'services': [{'serviceName': 's', "
                    "'taskDefinition': 'web', 'desiredCount': 2}], 'until': '1h'");
    cr_expect_eq(result.story.bill.as.bill.nanos, 360000000);
    cr_expect_eq(result.story.bill.as.bill.idle_nanos, 180000000);
    check_bill();
    trial_end();
}

static const struct cost_row *row_of(const struct cost_row *rows, int n, enum cost_kind kind,
                                     const char *name)
{
    for (int i = 0; i < n; i++)
        if (rows[i].kind == kind && (!name || strcmp(rows[i].name, name) == 0))
            return &rows[i];
    cr_assert_fail("no row %d %s", (int)kind, name ? name : "");
    return NULL;
}

/* One group has a price, the other none: what the second costs is unknown, and so is the sum. */
Test(capacity, what_has_no_price_is_unknown_and_not_free)
{
    struct buffer json = {0};
    struct cost_row *rows;
    char *printed;
    size_t size;
    FILE *out;
    int n;

    trial_run(
        WORLD
        "'instances': '1xbox', 'autoScalingGroups': [{'AutoScalingGroupName': 'g', 'MinSize': 1, "
        "'MaxSize': 1, 'LaunchTemplate': {'LaunchTemplateName': 'gifts'}}], 'capacityProviders': "
        "[" PROVIDER(
            "p", "g",
            "") "], 'services': [{'serviceName': 's', 'taskDefinition': 'web', "
                "'desiredCount': 1, 'launchType': 'EC2', 'placementConstraints': [{'type': "
                "'memberOf', "
                "'expression': 'attribute:ecs.instance-type == box'}]}, {'serviceName': 'u', "
                "'taskDefinition': 'web', 'desiredCount': 1, 'capacityProviderStrategy': "
                "[{'capacityProvider': 'p', 'weight': 1}]}], 'until': '1h'");
    rows = cost_rows(&result.story, &n);
    cr_expect(row_of(rows, n, COST_TOTAL, NULL)->is_partial);
    cr_expect(!row_of(rows, n, COST_TOTAL, NULL)->is_known);
    cr_expect(row_of(rows, n, COST_PROVIDER, "instances")->is_known);
    cr_expect(!row_of(rows, n, COST_PROVIDER, "p")->is_known);
    cr_expect(!row_of(rows, n, COST_PROVIDER, "p")->is_partial);
    cr_expect(row_of(rows, n, COST_SERVICE, "s")->is_known);
    free(rows);
    cost_add_json(&json, &result.story);
    cr_expect(strstr(json.text, "\"instances_without_price\": 1") != NULL, "%s", json.text);
    cr_expect(strstr(json.text, "{\"provider\": \"p\", \"dollars\": null") != NULL, "%s",
              json.text);
    buffer_finish(&json);
    out = open_memstream(&printed, &size);
    cost_print(out, &result.story);
    fclose(out);
    cr_expect(strstr(printed, "cost     at least $0.36") != NULL, "%s", printed);
    cr_expect(strstr(printed, "unknown, it has no price: 1 launched") != NULL, "%s", printed);
    free(printed);
    trial_end();
}

/* The micro-VM costs from its task's arrival to its end, an instance from its launch to its loss. */
Test(capacity, what_runs_at_a_moment_has_a_span)
{
    int64_t from_usec, to_usec;

    trial_run(
        WORLD
        "'fargate': {'boot': '5s'}, 'instances': '1xbox', 'timeline': [{'at': '1s', 'runTask': "
        "{'taskDefinition': 'far', 'launchType': 'FARGATE'}}, {'at': '30s', 'fault': "
        "{'killInstance': 'i1'}}, {'at': '40s', 'stopTask': {'task': 't1'}}], 'until': '60s'");
    cr_assert(cost_span(&result.story, &result.story.instances[0], &from_usec, &to_usec));
    cr_expect(from_usec == 0 && to_usec == 30 * SECOND);
    cr_assert(cost_span(&result.story, &result.story.instances[1], &from_usec, &to_usec));
    cr_expect(from_usec == result.story.tasks[0].placed_at_usec && from_usec >= 6 * SECOND);
    cr_expect(to_usec == 40 * SECOND);
    trial_end();
}

/* Drawn and billed alike: shutting down takes a while and costs nothing. */
Test(capacity, what_shuts_down_costs_nothing)
{
    unsigned __int128 sum = 0;
    int n_slow = 0;

    trial_run("'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', "
              "'price': 0.36}}, 'launchTemplates': {'boxes': 'box'}, 'rules': "
              "{'capacityInDatapoints': 1}, 'autoScalingGroups': [{'AutoScalingGroupName': 'g', "
              "'MinSize': 0, 'MaxSize': 5, 'DesiredCapacity': 5, 'LaunchTemplate': "
              "{'LaunchTemplateName': 'boxes'}}], 'capacityProviders': [{'name': 'p', "
              "'autoScalingGroupProvider': {'autoScalingGroupArn': 'g', 'managedScaling': "
              "{'status': 'ENABLED'}}}], 'until': '20m'");
    for (int i = 0; i < result.story.n_instances; i++) {
        const struct story_instance *instance = &result.story.instances[i];
        int64_t from_usec, to_usec;

        cr_assert(cost_span(&result.story, instance, &from_usec, &to_usec));
        cr_expect_eq(to_usec, instance->terminate_at_usec);
        n_slow += instance->terminate_at_usec < instance->lost_at_usec;
        sum += (unsigned __int128)instance->price_nanos * 1024 * (uint64_t)(to_usec - from_usec);
    }
    cr_expect_eq(result.story.n_instances, 5);
    cr_expect(n_slow > 0);
    cr_expect_eq(result.story.bill.as.bill.nanos, ledger_nanos(sum));
    trial_end();
}

/* An instance of a cloud and a micro-VM have systems of their own; parts of one host share its. */
Test(capacity, layers_count_machines_and_systems)
{
    struct layers layers;

    trial_run(
        WORLD
        "'fargate': {'boot': '5s'}, 'instances': '2xm4.large', 'services': [{'serviceName': 's', "
        "'taskDefinition': 'web', 'desiredCount': 4, 'launchType': 'EC2'}, {'serviceName': 'f', "
        "'taskDefinition': 'far', 'desiredCount': 1, 'launchType': 'FARGATE'}], 'until': '60s'");
    layers = layers_of(scenario, &result.story, false);
    cr_expect(layers.n_instances == 2 && layers.n_micro_vms == 1 && layers.n_kernels == 3);
    cr_expect(layers.os_bytes >= INT64_C(2) * 207 << 20, "%lld", (long long)layers.os_bytes);
    cr_expect(layers.n_ready == 5 && layers.first_usec <= layers.half_usec &&
              layers.half_usec < layers.last_usec);
    cr_expect(layers.last_usec == result.story.tasks[4].containers[0].ready_at_usec ||
              layers.last_usec >= 5 * SECOND);
    layers = layers_of(scenario, &result.story, true);
    cr_expect(layers.n_kernels == 0 && layers.os_bytes == 0, "a real run tells of those it saw");
    trial_end();
}

/* Faults at random, Spot that goes whenever it likes: nothing is billed twice or not at all. */
Test(capacity, the_bill_is_what_a_recount_gives_under_random_faults)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        trial_run_seed(
            WORLD
            "'spot': {'interruptAfter': {'exponential': {'mean': '20m'}}},"
            "'fargate': {'boot': '1s'},"
            "'autoScalingGroups': [" GROUP(
                "g", 1,
                6) ", {'AutoScalingGroupName': 'h', "
                   "'MinSize': 1, 'MaxSize': 5, 'MixedInstancesPolicy': {'LaunchTemplate': "
                   "{'Overrides': [{'InstanceType': 'box'}]}, 'InstancesDistribution': "
                   "{'OnDemandBaseCapacity': 1, 'OnDemandPercentageAboveBaseCapacity': 0}}}],"
                   "'capacityProviders': [" PROVIDER("p", "g", "") ", " PROVIDER(
                       "q", "h",
                       "") ", "
                           "'FARGATE', 'FARGATE_SPOT'],"
                           "'services': [{'serviceName': 's', 'taskDefinition': 'web', "
                           "'desiredCount': 12, "
                           "'capacityProviderStrategy': [{'capacityProvider': 'p', 'weight': 1}, "
                           "{'capacityProvider': 'q', 'weight': 2}]}, {'serviceName': 'f', "
                           "'taskDefinition': 'far', 'desiredCount': 4, "
                           "'capacityProviderStrategy': "
                           "[{'capacityProvider': 'FARGATE', 'weight': 1}, {'capacityProvider': "
                           "'FARGATE_SPOT', 'weight': 1}]}],"
                           "'timeline': [{'at': '10m', 'fault': {'killInstance': 'i2'}}, {'at': "
                           "'11m', "
                           "'fault': {'killInstance': 'i5'}}, {'at': '20m', 'updateService': "
                           "{'service': "
                           "'s', 'desiredCount': 2}}, {'at': '50m', 'updateService': {'service': "
                           "'s', "
                           "'desiredCount': 16}}, {'at': '55m', 'fault': {'killTask': 't3'}}], "
                           "'until': '100m'",
            seed);
        check_bill();
        trial_end();
    }
}
