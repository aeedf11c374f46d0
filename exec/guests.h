/*
 * What a run needs where instances are virtual machines: what they are made from, how they start,
 * how big each is, and what they are told. It must never know the scheduler, nor talk to a guest
 * that is part of the run.
 */
#ifndef BERTH_EXEC_GUESTS_H
#define BERTH_EXEC_GUESTS_H

#include "exec/plan.h"
#include "exec/protocol.h"
#include "exec/sweep.h"
#include "exec/vm.h"
#include "exec/vm_snapshot.h"
#include "file/scenario.h"

#include <stdbool.h>

/* Set it to try what a guest that does not come up does. */
#define GUESTS_MORE_VARIABLE "BERTH_GUEST_COMMAND_LINE"
/* How much CPU time, or time without any, a guest may take to come up: a duration. */
#define GUESTS_PATIENCE_VARIABLE "BERTH_GUEST_PATIENCE"

struct guests {
    const struct plans *plans;
    const struct programs *programs;
    bool is_open;
    enum vm_start start;
    struct vm_kit kit;
    char folder[300]; /* of the kit, in the run's */
    int64_t patience_usec;
    int64_t free_mib;              /* that the machine had when they were opened */
    int64_t promised_mib;          /* of those, to guests that live */
    const char *more;              /* see struct vm_order */
    struct vm_snapshot *snapshots; /* VM_RESTORE: of each size that the scenario has */
    int n_snapshots, cap_snapshots;
    char **images; /* folders and tarballs that are on the disk of images, in its order */
    int n_images, cap_images;
    char images_disk[320], scratch_disk[320];
};

/* Says what guests will be made of, if any are; all borrowed, everything lives in the run's folder. */
void guests_init(struct guests *guests, enum vm_start start, const struct plans *plans,
                 const struct sweep_run *run, const struct programs *programs);

/* Makes the kit, the disks, and snapshots where guests start from them; nothing the second time. Says
 * on stderr what guests are. A run opens them before it begins where instances are virtual machines,
 * else when the first task comes that has one to itself. */
bool guests_open(struct guests *guests, struct err *err);
/* Whether they could be opened, as far as that can be seen; makes nothing. */
bool guests_check(struct guests *guests, struct err *err);
void guests_close(struct guests *guests);

/* Whether instances of the group are virtual machines; any of the scenario's, or tasks on Fargate. */
bool guests_has(const struct scenario *scenario, const struct scenario_group *group);
bool guests_any(const struct scenario *scenario);

/* How a guest of that type starts: fills all that is not the caller's. A `micro` one is for a single
 * task, which gets all of the type's memory: the kernel's own comes on top. At a smaller scale the type's is so
 * much less; a system is as large as ever. */
void guests_order(const struct guests *guests, const struct instance_type *type, bool micro,
                  struct vm_order *order);

/* What a guest of that type whose system leaves so much stands for at full scale, where that of a type leaves
 * no more than in a simulation. */
int64_t guests_left_bytes(const struct guests *guests, const struct instance_type *type,
                          int64_t bytes);

/* Sets memory aside for it, until it is released; false where the machine has none left: what is promised
 * to guests is never more than was free when they were opened. */
bool guests_promise(struct guests *guests, const struct vm_order *order);
void guests_release(struct guests *guests, const struct instance_type *type, bool micro);

/* Where a guest finds an image that this machine has at `layout`, in a buffer that the next call uses
 * again; NULL stays NULL. */
char *guests_image(const struct guests *guests, const char *layout);

/* How tasks of a definition start that have a virtual machine each; whose texts live as long as the
 * guests, which are open. */
struct plan_guest guests_plan(const struct guests *guests, int32_t taskdef);

#endif
