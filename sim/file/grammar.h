/*
 * The grammar of scenarios as data: which members each object has, of what shape, and what they
 * mean. The reader checks names against it, and the schema for editors and the grammar's page are
 * made from it, so the three cannot disagree.
 */
#ifndef BERTH_FILE_GRAMMAR_H
#define BERTH_FILE_GRAMMAR_H

#include <stdbool.h>

enum shape {
    SHAPE_ANY,
    SHAPE_TEXT,
    SHAPE_NUMBER, /* whole */
    SHAPE_DECIMAL,
    SHAPE_BOOL,
    SHAPE_DURATION,
    SHAPE_SIZE,
    SHAPE_DISTRIBUTION, /* a duration or one of distribution_grammar */
    SHAPE_TASK,         /* "t1" */
    SHAPE_INSTANCE,     /* "i1" */
    SHAPE_CHOICE,       /* one of `values` */
    SHAPE_OBJECT,       /* described by `of` */
    SHAPE_LIST,         /* of objects described by `of`, else of `values`, else of `items` */
    SHAPE_MAP,          /* names to objects described by `of` */
    SHAPE_TEXT_MAP,     /* names to texts or null */
    SHAPE_INSTANCES,    /* "4xbox", or a list of such texts and of objects */
    SHAPE_FILES,        /* a list of file names and of objects */
    SHAPE_IDLE,         /* a duration or "forever" */
    SHAPE_MOMENT,       /* a duration or "end" */
    SHAPE_NUMBER_ANY,   /* a whole number or "any" */
    SHAPE_PROFILE,      /* one of `values`, or an object described by `of` */
    SHAPE_STEP,         /* a distribution, or an object described by `of` */
    SHAPE_SIZE_ANY,     /* a size or "any" */
    SHAPE_SAMPLES,      /* a list of durations, or a file's name */
    SHAPE_REQUEST_RATE, /* "200/s" */
    SHAPE_RATE_STEPS,   /* a list of `of`, or a file's name */
};

struct grammar {
    const char *name;      /* "an instance type", as the page calls it */
    const char *about;     /* a sentence, or NULL */
    bool ecs;              /* of ECS's API: unknown members are warnings, there is no "note" */
    bool says_unsimulated; /* a member without `about` is worth a warning, else a note */
    const struct grammar_member *members; /* ended by one without a name */
};

struct grammar_member {
    const char *name;
    enum shape shape;
    bool required;
    const struct grammar *of;
    const char *const *values;
    enum shape items; /* SHAPE_LIST: of what; SHAPE_ANY: texts */
    bool open;        /* SHAPE_CHOICE: other texts may be right too */
    /* what it means and its default; NULL: ECS has it, berth takes no notice of it yet */
    const char *about;
};

extern const struct grammar scenario_grammar;
extern const struct grammar instance_type_grammar;
extern const struct grammar instance_group_grammar;
extern const struct grammar agent_grammar;
extern const struct grammar image_grammar;
extern const struct grammar behaviour_grammar;
extern const struct grammar entry_grammar; /* of the timeline */
extern const struct grammar fault_grammar;
extern const struct grammar kill_container_grammar;
extern const struct grammar kill_zone_grammar;
extern const struct grammar cut_agent_grammar;
extern const struct grammar slow_registry_grammar;
extern const struct grammar dead_registry_grammar;
extern const struct grammar interrupt_grammar;
extern const struct grammar share_grammar;
extern const struct grammar provider_grammar;
extern const struct grammar group_provider_grammar;
extern const struct grammar managed_scaling_grammar;
extern const struct grammar auto_scaling_grammar;
extern const struct grammar launch_template_grammar;
extern const struct grammar mixed_grammar;
extern const struct grammar mixed_template_grammar;
extern const struct grammar override_grammar;
extern const struct grammar instances_distribution_grammar;
extern const struct grammar fargate_grammar;
extern const struct grammar spot_grammar;
extern const struct grammar expect_grammar;
extern const struct grammar costs_grammar;
extern const struct grammar distribution_grammar;
extern const struct grammar lognormal_grammar;
extern const struct grammar uniform_grammar;
extern const struct grammar exponential_grammar;
extern const struct grammar normal_grammar;
extern const struct grammar gamma_grammar;
extern const struct grammar weibull_grammar;
extern const struct grammar step_grammar;
extern const struct grammar host_grammar;
extern const struct grammar vm_grammar;
extern const struct grammar vm_boot_grammar;
extern const struct grammar layer_grammar;
extern const struct grammar host_profile_grammar;

