/*
 * CreateService and UpdateService as a scenario has them: what stands in both, and what only a new
 * service has. Strategies and constraints are scenario_calls.c's.
 */
#include "core/cluster.h"
#include "core/service.h"
#include "file/scenario_read.h"
#include "file/taskdef_read.h"

#include <stdlib.h>
#include <string.h>

#define DESIRED_MAX CLUSTER_COUNT_MAX

/* ECS API: minutes of a day; DeploymentAlarms have no limit of their own. */
#define BAKE_MINUTES_MAX 1440
#define PERCENT_MAX 1000000

static void read_breaker(struct node *node, struct deployment_configuration *config)
{
    struct circuit_breaker *breaker = memory_zeroed(1, sizeof *breaker);
    struct node enable, rollback, reset, threshold, type, value;
    bool resets = true;
    int choice;

    *breaker = (struct circuit_breaker){.type = THRESHOLD_BOUNDED_PERCENT, .value = 50};
    config->breaker = breaker;
    if (!node_object(node, &breaker_grammar))
        return;
    enable = node_member(node, "enable");
    rollback = node_member(node, "rollback");
    reset = node_member(node, "resetOnHealthyTask");
    threshold = node_member(node, "thresholdConfiguration");
    node_bool(&enable, &breaker->enable);
    node_bool(&rollback, &breaker->rollback);
    node_bool(&reset, &resets);
    breaker->cumulative = !resets;
    if (!threshold.value || !node_object(&threshold, &threshold_grammar))
        return;
    type = node_member(&threshold, "type");
    value = node_member(&threshold, "value");
    if (node_choice(&type, threshold_type_names, &choice))
        breaker->type = (enum threshold_type)choice;
    node_int(&value, 1, breaker->type == THRESHOLD_COUNT ? DESIRED_MAX : 100, BARE_NUMBER,
             &breaker->value);
}

/* An alarm that is never put never goes off. */
static void check_alarm(struct scenario_reader *reader, const struct node *node, const char *name)
{
    if (names_find(&reader->alarms, name) == ID_NONE)
        node_error(node, "no putMetricAlarm has an alarm \"%s\"%s", name,
                   reading_hint(&reader->reading, name, &reader->alarms, 0));
}

static void read_alarms(struct scenario_reader *reader, struct node *node,
                        struct deployment_configuration *config)
{
    struct deployment_alarms *alarms = memory_zeroed(1, sizeof *alarms);
    struct node names, enable, rollback;
    size_t n;

    config->alarms = alarms;
    if (!node_object(node, &deployment_alarms_grammar))
        return;
    names = node_member(node, "alarmNames");
    enable = node_member(node, "enable");
    rollback = node_member(node, "rollback");
    node_bool(&enable, &alarms->enable);
    node_bool(&rollback, &alarms->rollback);
    n = node_list(&names);
    alarms->names = memory_zeroed(n, sizeof *alarms->names);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&names, i);
        const char *text;

        if (!node_text(&item, &text))
            continue;
        alarms->names[alarms->n_names++].name = memory_text(text);
        if (alarms->enable)
            check_alarm(reader, &item, text);
    }
}

/* Percent with one decimal, as thousandths. */
static void read_permille(const struct node *node, double least, int32_t *permille)
{
    double percent;

    if (node_decimal(node, least, 100, &percent))
        *permille = (int32_t)(percent * 10 + 0.5);
}

static void read_shift(struct node *node, const struct grammar *grammar, const char *percent,
                       double least, int32_t *permille, const char *minutes, int32_t *bake)
{
    struct node percent_node, minutes_node;

    if (!node->value || !node_object(node, grammar))
        return;
    percent_node = node_member(node, percent);
    minutes_node = node_member(node, minutes);
    read_permille(&percent_node, least, permille);
    node_int(&minutes_node, 0, BAKE_MINUTES_MAX, BARE_NUMBER, bake);
}

/* CodeDeploy user guide, deployment-configurations: the predefined ones for ECS, in the order of their
 * names. */
static void apply_deploy_config(int which, struct deployment_configuration *config)
{
    static const struct {
        enum deployment_strategy strategy;
        int32_t permille, minutes;
    } predefined[] = {
        {DEPLOYMENT_BLUE_GREEN, 0, 0}, {DEPLOYMENT_LINEAR, 100, 1},  {DEPLOYMENT_LINEAR, 100, 3},
        {DEPLOYMENT_CANARY, 100, 5},   {DEPLOYMENT_CANARY, 100, 15},
    };

    config->strategy = predefined[which].strategy;
    if (config->strategy == DEPLOYMENT_LINEAR) {
        config->step_permille = predefined[which].permille;
        config->step_bake_minutes = predefined[which].minutes;
    } else if (config->strategy == DEPLOYMENT_CANARY) {
        config->canary_permille = predefined[which].permille;
        config->canary_bake_minutes = predefined[which].minutes;
    }
}

