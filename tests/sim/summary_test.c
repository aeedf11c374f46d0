/*
 * The picture of a run: what its bars and remarks say of a run that was really simulated, and that
 * it fits the screen however big the run.
 */
#include "file/summary.h"
#include "nearby.h"
#include "sim.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct scenario *parse(const char *text)
{
    char *copy = strdup(text);
    struct findings findings = {0};
    struct scenario *scenario;

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    scenario = scenario_parse(copy, "test.json", &findings);
    cr_assert(scenario != NULL, "%s", findings.n_list ? findings.list[0].text : text);
    findings_finish(&findings);
    free(copy);
    return scenario;
}

/* Everything the summary says of the scenario; free() it. */
static char *picture(const char *text, int *unplaced)
{
    struct scenario *scenario = parse(text);
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct err err = {0};
    size_t length;
    char *out;
    FILE *file = open_memstream(&out, &length);

    options.tell = true;
    cr_assert(sim_run(scenario, &options, &result, &err), "%s", err.text);
    summary_title(file, scenario, "SIMULATED");
    summary_bars(file, scenario, &result.story, options.seed);
    *unplaced = summary_unplaced(file, &result.story);
    summary_unsimulated(file, scenario);
    summary_expect(file, scenario, &result.story);
    nearby_warn(file, scenario, &result.story);
    fclose(file);
    sim_result_finish(&result);
    scenario_destroy(scenario);
    return out;
}

/* The line that begins with that label, to its end. */
static const char *row(const char *text, const char *label)
{
    static char line[256];
    const char *at = strstr(text, label);

    cr_assert(at != NULL, "no row %s in:\n%s", label, text);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    return line;
}

static void assert_row(const char *text, const char *label, const char *says)
{
    cr_assert(strstr(row(text, label), says) != NULL, "%s does not say %s:\n%s", label, says, text);
}

#define HEAD                                                                                       \
    "{'berth': 'scenario/1', 'title': 'A test', "                                                  \
    "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"                       \
    "'images': {'x': {'size': '1MiB'}},"
#define TASK(family, cpu, members)                                                                 \
    "{'family': '" family "', " cpu "'containerDefinitions': [{'name': 'c', 'image': 'x',"         \
    "'cpu': 200, 'memory': 100" members "}]}"

Test(summary, tells_the_first_scenario)
{
    int unplaced;
    char *text = picture(
        HEAD
        "'instances': [{'type': 'box', 'count': 2, 'zones': ['a', 'b']}], 'taskDefinitions': "
        "[" TASK("web", "", "") ", " TASK(
            "job", "",
            "") "],"
                "'behaviour': {'web/c': {'ready': '300ms', 'idle': 'forever'},"
                " 'job/c': {'work': '2s', 'idle': '0s'}},"
                "'services': [{'serviceName': 'web', 'taskDefinition': 'web', 'desiredCount': 4}],"
                "'timeline': [{'at': '5s', 'runTask': {'taskDefinition': 'job', 'count': 3}},"
                " {'at': '6s', 'fault': {'killTask': 't1'}}], 'until': '15s',"
                "'expect': [{'at': 'end', 'service': 'web', 'running': 4},"
                " {'at': 'end', 'service': 'web', 'running': 3}, {'task': 't1', 'instance': "
                "'i2'}]}",
        &unplaced);

    assert_row(text, "A test", "SIMULATED");
    assert_row(text, "i1 zone a", "");
    assert_row(text, "   t1   web", "=x");
    assert_row(text, "   t1   web", "killed by the scenario");
    assert_row(text, "   t5   job", "shared CPU");
    assert_row(text, "   t5   job", "shared CPU");
    assert_row(text, "   t7   job", "2 s of work");
    assert_row(text, "   t8   web", "replaces t1, ready after ");
    assert_row(text, "expect", "1 of 3 hold");
    assert_row(text, "   FAILED", "4 running");
    assert_row(strstr(text, "   FAILED") + 1, "   FAILED", "it is on i1");
    cr_assert(unplaced == 0);
    free(text);
}

