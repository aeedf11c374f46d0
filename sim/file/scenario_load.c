/*
 * Load as scenarios have it: sources of requests, how their rate changes, how a request is served.
 */
#include "core/array.h"
#include "file/scenario_read.h"
#include "file/units.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A year of minutes. */
#define STEPS_MAX 600000

#define TIMEOUT_USEC (60 * USEC_PER_SEC) /* of an idle connection, by ELB's default */
#define CONCURRENCY_MAX 100000
#define LINE_MAX_MAX 100000000

/* How a request is served ----------------------------------------------------------------------- */

void scenario_read_request(const struct node *behaviour_node, struct request_behaviour *request)
{
    struct node node = node_member(behaviour_node, "request"), work, wait, concurrency, line;

    if (!node.value || !node_object(&node, &request_grammar))
        return;
    work = node_member(&node, "work");
    wait = node_member(&node, "wait");
    concurrency = node_member(&node, "concurrency");
    line = node_member(&node, "queue");
    node_distribution(&work, &request->work);
    node_distribution(&wait, &request->wait);
    node_int(&concurrency, 1, CONCURRENCY_MAX, BARE_NUMBER, &request->concurrency);
    node_int(&line, 0, LINE_MAX_MAX, BARE_NUMBER, &request->line_max);
}

/* Rates ------------------------------------------------------------------------------------------ */

static bool read_rate(const struct node *node, int64_t *rate)
{
    const char *text, *wrong;

    if (node->value && !json_is_string(node->value)) {
        node_error(node, "found %s, wanted a rate such as \"200/s\"", node_found(node));
        return false;
    }
    if (!node_text(node, &text))
        return false;
    wrong = units_rate(text, rate);
    if (wrong)
        node_error(node, "%s %s", node_found(node), wrong);
    return !wrong;
}

static bool read_flow(struct node *node, struct rate_curve *curve)
{
    struct node rate;

    if (!node_object(node, &flow_grammar))
        return false;
    rate = node_member(node, "rate");
    curve->steps = memory_zeroed(1, sizeof *curve->steps);
    curve->n_steps = 1;
    return read_rate(&rate, &curve->steps[0].rate);
}

static bool read_sine(struct node *node, struct rate_curve *curve)
{
    struct node low_node, high_node, period_node;
    int64_t low, high, period_usec;

    if (!node_object(node, &sine_grammar))
        return false;
    low_node = node_member(node, "low");
    high_node = node_member(node, "high");
    period_node = node_member(node, "period");
    if (!read_rate(&low_node, &low) || !read_rate(&high_node, &high) ||
        !node_duration(&period_node, &period_usec))
        return false;
    if (low > high) {
        node_error(&low_node, "%s is more than high", node_found(&low_node));
        return false;
    }
    if (period_usec < USEC_PER_SEC) {
        node_error(&period_node, "found %s, wanted at least 1s", node_found(&period_node));
        return false;
    }
    curve->steps = memory_zeroed(RATE_SINE_STEPS, sizeof *curve->steps);
    rate_curve_sine(curve, curve->steps, low, high, period_usec);
    return true;
}

static bool is_heading(int number, const char *line)
{
    return number == 1 && isalpha((unsigned char)line[strspn(line, " \t\"")]);
}

/* "60,200" with the usual units, or with its own: JSON as a scenario has it. NULL: what is wrong has
 * been said. */
static json_t *step_of_line(const struct node *node, const char *file, int number, char *line)
{
    char *comma = strchr(line, ','), *rate = comma ? comma + 1 : NULL, at_text[80], rate_text[80];
    const char *wrong = "is not a time and a rate, such as 60s,200/s";
    int64_t usec, per;

    if (is_heading(number, line))
        return json_null();
    if (comma) {
        *comma = '\0';
        rate += strspn(rate, " \t");
        rate[strcspn(rate, " \t,")] = '\0';
        line[strcspn(line, " \t")] = '\0';
        snprintf(at_text, sizeof at_text, "%.60s%s", line,
                 line[strspn(line, "0123456789.")] ? "" : "s");
        snprintf(rate_text, sizeof rate_text, "%.60s%s", rate,
                 rate[strspn(rate, "0123456789.")] ? "" : "/s");
        wrong = units_duration(at_text, &usec);
        if (!wrong)
            wrong = units_rate(rate_text, &per);
        if (!wrong)
            return json_pack("{s:s, s:s}", "at", at_text, "rate", rate_text);
    }
    node_error(node, "%.200s, line %d: \"%.60s%s%.60s\" %s", file, number, line, comma ? "," : "",
               comma ? rate : "", wrong);
    return NULL;
}

