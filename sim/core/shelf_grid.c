/*
 * Where amounts are small multiples of a unit each and the key follows from them, every pair of amounts is
 * a place of a grid: a row of one amount, a column of the other. What an answer looks at stands side by
 * side: how far each row reaches, a bit for each place where somebody stands, the lowest item there. Moving
 * an item touches two places; those before the first row that anybody asked for stand aside and touch none.
 * Units and reach follow from what comes; a grid that would become too large is given up for the bins of
 * shelf.c.
 */
#include "core/shelf_grid.h"
#include "core/array.h"
#include "core/shelf_parts.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 255    /* of them in use: how far a row reaches is a byte */
#define ROWS_MAX 1024      /* of a board: so many may have to be looked at */
#define CELLS_MIN 1024     /* so many are never too many */
#define CELL_PLACES 16     /* nor is one for so many places */
#define ALL_ROWS_MAX 16384 /* of all boards: 32 MiB, of which no more is touched than is in use */

struct shelf_grid *shelf_grid_create(void)
{
    struct shelf_grid *grid = calloc(1, sizeof *grid);

    assert(grid != NULL);
    grid->rows = grid->columns = (struct shelf_axis){.n = 1};
    return grid;
}

void shelf_grid_destroy(struct shelf_grid *grid)
{
    if (!grid)
        return;
    for (int i = 0; i < grid->n_cells; i++)
        shelf_heap_finish(&grid->cells[i]);
    free(grid->reach);
    free(grid->bits);
    free(grid->used);
    free(grid->places);
    free(grid->cells);
    free(grid);
}

/* Places ----------------------------------------------------------------------------------------- */

