/*
 * Words for what the scene holds. Every sentence names things as the rest of berth does: t7, i2,
 * ECS's reasons. It must never know where the words are drawn.
 */
#include "viz/scene_tell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *scene_tell_time(char *text, size_t size, int64_t usec)
{
    if (usec == USEC_NEVER)
        snprintf(text, size, "never");
    else
        snprintf(text, size, "%" PRId64 ".%03" PRId64 " s", usec / USEC_PER_SEC,
                 usec % USEC_PER_SEC / USEC_PER_MSEC);
    return text;
}

void scene_tell_lack(char *text, size_t size, enum place_reason reason, int32_t nearest,
                     int64_t lack)
{
    const char *name = place_reason_names[reason];
    const char *host = nearest == ID_NONE ? "every instance" : story_instance_name(nearest);
    if (reason == PLACE_CPU)
        snprintf(text, size, "%s: %s lacks %" PRId64 " CPU units", name, host, lack);
    else if (reason == PLACE_MEMORY)
        snprintf(text, size, "%s: %s lacks %" PRId64 " MiB", name, host, lack);
    else if (reason == PLACE_GPU)
        snprintf(text, size, "%s: %s lacks %" PRId64 " GPU%s", name, host, lack,
                 lack == 1 ? "" : "s");
    else if (reason == PLACE_PORTS)
        snprintf(text, size, "%s: port %" PRId64 " is taken on %s", name, lack, host);
    else if (reason == PLACE_NO_INSTANCE)
        snprintf(text, size, "there is no instance");
    else if (reason == PLACE_MISSING)
        snprintf(text, size, "%s: there is no such instance", name);
    else if (reason == PLACE_MICRO_VM)
        snprintf(text, size, "its micro-VM is not up yet");
    else if (reason == PLACE_MEMBER_OF || reason == PLACE_DISTINCT) /* ECS's names are sentences */
        snprintf(text, size, "%s: not met by %s",
                 constraint_type_names[reason == PLACE_MEMBER_OF ? CONSTRAINT_MEMBER_OF
                                                                 : CONSTRAINT_DISTINCT_INSTANCE],
                 host);
    else
        snprintf(text, size, "%s: %s", name, host);
}

static void tell_task_event(char *text, size_t size, const struct scene_index *index,
                            const struct scene_event *event)
{
    const struct story *story = index->story;
    const struct story_task *row = &story->tasks[event->id];
    const struct task_definition *definition = life_definition(story, event->id);
    char who[80];
    const char *family = definition ? definition->family : "";
    snprintf(who, sizeof who, "%s %s", story_task_name(event->id), family);
    if (definition && event->container != ID_NONE && definition->n_containers > 1 &&
        event->container < definition->n_containers)
        snprintf(who, sizeof who, "%s %s/%s", story_task_name(event->id), family,
                 definition->containers[event->container].name);
    switch (event->kind) {
    case SCENE_PLACED:
        if (story_is_micro_vm(story, row->instance))
            snprintf(text, size, "%s has its micro-VM on %s", who,
                     story_place_name(story, row->instance));
        else
            snprintf(text, size, "%s placed on %s", who, story_instance_name(row->instance));
        break;
    case SCENE_PULLED:
        snprintf(text, size, "%s has its image", who);
        break;
    case SCENE_CREATED:
        snprintf(text, size, "%s created", who);
        break;
    case SCENE_STARTED:
        snprintf(text, size, "%s started", who);
        break;
    case SCENE_READY:
        snprintf(text, size, "%s ready", who);
        break;
    case SCENE_RUNS:
        snprintf(text, size, "%s RUNNING", who);
        break;
    case SCENE_STOP:
        snprintf(text, size, "%s told to stop", who);
        break;
    case SCENE_EXITED:
        snprintf(text, size, "%s exited %d%s", who, row->containers[event->container].exit_code,
                 row->containers[event->container].oom ? " (out of memory)" : "");
        break;
    default:
        snprintf(text, size, "%s STOPPED%s", who, event->failure ? " (failed)" : "");
        break;
    }
}

void scene_tell_event(char *text, size_t size, const struct scene_index *index,
                      const struct scene_event *event)
{
    const struct message *note;
    switch (event->kind) {
    case SCENE_LAUNCHED:
        snprintf(text, size, "%s launched", story_machine_name(index->story, event->id));
        break;
    case SCENE_REGISTERED:
        snprintf(text, size, "%s %s", story_machine_name(index->story, event->id),
                 story_is_micro_vm(index->story, event->id) ? "is up" : "registered");
        break;
    case SCENE_LOST:
        snprintf(text, size, "%s %s", story_machine_name(index->story, event->id),
                 event->failure ? "LOST" : "terminated");
        break;
    case SCENE_REFUSED:
        note = &index->story->notes[event->id].message;
        snprintf(text, size, "%s refused (%s)", message_kind_names[note->as.refuse.call],
                 refusal_names[note->as.refuse.refusal]);
        break;
    case SCENE_WAITS:
        note = &index->story->notes[event->id].message;
        snprintf(text, size, "no room for %s: %s",
                 note->as.wait.task != ID_NONE ? story_task_name(note->as.wait.task)
                 : note->as.wait.service >= 0 && note->as.wait.service < index->story->n_services
                     ? index->story->services[note->as.wait.service].name
                     : "a task",
                 place_reason_names[note->as.wait.reason]);
        break;
    case SCENE_END:
        snprintf(text, size, "the end");
        break;
    default:
        tell_task_event(text, size, index, event);
        break;
    }
}

