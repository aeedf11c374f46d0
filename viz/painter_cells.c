/*
 * A digest of 64 bits per cell: that two lists give a cell the same digest but another look will not
 * happen. It must never know pixels, or what shapes mean.
 */
#include "viz/painter_cells.h"

#include "core/array.h"

#include <stdlib.h>
#include <string.h>

#define CELL 32

/* Points: letters may lie so far outside their text's rectangle. */
#define OVERHANG 3

static uint64_t mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return digest ^ digest >> 29;
}

static uint64_t pair(int a, int b)
{
    return (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
}

static uint64_t digest_of(const struct shapes *shapes, const struct shape *shape,
                          struct shape_rect visible)
{
    uint64_t digest = mix((uint64_t)shape->kind, palette_colour(shapes->theme, shape->paint));
    digest = mix(digest, (uint64_t)shapes->density);
    digest = mix(digest, pair(shape->rect.x, shape->rect.y));
    digest = mix(digest, pair(shape->rect.width, shape->rect.height));
    digest = mix(digest, pair(visible.x, visible.y));
    digest = mix(digest, pair(visible.width, visible.height));
    if (shape->kind != SHAPE_TEXT)
        return digest;
    digest = mix(digest, pair(shape->size, shape->bold));
    for (const char *text = shapes_text_of(shapes, shape); *text != '\0'; text++)
        digest = mix(digest, (unsigned char)*text);
    return digest;
}

static void resize(struct painter_cells *cells, int width, int height)
{
    if (cells->width == width && cells->height == height)
        return;
    cells->width = width;
    cells->height = height;
    cells->columns = (width + CELL - 1) / CELL;
    cells->rows = (height + CELL - 1) / CELL;
    size_t n = (size_t)cells->columns * (size_t)cells->rows;
    free(cells->before);
    free(cells->now);
    free(cells->first);
    cells->before = calloc(n + 1, sizeof *cells->before);
    cells->now = calloc(n + 1, sizeof *cells->now);
    cells->first = calloc((size_t)cells->rows + 2, sizeof *cells->first);
    cells->known = false;
}

/* Takes the list's shapes as far as they can be seen, and adds them to the cells' digests. */
static void take_shapes(struct painter_cells *cells, const struct shapes *shapes)
{
    struct shape_rect all = {0, 0, cells->width, cells->height}, clip = all;
    cells->n_pieces = 0;
    memset(cells->first, 0, ((size_t)cells->rows + 2) * sizeof *cells->first);
    for (int i = 0; i < shapes->n_list; i++) {
        const struct shape *shape = &shapes->list[i];
        if (shape->kind == SHAPE_CLIP) {
            clip = shape_meet(shape->rect, all);
            continue;
        }
        struct shape_rect drawn = shape->kind == SHAPE_TEXT
                                      ? shape_inset(shape->rect, -shapes_measure(shapes, OVERHANG))
                                      : shape->rect;
        struct shape_rect visible = shape_meet(drawn, clip);
        if (visible.width == 0)
            continue;
        *ARRAY_ADD(cells, pieces) = (struct painter_piece){i, visible};
        uint64_t digest = digest_of(shapes, shape, visible);
        int right = (visible.x + visible.width - 1) / CELL;
        int bottom = (visible.y + visible.height - 1) / CELL;
        for (int row = visible.y / CELL; row <= bottom; row++) {
            cells->first[row + 2]++;
            for (int column = visible.x / CELL; column <= right; column++) {
                uint64_t *cell = &cells->now[row * cells->columns + column];
                *cell = mix(*cell, digest);
            }
        }
    }
}

/* Lists the pieces row by row, each row's in the order in which they are drawn. */
static void list_rows(struct painter_cells *cells)
{
    for (int row = 0; row < cells->rows; row++)
        cells->first[row + 2] += cells->first[row + 1];
    cells->n_listed = cells->first[cells->rows + 1];
    if (cells->n_listed > cells->cap_listed) {
        cells->cap_listed = cells->n_listed * 2;
        free(cells->listed);
        cells->listed = calloc((size_t)cells->cap_listed, sizeof *cells->listed);
    }
    for (int i = 0; i < cells->n_pieces; i++) {
        const struct shape_rect *visible = &cells->pieces[i].visible;
        for (int row = visible->y / CELL; row <= (visible->y + visible->height - 1) / CELL; row++)
            cells->listed[cells->first[row + 1]++] = i;
    }
}

static bool has_changed(const struct painter_cells *cells, int row, int column)
{
    int at = row * cells->columns + column;
    return !cells->known || cells->before[at] != cells->now[at];
}

/* Neighbours that have changed are drawn in one go. */
static void find_parts(struct painter_cells *cells)
{
    cells->n_parts = 0;
    for (int row = 0; row < cells->rows; row++) {
        for (int column = 0; column < cells->columns; column++) {
            if (!has_changed(cells, row, column))
                continue;
            int end = column + 1;
            while (end < cells->columns && has_changed(cells, row, end))
                end++;
            struct shape_rect rect = {column * CELL, row * CELL, (end - column) * CELL, CELL};
            *ARRAY_ADD(cells, parts) = (struct painter_part){
                .rect = shape_meet(rect, (struct shape_rect){0, 0, cells->width, cells->height}),
                .shapes = cells->listed + cells->first[row],
                .n_shapes = cells->first[row + 1] - cells->first[row],
            };
            column = end;
        }
    }
}

void painter_cells_compare(struct painter_cells *cells, const struct shapes *shapes, int width,
                           int height)
{
    resize(cells, width, height);
    size_t n = (size_t)cells->columns * (size_t)cells->rows;
    memset(cells->now, 0, n * sizeof *cells->now);
    take_shapes(cells, shapes);
    list_rows(cells);
    find_parts(cells);
    uint64_t *swapped = cells->before;
    cells->before = cells->now;
    cells->now = swapped;
    cells->known = true;
}

void painter_cells_forget(struct painter_cells *cells)
{
    cells->known = false;
}

void painter_cells_finish(struct painter_cells *cells)
{
    free(cells->before);
    free(cells->now);
    free(cells->pieces);
    free(cells->first);
    free(cells->listed);
    free(cells->parts);
    *cells = (struct painter_cells){0};
}
