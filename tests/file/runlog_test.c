/*
 * Run logs: what was written is read, cut or foreign or damaged files are named for what they are,
 * and a disk that is full is not kept secret.
 */
#include "file/runlog.h"

#include "core/array.h"
#include "file/codec.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS 50

static char path[64];

static void choose_path(void)
{
    int fd;

    strcpy(path, "/tmp/berth-runlog-test-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

static void remove_path(void)
{
    unlink(path);
}

TestSuite(runlog, .init = choose_path, .fini = remove_path);

static struct run_header header_of(char *scenario)
{
    return (struct run_header){.mode = RUN_EXEC,
                               .title = "Four \"web\" tasks, \xff",
                               .scenario = scenario,
                               .seed = INT64_MAX,
                               .epoch_usec = -5,
                               .scale_numerator = 1,
                               .scale_denominator = 8,
                               .version = "0.1.0",
                               .started = "2026-01-01T00:00:00Z"};
}

static struct record record_of(int i)
{
    struct record record = {.machine = i % 3 - 1, .seq = i / 3 + 1, .at_usec = 1000 * i};

    record.event = sample_message(i % MESSAGE_KINDS, i);
    for (int j = 0; j < i % 3; j++)
        *ARRAY_ADD(&record.outputs, messages) = sample_message((i + j) % MESSAGE_KINDS, j);
    return record;
}

static const struct run_summary some_summary = {.end_usec = 15000000,
                                                .tasks = 8,
                                                .instances = 2,
                                                .events = RECORDS,
                                                .decisions = 23,
                                                .machines = 3,
                                                .state_hash = UINT64_C(0xf123456789abcdef)};

static void write_log(enum log_level level)
{
    struct run_header header = header_of("{\"a\": 1.10,\n \"b\":[]}");
    struct err err = {0};
    struct runlog_writer *writer = runlog_create(path, &header, level, &err);

    cr_assert(writer != NULL, "%s", err.text);
    for (int i = 0; i < RECORDS; i++) {
        struct record record = record_of(i);

        runlog_write(writer, &record);
        record_finish(&record);
    }
    cr_assert(runlog_close(writer, &some_summary, &err), "%s", err.text);
}

static char *read_file(size_t *length)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 20);

    *length = fread(text, 1, 1 << 20, file);
    text[*length] = '\0';
    fclose(file);
    return text;
}

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");

    cr_assert(fwrite(text, 1, length, file) == length);
    cr_assert(fclose(file) == 0);
}

/* Reads all records; returns how the log ended. */
static enum runlog_item read_log(int *n_records, bool *digests_hold, struct err *err)
{
    struct runlog_reader *reader = runlog_open(path, err);
    struct record record;
    enum runlog_item item;

    *n_records = 0;
    *digests_hold = true;
    if (!reader)
        return RUNLOG_ERROR;
    while ((item = runlog_next(reader, &record, err)) == RUNLOG_RECORD) {
        *digests_hold &= runlog_digest_holds(reader);
        ++*n_records;
    }
    runlog_finish(reader);
    return item;
}

Test(runlog, what_was_written_is_read)
{
    struct err err = {0};
    struct runlog_reader *reader;
    const struct run_header *header;
    const struct run_summary *summary;
    struct record record;

    write_log(LOG_ALL);
    reader = runlog_open(path, &err);
    cr_assert(reader != NULL, "%s", err.text);
    header = runlog_header(reader);
    cr_assert(header->mode == RUN_EXEC && header->log == LOG_ALL);
    cr_assert(header->seed == INT64_MAX && header->epoch_usec == -5);
    cr_assert(header->scale_numerator == 1 && header->scale_denominator == 8);
    cr_assert_str_eq(header->title, "Four \"web\" tasks, \xff");
    cr_assert_str_eq(header->scenario, "{\"a\": 1.10,  \"b\":[]}", "was: %s", header->scenario);
    cr_assert_str_eq(header->version, "0.1.0");
    cr_assert_str_eq(header->started, "2026-01-01T00:00:00Z");
    cr_assert(header->host == NULL);
    for (int i = 0; i < RECORDS; i++) {
        struct record wanted = record_of(i);
        enum runlog_item item = runlog_next(reader, &record, &err);

        cr_assert(item == RUNLOG_RECORD, "record %d: %d %s", i, item, err.text);
        cr_assert(runlog_digest_holds(reader));
        cr_assert(runlog_line(reader) == i + 2);
        cr_assert(record_digest(0, &record) == record_digest(0, &wanted));
        record_finish(&wanted);
    }
    cr_assert(runlog_summary(reader) == NULL);
    cr_assert(runlog_next(reader, &record, &err) == RUNLOG_SUMMARY, "%s", err.text);
    cr_assert(runlog_next(reader, &record, &err) == RUNLOG_SUMMARY, "%s", err.text);
    summary = runlog_summary(reader);
    cr_assert(summary->end_usec == 15000000 && summary->tasks == 8 && summary->instances == 2 &&
              summary->events == RECORDS && summary->decisions == 23 && summary->machines == 3 &&
              summary->state_hash == some_summary.state_hash);
    runlog_finish(reader);
}

