/*
 * The runs, one after the other, and the ranking. Sums are whole numbers: equals are equal.
 */
#include "tournament.h"

#include "file/memory.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

const char tournament_rule[] =
    "fewest unplaced, then the shortest waited p95, then the fewest instances, by the means";

/* The measures that rank, the first one first. */
static const enum measure_kind ranking_measures[] = {MEASURE_UNPLACED, MEASURE_WAIT_P95,
                                                     MEASURE_INSTANCES};

#define N_RANKING_MEASURES (sizeof ranking_measures / sizeof ranking_measures[0])

static int64_t *values_of(const struct tournament *tournament, int contender,
                          enum measure_kind kind)
{
    return tournament->values +
           ((size_t)contender * MEASURES + (size_t)kind) * (size_t)tournament->n_seeds;
}

const int64_t *tournament_values(const struct tournament *tournament, int contender,
                                 enum measure_kind kind)
{
    return values_of(tournament, contender, kind);
}

/* Whose strategies ----------------------------------------------------------------------------- */

/* Where a call keeps its strategy, or NULL for one that has none. */
static struct strategy_rule **rules_of(struct message *call, int32_t **n)
{
    if (call->kind == MESSAGE_CREATE_SERVICE) {
        *n = &call->as.create_service.n_strategy;
        return &call->as.create_service.strategy;
    }
    *n = &call->as.run_task.n_strategy;
    return call->kind == MESSAGE_RUN_TASK ? &call->as.run_task.strategy : NULL;
}

static struct message *call_of(struct scenario *scenario, int i)
{
    return i < scenario->n_services ? &scenario->services[i]
                                    : &scenario->timeline[i - scenario->n_services].call;
}

static int count_calls(const struct scenario *scenario)
{
    return scenario->n_services + scenario->n_timeline;
}

/* What the scenario itself said, by call. */
struct said {
    struct strategy_rule *rules;
    int32_t n;
};

static void set_strategy(struct scenario *scenario, int i, struct strategy_rule *rules, int32_t n)
{
    int32_t *n_rules;
    struct strategy_rule **strategy = rules_of(call_of(scenario, i), &n_rules);

    if (!strategy)
        return;
    *strategy = rules;
    *n_rules = n;
}

static struct said *remember(struct scenario *scenario)
{
    struct said *said = memory_zeroed((size_t)count_calls(scenario), sizeof *said);

    for (int i = 0; i < count_calls(scenario); i++) {
        int32_t *n;
        struct strategy_rule **strategy = rules_of(call_of(scenario, i), &n);

        if (strategy)
            said[i] = (struct said){*strategy, *n};
    }
    return said;
}

/* Runs ----------------------------------------------------------------------------------------- */

static bool run_one(struct tournament *tournament, const struct scenario *scenario, int contender,
                    int seed, struct err *err)
{
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct measure measure;
    bool ok;

    options.seed = (uint64_t)seed + 1;
    options.tell = true;
    ok = sim_run(scenario, &options, &result, err);
    if (ok) {
        measure = measure_story(&result.story, 0);
        for (int k = 0; k < MEASURES; k++)
            values_of(tournament, contender, (enum measure_kind)k)[seed] = measure.values[k];
    }
    sim_result_finish(&result);
    return ok;
}

static bool run_all(struct tournament *tournament, struct scenario *scenario,
                    tournament_progress *progress, struct err *err)
{
    const struct contenders *list = tournament->contenders;
    int done = 0;

    for (int c = 0; c < list->n_contenders; c++) {
        struct contender *contender = &list->contenders[c];

        for (int i = 0; i < count_calls(scenario); i++)
            set_strategy(scenario, i, contender->rules, contender->n_rules);
        for (int seed = 0; seed < tournament->n_seeds; seed++) {
            if (progress)
                progress(done++, list->n_contenders * tournament->n_seeds);
            if (!run_one(tournament, scenario, c, seed, err))
                return false;
        }
    }
    return true;
}

/* The ranking ---------------------------------------------------------------------------------- */

static wide sum_of(const struct tournament *tournament, int contender, enum measure_kind kind)
{
    const int64_t *values = values_of(tournament, contender, kind);
    wide sum = 0;

    for (int i = 0; i < tournament->n_seeds; i++)
        sum += values[i];
    return sum;
}

static bool is_better(const struct tournament *tournament, int left, int right)
{
    for (size_t i = 0; i < N_RANKING_MEASURES; i++) {
        wide a = sum_of(tournament, left, ranking_measures[i]);
        wide b = sum_of(tournament, right, ranking_measures[i]);

        if (a != b)
            return a < b;
    }
    return false;
}

/* By insertion: equals stay in the order of the list. */
static void rank(struct tournament *tournament)
{
    for (int i = 0; i < tournament->contenders->n_contenders; i++) {
        int place = i;

        for (; place > 0 && is_better(tournament, i, tournament->ranking[place - 1]); place--)
            tournament->ranking[place] = tournament->ranking[place - 1];
        tournament->ranking[place] = i;
    }
}

int tournament_rank(const struct tournament *tournament, int place)
{
    while (place > 0 &&
           !is_better(tournament, tournament->ranking[place - 1], tournament->ranking[place]))
        place--;
    return place + 1;
}

bool tournament_run(struct tournament *tournament, struct scenario *scenario,
                    const struct contenders *contenders, int n_seeds, tournament_progress *progress,
                    struct err *err)
{
    size_t n = (size_t)contenders->n_contenders;
    struct said *said = remember(scenario);
    bool ok;

    *tournament = (struct tournament){
        .contenders = contenders,
        .n_seeds = n_seeds,
        .values = memory_zeroed(n * MEASURES * (size_t)n_seeds, sizeof *tournament->values),
        .ranking = memory_zeroed(n, sizeof *tournament->ranking),
    };
    ok = run_all(tournament, scenario, progress, err);
    for (int i = 0; i < count_calls(scenario); i++)
        set_strategy(scenario, i, said[i].rules, said[i].n);
    free(said);
    if (ok)
        rank(tournament);
    return ok;
}

void tournament_finish(struct tournament *tournament)
{
    free(tournament->values);
    free(tournament->ranking);
    *tournament = (struct tournament){0};
}
