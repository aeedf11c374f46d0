/*
 * The queue is a list searched for its earliest entry; first in, first out among equals.
 */
#include "tiny.h"

#include "core/array.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC

void tiny_init(struct tiny *tiny)
{
    *tiny = (struct tiny){0};
    scheduler_init(&tiny->scheduler, TINY_SEED);
    tiny->scheduler.cluster.epoch_usec = TINY_EPOCH_USEC;
    for (int i = 0; i < TINY_INSTANCES; i++)
        agent_init(&tiny->agents[i], &tiny->scheduler.cluster.taskdefs);
    run_summary_init(&tiny->summary);
}

static void finish_record(struct record *record)
{
    message_finish(&record->event);
    for (int i = 0; i < record->outputs.n_messages; i++)
        message_finish(&record->outputs.messages[i]);
    outputs_finish(&record->outputs);
}

void tiny_finish(struct tiny *tiny)
{
    for (int i = 0; i < tiny->n_records; i++)
        finish_record(&tiny->records[i]);
    for (int i = 0; i < tiny->n_entries; i++)
        message_finish(&tiny->entries[i].message);
    for (int i = 0; i < TINY_INSTANCES; i++)
        agent_finish(&tiny->agents[i]);
    scheduler_finish(&tiny->scheduler);
    free(tiny->records);
    free(tiny->entries);
}

void tiny_put(struct tiny *tiny, int64_t at_usec, int32_t machine, struct message message)
{
    *ARRAY_ADD(tiny, entries) = (struct tiny_entry){at_usec, machine, message};
}

static void put_copy(struct tiny *tiny, int64_t at_usec, int32_t machine,
                     const struct message *message)
{
    struct message copy;

    message_copy(&copy, message);
    tiny_put(tiny, at_usec, machine, copy);
}

static struct message fact(enum message_kind kind, const struct container_order *order)
{
    struct message message = message_new(kind);

    message.as.fact.task = order->task;
    message.as.fact.container = order->container;
    return message;
}

static struct message exit_of(int32_t task, int32_t container, int32_t code)
{
    struct message message = message_new(MESSAGE_CONTAINER_EXITED);

    message.as.exited.task = task;
    message.as.exited.container = container;
    message.as.exited.exit_code = code;
    return message;
}

static const struct container_definition *definition_of(const struct tiny *tiny,
                                                        const struct container_order *order)
{
    const struct cluster *cluster = &tiny->scheduler.cluster;

    return &taskdefs_get(&cluster->taskdefs, cluster->tasks[order->task].taskdef)
                ->containers[order->container];
}

static void boot(struct tiny *tiny, int64_t at_usec, int32_t instance)
{
    const struct cluster *cluster = &tiny->scheduler.cluster;
    const struct instance_group *group = &cluster->groups[cluster->instances[instance].group].spec;
    struct message message = message_new(MESSAGE_BOOT), copy;
    struct agent_rules rules = agent_rules_default;

    /* So that even a short run hears of them. */
    rules.heartbeat_timeout_usec = 20 * SEC;
    rules.heartbeat_jitter_usec = 0;
    rules.image_cleanup_usec = 7 * SEC;
    rules.image_minimum_age_usec = SEC;
    cr_assert(instance < TINY_INSTANCES);
    message.as.boot = (struct boot){.instance = instance,
                                    .epoch = cluster->instances[instance].epoch,
                                    .cpu = group->cpu,
                                    .memory_mib = group->memory_mib,
                                    .rules = &rules,
                                    .for_task = ID_NONE};
    message_copy(&copy, &message);
    tiny_put(tiny, at_usec + SEC, instance, copy);
}

/* Whatever is asked is well. */
static struct message healthy(const struct probe_container *probe)
{
    struct message message = message_new(MESSAGE_CONTAINER_PROBED);

    message.as.probed =
        (struct container_probed){probe->task, probe->container, probe->probe, true};
    return message;
}

