/*
 * A scenario in the making: what the parts of its reader share. Only scenario*.c include this.
 */
#ifndef BERTH_FILE_SCENARIO_READ_H
#define BERTH_FILE_SCENARIO_READ_H

#include "file/json_read.h"

struct scenario_reader {
    struct reading reading;
    struct document document;
    bool is_file;           /* rather than what stands in a run log */
    struct document *files; /* by item of taskDefinitions; without a root: an object of its own */
    int n_files;
    struct document profile; /* the host profile; without a root: none */

    /* The scenario's lists, while they grow */
    struct instance_type *types;
    int n_types, cap_types;
    struct scenario_group *groups;
    int n_groups, cap_groups;
    struct image *images;
    int n_images, cap_images;
    struct names digests; /* numbers are indexes in shared */
    struct layer *shared;
    int n_shared, cap_shared;
    struct agent_rules *rules; /* of the scenario's agent, or NULL */

    struct message *providers; /* capacity providers */
    int n_providers, cap_providers;

    bool trunking;               /* the account setting awsvpcTrunking */
    struct names group_names;    /* of Auto Scaling groups */
    struct names provider_names; /* numbers are indexes in providers */
    struct names type_names;     /* numbers are indexes in types */
    struct names image_names;    /* in images */
    struct load_source *loads;
    int n_loads, cap_loads;
    struct names services; /* created at any time */
    struct names target_groups;
    struct names policies;   /* put at any time */
    struct names alarms;     /* likewise */
    struct names containers; /* of all definitions */
    struct names references; /* "family" and "family:revision" */
    int32_t *referred;       /* definition by reference; ID_NONE: it has errors of its own */
    int n_referred, cap_referred;
    bool families_known;   /* every definition has said its family */
    bool containers_known; /* and its containers */

    struct scenario *scenario;
};

/* scenario.c */
/* A finding, and true, where "berth" at the top says that this is another kind of berth's files. */
bool scenario_is_other(const struct node *top, const char *wanted);

/* scenario_costs.c */
/* What the options say of costs, put into the JSON. */
void scenario_put_costs(struct scenario_reader *reader, const struct scenario_options *options);
void scenario_read_costs(struct scenario_reader *reader, const struct node *top);

/* scenario_misfit.c */
/* A definition that fits on no instance, even an empty one, is worth a warning. */
void scenario_warn_of_misfit(const struct scenario_reader *reader, const struct node *node,
                             const struct task_definition *definition);
/* Likewise a spread over an attribute, without "attribute:", that no instance has. */
void scenario_warn_of_spread(const struct scenario_reader *reader, const struct node *node,
                             const char *attribute);

/* scenario_world.c */
void scenario_read_instances(struct scenario_reader *reader, const struct node *top);
void scenario_read_images(struct scenario_reader *reader, const struct node *top);
void scenario_read_behaviours(struct scenario_reader *reader, const struct node *top);
int32_t scenario_find_type(struct scenario_reader *reader, const struct node *node,
                           const char *name);
/* A new group with berth's defaults; valid until the next one. */
struct scenario_group *scenario_add_group(struct scenario_reader *reader);
void scenario_read_zones(const struct node *node, const char *name, struct scenario_group *group);
/* Gives it the attributes that agents report by themselves. */
void scenario_use_attributes(struct scenario_group *group);

/* scenario_capacity.c */
void scenario_read_capacity(struct scenario_reader *reader, const struct node *top);
void scenario_read_price(const struct node *node, int64_t *price);
/* Every call that starts tasks names Fargate: no instance is needed. */
bool scenario_is_all_fargate(const struct node *top);
/* launchType or capacityProviderStrategy of a call; `taskdef` (or ID_NONE) is checked where it is to run
 * on Fargate. */
void scenario_read_strategy(struct scenario_reader *reader, const struct node *call,
                            int32_t taskdef, struct provider_share **shares, int32_t *n,
                            bool *is_ec2);

/* What an update leads to, its strategy and definition or those that stand so far in the file, go together: a
 * definition that is to run on Fargate fits there. `node`: the call. */
void scenario_check_update_capacity(struct scenario_reader *reader, const struct node *node,
                                    const char *service, const struct update_service *call);

/* scenario_agent.c */
void scenario_read_rules(struct scenario_reader *reader, const struct node *top);
/* What a node says beyond what was `given` (NULL: beyond ECS's), in their place. */
struct agent_rules *scenario_read_agent(struct node *node, struct agent_rules *given);
struct agent_rules *scenario_copy_rules(const struct agent_rules *rules);
void scenario_destroy_rules(struct agent_rules *rules);

/* scenario_load.c */
void scenario_read_request(const struct node *behaviour, struct request_behaviour *request);
void scenario_read_loads(struct scenario_reader *reader, const struct node *top);
void scenario_read_expected_requests(struct scenario_reader *reader, const struct node *node,
                                     struct expect *expect);
void scenario_read_load_entry(struct scenario_reader *reader, struct node *node, int64_t at_usec);

/* scenario_faults.c */
void scenario_read_fault(struct scenario_reader *reader, struct node *node, struct fault *fault);

/* scenario_definitions.c */
void scenario_read_definitions(struct scenario_reader *reader, const struct node *top);
/* The definition that "family", "family:revision" or an ARN means, or ID_NONE after an error. */
int32_t scenario_read_reference(struct scenario_reader *reader, const struct node *node);

/* scenario_rules.c */
void scenario_read_cluster_rules(struct scenario_reader *reader, const struct node *top);
void scenario_read_target_groups(struct scenario_reader *reader, const struct node *top);
/* The target group that a name, an ARN or a label means; false after an error. */
bool scenario_find_target_group(struct scenario_reader *reader, const struct node *node,
                                int32_t *group);

/* scenario_services.c */
void scenario_read_service_members(struct scenario_reader *reader, const struct node *node,
                                   struct create_service *call);
void scenario_read_update_members(struct scenario_reader *reader, const struct node *node,
                                  struct update_service *call);
void scenario_check_update(struct scenario_reader *reader, const struct node *node,
                           const char *service, const struct update_service *call);
/* Once the whole call is read. */
void scenario_check_rebalancing(const struct node *node, const struct create_service *call);

/* scenario_scaling.c: readers of one call each */
void scenario_read_scalable_target(struct scenario_reader *reader, struct node *node,
                                   struct scenario_entry *entry);
void scenario_read_scaling_policy(struct scenario_reader *reader, struct node *node,
                                  struct scenario_entry *entry);
void scenario_read_scheduled_action(struct scenario_reader *reader, struct node *node,
                                    struct scenario_entry *entry);
void scenario_read_metric_alarm(struct scenario_reader *reader, struct node *node,
                                struct scenario_entry *entry);

/* scenario.c: a date and time in UTC, since 1970; false after an error. */
bool scenario_read_date(const struct node *node, int64_t *usec);

/* scenario_calls.c */
void scenario_read_scaling(struct scenario_reader *reader, const struct node *top);
/* A service that exists at some time; false after an error. free() the name. */
bool scenario_find_service(struct scenario_reader *reader, const struct node *node,
                           const char *name, char **to);
void scenario_read_services(struct scenario_reader *reader, const struct node *top);
void scenario_read_timeline(struct scenario_reader *reader, const struct node *top);
void scenario_read_until(struct scenario_reader *reader, const struct node *top);
void scenario_read_expects(struct scenario_reader *reader, const struct node *top);

#endif
