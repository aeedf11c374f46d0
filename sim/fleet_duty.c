/*
 * Duties: what waits and then burns CPU beside containers' own work, and the lines in which some of
 * them stand. Every duration is a draw keyed by what it belongs to, so no container's fate depends on
 * the order in which others were asked about.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

#include <assert.h>
#include <stdlib.h>

#define KEY_CONTAINERS 16 /* a task has fewer */

int64_t fleet_key(int32_t task, int container)
{
    return (int64_t)task * KEY_CONTAINERS + container;
}

int32_t fleet_key_task(int64_t key)
{
    return (int32_t)(key / KEY_CONTAINERS);
}

int fleet_key_container(int64_t key)
{
    return (int)(key % KEY_CONTAINERS);
}

struct step_draw fleet_draw(const struct fleet *fleet, enum cost_step step, int32_t task,
                            int container, int32_t n)
{
    return costs_draw(fleet_costs_of(fleet, task), step, fleet->luck, fleet_key(task, container),
                      n);
}

/* What nobody has used in this run has rested for longer than that takes. */
#define REST_EVER_USEC (INT64_MAX / 2)

/* How long nobody has used what the step needs: the container's own, what another has left to it, or what all on a
 * host do the same with. */
static int64_t rest_before(const struct fleet *fleet, enum cost_step step, int32_t task,
                           int container)
{
    const struct fleet_container *found = fleet_find(fleet, task, container);
    bool shares = fleet_shares_host(fleet, task);
    int64_t last_usec;

    switch (step) {
    case COST_SIGNAL:
        if (found && found->phase >= PHASE_STOPPING)
            return 0; /* it has had one */
        return fleet_rested_usec(fleet, task, container);
    case COST_END:
    case COST_REMOVE:
    case COST_BEHIND_END:
        return fleet_rested_usec(fleet, task, container);
    case COST_FRESH:
        if (!shares)
            return 0;
        last_usec = found ? found->left_usec : 0;
        break;
    default:
        last_usec = shares ? fleet->did_usec[step]
                           : fleet->instances[fleet->cluster->tasks[task].instance].done_usec[step];
    }
    return last_usec > 0 ? fleet->now_usec - last_usec : REST_EVER_USEC;
}

/* How cold the step is, 0 to 1000: what all of a host do is as near to one of them as to another. */
static int64_t cold_permille(const struct fleet *fleet, enum cost_step step, int32_t task)
{
    int64_t last_usec =
        fleet_shares_host(fleet, task)
            ? fleet->did_usec[step]
            : fleet->instances[fleet->cluster->tasks[task].instance].done_usec[step];

    return last_usec == 0 ? 1000
                          : distribution_permille_within(&fleet_costs_of(fleet, task)->cold_after,
                                                         fleet->now_usec - last_usec);
}

struct step_draw fleet_draw_now(struct fleet *fleet, enum cost_step step, int32_t task,
                                int container, int32_t n)
{
    const struct costs *costs = fleet_costs_of(fleet, task);
    int64_t entity = fleet_key(task, container);
    int64_t more_usec = costs_rested(costs, step, rest_before(fleet, step, task, container));
    struct step_draw takes = costs_draw(costs, step, fleet->luck, entity, n), cold;

    if (costs->steps[step].has_cold) {
        cold = costs_draw_cold(costs, step, fleet->luck, entity, n);
        takes.cpu_usec +=
            (cold.cpu_usec - takes.cpu_usec) * cold_permille(fleet, step, task) / 1000;
    }
    fleet_did(fleet, step, task);
    takes.cpu_usec += more_usec;
    return takes;
}

void fleet_did(struct fleet *fleet, enum cost_step step, int32_t task)
{
    fleet->instances[fleet->cluster->tasks[task].instance].done_usec[step] = fleet->now_usec;
    if (fleet_shares_host(fleet, task))
        fleet->did_usec[step] = fleet->now_usec;
}

void fleet_clear_up(struct fleet *fleet, enum cost_step step, enum cost_step more, int32_t task,
                    int container)
{
    const struct step_cost *steps = fleet_costs_of(fleet, task)->steps;
    int32_t instance = fleet->cluster->tasks[task].instance;
    struct step_draw takes = {0, 0}, network;
    int32_t id;

    if (more != COST_STEPS &&
        (costs_is_free(&steps[more]) || !fleet_has_network(fleet, task, container)))
        more = COST_STEPS;
    if (costs_is_free(&steps[step]) && more == COST_STEPS)
        return;
    takes = fleet_draw_now(fleet, step, task, container, 0);
    if (more != COST_STEPS) {
        network = fleet_draw_now(fleet, more, task, container, 0);
        takes.wait_usec += network.wait_usec;
        takes.cpu_usec += network.cpu_usec;
    }
    id = fleet_new_duty(fleet, DUTY_CLEAR, instance, task, container);
    fleet->duties[id].hosts = fleet_shares_host(fleet, task);
    fleet->n_clearing += fleet->duties[id].hosts;
    fleet_begin(fleet, id, takes);
}

