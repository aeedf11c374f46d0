/*
 * What a scenario asks of the cluster: services, timeline, expectations.
 */
#include "core/strategies.h"
#include "file/nearest.h"
#include "file/scenario_read.h"
#include "file/taskdef_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ECS API: PlacementStrategy, CreateService, RunTask. */
#define STRATEGY_RULES_MAX 5
#define RUN_TASK_COUNT_MAX 10
#define DESIRED_MAX 10000000

/* ECS API, StartTask, UpdateContainerInstancesState, UpdateTaskProtection: so many ids in one call. */
#define CALL_IDS_MAX 10

#define ATTRIBUTE_PREFIX "attribute:"

/* " (did you mean attribute:rack?)", or nothing. */
static const char *field_hint(const char *text, const struct strategy_rule *rule)
{
    static const char *const amounts[] = {"cpu", "memory", NULL};
    static const char *const classes[] = {"instanceId", "host", NULL};
    static const char *const prefixes[] = {"attribute", NULL};
    const char *name = strpbrk(text, ":=. ");
    char word[16], whole[120];

    if (rule->type == STRATEGY_BINPACK)
        return node_hint(nearest_of(text, amounts));
    if (!name || !name[1])
        return node_hint(nearest_of(text, classes));
    snprintf(word, sizeof word, "%.*s", (int)(name - text), text);
    if (strcmp(word, "ecs") != 0 && !nearest_of(word, prefixes))
        return "";
    snprintf(whole, sizeof whole, ATTRIBUTE_PREFIX "%s",
             strcmp(word, "ecs") == 0 ? text : name + 1);
    return node_hint(whole);
}

static void read_field(const struct node *node, const char *text, struct strategy_rule *rule)
{
    bool attribute = strncmp(text, ATTRIBUTE_PREFIX, strlen(ATTRIBUTE_PREFIX)) == 0;

    if (rule->type == STRATEGY_BINPACK && strcasecmp(text, "cpu") == 0) {
        rule->field = BY_CPU;
    } else if (rule->type == STRATEGY_BINPACK && strcasecmp(text, "memory") == 0) {
        rule->field = BY_MEMORY;
    } else if (rule->type == STRATEGY_BINPACK) {
        node_error(node, "found %s; binpack's field is cpu or memory%s", node_found(node),
                   field_hint(text, rule));
    } else if (strcmp(text, "instanceId") == 0 || strcmp(text, "host") == 0) {
        rule->field = BY_INSTANCE;
    } else if (attribute && text[strlen(ATTRIBUTE_PREFIX)]) {
        rule->field = BY_ATTRIBUTE;
        rule->attribute = memory_text(text + strlen(ATTRIBUTE_PREFIX));
    } else {
        node_error(node,
                   "found %s; spread's field is instanceId, host or attribute:NAME, such "
                   "as attribute:ecs.availability-zone%s",
                   node_found(node), field_hint(text, rule));
    }
}

/* One of ECS's types, or the name of an own strategy. */
static bool read_type(const struct node *node, struct strategy_rule *rule)
{
    const char *names[64], *text, *nearest;
    int n = 0;

    if (!node_text(node, &text))
        return false;
    while (n < STRATEGY_OWN && strcmp(strategy_type_names[n], text) != 0) {
        names[n] = strategy_type_names[n];
        n++;
    }
    rule->type = (enum strategy_type)n;
    if (n < STRATEGY_OWN)
        return true;
    if (strategies_find(text)) {
        rule->name = memory_text(text);
        return true;
    }
    for (const struct strategy *own = strategies; own->name && n < 64; own++)
        names[n++] = own->name;
    nearest = nearest_name(text, names, n);
    node_error(node, "found \"%s\", wanted binpack, spread, random or a strategy of %s%s%s%s", text,
               "sim/core/strategies.c", nearest ? " (did you mean " : "", nearest ? nearest : "",
               nearest ? "?)" : "");
    return false;
}

static void read_strategy(const struct scenario_reader *reader, const struct node *call,
                          struct strategy_rule **rules, int32_t *n)
{
    struct node list = node_member(call, "placementStrategy");
    size_t n_items = node_list(&list);

    if (n_items > STRATEGY_RULES_MAX) {
        node_error(&list, "%zu rules; ECS takes at most 5", n_items);
        return;
    }
    if (n_items)
        *rules = memory_zeroed(n_items, sizeof **rules);
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(&list, i), type_node, field_node;
        struct strategy_rule *rule = &(*rules)[*n];
        const char *field;

