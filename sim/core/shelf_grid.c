/*
 * Where amounts are small multiples of a unit each and the key follows from them, every pair of amounts is
 * a place of a grid: a row of one amount, a column of the other. What an answer looks at stands side by
 * side: how far each row reaches, a bit for each place where somebody stands, the lowest item there. Moving
 * an item touches two places. Units and reach follow from what comes; a grid that would become too large is
 * given up for the bins of shelf.c.
 */
#include "core/array.h"
#include "core/shelf_parts.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 256          /* of every row: a fixed width makes places cheap to tell apart */
#define WORDS (COLUMNS / 64) /* of its bits */
#define COLUMNS_MAX 255      /* of them in use: how far a row reaches is a byte */
#define ROWS_MAX 1024        /* of a board: so many may have to be looked at */
#define ALL_ROWS_MAX 16384   /* of all boards: 32 MiB, of which no more is touched than is in use */

/* One of the two amounts: multiples of a unit, up to a most. */
struct axis {
    int32_t unit;     /* 0: as yet only amounts of 0 */
    int32_t n;        /* multiples, 0 among them */
    uint32_t inverse; /* of the unit's odd part, modulo 2^32 */
    uint32_t shift;   /* of its even part */
    uint64_t key;     /* what a unit adds to it */
};

struct place {
    int32_t lowest; /* item */
    int32_t cell;   /* ID_NONE: it stands there alone */
};

struct shelf_grid {
    struct axis rows, columns;
    int n_boards;
    uint8_t *reach;           /* by row: one more than the last column where somebody stands */
    uint64_t *bits;           /* by row and column: somebody stands there */
    struct place *places;     /* likewise, and meaningful where somebody does */
    struct shelf_heap *cells; /* two items at least */
    int n_cells, cap_cells;
    int32_t first_free; /* cell */
};

/* So many rows are looked at together. */
#define STRIDE 16
typedef uint8_t reaches __attribute__((vector_size(STRIDE)));
typedef uint64_t halves __attribute__((vector_size(STRIDE)));

struct shelf_grid *shelf_grid_create(void)
{
    struct shelf_grid *grid = calloc(1, sizeof *grid);

    assert(grid != NULL);
    grid->rows = grid->columns = (struct axis){.n = 1};
    grid->first_free = ID_NONE;
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
    free(grid->places);
    free(grid->cells);
    free(grid);
}

/* Places ----------------------------------------------------------------------------------------- */

static inline int32_t row_amount(enum shelf_order order, int32_t cpu, int32_t memory_mib)
{
    return order == SHELF_BY_CPU ? cpu : memory_mib;
}

static inline int32_t column_amount(enum shelf_order order, int32_t cpu, int32_t memory_mib)
{
    return order == SHELF_BY_CPU ? memory_mib : cpu;
}

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
static struct axis stretch(const struct axis *axis, int32_t amount, uint64_t key)
{
    int32_t max = (axis->n - 1) * axis->unit;
    struct axis longer = {.unit = gcd(axis->unit, amount), .n = 1, .inverse = 1};
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

    larger->rows = stretch(&grid->rows, row_amount(shelf->order, spot->cpu, spot->memory_mib),
                           by_cpu ? shelf->per_cpu : shelf->per_mib);
    larger->columns =
        stretch(&grid->columns, column_amount(shelf->order, spot->cpu, spot->memory_mib),
                by_cpu ? shelf->per_mib : shelf->per_cpu);
    larger->n_boards = grid->n_boards > spot->board ? grid->n_boards : 2 * spot->board + 1;
    if (larger->columns.n > COLUMNS_MAX || larger->rows.n > ROWS_MAX ||
        larger->n_boards > ALL_ROWS_MAX / larger->rows.n) {
        shelf_grid_destroy(larger);
        return NULL;
    }
    n_rows = (size_t)larger->n_boards * (size_t)larger->rows.n;
    larger->reach = calloc(n_rows + STRIDE, sizeof *larger->reach);
    larger->bits = calloc(n_rows * WORDS, sizeof *larger->bits);
    larger->places = malloc(n_rows * COLUMNS * sizeof *larger->places);
    assert(larger->reach && larger->bits && larger->places);
    return larger;
}

