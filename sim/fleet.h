/*
 * The simulated machines: instances that boot and die, images that are pulled once on each, and
 * containers that start, work, idle, answer probes and exit as the scenario says. It carries out what
 * agents order and tells them what came of it, through the event queue alone. Never sees the scheduler
 * decide.
 */
#ifndef BERTH_FLEET_H
#define BERTH_FLEET_H

#include "core/agent.h"
#include "file/scenario.h"
#include "model/share.h"
#include "queue.h"

enum fleet_what {
    FLEET_BOOTED = 1,   /* id: instance */
    FLEET_LOST,         /* id: instance */
    FLEET_SHARE,        /* id: instance: somebody's work is done on its CPUs */
    FLEET_COMMON,       /* id: enum fleet_common: likewise, on what all instances share */
    FLEET_WAITED,       /* id: duty: it has waited */
    FLEET_HEARD,        /* id: duty: the agent gets to what it carries */
    FLEET_CONTAINER,    /* id: task; the container's index stands above FLEET_WHAT_BITS */
    FLEET_TOLD,         /* likewise, and above that enum message_kind: the agent is told */
    FLEET_PROBED,       /* likewise */
    FLEET_EVENED,       /* likewise: it has stood in one processor's line for so long */
    FLEET_OVERBALANCED, /* the kernel moves those who weigh least */
    FLEET_WHATS,
};

#define FLEET_WHAT_BITS 8
#define FLEET_KIND_BITS 16

/* What all instances share: the host that they are parts of, the registry's network; and disks, each
 * of which is an instance's own. */
enum fleet_common { COMMON_HOST, COMMON_NETWORK, COMMON_DISK, COMMONS };

/* What a container does now. */
enum fleet_phase {
    PHASE_IDLE_AGENT, /* nothing: its agent has to say what comes next */
    PHASE_PULLING,
    PHASE_CREATING,
    PHASE_STARTING,  /* by its agent, then by its first process */
    PHASE_EXECUTING, /* its program is loaded */
    PHASE_TOUCHING,  /* its memory */
    PHASE_GETTING_READY,
    PHASE_WORKING,
    PHASE_IDLING,
    PHASE_STOPPING, /* it was asked to end, and takes its time */
    PHASE_EXITING,  /* it was sent a signal that ends it */
    PHASE_LEAVING,  /* it gives back what it has */
    PHASE_ENDED,    /* nobody knows yet */
    PHASE_EXITED,
};

struct fleet_container {
    int64_t wake_usec;       /* the end of the phase, USEC_NEVER where something else ends it */
    int64_t started_usec;    /* the last time */
    int64_t since_usec;      /* it is in its phase */
    int64_t rested_usec;     /* before that it had done nothing for so long */
    int64_t left_usec;       /* its memory was another's until then, 0: nobody's */
    int64_t probed_usec;     /* the probe that is out is answered then, USEC_NEVER */
    int64_t memory_bytes;    /* that it holds */
    int64_t touched_bytes;   /* likewise, and that it may have lost already */
    int64_t exec_usec;       /* CPU time of loading its program, or of leaving */
    int64_t passing_usec;    /* likewise of what comes when its agent knows that it has left */
    int64_t burns_usec;      /* CPU time that its phase is made of, 0: it burns none of its own */
    int64_t evened_usec;     /* it stands in one processor's line until then, USEC_NEVER */
    uint64_t most;           /* the rate at which it could burn */
    uint64_t line_rate;      /* likewise, in that line */
    uint32_t line_weight;    /* its task's, in that line */
    int32_t line_others;     /* who stand there, too */
    bool in_line;            /* it is among `in_line` */
    bool in_turn;            /* or among `in_turn` */
    int32_t working_cpu;     /* CPU units that it works on, 0: not at work */
    int32_t line;            /* the processor in whose line it began to work */
    int32_t least_line;      /* likewise where it is now, as one of those who weigh least, */
    int32_t least_at;        /* among `least`, ID_NONE: it is none of these, */
    int64_t least_left_usec; /* since then, USEC_NEVER: it was none */
    int64_t burnt_usec;      /* in phases before, as far as fleet_take_cpu() has not told of it */
    int32_t probe;           /* its number */
    int32_t n_starts;
    int32_t
        n_passing; /* of its first processes, one for each start, so many are on their way out */
    int32_t awaits_passing; /* duty EMPTY that waits for these, ID_NONE */
    int32_t next;           /* of the same task, or of the free list */
    int32_t exit_code;      /* STARTING: of an exit right after the start, 0: none */
    int32_t worker;         /* in its instance's share, ID_NONE */
    int32_t share_group;    /* its task's, ID_NONE: none yet */
    uint8_t container;
    uint8_t phase; /* enum fleet_phase */
    bool oom;
    bool pull_fails;
    bool serves; /* said so in a notice */
};

