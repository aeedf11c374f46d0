/*
 * Where two scenes of the same moment differ: tasks on another instance, in another state, or in one of
 * them only. It must never know how differences are drawn.
 */
#ifndef BERTH_VIZ_DIFFER_H
#define BERTH_VIZ_DIFFER_H

#include "viz/layout.h"

struct differ {
    bool *tasks[LAYOUT_SCENES], *instances[LAYOUT_SCENES]; /* by number: it differs */
    int n_elsewhere, n_otherwise,
        n_missing;   /* tasks on another instance; on the same in another state;
                                                in one of the two only */
    int n_instances; /* in another state, or in one only */
};

void differ_init(struct differ *differ, const struct scene *const *scenes);
void differ_finish(struct differ *differ);

/* Compares the moments that the scenes show. Tasks and instances are matched by their number; what has
 * ended in both is past and compared only by how it ended. */
void differ_update(struct differ *differ, const struct scene *const *scenes);

/* "no difference", "2 tasks elsewhere, 1 in another state, 1 missing". Returns `text`. */
const char *differ_tell(const struct differ *differ, char *text, size_t size);

#endif
