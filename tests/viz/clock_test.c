/*
 * Playing, stepping and jumping in the view's time.
 */
#include "viz/clock.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample sample;
static struct scene_index made;
static struct clock clock_;

static void set_up(void)
{
    const struct scene_index *indexes[] = {&made};
    sample_init(&sample, RUN_SIM);
    sample_taskdef(&sample, "web", 128, 128, 1);
    sample_start(sample_task(&sample, 0, 0, MS(1000)), MS(100), MS(10), MS(20), MS(300));
    scene_index_init(&made, &sample.story, &sample.header);
    clock_init(&clock_, indexes, 1);
}

static void tear_down(void)
{
    clock_finish(&clock_);
    scene_index_finish(&made);
    sample_finish(&sample);
}

TestSuite(clock, .init = set_up, .fini = tear_down);

static const int64_t moments[] = {0,        MS(100),  MS(1000), MS(1100),
                                  MS(1110), MS(1130), MS(1430), MS(10000)};
#define N_MOMENTS (int)(sizeof moments / sizeof moments[0])

Test(clock, steps_through_every_moment_and_back)
{
    cr_assert_eq(clock_.events.n_usec, N_MOMENTS);
    for (int i = 1; i < N_MOMENTS; i++) {
        clock_step(&clock_, &clock_.events, 1);
        cr_expect_eq(clock_.at_usec, moments[i], "step %d", i);
    }
    clock_step(&clock_, &clock_.events, 1);
    cr_expect_eq(clock_.at_usec, MS(10000), "stays at the end");
    for (int i = N_MOMENTS - 2; i >= 0; i--) {
        clock_step(&clock_, &clock_.events, -1);
        cr_expect_eq(clock_.at_usec, moments[i], "back to %d", i);
    }
    clock_step(&clock_, &clock_.events, -1);
    cr_expect_eq(clock_.at_usec, 0, "stays at the beginning");
}

Test(clock, steps_from_between_two_moments)
{
    clock_seek(&clock_, MS(1105));
    clock_step(&clock_, &clock_.events, -1);
    cr_expect_eq(clock_.at_usec, MS(1100));
    clock_seek(&clock_, MS(1105));
    clock_step(&clock_, &clock_.events, 1);
    cr_expect_eq(clock_.at_usec, MS(1110));
}

Test(clock, steps_by_decision)
{
    static const int64_t decisions[] = {0, MS(1000), MS(10000)};
    cr_assert_eq(clock_.decisions.n_usec, 3);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(clock_.decisions.usec[i], decisions[i]);
    clock_toggle(&clock_);
    clock_step_decision(&clock_, 1);
    cr_expect_eq(clock_.at_usec, MS(1000), "to the placement, past what boots");
    cr_expect(!clock_.playing);
    clock_step_decision(&clock_, -1);
    cr_expect_eq(clock_.at_usec, 0);
}

Test(clock, placements_of_one_moment_are_a_step_each)
{
    const struct scene_index *indexes[] = {&made};
    clock_finish(&clock_);
    scene_index_finish(&made);
    for (int i = 0; i < 2; i++)
        sample_start(sample_task(&sample, 0, i, MS(1000)), MS(9), MS(9), MS(9), MS(9));
    scene_index_init(&made, &sample.story, &sample.header);
    clock_init(&clock_, indexes, 1);
    static const int32_t shown[] = {1, 2, CLOCK_ALL};
    for (int i = 0; i < 3; i++) {
        clock_step_decision(&clock_, 1);
        cr_expect_eq(clock_.at_usec, MS(1000));
        cr_expect_eq(clock_.shown, shown[i], "step %d: %d", i, clock_.shown);
        cr_expect_eq(clock_placed(&clock_), 3);
    }
    clock_step_decision(&clock_, 1);
    cr_expect_eq(clock_.at_usec, MS(10000));
    for (int i = 2; i >= 0; i--) {
        clock_step_decision(&clock_, -1);
        cr_expect_eq(clock_.at_usec, MS(1000));
        cr_expect_eq(clock_.shown, shown[i], "back to %d: %d", i, clock_.shown);
    }
    clock_step_decision(&clock_, -1);
    cr_expect_eq(clock_.at_usec, 0);
    cr_expect_eq(clock_.shown, CLOCK_ALL);
    clock_step_decision(&clock_, 1);
    clock_step(&clock_, &clock_.events, -1);
    cr_expect_eq(clock_.shown, CLOCK_ALL, "anything else shows all of a moment");
}

