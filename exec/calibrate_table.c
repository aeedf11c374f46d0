/*
 * The table that people read, and the profile that the simulator reads: two views of the same series.
 */
#include "exec/calibrate.h"

#include "exec/scale.h"
#include "file/scenario.h"

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define INSIDE_COLD_MSEC 50 /* chosen: those that were measured cold had idled for 100 */

enum unit { UNIT_MSEC, UNIT_KIB, UNIT_MSEC_MIB, UNIT_PERCENT };

static const char *const unit_names[] = {"ms", "KiB", "ms/MiB", "%"};

struct table_row {
    enum measured what;
    const char *name;
    enum unit unit;
    const char *head; /* printed before it, or NULL */
};

/* In the order of printing. */
static const struct table_row rows[] = {
    {MEASURED_COLD, "one after the other", UNIT_MSEC, "container, from create to ready"},
    {MEASURED_COLD_IDLE, "after 200 ms idle", UNIT_MSEC, NULL},
    {MEASURED_COLD_AT_ONCE, "28 at once, per container", UNIT_MSEC, NULL},
    {MEASURED_PREPARED, "one after the other", UNIT_MSEC,
     "container, its groups and network prepared, from start to ready"},
    {MEASURED_PREPARED_IDLE, "after 200 ms idle", UNIT_MSEC, NULL},
    {MEASURED_PREPARED_AT_ONCE, "28 at once, per container", UNIT_MSEC, NULL},
    {MEASURED_PARKED, "one after the other", UNIT_MSEC,
     "container parked before its program, until ready"},
    {MEASURED_PARKED_IDLE, "after 200 ms idle", UNIT_MSEC, NULL},
    {MEASURED_PARKED_AT_ONCE, "28 at once, per container", UNIT_MSEC, NULL},
    {MEASURED_CREATE_COLD, "create, after idling", UNIT_MSEC, "its steps"},
    {MEASURED_CREATE_CPU, "create, in a crowd: CPU", UNIT_MSEC, NULL},
    {MEASURED_NETWORK, "a network of its own", UNIT_MSEC, NULL},
    {MEASURED_START_COLD, "start, after idling", UNIT_MSEC, NULL},
    {MEASURED_START_CPU, "start, in a crowd: CPU", UNIT_MSEC, NULL},
    {MEASURED_CHILD_COLD_CPU, "pid 1, after idling: CPU", UNIT_MSEC, NULL},
    {MEASURED_CHILD_CPU, "pid 1, in a crowd: CPU", UNIT_MSEC, NULL},
    {MEASURED_EXEC_COLD_CPU, "program, until ready: CPU", UNIT_MSEC, NULL},
    {MEASURED_EXEC_CPU, "likewise, in a crowd", UNIT_MSEC, NULL},
    {MEASURED_CHILD_WAIT, "start until ready: waiting", UNIT_MSEC, NULL},
    {MEASURED_START_IN_RUN, "start until ready, in a run", UNIT_MSEC, NULL},
    {MEASURED_START_TURNS, "beside work on all CPUs, more", UNIT_MSEC, NULL},
    {MEASURED_WORK_TURNS, "and 20 ms of work there, more", UNIT_MSEC, NULL},
    {MEASURED_LEAST_WORK_TURNS, "likewise, without CPU units", UNIT_MSEC, NULL},
    {MEASURED_READY_TURN, "on the last idle CPU, more", UNIT_MSEC, NULL},
    {MEASURED_READY_BESIDE, "last but one, soon after, more", UNIT_MSEC, NULL},
    {MEASURED_AGENT_TURN, "agent at work, when that comes", UNIT_MSEC, NULL},
    {MEASURED_OVERBALANCE, "least weights: moved about every", UNIT_MSEC, NULL},
    {MEASURED_SEE_CPU, "agent sees what happened: CPU", UNIT_MSEC, NULL},
    {MEASURED_SEE_CROWD_CPU, "likewise in a crowd, of a start", UNIT_MSEC, NULL},
    {MEASURED_KEEP_CPU, "and keeps what that prints", UNIT_MSEC, NULL},
    {MEASURED_STOP, "SIGTERM until agent knows", UNIT_MSEC, NULL},
    {MEASURED_EXIT_COLD_CPU, "agent's part of that: CPU", UNIT_MSEC, NULL},
    {MEASURED_EXIT_CPU, "likewise, in a crowd", UNIT_MSEC, NULL},
    {MEASURED_END_COLD_CPU, "processes end: CPU", UNIT_MSEC, NULL},
    {MEASURED_END_CPU, "likewise, in a crowd", UNIT_MSEC, NULL},
    {MEASURED_HEARD_COLD_CPU, "of that, until the agent hears", UNIT_MSEC, NULL},
    {MEASURED_HEARD_CPU, "likewise, in a crowd", UNIT_MSEC, NULL},
    {MEASURED_KILL_CPU, "killed for memory, more", UNIT_MSEC, NULL},
    {MEASURED_SEE_END_CPU, "agent's part of that: CPU", UNIT_MSEC, NULL},
    {MEASURED_REMOVE, "remove", UNIT_MSEC, NULL},
    {MEASURED_REMOVE_CPU, "remove, in a crowd: CPU", UNIT_MSEC, NULL},
    {MEASURED_DISCONNECT_CPU, "likewise, its network: CPU", UNIT_MSEC, NULL},
    {MEASURED_BEHIND_CPU, "the kernel behind a start: CPU", UNIT_MSEC, NULL},
    {MEASURED_BEHIND_END_CPU, "the kernel behind an end: CPU", UNIT_MSEC, NULL},
    {MEASURED_CLEAR_CPU, "the kernel behind a removal: CPU", UNIT_MSEC, NULL},
    {MEASURED_CLEAR_WAIT, "until that is done", UNIT_MSEC, NULL},
    {MEASURED_KERNEL_COLD_CPU, "all that of one alone: CPU", UNIT_MSEC, NULL},
    {MEASURED_BEHIND_NETWORK_CPU, "behind a start, its network: CPU", UNIT_MSEC, NULL},
    {MEASURED_CLEAR_NETWORK_CPU, "behind a removal, likewise: CPU", UNIT_MSEC, NULL},
    {MEASURED_COLD_AFTER, "cold, so long after the last", UNIT_MSEC, NULL},
    {MEASURED_COOLS_IN, "stays at hand for", UNIT_MSEC, "memory that nobody uses"},
    {MEASURED_REST_EVENT, "until the agent creates", UNIT_MSEC, "after a long rest, more"},
    {MEASURED_REST_CREATE, "create", UNIT_MSEC, NULL},
    {MEASURED_REST_CHILD, "start, pid 1", UNIT_MSEC, NULL},
    {MEASURED_REST_EXEC, "program, until ready", UNIT_MSEC, NULL},
    {MEASURED_REST_FRESH, "all of these, in a crowd: CPU", UNIT_MSEC, NULL},
    {MEASURED_REST_SIGNAL, "agent's part of an end: CPU", UNIT_MSEC, NULL},
    {MEASURED_REST_END, "processes end: CPU", UNIT_MSEC, NULL},
    {MEASURED_REST_REMOVE, "remove: CPU", UNIT_MSEC, NULL},
    {MEASURED_REST_BEHIND, "the kernel behind an end: CPU", UNIT_MSEC, NULL},
    {MEASURED_TOUCH, "touch memory: CPU", UNIT_MSEC_MIB, "memory of programs"},
    {MEASURED_FREE, "give it back at the end: CPU", UNIT_MSEC_MIB, NULL},
    {MEASURED_PULL, "built-in root file system", UNIT_MSEC, "images"},
    {MEASURED_UNPACK, "unpack layers: CPU", UNIT_MSEC_MIB, NULL},
    {MEASURED_UNPACK_WAIT, "unpack layers: waiting", UNIT_MSEC_MIB, NULL},
    {MEASURED_AGENT, "start until registered", UNIT_MSEC, "agent"},
    {MEASURED_AGENT_TOGETHER, "one for each CPU, up to 16", UNIT_MSEC, NULL},
    {MEASURED_MESSAGE, "message, one way", UNIT_MSEC, NULL},
    {MEASURED_AGENT_EVENT, "agent takes an event", UNIT_MSEC, NULL},
    {MEASURED_SCHEDULER_EVENT, "scheduler takes an event", UNIT_MSEC, NULL},
    {MEASURED_TEARDOWN, "told to end until gone", UNIT_MSEC, NULL},
    {MEASURED_CONTAINER_MEMORY, "container, program left out", UNIT_KIB, "memory"},
    {MEASURED_AGENT_MEMORY, "agent, where nothing happens", UNIT_KIB, NULL},
    {MEASURED_BACKGROUND, "of each CPU while all are wanted", UNIT_PERCENT, "other programs"},
    {MEASURED_PROCESS, "process: fork, exit, wait", UNIT_MSEC, "kernel"},
    {MEASURED_NAMESPACE_PID, "with a pid namespace", UNIT_MSEC, NULL},
    {MEASURED_NAMESPACE_MOUNT, "with a mount namespace", UNIT_MSEC, NULL},
    {MEASURED_NAMESPACE_NET, "with a network namespace", UNIT_MSEC, NULL},
    {MEASURED_NAMESPACE_IPC, "with an ipc namespace", UNIT_MSEC, NULL},
    {MEASURED_NAMESPACE_UTS, "with a uts namespace", UNIT_MSEC, NULL},
    {MEASURED_NAMESPACE_CGROUP, "with a cgroup namespace", UNIT_MSEC, NULL},
    {MEASURED_NAMESPACES, "with all of a container's", UNIT_MSEC, NULL},
    {MEASURED_CGROUP_MAKE, "cgroups of task and container", UNIT_MSEC, NULL},
    {MEASURED_CGROUP_REMOVE, "likewise, removed", UNIT_MSEC, NULL},
};

