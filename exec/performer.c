/*
 * Orders in, facts out. A task's containers stand in the order of its definition; a task's record
 * lives from its duty until all its containers are removed. Facts wait in a list of their own, so
 * that an order that fails at once answers like one that fails later.
 */
#include "exec/performer.h"

#include "core/array.h"
#include "exec/annex.h"
#include "exec/command_line.h"
#include "exec/connect.h"
#include "exec/container.h"
#include "exec/equipment.h"
#include "exec/loop.h"
#include "exec/prints.h"
#include "exec/pull.h"
#include "exec/store.h"
#include "exec/tree.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct ward {
    struct task *task;
    int32_t index;               /* in the definition */
    struct container *container; /* NULL: not created, or removed */
    struct container_spec spec;
    struct command_line line;   /* what `spec` points to, as `connection` */
    struct equipment equipment; /* likewise */
    struct connection connection;
    bool wants_image; /* its pull is under way */
    int64_t pull_begin_usec;
    int64_t pull_end_usec; /* its pull is told then; INT64_MAX: none waits */
    int64_t permille;      /* its pull takes so much longer; 0: it does not */
    bool pull_fails;
    int stop_signal; /* the image's */
    bool started, ended;
    bool ready;
    bool again; /* its last life is being removed, then it starts anew */
    int64_t started_usec;
};

struct task {
    struct duty duty;
    const struct plan *plan;
    char group[CGROUP_PATH_MAX];
    struct connection_task connection;
    bool has_group, removing;
    struct annex *annex; /* its own machine, which does all of it; NULL: there is none (yet) */
    struct ward *wards;  /* one per container of the definition */
};

struct performer {
    const struct setup *setup;
    struct cgroup_machine *cgroups;
    struct network *network; /* or NULL */
    struct container_host *host;
    struct puller *puller;
    struct annexes *annexes;
    char store[400]; /* folder of all images of the instance */
    bool store_mounted;
    char volumes[400]; /* folder of all volumes of the instance */
    struct prints *prints;
    struct registry_order registry;
    int timer_fd;       /* for pulls that are told later */
    int gate_fd;        /* see performer_hold() */
    bool told_limits;   /* that one could not be raised */
    struct plan *plans; /* by definition, in order */
    int n_plans, cap_plans;
    struct task **tasks;
    int n_tasks, cap_tasks;
    struct fact *facts; /* from `first` on */
    int n_facts, cap_facts, first;
};

/* ---- facts ---- */

static struct message *add_fact(struct performer *performer, enum message_kind kind, bool modelled)
{
    struct fact *fact = ARRAY_ADD(performer, facts);

    *fact = (struct fact){message_new(kind), modelled};
    return &fact->event;
}

static void tell(struct performer *performer, const struct ward *ward, enum message_kind kind,
                 const struct err *err, bool modelled)
{
    struct message *event = add_fact(performer, kind, modelled);

    event->as.fact.task = ward->task->duty.task;
    event->as.fact.container = ward->index;
    event->as.fact.error = err ? strdup(err->text) : NULL;
}

static void tell_exit(struct performer *performer, const struct ward *ward, int exit_code, bool oom)
{
    struct message *event = add_fact(performer, MESSAGE_CONTAINER_EXITED, false);

    event->as.exited.task = ward->task->duty.task;
    event->as.exited.container = ward->index;
    event->as.exited.exit_code = exit_code;
    event->as.exited.oom = oom;
}

/* ---- tasks ---- */

static struct task *find_task(const struct performer *performer, int32_t id)
{
    for (int i = 0; i < performer->n_tasks; i++) {
        if (performer->tasks[i]->duty.task == id) {
            return performer->tasks[i];
        }
    }
    return NULL;
}

static struct ward *find_ward(const struct performer *performer, int32_t id, int32_t container)
{
    struct task *task = find_task(performer, id);

