/*
 * What waits for its turn where processors work already, and what the kernel does by itself for jobs that come one by
 * one. It depends on all else that an agent does and on who worked
 * just before, so it is measured in whole runs; but for an agent that goes on working itself, in a round of
 * rehearse.c.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"
#include "exec/scale.h"

#include "file/buffer.h"
#include "file/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cpus(void)
{
    return (int)(capacity_of_machine().cpu / CPU_UNITS_PER_VCPU);
}

/* What takes so long on all of a CPU, on half of what other programs leave of one. */
static int64_t on_half_usec(const struct calibration *calibration, int64_t usec)
{
    return (int64_t)((double)(2 * usec) / (1 - calibrate_background_part(calibration)));
}

/* ---- runs ---- */

/* Small against what others have; as much as tasks that ask for some of a processor. */
#define WEIGHT 256
#define MEMORY_MIB 16

/* What a job works beside those who work on all processors. */
#define WORK_USEC (20 * USEC_PER_MSEC)

/* What two turns are at most, nearly always; and what is longer than one, a tick of 10 ms. */
#define TURNS_USEC (15 * USEC_PER_MSEC)
#define TURN_USEC (10 * USEC_PER_MSEC)

/* The kernel has to be done with one before the next comes. */
#define REST_USEC (20 * USEC_PER_MSEC)

/* Its agent has registered; tasks wait for one that has not. */
#define BEGIN_USEC (100 * USEC_PER_MSEC)

/* Jobs that come one by one beside those who work throughout. */
struct coming {
    bool network; /* each has one of its own */
    bool still;   /* two that work, two that do not, and so on */
    int cpu, n_throughout, n_jobs;
    int64_t every_usec, work_usec;
};

#define FAMILY(name)                                                                               \
    "{ \"family\": \"" name "\", \"networkMode\": \"%s\", \"containerDefinitions\": ["             \
    " { \"name\": \"c\", \"image\": \"calibration\", \"memory\": %d, \"cpu\": %d } ] }"

/* clang-format off */
static const char head[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Turns\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": %d, \"memory\": \"%dMiB\", \"boot\": \"0s\" } },"
    "  \"instances\": \"1xbox\","
    "  \"taskDefinitions\": [" FAMILY("throughout") "," FAMILY("job") "," FAMILY("still") "],"
    "  \"behaviour\": { \"throughout/c\": { \"work\": \"1h\" },"
    "    \"job/c\": { \"work\": \"%" PRId64 "us\", \"idle\": \"0s\" },"
    "    \"still/c\": { \"idle\": \"0s\" } },"
    "  \"until\": \"%" PRId64 "us\", \"timeline\": [";
/* clang-format on */

static void add_task(struct buffer *text, const char *family, int64_t at_usec)
{
    buffer_add(text,
               "%s{ \"at\": \"%" PRId64
               "us\", \"wait\": true, \"runTask\": { \"taskDefinition\": \"%s\" } }",
               text->text[text->length - 1] == '[' ? "" : ", ", at_usec, family);
}

/* From the order to create one until it is ready. */
static int64_t slow_usec(const struct calibration *calibration)
{
    return series_quantile(&calibration->series[MEASURED_COLD_IDLE], 500);
}

/* Free it. */
static char *world(const struct calibration *calibration, const struct coming *coming)
{
    const char *network = coming->network ? "bridge" : "none";
    const int cpu = coming->cpu, n_throughout = coming->n_throughout;
    int64_t at_usec = BEGIN_USEC + n_throughout * slow_usec(calibration);
    struct buffer text = {0};

    buffer_add(&text, head, cpus(), (n_throughout + 8) * MEMORY_MIB, network, MEMORY_MIB, cpu,
               network, MEMORY_MIB, cpu, network, MEMORY_MIB, cpu, coming->work_usec,
               at_usec + (coming->n_jobs + 1) * coming->every_usec);
    for (int i = 0; i < n_throughout; i++) {
        add_task(&text, "throughout", BEGIN_USEC);
    }
    for (int i = 1; i <= coming->n_jobs; i++) {
        add_task(&text, coming->still && i % 4 >= 2 ? "still" : "job",
                 at_usec + i * coming->every_usec);
    }
    buffer_add_text(&text, "] }");
    return text.text;
}

/* That is not less, and comes at all phases. */
static int64_t evenly_usec(int64_t usec)
{
    return (usec - REHEARSE_STEP_USEC + REHEARSE_PERIOD_USEC - 1) / REHEARSE_PERIOD_USEC *
               REHEARSE_PERIOD_USEC +
           REHEARSE_STEP_USEC;
}

/* How long their starts took, from the order until ready, and from there until their ends were seen. */
struct times {
    struct series start, work;
    struct series still; /* starts of those who do not work */
};

static void read_times(const struct story *story, const char *family, struct times *times)
{
    *times = (struct times){0};
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        const struct story_container *row = task->containers;

        if (strcmp(story_definition(story, task->taskdef)->family, family) != 0 ||
            task->n_containers == 0 || row->ready_at_usec == USEC_NEVER) {
            continue;
        }
        series_add(&times->start, row->ready_at_usec - row->start_at_usec);
        if (row->exited_at_usec != USEC_NEVER && row->term_at_usec == USEC_NEVER &&
            row->kill_at_usec == USEC_NEVER) {
            series_add(&times->work, row->exited_at_usec - row->ready_at_usec);
        }
    }
}

