/*
 * Scaling calls: Application Auto Scaling's and CloudWatch's. What they are about is named here; the
 * script finds the numbers at the time of the call.
 */
#include "core/cluster.h"
#include "core/schedule.h"
#include "file/scenario_read.h"

#include <stdlib.h>
#include <string.h>

/* Below what the core takes. */
#define VALUE_MAX 1e9

static int64_t milli_of(double value)
{
    return (int64_t)(value * 1000 + (value < 0 ? -0.5 : 0.5));
}

static bool read_milli(const struct node *node, double least, int64_t *milli)
{
    double value;

    if (!node_decimal(node, least, VALUE_MAX, &value))
        return false;
    *milli = milli_of(value);
    return true;
}

/* What follows the last slash, as in "service/default/web" and ARNs. */
static const char *last_part(const char *text)
{
    const char *slash = strrchr(text, '/');

    return slash ? slash + 1 : text;
}

static void expect_text(const struct node *call, const char *name, const char *wanted)
{
    struct node node = node_member(call, name);
    const char *text;

    if (node_text(&node, &text) && strcmp(text, wanted) != 0)
        node_error(&node, "found \"%s\"; berth scales \"%s\" alone", text, wanted);
}

static void read_resource(struct scenario_reader *reader, const struct node *call,
                          struct scenario_entry *entry)
{
    struct node node = node_member(call, "ResourceId");
    const char *text;

    expect_text(call, "ServiceNamespace", "ecs");
    expect_text(call, "ScalableDimension", "ecs:service:DesiredCount");
    if (node_text(&node, &text))
        scenario_find_service(reader, &node, last_part(text), &entry->service);
}

static void read_bounds(const struct node *node, int32_t *min, int32_t *max)
{
    struct node min_node = node_member(node, "MinCapacity");
    struct node max_node = node_member(node, "MaxCapacity");

    node_int(&min_node, 0, CLUSTER_COUNT_MAX, BARE_NUMBER, min);
    node_int(&max_node, 0, CLUSTER_COUNT_MAX, BARE_NUMBER, max);
    if (*min != ID_NONE && *max != ID_NONE && *min > *max)
        node_error(&min_node, "found %s, more than MaxCapacity", node_found(&min_node));
}

void scenario_read_scalable_target(struct scenario_reader *reader, struct node *node,
                                   struct scenario_entry *entry)
{
    struct register_scalable_target *call = &entry->call.as.register_scalable_target;
    struct node suspended, in, out, scheduled;

    entry->call = message_new(MESSAGE_REGISTER_SCALABLE_TARGET);
    if (!node_object(node, &scalable_target_grammar))
        return;
    read_resource(reader, node, entry);
    read_bounds(node, &call->min_capacity, &call->max_capacity);
    suspended = node_member(node, "SuspendedState");
    if (!suspended.value || !node_object(&suspended, &suspended_grammar))
        return;
    in = node_member(&suspended, "DynamicScalingInSuspended");
    out = node_member(&suspended, "DynamicScalingOutSuspended");
    scheduled = node_member(&suspended, "ScheduledScalingSuspended");
    node_bool(&in, &call->suspend_in);
    node_bool(&out, &call->suspend_out);
    node_bool(&scheduled, &call->suspend_scheduled);
}

/* Policies ------------------------------------------------------------------------------------- */

static void read_step(struct node *node, struct step_adjustment *step)
{
    struct node lower, upper, adjustment;

    if (!node_object(node, &step_adjustment_grammar))
        return;
    lower = node_member(node, "MetricIntervalLowerBound");
    upper = node_member(node, "MetricIntervalUpperBound");
    adjustment = node_member(node, "ScalingAdjustment");
    step->has_lower = read_milli(&lower, -VALUE_MAX, &step->lower_milli);
    step->has_upper = read_milli(&upper, -VALUE_MAX, &step->upper_milli);
    node_int(&adjustment, -CLUSTER_COUNT_MAX, CLUSTER_COUNT_MAX, BARE_NUMBER, &step->adjustment);
    if (step->has_lower && step->has_upper && step->lower_milli >= step->upper_milli)
        node_error(&upper, "found %s, not above the lower bound", node_found(&upper));
}

