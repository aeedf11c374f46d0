/*
 * Marks, and numbers in columns, over a run made by hand.
 */
#include "viz/chronicle.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample sample;
static struct scene_index made;
static struct chronicle chronicle;

static const char scenario[] =
    "{\"berth\":\"scenario/"
    "1\",\"title\":\"x\",\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\"}},"
    "\"instances\":\"2xbox\",\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":[{"
    "\"name\":\"web\","
    "\"image\":\"a\",\"memory\":64}]}],\"timeline\":[{\"at\":\"6s\",\"fault\":{\"killTask\":\"t1\"}"
    "},"
    "{\"at\":\"7s\",\"fault\":{\"cutAgent\":{\"instance\":\"i2\",\"for\":\"2s\"}}},"
    "{\"at\":\"90s\",\"fault\":{\"killInstance\":\"i1\"}}],\"until\":\"10s\"}";

static struct story_fact *add_fact(enum message_kind kind, int64_t at_usec)
{
    struct story_fact *fact = ARRAY_ADD(&sample.story, facts);
    *fact = (struct story_fact){at_usec, message_new(kind)};
    return fact;
}

static void set_up(void)
{
    sample_init(&sample, RUN_SIM);
    int web = sample_taskdef(&sample, "web", 512, 128, 1);
    sample_start(sample_task(&sample, web, 0, MS(1000)), MS(9), MS(9), MS(9), MS(9));
    sample_exit(&sample.story.tasks[0], MS(6000), 137);
    *ARRAY_ADD(&sample.story, services) = (struct story_service){.name = strdup("web")};
    for (int i = 0; i < 2; i++) {
        struct message *message = &add_fact(MESSAGE_DEPLOYMENT, MS(2000 * i))->message;
        message->as.deployment.service = message->as.deployment.taskdef = 0;
        message->as.deployment.deployment = i;
        message->as.deployment.rollout = ROLLOUT_IN_PROGRESS;
    }
    for (int i = 0; i < 2; i++) {
        struct message *message = &add_fact(MESSAGE_SCALE, MS(3000 + 1000 * i))->message;
        message->as.scale.service = 0;
        message->as.scale.from = 1 + i;
        message->as.scale.to = 2 - i;
    }
    scene_index_init(&made, &sample.story, &sample.header);
    chronicle_init(&chronicle, &made, scenario);
}

static void tear_down(void)
{
    chronicle_finish(&chronicle);
    scene_index_finish(&made);
    sample_finish(&sample);
}

TestSuite(chronicle, .init = set_up, .fini = tear_down);

static const struct {
    int64_t at_usec;
    enum chronicle_kind kind;
    const char *words;
} marks[] = {
    {MS(2000), CHRONICLE_DEPLOYMENT, "web: deployment of web:1 is IN_PROGRESS"},
    {MS(3000), CHRONICLE_SCALE_OUT, "web: desired count 1 to 2"},
    {MS(4000), CHRONICLE_SCALE_IN, "web: desired count 2 to 1"},
    {MS(6000), CHRONICLE_FAULT, "fault: killTask t1"},
    {MS(6000), CHRONICLE_FAILURE, "t1 web STOPPED (failed)"},
    {MS(7000), CHRONICLE_FAULT, "fault: cutAgent i2 for 2 s"},
};
#define N_MARKS (int)(sizeof marks / sizeof marks[0])

Test(chronicle, marks_what_matters)
{
    cr_assert_eq(chronicle.n_marks, N_MARKS, "%d marks", chronicle.n_marks);
    for (int i = 0; i < N_MARKS; i++) {
        char text[96];
        chronicle_tell(&chronicle, &chronicle.marks[i], text, sizeof text);
        cr_expect_eq(chronicle.marks[i].at_usec, marks[i].at_usec, "mark %d", i);
        cr_expect_eq(chronicle.marks[i].kind, marks[i].kind, "mark %d", i);
        cr_expect(strncmp(text, marks[i].words, strlen(marks[i].words)) == 0, "mark %d: %s", i,
                  text);
    }
}

Test(chronicle, jumps_from_mark_to_mark)
{
    const struct chronicle *all[] = {&chronicle};
    static const int64_t moments[] = {MS(2000), MS(3000), MS(4000), MS(6000), MS(7000)};
    int64_t at_usec = 0;
    for (int i = 0; i < 5; i++)
        cr_expect_eq(at_usec = chronicle_next(all, 1, at_usec, 1), moments[i]);
    cr_expect_eq(chronicle_next(all, 1, at_usec, 1), USEC_NEVER);
    for (int i = 3; i >= 0; i--)
        cr_expect_eq(at_usec = chronicle_next(all, 1, at_usec, -1), moments[i]);
    cr_expect_eq(chronicle_next(all, 1, at_usec, -1), USEC_NEVER);
    cr_expect_eq(chronicle_next(all, 0, 0, 1), USEC_NEVER);
}

Test(chronicle, columns_hold_all_that_happens_in_them)
{
    chronicle_fit(&chronicle, 101, MS(10000));
    cr_expect_eq(chronicle.kinds[10], 1U << CHRONICLE_PLACED);
    cr_expect_eq(chronicle.kinds[60],
                 1U << CHRONICLE_STOPPED | 1U << CHRONICLE_FAULT | 1U << CHRONICLE_FAILURE);
    const int64_t *low = &chronicle.low[CHRONICLE_UTILIZATION * 101];
    const int64_t *high = &chronicle.high[CHRONICLE_UTILIZATION * 101];
    cr_expect_eq(high[9], 0);
    cr_expect_eq(low[10], 0, "it rises here");
    cr_expect_eq(high[10], 2500, "512 of 2048: %lld", (long long)high[10]);
    cr_expect_eq(low[30], 2500);
    cr_expect_eq(high[61], 0);
    cr_expect_eq(chronicle.most[CHRONICLE_UTILIZATION], 10000, "the whole is 100 per cent");
    cr_expect_eq(chronicle.most[CHRONICLE_RUNNING], 1);
    cr_expect_eq(chronicle.most[CHRONICLE_COST], 0, "nothing has a price");
    cr_expect_eq(chronicle.most[CHRONICLE_LATENCY], 0, "nobody asks anything");
    cr_expect_eq(chronicle.high[CHRONICLE_COST * 101 + 30], -1, "which is not the price 0");
    cr_expect_eq(chronicle.high[CHRONICLE_LATENCY * 101 + 30], -1, "nor an answer in no time");
    /* Narrower than it has steps, and longer than the run: after its end there is nothing. */
    chronicle_fit(&chronicle, 5, MS(20000));
    cr_expect_eq(chronicle.high[CHRONICLE_RUNNING * 5], 1);
    cr_expect_eq(chronicle.low[CHRONICLE_RUNNING * 5], 0);
    cr_expect_eq(chronicle.high[CHRONICLE_RUNNING * 5 + 3], -1);
}

Test(chronicle, columns_of_any_run)
{
    cr_expect_eq(chronicle_column(0, 100, MS(10)), 0);
    cr_expect_eq(chronicle_column(-5, 100, MS(10)), 0);
    cr_expect_eq(chronicle_column(MS(10), 100, MS(10)), 99);
    cr_expect_eq(chronicle_column(USEC_NEVER, 100, MS(10)), 99);
    cr_expect_eq(chronicle_column(USEC_NEVER / 2, 102, USEC_NEVER - 1), 50);
    cr_expect_eq(chronicle_column(5, 100, 0), 0);
}

Test(chronicle, says_values_in_their_units)
{
    static const struct {
        enum chronicle_strip strip;
        int64_t value;
        const char *words;
    } rows[] = {
        {CHRONICLE_UTILIZATION, 6349, "63 %"}, {CHRONICLE_WAITING, 12, "12"},
        {CHRONICLE_COST, 192000000, "0.192"},  {CHRONICLE_COST, 12999600000, "13.000"},
        {CHRONICLE_LATENCY, 2345, "2.3 ms"},   {CHRONICLE_LATENCY, 45678, "45 ms"},
        {CHRONICLE_LATENCY, 12345678, "12 s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        chronicle_tell_value(rows[i].strip, rows[i].value, text, sizeof text);
        cr_expect_str_eq(text, rows[i].words);
    }
}

Test(chronicle, knows_what_it_does_not_know)
{
    struct chronicle priced = {.most = {[CHRONICLE_COST] = 192000000}};
    cr_expect(chronicle_knows(&chronicle, CHRONICLE_UTILIZATION, 0));
    cr_expect(chronicle_knows(&chronicle, CHRONICLE_WAITING, 0));
    cr_expect_not(chronicle_knows(&chronicle, CHRONICLE_COST, 0), "no instance has a price");
    cr_expect(chronicle_knows(&priced, CHRONICLE_COST, 0), "all with a price are gone");
    cr_expect_not(chronicle_knows(&chronicle, CHRONICLE_LATENCY, 0));
    cr_expect(chronicle_knows(&chronicle, CHRONICLE_LATENCY, 1));
}

Test(chronicle, a_broken_scenario_has_no_faults)
{
    struct chronicle other;
    chronicle_init(&other, &made, "{\"berth\":");
    cr_expect_eq(other.n_faults, 0);
    chronicle_finish(&other);
    chronicle_init(&other, &made, NULL);
    cr_expect_eq(other.n_marks, N_MARKS - 2);
    chronicle_finish(&other);
}