/* Containers called "job" end after two seconds, those of the image "broken" cannot be pulled. */
static void act_on_container(struct tiny *tiny, int64_t at_usec, int32_t machine,
                             const struct message *output)
{
    const struct container_order *order = &output->as.order;
    struct message answer;

    switch (output->kind) {
    case MESSAGE_PULL_IMAGE:
        answer = fact(MESSAGE_IMAGE_PULLED, order);
        if (strcmp(definition_of(tiny, order)->image, "broken") == 0)
            answer.as.fact.error = strdup("no such image: \xff broken");
        tiny_put(tiny, at_usec + 200 * MSEC, machine, answer);
        break;
    case MESSAGE_BOOT_MACHINE:
        answer = message_new(MESSAGE_MACHINE_BOOTED);
        answer.as.machine_booted.task = output->as.boot_machine.task;
        tiny_put(tiny, at_usec + 500 * MSEC, machine, answer);
        break;
    case MESSAGE_CREATE_CONTAINER:
        tiny_put(tiny, at_usec + 20 * MSEC, machine, fact(MESSAGE_CONTAINER_CREATED, order));
        break;
    case MESSAGE_START_CONTAINER:
        tiny_put(tiny, at_usec + 30 * MSEC, machine, fact(MESSAGE_CONTAINER_STARTED, order));
        tiny_put(tiny, at_usec + 130 * MSEC, machine, fact(MESSAGE_CONTAINER_READY, order));
        if (strcmp(definition_of(tiny, order)->name, "job") == 0)
            tiny_put(tiny, at_usec + 2 * SEC, machine, exit_of(order->task, order->container, 0));
        break;
    case MESSAGE_PROBE_CONTAINER:
        tiny_put(tiny, at_usec + 5 * MSEC, machine, healthy(&output->as.probe));
        break;
    case MESSAGE_RECONNECT:
        tiny_put(tiny, at_usec + 5 * MSEC, machine, message_new(MESSAGE_CONNECTED));
        break;
    case MESSAGE_SIGNAL_CONTAINER: /* "deaf" containers do not hear SIGTERM */
        if (output->as.signal.signal == SIGNAL_KILL)
            tiny_put(tiny, at_usec + 10 * MSEC, machine,
                     exit_of(output->as.signal.task, output->as.signal.container, 137));
        else if (strcmp(definition_of(tiny, order)->name, "deaf") != 0)
            tiny_put(tiny, at_usec + 50 * MSEC, machine,
                     exit_of(output->as.signal.task, output->as.signal.container, 143));
        break;
    default:
        break;
    }
}

static void act(struct tiny *tiny, int64_t at_usec, int32_t machine, const struct message *output)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);
    struct message probed = message_new(MESSAGE_TARGET_PROBED);

    switch (output->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        boot(tiny, at_usec, output->as.launch_instance.instance);
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        lost.as.instance_lost.instance = output->as.terminate_instance.instance;
        tiny->dead[lost.as.instance_lost.instance] = true;
        tiny_put(tiny, at_usec + 100 * MSEC, ID_NONE, lost);
        break;
    case MESSAGE_PLACE_TASK:
        put_copy(tiny, at_usec + MSEC, output->as.place_task.instance, output);
        break;
    case MESSAGE_STOP_TASK:
        put_copy(tiny, at_usec + MSEC, output->as.stop_task.instance, output);
        break;
    case MESSAGE_HEARTBEAT:
        put_copy(tiny, at_usec + MSEC, output->as.heartbeat.instance, output);
        break;
    case MESSAGE_REGISTER_TARGET:
        probed.as.target_probed = (struct target_probed){output->as.register_target.target_group,
                                                         output->as.register_target.task, true};
        tiny_put(tiny, at_usec + 10 * MSEC, ID_NONE, probed);
        break;
    case MESSAGE_REGISTER:
    case MESSAGE_TASK_STATE:
        put_copy(tiny, at_usec + 2 * MSEC, ID_NONE, output);
        break;
    default:
        act_on_container(tiny, at_usec, machine, output);
        break;
    }
}