static double in_unit(int64_t value, enum unit unit)
{
    switch (unit) {
    case UNIT_KIB:
        return (double)value / 1024;
    case UNIT_PERCENT:
        return (double)value / 10000;
    default:
        return (double)value / 1000;
    }
}

static const struct {
    enum boot_path path; /* BOOT_PATHS: it is alike on all */
    enum machine_measured what;
    const char *name;
    enum unit unit;
} machine_rows[] = {
    {BOOT_SCRATCH, MACHINE_REGISTERED, "until registered, scratch", UNIT_MSEC},
    {BOOT_UNCOMPRESSED, MACHINE_REGISTERED, "until registered, uncompressed", UNIT_MSEC},
    {BOOT_RESTORE, MACHINE_REGISTERED, "until registered, restore", UNIT_MSEC},
    {BOOT_PATHS, MACHINE_SYSTEM, "memory of its system", UNIT_KIB},
    {BOOT_PATHS, MACHINE_HOST, "memory of the host for it", UNIT_KIB},
    {BOOT_PATHS, MACHINE_OVERHEAD, "of that, beyond its own", UNIT_KIB},
};

static const struct {
    enum inside_measured what;
    const char *name;
    enum unit unit;
} inside_rows[] = {
    {INSIDE_CREATE, "create, after idling", UNIT_MSEC},
    {INSIDE_CREATE_NETWORK, "create, with a network", UNIT_MSEC},
    {INSIDE_START, "start, after idling", UNIT_MSEC},
    {INSIDE_READY, "program, until ready", UNIT_MSEC},
    {INSIDE_FIRST, "more, a guest's first container", UNIT_MSEC},
    {INSIDE_CROWD, "these two, many at once, each", UNIT_MSEC},
    {INSIDE_END, "processes end until agent knows", UNIT_MSEC},
    {INSIDE_TOUCH, "touch memory", UNIT_MSEC_MIB},
    {INSIDE_STAND_IN, "built-in root file system", UNIT_MSEC},
    {INSIDE_MESSAGE, "message, one way", UNIT_MSEC},
};

