/*
 * What starting took, as stacked bars: one for the instances and one for each family's tasks, in each run. A
 * part that was mostly modelled is hatched. It must never know how charts are drawn.
 */
#include "viz/life.h"
#include "viz/plots.h"
#include "viz/track.h"

#include "file/memory.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_PIXELS 34
#define FAMILIES_MAX 16
#define BAR_HIGH 0.7

enum part {
    PART_BOOT,
    PART_REGISTER,
    PART_WAIT,
    PART_PROVISION,
    PART_QUEUE,
    PART_MACHINE,
    PART_PULL,
    PART_CREATE,
    PART_START,
    PART_READY,
    PART_REQUEST,
    PARTS
};

static const struct {
    const char *name;
    enum paint paint;
    int shade;
} parts[PARTS] = {
    [PART_BOOT] = {"boot", PAINT_MEMORY, 100},
    [PART_REGISTER] = {"register", PAINT_MEMORY, 50},
    [PART_WAIT] = {"waiting for room", PAINT_WAIT, 100},
    [PART_PROVISION] = {"provision", PAINT_STOPPING_STRIPE, 55},
    [PART_QUEUE] = {"agent's queue", PAINT_STOPPING_STRIPE, 100},
    [PART_MACHINE] = {"its own machine's boot", PAINT_MEMORY, 75},
    [PART_PULL] = {"pull", PAINT_PULL, 100},
    [PART_CREATE] = {"create", PAINT_CREATE, 100},
    [PART_START] = {"start", PAINT_CREATE, 55},
    [PART_READY] = {"getting ready", PAINT_READY, 100},
    [PART_REQUEST] = {"first request", PAINT_RUNNING, 100},
};

/* Sums over what one bar stands for. */
struct bar {
    char name[64];
    int n, n_answered; /* all; those that have been asked, too */
    int64_t usec[PARTS];
    int n_modelled[PARTS];
};

/* The latest of a moment over a task's containers; USEC_NEVER where one has not had it. */
static int64_t latest(const struct story_task *task, size_t offset)
{
    int64_t last_usec = 0;
    for (int i = 0; i < task->n_containers; i++) {
        int64_t at_usec = *(const int64_t *)((const char *)&task->containers[i] + offset);
        if (at_usec > last_usec)
            last_usec = at_usec;
    }
    return task->n_containers > 0 ? last_usec : USEC_NEVER;
}

static bool is_modelled(const struct story_task *task, enum part part)
{
    for (int i = 0; i < task->n_containers; i++) {
        const struct story_container *row = &task->containers[i];
        if ((part == PART_PULL && row->pull_modelled) ||
            (part == PART_CREATE && row->create_modelled) ||
            (part == PART_START && row->start_modelled) ||
            ((part == PART_READY || part == PART_REQUEST) && row->ready_modelled))
            return true;
    }
    return false;
}

/* A part begins where the one before it ended, so that together they are the whole. */
static void add_task(struct bar *bar, const struct story *story, const struct story_task *task)
{
    const int64_t ends[PARTS] = {
        [PART_WAIT] = task->placed_at_usec,
        [PART_PROVISION] = task->received_at_usec,
        [PART_QUEUE] = task->admitted_at_usec,
        [PART_MACHINE] = task->machine ? task->machine->booted_at_usec : task->admitted_at_usec,
        [PART_PULL] = latest(task, offsetof(struct story_container, pulled_at_usec)),
        [PART_CREATE] = latest(task, offsetof(struct story_container, created_at_usec)),
        [PART_START] = latest(task, offsetof(struct story_container, started_at_usec)),
        [PART_READY] = latest(task, offsetof(struct story_container, ready_at_usec)),
        [PART_REQUEST] = task->first_answer_at_usec,
    };
    int64_t from_usec = task->accepted_at_usec;
    if (from_usec == USEC_NEVER || ends[PART_READY] > track_end_usec(story))
        return;
    bar->n++;
    bar->n_answered += task->first_answer_at_usec != USEC_NEVER;
    for (int part = PART_WAIT; part < PARTS; part++) {
        if (ends[part] == USEC_NEVER || ends[part] <= from_usec)
            continue;
        bar->usec[part] += ends[part] - from_usec;
        bar->n_modelled[part] += is_modelled(task, (enum part)part);
        from_usec = ends[part];
    }
}