/* Of the jobs that there was time for until the run's end. */
static bool read_run(const struct story *story, const struct coming *coming, struct times *times,
                     struct err *err)
{
    struct series still;
    bool all;

    read_times(story, "throughout", times);
    all = times->start.n == coming->n_throughout;
    read_times(story, "still", times);
    still = times->start;
    all = all && (!coming->still || still.n >= coming->n_jobs / 4);
    read_times(story, "job", times);
    times->still = still;
    return (all && times->work.n > 0) ||
           err_set(err, EXIT_MACHINE, "containers of a calibration did not come to an end");
}

static bool run(struct calibration *calibration, const struct coming *coming, struct times *times,
                struct err *err)
{
    char *text = world(calibration, coming);
    struct run_header header;
    struct story story;
    bool ok = calibrate_tell(calibration, text, &story, &header, err);

    if (ok) {
        ok = read_run(&story, coming, times, err);
        story_finish(&story);
        run_header_finish(&header);
    }
    free(text);
    return ok;
}

/* ---- what they tell ---- */

static void add_more(struct series *more, const struct series *series, int64_t base_usec)
{
    for (int i = 0; i < series->n; i++) {
        series_add(more, series->values[i] > base_usec ? series->values[i] - base_usec : 0);
    }
}

/* What the profile says of a start that is alone, from the order until its agent has heard that it is ready. */
static int64_t alone_usec(const struct calibration *calibration)
{
    static const enum measured parts[] = {MEASURED_START_COLD,     MEASURED_SEE_CPU,
                                          MEASURED_SEE_CPU,        MEASURED_CHILD_WAIT,
                                          MEASURED_CHILD_COLD_CPU, MEASURED_EXEC_COLD_CPU,
                                          MEASURED_AGENT_EVENT,    MEASURED_AGENT_EVENT};
    int64_t usec = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        usec += series_quantile(&calibration->series[parts[i]], 500);
    }
    return usec;
}

/* In a run others wake up meanwhile: who is started waits that much longer than in a rehearsal. */
static void wait_longer(struct series *wait, int64_t more_usec)
{
    for (int i = 0; i < wait->n; i++) {
        wait->values[i] = wait->values[i] + more_usec > 0 ? wait->values[i] + more_usec : 0;
    }
}

/* Who comes to the last idle processor keeps it: its agent hears later that it is ready. Each job comes while the one
 * before works and the one before that has ended; on one processor, when that one has. All that the kernel has to do
 * for them fits into half of the time between, so what that is can be seen from job to job. */
static bool last(struct calibration *calibration, struct err *err)
{
    const int64_t every_usec =
        evenly_usec(2 * (slow_usec(calibration) + (TURNS_USEC + REST_USEC) / 2));
    const struct coming coming = {.cpu = WEIGHT,
                                  .n_throughout = cpus() > 2 ? cpus() - 2 : 0,
                                  .n_jobs = calibration->quick ? 20 : 48,
                                  .every_usec = every_usec,
                                  .work_usec = every_usec / 2 * (cpus() > 1 ? 3 : 1)};
    struct calibrate_watch *watch;
    static struct times times;
    bool ok;

    usleep(CALIBRATE_QUIET_USEC);
    watch = calibrate_behind_watch(every_usec);
    ok = run(calibration, &coming, &times, err);
    calibrate_behind_watched(calibration, watch);
    if (ok) {
        add_more(&calibration->series[MEASURED_READY_TURN], &times.start, alone_usec(calibration));
    }
    return ok;
}

