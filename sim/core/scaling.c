/*
 * From alarms to desired counts. Each policy proposes a count; the largest wins. What is proposed while
 * a scale-out cools down counts from the count before it, so that only a larger one adds something.
 */
#include "core/scaling.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/service.h"

#include <assert.h>
#include <stdlib.h>

/* What the policies of one service propose in this period. */
struct proposal {
    int32_t out, in; /* counts; ID_NONE: none */
    int32_t out_policy, in_policy;
    struct ratio out_value, in_value;
    bool vetoed; /* a target tracking policy does not want to scale in */
};

static struct service *get(struct scheduler *scheduler, int service)
{
    return &scheduler->cluster.services[service];
}

static int32_t clamp(int64_t value)
{
    return value < 0 ? 0 : value > CLUSTER_COUNT_MAX ? CLUSTER_COUNT_MAX : (int32_t)value;
}

/* Steps ---------------------------------------------------------------------------------------- */

/* Above the threshold the lower bound belongs to a step, below it the upper one. */
static bool step_applies(const struct step_adjustment *step, struct ratio value,
                         int64_t threshold_milli, bool above)
{
    int to_lower =
        step->has_lower ? ratio_compare(value, (__int128)threshold_milli + step->lower_milli) : 1;
    int to_upper =
        step->has_upper ? ratio_compare(value, (__int128)threshold_milli + step->upper_milli) : -1;

    return above ? to_lower >= 0 && to_upper < 0 : to_lower > 0 && to_upper <= 0;
}

/* Percentages: beyond one task towards zero, within one task away from it. */
static int64_t percent_of(int32_t count, int32_t percent)
{
    int64_t product = (int64_t)count * percent, change = product / 100;

    if (change == 0 && product != 0)
        change = product > 0 ? 1 : -1;
    return change;
}

int32_t scaling_step(const struct put_scaling_policy *policy, int32_t count, struct ratio value,
                     int64_t threshold_milli, bool above)
{
    for (int i = 0; i < policy->n_steps; i++) {
        const struct step_adjustment *step = &policy->steps[i];
        int64_t change = step->adjustment;

        if (!step_applies(step, value, threshold_milli, above))
            continue;
        if (policy->adjustment == ADJUST_EXACT)
            return clamp(change);
        if (policy->adjustment == ADJUST_PERCENT) {
            int32_t least = policy->min_magnitude == ID_NONE ? 0 : policy->min_magnitude;

            change = percent_of(count, step->adjustment);
            if (change > 0 && change < least)
                change = least;
            if (change < 0 && change > -least)
                change = -least;
        }
        return clamp(count + change);
    }
    return count;
}

/* Proposals ------------------------------------------------------------------------------------ */

/* What a scale-out counts from: while one cools down, what there was before it. */
static int32_t base_of(const struct scheduler *scheduler, const struct service *service)
{
    return scheduler->now_usec < service->out_until_usec ? service->out_base : service->desired;
}

static void propose(struct scheduler *scheduler, struct proposal *proposals, int policy,
                    int32_t out, int32_t in, struct ratio value)
{
    int id = scheduler->policies[policy].spec.service;
    struct proposal *proposal = &proposals[id];

    if (out > get(scheduler, id)->desired && out > proposal->out) {
        proposal->out = out;
        proposal->out_policy = policy;
        proposal->out_value = value;
    }
    if (in < get(scheduler, id)->desired && in > proposal->in) {
        proposal->in = in;
        proposal->in_policy = policy;
        proposal->in_value = value;
    }
}

static void follow_alarm(struct scheduler *scheduler, int id, struct proposal *proposals)
{
    const struct alarm *alarm = &scheduler->alarms[id];
    bool above = alarm->spec.comparison == COMPARE_GE || alarm->spec.comparison == COMPARE_GT;

    if (alarm->watch.status != ALARM_ALARM || !alarm->has_last)
        return;
    for (int i = 0; i < alarm->spec.n_actions; i++) {
        int policy = alarm->spec.actions[i].policy;
        const struct put_scaling_policy *spec = &scheduler->policies[policy].spec;
        const struct service *service = get(scheduler, spec->service);

        if (spec->type == POLICY_STEP)
            propose(scheduler, proposals, policy,
                    scaling_step(spec, base_of(scheduler, service), alarm->last,
                                 alarm->spec.threshold_milli, above),
                    scaling_step(spec, service->desired, alarm->last, alarm->spec.threshold_milli,
                                 above),
                    alarm->last);
    }
}

