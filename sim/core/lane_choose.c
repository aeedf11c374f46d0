/*
 * Keeping up with the cluster and choosing in a lane: the first instance of each class that is big enough is the
 * class's answer, and the lane's answer is the best of those few.
 */
#include "core/lane.h"

#include "core/shelf_grid.h"

#include <assert.h>

/* Keeping up -------------------------------------------------------------------------------------- */

static uint64_t key_of(const struct lane *lane, const struct shelf_spot *spot, int id)
{
    uint64_t key = 0;

    for (int i = 0; i < lane->n_parts; i++) {
        const struct lane_part *part = &lane->parts[i];
        const struct lane_tally *tally = &lane->tallies[part->rule];
        int64_t value = part->field == BY_CPU        ? spot->cpu
                        : part->field == BY_MEMORY   ? spot->memory_mib
                        : part->field == BY_INSTANCE ? lane->places[id].own_tasks
                                                     : tally->totals[tally->of[id].value];

        key |= (uint64_t)value << part->shift;
    }
    return key;
}

/* Puts the instance where it belongs now. `plain` where the lane is, as most are: every placement goes through
 * here twice. */
static inline __attribute__((always_inline)) void
refresh(struct lane *lane, const struct cluster *cluster, int id, bool plain)
{
    const struct instance *instance = &cluster->instances[id];
    struct shelf_spot spot = {0};

    if (instance->status != INSTANCE_ACTIVE || !instance->agent_connected ||
        (!plain && lane->demanding && !lane_meets_demands(lane, cluster, id))) {
        shelf_take(&lane->shelf, id);
        return;
    }
    spot.cpu = instance->cpu - instance->cpu_reserved;
    spot.memory_mib = instance->memory_mib - instance->memory_reserved_mib;
    if (!plain && lane->n_classes > 1)
        spot.board = lane->places[id].class;
    if (!plain && lane->shelf.order == SHELF_BY_KEY)
        spot.key = key_of(lane, &spot, id);
    shelf_put(&lane->shelf, id, &spot);
}

void lane_refresh(struct lane *lane, const struct cluster *cluster, int id)
{
    refresh(lane, cluster, id, false);
}

void lane_count(struct lane *lane, int id, int delta)
{
    struct lane_place *place = &lane->places[id];

    place->own_tasks += delta;
    lane->overflown |= place->own_tasks >= 1 << LANE_COUNT_BITS;
    for (int r = 0; r < lane->n_rules; r++) {
        struct lane_tally *tally = &lane->tallies[r];
        int32_t value;

        if (!tally->is_used)
            continue;
        value = tally->in_key ? tally->of[id].value : lane->classes[place->class].values[r];
        tally->totals[value] += delta;
        lane->overflown |= tally->in_key && tally->totals[value] >= 1 << LANE_TOTAL_BITS;
    }
}

/* Those whose keys hold a total that has changed with the instance's own tasks. */
static void refresh_sharers(struct lane *lane, const struct cluster *cluster, int id)
{
    for (int r = 0; r < lane->n_rules; r++) {
        const struct lane_tally *tally = &lane->tallies[r];

        if (!tally->in_key)
            continue;
        for (int i = tally->members[tally->of[id].value]; i != ID_NONE; i = tally->of[i].next)
            if (i != id)
                lane_refresh(lane, cluster, i);
    }
}

/* One note, whatever the lane. */
static void take_in(struct lane *lane, const struct cluster *cluster, const struct place_note *note)
{
    if (lane->own_tasks_matter && note->delta != 0 &&
        cluster->requests[note->request].task_group == lane->task_group) {
        lane_count(lane, note->instance, note->delta);
        refresh_sharers(lane, cluster, note->instance);
    }
    lane_refresh(lane, cluster, note->instance);
}

/* What few follow: instances that have come, and notes of a lane that is not plain. Out of the way of those
 * that are. */
static __attribute__((noinline)) void follow_anything(struct lane *lane,
                                                      const struct cluster *cluster)
{
    const struct place_index *index = cluster->index;

    while (lane->n_places < cluster->n_instances)
        lane_meet(lane, cluster, lane->n_places);
    while (lane->seen < index->n_notes)
        take_in(lane, cluster, &index->notes[(uint64_t)lane->seen++ % PLACE_NOTES]);
}