enum {
    ROWS = sizeof rows / sizeof *rows,
    MACHINE_ROWS = sizeof machine_rows / sizeof *machine_rows,
    INSIDE_ROWS = sizeof inside_rows / sizeof *inside_rows,
};

struct line {
    const char *head; /* as a row's */
    const char *name;
    enum unit unit;
    const struct series *series;
};

/* The series of what is alike on every way up: the first way's on which it was measured; NULL: on none. */
static const struct series *of_any_path(const struct calibration *calibration,
                                        enum machine_measured what)
{
    for (int path = 0; path < BOOT_PATHS; path++) {
        if (calibration->machines[path][what].n > 0) {
            return &calibration->machines[path][what];
        }
    }
    return NULL;
}

/* What there is to tell, in the order of printing. */
struct lines {
    int n;
    struct line list[ROWS + MACHINE_ROWS + INSIDE_ROWS];
};

static void add_line(struct lines *lines, const char *head, const char *name, enum unit unit,
                     const struct series *series)
{
    lines->list[lines->n++] = (struct line){head, name, unit, series};
}

/* Of virtual machines only what is known: not every machine has them, and there may have been no time. */
static struct lines lines_of(const struct calibration *calibration)
{
    const char *head = "virtual machine";
    struct lines lines = {0};

