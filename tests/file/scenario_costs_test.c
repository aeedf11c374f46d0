/*
 * Costs of a scenario and host profiles: what is read, and what is said where it is wrong.
 */
#include "file/scenario.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static struct scenario *with_costs(const char *costs)
{
    char *members;
    struct scenario *scenario;

    cr_assert(asprintf(&members, "\"costs\":%s", costs) > 0);
    scenario = reading(scenario_of(members), "");
    free(members);
    return scenario;
}

Test(scenario_costs, a_step_waits_or_burns_or_both)
{
    struct scenario *scenario =
        with_costs("{\"create\":{\"wait\":\"1ms\",\"cpu\":{\"normal\":{\"mean\":\"2ms\",\"sd\":"
                   "\"100us\"}},\"cold\":\"5ms\"},\"coldAfter\":{\"samples\":[\"6ms\",\"7ms\"]},"
                   "\"start\":\"3ms\",\"exec\":"
                   "{\"cpu\":{\"gamma\":"
                   "{\"mean\":\"4ms\",\"shape\":2.5}}},\"exit\":{\"weibull\":{\"scale\":\"1ms\","
                   "\"shape\":0.7}},\"child\":{\"cpu\":{\"samples\":[\"1ms\",\"2ms\"]}}}");
    const struct step_cost *steps = scenario->costs.steps;

    cr_assert(steps[COST_CREATE].wait.a_usec == MSEC &&
              steps[COST_CREATE].cpu.kind == DISTRIBUTION_NORMAL &&
              steps[COST_CREATE].cpu.b_usec == 100);
    cr_assert(steps[COST_CREATE].has_cold && steps[COST_CREATE].cold.a_usec == 5 * MSEC);
    cr_assert(scenario->costs.cold_after.kind == DISTRIBUTION_EMPIRICAL &&
              scenario->costs.cold_after.samples.n == 2 &&
              scenario->costs.cold_after.samples.usec[1] == 7 * MSEC);
    cr_assert(steps[COST_START].wait.a_usec == 3 * MSEC && !steps[COST_START].has_cold &&
              distribution_is_zero(&steps[COST_START].cpu));
    cr_assert(steps[COST_EXEC].cpu.kind == DISTRIBUTION_GAMMA &&
              steps[COST_EXEC].cpu.shape == 2500000 &&
              distribution_is_zero(&steps[COST_EXEC].wait));
    cr_assert(steps[COST_EXIT].wait.kind == DISTRIBUTION_WEIBULL &&
              steps[COST_EXIT].wait.shape == 700000);
    cr_assert(steps[COST_CHILD].cpu.kind == DISTRIBUTION_EMPIRICAL &&
              steps[COST_CHILD].cpu.samples.n == 2 &&
              steps[COST_CHILD].cpu.samples.usec[1] == 2 * MSEC);
    scenario_destroy(scenario);
}

