/*
 * A tree of groups. In each, members are FIXED (they get all that they can use) or FLUID: these get
 * their weight times the group's level, so one virtual time, which passes as fast as the level is
 * high, tells for all of them when they are done. A change therefore moves nobody but those that
 * change their kind; and no more than capacity over limit can be FIXED. A FLUID group whose members
 * are all FLUID goes by its own group's virtual time too; only those in which some are FIXED and some
 * are not (they have a member at its limit, so there are few) are looked at with every change.
 */
#include "model/share_node.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>

/* x * times / by, or SHARE_NEVER where that is too large. */
static share_wide scaled(share_wide x, uint64_t times, uint64_t by)
{
    share_wide whole, part;

    if (x == SHARE_NEVER || by == 0)
        return SHARE_NEVER;
    whole = x / by;
    part = x % by * times / by;
    if (times && whole > (SHARE_NEVER - part) / times)
        return SHARE_NEVER;
    return whole * times + part;
}

/* What a node can use at most. */
static uint64_t most(const struct share_node *node)
{
    return node->is_group && node->demand < node->limit ? (uint64_t)node->demand : node->limit;
}

static uint64_t weight_of(const struct share_node *node)
{
    return node->weight == SHARE_WEIGHT_OF_MEMBERS ? node->weights : node->weight;
}

/* The level at which its weight gives it all that it can use. */
static share_wide ratio(const struct share_node *node)
{
    return ((share_wide)most(node) << SHARE_LEVEL_BITS) / weight_of(node);
}

static uint64_t rate_at(const struct share_node *node, share_wide level)
{
    share_wide rate = scaled(level, weight_of(node), UINT64_C(1) << SHARE_LEVEL_BITS);

    return rate > most(node) ? most(node) : (uint64_t)rate;
}

/* The group's level as its members stand now. */
static share_wide level_of(const struct share_node *group, uint64_t available)
{
    if (available >= SHARE_RATE_MAX)
        return SHARE_LEVEL_MAX;
    if (group->fluid == 0)
        return group->fixed <= available ? SHARE_LEVEL_MAX : 0;
    if (group->fixed >= available)
        return 0;
    return ((share_wide)(available - group->fixed) << SHARE_LEVEL_BITS) / group->fluid;
}

static bool is_uniform(const struct share_node *group)
{
    return group->state == SHARE_FLUID && group->n_fixed == 0 && group->n_watched == 0;
}

/* Standing in the group ------------------------------------------------------------------------- */

static void watch(struct share *share, int32_t group, int32_t id)
{
    struct share_node *nodes = share->nodes, *node = &nodes[id];

    if (node->watched)
        return;
    node->watched = true;
    node->watched_prev = ID_NONE;
    node->watched_next = nodes[group].watched_first;
    if (node->watched_next != ID_NONE)
        nodes[node->watched_next].watched_prev = id;
    nodes[group].watched_first = id;
    nodes[group].n_watched++;
}

static void unwatch(struct share *share, int32_t group, int32_t id)
{
    struct share_node *nodes = share->nodes, *node = &nodes[id];

    if (!node->watched)
        return;
    node->watched = false;
    if (node->watched_prev == ID_NONE)
        nodes[group].watched_first = node->watched_next;
    else
        nodes[node->watched_prev].watched_next = node->watched_next;
    if (node->watched_next != ID_NONE)
        nodes[node->watched_next].watched_prev = node->watched_prev;
    nodes[group].n_watched--;
}

/* Out of all heaps and lists, not out of the sums. */
static void lift(struct share *share, int32_t group, int32_t id)
{
    share_heap_take(share, group, id, 0);
    share_heap_take(share, group, id, 1);
    unwatch(share, group, id);
}

static void add_sums(struct share_node *group, const struct share_node *node)
{
    group->n_fixed += node->state == SHARE_FIXED;
    if (node->state == SHARE_FIXED)
        group->fixed += most(node);
    else
        group->fluid += weight_of(node);
}

static void take_sums(struct share_node *group, const struct share_node *node)
{
    group->n_fixed -= node->state == SHARE_FIXED;
    if (node->state == SHARE_FIXED)
        group->fixed -= most(node);
    else
        group->fluid -= weight_of(node);
}

