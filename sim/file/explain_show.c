/*
 * Showing an explanation: what happened to the task in order of time, then the table of the
 * placement. The text shows as much of a large cluster as fits a screen, the JSON all of it.
 */
#include "file/explain.h"

#include "file/moments.h"

#include <inttypes.h>
#include <stdio.h>

#define ROWS_MAX 20

static const struct request *request_of(const struct explain *explain)
{
    return &explain->cluster->requests[explain->request];
}

static const struct task_definition *definition_of(const struct explain *explain)
{
    return taskdefs_get(&explain->cluster->taskdefs, explain->taskdef);
}

/* Whose task it is: "service web", "RunTask". */
static const char *owner_of(const struct explain *explain, char *text, size_t size)
{
    const struct request *request = request_of(explain);

    if (request->service == ID_NONE)
        snprintf(text, size, "RunTask");
    else
        snprintf(text, size, "service %s", explain->cluster->services[request->service].name);
    return text;
}

static const char *status_of(const struct explain *explain)
{
    return task_status_names[story_status_at(&explain->story->tasks[explain->task],
                                             explain->until_usec)];
}

/* The table ------------------------------------------------------------------------------------ */

static void write_filters(const struct explain *explain, struct buffer *text)
{
    struct explain_filter filters[EXPLAIN_FILTERS];

    explain_filters(explain, filters);
    buffer_add(text, "\n  %-40s %8s\n", "filter", "removes");
    for (int f = 0; f < EXPLAIN_FILTERS; f++) {
        const struct explain_filter *filter = &filters[f];

        if (filter->reason == PLACE_PROVIDER && filter->n_removed == 0)
            continue; /* few runs have any */
        buffer_add(text, "  %-40s %8d", filter->about, filter->n_removed);
        if (filter->n_removed > 0) {
            buffer_add(text, "   i%d ", filter->nearest + 1);
            explain_keeps_out(explain, filter->nearest, text);
        }
        if (filter->n_removed > 1)
            buffer_add(text, ", ...");
        buffer_add_text(text, "\n");
    }
    buffer_add(text, "  %-40s %8d\n", "candidates left", explain->table.n_candidates);
}

/* One candidate's line: its values by rule, until the rule that dropped it. */
static void write_candidate(const struct explain *explain, int32_t instance, struct buffer *text)
{
    const struct place_table *table = &explain->table;
    const char *zone = cluster_attribute(explain->cluster, instance, "ecs.availability-zone");
    char name[16];

    snprintf(name, sizeof name, "i%d", instance + 1);
    buffer_add(text, "  %-10s %-10s", name, zone ? zone : "-");
    for (int r = 0; r < table->n_rules; r++) {
        int64_t value;

        if (explain_value(explain, r, instance, &value))
            buffer_add(text, " %10" PRId64, value);
        else
            buffer_add(text, " %10s", "-");
    }
    buffer_add_text(text, instance == table->placement.instance ? "   <- chosen\n" : "\n");
}

static void write_candidates(const struct explain *explain, struct buffer *text)
{
    const struct place_table *table = &explain->table;
    int shown = 0;

    buffer_add(text, "\n  %-10s %-10s", "candidate", "zone");
    for (int r = 0; r < table->n_rules; r++)
        buffer_add(text, "     rule %d", r + 1);
    buffer_add_text(text, "\n");
    write_candidate(explain, table->placement.instance, text);
    for (int i = 0; i < table->n_instances; i++)
        if (table->reasons[i] == PLACE_FITS && i != table->placement.instance && shown++ < ROWS_MAX)
            write_candidate(explain, i, text);
    if (shown > ROWS_MAX)
        buffer_add(text, "  ... and %d more (--json shows all)\n", shown - ROWS_MAX);
    for (int r = 0; r < table->n_rules; r++) {
        const struct strategy_rule *rule = &request_of(explain)->strategy[r];
        char words[160];

        buffer_add(text, "  rule %d: %s: %s\n", r + 1, explain_rule(rule, words, sizeof words),
                   explain_unit(rule));
    }
}

