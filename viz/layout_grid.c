/*
 * Boxes flow in rows, section by section; their area is their capacity in every section. Of all
 * shapes, and of zones side by side or one below the other, those are taken that leave the boxes
 * largest. It must never know moments, tasks or paint.
 */
#include "viz/layout_grid.h"

#include "viz/scene_block.h"

#include <assert.h>
#include <stdlib.h>

/* Weights are capacities in so many parts of the largest. */
#define WEIGHT_MOST 65536

/* What a unit of weight takes is a number of square units with so many binary places. */
#define PLACES 20

/* Widths in percent of heights. */
static const int shapes[] = {160, 200, 130, 250, 100, 320, 80, 400, 65, 500};
#define N_SHAPES (int)(sizeof shapes / sizeof shapes[0])

struct packing {
    const struct scene_index *index;
    int64_t width, height, gap, label; /* units */
    int32_t *weights;                  /* by berth */
    int32_t *heaviest;                 /* by section */
    bool beside;                       /* zones side by side */
    int shape;                         /* percent */
    int64_t scale;                     /* square units of a weight, shifted by PLACES */
    int64_t wide, high;                /* stretched to so many thousandths */
};

static int64_t area_of(const struct packing *packing, int32_t weight)
{
    return (int64_t)((__int128)packing->scale * weight >> PLACES);
}

static int64_t at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

static int64_t zone_width(const struct packing *packing)
{
    int n = packing->index->n_zones;
    return packing->beside && n > 0 ? (packing->width - (n - 1) * 2 * packing->gap) / n
                                    : packing->width;
}

/* Small boxes would look uneven if some had a pixel more than others. */
static int64_t whole_pixels(int64_t units)
{
    return units < 24 * GRID_UNITS ? units / GRID_UNITS * GRID_UNITS : units;
}

/* Where a section's boxes go from (x, y) on. Returns the height; `rects` may be NULL. */
static int64_t flow(const struct packing *packing, const struct scene_section *section, int64_t x,
                    int64_t y, struct grid_rect *rects)
{
    int32_t heaviest = packing->heaviest[section - packing->index->sections];
    int64_t plain = at_least(scene_block_root(area_of(packing, heaviest) * 100 / packing->shape), GRID_UNITS);
    int64_t high = whole_pixels(plain * packing->high / 1000), room = zone_width(packing);
    int64_t gap = plain / 8 < packing->gap ? at_least(plain / 8, GRID_UNITS) : packing->gap;
    int64_t left = 0, top = 0;
    for (int i = section->first_berth; i < section->first_berth + section->n_berths; i++) {
        int64_t wide = at_least(
            area_of(packing, packing->weights[i]) / plain * packing->wide / 1000, GRID_UNITS);
        if (left > 0 && left + wide > room) {
            left = 0;
            top += high + gap;
        }
        if (rects)
            rects[i] = (struct grid_rect){(int32_t)(x + left), (int32_t)(y + top), (int32_t)wide,
                                          (int32_t)high};
        /* One that alone is too wide for a row does not fit. */
        if (wide > room)
            return packing->height + 1;
        left += wide + gap;
    }
    return top + high;
}

/* The whole run. Returns the height it needs. */
static int64_t pack(const struct packing *packing, struct layout_grid *grid)
{
    const struct scene_index *index = packing->index;
    int64_t x = 0, y = 0, needed = 0, room = zone_width(packing);
    for (int z = 0; z < index->n_zones; z++) {
        const struct scene_zone *zone = &index->zones[z];
        for (int s = zone->first_section; s < zone->first_section + zone->n_sections; s++) {
            if (grid)
                grid->headings[s] = (struct grid_heading){
                    {(int32_t)x, (int32_t)y, (int32_t)room, (int32_t)packing->label}, s};
            y += packing->label;
            y +=
                flow(packing, &index->sections[s], x, y, grid ? grid->berths : NULL) + packing->gap;
            if (y > packing->height + packing->gap && !grid)
                return y;
        }
        needed = y - packing->gap > needed ? y - packing->gap : needed;
        if (packing->beside) {
            x += room + 2 * packing->gap;
            y = 0;
        }
    }
    return needed;
}