Test(runlog, the_level_says_what_is_kept)
{
    static const int kept[] = {
        [LOG_SUMMARY] = 0, [LOG_TASKS] = (RECORDS + 2) / 3, [LOG_ALL] = RECORDS};

    for (int level = LOG_SUMMARY; level <= LOG_ALL; level++) {
        struct err err = {0};
        int n;
        bool hold;

        write_log(level);
        cr_assert(read_log(&n, &hold, &err) == RUNLOG_SUMMARY, "%s", err.text);
        cr_assert(n == kept[level] && hold, "%s kept %d", log_level_names[level], n);
    }
}

Test(runlog, the_same_run_gives_the_same_bytes)
{
    size_t first_length, second_length;
    char *first, *second;

    write_log(LOG_ALL);
    first = read_file(&first_length);
    write_log(LOG_ALL);
    second = read_file(&second_length);
    cr_assert(first_length == second_length && memcmp(first, second, first_length) == 0);
    free(first);
    free(second);
}

/* Wherever a crash cuts the file, the whole lines before the cut are read and no others. */
Test(runlog, a_cut_log_is_read_up_to_its_last_whole_line)
{
    size_t length, header;
    char *text;

    write_log(LOG_ALL);
    text = read_file(&length);
    header = (size_t)(strchr(text, '\n') - text);
    for (size_t cut = 0; cut < length; cut += cut < 2000 || cut > length - 500 ? 1 : 97) {
        struct err err = {0};
        enum runlog_item item;
        int n, lines = 0;
        bool hold;

        write_file(text, cut);
        item = read_log(&n, &hold, &err);
        if (cut < header) {
            cr_assert(item == RUNLOG_ERROR && err.code == EXIT_INPUT, "cut at %zu: %d", cut, item);
            continue;
        }
        /* A line is whole with its last brace, even where only its newline is missing. */
        for (size_t i = header + 1; i <= cut; i++)
            lines += text[i] == '\n' && i > header;
        cr_assert(hold);
        cr_assert(item == (lines == RECORDS + 1 ? RUNLOG_SUMMARY : RUNLOG_TRUNCATED),
                  "cut at %zu: %d %s", cut, item, err.text);
        cr_assert(n == (lines > RECORDS ? RECORDS : lines), "cut at %zu: %d of %d", cut, n, lines);
    }
    free(text);
}

Test(runlog, a_growing_log_can_be_followed)
{
    size_t length;
    char *text;
    struct err err = {0};
    struct runlog_reader *reader;
    struct record record;
    FILE *file;
    enum runlog_item item = RUNLOG_TRUNCATED;
    int n = 0;
    size_t at;

    write_log(LOG_ALL);
    text = read_file(&length);
    at = (size_t)(strchr(text, '\n') - text);
    file = fopen(path, "w");
    fwrite(text, 1, at, file);
    fflush(file);
    reader = runlog_open(path, &err);
    cr_assert(reader != NULL, "%s", err.text);
    while (at < length) {
        cr_assert(fputc(text[at++], file) != EOF);
        fflush(file);
        while ((item = runlog_next(reader, &record, &err)) == RUNLOG_RECORD)
            n++;
        cr_assert(item != RUNLOG_ERROR, "%s", err.text);
    }
    cr_assert(item == RUNLOG_SUMMARY && n == RECORDS, "%d records", n);
    runlog_finish(reader);
    fclose(file);
    free(text);
}

Test(runlog, a_changed_line_has_a_wrong_digest_and_so_have_all_after_it)
{
    size_t length;
    char *text, *seq;
    struct err err = {0};
    struct runlog_reader *reader;
    struct record record;
    int n_wrong = 0;

    write_log(LOG_TASKS);
    text = read_file(&length);
    seq = strstr(text, "\"t\":15000,");
    cr_assert(seq != NULL);
    seq[4] = '2';
    write_file(text, length);
    reader = runlog_open(path, &err);
    for (int i = 0; runlog_next(reader, &record, &err) == RUNLOG_RECORD; i++) {
        cr_assert(runlog_digest_holds(reader) == (i < 5), "record %d", i);
        n_wrong += i >= 5;
    }
    cr_assert(n_wrong > 0);
    runlog_finish(reader);
    free(text);
}

#define HEADER                                                                                     \
    "{\"berth\":\"run/1\",\"mode\":\"sim\",\"log\":\"all\",\"seed\":1,\"epoch\":0,\"scale\":\"1/"  \
    "1\"}\n"
#define SUMMARY                                                                                    \
    "{\"end\":1,\"tasks\":0,\"instances\":0,\"events\":0,\"decisions\":0,\"machines\":0,"          \
    "\"state_hash\":\"0123456789abcdef\"}\n"

