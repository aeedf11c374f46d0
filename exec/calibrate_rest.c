/*
 * What a rest costs. Where the machine is a guest, its host may take back memory that nobody uses, piece by
 * piece, for as long as the rest lasts; who comes back pays for each piece. How soon memory goes is measured
 * on memory itself, all through the calibration; what that makes of an agent's and a container's steps, in a
 * run in which tasks come after short rests and after long ones.
 */
#include "exec/calibrate_inside.h"

#include "exec/loop.h"
#include "exec/rehearse.h"

#include "file/story.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- memory ---- */

/* Large against the pieces that a host takes, of which it is told how many have gone. */
#define PAGE ((size_t)4096)
enum { PAGES = 8192, RESTS = 7, COOLING_SAMPLES = 20 };

/* What a processor fetches into its own caches comes sooner. So few more after the longest rest than after the
 * shortest are pages that waited for something else; a host that takes 2 MiB at a time has taken more. */
#define GONE_NSEC 1000
#define GONE_LEAST 10

/* How many pieces had gone after each rest. */
struct calibrate_cooling {
    pid_t pid;
    bool whole;
    int n_gone[RESTS];
};

static const int64_t rests_usec[RESTS] = {100000,  250000,  500000, 1000000,
                                          2000000, 4000000, 8000000};

static int64_t clock_nsec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Looks at all pages. Returns how many had to be fetched from outside. */
static int look(const volatile char *memory)
{
    int64_t begin_nsec = clock_nsec(), end_nsec;
    int n = 0;

    for (size_t i = 0; i < PAGES; i++) {
        (void)memory[i * PAGE];
        end_nsec = clock_nsec();
        n += end_nsec - begin_nsec > GONE_NSEC;
        begin_nsec = end_nsec;
    }
    return n;
}

/* One memory for all rests: another one may lie where the host takes larger pieces. */
static void watch(struct calibrate_cooling *cooling)
{
    char *memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        return;
    }
    madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE); /* where there are such pages */
    for (size_t i = 0; i < PAGES; i++) {
        memory[i * PAGE] = 1;
    }
    look(memory);
    for (int i = 0; i < RESTS; i++) {
        usleep((useconds_t)rests_usec[i]);
        cooling->n_gone[i] = look(memory);
    }
    cooling->whole = true;
}

struct calibrate_cooling *calibrate_cooling_begin(void)
{
    struct calibrate_cooling *cooling =
        mmap(NULL, sizeof *cooling, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;

    assert(cooling != MAP_FAILED);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        watch(cooling);
        _exit(EXIT_FINE);
    }
    cooling->pid = pid;
    return cooling;
}

/* The rest after which so many thousandths of a piece have gone, as if they went evenly from rest to rest. */
static int64_t when_gone_usec(const int *n_gone, int64_t milli)
{
    int64_t before_usec = 0, before = 0;
    int i = 0;

    while (n_gone[i] * INT64_C(1000) < milli) {
        before_usec = rests_usec[i];
        before = n_gone[i++] * INT64_C(1000);
    }
    return before_usec +
           (rests_usec[i] - before_usec) * (milli - before) / (n_gone[i] * INT64_C(1000) - before);
}

void calibrate_cooling_end(struct calibration *calibration, struct calibrate_cooling *cooling,
                           bool whole)
{
    int *n_gone = cooling->n_gone;
    bool takes;

    if (cooling->pid > 0 && !whole && !cooling->whole) {
        kill(cooling->pid, SIGKILL);
    }
    if (cooling->pid > 0) { /* a controller may have waited for it already */
        waitpid(cooling->pid, NULL, 0);
    }
    for (int i = 1; i < RESTS; i++) {
        n_gone[i] = n_gone[i] > n_gone[i - 1] ? n_gone[i] : n_gone[i - 1];
    }
    takes = cooling->whole && n_gone[RESTS - 1] - n_gone[0] >= GONE_LEAST;
    for (int i = 0; i < COOLING_SAMPLES && takes; i++) {
        int64_t milli = n_gone[RESTS - 1] * INT64_C(1000) * (2 * i + 1) / (2 * COOLING_SAMPLES);

        int64_t usec = when_gone_usec(n_gone, milli);

        if (usec > CALIBRATE_SHORT_REST_USEC) { /* shorter ones are in what steps cost cold */
            series_add(&calibration->series[MEASURED_COOLS_IN], usec);
        }
    }
    munmap(cooling, sizeof *cooling);
}

/* ---- an agent and its containers ---- */

#define TASK                                                                                       \
    "{ \"family\": \"job\", \"networkMode\": \"none\", \"containerDefinitions\": ["                \
    " { \"name\": \"c\", \"image\": \"calibration\", \"memory\": 32 } ] }"

