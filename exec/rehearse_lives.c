/*
 * What a round is made of: containers one by one or all at once, or parked before their programs; each is
 * created, started, awaited, ended and removed, and every step is timed.
 */
#include "exec/rehearse_inside.h"

#include "exec/kernel_threads.h"
#include "exec/loop.h"
#include "exec/scale.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is started at a gate has long come to it. */
#define PARKING_USEC 50000

/* Most of what is told to end has not run for a while, and nor has its agent. */
#define REST_USEC 50000

/* As long as the round says, and on until the clock's n-th phase: see REHEARSE_STEP_USEC. */
static void rest_unevenly(const struct stage *stage, int n)
{
    int64_t now_usec = loop_clock_usec(), until_usec = now_usec + stage->round->rest_usec;
    int64_t phase_usec = n * REHEARSE_STEP_USEC % REHEARSE_PERIOD_USEC;

    until_usec += (phase_usec + REHEARSE_PERIOD_USEC - until_usec % REHEARSE_PERIOD_USEC) %
                  REHEARSE_PERIOD_USEC;
    usleep((useconds_t)(until_usec - now_usec));
}

/* ---- the beginning and the end of each ---- */

static void give_duty(struct stage *stage, int32_t task)
{
    struct duty duty = plans_duty(&stage->plans, task, stage->taskdef);

    performer_duty(stage->performer, &duty);
}

/* The first pull makes the image. */
static bool pull(struct stage *stage, int32_t task, struct err *err)
{
    int64_t begin_usec = loop_clock_usec(), cpu_usec, wall_usec;
    int64_t others_usec =
        rehearse_used_clock_usec(CLOCK_PROCESS_CPUTIME_ID) - rehearse_used_own_usec();

    rehearse_stage_act(stage, MESSAGE_PULL_IMAGE, task, &cpu_usec, &wall_usec);
    if (!rehearse_stage_await(stage, MOMENT_PULLED, stage->n[MOMENT_PULLED] + 1, err)) {
        return false;
    }
    if (stage->times->first_pull_usec == 0) {
        stage->times->first_pull_usec = loop_clock_usec() - begin_usec;
        stage->times->first_pull_cpu_usec = rehearse_used_clock_usec(CLOCK_PROCESS_CPUTIME_ID) -
                                            rehearse_used_own_usec() - others_usec;
    }
    return true;
}

/* Memory that the container's group holds. */
static int64_t group_bytes(const struct stage *stage, int32_t task)
{
    char path[CGROUP_PATH_MAX];
    struct cgroup_usage usage = {0};
    struct err err;

    snprintf(path, sizeof path, "%s/t%d/c-c", stage->setup.group, task + 1);
    return cgroup_read(stage->cgroups, path, &usage, &err) ? usage.memory_bytes : 0;
}

/* What its processes have used until now: pid 1 is the agent's child, the program is pid 1's. */
static void measure_start(struct stage *stage, int32_t task, int first)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;

    usec[REHEARSED_CHILD_CPU][task] = rehearse_used_by_usec(first);
    usec[REHEARSED_EXEC_CPU][task] = rehearse_used_by_usec(rehearse_used_last_pid(first));
    if (task == 0) {
        stage->times->memory_bytes = rehearse_used_bytes(first);
        stage->times->group_bytes = group_bytes(stage, task);
    }
}

/* The first processes of all containers that live, in any order. */
static int find_firsts(const struct stage *stage, int *firsts)
{
    int pids[REHEARSE_MOST + 1];
    int n = rehearse_used_pids(getpid(), pids, REHEARSE_MOST + 1), task = 0;

    for (int i = 0; i < n && task < stage->round->n; i++) {
        if (pids[i] != stage->helper) {
            firsts[task++] = pids[i];
        }
    }
    return task;
}

static void measure_starts(struct stage *stage)
{
    int pids[REHEARSE_MOST];
    int n = find_firsts(stage, pids);

    for (int task = 0; task < n; task++) {
        measure_start(stage, task, pids[task]);
    }
}

