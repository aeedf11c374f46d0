/*
 * Task definitions that others published, read in place. Those of the API's shape are scenarios;
 * whatever is wrong with the others has a finding that names the member.
 */
#include "../data.h"
#include "file/scenario.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By the end of their names: the files that RegisterTaskDefinition's shape does not fit, and where. */
static const struct {
    const char *file, *member;
    bool is_error;
} misshapen[] = {
    {"__ecs-ec2-task-def.json", ": networkMode: ", false},
    {"__cwagent-prometheus-task-definition.json", ": requiresCompatibilities[0]: ", true},
    {"__cwagent-prometheus-task-definition.json", ": networkMode: ", true},
    {"__ec2__taskdefs__greeting.json", ": containerDefinitions[0].cpu: ", false},
    {"__ec2__taskdefs__greeting.json", ": containerDefinitions[0].memory: ", false},
    {"__ec2__taskdefs__greeting.json", ".portMappings[0].hostPort: ", false},
    {"__ec2__taskdefs__greeting.json", ".portMappings[0].containerPort: ", false},
    {"__ec2__taskdefs__webapp.json", ": containerDefinitions[0].cpu: ", false},
    {"__ec2__taskdefs__webapp.json", ".portMappings[0].containerPort: ", false},
    {"__firelens-taskdef.md__block2.json", ": family: ", false},
    {"__troubleshoot-task-iam-roles.md__block1.json", ": networkMode: ", false},
    {"__troubleshoot-task-iam-roles.md__block1.json", ": memory: ", false},
    {"__troubleshoot-task-iam-roles.md__block1.json", ": cpu: ", false},
    {"__using_firelens.md__block1.json", ": family: ", false},
    {"__tests__td-plain.json", ": revision: ", false},
    {"__tests__td-plain.json", "(revision, status)", false},
};
#define N_MISSHAPEN (sizeof misshapen / sizeof misshapen[0])

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool names(const struct findings *findings, const char *member)
{
    for (int i = 0; i < findings->n_list; i++)
        if (strstr(findings->list[i].text, member))
            return true;
    return false;
}

static void check_findings(const char *path, const struct findings *findings, int *n_misshapen)
{
    bool may_err = false, known = false;

    for (size_t i = 0; i < N_MISSHAPEN; i++) {
        if (!ends_with(path, misshapen[i].file))
            continue;
        known = true;
        may_err |= misshapen[i].is_error;
        cr_assert(names(findings, misshapen[i].member), "%s: nothing about%s", path,
                  misshapen[i].member);
    }
    *n_misshapen += known;
    cr_assert((findings->n_errors > 0) == may_err, "%s: %d errors, first finding: %s", path,
              findings->n_errors, findings->n_list ? findings->list[0].text : "none");
}

static void read_one(const char *path, int *n_misshapen)
{
    struct findings findings = {.wants_notes = true}, again = {0};
    struct scenario *scenario = scenario_load(path, NULL, &findings), *parsed;

    for (int i = 0; i < findings.n_list; i++)
        cr_assert(strncmp(findings.list[i].text, path, strlen(path)) == 0, "%s",
                  findings.list[i].text);
    cr_assert((scenario == NULL) == (findings.n_errors > 0));
    check_findings(path, &findings, n_misshapen);
    if (scenario) {
        parsed = scenario_parse(scenario->source, path, &again);
        cr_assert(parsed != NULL && strcmp(parsed->source, scenario->source) == 0, "%s", path);
        scenario_destroy(parsed);
    }
    scenario_destroy(scenario);
    findings_finish(&findings);
    findings_finish(&again);
}

Test(corpus, published_task_definitions)
{
    char folder_path[1024], path[2048];
    int n_files = 0, n_misshapen = 0;
    struct dirent *entry;
    DIR *folder;

    if (!data_path(folder_path, sizeof folder_path, "taskdefs"))
        cr_skip_test("no %s: set BERTH_DATA to the folder that has taskdefs/", folder_path);
    folder = opendir(folder_path);
    cr_assert(folder != NULL, "%s cannot be opened", folder_path);
    while ((entry = readdir(folder))) {
        if (!ends_with(entry->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder_path, entry->d_name);
        read_one(path, &n_misshapen);
        n_files++;
    }
    closedir(folder);
    fprintf(stderr, "%d files, %d of them not of the API's shape\n", n_files, n_misshapen);
    cr_assert(n_files > 0 && n_misshapen == 8, "%d of %d files are misshapen", n_misshapen,
              n_files);
}