Test(scenario_costs, of_the_rest)
{
    struct scenario *scenario = with_costs(
        "{\"profile\":\"laptop\",\"host\":{\"cpus\":1.5,\"memory\":\"2GiB\",\"background\":0.031},"
        "\"agentQueue\":false,"
        "\"diskPerSecond\":\"1MiB\",\"unpackPerSecond\":\"any\",\"touchPerMiB\":\"1ms\","
        "\"balanceAfter\":\"90ms\",\"overbalanceEvery\":\"14ms\",\"startTurns\":\"4ms\","
        "\"workTurns\":{\"samples\":[\"5ms\"]},"
        "\"agentTurn\":\"3ms\",\"readyTurn\":\"2ms\",\"readyBeside\":\"1ms\",\"coolsIn\":\"2s\","
        "\"end\":{\"cpu\":\"1ms\","
        "\"afterRest\":\"6ms\"},"
        "\"machines\":"
        "\"vms\",\"path\":\"restore\",\"contention\":false,\"osMemory\":\"1MiB\",\"vm\":{"
        "\"scratch\":"
        "{\"kernel\":\"2s\"},\"speed\":0.25,\"overhead\":\"3MiB\",\"inside\":{\"create\":\"7ms\"}}"
        "}");
    const struct costs *costs = &scenario->costs;

    cr_assert(costs->host_cpu == 1536 && costs->background_ppm == 31000);
    cr_assert(costs->overbalance_usec == 14 * MSEC);
    cr_assert(costs->balance_usec == 90 * MSEC && costs->start_turns.a_usec == 4 * MSEC &&
              costs->work_turns.kind == DISTRIBUTION_EMPIRICAL &&
              costs->least_work_turns.kind == DISTRIBUTION_EMPIRICAL &&
              costs->agent_turn.a_usec == 3 * MSEC && costs->ready_turn.a_usec == 2 * MSEC &&
              costs->ready_beside.a_usec == 1 * MSEC);
    cr_assert(costs->cools_in.a_usec == 2 * SECOND &&
              costs->steps[COST_END].after_rest_usec == 6 * MSEC &&
              costs->steps[COST_START].after_rest_usec == 0);
    cr_assert(!costs->agent_queue && !costs->contention && costs->machines == MACHINES_VMS &&
              costs->path == BOOT_RESTORE);
    cr_assert(costs->disk_bytes_per_sec == 1 << 20 &&
              costs->unpack_bytes_per_sec == BYTES_PER_SEC_ANY);
    cr_assert(costs->touch_usec_per_mib == MSEC && costs->os_bytes == 1 << 20);
    cr_assert(costs->vm.paths[BOOT_SCRATCH][VM_KERNEL].wait.a_usec == 2 * SECOND &&
              distribution_is_zero(&costs->vm.paths[BOOT_SCRATCH][VM_VMM].cpu));
    cr_assert(!distribution_is_zero(&costs->vm.paths[BOOT_RESTORE][VM_VMM].cpu), "as it was");
    cr_assert(costs->vm.told[BOOT_SCRATCH] && !costs->vm.told[BOOT_UNCOMPRESSED] &&
              !costs->vm.told[BOOT_RESTORE]);
    cr_assert(costs->vm.speed_permille == 250 && costs->vm.overhead_bytes == 3 << 20);
    cr_assert(costs->vm.inside && costs->vm.inside->steps[COST_CREATE].wait.a_usec == 7 * MSEC);
    scenario_destroy(scenario);
}