/* What each program uses in the time for which all are watched, once all agents' are ready. */
static void watch(struct stage *stage)
{
    int64_t *usec = stage->times->usec[REHEARSED_SHARE_CPU];
    int pids[REHEARSE_MOST];
    int n = find_firsts(stage, pids);

    rehearse_stage_meet(stage, 3);
    for (int task = 0; task < n; task++) {
        pids[task] = rehearse_used_last_pid(pids[task]);
        usec[task] = -rehearse_used_by_usec(pids[task]);
    }
    usleep((useconds_t)stage->round->watch_usec);
    for (int task = 0; task < n; task++) {
        usec[task] += rehearse_used_by_usec(pids[task]);
    }
}

/* Until nothing is left of what is being removed. */
static void await_idle(struct stage *stage)
{
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;
    struct fact fact;

    while (!performer_is_idle(stage->performer) && loop_clock_usec() < until_usec) {
        rehearse_stage_rest(stage);
        if (rehearse_stage_next(stage, &fact)) {
            message_finish(&fact.event);
        }
    }
}

static void remove_all(struct stage *stage)
{
    int64_t cpu_usec, wall_usec;

    for (int32_t task = 0; task < stage->round->n; task++) {
        rehearse_stage_act(stage, MESSAGE_REMOVE_TASK, task, &cpu_usec, &wall_usec);
    }
    await_idle(stage);
}

/* From the order to stop it until nothing of it is left. */
static bool end_one(struct stage *stage, int32_t task, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t begin_usec = loop_clock_usec(), before_usec = rehearse_used_children_usec();
    int64_t own_usec = rehearse_used_own_usec(), cpu_usec, wall_usec, see_usec;

    stage->heard_usec = 0;
    rehearse_stage_act(stage, MESSAGE_SIGNAL_CONTAINER, task, &cpu_usec, &wall_usec);
    if (!rehearse_stage_await(stage, MOMENT_EXITED, stage->n[MOMENT_EXITED] + 1, err)) {
        return false;
    }
    usec[REHEARSED_EXIT_CPU][task] = rehearse_used_own_usec() - own_usec;
    usec[REHEARSED_STOP][task] = stage->at_usec[MOMENT_EXITED][task] - begin_usec;
    begin_usec = loop_clock_usec();
    see_usec = stage->see_cpu_usec;
    rehearse_stage_act(stage, MESSAGE_REMOVE_TASK, task, &cpu_usec, &wall_usec);
    await_idle(stage);
    usec[REHEARSED_REMOVE_CPU][task] = cpu_usec + stage->see_cpu_usec - see_usec;
    usec[REHEARSED_REMOVE][task] = loop_clock_usec() - begin_usec;
    cpu_usec = usec[REHEARSED_CHILD_CPU][task] + usec[REHEARSED_EXEC_CPU][task];
    usec[REHEARSED_END_CPU][task] = rehearse_used_children_usec() - before_usec - cpu_usec;
    usec[REHEARSED_HEARD_CPU][task] =
        stage->heard_usec > cpu_usec ? stage->heard_usec - cpu_usec : 0;
    return true;
}

/* How long each agent's step took longer for that CPU time of the kernel's own, which is measured by itself:
 * with an agent on each processor it had to be in somebody's way. */
static int64_t in_the_way(const struct stage *stage, int64_t kernel_usec)
{
    int64_t cpus = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;

    return stage->round->agents >= cpus ? kernel_usec / cpus : 0;
}

/* All are told to end, then all are removed; what each costs is the same part of all, but all wait for the same: that
 * their first processes are gone. */
