/*
 * The built-in profiles. A figure that nobody has published is chosen and says so; the 99th percentiles
 * are chosen, not measured, so that a default run shows the spread that a real one has. A scenario's
 * `costs` and a host profile replace any of them.
 */
#include "model/costs.h"

#include <stddef.h>

#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)

/* The most that its virtual machine monitor holds beside a guest's memory (firecracker, SPECIFICATION.md, 2026). */
#define FIRECRACKER_OVERHEAD_BYTES (5 * MIB)

const char *const boot_path_names[] = {"scratch", "uncompressed", "restore", NULL};
const char *const machines_names[] = {"slices", "vms", NULL};

const char *const cost_step_names[COST_STEPS] = {
    [COST_API] = "api",
    [COST_PENDING] = "pending",
    [COST_FIRMWARE] = "firmware",
    [COST_KERNEL] = "kernel",
    [COST_USERSPACE] = "userspace",
    [COST_AGENT] = "agent",
    [COST_REGISTER] = "register",
    [COST_TEARDOWN] = "teardown",
    [COST_MESSAGE] = "message",
    [COST_AGENT_EVENT] = "agentEvent",
    [COST_SCHEDULER_EVENT] = "schedulerEvent",
    [COST_PROVISION] = "provision",
    [COST_ENI] = "eni",
    [COST_PULL] = "pull",
    [COST_STAND_IN] = "standIn",
    [COST_END] = "end",
    [COST_BEHIND] = "behind",
    [COST_BEHIND_END] = "behindEnd",
    [COST_CLEAR] = "clear",
    [COST_DISCONNECT] = "disconnect",
    [COST_SIGNAL] = "signal",
    [COST_END_BY_SIGNAL] = "endBySignal",
    [COST_END_BY_MEMORY] = "endByMemory",
    [COST_FRESH] = "fresh",
    [COST_BEHIND_NETWORK] = "behindNetwork",
    [COST_CLEAR_NETWORK] = "clearNetwork",
    [COST_KEEP] = "keep",
    [COST_CREATE] = "create",
    [COST_NETWORK] = "network",
    [COST_START] = "start",
    [COST_CHILD] = "child",
    [COST_LOCKED] = "locked",
    [COST_EXEC] = "exec",
    [COST_STOP] = "stop",
    [COST_EXIT] = "exit",
    [COST_REMOVE] = "remove",
};

const char *const vm_step_names[VM_STEPS] = {"vmm", "firmware", "kernel", "userspace", "agent"};

static struct distribution lognormal_msec(int64_t median_msec, int64_t p99_msec)
{
    return (struct distribution){
        .kind = DISTRIBUTION_LOGNORMAL,
        .a_usec = median_msec * USEC_PER_MSEC,
        .b_usec = p99_msec * USEC_PER_MSEC,
    };
}

static struct distribution evenly_to_msec(int64_t msec)
{
    return (struct distribution){.kind = DISTRIBUTION_UNIFORM, .b_usec = msec * USEC_PER_MSEC};
}

static struct step_cost wait_msec(int64_t median_msec, int64_t p99_msec)
{
    return (struct step_cost){.wait = lognormal_msec(median_msec, p99_msec)};
}

static struct step_cost cpu_usec(int64_t usec)
{
    return (struct step_cost){.cpu = distribution_constant(usec)};
}

/* Both, the CPU time as a constant beside what spreads. */
static struct step_cost mixed_msec(int64_t median_msec, int64_t p99_msec, int64_t cpu_msec)
{
    return (struct step_cost){
        .wait = lognormal_msec(median_msec, p99_msec),
        .cpu = distribution_constant(cpu_msec * USEC_PER_MSEC),
    };
}

/* qemu 7.2 with TCG, 128 MiB, Debian's cloud kernel 6.12, on a two-core machine: q35 with vmlinuz
 * 3.31 s and with an uncompressed vmlinux 2.62 s until the first program, qemu's own floor 0.112 s, a
 * restored one 0.071 s, all of it CPU time of one CPU (measured, medians of 5, 2026). */
static struct vm_costs qemu(void)
{
    return (struct vm_costs){
        .paths =
            {
                [BOOT_SCRATCH] = {cpu_usec(60000), cpu_usec(52000), cpu_usec(3000000),
                                  cpu_usec(198000), cpu_usec(100000)},
                [BOOT_UNCOMPRESSED] = {cpu_usec(60000), cpu_usec(52000), cpu_usec(2310000),
                                       cpu_usec(198000), cpu_usec(100000)},
                [BOOT_RESTORE] = {cpu_usec(60000), cpu_usec(0), cpu_usec(0), cpu_usec(11000),
                                  cpu_usec(5000)},
            },
        /* 65 MB of a guest of 128 MiB with kernel 6.12 (same runs); qemu held up to 128 MiB more when its
         * agent had come up (`berth calibrate`). */
        .os_bytes = 62 * MIB,
        .overhead_bytes = 128 * MIB,
        /* Chosen: emulation without KVM. */
        /* Work is CPU seconds by the guest's own clock, which emulation does not stretch: 0.99 (`berth
         * calibrate`). It is booting, and what kernel and agent do inside, that takes longer. */
        .speed_permille = 1000,
        .together_permille = 1000,
    };
}

