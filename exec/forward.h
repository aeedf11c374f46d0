/*
 * Port mapping as docker-proxy does it: a small process that listens on an instance's ports and
 * carries bytes to containers' ports, so that no firewall of the kernel is needed. It lives in the
 * network namespace of the process that starts it and dies with it. It must never know what a
 * container is: it has addresses and ports.
 */
#ifndef BERTH_EXEC_FORWARD_H
#define BERTH_EXEC_FORWARD_H

#include "core/taskdef.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct forward {
    pid_t pid; /* 0: not started */
    int fd;
};

/* Host byte order. */
struct forward_rule {
    enum port_protocol protocol;
    uint16_t host_port; /* on every address of the namespace */
    uint16_t port;
    uint32_t address;
};

/* Forks: call it early, while there is little to copy and only one thread. */
bool forward_start(struct forward *forward, struct err *err);
void forward_stop(struct forward *forward);

/* Returns when it listens. Fails where the host port is taken. */
bool forward_add(struct forward *forward, const struct forward_rule *rule, struct err *err);

/* Ends its connections too. */
void forward_remove(struct forward *forward, const struct forward_rule *rule);

#endif
