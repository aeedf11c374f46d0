/*
 * Run logs against mangled text: lines of a real run with numbers, names and bytes changed go
 * through the codec, the replay (as if their digest were good) and the story; whole files through
 * the reader. Whatever comes is answered by an error or leaves machines whose invariants hold.
 */
#include "../file/tiny.h"

#include "core/check.h"
#include "core/draw.h"
#include "file/codec.h"
#include "file/codec_plain.h"
#include "file/explain.h"
#include "file/inquiry.h"
#include "file/replay.h"
#include "file/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES 10000
#define FILES 1500

static const char *const words[] = {
    "0",           "-1",          "1",
    "2147483647",  "-2147483648", "2147483648",
    "1000000",     "999999",      "9223372036854775807",
    "1e9",         "0.5",         "null",
    "true",        "{}",          "[]",
    "\"\"",        "\"t1\"",      "\"t2147483647\"",
    "\"i1\"",      "\"i16\"",     "\"d1\"",
    "\"s1\"",      "\"g1\"",      "\"STOPPED\"",
    "\"RUNNING\"", "\"random\"",  "\"memberOf\"",
    "\"tick\"",
};

static const char *const members[] = {
    "\"task\":",
    "\"instance\":",
    "\"count\":",
    "\"cpu\":",
    "\"memory\":",
    "\"container\":",
    "\"epoch\":",
    "\"service\":",
    "\"group\":",
    "\"containers\":",
    "\"kind\":",
    "\"id\":",
    "\"zones\":",
    "\"definition\":",
    "\"hostPort\":",
    "\"dependsOn\":",
    "\"stopTimeoutUsec\":",
    "\"placementStrategy\":",
    "\"taskDefinition\":",
    "\"name\":",
    "\"attribute\":",
    "\"type\":",
    "\"family\":",
    "\"expression\":",
    "\"desiredCount\":",
};

static struct tiny run;
static char path[TINY_PATH_BYTES];
static int64_t rolls;

static int roll(int sides)
{
    return (int)draw_below(11, DRAW_WORK, 5, rolls++, (uint64_t)sides);
}

static void make_run(void)
{
    tiny_make_log(&run, path);
}

static void remove_run(void)
{
    tiny_remove_log(&run, path);
}

TestSuite(runlog_fuzz, .init = make_run, .fini = remove_run);

/* Puts `with` in the place of `n` bytes at `at`. */
static void splice(char *text, size_t size, size_t at, size_t n, const char *with)
{
    size_t length = strlen(text), added = strlen(with);

    if (at + n > length || length + added - n + 1 > size)
        return;
    memmove(text + at + added, text + at + n, length - at - n + 1);
    memcpy(text + at, with, added);
}

/* The length of the JSON scalar at `text`. */
static size_t scalar(const char *text)
{
    return *text == '"' ? strcspn(text + 1, "\"") + 2 : strcspn(text, ",}]");
}

/* The colon of some member, or of one that matters, or NULL. */
static char *find_colon(char *text)
{
    const char *member = members[roll((int)(sizeof members / sizeof *members))];
    char *at = text + roll((int)strlen(text));

    if (roll(2))
        at = strstr(roll(2) ? text : at, member);
    return at ? strchr(at, ':') : NULL;
}

/* Takes out the member before the colon, with one of the commas around it. */
static void drop_member(char *text, size_t size, const char *colon)
{
    const char *key = colon - 1;
    size_t n;

    while (key > text && key[-1] != '"')
        key--;
    key -= key > text;
    n = (size_t)(colon - key) + 1 + scalar(colon + 1);
    if (key[n] == ',')
        n++;
    else if (key > text && key[-1] == ',')
        key--, n++;
    splice(text, size, (size_t)(key - text), n, "");
}

static void mangle(char *text, size_t size)
{
    size_t length = strlen(text);
    char *colon = find_colon(text);
    char byte[2] = {(char)(1 + roll(255)), '\0'};

    switch (roll(8)) {
    case 0:
        splice(text, size, (size_t)roll((int)length), 1, byte);
        break;
    case 1:
        splice(text, size, (size_t)roll((int)length), (size_t)roll(12), "");
        break;
    case 2:
        if (colon)
            drop_member(text, size, colon);
        break;
    default:
        if (colon)
            splice(text, size, (size_t)(colon - text) + 1, scalar(colon + 1),
                   words[roll((int)(sizeof words / sizeof *words))]);
        break;
    }
}

static const char *broken(const struct replay *replay, char *detail, size_t size)
{
    const char *name = core_check(&replay->scheduler, detail, size);

    for (int i = 0; !name && i < replay->n_agents; i++)
        name = core_check_agent(&replay->agents[i], detail, size);
    return name;
}

/* What comes after a difference is no longer for the replay to judge: the machines alone. */
static void follow(struct replay *replay, struct story *story, const struct record *record)
{
    struct outputs outputs = {0};

    if (record->machine == ID_NONE && record->at_usec >= replay->scheduler.now_usec)
        scheduler_step(&replay->scheduler, record->at_usec, &record->event, &outputs);
    if (record->machine >= 0 && record->machine < replay->n_agents &&
        record->at_usec >= replay->agents[record->machine].now_usec)
        agent_step(&replay->agents[record->machine], record->at_usec, &record->event, &outputs);
    outputs_finish(&outputs);
    story_add(story, record);
}

static bool is_same(const struct record *a, const struct record *b)
{
    return a->machine == b->machine && a->seq == b->seq && a->at_usec == b->at_usec &&
           a->modelled == b->modelled && record_digest(1, a) == record_digest(1, b);
}

/* What the quick way takes, the long one takes to the same effect: a blank in front is nothing that berth would write.
 * `kept` has the room of the lines before. */
