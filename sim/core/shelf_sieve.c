/*
 * What is asked for is mostly the same few amounts: a sieve remembers for one of them which bins of each
 * block have enough, so that an answer looks at a word or two a block.
 */
#include "core/array.h"
#include "core/shelf_grid.h"
#include "core/shelf_parts.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>

#define SIEVE_WAYS 4 /* places in the table where a sieve may be */

/* The sieve for the amounts: one that is there, or else the one of its places not asked for longest. */
static struct shelf_sieve *find_sieve(struct shelf *shelf, int32_t cpu, int32_t memory_mib)
{
    uint64_t hash = ((uint64_t)(uint32_t)cpu << 32 | (uint32_t)memory_mib) * SHELF_ODD;
    struct shelf_sieve *found = NULL;

    if (!shelf->sieves) {
        shelf->sieves = calloc(SHELF_SIEVES, sizeof *shelf->sieves);
        assert(shelf->sieves != NULL);
    }
    shelf->n_asked++;
    for (int i = 0; i < SIEVE_WAYS; i++) {
        struct shelf_sieve *sieve = &shelf->sieves[((hash >> 48) + (uint64_t)i) % SHELF_SIEVES];

        if (sieve->cpu == cpu && sieve->memory_mib == memory_mib) {
            sieve->asked_at = shelf->n_asked;
            return sieve;
        }
        if (!found || sieve->asked_at < found->asked_at)
            found = sieve;
    }
    found->cpu = cpu;
    found->memory_mib = memory_mib;
    found->asked_at = shelf->n_asked;
    found->n_meshes = found->n_bins = 0;
    return found;
}

/* Looks at the entries of a block that have come since. */
static void refine(const struct shelf *shelf, const struct shelf_sieve *sieve, int32_t id,
                   struct shelf_mesh *mesh)
{
    const struct shelf_block *block = &shelf->blocks[id];
    const struct shelf_head *head = &shelf->heads[id];
    uint64_t fresh = 0;

    if (mesh->born != head->born)
        *mesh = (struct shelf_mesh){.born = head->born};
    for (; mesh->n < head->n; mesh->n++) {
        int at = block->inserted_at[mesh->n];

        mesh->enough = shelf_make_room(mesh->enough, at);
        fresh = shelf_make_room(fresh, at) | UINT64_C(1) << at;
    }
    for (; fresh; fresh &= fresh - 1) {
        int i = __builtin_ctzll(fresh);
        const struct shelf_spot *spot = &shelf->bins[block->bins[i]].spot;

        mesh->enough |= (uint64_t)(spot->cpu >= sieve->cpu && spot->memory_mib >= sieve->memory_mib)
                        << i;
    }
}

/* The sieve, with a mesh for each block, to go through that board. */
static struct shelf_sieve *ready_sieve(struct shelf *shelf, int32_t board, int32_t cpu,
                                       int32_t memory_mib)
{
    struct shelf_sieve *sieve = find_sieve(shelf, cpu, memory_mib);

    while (sieve->n_meshes < shelf->n_blocks)
        (void)ARRAY_ADD(sieve, meshes);
    if (sieve->board != board || sieve->n_bins != shelf->boards[board].n_bins) {
        sieve->board = board;
        sieve->n_bins = shelf->boards[board].n_bins;
        sieve->n_skipped = 0;
    }
    return sieve;
}

/* The entries of the block that have enough and an item. */
static inline uint64_t sift(const struct shelf *shelf, struct shelf_sieve *sieve, int32_t id)
{
    const struct shelf_head *head = &shelf->heads[id];
    struct shelf_mesh *mesh = &sieve->meshes[id];

    if (mesh->born != head->born || mesh->n != head->n)
        refine(shelf, sieve, id, mesh);
    return mesh->enough & head->live;
}

/* The lowest item of those entries of a block. */
static inline int32_t lowest_of(const struct shelf_block *block, uint64_t entries)
{
    int32_t lowest = SHELF_NOBODY;

    for (; entries; entries &= entries - 1) {
        int32_t item = block->lowest[__builtin_ctzll(entries)];

        lowest = item < lowest ? item : lowest;
    }
    return lowest;
}