/* Something that takes its time: it waits, then burns CPU, and then what it is for happens. */
enum fleet_duty_kind {
    DUTY_BOOT,   /* the next step of an instance's boot */
    DUTY_ASK,    /* the fixed part of a pull */
    DUTY_UNPACK, /* of a layer, whose number stands in `task` */
    DUTY_LOCKED, /* the part of a start that goes one at a time */
    DUTY_CHILD,
    DUTY_CLEAR,   /* the kernel clears up: nobody waits for it */
    DUTY_MACHINE, /* the next step of a task's own machine on its way up */
    DUTY_FILL,    /* that machine unpacks an image */
    DUTY_PASS,  /* a container's first process ends, when its agent knows of the container's end */
    DUTY_EMPTY, /* a task's groups become empty, which is when its agent can remove them */
    DUTY_RECORDS, /* the scheduler's thread takes what an agent has logged */
    DUTY_TAKE,    /* or a message */
    DUTY_HEAR,    /* the agent takes a message; from here on the agent's own */
    DUTY_FACT,    /* or something that has happened to a container */
    DUTY_PULL,    /* or carries out an order */
    DUTY_CREATE,
    DUTY_START,
    DUTY_SIGNAL,
    DUTY_PROBE,
    DUTY_REMOVE,
    DUTY_KEEP, /* or keeps what a container has printed */
};

struct fleet_duty {
    int64_t wake_usec; /* the end of its wait, USEC_NEVER */
    int64_t cpu_usec;
    uint64_t rate;            /* at which it burns that */
    int64_t turns_until_usec; /* of its wait, until then for its turns; 0: it never had to */
    int64_t behind; /* of its wait for a turn: whose processor, even where another is idle: */
                    /* fleet_key(), ID_NONE: any */
    struct step_draw alone;         /* CREATE: what comes then, one at a time on a host, */
    struct step_draw behind_others; /* or for whoever had to wait for that */
    int32_t instance;
    int32_t task;
    int32_t next;   /* in its line, or of the free list */
    int32_t worker; /* in its instance's share, ID_NONE */
    int32_t number; /* FACT: enum message_kind; SIGNAL: enum stop_signal; PROBE: its number */
    uint8_t kind;   /* enum fleet_duty_kind */
    uint8_t container;
    bool used;
    bool is_over;            /* HEAR, FACT, TAKE: it is only to be heard now */
    bool aside;              /* its machine does it, not the instance's agent */
    bool hosts;              /* CLEAR: the host's kernel does it, not a guest's */
    struct message *message; /* HEAR: owned */
};

/* First come, first served. */
struct fleet_line {
    int32_t first, last; /* duties */
};

/* What those who send requests have to know of containers. */
enum fleet_news {
    FLEET_OPENED, /* it serves from now on */
    FLEET_CLOSED, /* it does not any more */
    FLEET_SERVED, /* what it was given with fleet_serve() is done */
};

struct fleet_notice {
    int32_t task;
    uint8_t container;
    uint8_t news; /* enum fleet_news */
};

/* An agent that is one thread, as berth-agent is (exec/agent_main.c): it carries out the orders of a
 * step, then takes the facts it knows of; without any it collects what has happened; and only then it
 * hears the next message. What it has to say goes out when there is nothing left to do, and before it may remove what is
 * left of a task. */
struct fleet_agent {
    bool busy;
    bool goes_on; /* it looks for its next duty */
    bool awake;   /* it has had something to do ever since */
    int64_t woken_usec;
    int64_t busy_usec;   /* since then it has had a processor, as if it had not slept */
    int64_t rested_usec; /* until it was woken, as long as it has not told what that costs */
    int64_t quiet_usec;  /* it has had nothing to do since */
    int32_t n_taken;     /* messages and facts so far */
    int32_t n_turns;     /* drawn so far, for it to wait for */
    int32_t n_removing;  /* tasks that it is to remove */
    bool tells;          /* what it has to say goes out now, though it is not quiet */
    struct fleet_line orders, facts, happened, heard;
    struct fleet_line printed; /* what it keeps when there is nothing of these, and all is said */
};

struct fleet_layer {
    int32_t number;
    int32_t flow;    /* in the network's share, ID_NONE */
    int32_t writing; /* in the disk's */
    int32_t duty;    /* that unpacks it */
    bool here;
};

/* A virtual machine that is one task's own. */
struct fleet_machine {
    int64_t begin_usec;          /* its step began */
    int64_t took_usec[VM_STEPS]; /* what each took */
    int32_t duty;                /* the step, ID_NONE */
    int32_t next;                /* of the free list */
    uint8_t step;
};

