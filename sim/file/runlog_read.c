/*
 * Reading run logs, of any size and from anybody: a block at a time, line by line, never trusting a
 * number that would make it allocate more than the file is long.
 */
#include "file/runlog.h"

#include "core/array.h"
#include "file/codec.h"
#include "file/codec_plain.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES (64 * 1024)

struct runlog_reader {
    char *path;
    int fd;
    char *data;           /* what was read and not yet passed */
    size_t start, length; /* the line last read, within data */
    size_t next, end;     /* where the next line starts, where the data ends */
    size_t capacity;
    int64_t n_bytes; /* of the file, passed so far */
    int line;
    bool whole; /* the line last read ended with a newline */
    struct run_header header;
    struct record record;
    bool has_record;
    struct run_summary summary;
    bool has_summary;
    uint64_t digest;    /* that the line last read carries */
    bool digest_judged; /* its machine's history has it already */
    bool digest_holds;
    uint64_t *digests; /* of each machine's history, by machine + 1 */
    int n_digests, cap_digests;
};

/* Reads one more block behind the unread data. False at the end of the file or on an error. */
static bool read_block(struct runlog_reader *reader, struct err *err, bool *failed)
{
    ssize_t n;

    if (reader->next > 0) {
        memmove(reader->data, reader->data + reader->next, reader->end - reader->next);
        reader->end -= reader->next;
        reader->next = 0;
    }
    if (reader->end + BLOCK_BYTES + 1 > reader->capacity) {
        reader->capacity = reader->capacity * 2 + BLOCK_BYTES + 1;
        reader->data = realloc(reader->data, reader->capacity);
        assert(reader->data != NULL);
    }
    do
        n = read(reader->fd, reader->data + reader->end, BLOCK_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        err_file(err, errno, "cannot read the run log %s", reader->path);
        *failed = true;
        return false;
    }
    reader->end += (size_t)n;
    return n > 0;
}

/* Finds the next line, or the rest of the file where it ends without a newline (`whole` is then
 * false, and the rest stays unread). False where there is nothing left, or on an error. */
static bool read_line(struct runlog_reader *reader, struct err *err, bool *failed)
{
    size_t seen = 0; /* bytes of the line that hold no newline */
    char *newline;

    *failed = false;
    for (;;) {
        size_t left = reader->end - reader->next;

        newline =
            left > seen ? memchr(reader->data + reader->next + seen, '\n', left - seen) : NULL;
        if (newline)
            break;
        seen = left;
        if (!read_block(reader, err, failed))
            break;
    }
    if (*failed || reader->end == reader->next)
        return false;
    reader->whole = newline != NULL;
    reader->start = reader->next;
    reader->length = (newline ? (size_t)(newline - reader->data) : reader->end) - reader->start;
    reader->data[reader->start + reader->length] = '\0';
    return true;
}

/* Takes the line found by read_line() as read. */
static void pass_line(struct runlog_reader *reader)
{
    reader->next = reader->start + reader->length + reader->whole;
    reader->n_bytes += (int64_t)reader->length + 1;
    reader->line++;
}

static json_t *parse_line(const struct runlog_reader *reader, json_error_t *error)
{
    return json_loadb(reader->data + reader->start, reader->length, JSON_REJECT_DUPLICATES, error);
}

/* The end of the JSON value that starts at `at`; the text is known to be valid. */
static const char *skip_value(const char *at)
{
    int depth = 0;

    for (;; at++) {
        if (*at == '"') {
            for (at++; *at != '"'; at++)
                at += *at == '\\';
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (depth-- == 0)
                return at;
        } else if (*at == ',' && depth == 0) {
            return at;
        }
    }
}

/* The text of a member's value, as it was written: a number must not change its digits on the way
 * through the log. The line is known to hold an object. NULL where it has no member written like that. */
static char *member_text(const char *line, const char *name)
{
    size_t n = strlen(name);
    const char *at = strchr(line, '{');

    for (;;) {
        const char *key = at + 1 + strspn(at + 1, " \t\r");
        const char *end = skip_value(key);
        const char *value = key + 1;

        while (*value != '"')
            value += *value == '\\' ? 2 : 1;
        value = strchr(value, ':') + 1;
        if (strncmp(key + 1, name, n) == 0 && key[1 + n] == '"')
            return strndup(value + strspn(value, " \t\r"),
                           (size_t)(end - value) - strspn(value, " \t\r"));
        if (*end == '}')
            return NULL;
        at = end;
    }
}