static void add_instances(struct bar *bar, const struct story *story, bool micro_vms)
{
    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *instance = &story->instances[i];
        if (story_is_micro_vm(story, i) != micro_vms || instance->launch_at_usec == USEC_NEVER ||
            instance->registered_at_usec == USEC_NEVER)
            continue;
        int64_t booted_usec = instance->booted_at_usec < instance->registered_at_usec
                                  ? instance->booted_at_usec
                                  : instance->registered_at_usec;
        bar->n++;
        bar->usec[PART_BOOT] += booted_usec - instance->launch_at_usec;
        bar->usec[PART_REGISTER] += instance->registered_at_usec - booted_usec;
        bar->n_modelled[PART_BOOT] += instance->boot_modelled;
    }
}

static void add_bar(struct chart_panel *panel, const struct bar *bar, int row)
{
    double x = 0, y = row + (1 - BAR_HIGH) / 2;
    for (int part = 0; part < PARTS && bar->n > 0; part++) {
        int n = part == PART_REQUEST ? bar->n_answered : bar->n;
        if (bar->usec[part] <= 0)
            continue;
        double width = (double)bar->usec[part] / n / USEC_PER_SEC;
        struct chart_box box = {.x0 = x,
                                .x1 = x + width,
                                .y0 = y,
                                .y1 = y + BAR_HIGH,
                                .paint = parts[part].paint,
                                .shade = parts[part].shade,
                                .hatched = 2 * bar->n_modelled[part] > n};
        chart_add_box(panel, &box);
        x += width;
    }
    chart_add_word(panel, bar->name, 0, row + 0.5, false);
}

/* The families of a run, each once, in the order of their first definitions; returns how many there are, of which the
 * first FAMILIES_MAX are listed. */
static int list_families(const struct story *story, const char **families)
{
    int n = 0;
    for (int i = 0; i < story->taskdefs.n_definitions; i++) {
        const char *family = taskdefs_get(&story->taskdefs, i)->family;
        int before = 0;
        while (before < i && strcmp(taskdefs_get(&story->taskdefs, before)->family, family) != 0)
            before++;
        if (before < i)
            continue;
        if (n < FAMILIES_MAX)
            families[n] = family;
        n++;
    }
    return n;
}

/* False: no task is of it. */
static bool fill_family(struct bar *bar, const struct plots_run *run, const char *family)
{
    const struct story *story = &run->story;
    bool any = false;
    for (int i = 0; i < story->n_tasks; i++) {
        const struct task_definition *definition = life_definition(story, i);
        if (!definition || strcmp(definition->family, family) != 0)
            continue;
        add_task(bar, story, &story->tasks[i]);
        any = true;
    }
    snprintf(bar->name, sizeof bar->name, "%.20s (%d)", family, bar->n);
    return any;
}

/* Returns how many families there are. */
static int add_run(struct chart_panel *panel, const struct plots_run *run)
{
    const char *families[FAMILIES_MAX];
    int n = list_families(&run->story, families), row = 0;
    struct bar bar = {0};
    add_instances(&bar, &run->story, false);
    snprintf(bar.name, sizeof bar.name, "instances (%d)", bar.n);
    if (run->story.n_micro_vms == 0 || run->story.n_micro_vms < run->story.n_instances)
        add_bar(panel, &bar, row++);
    bar = (struct bar){0};
    add_instances(&bar, &run->story, true);
    snprintf(bar.name, sizeof bar.name, "micro-VMs (%d)", bar.n);
    if (run->story.n_micro_vms > 0)
        add_bar(panel, &bar, row++);
    for (int i = 0; i < n && i < FAMILIES_MAX; i++) {
        bar = (struct bar){0};
        if (fill_family(&bar, run, families[i]))
            add_bar(panel, &bar, row++);
    }
    panel->downwards = true;
    panel->y_max = row;
    panel->height = row * ROW_PIXELS;
    return n;
}

void plots_startup(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    bool hatched = false;
    int n_families = 0;
    for (int run = 0; run < n_runs; run++) {
        struct chart_panel *panel = chart_add_panel(chart, runs[run].name, "", 0);
        int n = add_run(panel, &runs[run]);
        n_families = n > n_families ? n : n_families;
        for (int i = 0; i < panel->n_boxes; i++)
            hatched = hatched || panel->boxes[i].hatched;
    }
    for (int part = 0; part < PARTS; part++)
        chart_add_key(chart, parts[part].name, parts[part].paint, parts[part].shade, false);
    if (hatched)
        chart_add_key(chart, "modelled", PAINT_FAINT, 100, true);
    plots_say_first(chart, FAMILIES_MAX, n_families, "families");
    snprintf(chart->x_label, sizeof chart->x_label, "mean seconds");
}
