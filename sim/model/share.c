/*
 * Weighted max-min fairness, twice: over the tasks of an instance, then inside each task. Rates
 * change only when somebody comes or goes, so between two changes all progress is linear.
 */
#include "model/share.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_MIN 2
#define WEIGHT_MAX 262144
#define WEIGHT_DEFAULT 1024 /* of a cgroup that nobody has given one */

struct share_part {
    uint64_t weight;
    uint64_t cap;
    uint64_t rate;
    bool capped;
};

void share_init(struct share *share, int32_t cpu_units)
{
    *share = (struct share){
        .capacity = (uint64_t)cpu_units * (SHARE_ONE_CPU / CPU_UNITS_PER_VCPU),
        .next_usec = USEC_NEVER,
    };
}

void share_finish(struct share *share)
{
    free(share->workers);
    free(share->parts);
    *share = (struct share){.next_usec = USEC_NEVER};
}

static uint32_t container_weight(const struct container_definition *container)
{
    if (container->cpu < WEIGHT_MIN)
        return WEIGHT_MIN;
    return container->cpu > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)container->cpu;
}

uint32_t share_task_weight(const struct task_definition *definition)
{
    uint64_t sum = 0;

    if (definition->cpu > 0)
        return WEIGHT_DEFAULT;
    for (int i = 0; i < definition->n_containers; i++)
        sum += container_weight(&definition->containers[i]);
    return sum > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)sum;
}

/* Gives each part its share of `capacity`. A part that would get more than it can use is capped,
 * and what it leaves is shared again among the rest. */
static void fill(struct share_part *parts, int n, uint64_t capacity)
{
    uint64_t wanted = 0, weight;
    bool again;

    for (int i = 0; i < n; i++) {
        wanted += parts[i].cap;
        parts[i].rate = parts[i].cap;
        parts[i].capped = false;
    }
    if (wanted <= capacity)
        return;
    do {
        uint64_t taken = 0;

        again = false;
        weight = 0;
        for (int i = 0; i < n; i++)
            weight += parts[i].capped ? 0 : parts[i].weight;
        for (int i = 0; i < n; i++) {
            if (parts[i].capped)
                continue;
            parts[i].rate = (uint64_t)((share_wide)capacity * parts[i].weight / weight);
            if (parts[i].rate >= parts[i].cap) {
                parts[i].rate = parts[i].cap;
                parts[i].capped = true;
                taken += parts[i].cap;
                again = true;
            }
        }
        capacity -= taken;
    } while (again);
}

/* The number of workers from `first` on that belong to the same task. */
static int same_task(const struct share *share, int first)
{
    int n = 1;

    while (first + n < share->n_workers &&
           share->workers[first + n].task == share->workers[first].task)
        n++;
    return n;
}

static void fill_task(struct share_part *parts, struct share_worker *workers, int n, uint64_t rate)
{
    for (int i = 0; i < n; i++)
        parts[i] = (struct share_part){.weight = workers[i].weight,
                                       .cap = workers[i].threads * SHARE_ONE_CPU};
    fill(parts, n, rate);
    for (int i = 0; i < n; i++)
        workers[i].rate = parts[i].rate;
}

static void make_room(struct share *share)
{
    if (share->cap_parts >= share->cap_workers * 2)
        return;
    share->cap_parts = share->cap_workers * 2;
    share->parts = realloc(share->parts, (size_t)share->cap_parts * sizeof *share->parts);
    assert(share->parts != NULL);
}

/* Sets all rates and the next completion. */
static void share_out(struct share *share)
{
    struct share_part *tasks = share->parts;
    int n_tasks = 0;

    for (int i = 0, n; i < share->n_workers; i += n) {
        const struct share_worker *worker = &share->workers[i];
        uint64_t usable = worker->task_quota, threads = 0;

        n = same_task(share, i);
        for (int k = i; k < i + n; k++)
            threads += share->workers[k].threads;
        if (usable > threads * SHARE_ONE_CPU)
            usable = threads * SHARE_ONE_CPU;
        tasks[n_tasks++] = (struct share_part){.weight = worker->task_weight, .cap = usable};
    }
    fill(tasks, n_tasks, share->capacity);
    n_tasks = 0;
    for (int i = 0, n; i < share->n_workers; i += n) {
        n = same_task(share, i);
        fill_task(share->parts + share->cap_workers, &share->workers[i], n, tasks[n_tasks++].rate);
    }
    share->next_usec = USEC_NEVER;
    for (int i = 0; i < share->n_workers; i++) {
        const struct share_worker *worker = &share->workers[i];
        share_wide usec;

        if (worker->rate == 0)
            continue;
        usec = (worker->left + worker->rate / 2) / worker->rate;
        if (usec < (share_wide)(share->next_usec - share->at_usec))
            share->next_usec = share->at_usec + (int64_t)usec;
    }
}