    for (int i = 0; i < ROWS; i++) {
        add_line(&lines, rows[i].head, rows[i].name, rows[i].unit,
                 &calibration->series[rows[i].what]);
    }
    for (int i = 0; i < MACHINE_ROWS; i++) {
        const struct series *series =
            machine_rows[i].path == BOOT_PATHS
                ? of_any_path(calibration, machine_rows[i].what)
                : &calibration->machines[machine_rows[i].path][machine_rows[i].what];

        if (series && series->n > 0) {
            add_line(&lines, head, machine_rows[i].name, machine_rows[i].unit, series);
            head = NULL;
        }
    }
    head = "container inside a virtual machine";
    for (int i = 0; i < INSIDE_ROWS && calibration->inside[INSIDE_START].n > 0; i++) {
        add_line(&lines, i == 0 ? head : NULL, inside_rows[i].name, inside_rows[i].unit,
                 &calibration->inside[inside_rows[i].what]);
    }
    return lines;
}

static void print_line(FILE *out, const struct line *line)
{
    const struct series *series = line->series;

    if (line->head) {
        fprintf(out, "%s\n", line->head);
    }
    if (series->n == 0) {
        fprintf(out, "  %-32s not measured here\n", line->name);
        return;
    }
    fprintf(out, "  %-32s %10.3f %10.3f %10.3f  %-7s %4d\n", line->name,
            in_unit(series_quantile(series, 500), line->unit),
            in_unit(series_quantile(series, 50), line->unit),
            in_unit(series_quantile(series, 950), line->unit), unit_names[line->unit], series->n);
}

/* What is not in the profile either. */
static void print_late(FILE *out, const struct calibration *calibration)
{
    for (int i = 0; i < calibration->n_late; i++) {
        fprintf(out, "not measured, no time was left: %s\n", calibration->late[i]);
    }
}

void calibrate_print(FILE *out, const struct calibration *calibration)
{
    const struct lines lines = lines_of(calibration);

    fprintf(out, "%-34s %10s %10s %10s  %-7s %4s\n", "", "median", "5th", "95th", "", "n");
    for (int i = 0; i < lines.n; i++) {
        print_line(out, &lines.list[i]);
    }
    print_late(out, calibration);
    fprintf(out, "measured in %.1f s\n", calibration->took);
}

/* ---- the profile ---- */

/* As many values as stand for all, each for as many of them. */
static void add_samples(struct buffer *json, const struct series *series)
{
    int n = series->n < CALIBRATE_SAMPLES ? series->n : CALIBRATE_SAMPLES;

    buffer_add_text(json, "{ \"samples\": [");
    for (int i = 0; i < n; i++) {
        buffer_add(json, "%s\"%" PRId64 "us\"", i > 0 ? ", " : "",
                   series_quantile(series, (2 * i + 1) * 1000 / (2 * n)));
    }
    buffer_add_text(json, "] }");
}

static void add_rested_step(struct buffer *json, const char *name, const struct series *wait,
                            const struct series *cpu, const struct series *cold,
                            int64_t rested_usec)
{
    if ((!wait || wait->n == 0) && (!cpu || cpu->n == 0)) {
        return; /* the base profile knows better than nobody */
    }
    buffer_add(json, ",\n    \"%s\": { ", name);
    if (wait && wait->n > 0) {
        buffer_add_text(json, "\"wait\": ");
        add_samples(json, wait);
    }
    if (cpu && cpu->n > 0) {
        buffer_add_text(json, wait && wait->n > 0 ? ",\n      \"cpu\": " : "\"cpu\": ");
        add_samples(json, cpu);
    }
    if (cold && cold->n > 0) {
        buffer_add_text(json, ",\n      \"cold\": ");
        add_samples(json, cold);
    }
    if (rested_usec > 0) {
        buffer_add(json, ",\n      \"afterRest\": \"%" PRId64 "us\"", rested_usec);
    }
    buffer_add_text(json, " }");
}

static void add_cold_step(struct buffer *json, const char *name, const struct series *wait,
                          const struct series *cpu, const struct series *cold)
{
    add_rested_step(json, name, wait, cpu, cold, 0);
}

