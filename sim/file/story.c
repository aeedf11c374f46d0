/*
 * From records to what happened. The scheduler's records say what was decided and heard, the
 * agents' records what was done to each container.
 */
#include "file/story.h"

#include "core/array.h"
#include "file/refusal.h"
#include "file/runlog_ahead.h"
#include "file/story_turns.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void story_init(struct story *story)
{
    *story = (struct story){.end_usec = USEC_NEVER,
                            .spot_free_usec = scheduler_rules_default.spot_free_usec};
}

void story_finish(struct story *story)
{
    taskdefs_finish(&story->taskdefs);
    for (int i = 0; i < story->n_groups; i++)
        schema_finish(&message_types[MESSAGE_INSTANCE_GROUP].schema, &story->groups[i]);
    for (int i = 0; i < story->n_tasks; i++) {
        for (int c = 0; c < story->tasks[i].n_containers; c++)
            free(story->tasks[i].containers[c].bindings);
        free(story->tasks[i].reason);
        free(story->tasks[i].containers);
        free(story->tasks[i].machine);
    }
    for (int i = 0; i < story->n_services; i++)
        free(story->services[i].name);
    for (int i = 0; i < story->n_notes; i++) {
        message_finish(&story->notes[i].message);
        free(story->notes[i].about);
    }
    for (int i = 0; i < story->n_facts; i++)
        message_finish(&story->facts[i].message);
    free(story->facts);
    free(story->groups);
    free(story->instances);
    free(story->tasks);
    free(story->services);
    free(story->wants);
    for (int i = 0; i < story->n_providers; i++)
        free(story->providers[i].name);
    free(story->providers);
    free(story->capacity);
    message_finish(&story->bill);
    free(story->notes);
    free(story->turns);
    responses_finish(&story->responses);
    story_init(story);
}

/* Things by their number, NULL where nobody spoke of them ----------------------------------------
 */

static struct story_task *task_of(struct story *story, int32_t id)
{
    return id >= 0 && id < story->n_tasks ? &story->tasks[id] : NULL;
}

static struct story_instance *instance_of(struct story *story, int32_t id)
{
    return id >= 0 && id < story->n_instances ? &story->instances[id] : NULL;
}

static struct story_service *service_of(struct story *story, int32_t id)
{
    return id >= 0 && id < story->n_services ? &story->services[id] : NULL;
}

static struct story_container *container_of(struct story *story, int32_t task_id, int32_t container)
{
    struct story_task *task = task_of(story, task_id);

    return task && container >= 0 && container < task->n_containers ? &task->containers[container]
                                                                    : NULL;
}

/* The first time counts. */
static void once(int64_t *at_usec, int64_t now_usec)
{
    if (*at_usec == USEC_NEVER)
        *at_usec = now_usec;
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
        once(&task->drain_at_usec, at_usec);
}

/* Of several target groups the first answer counts. A log may claim anything, but no answer to come. */
static void first_answer(struct story *story, const struct target_metrics *row, int64_t at_usec)
{
    struct story_task *task = task_of(story, row->task);

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

/* The scheduler's records ---------------------------------------------------------------------- */

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
    struct story_task *task = task_of(story, report->task);

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
    struct story_instance *instance = instance_of(story, id);

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
    struct story_instance *instance = instance_of(story, call->instance);

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

static bool is_refused(const struct record *record)
{
    for (int i = 0; i < record->outputs.n_messages; i++)
        if (record->outputs.messages[i].kind == MESSAGE_REFUSE &&
            record->outputs.messages[i].as.refuse.call == record->event.kind)
            return true;
    return false;
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
        stop_unplaced(story, task_of(story, event->as.stop_task_call.task), record->at_usec);
        break;
    case MESSAGE_SPOT_WARNING:
        instance = instance_of(story, event->as.spot_warning.instance);
        if (instance && !is_refused(record))
            once(&instance->warned_at_usec, record->at_usec);
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
        if (!is_refused(record))
            accepted(story, event, record->at_usec);
        break;
    }
}

static void place_task(struct story *story, const struct place_task *call, int64_t at_usec)
{
    struct story_task *task;

    add_task(story, call->task, call->taskdef, call->service, at_usec);
    task = task_of(story, call->task);
    if (!task || task->placed_at_usec != USEC_NEVER || task->stopped_at_usec != USEC_NEVER ||
        !instance_of(story, call->instance))
        return;
    story->instances[call->instance].n_live++;
    task->placed_at_usec = at_usec;
    task->instance = call->instance;
    task->rule = call->rule;
    task->nth_placed = story->n_placed++;
}

static void give_up(struct story *story, const struct give_up_task *call, int64_t at_usec)
{
    struct story_task *task = task_of(story, call->task);

    if (!task || task->placed_at_usec != USEC_NEVER || task->stopped_at_usec != USEC_NEVER)
        return;
    task_stopped(story, task, call->code, at_usec);
    task->stop_at_usec = at_usec;
    task->stop_reason = (int32_t)call->reason;
}

