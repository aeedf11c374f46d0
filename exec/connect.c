/*
 * ECS's network modes (ECS developer guide, task-networking) in terms of seats, and Docker's manner
 * of writing /etc/hosts and /etc/resolv.conf.
 */
#include "exec/connect.h"

#include "exec/cloud.h"
#include "file/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the seat ---- */

static bool take_task_seat(struct connection *connection, struct network *network,
                           struct connection_task *task, struct err *err)
{
    if (task->seat.fd < 0 && !network_join_cloud(network, task->task, &task->seat, err)) {
        return false;
    }
    connection->seat = task->seat;
    connection->shared = true;
    return true;
}

static bool take_seat(struct connection *connection, struct network *network,
                      struct connection_task *task, int index, struct err *err)
{
    enum network_mode mode = task->plan->definition->network_mode;

    if (!network) {
        return true; /* a namespace with nothing but lo is what it gets without a seat */
    }
    if (task->plan->containers[index].no_network) {
        mode = NETWORK_NONE;
    }
    switch (mode) {
    case NETWORK_HOST:
        connection->seat = network_host(network);
        connection->shared = true;
        return true;
    case NETWORK_AWSVPC:
        return take_task_seat(connection, network, task, err);
    case NETWORK_BRIDGE:
        return network_join_bridge(network, &connection->seat, err);
    case NETWORK_NONE:
        return network_join_none(network, &connection->seat, err);
    }
    return false;
}

/* ---- ports ---- */

/* Only the bridge's containers need it: the others' ports are where they listen. */
static bool map_ports(struct connection *connection, struct network *network,
                      const struct create_container *order, struct err *err)
{
    if (connection->shared || !connection->seat.address || order->n_bindings == 0) {
        return true;
    }
    connection->mapped = calloc((size_t)order->n_bindings, sizeof *connection->mapped);
    assert(connection->mapped);
    for (int i = 0; i < order->n_bindings; i++) {
        if (!network_map(network, &connection->seat, &order->bindings[i], err)) {
            return false;
        }
        connection->mapped[connection->n_mapped++] = order->bindings[i];
    }
    return true;
}

void connect_unmap(struct connection *connection, struct network *network)
{
    while (connection->n_mapped > 0) {
        network_unmap(network, &connection->seat, &connection->mapped[--connection->n_mapped]);
    }
}

/* ---- names ---- */

static void add_line(struct buffer *text, const char *first, const char *second)
{
    buffer_add_text(text, first);
    buffer_add_text(text, second[0] ? "\t" : "");
    buffer_add_text(text, second);
    buffer_add_text(text, "\n");
}

static void write_hosts(struct connection *connection, const struct plan_container *plan,
                        const struct connection *const *others)
{
    struct buffer text = {0};

    add_line(&text, "127.0.0.1", "localhost");
    add_line(&text, "::1", "localhost ip6-localhost ip6-loopback");
    for (int i = 0; i < plan->n_hosts; i++) {
        add_line(&text, plan->hosts[i].text, "");
    }
    for (int i = 0; i < plan->n_links; i++) {
        uint32_t address = others[plan->links[i].container]->seat.address;

        if (address) {
            add_line(&text, cloud_text(address), plan->links[i].alias);
        }
    }
    if (connection->seat.address) {
        add_line(&text, cloud_text(connection->seat.address),
                 plan->hostname ? plan->hostname : plan->name);
    }
    connection->hosts = text.text;
}

static void write_resolv_conf(struct connection *connection, const struct plan_container *plan)
{
    struct buffer text = {0};

    buffer_add_text(&text, "# by berth: no name server but those of the task definition\n");
    for (int i = 0; i < plan->n_dns_search; i++) {
        buffer_add_text(&text, i ? " " : "search ");
        buffer_add_text(&text, plan->dns_search[i].text);
        buffer_add_text(&text, i == plan->n_dns_search - 1 ? "\n" : "");
    }
    for (int i = 0; i < plan->n_dns_servers; i++) {
        buffer_add_text(&text, "nameserver ");
        buffer_add_text(&text, plan->dns_servers[i].text);
        buffer_add_text(&text, "\n");
    }
    connection->resolv_conf = text.text;
}

/* ---- the whole ---- */

bool connect_make(struct connection *connection, struct network *network,
                  struct connection_task *task, int index, const struct connection *const *others,
                  const struct create_container *order, struct err *err)
{
    *connection = (struct connection){.seat = NETWORK_NO_SEAT};
    if (!take_seat(connection, network, task, index, err) ||
        !map_ports(connection, network, order, err)) {
        connect_end(connection, network);
        return false;
    }
    write_hosts(connection, &task->plan->containers[index], others);
    write_resolv_conf(connection, &task->plan->containers[index]);
    return true;
}

void connect_end(struct connection *connection, struct network *network)
{
    connect_unmap(connection, network);
    if (network && !connection->shared) {
        network_leave(network, &connection->seat);
    }
    free(connection->mapped);
    free(connection->hosts);
    free(connection->resolv_conf);
    *connection = (struct connection){.seat = NETWORK_NO_SEAT};
}
