/*
 * What a task goes through besides starting and stopping: health checks, restarts, time-outs, images
 * that are cached, clean-up, the agent's connection, and what it is given of the host.
 */
#include "agent_steps.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECOND USEC_PER_SEC

static struct agent_rules rules;
static struct health_check health;
static struct restart_policy restart;
static struct ignored_exit_code ignored = {42};
static struct container_depend depend;
static struct port_mapping ports[2];
static struct container_definition containers[2];
static struct task_definition definition;

/* Two containers, a and b, of which the second is left out; each test changes what it is about. */
static void begin(void)
{
    rules = agent_rules_default;
    rules.image_cleanup_usec = 0;
    rules.heartbeat_timeout_usec = 0;
    health = (struct health_check){10 * SECOND, 2 * SECOND, 0, 3};
    restart = (struct restart_policy){60 * SECOND, 1, &ignored};
    depend = (struct container_depend){0, CONDITION_HEALTHY};
    for (int i = 0; i < 2; i++)
        containers[i] = (struct container_definition){.name = i ? "b" : "a",
                                                      .image = i ? "b:1" : "a:1",
                                                      .memory_mib = 64,
                                                      .essential = true,
                                                      .stop_timeout_usec = 30 * SECOND};
    definition =
        (struct task_definition){.family = "d", .n_containers = 1, .containers = containers};
}

TestSuite(agent_task, .init = begin, .fini = steps_finish);

static void boot(void)
{
    steps_begin(&(struct boot){0, 1, 2048, 4096, 4, &rules, NULL, ID_NONE});
}

/* The agent with the definition as it is now. */
static void boot_with(void)
{
    taskdefs_add(&taskdefs, &definition);
    boot();
}

/* Lets its deadlines pass until that time, and stops there. */
static void wait_until(int64_t at_usec)
{
    while (agent_deadline(&agent) <= at_usec) {
        now_usec = agent_deadline(&agent);
        steps_tick();
    }
    now_usec = at_usec;
}

static const struct task_state *report(void)
{
    return steps_said(MESSAGE_TASK_STATE) ? &steps_said(MESSAGE_TASK_STATE)->as.task_state : NULL;
}

static void message(enum message_kind kind)
{
    struct message event = message_new(kind);

    steps_step(&event);
}

/* Health ---------------------------------------------------------------------------------------- */

/* Each row: the answers to the probes in order ('+' passes, '-' fails, '.' never comes), and the
 * health that is reported in the end. */
Test(agent_task, health_follows_the_probes)
{
    static const struct {
        int64_t start_period_usec;
        int32_t retries;
        const char *probes;
        enum health_status health;
        int64_t at_usec; /* of the last answer: one interval after the answer before it */
    } rows[] = {
        {0, 3, "+", HEALTH_HEALTHY, 10 * SECOND},
        {0, 3, "--", HEALTH_UNKNOWN, 20 * SECOND},
        {0, 3, "---", HEALTH_UNHEALTHY, 30 * SECOND},
        {0, 1, "-", HEALTH_UNHEALTHY, 10 * SECOND},
        {0, 3, "--+--", HEALTH_HEALTHY, 50 * SECOND},
        {0, 3, "+---", HEALTH_UNHEALTHY, 40 * SECOND},
        {0, 3, "---+", HEALTH_HEALTHY, 40 * SECOND},
        {0, 3, "...", HEALTH_UNHEALTHY, 36 * SECOND},         /* each takes its timeout */
        {35 * SECOND, 3, "---", HEALTH_UNKNOWN, 30 * SECOND}, /* does not count yet */
        {35 * SECOND, 3, "------", HEALTH_UNHEALTHY, 60 * SECOND},
        {300 * SECOND, 3, "+---", HEALTH_UNHEALTHY, 40 * SECOND}, /* a pass ends the period */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        health.start_period_usec = rows[i].start_period_usec;
        health.retries = rows[i].retries;
        containers[0].health = &health;
        boot_with();
        steps_place(0, 0);
        steps_bring_up(0, 0);
        for (const char *answer = rows[i].probes; *answer; answer++) {
            if (*answer != '.') {
                steps_answer_probe(0, 0, *answer == '+');
                continue;
            }
            now_usec = agent_deadline(&agent);
            steps_tick();
            now_usec = agent_deadline(&agent);
            steps_tick();
        }
        cr_assert((enum health_status)agent.tasks[0]->containers[0].health == rows[i].health,
                  "row %zu: %s", i, health_status_names[agent.tasks[0]->containers[0].health]);
        cr_assert(now_usec == rows[i].at_usec, "row %zu: %lld", i, (long long)now_usec);
        cr_assert((enum health_status)agent.tasks[0]->reported_health == rows[i].health);
        steps_finish();
    }
    boot_with();
}

