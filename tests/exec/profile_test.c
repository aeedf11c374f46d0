/*
 * Figures of a host profile that are worked out of what was measured, without a machine.
 */
#include "exec/calibrate_inside.h"
#include "exec/loop.h"
#include "model/costs.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static struct calibration calibration;

static void assert_part(double want)
{
    double part = calibrate_background_part(&calibration);

    cr_assert(fabs(part - want) < 1e-9, "%f instead of %f", part, want);
}

/* The middle one of several looks, and never more than a profile may say. */
Test(profile, what_other_programs_have)
{
    struct series *series = &calibration.series[MEASURED_BACKGROUND];

    assert_part(0);
    series_add(series, 10000);
    series_add(series, 300000);
    series_add(series, 20000);
    assert_part(0.02);
    series->n = 0;
    series_add(series, 1000000);
    assert_part(0.99);
}

static void assert_together(int64_t together_usec, double want)
{
    struct series *series = &calibration.series[MEASURED_AGENT_TOGETHER];
    double got;

    series->n = 0;
    series_add(series, together_usec);
    got = calibrate_agents_together(&calibration);
    cr_assert(fabs(got - want) < 1e-9, "%f instead of %f", got, want);
}

/* What others have of processors that all want is no part of it, and it is never more than a profile may say. */
Test(profile, what_agents_take_more_together)
{
    cr_assert(calibrate_agents_together(&calibration) == 1, "nothing is known");
    series_add(&calibration.series[MEASURED_AGENT], 20000);
    cr_assert(calibrate_agents_together(&calibration) == 1, "half is known");
    assert_together(30000, 1.5);
    assert_together(1, 0.1);
    assert_together(900000, 10);
    cr_assert(fabs(calibrate_slower(&calibration, 30000, 20000, true) - 1.5) < 1e-9);
    series_add(&calibration.series[MEASURED_BACKGROUND], 200000);
    cr_assert(fabs(calibrate_slower(&calibration, 30000, 20000, true) - 1.2) < 1e-9);
    cr_assert(fabs(calibrate_slower(&calibration, 30000, 20000, false) - 1.5) < 1e-9);
}

/* A rest of 1.5 s cost 2 ms more. What that comes to when all has cooled depends on how much had by then; a factor of
 * more than 4 is not believed. */
Test(profile, what_a_rest_costs_in_all)
{
    static const struct {
        int gone, stays;
        int64_t want_usec;
    } rows[] = {{10, 0, 2000}, {5, 5, 4000}, {1, 3, 8000}, {1, 9, 8000}, {0, 4, 8000}, {0, 0, 0}};

    calibration.quick = true;
    series_add(&calibration.series[MEASURED_REST_CREATE], 2000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct series *cools = &calibration.series[MEASURED_COOLS_IN];
        int64_t usec;

        cools->n = 0;
        for (int k = 0; k < rows[i].gone; k++)
            series_add(cools, SECOND);
        for (int k = 0; k < rows[i].stays; k++)
            series_add(cools, 5 * SECOND);
        usec = calibrate_after_rest_usec(&calibration, MEASURED_REST_CREATE);
        cr_assert(usec == rows[i].want_usec, "%d gone, %d not: %lld instead of %lld", rows[i].gone,
                  rows[i].stays, (long long)usec, (long long)rows[i].want_usec);
    }
}

/* Of a crowd the rest is as long as it slept. */
Test(profile, a_crowd_rests_as_long_as_it_sleeps)
{
    calibration.crowd_rest_usec = 6 * SECOND;
    series_add(&calibration.series[MEASURED_REST_END], 1000);
    series_add(&calibration.series[MEASURED_COOLS_IN], 5 * SECOND);
    series_add(&calibration.series[MEASURED_COOLS_IN], 9 * SECOND);
    cr_assert(calibrate_after_rest_usec(&calibration, MEASURED_REST_END) == 2000);
}

/* Prices after longer and longer rests, and when which parts of the way from the first to the last are there: of 40, the
 * 10th, the 20th, the 30th and the last. */
