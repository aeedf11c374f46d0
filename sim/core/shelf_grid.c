/*
 * Where amounts are small multiples of a unit each and the key follows from them, every pair of amounts is
 * a place of a grid: a row of one amount, a column of the other, a bit that says whether somebody stands
 * there. Moving an item touches two places, asking looks along the rows. Units and reach follow from what
 * comes; a grid that would become too large is given up for the bins of shelf.c.
 */
#include "core/array.h"
#include "core/shelf_parts.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_BITS_MIN 6 /* a word of bits */
#define COLUMN_BITS_MAX 8
#define ROW_WORDS_MAX (1 << (COLUMN_BITS_MAX - COLUMN_BITS_MIN))
#define WORDS_MAX 2048       /* of a board's bits: so many may have to be looked at */
#define PLACES_MAX (1 << 21) /* on all boards: 8 MiB */
#define FEW 10               /* items that stand in the cell itself, in any order */
#define STALE_MIN 8          /* as in shelf.c */

/* The items at one place, in a cache line while they are few; then, until all have left, a heap as in
 * shelf.c. */
struct cell {
    uint64_t key;
    int32_t lowest;
    int32_t n_items;
    int32_t n_entries, cap_entries; /* of the heap; 0: they are few */
    union {
        int32_t few[FEW];
        uint64_t *entries;
        int32_t next_free;
    };
};

/* One of the two amounts: multiples of a unit, up to a most. */
struct axis {
    int32_t unit;     /* 0: as yet only amounts of 0 */
    int32_t n;        /* multiples, 0 among them */
    uint32_t inverse; /* of the unit's odd part, modulo 2^32 */
    int shift;        /* of its even part */
};

struct shelf_grid {
    struct axis rows, columns;
    int column_bits, row_bits;
    int n_boards;
    uint64_t *bits; /* by board, row, column: somebody stands there */
    int32_t *at;    /* the same places: the cell, where somebody does */
    struct cell *cells;
    int n_cells, cap_cells;
    int32_t first_free; /* cell */
};

struct shelf_grid *shelf_grid_create(void)
{
    struct shelf_grid *grid = calloc(1, sizeof *grid);

    assert(grid != NULL);
    grid->rows = grid->columns = (struct axis){.n = 1};
    grid->column_bits = COLUMN_BITS_MIN;
    grid->first_free = ID_NONE;
    return grid;
}

