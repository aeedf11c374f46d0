/*
 * How the container agents of a scenario are configured (amazon-ecs-agent, README: environment
 * variables), for all of them or for a group of instances.
 */
#include "file/scenario_read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ECS API, PortMapping: reserved ports of an instance. */
#define RESERVED_MAX 100

/* One clean-up hardly has more. */
#define IMAGES_MAX 1000000

struct agent_rules *scenario_copy_rules(const struct agent_rules *rules)
{
    struct agent_rules *copy = memory_zeroed(1, sizeof *copy);

    schema_copy(&agent_rules_schema, copy, rules);
    return copy;
}

void scenario_destroy_rules(struct agent_rules *rules)
{
    if (rules)
        schema_finish(&agent_rules_schema, rules);
    free(rules);
}

/* What stands there replaces the ports of that protocol, as the agent's variables do. */
static void read_reserved(const struct node *object, const char *name, enum port_protocol protocol,
                          struct agent_rules *rules)
{
    struct node list = node_member(object, name);
    size_t n_items = node_list(&list);
    struct host_port *ports;
    int32_t n = 0;

    if (!json_is_array(list.value))
        return;
    if (n_items > RESERVED_MAX) {
        node_error(&list, "%zu ports; ECS reserves at most 100 on an instance", n_items);
        return;
    }
    ports = memory_zeroed(n_items + (size_t)rules->n_reserved, sizeof *ports);
    for (int i = 0; i < rules->n_reserved; i++)
        if (rules->reserved[i].protocol != protocol)
            ports[n++] = rules->reserved[i];
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(&list, i);

        ports[n].protocol = protocol;
        if (node_int(&item, 1, 65535, BARE_NUMBER, &ports[n].port))
            n++;
    }
    free(rules->reserved);
    rules->reserved = ports;
    rules->n_reserved = n;
}

static void read_dynamic(const struct node *object, struct agent_rules *rules)
{
    struct node node = node_member(object, "dynamicPorts");
    int first, last, length = 0;
    const char *text;

    if (!node_text(&node, &text))
        return;
    if (sscanf(text, "%5d-%5d%n", &first, &last, &length) != 2 || text[length] || first < 1 ||
        last > 65535 || first > last || !isdigit((unsigned char)text[0])) {
        node_error(&node, "found \"%s\", wanted a range of ports such as \"32768-60999\"", text);
        return;
    }
    rules->first_dynamic_port = first;
    rules->last_dynamic_port = last;
}

static void read_reserved_memory(const struct node *object, struct agent_rules *rules)
{
    struct node node = node_member(object, "reservedMemory");
    int64_t bytes;

    if (!node_size(&node, &bytes))
        return;
    if (bytes >> 20 > INT32_MAX)
        node_error(&node, "found %s, which is more than any machine has", node_found(&node));
    else
        rules->reserved_memory_mib = (int32_t)((bytes + (1 << 20) - 1) >> 20);
}

struct agent_rules *scenario_read_agent(struct node *node, struct agent_rules *given)
{
    struct agent_rules *rules = given ? given : scenario_copy_rules(&agent_rules_default);
    const struct {
        const char *name;
        int64_t *to;
    } durations[] = {
        {"imageCleanupInterval", &rules->image_cleanup_usec},
        {"imageMinimumAge", &rules->image_minimum_age_usec},
        {"heartbeatTimeout", &rules->heartbeat_timeout_usec},
        {"heartbeatJitter", &rules->heartbeat_jitter_usec},
    };
    struct node behavior, upfront, images, timeout;
    int choice;

    if (!node_object(node, &agent_grammar))
        return rules;
    behavior = node_member(node, "imagePullBehavior");
    upfront = node_member(node, "pullDependentContainersUpfront");
    images = node_member(node, "imagesPerCleanup");
    timeout = node_member(node, "heartbeatTimeout");
    if (node_choice(&behavior, pull_behavior_names, &choice))
        rules->pull_behavior = (enum pull_behavior)choice;
    node_bool(&upfront, &rules->pull_dependents_upfront);
    node_int(&images, 1, IMAGES_MAX, BARE_NUMBER, &rules->images_per_cleanup);
    read_reserved_memory(node, rules);
    read_reserved(node, "reservedPorts", PROTOCOL_TCP, rules);
    read_reserved(node, "reservedPortsUdp", PROTOCOL_UDP, rules);
    read_dynamic(node, rules);
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        struct node member = node_member(node, durations[i].name);

        node_duration(&member, durations[i].to);
    }
    if (rules->heartbeat_timeout_usec == 0)
        node_error(&timeout, "found %s, wanted more than 0s", node_found(&timeout));
    return rules;
}

void scenario_read_rules(struct scenario_reader *reader, const struct node *top)
{
    struct node node = node_member(top, "agent");

    if (node.value)
        reader->rules = scenario_read_agent(&node, NULL);
}
