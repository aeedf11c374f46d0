/*
 * Rounds of rehearse.c in which containers come and go at once, by one agent and by several: a step's price
 * in a crowd is what it costs right after the same step of another container. What the kernel does by itself
 * meanwhile, and afterwards, is counted apart.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"
#include "exec/scale.h"

#include <assert.h>
#include <unistd.h>

/* What the kernel puts off of getting a round ready is done by then. */
#define GATHERED_USEC 50000

/* By its agents: one alone, and as many as there are processors, which wait for each other where they are
 * slower than that one. */
enum { ALONE, TOGETHER, WAYS };

struct crowd {
    int agents; /* together */
    struct rounds create[WAYS],
        network[WAYS]; /* how long a creation took, without and with a network */
    struct rounds create_cpu, network_cpu; /* likewise, alone */
    struct rounds together_cpu;            /* and without a network, by all */
    struct rounds remove[2];               /* CPU time; without and with a network */
    struct rounds removing;                /* how long that took */
    struct rounds start, child, exec, exit, end, heard, see,
        keep;               /* CPU time, of as many agents as crowds have */
    struct rounds see_life; /* likewise, of containers that end by themselves */
    struct series apart;    /* from one start to the next, by all, without a network */
};

int calibrate_crowd_agents(void)
{
    int64_t cpus = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;

    return cpus > 4 ? 4 : (int)cpus;
}

int calibrate_crowd_size(int agents)
{
    return agents > 2 ? 16 : 28;
}

/* The first of a crowd is cold, like one that is alone. */
static void add_warm(struct rounds *rounds, const struct rehearse_times *times, int per_agent,
                     enum rehearsed which)
{
    assert(rounds->n < ROUNDS_MOST);
    for (int i = 0; i < times->n; i += per_agent) {
        series_add_all(&rounds->list[rounds->n], times->usec[which] + i + 1, per_agent - 1);
    }
    rounds->n++;
}

static bool crowd_round(struct calibration *calibration, struct crowd *crowd, bool network, int way,
                        struct err *err)
{
    const int agents = way == ALONE ? 1 : crowd->agents;
    const struct rehearse_round round = {.family = network ? "bridge" : "none",
                                         .n = calibrate_crowd_size(agents),
                                         .at_once = true,
                                         .rest_usec = GATHERED_USEC,
                                         .agents = agents};
    struct rehearse_times times;

    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    add_warm(network ? &crowd->network[way] : &crowd->create[way], &times, round.n,
             REHEARSED_CREATE);
    if (agents == crowd->agents) {
        calibrate_behind_crowd(calibration, &times, network);
        add_warm(&crowd->start, &times, round.n, REHEARSED_START_CPU);
        add_warm(&crowd->child, &times, round.n, REHEARSED_CHILD_CPU);
        add_warm(&crowd->exec, &times, round.n, REHEARSED_EXEC_CPU);
        add_warm(&crowd->exit, &times, round.n, REHEARSED_EXIT_CPU);
        add_warm(&crowd->end, &times, round.n, REHEARSED_END_CPU);
        add_warm(&crowd->heard, &times, round.n, REHEARSED_HEARD_CPU);
        add_warm(&crowd->see, &times, round.n, REHEARSED_SEE_CPU);
        add_warm(&crowd->keep, &times, round.n, REHEARSED_KEEP_CPU);
        add_warm(&crowd->remove[network], &times, round.n, REHEARSED_REMOVE_CPU);
        add_warm(&crowd->removing, &times, round.n, REHEARSED_REMOVE);
    } else {
        usleep(CALIBRATE_QUIET_USEC);
    }
    if (agents == crowd->agents && !network) {
        series_add(&crowd->apart, times.started_usec / times.n);
        add_warm(&crowd->together_cpu, &times, round.n, REHEARSED_CREATE_CPU);
    }
    if (way == ALONE) {
        add_warm(network ? &crowd->network_cpu : &crowd->create_cpu, &times, round.n,
                 REHEARSED_CREATE_CPU);
    }
    if (way == ALONE && !network) {
        series_add(&calibration->series[MEASURED_COLD_AT_ONCE], times.all_usec / times.n);
        series_add(&calibration->series[MEASURED_PREPARED_AT_ONCE], times.started_usec / times.n);
    }
    return true;
}

static bool crowd_by_itself(struct calibration *calibration, struct crowd *crowd, struct err *err)
{
    const struct rehearse_round round = {.family = "once",
                                         .n = calibrate_crowd_size(crowd->agents),
                                         .at_once = true,
                                         .rest_usec = GATHERED_USEC,
                                         .agents = crowd->agents,
                                         .by_itself = true};
    struct rehearse_times times;

    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    add_warm(&crowd->see_life, &times, round.n, REHEARSED_SEE_CPU);
    usleep(CALIBRATE_QUIET_USEC);
    return true;
}

/* Who has to wait for each other is slower than one after the other, but not without limit. */
#define PART_MOST 2

/* Of a step that takes `alone` where one agent does it and `together` where several do, the part for
 * which they wait for each other: if that is all that keeps them, one gets through it in `together`
 * divided by their number. */
