/*
 * What containers cost inside a virtual machine: one run in which a guest starts some alone, some with a
 * network, some at once and one that touches memory, read from its log. The guest's own clock tells how
 * long its steps took; it has one processor, so all that a start takes is its first process's here.
 */
#include "exec/calibrate_inside.h"

#include "file/buffer.h"
#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>

#define TOUCHED_MIB 16
#define IDLE_MSEC 100

enum { ALONE_MOST = 9 };

/* A chain: each begins when the one before it has ended, so that none is in another's way. */
static void add_chain(struct buffer *text, const char *family, const char *mode, int n)
{
    buffer_add(text,
               ", { \"family\": \"%s\", \"cpu\": \"1024\", \"networkMode\": \"%s\", "
               "\"containerDefinitions\": [",
               family, mode);
    for (int i = 0; i < n; i++) {
        buffer_add(text,
                   "%s{ \"name\": \"c%d\", \"image\": \"calibration\", \"memory\": 8, "
                   "\"essential\": %s",
                   i > 0 ? ", " : "", i, i == n - 1 ? "true" : "false");
        if (i > 0) {
            buffer_add(text,
                       ", \"dependsOn\": [ { \"containerName\": \"c%d\", \"condition\": "
                       "\"COMPLETE\" } ]",
                       i - 1);
        }
        buffer_add_text(text, " }");
    }
    buffer_add_text(text, "] }");
}

/* All at once, and none ends before the others are there. */
static void add_crowd(struct buffer *text, int n)
{
    buffer_add_text(text,
                    ", { \"family\": \"crowd\", \"cpu\": \"1024\", \"networkMode\": \"none\", "
                    "\"containerDefinitions\": [");
    for (int i = 0; i < n; i++) {
        buffer_add(text, "%s{ \"name\": \"c%d\", \"image\": \"calibration\", \"memory\": 8 }",
                   i > 0 ? ", " : "", i);
    }
    buffer_add_text(text, "] }");
}

static void add_behaviours(struct buffer *text, int n_alone, int n_crowd)
{
    buffer_add(text,
               ", \"behaviour\": { \"job/c\": { \"work\": \"300ms\", \"idle\": \"0s\" }, "
               "\"touch/c\": { \"memory\": \"%dMiB\", \"idle\": \"0s\" }",
               TOUCHED_MIB);
    for (int i = 0; i < n_alone; i++) {
        buffer_add(text,
                   ", \"alone/c%d\": { \"idle\": \"%dms\" }, \"net/c%d\": { \"idle\": \"%dms\" }",
                   i, IDLE_MSEC, i, IDLE_MSEC);
    }
    for (int i = 0; i < n_crowd; i++) {
        buffer_add(text, ", \"crowd/c%d\": { \"idle\": \"3s\" }", i);
    }
    buffer_add_text(text, " }");
}

/* The first task is the one by which all virtual machines' speed is measured; each takes the whole CPU,
 * so they come one after the other. */
char *calibrate_guest_world(const char *path, bool quick)
{
    static const char *const families[] = {"job", "alone", "net", "crowd", "touch"};
    int n_alone = quick ? 4 : ALONE_MOST, n_crowd = quick ? 5 : 9;
    struct buffer text = {0};

    buffer_add_text(
        &text,
        "{ \"berth\": \"scenario/1\", \"title\": \"Calibration\", \"instanceTypes\": { \"box\": { "
        "\"vcpu\": 1, \"memory\": \"320MiB\" } }, \"instances\": \"1xbox\", \"taskDefinitions\": [ "
        "{ "
        "\"family\": \"job\", \"cpu\": \"1024\", \"networkMode\": \"none\", "
        "\"containerDefinitions\": [ { \"name\": \"c\", \"image\": \"calibration\", \"memory\": 32 "
        "} "
        "] }, { \"family\": \"touch\", \"cpu\": \"1024\", \"networkMode\": \"none\", "
        "\"containerDefinitions\": [ { \"name\": \"c\", \"image\": \"calibration\", \"memory\": 32 "
        "} "
        "] }");
    add_chain(&text, "alone", "none", n_alone);
    add_chain(&text, "net", "bridge", n_alone);
    add_crowd(&text, n_crowd);
    buffer_add_text(&text, " ]");
    add_behaviours(&text, n_alone, n_crowd);
    buffer_add_text(&text, ", \"timeline\": [");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        buffer_add(
            &text,
            "%s { \"at\": \"0s\", \"wait\": true, \"runTask\": { \"taskDefinition\": \"%s\" } "
            "}",
            i > 0 ? "," : "", families[i]);
    }
    buffer_add(
        &text,
        " ], \"costs\": { \"profile\": \"laptop\", \"machines\": \"vms\", \"path\": \"%s\" } }",
        path);
    return text.text;
}

