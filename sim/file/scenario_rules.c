/*
 * The rules of a scenario, which replace ECS's time constants, and its target groups.
 */
#include "file/scenario_read.h"

#include <stdlib.h>
#include <string.h>

/* More datapoints or probes in a row than anybody waits for. */
#define IN_A_ROW_MAX 1000

struct rule {
    const char *name;
    size_t offset; /* of an int64_t in struct scheduler_rules, or an int32_t */
    bool is_count;
    bool may_be_zero;
};

#define RULE(member) offsetof(struct scheduler_rules, member)

static const struct rule rules[] = {
    {"metricPeriod", RULE(metric_period_usec), false, false},
    {"minute", RULE(minute_usec), false, false},
    {"healthyAfter", RULE(healthy_after_usec), false, true},
    {"throttleFirst", RULE(throttle_first_usec), false, false},
    {"throttleLongest", RULE(throttle_longest_usec), false, false},
    {"healthCheckInterval", RULE(health_check_interval_usec), false, false},
    {"healthCheckTimeout", RULE(health_check_timeout_usec), false, false},
    {"healthyThreshold", RULE(healthy_threshold), true, false},
    {"unhealthyThreshold", RULE(unhealthy_threshold), true, false},
    {"deregistrationDelay", RULE(deregistration_delay_usec), false, true},
    {"scaleOutDatapoints", RULE(scale_out_datapoints), true, false},
    {"scaleInDatapoints", RULE(scale_in_datapoints), true, false},
    {"scaleOutCooldown", RULE(scale_out_cooldown_usec), false, true},
    {"scaleInCooldown", RULE(scale_in_cooldown_usec), false, true},
    {"stepCooldown", RULE(step_cooldown_usec), false, true},
    {"capacityOutDatapoints", RULE(capacity_out_datapoints), true, false},
    {"capacityInDatapoints", RULE(capacity_in_datapoints), true, false},
    {"provisioningLimit", RULE(provisioning_limit), true, false},
    {"provisioningTimeout", RULE(provisioning_timeout_usec), false, false},
    {"drainTimeout", RULE(drain_timeout_usec), false, true},
    {"fargateBurst", RULE(fargate_burst), true, false},
    {"fargatePerSecond", RULE(fargate_per_sec), true, false},
    {"spotWarning", RULE(spot_warning_usec), false, true},
    {"billingMinimum", RULE(billing_minimum_usec), false, true},
    {"spotFree", RULE(spot_free_usec), false, true},
};

static void read_rule(const struct node *object, const struct rule *rule,
                      struct scheduler_rules *to)
{
    struct node node = node_member(object, rule->name);
    void *member = (char *)to + rule->offset;

    if (rule->is_count)
        node_int(&node, 1, IN_A_ROW_MAX, BARE_NUMBER, member);
    else if (node_duration(&node, member) && !rule->may_be_zero && *(int64_t *)member == 0)
        node_error(&node, "found %s, wanted more than 0s", node_found(&node));
}

void scenario_read_cluster_rules(struct scenario_reader *reader, const struct node *top)
{
    struct node node = node_member(top, "rules");
    struct message *message;

    if (!node.value)
        return;
    message = memory_zeroed(1, sizeof *message);
    *message = message_new(MESSAGE_RULES);
    message->as.rules = scheduler_rules_default;
    reader->scenario->cluster_rules = message;
    if (!node_object(&node, &rules_grammar))
        return;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        read_rule(&node, &rules[i], &message->as.rules);
}

/* Target groups -------------------------------------------------------------------------------- */

static bool whole_number(const char *text, int32_t most, int32_t *number)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end || end == text || value < 0 || value > most)
        return false;
    *number = (int32_t)value;
    return true;
}

