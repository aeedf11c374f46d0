/*
 * Words are compared once with every definition, service and instance; a task then only looks the answers up. It
 * must never know keys, or how a match is shown.
 */
#include "viz/filter.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MOST 8

enum key { KEY_FAMILY, KEY_TASK, KEY_INSTANCE, KEY_SERVICE, KEY_STATE, KEY_ZONE, KEY_TYPE, KEYS };

const char *const filter_keys[] = {"family", "task", "instance", "service",
                                   "state",  "zone", "type",     NULL};

/* What a word says of the things that tasks have in common; by number. */
struct word {
    char text[FILTER_TEXT];
    bool keys[KEYS]; /* what it may be compared with */
    bool *families, *services, *instances, *zones;
    bool states[LIVES];
    int32_t task; /* the task of that name, or ID_NONE */
};

struct words {
    struct word list[WORDS_MOST];
    int n;
};

static void split(struct words *words, const char *text)
{
    words->n = 0;
    while (words->n < WORDS_MOST) {
        text += strspn(text, " ");
        size_t length = strcspn(text, " ");
        if (length == 0 || length >= FILTER_TEXT)
            return;
        struct word *word = &words->list[words->n++];
        *word = (struct word){.task = ID_NONE};
        size_t skip = 0;
        for (int k = 0; k < KEYS; k++) {
            size_t own = strlen(filter_keys[k]);
            if (length > own && text[own] == ':' && strncasecmp(text, filter_keys[k], own) == 0) {
                word->keys[k] = true;
                skip = own + 1;
            }
        }
        if (skip == 0)
            memset(word->keys, true, sizeof word->keys);
        memcpy(word->text, text + skip, length - skip);
        text += length;
    }
}

static bool has_part(const char *text, const char *part)
{
    return text && strcasestr(text, part) != NULL;
}

static bool starts(const char *text, const char *part)
{
    return *part != '\0' && strncasecmp(text, part, strlen(part)) == 0;
}

static bool is_zone(const struct scene_index *index, int32_t instance, const char *text)
{
    return strcasecmp(index->zones[index->zone_of[instance]].name, text) == 0;
}

static void compare(struct word *word, const struct scene *scene)
{
    const struct story *story = scene->index->story;
    word->families = calloc((size_t)story->taskdefs.n_definitions + 1, sizeof *word->families);
    word->services = calloc((size_t)story->n_services + 1, sizeof *word->services);
    word->instances = calloc((size_t)story->n_instances + 1, sizeof *word->instances);
    word->zones = calloc((size_t)story->n_instances + 1, sizeof *word->zones);
    for (int i = 0; i < story->taskdefs.n_definitions; i++)
        word->families[i] = word->keys[KEY_FAMILY] &&
                            has_part(taskdefs_get(&story->taskdefs, i)->family, word->text);
    for (int i = 0; i < story->n_services; i++)
        word->services[i] =
            word->keys[KEY_SERVICE] && has_part(story->services[i].name, word->text);
    for (int i = 0; i < story->n_instances; i++) {
        word->instances[i] =
            word->keys[KEY_INSTANCE] && strcasecmp(story_place_name(story, i), word->text) == 0;
        word->zones[i] = word->keys[KEY_ZONE] && is_zone(scene->index, i, word->text);
    }
    for (int life = 0; life < LIVES; life++)
        word->states[life] = word->keys[KEY_STATE] && starts(life_names[life], word->text);
    char *end;
    if (word->keys[KEY_TASK] && tolower((unsigned char)word->text[0]) == 't') {
        long n = strtol(word->text + 1, &end, 10);
        if (*end == '\0' && n > 0 && n <= story->n_tasks && isdigit((unsigned char)word->text[1]))
            word->task = (int32_t)n - 1;
    }
}

static void prepare(struct words *words, const struct scene *scene, const char *text)
{
    split(words, text);
    for (int i = 0; i < words->n; i++)
        compare(&words->list[i], scene);
}

