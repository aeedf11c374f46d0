/* Best fit, unless one of CPU and memory would run out long before the other: what is left of the other
 * is then of no use to anybody. */
static int64_t strategy_mine(const struct strategy_view *view, const struct strategy_task *task,
                             int instance)
{
    int64_t cpu = view_cpu(view, instance), memory_mib = view_memory_mib(view, instance);
    int64_t used_cpu = cpu - view_free_cpu(view, instance) + task->cpu;
    int64_t used_memory_mib = memory_mib - view_free_memory_mib(view, instance) + task->memory_mib;
    int64_t cpu_share = share(used_cpu, cpu), memory_share = share(used_memory_mib, memory_mib);
    int64_t gap = cpu_share > memory_share ? cpu_share - memory_share : memory_share - cpu_share;

    if (gap > 600)
        return -gap;
    return cpu_share > memory_share ? cpu_share : memory_share;
}
