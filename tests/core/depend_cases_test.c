/*
 * The container agent's own tables of start order and host accounting, read in place: every row.
 */
#include "../data.h"
#include "core/depend.h"
#include "core/host.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

/* After the clock's start, so that there is a long ago. */
#define NOW_USEC (1000 * USEC_PER_SEC)

static json_t *load(const char *member)
{
    char path[1024];
    json_t *all, *part;

    if (!data_path(path, sizeof path, "ecs-agent-cases.json"))
        cr_skip_test("no %s: set BERTH_DATA to the folder that has ecs-agent-cases.json", path);
    all = json_load_file(path, 0, NULL);
    part = json_incref(json_object_get(all, member));
    cr_assert(part != NULL, "%s has no %s", path, member);
    json_decref(all);
    return part;
}

static int choice(const json_t *row, const char *key, const char *const *names, int otherwise)
{
    const char *text = json_string_value(json_object_get(row, key));

    if (!text)
        return otherwise;
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    cr_assert_str_eq(text, "ZOMBIE", "%s", text); /* beyond every status */
    return CONTAINER_STOPPED + 1;
}

static enum container_status status(const json_t *row, const char *key,
                                    enum container_status otherwise)
{
    return (enum container_status)choice(row, key, container_status_names, (int)otherwise);
}

/* What is absent in a row is Go's zero: NONE, exit code 0. */
static struct depend_on depend_on_of(const json_t *row)
{
    const char *health = json_string_value(json_object_get(row, "DependencyKnownHealthStatus"));

    return (struct depend_on){
        .known = status(row, "DependencyKnown", CONTAINER_NONE),
        .desired = status(row, "DependencyDesired", CONTAINER_NONE),
        .exit_code = (int32_t)json_integer_value(json_object_get(row, "ExitCode")),
        .has_health_check = json_object_get(row, "HealthCheckType") != NULL,
        .health = health && strcmp(health, "Healthy") == 0     ? HEALTH_HEALTHY
                  : health && strcmp(health, "Unhealthy") == 0 ? HEALTH_UNHEALTHY
                                                               : HEALTH_UNKNOWN,
        .started_at_usec = USEC_NEVER,
    };
}

static int check_can_resolve(const json_t *rows)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        struct depend_on on = depend_on_of(row);
        int condition =
            choice(row, "DependencyCondition", container_condition_names, CONDITION_START);

        cr_assert(depend_can_resolve((enum container_condition)condition, &on) ==
                      json_is_true(json_object_get(row, "Resolvable")),
                  "row %zu: %s", i, json_dumps(row, 0));
    }
    return (int)i;
}

/* A row without a condition has no health check either: HEALTHY. */
static int check_is_resolved(const json_t *rows, bool upfront)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        struct depend_on on = depend_on_of(row);
        int condition =
            choice(row, "DependencyCondition", container_condition_names, CONDITION_HEALTHY);

        cr_assert(depend_is_resolved((enum container_condition)condition,
                                     status(row, "TargetKnown", CONTAINER_MANIFEST_PULLED),
                                     status(row, "TargetDesired", CONTAINER_NONE), &on,
                                     upfront) == json_is_true(json_object_get(row, "Resolved")),
                  "row %zu: %s", i, json_dumps(row, 0));
    }
    return (int)i;
}

static int check_time_outs(const json_t *rows)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row)
    {
        const char *started = json_string_value(json_object_get(row, "dependencyStarted"));
        struct depend_on on = depend_on_of(row);
        int condition = choice(row, "condition", container_condition_names, CONDITION_START);

        on.start_timeout_usec =
            json_integer_value(json_object_get(row, "startTimeout")) * USEC_PER_SEC;
        if (started)
            on.started_at_usec = strcmp(started, "long ago") == 0 ? 0 : 2 * NOW_USEC;
        cr_assert((depend_times_out_usec((enum container_condition)condition, &on) <= NOW_USEC) ==
                      json_is_true(json_object_get(row, "timedOut")),
                  "row %zu: %s", i, json_dumps(row, 0));
    }
    return (int)i;
}

Test(depend_cases, start_order)
{
    json_t *tables = load("tables"), *rows;
    const char *name;
    int n = 0, wanted = 0;

    json_object_foreach(tables, name, rows)
    {
        wanted += (int)json_array_size(rows);
        if (strcmp(name, "TestContainerOrderingCanResolve") == 0)
            n += check_can_resolve(rows);
        else if (strcmp(name, "TestStartTimeoutForContainerOrdering") == 0)
            n += check_time_outs(rows);
        else if (strncmp(name, "TestContainerOrdering", 21) == 0)
            n += check_is_resolved(rows, strstr(name, "PullUpfront") != NULL);
    }
    json_decref(tables);
    cr_assert(n > 0 && n == wanted, "%d of %d rows are known", n, wanted);
}

/* Host accounting */