/* An EC2 instance running the ECS agent. c5.xlarge with Amazon Linux 2, from RunInstances to its
 * first service: the call 1.54 s, pending 4.90 s, then 17.18 s until the network answers and 5.64 s
 * until sshd does (daemonology.net, "EC2 boot time benchmarking", 2021). How the 17.18 s divide into
 * firmware, kernel and user space is chosen. */
static struct costs ec2(void)
{
    struct costs costs = {
        .steps =
            {
                [COST_API] = wait_msec(1540, 3000),
                [COST_PENDING] = wait_msec(4900, 12000),
                [COST_FIRMWARE] = wait_msec(2500, 5000),
                [COST_KERNEL] = wait_msec(3500, 7000),
                [COST_USERSPACE] = wait_msec(16800, 34000),
                /* No published figure: it reads the instance's metadata, then one signed API call;
                 * what the cluster does about that is in it. */
                [COST_AGENT] = wait_msec(250, 1000),
                /* No published figure: TerminateInstances until the instance is gone. */
                [COST_TEARDOWN] = wait_msec(20000, 60000),
                /* No published figure: one way over an open connection within a region. */
                [COST_MESSAGE] = wait_msec(5, 30),
                /* No published figure: an elastic network interface made and attached. */
                [COST_ENI] = wait_msec(3000, 8000),
                /* No published figure: token, manifest, connection. */
                [COST_PULL] = wait_msec(300, 1000),
                /* Create and start together 0.15 to 0.5 s: about 150 ms on an idle machine (Manco et
                 * al., "My VM is lighter (and safer) than your container", SOSP 2017); that a third
                 * of it is CPU time is chosen: the paper has it rise towards 1 s on a full one. */
                [COST_CREATE] = mixed_msec(55, 225, 25),
                [COST_START] = mixed_msec(80, 260, 40),
                /* No published figure: a signal, the exit, the runtime's event. */
                [COST_STOP] = wait_msec(10, 50),
            },
        .cold_after = evenly_to_msec(45), /* where a step has cold costs; see "laptop" */
        .agent_together_permille = 1000,
        .contention = true,
        /* From a registry of the region; 100 MiB/s of unpacking; both chosen, no published figure. */
        .layer_bytes_per_sec = 75 * MIB,
        .network_bytes_per_sec = 150 * MIB,
        .registry_bytes_per_sec = BYTES_PER_SEC_ANY,
        .disk_bytes_per_sec = 125 * MIB, /* an EBS gp3 volume's baseline (EC2 user guide) */
        .unpack_bytes_per_sec = 100 * MIB,
        .touch_usec_per_mib = 250, /* page faults; as measured for "laptop" */
        /* Chosen: a small program on a small distribution. */
        .image_size_bytes = 100 * MIB,
        /* m4.large has 8192 MiB and registers 7985 (ECS developer guide, memory-management). */
        .os_bytes = 207 * MIB,
        /* The ECS developer guide asks for a few dozen MiB for agent and daemons; chosen. */
        .agent_bytes = 32 * MIB,
        .container_bytes = 4 * MIB, /* chosen: a shim and its pause */
        .vm = qemu(),
    };

    return costs;
}

/* Every task in a machine of its own that nobody else's work reaches. First tasks after about 30 s
 * (V. Ionescu, "Scaling containers on AWS in 2022"); its division is chosen, but for Firecracker's
 * own part. */
static struct costs fargate(void)
{
    struct costs costs = ec2();

    costs.micro_boot = MICRO_BOOT_STEPS;
    costs.steps[COST_API] = wait_msec(500, 1500);
    costs.steps[COST_PENDING] = wait_msec(1000, 3000);
    costs.steps[COST_FIRMWARE] = (struct step_cost){.wait = distribution_constant(0)};
    costs.steps[COST_KERNEL] = wait_msec(125, 200);
    costs.steps[COST_USERSPACE] = wait_msec(2000, 5000);
    costs.steps[COST_PROVISION] = wait_msec(17000, 30000);
    costs.steps[COST_ENI] = wait_msec(6000, 15000);
    costs.vm.overhead_bytes = FIRECRACKER_OVERHEAD_BYTES;
    return costs;
}

