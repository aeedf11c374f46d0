/*
 * Lists in files of their own: what counts as a line, and what is said of one that is wrong.
 */
#include "file/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* What is said of a scenario whose load has that file of steps; "" where it is sound. */
static void expect_steps(const char *steps, int n_steps, const char *said)
{
    char folder[] = "/tmp/berth-lines-XXXXXX", path[64], list[64];
    struct findings findings = {0};
    struct scenario *scenario;

    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/s.json", folder);
    snprintf(list, sizeof list, "%s/steps.csv", folder);
    write_file(list, steps);
    write_file(
        path,
        "{\"berth\":\"scenario/1\",\"until\":\"1s\",\"instances\":\"1xm5.large\","
        "\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{\"name\":"
        "\"a\",\"image\":\"x\",\"memory\":64,\"portMappings\":[{"
        "\"containerPort\":80}]}]}],\"targetGroups\":[{\"Name\":\"g\"}],\"services\":[{"
        "\"serviceName\":\"web\",\"taskDefinition\":\"d\",\"desiredCount\":1,\"loadBalancers\":[{"
        "\"targetGroupArn\":\"g\",\"containerName\":\"a\",\"containerPort\":80}]}],"
        "\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":\"steps.csv\"}}]}");
    scenario = scenario_load(path, NULL, &findings);
    if (*said)
        cr_expect(!scenario && findings.n_list == 1 && strstr(findings.list[0].text, said),
                  "%s: %s", said, findings.n_list ? findings.list[0].text : "nothing said");
    else
        cr_expect(scenario && scenario->n_loads == 1 && scenario->loads[0].curve.n_steps == n_steps,
                  "%s: %s", steps, findings.n_list ? findings.list[0].text : "");
    scenario_destroy(scenario);
    findings_finish(&findings);
    unlink(path);
    unlink(list);
    rmdir(folder);
}

Test(json_lines, of_steps)
{
    char longer[400];

    expect_steps("0,10\n60,200\n", 2, "");
    expect_steps("seconds,rate\r\n# a day\r\n\r\n  0 , 10/s \r\n1m,5/s", 2, "");
    expect_steps("0,10\nseconds,rate\n", 0, "steps.csv, line 2: \"seconds,rate\" does not begin");
    expect_steps("0,10\n\n60\n", 0, "steps.csv, line 3: \"60\" is not a time and a rate");
    expect_steps("", 0, "found 0 steps");
    memset(longer, '0', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    expect_steps(longer, 0, "steps.csv, line 1: longer than");
}