static void add_step(struct buffer *json, const char *name, const struct series *wait,
                     const struct series *cpu)
{
    add_cold_step(json, name, wait, cpu, NULL);
}

/* What an order took beyond its CPU time. */
static struct series waits(const struct calibration *calibration, enum measured wall,
                           enum measured cpu)
{
    return series_minus(&calibration->series[wall], &calibration->series[cpu]);
}

static void add_steps(struct buffer *json, const struct calibration *calibration)
{
    const struct series *series = calibration->series;
    const struct series stand_in = waits(calibration, MEASURED_PULL, MEASURED_PULL_CPU);
    const struct series network = waits(calibration, MEASURED_NETWORK, MEASURED_NETWORK_CPU);
    /* Where nobody else is it makes no difference what one waits for; in a crowd nobody waits that long. */
    const struct series create_cold =
        series_minus(&series[MEASURED_CREATE_COLD], &series[MEASURED_CREATE_WAIT]);
    /* An agent that has started a container sees that later, twice: it runs, and is ready. */
    const struct series see = series_plus(&series[MEASURED_SEE_CPU], &series[MEASURED_SEE_CPU]);
    const struct series start_cpu =
        series_plus(&series[MEASURED_START_CPU], &series[MEASURED_SEE_CROWD_CPU]);
    const struct series start_cold = series_plus(&series[MEASURED_START_COLD_CPU], &see);
    const struct series start = waits(calibration, MEASURED_START_COLD, MEASURED_START_COLD_CPU);
    const struct series ended = waits(calibration, MEASURED_STOP, MEASURED_HEARD_COLD_CPU);
    const struct series exit = series_minus(&ended, &series[MEASURED_EXIT_COLD_CPU]);
    /* What an end costs its agent more where a signal brings it about. */
    const struct series signal =
        series_minus(&series[MEASURED_EXIT_CPU], &series[MEASURED_SEE_END_CPU]);
    const struct series exit_cold = series_minus(&series[MEASURED_EXIT_COLD_CPU], &signal);
    /* What the kernel does behind removals it does for many at once. */
    const struct series with_end =
        series_plus(&series[MEASURED_BEHIND_CPU], &series[MEASURED_BEHIND_END_CPU]);
    const struct series clear_cold = series_minus(&series[MEASURED_KERNEL_COLD_CPU], &with_end);

    /* An agent on its way waits for nobody: all of it is CPU time. */
    add_step(json, "agent", NULL, &series[MEASURED_AGENT]);
    add_step(json, "message", &series[MEASURED_MESSAGE], NULL);
    add_rested_step(json, "agentEvent", NULL, &series[MEASURED_AGENT_EVENT], NULL,
                    calibrate_after_rest_usec(calibration, MEASURED_REST_EVENT));
    add_step(json, "schedulerEvent", NULL, &series[MEASURED_SCHEDULER_EVENT]);
    add_step(json, "standIn", &stand_in, &series[MEASURED_PULL_CPU]);
    add_rested_step(json, "create", &series[MEASURED_CREATE_WAIT], &series[MEASURED_CREATE_CPU],
                    &create_cold, calibrate_after_rest_usec(calibration, MEASURED_REST_CREATE));
    add_step(json, "network", &network, &series[MEASURED_NETWORK_CPU]);
    add_cold_step(json, "start", &start, &start_cpu, &start_cold);
    add_rested_step(json, "child", &series[MEASURED_CHILD_WAIT], &series[MEASURED_CHILD_CPU],
                    &series[MEASURED_CHILD_COLD_CPU],
                    calibrate_after_rest_usec(calibration, MEASURED_REST_CHILD));
    add_rested_step(json, "fresh", NULL, &(const struct series){.n = 1}, NULL,
                    calibrate_after_rest_usec(calibration, MEASURED_REST_FRESH));
    add_rested_step(json, "exec", NULL, &series[MEASURED_EXEC_CPU], &series[MEASURED_EXEC_COLD_CPU],
                    calibrate_after_rest_usec(calibration, MEASURED_REST_EXEC));
    add_rested_step(json, "signal", NULL, &signal, NULL,
                    calibrate_after_rest_usec(calibration, MEASURED_REST_SIGNAL));
    add_cold_step(json, "exit", &exit, &series[MEASURED_SEE_END_CPU], &exit_cold);
    add_rested_step(json, "remove", &series[MEASURED_REMOVE_WAIT], &series[MEASURED_REMOVE_CPU],
                    &series[MEASURED_REMOVE_COLD_CPU],
                    calibrate_after_rest_usec(calibration, MEASURED_REST_REMOVE));
    add_step(json, "behind", NULL, &series[MEASURED_BEHIND_CPU]);
    add_step(json, "keep", NULL, &series[MEASURED_KEEP_CPU]);
    add_rested_step(json, "behindEnd", NULL, &series[MEASURED_BEHIND_END_CPU], NULL,
                    calibrate_after_rest_usec(calibration, MEASURED_REST_BEHIND));
    add_step(json, "disconnect", NULL, &series[MEASURED_DISCONNECT_CPU]);
    add_rested_step(json, "end", NULL, &series[MEASURED_END_CPU], &series[MEASURED_END_COLD_CPU],
                    calibrate_after_rest_usec(calibration, MEASURED_REST_END));
    add_step(json, "endByMemory", NULL, &series[MEASURED_KILL_CPU]);
    add_cold_step(json, "clear", &series[MEASURED_CLEAR_WAIT], &series[MEASURED_CLEAR_CPU],
                  &clear_cold);
    add_step(json, "behindNetwork", NULL, &series[MEASURED_BEHIND_NETWORK_CPU]);
    add_step(json, "clearNetwork", NULL, &series[MEASURED_CLEAR_NETWORK_CPU]);
    buffer_add(json, ",\n    \"agentTogether\": %.3f", calibrate_agents_together(calibration));
    buffer_add(json, ",\n    \"createAlone\": %.3f, \"networkAlone\": %.3f, \"endLater\": %.3f",
               calibration->create_alone, calibration->network_alone, calibration->end_later);
    add_step(json, "teardown", &series[MEASURED_TEARDOWN], NULL);
    buffer_add_text(json, ",\n    \"startTurns\": ");
    add_samples(json, &series[MEASURED_START_TURNS]);
    buffer_add_text(json, ",\n    \"workTurns\": ");
    add_samples(json, &series[MEASURED_WORK_TURNS]);
    buffer_add_text(json, ",\n    \"leastWorkTurns\": ");
    add_samples(json, &series[MEASURED_LEAST_WORK_TURNS]);
    if (series[MEASURED_READY_TURN].n > 0) {
        buffer_add_text(json, ",\n    \"readyTurn\": ");
        add_samples(json, &series[MEASURED_READY_TURN]);
    }
    if (series[MEASURED_READY_BESIDE].n > 0) {
        buffer_add_text(json, ",\n    \"readyBeside\": ");
        add_samples(json, &series[MEASURED_READY_BESIDE]);
    }
    buffer_add_text(json, ",\n    \"agentTurn\": ");
    add_samples(json, &series[MEASURED_AGENT_TURN]);
    if (series[MEASURED_COOLS_IN].n > 0) {
        buffer_add_text(json, ",\n    \"coolsIn\": ");
        add_samples(json, &series[MEASURED_COOLS_IN]);
    }
    buffer_add_text(json, ",\n    \"coldAfter\": ");
    add_samples(json, &series[MEASURED_COLD_AFTER]);
    buffer_add(json, ",\n    \"balanceAfter\": \"%dus\"", CALIBRATE_BALANCE_USEC);
    if (series[MEASURED_OVERBALANCE].n > 0) {
        buffer_add(json, ", \"overbalanceEvery\": \"%" PRId64 "us\"",
                   series_quantile(&series[MEASURED_OVERBALANCE], 500));
    }
}

