/*
 * What agents do: their orders to the world, and how they come to know of it. With costs.agent_queue
 * each is a thread that does one thing after the other; without, everything goes on side by side.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct fleet_line nobody = {ID_NONE, ID_NONE};

void fleet_agent_init(struct fleet_agent *agent)
{
    *agent = (struct fleet_agent){
        .orders = nobody, .facts = nobody, .happened = nobody, .heard = nobody, .printed = nobody};
}

bool fleet_hears_itself(const struct fleet *fleet)
{
    return fleet->costs.agent_queue && fleet->costs.contention;
}

/* The thread ------------------------------------------------------------------------------------ */

static struct step_draw together(struct step_draw a, struct step_draw b)
{
    return (struct step_draw){a.wait_usec + b.wait_usec, a.cpu_usec + b.cpu_usec};
}

/* Bridge and awsvpc give each task, or each container, a network of its own (exec/connect.c). */
bool fleet_has_network(const struct fleet *fleet, int32_t task, int container)
{
    enum network_mode mode = fleet_taskdef(fleet, task)->definition->network_mode;

    return mode == NETWORK_BRIDGE || (mode == NETWORK_AWSVPC && container == 0);
}

static struct step_draw part_of(struct step_draw takes, int64_t permille)
{
    return (struct step_draw){costs_part_usec(takes.wait_usec, permille),
                              costs_part_usec(takes.cpu_usec, permille)};
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is left of it without that part. */
static struct step_draw part_before(struct step_draw takes, int64_t permille)
{
    struct step_draw part = part_of(takes, least(permille, 1000));

    return (struct step_draw){takes.wait_usec - part.wait_usec, takes.cpu_usec - part.cpu_usec};
}

/* Agents that share a kernel wait for each other where it makes groups and networks (cgroup_mutex,
 * rtnl_mutex): what of a creation that is comes after the rest. */
static struct step_draw create_takes(struct fleet *fleet, struct fleet_duty *duty)
{
    struct step_draw takes = fleet_draw_now(fleet, COST_CREATE, duty->task, duty->container, 0);
    bool shares = fleet->costs.host_cpu > 0 && fleet_hears_itself(fleet) &&
                  !fleet->instances[duty->instance].is_vm && !duty->aside;
    const struct costs *costs = fleet_costs(fleet, duty->instance);
    struct step_draw before = part_before(takes, costs->create_alone_permille), network;

    duty->alone = part_of(takes, least(costs->create_alone_permille, 1000));
    duty->behind_others = part_of(takes, costs->create_alone_permille);
    if (fleet_has_network(fleet, duty->task, duty->container)) {
        network = fleet_draw_now(fleet, COST_NETWORK, duty->task, duty->container, 0);
        takes = together(takes, network);
        before = together(before, part_before(network, costs->network_alone_permille));
        duty->alone =
            together(duty->alone, part_of(network, least(costs->network_alone_permille, 1000)));
        duty->behind_others =
            together(duty->behind_others, part_of(network, costs->network_alone_permille));
    }
    if (shares)
        return before;
    duty->alone = duty->behind_others = (struct step_draw){0, 0};
    return takes;
}

/* All of its containers, with their networks, are waited for at once: the longest wait. */
static int64_t remove_wait_usec(const struct fleet *fleet, int32_t task)
{
    int64_t longest_usec = 0;

    for (int c = 0; c < fleet_taskdef(fleet, task)->definition->n_containers; c++) {
        int64_t usec = fleet_draw(fleet, COST_REMOVE, task, c, 0).wait_usec;

        if (fleet_has_network(fleet, task, c))
            usec += fleet_draw(fleet, COST_DISCONNECT, task, c, 0).wait_usec;
        if (usec > longest_usec)
            longest_usec = usec;
    }
    return longest_usec;
}

static struct step_draw remove_takes(struct fleet *fleet, const struct fleet_duty *duty)
{
    struct step_draw takes = {0, 0};

