/*
 * Strategies: every prefix of the tasks is as near to base and weights as it can be, a service keeps its
 * strategy or gets another one, and what ECS refuses is refused.
 */
#include "capacity_steps.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void set_limit(int32_t limit)
{
    struct message rules = message_new(MESSAGE_RULES);

    rules.as.rules = scheduler.rules;
    rules.as.rules.provisioning_limit = limit;
    steps_step(&rules);
}

static void begin(void)
{
    steps_begin(0);
    set_limit(100000);
    capacity_provider("p", capacity_group(GROUP_AUTO_SCALING, 0, 0, 9, 0));
    capacity_provider("q", capacity_group(GROUP_AUTO_SCALING, 0, 0, 9, 0));
    capacity_provider("FARGATE", capacity_group(GROUP_FARGATE, 0, 0, 0, 0));
}

TestSuite(capacity, .init = begin, .fini = steps_finish);

/* base, then weights a and b; wanted of `tasks`: so many go to the first. */
Test(capacity, base_first_then_by_weight)
{
    static const struct {
        int base, a, b, tasks, first;
    } rows[] = {
        {2, 1, 3, 10, 4}, {0, 1, 4, 10, 2}, {0, 1, 1, 3, 2},  {5, 0, 1, 10, 5},
        {0, 0, 1, 4, 0},  {0, 3, 1, 4, 3},  {10, 1, 1, 4, 4}, {1, 1000, 1, 9, 9},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct provider_share shares[] = {{0, rows[i].base, rows[i].a}, {1, 0, rows[i].b}};
        int taskdef = steps_define(64, false), before = capacity_count(0);

        capacity_run(taskdef, rows[i].tasks, shares, 2);
        cr_expect(capacity_count(0) - before == rows[i].first, "row %zu: %d", i,
                  capacity_count(0) - before);
    }
}

/* No prefix is off by a whole task from its proportion. */
Test(capacity, every_prefix_is_proportional)
{
    for (int a = 1; a <= 5; a++) {
        for (int b = 1; b <= 5; b++) {
            const struct provider_share shares[] = {{0, 0, a}, {1, 0, b}};
            int before = capacity_count(0), taskdef = steps_define(64, false);

            for (int n = 1; n <= 10; n++) {
                int got;

                before = capacity_count(0);
                capacity_run(taskdef, n, shares, 2);
                got = capacity_count(0) - before;
                cr_expect(abs(got * (a + b) - n * a) < a + b, "%d:%d, %d of %d", a, b, got, n);
            }
        }
    }
}

Test(capacity, what_is_unsound_is_refused)
{
    static const struct provider_share rows[][2] = {
        {{0, 0, 0}, {1, 0, 0}}, /* no weight */
        {{0, 1, 1}, {1, 1, 1}}, /* two bases */
        {{0, 0, 1}, {0, 0, 1}}, /* one provider twice */
        {{0, 0, 1}, {9, 0, 1}}, /* no such provider */
        {{0, 0, 1}, {2, 0, 1}}, /* a group beside Fargate */
        {{0, -1, 1}, {1, 0, 1}},     {{0, 0, -1}, {1, 0, 1}},
        {{0, 100001, 1}, {1, 0, 1}}, {{0, 0, 1001}, {1, 0, 1}},
    };
    int taskdef = steps_define(64, false);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        capacity_run(taskdef, 1, rows[i], 2);
        cr_expect(steps_count(MESSAGE_REFUSE) == 1, "row %zu", i);
    }
    cr_expect(scheduler.cluster.n_tasks == 0);
}

