/*
 * What a story tells who asks: names as users see them, reasons in words, how things stood at a moment.
 */
#include "file/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Names ---------------------------------------------------------------------------------------- */

#define NAME_SIZE 32

static char *next_name(void)
{
    static char names[8][NAME_SIZE];
    static int next;

    next = (next + 1) % 8;
    return names[next];
}

static const char *name(char letter, int32_t id)
{
    char *text = next_name();

    snprintf(text, NAME_SIZE, "%c%" PRId64, letter, (int64_t)id + 1);
    return text;
}

const char *story_task_name(int32_t task)
{
    return name('t', task);
}

const char *story_instance_name(int32_t instance)
{
    return name('i', instance);
}

const char *story_machine_name(const struct story *story, int32_t instance)
{
    char *text;

    if (!story_is_micro_vm(story, instance))
        return story_instance_name(instance);
    text = next_name();
    snprintf(text, NAME_SIZE, "t%" PRId64 "'s micro-VM",
             (int64_t)story->instances[instance].bound_task + 1);
    return text;
}

const char *story_place_name(const struct story *story, int32_t instance)
{
    const char *provider = story_is_micro_vm(story, instance)
                               ? story_provider(story, story->instances[instance].group)
                               : NULL;

    return provider ? provider : story_machine_name(story, instance);
}

const char *story_provider(const struct story *story, int32_t group)
{
    for (int p = 0; p < story->n_providers; p++)
        if (story->providers[p].group == group)
            return story->providers[p].name;
    return NULL;
}

const char *story_type(const struct story *story, const struct story_instance *instance)
{
    const struct instance_group *group = &story->groups[instance->group];

    return instance->type > 0 && instance->type <= group->n_more_types
               ? group->more_types[instance->type - 1].name
               : group->type;
}

const struct task_definition *story_definition(const struct story *story, int32_t taskdef)
{
    return taskdef >= 0 && taskdef < story->taskdefs.n_definitions
               ? story->taskdefs.definitions[taskdef]
               : NULL;
}

/* What is, or was --------------------------------------------------------------------------------- */

bool story_is_micro_vm(const struct story *story, int32_t instance)
{
    int32_t group =
        instance >= 0 && instance < story->n_instances ? story->instances[instance].group : ID_NONE;

    return group >= 0 && group < story->n_groups && story->groups[group].kind == GROUP_FARGATE;
}

bool story_is_launching(const struct story *story, int32_t instance, int64_t at_usec)
{
    const struct story_instance *is;

    if (instance < 0 || instance >= story->n_instances)
        return false;
    is = &story->instances[instance];
    return is->launch_at_usec <= at_usec && is->registered_at_usec > at_usec &&
           is->lost_at_usec > at_usec;
}

bool story_same_place(const struct story *a, int32_t here, const struct story *b, int32_t there)
{
    if (!story_is_micro_vm(a, here) || !story_is_micro_vm(b, there))
        return here == there && story_is_micro_vm(a, here) == story_is_micro_vm(b, there);
    return strcmp(story_place_name(a, here), story_place_name(b, there)) == 0;
}

bool story_is_free(const struct story *story, int32_t id)
{
    const struct story_instance *instance = &story->instances[id];

    return instance->interrupted && !story_is_micro_vm(story, id) &&
           instance->terminate_at_usec == USEC_NEVER && instance->lost_at_usec < story->end_usec &&
           instance->lost_at_usec - instance->launch_at_usec < story->spot_free_usec;
}

enum task_status story_status_at(const struct story_task *task, int64_t at_usec)
{
    if (task->stopped_at_usec <= at_usec)
        return TASK_STOPPED;
    if (task->stop_at_usec <= at_usec)
        return TASK_STOPPING;
    if (task->running_at_usec <= at_usec)
        return TASK_RUNNING;
    return task->placed_at_usec <= at_usec ? TASK_PENDING : TASK_PROVISIONING;
}

/* Words ----------------------------------------------------------------------------------------- */

const char *story_reason(const struct story_task *task)
{
    static const char *const words[] = {
        [STOP_FOR_USER] = "Task stopped by user",
        [STOP_FOR_SCALE_IN] = "Scaling activity initiated by its service",
        [STOP_FOR_DEPLOYMENT] = "Replaced by another task definition of its service",
        [STOP_FOR_DRAINING] = "Its container instance is draining",
        [STOP_FOR_HEALTH] = "Task failed container health checks",
        [STOP_FOR_END] = "The run has ended",
        [STOP_FOR_TARGET_HEALTH] = "Task failed ELB health checks",
        [STOP_FOR_REBALANCING] = "Availability zone rebalancing",
        [STOP_FOR_SPOT] = "Your Spot Task was interrupted.",
        [STOP_FOR_NO_CAPACITY] = "No capacity came for it",
        [STOP_FOR_NEW_DEPLOYMENT] =
            "Replaced by a forced new deployment of the same task definition",
    };

    if (task->reason)
        return task->reason;
    if (task->stop_reason >= 0 && task->stop_reason < (int)(sizeof words / sizeof words[0]))
        return words[task->stop_reason];
    return task->stop_code == STOP_INFRASTRUCTURE_HEALTH ? "Its instance was lost"
           : task->stop_code == STOP_SPOT_INTERRUPTION   ? "Its Spot instance was interrupted"
                                                         : NULL;
}

bool story_given_up(const struct story_task *task)
{
    return task->stop_reason == STOP_FOR_NO_CAPACITY && task->placed_at_usec == USEC_NEVER;
}

const char *story_queued(const struct story_task *task, char *text, size_t size)
{
    const char *what = task->waited_lack == PLACE_CPU      ? "CPU units"
                       : task->waited_lack == PLACE_MEMORY ? "memory"
                       : task->waited_lack == PLACE_GPU    ? "GPU"
                       : task->waited_lack == PLACE_PORTS  ? "port"
                                                           : "room";

    if (task->admitted_at_usec == USEC_NEVER || task->received_at_usec == USEC_NEVER ||
        task->admitted_at_usec <= task->received_at_usec)
        return NULL;
    if (task->waited_for != ID_NONE)
        snprintf(text, size, "%s's %s", story_task_name(task->waited_for), what);
    else
        snprintf(text, size, "%s", what);
    return text;
}