/* The first finds nothing done before, and tells of nothing else. */
enum { FIRST = 1 };

/* Rests that are compared. */
static int n_short(const struct calibration *calibration)
{
    return calibration->quick ? 5 : 10;
}

static int n_long(const struct calibration *calibration)
{
    return calibration->quick ? 3 : 6;
}

static int64_t long_rest_usec(const struct calibration *calibration)
{
    return calibration->quick ? 1500000 : 3000000;
}

/* So many tasks after short rests, then so many after long ones; free it. */
static char *world(const struct calibration *calibration)
{
    const int n_before = FIRST + n_short(calibration);
    int64_t at_usec = 0;
    size_t length;
    char *text;
    FILE *out = open_memstream(&text, &length);

    assert(out != NULL);
    fprintf(out, "{ \"berth\": \"scenario/1\", \"title\": \"Rests\", \"instanceTypes\": { \"box\": "
                 "{ \"vcpu\": 1, \"memory\": \"1GiB\", \"boot\": \"0s\" } }, \"instances\": "
                 "\"1xbox\", \"taskDefinitions\": [ " TASK " ], \"behaviour\": { \"job/c\": { "
                 "\"idle\": \"0s\" } }, \"timeline\": [");
    for (int i = 0; i < n_before + n_long(calibration); i++) {
        at_usec += i < n_before ? CALIBRATE_SHORT_REST_USEC : long_rest_usec(calibration);
        fprintf(out, "%s { \"at\": \"%lldus\", \"runTask\": { \"taskDefinition\": \"job\" } }",
                i > 0 ? "," : "", (long long)at_usec);
    }
    fprintf(out, " ] }");
    fclose(out);
    return text;
}

enum { STEPS = 4 };

static const enum measured step_rows[STEPS] = {MEASURED_REST_EVENT, MEASURED_REST_CREATE,
                                               MEASURED_REST_CHILD, MEASURED_REST_EXEC};

/* How long each step of the task took. */
static void take_task(const struct story_task *task, struct series steps[STEPS])
{
    const struct story_container *container = &task->containers[0];

    series_add(&steps[0], container->create_at_usec - task->placed_at_usec);
    series_add(&steps[1], container->created_at_usec - container->create_at_usec);
    series_add(&steps[2], container->started_at_usec - container->created_at_usec);
    series_add(&steps[3], container->ready_at_usec - container->started_at_usec);
}

static bool take(struct calibration *calibration, const struct story *story, struct err *err)
{
    static struct series after_short[STEPS], after_long[STEPS];

    memset(after_short, 0, sizeof after_short);
    memset(after_long, 0, sizeof after_long);
    for (int i = FIRST; i < story->n_tasks; i++) {
        if (story->tasks[i].n_containers == 0 ||
            story->tasks[i].containers[0].ready_at_usec == USEC_NEVER) {
            return err_set(err, EXIT_MACHINE, "a container of a calibration did not start");
        }
        take_task(&story->tasks[i], i < FIRST + n_short(calibration) ? after_short : after_long);
    }
    for (int i = 0; i < STEPS; i++) {
        int64_t base_usec = series_quantile(&after_short[i], 500);

        for (int k = 0; k < after_long[i].n; k++) {
            int64_t usec = after_long[i].values[k] - base_usec;

            series_add(&calibration->series[step_rows[i]], usec > 0 ? usec : 0);
        }
    }
    return true;
}

/* Tasks that come to an instance after rests. */
static bool come(struct calibration *calibration, struct err *err)
{
    char *text = world(calibration);
    struct run_header header;
    struct story story;
    bool ok = calibrate_tell(calibration, text, &story, &header, err);

    if (ok) {
        ok = take(calibration, &story, err);
        story_finish(&story);
        run_header_finish(&header);
    }
    free(text);
    return ok;
}

/* ---- a crowd that comes, sleeps and ends ---- */

static void add_more(struct calibration *calibration, enum measured what, enum measured base,
                     int64_t usec)
{
    int64_t more_usec = usec - series_mean(&calibration->series[base]);

    series_add(&calibration->series[what], more_usec > 0 ? more_usec : 0);
}

/* Of all but each agent's first, which is cold. */
static int64_t mean_warm(const struct rehearse_times *times, int per_agent, enum rehearsed which)
{
    int64_t sum = 0;
    int n = 0;

    for (int i = 0; i < times->n; i++) {
        if (i % per_agent != 0) {
            sum += times->usec[which][i];
            n++;
        }
    }
    return n > 0 ? sum / n : 0;
}

