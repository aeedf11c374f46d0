/*
 * The tables of the model: instance types that can be found, costs that can be sampled.
 */
#include "model/world.h"

#include <criterion/criterion.h>
#include <string.h>

Test(types, are_found_by_name)
{
    const struct instance_type *type = instance_type_find("m5.large");

    cr_assert(type != NULL && type->cpu == 2048);
    cr_assert(type->memory_mib > 7168 && type->memory_mib < 8192, "less than advertised");
    cr_assert(instance_type_find("m5.larg") == NULL);
    cr_assert(instance_type_find("") == NULL);
}

Test(types, are_sound_and_named_once)
{
    int n;
    const struct instance_type *types = instance_types(&n);

    cr_assert(n >= 20);
    for (int i = 0; i < n; i++) {
        cr_assert(types[i].cpu >= CPU_UNITS_PER_VCPU && types[i].memory_mib > 0, "%s",
                  types[i].name);
        cr_assert(!types[i].boot_given, "%s", types[i].name);
        for (int j = 0; j < i; j++)
            cr_assert(strcmp(types[i].name, types[j].name) != 0, "%s twice", types[i].name);
    }
}

/* Every profile's every step, and the spread is no nonsense. */
Test(costs, can_be_sampled)
{
    for (int profile = 0; costs_names[profile]; profile++) {
        const struct costs costs = costs_find(profile);
        int64_t boot_usec = 0;

        for (int step = 0; step < COST_STEPS; step++)
            for (int e = 0; e < 200; e++) {
                struct step_draw drawn = costs_draw(&costs, (enum cost_step)step, 1, e, 0);

                cr_assert(drawn.wait_usec >= 0 && drawn.wait_usec < 600 * USEC_PER_SEC &&
                              drawn.cpu_usec >= 0 && drawn.cpu_usec < 60 * USEC_PER_SEC,
                          "%s, %s", costs_names[profile], cost_step_names[step]);
                boot_usec += step <= COST_USERSPACE ? drawn.wait_usec : 0;
            }
        cr_assert((boot_usec == 0) == (profile == 1), "a laptop's instances boot at once");
        cr_assert(costs.layer_bytes_per_sec > 0 && costs.network_bytes_per_sec > 0 &&
                  costs.registry_bytes_per_sec > 0 && costs.disk_bytes_per_sec > 0 &&
                  costs.unpack_bytes_per_sec > 0 && costs.image_size_bytes > 0);
        cr_assert(costs.contention && costs.host_cpu == 0 && costs.machines == MACHINES_SLICES);
    }
}

/* A virtual machine that boots takes longer than one with an uncompressed kernel, and that one longer
 * than one that is restored. */
Test(costs, of_virtual_machines_keep_their_order)
{
    for (int profile = 0; costs_names[profile]; profile++) {
        struct costs costs = costs_find(profile);
        int64_t took[BOOT_PATHS] = {0};

        for (int path = 0; path < BOOT_PATHS; path++) {
            costs.path = (enum boot_path)path;
            for (int step = 0; step < VM_STEPS; step++) {
                struct step_draw drawn = costs_draw_vm(&costs, (enum vm_step)step, 1, 0, 0);

                took[path] += drawn.wait_usec + drawn.cpu_usec;
            }
        }
        cr_assert(took[BOOT_SCRATCH] >= took[BOOT_UNCOMPRESSED], "%s", costs_names[profile]);
        cr_assert(took[BOOT_UNCOMPRESSED] > took[BOOT_RESTORE] && took[BOOT_RESTORE] > 0, "%s",
                  costs_names[profile]);
    }
}

Test(costs, of_a_whole_boot_replace_its_steps)
{
    struct costs costs = costs_default();
    const struct distribution boot = distribution_constant(7 * USEC_PER_SEC);
    int64_t usec = 0;

    costs_set_boot(&costs, &boot);
    for (int step = COST_API; step <= COST_USERSPACE; step++)
        usec += costs_draw(&costs, (enum cost_step)step, 1, 0, 0).wait_usec;
    cr_assert(usec == 7 * USEC_PER_SEC);
}

/* Ready at once, idle for 10 s, exit 0: in both drivers. */
Test(behaviour, of_a_bare_definition)
{
    const struct behaviour behaviour = behaviour_default();

    cr_assert(distribution_sample(&behaviour.ready, 1, DRAW_READY, 0, 0) == 0);
    cr_assert(distribution_sample(&behaviour.work, 1, DRAW_WORK, 0, 0) == 0);
    cr_assert(behaviour.idle_usec == 10 * USEC_PER_SEC);
    cr_assert(behaviour.exit_code == 0 && behaviour.memory_bytes == 0 && !behaviour.given);
}
