/*
 * The table of berth's own placement strategies, those that ECS does not have. Yours are written in
 * strategies.c; nothing has to be said here.
 */
#ifndef BERTH_CORE_STRATEGIES_H
#define BERTH_CORE_STRATEGIES_H

#include "core/view.h"

struct strategy {
    const char *name; /* as scenarios say it: { "type": "best-fit" } */
    int64_t (*score)(const struct strategy_view *view, const struct strategy_task *task,
                     int instance);
    const char *about; /* one line, for `berth tournament --list` */
};

/* Ended by a row without a name. */
extern const struct strategy strategies[];

/* The strategy of that name, or NULL. */
const struct strategy *strategies_find(const char *name);

/* The first of its own strategies that a CreateService or RunTask names and this berth does not have,
 * or NULL. The scheduler refuses such a call; a log that holds one is from another berth. */
const char *strategies_missing(const struct message *call);

#endif
