/*
 * The sentences. They are collected by subject and then sorted by time.
 */
#include "file/moments.h"

#include "core/array.h"
#include "file/buffer.h"
#include "file/explain.h"
#include "file/memory.h"
#include "file/phases.h"

#include <inttypes.h>
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
        char miss[240];

        if (note->message.kind != MESSAGE_WAIT || wait->task != task)
            continue;
        if (wait->reason == PLACE_MICRO_VM) {
            add_moment(moments, note->at_usec, "waits for its micro-VM");
            continue;
        }
        if (wait->reason == PLACE_INACTIVE &&
            story_is_launching(story, wait->nearest, note->at_usec))
            snprintf(miss, sizeof miss, "i%d is not ACTIVE but LAUNCHING (%s)", wait->nearest + 1,
                     place_reason_names[wait->reason]);
        else
            explain_miss(story_definition(story, story->tasks[task].taskdef), wait->reason,
                         wait->nearest, wait->lack, miss, sizeof miss);
        add_moment(moments, note->at_usec, "waits for room; nearest miss: %s", miss);
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

/* When the container got its first order; the next one where its image was pulled ahead of that. */
static int64_t begin_usec(const struct story_container *container, int64_t admitted_usec)
{
    if (container->pull_at_usec != USEC_NEVER && container->pull_at_usec > admitted_usec)
        return container->pull_at_usec;
    return container->create_at_usec;
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

static void add_depends(struct moments *moments, const struct task_definition *definition,
                        const struct story_task *task, int i)
{
    const char *name = definition->containers[i].name;
    int64_t from_usec = task->admitted_at_usec;
    int64_t begin_at_usec = begin_usec(&task->containers[i], from_usec);
    char depends[120], took[48];

    if (task->containers[i].pulled_at_usec != USEC_NEVER &&
        task->containers[i].pulled_at_usec < begin_at_usec)
        from_usec = task->containers[i].pulled_at_usec;
    if (definition->containers[i].n_depends == 0 || begin_at_usec <= from_usec)
        return;
    write_depends(definition, i, depends, sizeof depends);
    add_moment(moments, from_usec, "%s: waits for %s", name, depends);
    add_moment(moments, begin_at_usec, "%s: may start, dependsOn is met: %s%s", name, depends,
               since(from_usec, begin_at_usec, took, sizeof took));
}

/* "80 -> 32768, 81 -> 32769/udp", and the GPUs. */
static void write_bindings(const struct story_container *container, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (int i = 0; i < container->n_bindings && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%sport %d is host port %d%s", ", ",
                              container->bindings[i].container_port,
                              container->bindings[i].host_port,
                              container->bindings[i].protocol == PROTOCOL_UDP ? "/udp" : "");
    for (int i = 0; i < 63 && n < size; i++)
        if (container->gpus >> i & 1)
            n += (size_t)snprintf(text + n, size - n, ", GPU %d", i);
}

static void add_start(struct moments *moments, const struct task_definition *definition,
                      const struct story_task *task, int i)
{
    const struct story_container *container = &task->containers[i];
    const char *name = definition->containers[i].name;
    char took[48], bindings[160];

    add_depends(moments, definition, task, i);
    write_bindings(container, bindings, sizeof bindings);
    add_moment(moments, container->pulled_at_usec, "%s: image pulled%s", name,
               since(container->pull_at_usec, container->pulled_at_usec, took, sizeof took));
    add_moment(moments, container->created_at_usec, "%s: created%s%s", name,
               since(container->create_at_usec, container->created_at_usec, took, sizeof took),
               bindings);
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

static bool is_among(const int *list, int n, int container)
{
    for (int i = 0; i < n; i++)
        if (list[i] == container)
            return true;
    return false;
}

/* The first container not in `order` yet that waits for none but those there; else, in a log of a circle, the first
 * not there. */
static int next_in_order(const struct task_definition *definition, int n_containers,
                         const int *order, int n)
{
    int first = ID_NONE;

    for (int i = n_containers - 1; i >= 0; i--)
        if (!is_among(order, n, i))
            first = i;
    for (int i = first; i < n_containers; i++) {
        const struct container_definition *own = &definition->containers[i];
        bool is_free = !is_among(order, n, i);

        for (int d = 0; d < own->n_depends && is_free; d++)
            is_free = is_among(order, n, own->depends[d].container);
        if (is_free)
            return i;
    }
    return first;
}

/* What stands at the same moment stands in the order of cause and effect: a container comes after those that it
 * waits for, and those that end by themselves before whoever waited for that. What is told to end comes last, in the
 * opposite order. */
static void add_containers(struct moments *moments, const struct task_definition *definition,
                           const struct story_task *task)
{
    int *order = memory_zeroed((size_t)task->n_containers, sizeof *order);
    int n = 0;

    while (n < task->n_containers) {
        int next = next_in_order(definition, task->n_containers, order, n);

        order[n++] = next;
        add_start(moments, definition, task, next);
        if (task->containers[next].term_at_usec == USEC_NEVER)
            add_end(moments, definition->containers[next].name, &task->containers[next]);
    }
    add_moment(moments, task->running_at_usec, "RUNNING: the scheduler knows");
    while (n-- > 0)
        if (task->containers[order[n]].term_at_usec != USEC_NEVER)
            add_end(moments, definition->containers[order[n]].name, &task->containers[order[n]]);
    free(order);
}

static void add_queue(struct moments *moments, const struct story *story,
                      const struct story_task *task)
{
    char what[64], took[48];

    if (story_is_micro_vm(story, task->instance))
        return; /* made for it: there is no queue, nor an agent that anybody sees */
    add_moment(moments, task->received_at_usec, "i%d's agent has it", task->instance + 1);
    if (task->received_at_usec != USEC_NEVER && task->admitted_at_usec > task->received_at_usec &&
        task->waited_lack != PLACE_FITS)
        add_moment(moments, task->received_at_usec,
                   "waits in its queue: i%d has too little free: %s", task->instance + 1,
                   place_reason_names[task->waited_lack]);
    else if (task->received_at_usec != USEC_NEVER &&
             task->admitted_at_usec > task->received_at_usec)
        add_moment(moments, task->received_at_usec, "waits in its queue, behind others");
    if (story_queued(task, what, sizeof what))
        add_moment(moments, task->admitted_at_usec, "leaves the queue: it has %s%s", what,
                   since(task->received_at_usec, task->admitted_at_usec, took, sizeof took));
}

static void add_machine(struct moments *moments, const struct story *story,
                        const struct story_machine *machine)
{
    char took[48], text[3][48];

    if (!machine)
        return;
    add_moment(moments, machine->boot_at_usec, "a virtual machine of its own boots");
    for (int i = 0; i < 3; i++) {
        int64_t usec = phases_of_machine(story, machine, (enum phase)(PHASE_FIRMWARE + i));

        moments_seconds(usec == USEC_NEVER ? 0 : usec, text[i], sizeof text[i]);
    }
    add_moment(moments, machine->booted_at_usec,
               "it is there%s: %s, firmware %s s, kernel %s s, user space %s s; its system takes "
               "%" PRId64 " of %" PRId64 " MiB",
               since(machine->boot_at_usec, machine->booted_at_usec, took, sizeof took),
               machine->course.start, text[0], text[1], text[2], machine->course.system_bytes >> 20,
               machine->course.memory_bytes >> 20);
}

static void add_first_request(struct moments *moments, const struct story *story,
                              const struct story_task *task)
{
    int64_t usec = phases_of_task(story, task, PHASE_FIRST_REQUEST);
    char took[48];

    if (usec != USEC_NEVER)
        add_moment(moments, task->first_answer_at_usec, "answers its first request%s",
                   since(task->first_answer_at_usec - usec, task->first_answer_at_usec, took,
                         sizeof took));
}

static void add_stop(struct moments *moments, const struct story_task *task)
{
    const char *why = story_reason(task);

    if (task->stop_at_usec != USEC_NEVER)
        add_moment(moments, task->stop_at_usec, "to be stopped: %s%s%s",
                   stop_code_names[task->stop_code], why && !task->reason ? ": " : "",
                   why && !task->reason ? why : "");
    add_moment(moments, task->stopped_at_usec, "STOPPED: %s%s%s", stop_code_names[task->stop_code],
               why ? ": " : "", why ? why : "");
}

/* What befell the instance while the task was there. */
static void add_instance_turn(struct moments *moments, const struct story *story,
                              const struct story_task *task, const struct story_turn *turn)
{
    bool micro = story_is_micro_vm(story, turn->instance);
    int name = turn->instance + 1;

    if (turn->instance != task->instance || turn->at_usec < task->placed_at_usec ||
        turn->at_usec > task->stopped_at_usec)
        return;
    if (turn->kind == TURN_WARNED && micro)
        add_moment(moments, turn->at_usec, "is warned: %s takes its capacity back soon",
                   story_place_name(story, turn->instance));
    else if (turn->kind == TURN_CONNECTED && micro)
        add_moment(moments, turn->at_usec,
                   turn->value ? "its micro-VM is heard of again"
                               : "its micro-VM is not heard of; the task lives on");
    else if (turn->kind == TURN_CONNECTED)
        add_moment(moments, turn->at_usec,
                   turn->value ? "i%d's agent is back"
                               : "i%d's agent is disconnected; the task lives on",
                   name);
    else if (turn->kind == TURN_DRAINING)
        add_moment(moments, turn->at_usec, turn->value ? "i%d is DRAINING" : "i%d is ACTIVE again",
                   name);
    else if (turn->kind == TURN_WARNED)
        add_moment(moments, turn->at_usec, "i%d is warned: Spot takes it back soon", name);
}

static void add_task_turn(struct moments *moments, const struct task_definition *definition,
                          const struct story_turn *turn)
{
    const char *name =
        turn->container == ID_NONE ? "" : definition->containers[turn->container].name;

    switch (turn->kind) {
    case TURN_RESTARTED:
        add_moment(moments, turn->at_usec, "%s: exited with %d, restarted by its restartPolicy",
                   name, turn->value);
        break;
    case TURN_HEALTH:
        add_moment(moments, turn->at_usec, "%s: health checks say %s", name,
                   health_status_names[turn->value]);
        break;
    case TURN_PULL_FAILED:
        add_moment(moments, turn->at_usec, "%s: the pull failed", name);
        break;
    case TURN_PROTECTED:
        add_moment(moments, turn->at_usec,
                   turn->value ? "protected from scale-in" : "no longer protected from scale-in");
        break;
    default:
        break;
    }
}

static void add_turns(struct moments *moments, const struct story *story, int32_t id,
                      const struct task_definition *definition)
{
    for (int i = 0; i < story->n_turns; i++) {
        const struct story_turn *turn = &story->turns[i];

        if (turn->instance != ID_NONE)
            add_instance_turn(moments, story, &story->tasks[id], turn);
        else if (turn->task == id)
            add_task_turn(moments, definition, turn);
    }
}

/* Whose task it is: "service web", "RunTask". */
static const char *owner_of(const struct story *story, const struct story_task *task, char *text,
                            size_t size)
{
    if (task->service < 0 || task->service >= story->n_services)
        snprintf(text, size, task->named ? "StartTask" : "RunTask");
    else
        snprintf(text, size, "service %s", story->services[task->service].name);
    return text;
}

/* The launch of its micro-VM, where it waited for its turn. */
static void add_launch(struct moments *moments, const struct story *story, int32_t id)
{
    const struct story_task *task = &story->tasks[id];

    if (story_is_micro_vm(story, task->instance) &&
        story->instances[task->instance].launch_at_usec > task->accepted_at_usec)
        add_moment(moments, story->instances[task->instance].launch_at_usec,
                   "its micro-VM is launched");
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
    add_launch(moments, story, id);
    add_moment(moments, task->placed_at_usec, "PENDING: %s%s, asked for by %s%s",
               story_is_micro_vm(story, task->instance) ? "its micro-VM is up on " : "placed on ",
               story_place_name(story, task->instance), owner_of(story, task, owner, sizeof owner),
               task->accepted_at_usec == task->placed_at_usec
                   ? ""
                   : since(task->accepted_at_usec, task->placed_at_usec, took, sizeof took));
    add_turns(moments, story, id, definition);
    add_queue(moments, story, task);
    add_machine(moments, story, task->machine);
    add_containers(moments, definition, task);
    add_first_request(moments, story, task);
    add_stop(moments, task);
    if (moments->n_list > 1)
        qsort(moments->list, (size_t)moments->n_list, sizeof *moments->list, compare_moments);
}

void moments_finish(struct moments *moments)
{
    free(moments->list);
    *moments = (struct moments){0};
}
