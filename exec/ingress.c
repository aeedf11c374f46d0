/*
 * Sources name services and target groups as the scenario does; numbers are found when the scheduler
 * says where a service's requests go. A target group's number is its place in the scenario: the script
 * creates them in this order before anything else.
 */
#include "exec/ingress.h"

#include "core/array.h"
#include "core/cluster.h"
#include "core/target.h"
#include "exec/cloud.h"
#include "exec/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_USEC = 20 * 1000 };

static void *allocate(int n, size_t size)
{
    void *memory = calloc((size_t)n + 1, size);

    assert(memory);
    return memory;
}

/* Whatever fails here ends the run: without its balancer it would show what is not so. */
static void note(struct ingress *ingress, bool ok, const struct err *err)
{
    if (!ok && !ingress->failed) {
        ingress->failed = true;
        ingress->err = *err;
    }
}

/* ---- start and end ---- */

static bool start(struct ingress *ingress, int64_t origin_usec, struct err *err)
{
    const struct controller_job *job = ingress->job;
    const struct scenario *scenario = job->scenario;
    const struct helper_place place = {job->run, job->cgroups, job->cloud_fd};
    const struct create_target_group **groups =
        allocate(scenario->n_target_groups, sizeof(struct create_target_group *));
    const struct load_job load = {.scenario = scenario,
                                  .seed = job->plans->seed,
                                  .scale = job->plans->scale,
                                  .origin_usec = origin_usec,
                                  .address = cloud_address(),
                                  .port = HAPROXY_PORT};
    bool ok;

    for (int i = 0; i < scenario->n_target_groups; i++) {
        groups[i] = &scenario->target_groups[i].as.create_target_group;
    }
    ok = haproxy_start(&ingress->haproxy, &place, groups, scenario->n_target_groups,
                       scenario->n_loads, err) &&
         load_start(&ingress->load, &place, &load, err);
    free(groups);
    return ok;
}

bool ingress_open(struct ingress *ingress, const struct controller_job *job,
                  const struct cluster *cluster, int64_t origin_usec, struct err *err)
{
    const struct scenario *scenario = job->scenario;

    *ingress = (struct ingress){
        .job = job, .cluster = cluster, .haproxy = HAPROXY_NONE, .load = LOAD_NONE};
    if (scenario->n_target_groups == 0) {
        return true;
    }
    if (job->cloud_fd < 0) {
        return err_set(err, EXIT_MACHINE,
                       "this scenario has target groups, and containers have no networks here");
    }
    ingress->groups = allocate(scenario->n_target_groups, sizeof *ingress->groups);
    ingress->rows = allocate(scenario->n_target_groups, sizeof *ingress->rows);
    ingress->routes = allocate(scenario->n_loads, sizeof *ingress->routes);
    for (int i = 0; i < scenario->n_target_groups; i++) {
        histogram_init(&ingress->groups[i].latency);
    }
    for (int i = 0; i < scenario->n_loads; i++) {
        ingress->routes[i] = (struct ingress_route){ID_NONE, ID_NONE, 0};
    }
    if (start(ingress, origin_usec, err)) {
        return true;
    }
    ingress_close(ingress);
    return false;
}

void ingress_close(struct ingress *ingress)
{
    load_stop(&ingress->load, ingress->job->cgroups);
    haproxy_stop(&ingress->haproxy, ingress->job->cgroups);
    for (int i = 0; ingress->groups && i < ingress->job->scenario->n_target_groups; i++) {
        free(ingress->groups[i].firsts);
    }
    free(ingress->groups);
    free(ingress->routes);
    free(ingress->targets);
    free(ingress->results);
    free(ingress->rows);
    free(ingress->bins);
    free(ingress->served);
    free(ingress->target_rows);
    *ingress = (struct ingress){.job = ingress->job, .haproxy = HAPROXY_NONE, .load = LOAD_NONE};
}

/* ---- routes ---- */

static bool is_named(const char *name, const char *other)
{
    return name && other && strcmp(name, other) == 0;
}

static void route(struct ingress *ingress, int source, int32_t from, int32_t to, int32_t permille)
{
    struct err err;

    ingress->routes[source] = (struct ingress_route){from, to, permille};
    note(ingress, haproxy_route(&ingress->haproxy, source, from, to, permille, &err), &err);
}

