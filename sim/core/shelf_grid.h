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

#include <string.h>

#define SHELF_COLUMNS 256 /* of every row: a fixed width makes places cheap to tell apart */
#define SHELF_WORDS (SHELF_COLUMNS / 64) /* of its bits */

/* One of the two amounts: multiples of a unit, up to a most. */
struct shelf_axis {
    int32_t unit;     /* 0: as yet only amounts of 0 */
    int32_t n;        /* multiples, 0 among them */
    uint32_t inverse; /* of the unit's odd part, modulo 2^32 */
    uint32_t shift;   /* of its even part */
    uint64_t key;     /* what a unit adds to it */
};

struct shelf_place {
    int32_t lowest; /* item, SHELF_NOBODY or SHELF_UNSURE */
    int32_t cell;
};

struct shelf_grid {
    struct shelf_axis rows, columns;
    int n_boards;
    int32_t first_row; /* of each board that somebody has asked for: before it all stand aside */
    uint8_t *reach;    /* by row: one more than the last column where somebody stands */
    uint64_t *bits;    /* by row and column: somebody stands there */
    uint64_t
        *used; /* likewise: the place has a cell, as somebody stands there or did not long ago */
    struct shelf_place *places; /* likewise, and meaningful where it has one */
    size_t n_places;
    struct shelf_heap *cells;
    int n_cells, cap_cells;
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

/* Who stands aside has a seat too, but nothing else knows of it: most of a full cluster does, as nobody asks for
 * less than the smallest task needs. The seat of somebody aside by place, and the other way. */
static inline int32_t shelf_aside(int32_t place)
{
    return ID_NONE - 1 - place;
}

/* The seat of a spot, or ID_NONE where the grid has no place for it. */
static inline int32_t shelf_seat_of(const struct shelf *shelf, int32_t board, int32_t cpu,
                                    int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    uint32_t row = shelf_in_units(&grid->rows, shelf_row_amount(shelf->order, cpu, memory_mib));
    uint32_t column =
        shelf_in_units(&grid->columns, shelf_column_amount(shelf->order, cpu, memory_mib));
    int32_t place;

    if (row >= (uint32_t)grid->rows.n || column >= (uint32_t)grid->columns.n ||
        board >= grid->n_boards)
        return ID_NONE;
    place = (int32_t)(((uint32_t)(board * grid->rows.n) + row) * SHELF_COLUMNS + column);
    return row < (uint32_t)grid->first_row ? shelf_aside(place) : place;
}

/* For what follows alone: gives the place a cell. */
void shelf_grid_add_cell(struct shelf *shelf, uint32_t place);

/* Whether somebody stands at a place already, or still, nobody can foresee: so nothing asks for it, and what is
 * right either way is done. */
static inline void shelf_enter_place(struct shelf *shelf, int32_t item, uint32_t id)
{
    struct shelf_grid *grid = shelf->grid;
    struct shelf_place *place = &grid->places[id];
    uint32_t end = id % SHELF_COLUMNS + 1;
    uint64_t *bits;
    uint8_t *reach;

    if (!(grid->used[id / 64] >> id % 64 & 1))
        shelf_grid_add_cell(shelf, id);
    bits = grid->bits;
    reach = &grid->reach[id / SHELF_COLUMNS];
    shelf_heap_add(&grid->cells[place->cell], shelf->seats, (int32_t)id, item, &place->lowest);
    bits[id / 64] |= UINT64_C(1) << id % 64;
    *reach = (uint8_t)(end > *reach ? end : *reach);
}

static inline void shelf_leave_place(struct shelf *shelf, int32_t item, uint32_t id)
{
    struct shelf_grid *grid = shelf->grid;
    struct shelf_place *place = &grid->places[id];
    uint64_t *words = &grid->bits[id / SHELF_COLUMNS * SHELF_WORDS];
    uint8_t *reach = &grid->reach[id / SHELF_COLUMNS];
    uint32_t word = (*reach - 1U) / 64;
    uint64_t left = !shelf_heap_remove(&grid->cells[place->cell], item, &place->lowest);

    words[id % SHELF_COLUMNS / 64] &= ~(left << id % 64);
    while (word > 0 && words[word] == 0)
        word--;
    *reach = (uint8_t)(words[word] ? word * 64 + 64 - (uint32_t)__builtin_clzll(words[word]) : 0);
}

/* To another seat or to none, from where it stood, if it did. */
static inline __attribute__((always_inline)) void shelf_grid_move(struct shelf *shelf, int32_t item,
                                                                  int32_t to)
{
    int32_t from = shelf->seats[item];

    if (from == to)
        return;
    shelf->seats[item] = to;
    if (from >= 0)
        shelf_leave_place(shelf, item, (uint32_t)from);
    if (to >= 0)
        shelf_enter_place(shelf, item, (uint32_t)to);
}

/* Puts the item there, from wherever it was. */
static inline __attribute__((always_inline)) void shelf_put(struct shelf *shelf, int32_t item,
                                                            const struct shelf_spot *spot)
{
    int32_t seat = ID_NONE;

    if (shelf->grid && item < shelf->n_seats)
        seat = shelf_seat_of(shelf, spot->board, spot->cpu, spot->memory_mib);
    if (seat != ID_NONE)
        shelf_grid_move(shelf, item, seat);
    else
        shelf_put_otherwise(shelf, item, spot);
}

/* Asking ----------------------------------------------------------------------------------------- */

/* So many rows are looked at one by one, the others together. The processor hands over what was written just
 * now where it is read alike, byte by byte; who reads more waits until all is in place. */
#define SHELF_NEAR 4
#define SHELF_STRIDE 16
typedef uint8_t shelf_reaches __attribute__((vector_size(SHELF_STRIDE)));
typedef uint64_t shelf_halves __attribute__((vector_size(SHELF_STRIDE)));

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

/* The first byte in memory of a half that is not 0. */
static inline int shelf_first_byte(uint64_t half)
{
    return (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(half)
                                                      : __builtin_clzll(half)) /
           8;
}

/* The first row of those, `end` not among them, where somebody stands at least so far out; `end` where there is
 * none. */
static inline int32_t shelf_find_row(const struct shelf_grid *grid, int32_t row, int32_t end,
                                     int32_t column)
{
    const shelf_reaches wanted = (shelf_reaches){0} + (uint8_t)column;

    for (int i = 0; i < SHELF_NEAR && row < end; i++, row++)
        if (grid->reach[row] > column)
            return row;
    for (; row < end; row += SHELF_STRIDE) {
        shelf_reaches here;
        shelf_halves enough;

        memcpy(&here, grid->reach + row, sizeof here);
        enough = (shelf_halves)(here > wanted);
        if (enough[0] | enough[1]) {
            row += enough[0] ? shelf_first_byte(enough[0]) : 8 + shelf_first_byte(enough[1]);
            return row < end ? row : end;
        }
    }
    return end;
}

/* Where to look: rows of a board, in each the columns from that one on. */
struct shelf_range {
    int32_t row,
        end; /* equal where somebody stands in none of them; else the first one has somebody */
    int32_t column;
};

/* Somebody asks for that row of each board: nobody stands aside there any more. */
void shelf_grid_ask_for(struct shelf *shelf, int32_t row);

static inline struct shelf_range shelf_find_range(struct shelf *shelf, int32_t board, int32_t cpu,
                                                  int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t first = board * grid->rows.n;
    int32_t row = shelf_units_enough(&grid->rows, shelf_row_amount(shelf->order, cpu, memory_mib));
    struct shelf_range range = {
        .end = first + grid->rows.n,
        .column =
            shelf_units_enough(&grid->columns, shelf_column_amount(shelf->order, cpu, memory_mib)),
    };

    if (row < grid->first_row)
        shelf_grid_ask_for(shelf, row);
    range.row = board < grid->n_boards && range.column < grid->columns.n
                    ? shelf_find_row(grid, first + row, range.end, range.column)
                    : range.end;
    return range;
}

/* The lowest item in the row, where somebody stands so far out, or SHELF_UNSURE; `alone` says that there is no
 * other. */
static inline int32_t shelf_lowest_of_row(const struct shelf_grid *grid, int32_t row,
                                          int32_t column, bool *alone)
{
    int32_t word = column / 64, last = (grid->reach[row] - 1) / 64;
    const struct shelf_place *places = &grid->places[row * SHELF_COLUMNS + word * 64];
    const uint64_t *words = &grid->bits[row * SHELF_WORDS];
    uint64_t bits = words[word] & ~UINT64_C(0) << column % 64;
    int32_t lowest = SHELF_NOBODY;

    for (; bits == 0; places += 64)
        bits = words[++word];
    *alone = word == last && (bits & (bits - 1)) == 0 &&
             grid->cells[places[__builtin_ctzll(bits)].cell].n_items == 1;
    for (;; places += 64, bits = words[++word]) {
        for (; bits; bits &= bits - 1) {
            int32_t item = places[__builtin_ctzll(bits)].lowest;

            lowest = item < lowest ? item : lowest;
        }
        if (word == last)
            return lowest;
    }
}

/* Where each place has a key of its own: the first of a range of a board that begins with that row. */
struct shelf_answer shelf_first_of_places(const struct shelf *shelf, struct shelf_range range,
                                          int32_t first_row);

/* The lowest item in the range's first row where some place is unsure: after this none is. */
int32_t shelf_make_sure(const struct shelf *shelf, struct shelf_range range);

static inline struct shelf_answer shelf_grid_first(struct shelf *shelf, int32_t board, int32_t cpu,
                                                   int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    const struct shelf_range range = shelf_find_range(shelf, board, cpu, memory_mib);
    int32_t first_row = range.end - grid->rows.n, next_row = range.row;
    struct shelf_answer answer = {.n = 2};
    bool alone;

    if (range.row == range.end)
        return (struct shelf_answer){0};
    if (grid->columns.key != 0)
        return shelf_first_of_places(shelf, range, first_row);
    answer.item = shelf_lowest_of_row(grid, range.row, range.column, &alone);
    if (answer.item == SHELF_UNSURE)
        answer.item = shelf_make_sure(shelf, range);
    if (alone) {
        next_row = shelf_find_row(grid, range.row + 1, range.end, range.column);
        answer.n -= next_row == range.end;
    }
    answer.key = (uint64_t)(range.row - first_row) * grid->rows.key;
    answer.next_key = (uint64_t)(next_row - first_row) * grid->rows.key;
    return answer;
}

static inline struct shelf_answer shelf_first(struct shelf *shelf, int32_t board, int32_t cpu,
                                              int32_t memory_mib, bool any)
{
    return shelf->grid ? shelf_grid_first(shelf, board, cpu, memory_mib)
                       : shelf_sieve_first(shelf, board, cpu, memory_mib, any);
}

#endif
