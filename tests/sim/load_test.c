/*
 * Load through a whole cluster: a deployment under requests, right and wrong; requests one by one beside
 * the same as a flow; what the scheduler is told of CPU time.
 */
#include "sim.h"

#include "core/message.h"
#include "file/expect.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sim_result run(const char *path, const char *set, uint64_t seed, int *n_hold)
{
    const struct scenario_options options = {.n_sets = set ? 1 : 0, .sets = &set};
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, &options, &findings);
    struct sim_options how;
    struct sim_result result;
    struct err err;

    cr_assert(scenario, "%s: %s", path, findings.n_list > 0 ? findings.list[0].text : "");
    how = sim_options_default(scenario);
    how.tell = true;
    how.paranoid = true;
    how.seed = seed;
    cr_assert(sim_run(scenario, &how, &result, &err), "%s", err.text);
    *n_hold = expect_count(scenario, &result.story);
    scenario_destroy(scenario);
    findings_finish(&findings);
    return result;
}

Test(load, loses_no_request_in_a_right_deployment)
{
    static const char *const levels[] = {"loadLevel=request", "loadLevel=rate"};

    for (uint64_t seed = 1; seed <= 5; seed++)
        for (int i = 0; i < 2; i++) {
            int n_hold;
            struct sim_result result = run(SCENARIOS "/rolling-web.json", levels[i], seed, &n_hold);
            const struct responses_group *web = responses_find(&result.story.responses, "web");

            cr_assert(web->n_failed == 0 && web->n_sent > 6000, "%s, seed %d: %lld of %lld failed",
                      levels[i], (int)seed, (long long)web->n_failed, (long long)web->n_sent);
            cr_assert(n_hold == 2);
            sim_result_finish(&result);
        }
}

Test(load, loses_requests_without_a_deregistration_delay)
{
    static const char *const levels[] = {"loadLevel=request", "loadLevel=rate"};

    for (uint64_t seed = 1; seed <= 5; seed++)
        for (int i = 0; i < 2; i++) {
            int n_hold;
            struct sim_result result =
                run(SCENARIOS "/rolling-web-wrong.json", levels[i], seed, &n_hold);
            const struct responses_group *web = responses_find(&result.story.responses, "web");

            cr_assert(web->n_failed > 0 && web->n_failed < 40, "%s, seed %d: %lld failed",
                      levels[i], (int)seed, (long long)web->n_failed);
            sim_result_finish(&result);
        }
}

static int count_lines(const char *path, const char *begin)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    int n = 0;

    while (getline(&line, &size, file) > 0)
        n += strncmp(line, begin, strlen(begin)) == 0;
    free(line);
    fclose(file);
    return n;
}

/* A line each, which readers of records pass over. */
Test(load, is_logged_request_by_request_where_that_is_asked_for)
{
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(SCENARIOS "/rolling-web-wrong.json", NULL, &findings);
    struct sim_options how = sim_options_default(scenario);
    char path[] = "/tmp/berth-load-XXXXXX";
    struct sim_result result;
    struct run_header header;
    struct story story;
    struct err err;

    close(mkstemp(path));
    how.tell = true;
    how.log_path = path;
    how.log_level = LOG_REQUESTS;
    cr_assert(sim_run(scenario, &how, &result, &err), "%s", err.text);
    cr_assert(count_lines(path, RUNLOG_REQUEST) == result.story.responses.groups[0].n_sent);
    cr_assert(story_load(&story, path, &header, NULL, &err), "%s", err.text);
    cr_assert(story.responses.groups[0].n_sent == result.story.responses.groups[0].n_sent);
    cr_assert(story.responses.groups[0].n_failed > 0);
    remove(path);
    story_finish(&story);
    run_header_finish(&header);
    sim_result_finish(&result);
    scenario_destroy(scenario);
    findings_finish(&findings);
}

/* One level beside the other ------------------------------------------------------------------------ */

/* Two tasks, on instances of 1 CPU or on Fargate with 2; `request` is their behaviour. */
static struct sim_result run_level(const char *request, int rate, const char *level, int until_sec,
                                   bool micro)
{
    struct findings findings = {0};
    char text[2000];
    struct scenario *scenario;
    struct sim_options how;
    struct sim_result result;
    struct err err;

    snprintf(
        text, sizeof text,
        "{\"berth\":\"scenario/1\",\"until\":\"%ds\",\"loadLevel\":\"%s\",\"instanceTypes\":{"
        "\"box\":{\"vcpu\":1,\"memory\":\"1GiB\",\"boot\":\"0s\"}},\"instances\":\"2xbox\","
        "\"rules\":{"
        "\"healthCheckInterval\":\"1s\"},\"targetGroups\":[{\"Name\":\"web\"}],\"taskDefinitions\":"
        "[{"
        "\"family\":\"d\",%s\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"cpu\":1000,"
        "\"memory\":8}]}],\"behaviour\":{\"d/"
        "a\":{\"request\":{%s}}},\"services\":[{\"serviceName\":"
        "\"s\",%s\"taskDefinition\":\"d\",\"desiredCount\":2,\"loadBalancers\":[{"
        "\"targetGroupArn\":"
        "\"web\",\"containerName\":\"a\",\"containerPort\":80}]}],\"load\":[{\"service\":\"s\","
        "\"from\":"
        "\"60s\",\"timeout\":\"5s\",\"arrivals\":{\"poisson\":{\"rate\":\"%d/s\"}}}]}",
        until_sec, level,
        micro ? "\"networkMode\":\"awsvpc\",\"cpu\":\"2048\",\"memory\":\"4096\"," : "", request,
        micro ? "\"launchType\":\"FARGATE\"," : "", rate);
    scenario = scenario_parse(text, "x.json", &findings);
    cr_assert(scenario, "%s", findings.n_list > 0 ? findings.list[0].text : "");
    how = sim_options_default(scenario);
    how.tell = true;
    cr_assert(sim_run(scenario, &how, &result, &err), "%s", err.text);
    scenario_destroy(scenario);
    findings_finish(&findings);
    return result;
}

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fabs(b);
}

