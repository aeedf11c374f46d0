/*
 * What a scenario says of services: deployments, load balancers, rules, scaling; what is read, and what
 * each mistake hears.
 */
#include "file/saga.h"
#include "file/scenario.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A scenario of a service "web" with these further members, quotes for double ones. */
static struct scenario *load(const char *service, const char *members, struct findings *findings)
{
    struct buffer text = {0};
    struct scenario *scenario;

    buffer_add(&text,
               "{'berth':'scenario/1','until':'9s','taskDefinitions':[{'family':'web',"
               "'containerDefinitions':[{'name':'c','image':'i','memory':8,'portMappings':[{"
               "'containerPort':80}]}]},{'family':'other','containerDefinitions':[{'name':'d',"
               "'image':'i','memory':8}]}],'targetGroups':[{"
               "'Name':'blue'},{'Name':'green'}],'services':[{'serviceName':'web',"
               "'taskDefinition':'web'%s}]%s}",
               service, members);
    for (char *at = text.text; *at; at++)
        if (*at == '\'')
            *at = '"';
    scenario = scenario_parse(text.text, "x.json", findings);
    buffer_finish(&text);
    return scenario;
}

static void hears(const char *service, const char *members, const char *wanted)
{
    struct findings findings = {0};
    struct scenario *scenario = load(service, members, &findings);
    bool heard = false;

    for (int i = 0; i < findings.n_list; i++)
        heard = heard || strstr(findings.list[i].text, wanted);
    cr_assert(heard, "%s %s: %s", service, members,
              findings.n_list ? findings.list[0].text : "nothing is wrong");
    scenario_destroy(scenario);
    findings_finish(&findings);
}

static struct scenario *fine(const char *service, const char *members)
{
    struct findings findings = {0};
    struct scenario *scenario = load(service, members, &findings);

    cr_assert(scenario && findings.n_list == 0, "%s %s: %s", service, members,
              findings.n_list ? findings.list[0].text : "?");
    findings_finish(&findings);
    return scenario;
}

Test(scenario_services, deployments_are_read)
{
    struct scenario *scenario = fine(
        ",'desiredCount':2,'deploymentConfiguration':{'strategy':'LINEAR','linearConfiguration':{"
        "'stepPercent':12.5,'stepBakeTimeInMinutes':4},'bakeTimeInMinutes':3,"
        "'alarms':{'alarmNames':['a','b'],'enable':false,'rollback':true}},"
        "'loadBalancers':[{'targetGroupArn':'arn:aws:x:targetgroup/blue/1a2b','containerName':'c',"
        "'containerPort':80,'advancedConfiguration':{'alternateTargetGroupArn':'green'}}],"
        "'healthCheckGracePeriodSeconds':60,'availabilityZoneRebalancing':'DISABLED'",
        "");
    const struct create_service *call = &scenario->services[0].as.create_service;

    cr_assert(call->deployment->strategy == DEPLOYMENT_LINEAR);
    cr_assert(call->deployment->step_permille == 125 && call->deployment->step_bake_minutes == 4);
    cr_assert(call->deployment->bake_minutes == 3 && call->deployment->alarms->n_names == 2);
    cr_assert(call->deployment->maximum_percent == ID_NONE);
    cr_assert(call->n_balancers == 1 && call->balancers[0].target_group == 0 &&
              call->balancers[0].alternate == 1);
    cr_assert(call->grace_sec == 60 && call->rebalancing == REBALANCING_DISABLED);
    scenario_destroy(scenario);
}

