/*
 * The network outside of all instances of a run: a network namespace with one bridge, to which every
 * instance and every task with an address of its own is attached. Its only trace is a descriptor, so
 * it ends with whoever holds that. The machine's own network is never touched: nothing leads there.
 */
#ifndef BERTH_EXEC_CLOUD_H
#define BERTH_EXEC_CLOUD_H

#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>

struct netlink;

/* Everything in 10.213.0.0/16, host byte order: the bridge itself, instances (i1 is 10.213.0.11),
 * and tasks in awsvpc mode (t1 is 10.213.128.1). */
#define CLOUD_PREFIX 16
#define CLOUD_BRIDGE "cloud"

uint32_t cloud_address(void);
uint32_t cloud_instance_address(int32_t instance);
uint32_t cloud_task_address(int32_t task);

/* The network inside an instance, in which its containers in bridge mode are: the n-th 256 of
 * 172.16.0.0. */
#define CLOUD_INNER_PREFIX 24
#define CLOUD_INNER_MAX 4095 /* instances that have one */
uint32_t cloud_inner_address(int32_t instance);

/* The numbers that have an address: below both. */
#define CLOUD_INSTANCES_MAX 32000
#define CLOUD_TASKS_MAX 32000

/* An address as text, in a buffer that the next call but three uses again. */
const char *cloud_text(uint32_t address);

/* Makes the namespace, without root together with a user namespace that owns it. `fd` is the
 * caller's, closed on exec, and above those that are given to agents. */
bool cloud_open(int *fd, struct err *err);

/* The calling process, which has one thread, gets the rights to change the cloud: nothing where it
 * has them. */
bool cloud_enter_owner(int fd, struct err *err);

/* In the cloud: the way to an instance's inner network. Returns 0 or -1 with errno. */
int cloud_add_route(struct netlink *netlink, int32_t instance);

/* Whether this user can make interfaces for guests here: /dev/net/tun is root's alone on some
 * machines, and missing in most containers. False: `err` says why. */
bool cloud_has_taps(struct err *err);

/* Makes a tap, a port of the cloud's bridge, for a guest that is that instance. The descriptor is the
 * caller's, closed on exec; with it the interface goes. -1 without a cloud (-1) or without taps: its
 * containers then have no networks. */
bool cloud_tap(int cloud_fd, int32_t instance, int *fd, struct err *err);

/* Whether the descriptor is a network namespace. */
bool cloud_is_network(int fd);

#endif