/* What a MiB adds to a sum of many, which some moments make cheaper for a second or so; but for those that were not at
 * hand, for all that they were touched before. */
static int64_t touch_usec(const struct series *touched)
{
    const int64_t most_usec = series_quantile(touched, 500) * 3 / 2;
    struct series at_hand = {0};

    for (int i = 0; i < touched->n; i++) {
        if (touched->values[i] <= most_usec) {
            series_add(&at_hand, touched->values[i]);
        }
    }
    return series_mean(&at_hand);
}

static void add_rates(struct buffer *json, const struct calibration *calibration)
{
    /* One figure stands for many MiB, some of which a machine takes in a slower moment. */
    int64_t unpack_usec = series_mean(&calibration->series[MEASURED_UNPACK]);
    int64_t container = series_quantile(&calibration->series[MEASURED_CONTAINER_MEMORY], 500);
    int64_t agent = series_quantile(&calibration->series[MEASURED_AGENT_MEMORY], 500);

    buffer_add(json, ",\n    \"touchPerMiB\": \"%" PRId64 "us\", \"freePerMiB\": \"%" PRId64 "us\"",
               touch_usec(&calibration->series[MEASURED_TOUCH]),
               series_mean(&calibration->series[MEASURED_FREE]));
    if (unpack_usec > 0) {
        buffer_add(json, ",\n    \"unpackPerSecond\": \"%" PRId64 "KiB\"",
                   1024 * INT64_C(1000000) / unpack_usec);
    }
    buffer_add_text(json, ",\n    \"pull\": \"0s\", \"stop\": \"0s\", \"layerPerSecond\": \"any\", "
                          "\"networkPerSecond\": "
                          "\"any\", \"registryPerSecond\": \"any\", \"diskPerSecond\": \"any\"");
    buffer_add(json, ",\n    \"containerMemory\": \"%" PRId64 "KiB\"", container / 1024);
    if (agent > 0) {
        buffer_add(json, ", \"agentMemory\": \"%" PRId64 "KiB\"", agent / 1024);
    }
}