/* Nobody has used for long the memory that a crowd needs. */
static void take_starts(struct calibration *calibration, const struct rehearse_times *times,
                        int per_agent)
{
    static const struct {
        enum rehearsed which;
        enum measured base;
    } steps[] = {{REHEARSED_CREATE_CPU, MEASURED_CREATE_TOGETHER_CPU},
                 {REHEARSED_START_CPU, MEASURED_START_CPU},
                 {REHEARSED_CHILD_CPU, MEASURED_CHILD_CPU},
                 {REHEARSED_EXEC_CPU, MEASURED_EXEC_CPU}};
    int64_t more_usec = 0;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        more_usec += mean_warm(times, per_agent, steps[i].which) -
                     series_mean(&calibration->series[steps[i].base]);
    }
    series_add(&calibration->series[MEASURED_REST_FRESH], more_usec > 0 ? more_usec : 0);
}

static void take_ends(struct calibration *calibration, const struct rehearse_times *times,
                      int per_agent)
{
    add_more(calibration, MEASURED_REST_SIGNAL, MEASURED_EXIT_CPU,
             mean_warm(times, per_agent, REHEARSED_EXIT_CPU));
    add_more(calibration, MEASURED_REST_END, MEASURED_END_CPU,
             mean_warm(times, per_agent, REHEARSED_END_CPU));
    add_more(calibration, MEASURED_REST_REMOVE, MEASURED_REMOVE_CPU,
             mean_warm(times, per_agent, REHEARSED_REMOVE_CPU));
    if (times->kernel_ended_usec > 0) {
        add_more(calibration, MEASURED_REST_BEHIND, MEASURED_BEHIND_END_CPU,
                 calibrate_behind_usec(calibration,
                                       times->kernel_ended_usec - times->kernel_end_usec,
                                       times->ended_usec) /
                     times->n);
    }
}

/* Ctrl-C, which waits for the next run after the first. */
static bool is_interrupted(void)
{
    sigset_t signals;

    return sigpending(&signals) == 0 &&
           (sigismember(&signals, SIGINT) || sigismember(&signals, SIGTERM));
}

/* Tasks come and go while a crowd sleeps, which then is told to end. Images are unpacked into memory that has
 * rested meanwhile, since agents do not pull one after the other all day long. */
bool calibrate_rests(struct calibration *calibration, struct err *err)
{
    const int agents = calibrate_crowd_agents();
    const struct rehearse_round round = {.family = "none",
                                         .n = calibrate_crowd_size(agents),
                                         .at_once = true,
                                         .sleeps = true,
                                         .agents = agents};
    static struct rehearse_times times;
    struct rehearsal *crowd;
    int64_t asleep_usec;

    memset(&times, 0, sizeof times);
    crowd =
        rehearse_begin(&calibration->run, &calibration->cgroups, &calibration->programs,
                       calibration->cloud_fd, calibrate_next_round(calibration, &round), &round);
    rehearse_await_sleep(crowd);
    asleep_usec = loop_clock_usec();
    if (!come(calibration, err) || !calibrate_images(calibration, err)) {
        rehearse_abandon(crowd);
        return false;
    }
    calibration->crowd_rest_usec = loop_clock_usec() - asleep_usec;
    if (!rehearse_end(crowd, &times, err)) {
        return false;
    }
    take_starts(calibration, &times, round.n);
    take_ends(calibration, &times, round.n);
    calibration->interrupted = is_interrupted();
    return !calibration->interrupted || err_set(err, EXIT_MACHINE, "interrupted");
}

/* ---- what it comes to ---- */

/* A crowd's memory has rested at least since the crowds before. */
static bool is_of_crowd(enum measured what)
{
    return what == MEASURED_REST_FRESH || what == MEASURED_REST_SIGNAL ||
           what == MEASURED_REST_END || what == MEASURED_REST_REMOVE ||
           what == MEASURED_REST_BEHIND;
}

/* Where so little had gone nobody knows what all of it would cost. */
#define TIMES_MOST 4

int64_t calibrate_after_rest_usec(const struct calibration *calibration, enum measured what)
{
    const struct series *cools = &calibration->series[MEASURED_COOLS_IN];
    int64_t more_usec = series_quantile(&calibration->series[what], 500);
    int64_t rest_usec =
        is_of_crowd(what) ? calibration->crowd_rest_usec : long_rest_usec(calibration);
    int n = 0;

    for (int i = 0; i < cools->n; i++) {
        n += cools->values[i] <= rest_usec;
    }
    if (n * TIMES_MOST < cools->n) {
        return more_usec * TIMES_MOST;
    }
    return n > 0 ? more_usec * cools->n / n : 0;
}