        if (!node_object(&item, &strategy_grammar))
            continue;
        type_node = node_member(&item, "type");
        field_node = node_member(&item, "field");
        if (!read_type(&type_node, rule))
            continue;
        ++*n;
        if (rule->type == STRATEGY_OWN && field_node.value)
            node_error(&field_node, "%s takes no field", rule->name);
        if (rule->type == STRATEGY_RANDOM || rule->type == STRATEGY_OWN)
            continue; /* ECS takes no notice of random's field */
        if (!field_node.value)
            node_error(&field_node, "missing: %s needs a field", strategy_type_names[rule->type]);
        else if (node_text(&field_node, &field))
            read_field(&field_node, field, rule);
        if (rule->attribute)
            scenario_warn_of_spread(reader, &field_node, rule->attribute);
    }
}

static int32_t required_reference(struct scenario_reader *reader, const struct node *call)
{
    struct node node = node_member(call, "taskDefinition");

    return scenario_read_reference(reader, &node);
}

/* Those of a call which starts tasks of the definition; ID_NONE: of one that is not said here. */
static void read_constraints(struct scenario_reader *reader, struct node *call, int32_t taskdef,
                             struct placement_constraint **items, int32_t *n)
{
    struct node list = node_member(call, "placementConstraints");
    const struct task_definition *definition =
        taskdef == ID_NONE ? NULL : reader->scenario->taskdefs[taskdef].definition;

    if (!taskdef_read_constraints(&list, false, items, n) || !definition || *n == 0)
        return;
    if (*n + definition->n_constraints > TASKDEF_CONSTRAINTS_MAX)
        node_error(&list,
                   "%d constraints, and %d in the task definition; ECS takes at most %d for a task",
                   *n, definition->n_constraints, TASKDEF_CONSTRAINTS_MAX);
}

/* True where the members are an object at all. */
static bool read_create_service(struct scenario_reader *reader, struct node *node,
                                struct create_service *call)
{
    struct node name_node;
    const char *name;

    if (!node_object(node, &create_service_grammar))
        return false;
    name_node = node_member(node, "serviceName");
    if (taskdef_read_name(&name_node, &name))
        call->name = memory_text(name);
    call->taskdef = required_reference(reader, node);
    scenario_read_service_members(reader, node, call);
    scenario_read_strategy(reader, node, call->taskdef, &call->providers, &call->n_providers,
                           &call->launch_type_ec2);
    read_strategy(reader, node, &call->strategy, &call->n_strategy);
    read_constraints(reader, node, call->taskdef, &call->constraints, &call->n_constraints);
    scenario_check_rebalancing(node, call);
    return true;
}

/* Names may be used before the call that gives them. */
static void collect_names(const struct node *top, const char *call, const char *member,
                          struct names *names)
{
    static const char *const lists[] = {"scaling", "timeline"};

    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(top->value, lists[k]), i, entry)
        {
            const char *name =
                json_string_value(json_object_get(json_object_get(entry, call), member));

            if (name)
                names_intern(names, name);
        }
    }
}

void scenario_read_services(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node list = node_member(top, "services");
    size_t n = node_list(&list);

    collect_names(top, "putMetricAlarm", "AlarmName", &reader->alarms);
    scenario->services = memory_zeroed(n, sizeof *scenario->services);
    scenario->n_services = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name;
        struct message *message = &scenario->services[i];
        int known = reader->services.n_texts;

        *message = message_new(MESSAGE_CREATE_SERVICE);
        if (!read_create_service(reader, &item, &message->as.create_service) ||
            !message->as.create_service.name)
            continue;
        name = node_member(&item, "serviceName");
        if (names_intern(&reader->services, message->as.create_service.name) != known)
            node_error(&name, "a service %s stands above already", node_found(&name));
    }
}

bool scenario_find_service(struct scenario_reader *reader, const struct node *node,
                           const char *name, char **to)
{
    if (names_find(&reader->services, name) == ID_NONE) {
        node_error(node, "no service \"%s\"%s", name,
                   reading_hint(&reader->reading, name, &reader->services, 0));
        return false;
    }
    free(*to);
    *to = memory_text(name);
    return true;
}