static void keep_record(struct tiny *tiny, const struct record *record,
                        const struct outputs *outputs)
{
    struct record *kept = ARRAY_ADD(tiny, records);

    *kept = *record;
    message_copy(&kept->event, &record->event);
    kept->outputs = (struct outputs){0};
    for (int i = 0; i < outputs->n_messages; i++)
        message_copy(ARRAY_ADD(&kept->outputs, messages), &outputs->messages[i]);
    run_summary_add(&tiny->summary, kept);
}

static void step(struct tiny *tiny, int64_t at_usec, int32_t machine, const struct message *event)
{
    struct outputs outputs = {0};
    struct record record = {.machine = machine,
                            .seq = ++tiny->seqs[machine + 1],
                            .at_usec = at_usec,
                            .modelled = event->kind == MESSAGE_BOOT,
                            .event = *event};

    if (machine == ID_NONE)
        scheduler_step(&tiny->scheduler, at_usec, event, &outputs);
    else
        agent_step(&tiny->agents[machine], at_usec, event, &outputs);
    keep_record(tiny, &record, &outputs);
    for (int i = 0; i < outputs.n_messages; i++)
        act(tiny, at_usec, machine, &outputs.messages[i]);
    outputs_finish(&outputs);
}

/* The machine whose deadline comes first, ID_NONE: the scheduler. */
static int64_t first_deadline(const struct tiny *tiny, int32_t *machine)
{
    int64_t first = scheduler_deadline(&tiny->scheduler);

    *machine = ID_NONE;
    for (int i = 0; i < TINY_INSTANCES; i++) {
        if (tiny->agents[i].booted && !tiny->dead[i] && agent_deadline(&tiny->agents[i]) < first) {
            first = agent_deadline(&tiny->agents[i]);
            *machine = i;
        }
    }
    return first;
}

static int first_entry(const struct tiny *tiny)
{
    int first = 0;

    for (int i = 1; i < tiny->n_entries; i++)
        if (tiny->entries[i].at_usec < tiny->entries[first].at_usec)
            first = i;
    return first;
}

void tiny_run(struct tiny *tiny, int64_t until_usec)
{
    for (;;) {
        int first = first_entry(tiny);
        int64_t at_usec = tiny->n_entries ? tiny->entries[first].at_usec : USEC_NEVER;
        int32_t machine;
        int64_t deadline_usec = first_deadline(tiny, &machine);
        struct message tick = message_new(MESSAGE_TICK);
        struct tiny_entry entry;

        if (at_usec >= until_usec &&
            (deadline_usec >= until_usec || scheduler_ended(&tiny->scheduler)))
            break;
        if (deadline_usec < at_usec) {
            step(tiny, deadline_usec, machine, &tick);
            continue;
        }
        entry = tiny->entries[first];
        memmove(&tiny->entries[first], &tiny->entries[first + 1],
                (size_t)(--tiny->n_entries - first) * sizeof entry);
        if (entry.machine == ID_NONE || !tiny->dead[entry.machine])
            step(tiny, at_usec, entry.machine, &entry.message);
        message_finish(&entry.message);
    }
    run_summary_close(&tiny->summary, &tiny->scheduler);
}

void tiny_kill(struct tiny *tiny, int64_t at_usec, int32_t instance)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);

    tiny_run(tiny, at_usec);
    tiny->dead[instance] = true;
    lost.as.instance_lost.instance = instance;
    tiny_put(tiny, at_usec, ID_NONE, lost);
}

/* The run -------------------------------------------------------------------------------------- */

static void put_group(struct tiny *tiny)
{
    struct message message = message_new(MESSAGE_INSTANCE_GROUP);
    struct zone zones[] = {{"a"}, {"b"}};
    struct attribute attributes[] = {{"disk", "ssd"}, {"gpu", NULL}};

    message.as.instance_group = (struct instance_group){.group = 0,
                                                        .type = "box",
                                                        .cpu = 1024,
                                                        .memory_mib = 1024,
                                                        .count = 2,
                                                        .replace = true,
                                                        .n_zones = 2,
                                                        .zones = zones,
                                                        .n_attributes = 2,
                                                        .attributes = attributes};
    put_copy(tiny, 0, ID_NONE, &message);
}

