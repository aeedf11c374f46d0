/*
 * What the tests of whole runs stand on: a folder of the test's own, in which programs are started,
 * watched, ended, and their logs read. It must never leave a process, and says so when one was left.
 */
#ifndef BERTH_TESTS_EXEC_RUNS_H
#define BERTH_TESTS_EXEC_RUNS_H

#include "file/story.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { RUNS_ARGUMENTS_MAX = 24, RUNS_PIDS_MAX = 256 };

/* Of this test: where its programs run and write. */
extern char runs_folder[];

/* A program that was started, and once it has ended what it said. */
struct runs_program {
    pid_t pid;
    int status; /* as waitpid() has it */
    char out[16384], errors[16384];
};

/* For TestSuite(): without containers here the test is skipped, with the doctor's word. */
void runs_set_up(void);
void runs_tear_down(void);

/* `rest`: its arguments, NULL-ended. */
void runs_start_as(struct runs_program *outcome, bool nobody, const char *program,
                   const char *rest[]);
void runs_wait_for(struct runs_program *outcome);
/* -1: a signal ended it. */
int runs_exit_code(const struct runs_program *outcome);

#define RUNS_START(outcome, ...)                                                                   \
    runs_start_as(outcome, false, EXEC_PROGRAM, (const char *[]){__VA_ARGS__, NULL})
#define RUNS_RUN(outcome, ...) (RUNS_START(outcome, __VA_ARGS__), runs_wait_for(outcome))

/* Nothing but the service of first.json, until we end it. */
#define RUNS_QUIET                                                                                 \
    SCENARIOS "/first.json", "--set", "timeline=[]", "--set", "until=300s", "--set", "expect=[]"

/* Simulates a scenario into sim.run, which must end well. */
void runs_simulate(const char *scenario);

/* Ends a run in order, as Ctrl-C does, and sees that it was. */
void runs_end_in_order(struct runs_program *outcome);

/* Files of the folder. A log is read as far as it goes; false where there is none to read yet. */
void runs_read(const char *name, char *text, size_t size);
bool runs_load(struct story *story, const char *name, bool *truncated);

void runs_pause_ms(int milliseconds);

/* Ready containers that have not ended; tasks whose first container is one; tasks that ran until the
 * end of the run. */
int runs_count_ready(const struct story *story);
int runs_count_ready_tasks(const struct story *story);
int runs_count_torn_down(const struct story *story);

/* Waits up to two minutes until a run that goes on has had that many tasks, and that many are ready. */
void runs_wait_until(const char *name, int n_tasks, int (*count)(const struct story *),
                     int n_ready);
void runs_wait_until_ready(const char *name, int n_tasks, int n_ready);
/* Or until the program has said that on stderr. */
void runs_wait_until_said(const char *words);

/* Living processes below one, or right below it; `wanted`: of that name, NULL: all. */
int runs_descendants(pid_t root, const char *wanted, pid_t pids[RUNS_PIDS_MAX]);
int runs_children(pid_t root, const char *wanted, pid_t pids[RUNS_PIDS_MAX]);

/* What a run with that id has left. */
void runs_id(char id[16]);
int runs_count_groups(const char *id);
bool runs_folder_exists(const char *id);

void runs_expect_gone(const pid_t *pids, int n);
void runs_expect_nothing_left(const struct runs_program *outcome);
void runs_expect_identical(const struct runs_program *outcome);
/* Tasks of the log are on the same instances as in the other. */
void runs_expect_same_placement(const char *real, const char *simulated);

/* What the doctor says of containers, in one line. */
const char *runs_diagnosis(const struct runs_program *doctor);

#endif