enum fleet_pull_state { PULL_WAITS, PULL_ASKS, PULL_FETCHES };

struct fleet_pull {
    int32_t image, task;
    int32_t duty;
    int64_t permille; /* the registry is so slow */
    uint8_t container;
    uint8_t state; /* enum fleet_pull_state */
};

struct fleet_instance {
    int32_t group;
    int32_t type;            /* index in the scenario's types */
    int32_t cpu, memory_mib; /* as the scheduler launched it */
    bool is_vm;              /* a machine of its own on the host, with a kernel of its own */
    bool is_micro;           /* for one task, to whose size it is made */
    bool rising;             /* its agent starts on the host */
    bool up;                 /* its agent runs */
    bool gone;               /* nothing happens here any more */
    uint8_t boot_step;
    int64_t boot_usec;           /* a virtual machine's last step began then */
    int64_t took_usec[VM_STEPS]; /* what each took */
    struct agent agent;
    struct share share;                /* of its CPUs, where it is no part of a host */
    int64_t share_usec;                /* the FLEET_SHARE that was put in the queue last */
    int32_t share_group;               /* in the host's share, ID_NONE */
    int32_t network_group, disk_group; /* likewise */
    int64_t working_cpu;               /* CPU units of the host on which its containers work: */
    int32_t n_working;                 /* so many, whose tasks have */
    int64_t working_weight;            /* so much weight together */
    int64_t memory_bytes;              /* that its containers hold */
    int64_t done_usec[COST_STEPS];     /* when each step was last done here */
    struct fleet_agent thread;
    struct fleet_line locked;   /* the first is at it */
    struct fleet_layer *layers; /* here or on their way */
    int n_layers, cap_layers;
    int32_t *images; /* that are here */
    int n_images, cap_images;
    struct fleet_pull *pulls; /* in order of arrival */
    int n_pulls, cap_pulls;
};

struct fleet {
    const struct scenario *scenario;
    uint64_t seed;
    uint64_t luck; /* the seed of what steps cost */
    struct queue *queue;
    const struct cluster *cluster; /* to look up definitions of tasks */
    int64_t now_usec;
    struct fleet_instance *instances;
    int n_instances, cap_instances;
    struct fleet_container *containers;
    int n_containers, cap_containers;
    int32_t free_container;
    int32_t *tasks; /* first container by task */
    int n_tasks, cap_tasks;
    struct fleet_duty *duties;
    int n_duties, cap_duties;
    int32_t free_duty;
    struct fleet_machine *machines;
    int n_machines, cap_machines;
    int32_t free_machine;
    int32_t *machine_of; /* by task, as far as any has one */
    int n_machine_of, cap_machine_of;
    struct share common[COMMONS];
    int64_t common_usec[COMMONS]; /* the FLEET_COMMON that were put in the queue last */
    int64_t did_usec[COST_STEPS]; /* when each step was last done or begun on the host */
    int64_t *left_usec;           /* when containers left the host memory that nobody has yet */
    int n_left_usec, cap_left_usec;
    int64_t lined_cpu; /* what of `working_cpu` the lines were made for */
    int64_t *in_line;  /* containers that stand in one processor's line, or did: fleet_key() */
    int n_in_line, cap_in_line;
    int64_t *lines; /* the CPU units that work in each processor's line */
    int n_lines, cap_lines;
    int64_t uneven_usec; /* since then they differ by two and more, USEC_NEVER */
    int64_t *in_turn; /* who waits for its turns, or did: fleet_key(), or of duties -1 - number */
    int n_in_turn, cap_in_turn;
    int64_t *least; /* who works and weighs as little as any can: fleet_key() */
    int n_least, cap_least;
    int64_t *least_lines; /* so many of them in each processor's line, */
    int n_least_lines, cap_least_lines;
    share_wide *least_weights; /* with so much weight together */
    int n_least_weights, cap_least_weights;
    int64_t n_overbalanced;   /* times so far */
    int32_t least_alone;      /* the line in which one is, as long as nobody is moved, ID_NONE */
    int32_t least_beside;     /* `n_working`, when their rates were last looked at */
    bool balances;            /* FLEET_OVERBALANCED is in the queue */
    bool overbalanced;        /* they are to go by their lines; */
    bool least_rated;         /* they did when their rates were last looked at; */
    bool least_still;         /* somebody's instance stood still then */
    bool least_changed;       /* somebody came, went or was moved since then */
    int64_t working_cpu;      /* CPU units of the host on which containers work: */
    int32_t n_working;        /* so many, */
    int32_t n_at_work;        /* of so many instances */
    bool agents_share;        /* all CPUs worked when agents' rates were last looked at */
    int32_t n_clearing;       /* what the host's kernel has yet to do by itself, now or later */
    int32_t n_booting;        /* virtual machines on their way up */
    int32_t n_rising;         /* agents, likewise, of instances that are none */
    int32_t session;          /* the group of all agents on the host, SHARE_ROOT: none */
    int32_t kernel;           /* likewise of what the kernel does by itself */
    struct fleet_line locked; /* of the host */
    struct fleet_line making; /* creations on the host that are at what goes one at a time */
    struct fleet_line taken;  /* what the scheduler's thread has to take; the first it is at */
    int64_t n_taken;
    struct costs costs;        /* what applies to its instances' agents */
    struct costs inside;       /* likewise to those in virtual machines */
    struct message *answer;    /* of fleet_event(), while there is none yet */
    struct boot_course course; /* of the virtual machine that booted last, as its boot tells it */
    struct message read;       /* that the last event from an agent's line was, owned */
    int32_t *quiet;            /* instances whose agents have nothing left to do: see there */
    int n_quiet, cap_quiet;
    int64_t memory_bytes, most_memory_bytes; /* all that containers, agents and systems hold */
    bool gives_notice;                       /* there is somebody who reads: */
    struct fleet_notice *notices;            /* in order; emptied by whoever reads them */
    int n_notices, cap_notices;
    int64_t n_probes; /* answers on their way: entries of the queue that lead to nothing */
    int64_t registry_slow_usec; /* pulls that begin before it take registry_permille / 1000 */
    int64_t registry_permille;
    int64_t registry_dead_usec; /* pulls that begin before it fail */
};

