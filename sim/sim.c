/*
 * The loop of driver 1: whatever the queue has next is made an event of its machine by the room that
 * put it there, and what the machine wants done is handed on to the rooms.
 */
#include "sim.h"

#include "core/array.h"
#include "core/check.h"
#include "file/fatal.h"
#include "file/script.h"
#include "fleet.h"
#include "front.h"
#include "link.h"
#include "observe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Entries of the queue besides the fleet's and the links'. */
enum sim_what {
    SIM_AGENT_TICK = LINK_WHATS, /* id: instance */
    SIM_SCHEDULER_TICK,
    SIM_SCRIPT,
    SIM_OBSERVE,
    SIM_FLOW,
};

/* Ticks, heartbeats and probes alone go on for ever: they have so long to lead to anything else. */
#define PATIENCE_USEC (3 * 3600 * USEC_PER_SEC)

/* An agent's place in the log and in the queue. */
struct watch {
    int64_t seq;
    int64_t sent_seq;  /* of the last record that it has sent */
    int64_t tick_usec; /* the tick put in the queue last */
};

struct sim {
    const struct scenario *scenario;
    const struct sim_options *options;
    struct sim_result *result;
    struct err *err;
    struct runlog_writer *log;
    struct scheduler *scheduler;
    struct queue queue;
    struct fleet fleet;
    struct front front;
    struct observer observer;
    int64_t observe_usec; /* the observation that was put in the queue last */
    struct links links;
    struct script script;
    struct outputs outputs;
    struct watch *watches; /* by instance */
    int n_watches, cap_watches;
    int64_t n_ticks; /* in the queue */
    int64_t seq;
    int64_t now_usec;
    int64_t busy_usec; /* when something else than ticks, heartbeats and probes was last to come */
    int64_t tick_usec; /* likewise, the scheduler's */
    int64_t script_usec; /* likewise, the script's */
    bool ask;            /* the scheduler has stepped since the script was asked */
    bool script_done;
    bool failed; /* see err */
};

/* What tell_fatal() tells of: there is one simulation at a time. */
static const struct sim *running;

static void tell_fatal(void)
{
    fprintf(stderr,
            "event %" PRId64 " at %" PRId64 " us; to see it again: berth sim %s --seed %" PRIu64
            " --paranoid\n",
            running->result->summary.events + 1, running->now_usec, running->scenario->path,
            running->options->seed);
}

/* The seed of what steps cost: another luck is another day in the same world. */
static uint64_t luck_of(const struct sim_options *options)
{
    return options->luck == 0 ? options->seed : draw_mix(options->seed ^ draw_mix(options->luck));
}

/* Steps ---------------------------------------------------------------------------------------- */

static void check(struct sim *sim, int32_t machine)
{
    char detail[256] = "";
    const char *broken = machine == ID_NONE ? core_check(sim->scheduler, detail, sizeof detail)
                                            : core_check_agent(&sim->fleet.instances[machine].agent,
                                                               detail, sizeof detail);

    if (!broken || sim->failed)
        return;
    sim->failed = true;
    err_set(sim->err, EXIT_BUG,
            "this is a bug in berth: after event %" PRId64 " (seed %" PRIu64
            ") it does not hold that %s: %s; to see it again: berth sim %s --seed %" PRIu64
            " --paranoid",
            sim->result->summary.events, sim->options->seed, broken, detail, sim->scenario->path,
            sim->options->seed);
}

/* One step of one machine, with all its witnesses. */
static void step(struct sim *sim, int32_t machine, const struct message *event)
{
    struct record record = {
        .machine = machine,
        .seq = machine == ID_NONE ? ++sim->seq : ++sim->watches[machine].seq,
        .at_usec = sim->now_usec,
        .event = *event,
    };

    sim->outputs.n_messages = 0;
    if (machine == ID_NONE)
        scheduler_step(sim->scheduler, sim->now_usec, event, &sim->outputs);
    else
        agent_step(&sim->fleet.instances[machine].agent, sim->now_usec, event, &sim->outputs);
    record.outputs = sim->outputs;
    run_summary_add(&sim->result->summary, &record);
    if (sim->log)
        runlog_write(sim->log, &record);
    if (sim->options->tell)
        story_add(&sim->result->story, &record);
    else
        responses_add(&sim->result->story.responses, &record);
    if (sim->options->paranoid)
        check(sim, machine);
}

/* Acting --------------------------------------------------------------------------------------- */

