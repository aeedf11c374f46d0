/*
 * EC2 instance types that a scenario may name without describing them. Memory is what an agent
 * registers, which is less than what is advertised: the kernel and the hypervisor keep a part
 * (ECS developer guide, memory-management: m4.large has 8192 MiB and registers 7985).
 */
#include "model/world.h"

#include <string.h>

#define VCPU(n) ((n)*CPU_UNITS_PER_VCPU)

/* A task in awsvpc takes a network interface of its own; the instance keeps one for itself (ECS best
 * practices guide: c5.large has 3, so 2 tasks, where trunking is off). */
#define ENIS(n) ((n)-1)

/* vCPUs, GPUs and network interfaces from the EC2 instance type pages. m4.large's memory is AWS's own figure; the others are
 * illustrative, of the size that agents on Amazon Linux 2 report. */
static const struct instance_type types[] = {
    {"t2.micro", VCPU(1), 983, .enis = ENIS(2)},
    {"t3.nano", VCPU(2), 440, .enis = ENIS(2)},
    {"t3.micro", VCPU(2), 936, .enis = ENIS(2)},
    {"t3.small", VCPU(2), 1930, .enis = ENIS(3)},
    {"t3.medium", VCPU(2), 3884, .enis = ENIS(3)},
    {"t3.large", VCPU(2), 7820, .enis = ENIS(3)},
    {"t3.xlarge", VCPU(4), 15817, .enis = ENIS(4)},
    {"t3.2xlarge", VCPU(8), 31810, .enis = ENIS(4)},
    {"m4.large", VCPU(2), 7985, .enis = ENIS(2)},
    {"m5.large", VCPU(2), 7764, .enis = ENIS(3)},
    {"m5.xlarge", VCPU(4), 15743, .enis = ENIS(4)},
    {"m5.2xlarge", VCPU(8), 31693, .enis = ENIS(4)},
    {"m5.4xlarge", VCPU(16), 63600, .enis = ENIS(8)},
    {"m5.8xlarge", VCPU(32), 127400, .enis = ENIS(8)},
    {"m5.12xlarge", VCPU(48), 191300, .enis = ENIS(8)},
    {"m5.16xlarge", VCPU(64), 255200, .enis = ENIS(15)},
    {"m5.24xlarge", VCPU(96), 383000, .enis = ENIS(15)},
    {"c5.large", VCPU(2), 3758, .enis = ENIS(3)},
    {"c5.xlarge", VCPU(4), 7660, .enis = ENIS(4)},
    {"c5.2xlarge", VCPU(8), 15500, .enis = ENIS(4)},
    {"c5.4xlarge", VCPU(16), 31000, .enis = ENIS(8)},
    {"c5.9xlarge", VCPU(36), 70300, .enis = ENIS(8)},
    {"r5.large", VCPU(2), 15740, .enis = ENIS(3)},
    {"r5.xlarge", VCPU(4), 31690, .enis = ENIS(4)},
    {"r5.2xlarge", VCPU(8), 63600, .enis = ENIS(4)},
    {"p3.2xlarge", VCPU(8), 61000, .gpus = 1, .enis = ENIS(4)},
    {"p3.8xlarge", VCPU(32), 245000, .gpus = 4, .enis = ENIS(8)},
    {"g4dn.xlarge", VCPU(4), 15700, .gpus = 1, .enis = ENIS(3)},
    {"g4dn.12xlarge", VCPU(48), 188000, .gpus = 4, .enis = ENIS(8)},
};

#define N_TYPES ((int)(sizeof types / sizeof types[0]))

const struct instance_type *instance_type_find(const char *name)
{
    for (int i = 0; i < N_TYPES; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

const struct instance_type *instance_types(int *n)
{
    *n = N_TYPES;
    return types;
}

struct request_behaviour request_behaviour_default(void)
{
    return (struct request_behaviour){
        .work = distribution_constant(0),
        .wait = distribution_constant(0),
        .concurrency = 16,
        .line_max = 1000,
    };
}

struct behaviour behaviour_default(void)
{
    return (struct behaviour){
        .ready = distribution_constant(0),
        .work = distribution_constant(0),
        .threads = 1,
        .idle_usec = 10 * USEC_PER_SEC,
        .exit_code = 0,
        .unhealthy_after_usec = USEC_NEVER,
        .request = request_behaviour_default(),
    };
}
