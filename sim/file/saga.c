/*
 * Words for what befell a service (Amazon ECS developer guide, service-event-messages-list).
 */
#include "file/saga.h"

#include "core/taskdef.h"
#include "file/refusal.h"
#include "file/runlog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void saga_finish(struct saga *saga)
{
    names_finish(&saga->services);
    names_finish(&saga->target_groups);
    names_finish(&saga->taskdefs);
    names_finish(&saga->policies);
    names_finish(&saga->actions);
    names_finish(&saga->alarms);
}

/* The name with that number, which is the next one: equal names get their numbers beside them. */
static void learn(struct names *names, int32_t number, const char *name)
{
    struct buffer text = {0};

    if (number != names->n_texts || !name)
        return;
    buffer_add_text(&text, name);
    while (names_find(names, text.text) != ID_NONE)
        buffer_add(&text, "#%d", (int)number + 1);
    names_intern(names, text.text);
    buffer_finish(&text);
}

static void learn_message(struct saga *saga, const struct message *event)
{
    const struct task_definition *definition;
    struct buffer text = {0};

    switch (event->kind) {
    case MESSAGE_CREATE_SERVICE:
        learn(&saga->services, event->as.create_service.service, event->as.create_service.name);
        break;
    case MESSAGE_CREATE_TARGET_GROUP:
        learn(&saga->target_groups, event->as.create_target_group.target_group,
              event->as.create_target_group.name);
        break;
    case MESSAGE_REGISTER_TASK_DEFINITION:
        definition = event->as.register_task_definition.definition;
        if (!definition || !definition->family)
            break;
        buffer_add(&text, "%s:%d", definition->family, (int)definition->revision);
        learn(&saga->taskdefs, event->as.register_task_definition.taskdef, text.text);
        break;
    case MESSAGE_PUT_SCALING_POLICY:
        learn(&saga->policies, event->as.put_scaling_policy.policy,
              event->as.put_scaling_policy.name);
        break;
    case MESSAGE_PUT_SCHEDULED_ACTION:
        learn(&saga->actions, event->as.put_scheduled_action.action,
              event->as.put_scheduled_action.name);
        break;
    case MESSAGE_PUT_METRIC_ALARM:
        learn(&saga->alarms, event->as.put_metric_alarm.alarm, event->as.put_metric_alarm.name);
        break;
    default:
        break;
    }
    buffer_finish(&text);
}

void saga_learn(struct saga *saga, const struct record *record)
{
    if (record->machine == ID_NONE && !record_is_refused(record))
        learn_message(saga, &record->event);
}

void saga_learn_story(struct saga *saga, const struct story *story)
{
    for (int i = 0; i < story->n_services; i++)
        learn(&saga->services, i, story->services[i].name);
    for (int i = 0; i < story->taskdefs.n_definitions; i++) {
        const struct task_definition *definition = taskdefs_get(&story->taskdefs, i);
        struct buffer text = {0};

        buffer_add(&text, "%s:%d", definition->family, (int)definition->revision);
        learn(&saga->taskdefs, i, text.text);
        buffer_finish(&text);
    }
    for (int i = 0; i < story->n_facts; i++)
        learn_message(saga, &story->facts[i].message);
}

static const char *name_of(const struct names *names, int32_t number)
{
    return number >= 0 && number < names->n_texts ? names->texts[number] : "?";
}

static void say_event(const struct saga *saga, const struct service_event *event,
                      struct buffer *text)
{
    const char *group = name_of(&saga->target_groups, event->target_group);
    int task = (int)event->task + 1, deployment = (int)event->deployment + 1;