/* When its next member is done, in its own time. */
static share_wide next_time(const struct share *share, const struct share_node *group)
{
    int32_t fluid = group->tops[HEAP_FINISH], other = group->tops[HEAP_TIME];
    share_wide next = other == ID_NONE ? SHARE_NEVER : share->nodes[other].slots[0].key;
    share_wide tag, time;

    if (fluid == ID_NONE || group->level == 0)
        return next;
    tag = share->nodes[fluid].slots[0].key;
    if (tag == SHARE_NEVER)
        return next;
    tag = tag > group->virtual_time ? tag - group->virtual_time : 0;
    time = (share_wide)group->at + (tag + group->level - 1) / group->level;
    return time < next ? time : next;
}

/* The same in its parent's time. */
static share_wide next_outside(const struct share *share, const struct share_node *group)
{
    share_wide next = next_time(share, group);

    if (next == SHARE_NEVER || next > (share_wide)INT64_MAX)
        return SHARE_NEVER;
    next = next > (share_wide)group->at ? next - (share_wide)group->at : 0;
    if (group->throttle.on)
        return share_throttle_invert(&group->throttle, group->seen, (int64_t)next);
    return (share_wide)group->seen + next;
}

static void place_uniform(struct share *share, int32_t parent, int32_t id)
{
    struct share_node *nodes = share->nodes, *node = &nodes[id];
    int32_t first = node->tops[HEAP_FINISH], limited = node->tops[HEAP_LIMIT];
    share_wide limit = ratio(node), inner, tag = SHARE_NEVER;

    node->base = nodes[parent].virtual_time;
    if (first != ID_NONE && nodes[first].slots[0].key != SHARE_NEVER) {
        tag = nodes[first].slots[0].key;
        tag = scaled(tag > node->virtual_time ? tag - node->virtual_time : 0, node->fluid,
                     weight_of(node));
        tag = tag > SHARE_NEVER - node->base ? SHARE_NEVER : tag + node->base;
    }
    if (limited != ID_NONE) {
        inner = scaled(nodes[limited].slots[1].key, node->fluid, weight_of(node));
        limit = inner < limit ? inner : limit;
    }
    share_heap_put(share, parent, HEAP_FINISH, id, tag);
    share_heap_put(share, parent, HEAP_LIMIT, id, limit);
}

/* Where its state says; a worker that becomes FLUID has `left` as of now. */
static void place(struct share *share, int32_t parent, int32_t id)
{
    struct share_node *node = &share->nodes[id], *group = &share->nodes[parent];
    share_wide tag;

    if (!node->is_group && node->state == SHARE_FLUID) {
        tag = scaled(node->left, UINT64_C(1) << SHARE_LEVEL_BITS, node->weight);
        tag = tag > SHARE_NEVER - group->virtual_time ? SHARE_NEVER : tag + group->virtual_time;
        share_heap_put(share, parent, HEAP_FINISH, id, tag);
        share_heap_put(share, parent, HEAP_LIMIT, id, ratio(node));
    } else if (!node->is_group) {
        share_heap_put(share, parent, HEAP_TIME, id,
                       (share_wide)node->seen + (node->left + node->limit - 1) / node->limit);
        share_heap_put(share, parent, HEAP_RELEASE, id, ~ratio(node));
    } else if (is_uniform(node)) {
        place_uniform(share, parent, id);
    } else {
        share_heap_put(share, parent, HEAP_TIME, id, next_outside(share, node));
        if (node->state == SHARE_FIXED)
            share_heap_put(share, parent, HEAP_RELEASE, id, ~ratio(node));
        /* One that stands still by turns shares what it gets while it runs by how fast that is. */
        if (node->state == SHARE_FLUID || (node->throttle.on && node->n_members > 1))
            watch(share, parent, id);
    }
}

/* Progress -------------------------------------------------------------------------------------- */

