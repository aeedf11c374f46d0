/*
 * A week of fifty instances under a daily curve of requests, as a flow: seconds of CPU. Once with instances
 * that stay, once with an Auto Scaling group of up to fifty behind a capacity provider. Beside them the same
 * week in plain C, second by second and task by task, and two hours of it request by request.
 */
#include "bench.h"

#include "file/scenario.h"
#include "sim.h"

#include <stdlib.h>

static const char scenario_text[] =
    "{\"berth\":\"scenario/1\",\"until\":\"%s\",\"loadLevel\":\"%s\",%s"
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

static const char fixed[] = "\"instances\":\"50xm5.large\",";

static const char scaled[] =
    "\"launchTemplates\":{\"t\":\"m5.large\"},\"autoScalingGroups\":[{\"AutoScalingGroupName\":"
    "\"g\",\"MinSize\":0,\"MaxSize\":50,\"LaunchTemplate\":{\"LaunchTemplateName\":\"t\"}}],"
    "\"capacityProviders\":[{\"name\":\"p\",\"autoScalingGroupProvider\":{\"autoScalingGroupArn\":"
    "\"g\",\"managedScaling\":{\"status\":\"ENABLED\"},\"managedTerminationProtection\":"
    "\"ENABLED\"}}],\"defaultCapacityProviderStrategy\":[{\"capacityProvider\":\"p\",\"weight\":1}]"
    ",";

/* Seconds of CPU; `sent`: requests. */
static double run(const char *instances, const char *until, const char *level, int64_t *sent)
{
    char text[4000];
    struct findings findings = {0};
    struct scenario *scenario;
    struct sim_options options;
    struct sim_result result;
    struct err err;
    clock_t start;
    double seconds;

    snprintf(text, sizeof text, scenario_text, until, level, instances);
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

/* The week as one would write it down: each second the rate, each task's share of it, its line and its wait;
 * each minute the average decides how many tasks there are, 30 s later there are so many. */
#define PLAIN_TASKS 150
#define PLAIN_DAY 86400

struct plain {
    double line[PLAIN_TASKS], served, waited, cpu;
    int n, wanted, due, high, low;
};

static double plain_rate(int second)
{
    double day =
        (double)(second % PLAIN_DAY) / PLAIN_DAY * 4; /* a parabola for each half of a sine */
    double wave = day < 2 ? day * (2 - day) : -(day - 2) * (4 - day);

    return 1400 + 1100 * wave;
}

static void plain_second(struct plain *plain, int second)
{
    double share = plain_rate(second) / plain->n;

    for (int i = 0; i < plain->n; i++) {
        double offered = plain->line[i] + share, most = 0.5 / 0.02; /* half a vCPU, 20 ms each */
        double served = offered < most ? offered : most, load = served / most;

        plain->line[i] = offered - served < 58 ? offered - served : 58;
        plain->served += served;
        plain->waited += served * (0.02 / (1.001 - load) + plain->line[i] / most);
        plain->cpu += load;
    }
}

static void plain_minute(struct plain *plain, int second)
{
    double load = plain->cpu / plain->n / 60 * 100;

    plain->high = load > 60 ? plain->high + 1 : 0;
    plain->low = load < 54 ? plain->low + 1 : 0;
    if (plain->high >= 3 || plain->low >= 15) {
        plain->wanted = (int)(plain->n * load / 60) + 1;
        plain->wanted = plain->wanted < 20 ? 20 : plain->wanted;
        plain->wanted = plain->wanted > PLAIN_TASKS ? PLAIN_TASKS : plain->wanted;
        plain->due = second + 30;
    }
    plain->cpu = 0;
}

static double run_plainly(int64_t *sent)
{
    struct plain plain = {.n = 50, .wanted = 50};
    double start = bench_seconds();

    for (int second = 1; second <= 7 * PLAIN_DAY; second++) {
        plain_second(&plain, second);
        if (second % 60 == 0)
            plain_minute(&plain, second);
        if (second == plain.due)
            plain.n = plain.wanted;
    }
    *sent = (int64_t)plain.served;
    return bench_seconds() - start;
}

int main(int argc, char **argv)
{
    bool json = bench_wants_json(argc, argv);
    int64_t sent_of_flow, sent_scaled, sent_plainly, sent;
    double flow = run(fixed, "7d", "rate", &sent_of_flow);
    double group = run(scaled, "7d", "rate", &sent_scaled);
    double plain = run_plainly(&sent_plainly);
    double single = run(fixed, "2h", "request", &sent);

    bench_title(json, "fifty instances, autoscaling, 300 to 2500 requests a second", "s");
    bench_row(json, "week", "a week as a flow", sent_of_flow, flow, "s", "plain, second by second",
              plain);
    bench_row(json, "week", "with a capacity provider", sent_scaled, group, "s",
              "plain, second by second", plain);
    bench_row(json, "week", "plain, second by second", sent_plainly, plain, "s", NULL, 0);
    bench_row(json, "week", "two hours one by one", sent, single, "s", NULL, 0);
    bench_row(json, "week", "one request, ns", 1, single / (double)sent * 1e9, "ns", NULL, 0);
    return 0;
}
