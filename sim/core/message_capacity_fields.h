/*
 * The fields of the messages about capacity, for message.c alone.
 */
#ifndef BERTH_CORE_MESSAGE_CAPACITY_FIELDS_H
#define BERTH_CORE_MESSAGE_CAPACITY_FIELDS_H

static const struct field zone_fields[] = {FIELD(FIELD_TEXT, zone, name, "name")};
static const struct schema zone_schema = SCHEMA(zone, zone_fields);

static const struct field group_type_fields[] = {
    FIELD(FIELD_TEXT, group_type, name, "type"),
    FIELD(FIELD_INT, group_type, cpu, "cpu"),
    FIELD(FIELD_INT, group_type, memory_mib, "memory"),
    FIELD(FIELD_INT, group_type, gpus, "gpus"),
    FIELD(FIELD_OPTIONAL, group_type, enis, "enis"),
    FIELD(FIELD_LONG, group_type, price, "price"),
    FIELD(FIELD_LONG, group_type, spot_price, "spotPrice"),
};
static const struct schema group_type_schema = SCHEMA(group_type, group_type_fields);

static const struct field instance_group_fields[] = {
    FIELD(FIELD_GROUP, instance_group, group, "group"),
    FIELD_OF(FIELD_ENUM, instance_group, kind, "groupKind", group_kind_names),
    FIELD(FIELD_TEXT, instance_group, name, "name"),
    FIELD(FIELD_TEXT, instance_group, type, "type"),
    FIELD(FIELD_INT, instance_group, cpu, "cpu"),
    FIELD(FIELD_INT, instance_group, memory_mib, "memory"),
    FIELD(FIELD_INT, instance_group, gpus, "gpus"),
    FIELD(FIELD_OPTIONAL, instance_group, enis, "enis"),
    FIELD(FIELD_LONG, instance_group, price, "price"),
    FIELD(FIELD_LONG, instance_group, spot_price, "spotPrice"),
    FIELD(FIELD_LONG, instance_group, price_gib, "memoryPrice"),
    FIELD(FIELD_INT, instance_group, count, "count"),
    FIELD(FIELD_INT, instance_group, minimum, "minSize"),
    FIELD(FIELD_INT, instance_group, maximum, "maxSize"),
    FIELD(FIELD_BOOL, instance_group, replace, "replace"),
    FIELD(FIELD_BOOL, instance_group, cheapest, "lowestPrice"),
    FIELD(FIELD_INT, instance_group, on_demand_base, "onDemandBaseCapacity"),
    FIELD(FIELD_INT, instance_group, spot_percent, "spotPercentageAboveBaseCapacity"),
    FIELD(FIELD_INT, instance_group, spot_pools, "spotInstancePools"),
    FIELD(FIELD_INT, instance_group, reserved_mib, "reservedMemory"),
    FIELD(FIELD_BOOL, instance_group, protect, "newInstancesProtectedFromScaleIn"),
    FIELD(FIELD_BOOL, instance_group, spot_drain, "spotInstanceDraining"),
    FIELD_LIST_OF(instance_group, zones, "zones", &zone_schema),
    FIELD_LIST_OF(instance_group, attributes, "attributes", &attribute_schema),
    FIELD_LIST_OF(instance_group, more_types, "moreTypes", &group_type_schema),
};

static const struct field create_capacity_provider_fields[] = {
    FIELD(FIELD_PROVIDER, create_capacity_provider, provider, "provider"),
    FIELD(FIELD_TEXT, create_capacity_provider, name, "name"),
    FIELD(FIELD_GROUP, create_capacity_provider, group, "group"),
    FIELD(FIELD_BOOL, create_capacity_provider, managed_scaling, "managedScaling"),
    FIELD(FIELD_INT, create_capacity_provider, target_capacity, "targetCapacity"),
    FIELD(FIELD_INT, create_capacity_provider, minimum_step, "minimumScalingStepSize"),
    FIELD(FIELD_INT, create_capacity_provider, maximum_step, "maximumScalingStepSize"),
    FIELD(FIELD_LONG, create_capacity_provider, warmup_usec, "instanceWarmupUsec"),
    FIELD(FIELD_BOOL, create_capacity_provider, termination_protection,
          "managedTerminationProtection"),
    FIELD(FIELD_BOOL, create_capacity_provider, draining, "managedDraining"),
};

static const struct field provider_share_fields[] = {
    FIELD(FIELD_PROVIDER, provider_share, provider, "capacityProvider"),
    FIELD(FIELD_INT, provider_share, base, "base"),
    FIELD(FIELD_INT, provider_share, weight, "weight"),
};
static const struct schema provider_share_schema = SCHEMA(provider_share, provider_share_fields);

static const struct field put_cluster_providers_fields[] = {
    FIELD_LIST_OF(put_cluster_providers, strategy, "defaultCapacityProviderStrategy",
                  &provider_share_schema),
};

