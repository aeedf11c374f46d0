/*
 * Stories up to the moment that is shown: nothing is told before it has happened. It must never know
 * where the words are drawn.
 */
#include "viz/panel_tell.h"

#include "file/cost.h"
#include "file/moments.h"
#include "file/phases.h"
#include "file/saga.h"
#include "viz/scene_tell.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MOST 20
#define TASKS_MOST 40
#define EVENTS_MOST 40

static const char *seconds(int64_t usec, char *text, size_t size)
{
    return moments_seconds(usec, text, size);
}

static struct layout_pick pick_of(enum layout_thing thing, int scene, int32_t id)
{
    return (struct layout_pick){thing, scene, id};
}

static void link_to(struct panel_row *row, enum layout_thing thing, int scene, int32_t id)
{
    if (id != ID_NONE)
        row->link = pick_of(thing, scene, id);
}

/* Placement ---------------------------------------------------------------------------------------- */

static const struct request *request_of(const struct explain *explain)
{
    return &explain->cluster->requests[explain->request];
}

static const struct task_definition *definition_of(const struct explain *explain)
{
    return taskdefs_get(&explain->cluster->taskdefs, explain->taskdef);
}

static void add_filters(struct panel *panel, const struct explain *explain)
{
    struct explain_filter filters[EXPLAIN_FILTERS];
    struct buffer words = {0};
    int n_others = 0;
    explain_filters(explain, filters);
    panel_add(panel, PANEL_FAINT, "filter\tremoves\t");
    for (int f = 0; f < EXPLAIN_FILTERS; f++) {
        const struct explain_filter *filter = &filters[f];
        if (filter->n_removed == 0) {
            n_others++;
            continue;
        }
        buffer_clear(&words);
        explain_keeps_out(explain, filter->nearest, &words);
        panel_add(panel, PANEL_TEXT, "%s\t%d\ti%d %s%s", filter->about, filter->n_removed,
                  filter->nearest + 1, words.text, filter->n_removed > 1 ? ", \xE2\x80\xA6" : "");
    }
    buffer_finish(&words);
    panel_add(panel, PANEL_FAINT, "%s%d filters\t0\t",
              n_others < EXPLAIN_FILTERS ? "the other " : "all ", n_others);
    panel_add(panel, PANEL_STRONG, "candidates left\t%d\t", explain->table.n_candidates);
}

static void add_candidate(struct panel *panel, const struct explain *explain, int scene,
                          int32_t instance)
{
    const char *zone = cluster_attribute(explain->cluster, instance, "ecs.availability-zone");
    bool chosen = instance == explain->table.placement.instance;
    char values[256] = "";
    size_t used = 0;
    for (int r = 0; r < explain->table.n_rules && used + 24 < sizeof values; r++) {
        int64_t value;
        if (explain_value(explain, r, instance, &value))
            used += (size_t)snprintf(values + used, sizeof values - used, "\t%" PRId64, value);
        else
            used += (size_t)snprintf(values + used, sizeof values - used, "\t-");
    }
    struct panel_row *row = panel_add(panel, chosen ? PANEL_STRONG : PANEL_TEXT, "i%d\t%s%s\t%s",
                                      instance + 1, zone ? zone : "-", values,
                                      chosen                                ? "chosen"
                                      : explain_is_equal(explain, instance) ? "as good"
                                                                            : "");
    row->mark = chosen;
    link_to(row, LAYOUT_INSTANCE, scene, instance);
}

static void add_candidates(struct panel *panel, const struct explain *explain, int scene)
{
    const struct place_table *table = &explain->table;
    char words[256] = "", rule[160];
    size_t used = 0;
    int shown = 0;
    for (int r = 0; r < table->n_rules && used + 16 < sizeof words; r++)
        used += (size_t)snprintf(words + used, sizeof words - used, "\trule %d", r + 1);
    panel_add(panel, PANEL_FAINT, "candidate\tzone%s\t", words);
    add_candidate(panel, explain, scene, table->placement.instance);
    for (int32_t i = 0; i < table->n_instances; i++) {
        if (table->reasons[i] == PLACE_FITS && i != table->placement.instance &&
            shown++ < CANDIDATES_MOST)
            add_candidate(panel, explain, scene, i);
    }
    if (shown > CANDIDATES_MOST)
        panel_add(panel, PANEL_FAINT, "\xE2\x80\xA6 and %d more", shown - CANDIDATES_MOST);
    panel_add(panel, PANEL_TEXT, "%s", "");
    for (int r = 0; r < table->n_rules; r++) {
        const struct strategy_rule *of = &request_of(explain)->strategy[r];
        panel_add(panel, PANEL_FAINT, "rule %d: %s: %s", r + 1, explain_rule(of, rule, sizeof rule),
                  explain_unit(of));
    }
}