/* The capacityProviderStrategy, where it has more than one provider. */
static void write_shares(const struct explain *explain, struct buffer *text)
{
    const struct cluster *cluster = explain->cluster;
    int32_t first = request_of(explain)->provider == ID_NONE ? ID_NONE : request_of(explain)->chain;

    if (first == ID_NONE || cluster->requests[first].next_share == ID_NONE)
        return;
    buffer_add_text(text, "  capacityProviderStrategy: ");
    for (int32_t r = first; r != ID_NONE; r = cluster->requests[r].next_share) {
        const struct provider_share *share = &cluster->requests[r].share;

        buffer_add(text, "%s%s", r == first ? "" : ", ",
                   cluster->providers[share->provider].spec.name);
        if (share->base > 0)
            buffer_add(text, " base %d", (int)share->base);
        buffer_add(text, " weight %d", (int)share->weight);
    }
    buffer_add(text, "; base first, then by weight: this one is for %s\n",
               explain_provider(explain));
}

static void write_question(const struct explain *explain, struct buffer *text)
{
    const struct placement *placement = &explain->table.placement;
    const struct task_definition *definition = definition_of(explain);
    int n_instances = explain_count_instances(explain);
    char seconds[32], owner[120];

    moments_seconds(explain->at_usec, seconds, sizeof seconds);
    if (explain->kind == EXPLAIN_WHAT_IF && explain->chooser == EXPLAIN_BY_VM) {
        buffer_add(text, "One more %s:%d at %s s, as %s would start it, gets a micro-VM on %s\n",
                   definition->family, definition->revision, seconds,
                   owner_of(explain, owner, sizeof owner), explain_provider(explain));
    } else if (explain->kind == EXPLAIN_WHAT_IF) {
        buffer_add(text, "One more %s:%d at %s s, as %s would place it", definition->family,
                   definition->revision, seconds, owner_of(explain, owner, sizeof owner));
        if (placement->instance != ID_NONE)
            buffer_add(text, ", goes to i%d\n", placement->instance + 1);
        else
            buffer_add_text(text, ", finds no room\n");
    } else if (explain->kind == EXPLAIN_WAITING) {
        buffer_add(text, "Why it waits, at %s s\n", seconds);
    } else if (explain->chooser == EXPLAIN_BY_VM) {
        buffer_add(text, "Why %s, at %s s (the scheduler's event %" PRId64 ")\n",
                   explain_provider(explain), seconds, explain->seq);
    } else {
        buffer_add(text, "Why i%d, at %s s (the scheduler's event %" PRId64 ")\n",
                   placement->instance + 1, seconds, explain->seq);
    }
    buffer_add(text, "  a task takes %d CPU units and %d MiB", taskdef_cpu(definition),
               taskdef_memory_mib(definition));
    if (definition->machine)
        buffer_add(text, ", of which %d for a machine of its own", definition->machine->memory_mib);
    buffer_add_text(text, "; ");
    if (explain->chooser == EXPLAIN_BY_VM)
        buffer_add_text(text, "its micro-VM is of that size\n");
    else
        buffer_add(text, "the cluster has %d instance%s\n", n_instances,
                   n_instances == 1 ? "" : "s");
    write_shares(explain, text);
}

/* What there is to say of a task on Fargate: nobody chose among instances. */
static void write_micro_vm(const struct explain *explain, struct buffer *text)
{
    bool booting = false;

    for (int i = 0; i < explain->cluster->n_instances; i++)
        booting |= explain->cluster->instances[i].is_vm &&
                   explain->cluster->instances[i].bound_task == explain->task &&
                   explain->cluster->instances[i].status == INSTANCE_LAUNCHING;
    if (explain->kind == EXPLAIN_WAITING && booting)
        buffer_add_text(text, "\nits micro-VM boots; ");
    else if (explain->kind == EXPLAIN_WAITING)
        buffer_add_text(text, "\nits micro-VM is not launched yet: so many at once, then so many a "
                              "second, are all that Fargate launches; ");
    else
        buffer_add_text(text, "\ndecided: ");
    explain_decided(explain, text);
    buffer_add_text(text, "\n");
}

