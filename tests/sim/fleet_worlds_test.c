/*
 * Worlds in which everything costs something and anything may break: every invariant holds, nothing is left,
 * the run ends, and it replays.
 */
#include "core/draw.h"
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Any instance may die while anything of this is under way. */
Test(fleet_worlds, nothing_is_left_of_an_instance_that_dies)
{
    for (int msec = 0; msec < 3000; msec += 37) {
        char *members;

        cr_assert(
            asprintf(
                &members,
                "'costs': {'profile': 'laptop', 'host': {'cpus': 2}, 'pull': '50ms', "
                "'networkPerSecond': '10MiB', 'diskPerSecond': '20MiB', 'locked': {'wait': "
                "'5ms', 'cpu': '3ms'}, 'exec': {'wait': '1ms', 'cpu': '20ms'}, 'exit': '3ms', "
                "'schedulerEvent': {'cpu': '1ms'}, 'agentEvent': {'cpu': '1ms'}, 'agentQueue': "
                "%s, 'balanceAfter': '50ms', 'overbalanceEvery': '7ms', 'startTurns': '9ms', "
                "'workTurns': '9ms', "
                "'agentTurn': '3ms', 'readyBeside': '2ms', 'clear': {'wait': '90ms', 'cpu': "
                "'5ms'}, 'create': {'cpu': '9ms'}, 'remove': {'wait': '4ms', 'cpu': "
                "'2ms'}}, " BOX(
                    1) "'instances': '2xbox', " TWO_IMAGES
                       "'behaviour': {'a/c': {'memory': '20MiB', 'work': '300ms'}},"
                       "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': "
                       "6}], 'timeline': [{'at': '%dms', 'fault': {'killInstance': 'i1'}}], "
                       "'until': '6s'",
                msec % 2 ? "true" : "false", msec) > 0);
        run(members);
        cr_assert(result.n_missed == 0);
        trial_end();
        free(members);
    }
}

static int64_t roll(int round, int *n, int64_t bound)
{
    return (int64_t)draw_below(17, DRAW_WORK, round, (*n)++, (uint64_t)bound);
}

static const char *one_of(int round, int *n, const char *const *texts)
{
    int count = 0;

    while (texts[count])
        count++;
    return texts[roll(round, n, count)];
}

/* Some steps of random costs. */
static void print_costs(FILE *out, int round, int *n)
{
    static const char *const profiles[] = {"ec2", "laptop", "firecracker", "2012", NULL};
    static const char *const times[] = {"'0s'",
                                        "'3ms'",
                                        "{'cpu': '5ms', 'afterRest': '4ms'}",
                                        "{'wait': '2ms', 'cpu': {'normal': {'mean': '4ms', 'sd': "
                                        "'4ms'}}, 'cold': '9ms'}",
                                        "{'gamma': {'mean': '10ms', 'shape': 0.5}}",
                                        "{'weibull': {'scale': '9ms', 'shape': 0.8}}",
                                        "{'samples': ['1ms', '20ms', '0s']}",
                                        NULL};
    static const char *const spans[] = {"'0s'", "'4ms'",
                                        "{'uniform': {'min': '1ms', 'max': '200ms'}}", NULL};
    static const char *const rates[] = {"'any'", "'1MiB'", "'20MiB'", "'300KiB'", NULL};

    fprintf(out, "'costs': {'profile': '%s'", one_of(round, n, profiles));
    for (int step = 0; step < COST_STEPS; step++)
        if (roll(round, n, 3) == 0)
            fprintf(out, ", '%s': %s", cost_step_names[step], one_of(round, n, times));
    if (roll(round, n, 2))
        fprintf(out, ", 'host': {'cpus': %lld, 'background': 0.%lld}",
                1 + (long long)roll(round, n, 4), (long long)roll(round, n, 10));
    if (roll(round, n, 3) == 0)
        fprintf(out, ", 'machines': 'vms', 'path': '%s'",
                boot_path_names[roll(round, n, BOOT_PATHS)]);
    if (roll(round, n, 2))
        fprintf(out, ", 'coolsIn': {'uniform': {'min': '1ms', 'max': '9s'}}");
    if (roll(round, n, 2))
        fprintf(out,
                ", 'balanceAfter': '30ms', 'overbalanceEvery': '%lldms', 'startTurns': %s, "
                "'workTurns': %s, 'agentTurn': %s, 'readyTurn': %s, 'leastWorkTurns': %s, "
                "'readyBeside': %s",
                (long long)(roll(round, n, 2) * (1 + roll(round, n, 40))), one_of(round, n, spans),
                one_of(round, n, spans), one_of(round, n, spans), one_of(round, n, spans),
                one_of(round, n, spans), one_of(round, n, spans));
    fprintf(out, ", 'agentQueue': %s, 'pullQueue': %s, 'contention': %s",
            roll(round, n, 2) ? "true" : "false", roll(round, n, 2) ? "true" : "false",
            roll(round, n, 4) ? "true" : "false");
    fprintf(out, ", 'networkPerSecond': %s, 'layerPerSecond': %s, 'registryPerSecond': %s",
            one_of(round, n, rates), one_of(round, n, rates), one_of(round, n, rates));
    fprintf(out, ", 'unpackPerSecond': %s, 'diskPerSecond': %s, 'touchPerMiB': '1ms'},",
            one_of(round, n, rates), one_of(round, n, rates));
}