static void stop_task(struct story *story, const struct stop_task *call, int64_t at_usec)
{
    struct story_task *task = task_of(story, call->task);

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
        instance = instance_of(story, output->as.terminate_instance.instance);
        if (!instance)
            break;
        instance->torn_down = story->end_usec != USEC_NEVER;
        once(&instance->terminate_at_usec, record->at_usec);
        break;
    case MESSAGE_DRAIN_INSTANCE:
        instance = instance_of(story, output->as.drain_instance.instance);
        if (instance)
            once(&instance->drain_at_usec, record->at_usec);
        break;
    case MESSAGE_PLACE_TASK:
        place_task(story, &output->as.place_task, record->at_usec);
        if (record->event.kind == MESSAGE_START_TASK && task_of(story, output->as.place_task.task))
            task_of(story, output->as.place_task.task)->named = true;
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
        drain_target(task_of(story, output->as.target_state.task), output->as.target_state.status,
                     record->at_usec);
        keep_fact(story, output, record->at_usec);
        break;
    default:
        break;
    }
}

/* The agents' records -------------------------------------------------------------------------- */

static void take_course(struct story_course *to, const struct boot_course *from)
{
    *to = (struct story_course){
        .firmware_usec = from->firmware_usec,
        .kernel_usec = from->kernel_usec,
        .user_usec = from->user_usec,
        .memory_bytes = from->memory_bytes,
        .system_bytes = from->system_bytes,
        .host_bytes = from->host_bytes,
        .overhead_bytes = from->overhead_bytes,
        .seen_bytes = from->seen_bytes,
    };
    snprintf(to->start, sizeof to->start, "%s", from->start ? from->start : "scratch");
    snprintf(to->accelerator, sizeof to->accelerator, "%s",
             from->accelerator ? from->accelerator : "");
    snprintf(to->kernel, sizeof to->kernel, "%s", from->kernel ? from->kernel : "");
}

static void booted(struct story *story, const struct record *record)
{
    struct story_instance *instance = instance_of(story, record->machine);

    if (!instance || instance->booted_at_usec != USEC_NEVER)
        return;
    instance->booted_at_usec = record->at_usec;
    instance->boot_modelled = record->modelled;
    instance->cpu = record->event.as.boot.cpu;
    instance->memory_mib = record->event.as.boot.memory_mib;
    if (record->event.as.boot.course)
        take_course(&instance->course, record->event.as.boot.course);
}

static void machine_ordered(struct story *story, int32_t id, int64_t at_usec)
{
    struct story_task *task = task_of(story, id);

    if (!task || task->machine)
        return;
    task->machine = calloc(1, sizeof *task->machine);
    assert(task->machine != NULL);
    task->machine->boot_at_usec = at_usec;
    task->machine->booted_at_usec = task->machine->gone_at_usec = USEC_NEVER;
}

static void machine_booted(struct story *story, const struct record *record)
{
    const struct machine_booted *event = &record->event.as.machine_booted;
    struct story_task *task = task_of(story, event->task);

    if (!task || !task->machine || event->error || task->machine->booted_at_usec != USEC_NEVER)
        return;
    task->machine->booted_at_usec = record->at_usec;
    if (event->course)
        take_course(&task->machine->course, event->course);
}

static void machine_removed(struct story *story, int32_t id, int64_t at_usec)
{
    struct story_task *task = task_of(story, id);

    if (task && task->machine)
        once(&task->machine->gone_at_usec, at_usec);
}

static void exited(struct story *story, const struct record *record)
{
    const struct container_exited *event = &record->event.as.exited;
    struct story_container *container = container_of(story, event->task, event->container);

    if (!container || container->exited_at_usec != USEC_NEVER)
        return;
    container->exited_at_usec = record->at_usec;
    container->exit_modelled = record->modelled;
    container->exit_code = event->exit_code;
    container->oom = event->oom;
}

/* A step of a container is done: the moment, once, and whether it was modelled. */
static void mark(int64_t *at_usec, bool *modelled, const struct record *record)
{
    if (*at_usec != USEC_NEVER)
        return;
    *at_usec = record->at_usec;
    *modelled = record->modelled;
}

static void container_fact(struct story *story, const struct record *record)
{
    const struct container_fact *fact = &record->event.as.fact;
    struct story_container *container = container_of(story, fact->task, fact->container);

    if (!container || fact->error)
        return;
    switch (record->event.kind) {
    case MESSAGE_IMAGE_PULLED:
        mark(&container->pulled_at_usec, &container->pull_modelled, record);
        break;
    case MESSAGE_CONTAINER_CREATED:
        mark(&container->created_at_usec, &container->create_modelled, record);
        break;
    case MESSAGE_CONTAINER_STARTED:
        mark(&container->started_at_usec, &container->start_modelled, record);
        break;
    default:
        mark(&container->ready_at_usec, &container->ready_modelled, record);
        break;
    }
}

