/*
 * Zones by name in the order in which they first appear, instances zone by zone, tasks instance by
 * instance, and every moment of the story as an event. It must never know which moment is looked
 * at.
 */
#include "viz/scene_index.h"

#include "core/array.h"
#include "file/layers.h"
#include "viz/life.h"
#include "viz/scene_berth.h"
#include "viz/scene_place.h"
#include "viz/time_sort.h"

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

/* The capacity provider of a group; the first where several name it. */
static int32_t provider_of(const struct scene_index *index, int32_t instance)
{
    const struct story *story = index->story;
    for (int32_t i = 0; i < story->n_providers; i++) {
        if (story->providers[i].group == story->instances[instance].group)
            return i;
    }
    return ID_NONE;
}

static int section_find(struct scene_index *index, int32_t zone, int32_t provider, bool fargate)
{
    for (int i = 0; i < index->n_sections; i++) {
        const struct scene_section *section = &index->sections[i];
        if (section->zone == zone && section->provider == provider && section->fargate == fargate)
            return i;
    }
    *ARRAY_ADD(index, sections) =
        (struct scene_section){.zone = zone, .provider = provider, .fargate = fargate};
    return index->n_sections - 1;
}

const char *scene_index_section(const struct scene_index *index, int section)
{
    const struct scene_section *row = &index->sections[section];
    if (row->provider != ID_NONE)
        return index->story->providers[row->provider].name;
    return row->fargate ? "FARGATE" : "";
}

int scene_index_section_of(const struct scene_index *index, int32_t instance)
{
    int section = 0, position = index->position[instance];
    while (position >=
           index->sections[section].first_instance + index->sections[section].n_instances)
        section++;
    return section;
}

