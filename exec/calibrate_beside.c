/*
 * What waits for its turn where processors work already. It depends on all else that an agent does and on who worked
 * just before, so it is measured in whole runs; but for an agent that goes on working itself, in a round of
 * rehearse.c.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"
#include "exec/scale.h"

#include "file/buffer.h"
#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Containers that keep all processors busy, of at most so many. */
enum { CPUS_MOST = 32 };

static int64_t cpus(void)
{
    return capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
}

static int all_cpus(void)
{
    return cpus() > CPUS_MOST ? CPUS_MOST : (int)cpus();
}

/* ---- runs ---- */

#define WORK_MSEC 20

/* Its agent has long registered. */
#define BEGIN_USEC 100000

#define FAMILY(name)                                                                               \
    "{ \"family\": \"" name "\", \"networkMode\": \"none\", \"containerDefinitions\": ["           \
    " { \"name\": \"c\", \"image\": \"calibration\", \"memory\": 16, \"cpu\": %d } ] }"

/* clang-format off */
static const char head[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Turns\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": %d, \"memory\": \"1GiB\", \"boot\": \"0s\" } },"
    "  \"instances\": \"1xbox\","
    "  \"taskDefinitions\": ["
    FAMILY("throughout") "," FAMILY("first") "," FAMILY("second") "," FAMILY("job") "],"
    "  \"behaviour\": {"
    "    \"throughout/c\": { \"work\": \"1h\" }, \"first/c\": { \"work\": \"%dms\", \"idle\": \"0s\" },"
    "    \"second/c\": { \"work\": \"30ms\", \"idle\": \"0s\" },"
    "    \"job/c\": { \"work\": \"%dms\", \"idle\": \"0s\" } },"
    "  \"until\": \"%dus\", \"timeline\": [";
/* clang-format on */

/* What comes over and over beside those who work throughout. */
struct coming {
    int cpu, n_throughout;
    int n, every_usec;
    const char *families[2]; /* the second a while after the first; or NULL */
};

static void add_task(struct buffer *text, const char *family, int at_usec)
{
    buffer_add(text, "%s{ \"at\": \"%dus\", \"runTask\": { \"taskDefinition\": \"%s\" } }",
               text->text[text->length - 1] == '[' ? "" : ", ", at_usec, family);
}

/* Free it. */
static char *world(const struct coming *coming)
{
    const int cpu = coming->cpu, every_usec = coming->every_usec;
    const int first_msec = all_cpus() > 1 ? 60 : 0; /* it would not leave an idle one */
    struct buffer text = {0};
    int at_usec;

    buffer_add(&text, head, all_cpus(), cpu, cpu, cpu, cpu, first_msec, WORK_MSEC,
               BEGIN_USEC + (coming->n + 1) * every_usec);
    for (int i = 0; i < coming->n_throughout; i++) {
        add_task(&text, "throughout", BEGIN_USEC);
    }
    for (int i = 1; i <= coming->n; i++) {
        at_usec = BEGIN_USEC + i * every_usec;
        add_task(&text, coming->families[0], at_usec);
        if (coming->families[1]) {
            add_task(&text, coming->families[1], at_usec + every_usec * 2 / 5);
        }
    }
    buffer_add_text(&text, "] }");
    return text.text;
}

/* How long their starts took, from the order until ready, and from there until their ends were seen. */
struct times {
    struct series start, work;
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
        if (row->exited_at_usec != USEC_NEVER) {
            series_add(&times->work, row->exited_at_usec - row->ready_at_usec);
        }
    }
}

/* Of each family. */
static bool run(struct calibration *calibration, const struct coming *coming, struct times times[2],
                struct err *err)
{
    char *text = world(coming);
    struct scenario *scenario = calibrate_scenario(text);
    struct run_header header;
    struct story story;
    char path[300];
    bool ok;

