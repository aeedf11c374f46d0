/*
 * Whom a scale-in of many tasks stops, one after the other: the same tasks as place_victim() names, whose
 * order is kept up to date from stop to stop instead of being found anew among all that are left.
 */
#ifndef BERTH_CORE_VICTIMS_H
#define BERTH_CORE_VICTIMS_H

#include "core/cluster.h"

struct victims;

/* For a service's deployment (ID_NONE: any). NULL where an own strategy has a say: what that looks at is its
 * own business. As long as there is one, the cluster may change by stops of what victims_next() names only.
 * Release with victims_destroy(). */
struct victims *victims_create(const struct cluster *cluster, int service, int deployment);
void victims_destroy(struct victims *victims);

/* The task to stop now, which has to be stopped before the next question; ID_NONE: there is none. */
int victims_next(struct victims *victims);

#endif
