/*
 * Items at the same spot share a bin: few amounts are in use in a cluster, so most moves only go from
 * bin to bin. A bin that runs empty stays where it is, until too many do.
 */
#include "core/array.h"
#include "core/shelf_grid.h"
#include "core/shelf_parts.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_MIN 1024 /* so many empty bins are never too many */
#define EMPTY_FACTOR 3 /* times the others */

void shelf_init(struct shelf *shelf, enum shelf_order order, uint64_t per_unit)
{
    *shelf = (struct shelf){.order = order, .per_unit = per_unit};
    if (order != SHELF_BY_KEY)
        shelf->grid = shelf_grid_create();
}

void shelf_finish(struct shelf *shelf)
{
    for (int i = 0; i < shelf->n_bins; i++)
        shelf_heap_finish(&shelf->bins[i].heap);
    free(shelf->seats);
    free(shelf->bins);
    free(shelf->slots);
    free(shelf->blocks);
    free(shelf->heads);
    for (int i = 0; i < shelf->n_boards; i++)
        free(shelf->boards[i].blocks);
    free(shelf->boards);
    for (int i = 0; shelf->sieves && i < SHELF_SIEVES; i++)
        free(shelf->sieves[i].meshes);
    free(shelf->sieves);
    shelf_grid_destroy(shelf->grid);
    *shelf = (struct shelf){0};
}

/* Bins by spot ----------------------------------------------------------------------------------- */

static bool same_spot(const struct shelf_spot *a, const struct shelf_spot *b)
{
    return a->key == b->key && a->board == b->board && a->cpu == b->cpu &&
           a->memory_mib == b->memory_mib;
}

/* The slot of the spot's bin, or the empty one where it belongs. */
static inline int find_slot(const struct shelf *shelf, const struct shelf_spot *spot)
{
    uint64_t amounts = (uint64_t)(uint32_t)spot->cpu << 32 | (uint32_t)spot->memory_mib;
    uint64_t hash = (spot->key * SHELF_ODD ^ amounts) * SHELF_ODD ^ (uint64_t)spot->board;
    int mask = shelf->n_slots - 1;
    int slot = (int)((hash ^ hash >> 32) * SHELF_ODD >> 32) & mask;

    while (shelf->slots[slot] != ID_NONE && !same_spot(&shelf->bins[shelf->slots[slot]].spot, spot))
        slot = (slot + 1) & mask;
    return slot;
}

static void fill_slots(struct shelf *shelf, int n_slots)
{
    shelf->n_slots = n_slots;
    shelf->slots = realloc(shelf->slots, (size_t)n_slots * sizeof *shelf->slots);
    assert(shelf->slots != NULL);
    for (int i = 0; i < n_slots; i++)
        shelf->slots[i] = ID_NONE;
    for (int i = 0; i < shelf->n_bins; i++)
        shelf->slots[find_slot(shelf, &shelf->bins[i].spot)] = i;
}

/* Bins ------------------------------------------------------------------------------------------- */

/* Gives up the empty bins: puts the others into blocks anew. */
static void sweep(struct shelf *shelf)
{
    int32_t *moved_to = malloc((size_t)shelf->n_bins * sizeof *moved_to);
    int kept = 0;

    assert(moved_to != NULL);
    for (int i = 0; i < shelf->n_bins; i++) {
        moved_to[i] = kept;
        if (shelf->bins[i].heap.n_items > 0)
            shelf->bins[kept++] = shelf->bins[i];
        else
            shelf_heap_finish(&shelf->bins[i].heap);
    }
    shelf->n_bins = kept;
    shelf->n_empty = 0;
    for (int i = 0; i < shelf->n_seats; i++)
        if (shelf->seats[i] != ID_NONE)
            shelf->seats[i] = moved_to[shelf->seats[i]];
    free(moved_to);
    fill_slots(shelf, shelf->n_slots);
    shelf->n_blocks = shelf->n_heads = 0;
    for (int i = 0; i < shelf->n_boards; i++)
        shelf->boards[i].n_blocks = shelf->boards[i].n_bins = 0;
    for (int i = 0; shelf->sieves && i < SHELF_SIEVES; i++)
        shelf->sieves[i].n_bins = 0;
    for (int i = 0; i < kept; i++) {
        shelf_block_insert(shelf, i);
        shelf_block_show(shelf, &shelf->bins[i]);
    }
}