static double part_alone(const struct series *alone, const struct series *together, int agents)
{
    int64_t alone_usec = series_quantile(alone, 500);
    double part =
        alone_usec > 0 ? (double)series_quantile(together, 500) / ((double)alone_usec * agents) : 1;

    return agents < 2 ? 0 : part < PART_MOST ? part : PART_MOST;
}

static double part_later(const struct series *end, const struct series *heard)
{
    const int64_t end_usec = series_quantile(end, 500), heard_usec = series_quantile(heard, 500);

    return heard_usec > 0 && heard_usec < end_usec
               ? (double)(end_usec - heard_usec) / (double)end_usec
               : 0;
}

/* Files are made on a disk, which is slower at some times than at most by a multiple: the round below which a quarter
 * is. */
static struct series first_quarter(const struct rounds *rounds)
{
    struct series medians = {0}, result = {0};

    for (int i = 0; i < rounds->n; i++) {
        series_add(&medians, series_quantile(&rounds->list[i], 500));
    }
    series_add(&result, series_quantile(&medians, 250));
    return result;
}

/* A network of its own comes on top of what a container without one costs. */
static void take_crowd(struct calibration *calibration, const struct crowd *crowd)
{
    const struct series create = series_middle(&crowd->create[ALONE]);
    const struct series together = series_middle(&crowd->create[TOGETHER]);
    const struct series with = series_middle(&crowd->network[ALONE]);
    const struct series with_together = series_middle(&crowd->network[TOGETHER]);
    const struct series with_cpu = series_middle(&crowd->network_cpu);
    const struct series network_together = series_minus(&with_together, &together);
    struct series *series = calibration->series;

    calibration->lives[0].apart_usec = series_quantile(&crowd->apart, 500);
    series[MEASURED_START_CPU] = series_middle(&crowd->start);
    series[MEASURED_CHILD_CPU] = series_middle(&crowd->child);
    series[MEASURED_EXEC_CPU] = series_middle(&crowd->exec);
    series[MEASURED_EXIT_CPU] = series_middle(&crowd->exit);
    series[MEASURED_END_CPU] = series_middle(&crowd->end);
    series[MEASURED_HEARD_CPU] = series_middle(&crowd->heard);
    series[MEASURED_SEE_CROWD_CPU] = series_middle(&crowd->see);
    series[MEASURED_SEE_END_CPU] = series_middle(&crowd->see_life);
    series[MEASURED_SEE_END_CPU] =
        series_minus(&series[MEASURED_SEE_END_CPU], &series[MEASURED_SEE_CROWD_CPU]);
    series[MEASURED_KEEP_CPU] = first_quarter(&crowd->keep);
    series[MEASURED_REMOVE_CPU] = series_middle(&crowd->remove[false]);
    series[MEASURED_REMOVE_WAIT] = series_middle(&crowd->removing);
    series[MEASURED_REMOVE_WAIT] =
        series_minus(&series[MEASURED_REMOVE_WAIT], &series[MEASURED_REMOVE_CPU]);
    series[MEASURED_DISCONNECT_CPU] = series_middle(&crowd->remove[true]);
    series[MEASURED_DISCONNECT_CPU] =
        series_minus(&series[MEASURED_DISCONNECT_CPU], &series[MEASURED_REMOVE_CPU]);
    series[MEASURED_CREATE_CPU] = series_middle(&crowd->create_cpu);
    series[MEASURED_CREATE_TOGETHER_CPU] = series_middle(&crowd->together_cpu);
    series[MEASURED_CREATE_WAIT] = series_minus(&create, &series[MEASURED_CREATE_CPU]);
    series[MEASURED_NETWORK] = series_minus(&with, &create);
    series[MEASURED_BEHIND_NETWORK_CPU] =
        series_minus(&series[MEASURED_BEHIND_NETWORK_CPU], &series[MEASURED_BEHIND_CPU]);
    series[MEASURED_CLEAR_NETWORK_CPU] =
        series_minus(&series[MEASURED_CLEAR_NETWORK_CPU], &series[MEASURED_CLEAR_CPU]);
    series[MEASURED_NETWORK_CPU] = series_minus(&with_cpu, &series[MEASURED_CREATE_CPU]);
    calibration->end_later = part_later(&series[MEASURED_END_CPU], &series[MEASURED_HEARD_CPU]);
    calibration->create_alone = part_alone(&create, &together, crowd->agents);
    calibration->network_alone =
        part_alone(&series[MEASURED_NETWORK], &network_together, crowd->agents);
}

struct crowd *calibrate_crowds_begin(struct calibration *calibration)
{
    struct crowd *crowds = calibrate_keep(sizeof *crowds);

    crowds->agents = calibrate_crowd_agents();
    calibrate_behind_nothing(calibration);
    return crowds;
}

bool calibrate_crowds(struct calibration *calibration, struct crowd *crowds, struct err *err)
{
    for (int way = ALONE; way <= (crowds->agents > 1 ? TOGETHER : ALONE); way++) {
        if (!crowd_round(calibration, crowds, false, way, err) ||
            !crowd_round(calibration, crowds, true, way, err)) {
            return false;
        }
    }
    return crowd_by_itself(calibration, crowds, err);
}

void calibrate_crowds_end(struct calibration *calibration, struct crowd *crowds, bool whole)
{
    if (whole) {
        take_crowd(calibration, crowds);
    }
    calibrate_let_go(crowds, sizeof *crowds);
}