static bool read_step(struct node *node, struct rate_curve *curve)
{
    struct rate_step *step = &curve->steps[curve->n_steps];
    struct node at, rate;

    if (!node_object(node, &rate_step_grammar))
        return false;
    at = node_member(node, "at");
    rate = node_member(node, "rate");
    if (!node_duration(&at, &step->at_usec) || !read_rate(&rate, &step->rate))
        return false;
    if (curve->n_steps == 0 && step->at_usec != 0) {
        node_error(&at, "found %s, wanted 0s: the first step says how it begins", node_found(&at));
        return false;
    }
    if (curve->n_steps > 0 && step->at_usec <= step[-1].at_usec) {
        node_error(&at, "%s is not after the step before it", node_found(&at));
        return false;
    }
    curve->n_steps++;
    return true;
}

static bool read_steps(struct node *node, struct rate_curve *curve)
{
    size_t n;

    if (json_is_string(node->value) && !node_inline_lines(node, "steps", STEPS_MAX, step_of_line))
        return false;
    n = node_list(node);
    if (n < 1 || n > STEPS_MAX) {
        if (json_is_array(node->value))
            node_error(node, "found %zu steps, wanted 1 to %d", n, STEPS_MAX);
        return false;
    }
    curve->steps = memory_zeroed(n, sizeof *curve->steps);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(node, i);

        if (!read_step(&item, curve))
            return false;
    }
    return true;
}

static const struct arrival_kind {
    const char *name;
    bool (*read)(struct node *node, struct rate_curve *curve);
    enum arrival_spacing spacing;
    bool may_choose; /* spacing */
} arrival_kinds[] = {
    {"poisson", read_flow, ARRIVALS_POISSON, false},
    {"constant", read_flow, ARRIVALS_EVEN, false},
    {"sine", read_sine, ARRIVALS_POISSON, true},
    {"steps", read_steps, ARRIVALS_POISSON, true},
};
#define N_ARRIVAL_KINDS (sizeof arrival_kinds / sizeof arrival_kinds[0])

static void read_period(const struct node *node, bool steps, struct rate_curve *curve)
{
    struct node period = node_member(node, "period");
    int64_t usec;

    if (!period.value)
        return;
    if (!steps)
        node_error(&period, "belongs to steps");
    else if (node_duration(&period, &usec) && usec <= curve->steps[curve->n_steps - 1].at_usec)
        node_error(&period, "%s is not after the last step", node_found(&period));
    else
        curve->period_usec = usec;
}

static void read_arrivals(struct node *node, struct load_source *source)
{
    const struct arrival_kind *kind = NULL;
    struct node spacing, value, found = {0};
    int choice;

    if (!node->value || !node_object(node, &arrivals_grammar))
        return;
    for (size_t i = 0; i < N_ARRIVAL_KINDS; i++) {
        value = node_member(node, arrival_kinds[i].name);
        if (value.value && kind) {
            node_error(&value, "there is a %s already; arrivals are one of them", kind->name);
            return;
        }
        if (value.value) {
            kind = &arrival_kinds[i];
            found = value;
        }
    }
    if (!kind) {
        node_error(node, "wanted one of poisson, constant, sine, steps");
        return;
    }
    spacing = node_member(node, "spacing");
    source->spacing = kind->spacing;
    if (spacing.value && !kind->may_choose)
        node_error(&spacing, "belongs to sine and steps; %s says it itself", kind->name);
    else if (node_choice(&spacing, arrival_spacing_names, &choice))
        source->spacing = (enum arrival_spacing)choice;
    if (kind->read(&found, &source->curve))
        read_period(node, kind->read == read_steps, &source->curve);
}

/* Sources ---------------------------------------------------------------------------------------- */

static void read_name(struct scenario_reader *reader, const struct node *node,
                      const struct names *names, const char *what, char **to)
{
    const char *name;

    if (!node_text(node, &name))
        return;
    if (names_find(names, name) == ID_NONE)
        node_error(node, "no %s \"%s\"%s", what, name,
                   reading_hint(&reader->reading, name, names, 0));
    *to = memory_text(name);
}