    buffer_add(text, "(service %s) ", name_of(&saga->services, event->service));
    switch (event->code) {
    case EVENT_TASKS_STARTED:
        buffer_add(text, "has started %d tasks: (task t%d)%s.", (int)event->count, task,
                   event->count > 1 ? ", ..." : "");
        break;
    case EVENT_TASKS_STOPPED:
        buffer_add(text, "has stopped %d running tasks: (task t%d)%s.", (int)event->count, task,
                   event->count > 1 ? ", ..." : "");
        break;
    case EVENT_STEADY:
        buffer_add_text(text, "has reached a steady state.");
        break;
    case EVENT_UNABLE_TO_START:
        buffer_add_text(text, "is unable to consistently start tasks successfully.");
        break;
    case EVENT_DEPLOYMENT_COMPLETED:
        buffer_add(text, "(deployment %d) deployment completed.", deployment);
        break;
    case EVENT_DEPLOYMENT_FAILED:
        buffer_add(text, "(deployment %d) deployment failed.", deployment);
        break;
    case EVENT_ROLLING_BACK:
        buffer_add(text, "rolling back to (deployment %d).", deployment);
        break;
    case EVENT_REGISTERED:
        buffer_add(text, "registered 1 targets in (target-group %s)", group);
        break;
    case EVENT_DEREGISTERED:
        buffer_add(text, "deregistered 1 targets in (target-group %s)", group);
        break;
    case EVENT_TARGET_UNHEALTHY:
        buffer_add(text,
                   "(task t%d) is unhealthy in (target-group %s) due to (reason Health checks "
                   "failed).",
                   task, group);
        break;
    case EVENT_TASK_UNHEALTHY:
        buffer_add(text, "(task t%d) failed container health checks.", task);
        break;
    case EVENT_STUCK:
        buffer_add(text,
                   "was unable to stop or start tasks during a deployment because of the service "
                   "deployment configuration. Update the minimumHealthyPercent or maximumPercent "
                   "value and try again. (At least %d tasks must be healthy, at most %d may live.)",
                   (int)event->lower, (int)event->upper);
        break;
    case EVENT_REBALANCING_STARTED:
    case EVENT_REBALANCING_COMPLETED:
    case EVENT_REBALANCING_STOPPED:
        buffer_add(text, "%s", service_event_names[event->code]);
        break;
    }
}

static void say_deployment(const struct saga *saga, const struct deployment_state *state,
                           struct buffer *text)
{
    buffer_add(text, "deployment %d (%s) is %s, %s", (int)state->deployment + 1,
               name_of(&saga->taskdefs, state->taskdef), deployment_status_names[state->status],
               rollout_state_names[state->rollout]);
    if (state->stage != STAGE_NONE)
        buffer_add(text, ", in %s", lifecycle_stage_names[state->stage]);
    buffer_add(text, ": %s", deployment_reason_names[state->reason]);
    if (state->threshold > 0 && state->n_failed > 0)
        buffer_add(text, " (%d of %d)", (int)state->n_failed, (int)state->threshold);
}

static void say_scaling(const struct saga *saga, const struct scaling *scale, struct buffer *text)
{
    buffer_add(text, "desired count %d -> %d, ", (int)scale->from, (int)scale->to);
    if (scale->policy != ID_NONE)
        buffer_add(text, "by policy %s: its metric is %" PRId64 ".%03d",
                   name_of(&saga->policies, scale->policy), scale->value_milli / 1000,
                   (int)(scale->value_milli % 1000));
    else if (scale->action != ID_NONE)
        buffer_add(text, "by scheduled action %s", name_of(&saga->actions, scale->action));
    else
        buffer_add_text(text, "within its new bounds");
}

/* ECS's words for the instance that fails last and by least, and by how much, which ECS does not say. */
static void say_closest(const struct wait *wait, struct buffer *text)
{
    buffer_add(text, "The closest matching (container-instance i%d) ", (int)wait->nearest + 1);
    switch (wait->reason) {
    case PLACE_CPU:
        buffer_add(text, "has insufficient CPU units available: it lacks %" PRId64 ".", wait->lack);
        break;
    case PLACE_MEMORY:
        buffer_add(text, "has insufficient memory available: it lacks %" PRId64 " MiB.",
                   wait->lack);
        break;
    case PLACE_PORTS:
        buffer_add(text, "is already using a port required by your task: %" PRId64 ".", wait->lack);
        break;
    case PLACE_ATTRIBUTE:
        buffer_add_text(text, "is missing an attribute required by your task.");
        break;
    default:
        buffer_add(text, "encountered error \"%s\".", place_reason_names[wait->reason]);
        break;
    }
}

