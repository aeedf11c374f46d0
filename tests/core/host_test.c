/*
 * The host's ledger: all or nothing, ports by protocol, GPUs one by one, dynamic ports in turn.
 */
#include "core/host.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct host_port reserved[] = {{22, PROTOCOL_TCP}, {1000, PROTOCOL_UDP}};

static struct agent_rules rules(void)
{
    struct agent_rules rules = agent_rules_default;

    rules.n_reserved = 2;
    rules.reserved = reserved;
    rules.first_dynamic_port = 50000;
    rules.last_dynamic_port = 50002;
    rules.reserved_memory_mib = 100;
    return rules;
}

Test(host, no_reservation_makes_memory)
{
    static const int32_t reservations[] = {-1, INT32_MIN, 0, 2048, INT32_MAX};
    struct agent_rules given = rules();

    for (size_t i = 0; i < sizeof reservations / sizeof reservations[0]; i++) {
        struct host host;

        given.reserved_memory_mib = reservations[i];
        host_init(&host, 2048, 2048, 4, &given);
        cr_expect_eq(host.memory_mib, reservations[i] > 0 ? 0 : 2048, "%d", reservations[i]);
        host_finish(&host);
    }
}

Test(host, what_a_task_lacks)
{
    static const struct {
        int32_t cpu, memory_mib, gpus, port;
        enum port_protocol protocol;
        enum place_reason lacks;
    } rows[] = {
        {2048, 1948, 4, 23, PROTOCOL_TCP, PLACE_FITS},
        {2049, 1, 0, 23, PROTOCOL_TCP, PLACE_CPU},
        {1, 1949, 0, 23, PROTOCOL_TCP, PLACE_MEMORY}, /* 100 MiB are the agent's */
        {1, 1, 5, 23, PROTOCOL_TCP, PLACE_GPU},
        {1, 1, GPUS_ALL, 23, PROTOCOL_TCP, PLACE_FITS},
        {1, 1, 0, 22, PROTOCOL_TCP, PLACE_PORTS},
        {1, 1, 0, 22, PROTOCOL_UDP, PLACE_FITS},
        {1, 1, 0, 1000, PROTOCOL_UDP, PLACE_PORTS},
    };
    struct agent_rules given = rules();
    struct host host;

    host_init(&host, 2048, 2048, 4, &given);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct port_mapping port = {rows[i].port, rows[i].port, rows[i].protocol};
        struct container_definition container = {
            .gpus = rows[i].gpus, .n_ports = 1, .ports = &port};
        struct task_definition definition = {.cpu = rows[i].cpu,
                                             .memory_mib = rows[i].memory_mib,
                                             .network_mode = NETWORK_HOST,
                                             .n_containers = 1,
                                             .containers = &container};

        cr_assert(host_lacks(&host, &definition) == rows[i].lacks, "row %zu", i);
    }
    host_finish(&host);
}

Test(host, takes_and_gives_back)
{
    struct port_mapping ports[] = {{80, 0, PROTOCOL_TCP}, {81, 50001, PROTOCOL_TCP}};
    struct container_definition container = {.gpus = 2, .n_ports = 2, .ports = ports};
    struct task_definition definition = {.cpu = 512,
                                         .memory_mib = 768,
                                         .network_mode = NETWORK_BRIDGE,
                                         .n_containers = 1,
                                         .containers = &container};
    struct agent_rules given = rules();
    struct host_claim claim, again;
    struct host host;

    host_init(&host, 2048, 2048, 4, &given);
    host_take(&host, &definition, &claim);
    cr_assert(host.cpu_used == 512 && host.memory_used_mib == 768 && host.gpus_used == 3);
    cr_assert(claim.n_bindings == 2 && claim.bindings[0].host_port == 50000);
    cr_assert(claim.bindings[1].host_port == 50001 && host.n_ports == 4);
    cr_assert(host_lacks(&host, &definition) == PLACE_PORTS);
    host_give(&host, &definition, &claim);
    cr_assert(host.cpu_used == 0 && host.memory_used_mib == 0 && host.gpus_used == 0);
    cr_assert(host.n_ports == 2 && host_lacks(&host, &definition) == PLACE_FITS);
    /* a port that has just been given back is not the next one */
    host_take(&host, &definition, &again);
    cr_assert(again.bindings[0].host_port != 50000);
    free(claim.bindings);
    free(again.bindings);
    host_finish(&host);
}