static char *copy_text(const json_t *value)
{
    char *text = json_is_string(value) ? strdup(json_string_value(value)) : NULL;

    if (text)
        buffer_unescape(text);
    return text;
}

static int name_index(const json_t *value, const char *const *names)
{
    for (int i = 0; json_is_string(value) && names[i]; i++)
        if (strcmp(names[i], json_string_value(value)) == 0)
            return i;
    return -1;
}

static bool wrong_member(const struct runlog_reader *reader, const char *name, const char *wanted,
                         struct err *err)
{
    return err_set(err, EXIT_INPUT, "%s:%d: %s: wanted %s", reader->path, reader->line, name,
                   wanted);
}

static bool read_header(struct runlog_reader *reader, const json_t *line, struct err *err)
{
    struct run_header *header = &reader->header;
    const json_t *seed = json_object_get(line, "seed");
    const json_t *epoch = json_object_get(line, "epoch");
    const char *scale = json_string_value(json_object_get(line, "scale"));
    int mode = name_index(json_object_get(line, "mode"), run_mode_names);
    int level = name_index(json_object_get(line, "log"), log_level_names);
    char rest;

    if (mode < 0)
        return wrong_member(reader, "mode", "\"sim\" or \"exec\"", err);
    if (level < 0)
        return wrong_member(reader, "log", "\"summary\", \"tasks\" or \"all\"", err);
    if (!json_is_integer(seed) || json_integer_value(seed) < 0)
        return wrong_member(reader, "seed", "an integer from 0 on", err);
    if (!json_is_integer(epoch))
        return wrong_member(reader, "epoch", "microseconds since 1970", err);
    if (!scale ||
        sscanf(scale, "%9d/%9d%c", &header->scale_numerator, &header->scale_denominator, &rest) !=
            2 ||
        header->scale_numerator < 1 || header->scale_denominator < 1)
        return wrong_member(reader, "scale", "a fraction such as \"1/1\"", err);
    header->mode = (enum run_mode)mode;
    header->log = (enum log_level)level;
    header->seed = (uint64_t)json_integer_value(seed);
    header->epoch_usec = json_integer_value(epoch);
    header->title = copy_text(json_object_get(line, "title"));
    header->version = copy_text(json_object_get(line, "version"));
    header->started = copy_text(json_object_get(line, "started"));
    header->host = copy_text(json_object_get(line, "host"));
    if (json_object_get(line, "scenario"))
        header->scenario = member_text(reader->data + reader->start, "scenario");
    return true;
}

/* Says what the file is where it is no run log. */
static bool foreign(const struct runlog_reader *reader, const json_t *line, struct err *err)
{
    static const char start[] = "{\"berth\":\"run/";
    const char *berth = json_string_value(json_object_get(line, "berth"));
    const char *text = reader->data + reader->start;

    if (!line && !reader->whole && strncmp(text, start, sizeof start - 1) == 0)
        return err_set(err, EXIT_INPUT, "%s: the run log ends inside its first line", reader->path);
    if (berth && strncmp(berth, "run/", 4) == 0)
        return err_set(err, EXIT_INPUT,
                       "%s: this run log is %.20s, but this berth (%s) reads run/1", reader->path,
                       berth, BERTH_VERSION);
    if (memmem(reader->data, reader->end, "\"scenario/", 10)) /* which has many lines */
        return err_set(err, EXIT_INPUT,
                       "%s: this is a scenario, not a run log; make one with: berth sim %s -o RUN",
                       reader->path, reader->path);
    return err_set(err, EXIT_INPUT,
                   "%s: this is not a run log (its first line is not {\"berth\":\"run/1\",...})",
                   reader->path);
}