static void add_vm_step(struct buffer *json, const char *name, const struct series *cpu,
                        const char *separator)
{
    buffer_add(json, "%s\"%s\": { \"cpu\": ", separator, name);
    add_samples(json, cpu);
    buffer_add_text(json, " }");
}

/* An emulated machine's boot is CPU time of the host's. */
static void add_path(struct buffer *json, enum boot_path path, const struct series *series)
{
    buffer_add(json, "\n      \"%s\": { ", boot_path_names[path]);
    add_vm_step(json, "firmware", &series[MACHINE_FIRMWARE], "");
    add_vm_step(json, "kernel", &series[MACHINE_KERNEL], ", ");
    add_vm_step(json, "userspace", &series[MACHINE_USER], ", ");
    add_vm_step(json, "agent", &series[MACHINE_AGENT], ", ");
    buffer_add_text(json, " },");
}

/* Each value times part / whole. */
static struct series times(const struct series *series, int64_t part, int64_t whole)
{
    struct series result = *series;

    for (int i = 0; i < result.n && whole > 0; i++) {
        result.values[i] = result.values[i] * part / whole;
    }
    return result;
}

/* What containers cost in a guest. A crowd's are as much cheaper as one of a crowd is. */
static void add_inside(struct buffer *json, const struct calibration *calibration)
{
    const struct series *inside = calibration->inside;
    int64_t create_usec = series_quantile(&inside[INSIDE_CREATE], 500);
    int64_t alone_usec = create_usec + series_quantile(&inside[INSIDE_START], 500);
    int64_t crowd_usec = series_quantile(&inside[INSIDE_CROWD], 500);
    int64_t warm_usec = crowd_usec > 0 && crowd_usec < alone_usec ? crowd_usec : alone_usec;
    const struct series network =
        series_minus(&inside[INSIDE_CREATE_NETWORK], &inside[INSIDE_CREATE]);
    const struct series create = times(&inside[INSIDE_CREATE], warm_usec, alone_usec);
    const struct series start = times(&inside[INSIDE_START], warm_usec, alone_usec);

    /* Both come once in a guest, and nothing else does. Its agent's memory is in its system's. */
    const struct series stand_in = series_plus(&inside[INSIDE_STAND_IN], &inside[INSIDE_FIRST]);

    if (inside[INSIDE_START].n == 0) {
        return;
    }
    buffer_add(json,
               ",\n    \"inside\": { \"coldAfter\": { \"uniform\": { \"min\": \"0s\", \"max\": "
               "\"%dms\" } }, \"start\": \"0s\", \"stop\": "
               "\"0s\", \"agentMemory\": \"0B\", \"touchPerMiB\": \"%" PRId64 "us\"",
               INSIDE_COLD_MSEC, series_quantile(&inside[INSIDE_TOUCH], 500));
    add_cold_step(json, "create", NULL, &create, &inside[INSIDE_CREATE]);
    add_step(json, "network", NULL, &network);
    add_cold_step(json, "child", NULL, &start, &inside[INSIDE_START]);
    add_step(json, "exec", NULL, &inside[INSIDE_READY]);
    add_step(json, "end", NULL, &inside[INSIDE_END]);
    add_step(json, "standIn", NULL, &stand_in);
    add_step(json, "message", &inside[INSIDE_MESSAGE], NULL);
    buffer_add_text(json, " }");
}

