/*
 * Writing run logs: the header, the lines with their digests, the summary. A simulation writes
 * millions of lines, so they go out in large blocks; an error of the disk is kept until the end.
 */
#include "file/runlog.h"

#include "core/array.h"
#include "file/codec.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES (256 * 1024)

const char *const run_mode_names[] = {"sim", "exec", NULL};
const char *const log_level_names[] = {"summary", "tasks", "all", "requests", NULL};

struct runlog_writer {
    char *path;
    int fd;
    int errnum; /* of the first write that failed */
    enum run_mode mode;
    enum log_level level;
    struct buffer pending;
    uint64_t *digests; /* of each machine's history, by machine + 1 */
    int n_digests, cap_digests;
};

void run_summary_init(struct run_summary *summary)
{
    *summary = (struct run_summary){.end_usec = USEC_NEVER};
}

void run_summary_add(struct run_summary *summary, const struct record *record)
{
    summary->events++;
    summary->decisions += record->outputs.n_messages;
    summary->machines += record->seq == 1;
    if (record->event.kind == MESSAGE_END && summary->end_usec == USEC_NEVER)
        summary->end_usec = record->at_usec;
}

void run_summary_close(struct run_summary *summary, const struct scheduler *scheduler)
{
    summary->tasks = scheduler->cluster.n_tasks;
    summary->instances = summary->micro_vms = 0;
    for (int i = 0; i < scheduler->cluster.n_instances; i++) {
        summary->micro_vms += scheduler->cluster.instances[i].is_vm;
        summary->instances += !scheduler->cluster.instances[i].is_vm;
    }
    summary->state_hash = scheduler_hash(scheduler);
}

void runlog_flush(struct runlog_writer *writer)
{
    size_t done = 0;

    while (!writer->errnum && done < writer->pending.length) {
        ssize_t n = write(writer->fd, writer->pending.text + done, writer->pending.length - done);

        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            writer->errnum = errno;
    }
    buffer_clear(&writer->pending);
}

static void add_member(struct buffer *buffer, const char *name, const char *text)
{
    if (!text)
        return;
    buffer_add(buffer, ",\"%s\":", name);
    buffer_add_json_string(buffer, text);
}