static int32_t gcd(int32_t a, int32_t b)
{
    while (b != 0) {
        int32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The axis that has the amount too, of which one more adds so much to the key. */
static struct shelf_axis stretch(const struct shelf_axis *axis, int32_t amount, uint64_t key)
{
    int32_t max = (axis->n - 1) * axis->unit;
    struct shelf_axis longer = {.unit = gcd(axis->unit, amount), .n = 1, .inverse = 1};
    uint32_t odd;

    if (longer.unit == 0)
        return longer;
    longer.n = (max > amount ? max : amount) / longer.unit + 1;
    longer.key = (uint64_t)longer.unit * key;
    longer.shift = (uint32_t)__builtin_ctz((uint32_t)longer.unit);
    odd = (uint32_t)longer.unit >> longer.shift;
    for (int i = 0; i < 5; i++) /* Newton: each round doubles the bits that are right */
        longer.inverse *= 2 - odd * longer.inverse;
    return longer;
}

struct shelf_grid *shelf_grid_larger(const struct shelf *shelf, const struct shelf_spot *spot)
{
    const struct shelf_grid *grid = shelf->grid;
    struct shelf_grid *larger = shelf_grid_create();
    bool by_cpu = shelf->order == SHELF_BY_CPU;
    size_t n_rows;

    larger->rows = stretch(&grid->rows, shelf_row_amount(shelf->order, spot->cpu, spot->memory_mib),
                           by_cpu ? shelf->per_cpu : shelf->per_mib);
    larger->columns =
        stretch(&grid->columns, shelf_column_amount(shelf->order, spot->cpu, spot->memory_mib),
                by_cpu ? shelf->per_mib : shelf->per_cpu);
    larger->first_row = larger->rows.n;
    larger->n_boards = grid->n_boards > spot->board ? grid->n_boards : 2 * spot->board + 1;
    if (larger->columns.n > COLUMNS_MAX || larger->rows.n > ROWS_MAX ||
        larger->n_boards > ALL_ROWS_MAX / larger->rows.n) {
        shelf_grid_destroy(larger);
        return NULL;
    }
    n_rows = (size_t)larger->n_boards * (size_t)larger->rows.n;
    larger->reach = calloc(n_rows + SHELF_STRIDE, sizeof *larger->reach);
    larger->bits = calloc(n_rows * SHELF_WORDS, sizeof *larger->bits);
    larger->n_places = n_rows * SHELF_COLUMNS;
    larger->used = calloc(n_rows * SHELF_WORDS, sizeof *larger->used);
    larger->places = malloc(larger->n_places * sizeof *larger->places);
    assert(larger->reach && larger->bits && larger->used && larger->places);
    return larger;
}

/* Moving ----------------------------------------------------------------------------------------- */

/* Gives up the cells of places where nobody stands. */
static void sweep(struct shelf_grid *grid)
{
    int32_t *moved_to = malloc((size_t)grid->n_cells * sizeof *moved_to);
    int kept = 0;

    assert(moved_to != NULL);
    for (int i = 0; i < grid->n_cells; i++) {
        moved_to[i] = kept;
        if (grid->cells[i].n_items > 0)
            grid->cells[kept++] = grid->cells[i];
        else
            shelf_heap_finish(&grid->cells[i]);
    }
    grid->n_cells = kept;
    for (size_t word = 0; word < grid->n_places / 64; word++) {
        grid->used[word] = grid->bits[word];
        for (uint64_t bits = grid->bits[word]; bits; bits &= bits - 1) {
            struct shelf_place *place = &grid->places[word * 64 + (size_t)__builtin_ctzll(bits)];

            place->cell = moved_to[place->cell];
        }
    }
    free(moved_to);
}

/* Seldom more cells are empty than items stand anywhere, or than places are looked at to find them. */
void shelf_grid_add_cell(struct shelf *shelf, uint32_t place)
{
    struct shelf_grid *grid = shelf->grid;

    if (grid->n_cells > CELLS_MIN + 2 * shelf->n_seats + (int)(grid->n_places / CELL_PLACES))
        sweep(grid);
    (void)ARRAY_ADD(grid, cells);
    grid->used[place / 64] |= UINT64_C(1) << place % 64;
    grid->places[place] = (struct shelf_place){SHELF_NOBODY, grid->n_cells - 1};
}

void shelf_grid_take(struct shelf *shelf, int32_t item)
{
    shelf_grid_move(shelf, item, ID_NONE);
}

struct shelf_spot shelf_grid_spot(const struct shelf *shelf, int32_t item)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t seat = shelf->seats[item], place = seat < 0 ? shelf_aside(seat) : seat;
    int32_t row = place / SHELF_COLUMNS;
    int32_t column_amount = place % SHELF_COLUMNS * grid->columns.unit;
    int32_t row_amount = row % grid->rows.n * grid->rows.unit;
    bool by_cpu = shelf->order == SHELF_BY_CPU;
    struct shelf_spot spot = {0, row / grid->rows.n, by_cpu ? row_amount : column_amount,
                              by_cpu ? column_amount : row_amount};

    spot.key = shelf_key(shelf, &spot);
    return spot;
}

/* Asking ----------------------------------------------------------------------------------------- */

/* All items are looked at, so at least half of the rows that are left are asked for each time but the first. */
void shelf_grid_ask_for(struct shelf *shelf, int32_t row)
{
    struct shelf_grid *grid = shelf->grid;
    int32_t half = grid->first_row < grid->rows.n ? grid->first_row / 2 : row;

    grid->first_row = row < half ? row : half;
    for (int i = 0; i < shelf->n_seats; i++) {
        int32_t place = shelf_aside(shelf->seats[i]);

        if (shelf->seats[i] < ID_NONE && place / SHELF_COLUMNS % grid->rows.n >= grid->first_row)
            shelf_grid_move(shelf, i, place);
    }
}

/* The bits of a word of the row, of the columns from that one on. */
static inline uint64_t bits_of(const struct shelf_grid *grid, int32_t row, int32_t column, int word)
{
    uint64_t bits = grid->bits[row * SHELF_WORDS + word];

    return word > column / 64 ? bits : bits & ~UINT64_C(0) << column % 64;
}

/* The words in which the row has bits from a column on begin with that of the column. */
static inline int end_of_words(const struct shelf_grid *grid, int32_t row)
{
    return (grid->reach[row] + 63) / 64;
}

/* The first column from that one on where somebody stands in the row; SHELF_COLUMNS where nobody does. */
static inline int32_t find_column(const struct shelf_grid *grid, int32_t row, int32_t column)
{
    for (int word = column / 64; word < end_of_words(grid, row); word++) {
        uint64_t bits = bits_of(grid, row, column, word);

        if (bits)
            return word * 64 + __builtin_ctzll(bits);
    }
    return SHELF_COLUMNS;
}

/* The lowest item of a place where somebody stands. */
static int32_t lowest_of(const struct shelf *shelf, int32_t id)
{
    struct shelf_place *place = &shelf->grid->places[id];

    if (place->lowest == SHELF_UNSURE)
        place->lowest = shelf_heap_lowest(&shelf->grid->cells[place->cell], shelf->seats, id);
    return place->lowest;
}

int32_t shelf_make_sure(const struct shelf *shelf, struct shelf_range range)
{
    int32_t lowest = SHELF_NOBODY, row = range.row;

    for (int word = range.column / 64; word < end_of_words(shelf->grid, row); word++) {
        int32_t first = row * SHELF_COLUMNS + word * 64;

        for (uint64_t bits = bits_of(shelf->grid, row, range.column, word); bits;
             bits &= bits - 1) {
            int32_t item = lowest_of(shelf, first + __builtin_ctzll(bits));

            lowest = item < lowest ? item : lowest;
        }
    }
    return lowest;
}

struct shelf_answer shelf_first_of_places(const struct shelf *shelf, struct shelf_range range,
                                          int32_t first_row)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t row = range.row, column = find_column(grid, row, range.column);
    int32_t place = row * SHELF_COLUMNS + column;
    struct shelf_answer answer = {.n = 2, .item = lowest_of(shelf, place)};

    answer.key =
        (uint64_t)(row - first_row) * grid->rows.key + (uint64_t)column * grid->columns.key;
    answer.next_key = answer.key;
    if (grid->cells[grid->places[place].cell].n_items > 1)
        return answer;
    column = find_column(grid, row, column + 1);
    if (column == SHELF_COLUMNS) {
        row = shelf_find_row(grid, row + 1, range.end, range.column);
        if (row == range.end) {
            answer.n = 1;
            return answer;
        }
        column = find_column(grid, row, range.column);
    }
    answer.next_key =
        (uint64_t)(row - first_row) * grid->rows.key + (uint64_t)column * grid->columns.key;
    return answer;
}

