/*
 * The loop of driver 1. The scheduler's and the agents' messages travel through the queue with a
 * latency each and arrive in the order in which they were sent, as over a connection.
 */
#include "sim.h"

#include "core/array.h"
#include "core/check.h"
#include "file/script.h"
#include "fleet.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Entries of the queue besides the fleet's. */
enum sim_what {
    SIM_TO_AGENT = FLEET_WHATS, /* id: letter */
    SIM_TO_SCHEDULER,           /* id: letter */
    SIM_AGENT_TICK,             /* id: instance */
    SIM_SCHEDULER_TICK,
    SIM_SCRIPT,
};

/* A message on its way; `next` where the place is free. */
struct letter {
    struct message message;
    int32_t instance;
    int32_t next;
};

/* The connection between an agent and the scheduler, and the agent's place in the log. */
struct line {
    int64_t seq;
    int64_t down_usec, up_usec; /* the last arrival at the agent, at the scheduler */
    int64_t tick_usec;          /* the tick put in the queue last */
    int32_t n_sent;
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
    struct script script;
    struct outputs outputs;
    struct letter *letters;
    int n_letters, cap_letters;
    int32_t free_letter;
    struct line *lines;
    int n_lines, cap_lines;
    int64_t seq;
    int64_t now_usec;
    int64_t tick_usec;   /* likewise, the scheduler's */
    int64_t script_usec; /* likewise, the script's */
    bool ask;            /* the scheduler has stepped since the script was asked */
    bool script_done;
    bool failed; /* see err */
};

/* Says where it happened if an assertion fails: there is one simulation at a time. */
static const struct sim *running;

static void on_abort(int signal)
{
    (void)signal;
    if (running)
        fprintf(stderr,
                "berth: this is a bug in berth: event %" PRId64 " at %" PRId64
                " us; to see it again: berth sim %s --seed %" PRIu64 " --paranoid\n",
                running->result->summary.events + 1, running->now_usec, running->scenario->path,
                running->options->seed);
    _exit(EXIT_BUG);
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
        .seq = machine == ID_NONE ? ++sim->seq : ++sim->lines[machine].seq,
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
    if (sim->options->paranoid)
        check(sim, machine);
}

/* Letters -------------------------------------------------------------------------------------- */

static int32_t new_letter(struct sim *sim, int32_t instance, const struct message *message)
{
    int32_t id = sim->free_letter;

    if (id == ID_NONE) {
        ARRAY_ADD(sim, letters);
        id = sim->n_letters - 1;
    } else {
        sim->free_letter = sim->letters[id].next;
    }
    message_copy(&sim->letters[id].message, message);
    sim->letters[id].instance = instance;
    return id;
}

static void free_letter(struct sim *sim, int32_t id)
{
    message_finish(&sim->letters[id].message);
    sim->letters[id].next = sim->free_letter;
    sim->free_letter = id;
}

/* Leaves in `extra_usec`; never overtakes what was sent before it on that line. */
static void send(struct sim *sim, int32_t instance, enum sim_what what, int64_t extra_usec,
                 const struct message *message)
{
    struct line *line = &sim->lines[instance];
    int64_t *last = what == SIM_TO_AGENT ? &line->down_usec : &line->up_usec;
    int64_t at = sim->now_usec + extra_usec +
                 distribution_sample(&sim->scenario->costs.message, sim->options->seed,
                                     DRAW_MESSAGE, instance, line->n_sent++);

    if (at < *last)
        at = *last;
    *last = at;
    queue_push(&sim->queue, at, what, new_letter(sim, instance, message));
}

/* Acting --------------------------------------------------------------------------------------- */

static void decide_for_world(struct sim *sim, const struct message *decision)
{
    struct sim_result *result = sim->result;

    switch (decision->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        *ARRAY_ADD(sim, lines) = (struct line){.tick_usec = USEC_NEVER};
        fleet_launch(&sim->fleet, &decision->as.launch_instance);
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        fleet_terminate(&sim->fleet, decision->as.terminate_instance.instance);
        break;
    case MESSAGE_PLACE_TASK:
        result->placed++;
        send(sim, decision->as.place_task.instance, SIM_TO_AGENT, 0, decision);
        break;
    case MESSAGE_STOP_TASK:
        send(sim, decision->as.stop_task.instance, SIM_TO_AGENT, 0, decision);
        break;
    case MESSAGE_REFUSE:
        result->refused++;
        result->unplaced += decision->as.refuse.refusal == REFUSED_NO_CAPACITY;
        break;
    default:
        break; /* an answer that asks nothing of the world */
    }
}

static void step_scheduler(struct sim *sim, const struct message *event)
{
    int64_t deadline_usec;

    if (event->kind == MESSAGE_END && !sim->scheduler->ending)
        sim->result->waiting = scheduler_waiting(sim->scheduler);
    step(sim, ID_NONE, event);
    sim->fleet.now_usec = sim->now_usec;
    for (int i = 0; i < sim->outputs.n_messages; i++)
        decide_for_world(sim, &sim->outputs.messages[i]);
    sim->ask = true;
    deadline_usec = scheduler_deadline(sim->scheduler);
    assert(deadline_usec > sim->now_usec);
    if (deadline_usec != sim->tick_usec && deadline_usec != USEC_NEVER)
        queue_push(&sim->queue, deadline_usec, SIM_SCHEDULER_TICK, 0);
    sim->tick_usec = deadline_usec;
}

