/*
 * EC2 instance types that a scenario may name without describing them. Memory is what an agent
 * registers, which is less than what is advertised: the kernel and the hypervisor keep a part
 * (ECS developer guide, memory-management: m4.large has 8192 MiB and registers 7985).
 */
#include "model/world.h"

#include <string.h>

#define VCPU(n) ((n)*CPU_UNITS_PER_VCPU)

/* vCPUs from the EC2 instance type pages. m4.large's memory is AWS's own figure; the others are
 * illustrative, of the size that agents on Amazon Linux 2 report. */
static const struct instance_type types[] = {
    {.name = "t2.micro", .cpu = VCPU(1), .memory_mib = 983},
    {.name = "t3.nano", .cpu = VCPU(2), .memory_mib = 440},
    {.name = "t3.micro", .cpu = VCPU(2), .memory_mib = 936},
    {.name = "t3.small", .cpu = VCPU(2), .memory_mib = 1930},
    {.name = "t3.medium", .cpu = VCPU(2), .memory_mib = 3884},
    {.name = "t3.large", .cpu = VCPU(2), .memory_mib = 7820},
    {.name = "t3.xlarge", .cpu = VCPU(4), .memory_mib = 15817},
    {.name = "t3.2xlarge", .cpu = VCPU(8), .memory_mib = 31810},
    {.name = "m4.large", .cpu = VCPU(2), .memory_mib = 7985},
    {.name = "m5.large", .cpu = VCPU(2), .memory_mib = 7764},
    {.name = "m5.xlarge", .cpu = VCPU(4), .memory_mib = 15743},
    {.name = "m5.2xlarge", .cpu = VCPU(8), .memory_mib = 31693},
    {.name = "m5.4xlarge", .cpu = VCPU(16), .memory_mib = 63600},
    {.name = "m5.8xlarge", .cpu = VCPU(32), .memory_mib = 127400},
    {.name = "m5.12xlarge", .cpu = VCPU(48), .memory_mib = 191300},
    {.name = "m5.16xlarge", .cpu = VCPU(64), .memory_mib = 255200},
    {.name = "m5.24xlarge", .cpu = VCPU(96), .memory_mib = 383000},
    {.name = "c5.large", .cpu = VCPU(2), .memory_mib = 3758},
    {.name = "c5.xlarge", .cpu = VCPU(4), .memory_mib = 7660},
    {.name = "c5.2xlarge", .cpu = VCPU(8), .memory_mib = 15500},
    {.name = "c5.4xlarge", .cpu = VCPU(16), .memory_mib = 31000},
    {.name = "c5.9xlarge", .cpu = VCPU(36), .memory_mib = 70300},
    {.name = "r5.large", .cpu = VCPU(2), .memory_mib = 15740},
    {.name = "r5.xlarge", .cpu = VCPU(4), .memory_mib = 31690},
    {.name = "r5.2xlarge", .cpu = VCPU(8), .memory_mib = 63600},
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