Test(agent_task, a_late_or_stale_answer_counts_for_nothing)
{
    struct message late = message_new(MESSAGE_CONTAINER_PROBED);

    containers[0].health = &health;
    boot_with();
    steps_place(0, 0);
    steps_bring_up(0, 0);
    wait_until(12 * SECOND); /* asked at 10, given up at 12 */
    late.as.probed = (struct container_probed){0, 0, 1, true};
    steps_step(&late);
    cr_assert(agent.tasks[0]->containers[0].health == HEALTH_UNKNOWN);
    cr_assert(agent.tasks[0]->containers[0].n_failures == 1);
    wait_until(22 * SECOND);
    steps_step(&late);
    cr_assert(agent.tasks[0]->containers[0].health == HEALTH_UNKNOWN, "that was probe 2");
}

/* Over the essential containers: UNHEALTHY before UNKNOWN before HEALTHY. */
Test(agent_task, a_tasks_health_is_that_of_its_essential_containers)
{
    static const struct {
        bool b_essential, b_checked, b_passes;
        enum health_status task;
    } rows[] = {
        {true, true, true, HEALTH_HEALTHY},    {true, true, false, HEALTH_UNHEALTHY},
        {true, false, false, HEALTH_UNKNOWN},  {false, true, false, HEALTH_HEALTHY},
        {false, false, false, HEALTH_HEALTHY},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message answer = message_new(MESSAGE_CONTAINER_PROBED);

        definition.n_containers = 2;
        health.retries = 1;
        containers[0].health = &health;
        containers[1].health = rows[i].b_checked ? &health : NULL;
        containers[1].essential = rows[i].b_essential;
        boot_with();
        steps_place(0, 0);
        steps_bring_up(0, 0);
        steps_bring_up(0, 1);
        wait_until(10 * SECOND);
        answer.as.probed = (struct container_probed){0, 1, 1, rows[i].b_passes};
        steps_step(&answer);
        answer.as.probed = (struct container_probed){0, 0, 1, true};
        steps_step(&answer);
        cr_assert((enum health_status)agent.tasks[0]->reported_health == rows[i].task, "row %zu",
                  i);
        steps_finish();
        begin();
    }
    boot_with();
}

Test(agent_task, a_stopping_container_is_not_probed)
{
    containers[0].health = &health;
    boot_with();
    steps_place(0, 0);
    steps_bring_up(0, 0);
    steps_stop(0);
    cr_assert(agent_deadline(&agent) == 30 * SECOND, "its stopTimeout");
}

/* Restarts -------------------------------------------------------------------------------------- */

