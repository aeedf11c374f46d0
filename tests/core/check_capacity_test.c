/*
 * That the invariants of groups, providers and money are found where they are broken: each is broken on purpose.
 */
#include "capacity_steps.h"
#include "core/check.h"

#include <criterion/criterion.h>
#include <string.h>

static struct cluster *cluster = &scheduler.cluster;

static void begin(void)
{
    const struct provider_share shares[] = {{0, 2, 1}, {1, 0, 3}}, fargate[] = {{2, 0, 1}};

    steps_begin(0);
    capacity_provider("p", capacity_group(GROUP_AUTO_SCALING, 1, 2, 4, 0));
    capacity_provider("q", capacity_group(GROUP_AUTO_SCALING, 1, 2, 4, 100));
    capacity_provider("FARGATE", capacity_group(GROUP_FARGATE, 0, 0, 0, 0));
    capacity_register_all();
    capacity_run(steps_define(64, false), 4, shares, 2);
    capacity_run(capacity_fargate_definition(), 1, fargate, 1);
    capacity_register_all();
    steps_run_all();
}

TestSuite(check_capacity, .init = begin, .fini = steps_finish);

static void expect_found(const char *words)
{
    char detail[256] = "";
    const char *name = core_check(&scheduler, detail, sizeof detail);

    cr_assert(name != NULL, "nothing found, wanted %s", words);
    cr_expect(strstr(detail, words) != NULL, "%s: %s", name, detail);
}

Test(check_capacity, a_sound_cluster_is_sound)
{
    char detail[256] = "";
    const char *name = core_check(&scheduler, detail, sizeof detail);

    cr_assert(name == NULL, "%s: %s", name, detail);
}

Test(check_capacity, counts_of_groups)
{
    cluster->groups[1].n_in++;
    expect_found("keeps 3 instances");
    cluster->groups[1].n_in--;
    cluster->groups[2].n_spot--;
    expect_found("group 2 keeps 2 instances, 1 Spot");
}

Test(check_capacity, bounds_of_groups)
{
    cluster->groups[1].desired = 5;
    expect_found("wants 5 instances, and may have 1 to 4");
    cluster->groups[1].desired = 1;
    expect_found("has 2 instances and wants 1");
}

Test(check_capacity, lists_of_groups)
{
    cluster->groups[1].first_up = cluster->instances[cluster->groups[1].first_up].next_up;
    expect_found("group 1");
}

Test(check_capacity, whom_nobody_waits_for)
{
    cluster->instances[0].leaving = true;
    cluster->groups[cluster->instances[0].group].n_in--;
    expect_found("is to go and nobody waits for it");
}

Test(check_capacity, chains_of_shares)
{
    int first = cluster->requests[cluster->tasks[0].request].chain;

    cluster->requests[cluster->requests[first].next_share].share.base = 1;
    expect_found("2 bases");
}

Test(check_capacity, counts_of_requests)
{
    cluster->requests[cluster->tasks[0].request].n_wanted++;
    expect_found("wanted tasks, recounted");
}

Test(check_capacity, a_micro_vm_has_the_task_it_was_made_for)
{
    cluster->instances[cluster->tasks[4].instance].bound_task = 0;
    expect_found("a micro-VM for t1");
}

Test(check_capacity, nobody_is_billed_twice)
{
    cluster->instances[0].billed = true;
    expect_found("is up and billed");
    cluster->instances[0].billed = false;
    ledger_charge(&cluster->ledger, 0, ID_NONE, 1, 1000, 1, 1);
    cluster->ledger.accounts[1].used = 0;
    expect_found("services pay another sum");
}

Test(check_capacity, hours_are_the_whole)
{
    ledger_bill(&cluster->ledger, 0, 1000, 0, 1000000);
    cluster->ledger.accounts[1].hours[0]--;
    expect_found("its hours are another sum");
}