static void step_agent(struct sim *sim, int32_t id, const struct message *event)
{
    struct line *line = &sim->lines[id];
    int64_t deadline_usec;

    step(sim, id, event);
    sim->fleet.now_usec = sim->now_usec;
    for (int i = 0; i < sim->outputs.n_messages; i++) {
        const struct message *action = &sim->outputs.messages[i];

        if (action->kind == MESSAGE_REGISTER)
            send(sim, id, SIM_TO_SCHEDULER,
                 distribution_sample(&sim->scenario->costs.agent, sim->options->seed, DRAW_REGISTER,
                                     id, 0),
                 action);
        else if (message_types[action->kind].to == PARTY_SCHEDULER)
            send(sim, id, SIM_TO_SCHEDULER, 0, action);
        else
            fleet_order(&sim->fleet, id, action);
    }
    deadline_usec = agent_deadline(&sim->fleet.instances[id].agent);
    assert(deadline_usec > sim->now_usec);
    if (deadline_usec != line->tick_usec && deadline_usec != USEC_NEVER)
        queue_push(&sim->queue, deadline_usec, SIM_AGENT_TICK, id);
    line->tick_usec = deadline_usec;
}

/* Gives the scheduler what the scenario has for it now. */
static void ask_script(struct sim *sim)
{
    struct script_step next;

    while (sim->ask && !sim->script_done && !sim->failed) {
        next = script_next(&sim->script, sim->scheduler, sim->now_usec);
        switch (next.item) {
        case SCRIPT_EVENT:
            step_scheduler(sim, next.event);
            break;
        case SCRIPT_FAULT:
            sim->fleet.now_usec = sim->now_usec;
            if (!fleet_fault(&sim->fleet, next.fault))
                *ARRAY_ADD(sim->result, missed) = sim->script.next_entry - 1;
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

static void deliver(struct sim *sim, const struct queue_entry *entry)
{
    struct message message = sim->letters[entry->id].message;
    int32_t instance = sim->letters[entry->id].instance;

    if (entry->what == SIM_TO_SCHEDULER)
        step_scheduler(sim, &message);
    else if (sim->fleet.instances[instance].up)
        step_agent(sim, instance, &message);
    free_letter(sim, entry->id);
}

static void tick_agent(struct sim *sim, const struct queue_entry *entry)
{
    const struct message tick = message_new(MESSAGE_TICK);

    if (sim->fleet.instances[entry->id].up &&
        agent_deadline(&sim->fleet.instances[entry->id].agent) <= entry->at_usec)
        step_agent(sim, entry->id, &tick);
}

static void happen(struct sim *sim, const struct queue_entry *entry)
{
    struct message event;
    int32_t machine;

    switch (entry->what) {
    case SIM_TO_AGENT:
    case SIM_TO_SCHEDULER:
        deliver(sim, entry);
        break;
    case SIM_AGENT_TICK:
        tick_agent(sim, entry);
        break;
    case SIM_SCHEDULER_TICK:
        event = message_new(MESSAGE_TICK);
        if (scheduler_deadline(sim->scheduler) <= entry->at_usec)
            step_scheduler(sim, &event);
        break;
    case SIM_SCRIPT:
        sim->ask = true;
        break;
    default:
        if (!fleet_event(&sim->fleet, entry, &machine, &event))
            break;
        if (machine == ID_NONE)
            step_scheduler(sim, &event);
        else
            step_agent(sim, machine, &event);
    }
}

static bool over(const struct sim *sim)
{
    return sim->failed || (sim->script_done && scheduler_ended(sim->scheduler));
}

static void loop(struct sim *sim)
{
    struct queue_entry entry;

    sim->ask = true;
    ask_script(sim);
    while (!over(sim)) {
        if (!queue_pop(&sim->queue, &entry)) {
            sim->failed = true;
            err_set(sim->err, EXIT_INPUT,
                    "%s: after %.3f s nothing happens any more, and something never ends by "
                    "itself: say when the run is over with \"until\"",
                    sim->scenario->path, (double)sim->now_usec / USEC_PER_SEC);
            return;
        }
        if (entry.at_usec > sim->options->stop_at_usec)
            return;
        sim->now_usec = entry.at_usec;
        happen(sim, &entry);
        ask_script(sim);
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
    struct queue_entry entry;

    while (queue_pop(&sim->queue, &entry))
        if (entry.what == SIM_TO_AGENT || entry.what == SIM_TO_SCHEDULER)
            free_letter(sim, entry.id);
    queue_finish(&sim->queue);
    fleet_finish(&sim->fleet);
    outputs_finish(&sim->outputs);
    free(sim->letters);
    free(sim->lines);
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
        .free_letter = ID_NONE,
        .tick_usec = USEC_NEVER,
        .script_usec = USEC_NEVER,
    };
    struct sigaction action = {.sa_handler = on_abort}, before;
    bool ok;

    *result = (struct sim_result){0};
    scheduler_init(&result->scheduler, options->seed);
    result->scheduler.cluster.epoch_usec = scenario->epoch_usec;
    story_init(&result->story);
    run_summary_init(&result->summary);
    if (!open_log(&sim))
        return false;
    queue_init(&sim.queue);
    fleet_init(&sim.fleet, scenario, options->seed, &sim.queue, &result->scheduler.cluster);
    script_init(&sim.script, scenario);
    running = &sim;
    sigaction(SIGABRT, &action, &before);
    loop(&sim);
    ok = close_log(&sim);
    sigaction(SIGABRT, &before, NULL);
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
