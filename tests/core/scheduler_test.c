/*
 * The scheduler step by step: what each call and report leads to, in which order, and what is refused.
 */
#include "core/check.h"
#include "core/scheduler.h"

#include <criterion/criterion.h>
#include <string.h>

static struct scheduler scheduler;
static struct outputs outputs;
static int64_t now_usec;

static void step(const struct message *event)
{
    char detail[256];
    const char *broken;

    outputs.n_messages = 0;
    scheduler_step(&scheduler, now_usec, event, &outputs);
    broken = core_check(&scheduler, detail, sizeof detail);
    cr_assert(!broken, "%s: %s", broken, detail);
}

/* The `n`-th output of that kind in the last step (from 0), or NULL. */
static const struct message *said(enum message_kind kind, int n)
{
    for (int i = 0; i < outputs.n_messages; i++)
        if (outputs.messages[i].kind == kind && n-- == 0)
            return &outputs.messages[i];
    return NULL;
}

static int count(enum message_kind kind)
{
    int n = 0;

    while (said(kind, n))
        n++;
    return n;
}

static void tick(void)
{
    struct message event = message_new(MESSAGE_TICK);

    step(&event);
}

static void add_instances(int n, bool replace)
{
    struct message event = message_new(MESSAGE_INSTANCE_GROUP);

    event.as.instance_group = (struct instance_group){.group = scheduler.cluster.n_groups,
                                                      .type = "box",
                                                      .cpu = 1024,
                                                      .memory_mib = 1024,
                                                      .count = n,
                                                      .replace = replace};
    step(&event);
}

static void register_instance(int instance)
{
    struct message event = message_new(MESSAGE_REGISTER);

    event.as.register_instance = (struct register_instance){
        .instance = instance, .epoch = 1, .cpu = 1024, .memory_mib = 1024};
    step(&event);
}

static void define(const char *family, int memory_mib)
{
    struct container_definition container = {
        .name = "main", .image = "i", .memory_mib = memory_mib, .essential = true};
    struct task_definition definition = {.family = (char *)(uintptr_t)family,
                                         .revision = 1,
                                         .n_containers = 1,
                                         .containers = &container};
    struct message event = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    event.as.register_task_definition.taskdef = scheduler.cluster.taskdefs.n_definitions;
    event.as.register_task_definition.definition = &definition;
    step(&event);
}

static void create_service(int desired)
{
    struct message event = message_new(MESSAGE_CREATE_SERVICE);

    event.as.create_service = (struct create_service){
        .service = scheduler.cluster.n_services, .name = "web", .taskdef = 0, .desired = desired};
    step(&event);
}

static void update_service(int taskdef, int desired)
{
    struct message event = message_new(MESSAGE_UPDATE_SERVICE);

    event.as.update_service =
        (struct update_service){.taskdef = taskdef, .desired = desired, .grace_sec = ID_NONE};
    step(&event);
}

static void run_task(int count_wanted, bool wait)
{
    struct message event = message_new(MESSAGE_RUN_TASK);

    event.as.run_task = (struct run_task){.taskdef = 0, .count = count_wanted, .wait = wait};
    step(&event);
}

static void report(int task, enum task_status status)
{
    struct message event = message_new(MESSAGE_TASK_STATE);

    event.as.task_state = (struct task_state){
        .instance = scheduler.cluster.tasks[task].instance,
        .epoch = 1,
        .task = task,
        .status = status,
        .code = status == TASK_STOPPED ? STOP_ESSENTIAL_CONTAINER_EXITED : STOP_NONE};
    step(&event);
}

static void lose(int instance)
{
    struct message event = message_new(MESSAGE_INSTANCE_LOST);

    event.as.instance_lost.instance = instance;
    step(&event);
}

static void begin(void)
{
    now_usec = 0;
    scheduler_init(&scheduler, 1);
}

static void finish(void)
{
    scheduler_finish(&scheduler);
    outputs_finish(&outputs);
}

TestSuite(scheduler, .init = begin, .fini = finish);

