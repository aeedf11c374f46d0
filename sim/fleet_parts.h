/*
 * What the parts of the fleet share: machines (fleet.c), things that take time (fleet_duty.c), agents
 * that are threads (fleet_agent.c), containers' lives (fleet_life.c), their ends (fleet_passing.c), memory (fleet_memory.c), tasks'
 * own virtual machines (fleet_machine.c), images (fleet_pull.c), the lines of processors: how long they are
 * (fleet_lines.c), what who comes gets there (fleet_balance.c), what those have there who weigh least
 * (fleet_overbalance.c), and turns (fleet_turns.c). Only fleet*.c include this.
 */
#ifndef BERTH_FLEET_PARTS_H
#define BERTH_FLEET_PARTS_H

#include "fleet.h"

#define EXIT_TERMINATED (128 + 15)
#define EXIT_KILLED (128 + 9)

/* Processes and groups that nobody has given a weight (kernel, cgroup-v1/cpuacct). */
#define WEIGHT_DEFAULT 1024

/* Who has slept gets a processor at once and keeps it for some 3 ms, a tick or a slice of the kernel's (Linux 6.18). */
#define SLICE_USEC (3 * USEC_PER_MSEC)

/* What a share's worker is: its `who`. */
enum fleet_who { WHO_DUTY, WHO_CONTAINER, WHO_FLOW, WHO_WRITE };
#define WHO_BITS 8

/* fleet.c */
/* What steps cost on the instance, on a task's instance. */
const struct costs *fleet_costs(const struct fleet *fleet, int32_t instance);
const struct costs *fleet_costs_of(const struct fleet *fleet, int32_t task);
/* A step of the boot of machine `id`, an instance or, with another `n`, a task. */
struct step_draw fleet_draw_vm(const struct fleet *fleet, enum vm_step step, int32_t id, int32_t n);
const struct scenario_taskdef *fleet_taskdef(const struct fleet *fleet, int32_t task);
const struct instance_type *fleet_type(const struct fleet *fleet, int32_t instance);
struct share *fleet_share(struct fleet *fleet, int32_t instance);
/* How a virtual machine of that size came up, as the guest's agent tells it in a real run. */
struct boot_course fleet_course(const struct fleet *fleet, const int64_t *took_usec,
                                int64_t memory_mib);
/* Somebody came or went: the next completion may be another. */
void fleet_queue_share(struct fleet *fleet, int32_t instance);
void fleet_queue_common(struct fleet *fleet, enum fleet_common common);
void fleet_booted_step(struct fleet *fleet, int32_t instance);

/* Whether the task's containers share the one host's kernel and memory. */
bool fleet_shares_host(const struct fleet *fleet, int32_t task);

/* fleet_duty.c */
/* A container by one number. */
int64_t fleet_key(int32_t task, int container);
int32_t fleet_key_task(int64_t key);
int fleet_key_container(int64_t key);
/* `n`: how often the same was drawn before, in the container's earlier lives. */
struct step_draw fleet_draw(const struct fleet *fleet, enum cost_step step, int32_t task,
                            int container, int32_t n);
/* Likewise of a step that is begun now on the task's instance, which may be cold. */
struct step_draw fleet_draw_now(struct fleet *fleet, enum cost_step step, int32_t task,
                                int container, int32_t n);
/* It is over: whoever does the same within a while finds warm what it left. */
void fleet_did(struct fleet *fleet, enum cost_step step, int32_t task);
int32_t fleet_new_duty(struct fleet *fleet, enum fleet_duty_kind kind, int32_t instance,
                       int32_t task, int container);
/* It waits and burns, from now on; what takes no time is done at once. */
void fleet_begin(struct fleet *fleet, int32_t duty, struct step_draw takes);
/* It waits, if for no time at all: until the queue gets to it. */
void fleet_wait(struct fleet *fleet, int32_t duty, int64_t usec);
/* What it is for is a message, or a fact, that fleet_event() gives out next. */
void fleet_wait_to_be_heard(struct fleet *fleet, int32_t duty);
/* The rest of it comes later by that; earlier where it is less than 0, of one that waits. */
void fleet_put_off(struct fleet *fleet, int32_t duty, int64_t usec);
/* CPU time that is left of it while it burns; all of it before. */
int64_t fleet_duty_left(struct fleet *fleet, int32_t duty);
/* Its group in its instance's share, or the host's. */
int32_t fleet_duty_group(const struct fleet *fleet, const struct fleet_duty *duty);
void fleet_waited(struct fleet *fleet, const struct queue_entry *entry);
void fleet_burnt(struct fleet *fleet, int32_t duty);
/* The kernel's work behind something that has come or gone begins; nobody waits for it. `more`: what it does besides
 * where the container has a network of its own, COST_STEPS: nothing. */
