/*
 * Interfaces, addresses and routes of one network namespace, over rtnetlink. Everything returns 0
 * or -1 with errno. It must never know what a container, a task or an instance is.
 */
#ifndef BERTH_EXEC_NETLINK_H
#define BERTH_EXEC_NETLINK_H

#include <stdint.h>

struct mnl_socket;

/* The socket stays in the namespace in which it was opened, wherever its owner goes. */
struct netlink {
    struct mnl_socket *socket;
    uint32_t n_requests;
};

/* In the calling thread's network namespace. */
int netlink_open(struct netlink *netlink);
void netlink_close(struct netlink *netlink);

/* The index of an interface, or -1. */
int netlink_index(struct netlink *netlink, const char *name);

/* Makes a bridge, up, with a hardware address of its own: one that it took from its ports would
 * change with them. */
int netlink_add_bridge(struct netlink *netlink, const char *name, const uint8_t hardware[6]);

/* Makes a pair of interfaces: `name` here, up, at the bridge with index `bridge`, and `peer` in the
 * network namespace `peer_fd`, not yet up. */
int netlink_add_pair(struct netlink *netlink, const char *name, int bridge, const char *peer,
                     int peer_fd);

/* Makes an interface a port of a bridge, and up. */
int netlink_join(struct netlink *netlink, int index, int bridge);

int netlink_up(struct netlink *netlink, int index);

/* Addresses in host byte order, here and below. */
int netlink_add_address(struct netlink *netlink, int index, uint32_t address, int prefix);

/* A prefix of 0 is the default route. */
int netlink_add_route(struct netlink *netlink, uint32_t network, int prefix, uint32_t gateway);

#endif
