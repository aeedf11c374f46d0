/*
 * Pieces stand in order of height, so that a place is found by halving. Where tiles of one height come again and
 * again, the search begins where the last one ended. It must never know what a tile stands for.
 */
#include "viz/scene_pile.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void piles_init(struct piles *piles, int n_columns)
{
    piles->n_columns = n_columns;
    piles->columns = calloc((size_t)n_columns + 1, sizeof *piles->columns);
}

void piles_finish(struct piles *piles)
{
    for (int i = 0; i < piles->n_columns; i++) {
        free(piles->columns[i].tiles.pieces);
        free(piles->columns[i].traces.pieces);
        free(piles->columns[i].hints);
    }
    free(piles->columns);
}

/* The lowest piece that ends above a height. */
static int find(const struct pile *pile, int64_t y)
{
    int low = 0, high = pile->n_pieces;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (pile->pieces[middle].end > y)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void insert(struct pile *pile, struct pile_piece piece)
{
    int at = find(pile, piece.y);
    ARRAY_ADD(pile, pieces);
    memmove(&pile->pieces[at + 1], &pile->pieces[at],
            (size_t)(pile->n_pieces - 1 - at) * sizeof *pile->pieces);
    pile->pieces[at] = piece;
}

/* Returns where the gap begins that it leaves. */
static int64_t take_out(struct pile *pile, int64_t y, int32_t id)
{
    int at = find(pile, y);
    assert(at < pile->n_pieces && pile->pieces[at].id == id);
    pile->n_pieces--;
    memmove(&pile->pieces[at], &pile->pieces[at + 1],
            (size_t)(pile->n_pieces - at) * sizeof *pile->pieces);
    return at > 0 ? pile->pieces[at - 1].end : 0;
}

static struct pile_hint *hint_find(struct pile_column *column, int32_t height)
{
    for (int i = 0; i < column->n_hints; i++) {
        if (column->hints[i].height == height)
            return &column->hints[i];
    }
    *ARRAY_ADD(column, hints) = (struct pile_hint){height, 0};
    return &column->hints[column->n_hints - 1];
}

/* In one column, from a height on. */
static int64_t lowest_in(const struct pile *tiles, int64_t y, int32_t height)
{
    for (int i = find(tiles, y); i < tiles->n_pieces && tiles->pieces[i].y < y + height; i++)
        y = tiles->pieces[i].end;
    return y;
}

int64_t piles_lowest(struct piles *piles, const struct pile_tile *tile)
{
    int64_t y = 0;
    for (int agreed = 0, i = 0; agreed < tile->span; i = (i + 1) % tile->span) {
        struct pile_column *column = &piles->columns[tile->column + i];
        struct pile_hint *hint = hint_find(column, tile->height);
        int64_t from = y > hint->y ? y : hint->y;
        int64_t above = lowest_in(&column->tiles, from, tile->height);
        if (from == hint->y)
            hint->y = above;
        agreed = above > y ? 1 : agreed + 1;
        y = above;
    }
    return y;
}

void piles_put(struct piles *piles, const struct pile_tile *tile)
{
    for (int i = 0; i < tile->span; i++)
        insert(&piles->columns[tile->column + i].tiles,
               (struct pile_piece){tile->y, tile->y + tile->height, tile->id});
}

void piles_leave(struct piles *piles, const struct pile_tile *tile)
{
    for (int i = 0; i < tile->span; i++) {
        struct pile_column *column = &piles->columns[tile->column + i];
        int64_t gap = take_out(&column->tiles, tile->y, tile->id);
        for (int h = 0; h < column->n_hints; h++)
            column->hints[h].y = column->hints[h].y < gap ? column->hints[h].y : gap;
        insert(&column->traces, (struct pile_piece){tile->y, tile->y + tile->height, tile->id});
    }
}

int32_t piles_trace(const struct piles *piles, const struct pile_tile *tile)
{
    for (int i = 0; i < tile->span; i++) {
        const struct pile *traces = &piles->columns[tile->column + i].traces;
        int at = find(traces, tile->y);
        if (at < traces->n_pieces && traces->pieces[at].y < tile->y + tile->height)
            return traces->pieces[at].id;
    }
    return -1;
}

void piles_forget(struct piles *piles, const struct pile_tile *trace)
{
    for (int i = 0; i < trace->span; i++)
        take_out(&piles->columns[trace->column + i].traces, trace->y, trace->id);
}
