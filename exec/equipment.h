/*
 * What a container is given beside its program, in the words of the container library. It must
 * never decide what is given: the plan says so.
 */
#ifndef BERTH_EXEC_EQUIPMENT_H
#define BERTH_EXEC_EQUIPMENT_H

#include "exec/container.h"
#include "exec/protocol.h"

/* Ready for struct container_spec. The lists are owned; so are the texts in `made`, others are the
 * plan's. */
struct equipment {
    struct container_rlimit *rlimits;
    const char **controls;
    struct container_mount *mounts;
    char **made;
    int n_made;
};

/* `task`: whose own volumes are in a folder of its own. */
void equipment_make(struct equipment *equipment, const struct plan_container *plan, int32_t task);
void equipment_finish(struct equipment *equipment);

#endif
