/*
 * Which lane answers a question, when one is built and which makes way for it. Changes are noted once
 * for all lanes; each catches up when it is asked.
 */
#include "core/place_index.h"

#include "core/array.h"
#include "core/cluster.h"
#include "core/lane.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_BELOW 48 /* instances: up to here one pass is cheaper */
#define LANES_MAX 256  /* kinds of questions; beyond, the least recently asked makes way */

struct place_index *place_index_create(void)
{
    struct place_index *index = calloc(1, sizeof *index);

    assert(index != NULL);
    return index;
}

void place_index_destroy(struct place_index *index)
{
    for (int i = 0; i < index->n_lanes; i++)
        lane_destroy(index->lanes[i]);
    names_finish(&index->signatures);
    free(index->lanes);
    free(index->lane_of);
    free(index->routes);
    free(index);
}

/* What a lane is for ------------------------------------------------------------------------------ */

struct text {
    char *text;
    size_t length, capacity;
};

static void append(struct text *text, const char *piece)
{
    size_t length = strlen(piece);

    if (text->length + length + 2 > text->capacity) {
        text->capacity = (text->length + length + 2) * 2;
        text->text = realloc(text->text, text->capacity);
        assert(text->text != NULL);
    }
    memcpy(text->text + text->length, piece, length);
    text->length += length;
    text->text[text->length++] = '\n';
    text->text[text->length] = 0;
}

static void append_number(struct text *text, char kind, int64_t number)
{
    char piece[32];

    snprintf(piece, sizeof piece, "%c%lld", kind, (long long)number);
    append(text, piece);
}

static bool append_constraints(struct text *text, const struct placement_constraint *constraints,
                               int n)
{
    bool distinct = false;

    for (int i = 0; i < n; i++) {
        append_number(text, 'c', constraints[i].type);
        if (constraints[i].expression)
            append(text, constraints[i].expression);
        distinct = distinct || constraints[i].type == CONSTRAINT_DISTINCT_INSTANCE;
    }
    return distinct;
}

/* Everything that membership and order depend on; two equal texts mean the same lane. */
static int32_t signature_of(struct place_index *index, const struct cluster *cluster,
                            const struct request *request, int taskdef)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);
    struct text text = {0};
    bool own_tasks_matter = false;
    int32_t signature;

    for (int r = 0; r < request->n_strategy; r++) {
        append_number(&text, 't', request->strategy[r].type);
        append_number(&text, 'f', request->strategy[r].field);
        if (request->strategy[r].attribute)
            append(&text, request->strategy[r].attribute);
        own_tasks_matter = own_tasks_matter || request->strategy[r].type == STRATEGY_SPREAD;
    }
    own_tasks_matter |=
        append_constraints(&text, definition->constraints, definition->n_constraints);
    own_tasks_matter |= append_constraints(&text, request->constraints, request->n_constraints);
    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++)
            if (taskdef_host_port(definition, c, i) > 0)
                append_number(&text, "pu"[definition->containers[c].ports[i].protocol],
                              taskdef_host_port(definition, c, i));
    for (int i = 0; i < definition->n_requires; i++) {
        append(&text, definition->requires[i].value ? "a=" : "a");
        append(&text, definition->requires[i].name);
        append(&text, definition->requires[i].value ? definition->requires[i].value : "");
    }
    append_number(&text, 'P', request->group);
    append_number(&text, 'n', definition->network_mode == NETWORK_AWSVPC);
    append_number(&text, 'G', taskdef_gpus(definition, 1)); /* and 2: to tell all from so many */
    append_number(&text, 'G', taskdef_gpus(definition, 2));
    if (own_tasks_matter)
        append_number(&text, 'g', request->task_group);
    signature = names_intern(&index->signatures, text.text);
    free(text.text);
    return signature;
}

/* Lanes ------------------------------------------------------------------------------------------ */

/* A slot for a new lane: a fresh one, or that of the lane not asked for longest. Building one costs as
 * much as many plain answers, so nobody is pushed out who was asked lately: ID_NONE then. */