static bool open_header(struct runlog_reader *reader, struct err *err)
{
    json_error_t error;
    json_t *line;
    const char *berth;
    bool failed, ok;

    if (!read_line(reader, err, &failed)) {
        if (!failed)
            err_set(err, EXIT_INPUT, "%s: the file is empty, not a run log", reader->path);
        return false;
    }
    pass_line(reader);
    line = parse_line(reader, &error);
    berth = json_string_value(json_object_get(line, "berth"));
    ok = berth && strcmp(berth, "run/1") == 0 ? read_header(reader, line, err)
                                              : foreign(reader, line, err);
    json_decref(line);
    return ok;
}

struct runlog_reader *runlog_open(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct runlog_reader *reader;

    if (fd < 0) {
        err_file(err, errno, "cannot read the run log %s", path);
        return NULL;
    }
    reader = calloc(1, sizeof *reader);
    assert(reader != NULL);
    reader->path = strdup(path);
    assert(reader->path != NULL);
    reader->fd = fd;
    if (open_header(reader, err))
        return reader;
    runlog_finish(reader);
    return NULL;
}

const struct run_header *runlog_header(const struct runlog_reader *reader)
{
    return &reader->header;
}

/* Puts the place in front of what is wrong with the line. */
static void line_error(const struct runlog_reader *reader, const json_t *line,
                       const struct err *inner, struct err *err)
{
    const char *machine = json_string_value(json_object_get(line, "m"));
    const json_t *seq = json_object_get(line, "seq");
    char event[80] = "";

    if (machine && json_is_integer(seq))
        snprintf(event, sizeof event, "%.20s event %" JSON_INTEGER_FORMAT ": ",
                 strcmp(machine, "s") == 0 ? "scheduler" : machine, json_integer_value(seq));
    err_set(err, EXIT_INPUT, "%s:%d: %s%.800s", reader->path, reader->line, event, inner->text);
}