/* Firecracker micro-VMs on one's own machine: the VMM's socket after 12 ms of which 8 CPU-ms,
 * InstanceStart to /sbin/init in at most 125 ms (firecracker, SPECIFICATION.md, 2026). */
static struct costs firecracker(void)
{
    struct costs costs = costs_find(1);

    costs.steps[COST_API] =
        (struct step_cost){.wait = distribution_constant(4000), .cpu = distribution_constant(8000)};
    costs.steps[COST_FIRMWARE] = (struct step_cost){.wait = distribution_constant(0)};
    costs.steps[COST_KERNEL] = wait_msec(110, 125);
    costs.steps[COST_USERSPACE] = wait_msec(20, 40); /* chosen */
    costs.vm.overhead_bytes = FIRECRACKER_OVERHEAD_BYTES;
    costs.vm.speed_permille = 1000;
    costs.vm.together_permille = 1000;
    for (int i = 0; i < BOOT_PATHS; i++) {
        costs.vm.paths[i][VM_VMM] = costs.steps[COST_API];
        costs.vm.paths[i][VM_FIRMWARE] = costs.steps[COST_FIRMWARE];
        costs.vm.paths[i][VM_KERNEL] = costs.steps[COST_KERNEL];
        costs.vm.paths[i][VM_USERSPACE] = costs.steps[COST_USERSPACE];
        costs.vm.paths[i][VM_AGENT] = costs.steps[COST_AGENT];
    }
    /* A snapshot is mapped, not booted; single-digit milliseconds by its documentation; chosen. */
    costs.vm.paths[BOOT_RESTORE][VM_KERNEL] = wait_msec(5, 10);
    costs.vm.paths[BOOT_RESTORE][VM_USERSPACE] = (struct step_cost){.wait = {0}};
    return costs;
}

/* What `berth exec` takes for its own containers: medians on a two-core machine under Debian 12 with
 * scenarios/first.json, rounded. An image that is there already costs nothing. */
static struct costs laptop(void)
{
    struct costs costs = {
        .steps =
            {
                [COST_AGENT] = {.wait = distribution_constant(5 * USEC_PER_MSEC)},
                [COST_MESSAGE] = {.wait = distribution_constant(1 * USEC_PER_MSEC)},
                [COST_CREATE] = cpu_usec(3000),
                [COST_START] = cpu_usec(300),
                [COST_CHILD] = {.wait = distribution_constant(3200),
                                .cpu = distribution_constant(2500)},
                [COST_STOP] = {.wait = distribution_constant(5 * USEC_PER_MSEC)},
                [COST_TEARDOWN] = {.wait = distribution_constant(20 * USEC_PER_MSEC)},
            },
        .agent_together_permille = 1000,
        .agent_queue = true,
        /* Where a step has cold costs. CPU time of all steps of a container 2.8 ms 5 to 15 ms after the last, 3.1
         * after 20, 3.5 after 30, 4.0 to 4.2 after 55 and after 105, a crowd's 2.4; and of the kernel behind each of
         * those that end every 4, 12, 24, 46 and 100 ms 0.8, 1.0, 1.5, 1.7 and 1.9 ms (measured). */
        .cold_after = evenly_to_msec(45),
        .contention = true,
        .layer_bytes_per_sec = BYTES_PER_SEC_ANY,
        .network_bytes_per_sec = BYTES_PER_SEC_ANY,
        .registry_bytes_per_sec = BYTES_PER_SEC_ANY,
        .disk_bytes_per_sec = BYTES_PER_SEC_ANY,
        .unpack_bytes_per_sec = 55 * MIB,
        .pull_queue = true,
        .touch_usec_per_mib = 250,
        .image_size_bytes = 8 * MIB,
        .agent_bytes = 3 * MIB,
        .container_bytes = 260 * KIB, /* 40 of its own, 220 of the kernel's for its network */
        .micro_boot = MICRO_BOOT_MACHINE,
        .vm = qemu(),
    };

    return costs;
}

/* An m1.small of 2012 took 96.9 s until one could log in (M. Mao, M. Humphrey, "A performance study
 * on the VM startup time in the cloud", IEEE CLOUD 2012). The division, and containers and networks
 * of the time, are chosen. */
static struct costs of_2012(void)
{
    struct costs costs = ec2();

