/*
 * berth's own ways to start a container: its library in this process, used as the agent uses it: the
 * task's group, the container with its own, start to finish, both groups gone.
 */
#include "start.h"

#include "exec/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is started at a gate has long come to it. */
#define PARKING_USEC 50000
#define PARKING_EACH_USEC 5000

struct life {
    struct container *container;
    struct container_spec spec; /* borrowed by the container until it has started */
    char task[96];
    int word_fd; /* closed, it lets a parked one begin; -1: none */
    bool ended, unwanted, removed, fine;
};

/* The containers of one way. */
struct lives {
    const char *name; /* of their tasks */
    struct life list[LIVES_MAX];
    int n;
};

static const char *const argv_true[] = {"/bin/true", NULL};
static const char *const argv_sleep[] = {"/bin/sleep", "1000", NULL};

/* ---- one life ---- */

static bool make(struct bench *bench, struct lives *lives, int i, const char *const *argv)
{
    const struct cgroup_limits task = {.quota_cpu = QUOTA_CPU, .memory_bytes = MEMORY_BYTES};
    struct life *life = &lives->list[i];
    struct err err;

    *life = (struct life){
        .word_fd = -1,
        .spec = {.name = "true",
                 .task_group = life->task,
                 .limits = {.weight_cpu = QUOTA_CPU, .memory_bytes = MEMORY_BYTES, .pids = PIDS},
                 .layers = (const char *const *)bench->image.layers,
                 .argv = argv},
    };
    snprintf(life->task, sizeof life->task, "%s/%s%d", bench->instance, lives->name, i + 1);
    return (cgroup_make(&bench->machine, life->task, true, &task, &err) &&
            container_create(bench->host, &life->spec, life, &life->container, &err)) ||
           (err_report(&err), false);
}

static bool start(struct life *life)
{
    struct err err;

    return container_start(life->container, &err) || (err_report(&err), false);
}

static void keep_stages(struct bench *bench, const struct container *container)
{
    const int64_t *stages = container_stages(container);

    for (int i = 0; i < STAGE_N; i++) {
        bench->stage_sum_usec[i] += stages[i] ? stages[i] - stages[STAGE_CREATE] : 0;
    }
    bench->rounds++;
}

static void take(const struct container_event *event)
{
    struct life *life = event->owner;

    switch (event->kind) {
    case CONTAINER_FAILED:
        if (!life->unwanted) {
            err_report(&event->err);
        }
        life->ended = true;
        break;
    case CONTAINER_EXITED:
        life->ended = true;
        life->fine = event->exit_code == 0;
        break;
    case CONTAINER_REMOVED:
        life->removed = true;
        break;
    default:
        break;
    }
}

/* The next event, waiting for it. */
static void next(struct bench *bench, struct container_event *event)
{
    while (!container_host_next(bench->host, event)) {
        poll(&(struct pollfd){.fd = container_host_fd(bench->host), .events = POLLIN}, 1, -1);
    }
    take(event);
}

/* Removes all of them, and waits for it. */
static void clear(struct bench *bench, struct lives *lives)
{
    struct container_event event;

    for (int i = 0; i < lives->n; i++) {
        if (lives->list[i].container && !lives->list[i].removed) {
            lives->list[i].unwanted = true;
            container_remove(lives->list[i].container);
        }
    }
    for (int i = 0; i < lives->n; i++) {
        struct life *life = &lives->list[i];

        while (life->container && !life->removed) {
            next(bench, &event);
        }
        if (life->word_fd >= 0) {
            close(life->word_fd);
        }
        cgroup_remove(&bench->machine, life->task);
    }
    lives->n = 0;
}

static bool see_ends(struct bench *bench, const struct lives *lives, int first, int n)
{
    struct container_event event;
    bool fine = true;

    for (int i = first; i < first + n; i++) {
        while (!lives->list[i].ended) {
            next(bench, &event);
        }
        fine = fine && lives->list[i].fine;
    }
    return fine;
}

/* ---- cold ---- */

static struct lives cold = {.name = "cold"};

/* Each is removed as soon as it has ended. */
static bool see_cold_through(struct bench *bench, int n)
{
    struct container_event event;
    bool fine = true;

    for (int left = n; left > 0;) {
        next(bench, &event);
        if (event.kind == CONTAINER_STARTED && n == 1) {
            keep_stages(bench, event.container);
        } else if (event.kind == CONTAINER_FAILED || event.kind == CONTAINER_EXITED) {
            container_remove(event.container);
        } else if (event.kind == CONTAINER_REMOVED) {
            const struct life *life = event.owner;

            fine = cgroup_remove(&bench->machine, life->task) && life->fine && fine;
            left--;
        }
    }
    return fine;
}

static bool go_cold(struct bench *bench, int first, int n)
{
    (void)first;
    for (int i = 0; i < n; i++) {
        if (!make(bench, &cold, i, argv_true)) {
            return false;
        }
    }
    for (int i = 0; i < n; i++) {
        if (!start(&cold.list[i])) {
            return false;
        }
    }
    return see_cold_through(bench, n);
}