/* The number of units that the amount is, or some number of `n` or more where it is no multiple of the unit
 * or too much: one multiplication in place of a division (Granlund and Montgomery, 1994, section 9). */
static inline uint32_t in_units(const struct axis *axis, int32_t amount)
{
    uint32_t product = (uint32_t)amount * axis->inverse;

    return product >> axis->shift | product << (-axis->shift & 31);
}

/* The place of a spot, or ID_NONE. */
static inline int32_t place_of(const struct shelf *shelf, int32_t board, int32_t cpu,
                               int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    bool by_cpu = shelf->order == SHELF_BY_CPU;
    uint32_t row = in_units(&grid->rows, by_cpu ? cpu : memory_mib);
    uint32_t column = in_units(&grid->columns, by_cpu ? memory_mib : cpu);

    if (row >= (uint32_t)grid->rows.n || column >= (uint32_t)grid->columns.n ||
        board >= grid->n_boards)
        return ID_NONE;
    return (int32_t)(((uint32_t)(board * grid->rows.n) + row) * COLUMNS + column);
}

/* An unused cell. */
static int32_t take_cell(struct shelf_grid *grid)
{
    int32_t id = grid->first_free;

    if (id == ID_NONE) {
        (void)ARRAY_ADD(grid, cells);
        return grid->n_cells - 1;
    }
    grid->first_free = grid->cells[id].few[0];
    return id;
}

static void free_cell(struct shelf_grid *grid, int32_t id)
{
    shelf_heap_finish(&grid->cells[id]);
    grid->cells[id].few[0] = grid->first_free;
    grid->first_free = id;
}

/* Moving ----------------------------------------------------------------------------------------- */

/* Somebody comes to a place where nobody stood. */
static inline void open_place(struct shelf_grid *grid, uint32_t id, int32_t item)
{
    uint8_t *reach = &grid->reach[id / COLUMNS], column = id % COLUMNS;

    grid->places[id] = (struct place){item, ID_NONE};
    grid->bits[id / 64] |= UINT64_C(1) << id % 64;
    *reach = column < *reach ? *reach : (uint8_t)(column + 1);
}

static inline void close_place(struct shelf_grid *grid, uint32_t id)
{
    uint8_t *reach = &grid->reach[id / COLUMNS], column = id % COLUMNS;
    const uint64_t *words = &grid->bits[id / COLUMNS * WORDS];
    int word = column / 64;

    grid->bits[id / 64] &= ~(UINT64_C(1) << id % 64);
    if (*reach > column + 1)
        return;
    while (word > 0 && words[word] == 0)
        word--;
    *reach = (uint8_t)(words[word] ? word * 64 + 64 - __builtin_clzll(words[word]) : 0);
}

/* Whoever stood alone stands in a cell. */
static void begin_cell(struct shelf_grid *grid, struct place *place)
{
    struct shelf_heap *cell;

    place->cell = take_cell(grid);
    cell = &grid->cells[place->cell];
    cell->n_items = cell->n = 1;
    cell->few[0] = place->lowest;
}

static inline void enter(struct shelf *shelf, int32_t item, int32_t id)
{
    struct shelf_grid *grid = shelf->grid;
    struct place *place = &grid->places[id];

    if (!(grid->bits[(uint32_t)id / 64] >> (uint32_t)id % 64 & 1)) {
        open_place(grid, (uint32_t)id, item);
        return;
    }
    if (place->cell == ID_NONE)
        begin_cell(grid, place);
    shelf_heap_add(&grid->cells[place->cell], shelf->seats, id, item);
    place->lowest = item < place->lowest ? item : place->lowest;
}

static inline void leave(struct shelf *shelf, int32_t item, int32_t id)
{
    struct shelf_grid *grid = shelf->grid;
    struct place *place = &grid->places[id];
    struct shelf_heap *cell;

    if (place->cell == ID_NONE) {
        close_place(grid, (uint32_t)id);
        return;
    }
    cell = &grid->cells[place->cell];
    shelf_heap_remove(cell, shelf->seats, id, item);
    place->lowest = shelf_heap_lowest(cell);
    if (cell->n_items == 1) {
        free_cell(grid, place->cell);
        place->cell = ID_NONE;
    }
}

