/*
 * The tree. Nodes live in one array and name each other by index; a node's entries are either items
 * or, with the least of its order and the most of its amounts, the nodes below.
 */
#include "core/shelf.h"

#include "core/array.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 32
#define SPARSE 8 /* a node with fewer entries joins its neighbour where both fit into one */

struct shelf_node {
    int32_t n;
    bool is_leaf;
    uint64_t keys[WIDTH];
    int32_t items[WIDTH];
    int32_t cpus[WIDTH];
    int32_t memories_mib[WIDTH];
    int32_t below[WIDTH];
};

void shelf_init(struct shelf *shelf)
{
    *shelf = (struct shelf){.free_node = ID_NONE, .root = ID_NONE};
}

void shelf_finish(struct shelf *shelf)
{
    free(shelf->nodes);
    shelf_init(shelf);
}

static int32_t take_node(struct shelf *shelf, bool is_leaf)
{
    int32_t id = shelf->free_node;

    if (id != ID_NONE) {
        shelf->free_node = shelf->nodes[id].below[0];
    } else {
        id = shelf->n_nodes;
        (void)ARRAY_ADD(shelf, nodes);
    }
    shelf->nodes[id].n = 0;
    shelf->nodes[id].is_leaf = is_leaf;
    return id;
}

static void give_node(struct shelf *shelf, int32_t id)
{
    shelf->nodes[id].below[0] = shelf->free_node;
    shelf->free_node = id;
}

/* How many entries stand before (key, item). */
static int rank(const struct shelf_node *node, uint64_t key, int32_t item)
{
    int n = 0;

    for (int i = 0; i < node->n; i++)
        n += node->keys[i] < key || (node->keys[i] == key && node->items[i] < item);
    return n;
}

/* The entry of a branch below which (key, item) stands or belongs. */
static int branch_of(const struct shelf_node *node, uint64_t key, int32_t item)
{
    int n = rank(node, key, item);

    if (n < node->n && node->keys[n] == key && node->items[n] == item)
        return n;
    return n > 0 ? n - 1 : 0;
}

static void copy_entries(struct shelf_node *to, int at, const struct shelf_node *from, int first,
                         int n)
{
    size_t narrow = (size_t)n * sizeof(int32_t);

    memmove(&to->keys[at], &from->keys[first], (size_t)n * sizeof(uint64_t));
    memmove(&to->items[at], &from->items[first], narrow);
    memmove(&to->cpus[at], &from->cpus[first], narrow);
    memmove(&to->memories_mib[at], &from->memories_mib[first], narrow);
    memmove(&to->below[at], &from->below[first], narrow);
}

static void open_gap(struct shelf_node *node, int at)
{
    copy_entries(node, at + 1, node, at, node->n - at);
    node->n++;
}

static void close_gap(struct shelf_node *node, int at)
{
    copy_entries(node, at, node, at + 1, node->n - at - 1);
    node->n--;
}

/* Makes entry `i` of the branch say what is below it. */
static void refresh(struct shelf *shelf, int32_t id, int i)
{
    struct shelf_node *node = &shelf->nodes[id];
    const struct shelf_node *below = &shelf->nodes[node->below[i]];
    int32_t cpu = -1, memory_mib = -1;

    for (int k = 0; k < below->n; k++) {
        cpu = below->cpus[k] > cpu ? below->cpus[k] : cpu;
        memory_mib = below->memories_mib[k] > memory_mib ? below->memories_mib[k] : memory_mib;
    }
    node->keys[i] = below->keys[0];
    node->items[i] = below->items[0];
    node->cpus[i] = cpu;
    node->memories_mib[i] = memory_mib;
}

/* Splits a full node in two and returns the new right half. */
static int32_t split(struct shelf *shelf, int32_t id)
{
    int32_t right = take_node(shelf, shelf->nodes[id].is_leaf);

    copy_entries(&shelf->nodes[right], 0, &shelf->nodes[id], WIDTH / 2, WIDTH / 2);
    shelf->nodes[right].n = WIDTH / 2;
    shelf->nodes[id].n = WIDTH / 2;
    return right;
}

static void add_to(struct shelf *shelf, int32_t id, const struct shelf_item *item);

/* Makes room below entry `i` before going there, so that a split never has to go back up. */
static int prepare(struct shelf *shelf, int32_t id, int i, const struct shelf_item *item)
{
    int32_t below = shelf->nodes[id].below[i];
    int32_t right;

    if (shelf->nodes[below].n < WIDTH)
        return i;
    right = split(shelf, below);
    open_gap(&shelf->nodes[id], i + 1);
    shelf->nodes[id].below[i + 1] = right;
    refresh(shelf, id, i);
    refresh(shelf, id, i + 1);
    return branch_of(&shelf->nodes[id], item->key, item->item);
}