    for (int c = 0; c < fleet_taskdef(fleet, duty->task)->definition->n_containers; c++) {
        takes = together(takes, fleet_draw_now(fleet, COST_REMOVE, duty->task, c, 0));
        if (fleet_has_network(fleet, duty->task, c))
            takes = together(takes, fleet_draw(fleet, COST_DISCONNECT, duty->task, c, 0));
    }
    if (fleet_hears_itself(fleet) && !duty->aside)
        takes.wait_usec = 0; /* that is over */
    return takes;
}

/* The first after a rest finds less at hand. */
static struct step_draw event_takes(struct fleet *fleet, const struct fleet_duty *duty)
{
    const struct costs *costs = fleet_costs(fleet, duty->instance);
    struct fleet_agent *agent = &fleet->instances[duty->instance].thread;
    struct step_draw takes =
        costs_draw(costs, COST_AGENT_EVENT, fleet->luck, duty->instance, agent->n_taken++);

    takes.cpu_usec += costs_rested(costs, COST_AGENT_EVENT, agent->rested_usec);
    agent->rested_usec = 0;
    if (duty->kind == DUTY_FACT && duty->number == MESSAGE_CONTAINER_EXITED)
        takes.cpu_usec += fleet_draw_now(fleet, COST_EXIT, duty->task, duty->container, 0).cpu_usec;
    return takes;
}

/* Our agent makes a container that is restarted anew, in the network that is there (exec/performer_ward.c); a cloud's
 * starts the one it has. For what a removal waits nobody stands still, and it is short beside a restart. */
static struct step_draw start_takes(struct fleet *fleet, const struct fleet_duty *duty)
{
    const struct fleet_container *container = fleet_find(fleet, duty->task, duty->container);
    int32_t n = container ? container->n_starts - 1 : 0;
    struct step_draw takes = fleet_draw_now(fleet, COST_START, duty->task, duty->container, n);

    if (n == 0 || !fleet->costs.agent_queue)
        return takes;
    takes.cpu_usec += fleet_draw_now(fleet, COST_REMOVE, duty->task, duty->container, n).cpu_usec;
    return together(takes, fleet_draw_now(fleet, COST_CREATE, duty->task, duty->container, n));
}

/* Of its last life. */
static struct step_draw keep_takes(struct fleet *fleet, const struct fleet_duty *duty)
{
    const struct fleet_container *container = fleet_find(fleet, duty->task, duty->container);

    return fleet_draw_now(fleet, COST_KEEP, duty->task, duty->container,
                          container ? container->n_starts - 1 : 0);
}

static struct step_draw takes_of(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];

    switch (duty->kind) {
    case DUTY_HEAR:
    case DUTY_FACT:
        return event_takes(fleet, duty);
    case DUTY_CREATE:
        return create_takes(fleet, duty);
    case DUTY_START:
        return start_takes(fleet, duty);
    case DUTY_REMOVE:
        return remove_takes(fleet, duty);
    case DUTY_KEEP:
        return keep_takes(fleet, duty);
    case DUTY_SIGNAL:
        return fleet_draw_now(fleet, COST_SIGNAL, duty->task, duty->container, duty->number);
    default:
        return (struct step_draw){0, 0};
    }
}

/* Who waits for an end does not wait for removals (exec/agent_main.c). */
static void tell_before_removing(struct fleet *fleet, int32_t id)
{
    struct fleet_agent *agent = &fleet->instances[id].thread;

    if (agent->n_removing > 0 && !agent->tells) {
        agent->tells = true;
        *ARRAY_ADD(fleet, quiet) = id;
    }
}

/* What has happened meanwhile is collected only when there is nothing else left to do, and all at
 * once. */
static int32_t next_duty(struct fleet *fleet, int32_t id)
{
    struct fleet_agent *agent = &fleet->instances[id].thread;

    if (agent->orders.first != ID_NONE)
        return fleet_take_first(fleet, &agent->orders);
    if (agent->facts.first == ID_NONE) {
        tell_before_removing(fleet, id);
        agent->facts = agent->happened;
        agent->happened = nobody;
    }
    if (agent->facts.first != ID_NONE)
        return fleet_take_first(fleet, &agent->facts);
    return fleet_take_first(fleet, &agent->heard);
}