/* In an update the strategy may be the one that the service has. */
static void read_strategy(const struct node *node, bool is_update,
                          struct deployment_configuration *config)
{
    struct node strategy = node_member(node, "strategy");
    struct node deploy = node_member(node, "deploymentConfigName");
    struct node canary = node_member(node, "canaryConfiguration");
    struct node linear = node_member(node, "linearConfiguration");
    int choice;

    if (node_choice(&strategy, deployment_strategy_names + 1, &choice))
        config->strategy = (enum deployment_strategy)(choice + 1);
    read_shift(&canary, &canary_grammar, "canaryPercent", 0.1, &config->canary_permille,
               "canaryBakeTimeInMinutes", &config->canary_bake_minutes);
    read_shift(&linear, &linear_grammar, "stepPercent", 3.0, &config->step_permille,
               "stepBakeTimeInMinutes", &config->step_bake_minutes);
    is_update = is_update && !strategy.value && !deploy.value;
    if (canary.value && config->strategy != DEPLOYMENT_CANARY && !(is_update && !linear.value))
        node_error(&canary, "belongs to the strategy CANARY");
    if (linear.value && config->strategy != DEPLOYMENT_LINEAR && !(is_update && !canary.value))
        node_error(&linear, "belongs to the strategy LINEAR");
    if (!deploy.value)
        return;
    if (strategy.value)
        node_error(&deploy, "says the strategy already; leave one of the two out");
    else if (node_choice(&deploy, deploy_config_names, &choice))
        apply_deploy_config(choice, config);
}

static struct deployment_configuration *read_deployment(struct scenario_reader *reader,
                                                        const struct node *call, bool is_update)
{
    struct node node = node_member(call, "deploymentConfiguration");
    struct node minimum, maximum, breaker, alarms, bake;
    struct deployment_configuration *config;

    if (!node.value)
        return NULL;
    config = memory_zeroed(1, sizeof *config);
    config->minimum_healthy_percent = config->maximum_percent = config->bake_minutes = ID_NONE;
    config->canary_permille = config->canary_bake_minutes = ID_NONE;
    config->step_permille = config->step_bake_minutes = ID_NONE;
    if (!node_object(&node, &deployment_grammar))
        return config;
    minimum = node_member(&node, "minimumHealthyPercent");
    maximum = node_member(&node, "maximumPercent");
    breaker = node_member(&node, "deploymentCircuitBreaker");
    alarms = node_member(&node, "alarms");
    bake = node_member(&node, "bakeTimeInMinutes");
    node_int(&minimum, 0, 100, BARE_NUMBER, &config->minimum_healthy_percent);
    node_int(&maximum, 100, PERCENT_MAX, BARE_NUMBER, &config->maximum_percent);
    node_int(&bake, 0, BAKE_MINUTES_MAX, BARE_NUMBER, &config->bake_minutes);
    read_strategy(&node, is_update, config);
    if (breaker.value)
        read_breaker(&breaker, config);
    if (alarms.value)
        read_alarms(reader, &alarms, config);
    if (breaker.value && config->breaker->enable && config->strategy > DEPLOYMENT_ROLLING)
        node_warning(&breaker, "only watches over ROLLING deployments");
    return config;
}

static enum zone_rebalancing read_rebalancing(const struct node *call)
{
    struct node node = node_member(call, "availabilityZoneRebalancing");
    int choice;

    if (!node_choice(&node, zone_rebalancing_names + 1, &choice))
        return REBALANCING_UNSAID;
    return (enum zone_rebalancing)(choice + 1);
}

/* Load balancers ------------------------------------------------------------------------------- */

/* ECS API, LoadBalancer.containerPort: one that the container maps. */
static bool maps_port(const struct container_definition *container, int32_t port)
{
    for (int i = 0; i < container->n_ports; i++)
        if (container->ports[i].container_port == port)
            return true;
    return false;
}

static void check_port(const struct node *node, const struct task_definition *definition,
                       const struct load_balancer *balancer)
{
    int container = definition && balancer->container
                        ? taskdef_container(definition, balancer->container)
                        : ID_NONE;

    if (container != ID_NONE && balancer->container_port > 0 &&
        !maps_port(&definition->containers[container], balancer->container_port))
        node_warning(node, "%s/%s has no containerPort %d in its portMappings: ECS refuses this",
                     definition->family, balancer->container, (int)balancer->container_port);
}