static int32_t number(const json_t *object, const char *name)
{
    return (int32_t)json_integer_value(json_object_get(object, name));
}

static int32_t count(const json_t *object, const char *name)
{
    return (int32_t)json_array_size(json_object_get(object, name));
}

static int32_t add_ports(const json_t *object, const char *name, enum port_protocol protocol,
                         struct port_mapping *ports, int32_t n)
{
    json_t *port;
    size_t i;

    json_array_foreach(json_object_get(object, name), i, port)
    {
        int32_t value = (int32_t)json_integer_value(port);

        ports[n++] = (struct port_mapping){value, value, protocol};
    }
    return n;
}

static int32_t reserve(const json_t *host, const char *name, enum port_protocol protocol,
                       struct host_port *ports, int32_t n)
{
    struct port_mapping mappings[8];
    int32_t end = add_ports(host, name, protocol, mappings, 0);

    for (int i = 0; i < end; i++)
        ports[n++] = (struct host_port){mappings[i].host_port, protocol};
    return n;
}

static bool holds(const struct host *host, const json_t *list, enum port_protocol protocol)
{
    int32_t n = 0;
    json_t *port;
    size_t i;

    json_array_foreach(list, i, port)
    {
        bool found = false;

        for (int p = 0; p < host->n_ports; p++)
            found |= host->ports[p].protocol == protocol &&
                     host->ports[p].port == json_integer_value(port);
        if (!found)
            return false;
    }
    for (int p = 0; p < host->n_ports; p++)
        n += host->ports[p].protocol == protocol;
    return n == (int32_t)json_array_size(list);
}

static void check_ledger(const struct host *host, const json_t *wanted, const char *name)
{
    int32_t gpus = 0;

    if (!wanted)
        return;
    for (int i = 0; i < host->gpus; i++)
        gpus += (int32_t)(host->gpus_used >> i & 1);
    cr_assert(host->cpu_used == number(wanted, "cpu"), "%s", name);
    cr_assert(host->memory_used_mib == number(wanted, "memory"), "%s", name);
    cr_assert(gpus == count(wanted, "gpus"), "%s", name);
    cr_assert(holds(host, json_object_get(wanted, "tcp"), PROTOCOL_TCP), "%s", name);
    cr_assert(holds(host, json_object_get(wanted, "udp"), PROTOCOL_UDP), "%s", name);
}

static void check_case(const json_t *given, const json_t *row)
{
    static const char *const reasons[] = {[PLACE_CPU] = "CPU", [PLACE_MEMORY] = "MEMORY"};
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *failed = json_string_value(json_array_get(json_object_get(row, "failed"), 0));
    const json_t *task = json_object_get(row, "task");
    struct port_mapping ports[8];
    struct host_port reserved[8];
    struct agent_rules rules = agent_rules_default;
    struct container_definition container = {.ports = ports, .gpus = count(task, "gpus")};
    struct task_definition definition = {.network_mode = NETWORK_HOST,
                                         .cpu = number(task, "cpu"),
                                         .memory_mib = number(task, "memory"),
                                         .n_containers = 1,
                                         .containers = &container};
    struct host_claim claim;
    enum place_reason lack;
    struct host host;

    rules.reserved = reserved;
    rules.n_reserved = reserve(given, "reservedTcp", PROTOCOL_TCP, reserved, 0);
    rules.n_reserved = reserve(given, "reservedUdp", PROTOCOL_UDP, reserved, rules.n_reserved);
    container.n_ports = add_ports(task, "tcp", PROTOCOL_TCP, ports, 0);
    container.n_ports = add_ports(task, "udp", PROTOCOL_UDP, ports, container.n_ports);
    host_init(&host, number(given, "cpu"), number(given, "memory"), count(given, "gpus"), &rules);
    lack = host_lacks(&host, &definition);
    cr_assert((lack == PLACE_FITS) == json_is_true(json_object_get(row, "fits")), "%s", name);
    if (failed)
        cr_assert(lack <= PLACE_MEMORY && strcmp(reasons[lack], failed) == 0, "%s", name);
    if (lack == PLACE_FITS) {
        host_take(&host, &definition, &claim);
        check_ledger(&host, json_object_get(row, "after"), name);
        host_give(&host, &definition, &claim);
        check_ledger(&host, json_object_get(row, "afterRelease"), name);
        free(claim.bindings);
    } else {
        check_ledger(&host, json_object_get(row, "after"), name);
    }
    host_finish(&host);
}

/* The agent names GPUs, the core counts them. */
Test(depend_cases, host_accounting)
{
    json_t *accounting = load("hostAccounting"), *row;
    size_t i;

    json_array_foreach(json_object_get(accounting, "cases"), i, row)
    {
        check_case(json_object_get(accounting, "host"), row);
    }
    cr_assert(i > 0);
    json_decref(accounting);
}
