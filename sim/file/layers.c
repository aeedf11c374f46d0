/*
 * Counted at the moments at which machines come and go.
 */
#include "file/layers.h"

#include "file/memory.h"
#include "file/summary.h"

#include <inttypes.h>
#include <stdlib.h>

#define MIB (INT64_C(1) << 20)

struct change {
    int64_t at_usec;
    int n_instances, n_micro_vms, n_kernels;
    int64_t os_bytes;
};

/* Those who go at a moment have gone before others come. */
static int by_time(const void *left, const void *right)
{
    const struct change *a = left, *b = right;

    if (a->at_usec != b->at_usec)
        return a->at_usec < b->at_usec ? -1 : 1;
    if (a->n_instances + a->n_micro_vms != b->n_instances + b->n_micro_vms)
        return a->n_instances + a->n_micro_vms - b->n_instances - b->n_micro_vms;
    return a->n_kernels - b->n_kernels;
}

/* Costs without memory for an operating system are those of parts of one host. */
static int64_t simulated_os_bytes(const struct scenario *scenario,
                                  const struct story_instance *instance)
{
    const struct costs *costs = &scenario->costs;
    const struct scenario_group *group;
    int64_t by_costs = costs->os_bytes > 0 ? costs->os_bytes : -1;
    int32_t type;

    if (instance->group < 0 || instance->group >= scenario->n_groups)
        return by_costs;
    group = &scenario->groups[instance->group];
    if (group->kind == GROUP_FARGATE || scenario_group_is_vm(scenario, group))
        return costs->vm.os_bytes;
    if (costs->host_cpu > 0)
        return -1;
    type = scenario_group_type(group, instance->type);
    return type != ID_NONE && scenario->types[type].os_mib > 0 ? scenario->types[type].os_mib * MIB
                                                               : by_costs;
}

int64_t layers_os_bytes(const struct scenario *scenario, const struct story_instance *instance,
                        bool real)
{
    if (real || instance->course.start[0])
        return instance->course.start[0] ? instance->course.system_bytes : -1;
    return simulated_os_bytes(scenario, instance);
}

static struct change coming(const struct scenario *scenario, const struct story *story, int id,
                            bool real)
{
    int64_t own = layers_os_bytes(scenario, &story->instances[id], real);
    bool micro = story_is_micro_vm(story, id);

    return (struct change){story->instances[id].launch_at_usec, !micro, micro, own >= 0,
                           own >= 0 ? own : 0};
}

/* A task's own machine is no instance, but a kernel. */
static int add_machine(struct change *changes, const struct story_machine *machine)
{
    int64_t bytes = machine ? machine->course.system_bytes : 0;

    if (!machine || machine->booted_at_usec == USEC_NEVER)
        return 0;
    changes[0] = (struct change){machine->boot_at_usec, 0, 0, 1, bytes};
    if (machine->gone_at_usec == USEC_NEVER)
        return 1;
    changes[1] = (struct change){machine->gone_at_usec, 0, 0, -1, -bytes};
    return 2;
}

static void count_machines(const struct scenario *scenario, const struct story *story, bool real,
                           struct layers *layers)
{
    size_t n_most = (size_t)story->n_instances + (size_t)story->n_tasks;
    struct change *changes = memory_zeroed(n_most * 2, sizeof *changes);
    struct change now = {0};
    int n = 0;

    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *instance = &story->instances[i];
        struct change change = coming(scenario, story, i, real);

        changes[n++] = change;
        if (instance->lost_at_usec != USEC_NEVER)
            changes[n++] =
                (struct change){instance->lost_at_usec, -change.n_instances, -change.n_micro_vms,
                                -change.n_kernels, -change.os_bytes};
    }
    for (int i = 0; i < story->n_tasks; i++)
        n += add_machine(changes + n, story->tasks[i].machine);
    qsort(changes, (size_t)n, sizeof *changes, by_time);
    for (int i = 0; i < n; i++) {
        now.n_instances += changes[i].n_instances;
        now.n_micro_vms += changes[i].n_micro_vms;
        now.n_kernels += changes[i].n_kernels;
        now.os_bytes += changes[i].os_bytes;
        if (now.n_instances > layers->n_instances)
            layers->n_instances = now.n_instances;
        if (now.n_micro_vms > layers->n_micro_vms)
            layers->n_micro_vms = now.n_micro_vms;
        if (now.n_kernels > layers->n_kernels)
            layers->n_kernels = now.n_kernels;
        if (now.os_bytes > layers->os_bytes)
            layers->os_bytes = now.os_bytes;
    }
    free(changes);
}

