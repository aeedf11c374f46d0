/*
 * The script: what a scenario puts into a cluster, when, and by which numbers. The scheduler is the
 * real one; instances register when the test lets them.
 */
#include "file/buffer.h"
#include "file/script.h"
#include "reading.h"

#include <criterion/criterion.h>

struct stage {
    struct scenario *scenario;
    struct scheduler scheduler;
    struct script script;
    struct outputs outputs;
    struct buffer told; /* what the script gave, and what was refused */
};

static void begin(struct stage *stage, const char *members)
{
    stage->scenario = reading(scenario_of(members), "");
    scheduler_init(&stage->scheduler, stage->scenario->seed);
    script_init(&stage->script, stage->scenario);
    stage->outputs = (struct outputs){0};
    stage->told = (struct buffer){0};
    buffer_add_text(&stage->told, "");
}

static void finish(struct stage *stage)
{
    buffer_finish(&stage->told);
    outputs_finish(&stage->outputs);
    scheduler_finish(&stage->scheduler);
    scenario_destroy(stage->scenario);
}

static void clear(struct outputs *outputs)
{
    for (int i = 0; i < outputs->n_messages; i++)
        message_finish(&outputs->messages[i]);
    outputs->n_messages = 0;
}

static void step(struct stage *stage, int64_t at_usec, const struct message *event)
{
    clear(&stage->outputs);
    scheduler_step(&stage->scheduler, at_usec, event, &stage->outputs);
    for (int i = 0; i < stage->outputs.n_messages; i++)
        if (stage->outputs.messages[i].kind == MESSAGE_REFUSE)
            buffer_add(&stage->told, "refused:%s ",
                       refusal_names[stage->outputs.messages[i].as.refuse.refusal]);
}

static void tell_event(struct stage *stage, const struct message *event)
{
    struct buffer *out = &stage->told;

    buffer_add(out, "%s", message_kind_names[event->kind]);
    if (event->kind == MESSAGE_CREATE_SERVICE)
        buffer_add(out, ":%s:s%d", event->as.create_service.name,
                   (int)event->as.create_service.service + 1);
    else if (event->kind == MESSAGE_UPDATE_SERVICE)
        buffer_add(out, ":s%d", (int)event->as.update_service.service + 1);
    else if (event->kind == MESSAGE_DELETE_SERVICE)
        buffer_add(out, ":s%d", (int)event->as.delete_service.service + 1);
    else if (event->kind == MESSAGE_REGISTER_TASK_DEFINITION)
        buffer_add(out, ":d%d", (int)event->as.register_task_definition.taskdef + 1);
    buffer_add_text(out, " ");
}

/* Asks until the script waits or ends; returns that answer. */
static struct script_step ask(struct stage *stage, int64_t now_usec)
{
    for (;;) {
        struct script_step got = script_next(&stage->script, &stage->scheduler, now_usec);

        if (got.item == SCRIPT_EVENT) {
            tell_event(stage, got.event);
            step(stage, now_usec, got.event);
        } else if (got.item == SCRIPT_FAULT) {
            buffer_add(&stage->told, "fault:%d:t%d:c%d:i%d ", (int)got.fault->kind,
                       (int)got.fault->task + 1, (int)got.fault->container,
                       (int)got.fault->instance + 1);
        } else {
            return got;
        }
    }
}

static void told(struct stage *stage, const char *wanted)
{
    cr_assert_str_eq(stage->told.text, wanted, "\ntold   %s\nwanted %s", stage->told.text, wanted);
    buffer_clear(&stage->told);
}

static void register_instance(struct stage *stage, int64_t at_usec, int instance)
{
    struct message event = message_new(MESSAGE_REGISTER);
    const struct instance *known = &stage->scheduler.cluster.instances[instance];

    event.as.register_instance = (struct register_instance){
        .instance = instance, .epoch = known->epoch, .cpu = 1024, .memory_mib = 1024};
    step(stage, at_usec, &event);
}

#define WEB                                                                                        \
    "\"taskDefinitions\":[{\"family\":\"web\",\"containerDefinitions\":["                          \
    "{\"name\":\"side\",\"image\":\"i\",\"memory\":8},"                                            \
    "{\"name\":\"web\",\"image\":\"i\",\"memory\":8}]}],"
#define BOXES                                                                                      \
    "\"instanceTypes\":{\"box\":{\"vcpu\":1,\"memory\":\"1GiB\"}},\"instances\":\"2xbox\","