static void put_taskdef(struct tiny *tiny, int32_t id, char *family, int32_t cpu,
                        struct container_definition *containers, int32_t n)
{
    struct task_definition definition = {.family = family,
                                         .revision = 1,
                                         .cpu = cpu,
                                         .memory_mib = 100,
                                         .n_containers = n,
                                         .containers = containers};
    struct task_machine machine = {50};
    struct message message = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    if (strcmp(family, "broken") == 0)
        definition.machine = &machine; /* it can be booted all the same */
    message.as.register_task_definition.taskdef = id;
    message.as.register_task_definition.definition = &definition;
    put_copy(tiny, 0, ID_NONE, &message);
}

static void put_taskdefs(struct tiny *tiny)
{
    struct port_mapping port = {.container_port = 80, .host_port = 8080};
    struct container_depend depend = {.container = 0, .condition = CONDITION_START};
    struct container_definition web = {.name = "deaf",
                                       .image = "shop/web:1",
                                       .essential = true,
                                       .stop_timeout_usec = SEC,
                                       .n_ports = 1,
                                       .ports = &port};
    struct container_definition job = {
        .name = "job", .image = "job", .essential = true, .stop_timeout_usec = 30 * SEC};
    struct container_definition pair[] = {
        {.name = "db", .image = "db", .essential = true, .stop_timeout_usec = 30 * SEC},
        {.name = "job",
         .image = "job",
         .essential = true,
         .stop_timeout_usec = 30 * SEC,
         .n_depends = 1,
         .depends = &depend},
    };
    struct health_check health = {5 * SEC, 2 * SEC, 0, 3};
    struct restart_policy restart = {.attempt_period_usec = SEC};
    struct container_definition care[] = {
        {.name = "db",
         .image = "db",
         .essential = true,
         .stop_timeout_usec = 30 * SEC,
         .health = &health},
        {.name = "job", .image = "job", .stop_timeout_usec = 30 * SEC, .restart = &restart},
    };
    struct container_definition broken = {
        .name = "job", .image = "broken", .essential = true, .stop_timeout_usec = 30 * SEC};

    put_taskdef(tiny, 0, "web", 256, &web, 1);
    put_taskdef(tiny, 1, "job", 512, &job, 1);
    put_taskdef(tiny, 2, "pair", 128, pair, 2);
    put_taskdef(tiny, 3, "broken", 128, &broken, 1);
    put_taskdef(tiny, 4, "care", 128, care, 2);
}

static void put_service(struct tiny *tiny, int64_t at_usec, int32_t taskdef)
{
    struct strategy_rule strategy[] = {
        {.type = STRATEGY_SPREAD, .field = BY_ATTRIBUTE, .attribute = "ecs.availability-zone"},
        {.type = STRATEGY_BINPACK, .field = BY_MEMORY}};
    struct placement_constraint constraint = {.type = CONSTRAINT_MEMBER_OF,
                                              .expression = "attribute:disk == ssd"};
    struct load_balancer balancer = {0, ID_NONE, "deaf", 80, false};
    struct message message = message_new(MESSAGE_CREATE_SERVICE);

    message.as.create_service = (struct create_service){.service = 0,
                                                        .n_balancers = 1,
                                                        .balancers = &balancer,
                                                        .name = "web",
                                                        .taskdef = taskdef,
                                                        .desired = 2,
                                                        .n_strategy = 2,
                                                        .strategy = strategy,
                                                        .n_constraints = 1,
                                                        .constraints = &constraint};
    put_copy(tiny, at_usec, ID_NONE, &message);
}

static void put_run_task(struct tiny *tiny, int64_t at_usec, int32_t taskdef, int32_t count,
                         bool wait)
{
    struct message message = message_new(MESSAGE_RUN_TASK);
    struct strategy_rule binpack = {.type = STRATEGY_BINPACK, .field = BY_CPU};

    message.as.run_task = (struct run_task){
        .taskdef = taskdef, .count = count, .wait = wait, .n_strategy = 1, .strategy = &binpack};
    put_copy(tiny, at_usec, ID_NONE, &message);
}

