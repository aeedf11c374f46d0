/*
 * Where amounts are small multiples of a unit each and the key follows from one of them, every pair of amounts
 * is a place of a grid: a row of equal keys, a column of the other amount. Few amounts of the other kind are
 * ever asked for: each of them is a bar, and how many bars somebody's column clears is all that matters of it.
 * So of each row and number of bars cleared there is a crowd: a bit for each item, bits above them that say where
 * some are set (in one more layer, or in two where items are many), and its lowest item. Coming and going set and
 * clear a few bits, from which the next lowest follows; the first row is a bit to find, and the lowest item there one
 * of few. Who has less than anybody asked for stands aside, without a bit. Units and reach follow from what comes; a
 * grid that would become too large, or with too many bars, is given up for the bins of shelf.c.
 */
#include "core/shelf_grid.h"

#include "core/array.h"
#include "core/shelf_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 255     /* of them in use: how many bars they clear is a byte each */
#define ROWS_MAX 1024       /* of a board: so many may have to be looked at */
#define LOG_CROWDS_MIN 2    /* of a row */
#define ROWS_ROUND 16       /* so many have whole words of `used`, few as their crowds may be */
#define ITEMS_MIN 1024      /* room for so many to begin with */
#define ITEMS_MAX (1 << 18) /* as three layers of bits have room for */
#define FLAT_WORDS 64       /* of a crowd: so many need no layer between */
#define BYTES_MAX ((size_t)128 << 20) /* of which no more is touched than is in use */

static_assert(ROWS_ROUND << LOG_CROWDS_MIN == 64, "or words of `used` would be of two boards");

struct shelf_grid *shelf_grid_create(void)
{
    struct shelf_grid *grid = calloc(1, sizeof *grid);

    assert(grid != NULL);
    grid->rows = grid->columns = (struct shelf_axis){.n = 1};
    grid->n_items = ITEMS_MIN;
    return grid;
}

void shelf_grid_destroy(struct shelf_grid *grid)
{
    if (!grid)
        return;
    free(grid->used);
    free(grid->crowds_memory);
    free(grid->items_memory);
    free(grid);
}

/* How many crowds a row has: one for each number of bars cleared, as their binary logarithm. */
static uint32_t log_crowds_for(int32_t n_bars)
{
    uint32_t log = LOG_CROWDS_MIN;

    while (n_bars >> log)
        log++;
    return log;
}

/* The bits in a word of `used` of the crowds that clear at least so many bars. */
static uint64_t crowds_with(uint32_t log_crowds, int32_t n_bars)
{
    uint64_t of_row = (UINT64_C(1) << (1 << log_crowds)) - 1;

    return ~UINT64_C(0) / of_row * (of_row >> n_bars << n_bars);
}

/* Bits for its rows, items and bars, all 0. False where they would be too many. */
static bool make_bits(struct shelf_grid *grid)
{
    size_t words = ((size_t)grid->n_items + 63) / 64, n_crowds;
    uint32_t log_crowds = log_crowds_for(grid->n_bars);

    grid->board_rows = ((uint32_t)grid->rows.n + ROWS_ROUND - 1) / ROWS_ROUND * ROWS_ROUND;
    grid->leaves = words > FLAT_WORDS ? (uint32_t)(words + 63) / 64 : 0;
    grid->n_words = grid->leaves + (uint32_t)words;
    n_crowds = ((size_t)grid->n_boards * grid->board_rows) << log_crowds;
    if (n_crowds > BYTES_MAX / (grid->n_words * sizeof *grid->items))
        return false;
    free(grid->used);
    free(grid->crowds_memory);
    free(grid->items_memory);
    grid->log_crowds = log_crowds;
    for (int i = 0; i <= grid->n_bars; i++)
        grid->enough[i] = crowds_with(log_crowds, i);
    grid->used = calloc(n_crowds / 64, sizeof *grid->used);
    assert(grid->used != NULL);
    grid->crowds = array_zeros(n_crowds * sizeof *grid->crowds, &grid->crowds_memory);
    grid->items = array_zeros(n_crowds * grid->n_words * sizeof *grid->items, &grid->items_memory);
    for (size_t i = 0; i < n_crowds; i++)
        grid->crowds[i].lowest = SHELF_NOBODY;
    return true;
}

/* Growing ---------------------------------------------------------------------------------------- */