static bool read_service_name(struct scenario_reader *reader, const struct node *node, char **to)
{
    const char *name;

    return node_text(node, &name) && scenario_find_service(reader, node, name, to);
}

static void entry_create_service(struct scenario_reader *reader, struct node *node,
                                 struct scenario_entry *entry)
{
    entry->call = message_new(MESSAGE_CREATE_SERVICE);
    read_create_service(reader, node, &entry->call.as.create_service);
    entry->taskdef = entry->call.as.create_service.taskdef;
}

static void entry_update_service(struct scenario_reader *reader, struct node *node,
                                 struct scenario_entry *entry)
{
    struct update_service *call = &entry->call.as.update_service;
    bool ignored;
    struct node service, taskdef, strategy, constraints;

    entry->call = message_new(MESSAGE_UPDATE_SERVICE);
    if (!node_object(node, &update_service_grammar))
        return;
    service = node_member(node, "service");
    taskdef = node_member(node, "taskDefinition");
    read_service_name(reader, &service, &entry->service);
    if (taskdef.value)
        call->taskdef = scenario_read_reference(reader, &taskdef);
    entry->taskdef = call->taskdef;
    scenario_read_update_members(reader, node, call);
    scenario_check_update(reader, &taskdef, entry->service, call);
    strategy = node_member(node, "placementStrategy");
    constraints = node_member(node, "placementConstraints");
    call->new_strategy = strategy.value != NULL;
    call->new_constraints = constraints.value != NULL;
    read_strategy(reader, node, &call->strategy, &call->n_strategy);
    read_constraints(reader, node, call->taskdef, &call->constraints, &call->n_constraints);
    scenario_read_strategy(reader, node, ID_NONE, &call->providers, &call->n_providers, &ignored);
    if (call->n_providers > 0 && !call->force && call->taskdef == ID_NONE) {
        struct node list = node_member(node, "capacityProviderStrategy");

        node_error(&list, "a new capacity provider strategy takes a new deployment: set "
                          "forceNewDeployment to true");
    }
    scenario_check_update_capacity(reader, node, entry->service, call);
}

static void entry_delete_service(struct scenario_reader *reader, struct node *node,
                                 struct scenario_entry *entry)
{
    struct node service, force;
    bool ignored;

    entry->call = message_new(MESSAGE_DELETE_SERVICE);
    if (!node_object(node, &delete_service_grammar))
        return;
    service = node_member(node, "service");
    force = node_member(node, "force");
    read_service_name(reader, &service, &entry->service);
    node_bool(&force, &ignored);
}

static char *read_group(const struct node *node, const char *text)
{
    if (!*text || strlen(text) > 255)
        node_error(node, "a task group's name has 1 to 255 characters");
    return memory_text(text);
}

static void entry_run_task(struct scenario_reader *reader, struct node *node,
                           struct scenario_entry *entry)
{
    struct run_task *call = &entry->call.as.run_task;
    struct node count, group;
    const char *text;

    entry->call = message_new(MESSAGE_RUN_TASK);
    call->count = 1;
    if (!node_object(node, &run_task_grammar))
        return;
    count = node_member(node, "count");
    group = node_member(node, "group");
    call->taskdef = entry->taskdef = required_reference(reader, node);
    if (json_integer_value(count.value) > RUN_TASK_COUNT_MAX)
        node_error(&count,
                   "found %s; one RunTask call starts 1 to 10 tasks, more take several "
                   "entries",
                   node_found(&count));
    else
        node_int(&count, 1, RUN_TASK_COUNT_MAX, BARE_NUMBER, &call->count);
    if (node_text(&group, &text))
        call->group = read_group(&group, text);
    scenario_read_strategy(reader, node, call->taskdef, &call->providers, &call->n_providers,
                           &call->launch_type_ec2);
    read_strategy(reader, node, &call->strategy, &call->n_strategy);
    read_constraints(reader, node, call->taskdef, &call->constraints, &call->n_constraints);
}

static void entry_stop_task(struct scenario_reader *reader, struct node *node,
                            struct scenario_entry *entry)
{
    struct node task;

    (void)reader;
    entry->call = message_new(MESSAGE_STOP_TASK_CALL);
    if (!node_object(node, &stop_task_grammar))
        return;
    task = node_member(node, "task");
    node_id(&task, 't', &entry->call.as.stop_task_call.task);
}