static void say_no_room(const struct saga *saga, const struct wait *wait, struct buffer *text)
{
    buffer_add(text, "(service %s) was unable to place a task because ",
               name_of(&saga->services, wait->service));
    if (wait->reason == PLACE_MICRO_VM) {
        buffer_add_text(text, "its micro-VM is not up yet.");
        return;
    }
    buffer_add_text(text, "no container instance met all of its requirements. ");
    if (wait->nearest == ID_NONE)
        buffer_add_text(text, "The cluster has no container instance.");
    else
        say_closest(wait, text);
}

bool saga_words(const struct saga *saga, const struct message *decision, int32_t service,
                struct buffer *text)
{
    const struct shift_traffic *shift = &decision->as.shift_traffic;

    switch (decision->kind) {
    case MESSAGE_SERVICE_EVENT:
        if (decision->as.service_event.service != service)
            return false;
        say_event(saga, &decision->as.service_event, text);
        return true;
    case MESSAGE_DEPLOYMENT:
        if (decision->as.deployment.service != service)
            return false;
        say_deployment(saga, &decision->as.deployment, text);
        return true;
    case MESSAGE_SCALE:
        if (decision->as.scale.service != service)
            return false;
        say_scaling(saga, &decision->as.scale, text);
        return true;
    case MESSAGE_SHIFT_TRAFFIC:
        if (shift->service != service)
            return false;
        buffer_add(text, "%s traffic: %d.%d %% to target group %s",
                   shift->test ? "test" : "production", (int)shift->permille / 10,
                   (int)shift->permille % 10, name_of(&saga->target_groups, shift->to));
        if (shift->permille < 1000)
            buffer_add(text, ", the rest to %s", name_of(&saga->target_groups, shift->from));
        return true;
    case MESSAGE_WAIT:
        if (decision->as.wait.service != service)
            return false;
        say_no_room(saga, &decision->as.wait, text);
        return true;
    default:
        return false;
    }
}

/* A log ------------------------------------------------------------------------------------------ */

static void add_line(int64_t at_usec, const char *words, bool json, struct buffer *text, bool first)
{
    if (!json) {
        buffer_add(text, "%10.3f s  %s\n", (double)at_usec / USEC_PER_SEC, words);
        return;
    }
    buffer_add(text, "%s\n  {\"t\": %" PRId64 ", \"message\": ", first ? "" : ",", at_usec);
    buffer_add_json_string(text, words);
    buffer_add_text(text, "}");
}

/* A call about the service that was refused. */
static bool refusal(const struct record *record, const struct message *decision, int32_t service,
                    struct buffer *words)
{
    if (decision->kind != MESSAGE_REFUSE || decision->as.refuse.call != record->event.kind ||
        service == ID_NONE || refusal_service(&record->event) != service)
        return false;
    buffer_add(words, "%s", message_kind_names[record->event.kind]);
    refusal_subject(&record->event, NULL, words);
    buffer_add(words, " is REFUSED: %s", refusal_words(decision->as.refuse.refusal));
    return true;
}

static int add_record(struct saga *saga, const struct record *record, int32_t service, bool json,
                      int n, struct buffer *text)
{
    for (int i = 0; i < record->outputs.n_messages; i++) {
        struct buffer words = {0};

        if (saga_words(saga, &record->outputs.messages[i], service, &words) ||
            refusal(record, &record->outputs.messages[i], service, &words))
            add_line(record->at_usec, words.text, json, text, n++ == 0);
        buffer_finish(&words);
    }
    return n;
}

bool saga_of_log(const char *path, const char *service, bool json, struct buffer *text,
                 struct err *err)
{
    struct runlog_reader *reader = runlog_open(path, err);
    struct saga saga = {0};
    struct record record;
    enum runlog_item item;
    bool found;
    int n = 0;

