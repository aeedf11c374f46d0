/*
 * Groups of instances: which type and zone the next one has, what replaces a lost one, when a group gives up.
 */
#include "core/group.h"

#include "capacity_steps.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define HOUR (3600 * USEC_PER_SEC)

static void begin(void)
{
    steps_begin(0);
}

TestSuite(group, .init = begin, .fini = steps_finish);

/* Two types beside the first, the last one the cheapest; dollars an hour 0.36, 0.5, 0.2. */
static int mixed_group(int count, int base, int spot_percent, int pools, bool cheapest)
{
    static struct zone zones[1] = {{(char *)"a"}};
    static struct group_type more[2];
    struct message call = message_new(MESSAGE_INSTANCE_GROUP);

    more[0] = (struct group_type){.name = (char *)"large",
                                  .cpu = 2048,
                                  .memory_mib = 2048,
                                  .enis = ID_NONE,
                                  .price = 500000000,
                                  .spot_price = 60000000};
    more[1] = (struct group_type){.name = (char *)"small",
                                  .cpu = 512,
                                  .memory_mib = 512,
                                  .enis = ID_NONE,
                                  .price = 200000000,
                                  .spot_price = 80000000};
    call.as.instance_group = (struct instance_group){.group = scheduler.cluster.n_groups,
                                                     .kind = GROUP_AUTO_SCALING,
                                                     .type = (char *)"box",
                                                     .cpu = 1024,
                                                     .memory_mib = 1024,
                                                     .enis = ID_NONE,
                                                     .price = 360000000,
                                                     .spot_price = 90000000,
                                                     .count = count,
                                                     .maximum = 100,
                                                     .replace = true,
                                                     .on_demand_base = base,
                                                     .spot_percent = spot_percent,
                                                     .spot_pools = pools,
                                                     .cheapest = cheapest,
                                                     .n_more_types = 2,
                                                     .more_types = more,
                                                     .n_zones = 1,
                                                     .zones = zones};
    steps_step(&call);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0);
    return call.as.instance_group.group;
}

static int count_spot(void)
{
    int n = 0;

    for (int i = 0; i < scheduler.cluster.n_instances; i++)
        n += scheduler.cluster.instances[i].spot;
    return n;
}

static void lose(int instance)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);

    lost.as.instance_lost.instance = instance;
    steps_step(&lost);
}

/* Auto Scaling API, InstancesDistribution. */
Test(group, the_base_is_on_demand_and_a_share_of_the_rest_is_spot)
{
    static const struct {
        int count, base, percent, spot;
    } rows[] = {{10, 2, 50, 4}, {10, 0, 100, 10}, {10, 10, 100, 0}, {10, 4, 0, 0}, {9, 1, 75, 6}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mixed_group(rows[i].count, rows[i].base, rows[i].percent, 1, false);
        cr_expect(count_spot() == rows[i].spot, "row %zu: %d", i, count_spot());
        for (int n = 0; n < rows[i].base && n < rows[i].count; n++)
            cr_expect(!scheduler.cluster.instances[n].spot, "row %zu: the first ones", i);
        steps_finish();
        begin();
    }
}

Test(group, on_demand_takes_the_first_type_or_the_cheapest)
{
    mixed_group(1, 1, 0, 1, false);
    cr_expect(scheduler.cluster.instances[0].type == 0);
    mixed_group(1, 1, 0, 1, true);
    cr_expect(scheduler.cluster.instances[1].type == 2, "0.2 of 0.36, 0.5 and 0.2");
    cr_expect(steps_said(MESSAGE_LAUNCH_INSTANCE, 0)->as.launch_instance.cpu == 512);
}

Test(group, spot_takes_the_cheapest_pools_in_turn)
{
    static const int types[] = {1, 2, 1, 2}; /* 0.06 and 0.08, not 0.09 */

    mixed_group(4, 0, 100, 2, false);
    for (int i = 0; i < 4; i++)
        cr_expect(scheduler.cluster.instances[i].type == types[i], "i%d", i + 1);
}

/* The one that is lost leaves its zone with fewest; a fixed group does as an Auto Scaling group does. */
Test(group, a_lost_one_comes_back_in_its_zone)
{
    const enum group_kind kinds[] = {GROUP_FIXED, GROUP_AUTO_SCALING};

    for (int k = 0; k < 2; k++) {
        int first = scheduler.cluster.n_instances, again;

        capacity_group(kinds[k], 0, 4, 8, 0);
        capacity_register_all();
        for (int i = 0; i < 4; i++)
            cr_assert(scheduler.cluster.instances[first + i].zone == i % 2);
        steps_until(now_usec + 60 * USEC_PER_SEC);
        lose(first + 1);
        again = scheduler.cluster.n_instances - 1;
        cr_assert(again == first + 4, "at once");
        cr_expect(scheduler.cluster.instances[again].zone == 1, "kind %d", k);
    }
}

/* As often as it may be tried, and then no more: neither later nor ever. */
Test(group, a_group_whose_instances_never_come_up_is_given_up)
{
    int group = capacity_group(GROUP_FIXED, 0, 1, 1, 0), tries = 0;

    while (tries < 10 * GROUP_TRIES_MAX && scheduler.cluster.n_instances > tries) {
        cr_assert(scheduler.cluster.instances[tries].status == INSTANCE_LAUNCHING);
        lose(tries++);
        steps_until(now_usec + HOUR);
    }
    cr_expect(tries == GROUP_TRIES_MAX, "%d", tries);
    cr_expect(scheduler.cluster.groups[group].given_up);
    cr_expect(scheduler.n_launching == 0 && scheduler.n_up == 0);
}