static void read_balancer(struct scenario_reader *reader, struct node *node,
                          const struct task_definition *definition, struct load_balancer *balancer)
{
    struct node group, container, port, advanced, alternate, test;
    const char *text;

    *balancer = (struct load_balancer){.target_group = ID_NONE, .alternate = ID_NONE};
    if (!node_object(node, &load_balancer_grammar))
        return;
    group = node_member(node, "targetGroupArn");
    container = node_member(node, "containerName");
    port = node_member(node, "containerPort");
    advanced = node_member(node, "advancedConfiguration");
    scenario_find_target_group(reader, &group, &balancer->target_group);
    if (node_text(&container, &text)) {
        balancer->container = memory_text(text);
        if (definition && taskdef_container(definition, text) == ID_NONE)
            node_error(&container, "%s has no container \"%s\"", definition->family, text);
    }
    if (node_int(&port, 1, 65535, BARE_NUMBER, &balancer->container_port))
        check_port(&port, definition, balancer);
    if (!advanced.value || !node_object(&advanced, &advanced_grammar))
        return;
    alternate = node_member(&advanced, "alternateTargetGroupArn");
    test = node_member(&advanced, "testListenerRule");
    if (alternate.value)
        scenario_find_target_group(reader, &alternate, &balancer->alternate);
    if (balancer->alternate != ID_NONE && balancer->alternate == balancer->target_group)
        node_error(&alternate, "wanted another target group than targetGroupArn");
    balancer->test_traffic = test.value != NULL;
}

/* `taskdef`: whose containers they name; ID_NONE: not known. */
static void read_balancers(struct scenario_reader *reader, const struct node *call, int32_t taskdef,
                           struct load_balancer **balancers, int32_t *n_balancers)
{
    struct node list = node_member(call, "loadBalancers");
    size_t n = node_list(&list);
    const struct task_definition *definition =
        taskdef == ID_NONE ? NULL : reader->scenario->taskdefs[taskdef].definition;

    if (n > 5) {
        node_error(&list, "%zu load balancers; ECS takes at most 5", n);
        return;
    }
    if (n > 0)
        *balancers = memory_zeroed(n, sizeof **balancers);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_balancer(reader, &item, definition, &(*balancers)[(*n_balancers)++]);
    }
}

/* What goes together ---------------------------------------------------------------------------- */

static void check_strategy(const struct node *node,
                           const struct deployment_configuration *deployment,
                           const struct load_balancer *balancers_read, int n)
{
    struct node config = node_member(node, "deploymentConfiguration");
    struct node balancers = node_member(node, "loadBalancers");
    enum deployment_strategy strategy = deployment ? deployment->strategy : DEPLOYMENT_UNSAID;

    if (strategy <= DEPLOYMENT_ROLLING)
        return;
    if (strategy != DEPLOYMENT_BLUE_GREEN && n == 0)
        node_error(&config, "%s moves traffic: the service needs loadBalancers",
                   deployment_strategy_names[strategy]);
    for (int i = 0; i < n; i++)
        if (balancers_read[i].alternate == ID_NONE)
            node_error(&balancers,
                       "%s needs advancedConfiguration.alternateTargetGroupArn, the target group "
                       "of the other colour",
                       deployment_strategy_names[strategy]);
}

static void check_daemon(const struct node *node, const struct create_service *call)
{
    struct node desired = node_member(node, "desiredCount");
    struct node placement = node_member(node, "placementStrategy");
    struct node config = node_member(node, "deploymentConfiguration");

    if (call->scheduling == SCHEDULING_REPLICA) {
        if (!desired.value)
            node_error(&desired, "missing: a REPLICA service needs one");
        return;
    }
    if (call->deployment && call->deployment->strategy > DEPLOYMENT_ROLLING)
        node_error(&config, "a DAEMON service is only deployed by the strategy ROLLING");
    if (desired.value)
        node_error(&desired, "a DAEMON service has one task on each instance, and no desiredCount");
    if (placement.value)
        node_error(&placement, "a DAEMON service has one task on each instance, and no strategy");
    if (call->deployment && call->deployment->maximum_percent > 100)
        node_error(&config, "a DAEMON service's maximumPercent is 100");
}

/* ECS developer guide, service-rebalancing: what it cannot be turned on with. */
static void refuse_rebalancing(const struct node *call, const char *why)
{
    struct node node = node_member(call, "availabilityZoneRebalancing");

    node_error(&node, "ECS does not rebalance zones here: %s", why);
}

