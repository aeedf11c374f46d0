/*
 * Sums do not depend on the order in which they are made, so every way to a moment gives the same.
 * It must never know pixels or names.
 */
#include "viz/scene_sum.h"

#include "core/array.h"
#include "viz/time_sort.h"

#include <stdlib.h>
#include <string.h>

#define CHECKPOINTS_MOST 64
#define STEP_LEAST 1024

void scene_sum_add_task(struct scene_changes *changes, const struct story *story, int32_t task,
                        int64_t covered_at_usec)
{
    const struct story_task *row = &story->tasks[task];
    int64_t moments[] = {row->placed_at_usec, row->running_at_usec, row->stop_at_usec,
                         row->stopped_at_usec, covered_at_usec};
    int n = (int)(sizeof moments / sizeof moments[0]);
    /* What is torn down goes on until the end, see life_task(). */
    for (int i = 0; i < n; i++) {
        if (row->torn_down && i >= 2 && i <= 3 && moments[i] <= story->end_usec)
            moments[i] = story->end_usec + 1;
    }
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0 && moments[j] < moments[j - 1]; j--) {
            int64_t swapped = moments[j];
            moments[j] = moments[j - 1];
            moments[j - 1] = swapped;
        }
    }
    enum life before = LIFE_WAITING;
    for (int i = 0; i < n && moments[i] != USEC_NEVER; i++) {
        enum life now =
            covered_at_usec <= moments[i] ? LIFE_WAITING : life_task(story, task, moments[i]);
        if (now != before)
            *ARRAY_ADD(changes, list) =
                (struct scene_change){moments[i], task, (uint8_t)before, (uint8_t)now};
        before = now;
    }
}

static int by_task(const void *a, const void *b)
{
    const struct scene_change *left = a, *right = b;
    return left->task < right->task ? -1 : left->task > right->task;
}

static bool holds(int life)
{
    return life == LIFE_PENDING || life == LIFE_RUNNING || life == LIFE_STOPPING;
}

static void apply(struct scene_sum *sum, int from, int to, int64_t cpu, int64_t memory_mib)
{
    if (from != LIFE_WAITING)
        sum->n[from]--;
    if (to != LIFE_WAITING)
        sum->n[to]++;
    sum->cpu += cpu;
    sum->memory_mib += memory_mib;
}

static void change(struct scene_sum *sums, const struct scene_changes *changes,
                   const struct scene_change *one, bool back)
{
    const struct story *story = changes->story;
    const struct task_definition *definition = life_definition(story, one->task);
    int from = back ? one->to : one->from, to = back ? one->from : one->to;
    int sign = holds(to) - holds(from);
    int64_t cpu = sign * (int64_t)taskdef_cpu(definition);
    int64_t memory_mib = sign * (int64_t)taskdef_memory_mib(definition);
    apply(&sums[story->tasks[one->task].instance], from, to, cpu, memory_mib);
    apply(&sums[changes->n_sums - 1], from, to, cpu, memory_mib);
}

void scene_sum_close(struct scene_changes *changes, const struct story *story)
{
    changes->story = story;
    changes->n_sums = story->n_instances + 1;
    time_sort(changes->list, changes->n_list, sizeof *changes->list, by_task);
    changes->step = changes->n_list / CHECKPOINTS_MOST + 1;
    if (changes->step < STEP_LEAST)
        changes->step = STEP_LEAST;
    changes->n_checkpoints = changes->n_list / changes->step + 1;
    size_t n_sums = (size_t)changes->n_sums;
    changes->checkpoints =
        calloc((size_t)changes->n_checkpoints * n_sums, sizeof *changes->checkpoints);
    struct scene_sum *sums = calloc(n_sums, sizeof *sums);
    for (int i = 0; i <= changes->n_list; i++) {
        if (i % changes->step == 0)
            memcpy(changes->checkpoints + (size_t)(i / changes->step) * n_sums, sums,
                   n_sums * sizeof *sums);
        if (i < changes->n_list)
            change(sums, changes, &changes->list[i], false);
    }
    free(sums);
}

void scene_sum_finish(struct scene_changes *changes)
{
    free(changes->list);
    free(changes->checkpoints);
    *changes = (struct scene_changes){0};
}

void scene_sum_init(struct scene_sums *sums, const struct scene_changes *changes)
{
    sums->sums = calloc((size_t)changes->n_sums, sizeof *sums->sums);
    sums->at = 0;
}

static int count_until(const struct scene_changes *changes, int64_t at_usec)
{
    int low = 0, high = changes->n_list;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (changes->list[middle].at_usec <= at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void scene_sum_move(struct scene_sums *sums, const struct scene_changes *changes, int64_t at_usec)
{
    int to = count_until(changes, at_usec);
    int nearest = (to + changes->step / 2) / changes->step;
    if (nearest >= changes->n_checkpoints)
        nearest = changes->n_checkpoints - 1;
    /* A checkpoint costs a copy of all sums, about as much as a change for each of four. */
    int way = abs(to - sums->at), jump = abs(to - nearest * changes->step) + changes->n_sums / 4;
    if (jump < way) {
        memcpy(sums->sums, changes->checkpoints + (size_t)nearest * (size_t)changes->n_sums,
               (size_t)changes->n_sums * sizeof *sums->sums);
        sums->at = nearest * changes->step;
    }
    while (sums->at < to)
        change(sums->sums, changes, &changes->list[sums->at++], false);
    while (sums->at > to)
        change(sums->sums, changes, &changes->list[--sums->at], true);
}
