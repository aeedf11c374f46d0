/*
 * CPU sharing against closed forms: processor sharing, two classes of weights, quotas, one thread a
 * container; and against what must hold whatever comes.
 */
#include "model/share.h"

#include "core/draw.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND USEC_PER_SEC
#define WORKERS 40

/* A definition of containers with these weights; static storage, one at a time per slot. */
static const struct task_definition *define(int slot, int32_t task_cpu, int n, const int32_t *cpu)
{
    static struct container_definition containers[WORKERS][4];
    static struct task_definition definitions[WORKERS];

    memset(containers[slot], 0, sizeof containers[slot]);
    for (int i = 0; i < n; i++)
        containers[slot][i].cpu = cpu[i];
    definitions[slot] = (struct task_definition){
        .cpu = task_cpu, .n_containers = n, .containers = containers[slot]};
    return &definitions[slot];
}

static const struct task_definition *single(int slot, int32_t cpu)
{
    return define(slot, 0, 1, &cpu);
}

/* Runs until all is done; the finish of container c of task t goes to finish[t][c]. */
static void run(struct share *share, int64_t finish[][4])
{
    int32_t task, container;

    while (share->next_usec != USEC_NEVER) {
        int64_t now = share->next_usec;

        cr_assert(share_take_finished(share, now, &task, &container));
        finish[task][container] = now;
    }
    cr_assert(share->n_workers == 0);
}

static void assert_usec(int64_t got, int64_t want, int64_t tolerance, const char *what)
{
    cr_assert(llabs(got - want) <= tolerance, "%s: %lld, not %lld", what, (long long)got,
              (long long)want);
}

Test(share, equal_containers_on_one_cpu_finish_together)
{
    for (int n = 1; n <= WORKERS; n++) {
        struct share share;
        int64_t finish[WORKERS][4];

        share_init(&share, 1024);
        for (int t = 0; t < n; t++)
            share_add(&share, 0, t, single(t, 128), 0, 2 * SECOND);
        run(&share, finish);
        for (int t = 0; t < n; t++)
            assert_usec(finish[t][0], 2 * n * SECOND, 0, "finish");
        share_finish(&share);
    }
}

/* Works of 1, 2, ... s: the k-th finishes when it has got what all of its size or less had, and
 * those behind it as much: sum over j <= k of (w_j - w_(j-1)) (n - j + 1). */
Test(share, processor_sharing_has_its_closed_form)
{
    struct share share;
    int64_t finish[10][4], want = 0;

    share_init(&share, 1024);
    for (int t = 0; t < 10; t++)
        share_add(&share, 0, t, single(t, 64), 0, (t + 1) * SECOND);
    run(&share, finish);
    for (int t = 0; t < 10; t++) {
        want += (10 - t) * SECOND;
        assert_usec(finish[t][0], want, 1, "finish");
    }
    share_finish(&share);
}

/* 2 : 1, three seconds each: the heavy one is done after 4.5 s, the light one has half of its work
 * left and the CPU for itself. */
Test(share, weights_divide_and_what_is_left_over_is_used)
{
    struct share share;
    int64_t finish[2][4];

    share_init(&share, 1024);
    share_add(&share, 0, 0, single(0, 512), 0, 3 * SECOND);
    share_add(&share, 0, 1, single(1, 256), 0, 3 * SECOND);
    run(&share, finish);
    assert_usec(finish[0][0], 4500000, 1, "heavy");
    assert_usec(finish[1][0], 6000000, 1, "light");
    share_finish(&share);
}

Test(share, a_task_level_cpu_is_a_ceiling_even_alone)
{
    const int32_t none = 0;
    struct share share;
    int64_t finish[2][4];

    share_init(&share, 1024);
    share_add(&share, 0, 0, define(0, 256, 1, &none), 0, SECOND);
    run(&share, finish);
    assert_usec(finish[0][0], 4 * SECOND, 0, "alone");
    share_finish(&share);
}

/* The ceiling leaves 3/4 of the CPU to the other, however light that one is. */
Test(share, what_a_ceiling_leaves_goes_to_the_others)
{
    const int32_t none = 0;
    struct share share;
    int64_t finish[2][4];

    share_init(&share, 1024);
    share_add(&share, 0, 0, define(0, 256, 1, &none), 0, SECOND);
    share_add(&share, 0, 1, single(1, 2), 0, 3 * SECOND);
    run(&share, finish);
    assert_usec(finish[0][0], 4 * SECOND, SECOND / 100, "with a ceiling");
    assert_usec(finish[1][0], 4 * SECOND, SECOND / 100, "without");
    share_finish(&share);
}

Test(share, a_container_is_one_thread)
{
    struct share share;
    int64_t finish[WORKERS][4];

    share_init(&share, 4096);
    share_add(&share, 0, 0, single(0, 4096), 0, 2 * SECOND);
    run(&share, finish);
    assert_usec(finish[0][0], 2 * SECOND, 0, "alone on four CPUs");
    for (int t = 0; t < 5; t++)
        share_add(&share, 2 * SECOND, t, single(t, 128), 0, 4 * SECOND);
    run(&share, finish);
    for (int t = 0; t < 5; t++)
        assert_usec(finish[t][0], 7 * SECOND, 1, "five on four CPUs");
    share_finish(&share);
}

