/*
 * Sources name services and target groups as the scenario does; numbers are found when the scheduler
 * says where a service's requests go.
 */
#include "front.h"

#include "core/array.h"
#include "core/cluster.h"

#include <stdlib.h>
#include <string.h>

/* More requests than that are a flow, unless the scenario says otherwise. */
#define MANY_REQUESTS 20e6

static bool is_by_rate(const struct scenario *scenario)
{
    double sum = 0;

    if (scenario->load_level != LOAD_AUTO)
        return scenario->load_level == LOAD_RATE;
    for (int i = 0; i < scenario->n_loads; i++) {
        const struct load_source *load = &scenario->loads[i];

        if (load->to_usec != USEC_NEVER)
            sum += rate_curve_requests(&load->curve, 0, load->to_usec - load->from_usec);
    }
    return sum > MANY_REQUESTS;
}

void front_init(struct front *front, const struct scenario *scenario, uint64_t seed,
                struct queue *queue, struct fleet *fleet, const struct cluster *cluster)
{
    *front = (struct front){.scenario = scenario, .cluster = cluster, .fleet = fleet};
    traffic_init(&front->traffic, queue, fleet, seed);
    front->by_rate = is_by_rate(scenario);
    flow_init(&front->flow, &front->traffic, fleet);
    if (front->by_rate)
        front->traffic.flow = &front->flow;
    for (int i = 0; i < scenario->n_loads; i++)
        traffic_add_source(&front->traffic, &scenario->loads[i], ID_NONE);
}

void front_finish(struct front *front)
{
    traffic_finish(&front->traffic);
    flow_finish(&front->flow);
    free(front->rows);
    free(front->bins);
    free(front->targets);
    *front = (struct front){0};
}

void front_settle(struct front *front, int64_t at_usec)
{
    if (front->by_rate)
        flow_advance(&front->flow, at_usec);
}

int64_t front_step_usec(const struct front *front, int64_t metric_period_usec)
{
    int64_t step_usec = metric_period_usec / 6;

    if (!front->by_rate)
        return USEC_NEVER;
    return step_usec > USEC_PER_SEC / 10 ? step_usec : USEC_PER_SEC / 10;
}

/* Target groups ---------------------------------------------------------------------------------- */

static enum balancer_algorithm algorithm(enum balancing_algorithm wanted)
{
    switch (wanted) {
    case BALANCING_LEAST_OUTSTANDING:
        return BALANCER_LEAST_OUTSTANDING;
    case BALANCING_WEIGHTED_RANDOM:
        return BALANCER_WEIGHTED_RANDOM;
    case BALANCING_ROUND_ROBIN:
        break;
    }
    return BALANCER_ROUND_ROBIN;
}

static bool is_named(const char *name, const char *other)
{
    return name && other && strcmp(name, other) == 0;
}

/* The core may have refused it. */
static void add_groups(struct front *front)
{
    const struct cluster *cluster = front->cluster;

    front->fleet->gives_notice = cluster->n_target_groups > 0;
    while (front->traffic.n_groups < cluster->n_target_groups) {
        const struct target_group *group = &cluster->target_groups[front->traffic.n_groups];
        int32_t index = traffic_add_group(
            &front->traffic, algorithm(group->spec.algorithm), group->slow_start_usec,
            group->spec.unchecked ? 0 : group->interval_usec, group->timeout_usec);

        for (int i = 0; i < front->scenario->n_loads; i++)
            if (is_named(front->scenario->loads[i].target_group, group->spec.name))
                traffic_shift(&front->traffic, i, index, index, 1000);
    }
}

static void shift(struct front *front, const struct shift_traffic *shift)
{
    const char *service = front->cluster->services[shift->service].name;

    if (shift->test)
        return;
    for (int i = 0; i < front->scenario->n_loads; i++)
        if (is_named(front->scenario->loads[i].service, service))
            traffic_shift(&front->traffic, i, shift->from, shift->to, shift->permille);
}

static void set_target(struct front *front, int64_t at_usec, const struct target_state *state)
{
    static const enum balancer_use uses[] = {
        [TARGET_INITIAL] = BALANCER_HOLD,
        [TARGET_HEALTHY] = BALANCER_IN_USE,
        [TARGET_UNHEALTHY] = BALANCER_SPARE,
        [TARGET_DRAINING] = BALANCER_HOLD,
    };

    if (state->status == TARGET_UNUSED && front->by_rate)
        flow_cut(&front->flow, state->target_group, state->task);
    if (state->status == TARGET_UNUSED)
        traffic_forget(&front->traffic, at_usec, state->target_group, state->task);
    else
        traffic_set(&front->traffic, at_usec, state->target_group, state->task,
                    uses[state->status]);
}

void front_hear(struct front *front, int64_t at_usec, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_REGISTER_TARGET:
    case MESSAGE_TARGET_STATE:
    case MESSAGE_SHIFT_TRAFFIC:
    case MESSAGE_END:
        front_settle(front, at_usec);
        break;
    default:
        break;
    }
    switch (message->kind) {
    case MESSAGE_CREATE_TARGET_GROUP:
        add_groups(front);
        break;
    case MESSAGE_REGISTER_TARGET:
        traffic_register(&front->traffic, at_usec, message->as.register_target.target_group,
                         message->as.register_target.task, message->as.register_target.container);
        break;
    case MESSAGE_TARGET_STATE:
        set_target(front, at_usec, &message->as.target_state);
        break;
    case MESSAGE_SHIFT_TRAFFIC:
        shift(front, &message->as.shift_traffic);
        break;
    case MESSAGE_END:
        traffic_end(&front->traffic);
        break;
    default:
        break;
    }
}

