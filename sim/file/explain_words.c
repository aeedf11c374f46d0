/*
 * An explanation in words and numbers, piece by piece: the text, the JSON and every picture put the same
 * pieces together.
 */
#include "file/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define VALUES_SHOWN 3

/* Words ---------------------------------------------------------------------------------------- */

/* The attribute that is missing, by its number from 1. */
static void name_attribute(const struct task_definition *definition, int64_t number, char *text,
                           size_t size)
{
    const struct attribute *attribute;

    if (!definition || number < 1 || number > definition->n_requires) {
        snprintf(text, size, "lacks number %" PRId64 " of requiresAttributes", number);
        return;
    }
    attribute = &definition->requires[number - 1];
    snprintf(text, size, "lacks the attribute %.60s%s%.40s", attribute->name,
             attribute->value ? "=" : "", attribute->value ? attribute->value : "");
}

/* "/udp" where the task wants that port of the host by UDP alone. */
static const char *udp_of(const struct task_definition *definition, int64_t port)
{
    bool wanted[PROTOCOL_UDP + 1] = {false};

    for (int c = 0; definition && c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++)
            if (taskdef_host_port(definition, c, i) == port)
                wanted[definition->containers[c].ports[i].protocol] = true;
    return wanted[PROTOCOL_UDP] && !wanted[PROTOCOL_TCP] ? "/udp" : "";
}

const char *explain_lack(const struct task_definition *definition, enum place_reason reason,
                         int64_t lack, char *text, size_t size)
{
    switch (reason) {
    case PLACE_FITS:
        snprintf(text, size, "has room");
        break;
    case PLACE_PROVIDER:
        snprintf(text, size, "is not of the task's capacity provider");
        break;
    case PLACE_INACTIVE:
        snprintf(text, size, "is not ACTIVE");
        break;
    case PLACE_AGENT:
        snprintf(text, size, "has no connected agent");
        break;
    case PLACE_CPU:
        snprintf(text, size, "lacks %" PRId64 " CPU units", lack);
        break;
    case PLACE_MEMORY:
        snprintf(text, size, "lacks %" PRId64 " MiB of memory", lack);
        break;
    case PLACE_GPU:
        snprintf(text, size, "lacks %" PRId64 " GPU%s", lack, lack == 1 ? "" : "s");
        break;
    case PLACE_ENI:
        snprintf(text, size, "has no network interface left");
        break;
    case PLACE_PORTS:
        snprintf(text, size, "has host port %" PRId64 "%s in use", lack, udp_of(definition, lack));
        break;
    case PLACE_ATTRIBUTE:
        name_attribute(definition, lack, text, size);
        break;
    case PLACE_MEMBER_OF:
        snprintf(text, size, "%s",
                 lack ? "is left out: a pattern of the placement constraint takes too many steps"
                      : "does not meet the placement constraint");
        break;
    case PLACE_DISTINCT:
        snprintf(text, size, "has a task of the same group already");
        break;
    case PLACE_NO_INSTANCE:
        snprintf(text, size, "is no container instance");
        break;
    case PLACE_MICRO_VM:
        snprintf(text, size, "is not up yet");
        break;
    case PLACE_MISSING:
        snprintf(text, size, "does not exist");
        break;
    }
    return text;
}

const char *explain_rule(const struct strategy_rule *rule, char *text, size_t size)
{
    if (rule->type == STRATEGY_OWN)
        snprintf(text, size, "%s", rule->name);
    else if (rule->field == BY_ATTRIBUTE)
        snprintf(text, size, "%s attribute:%s", strategy_type_names[rule->type], rule->attribute);
    else
        snprintf(text, size, "%s%s%s", strategy_type_names[rule->type],
                 rule->field == BY_NOTHING ? "" : " ", strategy_field_names[rule->field]);
    return text;
}

const char *explain_unit(const struct strategy_rule *rule)
{
    if (rule->type == STRATEGY_OWN)
        return "its score, the highest wins";
    if (rule->type == STRATEGY_RANDOM)
        return "0 is drawn, the least wins";
    if (rule->type == STRATEGY_SPREAD)
        return rule->field == BY_ATTRIBUTE ? "tasks on instances with that value, the least wins"
                                           : "tasks there, the least wins";
    return rule->field == BY_CPU ? "CPU units left, the least wins" : "MiB left, the least wins";
}

const char *explain_miss(const struct task_definition *definition, enum place_reason reason,
                         int32_t nearest, int64_t lack, char *text, size_t size)
{
    char words[160];

    if (reason == PLACE_MICRO_VM)
        snprintf(text, size, "its micro-VM is not up yet (%s)", place_reason_names[reason]);
    else if (nearest == ID_NONE)
        snprintf(text, size, "the cluster has no %s (%s)",
                 reason == PLACE_MISSING ? "such instance" : "instance",
                 place_reason_names[reason == PLACE_MISSING ? reason : PLACE_NO_INSTANCE]);
    else
        snprintf(text, size, "i%d %s (%s)", nearest + 1,
                 explain_lack(definition, reason, lack, words, sizeof words),
                 place_reason_names[reason]);
    return text;
}

