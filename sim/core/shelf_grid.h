/*
 * Moving and asking on a shelf's grid (shelf_grid.c says what that is): most decisions do both and little
 * else, so it stands here, to be built into whoever does. With it, how a shelf goes about either, for
 * lanes. Knows nothing of what the amounts mean.
 */
#ifndef BERTH_CORE_SHELF_GRID_H
#define BERTH_CORE_SHELF_GRID_H

#include "core/shelf.h"
#include "core/shelf_heap.h"
#include "core/unit.h"

#include <stddef.h>

#define SHELF_COLUMNS 256 /* of every row: a fixed width makes places cheap to tell apart */
#define SHELF_BARS 15     /* more of them, and bins are the better way */

/* One of the two amounts: multiples of a unit, up to a most. */
struct shelf_axis {
    int32_t unit;     /* 0: as yet only amounts of 0 */
    int32_t n;        /* multiples, 0 among them */
    uint32_t inverse; /* of the unit's odd part, modulo 2^32 */
    uint32_t shift;   /* of its even part */
};

/* All who stand in one row and clear the same number of bars. They are numbered by row and, in a row, by that. */
struct shelf_crowd {
    int32_t lowest; /* item; SHELF_NOBODY */
    int32_t n;
    uint64_t top; /* bits: which of its words in the layer below are not 0 */
};

struct shelf_grid {
    struct shelf_axis rows, columns;
    int32_t n_boards, n_items; /* it has room for: numbers below */
    int32_t first_row;         /* of each board that somebody has asked for */
    int32_t n_bars;
    int32_t bars[SHELF_BARS];        /* the columns that somebody asked for, ascending */
    uint8_t cleared[SHELF_COLUMNS];  /* by column: so many bars it clears */
    uint32_t board_rows;             /* of a board: whole words of `used` */
    uint32_t log_crowds;             /* binary logarithm of their number in a row */
    uint64_t *used;                  /* a bit for each crowd: somebody is there */
    uint64_t enough[SHELF_BARS + 1]; /* of a word there: which crowds clear at least so many bars */
    struct shelf_crowd *crowds;
    uint64_t *items;  /* bits of each crowd: of the layer between, if there is one; who is there */
    uint32_t n_words; /* of a crowd */
    uint32_t leaves;  /* where in them the lowest layer begins: 0 where there is none between */
    void *crowds_memory, *items_memory;
};

/* Moving ----------------------------------------------------------------------------------------- */

static inline int32_t shelf_row_amount(enum shelf_order order, int32_t cpu, int32_t memory_mib)
{
    return order == SHELF_BY_CPU ? cpu : memory_mib;
}

static inline int32_t shelf_column_amount(enum shelf_order order, int32_t cpu, int32_t memory_mib)
{
    return order == SHELF_BY_CPU ? memory_mib : cpu;
}

/* The number of units that the amount is, or some number of `n` or more where it is no multiple of the unit
 * or too much: one multiplication in place of a division (Granlund and Montgomery, 1994, section 9). */
static inline uint32_t shelf_in_units(const struct shelf_axis *axis, int32_t amount)
{
    uint32_t product = (uint32_t)amount * axis->inverse;

    return product >> axis->shift | product << (-axis->shift & 31);
}

/* A seat is a crowd's number and a column. Who has less than anybody asked for stands aside, as most of a
 * full cluster does: with a seat, but its sign bit is set and the crowd knows nothing of it. */
#define SHELF_ASIDE INT32_MIN

static inline uint32_t shelf_crowd_of(int32_t seat)
{
    return (uint32_t)seat / SHELF_COLUMNS;
}

/* The seat at that row of a board and column. */
static inline int32_t shelf_seat_at(const struct shelf_grid *grid, uint32_t board, uint32_t row,
                                    uint32_t column)
{
    uint32_t n_bars = grid->cleared[column];
    uint32_t crowd = ((board * grid->board_rows + row) << grid->log_crowds) + n_bars;
    int32_t seat = (int32_t)(crowd * SHELF_COLUMNS + column);
    bool is_aside = (row < (uint32_t)grid->first_row) | (n_bars == 0);

    return is_aside ? seat | SHELF_ASIDE : seat;
}