const struct way way_cold = {.name = "berth", .go = go_cold};

/* ---- prepared ---- */

static struct lives prepared = {.name = "prepared"};

/* A network namespace with lo up; -1 when there is none. */
static int make_network(const struct bench *bench)
{
    int fd = -1;

    if (unshare(CLONE_NEWNET) != 0) {
        return -1;
    }
    if (namespace_lo_up() == 0) {
        fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    }
    return setns(bench->home_fd, CLONE_NEWNET) == 0 ? fd : -1;
}

static bool prepare_prepared(struct bench *bench, int n)
{
    for (prepared.n = 0; prepared.n < n;) {
        struct life *life = &prepared.list[prepared.n];
        bool made = make(bench, &prepared, prepared.n++, argv_true);

        life->spec.network_fd = made ? make_network(bench) : 0;
        if (life->spec.network_fd <= 0) {
            return false;
        }
    }
    return true;
}

static bool go_prepared(struct bench *bench, int first, int n)
{
    for (int i = first; i < first + n; i++) {
        if (!start(&prepared.list[i])) {
            return false;
        }
    }
    return see_ends(bench, &prepared, first, n);
}

static void clear_prepared(struct bench *bench)
{
    for (int i = 0; i < prepared.n; i++) {
        if (prepared.list[i].spec.network_fd > 0) {
            close(prepared.list[i].spec.network_fd);
        }
    }
    clear(bench, &prepared);
}

const struct way way_prepared = {.name = "berth-prepared",
                                 .prepare = prepare_prepared,
                                 .go = go_prepared,
                                 .clear = clear_prepared};

/* ---- parked ---- */

static struct lives parked = {.name = "parked"};

static bool park(struct bench *bench, int i)
{
    struct life *life = &parked.list[i];
    int gate[2];
    bool fine;

    if (!make(bench, &parked, i, argv_true) || pipe2(gate, O_CLOEXEC) != 0) {
        return false;
    }
    life->spec.gate_fd = gate[0];
    life->word_fd = gate[1];
    fine = start(life);
    close(gate[0]);
    return fine;
}

static bool prepare_parked(struct bench *bench, int n)
{
    for (parked.n = 0; parked.n < n;) {
        if (!park(bench, parked.n++)) {
            return false;
        }
    }
    usleep(PARKING_USEC + PARKING_EACH_USEC * (useconds_t)n);
    return true;
}

static bool go_parked(struct bench *bench, int first, int n)
{
    for (int i = first; i < first + n; i++) {
        close(parked.list[i].word_fd);
        parked.list[i].word_fd = -1;
    }
    return see_ends(bench, &parked, first, n);
}

static void clear_parked(struct bench *bench)
{
    clear(bench, &parked);
}

const struct way way_parked = {
    .name = "berth-parked", .prepare = prepare_parked, .go = go_parked, .clear = clear_parked};

/* ---- sleepers ---- */

static struct lives sleepers = {.name = "sleeper"};

bool start_sleepers(struct bench *bench, int n, int *pids)
{
    struct container_event event;

    for (sleepers.n = 0; sleepers.n < n;) {
        struct life *life = &sleepers.list[sleepers.n];

        if (!make(bench, &sleepers, sleepers.n++, argv_sleep) || !start(life)) {
            return false;
        }
        do {
            next(bench, &event);
        } while (event.kind != CONTAINER_STARTED && !life->ended);
        if (life->ended) {
            return false;
        }
        pids[sleepers.n - 1] = container_pid(life->container);
    }
    return true;
}

void clear_sleepers(struct bench *bench)
{
    clear(bench, &sleepers);
}

/* ---- what they are made in ---- */

bool bench_open(struct bench *bench, struct err *err)
{
    char base[256], store[400];

    if (!sweep_base(base, sizeof base, err) ||
        !cgroup_open(&bench->machine, cgroup_backend_wanted(), err) ||
        !sweep_open(&bench->run, base, err)) {
        return false;
    }
    snprintf(store, sizeof store, "%s/store", bench->run.folder);
    snprintf(bench->instance, sizeof bench->instance, "berth-%s-bench", bench->run.id);
    if (!image_builtin(store, NULL, WORK_PROGRAM, &bench->image, err)) {
        return false;
    }
    snprintf(bench->root, sizeof bench->root, "%s", bench->image.layers[0]);
    bench->home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return cgroup_make(&bench->machine, bench->instance, true, &(struct cgroup_limits){0}, err) &&
           container_host_open(&bench->host, bench->run.folder, bench->instance, &bench->machine,
                               err);
}

bool bench_close(struct bench *bench, struct err *err)
{
    struct sweep_counts counts = {0};

    if (bench->host) {
        container_host_close(bench->host);
    }
    close(bench->home_fd);
    cgroup_remove(&bench->machine, bench->instance);
    image_finish(&bench->image);
    return sweep_close(&bench->run, &bench->machine, &counts, err);
}
