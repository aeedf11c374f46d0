/*
 * See annex.h. One that has ended by itself stays until its task goes, to answer orders.
 */
#include "exec/annex.h"

#include "core/array.h"
#include "exec/cloud.h"
#include "exec/loop.h"
#include "exec/prints.h"
#include "exec/rise.h"
#include "exec/tree.h"
#include "exec/vm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum annex_state { ANNEX_RISING, ANNEX_UP, ANNEX_GONE };

/* What its containers owe the agent. */
struct lodger {
    enum message_kind owes; /* the answer to the order that is out; MESSAGE_TICK: none */
    bool runs;
};

struct annex {
    struct annexes *annexes;
    enum annex_state state;
    bool ended; /* nobody asks for it any more */
    const struct plan *plan;
    const struct duty *duty;
    int32_t task;
    char group[CGROUP_PATH_MAX], vm_group[CGROUP_PATH_MAX + 8];
    char folder[400];
    struct vm vm;
    struct channel channel;
    struct rise rise;
    struct lodger lodgers[TASKDEF_CONTAINERS_MAX];
    struct used used; /* `has_used`: said last */
    bool has_used;
};

struct annexes {
    const struct setup *setup;
    struct cgroup_machine *cgroups;
    int cloud_fd;
    struct loop loop; /* an annex is watched with its task as tag */
    struct registry_order registry;
    struct annex **list;
    int n_list, cap_list;
    struct fact *facts; /* from `first` on */
    int n_facts, cap_facts, first;
};

static const char gone[] = "its virtual machine has ended";

/* ---- facts ---- */

static struct message *add_fact(struct annexes *annexes, enum message_kind kind, bool modelled)
{
    struct fact *fact = ARRAY_ADD(annexes, facts);

    *fact = (struct fact){.event = message_new(kind), .modelled = modelled};
    return &fact->event;
}

static void tell_booted(struct annex *annex, const char *error, const struct boot_course *course)
{
    struct message event = message_new(MESSAGE_MACHINE_BOOTED);
    struct boot_course copy;

    event.as.machine_booted.task = annex->task;
    event.as.machine_booted.error = (char *)(uintptr_t)error;
    if (course) {
        copy = *course;
        event.as.machine_booted.course = &copy;
    }
    message_copy(add_fact(annex->annexes, MESSAGE_MACHINE_BOOTED, false), &event);
}

static void tell_failed(struct annex *annex, int32_t container, enum message_kind kind)
{
    struct message *event = add_fact(annex->annexes, kind, false);

    event->as.fact.task = annex->task;
    event->as.fact.container = container;
    event->as.fact.error = strdup(gone);
}

/* All that was owed is told: with the machine its containers have gone. */
static void tell_gone(struct annex *annex)
{
    for (int i = 0; i < annex->duty->n_containers; i++) {
        struct lodger *lodger = &annex->lodgers[i];

        if (lodger->runs) {
            struct message *event = add_fact(annex->annexes, MESSAGE_CONTAINER_EXITED, false);

            event->as.exited.task = annex->task;
            event->as.exited.container = i;
            event->as.exited.exit_code = 128 + SIGKILL;
        } else if (lodger->owes != MESSAGE_TICK) {
            tell_failed(annex, i, lodger->owes);
        }
        *lodger = (struct lodger){.owes = MESSAGE_TICK};
    }
}

/* ---- coming ---- */

static bool make_place(struct annex *annex, struct err *err)
{
    struct annexes *annexes = annex->annexes;
    const struct plan *plan = annex->plan;
    /* Memory is its instance's to limit: the machine's own comes on top of its task's. */
    const struct cgroup_limits limits = {.quota_cpu = plan->quota_cpu,
                                         .weight_cpu = plan->weight_cpu};

    snprintf(annex->folder, sizeof annex->folder, "%s/machine-t%d", annexes->setup->folder,
             annex->task + 1);
    snprintf(annex->vm_group, sizeof annex->vm_group, "%s/vm", annex->group);
    if (mkdir(annex->folder, 0700) != 0) {
        return err_errno(err, errno, "cannot make %s", annex->folder);
    }
    return cgroup_make(annexes->cgroups, annex->group, true, &limits, err) &&
           cgroup_make(annexes->cgroups, annex->vm_group, false, &(struct cgroup_limits){0}, err);
}