Test(scheduler, run_task_goes_from_pending_to_stopped)
{
    const struct message *placed;

    add_instances(1, false);
    cr_assert(count(MESSAGE_LAUNCH_INSTANCE) == 1);
    cr_assert(!scheduler_settled(&scheduler));
    register_instance(0);
    cr_assert(scheduler_settled(&scheduler));
    define("task", 100);
    run_task(1, false);
    placed = said(MESSAGE_PLACE_TASK, 0);
    cr_assert(placed && placed->as.place_task.instance == 0 && placed->as.place_task.task == 0);
    cr_assert(placed->as.place_task.rule == ID_NONE);
    cr_assert(scheduler.cluster.tasks[0].last == TASK_PENDING);
    cr_assert(!scheduler_idle(&scheduler));
    report(0, TASK_RUNNING);
    cr_assert(scheduler.cluster.tasks[0].last == TASK_RUNNING);
    report(0, TASK_STOPPED);
    cr_assert(scheduler.cluster.tasks[0].last == TASK_STOPPED);
    cr_assert(scheduler.cluster.tasks[0].stop_code == STOP_ESSENTIAL_CONTAINER_EXITED);
    cr_assert(scheduler_idle(&scheduler));
    cr_assert(scheduler.n_open == 0);
}

Test(scheduler, run_task_without_room_is_refused_with_its_nearest_miss)
{
    add_instances(2, false);
    define("task", 1500);
    register_instance(0);
    run_task(2, false);
    cr_assert(count(MESSAGE_REFUSE) == 2);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_NO_CAPACITY);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.reason == PLACE_MEMORY);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.nearest == 0);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.lack == 1500 - 1024);
    cr_assert(scheduler.cluster.n_tasks == 0, "a refused task is none");
}

/* Each instance that the call names is answered by itself: taken, without room, or unheard of. */
Test(scheduler, start_task_is_answered_instance_by_instance)
{
    struct instance_name named[] = {{1}, {0}, {7}};
    struct message event = message_new(MESSAGE_START_TASK);

    add_instances(2, false);
    define("task", 600);
    register_instance(0);
    register_instance(1);
    run_task(1, false);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance == 0);
    event.as.start_task = (struct start_task){.taskdef = 0, .n_instances = 3, .instances = named};
    step(&event);
    cr_assert(count(MESSAGE_PLACE_TASK) == 1 && count(MESSAGE_REFUSE) == 2);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance == 1);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.reason == PLACE_MEMORY);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.nearest == 0);
    cr_assert(said(MESSAGE_REFUSE, 1)->as.refuse.reason == PLACE_MISSING);
    cr_assert(said(MESSAGE_REFUSE, 1)->as.refuse.nearest == ID_NONE);
}

/* The guide's: N tasks on M < N instances are M, and the rest waits; a task that is told to stop is none. */
Test(scheduler, distinct_instances_take_one_task_of_a_service_each)
{
    struct placement_constraint distinct = {CONSTRAINT_DISTINCT_INSTANCE, NULL};
    struct message event = message_new(MESSAGE_CREATE_SERVICE);

    add_instances(2, false);
    define("task", 10);
    register_instance(0);
    register_instance(1);
    event.as.create_service = (struct create_service){
        .name = "web", .desired = 3, .n_constraints = 1, .constraints = &distinct};
    step(&event);
    cr_assert(count(MESSAGE_PLACE_TASK) == 2 && count(MESSAGE_WAIT) == 1);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance !=
              said(MESSAGE_PLACE_TASK, 1)->as.place_task.instance);
    cr_assert(said(MESSAGE_WAIT, 0)->as.wait.reason == PLACE_DISTINCT);
    report(0, TASK_RUNNING);
    report(1, TASK_RUNNING);
    add_instances(1, false);
    register_instance(2);
    cr_assert(count(MESSAGE_PLACE_TASK) == 1);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance == 2);
}

