/*
 * How long it takes to start a container, run busybox /bin/true in it with CPU, memory and process
 * limits, and have nothing left of it: berth's library in this process beside crun, runc,
 * bubblewrap (without limits) and a bare process. All take turns, so that noise hits them alike;
 * only ratios of one run count.
 */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define IDLE_USEC 200000

enum { TOGETHER = 100, AHEAD = 10, MEMORY_CONTAINERS = 20, KILLED_CONTAINERS = 10 };

enum how { SEQUENCE, IDLE, AT_ONCE, HOWS };

static const char *const how_names[HOWS] = {"sequence", "idle", "at-once"};

struct peer {
    const struct way *way;
    bool present;
    int64_t usec[HOWS][LIVES_MAX]; /* at once: of all together */
};

enum {
    PEER_COLD,
    PEER_PREPARED,
    PEER_PARKED,
    PEER_CRUN,
    PEER_CRUN_FREE,
    PEER_RUNC,
    PEER_BUBBLEWRAP,
    PEER_BARE,
    PEERS
};

static struct peer peers[PEERS] = {
    [PEER_COLD] = {.way = &way_cold},
    [PEER_PREPARED] = {.way = &way_prepared},
    [PEER_PARKED] = {.way = &way_parked},
    [PEER_CRUN] = {.way = &way_crun},
    [PEER_CRUN_FREE] = {.way = &way_crun_free},
    [PEER_RUNC] = {.way = &way_runc},
    [PEER_BUBBLEWRAP] = {.way = &way_bubblewrap},
    [PEER_BARE] = {.way = &way_bare},
};

/* What berth is to reach against a peer. */
static const struct {
    int ours, theirs;
    enum how how;
    double most;
} figures[] = {
    {PEER_COLD, PEER_CRUN, SEQUENCE, 0.30},   {PEER_COLD, PEER_CRUN, IDLE, 0.15},
    {PEER_COLD, PEER_CRUN, AT_ONCE, 0.40},    {PEER_PREPARED, PEER_CRUN, AT_ONCE, 0.20},
    {PEER_PARKED, PEER_CRUN, SEQUENCE, 0.10}, {PEER_COLD, PEER_CRUN_FREE, SEQUENCE, 0.45},
};

enum { FIGURES = sizeof figures / sizeof *figures };

#define MEMORY_MOST_KIB 40
#define ENDED_MOST_MSEC 50

struct wanted {
    bool json;
    int times[HOWS];
};

static int64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* ---- measuring ---- */

static bool go(struct bench *bench, const struct way *way, int first, int n)
{
    return way->spawn ? peers_go(bench, way->spawn, first, n) : way->go(bench, first, n);
}

static bool prepare(struct bench *bench, const struct way *way, int n)
{
    return !way->prepare || way->prepare(bench, n);
}

static void clear(struct bench *bench, const struct way *way)
{
    if (way->clear) {
        way->clear(bench);
    }
}

static bool in_path(const char *program)
{
    char command[200];

    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    return system(command) == 0;
}

static void find_peers(struct bench *bench)
{
    for (int i = 0; i < PEERS; i++) {
        const struct way *way = peers[i].way;

        peers[i].present = !way->program || in_path(way->program);
        if (peers[i].present && !(prepare(bench, way, 1) && go(bench, way, 0, 1))) {
            fprintf(stderr, "start: %s does not work here and is left out\n", way->name);
            peers[i].present = false;
        }
        clear(bench, way);
    }
}

/* Starts `n`, number `first` and those that follow, as measurement `turn`. */
static bool measure_one(struct bench *bench, struct peer *peer, enum how how, int turn, int first,
                        int n)
{
    int64_t begin_usec;

    if (how == IDLE) {
        usleep(IDLE_USEC);
    }
    begin_usec = now_usec();
    if (!go(bench, peer->way, first, n)) {
        fprintf(stderr, "start: %s failed\n", peer->way->name);
        return false;
    }
    peer->usec[how][turn] = now_usec() - begin_usec;
    return true;
}

