/*
 * The table of messages: complete, within the union, with every member of every struct; and that
 * copying, comparing and digesting reach all of it.
 */
#include "core/message.h"

#include "records.h"

#include <criterion/criterion.h>
#include <string.h>

/* Its coming is all that it says. */
static bool says_nothing(enum message_kind kind)
{
    return kind == MESSAGE_TICK || kind == MESSAGE_END || kind == MESSAGE_CONNECTED ||
           kind == MESSAGE_DISCONNECTED || kind == MESSAGE_RECONNECT;
}

Test(message, every_kind_has_a_row)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct message_type *type = &message_types[kind];

        cr_assert_not_null(message_kind_names[kind], "kind %d has no name", kind);
        for (int other = 0; other < kind; other++)
            cr_expect_str_neq(message_kind_names[kind], message_kind_names[other]);
        cr_expect_neq(type->from, type->to, "%s", message_kind_names[kind]);
        cr_expect(type->schema.size <= sizeof((struct message *)0)->as, "%s: %zu bytes",
                  message_kind_names[kind], type->schema.size);
        cr_expect_eq(type->schema.n_fields > 0, !says_nothing((enum message_kind)kind), "%s",
                     message_kind_names[kind]);
    }
    cr_expect_null(message_kind_names[MESSAGE_KINDS]);
}

Test(message, tables_of_names_are_complete)
{
    static const struct {
        const char *what;
        const char *const *names;
        int n;
    } tables[] = {
        {"task status", task_status_names, TASK_STOPPED + 1},
        {"container status", container_status_names, CONTAINER_STOPPED + 1},
        {"stop code", stop_code_names, STOP_INFRASTRUCTURE_HEALTH + 1},
        {"strategy type", strategy_type_names, STRATEGY_OWN + 1},
        {"strategy field", strategy_field_names, BY_ATTRIBUTE + 1},
        {"place reason", place_reason_names, PLACE_MISSING + 1},
        {"refusal", refusal_names, REFUSED_REBALANCING + 1},
        {"stop signal", stop_signal_names, SIGNAL_KILL + 1},
        {"network mode", network_mode_names, NETWORK_NONE + 1},
        {"port protocol", port_protocol_names, PROTOCOL_UDP + 1},
        {"container condition", container_condition_names, CONDITION_CREATE + 1},
        {"health status", health_status_names, HEALTH_UNHEALTHY + 1},
        {"pull behavior", pull_behavior_names, PULL_PREFER_CACHED + 1},
        {"stop reason", stop_reason_names, STOP_FOR_NEW_DEPLOYMENT + 1},
        {"scheduling strategy", scheduling_strategy_names, SCHEDULING_DAEMON + 1},
        {"deployment strategy", deployment_strategy_names, DEPLOYMENT_CANARY + 1},
        {"threshold type", threshold_type_names, THRESHOLD_COUNT + 1},
        {"zone rebalancing", zone_rebalancing_names, REBALANCING_DISABLED + 1},
        {"balancing algorithm", balancing_algorithm_names, BALANCING_WEIGHTED_RANDOM + 1},
        {"target status", target_status_names, TARGET_UNUSED + 1},
        {"metric", metric_names, METRIC_LATENCY + 1},
        {"policy type", policy_type_names, POLICY_STEP + 1},
        {"adjustment type", adjustment_type_names, ADJUST_EXACT + 1},
        {"statistic", statistic_names, STATISTIC_MAXIMUM + 1},
        {"comparison", comparison_names, COMPARE_LE + 1},
        {"missing data", missing_data_names, MISSING_IGNORED + 1},
        {"alarm status", alarm_status_names, ALARM_ALARM + 1},
        {"deployment status", deployment_status_names, DEPLOYMENT_INACTIVE + 1},
        {"rollout state", rollout_state_names, ROLLOUT_FAILED + 1},
        {"lifecycle stage", lifecycle_stage_names, STAGE_CLEAN_UP + 1},
        {"deployment reason", deployment_reason_names, DEPLOYMENT_SUPERSEDED + 1},
        {"service event", service_event_names, EVENT_REBALANCING_STOPPED + 1},
        {"group kind", group_kind_names, GROUP_FARGATE + 1},
        {"launch reason", launch_reason_names, LAUNCHED_FOR_TASK + 1},
        {"terminate reason", terminate_reason_names, TERMINATED_WITH_TASK + 1},
        {"termination rule", termination_rule_names, CHOSEN_BY_LOT + 1},
        {"drain reason", drain_reason_names, DRAINED_FOR_SPOT + 1},
        {"capacity verdict", capacity_verdict_names, CAPACITY_NO_CHANGE + 1},
        {"constraint type", constraint_type_names, CONSTRAINT_MEMBER_OF + 1},
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (int name = 0; name < tables[i].n; name++)
            cr_assert_not_null(tables[i].names[name], "%s %d", tables[i].what, name);
        cr_expect_null(tables[i].names[tables[i].n], "%s", tables[i].what);
    }
}