/* CodeDeploy user guide, deployment-configurations. */
Test(scenario_services, code_deploys_configurations)
{
    static const struct {
        const char *name;
        enum deployment_strategy strategy;
        int32_t permille, minutes;
    } rows[] = {
        {"ECSAllAtOnce", DEPLOYMENT_BLUE_GREEN, ID_NONE, ID_NONE},
        {"ECSLinear10PercentEvery1Minutes", DEPLOYMENT_LINEAR, 100, 1},
        {"ECSLinear10PercentEvery3Minutes", DEPLOYMENT_LINEAR, 100, 3},
        {"ECSCanary10Percent5Minutes", DEPLOYMENT_CANARY, 100, 5},
        {"ECSCanary10Percent15Minutes", DEPLOYMENT_CANARY, 100, 15},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer text = {0};
        struct scenario *scenario;
        const struct deployment_configuration *config;
        bool canary = rows[i].strategy == DEPLOYMENT_CANARY;

        buffer_add(&text,
                   ",'desiredCount':1,'loadBalancers':[{'targetGroupArn':'blue','containerName':"
                   "'c','containerPort':80,'advancedConfiguration':{'alternateTargetGroupArn':"
                   "'green'}}],'deploymentConfiguration':{'deploymentConfigName':"
                   "'CodeDeployDefault.%s'}",
                   rows[i].name);
        scenario = fine(text.text, "");
        config = scenario->services[0].as.create_service.deployment;
        cr_assert(config->strategy == rows[i].strategy, "%s", rows[i].name);
        cr_assert((canary ? config->canary_permille : config->step_permille) == rows[i].permille);
        cr_assert((canary ? config->canary_bake_minutes : config->step_bake_minutes) ==
                  rows[i].minutes);
        scenario_destroy(scenario);
        buffer_finish(&text);
    }
}

Test(scenario_services, rules_and_scaling_are_read)
{
    struct scenario *scenario = fine(
        ",'desiredCount':1",
        ",'rules':{'metricPeriod':'5s','healthyAfter':'0s','scaleInDatapoints':2},'scaling':[{"
        "'registerScalableTarget':{'ResourceId':'service/default/web','MinCapacity':1,"
        "'MaxCapacity':9}},{'putMetricAlarm':{'AlarmName':'hot','MetricName':'CPUUtilization',"
        "'Dimensions':[{'Name':'ServiceName','Value':'web'}],'EvaluationPeriods':2,'Threshold':"
        "62.5,'ComparisonOperator':'GreaterThanThreshold','AlarmActions':['out']}},{"
        "'putScalingPolicy':{'PolicyName':'out','ResourceId':'service/default/web',"
        "'StepScalingPolicyConfiguration':{'AdjustmentType':'ChangeInCapacity',"
        "'StepAdjustments':[{'MetricIntervalLowerBound':0,'ScalingAdjustment':2}]}}},{"
        "'putScheduledAction':{'ScheduledActionName':'s','ResourceId':'service/default/web',"
        "'Schedule':'rate(5 minutes)','ScalableTargetAction':{'MinCapacity':3}}}]");
    const struct put_metric_alarm *alarm = &scenario->scaling[1].call.as.put_metric_alarm;

    cr_assert(scenario->cluster_rules->as.rules.metric_period_usec == 5 * USEC_PER_SEC);
    cr_assert(scenario->cluster_rules->as.rules.healthy_after_usec == 0);
    cr_assert(scenario->cluster_rules->as.rules.scale_out_datapoints == 3, "ECS's own");
    cr_assert(scenario->n_scaling == 4);
    cr_assert(alarm->threshold_milli == 62500 && alarm->evaluation_periods == 2);
    cr_assert_str_eq(scenario->scaling[1].names[0], "out");
    cr_assert(scenario->scaling[2].call.as.put_scaling_policy.steps[0].has_lower);
    cr_assert(!scenario->scaling[2].call.as.put_scaling_policy.steps[0].has_upper);
    scenario_destroy(scenario);
}

#define HOT_ALARM                                                                                  \
    ",'scaling':[{'putMetricAlarm':{'AlarmName':'hot','MetricName':'CPUUtilization','Dimensions':" \
    "["                                                                                            \
    "{'Name':'ServiceName','Value':'web'}],'Statistic':'Average','EvaluationPeriods':2,"           \
    "'Threshold':62.5,'ComparisonOperator':'GreaterThanThreshold'}}]"

/* Members that are left out stay as they were; an empty list replaces what was there. */
Test(scenario_services, an_update_replaces_what_it_says)
{
    struct scenario *scenario =
        fine(",'desiredCount':1,'deploymentConfiguration':{'alarms':{'alarmNames':['hot'],'enable':"
             "true,'rollback':true}}",
             HOT_ALARM ",'timeline':[{'at':'1s','updateService':{'service':'web',"
                       "'deploymentConfiguration':{'canaryConfiguration':{'canaryPercent':20}},"
                       "'loadBalancers':[],'placementStrategy':[{'type':'random'}]}}]");
    const struct update_service *call = &scenario->timeline[0].call.as.update_service;

    cr_assert(call->new_balancers && call->n_balancers == 0);
    cr_assert(call->new_strategy && call->n_strategy == 1);
    cr_assert(call->strategy[0].type == STRATEGY_RANDOM && !call->new_constraints);
    cr_assert(call->deployment->canary_permille == 200);
    cr_assert(call->deployment->strategy == DEPLOYMENT_UNSAID);
    scenario_destroy(scenario);
}