static void hear_group(struct ingress *ingress, const struct create_target_group *group)
{
    const struct scenario *scenario = ingress->job->scenario;

    for (int i = 0; i < scenario->n_loads; i++) {
        if (is_named(scenario->loads[i].target_group, group->name)) {
            route(ingress, i, group->target_group, group->target_group, 1000);
        }
    }
}

static void hear_shift(struct ingress *ingress, const struct shift_traffic *shift)
{
    const struct scenario *scenario = ingress->job->scenario;
    const char *service = ingress->cluster->services[shift->service].name;

    for (int i = 0; i < scenario->n_loads && !shift->test; i++) {
        if (is_named(scenario->loads[i].service, service)) {
            route(ingress, i, shift->from, shift->to, shift->permille);
        }
    }
}

/* ---- targets ---- */

static struct ingress_target *find_target(struct ingress *ingress, int32_t group, int32_t task)
{
    for (int i = 0; i < ingress->n_targets; i++) {
        if (ingress->targets[i].group == group && ingress->targets[i].task == task) {
            return &ingress->targets[i];
        }
    }
    return NULL;
}

static void ask(struct ingress *ingress, const struct register_target *target, uint32_t address)
{
    const struct target_group *group = &ingress->cluster->target_groups[target->target_group];
    struct load_probe probe = {
        .group = target->target_group,
        .task = target->task,
        .address = address,
        .port = target->host_port,
        .draws = plans_draws(ingress->job->scenario, ingress->cluster->tasks[target->task].taskdef,
                             target->container),
        .interval_usec = group->interval_usec,
        .timeout_usec = group->timeout_usec,
    };
    const char *path = group->spec.path ? group->spec.path : "/";

    if (group->spec.unchecked) {
        return;
    }
    memcpy(probe.path, path, strnlen(path, sizeof probe.path - 1));
    if (!load_ask(&ingress->load, &probe)) {
        note(ingress, false,
             &(struct err){.code = EXIT_MACHINE, .text = "the prober does not answer"});
    }
}

/* In bridge and host mode a target is a port of its instance, in awsvpc mode it has an address. */
static void hear_target(struct ingress *ingress, const struct register_target *target)
{
    const struct task *task = &ingress->cluster->tasks[target->task];
    const struct target_group *group = &ingress->cluster->target_groups[target->target_group];
    bool own =
        ingress->job->scenario->taskdefs[task->taskdef].definition->network_mode == NETWORK_AWSVPC;
    uint32_t address =
        own ? cloud_task_address(target->task) : cloud_instance_address(target->instance);
    struct err err;

    if (find_target(ingress, target->target_group, target->task)) {
        return;
    }
    *ARRAY_ADD(ingress, targets) =
        (struct ingress_target){target->target_group, target->task, false, false};
    note(ingress,
         haproxy_add(&ingress->haproxy, target->target_group, target->task, address,
                     target->host_port, group->slow_start_usec, &err),
         &err);
    ask(ingress, target, address);
}

/* Who gets requests depends on all targets of a group: it fails open where none is healthy. */
static void use_targets(struct ingress *ingress, int32_t group)
{
    struct err err;

    for (int i = 0; i < ingress->n_targets; i++) {
        struct ingress_target *target = &ingress->targets[i];
        bool use;

        if (target->group != group || target->leaves) {
            continue;
        }
        use = target_gets_requests(ingress->cluster, group, target->task);
        if (use != target->in_use) {
            target->in_use = use;
            note(ingress, haproxy_use(&ingress->haproxy, group, target->task, use, &err), &err);
        }
    }
}

static void hear_state(struct ingress *ingress, const struct target_state *state)
{
    struct ingress_target *target = find_target(ingress, state->target_group, state->task);

    if (target && state->status == TARGET_UNUSED) {
        target->leaves = true;
        load_forget(&ingress->load, state->target_group, state->task);
        ingress_advance(ingress);
    }
    use_targets(ingress, state->target_group);
}

/* ---- the balancer's statistics ---- */

static void take_server(struct ingress *ingress, const struct haproxy_server *server)
{
    struct ingress_served *served = NULL;

    for (int i = 0; i < ingress->n_served && !served; i++) {
        if (ingress->served[i].now.group == server->group &&
            ingress->served[i].now.task == server->task) {
            served = &ingress->served[i];
        }
    }
    if (!served) {
        served = ARRAY_ADD(ingress, served);
    }
    served->now = *server;
    served->is_there = true;
}

