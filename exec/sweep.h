/*
 * A run's folder, and what is left of runs that died. There is no clean-up code that must run: a
 * run holds a lock on a file in its folder, and whoever can take that lock knows that the run is
 * dead and removes its processes, cgroups and folder. It must never touch a run that lives, nor
 * anything whose name it cannot derive from a dead run's folder.
 */
#ifndef BERTH_EXEC_SWEEP_H
#define BERTH_EXEC_SWEEP_H

#include "exec/cgroup.h"
#include "file/err.h"

#include <stdbool.h>
#include <stddef.h>

struct sweep_run {
    char id[16];      /* "k3f9x": cgroups are called berth-<id>-<instance> */
    char folder[256]; /* absolute: <base>/<id>, of this user alone */
    int lock_fd;      /* held as long as the run lives; close-on-exec */
};

struct sweep_counts {
    int runs_alive, runs_dead;      /* found */
    int processes, groups, folders; /* removed */
};

/*
 * Where runs of this user live: /run/berth for root, else $XDG_RUNTIME_DIR/berth, else
 * /tmp/berth-UID.
 */
bool sweep_base(char *base, size_t size, struct err *err);

/* Makes a run's folder below `base` (made when missing) and locks it. */
bool sweep_open(struct sweep_run *run, const char *base, struct err *err);

/*
 * Ends a run in order: removes its groups that are left and its folder; adds what it found to
 * `counts`.
 */
bool sweep_close(struct sweep_run *run, const struct cgroup_machine *machine,
                 struct sweep_counts *counts, struct err *err);

/* Removes all that dead runs below `base` left. Some milliseconds. */
bool sweep_dead(const char *base, const struct cgroup_machine *machine, struct sweep_counts *counts,
                struct err *err);

/*
 * Removes groups that have a run's name, but whose run has no folder below `base`, nobody in them, and no
 * process that holds its lock: their folder was elsewhere and went before them.
 */
bool sweep_orphans(const char *base, const struct cgroup_machine *machine,
                   struct sweep_counts *counts, struct err *err);

#endif
