/*
 * Pinned things and questions become rows, rows become shapes; replaying goes on in slices between two frames. It
 * must never know a window, a driver or the computer's clock.
 */
#include "viz/stage_panel.h"

#include "viz/layout_panel.h"
#include "viz/panel_tell.h"

#include <stdio.h>

void stage_panel_init(struct stage *stage)
{
    for (int i = 0; i < stage->n_scenes; i++)
        why_init(&stage->whys[i], stage->paths[i]);
    if (stage->n_scenes == LAYOUT_SCENES)
        differ_init(&stage->differ, (const struct scene *const *)stage->scenes);
    guess_init(&stage->guess, stage->scenes[0]->index->story);
}

void stage_panel_release(struct stage *stage)
{
    if (stage->n_scenes == LAYOUT_SCENES)
        differ_finish(&stage->differ);
}

void stage_panel_take(struct stage *stage)
{
    if (stage->n_scenes == LAYOUT_SCENES)
        differ_init(&stage->differ, (const struct scene *const *)stage->scenes);
    guess_grow(&stage->guess);
}

void stage_panel_finish(struct stage *stage)
{
    stage_panel_release(stage);
    for (int i = 0; i < stage->n_scenes; i++)
        why_finish(&stage->whys[i]);
    guess_finish(&stage->guess);
    panel_finish(&stage->panel);
}

/* Predict mode -------------------------------------------------------------------------------------- */

/* Whether time stands at the question. */
static bool is_there(const struct stage *stage)
{
    return stage->clock.at_usec == guess_at_usec(&stage->guess);
}

void stage_panel_clamp(struct stage *stage)
{
    if (stage->guess.state != GUESS_ASKS || stage->clock.at_usec < guess_at_usec(&stage->guess))
        return;
    clock_seek(&stage->clock, guess_at_usec(&stage->guess));
    stage->clock.playing = false;
}

/* The next question's explanation is needed before it can be asked: no strategy may have had a say. */
static void ask(struct stage *stage)
{
    const struct story *story = stage->scenes[0]->index->story;
    int32_t task = guess_task(&stage->guess);
    if (task != ID_NONE)
        why_ask(&stage->whys[0], story, task, story->tasks[task].placed_at_usec);
    else
        why_drop(&stage->whys[0]);
}

/* Passes over what is no question, as far as that is known by now. */
static void skip(struct stage *stage)
{
    const struct explain *answer = why_answer(&stage->whys[0]);
    while (answer && guess_skip(&stage->guess, answer)) {
        ask(stage);
        answer = why_answer(&stage->whys[0]);
    }
}

static void start(struct stage *stage)
{
    if (stage->n_scenes > 1) {
        snprintf(stage->said, sizeof stage->said, "predicting takes one run: open one alone");
        return;
    }
    stage->look.pinned = stage->look.focus = (struct layout_pick){0};
    guess_start(&stage->guess, stage->clock.at_usec);
    clock_seek(&stage->clock, guess_at_usec(&stage->guess));
    stage->clock.playing = false;
    stage->panel_scroll = 0;
    ask(stage);
}

static void answer(struct stage *stage, int32_t instance)
{
    const struct explain *explain = why_answer(&stage->whys[0]);
    if (!explain) {
        snprintf(stage->said, sizeof stage->said, "still computing what the scheduler saw");
        return;
    }
    guess_pick(&stage->guess, explain, instance);
    stage->look.pinned = (struct layout_pick){LAYOUT_TASK, 0, explain->task};
    stage->look.focus = (struct layout_pick){0};
    stage->panel_scroll = 0;
}

static void go_on(struct stage *stage, bool jump)
{
    guess_next(&stage->guess);
    stage->look.pinned = (struct layout_pick){0};
    stage->panel_scroll = 0;
    ask(stage);
    if (jump && stage->guess.state == GUESS_ASKS)
        clock_seek(&stage->clock, guess_at_usec(&stage->guess));
    else if (stage->guess.state == GUESS_ASKS)
        stage->clock.playing = true;
}

/* The instance that a pick means: a task's is the one it is on. */
static int32_t instance_of(const struct stage *stage, const struct layout_pick *pick)
{
    if (pick->thing == LAYOUT_INSTANCE)
        return pick->id;
    return pick->thing == LAYOUT_TASK ? stage->scenes[0]->index->story->tasks[pick->id].instance
                                      : ID_NONE;
}

bool stage_panel_pick(struct stage *stage, const struct layout_pick *pick)
{
    if (stage->guess.state != GUESS_ASKS || !is_there(stage))
        return false;
    int32_t instance = instance_of(stage, pick);
    if (instance != ID_NONE)
        answer(stage, instance);
    return true;
}

