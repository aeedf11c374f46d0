/*
 * Phases are file/phases.h's; here they are put side by side. It must never know how the numbers are
 * printed or drawn.
 */
#include "viz/compare.h"

#include "core/array.h"

#include <stdlib.h>
#include <string.h>

/* In thousandths of `of`, rounded to nearest, half away from zero. */
static int64_t permille(int64_t difference, int64_t of)
{
    while (llabs(difference) > INT64_MAX / 2000) {
        difference /= 2;
        of = of > 1 ? of / 2 : 1;
    }
    int64_t scaled = difference * 2000 / of;
    return (scaled + (scaled < 0 ? -1 : 1)) / 2;
}

static void add_row(struct compare *compare, struct compare_row row, bool modelled)
{
    bool has[2] = {row.usec[0] != USEC_NEVER, row.usec[1] != USEC_NEVER};
    if (!has[0] && !has[1])
        return;
    int64_t of = row.usec[compare->mixed ? 1 : 0], other_usec = row.usec[compare->mixed ? 0 : 1];
    if (!has[0] || !has[1])
        row.mark = COMPARE_ONE;
    else if (modelled)
        row.mark = COMPARE_MODELLED;
    else
        row.mark = COMPARE_COUNTED;
    /* Against nothing at all every difference is infinite: it counts as one whole. */
    if (row.mark == COMPARE_COUNTED && llabs(other_usec - of) >= COMPARE_GRAIN_USEC)
        row.error_permille = permille(other_usec - of, of > 0 ? of : other_usec);
    *ARRAY_ADD(compare, rows) = row;
    int *counts[] = {&compare->n_counted, &compare->n_modelled, &compare->n_one};
    (*counts[row.mark])++;
}

static void compare_task(struct compare *compare, int32_t task)
{
    const struct story *stories[2] = {compare->sides[0].story, compare->sides[1].story};
    const struct story_task *rows[2] = {&stories[0]->tasks[task], &stories[1]->tasks[task]};
    int n = rows[0]->n_containers < rows[1]->n_containers ? rows[0]->n_containers
                                                          : rows[1]->n_containers;
    bool real[2], modelled;
    for (int s = 0; s < 2; s++)
        real[s] = compare->sides[s].header->mode == RUN_EXEC;
    for (int c = 0; c < n; c++) {
        for (int phase = PHASE_PULL; phase <= PHASE_STOP; phase++) {
            struct compare_row row = {
                .task = task, .container = c, .instance = ID_NONE, .phase = phase};
            modelled = false;
            for (int s = 0; s < 2; s++) {
                const struct story_container *container = &rows[s]->containers[c];
                row.usec[s] = phases_of_container(stories[s], container, phase);
                modelled |= real[s] && phases_container_modelled(container, phase);
            }
            add_row(compare, row, modelled);
        }
    }
    for (int phase = PHASE_FIRMWARE; phase <= PHASE_BOOT; phase++) {
        struct compare_row row = {
            .task = task, .container = ID_NONE, .instance = ID_NONE, .phase = phase};

        for (int s = 0; s < 2; s++)
            row.usec[s] = phases_of_machine(stories[s], rows[s]->machine, phase);
        add_row(compare, row, false);
    }
    for (int phase = PHASE_STARTUP; phase <= PHASE_COMPLETION; phase++) {
        struct compare_row row = {
            .task = task, .container = ID_NONE, .instance = ID_NONE, .phase = phase};
        modelled = false;
        for (int s = 0; s < 2; s++) {
            row.usec[s] = phases_of_task(stories[s], rows[s], phase);
            modelled |= real[s] && phases_task_modelled(stories[s], rows[s], phase);
        }
        add_row(compare, row, modelled);
    }
}