/* Brings a group up to its parent, which is up to date. */
static void sync_group(struct share *share, int32_t id)
{
    struct share_node *node = &share->nodes[id];
    const struct share_node *parent = &share->nodes[node->parent];
    int64_t ticks = node->stopped ? 0 : parent->at - node->seen;

    if (node->heaps[0] == HEAP_FINISH) {
        node->virtual_time +=
            scaled(parent->virtual_time - node->base, weight_of(node), node->fluid);
        node->base = parent->virtual_time;
        node->level = scaled(parent->level, weight_of(node), node->fluid);
    } else if (node->state != SHARE_IDLE) {
        if (node->throttle.on)
            ticks = share_throttle_advance(&node->throttle, node->seen, parent->at);
        if (node->fluid > 0)
            node->virtual_time += node->level * (share_wide)ticks;
    }
    node->at += ticks;
    node->seen = parent->at;
}

/* Takes what a worker has done off what is left. Its group is up to date. */
static void sync_worker(struct share *share, int32_t id)
{
    struct share_node *node = &share->nodes[id];
    const struct share_node *group = &share->nodes[node->parent];
    share_wide done;

    if (node->heaps[0] == HEAP_FINISH) {
        share_wide tag = node->slots[0].key;

        if (tag != SHARE_NEVER)
            node->left = tag > group->virtual_time ? scaled(tag - group->virtual_time, node->weight,
                                                            UINT64_C(1) << SHARE_LEVEL_BITS)
                                                   : 0;
    } else if (node->heaps[0] == HEAP_TIME) {
        done = (share_wide)node->limit * (share_wide)(group->at - node->seen);
        node->left = node->left > done ? node->left - done : 0;
    }
    node->seen = group->at;
}

static void sync_root(struct share *share, int64_t at_usec)
{
    struct share_node *root = &share->nodes[SHARE_ROOT];
    int64_t now = at_usec * SHARE_TICKS;

    assert(now >= root->at);
    if (root->fluid > 0)
        root->virtual_time += root->level * (share_wide)(now - root->at);
    root->at = now;
    if (share->n_quotas > 0)
        share_quota_advance(share, now);
}

/* The root, and every group from there to this one. */
static void sync_path(struct share *share, int32_t group)
{
    if (group == SHARE_ROOT)
        return;
    sync_path(share, share->nodes[group].parent);
    sync_group(share, group);
}

/* Sharing out ----------------------------------------------------------------------------------- */

static void change_state(struct share *share, int32_t parent, int32_t id, enum share_state state)
{
    struct share_node *node = &share->nodes[id];

    if (node->is_group && !node->watched)
        sync_group(share, id);
    else if (!node->is_group)
        sync_worker(share, id);
    take_sums(&share->nodes[parent], node);
    share_heap_take(share, parent, id, 0);
    share_heap_take(share, parent, id, 1);
    node->state = (uint8_t)state;
    add_sums(&share->nodes[parent], node);
    if (node->is_group)
        watch(share, parent, id); /* until it has been shared out itself */
    else
        place(share, parent, id);
}

/* A watched member that the level would give more than it can use. */
static int32_t find_full(const struct share *share, const struct share_node *group,
                         share_wide level)
{
    int32_t id = group->watched_first;

    while (id != ID_NONE &&
           (share->nodes[id].state != SHARE_FLUID || ratio(&share->nodes[id]) > level))
        id = share->nodes[id].watched_next;
    return id;
}

/* Finds the level: members that get less than they can use are released first, then those that would
 * get more are held. Each of these steps raises the level, so none has to be taken back. */
static void find_level(struct share *share, int32_t id, uint64_t available)
{
    struct share_node *group = &share->nodes[id];
    int32_t top;

    for (;;) {
        group->level = level_of(group, available);
        top = group->tops[HEAP_RELEASE];
        if (top == ID_NONE || ~share->nodes[top].slots[1].key <= group->level)
            break;
        change_state(share, id, top, SHARE_FLUID);
    }
    for (;;) {
        group->level = level_of(group, available);
        top = group->tops[HEAP_LIMIT];
        if (top != ID_NONE && share->nodes[top].slots[1].key <= group->level) {
            bool full = ratio(&share->nodes[top]) <= group->level;

            change_state(share, id, top, full ? SHARE_FIXED : SHARE_FLUID);
        } else if ((top = find_full(share, group, group->level)) != ID_NONE) {
            change_state(share, id, top, SHARE_FIXED);
        } else {
            break;
        }
    }
}

