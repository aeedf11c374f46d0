/*
 * What a lane is for, and what it knows of each instance. Totals in keys cost a change of all instances
 * that share the value, classes cost a look at each of them in every question: whichever are fewer.
 */
#include "core/lane.h"

#include "core/array.h"
#include "core/place.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of a key by what a rule orders by: together no more than 64. */
#define MEMORY_BITS 25
#define CPU_BITS 20
#define COUNT_BITS LANE_COUNT_BITS
#define TOTAL_BITS LANE_TOTAL_BITS
#define KEY_BITS 64

#define CLASSES_FEW 16 /* so many are never too many */

/* What a lane is for ------------------------------------------------------------------------------ */

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

/* A rule said twice orders nothing anew. */
static bool is_repeated(const struct lane *lane, int rule)
{
    const struct strategy_rule *rules = lane->request->strategy;

    for (int r = 0; r < rule; r++)
        if (rules[r].type == rules[rule].type && rules[r].field == rules[rule].field &&
            (rules[r].field != BY_ATTRIBUTE ||
             strcmp(rules[r].attribute, rules[rule].attribute) == 0))
            return true;
    return false;
}

/* How many values the attribute has among all instances. */
static int count_values(const struct cluster *cluster, const char *attribute)
{
    struct names names = {0};
    int n = 0, absent = 0;

    for (int i = 0; i < cluster->n_instances; i++) {
        const char *value = cluster_attribute(cluster, i, attribute);

        if (value)
            names_intern(&names, value);
        else
            absent = 1;
    }
    n = names.n_texts + absent;
    names_finish(&names);
    return n;
}

/* Whether more classes would have to be looked at than instances share a value. */
static bool are_many(int64_t n_values, int64_t n_instances)
{
    return n_values > CLASSES_FEW && n_values * n_values > 4 * n_instances;
}

/* Chooses the attributes whose totals go into the key: those with so many values that few instances share
 * one, as far as there is room beside the other rules; or those of a lane that this one is to be like. */
static void choose_tallies(struct lane *lane, const struct cluster *cluster,
                           const struct lane *like)
{
    int left = KEY_BITS;

    for (int r = 0; r < lane->n_rules; r++)
        if (!is_repeated(lane, r))
            left -= bits_of(&lane->request->strategy[r]);
    for (int r = 0; r < lane->n_rules; r++) {
        const struct strategy_rule *rule = &lane->request->strategy[r];
        struct lane_tally *tally = &lane->tallies[r];

        tally->is_used =
            rule->type == STRATEGY_SPREAD && rule->field == BY_ATTRIBUTE && !is_repeated(lane, r);
        if (like)
            tally->in_key = like->tallies[r].in_key;
        else if (tally->is_used && left >= TOTAL_BITS)
            tally->in_key = are_many(count_values(cluster, rule->attribute), cluster->n_instances);
        left -= tally->in_key ? TOTAL_BITS : 0;
    }
}

/* Lays the rules' values into the key, first rule highest. */
static void lay_out_key(struct lane *lane)
{
    int left = KEY_BITS;

    for (int r = 0; r < lane->n_rules; r++) {
        const struct strategy_rule *rule = &lane->request->strategy[r];
        int bits = lane->tallies[r].in_key ? TOTAL_BITS : bits_of(rule);

        if (bits == 0 || is_repeated(lane, r))
            continue;
        left -= bits;
        lane->bits[r] = bits;
        lane->shifts[r] = left;
        lane->parts[lane->n_parts++] = (struct lane_part){rule->field, r, left};
    }
}

/* A key of one amount follows from it; the shelf makes use of that. */
static enum shelf_order order_of(const struct lane *lane)
{
    if (lane->n_parts == 0)
        return lane->at_random ? SHELF_BY_NONE : SHELF_BY_KEY;
    if (lane->n_parts > 1)
        return SHELF_BY_KEY;
    return lane->parts[0].field == BY_CPU      ? SHELF_BY_CPU
           : lane->parts[0].field == BY_MEMORY ? SHELF_BY_MEMORY
                                               : SHELF_BY_KEY;
}