Test(agent_task, a_container_restarts_by_its_policy)
{
    static const struct {
        int64_t ran_usec;
        int32_t exit_code;
        bool restarts;
    } rows[] = {
        {60 * SECOND, 0, true},    {60 * SECOND, 1, true},    {60 * SECOND - 1, 1, false},
        {600 * SECOND, 42, false}, {600 * SECOND, 137, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        containers[0].restart = &restart;
        boot_with();
        steps_place(0, 0);
        steps_bring_up(0, 0);
        now_usec = rows[i].ran_usec;
        steps_exited(0, 0, rows[i].exit_code, false);
        cr_assert(steps_ordered(MESSAGE_START_CONTAINER, 0, 0) == rows[i].restarts, "row %zu", i);
        cr_assert(steps_reported(0, TASK_STOPPED) == !rows[i].restarts, "row %zu", i);
        if (rows[i].restarts) {
            steps_fact(MESSAGE_CONTAINER_STARTED, 0, 0, NULL);
            cr_assert(agent.tasks[0]->containers[0].n_restarts == 1);
            steps_exited(0, 0, 0, false);
            cr_assert(steps_reported(0, TASK_STOPPED), "it had not run long enough");
            cr_assert(report()->containers[0].n_restarts == 1);
        }
        steps_finish();
    }
    boot_with();
}

Test(agent_task, nothing_restarts_in_a_task_that_stops)
{
    containers[0].restart = &restart;
    boot_with();
    steps_place(0, 0);
    steps_bring_up(0, 0);
    now_usec = 100 * SECOND;
    steps_stop(0);
    steps_exited(0, 0, 143, false);
    cr_assert(steps_reported(0, TASK_STOPPED) && !steps_said(MESSAGE_START_CONTAINER));
}

/* What it depends on mattered for its first start only: no time-out may come of it. */
Test(agent_task, a_restarted_container_waits_for_nobody)
{
    definition.n_containers = 2;
    containers[0].essential = false;
    containers[0].health = &health;
    containers[0].start_timeout_usec = 20 * SECOND;
    containers[1].restart = &restart;
    containers[1].n_depends = 1;
    containers[1].depends = &depend;
    health.retries = 1;
    boot_with();
    steps_place(0, 0);
    steps_bring_up(0, 0);
    steps_answer_probe(0, 0, true);
    steps_bring_up(0, 1);
    for (int i = 0; i < 7; i++)
        steps_answer_probe(0, 0, false);
    cr_assert(now_usec == 80 * SECOND);
    steps_exited(0, 1, 1, false);
    cr_assert(steps_ordered(MESSAGE_START_CONTAINER, 0, 1));
    cr_assert(agent_deadline(&agent) > now_usec, "%lld", (long long)agent_deadline(&agent));
    steps_fact(MESSAGE_CONTAINER_STARTED, 0, 1, NULL);
    cr_assert(agent.tasks[0]->containers[1].status == CONTAINER_RUNNING && !report());
}

/* dependsOn's time-out -------------------------------------------------------------------------- */

Test(agent_task, a_dependency_that_takes_too_long_stops_the_task)
{
    definition.n_containers = 2;
    containers[0].health = &health;
    containers[0].start_timeout_usec = 25 * SECOND;
    containers[1].n_depends = 1;
    containers[1].depends = &depend;
    boot_with();
    now_usec = SECOND;
    steps_place(0, 0);
    steps_bring_up(0, 0);
    steps_answer_probe(0, 0, false);
    steps_answer_probe(0, 0, false);
    cr_assert(now_usec == 21 * SECOND && agent_deadline(&agent) == 26 * SECOND,
              "counted from its own start");
    now_usec = 26 * SECOND;
    steps_tick();
    cr_assert(steps_signalled(0, 0, SIGNAL_TERM));
    steps_exited(0, 0, 143, false);
    cr_assert(steps_reported(0, TASK_STOPPED) && report()->code == STOP_TASK_FAILED_TO_START);
    cr_assert_str_eq(report()->reason, "dependsOn was not met within startTimeout: container a");
}

/* With its image pulled ahead, the container has an order out when the time comes. */
Test(agent_task, a_time_out_waits_for_the_order_that_is_out)
{
    rules.pull_dependents_upfront = true;
    definition.n_containers = 2;
    depend.condition = CONDITION_COMPLETE;
    containers[0].essential = false;
    containers[0].start_timeout_usec = 5 * SECOND;
    containers[1].n_depends = 1;
    containers[1].depends = &depend;
    boot_with();
    steps_place(0, 0);
    cr_assert(outputs.n_messages == 2, "both are pulled");
    steps_bring_up(0, 0);
    wait_until(9 * SECOND);
    cr_assert(agent_deadline(&agent) == USEC_NEVER);
    steps_fact(MESSAGE_IMAGE_PULLED, 0, 1, NULL);
    cr_assert(steps_signalled(0, 0, SIGNAL_TERM) && agent.tasks[0]->stopping);
}

/* Images ---------------------------------------------------------------------------------------- */

Test(agent_task, images_are_pulled_by_the_agents_behavior)
{
    static const struct {
        enum pull_behavior behavior;
        bool pulls_again; /* an image that this instance has */
        bool survives;    /* a pull that fails then */
        bool cleaned;     /* by the clean-up */
    } rows[] = {
        {PULL_DEFAULT, true, true, true},
        {PULL_ALWAYS, true, false, true},
        {PULL_ONCE, false, true, true},
        {PULL_PREFER_CACHED, false, true, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rules.pull_behavior = rows[i].behavior;
        rules.image_cleanup_usec = 1800 * SECOND;
        boot_with();
        steps_place(0, 0);
        cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 0, 0), "row %zu: never pulled before", i);
        steps_bring_up(0, 0);
        steps_exited(0, 0, 0, false);
        steps_place(1, 0);
        cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 1, 0) == rows[i].pulls_again, "row %zu", i);
        if (rows[i].pulls_again)
            steps_fact(MESSAGE_IMAGE_PULLED, 1, 0, "no");
        cr_assert((steps_said(MESSAGE_CREATE_CONTAINER) != NULL) == rows[i].survives, "row %zu", i);
        if (rows[i].survives)
            steps_stop(1);
        if (rows[i].survives)
            steps_fact(MESSAGE_CONTAINER_CREATED, 1, 0, NULL);
        wait_until(7200 * SECOND);
        steps_place(2, 0);
        cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 2, 0) ==
                      (rows[i].cleaned || rows[i].pulls_again),
                  "row %zu: after the clean-up", i);
        steps_finish();
    }
    boot_with();
}