Test(clock, reads_times_as_people_type_them)
{
    static const struct {
        const char *text;
        int64_t at_usec; /* -1: it is wrong */
    } rows[] = {
        {"2s", MS(2000)},
        {"2", MS(2000)},
        {"2.5", MS(2500)},
        {"300ms", MS(300)},
        {"0:02", MS(2000)},
        {"1:30", MS(90000)},
        {"1:00:00.5", MS(3600500)},
        {"50%", MS(5000)},
        {"0.1%", MS(10)},
        {"200%", MS(10000)},
        {"end", MS(10000)},
        {"+1s", MS(4000)},
        {"-1", MS(2000)},
        {"+10%", MS(4000)},
        {"", -1},
        {"x", -1},
        {"1:x", -1},
        {":1", MS(1000)},
        {"1:", -1},
        {"-", -1},
        {"%", -1},
        {"5 parsecs", -1},
        {"++1", -1},
        {"99999999999999999999999999999999999999999999999", -1},
    };
    clock_seek(&clock_, MS(3000));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t at_usec = -1;
        const char *wrong = clock_read(&clock_, rows[i].text, &at_usec);
        cr_expect_eq(wrong == NULL, rows[i].at_usec >= 0, "\"%s\": %s", rows[i].text,
                     wrong ? wrong : "taken");
        cr_expect_eq(at_usec, rows[i].at_usec, "\"%s\": %lld", rows[i].text, (long long)at_usec);
    }
}

Test(clock, plays_at_its_speed_and_stops_at_the_end)
{
    char text[32];
    cr_expect(!clock_advance(&clock_, MS(10)), "starts paused");
    clock_toggle(&clock_);
    cr_expect(clock_advance(&clock_, MS(10)));
    cr_expect_eq(clock_.at_usec, MS(10));
    for (int i = 0; i < 9; i++)
        clock_change_speed(&clock_, 1);
    cr_expect_str_eq(clock_tell(&clock_, text, sizeof text), "playing x1000");
    clock_change_speed(&clock_, 1);
    cr_expect_str_eq(clock_tell(&clock_, text, sizeof text), "playing x1000", "no faster");
    clock_advance(&clock_, MS(1));
    cr_expect_eq(clock_.at_usec, MS(1010));
    clock_advance(&clock_, MS(100));
    cr_expect_eq(clock_.at_usec, MS(10000));
    cr_expect(!clock_.playing, "pauses at the end");
    clock_toggle(&clock_);
    cr_expect_eq(clock_.at_usec, 0, "playing again starts again");
}

Test(clock, goes_as_slow_as_a_tenth)
{
    char text[32];
    for (int i = 0; i < 9; i++)
        clock_change_speed(&clock_, -1);
    clock_toggle(&clock_);
    clock_advance(&clock_, MS(100));
    cr_expect_eq(clock_.at_usec, MS(10));
    cr_expect_str_eq(clock_tell(&clock_, text, sizeof text), "playing x1/10");
}

Test(clock, does_not_leave_the_run)
{
    clock_seek(&clock_, -1);
    cr_expect_eq(clock_.at_usec, 0);
    clock_seek(&clock_, USEC_NEVER);
    cr_expect_eq(clock_.at_usec, MS(10000));
    clock_seek(&clock_, 0);
    clock_toggle(&clock_);
    clock_advance(&clock_, INT64_MAX);
    cr_expect_eq(clock_.at_usec, MS(1000), "a long sleep counts as a second");
}

Test(clock, takes_the_longest_of_two_runs)
{
    struct sample other;
    struct scene_index second;
    struct clock both;
    sample_init(&other, RUN_EXEC);
    other.story.end_usec = MS(12000);
    scene_index_init(&second, &other.story, &other.header);
    const struct scene_index *indexes[] = {&made, &second};
    clock_init(&both, indexes, 2);
    cr_expect_eq(both.length_usec, MS(12000));
    cr_expect_eq(both.events.n_usec, N_MOMENTS + 1, "the moments of both, each once");
    clock_finish(&both);
    scene_index_finish(&second);
    sample_finish(&other);
}
