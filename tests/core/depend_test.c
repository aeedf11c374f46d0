/*
 * dependsOn by the container agent's own tables (amazon-ecs-agent, graph_test.go): a selection of their
 * rows by hand, so that a checkout alone is tested.
 */
#include "core/depend.h"

#include <criterion/criterion.h>

#define NONE CONTAINER_NONE
#define MANIFEST CONTAINER_MANIFEST_PULLED
#define PULLED CONTAINER_PULLED
#define CREATED CONTAINER_CREATED
#define RUNNING CONTAINER_RUNNING
#define STOPPED CONTAINER_STOPPED
#define BEYOND (CONTAINER_STOPPED + 1)

static struct depend_on on(enum container_status known, enum container_status desired,
                           int32_t exit_code)
{
    return (struct depend_on){
        .known = known, .desired = desired, .exit_code = exit_code, .started_at_usec = USEC_NEVER};
}

Test(depend, could_it_ever_be_met)
{
    static const struct {
        enum container_condition condition;
        int known, desired;
        int32_t exit_code;
        bool can;
    } rows[] = {
        {CONDITION_CREATE, NONE, NONE, ID_NONE, false},
        {CONDITION_CREATE, NONE, CREATED, ID_NONE, true},
        {CONDITION_CREATE, NONE, STOPPED, ID_NONE, true},
        {CONDITION_CREATE, NONE, BEYOND, ID_NONE, false},
        {CONDITION_START, NONE, CREATED, ID_NONE, true},
        {CONDITION_START, NONE, RUNNING, ID_NONE, true},
        {CONDITION_START, NONE, BEYOND, ID_NONE, false},
        {CONDITION_SUCCESS, NONE, RUNNING, ID_NONE, true},
        {CONDITION_SUCCESS, STOPPED, STOPPED, 0, true},
        {CONDITION_SUCCESS, STOPPED, STOPPED, 1, false},
        {CONDITION_COMPLETE, NONE, RUNNING, ID_NONE, true},
        {CONDITION_COMPLETE, STOPPED, STOPPED, 1, true},
        {CONDITION_HEALTHY, NONE, RUNNING, ID_NONE, false}, /* without a health check */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct depend_on target = on((enum container_status)rows[i].known,
                                     (enum container_status)rows[i].desired, rows[i].exit_code);

        cr_assert(depend_can_resolve(rows[i].condition, &target) == rows[i].can, "row %zu", i);
    }
}

Test(depend, is_it_met_now)
{
    static const struct {
        enum container_condition condition;
        enum container_status known, desired, of_target;
        int32_t exit_code;
        bool upfront, met;
    } rows[] = {
        {CONDITION_CREATE, MANIFEST, CREATED, PULLED, ID_NONE, false, false},
        {CONDITION_CREATE, MANIFEST, CREATED, CREATED, ID_NONE, false, true},
        {CONDITION_CREATE, MANIFEST, RUNNING, STOPPED, 1, false, true},
        {CONDITION_START, MANIFEST, CREATED, CREATED, ID_NONE, false, true},
        {CONDITION_START, MANIFEST, RUNNING, CREATED, ID_NONE, false, false},
        {CONDITION_START, MANIFEST, RUNNING, RUNNING, ID_NONE, false, true},
        {CONDITION_START, MANIFEST, RUNNING, STOPPED, 1, false, true},
        {CONDITION_SUCCESS, MANIFEST, RUNNING, RUNNING, ID_NONE, false, false},
        {CONDITION_SUCCESS, MANIFEST, RUNNING, STOPPED, 0, false, true},
        {CONDITION_SUCCESS, MANIFEST, RUNNING, STOPPED, 1, false, false},
        {CONDITION_COMPLETE, MANIFEST, RUNNING, RUNNING, ID_NONE, false, false},
        {CONDITION_COMPLETE, MANIFEST, RUNNING, STOPPED, 1, false, true},
        {CONDITION_COMPLETE, MANIFEST, RUNNING, STOPPED, ID_NONE, false, false},
        /* nothing stands against a pull */
        {CONDITION_SUCCESS, NONE, RUNNING, NONE, ID_NONE, true, true},
        {CONDITION_SUCCESS, PULLED, RUNNING, NONE, ID_NONE, true, false},
        {CONDITION_START, CREATED, RUNNING, NONE, ID_NONE, true, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct depend_on target = on(rows[i].of_target, RUNNING, rows[i].exit_code);

        cr_assert(depend_is_resolved(rows[i].condition, rows[i].known, rows[i].desired, &target,
                                     rows[i].upfront) == rows[i].met,
                  "row %zu", i);
    }
}

Test(depend, healthy_needs_a_check_that_says_so)
{
    struct depend_on target = on(RUNNING, RUNNING, ID_NONE);

    target.health = HEALTH_HEALTHY;
    cr_assert(!depend_is_resolved(CONDITION_HEALTHY, MANIFEST, CREATED, &target, false));
    target.has_health_check = true;
    cr_assert(depend_can_resolve(CONDITION_HEALTHY, &target));
    cr_assert(depend_is_resolved(CONDITION_HEALTHY, MANIFEST, CREATED, &target, false));
    target.health = HEALTH_UNHEALTHY;
    cr_assert(!depend_is_resolved(CONDITION_HEALTHY, MANIFEST, CREATED, &target, false));
    target.health = HEALTH_UNKNOWN;
    cr_assert(!depend_is_resolved(CONDITION_HEALTHY, MANIFEST, CREATED, &target, false));
}

Test(depend, a_start_timeout_counts_from_the_other_s_start)
{
    struct depend_on target = on(RUNNING, RUNNING, ID_NONE);

    target.start_timeout_usec = 10 * USEC_PER_SEC;
    cr_assert(depend_times_out_usec(CONDITION_SUCCESS, &target) == USEC_NEVER);
    target.started_at_usec = 5 * USEC_PER_SEC;
    cr_assert(depend_times_out_usec(CONDITION_HEALTHY, &target) == 15 * USEC_PER_SEC);
    cr_assert(depend_times_out_usec(CONDITION_COMPLETE, &target) == 15 * USEC_PER_SEC);
    cr_assert(depend_times_out_usec(CONDITION_START, &target) == USEC_NEVER);
    target.start_timeout_usec = 0;
    cr_assert(depend_times_out_usec(CONDITION_HEALTHY, &target) == USEC_NEVER);
}

Test(depend, cycles)
{
    struct container_depend to_b = {1, CONDITION_START}, to_c = {2, CONDITION_HEALTHY};
    struct container_depend to_a = {0, CONDITION_CREATE};
    struct container_definition containers[3] = {
        {.n_depends = 1, .depends = &to_b}, {.n_depends = 1, .depends = &to_c}, {0}};
    struct task_definition definition = {.n_containers = 3, .containers = containers};
    int container, from;

    cr_assert(!depend_has_cycle(&definition, &container, &from));
    containers[2].n_depends = 1;
    containers[2].depends = &to_a;
    cr_assert(depend_has_cycle(&definition, &container, &from));
    cr_assert(container == 2 && from == 0);
}