Test(summary, names_each_end_by_its_cause)
{
    int unplaced;
    char *text = picture(
        HEAD "'instances': '3xbox', 'taskDefinitions': [" TASK("oom", "", "") "," TASK(
            "bad", "",
            "") ", " TASK("slow", "'cpu': '256', 'memory': '200', ",
                          "") "," TASK("stay", "",
                                       "") "],"
                                           "'behaviour': {'oom/c': {'memory': '200MiB'}, 'bad/c': "
                                           "{'idle': '1s', 'exit': 3},"
                                           " 'slow/c': {'work': '1s', 'idle': '0s'}, 'stay/c': "
                                           "{'idle': 'forever'}},"
                                           "'timeline': [{'at': '5s', 'runTask': "
                                           "{'taskDefinition': 'oom'}},"
                                           "{'at': '5s', 'runTask': {'taskDefinition': 'bad'}},"
                                           "{'at': '5s', 'runTask': {'taskDefinition': 'slow'}},"
                                           "{'at': '5s', 'runTask': {'taskDefinition': 'stay', "
                                           "'count': 9}},"
                                           "{'at': '12s', 'stopTask': {'task': 't4'}},"
                                           "{'at': '15s', 'fault': {'killInstance': 'i3'}}], "
                                           "'until': '20s'}",
        &unplaced);

    assert_row(text, "   t1   oom", "c ran out of memory (exit 137)");
    assert_row(text, "   t2   bad", "c exited with 3");
    assert_row(text, "   t3   slow", "1 s of work took 3.9");
    assert_row(text, "   t4   stay", "stopped by StopTask");
    assert_row(text, "i3", "lost");
    cr_assert(strstr(text, "killed by the scenario") != NULL);
    free(text);
}

Test(summary, says_loudly_what_found_no_room)
{
    int unplaced;
    char *text = picture(
        HEAD "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a", "",
            "") "],"
                "'behaviour': {'a/c': {'idle': 'forever'}},"
                "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 9}],"
                "'timeline': [{'at': '3s', 'runTask': {'taskDefinition': 'a', 'count': 3}}],"
                "'until': '9s'}",
        &unplaced);

    assert_row(text, "REFUSED", "3 tasks");
    assert_row(text, "REFUSED", "nearest is i1, which lacks 176 CPU units (RESOURCE:CPU)");
    assert_row(text, "WAITING", "service s lacks 4 of 9 tasks");
    cr_assert(unplaced == 7, "%d", unplaced);
    free(text);
}

/* A service that waited but found room later waits no more. */
Test(summary, forgets_who_found_room_in_the_end)
{
    int unplaced;
    char *text =
        picture(HEAD "'instances': '1xbox', 'taskDefinitions': [" TASK(
                    "a", "",
                    "") "],"
                        "'behaviour': {'a/c': {'idle': '2s'}},"
                        "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'a', 'count': 5}},"
                        "{'at': '2s', 'createService': {'serviceName': 's', 'taskDefinition': 'a',"
                        " 'desiredCount': 2}}], 'until': '30s'}",
                &unplaced);

    cr_assert(strstr(text, "WAITING") == NULL && unplaced == 0, "%s", text);
    free(text);
}

Test(summary, warns_of_what_is_nearly_at_once)
{
    int unplaced;
    char *text = picture(
        HEAD "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a", "",
            "") "],"
                "'behaviour': {'a/c': {'idle': '2s'}}, 'costs': {'pull': '0s', 'create': '0s',"
                " 'start': '0s', 'message': '0s', 'pullPerSecond': '1GiB'},"
                "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'a'}},"
                "{'at': '3.1s', 'runTask': {'taskDefinition': 'a'}},"
                "{'at': '20s', 'runTask': {'taskDefinition': 'a'}},"
                "{'at': '20s', 'runTask': {'taskDefinition': 'a'}},"
                "{'at': '20.2s', 'fault': {'killTask': 't3'}}], 'until': '30s'}",
        &unplaced);

    assert_row(text, "test.json:1: warning: RunTask at 3.1", "the end of t1 at 3.0");
    assert_row(text, "test.json:1: warning: RunTask at 20.0", "killTask at 20.2");
    cr_assert(strstr(text, "RunTask at 20.000 s and RunTask") == NULL, "the file's order holds");
    free(text);
}