/* Visits all items of a place; false as soon as `visit` says so. */
static bool visit_place(struct shelf *shelf, int32_t place,
                        bool (*visit)(void *context, int32_t item), void *context)
{
    struct shelf_heap *cell = &shelf->grid->cells[shelf->grid->places[place].cell];

    shelf_heap_clear(cell, shelf->seats, place);
    for (int i = 0; i < cell->n; i++)
        if (!visit(context, shelf_heap_entries(cell)[i]))
            return false;
    return true;
}

void shelf_grid_walk(struct shelf *shelf, int32_t board, int32_t cpu, int32_t memory_mib,
                     bool (*visit)(void *context, int32_t item), void *context)
{
    const struct shelf_grid *grid = shelf->grid;
    const struct shelf_range range = shelf_find_range(shelf, board, cpu, memory_mib);

    for (int32_t row = range.row; row < range.end;
         row = shelf_find_row(grid, row + 1, range.end, range.column)) {
        for (int word = range.column / 64; word < end_of_words(grid, row); word++) {
            int32_t first = row * SHELF_COLUMNS + word * 64;

            for (uint64_t bits = bits_of(grid, row, range.column, word); bits; bits &= bits - 1)
                if (!visit_place(shelf, first + __builtin_ctzll(bits), visit, context))
                    return;
        }
    }
}