/* Only those with a kernel of their own in one of the runs have phases. */
static void compare_instance(struct compare *compare, int32_t instance)
{
    for (int phase = PHASE_FIRMWARE; phase <= PHASE_REGISTER; phase++) {
        struct compare_row row = {
            .task = ID_NONE, .container = ID_NONE, .instance = instance, .phase = phase};
        bool modelled = false;
        for (int s = 0; s < 2; s++) {
            const struct compare_side *side = &compare->sides[s];
            row.usec[s] = phases_of_instance(side->story, &side->story->instances[instance], phase);
            modelled |=
                side->header->mode == RUN_EXEC && side->story->instances[instance].boot_modelled;
        }
        add_row(compare, row, modelled);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static int64_t median(int64_t *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    int64_t low = values[(n - 1) / 2], high = values[n / 2];
    return low + (high - low) / 2;
}

static void compare_medians(struct compare *compare)
{
    int64_t *values = calloc((size_t)compare->n_rows + 1, sizeof *values);
    for (int phase = 0; phase < PHASES; phase++) {
        struct compare_median *to = &compare->medians[phase];
        for (int what = 0; what < 3; what++) {
            int n = 0;
            for (int i = 0; i < compare->n_rows; i++) {
                const struct compare_row *row = &compare->rows[i];
                if (row->phase == (enum phase)phase && row->mark == COMPARE_COUNTED)
                    values[n++] = what < 2 ? row->usec[what] : llabs(row->error_permille);
            }
            to->n = n;
            if (n > 0)
                *(what < 2 ? &to->usec[what] : &to->error_permille) = median(values, n);
            if (n > 0 && what == 2)
                to->p95_permille = values[((int64_t)n * 95 + 99) / 100 - 1];
        }
    }
    free(values);
}

static bool was_placed(const struct story *story, int32_t task)
{
    return task < story->n_tasks && story->tasks[task].placed_at_usec <= story->end_usec &&
           story->tasks[task].placed_at_usec != USEC_NEVER;
}

static void compare_placements(struct compare *compare)
{
    const struct story *a = compare->sides[0].story, *b = compare->sides[1].story;
    int n = a->n_tasks > b->n_tasks ? a->n_tasks : b->n_tasks;
    int64_t first_usec = USEC_NEVER;
    compare->first_displaced = ID_NONE;
    for (int t = 0; t < n; t++) {
        if (!was_placed(a, t) || !was_placed(b, t)) {
            compare->n_placed_in_one += was_placed(a, t) || was_placed(b, t);
            continue;
        }
        compare->n_placed++;
        if (story_same_place(a, a->tasks[t].instance, b, b->tasks[t].instance)) {
            compare->n_same++;
        } else if (a->tasks[t].placed_at_usec < first_usec) {
            first_usec = a->tasks[t].placed_at_usec;
            compare->first_displaced = t;
        }
    }
}

/* The next event at or after `at` that changes what the scheduler can place where; -1: none before
 * the end of the run. */
static int next_change(const struct scene_index *index, int at)
{
    for (; at < index->n_events; at++) {
        const struct scene_event *event = &index->events[at];
        if (event->at_usec > index->story->end_usec)
            return -1;
        if (event->kind == SCENE_REGISTERED || event->kind == SCENE_LOST ||
            event->kind == SCENE_PLACED || event->kind == SCENE_STOPPED)
            return at;
    }
    return -1;
}

static bool same_change(const struct scene_index *a, int at_a, const struct scene_index *b,
                        int at_b)
{
    const struct scene_event *left = &a->events[at_a], *right = &b->events[at_b];
    if (left->kind != right->kind || left->id != right->id)
        return false;
    return left->kind != SCENE_PLACED ||
           a->story->tasks[left->id].instance == b->story->tasks[right->id].instance;
}

static void find_difference(struct compare *compare)
{
    const struct scene_index *a = &compare->sides[0].index, *b = &compare->sides[1].index;
    int at_a = next_change(a, 0), at_b = next_change(b, 0);
    while (at_a >= 0 && at_b >= 0 && same_change(a, at_a, b, at_b)) {
        at_a = next_change(a, at_a + 1);
        at_b = next_change(b, at_b + 1);
    }
    compare->difference = (struct compare_difference){at_a >= 0 || at_b >= 0, {at_a, at_b}};
}

void compare_init(struct compare *compare, const char *const paths[2],
                  const struct story *const stories[2], const struct run_header *const headers[2])
{
    *compare = (struct compare){.mixed = headers[0]->mode != headers[1]->mode};
    bool swap = compare->mixed && headers[0]->mode == RUN_EXEC;
    for (int s = 0; s < 2; s++) {
        int from = swap ? 1 - s : s;
        compare->sides[s] = (struct compare_side){
            .path = paths[from], .header = headers[from], .story = stories[from]};
        scene_index_init(&compare->sides[s].index, stories[from], headers[from]);
    }
    compare->same_scenario = headers[0]->scenario && headers[1]->scenario &&
                             strcmp(headers[0]->scenario, headers[1]->scenario) == 0;
    for (int t = 0; t < stories[0]->n_tasks && t < stories[1]->n_tasks; t++)
        compare_task(compare, t);
    for (int i = 0; i < stories[0]->n_instances && i < stories[1]->n_instances; i++)
        compare_instance(compare, i);
    compare_medians(compare);
    compare_totals_init(&compare->totals,
                        (const struct story *[]){compare->sides[0].story, compare->sides[1].story});
    compare_placements(compare);
    find_difference(compare);
}

void compare_finish(struct compare *compare)
{
    for (int s = 0; s < 2; s++)
        scene_index_finish(&compare->sides[s].index);
    compare_totals_finish(&compare->totals);
    free(compare->rows);
    *compare = (struct compare){0};
}

int compare_measured_permille(const struct compare *compare)
{
    int all = compare->n_counted + compare->n_modelled;
    return all > 0 ? (int)(compare->n_counted * INT64_C(1000) / all) : 1000;
}

const char *compare_side_name(const struct compare *compare, int side)
{
    static const char *const names[2][2] = {{"first", "second"}, {"simulated", "real"}};
    return names[compare->mixed][side];
}

const char *compare_error_name(const struct compare *compare)
{
    return compare->mixed ? "error" : "change";
}