void shelf_grid_destroy(struct shelf_grid *grid)
{
    if (!grid)
        return;
    for (int i = 0; i < grid->n_cells; i++)
        if (grid->cells[i].cap_entries > 0)
            free(grid->cells[i].entries);
    free(grid->bits);
    free(grid->at);
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

/* Bits for numbers up to that one. */
static int bits_for(int32_t number)
{
    int bits = 0;

    while (number >> bits > 0)
        bits++;
    return bits;
}

/* The axis that has the amount too. */
static struct axis stretch(const struct axis *axis, int32_t amount)
{
    int32_t max = (axis->n - 1) * axis->unit;
    struct axis longer = {.unit = gcd(axis->unit, amount), .n = 1, .inverse = 1};
    uint32_t odd;

    if (longer.unit == 0)
        return longer;
    longer.n = (max > amount ? max : amount) / longer.unit + 1;
    longer.shift = __builtin_ctz((uint32_t)longer.unit);
    odd = (uint32_t)longer.unit >> longer.shift;
    for (int i = 0; i < 5; i++) /* Newton: each round doubles the bits that are right */
        longer.inverse *= 2 - odd * longer.inverse;
    return longer;
}

struct shelf_grid *shelf_grid_larger(const struct shelf_grid *grid, const struct shelf_spot *spot,
                                     enum shelf_order order)
{
    struct shelf_grid *larger = shelf_grid_create();
    size_t n_places;

    larger->rows = stretch(&grid->rows, row_amount(order, spot->cpu, spot->memory_mib));
    larger->columns = stretch(&grid->columns, column_amount(order, spot->cpu, spot->memory_mib));
    larger->n_boards = grid->n_boards > spot->board ? grid->n_boards : 2 * spot->board + 1;
    larger->row_bits = bits_for(larger->rows.n - 1);
    larger->column_bits = bits_for(larger->columns.n - 1);
    if (larger->column_bits < COLUMN_BITS_MIN)
        larger->column_bits = COLUMN_BITS_MIN;
    if (larger->column_bits > COLUMN_BITS_MAX ||
        larger->rows.n > WORDS_MAX >> (larger->column_bits - COLUMN_BITS_MIN) ||
        larger->n_boards > PLACES_MAX >> (larger->column_bits + larger->row_bits)) {
        shelf_grid_destroy(larger);
        return NULL;
    }
    n_places = (size_t)larger->n_boards << (larger->row_bits + larger->column_bits);
    larger->bits = calloc(n_places / 64, sizeof *larger->bits);
    larger->at = malloc(n_places * sizeof *larger->at);
    assert(larger->bits != NULL && larger->at != NULL);
    return larger;
}

/* The number of units that the amount is, or some number of `n` or more where it is no multiple of the unit
 * or too much: one multiplication in place of a division (Granlund and Montgomery, 1994, section 9). */
static inline uint32_t in_units(const struct axis *axis, int32_t amount)
{
    uint32_t product = (uint32_t)amount * axis->inverse;

    return axis->shift ? product >> axis->shift | product << (32 - axis->shift) : product;
}

/* The place of a spot, or ID_NONE. */
static inline int32_t place_of(const struct shelf_grid *grid, enum shelf_order order,
                               const struct shelf_spot *spot)
{
    uint32_t row = in_units(&grid->rows, row_amount(order, spot->cpu, spot->memory_mib));
    uint32_t column = in_units(&grid->columns, column_amount(order, spot->cpu, spot->memory_mib));

    if (row >= (uint32_t)grid->rows.n || column >= (uint32_t)grid->columns.n ||
        spot->board >= grid->n_boards)
        return ID_NONE;
    return (int32_t)((((uint32_t)spot->board << grid->row_bits) | row) << grid->column_bits |
                     column);
}

/* Cells ------------------------------------------------------------------------------------------ */

static void sink(struct cell *cell, int at)
{
    uint64_t entry = cell->entries[at];

    for (int child; (child = 2 * at + 1) < cell->n_entries; at = child) {
        child += child + 1 < cell->n_entries && cell->entries[child + 1] < cell->entries[child];
        if (cell->entries[child] >= entry)
            break;
        cell->entries[at] = cell->entries[child];
    }
    cell->entries[at] = entry;
}

static void clear_heap(const struct shelf *shelf, struct cell *cell)
{
    int kept = 0;

    for (int i = 0; i < cell->n_entries; i++)
        if (!shelf_is_stale(shelf, cell->entries[i]))
            cell->entries[kept++] = cell->entries[i];
    cell->n_entries = kept;
    for (int i = kept / 2 - 1; i >= 0; i--)
        sink(cell, i);
}

static void push(const struct shelf *shelf, struct cell *cell, int32_t item)
{
    uint64_t entry = (uint64_t)item << 32 | shelf->seats[item].turn;
    int at;

    if (cell->n_entries > 2 * cell->n_items + STALE_MIN)
        clear_heap(shelf, cell);
    if (cell->n_entries == cell->cap_entries)
        cell->entries =
            array_grow(cell->entries, cell->n_entries, &cell->cap_entries, sizeof entry);
    for (at = cell->n_entries++; at > 0 && cell->entries[(at - 1) / 2] > entry; at = (at - 1) / 2)
        cell->entries[at] = cell->entries[(at - 1) / 2];
    cell->entries[at] = entry;
}

/* The few become many. */
static void make_heap(const struct shelf *shelf, struct cell *cell)
{
    int32_t few[FEW];

    memcpy(few, cell->few, sizeof few);
    cell->entries = NULL;
    cell->n_entries = 0;
    for (int i = 0; i < FEW; i++)
        push(shelf, cell, few[i]);
}

/* An unused cell. */
static int32_t take_cell(struct shelf_grid *grid)
{
    int32_t id = grid->first_free;

    if (id == ID_NONE) {
        (void)ARRAY_ADD(grid, cells);
        return grid->n_cells - 1;
    }
    grid->first_free = grid->cells[id].next_free;
    return id;
}

static void free_cell(struct shelf_grid *grid, int32_t id)
{
    struct cell *cell = &grid->cells[id];

    if (cell->cap_entries > 0)
        free(cell->entries);
    cell->cap_entries = 0;
    cell->next_free = grid->first_free;
    grid->first_free = id;
}

static inline void enter(struct shelf *shelf, int32_t item, int32_t place, uint64_t key)
{
    struct shelf_grid *grid = shelf->grid;
    uint64_t *bits = &grid->bits[(uint32_t)place / 64], bit = UINT64_C(1) << place % 64;
    struct cell *cell;

    shelf->seats[item].bin = place;
    if (!(*bits & bit)) {
        int32_t id = take_cell(grid);

        *bits |= bit;
        grid->at[place] = id;
        cell = &grid->cells[id];
        cell->key = key;
        cell->lowest = cell->few[0] = item;
        cell->n_items = 1;
        return;
    }
    cell = &grid->cells[grid->at[place]];
    cell->lowest = item < cell->lowest ? item : cell->lowest;
    if (cell->cap_entries == 0 && cell->n_items < FEW) {
        cell->few[cell->n_items++] = item;
        return;
    }
    if (cell->cap_entries == 0)
        make_heap(shelf, cell);
    push(shelf, cell, item);
    cell->n_items++;
}

/* Takes the item, which is not the only one, out of a cell of few. */
static inline void take_of_few(struct cell *cell, int32_t item)
{
    int at = 0, n = --cell->n_items;

    while (cell->few[at] != item)
        at++;
    cell->few[at] = cell->few[n];
    if (cell->lowest != item)
        return;
    cell->lowest = cell->few[0];
    for (int i = 1; i < n; i++)
        cell->lowest = cell->few[i] < cell->lowest ? cell->few[i] : cell->lowest;
}

static inline void take_of_heap(const struct shelf *shelf, struct cell *cell, int32_t item)
{
    cell->n_items--;
    if (cell->lowest != item)
        return;
    while (shelf_is_stale(shelf, cell->entries[0])) {
        cell->entries[0] = cell->entries[--cell->n_entries];
        sink(cell, 0);
    }
    cell->lowest = (int32_t)(cell->entries[0] >> 32);
}

static inline void leave(struct shelf *shelf, int32_t item)
{
    struct shelf_grid *grid = shelf->grid;
    int32_t place = shelf->seats[item].bin;
    struct cell *cell = &grid->cells[grid->at[place]];

    shelf->seats[item].bin = ID_NONE;
    shelf->seats[item].turn++;
    if (cell->n_items == 1) {
        grid->bits[(uint32_t)place / 64] &= ~(UINT64_C(1) << place % 64);
        free_cell(grid, grid->at[place]);
    } else if (cell->cap_entries == 0) {
        take_of_few(cell, item);
    } else {
        take_of_heap(shelf, cell, item);
    }
}

void shelf_grid_take(struct shelf *shelf, int32_t item)
{
    leave(shelf, item);
}

bool shelf_grid_put(struct shelf *shelf, int32_t item, const struct shelf_spot *spot)
{
    int32_t place = place_of(shelf->grid, shelf->order, spot);

    if (place == ID_NONE)
        return false;
    while (shelf->n_seats <= item)
        ARRAY_ADD(shelf, seats)->bin = ID_NONE;
    if (shelf->seats[item].bin == place)
        return true;
    if (shelf->seats[item].bin != ID_NONE)
        leave(shelf, item);
    enter(shelf, item, place, spot->key);
    return true;
}

struct shelf_spot shelf_grid_spot(const struct shelf *shelf, int32_t item)
{
    const struct shelf_grid *grid = shelf->grid;
    int32_t place = shelf->seats[item].bin;
    int32_t column = (place & ((1 << grid->column_bits) - 1)) * grid->columns.unit;
    int32_t row = (place >> grid->column_bits & ((1 << grid->row_bits) - 1)) * grid->rows.unit;
    bool by_cpu = shelf->order == SHELF_BY_CPU;

    return (struct shelf_spot){grid->cells[grid->at[place]].key,
                               place >> (grid->column_bits + grid->row_bits), by_cpu ? row : column,
                               by_cpu ? column : row};
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

/* Where to look on a board: rows from the first one on, in each those columns. */
struct range {
    int32_t first_row, n_rows;
    int32_t n_words; /* of a row */
    uint64_t masks[ROW_WORDS_MAX];
    const uint64_t *bits; /* of the board */
    const int32_t *at;
};

static inline bool find_range(const struct shelf *shelf, int32_t board, int32_t cpu,
                              int32_t memory_mib, struct range *range)
{
    const struct shelf_grid *grid = shelf->grid;
    size_t first = (size_t)board << (grid->row_bits + grid->column_bits);
    int32_t column = units_enough(&grid->columns, column_amount(shelf->order, cpu, memory_mib));

    if (board >= grid->n_boards || column >= grid->columns.n)
        return false;
    range->first_row = units_enough(&grid->rows, row_amount(shelf->order, cpu, memory_mib));
    range->n_rows = grid->rows.n;
    range->n_words = 1 << (grid->column_bits - COLUMN_BITS_MIN);
    for (int word = 0; word < range->n_words; word++)
        range->masks[word] = word < column / 64   ? 0
                             : word > column / 64 ? ~UINT64_C(0)
                                                  : ~UINT64_C(0) << column % 64;
    range->bits = grid->bits + first / 64;
    range->at = grid->at + first;
    return true;
}

/* The first row from that one on where somebody stands in those columns, or the number of rows. Few words
 * a row are the rule: these loops are what an answer mostly waits for. */
static inline int find_row(const struct range *range, int row)
{
    const uint64_t *bits = range->bits, *masks = range->masks;

    if (range->n_words == 1)
        while (row < range->n_rows && !(bits[row] & masks[0]))
            row++;
    else if (range->n_words == 2)
        while (row < range->n_rows &&
               !((bits[2 * row] & masks[0]) | (bits[2 * row + 1] & masks[1])))
            row++;
    else
        while (row < range->n_rows &&
               !((bits[4 * row] & masks[0]) | (bits[4 * row + 1] & masks[1]) |
                 (bits[4 * row + 2] & masks[2]) | (bits[4 * row + 3] & masks[3])))
            row++;
    return row;
}

/* Adds so many items of a key, no less than those before, to the answer. False when no later one can
 * matter. */
static inline bool consider(struct shelf_answer *answer, uint64_t key, int32_t lowest, int n_items)
{
    if (answer->n == 0) {
        *answer = (struct shelf_answer){n_items > 1 ? 2 : 1, lowest, key, key};
        return true;
    }
    if (key != answer->key) {
        if (answer->n == 1)
            answer->next_key = key;
        answer->n = 2;
        return false;
    }
    answer->n = 2;
    answer->item = lowest < answer->item ? lowest : answer->item;
    return true;
}

/* Adds a word of a row to the answer; mostly its items share a key. */
static inline bool consider_word(const struct shelf_grid *grid, const int32_t *at, uint64_t bits,
                                 struct shelf_answer *answer)
{
    while (bits) {
        const struct cell *cell = &grid->cells[at[__builtin_ctzll(bits)]];
        uint64_t key = cell->key;
        int32_t lowest = cell->lowest;
        int n_items = cell->n_items;

        while ((bits &= bits - 1) && (cell = &grid->cells[at[__builtin_ctzll(bits)]])->key == key) {
            lowest = cell->lowest < lowest ? cell->lowest : lowest;
            n_items += cell->n_items;
        }
        if (!consider(answer, key, lowest, n_items))
            return false;
    }
    return true;
}

struct shelf_answer shelf_grid_first(const struct shelf *shelf, int32_t board, int32_t cpu,
                                     int32_t memory_mib, bool any)
{
    const struct shelf_grid *grid = shelf->grid;
    struct shelf_answer answer = {0};
    struct range range;

    if (!find_range(shelf, board, cpu, memory_mib, &range))
        return answer;
    for (int row = range.first_row; (row = find_row(&range, row)) < range.n_rows; row++) {
        const int32_t *at = &range.at[row << grid->column_bits];

        for (int word = 0; word < range.n_words; word++)
            if (!consider_word(grid, at + word * 64,
                               range.bits[row * range.n_words + word] & range.masks[word], &answer))
                return answer;
        if (answer.n == 2 && (any || shelf->order != SHELF_BY_NONE))
            return answer;
    }
    return answer;
}

/* Visits all items of a cell; false as soon as `visit` says so. */
static bool visit_cell(const struct shelf *shelf, const struct cell *cell,
                       bool (*visit)(void *context, int32_t item), void *context)
{
    for (int i = 0; cell->cap_entries == 0 && i < cell->n_items; i++)
        if (!visit(context, cell->few[i]))
            return false;
    for (int i = 0; cell->cap_entries > 0 && i < cell->n_entries; i++)
        if (!shelf_is_stale(shelf, cell->entries[i]) &&
            !visit(context, (int32_t)(cell->entries[i] >> 32)))
            return false;
    return true;
}

void shelf_grid_walk(const struct shelf *shelf, int32_t board, int32_t cpu, int32_t memory_mib,
                     bool (*visit)(void *context, int32_t item), void *context)
{
    const struct shelf_grid *grid = shelf->grid;
    struct range range;

    if (!find_range(shelf, board, cpu, memory_mib, &range))
        return;
    for (int row = range.first_row; (row = find_row(&range, row)) < range.n_rows; row++) {
        for (int word = 0; word < range.n_words; word++) {
            uint64_t bits = range.bits[row * range.n_words + word] & range.masks[word];
            const int32_t *at = &range.at[(row << grid->column_bits) + word * 64];

            for (; bits; bits &= bits - 1)
                if (!visit_cell(shelf, &grid->cells[at[__builtin_ctzll(bits)]], visit, context))
                    return;
        }
    }
}
