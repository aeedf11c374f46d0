/*
 * Tournaments whose numbers can be counted by hand, and the arithmetic of their intervals.
 */
#include "sim.h"
#include "tournament.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two instances of one vCPU and 1 GiB; a pull takes 2 s on
 * each, 1 s where the layers are there already, and the rest nothing. */
#define WORLD                                                                                      \
    "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '1s', 'pullPerSecond': "      \
    "'1MiB', 'create': '0s', 'start': '0s', 'stop': '0s', 'teardown': '0s'},"                      \
    "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"                       \
    "'instances': [{'type': 'box', 'count': 2, 'zones': ['a', 'b']}],"                             \
    "'images': {'x': {'size': '1MiB'}},"                                                           \
    "'behaviour': {'half/c': {'idle': '4s'}, 'whole/c': {'idle': '4s'}, 'web/c': {'ready': "       \
    "'0s'}},"
#define TASK(family, cpu, memory)                                                                  \
    "{'family': '" family "', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': " #cpu   \
    ", 'memory': " #memory "}]}"
#define TASKS                                                                                      \
    "'taskDefinitions': [" TASK("half", 512, 512) ", " TASK("whole", 1024,                         \
                                                            256) ", " TASK("web", 1024, 1024) "],"

static struct scenario *parse(const char *members)
{
    struct findings findings = {0};
    struct scenario *scenario;
    char *text;

    cr_assert(asprintf(&text, "{'berth': 'scenario/1', " WORLD TASKS " %s}", members) > 0);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    scenario = scenario_parse(text, "test.json", &findings);
    cr_assert(scenario != NULL, "%s", findings.n_list ? findings.list[0].text : text);
    findings_finish(&findings);
    free(text);
    return scenario;
}

