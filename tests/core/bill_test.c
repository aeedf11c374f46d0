/*
 * The bill: each number rounded once, idle what is left, Fargate by vCPU-seconds and GB-seconds, a minute at least.
 */
#include "core/bill.h"

#include "capacity_steps.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define HOUR (3600 * USEC_PER_SEC)

static void begin(void)
{
    steps_begin(0);
}

TestSuite(bill, .init = begin, .fini = steps_finish);

static const struct bill *end_run(void)
{
    struct message end = message_new(MESSAGE_END);
    const struct message *said;

    steps_step(&end);
    said = steps_said(MESSAGE_BILL, 0);
    cr_assert(said != NULL, "there is a bill");
    return &said->as.bill;
}

/* $0.36 an hour: half of it used for half an hour each by memory, CPU counts nine times a GiB. */
Test(bill, what_tasks_do_not_use_is_idle)
{
    const struct provider_share share[] = {{0, 0, 1}};
    const struct bill *bill;
    int64_t used = 0;

    capacity_provider("p", capacity_group(GROUP_AUTO_SCALING, 0, 1, 1, 0));
    capacity_register_all();
    capacity_run(steps_define(512, false), 1, share, 1);
    steps_until(HOUR);
    bill = end_run();
    cr_expect(bill->nanos == 360000000, "%lld", (long long)bill->nanos);
    cr_assert(bill->n_providers == 1 && bill->providers[0].n_instances == 1);
    cr_expect(bill->providers[0].instance_usec == HOUR);
    for (int i = 0; i < bill->n_services; i++)
        used += bill->services[i].nanos;
    cr_expect(llabs(used + bill->idle_nanos - bill->nanos) <= 1, "what is not idle is used");
    cr_assert(bill->n_hours == 1 && bill->hours[0].hour == 0);
    cr_expect(bill->hours[0].nanos == bill->nanos);
}

/* A short life is billed as a minute, per instance. */
Test(bill, a_minute_at_least)
{
    capacity_group(GROUP_AUTO_SCALING, 0, 3, 3, 0);
    steps_until(USEC_PER_SEC);
    cr_expect(end_run()->nanos == 3 * 360000000 / 60);
}

/* 256 CPU units and 512 MiB: a quarter of the vCPU's price and half of the GiB's, from its arrival on. */
Test(bill, fargate_by_vcpu_and_gib)
{
    const struct provider_share share[] = {{0, 0, 1}};
    int group = capacity_group(GROUP_FARGATE, 0, 0, 0, 0);
    const struct bill *bill;

    scheduler.cluster.groups[group].spec.price_gib = 40000000;
    capacity_provider("FARGATE", group);
    capacity_run(capacity_fargate_definition(), 1, share, 1);
    steps_until(HOUR);
    capacity_register_all();
    steps_until(3 * HOUR);
    bill = end_run();
    cr_expect(bill->nanos == 2 * (360000000 / 4 + 40000000 / 2), "%lld", (long long)bill->nanos);
    cr_expect(bill->idle_nanos == 0, "its task pays all of it");
    cr_expect(bill->n_hours == 2 && bill->hours[0].hour == 1);
}

Test(bill, without_prices_there_is_none)
{
    struct message end = message_new(MESSAGE_END);
    int group = capacity_group(GROUP_AUTO_SCALING, 0, 1, 1, 0);

    for (int i = 0; i < scheduler.cluster.n_instances; i++)
        scheduler.cluster.instances[i].rate = 0;
    cr_assert(group >= 0);
    steps_until(HOUR);
    steps_step(&end);
    cr_expect(steps_said(MESSAGE_BILL, 0) == NULL);
}
