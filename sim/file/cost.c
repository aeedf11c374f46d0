/*
 * Nano-dollars are whole numbers all the way; the point is set when they are printed.
 */
#include "file/cost.h"

#include "file/memory.h"

#include <inttypes.h>
#include <string.h>

#define NANOS 1000000000

const char *cost_dollars(int64_t nanos, char *text, size_t size)
{
    int64_t micros = nanos / 1000 + (nanos % 1000 >= 500);

    if (nanos >= INT64_C(100) * NANOS)
        snprintf(text, size, "$%" PRId64 ".%02" PRId64, nanos / NANOS, nanos % NANOS / 10000000);
    else
        snprintf(text, size, "$%" PRId64 ".%06" PRId64, micros / 1000000, micros % 1000000);
    return text;
}

const char *cost_provider(const struct story *story, int32_t provider)
{
    return provider >= 0 && provider < story->n_providers ? story->providers[provider].name
                                                          : "instances";
}

/* Spans --------------------------------------------------------------------------------- */

bool cost_span(const struct story *story, const struct story_instance *instance, int64_t *from_usec,
               int64_t *to_usec)
{
    int64_t end_usec = story->end_usec == USEC_NEVER ? story->last_usec : story->end_usec;
    int id = (int)(instance - story->instances);

    if (story_is_free(story, id))
        return false;
    *from_usec = instance->launch_at_usec;
    *to_usec = instance->terminate_at_usec < instance->lost_at_usec ? instance->terminate_at_usec
                                                                    : instance->lost_at_usec;
    if (instance->bound_task >= 0 && instance->bound_task < story->n_tasks) {
        const struct story_task *task = &story->tasks[instance->bound_task];

        if (task->instance != id)
            return false;
        *from_usec = task->placed_at_usec;
        if (task->stopped_at_usec < *to_usec)
            *to_usec = task->stopped_at_usec;
    }
    if (*to_usec > end_usec)
        *to_usec = end_usec;
    return *from_usec <= *to_usec;
}

/* The bill, row by row --------------------------------------------------------------------------- */

static int32_t provider_of(const struct story *story, int32_t group)
{
    for (int p = 0; p < story->n_providers; p++)
        if (story->providers[p].group == group)
            return p;
    return ID_NONE;
}

static bool lacks_price(const struct story *story, int32_t instance)
{
    return instance >= 0 && instance < story->n_instances &&
           story->instances[instance].price_nanos == 0;
}

static bool provider_lacks_price(const struct story *story, int32_t provider)
{
    for (int i = 0; i < story->n_instances; i++)
        if (lacks_price(story, i) && provider_of(story, story->instances[i].group) == provider)
            return true;
    return false;
}

static bool service_lacks_price(const struct story *story, int32_t service)
{
    for (int t = 0; t < story->n_tasks; t++)
        if (story->tasks[t].service == service && lacks_price(story, story->tasks[t].instance))
            return true;
    return false;
}

static void add_row(struct cost_row *rows, int *n, enum cost_kind kind, const char *name,
                    int64_t nanos, bool lacks)
{
    rows[(*n)++] = (struct cost_row){kind, name, nanos, !lacks, lacks && nanos > 0};
}

static const char *service_of(const struct story *story, int32_t service);

struct cost_row *cost_rows(const struct story *story, int *n)
{
    const struct bill *bill = &story->bill.as.bill;
    struct cost_row *rows;
    bool some = false;

    *n = 0;
    if (story->bill.kind != MESSAGE_BILL)
        return NULL;
    rows = memory_zeroed((size_t)bill->n_providers + (size_t)bill->n_services + 2, sizeof *rows);
    for (int i = 0; i < story->n_instances; i++)
        some = some || lacks_price(story, i);
    add_row(rows, n, COST_TOTAL, "all", bill->nanos, some);
    add_row(rows, n, COST_IDLE, "idle", bill->idle_nanos, some);
    for (int i = 0; i < bill->n_providers; i++)
        add_row(rows, n, COST_PROVIDER, cost_provider(story, bill->providers[i].provider),
                bill->providers[i].nanos, provider_lacks_price(story, bill->providers[i].provider));
    for (int i = 0; i < bill->n_services; i++) {
        const char *name = service_of(story, bill->services[i].service);

        add_row(rows, n, COST_SERVICE, name ? name : "(RunTask)", bill->services[i].nanos,
                service_lacks_price(story, bill->services[i].service));
    }
    return rows;
}