static bool end_all(struct stage *stage, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t children_usec = rehearse_used_children_usec(), own_usec, exit_usec, remove_usec;
    int64_t heard_usec, kernel_usec, cpu_usec, wall_usec;
    int n = stage->round->n;
    struct kernel_threads threads;

    kernel_threads_open(&threads);
    rehearse_stage_meet(stage, 2);
    stage->times->kernel_end_usec = kernel_threads_used_usec(&threads);
    stage->times->end_usec = loop_clock_usec();
    own_usec = rehearse_used_own_usec();
    for (int32_t task = 0; task < n; task++) {
        rehearse_stage_act(stage, MESSAGE_SIGNAL_CONTAINER, task, &cpu_usec, &wall_usec);
    }
    stage->heard_usec = 0;
    if (!rehearse_stage_await(stage, MOMENT_EXITED, n, err)) {
        return false;
    }
    heard_usec = stage->heard_usec;
    exit_usec = rehearse_used_own_usec() - own_usec;
    stage->times->exited_usec = loop_clock_usec() - stage->times->end_usec;
    kernel_usec = kernel_threads_used_usec(&threads);
    remove_usec = loop_clock_usec();
    own_usec = rehearse_used_own_usec();
    remove_all(stage);
    remove_usec = loop_clock_usec() - remove_usec;
    own_usec = rehearse_used_own_usec() - own_usec;
    stage->times->ended_usec = loop_clock_usec() - stage->times->end_usec;
    stage->times->kernel_ended_usec = kernel_threads_used_usec(&threads);
    kernel_threads_close(&threads);
    remove_usec -= in_the_way(stage, stage->times->kernel_ended_usec - kernel_usec);
    children_usec = rehearse_used_children_usec() - children_usec;
    for (int32_t task = 0; task < n; task++) {
        int64_t before_usec = usec[REHEARSED_CHILD_CPU][task] + usec[REHEARSED_EXEC_CPU][task];

        children_usec -= before_usec;
        heard_usec -= before_usec;
    }
    for (int32_t task = 0; task < n; task++) {
        usec[REHEARSED_EXIT_CPU][task] = exit_usec / n;
        usec[REHEARSED_REMOVE_CPU][task] = own_usec / n;
        usec[REHEARSED_REMOVE][task] =
            own_usec / n + (remove_usec > own_usec ? remove_usec - own_usec : 0);
        usec[REHEARSED_END_CPU][task] = children_usec > 0 ? children_usec / n : 0;
        usec[REHEARSED_HEARD_CPU][task] = heard_usec > 0 ? heard_usec / n : 0;
    }
    return true;
}

/* Creates and starts it, and waits until it is ready. */
static bool start_one(struct stage *stage, int32_t task, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t begin_usec;

    rehearse_stage_act(stage, MESSAGE_CREATE_CONTAINER, task, &usec[REHEARSED_CREATE_CPU][task],
                       &usec[REHEARSED_CREATE][task]);
    if (stage->round->prepared_usec > 0) { /* even no sleep at all takes a while */
        usleep((useconds_t)stage->round->prepared_usec);
    }
    rehearse_stage_act(stage, MESSAGE_START_CONTAINER, task, &usec[REHEARSED_START_CPU][task],
                       &usec[REHEARSED_START][task]);
    begin_usec = loop_clock_usec();
    if (!rehearse_stage_await(stage, MOMENT_READY, task + 1, err)) {
        return false;
    }
    usec[REHEARSED_CHILD][task] = stage->at_usec[MOMENT_STARTED][task] - begin_usec;
    usec[REHEARSED_EXEC][task] =
        stage->at_usec[MOMENT_READY][task] - stage->at_usec[MOMENT_STARTED][task];
    return true;
}

static bool live_one(struct stage *stage, int32_t task, struct err *err)
{
    int64_t see_usec = stage->see_cpu_usec;

    usleep((useconds_t)stage->round->rest_usec);
    if (!start_one(stage, task, err)) {
        return false;
    }
    stage->times->usec[REHEARSED_SEE_CPU][task] = stage->see_cpu_usec - see_usec;
    measure_start(stage, task, rehearse_used_last_pid(getpid()));
    return end_one(stage, task, err);
}

/* Creates and starts it at a gate of its own: `*word` is to be closed. */
static bool park(struct stage *stage, int32_t task, int *word, struct err *err)
{
    int64_t cpu_usec, wall_usec;
    int gate[2];

    give_duty(stage, task);
    if (!pull(stage, task, err)) {
        return false;
    }
    if (pipe2(gate, O_CLOEXEC) != 0) {
        return err_errno(err, errno, "no pipe");
    }
    performer_hold(stage->performer, gate[0]);
    rehearse_stage_act(stage, MESSAGE_CREATE_CONTAINER, task, &cpu_usec, &wall_usec);
    rehearse_stage_act(stage, MESSAGE_START_CONTAINER, task, &cpu_usec, &wall_usec);
    performer_hold(stage->performer, 0);
    close(gate[0]);
    *word = gate[1];
    return true;
}

static bool live_parked_one(struct stage *stage, int32_t task, struct err *err)
{
    int64_t begin_usec;
    int word;

    if (!park(stage, task, &word, err)) {
        return false;
    }
    usleep((useconds_t)(PARKING_USEC + stage->round->rest_usec));
    begin_usec = loop_clock_usec();
    close(word);
    if (!rehearse_stage_await(stage, MOMENT_READY, task + 1, err)) {
        return false;
    }
    stage->times->usec[REHEARSED_PARKED][task] = stage->at_usec[MOMENT_READY][task] - begin_usec;
    measure_start(stage, task, rehearse_used_last_pid(getpid()));
    return end_one(stage, task, err);
}