Test(scheduler, waiting_tasks_are_placed_in_order_once_there_is_room)
{
    add_instances(1, false);
    define("task", 600);
    run_task(2, true);
    cr_assert(count(MESSAGE_WAIT) == 2);
    cr_assert(said(MESSAGE_WAIT, 0)->as.wait.reason == PLACE_INACTIVE);
    cr_assert(!scheduler_idle(&scheduler), "an instance is on its way");
    register_instance(0);
    cr_assert(count(MESSAGE_PLACE_TASK) == 1);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.task == 0);
    cr_assert(said(MESSAGE_WAIT, 0)->as.wait.reason == PLACE_MEMORY);
    report(0, TASK_RUNNING);
    cr_assert(outputs.n_messages == 0, "nothing has changed for t2");
    report(0, TASK_STOPPED);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.task == 1);
    report(1, TASK_STOPPED);
    cr_assert(scheduler_idle(&scheduler));
}

Test(scheduler, a_task_that_can_never_run_leaves_the_scheduler_idle)
{
    add_instances(1, false);
    register_instance(0);
    define("task", 2000);
    run_task(1, true);
    cr_assert(scheduler_idle(&scheduler));
}

Test(scheduler, a_service_keeps_its_desired_count)
{
    add_instances(2, false);
    define("task", 100);
    register_instance(0);
    register_instance(1);
    create_service(3);
    cr_assert(count(MESSAGE_PLACE_TASK) == 3);
    for (int t = 0; t < 3; t++)
        report(t, TASK_RUNNING);
    report(1, TASK_STOPPED);
    cr_assert(count(MESSAGE_PLACE_TASK) == 1, "one for the one that stopped");
    update_service(ID_NONE, 1);
    cr_assert(count(MESSAGE_STOP_TASK) == 2);
    cr_assert(said(MESSAGE_STOP_TASK, 0)->as.stop_task.task == 3, "the one that never ran first");
    update_service(ID_NONE, 1);
    cr_assert(outputs.n_messages == 0);
}

Test(scheduler, room_is_free_for_placement_when_the_stop_is_decided)
{
    struct message stop = message_new(MESSAGE_STOP_TASK_CALL);

    add_instances(1, false);
    define("task", 600);
    register_instance(0);
    run_task(1, false);
    run_task(1, true);
    cr_assert(count(MESSAGE_WAIT) == 1);
    stop.as.stop_task_call.task = 0;
    step(&stop);
    cr_assert(count(MESSAGE_STOP_TASK) == 1);
    cr_assert(count(MESSAGE_PLACE_TASK) == 1, "the agent will queue it until t1 is gone");
}

Test(scheduler, tasks_that_never_run_are_throttled)
{
    int64_t expected_usec = USEC_PER_SEC;

    add_instances(1, false);
    define("task", 100);
    register_instance(0);
    create_service(1);
    for (int try = 0; try < 12; try++) {
        report(try, TASK_STOPPED);
        cr_assert(count(MESSAGE_PLACE_TASK) == 0, "try %d", try);
        cr_assert(scheduler.cluster.services[0].retry_at_usec == now_usec + expected_usec, "try %d",
                  try);
        for (int64_t due_usec = now_usec + expected_usec; now_usec < due_usec; tick())
            now_usec = scheduler_deadline(&scheduler);
        cr_assert(count(MESSAGE_PLACE_TASK) == 1, "try %d", try);
        expected_usec =
            expected_usec * 2 < 900 * USEC_PER_SEC ? expected_usec * 2 : 900 * USEC_PER_SEC;
    }
    report(12, TASK_RUNNING);
    report(12, TASK_STOPPED);
    cr_assert(count(MESSAGE_PLACE_TASK) == 1, "a task that ran is replaced at once");
}

Test(scheduler, a_lost_instance_and_its_tasks_are_replaced)
{
    add_instances(2, true);
    define("task", 600);
    register_instance(0);
    register_instance(1);
    create_service(2);
    report(0, TASK_RUNNING);
    report(1, TASK_RUNNING);
    lose(0);
    cr_assert(scheduler.cluster.instances[0].status == INSTANCE_INACTIVE);
    cr_assert(count(MESSAGE_LAUNCH_INSTANCE) == 1);
    cr_assert(said(MESSAGE_LAUNCH_INSTANCE, 0)->as.launch_instance.instance == 2);
    cr_assert(count(MESSAGE_PLACE_TASK) == 0, "no room on the other one");
    cr_assert(said(MESSAGE_WAIT, 0)->as.wait.nearest == 1);
    lose(0);
    cr_assert(outputs.n_messages == 0, "once is enough");
    register_instance(2);
    cr_assert(said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance == 2);
}