/* Every 30 minutes, what nobody uses and was pulled an hour ago, five at most. */
Test(agent_task, images_are_cleaned_up_when_old_and_unused)
{
    char names[7][8];

    rules.image_cleanup_usec = 1800 * SECOND;
    for (int i = 0; i < 7; i++) {
        snprintf(names[i], sizeof names[i], "i:%d", i);
        containers[0].image = names[i];
        taskdefs_add(&taskdefs, &definition);
    }
    boot();
    for (int i = 0; i < 7; i++) {
        now_usec = i * SECOND;
        steps_place(i, i);
        steps_bring_up(i, 0);
        if (i > 0) /* the first one goes on running */
            steps_exited(i, 0, 0, false);
    }
    now_usec = 1800 * SECOND;
    steps_tick();
    cr_assert(!steps_said(MESSAGE_REMOVE_IMAGE), "pulled half an hour ago");
    now_usec = 3606 * SECOND;
    steps_tick();
    cr_assert(outputs.n_messages == 5);
    for (int i = 0; i < 5; i++)
        cr_assert_str_eq(outputs.messages[i].as.remove_image.image, names[i + 1]);
    cr_assert(agent_deadline(&agent) == (3606 + 1800) * SECOND);
    now_usec = agent_deadline(&agent);
    steps_tick();
    cr_assert(outputs.n_messages == 1, "and the sixth");
}

/* The connection -------------------------------------------------------------------------------- */

Test(agent_task, an_agent_that_hears_nothing_connects_anew)
{
    rules.heartbeat_timeout_usec = 60 * SECOND;
    rules.heartbeat_jitter_usec = 0;
    boot_with();
    cr_assert(agent_deadline(&agent) == 60 * SECOND);
    now_usec = 30 * SECOND;
    message(MESSAGE_HEARTBEAT);
    cr_assert(agent_deadline(&agent) == 90 * SECOND);
    now_usec = 90 * SECOND;
    steps_tick();
    cr_assert(steps_said(MESSAGE_RECONNECT) && outputs.n_messages == 1);
    cr_assert(agent_deadline(&agent) == USEC_NEVER);
    now_usec = 91 * SECOND;
    message(MESSAGE_HEARTBEAT);
    cr_assert(agent_deadline(&agent) == USEC_NEVER, "from before");
    message(MESSAGE_CONNECTED);
    cr_assert(steps_said(MESSAGE_REGISTER) && outputs.n_messages == 1);
    cr_assert(agent_deadline(&agent) == 151 * SECOND);
}

