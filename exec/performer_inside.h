/*
 * What the performer's files share: its tasks, and their containers with what each is waiting for. Only
 * they may know it.
 */
#ifndef BERTH_EXEC_PERFORMER_INSIDE_H
#define BERTH_EXEC_PERFORMER_INSIDE_H

#include "exec/annex.h"
#include "exec/command_line.h"
#include "exec/connect.h"
#include "exec/container.h"
#include "exec/equipment.h"
#include "exec/performer.h"
#include "exec/prints.h"
#include "exec/pull.h"

#include <stdbool.h>
#include <stdint.h>

/* A container of a task. */
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

/* Lives from its duty until all its containers are removed. */
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
    int n_removing; /* of these, are to be removed */
    struct fact *facts; /* from `first` on */
    int n_facts, cap_facts, first;
};

static inline const struct plan_container *plan_of(const struct ward *ward)
{
    return &ward->task->plan->containers[ward->index];
}

/* ---- facts and tasks (performer.c) ---- */

/* A fact of that kind, to be filled in; facts are told in this order. */
struct message *performer_add_fact(struct performer *performer, enum message_kind kind,
                                   bool modelled);

/* One about a container; `err` NULL: it went well. */
void performer_tell(struct performer *performer, const struct ward *ward, enum message_kind kind,
                    const struct err *err, bool modelled);

/* Forgets a task of which nothing is left. */
void performer_forget_if_gone(struct performer *performer, struct task *task);

/* ---- images (performer_pull.c) ---- */

void performer_pull_begin(struct performer *performer, struct ward *ward);

/* An image has come, or cannot: whoever waits for it is told. */
void performer_pull_end(struct performer *performer, const struct pulled *pulled);

/* Tells of pulls that a slow registry, or a dead one, has made to be told later, where it is time. */
void performer_pull_late(struct performer *performer);

/* ---- containers (performer_ward.c) ---- */

void performer_ward_create(struct performer *performer, struct ward *ward,
                           const struct create_container *order);

/* Also again, after its end. */
void performer_ward_start(struct performer *performer, struct ward *ward);

void performer_ward_probe(struct performer *performer, struct ward *ward, int32_t number);
void performer_ward_signal(struct ward *ward, enum stop_signal signal);

/* What has happened to one. */
void performer_ward_take(struct performer *performer, const struct container_event *event);

#endif
