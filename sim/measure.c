/*
 * Each measure is one pass over changes in order of time: for the waiting, what a service wants and
 * has; for the rest, what tasks take and give back on each instance.
 */
#include "measure.h"

#include "core/array.h"
#include "file/memory.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;

#define MILLION 1000000

const struct measure_row measure_rows[MEASURES] = {
    [MEASURE_PLACED] = {"placed", "placed", "", 1, 1},
    [MEASURE_UNPLACED] = {"unplaced", "unplaced", "", 1, 1},
    [MEASURE_WAIT_P50] = {"waited_p50", "waited p50", "s", USEC_PER_SEC, 2},
    [MEASURE_WAIT_P95] = {"waited_p95", "waited p95", "s", USEC_PER_SEC, 2},
    [MEASURE_INSTANCES] = {"instances", "instances", "", 1, 1},
    [MEASURE_CPU] = {"cpu", "CPU", "%", MILLION / 100, 1},
    [MEASURE_MEMORY] = {"memory", "memory", "%", MILLION / 100, 1},
    [MEASURE_INSTANCE_TIME] = {"instance_hours", "inst. hours", "", 3600 * 1000, 3},
    [MEASURE_COST] = {"cost", "cost", "$", MILLION, 4},
};

struct waits {
    int64_t from_usec; /* one that began before it does not count */
    int64_t *usec;
    int n_usec, cap_usec;
    int n_open; /* of those, not over at the end */
};

static int64_t end_of(const struct story *story)
{
    return story->end_usec == USEC_NEVER ? story->last_usec : story->end_usec;
}

/* When the task gives its room back. */
static int64_t freed_at(const struct story_task *task)
{
    if (task->torn_down)
        return USEC_NEVER;
    return task->stop_at_usec < task->stopped_at_usec ? task->stop_at_usec : task->stopped_at_usec;
}

/* Waiting ---------------------------------------------------------------------------------------- */

/* At one moment a service learns what it wants, then what it lost, then what it got. */
enum step_kind { STEP_WANT, STEP_FREED, STEP_PLACED };

struct step {
    int32_t service;
    int64_t at_usec;
    enum step_kind kind;
    int32_t order; /* in the story */
    int32_t desired;
};

struct steps {
    struct step *steps;
    int n_steps, cap_steps;
};

static int compare_steps(const void *left, const void *right)
{
    const struct step *a = left, *b = right;

    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    if (a->at_usec != b->at_usec)
        return a->at_usec < b->at_usec ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void list_steps(const struct story *story, struct steps *list)
{
    int64_t end_usec = end_of(story);

    for (int i = 0; i < story->n_wants; i++)
        if (story->wants[i].at_usec <= end_usec)
            *ARRAY_ADD(list, steps) =
                (struct step){story->wants[i].service, story->wants[i].at_usec, STEP_WANT, i,
                              story->wants[i].desired};
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];

        if (task->service == ID_NONE || task->placed_at_usec > end_usec)
            continue;
        *ARRAY_ADD(list, steps) =
            (struct step){task->service, task->placed_at_usec, STEP_PLACED, i, 0};
        if (freed_at(task) <= end_usec)
            *ARRAY_ADD(list, steps) =
                (struct step){task->service, freed_at(task), STEP_FREED, i, 0};
    }
    if (list->n_steps > 1)
        qsort(list->steps, (size_t)list->n_steps, sizeof *list->steps, compare_steps);
}

/* Since when each task that a service lacks is missing, oldest first. */
struct missing {
    int64_t *since;
    int n_since, cap_since;
    int first;
};

static void set_missing(struct missing *missing, int n, int64_t at_usec)
{
    while (missing->n_since - missing->first > n)
        missing->n_since--;
    while (missing->n_since - missing->first < n)
        *ARRAY_ADD(missing, since) = at_usec;
}

static void wait_over(struct missing *missing, int64_t at_usec, struct waits *waits)
{
    int64_t since = at_usec;

    if (missing->first < missing->n_since)
        since = missing->since[missing->first++];
    if (since >= waits->from_usec)
        *ARRAY_ADD(waits, usec) = at_usec - since;
}

