/*
 * The story of one service: its events in ECS's words, its deployments, targets, traffic and scaling, read
 * from the scheduler's records. Knows nothing of why the scheduler decides so.
 */
#ifndef BERTH_FILE_SAGA_H
#define BERTH_FILE_SAGA_H

#include "core/names.h"
#include "core/scheduler.h"
#include "file/buffer.h"
#include "file/err.h"
#include "file/record.h"
#include "file/story.h"

/* The names that messages have numbers for, as far as they are known. */
struct saga {
    struct names services, target_groups, taskdefs, policies, actions, alarms; /* by number */
};

void saga_finish(struct saga *saga);

/* Learns the names in a record of the scheduler; call before saga_words() for its outputs. */
void saga_learn(struct saga *saga, const struct record *record);

/* Learns all names that a story knows. */
void saga_learn_story(struct saga *saga, const struct story *story);

/* What a decision says about that service, in words; false where it says nothing. */
bool saga_words(const struct saga *saga, const struct message *decision, int32_t service,
                struct buffer *text);

/* The whole story of the service of that name in a run log: a line an event, or a list of objects with `json`.
 * False where the log cannot be read or has no such service. */
bool saga_of_log(const char *path, const char *service, bool json, struct buffer *text,
                 struct err *err);

/* Members of a JSON object, without commas around: "deployment", the rollout state of the services' newest
 * deployments (FAILED if one failed, else IN_PROGRESS if one goes on), and "deployments", each of them. */
void saga_deployments_json(struct buffer *json, const struct cluster *cluster);

/* A line for each service that was updated: what became of its deployments. Nothing where none was. */
void saga_deployments_text(struct buffer *text, const struct cluster *cluster);

#endif
