/*
 * What a scenario asks of real containers: which image, which program, which limits at this scale,
 * and what each one does. The only place where a scenario's world is turned into what a machine can
 * do. It must never know how containers are made or who asks for them.
 */
#ifndef BERTH_EXEC_PLAN_H
#define BERTH_EXEC_PLAN_H

#include "exec/cgroup.h"
#include "exec/protocol.h"
#include "exec/scale.h"
#include "file/scenario.h"

/* Plans of all definitions of a scenario, in its order. */
struct plans {
    const struct scenario *scenario; /* not owned, outlives this */
    struct scale scale;
    uint64_t seed;
    struct plan *list; /* texts of definitions belong to the scenario */
    char **layouts;    /* by image: folder of its OCI layout or its tarball; NULL: this machine has it not */
};

/* `image_folder`: where the program's own images are, or NULL. */
void plans_make(struct plans *plans, const struct scenario *scenario, struct scale scale,
                uint64_t seed, const char *image_folder);
void plans_finish(struct plans *plans);

/* Says on stderr which images have a stand-in, each once. */
void plans_tell(const struct plans *plans);

/* Draws what the containers of a task do. `containers` of the result is to be freed. The keys of the
 * draws are those of the simulation, so both runs are given the same work. */
struct duty plans_duty(const struct plans *plans, int32_t task, int32_t taskdef);

/* Containers that draw the times of their requests from the same distributions have the same number:
 * that of the first of them, below TASKDEF_CONTAINERS_MAX times the number of definitions. */
int32_t plans_draws(const struct scenario *scenario, int32_t taskdef, int container);

/* The limits of an instance of that type. */
struct cgroup_limits plans_instance_limits(const struct plans *plans,
                                           const struct instance_type *type);

#endif
