/*
 * The agent's side lives in a child process: as root it moves into namespaces of its own, and it is as
 * small as a real agent. What it measures it leaves in memory that both share.
 */
#include "exec/rehearse.h"

#include "exec/kernel_threads.h"
#include "exec/loop.h"
#include "exec/network.h"
#include "exec/performer.h"
#include "exec/plan.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_USEC 10000000
#define TOUCH "128MiB"
#define WORK "work"

/* What is started at a gate has long come to it. */
#define PARKING_USEC 50000

/* Most of what is told to end has not run for a while, and nor has its agent. */
#define REST_USEC 50000

#define WORKER(name)                                                                               \
    "{ \"family\": \"" name "\", \"networkMode\": \"none\", \"containerDefinitions\": ["           \
    " { \"name\": \"c\", \"image\": \"rehearsal\", \"memory\": 192, \"cpu\": 256 } ] }"

#define FAMILY(name, mode)                                                                         \
    "{ \"family\": \"" name "\", \"networkMode\": \"" mode "\", \"containerDefinitions\": ["       \
    " { \"name\": \"c\", \"image\": \"rehearsal\", \"memory\": 192 } ] }"

/* clang-format off */
static const char world[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Rehearsal\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"16GiB\", \"boot\": \"0s\" } },"
    "  \"instances\": [ { \"type\": \"box\", \"count\": 1 } ],"
    "  \"taskDefinitions\": ["
    FAMILY("none", "none") "," FAMILY("host", "host") "," FAMILY("bridge", "bridge") ","
    FAMILY("awsvpc", "awsvpc") "," FAMILY("touch", "none") "," WORKER("short") "," WORKER(WORK) "],"
    "  \"behaviour\": {"
    "    \"none/c\": { \"idle\": \"forever\" }, \"host/c\": { \"idle\": \"forever\" },"
    "    \"bridge/c\": { \"idle\": \"forever\" }, \"awsvpc/c\": { \"idle\": \"forever\" },"
    "    \"touch/c\": { \"idle\": \"forever\", \"memory\": \"" TOUCH "\" },"
    "    \"short/c\": { \"work\": \"20ms\" }, \"" WORK "/c\": { \"work\": \"1h\" } },"
    "  \"until\": \"1s\" }";
/* clang-format on */

/* What an agent's process has to say. */
struct answer {
    bool ok;
    struct err err;
    struct rehearse_times times;
};

enum { AGENTS_MOST = 8, MEETINGS = 3 };

/* What all the processes share. */
struct table {
    struct answer answers[AGENTS_MOST];
    int n_agents;
    atomic_int arrived[MEETINGS];
};

/* Facts about a container that are waited for. */
enum moment { MOMENT_PULLED, MOMENT_CREATED, MOMENT_STARTED, MOMENT_READY, MOMENT_EXITED, MOMENTS };

struct stage {
    struct table *table;
    const struct rehearse_round *round;
    struct rehearse_times *times;
    struct scenario *scenario;
    struct plans plans;
    struct setup setup;
    struct cgroup_machine *cgroups;
    struct network *network;
    struct performer *performer;
    int32_t taskdef;
    int32_t work_taskdef;  /* of those beside, whose numbers follow */
    int helper;            /* the process that maps ports, or 0 */
    int64_t see_cpu_usec;  /* spent on taking events so far */
    int64_t keep_cpu_usec; /* likewise on keeping what was printed */
    int64_t at_usec[MOMENTS][REHEARSE_MOST];
    int n[MOMENTS]; /* tasks to which that has happened */
};

/* ---- clocks ---- */

static int64_t clock_usec(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t own_cpu_usec(void)
{
    return clock_usec(CLOCK_THREAD_CPUTIME_ID);
}

static int64_t children_cpu_usec(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) +
           used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* The processes that `pid` has started and that live, at most `most`, in order. */
static int children_of(int pid, int *pids, int most)
{
    char path[64];
    FILE *file;
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    file = fopen(path, "re");
    while (file && n < most && fscanf(file, "%d", &pids[n]) == 1) {
        n++;
    }
    if (file) {
        fclose(file);
    }
    return n;
}

/* The last of them, or 0. */
static int last_child(int pid)
{
    int pids[REHEARSE_MOST + 1];
    int n = children_of(pid, pids, REHEARSE_MOST + 1);

    return n > 0 ? pids[n - 1] : 0;
}

/* CPU time that a process has used, its children left out. */
static int64_t cpu_of(int pid)
{
    clockid_t clock;

    return pid > 0 && clock_getcpuclockid(pid, &clock) == 0 ? clock_usec(clock) : 0;
}

static int64_t pss_of(int pid)
{
    long kib = 0;
    char path[64], line[128];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    file = pid > 0 ? fopen(path, "re") : NULL;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Pss: %ld", &kib) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return kib * 1024;
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

/* ---- orders and answers ---- */

static struct message order_of(enum message_kind kind, int32_t task)
{
    struct message order = message_new(kind);

    if (kind == MESSAGE_REMOVE_TASK) {
        order.as.remove_task.task = task;
    } else if (kind == MESSAGE_CREATE_CONTAINER) {
        order.as.create = (struct create_container){.task = task};
    } else if (kind == MESSAGE_SIGNAL_CONTAINER) {
        order.as.signal = (struct signal_container){task, 0, SIGNAL_TERM};
    } else {
        order.as.order = (struct container_order){task, 0};
    }
    return order;
}

/* Gives the order; adds what that took. */
static void act(struct stage *stage, enum message_kind kind, int32_t task, int64_t *cpu_usec,
                int64_t *wall_usec)
{
    struct message order = order_of(kind, task);
    int64_t begin_cpu_usec = own_cpu_usec(), begin_usec = loop_clock_usec();

    performer_act(stage->performer, &order);
    *cpu_usec = own_cpu_usec() - begin_cpu_usec;
    *wall_usec = loop_clock_usec() - begin_usec;
}

static bool next_fact(struct stage *stage, struct fact *fact)
{
    int64_t begin_usec = own_cpu_usec();
    bool more = performer_next(stage->performer, fact);

    stage->see_cpu_usec += own_cpu_usec() - begin_usec;
    return more;
}

/* Waits for something to look at. */
static void rest(const struct stage *stage)
{
    int fds[PERFORMER_FDS];
    struct pollfd wait[PERFORMER_FDS];

    performer_fds(stage->performer, fds);
    for (int i = 0; i < PERFORMER_FDS; i++) {
        wait[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    }
    poll(wait, PERFORMER_FDS, 100);
}

/* Whatever there is to do besides. */
static void rest_first(struct stage *stage)
{
    int64_t begin_usec = own_cpu_usec();

    performer_rest(stage->performer);
    stage->keep_cpu_usec += own_cpu_usec() - begin_usec;
    rest(stage);
}

static enum moment moment_of(enum message_kind kind)
{
    switch (kind) {
    case MESSAGE_IMAGE_PULLED:
        return MOMENT_PULLED;
    case MESSAGE_CONTAINER_CREATED:
        return MOMENT_CREATED;
    case MESSAGE_CONTAINER_STARTED:
        return MOMENT_STARTED;
    case MESSAGE_CONTAINER_READY:
        return MOMENT_READY;
    case MESSAGE_CONTAINER_EXITED:
        return MOMENT_EXITED;
    default:
        return MOMENTS;
    }
}

static bool take(struct stage *stage, const struct message *event, struct err *err)
{
    const struct container_fact *is = &event->as.fact;
    enum moment moment = moment_of(event->kind);

    if (moment == MOMENTS) {
        return true;
    }
    if (moment != MOMENT_EXITED && is->error) {
        return err_set(err, EXIT_MACHINE, "a container did not start: %.400s", is->error);
    }
    stage->at_usec[moment][is->task] = loop_clock_usec();
    stage->n[moment]++;
    return true;
}

/* Waits until that has happened to `n` tasks. */
static bool await(struct stage *stage, enum moment moment, int n, struct err *err)
{
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;
    struct fact fact;
    bool fine;

    while (stage->n[moment] < n) {
        while (stage->n[moment] < n && next_fact(stage, &fact)) {
            fine = take(stage, &fact.event, err);
            message_finish(&fact.event);
            if (!fine) {
                return false;
            }
        }
        if (stage->n[moment] < n) {
            rest_first(stage);
        }
        if (loop_clock_usec() > until_usec) {
            return err_set(err, EXIT_MACHINE, "a container did not answer within 10 s");
        }
    }
    return true;
}

/* Waits for the other agents: what follows they do at the same time. */
static void meet(struct stage *stage, int meeting)
{
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;

    atomic_fetch_add(&stage->table->arrived[meeting], 1);
    while (atomic_load(&stage->table->arrived[meeting]) < stage->table->n_agents &&
           loop_clock_usec() < until_usec) {
        usleep(50);
    }
}

/* ---- lives ---- */

static void give_duty(struct stage *stage, int32_t task)
{
    bool beside = task >= stage->round->n;
    struct duty duty =
        plans_duty(&stage->plans, task, beside ? stage->work_taskdef : stage->taskdef);

    performer_duty(stage->performer, &duty);
}

/* The first pull makes the image. */
static bool pull(struct stage *stage, int32_t task, struct err *err)
{
    int64_t begin_usec = loop_clock_usec(), cpu_usec, wall_usec;
    int64_t others_usec = clock_usec(CLOCK_PROCESS_CPUTIME_ID) - own_cpu_usec();

    act(stage, MESSAGE_PULL_IMAGE, task, &cpu_usec, &wall_usec);
    if (!await(stage, MOMENT_PULLED, stage->n[MOMENT_PULLED] + 1, err)) {
        return false;
    }
    if (stage->times->first_pull_usec == 0) {
        stage->times->first_pull_usec = loop_clock_usec() - begin_usec;
        stage->times->first_pull_cpu_usec =
            clock_usec(CLOCK_PROCESS_CPUTIME_ID) - own_cpu_usec() - others_usec;
    }
    return true;
}

/* What its processes have used until now: pid 1 is the agent's child, the program is pid 1's. */
static void measure_start(struct stage *stage, int32_t task, int first)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;

    usec[REHEARSED_CHILD_CPU][task] = cpu_of(first);
    usec[REHEARSED_EXEC_CPU][task] = cpu_of(last_child(first));
    if (task == 0) {
        stage->times->memory_bytes = pss_of(first);
        stage->times->group_bytes = group_bytes(stage, task);
    }
}

/* The same for all that live, in any order. */
static void measure_starts(struct stage *stage)
{
    int pids[REHEARSE_MOST + 1];
    int n = children_of(getpid(), pids, REHEARSE_MOST + 1), task = 0;

    for (int i = 0; i < n && task < stage->round->n; i++) {
        if (pids[i] != stage->helper) {
            measure_start(stage, task++, pids[i]);
        }
    }
}

/* From the order to stop it until nothing of it is left. */
static bool end_one(struct stage *stage, int32_t task, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t begin_usec = loop_clock_usec(), before_usec = children_cpu_usec();
    int64_t cpu_usec, wall_usec, see_usec;

    act(stage, MESSAGE_SIGNAL_CONTAINER, task, &cpu_usec, &wall_usec);
    if (!await(stage, MOMENT_EXITED, stage->n[MOMENT_EXITED] + 1, err)) {
        return false;
    }
    usec[REHEARSED_STOP][task] = stage->at_usec[MOMENT_EXITED][task] - begin_usec;
    begin_usec = loop_clock_usec();
    see_usec = stage->see_cpu_usec;
    act(stage, MESSAGE_REMOVE_TASK, task, &cpu_usec, &wall_usec);
    while (!performer_is_idle(stage->performer) && loop_clock_usec() < begin_usec + PATIENCE_USEC) {
        struct fact fact;

        rest(stage);
        if (next_fact(stage, &fact)) {
            message_finish(&fact.event);
        }
    }
    usec[REHEARSED_REMOVE_CPU][task] = cpu_usec + stage->see_cpu_usec - see_usec;
    usec[REHEARSED_REMOVE][task] = loop_clock_usec() - begin_usec;
    usec[REHEARSED_END_CPU][task] = children_cpu_usec() - before_usec -
                                    usec[REHEARSED_CHILD_CPU][task] -
                                    usec[REHEARSED_EXEC_CPU][task];
    return true;
}

/* All are told to end, then all are removed; what each costs is the same part of all. */
static bool end_all(struct stage *stage, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t children_usec = children_cpu_usec(), until_usec, begin_usec, cpu_usec, wall_usec;
    int64_t remove_usec;
    int n = stage->round->n;
    struct fact fact;

    stage->times->end_usec = loop_clock_usec();
    for (int32_t task = 0; task < n; task++) {
        act(stage, MESSAGE_SIGNAL_CONTAINER, task, &cpu_usec, &wall_usec);
    }
    if (!await(stage, MOMENT_EXITED, n, err)) {
        return false;
    }
    remove_usec = loop_clock_usec();
    begin_usec = own_cpu_usec();
    for (int32_t task = 0; task < n; task++) {
        act(stage, MESSAGE_REMOVE_TASK, task, &cpu_usec, &wall_usec);
    }
    until_usec = loop_clock_usec() + PATIENCE_USEC;
    while (!performer_is_idle(stage->performer) && loop_clock_usec() < until_usec) {
        rest(stage);
        if (next_fact(stage, &fact)) {
            message_finish(&fact.event);
        }
    }
    remove_usec = loop_clock_usec() - remove_usec;
    stage->times->ended_usec = loop_clock_usec() - stage->times->end_usec;
    stage->times->kernel_ended_usec = kernel_threads_cpu_usec();
    children_usec = children_cpu_usec() - children_usec;
    for (int32_t task = 0; task < n; task++) {
        children_usec -= usec[REHEARSED_CHILD_CPU][task] + usec[REHEARSED_EXEC_CPU][task];
    }
    for (int32_t task = 0; task < n; task++) {
        usec[REHEARSED_REMOVE_CPU][task] = (own_cpu_usec() - begin_usec) / n;
        usec[REHEARSED_REMOVE][task] = remove_usec / n;
        usec[REHEARSED_END_CPU][task] = children_usec > 0 ? children_usec / n : 0;
    }
    return true;
}

/* Creates and starts it, and waits until that has happened to it, READY or later. */
static bool start_one(struct stage *stage, int32_t task, enum moment until, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t begin_usec;

    usleep((useconds_t)stage->round->rest_usec);
    act(stage, MESSAGE_CREATE_CONTAINER, task, &usec[REHEARSED_CREATE_CPU][task],
        &usec[REHEARSED_CREATE][task]);
    act(stage, MESSAGE_START_CONTAINER, task, &usec[REHEARSED_START_CPU][task],
        &usec[REHEARSED_START][task]);
    begin_usec = loop_clock_usec();
    if (!await(stage, until, task + 1, err)) {
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

    if (!start_one(stage, task, MOMENT_READY, err)) {
        return false;
    }
    stage->times->usec[REHEARSED_SEE_CPU][task] = stage->see_cpu_usec - see_usec;
    measure_start(stage, task, last_child(getpid()));
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
    act(stage, MESSAGE_CREATE_CONTAINER, task, &cpu_usec, &wall_usec);
    act(stage, MESSAGE_START_CONTAINER, task, &cpu_usec, &wall_usec);
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
    if (!await(stage, MOMENT_READY, task + 1, err)) {
        return false;
    }
    stage->times->usec[REHEARSED_PARKED][task] = stage->at_usec[MOMENT_READY][task] - begin_usec;
    measure_start(stage, task, last_child(getpid()));
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
    if (!await(stage, MOMENT_READY, n, err)) {
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
    for (int32_t task = 0; task < stage->round->n; task++) {
        give_duty(stage, task);
        if (!pull(stage, task, err) || !live_one(stage, task, err)) {
            return false;
        }
    }
    return true;
}

static bool live_at_once(struct stage *stage, struct err *err)
{
    int64_t(*usec)[REHEARSE_MOST] = stage->times->usec;
    int64_t begin_usec, start_usec, kernel_usec, own_usec, keep_usec;
    int n = stage->round->n;

    meet(stage, 0);
    for (int32_t task = 0; task < n; task++) {
        give_duty(stage, task);
        if (!pull(stage, task, err)) {
            return false;
        }
    }
    usleep((useconds_t)stage->round->rest_usec);
    kernel_usec = kernel_threads_cpu_usec();
    meet(stage, 1);
    begin_usec = loop_clock_usec();
    for (int32_t task = 0; task < n; task++) {
        act(stage, MESSAGE_CREATE_CONTAINER, task, &usec[REHEARSED_CREATE_CPU][task],
            &usec[REHEARSED_CREATE][task]);
    }
    start_usec = loop_clock_usec();
    for (int32_t task = 0; task < n; task++) {
        act(stage, MESSAGE_START_CONTAINER, task, &usec[REHEARSED_START_CPU][task],
            &usec[REHEARSED_START][task]);
    }
    own_usec = own_cpu_usec();
    keep_usec = stage->keep_cpu_usec;
    if (!await(stage, MOMENT_READY, n, err)) {
        return false;
    }
    own_usec = own_cpu_usec() - own_usec;
    keep_usec = stage->keep_cpu_usec - keep_usec;
    for (int32_t task = 0; task < n; task++) {
        usec[REHEARSED_SEE_CPU][task] = (own_usec - keep_usec) / n;
        usec[REHEARSED_KEEP_CPU][task] = keep_usec / n;
    }
    stage->times->all_usec = loop_clock_usec() - begin_usec;
    stage->times->started_usec = loop_clock_usec() - start_usec;
    stage->times->kernel_ready_usec = kernel_threads_cpu_usec();
    stage->times->kernel_usec = stage->times->kernel_ready_usec - kernel_usec;
    measure_starts(stage);
    usleep(REST_USEC);
    meet(stage, 2);
    return end_all(stage, err);
}

/* ---- beside work ---- */

/* They work as long as they are let. */
static bool begin_beside(struct stage *stage, struct err *err)
{
    int64_t cpu_usec, wall_usec;

    for (int i = 0; i < stage->round->beside; i++) {
        int32_t task = stage->round->n + i;

        give_duty(stage, task);
        if (!pull(stage, task, err)) {
            return false;
        }
        act(stage, MESSAGE_CREATE_CONTAINER, task, &cpu_usec, &wall_usec);
        act(stage, MESSAGE_START_CONTAINER, task, &cpu_usec, &wall_usec);
        if (!await(stage, MOMENT_READY, i + 1, err)) {
            return false;
        }
    }
    return true;
}

static bool end_beside(struct stage *stage, struct err *err)
{
    int64_t cpu_usec, wall_usec;

    for (int i = 0; i < stage->round->beside; i++) {
        act(stage, MESSAGE_SIGNAL_CONTAINER, stage->round->n + i, &cpu_usec, &wall_usec);
    }
    return await(stage, MOMENT_EXITED, stage->round->n + stage->round->beside, err);
}

/* It starts, works and ends by itself. */
static bool live_beside(struct stage *stage, int32_t task, struct err *err)
{
    int64_t cpu_usec, wall_usec;

    if (!start_one(stage, task, MOMENT_EXITED, err)) {
        return false;
    }
    stage->times->usec[REHEARSED_WORK][task] =
        stage->at_usec[MOMENT_EXITED][task] - stage->at_usec[MOMENT_READY][task];
    act(stage, MESSAGE_REMOVE_TASK, task, &cpu_usec, &wall_usec);
    return true;
}

static bool live_all_beside(struct stage *stage, struct err *err)
{
    if (!begin_beside(stage, err)) {
        return false;
    }
    for (int32_t task = 0; task < stage->round->n; task++) {
        give_duty(stage, task);
        if (!pull(stage, task, err) || !live_beside(stage, task, err)) {
            return false;
        }
    }
    return end_beside(stage, err);
}

/* ---- the process ---- */

static int32_t find_family(const struct scenario *scenario, const char *family)
{
    int32_t taskdef = 0;

    while (strcmp(scenario->taskdefs[taskdef].definition->family, family) != 0) {
        taskdef++;
        assert(taskdef < scenario->n_taskdefs);
    }
    return taskdef;
}

static bool open_stage(struct stage *stage, const struct sweep_run *run,
                       const struct programs *programs, int cloud_fd, int index, struct err *err)
{
    struct findings findings = {0};
    const struct cgroup_limits none = {0};

    stage->scenario = scenario_parse(world, "rehearsal", &findings);
    assert(stage->scenario != NULL);
    findings_finish(&findings);
    stage->setup.instance = index;
    if (asprintf(&stage->setup.folder, "%s/r%d", run->folder, index) < 0 ||
        asprintf(&stage->setup.prints, "%s/prints", stage->setup.folder) < 0 ||
        asprintf(&stage->setup.group, "berth-%s-r%d-box", run->id, index) < 0) {
        abort();
    }
    stage->setup.work_program = (char *)(uintptr_t)programs->work;
    plans_make(&stage->plans, stage->scenario, (struct scale){1, 1}, 1, NULL);
    stage->taskdef = find_family(stage->scenario, stage->round->family);
    stage->work_taskdef = find_family(stage->scenario, WORK);
    if (mkdir(stage->setup.folder, 0700) != 0 || mkdir(stage->setup.prints, 0700) != 0) {
        return err_errno(err, errno, "cannot make %s", stage->setup.folder);
    }
    if ((cloud_fd >= 0 && !network_open(&stage->network, cloud_fd, index, err)) ||
        !cgroup_make(stage->cgroups, stage->setup.group, true, &none, err) ||
        !performer_open(&stage->performer, &stage->setup, stage->cgroups, stage->network, NULL,
                        err)) {
        return false;
    }
    stage->helper = last_child(getpid());
    for (int i = 0; i < stage->scenario->n_taskdefs; i++) {
        performer_plan(stage->performer, &stage->plans.list[i]);
    }
    return true;
}

static void perform(struct table *table, int agent, const struct sweep_run *run,
                    struct cgroup_machine *cgroups, const struct programs *programs, int cloud_fd,
                    int index, const struct rehearse_round *round)
{
    static struct stage stage;
    struct answer *answer = &table->answers[agent];

    stage =
        (struct stage){.table = table, .round = round, .times = &answer->times, .cgroups = cgroups};
    answer->times.n = round->n;
    answer->ok = open_stage(&stage, run, programs, cloud_fd, index + agent, &answer->err) &&
                 (round->beside > 0 ? live_all_beside(&stage, &answer->err)
                  : round->parked   ? live_parked(&stage, &answer->err)
                  : round->at_once  ? live_at_once(&stage, &answer->err)
                                    : live_one_by_one(&stage, &answer->err));
}

/* Waits for an agent's end and removes what it has left. */
static bool end_agent(struct table *table, int agent, pid_t pid, const struct sweep_run *run,
                      struct cgroup_machine *cgroups, int index, struct err *err)
{
    const struct answer *answer = &table->answers[agent];
    struct cgroup_swept swept;
    char prefix[64];
    struct err none;
    int status = 0;

    waitpid(pid, &status, 0);
    snprintf(prefix, sizeof prefix, "berth-%s-r%d-", run->id, index + agent);
    cgroup_sweep(cgroups, prefix, &swept, &none);
    return (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FINE && answer->ok) ||
           err_set(err, EXIT_MACHINE, "a rehearsal of containers failed: %.700s",
                   answer->err.text[0] ? answer->err.text : "its process ended");
}

/* One agent's times behind those that are there. */
static void add_times(struct rehearse_times *all, const struct rehearse_times *times)
{
    if (all->n == 0) {
        *all = *times;
        return;
    }
    for (int what = 0; what < REHEARSED; what++) {
        memcpy(&all->usec[what][all->n], times->usec[what],
               (size_t)times->n * sizeof times->usec[what][0]);
    }
    all->n += times->n;
    if (times->all_usec > all->all_usec) {
        all->all_usec = times->all_usec;
    }
}

bool rehearse(const struct sweep_run *run, struct cgroup_machine *cgroups,
              const struct programs *programs, int cloud_fd, int index,
              const struct rehearse_round *round, struct rehearse_times *times, struct err *err)
{
    struct table *table =
        mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int n_agents = round->agents > 0 ? round->agents : 1;
    pid_t pids[AGENTS_MOST];
    bool ok = true;

    assert(table != MAP_FAILED && n_agents <= AGENTS_MOST &&
           round->n * n_agents + round->beside <= REHEARSE_MOST);
    table->n_agents = n_agents;
    for (int agent = 0; agent < n_agents; agent++) {
        pids[agent] = fork();
        if (pids[agent] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            perform(table, agent, run, cgroups, programs, cloud_fd, index, round);
            _exit(EXIT_FINE); /* what still lives in it dies with it */
        }
    }
    times->n = 0;
    for (int agent = 0; agent < n_agents; agent++) {
        ok = end_agent(table, agent, pids[agent], run, cgroups, index, err) && ok;
        add_times(times, &table->answers[agent].times);
    }
    munmap(table, sizeof *table);
    return ok;
}
