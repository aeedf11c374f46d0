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

/* Every combination of what the one wants and what the other is. */
Test(depend, conditions_imply_each_other)
{
    static const int32_t codes[] = {ID_NONE, 0, 1, 137};
    int n_met = 0;

    for (int n = 0; n < (CONTAINER_STOPPED + 1) * (CONTAINER_STOPPED + 1) * 4 * 2 * 3; n++) {
        struct depend_on on = {
            .known = (enum container_status)(n % (CONTAINER_STOPPED + 1)),
            .desired =
                (enum container_status)(n / (CONTAINER_STOPPED + 1) % (CONTAINER_STOPPED + 1)),
            .exit_code = codes[n / (CONTAINER_STOPPED + 1) / (CONTAINER_STOPPED + 1) % 4],
            .has_health_check = n % 2 != 0,
            .health = (enum health_status)(n % 3),
            .started_at_usec = USEC_NEVER,
        };

        for (int wanted = CONTAINER_CREATED; wanted <= CONTAINER_RUNNING; wanted++) {
            enum container_status target = (enum container_status)wanted;
            bool start = depend_is_resolved(CONDITION_START, CONTAINER_PULLED, target, &on, false);
            bool complete =
                depend_is_resolved(CONDITION_COMPLETE, CONTAINER_PULLED, target, &on, false);
            bool success =
                depend_is_resolved(CONDITION_SUCCESS, CONTAINER_PULLED, target, &on, false);
            bool healthy =
                depend_is_resolved(CONDITION_HEALTHY, CONTAINER_PULLED, target, &on, false);

            cr_assert(!success || complete, "case %d: SUCCESS is COMPLETE with 0", n);
            cr_assert(!complete || start, "case %d: what has ended had started", n);
            cr_assert(start == (on.known >= (wanted == CONTAINER_CREATED ? CONTAINER_CREATED
                                                                         : CONTAINER_RUNNING)),
                      "case %d", n);
            cr_assert(complete == (on.known == CONTAINER_STOPPED && on.exit_code != ID_NONE));
            cr_assert(success == (on.known == CONTAINER_STOPPED && on.exit_code == 0));
            cr_assert(healthy == (on.has_health_check && on.health == HEALTH_HEALTHY));
            cr_assert(!complete || depend_can_resolve(CONDITION_COMPLETE, &on),
                      "case %d: what is met could be", n);
            cr_assert(!success || depend_can_resolve(CONDITION_SUCCESS, &on));
            cr_assert(on.known != CONTAINER_STOPPED || on.exit_code == 0 ||
                          on.exit_code == ID_NONE || !depend_can_resolve(CONDITION_SUCCESS, &on),
                      "case %d: failed for good", n);
            n_met += start + complete + success + healthy;
        }
    }
    cr_assert(n_met > 500, "%d", n_met);
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
