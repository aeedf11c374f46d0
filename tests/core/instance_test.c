/*
 * What a Spot instance costs whom, when it is taken back.
 */
#include "core/instance.h"

#include "capacity_steps.h"
#include "core/bill.h"

#include <criterion/criterion.h>

#define HOUR (3600 * USEC_PER_SEC)

static void begin(void)
{
    steps_begin(0);
}

TestSuite(instance, .init = begin, .fini = steps_finish);

static void lose(int instance)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);

    lost.as.instance_lost.instance = instance;
    steps_step(&lost);
}

static void warn(int instance)
{
    struct message warning = message_new(MESSAGE_SPOT_WARNING);

    warning.as.spot_warning.instance = instance;
    steps_step(&warning);
}

/* EC2 user guide, billing-for-interrupted-spot-instances: the first hour is for nothing, and only if EC2 ends it. */
Test(instance, spot_that_is_taken_back_in_its_first_hour_costs_nothing)
{
    static const struct {
        int64_t after_usec;
        bool spot, warned;
        int64_t nanos;
    } rows[] = {
        {HOUR / 2, true, true, 0},         {HOUR - 1, true, true, 0},
        {HOUR, true, true, 90000000},      {2 * HOUR, true, true, 180000000},
        {HOUR / 2, true, false, 45000000}, {HOUR / 2, false, true, 180000000},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int group = capacity_group(GROUP_AUTO_SCALING, 0, 1, 1, rows[i].spot ? 100 : 0);

        scheduler.cluster.groups[group].spec.replace = false;
        capacity_register_all();
        steps_run_all();
        steps_until(now_usec + rows[i].after_usec);
        if (rows[i].warned)
            warn(scheduler.cluster.n_instances - 1);
        lose(scheduler.cluster.n_instances - 1);
        cr_expect(bill_nanos(&scheduler) == rows[i].nanos, "row %zu: %lld", i,
                  (long long)bill_nanos(&scheduler));
        steps_finish();
        begin();
    }
}

/* Nor do its tasks pay for it, those that left it before included; where it is billed they pay their part. */
Test(instance, tasks_pay_for_spot_when_it_is_known_whether_it_costs)
{
    for (int late = 0; late < 2; late++) {
        const struct provider_share share[] = {{0, 0, 1}};
        int group = capacity_group(GROUP_AUTO_SCALING, 0, 1, 1, 100);
        int taskdef = steps_define(512, false), instance = scheduler.cluster.n_instances - 1;

        capacity_provider("p", group);
        scheduler.cluster.groups[group].spec.replace = false;
        capacity_register_all();
        capacity_run(taskdef, 2, share, 1);
        steps_run_all();
        cr_assert(scheduler.cluster.instances[instance].n_tasks > 0);
        steps_until(now_usec + HOUR / 4);
        steps_report(0, TASK_STOPPED, HEALTH_UNKNOWN);
        cr_expect(scheduler.cluster.ledger.n_services == 0, "nobody pays yet");
        steps_until(now_usec + (late ? HOUR : HOUR / 4));
        warn(instance);
        lose(instance);
        cr_expect((scheduler.cluster.ledger.n_services > 0) == (late > 0));
        cr_expect(bill_idle_nanos(&scheduler) <= bill_nanos(&scheduler));
        steps_finish();
        begin();
    }
}