/* ---- reading it ---- */

static void add_span(struct series *series, int64_t from_usec, int64_t to_usec)
{
    if (from_usec != USEC_NEVER && to_usec != USEC_NEVER && to_usec >= from_usec) {
        series_add(series, to_usec - from_usec);
    }
}

static void take_container(struct series *inside, const struct story_container *row, bool network)
{
    int64_t ready_usec =
        row->ready_at_usec != USEC_NEVER ? row->ready_at_usec : row->started_at_usec;

    add_span(&inside[network ? INSIDE_CREATE_NETWORK : INSIDE_CREATE], row->create_at_usec,
             row->created_at_usec);
    add_span(&inside[INSIDE_START], row->start_at_usec, row->started_at_usec);
    add_span(&inside[INSIDE_READY], row->started_at_usec, row->ready_at_usec);
    if (ready_usec != USEC_NEVER) {
        add_span(&inside[INSIDE_END], ready_usec + IDLE_MSEC * USEC_PER_MSEC, row->exited_at_usec);
    }
}

/* Of a crowd, from the first order to create until the last has started, each. */
static void take_crowd(struct series *inside, const struct story_task *task)
{
    int64_t first_usec = USEC_NEVER, last_usec = 0;

    for (int i = 0; i < task->n_containers; i++) {
        const struct story_container *row = &task->containers[i];

        if (row->create_at_usec < first_usec) {
            first_usec = row->create_at_usec;
        }
        if (row->started_at_usec > last_usec) {
            last_usec = row->started_at_usec;
        }
    }
    if (last_usec != USEC_NEVER && last_usec > first_usec) {
        series_add(&inside[INSIDE_CROWD], (last_usec - first_usec) / task->n_containers);
    }
}

static void take_touch(struct series *inside, const struct story_container *row,
                       const struct story_container *small)
{
    int64_t usec = row->ready_at_usec - row->started_at_usec;
    int64_t base_usec = small->ready_at_usec - small->started_at_usec;

    if (row->ready_at_usec != USEC_NEVER && small->ready_at_usec != USEC_NEVER &&
        usec > base_usec) {
        series_add(&inside[INSIDE_TOUCH], (usec - base_usec) / TOUCHED_MIB);
    }
}

/* A guest's first container runs what has not run before there, which costs an emulated processor most. */
static void take_first(struct series *inside, const struct story_container *row)
{
    int64_t others_usec = series_quantile(&inside[INSIDE_CREATE], 500) +
                          series_quantile(&inside[INSIDE_START], 500) +
                          series_quantile(&inside[INSIDE_READY], 500);

    if (row->create_at_usec != USEC_NEVER && row->ready_at_usec != USEC_NEVER) {
        int64_t more_usec = row->ready_at_usec - row->create_at_usec - others_usec;

        series_add(&inside[INSIDE_FIRST], more_usec > 0 ? more_usec : 0);
    }
}

void calibrate_guest_take(struct series *inside, const struct story *story)
{
    const struct story_container *small = NULL;

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];
        const struct task_definition *definition = story_definition(story, task->taskdef);
        const char *family = definition ? definition->family : "";
        bool network = family[0] == 'n';

        add_span(&inside[INSIDE_MESSAGE], task->placed_at_usec, task->received_at_usec);
        if (t == 0 && task->n_containers > 0) {
            add_span(&inside[INSIDE_STAND_IN], task->containers[0].pull_at_usec,
                     task->containers[0].pulled_at_usec);
            small = &task->containers[0];
        }
        for (int i = 0; i < task->n_containers && (network || family[0] == 'a'); i++) {
            take_container(inside, &task->containers[i], network);
        }
        if (family[0] == 'c') {
            take_crowd(inside, task);
        } else if (family[0] == 't' && small) {
            take_touch(inside, &task->containers[0], small);
        }
    }
    if (small) {
        take_first(inside, small);
    }
}
