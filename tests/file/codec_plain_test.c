/*
 * The quick way to read against the long one: whatever the quick one takes, the long one takes to the same effect,
 * also of texts that were changed; and it takes all that berth writes of plain words.
 */
#include "file/codec_plain.h"

#include "core/array.h"
#include "file/codec.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS 40

/* By the long way: a blank in front is nothing that berth would write. */
static bool read_long(const char *text, size_t length, struct record *record)
{
    char *other = malloc(length + 2);
    struct err err;
    bool ok;

    other[0] = ' ';
    memcpy(other + 1, text, length);
    other[length + 1] = '\0';
    ok = codec_read_record(other, length + 1, record, &err);
    free(other);
    return ok;
}

static void expect_same(const char *text, size_t length)
{
    struct record quick, slow;

    if (!codec_plain_record(text, length, &quick))
        return;
    cr_assert(read_long(text, length, &slow), "taken by the quick way alone: %.*s", (int)length,
              text);
    cr_assert(quick.machine == slow.machine && quick.seq == slow.seq &&
                  quick.at_usec == slow.at_usec && quick.modelled == slow.modelled &&
                  record_digest(1, &quick) == record_digest(1, &slow),
              "read otherwise: %.*s", (int)length, text);
    record_finish(&quick);
    record_finish(&slow);
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f || *text == '\\')
            return false;
    return true;
}

static void write_sample(struct buffer *buffer, int kind, int variant)
{
    struct record record = {
        .machine = variant % 3 - 1, .seq = variant, .at_usec = variant, .modelled = variant % 2};

    record.event = sample_message(kind, variant);
    for (int i = 0; i < variant % 3; i++)
        *ARRAY_ADD(&record.outputs, messages) =
            sample_message((kind + i) % MESSAGE_KINDS, variant + i);
    codec_write_record(buffer, &record);
    record_finish(&record);
}

Test(codec_plain, takes_what_is_written_in_plain_words)
{
    int n_plain = 0;

    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        for (int variant = 0; variant < VARIANTS; variant++) {
            struct buffer buffer = {0};
            struct record record;

            write_sample(&buffer, kind, variant);
            expect_same(buffer.text, buffer.length);
            /* numbers of 19 digits are left to the long way */
            if (codec_plain_record(buffer.text, buffer.length, &record)) {
                n_plain++;
                cr_expect(is_plain(buffer.text), "%s", buffer.text);
                record_finish(&record);
            }
            buffer_finish(&buffer);
        }
    }
    cr_expect(n_plain > MESSAGE_KINDS * VARIANTS / 20, "%d", n_plain);
}

Test(codec_plain, takes_an_ordinary_line)
{
    static const char line[] =
        "{\"m\":\"s\",\"seq\":199,\"t\":4160150,\"event\":{\"kind\":\"taskState\",\"id\":3,"
        "\"instance\":\"i5\","
        "\"epoch\":1,\"task\":\"t2515\",\"status\":\"RUNNING\",\"health\":\"UNKNOWN\","
        "\"containers\":[{\"status\":"
        "\"RUNNING\",\"health\":\"UNKNOWN\",\"restartCount\":0}]},\"h\":\"50c4fd8ad3606a3f\"}";
    struct record record = {0};
    uint64_t digest;

    cr_assert(codec_plain_logged(line, sizeof line - 1, &record, &digest));
    cr_expect_eq(digest, UINT64_C(0x50c4fd8ad3606a3f));
    cr_expect_eq(record.event.as.task_state.task, 2514);
    cr_expect_eq(record.event.as.task_state.n_containers, 1);
    record_finish(&record);
    for (size_t length = 0; length < sizeof line - 1; length++)
        cr_expect(!codec_plain_logged(line, length, &record, &digest), "%zu bytes of it", length);
    record_finish(&record);
}

/* Each byte changed to each of those that mean something, taken out and doubled. */
Test(codec_plain, takes_nothing_that_the_long_way_would_not)
{
    static const char bytes[] = "\"\\{}[],:0123456789-+.eE trufalsni\x01\x7f\x80";

    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        struct buffer buffer = {0};

        write_sample(&buffer, kind, 1);
        for (size_t at = 0; at < buffer.length; at += 1 + buffer.length / 200) {
            char *other = malloc(buffer.length + 2);

            memcpy(other, buffer.text, buffer.length + 1);
            for (size_t i = 0; i < sizeof bytes - 1; i++) {
                other[at] = bytes[i];
                expect_same(other, buffer.length);
            }
            memcpy(other + at, buffer.text + at + 1, buffer.length - at - 1);
            expect_same(other, buffer.length - 1);
            memcpy(other, buffer.text, at + 1);
            memcpy(other + at + 1, buffer.text + at, buffer.length - at);
            expect_same(other, buffer.length + 1);
            free(other);
        }
        buffer_finish(&buffer);
    }
}

Test(codec_plain, says_no_to_odd_numbers_and_ids)
{
    static const char *const seqs[] = {"01",   "-0", "1e3", "1.0", "+1", "", "12345678901234567890",
                                       "\"1\""};
    char line[200];
    struct record record;

    for (size_t i = 0; i < sizeof seqs / sizeof seqs[0]; i++) {
        int n = snprintf(line, sizeof line,
                         "{\"m\":\"s\",\"seq\":%s,\"t\":0,\"event\":{\"kind\":\"tick\"}}", seqs[i]);

        cr_expect(!codec_plain_record(line, (size_t)n, &record), "%s", seqs[i]);
        expect_same(line, (size_t)n);
    }
    cr_expect(!codec_plain_record("{\"m\":\"i0\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"tick\"}}",
                                  50, &record));
    cr_expect(!codec_plain_record("{\"m\":\"i01\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"tick\"}}",
                                  51, &record));
}
