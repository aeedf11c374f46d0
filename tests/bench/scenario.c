/*
 * Whole scenarios: reading and checking one of 10,000 services, and scenarios/c2m.json from its text to
 * its end with all agents, pulls and start costs. Beside the reading stands the JSON library alone,
 * beside C2M, where its source is there, plain C that knows two resources and four events a task.
 */
#include "bench.h"

#include "file/buffer.h"
#include "sim.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICES 10000
#define ROUNDS 5

static char *services(void)
{
    struct buffer text = {0};

    buffer_add(&text, "{\"berth\":\"scenario/1\",\"instances\":\"500xm5.large\",\"until\":\"1m\","
                      "\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{"
                      "\"name\":\"web\",\"image\":\"web:1\",\"memory\":8}]}],\"services\":[");
    for (int i = 0; i < SERVICES; i++)
        buffer_add(&text,
                   "%s{\"serviceName\":\"service-%d\",\"taskDefinition\":\"web\","
                   "\"desiredCount\":3,\"placementStrategy\":[{\"type\":\"spread\",\"field\":"
                   "\"attribute:ecs.availability-zone\"},{\"type\":\"binpack\",\"field\":"
                   "\"memory\"}]}\n",
                   i ? "," : "", i);
    buffer_add(&text, "]}");
    return text.text;
}

static double read_seconds(const char *text, bool as_scenario)
{
    double start = bench_seconds();

    if (as_scenario) {
        struct findings findings = {0};
        struct scenario *scenario = scenario_parse(text, "services.json", &findings);

        if (!scenario) {
            fprintf(stderr, "scenario: %s\n", findings.n_list ? findings.list[0].text : "?");
            exit(70);
        }
        scenario_destroy(scenario);
        findings_finish(&findings);
    } else {
        json_decref(json_loads(text, JSON_REJECT_DUPLICATES, NULL));
    }
    return bench_seconds() - start;
}

static void bench_reading(bool json)
{
    char *text = services();
    double best = 1e9, library = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double a = read_seconds(text, true), b = read_seconds(text, false);

        best = a < best ? a : best;
        library = b < library ? b : library;
    }
    bench_row(json, "scenario", "read-services", SERVICES, best, "s", "jansson alone", library);
    free(text);
}

static void run_c2m(void)
{
    struct findings findings = {0};
    struct scenario_options how = {0};
    struct scenario *scenario = scenario_load(C2M, &how, &findings);
    struct sim_options options;
    struct sim_result result;
    struct err err;

    if (!scenario)
        _exit(1);
    options = sim_options_default(scenario);
    options.log_level = LOG_SUMMARY;
    options.log_path = "/dev/null";
    if (!sim_run(scenario, &options, &result, &err) || result.placed != 2000000)
        _exit(1);
    _exit(0); /* the kernel frees it sooner */
}

/* Seconds and MiB, or 0 where there is no floor. */
static double floor_seconds(void)
{
    char command[1200];
    double seconds = 0;
    FILE *answer;

    if (access(FLOOR_SOURCE, R_OK) != 0)
        return 0;
    snprintf(command, sizeof command,
             "d=$(mktemp -d) && " BENCH_FLOOR_CC " -o $d/floor '%s' -lm && $d/floor radix 6100 "
             "2000000 | sed 's/.*wall=\\([0-9.]*\\).*/\\1/'; rm -r $d",
             FLOOR_SOURCE);
    answer = popen(command, "r");
    if (answer) {
        if (fscanf(answer, "%lf", &seconds) != 1)
            seconds = 0;
        pclose(answer);
    }
    return seconds;
}

static int bench_c2m(bool json)
{
    struct rusage usage = {0};
    int status = 0;
    double floor = floor_seconds(), seconds;
    pid_t pid = fork();

    if (pid == 0)
        run_c2m();
    wait4(pid, &status, 0, &usage);
    if (status != 0) {
        fprintf(stderr, "scenario: %s does not run to its end\n", C2M);
        return 70;
    }
    seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    bench_row(json, "scenario", "c2m-cpu", 2000000, seconds, "s", floor > 0 ? "plain C" : NULL,
              floor);
    bench_row(json, "scenario", "c2m-memory", 2000000, (double)usage.ru_maxrss / 1024, "MiB", NULL,
              0);
    return 0;
}

int main(int argc, char **argv)
{
    bool json = bench_wants_json(argc, argv);

    bench_title(json, "scenarios from their text on", "s or MiB");
    bench_reading(json);
    fflush(stdout);
    return bench_c2m(json);
}