/* Tasks that no capacity came for are gone at the end, and are told all the same. */
Test(summary, tells_what_was_given_up_waiting_for_capacity)
{
    int unplaced;
    char *text = picture(
        HEAD "'rules': {'provisioningTimeout': '10m'}, 'launchTemplates': {'boxes': 'box'},"
             "'autoScalingGroups': [{'AutoScalingGroupName': 'g', 'MinSize': 0, 'MaxSize': 2, "
             "'LaunchTemplate': {'LaunchTemplateName': 'boxes'}}], 'capacityProviders': [{'name': "
             "'p', 'autoScalingGroupProvider': {'autoScalingGroupArn': 'g', 'managedScaling': "
             "{'status': 'ENABLED'}}}], 'defaultCapacityProviderStrategy': [{'capacityProvider': "
             "'p', 'weight': 1}], 'taskDefinitions': [{'family': 'huge', 'containerDefinitions': "
             "[{'name': 'c', 'image': 'x', 'cpu': 2048, 'memory': 100}]}], 'services': "
             "[{'serviceName': 's', 'taskDefinition': 'huge', 'desiredCount': 1}], 'timeline': "
             "[{'at': '1m', 'runTask': {'taskDefinition': 'huge', 'count': 4}}], 'until': '20m'}",
        &unplaced);

    assert_row(text, "GAVE UP  from 660 s", "RunTask huge, 4 tasks stopped: no capacity came");
    assert_row(text, "GAVE UP  from 600 s", "service s, 1 task stopped: no capacity came");
    assert_row(text, "WAITING", "service s lacks 1 of 1 tasks");
    cr_assert_eq(unplaced, 4 + 1);
    free(text);
}

Test(summary, fits_the_screen_however_big_the_run)
{
    int unplaced, lines = 0;
    char *text = picture(
        "{'berth': 'scenario/1', 'title': 'A long title that has quite a lot to say about itself "
        "and goes on', 'instances': '60xm5.large', 'taskDefinitions': [" TASK(
            "a-family-with-a-very-long-name-indeed", "",
            "") "],"
                "'behaviour': {'a-family-with-a-very-long-name-indeed/c': {'idle': '100s'}},"
                "'services': [{'serviceName': 's',"
                " 'taskDefinition': 'a-family-with-a-very-long-name-indeed', 'desiredCount': 500}],"
                "'until': '1000s'}",
        &unplaced);

    for (const char *line = text; *line; line += strcspn(line, "\n") + 1, lines++)
        cr_assert(lines == 0 || strcspn(line, "\n") <= SUMMARY_COLUMNS, "%s", line);
    cr_assert(lines <= SUMMARY_ROWS + 8, "%d lines", lines);
    cr_assert(strstr(text, "\n... and 54 more instances, ") != NULL, "%s", text);
    free(text);
}

Test(summary, durations_read_well)
{
    static const struct {
        int64_t usec;
        const char *text;
    } cases[] = {{0, "0 s"},        {15000000, "15 s"},   {500000, "0.50 s"}, {1234567, "1.23 s"},
                 {1250, "1.25 ms"}, {98765432, "98.8 s"}, {7, "0.01 ms"}};
    char text[32];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(summary_duration(cases[i].usec, text, sizeof text), cases[i].text);
}

/* Roles and secrets are read, and named once. */
Test(summary, names_what_is_not_simulated)
{
    int unplaced;
    char *text =
        picture("{'berth': 'scenario/1', 'taskDefinitions': [{'family': 'a', "
                "'taskRoleArn': 'r', 'containerDefinitions': [{'name': 'a', 'image': 'i', "
                "'memory': 8, 'secrets': [{'name': 'A', 'valueFrom': 'x'}]}, {'name': 'b', "
                "'image': 'i', 'memory': 8, 'secrets': [{'name': 'A', 'valueFrom': "
                "'x'}]}]}], 'timeline': [{'at': '0s', 'runTask': {'taskDefinition': 'a'}}]}",
                &unplaced);

    cr_expect_str_eq(row(text, "noted"), "noted    not simulated: taskRoleArn, secrets   (berth "
                                         "validate -v says where)");
    free(text);
}