/* What a FIXED group with more demand than quota gets while it runs: its share of what others leave. */
static uint64_t speed_of(const struct share *share, const struct share_node *node)
{
    const struct share_node *parent = &share->nodes[node->parent];
    uint64_t speed;

    if (parent->level != SHARE_LEVEL_MAX) {
        struct share_node unlimited = *node;

        unlimited.limit = SHARE_RATE_MAX;
        speed = rate_at(&unlimited, parent->level);
    } else {
        speed = parent->throttle.on ? parent->throttle.speed : parent->rate;
        speed = speed > parent->fixed ? speed - parent->fixed + node->limit : 0;
        if (speed > node->demand || parent->rate >= SHARE_RATE_MAX)
            speed = node->demand < SHARE_RATE_MAX ? (uint64_t)node->demand : SHARE_RATE_MAX;
    }
    return speed > node->limit ? speed : node->limit;
}

/* The rate at which a group's members share. */
static uint64_t available_to(struct share *share, int32_t id)
{
    struct share_node *node = &share->nodes[id];
    bool stops = node->state == SHARE_FIXED && node->limit < node->demand &&
                 node->throttle.phase != SHARE_PHASE_NONE;

    if (stops && !node->throttle.on)
        share_throttle_begin(&node->throttle, node->seen, node->limit, node->rate);
    else if (!stops && node->throttle.on)
        share_throttle_end(&node->throttle);
    node->rate =
        node->state == SHARE_FIXED ? most(node) : rate_at(node, share->nodes[node->parent].level);
    if (!stops)
        return node->rate;
    share_throttle_set_speed(&node->throttle, node->limit, speed_of(share, node));
    return node->throttle.speed;
}

/* Gives the members of a group, which is up to date, their parts. */
static void share_out(struct share *share, int32_t id, uint64_t available)
{
    int32_t next;

    find_level(share, id, available);
    for (int32_t member = share->nodes[id].watched_first; member != ID_NONE; member = next) {
        next = share->nodes[member].watched_next;
        sync_group(share, member);
        lift(share, id, member);
        share_out(share, member, available_to(share, member));
        place(share, id, member);
    }
}

/* Changes --------------------------------------------------------------------------------------- */

/* Takes the group and all above it out of their groups, all of them up to date. From above: what one
 * can use depends on what is below it. */
static void open_path(struct share *share, int32_t group)
{
    struct share_node *node = &share->nodes[group], *parent;

    if (group == SHARE_ROOT)
        return;
    open_path(share, node->parent);
    if (node->state == SHARE_IDLE)
        return;
    parent = &share->nodes[node->parent];
    take_sums(parent, node);
    parent->weights -= weight_of(node);
    parent->demand -= most(node);
    parent->n_members--;
    lift(share, node->parent, group);
}

static void put_back(struct share *share, int32_t id)
{
    struct share_node *node = &share->nodes[id], *parent = &share->nodes[node->parent];

    if (node->n_members == 0 || node->stopped) {
        if (node->throttle.on)
            share_throttle_end(&node->throttle);
        node->state = SHARE_IDLE;
        node->rate = 0;
        if (node->n_members == 0)
            node->virtual_time = 0; /* nobody's tag is left */
        return;
    }
    node->state = SHARE_FLUID; /* until the level is known */
    parent->weights += weight_of(node);
    parent->demand += most(node);
    parent->n_members++;
    add_sums(parent, node);
    watch(share, node->parent, id);
}

/* Puts them back, and shares out what changed. */
static void close_path(struct share *share, int32_t group)
{
    struct share_node *root = &share->nodes[SHARE_ROOT];
    share_wide next, turn;

    for (; group != SHARE_ROOT; group = share->nodes[group].parent)
        put_back(share, group);
    if (root->n_members == 0)
        root->virtual_time = 0;
    root->rate = share->capacity;
    share_out(share, SHARE_ROOT, share->capacity);
    next = next_time(share, root);
    turn = share_quota_settle(share);
    next = turn < next ? turn : next;
    next = next == SHARE_NEVER ? next : (next + SHARE_TICKS / 2) / SHARE_TICKS;
    share->next_usec = next < (share_wide)USEC_MAX ? (int64_t)next : USEC_NEVER;
}