/* For people -------------------------------------------------------------------------------------- */

static const char *service_of(const struct story *story, int32_t service)
{
    return service >= 0 && service < story->n_services ? story->services[service].name : NULL;
}

/* Its rows of the bill are tasks, each in its micro-VM. */
static bool is_fargate(const struct story *story, int32_t provider)
{
    int32_t group =
        provider >= 0 && provider < story->n_providers ? story->providers[provider].group : ID_NONE;

    return group >= 0 && group < story->n_groups && story->groups[group].kind == GROUP_FARGATE;
}

static void print_provider(FILE *out, const struct story *story, const struct bill_provider *row)
{
    char dollars[40], idle[40];
    bool lacks = provider_lacks_price(story, row->provider);
    bool micro = is_fargate(story, row->provider);

    cost_dollars(row->nanos, dollars, sizeof dollars);
    fprintf(out, "         %-16s %s%s: %d %s, %.2f %s hours", cost_provider(story, row->provider),
            row->nanos > 0 || !lacks ? dollars : "",
            !lacks           ? ""
            : row->nanos > 0 ? " and what has no price"
                             : "unknown, it has no price",
            (int)row->n_instances,
            !micro                  ? "launched"
            : row->n_instances == 1 ? "micro-VM"
                                    : "micro-VMs",
            (double)row->instance_usec / 3600 / USEC_PER_SEC, micro ? "task" : "instance");
    if (row->idle_nanos > 0)
        fprintf(out, "; %s (%.0f %%) idle", cost_dollars(row->idle_nanos, idle, sizeof idle),
                row->nanos ? 100.0 * (double)row->idle_nanos / (double)row->nanos : 0);
    fprintf(out, "\n");
}

static int count(const struct story *story, int32_t provider, enum capacity_verdict verdict)
{
    int n = 0;

    for (int i = 0; i < story->n_capacity; i++)
        n += story->capacity[i].state.provider == provider &&
             story->capacity[i].state.verdict == verdict;
    return n;
}

static const struct story_capacity *last_of(const struct story *story, int32_t provider)
{
    for (int i = story->n_capacity - 1; i >= 0; i--)
        if (story->capacity[i].state.provider == provider)
            return &story->capacity[i];
    return NULL;
}

static const char *times(int n, char *text, size_t size)
{
    snprintf(text, size, n == 1 ? "once" : "%d times", n);
    return text;
}

static void print_capacity(FILE *out, const struct story *story)
{
    for (int p = 0; p < story->n_providers; p++) {
        const struct story_capacity *last = last_of(story, p);
        int most = 0, skipped = 0;
        char out_text[24], in_text[24];

        if (!last)
            continue;
        for (int i = 0; i < story->n_capacity; i++) {
            const struct capacity_state *state = &story->capacity[i].state;

            if (state->provider != p)
                continue;
            most = state->n > most ? state->n : most;
            skipped = state->n_skipped > skipped ? state->n_skipped : skipped;
        }
        fprintf(out,
                "capacity %s: scaled out %s, in %s, at most %d instance%s, %d at last   "
                "(berth explain RUN --capacity %s)\n",
                story->providers[p].name,
                times(count(story, p, CAPACITY_OUT), out_text, sizeof out_text),
                times(count(story, p, CAPACITY_IN), in_text, sizeof in_text), most,
                most == 1 ? "" : "s", (int)last->state.n, story->providers[p].name);
        if (skipped > 0)
            fprintf(out,
                    "         %d task%s on no instance of its smallest type: it never scales "
                    "for %s\n",
                    skipped, skipped == 1 ? " fits" : "s fit", skipped == 1 ? "it" : "them");
    }
}

void cost_print(FILE *out, const struct story *story)
{
    const struct bill *bill = &story->bill.as.bill;
    char dollars[40], idle[40];
    bool lacks = false;

    print_capacity(out, story);
    if (story->bill.kind != MESSAGE_BILL)
        return;
    for (int i = 0; i < story->n_instances; i++)
        lacks = lacks || lacks_price(story, i);
    fprintf(out, "cost     %s%s, of which %s for idle capacity (illustrative prices)%s\n",
            lacks ? "at least " : "", cost_dollars(bill->nanos, dollars, sizeof dollars),
            cost_dollars(bill->idle_nanos, idle, sizeof idle), lacks ? "; some have no price" : "");
    for (int i = 0; i < bill->n_providers; i++)
        print_provider(out, story, &bill->providers[i]);
    for (int i = 0; i < bill->n_services; i++) {
        const char *name = service_of(story, bill->services[i].service);

        fprintf(out, "         %-16s %s\n", name ? name : "(RunTask)",
                cost_dollars(bill->services[i].nanos, dollars, sizeof dollars));
    }
}