static bool prepare_all(struct bench *bench, int n)
{
    for (int i = 0; i < PEERS; i++) {
        if (peers[i].present && !prepare(bench, peers[i].way, n)) {
            return false;
        }
    }
    return true;
}

static void clear_all(struct bench *bench)
{
    for (int i = 0; i < PEERS; i++) {
        clear(bench, peers[i].way);
    }
}

/* In turns; what is to be prepared is so for some turns at a time, before the first of them. */
static bool measure_turns(struct bench *bench, enum how how, int times)
{
    bool fine = true;

    for (int turn = 0; turn < times && fine; turn++) {
        if (turn % AHEAD == 0) {
            clear_all(bench);
            fine = prepare_all(bench, AHEAD);
        }
        for (int i = 0; i < PEERS && fine; i++) {
            fine = !peers[i].present || measure_one(bench, &peers[i], how, turn, turn % AHEAD, 1);
        }
    }
    clear_all(bench);
    return fine;
}

static bool measure_at_once(struct bench *bench, int times)
{
    bool fine = true;

    for (int turn = 0; turn < times; turn++) {
        for (int i = 0; i < PEERS && fine; i++) {
            if (peers[i].present) {
                fine = prepare(bench, peers[i].way, TOGETHER) &&
                       measure_one(bench, &peers[i], AT_ONCE, turn, 0, TOGETHER);
                clear(bench, peers[i].way);
            }
        }
    }
    return fine;
}

/* ---- telling ---- */

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

/* Of one container. */
static double median_msec(struct peer *peer, enum how how, int times)
{
    int64_t *usec = peer->usec[how];

    qsort(usec, (size_t)times, sizeof *usec, by_value);
    return (double)usec[times / 2] / 1e3 / (how == AT_ONCE ? TOGETHER : 1);
}

static void tell_json(const char *name, const char *how, int size, double value, const char *unit)
{
    printf("{\"bench\":\"start\",\"case\":\"%s-%s\",\"size\":%d,\"value\":%.3f,\"unit\":\"%s\"",
           name, how, size, value, unit);
}

static void tell_row(const struct wanted *wanted, enum how how, int i)
{
    int times = wanted->times[how];
    double msec = median_msec(&peers[i], how, times);
    double crun_msec = peers[PEER_CRUN].present ? median_msec(&peers[PEER_CRUN], how, times) : 0;

    if (!wanted->json) {
        printf("%-9s %-15s %8.3f ms", how_names[how], peers[i].way->name, msec);
        if (crun_msec > 0) {
            printf("   %5.2f of crun's", msec / crun_msec);
        }
        printf("\n");
        return;
    }
    tell_json(peers[i].way->name, how_names[how], how == AT_ONCE ? TOGETHER : times, msec, "ms");
    if (i <= PEER_PARKED && crun_msec > 0) {
        printf(",\"against\":\"crun\",\"ratio\":%.3f", msec / crun_msec);
    }
    printf("}\n");
}

static void tell(const struct wanted *wanted)
{
    for (enum how how = 0; how < HOWS; how++) {
        for (int i = 0; i < PEERS; i++) {
            if (peers[i].present && wanted->times[how] > 0) {
                tell_row(wanted, how, i);
            }
        }
    }
}

static void tell_stages(const struct bench *bench)
{
    printf("\nmean of when each stage begins, after container_create():\n");
    for (int i = 0; i < STAGE_N && bench->rounds; i++) {
        if (bench->stage_sum_usec[i] || i == STAGE_CREATE) {
            printf("%-18s %8.3f ms\n", container_stage_name(i),
                   (double)bench->stage_sum_usec[i] / bench->rounds / 1e3);
        }
    }
}

static void tell_figures(const struct wanted *wanted)
{
    printf("\nto reach:\n");
    for (int i = 0; i < FIGURES; i++) {
        struct peer *ours = &peers[figures[i].ours], *theirs = &peers[figures[i].theirs];
        int times = wanted->times[figures[i].how];
        double ratio;

        if (ours->present && theirs->present && times > 0) {
            ratio = median_msec(ours, figures[i].how, times) /
                    median_msec(theirs, figures[i].how, times);
            printf("%-9s %-15s against %-10s %5.3f of at most %.2f%s\n", how_names[figures[i].how],
                   ours->way->name, theirs->way->name, ratio, figures[i].most,
                   ratio <= figures[i].most ? "" : "   MISSED");
        }
    }
}

