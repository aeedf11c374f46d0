/*
 * The codec loses nothing: every kind of message with every member filled, every text a C string
 * can hold; and it takes nothing that it would not have written.
 */
#include "file/codec.h"

#include "core/array.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#define VARIANTS 40

static void same_after_a_round_trip(const struct message *message)
{
    struct buffer buffer = {0};
    struct message back;
    struct err err = {0};
    char path[256] = "";
    json_t *parsed;

    codec_write_message(&buffer, message);
    parsed = json_loads(buffer.text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(parsed != NULL, "not JSON: %s", buffer.text);
    json_decref(parsed);
    cr_assert(codec_read_message(buffer.text, buffer.length, &back, &err), "%s: %s", err.text,
              buffer.text);
    cr_assert(message_equal(message, &back, path, sizeof path), "%s differs in %s: %s",
              message_kind_names[message->kind], path, buffer.text);
    cr_assert(message_digest(message, 1) == message_digest(&back, 1));
    message_finish(&back);
    buffer_finish(&buffer);
}

Test(codec, every_kind_comes_back_as_it_was)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        struct message nothing = message_new(kind);

        same_after_a_round_trip(&nothing);
        for (int variant = 0; variant < VARIANTS; variant++) {
            struct message message = sample_message(kind, variant);

            same_after_a_round_trip(&message);
            message_finish(&message);
        }
    }
}

Test(codec, every_text_comes_back_as_it_was)
{
    struct message message = message_new(MESSAGE_IMAGE_PULLED);
    char text[5] = "";

    /* Every pair of bytes, then every lead byte before the bytes at the edges of UTF-8's ranges. */
    message.as.fact.error = text;
    for (int first = 1; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            text[0] = (char)first;
            text[1] = (char)second;
            text[2] = '\0';
            same_after_a_round_trip(&message);
        }
    for (int first = 0xe0; first < 0xf8; first++)
        for (int i = 0; i < 512; i++) {
            static const char edges[] = "\x7f\x80\x8f\x90\x9f\xa0\xbe\xbf";

            text[0] = (char)first;
            text[1] = edges[i & 7];
            text[2] = edges[i >> 3 & 7];
            text[3] = edges[i >> 6 & 7];
            same_after_a_round_trip(&message);
        }
}

Test(codec, what_is_written_reads_as_designed)
{
    struct message message = message_new(MESSAGE_PLACE_TASK);
    struct record record = {.machine = 0, .seq = 4, .at_usec = 120034, .modelled = true};
    struct buffer buffer = {0};

    message.id = 3;
    message.as.place_task.task = 4;
    message.as.place_task.instance = 1;
    message.as.place_task.epoch = 1;
    message.as.place_task.taskdef = 0;
    record.event = message;
    codec_write_record(&buffer, &record);
    cr_assert_str_eq(buffer.text,
                     "{\"m\":\"i1\",\"seq\":4,\"t\":120034,\"modelled\":true,\"event\":"
                     "{\"kind\":\"placeTask\",\"id\":3,\"task\":\"t5\",\"instance\":"
                     "\"i2\",\"epoch\":1,\"taskDefinition\":\"d1\"}}");
    buffer_finish(&buffer);
}

Test(codec, records_come_back_as_they_were)
{
    for (int variant = 0; variant < VARIANTS; variant++) {
        struct record record = {
            .machine = variant - 1, .seq = variant, .at_usec = -variant, .modelled = variant % 2};
        struct record back;
        struct buffer buffer = {0};
        struct err err = {0};

        record.event = sample_message(variant % MESSAGE_KINDS, variant);
        for (int i = 0; i < variant % 4; i++)
            *ARRAY_ADD(&record.outputs, messages) =
                sample_message((variant + i) % MESSAGE_KINDS, i);
        codec_write_record(&buffer, &record);
        cr_assert(codec_read_record(buffer.text, buffer.length, &back, &err), "%s", err.text);
        cr_assert(back.machine == record.machine && back.seq == record.seq &&
                  back.at_usec == record.at_usec && back.modelled == record.modelled);
        cr_assert(record_digest(variant, &back) == record_digest(variant, &record), "%s",
                  buffer.text);
        record_finish(&record);
        record_finish(&back);
        buffer_finish(&buffer);
    }
}

Test(codec, the_digest_sees_every_part_of_a_record)
{
    struct record record = {.machine = 1, .seq = 2, .at_usec = 3};
    struct record other = record;
    struct message output = message_new(MESSAGE_END);
    uint64_t digest = record_digest(0, &record);

    cr_assert(record_digest(1, &record) != digest);
    other.machine++;
    cr_assert(record_digest(0, &other) != digest);
    other = record;
    other.seq++;
    cr_assert(record_digest(0, &other) != digest);
    other = record;
    other.at_usec++;
    cr_assert(record_digest(0, &other) != digest);
    other = record;
    other.modelled = true;
    cr_assert(record_digest(0, &other) != digest);
    other = record;
    other.event.kind = MESSAGE_END;
    cr_assert(record_digest(0, &other) != digest);
    other = record;
    other.outputs = (struct outputs){&output, 1, 1};
    cr_assert(record_digest(0, &other) != digest);
}