Test(scenario_costs, findings)
{
    static const char *const cases[][2] = {
        {"\"costs\":{\"boot\":\"1s\",\"kernel\":\"2s\"}",
         "1:53: error: costs.kernel: boot is given, which stands for this and others"},
        {"\"costs\":{\"create\":{\"cpu\":\"1\"}}",
         "1:48: error: costs.create.cpu: \"1\" has no unit; durations look like \"300ms\", "
         "\"90s\", \"1.5m\", \"2h\""},
        {"\"costs\":{\"create\":{\"cpu\":\"1s\",\"wiat\":\"1s\"}}",
         "1:53: error: costs.create.wiat: unknown member of a cost step (did you mean wait?)"},
        {"\"costs\":{\"end\":{\"cpu\":\"1s\",\"afterRest\":{\"samples\":[\"1s\"]}}}",
         "1:62: error: costs.end.afterRest: found an object, wanted a duration such as \"90s\" or "
         "\"300ms\""},
        {"\"costs\":{\"exit\":{\"samples\":[]}}",
         "1:50: error: costs.exit.samples: found 0 values, wanted 1 to 1000000"},
        {"\"costs\":{\"exit\":{\"samples\":[\"1ms\",2]}}",
         "1:57: error: costs.exit.samples[1]: found 2, wanted a duration such as \"90s\" or "
         "\"300ms\""},
        {"\"costs\":{\"exit\":{\"samples\":\"/nowhere/at/all\"}}",
         "1:50: error: costs.exit.samples: cannot read /nowhere/at/all: No such file or directory"},
        {"\"costs\":{\"exit\":{\"samples\":\"/\"}}",
         "1:50: error: costs.exit.samples: cannot read /: Is a directory"},
        {"\"costs\":{\"exit\":{\"gamma\":{\"mean\":\"1s\",\"shape\":0}}}",
         "1:69: error: costs.exit.gamma.shape: found 0, wanted a number from 0.05 to 1000"},
        {"\"costs\":{\"host\":{}}", "1:39: error: costs.host.cpus: missing: how many all "
                                    "instances share"},
        {"\"costs\":{\"diskPerSecond\":\"0B\"}",
         "1:48: error: costs.diskPerSecond: found \"0B\"; nothing would ever be pulled"},
        {"\"costs\":{\"vm\":{\"inside\":{\"vm\":{\"inside\":{}}}}}",
         "1:63: error: costs.vm.inside.vm.inside: a virtual machine inside another has no costs of "
         "its own"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        reading_gives(scenario_of(cases[i][0]), cases[i][1]);
}

/* Files ------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/berth-costs-test-XXXXXX";

static char *written(const char *name, const char *text)
{
    char *path;
    FILE *file;

    cr_assert(asprintf(&path, "%s/%s", folder, name) > 0);
    file = fopen(path, "we");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

/* Loads a small scenario with that profile; what is said goes to `said`. */
static struct scenario *load(const char *profile, bool naive, char said[400])
{
    char *path =
        written("s.json", "{\"berth\":\"scenario/1\",\"costs\":\"2012\",\"until\":\"1s\"}");
    struct scenario_options options = {.host_profile = profile, .no_contention = naive};
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, &options, &findings);

    said[0] = '\0';
    if (findings.n_list)
        snprintf(said, 400, "%s", findings.list[0].text);
    findings_finish(&findings);
    unlink(path);
    free(path);
    return scenario;
}

/* It takes the place of the scenario's costs, samples' files too, and the source says it all again. */
Test(scenario_costs, of_a_host_profile)
{
    char said[400];
    char *samples, *profile;
    struct scenario *scenario, *again;
    struct findings findings = {0};

    cr_assert(mkdtemp(folder) != NULL);
    samples = written("samples.txt", "# of create\n1ms\n\n 2ms \n3ms\n");
    profile = written("p.json", "{\"berth\":\"host-profile/1\",\"machine\":{\"x\":1},\"costs\":{"
                                "\"host\":{\"cpus\":2},\"create\":{\"cpu\":{\"samples\":"
                                "\"samples.txt\"}}}}");
    scenario = load(profile, true, said);
    cr_assert(scenario != NULL, "%s", said);
    cr_assert(scenario->costs.host_cpu == 2048 && scenario->costs.agent_queue, "laptop's");
    cr_assert(!scenario->costs.contention);
    cr_assert(scenario->costs.steps[COST_CREATE].cpu.samples.n == 3);
    again = scenario_parse(scenario->source, "again", &findings);
    cr_assert(again != NULL, "%s", findings.n_list ? findings.list[0].text : "");
    cr_assert(again->costs.host_cpu == 2048 && again->costs.agent_queue &&
              !again->costs.contention && again->costs.steps[COST_CREATE].cpu.samples.n == 3);
    cr_assert_str_eq(again->source, scenario->source);
    findings_finish(&findings);
    scenario_destroy(scenario);
    scenario_destroy(again);
    unlink(samples);
    unlink(profile);
    rmdir(folder);
    free(samples);
    free(profile);
}

/* One scenario on slices and on virtual machines, with this machine's costs and with others. */
Test(scenario_costs, are_not_what_makes_a_world)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"{\"until\":\"1s\"}", "{\"costs\":{\"machines\":\"vms\"},\"until\":\"1s\"}", true},
        {"{\"costs\":\"2012\"}", "{\"costs\":\"laptop\"}", true},
        {"{\"until\":\"1s\"}", "{\"until\":\"2s\"}", false},
        {"{\"until\":\"1s\"}", "no JSON", false},
        {"[]", "[]", true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(scenario_same_world(rows[i].a, rows[i].b) == rows[i].same, "row %zu", i);
}

