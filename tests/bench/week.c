/*
 * A week of fifty instances under a daily curve of requests, as a flow: seconds of CPU. Beside it two
 * hours of the same one by one, to show what a request costs with the whole cluster around it.
 */
#include "bench.h"

#include "file/scenario.h"
#include "sim.h"

#include <stdlib.h>

static const char scenario_text[] =
    "{\"berth\":\"scenario/1\",\"until\":\"%s\",\"loadLevel\":\"%s\",\"instances\":\"50xm5.large\","
    "\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"web\","
    "\"image\":"
    "\"web\",\"cpu\":512,\"memory\":512}]}],\"behaviour\":{\"web/web\":{\"request\":{\"work\":{"
    "\"exponential\":{\"mean\":\"20ms\"}},\"concurrency\":8,\"queue\":50}}},\"targetGroups\":[{"
    "\"Name\":"
    "\"web\"}],\"services\":[{\"serviceName\":\"web\",\"taskDefinition\":\"web\",\"desiredCount\":"
    "50,"
    "\"loadBalancers\":[{\"targetGroupArn\":\"web\",\"containerName\":\"web\",\"containerPort\":80}"
    "]}],"
    "\"scaling\":[{\"registerScalableTarget\":{\"ServiceNamespace\":\"ecs\",\"ResourceId\":"
    "\"service/default/web\",\"ScalableDimension\":\"ecs:service:DesiredCount\",\"MinCapacity\":20,"
    "\"MaxCapacity\":150}},{\"putScalingPolicy\":{\"PolicyName\":\"cpu\",\"ServiceNamespace\":"
    "\"ecs\","
    "\"ResourceId\":\"service/default/web\",\"ScalableDimension\":\"ecs:service:DesiredCount\","
    "\"PolicyType\":\"TargetTrackingScaling\",\"TargetTrackingScalingPolicyConfiguration\":{"
    "\"TargetValue\":60,\"PredefinedMetricSpecification\":{\"PredefinedMetricType\":"
    "\"ECSServiceAverageCPUUtilization\"}}}}],\"load\":[{\"service\":\"web\",\"arrivals\":{"
    "\"sine\":{"
    "\"low\":\"300/s\",\"high\":\"2500/s\",\"period\":\"24h\"}}}]}";

/* Seconds of CPU; `sent`: requests. */
static double run(const char *until, const char *level, int64_t *sent)
{
    char text[4000];
    struct findings findings = {0};
    struct scenario *scenario;
    struct sim_options options;
    struct sim_result result;
    struct err err;
    clock_t start;
    double seconds;

    snprintf(text, sizeof text, scenario_text, until, level);
    scenario = scenario_parse(text, "week", &findings);
    if (!scenario) {
        fprintf(stderr, "week: %s\n", findings.list[0].text);
        exit(70);
    }
    options = sim_options_default(scenario);
    start = clock();
    if (!sim_run(scenario, &options, &result, &err)) {
        fprintf(stderr, "week: %s\n", err.text);
        exit(70);
    }
    seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    *sent = result.story.responses.groups[0].n_sent;
    sim_result_finish(&result);
    scenario_destroy(scenario);
    findings_finish(&findings);
    return seconds;
}

int main(int argc, char **argv)
{
    bool json = bench_wants_json(argc, argv);
    int64_t sent_of_flow, sent;
    double flow = run("7d", "rate", &sent_of_flow);
    double single = run("2h", "request", &sent);

    bench_title(json, "fifty instances, autoscaling, 300 to 2500 requests a second", "s");
    bench_row(json, "week", "a week as a flow", sent_of_flow, flow, "s", "two hours one by one",
              single);
    bench_row(json, "week", "two hours one by one", sent, single, "s", NULL, 0);
    bench_row(json, "week", "one request, ns", 1, single / (double)sent * 1e9, "ns", NULL, 0);
    return 0;
}