static void read_source(struct scenario_reader *reader, struct node *node, int64_t from_usec)
{
    struct scenario *scenario = reader->scenario;
    struct load_source *source = ARRAY_ADD(reader, loads);
    struct node service, group, arrivals, from, to, timeout;

    *source = (struct load_source){
        .from_usec = from_usec, .to_usec = scenario->until_usec, .timeout_usec = TIMEOUT_USEC};
    if (!node_object(node, &load_grammar))
        return;
    service = node_member(node, "service");
    group = node_member(node, "targetGroup");
    arrivals = node_member(node, "arrivals");
    from = node_member(node, "from");
    to = node_member(node, "to");
    timeout = node_member(node, "timeout");
    if (!service.value == !group.value)
        node_error(node, "wanted either a service or a targetGroup");
    read_name(reader, &service, &reader->services, "service", &source->service);
    read_name(reader, &group, &reader->target_groups, "target group", &source->target_group);
    if (from.value && from_usec > 0)
        node_error(&from, "an entry of the timeline begins at its own time");
    else
        node_duration(&from, &source->from_usec);
    if (node_duration(&to, &source->to_usec) && source->to_usec <= source->from_usec)
        node_error(&to, "%s is not after its beginning", node_found(&to));
    if (node_duration(&timeout, &source->timeout_usec) && source->timeout_usec == 0)
        node_error(&timeout, "found %s, wanted more than 0s", node_found(&timeout));
    read_arrivals(&arrivals, source);
}

void scenario_read_loads(struct scenario_reader *reader, const struct node *top)
{
    struct node list = node_member(top, "load");
    struct node level = node_member(top, "loadLevel");
    size_t n = node_list(&list);
    int choice;

    if (node_choice(&level, load_level_names, &choice))
        reader->scenario->load_level = (enum load_level)choice;
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_source(reader, &item, 0);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What is replaced ends where the new one begins. */
void scenario_read_load_entry(struct scenario_reader *reader, struct node *node, int64_t at_usec)
{
    int n = reader->n_loads;
    struct load_source *fresh;

    read_source(reader, node, at_usec);
    fresh = &reader->loads[n];
    for (int i = 0; i < n; i++) {
        struct load_source *old = &reader->loads[i];

        if (same_text(old->service, fresh->service) &&
            same_text(old->target_group, fresh->target_group) && old->from_usec < at_usec &&
            old->to_usec > at_usec)
            old->to_usec = at_usec;
    }
}

/* Expectations ----------------------------------------------------------------------------------- */

static const struct bound {
    const char *name;
    bool is_duration;
} bounds[EXPECT_BOUNDS] = {
    [EXPECT_SENT] = {"sentAtLeast", false}, [EXPECT_FAILED] = {"failedAtMost", false},
    [EXPECT_P50] = {"p50AtMost", true},     [EXPECT_P95] = {"p95AtMost", true},
    [EXPECT_P99] = {"p99AtMost", true},
};

void scenario_read_expected_requests(struct scenario_reader *reader, const struct node *node,
                                     struct expect *expect)
{
    struct node group = node_member(node, "targetGroup"), at = node_member(node, "at");
    bool any = false;

    for (int i = 0; i < EXPECT_BOUNDS; i++) {
        struct node bound = node_member(node, bounds[i].name);

        expect->bounds[i] = -1;
        any = any || bound.value;
        if (bound.value && !group.value)
            node_error(&bound, "belongs to a target group's requests");
        else if (bounds[i].is_duration)
            node_duration(&bound, &expect->bounds[i]);
        else
            node_number(&bound, 0, INT64_MAX / 2, BARE_NUMBER, &expect->bounds[i]);
    }
    if (!group.value)
        return;
    read_name(reader, &group, &reader->target_groups, "target group", &expect->target_group);
    if (!any)
        node_error(&group,
                   "wanted a bound beside it: sentAtLeast, failedAtMost, p50AtMost, p95AtMost "
                   "or p99AtMost");
    if (expect->at_usec != USEC_NEVER)
        node_error(&at, "what is expected of requests is about the whole run");
}