/* The bin of a spot, new if there was none. */
static int32_t find_bin(struct shelf *shelf, const struct shelf_spot *spot)
{
    int slot = shelf->n_slots ? find_slot(shelf, spot) : 0;
    struct shelf_bin *bin;

    if (shelf->n_slots && shelf->slots[slot] != ID_NONE)
        return shelf->slots[slot];
    if (shelf->n_empty > EMPTY_MIN + EMPTY_FACTOR * (shelf->n_bins - shelf->n_empty))
        sweep(shelf);
    while (shelf->n_boards <= spot->board)
        (void)ARRAY_ADD(shelf, boards);
    bin = ARRAY_ADD(shelf, bins);
    bin->spot = *spot;
    bin->lowest = SHELF_NOBODY;
    shelf->n_empty++;
    shelf_block_insert(shelf, shelf->n_bins - 1);
    if (shelf->n_bins * 2 > shelf->n_slots)
        fill_slots(shelf, shelf->n_slots ? shelf->n_slots * 2 : 64);
    else
        shelf->slots[find_slot(shelf, spot)] = shelf->n_bins - 1;
    return shelf->n_bins - 1;
}

static void enter(struct shelf *shelf, int32_t item, int32_t id)
{
    struct shelf_bin *bin = &shelf->bins[id];

    shelf->n_empty -= bin->heap.n_items == 0;
    shelf->seats[item] = id;
    shelf_heap_add(&bin->heap, shelf->seats, id, item, &bin->lowest);
    if (bin->lowest == item)
        shelf_block_show(shelf, bin);
}

static void leave(struct shelf *shelf, int32_t item)
{
    int32_t id = shelf->seats[item];
    struct shelf_bin *bin = &shelf->bins[id];
    bool was_lowest = bin->lowest == item;

    shelf->seats[item] = ID_NONE;
    shelf->n_empty += !shelf_heap_remove(&bin->heap, item, &bin->lowest);
    if (bin->lowest == SHELF_UNSURE)
        bin->lowest = shelf_heap_lowest(&bin->heap, shelf->seats, id);
    if (was_lowest)
        shelf_block_show(shelf, bin);
}

/* Items ------------------------------------------------------------------------------------------ */

void shelf_leave_grid(struct shelf *shelf, struct shelf_grid *other)
{
    struct shelf former = *shelf;
    struct shelf_spot old;

    shelf->grid = other;
    shelf->seats = NULL;
    shelf->n_seats = shelf->cap_seats = 0;
    for (int i = 0; i < former.n_seats; i++)
        if (shelf_spot_of(&former, i, &old))
            shelf_put(shelf, i, &old);
    shelf_grid_destroy(former.grid);
    free(former.seats);
}

/* Whether the grid has room for the item at the spot. */
static bool has_place(const struct shelf *shelf, int32_t item, const struct shelf_spot *spot)
{
    return item < shelf->grid->n_items &&
           shelf_seat_of(shelf, spot->board, spot->cpu, spot->memory_mib) != ID_NONE;
}

void shelf_put_otherwise(struct shelf *shelf, int32_t item, const struct shelf_spot *spot)
{
    struct shelf_spot in_bin = *spot;

    assert((spot->cpu | spot->memory_mib) >= 0);
    if (shelf->grid && !has_place(shelf, item, spot))
        shelf_leave_grid(shelf, shelf_grid_larger(shelf, item, spot));
    while (shelf->n_seats <= item)
        *ARRAY_ADD(shelf, seats) = ID_NONE;
    if (shelf->grid) {
        shelf_put(shelf, item, spot);
        return;
    }
    if (shelf->order != SHELF_BY_KEY)
        in_bin.key = shelf_key(shelf, spot);
    if (shelf->seats[item] != ID_NONE) {
        if (same_spot(&shelf->bins[shelf->seats[item]].spot, &in_bin))
            return;
        leave(shelf, item);
    }
    enter(shelf, item, find_bin(shelf, &in_bin));
}

void shelf_take(struct shelf *shelf, int32_t item)
{
    if (item >= shelf->n_seats || shelf->seats[item] == ID_NONE)
        return;
    if (shelf->grid)
        shelf_grid_take(shelf, item);
    else
        leave(shelf, item);
}

bool shelf_spot_of(const struct shelf *shelf, int32_t item, struct shelf_spot *spot)
{
    if (item >= shelf->n_seats || shelf->seats[item] == ID_NONE)
        return false;
    *spot = shelf->grid ? shelf_grid_spot(shelf, item) : shelf->bins[shelf->seats[item]].spot;
    return true;
}
