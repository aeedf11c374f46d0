/*
 * How much of a scenario a machine gives: what fits, what is refused by name, and exact division.
 */
#include "exec/scale.h"

#include <criterion/criterion.h>
#include <string.h>

#define GIB (INT64_C(1) << 30)

static struct instance_type type = {.name = (char *)"box", .cpu = 2048, .memory_mib = 4096};
static struct container_definition container = {.name = (char *)"web", .memory_mib = 128};
static struct task_definition definition = {
    .family = (char *)"web", .cpu = 256, .n_containers = 1, .containers = &container};
static struct scenario_taskdef taskdef = {.definition = &definition};
static struct scenario_group group = {.count = 4};
static struct scenario scenario = {.path = (char *)"s.json",
                                   .types = &type,
                                   .n_types = 1,
                                   .groups = &group,
                                   .n_groups = 1,
                                   .taskdefs = &taskdef,
                                   .n_taskdefs = 1};

/* The scenario wants 8 CPUs and 16 GiB. */
Test(scale, choose)
{
    static const struct {
        const char *text;
        int64_t cpus, gib;
        int code, numerator, denominator;
        const char *says;
    } cases[] = {
        {NULL, 8, 16, 0, 1, 1, NULL},
        {NULL, 7, 16, EXIT_MACHINE, 0, 0,
         "s.json needs 8 CPUs and 16 GiB, this machine has 7 CPUs and 16 GiB: --scale 1/2 or "
         "--scale auto"},
        {NULL, 8, 15, EXIT_MACHINE, 0, 0, "--scale 1/2 or"},
        {"auto", 8, 16, 0, 1, 1, NULL},
        {"auto", 64, 64, 0, 1, 1, NULL},
        {"auto", 3, 16, 0, 1, 3, NULL},
        {"auto", 8, 2, 0, 1, 8, NULL},
        {"3/4", 6, 12, 0, 3, 4, NULL},
        {"3/4", 5, 12, EXIT_MACHINE, 0, 0, "needs 6 CPUs and 12 GiB at 3/4"},
        {"2/1", 99, 99, EXIT_INPUT, 0, 0, "--scale 2/1"},
        {"0/1", 99, 99, EXIT_INPUT, 0, 0, NULL},
        {"1/4x", 99, 99, EXIT_INPUT, 0, 0, NULL},
        {"half", 99, 99, EXIT_INPUT, 0, 0, "a fraction up to 1/1 such as 1/4, or auto"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capacity machine = {cases[i].cpus * 1024, cases[i].gib * GIB};
        struct scale scale = {0, 0};
        struct err err = {0};
        bool ok = scale_choose(&scale, cases[i].text, &scenario, &machine, &err);

        cr_expect(ok == (cases[i].code == 0) && (int)err.code == cases[i].code,
                  "case %zu: code %d, %s", i, (int)err.code, err.text);
        cr_expect(scale.numerator == cases[i].numerator &&
                      scale.denominator == cases[i].denominator,
                  "case %zu: %d/%d", i, scale.numerator, scale.denominator);
        cr_expect(cases[i].says == NULL || strstr(err.text, cases[i].says), "case %zu: %s", i,
                  err.text);
    }
}

Test(scale, floors)
{
    static const struct {
        struct scale scale;
        const char *says; /* NULL: fine */
    } cases[] = {
        {{1, 1}, NULL},
        {{1, 23}, NULL}, /* 256 units become 11 */
        {{1, 24}, "task definition web: 256 CPU units at scale 1/24"},
        {{1, 33}, "task definition web"},
    };
    struct err err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ok = scale_check(cases[i].scale, &scenario, &err);

        cr_expect(ok == (cases[i].says == NULL), "1/%d", cases[i].scale.denominator);
        cr_expect(ok || strstr(err.text, cases[i].says), "%s", err.text);
    }
    definition.cpu = 0;
    cr_expect(scale_check((struct scale){1, 32}, &scenario, &err), "128 MiB / 32 is the floor");
    cr_expect(!scale_check((struct scale){1, 33}, &scenario, &err));
    cr_expect(strstr(err.text, "task definition web, container web: 128 MiB at scale 1/33"), "%s",
              err.text);
    cr_expect(err.code == EXIT_MACHINE);
}

Test(scale, division_is_exact)
{
    cr_expect(scale_down((struct scale){1, 3}, 1) == 1, "something stays something");
    cr_expect(scale_down((struct scale){1, 3}, 0) == 0);
    cr_expect(scale_down((struct scale){2, 3}, 100) == 66);
    cr_expect(scale_up((struct scale){2, 3}, 66) == 99 && scale_up((struct scale){1, 1}, 7) == 7);
    cr_expect(scale_up((struct scale){99999, 100000}, INT64_C(1125888647843555)) ==
              (INT64_C(1) << 50) - 1);
    cr_expect(scale_down((struct scale){99999, 100000}, INT64_C(1) << 50) ==
                  INT64_C(1125888647843555),
              "%lld", (long long)scale_down((struct scale){99999, 100000}, INT64_C(1) << 50));
}
