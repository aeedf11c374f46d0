/*
 * The sentences. They are collected by subject and then sorted by time.
 */
#include "file/moments.h"

#include "core/array.h"
#include "file/buffer.h"
#include "file/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void add_moment(struct moments *moments, int64_t at_usec, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_moment(struct moments *moments, int64_t at_usec, const char *format, ...)
{
    struct moment *moment;
    va_list args;

    if (at_usec == USEC_NEVER || at_usec > moments->until_usec)
        return;
    moment = ARRAY_ADD(moments, list);
    moment->at_usec = at_usec;
    moment->order = moments->n_list;
    va_start(args, format);
    vsnprintf(moment->text, sizeof moment->text, format, args);
    va_end(args);
}

static int compare_moments(const void *a, const void *b)
{
    const struct moment *left = a, *right = b;

    if (left->at_usec != right->at_usec)
        return left->at_usec < right->at_usec ? -1 : 1;
    return left->order - right->order;
}

static void add_waits(struct moments *moments, const struct story *story, int32_t task)
{
    for (int i = 0; i < story->n_notes; i++) {
        const struct story_note *note = &story->notes[i];
        const struct wait *wait = &note->message.as.wait;
        char miss[160];

        if (note->message.kind != MESSAGE_WAIT || wait->task != task)
            continue;
        explain_miss(wait->reason, wait->nearest, wait->lack, miss, sizeof miss);
        add_moment(moments, note->at_usec, "waits for room: nearest is %s", miss);
    }
}

const char *moments_seconds(int64_t usec, char *text, size_t size)
{
    return buffer_seconds(usec / USEC_PER_MSEC * USEC_PER_MSEC, text, size);
}

/* " (0.200 s)" where both ends are known and it took any time. */
static const char *since(int64_t from_usec, int64_t to_usec, char *text, size_t size)
{
    char seconds[32];

    text[0] = '\0';
    if (from_usec != USEC_NEVER && to_usec != USEC_NEVER && to_usec - from_usec >= USEC_PER_MSEC)
        snprintf(text, size, " (%s s)",
                 moments_seconds(to_usec - from_usec, seconds, sizeof seconds));
    return text;
}

/* The containers that this one waits for, and to be what. */
static void write_depends(const struct task_definition *definition, int container, char *text,
                          size_t size)
{
    const struct container_definition *own = &definition->containers[container];
    size_t n = 0;

    for (int i = 0; i < own->n_depends && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s %s", i ? ", " : "",
                              definition->containers[own->depends[i].container].name,
                              container_condition_names[own->depends[i].condition]);
}

static void add_start(struct moments *moments, const struct task_definition *definition,
                      const struct story_task *task, int i)
{
    const struct story_container *container = &task->containers[i];
    const char *name = definition->containers[i].name;
    char took[48], depends[120];

    if (container->pull_at_usec > task->received_at_usec &&
        definition->containers[i].n_depends > 0) {
        write_depends(definition, i, depends, sizeof depends);
        add_moment(moments, container->pull_at_usec, "%s: may start, dependsOn is met: %s%s", name,
                   depends,
                   since(task->received_at_usec, container->pull_at_usec, took, sizeof took));
    } else if (container->pull_at_usec > task->received_at_usec) {
        add_moment(moments, container->pull_at_usec, "%s: leaves the agent's queue for room%s",
                   name, since(task->received_at_usec, container->pull_at_usec, took, sizeof took));
    }
    add_moment(moments, container->pulled_at_usec, "%s: image pulled%s", name,
               since(container->pull_at_usec, container->pulled_at_usec, took, sizeof took));
    add_moment(moments, container->created_at_usec, "%s: created%s", name,
               since(container->create_at_usec, container->created_at_usec, took, sizeof took));
    add_moment(moments, container->started_at_usec, "%s: started%s", name,
               since(container->start_at_usec, container->started_at_usec, took, sizeof took));
    add_moment(moments, container->ready_at_usec, "%s: ready%s", name,
               since(container->started_at_usec, container->ready_at_usec, took, sizeof took));
}

static void add_end(struct moments *moments, const char *name,
                    const struct story_container *container)
{
    add_moment(moments, container->term_at_usec, "%s: SIGTERM", name);
    add_moment(moments, container->kill_at_usec, "%s: SIGKILL, its stopTimeout has passed", name);
    add_moment(moments, container->exited_at_usec, "%s: exited with %d%s", name,
               container->exit_code, container->oom ? ", out of memory" : "");
}

static void add_stop(struct moments *moments, const struct story_task *task)
{
    if (task->stop_at_usec != USEC_NEVER)
        add_moment(moments, task->stop_at_usec, "to be stopped: %s%s",
                   stop_code_names[task->stop_code], task->torn_down ? ", the run has ended" : "");
    if (task->stop_code == STOP_INFRASTRUCTURE_HEALTH)
        add_moment(moments, task->stopped_at_usec, "STOPPED: %s: its instance was lost",
                   stop_code_names[task->stop_code]);
    else
        add_moment(moments, task->stopped_at_usec, "STOPPED: %s%s%s",
                   stop_code_names[task->stop_code], task->reason ? ": " : "",
                   task->reason ? task->reason : "");
}

/* Whose task it is: "service web", "RunTask". */
static const char *owner_of(const struct story *story, const struct story_task *task, char *text,
                            size_t size)
{
    if (task->service < 0 || task->service >= story->n_services)
        snprintf(text, size, "RunTask");
    else
        snprintf(text, size, "service %s", story->services[task->service].name);
    return text;
}

void moments_list(struct moments *moments, const struct story *story, int32_t id,
                  int64_t until_usec)
{
    const struct story_task *task = &story->tasks[id];
    const struct task_definition *definition = taskdefs_get(&story->taskdefs, task->taskdef);
    char owner[120], took[48];

    moments->until_usec = until_usec;
    if (task->accepted_at_usec != task->placed_at_usec)
        add_moment(moments, task->accepted_at_usec, "accepted: PROVISIONING, asked for by %s",
                   owner_of(story, task, owner, sizeof owner));
    add_waits(moments, story, id);
    add_moment(moments, task->placed_at_usec, "PENDING: placed on i%d, asked for by %s%s",
               task->instance + 1, owner_of(story, task, owner, sizeof owner),
               task->accepted_at_usec == task->placed_at_usec
                   ? ""
                   : since(task->accepted_at_usec, task->placed_at_usec, took, sizeof took));
    add_moment(moments, task->received_at_usec, "i%d's agent has it", task->instance + 1);
    for (int i = 0; i < task->n_containers; i++)
        add_start(moments, definition, task, i);
    add_moment(moments, task->running_at_usec, "RUNNING: the scheduler knows");
    for (int i = 0; i < task->n_containers; i++)
        add_end(moments, definition->containers[i].name, &task->containers[i]);
    add_stop(moments, task);
    if (moments->n_list > 0)
        qsort(moments->list, (size_t)moments->n_list, sizeof *moments->list, compare_moments);
}

void moments_finish(struct moments *moments)
{
    free(moments->list);
    *moments = (struct moments){0};
}
