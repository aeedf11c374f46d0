/*
 * The moment of a run: walks the index and keeps what has begun and has not been replaced. It must
 * never know pixels, colours or who draws it.
 */
#include "viz/scene.h"

#include "core/array.h"
#include "viz/scene_tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const scene_host_names[] = {
    "booting", "ready", "draining", "disconnected", "Spot warning", "gone", "terminated", NULL,
};

void scene_init(struct scene *scene, const struct scene_index *index)
{
    int n_instances = index->story->n_instances;
    *scene = (struct scene){.index = index, .at_usec = -1, .held_from = INT32_MAX};
    scene->instances = calloc((size_t)n_instances + 1, sizeof *scene->instances);
    scene->present = calloc((size_t)n_instances + 1, sizeof *scene->present);
    scene_sum_init(&scene->sums, &index->changes);
}

void scene_finish(struct scene *scene)
{
    free(scene->instances);
    free(scene->present);
    free(scene->sums.sums);
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
        .machine_mib = definition->machine ? definition->machine->memory_mib : 0,
        .slot = scene->index->slots[task],
        .n_containers = row->n_containers < definition->n_containers ? row->n_containers
                                                                     : definition->n_containers,
    };
    if (seen->state == LIFE_RUNNING && row->drain_at_usec <= scene->at_usec) {
        seen->draining = true;
        seen->phase = "draining";
    }
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

/* Whether the last turn of that kind before or at this moment says yes; `first` before any. */
static bool turned(const struct scene *scene, int32_t instance, enum story_turn_kind kind,
                   bool first)
{
    const struct scene_index *index = scene->index;
    bool value = first;
    for (int i = index->first_turn[instance]; i < index->first_turn[instance + 1]; i++) {
        const struct story_turn *turn = &index->story->turns[index->turns[i]];
        if (turn->at_usec > scene->at_usec)
            break;
        if (turn->kind == kind)
            value = turn->value != 0;
    }
    return value;
}

static enum scene_host_state state_of(const struct scene *scene, int32_t instance)
{
    const struct story_instance *row = &scene->index->story->instances[instance];
    if (row->lost_at_usec <= scene->at_usec)
        return row->terminate_at_usec <= row->lost_at_usec ? SCENE_HOST_TERMINATED
                                                           : SCENE_HOST_GONE;
    if (row->registered_at_usec > scene->at_usec)
        return SCENE_HOST_BOOTING;
    if (row->warned_at_usec <= scene->at_usec)
        return SCENE_HOST_WARNED;
    if (!turned(scene, instance, TURN_CONNECTED, true))
        return SCENE_HOST_DISCONNECTED;
    return turned(scene, instance, TURN_DRAINING, row->drain_at_usec <= scene->at_usec)
               ? SCENE_HOST_DRAINING
               : SCENE_HOST_READY;
}

static void add_instance(struct scene *scene, int position)
{
    const struct scene_index *index = scene->index;
    int32_t instance = index->order[position];
    const struct story_instance *row = &index->story->instances[instance];
    scene->present[position] =
        row->launch_at_usec <= scene->at_usec && index->replaced_at_usec[instance] > scene->at_usec;
    if (!scene->present[position])
        return;
    struct scene_instance *to = &scene->instances[position];
    if (to->name[0] == '\0') {
        const struct instance_group *group = scene_index_group(index, instance);
        to->instance = instance;
        to->type = group && group->type && !story_is_micro_vm(index->story, instance)
                       ? story_type(index->story, row)
                       : "";
        to->cpu = row->cpu > 0 ? row->cpu : index->capacity[instance].cpu;
        to->memory_mib =
            row->memory_mib > 0 ? row->memory_mib : index->capacity[instance].memory_mib;
        to->sum = &scene->sums.sums[instance];
        snprintf(to->name, sizeof to->name, "%s", story_machine_name(index->story, instance));
    }
    to->state = state_of(scene, instance);
    to->cpu_reserved = (int32_t)to->sum->cpu;
    to->memory_reserved_mib = (int32_t)to->sum->memory_mib;
    scene->n_hosts[to->state]++;
}

static void add_wait(struct scene *scene, const struct scene_waiter *waiter)
{
    const struct story *story = scene->index->story;
    const struct wait *wait = &story->notes[waiter->note].message.as.wait;
    int32_t taskdef = ID_NONE;
    struct scene_wait *to = ARRAY_ADD(scene, waits);
    *to = (struct scene_wait){.task = wait->task, .service = wait->service, .family = ""};
    to->since_usec = waiter->since_usec;
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

static void add_waits(struct scene *scene)
{
    const struct scene_waiters *waiters = &scene->index->waiters;
    int positions[SCENE_WAITS_MOST];
    scene->n_waits = 0;
    scene->n_waiting = scene_wait_count(waiters, scene->at_usec);
    int n = scene->n_waiting == 0
                ? 0
                : scene_wait_list(waiters, scene->at_usec, positions, SCENE_WAITS_MOST);
    for (int i = 0; i < n; i++)
        add_wait(scene, &waiters->list[positions[i]]);
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
        scene->n_held -= sign;
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
    if (at_usec == scene->at_usec && scene->held_from == INT32_MAX)
        return;
    scene->held_from = INT32_MAX;
    scene->n_held = 0;
    scene->at_usec = at_usec;
    memset(scene->n_hosts, 0, sizeof scene->n_hosts);
    scene_sum_move(&scene->sums, &scene->index->changes, at_usec);
    scene->n_running = scene->sums.sums[scene->index->story->n_instances].n[LIFE_RUNNING];
    for (int i = 0; i < scene->index->story->n_instances; i++)
        add_instance(scene, i);
    add_waits(scene);
    scene_tell_latest(scene->latest, sizeof scene->latest, scene->index, at_usec);
}