/* The steps of one service; returns how many there are. */
static int service_waits(const struct step *steps, int n, int64_t end_usec, struct waits *waits)
{
    struct missing missing = {0};
    int desired = 0, have = 0, i;

    for (i = 0; i < n && steps[i].service == steps[0].service; i++) {
        if (steps[i].kind == STEP_WANT)
            desired = steps[i].desired;
        else if (steps[i].kind == STEP_FREED)
            have--;
        else
            have++;
        if (steps[i].kind == STEP_PLACED)
            wait_over(&missing, steps[i].at_usec, waits);
        set_missing(&missing, desired > have ? desired - have : 0, steps[i].at_usec);
    }
    waits->n_open += missing.n_since - missing.first;
    while (missing.first < missing.n_since)
        wait_over(&missing, end_usec, waits);
    free(missing.since);
    return i;
}

static void list_waits(const struct story *story, struct waits *waits)
{
    int64_t end_usec = end_of(story);
    struct steps list = {0};

    list_steps(story, &list);
    for (int i = 0; i < list.n_steps;)
        i += service_waits(&list.steps[i], list.n_steps - i, end_usec, waits);
    free(list.steps);
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        int64_t until = task->placed_at_usec;

        if (task->service != ID_NONE || task->accepted_at_usec > end_usec)
            continue;
        if (until == USEC_NEVER) {
            until = task->stopped_at_usec < end_usec ? task->stopped_at_usec : end_usec;
            waits->n_open +=
                task->stopped_at_usec == USEC_NEVER || task->torn_down || story_given_up(task);
        }
        if (task->accepted_at_usec >= waits->from_usec)
            *ARRAY_ADD(waits, usec) = until - task->accepted_at_usec;
    }
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

/* The least value that at least `percent` of 100 do not exceed. */
static int64_t percentile(const struct waits *waits, int percent)
{
    int64_t rank = ((int64_t)waits->n_usec * percent + 99) / 100;

    return waits->n_usec ? waits->usec[rank - 1] : 0;
}

static void measure_waits(const struct story *story, int64_t from_usec, struct measure *measure)
{
    struct waits waits = {.from_usec = from_usec};

    list_waits(story, &waits);
    if (waits.n_usec > 1)
        qsort(waits.usec, (size_t)waits.n_usec, sizeof *waits.usec, compare_times);
    measure->values[MEASURE_WAIT_P50] = percentile(&waits, 50);
    measure->values[MEASURE_WAIT_P95] = percentile(&waits, 95);
    measure->values[MEASURE_UNPLACED] = waits.n_open;
    for (int i = 0; i < story->n_notes; i++) {
        const struct message *note = &story->notes[i].message;

        measure->values[MEASURE_UNPLACED] += note->kind == MESSAGE_REFUSE &&
                                             note->as.refuse.refusal == REFUSED_NO_CAPACITY &&
                                             story->notes[i].at_usec >= from_usec;
    }
    free(waits.usec);
}

/* Instances -------------------------------------------------------------------------------------- */

/* A task comes to its instance (+1) or leaves it (-1). */
struct move {
    int64_t at_usec;
    int32_t task, sign;
};

struct moves {
    struct move *moves;
    int n_moves, cap_moves;
};

/* What is held now, and what came together so far. */
struct tally {
    const struct story *story;
    int *n_tasks;      /* by instance */
    int64_t from_usec; /* what passes before it does not count */
    int64_t at_usec;
    int64_t n_busy, most_busy;
    int64_t cpu, memory_mib;           /* reserved */
    int64_t busy_cpu, busy_memory_mib; /* that the busy instances have */
    wide cpu_usec, memory_usec;        /* times microseconds, likewise below */
    wide busy_cpu_usec, busy_memory_usec, busy_usec;
};

/* At one moment tasks leave before others come. */
static int compare_moves(const void *left, const void *right)
{
    const struct move *a = left, *b = right;

    if (a->at_usec != b->at_usec)
        return a->at_usec < b->at_usec ? -1 : 1;
    if (a->sign != b->sign)
        return a->sign < b->sign ? -1 : 1;
    return a->task < b->task ? -1 : a->task > b->task;
}

static void list_moves(const struct story *story, struct moves *list)
{
    int64_t end_usec = end_of(story);

    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        int64_t freed_usec = freed_at(task);

        /* one that was stopped in the moment of its placement never held anything */
        if (task->placed_at_usec >= end_usec || freed_usec <= task->placed_at_usec ||
            story_is_micro_vm(story, task->instance))
            continue;
        *ARRAY_ADD(list, moves) = (struct move){task->placed_at_usec, i, 1};
        if (freed_usec < end_usec)
            *ARRAY_ADD(list, moves) = (struct move){freed_usec, i, -1};
    }
    if (list->n_moves > 1)
        qsort(list->moves, (size_t)list->n_moves, sizeof *list->moves, compare_moves);
}