Test(scheduler, launches_that_fail_are_repeated_ever_more_slowly)
{
    add_instances(1, true);
    for (int i = 0; i < 4; i++) {
        lose(i);
        cr_assert(count(MESSAGE_LAUNCH_INSTANCE) == 0);
        cr_assert(scheduler_deadline(&scheduler) == now_usec + (USEC_PER_SEC << i));
        now_usec = scheduler_deadline(&scheduler);
        tick();
        cr_assert(count(MESSAGE_LAUNCH_INSTANCE) == 1);
    }
}

static bool gave_up(void)
{
    return scheduler.cluster.groups[0].given_up;
}

/* Loses an instance and waits for its successor; false where none comes any more. */
static bool lose_and_replace(int instance)
{
    lose(instance);
    if (count(MESSAGE_LAUNCH_INSTANCE) == 0 && scheduler_deadline(&scheduler) != USEC_NEVER) {
        now_usec = scheduler_deadline(&scheduler);
        tick();
    }
    return count(MESSAGE_LAUNCH_INSTANCE) == 1;
}

Test(scheduler, what_fails_at_every_launch_is_given_up)
{
    add_instances(1, true);
    define("task", 100);
    run_task(1, true);
    for (int i = 0; i < 4; i++)
        cr_assert(lose_and_replace(i), "launch %d", i + 1);
    cr_assert(!scheduler_idle(&scheduler) && !gave_up(), "there may be room yet");
    cr_assert(!lose_and_replace(4) && gave_up());
    cr_assert(scheduler_deadline(&scheduler) == USEC_NEVER);
    cr_assert(scheduler_settled(&scheduler) && scheduler_idle(&scheduler), "the run may end");
    cr_assert(scheduler_waiting(&scheduler) == 1, "and says what waits");
}

Test(scheduler, an_instance_that_registers_clears_the_count)
{
    add_instances(1, true);
    for (int i = 0; i < 4; i++)
        cr_assert(lose_and_replace(i));
    register_instance(4);
    now_usec += 60 * USEC_PER_SEC;
    for (int i = 4; i < 8; i++)
        cr_assert(lose_and_replace(i), "instance %d", i);
    cr_assert(!gave_up());
}

/* Each of eight has its chance. */
Test(scheduler, a_group_gives_up_after_all_its_launches)
{
    add_instances(8, true);
    for (int i = 0; i < 7; i++)
        lose(i);
    cr_assert(!gave_up());
    lose(7);
    cr_assert(gave_up());
}

/* It comes up and dies at once, again and again; one that had a task run on it is another matter. */
Test(scheduler, what_dies_right_after_it_registered_is_given_up)
{
    add_instances(1, true);
    define("task", 100);
    for (int i = 0; i < 4; i++) {
        register_instance(i);
        cr_assert(lose_and_replace(i), "instance %d", i);
    }
    register_instance(4);
    run_task(1, false);
    report(0, TASK_RUNNING);
    for (int i = 4; i < 8; i++) {
        cr_assert(lose_and_replace(i), "instance %d", i);
        register_instance(i + 1);
    }
    cr_assert(!lose_and_replace(8) && gave_up());
}

