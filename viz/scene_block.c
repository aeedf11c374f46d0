/*
 * As many boxes as a group is launched with have room in its first block in a zone, and each further block doubles
 * that: what is shown must seldom get smaller. A new block goes where the plane stays smallest in a picture's shape. It
 * must never know pixels, or the moment that is looked at.
 */
#include "viz/scene_block.h"

#include "core/array.h"

/* A box's area of the plane for each unit of its weight, and its width in percent of its height. */
#define BOX_AREA 2
#define BOX_SHAPE 160

/* What first comes weighs so much: half its CPU, half its memory. */
#define WEIGHT_FIRST 1000000

/* The shape in which the plane is kept: its width in percent of its height. */
#define PLANE_SHAPE 250

int64_t scene_block_root(int64_t square)
{
    int64_t low = 0, high = INT64_C(3037000499);
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (middle * middle <= square)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static int64_t part_of(int32_t part, int32_t whole)
{
    return whole > 0 ? (int64_t)part * WEIGHT_FIRST / 2 / whole : WEIGHT_FIRST / 2;
}

/* Areas are capacities, beside the first that came: what the largest will be is not known. */
static void size_box(const struct scene_index *index, struct scene_block *block)
{
    const struct scene_berth *first = &index->berths[0];
    int64_t weight =
        part_of(block->cpu, first->cpu) + part_of(block->memory_mib, first->memory_mib);
    /* Further apart than this nothing could be compared, and the plane has ends. */
    weight = weight < WEIGHT_FIRST / 1000     ? WEIGHT_FIRST / 1000
             : weight > WEIGHT_FIRST * 1000LL ? WEIGHT_FIRST * 1000LL
                                              : weight;
    block->box_height = (int32_t)scene_block_root(weight * BOX_AREA * 100 / BOX_SHAPE);
    block->box_width = (int32_t)(weight * BOX_AREA / block->box_height);
}

static bool is_home_of(const struct scene_index *index, const struct scene_block *block,
                       int32_t instance, const struct scene_berth *berth)
{
    const struct story_instance *row = &index->story->instances[instance];
    const struct story_instance *first = &index->story->instances[block->first];
    return row->group == first->group && row->zone == first->zone && block->cpu == berth->cpu &&
           block->memory_mib == berth->memory_mib;
}

/* Instances that the group has at first in one of its zones. */
static int32_t expected(const struct scene_index *index, int32_t instance)
{
    const struct instance_group *group = scene_index_group(index, instance);
    if (!group || group->n_zones < 1 || group->count < 1)
        return 1;
    return (group->count + group->n_zones - 1) / group->n_zones;
}

/* The plane's height if it also held the block there, or a height of the same area were it too wide. */
static int64_t cost(const struct scene_index *index, const struct scene_block *block, int64_t x,
                    int64_t y)
{
    int64_t right = x + block->width, bottom = y + block->height;
    right = right > index->plane_width ? right : index->plane_width;
    bottom = bottom > index->plane_height ? bottom : index->plane_height;
    int64_t fitting = right * 100 / PLANE_SHAPE;
    return fitting > bottom ? fitting : bottom;
}

static bool is_free(const struct scene_index *index, const struct scene_block *block, int64_t x,
                    int64_t y)
{
    for (int i = 0; i < index->n_blocks; i++) {
        const struct scene_block *other = &index->blocks[i];
        if (x < other->x + other->width && other->x < x + block->width &&
            y < other->y + other->height && other->y < y + block->height)
            return false;
    }
    return true;
}

/* To the right of some block or below it. */
static void find_room(struct scene_index *index, struct scene_block *block)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 2 * index->n_blocks; i++) {
        const struct scene_block *other = &index->blocks[i / 2];
        int64_t x = i % 2 ? other->x : other->x + other->width;
        int64_t y = i % 2 ? other->y + other->height : other->y;
        if (cost(index, block, x, y) < best && is_free(index, block, x, y)) {
            best = cost(index, block, x, y);
            block->x = x;
            block->y = y;
        }
    }
    if (block->x + block->width > index->plane_width)
        index->plane_width = block->x + block->width;
    if (block->y + block->height > index->plane_height)
        index->plane_height = block->y + block->height;
}

/* A block for so many boxes, as near to the plane's shape as they come. */
static void shape(struct scene_block *block, int32_t room)
{
    int64_t best = INT64_MAX;
    for (int32_t columns = 1; columns <= room && columns <= 1024; columns++) {
        int32_t rows = (room + columns - 1) / columns;
        int64_t wide = (int64_t)columns * block->box_width * 100 / PLANE_SHAPE;
        int64_t high = (int64_t)rows * block->box_height;
        int64_t worse = (wide > high ? wide : high);
        if (worse < best) {
            best = worse;
            block->columns = columns;
            block->rows = rows;
        }
    }
    block->width = (int64_t)block->columns * block->box_width;
    block->height = (int64_t)block->rows * block->box_height;
}

void scene_block_take(struct scene_index *index, int32_t instance, int32_t berth)
{
    struct scene_berth *taken = &index->berths[berth];
    int32_t room = 0;
    for (int i = 0; i < index->n_blocks; i++) {
        struct scene_block *block = &index->blocks[i];
        if (!is_home_of(index, block, instance, taken))
            continue;
        if (block->n_taken < block->columns * block->rows) {
            taken->block = i;
            taken->cell = block->n_taken++;
            return;
        }
        room += block->columns * block->rows;
    }
    struct scene_block block = {
        .first = instance, .cpu = taken->cpu, .memory_mib = taken->memory_mib, .n_taken = 1};
    size_box(index, &block);
    shape(&block, room > 0 ? room : expected(index, instance));
    find_room(index, &block);
    taken->block = index->n_blocks;
    taken->cell = 0;
    *ARRAY_ADD(index, blocks) = block;
}
