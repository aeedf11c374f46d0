/*
 * A small scenario, written in a test, simulated and replayed: every step is checked.
 */
#ifndef BERTH_TESTS_SIM_TRIAL_H
#define BERTH_TESTS_SIM_TRIAL_H

#include "sim.h"

extern struct scenario *scenario;
extern struct sim_result result;

/* Simulates a scenario of those members beside "berth", with ' for ", and replays it. */
void trial_run(const char *members);
void trial_run_seed(const char *members, uint64_t seed);

/* Likewise of a whole text, which it frees. */
void trial_run_text(char *text, uint64_t seed);

/* After each run. */
void trial_end(void);

#endif
