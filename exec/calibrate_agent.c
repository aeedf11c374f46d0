/*
 * Whole runs in which next to nothing happens: a controller, one agent, some containers one by one and ten at
 * once, all of which end at once. What the two say to each other, and how long each takes to think, is read from the run's log;
 * what the agent holds is looked at while it rests. And runs with one agent for each processor, which do nothing.
 */
#include "exec/calibrate_inside.h"

#include "exec/scale.h"

#include "file/buffer.h"
#include "file/runlog.h"
#include "file/scenario.h"
#include "file/story.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Containers without a network, so that nothing else is on their way. */
#define HEAD                                                                                       \
    "{ \"berth\": \"scenario/1\", \"title\": \"Calibration\","                                     \
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"1GiB\", \"boot\": \"0s\" } },"   \
    "  \"instances\": [ { \"type\": \"box\", \"count\": 1 } ],"                                    \
    "  \"taskDefinitions\": [ { \"family\": \"job\", \"networkMode\": \"none\","                   \
    "    \"containerDefinitions\": [ { \"name\": \"c\", \"image\": \"calibration\","               \
    "    \"memory\": 32 } ] } ],"                                                                  \
    "  \"behaviour\": { \"job/c\": { \"idle\": \"0s\" } },"

#define JOB(at, count)                                                                             \
    " { \"at\": \"" at "\", \"runTask\": { \"taskDefinition\": \"job\", \"count\": " count " } }"

/* After the first, so many come apart from each other and from those that come at once. */
enum { APART = 3 };

static const char empty[] = HEAD "\"until\": \"100ms\" }";
static const char resting[] = HEAD "\"until\": \"150ms\" }";
static const char busy[] = HEAD "\"timeline\": [" JOB("100ms", "1") "," JOB("150ms", "1") "," JOB(
    "200ms", "1") "," JOB("250ms", "1") "," JOB("300ms", "10") "] }";

