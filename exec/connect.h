/*
 * A container's place in the networks: what its task's networkMode and its ports mean here, and the
 * files that name hosts. It must never start anything.
 */
#ifndef BERTH_EXEC_CONNECT_H
#define BERTH_EXEC_CONNECT_H

#include "core/message.h"
#include "exec/network.h"
#include "exec/protocol.h"
#include "file/err.h"

#include <stdbool.h>

/* Of one container. */
struct connection {
    struct network_seat seat;
    bool shared; /* the seat is the instance's or the task's */
    int32_t n_mapped;
    struct network_binding *mapped;
    char *hosts, *resolv_conf; /* as in struct container_spec */
};

/* Of one task, made with its first container in awsvpc mode. */
struct connection_task {
    int32_t task;
    const struct plan *plan;
    struct network_seat seat;
};

/* Makes container `index`'s place and maps its ports. `network` NULL: there is none, so every mode
 * is "none". `others` are the connections of all containers of the task, by which links find each
 * other. On failure nothing is left. */
bool connect_make(struct connection *connection, struct network *network,
                  struct connection_task *task, int index, const struct connection *const *others,
                  const struct create_container *order, struct err *err);

/* Its ports are free again; it may still run. */
void connect_unmap(struct connection *connection, struct network *network);

/* After its container is gone. */
void connect_end(struct connection *connection, struct network *network);

#endif