Test(script, services_wait_for_the_first_instances)
{
    struct stage stage;
    struct script_step got;

    begin(&stage,
          WEB BOXES "\"services\":["
                    "{\"serviceName\":\"a\",\"taskDefinition\":\"web\",\"desiredCount\":1},"
                    "{\"serviceName\":\"b\",\"taskDefinition\":\"web\",\"desiredCount\":1}],"
                    "\"timeline\":[{\"at\":\"5s\",\"updateService\":"
                    "{\"service\":\"b\",\"desiredCount\":2}}],\"until\":\"9s\"");
    got = ask(&stage, 0);
    told(&stage, "RegisterTaskDefinition:d1 instanceGroup ");
    cr_assert(got.item == SCRIPT_WAIT && got.at_usec == 5 * USEC_PER_SEC);
    register_instance(&stage, 10, 0);
    ask(&stage, 10);
    told(&stage, "");
    register_instance(&stage, 20, 1);
    got = ask(&stage, 20);
    told(&stage, "CreateService:a:s1 CreateService:b:s2 ");
    cr_assert(got.item == SCRIPT_WAIT && got.at_usec == 5 * USEC_PER_SEC);
    ask(&stage, 5 * USEC_PER_SEC - 1);
    told(&stage, "");
    got = ask(&stage, 5 * USEC_PER_SEC);
    told(&stage, "UpdateService:s2 ");
    cr_assert(got.item == SCRIPT_WAIT && got.at_usec == 9 * USEC_PER_SEC);
    got = ask(&stage, 9 * USEC_PER_SEC);
    told(&stage, "end ");
    cr_assert(got.item == SCRIPT_END);
    cr_assert(ask(&stage, 10 * USEC_PER_SEC).item == SCRIPT_END);
    finish(&stage);
}

Test(script, the_end_comes_before_what_else_is_due)
{
    struct stage stage;

    begin(&stage, BOXES "\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killInstance\":\"i1\"}}],"
                        "\"until\":\"2s\"");
    ask(&stage, 0);
    cr_assert(ask(&stage, 2 * USEC_PER_SEC).item == SCRIPT_END);
    told(&stage, "instanceGroup end ");
    finish(&stage);
}

/* Names are looked up when they are needed: a service may be created, deleted and created again. */
Test(script, names_at_their_time)
{
    struct stage stage;

    begin(&stage,
          WEB BOXES "\"timeline\":["
                    "{\"at\":\"0s\",\"updateService\":{\"service\":\"a\",\"desiredCount\":1}},"
                    "{\"at\":\"1s\",\"createService\":"
                    "{\"serviceName\":\"a\",\"taskDefinition\":\"web\",\"desiredCount\":0}},"
                    "{\"at\":\"2s\",\"deleteService\":{\"service\":\"a\"}},"
                    "{\"at\":\"3s\",\"createService\":"
                    "{\"serviceName\":\"a\",\"taskDefinition\":\"web\",\"desiredCount\":0}},"
                    "{\"at\":\"4s\",\"updateService\":{\"service\":\"a\",\"desiredCount\":1}}],"
                    "\"until\":\"9s\"");
    ask(&stage, 0);
    told(&stage, "RegisterTaskDefinition:d1 instanceGroup UpdateService:s0 refused:NOT_FOUND ");
    /* late questions get everything that is due, in order */
    ask(&stage, 4 * USEC_PER_SEC);
    told(&stage, "CreateService:a:s1 DeleteService:s1 CreateService:a:s2 UpdateService:s2 ");
    finish(&stage);
}

Test(script, a_fault_finds_its_container)
{
    struct stage stage;

    begin(&stage, WEB BOXES
          "\"timeline\":[{\"at\":\"1s\",\"runTask\":{\"taskDefinition\":\"web\"}},"
          "{\"at\":\"2s\",\"fault\":{\"killContainer\":{\"task\":\"t1\",\"container\":\"web\"}}},"
          "{\"at\":\"2s\",\"fault\":{\"killContainer\":{\"task\":\"t2\",\"container\":\"web\"}}},"
          "{\"at\":\"2s\",\"fault\":{\"killTask\":\"t1\"}},"
          "{\"at\":\"2s\",\"fault\":{\"killInstance\":\"i2\"}}]");
    ask(&stage, 0);
    register_instance(&stage, 10, 0);
    register_instance(&stage, 10, 1);
    ask(&stage, USEC_PER_SEC);
    told(&stage, "RegisterTaskDefinition:d1 instanceGroup RunTask ");
    ask(&stage, 2 * USEC_PER_SEC);
    told(&stage, "fault:1:t1:c1:i0 fault:1:t2:c-1:i0 fault:0:t1:c-1:i0 fault:2:t0:c-1:i2 ");
    finish(&stage);
}

