/*
 * Reading ahead tells what reading tells: the same records, the same ends, the same errors, of logs that are long
 * enough for a thread and of those that are not; and it stops when it is told to.
 */
#include "file/runlog_ahead.h"

#include "core/array.h"
#include "file/codec.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS_LONG 12000
#define RECORDS_SHORT 100

static char path[64];

static void choose_path(void)
{
    int fd;

    strcpy(path, "/tmp/berth-runlog-ahead-test-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

static void remove_path(void)
{
    unlink(path);
}

TestSuite(runlog_ahead, .init = choose_path, .fini = remove_path);

static off_t size_of_log(void)
{
    struct stat file;

    cr_assert(stat(path, &file) == 0);
    return file.st_size;
}

static void write_log(int n_records)
{
    struct run_header header = {.mode = RUN_SIM, .scale_numerator = 1, .scale_denominator = 1};
    struct run_summary summary = {.end_usec = 1};
    struct err err = {0};
    struct runlog_writer *writer = runlog_create(path, &header, LOG_ALL, &err);

    cr_assert(writer != NULL, "%s", err.text);
    for (int i = 0; i < n_records; i++) {
        struct record record = {.machine = i % 3 - 1, .seq = i / 3 + 1, .at_usec = i};

        record.event = sample_message(i % MESSAGE_KINDS, i);
        for (int j = 0; j < i % 4; j++)
            *ARRAY_ADD(&record.outputs, messages) = sample_message((i + j) % MESSAGE_KINDS, j);
        runlog_write(writer, &record);
        record_finish(&record);
    }
    cr_assert(runlog_close(writer, &summary, &err), "%s", err.text);
    cr_assert((n_records == RECORDS_LONG) == (size_of_log() >= RUNLOG_AHEAD_BYTES));
}

/* Both ways through the log, record by record. Returns how it ends. */
static enum runlog_item expect_same(int *n_records)
{
    struct err err = {0}, err_ahead = {0};
    struct runlog_reader *reader = runlog_open(path, &err), *other = runlog_open(path, &err);
    struct runlog_ahead *ahead = runlog_ahead_start(other);
    enum runlog_item item, item_ahead;
    struct record record;
    const struct record *record_ahead;

    for (*n_records = 0;; ++*n_records) {
        item = runlog_next(reader, &record, &err);
        item_ahead = runlog_ahead_next(ahead, &record_ahead, &err_ahead);
        cr_assert(item == item_ahead, "after %d records: %d, ahead %d", *n_records, item,
                  item_ahead);
        if (item != RUNLOG_RECORD)
            break;
        cr_assert(record_digest(1, &record) == record_digest(1, record_ahead), "record %d",
                  *n_records);
    }
    cr_assert_str_eq(err.text, err_ahead.text);
    if (item != RUNLOG_ERROR)
        cr_assert(runlog_ahead_next(ahead, &record_ahead, &err_ahead) == item);
    runlog_ahead_finish(ahead);
    runlog_finish(reader);
    runlog_finish(other);
    return item;
}

Test(runlog_ahead, a_long_log_is_the_same)
{
    int n;

    write_log(RECORDS_LONG);
    cr_assert(expect_same(&n) == RUNLOG_SUMMARY && n == RECORDS_LONG, "%d records", n);
}

Test(runlog_ahead, so_is_a_short_one)
{
    int n;

    write_log(RECORDS_SHORT);
    cr_assert(expect_same(&n) == RUNLOG_SUMMARY && n == RECORDS_SHORT, "%d records", n);
}

Test(runlog_ahead, a_log_that_broke_off_ends_there)
{
    int n;

    write_log(RECORDS_LONG);
    cr_assert(truncate(path, size_of_log() - 2000) == 0);
    cr_assert(expect_same(&n) == RUNLOG_TRUNCATED && n < RECORDS_LONG && n > RECORDS_SHORT);
}

Test(runlog_ahead, a_last_line_without_its_end_is_the_same)
{
    int n;

    write_log(RECORDS_LONG);
    cr_assert(truncate(path, size_of_log() - 1) == 0);
    cr_assert(expect_same(&n) == RUNLOG_SUMMARY && n == RECORDS_LONG, "%d records", n);
}

Test(runlog_ahead, a_line_that_is_none_is_the_same_error)
{
    FILE *file;
    int n;

    write_log(RECORDS_LONG);
    file = fopen(path, "r+");
    cr_assert(fseek(file, -200000, SEEK_END) == 0);
    fputs("\nnothing\n", file);
    fclose(file);
    cr_assert(expect_same(&n) == RUNLOG_ERROR && n > RECORDS_SHORT);
}

/* A blank more in some of its lines: these go the long way. */
static void respell(void)
{
    struct stat file;
    FILE *from = fopen(path, "r"), *to;
    char *text, *line, *end;

    cr_assert(stat(path, &file) == 0);
    text = calloc(1, (size_t)file.st_size + 1);
    cr_assert(fread(text, 1, (size_t)file.st_size, from) == (size_t)file.st_size);
    fclose(from);
    to = fopen(path, "w");
    line = text;
    for (int i = 0; (end = strchr(line, '\n')); i++, line = end + 1)
        fprintf(to, "%s%.*s\n", i % 7 == 3 ? " " : "", (int)(end - line), line);
    fclose(to);
    free(text);
}

Test(runlog_ahead, lines_in_another_form_stand_between_the_plain_ones)
{
    int n;

    write_log(RECORDS_LONG);
    respell();
    cr_assert(expect_same(&n) == RUNLOG_SUMMARY && n == RECORDS_LONG, "%d records", n);
}

Test(runlog_ahead, it_stops_in_the_middle)
{
    struct err err = {0};

    write_log(RECORDS_LONG);
    for (int n = 0; n < 2000; n = n * 3 + 1) {
        struct runlog_reader *reader = runlog_open(path, &err);
        struct runlog_ahead *ahead = runlog_ahead_start(reader);
        const struct record *record;

        for (int i = 0; i < n; i++)
            cr_assert(runlog_ahead_next(ahead, &record, &err) == RUNLOG_RECORD);
        runlog_ahead_finish(ahead);
        runlog_finish(reader);
    }
}