Test(profile, how_soon_it_is_cold)
{
    static const struct {
        const char *what;
        struct calibrate_life lives[6]; /* up to an empty one */
        int64_t at_usec[4];
    } rows[] = {
        {"an even rise",
         {{1000, 2000}, {5000, 3000}, {9000, 4000}, {13000, 5000}},
         {3850, 6850, 9850, 12850}},
        {"most at once",
         {{1000, 2000}, {5000, 4400}, {9000, 4700}, {25000, 5000}},
         {2188, 3438, 4688, 23000}},
        {"what falls is noise",
         {{1000, 2000}, {5000, 4000}, {9000, 3000}, {13000, 5000}},
         {2900, 4900, 10900, 12900}},
        {"and so on",
         {{1000, 2000}, {5000, 4600}, {9000, 4000}, {11000, 3400}, {21000, 6000}},
         {2900, 4900, 15750, 20750}},
        {"nothing costs less than in a crowd, or more than cold",
         {{1000, 2000}, {5000, 1000}, {9000, 9000}, {13000, 5000}},
         {5950, 6950, 7950, 8950}},
        {"no difference",
         {{1000, 2000}, {5000, 2000}, {9000, 2000}, {13000, 2000}},
         {5000, 5000, 5000, 5000}},
        {"dearer in a crowd",
         {{1000, 3000}, {5000, 2500}, {9000, 2500}, {13000, 2000}},
         {5000, 5000, 5000, 5000}},
    };
    static const int parts[] = {9, 19, 29, 39};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct series after;
        int n = 0;

        while (rows[i].lives[n].apart_usec > 0)
            n++;
        after = calibrate_cooling_curve(rows[i].lives, n);
        cr_assert(after.n == CALIBRATE_SAMPLES);
        for (int k = 0; k < 4; k++)
            cr_expect(llabs(after.values[parts[k]] - rows[i].at_usec[k]) <= 50,
                      "%s, part %d: %lld instead of %lld", rows[i].what, parts[k],
                      (long long)after.values[parts[k]], (long long)rows[i].at_usec[k]);
    }
}

/* 10 s have gone. What is booted has to be over by 28 s, if it takes no longer than any before. */
Test(profile, no_machine_is_booted_for_which_there_is_no_time)
{
    static const struct {
        int64_t after_sec, longest_sec;
        int n_boots;
        bool late;
    } rows[] = {{20, 0, 1, false}, {20, 17, 1, false}, {20, 19, 1, true}, {9, 0, 1, true},
                {9, 17, 1, true},  {20, 8, 2, false},  {20, 10, 2, true}};

    calibration.quick = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool late;

        calibration.n_late = 0;
        calibration.begin_usec = loop_clock_usec() - 10 * SECOND;
        calibration.longest_usec = rows[i].longest_sec * SECOND;
        late = calibrate_is_late_to_boot(&calibration, rows[i].after_sec * SECOND, rows[i].n_boots,
                                         "this");
        cr_expect(late == rows[i].late && calibration.n_late == late, "row %zu", i);
    }
    calibration.quick = false;
    calibration.n_late = 0;
    cr_expect(!calibrate_is_late_to_boot(&calibration, 0, 1, "this") && calibration.n_late == 0);
}

/* ---- the profile ---- */

#define MIB (INT64_C(1) << 20)

static json_t *write_profile(void)
{
    struct buffer text = {0};
    json_error_t error;
    json_t *profile;

    calibration.cgroup = "v2";
    calibrate_write(&text, &calibration);
    profile = json_loads(text.text, JSON_REJECT_DUPLICATES, &error);
    cr_assert(profile != NULL, "%s\n%s", error.text, text.text);
    buffer_finish(&text);
    return profile;
}

static const char *text_at(json_t *object, const char *first, const char *second, const char *third)
{
    object = json_object_get(json_object_get(object, first), second);
    return json_string_value(third ? json_object_get(object, third) : object);
}

/* What a machine takes of its host is what it holds beyond its own memory, however much of that it has touched; of the
 * first way up that was measured. */
