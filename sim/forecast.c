/*
 * A profile is simulated with before the next real run begins. Runs that others disturb are made again.
 */
#include "forecast.h"

#include "core/array.h"
#include "file/memory.h"
#include "here.h"
#include "others.h"
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

/* Where other work goes on, it may end. */
#define OTHERS_PATIENCE_USEC (20 * USEC_PER_SEC)

/* Simulations with each profile: the same world, on so many days. */
#define LUCKS 11

/* Also where nothing may ever be launched: it is a matter of what to measure. */
static bool may_boot(const struct scenario *scenario)
{
    bool boots = false;

    for (int i = 0; i < scenario->n_groups; i++)
        boots |= scenario->groups[i].kind == GROUP_FARGATE ||
                 scenario_group_is_vm(scenario, &scenario->groups[i]);
    for (int i = 0; i < scenario->n_taskdefs; i++)
        boots |= scenario->taskdefs[i].definition->machine != NULL;
    return boots;
}

/* What instances are is not a matter of what they cost. */
bool forecast_open(struct forecast *forecast, const char *path, const struct option_texts *sets,
                   struct err *err)
{
    const struct scenario_options options = {.n_sets = sets->n_texts, .sets = sets->texts};
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, &options, &findings);

    *forecast = (struct forecast){.path = path, .sets = sets};
    if (!scenario)
        findings_print(&findings, stderr);
    findings_finish(&findings);
    if (!scenario)
        return err_set(err, EXIT_INPUT, "%s cannot be simulated", path);
    forecast->machines = machines_names[scenario->costs.machines];
    forecast->boot_path = boot_path_names[scenario->costs.path];
    forecast->title = memory_text(scenario->title);
    forecast->boots = may_boot(scenario);
    scenario_destroy(scenario);
    return true;
}

void forecast_finish(struct forecast *forecast)
{
    for (int i = 0; i < forecast->n_stories; i++)
        story_finish(&forecast->stories[i]);
    for (int i = 0; i < forecast->n_simulated; i++) {
        sim_result_finish(forecast->simulated[i]);
        free(forecast->simulated[i]);
    }
    free(forecast->title);
    free(forecast->stories);
    free(forecast->simulated);
    free(forecast->predicted);
    free(forecast->naive);
}

/* Simulating ---------------------------------------------------------------------------------------- */

static struct scenario *load(const struct forecast *forecast, const char *profile,
                             bool no_contention, bool says)
{
    const struct scenario_options options = {
        .n_sets = forecast->sets->n_texts,
        .sets = forecast->sets->texts,
        .image_folder = here_images(),
        .host_profile = profile,
        .no_contention = no_contention,
        .machines = forecast->machines,
        .boot_path = forecast->boot_path,
    };
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(forecast->path, &options, &findings);

    if (says)
        findings_print(&findings, stderr);
    findings_finish(&findings);
    return scenario;
}

static bool knows_boot(const struct scenario *scenario)
{
    return scenario->costs.vm.told[scenario->costs.path];
}

bool forecast_is_covered(const struct forecast *forecast, const char *profile)
{
    struct scenario *scenario = forecast->boots ? load(forecast, profile, false, false) : NULL;
    bool covered = !scenario || knows_boot(scenario);

    scenario_destroy(scenario);
    return covered;
}

/* The story is the forecast's. */
static bool simulate(struct forecast *forecast, const struct scenario *scenario, int luck,
                     struct story *story, struct err *err)
{
    struct sim_result *result = memory_zeroed(1, sizeof *result);
    struct sim_options options = sim_options_default(scenario);

    *ARRAY_ADD(forecast, simulated) = result;
    options.tell = true;
    options.luck = (uint64_t)luck;
    if (!sim_run(scenario, &options, result, err))
        return false;
    *story = result->story;
    if (result->summary.end_usec > forecast->end_usec)
        forecast->end_usec = result->summary.end_usec;
    return true;
}

/* Nothing costs any time, and nobody works: what is left is what the scenario waits for. Machines are of the same
 * kinds: a boot that it gives is not waited for where they are virtual. */
