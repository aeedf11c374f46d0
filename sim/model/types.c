/*
 * EC2 instance types that a scenario may name without describing them. Memory is what an agent
 * registers, which is less than what is advertised: the kernel and the hypervisor keep a part
 * (ECS developer guide, memory-management: m4.large has 8192 MiB and registers 7985).
 */
#include "model/world.h"

#include <string.h>

/* vCPUs, GPUs and network interfaces from the EC2 instance type pages, of which an instance keeps one for
 * itself (ECS best practices guide: c5.large has 3, so 2 tasks in awsvpc); the tasks with ENI trunking from the
 * table of the ECS developer guide, container-instance-eni, which has no burstable types and no g4dn; the 7th
 * generation's and g6's, which the table that could be read does not have yet, as their forerunners'. m4.large's
 * memory is AWS's own figure (developer guide, memory-management); the others are illustrative, of the size
 * that agents on Amazon Linux 2 report; what is missing from the advertised memory is the operating system's.
 * On-demand prices: us-east-1, Linux, as of 2025, illustrative; Spot prices move, here they are a typical share
 * of those. */
#define TYPE(type, vcpus, memory, n_gpus, n_enis, n_trunk, os, on_demand, spot)                    \
    {                                                                                              \
        .name = (type), .cpu = (vcpus)*CPU_UNITS_PER_VCPU, .memory_mib = (memory),                 \
        .gpus = (n_gpus), .enis = (n_enis)-1, .trunk_enis = (n_trunk), .os_mib = (os),             \
        .price = (int64_t)((on_demand)*1e9 + 0.5), .spot_price = (int64_t)((spot)*1e9 + 0.5)       \
    }