static void remove_place(struct annex *annex)
{
    cgroup_remove(annex->annexes->cgroups, annex->vm_group);
    cgroup_remove(annex->annexes->cgroups, annex->group);
    tree_remove(AT_FDCWD, annex->folder);
}

/* A number for its address that no instance has: they are counted from the other end. */
static int32_t number_of(const struct annex *annex)
{
    return CLOUD_INNER_MAX - 1 - annex->task % (CLOUD_INNER_MAX / 2);
}

static struct vm_kit kit_of(const struct plan_guest *guest)
{
    struct vm_kit kit = {.kvm = guest->kvm};

    snprintf(kit.qemu, sizeof kit.qemu, "%s", guest->qemu);
    snprintf(kit.vmlinuz, sizeof kit.vmlinuz, "%s", guest->vmlinuz);
    snprintf(kit.vmlinux, sizeof kit.vmlinux, "%s", guest->vmlinux);
    snprintf(kit.initramfs, sizeof kit.initramfs, "%s", guest->initramfs);
    return kit;
}

static bool start(struct annex *annex, struct err *err)
{
    const struct plan_guest *guest = annex->plan->guest;
    const struct vm_kit kit = kit_of(guest);
    struct vm_order order = {
        .start = (enum vm_start)guest->start,
        .memory_mib = guest->memory_mib,
        .cpus = guest->cpus,
        .folder = annex->folder,
        .memory_file = guest->memory_file,
        .state_file = guest->state_file,
        .network = true,
        .tap_fd = -1,
        .qmp_fd = -1,
        .images_disk = guest->images_disk,
        .scratch_disk = guest->scratch_disk,
        .more = guest->more,
        .cgroups = annex->annexes->cgroups,
        .group = annex->vm_group,
    };
    bool ok = make_place(annex, err) &&
              cloud_tap(annex->annexes->cloud_fd, number_of(annex), &order.tap_fd, err) &&
              vm_start(&kit, &order, &annex->vm, err);

    if (order.tap_fd >= 0) {
        close(order.tap_fd);
    }
    if (!ok) {
        remove_place(annex);
    }
    return ok;
}

static void flush(struct annex *annex)
{
    struct err err;

    loop_watch(&annex->annexes->loop, annex->channel.fd, annex->task,
               channel_flush(&annex->channel), &err);
}

struct annex *annex_boot(struct annexes *annexes, const struct plan *plan, const struct duty *duty,
                         const char *group)
{
    struct annex *annex = calloc(1, sizeof *annex);
    struct err err;

    assert(annex && duty->n_containers <= TASKDEF_CONTAINERS_MAX);
    *ARRAY_ADD(annexes, list) = annex;
    annex->annexes = annexes;
    annex->plan = plan;
    annex->duty = duty;
    annex->task = duty->task;
    snprintf(annex->group, sizeof annex->group, "%s", group);
    if (!start(annex, &err)) {
        annex->state = ANNEX_GONE;
        tell_booted(annex, err.text, NULL);
        return annex;
    }
    annex->rise = rise_begin(annex->vm.started_usec);
    channel_open(&annex->channel, annex->vm.fd);
    if (annex->vm.start == VM_RESTORE) {
        channel_send(&annex->channel, WORD_WAKE, &nothing_schema, NULL);
    }
    flush(annex);
    return annex;
}

/* Who it is, and the one task that it is for: definition and all are the first of their kind there. */
static void introduce(struct annex *annex, const struct reading *reading)
{
    const struct setup *own = annex->annexes->setup;
    struct channel *channel = &annex->channel;
    struct setup setup = {
        .instance = number_of(annex),
        .folder = (char *)(uintptr_t)VM_KIT_FOLDER,
        .group = (char *)(uintptr_t) "berth",
        .work_program = (char *)(uintptr_t)VM_KIT_WORK,
        .print_lines = own->prints != NULL,
        .used_usec = own->used_usec,
        .hands = true,
    };
    struct plan plan = *annex->plan;
    struct duty duty = *annex->duty;
    struct setup_guest guest;
    char name[32];

    snprintf(name, sizeof name, "t%d", annex->task + 1);
    guest = rise_answer(reading, name, annex->plan->guest->images_disk != NULL);
    setup.guest = &guest;
    plan.guest = NULL;
    plan.taskdef = duty.taskdef = 0;
    channel_send(channel, WORD_SETUP, &setup_schema, &setup);
    channel_send(channel, WORD_REGISTRY, &registry_order_schema, &annex->annexes->registry);
    channel_send(channel, WORD_PLAN, &plan_schema, &plan);
    channel_send(channel, WORD_DUTY, &duty_schema, &duty);
}

