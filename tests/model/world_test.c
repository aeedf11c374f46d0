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

/* ECS developer guide, container-instance-eni: tasks in awsvpc without and with trunking (0: it has none). */
Test(types, have_the_documented_network_interfaces)
{
    static const struct {
        const char *name;
        int without, with;
    } rows[] = {
        {"t3.medium", 2, 0},      {"m4.large", 1, 0},       {"m5.large", 2, 10},
        {"m5.xlarge", 3, 20},     {"m5.2xlarge", 3, 40},    {"m5.4xlarge", 7, 60},
        {"m5.8xlarge", 7, 60},    {"m5.12xlarge", 7, 60},   {"m5.16xlarge", 14, 120},
        {"m5.24xlarge", 14, 120}, {"m6i.large", 2, 10},     {"m6i.4xlarge", 7, 60},
        {"m6i.8xlarge", 7, 90},   {"c5.large", 2, 10},      {"c5.4xlarge", 7, 60},
        {"c5.9xlarge", 7, 60},    {"c5.18xlarge", 14, 120}, {"c6i.2xlarge", 3, 40},
        {"c7g.xlarge", 3, 20},    {"r5.4xlarge", 7, 60},    {"r6i.large", 2, 10},
        {"g4dn.xlarge", 2, 0},    {"g5.xlarge", 3, 6},      {"g5.2xlarge", 3, 19},
        {"g5.12xlarge", 14, 120}, {"p3.2xlarge", 3, 40},    {"p3.8xlarge", 7, 60},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct instance_type *type = instance_type_find(rows[i].name);

        cr_assert(type != NULL, "%s", rows[i].name);
        cr_expect(type->enis == rows[i].without && type->trunk_enis == rows[i].with, "%s: %d, %d",
                  rows[i].name, type->enis, type->trunk_enis);
    }
}

/* At least sixty, each with a price, a lower one on Spot, and less memory than advertised. */
Test(types, can_be_billed)
{
    int n;
    const struct instance_type *types = instance_types(&n);

    cr_assert(n >= 60, "%d", n);
    for (int i = 0; i < n; i++) {
        cr_expect(types[i].price > 0 && types[i].spot_price > 0 &&
                      types[i].spot_price < types[i].price,
                  "%s", types[i].name);
        cr_expect(types[i].os_mib > 0, "%s", types[i].name);
    }
    cr_expect(instance_type_find("m4.large")->memory_mib == 7985);
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