/* The fleet -------------------------------------------------------------------------------------- */

static void cut_off(struct front *front, int32_t task)
{
    for (int32_t g = 0; g < front->traffic.n_groups; g++)
        flow_cut(&front->flow, g, task);
}

static void hear_notice(struct front *front, int64_t at_usec, const struct fleet_notice *notice)
{
    int32_t taskdef = front->cluster->tasks[notice->task].taskdef;

    front_settle(front, at_usec);
    if (front->by_rate && notice->news == FLEET_CLOSED)
        cut_off(front, notice->task);
    switch ((enum fleet_news)notice->news) {
    case FLEET_OPENED:
        traffic_open(&front->traffic, at_usec, notice->task, notice->container,
                     &front->scenario->taskdefs[taskdef].behaviours[notice->container].request);
        break;
    case FLEET_CLOSED:
        traffic_close(&front->traffic, at_usec, notice->task, notice->container);
        break;
    case FLEET_SERVED:
        traffic_worked(&front->traffic, at_usec, notice->task, notice->container);
        break;
    }
}

void front_look(struct front *front, int64_t at_usec)
{
    /* By index: hearing of one may lead to another. */
    for (int i = 0; i < front->fleet->n_notices; i++) {
        struct fleet_notice notice = front->fleet->notices[i];

        hear_notice(front, at_usec, &notice);
    }
    front->fleet->n_notices = 0;
}

void front_event(struct front *front, const struct queue_entry *entry)
{
    traffic_event(&front->traffic, entry);
    front_look(front, entry->at_usec);
}

bool front_result(struct front *front, struct message *event)
{
    struct traffic *traffic = &front->traffic;
    struct traffic_result *result;

    if (traffic->n_results == 0)
        return false;
    result = &traffic->results[0];
    *event = message_new(MESSAGE_TARGET_PROBED);
    event->as.target_probed = (struct target_probed){
        .target_group = result->group, .task = result->task, .passed = result->passed};
    traffic->n_results--;
    memmove(result, result + 1, (size_t)traffic->n_results * sizeof *result);
    return true;
}

/* Observation ------------------------------------------------------------------------------------ */

int64_t front_take_cpu(struct front *front, int64_t at_usec, int32_t task)
{
    return traffic_take_cpu(&front->traffic, at_usec, task);
}

static void add_bins(struct front *front, const struct histogram *histogram)
{
    for (int32_t i = histogram->first; i <= histogram->last; i++)
        if (histogram->counts[i] > 0)
            *ARRAY_ADD(front, bins) =
                (struct latency_bin){histogram_upto_usec(i), histogram->counts[i]};
}

/* Of a flow nothing is known of the single target. */
static int32_t add_targets(struct front *front, struct balancer *balancer)
{
    int before = front->n_targets;

    for (int i = 0; i < balancer->n_targets && !front->by_rate; i++) {
        struct balancer_target *target = &balancer->targets[i];

        if (target->use == BALANCER_GONE && target->n_given == 0 && target->n_errors == 0 &&
            target->first_usec == 0)
            continue;
        *ARRAY_ADD(front, targets) = (struct target_metrics){
            .task = target->task,
            .n_requests = target->n_given,
            .n_errors = target->n_errors,
            .n_open = target->outstanding,
            .n_most = target->n_most,
            .in_use =
                target->use == BALANCER_IN_USE || (balancer->open && target->use == BALANCER_SPARE),
            .first_usec = target->first_usec,
        };
        target->n_given = target->n_errors = target->first_usec = 0;
    }
    return front->n_targets - before;
}

void front_observe(struct front *front, struct observe *observe)
{
    int n_bins = 0, n_targets = 0;

    front->n_rows = front->n_bins = front->n_targets = 0;
    if (front->by_rate)
        flow_count(&front->flow);
    for (int32_t g = 0; g < front->traffic.n_groups; g++) {
        struct traffic_count *count = &front->traffic.groups[g].period;
        int before = front->n_bins;

        add_bins(front, &count->latency);
        *ARRAY_ADD(front, rows) = (struct target_group_metrics){
            .target_group = g,
            .n_requests = count->n_requests,
            .n_errors = count->n_errors,
            .n_rejected = count->n_rejected,
            .latency_sum_usec = count->latency.sum_usec,
            .n_latency = front->n_bins - before,
            .n_targets = add_targets(front, &front->traffic.groups[g].balancer),
        };
        count->n_requests = count->n_errors = count->n_rejected = 0;
        histogram_clear(&count->latency);
    }
    for (int i = 0; i < front->n_rows; i++) {
        front->rows[i].latency = front->rows[i].n_latency > 0 ? &front->bins[n_bins] : NULL;
        n_bins += front->rows[i].n_latency;
        front->rows[i].targets = front->rows[i].n_targets > 0 ? &front->targets[n_targets] : NULL;
        n_targets += front->rows[i].n_targets;
    }
    observe->n_target_groups = front->n_rows;
    observe->target_groups = front->rows;
}
