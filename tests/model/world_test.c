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

Test(costs, can_be_sampled)
{
    const struct costs costs = costs_default();
    const struct distribution *all[] = {&costs.boot, &costs.agent,   &costs.message,
                                        &costs.pull, &costs.create,  &costs.start,
                                        &costs.stop, &costs.teardown};

    for (int i = 0; i < 8; i++)
        for (int e = 0; e < 1000; e++) {
            int64_t usec = distribution_sample(all[i], 1, DRAW_BOOT, e, i);

            cr_assert(usec > 0 && usec < 100 * distribution_median_usec(all[i]), "cost %d", i);
        }
    cr_assert(costs.pull_bytes_per_sec > 0 && costs.image_size_bytes > 0);
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
