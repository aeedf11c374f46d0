/*
 * Zones by name in the order in which they first appear, instances zone by zone, tasks instance by
 * instance, and every moment of the story as an event. It must never know which moment is looked
 * at.
 */
#include "viz/scene_index.h"

#include "core/array.h"
#include "viz/life.h"
#include "viz/scene_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct instance_group *scene_index_group(const struct scene_index *index, int32_t instance)
{
    int32_t group = index->story->instances[instance].group;
    return group >= 0 && group < index->story->n_groups ? &index->story->groups[group] : NULL;
}

static const char *zone_name(const struct scene_index *index, int32_t instance)
{
    const struct instance_group *group = scene_index_group(index, instance);
    int32_t zone = index->story->instances[instance].zone;
    return group && zone >= 0 && zone < group->n_zones && group->zones[zone].name
               ? group->zones[zone].name
               : "";
}

static int zone_find(struct scene_index *index, const char *name)
{
    for (int i = 0; i < index->n_zones; i++) {
        if (strcmp(index->zones[i].name, name) == 0)
            return i;
    }
    *ARRAY_ADD(index, zones) = (struct scene_zone){.name = name};
    return index->n_zones - 1;
}

static void index_zones(struct scene_index *index)
{
    const struct story *story = index->story;
    index->zone_of = calloc((size_t)story->n_instances + 1, sizeof *index->zone_of);
    index->order = calloc((size_t)story->n_instances + 1, sizeof *index->order);
    index->position = calloc((size_t)story->n_instances + 1, sizeof *index->position);
    for (int i = 0; i < story->n_instances; i++) {
        index->zone_of[i] = zone_find(index, zone_name(index, i));
        index->zones[index->zone_of[i]].n_instances++;
    }
    int first = 0;
    for (int z = 0; z < index->n_zones; z++) {
        index->zones[z].first_instance = first;
        first += index->zones[z].n_instances;
        index->zones[z].n_instances = 0;
    }
    for (int i = 0; i < story->n_instances; i++) {
        struct scene_zone *zone = &index->zones[index->zone_of[i]];
        index->position[i] = zone->first_instance + zone->n_instances++;
        index->order[index->position[i]] = i;
    }
}