/* The 1 to 10 ids of a list, or false after an error. */
static bool read_ids(const struct node *call, const char *name, char letter, int32_t **ids,
                     int32_t *n)
{
    struct node list = node_member(call, name);
    int errors = reading_errors(call->document->reading);
    size_t n_items = node_list(&list);

    if (list.value && (n_items < 1 || n_items > CALL_IDS_MAX)) {
        node_error(&list, "%zu items; ECS takes 1 to 10 in a call", n_items);
        return false;
    }
    *ids = memory_zeroed(n_items, sizeof **ids);
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(&list, i);

        if (node_id(&item, letter, &(*ids)[*n]))
            ++*n;
    }
    return reading_errors(call->document->reading) == errors;
}

static void entry_start_task(struct scenario_reader *reader, struct node *node,
                             struct scenario_entry *entry)
{
    struct start_task *call = &entry->call.as.start_task;
    struct node group;
    int32_t *ids = NULL, n = 0;
    const char *text;

    entry->call = message_new(MESSAGE_START_TASK);
    if (!node_object(node, &start_task_grammar))
        return;
    group = node_member(node, "group");
    call->taskdef = entry->taskdef = required_reference(reader, node);
    if (node_text(&group, &text))
        call->group = read_group(&group, text);
    if (read_ids(node, "containerInstances", 'i', &ids, &n)) {
        call->instances = memory_zeroed((size_t)n, sizeof *call->instances);
        call->n_instances = n;
        for (int i = 0; i < n; i++)
            call->instances[i].instance = ids[i];
    }
    free(ids);
}

static void entry_update_instances(struct scenario_reader *reader, struct node *node,
                                   struct scenario_entry *entry)
{
    struct node status;
    int choice;

    (void)reader;
    entry->call = message_new(MESSAGE_UPDATE_INSTANCE_STATE);
    if (!node_object(node, &update_instances_grammar))
        return;
    status = node_member(node, "status");
    read_ids(node, "containerInstances", 'i', &entry->targets, &entry->n_targets);
    if (node_choice(&status, instance_state_names, &choice))
        entry->call.as.update_instance_state.draining = choice == 1;
}

static void entry_update_protection(struct scenario_reader *reader, struct node *node,
                                    struct scenario_entry *entry)
{
    struct update_task_protection *call = &entry->call.as.update_task_protection;
    struct node enabled, expires;
    int32_t minutes = 120;

    (void)reader;
    entry->call = message_new(MESSAGE_UPDATE_TASK_PROTECTION);
    if (!node_object(node, &update_protection_grammar))
        return;
    enabled = node_member(node, "protectionEnabled");
    expires = node_member(node, "expiresInMinutes");
    read_ids(node, "tasks", 't', &entry->targets, &entry->n_targets);
    node_bool(&enabled, &call->enabled);
    if (node_int(&expires, 1, 2880, BARE_NUMBER, &minutes) && !call->enabled)
        node_warning(&expires, "only a protection expires");
    call->expires_usec = minutes * 60 * USEC_PER_SEC;
}

static void entry_fault(struct scenario_reader *reader, struct node *node,
                        struct scenario_entry *entry)
{
    entry->is_fault = true;
    entry->call = message_new(MESSAGE_TICK);
    scenario_read_fault(reader, node, &entry->fault);
}

static const struct entry_kind {
    const char *name;
    void (*read)(struct scenario_reader *, struct node *, struct scenario_entry *);
} entry_kinds[] = {
    {"runTask", entry_run_task},
    {"startTask", entry_start_task},
    {"stopTask", entry_stop_task},
    {"createService", entry_create_service},
    {"updateService", entry_update_service},
    {"deleteService", entry_delete_service},
    {"updateContainerInstancesState", entry_update_instances},
    {"updateTaskProtection", entry_update_protection},
    {"registerScalableTarget", scenario_read_scalable_target},
    {"putScalingPolicy", scenario_read_scaling_policy},
    {"putScheduledAction", scenario_read_scheduled_action},
    {"putMetricAlarm", scenario_read_metric_alarm},
    {"fault", entry_fault},
};
#define N_ENTRY_KINDS (sizeof entry_kinds / sizeof entry_kinds[0])