static void tell_agent(struct sim *sim, int32_t instance, const struct message *message)
{
    links_send(&sim->links, sim->now_usec, instance, true, 0, message);
}

static void provision(struct sim *sim, const struct message *decision)
{
    struct step_draw drawn = costs_draw(&sim->scenario->costs, COST_PROVISION,
                                        luck_of(sim->options), decision->as.place_task.task, 0);

    links_send(&sim->links, sim->now_usec, decision->as.place_task.instance, true,
               drawn.wait_usec + drawn.cpu_usec, decision);
}

static bool is_of_service(const struct sim *sim, int32_t task)
{
    const struct cluster *cluster = &sim->scheduler->cluster;

    return cluster->requests[cluster->tasks[task].request].service != ID_NONE;
}

static void decide_for_world(struct sim *sim, const struct message *decision)
{
    struct sim_result *result = sim->result;

    switch (decision->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        *ARRAY_ADD(sim, watches) = (struct watch){.tick_usec = USEC_NEVER};
        links_add(&sim->links);
        fleet_launch(&sim->fleet, &decision->as.launch_instance);
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        fleet_terminate(&sim->fleet, decision->as.terminate_instance.instance);
        break;
    case MESSAGE_PLACE_TASK:
        result->placed++;
        provision(sim, decision);
        break;
    case MESSAGE_STOP_TASK:
        tell_agent(sim, decision->as.stop_task.instance, decision);
        break;
    case MESSAGE_HEARTBEAT:
        tell_agent(sim, decision->as.heartbeat.instance, decision);
        break;
    case MESSAGE_REFUSE:
        result->refused++;
        result->unplaced += decision->as.refuse.refusal == REFUSED_NO_CAPACITY;
        break;
    case MESSAGE_GIVE_UP_TASK:
        result->unplaced += decision->as.give_up_task.reason == STOP_FOR_NO_CAPACITY &&
                            !is_of_service(sim, decision->as.give_up_task.task);
        break;
    default:
        front_hear(&sim->front, sim->now_usec, decision);
    }
}

static void queue_tick(struct sim *sim, int64_t deadline_usec, int64_t *last_usec,
                       enum sim_what what, int32_t id)
{
    assert(deadline_usec > sim->now_usec);
    if (deadline_usec != *last_usec && deadline_usec != USEC_NEVER) {
        queue_push(&sim->queue, deadline_usec, what, id);
        sim->n_ticks++;
    }
    *last_usec = deadline_usec;
}

static void step_scheduler(struct sim *sim, const struct message *event);

/* The last observation comes before the end, so that all requests are in one. */
static void observe(struct sim *sim)
{
    struct message event;

    if (!sim->scheduler->ending && observe_event(&sim->observer, sim->now_usec, &event))
        step_scheduler(sim, &event);
}

static void queue_observation(struct sim *sim)
{
    int64_t at_usec =
        sim->scheduler->ending ? USEC_NEVER : observe_deadline(&sim->observer, sim->now_usec);

    if (at_usec == USEC_NEVER || at_usec == sim->observe_usec)
        return;
    sim->observe_usec = at_usec;
    queue_push(&sim->queue, at_usec, SIM_OBSERVE, 0);
    sim->n_ticks++;
}

/* A flow's rates change: it is told in short stretches. */
static void queue_flow(struct sim *sim)
{
    int64_t step_usec = front_step_usec(&sim->front, sim->scheduler->rules.metric_period_usec);

    if (step_usec == USEC_NEVER || sim->scheduler->ending)
        return;
    queue_push(&sim->queue, sim->now_usec + step_usec, SIM_FLOW, 0);
    sim->n_ticks++;
}

static void step_scheduler(struct sim *sim, const struct message *event)
{
    if (event->kind == MESSAGE_END)
        observe(sim);
    if (event->kind == MESSAGE_END && !sim->scheduler->ending) {
        sim->result->waiting = scheduler_waiting(sim->scheduler);
        sim->result->given_up = scheduler_given_up(sim->scheduler);
    }
    step(sim, ID_NONE, event);
    sim->fleet.now_usec = sim->now_usec;
    front_hear(&sim->front, sim->now_usec, event);
    for (int i = 0; i < sim->outputs.n_messages; i++)
        decide_for_world(sim, &sim->outputs.messages[i]);
    sim->ask = true;
    queue_tick(sim, scheduler_deadline(sim->scheduler), &sim->tick_usec, SIM_SCHEDULER_TICK, 0);
    queue_observation(sim);
    if (event->kind == MESSAGE_END)
        links_restore(&sim->links, sim->now_usec);
}

