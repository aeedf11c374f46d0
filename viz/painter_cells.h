/*
 * Which parts of a picture a new list of shapes changes: the picture is divided into cells, and each
 * remembers a digest of all that was drawn in it. It must never know pixels, or what shapes mean.
 */
#ifndef BERTH_VIZ_PAINTER_CELLS_H
#define BERTH_VIZ_PAINTER_CELLS_H

#include "viz/shape.h"

/* A shape of the list as far as it is to be seen. */
struct painter_piece {
    int shape;
    struct shape_rect visible;
};

/* A rectangle that has to be drawn again, and the pieces that may lie in it. */
struct painter_part {
    struct shape_rect rect;
    const int *shapes;
    int n_shapes;
};

struct painter_cells {
    int width, height, columns, rows;
    uint64_t *before, *now; /* by cell, row by row */
    bool known;             /* `before` tells of what is there */
    struct painter_piece *pieces;
    int n_pieces, cap_pieces;
    int *first; /* by row of cells: its first in `listed`; one more than rows */
    int *listed;
    int n_listed, cap_listed;
    struct painter_part *parts;
    int n_parts, cap_parts;
};

/* Leaves in `parts` what has to be drawn. */
void painter_cells_compare(struct painter_cells *cells, const struct shapes *shapes, int width,
                           int height);

/* What is there is not known any more. */
void painter_cells_forget(struct painter_cells *cells);
void painter_cells_finish(struct painter_cells *cells);

#endif
