/*
 * Metrics from observations.
 */
#include "core/metrics.h"

#include "core/array.h"

/* A day of a million vCPUs; sums of thousands of rows of it fit in 128 bits with room to spare. */
#define AMOUNT_MAX (INT64_MAX / 4)

/* CPUUtilization: used over reserved CPU, percent; MemoryUtilization likewise, at the period's end. */
static bool utilization(const struct cluster *cluster, const struct observe *observe,
                        int32_t service, bool cpu, struct ratio *value)
{
    __int128 used = 0, reserved = 0;

    for (int i = 0; i < observe->n_services; i++) {
        const struct service_metrics *row = &observe->services[i];
        const struct taskdef_facts *facts;

        if (row->service != service || row->taskdef < 0 || row->taskdef >= cluster->n_taskdef_facts)
            continue;
        facts = &cluster->taskdef_facts[row->taskdef];
        if (cpu) {
            used += (__int128)row->cpu_usec * CPU_UNITS_PER_VCPU;
            reserved += (__int128)row->running_usec * facts->cpu;
        } else {
            used += row->memory_bytes;
            reserved += ((__int128)row->n_tasks * facts->memory_mib) << 20;
        }
    }
    if (reserved <= 0)
        return false;
    *value = ratio_of(used * 100, reserved);
    return true;
}

static bool of_group(const struct cluster *cluster, const struct observe *observe,
                     const struct target_group_metrics *row, enum metric metric,
                     struct ratio *value)
{
    int32_t n_healthy = cluster->target_groups[row->target_group].n_targets[TARGET_HEALTHY];

    switch (metric) {
    case METRIC_REQUESTS_PER_TARGET:
        if (n_healthy <= 0 || observe->period_usec <= 0)
            return false;
        *value = ratio_of((__int128)row->n_requests * 60 * USEC_PER_SEC,
                          (__int128)observe->period_usec * n_healthy);
        return true;
    case METRIC_REQUESTS:
        *value = (struct ratio){row->n_requests, 1};
        return true;
    case METRIC_ERRORS:
        *value = (struct ratio){row->n_errors, 1};
        return true;
    case METRIC_LATENCY:
        if (row->n_requests <= 0)
            return false;
        *value = ratio_of(row->latency_sum_usec, (__int128)row->n_requests * USEC_PER_SEC);
        return true;
    default:
        return false;
    }
}

bool metrics_value(const struct cluster *cluster, const struct observe *observe, enum metric metric,
                   int32_t service, int32_t target_group, struct ratio *value)
{
    if (metric == METRIC_CPU || metric == METRIC_MEMORY)
        return utilization(cluster, observe, service, metric == METRIC_CPU, value);
    for (int i = 0; i < observe->n_target_groups; i++)
        if (observe->target_groups[i].target_group == target_group &&
            cluster_in_range(target_group, cluster->n_target_groups))
            return of_group(cluster, observe, &observe->target_groups[i], metric, value);
    return false;
}

static bool is_amount(int64_t amount)
{
    return amount >= 0 && amount <= AMOUNT_MAX;
}

bool metrics_are_sane(const struct observe *observe)
{
    bool sane = observe->period_usec > 0 && observe->period_usec <= USEC_MAX;

    for (int i = 0; i < observe->n_services; i++) {
        const struct service_metrics *row = &observe->services[i];

        sane = sane && row->n_tasks >= 0 && is_amount(row->running_usec) &&
               is_amount(row->cpu_usec) && is_amount(row->throttled_usec) &&
               is_amount(row->memory_bytes);
    }
    for (int i = 0; i < observe->n_target_groups; i++) {
        const struct target_group_metrics *row = &observe->target_groups[i];

        sane = sane && is_amount(row->n_requests) && is_amount(row->n_errors) &&
               is_amount(row->latency_sum_usec);
    }
    return sane;
}

struct service_metrics *metrics_row(struct metrics_rows *rows, int first, int32_t service,
                                    int32_t taskdef)
{
    int at = rows->n_rows;

    while (at > first && rows->rows[at - 1].taskdef >= taskdef)
        at--;
    if (at < rows->n_rows && rows->rows[at].taskdef == taskdef)
        return &rows->rows[at];
    ARRAY_ADD(rows, rows);
    for (int i = rows->n_rows - 1; i > at; i--)
        rows->rows[i] = rows->rows[i - 1];
    rows->rows[at] = (struct service_metrics){.service = service, .taskdef = taskdef};
    return &rows->rows[at];
}
