/*
 * The order of a container's moments decides everything here: the last one that has passed names
 * its phase. It must never know how the answer is shown.
 */
#include "viz/life.h"

const char *const life_names[] = {"waiting", "pending", "running", "stopping",
                                  "done",    "failed",  NULL};

static bool container_fails(const struct story_container *container)
{
    return container->oom || (container->exit_code != ID_NONE && container->exit_code != 0 &&
                              container->term_at_usec > container->exited_at_usec);
}

const struct task_definition *life_definition(const struct story *story, int32_t task)
{
    int32_t taskdef = story->tasks[task].taskdef;
    return taskdef == ID_NONE ? NULL : taskdefs_get(&story->taskdefs, taskdef);
}

bool life_task_fails(const struct story *story, int32_t task)
{
    const struct story_task *row = &story->tasks[task];
    if (row->stopped_at_usec == USEC_NEVER || row->torn_down)
        return false;
    if (row->instance != ID_NONE && !story->instances[row->instance].torn_down &&
        story->instances[row->instance].lost_at_usec <= row->stopped_at_usec)
        return true;
    switch (row->stop_code) {
    case STOP_TASK_FAILED_TO_START:
    case STOP_SPOT_INTERRUPTION:
    case STOP_TERMINATION_NOTICE:
    case STOP_INFRASTRUCTURE_HEALTH:
        return true;
    case STOP_ESSENTIAL_CONTAINER_EXITED:
        break;
    case STOP_NONE:
    case STOP_USER_INITIATED:
    case STOP_SERVICE_SCHEDULER_INITIATED:
        return false;
    }
    const struct task_definition *definition = life_definition(story, task);
    for (int i = 0; definition && i < row->n_containers && i < definition->n_containers; i++) {
        if (definition->containers[i].essential && container_fails(&row->containers[i]))
            return true;
    }
    return false;
}

enum life life_task(const struct story *story, int32_t task, int64_t at_usec)
{
    const struct story_task *row = &story->tasks[task];
    /* The teardown begins after the end, though it may be ordered in the same moment. */
    bool before_teardown = row->torn_down && at_usec <= story->end_usec;
    if (row->stopped_at_usec <= at_usec && !before_teardown)
        return life_task_fails(story, task) ? LIFE_FAILED : LIFE_DONE;
    if (row->placed_at_usec > at_usec)
        return LIFE_WAITING;
    if (row->stop_at_usec <= at_usec && !before_teardown)
        return LIFE_STOPPING;
    return row->running_at_usec <= at_usec ? LIFE_RUNNING : LIFE_PENDING;
}

enum life life_container(const struct story_container *container, int64_t at_usec)
{
    if (container->exited_at_usec <= at_usec)
        return container_fails(container) ? LIFE_FAILED : LIFE_DONE;
    if (container->term_at_usec <= at_usec || container->kill_at_usec <= at_usec)
        return LIFE_STOPPING;
    return container->started_at_usec <= at_usec ? LIFE_RUNNING : LIFE_PENDING;
}

/* How far a container has come; the names stand in the same order. */
static int progress(const struct story_container *container, int64_t at_usec)
{
    const int64_t moments[] = {
        container->pull_at_usec,    container->pulled_at_usec, container->create_at_usec,
        container->created_at_usec, container->start_at_usec,  container->started_at_usec,
        container->ready_at_usec,   container->term_at_usec,   container->exited_at_usec,
    };
    int n = (int)(sizeof moments / sizeof moments[0]);
    while (n > 0 && moments[n - 1] > at_usec)
        n--;
    return n;
}

static const char *const progress_names[] = {
    "queued",   "pulling",    "pulled", "creating", "created",
    "starting", "warming up", "ready",  "stopping", "exited",
};

const char *life_phase(const struct story_container *container, int64_t at_usec)
{
    return progress_names[progress(container, at_usec)];
}

const char *life_task_phase(const struct story_task *task, int64_t at_usec)
{
    /* Some logs hold no agent's records. */
    if (task->received_at_usec > at_usec)
        return task->running_at_usec <= at_usec ? "running" : "sent";
    if (task->machine && task->machine->boot_at_usec <= at_usec &&
        task->machine->booted_at_usec > at_usec && task->stopped_at_usec > at_usec)
        return "booting";
    int least = (int)(sizeof progress_names / sizeof progress_names[0]) - 1;
    for (int i = 0; i < task->n_containers; i++) {
        int now = progress(&task->containers[i], at_usec);
        if (now < least)
            least = now;
    }
    return task->n_containers > 0 ? progress_names[least] : "received";
}