void fleet_make_first(struct fleet *fleet)
{
    int32_t id = fleet->making.first;

    if (id != ID_NONE)
        fleet_begin(fleet, id, fleet->duties[id].behind_others);
}

/* What of a creation goes one at a time on a host: true where that is still to be done, in its turn. */
static bool make_alone(struct fleet *fleet, int32_t id)
{
    const struct fleet_duty *duty = &fleet->duties[id];
    bool first = fleet->making.first == ID_NONE;

    if (duty->behind_others.wait_usec + duty->behind_others.cpu_usec == 0)
        return false;
    if (fleet->making.first == id) {
        fleet_take_first(fleet, &fleet->making);
        fleet_make_first(fleet);
        return false;
    }
    fleet_append(fleet, &fleet->making, id);
    if (first)
        fleet_begin(fleet, id, duty->alone);
    return true;
}

void fleet_agent_waited(const struct fleet *fleet, struct fleet_agent *agent, bool for_turn)
{
    agent->woken_usec = fleet->now_usec;
    if (for_turn)
        agent->busy_usec = fleet->now_usec;
}

/* A sleep makes up for as much of what it had before as it lasts. */
static void wake(const struct fleet *fleet, struct fleet_agent *agent)
{
    int64_t slept_usec = fleet->now_usec - agent->quiet_usec;
    int64_t left_usec = agent->quiet_usec - agent->busy_usec - slept_usec;

    agent->awake = true;
    agent->woken_usec = fleet->now_usec;
    agent->busy_usec = fleet->now_usec - (left_usec > 0 ? left_usec : 0);
    if (agent->rested_usec < slept_usec)
        agent->rested_usec = slept_usec;
}

static void go_on(struct fleet *fleet, int32_t id)
{
    struct fleet_agent *agent = &fleet->instances[id].thread;
    int32_t duty;

    if (agent->goes_on)
        return; /* it is just doing so, further out */
    agent->goes_on = true;
    while (!agent->busy && (duty = next_duty(fleet, id)) != ID_NONE) {
        agent->busy = true;
        if (!agent->awake)
            wake(fleet, agent);
        fleet_begin(fleet, duty, takes_of(fleet, duty));
        agent = &fleet->instances[id].thread;
    }
    agent->goes_on = false;
    if (agent->awake && !agent->busy)
        agent->quiet_usec = fleet->now_usec;
    agent->awake = agent->busy;
    if (!agent->busy)
        *ARRAY_ADD(fleet, quiet) = id;
}

/* It has told all it has to tell, and does not sleep yet. */
static void keep_next(struct fleet *fleet, struct fleet_agent *agent)
{
    int32_t duty = fleet_take_first(fleet, &agent->printed);

    if (duty == ID_NONE)
        return;
    agent->busy = agent->awake = true;
    fleet_begin(fleet, duty, takes_of(fleet, duty));
}

int32_t fleet_next_quiet(struct fleet *fleet)
{
    while (fleet->n_quiet > 0) {
        int32_t id = fleet->quiet[--fleet->n_quiet];

        struct fleet_agent *agent = &fleet->instances[id].thread;
        bool tells = agent->tells;

        agent->tells = false;
        if (!agent->busy)
            keep_next(fleet, agent);
        else if (!tells)
            continue;
        return id;
    }
    return ID_NONE;
}

/* What its containers have left, as far as they ever were, goes with the task. */
static void clear_up(struct fleet *fleet, int32_t task)
{
    for (int c = 0; c < fleet_taskdef(fleet, task)->definition->n_containers; c++) {
        const struct fleet_container *container = fleet_find(fleet, task, c);

        if (container && container->n_starts > 0)
            fleet_clear_up(fleet, COST_CLEAR, COST_CLEAR_NETWORK, task, c);
    }
}

