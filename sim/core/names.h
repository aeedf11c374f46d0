/*
 * Texts by number. Equal texts get equal numbers, in the order in which they first came, so that
 * the rest of the core compares integers. Nothing here depends on how the lookup is done.
 */
#ifndef BERTH_CORE_NAMES_H
#define BERTH_CORE_NAMES_H

#include <stdint.h>

struct names {
    char **texts;
    int n_texts, cap_texts;
    int32_t *slots; /* open addressing, a power of two, ID_NONE where empty */
    int n_slots;
};

/* The number of a text, new if it was never seen. */
int32_t names_intern(struct names *names, const char *text);

/* The number of a text, or ID_NONE. */
int32_t names_find(const struct names *names, const char *text);

const char *names_text(const struct names *names, int32_t name);
void names_finish(struct names *names);

#endif