static void read_wait(const struct node *node, struct scenario_entry *entry)
{
    struct node wait = node_member(node, "wait");
    bool waits;

    if (!node_bool(&wait, &waits))
        return;
    if (entry->call.kind == MESSAGE_RUN_TASK)
        entry->call.as.run_task.wait = waits;
    else
        node_error(&wait, "only a runTask can wait for room");
}

/* A change of load is no call: it is read into the sources. */
static bool read_load(struct scenario_reader *reader, const struct node *node,
                      const struct entry_kind *kind, const struct scenario_entry *entry)
{
    struct node load = node_member(node, "load");

    if (!load.value)
        return false;
    if (kind)
        node_error(&load, "this entry has a %s already; an entry is one call, fault or load",
                   kind->name);
    scenario_read_load_entry(reader, &load, entry->at_usec);
    return true;
}

static void begin_entry(const struct node *node, struct scenario_entry *entry)
{
    *entry = (struct scenario_entry){
        .line = node_line(node),
        .call = message_new(MESSAGE_TICK),
        .taskdef = ID_NONE,
        .fault = {.task = ID_NONE,
                  .container = ID_NONE,
                  .instance = ID_NONE,
                  .for_usec = USEC_NEVER},
    };
}

/* False where it is no entry for the script. */
static bool read_entry(struct scenario_reader *reader, struct node *node,
                       struct scenario_entry *entry)
{
    const struct entry_kind *kind = NULL;
    struct node at, call;

    begin_entry(node, entry);
    if (!node_object(node, &entry_grammar))
        return false;
    at = node_member(node, "at");
    node_duration(&at, &entry->at_usec);
    for (size_t i = 0; i < N_ENTRY_KINDS; i++) {
        call = node_member(node, entry_kinds[i].name);
        if (call.value && kind)
            node_error(&call, "this entry has a %s already; an entry is one call or one fault",
                       kind->name);
        else if (call.value) {
            kind = &entry_kinds[i];
            kind->read(reader, &call, entry);
        }
    }
    if (read_load(reader, node, kind, entry))
        return false;
    if (!kind)
        node_error(node, "wanted an API call such as runTask or updateService, a fault or a load");
    else
        read_wait(node, entry);
    return true;
}

/* Entries may name services that are only created by a later one. */
static void collect_created_services(struct scenario_reader *reader, const struct node *list)
{
    json_t *entry;
    size_t i;

    json_array_foreach(list->value, i, entry)
    {
        json_t *call = json_object_get(entry, "createService");
        const char *name = json_string_value(json_object_get(call, "serviceName"));

        if (name)
            names_intern(&reader->services, name);
    }
}

/* The scaling calls of the head, which are about its services. */
void scenario_read_scaling(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node list = node_member(top, "scaling"), timeline = node_member(top, "timeline");
    size_t n = node_list(&list);

    collect_created_services(reader, &timeline);
    collect_names(top, "putScalingPolicy", "PolicyName", &reader->policies);
    scenario->scaling = memory_zeroed(n, sizeof *scenario->scaling);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);
        struct scenario_entry *entry = &scenario->scaling[scenario->n_scaling++];
        int found = 0;

        begin_entry(&item, entry);
        if (!node_object(&item, &scaling_call_grammar))
            continue;
        for (size_t k = 0; k < N_ENTRY_KINDS; k++) {
            struct node call = node_member(&item, entry_kinds[k].name);

            if (call.value && found++ == 0)
                entry_kinds[k].read(reader, &call, entry);
        }
        if (found != 1)
            node_error(&item, "wanted exactly one call, such as putScalingPolicy");
    }
}

struct moment {
    int64_t at_usec;
    int32_t index;
};

static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->at_usec != y->at_usec)
        return x->at_usec < y->at_usec ? -1 : 1;
    return x->index - y->index;
}

/* By time, and by place in the file where times are equal. */
static void sort_timeline(struct scenario *scenario)
{
    size_t n = (size_t)scenario->n_timeline;
    struct moment *moments = memory_zeroed(n, sizeof *moments);
    struct scenario_entry *sorted = memory_zeroed(n, sizeof *sorted);

    for (size_t i = 0; i < n; i++)
        moments[i] = (struct moment){scenario->timeline[i].at_usec, (int32_t)i};
    qsort(moments, n, sizeof *moments, compare_moments);
    for (size_t i = 0; i < n; i++)
        sorted[i] = scenario->timeline[moments[i].index];
    free(moments);
    free(scenario->timeline);
    scenario->timeline = sorted;
}

