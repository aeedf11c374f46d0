/*
 * Items at the same spot share a bin: few amounts are in use in a cluster, so most moves only go from
 * bin to bin. A bin is a heap of its items, lowest first, from which whoever left is cleared away late.
 * A bin that runs empty stays where it is, until too many do.
 */
#include "core/array.h"
#include "core/shelf_parts.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_MIN 1024 /* so many empty bins are never too many */
#define EMPTY_FACTOR 3 /* times the others */
#define STALE_MIN 8    /* so many entries of a heap that count no more are never too many */

void shelf_init(struct shelf *shelf, enum shelf_order order)
{
    *shelf = (struct shelf){.order = order};
    if (order != SHELF_BY_KEY)
        shelf->grid = shelf_grid_create();
}

void shelf_finish(struct shelf *shelf)
{
    for (int i = 0; i < shelf->n_bins; i++)
        free(shelf->bins[i].entries);
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
        if (shelf->bins[i].n_items > 0)
            shelf->bins[kept++] = shelf->bins[i];
        else
            free(shelf->bins[i].entries);
    }
    shelf->n_bins = kept;
    shelf->n_empty = 0;
    for (int i = 0; i < shelf->n_seats; i++)
        if (shelf->seats[i].bin != ID_NONE)
            shelf->seats[i].bin = moved_to[shelf->seats[i].bin];
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

    if (shelf->n_slots && shelf->slots[slot] != ID_NONE)
        return shelf->slots[slot];
    if (shelf->n_empty > EMPTY_MIN + EMPTY_FACTOR * (shelf->n_bins - shelf->n_empty))
        sweep(shelf);
    while (shelf->n_boards <= spot->board)
        (void)ARRAY_ADD(shelf, boards);
    ARRAY_ADD(shelf, bins)->spot = *spot;
    shelf->n_empty++;
    shelf_block_insert(shelf, shelf->n_bins - 1);
    if (shelf->n_bins * 2 > shelf->n_slots)
        fill_slots(shelf, shelf->n_slots ? shelf->n_slots * 2 : 64);
    else
        shelf->slots[find_slot(shelf, spot)] = shelf->n_bins - 1;
    return shelf->n_bins - 1;
}

static void sink(struct shelf_bin *bin, int at)
{
    uint64_t entry = bin->entries[at];

    for (int child; (child = 2 * at + 1) < bin->n_entries; at = child) {
        child += child + 1 < bin->n_entries && bin->entries[child + 1] < bin->entries[child];
        if (bin->entries[child] >= entry)
            break;
        bin->entries[at] = bin->entries[child];
    }
    bin->entries[at] = entry;
}

/* Clears away all entries that count no more. */
static void clear_heap(const struct shelf *shelf, struct shelf_bin *bin)
{
    int kept = 0;

    for (int i = 0; i < bin->n_entries; i++)
        if (!shelf_is_stale(shelf, bin->entries[i]))
            bin->entries[kept++] = bin->entries[i];
    bin->n_entries = kept;
    for (int i = kept / 2 - 1; i >= 0; i--)
        sink(bin, i);
}

static void push(const struct shelf *shelf, struct shelf_bin *bin, uint64_t entry)
{
    int at;

    if (bin->n_entries > 2 * bin->n_items + STALE_MIN)
        clear_heap(shelf, bin);
    if (bin->n_entries == bin->cap_entries)
        bin->entries = array_grow(bin->entries, bin->n_entries, &bin->cap_entries, sizeof entry);
    for (at = bin->n_entries++; at > 0 && bin->entries[(at - 1) / 2] > entry; at = (at - 1) / 2)
        bin->entries[at] = bin->entries[(at - 1) / 2];
    bin->entries[at] = entry;
}

/* Clears the top of the heap, so that the lowest item that is there stands first. */
static void clear_top(const struct shelf *shelf, struct shelf_bin *bin)
{
    while (bin->n_entries > 0 && shelf_is_stale(shelf, bin->entries[0])) {
        bin->entries[0] = bin->entries[--bin->n_entries];
        sink(bin, 0);
    }
}

static void enter(struct shelf *shelf, int32_t item, int32_t id)
{
    struct shelf_bin *bin = &shelf->bins[id];
    uint64_t entry = (uint64_t)item << 32 | shelf->seats[item].turn;

    shelf->seats[item].bin = id;
    push(shelf, bin, entry);
    shelf->n_empty -= bin->n_items == 0;
    bin->n_items++;
    if (bin->entries[0] == entry)
        shelf_block_show(shelf, bin);
}

static void leave(struct shelf *shelf, int32_t item)
{
    int32_t id = shelf->seats[item].bin;
    struct shelf_bin *bin = &shelf->bins[id];
    bool was_lowest = (int32_t)(bin->entries[0] >> 32) == item;

    shelf->seats[item].bin = ID_NONE;
    shelf->seats[item].turn++;
    bin->n_items--;
    shelf->n_empty += bin->n_items == 0;
    if (bin->n_items == 0)
        bin->n_entries = 0;
    else if (was_lowest)
        clear_top(shelf, bin);
    if (was_lowest)
        shelf_block_show(shelf, bin);
}

/* Items ------------------------------------------------------------------------------------------ */

/* Puts all that stand on the grid on a larger one that has that spot too, or into bins where none may be
 * so large. */
static void leave_grid(struct shelf *shelf, const struct shelf_spot *spot)
{
    struct shelf_grid *larger = shelf_grid_larger(shelf->grid, spot, shelf->order);
    struct shelf former = *shelf;
    struct shelf_spot old;

    shelf->grid = larger;
    shelf->seats = NULL;
    shelf->n_seats = shelf->cap_seats = 0;
    for (int i = 0; i < former.n_seats; i++)
        if (shelf_spot_of(&former, i, &old))
            shelf_put(shelf, i, &old);
    shelf_grid_destroy(former.grid);
    free(former.seats);
}

void shelf_put(struct shelf *shelf, int32_t item, const struct shelf_spot *spot)
{
    while (shelf->grid) {
        if (shelf_grid_put(shelf, item, spot))
            return;
        leave_grid(shelf, spot);
    }
    while (shelf->n_seats <= item)
        ARRAY_ADD(shelf, seats)->bin = ID_NONE;
    if (shelf->seats[item].bin != ID_NONE) {
        if (same_spot(&shelf->bins[shelf->seats[item].bin].spot, spot))
            return;
        leave(shelf, item);
    }
    enter(shelf, item, find_bin(shelf, spot));
}

void shelf_take(struct shelf *shelf, int32_t item)
{
    if (item >= shelf->n_seats || shelf->seats[item].bin == ID_NONE)
        return;
    if (shelf->grid)
        shelf_grid_take(shelf, item);
    else
        leave(shelf, item);
}

bool shelf_spot_of(const struct shelf *shelf, int32_t item, struct shelf_spot *spot)
{
    if (item >= shelf->n_seats || shelf->seats[item].bin == ID_NONE)
        return false;
    *spot = shelf->grid ? shelf_grid_spot(shelf, item) : shelf->bins[shelf->seats[item].bin].spot;
    return true;
}
