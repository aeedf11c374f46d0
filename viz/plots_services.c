/*
 * What each service wants and has: tasks that run, are about to, are on their way out, and that pass what checks them.
 * It must never know how charts are drawn.
 */
#include "viz/life.h"
#include "viz/plots.h"
#include "viz/series.h"
#include "viz/track.h"

#include "file/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define PANEL_PIXELS 220
#define SERVICES_MAX 8

/* ECS: a service has up to five target groups. */
#define TARGET_GROUPS_MAX 5

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Health ----------------------------------------------------------------------------------------- */

/* How a task's checks stand: a bit for each container that has a health check and for each target group. */
struct verdict {
    uint32_t checks, passed; /* by container, from bit 0 on; by target group, from the top down */
    int32_t target_groups[TARGET_GROUPS_MAX];
    int n_target_groups;
    int64_t since_usec; /* it passes all of them; USEC_NEVER: it does not */
};

static_assert(TASKDEF_CONTAINERS_MAX + TARGET_GROUPS_MAX <= 32, "a bit for each check");

static bool passes(const struct verdict *verdict)
{
    return verdict->checks != 0 && verdict->passed == verdict->checks;
}

static uint32_t bit_of_group(struct verdict *verdict, int32_t target_group)
{
    int i = 0;
    while (i < verdict->n_target_groups && verdict->target_groups[i] != target_group)
        i++;
    if (i == TARGET_GROUPS_MAX)
        return 0;
    if (i == verdict->n_target_groups)
        verdict->target_groups[verdict->n_target_groups++] = target_group;
    return UINT32_C(1) << (31 - i);
}

static void list_checks(const struct story *story, int32_t task, struct verdict *verdict)
{
    const struct task_definition *definition = life_definition(story, task);
    *verdict = (struct verdict){.since_usec = USEC_NEVER};
    for (int i = 0; definition && i < definition->n_containers; i++) {
        if (definition->containers[i].health)
            verdict->checks |= UINT32_C(1) << i;
    }
}

/* One check of a task passes from then on, or fails. */
static void judge(const struct story *story, int32_t task, struct verdict *verdict, uint32_t bit,
                  bool pass, int64_t at_usec, struct series *healthy)
{
    const struct story_task *row = &story->tasks[task];
    int64_t gone_usec = least(row->stop_at_usec, row->stopped_at_usec);
    verdict->checks |= bit;
    verdict->passed = pass ? verdict->passed | bit : verdict->passed & ~bit;
    if (passes(verdict) && verdict->since_usec == USEC_NEVER) {
        verdict->since_usec = at_usec;
    } else if (!passes(verdict) && verdict->since_usec != USEC_NEVER) {
        series_add(healthy, verdict->since_usec, least(at_usec, gone_usec), 1);
        verdict->since_usec = USEC_NEVER;
    }
}

static void judge_turn(const struct story *story, const struct story_turn *turn,
                       struct verdict *verdicts, struct series *healthy)
{
    const struct story_task *task = &story->tasks[turn->task];
    uint32_t bit = UINT32_C(1) << turn->container;
    if (verdicts[turn->task].checks & bit && task->service != ID_NONE)
        judge(story, turn->task, &verdicts[turn->task], bit, turn->value == HEALTH_HEALTHY,
              turn->at_usec, &healthy[task->service]);
}

static void judge_target(const struct story *story, const struct story_fact *fact,
                         struct verdict *verdicts, struct series *healthy)
{
    const struct target_state *state = &fact->message.as.target_state;
    if (state->task < 0 || state->task >= story->n_tasks ||
        story->tasks[state->task].service == ID_NONE)
        return;
    struct verdict *verdict = &verdicts[state->task];
    judge(story, state->task, verdict, bit_of_group(verdict, state->target_group),
          state->status == TARGET_HEALTHY, fact->at_usec,
          &healthy[story->tasks[state->task].service]);
}

/* Turns and target states in order of time. */
static void judge_all(const struct story *story, struct verdict *verdicts, struct series *healthy)
{
    for (int t = 0, f = 0; t < story->n_turns || f < story->n_facts;) {
        const struct story_turn *turn = t < story->n_turns ? &story->turns[t] : NULL;
        const struct story_fact *fact = f < story->n_facts ? &story->facts[f] : NULL;
        if (turn && (!fact || turn->at_usec <= fact->at_usec)) {
            if (turn->kind == TURN_HEALTH && turn->task >= 0 && turn->task < story->n_tasks)
                judge_turn(story, turn, verdicts, healthy);
            t++;
        } else {
            if (fact->message.kind == MESSAGE_TARGET_STATE)
                judge_target(story, fact, verdicts, healthy);
            f++;
        }
    }
}