void scenario_check_rebalancing(const struct node *node, const struct create_service *call)
{
    struct node rebalancing = node_member(node, "availabilityZoneRebalancing");
    bool by_zone = call->n_strategy == 0 || rebalance_spreads_over_zones(&call->strategy[0]);
    bool full = call->deployment && call->deployment->maximum_percent == 100;

    if (call->rebalancing != REBALANCING_ENABLED)
        return;
    if (call->scheduling == SCHEDULING_DAEMON)
        refuse_rebalancing(node, "a DAEMON service has one task on each instance");
    else if (full)
        refuse_rebalancing(node, "maximumPercent is 100, so nothing can move first");
    else if (!by_zone)
        refuse_rebalancing(node, "the first placement strategy is not spread over "
                                 "attribute:ecs.availability-zone");
    else if (rebalance_is_bound(call->constraints, call->n_constraints))
        refuse_rebalancing(node, "a placement constraint names the zone");
    else if (call->n_providers > 0)
        node_warning(&rebalancing, "berth does not rebalance services of capacity providers");
}

static void check_controller(const struct node *call)
{
    struct node node = node_member(call, "deploymentController"), type;
    const char *text;

    if (!node.value || !node_object(&node, &controller_grammar))
        return;
    type = node_member(&node, "type");
    if (node_text(&type, &text) && strcmp(text, "ECS") != 0)
        node_error(&type,
                   "found \"%s\"; berth has the controller ECS: CodeDeploy's configurations go "
                   "into deploymentConfiguration.deploymentConfigName",
                   text);
}

void scenario_read_service_members(struct scenario_reader *reader, const struct node *node,
                                   struct create_service *call)
{
    struct node scheduling = node_member(node, "schedulingStrategy");
    struct node grace = node_member(node, "healthCheckGracePeriodSeconds");
    struct node desired = node_member(node, "desiredCount");
    int choice;

    if (node_choice(&scheduling, scheduling_strategy_names, &choice))
        call->scheduling = (enum scheduling_strategy)choice;
    node_int(&desired, 0, DESIRED_MAX, BARE_NUMBER, &call->desired);
    node_int(&grace, 0, INT32_MAX, BARE_SECONDS, &call->grace_sec);
    call->deployment = read_deployment(reader, node, false);
    call->rebalancing = read_rebalancing(node);
    read_balancers(reader, node, call->taskdef, &call->balancers, &call->n_balancers);
    if (grace.value && call->n_balancers == 0)
        node_warning(&grace, "only counts for services with loadBalancers");
    check_controller(node);
    check_strategy(node, call->deployment, call->balancers, call->n_balancers);
    check_daemon(node, call);
}

/* The definition must have what the service's load balancers name; those that an update has changed meanwhile the
 * core judges. */
void scenario_check_update(struct scenario_reader *reader, const struct node *node,
                           const char *service, const struct update_service *call)
{
    const struct scenario *scenario = reader->scenario;

    if (!service || call->taskdef == ID_NONE || call->new_balancers)
        return;
    for (int i = 0; i < scenario->n_services; i++) {
        const struct create_service *made = &scenario->services[i].as.create_service;
        const struct task_definition *definition = scenario->taskdefs[call->taskdef].definition;

        if (!made->name || strcmp(made->name, service) != 0)
            continue;
        for (int b = 0; b < made->n_balancers; b++)
            if (made->balancers[b].container && definition &&
                taskdef_container(definition, made->balancers[b].container) == ID_NONE)
                node_warning(node,
                             "%s:%d has no container \"%s\", which loadBalancers of service %s "
                             "name: refused unless they change before",
                             definition->family, (int)definition->revision,
                             made->balancers[b].container, service);
    }
}

void scenario_read_update_members(struct scenario_reader *reader, const struct node *node,
                                  struct update_service *call)
{
    struct node force = node_member(node, "forceNewDeployment");
    struct node grace = node_member(node, "healthCheckGracePeriodSeconds");
    struct node desired = node_member(node, "desiredCount");
    struct node balancers = node_member(node, "loadBalancers");

    node_int(&desired, 0, DESIRED_MAX, BARE_NUMBER, &call->desired);
    node_bool(&force, &call->force);
    node_int(&grace, 0, INT32_MAX, BARE_SECONDS, &call->grace_sec);
    call->deployment = read_deployment(reader, node, true);
    call->rebalancing = read_rebalancing(node);
    call->new_balancers = balancers.value != NULL;
    read_balancers(reader, node, call->taskdef, &call->balancers, &call->n_balancers);
    if (call->new_balancers)
        check_strategy(node, call->deployment, call->balancers, call->n_balancers);
    if (call->rebalancing == REBALANCING_ENABLED && call->deployment &&
        call->deployment->maximum_percent == 100)
        refuse_rebalancing(node, "maximumPercent is 100, so nothing can move first");
}