/* ---- going ---- */

/* Its process has been killed, or has ended: nothing of it stays but what answers orders. */
static void reap(struct annex *annex)
{
    loop_forget(&annex->annexes->loop, annex->channel.fd);
    kill(annex->vm.pid, SIGKILL);
    waitpid(annex->vm.pid, NULL, 0);
    channel_close(&annex->channel);
    if (annex->vm.qmp_fd >= 0) {
        close(annex->vm.qmp_fd);
    }
    remove_place(annex);
}

static void forget(struct annexes *annexes, int at)
{
    free(annexes->list[at]);
    annexes->n_list--;
    memmove(&annexes->list[at], &annexes->list[at + 1],
            (size_t)(annexes->n_list - at) * sizeof(struct annex *));
}

static void end_of(struct annex *annex, const char *why)
{
    char words[256], text[400];

    if (annex->state == ANNEX_RISING && !annex->ended) {
        vm_last_words(&annex->vm, words, sizeof words);
        snprintf(text, sizeof text, "%s. Its console said last: %s", why,
                 words[0] ? words : "nothing");
        fprintf(stderr, "berth: the virtual machine of t%d %s\n", annex->task + 1, text);
        tell_booted(annex, text, NULL);
    } else if (!annex->ended) {
        tell_gone(annex);
    }
    reap(annex);
    annex->state = ANNEX_GONE;
}

void annex_end(struct annex *annex)
{
    annex->ended = true;
    if (annex->state != ANNEX_GONE) {
        kill(annex->vm.pid, SIGKILL); /* its end is seen on its line */
    }
}

/* ---- listening ---- */

static bool is_its_own(const struct annex *annex, const struct message *event, int32_t *container)
{
    switch (event->kind) {
    case MESSAGE_IMAGE_PULLED:
    case MESSAGE_CONTAINER_CREATED:
    case MESSAGE_CONTAINER_STARTED:
    case MESSAGE_CONTAINER_READY:
        *container = event->as.fact.container;
        return event->as.fact.task == annex->task;
    case MESSAGE_CONTAINER_EXITED:
        *container = event->as.exited.container;
        return event->as.exited.task == annex->task;
    case MESSAGE_CONTAINER_PROBED:
        *container = event->as.probed.container;
        return event->as.probed.task == annex->task;
    default:
        return false;
    }
}

static void keep_account(struct annex *annex, const struct message *event, int32_t container)
{
    struct lodger *lodger = &annex->lodgers[container];

    if (event->kind == lodger->owes) {
        lodger->owes = MESSAGE_TICK;
    }
    if (event->kind == MESSAGE_CONTAINER_STARTED) {
        lodger->runs = !event->as.fact.error;
    } else if (event->kind == MESSAGE_CONTAINER_EXITED) {
        lodger->runs = false;
    }
}

static bool take_fact(struct annex *annex, const struct line *line, struct err *err)
{
    struct message event;
    int32_t container = ID_NONE;

    if (!codec_read_message(line->json, line->length, &event, err)) {
        return false;
    }
    if (!is_its_own(annex, &event, &container) || container < 0 ||
        container >= annex->duty->n_containers) {
        message_finish(&event);
        return err_set(err, EXIT_BUG, "a fact that is not its own");
    }
    keep_account(annex, &event, container);
    *add_fact(annex->annexes, event.kind, line->word == WORD_MODELLED) = event;
    return true;
}

/* It has come up when it knows what time it is. */
static void tell_time(struct annex *annex, int64_t clock_usec)
{
    const struct reading reading = {clock_usec,
                                    loop_clock_usec() - annex->annexes->setup->origin_usec};
    struct boot_course course = rise_course(&annex->rise);

    if (rise_asks(&annex->rise, &annex->channel, &reading)) {
        annex->state = ANNEX_UP;
        introduce(annex, &reading);
        tell_booted(annex, NULL, &course);
    }
}