/* ELBv2: TargetGroupAttribute. */
static void read_attribute(struct node *node, struct create_target_group *call)
{
    struct node key_node, value_node;
    const char *key, *value;
    int32_t number = 0;

    if (!node_object(node, &target_attribute_grammar))
        return;
    key_node = node_member(node, "Key");
    value_node = node_member(node, "Value");
    if (!node_text(&key_node, &key) || !node_text(&value_node, &value))
        return;
    if (strcmp(key, "deregistration_delay.timeout_seconds") == 0) {
        if (!whole_number(value, 3600, &call->deregistration_delay_sec))
            node_error(&value_node, "found \"%s\", wanted \"0\" to \"3600\"", value);
    } else if (strcmp(key, "slow_start.duration_seconds") == 0) {
        if (!whole_number(value, 900, &number) || (number != 0 && number < 30))
            node_error(&value_node, "found \"%s\", wanted \"30\" to \"900\", or \"0\"", value);
        call->slow_start_sec = number;
    } else if (strcmp(key, "load_balancing.algorithm.type") == 0) {
        while (balancing_algorithm_names[number] &&
               strcmp(value, balancing_algorithm_names[number]) != 0)
            number++;
        if (!balancing_algorithm_names[number])
            node_error(&value_node,
                       "found \"%s\", wanted round_robin, least_outstanding_requests or "
                       "weighted_random",
                       value);
        else
            call->algorithm = (enum balancing_algorithm)number;
    } else {
        node_warning(&key_node, "berth takes no notice of %s", node_found(&key_node));
    }
}

static void read_group(struct node *node, struct create_target_group *call)
{
    struct node port, path, enabled, interval, timeout, healthy, unhealthy, attributes;
    const char *text;
    bool is_enabled = true;
    size_t n;

    port = node_member(node, "Port");
    path = node_member(node, "HealthCheckPath");
    enabled = node_member(node, "HealthCheckEnabled");
    interval = node_member(node, "HealthCheckIntervalSeconds");
    timeout = node_member(node, "HealthCheckTimeoutSeconds");
    healthy = node_member(node, "HealthyThresholdCount");
    unhealthy = node_member(node, "UnhealthyThresholdCount");
    attributes = node_member(node, "Attributes");
    node_int(&port, 1, 65535, BARE_NUMBER, &call->port);
    if (node_text(&path, &text))
        call->path = memory_text(text);
    node_bool(&enabled, &is_enabled);
    call->unchecked = !is_enabled;
    node_int(&interval, 5, 300, BARE_SECONDS, &call->interval_sec);
    node_int(&timeout, 2, 120, BARE_SECONDS, &call->timeout_sec);
    node_int(&healthy, 2, 10, BARE_NUMBER, &call->healthy_threshold);
    node_int(&unhealthy, 2, 10, BARE_NUMBER, &call->unhealthy_threshold);
    n = node_list(&attributes);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&attributes, i);

        read_attribute(&item, call);
    }
    if (call->slow_start_sec > 0 && call->algorithm == BALANCING_LEAST_OUTSTANDING)
        node_error(&attributes, "slow start does not go with least_outstanding_requests");
}

void scenario_read_target_groups(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node list = node_member(top, "targetGroups");
    size_t n = node_list(&list);

    scenario->target_groups = memory_zeroed(n, sizeof *scenario->target_groups);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node;
        struct message *message = &scenario->target_groups[i];
        int known = reader->target_groups.n_texts;
        const char *name;

        scenario->n_target_groups++;
        *message = message_new(MESSAGE_CREATE_TARGET_GROUP);
        message->as.create_target_group.target_group = (int32_t)i;
        if (!node_object(&item, &target_group_grammar))
            continue;
        name_node = node_member(&item, "Name");
        if (node_text(&name_node, &name)) {
            message->as.create_target_group.name = memory_text(name);
            if (!*name || strlen(name) > 32)
                node_error(&name_node, "a target group's name has 1 to 32 characters");
            else if (names_intern(&reader->target_groups, name) != known)
                node_error(&name_node, "a target group %s stands above already",
                           node_found(&name_node));
        }
        read_group(&item, &message->as.create_target_group);
    }
}

/* The part of an ARN or a label that is the name: .../targetgroup/NAME/id. */
static char *name_in(const char *text)
{
    const char *at = strstr(text, "targetgroup/");
    char *name = memory_text(at ? at + strlen("targetgroup/") : text), *slash;

    slash = at ? strchr(name, '/') : NULL;
    if (slash)
        *slash = '\0';
    return name;
}

bool scenario_find_target_group(struct scenario_reader *reader, const struct node *node,
                                int32_t *group)
{
    const char *text;
    char *name;

    if (!node_text(node, &text))
        return false;
    name = name_in(text);
    *group = names_find(&reader->target_groups, name);
    if (*group == ID_NONE)
        node_error(node, "no target group \"%s\" in targetGroups%s", name,
                   reading_hint(&reader->reading, name, &reader->target_groups, 0));
    free(name);
    return *group != ID_NONE;
}