static bool live_parked_at_once(struct stage *stage, struct err *err)
{
    int words[REHEARSE_MOST], n = stage->round->n;
    int64_t begin_usec;

    for (int32_t task = 0; task < n; task++) {
        if (!park(stage, task, &words[task], err)) {
            return false;
        }
    }
    usleep((useconds_t)(PARKING_USEC + stage->round->rest_usec));
    begin_usec = loop_clock_usec();
    for (int32_t task = 0; task < n; task++) {
        close(words[task]);
    }
    if (!rehearse_stage_await(stage, MOMENT_READY, n, err)) {
        return false;
    }
    stage->times->all_usec = loop_clock_usec() - begin_usec;
    measure_starts(stage);
    return end_all(stage, err);
}

static bool live_parked(struct stage *stage, struct err *err)
{
    if (stage->round->at_once) {
        return live_parked_at_once(stage, err);
    }
    for (int32_t task = 0; task < stage->round->n; task++) {
        if (!live_parked_one(stage, task, err)) {
            return false;
        }
    }
    return true;
}

static bool live_one_by_one(struct stage *stage, struct err *err)
{
    int64_t begin_usec = loop_clock_usec();

    for (int32_t task = 0; task < stage->round->n; task++) {
        give_duty(stage, task);
        if (!pull(stage, task, err) || !live_one(stage, task, err)) {
            return false;
        }
        if (task == 0) { /* which makes the image */
            begin_usec = loop_clock_usec();
        }
    }
    if (stage->round->n > 1) {
        stage->times->apart_usec = (loop_clock_usec() - begin_usec) / (stage->round->n - 1);
    }
    return true;
}

/* All that there is to do before a crowd. */
static bool gather(struct stage *stage, struct err *err)
{
    rehearse_stage_meet(stage, 0);
    for (int32_t task = 0; task < stage->round->n; task++) {
        give_duty(stage, task);
        if (!pull(stage, task, err)) {
            return false;
        }
    }
    usleep((useconds_t)stage->round->rest_usec);
    return true;
}

static void sleep_until_woken(struct stage *stage)
{
    char nothing;

    stage->slept = true;
    atomic_fetch_add(&stage->table->n_asleep, 1);
    while (read(stage->word, &nothing, 1) < 0 && errno == EINTR) {
    }
}

static bool live_at_once(struct stage *stage, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t begin_usec, create_usec, start_usec, kernel_usec, own_usec, keep_usec;
    int n = stage->round->n;
    struct kernel_threads threads;

    if (!gather(stage, err)) {
        return false;
    }
    kernel_threads_open(&threads);
    rehearse_stage_meet(stage, 1);
    kernel_usec = kernel_threads_used_usec(&threads);
    begin_usec = loop_clock_usec();
    for (int32_t task = 0; task < n; task++) {
        rehearse_stage_act(stage, MESSAGE_CREATE_CONTAINER, task, &usec[REHEARSED_CREATE_CPU][task],
                           &usec[REHEARSED_CREATE][task]);
    }
    create_usec = in_the_way(stage, kernel_threads_used_usec(&threads) - kernel_usec) / n;
    start_usec = loop_clock_usec();
    for (int32_t task = 0; task < n; task++) {
        usec[REHEARSED_CREATE][task] -= create_usec;
        rehearse_stage_act(stage, MESSAGE_START_CONTAINER, task, &usec[REHEARSED_START_CPU][task],
                           &usec[REHEARSED_START][task]);
    }
    own_usec = rehearse_used_own_usec();
    keep_usec = stage->keep_cpu_usec;
    if (!rehearse_stage_await(stage, MOMENT_READY, n, err)) {
        return false;
    }
    own_usec = rehearse_used_own_usec() - own_usec;
    keep_usec = stage->keep_cpu_usec - keep_usec;
    for (int32_t task = 0; task < n; task++) {
        usec[REHEARSED_SEE_CPU][task] = (own_usec - keep_usec) / n;
        usec[REHEARSED_KEEP_CPU][task] = keep_usec / n;
    }
    stage->times->all_usec = loop_clock_usec() - begin_usec;
    stage->times->started_usec = loop_clock_usec() - start_usec;
    stage->times->kernel_usec = kernel_threads_used_usec(&threads) - kernel_usec;
    kernel_threads_close(&threads);
    measure_starts(stage);
    if (stage->round->watch_usec > 0) {
        watch(stage);
    } else if (stage->round->sleeps) {
        sleep_until_woken(stage);
    } else {
        usleep(REST_USEC);
    }
    return end_all(stage, err);
}

