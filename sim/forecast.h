/*
 * One scenario of which it is foretold what a real run does: simulations with host profiles of this
 * machine, and the real runs to hold them against. Knows neither where profiles come from nor what is
 * concluded.
 */
#ifndef BERTH_FORECAST_H
#define BERTH_FORECAST_H

#include "file/options.h"
#include "predict.h"
#include "real.h"

struct sim_result;

struct forecast {
    const char *path;
    char *title;
    const struct option_texts *sets; /* borrowed: values of the scenario that are changed */
    const char *machines,
        *boot_path;    /* the scenario's own: what a profile says takes their place */
    bool boots;        /* virtual machines may: as instances, for Fargate, as tasks' own */
    bool knows_boot;   /* the profiles have measured the way in which they do */
    bool knows_inside; /* and what is inside them */
    struct sim_result **simulated;
    int n_simulated, cap_simulated;
    struct story *predicted, *naive; /* borrowed from those */
    int n_predicted, cap_predicted, n_naive, cap_naive;
    struct story idle;
    int64_t end_usec; /* of the longest simulation */
    struct story *stories;
    int n_stories, cap_stories;
    int n_again;     /* runs that were made again, since others had disturbed them */
    int n_disturbed; /* of the stories, those that others disturbed nevertheless */
};

/* What cannot be simulated is not worth measuring a machine for: false, and its findings are printed.
 * To be finished in either case. */
bool forecast_open(struct forecast *forecast, const char *path, const struct option_texts *sets,
                   struct err *err);
void forecast_finish(struct forecast *forecast);

/* Whether a profile has measured how virtual machines come up, if any may. Also where it cannot be read:
 * forecast_simulate() says why. */
bool forecast_is_covered(const struct forecast *forecast, const char *profile);

/* Simulates with a profile, on several days that differ in luck: all simulations of all profiles
 * together are the prediction. */
bool forecast_simulate(struct forecast *forecast, const char *profile, struct err *err);

/* Whether there can be one: what cannot run is not worth measuring a machine for, either. */
bool forecast_can_run(const struct forecast *forecast, struct real *real, struct err *err);

/* One real run. While other work on the machine is in the way, again, `most_again` times in all. */
bool forecast_run(struct forecast *forecast, struct real *real, int64_t most_again,
                  struct err *err);

/* Waits until others leave the machine alone, within reason. */
void forecast_await_quiet(void);

/* TOTALS results; at least one simulation and one run were made. */
void forecast_judge(const struct forecast *forecast, struct predict_result *results);

#endif
