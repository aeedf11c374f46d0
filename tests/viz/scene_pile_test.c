/*
 * Tiles come and go at random; the lowest place is that of a plain search over all of them.
 */
#include "viz/scene_pile.h"

#include "core/draw.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#define COLUMNS 7
#define TILES 300

struct world {
    struct piles piles;
    struct pile_tile tiles[TILES];
    enum { NOT_YET, THERE, TRACE, GONE } state[TILES];
    uint64_t draw;
};

static int draw(struct world *world, int below)
{
    world->draw = draw_mix(world->draw + 1);
    return (int)(world->draw >> 33) % below;
}

static bool meet(const struct pile_tile *a, const struct pile_tile *b)
{
    return a->column < b->column + b->span && b->column < a->column + a->span &&
           a->y < b->y + b->height && b->y < a->y + a->height;
}

/* What the plain search says: up from the ground, over whatever is in the way. */
static int64_t lowest(const struct world *world, struct pile_tile tile)
{
    tile.y = 0;
    for (int i = 0; i < TILES; i++) {
        if (world->state[i] == THERE && meet(&tile, &world->tiles[i])) {
            tile.y = world->tiles[i].y + world->tiles[i].height;
            i = -1;
        }
    }
    return tile.y;
}

static void come(struct world *world, int id)
{
    struct pile_tile tile = {.span = 1 + (draw(world, 3) == 0 ? draw(world, 4) : 0), .id = id};
    tile.column = draw(world, COLUMNS - tile.span + 1);
    tile.height = 5 * (1 + draw(world, 6));
    tile.y = piles_lowest(&world->piles, &tile);
    cr_assert(eq(i64, tile.y, lowest(world, tile)));
    int32_t trace;
    while ((trace = piles_trace(&world->piles, &tile)) >= 0) {
        cr_assert(world->state[trace] == TRACE && meet(&tile, &world->tiles[trace]));
        piles_forget(&world->piles, &world->tiles[trace]);
        world->state[trace] = GONE;
    }
    for (int i = 0; i < TILES; i++)
        cr_assert(world->state[i] != TRACE || !meet(&tile, &world->tiles[i]));
    piles_put(&world->piles, &tile);
    world->tiles[id] = tile;
    world->state[id] = THERE;
}

Test(scene_pile, finds_what_a_plain_search_finds)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct world world = {.draw = seed};
        piles_init(&world.piles, COLUMNS);
        for (int id = 0; id < TILES; id++) {
            come(&world, id);
            for (int gone = draw(&world, 3); gone > 0; gone--) {
                int at = draw(&world, id + 1);
                if (world.state[at] != THERE)
                    continue;
                piles_leave(&world.piles, &world.tiles[at]);
                world.state[at] = TRACE;
            }
        }
        piles_finish(&world.piles);
    }
}

Test(scene_pile, heights_beyond_32_bits_are_heights)
{
    struct piles piles;
    piles_init(&piles, 1);
    for (int32_t id = 0; id < 4000; id++) {
        struct pile_tile tile = {0, 1, 0, 1000000, id};
        tile.y = piles_lowest(&piles, &tile);
        cr_assert(eq(i64, tile.y, id * INT64_C(1000000)));
        piles_put(&piles, &tile);
    }
    piles_finish(&piles);
}
