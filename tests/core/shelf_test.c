/*
 * The shelf against a plain list, through thousands of random changes.
 */
#include "core/draw.h"
#include "core/shelf_grid.h"

#include <criterion/criterion.h>
#include <string.h>

#define N 700
#define BOARDS 3

static struct shelf_spot list[N];
static bool there[N];
static int32_t apart = 1; /* items of the list on the shelf */
static int64_t n_draws;

static int32_t roll(int bound)
{
    return (int32_t)draw_below(5, DRAW_MESSAGE, 0, n_draws++, (uint64_t)bound);
}

static bool enough(int i, int board, int cpu, int memory_mib)
{
    return there[i] && list[i].board == board && list[i].cpu >= cpu &&
           list[i].memory_mib >= memory_mib;
}

static struct shelf_answer plain_first(int board, int cpu, int memory_mib)
{
    struct shelf_answer answer = {0};

    for (int i = 0; i < N; i++)
        if (enough(i, board, cpu, memory_mib) && (answer.n == 0 || list[i].key < answer.key))
            answer = (struct shelf_answer){1, i, list[i].key, UINT64_MAX};
    for (int i = 0; answer.n > 0 && i < N; i++) {
        if (i == answer.item || !enough(i, board, cpu, memory_mib))
            continue;
        answer.n = 2;
        answer.next_key = list[i].key < answer.next_key ? list[i].key : answer.next_key;
    }
    return answer;
}

static bool same(const struct shelf_answer *a, const struct shelf_answer *b)
{
    return a->n == b->n && (a->n == 0 || (a->item == b->item && a->key == b->key)) &&
           (a->n < 2 || a->next_key == b->next_key);
}

/* How a cluster of a test is: `unit` of all amounts; so many of each kind are asked for; order and keys as in
 * key_of(). */
struct row {
    enum shelf_order order;
    int keys, amounts, asked, unit, steps, apart;
};

static int32_t roll_asked(const struct row *row)
{
    return (int32_t)((int64_t)roll(row->asked) * (row->amounts + 5) * row->unit / row->asked);
}

static void compare_first(struct shelf *shelf, const struct row *row)
{
    int board = roll(BOARDS), cpu = roll_asked(row), memory_mib = roll_asked(row);
    struct shelf_answer expected = plain_first(board, cpu, memory_mib);
    struct shelf_answer found = shelf_first(shelf, board, cpu, memory_mib, false);
    struct shelf_answer any = shelf_first(shelf, board, cpu, memory_mib, true);

    found.item /= apart;
    any.item /= apart;
    if (shelf->order == SHELF_BY_NONE) {
        cr_assert(found.n == 0 || enough(found.item, board, cpu, memory_mib));
        found.item = expected.item;
    }
    cr_assert(same(&found, &expected), "found %d of %d, expected %d of %d", found.item, found.n,
              expected.item, expected.n);
    cr_assert(any.n == expected.n && any.key == expected.key);
    cr_assert(any.n == 0 || list[any.item].key == expected.key);
    any.item = expected.item;
    cr_assert(same(&any, &expected));
}

struct visit {
    bool seen[N];
    uint64_t last_key;
    int n, stop_at;
};

static bool visit(void *context, int32_t item)
{
    struct visit *visits = context;

    item /= apart;
    cr_assert(!visits->seen[item] && list[item].key >= visits->last_key);
    visits->seen[item] = true;
    visits->last_key = list[item].key;
    return ++visits->n != visits->stop_at;
}

static void compare_walk(struct shelf *shelf, const struct row *row)
{
    struct visit visits = {.stop_at = roll(3) == 0 ? 1 + roll(20) : 0};
    int board = roll(BOARDS), cpu = roll_asked(row), memory_mib = roll_asked(row);
    int n = 0;

    shelf_walk(shelf, board, cpu, memory_mib, visit, &visits);
    for (int i = 0; i < N; i++) {
        n += enough(i, board, cpu, memory_mib);
        cr_assert(!visits.seen[i] || enough(i, board, cpu, memory_mib));
    }
    cr_assert(visits.n == (visits.stop_at > 0 && visits.stop_at < n ? visits.stop_at : n));
}