static void write_table(const struct explain *explain, struct buffer *text)
{
    const struct placement *placement = &explain->table.placement;

    write_question(explain, text);
    if (explain->chooser == EXPLAIN_BY_VM) {
        write_micro_vm(explain, text);
        return;
    }
    write_filters(explain, text);
    if (placement->instance != ID_NONE)
        write_candidates(explain, text);
    buffer_add_text(text, placement->instance != ID_NONE ? "\ndecided: " : "\n");
    explain_decided(explain, text);
    buffer_add_text(text, "\n");
}

void explain_text(const struct explain *explain, struct buffer *text)
{
    struct moments moments = {0};
    char seconds[32];

    if (explain->story) {
        buffer_add(text, "t%d %s:%d  %s\n", explain->task + 1, definition_of(explain)->family,
                   definition_of(explain)->revision, status_of(explain));
        moments_list(&moments, explain->story, explain->task, explain->until_usec);
        for (int i = 0; i < moments.n_list; i++)
            buffer_add(text, "  %9s s  %s\n",
                       moments_seconds(moments.list[i].at_usec, seconds, sizeof seconds),
                       moments.list[i].text);
        moments_finish(&moments);
        buffer_add_text(text, "\n");
    }
    write_table(explain, text);
}

/* JSON ----------------------------------------------------------------------------------------- */

static void add_id(struct buffer *json, const char *name, char letter, int32_t id)
{
    if (id == ID_NONE)
        buffer_add(json, ", \"%s\": null", name);
    else
        buffer_add(json, ", \"%s\": \"%c%d\"", name, letter, id + 1);
}

static void add_string(struct buffer *json, const char *name, const char *text)
{
    buffer_add(json, ", \"%s\": ", name);
    buffer_add_json_string(json, text);
}

static void add_seconds(struct buffer *json, const char *name, int64_t usec)
{
    char seconds[32];

    buffer_add(json, ", \"%s\": %s", name,
               usec == USEC_NEVER ? "null" : buffer_seconds(usec, seconds, sizeof seconds));
}

static void add_bindings(const struct story_container *container, struct buffer *json)
{
    buffer_add_text(json, ", \"networkBindings\": [");
    for (int i = 0; i < container->n_bindings; i++)
        buffer_add(json, "%s{\"containerPort\": %d, \"hostPort\": %d, \"protocol\": \"%s\"}",
                   i ? ", " : "", container->bindings[i].container_port,
                   container->bindings[i].host_port,
                   port_protocol_names[container->bindings[i].protocol]);
    buffer_add_text(json, "], \"gpuIds\": [");
    for (int i = 0, n = 0; i < 63; i++)
        if (container->gpus >> i & 1)
            buffer_add(json, "%s\"%d\"", n++ ? ", " : "", i);
    buffer_add_text(json, "]");
}

/* What was not known at the moment asked about. */
static int64_t known(const struct explain *explain, int64_t at_usec)
{
    return at_usec <= explain->until_usec ? at_usec : USEC_NEVER;
}

static void add_containers(const struct explain *explain, const struct story_task *task,
                           struct buffer *json)
{
    buffer_add_text(json, ", \"containers\": [");
    for (int i = 0; i < task->n_containers; i++) {
        const struct story_container *container = &task->containers[i];

        buffer_add_text(json, i ? ", {\"name\": " : "{\"name\": ");
        buffer_add_json_string(json, definition_of(explain)->containers[i].name);
        add_seconds(json, "pulled", known(explain, container->pulled_at_usec));
        add_seconds(json, "created", known(explain, container->created_at_usec));
        add_seconds(json, "started", known(explain, container->started_at_usec));
        add_seconds(json, "ready", known(explain, container->ready_at_usec));
        add_seconds(json, "exited", known(explain, container->exited_at_usec));
        if (known(explain, container->exited_at_usec) == USEC_NEVER)
            buffer_add_text(json, ", \"exitCode\": null");
        else
            buffer_add(json, ", \"exitCode\": %d", container->exit_code);
        buffer_add(json, ", \"restarts\": %d", container->n_restarts);
        add_string(json, "health", health_status_names[container->health]);
        add_bindings(container, json);
        buffer_add_text(json, "}");
    }
    buffer_add_text(json, "]");
}

