/*
 * The questions are the run's placements in the order in which they were decided. It must never know a
 * window, a key or how it is drawn.
 */
#include "viz/guess.h"

#include "core/array.h"
#include "file/buffer.h"
#include "file/moments.h"
#include "viz/life.h"

#include <assert.h>
#include <stdlib.h>

static int by_placement(const void *a, const void *b, void *context)
{
    const struct story *story = context;
    int32_t left = story->tasks[*(const int32_t *)a].nth_placed;
    int32_t right = story->tasks[*(const int32_t *)b].nth_placed;
    return left < right ? -1 : left > right;
}

void guess_init(struct guess *guess, const struct story *story)
{
    *guess = (struct guess){.story = story};
}

void guess_finish(struct guess *guess)
{
    free(guess->tasks);
    free(guess->marks);
    *guess = (struct guess){0};
}

/* All placements; made when somebody begins. */
static void list_tasks(struct guess *guess)
{
    const struct story *story = guess->story;
    free(guess->tasks);
    guess->tasks = calloc((size_t)story->n_tasks + 1, sizeof *guess->tasks);
    assert(guess->tasks != NULL);
    guess->n_tasks = 0;
    for (int32_t t = 0; t < story->n_tasks; t++) {
        if (story->tasks[t].placed_at_usec <= story->end_usec &&
            story->tasks[t].placed_at_usec != USEC_NEVER && story->tasks[t].instance != ID_NONE &&
            life_definition(story, t))
            guess->tasks[guess->n_tasks++] = t;
    }
    qsort_r(guess->tasks, (size_t)guess->n_tasks, sizeof *guess->tasks, by_placement,
            (void *)story);
}

static void ask(struct guess *guess)
{
    guess->state = guess->at < guess->n_tasks ? GUESS_ASKS : GUESS_DONE;
}

void guess_start(struct guess *guess, int64_t at_usec)
{
    list_tasks(guess);
    guess->at = guess->n_marks = 0;
    while (guess->at < guess->n_tasks &&
           guess->story->tasks[guess->tasks[guess->at]].placed_at_usec < at_usec)
        guess->at++;
    ask(guess);
}

void guess_grow(struct guess *guess)
{
    if (guess->state == GUESS_OFF)
        return;
    list_tasks(guess);
    if (guess->state == GUESS_DONE)
        ask(guess);
}

void guess_stop(struct guess *guess)
{
    guess->state = GUESS_OFF;
}

int32_t guess_task(const struct guess *guess)
{
    bool asks = guess->state == GUESS_ASKS || guess->state == GUESS_ANSWERED;
    return asks ? guess->tasks[guess->at] : ID_NONE;
}

int64_t guess_at_usec(const struct guess *guess)
{
    int32_t task = guess_task(guess);
    return task != ID_NONE ? guess->story->tasks[task].placed_at_usec : USEC_NEVER;
}

bool guess_skip(struct guess *guess, const struct explain *explain)
{
    if (guess->state != GUESS_ASKS || explain->task != guess_task(guess) ||
        explain->chooser == EXPLAIN_BY_RULES)
        return false;
    guess->at++;
    ask(guess);
    return true;
}

void guess_pick(struct guess *guess, const struct explain *explain, int32_t instance)
{
    if (guess->state != GUESS_ASKS || explain->task != guess_task(guess))
        return;
    struct guess_mark *mark = ARRAY_ADD(guess, marks);
    int32_t chosen = explain->table.placement.instance;
    *mark = (struct guess_mark){.task = explain->task, .picked = instance, .chosen = chosen};
    mark->verdict = instance == ID_NONE                   ? GUESS_PASSED
                    : instance == chosen                  ? GUESS_RIGHT
                    : explain_is_equal(explain, instance) ? GUESS_EQUAL
                                                          : GUESS_WRONG;
    guess->state = GUESS_ANSWERED;
}

void guess_next(struct guess *guess)
{
    if (guess->state != GUESS_ANSWERED)
        return;
    guess->at++;
    ask(guess);
}

struct guess_score guess_count(const struct guess *guess)
{
    struct guess_score score = {.n_asked = guess->n_marks};
    for (int i = 0; i < guess->n_marks; i++) {
        score.n_equal += guess->marks[i].verdict == GUESS_EQUAL;
        score.n_right += guess->marks[i].verdict <= GUESS_EQUAL;
    }
    return score;
}

void guess_report(const struct guess *guess, struct buffer *text)
{
    struct guess_score score = guess_count(guess);
    if (score.n_asked == 0)
        return;
    buffer_add(text, "predicted %d of %d placement%s", score.n_right, score.n_asked,
               score.n_asked == 1 ? "" : "s");
    if (score.n_equal > 0)
        buffer_add(text, " (%d by an instance that the rules leave as good)", score.n_equal);
    buffer_add_text(text, "\n");
}

/* Words ---------------------------------------------------------------------------------------- */

static void tell_score(const struct guess *guess, struct panel *panel)
{
    struct guess_score score = guess_count(guess);
    panel_add(panel, PANEL_HEAD, "Score");
    if (score.n_asked == 0)
        panel_add(panel, PANEL_FAINT, "nothing predicted yet");
    else
        panel_add(panel, PANEL_STRONG, "%d of %d right", score.n_right, score.n_asked);
    if (score.n_equal > 0)
        panel_add(panel, PANEL_TEXT, "%d of them by an instance that the rules leave as good",
                  score.n_equal);
}