static bool simulate_idle(struct forecast *forecast, struct scenario *scenario, struct err *err)
{
    const struct costs costs = scenario->costs;
    bool ok;

    scenario->costs = costs_none();
    scenario->costs.host_cpu = costs.host_cpu;
    scenario->costs.machines = costs.machines;
    for (int i = 0; i < scenario->n_taskdefs; i++)
        for (int c = 0; c < scenario->taskdefs[i].definition->n_containers; c++)
            scenario->taskdefs[i].behaviours[c].work = distribution_constant(0);
    ok = simulate(forecast, scenario, 0, &forecast->idle, err);
    scenario->costs = costs; /* it owns samples */
    return ok;
}

bool forecast_simulate(struct forecast *forecast, const char *profile, struct err *err)
{
    bool is_first = forecast->n_predicted == 0, ok = true;
    struct scenario *scenario = load(forecast, profile, false, is_first);
    struct scenario *naive;

    if (!scenario)
        return err_set(err, EXIT_INPUT, "%s cannot be simulated", forecast->path);
    naive = load(forecast, profile, true, false);
    forecast->knows_boot = (is_first || forecast->knows_boot) && knows_boot(scenario);
    forecast->knows_inside =
        (is_first || forecast->knows_inside) && scenario->costs.vm.inside != NULL;
    for (int luck = 0; luck < LUCKS && ok; luck++)
        ok = simulate(forecast, scenario, luck, ARRAY_ADD(forecast, predicted), err) &&
             simulate(forecast, naive, luck, ARRAY_ADD(forecast, naive), err);
    if (ok && is_first)
        ok = simulate_idle(forecast, scenario, err);
    scenario_destroy(scenario);
    scenario_destroy(naive);
    return ok;
}

/* Running ------------------------------------------------------------------------------------------- */

void forecast_await_quiet(void)
{
    others_await_end(OTHERS_PATIENCE_USEC);
}

/* "--set", "A=1", "--set", ...: NULL-ended, to be freed. */
static const char **set_words(const struct option_texts *sets)
{
    const char **words = memory_zeroed((size_t)sets->n_texts * 2 + 1, sizeof *words);

    for (int i = 0; i < sets->n_texts; i++) {
        words[2 * i] = "--set";
        words[2 * i + 1] = sets->texts[i];
    }
    return words;
}

bool forecast_can_run(const struct forecast *forecast, struct real *real, struct err *err)
{
    const char **words = set_words(forecast->sets);
    bool can = real_can_run(real, forecast->path, words, err);

    free(words);
    return can;
}

/* Also tells whether others were in the way. */
static bool run_once(struct forecast *forecast, struct real *real, struct story *story,
                     bool *disturbed, struct err *err)
{
    const char **words = set_words(forecast->sets);
    /* a machine may be slow, but not that slow */
    const struct real_wish wish = {
        .seed = -1,
        .words = words,
        .patience_usec = forecast->end_usec * 10 + 300 * USEC_PER_SEC,
    };
    struct others others;
    bool ok;

    forecast_await_quiet();
    others_begin(&others);
    ok = real_run(real, forecast->path, &wish, story, err);
    *disturbed = ok && others_disturbed(&others, OTHERS_BEHIND_RUN);
    free(words);
    return ok;
}

bool forecast_run(struct forecast *forecast, struct real *real, int64_t most_again, struct err *err)
{
    struct story story;
    bool disturbed;

    for (;;) {
        if (!run_once(forecast, real, &story, &disturbed, err))
            return false;
        if (!disturbed || forecast->n_again == most_again)
            break;
        forecast->n_again++;
        story_finish(&story);
    }
    forecast->n_disturbed += disturbed;
    *ARRAY_ADD(forecast, stories) = story;
    return true;
}

void forecast_judge(const struct forecast *forecast, struct predict_result *results)
{
    const struct predict_runs runs = {
        .idle = &forecast->idle,
        .predicted = forecast->predicted,
        .n_predicted = forecast->n_predicted,
        .naive = forecast->naive,
        .n_naive = forecast->n_naive,
        .real = forecast->stories,
        .n_real = forecast->n_stories,
        .boots_measured = forecast->knows_boot,
    };

    predict_judge(&runs, results);
}
