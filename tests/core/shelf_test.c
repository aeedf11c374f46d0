/*
 * The shelf against a sorted list, through thousands of random changes.
 */
#include "core/draw.h"
#include "core/shelf.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define N 600

static struct shelf_item list[N];
static bool there[N];
static int64_t n_draws;

static int32_t roll(int bound)
{
    return (int32_t)draw_below(5, DRAW_MESSAGE, 0, n_draws++, (uint64_t)bound);
}

static bool before(const struct shelf_item *a, const struct shelf_item *b)
{
    return a->key < b->key || (a->key == b->key && a->item < b->item);
}

static int plain_first(const struct shelf_item *after, int cpu, int memory_mib)
{
    int best = -1;

    for (int i = 0; i < N; i++)
        if (there[i] && list[i].cpu >= cpu && list[i].memory_mib >= memory_mib &&
            (!after || before(after, &list[i])) && (best < 0 || before(&list[i], &list[best])))
            best = i;
    return best;
}

static void compare(const struct shelf *shelf)
{
    struct shelf_item found, bound = {(uint64_t)roll(40), roll(N), 0, 0};
    const struct shelf_item *after = roll(2) ? &bound : NULL;
    int cpu = roll(120), memory_mib = roll(120);
    int expected = plain_first(after, cpu, memory_mib);

    if (!shelf_first(shelf, after, cpu, memory_mib, &found))
        found.item = -1;
    cr_assert(found.item == expected, "found %d, expected %d", found.item, expected);
}

Test(shelf, agrees_with_a_list_through_random_changes)
{
    struct shelf shelf;
    int n = 0;

    shelf_init(&shelf);
    for (int step = 0; step < 60000; step++) {
        /* Waves of growing and shrinking, so that nodes split, join and vanish. */
        bool growing = step / 5000 % 2 == 0;
        int i = roll(N);
        struct shelf_item item = {(uint64_t)roll(40), i, roll(100), roll(100)};

        if (!there[i] && (growing || roll(4) == 0)) {
            list[i] = item;
            there[i] = true;
            n++;
            shelf_add(&shelf, &item);
        } else if (there[i] && (!growing || roll(4) == 0)) {
            shelf_remove(&shelf, list[i].key, i);
            there[i] = false;
            n--;
        } else if (there[i]) {
            item.key = list[i].key;
            list[i] = item;
            shelf_update(&shelf, &item);
        }
        cr_assert(shelf.n_items == n);
        compare(&shelf);
    }
    shelf_finish(&shelf);
}
