/*
 * The lanes. A lane's classes hold what shares all attribute values its strategy spreads over; in a
 * class, instances stand in the order of the other rules, so that the first one that is big enough is
 * the class's answer, and the lane's answer is the best of those few.
 */
#include "core/place_index.h"

#include "core/array.h"
#include "core/cluster.h"
#include "core/draw.h"
#include "core/place.h"
#include "core/shelf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_BELOW 48   /* instances: up to here one pass is cheaper */
#define LANES_MAX 256    /* kinds of questions; beyond, the least recently asked makes way */
#define NOTES_SIZE 16384 /* a lane further behind is built anew */
#define RULES_MAX 16

/* Bits of a key by what a rule orders by: together no more than 64. */
#define MEMORY_BITS 25
#define CPU_BITS 20
#define COUNT_BITS 19
#define FIELDS 3

struct note {
    int32_t instance, task_group, delta;
};

/* The instances that share every value of the attributes that the strategy spreads over: a board of
 * the shelf. */
struct class
{
    int32_t values[RULES_MAX]; /* by rule; names in the lane */
};

/* What a lane knows of an instance. */
struct place {
    int32_t class;     /* by its attributes, for life */
    int32_t own_tasks; /* of the lane's group, meant to run; where they matter */
    int8_t allowed;    /* by the constraints that never change: 1, 0, or -1 not asked yet */
};

/* One number of an instance and where it stands in the key. */
struct key_part {
    enum strategy_field field; /* BY_CPU, BY_MEMORY or, for the tasks of the group, BY_INSTANCE */
    int shift;
};

struct lane {
    int32_t signature;
    int64_t asked_at;              /* turn of the last question */
    int64_t seen;                  /* notes */
    const struct request *request; /* a copy: requests move */
    const struct task_definition *definition;
    struct query **definition_queries;
    int32_t task_group;
    int n_rules, random_rule;               /* the first random rule, or n_rules */
    int shifts[RULES_MAX], bits[RULES_MAX]; /* of a rule's value in the key; 0 bits: none */
    struct key_part parts[FIELDS];          /* the same for whoever makes a key */
    int n_parts;
    bool distinct, takes_extras;
    bool own_tasks_matter;
    bool demanding;     /* not every active instance takes the task if it fits */
    struct shelf shelf; /* of the instances that take the task if it fits */
    struct place *places;
    int n_places, cap_places;
    struct class *classes;
    int n_classes, cap_classes;
    struct names class_names;
    struct names values;
    int64_t *totals[RULES_MAX]; /* by rule and value: tasks of the group */
    int32_t cap_totals[RULES_MAX];
};

/* Which lane answers for a request and a definition. */
struct route {
    int32_t taskdef;
    int32_t signature;
};

struct place_index {
    struct note notes[NOTES_SIZE];
    int64_t n_notes;
    int64_t n_seen; /* by the lane that is furthest */
    struct names signatures;
    struct lane **lanes;
    int n_lanes, cap_lanes;
    int32_t *lane_of; /* by signature; ID_NONE: none is built */
    int n_lane_of, cap_lane_of;
    struct route *routes; /* by request */
    int n_routes, cap_routes;
    int64_t turn;
};

struct place_index *place_index_create(void)
{
    struct place_index *index = calloc(1, sizeof *index);

    assert(index != NULL);
    return index;
}