/* The table ------------------------------------------------------------------------------------ */

static const struct request *request_of(const struct explain *explain)
{
    return &explain->cluster->requests[explain->request];
}

static const struct task_definition *definition_of(const struct explain *explain)
{
    return taskdefs_get(&explain->cluster->taskdefs, explain->taskdef);
}

/* So much of a long text in a sentence, in bytes. */
#define SHORT_MAX 72

static void add_short(struct buffer *text, const char *words)
{
    size_t length = strlen(words);

    if (length <= SHORT_MAX) {
        buffer_add_text(text, words);
        return;
    }
    length = SHORT_MAX - 3;
    while (length > 0 && ((unsigned char)words[length] & 0xc0) == 0x80)
        length--;
    buffer_add_bytes(text, words, length);
    buffer_add_text(text, "...");
}

const char *explain_date(int64_t usec, char *text, size_t size)
{
    time_t seconds = (time_t)(usec / USEC_PER_SEC);
    struct tm parts;

    if (!gmtime_r(&seconds, &parts) || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(text, size, "%" PRId64 " s", usec / USEC_PER_SEC);
    return text;
}

static void add_value(struct buffer *text, const struct query_value *value)
{
    char date[48];

    if (value->kind == QUERY_VALUE_ABSENT) {
        buffer_add(text, "no %s%s", value->subject, value->attribute);
        return;
    }
    buffer_add(text, "%s%s", value->subject, value->attribute);
    if (value->kind == QUERY_VALUE_NUMBER)
        buffer_add(text, " = %" PRId64, value->number);
    else if (value->kind == QUERY_VALUE_DATE)
        buffer_add(text, " = %s", explain_date(value->number, date, sizeof date));
    else if (!*value->text)
        buffer_add_text(text, " without a value");
    else
        buffer_add_text(text, " = ");
    if (value->kind == QUERY_VALUE_TEXT)
        add_short(text, value->text);
}

/* What the instance has of it is said as far as it takes one look. */
static void add_unmet(const struct explain *explain, int32_t instance, struct buffer *text)
{
    struct query_value values[QUERY_VALUES_MAX];
    struct explain_unmet unmet = explain_find_unmet(explain, instance, values);
    bool gave_up = explain->table.lacks[instance] != 0;

    buffer_add_text(text, gave_up ? "is left out: a pattern of \"" : "does not meet \"");
    add_short(text, unmet.expression);
    buffer_add_text(text, gave_up ? "\" takes too many steps" : "\"");
    for (int i = 0; i < unmet.n_values && i < VALUES_SHOWN; i++) {
        buffer_add_text(text, i ? ", " : ": it has ");
        add_value(text, &values[i]);
    }
    buffer_add_text(text, unmet.n_values > VALUES_SHOWN ? ", ..." : "");
}

struct explain_unmet explain_find_unmet(const struct explain *explain, int32_t instance,
                                        struct query_value *values)
{
    struct explain_unmet unmet = {0};
    const struct query *query;

    if (explain->table.reasons[instance] == PLACE_MEMBER_OF)
        unmet.expression =
            place_unmet(explain->cluster, explain->request, explain->taskdef, instance, &query);
    if (unmet.expression)
        unmet.n_values = query_blame(query, explain->cluster, instance, values, QUERY_VALUES_MAX);
    return unmet;
}

void explain_keeps_out(const struct explain *explain, int32_t instance, struct buffer *text)
{
    char words[160];

    if (explain->table.reasons[instance] == PLACE_MEMBER_OF)
        add_unmet(explain, instance, text);
    else if (explain->table.reasons[instance] == PLACE_INACTIVE)
        buffer_add(text, "is not ACTIVE but %s",
                   instance_status_names[explain->cluster->instances[instance].status]);
    else
        buffer_add_text(text, explain_lack(definition_of(explain), explain->table.reasons[instance],
                                           explain->table.lacks[instance], words, sizeof words));
}

void explain_nearest(const struct explain *explain, struct buffer *text)
{
    const struct place_miss *miss = &explain->table.miss;
    char words[240];

    if (miss->nearest == ID_NONE ||
        (miss->reason != PLACE_MEMBER_OF && miss->reason != PLACE_INACTIVE)) {
        buffer_add_text(text, explain_miss(definition_of(explain), miss->reason, miss->nearest,
                                           miss->lack, words, sizeof words));
        return;
    }
    buffer_add(text, "i%d ", miss->nearest + 1);
    explain_keeps_out(explain, miss->nearest, text);
    buffer_add(text, " (%s)", place_reason_names[miss->reason]);
}

/* In the order in which they are applied. */
static const struct {
    enum place_reason reason;
    const char *about;
} filters[EXPLAIN_FILTERS] = {
    {PLACE_PROVIDER, "of another capacity provider"},
    {PLACE_INACTIVE, "not ACTIVE (launching, draining, gone)"},
    {PLACE_AGENT, "agent not connected"},
    {PLACE_CPU, "CPU"},
    {PLACE_MEMORY, "memory"},
    {PLACE_GPU, "GPUs"},
    {PLACE_PORTS, "host ports"},
    {PLACE_ENI, "network interfaces (awsvpc)"},
    {PLACE_ATTRIBUTE, "required attributes"},
    {PLACE_MEMBER_OF, "memberOf"},
    {PLACE_DISTINCT, "distinctInstance"},
};

/* Of the instances that a filter removed, the one that lacks least. */
static int32_t nearest_with(const struct place_table *table, enum place_reason reason)
{
    bool comparable = reason != PLACE_PORTS && reason != PLACE_ATTRIBUTE; /* amounts, not numbers */
    int32_t nearest = ID_NONE;

    for (int i = 0; i < table->n_instances; i++)
        if (table->reasons[i] == reason &&
            (nearest == ID_NONE || (comparable && table->lacks[i] < table->lacks[nearest])))
            nearest = i;
    return nearest;
}

void explain_filters(const struct explain *explain, struct explain_filter *rows)
{
    const struct place_table *table = &explain->table;

    for (int f = 0; f < EXPLAIN_FILTERS; f++) {
        rows[f] = (struct explain_filter){filters[f].reason, filters[f].about, 0,
                                          nearest_with(table, filters[f].reason)};
        for (int i = 0; i < table->n_instances; i++)
            rows[f].n_removed += table->reasons[i] == filters[f].reason;
    }
}

int explain_count_instances(const struct explain *explain)
{
    int n = 0;

    for (int i = 0; i < explain->table.n_instances; i++)
        n += explain->table.reasons[i] != PLACE_NO_INSTANCE;
    return n;
}

const char *explain_provider(const struct explain *explain)
{
    int32_t provider = request_of(explain)->provider;

    return provider == ID_NONE ? NULL : explain->cluster->providers[provider].spec.name;
}

bool explain_value(const struct explain *explain, int rule, int32_t instance, int64_t *value)
{
    int64_t cell = (int64_t)rule * explain->table.n_instances + instance;
    bool own = request_of(explain)->strategy[rule].type == STRATEGY_OWN;

    if (!explain->table.reached[cell])
        return false;
    /* As its author knows it: placement turns the sign of a score. */
    *value = own ? -explain->table.values[cell] : explain->table.values[cell];
    return true;
}

bool explain_is_equal(const struct explain *explain, int32_t instance)
{
    const struct place_table *table = &explain->table;
    int32_t chosen = table->placement.instance;

    if (instance == chosen || instance < 0 || instance >= table->n_instances)
        return instance == chosen && chosen != ID_NONE;
    if (explain->chooser != EXPLAIN_BY_RULES || chosen == ID_NONE ||
        table->reasons[instance] != PLACE_FITS)
        return false;
    for (int r = 0; r < table->n_rules; r++) {
        int64_t cell = (int64_t)r * table->n_instances;

        if (!table->reached[cell + instance])
            return false;
        if (request_of(explain)->strategy[r].type == STRATEGY_RANDOM)
            return true; /* the lot is no reason */
        if (table->values[cell + instance] != table->values[cell + chosen])
            return false;
    }
    return true;
}

/* Sentences ------------------------------------------------------------------------------------ */

void explain_decider(const struct explain *explain, struct buffer *text)
{
    const struct placement *placement = &explain->table.placement;
    const struct request *request = request_of(explain);
    char words[160];

    if (explain->chooser == EXPLAIN_BY_CALL)
        buffer_add(text, "StartTask named i%d", placement->instance + 1);
    else if (explain->chooser == EXPLAIN_BY_DAEMON)
        buffer_add(text, "a DAEMON service has one task on every instance, so on i%d too",
                   placement->instance + 1);
    else if (explain->chooser == EXPLAIN_BY_VM)
        buffer_add(text, "%s launches a micro-VM for each task: no instance is looked for",
                   explain_provider(explain));
    else if (placement->rule == ID_NONE)
        buffer_add(text, "i%d was the only candidate", placement->instance + 1);
    else if (placement->rule == explain->table.n_rules)
        buffer_add(text, "the rules left equals, of which i%d has the lowest number",
                   placement->instance + 1);
    else
        buffer_add(text, "rule %d, %s, left i%d alone", placement->rule + 1,
                   explain_rule(&request->strategy[placement->rule], words, sizeof words),
                   placement->instance + 1);
}

void explain_preferred(const struct explain *explain, struct buffer *text)
{
    int32_t preferred = explain->preferred;
    char rule[160];

    if (preferred == ID_NONE)
        return;
    buffer_add(text, "%s prefers i%d, but i%d ",
               explain_rule(&request_of(explain)->strategy[0], rule, sizeof rule), preferred + 1,
               preferred + 1);
    explain_keeps_out(explain, preferred, text);
}

void explain_decided(const struct explain *explain, struct buffer *text)
{
    if (explain->chooser != EXPLAIN_BY_VM && explain->table.placement.instance == ID_NONE) {
        buffer_add_text(text, "no room; nearest miss: ");
        explain_nearest(explain, text);
        return;
    }
    explain_decider(explain, text);
    if (explain->preferred != ID_NONE)
        buffer_add_text(text, "; ");
    explain_preferred(explain, text);
}