bool stage_panel_key(struct stage *stage, enum keys_act act, int amount)
{
    enum guess_state state = stage->guess.state;
    if (act == KEYS_PREDICT) {
        if (state == GUESS_OFF)
            start(stage);
        else
            guess_stop(&stage->guess);
        return true;
    }
    if (act == KEYS_SCROLL) {
        stage_panel_scroll(stage, -3 * amount);
        return true;
    }
    if (state == GUESS_ASKS && is_there(stage)) {
        if (act == KEYS_PLAY)
            answer(stage, ID_NONE);
        else if (act == KEYS_PIN)
            stage_panel_pick(stage, &stage->look.focus);
        return act == KEYS_PLAY || act == KEYS_PIN;
    }
    if (state != GUESS_ANSWERED)
        return false;
    if (act == KEYS_PLAY || act == KEYS_PIN ||
        ((act == KEYS_DECISION || act == KEYS_EVENT) && amount > 0)) {
        go_on(stage, act != KEYS_PLAY);
        return true;
    }
    return false;
}

/* Drawing ------------------------------------------------------------------------------------------- */

static void hold(struct stage *stage)
{
    int32_t task = guess_task(&stage->guess);
    if (task == ID_NONE || !is_there(stage))
        return;
    bool answered = stage->guess.state == GUESS_ANSWERED;
    scene_hold(stage->scenes[0],
               stage->scenes[0]->index->story->tasks[task].nth_placed + (answered ? 1 : 0));
}

static void outline(struct stage *stage, struct layout_view *view, char *text, size_t size)
{
    char *state = text + snprintf(text, size, "%s%s", view->state ? view->state : "",
                                  view->state && *view->state ? ", " : "");
    differ_update(&stage->differ, (const struct scene *const *)stage->scenes);
    differ_tell(&stage->differ, state, size - (size_t)(state - text));
    view->state = text;
    for (int i = 0; i < LAYOUT_SCENES; i++) {
        view->filters[i].odd_tasks = stage->differ.tasks[i];
        view->filters[i].odd_instances = stage->differ.instances[i];
    }
}

/* A place in the queue moves; what is pinned stays what it is. */
static void settle_pin(struct stage *stage)
{
    struct layout_pick *pinned = &stage->look.pinned;
    if (pinned->thing == LAYOUT_WAIT)
        *pinned = panel_tell_pick(stage->scenes[pinned->scene], *pinned);
}

void stage_panel_prepare(struct stage *stage, struct layout_view *view, char *text, size_t size)
{
    skip(stage);
    hold(stage);
    settle_pin(stage);
    view->pinned = stage->look.pinned;
    if (stage->n_scenes == LAYOUT_SCENES)
        outline(stage, view, text, size);
    view->panel = stage->guess.state != GUESS_OFF || stage->look.pinned.thing != LAYOUT_NOTHING;
}

void stage_panel_draw(struct stage *stage)
{
    const struct layout_pick *pinned = &stage->look.pinned;
    panel_clear(&stage->panel);
    if (stage->guess.state != GUESS_OFF) {
        guess_tell(&stage->guess, &stage->panel, &stage->whys[0], is_there(stage));
    } else if (pinned->thing != LAYOUT_NOTHING) {
        for (int i = 0; i < stage->n_scenes; i++) {
            if (i != pinned->scene || pinned->thing != LAYOUT_TASK)
                why_drop(&stage->whys[i]);
        }
        panel_tell(&stage->panel, stage->scenes[pinned->scene], pinned,
                   &stage->whys[pinned->scene]);
    }
    if (stage->panel.n_rows > 0)
        stage->panel_scroll = layout_panel(&stage->layout, &stage->panel, stage->panel_scroll);
}

void stage_panel_scroll(struct stage *stage, int steps)
{
    stage->panel_scroll -= steps * shape_line(stage->layout.sizes.small);
}

/* Work ---------------------------------------------------------------------------------------------- */

bool stage_is_busy(const struct stage *stage)
{
    for (int i = 0; i < stage->n_scenes; i++) {
        if (why_is_busy(&stage->whys[i]))
            return true;
    }
    return false;
}

bool stage_work(struct stage *stage)
{
    bool changed = false;
    for (int i = 0; i < stage->n_scenes; i++)
        changed |= why_work(&stage->whys[i]);
    return changed;
}

void stage_settle(struct stage *stage)
{
    stage_draw(stage);
    while (stage_is_busy(stage)) {
        for (int i = 0; i < stage->n_scenes; i++)
            why_work_all(&stage->whys[i]);
        stage_draw(stage);
    }
}