static bool fits(const struct packing *packing)
{
    return pack(packing, NULL) <= packing->height;
}

/* The largest scale at which everything fits, 0: none. */
static int64_t largest_scale(struct packing *packing)
{
    int64_t low = 0, high = packing->width * packing->height / WEIGHT_MOST + 1;
    high <<= PLACES;
    /* To a thousandth: more would not be seen. */
    while (high - low > low / 1000 + 1) {
        packing->scale = low + (high - low) / 2;
        if (fits(packing))
            low = packing->scale;
        else
            high = packing->scale;
    }
    return low;
}

static void weigh(struct packing *packing)
{
    const struct scene_index *index = packing->index;
    int64_t cpu_most = 1, memory_most = 1, most = 1;
    for (int i = 0; i < index->n_berths; i++) {
        cpu_most = at_least(index->berths[i].cpu, cpu_most);
        memory_most = at_least(index->berths[i].memory_mib, memory_most);
    }
    int64_t *sums = calloc((size_t)index->n_berths + 1, sizeof *sums);
    for (int i = 0; i < index->n_berths; i++) {
        sums[i] = index->berths[i].cpu * INT64_C(1000000) / cpu_most +
                  index->berths[i].memory_mib * INT64_C(1000000) / memory_most;
        most = at_least(sums[i], most);
    }
    packing->weights = calloc((size_t)index->n_berths + 1, sizeof *packing->weights);
    packing->heaviest = calloc((size_t)index->n_sections + 1, sizeof *packing->heaviest);
    for (int s = 0; s < index->n_sections; s++) {
        const struct scene_section *section = &index->sections[s];
        for (int i = section->first_berth; i < section->first_berth + section->n_berths; i++) {
            packing->weights[i] = (int32_t)at_least(sums[i] * WEIGHT_MOST / most, 1);
            packing->heaviest[s] = (int32_t)at_least(packing->weights[i], packing->heaviest[s]);
        }
    }
    free(sums);
}

static void choose(struct packing *packing)
{
    struct packing best = *packing;
    int64_t score = -1;
    for (int beside = 0; beside <= (packing->index->n_zones > 1); beside++) {
        for (int i = 0; i < N_SHAPES; i++) {
            packing->beside = beside;
            packing->shape = shapes[i];
            int64_t scale = packing->scale = largest_scale(packing);
            /* Boxes that are wider than high hold more letters. */
            int64_t liked = scale / 100 * (shapes[i] >= 100 && shapes[i] <= 320 ? 100 : 85);
            if (liked > score) {
                best = *packing;
                score = liked;
            }
        }
    }
    *packing = best;
}

/* Takes what room is left: all boxes grow alike, so areas stay capacities. */
static void stretch(struct packing *packing)
{
    for (int step = 512; step > 0; step /= 2) {
        packing->wide += step;
        if (!fits(packing))
            packing->wide -= step;
    }
    for (int step = 512; step > 0; step /= 2) {
        packing->high += step;
        if (!fits(packing))
            packing->high -= step;
    }
}

static void make_packed(struct layout_grid *grid, const struct scene_index *index)
{
    struct packing packing = {
        .index = index,
        .width = (int64_t)grid->plan * GRID_UNITS,
        .height = (int64_t)grid->height * GRID_UNITS,
        .gap = (int64_t)grid->gap * GRID_UNITS,
        .label = (int64_t)grid->label * GRID_UNITS,
        .wide = 1000,
        .high = 1000,
    };
    weigh(&packing);
    choose(&packing);
    if (grid->plan != grid->width) {
        packing.width = (int64_t)grid->width * GRID_UNITS;
        packing.scale = largest_scale(&packing);
    }
    if (packing.scale > 0)
        stretch(&packing);
    pack(&packing, grid);
    free(packing.weights);
    free(packing.heaviest);
}

/* A plane stretched over an area, units. All boxes of the plane lose the same share of their sides to gaps and
 * headings: as much as the smallest does. */
struct stretched {
    const struct scene_index *index;
    int64_t width, height, gap, label;
    int64_t least_width, least_height; /* of the plane's smallest box */
};

static int64_t stretched_x(const struct stretched *stretched, int64_t x)
{
    return (int64_t)((__int128)x * stretched->width / stretched->index->plane_width);
}