static void say_own_alarm(struct scheduler *scheduler, struct outputs *outputs, int policy,
                          bool low, enum alarm_status status, struct ratio value)
{
    struct alarm_state *said = &decide(scheduler, outputs, MESSAGE_ALARM)->as.alarm;

    said->policy = policy;
    said->low = low;
    said->status = status;
    said->value_milli = ratio_milli(value);
}

static struct ratio tenfold(struct ratio value)
{
    return ratio_of((__int128)value.num * 10, value.den);
}

/* Target tracking: out after three datapoints above the target, in after fifteen below nine tenths of
 * it, both to the count that would meet the target, rounded up. */
static void track(struct scheduler *scheduler, struct outputs *outputs, int id,
                  const struct observe *observe, struct proposal *proposals)
{
    struct policy *policy = &scheduler->policies[id];
    const struct put_scaling_policy *spec = &policy->spec;
    const struct service *service = get(scheduler, spec->service);
    struct ratio value = {0, 1};
    bool present = metrics_value(&scheduler->cluster, observe, spec->metric, spec->service,
                                 spec->target_group, &value);
    bool is_high = present && ratio_compare(value, spec->target_milli) > 0;
    bool is_low = present && ratio_compare(tenfold(value), (__int128)spec->target_milli * 9) < 0;

    if (watch_add(&policy->high, present, is_high))
        say_own_alarm(scheduler, outputs, id, false, policy->high.status, value);
    if (watch_add(&policy->low, present, is_low))
        say_own_alarm(scheduler, outputs, id, true, policy->low.status, value);
    if (policy->high.status == ALARM_ALARM && present)
        propose(scheduler, proposals, id,
                ratio_scale(base_of(scheduler, service), value, spec->target_milli), INT32_MAX,
                value);
    if (spec->disable_scale_in)
        return;
    if (policy->low.status == ALARM_ALARM && present)
        propose(scheduler, proposals, id, ID_NONE,
                ratio_scale(service->desired, value, spec->target_milli), value);
    else
        proposals[spec->service].vetoed = true;
}

/* Applying ------------------------------------------------------------------------------------- */

static struct scaling *set_desired(struct scheduler *scheduler, struct outputs *outputs, int id,
                                   int32_t desired)
{
    struct service *service = get(scheduler, id);
    struct scaling *said = &decide(scheduler, outputs, MESSAGE_SCALE)->as.scale;

    said->service = id;
    said->from = service->desired;
    said->to = desired;
    service->desired = desired;
    service->deployments[service->primary].said_stuck = false;
    service_touch(scheduler, id);
    return said;
}

static int64_t cooldown_usec(const struct scheduler *scheduler, int policy, bool out)
{
    const struct put_scaling_policy *spec = &scheduler->policies[policy].spec;
    const struct scheduler_rules *rules = &scheduler->rules;
    int32_t sec = spec->type == POLICY_STEP ? spec->cooldown_sec
                  : out                     ? spec->scale_out_cooldown_sec
                                            : spec->scale_in_cooldown_sec;

    if (sec != ID_NONE)
        return sec * USEC_PER_SEC;
    if (spec->type == POLICY_STEP)
        return rules->step_cooldown_usec;
    return out ? rules->scale_out_cooldown_usec : rules->scale_in_cooldown_usec;
}

static void scale_out(struct scheduler *scheduler, struct outputs *outputs, int id,
                      const struct proposal *proposal)
{
    struct service *service = get(scheduler, id);
    int32_t to = proposal->out < service->max_capacity ? proposal->out : service->max_capacity;
    struct scaling *said;

    if (to <= service->desired || service->suspend_out)
        return;
    if (scheduler->now_usec >= service->out_until_usec) {
        service->out_base = service->desired;
        service->out_until_usec =
            scheduler->now_usec + cooldown_usec(scheduler, proposal->out_policy, true);
    }
    service->in_until_usec = 0; /* it ends what a scale-in has to wait for */
    said = set_desired(scheduler, outputs, id, to);
    said->policy = proposal->out_policy;
    said->value_milli = ratio_milli(proposal->out_value);
}