void scenario_read_timeline(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node list = node_member(top, "timeline");
    size_t n = node_list(&list);

    collect_created_services(reader, &list);
    scenario->timeline = memory_zeroed(n, sizeof *scenario->timeline);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), at;
        struct scenario_entry *entry = &scenario->timeline[scenario->n_timeline];

        if (read_entry(reader, &item, entry))
            scenario->n_timeline++;
        at = node_member(&item, "at");
        if (entry->at_usec >= scenario->until_usec)
            node_warning(&at, "never happens: the run has ended by then");
    }
    sort_timeline(scenario);
}

static bool creates_service(const struct node *top)
{
    struct node services = node_member(top, "services"), timeline = node_member(top, "timeline");
    json_t *entry;
    size_t i;

    if (json_array_size(services.value) > 0)
        return true;
    json_array_foreach(timeline.value, i, entry)
    {
        if (json_object_get(entry, "createService"))
            return true;
    }
    return false;
}

void scenario_read_until(struct scenario_reader *reader, const struct node *top)
{
    struct node node = node_member(top, "until");

    reader->scenario->until_usec = USEC_NEVER;
    if (!node.value && creates_service(top))
        node_error(&node, "missing: a service runs for ever, so its scenario must say when to end, "
                          "such as \"60s\"");
    else if (node_duration(&node, &reader->scenario->until_usec) &&
             reader->scenario->until_usec == 0)
        node_error(&node, "found %s, wanted more than 0s", node_found(&node));
}

static void read_expect_moment(const struct scenario *scenario, const struct node *node,
                               int64_t *at_usec)
{
    struct node at = node_member(node, "at");

    *at_usec = USEC_NEVER;
    if (node_duration_or(&at, "end", USEC_NEVER, at_usec) && *at_usec != USEC_NEVER &&
        *at_usec > scenario->until_usec)
        node_error(&at, "%s is after the end of the run", node_found(&at));
}

static void check_expect(const struct node *node)
{
    struct node service = node_member(node, "service"), running = node_member(node, "running");
    struct node task = node_member(node, "task"), instance = node_member(node, "instance");
    struct node status = node_member(node, "lastStatus");
    struct node group = node_member(node, "targetGroup");

    if (!!service.value + !!task.value + !!group.value != 1)
        node_error(node, "wanted either a service, a task or a targetGroup");
    else if (group.value && (running.value || instance.value || status.value))
        node_error(node, "running, instance and lastStatus do not belong to a target group");
    else if (service.value && !running.value)
        node_error(node, "wanted running: how many tasks of the service");
    else if (task.value && !instance.value && !status.value)
        node_error(node, "wanted instance or lastStatus of the task");
    else if (service.value && (instance.value || status.value))
        node_error(instance.value ? &instance : &status, "belongs to a task, not to a service");
    else if (task.value && running.value)
        node_error(&running, "belongs to a service, not to a task");
}

static void read_expect(struct scenario_reader *reader, struct node *node, struct expect *expect)
{
    struct node service, running, task, instance, status;
    int choice;

    *expect = (struct expect){.line = node_line(node),
                              .at_usec = USEC_NEVER,
                              .task = ID_NONE,
                              .instance = ID_NONE,
                              .last_status = ID_NONE,
                              .text = json_dumps(node->value, JSON_COMPACT | JSON_ENCODE_ANY)};
    if (!node_object(node, &expect_grammar))
        return;
    service = node_member(node, "service");
    running = node_member(node, "running");
    task = node_member(node, "task");
    instance = node_member(node, "instance");
    status = node_member(node, "lastStatus");
    read_expect_moment(reader->scenario, node, &expect->at_usec);
    read_service_name(reader, &service, &expect->service);
    node_int(&running, 0, DESIRED_MAX, BARE_NUMBER, &expect->running);
    node_id(&task, 't', &expect->task);
    node_id(&instance, 'i', &expect->instance);
    if (node_choice(&status, task_status_names, &choice))
        expect->last_status = choice;
    scenario_read_expected_requests(reader, node, expect);
    check_expect(node);
}

void scenario_read_expects(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node list = node_member(top, "expect");
    size_t n = node_list(&list);

    scenario->expects = memory_zeroed(n, sizeof *scenario->expects);
    scenario->n_expects = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_expect(reader, &item, &scenario->expects[i]);
    }
}