static size_t size_of(enum field_type type)
{
    switch (type) {
    case FIELD_BOOL:
        return sizeof(bool);
    case FIELD_LONG:
    case FIELD_LATER:
        return sizeof(int64_t);
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_RECORD:
        return sizeof(void *);
    default:
        return sizeof(int32_t);
    }
}

/* Marks the bytes of a member; its size is its alignment too. */
static void mark(unsigned char *bytes, size_t size, size_t offset, size_t length, const char *name)
{
    cr_assert(offset + length <= size && offset % length == 0, "%s is outside", name);
    for (size_t i = 0; i < length; i++)
        cr_expect_eq(bytes[offset + i], 0, "%s is told twice", name);
    memset(bytes + offset, (int)length, length);
}

/* A gap between members is padding only where the next member needs it. */
static void check_gaps(const struct schema *schema, const unsigned char *bytes, const char *name)
{
    size_t align = 1;

    for (size_t at = 0; at < schema->size; at++)
        align = bytes[at] > align ? bytes[at] : align;
    for (size_t at = 0; at < schema->size; at++) {
        size_t gap = at;

        while (at < schema->size && bytes[at] == 0)
            at++;
        if (at > gap) {
            size_t next = at < schema->size ? bytes[at] : align;

            cr_expect_eq(at, (gap + next - 1) / next * next, "%s: a member at byte %zu is missing",
                         name, gap);
        }
    }
}

static void check_schema(const struct schema *schema, const char *name)
{
    unsigned char bytes[512] = {0};

    cr_assert(schema->size <= sizeof bytes);
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        bool is_nested = field->type == FIELD_LIST || field->type == FIELD_RECORD;

        mark(bytes, schema->size, field->offset, size_of(field->type), field->name);
        if (field->type == FIELD_LIST)
            mark(bytes, schema->size, field->n_offset, sizeof(int32_t), field->name);
        cr_expect_eq(field->of != NULL, is_nested || field->type == FIELD_ENUM, "%s: %s", name,
                     field->name);
        for (int other = 0; other < i; other++)
            cr_expect_str_neq(field->name, schema->fields[other].name, "%s", name);
        if (is_nested)
            check_schema(field->of, field->name);
    }
    check_gaps(schema, bytes, name);
}

/* A member that is in the struct and not in the table would be lost in every log. */
Test(message, tables_tell_every_member)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++)
        check_schema(&message_types[kind].schema, message_kind_names[kind]);
}

Test(message, copies_are_equal_and_apart)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        struct message message = sample_message((enum message_kind)kind, 2), copy;
        uint64_t digest = message_digest(&message, 5);
        char path[200] = "";

        message_copy(&copy, &message);
        cr_expect(message_equal(&message, &copy, path, sizeof path), "%s: %s",
                  message_kind_names[kind], path);
        message_finish(&message);
        /* Under a sanitizer this fails where the copy has borrowed anything. */
        cr_expect_eq(message_digest(&copy, 5), digest, "%s", message_kind_names[kind]);
        message_finish(&copy);
    }
    records_expect_no_leak();
}

/* Returns false where the message has no change of that number. */
static bool check_change(const struct message *message, int number)
{
    const char *name = message_kind_names[message->kind];
    struct message other;
    char path[200] = "", found[200] = "";
    int countdown = number;
    bool changed;

    message_copy(&other, message);
    changed = records_change(&message_types[message->kind].schema, &other.as, &countdown, "", path);
    cr_expect_eq(message_equal(message, &other, found, sizeof found), !changed, "%s: %s", name,
                 path);
    cr_expect_str_eq(found, path, "%s: '%s', not '%s'", name, found, path);
    cr_expect_eq(message_digest(message, 5) == message_digest(&other, 5), !changed, "%s: %s", name,
                 path);
    message_finish(&other);
    return changed;
}

Test(message, every_change_shows)
{
    int changes = 0;

    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        struct message message = sample_message((enum message_kind)kind, 2);

        for (int number = 0; check_change(&message, number); number++)
            changes++;
        message_finish(&message);
    }
    cr_expect(changes > 150, "only %d changes were tried", changes);
    records_expect_no_leak();
}