static void scale_in(struct scheduler *scheduler, struct outputs *outputs, int id,
                     const struct proposal *proposal)
{
    struct service *service = get(scheduler, id);
    int32_t to = proposal->in > service->min_capacity ? proposal->in : service->min_capacity;
    struct scaling *said;

    if (to >= service->desired || service->suspend_in || proposal->vetoed ||
        scheduler->now_usec < service->in_until_usec ||
        service->deployments[service->primary].rollout == ROLLOUT_IN_PROGRESS)
        return;
    service->in_until_usec =
        scheduler->now_usec + cooldown_usec(scheduler, proposal->in_policy, false);
    said = set_desired(scheduler, outputs, id, to);
    said->policy = proposal->in_policy;
    said->value_milli = ratio_milli(proposal->in_value);
}

void scaling_observe(struct scheduler *scheduler, const struct message *event,
                     struct outputs *outputs)
{
    const struct observe *observe = &event->as.observe;
    int n = scheduler->cluster.n_services;
    struct proposal *proposals;

    if (scheduler->ending || n == 0)
        return;
    if (!metrics_are_sane(observe)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    proposals = calloc((size_t)n, sizeof *proposals);
    assert(proposals != NULL);
    for (int i = 0; i < n; i++)
        proposals[i].out = proposals[i].in = ID_NONE;
    for (int i = 0; i < scheduler->n_alarms; i++)
        if (alarm_observe(scheduler, outputs, i, observe))
            follow_alarm(scheduler, i, proposals);
    for (int i = 0; i < scheduler->n_policies; i++)
        if (scheduler->policies[i].spec.type == POLICY_TARGET_TRACKING)
            track(scheduler, outputs, i, observe, proposals);
    for (int i = 0; i < n; i++) {
        const struct service *service = get(scheduler, i);

        if (!service->is_scalable || service->status != SERVICE_ACTIVE)
            continue;
        if (proposals[i].out != ID_NONE)
            scale_out(scheduler, outputs, i, &proposals[i]);
        else if (proposals[i].in != ID_NONE)
            scale_in(scheduler, outputs, i, &proposals[i]);
    }
    free(proposals);
}

/* Bounds --------------------------------------------------------------------------------------- */

/* A count out of its bounds is brought within them, whatever cools down. */
static void keep_bounds(struct scheduler *scheduler, struct outputs *outputs, int id, int action)
{
    struct service *service = get(scheduler, id);
    int32_t to = service->desired;

    if (to < service->min_capacity)
        to = service->min_capacity;
    if (to > service->max_capacity)
        to = service->max_capacity;
    if (to != service->desired)
        set_desired(scheduler, outputs, id, to)->action = action;
}

static bool bounds_are_sound(const struct service *service, int32_t min, int32_t max)
{
    if (min < ID_NONE || max < ID_NONE || min > CLUSTER_COUNT_MAX || max > CLUSTER_COUNT_MAX)
        return false;
    min = min == ID_NONE ? service->min_capacity : min;
    max = max == ID_NONE ? service->max_capacity : max;
    return min <= max;
}

static void set_bounds(struct service *service, int32_t min, int32_t max)
{
    if (min != ID_NONE)
        service->min_capacity = min;
    if (max != ID_NONE)
        service->max_capacity = max;
}

/* The service that a call means, or NULL after a refusal. */
static struct service *find(struct scheduler *scheduler, const struct message *event, int id,
                            struct outputs *outputs)
{
    if (!cluster_in_range(id, scheduler->cluster.n_services))
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    else if (scheduler->ending || get(scheduler, id)->status != SERVICE_ACTIVE)
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    else if (get(scheduler, id)->scheduling == SCHEDULING_DAEMON)
        decide_refuse(scheduler, outputs, event->kind, REFUSED_DAEMON);
    else
        return get(scheduler, id);
    return NULL;
}

void scaling_register(struct scheduler *scheduler, const struct message *event,
                      struct outputs *outputs)
{
    const struct register_scalable_target *call = &event->as.register_scalable_target;
    struct service *service = find(scheduler, event, call->service, outputs);

