/*
 * One HTTP request and its answer over a socket that never blocks, as much as a source of load and a
 * prober need: the status, two of the balancer's headers, and where the answer ends. Spoken is HTTP/1.0
 * with keep-alive, to which no answer comes in chunks. It must never know why somebody asks.
 */
#ifndef BERTH_EXEC_EXCHANGE_H
#define BERTH_EXEC_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXCHANGE_REQUEST_MAX = 16384, EXCHANGE_HEAD_MAX = 8192 };

struct exchange {
    int fd;
    char *request; /* owned */
    size_t n_request, n_sent;
    char head[EXCHANGE_HEAD_MAX]; /* of the answer: until its empty line */
    size_t n_head;
    bool in_body;
    int64_t left; /* of the body; -1: until the connection's end */
    /* what has been understood */
    int32_t status; /* 0: nothing yet */
    bool keeps;     /* the connection can be used again */
    int32_t group;  /* berth-group; -1 */
    int32_t task;   /* that of berth-target; -1: it names none */
};

/* A connection under way to an address in host byte order; -1 with errno. */
int exchange_dial(uint32_t address, int32_t port);

/* Begins on a connected or connecting socket. `request` is copied. */
void exchange_begin(struct exchange *exchange, int fd, const char *request, size_t n_request);
void exchange_finish(struct exchange *exchange);

enum exchange_state { EXCHANGE_GOES_ON, EXCHANGE_DONE, EXCHANGE_BROKEN };

/* Sends and reads what can be; DONE: `status` holds, BROKEN: the peer has gone or talks nonsense. */
enum exchange_state exchange_go_on(struct exchange *exchange);

#endif
