/*
 * The run log: JSON Lines, one header, one line a step, one summary. A log without its summary is
 * read up to its last whole line. Each line carries a digest over its machine's whole history, so a
 * line that was changed is found even where the change has no consequence.
 */
#ifndef BERTH_FILE_RUNLOG_H
#define BERTH_FILE_RUNLOG_H

#include "core/scheduler.h"
#include "file/err.h"
#include "file/record.h"

enum run_mode { RUN_SIM, RUN_EXEC };

/* What a log keeps besides header and summary: nothing, the scheduler's records, every machine's, and
 * single requests too. */
enum log_level { LOG_SUMMARY, LOG_TASKS, LOG_ALL, LOG_REQUESTS };

extern const char *const run_mode_names[];
extern const char *const log_level_names[];

/* Everything needed to repeat the run. */
struct run_header {
    enum run_mode mode;
    char *title;
    char *scenario;                             /* its source text: one JSON object */
    uint64_t seed;                              /* up to INT64_MAX: JSON readers know no more */
    int64_t epoch_usec;                         /* as in struct cluster */
    int32_t scale_numerator, scale_denominator; /* 1/1 but for scaled real runs */
    char *version;
    char *started;      /* real runs: RFC 3339 time, else NULL */
    char *host;         /* real runs: kernel and cgroup kind, else NULL */
    enum log_level log; /* what was kept; filled by runlog_open() */
};

/* What the last line says. Counts are over the whole run, teardown included. */
struct run_summary {
    int64_t end_usec; /* when MESSAGE_END came, so without the teardown; USEC_NEVER: it never did */
    int64_t tasks;
    int64_t instances, micro_vms;
    int64_t events;      /* of all machines */
    int64_t decisions;   /* outputs of all machines */
    int64_t machines;    /* that made at least one step */
    uint64_t state_hash; /* of the scheduler's state after the last step */
};

/* How everybody counts: begins a summary, adds one step of any machine, and takes the rest from the
 * scheduler at the end. */
void run_summary_init(struct run_summary *summary);
void run_summary_add(struct run_summary *summary, const struct record *record);
void run_summary_close(struct run_summary *summary, const struct scheduler *scheduler);

struct runlog_writer;

/* Opens `path` and writes the header; nothing is on disk before runlog_flush() or a full buffer. */
struct runlog_writer *runlog_create(const char *path, const struct run_header *header,
                                    enum log_level level, struct err *err);

/* Writes one line, unless the level leaves it out. Write errors are kept until runlog_close(). */
void runlog_write(struct runlog_writer *writer, const struct record *record);

/* A request that has ended, for people and tools: no machine's event, so whoever reads records passes
 * over it. */
struct runlog_request {
    int32_t source, target_group, task; /* `task` ID_NONE: it found none */
    int64_t n;                          /* its number among its source's */
    int64_t arrived_usec, ended_usec;
    int32_t status; /* HTTP's */
};

#define RUNLOG_REQUEST "{\"request\":" /* how its line begins */

/* Writes its line, where the level wants it. */
void runlog_write_request(struct runlog_writer *writer, const struct runlog_request *request);

/* Hands what was written so far to the kernel: for a log that is followed while it grows. */
void runlog_flush(struct runlog_writer *writer);

/* Writes the summary, closes and frees; the log of a real run has then reached the disk. False
 * where any write failed (a full disk): the error says that the log is incomplete. */
bool runlog_close(struct runlog_writer *writer, const struct run_summary *summary, struct err *err);

/* Writes what is pending and frees, without a summary: a run that was cut short. */
void runlog_abandon(struct runlog_writer *writer);

enum runlog_item { RUNLOG_RECORD, RUNLOG_SUMMARY, RUNLOG_TRUNCATED, RUNLOG_ERROR };

struct runlog_reader;

struct runlog_reader *runlog_open(const char *path, struct err *err);
const struct run_header *runlog_header(const struct runlog_reader *reader);

/* Reads the next line. RUNLOG_RECORD: `record` holds it, owned by the reader until the next call.
 * RUNLOG_SUMMARY: the run was whole, see runlog_summary(). RUNLOG_TRUNCATED: the file ends here
 * without a summary; calling again looks whether it has grown. RUNLOG_ERROR: not a run log's line;
 * `err` names file, line and, where the line has them, machine and event; reading cannot go on. */
enum runlog_item runlog_next(struct runlog_reader *reader, struct record *record, struct err *err);

/* Exchanges the record last read for another one, zeros or one taken before, of which the reader frees what it holds
 * and uses the room. The caller releases what it has in the end with record_finish(). */
void runlog_take(struct runlog_reader *reader, struct record *record);

/* Whether the line last read carries the digest that its machine's history gives. Whoever asks asks after every
 * record, from the first on: the history is what was asked for. */
bool runlog_digest_holds(struct runlog_reader *reader);
const struct run_summary *runlog_summary(const struct runlog_reader *reader); /* NULL: none yet */
int runlog_line(const struct runlog_reader *reader); /* number of the line last read, from 1 */
const char *runlog_text(const struct runlog_reader *reader); /* that line */
int64_t runlog_bytes(const struct runlog_reader *reader);    /* of the file, up to its end */
int64_t runlog_size(const struct runlog_reader *reader);     /* of the whole file now; 0: a pipe's */

/* Frees what a header owns: a copy's, the reader frees its own. */
void run_header_finish(struct run_header *header);
void runlog_finish(struct runlog_reader *reader);

#endif