/* An agent's first words take its own start, and what the cluster does about them. */
static int64_t start_usec(const struct sim *sim, int32_t id)
{
    const struct costs *costs = &sim->scenario->costs;
    struct step_draw drawn = costs_draw(costs, COST_REGISTER, luck_of(sim->options), id, 0);
    int64_t usec = drawn.wait_usec + drawn.cpu_usec;

    if (!sim->fleet.instances[id].is_vm)
        usec += costs_draw(costs, COST_AGENT, luck_of(sim->options), id, 0).wait_usec;
    return usec;
}

static void say(struct sim *sim, int32_t id, const struct message *event,
                const struct message *message)
{
    if (event->kind == MESSAGE_BOOT)
        links_send(&sim->links, sim->now_usec, id, false, start_usec(sim, id), message);
    else if (fleet_hears_itself(&sim->fleet))
        links_say(&sim->links, id, message);
    else
        links_send(&sim->links, sim->now_usec, id, false, 0, message);
}

static void step_agent(struct sim *sim, int32_t id, const struct message *event)
{
    step(sim, id, event);
    sim->fleet.now_usec = sim->now_usec;
    for (int i = 0; i < sim->outputs.n_messages; i++) {
        const struct message *action = &sim->outputs.messages[i];

        if (message_types[action->kind].to == PARTY_SCHEDULER)
            say(sim, id, event, action);
        else if (action->kind == MESSAGE_RECONNECT)
            links_reconnect(&sim->links, sim->now_usec, id);
        else
            fleet_order(&sim->fleet, id, action);
    }
    queue_tick(sim, agent_deadline(&sim->fleet.instances[id].agent), &sim->watches[id].tick_usec,
               SIM_AGENT_TICK, id);
    fleet_stepped(&sim->fleet, id);
}

/* False where there is nothing that it could hit. */
static bool do_fault(struct sim *sim, const struct fault *fault)
{
    sim->fleet.now_usec = sim->now_usec;
    if (fault->kind != FAULT_CUT_AGENT)
        return fleet_fault(&sim->fleet, fault);
    if (fault->instance < 0 || fault->instance >= sim->fleet.n_instances ||
        !sim->fleet.instances[fault->instance].up)
        return false;
    links_cut(&sim->links, sim->now_usec, fault->instance, fault->for_usec);
    return true;
}

/* Gives the scheduler what the scenario has for it now. */
/* Whoever wants to see things as they are at a moment wants nothing of the teardown. */
static bool left_there(const struct sim *sim)
{
    return sim->result->torn_down_usec != USEC_NEVER && sim->options->stop_at_usec != USEC_NEVER;
}

static void ask_script(struct sim *sim)
{
    struct script_step next;
    int entry;

    while (sim->ask && !sim->script_done && !sim->failed) {
        entry = sim->script.next_entry;
        next = script_next(&sim->script, sim->scheduler, sim->now_usec);
        switch (next.item) {
        case SCRIPT_EVENT:
            if (next.event->kind == MESSAGE_END)
                sim->result->torn_down_usec = sim->now_usec;
            if (left_there(sim))
                return;
            step_scheduler(sim, next.event);
            break;
        case SCRIPT_FAULT:
            if (!do_fault(sim, next.fault))
                *ARRAY_ADD(sim->result, missed) = entry;
            break;
        case SCRIPT_WAIT:
            sim->ask = false;
            if (next.at_usec != USEC_NEVER && next.at_usec != sim->script_usec)
                queue_push(&sim->queue, next.at_usec, SIM_SCRIPT, 0);
            sim->script_usec = next.at_usec;
            break;
        case SCRIPT_END:
            sim->script_done = true;
            break;
        }
    }
}

/* The loop ------------------------------------------------------------------------------------- */

static void tick_agent(struct sim *sim, const struct queue_entry *entry)
{
    const struct message tick = message_new(MESSAGE_TICK);

    if (sim->fleet.instances[entry->id].up &&
        agent_deadline(&sim->fleet.instances[entry->id].agent) <= entry->at_usec)
        step_agent(sim, entry->id, &tick);
}