    if (!service)
        return;
    if (!service->is_scalable && (call->min_capacity == ID_NONE || call->max_capacity == ID_NONE)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_SCALABLE);
        return;
    }
    if (!bounds_are_sound(service, call->min_capacity, call->max_capacity)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_BOUNDS);
        return;
    }
    service->is_scalable = true;
    service->suspend_in = call->suspend_in;
    service->suspend_out = call->suspend_out;
    service->suspend_scheduled = call->suspend_scheduled;
    set_bounds(service, call->min_capacity, call->max_capacity);
    keep_bounds(scheduler, outputs, call->service, ID_NONE);
}

/* Policies ------------------------------------------------------------------------------------- */

static bool steps_are_sound(const struct put_scaling_policy *call)
{
    for (int i = 0; i < call->n_steps; i++) {
        const struct step_adjustment *step = &call->steps[i];

        if ((step->has_lower &&
             (step->lower_milli < -MILLI_MAX || step->lower_milli > MILLI_MAX)) ||
            (step->has_upper && (step->upper_milli < -MILLI_MAX || step->upper_milli > MILLI_MAX)))
            return false;
    }
    return call->n_steps > 0;
}

static bool policy_is_sound(const struct scheduler *scheduler,
                            const struct put_scaling_policy *call)
{
    if (!call->name || call->policy < 0 || call->policy > scheduler->n_policies)
        return false;
    if (call->type == POLICY_STEP)
        return steps_are_sound(call) && call->min_magnitude >= ID_NONE &&
               call->cooldown_sec >= ID_NONE;
    return call->target_milli > 0 && call->target_milli < MILLI_MAX &&
           call->scale_out_cooldown_sec >= ID_NONE && call->scale_in_cooldown_sec >= ID_NONE &&
           call->metric <= METRIC_REQUESTS_PER_TARGET &&
           (call->metric != METRIC_REQUESTS_PER_TARGET ||
            cluster_in_range(call->target_group, scheduler->cluster.n_target_groups));
}

static void finish_policy(struct policy *policy)
{
    struct message message = {.kind = MESSAGE_PUT_SCALING_POLICY};

    message.as.put_scaling_policy = policy->spec;
    message_finish(&message);
    watch_finish(&policy->high);
    watch_finish(&policy->low);
}

void scaling_put_policy(struct scheduler *scheduler, const struct message *event,
                        struct outputs *outputs)
{
    const struct put_scaling_policy *call = &event->as.put_scaling_policy;
    const struct service *service = find(scheduler, event, call->service, outputs);
    struct policy *policy;
    struct message copy;

    if (!service)
        return;
    if (!service->is_scalable || !policy_is_sound(scheduler, call)) {
        decide_refuse(scheduler, outputs, event->kind,
                      service->is_scalable ? REFUSED_INVALID : REFUSED_NOT_SCALABLE);
        return;
    }
    message_copy(&copy, event);
    if (call->policy == scheduler->n_policies)
        ARRAY_ADD(scheduler, policies);
    else
        finish_policy(&scheduler->policies[call->policy]);
    policy = &scheduler->policies[call->policy];
    policy->spec = copy.as.put_scaling_policy;
    watch_init(&policy->high, scheduler->rules.scale_out_datapoints,
               scheduler->rules.scale_out_datapoints, MISSING_IS_MISSING);
    watch_init(&policy->low, scheduler->rules.scale_in_datapoints,
               scheduler->rules.scale_in_datapoints, MISSING_IS_MISSING);
}

/* Schedules ------------------------------------------------------------------------------------ */

static void set_due(const struct scheduler *scheduler, struct scheduled_action *action,
                    int64_t after_usec)
{
    const struct put_scheduled_action *spec = &action->spec;
    int64_t epoch_usec = scheduler->cluster.epoch_usec;
    int64_t start_usec = spec->has_start ? spec->start_usec : action->since_usec;
    int64_t start_sec = (epoch_usec + start_usec) / USEC_PER_SEC, next_sec;

    if (spec->has_start && spec->start_usec > after_usec)
        after_usec = spec->start_usec - USEC_PER_SEC;
    next_sec =
        schedule_next(&action->schedule, start_sec, (epoch_usec + after_usec) / USEC_PER_SEC);
    action->due_usec = USEC_NEVER;
    if (next_sec < USEC_MAX / USEC_PER_SEC)
        action->due_usec = next_sec * USEC_PER_SEC - epoch_usec;
    if (spec->has_end && action->due_usec > spec->end_usec)
        action->due_usec = USEC_NEVER;
}