void panel_tell_placement(struct panel *panel, const struct explain *explain, int scene)
{
    const struct place_table *table = &explain->table;
    const struct task_definition *definition = definition_of(explain);
    struct buffer sentence = {0};
    char at[32];
    seconds(explain->at_usec, at, sizeof at);
    if (explain->chooser == EXPLAIN_BY_VM) {
        panel_add(panel, PANEL_HEAD,
                  explain->kind == EXPLAIN_WAITING ? "Why it waits for %s, at %s s"
                                                   : "Why %s, at %s s",
                  explain_provider(explain), at);
        panel_add(panel, PANEL_TEXT,
                  "A task takes %d CPU units and %d MiB; its micro-VM is of that size.",
                  taskdef_cpu(definition), taskdef_memory_mib(definition));
        explain_decided(explain, &sentence);
        panel_add(panel, PANEL_STRONG, "%s", sentence.text);
        buffer_finish(&sentence);
        return;
    }
    if (table->placement.instance != ID_NONE)
        panel_add(panel, PANEL_HEAD, "Why i%d, at %s s", table->placement.instance + 1, at);
    else
        panel_add(panel, PANEL_HEAD, "Why it waits, at %s s", at);
    panel_add(panel, PANEL_TEXT,
              "A task takes %d CPU units and %d MiB; the cluster has %d instance%s.",
              taskdef_cpu(definition), taskdef_memory_mib(definition),
              explain_count_instances(explain), explain_count_instances(explain) == 1 ? "" : "s");
    explain_decided(explain, &sentence);
    panel_add(panel, PANEL_STRONG, "%s%s", table->placement.instance != ID_NONE ? "decided: " : "",
              sentence.text);
    panel_add(panel, PANEL_TEXT, "%s", "");
    add_filters(panel, explain);
    panel_add(panel, PANEL_TEXT, "%s", "");
    if (table->placement.instance != ID_NONE)
        add_candidates(panel, explain, scene);
    buffer_finish(&sentence);
}

/* A task ------------------------------------------------------------------------------------------- */

static void tell_life(struct panel *panel, const struct scene *scene, int32_t task)
{
    struct moments moments = {0};
    moments_list(&moments, scene->index->story, task, scene->at_usec);
    panel_add(panel, PANEL_HEAD, "Its life");
    for (int i = 0; i < moments.n_list; i++) {
        char at[32];
        panel_add(panel, PANEL_TEXT, "%s s\t%s", seconds(moments.list[i].at_usec, at, sizeof at),
                  moments.list[i].text);
    }
    moments_finish(&moments);
}

/* The virtual machine that a task has to itself. */
static void tell_machine(struct panel *panel, const struct scene *scene,
                         const struct story_machine *machine)
{
    char at[32];
    panel_add(panel, PANEL_TEXT, "in a machine of its own: kernel %s, %s, %s",
              machine->course.kernel, machine->course.accelerator, machine->course.start);
    panel_add(panel, PANEL_TEXT, "its system takes %" PRId64 " of %" PRId64 " MiB",
              machine->course.system_bytes >> 20, machine->course.memory_bytes >> 20);
    for (int phase = PHASE_FIRMWARE; phase <= PHASE_BOOT; phase++) {
        int64_t usec = phases_of_machine(scene->index->story, machine, phase);
        if (usec != USEC_NEVER && usec > 0)
            panel_add(panel, PANEL_TEXT, "%s\t%s s\t", phases_names[phase],
                      seconds(usec, at, sizeof at));
    }
}