static void agent_event(struct story *story, const struct record *record)
{
    struct story_task *task;

    switch (record->event.kind) {
    case MESSAGE_BOOT:
        booted(story, record);
        break;
    case MESSAGE_MACHINE_BOOTED:
        machine_booted(story, record);
        break;
    case MESSAGE_PLACE_TASK:
        task = task_of(story, record->event.as.place_task.task);
        if (task && task->received_at_usec == USEC_NEVER)
            task->received_at_usec = record->at_usec;
        break;
    case MESSAGE_IMAGE_PULLED:
    case MESSAGE_CONTAINER_CREATED:
    case MESSAGE_CONTAINER_STARTED:
    case MESSAGE_CONTAINER_READY:
        container_fact(story, record);
        break;
    case MESSAGE_CONTAINER_EXITED:
        exited(story, record);
        break;
    default:
        break;
    }
}

static void action(struct story *story, const struct message *output, int64_t at_usec)
{
    const struct container_order *order = &output->as.order;
    const struct signal_container *call = &output->as.signal;
    struct story_container *container;

    if (output->kind == MESSAGE_BOOT_MACHINE) {
        machine_ordered(story, output->as.boot_machine.task, at_usec);
        return;
    }
    if (output->kind == MESSAGE_REMOVE_TASK) {
        machine_removed(story, output->as.remove_task.task, at_usec);
        return;
    }
    if (output->kind == MESSAGE_SIGNAL_CONTAINER) {
        container = container_of(story, call->task, call->container);
        if (container)
            once(call->signal == SIGNAL_TERM ? &container->term_at_usec : &container->kill_at_usec,
                 at_usec);
        return;
    }
    if (output->kind != MESSAGE_PULL_IMAGE && output->kind != MESSAGE_CREATE_CONTAINER &&
        output->kind != MESSAGE_START_CONTAINER)
        return;
    container = container_of(story, order->task, order->container);
    if (container)
        once(output->kind == MESSAGE_PULL_IMAGE         ? &container->pull_at_usec
             : output->kind == MESSAGE_CREATE_CONTAINER ? &container->create_at_usec
                                                        : &container->start_at_usec,
             at_usec);
}

void story_add(struct story *story, const struct record *record)
{
    story->n_events++;
    story->n_outputs += record->outputs.n_messages;
    if (record->at_usec > story->last_usec)
        story->last_usec = record->at_usec;
    if (record->machine == ID_NONE)
        scheduler_event(story, record);
    else
        agent_event(story, record);
    for (int i = 0; i < record->outputs.n_messages; i++) {
        if (record->machine == ID_NONE)
            decision(story, record, &record->outputs.messages[i]);
        else
            action(story, &record->outputs.messages[i], record->at_usec);
    }
    story_turns_add(story, record);
    responses_add(&story->responses, record);
}

/* Whole logs ----------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    assert(!text || copy);
    return copy;
}

static void copy_header(struct run_header *to, const struct run_header *from)
{
    *to = *from;
    to->title = copy_text(from->title);
    to->scenario = copy_text(from->scenario);
    to->version = copy_text(from->version);
    to->started = copy_text(from->started);
    to->host = copy_text(from->host);
}

bool story_load(struct story *story, const char *path, struct run_header *header, bool *truncated,
                struct err *err)
{
    struct runlog_reader *reader = runlog_open(path, err);
    struct runlog_ahead *ahead;
    const struct record *record;
    enum runlog_item item;

    if (!reader)
        return false;
    story_init(story);
    ahead = runlog_ahead_start(reader);
    while ((item = runlog_ahead_next(ahead, &record, err)) == RUNLOG_RECORD)
        story_add(story, record);
    runlog_ahead_finish(ahead);
    if (item == RUNLOG_ERROR) {
        story_finish(story);
    } else {
        copy_header(header, runlog_header(reader));
        if (truncated)
            *truncated = item == RUNLOG_TRUNCATED;
    }
    runlog_finish(reader);
    return item != RUNLOG_ERROR;
}

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

const struct task_definition *story_definition(const struct story *story, int32_t taskdef)
{
    return taskdef >= 0 && taskdef < story->taskdefs.n_definitions
               ? story->taskdefs.definitions[taskdef]
               : NULL;
}

const char *story_task_name(int32_t task)
{
    return name('t', task);
}

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

const char *story_provider(const struct story *story, int32_t group)
{
    for (int p = 0; p < story->n_providers; p++)
        if (story->providers[p].group == group)
            return story->providers[p].name;
    return NULL;
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

const char *story_type(const struct story *story, const struct story_instance *instance)
{
    const struct instance_group *group = &story->groups[instance->group];

    return instance->type > 0 && instance->type <= group->n_more_types
               ? group->more_types[instance->type - 1].name
               : group->type;
}