/* One call for each thing that the API's call names, in its order. */
Test(script, calls_about_several_are_given_one_by_one)
{
    struct stage stage;
    struct script_step got;

    begin(&stage, BOXES "\"timeline\":[{\"at\":\"1s\",\"updateContainerInstancesState\":"
                        "{\"containerInstances\":[\"i2\",\"i1\"],\"status\":\"DRAINING\"}},"
                        "{\"at\":\"1s\",\"updateTaskProtection\":{\"tasks\":[\"t1\"],"
                        "\"protectionEnabled\":true}}],\"until\":\"2s\"");
    ask(&stage, 0);
    register_instance(&stage, 10, 0);
    register_instance(&stage, 10, 1);
    got = script_next(&stage.script, &stage.scheduler, USEC_PER_SEC);
    cr_assert(got.item == SCRIPT_EVENT && got.event->as.update_instance_state.instance == 1);
    got = script_next(&stage.script, &stage.scheduler, USEC_PER_SEC);
    cr_assert(got.item == SCRIPT_EVENT && got.event->as.update_instance_state.instance == 0);
    cr_assert(got.event->as.update_instance_state.draining);
    got = script_next(&stage.script, &stage.scheduler, USEC_PER_SEC);
    cr_assert(got.item == SCRIPT_EVENT && got.event->kind == MESSAGE_UPDATE_TASK_PROTECTION);
    cr_assert(got.event->as.update_task_protection.task == 0);
    cr_assert(script_next(&stage.script, &stage.scheduler, USEC_PER_SEC).item == SCRIPT_WAIT);
    finish(&stage);
}

/* What replaces a zone's machines outlives the fault. */
Test(script, a_zone_falls_machine_by_machine)
{
    struct stage stage;

    begin(&stage, "\"instances\":[{\"type\":\"m5.large\",\"count\":3,\"zones\":[\"a\",\"b\"]}],"
                  "\"timeline\":[{\"at\":\"1s\",\"fault\":{\"killZone\":{\"zone\":\"a\"}}},"
                  "{\"at\":\"1s\",\"fault\":{\"killZone\":{\"zone\":\"b\"}}}],\"until\":\"2s\"");
    ask(&stage, 0);
    for (int i = 0; i < 3; i++)
        register_instance(&stage, 10, i);
    told(&stage, "instanceGroup ");
    ask(&stage, USEC_PER_SEC);
    told(&stage, "fault:2:t0:c-1:i1 fault:2:t0:c-1:i3 fault:2:t0:c-1:i2 ");
    finish(&stage);
}

static void stop_everything(struct stage *stage, int64_t at_usec)
{
    for (int t = 0; t < stage->scheduler.cluster.n_tasks; t++) {
        const struct task *task = &stage->scheduler.cluster.tasks[t];
        struct container_state states[2] = {{.status = CONTAINER_STOPPED},
                                            {.status = CONTAINER_STOPPED}};
        struct message event = message_new(MESSAGE_TASK_STATE);

        if (task->instance == ID_NONE)
            continue;
        event.id = t + 1;
        event.as.task_state = (struct task_state){
            .instance = task->instance,
            .epoch = stage->scheduler.cluster.instances[task->instance].epoch,
            .task = t,
            .status = TASK_STOPPED,
            .code = STOP_ESSENTIAL_CONTAINER_EXITED,
            .n_containers = 2,
            .containers = states,
        };
        step(stage, at_usec, &event);
    }
}

/* Without `until` the run ends when nothing lives that could still do something. */
Test(script, ends_when_all_is_done)
{
    struct stage stage;

    begin(&stage, WEB BOXES "\"timeline\":[{\"at\":\"0s\",\"runTask\":{\"taskDefinition\":\"web\","
                            "\"count\":2},\"wait\":true}]");
    ask(&stage, 0);
    told(&stage, "RegisterTaskDefinition:d1 instanceGroup RunTask ");
    cr_assert(ask(&stage, 5).at_usec == USEC_NEVER);
    register_instance(&stage, 10, 0);
    register_instance(&stage, 10, 1);
    cr_assert(ask(&stage, 20).item == SCRIPT_WAIT);
    stop_everything(&stage, 30);
    cr_assert(ask(&stage, 30).item == SCRIPT_END);
    told(&stage, "end ");
    finish(&stage);
}

/* Nothing to do is done, once the instances are up. */
Test(script, nothing_but_instances)
{
    struct stage stage;

    begin(&stage, BOXES "\"seed\":1");
    cr_assert(ask(&stage, 0).item == SCRIPT_WAIT);
    register_instance(&stage, 10, 0);
    cr_assert(ask(&stage, 10).item == SCRIPT_WAIT);
    register_instance(&stage, 10, 1);
    cr_assert(ask(&stage, 10).item == SCRIPT_END);
    told(&stage, "instanceGroup end ");
    finish(&stage);
}