/* The same, and nobody tells them to end. */
static bool live_by_themselves(struct stage *stage, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t children_usec, own_usec, keep_usec, cpu_usec, wall_usec;
    int n = stage->round->n;

    if (!gather(stage, err)) {
        return false;
    }
    rehearse_stage_meet(stage, 1);
    children_usec = rehearse_used_children_usec();
    for (int32_t task = 0; task < n; task++) {
        rehearse_stage_act(stage, MESSAGE_CREATE_CONTAINER, task, &cpu_usec, &wall_usec);
    }
    for (int32_t task = 0; task < n; task++) {
        rehearse_stage_act(stage, MESSAGE_START_CONTAINER, task, &cpu_usec, &wall_usec);
    }
    own_usec = rehearse_used_own_usec();
    keep_usec = stage->keep_cpu_usec;
    if (!rehearse_stage_await(stage, MOMENT_EXITED, n, err)) {
        return false;
    }
    own_usec = rehearse_used_own_usec() - own_usec - (stage->keep_cpu_usec - keep_usec);
    remove_all(stage); /* their first processes are told of no more, and end later */
    children_usec = rehearse_used_children_usec() - children_usec;
    for (int32_t task = 0; task < n; task++) {
        usec[REHEARSED_SEE_CPU][task] = own_usec / n;
        usec[REHEARSED_LIFE_CPU][task] = children_usec / n;
    }
    return true;
}

/* ---- at work itself ---- */

/* The agent's work ends by then; shorter waits are those for somebody's first step, or the machine's. */
#define BUSY_USEC 15000
#define TURN_USEC 1000

/* Works until it has waited for its turn once. Returns how long; 0: it did not have to. */
static int64_t work_until_turn(void)
{
    int64_t begin_usec = loop_clock_usec(), last_usec = begin_usec, now_usec;

    do {
        now_usec = loop_clock_usec();
        if (now_usec - last_usec >= TURN_USEC) {
            return now_usec - last_usec;
        }
        last_usec = now_usec;
    } while (now_usec - begin_usec < BUSY_USEC);
    return 0;
}

static bool live_group(struct stage *stage, int group, struct err *err)
{
    int64_t cpu_usec, wall_usec;
    int begin = group * stage->round->busy, end = begin + stage->round->busy;

    for (int32_t task = begin; task < end; task++) {
        give_duty(stage, task);
        if (!pull(stage, task, err)) {
            return false;
        }
        rehearse_stage_act(stage, MESSAGE_CREATE_CONTAINER, task, &cpu_usec, &wall_usec);
    }
    rest_unevenly(stage, group);
    for (int32_t task = begin; task < end; task++) {
        rehearse_stage_act(stage, MESSAGE_START_CONTAINER, task, &cpu_usec, &wall_usec);
    }
    stage->times->usec[REHEARSED_TURN][group] = work_until_turn();
    if (!rehearse_stage_await(stage, MOMENT_EXITED, end, err)) {
        return false;
    }
    for (int32_t task = begin; task < end; task++) {
        rehearse_stage_act(stage, MESSAGE_REMOVE_TASK, task, &cpu_usec, &wall_usec);
    }
    return true;
}

static bool live_busy(struct stage *stage, struct err *err)
{
    for (int group = 0; group < stage->round->n / stage->round->busy; group++) {
        if (!live_group(stage, group, err)) {
            return false;
        }
    }
    return true;
}

bool rehearse_lives(struct stage *stage, struct err *err)
{
    const struct rehearse_round *round = stage->round;

    return round->busy > 0    ? live_busy(stage, err)
           : round->parked    ? live_parked(stage, err)
           : round->by_itself ? live_by_themselves(stage, err)
           : round->at_once   ? live_at_once(stage, err)
                              : live_one_by_one(stage, err);
}
