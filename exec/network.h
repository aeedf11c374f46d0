/*
 * The networks of one instance, all in network namespaces of berth's own: the instance's, which has
 * an address in the run's cloud and a bridge inside, and one for each container in bridge mode or
 * task in awsvpc mode. It must never know what runs in them.
 */
#ifndef BERTH_EXEC_NETWORK_H
#define BERTH_EXEC_NETWORK_H

#include "core/message.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>

struct network;

/* A namespace to live in; it ends when the descriptor is closed and nobody lives there. */
struct network_seat {
    int fd;           /* -1: none */
    uint32_t address; /* host byte order */
};

#define NETWORK_NO_SEAT ((struct network_seat){-1, 0})

/* Moves the calling process, which has one thread, into the instance's namespace (and into the user
 * namespace that owns the cloud), attaches it to the cloud and starts the port mapping. `cloud_fd`
 * is borrowed. */
bool network_open(struct network **network, int cloud_fd, int32_t instance, struct err *err);

/* All mappings end, seats stay their holders'. */
void network_close(struct network *network);

/* The instance's own namespace and address, for containers in host mode. */
struct network_seat network_host(const struct network *network);

/* A new namespace with eth0 at the instance's bridge: bridge mode. At most 253 at a time. */
bool network_join_bridge(struct network *network, struct network_seat *seat, struct err *err);

/* A new namespace with eth0 in the cloud: awsvpc mode. */
bool network_join_cloud(struct network *network, int32_t task, struct network_seat *seat,
                        struct err *err);

/* A new namespace with lo alone. */
bool network_join_none(struct network *network, struct network_seat *seat, struct err *err);

void network_leave(struct network *network, struct network_seat *seat);

/* From the instance's hostPort to the seat's containerPort. Fails where the port is taken. */
bool network_map(struct network *network, const struct network_seat *seat,
                 const struct network_binding *binding, struct err *err);
void network_unmap(struct network *network, const struct network_seat *seat,
                   const struct network_binding *binding);

#endif
