/*
 * Load: where requests come from, their rates, changes in the timeline, how they are served, what is
 * expected of them.
 */
#include "reading.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND USEC_PER_SEC

#define SERVICE                                                                                    \
    "\"until\":\"60s\",\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{"         \
    "\"name\":"                                                                                    \
    "\"a\",\"image\":\"i\",\"memory\":8}]}],\"services\":[{\"serviceName\":\"web\","               \
    "\"taskDefinition\":\"d\",\"desiredCount\":1}],"

struct row {
    const char *text, *wanted; /* a part of the first finding, "": there is none */
};

static const struct row rows[] = {
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"poisson\":{\"rate\":\"200/s\"}}}]", ""},
    {"\"load\":[{\"service\":\"wbe\",\"arrivals\":{\"poisson\":{\"rate\":\"200/s\"}}}]",
     "load[0].service: no service \"wbe\" (did you mean web?)"},
    {"\"load\":[{\"arrivals\":{\"poisson\":{\"rate\":\"200/s\"}}}]",
     "load[0]: wanted either a service or a targetGroup"},
    {"\"load\":[{\"service\":\"web\"}]", "load[0].arrivals: missing"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{}}]",
     "load[0].arrivals: wanted one of poisson, constant, sine, steps"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"poisson\":{\"rate\":200}}}]",
     "load[0].arrivals.poisson.rate: found 200, wanted a rate such as \"200/s\""},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"poisson\":{\"rate\":\"200\"}}}]",
     "rate: \"200\" has no unit; rates look like"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"poisson\":{\"rate\":\"2/fortnight\"}}}]",
     "has an unknown unit"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"poisson\":{\"rate\":\"2000000000/s\"}}}]",
     "is more than 1000000000/s"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"constant\":{\"rate\":\"1/s\"},\"sine\":{}}}]",
     "arrivals.sine: there is a constant already"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"sine\":{\"low\":\"9/s\",\"high\":\"3/s\","
     "\"period\":\"1h\"}}}]",
     "sine.low: \"9/s\" is more than high"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"sine\":{\"low\":\"1/s\",\"high\":\"3/s\","
     "\"period\":\"1ms\"}}}]",
     "sine.period: found \"1ms\", wanted at least 1s"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":[{\"at\":\"1s\",\"rate\":\"1/s\"}]}}]",
     "steps[0].at: found \"1s\", wanted 0s"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":[{\"at\":\"0s\",\"rate\":\"1/s\"},"
     "{\"at\":\"0s\",\"rate\":\"1/s\"}]}}]",
     "steps[1].at: \"0s\" is not after the step before it"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":[]}}]", "found 0 steps"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":\"no-such.csv\"}}]",
     "steps: cannot read no-such.csv"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":[{\"at\":\"0s\",\"rate\":\"1/s\"},"
     "{\"at\":\"9s\",\"rate\":\"1/s\"}],\"period\":\"9s\"}}]",
     "period: \"9s\" is not after the last step"},
    {"\"load\":[{\"service\":\"web\",\"arrivals\":{\"poisson\":{\"rate\":\"1/s\"},\"spacing\":"
     "\"even\"}}]",
     "spacing: belongs to sine and steps"},
    {"\"load\":[{\"service\":\"web\",\"from\":\"9s\",\"to\":\"3s\",\"arrivals\":{\"poisson\":{"
     "\"rate\":\"1/s\"}}}]",
     "load[0].to: \"3s\" is not after its beginning"},
    {"\"timeline\":[{\"at\":\"5s\",\"load\":{\"service\":\"web\",\"from\":\"9s\",\"arrivals\":{"
     "\"poisson\":{\"rate\":\"1/s\"}}}}]",
     "load.from: an entry of the timeline begins at its own time"},
    {"\"timeline\":[{\"at\":\"5s\",\"stopTask\":{\"task\":\"t1\"},\"load\":{\"service\":\"web\","
     "\"arrivals\":{\"poisson\":{\"rate\":\"1/s\"}}}}]",
     "timeline[0].load: this entry has a stopTask already"},
    {"\"behaviour\":{\"d/a\":{\"request\":{\"work\":\"5ms\",\"wait\":{\"exponential\":{\"mean\":"
     "\"9ms\"}},\"concurrency\":4,\"queue\":0}}}",
     ""},
    {"\"behaviour\":{\"d/a\":{\"request\":{\"concurrency\":0}}}",
     "request.concurrency: found 0, wanted"},
    {"\"behaviour\":{\"d/a\":{\"request\":{\"wrok\":\"5ms\"}}}",
     "unknown member of a request (did you mean work?)"},
    {"\"expect\":[{\"service\":\"web\",\"running\":1,\"failedAtMost\":0}]",
     "failedAtMost: belongs to a target group's requests"},
    {"\"expect\":[{\"targetGroup\":\"web\",\"failedAtMost\":0}]",
     "targetGroup: no target group \"web\""},
};

