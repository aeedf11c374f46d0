/*
 * Pairing heaps whose links stand in the nodes themselves: no memory of their own, removal from the
 * middle, equal keys by number of the node (M. L. Fredman et al., "The pairing heap", Algorithmica 1,
 * 1986; logarithmic amortized).
 */
#include "model/share_node.h"

static bool before(const struct share_node *nodes, int32_t a, int32_t b, int slot)
{
    if (nodes[a].slots[slot].key != nodes[b].slots[slot].key)
        return nodes[a].slots[slot].key < nodes[b].slots[slot].key;
    return a < b;
}

/* The heap of two, either of which may be empty. */
static int32_t meld(struct share_node *nodes, int32_t a, int32_t b, int slot)
{
    struct share_slot *parent, *child;
    int32_t first;

    if (a == ID_NONE || b == ID_NONE)
        return a == ID_NONE ? b : a;
    if (before(nodes, b, a, slot)) {
        int32_t other = a;

        a = b;
        b = other;
    }
    parent = &nodes[a].slots[slot];
    child = &nodes[b].slots[slot];
    first = parent->child;
    child->next = first;
    child->prev = a;
    if (first != ID_NONE)
        nodes[first].slots[slot].prev = b;
    parent->child = b;
    return a;
}

/* One heap of a list of siblings: in pairs from the front, then together from the back. */
static int32_t meld_all(struct share_node *nodes, int32_t first, int slot)
{
    int32_t pairs = ID_NONE, whole = ID_NONE;

    while (first != ID_NONE) {
        int32_t a = first, b = nodes[a].slots[slot].next, pair;

        first = b == ID_NONE ? ID_NONE : nodes[b].slots[slot].next;
        nodes[a].slots[slot].next = ID_NONE;
        if (b != ID_NONE)
            nodes[b].slots[slot].next = ID_NONE;
        pair = meld(nodes, a, b, slot);
        nodes[pair].slots[slot].next = pairs;
        pairs = pair;
    }
    while (pairs != ID_NONE) {
        int32_t next = nodes[pairs].slots[slot].next;

        nodes[pairs].slots[slot].next = ID_NONE;
        whole = meld(nodes, whole, pairs, slot);
        pairs = next;
    }
    if (whole != ID_NONE)
        nodes[whole].slots[slot].prev = ID_NONE;
    return whole;
}

void share_heap_put(struct share *share, int32_t group, enum share_heap heap, int32_t node,
                    share_wide key)
{
    int slot = SLOT_OF(heap);

    share->nodes[node].slots[slot] = (struct share_slot){key, ID_NONE, ID_NONE, ID_NONE};
    share->nodes[node].heaps[slot] = (int8_t)heap;
    share->nodes[group].tops[heap] = meld(share->nodes, share->nodes[group].tops[heap], node, slot);
}

void share_heap_take(struct share *share, int32_t group, int32_t node, int slot)
{
    struct share_node *nodes = share->nodes;
    struct share_slot *links = &nodes[node].slots[slot];
    int32_t *top;
    int32_t rest;

    if (nodes[node].heaps[slot] == ID_NONE)
        return;
    top = &nodes[group].tops[nodes[node].heaps[slot]];
    rest = meld_all(nodes, links->child, slot);
    nodes[node].heaps[slot] = ID_NONE;
    if (*top == node) {
        *top = rest;
        return;
    }
    if (nodes[links->prev].slots[slot].child == node)
        nodes[links->prev].slots[slot].child = links->next;
    else
        nodes[links->prev].slots[slot].next = links->next;
    if (links->next != ID_NONE)
        nodes[links->next].slots[slot].prev = links->prev;
    *top = meld(nodes, *top, rest, slot);
}