/* By service: how many of its tasks pass all that checks them, containers' health checks and balancers' alike. Where
 * nothing checks a service's tasks its series stays empty. For free(). */
static struct series *count_healthy(const struct story *story)
{
    struct series *healthy = memory_zeroed((size_t)story->n_services, sizeof *healthy);
    struct verdict *verdicts = memory_zeroed((size_t)story->n_tasks, sizeof *verdicts);
    for (int i = 0; i < story->n_tasks; i++)
        list_checks(story, i, &verdicts[i]);
    judge_all(story, verdicts, healthy);
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (task->service != ID_NONE)
            series_add(&healthy[task->service], verdicts[i].since_usec,
                       least(task->stop_at_usec, task->stopped_at_usec), 1);
    }
    free(verdicts);
    return healthy;
}

/* What is drawn ---------------------------------------------------------------------------------- */

enum level { LEVEL_STOPPING, LEVEL_PENDING, LEVEL_RUNNING, LEVELS };

/* Each level with those above it: the areas are drawn over each other. */
static void count_levels(const struct story *story, int32_t service, struct series *levels)
{
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (task->service != service)
            continue;
        int64_t stop_usec = least(task->stop_at_usec, task->stopped_at_usec);
        series_add(&levels[LEVEL_STOPPING], task->placed_at_usec, task->stopped_at_usec, 1);
        series_add(&levels[LEVEL_PENDING], task->placed_at_usec, stop_usec, 1);
        series_add(&levels[LEVEL_RUNNING], task->running_at_usec, stop_usec, 1);
    }
}

static void add_desired(struct chart_panel *panel, const struct story *story, int32_t service,
                        double usec_per_x)
{
    struct series desired = {0};
    for (int i = 0; i < story->n_wants; i++) {
        if (story->wants[i].service == service)
            series_set(&desired, story->wants[i].at_usec, story->wants[i].desired);
    }
    plots_add_series(chart_add_line(panel, "desired", PAINT_INK, CHART_STEPS), &desired,
                     track_end_usec(story), usec_per_x, 1);
    panel->lines[panel->n_lines - 1].dashed = true;
    series_finish(&desired);
}

static void fill_service(struct chart_panel *panel, const struct story *story, int32_t service,
                         struct series *healthy, double usec_per_x)
{
    static const struct {
        const char *name;
        enum paint paint;
    } rows[LEVELS] = {[LEVEL_STOPPING] = {"stopping", PAINT_STOPPING_STRIPE},
                      [LEVEL_PENDING] = {"pending", PAINT_READY},
                      [LEVEL_RUNNING] = {"running", PAINT_RUNNING}};
    struct series levels[LEVELS] = {{0}};
    panel->counts = true;
    count_levels(story, service, levels);
    for (int level = 0; level < LEVELS; level++) {
        plots_add_series(chart_add_line(panel, rows[level].name, rows[level].paint, CHART_AREA),
                         &levels[level], track_end_usec(story), usec_per_x, 1);
        series_finish(&levels[level]);
    }
    if (healthy->n_points > 0)
        plots_add_series(chart_add_line(panel, "healthy", PAINT_SIM, CHART_STEPS), healthy,
                         track_end_usec(story), usec_per_x, 1);
    add_desired(panel, story, service, usec_per_x);
}

void plots_services(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    const struct story *story = &runs[0].story;
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    int n = story->n_services < SERVICES_MAX ? story->n_services : SERVICES_MAX;
    struct series *healthy = count_healthy(story);
    char title[96];
    for (int i = 0; i < n; i++) {
        snprintf(title, sizeof title, "Service %.60s", story->services[i].name);
        fill_service(
            chart_add_panel(chart, title, "tasks", n > 2 ? PANEL_PIXELS / 2 : PANEL_PIXELS), story,
            i, &healthy[i], usec_per_x);
    }
    if (n == 0)
        plots_say_nothing(chart, "tasks", "there is no service in this run");
    plots_say_first(chart, n, story->n_services, "services");
    for (int i = 0; i < story->n_services; i++)
        series_finish(&healthy[i]);
    free(healthy);
}