static const char crowded[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Calibration\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"64MiB\", \"boot\": \"0s\" } },"
    "  \"instances\": \"%dxbox\", \"until\": \"%" PRId64 "us\" }";

/* What the kernel has put off of the run before, which is little, is mostly done by then. */
#define REST_USEC 100000

static void log_path(const struct calibration *calibration, char *path, size_t size)
{
    snprintf(path, size, "%s/calibration.run", calibration->run.folder);
}

static int64_t own_cpu_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* ---- reading the log ---- */

/* What was seen last of each machine, 0: the scheduler, 1: the agent. */
struct reading {
    struct calibration *calibration;
    int n_records; /* of the agent */
    int64_t at_usec[2];
    enum message_kind kind[2];
    int64_t placed_usec, launched_usec, stopped_usec;
    int64_t start_usec; /* the last container's was ordered */
    int n_ready;
};

/* What lies further apart than that had something else between it. */
#define PACE_USEC 200

/* One machine took those two events one after the other, with nothing between them. */
static void take_pace(struct reading *reading, int machine, const struct record *record,
                      enum message_kind before, enum message_kind kind, enum measured what)
{
    int64_t usec = record->at_usec - reading->at_usec[machine];

    if (record->event.kind == kind && reading->kind[machine] == before && usec < PACE_USEC) {
        series_add(&reading->calibration->series[what], usec);
    }
}

static void take_scheduler(struct reading *reading, const struct record *record)
{
    if (record->event.kind == MESSAGE_REGISTER) {
        series_add(&reading->calibration->series[MEASURED_AGENT],
                   record->at_usec - reading->launched_usec);
    }
    for (int i = 0; i < record->outputs.n_messages; i++) {
        const struct message *output = &record->outputs.messages[i];

        if (output->kind == MESSAGE_LAUNCH_INSTANCE) {
            reading->launched_usec = record->at_usec;
        } else if (output->kind == MESSAGE_PLACE_TASK && reading->placed_usec == 0) {
            reading->placed_usec = record->at_usec;
        } else if (output->kind == MESSAGE_TERMINATE_INSTANCE) {
            reading->stopped_usec = record->at_usec;
        }
    }
    if (record->event.kind == MESSAGE_INSTANCE_LOST) {
        series_add(&reading->calibration->series[MEASURED_TEARDOWN],
                   record->at_usec - reading->stopped_usec);
    }
}

/* Each container is ready before the next is created but for the last ones, and the first makes what all need. */
static void take_start(struct reading *reading, const struct record *record)
{
    for (int i = 0; i < record->outputs.n_messages; i++) {
        if (record->outputs.messages[i].kind == MESSAGE_START_CONTAINER) {
            reading->start_usec = record->at_usec;
        }
    }
    if (record->event.kind == MESSAGE_CONTAINER_READY) {
        if (reading->n_ready > 0 && reading->n_ready <= APART) {
            series_add(&reading->calibration->series[MEASURED_START_IN_RUN],
                       record->at_usec - reading->start_usec);
        }
        reading->n_ready++;
    }
}

/* The first task comes alone: how long its way took is a message's time. */
static void take_agent(struct reading *reading, const struct record *record)
{
    take_start(reading, record);
    /* the image is there already */
    take_pace(reading, 1, record, MESSAGE_PLACE_TASK, MESSAGE_IMAGE_PULLED, MEASURED_AGENT_EVENT);
    if (record->event.kind == MESSAGE_PLACE_TASK && reading->placed_usec > 0) {
        series_add(&reading->calibration->series[MEASURED_MESSAGE],
                   record->at_usec - reading->placed_usec);
        reading->placed_usec = -1;
    }
}

static bool read_log(struct calibration *calibration, const char *path, int *n_records,
                     struct err *err)
{
    struct reading reading = {.calibration = calibration};
    struct runlog_reader *reader = runlog_open(path, err);
    enum runlog_item item = RUNLOG_ERROR;
    struct record record;

    while (reader && (item = runlog_next(reader, &record, err)) == RUNLOG_RECORD) {
        int machine = record.machine == ID_NONE ? 0 : 1;

        reading.n_records += machine;
        if (machine == 0) {
            take_scheduler(&reading, &record);
        } else {
            take_agent(&reading, &record);
        }
        reading.at_usec[machine] = record.at_usec;
        reading.kind[machine] = record.event.kind;
    }
    if (reader) {
        runlog_finish(reader);
    }
    *n_records = reading.n_records;
    return item == RUNLOG_SUMMARY ||
           (item != RUNLOG_ERROR && err_set(err, EXIT_BUG, "a run for calibration is not whole"));
}

/* Runs and reads it; adds to what this process, which is the controller, used, and to how many records it
 * was sent. */
static bool one_run(struct calibration *calibration, const struct scenario *scenario,
                    const char *path, int64_t *cpu_usec, int *n_records, struct err *err)
{
    int64_t begin_usec = own_cpu_usec();

    if (!calibrate_run(calibration, scenario, path, err)) {
        return false;
    }
    *cpu_usec = own_cpu_usec() - begin_usec;
    return read_log(calibration, path, n_records, err);
}

/* With nothing to do, and with some: what the scheduler took longer was for the records that it was sent
 * more. */
static bool one_pair(struct calibration *calibration, const struct scenario *nothing,
                     const struct scenario *jobs, const char *path, struct err *err)
{
    int64_t cpu_usec[2];
    int n_records[2];

    if (!one_run(calibration, nothing, path, &cpu_usec[0], &n_records[0], err)) {
        return false;
    }
    usleep(REST_USEC);
    if (!one_run(calibration, jobs, path, &cpu_usec[1], &n_records[1], err)) {
        return false;
    }
    if (cpu_usec[1] > cpu_usec[0] && n_records[1] > n_records[0]) {
        series_add(&calibration->series[MEASURED_SCHEDULER_EVENT],
                   (cpu_usec[1] - cpu_usec[0]) / (n_records[1] - n_records[0]));
    }
    return true;
}

/* ---- what an agent holds ---- */

/* Who has lived for so long is the agent, which has registered by then and is not told to end yet: others that this
 * process starts for a run are gone sooner. */
#define LOOK_USEC 50000
#define POLL_USEC 2000
enum { POLLS_MOST = 500 };

static int find_agent(void)
{
    int agent = getpid(), before, n_same = 0;

    for (int i = 0; i < POLLS_MOST && n_same < LOOK_USEC / POLL_USEC; i++) {
        usleep(POLL_USEC);
        before = agent;
        agent = rehearse_used_last_pid(getppid());
        n_same = agent == before && agent != getpid() ? n_same + 1 : 0;
    }
    return n_same > 0 ? agent : 0;
}

/* Begins before the run: whom this process starts comes after it. */
static pid_t look_at_agent(int64_t *bytes)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        *bytes = rehearse_used_bytes(find_agent());
        _exit(EXIT_FINE);
    }
    return pid;
}

