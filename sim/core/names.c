/*
 * Interning by open addressing. The table's order never shows: numbers are given by first arrival.
 */
#include "core/names.h"

#include "core/array.h"
#include "core/draw.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash(const char *text)
{
    uint64_t word = 0;

    for (; *text; text++)
        word = draw_mix(word ^ (unsigned char)*text);
    return word;
}

/* The slot that holds the text, or the empty one where it belongs. */
static int find_slot(const struct names *names, const char *text)
{
    int mask = names->n_slots - 1;
    int slot = (int)(hash(text) & (uint64_t)mask);

    while (names->slots[slot] != ID_NONE && strcmp(names->texts[names->slots[slot]], text) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

static void grow(struct names *names)
{
    names->n_slots = names->n_slots ? names->n_slots * 2 : 16;
    names->slots = realloc(names->slots, (size_t)names->n_slots * sizeof *names->slots);
    assert(names->slots != NULL);
    for (int i = 0; i < names->n_slots; i++)
        names->slots[i] = ID_NONE;
    for (int i = 0; i < names->n_texts; i++)
        names->slots[find_slot(names, names->texts[i])] = i;
}

int32_t names_intern(struct names *names, const char *text)
{
    char **added;
    int slot;

    if (names->n_texts * 2 >= names->n_slots)
        grow(names);
    slot = find_slot(names, text);
    if (names->slots[slot] != ID_NONE)
        return names->slots[slot];
    added = ARRAY_ADD(names, texts);
    *added = strdup(text);
    assert(*added != NULL);
    names->slots[slot] = names->n_texts - 1;
    return names->n_texts - 1;
}

int32_t names_find(const struct names *names, const char *text)
{
    return names->n_slots ? names->slots[find_slot(names, text)] : ID_NONE;
}

const char *names_text(const struct names *names, int32_t name)
{
    assert(name >= 0 && name < names->n_texts);
    return names->texts[name];
}

void names_finish(struct names *names)
{
    for (int i = 0; i < names->n_texts; i++)
        free(names->texts[i]);
    free(names->texts);
    free(names->slots);
    *names = (struct names){0};
}
