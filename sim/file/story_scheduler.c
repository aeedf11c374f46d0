/*
 * The scheduler's records: what was decided and heard, of everything that exists.
 */
#include "file/story_parts.h"

#include "core/array.h"
#include "file/refusal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct story_service *service_of(struct story *story, int32_t id)
{
    return id >= 0 && id < story->n_services ? &story->services[id] : NULL;
}

/* New things: their numbers come in order ------------------------------------------------------ */

static void clear_containers(struct story_container *containers, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        containers[i] = (struct story_container){.pull_at_usec = USEC_NEVER,
                                                 .pulled_at_usec = USEC_NEVER,
                                                 .create_at_usec = USEC_NEVER,
                                                 .created_at_usec = USEC_NEVER,
                                                 .start_at_usec = USEC_NEVER,
                                                 .started_at_usec = USEC_NEVER,
                                                 .ready_at_usec = USEC_NEVER,
                                                 .term_at_usec = USEC_NEVER,
                                                 .kill_at_usec = USEC_NEVER,
                                                 .exited_at_usec = USEC_NEVER,
                                                 .probe_at_usec = USEC_NEVER,
                                                 .exit_code = ID_NONE};
}

static void add_task(struct story *story, int32_t id, int32_t taskdef, int32_t service,
                     int64_t at_usec)
{
    struct story_task *task;

    if (id != story->n_tasks || taskdef < 0 || taskdef >= story->taskdefs.n_definitions)
        return;
    task = ARRAY_ADD(story, tasks);
    *task = (struct story_task){.taskdef = taskdef,
                                .service = service,
                                .instance = ID_NONE,
                                .accepted_at_usec = at_usec,
                                .placed_at_usec = USEC_NEVER,
                                .received_at_usec = USEC_NEVER,
                                .admitted_at_usec = USEC_NEVER,
                                .waited_for = ID_NONE,
                                .running_at_usec = USEC_NEVER,
                                .first_answer_at_usec = USEC_NEVER,
                                .drain_at_usec = USEC_NEVER,
                                .stop_at_usec = USEC_NEVER,
                                .stopped_at_usec = USEC_NEVER,
                                .stop_reason = ID_NONE,
                                .rule = ID_NONE};
    task->n_containers = taskdefs_get(&story->taskdefs, taskdef)->n_containers;
    task->containers = malloc((size_t)task->n_containers * sizeof *task->containers + 1);
    assert(task->containers != NULL);
    clear_containers(task->containers, task->n_containers);
}

/* Nano-dollars an hour, as the core bills it: a micro-VM by its size, else what its type costs. */
static int64_t price_of(const struct story *story, const struct launch_instance *call)
{
    const struct instance_group *group;
    const struct group_type *type;

    if (call->group < 0 || call->group >= story->n_groups)
        return 0;
    group = &story->groups[call->group];
    if (group->kind == GROUP_FARGATE)
        return (call->cpu * (call->spot ? group->spot_price : group->price) +
                call->memory_mib * group->price_gib) /
               1024;
    if (call->type < 1 || call->type > group->n_more_types)
        return call->spot ? group->spot_price : group->price;
    type = &group->more_types[call->type - 1];
    return call->spot ? type->spot_price : type->price;
}

static void add_instance(struct story *story, const struct launch_instance *call, int64_t at_usec)
{
    if (call->instance != story->n_instances)
        return;
    *ARRAY_ADD(story, instances) =
        (struct story_instance){.group = call->group,
                                .zone = call->zone,
                                .price_nanos = price_of(story, call),
                                .type = call->type,
                                .spot = call->spot,
                                .bound_task = call->task,
                                .n_definitions = story->taskdefs.n_definitions,
                                .launch_at_usec = at_usec,
                                .booted_at_usec = USEC_NEVER,
                                .registered_at_usec = USEC_NEVER,
                                .lost_at_usec = USEC_NEVER,
                                .warned_at_usec = USEC_NEVER,
                                .drain_at_usec = USEC_NEVER,
                                .terminate_at_usec = USEC_NEVER};
    story->n_micro_vms += story_is_micro_vm(story, call->instance);
}

/* Of several target groups the first counts. */
static void drain_target(struct story_task *task, enum target_status status, int64_t at_usec)
{
    if (task && status == TARGET_DRAINING)
        story_once(&task->drain_at_usec, at_usec);
}