bool calibrate_agent_memory(struct calibration *calibration, struct err *err)
{
    struct scenario *scenario = calibrate_scenario(resting);
    int64_t *bytes = calibrate_keep(sizeof *bytes);
    pid_t pid = look_at_agent(bytes);
    char path[300];
    bool ok;

    log_path(calibration, path, sizeof path);
    ok = calibrate_run(calibration, scenario, path, err);

    if (pid > 0) { /* the controller may have waited for it already */
        waitpid(pid, NULL, 0);
    }
    if (*bytes > 0) {
        series_add(&calibration->series[MEASURED_AGENT_MEMORY], *bytes);
    }
    calibrate_let_go(bytes, sizeof *bytes);
    scenario_destroy(scenario);
    return ok;
}

/* ---- one for each processor ---- */

enum { TOGETHER_MOST = 16 };

static int64_t n_cpus(void)
{
    return capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
}

static int64_t alone_usec(const struct calibration *calibration)
{
    return series_quantile(&calibration->series[MEASURED_AGENT], 500);
}

static void take_together(struct calibration *calibration, const struct story *story)
{
    for (int i = 0; i < story->n_instances; i++) {
        if (story->instances[i].registered_at_usec == USEC_NEVER) {
            return; /* those who were quick say nothing of all */
        }
    }
    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *row = &story->instances[i];

        series_add(&calibration->series[MEASURED_AGENT_TOGETHER],
                   row->registered_at_usec - row->launch_at_usec);
    }
}

/* All start at the same moment, when the kernel is done with what was before. */
static bool together(struct calibration *calibration, struct err *err)
{
    const int n = n_cpus() < TOGETHER_MOST ? (int)n_cpus() : TOGETHER_MOST;
    struct buffer text = {0};
    struct run_header header;
    struct story story;
    bool ok;

    if (n < 2) {
        return true;
    }
    /* who takes ten times as long as alone is waited for */
    buffer_add(&text, crowded, n, REST_USEC + 10 * alone_usec(calibration));
    usleep(CALIBRATE_QUIET_USEC);
    ok = calibrate_tell(calibration, text.text, &story, &header, err);
    if (ok) {
        take_together(calibration, &story);
        story_finish(&story);
        run_header_finish(&header);
    }
    buffer_finish(&text);
    return ok;
}

double calibrate_agents_together(const struct calibration *calibration)
{
    const struct series *series = &calibration->series[MEASURED_AGENT_TOGETHER];

    return series->n > 0 && alone_usec(calibration) > 0
               ? calibrate_slower(calibration, series_quantile(series, 500),
                                  alone_usec(calibration), n_cpus() <= TOGETHER_MOST)
               : 1;
}

bool calibrate_agents(struct calibration *calibration, struct err *err)
{
    struct scenario *nothing = calibrate_scenario(empty), *jobs = calibrate_scenario(busy);
    char path[300];
    bool ok = true;

    log_path(calibration, path, sizeof path);
    for (int n = calibration->quick ? 1 : 2; n > 0 && ok; n--) {
        ok = one_pair(calibration, nothing, jobs, path, err) && together(calibration, err);
        usleep(CALIBRATE_QUIET_USEC);
    }
    scenario_destroy(nothing);
    scenario_destroy(jobs);
    return ok;
}