static void forget(struct words *words)
{
    for (int i = 0; i < words->n; i++) {
        free(words->list[i].families);
        free(words->list[i].services);
        free(words->list[i].instances);
        free(words->list[i].zones);
    }
}

/* `life` LIVES: whatever its state. */
static bool task_matches(const struct words *words, const struct story *story, int32_t task,
                         enum life life)
{
    const struct story_task *row = &story->tasks[task];
    for (int i = 0; i < words->n; i++) {
        const struct word *word = &words->list[i];
        bool any_state = life == LIVES && (word->keys[KEY_STATE] && !word->keys[KEY_FAMILY]);
        bool is = word->task == task || any_state || (life < LIVES && word->states[life]);
        is |= row->taskdef >= 0 && row->taskdef < story->taskdefs.n_definitions &&
              word->families[row->taskdef];
        is |= row->service >= 0 && row->service < story->n_services && word->services[row->service];
        is |= row->instance >= 0 && row->instance < story->n_instances &&
              (word->instances[row->instance] || word->zones[row->instance]);
        if (!is)
            return false;
    }
    return true;
}

static bool instance_matches(const struct words *words, const struct scene_instance *instance)
{
    for (int i = 0; i < words->n; i++) {
        const struct word *word = &words->list[i];
        bool is = word->instances[instance->instance] || word->zones[instance->instance];
        is |= word->keys[KEY_TYPE] && has_part(instance->type, word->text);
        is |= word->keys[KEY_STATE] && starts(scene_host_names[instance->state], word->text);
        if (!is)
            return false;
    }
    return true;
}

/* Accepted by now, and no other has its place. */
static bool is_there(const struct scene *scene, int32_t task)
{
    const struct story_task *row = &scene->index->story->tasks[task];
    if (row->accepted_at_usec > scene->at_usec)
        return false;
    if (row->placed_at_usec > scene->at_usec)
        return row->stopped_at_usec > scene->at_usec;
    return scene->index->slots[task].covered_at_usec > scene->at_usec;
}

bool filter_apply(struct filter *filter, const struct scene *scene, const char *text)
{
    const struct story *story = scene->index->story;
    struct words words;
    prepare(&words, scene, text);
    if (words.n == 0)
        return false;
    filter_finish(filter);
    filter->tasks = calloc((size_t)story->n_tasks + 1, sizeof *filter->tasks);
    filter->instances = calloc((size_t)story->n_instances + 1, sizeof *filter->instances);
    for (int i = 0; i < story->n_instances; i++) {
        const struct scene_instance *instance = scene_instance(scene, i);
        if (instance && instance_matches(&words, instance)) {
            filter->instances[i] = true;
            filter->n_instances++;
        }
    }
    for (int t = 0; t < story->n_tasks; t++) {
        if (!is_there(scene, t) ||
            !task_matches(&words, story, t, life_task(story, t, scene->at_usec)))
            continue;
        filter->tasks[t] = true;
        filter->n_tasks++;
        int32_t instance = story->tasks[t].instance;
        if (instance >= 0 && instance < story->n_instances &&
            story->tasks[t].placed_at_usec <= scene->at_usec)
            filter->instances[instance] = true;
    }
    forget(&words);
    return true;
}

void filter_finish(struct filter *filter)
{
    free(filter->tasks);
    free(filter->instances);
    *filter = (struct filter){0};
}

int64_t filter_first_usec(const struct scene *scene, const char *text)
{
    const struct story *story = scene->index->story;
    struct words words;
    int64_t first_usec = USEC_NEVER;
    prepare(&words, scene, text);
    for (int t = 0; t < story->n_tasks && words.n > 0; t++) {
        if (story->tasks[t].placed_at_usec < first_usec && task_matches(&words, story, t, LIVES))
            first_usec = story->tasks[t].placed_at_usec;
    }
    forget(&words);
    return first_usec;
}