/* All its containers were, USEC_NEVER: not before the end. */
static int64_t ready_at(const struct story *story, const struct story_task *task)
{
    int64_t last_usec = task->n_containers > 0 ? 0 : USEC_NEVER;

    for (int c = 0; c < task->n_containers; c++)
        if (task->containers[c].ready_at_usec > last_usec)
            last_usec = task->containers[c].ready_at_usec;
    return last_usec <= story->end_usec ? last_usec : USEC_NEVER;
}

static int by_value(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

struct layers layers_of(const struct scenario *scenario, const struct story *story, bool real)
{
    struct layers layers = {.first_usec = USEC_NEVER,
                            .half_usec = USEC_NEVER,
                            .last_usec = USEC_NEVER,
                            .answer_usec = USEC_NEVER};
    int64_t *moments = memory_zeroed((size_t)story->n_tasks, sizeof *moments);
    int n = 0;

    count_machines(scenario, story, real, &layers);
    for (int t = 0; t < story->n_tasks; t++) {
        moments[n] = ready_at(story, &story->tasks[t]);
        n += moments[n] != USEC_NEVER;
        if (story->tasks[t].first_answer_at_usec < layers.answer_usec)
            layers.answer_usec = story->tasks[t].first_answer_at_usec;
    }
    qsort(moments, (size_t)n, sizeof *moments, by_value);
    layers.n_ready = n;
    if (n > 0) {
        layers.first_usec = moments[0];
        layers.half_usec = moments[(n - 1) / 2];
        layers.last_usec = moments[n - 1];
    }
    free(moments);
    return layers;
}

void layers_print(FILE *out, const struct layers *layers)
{
    char first[32], half[32], last[32], answer[32];

    if (layers->n_ready == 0)
        return;
    fprintf(out, "layers   ");
    if (layers->n_instances > 0 || layers->n_micro_vms == 0)
        fprintf(out, "%d instance%s%s", layers->n_instances, layers->n_instances == 1 ? "" : "s",
                layers->n_micro_vms > 0 ? " and " : "");
    if (layers->n_micro_vms > 0)
        fprintf(out, "%d micro-VM%s", layers->n_micro_vms, layers->n_micro_vms == 1 ? "" : "s");
    fprintf(out, ", ");
    if (layers->n_kernels > 0)
        fprintf(out, "%d operating system%s of %s own with %" PRId64 " MiB", layers->n_kernels,
                layers->n_kernels == 1 ? "" : "s", layers->n_kernels == 1 ? "its" : "their",
                layers->os_bytes / MIB);
    else
        fprintf(out, "the host's kernel for all");
    fprintf(out, "; first ready after %s",
            summary_duration(layers->first_usec, first, sizeof first));
    if (layers->n_ready > 1)
        fprintf(out, ", half of %d tasks %s, all %s", layers->n_ready,
                summary_duration(layers->half_usec, half, sizeof half),
                summary_duration(layers->last_usec, last, sizeof last));
    if (layers->answer_usec != USEC_NEVER)
        fprintf(out, "; first request answered after %s",
                summary_duration(layers->answer_usec, answer, sizeof answer));
    fprintf(out, "\n");
}

static void add_moment(struct buffer *json, const char *name, int64_t usec)
{
    if (usec == USEC_NEVER)
        buffer_add(json, ", \"%s\": null", name);
    else
        buffer_add(json, ", \"%s\": %.6f", name, (double)usec / USEC_PER_SEC);
}

void layers_add_json(struct buffer *json, const struct layers *layers)
{
    buffer_add(json,
               "\"layers\": {\"instances\": %d, \"micro_vms\": %d, \"kernels\": %d, \"os_memory\": "
               "%" PRId64 ", \"ready\": %d",
               layers->n_instances, layers->n_micro_vms, layers->n_kernels, layers->os_bytes,
               layers->n_ready);
    add_moment(json, "first_ready", layers->first_usec);
    add_moment(json, "half_ready", layers->half_usec);
    add_moment(json, "all_ready", layers->last_usec);
    add_moment(json, "first_answer", layers->answer_usec);
    buffer_add_text(json, "}");
}