Test(scenario_services, mistakes)
{
    static const struct {
        const char *service, *members, *wanted;
    } rows[] = {
        {"", "", "services[0].desiredCount: missing"},
        {",'desiredCount':1,'schedulingStrategy':'DAEMONS'", "", "did you mean DAEMON?"},
        {",'schedulingStrategy':'DAEMON','deploymentConfiguration':{'maximumPercent':150}", "",
         "a DAEMON service's maximumPercent is 100"},
        {",'desiredCount':1,'deploymentConfiguration':{'maximumPercent':50}", "",
         "deploymentConfiguration.maximumPercent: found 50"},
        {",'desiredCount':1,'deploymentConfiguration':{'strategy':'CANARY'}", "",
         "CANARY moves traffic"},
        {",'desiredCount':1,'loadBalancers':[{'targetGroupArn':'bleu','containerName':'c',"
         "'containerPort':80}]",
         "", "no target group \"bleu\" in targetGroups (did you mean blue?)"},
        {",'desiredCount':1,'loadBalancers':[{'targetGroupArn':'blue','containerName':'d',"
         "'containerPort':80}]",
         "", "web has no container \"d\""},
        {",'desiredCount':1,'loadBalancers':[{'targetGroupArn':'blue','containerName':'c',"
         "'containerPort':81}]",
         "", "web/c has no containerPort 81 in its portMappings"},
        {",'desiredCount':1,'loadBalancers':[{'targetGroupArn':'blue','containerName':'c',"
         "'containerPort':80}]",
         ",'timeline':[{'at':'1s','updateService':{'service':'web','taskDefinition':'other'}}]",
         "updateService.taskDefinition: other:1 has no container \"c\", which loadBalancers of "
         "service web name"},
        {",'desiredCount':1",
         ",'timeline':[{'at':'1s','updateService':{'service':'web','forceNewDeployment':true,"
         "'capacityProviderStrategy':[{'capacityProvider':'FARGATE','weight':1}]}}]",
         "updateService.capacityProviderStrategy: web: Network mode"},
        {",'desiredCount':1,'deploymentController':{'type':'CODE_DEPLOY'}", "",
         "deploymentConfigName"},
        {",'desiredCount':1", ",'rules':{'metricPeriod':'0s'}", "wanted more than 0s"},
        {",'desiredCount':1", ",'rules':{'metricPeroid':'5s'}", "did you mean metricPeriod?"},
        {",'desiredCount':1",
         ",'scaling':[{'registerScalableTarget':{'ResourceId':'service/x/wep'}}]",
         "no service \"wep\" (did you mean web?)"},
        {",'desiredCount':1",
         ",'scaling':[{'putScheduledAction':{'ScheduledActionName':'s','ResourceId':'service/d/"
         "web',"
         "'Schedule':'daily','ScalableTargetAction':{'MinCapacity':3}}}]",
         "found \"daily\", wanted \"at("},
        {",'desiredCount':1",
         ",'scaling':[{'putScalingPolicy':{'PolicyName':'out','ResourceId':'service/d/web',"
         "'StepScalingPolicyConfiguration':{'AdjustmentType':'ChangeInCapacity','StepAdjustments':["
         "{'MetricIntervalLowerBound':0,'ScalingAdjustment':1},{'MetricIntervalLowerBound':5,"
         "'ScalingAdjustment':2}]}}}]",
         "steps 1 and 2 overlap"},
        {",'desiredCount':1", ",'scaling':[{}]", "wanted exactly one call"},
        {",'desiredCount':1,'deploymentConfiguration':{'alarms':{'alarmNames':['hott'],'enable':"
         "true,'rollback':true}}",
         HOT_ALARM, "no putMetricAlarm has an alarm \"hott\" (did you mean hot?)"},
        {",'desiredCount':1,'availabilityZoneRebalancing':'ENABLED','deploymentConfiguration':{"
         "'maximumPercent':100}",
         "", "availabilityZoneRebalancing: ECS does not rebalance zones here: maximumPercent"},
        {",'desiredCount':1,'availabilityZoneRebalancing':'ENABLED','placementStrategy':[{'type':"
         "'binpack','field':'cpu'}]",
         "", "the first placement strategy is not spread"},
        {",'schedulingStrategy':'DAEMON','availabilityZoneRebalancing':'ENABLED'", "",
         "a DAEMON service has one task on each instance"},
        {",'desiredCount':1",
         ",'timeline':[{'at':'1s','updateService':{'service':'web','deploymentConfiguration':{"
         "'canaryConfiguration':{},'linearConfiguration':{}}}}]",
         "belongs to the strategy CANARY"},
        {",'desiredCount':1",
         ",'timeline':[{'at':'1s','updateService':{'service':'web','placementStrategy':[{'type':"
         "'spred'}]}}]",
         "updateService.placementStrategy[0].type: found \"spred\""},
        {",'desiredCount':1",
         ",'timeline':[{'at':'1s','updateService':{'service':'web','loadBalancers':[{"
         "'targetGroupArn':'bleu','containerName':'c','containerPort':80}]}}]",
         "did you mean blue?"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        hears(rows[i].service, rows[i].members, rows[i].wanted);
}

/* The words are ECS's, the names those of the run. */
Test(scenario_services, a_saga_has_ecss_words)
{
    struct record record = {.machine = ID_NONE, .event = message_new(MESSAGE_CREATE_SERVICE)};
    struct message event = message_new(MESSAGE_SERVICE_EVENT);
    struct saga saga = {0};
    struct buffer text = {0};

    record.event.as.create_service.service = 0;
    record.event.as.create_service.name = "web";
    saga_learn(&saga, &record);
    event.as.service_event.service = 0;
    event.as.service_event.code = EVENT_STEADY;
    cr_assert(saga_words(&saga, &event, 0, &text));
    cr_assert_str_eq(text.text, "(service web) has reached a steady state.");
    cr_assert(!saga_words(&saga, &event, 1, &text));
    buffer_finish(&text);
    saga_finish(&saga);
}

#define NO_ROOM                                                                                    \
    "(service web) was unable to place a task because no container instance met all of its "       \
    "requirements. "

Test(scenario_services, a_saga_names_the_closest_instance_in_ecss_words)
{
    static const struct {
        enum place_reason reason;
        int64_t lack;
        const char *words;
    } rows[] = {
        {PLACE_CPU, 128, "has insufficient CPU units available: it lacks 128."},
        {PLACE_MEMORY, 64, "has insufficient memory available: it lacks 64 MiB."},
        {PLACE_PORTS, 80, "is already using a port required by your task: 80."},
        {PLACE_ATTRIBUTE, 1, "is missing an attribute required by your task."},
        {PLACE_AGENT, 0, "encountered error \"AGENT\"."},
        {PLACE_ENI, 1, "encountered error \"RESOURCE:ENI\"."},
        {PLACE_MEMBER_OF, 0, "encountered error \"MemberOf placement constraint unsatisfied.\"."},
    };
    struct saga saga = {0};
    struct message wait = message_new(MESSAGE_WAIT);

    names_intern(&saga.services, "web");
    wait.as.wait.service = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer text = {0};
        char wanted[300];

        wait.as.wait.reason = rows[i].reason;
        wait.as.wait.nearest = 1;
        wait.as.wait.lack = rows[i].lack;
        snprintf(wanted, sizeof wanted, NO_ROOM "The closest matching (container-instance i2) %s",
                 rows[i].words);
        cr_assert(saga_words(&saga, &wait, 0, &text));
        cr_expect_str_eq(text.text, wanted, "%s", text.text);
        buffer_finish(&text);
    }
    saga_finish(&saga);
}

Test(scenario_services, a_saga_without_any_instance_says_so)
{
    struct saga saga = {0};
    struct message wait = message_new(MESSAGE_WAIT);
    struct buffer text = {0};

    names_intern(&saga.services, "web");
    wait.as.wait.service = 0;
    wait.as.wait.reason = PLACE_NO_INSTANCE;
    wait.as.wait.nearest = ID_NONE;
    cr_assert(saga_words(&saga, &wait, 0, &text));
    cr_expect_str_eq(text.text, NO_ROOM "The cluster has no container instance.");
    buffer_finish(&text);
    saga_finish(&saga);
}