void fleet_clear_up(struct fleet *fleet, enum cost_step step, enum cost_step more, int32_t task,
                    int container);
void fleet_cancel(struct fleet *fleet, int32_t duty);
void fleet_free_duty(struct fleet *fleet, int32_t duty);
void fleet_append(struct fleet *fleet, struct fleet_line *line, int32_t duty);
int32_t fleet_take_first(struct fleet *fleet, struct fleet_line *line);
/* It stands in the line for what the host does one at a time. */
void fleet_lock(struct fleet *fleet, int32_t duty);
/* Drops all that is under way on an instance that is gone. */
void fleet_drop_duties(struct fleet *fleet, int32_t instance);

/* fleet_agent.c */
bool fleet_has_network(const struct fleet *fleet, int32_t task, int container);
void fleet_agent_init(struct fleet_agent *agent);
/* What it is doing goes on. `for_turn`: it was put behind others. */
void fleet_agent_waited(const struct fleet *fleet, struct fleet_agent *agent, bool for_turn);
/* What has happened to a container is told to its agent; `by_itself`: by what the agent just did. */
void fleet_tell(struct fleet *fleet, int32_t task, int container, enum message_kind kind,
                bool by_itself);
/* A container is ready, and has printed something by then; its agent has been told. */
void fleet_keep(struct fleet *fleet, int32_t task, int container);
/* The first in the host's line of creations gets its turn. */
void fleet_make_first(struct fleet *fleet);
void fleet_agent_did(struct fleet *fleet, int32_t duty);
/* A task is to be removed, and nobody is in its groups any more. */
void fleet_emptied(struct fleet *fleet, int32_t duty);
void fleet_did_take(struct fleet *fleet, int32_t duty);
bool fleet_heard(struct fleet *fleet, const struct queue_entry *entry, int32_t *machine,
                 struct message *event);
void fleet_make_fact(struct fleet *fleet, int32_t task, int container, enum message_kind kind,
                     struct message *event);

/* fleet_passing.c */
/* Of an end that takes so much CPU time, what comes when the agent knows of it already. */
int64_t fleet_passing_usec(const struct fleet *fleet, int32_t task, int64_t end_usec);
/* What that is begins, on its own, and what the kernel does behind it follows. */
void fleet_pass(struct fleet *fleet, struct fleet_container *container, int32_t task);
/* It is over. */
void fleet_passed(struct fleet *fleet, int32_t duty);
/* `duty` EMPTY of a task that is to be removed goes on when that is over for all its containers. */
void fleet_await_passing(struct fleet *fleet, int32_t duty);

/* fleet_life.c */
struct fleet_container *fleet_find(const struct fleet *fleet, int32_t task, int container);
struct fleet_container *fleet_find_or_add(struct fleet *fleet, int32_t task, int container);
void fleet_forget_task(struct fleet *fleet, int32_t task);
/* CPU units on which its work is done, as far as its task's quota allows. */
int32_t fleet_work_cpu(const struct fleet *fleet, int32_t task, int container);
/* How long it has done nothing, or had not before it began to end. */
int64_t fleet_rested_usec(const struct fleet *fleet, int32_t task, int container);
/* The container is in that phase for so long. */
void fleet_enter(struct fleet *fleet, struct fleet_container *container, int32_t task,
                 enum fleet_phase phase, int64_t usec);
void fleet_create(struct fleet *fleet, int32_t task, int container);
void fleet_start(struct fleet *fleet, int32_t task, int container);
void fleet_started(struct fleet *fleet, int32_t duty);
void fleet_signal(struct fleet *fleet, int32_t task, int container, int32_t signal);
void fleet_probe(struct fleet *fleet, int32_t task, int container, int32_t probe);
bool fleet_kill_task(struct fleet *fleet, int32_t task, int only);
/* False where it does not run. One that is just being started ends as soon as it has started. */
bool fleet_kill(struct fleet *fleet, struct fleet_container *container, int32_t task,
                int32_t exit_code);
void fleet_worked(struct fleet *fleet, int32_t task, int container);
/* No task's group could weigh less. */
bool fleet_weighs_least(const struct fleet *fleet, int32_t task);
void fleet_wake(struct fleet *fleet, const struct queue_entry *entry);
bool fleet_answer_probe(struct fleet *fleet, const struct queue_entry *entry,
                        struct message *event);

/* fleet_balance.c */
bool fleet_knows_lines(const struct fleet *fleet, const struct costs *costs);
/* It begins to burn CPU time, as a worker that has just come to its share; its task has that weight. What it gets in its
 * line the next fleet_even_out() says. */
void fleet_join_line(struct fleet *fleet, struct fleet_container *container, int32_t task,
                     uint32_t weight);