/* Who is restarted leaves what it had, but for its network. */
static void clear_up_before(struct fleet *fleet, const struct fleet_duty *start)
{
    const struct fleet_container *container = fleet_find(fleet, start->task, start->container);

    if (container && container->n_starts > 1 && !start->aside)
        fleet_clear_up(fleet, COST_CLEAR, COST_STEPS, start->task, start->container);
}

void fleet_agent_did(struct fleet *fleet, int32_t id)
{
    struct fleet_duty duty = fleet->duties[id];

    if (duty.kind == DUTY_CREATE && make_alone(fleet, id))
        return;
    if (duty.kind == DUTY_HEAR || duty.kind == DUTY_FACT) {
        fleet_wait_to_be_heard(fleet, id); /* busy until it was stepped */
        return;
    }
    if (duty.kind == DUTY_START) {
        fleet_did(fleet, COST_START, duty.task);
        clear_up_before(fleet, &duty);
        fleet_started(fleet, id);
    } else {
        fleet_free_duty(fleet, id);
        switch (duty.kind) {
        case DUTY_PULL:
            fleet_pull(fleet, duty.task, duty.container);
            break;
        case DUTY_CREATE:
            fleet_did(fleet, COST_CREATE, duty.task);
            fleet_did(fleet, COST_NETWORK, duty.task);
            fleet_clear_up(fleet, COST_BEHIND, COST_BEHIND_NETWORK, duty.task, duty.container);
            fleet_find_or_add(fleet, duty.task, duty.container)->phase = PHASE_IDLE_AGENT;
            fleet_tell(fleet, duty.task, duty.container, MESSAGE_CONTAINER_CREATED, !duty.aside);
            break;
        case DUTY_SIGNAL:
            fleet_signal(fleet, duty.task, duty.container, duty.number);
            break;
        case DUTY_PROBE:
            fleet_probe(fleet, duty.task, duty.container, duty.number);
            break;
        case DUTY_KEEP:
            break;
        default:
            fleet_did(fleet, COST_REMOVE, duty.task);
            if (!duty.aside)
                clear_up(fleet, duty.task);
            if (fleet_hears_itself(fleet) && !duty.aside)
                fleet->instances[duty.instance].thread.n_removing--;
            fleet_forget_task(fleet, duty.task);
        }
    }
    if (fleet_hears_itself(fleet) && !duty.aside) {
        fleet->instances[duty.instance].thread.busy = false;
        go_on(fleet, duty.instance);
    }
}

/* The agent has been woken by what the container told, and keeps it when that is done. */
void fleet_keep(struct fleet *fleet, int32_t task, int container)
{
    const int32_t instance = fleet_instance_of(fleet, task);

    if (fleet_hears_itself(fleet) && !fleet_has_machine(fleet, task) &&
        !costs_is_free(&fleet_costs(fleet, instance)->steps[COST_KEEP]))
        fleet_append(fleet, &fleet->instances[instance].thread.printed,
                     fleet_new_duty(fleet, DUTY_KEEP, instance, task, container));
}

static void carry(struct fleet *fleet, int32_t duty, const struct message *message)
{
    fleet->duties[duty].message = malloc(sizeof *message);
    assert(fleet->duties[duty].message != NULL);
    message_copy(fleet->duties[duty].message, message);
}

void fleet_hear(struct fleet *fleet, int64_t at_usec, int32_t id, const struct message *message)
{
    int32_t duty;

    fleet->now_usec = at_usec;
    duty = fleet_new_duty(fleet, DUTY_HEAR, id, ID_NONE, 0);
    carry(fleet, duty, message);
    fleet_append(fleet, &fleet->instances[id].thread.heard, duty);
    go_on(fleet, id);
}

void fleet_stepped(struct fleet *fleet, int32_t id)
{
    if (fleet_hears_itself(fleet) && fleet->instances[id].up)
        go_on(fleet, id);
}

/* The scheduler's thread ------------------------------------------------------------------------ */

bool fleet_takes_itself(const struct fleet *fleet)
{
    return fleet_hears_itself(fleet) && fleet->costs.host_cpu > 0;
}

