/*
 * A cluster's day: tasks arrive at random, run for an exponential time and stop, 16 slots an instance,
 * 80 % of them in use. Each goes through the scheduler's own steps (RunTask, RUNNING, STOPPED) with the
 * simulator's queue between them. Beside it stands, where its source is there, what plain C needs for
 * arrivals and departures alone.
 */
#include "bench.h"

#include "core/scheduler.h"
#include "model/distribution.h"
#include "queue.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 16
#define MEAN_USEC (100 * USEC_PER_SEC)
#define LOAD_PERCENT 80
#define START_USEC (300 * USEC_PER_MSEC)

enum what { ARRIVAL, RUNNING, STOPPED };

struct bench {
    struct scheduler scheduler;
    struct outputs outputs;
    struct queue queue;
    struct distribution duration, gap;
    int64_t n_started, n_refused;
};

static void step(struct bench *bench, int64_t at_usec, const struct message *event)
{
    bench->outputs.n_messages = 0;
    scheduler_step(&bench->scheduler, at_usec, event, &bench->outputs);
}

static void add_instances(struct bench *bench, int n)
{
    static struct zone zones[] = {{"a"}, {"b"}, {"c"}};
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);

    group.as.instance_group.group = 0;
    group.as.instance_group.type = "box";
    group.as.instance_group.enis = ID_NONE;
    group.as.instance_group.cpu = SLOTS;
    group.as.instance_group.memory_mib = SLOTS;
    group.as.instance_group.count = n;
    group.as.instance_group.n_zones = 3;
    group.as.instance_group.zones = zones;
    step(bench, 0, &group);
    for (int i = 0; i < n; i++) {
        struct message here = message_new(MESSAGE_REGISTER);

        here.as.register_instance.instance = i;
        here.as.register_instance.epoch = 1;
        here.as.register_instance.cpu = SLOTS;
        here.as.register_instance.memory_mib = SLOTS;
        step(bench, 0, &here);
    }
}

static void add_definition(struct bench *bench)
{
    struct container_definition container = {
        .name = "main", .image = "image", .cpu = 1, .memory_mib = 1, .essential = true};
    struct task_definition definition = {
        .family = "job", .revision = 1, .n_containers = 1, .containers = &container};
    struct message event = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    event.as.register_task_definition.taskdef = 0;
    event.as.register_task_definition.definition = &definition;
    step(bench, 0, &event);
}

/* RunTask on the instance with the fewest tasks. */
static void arrive(struct bench *bench, int64_t at_usec)
{
    static struct strategy_rule rules[] = {{.type = STRATEGY_SPREAD, .field = BY_INSTANCE}};
    struct message event = message_new(MESSAGE_RUN_TASK);
    int32_t task = bench->scheduler.cluster.n_tasks;

    event.as.run_task.taskdef = 0;
    event.as.run_task.count = 1;
    event.as.run_task.n_strategy = 1;
    event.as.run_task.strategy = rules;
    step(bench, at_usec, &event);
    if (bench->scheduler.cluster.n_tasks > task)
        queue_push(&bench->queue, at_usec + START_USEC, RUNNING, task);
    else
        bench->n_refused++;
}

static void report(struct bench *bench, int64_t at_usec, int32_t task, enum task_status status)
{
    struct message event = message_new(MESSAGE_TASK_STATE);

    event.as.task_state.instance = bench->scheduler.cluster.tasks[task].instance;
    event.as.task_state.epoch = 1;
    event.as.task_state.task = task;
    event.as.task_state.status = status;
    event.as.task_state.code = STOP_ESSENTIAL_CONTAINER_EXITED;
    step(bench, at_usec, &event);
}

/* As the simulator does. */
static void foresee(const struct bench *bench)
{
    struct queue_entry entry;

    for (int n = 2; n >= 0; n -= 2)
        if (queue_foresee(&bench->queue, n, &entry) && entry.what != ARRIVAL)
            cluster_foresee(&bench->scheduler.cluster, entry.id, n == 0);
}