#define PER_UNIT (UINT64_C(1) << 32)

/* A key as the order says; one of `keys` where it is by key. */
static uint64_t key_of(enum shelf_order order, int keys, const struct shelf_spot *spot)
{
    if (order == SHELF_BY_KEY)
        return (uint64_t)roll(keys);
    if (order == SHELF_BY_NONE)
        return 0;
    return (uint64_t)(order == SHELF_BY_CPU ? spot->cpu : spot->memory_mib) * PER_UNIT;
}

static void change(struct shelf *shelf, bool growing, const struct row *row)
{
    int i = roll(N);

    if (there[i] && roll(growing ? 8 : 2) == 0) {
        shelf_take(shelf, i * apart);
        there[i] = false;
    } else if (there[i] || growing || roll(8) == 0) {
        list[i] = (struct shelf_spot){0, roll(BOARDS), roll(row->amounts) * row->unit,
                                      roll(row->amounts) * row->unit};
        list[i].key = key_of(row->order, row->keys, &list[i]);
        there[i] = true;
        shelf_put(shelf, i * apart, &list[i]);
    } else {
        shelf_take(shelf, i * apart); /* it is not there: nothing */
    }
}

static void compare_spot(const struct shelf *shelf)
{
    int i = roll(N);
    struct shelf_spot spot;

    cr_assert(shelf_spot_of(shelf, i * apart, &spot) == there[i]);
    cr_assert(!there[i] || (spot.key == list[i].key && spot.board == list[i].board &&
                            spot.cpu == list[i].cpu && spot.memory_mib == list[i].memory_mib));
}

/* Few amounts and few keys crowd the bins; many make more bins than items, which are swept up. Waves of
 * growing and shrinking. */
Test(shelf, agrees_with_a_list_through_random_changes)
{
    const struct row rows[] = {
        {SHELF_BY_KEY, 1, 3, 8, 1, 12000, 1},
        {SHELF_BY_KEY, 4, 10, 15, 1, 20000, 1},
        {SHELF_BY_KEY, 40, 100, 105, 1, 20000, 1},
        {SHELF_BY_KEY, 3, 1000, 1005, 1, 20000, 1},
        {SHELF_BY_MEMORY, 0, 4, 9, 7, 12000, 1}, /* many at each place */
        {SHELF_BY_MEMORY, 0, 120, 15, 256, 20000, 1},
        {SHELF_BY_MEMORY, 0, 30, 1, 12, 20000, 1},
        {SHELF_BY_CPU, 0, 60, 5, 1, 20000, 1},
        {SHELF_BY_CPU, 0, 200, 10, 3, 20000, 1},
        {SHELF_BY_NONE, 0, 20, 12, 5, 20000, 1},
        {SHELF_BY_MEMORY, 0, 255, 14, 1, 20000, 1}, /* the widest grid */
        {SHELF_BY_CPU, 0, 255, 15, 1, 20000, 1},
        {SHELF_BY_MEMORY, 0, 120, 15, 256, 12000, 7}, /* so many that bits have a layer more */
        {SHELF_BY_CPU, 0, 60, 5, 1, 12000, 90},
        {SHELF_BY_NONE, 0, 20, 3, 1, 12000, 90},
        {SHELF_BY_NONE, 0, 256, 7, 1, 20000, 1},   /* a column too many */
        {SHELF_BY_MEMORY, 0, 700, 9, 1, 12000, 1}, /* more than a grid has room for */
        {SHELF_BY_MEMORY, 0, 60, 40, 1, 12000, 1}, /* more is asked for than a grid tells apart */
        {SHELF_BY_CPU, 0, 60, 17, 1, 12000, 1},
    };

    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct shelf shelf;

        memset(there, 0, sizeof there);
        apart = rows[r].apart;
        shelf_init(&shelf, rows[r].order, rows[r].order == SHELF_BY_NONE ? 0 : PER_UNIT);
        for (int step = 0; step < rows[r].steps; step++) {
            change(&shelf, step / 4000 % 2 == 0, &rows[r]);
            compare_spot(&shelf);
            if (step % 2 == 0)
                compare_first(&shelf, &rows[r]);
            if (step % 16 == 0)
                compare_walk(&shelf, &rows[r]);
        }
        cr_assert((shelf.grid != NULL) == (rows[r].order != SHELF_BY_KEY && rows[r].amounts < 256 &&
                                           rows[r].asked <= SHELF_BARS));
        shelf_finish(&shelf);
    }
}

