/*
 * The program of a compiled expression and its answers. A program is a list of steps over one truth
 * value: compare, invert, jump; so it needs no stack and stops as soon as the answer is known. The
 * parser is in query_parse.c; both see query_program.h and nobody else does.
 */
#include "core/query.h"

#include "core/cluster.h"
#include "core/literal.h"
#include "core/pattern.h"
#include "core/query_program.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct query_subject query_subjects[] = {
    [SUBJECT_ATTRIBUTE] = {"attribute:", QUERY_USES_ATTRIBUTE, TAKES_ALL},
    [SUBJECT_AGENT_CONNECTED] = {"agentConnected", QUERY_USES_AGENT_CONNECTED, TAKES_MATCHING},
    [SUBJECT_AGENT_VERSION] = {"agentVersion", QUERY_USES_AGENT_VERSION, TAKES_ORDER},
    [SUBJECT_INSTANCE_ID] = {"ec2InstanceId", QUERY_USES_INSTANCE_ID, TAKES_MATCHING},
    [SUBJECT_REGISTERED_AT] = {"registeredAt", QUERY_USES_REGISTERED_AT, TAKES_ORDER},
    [SUBJECT_RUNNING_TASKS] = {"runningTasksCount", QUERY_USES_RUNNING_TASKS, TAKES_ORDER},
    [SUBJECT_TASK_GROUP] = {"task:group", QUERY_USES_TASK_GROUP, TAKES_MATCHING | TAKES_EXISTENCE},
};

void query_destroy(struct query *query)
{
    if (!query)
        return;
    for (int i = 0; i < query->n_comparisons; i++)
        pattern_destroy(query->comparisons[i].pattern);
    free(query->steps);
    free(query->comparisons);
    free(query->arguments);
    free(query->text);
    free(query);
}

int64_t query_count_running(const struct cluster *cluster, const struct instance *instance)
{
    int64_t n = 0;

    for (int t = cluster_newest_on(cluster, instance); t != ID_NONE;
         t = cluster_older_on(cluster, t))
        n += cluster->tasks[t].desired == TASK_RUNNING;
    return n;
}

static bool order_holds(enum query_operator relation, int order)
{
    switch (relation) {
    case OPERATOR_EQUALS:
        return order == 0;
    case OPERATOR_NOT_EQUALS:
        return order != 0;
    case OPERATOR_GREATER:
        return order > 0;
    case OPERATOR_GREATER_EQUAL:
        return order >= 0;
    case OPERATOR_LESS:
        return order < 0;
    case OPERATOR_LESS_EQUAL:
        return order <= 0;
    default:
        assert(!"an operator that orders");
        return false;
    }
}

static bool number_holds(const struct query *query, const struct comparison *comparison,
                         int64_t value)
{
    int64_t wanted = query->arguments[comparison->first_argument].number;

    return order_holds(comparison->relation, (value > wanted) - (value < wanted));
}

static int compare_texts(const struct comparison *comparison, const char *value,
                         const char *argument)
{
    bool equality =
        comparison->relation == OPERATOR_EQUALS || comparison->relation == OPERATOR_NOT_EQUALS;

    if (comparison->subject == SUBJECT_AGENT_VERSION)
        return literal_compare_versions(value, argument);
    if (!equality && literal_is_decimal(value) && literal_is_decimal(argument))
        return literal_compare_decimals(value, argument);
    if (!equality && literal_is_version(value) && literal_is_version(argument))
        return literal_compare_versions(value, argument);
    return strcmp(value, argument);
}

static bool is_listed(const struct query *query, const struct comparison *comparison,
                      const char *value)
{
    for (int i = 0; i < comparison->n_arguments; i++)
        if (strcmp(query->arguments[comparison->first_argument + i].text, value) == 0)
            return true;
    return false;
}

static bool pattern_holds(const struct comparison *comparison, const char *value, bool *gave_up)
{
    enum pattern_answer answer = pattern_match(comparison->pattern, value);

    *gave_up |= answer == PATTERN_NO_ANSWER;
    return answer == (comparison->relation == OPERATOR_MATCHES ? PATTERN_MATCHES : PATTERN_DIFFERS);
}

