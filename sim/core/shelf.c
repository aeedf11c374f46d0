/*
 * Items at the same spot share a bin: few amounts are in use in a cluster, so most moves only go from
 * bin to bin. A bin is a heap of its items, lowest first, from which whoever left is cleared away late.
 * A board's bins stand in order in blocks of 64, of which one word says which have items. What is asked
 * for is mostly the same few amounts: a sieve remembers for one of them which bins of each block have
 * enough. A bin that runs empty stays where it is, until too many do.
 */
#include "core/shelf.h"

#include "core/array.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 64       /* bins of a block */
#define EMPTY_MIN 1024 /* so many empty bins are never too many */
#define EMPTY_FACTOR 3 /* times the others */
#define STALE_MIN 8    /* so many entries of a heap that count no more are never too many */
#define SIEVE_WAYS 4   /* places in the table where a sieve may be */
#define ODD UINT64_C(0x9e3779b97f4a7c15) /* multiplies to a hash: 2^64 by the golden ratio */
#define NOBODY INT32_MAX                 /* the lowest item of an empty bin */

/* An item comes to its seats one after another; the turn tells this stay from former ones. */
struct shelf_seat {
    int32_t bin; /* ID_NONE */
    uint32_t turn;
};

struct shelf_bin {
    struct shelf_spot spot;
    int32_t n_items;
    int32_t block, at; /* where it stands */
    int n_entries, cap_entries;
    uint64_t *entries; /* a heap: item << 32 | turn */
};

struct shelf_block {
    int32_t lowest_item; /* no item is lower; perhaps none is that low: then it is not exact */
    bool is_exact;
    int32_t bins[WIDTH];
    int32_t lowest[WIDTH]; /* item of the bin, or NOBODY */
    uint64_t keys[WIDTH];
    uint8_t inserted_at[WIDTH]; /* where each entry went in, one after another */
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

void shelf_init(struct shelf *shelf)
{
    *shelf = (struct shelf){0};
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
    shelf_init(shelf);
}

/* Bins by spot ----------------------------------------------------------------------------------- */

static bool same_spot(const struct shelf_spot *a, const struct shelf_spot *b)
{
    return a->key == b->key && a->board == b->board && a->cpu == b->cpu &&
           a->memory_mib == b->memory_mib;
}

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

/* The slot of the spot's bin, or the empty one where it belongs. */
static inline int find_slot(const struct shelf *shelf, const struct shelf_spot *spot)
{
    uint64_t amounts = (uint64_t)(uint32_t)spot->cpu << 32 | (uint32_t)spot->memory_mib;
    uint64_t hash = (spot->key * ODD ^ amounts) * ODD ^ (uint64_t)spot->board;
    int mask = shelf->n_slots - 1;
    int slot = (int)((hash ^ hash >> 32) * ODD >> 32) & mask;

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

/* Blocks ----------------------------------------------------------------------------------------- */

static int32_t add_block(struct shelf *shelf)
{
    ARRAY_ADD(shelf, blocks)->lowest_item = NOBODY;
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

    copy_entries(&shelf->blocks[right], 0, &shelf->blocks[left], WIDTH / 2, WIDTH / 2);
    shelf->blocks[right].lowest_item = shelf->blocks[left].lowest_item;
    shelf->heads[right].live = shelf->heads[left].live >> WIDTH / 2;
    shelf->heads[left].live &= (UINT64_C(1) << WIDTH / 2) - 1;
    begin_block(shelf, left, WIDTH / 2);
    begin_block(shelf, right, WIDTH / 2);
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
    if (shelf->heads[board->blocks[position]].n == WIDTH) {
        split(shelf, board, position);
        position = rank_block(shelf, board, spot);
        position -= position > 0;
    }
    return board->blocks[position];
}

/* Makes room for one more bit. */
static uint64_t make_room(uint64_t bits, int at)
{
    uint64_t below = bits & ((UINT64_C(1) << at) - 1);

    return below | (bits ^ below) << 1;
}

/* Puts a bin, as yet empty, where it belongs. */
static void insert(struct shelf *shelf, int32_t bin)
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
    block->lowest[at] = NOBODY;
    block->keys[at] = spot->key;
    block->inserted_at[head->n++] = (uint8_t)at;
    head->live = make_room(head->live, at);
    tell_bins(shelf, id, at);
    shelf->boards[spot->board].n_bins++;
}

/* Bins ------------------------------------------------------------------------------------------- */

/* Brings the bin's entry in its block up to date. */
static void show(struct shelf *shelf, const struct shelf_bin *bin)
{
    struct shelf_block *block = &shelf->blocks[bin->block];
    uint64_t *live = &shelf->heads[bin->block].live;
    int32_t lowest = bin->n_items > 0 ? (int32_t)(bin->entries[0] >> 32) : NOBODY;

    *live = (*live & ~(UINT64_C(1) << bin->at)) | (uint64_t)(bin->n_items > 0) << bin->at;
    if (block->lowest[bin->at] == block->lowest_item)
        block->is_exact = false;
    block->lowest[bin->at] = lowest;
    if (lowest <= block->lowest_item) {
        block->lowest_item = lowest;
        block->is_exact = true;
    }
}

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
        insert(shelf, i);
        show(shelf, &shelf->bins[i]);
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
    insert(shelf, shelf->n_bins - 1);
    if (shelf->n_bins * 2 > shelf->n_slots)
        fill_slots(shelf, shelf->n_slots ? shelf->n_slots * 2 : 64);
    else
        shelf->slots[find_slot(shelf, spot)] = shelf->n_bins - 1;
    return shelf->n_bins - 1;
}

