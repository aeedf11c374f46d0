/*
 * Intervals on lanes: berths that are taken wait in a heap by the moment at which they are free, free
 * ones by their number. It must never know the moment that is looked at.
 */
#include "viz/scene_berth.h"

#include "core/array.h"
#include "viz/scene_block.h"

#include <stdlib.h>

#define GROWING_SEEN_USEC (5 * USEC_PER_SEC)

struct entry {
    int64_t key;
    int32_t berth;
};

struct heap {
    struct entry *entries;
    int n_entries, cap_entries;
};

/* Free berths of one size. */
struct size {
    int32_t cpu, memory_mib;
    struct heap free;
};

/* The berths of one section while they are taken; of a run that goes on, of a group in a zone: which provider a group
 * has may be told later. */
struct quay {
    struct scene_index *index;
    int32_t group, zone;
    struct heap taken;
    struct size *sizes;
    int n_sizes, cap_sizes;
    int32_t *last; /* by berth: who took it last; all quays' */
};

struct quays {
    struct quay *list;
    int n_list, cap_list;
};

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->key != b->key ? a->key < b->key : a->berth < b->berth;
}

static void swap(struct entry *a, struct entry *b)
{
    struct entry entry = *a;
    *a = *b;
    *b = entry;
}

static void push(struct heap *heap, int64_t key, int32_t berth)
{
    *ARRAY_ADD(heap, entries) = (struct entry){key, berth};
    for (int i = heap->n_entries - 1; i > 0; i = (i - 1) / 2) {
        if (!is_before(&heap->entries[i], &heap->entries[(i - 1) / 2]))
            return;
        swap(&heap->entries[i], &heap->entries[(i - 1) / 2]);
    }
}

static struct entry pop(struct heap *heap)
{
    struct entry least = heap->entries[0];
    heap->entries[0] = heap->entries[--heap->n_entries];
    for (int i = 0, child = 1; child < heap->n_entries; i = child, child = 2 * i + 1) {
        if (child + 1 < heap->n_entries &&
            is_before(&heap->entries[child + 1], &heap->entries[child]))
            child++;
        if (!is_before(&heap->entries[child], &heap->entries[i]))
            break;
        swap(&heap->entries[i], &heap->entries[child]);
    }
    return least;
}

static struct size *size_find(struct quay *quay, int32_t cpu, int32_t memory_mib)
{
    for (int i = 0; i < quay->n_sizes; i++) {
        if (quay->sizes[i].cpu == cpu && quay->sizes[i].memory_mib == memory_mib)
            return &quay->sizes[i];
    }
    *ARRAY_ADD(quay, sizes) = (struct size){.cpu = cpu, .memory_mib = memory_mib};
    return &quay->sizes[quay->n_sizes - 1];
}

/* From when on another may take its place. One that was not meant to go is still to be seen for a
 * twentieth of the run, as far as its length is known. */
static int64_t leaves_usec(const struct scene_index *index, int32_t instance)
{
    const struct story_instance *row = &index->story->instances[instance];
    if (row->lost_at_usec == USEC_NEVER || row->torn_down)
        return USEC_NEVER;
    if (row->terminate_at_usec <= row->lost_at_usec)
        return row->lost_at_usec;
    return row->lost_at_usec +
           (index->growing ? GROWING_SEEN_USEC : scene_index_length_usec(index) / 20);
}

/* What is learnt of an instance after its launch must not move it while the run goes on. */
static struct scene_capacity size_of(const struct scene_index *index, int32_t instance)
{
    return index->growing ? scene_index_launched(index, instance) : index->capacity[instance];
}

static void take(struct quay *quay, int32_t instance)
{
    struct scene_index *index = quay->index;
    int64_t now_usec = index->story->instances[instance].launch_at_usec;
    struct scene_capacity capacity = size_of(index, instance);
    int32_t cpu = capacity.cpu, memory_mib = capacity.memory_mib, berth;
    while (quay->taken.n_entries > 0 && quay->taken.entries[0].key <= now_usec) {
        struct entry gone = pop(&quay->taken);
        const struct scene_berth *old = &index->berths[gone.berth];
        push(&size_find(quay, old->cpu, old->memory_mib)->free, 0, gone.berth);
    }
    struct size *size = size_find(quay, cpu, memory_mib);
    if (size->free.n_entries > 0) {
        berth = pop(&size->free).berth;
        index->replaced_at_usec[quay->last[berth]] = now_usec;
    } else {
        berth = index->n_berths;
        *ARRAY_ADD(index, berths) = (struct scene_berth){.cpu = cpu, .memory_mib = memory_mib};
        if (index->growing)
            scene_block_take(index, instance, berth);
    }
    index->berth_of[instance] = berth;
    quay->last[berth] = instance;
    int64_t leaves = leaves_usec(index, instance);
    if (leaves != USEC_NEVER)
        push(&quay->taken, leaves, berth);
}

static void quay_finish(struct quay *quay)
{
    for (int i = 0; i < quay->n_sizes; i++)
        free(quay->sizes[i].free.entries);
    free(quay->sizes);
    free(quay->taken.entries);
}

static void assign_sections(struct scene_index *index, int32_t *last)
{
    for (int s = 0; s < index->n_sections; s++) {
        struct scene_section *section = &index->sections[s];
        struct quay quay = {.index = index, .last = last};
        section->first_berth = index->n_berths;
        for (int i = 0; i < section->n_instances; i++)
            take(&quay, index->order[section->first_instance + i]);
        section->n_berths = index->n_berths - section->first_berth;
        quay_finish(&quay);
    }
}

static struct quay *quay_find(struct quays *quays, struct scene_index *index, int32_t instance)
{
    const struct story_instance *row = &index->story->instances[instance];
    for (int i = 0; i < quays->n_list; i++) {
        if (quays->list[i].group == row->group && quays->list[i].zone == row->zone)
            return &quays->list[i];
    }
    *ARRAY_ADD(quays, list) = (struct quay){.index = index, .group = row->group, .zone = row->zone};
    return &quays->list[quays->n_list - 1];
}

/* As they are launched, so that nobody's place depends on who comes later. */
static void assign_growing(struct scene_index *index, int32_t *last)
{
    struct quays quays = {0};
    for (int i = 0; i < index->story->n_instances; i++) {
        struct quay *quay = quay_find(&quays, index, i);
        quay->last = last;
        take(quay, i);
    }
    for (int i = 0; i < quays.n_list; i++)
        quay_finish(&quays.list[i]);
    free(quays.list);
}

void scene_berth_assign(struct scene_index *index)
{
    size_t n_instances = (size_t)index->story->n_instances;
    int32_t *last = calloc(n_instances + 1, sizeof *last);
    index->berth_of = calloc(n_instances + 1, sizeof *index->berth_of);
    index->replaced_at_usec = calloc(n_instances + 1, sizeof *index->replaced_at_usec);
    for (size_t i = 0; i < n_instances; i++)
        index->replaced_at_usec[i] = USEC_NEVER;
    if (index->growing)
        assign_growing(index, last);
    else
        assign_sections(index, last);
    free(last);
}
