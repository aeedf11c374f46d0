/*
 * Orders in, facts out: which task and container an order is for, and the list in which facts wait, so
 * that an order that fails at once answers like one that fails later. Images are performer_pull.c's,
 * containers performer_ward.c's, tasks in machines of their own annex.c's.
 */
#include "exec/performer_inside.h"

#include "core/array.h"
#include "exec/store.h"
#include "exec/tree.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* ---- facts ---- */

struct message *performer_add_fact(struct performer *performer, enum message_kind kind,
                                   bool modelled)
{
    struct fact *fact = ARRAY_ADD(performer, facts);

    *fact = (struct fact){.event = message_new(kind), .modelled = modelled};
    return &fact->event;
}

void performer_tell(struct performer *performer, const struct ward *ward, enum message_kind kind,
                    const struct err *err, bool modelled)
{
    struct message *event = performer_add_fact(performer, kind, modelled);

    event->as.fact.task = ward->task->duty.task;
    event->as.fact.container = ward->index;
    event->as.fact.error = err ? strdup(err->text) : NULL;
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
void performer_forget_if_gone(struct performer *performer, struct task *task)
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
    performer->n_removing--;
    memmove(&performer->tasks[at], &performer->tasks[at + 1],
            (size_t)(performer->n_tasks - at) * sizeof(struct task *));
    free_task(performer, task);
}

static void remove_task(struct performer *performer, struct task *task)
{
    performer->n_removing += !task->removing;
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
    performer_forget_if_gone(performer, task);
}

/* ---- tasks in a machine of their own ---- */

static void boot_machine(struct performer *performer, struct task *task)
{
    struct message *event;

    if (task->plan->guest) {
        task->annex = annex_boot(performer->annexes, task->plan, &task->duty, task->group);
        return;
    }
    event = performer_add_fact(performer, MESSAGE_MACHINE_BOOTED, false);
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
        performer_add_fact(performer, MESSAGE_CONNECTED,
                           false); /* the socket is there as long as we are */
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
        performer_ward_probe(performer, ward, action->as.probe.probe);
        return;
    }
    if (action->kind == MESSAGE_SIGNAL_CONTAINER) {
        ward = find_ward(performer, action->as.signal.task, action->as.signal.container);
        assert(ward);
        performer_ward_signal(ward, action->as.signal.signal);
        return;
    }
    if (action->kind == MESSAGE_CREATE_CONTAINER) {
        ward = find_ward(performer, action->as.create.task, action->as.create.container);
        assert(ward);
        performer_ward_create(performer, ward, &action->as.create);
        return;
    }
    ward = find_ward(performer, action->as.order.task, action->as.order.container);
    assert(ward);
    if (action->kind == MESSAGE_PULL_IMAGE) {
        performer_pull_begin(performer, ward);
    } else {
        assert(action->kind == MESSAGE_START_CONTAINER);
        performer_ward_start(performer, ward);
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
            performer_ward_signal(&task->wards[i], SIGNAL_KILL);
        }
    }
}

/* ---- what happens ---- */

static void collect(struct performer *performer)
{
    struct container_event event;
    const struct pulled *pulled;

    performer_pull_late(performer);
    while ((pulled = pull_next(performer->puller))) {
        performer_pull_end(performer, pulled);
    }
    while (container_host_next(performer->host, &event)) {
        performer_ward_take(performer, &event);
    }
}

bool performer_removes(const struct performer *performer)
{
    return performer->first == performer->n_facts && performer->n_removing > 0;
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