uint64_t share_rate_of(struct share *share, int32_t group)
{
    const struct share_node *node = &share->nodes[group];

    for (int32_t above = group; above != SHARE_ROOT; above = share->nodes[above].parent)
        if (share->nodes[above].state == SHARE_IDLE)
            return 0;
    sync_path(share, group);
    return node->state == SHARE_FIXED ? most(node)
                                      : rate_at(node, share->nodes[node->parent].level);
}

/* A group with a quota stands still from now on, or runs again. */
static void turn_group(struct share *share, int32_t group)
{
    sync_path(share, group);
    open_path(share, group);
    share->nodes[group].stopped = !share->nodes[group].stopped;
    if (share_quota_is_old(share, group))
        share_quota_retire(share, group);
    close_path(share, group);
}

static void add_worker(struct share *share, int32_t group_id, int32_t id)
{
    struct share_node *node = &share->nodes[id], *group = &share->nodes[group_id];

    node->state = ratio(node) <= group->level ? SHARE_FIXED : SHARE_FLUID;
    node->seen = group->at;
    group->weights += node->weight;
    group->demand += node->limit;
    group->n_members++;
    add_sums(group, node);
    place(share, group_id, id);
}

static void drop_worker(struct share *share, int32_t group_id, int32_t id)
{
    struct share_node *node = &share->nodes[id], *group = &share->nodes[group_id];

    take_sums(group, node);
    lift(share, group_id, id);
    group->weights -= node->weight;
    group->demand -= node->limit;
    group->n_members--;
}

/* Nodes ------------------------------------------------------------------------------------------ */

static int32_t new_node(struct share *share)
{
    int32_t id = share->free_node;

    if (id == ID_NONE) {
        ARRAY_ADD(share, nodes);
        return share->n_nodes - 1;
    }
    share->free_node = share->nodes[id].parent;
    return id;
}

static void free_node(struct share *share, int32_t id)
{
    share->nodes[id].parent = share->free_node;
    share->free_node = id;
}

static int32_t add_group(struct share *share, int32_t parent, uint32_t weight, uint64_t limit,
                         int64_t phase_usec)
{
    int32_t id = new_node(share);

    share->nodes[id] = (struct share_node){
        .heaps = {ID_NONE, ID_NONE},
        .quota = ID_NONE,
        .is_group = true,
        .state = SHARE_IDLE,
        .parent = parent,
        .weight = weight,
        .limit = limit,
        .tops = {ID_NONE, ID_NONE, ID_NONE, ID_NONE},
        .watched_first = ID_NONE,
        .throttle = {.phase = phase_usec, .saved_end = -1},
    };
    return id;
}

void share_init(struct share *share, uint64_t capacity)
{
    assert(capacity <= SHARE_RATE_MAX);
    *share = (struct share){.capacity = capacity, .next_usec = USEC_NEVER, .free_node = ID_NONE};
}

void share_finish(struct share *share)
{
    free(share->nodes);
    free(share->quotas);
    *share = (struct share){.next_usec = USEC_NEVER, .free_node = ID_NONE};
}

/* The root is made when it is first needed: most instances of a large cluster never work. */
static void make_root(struct share *share)
{
    if (share->n_nodes == 0)
        add_group(share, ID_NONE, 1, share->capacity, SHARE_PHASE_NONE);
}

int32_t share_add_group(struct share *share, int32_t parent, uint32_t weight, uint64_t limit,
                        int64_t phase_usec)
{
    int32_t id, quota;

    make_root(share);
    assert(limit > 0 && limit <= SHARE_RATE_MAX);
    assert(phase_usec >= SHARE_PHASE_NONE && phase_usec < SHARE_PERIOD_USEC);
    quota = share_quota_add(share, limit, phase_usec);
    if (quota == ID_NONE)
        return add_group(share, parent, weight, limit, phase_usec);
    id = add_group(share, parent, weight, SHARE_RATE_MAX, SHARE_PHASE_NONE);
    share->nodes[id].quota = quota;
    share->quotas[quota].group = id;
    return id;
}

