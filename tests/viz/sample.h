/*
 * Runs made by hand for the picture's tests: two instances in two zones, task definitions, and
 * tasks whose moments are given in a row.
 */
#ifndef BERTH_TESTS_VIZ_SAMPLE_H
#define BERTH_TESTS_VIZ_SAMPLE_H

#include "core/array.h"
#include "file/story.h"

#include <stdlib.h>
#include <string.h>

#define NEVER USEC_NEVER
#define MS(n) ((int64_t)(n)*1000)

struct sample {
    struct story story;
    struct run_header header;
};

static inline void sample_group(struct sample *sample, const char *type, int32_t cpu,
                                int32_t memory_mib)
{
    struct instance_group *group = ARRAY_ADD(&sample->story, groups);
    group->type = strdup(type);
    group->cpu = cpu;
    group->memory_mib = memory_mib;
    group->n_zones = 2;
    group->zones = calloc(2, sizeof *group->zones);
    group->zones[0].name = strdup("a");
    group->zones[1].name = strdup("b");
}

static inline void sample_instance(struct sample *sample, int32_t group, int32_t zone,
                                   int64_t launch_at_usec)
{
    *ARRAY_ADD(&sample->story, instances) = (struct story_instance){
        .group = group,
        .zone = zone,
        .cpu = sample->story.groups[group].cpu,
        .memory_mib = sample->story.groups[group].memory_mib,
        .launch_at_usec = launch_at_usec,
        .booted_at_usec = launch_at_usec + MS(100),
        .registered_at_usec = launch_at_usec + MS(100),
        .lost_at_usec = NEVER,
        .warned_at_usec = NEVER,
        .drain_at_usec = NEVER,
        .terminate_at_usec = NEVER,
    };
}

/* A definition with so many equal containers "c1", "c2", ... */
static inline int sample_taskdef(struct sample *sample, const char *family, int32_t cpu,
                                 int32_t memory_mib, int n_containers)
{
    struct container_definition containers[TASKDEF_CONTAINERS_MAX] = {0};
    struct task_definition definition = {.family = (char *)family, .revision = 1};
    static const char *const names[] = {"c1", "c2", "c3"};
    definition.cpu = cpu;
    definition.memory_mib = memory_mib;
    definition.n_containers = n_containers;
    definition.containers = containers;
    for (int i = 0; i < n_containers; i++) {
        containers[i].name = (char *)names[i];
        containers[i].image = (char *)"image";
        containers[i].essential = true;
    }
    return taskdefs_add(&sample->story.taskdefs, &definition);
}

/* A task placed at that moment, none of whose other moments has come. */
static inline struct story_task *sample_task(struct sample *sample, int32_t taskdef,
                                             int32_t instance, int64_t placed_at_usec)
{
    struct story_task *task = ARRAY_ADD(&sample->story, tasks);
    *task = (struct story_task){
        .taskdef = taskdef,
        .service = ID_NONE,
        .instance = instance,
        .accepted_at_usec = placed_at_usec,
        .placed_at_usec = placed_at_usec,
        .nth_placed = sample->story.n_tasks - 1,
        .received_at_usec = NEVER,
        .running_at_usec = NEVER,
        .first_answer_at_usec = NEVER,
        .drain_at_usec = NEVER,
        .stop_at_usec = NEVER,
        .stopped_at_usec = NEVER,
        .n_containers = taskdefs_get(&sample->story.taskdefs, taskdef)->n_containers,
    };
    task->containers = calloc((size_t)task->n_containers, sizeof *task->containers);
    for (int i = 0; i < task->n_containers; i++)
        task->containers[i] = (struct story_container){
            .pull_at_usec = NEVER,
            .pulled_at_usec = NEVER,
            .create_at_usec = NEVER,
            .created_at_usec = NEVER,
            .start_at_usec = NEVER,
            .started_at_usec = NEVER,
            .ready_at_usec = NEVER,
            .term_at_usec = NEVER,
            .kill_at_usec = NEVER,
            .exited_at_usec = NEVER,
            .exit_code = ID_NONE,
        };
    return task;
}

/* All containers of the task pull, are created, start and get ready, each phase so long (usec), one
 * after another from its placement. */
static inline void sample_start(struct story_task *task, int64_t pull, int64_t create,
                                int64_t start, int64_t ready)
{
    int64_t at = task->placed_at_usec;
    task->received_at_usec = at;
    for (int i = 0; i < task->n_containers; i++) {
        struct story_container *row = &task->containers[i];
        row->pull_at_usec = at;
        row->create_at_usec = row->pulled_at_usec = at + pull;
        row->start_at_usec = row->created_at_usec = at + pull + create;
        row->started_at_usec = at + pull + create + start;
        row->ready_at_usec = at + pull + create + start + ready;
        task->running_at_usec = row->started_at_usec;
    }
}

/* All containers exit by themselves at that moment. */
static inline void sample_exit(struct story_task *task, int64_t at_usec, int32_t exit_code)
{
    for (int i = 0; i < task->n_containers; i++) {
        task->containers[i].exited_at_usec = at_usec;
        task->containers[i].exit_code = exit_code;
    }
    task->stopped_at_usec = at_usec;
    task->stop_code = STOP_ESSENTIAL_CONTAINER_EXITED;
}

/* Two boxes of 1024 CPU units and 1024 MiB in zones a and b, ready at 0.1 s; a run of 10 s. */
static inline void sample_init(struct sample *sample, enum run_mode mode)
{
    memset(sample, 0, sizeof *sample);
    story_init(&sample->story);
    sample->header = (struct run_header){
        .mode = mode,
        .title = strdup("A run"),
        .scenario = strdup("{}"),
        .seed = 1,
        .scale_numerator = 1,
        .scale_denominator = 1,
    };
    sample->story.end_usec = MS(10000);
    sample->story.last_usec = MS(10500);
    sample_group(sample, "box", 1024, 1024);
    sample_instance(sample, 0, 0, 0);
    sample_instance(sample, 0, 1, 0);
}

static inline void sample_finish(struct sample *sample)
{
    story_finish(&sample->story);
    run_header_finish(&sample->header);
}

#endif
