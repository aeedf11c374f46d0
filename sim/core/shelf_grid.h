/*
 * Moving and asking on a shelf's grid (shelf_grid.c says what that is): most decisions do both and little
 * else, so it stands here, to be built into whoever does. With it, how a shelf goes about either, for
 * lanes. Knows nothing of what the amounts mean.
 */
#ifndef BERTH_CORE_SHELF_GRID_H
#define BERTH_CORE_SHELF_GRID_H

#include "core/shelf.h"
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

struct shelf_grid {
    struct shelf_axis rows, columns;
    int32_t n_boards, n_items; /* it has room for: numbers below */
    int32_t first_row;         /* of each board that somebody has asked for */
    int32_t n_bars;
    int32_t bars[SHELF_BARS];       /* the columns that somebody asked for, ascending */
    uint8_t cleared[SHELF_COLUMNS]; /* by column: so many bars it clears */
    uint32_t board_rows;            /* of a board: whole words of bits */
    /* Bits: of each row and number of bars cleared that somebody stands there, and who, in three layers of
     * which the upper ones say which words of the next are not 0. Words of one row, or rows, that differ in the
     * number alone stand side by side, so many of them: */
    uint32_t width;
    uint64_t *used, *crowds;
    uint32_t crowd;  /* words of a row */
    uint32_t leaves; /* where in them the lowest layer begins */
    void *used_memory, *crowds_memory;
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

/* Who has less than anybody asked for stands aside: with a seat, but without a bit. Most of a full cluster does. The
 * seat of somebody aside by place, and the other way. */
static inline int32_t shelf_aside(int32_t place)
{
    return ID_NONE - 1 - place;
}

/* The seat at that row of a board and column. */
static inline int32_t shelf_seat_at(const struct shelf_grid *grid, uint32_t board, uint32_t row,
                                    uint32_t column)
{
    uint32_t place = (board * grid->board_rows + row) * SHELF_COLUMNS + column;
    bool is_aside = (row < (uint32_t)grid->first_row) | (grid->cleared[column] == 0);

    return is_aside ? shelf_aside((int32_t)place) : (int32_t)place;
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

/* Where in a row's words those of an item are, and the bits in them. */
struct shelf_bits {
    size_t leaf, middle;
    uint64_t in_leaf, in_middle, in_top;
};

static inline struct shelf_bits shelf_bits_of(const struct shelf_grid *grid, uint32_t item)
{
    return (struct shelf_bits){
        .leaf = grid->leaves + item / 64 * grid->width,
        .middle = (1 + item / 4096) * grid->width,
        .in_leaf = UINT64_C(1) << item % 64,
        .in_middle = UINT64_C(1) << item / 64 % 64,
        .in_top = UINT64_C(1) << item / 4096,
    };
}

static inline void shelf_enter_place(const struct shelf_grid *grid, uint32_t place,
                                     const struct shelf_bits *bits)
{
    uint32_t row = place / SHELF_COLUMNS, n_cleared = grid->cleared[place % SHELF_COLUMNS];
    uint64_t *crowd = grid->crowds + (size_t)row * grid->crowd + n_cleared;

    crowd[bits->leaf] |= bits->in_leaf;
    crowd[bits->middle] |= bits->in_middle;
    crowd[0] |= bits->in_top;
    grid->used[row / 64 * grid->width + n_cleared] |= UINT64_C(1) << row % 64;
}

/* Whether others stay nobody can foresee: so nothing asks for it. */
static inline void shelf_leave_place(const struct shelf_grid *grid, uint32_t place,
                                     const struct shelf_bits *bits)
{
    uint32_t row = place / SHELF_COLUMNS, n_cleared = grid->cleared[place % SHELF_COLUMNS];
    uint64_t *crowd = grid->crowds + (size_t)row * grid->crowd + n_cleared;
    uint64_t leaf = crowd[bits->leaf] &= ~bits->in_leaf;
    uint64_t middle = crowd[bits->middle] &= ~(bits->in_middle & -(uint64_t)(leaf == 0));
    uint64_t top = crowd[0] &= ~(bits->in_top & -(uint64_t)(middle == 0));

    grid->used[row / 64 * grid->width + n_cleared] &= ~((uint64_t)(top == 0) << row % 64);
}

/* To another seat or to none, from where it stood, if it did. */
static inline __attribute__((always_inline)) void shelf_grid_move(struct shelf *shelf, int32_t item,
                                                                  int32_t to)
{
    const struct shelf_bits bits = shelf_bits_of(shelf->grid, (uint32_t)item);
    int32_t from = shelf->seats[item];

    shelf->seats[item] = to;
    if (from >= 0)
        shelf_leave_place(shelf->grid, (uint32_t)from, &bits);
    if (to >= 0)
        shelf_enter_place(shelf->grid, (uint32_t)to, &bits);
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

/* The word of all who clear at least so many bars, from that of those who clear none. */
static inline uint64_t shelf_word(const struct shelf_grid *grid, const uint64_t *words,
                                  uint32_t n_bars)
{
    uint64_t bits = 0;

    for (uint32_t i = n_bars; i <= (uint32_t)grid->n_bars; i++)
        bits |= words[i];
    return bits;
}

/* The first row from that one on where somebody stands who clears so many bars; `end` where there is none. */
static inline uint32_t shelf_find_row(const struct shelf_grid *grid, uint32_t row, uint32_t end,
                                      uint32_t n_bars)
{
    uint64_t mask = ~UINT64_C(0) << row % 64;

    for (row -= row % 64; row < end; row += 64, mask = ~UINT64_C(0)) {
        uint64_t bits = shelf_word(grid, grid->used + row / 64 * grid->width, n_bars) & mask;

        if (bits)
            return row + (uint32_t)__builtin_ctzll(bits);
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
    const uint64_t *crowd = grid->crowds + (size_t)range.row * grid->crowd;
    uint32_t first_row = range.end - grid->board_rows, next_row = range.row, at;
    struct shelf_answer answer = {.n = 2};
    uint64_t word, others;

    if (range.row == range.end)
        return (struct shelf_answer){0};
    word = shelf_word(grid, crowd, range.n_bars);
    others = word & (word - 1);
    at = (uint32_t)__builtin_ctzll(word);
    word = shelf_word(grid, crowd + (1 + at) * grid->width, range.n_bars);
    others |= word & (word - 1);
    at = at * 64 + (uint32_t)__builtin_ctzll(word);
    word = shelf_word(grid, crowd + grid->leaves + at * grid->width, range.n_bars);
    others |= word & (word - 1);
    answer.item = (int32_t)(at * 64 + (uint32_t)__builtin_ctzll(word));
    if (others == 0) {
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