/* The first in line: of records each, messages come with them. */
static void take_next(struct fleet *fleet)
{
    int32_t id = fleet->taken.first;
    struct step_draw takes = {0, 0};

    if (id == ID_NONE)
        return;
    for (int i = 0; i < fleet->duties[id].number; i++)
        takes = together(takes, costs_draw(&fleet->costs, COST_SCHEDULER_EVENT, fleet->luck, 0,
                                           fleet->n_taken++));
    fleet_begin(fleet, id, takes);
}

static void stand_in_line(struct fleet *fleet, int32_t duty)
{
    bool first = fleet->taken.first == ID_NONE;

    fleet_append(fleet, &fleet->taken, duty);
    if (first)
        take_next(fleet);
}

void fleet_take_records(struct fleet *fleet, int64_t at_usec, int n_records)
{
    int32_t duty = fleet_new_duty(fleet, DUTY_RECORDS, ID_NONE, ID_NONE, 0);

    fleet->now_usec = at_usec;
    fleet->duties[duty].number = n_records;
    stand_in_line(fleet, duty);
}

void fleet_take(struct fleet *fleet, int64_t at_usec, const struct message *message)
{
    int32_t duty = fleet_new_duty(fleet, DUTY_TAKE, ID_NONE, ID_NONE, 0);

    fleet->now_usec = at_usec;
    carry(fleet, duty, message);
    stand_in_line(fleet, duty);
}

void fleet_did_take(struct fleet *fleet, int32_t id)
{
    if (fleet->duties[id].kind == DUTY_TAKE) {
        fleet_wait_to_be_heard(fleet, id);
        return;
    }
    fleet_take_first(fleet, &fleet->taken);
    fleet_free_duty(fleet, id);
    take_next(fleet);
}

/* Facts ----------------------------------------------------------------------------------------- */

static char no_registry[] = "the registry does not answer";

void fleet_make_fact(struct fleet *fleet, int32_t task, int c, enum message_kind kind,
                     struct message *event)
{
    const struct fleet_container *container = fleet_find(fleet, task, c);

    if (kind == MESSAGE_MACHINE_BOOTED) {
        fleet_machine_fact(fleet, task, event);
        return;
    }
    *event = message_new(kind);
    if (kind == MESSAGE_CONTAINER_EXITED) {
        event->as.exited.task = task;
        event->as.exited.container = c;
        event->as.exited.exit_code = container->exit_code;
        event->as.exited.oom = container->oom;
        return;
    }
    event->as.fact.task = task;
    event->as.fact.container = c;
    if (kind == MESSAGE_IMAGE_PULLED && container->pull_fails)
        event->as.fact.error = no_registry;
}

/* An order's own answer comes behind the facts that the agent knows of already. */
static void tell_thread(struct fleet *fleet, int32_t task, int container, enum message_kind kind,
                        bool by_itself)
{
    int32_t id = fleet->cluster->tasks[task].instance;
    struct fleet_agent *agent = &fleet->instances[id].thread;
    int32_t duty = fleet_new_duty(fleet, DUTY_FACT, id, task, container);

    fleet->duties[duty].number = (int32_t)kind;
    fleet_append(fleet, by_itself ? &agent->facts : &agent->happened, duty);
    go_on(fleet, id);
}

void fleet_tell(struct fleet *fleet, int32_t task, int container, enum message_kind kind,
                bool by_itself)
{
    if (fleet_hears_itself(fleet)) {
        tell_thread(fleet, task, container, kind, by_itself);
    } else if (fleet->answer) {
        fleet_make_fact(fleet, task, container, kind, fleet->answer);
        fleet->answer = NULL;
    } else {
        queue_push(fleet->queue, fleet->now_usec,
                   FLEET_TOLD | (uint32_t)container << FLEET_WHAT_BITS |
                       (uint32_t)kind << FLEET_KIND_BITS,
                   task);
    }
}

/* The message is valid until the next is read. */
static void read_message(struct fleet *fleet, struct fleet_duty *duty, struct message *event)
{
    message_finish(&fleet->read);
    fleet->read = *duty->message;
    *event = fleet->read;
    free(duty->message);
    duty->message = NULL;
}

