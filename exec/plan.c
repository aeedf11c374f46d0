/*
 * Scenario in, plans out. ECS's rules of what a task's cgroup gets are here and nowhere else:
 * a task-level cpu is a quota, without one the task's weight is the sum of its containers' (agent/
 * api/task/task_linux.go, BuildLinuxResourceSpec), and a container's cpu is its weight, at least 2
 * (ECS API: ContainerDefinition.cpu).
 */
#include "exec/plan.h"

#include "exec/wants.h"
#include "file/layout.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define WEIGHT_MIN 2
#define WORK_LINE_MAX 15000 /* of berth-work, whose line is a pipe */

static void *allocate(int n, size_t size)
{
    void *memory = calloc((size_t)n + 1, size);

    assert(memory != NULL);
    return memory;
}

/* ---- images ---- */

void plans_tell(const struct plans *plans)
{
    const struct scenario *scenario = plans->scenario;
    bool *told = allocate(scenario->n_images, sizeof *told);

    for (int i = 0; i < scenario->n_taskdefs; i++) {
        const struct scenario_taskdef *taskdef = &scenario->taskdefs[i];

        for (int j = 0; j < taskdef->definition->n_containers; j++) {
            int image = taskdef->images[j];

            if (plans->layouts[image] != NULL || told[image]) {
                continue;
            }
            told[image] = true;
            fprintf(stderr, "%s: stand-in (this machine does not have the image)\n",
                    taskdef->definition->containers[j].image);
        }
    }
    free(told);
}

/* ---- definitions ---- */

static struct text *texts(int n, char *const *from)
{
    struct text *to = allocate(n, sizeof *to);

    for (int i = 0; i < n; i++) {
        to[i].text = from[i];
    }
    return to;
}

/* Lines of /etc/hosts, owned, as what is in them. */
static struct text *host_lines(int n, const struct run_host *hosts)
{
    struct text *lines = allocate(n, sizeof *lines);

    for (int i = 0; i < n; i++) {
        if (asprintf(&lines[i].text, "%s\t%s", hosts[i].address, hosts[i].hostname) < 0) {
            abort();
        }
    }
    return lines;
}

static struct plan_link *links(int n, const struct run_link *from)
{
    struct plan_link *to = allocate(n, sizeof *to);

    for (int i = 0; i < n; i++) {
        to[i] = (struct plan_link){from[i].container, from[i].alias};
    }
    return to;
}

static void free_networks(struct plan_container *plan)
{
    for (int i = 0; i < plan->n_hosts; i++) {
        free(plan->hosts[i].text);
    }
    free(plan->hosts);
    free(plan->links);
    free(plan->dns_servers);
    free(plan->dns_search);
}

static int64_t weight_of(const struct container_definition *container)
{
    return container->cpu > WEIGHT_MIN ? container->cpu : WEIGHT_MIN;
}

static int64_t memory_at(struct scale scale, int64_t memory_mib)
{
    return scale_down(scale, memory_mib * MIB);
}

/* ---- requests ---- */

static bool same_requests(const struct request_behaviour *a, const struct request_behaviour *b)
{
    return memcmp(&a->work, &b->work, sizeof a->work) == 0 &&
           memcmp(&a->wait, &b->wait, sizeof a->wait) == 0;
}

int32_t plans_draws(const struct scenario *scenario, int32_t taskdef, int container)
{
    const struct request_behaviour *wanted =
        &scenario->taskdefs[taskdef].behaviours[container].request;

    for (int32_t i = 0; i < taskdef; i++) {
        for (int j = 0; j < scenario->taskdefs[i].definition->n_containers; j++) {
            if (same_requests(&scenario->taskdefs[i].behaviours[j].request, wanted)) {
                return i * TASKDEF_CONTAINERS_MAX + j;
            }
        }
    }
    return taskdef * TASKDEF_CONTAINERS_MAX + container;
}