/* JSON ------------------------------------------------------------------------------------------ */

static void add_dollars(struct buffer *json, const char *name, int64_t nanos)
{
    buffer_add(json, "\"%s\": %" PRId64 ".%09" PRId64, name, nanos / NANOS, nanos % NANOS);
}

/* null where all of it lacks a price. */
static void add_known(struct buffer *json, const char *name, int64_t nanos, bool lacks)
{
    if (lacks && nanos == 0)
        buffer_add(json, "\"%s\": null", name);
    else
        add_dollars(json, name, nanos);
}

static void add_name(struct buffer *json, const char *key, const char *name)
{
    buffer_add(json, "\"%s\": ", key);
    buffer_add_json_string(json, name);
}

static void add_machines(struct buffer *json, const struct bill_provider *row, bool micro)
{
    double seconds = (double)row->instance_usec / USEC_PER_SEC;

    buffer_add(json,
               ", \"instances\": %d, \"instance_seconds\": %.6f, \"micro_vms\": %d, "
               "\"micro_vm_seconds\": %.6f}",
               micro ? 0 : (int)row->n_instances, micro ? 0 : seconds,
               micro ? (int)row->n_instances : 0, micro ? seconds : 0);
}

void cost_add_json(struct buffer *json, const struct story *story)
{
    const struct bill *bill = &story->bill.as.bill;
    int n_unknown = 0;

    buffer_add_text(json, "\"cost\": ");
    if (story->bill.kind != MESSAGE_BILL) {
        buffer_add_text(json, "null");
        return;
    }
    buffer_add_text(json, "{");
    add_dollars(json, "dollars", bill->nanos);
    buffer_add_text(json, ", ");
    add_dollars(json, "idle", bill->idle_nanos);
    for (int i = 0; i < story->n_instances; i++)
        n_unknown += lacks_price(story, i);
    buffer_add(json, ", \"instances_without_price\": %d, \"providers\": [", n_unknown);
    for (int i = 0; i < bill->n_providers; i++) {
        const struct bill_provider *row = &bill->providers[i];

        buffer_add_text(json, i ? ", {" : "{");
        add_name(json, "provider",
                 row->provider == ID_NONE ? NULL : cost_provider(story, row->provider));
        buffer_add_text(json, ", ");
        add_known(json, "dollars", row->nanos, provider_lacks_price(story, row->provider));
        buffer_add_text(json, ", ");
        add_known(json, "idle", row->idle_nanos, provider_lacks_price(story, row->provider));
        add_machines(json, row, is_fargate(story, row->provider));
    }
    buffer_add_text(json, "], \"services\": [");
    for (int i = 0; i < bill->n_services; i++) {
        buffer_add_text(json, i ? ", {" : "{");
        add_name(json, "service", service_of(story, bill->services[i].service));
        buffer_add_text(json, ", ");
        add_known(json, "dollars", bill->services[i].nanos,
                  service_lacks_price(story, bill->services[i].service));
        buffer_add_text(json, "}");
    }
    buffer_add_text(json, "], \"hours\": [");
    for (int i = 0; i < bill->n_hours; i++) {
        buffer_add(json, "%s{\"hour\": %d, ", i ? ", " : "", (int)bill->hours[i].hour);
        add_name(json, "provider",
                 bill->hours[i].provider == ID_NONE
                     ? NULL
                     : cost_provider(story, bill->hours[i].provider));
        buffer_add_text(json, ", ");
        add_dollars(json, "dollars", bill->hours[i].nanos);
        buffer_add_text(json, "}");
    }
    buffer_add_text(json, "]}");
}

/* Why it scaled ---------------------------------------------------------------------------------- */

static int find(const struct story *story, const char *name)
{
    for (int i = 0; i < story->n_providers; i++)
        if (strcmp(story->providers[i].name, name) == 0)
            return i;
    return ID_NONE;
}