Test(capacity, fargate_wants_to_know_a_tasks_size)
{
    const struct provider_share fargate[] = {{2, 0, 1}};
    int sized = capacity_fargate_definition(), unsized = steps_define(64, false);
    struct message create = steps_service("s", sized, 1), update;

    capacity_run(unsized, 1, fargate, 1);
    cr_expect(steps_count(MESSAGE_REFUSE) == 1);
    create.as.create_service.n_providers = 1;
    create.as.create_service.providers = (struct provider_share *)(uintptr_t)fargate;
    steps_create(&create);
    update = message_new(MESSAGE_UPDATE_SERVICE);
    update.as.update_service.service = 0;
    update.as.update_service.taskdef = unsized;
    steps_step(&update);
    cr_expect(steps_count(MESSAGE_REFUSE) == 1, "nor does an update forget it");
    update.as.update_service.taskdef = sized;
    update.as.update_service.force = true;
    steps_step(&update);
    cr_expect(steps_count(MESSAGE_REFUSE) == 0);
}

static void create(int taskdef, int desired, const struct provider_share *shares, int n)
{
    struct message call = steps_service("s", taskdef, desired);

    call.as.create_service.n_providers = n;
    call.as.create_service.providers = (struct provider_share *)(uintptr_t)shares;
    steps_create(&call);
}

/* What still waits of the old deployment goes; the new one's tasks are split as the old one's were. */
Test(capacity, a_new_deployment_has_all_shares)
{
    const struct provider_share shares[] = {{0, 0, 0}, {1, 0, 1}};
    struct message update = message_new(MESSAGE_UPDATE_SERVICE);

    create(steps_define(64, false), 4, shares, 2);
    cr_assert(capacity_count(0) == 0 && capacity_count(1) == 4);
    update.as.update_service.service = 0;
    update.as.update_service.force = true;
    steps_step(&update);
    cr_expect(steps_count(MESSAGE_REFUSE) == 0);
    cr_expect(capacity_count(0) == 0);
    cr_expect(capacity_count(1) == 4, "%d", capacity_count(1));
    cr_expect(scheduler.cluster.n_tasks == 8);
}

Test(capacity, a_service_gets_another_strategy)
{
    const struct provider_share first[] = {{0, 0, 1}}, second[] = {{1, 1, 1}, {0, 0, 1}};
    struct message update = message_new(MESSAGE_UPDATE_SERVICE);

    create(steps_define(64, false), 4, first, 1);
    update.as.update_service.service = 0;
    update.as.update_service.n_providers = 2;
    update.as.update_service.providers = (struct provider_share *)(uintptr_t)second;
    steps_step(&update);
    cr_expect(capacity_count(0) == 1 && capacity_count(1) == 3, "%d, %d", capacity_count(0),
              capacity_count(1));
}

Test(capacity, without_a_strategy_the_clusters_default_counts)
{
    const struct provider_share shares[] = {{1, 0, 1}};
    struct message put = message_new(MESSAGE_PUT_CLUSTER_PROVIDERS);
    int taskdef = steps_define(64, false);

    put.as.put_cluster_providers.n_strategy = 1;
    put.as.put_cluster_providers.strategy = (struct provider_share *)(uintptr_t)shares;
    steps_step(&put);
    capacity_run(taskdef, 3, NULL, 0);
    cr_expect(capacity_count(1) == 3);
    put = message_new(MESSAGE_RUN_TASK);
    put.as.run_task.taskdef = taskdef;
    put.as.run_task.count = 1;
    put.as.run_task.launch_type_ec2 = true;
    steps_step(&put);
    cr_expect(capacity_count(1) == 3, "launchType EC2 is no strategy");
    cr_expect(steps_count(MESSAGE_REFUSE) == 1, "and finds no instance");
}

Test(capacity, so_many_may_wait_for_groups)
{
    const struct provider_share shares[] = {{0, 0, 1}}, fargate[] = {{2, 0, 1}};
    int taskdef = steps_define(64, false), far = capacity_fargate_definition();

    set_limit(3);
    capacity_run(taskdef, 5, shares, 1);
    cr_expect(capacity_count(0) == 3);
    capacity_run(far, 5, fargate, 1);
    cr_expect(capacity_count(2) == 5, "Fargate's are not counted");
}
