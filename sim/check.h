/*
 * Judging: every run is made again, here and now; nothing that lies around is believed. Takes scenarios
 * and labs and gives a list of results. Knows nothing of how they are shown.
 */
#ifndef BERTH_CHECK_H
#define BERTH_CHECK_H

#include "file/buffer.h"
#include "file/err.h"
#include "file/lab.h"

enum check_outcome {
    CHECK_FAILED,
    CHECK_PASSED,
    CHECK_NOT_RUN,    /* something that it needs failed, or took too long: nothing is known of it */
    CHECK_IMPOSSIBLE, /* this machine cannot: it counts for nothing */
};

struct check_result {
    const char *name;  /* the lab's or the scenario's, likewise below */
    const char *about; /* or NULL */
    const char *help;  /* or NULL */
    enum check_outcome outcome;
    int points;                      /* what it is worth */
    char rationale[500];             /* "" where it passed */
    char expected[200], actual[200]; /* or "" */
    struct buffer log;               /* what a run said, line by line */
};

struct check_results {
    const char *title;
    struct check_result *results;
    int n_results, cap_results;
    double took; /* seconds */
};

/* One result for each expectation of the scenario, simulated or for real. False (EXIT_INPUT) where it
 * cannot be read, which was said on stderr. */
bool check_scenario(const char *path, bool real, int64_t patience_usec,
                    struct check_results *results, struct scenario **scenario, struct err *err);

/* One result for each check of the lab. `work`: the student's folder. False where no run can be made at
 * all. */
bool check_lab(const struct lab *lab, const char *work, int64_t patience_usec,
               struct check_results *results, struct err *err);
void check_finish(struct check_results *results);

/* What was reached, and what could be: what this machine cannot is left out of both. */
void check_score(const struct check_results *results, int *score, int *most);

/* EXIT_FINE where all passed that this machine can, EXIT_MACHINE where it can nothing, else
 * EXIT_ANSWER. */
int check_verdict(const struct check_results *results);

#endif
