/*
 * The tables of capacity: Auto Scaling groups, capacity providers, Fargate, Spot. ECS's and Auto Scaling's
 * requests stand as their APIs take them (2026-08).
 */
#include "core/message.h"
#include "file/grammar.h"

#include <stddef.h>

#define PASSED_OVER .about = NULL

const char *const enabled_names[] = {"ENABLED", "DISABLED", NULL};
const char *const on_demand_names[] = {"prioritized", "lowest-price", NULL};

static const struct grammar_member share_members[] = {
    {"capacityProvider", SHAPE_TEXT, .required = true,
     .about = "a name from capacityProviders, FARGATE or FARGATE_SPOT"},
    {"weight", SHAPE_NUMBER,
     .about = "0 to 1000: its share of the tasks beyond the base; default 0"},
    {"base", SHAPE_NUMBER,
     .about = "0 to 100000: so many tasks first; only one may have it; default 0"},
    {.name = NULL},
};
const struct grammar share_grammar = {"a share of a capacity provider strategy", .ecs = true,
                                      .members = share_members};

static const struct grammar_member managed_scaling_members[] = {
    {"status", SHAPE_CHOICE, .values = enabled_names, .about = "default DISABLED"},
    {"targetCapacity", SHAPE_NUMBER, .about = "1 to 100, percent; default 100"},
    {"minimumScalingStepSize", SHAPE_NUMBER, .about = "1 to 10000; default 1"},
    {"maximumScalingStepSize", SHAPE_NUMBER, .about = "1 to 10000; default 10000"},
    {"instanceWarmupPeriod", SHAPE_NUMBER,
     .about =
         "0 to 10000, seconds: no further step out while a new instance is younger; default 300"},
    {.name = NULL},
};
const struct grammar managed_scaling_grammar = {"managed scaling", .ecs = true,
                                                .members = managed_scaling_members};

static const struct grammar_member group_provider_members[] = {
    {"autoScalingGroupArn", SHAPE_TEXT, .required = true,
     .about = "the group's name from autoScalingGroups, or an ARN that ends with it"},
    {"managedScaling", SHAPE_OBJECT, .of = &managed_scaling_grammar,
     .about = "whether the group follows the tasks; default: it does not"},
    {"managedTerminationProtection", SHAPE_CHOICE, .values = enabled_names,
     .about = "only instances without tasks go; needs managed scaling; default DISABLED"},
    {"managedDraining", SHAPE_CHOICE, .values = enabled_names,
     .about = "an instance that goes is drained first; default ENABLED"},
    {.name = NULL},
};
const struct grammar group_provider_grammar = {"an Auto Scaling group provider", .ecs = true,
                                               .members = group_provider_members};