static void run(int n_instances, int64_t n_tasks)
{
    struct bench bench = {.n_started = 0};
    struct queue_entry entry;

    scheduler_init(&bench.scheduler, 1);
    queue_init(&bench.queue);
    bench.duration = (struct distribution){.kind = DISTRIBUTION_EXPONENTIAL, .a_usec = MEAN_USEC};
    bench.gap = bench.duration;
    bench.gap.a_usec = MEAN_USEC * 100 / (LOAD_PERCENT * SLOTS * (int64_t)n_instances);
    add_instances(&bench, n_instances);
    add_definition(&bench);
    queue_push(&bench.queue, 1, ARRIVAL, 0);
    while (queue_pop(&bench.queue, &entry)) {
        foresee(&bench);
        if (entry.what == ARRIVAL) {
            arrive(&bench, entry.at_usec);
            if (++bench.n_started < n_tasks)
                queue_push(&bench.queue,
                           entry.at_usec +
                               distribution_sample(&bench.gap, 1, DRAW_WORK, 1, bench.n_started),
                           ARRIVAL, 0);
        } else if (entry.what == RUNNING) {
            report(&bench, entry.at_usec, entry.id, TASK_RUNNING);
            queue_push(&bench.queue,
                       entry.at_usec +
                           distribution_sample(&bench.duration, 1, DRAW_WORK, 2, entry.id),
                       STOPPED, entry.id);
        } else {
            report(&bench, entry.at_usec, entry.id, TASK_STOPPED);
        }
    }
    if (bench.n_refused > 0)
        fprintf(stderr, "cluster: %lld tasks found no slot\n", (long long)bench.n_refused);
    queue_finish(&bench.queue);
    scheduler_finish(&bench.scheduler);
    outputs_finish(&bench.outputs);
}

/* CPU seconds and MiB of a process of its own. */
static void measure(int n_instances, int64_t n_tasks, double *seconds, double *mib)
{
    struct rusage usage = {0};
    pid_t pid = fork();

    if (pid == 0) {
        run(n_instances, n_tasks);
        _exit(0);
    }
    wait4(pid, NULL, 0, &usage);
    *seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    *mib = (double)usage.ru_maxrss / 1024;
}

/* Seconds, or 0 where there is no floor. */
static double floor_seconds(int n_instances, int64_t n_tasks)
{
    char command[1200];
    double seconds = 0;
    FILE *answer;

    if (access(FLOOR_SOURCE, R_OK) != 0)
        return 0;
    snprintf(command, sizeof command,
             "d=$(mktemp -d) && " BENCH_FLOOR_CC " -o $d/floor '%s' -lm && $d/floor %d %lld "
             "least | sed 's/.*wall=\\([0-9.]*\\).*/\\1/'; rm -r $d",
             FLOOR_SOURCE, n_instances, (long long)n_tasks);
    answer = popen(command, "r");
    if (answer) {
        if (fscanf(answer, "%lf", &seconds) != 1)
            seconds = 0;
        pclose(answer);
    }
    return seconds;
}

int main(int argc, char **argv)
{
    static const struct {
        int n_instances;
        int64_t n_tasks;
    } sizes[] = {{1000, 100000}, {10000, 1000000}};
    bool json = bench_wants_json(argc, argv);

    bench_title(json, "tasks through the scheduler: RunTask, RUNNING, STOPPED", "s or MiB");
    for (int i = 0; i < 2; i++) {
        double seconds, mib, floor = floor_seconds(sizes[i].n_instances, sizes[i].n_tasks);

        measure(sizes[i].n_instances, sizes[i].n_tasks, &seconds, &mib);
        bench_row(json, "cluster", "cpu", sizes[i].n_tasks, seconds, "s",
                  floor > 0 ? "plain C" : NULL, floor);
        bench_row(json, "cluster", "memory", sizes[i].n_tasks, mib, "MiB", NULL, 0);
    }
    return 0;
}