/* Of several target groups the first answer counts. A log may claim anything, but no answer to come. */
static void first_answer(struct story *story, const struct target_metrics *row, int64_t at_usec)
{
    struct story_task *task = story_task_of(story, row->task);

    if (task && row->first_usec > 0 && row->first_usec <= at_usec &&
        row->first_usec < task->first_answer_at_usec)
        task->first_answer_at_usec = row->first_usec;
}

static void observed(struct story *story, const struct observe *observe, int64_t at_usec)
{
    for (int g = 0; g < observe->n_target_groups; g++)
        for (int t = 0; t < observe->target_groups[g].n_targets; t++)
            first_answer(story, &observe->target_groups[g].targets[t], at_usec);
}

static void keep_fact(struct story *story, const struct message *message, int64_t at_usec)
{
    struct story_fact *fact = ARRAY_ADD(story, facts);

    fact->at_usec = at_usec;
    message_copy(&fact->message, message);
}

static void add_group(struct story *story, const struct message *event)
{
    struct message copy;

    if (event->as.instance_group.group != story->n_groups || !event->as.instance_group.type)
        return;
    message_copy(&copy, event);
    *ARRAY_ADD(story, groups) = copy.as.instance_group;
}

static void add_provider(struct story *story, const struct create_capacity_provider *call)
{
    struct story_provider *provider;

    if (call->provider != story->n_providers || !call->name)
        return;
    provider = ARRAY_ADD(story, providers);
    provider->name = strdup(call->name);
    assert(provider->name != NULL);
    provider->group = call->group;
}

static void add_service(struct story *story, const struct create_service *call)
{
    struct story_service *service;

    if (call->service != story->n_services || !call->name)
        return;
    service = ARRAY_ADD(story, services);
    service->name = strdup(call->name);
    assert(service->name != NULL);
    service->taskdef = call->taskdef;
}

static void want(struct story *story, int32_t id, int32_t desired, int64_t at_usec)
{
    struct story_service *service = service_of(story, id);

    if (!service)
        return;
    service->desired = desired;
    *ARRAY_ADD(story, wants) = (struct story_want){at_usec, id, desired};
}

static void update_service(struct story *story, const struct update_service *call, int64_t at_usec)
{
    struct story_service *service = service_of(story, call->service);

    if (!service)
        return;
    if (call->taskdef != ID_NONE)
        service->taskdef = call->taskdef;
    if (call->desired != ID_NONE)
        want(story, call->service, call->desired, at_usec);
}

/* What it heard -------------------------------------------------------------------------------- */

static void task_stopped(struct story *story, struct story_task *task, enum stop_code code,
                         int64_t at_usec)
{
    task->stopped_at_usec = at_usec;
    if (task->instance != ID_NONE)
        story->instances[task->instance].n_live--;
    if (task->stop_at_usec != USEC_NEVER)
        return;
    task->stop_code = code;
    task->torn_down = story->end_usec != USEC_NEVER;
}

static void task_state(struct story *story, const struct task_state *report, int64_t at_usec)
{
    struct story_task *task = story_task_of(story, report->task);

    if (!task || task->instance != report->instance || task->stopped_at_usec != USEC_NEVER)
        return;
    if (report->status == TASK_RUNNING && task->running_at_usec == USEC_NEVER)
        task->running_at_usec = at_usec;
    if (report->status != TASK_STOPPED)
        return;
    task_stopped(story, task, report->code, at_usec);
    if (report->reason) {
        task->reason = strdup(report->reason);
        assert(task->reason != NULL);
    }
}

static void instance_lost(struct story *story, int32_t id, int64_t at_usec)
{
    struct story_instance *instance = story_instance_of(story, id);

    if (!instance || instance->lost_at_usec != USEC_NEVER)
        return;
    instance->lost_at_usec = at_usec;
    for (int i = 0; i < story->n_tasks && instance->n_live > 0; i++)
        if (story->tasks[i].instance == id && story->tasks[i].stopped_at_usec == USEC_NEVER)
            task_stopped(story, &story->tasks[i],
                         instance->interrupted ? STOP_SPOT_INTERRUPTION
                                               : STOP_INFRASTRUCTURE_HEALTH,
                         at_usec);
}

