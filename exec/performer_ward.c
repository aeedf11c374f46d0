/*
 * Containers of tasks, from the order to create one to its end: groups, what is run in them, restarts,
 * health, signals, and what is told of each. A task's containers stand in the order of its definition. It
 * must never know where orders come from and where facts go.
 */
#include "exec/performer_inside.h"

#include "exec/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- creating and starting ---- */

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

void performer_ward_create(struct performer *performer, struct ward *ward,
                           const struct create_container *order)
{
    const struct pulled *pulled = pull_image(performer->puller, plan_of(ward)->layout);
    struct err err;
    bool ok;

    assert(pulled && pulled->ok && !ward->container);
    if (!connect_ward(performer, ward, order, &err)) {
        performer_tell(performer, ward, MESSAGE_CONTAINER_CREATED, &err, false);
        return;
    }
    describe(performer, ward, pulled);
    ward->stop_signal = plan_of(ward)->performs ? SIGTERM : pulled->image.stop_signal;
    ok = names_a_program(ward, &err) && make_group(performer, ward->task, &err) &&
         container_create(performer->host, &ward->spec, ward, &ward->container, &err);
    performer_tell(performer, ward, MESSAGE_CONTAINER_CREATED, ok ? NULL : &err, false);
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

void performer_ward_start(struct performer *performer, struct ward *ward)
{
    struct err err;

    assert(ward->container);
    if (ward->ended) { /* by its restart policy: a new one of the same name, when this one is gone */
        ward->again = true;
        container_remove(ward->container);
    } else if (!start_container(performer, ward, &err)) {
        ward->ended = true;
        performer_tell(performer, ward, MESSAGE_CONTAINER_STARTED, &err, false);
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
        performer_tell(performer, ward, MESSAGE_CONTAINER_STARTED, &err, false);
    }
}

/* ---- health ---- */

static void tell_probed(struct performer *performer, const struct ward *ward, int32_t probe,
                        bool healthy, bool modelled)
{
    struct message *event = performer_add_fact(performer, MESSAGE_CONTAINER_PROBED, modelled);

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

void performer_ward_probe(struct performer *performer, struct ward *ward, int32_t number)
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

/* ---- signals ---- */

void performer_ward_signal(struct ward *ward, enum stop_signal signal)
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

/* ---- what happens ---- */

static void tell_exit(struct performer *performer, const struct ward *ward,
                      const struct container_event *exit)
{
    struct message *event = performer_add_fact(performer, MESSAGE_CONTAINER_EXITED, false);

    event->as.exited.task = ward->task->duty.task;
    event->as.exited.container = ward->index;
    event->as.exited.exit_code = exit->exit_code;
    event->as.exited.oom = exit->oom_killed;
    performer->facts[performer->n_facts - 1].used_usec = exit->used_usec;
}

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
    performer_tell(performer, ward, MESSAGE_CONTAINER_STARTED, NULL, false);
    /* A program of the user's does not say when it is ready: at once, as the default behaviour. */
    if (!plan_of(ward)->performs) {
        performer_tell(performer, ward, MESSAGE_CONTAINER_READY, NULL, true);
    }
}

void performer_ward_take(struct performer *performer, const struct container_event *event)
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
        performer_tell(performer, ward, MESSAGE_CONTAINER_STARTED, &event->err, false);
        break;
    case CONTAINER_PROBED:
        take_probed(performer, ward, event);
        break;
    case CONTAINER_READY:
        ward->ready = true;
        if (plan_of(ward)->performs) {
            performer_tell(performer, ward, MESSAGE_CONTAINER_READY, NULL, false);
        }
        break;
    case CONTAINER_EXITED:
        ward->ended = true;
        tell_exit(performer, ward, event);
        break;
    case CONTAINER_REMOVED:
        ward->container = NULL;
        if (ward->again && !ward->task->removing) {
            start_again(performer, ward);
        }
        performer_forget_if_gone(performer, ward->task);
        break;
    }
}
