/*
 * An answer is read into `head` until its empty line, then its body is counted and forgotten.
 */
#include "exec/exchange.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int exchange_dial(uint32_t address, int32_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(address)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    return fd;
}

void exchange_begin(struct exchange *exchange, int fd, const char *request, size_t n_request)
{
    exchange->fd = fd;
    exchange->request = malloc(n_request);
    assert(exchange->request);
    memcpy(exchange->request, request, n_request);
    exchange->n_request = n_request;
    exchange->n_sent = exchange->n_head = 0;
    exchange->in_body = exchange->keeps = false;
    exchange->left = -1;
    exchange->status = 0;
    exchange->group = exchange->task = -1;
}

void exchange_finish(struct exchange *exchange)
{
    free(exchange->request);
    exchange->request = NULL;
}

/* ---- the answer ---- */

/* What stands behind a header's name, or NULL. */
static const char *value_of(const char *line, const char *name)
{
    size_t n = strlen(name);

    if (strncasecmp(line, name, n) != 0 || line[n] != ':') {
        return NULL;
    }
    line += n + 1;
    return line + strspn(line, " \t");
}

/* "t4" is task 3. */
static int32_t task_of(const char *value)
{
    long number = value[0] == 't' ? strtol(value + 1, NULL, 10) : 0;

    return number > 0 && number <= INT32_MAX ? (int32_t)number - 1 : -1;
}

static void take_header(struct exchange *exchange, const char *line)
{
    const char *value;

    if ((value = value_of(line, "content-length"))) {
        exchange->left = strtoll(value, NULL, 10);
    } else if ((value = value_of(line, "connection"))) {
        exchange->keeps = strncasecmp(value, "keep-alive", 10) == 0;
    } else if ((value = value_of(line, "berth-group"))) {
        exchange->group = (int32_t)strtol(value, NULL, 10);
    } else if ((value = value_of(line, "berth-target"))) {
        exchange->task = task_of(value);
    }
}

/* "HTTP/1.1 200 OK" and the headers, each ended by zero. */
static bool take_head(struct exchange *exchange)
{
    char *line = exchange->head, *end;

    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12) {
        return false;
    }
    exchange->status = (int32_t)strtol(line + 9, NULL, 10);
    while ((end = strpbrk(line, "\r\n"))) {
        *end = '\0';
        if (line > exchange->head) {
            take_header(exchange, line);
        }
        line = end + 1;
        line += *line == '\n';
    }
    if (exchange->status == 204 || exchange->status == 304) {
        exchange->left = 0;
    }
    exchange->keeps &= exchange->left >= 0;
    return exchange->status >= 100 && exchange->status <= 599 && exchange->left >= -1;
}

/* Where the head ends in what has been read, or NULL. */
static char *end_of_head(struct exchange *exchange)
{
    char *end = strstr(exchange->head, "\r\n\r\n");

    return end ? end + 4 : NULL;
}

static enum exchange_state take_body(struct exchange *exchange, size_t n)
{
    if (exchange->left < 0) {
        return EXCHANGE_GOES_ON;
    }
    if ((int64_t)n > exchange->left) {
        return EXCHANGE_BROKEN;
    }
    exchange->left -= (int64_t)n;
    return exchange->left == 0 ? EXCHANGE_DONE : EXCHANGE_GOES_ON;
}

static enum exchange_state take_bytes(struct exchange *exchange, size_t n)
{
    size_t n_body;
    char *end;

    exchange->n_head += n;
    exchange->head[exchange->n_head] = '\0';
    end = end_of_head(exchange);
    if (!end) {
        return exchange->n_head == EXCHANGE_HEAD_MAX - 1 ? EXCHANGE_BROKEN : EXCHANGE_GOES_ON;
    }
    n_body = exchange->n_head - (size_t)(end - exchange->head);
    end[-2] = '\0';
    if (!take_head(exchange)) {
        return EXCHANGE_BROKEN;
    }
    exchange->in_body = true;
    return take_body(exchange, n_body);
}

static enum exchange_state receive(struct exchange *exchange)
{
    char body[16384];

    for (;;) {
        char *to = exchange->in_body ? body : exchange->head + exchange->n_head;
        size_t room = exchange->in_body ? sizeof body : EXCHANGE_HEAD_MAX - 1 - exchange->n_head;
        ssize_t n = recv(exchange->fd, to, room, 0);
        enum exchange_state state;

        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? EXCHANGE_GOES_ON : EXCHANGE_BROKEN;
        }
        if (n == 0) {
            return exchange->in_body && exchange->left < 0 ? EXCHANGE_DONE : EXCHANGE_BROKEN;
        }
        state =
            exchange->in_body ? take_body(exchange, (size_t)n) : take_bytes(exchange, (size_t)n);
        if (state != EXCHANGE_GOES_ON) {
            return state;
        }
    }
}

enum exchange_state exchange_go_on(struct exchange *exchange)
{
    while (exchange->n_sent < exchange->n_request) {
        ssize_t n = send(exchange->fd, exchange->request + exchange->n_sent,
                         exchange->n_request - exchange->n_sent, MSG_NOSIGNAL);

        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? EXCHANGE_GOES_ON : EXCHANGE_BROKEN;
        }
        exchange->n_sent += (size_t)n;
    }
    return receive(exchange);
}