/* What follows from the lane's request and definition. */
static void understand(struct lane *lane, const struct cluster *cluster, const struct lane *like)
{
    const struct request *request = lane->request;
    const struct task_definition *definition = lane->definition;

    lane->distinct = has_distinct(request->constraints, request->n_constraints) ||
                     has_distinct(definition->constraints, definition->n_constraints);
    lane->own_tasks_matter = lane->distinct;
    lane->demanding = request->n_constraints + definition->n_constraints > 0 ||
                      request->group != ID_NONE || definition->n_requires > 0 || lane->takes_extras;
    while (lane->n_rules < request->n_strategy && !lane->at_random) {
        const struct strategy_rule *rule = &request->strategy[lane->n_rules];

        lane->at_random = rule->type == STRATEGY_RANDOM;
        lane->own_tasks_matter |= rule->type == STRATEGY_SPREAD;
        lane->n_rules += !lane->at_random;
    }
    choose_tallies(lane, cluster, like);
    lay_out_key(lane);
    shelf_init(&lane->shelf, order_of(lane),
               lane->n_parts == 1 ? UINT64_C(1) << lane->parts[0].shift : 0);
}

/* What a lane knows of an instance ---------------------------------------------------------------- */

static void reserve_value(struct lane_tally *tally, int32_t value)
{
    int32_t grown = value * 2 + 8;

    if (value < tally->cap_values)
        return;
    tally->totals = realloc(tally->totals, (size_t)grown * sizeof *tally->totals);
    tally->members = realloc(tally->members, (size_t)grown * sizeof *tally->members);
    assert(tally->totals != NULL && tally->members != NULL);
    for (int i = tally->cap_values; i < grown; i++) {
        tally->totals[i] = 0;
        tally->members[i] = ID_NONE;
    }
    tally->cap_values = grown;
}

/* The instance's value of the rule's attribute; having none is a value too. */
static int32_t value_of(struct lane *lane, const struct cluster *cluster, int rule, int instance)
{
    const char *text =
        cluster_attribute(cluster, instance, lane->request->strategy[rule].attribute);
    char *name = malloc((text ? strlen(text) : 0) + 2);
    int32_t value;

    assert(name != NULL);
    name[0] = text ? '=' : '-';
    strcpy(name + 1, text ? text : "");
    value = names_intern(&lane->values, name);
    free(name);
    reserve_value(&lane->tallies[rule], value);
    return value;
}

static void join(struct lane_tally *tally, int32_t value)
{
    struct lane_member *member = ARRAY_ADD(tally, of);

    member->value = value;
    member->next = tally->members[value];
    tally->members[value] = tally->n_of - 1;
}

/* The class of the values that divide the lane, new if it is the first of them. */
static int32_t class_of(struct lane *lane, const struct lane_class *wanted)
{
    char name[LANE_RULES_MAX * 12 + 1] = "";
    size_t length = 0;
    int32_t class;

    for (int r = 0; r < lane->n_rules; r++)
        length += (size_t)snprintf(name + length, sizeof name - length, "%d ", wanted->values[r]);
    class = names_intern(&lane->class_names, name);
    if (class == lane->n_classes)
        *ARRAY_ADD(lane, classes) = *wanted;
    return class;
}

