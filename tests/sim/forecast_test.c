/*
 * Forecasts without the real runs: which scenarios boot virtual machines, whether a profile has measured
 * these, and how long a real run may take.
 */
#include "forecast.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/berth-forecast-test-XXXXXX";
static char scenario[64], profile[64], other[64];

static void begin(void)
{
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(scenario, sizeof scenario, "%s/s.json", folder);
    snprintf(profile, sizeof profile, "%s/p.json", folder);
    snprintf(other, sizeof other, "%s/q.json", folder);
}

static void end(void)
{
    unlink(scenario);
    unlink(profile);
    unlink(other);
    rmdir(folder);
}

TestSuite(forecast, .init = begin, .fini = end);

/* ' stands for ". */
static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    cr_assert_not_null(file);
    for (; *text; text++)
        fputc(*text == '\'' ? '"' : *text, file);
    cr_assert_eq(fclose(file), 0);
}

/* With those members beside a job of 3 s. */
static void open_forecast(struct forecast *forecast, const char *members)
{
    static const struct option_texts none = {0};
    char text[1000];
    struct err err;

    snprintf(text, sizeof text,
             "{'berth': 'scenario/1', 'title': 'A job',"
             " 'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'},"
             "  'slow': {'vcpu': 1, 'memory': '1GiB', 'boot': '9s'}},"
             " 'taskDefinitions': [{'family': 'job', 'networkMode': 'awsvpc', 'cpu': '256',"
             "  'memory': '512', 'containerDefinitions': [{'name': 'c', 'image': 'x'}]}],"
             " 'behaviour': {'job/c': {'work': '750ms', 'idle': '0s'}}, %s}",
             members);
    write_file(scenario, text);
    cr_assert(forecast_open(forecast, scenario, &none, &err), "%s", err.text);
}

#define RUN "'timeline': [{'at': '0s', 'wait': true, 'runTask': {'taskDefinition': 'job'}}]"
#define SLICE "'instances': '1xbox', " RUN
#define MACHINE(path)                                                                              \
    SLICE ", 'costs': {'profile': 'laptop', 'machines': 'vms', 'path': '" path "'}"
#define OWN_MACHINE SLICE ", 'isolation': {'job': 'vm'}"
#define FARGATE                                                                                    \
    "'timeline': [{'at': '0s', 'wait': true, 'runTask': {'taskDefinition': 'job', 'launchType': "  \
    "'FARGATE'}}]"

#define PROFILE(vm) "{'berth': 'host-profile/1', 'costs': {'host': {'cpus': 2}" vm "}}"
#define SCRATCH PROFILE(", 'vm': {'scratch': {'kernel': '2s'}}")

Test(forecast, knows_who_may_boot)
{
    static const struct {
        const char *members;
        bool boots;
    } rows[] = {
        {SLICE, false},
        {MACHINE("scratch"), true},
        {"'instances': [{'type': 'box', 'isolation': 'vm'}], " RUN, true},
        {OWN_MACHINE, true},
        {FARGATE, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct forecast forecast;

        open_forecast(&forecast, rows[i].members);
        cr_expect(forecast.boots == rows[i].boots, "row %zu", i);
        cr_expect_str_eq(forecast.title, "A job");
        forecast_finish(&forecast);
    }
}

Test(forecast, a_profile_covers_the_way_in_which_machines_start)
{
    static const struct {
        const char *members, *profile;
        bool covered;
    } rows[] = {
        {MACHINE("scratch"), SCRATCH, true},
        {MACHINE("restore"), SCRATCH, false},
        {MACHINE("scratch"), PROFILE(""), false},
        {MACHINE("scratch"), PROFILE(", 'vm': {'speed': 0.5}"), false},
        {OWN_MACHINE, SCRATCH, true},
        {OWN_MACHINE, PROFILE(""), false},
        {FARGATE, PROFILE(""), false},
        {SLICE, PROFILE(""), true},
        {MACHINE("scratch"), "{", true}, /* another mistake */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct forecast forecast;

        open_forecast(&forecast, rows[i].members);
        write_file(profile, rows[i].profile);
        cr_expect(forecast_is_covered(&forecast, profile) == rows[i].covered, "row %zu", i);
        forecast_finish(&forecast);
    }
}

Test(forecast, all_profiles_have_to_know_boots)
{
    struct forecast forecast;
    struct err err;

    write_file(profile, SCRATCH);
    write_file(other, PROFILE(""));
    open_forecast(&forecast, OWN_MACHINE);
    cr_assert(forecast_simulate(&forecast, profile, &err), "%s", err.text);
    cr_expect(forecast.knows_boot);
    cr_expect_not(forecast.knows_inside);
    cr_expect_eq(totals_of(&forecast.predicted[0], TOTAL_BOOT, 0), 2 * USEC_PER_SEC);
    cr_expect_eq(totals_of(&forecast.predicted[0], TOTAL_BOOT, 1), USEC_NEVER, "no such task");
    cr_expect_eq(totals_of(&forecast.idle, TOTAL_BOOT, 0), 0);
    cr_assert(forecast_simulate(&forecast, other, &err), "%s", err.text);
    cr_expect_not(forecast.knows_boot);
    cr_assert(forecast_simulate(&forecast, profile, &err), "%s", err.text);
    cr_expect_not(forecast.knows_boot, "one did not");
    forecast_finish(&forecast);
}

/* A real run boots virtual machines instead, which cost what they cost; a slice it lets wait. */
Test(forecast, a_boot_that_no_real_run_waits_for_is_none)
{
    static const struct {
        const char *members;
        int64_t idle_usec, predicted_usec; /* the last: at least */
    } rows[] = {
        {FARGATE ", 'fargate': {'boot': '9s'}", 0, 2 * USEC_PER_SEC},
        {"'instances': '1xslow', 'costs': {'profile': 'laptop', 'machines': 'vms'}, " RUN, 0,
         2 * USEC_PER_SEC},
        {"'instances': [{'type': 'slow', 'isolation': 'vm'}], " RUN, 0, 2 * USEC_PER_SEC},
        {"'instances': '1xslow', " RUN, 9 * USEC_PER_SEC, 9 * USEC_PER_SEC},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct forecast forecast;
        struct err err;

        write_file(profile, SCRATCH);
        open_forecast(&forecast, rows[i].members);
        cr_assert(forecast_simulate(&forecast, profile, &err), "row %zu: %s", i, err.text);
        cr_expect_eq(totals_of(&forecast.idle, TOTAL_REGISTRATION, 0), rows[i].idle_usec, "row %zu",
                     i);
        cr_expect_geq(totals_of(&forecast.predicted[0], TOTAL_REGISTRATION, 0),
                      rows[i].predicted_usec, "row %zu", i);
        forecast_finish(&forecast);
    }
}

/* It is what patience with real runs is measured by. */
Test(forecast, the_longest_simulation_counts)
{
    struct forecast forecast;
    struct err err;

    write_file(profile, PROFILE(""));
    open_forecast(&forecast, SLICE);
    cr_assert(forecast_simulate(&forecast, profile, &err), "%s", err.text);
    cr_expect_eq(totals_of(&forecast.predicted[0], TOTAL_BOOT, 0), USEC_NEVER, "no machine");
    cr_expect_geq(forecast.end_usec, 3 * USEC_PER_SEC, "work, a quarter of a CPU's");
    forecast_finish(&forecast);
}
