/*
 * One pass over what both runs know. It must never know how differences are drawn.
 */
#include "viz/differ.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static bool *make_flags(int n)
{
    bool *flags = calloc((size_t)n + 1, sizeof *flags);
    assert(flags != NULL);
    return flags;
}

void differ_init(struct differ *differ, const struct scene *const *scenes)
{
    *differ = (struct differ){0};
    for (int i = 0; i < LAYOUT_SCENES; i++) {
        differ->tasks[i] = make_flags(scenes[i]->index->story->n_tasks);
        differ->instances[i] = make_flags(scenes[i]->index->story->n_instances);
    }
}

void differ_finish(struct differ *differ)
{
    for (int i = 0; i < LAYOUT_SCENES; i++) {
        free(differ->tasks[i]);
        free(differ->instances[i]);
    }
    *differ = (struct differ){0};
}

/* One side of a task. */
struct side {
    bool exists, lives;
    enum life life;
    const struct story *story;
    int32_t instance;
};

static struct side side_of(const struct scene *scene, int32_t task)
{
    const struct story *story = scene->index->story;
    if (task >= story->n_tasks || story->tasks[task].accepted_at_usec > scene->at_usec ||
        !life_definition(story, task))
        return (struct side){.instance = ID_NONE};
    enum life life = life_task(story, task, scene->at_usec);
    return (struct side){
        .exists = true,
        .lives = life != LIFE_DONE && life != LIFE_FAILED,
        .life = life,
        .story = story,
        .instance = life == LIFE_WAITING ? ID_NONE : story->tasks[task].instance,
    };
}

/* Which of the counts it belongs to; NULL: there is no difference. */
static int *count_of(struct differ *differ, const struct side *a, const struct side *b)
{
    if (!a->lives && !b->lives)
        return a->exists && b->exists && a->life != b->life ? &differ->n_otherwise : NULL;
    if (!a->exists || !b->exists)
        return &differ->n_missing;
    if (a->lives && b->lives && a->instance != ID_NONE && b->instance != ID_NONE &&
        !story_same_place(a->story, a->instance, b->story, b->instance))
        return &differ->n_elsewhere;
    return a->life != b->life ? &differ->n_otherwise : NULL;
}

static void compare_task(struct differ *differ, const struct scene *const *scenes, int32_t task)
{
    struct side sides[LAYOUT_SCENES] = {side_of(scenes[0], task), side_of(scenes[1], task)};
    int *count = count_of(differ, &sides[0], &sides[1]);
    for (int i = 0; i < LAYOUT_SCENES; i++) {
        if (task < scenes[i]->index->story->n_tasks)
            differ->tasks[i][task] = count && sides[i].exists;
    }
    if (count)
        (*count)++;
}

static void compare_instance(struct differ *differ, const struct scene *const *scenes,
                             int32_t instance)
{
    const struct scene_instance *a = scene_instance(scenes[0], instance);
    const struct scene_instance *b = scene_instance(scenes[1], instance);
    bool gone = (!a || a->state == SCENE_HOST_GONE) && (!b || b->state == SCENE_HOST_GONE);
    bool odd = !gone && (!a || !b || a->state != b->state);
    differ->n_instances += odd;
    for (int i = 0; i < LAYOUT_SCENES; i++) {
        if (instance < scenes[i]->index->story->n_instances)
            differ->instances[i][instance] = odd;
    }
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

void differ_update(struct differ *differ, const struct scene *const *scenes)
{
    const struct story *a = scenes[0]->index->story, *b = scenes[1]->index->story;
    differ->n_elsewhere = differ->n_otherwise = differ->n_missing = differ->n_instances = 0;
    for (int32_t t = 0; t < larger(a->n_tasks, b->n_tasks); t++)
        compare_task(differ, scenes, t);
    for (int32_t i = 0; i < larger(a->n_instances, b->n_instances); i++)
        compare_instance(differ, scenes, i);
}

const char *differ_tell(const struct differ *differ, char *text, size_t size)
{
    static const char *const words[] = {"on another instance", "in another state",
                                        "in one run only"};
    const int counts[] = {differ->n_elsewhere, differ->n_otherwise, differ->n_missing};
    int used = 0;
    text[0] = '\0';
    for (int i = 0; i < 3; i++) {
        if (counts[i] == 0 || used >= (int)size)
            continue;
        const char *noun = used > 0 ? "" : counts[i] == 1 ? "task " : "tasks ";
        used += snprintf(text + used, size - (size_t)used, "%s%d %s%s", used > 0 ? ", " : "",
                         counts[i], noun, words[i]);
    }
    if (differ->n_instances > 0 && used < (int)size)
        snprintf(text + used, size - (size_t)used, "%s%d instance%s in another state",
                 used > 0 ? ", " : "", differ->n_instances, differ->n_instances == 1 ? "" : "s");
    else if (used == 0)
        snprintf(text, size, "no difference now");
    return text;
}
