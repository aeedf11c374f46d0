/*
 * The clock of a group with a CFS quota that its members could exceed: it runs until the period's part
 * is used and stands still until the next period. In closed form, so that a thousand periods cost as
 * much as one (kernel, Documentation/scheduler/sched-bwc.rst).
 */
#include "model/share_node.h"

#define PERIOD (SHARE_PERIOD_USEC * SHARE_TICKS)

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t share_throttle_advance(struct share_throttle *throttle, int64_t seen, int64_t now)
{
    int64_t ran, periods, into;

    if (now < throttle->period_end) {
        ran = least(now - seen, throttle->run_left);
        throttle->run_left -= ran;
        return ran;
    }
    ran = least(throttle->period_end - seen, throttle->run_left);
    periods = (now - throttle->period_end) / PERIOD;
    into = least((now - throttle->period_end) % PERIOD, throttle->run);
    throttle->period_end += (periods + 1) * PERIOD;
    throttle->run_left = throttle->run - into;
    return ran + periods * throttle->run + into;
}

share_wide share_throttle_invert(const struct share_throttle *throttle, int64_t seen, int64_t ticks)
{
    int64_t now = least(throttle->period_end - seen, throttle->run_left), periods;

    if (ticks <= now)
        return (share_wide)(seen + ticks);
    if (throttle->run == 0)
        return SHARE_NEVER;
    ticks -= now;
    periods = (ticks - 1) / throttle->run;
    return (share_wide)throttle->period_end + (share_wide)periods * PERIOD +
           (share_wide)(ticks - periods * throttle->run);
}

/* The part of a period, as rate times ticks. */
static uint64_t whole_budget(uint64_t quota)
{
    return (uint64_t)((share_wide)quota * PERIOD / SHARE_TICKS);
}

void share_throttle_begin(struct share_throttle *throttle, int64_t now, uint64_t quota,
                          uint64_t rate)
{
    int64_t phase = throttle->phase * SHARE_TICKS;
    int64_t into = ((now - phase) % PERIOD + PERIOD) % PERIOD;
    share_wide used = (share_wide)(rate < quota ? rate : quota) * (share_wide)into / SHARE_TICKS;

    throttle->period_end = now - into + PERIOD;
    if (throttle->saved_end != throttle->period_end)
        throttle->budget = whole_budget(quota) - (uint64_t)used;
    throttle->on = true;
    throttle->speed = 0;
}

void share_throttle_end(struct share_throttle *throttle)
{
    throttle->budget = (uint64_t)((share_wide)throttle->run_left * throttle->speed / SHARE_TICKS);
    throttle->saved_end = throttle->period_end;
    throttle->on = false;
}

/* Ticks of running at that speed. */
static int64_t ticks_of(uint64_t budget, uint64_t speed)
{
    return least((int64_t)(((share_wide)budget * SHARE_TICKS + speed / 2) / speed), PERIOD);
}

void share_throttle_set_speed(struct share_throttle *throttle, uint64_t quota, uint64_t speed)
{
    if (throttle->speed > 0)
        throttle->budget =
            (uint64_t)((share_wide)throttle->run_left * throttle->speed / SHARE_TICKS);
    throttle->speed = speed;
    throttle->run_left = ticks_of(throttle->budget, speed);
    throttle->run = ticks_of(whole_budget(quota), speed);
}