static bool take_hello(struct annex *annex, const struct line *line, struct err *err)
{
    struct hello hello;

    if (annex->state != ANNEX_RISING || annex->rise.heard) {
        return err_set(err, EXIT_BUG, "a second hello");
    }
    if (!codec_read_struct(line->json, line->length, &hello_schema, &hello, err)) {
        return false;
    }
    rise_hear(&annex->rise, &annex->vm, annex->plan->guest->kvm, &hello);
    tell_time(annex, hello.clock_usec);
    schema_finish(&hello_schema, &hello);
    return true;
}

static bool take_clock(struct annex *annex, const struct line *line, struct err *err)
{
    struct reading reading;

    if (annex->state != ANNEX_RISING || !annex->rise.heard) {
        return err_set(err, EXIT_BUG, "nobody asks for the time now");
    }
    if (!codec_read_struct(line->json, line->length, &reading_schema, &reading, err)) {
        return false;
    }
    tell_time(annex, reading.clock_usec);
    return true;
}

static bool take_print(const struct annex *annex, const struct line *line, struct err *err)
{
    struct print_line print;
    size_t n = 0;
    char *bytes;

    if (!codec_read_struct(line->json, line->length, &print_line_schema, &print, err)) {
        return false;
    }
    bytes = print.name && print.bytes ? protocol_unhex(print.bytes, &n) : NULL;
    if (bytes && annex->annexes->setup->prints) {
        prints_append(annex->annexes->setup->prints, print.name, bytes, n);
    }
    free(bytes);
    schema_finish(&print_line_schema, &print);
    return bytes || err_set(err, EXIT_BUG, "what was printed is no bytes");
}

static bool take_used(struct annex *annex, const struct line *line, struct err *err)
{
    struct used used;

    if (!codec_read_struct(line->json, line->length, &used_schema, &used, err)) {
        return false;
    }
    if (used.task != annex->task) {
        return err_set(err, EXIT_BUG, "what a task used that is not its own");
    }
    annex->used = used;
    annex->has_used = true;
    return true;
}

bool annex_used(const struct annex *annex, struct used *used)
{
    *used = annex->used;
    return annex->has_used;
}

static bool take_line(struct annex *annex, const struct line *line, struct err *err)
{
    struct finished finished;

    switch (line->word) {
    case WORD_HELLO:
        return take_hello(annex, line, err);
    case WORD_CLOCK:
        return take_clock(annex, line, err);
    case WORD_FACT:
    case WORD_MODELLED:
        return take_fact(annex, line, err);
    case WORD_PRINT:
        return take_print(annex, line, err);
    case WORD_USED:
        return take_used(annex, line, err);
    case WORD_FINISHED:
        if (!codec_read_struct(line->json, line->length, &finished_schema, &finished, err)) {
            return false;
        }
        err_set(err, EXIT_MACHINE, "%s", finished.error ? finished.error : gone);
        schema_finish(&finished_schema, &finished);
        return false;
    default:
        return err_set(err, EXIT_BUG, "a line for agents");
    }
}

static void hear(struct annex *annex)
{
    struct line line;
    struct err err;

    channel_fill(&annex->channel);
    while (channel_next(&annex->channel, &line)) {
        if (annex->ended) {
            continue; /* said before it was killed: its duty is not ours any more */
        }
        if (!take_line(annex, &line, &err)) {
            fprintf(stderr, "berth: what the virtual machine of t%d says ends it: %s\n",
                    annex->task + 1, err.text);
            channel_reject(&annex->channel);
        }
    }
    if (annex->channel.closed) {
        end_of(annex, "ended before it had come up");
    } else {
        flush(annex);
    }
}

/* ---- time ---- */

static void watch_rise(struct annex *annex)
{
    if (annex->rise.look_usec <= loop_clock_usec() &&
        rise_hangs(&annex->rise, annex->vm.pid, annex->plan->guest->patience_usec)) {
        end_of(annex, "does not come up: it showed no sign of life, and is killed");
    }
}

static struct annex *find(struct annexes *annexes, int64_t task)
{
    for (int i = 0; i < annexes->n_list; i++) {
        if (annexes->list[i]->task == task) {
            return annexes->list[i];
        }
    }
    return NULL;
}

static void look_after(struct annexes *annexes)
{
    int64_t look_usec = INT64_MAX;

    for (int i = annexes->n_list - 1; i >= 0; i--) {
        struct annex *annex = annexes->list[i];

        if (annex->state == ANNEX_RISING && !annex->ended) {
            watch_rise(annex);
            if (annex->state == ANNEX_RISING && annex->rise.look_usec < look_usec) {
                look_usec = annex->rise.look_usec;
            }
        }
        if (annex->state == ANNEX_GONE && annex->ended) {
            forget(annexes, i);
        }
    }
    loop_alarm(&annexes->loop, look_usec);
}