int scene_tell_count(const struct scene_index *index, int64_t at_usec)
{
    int low = 0, high = index->n_events;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (index->events[middle].at_usec <= at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void scene_tell_latest(char *text, size_t size, const struct scene_index *index, int64_t at_usec)
{
    text[0] = '\0';
    int n = scene_tell_count(index, at_usec);
    if (n == 0)
        return;
    int first = n - 1;
    while (first > 0 && index->events[first - 1].at_usec == index->events[n - 1].at_usec)
        first--;
    scene_tell_time(text, size, index->events[first].at_usec);
    for (int i = first; i < n; i++) {
        char one[160];
        scene_tell_event(one, sizeof one, index, &index->events[i]);
        size_t used = strlen(text);
        if (used + strlen(one) + 32 > size) {
            snprintf(text + used, size - used, ", and %d more", n - i);
            return;
        }
        snprintf(text + used, size - used, "%s%s", i == first ? "  " : ", ", one);
    }
}

void scene_tell_placement(char *text, size_t size, const struct scene_index *index, int64_t at_usec,
                          int32_t nth_placed)
{
    scene_tell_time(text, size, at_usec);
    for (int i = scene_tell_count(index, at_usec) - 1;
         i >= 0 && index->events[i].at_usec == at_usec; i--) {
        char one[160];
        const struct scene_event *event = &index->events[i];
        if (event->kind != SCENE_PLACED || index->story->tasks[event->id].nth_placed != nth_placed)
            continue;
        scene_tell_event(one, sizeof one, index, event);
        snprintf(text + strlen(text), size - strlen(text), "  %s", one);
        return;
    }
}

static void add_line(struct scene_line *lines, int *n, int most, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add_line(struct scene_line *lines, int *n, int most, const char *format, ...)
{
    if (*n >= most)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(lines[*n].text, sizeof lines[*n].text, format, arguments);
    va_end(arguments);
    (*n)++;
}

static void add_moment(struct scene_line *lines, int *n, int most, const char *what,
                       int64_t moment_usec, int64_t now_usec)
{
    char time[32];
    if (moment_usec <= now_usec)
        add_line(lines, n, most, "%-9s %s", what, scene_tell_time(time, sizeof time, moment_usec));
}

int scene_tell_task(const struct scene *scene, const struct scene_task *task,
                    struct scene_line *lines, int most)
{
    const struct story *story = scene->index->story;
    const struct story_task *row = &story->tasks[task->task];
    int n = 0;
    add_line(lines, &n, most, "%s %s on %s", task->name, task->family,
             story_place_name(story, task->instance));
    if (row->service >= 0 && row->service < story->n_services)
        add_line(lines, &n, most, "of service %s", story->services[row->service].name);
    add_line(lines, &n, most, "%s (%s)", life_names[task->state], task->phase);
    add_line(lines, &n, most, "reserves %d CPU units, %d MiB", task->cpu, task->memory_mib);
    if (task->machine_mib > 0)
        add_line(lines, &n, most, "of which %d MiB for a machine of its own", task->machine_mib);
    struct scene_use use = scene_use(&scene->index->observed, story, task->task, scene->at_usec);
    if (task->state == LIFE_RUNNING && use.cpu != ID_NONE)
        add_line(lines, &n, most, "uses %d %% of its CPU, %d %% of its memory", use.cpu / 10,
                 use.memory == ID_NONE ? 0 : use.memory / 10);
    add_moment(lines, &n, most, "placed", row->placed_at_usec, scene->at_usec);
    add_moment(lines, &n, most, "running", row->running_at_usec, scene->at_usec);
    add_moment(lines, &n, most, "stopping", row->stop_at_usec, scene->at_usec);
    add_moment(lines, &n, most, "stopped", row->stopped_at_usec, scene->at_usec);
    if (row->stopped_at_usec <= scene->at_usec && row->reason)
        add_line(lines, &n, most, "%s", row->reason);
    for (int i = 0; i < task->n_containers; i++) {
        struct scene_container container = scene_container(scene, task, i);
        const struct story_container *told = &row->containers[i];
        if (told->exited_at_usec <= scene->at_usec && told->exit_code != ID_NONE)
            add_line(lines, &n, most, "- %s: exit code %d%s", container.name, told->exit_code,
                     told->oom ? ", out of memory" : "");
        else if (task->n_containers > 1)
            add_line(lines, &n, most, "- %s: %s", container.name, container.phase);
    }
    return n;
}

int scene_tell_instance(const struct scene *scene, const struct scene_instance *instance,
                        struct scene_line *lines, int most)
{
    const struct story_instance *row = &scene->index->story->instances[instance->instance];
    const char *zone = scene->index->zones[scene->index->zone_of[instance->instance]].name;
    int n = 0;
    add_line(lines, &n, most, "%s %s%s%s", instance->name, instance->type, *zone ? ", zone " : "",
             zone);
    add_line(lines, &n, most, "%s", scene_host_names[instance->state]);
    add_line(lines, &n, most, "reserved %d of %d CPU units", instance->cpu_reserved, instance->cpu);
    add_line(lines, &n, most, "reserved %d of %d MiB", instance->memory_reserved_mib,
             instance->memory_mib);
    add_moment(lines, &n, most, "launched", row->launch_at_usec, scene->at_usec);
    add_moment(lines, &n, most, "ready", row->registered_at_usec, scene->at_usec);
    if (scene->index->capacity[instance->instance].system_mib > 0)
        add_line(lines, &n, most, "its system takes %d MiB",
                 scene->index->capacity[instance->instance].system_mib);
    add_moment(lines, &n, most, "warned", row->warned_at_usec, scene->at_usec);
    add_moment(lines, &n, most, "draining", row->drain_at_usec, scene->at_usec);
    add_moment(lines, &n, most,
               row->terminate_at_usec <= row->lost_at_usec && row->terminate_at_usec != USEC_NEVER
                   ? "gone"
                   : "lost",
               row->lost_at_usec, scene->at_usec);
    return n;
}