/* Before targets go, and with each observation: what it counted of one that is removed is gone with it. */
static void read_statistics(struct ingress *ingress)
{
    struct haproxy_server *servers;
    struct err err;
    int n;

    if (ingress->failed) {
        return;
    }
    for (int i = 0; i < ingress->n_served; i++) {
        ingress->served[i].is_there = false;
        ingress->served[i].now.n_open = ingress->served[i].now.n_queued = 0;
    }
    note(ingress, haproxy_statistics(&ingress->haproxy, &servers, &n, &err), &err);
    for (int i = 0; i < n; i++) {
        take_server(ingress, &servers[i]);
    }
    free(servers);
}

static bool some_leave(const struct ingress *ingress)
{
    for (int i = 0; i < ingress->n_targets; i++) {
        if (ingress->targets[i].leaves) {
            return true;
        }
    }
    return false;
}

int64_t ingress_advance(struct ingress *ingress)
{
    bool some_stay = false;

    if (some_leave(ingress)) {
        read_statistics(ingress);
    }

    for (int i = ingress->n_targets - 1; i >= 0; i--) {
        struct ingress_target *target = &ingress->targets[i];
        bool gone = false;
        struct err err;

        if (!target->leaves || ingress->failed) {
            continue;
        }
        note(ingress, haproxy_remove(&ingress->haproxy, target->group, target->task, &gone, &err),
             &err);
        if (gone) {
            *target = ingress->targets[--ingress->n_targets];
        }
        some_stay |= !gone;
    }
    return some_stay && !ingress->failed ? loop_clock_usec() + RETRY_USEC : INT64_MAX;
}

void ingress_hear(struct ingress *ingress, const struct message *message)
{
    if (ingress->load.fd < 0 || ingress->failed) {
        return;
    }
    switch (message->kind) {
    case MESSAGE_CREATE_TARGET_GROUP:
        hear_group(ingress, &message->as.create_target_group);
        break;
    case MESSAGE_REGISTER_TARGET:
        hear_target(ingress, &message->as.register_target);
        break;
    case MESSAGE_TARGET_STATE:
        hear_state(ingress, &message->as.target_state);
        break;
    case MESSAGE_SHIFT_TRAFFIC:
        hear_shift(ingress, &message->as.shift_traffic);
        break;
    case MESSAGE_END:
        ingress->over = true;
        load_end(&ingress->load);
        break;
    default:
        break;
    }
}

/* ---- what was seen ---- */

/* The group that a request without an answer was meant for, by the same number as the balancer. */
static int32_t meant_for(const struct ingress *ingress, const struct load_report *report)
{
    const struct ingress_route *route = &ingress->routes[report->source];

    return report->draw < route->permille ? route->to : route->from;
}

static void count_good(struct ingress_group *group, const struct load_report *report)
{
    struct ingress_first *first;

    histogram_add(&group->latency, report->ended_usec - report->scheduled_usec);
    while (group->n_firsts <= report->task) {
        *ARRAY_ADD(group, firsts) = (struct ingress_first){false, 0};
    }
    first = &group->firsts[report->task];
    if (!first->answered) {
        *first = (struct ingress_first){true, report->ended_usec};
    }
}

static void count(struct ingress *ingress, const struct load_report *report)
{
    int32_t index = report->status == 0 ? meant_for(ingress, report) : report->group;
    struct ingress_group *group;

    if (index < 0 || index >= ingress->job->scenario->n_target_groups) {
        return; /* there was no target group for it yet, as in a simulation */
    }
    group = &ingress->groups[index];
    if (report->status != 0 && report->task == ID_NONE) {
        group->n_rejected++;
        return;
    }
    group->n_requests++;
    if (report->status == 0 || report->status >= 500) {
        group->n_errors++;
    } else {
        count_good(group, report);
    }
}

/* ELBv2: the matcher's default is 200. */
static void take_report(struct ingress *ingress, const struct load_report *report)
{
    if (report->kind == LOAD_REQUEST_ENDED) {
        count(ingress, report);
    } else if (find_target(ingress, report->group, report->task)) {
        *ARRAY_ADD(ingress, results) =
            (struct target_probed){report->group, report->task, report->status == 200};
    }
}

