/*
 * Launches (ECS developer guide, throttling): a bucket of so many, refilled evenly; FARGATE_SPOT has its
 * own. Where a task goes: tasks on Fargate are spread over zones, placement strategies do not apply.
 */
#include "core/fargate.h"

#include "core/decide.h"
#include "core/group.h"
#include "core/instance.h"

#include <assert.h>
#include <stdlib.h>

/* CPU units, MiB from, to, step (ECS developer guide, task-cpu-memory-error). */
static const struct size {
    int32_t cpu, from_mib, to_mib, step_mib;
} sizes[] = {
    {256, 512, 512, 512},       {256, 1024, 2048, 1024},      {512, 1024, 4096, 1024},
    {1024, 2048, 8192, 1024},   {2048, 4096, 16384, 1024},    {4096, 8192, 30720, 1024},
    {8192, 16384, 61440, 4096}, {16384, 32768, 122880, 8192},
};

bool fargate_has_size(int32_t cpu, int32_t memory_mib)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct size *size = &sizes[i];

        if (size->cpu == cpu && memory_mib >= size->from_mib && memory_mib <= size->to_mib &&
            (memory_mib - size->from_mib) % size->step_mib == 0)
            return true;
    }
    return false;
}

/* A bucket is its future: the moment at which it would be full again. */
static bool take_token(struct scheduler *scheduler, struct provider *provider)
{
    int64_t gap_usec = USEC_PER_SEC / scheduler->rules.fargate_per_sec;
    int64_t burst_usec = gap_usec * (scheduler->rules.fargate_burst - 1);
    int64_t full_usec = provider->next_token_usec > scheduler->now_usec ? provider->next_token_usec
                                                                        : scheduler->now_usec;

    if (full_usec - burst_usec > scheduler->now_usec) {
        decide_by(scheduler, full_usec - burst_usec);
        return false;
    }
    provider->next_token_usec = full_usec + gap_usec;
    return true;
}

/* The zone with fewest micro-VMs of the request, the first of equals. */
static int32_t find_zone(struct request *request, int n_zones)
{
    int32_t best = 0;

    if (n_zones == 0)
        return ID_NONE;
    if (!request->zones)
        request->zones = calloc((size_t)n_zones, sizeof *request->zones);
    assert(request->zones != NULL);
    for (int32_t z = 1; z < n_zones; z++)
        if (request->zones[z] < request->zones[best])
            best = z;
    request->zones[best]++;
    return best;
}

int fargate_launch(struct scheduler *scheduler, struct outputs *outputs, int task)
{
    struct cluster *cluster = &scheduler->cluster;
    struct request *request = &cluster->requests[cluster->tasks[task].request];
    int group = request->group;

    if (!take_token(scheduler, &cluster->providers[request->provider]))
        return ID_NONE;
    return group_launch_for(scheduler, outputs, group,
                               find_zone(request, cluster->groups[group].spec.n_zones), task);
}

void fargate_release(struct scheduler *scheduler, int id)
{
    instance_leave(scheduler, id, USEC_NEVER);
}
