/*
 * What each step of a container's life costs where nobody has measured it: an EC2 instance running
 * the ECS agent. The 99th percentiles are chosen, not measured, so that a default run shows the
 * spread that a real one has; a scenario's `costs` and a host profile replace any of them.
 */
#include "model/world.h"

#include <stddef.h>

#define MIB (INT64_C(1) << 20)

static struct distribution lognormal_msec(int64_t median_msec, int64_t p99_msec)
{
    return (struct distribution){
        .kind = DISTRIBUTION_LOGNORMAL,
        .a_usec = median_msec * USEC_PER_MSEC,
        .b_usec = p99_msec * USEC_PER_MSEC,
    };
}

struct costs costs_default(void)
{
    return (struct costs){
        /* c5.xlarge from RunInstances to its first service: 29.3 s (daemonology.net, "EC2 boot time
         * benchmarking", 2021); here with the container runtime's own start. */
        .boot = lognormal_msec(30000, 60000),
        /* No published figure: one signed API call after the agent has read the instance's
         * metadata. */
        .agent = lognormal_msec(250, 1000),
        /* No published figure: one way over an open connection within a region. */
        .message = lognormal_msec(5, 30),
        /* No published figure: token, manifest, connection. */
        .pull = lognormal_msec(300, 1000),
        /* 75 MiB/s from a registry of the region, then 100 MiB/s of unpacking, one after the
         * other; both chosen, no published figure. */
        .pull_bytes_per_sec = 43 * MIB,
        /* Together 0.15 to 0.5 s: about 150 ms on an idle machine (Manco et al., "My VM is lighter
         * (and safer) than your container", SOSP 2017). */
        .create = lognormal_msec(80, 250),
        .start = lognormal_msec(120, 300),
        /* No published figure: a signal, the exit, the runtime's event. */
        .stop = lognormal_msec(10, 50),
        /* No published figure: TerminateInstances until the instance is gone. */
        .teardown = lognormal_msec(20000, 60000),
        /* Chosen: a small program on a small distribution. */
        .image_size_bytes = 100 * MIB,
    };
}

/* What `berth exec` takes for its own containers: medians on a two-core machine under Debian 12 with
 * scenarios/first.json, rounded. An image that is there already costs nothing. */
static struct costs laptop(void)
{
    return (struct costs){
        .boot = distribution_constant(0),
        .agent = distribution_constant(5 * USEC_PER_MSEC),
        .message = distribution_constant(1 * USEC_PER_MSEC),
        .pull = distribution_constant(0),
        .pull_bytes_per_sec = 55 * MIB,
        .create = distribution_constant(3 * USEC_PER_MSEC),
        .start = distribution_constant(6 * USEC_PER_MSEC),
        .stop = distribution_constant(5 * USEC_PER_MSEC),
        .teardown = distribution_constant(20 * USEC_PER_MSEC),
        .image_size_bytes = 8 * MIB,
    };
}

const char *const costs_names[] = {"ec2", "laptop", NULL};

struct costs costs_find(int profile)
{
    return profile == 1 ? laptop() : costs_default();
}

struct behaviour behaviour_default(void)
{
    return (struct behaviour){
        .ready = distribution_constant(0),
        .work = distribution_constant(0),
        .idle_usec = 10 * USEC_PER_SEC,
        .exit_code = 0,
        .unhealthy_after_usec = USEC_NEVER,
    };
}