/* Whether the entry of a heap stands for a stay that is over. */
static bool is_stale(const struct shelf *shelf, uint64_t entry)
{
    return shelf->seats[entry >> 32].turn != (uint32_t)entry;
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
        if (!is_stale(shelf, bin->entries[i]))
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
    while (bin->n_entries > 0 && is_stale(shelf, bin->entries[0])) {
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
        show(shelf, bin);
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
        show(shelf, bin);
}

/* Items ------------------------------------------------------------------------------------------ */

void shelf_put(struct shelf *shelf, int32_t item, const struct shelf_spot *spot)
{
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
    if (item < shelf->n_seats && shelf->seats[item].bin != ID_NONE)
        leave(shelf, item);
}

const struct shelf_spot *shelf_spot_of(const struct shelf *shelf, int32_t item)
{
    if (item >= shelf->n_seats || shelf->seats[item].bin == ID_NONE)
        return NULL;
    return &shelf->bins[shelf->seats[item].bin].spot;
}

/* Asking ----------------------------------------------------------------------------------------- */

/* The sieve for the amounts: one that is there, or else the one of its places not asked for longest. */
static struct shelf_sieve *find_sieve(struct shelf *shelf, int32_t cpu, int32_t memory_mib)
{
    uint64_t hash = ((uint64_t)(uint32_t)cpu << 32 | (uint32_t)memory_mib) * ODD;
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

        mesh->enough = make_room(mesh->enough, at);
        fresh = make_room(fresh, at) | UINT64_C(1) << at;
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
    int32_t lowest = NOBODY;

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

        *answer = (struct shelf_answer){shelf->bins[block->bins[i]].n_items > 1 ? 2 : 1,
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

struct shelf_answer shelf_first(struct shelf *shelf, int32_t board_id, int32_t cpu,
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

    if (board_id >= shelf->n_boards)
        return;
    sieve = ready_sieve(shelf, board_id, cpu, memory_mib);
    for (int b = 0; b < shelf->boards[board_id].n_blocks; b++) {
        int32_t id = shelf->boards[board_id].blocks[b];

        for (uint64_t entries = sift(shelf, sieve, id); entries; entries &= entries - 1) {
            const struct shelf_bin *bin =
                &shelf->bins[shelf->blocks[id].bins[__builtin_ctzll(entries)]];

            for (int i = 0; i < bin->n_entries; i++)
                if (!is_stale(shelf, bin->entries[i]) &&
                    !visit(context, (int32_t)(bin->entries[i] >> 32)))
                    return;
        }
    }
}