bool fleet_heard(struct fleet *fleet, const struct queue_entry *entry, int32_t *machine,
                 struct message *event)
{
    struct fleet_duty *duty = &fleet->duties[entry->id];

    if (!duty->used || !duty->is_over || duty->wake_usec != entry->at_usec)
        return false; /* its instance is gone */
    *machine = duty->instance;
    if (duty->kind == DUTY_FACT)
        fleet_make_fact(fleet, duty->task, duty->container, (enum message_kind)duty->number, event);
    else
        read_message(fleet, duty, event);
    if (duty->kind == DUTY_TAKE)
        fleet_take_first(fleet, &fleet->taken);
    else
        fleet->instances[duty->instance].thread.busy = false;
    fleet_free_duty(fleet, entry->id);
    if (*machine == ID_NONE)
        take_next(fleet);
    return true;
}

/* Orders ---------------------------------------------------------------------------------------- */

static void order(struct fleet *fleet, enum fleet_duty_kind kind, int32_t instance, int32_t task,
                  int container, int32_t number)
{
    int32_t duty = fleet_new_duty(fleet, kind, instance, task, container);

    fleet->duties[duty].number = number;
    fleet->duties[duty].aside = fleet_has_machine(fleet, task);
    if (fleet_hears_itself(fleet) && !fleet->duties[duty].aside)
        fleet_append(fleet, &fleet->instances[instance].thread.orders, duty);
    else
        fleet_begin(fleet, duty, takes_of(fleet, duty));
}

/* An agent has said what became of a task before it removes what is left: that it does once it sees that
 * nobody is in there any more. */
static void order_removal(struct fleet *fleet, int32_t instance, int32_t task)
{
    int32_t duty;

    if (!fleet_hears_itself(fleet) || fleet_has_machine(fleet, task)) {
        order(fleet, DUTY_REMOVE, instance, task, 0, 0);
        return;
    }
    fleet->instances[instance].thread.n_removing++;
    duty = fleet_new_duty(fleet, DUTY_EMPTY, instance, task, 0);
    fleet_wait(fleet, duty, remove_wait_usec(fleet, task));
}

void fleet_emptied(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];
    int32_t instance = duty->instance;

    duty->kind = DUTY_REMOVE;
    fleet_append(fleet, &fleet->instances[instance].thread.happened, id);
    go_on(fleet, instance);
}

void fleet_order(struct fleet *fleet, int32_t instance, const struct message *action)
{
    const struct container_order *given = &action->as.order;
    const struct create_container *create = &action->as.create;
    const struct probe_container *probe = &action->as.probe;
    const struct signal_container *signal = &action->as.signal;

    switch (action->kind) {
    case MESSAGE_BOOT_MACHINE:
        fleet_boot_machine(fleet, action->as.boot_machine.task);
        break;
    case MESSAGE_PULL_IMAGE:
        fleet_find_or_add(fleet, given->task, given->container);
        order(fleet, DUTY_PULL, instance, given->task, given->container, 0);
        break;
    case MESSAGE_CREATE_CONTAINER:
        fleet_create(fleet, create->task, create->container);
        order(fleet, DUTY_CREATE, instance, create->task, create->container, 0);
        break;
    case MESSAGE_START_CONTAINER:
        fleet_start(fleet, given->task, given->container);
        order(fleet, DUTY_START, instance, given->task, given->container, 0);
        break;
    case MESSAGE_PROBE_CONTAINER:
        order(fleet, DUTY_PROBE, instance, probe->task, probe->container, probe->probe);
        break;
    case MESSAGE_SIGNAL_CONTAINER:
        order(fleet, DUTY_SIGNAL, instance, signal->task, signal->container,
              (int32_t)signal->signal);
        break;
    case MESSAGE_REMOVE_TASK:
        order_removal(fleet, instance, action->as.remove_task.task);
        break;
    case MESSAGE_REMOVE_IMAGE:
        fleet_remove_image(fleet, instance, action->as.remove_image.image);
        break;
    default:
        assert(!"an action for the world");
    }
}