    costs.steps[COST_API] = wait_msec(3000, 8000);
    costs.steps[COST_PENDING] = wait_msec(35000, 90000);
    costs.steps[COST_FIRMWARE] = wait_msec(5000, 10000);
    costs.steps[COST_KERNEL] = wait_msec(12000, 25000);
    costs.steps[COST_USERSPACE] = wait_msec(41900, 80000);
    costs.steps[COST_CREATE] = mixed_msec(400, 1500, 100);
    costs.steps[COST_START] = mixed_msec(500, 1500, 150);
    costs.layer_bytes_per_sec = 10 * MIB;
    costs.network_bytes_per_sec = 30 * MIB;
    costs.disk_bytes_per_sec = 40 * MIB;
    costs.unpack_bytes_per_sec = 40 * MIB;
    return costs;
}

const char *const costs_names[] = {"ec2", "laptop", "fargate", "firecracker", "2012", NULL};

struct costs costs_find(int profile)
{
    switch (profile) {
    case 1:
        return laptop();
    case 2:
        return fargate();
    case 3:
        return firecracker();
    case 4:
        return of_2012();
    default:
        return ec2();
    }
}

struct costs costs_default(void)
{
    return costs_find(0);
}

struct costs costs_none(void)
{
    return (struct costs){
        .agent_together_permille = 1000,
        .layer_bytes_per_sec = BYTES_PER_SEC_ANY,
        .network_bytes_per_sec = BYTES_PER_SEC_ANY,
        .registry_bytes_per_sec = BYTES_PER_SEC_ANY,
        .disk_bytes_per_sec = BYTES_PER_SEC_ANY,
        .unpack_bytes_per_sec = BYTES_PER_SEC_ANY,
        .vm = {.speed_permille = 1000, .together_permille = 1000},
    };
}

/* What a kernel leaves of a guest shrinks with the guest: of 128, 256, 512, 608 and 1024 MiB 49, 162,
 * 415, 464 and 849 (Debian's 6.12, measured). */
int64_t costs_guest_mib(const struct vm_costs *costs, int64_t containers_mib)
{
    return containers_mib + containers_mib / 8 + 32 + (costs->os_bytes + MIB - 1) / MIB;
}

int64_t costs_guest_takes_mib(const struct vm_costs *costs, int64_t containers_mib)
{
    return costs_guest_mib(costs, containers_mib) + (costs->overhead_bytes + MIB - 1) / MIB;
}

void costs_set(struct costs *costs, enum cost_step step, const struct distribution *wait)
{
    costs->steps[step] = (struct step_cost){.wait = *wait};
}

void costs_set_boot(struct costs *costs, const struct distribution *boot)
{
    for (int i = COST_API; i < COST_USERSPACE; i++)
        costs->steps[i] = (struct step_cost){.wait = distribution_constant(0)};
    costs_set(costs, COST_USERSPACE, boot);
}

static struct step_draw draw(const struct step_cost *cost, int purpose, uint64_t seed,
                             int64_t entity, int64_t n)
{
    return (struct step_draw){
        distribution_sample(&cost->wait, seed, (enum draw_purpose)purpose, entity, n),
        distribution_sample(&cost->cpu, seed, (enum draw_purpose)(purpose + 1), entity, n),
    };
}

struct step_draw costs_draw(const struct costs *costs, enum cost_step step, uint64_t seed,
                            int64_t entity, int64_t n)
{
    return draw(&costs->steps[step], DRAW_STEP + 2 * (int)step, seed, entity, n);
}

struct step_draw costs_draw_cold(const struct costs *costs, enum cost_step step, uint64_t seed,
                                 int64_t entity, int64_t n)
{
    struct step_cost cost = costs->steps[step];

    if (cost.has_cold)
        cost.cpu = cost.cold;
    return draw(&cost, DRAW_STEP + 2 * (int)step, seed, entity, n);
}

bool costs_is_free(const struct step_cost *cost)
{
    return distribution_is_zero(&cost->wait) && distribution_is_zero(&cost->cpu) &&
           !cost->has_cold && cost->after_rest_usec == 0;
}

int64_t costs_part_usec(int64_t usec, int64_t permille)
{
    if (permille > 0 && usec / 1000 >= USEC_MAX / permille)
        return USEC_MAX;
    return usec / 1000 * permille + usec % 1000 * permille / 1000;
}

int64_t costs_rested(const struct costs *costs, enum cost_step step, int64_t rest_usec)
{
    int64_t more_usec = costs->steps[step].after_rest_usec, permille;

    if (more_usec == 0 || rest_usec <= 0 || distribution_is_zero(&costs->cools_in))
        return 0;
    permille = distribution_permille_within(&costs->cools_in, rest_usec);
    return costs_part_usec(more_usec, permille);
}

struct step_draw costs_draw_vm(const struct costs *costs, enum vm_step step, uint64_t seed,
                               int64_t entity, int64_t n)
{
    return draw(&costs->vm.paths[costs->path][step], DRAW_VM_STEP + 2 * (int)step, seed, entity, n);
}
