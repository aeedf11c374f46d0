/*
 * A random world around the real machines: messages with random delays, machines that die, programs that
 * crash, links that are cut. What is asked of it is the tests' part.
 */
#ifndef BERTH_TESTS_SWARM_WORLD_H
#define BERTH_TESTS_SWARM_WORLD_H

#include "core/agent.h"
#include "core/scheduler.h"

struct pending {
    int64_t at_usec;
    int64_t order;
    int32_t machine; /* ID_NONE: the scheduler */
    struct message message;
};

/* What an instance costs, as one sees it from outside: from its launch to its end. */
struct expense {
    int32_t group, type, task; /* task: of a micro-VM, else ID_NONE */
    bool spot;
    int64_t cpu, memory_mib;
    int64_t from_usec, to_usec; /* USEC_NEVER: not yet; a micro-VM's begins with its task */
};

struct world {
    uint64_t seed;
    int64_t n_draws, n_order, now_usec;
    struct scheduler scheduler;
    struct agent *agents;
    int n_agents, cap_agents;
    bool *dead;
    int n_dead, cap_dead;
    bool *cut; /* the link to that agent */
    int n_cut, cap_cut;
    struct pending *held; /* by a cut link, in order */
    int n_held, cap_held;
    struct pending *queue;
    int n_queue, cap_queue;
    struct expense *expenses; /* by instance */
    int n_expenses, cap_expenses;
    bool is_billed;  /* the bill has come, and is what the expenses sum to */
    bool calm;       /* nothing goes wrong any more */
    int check_every; /* so many steps of the scheduler */
};

/* A number below `bound`, the next of this world. */
int64_t world_roll(struct world *world, int64_t bound);

/* The message reaches the machine (ID_NONE: the scheduler) after that time. */
void world_post(struct world *world, int64_t delay_usec, int machine,
                const struct message *message);

/* One step of one machine, checked; what it wants done is done. */
void world_step(struct world *world, int machine, const struct message *event);

/* Groups that scale behind capacity providers, some of them Spot, and Fargate: providers 0 to 3. */
void world_add_capacity(struct world *world);

/* Three definitions with random checks, dependencies and policies, and one for Fargate. */
void world_add_definitions(struct world *world);

void world_cut_link(struct world *world, int agent);
void world_connect_again(struct world *world, int agent);

/* Until `end_usec` `call` (NULL: nobody) does something every second or so; without an end, until all is
 * quiet. */
void world_run_until(struct world *world, int64_t end_usec, void (*call)(struct world *));

void world_finish(struct world *world);

#endif