/* The scenario's own text; its line breaks are white space, as JSON has none inside strings. */
static void add_scenario(struct buffer *buffer, const char *scenario)
{
    size_t start;

    buffer_add_text(buffer, ",\"scenario\":");
    start = buffer->length;
    buffer_add_text(buffer, scenario);
    for (char *c = buffer->text + start; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
}

static void write_header(struct runlog_writer *writer, const struct run_header *header)
{
    struct buffer *buffer = &writer->pending;

    assert(header->seed <= INT64_MAX);
    buffer_add(buffer, "{\"berth\":\"run/1\",\"mode\":\"%s\",\"log\":\"%s\"",
               run_mode_names[header->mode], log_level_names[writer->level]);
    add_member(buffer, "title", header->title);
    if (header->scenario)
        add_scenario(buffer, header->scenario);
    buffer_add(buffer, ",\"seed\":%" PRIu64 ",\"epoch\":%" PRId64 ",\"scale\":\"%d/%d\"",
               header->seed, header->epoch_usec, header->scale_numerator,
               header->scale_denominator);
    add_member(buffer, "version", header->version);
    add_member(buffer, "started", header->started);
    add_member(buffer, "host", header->host);
    buffer_add_text(buffer, "}\n");
}

struct runlog_writer *runlog_create(const char *path, const struct run_header *header,
                                    enum log_level level, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    struct runlog_writer *writer;

    if (fd < 0) {
        err_file(err, errno, "cannot write the run log %s", path);
        return NULL;
    }
    writer = calloc(1, sizeof *writer);
    assert(writer != NULL);
    writer->path = strdup(path);
    assert(writer->path != NULL);
    writer->fd = fd;
    writer->mode = header->mode;
    writer->level = level;
    write_header(writer, header);
    return writer;
}

static uint64_t *digest_of(struct runlog_writer *writer, int32_t machine)
{
    while (machine + 1 >= writer->n_digests)
        ARRAY_ADD(writer, digests);
    return &writer->digests[machine + 1];
}

static void add_digest(struct buffer *buffer, uint64_t digest)
{
    char text[] = ",\"h\":\"0123456789abcdef\"}\n";

    for (int i = 0; i < 16; i++)
        text[6 + i] = "0123456789abcdef"[digest >> (60 - 4 * i) & 15];
    buffer_add_bytes(buffer, text, sizeof text - 1);
}

void runlog_write(struct runlog_writer *writer, const struct record *record)
{
    uint64_t *digest;

    if (writer->level == LOG_SUMMARY || (writer->level == LOG_TASKS && record->machine != ID_NONE))
        return;
    digest = digest_of(writer, record->machine);
    *digest = record_digest(*digest, record);
    codec_write_record(&writer->pending, record);
    writer->pending.length--; /* the closing brace: the digest comes before it */
    add_digest(&writer->pending, *digest);
    if (writer->pending.length >= BLOCK_BYTES)
        runlog_flush(writer);
}

void runlog_write_request(struct runlog_writer *writer, const struct runlog_request *request)
{
    struct buffer *buffer = &writer->pending;

    if (writer->level != LOG_REQUESTS)
        return;
    buffer_add(buffer,
               RUNLOG_REQUEST "%" PRId64 ",\"load\":%d,\"targetGroup\":\"b%d\",\"t\":%" PRId64
                              ",\"took\":%" PRId64 ",\"status\":%d",
               request->n + 1, request->source + 1, request->target_group + 1,
               request->arrived_usec, request->ended_usec - request->arrived_usec, request->status);
    if (request->task != ID_NONE)
        buffer_add(buffer, ",\"task\":\"t%d\"", request->task + 1);
    buffer_add_text(buffer, "}\n");
    if (buffer->length >= BLOCK_BYTES)
        runlog_flush(writer);
}

static void write_summary(struct buffer *buffer, const struct run_summary *summary)
{
    buffer_add_text(buffer, "{\"end\":");
    if (summary->end_usec == USEC_NEVER)
        buffer_add_text(buffer, "null");
    else
        buffer_add_int(buffer, summary->end_usec);
    buffer_add(buffer, ",\"tasks\":%" PRId64 ",\"instances\":%" PRId64, summary->tasks,
               summary->instances);
    if (summary->micro_vms > 0)
        buffer_add(buffer, ",\"micro_vms\":%" PRId64, summary->micro_vms);
    buffer_add(buffer,
               ",\"events\":%" PRId64 ",\"decisions\":%" PRId64 ",\"machines\":%" PRId64
               ",\"state_hash\":\"%016" PRIx64 "\"}\n",
               summary->events, summary->decisions, summary->machines, summary->state_hash);
}

/* A simulation can be made again; a real run cannot, so its log is forced to the disk. Pipes and
 * devices cannot be forced (EINVAL). */
static void close_file(struct runlog_writer *writer)
{
    runlog_flush(writer);
    if (writer->mode == RUN_EXEC && !writer->errnum && fsync(writer->fd) != 0 && errno != EINVAL &&
        errno != EROFS)
        writer->errnum = errno;
    if (close(writer->fd) != 0 && !writer->errnum && errno != EINTR)
        writer->errnum = errno;
}

static void destroy(struct runlog_writer *writer)
{
    buffer_finish(&writer->pending);
    free(writer->digests);
    free(writer->path);
    free(writer);
}

bool runlog_close(struct runlog_writer *writer, const struct run_summary *summary, struct err *err)
{
    bool ok;

    write_summary(&writer->pending, summary);
    close_file(writer);
    ok = writer->errnum == 0;
    if (!ok)
        err_errno(err, writer->errnum, "the run log %s is incomplete", writer->path);
    destroy(writer);
    return ok;
}

void runlog_abandon(struct runlog_writer *writer)
{
    close_file(writer);
    destroy(writer);
}
