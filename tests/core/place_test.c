/*
 * Every filter, constraint and strategy by table. The worked examples are those of the ECS developer
 * guide (task-placement-strategies, ecs_services).
 */
#include "core/place.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOT_THE_SECOND 99
#define AZ "ecs.availability-zone"

static struct strategy_rule binpack_memory = {STRATEGY_BINPACK, BY_MEMORY, NULL, NULL};
static struct strategy_rule binpack_cpu = {STRATEGY_BINPACK, BY_CPU, NULL, NULL};
static struct strategy_rule spread_zone = {STRATEGY_SPREAD, BY_ATTRIBUTE, AZ, NULL};
static struct strategy_rule spread_instance = {STRATEGY_SPREAD, BY_INSTANCE, NULL, NULL};
static struct strategy_rule take_random = {STRATEGY_RANDOM, BY_NOTHING, NULL, NULL};

/* Five instances: zone, CPU, memory, and how many tasks of 100 CPU units and 100 MiB they hold. */
static const struct {
    const char *zone;
    int cpu, memory_mib, n_own, n_other;
} boxes[] = {
    {"a", 2000, 4000, 1, 0}, {"a", 4000, 1000, 0, 2}, {"b", 1000, 8000, 0, 5},
    {"b", 3000, 6000, 1, 1}, {"c", 500, 500, 0, 0},
};