static void put_stop_task(struct tiny *tiny, int64_t at_usec, int32_t task)
{
    struct message message = message_new(MESSAGE_STOP_TASK_CALL);

    message.as.stop_task_call.task = task;
    tiny_put(tiny, at_usec, ID_NONE, message);
}

static void put_service_calls(struct tiny *tiny)
{
    struct message update = message_new(MESSAGE_UPDATE_SERVICE);
    struct message delete = message_new(MESSAGE_DELETE_SERVICE);

    update.as.update_service.service = 0;
    update.as.update_service.desired = 1;
    update.as.update_service.grace_sec = 5;
    tiny_put(tiny, 12 * SEC, ID_NONE, update);
    delete.as.delete_service.service = 0;
    tiny_put(tiny, 20 * SEC, ID_NONE, delete);
}

/* Probes answer at once, nothing drains, and a period lasts a second. */
static void put_rules(struct tiny *tiny)
{
    struct message rules = message_new(MESSAGE_RULES);
    struct message group = message_new(MESSAGE_CREATE_TARGET_GROUP);

    rules.as.rules = scheduler_rules_default;
    rules.as.rules.metric_period_usec = SEC;
    rules.as.rules.deregistration_delay_usec = 0;
    tiny_put(tiny, 0, ID_NONE, rules);
    group.as.create_target_group.target_group = 0;
    group.as.create_target_group.name = "web";
    group.as.create_target_group.port = 80;
    put_copy(tiny, 0, ID_NONE, &group);
}

/* The service idles, so that an alarm takes its last task. */
static void put_scaling(struct tiny *tiny)
{
    struct message target = message_new(MESSAGE_REGISTER_SCALABLE_TARGET);
    struct message policy = message_new(MESSAGE_PUT_SCALING_POLICY);
    struct message action = message_new(MESSAGE_PUT_SCHEDULED_ACTION);
    struct message alarm = message_new(MESSAGE_PUT_METRIC_ALARM);
    struct message observe = message_new(MESSAGE_OBSERVE);
    struct step_adjustment step = {false, true, 0, 0, -1};
    struct policy_number number = {0};
    struct latency_bin bin = {1000, 3};
    struct service_metrics row = {0, 0, 1, SEC, SEC / 100, 0, 1 << 20};
    struct target_metrics given = {
        .task = 0, .n_requests = 3, .n_most = 1, .in_use = true, .first_usec = 17 * SEC};
    struct target_group_metrics requests = {0, 3, 0, 0, 3000, 1, &bin, 1, &given};

    target.as.register_scalable_target =
        (struct register_scalable_target){.service = 0, .min_capacity = 0, .max_capacity = 4};
    tiny_put(tiny, 13 * SEC, ID_NONE, target);
    policy.as.put_scaling_policy.policy = 0;
    policy.as.put_scaling_policy.name = "less";
    policy.as.put_scaling_policy.service = 0;
    policy.as.put_scaling_policy.type = POLICY_STEP;
    policy.as.put_scaling_policy.n_steps = 1;
    policy.as.put_scaling_policy.steps = &step;
    put_copy(tiny, 13 * SEC, ID_NONE, &policy);
    action.as.put_scheduled_action.action = 0;
    action.as.put_scheduled_action.name = "hourly";
    action.as.put_scheduled_action.service = 0;
    action.as.put_scheduled_action.schedule = "rate(1 hour)";
    action.as.put_scheduled_action.max_capacity = 3;
    put_copy(tiny, 13 * SEC, ID_NONE, &action);
    alarm.as.put_metric_alarm = (struct put_metric_alarm){.name = "idle",
                                                          .comparison = COMPARE_LT,
                                                          .threshold_milli = 20000,
                                                          .period_sec = 60,
                                                          .evaluation_periods = 1,
                                                          .target_group = ID_NONE,
                                                          .datapoints = ID_NONE,
                                                          .n_actions = 1,
                                                          .actions = &number};
    put_copy(tiny, 13 * SEC, ID_NONE, &alarm);
    observe.as.observe = (struct observe){SEC, 1, &row, 1, &requests};
    put_copy(tiny, 18 * SEC, ID_NONE, &observe);
}