static int32_t gcd(int32_t a, int32_t b)
{
    while (b != 0) {
        int32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The axis that has the amount too. */
static struct shelf_axis stretch(const struct shelf_axis *axis, int32_t amount)
{
    int32_t max = (axis->n - 1) * axis->unit;
    struct shelf_axis longer = {.unit = gcd(axis->unit, amount), .n = 1, .inverse = 1};
    uint32_t odd;

    if (longer.unit == 0)
        return longer;
    longer.n = (max > amount ? max : amount) / longer.unit + 1;
    longer.shift = (uint32_t)__builtin_ctz((uint32_t)longer.unit);
    odd = (uint32_t)longer.unit >> longer.shift;
    for (int i = 0; i < 5; i++) /* Newton: each round doubles the bits that are right */
        longer.inverse *= 2 - odd * longer.inverse;
    return longer;
}

struct shelf_grid *shelf_grid_larger(const struct shelf *shelf, int32_t item,
                                     const struct shelf_spot *spot)
{
    const struct shelf_grid *grid = shelf->grid;
    struct shelf_grid *larger = shelf_grid_create();

    larger->rows =
        stretch(&grid->rows, shelf_row_amount(shelf->order, spot->cpu, spot->memory_mib));
    larger->columns =
        stretch(&grid->columns, shelf_column_amount(shelf->order, spot->cpu, spot->memory_mib));
    larger->first_row = larger->rows.n;
    larger->n_boards = grid->n_boards > spot->board ? grid->n_boards : 2 * spot->board + 1;
    larger->n_items = grid->n_items > item ? grid->n_items : 2 * item;
    larger->n_items = larger->n_items < ITEMS_MAX ? larger->n_items : ITEMS_MAX;
    if (larger->rows.n > ROWS_MAX || larger->columns.n > COLUMNS_MAX || item >= ITEMS_MAX ||
        !make_bits(larger)) {
        shelf_grid_destroy(larger);
        return NULL;
    }
    return larger;
}

/* Moving ----------------------------------------------------------------------------------------- */

void shelf_grid_take(struct shelf *shelf, int32_t item)
{
    shelf_grid_move(shelf, item, ID_NONE);
}

static uint32_t column_of(int32_t seat)
{
    return (uint32_t)seat % SHELF_COLUMNS;
}

static uint32_t row_of(int32_t seat, uint32_t log_crowds)
{
    return shelf_crowd_of(seat & ~SHELF_ASIDE) >> log_crowds;
}

struct shelf_spot shelf_grid_spot(const struct shelf *shelf, int32_t item)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t seat = shelf->seats[item], row = (int32_t)row_of(seat, grid->log_crowds);
    int32_t board_rows = (int32_t)grid->board_rows;
    int32_t column_amount = (int32_t)column_of(seat) * grid->columns.unit;
    int32_t row_amount = row % board_rows * grid->rows.unit;
    bool by_cpu = shelf->order == SHELF_BY_CPU;
    struct shelf_spot spot = {0, row / board_rows, by_cpu ? row_amount : column_amount,
                              by_cpu ? column_amount : row_amount};

    spot.key = shelf_key(shelf, &spot);
    return spot;
}

/* Asking ----------------------------------------------------------------------------------------- */

/* Puts the bar among the others. */
static void insert_bar(struct shelf_grid *grid, int32_t column)
{
    int at = grid->n_bars++;

    for (; at > 0 && grid->bars[at - 1] > column; at--)
        grid->bars[at] = grid->bars[at - 1];
    grid->bars[at] = column;
    for (int i = column; i < SHELF_COLUMNS; i++)
        grid->cleared[i]++;
}

/* All items are looked at, so at least half of the rows that are left are asked for each time but the first. */
static void lower_first_row(struct shelf_grid *grid, int32_t row)
{
    int32_t half = grid->first_row < grid->rows.n ? grid->first_row / 2 : row;

    grid->first_row = row < half ? row : half;
}

/* Gives everybody a seat anew: some stand aside no more, and there may be more crowds in a row than there were. */
static void seat_all(struct shelf *shelf, uint32_t former_log_crowds)
{
    const struct shelf_grid *grid = shelf->grid;

    for (int i = 0; i < shelf->n_seats; i++) {
        int32_t seat = shelf->seats[i];
        uint32_t row = row_of(seat, former_log_crowds);

        if (seat == ID_NONE)
            continue;
        shelf->seats[i] = ID_NONE;
        shelf_grid_move(
            shelf, i,
            shelf_seat_at(grid, row / grid->board_rows, row % grid->board_rows, column_of(seat)));
    }
}

void shelf_grid_ask_for(struct shelf *shelf, int32_t row, int32_t column)
{
    struct shelf_grid *grid = shelf->grid;
    uint32_t n_bars = grid->cleared[column];
    bool is_new = n_bars == 0 || grid->bars[n_bars - 1] != column;
    bool has_room = !is_new || grid->n_bars < SHELF_BARS;
    uint32_t log_crowds = grid->log_crowds;

    if (row < grid->first_row)
        lower_first_row(grid, row);
    if (is_new && has_room)
        insert_bar(grid, column);
    if (has_room && make_bits(grid))
        seat_all(shelf, log_crowds);
    else
        shelf_leave_grid(shelf, NULL);
}

/* Visits the items whose bits are in the word; false as soon as `visit` says so. */
static bool visit_word(uint64_t word, uint32_t first, bool (*visit)(void *context, int32_t item),
                       void *context)
{
    for (; word; word &= word - 1)
        if (!visit(context, (int32_t)(first + (uint32_t)__builtin_ctzll(word))))
            return false;
    return true;
}

/* The same of a crowd. */
static bool visit_crowd(const struct shelf_grid *grid, size_t id,
                        bool (*visit)(void *context, int32_t item), void *context)
{
    const uint64_t *words = grid->items + id * grid->n_words;

    for (uint64_t top = grid->crowds[id].top; top; top &= top - 1) {
        uint32_t at = (uint32_t)__builtin_ctzll(top);
        uint64_t middle = grid->leaves ? words[at] : UINT64_C(1) << at;

        for (uint32_t first = grid->leaves ? at * 64 : 0; middle; middle &= middle - 1) {
            uint32_t leaf = first + (uint32_t)__builtin_ctzll(middle);

            if (!visit_word(words[grid->leaves + leaf], leaf * 64, visit, context))
                return false;
        }
    }
    return true;
}

static bool visit_row(const struct shelf_grid *grid, struct shelf_range range,
                      bool (*visit)(void *context, int32_t item), void *context)
{
    uint32_t first = range.row << grid->log_crowds;

    for (uint32_t n_bars = range.n_bars; n_bars <= (uint32_t)grid->n_bars; n_bars++)
        if (!visit_crowd(grid, first + n_bars, visit, context))
            return false;
    return true;
}

void shelf_grid_walk(struct shelf *shelf, struct shelf_range range,
                     bool (*visit)(void *context, int32_t item), void *context)
{
    const struct shelf_grid *grid = shelf->grid;

    while (range.row < range.end && visit_row(grid, range, visit, context))
        range.row = shelf_find_row(grid, range.row + 1, range.end, range.n_bars);
}