/* An agent that is not there hears nothing. */
static void tell(struct sim *sim, int32_t machine, const struct message *event)
{
    if (event->kind == MESSAGE_INSTANCE_LOST)
        links_lose(&sim->links, event->as.instance_lost.instance);
    if (machine == ID_NONE)
        step_scheduler(sim, event);
    else if (sim->fleet.instances[machine].up)
        step_agent(sim, machine, event);
}

/* An agent that does one thing after the other gets to it later, as does such a scheduler. */
static void hear(struct sim *sim, int32_t machine, const struct message *event)
{
    if (sim->fleet.instances[machine].up)
        fleet_hear(&sim->fleet, sim->now_usec, machine, event);
}

static void send_said(struct sim *sim)
{
    int32_t instance;

    while ((instance = fleet_next_quiet(&sim->fleet)) != ID_NONE) {
        struct watch *watch = &sim->watches[instance];

        if (fleet_takes_itself(&sim->fleet) && watch->seq > watch->sent_seq)
            fleet_take_records(&sim->fleet, sim->now_usec, (int)(watch->seq - watch->sent_seq));
        watch->sent_seq = watch->seq;
        links_flush(&sim->links, sim->now_usec, instance);
    }
}

static void happen(struct sim *sim, const struct queue_entry *entry)
{
    struct message event = message_new(MESSAGE_TICK);
    int32_t machine;

    if (entry->what == SIM_AGENT_TICK || entry->what == SIM_SCHEDULER_TICK ||
        entry->what == SIM_OBSERVE || entry->what == SIM_FLOW)
        sim->n_ticks--;
    switch (entry->what & ((1 << FLEET_WHAT_BITS) - 1)) {
    case SIM_AGENT_TICK:
        tick_agent(sim, entry);
        break;
    case SIM_SCHEDULER_TICK:
        if (scheduler_deadline(sim->scheduler) <= entry->at_usec)
            step_scheduler(sim, &event);
        break;
    case SIM_SCRIPT:
        sim->ask = true;
        break;
    case SIM_OBSERVE:
        if (entry->at_usec == sim->observe_usec)
            observe(sim);
        break;
    case LINK_TO_AGENT:
    case LINK_TO_SCHEDULER:
    case LINK_AGENT_NOTICES:
    case LINK_SCHEDULER_NOTICES:
    case LINK_RESTORED:
    case LINK_RETRIED:
    case LINK_RELEASED:
        if (!links_event(&sim->links, entry, &machine, &event))
            break;
        if (machine != ID_NONE && fleet_hears_itself(&sim->fleet) &&
            (entry->what == LINK_TO_AGENT || entry->what == LINK_RELEASED))
            hear(sim, machine, &event);
        else if (machine == ID_NONE && fleet_takes_itself(&sim->fleet))
            fleet_take(&sim->fleet, sim->now_usec, &event);
        else
            tell(sim, machine, &event);
        break;
    case SIM_FLOW:
        front_settle(&sim->front, sim->now_usec);
        queue_flow(sim);
        break;
    case TRAFFIC_ARRIVAL:
    case TRAFFIC_DONE:
    case TRAFFIC_PROBE:
        front_event(&sim->front, entry);
        break;
    default:
        if (fleet_event(&sim->fleet, entry, &machine, &event))
            tell(sim, machine, &event);
    }
}

/* What containers have begun and ceased to serve, and what probes have found. */
static void hear_front(struct sim *sim)
{
    struct message event;

    front_look(&sim->front, sim->now_usec);
    while (front_result(&sim->front, &event))
        step_scheduler(sim, &event);
}

/* Whether something is left that may still lead somewhere. */
static bool goes_on(struct sim *sim)
{
    if (sim->queue.n_entries > sim->n_ticks + sim->links.n_heartbeats + sim->fleet.n_probes)
        sim->busy_usec = sim->now_usec;
    return sim->queue.n_entries > 0 && sim->now_usec - sim->busy_usec < PATIENCE_USEC;
}

static bool over(const struct sim *sim)
{
    return sim->failed || left_there(sim) || (sim->script_done && scheduler_ended(sim->scheduler));
}

/* What the scheduler will hear next is on its way already: meanwhile memory is to bring the letter of the event that
 * comes after three others, the task's record of that after two, and what follows from that of the next. Each takes
 * memory about as long as an event takes. */
static void foresee(const struct sim *sim)
{
    struct queue_entry entry;
    const struct message *event;

    for (int n = 3; n >= 0; n--) {
        if (!queue_foresee(&sim->queue, n, &entry))
            continue;
        event = links_foresee(&sim->links, &entry);
        if (event && n == 3)
            __builtin_prefetch(event);
        else if (event && n != 1)
            scheduler_foresee(sim->scheduler, event, n == 0);
    }
}