/* A task without an instance stops at once, without a word to anybody. */
static void stop_unplaced(struct story *story, struct story_task *task, int64_t at_usec)
{
    if (task && task->placed_at_usec == USEC_NEVER && task->stopped_at_usec == USEC_NEVER)
        task_stopped(story, task, STOP_USER_INITIATED, at_usec);
}

static void registered(struct story *story, const struct register_instance *call, int64_t at_usec)
{
    struct story_instance *instance = story_instance_of(story, call->instance);

    if (!instance || instance->registered_at_usec != USEC_NEVER)
        return;
    instance->registered_at_usec = at_usec;
    instance->cpu = call->cpu;
    instance->memory_mib = call->memory_mib;
}

static void end(struct story *story, int64_t at_usec)
{
    if (story->end_usec != USEC_NEVER)
        return;
    story->end_usec = at_usec;
    for (int i = 0; i < story->n_tasks; i++)
        stop_unplaced(story, &story->tasks[i], at_usec);
}

/* What changes the list of things that exist, where the scheduler agreed. */
static void accepted(struct story *story, const struct message *event, int64_t at_usec)
{
    const struct task_definition *definition = event->as.register_task_definition.definition;

    switch (event->kind) {
    case MESSAGE_INSTANCE_GROUP:
        add_group(story, event);
        break;
    case MESSAGE_RULES:
        story->spot_free_usec = event->as.rules.spot_free_usec;
        break;
    case MESSAGE_REGISTER_TASK_DEFINITION:
        if (taskdef_is_sound(definition) &&
            event->as.register_task_definition.taskdef == story->taskdefs.n_definitions)
            taskdefs_add(&story->taskdefs, definition);
        break;
    case MESSAGE_CREATE_CAPACITY_PROVIDER:
        add_provider(story, &event->as.create_capacity_provider);
        keep_fact(story, event, at_usec);
        break;
    case MESSAGE_CREATE_SERVICE:
        add_service(story, &event->as.create_service);
        want(story, event->as.create_service.service, event->as.create_service.desired, at_usec);
        break;
    case MESSAGE_UPDATE_SERVICE:
        update_service(story, &event->as.update_service, at_usec);
        break;
    case MESSAGE_DELETE_SERVICE:
        want(story, event->as.delete_service.service, 0, at_usec);
        break;
    case MESSAGE_OBSERVE:
        observed(story, &event->as.observe, at_usec);
        keep_fact(story, event, at_usec);
        break;
    case MESSAGE_CREATE_TARGET_GROUP:
    case MESSAGE_PUT_SCALING_POLICY:
    case MESSAGE_PUT_SCHEDULED_ACTION:
        keep_fact(story, event, at_usec);
        break;
    default:
        break;
    }
}

static void scheduler_event(struct story *story, const struct record *record)
{
    const struct message *event = &record->event;
    struct story_instance *instance;

    switch (event->kind) {
    case MESSAGE_STOP_TASK_CALL:
        stop_unplaced(story, story_task_of(story, event->as.stop_task_call.task), record->at_usec);
        break;
    case MESSAGE_SPOT_WARNING:
        instance = story_instance_of(story, event->as.spot_warning.instance);
        if (instance && !record_is_refused(record))
            story_once(&instance->warned_at_usec, record->at_usec);
        break;
    case MESSAGE_INSTANCE_LOST:
        instance_lost(story, event->as.instance_lost.instance, record->at_usec);
        break;
    case MESSAGE_REGISTER:
        registered(story, &event->as.register_instance, record->at_usec);
        break;
    case MESSAGE_TASK_STATE:
        task_state(story, &event->as.task_state, record->at_usec);
        break;
    case MESSAGE_END:
        end(story, record->at_usec);
        break;
    default:
        if (!record_is_refused(record))
            accepted(story, event, record->at_usec);
        break;
    }
}

/* What it decided ------------------------------------------------------------------------------ */

static void place_task(struct story *story, const struct place_task *call, int64_t at_usec)
{
    struct story_task *task;

    add_task(story, call->task, call->taskdef, call->service, at_usec);
    task = story_task_of(story, call->task);
    if (!task || task->placed_at_usec != USEC_NEVER || task->stopped_at_usec != USEC_NEVER ||
        !story_instance_of(story, call->instance))
        return;
    story->instances[call->instance].n_live++;
    task->placed_at_usec = at_usec;
    task->instance = call->instance;
    task->rule = call->rule;
    task->nth_placed = story->n_placed++;
}

