/*
 * Strategies of one's own: what they see, how their scores decide, and that they stand beside ECS's
 * rules like any other.
 */
#include "core/cluster_moves.h"
#include "core/place.h"
#include "core/strategies.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define OWN(strategy)                                                                              \
    {                                                                                              \
        .type = STRATEGY_OWN, .name = strategy                                                     \
    }

/* As a message holds it. */
static struct strategy_rule best_fit = OWN("best-fit"), worst_fit = OWN("worst-fit"),
                            first_fit = OWN("first-fit");
static struct strategy_rule spread_instance = {.type = STRATEGY_SPREAD, .field = BY_INSTANCE};

Test(strategies, every_row_can_be_named)
{
    cr_assert(strategies[0].name != NULL);
    for (const struct strategy *own = strategies; own->name; own++) {
        cr_expect(own->score != NULL && own->about != NULL && own->about[0], "%s", own->name);
        cr_expect(strategies_find(own->name) == own, "%s stands twice", own->name);
        cr_expect(!strpbrk(own->name, "+, "), "%s: berth tournament could not read it", own->name);
        for (int i = 0; strategy_type_names[i]; i++)
            cr_expect(strcmp(strategy_type_names[i], own->name) != 0, "%s is ECS's", own->name);
    }
    cr_expect(strategies_find("worst-fi") == NULL && strategies_find(NULL) == NULL);
}

/* Zone, CPU, memory and how many tasks of 100 CPU units and 100 MiB of the group and of others. */
static const struct {
    const char *zone;
    int cpu, memory_mib, n_own, n_other;
} boxes[] = {
    {"a", 1000, 1000, 2, 1},
    {"b", 1000, 2000, 0, 4},
    {"a", 2000, 1000, 3, 0},
    {NULL, 500, 500, 0, 0},
};

#define N_BOXES ((int)(sizeof boxes / sizeof boxes[0]))

static int make_boxes(struct cluster *cluster, struct strategy_rule *rules, int n_rules,
                      int *service)
{
    int small, own, other, other_service;

    cluster_init(cluster, 1);
    small = fixture_taskdef(cluster, "small", 100, 100, 0);
    own = fixture_service(cluster, "own", small, rules, n_rules, service);
    other = fixture_service(cluster, "other", small, NULL, 0, &other_service);
    for (int b = 0; b < N_BOXES; b++) {
        int box = fixture_instance(cluster, boxes[b].zone, boxes[b].cpu, boxes[b].memory_mib);

        fixture_tasks(cluster, own, small, box, boxes[b].n_own);
        fixture_tasks(cluster, other, small, box, boxes[b].n_other);
    }
    return own;
}

Test(strategies, the_view_counts)
{
    struct cluster cluster;
    struct strategy_view view = {.cluster = &cluster};
    int service, own = make_boxes(&cluster, NULL, 0, &service);
    const int in_zone[] = {5, 0, 5, 0};

    view.task_group = cluster.requests[own].task_group;
    cr_assert(view_n_instances(&view) == N_BOXES);
    for (int b = 0; b < N_BOXES; b++) {
        int n = boxes[b].n_own + boxes[b].n_other;

        cr_expect(view_is_active(&view, b));
        cr_expect(view_cpu(&view, b) == boxes[b].cpu, "i%d", b + 1);
        cr_expect(view_free_cpu(&view, b) == boxes[b].cpu - 100 * n, "i%d", b + 1);
        cr_expect(view_memory_mib(&view, b) == boxes[b].memory_mib, "i%d", b + 1);
        cr_expect(view_free_memory_mib(&view, b) == boxes[b].memory_mib - 100 * n, "i%d", b + 1);
        cr_expect(view_tasks(&view, b) == n, "i%d", b + 1);
        cr_expect(view_group_tasks(&view, b) == boxes[b].n_own, "i%d", b + 1);
        cr_expect(view_group_tasks_in_zone(&view, b) == in_zone[b], "i%d", b + 1);
        cr_expect_str_eq(view_zone(&view, b), boxes[b].zone ? boxes[b].zone : "");
        cr_expect(view_attribute(&view, b, "colour") == NULL);
        cr_expect_str_eq(view_attribute(&view, b, "ecs.instance-type"), "box");
    }
    cluster.instances[1].status = INSTANCE_DRAINING;
    cr_expect(!view_is_active(&view, 1));
    cluster_finish(&cluster);
}

/*
 * A task of 200 CPU units and 100 MiB. Shares of CPU and memory that would be taken, in thousandths:
 * i1 500 400, i2 600 250, i3 250 400, i4 400 200.
 */
