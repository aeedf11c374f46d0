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

struct note {
    int32_t instance, task_group, delta;
};

/* The instances that share every value of the attributes that the strategy spreads over. */
struct class
{
    int32_t values[RULES_MAX]; /* by rule; names in the lane */
    struct shelf shelf;
};

/* What a lane knows of an instance. */
struct place {
    int32_t class;     /* by its attributes, for life */
    int32_t own_tasks; /* of the lane's group, meant to run */
    int8_t allowed;    /* by the constraints that never change: 1, 0, or -1 not asked yet */
    bool shelved;
    uint64_t key;
    int32_t cpu, memory_mib;
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
    bool distinct;
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
    for (int c = 0; c < lane->n_classes; c++)
        shelf_finish(&lane->classes[c].shelf);
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
    append_number(&text, 'n', definition->network_mode == NETWORK_AWSVPC);
    for (int c = 0; c < definition->n_containers; c++)
        append_number(&text, 'G', definition->containers[c].gpus);
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
    }
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
    lane->definition_queries = cluster->taskdef_queries[taskdef].queries;
    lane->task_group = request->task_group;
    lane->distinct = has_distinct(request->constraints, request->n_constraints) ||
                     has_distinct(lane->definition->constraints, lane->definition->n_constraints);
    lay_out_key(lane);
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
    if (class == lane->n_classes) {
        struct class *added = ARRAY_ADD(lane, classes);

        memcpy(added->values, values, sizeof values);
        shelf_init(&added->shelf);
    }
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

static bool is_member(struct lane *lane, const struct cluster *cluster, int id)
{
    const struct instance *instance = &cluster->instances[id];
    struct place *place = &lane->places[id];
    int64_t lack;

    if (instance->status != INSTANCE_ACTIVE || !instance->agent_connected)
        return false;
    if (lane->distinct && place->own_tasks > 0)
        return false;
    if (place->allowed < 0)
        place->allowed = queries_allow(lane, cluster, true, id);
    return place->allowed > 0 && queries_allow(lane, cluster, false, id) &&
           place_lacks_extra(instance, lane->definition, &lack) == PLACE_FITS;
}

static uint64_t key_of(const struct lane *lane, const struct place *place)
{
    uint64_t key = 0;

    for (int r = 0; r < lane->random_rule; r++) {
        const struct strategy_rule *rule = &lane->request->strategy[r];
        int64_t value;

        if (lane->bits[r] == 0)
            continue;
        value = rule->type == STRATEGY_SPREAD ? place->own_tasks
                : rule->field == BY_CPU       ? place->cpu
                                              : place->memory_mib;
        assert(value >= 0 && value < INT64_C(1) << lane->bits[r]);
        key |= (uint64_t)value << lane->shifts[r];
    }
    return key;
}

/* Puts the instance where it belongs now. */
static void refresh(struct lane *lane, const struct cluster *cluster, int id)
{
    const struct instance *instance = &cluster->instances[id];
    struct place *place = &lane->places[id];
    struct shelf *shelf = &lane->classes[place->class].shelf;
    bool member = is_member(lane, cluster, id);
    struct place before = *place;
    struct shelf_item item;

    place->cpu = instance->cpu - instance->cpu_reserved;
    place->memory_mib = instance->memory_mib - instance->memory_reserved_mib;
    place->key = member ? key_of(lane, place) : 0;
    item = (struct shelf_item){place->key, id, place->cpu, place->memory_mib};
    place->shelved = member;
    if (before.shelved && member && before.key == place->key) {
        if (before.cpu != place->cpu || before.memory_mib != place->memory_mib)
            shelf_update(shelf, &item);
        return;
    }
    if (before.shelved)
        shelf_remove(shelf, before.key, id);
    if (member)
        shelf_add(shelf, &item);
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
        count_own_tasks(lane, i, place_own_tasks(cluster, i, lane->task_group));
        refresh(lane, cluster, i);
    }
    lane->seen = cluster->index->n_notes;
}

static void catch_up(struct lane *lane, const struct cluster *cluster)
{
    const struct place_index *index = cluster->index;

    while (lane->n_places < cluster->n_instances)
        meet_instance(lane, cluster, lane->n_places);
    for (; lane->seen < index->n_notes; lane->seen++) {
        const struct note *note = &index->notes[lane->seen % NOTES_SIZE];

        if (note->delta != 0 && note->task_group == lane->task_group)
            count_own_tasks(lane, note->instance, note->delta);
        refresh(lane, cluster, note->instance);
    }
}

/* Choosing --------------------------------------------------------------------------------------- */

/* A candidate and its value by each rule before the first random one. */
struct choice {
    struct shelf_item item;
    int32_t class;
    int64_t values[RULES_MAX];
};

static void evaluate(struct lane *lane, int class, const struct shelf_item *item,
                     struct choice *choice)
{
    choice->item = *item;
    choice->class = class;
    for (int r = 0; r < lane->random_rule; r++) {
        if (spreads_over_attribute(&lane->request->strategy[r]))
            choice->values[r] = *total_of(lane, r, lane->classes[class].values[r]);
        else
            choice->values[r] = lane->bits[r] == 0
                                    ? 0
                                    : (int64_t)(item->key >> lane->shifts[r] &
                                                ((UINT64_C(1) << lane->bits[r]) - 1));
    }
}