static int by_placement(const void *a, const void *b, void *context)
{
    const struct story *story = context;
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    int64_t left_usec = story->tasks[left].placed_at_usec;
    int64_t right_usec = story->tasks[right].placed_at_usec;
    if (left_usec != right_usec)
        return left_usec < right_usec ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool is_placed(const struct story *story, int32_t task)
{
    return story->tasks[task].placed_at_usec != USEC_NEVER &&
           story->tasks[task].instance != ID_NONE && life_definition(story, task) != NULL;
}

static void index_tasks(struct scene_index *index)
{
    const struct story *story = index->story;
    index->slots = calloc((size_t)story->n_tasks + 1, sizeof *index->slots);
    index->by_instance = calloc((size_t)story->n_tasks + 1, sizeof *index->by_instance);
    index->first_of = calloc((size_t)story->n_instances + 1, sizeof *index->first_of);
    for (int t = 0; t < story->n_tasks; t++) {
        if (is_placed(story, t))
            index->first_of[story->tasks[t].instance + 1]++;
    }
    for (int i = 0; i < story->n_instances; i++)
        index->first_of[i + 1] += index->first_of[i];
    int32_t *next = calloc((size_t)story->n_instances + 1, sizeof *next);
    for (int i = 0; i < story->n_instances; i++)
        next[i] = index->first_of[i];
    for (int t = 0; t < story->n_tasks; t++) {
        if (is_placed(story, t))
            index->by_instance[next[story->tasks[t].instance]++] = t;
    }
    free(next);
    for (int i = 0; i < story->n_instances; i++) {
        int32_t *tasks = index->by_instance + index->first_of[i];
        int n_tasks = index->first_of[i + 1] - index->first_of[i];
        qsort_r(tasks, (size_t)n_tasks, sizeof *tasks, by_placement, (void *)story);
        scene_place(story, tasks, n_tasks, index->slots);
    }
}

/* What comes after the end of the run is its teardown: not part of what is shown. */
static void event_add(struct scene_index *index, int64_t at_usec, enum scene_event_kind kind,
                      int32_t id, int32_t container, bool failure)
{
    if (at_usec == USEC_NEVER || at_usec > index->story->end_usec)
        return;
    *ARRAY_ADD(index, events) = (struct scene_event){at_usec, kind, id, container, failure};
}

static void index_container_events(struct scene_index *index, int32_t task, int32_t container)
{
    const struct story_container *row = &index->story->tasks[task].containers[container];
    event_add(index, row->pulled_at_usec, SCENE_PULLED, task, container, false);
    event_add(index, row->created_at_usec, SCENE_CREATED, task, container, false);
    event_add(index, row->started_at_usec, SCENE_STARTED, task, container, false);
    event_add(index, row->ready_at_usec, SCENE_READY, task, container, false);
    event_add(index, row->exited_at_usec, SCENE_EXITED, task, container, false);
}

static void index_events(struct scene_index *index)
{
    const struct story *story = index->story;
    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *row = &story->instances[i];
        event_add(index, row->launch_at_usec, SCENE_LAUNCHED, i, ID_NONE, false);
        event_add(index, row->registered_at_usec, SCENE_REGISTERED, i, ID_NONE, false);
        if (!row->torn_down)
            event_add(index, row->lost_at_usec, SCENE_LOST, i, ID_NONE, true);
    }
    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *row = &story->tasks[t];
        event_add(index, row->placed_at_usec, SCENE_PLACED, t, ID_NONE, false);
        event_add(index, row->running_at_usec, SCENE_RUNS, t, ID_NONE, false);
        if (!row->torn_down) {
            event_add(index, row->stop_at_usec, SCENE_STOP, t, ID_NONE, false);
            event_add(index, row->stopped_at_usec, SCENE_STOPPED, t, ID_NONE,
                      life_task_fails(story, t));
        }
        for (int c = 0; c < row->n_containers; c++)
            index_container_events(index, t, c);
    }
    for (int i = 0; i < story->n_notes; i++) {
        bool refused = story->notes[i].message.kind == MESSAGE_REFUSE;
        event_add(index, story->notes[i].at_usec, refused ? SCENE_REFUSED : SCENE_WAITS, i, ID_NONE,
                  refused);
    }
    event_add(index, story->end_usec, SCENE_END, ID_NONE, ID_NONE, false);
}

static int by_time(const void *a, const void *b)
{
    const struct scene_event *left = a, *right = b;
    if (left->at_usec != right->at_usec)
        return left->at_usec < right->at_usec ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return left->container < right->container ? -1 : left->container > right->container;
}

void scene_index_init(struct scene_index *index, const struct story *story,
                      const struct run_header *header)
{
    *index = (struct scene_index){
        .story = story,
        .mode = header->mode,
        .title = strdup(header->title ? header->title : ""),
        .seed = header->seed,
        .scale_numerator = header->scale_numerator,
        .scale_denominator = header->scale_denominator,
    };
    index_zones(index);
    index_tasks(index);
    index_events(index);
    if (index->n_events > 0)
        qsort(index->events, (size_t)index->n_events, sizeof *index->events, by_time);
}

void scene_index_name(struct scene_index *index, const char *name)
{
    char *title;
    if (asprintf(&title, "%s: %s", name, index->title) < 0)
        abort();
    free(index->title);
    index->title = title;
}

void scene_index_finish(struct scene_index *index)
{
    free(index->title);
    free(index->zones);
    free(index->order);
    free(index->position);
    free(index->zone_of);
    free(index->slots);
    free(index->by_instance);
    free(index->first_of);
    free(index->events);
    *index = (struct scene_index){0};
}

int64_t scene_index_length_usec(const struct scene_index *index)
{
    const struct story *story = index->story;
    int64_t length_usec = story->end_usec < USEC_NEVER ? story->end_usec : story->last_usec;
    return length_usec > 0 ? length_usec : 1;
}
