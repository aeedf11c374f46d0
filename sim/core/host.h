/*
 * What an instance has and who holds it, as its agent keeps account
 * (agent/engine/host_resource_manager.go): CPU, memory, GPUs by id, ports by protocol. This is the
 * ledger that a task placed too early waits for. Knows nothing of containers' lives.
 */
#ifndef BERTH_CORE_HOST_H
#define BERTH_CORE_HOST_H

#include "core/message.h"

#define HOST_GPUS_MAX 62

struct host {
    int32_t cpu, memory_mib, gpus;
    int32_t cpu_used, memory_used_mib;
    int64_t gpus_used; /* a bit each */
    int32_t n_ports, cap_ports;
    struct host_port *ports; /* in use, the reserved ones first */
    int32_t first_dynamic, last_dynamic, next_dynamic;
};

/* What one container holds: a task has as many as its definition has containers. */
struct host_claim {
    int64_t gpus; /* a bit each */
    int32_t n_bindings;
    struct network_binding *bindings;
};

/* An empty host of that size; memory is what is left of the operating system's view after the
 * reservation (ecs_client.go, getResources; negative counts as none). */
void host_init(struct host *host, int32_t cpu, int32_t memory_mib, int32_t gpus,
               const struct agent_rules *rules);
void host_finish(struct host *host);

/* What the host lacks for a task of the definition now: PLACE_FITS, PLACE_CPU, PLACE_MEMORY, PLACE_GPU
 * or PLACE_PORTS. All or nothing. */
enum place_reason host_lacks(const struct host *host, const struct task_definition *definition);

/* Takes it: GPUs with the lowest free ids, in bridge mode a dynamic port for each mapping without a
 * host port, in turn through the range. It fits. */
void host_take(struct host *host, const struct task_definition *definition,
               struct host_claim *claims);

/* Gives it back; the claims' lists stay the caller's to free. */
void host_give(struct host *host, const struct task_definition *definition,
               const struct host_claim *claims);

#endif