static int take_slot(struct place_index *index)
{
    int oldest = 0;

    if (index->n_lanes < LANES_MAX) {
        *ARRAY_ADD(index, lanes) = NULL;
        return index->n_lanes - 1;
    }
    for (int i = 1; i < index->n_lanes; i++)
        if (index->lanes[i]->asked_at < index->lanes[oldest]->asked_at)
            oldest = i;
    if (index->turn - index->lanes[oldest]->asked_at < LANES_MAX * 16)
        return ID_NONE;
    index->lane_of[index->lanes[oldest]->signature] = NULL;
    return oldest;
}

/* What an own strategy looks at is its own business: no lane knows when its scores change. */
static bool can_have_lane(const struct request *request)
{
    for (int r = 0; r < request->n_strategy; r++)
        if (request->strategy[r].type == STRATEGY_OWN)
            return false;
    return request->n_strategy <= LANE_RULES_MAX;
}

static void find_route(struct place_index *index, const struct cluster *cluster, int request,
                       int taskdef)
{
    struct place_route *route;

    while (index->n_routes <= request)
        *ARRAY_ADD(index, routes) = (struct place_route){ID_NONE, ID_NONE};
    route = &index->routes[request];
    route->taskdef = taskdef;
    route->signature = can_have_lane(&cluster->requests[request])
                           ? signature_of(index, cluster, &cluster->requests[request], taskdef)
                           : ID_NONE;
    while (index->n_lane_of <= route->signature)
        *ARRAY_ADD(index, lane_of) = NULL;
}

void place_index_forget(struct place_index *index, int32_t request)
{
    if (request < index->n_routes)
        index->routes[request].taskdef = ID_NONE;
}

static inline bool is_fit(const struct place_index *index, const struct lane *lane)
{
    return index->n_notes - lane->seen <= PLACE_NOTES && lane->n_classes <= lane->classes_max;
}

/* As find_lane(), where it is not there as it should be. */
static __attribute__((noinline)) struct lane *make_lane(const struct cluster *cluster, int request,
                                                        int taskdef)
{
    struct place_index *index = cluster->index;
    struct lane *lane;
    int32_t signature, slot;

    if (request >= index->n_routes || index->routes[request].taskdef != taskdef)
        find_route(index, cluster, request, taskdef);
    signature = index->routes[request].signature;
    if (signature == ID_NONE)
        return NULL;
    lane = index->lane_of[signature];
    if (lane && is_fit(index, lane))
        return lane;
    slot = lane ? lane->slot : take_slot(index);
    if (slot == ID_NONE)
        return NULL;
    lane_destroy(index->lanes[slot]);
    lane = lane_create(cluster, request, taskdef, signature);
    lane->slot = slot;
    lane->seen = index->n_seen = index->n_notes;
    index->lanes[slot] = index->lane_of[signature] = lane;
    return lane;
}

/* The lane for the question, or NULL where there can be none or it would have to be built and is not
 * worth it. */
static inline struct lane *find_lane(const struct cluster *cluster, int request, int taskdef)
{
    const struct place_index *index = cluster->index;
    int32_t signature = ID_NONE;
    struct lane *lane = NULL;

    if (request < index->n_routes && index->routes[request].taskdef == taskdef)
        signature = index->routes[request].signature;
    if (signature != ID_NONE)
        lane = index->lane_of[signature];
    return lane && is_fit(index, lane) ? lane : make_lane(cluster, request, taskdef);
}

struct placement place_index_find(const struct cluster *cluster, int request, int taskdef, int task)
{
    struct place_index *index = cluster->index;
    struct lane *lane = NULL;

    if (cluster->n_instances >= PLAIN_BELOW)
        lane = find_lane(cluster, request, taskdef);
    if (!lane)
        return (struct placement){PLACE_PLAINLY, ID_NONE};
    lane->asked_at = ++index->turn;
    index->n_seen = index->n_notes; /* it follows */
    return lane_answer(lane, cluster, taskdef, task);
}

bool place_index_check(const struct cluster *cluster, char *detail, size_t size)
{
    struct place_index *index = cluster->index;
    bool agrees = true;

    for (int i = 0; i < index->n_lanes && agrees; i++) {
        if (!is_fit(index, index->lanes[i]))
            continue;
        lane_follow(index->lanes[i], cluster);
        index->n_seen = index->n_notes;
        agrees = lane_check(index->lanes[i], cluster, detail, size);
    }
    return agrees;
}
