/*
 * One scenario at a time, as every test has a process of its own.
 */
#include "trial.h"

#include "file/replay.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct scenario *scenario;
struct sim_result result;

static void read_text(char *text)
{
    struct findings findings = {0};

    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    scenario = scenario_parse(text, "test.json", &findings);
    cr_assert(scenario != NULL, "%s", findings.n_list ? findings.list[0].text : text);
    findings_finish(&findings);
    free(text);
}

void trial_run_text(char *text, uint64_t seed)
{
    char path[] = "/tmp/berth-trial-XXXXXX";
    int fd = mkstemp(path);
    struct sim_options options;
    struct replay replay;
    struct err err = {0};

    cr_assert(fd >= 0 && close(fd) == 0);
    read_text(text);
    options = sim_options_default(scenario);
    options.seed = seed;
    options.paranoid = true;
    options.tell = true;
    options.log_path = path;
    cr_assert(sim_run(scenario, &options, &result, &err), "%s", err.text);
    cr_assert(replay_file(&replay, path, &err), "%s", err.text);
    replay_finish(&replay);
    unlink(path);
}

void trial_run_seed(const char *members, uint64_t seed)
{
    char *text;

    cr_assert(asprintf(&text, "{'berth': 'scenario/1', %s}", members) > 0);
    trial_run_text(text, seed);
}

void trial_run(const char *members)
{
    trial_run_seed(members, 1);
}

void trial_end(void)
{
    sim_result_finish(&result);
    scenario_destroy(scenario);
}