/* Words of bits at all three layers come into use and fall out of it again. */
Test(shelf, finds_the_lowest_of_very_many)
{
    struct shelf shelf;
    int32_t items[] = {0, 63, 64, 4095, 4096, 70000, 140001, 140002, 262143};
    const int n = sizeof items / sizeof items[0];

    shelf_init(&shelf, SHELF_BY_MEMORY, 1);
    for (int i = n - 1; i >= 0; i--) {
        shelf_put(&shelf, items[i], &(struct shelf_spot){8, 0, 4, 8});
        cr_assert(shelf_first(&shelf, 0, 2, 8, false).item == items[i]);
        cr_assert(shelf_first(&shelf, 0, 2, 8, false).n == (i == n - 1 ? 1 : 2));
    }
    for (int i = 0; i < n; i++) {
        cr_assert(shelf_first(&shelf, 0, 4, 5, false).item == items[i]);
        shelf_take(&shelf, items[i]);
    }
    cr_assert(shelf_first(&shelf, 0, 4, 5, false).n == 0 && shelf.grid != NULL);
    shelf_put(&shelf, 262144, &(struct shelf_spot){8, 0, 4, 8});
    cr_assert(shelf_first(&shelf, 0, 4, 5, false).item == 262144 && shelf.grid == NULL);
    shelf_finish(&shelf);
}

/* One step from amount to amount makes the units smaller and the grid larger, until it is given up. */
Test(shelf, keeps_everybody_while_the_grid_grows)
{
    struct shelf shelf;
    struct shelf_spot spot;
    int32_t amounts[] = {0, 1024, 4096, 512, 768, 6144, 3, 30000};

    shelf_init(&shelf, SHELF_BY_MEMORY, 1);
    for (int i = 0; i < 8; i++) {
        shelf_put(&shelf, i, &(struct shelf_spot){(uint64_t)amounts[i], i, 4096, amounts[i]});
        for (int j = 0; j <= i; j++) {
            cr_assert(shelf_spot_of(&shelf, j, &spot));
            cr_assert(spot.memory_mib == amounts[j] && spot.board == j && spot.cpu == 4096);
            cr_assert(shelf_first(&shelf, j, 1, amounts[j], false).n == 1);
            cr_assert(shelf_first(&shelf, j, 1, amounts[j] + 1, false).n == 0);
            cr_assert(shelf_first(&shelf, j, 4097, 0, false).n == 0);
        }
    }
    cr_assert(shelf.grid == NULL);
    shelf_finish(&shelf);
}

Test(shelf, knows_nothing_of_a_board_that_nobody_stands_on)
{
    struct shelf shelf;

    shelf_init(&shelf, SHELF_BY_KEY, 0);
    cr_assert(shelf_first(&shelf, 0, 0, 0, false).n == 0);
    shelf_put(&shelf, 3, &(struct shelf_spot){0, 2, 0, 0});
    cr_assert(shelf_first(&shelf, 1, 0, 0, false).n == 0);
    cr_assert(shelf_first(&shelf, 2, 0, 0, false).item == 3);
    cr_assert(shelf_first(&shelf, 9, 0, 0, false).n == 0);
    shelf_finish(&shelf);
}