static void tell_task(struct panel *panel, const struct scene *scene, int which, int32_t task,
                      struct why *why)
{
    const struct story *story = scene->index->story;
    const struct story_task *row = &story->tasks[task];
    const struct task_definition *definition = story_definition(story, row->taskdef);
    if (!definition || row->accepted_at_usec > scene->at_usec) {
        panel_add(panel, PANEL_TITLE, "%s", story_task_name(task));
        panel_add(panel, PANEL_FAINT, "does not exist at this moment");
        return;
    }
    enum life life = life_task(story, task, scene->at_usec);
    panel_add(panel, PANEL_TITLE, "%s %s:%d", story_task_name(task), definition->family,
              definition->revision);
    panel_add(panel, PANEL_TEXT, "%s, reserves %d CPU units and %d MiB", life_names[life],
              taskdef_cpu(definition), taskdef_memory_mib(definition));
    if (row->placed_at_usec <= scene->at_usec)
        link_to(panel_add(panel, PANEL_TEXT, "on %s", story_place_name(story, row->instance)),
                LAYOUT_INSTANCE, which, row->instance);
    if (row->service >= 0 && row->service < story->n_services)
        link_to(panel_add(panel, PANEL_TEXT, "of service %s", story->services[row->service].name),
                LAYOUT_SERVICE, which, row->service);
    if (row->machine && row->machine->booted_at_usec <= scene->at_usec)
        tell_machine(panel, scene, row->machine);
    tell_life(panel, scene, task);
    if (!why)
        return;
    why_ask(why, story, task, scene->at_usec);
    const struct explain *answer = why_answer(why);
    char excuse[1100];
    if (answer) {
        panel_tell_placement(panel, answer, which);
        return;
    }
    panel_add(panel, PANEL_HEAD, "Why");
    panel_add(panel, PANEL_FAINT, "%s", why_excuse(why, excuse, sizeof excuse));
}

/* An instance -------------------------------------------------------------------------------------- */

static void tell_boot(struct panel *panel, const struct scene *scene,
                      const struct story_instance *row)
{
    static const enum phase phases[] = {PHASE_FIRMWARE, PHASE_KERNEL, PHASE_USER, PHASE_BOOT,
                                        PHASE_REGISTER};
    char at[32];
    panel_add(panel, PANEL_HEAD, "How it came up");
    panel_add(panel, PANEL_TEXT, "launched\t%s s\t", seconds(row->launch_at_usec, at, sizeof at));
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        int64_t usec = phases_of_instance(scene->index->story, row, phases[i]);
        int64_t end_usec =
            phases[i] == PHASE_REGISTER ? row->registered_at_usec : row->booted_at_usec;
        if (usec != USEC_NEVER && usec > 0 && end_usec <= scene->at_usec)
            panel_add(panel, PANEL_TEXT, "%s\t%s s\t%s", phases_names[phases[i]],
                      seconds(usec, at, sizeof at),
                      phases[i] == PHASE_BOOT && row->boot_modelled ? "modelled" : "");
    }
    if (row->registered_at_usec <= scene->at_usec)
        panel_add(panel, PANEL_TEXT, "registered\t%s s\t",
                  seconds(row->registered_at_usec, at, sizeof at));
    if (row->lost_at_usec <= scene->at_usec)
        panel_add(panel, PANEL_BAD, "gone\t%s s\t", seconds(row->lost_at_usec, at, sizeof at));
}

static void tell_turns(struct panel *panel, const struct scene *scene, int32_t instance)
{
    const struct story *story = scene->index->story;
    for (int i = 0; i < story->n_turns && story->turns[i].at_usec <= scene->at_usec; i++) {
        const struct story_turn *turn = &story->turns[i];
        char at[32];
        if (turn->instance != instance)
            continue;
        panel_add(panel, PANEL_TEXT, "%s\t%s s\t",
                  turn->kind == TURN_WARNED ? "Spot warning"
                  : turn->kind == TURN_CONNECTED
                      ? (turn->value ? "agent is back" : "agent disconnected")
                      : (turn->value ? "DRAINING" : "ACTIVE again"),
                  seconds(turn->at_usec, at, sizeof at));
    }
}

/* Its price for the time since its launch: what the bill will say of it so far, but for a minimum. */
static void tell_cost(struct panel *panel, const struct scene *scene,
                      const struct story_instance *row)
{
    int64_t to_usec = row->lost_at_usec < scene->at_usec ? row->lost_at_usec : scene->at_usec;
    char price[40], cost[40];
    if (row->price_nanos <= 0 || to_usec < row->launch_at_usec)
        return;
    __int128 nanos = (__int128)row->price_nanos * (to_usec - row->launch_at_usec);
    nanos /= 3600 * USEC_PER_SEC;
    panel_add(panel, PANEL_TEXT, "cost so far %s, at %s an hour%s",
              cost_dollars((int64_t)nanos, cost, sizeof cost),
              cost_dollars(row->price_nanos, price, sizeof price), row->spot ? " (Spot)" : "");
}