Test(strategies, the_highest_score_wins)
{
    const struct {
        const char *name;
        struct strategy_rule rules[2];
        int n_rules, cpu, memory_mib;
        int instance, rule;
        int64_t scores[N_BOXES];
    } rows[] = {
        {"dominant share", {best_fit}, 1, 200, 100, 1, 0, {500, 600, 400, 400}},
        {"both counted", {worst_fit}, 1, 200, 100, 3, 0, {550, 575, 675, 700}},
        {"those that fit alone", {worst_fit}, 1, 500, 100, 2, 0, {400, 425, 600, 400}},
        {"no score tells", {first_fit}, 1, 200, 100, 0, 1, {0, 0, 0, 0}},
        {"the next rule decides", {first_fit, best_fit}, 2, 200, 100, 1, 1, {0, 0, 0, 0}},
        {"ECS's rule first", {spread_instance, worst_fit}, 2, 200, 100, 3, 1, {2, 0, 3, 0}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strategy_rule rules[2] = {rows[i].rules[0], rows[i].rules[1]};
        struct cluster cluster;
        struct place_table table;
        int service, own = make_boxes(&cluster, rules, rows[i].n_rules, &service);
        int wanted = fixture_taskdef(&cluster, "wanted", rows[i].cpu, rows[i].memory_mib, 0);
        struct placement placement = place_task(&cluster, own, wanted, cluster.n_tasks);

        cr_expect(placement.instance == rows[i].instance, "%s: i%d", rows[i].name,
                  placement.instance + 1);
        cr_expect(placement.rule == rows[i].rule, "%s: rule %d", rows[i].name, placement.rule);
        place_explain(&cluster, own, wanted, cluster.n_tasks, &table);
        for (int b = 0; b < N_BOXES; b++) {
            int64_t sign = rules[0].type == STRATEGY_OWN ? -1 : 1;

            if (table.reasons[b] == PLACE_FITS)
                cr_expect(sign * table.values[b] == rows[i].scores[b], "%s: i%d has %lld",
                          rows[i].name, b + 1, (long long)table.values[b]);
        }
        place_table_finish(&table);
        cluster_finish(&cluster);
    }
}

Test(strategies, the_lowest_score_loses_its_task)
{
    struct cluster cluster;
    struct strategy_rule rules[1] = {best_fit};
    int service, victim;

    make_boxes(&cluster, rules, 1, &service); /* best-fit gives i1 400, i3 400: equals */
    cluster_stop(&cluster, cluster_newest_on(&cluster, &cluster.instances[2]),
                 STOP_NONE); /* now i3 has 300 */
    victim = place_victim(&cluster, service, ID_NONE);
    cr_assert(cluster.tasks[victim].instance == 2, "i%d", cluster.tasks[victim].instance + 1);
    cluster_finish(&cluster);
    rules[0] = worst_fit;
    make_boxes(&cluster, rules, 1, &service); /* worst-fit gives i1 600, i3 700 */
    victim = place_victim(&cluster, service, ID_NONE);
    cr_assert(cluster.tasks[victim].instance == 0, "i%d", cluster.tasks[victim].instance + 1);
    cluster_finish(&cluster);
}

/* A hundred instances are enough for the index: it must leave these questions alone. */
Test(strategies, a_large_cluster_is_no_different)
{
    struct strategy_rule rules[1] = {best_fit};
    struct cluster cluster;
    int small, own, service;

    cluster_init(&cluster, 1);
    small = fixture_taskdef(&cluster, "small", 100, 100, 0);
    own = fixture_service(&cluster, "own", small, rules, 1, &service);
    for (int i = 0; i < 100; i++)
        fixture_instance(&cluster, "a", i == 70 ? 500 : 1000, 1000);
    for (int i = 0; i < 7; i++) {
        struct placement placement = place_task(&cluster, own, small, cluster.n_tasks);

        cr_assert(placement.instance == (i < 5 ? 70 : 0), "task %d: i%d", i,
                  placement.instance + 1);
        fixture_tasks(&cluster, own, small, placement.instance, 1);
    }
    cluster_finish(&cluster);
}

Test(strategies, a_call_with_an_unknown_one_is_refused)
{
    struct strategy_rule rules[2] = {best_fit, OWN("of-the-neighbour")};
    struct message call = message_new(MESSAGE_RUN_TASK);
    struct outputs outputs = {0};
    struct scheduler scheduler;

    scheduler_init(&scheduler, 1);
    fixture_instance(&scheduler.cluster, "a", 1000, 1000);
    call.as.run_task =
        (struct run_task){.taskdef = fixture_taskdef(&scheduler.cluster, "small", 100, 100, 0),
                          .count = 1,
                          .n_strategy = 2,
                          .strategy = rules};
    cr_assert_str_eq(strategies_missing(&call), "of-the-neighbour");
    scheduler_step(&scheduler, 0, &call, &outputs);
    cr_assert(outputs.n_messages == 1 && outputs.messages[0].kind == MESSAGE_REFUSE);
    cr_assert(outputs.messages[0].as.refuse.refusal == REFUSED_INVALID);
    call.as.run_task.n_strategy = 1;
    cr_assert(strategies_missing(&call) == NULL);
    outputs.n_messages = 0;
    scheduler_step(&scheduler, 1, &call, &outputs);
    cr_assert(outputs.n_messages == 1 && outputs.messages[0].kind == MESSAGE_PLACE_TASK);
    outputs_finish(&outputs);
    scheduler_finish(&scheduler);
}