/* Application Auto Scaling user guide: no gaps, no overlaps, one open end on each side at most. */
static void check_steps(const struct node *list, const struct put_scaling_policy *call)
{
    int n_low = 0, n_high = 0;

    for (int i = 0; i < call->n_steps; i++) {
        const struct step_adjustment *a = &call->steps[i];
        bool meets = !a->has_upper;

        n_low += !a->has_lower;
        n_high += !a->has_upper;
        for (int j = 0; j < call->n_steps; j++) {
            const struct step_adjustment *b = &call->steps[j];

            meets = meets || (b->has_lower && b->lower_milli == a->upper_milli);
            if (i < j && (!a->has_lower || !b->has_upper || a->lower_milli < b->upper_milli) &&
                (!b->has_lower || !a->has_upper || b->lower_milli < a->upper_milli)) {
                node_error(list, "steps %d and %d overlap", i + 1, j + 1);
                return;
            }
        }
        /* The uppermost of a policy that scales in ends at the threshold. */
        if (!meets && a->upper_milli != 0)
            for (int j = 0; j < call->n_steps; j++)
                if (call->steps[j].has_lower && call->steps[j].lower_milli > a->upper_milli) {
                    node_error(list, "there is a gap above step %d", i + 1);
                    return;
                }
    }
    if (n_low > 1 || n_high > 1)
        node_error(list, "at most one step has no lower bound, and one no upper bound");
}

static void read_steps(struct node *node, struct put_scaling_policy *call)
{
    struct node type, list, magnitude, cooldown;
    size_t n;
    int choice;

    call->type = POLICY_STEP;
    if (!node_object(node, &step_scaling_grammar))
        return;
    type = node_member(node, "AdjustmentType");
    list = node_member(node, "StepAdjustments");
    magnitude = node_member(node, "MinAdjustmentMagnitude");
    cooldown = node_member(node, "Cooldown");
    if (node_choice(&type, adjustment_type_names, &choice))
        call->adjustment = (enum adjustment_type)choice;
    node_int(&magnitude, 1, CLUSTER_COUNT_MAX, BARE_NUMBER, &call->min_magnitude);
    node_int(&cooldown, 0, INT32_MAX, BARE_SECONDS, &call->cooldown_sec);
    n = node_list(&list);
    if (list.value && (n < 1 || n > 20)) {
        node_error(&list, "%zu steps, wanted 1 to 20", n);
        return;
    }
    call->steps = memory_zeroed(n, sizeof *call->steps);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_step(&item, &call->steps[call->n_steps++]);
    }
    if (reading_errors(node->document->reading) == 0)
        check_steps(&list, call);
}

static void read_predefined(struct scenario_reader *reader, struct node *node,
                            struct put_scaling_policy *call)
{
    const struct grammar_member *member;
    struct node type, label;
    int choice;

    if (!node_object(node, &predefined_metric_grammar))
        return;
    type = node_member(node, "PredefinedMetricType");
    label = node_member(node, "ResourceLabel");
    member = grammar_member(&predefined_metric_grammar, "PredefinedMetricType");
    if (node_choice(&type, member->values, &choice))
        call->metric = (enum metric)choice;
    if (label.value)
        scenario_find_target_group(reader, &label, &call->target_group);
}

static void read_tracking(struct scenario_reader *reader, struct node *node,
                          struct put_scaling_policy *call)
{
    struct node value, predefined, out, in, disable;

