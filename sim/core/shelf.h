/*
 * Instances in order of preference: on each board they stand by key, then by index, and the shelf finds
 * the first one with enough CPU and memory. Adding, moving, removing and asking cost little however many
 * there are, as long as they share few amounts; least where the key follows from the amounts. Knows
 * nothing of what the boards and the order mean.
 */
#ifndef BERTH_CORE_SHELF_H
#define BERTH_CORE_SHELF_H

#include <stdbool.h>
#include <stdint.h>

/* Where an item stands. Amounts are what is free there, never negative. */
struct shelf_spot {
    uint64_t key;
    int32_t board;
    int32_t cpu, memory_mib;
};

#define SHELF_SIEVES 256

/* What keys follow from: an amount, where they rise with it and with nothing else; or nothing at all: all are
 * equal. */
enum shelf_order { SHELF_BY_KEY, SHELF_BY_MEMORY, SHELF_BY_CPU, SHELF_BY_NONE };

struct shelf {
    enum shelf_order order;
    uint64_t per_unit;       /* what one more of the amount adds to the key, unless that is given */
    struct shelf_grid *grid; /* where all stand, as long as there is one */
    int32_t *seats;          /* by item: its bin, or its place on the grid; ID_NONE */
    int n_seats, cap_seats;
    struct shelf_bin *bins;
    int n_bins, cap_bins;
    int n_empty;    /* bins without an item */
    int32_t *slots; /* bins by spot: open addressing, a power of two, ID_NONE where empty */
    int n_slots;
    struct shelf_block *blocks;
    int n_blocks, cap_blocks;
    struct shelf_head *heads; /* by block */
    int n_heads, cap_heads;
    struct shelf_board *boards;
    int n_boards, cap_boards;
    struct shelf_sieve *sieves; /* SHELF_SIEVES of them, by amounts asked for */
    uint32_t n_asked, n_births;
};

/* Where the order follows from an amount, so do the keys, and none need be given: `per_unit` says what one more
 * of it adds. */
void shelf_init(struct shelf *shelf, enum shelf_order order, uint64_t per_unit);
void shelf_finish(struct shelf *shelf);

/* What shelf_put() of shelf_grid.h does where the grid has no place for it. */
void shelf_put_otherwise(struct shelf *shelf, int32_t item, const struct shelf_spot *spot);

/* Takes the item away, if it is there. */
void shelf_take(struct shelf *shelf, int32_t item);

/* Where the item stands; false where it does not. */
bool shelf_spot_of(const struct shelf *shelf, int32_t item, struct shelf_spot *spot);

/* The first item of a board with enough of both, and how the one behind it compares. */
struct shelf_answer {
    int n; /* 0: none has enough; 1; 2: more than one has */
    int32_t
        item; /* where `any` was asked for, or the order is by none: any of those with the least key */
    uint64_t key;
    uint64_t next_key; /* with 2: the key of the next one that has enough */
};
struct shelf_answer shelf_sieve_first(struct shelf *shelf, int32_t board, int32_t cpu,
                                      int32_t memory_mib, bool any);

/* Visits every item of a board with enough of both in order of keys, until `visit` says false. */
void shelf_walk(struct shelf *shelf, int32_t board, int32_t cpu, int32_t memory_mib,
                bool (*visit)(void *context, int32_t item), void *context);

#endif
