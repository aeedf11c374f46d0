/*
 * The life of a story: it begins, takes each record, reads whole logs and ends. What a record tells is
 * found out by the file of who wrote it: see story_parts.h.
 */
#include "file/story.h"

#include "file/runlog_ahead.h"
#include "file/story_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void story_init(struct story *story)
{
    *story = (struct story){.end_usec = USEC_NEVER,
                            .spot_free_usec = scheduler_rules_default.spot_free_usec};
}

void story_finish(struct story *story)
{
    taskdefs_finish(&story->taskdefs);
    for (int i = 0; i < story->n_groups; i++)
        schema_finish(&message_types[MESSAGE_INSTANCE_GROUP].schema, &story->groups[i]);
    for (int i = 0; i < story->n_tasks; i++) {
        for (int c = 0; c < story->tasks[i].n_containers; c++)
            free(story->tasks[i].containers[c].bindings);
        free(story->tasks[i].reason);
        free(story->tasks[i].containers);
        free(story->tasks[i].machine);
    }
    for (int i = 0; i < story->n_services; i++)
        free(story->services[i].name);
    for (int i = 0; i < story->n_notes; i++) {
        message_finish(&story->notes[i].message);
        free(story->notes[i].about);
    }
    for (int i = 0; i < story->n_facts; i++)
        message_finish(&story->facts[i].message);
    free(story->facts);
    free(story->groups);
    free(story->instances);
    free(story->tasks);
    free(story->services);
    free(story->wants);
    for (int i = 0; i < story->n_providers; i++)
        free(story->providers[i].name);
    free(story->providers);
    free(story->capacity);
    message_finish(&story->bill);
    free(story->notes);
    free(story->turns);
    responses_finish(&story->responses);
    story_init(story);
}

void story_add(struct story *story, const struct record *record)
{
    story->n_events++;
    story->n_outputs += record->outputs.n_messages;
    if (record->at_usec > story->last_usec)
        story->last_usec = record->at_usec;
    if (record->machine == ID_NONE)
        story_scheduler_add(story, record);
    else
        story_agents_add(story, record);
    story_turns_add(story, record);
    responses_add(&story->responses, record);
}

/* Whole logs ----------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    assert(!text || copy);
    return copy;
}

static void copy_header(struct run_header *to, const struct run_header *from)
{
    *to = *from;
    to->title = copy_text(from->title);
    to->scenario = copy_text(from->scenario);
    to->version = copy_text(from->version);
    to->started = copy_text(from->started);
    to->host = copy_text(from->host);
}

bool story_load(struct story *story, const char *path, struct run_header *header, bool *truncated,
                struct err *err)
{
    struct runlog_reader *reader = runlog_open(path, err);
    struct runlog_ahead *ahead;
    const struct record *record;
    enum runlog_item item;

    if (!reader)
        return false;
    story_init(story);
    ahead = runlog_ahead_start(reader);
    while ((item = runlog_ahead_next(ahead, &record, err)) == RUNLOG_RECORD)
        story_add(story, record);
    runlog_ahead_finish(ahead);
    if (item == RUNLOG_ERROR) {
        story_finish(story);
    } else {
        copy_header(header, runlog_header(reader));
        if (truncated)
            *truncated = item == RUNLOG_TRUNCATED;
    }
    runlog_finish(reader);
    return item != RUNLOG_ERROR;
}