static int64_t stretched_y(const struct stretched *stretched, int64_t y)
{
    return (int64_t)((__int128)y * stretched->height / stretched->index->plane_height);
}

static void measure(struct stretched *stretched)
{
    const struct scene_index *index = stretched->index;
    stretched->least_width = stretched->least_height = INT32_MAX;
    for (int i = 0; i < index->n_blocks; i++) {
        const struct scene_block *block = &index->blocks[i];
        if (block->box_width < stretched->least_width)
            stretched->least_width = block->box_width;
        if (block->box_height < stretched->least_height)
            stretched->least_height = block->box_height;
    }
    int64_t wide = stretched_x(stretched, stretched->least_width);
    int64_t high = stretched_y(stretched, stretched->least_height);
    int64_t most = (wide < high ? wide : high) / 8;
    stretched->gap = stretched->gap < most ? stretched->gap : most;
    if (3 * stretched->label > high)
        stretched->label = 0; /* there is no room for words */
}

static void stretch_block(const struct stretched *stretched, int number, struct layout_grid *grid)
{
    const struct scene_index *index = stretched->index;
    const struct scene_block *block = &index->blocks[number];
    int64_t left = stretched_x(stretched, block->x), top = stretched_y(stretched, block->y);
    int64_t right = stretched_x(stretched, block->x + block->width);
    grid->headings[number] =
        (struct grid_heading){{(int32_t)left, (int32_t)top,
                               (int32_t)(right - left - stretched->gap), (int32_t)stretched->label},
                              scene_index_section_of(index, block->first)};
    int64_t least_wide = stretched_x(stretched, stretched->least_width);
    int64_t least_high = stretched_y(stretched, stretched->least_height);
    int64_t wide =
        stretched_x(stretched, block->box_width) * (least_wide - stretched->gap) / least_wide;
    int64_t high = stretched_y(stretched, block->box_height) *
                   (least_high - stretched->gap - stretched->label) / least_high;
    wide = at_least(whole_pixels(wide), GRID_UNITS);
    high = at_least(whole_pixels(high), GRID_UNITS);
    for (int b = 0; b < index->n_berths; b++) {
        const struct scene_berth *berth = &index->berths[b];
        if (berth->block == number)
            grid->berths[b] = (struct grid_rect){
                (int32_t)(left + berth->cell % block->columns * (wide + stretched->gap)),
                (int32_t)(top + stretched->label +
                          berth->cell / block->columns * (high + stretched->gap)),
                (int32_t)wide, (int32_t)high};
    }
}

static void make_stretched(struct layout_grid *grid, const struct scene_index *index)
{
    struct stretched stretched = {
        .index = index,
        .width = (int64_t)grid->width * GRID_UNITS,
        .height = (int64_t)grid->height * GRID_UNITS,
        .gap = (int64_t)grid->gap * GRID_UNITS,
        .label = (int64_t)grid->label * GRID_UNITS,
    };
    measure(&stretched);
    for (int i = 0; i < index->n_blocks; i++)
        stretch_block(&stretched, i, grid);
}

void layout_grid_make(struct layout_grid *grid, const struct scene_index *index, int width,
                      int height, int gap, int label, int plan)
{
    if (grid->serial == index->serial && grid->width == width && grid->height == height &&
        grid->gap == gap && grid->label == label && grid->plan == plan)
        return;
    layout_grid_finish(grid);
    int n_headings = index->growing ? index->n_blocks : index->n_sections;
    *grid = (struct layout_grid){
        .width = width,
        .height = height,
        .gap = gap,
        .label = label,
        .plan = plan,
        .serial = index->serial,
        .berths = calloc((size_t)index->n_berths + 1, sizeof *grid->berths),
        .headings = calloc((size_t)n_headings + 1, sizeof *grid->headings),
        .n_berths = index->n_berths,
        .n_headings = n_headings,
    };
    if (!index->growing)
        make_packed(grid, index);
    else if (index->n_blocks > 0)
        make_stretched(grid, index);
}

void layout_grid_finish(struct layout_grid *grid)
{
    free(grid->berths);
    free(grid->headings);
    *grid = (struct layout_grid){0};
}
