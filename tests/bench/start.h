/*
 * What the parts of the bench of starts share: the run that everything is made in, and the ways to
 * start something that are measured beside each other.
 */
#ifndef BERTH_BENCH_START_H
#define BERTH_BENCH_START_H

#include "exec/cgroup.h"
#include "exec/container.h"
#include "exec/image.h"
#include "exec/sweep.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    MEMORY_BYTES = 256 << 20,
    PIDS = 64,
    QUOTA_CPU = 512,
    LIVES_MAX = 1000, /* containers of one way at a time */
};

/* What is measured in; made once. */
struct bench {
    struct sweep_run run;
    struct cgroup_machine machine;
    struct container_host *host;
    struct image image;
    char instance[64];
    char root[320];    /* of the peers: the same busybox, without an overlay */
    int old_groups_fd; /* a mount namespace that crun accepts; -1 = ours */
    int home_fd;       /* our own network namespace */
    int64_t stage_sum_usec[STAGE_N];
    int rounds;
};

/*
 * A way to start a container, run busybox /bin/true in it and see its end. What is made ahead is made by
 * `prepare` and not measured, nor is `clear`; both may be NULL. `go` starts `n` of those prepared, from
 * number `first` on, together, and returns when all have ended.
 */
struct way {
    const char *name;
    const char *program; /* that must be there; NULL = always */
    bool (*prepare)(struct bench *bench, int n);
    bool (*go)(struct bench *bench, int first, int n);
    void (*clear)(struct bench *bench);
    pid_t (*spawn)(struct bench *bench, int i); /* in place of `go`: a program of its own */
};

/* ---- berth itself (start_berth.c) ---- */

/* Makes the run, its instance's group, the host and the image. */
bool bench_open(struct bench *bench, struct err *err);
bool bench_close(struct bench *bench, struct err *err);

/* Nothing is there before; afterwards nothing is left. */
extern const struct way way_cold;
/* Groups and network namespace are there, as from a pool, and stay there. */
extern const struct way way_prepared;
/* All is there but the program, which waits for a word. */
extern const struct way way_parked;

/* Starts `n` containers that sleep; false when one did not. They end with clear_sleepers(). */
bool start_sleepers(struct bench *bench, int n, int *pids);
void clear_sleepers(struct bench *bench);

/* ---- its peers (start_peers.c) ---- */

bool peers_open(struct bench *bench, struct err *err);
bool peers_go(struct bench *bench, pid_t (*spawn)(struct bench *, int), int first, int n);

extern const struct way way_crun;
extern const struct way way_crun_free; /* without cgroups and limits */
extern const struct way way_runc;
extern const struct way way_bubblewrap; /* without cgroups and limits */
extern const struct way way_bare;       /* no container at all */

/* ---- besides starting (start_keep.c) ---- */

/* Memory of berth's own for each container that runs, bytes of PSS; -1 where one did not start. */
int64_t keep_memory_bytes(struct bench *bench, int n);

struct kept {
    int64_t ended_usec; /* from the kill until the last of them has ended */
    int64_t swept_usec; /* that removing what is left takes; */
    int left;           /* groups and folders that are still there then */
};

/* Starts `n` containers in a process of its own and kills that with SIGKILL. */
bool keep_killed(int n, struct kept *kept, struct err *err);

#endif