static const struct grammar_member provider_members[] = {
    {"name", SHAPE_TEXT, .required = true, .about = "its name"},
    {"autoScalingGroupProvider", SHAPE_OBJECT, .required = true, .of = &group_provider_grammar,
     .about = "the group that it takes instances from"},
    {"cluster", SHAPE_TEXT, .about = "there is one cluster"},
    {"tags", SHAPE_ANY, .about = "no effect"},
    {"managedInstancesProvider", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar provider_grammar = {"a CreateCapacityProvider call", .ecs = true,
                                         .says_unsimulated = true, .members = provider_members};

static const struct grammar_member launch_template_members[] = {
    {"LaunchTemplateName", SHAPE_TEXT, .about = "a name from launchTemplates"},
    {"LaunchTemplateId", SHAPE_TEXT, .about = "likewise"},
    {"Version", SHAPE_TEXT, .about = "no effect"},
    {.name = NULL},
};
const struct grammar launch_template_grammar = {"a launch template specification", .ecs = true,
                                                .members = launch_template_members};

static const struct grammar_member override_members[] = {
    {"InstanceType", SHAPE_TEXT, .required = true, .about = "as in instances"},
    {"WeightedCapacity", SHAPE_TEXT, PASSED_OVER},
    {"LaunchTemplateSpecification", SHAPE_ANY, PASSED_OVER},
    {"InstanceRequirements", SHAPE_ANY, PASSED_OVER},
    {"ImageId", SHAPE_TEXT, .about = "no effect"},
    {.name = NULL},
};
const struct grammar override_grammar = {"an instance type of a mixed group", .ecs = true,
                                         .says_unsimulated = true, .members = override_members};

static const struct grammar_member mixed_template_members[] = {
    {"LaunchTemplateSpecification", SHAPE_OBJECT, .of = &launch_template_grammar,
     .about = "the type where there are no overrides"},
    {"Overrides", SHAPE_LIST, .of = &override_grammar,
     .about = "its types, the preferred one first"},
    {.name = NULL},
};
const struct grammar mixed_template_grammar = {"the types of a mixed group", .ecs = true,
                                               .members = mixed_template_members};

static const struct grammar_member distribution_of_instances_members[] = {
    {"OnDemandBaseCapacity", SHAPE_NUMBER, .about = "so many on-demand instances first; default 0"},
    {"OnDemandPercentageAboveBaseCapacity", SHAPE_NUMBER,
     .about = "0 to 100: of those beyond; the rest is Spot; default 100"},
    {"OnDemandAllocationStrategy", SHAPE_CHOICE, .values = on_demand_names,
     .about = "prioritized: the first type; lowest-price; default prioritized"},
    {"SpotAllocationStrategy", SHAPE_TEXT,
     .about = "no effect: the cheapest types in turn, whatever it says"},
    {"SpotInstancePools", SHAPE_NUMBER, .about = "1 to 20: how many of the cheapest; default 2"},
    {"SpotMaxPrice", SHAPE_TEXT, PASSED_OVER},
    {.name = NULL},
};
const struct grammar instances_distribution_grammar = {
    "on-demand and Spot in a mixed group", .ecs = true, .says_unsimulated = true,
    .members = distribution_of_instances_members};

static const struct grammar_member mixed_members[] = {
    {"LaunchTemplate", SHAPE_OBJECT, .required = true, .of = &mixed_template_grammar,
     .about = "its instance types"},
    {"InstancesDistribution", SHAPE_OBJECT, .of = &instances_distribution_grammar,
     .about = "on-demand and Spot; default: all on-demand"},
    {.name = NULL},
};
const struct grammar mixed_grammar = {"a mixed instances policy", .ecs = true,
                                      .members = mixed_members};

static const struct grammar_member auto_scaling_members[] = {
    {"AutoScalingGroupName", SHAPE_TEXT, .required = true, .about = "its name"},
    {"MinSize", SHAPE_NUMBER, .required = true, .about = "never fewer instances"},
    {"MaxSize", SHAPE_NUMBER, .required = true, .about = "never more"},
    {"DesiredCapacity", SHAPE_NUMBER, .about = "at first; default: MinSize"},
    {"AvailabilityZones", SHAPE_LIST, .about = "zones, which it keeps even"},
    {"LaunchTemplate", SHAPE_OBJECT, .of = &launch_template_grammar, .about = "its instance type"},
    {"MixedInstancesPolicy", SHAPE_OBJECT, .of = &mixed_grammar,
     .about = "instead of LaunchTemplate: several types, on-demand and Spot"},
    {"NewInstancesProtectedFromScaleIn", SHAPE_BOOL,
     .about = "no instance goes unless managed termination protection says so; default false"},
    {"ServiceLinkedRoleARN", SHAPE_TEXT, .about = "no effect"},
    {"Tags", SHAPE_ANY, .about = "no effect"},
    {"VPCZoneIdentifier", SHAPE_TEXT, .about = "no effect: AvailabilityZones says where"},
    {"HealthCheckType", SHAPE_TEXT, .about = "no effect: a lost instance is replaced"},
    {"HealthCheckGracePeriod", SHAPE_NUMBER, .about = "no effect"},
    {"Context", SHAPE_TEXT, .about = "no effect"},
    {"LaunchConfigurationName", SHAPE_TEXT, PASSED_OVER},
    {"InstanceId", SHAPE_TEXT, PASSED_OVER},
    {"DefaultCooldown", SHAPE_NUMBER, PASSED_OVER},
    {"AvailabilityZoneIds", SHAPE_ANY, PASSED_OVER},
    {"LoadBalancerNames", SHAPE_ANY, PASSED_OVER},
    {"TargetGroupARNs", SHAPE_ANY, PASSED_OVER},
    {"PlacementGroup", SHAPE_TEXT, PASSED_OVER},
    {"TerminationPolicies", SHAPE_ANY, PASSED_OVER},
    {"CapacityRebalance", SHAPE_ANY, PASSED_OVER},
    {"LifecycleHookSpecificationList", SHAPE_ANY, PASSED_OVER},
    {"DeletionProtection", SHAPE_TEXT, PASSED_OVER},
    {"MaxInstanceLifetime", SHAPE_NUMBER, PASSED_OVER},
    {"DesiredCapacityType", SHAPE_TEXT, PASSED_OVER},
    {"DefaultInstanceWarmup", SHAPE_NUMBER, PASSED_OVER},
    {"TrafficSources", SHAPE_ANY, PASSED_OVER},
    {"InstanceMaintenancePolicy", SHAPE_ANY, PASSED_OVER},
    {"AvailabilityZoneDistribution", SHAPE_ANY, PASSED_OVER},
    {"AvailabilityZoneImpairmentPolicy", SHAPE_ANY, PASSED_OVER},
    {"SkipZonalShiftValidation", SHAPE_ANY, PASSED_OVER},
    {"CapacityReservationSpecification", SHAPE_ANY, PASSED_OVER},
    {"InstanceLifecyclePolicy", SHAPE_ANY, PASSED_OVER},
    {"Operator", SHAPE_ANY, PASSED_OVER},
    {.name = NULL},
};
const struct grammar auto_scaling_grammar = {"a CreateAutoScalingGroup call", .ecs = true,
                                             .says_unsimulated = true,
                                             .members = auto_scaling_members};

static const struct grammar_member fargate_members[] = {
    {"zones", SHAPE_LIST,
     .about = "where its micro-VMs are; default: the zones of the groups, else a"},
    {"boot", SHAPE_DISTRIBUTION,
     .about =
         "from the launch until its agent starts; default: with costs \"fargate\" an instance's "
         "steps there, with \"laptop\" and \"firecracker\" a virtual machine's, else "
         "lognormal, median 24 s, p99 45 s; with a host's profile always a virtual machine's"},
    {"vcpuPrice", SHAPE_DECIMAL, .about = "dollars per vCPU and hour; default 0.04048"},
    {"memoryPrice", SHAPE_DECIMAL, .about = "dollars per GiB and hour; default 0.004445"},
    {"spotShare", SHAPE_DECIMAL, .about = "FARGATE_SPOT costs so much of it, 0 to 1; default 0.3"},
    {.name = NULL},
};
const struct grammar fargate_grammar = {
    "Fargate", "What tasks on FARGATE and FARGATE_SPOT find and cost.", .members = fargate_members};

static const struct grammar_member spot_members[] = {
    {"interruptAfter", SHAPE_DISTRIBUTION,
     .about = "from an instance's launch until its warning; default: never by itself"},
    {"draining", SHAPE_BOOL,
     .about = "ECS_ENABLE_SPOT_INSTANCE_DRAINING: agents drain on the warning; default false"},
    {.name = NULL},
};
const struct grammar spot_grammar = {
    "Spot", "When Spot capacity is taken away: a warning first, two minutes later the instance.",
    .members = spot_members};

static const struct grammar_member interrupt_members[] = {
    {"instance", SHAPE_INSTANCE, .about = "a Spot instance, such as \"i3\""},
    {"task", SHAPE_TASK, .about = "or a task on FARGATE_SPOT"},
    {.name = NULL},
};
const struct grammar interrupt_grammar = {"a Spot interruption", "Exactly one of these members.",
                                          .members = interrupt_members};