Test(agent_task, what_happens_while_disconnected_is_reported_after)
{
    boot_with();
    steps_place(0, 0);
    steps_place(1, 0);
    steps_bring_up(0, 0);
    message(MESSAGE_DISCONNECTED);
    steps_bring_up(1, 0);
    cr_assert(!report(), "nobody is there to hear it");
    steps_exited(1, 0, 3, false);
    cr_assert(!report() && steps_said(MESSAGE_REMOVE_TASK));
    steps_exited(0, 0, 0, false);
    now_usec = SECOND;
    message(MESSAGE_CONNECTED);
    cr_assert(outputs.n_messages == 4);
    cr_assert(outputs.messages[0].kind == MESSAGE_REGISTER && outputs.messages[0].id == 3);
    for (int i = 0; i < 3; i++) {
        static const struct {
            int task;
            enum task_status status;
        } wanted[] = {{1, TASK_RUNNING}, {1, TASK_STOPPED}, {0, TASK_STOPPED}};

        cr_assert(outputs.messages[i + 1].kind == MESSAGE_TASK_STATE);
        cr_assert(outputs.messages[i + 1].id == 4 + i, "numbered as they go out");
        cr_assert(outputs.messages[i + 1].as.task_state.task == wanted[i].task);
        cr_assert(outputs.messages[i + 1].as.task_state.status == wanted[i].status);
    }
    message(MESSAGE_CONNECTED);
    cr_assert(outputs.n_messages == 0, "once");
}

/* What it gets of the host ---------------------------------------------------------------------- */

Test(agent_task, ports_without_a_number_get_the_next_free_one)
{
    const struct create_container *create;

    rules.first_dynamic_port = 50000;
    rules.last_dynamic_port = 50002;
    ports[0] = (struct port_mapping){80, 0, PROTOCOL_TCP};
    ports[1] = (struct port_mapping){81, 50001, PROTOCOL_TCP};
    containers[0].n_ports = 2;
    containers[0].ports = ports;
    definition.network_mode = NETWORK_BRIDGE;
    taskdefs_add(&taskdefs, &definition);
    containers[0].n_ports = 1;
    taskdefs_add(&taskdefs, &definition);
    boot();
    for (int task = 0; task < 3; task++) {
        static const int32_t wanted[] = {50000, 50002, 50000};

        steps_place(task, task == 0 ? 0 : 1);
        steps_fact(MESSAGE_IMAGE_PULLED, task, 0, NULL);
        create = &steps_said(MESSAGE_CREATE_CONTAINER)->as.create;
        cr_assert(create->bindings[0].container_port == 80);
        cr_assert(create->bindings[0].host_port == wanted[task], "t%d: %d", task + 1,
                  create->bindings[0].host_port);
        if (task == 0) {
            cr_assert(create->n_bindings == 2 && create->bindings[1].host_port == 50001);
        } else if (task == 1) {
            steps_stop(0); /* 50000 and 50001 are free again */
            steps_fact(MESSAGE_CONTAINER_CREATED, 0, 0, NULL);
        }
    }
}

Test(agent_task, gpus_are_pinned_by_number)
{
    containers[0].gpus = 2;
    containers[1].gpus = 1;
    definition.n_containers = 2;
    taskdefs_add(&taskdefs, &definition);
    definition.n_containers = 1;
    taskdefs_add(&taskdefs, &definition);
    containers[0].gpus = GPUS_ALL;
    taskdefs_add(&taskdefs, &definition);
    boot(); /* four */
    steps_place(0, 0);
    steps_fact(MESSAGE_IMAGE_PULLED, 0, 1, NULL);
    cr_assert(steps_said(MESSAGE_CREATE_CONTAINER)->as.create.gpus == 1 << 2);
    steps_place(1, 1);
    cr_assert(outputs.n_messages == 0, "one is free, it wants two");
    steps_fact(MESSAGE_IMAGE_PULLED, 0, 0, NULL);
    cr_assert(steps_said(MESSAGE_CREATE_CONTAINER)->as.create.gpus == 3);
    steps_stop(0);
    steps_fact(MESSAGE_CONTAINER_CREATED, 0, 0, NULL);
    steps_fact(MESSAGE_CONTAINER_CREATED, 0, 1, NULL);
    cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 1, 0));
    steps_fact(MESSAGE_IMAGE_PULLED, 1, 0, NULL);
    cr_assert(steps_said(MESSAGE_CREATE_CONTAINER)->as.create.gpus == 3, "the lowest free ones");
    steps_place(2, 2);
    cr_assert(outputs.n_messages == 0, "it wants all");
}

/* Many ------------------------------------------------------------------------------------------ */