Test(tournament, a_run_in_numbers)
{
    const struct {
        const char *name, *members;
        int64_t values[MEASURES]; /* placed, unplaced, p50, p95, instances, CPU, memory, time */
    } rows[] = {
        /* 1 s to 7 s on both; the third waits 6 s, finds the layers there and takes 5 s */
        {"waiting in the queue",
         "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'whole', 'count': 3, "
         "'placementStrategy': [{'type': 'first-fit'}]}, 'wait': true}]",
         {3, 0, 0, 6000000, 2, 1000000, 250000, 17000}},
        {"refused",
         "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'whole', 'count': 3, "
         "'placementStrategy': [{'type': 'first-fit'}]}}]",
         {2, 1, 0, 0, 2, 1000000, 250000, 12000}},
        /* one half on each, 1 s to 7 s: half of each is free */
        {"spread",
         "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'half', 'count': 2, "
         "'placementStrategy': [{'type': 'worst-fit'}]}}]",
         {2, 0, 0, 0, 2, 500000, 500000, 12000}},
        {"packed",
         "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'half', 'count': 2, "
         "'placementStrategy': [{'type': 'best-fit'}]}}]",
         {2, 0, 0, 0, 1, 1000000, 1000000, 6000}},
        /* two of three run for all 10 s; from 4 s on the fourth is missing too */
        {"a service without room",
         "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': 3}],"
         "'timeline': [{'at': '4s', 'updateService': {'service': 's', 'desiredCount': 4}}],"
         "'until': '10s'",
         {2, 2, 0, 10000000, 2, 1000000, 1000000, 20000}},
        /* the killed task's room is free at once, and its successor gets it at once */
        {"a service's loss",
         "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': 2}],"
         "'timeline': [{'at': '5s', 'fault': {'killTask': 't1'}}], 'until': '10s'",
         {3, 0, 0, 0, 2, 1000000, 1000000, 20000}},
        {"scaled in",
         "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': 2}],"
         "'timeline': [{'at': '6s', 'updateService': {'service': 's', 'desiredCount': 1}}],"
         "'until': '10s'",
         {2, 0, 0, 0, 2, 1000000, 1000000, 16000}},
        {"nothing at all", "'timeline': [], 'until': '1s'", {0}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *scenario = parse(rows[i].members);
        struct sim_options options = sim_options_default(scenario);
        struct sim_result result;
        struct measure measure;
        struct err err;

        options.tell = true;
        cr_assert(sim_run(scenario, &options, &result, &err), "%s", err.text);
        measure = measure_story(&result.story, 0);
        cr_expect(measure.values[MEASURE_COST] == ESTIMATE_UNKNOWN, "%s: nothing has a price",
                  rows[i].name);
        for (int k = 0; k < MEASURE_COST; k++)
            cr_expect(measure.values[k] == rows[i].values[k], "%s: %s is %lld, not %lld",
                      rows[i].name, measure_rows[k].name, (long long)measure.values[k],
                      (long long)rows[i].values[k]);
        sim_result_finish(&result);
        scenario_destroy(scenario);
    }
}

static int64_t value(const struct tournament *tournament, int contender, enum measure_kind kind)
{
    return tournament_values(tournament, contender, kind)[0];
}

/* Packed halves leave an instance to the whole one; spread ones make it wait for 6 s. */
Test(tournament, who_packs_wins)
{
    struct scenario *scenario =
        parse("'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'half', 'count': 2, "
              "'placementStrategy': [{'type': 'random'}]}, 'wait': true}, {'at': '1s', 'runTask': "
              "{'taskDefinition': 'whole'}, 'wait': true}]");
    struct contenders contenders = {0};
    struct tournament tournament;
    struct strategy_rule *before = scenario->timeline[0].call.as.run_task.strategy;
    struct err err;

    cr_assert(contenders_read(&contenders,
                              "worst-fit,best-fit,spread-instance+binpack-cpu,first-fit", &err));
    cr_assert(tournament_run(&tournament, scenario, &contenders, 3, NULL, &err), "%s", err.text);
    cr_expect(tournament.ranking[0] == 1 && tournament.ranking[1] == 3);
    cr_expect(tournament.ranking[2] == 0 && tournament.ranking[3] == 2);
    cr_expect(tournament_rank(&tournament, 0) == 1 && tournament_rank(&tournament, 1) == 1);
    cr_expect(tournament_rank(&tournament, 2) == 3 && tournament_rank(&tournament, 3) == 3);
    for (int c = 0; c < 4; c++) {
        bool packs = c == 1 || c == 3;

        cr_expect(value(&tournament, c, MEASURE_PLACED) == 3);
        cr_expect(value(&tournament, c, MEASURE_WAIT_P95) == (packs ? 0 : 6000000));
        cr_expect(value(&tournament, c, MEASURE_INSTANCES) == 2);
        cr_expect(value(&tournament, c, MEASURE_INSTANCE_TIME) == (packs ? 12000 : 17000));
    }
    cr_expect(scenario->timeline[0].call.as.run_task.strategy == before);
    cr_expect(scenario->timeline[0].call.as.run_task.n_strategy == 1);
    cr_expect(scenario->timeline[1].call.as.run_task.n_strategy == 0);
    tournament_finish(&tournament);
    contenders_finish(&contenders);
    scenario_destroy(scenario);
}

Test(tournament, contenders_by_name)
{
    const struct {
        const char *text;
        int n, n_rules_of_last;
        const char *error;
    } rows[] = {
        {"random", 1, 1, NULL},
        {"ecs-default", 1, 0, NULL},
        {"spread-zone+binpack-memory,best-fit", 2, 1, NULL},
        {"best-fit,spread-zone+spread-attribute:colour+worst-fit", 2, 3, NULL},
        {"bestfit", 0, 0, "no strategy \"bestfit\"; did you mean best-fit?"},
        {"spread-zon+random", 0, 0, "no strategy \"spread-zon\"; did you mean spread-zone?"},
        {"spread-atribute:colour", 0, 0,
         "no strategy \"spread-atribute:colour\"; did you mean spread-attribute:colour?"},
        {"quite-another", 0, 0,
         "no strategy \"quite-another\"; berth tournament --list shows them all"},
        {"spread-attribute:", 0, 0, NULL},
        {"", 0, 0, "the name of a strategy is missing beside a , or +"},
        {"random,,best-fit", 0, 0, "the name of a strategy is missing beside a , or +"},
        {"all", 10, 1, NULL},
        {"all,spread-zone+best-fit", 11, 1, NULL},
        {"spread-zone+binpack-memory, random ,all", 10, 1, NULL},
        {"random+all", 0, 0, "all is no rule of a chain: it stands alone"},
        {"random+ecs-default", 0, 0, "ecs-default is no rule of a chain: it stands alone"},
        {"random,random", 0, 0, "random is named twice"},
        {"random+random+random+random+random+random", 0, 0,
         "random+random+random+random+random+random has more than 5 rules, the most that ECS "
         "takes"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct contenders list = {0};
        struct err err = {0};
        bool ok = contenders_read(&list, rows[i].text, &err);

        cr_expect(ok == (rows[i].n > 0), "%s: %s", rows[i].text, err.text);
        if (ok)
            cr_expect(list.n_contenders == rows[i].n &&
                          list.contenders[list.n_contenders - 1].n_rules == rows[i].n_rules_of_last,
                      "%s", rows[i].text);
        if (rows[i].error)
            cr_expect_str_eq(err.text, rows[i].error);
        contenders_finish(&list);
    }
}

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance;
}

/* Tables of Student's t, 97.5 %. */
Test(tournament, students_t)
{
    const struct {
        int freedom;
        double t;
    } rows[] = {{1, 12.706}, {2, 4.303},  {9, 2.262},  {19, 2.093},  {30, 2.042},
                {31, 2.040}, {40, 2.021}, {60, 2.000}, {120, 1.980}, {9999, 1.960}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(near(estimate_t(rows[i].freedom), rows[i].t, 0.0006), "%d: %f", rows[i].freedom,
                  estimate_t(rows[i].freedom));
}

Test(tournament, intervals)
{
    int64_t values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    const int64_t shifted[] = {1, 3, 3, 3, 4, 4, 6, 8};
    const int64_t large[] = {INT64_C(1) << 49, -(INT64_C(1) << 49)};
    struct estimate estimate = estimate_of(values, 8);

    /* mean 5, squared deviations 32: 2.365 * sqrt(32 / 7 / 8) */
    cr_expect(near(estimate.mean, 5, 1e-12) && near(estimate.half, 2.365 * sqrt(32.0 / 56), 1e-9));
    cr_expect(near(estimate.deviation, sqrt(32.0 / 7), 1e-9));
    cr_expect(estimate.has_interval && !estimate_holds_zero(&estimate));
    estimate = estimate_of_difference(values, shifted, 8);
    cr_expect(estimate.mean == 1 && estimate.half == 0 && !estimate_holds_zero(&estimate));
    estimate = estimate_of_difference(shifted, values, 8);
    cr_expect(estimate.mean == -1 && !estimate_holds_zero(&estimate));
    values[3] = ESTIMATE_UNKNOWN;
    estimate = estimate_of(values, 8);
    cr_expect(estimate.is_unknown && !estimate.has_interval, "one that nobody knows");
    estimate = estimate_of_difference(large, values + 2, 2);
    cr_expect(estimate.is_unknown, "nor is the difference");
    estimate = estimate_of(values, 1);
    cr_expect(estimate.mean == 2 && !estimate.has_interval && estimate_holds_zero(&estimate));
    estimate = estimate_of(large, 2);
    cr_expect(estimate.mean == 0 && near(estimate.half / large[0], 12.706, 1e-9));
}