static bool read_count(const json_t *line, const char *name, int64_t *count, struct err *err)
{
    const json_t *value = json_object_get(line, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return err_set(err, EXIT_INPUT, "summary: %s: wanted an integer from 0 on", name);
    *count = json_integer_value(value);
    return true;
}

static bool read_summary(const json_t *line, struct run_summary *summary, struct err *err)
{
    const char *hash = json_string_value(json_object_get(line, "state_hash"));

    run_summary_init(summary);
    if (!json_is_null(json_object_get(line, "end")) &&
        !read_count(line, "end", &summary->end_usec, err))
        return false;
    if (!hash || strlen(hash) != 16 || strspn(hash, "0123456789abcdef") != 16)
        return err_set(err, EXIT_INPUT, "summary: state_hash: wanted 16 hexadecimal digits");
    summary->state_hash = strtoull(hash, NULL, 16);
    return read_count(line, "tasks", &summary->tasks, err) &&
           read_count(line, "instances", &summary->instances, err) &&
           (!json_object_get(line, "micro_vms") ||
            read_count(line, "micro_vms", &summary->micro_vms, err)) &&
           read_count(line, "events", &summary->events, err) &&
           read_count(line, "decisions", &summary->decisions, err) &&
           read_count(line, "machines", &summary->machines, err);
}

/* What reader->record now holds was in the line, with that digest. */
static enum runlog_item accept_record(struct runlog_reader *reader, uint64_t digest,
                                      struct err *err)
{
    const struct record *record = &reader->record;

    reader->has_record = true;
    /* Every instance was launched by a decision further up: none has a number beyond the bytes. */
    if (record->machine >= reader->n_bytes) {
        err_set(err, EXIT_INPUT, "m: no such instance was launched");
        return RUNLOG_ERROR;
    }
    reader->digest = digest;
    reader->digest_judged = false;
    return RUNLOG_RECORD;
}

static enum runlog_item take_line(struct runlog_reader *reader, const json_t *line, struct err *err)
{
    uint64_t digest;

    if (reader->has_summary) {
        err_set(err, EXIT_INPUT, "there is text after the summary");
        return RUNLOG_ERROR;
    }
    if (!json_object_get(line, "end"))
        return codec_read_logged(line, &reader->record, &digest, err)
                   ? accept_record(reader, digest, err)
                   : RUNLOG_ERROR;
    reader->has_summary = read_summary(line, &reader->summary, err);
    return reader->has_summary ? RUNLOG_SUMMARY : RUNLOG_ERROR;
}

/* The next line that is not blank. */
static bool read_text_line(struct runlog_reader *reader, struct err *err, bool *failed)
{
    while (read_line(reader, err, failed)) {
        if (reader->length > 0)
            return true;
        pass_line(reader);
    }
    return false;
}

/* Keeps its room for the next one. */
static void drop_record(struct runlog_reader *reader)
{
    record_empty(&reader->record);
    reader->has_record = false;
}

static bool is_request(const struct runlog_reader *reader)
{
    size_t length = strlen(RUNLOG_REQUEST);

    return reader->length >= length &&
           memcmp(reader->data + reader->start, RUNLOG_REQUEST, length) == 0;
}

/* The line that was found, by whomever it was written. */
static enum runlog_item next_of_any_form(struct runlog_reader *reader, struct err *err)
{
    json_error_t error;
    json_t *line = parse_line(reader, &error);
    enum runlog_item item = RUNLOG_ERROR;
    struct err inner;

    if (!line && !reader->whole)
        return RUNLOG_TRUNCATED;
    record_finish(&reader->record);
    pass_line(reader);
    if (line)
        item = take_line(reader, line, &inner);
    else
        err_set(&inner, EXIT_INPUT, "not a line of a run log: %s", error.text);
    if (item == RUNLOG_ERROR)
        line_error(reader, line, &inner, err);
    json_decref(line);
    return item;
}

enum runlog_item runlog_next(struct runlog_reader *reader, struct record *record, struct err *err)
{
    enum runlog_item item;
    uint64_t digest;
    struct err inner;
    bool failed;

    drop_record(reader);
    for (;;) {
        if (!read_text_line(reader, err, &failed)) {
            if (failed)
                return RUNLOG_ERROR;
            return reader->has_summary ? RUNLOG_SUMMARY : RUNLOG_TRUNCATED;
        }
        if (!reader->whole || !is_request(reader))
            break;
        pass_line(reader);
    }
    if (reader->whole && !reader->has_summary &&
        codec_plain_logged(reader->data + reader->start, reader->length, &reader->record,
                           &digest)) {
        pass_line(reader);
        item = accept_record(reader, digest, &inner);
        if (item == RUNLOG_ERROR) {
            json_t *line = parse_line(reader, NULL);

            line_error(reader, line, &inner, err);
            json_decref(line);
        }
    } else {
        item = next_of_any_form(reader, err);
    }
    if (item == RUNLOG_RECORD)
        *record = reader->record;
    return item;
}

void runlog_take(struct runlog_reader *reader, struct record *record)
{
    struct record mine = *record;

    *record = reader->record;
    reader->record = mine;
    reader->has_record = false;
}

bool runlog_digest_holds(struct runlog_reader *reader)
{
    const struct record *record = &reader->record;

    if (!reader->has_record || reader->digest_judged)
        return reader->digest_holds;
    while (record->machine + 1 >= reader->n_digests)
        ARRAY_ADD(reader, digests);
    reader->digests[record->machine + 1] =
        record_digest(reader->digests[record->machine + 1], record);
    reader->digest_holds = reader->digests[record->machine + 1] == reader->digest;
    reader->digest_judged = true;
    return reader->digest_holds;
}

const struct run_summary *runlog_summary(const struct runlog_reader *reader)
{
    return reader->has_summary ? &reader->summary : NULL;
}

int runlog_line(const struct runlog_reader *reader)
{
    return reader->line;
}

int64_t runlog_bytes(const struct runlog_reader *reader)
{
    return reader->n_bytes;
}

int64_t runlog_size(const struct runlog_reader *reader)
{
    struct stat file;

    return fstat(reader->fd, &file) == 0 ? (int64_t)file.st_size : 0;
}

const char *runlog_text(const struct runlog_reader *reader)
{
    return reader->data + reader->start;
}

void runlog_finish(struct runlog_reader *reader)
{
    record_finish(&reader->record);
    run_header_finish(&reader->header);
    close(reader->fd);
    free(reader->digests);
    free(reader->data);
    free(reader->path);
    free(reader);
}

void run_header_finish(struct run_header *header)
{
    free(header->title);
    free(header->scenario);
    free(header->version);
    free(header->started);
    free(header->host);
    *header = (struct run_header){0};
}