/* For a subject that is there. */
static bool text_holds(const struct query *query, const struct comparison *comparison,
                       const char *value, bool *gave_up)
{
    switch (comparison->relation) {
    case OPERATOR_EXISTS:
        return true;
    case OPERATOR_NOT_EXISTS:
        return false;
    case OPERATOR_IN:
        return is_listed(query, comparison, value);
    case OPERATOR_NOT_IN:
        return !is_listed(query, comparison, value);
    case OPERATOR_MATCHES:
    case OPERATOR_NOT_MATCHES:
        return pattern_holds(comparison, value, gave_up);
    default:
        return order_holds(
            comparison->relation,
            compare_texts(comparison, value, query->arguments[comparison->first_argument].text));
    }
}

static bool attribute_holds(const struct query *query, const struct comparison *comparison,
                            const struct cluster *cluster, int instance, bool *gave_up)
{
    const char *value = cluster_attribute(cluster, instance, comparison->attribute);

    if (!value)
        return comparison->relation == OPERATOR_NOT_EXISTS;
    return text_holds(query, comparison, value, gave_up);
}

static bool instance_id_holds(const struct query *query, const struct comparison *comparison,
                              int instance, bool *gave_up)
{
    char name[16];

    snprintf(name, sizeof name, "i%d", instance + 1);
    return text_holds(query, comparison, name, gave_up);
}

static bool task_group_holds(const struct query *query, const struct comparison *comparison,
                             const struct cluster *cluster, const struct instance *instance,
                             bool *gave_up)
{
    if (instance->n_tasks == 0)
        return comparison->relation == OPERATOR_NOT_EXISTS;
    for (int t = cluster_newest_on(cluster, instance); t != ID_NONE;
         t = cluster_older_on(cluster, t)) {
        const struct request *request = &cluster->requests[cluster->tasks[t].request];

        if (text_holds(query, comparison, names_text(&cluster->names, request->task_group),
                       gave_up)) {
            *gave_up = false; /* one task is enough, whatever was not found out of others */
            return true;
        }
    }
    return false;
}

bool query_compare(const struct query *query, int which, const struct cluster *cluster, int id,
                   bool *gave_up)
{
    const struct comparison *comparison = &query->comparisons[which];
    const struct instance *instance = &cluster->instances[id];

    switch (comparison->subject) {
    case SUBJECT_ATTRIBUTE:
        return attribute_holds(query, comparison, cluster, id, gave_up);
    case SUBJECT_AGENT_CONNECTED:
        return text_holds(query, comparison, instance->agent_connected ? "true" : "false", gave_up);
    case SUBJECT_AGENT_VERSION:
        return text_holds(query, comparison, QUERY_AGENT_VERSION, gave_up);
    case SUBJECT_INSTANCE_ID:
        return instance_id_holds(query, comparison, id, gave_up);
    case SUBJECT_REGISTERED_AT:
        return instance->status != INSTANCE_LAUNCHING &&
               number_holds(query, comparison, cluster->epoch_usec + instance->registered_at_usec);
    case SUBJECT_RUNNING_TASKS:
        return number_holds(query, comparison, query_count_running(cluster, instance));
    case SUBJECT_TASK_GROUP:
        return task_group_holds(query, comparison, cluster, instance, gave_up);
    default:
        assert(!"a subject");
        return false;
    }
}

enum query_answer query_ask(const struct query *query, const struct cluster *cluster, int instance)
{
    bool truth = false, gave_up = false;

    assert(instance >= 0 && instance < cluster->n_instances);
    for (int i = 0; i < query->n_steps; i++) {
        const struct step *step = &query->steps[i];

        if (step->kind == STEP_COMPARE)
            truth = query_compare(query, step->operand, cluster, instance, &gave_up);
        else if (step->kind == STEP_INVERT)
            truth = !truth;
        else if (truth == (step->kind == STEP_JUMP_IF_TRUE))
            i = step->operand - 1;
        if (gave_up)
            return QUERY_GAVE_UP;
    }
    return truth ? QUERY_MATCHES : QUERY_DIFFERS;
}

bool query_matches(const struct query *query, const struct cluster *cluster, int instance)
{
    return query_ask(query, cluster, instance) == QUERY_MATCHES;
}

unsigned query_facts(const struct query *query)
{
    unsigned facts = 0;

    for (int i = 0; i < query->n_comparisons; i++)
        facts |= query_subjects[query->comparisons[i].subject].fact;
    return facts;
}

bool query_is_static(const struct query *query)
{
    return (query_facts(query) & ~(unsigned)(QUERY_USES_ATTRIBUTE | QUERY_USES_INSTANCE_ID |
                                             QUERY_USES_AGENT_VERSION)) == 0;
}