int32_t fleet_new_duty(struct fleet *fleet, enum fleet_duty_kind kind, int32_t instance,
                       int32_t task, int container)
{
    int32_t id = fleet->free_duty;

    if (id == ID_NONE) {
        ARRAY_ADD(fleet, duties);
        id = fleet->n_duties - 1;
    } else {
        fleet->free_duty = fleet->duties[id].next;
    }
    fleet->duties[id] = (struct fleet_duty){.wake_usec = USEC_NEVER,
                                            .behind = ID_NONE,
                                            .instance = instance,
                                            .task = task,
                                            .next = ID_NONE,
                                            .worker = ID_NONE,
                                            .kind = (uint8_t)kind,
                                            .container = (uint8_t)container,
                                            .used = true};
    return id;
}

void fleet_free_duty(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];

    if (duty->message) {
        message_finish(duty->message);
        free(duty->message);
    }
    fleet->n_clearing -= duty->hosts;
    *duty = (struct fleet_duty){.wake_usec = USEC_NEVER, .next = fleet->free_duty};
    fleet->free_duty = id;
}

/* Lines ----------------------------------------------------------------------------------------- */

void fleet_append(struct fleet *fleet, struct fleet_line *line, int32_t id)
{
    fleet->duties[id].next = ID_NONE;
    if (line->first == ID_NONE)
        line->first = id;
    else
        fleet->duties[line->last].next = id;
    line->last = id;
}

int32_t fleet_take_first(struct fleet *fleet, struct fleet_line *line)
{
    int32_t id = line->first;

    if (id != ID_NONE)
        line->first = fleet->duties[id].next;
    return id;
}

static struct fleet_line *lock_of(struct fleet *fleet, int32_t instance)
{
    return fleet->costs.host_cpu > 0 ? &fleet->locked : &fleet->instances[instance].locked;
}

static void begin_locked(struct fleet *fleet, int32_t id)
{
    const struct fleet_duty *duty = &fleet->duties[id];
    const struct fleet_container *container = fleet_find(fleet, duty->task, duty->container);

    fleet_begin(fleet, id,
                fleet_draw(fleet, COST_LOCKED, duty->task, duty->container,
                           container ? container->n_starts - 1 : 0));
}

/* Its turn is over: the next one's begins. */
static void leave_lock(struct fleet *fleet, int32_t instance)
{
    struct fleet_line *line = lock_of(fleet, instance);

    fleet_take_first(fleet, line);
    if (line->first != ID_NONE)
        begin_locked(fleet, line->first);
}

/* Time ------------------------------------------------------------------------------------------ */

static void done(struct fleet *fleet, int32_t id)
{
    struct fleet_duty duty = fleet->duties[id];

    switch (duty.kind) {
    case DUTY_BOOT:
        fleet_free_duty(fleet, id);
        fleet_booted_step(fleet, duty.instance);
        break;
    case DUTY_ASK:
        fleet_asked(fleet, id);
        break;
    case DUTY_UNPACK:
        fleet_free_duty(fleet, id);
        fleet_unpacked(fleet, duty.instance, duty.task);
        break;
    case DUTY_LOCKED:
        if (fleet->costs.contention)
            leave_lock(fleet, duty.instance);
        fleet_started(fleet, id);
        break;
    case DUTY_CHILD:
        fleet_started(fleet, id);
        break;
    case DUTY_CLEAR:
        fleet_free_duty(fleet, id);
        break;
    case DUTY_MACHINE:
        fleet_free_duty(fleet, id);
        fleet_machine_did(fleet, duty.task);
        break;
    case DUTY_FILL:
        fleet_free_duty(fleet, id);
        fleet_filled(fleet, duty.task, duty.container);
        break;
    case DUTY_PASS:
        fleet_passed(fleet, id);
        break;
    case DUTY_EMPTY:
        fleet_await_passing(fleet, id);
        break;
    case DUTY_RECORDS:
    case DUTY_TAKE:
        fleet_did_take(fleet, id);
        break;
    default:
        fleet_agent_did(fleet, id);
    }
}

/* What a virtual machine does is in its instance's group, from its boot on; else agents and what they
 * start stand beside the instances' groups, as does what the kernel does by itself. */
int32_t fleet_duty_group(const struct fleet *fleet, const struct fleet_duty *duty)
{
    if (fleet->costs.host_cpu == 0)
        return SHARE_ROOT;
    if (duty->instance != ID_NONE &&
        (fleet->instances[duty->instance].is_vm || duty->aside || duty->kind == DUTY_MACHINE ||
         duty->kind == DUTY_FILL || (duty->kind == DUTY_CLEAR && !duty->hosts)))
        return fleet->instances[duty->instance].share_group;
    return duty->kind == DUTY_CLEAR ? fleet->kernel : fleet->session;
}