Test(codec, what_it_would_not_write_is_refused_by_name)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "not JSON"},
        {"[]", "wanted an object"},
        {"{}", "kind: missing"},
        {"{\"kind\":\"fly\"}", "kind: found \"fly\", wanted one of tick, instanceGroup"},
        {"{\"kind\":5}", "kind: found 5"},
        {"{\"kind\":\"end\",\"kind\":\"end\"}", "duplicate"},
        {"{\"kind\":\"end\",\"id\":-1}", "id: found -1"},
        {"{\"kind\":\"end\",\"size\":1}", "size: found 1, wanted no member of that name"},
        {"{\"kind\":\"StopTask\",\"task\":\"t0\"}",
         "task: found \"t0\", wanted an id such as \"t1\""},
        {"{\"kind\":\"StopTask\",\"task\":\"i1\"}", "task: found \"i1\""},
        {"{\"kind\":\"StopTask\",\"task\":\"t01\"}", "task: found \"t01\""},
        {"{\"kind\":\"StopTask\",\"task\":\"t1 \"}", "task: found"},
        {"{\"kind\":\"StopTask\",\"task\":\"t2147483648\"}", "task: found"},
        {"{\"kind\":\"StopTask\",\"task\":\"t99999999999999999999\"}", "task: found"},
        {"{\"kind\":\"StopTask\",\"task\":1}", "task: found 1"},
        {"{\"kind\":\"RunTask\",\"taskDefinition\":\"d1\"}", "count: missing"},
        {"{\"kind\":\"RunTask\",\"count\":2147483648}",
         "count: found 2147483648, wanted an integer from -2147483648 to 2147483647"},
        {"{\"kind\":\"RunTask\",\"count\":1e2}", "count: found 100"},
        {"{\"kind\":\"RunTask\",\"count\":1,\"wait\":1}", "wait: found 1, wanted true or false"},
        {"{\"kind\":\"RunTask\",\"count\":1,\"group\":null}", "group: found null, wanted a string"},
        {"{\"kind\":\"RunTask\",\"count\":1,\"placementStrategy\":{}}", "wanted a list"},
        {"{\"kind\":\"RunTask\",\"count\":1,\"placementStrategy\":[{\"type\":\"random\"},{}]}",
         "placementStrategy[1].type: missing"},
        {"{\"kind\":\"RunTask\",\"count\":1,\"placementStrategy\":[7]}",
         "placementStrategy[0]: found 7, wanted an object"},
        {"{\"kind\":\"RegisterTaskDefinition\",\"definition\":{\"revision\":1,\"cpu\":0,"
         "\"memory\":0,\"networkMode\":\"wire\"}}",
         "definition.networkMode: found \"wire\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message message;
        struct err err = {0};

        cr_assert(!codec_read_message(cases[i].text, strlen(cases[i].text), &message, &err), "%s",
                  cases[i].text);
        cr_assert(strstr(err.text, cases[i].says) != NULL, "for %s it said: %s", cases[i].text,
                  err.text);
        cr_assert(err.code == EXIT_INPUT);
    }
}

Test(codec, records_are_refused_by_name)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\"seq\":1,\"t\":0,\"event\":{\"kind\":\"end\"}}", "m: missing"},
        {"{\"m\":\"t1\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"end\"}}", "m: found \"t1\""},
        {"{\"m\":\"s\",\"t\":0,\"event\":{\"kind\":\"end\"}}", "seq: missing"},
        {"{\"m\":\"s\",\"seq\":1,\"t\":0.5,\"event\":{\"kind\":\"end\"}}", "t: found 0.5"},
        {"{\"m\":\"s\",\"seq\":1,\"t\":0}", "event: missing"},
        {"{\"m\":\"s\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"end\",\"x\":1}}",
         "event.x: found 1"},
        {"{\"m\":\"s\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"end\"},\"outputs\":3}",
         "outputs: found 3"},
        {"{\"m\":\"s\",\"seq\":1,\"t\":0,\"event\":{\"kind\":\"end\"},\"outputs\":"
         "[{\"kind\":\"end\"},{\"kind\":\"removeTask\",\"task\":0}]}",
         "outputs[1].task: found 0"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record record;
        struct err err = {0};

        cr_assert(!codec_read_record(cases[i].text, strlen(cases[i].text), &record, &err), "%s",
                  cases[i].text);
        cr_assert(strstr(err.text, cases[i].says) != NULL, "for %s it said: %s", cases[i].text,
                  err.text);
    }
}