Test(scenario_load, findings)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2000];
        struct findings findings = {0};
        const char *first;

        snprintf(text, sizeof text, SERVICE "%s", rows[i].text);
        scenario_destroy(scenario_parse(scenario_of(text), "x.json", &findings));
        first = findings.n_list > 0 ? findings.list[0].text : "";
        cr_assert(*rows[i].wanted ? strstr(first, rows[i].wanted) != NULL : !*first,
                  "%s\n\"%s\", wanted \"%s\"", rows[i].text, first, rows[i].wanted);
        findings_finish(&findings);
    }
}

Test(scenario_load, values)
{
    struct scenario *scenario = reading(
        scenario_of(SERVICE
                    "\"load\":[{\"service\":\"web\",\"timeout\":\"2s\",\"arrivals\":{\"constant\":{"
                    "\"rate\":\"90/min\"}}},"
                    "{\"service\":\"web\",\"from\":\"1s\",\"to\":\"9s\",\"arrivals\":{\"steps\":[{"
                    "\"at\":\"0s\",\"rate\":\"2.5/s\"},{\"at\":\"4s\",\"rate\":\"0/s\"}],"
                    "\"spacing\":\"even\",\"period\":\"5s\"}}],"
                    "\"timeline\":[{\"at\":\"20s\",\"load\":{\"service\":\"web\",\"arrivals\":{"
                    "\"sine\":{\"low\":\"0/s\",\"high\":\"10/s\",\"period\":\"1m\"}}}},"
                    "{\"at\":\"21s\",\"stopTask\":{\"task\":\"t1\"}}]"),
        "");
    const struct load_source *loads = scenario->loads;

    cr_assert(scenario->n_loads == 3 && scenario->n_timeline == 1);
    cr_assert(loads[0].spacing == ARRIVALS_EVEN && loads[0].curve.steps[0].rate == 1500000);
    cr_assert(loads[0].from_usec == 0 && loads[0].to_usec == 20 * SECOND, "replaced by then");
    cr_assert(loads[0].timeout_usec == 2 * SECOND);
    cr_assert(loads[1].to_usec == 9 * SECOND, "over by then");
    cr_assert(loads[1].curve.n_steps == 2 && loads[1].curve.period_usec == 5 * SECOND);
    cr_assert(loads[2].from_usec == 20 * SECOND && loads[2].to_usec == 60 * SECOND);
    cr_assert(fabs(rate_curve_requests(&loads[2].curve, 0, 60 * SECOND) - 300) < 0.01);
    scenario_destroy(scenario);
}

/* A file's lines stand in the source, so that a run log has them. */
Test(scenario_load, steps_from_a_file)
{
    char path[] = "/tmp/berth-rates-XXXXXX", text[2000];
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct scenario *scenario, *again;

    fputs("time,rate\n# quiet\n0,10\n 30s , 1.5/s \n\n60,200/min\n", file);
    fclose(file);
    snprintf(text, sizeof text,
             SERVICE "\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":\"%s\"}}]", path);
    scenario = reading(scenario_of(text), "");
    remove(path);
    cr_assert(scenario->loads[0].curve.n_steps == 3);
    cr_assert(scenario->loads[0].curve.steps[1].at_usec == 30 * SECOND);
    cr_assert(scenario->loads[0].curve.steps[1].rate == 1500000);
    cr_assert(scenario->loads[0].curve.steps[2].rate == 3333333);
    again = reading(scenario->source, "");
    cr_assert(again->loads[0].curve.n_steps == 3);
    scenario_destroy(again);
    scenario_destroy(scenario);
}

Test(scenario_load, says_which_line_of_a_file_is_wrong)
{
    static const char *const lines[][2] = {
        {"0,1\n5,x\n", "line 2: \"5,x\" does not begin with a number"},
        {"0;1\n", "line 1: \"0;1\" is not a time and a rate"},
        {"0,1\n5,1\n5,2\n", "is not after the step before it"},
    };

    for (size_t i = 0; i < 3; i++) {
        char path[] = "/tmp/berth-rates-XXXXXX", text[2000];
        FILE *file = fdopen(mkstemp(path), "w");
        struct findings findings = {0};

        fputs(lines[i][0], file);
        fclose(file);
        snprintf(text, sizeof text,
                 SERVICE "\"load\":[{\"service\":\"web\",\"arrivals\":{\"steps\":\"%s\"}}]", path);
        cr_assert(!scenario_parse(scenario_of(text), "x.json", &findings));
        remove(path);
        cr_assert(strstr(findings.list[0].text, lines[i][1]), "%s", findings.list[0].text);
        findings_finish(&findings);
    }
}
