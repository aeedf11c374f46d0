/*
 * Taking and giving, whole tasks at a time.
 */
#include "core/host.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A reservation below nothing stands in broken logs alone. */
static int32_t left_to_tasks(int32_t memory_mib, int32_t reserved_mib)
{
    int32_t reserved = reserved_mib > 0 ? reserved_mib : 0;

    return memory_mib > reserved ? memory_mib - reserved : 0;
}

void host_init(struct host *host, int32_t cpu, int32_t memory_mib, int32_t gpus,
               const struct agent_rules *rules)
{
    *host = (struct host){
        .cpu = cpu,
        .memory_mib = left_to_tasks(memory_mib, rules->reserved_memory_mib),
        .gpus = gpus < 0               ? 0
                : gpus > HOST_GPUS_MAX ? HOST_GPUS_MAX
                                       : gpus,
        .first_dynamic = rules->first_dynamic_port,
        .last_dynamic = rules->last_dynamic_port,
        .next_dynamic = rules->first_dynamic_port,
    };
    for (int i = 0; i < rules->n_reserved; i++)
        *ARRAY_ADD(host, ports) = rules->reserved[i];
}

void host_finish(struct host *host)
{
    free(host->ports);
    *host = (struct host){0};
}

static bool port_used(const struct host *host, int32_t port, enum port_protocol protocol)
{
    for (int i = 0; i < host->n_ports; i++)
        if (host->ports[i].port == port && host->ports[i].protocol == protocol)
            return true;
    return false;
}

static int32_t count_free_gpus(const struct host *host)
{
    int32_t n = host->gpus;

    for (int i = 0; i < host->gpus; i++)
        n -= (int32_t)(host->gpus_used >> i & 1);
    return n;
}

enum place_reason host_lacks(const struct host *host, const struct task_definition *definition)
{
    if (taskdef_cpu(definition) > host->cpu - host->cpu_used)
        return PLACE_CPU;
    if (taskdef_memory_mib(definition) > host->memory_mib - host->memory_used_mib)
        return PLACE_MEMORY;
    if (taskdef_gpus(definition, host->gpus) > count_free_gpus(host))
        return PLACE_GPU;
    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++)
            if (taskdef_host_port(definition, c, i) > 0 &&
                port_used(host, taskdef_host_port(definition, c, i),
                          definition->containers[c].ports[i].protocol))
                return PLACE_PORTS;
    return PLACE_FITS;
}

static int64_t take_gpus(struct host *host, int32_t n)
{
    int64_t taken = 0;

    for (int i = 0; i < host->gpus && (n > 0 || n == GPUS_ALL); i++) {
        if (host->gpus_used >> i & 1)
            continue;
        taken |= INT64_C(1) << i;
        n -= n != GPUS_ALL;
    }
    host->gpus_used |= taken;
    return taken;
}

/* The next free port of the range, or 0 where all are in use: the mapping then has none. */
static int32_t dynamic_port(struct host *host, enum port_protocol protocol)
{
    for (int32_t n = host->first_dynamic; n <= host->last_dynamic; n++) {
        int32_t port = host->next_dynamic;

        host->next_dynamic = port >= host->last_dynamic ? host->first_dynamic : port + 1;
        if (!port_used(host, port, protocol))
            return port;
    }
    return 0;
}

static void take_ports(struct host *host, const struct task_definition *definition, int c,
                       struct host_claim *claim)
{
    const struct container_definition *container = &definition->containers[c];

    claim->n_bindings = 0;
    claim->bindings = NULL;
    if (container->n_ports == 0 ||
        (definition->network_mode != NETWORK_BRIDGE && definition->network_mode != NETWORK_HOST))
        return;
    claim->bindings = calloc((size_t)container->n_ports, sizeof *claim->bindings);
    assert(claim->bindings != NULL);
    for (int i = 0; i < container->n_ports; i++) {
        const struct port_mapping *mapping = &container->ports[i];
        int32_t port = taskdef_host_port(definition, c, i);

        if (port == 0)
            port = dynamic_port(host, mapping->protocol);
        if (port == 0)
            continue;
        *ARRAY_ADD(host, ports) = (struct host_port){port, mapping->protocol};
        claim->bindings[claim->n_bindings++] =
            (struct network_binding){mapping->container_port, port, mapping->protocol};
    }
}

void host_take(struct host *host, const struct task_definition *definition,
               struct host_claim *claims)
{
    host->cpu_used += taskdef_cpu(definition);
    host->memory_used_mib += taskdef_memory_mib(definition);
    for (int c = 0; c < definition->n_containers; c++) {
        claims[c].gpus = take_gpus(host, definition->containers[c].gpus);
        take_ports(host, definition, c, &claims[c]);
    }
}

static void give_port(struct host *host, const struct network_binding *binding)
{
    for (int i = host->n_ports - 1; i >= 0; i--) {
        if (host->ports[i].port == binding->host_port &&
            host->ports[i].protocol == binding->protocol) {
            memmove(&host->ports[i], &host->ports[i + 1],
                    (size_t)(host->n_ports - i - 1) * sizeof *host->ports);
            host->n_ports--;
            return;
        }
    }
}

void host_give(struct host *host, const struct task_definition *definition,
               const struct host_claim *claims)
{
    host->cpu_used -= taskdef_cpu(definition);
    host->memory_used_mib -= taskdef_memory_mib(definition);
    for (int c = 0; c < definition->n_containers; c++) {
        host->gpus_used &= ~claims[c].gpus;
        for (int i = 0; i < claims[c].n_bindings; i++)
            give_port(host, &claims[c].bindings[i]);
    }
}
