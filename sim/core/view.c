/*
 * Answers from the cluster's own numbers: nothing is kept, nothing is changed.
 */
#include "core/view.h"

#include "core/place.h"
#include "core/query_program.h"

#include <string.h>

static const struct instance *instance_of(const struct strategy_view *view, int instance)
{
    return &view->cluster->instances[instance];
}

int view_n_instances(const struct strategy_view *view)
{
    return view->cluster->n_instances;
}

bool view_is_active(const struct strategy_view *view, int instance)
{
    return instance_of(view, instance)->status == INSTANCE_ACTIVE &&
           instance_of(view, instance)->agent_connected;
}

int64_t view_cpu(const struct strategy_view *view, int instance)
{
    return instance_of(view, instance)->cpu;
}

int64_t view_memory_mib(const struct strategy_view *view, int instance)
{
    return instance_of(view, instance)->memory_mib;
}

int64_t view_free_cpu(const struct strategy_view *view, int instance)
{
    return view_cpu(view, instance) - instance_of(view, instance)->cpu_reserved;
}

int64_t view_free_memory_mib(const struct strategy_view *view, int instance)
{
    return view_memory_mib(view, instance) - instance_of(view, instance)->memory_reserved_mib;
}

int view_tasks(const struct strategy_view *view, int instance)
{
    return (int)query_count_running(view->cluster, instance_of(view, instance));
}

int view_group_tasks(const struct strategy_view *view, int instance)
{
    return place_own_tasks(view->cluster, instance, view->task_group);
}

int view_group_tasks_in_zone(const struct strategy_view *view, int instance)
{
    const char *zone = view_zone(view, instance);
    int n = 0;

    for (int i = 0; i < view_n_instances(view); i++)
        if (strcmp(view_zone(view, i), zone) == 0)
            n += view_group_tasks(view, i);
    return n;
}

const char *view_zone(const struct strategy_view *view, int instance)
{
    const char *zone = view_attribute(view, instance, "ecs.availability-zone");

    return zone ? zone : "";
}

const char *view_attribute(const struct strategy_view *view, int instance, const char *name)
{
    return cluster_attribute(view->cluster, instance, name);
}