static void tell_tasks(struct panel *panel, const struct scene *scene, int which, int32_t instance)
{
    const struct scene_index *index = scene->index;
    int n = 0;
    panel_add(panel, PANEL_HEAD, "Its tasks");
    for (int i = index->first_of[instance]; i < index->first_of[instance + 1]; i++) {
        struct scene_task task;
        if (!scene_task(scene, index->by_instance[i], &task) || task.state == LIFE_DONE ||
            task.state == LIFE_FAILED)
            continue;
        if (n++ >= TASKS_MOST)
            continue;
        struct panel_row *row =
            panel_add(panel, PANEL_TEXT, "%s %s\t%s\t%d cpu, %d MiB", task.name, task.family,
                      life_names[task.state], task.cpu, task.memory_mib);
        link_to(row, LAYOUT_TASK, which, task.task);
    }
    if (n > TASKS_MOST)
        panel_add(panel, PANEL_FAINT, "\xE2\x80\xA6 and %d more", n - TASKS_MOST);
    if (n == 0)
        panel_add(panel, PANEL_FAINT, "none");
}

static void tell_instance(struct panel *panel, const struct scene *scene, int which, int32_t id)
{
    const struct story *story = scene->index->story;
    const struct story_instance *row = &story->instances[id];
    const struct scene_instance *seen = scene_instance(scene, id);
    if (story_is_micro_vm(story, id))
        panel_add(panel, PANEL_TITLE, "%s on %s", story_machine_name(story, id),
                  story_place_name(story, id));
    else
        panel_add(panel, PANEL_TITLE, "%s %s", story_instance_name(id), story_type(story, row));
    if (!seen) {
        panel_add(panel, PANEL_FAINT, "is not launched at this moment");
        return;
    }
    const char *zone = scene->index->zones[scene->index->zone_of[id]].name;
    panel_add(panel, PANEL_TEXT, "%s%s%s", scene_host_names[seen->state], *zone ? ", zone " : "",
              zone);
    panel_add(panel, PANEL_TEXT, "CPU\t%d of %d units reserved\t", seen->cpu_reserved, seen->cpu);
    panel_add(panel, PANEL_TEXT, "memory\t%d of %d MiB reserved\t", seen->memory_reserved_mib,
              seen->memory_mib);
    if (row->course.start[0])
        panel_add(panel, PANEL_TEXT, "kernel %s of its own, %s, %s", row->course.kernel,
                  row->course.accelerator, row->course.start);
    if (row->course.system_bytes > 0)
        panel_add(panel, PANEL_TEXT, "its system takes %" PRId64 " MiB of its memory",
                  row->course.system_bytes >> 20);
    tell_cost(panel, scene, row);
    tell_boot(panel, scene, row);
    tell_turns(panel, scene, id);
    tell_tasks(panel, scene, which, id);
}

/* A service ---------------------------------------------------------------------------------------- */

static int32_t desired_at(const struct story *story, int32_t service, int64_t at_usec)
{
    int32_t desired = 0;
    for (int i = 0; i < story->n_wants && story->wants[i].at_usec <= at_usec; i++) {
        if (story->wants[i].service == service)
            desired = story->wants[i].desired;
    }
    return desired;
}

static void count_lives(const struct story *story, int32_t service, int64_t at_usec, int *n)
{
    memset(n, 0, LIVES * sizeof *n);
    for (int32_t t = 0; t < story->n_tasks; t++) {
        if (story->tasks[t].service == service && story->tasks[t].accepted_at_usec <= at_usec)
            n[life_task(story, t, at_usec)]++;
    }
}

