/*
 * List after list, translated.
 */
#include "exec/equipment.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void *allocate(int n, size_t size)
{
    void *memory = calloc((size_t)n + 1, size);

    assert(memory);
    return memory;
}

static uint64_t limit_of(int64_t value)
{
    return value < 0 ? RLIM_INFINITY : (uint64_t)value;
}

static const char *source_of(struct equipment *equipment, const struct plan_mount *mount,
                             int32_t task)
{
    char **made = &equipment->made[equipment->n_made];

    if (!mount->source || !mount->of_task) {
        return mount->source;
    }
    if (asprintf(made, "t%d/%s", task + 1, mount->source) < 0) {
        abort();
    }
    equipment->n_made++;
    return *made;
}

void equipment_make(struct equipment *equipment, const struct plan_container *plan, int32_t task)
{
    *equipment = (struct equipment){
        .rlimits = allocate(plan->n_limits, sizeof *equipment->rlimits),
        .controls = allocate(plan->n_controls, sizeof *equipment->controls),
        .mounts = allocate(plan->n_mounts, sizeof *equipment->mounts),
        .made = allocate(plan->n_mounts, sizeof *equipment->made),
    };
    for (int i = 0; i < plan->n_limits; i++) {
        equipment->rlimits[i] =
            (struct container_rlimit){plan->limits[i].resource, limit_of(plan->limits[i].soft),
                                      limit_of(plan->limits[i].hard)};
    }
    for (int i = 0; i < plan->n_controls; i++) {
        equipment->controls[i] = plan->controls[i].text;
    }
    for (int i = 0; i < plan->n_mounts; i++) {
        const struct plan_mount *mount = &plan->mounts[i];

        equipment->mounts[i] = (struct container_mount){
            .path = mount->path,
            .source = source_of(equipment, mount, task),
            .size_bytes = mount->size_bytes,
            .options = mount->options,
            .flags = (unsigned long)mount->flags,
            .read_only = mount->read_only,
            .fill = mount->fill,
        };
    }
}

void equipment_finish(struct equipment *equipment)
{
    for (int i = 0; i < equipment->n_made; i++) {
        free(equipment->made[i]);
    }
    free(equipment->made);
    free(equipment->rlimits);
    free(equipment->controls);
    free(equipment->mounts);
    *equipment = (struct equipment){0};
}