    call->type = POLICY_TARGET_TRACKING;
    if (!node_object(node, &target_tracking_grammar))
        return;
    value = node_member(node, "TargetValue");
    predefined = node_member(node, "PredefinedMetricSpecification");
    out = node_member(node, "ScaleOutCooldown");
    in = node_member(node, "ScaleInCooldown");
    disable = node_member(node, "DisableScaleIn");
    if (read_milli(&value, 0, &call->target_milli) && call->target_milli == 0)
        node_error(&value, "found %s, wanted more than 0", node_found(&value));
    node_int(&out, 0, INT32_MAX, BARE_SECONDS, &call->scale_out_cooldown_sec);
    node_int(&in, 0, INT32_MAX, BARE_SECONDS, &call->scale_in_cooldown_sec);
    node_bool(&disable, &call->disable_scale_in);
    if (predefined.value)
        read_predefined(reader, &predefined, call);
}

void scenario_read_scaling_policy(struct scenario_reader *reader, struct node *node,
                                  struct scenario_entry *entry)
{
    struct put_scaling_policy *call = &entry->call.as.put_scaling_policy;
    struct node name, type, tracking, steps;
    const char *text;
    int choice = POLICY_STEP;

    entry->call = message_new(MESSAGE_PUT_SCALING_POLICY);
    if (!node_object(node, &scaling_policy_grammar))
        return;
    name = node_member(node, "PolicyName");
    type = node_member(node, "PolicyType");
    tracking = node_member(node, "TargetTrackingScalingPolicyConfiguration");
    steps = node_member(node, "StepScalingPolicyConfiguration");
    if (node_text(&name, &text))
        call->name = memory_text(text);
    read_resource(reader, node, entry);
    node_choice(&type, policy_type_names, &choice);
    if (choice == POLICY_STEP && steps.value)
        read_steps(&steps, call);
    else if (choice == POLICY_TARGET_TRACKING && tracking.value)
        read_tracking(reader, &tracking, call);
    else
        node_error(node, "missing: %s needs its configuration", policy_type_names[choice]);
}

/* Schedules ------------------------------------------------------------------------------------ */

/* A moment of the run. */
static bool read_time(const struct scenario_reader *reader, const struct node *node, int64_t *usec)
{
    if (!node->value || !scenario_read_date(node, usec))
        return false;
    *usec -= reader->scenario->epoch_usec;
    return true;
}

void scenario_read_scheduled_action(struct scenario_reader *reader, struct node *node,
                                    struct scenario_entry *entry)
{
    struct put_scheduled_action *call = &entry->call.as.put_scheduled_action;
    struct node name, schedule_node, action, start, end;
    struct schedule schedule;
    const char *text, *wrong;

    entry->call = message_new(MESSAGE_PUT_SCHEDULED_ACTION);
    if (!node_object(node, &scheduled_action_grammar))
        return;
    name = node_member(node, "ScheduledActionName");
    schedule_node = node_member(node, "Schedule");
    action = node_member(node, "ScalableTargetAction");
    start = node_member(node, "StartTime");
    end = node_member(node, "EndTime");
    if (node_text(&name, &text))
        call->name = memory_text(text);
    read_resource(reader, node, entry);
    expect_text(node, "Timezone", "UTC");
    if (node_text(&schedule_node, &text)) {
        call->schedule = memory_text(text);
        if (!schedule_parse(text, &schedule, &wrong))
            node_error(&schedule_node, "found \"%s\", %s", text, wrong);
    }
    call->has_start = read_time(reader, &start, &call->start_usec);
    call->has_end = read_time(reader, &end, &call->end_usec);
    if (!action.value || !node_object(&action, &target_action_grammar))
        return;
    read_bounds(&action, &call->min_capacity, &call->max_capacity);
    if (call->min_capacity == ID_NONE && call->max_capacity == ID_NONE)
        node_error(&action, "wanted MinCapacity, MaxCapacity or both");
}

/* Alarms --------------------------------------------------------------------------------------- */

static void read_dimension(struct scenario_reader *reader, struct node *node,
                           struct scenario_entry *entry)
{
    struct node name_node, value;
    const char *name, *text;

    if (!node_object(node, &dimension_grammar))
        return;
    name_node = node_member(node, "Name");
    value = node_member(node, "Value");
    if (!node_text(&name_node, &name) || !node_text(&value, &text))
        return;
    if (strcmp(name, "ServiceName") == 0)
        scenario_find_service(reader, &value, text, &entry->service);
    else if (strcmp(name, "TargetGroup") == 0)
        scenario_find_target_group(reader, &value, &entry->call.as.put_metric_alarm.target_group);
}