    if (!reader)
        return false;
    if (json)
        buffer_add_text(text, "[");
    while ((item = runlog_next(reader, &record, err)) == RUNLOG_RECORD) {
        saga_learn(&saga, &record);
        if (record.machine == ID_NONE)
            n = add_record(&saga, &record, names_find(&saga.services, service), json, n, text);
    }
    if (json)
        buffer_add_text(text, n ? "\n]\n" : "]\n");
    found = names_find(&saga.services, service) != ID_NONE;
    if (item != RUNLOG_ERROR && !found)
        err_set(err, EXIT_INPUT, "%s: there is no service \"%s\"", path, service);
    saga_finish(&saga);
    runlog_finish(reader);
    return item != RUNLOG_ERROR && found;
}

/* A cluster -------------------------------------------------------------------------------------- */

static enum rollout_state worst_rollout(const struct cluster *cluster)
{
    enum rollout_state worst = ROLLOUT_COMPLETED;

    for (int s = 0; s < cluster->n_services; s++) {
        const struct service *service = &cluster->services[s];
        const struct deployment *newest = &service->deployments[service->n_deployments - 1];

        if (newest->rollout == ROLLOUT_FAILED)
            return ROLLOUT_FAILED;
        if (newest->rollout == ROLLOUT_IN_PROGRESS)
            worst = ROLLOUT_IN_PROGRESS;
    }
    return worst;
}

static void taskdef_name(const struct cluster *cluster, int32_t taskdef, struct buffer *text)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);

    buffer_add(text, "%s:%d", definition->family, (int)definition->revision);
}

void saga_deployments_json(struct buffer *json, const struct cluster *cluster)
{
    bool first = true;

    buffer_add_text(json, "\"deployment\": ");
    if (cluster->n_services > 0)
        buffer_add_json_string(json, rollout_state_names[worst_rollout(cluster)]);
    else
        buffer_add_text(json, "null");
    buffer_add_text(json, ", \"deployments\": [");
    for (int s = 0; s < cluster->n_services; s++) {
        const struct service *service = &cluster->services[s];

        for (int d = 0; d < service->n_deployments; d++, first = false) {
            const struct deployment *deployment = &service->deployments[d];
            struct buffer name = {0};

            taskdef_name(cluster, deployment->taskdef, &name);
            buffer_add_text(json, first ? "{\"service\": " : ", {\"service\": ");
            buffer_add_json_string(json, service->name);
            buffer_add(json, ", \"id\": %d, \"taskDefinition\": ", d + 1);
            buffer_add_json_string(json, name.text);
            buffer_add(json,
                       ", \"status\": \"%s\", \"rolloutState\": \"%s\", \"reason\": \"%s\", "
                       "\"failedTasks\": %d}",
                       deployment_status_names[deployment->status],
                       rollout_state_names[deployment->rollout],
                       deployment_reason_names[deployment->reason], (int)deployment->n_failed);
            buffer_finish(&name);
        }
    }
    buffer_add_text(json, "]");
}

void saga_deployments_text(struct buffer *text, const struct cluster *cluster)
{
    for (int s = 0; s < cluster->n_services; s++) {
        const struct service *service = &cluster->services[s];

        if (service->n_deployments < 2)
            continue;
        buffer_add(text, "deploy   %s: ", service->name);
        for (int d = 1; d < service->n_deployments; d++) {
            const struct deployment *deployment = &service->deployments[d];

            buffer_add_text(text, d > 1 ? ", then " : "");
            taskdef_name(cluster, deployment->taskdef, text);
            buffer_add(text, " %s", rollout_state_names[deployment->rollout]);
            if (deployment->rollout == ROLLOUT_FAILED ||
                deployment->reason == DEPLOYMENT_SUPERSEDED)
                buffer_add(text, " (%s)", deployment_reason_names[deployment->reason]);
            else if (deployment->rollout == ROLLOUT_IN_PROGRESS && deployment->said_stuck)
                buffer_add_text(text, " (stuck: within its percentages nothing may start or stop)");
        }
        if (service->primary != service->n_deployments - 1) {
            buffer_add_text(text, "; back to ");
            taskdef_name(cluster, service->taskdef, text);
        }
        buffer_add_text(text, "\n");
    }
}
