/*
 * The loop: alarms come when they are due and not twice, signals come as values.
 */
#include "exec/loop.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

static struct loop loop;

static void set_up(void)
{
    sigset_t signals;
    struct err err;

    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    cr_assert(loop_open(&loop, &signals, &err), "%s", err.text);
}

static void tear_down(void)
{
    loop_close(&loop);
}

TestSuite(loop, .init = set_up, .fini = tear_down);

Test(loop, alarm)
{
    int64_t begin = loop_clock_usec(), late;
    struct loop_ready ready[4];

    loop_alarm(&loop, begin + 20000);
    cr_assert(loop_wait(&loop, ready, 4) == 1 && ready[0].tag == LOOP_ALARM);
    late = loop_clock_usec() - begin - 20000;
    cr_expect(late >= 0, "%lld us too soon", -(long long)late);
    /* One that has passed already comes at once, also the same one again. */
    for (int i = 0; i < 2; i++) {
        loop_alarm(&loop, begin);
        cr_assert(loop_wait(&loop, ready, 4) == 1 && ready[0].tag == LOOP_ALARM);
    }
    loop_alarm(&loop, begin);
    loop_alarm(&loop, INT64_MAX);
    kill(getpid(), SIGUSR2);
    cr_assert(loop_wait(&loop, ready, 4) == 1);
    cr_expect(ready[0].tag == LOOP_SIGNAL && ready[0].signal == SIGUSR2,
              "the alarm was called off");
}

Test(loop, descriptors)
{
    struct loop_ready ready[4];
    struct err err;
    int ends[2];

    cr_assert(pipe(ends) == 0);
    cr_assert(loop_watch(&loop, ends[0], 7, false, &err));
    cr_assert(write(ends[1], "x", 1) == 1);
    for (int i = 0; i < 2; i++) { /* until it is read */
        cr_assert(loop_wait(&loop, ready, 4) == 1);
        cr_expect(ready[0].tag == 7 && ready[0].readable && !ready[0].writable);
    }
    cr_assert(loop_watch(&loop, ends[1], 8, true, &err));
    loop_forget(&loop, ends[0]);
    cr_assert(loop_wait(&loop, ready, 4) == 1);
    cr_expect(ready[0].tag == 8 && ready[0].writable);
    close(ends[0]);
    cr_assert(loop_wait(&loop, ready, 4) == 1);
    cr_expect(ready[0].readable, "the other end is gone: that is read, not written");
    close(ends[1]);
}