/* One heavy container cannot use more than one of two CPUs: the two light ones share the other. */
Test(share, a_weight_beyond_one_cpu_is_left_to_others)
{
    struct share share;
    int64_t finish[3][4];

    share_init(&share, 2048);
    share_add(&share, 0, 0, single(0, 4096), 0, 2 * SECOND);
    share_add(&share, 0, 1, single(1, 2), 0, SECOND);
    share_add(&share, 0, 2, single(2, 2), 0, SECOND);
    run(&share, finish);
    for (int t = 0; t < 3; t++)
        assert_usec(finish[t][0], 2 * SECOND, 1, "finish");
    share_finish(&share);
}

/* Inside a task its containers share by their own weights; outside, the task counts as their sum,
 * also while one of them is not working. */
Test(share, tasks_first_then_their_containers)
{
    const int32_t pair[] = {300, 100};
    struct share share;

    share_init(&share, 1024);
    share_add(&share, 0, 0, define(0, 0, 2, pair), 0, 10 * SECOND);
    share_add(&share, 0, 1, single(1, 400), 0, 10 * SECOND);
    cr_assert(share.workers[0].rate == SHARE_ONE_CPU / 2, "the sum of its containers counts");
    share_add(&share, 0, 0, define(0, 0, 2, pair), 1, 10 * SECOND);
    cr_assert(share.workers[0].task == 0 && share.workers[1].task == 0);
    cr_assert(share.workers[0].rate == SHARE_ONE_CPU / 8 * 3);
    cr_assert(share.workers[1].rate == SHARE_ONE_CPU / 8);
    cr_assert(share.workers[2].rate == SHARE_ONE_CPU / 2);
    share_finish(&share);
}

Test(share, weights_are_the_agents)
{
    const int32_t none[] = {0, 1, 300000};
    const int32_t both[] = {100, 0};

    cr_assert(share_task_weight(define(0, 0, 2, none)) == 4);
    cr_assert(share_task_weight(define(1, 0, 2, both)) == 102);
    cr_assert(share_task_weight(define(2, 0, 3, none)) == 262144);
    cr_assert(share_task_weight(define(3, 512, 2, both)) == 1024);
}

Test(share, whoever_is_killed_leaves_its_share)
{
    struct share share;
    int64_t finish[2][4];

    share_init(&share, 1024);
    share_add(&share, 0, 0, single(0, 128), 0, 2 * SECOND);
    share_add(&share, 0, 1, single(1, 128), 0, 2 * SECOND);
    cr_assert(share_remove(&share, SECOND, 1, 0));
    cr_assert(!share_remove(&share, SECOND, 1, 0), "it is gone");
    run(&share, finish);
    assert_usec(finish[0][0], 2500000, 0, "the other");
    share_finish(&share);
}

/* Whatever comes and goes: nobody is faster than one CPU or its ceiling, the instance is never
 * overdrawn, and never idle while somebody could use it. */
Test(share, never_overdraws_and_never_wastes)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct share share;
        int64_t now = 0;
        int32_t task, container;

        share_init(&share, (int32_t)draw_below(seed, DRAW_BOOT, 0, 0, 8192) + 1);
        for (int step = 0; step < 200; step++) {
            uint64_t sum = 0, usable = 0;
            int slot = step % WORKERS;
            int32_t cpu = (int32_t)draw_below(seed, DRAW_START, step, 0, 2048);
            int32_t ceiling = (int32_t)draw_below(seed, DRAW_START, step, 1, 3) == 0 ? 400 : 0;

            now += (int64_t)draw_below(seed, DRAW_START, step, 2, 300000);
            while (share.next_usec <= now)
                cr_assert(share_take_finished(&share, share.next_usec, &task, &container));
            share_remove(&share, now, slot, 0);
            share_add(&share, now, slot, define(slot, ceiling, 1, &cpu), 0,
                      (int64_t)draw_below(seed, DRAW_WORK, step, 0, 5000000) + 1);
            for (int i = 0; i < share.n_workers; i++) {
                uint64_t cap = share.workers[i].task_quota < SHARE_ONE_CPU
                                   ? share.workers[i].task_quota
                                   : SHARE_ONE_CPU;

                cr_assert(share.workers[i].rate <= cap);
                sum += share.workers[i].rate;
                usable += cap;
            }
            usable = usable < share.capacity ? usable : share.capacity;
            cr_assert(sum <= share.capacity && sum + (uint64_t)share.n_workers >= usable,
                      "seed %llu step %d", (unsigned long long)seed, step);
        }
        share_finish(&share);
    }
}

/* Two CPUs: a container with three requests on them, beside one with its own work. */
Test(share, serves_requests_with_as_many_threads)
{
    struct share share;
    int32_t task, container;

    share_init(&share, 2 * CPU_UNITS_PER_VCPU);
    share_serve(&share, 0, 0, single(0, 512), 0, 3, (share_wide)(3 * SECOND) * SHARE_ONE_CPU);
    cr_assert(share.next_usec == 3 * SECOND / 2, "three seconds of work by two CPUs");
    share_add(&share, SECOND / 2, 1, single(1, 512), 0, SECOND);
    cr_assert(share_left(&share, SECOND / 2, 0, 0) == (share_wide)(2 * SECOND) * SHARE_ONE_CPU);
    cr_assert(share.next_usec == 3 * SECOND / 2, "one CPU each");
    share_serve(&share, SECOND, 0, single(0, 512), 0, 0, 0);
    cr_assert(share_left(&share, SECOND, 0, 0) == 0 && share.n_workers == 1);
    cr_assert(share_take_finished(&share, 3 * SECOND / 2, &task, &container) && task == 1);
    share_serve(&share, 2 * SECOND, 0, single(0, 512), 0, 0, 0);
    cr_assert(share.n_workers == 0 && share.next_usec == USEC_NEVER);
    share_finish(&share);
}