static void add_story(const struct explain *explain, struct buffer *json)
{
    const struct story_task *task = &explain->story->tasks[explain->task];
    bool stopped = task->stopped_at_usec <= explain->until_usec;
    struct moments moments = {0};

    add_string(json, "status", status_of(explain));
    add_seconds(json, "accepted", task->accepted_at_usec);
    add_seconds(json, "placed", known(explain, task->placed_at_usec));
    add_seconds(json, "received", known(explain, task->received_at_usec));
    add_seconds(json, "running", known(explain, task->running_at_usec));
    add_seconds(json, "first_answer", known(explain, task->first_answer_at_usec));
    add_seconds(json, "stopped", known(explain, task->stopped_at_usec));
    add_string(json, "stop_code",
               stopped && task->stop_code != STOP_NONE ? stop_code_names[task->stop_code] : NULL);
    add_string(json, "reason", stopped ? story_reason(task) : NULL);
    add_seconds(json, "admitted", known(explain, task->admitted_at_usec));
    add_id(json, "waited_for", 't',
           known(explain, task->admitted_at_usec) == USEC_NEVER ? ID_NONE : task->waited_for);
    add_containers(explain, task, json);
    buffer_add_text(json, ", \"story\": [");
    moments_list(&moments, explain->story, explain->task, explain->until_usec);
    for (int i = 0; i < moments.n_list; i++) {
        char seconds[32];

        buffer_add(json, "%s{\"at\": %s", i ? ", " : "",
                   buffer_seconds(moments.list[i].at_usec, seconds, sizeof seconds));
        add_string(json, "what", moments.list[i].text);
        buffer_add_text(json, "}");
    }
    buffer_add_text(json, "]");
    moments_finish(&moments);
}

/* "constraint": the expression, "has": [{"subject": "attribute:rack", "value": "r7"}]; null: it has none. */
static void add_unmet(const struct explain *explain, int32_t instance, struct buffer *json)
{
    struct query_value values[QUERY_VALUES_MAX];
    struct explain_unmet unmet = explain_find_unmet(explain, instance, values);
    char text[160];

    add_string(json, "constraint", unmet.expression);
    buffer_add_text(json, ", \"has\": [");
    for (int i = 0; i < unmet.n_values && i < QUERY_VALUES_MAX; i++) {
        const struct query_value *value = &values[i];

        snprintf(text, sizeof text, "%s%s", value->subject, value->attribute);
        buffer_add_text(json, i ? ", {\"subject\": " : "{\"subject\": ");
        buffer_add_json_string(json, text);
        if (value->kind == QUERY_VALUE_NUMBER)
            buffer_add(json, ", \"value\": %" PRId64, value->number);
        else if (value->kind == QUERY_VALUE_DATE)
            add_string(json, "value", explain_date(value->number, text, sizeof text));
        else
            add_string(json, "value", value->kind == QUERY_VALUE_TEXT ? value->text : NULL);
        buffer_add_text(json, "}");
    }
    buffer_add_text(json, "]");
}