/* Numbers need not come in order; who came first is first in the queue, and falls due first. */
Test(agent_task, arrival_counts_and_not_the_number)
{
    containers[0].memory_mib = 2048;
    boot_with(); /* room for two */
    steps_place(7, 0);
    steps_place(9, 0);
    steps_place(3, 0);
    steps_place(5, 0);
    steps_bring_up(9, 0);
    steps_bring_up(7, 0);
    steps_exited(9, 0, 0, false);
    cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 3, 0));
    steps_bring_up(3, 0);
    steps_stop(7);
    steps_stop(3);
    cr_assert(agent_deadline(&agent) == 30 * SECOND);
    now_usec = 30 * SECOND;
    steps_tick();
    cr_assert(outputs.n_messages == 2);
    cr_assert(outputs.messages[0].as.signal.task == 7 && outputs.messages[1].as.signal.task == 3);
    steps_exited(3, 0, 137, false);
    cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 5, 0));
}

/* A machine of its own ---------------------------------------------------------------------------- */

static void booted(int32_t task, char *error)
{
    struct message event = message_new(MESSAGE_MACHINE_BOOTED);

    event.as.machine_booted.task = task;
    event.as.machine_booted.error = error;
    steps_step(&event);
}

/* Nothing is done to its containers before there is a place for them; images are the machine's own. */
Test(agent_task, containers_wait_for_the_machine)
{
    static struct task_machine machine = {200};

    definition.machine = &machine;
    boot_with();
    cr_assert(taskdef_memory_mib(&definition) == 64 + 200 &&
              taskdef_containers_mib(&definition) == 64);
    for (int32_t task = 0; task < 2; task++) {
        steps_place(task, 0);
        cr_assert(outputs.n_messages == 1 && steps_said(MESSAGE_BOOT_MACHINE));
        cr_assert(steps_said(MESSAGE_BOOT_MACHINE)->as.boot_machine.task == task);
        cr_assert(agent.host.memory_used_mib == (task + 1) * 264);
        booted(task, NULL);
        cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, task, 0), "also where another has it");
        booted(task, "again");
        cr_assert(outputs.n_messages == 0, "once is enough");
        steps_bring_up(task, 0);
        cr_assert(steps_reported(task, TASK_RUNNING));
    }
    steps_exited(0, 0, 3, false);
    cr_assert(steps_said(MESSAGE_REMOVE_TASK) && agent.host.memory_used_mib == 264);
}

Test(agent_task, a_machine_that_does_not_come_up)
{
    static struct task_machine machine = {200};

    definition.machine = &machine;
    boot_with();
    steps_place(0, 0);
    booted(0, "it hangs");
    cr_assert(steps_reported(0, TASK_STOPPED) && steps_said(MESSAGE_REMOVE_TASK));
    cr_expect_str_eq(report()->reason, "ResourceInitializationError: it hangs");
    steps_place(1, 0);
    steps_stop(1);
    cr_assert(steps_reported(1, TASK_STOPPED) && steps_said(MESSAGE_REMOVE_TASK), "while it boots");
    booted(1, NULL);
    cr_assert(outputs.n_messages == 0 && agent.host.memory_used_mib == 0);
}

/* Of an instance with a kernel of its own tasks get what that leaves, in a run at half the size twice as much; of a
 * micro-VM all. */
Test(agent_task, what_a_kernel_leaves_is_registered)
{
    struct boot_course course = {.memory_bytes = INT64_C(900) << 20,
                                 .system_bytes = INT64_C(100) << 20};
    static const struct {
        int32_t of_type, for_task, registered;
        int64_t left_mib;
    } rows[] = {{1024, ID_NONE, 800, 0},
                {700, ID_NONE, 700, 0},
                {1024, 5, 1024, 0},
                {2048, ID_NONE, 1600, 1600},
                {1024, ID_NONE, 1024, 1600}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        course.left_bytes = rows[i].left_mib << 20;
        steps_begin(
            &(struct boot){0, 1, 2048, rows[i].of_type, 0, &rules, &course, rows[i].for_task});
        cr_expect(steps_said(MESSAGE_REGISTER)->as.register_instance.memory_mib ==
                      rows[i].registered,
                  "row %zu", i);
        steps_finish();
    }
    boot();
}