/* The same with one idle processor left while the kernel is not done yet with those before, for which it has most to do
 * where they have networks: each comes soon after the last one's end. Those who do not work, after those who do as
 * often as after each other, tell what a start takes that is heard at once. */
static bool beside_kernel(struct calibration *calibration, struct err *err)
{
    const bool network = calibration->cloud_fd >= 0;
    const int64_t create_usec =
        network ? series_quantile(&calibration->series[MEASURED_NETWORK], 500) : 0;
    const struct coming coming = {.network = network,
                                  .still = true,
                                  .cpu = WEIGHT,
                                  .n_throughout = cpus() - 2,
                                  .n_jobs = calibration->quick ? 32 : 80,
                                  .every_usec =
                                      evenly_usec(slow_usec(calibration) + create_usec + TURN_USEC),
                                  .work_usec = TURN_USEC};
    static struct times times;

    if (!run(calibration, &coming, &times, err)) {
        return false;
    }
    usleep(CALIBRATE_QUIET_USEC);
    add_more(&calibration->series[MEASURED_READY_BESIDE], &times.start,
             series_quantile(&times.still, 500));
    return true;
}

/* Jobs while containers of the same weight work on all CPUs: their turns come later. What is loaded, and what works,
 * then has half a CPU: twice its CPU time is no wait for a turn. */
static bool crowded(struct calibration *calibration, struct err *err)
{
    const struct series *series = calibration->series;
    const int64_t exec_usec = series_quantile(&series[MEASURED_EXEC_COLD_CPU], 500);
    const int64_t start_usec =
        alone_usec(calibration) - exec_usec + on_half_usec(calibration, exec_usec);
    const int64_t work_usec =
        on_half_usec(calibration, WORK_USEC) + series_quantile(&series[MEASURED_STOP], 500);
    static struct rounds start, work[2];
    static struct times times;

    start = work[false] = work[true] = (struct rounds){0};
    for (int n = calibration->quick ? 2 : 6; n > 0; n--) {
        const bool least = n % 2 == 0; /* a start waits as long with either weight */
        const struct coming coming = {
            .cpu = least ? 0 : WEIGHT,
            .n_throughout = cpus(),
            .n_jobs = calibration->quick ? 10 : 20,
            .every_usec = evenly_usec(slow_usec(calibration) + work_usec + TURNS_USEC + REST_USEC),
            .work_usec = WORK_USEC};

        if (!run(calibration, &coming, &times, err)) {
            return false;
        }
        add_more(&start.list[start.n++], &times.start, start_usec);
        add_more(&work[least].list[work[least].n++], &times.work, work_usec);
    }
    calibration->series[MEASURED_START_TURNS] = series_middle(&start);
    calibration->series[MEASURED_WORK_TURNS] = series_middle(&work[false]);
    calibration->series[MEASURED_LEAST_WORK_TURNS] = series_middle(&work[true]);
    return true;
}

/* ---- an agent at work ---- */

/* Containers of a group, of at most so many. */
enum { GROUP_MOST = 32 };

/* Work that comes to all CPUs while the agent works without a rest. */
static bool busy(struct calibration *calibration, struct err *err)
{
    const int group = cpus() < GROUP_MOST ? cpus() : GROUP_MOST, most = REHEARSE_MOST / group;
    const int groups = calibration->quick && most > 10 ? 10 : most;
    const struct rehearse_round round = {
        .family = "short", .n = groups * group, .rest_usec = CALIBRATE_REST_USEC, .busy = group};
    struct rehearse_times times;

    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    series_add_all(&calibration->series[MEASURED_AGENT_TURN], times.usec[REHEARSED_TURN], groups);
    return true;
}

bool calibrate_beside(struct calibration *calibration, struct err *err)
{
    wait_longer(&calibration->series[MEASURED_CHILD_WAIT],
                series_quantile(&calibration->series[MEASURED_START_IN_RUN], 500) -
                    alone_usec(calibration));
    return busy(calibration, err) && last(calibration, err) &&
           (cpus() < 2 || beside_kernel(calibration, err)) && crowded(calibration, err);
}