    snprintf(path, sizeof path, "%s/turns.run", calibration->run.folder);
    ok = calibrate_run(calibration, scenario, path, err) &&
         story_load(&story, path, &header, NULL, err);
    for (int i = 0; i < 2 && ok && coming->families[i]; i++) {
        read_times(&story, coming->families[i], &times[i]);
    }
    if (ok) {
        story_finish(&story);
        run_header_finish(&header);
    }
    scenario_destroy(scenario);
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

/* From the order to start a container that is alone until the agent's hands see that it is ready. */
static int64_t rehearsed_usec(const struct calibration *calibration)
{
    static const enum measured parts[] = {MEASURED_START_COLD,    MEASURED_SEE_CPU,
                                          MEASURED_SEE_CPU,       MEASURED_CHILD_COLD_CPU,
                                          MEASURED_EXEC_COLD_CPU, MEASURED_CHILD_WAIT};
    int64_t usec = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        usec += series_quantile(&calibration->series[parts[i]], 500);
    }
    return usec;
}

/* What an agent waits longer for than its hands alone: others of its run wake up meanwhile. */
static void wait_longer(struct series *wait, int64_t usec)
{
    for (int i = 0; i < wait->n && usec > 0; i++) {
        wait->values[i] += usec;
    }
}

/* Pairs of jobs. The first comes to two idle processors: what its start takes is `*lone_usec`. The second comes while
 * it works, to the last idle one, and keeps that: its agent hears later that it is ready. */
static bool pairs(struct calibration *calibration, int64_t *lone_usec, struct err *err)
{
    const struct coming coming = {.n = calibration->quick ? 12 : 24,
                                  .n_throughout = all_cpus() > 2 ? all_cpus() - 2 : 0,
                                  .every_usec = 5 * REHEARSE_PHASES_USEC + REHEARSE_PHASE_USEC,
                                  .families = {"first", "second"}};
    static struct times times[2];

    if (!run(calibration, &coming, times, err)) {
        return false;
    }
    wait_longer(&calibration->series[MEASURED_CHILD_WAIT],
                series_quantile(&times[0].start, 500) - rehearsed_usec(calibration));
    *lone_usec = rehearsed_usec(calibration);
    if (cpus() <= CPUS_MOST) { /* else it was not the last */
        add_more(&calibration->series[MEASURED_READY_TURN], &times[1].start, *lone_usec);
    }
    return true;
}

/* What takes so long on all of a CPU, on half of what other programs leave of one. */
static int64_t on_half_usec(const struct calibration *calibration, int64_t usec)
{
    return (int64_t)((double)(2 * usec) / (1 - calibrate_background_part(calibration)));
}

/* Jobs while containers of the same weight work on all CPUs: their turns come later. What is loaded, and what works,
 * then has half a CPU: twice its CPU time is no wait for a turn. */
static bool crowded(struct calibration *calibration, int64_t lone_usec, struct err *err)
{
    const struct series *series = calibration->series;
    const int64_t exec_usec = series_quantile(&series[MEASURED_EXEC_COLD_CPU], 500);
    const int64_t start_usec = lone_usec - exec_usec + on_half_usec(calibration, exec_usec);
    const int64_t work_usec = on_half_usec(calibration, WORK_MSEC * USEC_PER_MSEC) +
                              series_quantile(&series[MEASURED_STOP], 500);
    static struct rounds start, work[2];
    static struct times times[2];

    start = work[false] = work[true] = (struct rounds){0};
    for (int n = calibration->quick ? 2 : 6; n > 0; n--) {
        const bool least = n % 2 == 0; /* a start waits as long with either weight */
        const struct coming coming = {.cpu = least ? 0 : 256,
                                      .n = calibration->quick ? 10 : 20,
                                      .n_throughout = all_cpus(),
                                      .every_usec = 4 * REHEARSE_PHASES_USEC + REHEARSE_PHASE_USEC,
                                      .families = {"job"}};

        if (!run(calibration, &coming, times, err)) {
            return false;
        }
        add_more(&start.list[start.n++], &times[0].start, start_usec);
        add_more(&work[least].list[work[least].n++], &times[0].work, work_usec);
    }
    calibration->series[MEASURED_START_TURNS] = calibrate_quieter(&start);
    calibration->series[MEASURED_WORK_TURNS] = calibrate_quieter(&work[false]);
    calibration->series[MEASURED_LEAST_WORK_TURNS] = calibrate_quieter(&work[true]);
    return true;
}

/* Work that comes to all CPUs while the agent works without a rest. */
static bool busy(struct calibration *calibration, struct err *err)
{
    const int group = all_cpus(), most = REHEARSE_MOST / group;
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
    int64_t lone_usec;

    return busy(calibration, err) && pairs(calibration, &lone_usec, err) &&
           crowded(calibration, lone_usec, err);
}
