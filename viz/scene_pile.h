/*
 * A box being filled with tiles, column by column: finds the lowest free place for each, and whose trace it covers.
 * It must never know what a tile stands for or how wide a column is.
 */
#ifndef BERTH_VIZ_SCENE_PILE_H
#define BERTH_VIZ_SCENE_PILE_H

#include <stdint.h>

/* A tile as far as one column goes. */
struct pile_piece {
    int64_t y, end;
    int32_t id;
};

/* What lies in a column, from below up; no two overlap. */
struct pile {
    struct pile_piece *pieces;
    int n_pieces, cap_pieces;
};

/* Below `y` the column has no gap of that height. */
struct pile_hint {
    int32_t height;
    int64_t y;
};

struct pile_column {
    struct pile tiles, traces;
    struct pile_hint *hints;
    int n_hints, cap_hints;
};

struct piles {
    struct pile_column *columns;
    int n_columns;
};

struct pile_tile {
    int column, span; /* so many columns from that one on */
    int64_t y;
    int32_t height, id;
};

void piles_init(struct piles *piles, int n_columns);
void piles_finish(struct piles *piles);

/* The lowest height at which the tile meets no other, at its columns. */
int64_t piles_lowest(struct piles *piles, const struct pile_tile *tile);

/* Puts a tile where none is. */
void piles_put(struct piles *piles, const struct pile_tile *tile);

/* Leaves only its trace. */
void piles_leave(struct piles *piles, const struct pile_tile *tile);

/* A tile whose trace is where this one lies, or -1. It is taken away by piles_forget(). */
int32_t piles_trace(const struct piles *piles, const struct pile_tile *tile);
void piles_forget(struct piles *piles, const struct pile_tile *trace);

#endif