static void collect(struct annexes *annexes)
{
    struct pollfd some = {.fd = annexes->loop.epoll_fd, .events = POLLIN};
    struct loop_ready ready[16];

    for (int n = 1; n > 0 && poll(&some, 1, 0) > 0;) {
        n = loop_wait(&annexes->loop, ready, 16);
        for (int i = 0; i < n; i++) {
            struct annex *annex = ready[i].tag >= 0 ? find(annexes, ready[i].tag) : NULL;

            if (annex && annex->state != ANNEX_GONE) {
                hear(annex);
            }
        }
    }
    look_after(annexes);
}

bool annexes_next(struct annexes *annexes, struct fact *fact)
{
    if (annexes->first == annexes->n_facts) {
        annexes->first = annexes->n_facts = 0;
        collect(annexes);
    }
    if (annexes->first == annexes->n_facts) {
        return false;
    }
    *fact = annexes->facts[annexes->first++];
    return true;
}

/* ---- orders ---- */

/* What answers an order; MESSAGE_TICK: nothing has to. */
static enum message_kind answer_to(const struct message *action, int32_t *container)
{
    *container = action->as.order.container;
    switch (action->kind) {
    case MESSAGE_PULL_IMAGE:
        return MESSAGE_IMAGE_PULLED;
    case MESSAGE_START_CONTAINER:
        return MESSAGE_CONTAINER_STARTED;
    case MESSAGE_CREATE_CONTAINER:
        *container = action->as.create.container;
        return MESSAGE_CONTAINER_CREATED;
    default:
        return MESSAGE_TICK;
    }
}

void annex_order(struct annex *annex, const struct message *action)
{
    int32_t container;
    enum message_kind owed = answer_to(action, &container);

    if (annex->state != ANNEX_UP) {
        if (owed != MESSAGE_TICK) {
            tell_failed(annex, container, owed);
        }
        return;
    }
    if (owed != MESSAGE_TICK) {
        annex->lodgers[container].owes = owed;
    }
    channel_send_event(&annex->channel, WORD_ORDER, action);
    flush(annex);
}

void annex_fault(struct annex *annex, const struct fault_order *order)
{
    if (annex->state == ANNEX_UP) {
        channel_send(&annex->channel, WORD_FAULT, &fault_order_schema, order);
        flush(annex);
    }
}

void annexes_registry(struct annexes *annexes, const struct registry_order *order)
{
    annexes->registry = *order;
    for (int i = 0; i < annexes->n_list; i++) {
        if (annexes->list[i]->state == ANNEX_UP) {
            channel_send(&annexes->list[i]->channel, WORD_REGISTRY, &registry_order_schema, order);
            flush(annexes->list[i]);
        }
    }
}

/* ---- beginning and end ---- */

bool annexes_open(struct annexes **out, const struct setup *setup, struct cgroup_machine *cgroups,
                  struct err *err)
{
    struct annexes *annexes = calloc(1, sizeof *annexes);
    sigset_t none;

    assert(annexes);
    sigemptyset(&none);
    annexes->setup = setup;
    annexes->cgroups = cgroups;
    annexes->cloud_fd = -1;
    if (!loop_open(&annexes->loop, &none, err)) {
        free(annexes);
        return false;
    }
    *out = annexes;
    return true;
}

void annexes_close(struct annexes *annexes)
{
    for (int i = 0; i < annexes->n_list; i++) {
        annex_end(annexes->list[i]);
    }
    while (annexes->n_list > 0) {
        if (annexes->list[0]->state != ANNEX_GONE) {
            reap(annexes->list[0]);
        }
        forget(annexes, 0);
    }
    while (annexes->first < annexes->n_facts) {
        message_finish(&annexes->facts[annexes->first++].event);
    }
    loop_close(&annexes->loop);
    free(annexes->list);
    free(annexes->facts);
    free(annexes);
}

void annexes_cloud(struct annexes *annexes, int cloud_fd)
{
    annexes->cloud_fd = cloud_fd;
}

int annexes_fd(const struct annexes *annexes)
{
    return annexes->loop.epoll_fd;
}