/* The seat of a spot, or ID_NONE where the grid has no place for it. */
static inline int32_t shelf_seat_of(const struct shelf *shelf, int32_t board, int32_t cpu,
                                    int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    uint32_t row = shelf_in_units(&grid->rows, shelf_row_amount(shelf->order, cpu, memory_mib));
    uint32_t column =
        shelf_in_units(&grid->columns, shelf_column_amount(shelf->order, cpu, memory_mib));

    if (row >= (uint32_t)grid->rows.n || column >= (uint32_t)grid->columns.n ||
        board >= grid->n_boards)
        return ID_NONE;
    return shelf_seat_at(grid, (uint32_t)board, row, column);
}

static inline void shelf_enter_crowd(const struct shelf_grid *grid, uint32_t id, uint32_t item)
{
    struct shelf_crowd *crowd = &grid->crowds[id];
    uint64_t *words = grid->items + (size_t)id * grid->n_words;
    uint32_t at = item / 64;

    words[grid->leaves + at] |= UINT64_C(1) << item % 64;
    if (grid->leaves) {
        words[at / 64] |= UINT64_C(1) << at % 64;
        at /= 64;
    }
    crowd->top |= UINT64_C(1) << at;
    crowd->n++;
    crowd->lowest = (int32_t)item < crowd->lowest ? (int32_t)item : crowd->lowest;
    grid->used[id / 64] |= UINT64_C(1) << id % 64;
}

/* As unforeseeable is whether anybody is there. */
static inline int32_t shelf_lowest_of(const struct shelf_grid *grid,
                                      const struct shelf_crowd *crowd, const uint64_t *words)
{
    uint64_t nobody = crowd->n == 0;
    uint32_t at = (uint32_t)__builtin_ctzll(crowd->top | nobody);

    if (grid->leaves)
        at = at * 64 + (uint32_t)__builtin_ctzll(words[at] | nobody);
    at = at * 64 + (uint32_t)__builtin_ctzll(words[grid->leaves + at] | nobody);
    return (int32_t)(at | (SHELF_NOBODY & -(uint32_t)nobody));
}

/* Whether others stay nobody can foresee: so nothing asks for it. */
static inline void shelf_leave_crowd(const struct shelf_grid *grid, uint32_t id, uint32_t item)
{
    struct shelf_crowd *crowd = &grid->crowds[id];
    uint64_t *words = grid->items + (size_t)id * grid->n_words;
    uint32_t at = item / 64;
    uint64_t left = words[grid->leaves + at] &= ~(UINT64_C(1) << item % 64);

    if (grid->leaves) {
        left = words[at / 64] &= ~((uint64_t)(left == 0) << at % 64);
        at /= 64;
    }
    crowd->top &= ~((uint64_t)(left == 0) << at);
    crowd->n--;
    if (crowd->lowest == (int32_t)item)
        crowd->lowest = shelf_lowest_of(grid, crowd, words);
    grid->used[id / 64] &= ~((uint64_t)(crowd->n == 0) << id % 64);
}

/* To another seat or to none, from where it stood, if it did. */
static inline __attribute__((always_inline)) void shelf_grid_move(struct shelf *shelf, int32_t item,
                                                                  int32_t to)
{
    int32_t from = shelf->seats[item];

    shelf->seats[item] = to;
    if (from >= 0)
        shelf_leave_crowd(shelf->grid, shelf_crowd_of(from), (uint32_t)item);
    if (to >= 0)
        shelf_enter_crowd(shelf->grid, shelf_crowd_of(to), (uint32_t)item);
}

/* Puts the item there, from wherever it was. */
static inline __attribute__((always_inline)) void shelf_put(struct shelf *shelf, int32_t item,
                                                            const struct shelf_spot *spot)
{
    int32_t seat = ID_NONE;

    if (shelf->grid && item < shelf->n_seats)
        seat = shelf_seat_of(shelf, spot->board, spot->cpu, spot->memory_mib);
    if (seat != ID_NONE) {
        shelf_grid_move(shelf, item, seat);
    } else {
        const struct shelf_spot copy = *spot; /* or each would have to be in memory */

        shelf_put_otherwise(shelf, item, &copy);
    }
}

/* Asking ----------------------------------------------------------------------------------------- */

/* The least units that are enough; the axis' length where none are. */
static inline int32_t shelf_units_enough(const struct shelf_axis *axis, int32_t amount)
{
    uint32_t units = shelf_in_units(axis, amount);

    if (amount <= 0)
        return 0;
    if (units < (uint32_t)axis->n)
        return (int32_t)units;
    return axis->unit == 0 || (amount - 1) / axis->unit + 1 > axis->n
               ? axis->n
               : (amount - 1) / axis->unit + 1;
}