void fleet_init(struct fleet *fleet, const struct scenario *scenario, uint64_t seed, uint64_t luck,
                struct queue *queue, const struct cluster *cluster);
void fleet_finish(struct fleet *fleet);

/* The scheduler's launchInstance and terminateInstance. */
void fleet_launch(struct fleet *fleet, const struct launch_instance *launch);
void fleet_terminate(struct fleet *fleet, int32_t instance);

/* An agent's action on the world. */
void fleet_order(struct fleet *fleet, int32_t instance, const struct message *action);

/* Where agents are threads that do one thing after the other (costs.agent_queue): a message for one is
 * copied and comes out of fleet_event() when the agent gets to it. */
bool fleet_hears_itself(const struct fleet *fleet);
void fleet_hear(struct fleet *fleet, int64_t at_usec, int32_t instance,
                const struct message *message);
/* Where all is on one host, the scheduler's thread takes one thing after the other too: the records
 * that an agent sends, and messages, each of which is copied and comes out of fleet_event(). */
bool fleet_takes_itself(const struct fleet *fleet);
void fleet_take_records(struct fleet *fleet, int64_t at_usec, int n_records);
void fleet_take(struct fleet *fleet, int64_t at_usec, const struct message *message);
/* The agent has been stepped, with what fleet_event() gave or otherwise, and its orders were given. */
void fleet_stepped(struct fleet *fleet, int32_t instance);
/* An agent of which what it has said goes out now: it has nothing left to do, or may begin with a removal; ID_NONE: no
 * (more). */
int32_t fleet_next_quiet(struct fleet *fleet);

/* Does it, where it hits machines or the registry. False where there is nothing (any more) that the
 * fault could hit. */
bool fleet_fault(struct fleet *fleet, const struct fault *fault);

/* A serving container's requests want CPU time: `threads` of them at once, until `left`
 * (times SHARE_ONE_CPU) is done, of which a notice tells. Without threads they want none. */
void fleet_serve(struct fleet *fleet, int64_t at_usec, int32_t task, int container, int threads,
                 share_wide left);
share_wide fleet_left(struct fleet *fleet, int64_t at_usec, int32_t task, int container);

/* CPU time that the task's containers used for themselves, not for requests, since last asked. */
int64_t fleet_take_cpu(struct fleet *fleet, int64_t at_usec, int32_t task);

/* Where a task is, what it is, and the CPUs of an instance. */
int32_t fleet_instance_of(const struct fleet *fleet, int32_t task);
const struct task_definition *fleet_definition(const struct fleet *fleet, int32_t task);
double fleet_cpus(const struct fleet *fleet, int32_t instance);

/* Whether its health checks pass. */
bool fleet_is_healthy(struct fleet *fleet, int64_t at_usec, int32_t task, int container);

/* Makes of a queue entry the event that it is for a machine: an agent, or the scheduler (`*machine`
 * ID_NONE). False where it concerns nobody any more. */
bool fleet_event(struct fleet *fleet, const struct queue_entry *entry, int32_t *machine,
                 struct message *event);

#endif