static void put_start_task(struct tiny *tiny, int64_t at_usec, int32_t taskdef)
{
    struct instance_name instance = {0};
    struct message message = message_new(MESSAGE_START_TASK);

    message.as.start_task =
        (struct start_task){.taskdef = taskdef, .n_instances = 1, .instances = &instance};
    put_copy(tiny, at_usec, ID_NONE, &message);
}

/* i3 drains for a moment, i1 is cut off for another, and nobody may be protected. */
static void put_disturbances(struct tiny *tiny)
{
    struct message protect = message_new(MESSAGE_UPDATE_TASK_PROTECTION);
    struct message drain = message_new(MESSAGE_UPDATE_INSTANCE_STATE);
    struct message cut = message_new(MESSAGE_AGENT_DISCONNECTED);

    protect.as.update_task_protection.task = 0;
    tiny_put(tiny, 23 * SEC, ID_NONE, protect);
    drain.as.update_instance_state = (struct update_instance_state){2, true};
    tiny_put(tiny, 24 * SEC, ID_NONE, drain);
    drain.as.update_instance_state.draining = false;
    tiny_put(tiny, 25 * SEC, ID_NONE, drain);
    cut.as.agent_disconnected.instance = 0;
    tiny_put(tiny, 26 * SEC, ID_NONE, cut);
    tiny_put(tiny, 26 * SEC, 0, message_new(MESSAGE_DISCONNECTED));
    tiny_put(tiny, 27 * SEC, 0, message_new(MESSAGE_CONNECTED));
}

void tiny_whole_run(struct tiny *tiny)
{
    tiny_init(tiny);
    put_rules(tiny);
    put_group(tiny);
    put_taskdefs(tiny);
    put_service(tiny, 2 * SEC, 0);
    put_service(tiny, 2 * SEC, 0); /* refused: the name is taken */
    put_run_task(tiny, 4 * SEC, 1, 4, true);
    put_run_task(tiny, 5 * SEC, 1, 1, false); /* refused: no room */
    put_run_task(tiny, 8 * SEC, 2, 1, false);
    put_run_task(tiny, 9 * SEC, 3, 1, false);
    put_service_calls(tiny);
    put_scaling(tiny);
    tiny_kill(tiny, 10 * SEC, 1);
    put_run_task(tiny, 14 * SEC, 2, 2, false);
    put_stop_task(tiny, 15 * SEC, 7); /* refused: it failed long ago */
    put_stop_task(tiny, 15 * SEC, 9);
    put_start_task(tiny, 22 * SEC, 4);
    put_disturbances(tiny);
    put_run_task(tiny, 33 * SEC, 1, 6, true); /* three have room, three wait until the end */
    tiny_put(tiny, 34 * SEC, ID_NONE, message_new(MESSAGE_END));
    tiny_run(tiny, USEC_NEVER);
    cr_assert(scheduler_ended(&tiny->scheduler));
}

void tiny_write(const struct tiny *tiny, const char *path, bool with_summary)
{
    struct run_header header = {.mode = RUN_SIM,
                                .title = "tiny",
                                .scenario = "{}",
                                .seed = TINY_SEED,
                                .epoch_usec = TINY_EPOCH_USEC,
                                .scale_numerator = 1,
                                .scale_denominator = 1,
                                .version = BERTH_VERSION};
    struct err err = {0};
    struct runlog_writer *writer = runlog_create(path, &header, LOG_ALL, &err);

    cr_assert(writer != NULL, "%s", err.text);
    for (int i = 0; i < tiny->n_records; i++)
        runlog_write(writer, &tiny->records[i]);
    if (with_summary)
        cr_assert(runlog_close(writer, &tiny->summary, &err), "%s", err.text);
    else
        runlog_abandon(writer);
}

void tiny_make_log(struct tiny *tiny, char path[TINY_PATH_BYTES])
{
    int fd;

    strcpy(path, "/tmp/berth-tiny-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    tiny_whole_run(tiny);
    tiny_write(tiny, path, true);
}

void tiny_remove_log(struct tiny *tiny, const char *path)
{
    tiny_finish(tiny);
    unlink(path);
}
