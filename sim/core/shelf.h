/*
 * An ordered set of instances that can be asked for the first one with enough CPU and memory: a B+
 * tree whose branches know the most of either that hangs below them. Adding, removing and asking cost
 * the logarithm of the set. Knows nothing of what the order means.
 */
#ifndef BERTH_CORE_SHELF_H
#define BERTH_CORE_SHELF_H

#include <stdbool.h>
#include <stdint.h>

/* Items stand in order of (key, item). */
struct shelf_item {
    uint64_t key;
    int32_t item;
    int32_t cpu, memory_mib; /* free */
};

struct shelf {
    struct shelf_node *nodes;
    int n_nodes, cap_nodes;
    int32_t free_node; /* head of the list of unused nodes, ID_NONE */
    int32_t root;      /* ID_NONE: empty */
    int32_t n_items;
};

void shelf_init(struct shelf *shelf);
void shelf_finish(struct shelf *shelf);

/* (key, item) is not there yet. */
void shelf_add(struct shelf *shelf, const struct shelf_item *item);

/* (key, item) is there. */
void shelf_remove(struct shelf *shelf, uint64_t key, int32_t item);

/* New amounts for (key, item), which is there. */
void shelf_update(struct shelf *shelf, const struct shelf_item *item);

/* The first item behind `after` (from the start where that is NULL) with at least that much of both.
 * False where there is none. */
bool shelf_first(const struct shelf *shelf, const struct shelf_item *after, int32_t cpu,
                 int32_t memory_mib, struct shelf_item *found);

#endif