static inline __attribute__((always_inline)) void follow(struct lane *lane,
                                                         const struct cluster *cluster)
{
    const struct place_index *index = cluster->index;
    const int64_t end = index->n_notes;

    if (lane->n_places < cluster->n_instances || !lane->is_plain) {
        follow_anything(lane, cluster);
        return;
    }
    for (int64_t i = lane->seen; i < end; i++)
        refresh(lane, cluster, index->notes[(uint64_t)i % PLACE_NOTES].instance, true);
    lane->seen = end;
}

void lane_follow(struct lane *lane, const struct cluster *cluster)
{
    follow(lane, cluster);
}

/* Choosing ---------------------------------------------------------------------------------------- */

/* A candidate and what its values follow from. */
struct choice {
    int32_t item;
    int32_t class;
    uint64_t key;
};

static int64_t value_of(const struct lane *lane, int rule, const struct choice *choice)
{
    const struct lane_tally *tally = &lane->tallies[rule];

    if (lane->bits[rule] > 0)
        return (int64_t)(choice->key >> lane->shifts[rule] &
                         ((UINT64_C(1) << lane->bits[rule]) - 1));
    return tally->is_used ? tally->totals[lane->classes[choice->class].values[rule]] : 0;
}

/* The first rule by which they differ and by how much, or the number of rules. */
static inline int differ_at(const struct lane *lane, const struct choice *a, const struct choice *b,
                            int64_t *difference)
{
    *difference = 0;
    if (a->key == b->key && a->class == b->class)
        return lane->n_rules;
    for (int r = 0; r < lane->n_rules; r++) {
        *difference = value_of(lane, r, a) - value_of(lane, r, b);
        if (*difference != 0)
            return r;
    }
    return lane->n_rules;
}

static bool better(const struct lane *lane, const struct choice *a, const struct choice *b)
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
    bool any = lane->at_random;
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
    struct shelf_spot spot;
    struct choice choice;
    int64_t difference;

    if (!shelf_spot_of(&lottery->lane->shelf, instance, &spot) || spot.cpu < lottery->cpu ||
        spot.memory_mib < lottery->memory_mib)
        return false;
    choice = (struct choice){instance, spot.board, spot.key};
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

/* The first rule whose values in two keys of one class differ, or the number of rules. */
static inline int32_t rule_between(const struct lane *lane, uint64_t a, uint64_t b)
{
    for (int i = 0; a != b && i < lane->n_parts; i++)
        if ((a ^ b) >> lane->parts[i].shift)
            return lane->parts[i].rule;
    return lane->n_rules;
}

/* Where classes or lots make it more than one question. */
static __attribute__((noinline)) struct placement choose_among(struct lane *lane,
                                                               const struct cluster *cluster,
                                                               int32_t cpu, int32_t memory_mib,
                                                               int task)
{
    struct choice best = {0}, second = {0};
    int n = best_two(lane, cpu, memory_mib, &best, &second);
    struct placement placement = {ID_NONE, ID_NONE};
    int64_t difference;

    if (n > 0)
        placement.instance = best.item;
    if (n > 1)
        placement.rule = differ_at(lane, &best, &second, &difference);
    if (n > 1 && placement.rule == lane->n_rules && lane->at_random) {
        struct lottery lottery = {lane, cluster,    &best,      task,
                                  cpu,  memory_mib, UINT64_MAX, INT32_MAX};

        placement.instance = draw(&lottery);
    }
    if (n > 0)
        cluster_fetch_instance(cluster, placement.instance);
    return placement;
}

/* As an answer of the shelf's says; whoever asks will place there. */
static inline struct placement place_by(const struct lane *lane, const struct cluster *cluster,
                                        struct shelf_answer answer)
{
    if (answer.n == 0)
        return (struct placement){ID_NONE, ID_NONE};
    cluster_fetch_instance(cluster, answer.item);
    return (struct placement){
        answer.item, answer.n > 1 ? rule_between(lane, answer.key, answer.next_key) : ID_NONE};
}

struct placement lane_answer(struct lane *lane, const struct cluster *cluster, int taskdef,
                             int task)
{
    const struct taskdef_facts *facts = &cluster->taskdef_facts[taskdef];

    follow(lane, cluster);
    if (lane->overflown)
        return (struct placement){PLACE_PLAINLY, ID_NONE};
    if (lane->n_classes > 1 || lane->at_random)
        return choose_among(lane, cluster, facts->cpu, facts->memory_mib, task);
    return place_by(lane, cluster,
                    shelf_first(&lane->shelf, 0, facts->cpu, facts->memory_mib, false));
}
