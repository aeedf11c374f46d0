/*
 * What is understood of an answer, in whatever pieces it comes.
 */
#include "exec/exchange.h"

#include "core/draw.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct outcome {
    enum exchange_state state;
    int32_t status, group;
    bool keeps;
    int32_t task;
};

/* Gives it `bytes` in pieces of `step`, then the end of the connection where `ends`. */
static struct outcome answer(const char *bytes, size_t n, size_t step, bool ends)
{
    static struct exchange exchange;
    enum exchange_state state = EXCHANGE_GOES_ON;
    struct outcome outcome;
    int pair[2];

    cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    exchange_begin(&exchange, pair[0], "GET", 3);
    for (size_t at = 0; at < n && state == EXCHANGE_GOES_ON; at += step) {
        size_t size = n - at < step ? n - at : step;

        cr_assert(write(pair[1], bytes + at, size) == (ssize_t)size);
        state = exchange_go_on(&exchange);
    }
    if (ends && state == EXCHANGE_GOES_ON) {
        shutdown(pair[1], SHUT_WR);
        state = exchange_go_on(&exchange);
    }
    outcome =
        (struct outcome){state, exchange.status, exchange.group, exchange.keeps, exchange.task};
    exchange_finish(&exchange);
    close(pair[0]);
    close(pair[1]);
    return outcome;
}

Test(exchange, answers)
{
    static const struct {
        const char *bytes;
        bool ends;
        struct outcome is;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
         false,
         {EXCHANGE_DONE, 200, -1, true, -1}},
        {"HTTP/1.0 200 OK\r\ncontent-length: 0\r\nberth-group: 12\r\nberth-target: t4\r\n"
         "connection: keep-alive\r\n\r\n",
         false,
         {EXCHANGE_DONE, 200, 12, true, 3}},
        {"HTTP/1.1 503 No\r\nberth-group: 0\r\nberth-target: \r\ncontent-length: 2\r\n\r\nxy",
         false,
         {EXCHANGE_DONE, 503, 0, false, -1}},
        {"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\nuntil the end",
         true,
         {EXCHANGE_DONE, 200, -1, false, -1}},
        {"HTTP/1.1 204 None\r\nconnection: keep-alive\r\n\r\n",
         false,
         {EXCHANGE_DONE, 204, -1, true, -1}},
        {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
         true,
         {EXCHANGE_BROKEN, 200, -1, false, -1}},
        {"HTTP/1.1 200 OK\r\n", true, {EXCHANGE_BROKEN, 0, -1, false, -1}},
        {"", true, {EXCHANGE_BROKEN, 0, -1, false, -1}},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", false, {EXCHANGE_BROKEN, 0, -1, false, -1}},
        {"HTTP/1.1 9999999999 X\r\n\r\n", false, {EXCHANGE_BROKEN, 0, -1, false, -1}},
        {"HTTP/1.1 200 OK\r\ncontent-length: -7\r\n\r\n",
         false,
         {EXCHANGE_BROKEN, 200, -1, false, -1}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome *is = &cases[i].is;

        for (size_t step = 1; step < 80; step += 13) {
            struct outcome got =
                answer(cases[i].bytes, strlen(cases[i].bytes), step, cases[i].ends);

            cr_expect(got.state == is->state, "%zu by %zu: state %d", i, step, (int)got.state);
            cr_expect(is->status == 0 || got.status == is->status, "%zu: status %d", i, got.status);
            cr_expect(
                is->state != EXCHANGE_DONE ||
                    (got.group == is->group && got.keeps == is->keeps && got.task == is->task),
                "%zu by %zu: group %d, task %d", i, step, got.group, got.task);
        }
    }
}

Test(exchange, a_head_without_end)
{
    size_t n = EXCHANGE_HEAD_MAX + 10;
    char *bytes = malloc(n);

    cr_assert(bytes != NULL);
    memset(bytes, 'x', n);
    memcpy(bytes, "HTTP/1.1 200 OK\r\n", 17);
    cr_expect(answer(bytes, n, 1000, false).state == EXCHANGE_BROKEN);
    free(bytes);
}

/* Nonsense is survived: mutations of an answer, in pieces. */
Test(exchange, mangled)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n"
                               "berth-group: 1\r\nberth-target: t1\r\n\r\nberth";

    for (int i = 0; i < 5000; i++) {
        char bytes[sizeof good];
        size_t n = sizeof good - 1 - draw_below(1, DRAW_WORK, i, 0, 20);

        memcpy(bytes, good, sizeof good);
        for (int j = 0; j < 4; j++) {
            bytes[draw_below(1, DRAW_WORK, i, 1 + j, n)] =
                (char)draw_below(1, DRAW_WORK, i, 11 + j, 256);
        }
        answer(bytes, n, 1 + draw_below(1, DRAW_WORK, i, 30, n), true);
    }
}