/* Where to look: rows of a board, in each those who clear at least so many bars. */
struct shelf_range {
    uint32_t row, end; /* equal where nobody is; else somebody is in the first one */
    uint32_t n_bars;
};

/* The first row from that one on where somebody stands who clears so many bars; `end` where there is none. */
static inline uint32_t shelf_find_row(const struct shelf_grid *grid, uint32_t row, uint32_t end,
                                      uint32_t n_bars)
{
    uint64_t mask = grid->enough[n_bars] << (row << grid->log_crowds) % 64;
    uint32_t end_word = (end << grid->log_crowds) / 64;

    for (uint32_t word = (row << grid->log_crowds) / 64; word < end_word; word++) {
        uint64_t bits = grid->used[word] & mask;

        if (bits)
            return (word * 64 + (uint32_t)__builtin_ctzll(bits)) >> grid->log_crowds;
        mask = grid->enough[n_bars];
    }
    return end;
}

/* Somebody asks for that row of each board and for that column, which is a bar from now on. Without a grid after
 * this the bins have the answer. */
void shelf_grid_ask_for(struct shelf *shelf, int32_t row, int32_t column);

/* Empty where nobody has enough, and where there is no grid any more. */
static inline struct shelf_range shelf_find_range(struct shelf *shelf, int32_t board, int32_t cpu,
                                                  int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t row = shelf_units_enough(&grid->rows, shelf_row_amount(shelf->order, cpu, memory_mib));
    int32_t column =
        shelf_units_enough(&grid->columns, shelf_column_amount(shelf->order, cpu, memory_mib));
    struct shelf_range range = {0};

    if (row >= grid->rows.n || column >= grid->columns.n || board >= grid->n_boards)
        return range;
    range.n_bars = grid->cleared[column];
    if (row < grid->first_row || range.n_bars == 0 || grid->bars[range.n_bars - 1] != column) {
        shelf_grid_ask_for(shelf, row, column);
        if (!shelf->grid)
            return range;
        range.n_bars = grid->cleared[column];
    }
    range.row = (uint32_t)board * grid->board_rows;
    range.end = range.row + grid->board_rows;
    range.row = shelf_find_row(grid, range.row + (uint32_t)row, range.end, range.n_bars);
    return range;
}

/* Visits all of the range in order of keys, until `visit` says false. */
void shelf_grid_walk(struct shelf *shelf, struct shelf_range range,
                     bool (*visit)(void *context, int32_t item), void *context);

static inline struct shelf_answer shelf_grid_first(const struct shelf *shelf,
                                                   struct shelf_range range)
{
    const struct shelf_grid *grid = shelf->grid;
    const struct shelf_crowd *crowds = grid->crowds + ((size_t)range.row << grid->log_crowds);
    const struct shelf_crowd *first = crowds + range.n_bars, *last = crowds + grid->n_bars;
    uint32_t first_row = range.end - grid->board_rows, next_row = range.row;
    struct shelf_answer answer = {.n = 2};
    uint32_t lowest = UINT32_MAX;
    int32_t n = 0;

    if (range.row == range.end)
        return (struct shelf_answer){0};
    /* All of them, and those with too few bars to no effect: of how many it is nobody can foresee. */
    for (const struct shelf_crowd *crowd = crowds + 1; crowd <= last; crowd++) {
        uint32_t without = -(uint32_t)(crowd < first); /* all bits or none */
        uint32_t item = (uint32_t)crowd->lowest | without;

        lowest = item < lowest ? item : lowest;
        n += crowd->n & (int32_t)~without;
    }
    answer.item = (int32_t)lowest;
    if (n == 1) {
        next_row = shelf_find_row(grid, range.row + 1, range.end, range.n_bars);
        answer.n -= next_row == range.end;
    }
    answer.key = (uint64_t)(range.row - first_row) * (uint64_t)grid->rows.unit * shelf->per_unit;
    answer.next_key =
        (uint64_t)(next_row - first_row) * (uint64_t)grid->rows.unit * shelf->per_unit;
    return answer;
}

static inline struct shelf_answer shelf_first(struct shelf *shelf, int32_t board, int32_t cpu,
                                              int32_t memory_mib, bool any)
{
    struct shelf_range range;

    if (shelf->grid) {
        range = shelf_find_range(shelf, board, cpu, memory_mib);
        if (shelf->grid)
            return shelf_grid_first(shelf, range);
    }
    return shelf_sieve_first(shelf, board, cpu, memory_mib, any);
}

#endif