static void read_dimensions(struct scenario_reader *reader, const struct node *node,
                            struct scenario_entry *entry)
{
    struct put_metric_alarm *call = &entry->call.as.put_metric_alarm;
    struct node list = node_member(node, "Dimensions");
    bool by_service = call->metric == METRIC_CPU || call->metric == METRIC_MEMORY;
    size_t n = node_list(&list);

    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_dimension(reader, &item, entry);
    }
    if (reading_errors(&reader->reading) > 0)
        return;
    if (by_service && !entry->service)
        node_error(&list, "%s needs the dimension ServiceName", metric_names[call->metric]);
    if (!by_service && call->target_group == ID_NONE)
        node_error(&list, "%s needs the dimension TargetGroup", metric_names[call->metric]);
}

/* The policies' names, which may be put later. */
static void read_actions(struct scenario_reader *reader, const struct node *node,
                         struct scenario_entry *entry)
{
    struct node list = node_member(node, "AlarmActions");
    size_t n = node_list(&list);

    if (n > SCENARIO_ACTIONS_MAX) {
        node_error(&list, "%zu actions; CloudWatch takes at most 5", n);
        return;
    }
    entry->names = memory_zeroed(n, sizeof *entry->names);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);
        const char *text, *name;

        if (!node_text(&item, &text))
            continue;
        name = strstr(text, "policyName/");
        name = name ? name + strlen("policyName/") : text;
        if (names_find(&reader->policies, name) == ID_NONE)
            node_error(&item, "no scaling policy \"%s\"%s", name,
                       reading_hint(&reader->reading, name, &reader->policies, 0));
        entry->names[entry->n_names++] = memory_text(name);
    }
}

static void read_counts(const struct node *node, struct put_metric_alarm *call)
{
    struct node period = node_member(node, "Period");
    struct node evaluations = node_member(node, "EvaluationPeriods");
    struct node datapoints = node_member(node, "DatapointsToAlarm");

    call->period_sec = 60;
    node_int(&period, 10, 86400, BARE_SECONDS, &call->period_sec);
    node_int(&evaluations, 1, 10080, BARE_NUMBER, &call->evaluation_periods);
    if (node_int(&datapoints, 1, 10080, BARE_NUMBER, &call->datapoints) &&
        call->datapoints > call->evaluation_periods)
        node_error(&datapoints, "found %s, more than EvaluationPeriods", node_found(&datapoints));
}

void scenario_read_metric_alarm(struct scenario_reader *reader, struct node *node,
                                struct scenario_entry *entry)
{
    struct put_metric_alarm *call = &entry->call.as.put_metric_alarm;
    struct node name, metric, statistic, threshold, comparison, missing;
    const char *text;
    int choice;

    entry->call = message_new(MESSAGE_PUT_METRIC_ALARM);
    if (!node_object(node, &metric_alarm_grammar))
        return;
    name = node_member(node, "AlarmName");
    metric = node_member(node, "MetricName");
    statistic = node_member(node, "Statistic");
    threshold = node_member(node, "Threshold");
    comparison = node_member(node, "ComparisonOperator");
    missing = node_member(node, "TreatMissingData");
    if (node_text(&name, &text))
        call->name = memory_text(text);
    if (node_choice(&metric, metric_names, &choice))
        call->metric = (enum metric)choice;
    if (node_choice(&statistic, statistic_names, &choice))
        call->statistic = (enum statistic)choice;
    if (node_choice(&comparison, comparison_names, &choice))
        call->comparison = (enum alarm_comparison)choice;
    if (node_choice(&missing, missing_data_names, &choice))
        call->missing = (enum missing_data)choice;
    read_milli(&threshold, -VALUE_MAX, &call->threshold_milli);
    read_counts(node, call);
    read_dimensions(reader, node, entry);
    read_actions(reader, node, entry);
}
