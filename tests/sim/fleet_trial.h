/*
 * Small worlds for tests of the fleet, whose costs are nothing but what a test counts by hand.
 */
#ifndef BERTH_TESTS_SIM_FLEET_TRIAL_H
#define BERTH_TESTS_SIM_FLEET_TRIAL_H

#include "trial.h"

#define SECOND USEC_PER_SEC
#define MSEC USEC_PER_MSEC

/* Costs without delays, but for those that follow. */
#define COSTS "'costs': {@"
#define BOX(vcpu) "'instanceTypes': {'box': {'vcpu': " #vcpu ", 'memory': '1GiB', 'boot': '0s'}},"
#define JOB(family, members)                                                                       \
    "{'family': '" family "', 'networkMode': 'host', 'containerDefinitions': [{'name': 'c', "      \
    "'image': 'x', 'cpu': 10, 'memory': 100" members "}]}"
#define RUN(family, at, n)                                                                         \
    "{'at': '" at "', 'runTask': {'taskDefinition': '" family "', 'count': " #n "}}"

/* Images of 12 and 13 MiB with a layer of 10 in common, and the family of each. */
#define TWO_IMAGES                                                                                 \
    "'images': {'a': {'layers': [{'size': '10MiB', 'digest': 'base'}, {'size': '2MiB'}]},"         \
    "'b': {'layers': [{'size': '10MiB', 'digest': 'base'}, {'size': '3MiB'}]}},"                   \
    "'taskDefinitions': [{'family': 'a', 'containerDefinitions': [{'name': 'c', 'image': 'a', "    \
    "'cpu': 10, 'memory': 100}]}, {'family': 'b', 'containerDefinitions': [{'name': 'c', "         \
    "'image': 'b', 'cpu': 10, 'memory': 100}]}],"

/* As trial_run(); where the members have an @ it stands for costs of nothing. */
void run(const char *members);

/* Likewise on one instance that has all CPUs of a host, where nothing costs more than `costs` say. */
void run_on(const char *cpus, const char *costs, const char *families, const char *behaviour,
            const char *timeline);

/* What became of the task's container. */
const struct story_container *life(int task, int container);
/* From its being ready until its end. */
int64_t worked_usec(int task);

void assert_usec(int64_t got, int64_t want, const char *what);

#endif
