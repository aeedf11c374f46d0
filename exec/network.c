/*
 * The agent's thread goes to a namespace only to open a socket or a new namespace there, and comes
 * back at once: its home is the instance's namespace. A pair of interfaces is made from the bridge's
 * side, with its other end in the new namespace from the start.
 *
 * Without address translation, which not every kernel has, a container's own address is what others
 * see: so each instance's inner network has numbers of its own and the cloud has a route to it.
 */
#include "exec/network.h"

#include "exec/cloud.h"
#include "exec/forward.h"
#include "exec/netlink.h"
#include "exec/setting.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INNER_BRIDGE "docker0"
#define INNER_FIRST 2
#define INNER_LAST 254

struct network {
    int32_t instance;
    int home_fd;
    struct netlink cloud, home;
    int cloud_bridge, inner_bridge; /* indexes of interfaces */
    struct forward forward;
    uint32_t next; /* the last part of the next container's address */
    uint32_t n_pairs;
    bool taken[INNER_LAST + 1];
};

static bool refused(struct err *err, const char *what)
{
    return err_errno(err, errno, "cannot make a network: %s", what);
}

static int own_namespace(void)
{
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static uint32_t inner_address(const struct network *network, uint32_t last)
{
    return cloud_inner_address(network->instance) + last;
}

/* ---- the instance ---- */

static bool attach_instance(struct network *network, struct err *err)
{
    char name[16];
    int eth0;

    snprintf(name, sizeof name, "i%d", network->instance + 1);
    if (netlink_up(&network->home, 1) != 0) {
        return refused(err, "lo");
    }
    if (netlink_add_pair(&network->cloud, name, network->cloud_bridge, "eth0", network->home_fd) !=
        0) {
        return refused(err, "pair");
    }
    eth0 = netlink_index(&network->home, "eth0");
    if (eth0 < 0 || netlink_up(&network->home, eth0) != 0 ||
        netlink_add_address(&network->home, eth0, cloud_instance_address(network->instance),
                            CLOUD_PREFIX) != 0 ||
        netlink_add_route(&network->home, 0, 0, cloud_address()) != 0) {
        return refused(err, "address");
    }
    return true;
}

static bool make_inner_bridge(struct network *network, struct err *err)
{
    uint32_t address = inner_address(network, 1);
    const uint8_t hardware[6] = {0x02,
                                 0x42,
                                 (uint8_t)(address >> 24),
                                 (uint8_t)(address >> 16),
                                 (uint8_t)(address >> 8),
                                 (uint8_t)address};

    if (netlink_add_bridge(&network->home, INNER_BRIDGE, hardware) != 0) {
        return refused(err, "bridge");
    }
    network->inner_bridge = netlink_index(&network->home, INNER_BRIDGE);
    if (network->inner_bridge < 0 || netlink_add_address(&network->home, network->inner_bridge,
                                                         address, CLOUD_INNER_PREFIX) != 0) {
        return refused(err, "address");
    }
    /* In a guest this end of the cloud has no address: the host's end has the route. */
    if (cloud_add_route(&network->cloud, network->instance) != 0 && errno != ENETUNREACH) {
        return refused(err, "route");
    }
    return setting_write("/proc/sys/net/ipv4/ip_forward", "1") == 0 || refused(err, "forwarding");
}

/* Sockets in both namespaces; ends in the new one. */
static bool move_in(struct network *network, int cloud_fd, struct err *err)
{
    if (!cloud_enter_owner(cloud_fd, err)) {
        return false;
    }
    if (setns(cloud_fd, CLONE_NEWNET) != 0 || netlink_open(&network->cloud) != 0) {
        return refused(err, "the cloud");
    }
    network->cloud_bridge = netlink_index(&network->cloud, CLOUD_BRIDGE);
    if (network->cloud_bridge < 0) {
        return refused(err, "the cloud's bridge");
    }
    if (unshare(CLONE_NEWNET) != 0 || (network->home_fd = own_namespace()) < 0 ||
        netlink_open(&network->home) != 0) {
        return refused(err, "namespace");
    }
    /* All interfaces to come speak IPv4 alone, as Docker's do. */
    setting_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    setting_write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    return true;
}

bool network_open(struct network **out, int cloud_fd, int32_t instance, struct err *err)
{
    struct network *network = calloc(1, sizeof *network);

    assert(network);
    network->instance = instance;
    network->home_fd = -1;
    network->next = INNER_FIRST;
    if (instance >= CLOUD_INNER_MAX) {
        err_set(err, EXIT_MACHINE, "more than %d instances have no addresses", CLOUD_INNER_MAX);
    } else if (move_in(network, cloud_fd, err) && attach_instance(network, err) &&
               make_inner_bridge(network, err) && forward_start(&network->forward, err)) {
        *out = network;
        return true;
    }
    network_close(network);
    return false;
}

void network_close(struct network *network)
{
    forward_stop(&network->forward);
    netlink_close(&network->cloud);
    netlink_close(&network->home);
    if (network->home_fd >= 0) {
        close(network->home_fd);
    }
    free(network);
}

struct network_seat network_host(const struct network *network)
{
    return (struct network_seat){network->home_fd, cloud_instance_address(network->instance)};
}

/* ---- seats ---- */

/* In the new namespace: what a container finds there. */
static bool furnish(struct netlink *inside, struct err *err)
{
    if (netlink_open(inside) != 0 || netlink_up(inside, 1) != 0) {
        return refused(err, "lo");
    }
    setting_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    /* As Docker: low ports and ping need no rights in a namespace of one's own. */
    setting_write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    setting_write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
    return true;
}

/* A new namespace with lo, and a socket in it. */
static bool make_seat(const struct network *network, struct network_seat *seat,
                      struct netlink *inside, struct err *err)
{
    bool ok;

    *seat = NETWORK_NO_SEAT;
    *inside = (struct netlink){0};
    if (unshare(CLONE_NEWNET) != 0) {
        return refused(err, "namespace");
    }
    seat->fd = own_namespace();
    ok = (seat->fd >= 0 || refused(err, "namespace")) && furnish(inside, err);
    if (setns(network->home_fd, CLONE_NEWNET) != 0) {
        abort(); /* nobody knows where we are */
    }
    return ok;
}

/* eth0 with its address, and the way out. */
static bool connect_seat(struct netlink *outside, const char *name, int bridge,
                         struct netlink *inside, const struct network_seat *seat, int prefix,
                         uint32_t gateway, struct err *err)
{
    int eth0;

    if (netlink_add_pair(outside, name, bridge, "eth0", seat->fd) != 0) {
        return refused(err, "pair");
    }
    eth0 = netlink_index(inside, "eth0");
    return (eth0 >= 0 && netlink_up(inside, eth0) == 0 &&
            netlink_add_address(inside, eth0, seat->address, prefix) == 0 &&
            netlink_add_route(inside, 0, 0, gateway) == 0) ||
           refused(err, "address");
}

static bool finish_seat(struct network *network, struct network_seat *seat, struct netlink *inside,
                        bool ok)
{
    netlink_close(inside);
    if (!ok) {
        network_leave(network, seat);
    }
    return ok;
}

bool network_join_none(struct network *network, struct network_seat *seat, struct err *err)
{
    struct netlink inside;

    return finish_seat(network, seat, &inside, make_seat(network, seat, &inside, err));
}

/* In turn, so that an address is not given again while others still remember who had it. */
static bool take_address(struct network *network, struct network_seat *seat, struct err *err)
{
    for (int i = INNER_FIRST; i <= INNER_LAST; i++) {
        uint32_t last = network->next;

        network->next = last == INNER_LAST ? INNER_FIRST : last + 1;
        if (!network->taken[last]) {
            network->taken[last] = true;
            seat->address = inner_address(network, last);
            return true;
        }
    }
    return err_set(err, EXIT_MACHINE, "the instance's %d inner addresses are all taken",
                   INNER_LAST - INNER_FIRST + 1);
}

bool network_join_bridge(struct network *network, struct network_seat *seat, struct err *err)
{
    struct netlink inside;
    char name[16];
    bool ok = make_seat(network, seat, &inside, err) && take_address(network, seat, err);

    snprintf(name, sizeof name, "veth%u", ++network->n_pairs);
    ok = ok && connect_seat(&network->home, name, network->inner_bridge, &inside, seat,
                            CLOUD_INNER_PREFIX, inner_address(network, 1), err);
    return finish_seat(network, seat, &inside, ok);
}

bool network_join_cloud(struct network *network, int32_t task, struct network_seat *seat,
                        struct err *err)
{
    struct netlink inside;
    char name[16];
    bool ok;

    if (task >= CLOUD_TASKS_MAX) {
        return err_set(err, EXIT_MACHINE, "task %d has no address left", task + 1);
    }
    ok = make_seat(network, seat, &inside, err);
    seat->address = cloud_task_address(task);
    snprintf(name, sizeof name, "t%d", task + 1);
    ok = ok && connect_seat(&network->cloud, name, network->cloud_bridge, &inside, seat,
                            CLOUD_PREFIX, cloud_address(), err);
    return finish_seat(network, seat, &inside, ok);
}

void network_leave(struct network *network, struct network_seat *seat)
{
    if (seat->address > inner_address(network, 0) && seat->address <= inner_address(network, 255)) {
        network->taken[seat->address & 255] = false;
    }
    if (seat->fd >= 0) {
        close(seat->fd);
    }
    *seat = NETWORK_NO_SEAT;
}

/* ---- ports ---- */

static struct forward_rule rule_of(const struct network_seat *seat,
                                   const struct network_binding *binding)
{
    return (struct forward_rule){
        .protocol = binding->protocol,
        .host_port = (uint16_t)binding->host_port,
        .port = (uint16_t)binding->container_port,
        .address = seat->address,
    };
}

bool network_map(struct network *network, const struct network_seat *seat,
                 const struct network_binding *binding, struct err *err)
{
    struct forward_rule rule = rule_of(seat, binding);

    return forward_add(&network->forward, &rule, err);
}

void network_unmap(struct network *network, const struct network_seat *seat,
                   const struct network_binding *binding)
{
    struct forward_rule rule = rule_of(seat, binding);

    forward_remove(&network->forward, &rule);
}