static void add_instances(const struct explain *explain, struct buffer *json)
{
    const struct place_table *table = &explain->table;
    struct buffer words = {0};

    buffer_add_text(json, ", \"instances\": [");
    for (int i = 0, n = 0; i < table->n_instances; i++) {
        bool first = true;

        if (table->reasons[i] == PLACE_NO_INSTANCE)
            continue;
        buffer_add(json, "%s{\"instance\": \"i%d\"", n++ ? ", " : "", i + 1);
        add_string(json, "zone", cluster_attribute(explain->cluster, i, "ecs.availability-zone"));
        add_string(json, "reason", place_reason_names[table->reasons[i]]);
        buffer_add(json, ", \"lack\": %" PRId64, table->lacks[i]);
        explain_keeps_out(explain, i, &words);
        add_string(json, "text", words.text);
        buffer_clear(&words);
        if (table->reasons[i] == PLACE_MEMBER_OF)
            add_unmet(explain, i, json);
        buffer_add_text(json, ", \"values\": [");
        for (int r = 0; r < table->n_rules; r++) {
            int64_t value;

            if (!explain_value(explain, r, i, &value))
                continue;
            buffer_add(json, "%s%" PRId64, first ? "" : ", ", value);
            first = false;
        }
        buffer_add_text(json, "]}");
    }
    buffer_add_text(json, "]");
    buffer_finish(&words);
}

static void add_rules(const struct explain *explain, struct buffer *json)
{
    const struct request *request = request_of(explain);
    char words[160];

    buffer_add_text(json, ", \"rules\": [");
    for (int r = 0; r < request->n_strategy; r++) {
        buffer_add_text(json, r ? ", " : "");
        buffer_add_json_string(json, explain_rule(&request->strategy[r], words, sizeof words));
    }
    buffer_add_text(json, "]");
}

static void add_placement(const struct explain *explain, struct buffer *json)
{
    const struct placement *placement = &explain->table.placement;
    struct explain_filter filters[EXPLAIN_FILTERS];
    struct buffer sentence = {0};

    add_string(json, "capacity_provider", explain_provider(explain));
    if (explain->chooser == EXPLAIN_BY_VM) {
        add_id(json, "instance", 'i', ID_NONE);
        explain_decider(explain, &sentence);
        add_string(json, "decided", sentence.text);
        buffer_finish(&sentence);
        return;
    }
    add_id(json, "instance", 'i', placement->instance);
    buffer_add_text(json, ", \"removed\": {");
    explain_filters(explain, filters);
    for (int f = 0; f < EXPLAIN_FILTERS; f++)
        buffer_add(json, "%s\"%s\": %d", f ? ", " : "", place_reason_names[filters[f].reason],
                   filters[f].n_removed);
    buffer_add(json, "}, \"candidates\": %d", explain->table.n_candidates);
    add_rules(explain, json);
    if (placement->instance != ID_NONE) {
        explain_decider(explain, &sentence);
        add_string(json, "decided", sentence.text);
        buffer_clear(&sentence);
        explain_preferred(explain, &sentence);
        add_string(json, "preferred", sentence.length ? sentence.text : NULL);
    } else {
        explain_nearest(explain, &sentence);
        add_id(json, "nearest", 'i', explain->table.miss.nearest);
        add_string(json, "nearest_reason", place_reason_names[explain->table.miss.reason]);
        buffer_add(json, ", \"nearest_lack\": %" PRId64, explain->table.miss.lack);
        add_string(json, "nearest_text", sentence.text);
    }
    add_instances(explain, json);
    buffer_finish(&sentence);
}

void explain_json(const struct explain *explain, struct buffer *json)
{
    static const char *const kinds[] = {"placed", "waiting", "what-if"};
    const struct task_definition *definition = definition_of(explain);
    const struct request *request = request_of(explain);

    buffer_add(json, "{\"kind\": \"%s\", \"taskDefinition\": ", kinds[explain->kind]);
    buffer_add_json_string(json, definition->family);
    buffer_add(json, ", \"revision\": %d", definition->revision);
    add_id(json, "task", 't', explain->task);
    add_string(json, "service",
               request->service == ID_NONE ? NULL
                                           : explain->cluster->services[request->service].name);
    if (explain->story)
        add_story(explain, json);
    add_seconds(json, "at", explain->at_usec);
    buffer_add(json, ", \"event\": %" PRId64 ", \"cpu\": %d, \"memory\": %d", explain->seq,
               taskdef_cpu(definition), taskdef_memory_mib(definition));
    add_placement(explain, json);
    buffer_add_text(json, "}");
}
