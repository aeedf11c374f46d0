/*
 * One line for each thing, indented by what it lies in. It must never know who reads it.
 */
#include "viz/scene_text.h"

#include "viz/scene_tell.h"

static void add_task(const struct scene *scene, const struct scene_task *task, struct buffer *text)
{
    struct scene_use use =
        scene_use(&scene->index->observed, scene->index->story, task->task, scene->at_usec);
    buffer_add(text, "    %s %s: %s", task->name, task->family, life_names[task->state]);
    if (task->state == LIFE_PENDING || task->state == LIFE_RUNNING)
        buffer_add(text, " (%s)", task->phase);
    buffer_add(text, ", %d CPU units, %d MiB", task->cpu, task->memory_mib);
    if (task->machine_mib > 0)
        buffer_add(text, ", of which %d for a machine of its own", task->machine_mib);
    if (task->state == LIFE_RUNNING && use.cpu != ID_NONE)
        buffer_add(text, ", uses %d %% of its CPU", use.cpu / 10);
    buffer_add(text, "\n");
    for (int i = 0; task->n_containers > 1 && i < task->n_containers; i++) {
        struct scene_container container = scene_container(scene, task, i);
        buffer_add(text, "      %s: %s (%s)\n", container.name, life_names[container.state],
                   container.phase);
    }
}

static void add_instance(const struct scene *scene, const struct scene_instance *instance,
                         struct buffer *text)
{
    const struct scene_index *index = scene->index;
    int32_t system_mib = index->capacity[instance->instance].system_mib;
    buffer_add(text, "  %s %s: %s, %d of %d CPU units, %d of %d MiB reserved", instance->name,
               instance->type, scene_host_names[instance->state], instance->cpu_reserved,
               instance->cpu, instance->memory_reserved_mib, instance->memory_mib);
    if (system_mib > 0)
        buffer_add(text, ", its system takes %d MiB", system_mib);
    buffer_add(text, "\n");
    for (int i = index->first_of[instance->instance]; i < index->first_of[instance->instance + 1];
         i++) {
        struct scene_task task;
        if (scene_task(scene, index->by_instance[i], &task))
            add_task(scene, &task, text);
    }
}

void scene_text(const struct scene *scene, struct buffer *text)
{
    const struct scene_index *index = scene->index;
    char now[32], whole[32];
    buffer_add(text, "%s, %s of %s: %s\n", index->mode == RUN_EXEC ? "FOR REAL" : "SIMULATED",
               scene_tell_time(now, sizeof now, scene->at_usec),
               scene_tell_time(whole, sizeof whole, scene_index_length_usec(index)), index->title);
    buffer_add(text, "%d running, %d waiting\n", scene->n_running, scene->n_waiting);
    for (int s = 0; s < index->n_sections; s++) {
        const struct scene_section *section = &index->sections[s];
        const char *zone = index->zones[section->zone].name, *name = scene_index_section(index, s);
        buffer_add(text, "zone %s%s%s\n", *zone ? zone : "of no name", *name ? ", " : "", name);
        for (int i = 0; i < section->n_instances; i++) {
            if (scene->present[section->first_instance + i])
                add_instance(scene, &scene->instances[section->first_instance + i], text);
        }
    }
    if (scene->n_waiting > 0)
        buffer_add(text, "waiting\n");
    for (int i = 0; i < scene->n_waits; i++) {
        const struct scene_wait *wait = &scene->waits[i];
        buffer_add(text, "  %s %s: %d CPU units, %d MiB, since %s: %s\n", wait->name, wait->family,
                   wait->cpu, wait->memory_mib, scene_tell_time(now, sizeof now, wait->since_usec),
                   wait->lacks);
    }
    if (scene->n_waiting > scene->n_waits)
        buffer_add(text, "  and %d more\n", scene->n_waiting - scene->n_waits);
    if (*scene->latest)
        buffer_add(text, "latest: %s\n", scene->latest);
}
