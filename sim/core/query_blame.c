/*
 * Runs the program once more and keeps, for the truth as it stands, the comparisons that made it so. A chain's
 * left side is forgotten where only the right one counts, and kept where both had to be as they are.
 */
#include "core/query_blame.h"

#include "core/array.h"
#include "core/cluster.h"
#include "core/query.h"
#include "core/query_program.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chain whose right side is being looked at. */
struct side {
    int end; /* the step at which the right side is over */
    bool truth;
    int first; /* of the left side's reasons */
};

struct blame {
    bool truth;
    int *reasons; /* comparisons; those of the present side begin at `first` */
    int n_reasons, cap_reasons;
    int first;
    struct side *sides;
    int n_sides, cap_sides;
};

static void open_side(struct blame *blame, int end)
{
    *ARRAY_ADD(blame, sides) = (struct side){end, blame->truth, blame->first};
    blame->first = blame->n_reasons;
}

/* Right sides that end before this step: where they left the truth as it was, both sides are its reasons. */
static void close_sides(struct blame *blame, int step)
{
    while (blame->n_sides > 0 && blame->sides[blame->n_sides - 1].end == step) {
        const struct side *side = &blame->sides[--blame->n_sides];
        int n_right = blame->n_reasons - blame->first;

        if (side->truth != blame->truth) {
            memmove(blame->reasons + side->first, blame->reasons + blame->first,
                    (size_t)n_right * sizeof *blame->reasons);
            blame->n_reasons = side->first + n_right;
        }
        blame->first = side->first;
    }
}

/* The comparisons that decided; an expression that gives up is decided by the comparison that did. */
static enum query_answer find_reasons(struct blame *blame, const struct query *query,
                                      const struct cluster *cluster, int instance)
{
    for (int i = 0; i < query->n_steps; i++) {
        const struct step *step = &query->steps[i];

        close_sides(blame, i);
        if (step->kind == STEP_COMPARE) {
            bool gave_up = false;

            blame->truth = query_compare(query, step->operand, cluster, instance, &gave_up);
            *ARRAY_ADD(blame, reasons) = step->operand;
            if (gave_up) {
                blame->reasons[0] = step->operand;
                blame->n_reasons = 1;
                return QUERY_GAVE_UP;
            }
        } else if (step->kind == STEP_INVERT) {
            blame->truth = !blame->truth;
        } else if (blame->truth == (step->kind == STEP_JUMP_IF_TRUE)) {
            i = step->operand - 1;
        } else {
            open_side(blame, step->operand);
        }
    }
    close_sides(blame, query->n_steps);
    return blame->truth ? QUERY_MATCHES : QUERY_DIFFERS;
}

/* Values -------------------------------------------------------------------------------------------- */

struct values {
    struct query_value *list;
    int n, most;
};

/* A text that is NULL is `own`. */
static void add_value(struct values *values, struct query_value value)
{
    if (values->n < values->most) {
        values->list[values->n] = value;
        if (!value.text)
            values->list[values->n].text = values->list[values->n].own;
    }
    values->n++;
}

static void add_text(struct values *values, struct query_value value, const char *text)
{
    value.kind = text ? QUERY_VALUE_TEXT : QUERY_VALUE_ABSENT;
    value.text = text ? text : "";
    add_value(values, value);
}

static void add_number(struct values *values, struct query_value value, enum query_value_kind kind,
                       int64_t number)
{
    value.kind = kind;
    value.number = number;
    add_value(values, value);
}

/* Each group on the instance, once. */
static void add_groups(struct values *values, struct query_value value,
                       const struct cluster *cluster, const struct instance *instance)
{
    int32_t *tasks = malloc(((size_t)instance->n_tasks + 1) * sizeof *tasks);
    int n = instance->n_tasks;

    assert(tasks != NULL);
    if (instance->n_tasks == 0)
        add_text(values, value, NULL);
    for (int t = cluster_newest_on(cluster, instance); t != ID_NONE;
         t = cluster_older_on(cluster, t))
        tasks[--n] = t;
    for (int i = 0; i < instance->n_tasks; i++) {
        int32_t group = cluster->requests[cluster->tasks[tasks[i]].request].task_group;
        int before = 0;

        while (cluster->requests[cluster->tasks[tasks[before]].request].task_group != group)
            before++;
        if (before == i)
            add_text(values, value, names_text(&cluster->names, group));
    }
    free(tasks);
}

static void add_subject(struct values *values, const struct comparison *comparison,
                        const struct cluster *cluster, int id)
{
    const struct instance *instance = &cluster->instances[id];
    struct query_value value = {.subject = query_subjects[comparison->subject].name,
                                .attribute = ""};

    switch (comparison->subject) {
    case SUBJECT_ATTRIBUTE:
        value.attribute = comparison->attribute;
        add_text(values, value, cluster_attribute(cluster, id, comparison->attribute));
        break;
    case SUBJECT_AGENT_CONNECTED:
        add_text(values, value, instance->agent_connected ? "true" : "false");
        break;
    case SUBJECT_AGENT_VERSION:
        add_text(values, value, QUERY_AGENT_VERSION);
        break;
    case SUBJECT_INSTANCE_ID:
        snprintf(value.own, sizeof value.own, "i%d", id + 1);
        value.kind = QUERY_VALUE_TEXT;
        add_value(values, value);
        break;
    case SUBJECT_REGISTERED_AT:
        if (instance->status == INSTANCE_LAUNCHING)
            add_text(values, value, NULL);
        else
            add_number(values, value, QUERY_VALUE_DATE,
                       cluster->epoch_usec + instance->registered_at_usec);
        break;
    case SUBJECT_RUNNING_TASKS:
        add_number(values, value, QUERY_VALUE_NUMBER, query_count_running(cluster, instance));
        break;
    case SUBJECT_TASK_GROUP:
        add_groups(values, value, cluster, instance);
        break;
    default:
        assert(!"a subject");
    }
}

static bool same_subject(const struct comparison *a, const struct comparison *b)
{
    return a->subject == b->subject &&
           (a->subject != SUBJECT_ATTRIBUTE || strcmp(a->attribute, b->attribute) == 0);
}

int query_blame(const struct query *query, const struct cluster *cluster, int instance,
                struct query_value *list, int most)
{
    struct values values = {list, 0, most};
    struct blame blame = {0};
    bool selected = find_reasons(&blame, query, cluster, instance) == QUERY_MATCHES;

    for (int i = 0; !selected && i < blame.n_reasons; i++) {
        const struct comparison *comparison = &query->comparisons[blame.reasons[i]];
        int before = 0;

        while (!same_subject(&query->comparisons[blame.reasons[before]], comparison))
            before++;
        if (before == i)
            add_subject(&values, comparison, cluster, instance);
    }
    free(blame.reasons);
    free(blame.sides);
    return values.n;
}