Test(profile, memory_of_machines_and_agents)
{
    struct series *machine = calibration.machines[BOOT_UNCOMPRESSED];
    json_t *profile;

    series_add(&calibration.speed_permille, 990);
    series_add(&machine[MACHINE_SYSTEM], 89 * MIB);
    series_add(&machine[MACHINE_HOST], 233 * MIB);
    series_add(&machine[MACHINE_OVERHEAD], 134 * MIB);
    series_add(&calibration.machines[BOOT_RESTORE][MACHINE_OVERHEAD], 72 * MIB);
    series_add(&calibration.inside[INSIDE_START], 1000);
    series_add(&calibration.series[MEASURED_AGENT_MEMORY], 2 * MIB);
    profile = write_profile();
    cr_expect_str_eq(text_at(profile, "costs", "vm", "osMemory"), "91136KiB");
    cr_expect_str_eq(text_at(profile, "costs", "vm", "overhead"), "137216KiB");
    cr_expect_str_eq(text_at(profile, "costs", "agentMemory", NULL), "2048KiB");
    cr_expect_str_eq(
        json_string_value(json_object_get(
            json_object_get(json_object_get(json_object_get(profile, "costs"), "vm"), "inside"),
            "agentMemory")),
        "0B", "it is in osMemory");
    json_decref(profile);
}

/* What was not measured is not said: the base profile knows it. */
Test(profile, memory_that_was_not_measured)
{
    json_t *profile;

    series_add(&calibration.speed_permille, 990);
    profile = write_profile();
    cr_expect(text_at(profile, "costs", "vm", "osMemory") == NULL);
    cr_expect(text_at(profile, "costs", "vm", "overhead") == NULL);
    cr_expect(text_at(profile, "costs", "agentMemory", NULL) == NULL);
    json_decref(profile);
}

static bool is_listed(const json_t *profile, const char *of, const char *what)
{
    const json_t *list = json_object_get(profile, "measured"), *row;
    bool found = false;
    size_t i;

    json_array_foreach(list, i, row) found =
        found || (strcmp(json_string_value(json_object_get(row, "of")), of) == 0 &&
                  strcmp(json_string_value(json_object_get(row, "what")), what) == 0);
    return found;
}

/* All figures that people read are in the profile too, those of virtual machines and of containers in them as well. */
Test(profile, every_line_of_the_table_is_listed)
{
    char *text, *line, *rest, head[80] = "";
    size_t length;
    int n = 0;
    json_t *profile;
    FILE *out = open_memstream(&text, &length);

    for (int i = 0; i < MEASURED; i += 2)
        series_add(&calibration.series[i], 1000 + i);
    for (int i = 0; i < MACHINE_MEASURED; i++)
        series_add(&calibration.machines[BOOT_RESTORE][i], 1000 + i);
    series_add(&calibration.machines[BOOT_SCRATCH][MACHINE_HOST], 1000);
    for (int i = 0; i < INSIDE_MEASURED; i++)
        series_add(&calibration.inside[i], 1000 + i);
    calibrate_print(out, &calibration);
    fclose(out);
    profile = write_profile();
    strtok_r(text, "\n", &rest); /* what the columns are */
    while ((line = strtok_r(NULL, "\n", &rest)) && strncmp(line, "measured in ", 12) != 0) {
        char name[33];

        if (line[0] != ' ') {
            snprintf(head, sizeof head, "%s", line);
        } else if (!strstr(line, "not measured here")) {
            sscanf(line + 2, "%32[^\n]", name);
            for (int end = (int)strlen(name); end > 0 && name[end - 1] == ' '; end--)
                name[end - 1] = '\0';
            cr_expect(is_listed(profile, head, name), "%s: %s", head, name);
            n++;
        }
    }
    cr_expect((size_t)n == json_array_size(json_object_get(profile, "measured")), "%d", n);
    cr_expect(is_listed(profile, "virtual machine", "until registered, restore"));
    cr_expect(is_listed(profile, "virtual machine", "memory of the host for it"));
    cr_expect(is_listed(profile, "container inside a virtual machine", "touch memory"));
    json_decref(profile);
    free(text);
}