void lane_meet(struct lane *lane, const struct cluster *cluster, int id)
{
    struct lane_place *place = ARRAY_ADD(lane, places);
    struct lane_class class = {{0}};

    for (int r = 0; r < lane->n_rules; r++) {
        int32_t value;

        if (!lane->tallies[r].is_used)
            continue;
        value = value_of(lane, cluster, r, id);
        if (lane->tallies[r].in_key)
            join(&lane->tallies[r], value);
        else
            class.values[r] = value;
    }
    place->allowed = -1;
    place->class = class_of(lane, &class);
    lane->is_plain = !lane->demanding && !lane->own_tasks_matter && lane->n_classes == 1 &&
                     lane->shelf.order != SHELF_BY_KEY;
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

bool lane_meets_demands(struct lane *lane, const struct cluster *cluster, int id)
{
    struct lane_place *place = &lane->places[id];
    int64_t lack;

    if (lane->distinct && place->own_tasks > 0)
        return false;
    if (place->allowed < 0)
        place->allowed = (lane->request->group == ID_NONE ||
                          lane->request->group == cluster->instances[id].group) &&
                         place_has_required(cluster, lane->definition, id, &lack) &&
                         queries_allow(lane, cluster, true, id);
    return place->allowed > 0 && queries_allow(lane, cluster, false, id) &&
           place_lacks_extra(&cluster->instances[id], lane->definition, &lack) == PLACE_FITS;
}

static void build(struct lane *lane, const struct cluster *cluster, const struct lane *like)
{
    understand(lane, cluster, like);
    while (lane->n_places < cluster->n_instances)
        lane_meet(lane, cluster, lane->n_places);
    for (int i = 0; i < cluster->n_instances && lane->own_tasks_matter; i++)
        lane_count(lane, i, place_own_tasks(cluster, i, lane->task_group));
    for (int i = 0; i < cluster->n_instances; i++)
        lane_refresh(lane, cluster, i);
    lane->classes_max = CLASSES_FEW + 2 * lane->n_classes;
}

struct lane *lane_create(const struct cluster *cluster, int request_id, int taskdef,
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
    lane->takes_extras = cluster->taskdef_facts[taskdef].takes_extras;
    lane->task_group = request->task_group;
    build(lane, cluster, NULL);
    return lane;
}

void lane_destroy(struct lane *lane)
{
    if (!lane)
        return;
    shelf_finish(&lane->shelf);
    for (int r = 0; r < LANE_RULES_MAX; r++) {
        free(lane->tallies[r].totals);
        free(lane->tallies[r].members);
        free(lane->tallies[r].of);
    }
    names_finish(&lane->class_names);
    names_finish(&lane->values);
    free(lane->classes);
    free(lane->places);
    free((void *)(uintptr_t)lane->request);
    free(lane);
}

/* The check -------------------------------------------------------------------------------------- */

/* Where the instance stands; nowhere is a spot too. */
static struct shelf_spot spot_of(const struct lane *lane, int id)
{
    struct shelf_spot spot;

    if (!shelf_spot_of(&lane->shelf, id, &spot))
        spot = (struct shelf_spot){0, ID_NONE, ID_NONE, ID_NONE};
    return spot;
}

static bool same_spot(const struct shelf_spot *a, const struct shelf_spot *b)
{
    return a->key == b->key && a->cpu == b->cpu && a->memory_mib == b->memory_mib;
}

/* The value of the rule's attribute that the lane knows of the instance. */
static const char *known_value(const struct lane *lane, int rule, int id)
{
    const struct lane_tally *tally = &lane->tallies[rule];

    return names_text(&lane->values, tally->in_key
                                         ? tally->of[id].value
                                         : lane->classes[lane->places[id].class].values[rule]);
}

/* Whether the instance stands on the board of its own values; a board's number depends on who came
 * first. */
static bool same_class(const struct lane *kept, const struct lane *fresh, int id)
{
    struct shelf_spot spot = spot_of(kept, id);

    for (int r = 0; r < fresh->n_rules; r++)
        if (fresh->tallies[r].is_used &&
            strcmp(known_value(kept, r, id), known_value(fresh, r, id)) != 0)
            return false;
    return spot.board == ID_NONE || spot.board == kept->places[id].class;
}

static bool check_places(const struct lane *kept, const struct lane *fresh, char *detail,
                         size_t size)
{
    for (int i = 0; i < fresh->n_places; i++) {
        struct shelf_spot a = spot_of(kept, i), b = spot_of(fresh, i);

        if (kept->places[i].own_tasks == fresh->places[i].own_tasks && same_spot(&a, &b) &&
            same_class(kept, fresh, i))
            continue;
        snprintf(detail, size, "i%d: kept cpu %d, memory %d, own tasks %d; recounted %d, %d, %d",
                 i + 1, a.cpu, a.memory_mib, kept->places[i].own_tasks, b.cpu, b.memory_mib,
                 fresh->places[i].own_tasks);
        return false;
    }
    return true;
}

static int64_t total_by_name(const struct lane *lane, int rule, const char *name)
{
    int32_t value = names_find(&lane->values, name);

    return value == ID_NONE || value >= lane->tallies[rule].cap_values
               ? 0
               : lane->tallies[rule].totals[value];
}

static bool check_tallies(const struct lane *kept, const struct lane *fresh, char *detail,
                          size_t size)
{
    for (int r = 0; r < fresh->n_rules; r++) {
        for (int v = 0; v < fresh->values.n_texts; v++) {
            const char *name = names_text(&fresh->values, v);
            int64_t a = total_by_name(kept, r, name), b = total_by_name(fresh, r, name);

            if (a == b)
                continue;
            snprintf(detail, size, "rule %d: %s counts %lld, recounted %lld", r, name, (long long)a,
                     (long long)b);
            return false;
        }
    }
    return true;
}

bool lane_check(const struct lane *lane, const struct cluster *cluster, char *detail, size_t size)
{
    struct lane *fresh = calloc(1, sizeof *fresh);
    bool agrees;

    assert(fresh != NULL);
    fresh->request = lane->request;
    fresh->definition = lane->definition;
    fresh->definition_queries = lane->definition_queries;
    fresh->takes_extras = lane->takes_extras;
    fresh->task_group = lane->task_group;
    build(fresh, cluster, lane);
    agrees = lane->overflown ||
             (check_places(lane, fresh, detail, size) && check_tallies(lane, fresh, detail, size));
    fresh->request = NULL;
    lane_destroy(fresh);
    return agrees;
}
