/*
 * The agent step by step: the order of a container's life, dependsOn, stopping, the queue.
 */
#include "agent_steps.h"

#include <criterion/criterion.h>
#include <string.h>

/* d1: one container. d2: a <- b on a condition. d3: port 80. d4: essential and non-essential. */
static void begin(void)
{
    struct container_depend depend = {0, CONDITION_SUCCESS};
    struct health_check health = {10 * USEC_PER_SEC, 2 * USEC_PER_SEC, 0, 3};
    struct agent_rules rules = agent_rules_default;
    struct port_mapping port = {80, 80, PROTOCOL_TCP};
    struct container_definition containers[2] = {
        {.name = "a",
         .image = "i",
         .memory_mib = 600,
         .essential = true,
         .stop_timeout_usec = 2 * USEC_PER_SEC},
        {.name = "b",
         .image = "i",
         .memory_mib = 100,
         .essential = true,
         .stop_timeout_usec = 5 * USEC_PER_SEC},
    };
    struct task_definition definition = {
        .family = "d", .n_containers = 1, .containers = containers};

    taskdefs_add(&taskdefs, &definition);
    definition.n_containers = 2;
    containers[0].essential = false;
    containers[1].n_depends = 1;
    containers[1].depends = &depend;
    for (int condition = CONDITION_START; condition <= CONDITION_HEALTHY; condition++) {
        depend.condition = (enum container_condition)condition;
        containers[0].health = condition == CONDITION_HEALTHY ? &health : NULL;
        taskdefs_add(&taskdefs, &definition); /* ids 1 to 4 */
    }
    containers[0].health = NULL;
    containers[1].n_depends = 0;
    taskdefs_add(&taskdefs, &definition); /* 5: independent, a not essential */
    containers[0].memory_mib = 10;
    containers[0].essential = true;
    containers[0].n_ports = 1;
    containers[0].ports = &port;
    definition.n_containers = 1;
    taskdefs_add(&taskdefs, &definition); /* 6: a host port */
    rules.image_cleanup_usec = 0;
    rules.heartbeat_timeout_usec = 0;
    steps_begin(&(struct boot){0, 1, 1024, 1024, 0, &rules, NULL, ID_NONE});
    cr_assert(steps_said(MESSAGE_REGISTER));
}

TestSuite(agent, .init = begin, .fini = steps_finish);

Test(agent, a_container_is_pulled_created_started_and_reported)
{
    steps_place(0, 0);
    cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 0, 0) && outputs.n_messages == 1);
    steps_fact(MESSAGE_IMAGE_PULLED, 0, 0, NULL);
    cr_assert(steps_ordered(MESSAGE_CREATE_CONTAINER, 0, 0) && outputs.n_messages == 1);
    steps_fact(MESSAGE_CONTAINER_CREATED, 0, 0, NULL);
    cr_assert(steps_ordered(MESSAGE_START_CONTAINER, 0, 0) && outputs.n_messages == 1);
    steps_fact(MESSAGE_CONTAINER_STARTED, 0, 0, NULL);
    cr_assert(steps_reported(0, TASK_RUNNING) && outputs.n_messages == 1);
    steps_exited(0, 0, 3, false);
    cr_assert(steps_reported(0, TASK_STOPPED) && steps_said(MESSAGE_REMOVE_TASK));
    cr_assert(steps_said(MESSAGE_TASK_STATE)->as.task_state.code == STOP_ESSENTIAL_CONTAINER_EXITED);
    cr_assert(strcmp(steps_said(MESSAGE_TASK_STATE)->as.task_state.reason,
                     "Essential container in task exited") == 0);
    cr_assert(steps_said(MESSAGE_TASK_STATE)->as.task_state.containers[0].exit_code == 3);
    cr_assert(agent.n_tasks == 0 && agent.host.memory_used_mib == 0);
}

/* What lets the second container begin, and what makes the task fail. */
Test(agent, depends_on_by_condition)
{
    const struct {
        enum container_condition condition;
        bool after_start, after_ready, after_exit_0, after_exit_1;
    } rows[] = {
        {CONDITION_START, true, true, true, true},
        {CONDITION_COMPLETE, false, false, true, true},
        {CONDITION_SUCCESS, false, false, true, false},
        {CONDITION_HEALTHY, false, true, false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int end = 0; end < 4; end++) {
            int task = (int)i * 4 + end;
            const bool begins[] = {rows[i].after_start, rows[i].after_ready, rows[i].after_exit_0,
                                   rows[i].after_exit_1};
            bool began;

            steps_place(task, 1 + (int)i);
            cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, task, 0) && outputs.n_messages == 1);
            steps_bring_up(task, 0);
            began = steps_ordered(MESSAGE_PULL_IMAGE, task, 1);
            if (end == 1 && rows[i].condition == CONDITION_HEALTHY)
                steps_pass_probe(task, 0);
            else if (end >= 2)
                steps_exited(task, 0, end - 2, false);
            began = began || steps_ordered(MESSAGE_PULL_IMAGE, task, 1);
            cr_assert(began == begins[end], "%s, end %d",
                      container_condition_names[rows[i].condition], end);
            if (end >= 2 && !begins[end])
                cr_assert(steps_reported(task, TASK_STOPPED) &&
                          steps_said(MESSAGE_TASK_STATE)->as.task_state.code ==
                              STOP_TASK_FAILED_TO_START);
            steps_finish();
            begin();
        }
    }
}