/* What a request takes that comes from elsewhere than the scenario's sources, such as a probe. */
static int64_t typical(const struct plans *plans, const struct distribution *distribution)
{
    return distribution->kind == DISTRIBUTION_EMPIRICAL
               ? distribution_sample(distribution, plans->seed, DRAW_SERVICE, 0, 0)
               : distribution->a_usec;
}

/* In a scenario that balances requests every port of a container that performs is served. */
static void plan_service(struct plan_container *plan, const struct plans *plans,
                         const struct scenario_taskdef *taskdef, int i)
{
    const struct container_definition *definition = &taskdef->definition->containers[i];
    const struct request_behaviour *request = &taskdef->behaviours[i].request;

    if (plans->scenario->n_target_groups == 0 || !plan->performs) {
        return;
    }
    plan->ports = allocate(definition->n_ports, sizeof *plan->ports);
    for (int j = 0; j < definition->n_ports; j++) {
        bool seen = definition->ports[j].protocol != PROTOCOL_TCP;

        for (int k = 0; k < plan->n_ports; k++) {
            seen |= plan->ports[k].port == definition->ports[j].container_port;
        }
        if (!seen) {
            plan->ports[plan->n_ports++].port = definition->ports[j].container_port;
        }
    }
    plan->concurrency = request->concurrency;
    plan->line = request->line_max < WORK_LINE_MAX ? request->line_max : WORK_LINE_MAX;
    plan->service_usec = scale_down(plans->scale, typical(plans, &request->work));
    plan->service_wait_usec = typical(plans, &request->wait);
    plan->draws = plans_draws(plans->scenario, (int32_t)(taskdef - plans->scenario->taskdefs), i);
}

static void plan_container(struct plan_container *plan, const struct plans *plans,
                           const struct scenario_taskdef *taskdef, int i)
{
    const struct container_definition *definition = &taskdef->definition->containers[i];
    const struct container_run *run = &taskdef->run->containers[i];

    *plan = (struct plan_container){
        .name = definition->name,
        .image = definition->image,
        .layout = plans->layouts[taskdef->images[i]],
        .n_entry_point = run->n_entry_point,
        .entry_point = texts(run->n_entry_point, run->entry_point),
        .n_command = run->n_command,
        .command = texts(run->n_command, run->command),
        .n_environment = run->n_environment,
        .environment = texts(run->n_environment, run->environment),
        .working_directory = run->working_directory,
        .user = run->user,
        .hostname = run->hostname,
        .readonly_root = run->readonly_root,
        .no_network = run->disable_networking,
        .n_hosts = run->n_hosts,
        .hosts = host_lines(run->n_hosts, run->hosts),
        .n_links = run->n_links,
        .links = links(run->n_links, run->links),
        .n_dns_servers = run->n_dns_servers,
        .dns_servers = texts(run->n_dns_servers, run->dns_servers),
        .n_dns_search = run->n_dns_search,
        .dns_search = texts(run->n_dns_search, run->dns_search),
        .health_shell = run->health_shell,
        .n_health_command = run->n_health_command,
        .health_command = texts(run->n_health_command, run->health_command),
        .weight_cpu = weight_of(definition),
        .memory_bytes = memory_at(plans->scale, definition->memory_mib),
        .reserved_bytes = memory_at(plans->scale, definition->memory_reservation_mib),
        .swap_bytes = run->max_swap_mib > 0 ? memory_at(plans->scale, run->max_swap_mib) : 0,
        .swappiness = run->swappiness >= 0 && run->max_swap_mib > 0 ? run->swappiness + 1 : 0,
    };
    wants_fill(plan, taskdef, i);
    plan->performs = plan->layout == NULL || taskdef->behaviours[i].given;
    plan_service(plan, plans, taskdef, i);
}