void ingress_take(struct ingress *ingress)
{
    struct load_report reports[LOAD_REPORTS_MAX];
    int n = 0;

    while (ingress->load.fd >= 0 && (n = load_hear(&ingress->load, reports)) > 0) {
        for (int i = 0; i < n && !ingress->over; i++) {
            take_report(ingress, &reports[i]);
        }
    }
    if (n < 0) {
        note(ingress, false,
             &(struct err){.code = EXIT_MACHINE, .text = "the source of load has ended"});
    }
}

bool ingress_result(struct ingress *ingress, struct message *event)
{
    if (ingress->n_results == 0 || ingress->over) {
        return false;
    }
    *event = message_new(MESSAGE_TARGET_PROBED);
    event->as.target_probed = ingress->results[0];
    ingress->n_results--;
    memmove(ingress->results, ingress->results + 1,
            (size_t)ingress->n_results * sizeof *ingress->results);
    return true;
}

/* ---- observation ---- */

static void add_bins(struct ingress *ingress, const struct histogram *histogram)
{
    for (int32_t i = histogram->first; i <= histogram->last; i++) {
        if (histogram->counts[i] > 0) {
            *ARRAY_ADD(ingress, bins) =
                (struct latency_bin){histogram_upto_usec(i), histogram->counts[i]};
        }
    }
}

/* Once. */
static int64_t take_first(struct ingress_group *group, int32_t task)
{
    int64_t at_usec = 0;

    if (task < group->n_firsts) {
        at_usec = group->firsts[task].at_usec;
        group->firsts[task].at_usec = 0;
    }
    return at_usec;
}

/* The rows of one group; what has left the balancer is told of for the last time. */
static int32_t add_targets(struct ingress *ingress, int32_t group)
{
    int before = ingress->n_target_rows;

    for (int i = 0; i < ingress->n_served; i++) {
        struct ingress_served *served = &ingress->served[i];

        if (served->now.group != group) {
            continue;
        }
        *ARRAY_ADD(ingress, target_rows) = (struct target_metrics){
            .task = served->now.task,
            .n_requests = served->now.n_sessions - served->n_sessions_before,
            .n_errors = served->now.n_errors - served->n_errors_before,
            .n_open = served->now.n_open,
            .n_most = served->now.n_most,
            .n_queued = served->now.n_queued,
            .in_use = served->is_there && served->now.in_use,
            .first_usec = take_first(&ingress->groups[group], served->now.task),
        };
        served->n_sessions_before = served->now.n_sessions;
        served->n_errors_before = served->now.n_errors;
    }
    return ingress->n_target_rows - before;
}

static void drop_gone(struct ingress *ingress)
{
    int n = 0;

    for (int i = 0; i < ingress->n_served; i++) {
        if (ingress->served[i].is_there) {
            ingress->served[n++] = ingress->served[i];
        }
    }
    ingress->n_served = n;
}

void ingress_observe(struct ingress *ingress, struct observe *observe)
{
    int n_rows = ingress->load.fd >= 0 ? ingress->cluster->n_target_groups : 0, first = 0;
    int first_target = 0;

    ingress->n_bins = ingress->n_target_rows = 0;
    if (n_rows > 0) {
        read_statistics(ingress);
    }
    for (int i = 0; i < n_rows; i++) {
        struct ingress_group *group = &ingress->groups[i];
        int before = ingress->n_bins;

        add_bins(ingress, &group->latency);
        ingress->rows[i] = (struct target_group_metrics){
            .target_group = i,
            .n_requests = group->n_requests,
            .n_errors = group->n_errors,
            .n_rejected = group->n_rejected,
            .latency_sum_usec = group->latency.sum_usec,
            .n_latency = ingress->n_bins - before,
            .n_targets = add_targets(ingress, i),
        };
        group->n_requests = group->n_errors = group->n_rejected = 0;
        histogram_clear(&group->latency);
    }
    for (int i = 0; i < n_rows; i++) {
        ingress->rows[i].latency = ingress->rows[i].n_latency > 0 ? &ingress->bins[first] : NULL;
        first += ingress->rows[i].n_latency;
        ingress->rows[i].targets =
            ingress->rows[i].n_targets > 0 ? &ingress->target_rows[first_target] : NULL;
        first_target += ingress->rows[i].n_targets;
    }
    drop_gone(ingress);
    observe->n_target_groups = n_rows;
    observe->target_groups = ingress->rows;
}
