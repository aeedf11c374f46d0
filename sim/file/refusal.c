/*
 * The core answers with a code; what the caller named stands in the call itself.
 */
#include "file/refusal.h"

const char *refusal_words(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_NOT_SCALABLE:
        return "the service is not a scalable target: registerScalableTarget comes first, with "
               "MinCapacity and MaxCapacity";
    case REFUSED_BOUNDS:
        return "MinCapacity would be above MaxCapacity";
    case REFUSED_DAEMON:
        return "a DAEMON service has one task on each instance: no desired count, no placement "
               "strategy, no scaling";
    case REFUSED_STRATEGY:
        return "canaryConfiguration and linearConfiguration belong to the strategies CANARY and "
               "LINEAR, "
               "and the service has another one";
    case REFUSED_BALANCERS:
        return "these loadBalancers do not go with the service: each names a container of its task "
               "definition and a target group of its own, and traffic that is moved needs a target "
               "group where nobody serves yet";
    case REFUSED_REBALANCING:
        return "zones are not rebalanced with maximumPercent 100, of DAEMON services, or where "
               "strategy "
               "or constraints go by zones otherwise";
    case REFUSED_LIMIT:
        return "too many tasks of the cluster are PROVISIONING already (rules.provisioningLimit)";
    default:
        return refusal_names[refusal];
    }
}

static const char *own_name(const struct message *call)
{
    switch (call->kind) {
    case MESSAGE_PUT_SCALING_POLICY:
        return call->as.put_scaling_policy.name;
    case MESSAGE_PUT_SCHEDULED_ACTION:
        return call->as.put_scheduled_action.name;
    case MESSAGE_PUT_METRIC_ALARM:
        return call->as.put_metric_alarm.name;
    case MESSAGE_CREATE_SERVICE:
        return call->as.create_service.name;
    case MESSAGE_CREATE_TARGET_GROUP:
        return call->as.create_target_group.name;
    default:
        return NULL;
    }
}

int32_t refusal_service(const struct message *call)
{
    switch (call->kind) {
    case MESSAGE_PUT_SCALING_POLICY:
        return call->as.put_scaling_policy.service;
    case MESSAGE_PUT_SCHEDULED_ACTION:
        return call->as.put_scheduled_action.service;
    case MESSAGE_PUT_METRIC_ALARM:
        return call->as.put_metric_alarm.service;
    case MESSAGE_REGISTER_SCALABLE_TARGET:
        return call->as.register_scalable_target.service;
    case MESSAGE_UPDATE_SERVICE:
        return call->as.update_service.service;
    case MESSAGE_DELETE_SERVICE:
        return call->as.delete_service.service;
    default:
        return ID_NONE;
    }
}

void refusal_subject(const struct message *call, const char *service, struct buffer *text)
{
    if (own_name(call))
        buffer_add(text, " \"%s\"", own_name(call));
    if (service)
        buffer_add(text, " of service %s", service);
}