static void plan_taskdef(struct plan *plan, const struct plans *plans, int id)
{
    const struct scenario_taskdef *taskdef = &plans->scenario->taskdefs[id];
    struct task_definition *definition = taskdef->definition;

    *plan = (struct plan){
        .taskdef = id,
        .definition = definition,
        .quota_cpu = scale_down(plans->scale, definition->cpu),
        .memory_bytes = memory_at(plans->scale, definition->memory_mib),
        .n_containers = definition->n_containers,
        .containers = allocate(definition->n_containers, sizeof *plan->containers),
    };
    for (int i = 0; i < definition->n_containers; i++) {
        plan_container(&plan->containers[i], plans, taskdef, i);
        plan->swap_bytes += plan->containers[i].swap_bytes;
        if (definition->cpu == 0) {
            plan->weight_cpu += plan->containers[i].weight_cpu;
        }
    }
}

void plans_make(struct plans *plans, const struct scenario *scenario, struct scale scale,
                uint64_t seed, const char *image_folder)
{
    *plans = (struct plans){.scenario = scenario, .scale = scale, .seed = seed};
    plans->layouts = allocate(scenario->n_images, sizeof *plans->layouts);
    for (int i = 0; i < scenario->n_images; i++) {
        const struct image *image = &scenario->images[i];

        plans->layouts[i] = image->rootfs ? layout_rootfs(scenario->path, image->rootfs)
                                          : layout_find(scenario->path, image->oci, image_folder);
    }
    plans->list = allocate(scenario->n_taskdefs, sizeof *plans->list);
    for (int i = 0; i < scenario->n_taskdefs; i++) {
        plan_taskdef(&plans->list[i], plans, i);
    }
}

void plans_finish(struct plans *plans)
{
    for (int i = 0; i < plans->scenario->n_taskdefs; i++) {
        struct plan *plan = &plans->list[i];

        for (int j = 0; j < plan->n_containers; j++) {
            free(plan->containers[j].entry_point);
            free(plan->containers[j].command);
            free(plan->containers[j].environment);
            free_networks(&plan->containers[j]);
            free(plan->containers[j].health_command);
            free(plan->containers[j].ports);
            wants_release(&plan->containers[j]);
        }
        free(plan->containers);
    }
    for (int i = 0; i < plans->scenario->n_images; i++) {
        free(plans->layouts[i]);
    }
    free(plans->layouts);
    free(plans->list);
    *plans = (struct plans){0};
}

/* ---- tasks and instances ---- */

struct duty plans_duty(const struct plans *plans, int32_t task, int32_t taskdef)
{
    const struct scenario_taskdef *from = &plans->scenario->taskdefs[taskdef];
    struct duty duty = {task, taskdef, from->definition->n_containers, NULL};

    duty.containers = allocate(duty.n_containers, sizeof *duty.containers);
    for (int i = 0; i < duty.n_containers; i++) {
        const struct behaviour *behaviour = &from->behaviours[i];
        int64_t entity = (int64_t)task * 16 + i;
        int64_t work_usec =
            distribution_sample(&behaviour->work, plans->seed, DRAW_WORK, entity, 0);

        duty.containers[i] = (struct duty_container){
            .ready_usec =
                distribution_sample(&behaviour->ready, plans->seed, DRAW_READY, entity, 0),
            .work_usec = scale_down(plans->scale, work_usec),
            .threads = behaviour->threads,
            .idle_usec = behaviour->idle_usec,
            .memory_bytes = scale_down(plans->scale, behaviour->memory_bytes),
            .exit_code = behaviour->exit_code,
            .stop_usec = behaviour->stop_usec,
            .unhealthy_after_usec = behaviour->unhealthy_after_usec,
        };
    }
    return duty;
}

/* What one container may swap beyond its memory its instance must let it. */
static bool somebody_swaps(const struct plans *plans)
{
    for (int i = 0; i < plans->scenario->n_taskdefs; i++) {
        if (plans->list[i].swap_bytes > 0) {
            return true;
        }
    }
    return false;
}

struct cgroup_limits plans_instance_limits(const struct plans *plans,
                                           const struct instance_type *type)
{
    return (struct cgroup_limits){
        .quota_cpu = scale_down(plans->scale, type->cpu),
        .memory_bytes = memory_at(plans->scale, type->memory_mib),
        .swap_bytes = somebody_swaps(plans) ? -1 : 0,
    };
}