static void give_up(struct story *story, const struct give_up_task *call, int64_t at_usec)
{
    struct story_task *task = story_task_of(story, call->task);

    if (!task || task->placed_at_usec != USEC_NEVER || task->stopped_at_usec != USEC_NEVER)
        return;
    task_stopped(story, task, call->code, at_usec);
    task->stop_at_usec = at_usec;
    task->stop_reason = (int32_t)call->reason;
}

static void stop_task(struct story *story, const struct stop_task *call, int64_t at_usec)
{
    struct story_task *task = story_task_of(story, call->task);

    if (!task || task->stop_at_usec != USEC_NEVER)
        return;
    task->stop_at_usec = at_usec;
    task->stop_code = call->code;
    task->stop_reason = (int32_t)call->reason;
    task->torn_down = story->end_usec != USEC_NEVER;
}

static struct story_note *note(struct story *story, const struct message *message, int64_t at_usec)
{
    struct story_note *added = ARRAY_ADD(story, notes);

    added->at_usec = at_usec;
    added->n_placed = story->n_placed;
    message_copy(&added->message, message);
    return added;
}

static void note_refusal(struct story *story, const struct record *record,
                         const struct message *refuse)
{
    struct story_note *added = note(story, refuse, record->at_usec);
    int32_t service = refusal_service(&record->event);
    struct buffer about = {0};

    if (record->event.kind != refuse->as.refuse.call)
        return; /* what was due by time */
    refusal_subject(
        &record->event,
        service >= 0 && service < story->n_services ? story->services[service].name : NULL, &about);
    added->about = about.text;
}

static void decision(struct story *story, const struct record *record, const struct message *output)
{
    struct story_instance *instance;

    switch (output->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        add_instance(story, &output->as.launch_instance, record->at_usec);
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        instance = story_instance_of(story, output->as.terminate_instance.instance);
        if (!instance)
            break;
        instance->torn_down = story->end_usec != USEC_NEVER;
        story_once(&instance->terminate_at_usec, record->at_usec);
        break;
    case MESSAGE_DRAIN_INSTANCE:
        instance = story_instance_of(story, output->as.drain_instance.instance);
        if (instance)
            story_once(&instance->drain_at_usec, record->at_usec);
        break;
    case MESSAGE_PLACE_TASK:
        place_task(story, &output->as.place_task, record->at_usec);
        if (record->event.kind == MESSAGE_START_TASK &&
            story_task_of(story, output->as.place_task.task))
            story_task_of(story, output->as.place_task.task)->named = true;
        break;
    case MESSAGE_STOP_TASK:
        stop_task(story, &output->as.stop_task, record->at_usec);
        break;
    case MESSAGE_WAIT:
        if (output->as.wait.task != ID_NONE)
            add_task(story, output->as.wait.task, output->as.wait.taskdef, output->as.wait.service,
                     record->at_usec);
        note(story, output, record->at_usec);
        break;
    case MESSAGE_GIVE_UP_TASK:
        give_up(story, &output->as.give_up_task, record->at_usec);
        break;
    case MESSAGE_CAPACITY:
        *ARRAY_ADD(story, capacity) = (struct story_capacity){record->at_usec, output->as.capacity};
        keep_fact(story, output, record->at_usec);
        break;
    case MESSAGE_BILL:
        if (story->bill.kind != MESSAGE_BILL)
            message_copy(&story->bill, output);
        keep_fact(story, output, record->at_usec);
        break;
    case MESSAGE_REFUSE:
        note_refusal(story, record, output);
        break;
    case MESSAGE_SCALE:
        want(story, output->as.scale.service, output->as.scale.to, record->at_usec);
        keep_fact(story, output, record->at_usec);
        break;
    case MESSAGE_DEPLOYMENT:
    case MESSAGE_SERVICE_EVENT:
    case MESSAGE_SHIFT_TRAFFIC:
        keep_fact(story, output, record->at_usec);
        break;
    case MESSAGE_TARGET_STATE:
        drain_target(story_task_of(story, output->as.target_state.task),
                     output->as.target_state.status, record->at_usec);
        keep_fact(story, output, record->at_usec);
        break;
    default:
        break;
    }
}

void story_scheduler_add(struct story *story, const struct record *record)
{
    scheduler_event(story, record);
    for (int i = 0; i < record->outputs.n_messages; i++)
        decision(story, record, &record->outputs.messages[i]);
}