static void lane_destroy(struct lane *lane)
{
    if (!lane)
        return;
    shelf_finish(&lane->shelf);
    for (int r = 0; r < RULES_MAX; r++)
        free(lane->totals[r]);
    names_finish(&lane->class_names);
    names_finish(&lane->values);
    free(lane->classes);
    free(lane->places);
    free((void *)(uintptr_t)lane->request);
    free(lane);
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

void place_index_note(struct place_index *index, int32_t instance, int32_t task_group,
                      int32_t delta)
{
    if (index->n_lanes == 0)
        return;
    /* What no lane has seen yet covers what happened since, unless something is to be counted. */
    if (delta == 0 && index->n_seen < index->n_notes &&
        index->notes[(index->n_notes - 1) % NOTES_SIZE].instance == instance)
        return;
    index->notes[index->n_notes % NOTES_SIZE] = (struct note){instance, task_group, delta};
    index->n_notes++;
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
    append_number(&text, 'n', definition->network_mode == NETWORK_AWSVPC);
    append_number(&text, 'G', taskdef_gpus(definition, 1)); /* and 2: to tell all from so many */
    append_number(&text, 'G', taskdef_gpus(definition, 2));
    if (own_tasks_matter)
        append_number(&text, 'g', request->task_group);
    signature = names_intern(&index->signatures, text.text);
    free(text.text);
    return signature;
}

static bool has_distinct(const struct placement_constraint *constraints, int n)
{
    for (int i = 0; i < n; i++)
        if (constraints[i].type == CONSTRAINT_DISTINCT_INSTANCE)
            return true;
    return false;
}

static int bits_of(const struct strategy_rule *rule)
{
    if (rule->type == STRATEGY_BINPACK)
        return rule->field == BY_CPU ? CPU_BITS : MEMORY_BITS;
    if (rule->type == STRATEGY_SPREAD && rule->field != BY_ATTRIBUTE)
        return COUNT_BITS;
    return 0;
}

/* Lays the rules' values into the key, first rule highest. A rule said twice orders nothing anew. */
static void lay_out_key(struct lane *lane)
{
    int left = 64;
    bool used[2][BY_ATTRIBUTE + 1] = {{false}};

    lane->n_rules = lane->request->n_strategy;
    lane->random_rule = lane->n_rules;
    for (int r = lane->n_rules - 1; r >= 0; r--)
        if (lane->request->strategy[r].type == STRATEGY_RANDOM)
            lane->random_rule = r;
    for (int r = 0; r < lane->random_rule; r++) {
        const struct strategy_rule *rule = &lane->request->strategy[r];
        int bits = bits_of(rule);

        if (bits == 0 || used[rule->type][rule->field])
            continue;
        used[rule->type][rule->field] = true;
        left -= bits;
        lane->bits[r] = bits;
        lane->shifts[r] = left;
        lane->parts[lane->n_parts++] = (struct key_part){rule->field, left};
    }
}

/* What follows from the lane's request and definition. */
static void understand(struct lane *lane, bool takes_extras)
{
    const struct request *request = lane->request;
    const struct task_definition *definition = lane->definition;

    lane->takes_extras = takes_extras;
    lane->distinct = has_distinct(request->constraints, request->n_constraints) ||
                     has_distinct(definition->constraints, definition->n_constraints);
    lane->own_tasks_matter = lane->distinct;
    for (int r = 0; r < request->n_strategy; r++)
        lane->own_tasks_matter |= request->strategy[r].type == STRATEGY_SPREAD;
    lane->demanding = request->n_constraints + definition->n_constraints > 0 ||
                      definition->n_requires > 0 || takes_extras;
    lay_out_key(lane);
}

static struct lane *lane_create(const struct cluster *cluster, int request_id, int taskdef,
                                int32_t signature)
{
    struct lane *lane = calloc(1, sizeof *lane);
    struct request *request = malloc(sizeof *request);

    assert(lane != NULL && request != NULL);
    *request = cluster->requests[request_id];
    lane->request = request;
    lane->signature = signature;
    lane->definition = taskdefs_get(&cluster->taskdefs, taskdef);
    lane->definition_queries = cluster->taskdef_facts[taskdef].queries;
    lane->task_group = request->task_group;
    understand(lane, cluster->taskdef_facts[taskdef].takes_extras);
    return lane;
}

/* What a lane knows of an instance ---------------------------------------------------------------- */

static bool spreads_over_attribute(const struct strategy_rule *rule)
{
    return rule->type == STRATEGY_SPREAD && rule->field == BY_ATTRIBUTE;
}

static int64_t *total_of(struct lane *lane, int rule, int32_t value)
{
    if (value >= lane->cap_totals[rule]) {
        int32_t grown = value * 2 + 8;

        lane->totals[rule] = realloc(lane->totals[rule], (size_t)grown * sizeof(int64_t));
        assert(lane->totals[rule] != NULL);
        memset(lane->totals[rule] + lane->cap_totals[rule], 0,
               (size_t)(grown - lane->cap_totals[rule]) * sizeof(int64_t));
        lane->cap_totals[rule] = grown;
    }
    return &lane->totals[rule][value];
}

static int32_t class_of(struct lane *lane, const struct cluster *cluster, int instance)
{
    int32_t values[RULES_MAX] = {0};
    struct text text = {0};
    int32_t class;

    append(&text, "");
    for (int r = 0; r < lane->n_rules; r++) {
        const char *value;
        struct text piece = {0};

        if (!spreads_over_attribute(&lane->request->strategy[r]))
            continue;
        value = cluster_attribute(cluster, instance, lane->request->strategy[r].attribute);
        append(&piece, value ? "=" : "-"); /* without the attribute is a class too */
        append(&piece, value ? value : "");
        values[r] = names_intern(&lane->values, piece.text);
        append(&text, piece.text);
        free(piece.text);
    }
    class = names_intern(&lane->class_names, text.text);
    free(text.text);
    if (class == lane->n_classes)
        memcpy(ARRAY_ADD(lane, classes)->values, values, sizeof values);
    return class;
}

static void count_own_tasks(struct lane *lane, int instance, int delta)
{
    struct place *place = &lane->places[instance];

    place->own_tasks += delta;
    for (int r = 0; r < lane->n_rules; r++)
        if (spreads_over_attribute(&lane->request->strategy[r]))
            *total_of(lane, r, lane->classes[place->class].values[r]) += delta;
}

/* The constraints of a list by their queries' kind: those that never change, or the others. */
static bool list_allows(const struct cluster *cluster, struct query *const *queries, int n,
                        bool never_change, int instance)
{
    for (int i = 0; i < n; i++)
        if (queries[i] && query_is_static(queries[i]) == never_change &&
            !query_matches(queries[i], cluster, instance))
            return false;
    return true;
}

static bool queries_allow(const struct lane *lane, const struct cluster *cluster, bool never_change,
                          int instance)
{
    return list_allows(cluster, lane->definition_queries, lane->definition->n_constraints,
                       never_change, instance) &&
           list_allows(cluster, lane->request->queries, lane->request->n_constraints, never_change,
                       instance);
}

/* Whether the instance meets what the lane asks for besides CPU and memory. */
static bool meets_demands(struct lane *lane, const struct cluster *cluster, int id)
{
    struct place *place = &lane->places[id];
    int64_t lack;

    if (lane->distinct && place->own_tasks > 0)
        return false;
    if (place->allowed < 0)
        place->allowed = place_has_required(cluster, lane->definition, id, &lack) &&
                         queries_allow(lane, cluster, true, id);
    return place->allowed > 0 && queries_allow(lane, cluster, false, id) &&
           place_lacks_extra(&cluster->instances[id], lane->definition, &lack) == PLACE_FITS;
}

static uint64_t key_of(const struct lane *lane, const struct place *place, int64_t cpu,
                       int64_t memory_mib)
{
    uint64_t key = 0;

    for (int i = 0; i < lane->n_parts; i++) {
        const struct key_part *part = &lane->parts[i];
        int64_t value = part->field == BY_CPU      ? cpu
                        : part->field == BY_MEMORY ? memory_mib
                                                   : place->own_tasks;

        key |= (uint64_t)value << part->shift;
    }
    return key;
}

/* Puts the instance where it belongs now. */
static void refresh(struct lane *lane, const struct cluster *cluster, int id)
{
    const struct instance *instance = &cluster->instances[id];
    const struct place *place = &lane->places[id];
    struct shelf_spot spot;

    if (instance->status != INSTANCE_ACTIVE || !instance->agent_connected ||
        (lane->demanding && !meets_demands(lane, cluster, id))) {
        shelf_take(&lane->shelf, id);
        return;
    }
    spot.board = place->class;
    spot.cpu = instance->cpu - instance->cpu_reserved;
    spot.memory_mib = instance->memory_mib - instance->memory_reserved_mib;
    assert(spot.cpu >= 0 && spot.memory_mib >= 0);
    spot.key = key_of(lane, place, spot.cpu, spot.memory_mib);
    shelf_put(&lane->shelf, id, &spot);
}

static void meet_instance(struct lane *lane, const struct cluster *cluster, int id)
{
    struct place *place = ARRAY_ADD(lane, places);

    place->allowed = -1;
    place->class = class_of(lane, cluster, id);
}

static void build(struct lane *lane, const struct cluster *cluster)
{
    for (int i = 0; i < cluster->n_instances; i++) {
        meet_instance(lane, cluster, i);
        if (lane->own_tasks_matter)
            count_own_tasks(lane, i, place_own_tasks(cluster, i, lane->task_group));
        refresh(lane, cluster, i);
    }
    lane->seen = cluster->index->n_seen = cluster->index->n_notes;
}

static void catch_up(struct lane *lane, const struct cluster *cluster)
{
    struct place_index *index = cluster->index;

    while (lane->n_places < cluster->n_instances)
        meet_instance(lane, cluster, lane->n_places);
    for (; lane->seen < index->n_notes; lane->seen++) {
        const struct note *note = &index->notes[lane->seen % NOTES_SIZE];

        if (lane->own_tasks_matter && note->delta != 0 && note->task_group == lane->task_group)
            count_own_tasks(lane, note->instance, note->delta);
        refresh(lane, cluster, note->instance);
    }
    index->n_seen = index->n_notes;
}

/* Choosing --------------------------------------------------------------------------------------- */

/* A candidate and what its values follow from. */
struct choice {
    int32_t item;
    int32_t class;
    uint64_t key;
};

static int64_t value_of(struct lane *lane, int rule, const struct choice *choice)
{
    if (spreads_over_attribute(&lane->request->strategy[rule]))
        return *total_of(lane, rule, lane->classes[choice->class].values[rule]);
    if (lane->bits[rule] == 0)
        return 0;
    return (int64_t)(choice->key >> lane->shifts[rule] & ((UINT64_C(1) << lane->bits[rule]) - 1));
}

/* The first rule by which they differ and by how much, or the number of rules before the first random
 * one. */
static int differ_at(struct lane *lane, const struct choice *a, const struct choice *b,
                     int64_t *difference)
{
    *difference = 0;
    for (int r = 0; r < lane->random_rule; r++) {
        *difference = value_of(lane, r, a) - value_of(lane, r, b);
        if (*difference != 0)
            return r;
    }
    return lane->random_rule;
}

static bool better(struct lane *lane, const struct choice *a, const struct choice *b)
{
    int64_t difference;

    differ_at(lane, a, b, &difference);
    return difference != 0 ? difference < 0 : a->item < b->item;
}

/* The best candidate and the next best, of which the second shows which rule decided; how many there
 * are of them. The second's index may be any of those whose values are equal. */
static int best_two(struct lane *lane, int32_t cpu, int32_t memory_mib, struct choice *best,
                    struct choice *second)
{
    bool any = lane->random_rule < lane->n_rules;
    int n = 0;

    for (int c = 0; c < lane->n_classes; c++) {
        struct shelf_answer answer = shelf_first(&lane->shelf, c, cpu, memory_mib, any);
        struct choice first = {answer.item, c, answer.key};
        struct choice next = {INT32_MAX, c, answer.next_key};

        if (answer.n == 0)
            continue;
        if (n == 0 || better(lane, &first, best)) {
            if (n > 0 && (answer.n == 1 || better(lane, best, &next)))
                next = *best;
            n = n + answer.n > 1 ? 2 : 1;
            *best = first;
            *second = next;
        } else if (n == 1 || better(lane, &first, second)) {
            *second = first;
            n = 2;
        }
    }
    return n;
}

/* Random placement among those that tie with the best: place_draw() of place.c, by the shelf. */
struct lottery {
    struct lane *lane;
    const struct cluster *cluster;
    const struct choice *best;
    int task;
    int32_t cpu, memory_mib;
    uint64_t least;
    int32_t drawn;
};

/* Whether the instance could stand in for the best as far as the rules before the random one go. */
static bool takes_part(const struct lottery *lottery, int32_t instance)
{
    const struct shelf_spot *spot = shelf_spot_of(&lottery->lane->shelf, instance);
    struct choice choice;
    int64_t difference;

    if (!spot || spot->cpu < lottery->cpu || spot->memory_mib < lottery->memory_mib)
        return false;
    choice = (struct choice){instance, spot->board, spot->key};
    differ_at(lottery->lane, &choice, lottery->best, &difference);
    return difference == 0;
}

static bool draw_lot(void *context, int32_t instance)
{
    struct lottery *lottery = context;
    uint64_t lot;

    if (!takes_part(lottery, instance))
        return false;
    lot = place_lot(lottery->cluster, lottery->task, instance);
    if (lot < lottery->least || (lot == lottery->least && instance < lottery->drawn)) {
        lottery->least = lot;
        lottery->drawn = instance;
    }
    return true;
}

static int32_t draw(struct lottery *lottery)
{
    for (int n = 0; n < PLACE_DRAWS; n++) {
        int32_t instance = place_draw(lottery->cluster, lottery->task, n);

        if (takes_part(lottery, instance))
            return instance;
    }
    for (int c = 0; c < lottery->lane->n_classes; c++)
        shelf_walk(&lottery->lane->shelf, c, lottery->cpu, lottery->memory_mib, draw_lot, lottery);
    return lottery->drawn;
}

static void choose(struct lane *lane, const struct cluster *cluster, int taskdef, int task,
                   int32_t *instance, int32_t *rule)
{
    const struct taskdef_facts *facts = &cluster->taskdef_facts[taskdef];
    int32_t cpu = facts->cpu, memory_mib = facts->memory_mib;
    struct choice best = {0}, second = {0};
    int n = best_two(lane, cpu, memory_mib, &best, &second);
    int64_t difference;

    *instance = n > 0 ? best.item : ID_NONE;
    *rule = n > 1 ? differ_at(lane, &best, &second, &difference) : ID_NONE;
    if (n > 1 && *rule == lane->random_rule && lane->random_rule < lane->n_rules) {
        struct lottery lottery = {lane, cluster,    &best,      task,
                                  cpu,  memory_mib, UINT64_MAX, INT32_MAX};

        *instance = draw(&lottery);
    }
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
    index->lane_of[index->lanes[oldest]->signature] = ID_NONE;
    return oldest;
}

static int32_t route_to(const struct cluster *cluster, int request, int taskdef)
{
    struct place_index *index = cluster->index;
    struct route *route;

    while (index->n_routes <= request)
        *ARRAY_ADD(index, routes) = (struct route){ID_NONE, ID_NONE};
    route = &index->routes[request];
    if (route->taskdef != taskdef) {
        route->taskdef = taskdef;
        route->signature = signature_of(index, cluster, &cluster->requests[request], taskdef);
    }
    while (index->n_lane_of <= route->signature)
        *ARRAY_ADD(index, lane_of) = ID_NONE;
    return route->signature;
}

/* The lane for the question, or NULL where one would have to be built and is not worth it. */
static struct lane *find_lane(const struct cluster *cluster, int request, int taskdef)
{
    struct place_index *index = cluster->index;
    int32_t signature = route_to(cluster, request, taskdef);
    int slot = index->lane_of[signature];

    if (slot != ID_NONE && index->n_notes - index->lanes[slot]->seen <= NOTES_SIZE)
        return index->lanes[slot];
    if (slot == ID_NONE)
        slot = take_slot(index);
    if (slot == ID_NONE)
        return NULL;
    lane_destroy(index->lanes[slot]);
    index->lanes[slot] = lane_create(cluster, request, taskdef, signature);
    index->lane_of[signature] = slot;
    build(index->lanes[slot], cluster);
    return index->lanes[slot];
}

/* What an own strategy looks at is its own business: no lane knows when its scores change. */
static bool can_have_lane(const struct request *request)
{
    for (int r = 0; r < request->n_strategy; r++)
        if (request->strategy[r].type == STRATEGY_OWN)
            return false;
    return request->n_strategy <= RULES_MAX;
}

bool place_index_find(const struct cluster *cluster, int request, int taskdef, int task,
                      int32_t *instance, int32_t *rule)
{
    struct place_index *index = cluster->index;
    struct lane *lane;

    if (cluster->n_instances < PLAIN_BELOW || !can_have_lane(&cluster->requests[request]))
        return false;
    lane = find_lane(cluster, request, taskdef);
    if (!lane)
        return false;
    lane->asked_at = ++index->turn;
    catch_up(lane, cluster);
    choose(lane, cluster, taskdef, task, instance, rule);
    return true;
}

/* The check -------------------------------------------------------------------------------------- */

static bool same_spot(const struct shelf_spot *a, const struct shelf_spot *b)
{
    if (!a || !b)
        return a == b;
    return a->key == b->key && a->board == b->board && a->cpu == b->cpu &&
           a->memory_mib == b->memory_mib;
}

static bool compare_lanes(const struct lane *kept, const struct lane *fresh, char *detail,
                          size_t size)
{
    for (int i = 0; i < fresh->n_places; i++) {
        const struct shelf_spot *a = shelf_spot_of(&kept->shelf, i);
        const struct shelf_spot *b = shelf_spot_of(&fresh->shelf, i);

        if (kept->places[i].own_tasks != fresh->places[i].own_tasks || !same_spot(a, b)) {
            snprintf(detail, size,
                     "i%d: kept %d, cpu %d, memory %d, own tasks %d; recounted %d, %d, "
                     "%d, %d",
                     i + 1, a != NULL, a ? a->cpu : 0, a ? a->memory_mib : 0,
                     kept->places[i].own_tasks, b != NULL, b ? b->cpu : 0, b ? b->memory_mib : 0,
                     fresh->places[i].own_tasks);
            return false;
        }
    }
    for (int r = 0; r < fresh->n_rules; r++) {
        for (int v = 0; v < fresh->cap_totals[r] && v < kept->cap_totals[r]; v++) {
            if (kept->totals[r][v] != fresh->totals[r][v]) {
                snprintf(detail, size, "rule %d: %s counts %lld, recounted %lld", r,
                         names_text(&fresh->values, v), (long long)kept->totals[r][v],
                         (long long)fresh->totals[r][v]);
                return false;
            }
        }
    }
    return true;
}

bool place_index_check(const struct cluster *cluster, char *detail, size_t size)
{
    struct place_index *index = cluster->index;
    bool agrees = true;

    for (int i = 0; i < index->n_lanes && agrees; i++) {
        struct lane *kept = index->lanes[i];
        struct lane *fresh;

        if (index->n_notes - kept->seen > NOTES_SIZE)
            continue;
        fresh = calloc(1, sizeof *fresh);
        assert(fresh != NULL);
        fresh->request = kept->request;
        fresh->definition = kept->definition;
        fresh->definition_queries = kept->definition_queries;
        fresh->task_group = kept->task_group;
        understand(fresh, kept->takes_extras);
        build(fresh, cluster);
        catch_up(kept, cluster);
        agrees = compare_lanes(kept, fresh, detail, size);
        fresh->request = NULL;
        lane_destroy(fresh);
    }
    return agrees;
}
