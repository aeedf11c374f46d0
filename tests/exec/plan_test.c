/*
 * From a scenario to what a machine can do: which image, which limits, how much work.
 */
#include "exec/plan.h"

#include "file/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] =
    "{ 'berth': 'scenario/1',"
    "  'instanceTypes': { 'box': { 'vcpu': 2, 'memory': '1GiB' } }, 'instances': '1xbox',"
    "  'images': { 'here': { 'oci': 'img' }, 'there': { 'oci': 'gone' }, 'mine': { 'oci': 'own' } "
    "},"
    "  'taskDefinitions': ["
    "    { 'family': 'quota', 'cpu': '512', 'memory': '256', 'containerDefinitions': ["
    "        { 'name': 'a', 'image': 'here', 'cpu': 100, 'memory': 64, 'memoryReservation': 32,"
    "          'command': ['sh', '-c', 'true'], 'environment': [{'name': 'X', 'value': 'y'}] },"
    "        { 'name': 'b', 'image': 'there' } ] },"
    "    { 'family': 'shares', 'containerDefinitions': ["
    "        { 'name': 'a', 'image': 'here', 'cpu': 100, 'memory': 64 },"
    "        { 'name': 'b', 'image': 'unknown', 'memory': 64 },"
    "        { 'name': 'c', 'image': 'mine', 'memory': 64 } ] } ],"
    "  'behaviour': { 'shares/a': { 'work': { 'exponential': { 'mean': '2s' } }, 'memory': '48MiB',"
    "                               'idle': 'forever', 'exit': 4 } },"
    "  'timeline': [ { 'at': '1s', 'runTask': { 'taskDefinition': 'quota' } } ], 'until': '2s' }";

static char folder[] = "/tmp/berth-plan-XXXXXX";
static struct scenario *scenario;
static struct plans plans;

static void make_layout(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(mkdir(path, 0755) == 0);
    snprintf(path, sizeof path, "%s/%s/oci-layout", folder, name);
    fclose(fopen(path, "w"));
}

static void set_up(void)
{
    struct findings findings = {0};
    char path[256], images[256];
    FILE *file;

    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    make_layout("img");
    snprintf(images, sizeof images, "%s/images", folder);
    cr_assert(mkdir(images, 0755) == 0);
    make_layout("images/own");
    make_layout("images/img");
    snprintf(path, sizeof path, "%s/s.json", folder);
    file = fopen(path, "w");
    for (const char *c = text; *c; c++) {
        fputc(*c == '\'' ? '"' : *c, file);
    }
    fclose(file);
    scenario = scenario_load(path, &(struct scenario_options){0}, &findings);
    cr_assert(scenario != NULL, "%s", findings.n_list > 0 ? findings.list[0].text : "");
    findings_finish(&findings);
    plans_make(&plans, scenario, (struct scale){1, 4}, 7, images);
}

static void tear_down(void)
{
    char command[256];

    plans_finish(&plans);
    scenario_destroy(scenario);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(system(command) == 0);
}

TestSuite(plan, .init = set_up, .fini = tear_down);

/* Beside the scenario first, then among the program's own; a stand-in where there is none. */
Test(plan, images)
{
    const struct plan_container *quota = plans.list[0].containers;
    const struct plan_container *shares = plans.list[1].containers;
    char path[256];

    snprintf(path, sizeof path, "%s/img", folder);
    cr_expect(quota[0].layout && strcmp(quota[0].layout, path) == 0, "%s", quota[0].layout);
    snprintf(path, sizeof path, "%s/images/own", folder);
    cr_expect(shares[2].layout && strcmp(shares[2].layout, path) == 0, "%s", shares[2].layout);
    cr_expect(quota[1].layout == NULL && shares[1].layout == NULL);
    cr_expect(!quota[0].performs, "no behaviour is given: the image's own program");
    cr_expect(shares[0].performs, "a behaviour is given");
    cr_expect(quota[1].performs, "a stand-in has nothing else to do");
}

Test(plan, limits)
{
    const struct plan *quota = &plans.list[0], *shares = &plans.list[1];
    struct cgroup_limits limits = plans_instance_limits(&plans, &scenario->types[0]);

    cr_expect(quota->quota_cpu == 128 && quota->weight_cpu == 0, "a task's cpu is a ceiling");
    cr_expect(quota->memory_bytes == 64 << 20);
    cr_expect(shares->quota_cpu == 0 && shares->memory_bytes == 0);
    cr_expect(shares->weight_cpu == 100 + 2 + 2, "without it, the sum of the containers' weights");
    cr_expect(quota->containers[0].weight_cpu == 100, "weights are relative: never scaled");
    cr_expect(quota->containers[1].weight_cpu == 2, "the least there is");
    cr_expect(quota->containers[0].memory_bytes == 16 << 20);
    cr_expect(quota->containers[0].reserved_bytes == 8 << 20);
    cr_expect(quota->containers[1].memory_bytes == 0);
    cr_expect(limits.quota_cpu == 512 && limits.memory_bytes == 256 << 20);
    cr_expect(quota->containers[0].n_command == 3);
    cr_expect(strcmp(quota->containers[0].environment[0].text, "X=y") == 0);
}

Test(plan, duties_are_drawn_by_task)
{
    int64_t first = 0;

    for (int task = 0; task < 20; task++) {
        struct duty duty = plans_duty(&plans, task, 1), again = plans_duty(&plans, task, 1);
        int64_t whole = distribution_sample(&scenario->taskdefs[1].behaviours[0].work, 7, DRAW_WORK,
                                            (int64_t)task * 16, 0);

        cr_assert(duty.n_containers == 3 && duty.task == task && duty.taskdef == 1);
        cr_expect(duty.containers[0].work_usec == whole / 4, "the simulation's draw, scaled");
        cr_expect(duty.containers[0].work_usec == again.containers[0].work_usec);
        cr_expect(duty.containers[0].memory_bytes == 12 << 20);
        cr_expect(duty.containers[0].idle_usec == INT64_MAX && duty.containers[0].exit_code == 4);
        cr_expect(duty.containers[1].idle_usec == 10 * USEC_PER_SEC, "the default: 10 s idle");
        cr_expect(task == 0 || duty.containers[0].work_usec != first, "each task its own");
        first = task == 0 ? duty.containers[0].work_usec : first;
        free(duty.containers);
        free(again.containers);
    }
}