static const struct instance_type types[] = {
    /* vCPUs, MiB registered, GPUs, ENIs, tasks with trunking, MiB kept, dollars: on-demand, Spot */
    TYPE("t2.micro", 1, 983, 0, 2, 0, 41, 0.0116, 0.0035),
    TYPE("t3.nano", 2, 440, 0, 2, 0, 72, 0.0052, 0.00156),
    TYPE("t3.micro", 2, 936, 0, 2, 0, 88, 0.0104, 0.00312),
    TYPE("t3.small", 2, 1930, 0, 3, 0, 118, 0.0208, 0.00624),
    TYPE("t3.medium", 2, 3884, 0, 3, 0, 212, 0.0416, 0.01248),
    TYPE("t3.large", 2, 7820, 0, 3, 0, 372, 0.0832, 0.02496),
    TYPE("t3.xlarge", 4, 15817, 0, 4, 0, 567, 0.1664, 0.04992),
    TYPE("t3.2xlarge", 8, 31810, 0, 4, 0, 958, 0.3328, 0.09984),
    TYPE("t4g.nano", 2, 471, 0, 2, 0, 41, 0.0042, 0.00126),
    TYPE("t4g.micro", 2, 942, 0, 2, 0, 82, 0.0084, 0.00252),
    TYPE("t4g.small", 2, 1884, 0, 3, 0, 164, 0.0168, 0.00504),
    TYPE("t4g.medium", 2, 3770, 0, 3, 0, 326, 0.0336, 0.01008),
    TYPE("t4g.large", 2, 7760, 0, 3, 0, 432, 0.0672, 0.02016),
    TYPE("t4g.xlarge", 4, 15741, 0, 4, 0, 643, 0.1344, 0.04032),
    TYPE("t4g.2xlarge", 8, 31702, 0, 4, 0, 1066, 0.2688, 0.08064),
    TYPE("m4.large", 2, 7985, 0, 2, 0, 207, 0.1, 0.036),
    TYPE("m5.large", 2, 7764, 0, 3, 10, 428, 0.096, 0.03456),
    TYPE("m5.xlarge", 4, 15743, 0, 4, 20, 641, 0.192, 0.06912),
    TYPE("m5.2xlarge", 8, 31693, 0, 4, 40, 1075, 0.384, 0.13824),
    TYPE("m5.4xlarge", 16, 63600, 0, 8, 60, 1936, 0.768, 0.27648),
    TYPE("m5.8xlarge", 32, 127400, 0, 8, 60, 3672, 1.536, 0.55296),
    TYPE("m5.12xlarge", 48, 191300, 0, 8, 60, 5308, 2.304, 0.82944),
    TYPE("m6i.large", 2, 7760, 0, 3, 10, 432, 0.096, 0.03456),
    TYPE("m6i.xlarge", 4, 15741, 0, 4, 20, 643, 0.192, 0.06912),
    TYPE("m6i.2xlarge", 8, 31702, 0, 4, 40, 1066, 0.384, 0.13824),
    TYPE("m6i.4xlarge", 16, 63625, 0, 8, 60, 1911, 0.768, 0.27648),
    TYPE("m6i.8xlarge", 32, 127470, 0, 8, 90, 3602, 1.536, 0.55296),
    TYPE("m7i.large", 2, 7760, 0, 3, 10, 432, 0.1008, 0.03629),
    TYPE("m7i.xlarge", 4, 15741, 0, 4, 20, 643, 0.2016, 0.07258),
    TYPE("m7i.2xlarge", 8, 31702, 0, 4, 40, 1066, 0.4032, 0.14515),
    TYPE("m7i.4xlarge", 16, 63625, 0, 8, 60, 1911, 0.8064, 0.2903),
    TYPE("m7g.large", 2, 7760, 0, 3, 10, 432, 0.0816, 0.02938),
    TYPE("m7g.xlarge", 4, 15741, 0, 4, 20, 643, 0.1632, 0.05875),
    TYPE("m7g.2xlarge", 8, 31702, 0, 4, 40, 1066, 0.3264, 0.1175),
    TYPE("m7g.4xlarge", 16, 63625, 0, 8, 60, 1911, 0.6528, 0.23501),
    TYPE("c5.large", 2, 3758, 0, 3, 10, 338, 0.085, 0.0306),
    TYPE("c5.xlarge", 4, 7660, 0, 4, 20, 532, 0.17, 0.0612),
    TYPE("c5.2xlarge", 8, 15500, 0, 4, 40, 884, 0.34, 0.1224),
    TYPE("c5.4xlarge", 16, 31000, 0, 8, 60, 1768, 0.68, 0.2448),
    TYPE("c5.9xlarge", 36, 70300, 0, 8, 60, 3428, 1.53, 0.5508),
    TYPE("c5.18xlarge", 72, 143431, 0, 15, 120, 4025, 3.06, 1.1016),
    TYPE("c6i.large", 2, 3770, 0, 3, 10, 326, 0.085, 0.0306),
    TYPE("c6i.xlarge", 4, 7760, 0, 4, 20, 432, 0.17, 0.0612),
    TYPE("c6i.2xlarge", 8, 15741, 0, 4, 40, 643, 0.34, 0.1224),
    TYPE("c6i.4xlarge", 16, 31702, 0, 8, 60, 1066, 0.68, 0.2448),
    TYPE("c7i.large", 2, 3770, 0, 3, 10, 326, 0.08925, 0.03213),
    TYPE("c7i.xlarge", 4, 7760, 0, 4, 20, 432, 0.1785, 0.06426),
    TYPE("c7i.2xlarge", 8, 15741, 0, 4, 40, 643, 0.357, 0.12852),
    TYPE("c7i.4xlarge", 16, 31702, 0, 8, 60, 1066, 0.714, 0.25704),
    TYPE("c7g.large", 2, 3770, 0, 3, 10, 326, 0.0725, 0.0261),
    TYPE("c7g.xlarge", 4, 7760, 0, 4, 20, 432, 0.145, 0.0522),
    TYPE("c7g.2xlarge", 8, 15741, 0, 4, 40, 643, 0.29, 0.1044),
    TYPE("c7g.4xlarge", 16, 31702, 0, 8, 60, 1066, 0.58, 0.2088),
    TYPE("r5.large", 2, 15740, 0, 3, 10, 644, 0.126, 0.04536),
    TYPE("r5.xlarge", 4, 31690, 0, 4, 20, 1078, 0.252, 0.09072),
    TYPE("r5.2xlarge", 8, 63600, 0, 4, 40, 1936, 0.504, 0.18144),
    TYPE("r5.4xlarge", 16, 127470, 0, 8, 60, 3602, 1.008, 0.36288),
    TYPE("r6i.large", 2, 15741, 0, 3, 10, 643, 0.126, 0.04536),
    TYPE("r6i.xlarge", 4, 31702, 0, 4, 20, 1066, 0.252, 0.09072),
    TYPE("r6i.2xlarge", 8, 63625, 0, 4, 40, 1911, 0.504, 0.18144),
    TYPE("r6i.4xlarge", 16, 127470, 0, 8, 60, 3602, 1.008, 0.36288),
    TYPE("r7g.large", 2, 15741, 0, 3, 10, 643, 0.1071, 0.03856),
    TYPE("r7g.xlarge", 4, 31702, 0, 4, 20, 1066, 0.2142, 0.07711),
    TYPE("r7g.2xlarge", 8, 63625, 0, 4, 40, 1911, 0.4284, 0.15422),
    TYPE("p3.2xlarge", 8, 61000, 1, 4, 40, 1464, 3.06, 1.224),
    TYPE("p3.8xlarge", 32, 245000, 4, 8, 60, 4856, 12.24, 4.896),
    TYPE("m5.16xlarge", 64, 255200, 0, 15, 120, 6944, 3.072, 1.10592),
    TYPE("m5.24xlarge", 96, 383000, 0, 15, 120, 10216, 4.608, 1.65888),
    TYPE("g4dn.12xlarge", 48, 188000, 4, 8, 0, 8608, 3.912, 1.5648),
    TYPE("g4dn.xlarge", 4, 15700, 1, 3, 0, 684, 0.526, 0.2104),
    TYPE("g5.xlarge", 4, 15741, 1, 4, 6, 643, 1.006, 0.4024),
    TYPE("g5.2xlarge", 8, 31702, 1, 4, 19, 1066, 1.212, 0.4848),
    TYPE("g5.12xlarge", 48, 191315, 4, 15, 120, 5293, 5.672, 2.2688),
    TYPE("g6.xlarge", 4, 15741, 1, 4, 20, 643, 0.8048, 0.32192),
};

#define N_TYPES ((int)(sizeof types / sizeof types[0]))

const struct instance_type *instance_type_find(const char *name)
{
    for (int i = 0; i < N_TYPES; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

int64_t instance_type_whole_mib(const struct instance_type *type)
{
    return (int64_t)type->memory_mib + type->os_mib;
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