static void tell_kept(const struct wanted *wanted, int64_t bytes, const struct kept *kept)
{
    double kib = (double)bytes / 1024, ended_msec = (double)kept->ended_usec / 1e3;
    double swept_msec = (double)kept->swept_usec / 1e3;

    if (wanted->json) {
        tell_json("berth", "memory", MEMORY_CONTAINERS, kib, "KiB");
        printf("}\n");
        tell_json("berth", "killed-ended", KILLED_CONTAINERS, ended_msec, "ms");
        printf("}\n");
        tell_json("berth", "killed-swept", KILLED_CONTAINERS, swept_msec, "ms");
        printf("}\n");
        tell_json("berth", "killed-left", KILLED_CONTAINERS, kept->left, "groups and folders");
        printf("}\n");
        return;
    }
    printf("memory of berth's own for each that runs %.1f KiB of at most %d%s\n", kib,
           MEMORY_MOST_KIB, kib <= MEMORY_MOST_KIB ? "" : "   MISSED");
    printf("%d containers whose agent is killed: no process after %.1f ms of at most %d%s\n"
           "the next command removes what is left in %.1f ms; left then: %d of 0%s\n",
           KILLED_CONTAINERS, ended_msec, ENDED_MOST_MSEC,
           ended_msec <= ENDED_MOST_MSEC ? "" : "   MISSED", swept_msec, kept->left,
           kept->left == 0 ? "" : "   MISSED");
}

/* ---- the program ---- */

static bool measure_all(struct bench *bench, const struct wanted *wanted, const struct kept *kept)
{
    int64_t bytes = keep_memory_bytes(bench, MEMORY_CONTAINERS);

    find_peers(bench);
    if (bytes < 0 || !peers[PEER_COLD].present ||
        !measure_turns(bench, SEQUENCE, wanted->times[SEQUENCE]) ||
        !measure_turns(bench, IDLE, wanted->times[IDLE]) ||
        !measure_at_once(bench, wanted->times[AT_ONCE])) {
        return false;
    }
    tell(wanted);
    if (!wanted->json) {
        tell_stages(bench);
        tell_figures(wanted);
    }
    tell_kept(wanted, bytes, kept);
    return true;
}

/* Containers are a few descriptors each. */
static void take_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool read_words(int argc, char **argv, struct wanted *wanted)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) {
            wanted->json = true;
        } else if (sscanf(argv[i], "--times=%d", &wanted->times[SEQUENCE]) != 1 &&
                   sscanf(argv[i], "--idle-times=%d", &wanted->times[IDLE]) != 1 &&
                   sscanf(argv[i], "--at-once=%d", &wanted->times[AT_ONCE]) != 1) {
            return false;
        }
    }
    for (enum how how = 0; how < HOWS; how++) {
        if (wanted->times[how] < 0 || wanted->times[how] > LIVES_MAX) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.old_groups_fd = -1};
    struct wanted wanted = {.times = {[SEQUENCE] = 100, [IDLE] = 20, [AT_ONCE] = 5}};
    struct kept kept;
    struct err err;
    bool fine;

    if (!read_words(argc, argv, &wanted)) {
        fprintf(stderr,
                "usage: start [--json] [--times=N] [--idle-times=N] [--at-once=N]   (N up to %d)\n",
                LIVES_MAX);
        return EXIT_INPUT;
    }
    take_descriptors();
    if (!keep_killed(KILLED_CONTAINERS, &kept, &err) || !bench_open(&bench, &err) ||
        !peers_open(&bench, &err)) {
        return err_report(&err);
    }
    fine = measure_all(&bench, &wanted, &kept);
    if (!bench_close(&bench, &err)) {
        return err_report(&err);
    }
    return fine ? EXIT_FINE : EXIT_ANSWER;
}