/* The rules by which it will be placed, without what they see: that is for the student to find. */
static void tell_rules(struct panel *panel, const struct explain *explain)
{
    const struct request *request = &explain->cluster->requests[explain->request];
    char rule[160];
    panel_add(panel, PANEL_HEAD, "By which rules");
    for (int r = 0; r < request->n_strategy; r++)
        panel_add(panel, PANEL_TEXT, "%d. %s", r + 1,
                  explain_rule(&request->strategy[r], rule, sizeof rule));
    for (int i = 0; i < request->n_constraints; i++)
        panel_add(panel, PANEL_TEXT, "only: %s%s%s",
                  constraint_type_names[request->constraints[i].type],
                  request->constraints[i].expression ? " " : "",
                  request->constraints[i].expression ? request->constraints[i].expression : "");
}

static void tell_question(const struct guess *guess, struct panel *panel, const struct why *why,
                          bool there)
{
    int32_t task = guess_task(guess);
    const struct task_definition *definition = life_definition(guess->story, task);
    const struct explain *answer = why_answer(why);
    char excuse[1100], at[32];
    panel_add(panel, PANEL_TITLE, "Where will %s %s go?", story_task_name(task),
              definition->family);
    panel_add(panel, PANEL_TEXT, "It takes %d CPU units and %d MiB, at %s s.",
              taskdef_cpu(definition), taskdef_memory_mib(definition),
              moments_seconds(guess_at_usec(guess), at, sizeof at));
    if (answer)
        tell_rules(panel, answer);
    else
        panel_add(panel, PANEL_FAINT, "%s", why_excuse(why, excuse, sizeof excuse));
    panel_add(panel, PANEL_HEAD, "Your turn");
    panel_add(panel, PANEL_TEXT, "%s",
              there ? "Click an instance, or take one with Tab and Enter. Space shows the answer."
                    : "The question comes later in time: Space plays, the right arrow steps.");
    panel_add(panel, PANEL_FAINT, "p ends the predicting.");
    tell_score(guess, panel);
}

static void tell_answer(const struct guess *guess, struct panel *panel, const struct why *why)
{
    const struct guess_mark *mark = &guess->marks[guess->n_marks - 1];
    const char *task = story_task_name(mark->task),
               *chosen = story_place_name(guess->story, mark->chosen);
    const char *picked =
        mark->picked != ID_NONE ? story_place_name(guess->story, mark->picked) : "";
    switch (mark->verdict) {
    case GUESS_RIGHT:
        panel_add(panel, PANEL_TITLE, "\xE2\x9C\x93 Right: %s goes to %s", task, chosen);
        break;
    case GUESS_EQUAL:
        panel_add(panel, PANEL_TITLE, "\xE2\x9C\x93 As good: %s goes to %s", task, chosen);
        panel_add(panel, PANEL_GOOD, "The rules leave %s as good as %s; that counts.", picked,
                  chosen);
        break;
    case GUESS_WRONG:
        panel_add(panel, PANEL_TITLE, "\xE2\x9C\x97 Not %s: %s goes to %s", picked, task, chosen);
        break;
    case GUESS_PASSED:
        panel_add(panel, PANEL_TITLE, "%s goes to %s", task, chosen);
        break;
    }
    panel_add(panel, PANEL_FAINT, "Space plays to the next one, Enter jumps there.");
    tell_score(guess, panel);
    const struct explain *answer = why_answer(why);
    if (answer)
        panel_tell_placement(panel, answer, 0);
}

static void tell_summary(const struct guess *guess, struct panel *panel)
{
    static const char *const words[] = {"right", "as good", "wrong", "not picked"};
    panel_add(panel, PANEL_TITLE,
              guess->n_marks > 0 ? "That was the last placement"
                                 : "No placement is left to predict");
    panel_add(panel, PANEL_FAINT, "p ends the predicting.");
    tell_score(guess, panel);
    if (guess->n_marks == 0)
        return;
    panel_add(panel, PANEL_FAINT, "task\tyou said\tit went to\t");
    for (int i = 0; i < guess->n_marks; i++) {
        const struct guess_mark *mark = &guess->marks[i];
        bool right = mark->verdict <= GUESS_EQUAL;
        struct panel_row *row = panel_add(
            panel, right ? PANEL_TEXT : PANEL_BAD, "%s\t%s\t%s\t%s", story_task_name(mark->task),
            mark->picked != ID_NONE ? story_place_name(guess->story, mark->picked) : "-",
            story_place_name(guess->story, mark->chosen), words[mark->verdict]);
        row->link = (struct layout_pick){LAYOUT_TASK, 0, mark->task};
    }
}

void guess_tell(const struct guess *guess, struct panel *panel, const struct why *why, bool there)
{
    switch (guess->state) {
    case GUESS_OFF:
        break;
    case GUESS_ASKS:
        tell_question(guess, panel, why, there);
        break;
    case GUESS_ANSWERED:
        tell_answer(guess, panel, why);
        break;
    case GUESS_DONE:
        tell_summary(guess, panel);
        break;
    }
}