/* A profile says what this machine's instances cost, not whether they are virtual machines. */
Test(scenario_costs, a_host_profile_leaves_instances_what_they_are)
{
    static const struct {
        const char *own, *profile;
        enum machines machines;
        enum boot_path path;
    } rows[] = {
        {"{}", "{}", MACHINES_SLICES, BOOT_SCRATCH},
        {"{\"machines\":\"vms\",\"path\":\"restore\"}", "{}", MACHINES_VMS, BOOT_RESTORE},
        {"{\"machines\":\"vms\"}", "{\"machines\":\"slices\"}", MACHINES_SLICES, BOOT_SCRATCH},
        {"\"2012\"", "{\"path\":\"uncompressed\"}", MACHINES_SLICES, BOOT_UNCOMPRESSED},
    };

    cr_assert(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario_options options = {0};
        struct findings findings = {0};
        struct scenario *scenario;
        char own[200], costs[200], *path, *profile;

        snprintf(own, sizeof own, "{\"berth\":\"scenario/1\",\"costs\":%s,\"until\":\"1s\"}",
                 rows[i].own);
        snprintf(costs, sizeof costs, "{\"berth\":\"host-profile/1\",\"costs\":%s}",
                 rows[i].profile);
        path = written("own.json", own);
        options.host_profile = profile = written("kind.json", costs);
        scenario = scenario_load(path, &options, &findings);
        cr_assert(scenario != NULL, "row %zu", i);
        cr_expect(scenario->costs.machines == rows[i].machines, "row %zu", i);
        cr_expect(scenario->costs.path == rows[i].path, "row %zu", i);
        scenario_destroy(scenario);
        findings_finish(&findings);
        unlink(path);
        unlink(profile);
        free(path);
        free(profile);
    }
    rmdir(folder);
}

Test(scenario_costs, a_wrong_host_profile_is_named_by_its_own_place)
{
    static const char *const cases[][2] = {
        {"{\"berth\":\"host-profile/1\",\"costs\":{\"craete\":\"1s\"}}",
         ":1:36: error: costs.craete: unknown member of costs (did you mean create?)"},
        {"{\"berth\":\"scenario/1\",\"costs\":{}}",
         ":1:1: error: top level: this is a scenario; wanted a file whose \"berth\" is "
         "\"host-profile/1\""},
        {"{\"berth\":\"host-profile/2\",\"costs\":{}}",
         ":1:10: error: berth: found \"host-profile/2\", wanted host-profile/1"},
        {"{\"berth\":\"host-profile/1\"}", ":1:1: error: costs: missing: take the place of a "
                                           "scenario's costs"},
        {"[]", ":1:1: error: top level: found a list, wanted an object: a host profile"},
        {"{", ""},
    };
    char said[400];

    cr_assert(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *profile = written("p.json", cases[i][0]);
        struct scenario *scenario = load(profile, false, said);

        cr_assert(scenario == NULL && strncmp(said, profile, strlen(profile)) == 0, "case %zu: %s",
                  i, said);
        cr_assert(strstr(said, cases[i][1]), "case %zu: %s", i, said);
        unlink(profile);
        free(profile);
    }
    rmdir(folder);
}

/* Layers ----------------------------------------------------------------------------------------- */

#define IMAGES(images)                                                                             \
    "\"images\":" images ",\"taskDefinitions\":[{\"family\":\"d\",\"containerDefinitions\":[{"     \
    "\"name\":\"a\",\"image\":\"a\",\"memory\":8},{\"name\":\"b\",\"image\":\"b\",\"memory\":8}]}" \
    "]"

Test(scenario_costs, of_layers)
{
    struct scenario *scenario = reading(
        scenario_of(IMAGES("{\"a\":{\"layers\":[{\"size\":\"3MiB\",\"digest\":\"x\"},{\"size\":"
                           "\"1MiB\"}]},\"b\":{\"layers\":[{\"size\":\"1MiB\"},{\"size\":\"3MiB\","
                           "\"digest\":\"x\"}]}}")),
        "");
    const struct image *a = &scenario->images[0], *b = &scenario->images[1];

    cr_assert(a->size_bytes == 4 << 20 && a->n_layers == 2 && scenario->n_layers == 3);
    cr_assert(a->layers[0].number == b->layers[1].number, "the same digest");
    cr_assert(a->layers[1].number != b->layers[0].number, "no digest");
    scenario_destroy(scenario);
    reading_gives(
        scenario_of(IMAGES("{\"a\":{\"layers\":[]},\"b\":{\"size\":\"1B\",\"layers\":[{"
                           "\"size\":\"1B\",\"digest\":\"x\"},{\"size\":\"2B\",\"digest\":"
                           "\"x\"}]}}")),
        "1:47: error: images.a.layers: found 0 layers, wanted 1 to 500\n1:63: error: "
        "images.b.size: the image's size is that of its layers\n1:113: error: "
        "images.b.layers[1].size: found \"2B\", but the layer of this digest has 1 bytes "
        "elsewhere");
}