/* The last that was heard of each of its deployments. */
static void tell_deployments(struct panel *panel, const struct scene *scene, int32_t service)
{
    const struct story *story = scene->index->story;
    int n = 0;
    for (int i = 0; i < story->n_facts && story->facts[i].at_usec <= scene->at_usec; i++) {
        const struct deployment_state *state = &story->facts[i].message.as.deployment;
        if (story->facts[i].message.kind == MESSAGE_DEPLOYMENT && state->service == service &&
            state->deployment >= n)
            n = state->deployment + 1;
    }
    if (n == 0)
        return;
    panel_add(panel, PANEL_HEAD, "Its deployments");
    for (int d = 0; d < n; d++) {
        const struct deployment_state *last = NULL;
        for (int i = 0; i < story->n_facts && story->facts[i].at_usec <= scene->at_usec; i++) {
            const struct message *message = &story->facts[i].message;
            if (message->kind == MESSAGE_DEPLOYMENT && message->as.deployment.service == service &&
                message->as.deployment.deployment == d)
                last = &message->as.deployment;
        }
        const struct task_definition *definition =
            last ? story_definition(story, last->taskdef) : NULL;
        if (definition)
            panel_add(panel, last->rollout == ROLLOUT_FAILED ? PANEL_BAD : PANEL_TEXT,
                      "%d\t%s:%d\t%s\t%s", d + 1, definition->family, definition->revision,
                      deployment_status_names[last->status], rollout_state_names[last->rollout]);
    }
}

/* What happened to it last, the newest first, in ECS's words. */
static void tell_events(struct panel *panel, const struct scene *scene, int32_t service)
{
    const struct story *story = scene->index->story;
    struct saga saga = {0};
    struct buffer words = {0};
    int n = 0;
    saga_learn_story(&saga, story);
    panel_add(panel, PANEL_HEAD, "What happened to it, newest first");
    for (int i = story->n_facts - 1; i >= 0 && n < EVENTS_MOST; i--) {
        const struct story_fact *fact = &story->facts[i];
        char at[32];
        if (fact->at_usec > scene->at_usec)
            continue;
        buffer_clear(&words);
        if (!saga_words(&saga, &fact->message, service, &words))
            continue;
        n++;
        panel_add(panel, PANEL_TEXT, "%s s\t%s", seconds(fact->at_usec, at, sizeof at), words.text);
    }
    if (n == 0)
        panel_add(panel, PANEL_FAINT, "nothing yet");
    buffer_finish(&words);
    saga_finish(&saga);
}

static void tell_service(struct panel *panel, const struct scene *scene, int32_t service)
{
    const struct story *story = scene->index->story;
    int n[LIVES];
    count_lives(story, service, scene->at_usec, n);
    panel_add(panel, PANEL_TITLE, "service %s", story->services[service].name);
    panel_add(panel, PANEL_TEXT, "desired\t%d\t", desired_at(story, service, scene->at_usec));
    for (int life = LIFE_WAITING; life < LIFE_DONE; life++)
        panel_add(panel, life == LIFE_RUNNING ? PANEL_STRONG : PANEL_TEXT, "%s\t%d\t",
                  life_names[life], n[life]);
    if (n[LIFE_FAILED] > 0)
        panel_add(panel, PANEL_BAD, "%s so far\t%d\t", life_names[LIFE_FAILED], n[LIFE_FAILED]);
    for (int i = 0; i < scene->n_waits; i++) {
        if (scene->waits[i].service == service && scene->waits[i].task == ID_NONE)
            panel_add(panel, PANEL_BAD, "no room: %s", scene->waits[i].lacks);
    }
    tell_deployments(panel, scene, service);
    tell_events(panel, scene, service);
}

/* -------------------------------------------------------------------------------------------------- */

struct layout_pick panel_tell_pick(const struct scene *scene, struct layout_pick pick)
{
    if (pick.thing != LAYOUT_WAIT || pick.id < 0 || pick.id >= scene->n_waits)
        return pick;
    const struct scene_wait *wait = &scene->waits[pick.id];
    return wait->task != ID_NONE ? pick_of(LAYOUT_TASK, pick.scene, wait->task)
                                 : pick_of(LAYOUT_SERVICE, pick.scene, wait->service);
}

void panel_tell(struct panel *panel, const struct scene *scene, const struct layout_pick *pick,
                struct why *why)
{
    const struct story *story = scene->index->story;
    struct layout_pick thing = panel_tell_pick(scene, *pick);
    if (thing.id < 0)
        return;
    if (thing.thing == LAYOUT_TASK && thing.id < story->n_tasks)
        tell_task(panel, scene, thing.scene, thing.id, why);
    else if (thing.thing == LAYOUT_INSTANCE && thing.id < story->n_instances)
        tell_instance(panel, scene, thing.scene, thing.id);
    else if (thing.thing == LAYOUT_SERVICE && thing.id < story->n_services)
        tell_service(panel, scene, thing.id);
}