static int by_zone(const void *a, const void *b, void *context)
{
    const struct scene_section *sections = context;
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    if (sections[left].zone != sections[right].zone)
        return sections[left].zone < sections[right].zone ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* Puts the sections zone by zone, and says to `section_of` where each has gone. */
static void sort_sections(struct scene_index *index, int32_t *section_of)
{
    size_t n = (size_t)index->n_sections;
    int32_t *order = calloc(n + 1, sizeof *order), *to = calloc(n + 1, sizeof *to);
    struct scene_section *sorted = calloc(n + 1, sizeof *sorted);
    for (int32_t i = 0; i < index->n_sections; i++)
        order[i] = i;
    qsort_r(order, n, sizeof *order, by_zone, index->sections);
    int first = 0;
    for (int32_t i = 0; i < index->n_sections; i++) {
        to[order[i]] = i;
        sorted[i] = index->sections[order[i]];
        sorted[i].first_instance = first;
        first += sorted[i].n_instances;
        struct scene_zone *zone = &index->zones[sorted[i].zone];
        if (zone->n_sections++ == 0) {
            zone->first_section = i;
            zone->first_instance = sorted[i].first_instance;
        }
        zone->n_instances += sorted[i].n_instances;
    }
    for (int i = 0; i < index->story->n_instances; i++)
        section_of[i] = to[section_of[i]];
    free(order);
    free(to);
    free(index->sections);
    index->sections = sorted;
    index->cap_sections = (int)n + 1;
}

static void index_zones(struct scene_index *index)
{
    const struct story *story = index->story;
    size_t n_instances = (size_t)story->n_instances;
    index->zone_of = calloc(n_instances + 1, sizeof *index->zone_of);
    index->order = calloc(n_instances + 1, sizeof *index->order);
    index->position = calloc(n_instances + 1, sizeof *index->position);
    int32_t *section_of = calloc(n_instances + 1, sizeof *section_of);
    for (int i = 0; i < story->n_instances; i++) {
        const struct instance_group *group = scene_index_group(index, i);
        index->zone_of[i] = zone_find(index, zone_name(index, i));
        section_of[i] = section_find(index, index->zone_of[i], provider_of(index, i),
                                     group && group->kind == GROUP_FARGATE);
        index->sections[section_of[i]].n_instances++;
    }
    sort_sections(index, section_of);
    int *next = calloc((size_t)index->n_sections + 1, sizeof *next);
    for (int i = 0; i < story->n_instances; i++) {
        int position = index->sections[section_of[i]].first_instance + next[section_of[i]]++;
        index->position[i] = position;
        index->order[position] = i;
    }
    free(next);
    free(section_of);
}

struct scene_capacity scene_index_launched(const struct scene_index *index, int32_t instance)
{
    const struct story *story = index->story;
    const struct story_instance *row = &story->instances[instance];
    const struct instance_group *group = scene_index_group(index, instance);
    if (group && group->kind == GROUP_FARGATE && row->bound_task >= 0 &&
        row->bound_task < story->n_tasks && life_definition(story, row->bound_task)) {
        const struct task_definition *definition = life_definition(story, row->bound_task);
        return (struct scene_capacity){taskdef_cpu(definition), taskdef_memory_mib(definition), 0};
    }
    if (group && row->type > 0 && row->type <= group->n_more_types) {
        const struct group_type *type = &group->more_types[row->type - 1];
        return (struct scene_capacity){type->cpu, type->memory_mib, 0};
    }
    return group ? (struct scene_capacity){group->cpu, group->memory_mib, 0}
                 : (struct scene_capacity){0};
}

/* What its agent has found, before that what is known at its launch. */
static struct scene_capacity capacity_of(const struct scene_index *index, int32_t instance,
                                         const struct scenario *scenario)
{
    const struct story *story = index->story;
    const struct story_instance *row = &story->instances[instance];
    struct scene_capacity capacity = {row->cpu, row->memory_mib, 0};
    struct scene_capacity launched = scene_index_launched(index, instance);
    if (capacity.cpu <= 0)
        capacity.cpu = launched.cpu;
    if (capacity.memory_mib <= 0)
        capacity.memory_mib = launched.memory_mib;
    else if (launched.memory_mib > capacity.memory_mib) {
        /* what its kernel and its first programs had taken when its agent registered the rest */
        capacity.system_mib = launched.memory_mib - capacity.memory_mib;
        capacity.memory_mib = launched.memory_mib;
    } else if (scenario && index->mode != RUN_EXEC && !row->course.start[0]) {
        /* What a cloud's instance registers is what its system has left. */
        int64_t os_bytes = layers_os_bytes(scenario, row, false);
        capacity.system_mib = os_bytes > 0 ? (int32_t)(os_bytes / 1048576) : 0;
        capacity.memory_mib += capacity.system_mib;
    } else {
        capacity.system_mib = (int32_t)(row->course.system_bytes / 1048576);
    }
    /* Of a machine whose own system fills it there would be nothing to see. */
    if (capacity.system_mib > capacity.memory_mib * INT64_C(3) / 4)
        capacity.system_mib = (int32_t)(capacity.memory_mib * INT64_C(3) / 4);
    return capacity;
}

static void index_instances(struct scene_index *index, const char *scenario_text)
{
    const struct story *story = index->story;
    size_t n_instances = (size_t)story->n_instances;
    struct scenario *scenario = scenario_reread(scenario_text);
    index->capacity = calloc(n_instances + 1, sizeof *index->capacity);
    for (int32_t i = 0; i < story->n_instances; i++)
        index->capacity[i] = capacity_of(index, i, scenario);
    if (scenario)
        scenario_destroy(scenario);
    scene_berth_assign(index);
    index->turns = calloc((size_t)story->n_turns + 1, sizeof *index->turns);
    index->first_turn = calloc(n_instances + 2, sizeof *index->first_turn);
    for (int i = 0; i < story->n_turns; i++) {
        if (story->turns[i].instance >= 0 && story->turns[i].instance < story->n_instances)
            index->first_turn[story->turns[i].instance + 2]++;
    }
    for (size_t i = 0; i < n_instances; i++)
        index->first_turn[i + 2] += index->first_turn[i + 1];
    for (int i = 0; i < story->n_turns; i++) {
        if (story->turns[i].instance >= 0 && story->turns[i].instance < story->n_instances)
            index->turns[index->first_turn[story->turns[i].instance + 1]++] = i;
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

/* How large tiles of an instance are. While the run goes on it must not depend on tasks that come later. */
static int32_t usual_share(const struct scene_index *index, int32_t instance, const int32_t *tasks,
                           int n_tasks)
{
    int32_t expected = index->growing ? scene_expected_share(index->story, instance) : 0;
    int n_counted = index->growing && n_tasks > 1 ? 1 : n_tasks;
    return expected > 0 ? expected : scene_mean_share(index->story, tasks, n_counted);
}

static void index_tasks(struct scene_index *index)
{
    const struct story *story = index->story;
    index->slots = calloc((size_t)story->n_tasks + 1, sizeof *index->slots);
    index->by_instance = calloc((size_t)story->n_tasks + 1, sizeof *index->by_instance);
    index->first_of = calloc((size_t)story->n_instances + 1, sizeof *index->first_of);
    for (int t = 0; t < story->n_tasks; t++) {
        index->drains |= story->tasks[t].drain_at_usec != USEC_NEVER;
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
        scene_place(story, tasks, n_tasks, usual_share(index, i, tasks, n_tasks), index->slots);
        for (int t = 0; t < n_tasks; t++)
            scene_sum_add_task(&index->changes, story, tasks[t],
                               index->slots[tasks[t]].covered_at_usec);
    }
    scene_sum_close(&index->changes, story);
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
            event_add(index, row->lost_at_usec, SCENE_LOST, i, ID_NONE,
                      row->terminate_at_usec > row->lost_at_usec);
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

static int by_kind(const void *a, const void *b)
{
    const struct scene_event *left = a, *right = b;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return left->container < right->container ? -1 : left->container > right->container;
}

static void make(struct scene_index *index, const struct story *story,
                 const struct run_header *header, bool growing)
{
    static uint64_t serial;
    *index = (struct scene_index){
        .story = story,
        .serial = ++serial,
        .growing = growing,
        .mode = header->mode,
        .title = strdup(header->title ? header->title : ""),
        .seed = header->seed,
        .scale_numerator = header->scale_numerator,
        .scale_denominator = header->scale_denominator,
    };
    index_zones(index);
    index_instances(index, header->scenario);
    index_tasks(index);
    scene_wait_init(&index->waiters, story);
    scene_use_init(&index->observed, story);
    index_events(index);
    time_sort(index->events, index->n_events, sizeof *index->events, by_kind);
}

void scene_index_init(struct scene_index *index, const struct story *story,
                      const struct run_header *header)
{
    make(index, story, header, false);
}

void scene_index_init_growing(struct scene_index *index, const struct story *story,
                              const struct run_header *header)
{
    make(index, story, header, true);
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
    free(index->sections);
    free(index->berths);
    free(index->blocks);
    free(index->berth_of);
    free(index->replaced_at_usec);
    free(index->capacity);
    free(index->turns);
    free(index->first_turn);
    scene_sum_finish(&index->changes);
    scene_wait_finish(&index->waiters);
    scene_use_finish(&index->observed);
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
