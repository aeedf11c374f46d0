/*
 * A task's parts, from moments that are given: in order, without gaps, and honest about what a log does not tell.
 */
#include "viz/parts.h"

#include "sample.h"

#include <criterion/criterion.h>

static void expect_spans(const struct part_span *spans, int n, const struct part_span *wanted,
                         int n_wanted, const char *name)
{
    cr_assert_eq(n, n_wanted, "%s: %d parts", name, n);
    for (int i = 0; i < n; i++) {
        cr_expect_eq(spans[i].part, wanted[i].part, "%s: part %d", name, i);
        cr_expect_eq(spans[i].from_usec, wanted[i].from_usec, "%s: part %d begins", name, i);
        cr_expect_eq(spans[i].to_usec, wanted[i].to_usec, "%s: part %d ends", name, i);
        cr_expect_eq(spans[i].modelled, wanted[i].modelled, "%s: part %d modelled", name, i);
    }
}

static struct story_task *one_task(struct sample *sample)
{
    sample_group(sample, "box", 1024, 1024);
    sample_instance(sample, 0, 0, 0);
    struct story_task *task =
        sample_task(sample, sample_taskdef(sample, "web", 256, 128, 1), 0, MS(10));
    sample->story.end_usec = MS(1000);
    task->accepted_at_usec = MS(5);
    return task;
}

Test(parts, follow_each_other)
{
    struct sample sample = {0};
    struct part_span spans[PARTS];
    struct story_task *task = one_task(&sample);
    struct story_container *row = &task->containers[0];
    row->pull_at_usec = MS(20);
    row->pulled_at_usec = MS(120);
    row->started_at_usec = MS(150);
    row->ready_at_usec = MS(350);
    row->ready_modelled = true;
    task->running_at_usec = MS(151);
    task->stop_at_usec = MS(900);
    task->stopped_at_usec = MS(950);
    const struct part_span wanted[] = {
        {PART_WAIT, false, MS(5), MS(20)},     {PART_PULL, false, MS(20), MS(120)},
        {PART_START, false, MS(120), MS(150)}, {PART_READY, true, MS(150), MS(350)},
        {PART_RUN, false, MS(350), MS(900)},   {PART_STOP, false, MS(900), MS(950)}};
    expect_spans(spans, parts_of_task(&sample.story, 0, true, spans), wanted, 6, "real");
    parts_of_task(&sample.story, 0, false, spans);
    cr_expect_not(spans[3].modelled, "a simulation measures nothing, so it models nothing");
    sample_finish(&sample);
}

Test(parts, of_the_scheduler_s_log_alone)
{
    struct sample sample = {0};
    struct part_span spans[PARTS];
    struct story_task *task = one_task(&sample);
    task->running_at_usec = MS(151);
    const struct part_span wanted[] = {{PART_WAIT, false, MS(5), MS(10)},
                                       {PART_START, false, MS(10), MS(151)},
                                       {PART_RUN, false, MS(151), MS(1000)}};
    expect_spans(spans, parts_of_task(&sample.story, 0, false, spans), wanted, 3, "tasks");
    sample_finish(&sample);
}

Test(parts, of_one_that_was_never_placed)
{
    struct sample sample = {0};
    struct part_span spans[PARTS];
    one_task(&sample)->placed_at_usec = NEVER;
    cr_expect_eq(parts_of_task(&sample.story, 0, false, spans), 0);
    sample_finish(&sample);
}