Test(place, each_strategy_chooses_by_its_rule)
{
    const struct {
        const char *name;
        struct strategy_rule rules[2];
        int n_rules;
        int cpu, memory_mib;
        int instance, rule;
    } rows[] = {
        {"least memory left", {binpack_memory}, 1, 100, 100, 4, 0},
        {"least memory left that fits", {binpack_memory}, 1, 100, 600, 1, 0},
        {"least cpu left", {binpack_cpu}, 1, 100, 100, 2, 1},
        {"least cpu left that fits", {binpack_cpu}, 1, 501, 100, 0, 0},
        {"zone with fewest, then instance with fewest",
         {spread_zone, spread_instance},
         2,
         100,
         100,
         4,
         0},
        {"zone with fewest that fits, then fewest",
         {spread_zone, spread_instance},
         2,
         100,
         600,
         1,
         2},
        {"zone with fewest that fits, then least memory",
         {spread_zone, binpack_memory},
         2,
         100,
         600,
         1,
         1},
        {"instance with fewest, lowest index", {spread_instance}, 1, 100, 600, 1, 1},
        {"only one fits", {take_random}, 1, 100, 6000, 2, ID_NONE},
        {"none fits", {take_random}, 1, 100, 9000, ID_NONE, ID_NONE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cluster cluster;
        struct strategy_rule rules[2] = {rows[i].rules[0], rows[i].rules[1]};
        struct placement placement;
        int small, wanted, own, other, service;

        cluster_init(&cluster, 1);
        small = fixture_taskdef(&cluster, "small", 100, 100, 0);
        wanted = fixture_taskdef(&cluster, "wanted", rows[i].cpu, rows[i].memory_mib, 0);
        own = fixture_service(&cluster, "own", wanted, rules, rows[i].n_rules, &service);
        other = fixture_service(&cluster, "other", small, NULL, 0, &service);
        for (size_t b = 0; b < sizeof boxes / sizeof boxes[0]; b++) {
            int box = fixture_instance(&cluster, boxes[b].zone, boxes[b].cpu, boxes[b].memory_mib);

            fixture_tasks(&cluster, own, small, box, boxes[b].n_own);
            fixture_tasks(&cluster, other, small, box, boxes[b].n_other);
        }
        placement = place_task(&cluster, own, wanted, cluster.n_tasks);
        cr_assert(placement.instance == rows[i].instance, "%s: i%d", rows[i].name,
                  placement.instance + 1);
        cr_assert(placement.rule == rows[i].rule, "%s: rule %d", rows[i].name, placement.rule);
        cluster_finish(&cluster);
    }
}

/* Free memory and tasks of the service as in the guide's example: a1, a2, b2, b1 in that order. */
Test(place, zone_spread_and_binpack_step_by_step)
{
    struct strategy_rule rules[2] = {spread_zone, binpack_memory};
    struct cluster cluster;
    int held, taskdef, request, service;
    const int expected[] = {1, 3, 0}; /* a2, b2, a1 */

    cluster_init(&cluster, 1);
    held = fixture_taskdef(&cluster, "held", 0, 10, 0);
    taskdef = fixture_taskdef(&cluster, "task", 0, 900, 0);
    request = fixture_service(&cluster, "web", taskdef, rules, 2, &service);
    fixture_instance(&cluster, "a", 1024, 4010);
    fixture_instance(&cluster, "a", 1024, 1000);
    fixture_instance(&cluster, "b", 1024, 8000);
    fixture_instance(&cluster, "b", 1024, 6010);
    fixture_tasks(&cluster, request, held, 0, 1);
    fixture_tasks(&cluster, request, held, 3, 1);
    for (int i = 0; i < 3; i++) {
        struct placement placement = place_task(&cluster, request, taskdef, cluster.n_tasks);

        cr_assert(placement.instance == expected[i], "task %d goes to i%d", i,
                  placement.instance + 1);
        fixture_tasks(&cluster, request, taskdef, placement.instance, 1);
    }
    cluster_finish(&cluster);
}

Test(place, a_service_without_strategy_spreads_over_zones_then_instances)
{
    struct cluster cluster;
    struct placement placement;
    int taskdef, request, service;

    cluster_init(&cluster, 1);
    taskdef = fixture_taskdef(&cluster, "task", 10, 10, 0);
    request = fixture_service(&cluster, "web", taskdef, NULL, 0, &service);
    fixture_instance(&cluster, "a", 1024, 1024);
    fixture_instance(&cluster, "b", 1024, 1024);
    fixture_instance(&cluster, "b", 1024, 1024);
    fixture_instance(&cluster, "c", 1024, 1024);
    fixture_tasks(&cluster, request, taskdef, 0, 2);
    fixture_tasks(&cluster, request, taskdef, 1, 1);
    fixture_tasks(&cluster, request, taskdef, 3, 1);
    placement = place_task(&cluster, request, taskdef, cluster.n_tasks);
    cr_assert(placement.instance == 2);
    cluster_finish(&cluster);
}

Test(place, run_task_without_strategy_takes_each_instance_alike)
{
    struct cluster cluster;
    int taskdef, request, counts[4] = {0};

    cluster_init(&cluster, 7);
    taskdef = fixture_taskdef(&cluster, "task", 10, 10, 0);
    request = fixture_run_task(&cluster, taskdef, NULL, 0, NULL, 0);
    for (int i = 0; i < 4; i++)
        fixture_instance(&cluster, NULL, 1024, 1024);
    for (int task = 0; task < 4000; task++)
        counts[place_task(&cluster, request, taskdef, task).instance]++;
    for (int i = 0; i < 4; i++)
        cr_assert(counts[i] > 900 && counts[i] < 1100, "i%d: %d of 4000", i + 1, counts[i]);
    cluster_finish(&cluster);
}

Test(place, the_nearest_miss_fails_last_and_by_least)
{
    const struct {
        const char *name;
        int cpu, memory_mib, port;
        enum place_reason reason;
        int nearest;
        int64_t lack;
    } rows[] = {
        {"cpu everywhere, i2 by least", 5000, 10, 0, PLACE_CPU, 1, 1000},
        {"memory on i2 is nearer than cpu on i1", 3000, 9000, 0, PLACE_MEMORY, 1, 8000},
        {"memory, i3 by least", 100, 9000, 0, PLACE_MEMORY, 2, 1000},
        {"a port is nearer than memory", 1000, 1500, 8080, PLACE_PORTS, 2, 8080},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cluster cluster;
        struct placement placement;
        struct place_miss miss;
        int taskdef, holder, request, holders, service;

        cluster_init(&cluster, 1);
        taskdef = fixture_taskdef(&cluster, "task", rows[i].cpu, rows[i].memory_mib, rows[i].port);
        holder = fixture_taskdef(&cluster, "holder", 0, 0, 8080);
        request = fixture_run_task(&cluster, taskdef, NULL, 0, NULL, 0);
        holders = fixture_service(&cluster, "holder", holder, NULL, 0, &service);
        fixture_instance(&cluster, "a", 2000, 1000);
        fixture_instance(&cluster, "a", 4000, 1000);
        fixture_instance(&cluster, "b", 1000, 8000);
        fixture_tasks(&cluster, holders, holder, 2, 1);
        placement = place_task(&cluster, request, taskdef, cluster.n_tasks);
        miss = place_nearest_miss(&cluster, request, taskdef);
        cr_assert(placement.instance == ID_NONE, "%s", rows[i].name);
        cr_assert(miss.reason == rows[i].reason, "%s: %s", rows[i].name,
                  place_reason_names[miss.reason]);
        cr_assert(miss.nearest == rows[i].nearest, "%s: i%d", rows[i].name, miss.nearest + 1);
        cr_assert(miss.lack == rows[i].lack, "%s: %lld", rows[i].name, (long long)miss.lack);
        cluster_finish(&cluster);
    }
}

Test(place, status_agent_and_constraints_are_filters)
{
    struct placement_constraint distinct = {CONSTRAINT_DISTINCT_INSTANCE, NULL};
    struct placement_constraint member = {CONSTRAINT_MEMBER_OF,
                                          "attribute:ecs.availability-zone == b"};
    struct cluster cluster;
    int taskdef, apart, in_zone;
    int64_t lack;

    cluster_init(&cluster, 1);
    taskdef = fixture_taskdef(&cluster, "task", 10, 10, 0);
    apart = fixture_run_task(&cluster, taskdef, NULL, 0, &distinct, 1);
    in_zone = fixture_run_task(&cluster, taskdef, NULL, 0, &member, 1);
    fixture_instance(&cluster, "a", 1024, 1024);
    fixture_instance(&cluster, "b", 1024, 1024);
    cr_assert(place_filter(&cluster, apart, taskdef, 0, &lack) == PLACE_FITS);
    fixture_tasks(&cluster, apart, taskdef, 0, 1);
    cr_assert(place_filter(&cluster, apart, taskdef, 0, &lack) == PLACE_DISTINCT);
    cr_assert(place_filter(&cluster, apart, taskdef, 1, &lack) == PLACE_FITS);
    cr_assert(place_filter(&cluster, in_zone, taskdef, 0, &lack) == PLACE_MEMBER_OF);
    cr_assert(place_filter(&cluster, in_zone, taskdef, 1, &lack) == PLACE_FITS);
    cluster.instances[1].agent_connected = false;
    cr_assert(place_filter(&cluster, in_zone, taskdef, 1, &lack) == PLACE_AGENT);
    cluster.instances[1].status = INSTANCE_DRAINING;
    cr_assert(place_filter(&cluster, in_zone, taskdef, 1, &lack) == PLACE_INACTIVE);
    cluster_finish(&cluster);
}

/* An instance in a zone whose name has a search explode is not taken by `not` either, and is told apart
 * from one that the expression does not select: of both it is the nearer miss. */
Test(place, a_pattern_that_gives_up_selects_nothing)
{
    struct placement_constraint member = {
        CONSTRAINT_MEMBER_OF, "not(attribute:ecs.availability-zone =~ '(a+)+b|aaa|ok')"};
    const struct {
        const char *zone;
        enum place_reason reason;
        int64_t lack;
    } rows[] = {
        {"ok", PLACE_MEMBER_OF, 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", PLACE_MEMBER_OF, PLACE_LACK_GAVE_UP},
        {"b", PLACE_FITS, 0},
    };
    struct cluster cluster;
    int taskdef, request;
    int64_t lack;

    cluster_init(&cluster, 1);
    taskdef = fixture_taskdef(&cluster, "task", 10, 10, 0);
    request = fixture_run_task(&cluster, taskdef, NULL, 0, &member, 1);
    for (int i = 0; i < (int)(sizeof rows / sizeof rows[0]); i++) {
        fixture_instance(&cluster, rows[i].zone, 1024, 1024);
        cr_expect(place_filter(&cluster, request, taskdef, i, &lack) == rows[i].reason);
        cr_expect(lack == rows[i].lack);
        if (rows[i].reason != PLACE_FITS) /* the nearest is who gave up, though not the first */
            cr_expect(place_nearest_miss(&cluster, request, taskdef).nearest == i);
    }
    cluster_finish(&cluster);
}

/* The guide's words: binpack leaves the most room after the stop; spread keeps the balance; without
 * a strategy the fullest zone goes first, in it the fullest instance. */
Test(place, victims_follow_the_strategy)
{
    const struct {
        const char *name;
        struct strategy_rule rules[1];
        int n_rules;
        int memory_mib[3], n_tasks[3];
        const char *zones[3];
        int instance;
    } rows[] = {
        {"absolute MiB left, not the share",
         {binpack_memory},
         1,
         {2000, 4000, 600},
         {3, 2, 1},
         {"a", "a", "a"},
         1},
        {"fullest zone",
         {spread_zone},
         1,
         {4000, 4000, 4000},
         {2, 3, 2},
         {"b", "a", "b"},
         NOT_THE_SECOND},
        {"fullest instance",
         {spread_instance},
         1,
         {4000, 4000, 4000},
         {1, 1, 3},
         {"a", "a", "a"},
         2},
        {"no strategy: zone, then instance",
         {{0}},
         0,
         {4000, 4000, 4000},
         {3, 1, 3},
         {"a", "b", "b"},
         2},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strategy_rule rules[1] = {rows[i].rules[0]};
        struct cluster cluster;
        int taskdef, request, service, victim;

        cluster_init(&cluster, 3);
        taskdef = fixture_taskdef(&cluster, "task", 1, 500, 0);
        request = fixture_service(&cluster, "web", taskdef, rows[i].n_rules ? rules : NULL,
                                  rows[i].n_rules, &service);
        for (int b = 0; b < 3; b++) {
            fixture_instance(&cluster, rows[i].zones[b], 4096, rows[i].memory_mib[b]);
            fixture_tasks(&cluster, request, taskdef, b, rows[i].n_tasks[b]);
        }
        victim = place_victim(&cluster, service, ID_NONE);
        cr_assert(victim != ID_NONE, "%s", rows[i].name);
        if (rows[i].instance == NOT_THE_SECOND)
            cr_assert(cluster.tasks[victim].instance != 1, "%s", rows[i].name);
        else
            cr_assert(cluster.tasks[victim].instance == rows[i].instance, "%s: i%d", rows[i].name,
                      cluster.tasks[victim].instance + 1);
        cluster_finish(&cluster);
    }
}

/* Its values are shown, though no rule decides among one. */
Test(place, the_only_candidate_has_its_values_in_the_table)
{
    struct strategy_rule rules[2] = {spread_zone, binpack_memory};
    struct cluster cluster;
    struct place_table table;
    int taskdef, request, service;

    cluster_init(&cluster, 1);
    taskdef = fixture_taskdef(&cluster, "task", 100, 100, 0);
    request = fixture_service(&cluster, "web", taskdef, rules, 2, &service);
    fixture_instance(&cluster, "a", 50, 500);
    fixture_instance(&cluster, "b", 1000, 500);
    fixture_tasks(&cluster, request, taskdef, 1, 1);
    place_explain(&cluster, request, taskdef, 1, &table);
    cr_assert(table.placement.instance == 1 && table.placement.rule == ID_NONE);
    cr_assert(table.reached[1] && table.values[1] == 1);
    cr_assert(table.reached[2 + 1] && table.values[2 + 1] == 400);
    cr_assert(!table.reached[0] && !table.reached[2]);
    place_table_finish(&table);
    cluster_finish(&cluster);
}

Test(place, the_table_agrees_with_the_placement)
{
    struct strategy_rule rules[2] = {spread_zone, binpack_memory};
    struct cluster cluster;
    struct place_table table;
    int taskdef, request, service;

    cluster_init(&cluster, 1);
    taskdef = fixture_taskdef(&cluster, "task", 100, 100, 0);
    request = fixture_service(&cluster, "web", taskdef, rules, 2, &service);
    fixture_instance(&cluster, "a", 1000, 500);
    fixture_instance(&cluster, "b", 1000, 400);
    fixture_instance(&cluster, "b", 50, 400);
    place_explain(&cluster, request, taskdef, 0, &table);
    cr_assert(table.placement.instance == 1 && table.placement.rule == 1);
    cr_assert(table.n_candidates == 2);
    cr_assert(table.reasons[2] == PLACE_CPU && table.lacks[2] == 50);
    cr_assert(table.reached[0] && table.values[0] == 0);
    cr_assert(table.reached[3 + 1] && table.values[3 + 1] == 400);
    cr_assert(!table.reached[3 + 2]);
    place_table_finish(&table);
    cluster_finish(&cluster);
}