bool share_stands_still(const struct share *share, int32_t group)
{
    return share->nodes[group].stopped;
}

bool share_has_still(const struct share *share)
{
    for (int i = 0; i < share->n_quotas; i++)
        if (share->nodes[share->quotas[i].group].stopped)
            return true;
    return false;
}

void share_remove_group(struct share *share, int32_t group)
{
    assert(share->nodes[group].n_members == 0);
    share_quota_remove(share, group);
    free_node(share, group);
}

int32_t share_add_worker(struct share *share, int64_t at_usec, int32_t group, uint32_t weight,
                         uint64_t cap, int64_t amount, int64_t who)
{
    int32_t id;

    make_root(share);
    assert(weight > 0 && cap > 0 && cap <= SHARE_RATE_MAX && amount >= 0);
    sync_root(share, at_usec);
    sync_path(share, group);
    open_path(share, group);
    id = new_node(share);
    share->nodes[id] = (struct share_node){
        .heaps = {ID_NONE, ID_NONE},
        .parent = group,
        .weight = weight,
        .limit = cap,
        .left = (share_wide)amount * SHARE_ONE * SHARE_TICKS,
        .who = who,
    };
    add_worker(share, group, id);
    close_path(share, group);
    return id;
}

void share_remove_worker(struct share *share, int64_t at_usec, int32_t worker)
{
    int32_t group = share->nodes[worker].parent;

    assert(!share->nodes[worker].is_group);
    sync_root(share, at_usec);
    sync_path(share, group);
    open_path(share, group);
    drop_worker(share, group, worker);
    free_node(share, worker);
    close_path(share, group);
}

void share_change_worker(struct share *share, int64_t at_usec, int32_t worker, uint64_t cap,
                         share_wide left)
{
    int32_t group = share->nodes[worker].parent;

    assert(!share->nodes[worker].is_group && cap > 0 && cap <= SHARE_RATE_MAX);
    sync_root(share, at_usec);
    sync_path(share, group);
    open_path(share, group);
    drop_worker(share, group, worker);
    share->nodes[worker].limit = cap;
    share->nodes[worker].left = left * SHARE_TICKS;
    add_worker(share, group, worker);
    close_path(share, group);
}

share_wide share_worker_left(struct share *share, int64_t at_usec, int32_t worker)
{
    int32_t group = share->nodes[worker].parent;
    struct share_node *node = &share->nodes[worker];

    sync_root(share, at_usec);
    sync_path(share, group);
    sync_worker(share, worker);
    return (node->left + SHARE_TICKS / 2) / SHARE_TICKS;
}

/* A worker below the group, which is up to date, that has less than half a microsecond to go. */
static int32_t find_finished(struct share *share, int32_t id)
{
    const struct share_node *group = &share->nodes[id];
    const share_wide half = SHARE_TICKS / 2;
    int32_t tops[] = {group->tops[HEAP_TIME], group->tops[HEAP_FINISH]}, found;

    for (int i = 0; i < 2; i++) {
        share_wide reached =
            i == 0 ? (share_wide)group->at + half : group->virtual_time + half * group->level + 4;

        if (tops[i] == ID_NONE || share->nodes[tops[i]].slots[0].key > reached)
            continue;
        if (!share->nodes[tops[i]].is_group)
            return tops[i];
        sync_group(share, tops[i]);
        found = find_finished(share, tops[i]);
        if (found != ID_NONE)
            return found;
    }
    return ID_NONE;
}

bool share_take_finished(struct share *share, int64_t at_usec, int64_t *who)
{
    int32_t found;

    if (share->next_usec > at_usec)
        return false;
    sync_root(share, at_usec);
    found = find_finished(share, SHARE_ROOT);
    if (found == ID_NONE) {
        int32_t group = share_quota_take_turn(share, at_usec * SHARE_TICKS);

        if (group != ID_NONE)
            turn_group(share, group);
        else
            share->next_usec = at_usec + 1; /* rounding: it is a moment later */
        return group != ID_NONE && share_take_finished(share, at_usec, who);
    }
    *who = share->nodes[found].who;
    share_remove_worker(share, at_usec, found);
    return true;
}