extern const struct grammar load_grammar;
extern const struct grammar arrivals_grammar;
extern const struct grammar flow_grammar;
extern const struct grammar sine_grammar;
extern const struct grammar rate_step_grammar;
extern const struct grammar request_grammar;

/* enum arrival_spacing, enum load_level */
extern const char *const arrival_spacing_names[];
extern const char *const load_level_names[];

extern const struct grammar rules_grammar;
extern const struct grammar target_group_grammar;
extern const struct grammar target_attribute_grammar;
extern const struct grammar create_service_grammar;
extern const struct grammar deployment_grammar;
extern const struct grammar breaker_grammar;
extern const struct grammar threshold_grammar;
extern const struct grammar deployment_alarms_grammar;
extern const struct grammar canary_grammar;
extern const struct grammar linear_grammar;
extern const struct grammar load_balancer_grammar;
extern const struct grammar advanced_grammar;
extern const struct grammar controller_grammar;
extern const struct grammar scaling_call_grammar;
extern const struct grammar scalable_target_grammar;
extern const struct grammar suspended_grammar;
extern const struct grammar scaling_policy_grammar;
extern const struct grammar target_tracking_grammar;
extern const struct grammar predefined_metric_grammar;
extern const struct grammar step_scaling_grammar;
extern const struct grammar step_adjustment_grammar;
extern const struct grammar scheduled_action_grammar;
extern const struct grammar target_action_grammar;
extern const struct grammar metric_alarm_grammar;
extern const struct grammar dimension_grammar;
extern const struct grammar update_service_grammar;
extern const struct grammar delete_service_grammar;
extern const struct grammar run_task_grammar;
extern const struct grammar stop_task_grammar;
extern const struct grammar start_task_grammar;
extern const struct grammar update_instances_grammar;
extern const struct grammar update_protection_grammar;
extern const struct grammar strategy_grammar;
extern const struct grammar constraint_grammar;
extern const struct grammar task_definition_grammar;
extern const struct grammar container_grammar;
extern const struct grammar port_mapping_grammar;
extern const struct grammar depends_on_grammar;
extern const struct grammar environment_grammar;
extern const struct grammar restart_policy_grammar;
extern const struct grammar resource_requirement_grammar;
extern const struct grammar health_check_grammar;
extern const struct grammar ulimit_grammar;
extern const struct grammar mount_point_grammar;
extern const struct grammar volumes_from_grammar;
extern const struct grammar linux_parameters_grammar;
extern const struct grammar capabilities_grammar;
extern const struct grammar device_grammar;
extern const struct grammar tmpfs_grammar;
extern const struct grammar host_entry_grammar;
extern const struct grammar system_control_grammar;
extern const struct grammar log_configuration_grammar;
extern const struct grammar volume_grammar;
extern const struct grammar host_volume_grammar;
extern const struct grammar docker_volume_grammar;
extern const struct grammar efs_volume_grammar;
extern const struct grammar efs_authorization_grammar;
extern const struct grammar s3_volume_grammar;
extern const struct grammar fsx_volume_grammar;
extern const struct grammar fsx_authorization_grammar;
extern const struct grammar secret_grammar;
extern const struct grammar environment_file_grammar;
extern const struct grammar credentials_grammar;
extern const struct grammar firelens_grammar;
extern const struct grammar tag_grammar;
extern const struct grammar proxy_grammar;
extern const struct grammar accelerator_grammar;
extern const struct grammar required_attribute_grammar;
extern const struct grammar ephemeral_storage_grammar;
extern const struct grammar platform_grammar;

/* CodeDeploy's predefined configurations for ECS. */
extern const char *const deploy_config_names[];

/* ENABLED, DISABLED; OnDemandAllocationStrategy. */
extern const char *const enabled_names[];
extern const char *const on_demand_names[];

/* Statuses that UpdateContainerInstancesState takes: ACTIVE, DRAINING. */
extern const char *const instance_state_names[];

/* Conditions of dependsOn (enum container_condition), without the agent's own. */
extern const char *const depends_on_names[];

/* enum pid_mode and enum ipc_mode, from the second on. */
extern const char *const pid_mode_names[];
extern const char *const ipc_mode_names[];

/* scope of a Docker volume: task, shared. */
extern const char *const volume_scope_names[];

/* Every grammar above, in the order in which a reader meets them; ended by NULL. */
extern const struct grammar *const grammars[];

/* The member of that name, or NULL. */
const struct grammar_member *grammar_member(const struct grammar *grammar, const char *name);

/* The nearest name of a member, or NULL. */
const char *grammar_nearest(const struct grammar *grammar, const char *name);

#endif