static void loop(struct sim *sim)
{
    struct queue_entry entry;

    sim->ask = true;
    ask_script(sim);
    queue_flow(sim);
    while (!over(sim)) {
        if (!goes_on(sim)) {
            sim->failed = true;
            err_set(sim->err, EXIT_INPUT,
                    "%s: after %.3f s nothing happens any more, and something never ends by "
                    "itself: say when the run is over with \"until\"",
                    sim->scenario->path, (double)sim->busy_usec / USEC_PER_SEC);
            return;
        }
        queue_pop(&sim->queue, &entry);
        if (entry.at_usec > sim->options->stop_at_usec)
            return;
        sim->now_usec = entry.at_usec;
        foresee(sim);
        happen(sim, &entry);
        do {
            ask_script(sim);
            hear_front(sim);
        } while (sim->ask && !sim->script_done && !sim->failed && !left_there(sim));
        send_said(sim);
    }
}

static bool open_log(struct sim *sim)
{
    const struct run_header header = {
        .mode = RUN_SIM,
        .title = sim->scenario->title,
        .scenario = sim->scenario->source,
        .seed = sim->options->seed,
        .epoch_usec = sim->scenario->epoch_usec,
        .scale_numerator = 1,
        .scale_denominator = 1,
        .version = (char *)BERTH_VERSION,
    };

    if (!sim->options->log_path)
        return true;
    sim->log = runlog_create(sim->options->log_path, &header, sim->options->log_level, sim->err);
    return sim->log != NULL;
}

static bool close_log(struct sim *sim)
{
    bool whole = !sim->failed && sim->options->stop_at_usec == USEC_NEVER;

    run_summary_close(&sim->result->summary, sim->scheduler);
    if (!sim->log)
        return !sim->failed;
    if (whole)
        return runlog_close(sim->log, &sim->result->summary, sim->err);
    runlog_abandon(sim->log);
    return !sim->failed;
}

static void finish(struct sim *sim)
{
    queue_finish(&sim->queue);
    script_finish(&sim->script);
    links_finish(&sim->links);
    observe_finish(&sim->observer);
    front_finish(&sim->front);
    sim->result->most_memory_bytes = sim->fleet.most_memory_bytes;
    fleet_finish(&sim->fleet);
    outputs_finish(&sim->outputs);
    free(sim->watches);
}

bool sim_run(const struct scenario *scenario, const struct sim_options *options,
             struct sim_result *result, struct err *err)
{
    struct sim sim = {
        .scenario = scenario,
        .options = options,
        .result = result,
        .err = err,
        .scheduler = &result->scheduler,
        .tick_usec = USEC_NEVER,
        .script_usec = USEC_NEVER,
        .observe_usec = USEC_NEVER,
    };
    bool ok;

    *result = (struct sim_result){.torn_down_usec = USEC_NEVER};
    scheduler_init(&result->scheduler, options->seed);
    result->scheduler.cluster.epoch_usec = scenario->epoch_usec;
    story_init(&result->story);
    run_summary_init(&result->summary);
    if (!open_log(&sim))
        return false;
    queue_init(&sim.queue);
    fleet_init(&sim.fleet, scenario, options->seed, luck_of(options), &sim.queue,
               &result->scheduler.cluster);
    front_init(&sim.front, scenario, options->seed, &sim.queue, &sim.fleet,
               &result->scheduler.cluster);
    sim.front.traffic.log = sim.log;
    observe_init(&sim.observer, &result->scheduler, &sim.front);
    links_init(&sim.links, scenario, luck_of(options), &sim.queue);
    script_init(&sim.script, scenario);
    running = &sim;
    fatal_watch(tell_fatal);
    fatal_about(&result->scheduler.cluster);
    loop(&sim);
    ok = close_log(&sim);
    fatal_unwatch();
    running = NULL;
    finish(&sim);
    return ok;
}

struct sim_options sim_options_default(const struct scenario *scenario)
{
    return (struct sim_options){
        .seed = scenario->seed, .log_level = LOG_ALL, .stop_at_usec = USEC_NEVER};
}

void sim_result_finish(struct sim_result *result)
{
    scheduler_finish(&result->scheduler);
    story_finish(&result->story);
    free(result->missed);
    *result = (struct sim_result){0};
}