static void print_timeline(FILE *out, int round, int *n)
{
    fprintf(out, "'timeline': [");
    for (int i = 0; i < 6; i++) {
        long long at = (long long)roll(round, n, 20000);

        fprintf(out, "%s{'at': '%lldms', ", i ? ", " : "", at);
        switch (roll(round, n, 6)) {
        case 0:
            fprintf(out, "'fault': {'killInstance': 'i%lld'}}", 1 + (long long)roll(round, n, 3));
            break;
        case 1:
            fprintf(out, "'fault': {'killTask': 't%lld'}}", 1 + (long long)roll(round, n, 9));
            break;
        case 2:
            fprintf(out, "'fault': {'deadRegistry': {'for': '2s'}}}");
            break;
        case 3:
            fprintf(out, "'fault': {'cutAgent': {'instance': 'i1', 'for': '3s'}}}");
            break;
        default:
            fprintf(out, "'runTask': {'taskDefinition': '%s', 'count': %lld}}",
                    roll(round, n, 2) ? "a" : "b", 1 + (long long)roll(round, n, 4));
        }
    }
    fprintf(out, "], 'until': '25s'");
}

/* Whatever the costs, whatever goes wrong: every invariant holds, the run ends, and it replays. */
Test(fleet_worlds, random_worlds_hold_together)
{
    for (int round = 0; round < 200; round++) {
        char *members;
        size_t length;
        FILE *out = open_memstream(&members, &length);
        int n = 0;

        cr_assert(out != NULL);
        print_costs(out, round, &n);
        fprintf(out,
                "'instanceTypes': {'box': {'vcpu': %s, 'memory': '512MiB'%s}},"
                "'instances': '2xbox',",
                roll(round, &n, 2) ? "1" : "0.5", roll(round, &n, 2) ? ", 'boot': '1s'" : "");
        fprintf(out, "'images': {'x': {'layers': [{'size': '3MiB', 'digest': 'd'}, {'size': "
                     "'1MiB'}]}, 'y': {'layers': [{'size': '3MiB', 'digest': 'd'}]}},");
        fprintf(out,
                "'taskDefinitions': [{'family': 'a', %s 'containerDefinitions': [{'name': "
                "'c', 'image': 'x', 'cpu': 100, 'memory': 100}, {'name': 's', 'image': 'y', "
                "'cpu': 20, 'memory': 60, 'essential': false}]}, {'family': 'b', "
                "'networkMode': '%s', 'containerDefinitions': [{'name': 'c', 'image': 'y', "
                "'cpu': 50, 'memoryReservation': 50}]}],",
                roll(round, &n, 2) ? "'cpu': '256', 'memory': '160'," : "",
                roll(round, &n, 2) ? "bridge" : "awsvpc");
        fprintf(out,
                "'behaviour': {'a/c': {'work': '2s', 'memory': '%lldMiB', 'threads': %lld}, "
                "'a/s': {'memory': '50MiB', 'idle': '1s'}, 'b/c': {'work': "
                "{'exponential': {'mean': '500ms'}}, 'memory': '%lldMiB', 'idle': '2s'}},",
                90 + (long long)roll(round, &n, 20), 1 + (long long)roll(round, &n, 2),
                (long long)roll(round, &n, 180));
        if (roll(round, &n, 2))
            fprintf(out, "'services': [{'serviceName': 's', 'taskDefinition': 'b', "
                         "'desiredCount': 2}],");
        print_timeline(out, round, &n);
        fclose(out);
        run(members);
        trial_end();
        free(members);
    }
}