/* To another place or to none. */
static inline void move(struct shelf *shelf, int32_t item, int32_t to)
{
    int32_t from = shelf->seats[item];

    if (from == to)
        return;
    shelf->seats[item] = to;
    if (from != ID_NONE)
        leave(shelf, item, from);
    if (to != ID_NONE)
        enter(shelf, item, to);
}

void shelf_grid_take(struct shelf *shelf, int32_t item)
{
    move(shelf, item, ID_NONE);
}

static void add_seats(struct shelf *shelf, int32_t item)
{
    while (shelf->n_seats <= item)
        *ARRAY_ADD(shelf, seats) = ID_NONE;
}

bool shelf_grid_put(struct shelf *shelf, int32_t item, int32_t board, int32_t cpu,
                    int32_t memory_mib)
{
    int32_t place = place_of(shelf, board, cpu, memory_mib);

    if (place == ID_NONE)
        return false;
    if (item >= shelf->n_seats)
        add_seats(shelf, item);
    move(shelf, item, place);
    return true;
}

struct shelf_spot shelf_grid_spot(const struct shelf *shelf, int32_t item)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t place = shelf->seats[item], row = place / COLUMNS;
    int32_t column_amount = place % COLUMNS * grid->columns.unit;
    int32_t row_amount = row % grid->rows.n * grid->rows.unit;
    bool by_cpu = shelf->order == SHELF_BY_CPU;
    struct shelf_spot spot = {0, row / grid->rows.n, by_cpu ? row_amount : column_amount,
                              by_cpu ? column_amount : row_amount};

    spot.key = shelf_key(shelf, &spot);
    return spot;
}

/* Asking ----------------------------------------------------------------------------------------- */

/* The least units that are enough; the axis' length where none are. */
static inline int32_t units_enough(const struct axis *axis, int32_t amount)
{
    uint32_t units = in_units(axis, amount);

    if (amount <= 0)
        return 0;
    if (units < (uint32_t)axis->n)
        return (int32_t)units;
    return axis->unit == 0 || (amount - 1) / axis->unit + 1 > axis->n
               ? axis->n
               : (amount - 1) / axis->unit + 1;
}

/* Where to look: rows of a board from the first one on, in each the columns from that one on. */
struct range {
    int32_t row, end;
    int32_t column;
    const struct shelf_grid *grid;
};

/* The first byte in memory of a half that is not 0. */
static inline int first_byte(uint64_t half)
{
    return (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_ctzll(half)
                                                      : __builtin_clzll(half)) /
           8;
}

/* Goes on to the first row where somebody stands in those columns; false where there is none. */
static inline bool find_row(struct range *range)
{
    const reaches wanted = (reaches){0} + (uint8_t)range->column;

    for (; range->row < range->end; range->row += STRIDE) {
        reaches here;
        halves enough;

        memcpy(&here, range->grid->reach + range->row, sizeof here);
        enough = (halves)(here > wanted);
        if (enough[0] | enough[1]) {
            range->row += enough[0] ? first_byte(enough[0]) : 8 + first_byte(enough[1]);
            return range->row < range->end;
        }
    }
    return false;
}

/* The range's first row, if any. */
static inline bool find_range(const struct shelf *shelf, int32_t board, int32_t cpu,
                              int32_t memory_mib, struct range *range)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t first = board * grid->rows.n;

    range->grid = grid;
    range->row = first + units_enough(&grid->rows, row_amount(shelf->order, cpu, memory_mib));
    range->end = first + grid->rows.n;
    range->column = units_enough(&grid->columns, column_amount(shelf->order, cpu, memory_mib));
    return board < grid->n_boards && range->column < grid->columns.n && find_row(range);
}

/* The bits of a word of the range's row, of the columns in it. */
static inline uint64_t bits_of(const struct range *range, int word)
{
    uint64_t bits = range->grid->bits[range->row * WORDS + word];

    return word > range->column / 64 ? bits : bits & ~UINT64_C(0) << range->column % 64;
}

/* The words in which the range's row has bits begin with that of its column. */
static inline int end_of_words(const struct range *range)
{
    return (range->grid->reach[range->row] + 63) / 64;
}