Test(agent, a_task_runs_once_all_its_containers_have)
{
    steps_place(0, 5);
    steps_bring_up(0, 1);
    cr_assert(outputs.n_messages == 0, "the other one has not started");
    steps_bring_up(0, 0);
    cr_assert(steps_reported(0, TASK_RUNNING));
    steps_exited(0, 0, 1, false);
    cr_assert(outputs.n_messages == 0, "it was not essential");
    steps_exited(0, 1, 137, true);
    cr_assert(steps_reported(0, TASK_STOPPED));
    cr_assert(steps_said(MESSAGE_TASK_STATE)->as.task_state.containers[1].oom);
}

Test(agent, containers_stop_in_reverse_order_each_with_its_own_timeout)
{
    steps_place(0, 1); /* b needs a to have started */
    steps_bring_up(0, 0);
    steps_bring_up(0, 1);
    now_usec = USEC_PER_SEC;
    steps_stop(0);
    cr_assert(steps_signalled(0, 1, SIGNAL_TERM) && outputs.n_messages == 1);
    cr_assert(agent_deadline(&agent) == 6 * USEC_PER_SEC);
    now_usec = 6 * USEC_PER_SEC;
    steps_tick();
    cr_assert(steps_signalled(0, 1, SIGNAL_KILL) && outputs.n_messages == 1);
    cr_assert(agent_deadline(&agent) == USEC_NEVER);
    steps_exited(0, 1, 137, false);
    cr_assert(steps_signalled(0, 0, SIGNAL_TERM));
    cr_assert(agent_deadline(&agent) == 8 * USEC_PER_SEC);
    steps_exited(0, 0, 143, false);
    cr_assert(steps_reported(0, TASK_STOPPED));
    cr_assert(steps_said(MESSAGE_TASK_STATE)->as.task_state.code == STOP_USER_INITIATED);
    cr_assert(agent_deadline(&agent) == USEC_NEVER);
}

Test(agent, a_stop_waits_for_the_order_that_is_out)
{
    steps_place(0, 0);
    steps_stop(0);
    cr_assert(outputs.n_messages == 0, "the pull is under way");
    steps_fact(MESSAGE_IMAGE_PULLED, 0, 0, NULL);
    cr_assert(steps_reported(0, TASK_STOPPED) && steps_said(MESSAGE_REMOVE_TASK));
}

Test(agent, the_head_of_the_queue_blocks_those_behind)
{
    steps_place(0, 0);
    steps_place(1, 0); /* 600 + 600 MiB do not fit into 1024 */
    cr_assert(outputs.n_messages == 0);
    steps_place(2, 6);
    cr_assert(outputs.n_messages == 0, "10 MiB would fit, but t2 was first");
    steps_bring_up(0, 0);
    steps_exited(0, 0, 0, false);
    cr_assert(steps_reported(0, TASK_STOPPED));
    cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 1, 0));
    cr_assert(agent.tasks[0]->admitted);
}

Test(agent, a_queued_task_leaves_without_having_consumed)
{
    steps_place(0, 0);
    steps_place(1, 0);
    steps_stop(1);
    cr_assert(steps_reported(1, TASK_STOPPED) && !steps_said(MESSAGE_REMOVE_TASK));
    cr_assert(agent.host.memory_used_mib == 600);
}

Test(agent, a_host_port_is_free_when_its_task_has_stopped)
{
    steps_place(0, 6);
    steps_place(1, 6);
    cr_assert(outputs.n_messages == 0);
    steps_bring_up(0, 0);
    steps_exited(0, 0, 0, false);
    cr_assert(steps_ordered(MESSAGE_PULL_IMAGE, 1, 0));
}

Test(agent, what_cannot_start_says_so_in_ecs_words)
{
    const struct {
        enum message_kind kind;
        const char *reason;
    } rows[] = {
        {MESSAGE_IMAGE_PULLED, "CannotPullContainerError: no"},
        {MESSAGE_CONTAINER_CREATED, "CannotCreateContainerError: no"},
        {MESSAGE_CONTAINER_STARTED, "CannotStartContainerError: no"},
    };

    for (int i = 0; i < 3; i++) {
        steps_place(i, 0);
        for (int k = 0; k < i; k++)
            steps_fact(rows[k].kind, i, 0, NULL);
        steps_fact(rows[i].kind, i, 0, "no");
        cr_assert(steps_reported(i, TASK_STOPPED));
        cr_assert(strcmp(steps_said(MESSAGE_TASK_STATE)->as.task_state.reason, rows[i].reason) == 0);
        cr_assert(steps_said(MESSAGE_TASK_STATE)->as.task_state.containers[0].exit_code == ID_NONE);
    }
}

Test(agent, stale_and_absurd_events_change_nothing)
{
    struct message event = message_new(MESSAGE_PLACE_TASK);

    steps_place(0, 0);
    steps_place(0, 0);
    cr_assert(outputs.n_messages == 0 && agent.n_tasks == 1, "twice");
    event.as.place_task = (struct place_task){.task = 5, .instance = 3, .epoch = 1};
    steps_step(&event);
    event.as.place_task = (struct place_task){.task = 5, .epoch = 9};
    steps_step(&event);
    event.as.place_task = (struct place_task){.task = 5, .epoch = 1, .taskdef = 99};
    steps_step(&event);
    cr_assert(agent.n_tasks == 1);
    steps_fact(MESSAGE_CONTAINER_STARTED, 0, 0, NULL);
    steps_fact(MESSAGE_IMAGE_PULLED, 0, 7, NULL);
    steps_fact(MESSAGE_IMAGE_PULLED, 0, -1, NULL);
    steps_fact(MESSAGE_IMAGE_PULLED, 4, 0, NULL);
    steps_exited(0, 0, 0, false);
    steps_exited(9, 0, 0, false);
    cr_assert(outputs.n_messages == 0);
    cr_assert(agent.tasks[0]->containers[0].status == CONTAINER_NONE);
}