static void burn(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];

    duty->wake_usec = USEC_NEVER;
    if (duty->cpu_usec == 0) {
        done(fleet, id);
        return;
    }
    duty->rate = fleet_duty_rate(fleet, id);
    duty->worker = share_add_worker(fleet_share(fleet, duty->instance), fleet->now_usec,
                                    fleet_duty_group(fleet, duty), WEIGHT_DEFAULT, duty->rate,
                                    duty->cpu_usec, (int64_t)id << WHO_BITS | WHO_DUTY);
    fleet_queue_share(fleet, duty->instance);
}

void fleet_begin(struct fleet *fleet, int32_t id, struct step_draw takes)
{
    struct fleet_duty *duty = &fleet->duties[id];

    duty->cpu_usec = takes.cpu_usec;
    if (takes.wait_usec == 0)
        burn(fleet, id);
    else
        fleet_wait(fleet, id, takes.wait_usec);
}

void fleet_wait(struct fleet *fleet, int32_t id, int64_t usec)
{
    fleet->duties[id].wake_usec = fleet->now_usec + usec;
    queue_push(fleet->queue, fleet->duties[id].wake_usec, FLEET_WAITED, id);
}

void fleet_wait_to_be_heard(struct fleet *fleet, int32_t id)
{
    fleet->duties[id].is_over = true;
    fleet->duties[id].wake_usec = fleet->now_usec;
    queue_push(fleet->queue, fleet->now_usec, FLEET_HEARD, id);
}

int64_t fleet_duty_left(struct fleet *fleet, int32_t id)
{
    const struct fleet_duty *duty = &fleet->duties[id];

    return duty->worker == ID_NONE ? duty->cpu_usec
                                   : (int64_t)(share_worker_left(fleet_share(fleet, duty->instance),
                                                                 fleet->now_usec, duty->worker) /
                                               SHARE_ONE_CPU);
}

void fleet_put_off(struct fleet *fleet, int32_t id, int64_t usec)
{
    struct fleet_duty *duty = &fleet->duties[id];

    if (duty->worker == ID_NONE) {
        fleet_wait(fleet, id, duty->wake_usec - fleet->now_usec + usec);
        return;
    }
    duty->cpu_usec = fleet_duty_left(fleet, id);
    share_remove_worker(fleet_share(fleet, duty->instance), fleet->now_usec, duty->worker);
    duty->worker = ID_NONE;
    fleet_wait(fleet, id, usec);
    fleet_queue_share(fleet, duty->instance);
}

void fleet_waited(struct fleet *fleet, const struct queue_entry *entry)
{
    struct fleet_duty *duty = &fleet->duties[entry->id];

    if (!duty->used || duty->is_over || duty->wake_usec != entry->at_usec)
        return;
    if (duty->kind >= DUTY_HEAR && !duty->aside)
        fleet_agent_waited(fleet, &fleet->instances[duty->instance].thread,
                           duty->turns_until_usec == fleet->now_usec);
    burn(fleet, entry->id);
}

void fleet_burnt(struct fleet *fleet, int32_t id)
{
    fleet->duties[id].worker = ID_NONE;
    done(fleet, id);
}

void fleet_cancel(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];

    if (duty->worker != ID_NONE) {
        share_remove_worker(fleet_share(fleet, duty->instance), fleet->now_usec, duty->worker);
        fleet_queue_share(fleet, duty->instance);
    }
    fleet->n_booting -= duty->kind == DUTY_MACHINE;
    fleet_free_duty(fleet, id);
}

/* Takes those of the instance out of a line. True where another is the first now. */
static bool leave_line(struct fleet *fleet, struct fleet_line *line, int32_t instance)
{
    struct fleet_line kept = {ID_NONE, ID_NONE};
    int32_t first = line->first, id;

    while ((id = fleet_take_first(fleet, line)) != ID_NONE)
        if (fleet->duties[id].instance != instance)
            fleet_append(fleet, &kept, id);
    *line = kept;
    return kept.first != ID_NONE && kept.first != first;
}

void fleet_drop_duties(struct fleet *fleet, int32_t instance)
{
    /* in the host's lines others wait behind */
    if (leave_line(fleet, &fleet->locked, instance))
        begin_locked(fleet, fleet->locked.first);
    if (leave_line(fleet, &fleet->making, instance))
        fleet_make_first(fleet);
    for (int32_t id = 0; id < fleet->n_duties; id++)
        if (fleet->duties[id].used && fleet->duties[id].instance == instance)
            fleet_cancel(fleet, id);
}

void fleet_lock(struct fleet *fleet, int32_t id)
{
    struct fleet_line *line = lock_of(fleet, fleet->duties[id].instance);
    bool first = line->first == ID_NONE;

    if (!fleet->costs.contention) {
        begin_locked(fleet, id);
        return;
    }
    fleet_append(fleet, line, id);
    if (first)
        begin_locked(fleet, id);
}
