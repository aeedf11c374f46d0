/*
 * Task definitions that others published, read in place: set BERTH_DATA to the folder that has
 * them in taskdefs/. Each is a scenario, or has an error at a line of its own.
 */
#include "file/scenario.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_one(const char *path, int *n_fine, int *n_refused)
{
    struct findings findings = {0}, again = {0};
    struct scenario *scenario = scenario_load(path, NULL, &findings), *parsed;

    for (int i = 0; i < findings.n_list; i++)
        cr_assert(strncmp(findings.list[i].text, path, strlen(path)) == 0, "%s",
                  findings.list[i].text);
    cr_assert((scenario == NULL) == (findings.n_errors > 0));
    if (scenario) {
        parsed = scenario_parse(scenario->source, path, &again);
        cr_assert(parsed != NULL && strcmp(parsed->source, scenario->source) == 0, "%s", path);
        scenario_destroy(parsed);
        ++*n_fine;
    } else {
        ++*n_refused;
    }
    scenario_destroy(scenario);
    findings_finish(&findings);
    findings_finish(&again);
}

Test(corpus, published_task_definitions)
{
    const char *data = getenv("BERTH_DATA");
    int n_fine = 0, n_refused = 0;
    struct dirent *entry;
    char path[1024];
    DIR *folder;

    if (!data)
        cr_skip_test("BERTH_DATA is not set: no published task definitions to read");
    snprintf(path, sizeof path, "%s/taskdefs", data);
    folder = opendir(path);
    cr_assert(folder != NULL, "%s cannot be opened", path);
    while ((entry = readdir(folder))) {
        const char *dot = strrchr(entry->d_name, '.');

        if (!dot || strcmp(dot, ".json") != 0)
            continue;
        snprintf(path, sizeof path, "%s/taskdefs/%s", data, entry->d_name);
        read_one(path, &n_fine, &n_refused);
    }
    closedir(folder);
    fprintf(stderr, "%d are scenarios, %d are refused\n", n_fine, n_refused);
    /* two fragments without memory, one template of a family's name */
    cr_assert(n_fine > 0 && n_refused <= 3, "%d are scenarios, %d are refused", n_fine, n_refused);
}