static const struct field spot_warning_fields[] = {
    FIELD(FIELD_INSTANCE, spot_warning, instance, "instance"),
    FIELD(FIELD_LONG, spot_warning, after_usec, "afterUsec"),
};

static const struct field launch_instance_fields[] = {
    FIELD(FIELD_INSTANCE, launch_instance, instance, "instance"),
    FIELD(FIELD_GROUP, launch_instance, group, "group"),
    FIELD(FIELD_INT, launch_instance, type, "type"),
    FIELD(FIELD_OPTIONAL, launch_instance, zone, "zone"),
    FIELD(FIELD_BOOL, launch_instance, spot, "spot"),
    FIELD(FIELD_INT, launch_instance, cpu, "cpu"),
    FIELD(FIELD_INT, launch_instance, memory_mib, "memory"),
    FIELD_OF(FIELD_ENUM, launch_instance, reason, "reason", launch_reason_names),
    FIELD(FIELD_TASK, launch_instance, task, "task"),
};

static const struct field terminate_instance_fields[] = {
    FIELD(FIELD_INSTANCE, terminate_instance, instance, "instance"),
    FIELD_OF(FIELD_ENUM, terminate_instance, reason, "reason", terminate_reason_names),
};

static const struct field drain_instance_fields[] = {
    FIELD(FIELD_INSTANCE, drain_instance, instance, "instance"),
    FIELD_OF(FIELD_ENUM, drain_instance, reason, "reason", drain_reason_names),
    FIELD_OF(FIELD_ENUM, drain_instance, rule, "rule", termination_rule_names),
};

static const struct field capacity_state_fields[] = {
    FIELD(FIELD_PROVIDER, capacity_state, provider, "provider"),
    FIELD(FIELD_INT, capacity_state, n, "n"),
    FIELD(FIELD_INT, capacity_state, m, "m"),
    FIELD(FIELD_INT, capacity_state, metric_centi, "reservationCentipercent"),
    FIELD(FIELD_INT, capacity_state, target, "targetCapacity"),
    FIELD(FIELD_INT, capacity_state, n_starting, "starting"),
    FIELD(FIELD_INT, capacity_state, n_empty, "empty"),
    FIELD(FIELD_INT, capacity_state, n_waiting, "waiting"),
    FIELD(FIELD_INT, capacity_state, n_skipped, "skipped"),
    FIELD(FIELD_INT, capacity_state, largest, "largestGroup"),
    FIELD(FIELD_TASKDEF, capacity_state, largest_taskdef, "taskDefinition"),
    FIELD(FIELD_INT, capacity_state, per_instance, "perInstance"),
    FIELD(FIELD_INT, capacity_state, needed, "needed"),
    FIELD(FIELD_INT, capacity_state, low_datapoints, "lowDatapoints"),
    FIELD_OF(FIELD_ENUM, capacity_state, verdict, "verdict", capacity_verdict_names),
    FIELD(FIELD_INT, capacity_state, from, "from"),
    FIELD(FIELD_INT, capacity_state, desired, "desiredCapacity"),
};

static const struct field bill_provider_fields[] = {
    FIELD(FIELD_PROVIDER, bill_provider, provider, "provider"),
    FIELD(FIELD_LONG, bill_provider, nanos, "nanodollars"),
    FIELD(FIELD_LONG, bill_provider, idle_nanos, "idleNanodollars"),
    FIELD(FIELD_LONG, bill_provider, instance_usec, "instanceUsec"),
    FIELD(FIELD_INT, bill_provider, n_instances, "instances"),
};
static const struct schema bill_provider_schema = SCHEMA(bill_provider, bill_provider_fields);
static const struct field bill_service_fields[] = {
    FIELD(FIELD_SERVICE, bill_service, service, "service"),
    FIELD(FIELD_LONG, bill_service, nanos, "nanodollars"),
};
static const struct schema bill_service_schema = SCHEMA(bill_service, bill_service_fields);
static const struct field bill_hour_fields[] = {
    FIELD(FIELD_INT, bill_hour, hour, "hour"),
    FIELD(FIELD_PROVIDER, bill_hour, provider, "provider"),
    FIELD(FIELD_LONG, bill_hour, nanos, "nanodollars"),
};
static const struct schema bill_hour_schema = SCHEMA(bill_hour, bill_hour_fields);
static const struct field bill_fields[] = {
    FIELD(FIELD_LONG, bill, nanos, "nanodollars"),
    FIELD(FIELD_LONG, bill, idle_nanos, "idleNanodollars"),
    FIELD_LIST_OF(bill, providers, "providers", &bill_provider_schema),
    FIELD_LIST_OF(bill, services, "services", &bill_service_schema),
    FIELD_LIST_OF(bill, hours, "hours", &bill_hour_schema),
};

#endif
