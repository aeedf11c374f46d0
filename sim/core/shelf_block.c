/*
 * A board's bins stand in order in blocks of 64, of which one word says which have items. Blocks are
 * split when they are full and never joined: shelf.c builds them anew once too many bins are empty.
 */
#include "core/array.h"
#include "core/shelf_parts.h"

#include <string.h>

/* Whether a bin stands before another one of its board. What is free orders bins of equal keys, so that
 * those with little stand together. */
static bool before(const struct shelf_spot *a, const struct shelf_spot *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    if (a->memory_mib != b->memory_mib)
        return a->memory_mib < b->memory_mib;
    return a->cpu < b->cpu;
}

static int32_t add_block(struct shelf *shelf)
{
    ARRAY_ADD(shelf, blocks)->lowest_item = SHELF_NOBODY;
    ARRAY_ADD(shelf, heads)->born = ++shelf->n_births;
    return shelf->n_blocks - 1;
}

/* Tells the bins from `at` on where they stand now. */
static void tell_bins(struct shelf *shelf, int32_t id, int at)
{
    const struct shelf_block *block = &shelf->blocks[id];

    for (int i = at; i < shelf->heads[id].n; i++) {
        shelf->bins[block->bins[i]].block = id;
        shelf->bins[block->bins[i]].at = i;
    }
}

static void copy_entries(struct shelf_block *to, int at, const struct shelf_block *from, int first,
                         int n)
{
    memmove(&to->bins[at], &from->bins[first], (size_t)n * sizeof to->bins[0]);
    memmove(&to->lowest[at], &from->lowest[first], (size_t)n * sizeof to->lowest[0]);
    memmove(&to->keys[at], &from->keys[first], (size_t)n * sizeof to->keys[0]);
}

static void put_block(struct shelf_board *board, int position, int32_t id)
{
    (void)ARRAY_ADD(board, blocks);
    memmove(&board->blocks[position + 1], &board->blocks[position],
            (size_t)(board->n_blocks - 1 - position) * sizeof board->blocks[0]);
    board->blocks[position] = id;
}

/* Takes the first `n` entries for those that the block begins with. */
static void begin_block(struct shelf *shelf, int32_t id, int n)
{
    shelf->heads[id].born = ++shelf->n_births;
    shelf->heads[id].n = n;
    for (int i = 0; i < n; i++)
        shelf->blocks[id].inserted_at[i] = (uint8_t)i;
    tell_bins(shelf, id, 0);
}

/* Moves the upper half of a full block into a new one behind it. */
static void split(struct shelf *shelf, struct shelf_board *board, int position)
{
    int32_t left = board->blocks[position], right = add_block(shelf);

    copy_entries(&shelf->blocks[right], 0, &shelf->blocks[left], SHELF_WIDTH / 2, SHELF_WIDTH / 2);
    shelf->blocks[right].lowest_item = shelf->blocks[left].lowest_item;
    shelf->heads[right].live = shelf->heads[left].live >> SHELF_WIDTH / 2;
    shelf->heads[left].live &= (UINT64_C(1) << SHELF_WIDTH / 2) - 1;
    begin_block(shelf, left, SHELF_WIDTH / 2);
    begin_block(shelf, right, SHELF_WIDTH / 2);
    put_block(board, position + 1, right);
}

/* How many of the board's blocks have a first bin that does not stand behind the spot. */
static int rank_block(const struct shelf *shelf, const struct shelf_board *board,
                      const struct shelf_spot *spot)
{
    int low = 0, high = board->n_blocks;

    while (low < high) {
        int middle = (low + high) / 2;
        const struct shelf_block *block = &shelf->blocks[board->blocks[middle]];

        if (before(spot, &shelf->bins[block->bins[0]].spot))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The block of the board, with room, where a bin at the spot belongs. */
static int32_t find_block(struct shelf *shelf, const struct shelf_spot *spot)
{
    struct shelf_board *board = &shelf->boards[spot->board];
    int position;

    if (board->n_blocks == 0)
        put_block(board, 0, add_block(shelf));
    position = rank_block(shelf, board, spot);
    position -= position > 0;
    if (shelf->heads[board->blocks[position]].n == SHELF_WIDTH) {
        split(shelf, board, position);
        position = rank_block(shelf, board, spot);
        position -= position > 0;
    }
    return board->blocks[position];
}

void shelf_block_insert(struct shelf *shelf, int32_t bin)
{
    const struct shelf_spot *spot = &shelf->bins[bin].spot;
    int32_t id = find_block(shelf, spot);
    struct shelf_block *block = &shelf->blocks[id];
    struct shelf_head *head = &shelf->heads[id];
    int at = 0;

    while (at < head->n && before(&shelf->bins[block->bins[at]].spot, spot))
        at++;
    copy_entries(block, at + 1, block, at, head->n - at);
    block->bins[at] = bin;
    block->lowest[at] = SHELF_NOBODY;
    block->keys[at] = spot->key;
    block->inserted_at[head->n++] = (uint8_t)at;
    head->live = shelf_make_room(head->live, at);
    tell_bins(shelf, id, at);
    shelf->boards[spot->board].n_bins++;
}

void shelf_block_show(struct shelf *shelf, const struct shelf_bin *bin)
{
    struct shelf_block *block = &shelf->blocks[bin->block];
    uint64_t *live = &shelf->heads[bin->block].live;
    int32_t lowest = bin->lowest;

    *live = (*live & ~(UINT64_C(1) << bin->at)) | (uint64_t)(bin->heap.n_items > 0) << bin->at;
    if (block->lowest[bin->at] == block->lowest_item)
        block->is_exact = false;
    block->lowest[bin->at] = lowest;
    if (lowest <= block->lowest_item) {
        block->lowest_item = lowest;
        block->is_exact = true;
    }
}