static bool read_both_ways(const char *text, struct record *kept)
{
    size_t length = strlen(text);
    struct buffer slow_text = {0}, logged = {0};
    struct record quick, slow;
    struct err err = {0};
    uint64_t digest = 0;

    record_empty(kept);
    if (!codec_plain_record(text, length, &quick)) {
        (void)codec_plain_logged(text, length, kept, &digest); /* leaves something or not */
        return false;
    }
    buffer_add(&slow_text, " %s", text);
    cr_assert(codec_read_record(slow_text.text, slow_text.length, &slow, &err), "%s: %s", err.text,
              text);
    buffer_add(&logged, "%.*s,\"h\":\"0123456789abcdef\"}", (int)length - 1, text);
    cr_assert(codec_plain_logged(logged.text, logged.length, kept, &digest), "%s", text);
    cr_assert(digest == UINT64_C(0x0123456789abcdef));
    cr_assert(is_same(&quick, &slow) && is_same(&quick, kept), "read otherwise: %s", text);
    record_finish(&slow);
    record_finish(&quick);
    buffer_finish(&slow_text);
    buffer_finish(&logged);
    return true;
}

/* The line instead of the run's record `index`, and what it does to those that follow. */
static void replay_line(int index, const char *text, int64_t *n_read)
{
    struct record record;
    struct replay replay;
    struct story story;
    struct err err = {0};
    char detail[256] = "";

    if (!codec_read_record(text, strlen(text), &record, &err)) {
        cr_assert(err.text[0] && err.code == EXIT_INPUT, "%s", text);
        return;
    }
    ++*n_read;
    replay_init(&replay, TINY_SEED, TINY_EPOCH_USEC);
    story_init(&story);
    for (int i = 0; i < index; i++) {
        cr_assert(replay_step(&replay, &run.records[i], &err), "%s", err.text);
        story_add(&story, &run.records[i]);
    }
    if (!replay_step(&replay, &record, &err))
        cr_assert(err.text[0] && err.code == EXIT_ANSWER, "%s", text);
    story_add(&story, &record);
    for (int i = index + 1; i < run.n_records && i < index + 60; i++)
        follow(&replay, &story, &run.records[i]);
    cr_assert(!broken(&replay, detail, sizeof detail), "%s: %s",
              broken(&replay, detail, sizeof detail), text);
    story_finish(&story);
    replay_finish(&replay);
    record_finish(&record);
}

Test(runlog_fuzz, no_line_is_too_much)
{
    struct record kept = {0};
    struct buffer line = {0};
    int64_t n_read = 0;
    int n_quick = 0;
    char *text = malloc(1 << 16);

    for (int i = 0; i < LINES; i++) {
        int index = roll(roll(2) ? run.n_records : 12); /* the first ones say most */

        buffer_clear(&line);
        codec_write_record(&line, &run.records[index]);
        cr_assert(line.length < 1 << 15);
        strcpy(text, line.text);
        for (int n = 1 + roll(3); n > 0; n--)
            mangle(text, 1 << 16);
        n_quick += read_both_ways(text, &kept);
        replay_line(index, text, &n_read);
    }
    cr_assert(n_read > LINES / 20, "only %ld lines came through the codec", (long)n_read);
    cr_assert(n_quick > LINES / 20 && n_quick < LINES, "%d lines were plain", n_quick);
    record_finish(&kept);
    free(text);
    buffer_finish(&line);
}

static char *read_file(size_t *length)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 20);

    *length = fread(text, 1, (1 << 20) - 1, file);
    text[*length] = '\0';
    cr_assert(*length < (1 << 20) - 1);
    fclose(file);
    return text;
}

static void use_file(void)
{
    struct replay replay;
    struct explain explain;
    struct inquiry inquiry;
    struct story story;
    struct run_header header;
    struct err err = {0};

    if (!replay_file(&replay, path, &err))
        cr_assert(err.text[0] && (err.code == EXIT_ANSWER || err.code == EXIT_INPUT), "%s",
                  err.text);
    replay_finish(&replay);
    if (story_load(&story, path, &header, NULL, &err)) {
        run_header_finish(&header);
        story_finish(&story);
    }
    if (!explain_task(&explain, path, roll(12), USEC_NEVER, &err))
        cr_assert(err.text[0] && err.code != EXIT_BUG, "%s", err.text);
    explain_finish(&explain);
    if (inquiry_open(&inquiry, path, NULL, &err))
        for (int i = 0; i < 3 && inquiry.state != INQUIRY_FAILED; i++) {
            inquiry_ask(&inquiry, roll(12), roll(2) ? USEC_NEVER : roll(1 << 24));
            inquiry_work(&inquiry, roll(100));
            inquiry_work(&inquiry, -1);
        }
    if (inquiry.state == INQUIRY_FAILED)
        cr_assert(inquiry.err.text[0] && inquiry.err.code != EXIT_BUG, "%s", inquiry.err.text);
    inquiry_close(&inquiry);
}

Test(runlog_fuzz, no_file_is_too_much)
{
    size_t length;
    char *text = read_file(&length);

    for (int i = 0; i < FILES; i++) {
        FILE *file = fopen(path, "w");
        char *copy = malloc(length + 1);
        size_t n = length;

        memcpy(copy, text, length + 1);
        for (int m = 1 + roll(4); m > 0; m--)
            copy[roll((int)length)] = roll(4) ? (char)roll(256) : '\n';
        if (roll(3) == 0)
            n = (size_t)roll((int)length);
        cr_assert(fwrite(copy, 1, n, file) == n && fclose(file) == 0);
        free(copy);
        use_file();
    }
    free(text);
}
