/*
 * The moment of a run: walks the index and keeps what has begun and has not been replaced. It must
 * never know pixels, colours or who draws it.
 */
#include "viz/scene.h"

#include "core/array.h"
#include "viz/scene_tell.h"

#include <stdio.h>
#include <stdlib.h>

void scene_init(struct scene *scene, const struct scene_index *index)
{
    int n_instances = index->story->n_instances;
    *scene = (struct scene){.index = index, .at_usec = -1, .held_from = INT32_MAX};
    scene->instances = calloc((size_t)n_instances + 1, sizeof *scene->instances);
    scene->present = calloc((size_t)n_instances + 1, sizeof *scene->present);
}

void scene_finish(struct scene *scene)
{
    free(scene->instances);
    free(scene->present);
    free(scene->waits);
    *scene = (struct scene){0};
}

struct scene_container scene_container(const struct scene *scene, const struct scene_task *task,
                                       int i)
{
    const struct story *story = scene->index->story;
    const struct story_container *row = &story->tasks[task->task].containers[i];
    return (struct scene_container){
        .name = life_definition(story, task->task)->containers[i].name,
        .state = life_container(row, scene->at_usec),
        .phase = life_phase(row, scene->at_usec),
    };
}

bool scene_task(const struct scene *scene, int32_t task, struct scene_task *seen)
{
    const struct story *story = scene->index->story;
    if (task < 0 || task >= story->n_tasks)
        return false;
    const struct story_task *row = &story->tasks[task];
    const struct task_definition *definition = life_definition(story, task);
    if (row->placed_at_usec > scene->at_usec || row->nth_placed >= scene->held_from ||
        row->instance == ID_NONE || !definition ||
        scene->index->slots[task].covered_at_usec <= scene->at_usec)
        return false;
    *seen = (struct scene_task){
        .task = task,
        .instance = row->instance,
        .family = definition->family,
        .state = life_task(story, task, scene->at_usec),
        .phase = life_task_phase(row, scene->at_usec),
        .cpu = taskdef_cpu(definition),
        .memory_mib = taskdef_memory_mib(definition),
        .slot = scene->index->slots[task],
        .n_containers = row->n_containers < definition->n_containers ? row->n_containers
                                                                     : definition->n_containers,
    };
    snprintf(seen->name, sizeof seen->name, "%s", story_task_name(task));
    return true;
}

const struct scene_instance *scene_instance(const struct scene *scene, int32_t instance)
{
    if (instance < 0 || instance >= scene->index->story->n_instances)
        return NULL;
    int position = scene->index->position[instance];
    return scene->present[position] ? &scene->instances[position] : NULL;
}

static void count_task(struct scene *scene, struct scene_instance *instance, int32_t task)
{
    const struct story *story = scene->index->story;
    const struct task_definition *definition = life_definition(story, task);
    enum life state = life_task(story, task, scene->at_usec);
    if (state == LIFE_RUNNING)
        scene->n_running++;
    if (state == LIFE_DONE || state == LIFE_FAILED)
        return;
    instance->cpu_reserved += taskdef_cpu(definition);
    instance->memory_reserved_mib += taskdef_memory_mib(definition);
}

static void add_instance(struct scene *scene, int position)
{
    const struct scene_index *index = scene->index;
    int32_t instance = index->order[position];
    const struct story_instance *row = &index->story->instances[instance];
    const struct instance_group *group = scene_index_group(index, instance);
    struct scene_instance *to = &scene->instances[position];
    *to = (struct scene_instance){
        .instance = instance,
        .type = group && group->type ? group->type : "",
        .state = SCENE_HOST_BOOTING,
        .cpu = row->cpu > 0 || !group ? row->cpu : group->cpu, /* known before it has booted */
        .memory_mib = row->memory_mib > 0 || !group ? row->memory_mib : group->memory_mib,
    };
    snprintf(to->name, sizeof to->name, "%s", story_instance_name(instance));
    scene->present[position] = row->launch_at_usec <= scene->at_usec;
    if (row->lost_at_usec <= scene->at_usec)
        to->state = SCENE_HOST_GONE;
    else if (row->registered_at_usec <= scene->at_usec)
        to->state = SCENE_HOST_READY;
    for (int i = index->first_of[instance]; i < index->first_of[instance + 1]; i++) {
        int32_t task = index->by_instance[i];
        if (index->story->tasks[task].placed_at_usec > scene->at_usec)
            break;
        if (index->slots[task].covered_at_usec > scene->at_usec)
            count_task(scene, to, task);
    }
}

/* Whether the thing a note is about still waits: its task is not placed and not given up, or its
 * service has had no new task since. */