/* The rate at which the duty may burn as things stand now: less than a CPU only for an agent that is a thread, on a
 * host all of whose CPUs work. */
uint64_t fleet_duty_rate(const struct fleet *fleet, int32_t duty);
/* Whoever came or went, or used up a quota: an idle processor takes from the others' lines, and gives turns. */
void fleet_even_out(struct fleet *fleet);
void fleet_evened(struct fleet *fleet, const struct queue_entry *entry);

/* From now on it burns no faster than that, which is a rate in some line. */
void fleet_go_at(struct fleet *fleet, struct fleet_container *container, int32_t task,
                 uint64_t rate);

/* fleet_overbalance.c */
/* It has begun to burn CPU time; it has ended. Nothing happens but to one that weighs least. */
void fleet_come_to_least(struct fleet *fleet, struct fleet_container *container, int32_t task);
void fleet_leave_least(struct fleet *fleet, struct fleet_container *container);
/* FLEET_OVERBALANCED: the kernel moves them. */
void fleet_overbalance(struct fleet *fleet);
/* Their rates, after whatever has changed. */
void fleet_rate_least(struct fleet *fleet);

/* fleet_lines.c */
/* The first of the longest, and of the shortest, of so many lines; 0 of none. */
int32_t fleet_longest(const int64_t *lines, int n);
int32_t fleet_shortest(const int64_t *lines, int n);
/* It has begun to work, on `working_cpu`; it has ended, with that. */
void fleet_come_to_lines(struct fleet *fleet, struct fleet_container *container);
void fleet_leave_lines(struct fleet *fleet, struct fleet_container *container);
/* Of so many CPU units, each of a processor or a part of one. */
int64_t fleet_threads(int64_t cpu);
/* How many threads' work there is in the shortest line, in the shortest of the others (0: there is no other), and
 * in the longest. */
struct fleet_lengths {
    int64_t shortest, next, longest;
};
struct fleet_lengths fleet_line_lengths(struct fleet *fleet);

/* fleet_turns.c */
/* What its start, or its work, waits for turns now. */
int64_t fleet_turns_usec(struct fleet *fleet, const struct fleet_container *container, int32_t task,
                         bool works);
/* Of what the duty waits, so much of it first for its turns. */
void fleet_wait_for_turns(struct fleet *fleet, int32_t duty, int64_t usec);
/* It will work after that wait for its turns. */
void fleet_wait_to_work(struct fleet *fleet, struct fleet_container *container, int32_t task,
                        int64_t usec);
/* While a processor is idle nobody waits for turns any more, but for who lies behind somebody. */
void fleet_give_turns(struct fleet *fleet);
/* It has begun to work: where that is on the last idle processor, what agents and starts are about is put
 * off; where one is left and the kernel has work of its own to do, what the container has woken its agent for. */
void fleet_fill_up(struct fleet *fleet, const struct fleet_container *container, int32_t task);

/* fleet_memory.c */
/* A container's own limit, else its task's; 0: none. */
int64_t fleet_memory_limit(const struct task_definition *definition, int container);
/* It holds that much from now on. Whoever the kernel ends for it is ended; false where that is itself.
 */
bool fleet_hold(struct fleet *fleet, struct fleet_container *container, int32_t task,
                int64_t bytes);
void fleet_let_go(struct fleet *fleet, struct fleet_container *container, int32_t task);
/* Memory beside that of containers: an instance's system and agent. */
void fleet_count_memory(struct fleet *fleet, int64_t bytes);

/* fleet_machine.c */
bool fleet_has_machine(const struct fleet *fleet, int32_t task);
void fleet_boot_machine(struct fleet *fleet, int32_t task);
void fleet_machine_did(struct fleet *fleet, int32_t task);
/* It goes with its task; nothing where there is none. */
void fleet_end_machine(struct fleet *fleet, int32_t task);
void fleet_machine_fact(struct fleet *fleet, int32_t task, struct message *event);
/* A pull that is the task's own machine's; false where it is the instance's. */
bool fleet_pull_inside(struct fleet *fleet, int32_t task, int container);
void fleet_filled(struct fleet *fleet, int32_t task, int container);

/* fleet_pull.c */
void fleet_pull(struct fleet *fleet, int32_t task, int container);
void fleet_asked(struct fleet *fleet, int32_t duty);
void fleet_unpacked(struct fleet *fleet, int32_t instance, int32_t layer);
void fleet_flowed(struct fleet *fleet, int32_t instance, int32_t layer);
void fleet_written(struct fleet *fleet, int32_t instance, int32_t layer);
void fleet_remove_image(struct fleet *fleet, int32_t instance, const char *name);
void fleet_kill_registry(struct fleet *fleet);
void fleet_drop_pulls(struct fleet *fleet, int32_t instance);

#endif
