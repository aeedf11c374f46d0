/*
 * Every run is checked after each step, logged and replayed.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The members of costs that a text does not have itself. */
static char *without_delays(const char *members)
{
    static const char *const defaults[][2] = {
        {"agent", "'0s'"},
        {"message", "'0s'"},
        {"pull", "'0s'"},
        {"create", "'0s'"},
        {"start", "'0s'"},
        {"stop", "'0s'"},
        {"teardown", "'0s'"},
        {"touchPerMiB", "'0s'"},
        {"layerPerSecond", "'any'"},
        {"diskPerSecond", "'any'"},
        {"networkPerSecond", "'any'"},
        {"unpackPerSecond", "'any'"},
    };
    const char *at = strchr(members, '@');
    char *text = NULL, key[40];
    size_t length;
    FILE *out = open_memstream(&text, &length);

    cr_assert(out != NULL);
    fprintf(out, "{'berth': 'scenario/1', %.*s'boot': '0s'", (int)(at - members), members);
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        snprintf(key, sizeof key, "'%s':", defaults[i][0]);
        if (!strstr(members, key))
            fprintf(out, ", %s %s", key, defaults[i][1]);
    }
    fprintf(out, "%s%s}", at[1] == '}' ? "" : ", ", at + 1);
    fclose(out);
    return text;
}

void run(const char *members)
{
    if (strchr(members, '@'))
        trial_run_text(without_delays(members), 1);
    else
        trial_run(members);
}

void run_on(const char *cpus, const char *costs, const char *families, const char *behaviour,
            const char *timeline)
{
    char *members;

    cr_assert(asprintf(&members,
                       COSTS "'host': {'cpus': %s}, %s}, "
                             "'instanceTypes': {'box': {'vcpu': %s, 'memory': '1GiB', 'boot': "
                             "'0s'}}, 'instances': '1xbox', 'taskDefinitions': [%s], 'behaviour': "
                             "{%s}, 'timeline': [%s]",
                       cpus, costs, cpus, families, behaviour, timeline) > 0);
    run(members);
    free(members);
}

const struct story_container *life(int task, int container)
{
    cr_assert(task <= result.story.n_tasks, "there is no t%d", task);
    return &result.story.tasks[task - 1].containers[container];
}

int64_t worked_usec(int task)
{
    return life(task, 0)->exited_at_usec - life(task, 0)->ready_at_usec;
}

void assert_usec(int64_t got, int64_t want, const char *what)
{
    cr_assert(got == want, "%s: %lld instead of %lld", what, (long long)got, (long long)want);
}
