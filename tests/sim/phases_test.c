/*
 * The first request that a task answers: at moments that can be counted on fingers, in a log and read from it.
 */
#include "file/phases.h"

#include "file/layers.h"
#include "trial.h"

#include <criterion/criterion.h>

/* Two tasks that answer after 50 ms, by turns; requests after 101 and 102 s. */
#define WORLD                                                                                      \
    "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"                       \
    "'instances': '2xbox', 'rules': {'healthCheckInterval': '1s'},"                                \
    "'targetGroups': [{'Name': 'web', 'Attributes': [{'Key': "                                     \
    "'deregistration_delay.timeout_seconds', 'Value': '0'}]}],"                                    \
    "'taskDefinitions': [{'family': 'd', 'containerDefinitions': [{'name': 'a', 'image': 'i', "    \
    "'memory': 8, 'portMappings': [{'containerPort': 80}]}]}],"                                    \
    "'services': [{'serviceName': 's', 'taskDefinition': 'd', 'desiredCount': 2, "                 \
    "'loadBalancers': [{'targetGroupArn': 'web', 'containerName': 'a', 'containerPort': 80}]}],"   \
    "'load': [{'service': 's', 'from': '100s', 'to': '103s', 'arrivals': {'constant': {'rate': "   \
    "'1/s'}}}],"                                                                                   \
    "'until': '200s'"
#define REQUEST(wait)                                                                              \
    "'behaviour': {'d/a': {'ready': '500ms', 'request': {'concurrency': 100, 'wait': '" wait "'}}" \
    "}"

TestSuite(phases, .fini = trial_end);

static int64_t first_request(int task)
{
    return phases_of_task(&result.story, &result.story.tasks[task], PHASE_FIRST_REQUEST);
}

Test(phases, a_first_request_lasts_until_it_is_answered)
{
    const struct story_task *tasks;
    int64_t sum_usec = 0;

    trial_run(WORLD "," REQUEST("50ms"));
    tasks = result.story.tasks;
    cr_assert_eq(result.story.n_tasks, 2);
    for (int t = 0; t < 2; t++) {
        int64_t at_usec = tasks[t].first_answer_at_usec;

        cr_expect(at_usec == 101050 * USEC_PER_MSEC || at_usec == 102050 * USEC_PER_MSEC, "%lld",
                  (long long)at_usec);
        cr_expect_eq(first_request(t), at_usec - tasks[t].containers[0].ready_at_usec);
        cr_expect(!phases_task_modelled(&result.story, &tasks[t], PHASE_FIRST_REQUEST));
        sum_usec += at_usec;
    }
    cr_expect_eq(sum_usec, 203100 * USEC_PER_MSEC, "each got one");
    cr_expect_eq(layers_of(scenario, &result.story, false).answer_usec, 101050 * USEC_PER_MSEC);
}

/* Given in the second minute, answered in the third, in which the targets go: that period still tells of it. */
Test(phases, an_answer_counts_though_its_target_has_gone)
{
    trial_run(WORLD ", 'timeline': [{'at': '155s', 'updateService': {'service': 's', "
                    "'desiredCount': 0}}]," REQUEST("45s"));
    cr_expect_eq(result.story.tasks[0].first_answer_at_usec +
                     result.story.tasks[1].first_answer_at_usec,
                 (101 + 45 + 102 + 45) * USEC_PER_SEC);
}

Test(phases, a_request_that_fails_is_not_answered)
{
    trial_run(WORLD "," REQUEST("61s"));
    for (int t = 0; t < 2; t++) {
        cr_expect_eq(result.story.tasks[t].first_answer_at_usec, USEC_NEVER);
        cr_expect_eq(first_request(t), USEC_NEVER);
    }
    cr_expect(result.story.responses.groups[0].n_failed > 0);
    cr_expect_eq(layers_of(scenario, &result.story, false).answer_usec, USEC_NEVER);
}

Test(phases, a_flow_has_no_first_request)
{
    trial_run(WORLD ", 'loadLevel': 'rate'," REQUEST("50ms"));
    cr_expect(result.story.responses.groups[0].n_sent > 0);
    cr_expect_eq(first_request(0), USEC_NEVER);
}