static void add_to(struct shelf *shelf, int32_t id, const struct shelf_item *item)
{
    struct shelf_node *node = &shelf->nodes[id];
    int i;

    if (node->is_leaf) {
        i = rank(node, item->key, item->item);
        open_gap(node, i);
        node->keys[i] = item->key;
        node->items[i] = item->item;
        node->cpus[i] = item->cpu;
        node->memories_mib[i] = item->memory_mib;
        return;
    }
    i = prepare(shelf, id, branch_of(node, item->key, item->item), item);
    add_to(shelf, shelf->nodes[id].below[i], item);
    refresh(shelf, id, i);
}

void shelf_add(struct shelf *shelf, const struct shelf_item *item)
{
    if (shelf->root == ID_NONE)
        shelf->root = take_node(shelf, true);
    if (shelf->nodes[shelf->root].n == WIDTH) {
        int32_t root = take_node(shelf, false);

        shelf->nodes[root].n = 1;
        shelf->nodes[root].below[0] = shelf->root;
        refresh(shelf, root, 0);
        shelf->root = root;
        prepare(shelf, root, 0, item);
    }
    add_to(shelf, shelf->root, item);
    shelf->n_items++;
}

/* Joins entry `i` with its right neighbour where one of them is sparse and both fit into one. */
static void join(struct shelf *shelf, int32_t id, int i)
{
    struct shelf_node *node = &shelf->nodes[id];
    struct shelf_node *left, *right;

    if (i < 0 || i + 1 >= node->n)
        return;
    left = &shelf->nodes[node->below[i]];
    right = &shelf->nodes[node->below[i + 1]];
    if ((left->n >= SPARSE && right->n >= SPARSE) || left->n + right->n > WIDTH * 3 / 4)
        return;
    copy_entries(left, left->n, right, 0, right->n);
    left->n += right->n;
    give_node(shelf, node->below[i + 1]);
    close_gap(node, i + 1);
    refresh(shelf, id, i);
}

static void remove_from(struct shelf *shelf, int32_t id, uint64_t key, int32_t item)
{
    struct shelf_node *node = &shelf->nodes[id];
    int i;

    if (node->is_leaf) {
        i = rank(node, key, item);
        assert(i < node->n && node->keys[i] == key && node->items[i] == item);
        close_gap(node, i);
        return;
    }
    i = branch_of(node, key, item);
    remove_from(shelf, node->below[i], key, item);
    if (shelf->nodes[node->below[i]].n == 0) {
        give_node(shelf, node->below[i]);
        close_gap(node, i);
        return;
    }
    refresh(shelf, id, i);
    if (shelf->nodes[node->below[i]].n < SPARSE) {
        join(shelf, id, i);
        join(shelf, id, i - 1);
    }
}

void shelf_remove(struct shelf *shelf, uint64_t key, int32_t item)
{
    remove_from(shelf, shelf->root, key, item);
    shelf->n_items--;
    while (shelf->root != ID_NONE) {
        struct shelf_node *root = &shelf->nodes[shelf->root];
        int32_t old = shelf->root;

        if (root->n == 0)
            shelf->root = ID_NONE;
        else if (!root->is_leaf && root->n == 1)
            shelf->root = root->below[0];
        else
            return;
        give_node(shelf, old);
    }
}

static void update_in(struct shelf *shelf, int32_t id, const struct shelf_item *item)
{
    struct shelf_node *node = &shelf->nodes[id];
    int i = branch_of(node, item->key, item->item);

    if (node->is_leaf) {
        assert(node->keys[i] == item->key && node->items[i] == item->item);
        node->cpus[i] = item->cpu;
        node->memories_mib[i] = item->memory_mib;
        return;
    }
    update_in(shelf, node->below[i], item);
    refresh(shelf, id, i);
}

void shelf_update(struct shelf *shelf, const struct shelf_item *item)
{
    update_in(shelf, shelf->root, item);
}

static bool first_below(const struct shelf *shelf, int32_t id, const struct shelf_item *after,
                        int32_t cpu, int32_t memory_mib, struct shelf_item *found)
{
    const struct shelf_node *node = &shelf->nodes[id];
    int i = 0;

    if (after) {
        i = branch_of(node, after->key, after->item);
        if (node->is_leaf)
            i = rank(node, after->key, after->item + 1);
    }
    for (; i < node->n; i++, after = NULL) {
        if (node->cpus[i] < cpu || node->memories_mib[i] < memory_mib)
            continue;
        if (node->is_leaf) {
            *found = (struct shelf_item){node->keys[i], node->items[i], node->cpus[i],
                                         node->memories_mib[i]};
            return true;
        }
        if (first_below(shelf, node->below[i], after, cpu, memory_mib, found))
            return true;
    }
    return false;
}

bool shelf_first(const struct shelf *shelf, const struct shelf_item *after, int32_t cpu,
                 int32_t memory_mib, struct shelf_item *found)
{
    return shelf->root != ID_NONE && first_below(shelf, shelf->root, after, cpu, memory_mib, found);
}