Test(scheduler, a_new_definition_rolls_out_without_losing_a_running_task)
{
    add_instances(2, false);
    define("task", 100);
    define("task", 100);
    register_instance(0);
    register_instance(1);
    create_service(2);
    report(0, TASK_RUNNING);
    report(1, TASK_RUNNING);
    update_service(1, ID_NONE);
    cr_assert(count(MESSAGE_PLACE_TASK) == 2 && count(MESSAGE_STOP_TASK) == 0);
    report(2, TASK_RUNNING);
    cr_assert(count(MESSAGE_STOP_TASK) == 0, "40 s RUNNING is healthy where nothing checks");
    now_usec += 20 * USEC_PER_SEC;
    report(3, TASK_RUNNING);
    cr_assert(count(MESSAGE_STOP_TASK) == 0);
    now_usec += 20 * USEC_PER_SEC;
    tick();
    cr_assert(count(MESSAGE_STOP_TASK) == 1, "two of the old ones and one of the new are healthy");
    now_usec += 20 * USEC_PER_SEC;
    tick();
    cr_assert(count(MESSAGE_STOP_TASK) == 1);
    cr_assert(scheduler.cluster.services[0].n_wanted == 2);
}

Test(scheduler, stale_and_absurd_events_change_nothing)
{
    uint64_t before;
    struct message events[6];

    add_instances(1, false);
    define("task", 100);
    register_instance(0);
    run_task(1, false);
    report(0, TASK_RUNNING);
    before = scheduler_hash(&scheduler);
    events[0] = message_new(MESSAGE_TASK_STATE); /* another epoch */
    events[0].as.task_state =
        (struct task_state){.instance = 0, .epoch = 2, .status = TASK_STOPPED};
    events[1] = events[0];
    events[1].as.task_state.epoch = 1;
    events[1].as.task_state.instance = 5;
    events[2] = events[0];
    events[2].as.task_state.task = 77;
    events[3] = message_new(MESSAGE_REGISTER); /* registered already */
    events[3].as.register_instance =
        (struct register_instance){.epoch = 1, .cpu = 4096, .memory_mib = 4096};
    events[4] = message_new(MESSAGE_INSTANCE_LOST);
    events[5] = message_new(MESSAGE_CONTAINER_EXITED); /* an agent's affair */
    for (int i = 0; i < 6; i++) {
        step(&events[i]);
        cr_assert(outputs.n_messages == 0 && scheduler_hash(&scheduler) == before, "event %d", i);
    }
}

Test(scheduler, wrong_calls_are_refused)
{
    struct message stop = message_new(MESSAGE_STOP_TASK_CALL);

    define("task", 100);
    create_service(1);
    create_service(1);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_DUPLICATE);
    update_service(9, ID_NONE);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_NOT_FOUND);
    update_service(ID_NONE, -5);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_INVALID);
    run_task(0, false);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_INVALID);
    stop.as.stop_task_call.task = 3;
    step(&stop);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_NOT_FOUND);
}

Test(scheduler, the_end_stops_everything_and_leaves_nothing_open)
{
    struct message end = message_new(MESSAGE_END);

    add_instances(3, true);
    define("task", 100);
    register_instance(0);
    register_instance(1);
    create_service(2);
    run_task(1, false);
    report(0, TASK_RUNNING);
    step(&end);
    cr_assert(count(MESSAGE_STOP_TASK) == 3);
    cr_assert(said(MESSAGE_TERMINATE_INSTANCE, 0)->as.terminate_instance.instance == 2,
              "the one that still launches");
    for (int t = 0; t < 3; t++)
        report(t, TASK_STOPPED);
    cr_assert(!scheduler_ended(&scheduler));
    for (int i = 0; i < 3; i++)
        lose(i);
    cr_assert(scheduler_ended(&scheduler));
    cr_assert(scheduler.n_open == 0);
    run_task(1, true);
    cr_assert(said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_INACTIVE);
}

Test(scheduler, equal_histories_have_equal_hashes)
{
    uint64_t hashes[2];

    for (int i = 0; i < 2; i++) {
        finish();
        memset(&outputs, 0, sizeof outputs);
        begin();
        add_instances(2, false);
        define("task", 100);
        register_instance(0);
        create_service(2);
        report(0, TASK_RUNNING);
        hashes[i] = scheduler_hash(&scheduler);
    }
    cr_assert(hashes[0] == hashes[1]);
    report(1, TASK_RUNNING);
    cr_assert(scheduler_hash(&scheduler) != hashes[1]);
}