static bool still_waits(const struct scene *scene, const struct story_note *note)
{
    const struct story *story = scene->index->story;
    const struct wait *wait = &note->message.as.wait;
    if (wait->task != ID_NONE) {
        if (wait->task < 0 || wait->task >= story->n_tasks)
            return true;
        const struct story_task *task = &story->tasks[wait->task];
        return task->placed_at_usec > scene->at_usec && task->stop_at_usec > scene->at_usec &&
               task->stopped_at_usec > scene->at_usec;
    }
    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];
        if (task->service == wait->service && task->placed_at_usec >= note->at_usec &&
            task->placed_at_usec <= scene->at_usec)
            return false;
    }
    return true;
}

static bool is_listed(const struct scene *scene, const struct wait *wait)
{
    for (int i = 0; i < scene->n_waits; i++) {
        if (scene->waits[i].task == wait->task && scene->waits[i].service == wait->service)
            return true;
    }
    return false;
}

static void add_wait(struct scene *scene, const struct story_note *note)
{
    const struct story *story = scene->index->story;
    const struct wait *wait = &note->message.as.wait;
    int32_t taskdef = ID_NONE;
    struct scene_wait *to = ARRAY_ADD(scene, waits);
    *to = (struct scene_wait){.task = wait->task, .service = wait->service, .family = ""};
    to->since_usec = note->at_usec;
    if (wait->task != ID_NONE) {
        snprintf(to->name, sizeof to->name, "%s", story_task_name(wait->task));
        if (wait->task >= 0 && wait->task < story->n_tasks)
            taskdef = story->tasks[wait->task].taskdef;
    } else if (wait->service >= 0 && wait->service < story->n_services) {
        snprintf(to->name, sizeof to->name, "next %s", story->services[wait->service].name);
        taskdef = story->services[wait->service].taskdef;
    }
    if (taskdef >= 0 && taskdef < story->taskdefs.n_definitions) {
        const struct task_definition *definition = taskdefs_get(&story->taskdefs, taskdef);
        to->family = definition->family;
        to->cpu = taskdef_cpu(definition);
        to->memory_mib = taskdef_memory_mib(definition);
    }
    scene_tell_lack(to->lacks, sizeof to->lacks, wait->reason, wait->nearest, wait->lack);
}

/* Newest note first: an older one about the same thing is out of date. Shown in order of age. */
static void add_waits(struct scene *scene)
{
    const struct story *story = scene->index->story;
    if (story->end_usec <= scene->at_usec)
        return;
    for (int i = story->n_notes - 1; i >= 0; i--) {
        const struct story_note *note = &story->notes[i];
        if (note->message.kind == MESSAGE_WAIT && note->at_usec <= scene->at_usec &&
            !is_listed(scene, &note->message.as.wait) && still_waits(scene, note))
            add_wait(scene, note);
    }
    for (int i = 0, j = scene->n_waits - 1; i < j; i++, j--) {
        struct scene_wait swapped = scene->waits[i];
        scene->waits[i] = scene->waits[j];
        scene->waits[j] = swapped;
    }
}

/* Gives the room of what was placed at this very moment, but is held, to its instances, or takes it
 * back. */
static void count_held(struct scene *scene, int sign)
{
    const struct scene_index *index = scene->index;
    for (int i = scene_tell_count(index, scene->at_usec) - 1;
         i >= 0 && index->events[i].at_usec == scene->at_usec; i--) {
        int32_t task = index->events[i].id;
        if (index->events[i].kind != SCENE_PLACED)
            continue;
        const struct story_task *row = &index->story->tasks[task];
        const struct task_definition *definition = life_definition(index->story, task);
        if (row->nth_placed < scene->held_from || row->stopped_at_usec <= scene->at_usec ||
            row->instance == ID_NONE || !definition)
            continue;
        struct scene_instance *host = &scene->instances[index->position[row->instance]];
        host->cpu_reserved += sign * taskdef_cpu(definition);
        host->memory_reserved_mib += sign * taskdef_memory_mib(definition);
    }
}

void scene_hold(struct scene *scene, int32_t nth_placed)
{
    count_held(scene, 1);
    scene->held_from = nth_placed;
    count_held(scene, -1);
    snprintf(scene->latest, sizeof scene->latest, "just before the next placement");
}

void scene_move(struct scene *scene, int64_t at_usec)
{
    count_held(scene, 1);
    scene->held_from = INT32_MAX;
    scene->at_usec = at_usec;
    scene->n_waits = scene->n_running = 0;
    for (int i = 0; i < scene->index->story->n_instances; i++)
        add_instance(scene, i);
    add_waits(scene);
    scene_tell_latest(scene->latest, sizeof scene->latest, scene->index, at_usec);
}