/* Adds to the answer what the entries of a block say. False when no further one can matter. */
static inline bool consider(const struct shelf *shelf, int32_t id, uint64_t entries,
                            struct shelf_answer *answer)
{
    const struct shelf_block *block = &shelf->blocks[id];
    int i = __builtin_ctzll(entries);

    if (answer->n == 0) {
        uint64_t key = block->keys[i];

        *answer = (struct shelf_answer){shelf->bins[block->bins[i]].heap.n_items > 1 ? 2 : 1,
                                        block->lowest[i], key, key};
        entries &= entries - 1;
    }
    for (; entries; entries &= entries - 1) {
        i = __builtin_ctzll(entries);
        if (block->keys[i] != answer->key) {
            if (answer->n == 1)
                answer->next_key = block->keys[i];
            answer->n = 2;
            return false;
        }
        answer->n = 2;
        answer->item = block->lowest[i] < answer->item ? block->lowest[i] : answer->item;
    }
    return true;
}

/* As consider(), when two are known already and all entries have their key. */
static inline void consider_lower(struct shelf *shelf, int32_t id, uint64_t entries,
                                  struct shelf_answer *answer)
{
    struct shelf_block *block = &shelf->blocks[id];
    int32_t lowest;

    if (!block->is_exact) {
        block->lowest_item = lowest_of(block, shelf->heads[id].live);
        block->is_exact = true;
    }
    if (block->lowest_item > answer->item)
        return;
    lowest = lowest_of(block, entries);
    answer->item = lowest < answer->item ? lowest : answer->item;
}

struct shelf_answer shelf_sieve_first(struct shelf *shelf, int32_t board_id, int32_t cpu,
                                      int32_t memory_mib, bool any)
{
    struct shelf_answer answer = {0};
    const struct shelf_board *board;
    struct shelf_sieve *sieve;

    if (board_id >= shelf->n_boards)
        return answer;
    board = &shelf->boards[board_id];
    sieve = ready_sieve(shelf, board_id, cpu, memory_mib);
    for (int i = sieve->n_skipped; i < board->n_blocks; i++) {
        int32_t id = board->blocks[i];
        uint64_t entries = sift(shelf, sieve, id);

        if (!entries) {
            if (i == sieve->n_skipped && sieve->meshes[id].enough == 0)
                sieve->n_skipped++;
        } else if (answer.n == 2 && shelf->blocks[id].keys[shelf->heads[id].n - 1] == answer.key) {
            consider_lower(shelf, id, entries, &answer);
        } else if (!consider(shelf, id, entries, &answer)) {
            break;
        }
        if (any && answer.n == 2)
            break;
    }
    return answer;
}

void shelf_walk(struct shelf *shelf, int32_t board_id, int32_t cpu, int32_t memory_mib,
                bool (*visit)(void *context, int32_t item), void *context)
{
    struct shelf_sieve *sieve;

    if (shelf->grid) {
        const struct shelf_range range = shelf_find_range(shelf, board_id, cpu, memory_mib);

        if (shelf->grid) {
            shelf_grid_walk(shelf, range, visit, context);
            return;
        }
    }
    if (board_id >= shelf->n_boards)
        return;
    sieve = ready_sieve(shelf, board_id, cpu, memory_mib);
    for (int b = 0; b < shelf->boards[board_id].n_blocks; b++) {
        int32_t id = shelf->boards[board_id].blocks[b];

        for (uint64_t entries = sift(shelf, sieve, id); entries; entries &= entries - 1) {
            int32_t bin = shelf->blocks[id].bins[__builtin_ctzll(entries)];
            struct shelf_heap *heap = &shelf->bins[bin].heap;

            shelf_heap_clear(heap, shelf->seats, bin);
            for (int i = 0; i < heap->n; i++)
                if (!visit(context, shelf_heap_entries(heap)[i]))
                    return;
        }
    }
}
