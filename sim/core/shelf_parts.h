/*
 * What a shelf is made of, for the files of the shelf alone: shelf.c puts items into bins, shelf_heap.c
 * knows the lowest of a bin's items, shelf_block.c a board's bins in order, and shelf_sieve.c answers
 * what is asked. Where keys follow from one amount and both are small multiples of a unit, shelf_grid.c does
 * all that sooner.
 */
#ifndef BERTH_CORE_SHELF_PARTS_H
#define BERTH_CORE_SHELF_PARTS_H

#include "core/shelf.h"
#include "core/shelf_heap.h"

#define SHELF_WIDTH 64 /* bins of a block */
/* Multiplies to a hash: 2^64 by the golden ratio. */
#define SHELF_ODD UINT64_C(0x9e3779b97f4a7c15)

struct shelf_bin {
    struct shelf_spot spot;
    int32_t block, at; /* where it stands */
    int32_t lowest;    /* item, or SHELF_NOBODY */
    struct shelf_heap heap;
};

struct shelf_block {
    int32_t lowest_item; /* no item is lower; perhaps none is that low: then it is not exact */
    bool is_exact;
    int32_t bins[SHELF_WIDTH];
    int32_t lowest[SHELF_WIDTH]; /* item of the bin, or SHELF_NOBODY */
    uint64_t keys[SHELF_WIDTH];
    uint8_t inserted_at[SHELF_WIDTH]; /* where each entry went in, one after another */
};

struct shelf_head {
    uint64_t live; /* by entry: the bin has items */
    uint32_t born; /* when its first entries were put in; no two blocks were at the same time */
    int32_t n;
};

struct shelf_board {
    int32_t *blocks; /* in order */
    int n_blocks, cap_blocks;
    int32_t n_bins;
};

/* What a sieve knows of a block: of its first `n` entries to come, if it is still the same block. */
struct shelf_mesh {
    uint64_t enough; /* by entry */
    uint32_t born;
    int32_t n;
};

struct shelf_sieve {
    int32_t cpu, memory_mib;
    uint32_t asked_at;
    struct shelf_mesh *meshes; /* by block */
    int n_meshes, cap_meshes;
    /* When this board was asked last and had so many bins, so many blocks at its start had nothing that
     * is enough. */
    int32_t board, n_bins, n_skipped;
};

struct shelf_grid *shelf_grid_create(void);
void shelf_grid_destroy(struct shelf_grid *grid);

/* A grid for all that stand on this one and that item at that spot; NULL where it would be too large. */
struct shelf_grid *shelf_grid_larger(const struct shelf *shelf, int32_t item,
                                     const struct shelf_spot *spot);

/* Puts all that stand on the grid on another one, where they have places, or into bins: NULL. */
void shelf_leave_grid(struct shelf *shelf, struct shelf_grid *other);

/* As in shelf.h. */
void shelf_grid_take(struct shelf *shelf, int32_t item);
struct shelf_spot shelf_grid_spot(const struct shelf *shelf, int32_t item);

/* Where it follows from an amount: the key. */
static inline uint64_t shelf_key(const struct shelf *shelf, const struct shelf_spot *spot)
{
    return (uint64_t)(shelf->order == SHELF_BY_CPU ? spot->cpu : spot->memory_mib) *
           shelf->per_unit;
}

/* Puts a bin, as yet empty, where it belongs among its board's. */
void shelf_block_insert(struct shelf *shelf, int32_t bin);

/* Brings the bin's entry in its block up to date. */
void shelf_block_show(struct shelf *shelf, const struct shelf_bin *bin);

/* Makes room for one more bit. */
static inline uint64_t shelf_make_room(uint64_t bits, int at)
{
    uint64_t below = bits & ((UINT64_C(1) << at) - 1);

    return below | (bits ^ below) << 1;
}

#endif