static void advance(struct share *share, int64_t at_usec)
{
    uint64_t elapsed = (uint64_t)(at_usec - share->at_usec);

    assert(at_usec >= share->at_usec);
    for (int i = 0; i < share->n_workers && elapsed > 0; i++) {
        share_wide done = (share_wide)share->workers[i].rate * elapsed;

        share->workers[i].left = share->workers[i].left > done ? share->workers[i].left - done : 0;
    }
    share->at_usec = at_usec;
}

static uint64_t quota(const struct task_definition *definition)
{
    if (definition->cpu == 0)
        return UINT64_MAX;
    return (uint64_t)definition->cpu * (SHARE_ONE_CPU / CPU_UNITS_PER_VCPU);
}

static struct share_worker *find(struct share *share, int32_t task, int32_t container)
{
    for (int i = 0; i < share->n_workers; i++)
        if (share->workers[i].task == task && share->workers[i].container == container)
            return &share->workers[i];
    return NULL;
}

/* Beside the others of its task. */
static void insert(struct share *share, const struct share_worker *worker)
{
    int at;

    ARRAY_ADD(share, workers);
    make_room(share);
    at = share->n_workers - 1;
    for (int i = at - 1; i >= 0; i--)
        if (share->workers[i].task == worker->task) {
            at = i + 1;
            break;
        }
    memmove(&share->workers[at + 1], &share->workers[at],
            (size_t)(share->n_workers - 1 - at) * sizeof *share->workers);
    share->workers[at] = *worker;
    share_out(share);
}

static struct share_worker new_worker(int32_t task, const struct task_definition *definition,
                                      int32_t container)
{
    return (struct share_worker){
        .task = task,
        .container = container,
        .threads = 1,
        .weight = container_weight(&definition->containers[container]),
        .task_weight = share_task_weight(definition),
        .task_quota = quota(definition),
    };
}

void share_add(struct share *share, int64_t at_usec, int32_t task,
               const struct task_definition *definition, int32_t container, int64_t work_usec)
{
    struct share_worker worker = new_worker(task, definition, container);

    worker.left = (share_wide)work_usec * SHARE_ONE_CPU;
    advance(share, at_usec);
    insert(share, &worker);
}

static void take(struct share *share, int i)
{
    share->n_workers--;
    memmove(&share->workers[i], &share->workers[i + 1],
            (size_t)(share->n_workers - i) * sizeof *share->workers);
    share_out(share);
}

void share_serve(struct share *share, int64_t at_usec, int32_t task,
                 const struct task_definition *definition, int32_t container, int threads,
                 share_wide left)
{
    struct share_worker *known = find(share, task, container);
    struct share_worker worker;

    advance(share, at_usec);
    if (threads == 0) {
        if (known)
            take(share, (int)(known - share->workers));
    } else if (known) {
        known->threads = (uint32_t)threads;
        known->left = left;
        share_out(share);
    } else {
        worker = new_worker(task, definition, container);
        worker.threads = (uint32_t)threads;
        worker.left = left;
        insert(share, &worker);
    }
}

share_wide share_left(struct share *share, int64_t at_usec, int32_t task, int32_t container)
{
    const struct share_worker *worker = find(share, task, container);

    advance(share, at_usec);
    return worker ? worker->left : 0;
}

bool share_remove(struct share *share, int64_t at_usec, int32_t task, int32_t container)
{
    struct share_worker *worker = find(share, task, container);

    if (!worker)
        return false;
    advance(share, at_usec);
    take(share, (int)(worker - share->workers));
    return true;
}

bool share_take_finished(struct share *share, int64_t at_usec, int32_t *task, int32_t *container)
{
    advance(share, at_usec);
    for (int i = 0; i < share->n_workers; i++) {
        /* Less than half a microsecond is left: the completion was rounded to here. */
        if (share->workers[i].left > share->workers[i].rate / 2)
            continue;
        *task = share->workers[i].task;
        *container = share->workers[i].container;
        take(share, i);
        return true;
    }
    return false;
}