static void add_why(struct buffer *text, const struct story *story,
                    const struct capacity_state *state)
{
    if (state->n_waiting > 0 && state->needed > 0)
        buffer_add(text, "%d waiting: %d of %s need %d at %d on each; ", (int)state->n_waiting,
                   (int)state->largest,
                   state->largest_taskdef >= 0 &&
                           state->largest_taskdef < story->taskdefs.n_definitions
                       ? taskdefs_get(&story->taskdefs, state->largest_taskdef)->family
                       : "?",
                   (int)state->needed, (int)state->per_instance);
    if (state->n_skipped > 0)
        buffer_add(text, "%d fit on no smallest type; ", (int)state->n_skipped);
    switch (state->verdict) {
    case CAPACITY_STEADY:
        buffer_add_text(text, "on target");
        break;
    case CAPACITY_OUT:
        buffer_add(text, "scales out %d -> %d", (int)state->from, (int)state->desired);
        break;
    case CAPACITY_IN:
        buffer_add(text, "scales in %d -> %d after %d low datapoints", (int)state->from,
                   (int)state->desired, (int)state->low_datapoints);
        break;
    case CAPACITY_WARMING_UP:
        buffer_add_text(text, "held: an instance is inside its warm-up");
        break;
    case CAPACITY_AT_MAXIMUM:
        buffer_add(text, "held: the group has its maximum of %d", (int)state->desired);
        break;
    case CAPACITY_LOW:
        buffer_add(text, "low, datapoint %d in a row", (int)state->low_datapoints);
        break;
    case CAPACITY_AT_MINIMUM:
        buffer_add(text, "low, but the group has its minimum of %d", (int)state->desired);
        break;
    case CAPACITY_PROTECTED:
        buffer_add_text(text, "low, but every instance is protected");
        break;
    case CAPACITY_NEVER_FITS:
        buffer_add_text(text, "never scales for them");
        break;
    case CAPACITY_NO_CHANGE:
        buffer_add(text, "%d instances is right already", (int)state->desired);
        break;
    }
}

bool cost_explain(struct buffer *text, const struct story *story, const char *name)
{
    int provider = find(story, name);

    if (provider == ID_NONE)
        return false;
    buffer_add(text, "%s: CapacityProviderReservation = M / N x 100, each period\n\n", name);
    buffer_add_text(text, "       t    N    M   metric  target  starting  empty  why\n");
    for (int i = 0; i < story->n_capacity; i++) {
        const struct capacity_state *state = &story->capacity[i].state;

        if (state->provider != provider)
            continue;
        buffer_add(text, "%7.0f s %4d %4d %8.2f %7d %9d %6d  ",
                   (double)story->capacity[i].at_usec / USEC_PER_SEC, (int)state->n, (int)state->m,
                   (double)state->metric_centi / 100, (int)state->target, (int)state->n_starting,
                   (int)state->n_empty);
        add_why(text, story, state);
        buffer_add_text(text, "\n");
    }
    return true;
}

bool cost_explain_json(struct buffer *json, const struct story *story, const char *name)
{
    int provider = find(story, name);
    bool first = true;

    if (provider == ID_NONE)
        return false;
    buffer_add_text(json, "{\"capacityProvider\": ");
    buffer_add_json_string(json, name);
    buffer_add_text(json, ", \"datapoints\": [");
    for (int i = 0; i < story->n_capacity; i++) {
        const struct capacity_state *state = &story->capacity[i].state;

        if (state->provider != provider)
            continue;
        buffer_add(json,
                   "%s{\"t\": %.6f, \"n\": %d, \"m\": %d, \"metric\": %.2f, \"target\": %d, "
                   "\"starting\": %d, \"empty\": %d, \"waiting\": %d, \"skipped\": %d, "
                   "\"from\": %d, \"desired\": %d, \"verdict\": \"%s\", \"why\": ",
                   first ? "" : ", ", (double)story->capacity[i].at_usec / USEC_PER_SEC,
                   (int)state->n, (int)state->m, (double)state->metric_centi / 100,
                   (int)state->target, (int)state->n_starting, (int)state->n_empty,
                   (int)state->n_waiting, (int)state->n_skipped, (int)state->from,
                   (int)state->desired, capacity_verdict_names[state->verdict]);
        first = false;
        {
            struct buffer why = {0};

            add_why(&why, story, state);
            buffer_add_json_string(json, why.text);
            buffer_finish(&why);
        }
        buffer_add_text(json, "}");
    }
    buffer_add_text(json, "]}\n");
    return true;
}
