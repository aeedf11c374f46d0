/*
 * What a scenario puts on Fargate, known before it runs.
 */
#include "exec/fargate.h"
#include "exec/guests.h"
#include "exec/scale.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define TASKS                                                                                      \
    "'taskDefinitions': ["                                                                         \
    "{'family': 'small', 'networkMode': 'awsvpc', 'cpu': '256', 'memory': '512', "                 \
    "'containerDefinitions': [{'name': 'c', 'image': 'x'}]},"                                      \
    "{'family': 'large', 'networkMode': 'awsvpc', 'cpu': '1024', 'memory': '2048', "               \
    "'containerDefinitions': [{'name': 'c', 'image': 'x'}]}], 'until': '9s',"
#define SHARE "'capacityProviderStrategy': [{'capacityProvider': 'FARGATE_SPOT', 'weight': 1}]"

#define MIB (INT64_C(1) << 20)

/* ' for ". */
static struct scenario *parse(const char *members)
{
    struct findings findings = {0};
    struct scenario *scenario;
    char *text;

    cr_assert(asprintf(&text, "{'berth': 'scenario/1', " TASKS "%s}", members) > 0);
    for (char *c = text; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    scenario = scenario_parse(text, "f.json", &findings);
    cr_assert(scenario != NULL, "%s", findings.n_list ? findings.list[0].text : text);
    findings_finish(&findings);
    free(text);
    return scenario;
}

Test(fargate, uses)
{
    static const struct {
        const char *members;
        int n;
        int64_t small, large;
    } rows[] = {
        {"'timeline': [{'at': '0s', 'runTask': {'taskDefinition': 'small', 'count': 3}}]", 0, 0, 0},
        {"'timeline': [{'at': '0s', 'runTask': {'taskDefinition': 'small', 'count': 3, "
         "'launchType': 'FARGATE'}}, {'at': '1s', 'runTask': {'taskDefinition': 'small', 'count': "
         "4, 'launchType': 'FARGATE'}}, {'at': '2s', 'runTask': {'taskDefinition': 'large', "
         "'launchType': 'FARGATE'}}]",
         2, 7, 1},
        {"'services': [{'serviceName': 's', 'taskDefinition': 'small', 'desiredCount': 2, " SHARE
         "}], 'timeline': [{'at': '1s', 'updateService': {'service': 's', 'desiredCount': 5}}, "
         "{'at': '2s', 'updateService': {'service': 's', 'desiredCount': 1}}]",
         1, 5, 0},
        {"'capacityProviders': ['FARGATE_SPOT'], 'instances': '1xt3.micro', "
         "'defaultCapacityProviderStrategy': [{'capacityProvider': 'FARGATE_SPOT', 'weight': 1}], "
         "'services': [{'serviceName': 'd', 'taskDefinition': 'large', 'launchType': 'EC2', "
         "'desiredCount': 1}, {'serviceName': 's', 'taskDefinition': 'large', 'desiredCount': 2}]",
         1, 0, 2},
        {"'capacityProviders': ['FARGATE'], 'instances': '1xt3.micro'", 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario *scenario = parse(rows[i].members);
        int n;
        struct task_use *uses = fargate_uses(scenario, &n);
        int64_t counts[2] = {0, 0};

        cr_expect(n == rows[i].n, "row %zu: %d", i, n);
        for (int u = 0; u < n; u++) {
            counts[uses[u].taskdef] += uses[u].n;
        }
        cr_expect(counts[0] == rows[i].small && counts[1] == rows[i].large, "row %zu: %d, %d", i,
                  (int)counts[0], (int)counts[1]);
        cr_expect(guests_any(scenario) == (n > 0), "row %zu", i);
        free(uses);
        scenario_destroy(scenario);
    }
}

/* What runs on Fargate is counted into what a scenario takes, and no instance is added for it. */
Test(fargate, capacity)
{
    struct scenario *scenario =
        parse("'timeline': [{'at': '0s', 'runTask': {'taskDefinition': 'large', 'count': 3, "
              "'launchType': 'FARGATE'}}]");
    struct capacity capacity = capacity_of_scenario(scenario);

    cr_expect(capacity.cpu == 3 * 1024 && capacity.memory_bytes == INT64_C(3) * 2048 << 20);
    cr_expect(scenario->n_groups == 1 && scenario->groups[0].kind == GROUP_FARGATE);
    scenario_destroy(scenario);
}

/* Memory that was promised to guests is not promised again until one has gone. */
Test(fargate, memory_is_promised_once)
{
    struct scenario *scenario = parse("'instances': '1xt3.micro'");
    struct plans plans = {.scenario = scenario, .scale = {1, 1}};
    struct guests guests = {.plans = &plans};
    const struct instance_type type = fargate_type(scenario, 0);
    struct vm_order order;

    guests_order(&guests, &type, true, &order);
    cr_expect(order.memory_mib >= 512 + 96, "the task's, and what a kernel needs");
    cr_expect(order.memory_mib == costs_guest_mib(&scenario->costs.vm, 512), "as simulated");
    guests.free_mib = 2 * (order.memory_mib + VM_OVERHEAD_MIB) + 100;
    cr_expect(guests_promise(&guests, &order));
    cr_expect(guests_promise(&guests, &order));
    cr_expect(!guests_promise(&guests, &order), "a third does not fit");
    guests_release(&guests, &type, true);
    cr_expect(guests_promise(&guests, &order));
    scenario_destroy(scenario);
}

/* In a smaller run a machine leaves tasks that part of it, but is no larger than it was. */
Test(fargate, systems_do_not_get_smaller)
{
    struct scenario *scenario = parse("'instances': '1xt3.micro'");
    struct plans plans = {.scenario = scenario, .scale = {1, 4}};
    struct guests guests = {.plans = &plans};
    const struct instance_type large = {.cpu = 2048, .memory_mib = 4096};
    const struct instance_type known = {.cpu = 2048, .memory_mib = 4096, .os_mib = 100};
    const struct instance_type small = {.cpu = 2048, .memory_mib = 128};
    struct vm_order order;

    guests_order(&guests, &large, false, &order);
    cr_expect(order.memory_mib == costs_guest_mib(&scenario->costs.vm, (4096 - 62) / 4) &&
              order.cpus == 1);
    guests_order(&guests, &known, false, &order);
    cr_expect(order.memory_mib == costs_guest_mib(&scenario->costs.vm, 1024));
    cr_expect(guests_left_bytes(&guests, &large, 1000 * MIB) == 4000 * MIB);
    cr_expect(guests_left_bytes(&guests, &large, 1024 * MIB) == (4096 - 62) * MIB);
    cr_expect(guests_left_bytes(&guests, &known, 1024 * MIB) == 4096 * MIB);
    guests_order(&guests, &large, true, &order);
    cr_expect(order.memory_mib == costs_guest_mib(&scenario->costs.vm, 1024));
    guests_order(&guests, &small, false, &order);
    cr_expect(order.memory_mib == (128 - 62) / 4 + 96);
    plans.scale = (struct scale){3, 4};
    guests_order(&guests, &small, false, &order);
    cr_expect(order.memory_mib == 128, "no larger than it was");
    plans.scale = (struct scale){1, 1};
    guests_order(&guests, &large, false, &order);
    cr_expect(order.memory_mib == 4096 && order.cpus == 2);
    cr_expect(guests_left_bytes(&guests, &large, 3000 * MIB) == 3000 * MIB);
    scenario_destroy(scenario);
}
