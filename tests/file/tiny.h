/*
 * The smallest driver that can be: real machines in a world of fixed durations, everything kept as
 * records. What the tests of replay, story and explain look at, without a simulator in between.
 */
#ifndef BERTH_TESTS_FILE_TINY_H
#define BERTH_TESTS_FILE_TINY_H

#include "core/agent.h"
#include "core/scheduler.h"
#include "file/runlog.h"

#define TINY_INSTANCES 16
#define TINY_SEED 7
#define TINY_EPOCH_USEC INT64_C(1767225600000000)

/* A message on its way to a machine. */
struct tiny_entry {
    int64_t at_usec;
    int32_t machine;
    struct message message;
};

struct tiny {
    struct scheduler scheduler;
    struct agent agents[TINY_INSTANCES];
    bool dead[TINY_INSTANCES];
    int64_t seqs[TINY_INSTANCES + 1];
    struct tiny_entry *entries;
    int n_entries, cap_entries;
    struct record *records;
    int n_records, cap_records;
    struct run_summary summary;
};

void tiny_init(struct tiny *tiny);
void tiny_finish(struct tiny *tiny);

/* Puts an event into the queue; takes over what the message owns. */
void tiny_put(struct tiny *tiny, int64_t at_usec, int32_t machine, struct message message);

/* Steps until nothing is left before `until_usec`. Summary and records are up to date after it. */
void tiny_run(struct tiny *tiny, int64_t until_usec);

/* Kills an instance: what was on its way to it is lost, the scheduler hears of it. */
void tiny_kill(struct tiny *tiny, int64_t at_usec, int32_t instance);

/* The run that most tests look at: two zones, a service, jobs that wait for room, a pair of
 * containers that depend on each other, refusals, a pull that fails, a killed instance, the end.
 * Every kind of event that there is comes up. */
void tiny_whole_run(struct tiny *tiny);

/* Writes the records, with the summary if asked for. Asserts that it works. */
void tiny_write(const struct tiny *tiny, const char *path, bool with_summary);

/* tiny_whole_run(), written as a whole to a file of its own under /tmp, which `path` names. */
#define TINY_PATH_BYTES 64
void tiny_make_log(struct tiny *tiny, char path[TINY_PATH_BYTES]);
void tiny_remove_log(struct tiny *tiny, const char *path);

#endif