Test(message, kind_and_number_show)
{
    struct message message = message_new(MESSAGE_TICK), other = message;
    char path[20] = "";

    other.id = INT64_C(1) << 40;
    cr_expect_not(message_equal(&message, &other, path, sizeof path));
    cr_expect_str_eq(path, "id");
    cr_expect_neq(message_digest(&message, 0), message_digest(&other, 0));
    other = message_new(MESSAGE_END);
    cr_expect_not(message_equal(&message, &other, path, sizeof path));
    cr_expect_str_eq(path, "kind");
    cr_expect_neq(message_digest(&message, 0), message_digest(&other, 0));
}

Test(message, new_ones_say_nothing)
{
    struct message message = message_new(MESSAGE_PLACE_TASK);

    cr_expect(message.kind == MESSAGE_PLACE_TASK && message.id == 0);
    cr_expect(message.as.place_task.task == ID_NONE && message.as.place_task.service == ID_NONE);
    cr_expect(message.as.place_task.rule == ID_NONE);
    message = message_new(MESSAGE_RUN_TASK);
    cr_expect(!message.as.run_task.group && message.as.run_task.n_strategy == 0);
}

/* Who hears what: the machines' inputs by kind, written out. */
Test(message, reaches_its_machine)
{
    static const enum message_kind to_scheduler[] = {
        MESSAGE_TICK,
        MESSAGE_INSTANCE_GROUP,
        MESSAGE_REGISTER_TASK_DEFINITION,
        MESSAGE_CREATE_SERVICE,
        MESSAGE_UPDATE_SERVICE,
        MESSAGE_DELETE_SERVICE,
        MESSAGE_RUN_TASK,
        MESSAGE_START_TASK,
        MESSAGE_STOP_TASK_CALL,
        MESSAGE_UPDATE_INSTANCE_STATE,
        MESSAGE_UPDATE_TASK_PROTECTION,
        MESSAGE_AGENT_DISCONNECTED,
        MESSAGE_INSTANCE_LOST,
        MESSAGE_RULES,
        MESSAGE_CREATE_TARGET_GROUP,
        MESSAGE_TARGET_PROBED,
        MESSAGE_OBSERVE,
        MESSAGE_REGISTER_SCALABLE_TARGET,
        MESSAGE_PUT_SCALING_POLICY,
        MESSAGE_PUT_SCHEDULED_ACTION,
        MESSAGE_PUT_METRIC_ALARM,
        MESSAGE_CREATE_CAPACITY_PROVIDER,
        MESSAGE_PUT_CLUSTER_PROVIDERS,
        MESSAGE_SPOT_WARNING,
        MESSAGE_END,
        MESSAGE_REGISTER,
        MESSAGE_TASK_STATE,
    };
    static const enum message_kind to_agent[] = {
        MESSAGE_TICK,
        MESSAGE_BOOT,
        MESSAGE_PLACE_TASK,
        MESSAGE_STOP_TASK,
        MESSAGE_HEARTBEAT,
        MESSAGE_CONNECTED,
        MESSAGE_DISCONNECTED,
        MESSAGE_MACHINE_BOOTED,
        MESSAGE_IMAGE_PULLED,
        MESSAGE_CONTAINER_CREATED,
        MESSAGE_CONTAINER_STARTED,
        MESSAGE_CONTAINER_READY,
        MESSAGE_CONTAINER_PROBED,
        MESSAGE_CONTAINER_EXITED,
    };

    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        bool scheduler = false, agent = false;

        for (size_t i = 0; i < sizeof to_scheduler / sizeof *to_scheduler; i++)
            scheduler |= to_scheduler[i] == (enum message_kind)kind;
        for (size_t i = 0; i < sizeof to_agent / sizeof *to_agent; i++)
            agent |= to_agent[i] == (enum message_kind)kind;
        cr_expect_eq(message_is_for((enum message_kind)kind, PARTY_SCHEDULER), scheduler, "%s",
                     message_kind_names[kind]);
        cr_expect_eq(message_is_for((enum message_kind)kind, PARTY_AGENT), agent, "%s",
                     message_kind_names[kind]);
    }
}

Test(message, outputs_grow)
{
    struct outputs outputs = {0};

    for (int i = 0; i < 100; i++) {
        struct message *message = outputs_add(&outputs, MESSAGE_REMOVE_TASK);

        cr_expect(message->as.remove_task.task == ID_NONE && message->id == 0);
        message->as.remove_task.task = i;
    }
    cr_expect_eq(outputs.n_messages, 100);
    for (int i = 0; i < 100; i++)
        cr_expect_eq(outputs.messages[i].as.remove_task.task, i);
    outputs.n_messages = 0;
    cr_expect_eq(outputs_add(&outputs, MESSAGE_REMOVE_TASK)->as.remove_task.task, ID_NONE,
                 "used again, it is empty");
    outputs_finish(&outputs);
    cr_expect(outputs.n_messages == 0 && !outputs.messages);
    records_expect_no_leak();
}
