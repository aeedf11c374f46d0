/*
 * Copies the arrays whose elements move when tasks come and go, and leaves all others where they are.
 * Knows nothing of what is tried.
 */
#include "core/cluster_trial.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *duplicate(const void *items, int n, int *cap, size_t size)
{
    void *copy = malloc(((size_t)n + 1) * size);

    assert(copy != NULL);
    if (n > 0)
        memcpy(copy, items, (size_t)n * size);
    *cap = n + 1;
    return copy;
}

/* The owner's array becomes its own. */
#define OWN(owner, name)                                                                           \
    ((owner)->name =                                                                               \
         duplicate((owner)->name, (owner)->n_##name, &(owner)->cap_##name, sizeof *(owner)->name))

void cluster_trial_init(struct cluster *trial, const struct cluster *cluster)
{
    *trial = *cluster;
    trial->index = place_index_create();
    trial->ledger = (struct ledger){.closed = true};
    OWN(trial, tasks);
    OWN(trial, details);
    OWN(trial, free_details);
    OWN(trial, requests);
    OWN(trial, services);
    OWN(trial, instances);
    for (int i = 0; i < trial->n_services; i++)
        OWN(&trial->services[i], deployments);
    for (int i = 0; i < trial->n_instances; i++)
        OWN(&trial->instances[i], ports);
}

void cluster_trial_finish(struct cluster *trial)
{
    for (int i = 0; i < trial->n_services; i++)
        free(trial->services[i].deployments);
    for (int i = 0; i < trial->n_instances; i++)
        free(trial->instances[i].ports);
    if (trial->index)
        place_index_destroy(trial->index);
    free(trial->tasks);
    free(trial->details);
    free(trial->free_details);
    free(trial->requests);
    free(trial->services);
    free(trial->instances);
    *trial = (struct cluster){0};
}