/* The first rule by which they differ, or the number of rules before the first random one. */
static int differ_at(const struct lane *lane, const struct choice *a, const struct choice *b)
{
    int r = 0;

    while (r < lane->random_rule && a->values[r] == b->values[r])
        r++;
    return r;
}

static bool better(const struct lane *lane, const struct choice *a, const struct choice *b)
{
    int r = differ_at(lane, a, b);

    return r < lane->random_rule ? a->values[r] < b->values[r] : a->item.item < b->item.item;
}

/* The best candidate and the next best, of which the second shows which rule decided. */
static int best_two(struct lane *lane, int32_t cpu, int32_t memory_mib, struct choice *best,
                    struct choice *second)
{
    struct shelf_item item;
    struct choice choice;
    int n = 0;

    for (int c = 0; c < lane->n_classes; c++) {
        if (!shelf_first(&lane->classes[c].shelf, NULL, cpu, memory_mib, &item))
            continue;
        evaluate(lane, c, &item, &choice);
        if (n == 0 || better(lane, &choice, best)) {
            *second = *best;
            *best = choice;
            n += n < 2;
        } else if (n == 1 || better(lane, &choice, second)) {
            *second = choice;
            n = 2;
        }
    }
    if (n > 0 &&
        shelf_first(&lane->classes[best->class].shelf, &best->item, cpu, memory_mib, &item)) {
        evaluate(lane, best->class, &item, &choice);
        if (n == 1 || better(lane, &choice, second))
            *second = choice;
        n = 2;
    }
    return n;
}

/* Whether the instance could stand in for the best as far as the rules before the random one go. */
static bool ties_with(struct lane *lane, int32_t instance, int32_t cpu, int32_t memory_mib,
                      const struct choice *best)
{
    const struct place *place = &lane->places[instance];
    struct shelf_item item = {place->key, instance, place->cpu, place->memory_mib};
    struct choice choice;

    if (!place->shelved || place->cpu < cpu || place->memory_mib < memory_mib)
        return false;
    evaluate(lane, place->class, &item, &choice);
    return differ_at(lane, &choice, best) == lane->random_rule;
}

/* As place_draw() in place.c, over the shelves. */
static int32_t draw(struct lane *lane, const struct cluster *cluster, int task, int32_t cpu,
                    int32_t memory_mib, const struct choice *best)
{
    uint64_t least = UINT64_MAX;
    int32_t drawn = best->item.item;

    for (int n = 0; n < PLACE_DRAWS; n++) {
        int32_t instance = place_draw(cluster, task, n);

        if (ties_with(lane, instance, cpu, memory_mib, best))
            return instance;
    }
    for (int c = 0; c < lane->n_classes; c++) {
        struct shelf_item item;
        bool more = shelf_first(&lane->classes[c].shelf, NULL, cpu, memory_mib, &item);

        for (; more && ties_with(lane, item.item, cpu, memory_mib, best);
             more = shelf_first(&lane->classes[c].shelf, &item, cpu, memory_mib, &item)) {
            uint64_t lot = place_lot(cluster, task, item.item);

            if (lot < least) {
                least = lot;
                drawn = item.item;
            }
        }
    }
    return drawn;
}

static void choose(struct lane *lane, const struct cluster *cluster, int taskdef, int task,
                   int32_t *instance, int32_t *rule)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);
    int32_t cpu = taskdef_cpu(definition), memory_mib = taskdef_memory_mib(definition);
    struct choice best = {0}, second = {0};
    int n = best_two(lane, cpu, memory_mib, &best, &second);

    *instance = n > 0 ? best.item.item : ID_NONE;
    *rule = n > 1 ? differ_at(lane, &best, &second) : ID_NONE;
    if (n > 1 && *rule == lane->random_rule && lane->random_rule < lane->n_rules)
        *instance = draw(lane, cluster, task, cpu, memory_mib, &best);
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

static bool compare_lanes(const struct lane *kept, const struct lane *fresh, char *detail,
                          size_t size)
{
    for (int i = 0; i < fresh->n_places; i++) {
        const struct place *a = &kept->places[i], *b = &fresh->places[i];

        if (a->shelved != b->shelved || a->own_tasks != b->own_tasks || a->key != b->key ||
            a->cpu != b->cpu || a->memory_mib != b->memory_mib) {
            snprintf(detail, size, "i%d: shelved %d/%d, own tasks %d/%d, cpu %d/%d, memory %d/%d",
                     i + 1, a->shelved, b->shelved, a->own_tasks, b->own_tasks, a->cpu, b->cpu,
                     a->memory_mib, b->memory_mib);
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
        fresh->distinct = kept->distinct;
        lay_out_key(fresh);
        build(fresh, cluster);
        catch_up(kept, cluster);
        agrees = compare_lanes(kept, fresh, detail, size);
        fresh->request = NULL;
        lane_destroy(fresh);
    }
    return agrees;
}
