/*
 * Each note gets its interval; a moment's waiters are those whose interval holds it. It must never
 * know pixels or words.
 */
#include "viz/scene_wait.h"

#include "core/array.h"
#include "viz/track.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 64

static int by_moment(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static int by_age(const void *a, const void *b)
{
    const struct scene_waiter *left = a, *right = b;
    if (left->since_usec != right->since_usec)
        return left->since_usec < right->since_usec ? -1 : 1;
    return left->note < right->note ? -1 : left->note > right->note;
}

/* What befalls a service at a moment. */
struct moment {
    int32_t service;
    int32_t number; /* of a placement its place among all, of a wish its place in the story */
    int64_t at_usec;
};

struct moments {
    struct moment *list; /* service by service, each in order of time, then of number */
    int n_list, cap_list;
};

struct services {
    struct moments placed, freed, wanted;
};

static int in_order(const void *a, const void *b)
{
    const struct moment *left = a, *right = b;
    if (left->service != right->service)
        return left->service < right->service ? -1 : 1;
    if (left->at_usec != right->at_usec)
        return left->at_usec < right->at_usec ? -1 : 1;
    return (left->number > right->number) - (left->number < right->number);
}

/* The first that is not before `what`. */
static int find(const struct moments *moments, struct moment what)
{
    int low = 0, high = moments->n_list;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (in_order(&moments->list[middle], &what) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many of the service's there were until then, that moment included. */
static int count_of(const struct moments *moments, int32_t service, int64_t at_usec)
{
    return find(moments, (struct moment){service, INT32_MAX, at_usec}) -
           find(moments, (struct moment){service, INT32_MIN, INT64_MIN});
}

static void add_moment(struct moments *moments, int32_t service, int32_t number, int64_t at_usec)
{
    if (at_usec != USEC_NEVER)
        *ARRAY_ADD(moments, list) = (struct moment){service, number, at_usec};
}

static void sort(struct moments *moments)
{
    if (moments->n_list > 0)
        qsort(moments->list, (size_t)moments->n_list, sizeof *moments->list, in_order);
}

static struct services services_of(const struct story *story)
{
    struct services all = {0};
    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];
        if (task->service == ID_NONE || task->placed_at_usec == USEC_NEVER)
            continue;
        add_moment(&all.placed, task->service, task->nth_placed, task->placed_at_usec);
        add_moment(&all.freed, task->service, task->nth_placed, track_freed_usec(task));
    }
    for (int i = 0; i < story->n_wants; i++)
        add_moment(&all.wanted, story->wants[i].service, i, story->wants[i].at_usec);
    sort(&all.placed);
    sort(&all.freed);
    sort(&all.wanted);
    return all;
}

/* The number of moments, of a list in order, before or at `at_usec`. */
static int count_until(const int64_t *moments, int n, int64_t at_usec)
{
    int low = 0, high = n;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (moments[middle] <= at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the service next gets a task, or wants no more than it has. */
static int64_t service_until(const struct story *story, const struct services *services,
                             int32_t service, const struct story_note *note)
{
    const struct moments *placed = &services->placed, *wanted = &services->wanted;
    int next = find(placed, (struct moment){service, note->n_placed, note->at_usec});
    int wish = find(wanted, (struct moment){service, INT32_MAX, note->at_usec});
    int64_t until_usec = USEC_NEVER;
    if (next < placed->n_list && placed->list[next].service == service)
        until_usec = placed->list[next].at_usec;
    for (; wish < wanted->n_list && wanted->list[wish].service == service; wish++) {
        int64_t at_usec = wanted->list[wish].at_usec;
        int live =
            count_of(placed, service, at_usec) - count_of(&services->freed, service, at_usec);
        if (at_usec >= until_usec || story->wants[wanted->list[wish].number].desired <= live)
            return least(at_usec, until_usec);
    }
    return until_usec;
}

/* When what the note is about has its place, or needs none any more. */
static int64_t until(const struct story *story, const struct services *services,
                     const struct story_note *note)
{
    const struct wait *wait = &note->message.as.wait;
    if (wait->task >= 0 && wait->task < story->n_tasks) {
        const struct story_task *task = &story->tasks[wait->task];
        return least(least(task->placed_at_usec, task->stop_at_usec), task->stopped_at_usec);
    }
    if (wait->task != ID_NONE || wait->service < 0 || wait->service >= story->n_services)
        return USEC_NEVER;
    return service_until(story, services, wait->service, note);
}

/* The newest waiter for the same thing, kept in `newest`; NULL where nobody knows the thing. */
static int *newest_of(const struct story *story, int *newest, const struct wait *wait)
{
    if (wait->task >= 0 && wait->task < story->n_tasks)
        return &newest[wait->task];
    if (wait->task == ID_NONE && wait->service >= 0 && wait->service < story->n_services)
        return &newest[story->n_tasks + wait->service];
    return NULL;
}

static void make_list(struct scene_waiters *waiters, const struct story *story)
{
    struct services services = services_of(story);
    int *newest = calloc((size_t)story->n_tasks + (size_t)story->n_services + 1, sizeof *newest);
    for (int i = 0; i < story->n_notes; i++) {
        const struct story_note *note = &story->notes[i];
        if (note->message.kind != MESSAGE_WAIT)
            continue;
        struct scene_waiter waiter = {
            .at_usec = note->at_usec,
            .until_usec = least(until(story, &services, note), story->end_usec),
            .since_usec = note->at_usec,
            .note = i,
        };
        int *before = newest_of(story, newest, &note->message.as.wait);
        if (before && *before > 0) {
            struct scene_waiter *older = &waiters->list[*before - 1];
            if (older->until_usec >= note->at_usec) {
                waiter.since_usec = older->since_usec;
                older->until_usec = note->at_usec;
            }
        }
        *ARRAY_ADD(waiters, list) = waiter;
        if (before)
            *before = waiters->n_list;
    }
    free(newest);
    free(services.placed.list);
    free(services.freed.list);
    free(services.wanted.list);
    /* What a newer note says in the same moment was never to be seen. */
    int kept = 0;
    for (int i = 0; i < waiters->n_list; i++) {
        if (waiters->list[i].until_usec > waiters->list[i].at_usec)
            waiters->list[kept++] = waiters->list[i];
    }
    waiters->n_list = kept;
}

void scene_wait_init(struct scene_waiters *waiters, const struct story *story)
{
    *waiters = (struct scene_waiters){0};
    make_list(waiters, story);
    size_t n = (size_t)waiters->n_list;
    if (n > 0)
        qsort(waiters->list, n, sizeof *waiters->list, by_age);
    waiters->begins = calloc(n + 1, sizeof *waiters->begins);
    waiters->ends = calloc(n + 1, sizeof *waiters->ends);
    waiters->block_begins = calloc(n / BLOCK + 1, sizeof *waiters->block_begins);
    waiters->block_ends = calloc(n / BLOCK + 1, sizeof *waiters->block_ends);
    for (int i = 0; i < waiters->n_list; i++) {
        int64_t *begin = &waiters->block_begins[i / BLOCK], *end = &waiters->block_ends[i / BLOCK];
        waiters->begins[i] = waiters->list[i].at_usec;
        waiters->ends[i] = waiters->list[i].until_usec;
        *begin = i % BLOCK == 0 ? waiters->begins[i] : least(*begin, waiters->begins[i]);
        *end = *end > waiters->ends[i] ? *end : waiters->ends[i];
    }
    qsort(waiters->begins, n, sizeof *waiters->begins, by_moment);
    qsort(waiters->ends, n, sizeof *waiters->ends, by_moment);
}

void scene_wait_finish(struct scene_waiters *waiters)
{
    free(waiters->list);
    free(waiters->begins);
    free(waiters->ends);
    free(waiters->block_begins);
    free(waiters->block_ends);
    *waiters = (struct scene_waiters){0};
}

int scene_wait_count(const struct scene_waiters *waiters, int64_t at_usec)
{
    return count_until(waiters->begins, waiters->n_list, at_usec) -
           count_until(waiters->ends, waiters->n_list, at_usec);
}

int scene_wait_list(const struct scene_waiters *waiters, int64_t at_usec, int *positions, int most)
{
    int n = 0;
    for (int i = 0; i < waiters->n_list && n < most; i++) {
        if (i % BLOCK == 0 && (waiters->block_begins[i / BLOCK] > at_usec ||
                               waiters->block_ends[i / BLOCK] <= at_usec)) {
            i += BLOCK - 1;
            continue;
        }
        if (waiters->list[i].at_usec <= at_usec && waiters->list[i].until_usec > at_usec)
            positions[n++] = i;
    }
    return n;
}