    return task && container >= 0 && container < task->duty.n_containers ? &task->wards[container]
                                                                         : NULL;
}

void performer_plan(struct performer *performer, const struct plan *plan)
{
    assert(plan->taskdef == performer->n_plans);
    *ARRAY_ADD(performer, plans) = *plan;
}

void performer_duty(struct performer *performer, const struct duty *duty)
{
    struct task *task = calloc(1, sizeof *task);

    assert(task && duty->taskdef < performer->n_plans);
    task->duty = *duty;
    task->plan = &performer->plans[duty->taskdef];
    assert(task->plan->n_containers == duty->n_containers);
    snprintf(task->group, sizeof task->group, "%s/t%d", performer->setup->group, duty->task + 1);
    task->wards = calloc((size_t)duty->n_containers + 1, sizeof *task->wards);
    assert(task->wards);
    task->connection = (struct connection_task){duty->task, task->plan, NETWORK_NO_SEAT};
    for (int i = 0; i < duty->n_containers; i++) {
        task->wards[i].task = task;
        task->wards[i].pull_end_usec = INT64_MAX;
        task->wards[i].index = i;
        task->wards[i].connection.seat = NETWORK_NO_SEAT;
    }
    *ARRAY_ADD(performer, tasks) = task;
}

static void free_task(struct performer *performer, struct task *task)
{
    char volumes[sizeof performer->volumes + 16];

    for (int i = 0; i < task->duty.n_containers; i++) {
        connect_end(&task->wards[i].connection, performer->network);
        command_line_finish(&task->wards[i].line);
        equipment_finish(&task->wards[i].equipment);
    }
    if (performer->network) {
        network_leave(performer->network, &task->connection.seat);
    }
    snprintf(volumes, sizeof volumes, "%s/t%d", performer->volumes, task->duty.task + 1);
    tree_remove(AT_FDCWD, volumes);
    free(task->wards);
    schema_finish(&duty_schema, &task->duty);
    free(task);
}

/* Forgets a task of which nothing is left. */
static void forget_if_gone(struct performer *performer, struct task *task)
{
    int at;

    if (!task->removing) {
        return;
    }
    for (int i = 0; i < task->duty.n_containers; i++) {
        if (task->wards[i].container || task->wards[i].wants_image) {
            return;
        }
    }
    if (task->has_group) {
        cgroup_remove(performer->cgroups, task->group); /* else the instance's end removes it */
    }
    for (at = 0; performer->tasks[at] != task; at++) {
    }
    performer->n_tasks--;
    memmove(&performer->tasks[at], &performer->tasks[at + 1],
            (size_t)(performer->n_tasks - at) * sizeof(struct task *));
    free_task(performer, task);
}

/* ---- images ---- */

static const struct plan_container *plan_of(const struct ward *ward)
{
    return &ward->task->plan->containers[ward->index];
}

/* No image of that name on this machine: how long its pull took says nothing. */
static bool is_stand_in(const struct ward *ward)
{
    return plan_of(ward)->layout == NULL;
}

static void tell_pulled(struct performer *performer, const struct ward *ward,
                        const struct pulled *pulled)
{
    tell(performer, ward, MESSAGE_IMAGE_PULLED, pulled->ok ? NULL : &pulled->err,
         is_stand_in(ward));
}