Test(runlog, other_files_are_named_for_what_they_are)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "is empty"},
        {"\n", "not a run log"},
        {"hello\n", "not a run log"},
        {"[1,2]\n", "not a run log"},
        {"\x7f"
         "ELF",
         "not a run log"},
        {"{\n  \"berth\": \"scenario/1\"\n}", "this is a scenario, not a run log"},
        {"{\"berth\":\"run/1\",\"mo", "ends inside its first line"},
        {"{\"berth\":\"run/2\"}\n", "this run log is run/2"},
        {"{\"berth\":\"run/1\",\"mode\":\"both\"}\n", ":1: mode: wanted"},
        {"{\"berth\":\"run/1\",\"mode\":\"sim\",\"log\":\"all\",\"seed\":-1}\n",
         ":1: seed: wanted"},
        {"{\"berth\":\"run/1\",\"mode\":\"sim\",\"log\":\"all\",\"seed\":1}\n",
         ":1: epoch: wanted"},
        {"{\"berth\":\"run/"
         "1\",\"mode\":\"sim\",\"log\":\"all\",\"seed\":1,\"epoch\":0,\"scale\":\"1/0\"}\n",
         ":1: scale: wanted"},
        {HEADER "hello\n", ":2: not a line of a run log"},
        {HEADER "{\"m\":\"i3\",\"seq\":7}\n", ":2: i3 event 7: h: missing"},
        {HEADER "[]\n", ":2: line: found [], wanted an object"},
        {HEADER "{\"m\":\"i2147483647\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"end\"},"
                "\"h\":\"0123456789abcdef\"}\n",
         ":2: i2147483647 event 1: m: no such instance was launched"},
        {HEADER "{\"end\":-5}\n", ":2: summary: end: wanted"},
        {HEADER "{\"end\":5}\n", ":2: summary: state_hash: wanted"},
        {HEADER SUMMARY SUMMARY, ":3: there is text after the summary"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct runlog_reader *reader;
        struct record record;
        enum runlog_item item = RUNLOG_RECORD;

        write_file(cases[i].text, strlen(cases[i].text));
        reader = runlog_open(path, &err);
        for (int j = 0; reader && j < 2 && item != RUNLOG_ERROR; j++)
            item = runlog_next(reader, &record, &err);
        cr_assert(strstr(err.text, cases[i].says) != NULL, "for case %zu it said: %s", i, err.text);
        cr_assert(strncmp(err.text, path, strlen(path)) == 0, "%s", err.text);
        cr_assert(err.code == EXIT_INPUT);
        if (reader)
            runlog_finish(reader);
    }
}

Test(runlog, a_line_of_megabytes_is_a_line)
{
    struct run_header header = header_of("{}");
    struct err err = {0};
    struct runlog_writer *writer = runlog_create(path, &header, LOG_ALL, &err);
    struct record record = {.machine = ID_NONE, .seq = 1};
    int n;
    bool hold;

    record.event = message_new(MESSAGE_IMAGE_PULLED);
    record.event.as.fact.error = malloc(3000001);
    memset(record.event.as.fact.error, '\xff', 3000000);
    record.event.as.fact.error[3000000] = '\0';
    runlog_write(writer, &record);
    cr_assert(runlog_close(writer, &some_summary, &err));
    cr_assert(read_log(&n, &hold, &err) == RUNLOG_SUMMARY && n == 1 && hold, "%s", err.text);
    record_finish(&record);
}

Test(runlog, a_full_disk_is_reported_at_the_end)
{
    struct run_header header = header_of("{}");
    struct err err = {0};
    struct runlog_writer *writer = runlog_create("/dev/full", &header, LOG_ALL, &err);

    cr_assert(writer != NULL, "%s", err.text);
    for (int i = 0; i < 3000; i++) {
        struct record record = record_of(i % RECORDS);

        runlog_write(writer, &record);
        record_finish(&record);
    }
    cr_assert(!runlog_close(writer, &some_summary, &err));
    cr_assert(err.code == EXIT_MACHINE);
    cr_assert(strstr(err.text, "/dev/full is incomplete: No space left on device") != NULL, "%s",
              err.text);
}

Test(runlog, a_path_that_cannot_be_written_is_an_error_at_once)
{
    struct run_header header = header_of("{}");
    struct err err = {0};

    cr_assert(runlog_create("/tmp/no-such-folder/x.run", &header, LOG_ALL, &err) == NULL);
    cr_assert(err.code == EXIT_INPUT && strstr(err.text, "/tmp/no-such-folder/x.run"));
    cr_assert(runlog_create("/tmp", &header, LOG_ALL, &err) == NULL);
    cr_assert(err.code == EXIT_INPUT && strstr(err.text, "Is a directory"));
    cr_assert(runlog_open("/tmp/no-such-folder/x.run", &err) == NULL);
    cr_assert(err.code == EXIT_INPUT && strstr(err.text, "/tmp/no-such-folder/x.run"));
    cr_assert(runlog_open("/tmp", &err) == NULL);
    cr_assert(strstr(err.text, "Is a directory") != NULL, "%s", err.text);
}
