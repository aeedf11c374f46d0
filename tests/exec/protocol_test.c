/*
 * The line between controller and agent: whatever is sent arrives, however it is cut, and nonsense
 * ends it.
 */
#include "exec/protocol.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct channel near, far;

static void set_up(void)
{
    int pair[2];

    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    channel_open(&near, pair[0]);
    channel_open(&far, pair[1]);
}

static void tear_down(void)
{
    channel_close(&near);
    channel_close(&far);
}

TestSuite(protocol, .init = set_up, .fini = tear_down);

static void write_raw(const char *text)
{
    cr_assert(send(near.fd, text, strlen(text), 0) == (ssize_t)strlen(text));
}

Test(protocol, structs_travel)
{
    struct text command[] = {{(char *)"sh"}, {(char *)"-c"}, {(char *)"echo \"h\xc3\xa9\n\""}};
    struct plan_container container = {.name = (char *)"web",
                                       .image = (char *)"nginx",
                                       .n_command = 3,
                                       .command = command,
                                       .weight_cpu = 128,
                                       .memory_bytes = INT64_C(1) << 40,
                                       .readonly_root = true};
    struct container_definition container_definition = {.name = (char *)"web",
                                                        .image = (char *)"nginx"};
    struct task_definition definition = {
        .family = (char *)"web", .n_containers = 1, .containers = &container_definition};
    struct plan plan = {.taskdef = 2,
                        .definition = &definition,
                        .quota_cpu = 256,
                        .n_containers = 1,
                        .containers = &container},
                read;
    struct line line;
    struct err err;
    char path[128];

    channel_send(&near, WORD_PLAN, &plan_schema, &plan);
    cr_assert(!channel_flush(&near));
    channel_fill(&far);
    cr_assert(channel_next(&far, &line));
    cr_assert(line.word == WORD_PLAN);
    cr_assert(codec_read_struct(line.json, line.length, &plan_schema, &read, &err), "%s", err.text);
    cr_expect(schema_equal(&plan_schema, &plan, &read, path, sizeof path), "%s differs", path);
    schema_finish(&plan_schema, &read);
}

Test(protocol, lines_may_come_in_pieces)
{
    static const char text[] = "finish {}\nfault {\"task\":\"t3\",\"container\":1}\nfinish {}\n";
    struct fault_order order;
    struct line line;
    struct err err;
    int n = 0;

    for (size_t i = 0; i < sizeof text - 1; i++) {
        cr_assert(send(near.fd, text + i, 1, 0) == 1);
        channel_fill(&far);
        while (channel_next(&far, &line)) {
            n++;
            cr_expect(line.word == (n == 2 ? WORD_FAULT : WORD_FINISH));
            if (n == 2) {
                cr_assert(
                    codec_read_struct(line.json, line.length, &fault_order_schema, &order, &err));
                cr_expect(order.task == 2 && order.container == 1);
            }
        }
    }
    cr_expect(n == 3 && !far.closed);
}

/* More than a socket holds: the rest waits until the other end has read. */
Test(protocol, a_slow_reader_loses_nothing)
{
    struct finished finished = {malloc(100000)};
    struct line line;
    int n = 0;

    memset(finished.error, 'x', 99999);
    finished.error[99999] = '\0';
    for (int i = 0; i < 50; i++) {
        channel_send(&near, WORD_FINISHED, &finished_schema, &finished);
    }
    cr_expect(channel_flush(&near), "five megabytes do not fit a socket at once");
    while (n < 50) {
        channel_flush(&near);
        channel_fill(&far);
        while (channel_next(&far, &line)) {
            cr_assert(line.length == 100000 + strlen("{\"error\":\"\"}") - 1);
            n++;
        }
    }
    cr_expect(!channel_flush(&near));
    free(finished.error);
}

Test(protocol, nonsense_ends_it)
{
    static const char *const cases[] = {"nonsense {}\n", "\n", "{}\n", "finish\n", "finished{}\n"};
    struct line line;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tear_down();
        set_up();
        write_raw(cases[i]);
        write_raw("finish {}\n");
        channel_fill(&far);
        cr_expect(!channel_next(&far, &line), "%s", cases[i]);
        cr_expect(far.closed, "%s", cases[i]);
        cr_expect(!channel_next(&far, &line), "nothing is heard after it");
    }
}

Test(protocol, last_words_are_heard)
{
    struct line line;

    write_raw("finish {}\nfinish {}\nfini");
    channel_close(&near);
    channel_fill(&far);
    cr_expect(far.closed);
    cr_expect(channel_next(&far, &line));
    cr_expect(channel_next(&far, &line));
    cr_expect(!channel_next(&far, &line), "half a line is none");
}

/* What programs print is any bytes at all. */
Test(protocol, bytes_and_digits)
{
    char bytes[256], *text, *back;
    size_t n;

    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    for (size_t length = 0; length <= sizeof bytes; length += 64) {
        text = protocol_hex(bytes, length);
        back = protocol_unhex(text, &n);
        cr_expect(back && n == length && memcmp(back, bytes, n) == 0);
        free(text);
        free(back);
    }
    cr_expect_null(protocol_unhex("0", &n));
    cr_expect_null(protocol_unhex("0g", &n));
    cr_expect_null(protocol_unhex("0A", &n), "digits are small letters");
}
