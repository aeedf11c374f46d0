/*
 * That what is kept of living tasks only is found where it is another's or nobody's: broken on purpose.
 */
#include "core/check.h"
#include "steps.h"

#include <criterion/criterion.h>
#include <string.h>

static struct cluster *cluster = &scheduler.cluster;

static void run(int n)
{
    struct message event = message_new(MESSAGE_RUN_TASK);

    event.as.run_task.taskdef = 0;
    event.as.run_task.count = n;
    steps_step(&event);
}

/* Of three tasks that ran, t1 has stopped. */
static void begin(void)
{
    steps_begin(2);
    steps_define(64, false);
    run(3);
    steps_run_all();
    steps_report(0, TASK_STOPPED, HEALTH_UNKNOWN);
}

TestSuite(check, .init = begin, .fini = steps_finish);

static void expect_found(const char *words)
{
    char detail[256] = "";
    const char *name = core_check(&scheduler, detail, sizeof detail);

    cr_assert(name != NULL, "nothing found, wanted %s", words);
    cr_expect(strstr(detail, words) != NULL, "%s: %s", name, detail);
}

Test(check, details_are_used_again)
{
    int n = cluster->n_details, last;

    for (int i = 0; i < 100; i++) {
        run(1);
        last = cluster->n_tasks - 1;
        cr_assert(cluster_details(cluster, last)->running_usec == 0, "those of another are left");
        steps_report(last, TASK_RUNNING, HEALTH_UNKNOWN);
        steps_report(last, TASK_STOPPED, HEALTH_UNKNOWN);
    }
    cr_expect(cluster->n_details == n, "%d records for %d tasks at once", cluster->n_details, 3);
}

Test(check, late_reports_about_the_stopped_reach_nobody_else)
{
    run(1); /* takes over what t1 had */
    cr_assert(cluster_details(cluster, 3)->place_is_open);
    steps_report(0, TASK_RUNNING, HEALTH_UNHEALTHY);
    cr_expect(cluster_details(cluster, 3)->place_is_open);
    cr_expect(cluster->tasks[3].last == TASK_PENDING);
    cr_expect(cluster->tasks[0].last == TASK_STOPPED);
}

Test(check, details_of_two_tasks)
{
    int32_t own = cluster->tasks[1].details;

    cluster->tasks[1].details = cluster->tasks[2].details;
    expect_found("t3 has not the details");
    cluster->tasks[1].details = cluster->free_details[0];
    expect_found("records of details");
    cluster->tasks[1].details = DETAILS_OF_NOBODY;
    expect_found("records of details");
    cluster->tasks[1].details = own;
    cluster->tasks[0].details = cluster->free_details[0];
    expect_found("t1 has not the details");
}

Test(check, details_that_say_they_are_of_another)
{
    cluster_open_details(cluster, 1)->task = 2;
    expect_found("t2 has details that say");
}

Test(check, newest_tasks_of_an_instance)
{
    struct instance *instance = cluster->instances;
    int32_t newest;

    run(cluster->n_instances);
    while (instance->n_tasks != 2)
        cr_assert(++instance < cluster->instances + cluster->n_instances);
    newest = cluster_newest_on(cluster, instance);
    instance->newest[instance->n_newest - 1] = ID_NONE;
    expect_found("counts 2 tasks, lists 1");
    instance->newest[instance->n_newest - 1] = 0;
    expect_found("t1 does not belong");
    instance->newest[instance->n_newest - 1] = newest;
    instance->newest[instance->n_newest++] = newest;
    expect_found("lists more than 2 tasks");
    instance->n_newest--;
    cr_assert(core_check(&scheduler, (char[256]){0}, 256) == NULL);
}

Test(check, lists_of_tasks_on_instances)
{
    struct instance *instance = cluster->instances;
    struct task_details *details;
    int32_t older;

    run(cluster->n_instances * (INSTANCE_NEWEST + 2));
    details = &cluster->details[instance->older];
    older = details->older_here;
    cr_assert(older != DETAILS_OF_NOBODY);
    details->older_here = DETAILS_OF_NOBODY;
    expect_found("counts");
    details->older_here = older;
    details->newer_here = older;
    expect_found("does not know the newer one");
    details->newer_here = DETAILS_OF_NOBODY;
    cluster->details[older].older_here = instance->older; /* round in a circle */
    expect_found("does not know the newer one");
}

Test(check, details_of_nobody)
{
    cluster->n_free_details--;
    expect_found("records of details");
}

Test(check, what_is_written_of_the_stopped)
{
    cluster->details[DETAILS_OF_NOBODY].running_usec = 1;
    expect_found("something was written of tasks of which nothing is known");
}