static void assert_levels_agree_on(bool micro, const char *request, int rate, double relative)
{
    struct sim_result one = run_level(request, rate, "request", 1500, micro);
    struct sim_result flow = run_level(request, rate, "rate", 1500, micro);
    const struct responses_group *a = responses_find(&one.story.responses, "web");
    const struct responses_group *b = responses_find(&flow.story.responses, "web");
    static const int permilles[] = {500, 950, 990};

    cr_assert(near((double)b->n_sent, (double)a->n_sent, 0.02), "%lld and %lld sent",
              (long long)b->n_sent, (long long)a->n_sent);
    cr_assert(llabs(b->n_failed - a->n_failed) <= a->n_sent / 50, "%lld and %lld failed",
              (long long)b->n_failed, (long long)a->n_failed);
    for (int i = 0; i < 3; i++) {
        double flows = (double)histogram_percentile_usec(b->latency, permilles[i]);
        double ones = (double)histogram_percentile_usec(a->latency, permilles[i]);

        cr_assert(near(flows, ones, relative), "{%s} at %d/s: the %d permille are %f ms, not %f ms",
                  request, rate, permilles[i], flows / 1000, ones / 1000);
    }
    sim_result_finish(&one);
    sim_result_finish(&flow);
}

static void assert_levels_agree(const char *request, int rate, double relative)
{
    assert_levels_agree_on(false, request, rate, relative);
}

/* Two servers that get every second of Poisson arrivals, at 30, 60 and 80 %. */
Test(load, flows_as_single_requests_do_in_one_line)
{
    static const char request[] =
        "\"work\":{\"exponential\":{\"mean\":\"20ms\"}},\"concurrency\":1,\"queue\":100000";

    assert_levels_agree(request, 30, 0.18);
    assert_levels_agree(request, 60, 0.12);
    assert_levels_agree(request, 80, 0.12);
}

Test(load, flows_as_single_requests_do_on_shared_cpus)
{
    static const char constant[] = "\"work\":\"10ms\",\"concurrency\":64";
    static const char random[] =
        "\"work\":{\"exponential\":{\"mean\":\"10ms\"}},\"concurrency\":64";

    assert_levels_agree(constant, 60, 0.2);
    assert_levels_agree(constant, 120, 0.15);
    assert_levels_agree(constant, 160, 0.15);
    assert_levels_agree(random, 120, 0.1);
    assert_levels_agree(random, 160, 0.1);
}

/* Of 2 vCPU each. */
Test(load, flows_as_single_requests_do_in_micro_vms)
{
    assert_levels_agree_on(true, "\"work\":\"10ms\",\"concurrency\":64", 120, 0.2);
    assert_levels_agree_on(true, "\"work\":\"10ms\",\"concurrency\":64", 320, 0.2);
}

Test(load, flows_as_single_requests_do_where_they_wait)
{
    assert_levels_agree("\"work\":\"1ms\",\"wait\":{\"lognormal\":{\"median\":\"40ms\",\"p99\":"
                        "\"120ms\"}},\"concurrency\":32",
                        200, 0.08);
    assert_levels_agree("\"work\":\"1ms\",\"wait\":{\"lognormal\":{\"median\":\"40ms\",\"p99\":"
                        "\"120ms\"}},\"concurrency\":6",
                        200, 0.08);
}

/* Twice what two servers can do: half of it fails on either level. */
Test(load, fails_alike_where_there_is_too_much)
{
    static const char request[] = "\"work\":\"20ms\",\"concurrency\":4,\"queue\":50";
    struct sim_result one = run_level(request, 200, "request", 600, false);
    struct sim_result flow = run_level(request, 200, "rate", 600, false);
    double a = (double)responses_find(&one.story.responses, "web")->n_failed;
    double b = (double)responses_find(&flow.story.responses, "web")->n_failed;

    cr_assert(a > 50000 && near(b, a, 0.05), "%f and %f", b, a);
    sim_result_finish(&one);
    sim_result_finish(&flow);
}