static bool is_moment(int64_t usec)
{
    return usec > -USEC_MAX && usec < USEC_MAX;
}

static bool action_is_sound(const struct scheduler *scheduler, const struct service *service,
                            const struct put_scheduled_action *call)
{
    struct schedule schedule;
    const char *wrong;

    return call->name && call->action >= 0 && call->action <= scheduler->n_actions &&
           service->is_scalable && is_moment(call->start_usec) && is_moment(call->end_usec) &&
           is_moment(scheduler->cluster.epoch_usec) &&
           (call->min_capacity != ID_NONE || call->max_capacity != ID_NONE) &&
           bounds_are_sound(service, call->min_capacity, call->max_capacity) &&
           schedule_parse(call->schedule, &schedule, &wrong);
}

static void finish_action(struct scheduled_action *action)
{
    struct message message = {.kind = MESSAGE_PUT_SCHEDULED_ACTION};

    message.as.put_scheduled_action = action->spec;
    message_finish(&message);
}

void scaling_put_action(struct scheduler *scheduler, const struct message *event,
                        struct outputs *outputs)
{
    const struct put_scheduled_action *call = &event->as.put_scheduled_action;
    const struct service *service = find(scheduler, event, call->service, outputs);
    struct scheduled_action *action;
    struct message copy;
    const char *wrong;

    if (!service)
        return;
    if (!action_is_sound(scheduler, service, call)) {
        decide_refuse(scheduler, outputs, event->kind,
                      !service->is_scalable ? REFUSED_NOT_SCALABLE
                      : bounds_are_sound(service, call->min_capacity, call->max_capacity)
                          ? REFUSED_INVALID
                          : REFUSED_BOUNDS);
        return;
    }
    message_copy(&copy, event);
    if (call->action == scheduler->n_actions)
        ARRAY_ADD(scheduler, actions);
    else
        finish_action(&scheduler->actions[call->action]);
    action = &scheduler->actions[call->action];
    action->spec = copy.as.put_scheduled_action;
    schedule_parse(call->schedule, &action->schedule, &wrong);
    action->since_usec = scheduler->now_usec;
    set_due(scheduler, action, scheduler->now_usec);
    decide_by(scheduler, action->due_usec);
}

static void act(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    const struct put_scheduled_action *spec = &scheduler->actions[id].spec;
    struct service *service = get(scheduler, spec->service);

    if (service->status != SERVICE_ACTIVE || service->suspend_scheduled)
        return;
    if (!bounds_are_sound(service, spec->min_capacity, spec->max_capacity)) {
        decide_refuse(scheduler, outputs, MESSAGE_PUT_SCHEDULED_ACTION, REFUSED_BOUNDS);
        return;
    }
    set_bounds(service, spec->min_capacity, spec->max_capacity);
    keep_bounds(scheduler, outputs, spec->service, id);
}

void scaling_tick(struct scheduler *scheduler, struct outputs *outputs)
{
    for (int i = 0; i < scheduler->n_actions; i++) {
        struct scheduled_action *action = &scheduler->actions[i];

        if (action->due_usec <= scheduler->now_usec) {
            act(scheduler, outputs, i);
            set_due(scheduler, action, scheduler->now_usec);
        }
        decide_by(scheduler, action->due_usec);
    }
}

void scaling_finish(struct scheduler *scheduler)
{
    for (int i = 0; i < scheduler->n_alarms; i++)
        alarm_finish(&scheduler->alarms[i]);
    for (int i = 0; i < scheduler->n_policies; i++)
        finish_policy(&scheduler->policies[i]);
    for (int i = 0; i < scheduler->n_actions; i++)
        finish_action(&scheduler->actions[i]);
    free(scheduler->alarms);
    free(scheduler->policies);
    free(scheduler->actions);
}