/* The lowest item in the range's row; `alone` says that there is no other. */
static inline int32_t lowest_of_row(const struct range *range, bool *alone)
{
    const struct place *place = NULL, *places = &range->grid->places[range->row * COLUMNS];
    int32_t lowest = INT32_MAX;
    int n = 0, end = end_of_words(range);

    for (int word = range->column / 64; word < end; word++) {
        for (uint64_t bits = bits_of(range, word); bits; bits &= bits - 1, n++) {
            place = &places[word * 64 + __builtin_ctzll(bits)];
            lowest = place->lowest < lowest ? place->lowest : lowest;
        }
    }
    *alone = n == 1 && place->cell == ID_NONE;
    return lowest;
}

/* The first column of the range in its row where somebody stands; COLUMNS where nobody does. */
static inline int32_t first_column(const struct range *range)
{
    int end = end_of_words(range);

    for (int word = range->column / 64; word < end; word++) {
        uint64_t bits = bits_of(range, word);

        if (bits)
            return word * 64 + __builtin_ctzll(bits);
    }
    return COLUMNS;
}

/* The first of the range in a grid where each place has a key of its own. */
static struct shelf_answer first_of_places(struct range *range, int32_t first_row)
{
    const struct axis *rows = &range->grid->rows, *columns = &range->grid->columns;
    int32_t wanted = range->column, column = first_column(range);
    const struct place *place = &range->grid->places[range->row * COLUMNS + column];
    struct shelf_answer answer = {.n = 1, .item = place->lowest};

    answer.key = (uint64_t)(range->row - first_row) * rows->key + (uint64_t)column * columns->key;
    answer.next_key = answer.key;
    if (place->cell != ID_NONE) {
        answer.n = 2;
        return answer;
    }
    range->column = column + 1;
    column = first_column(range);
    if (column == COLUMNS) {
        range->row++;
        range->column = wanted;
        if (!find_row(range))
            return answer;
        column = first_column(range);
    }
    answer.n = 2;
    answer.next_key =
        (uint64_t)(range->row - first_row) * rows->key + (uint64_t)column * columns->key;
    return answer;
}

struct shelf_answer shelf_grid_first(const struct shelf *shelf, int32_t board, int32_t cpu,
                                     int32_t memory_mib)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t first_row = board * grid->rows.n;
    struct shelf_answer answer = {0};
    struct range range;
    bool alone;

    if (!find_range(shelf, board, cpu, memory_mib, &range))
        return answer;
    if (grid->columns.key != 0)
        return first_of_places(&range, first_row);
    answer.item = lowest_of_row(&range, &alone);
    answer.key = answer.next_key = (uint64_t)(range.row - first_row) * grid->rows.key;
    answer.n = 2;
    if (alone) {
        range.row++;
        answer.n = find_row(&range) ? 2 : 1;
        answer.next_key = (uint64_t)(range.row - first_row) * grid->rows.key;
    }
    return answer;
}

/* Visits all items of a place; false as soon as `visit` says so. */
static bool visit_place(struct shelf *shelf, int32_t place,
                        bool (*visit)(void *context, int32_t item), void *context)
{
    const struct place *there = &shelf->grid->places[place];
    struct shelf_heap *cell;

    if (there->cell == ID_NONE)
        return visit(context, there->lowest);
    cell = &shelf->grid->cells[there->cell];
    shelf_heap_clear(cell, shelf->seats, place);
    for (int i = 0; i < cell->n; i++)
        if (!visit(context, shelf_heap_entries(cell)[i]))
            return false;
    return true;
}

void shelf_grid_walk(struct shelf *shelf, int32_t board, int32_t cpu, int32_t memory_mib,
                     bool (*visit)(void *context, int32_t item), void *context)
{
    struct range range;
    bool found = find_range(shelf, board, cpu, memory_mib, &range);

    for (; found; range.row++, found = find_row(&range)) {
        for (int word = range.column / 64; word < end_of_words(&range); word++) {
            int32_t first = range.row * COLUMNS + word * 64;

            for (uint64_t bits = bits_of(&range, word); bits; bits &= bits - 1)
                if (!visit_place(shelf, first + __builtin_ctzll(bits), visit, context))
                    return;
        }
    }
}