static void pass_time(struct tally *tally, int64_t at_usec)
{
    int64_t since = tally->at_usec > tally->from_usec ? tally->at_usec : tally->from_usec;
    int64_t usec = at_usec > since ? at_usec - since : 0;

    if (usec > 0 && tally->n_busy > tally->most_busy)
        tally->most_busy = tally->n_busy;
    tally->cpu_usec += (wide)tally->cpu * usec;
    tally->memory_usec += (wide)tally->memory_mib * usec;
    tally->busy_cpu_usec += (wide)tally->busy_cpu * usec;
    tally->busy_memory_usec += (wide)tally->busy_memory_mib * usec;
    tally->busy_usec += (wide)tally->n_busy * usec;
    tally->at_usec = at_usec;
}

static void make_move(struct tally *tally, const struct move *move)
{
    const struct story_task *task = &tally->story->tasks[move->task];
    const struct story_instance *instance = &tally->story->instances[task->instance];
    const struct task_definition *definition = taskdefs_get(&tally->story->taskdefs, task->taskdef);
    int *n_tasks = &tally->n_tasks[task->instance];
    bool was_busy = *n_tasks > 0;

    *n_tasks += move->sign;
    tally->cpu += (int64_t)move->sign * taskdef_cpu(definition);
    tally->memory_mib += (int64_t)move->sign * taskdef_memory_mib(definition);
    if (was_busy == (*n_tasks > 0))
        return;
    tally->n_busy += move->sign;
    tally->busy_cpu += (int64_t)move->sign * instance->cpu;
    tally->busy_memory_mib += (int64_t)move->sign * instance->memory_mib;
}

static int64_t millionths(wide part, wide whole)
{
    return whole > 0 ? (int64_t)(part * MILLION / whole) : 0;
}

static void measure_instances(const struct story *story, int64_t from_usec, struct measure *measure)
{
    struct tally tally = {.story = story,
                          .from_usec = from_usec,
                          .n_tasks = memory_zeroed((size_t)story->n_instances, sizeof(int))};
    struct moves list = {0};

    list_moves(story, &list);
    for (int i = 0; i < list.n_moves; i++) {
        pass_time(&tally, list.moves[i].at_usec);
        make_move(&tally, &list.moves[i]);
    }
    pass_time(&tally, end_of(story));
    measure->values[MEASURE_INSTANCES] = tally.most_busy;
    measure->values[MEASURE_CPU] = millionths(tally.cpu_usec, tally.busy_cpu_usec);
    measure->values[MEASURE_MEMORY] = millionths(tally.memory_usec, tally.busy_memory_usec);
    if (tally.busy_usec == 0 && story->n_micro_vms > 0) /* all on Fargate: there is no share */
        measure->values[MEASURE_CPU] = measure->values[MEASURE_MEMORY] = ESTIMATE_UNKNOWN;
    measure->values[MEASURE_INSTANCE_TIME] = (int64_t)(tally.busy_usec / USEC_PER_MSEC);
    free(list.moves);
    free(tally.n_tasks);
}

/* The bill is of the whole run: nobody pays less for a warm-up. */
static int64_t measure_cost(const struct story *story)
{
    return story->bill.kind == MESSAGE_BILL ? story->bill.as.bill.nanos / 1000 : ESTIMATE_UNKNOWN;
}

struct measure measure_story(const struct story *story, int64_t from_usec)
{
    struct measure measure = {{0}};

    for (int i = 0; i < story->n_tasks; i++)
        measure.values[MEASURE_PLACED] += story->tasks[i].placed_at_usec >= from_usec &&
                                          story->tasks[i].placed_at_usec <= end_of(story);
    measure_waits(story, from_usec, &measure);
    measure_instances(story, from_usec, &measure);
    measure.values[MEASURE_COST] = measure_cost(story);
    return measure;
}

static void add_number(struct buffer *json, bool is_known, double value)
{
    if (is_known)
        buffer_add(json, "%.6f", value);
    else
        buffer_add_text(json, "null");
}

void measure_add_json(struct buffer *json, enum measure_kind kind, const struct estimate *estimate)
{
    const struct measure_row *row = &measure_rows[kind];

    buffer_add(json, "\"%s\": {\"mean\": ", row->name);
    add_number(json, !estimate->is_unknown, estimate->mean / row->per_unit);
    buffer_add_text(json, ", \"ci95\": ");
    add_number(json, estimate->has_interval, estimate->half / row->per_unit);
    buffer_add_text(json, "}");
}