/* Wakes us at that time, or before: whoever looks finds out what is due. */
static void wake_at(const struct performer *performer, int64_t at_usec)
{
    struct itimerspec when, before;

    if (at_usec == INT64_MAX) {
        return;
    }
    timerfd_gettime(performer->timer_fd, &before);
    when = (struct itimerspec){
        .it_value = {.tv_sec = at_usec / 1000000, .tv_nsec = at_usec % 1000000 * 1000 + 1}};
    if (before.it_value.tv_sec == 0 && before.it_value.tv_nsec == 0) {
        timerfd_settime(performer->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    } else if (at_usec < loop_clock_usec() + before.it_value.tv_sec * INT64_C(1000000) +
                             before.it_value.tv_nsec / 1000) {
        timerfd_settime(performer->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    }
}

/* Nothing comes any more: after a while the agent gives up. */
static void fail_pull(struct performer *performer, struct ward *ward)
{
    ward->wants_image = false;
    ward->pull_fails = true;
    ward->pull_end_usec = loop_clock_usec() + performer->registry.patience_usec;
    wake_at(performer, ward->pull_end_usec);
}

/* It is there, at once or as much later as the registry was slow when it was asked for. */
static void end_pull(struct performer *performer, struct ward *ward, const struct pulled *pulled)
{
    int64_t took_usec = loop_clock_usec() - ward->pull_begin_usec;

    ward->wants_image = false;
    if (ward->permille <= 1000 || !pulled->ok) {
        tell_pulled(performer, ward, pulled);
        return;
    }
    ward->pull_end_usec = ward->pull_begin_usec + took_usec * ward->permille / 1000;
    wake_at(performer, ward->pull_end_usec);
}

/* Tells those whose time has come. */
static void tell_late_pulls(struct performer *performer)
{
    struct err err;
    uint64_t times;
    ssize_t n = read(performer->timer_fd, &times, sizeof times);

    (void)n;
    for (int i = 0; i < performer->n_tasks; i++) {
        struct task *task = performer->tasks[i];

        for (int j = 0; j < task->duty.n_containers; j++) {
            struct ward *ward = &task->wards[j];

            if (ward->pull_end_usec > loop_clock_usec()) {
                wake_at(performer, ward->pull_end_usec);
                continue;
            }
            ward->pull_end_usec = INT64_MAX;
            err_set(&err, EXIT_MACHINE, "the registry does not answer");
            tell(performer, ward, MESSAGE_IMAGE_PULLED, ward->pull_fails ? &err : NULL, true);
        }
    }
}

/* On our clock; 0 and "never" stay what they are. */
static int64_t to_clock(const struct performer *performer, int64_t at_usec)
{
    return at_usec == 0 || at_usec >= INT64_MAX - performer->setup->origin_usec
               ? at_usec
               : performer->setup->origin_usec + at_usec;
}

void performer_registry(struct performer *performer, const struct registry_order *given)
{
    const struct registry_order *order = &performer->registry;
    int64_t dead_until_usec = to_clock(performer, given->dead_until_usec);
    bool dies = dead_until_usec != performer->registry.dead_until_usec &&
                dead_until_usec > loop_clock_usec();

    performer->registry = *given;
    performer->registry.slow_until_usec = to_clock(performer, given->slow_until_usec);
    performer->registry.dead_until_usec = dead_until_usec;
    annexes_registry(performer->annexes, given);
    for (int i = 0; i < performer->n_tasks; i++) {
        struct task *task = performer->tasks[i];

        for (int j = 0; j < task->duty.n_containers; j++) {
            if (order->patience_usec == 0 && task->wards[j].pull_end_usec != INT64_MAX) {
                task->wards[j].pull_end_usec = loop_clock_usec();
                wake_at(performer, task->wards[j].pull_end_usec);
            } else if (dies &&
                       (task->wards[j].wants_image || task->wards[j].pull_end_usec != INT64_MAX)) {
                fail_pull(performer, &task->wards[j]);
            }
        }
    }
}

static void pull(struct performer *performer, struct ward *ward)
{
    const struct pulled *pulled;

    ward->pull_begin_usec = loop_clock_usec();
    ward->pull_fails = false;
    ward->permille = ward->pull_begin_usec < performer->registry.slow_until_usec
                         ? performer->registry.permille
                         : 0;
    if (ward->pull_begin_usec < performer->registry.dead_until_usec) {
        fail_pull(performer, ward);
        return;
    }
    pulled = pull_image(performer->puller, plan_of(ward)->layout);
    if (pulled) {
        end_pull(performer, ward, pulled);
    } else {
        ward->wants_image = true;
    }
}

static bool same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* In the order in which the tasks came; then those that were only waiting for it to go may go. */
static void take_pulled(struct performer *performer, const struct pulled *pulled)
{
    for (int i = 0; i < performer->n_tasks; i++) {
        struct task *task = performer->tasks[i];

        for (int j = 0; j < task->duty.n_containers; j++) {
            struct ward *ward = &task->wards[j];

            if (ward->wants_image && same(plan_of(ward)->layout, pulled->layout)) {
                end_pull(performer, ward, pulled);
            }
        }
    }
    for (int i = performer->n_tasks - 1; i >= 0; i--) {
        forget_if_gone(performer, performer->tasks[i]);
    }
}

/* ---- containers ---- */

static bool make_group(struct performer *performer, struct task *task, struct err *err)
{
    struct cgroup_limits limits = {
        .quota_cpu = task->plan->quota_cpu,
        .weight_cpu = task->plan->weight_cpu,
        .memory_bytes = task->plan->memory_bytes,
        .swap_bytes = task->plan->swap_bytes,
    };

    task->has_group =
        task->has_group || cgroup_make(performer->cgroups, task->group, true, &limits, err);
    return task->has_group;
}

static void describe(struct performer *performer, struct ward *ward, const struct pulled *pulled)
{
    const struct plan_container *plan = plan_of(ward);

    equipment_make(&ward->equipment, plan, ward->task->duty.task);

    command_line_make(&ward->line, plan, &pulled->image, pull_work_layer(performer->puller),
                      &ward->task->duty.containers[ward->index]);
    ward->spec = (struct container_spec){
        .name = plan->name,
        .task_group = ward->task->group,
        .limits = {.weight_cpu = plan->weight_cpu,
                   .memory_bytes = plan->memory_bytes,
                   .reserved_bytes = plan->reserved_bytes,
                   .swap_bytes = plan->swap_bytes,
                   .swappiness = plan->swappiness},
        .layers = ward->line.layers,
        .argv = ward->line.argv,
        .env = ward->line.env,
        .cwd = ward->line.cwd,
        .user = ward->line.user,
        .hostname = plan->hostname,
        .read_only = plan->readonly_root,
        .rlimits = ward->equipment.rlimits,
        .n_rlimits = (size_t)plan->n_limits,
        .add_capabilities = (uint64_t)plan->add_capabilities,
        .drop_capabilities = (uint64_t)plan->drop_capabilities,
        .shm_bytes = plan->shm_bytes,
        .controls = ward->equipment.controls,
        .volumes = performer->volumes,
        .mounts = ward->equipment.mounts,
        .n_mounts = (size_t)plan->n_mounts,
        .network_fd = ward->connection.seat.fd >= 0 ? ward->connection.seat.fd : 0,
        .hosts = ward->connection.hosts,
        .resolv_conf = ward->connection.resolv_conf,
    };
}

static bool names_a_program(const struct ward *ward, struct err *err)
{
    return ward->spec.argv[0] != NULL ||
           err_set(err, EXIT_INPUT,
                   "container %s: neither its definition nor the image %s names a "
                   "command",
                   plan_of(ward)->name, plan_of(ward)->image);
}

static bool connect_ward(struct performer *performer, struct ward *ward,
                         const struct create_container *order, struct err *err)
{
    const struct connection *others[TASKDEF_CONTAINERS_MAX];

    assert(ward->task->duty.n_containers <= TASKDEF_CONTAINERS_MAX);
    for (int i = 0; i < ward->task->duty.n_containers; i++) {
        others[i] = &ward->task->wards[i].connection;
    }
    return connect_make(&ward->connection, performer->network, &ward->task->connection, ward->index,
                        others, order, err);
}

static void create(struct performer *performer, struct ward *ward,
                   const struct create_container *order)
{
    const struct pulled *pulled = pull_image(performer->puller, plan_of(ward)->layout);
    struct err err;
    bool ok;

    assert(pulled && pulled->ok && !ward->container);
    if (!connect_ward(performer, ward, order, &err)) {
        tell(performer, ward, MESSAGE_CONTAINER_CREATED, &err, false);
        return;
    }
    describe(performer, ward, pulled);
    ward->stop_signal = plan_of(ward)->performs ? SIGTERM : pulled->image.stop_signal;
    ok = names_a_program(ward, &err) && make_group(performer, ward->task, &err) &&
         container_create(performer->host, &ward->spec, ward, &ward->container, &err);
    tell(performer, ward, MESSAGE_CONTAINER_CREATED, ok ? NULL : &err, false);
}

/* What it prints goes into one file for all its lives. */
static bool start_container(struct performer *performer, struct ward *ward, struct err *err)
{
    char name[160];
    bool ok;

    snprintf(name, sizeof name, "t%d.%s", ward->task->duty.task + 1, plan_of(ward)->name);
    ward->spec.output_fd = prints_begin(performer->prints, name);
    ward->spec.gate_fd = performer->gate_fd;
    ok = container_start(ward->container, err);
    if (ward->spec.output_fd > 0) {
        close(ward->spec.output_fd);
    }
    return ok;
}

static void start(struct performer *performer, struct ward *ward)
{
    struct err err;

    assert(ward->container);
    if (ward->ended) { /* by its restart policy: a new one of the same name, when this one is gone */
        ward->again = true;
        container_remove(ward->container);
    } else if (!start_container(performer, ward, &err)) {
        ward->ended = true;
        tell(performer, ward, MESSAGE_CONTAINER_STARTED, &err, false);
    }
}

/* What it wrote into its files in its last life is lost, unlike with Docker: they were memory. */
static void start_again(struct performer *performer, struct ward *ward)
{
    struct err err;

    ward->again = ward->started = ward->ended = ward->ready = false;
    if (!container_create(performer->host, &ward->spec, ward, &ward->container, &err) ||
        !start_container(performer, ward, &err)) {
        ward->ended = true;
        tell(performer, ward, MESSAGE_CONTAINER_STARTED, &err, false);
    }
}

/* ---- health ---- */

static void tell_probed(struct performer *performer, const struct ward *ward, int32_t probe,
                        bool healthy, bool modelled)
{
    struct message *event = add_fact(performer, MESSAGE_CONTAINER_PROBED, modelled);

    event->as.probed = (struct container_probed){
        .task = ward->task->duty.task,
        .container = ward->index,
        .probe = probe,
        .healthy = healthy,
    };
}

/* As the simulator has it: ready, and not past the time until which it stays well. */
static bool behaves_well(const struct ward *ward)
{
    int64_t after_usec = ward->task->duty.containers[ward->index].unhealthy_after_usec;

    return ward->ready && loop_clock_usec() - ward->started_usec < after_usec;
}

static void probe(struct performer *performer, struct ward *ward, int32_t number)
{
    const struct plan_container *plan = plan_of(ward);
    const struct health_check *check = ward->task->plan->definition->containers[ward->index].health;
    const char **argv;
    char *needs;
    struct container_probe order = {.number = number};
    struct err err;

    if (!ward->container || !ward->started || ward->ended) {
        return; /* its end is on its way to the machine */
    }
    if (!check || plan->n_health_command == 0) {
        tell_probed(performer, ward, number, behaves_well(ward), true);
        return;
    }
    argv = command_line_probe(plan);
    needs = plan->performs ? command_line_probe_needs(plan) : NULL;
    order.argv = argv;
    order.needs = needs;
    order.timeout_usec = check->timeout_usec;
    if (!container_probe(ward->container, &ward->spec, &order, &err)) {
        tell_probed(performer, ward, number, false, false);
    }
    free(needs);
    free(argv);
}

/* Whoever stands in for a program lacks what checks it, and does not fall ill but by its behaviour. */
static void take_probed(struct performer *performer, const struct ward *ward,
                        const struct container_event *event)
{
    bool missing = plan_of(ward)->performs && event->result == CONTAINER_PROBE_NO_PROGRAM;
    bool healthy = missing || event->result == CONTAINER_PROBE_PASSED;

    if (plan_of(ward)->performs) {
        healthy = healthy && behaves_well(ward);
    }
    tell_probed(performer, ward, event->probe, healthy, missing);
}

static void send_signal(struct ward *ward, enum stop_signal signal)
{
    struct err err;

    if (!ward->container || ward->ended) {
        return;
    }
    if (signal == SIGNAL_KILL) {
        container_kill(ward->container);
    } else {
        /* It is gone, or SIGKILL will come. */
        container_signal(ward->container, ward->stop_signal, &err);
    }
}

static void remove_task(struct performer *performer, struct task *task)
{
    task->removing = true;
    if (task->annex) {
        annex_end(task->annex);
        task->annex = NULL;
    }
    for (int i = 0; i < task->duty.n_containers; i++) {
        connect_unmap(&task->wards[i].connection, performer->network); /* another may want them */
        if (task->wards[i].container) {
            container_remove(task->wards[i].container);
        }
    }
    forget_if_gone(performer, task);
}

/* ---- tasks in a machine of their own ---- */

static void boot_machine(struct performer *performer, struct task *task)
{
    struct message *event;

    if (task->plan->guest) {
        task->annex = annex_boot(performer->annexes, task->plan, &task->duty, task->group);
        return;
    }
    event = add_fact(performer, MESSAGE_MACHINE_BOOTED, false);
    event->as.machine_booted.task = task->duty.task;
    event->as.machine_booted.error = strdup("a virtual machine cannot hold another here");
}

/* The task that an action on a container is about. */
static int32_t task_of(const struct message *action)
{
    switch (action->kind) {
    case MESSAGE_PROBE_CONTAINER:
        return action->as.probe.task;
    case MESSAGE_SIGNAL_CONTAINER:
        return action->as.signal.task;
    case MESSAGE_CREATE_CONTAINER:
        return action->as.create.task;
    default:
        return action->as.order.task;
    }
}

void performer_act(struct performer *performer, const struct message *action)
{
    struct ward *ward;
    struct task *task;

    switch (action->kind) {
    case MESSAGE_RECONNECT:
        add_fact(performer, MESSAGE_CONNECTED, false); /* the socket is there as long as we are */
        return;
    case MESSAGE_REMOVE_IMAGE: /* the store goes with the instance */
        return;
    default:
        break;
    }
    if (action->kind == MESSAGE_REMOVE_TASK) {
        task = find_task(performer, action->as.remove_task.task);
        assert(task);
        remove_task(performer, task);
        return;
    }
    if (action->kind == MESSAGE_BOOT_MACHINE) {
        task = find_task(performer, action->as.boot_machine.task);
        assert(task);
        boot_machine(performer, task);
        return;
    }
    task = find_task(performer, task_of(action));
    if (task && task->annex) {
        annex_order(task->annex, action);
        return;
    }
    if (action->kind == MESSAGE_PROBE_CONTAINER) {
        ward = find_ward(performer, action->as.probe.task, action->as.probe.container);
        assert(ward);
        probe(performer, ward, action->as.probe.probe);
        return;
    }
    if (action->kind == MESSAGE_SIGNAL_CONTAINER) {
        ward = find_ward(performer, action->as.signal.task, action->as.signal.container);
        assert(ward);
        send_signal(ward, action->as.signal.signal);
        return;
    }
    if (action->kind == MESSAGE_CREATE_CONTAINER) {
        ward = find_ward(performer, action->as.create.task, action->as.create.container);
        assert(ward);
        create(performer, ward, &action->as.create);
        return;
    }
    ward = find_ward(performer, action->as.order.task, action->as.order.container);
    assert(ward);
    if (action->kind == MESSAGE_PULL_IMAGE) {
        pull(performer, ward);
    } else {
        assert(action->kind == MESSAGE_START_CONTAINER);
        start(performer, ward);
    }
}

void performer_fault(struct performer *performer, const struct fault_order *order)
{
    struct task *task = find_task(performer, order->task);

    if (task && task->annex) {
        annex_fault(task->annex, order);
        return;
    }
    for (int i = 0; task && i < task->duty.n_containers; i++) {
        if (order->container == ID_NONE || order->container == i) {
            send_signal(&task->wards[i], SIGNAL_KILL);
        }
    }
}

/* ---- what happens ---- */

/* Docker would not start it; raising a hard limit takes a right that this machine may lack. */
static void tell_refused_limits(struct performer *performer, const struct ward *ward)
{
    if (!performer->told_limits) {
        performer->told_limits = true;
        fprintf(stderr,
                "berth: warning: t%d.%s: a ulimit could not be raised (CAP_SYS_RESOURCE is missing "
                "here); the others are set\n",
                ward->task->duty.task + 1, plan_of(ward)->name);
    }
}

static void take_started(struct performer *performer, struct ward *ward)
{
    ward->started = true;
    ward->ready = !plan_of(ward)->performs;
    ward->started_usec = loop_clock_usec();
    tell(performer, ward, MESSAGE_CONTAINER_STARTED, NULL, false);
    /* A program of the user's does not say when it is ready: at once, as the default behaviour. */
    if (!plan_of(ward)->performs) {
        tell(performer, ward, MESSAGE_CONTAINER_READY, NULL, true);
    }
}

static void take_event(struct performer *performer, const struct container_event *event)
{
    struct ward *ward = event->owner;

    switch (event->kind) {
    case CONTAINER_STARTED:
        if (event->rlimit_refused) {
            tell_refused_limits(performer, ward);
        }
        take_started(performer, ward);
        break;
    case CONTAINER_FAILED:
        ward->ended = true;
        tell(performer, ward, MESSAGE_CONTAINER_STARTED, &event->err, false);
        break;
    case CONTAINER_PROBED:
        take_probed(performer, ward, event);
        break;
    case CONTAINER_READY:
        ward->ready = true;
        if (plan_of(ward)->performs) {
            tell(performer, ward, MESSAGE_CONTAINER_READY, NULL, false);
        }
        break;
    case CONTAINER_EXITED:
        ward->ended = true;
        tell_exit(performer, ward, event->exit_code, event->oom_killed);
        break;
    case CONTAINER_REMOVED:
        ward->container = NULL;
        if (ward->again && !ward->task->removing) {
            start_again(performer, ward);
        }
        forget_if_gone(performer, ward->task);
        break;
    }
}

static void collect(struct performer *performer)
{
    struct container_event event;
    const struct pulled *pulled;

    tell_late_pulls(performer);
    while ((pulled = pull_next(performer->puller))) {
        take_pulled(performer, pulled);
    }
    while (container_host_next(performer->host, &event)) {
        take_event(performer, &event);
    }
}

bool performer_next(struct performer *performer, struct fact *fact)
{
    if (performer->first == performer->n_facts) {
        performer->first = performer->n_facts = 0;
        collect(performer);
    }
    if (performer->first == performer->n_facts) {
        return annexes_next(performer->annexes, fact);
    }
    *fact = performer->facts[performer->first++];
    return true;
}

static bool read_used(const struct performer *performer, const struct task *task, struct used *used)
{
    struct cgroup_usage usage;
    struct err err;

    if (task->annex) {
        return annex_used(task->annex, used);
    }
    if (!performer->setup->guest || !task->has_group ||
        !cgroup_read(performer->cgroups, task->group, &usage, &err)) {
        return false;
    }
    *used =
        (struct used){task->duty.task, usage.cpu_usec, usage.throttled_usec, usage.memory_bytes};
    return true;
}

bool performer_used(struct performer *performer, int *at, struct used *used)
{
    while (*at < performer->n_tasks) {
        if (read_used(performer, performer->tasks[(*at)++], used)) {
            return true;
        }
    }
    return false;
}

void performer_hold(struct performer *performer, int gate_fd)
{
    performer->gate_fd = gate_fd;
}

void performer_rest(struct performer *performer)
{
    prints_pump(performer->prints);
}

bool performer_is_idle(const struct performer *performer)
{
    return performer->n_tasks == 0;
}

void performer_fds(const struct performer *performer, int fds[PERFORMER_FDS])
{
    fds[0] = container_host_fd(performer->host);
    fds[1] = pull_fd(performer->puller);
    fds[2] = prints_fd(performer->prints);
    fds[3] = performer->timer_fd;
    fds[4] = annexes_fd(performer->annexes);
}

/* ---- beginning and end ---- */

/* Two descriptors a container: of the usual limit of 1024 there would be too few. Containers have
 * limits of their own. */
static void take_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

bool performer_open(struct performer **out, const struct setup *setup,
                    struct cgroup_machine *cgroups, struct network *network,
                    struct prints_out *prints_out, struct err *err)
{
    struct performer *performer = calloc(1, sizeof *performer);

    assert(performer);
    performer->setup = setup;
    performer->cgroups = cgroups;
    performer->network = network;
    take_descriptors();
    snprintf(performer->store, sizeof performer->store, "%s/images", setup->folder);
    snprintf(performer->volumes, sizeof performer->volumes, "%s/volumes", setup->folder);
    if (mkdir(performer->volumes, 0711) != 0 && errno != EEXIST) {
        err_errno(err, errno, "cannot make %s", performer->volumes);
        free(performer);
        return false;
    }
    if (!container_host_open(&performer->host, setup->folder, setup->group, cgroups, err)) {
        free(performer);
        return false;
    }
    if (!annexes_open(&performer->annexes, setup, cgroups, err)) {
        container_host_close(performer->host);
        free(performer);
        return false;
    }
    if (!prints_open(&performer->prints, setup->prints, prints_out, err)) {
        annexes_close(performer->annexes);
        container_host_close(performer->host);
        free(performer);
        return false;
    }
    /* A guest's memory is dear, and its disk its own. */
    if (!store_open(performer->store, geteuid() == 0 && !setup->guest, &performer->store_mounted,
                    err) ||
        !pull_open(&performer->puller, performer->store, setup->work_program, err)) {
        store_close(performer->store, performer->store_mounted);
        prints_close(performer->prints);
        annexes_close(performer->annexes);
        container_host_close(performer->host);
        free(performer);
        return false;
    }
    performer->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    assert(performer->timer_fd >= 0);
    *out = performer;
    return true;
}

void performer_cloud(struct performer *performer, int cloud_fd)
{
    annexes_cloud(performer->annexes, cloud_fd);
}

void performer_close(struct performer *performer)
{
    struct fact fact;

    annexes_close(performer->annexes);
    container_host_close(performer->host);
    prints_close(performer->prints);
    close(performer->timer_fd);
    pull_close(performer->puller);
    store_close(performer->store, performer->store_mounted);
    while (performer->first < performer->n_facts) {
        fact = performer->facts[performer->first++];
        message_finish(&fact.event);
    }
    for (int i = 0; i < performer->n_tasks; i++) {
        if (performer->tasks[i]->has_group) {
            cgroup_remove(performer->cgroups, performer->tasks[i]->group);
        }
        free_task(performer, performer->tasks[i]);
    }
    for (int i = 0; i < performer->n_plans; i++) {
        schema_finish(&plan_schema, &performer->plans[i]);
    }
    free(performer->facts);
    free(performer->tasks);
    free(performer->plans);
    free(performer);
}