static void add_machine_memory(struct buffer *json, const struct calibration *calibration,
                               const char *name, enum machine_measured what)
{
    const struct series *series = of_any_path(calibration, what);

    if (series) {
        buffer_add(json, ", \"%s\": \"%" PRId64 "KiB\"", name, series_quantile(series, 500) / 1024);
    }
}

static void add_machines(struct buffer *json, const struct calibration *calibration)
{
    if (calibration->speed_permille.n == 0) {
        return; /* no virtual machines here */
    }
    buffer_add_text(json, ",\n    \"vm\": {");
    for (int path = 0; path < BOOT_PATHS; path++) {
        if (calibration->machines[path][MACHINE_REGISTERED].n > 0) {
            add_path(json, (enum boot_path)path, calibration->machines[path]);
        }
    }
    if (calibration->together > 0) {
        buffer_add(json, "\n      \"together\": %.3f,", calibration->together);
    }
    buffer_add(json, "\n      \"speed\": %.3f",
               (double)series_quantile(&calibration->speed_permille, 500) / 1000);
    add_machine_memory(json, calibration, "osMemory", MACHINE_SYSTEM);
    add_machine_memory(json, calibration, "overhead", MACHINE_OVERHEAD);
    add_inside(json, calibration);
    buffer_add_text(json, " }");
}

static void add_machine(struct buffer *json, const struct calibration *calibration)
{
    const struct capacity capacity = capacity_of_machine();
    struct utsname name;
    char when[32];
    time_t now = time(NULL);

    uname(&name);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    buffer_add(json,
               "  \"machine\": { \"measured\": \"%s\", \"seconds\": %.1f, \"cpus\": %" PRId64
               ", \"memory\": \"%" PRId64 "MiB\"",
               when, calibration->took, capacity.cpu / CPU_UNITS_PER_VCPU,
               capacity.memory_bytes / MIB);
    buffer_add_text(json, ", \"kernel\": ");
    buffer_add_json_string(json, name.release);
    buffer_add(json, ", \"cgroup\": \"%s\",\n    \"late\": [", calibration->cgroup);
    for (int i = 0; i < calibration->n_late; i++) {
        buffer_add(json, "%s\"%s\"", i > 0 ? ", " : "", calibration->late[i]);
    }
    buffer_add_text(json, "] },\n");
}

static void add_measured(struct buffer *json, const struct calibration *calibration)
{
    const struct lines lines = lines_of(calibration);
    const char *separator = "", *of = "";

    buffer_add_text(json, "  \"measured\": [\n");
    for (int i = 0; i < lines.n; i++) {
        const struct line *line = &lines.list[i];
        const struct series *series = line->series;

        of = line->head ? line->head : of;
        if (series->n == 0) {
            continue;
        }
        buffer_add(json,
                   "%s    { \"of\": \"%s\", \"what\": \"%s\", \"median\": %.3f, \"p5\": %.3f, "
                   "\"p95\": %.3f, "
                   "\"unit\": \"%s\", \"n\": %d }",
                   separator, of, line->name, in_unit(series_quantile(series, 500), line->unit),
                   in_unit(series_quantile(series, 50), line->unit),
                   in_unit(series_quantile(series, 950), line->unit), unit_names[line->unit],
                   series->n);
        separator = ",\n";
    }
    buffer_add_text(json, "\n  ],\n");
}

void calibrate_write(struct buffer *json, const struct calibration *calibration)
{
    const struct capacity capacity = capacity_of_machine();

    buffer_add_text(json, "{ \"berth\": \"host-profile/1\",\n");
    add_machine(json, calibration);
    add_measured(json, calibration);
    buffer_add(
        json,
        "  \"costs\": {\n    \"host\": { \"cpus\": %" PRId64
        ", \"session\": %s, \"background\": %.4f },\n    \"agentQueue\": true, \"pullQueue\": "
        "true",
        capacity.cpu / CPU_UNITS_PER_VCPU, calibration->session ? "true" : "false",
        calibrate_background_part(calibration));
    add_steps(json, calibration);
    add_rates(json, calibration);
    add_machines(json, calibration);
    buffer_add_text(json, "\n  }\n}\n");
}
