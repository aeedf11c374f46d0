/*
 * A task's story is told in the order of cause and effect, also where both stand at one moment.
 */
#include "file/moments.h"
#include "trial.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(moments, .fini = trial_end);

/* Where the sentence stands among those of t1. */
static int position_of(const struct moments *moments, const char *sentence)
{
    for (int i = 0; i < moments->n_list; i++)
        if (strncmp(moments->list[i].text, sentence, strlen(sentence)) == 0)
            return i;
    for (int i = 0; i < moments->n_list; i++)
        fprintf(stderr, "%s\n", moments->list[i].text);
    cr_assert(false, "nothing begins with \"%s\"", sentence);
    return -1;
}

/* Both are told of the same moment, the first one first. */
static void expect_order(const struct moments *moments, const char *first, const char *then)
{
    int a = position_of(moments, first), b = position_of(moments, then);

    cr_expect(a < b, "\"%s\" comes after \"%s\"", first, then);
    cr_expect_eq(moments->list[a].at_usec, moments->list[b].at_usec, "not at one moment");
}

/* The containers are listed from the last to the first. */
Test(moments, causes_come_before_effects)
{
    struct moments moments = {0};

    trial_run("'taskDefinitions': [{'family': 'd', 'containerDefinitions': ["
              "{'name': 'log', 'image': 'l', 'memory': 64, 'dependsOn': "
              "[{'containerName': 'web', 'condition': 'START'}]},"
              "{'name': 'web', 'image': 'w', 'memory': 64, 'dependsOn': "
              "[{'containerName': 'prep', 'condition': 'COMPLETE'}]},"
              "{'name': 'prep', 'image': 'p', 'memory': 64, 'essential': false}]}],"
              "'behaviour': {'d/prep': {'work': '2s', 'exit': 4}},"
              "'instances': [{'type': 'm5.large', 'count': 1}], 'until': '3m',"
              "'timeline': [{'at': '1m', 'runTask': {'taskDefinition': 'd'}}]");
    cr_assert_eq(result.story.n_tasks, 1);
    moments_list(&moments, &result.story, 0, USEC_NEVER);
    expect_order(&moments, "prep: exited with 4", "web: may start");
    expect_order(&moments, "web: started", "log: may start");
    moments_finish(&moments);
}
