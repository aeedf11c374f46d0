/*
 * Alarms: what is measured, against what, and who is told.
 */
#include "core/alarm.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/deployment.h"

/* A week of minutes. */
#define PERIODS_MAX 10080

static bool is_sound(const struct scheduler *scheduler, const struct put_metric_alarm *call)
{
    const struct cluster *cluster = &scheduler->cluster;
    bool by_service = call->metric == METRIC_CPU || call->metric == METRIC_MEMORY;

    for (int i = 0; i < call->n_actions; i++)
        if (!cluster_in_range(call->actions[i].policy, scheduler->n_policies))
            return false;
    return call->name && call->alarm >= 0 && call->alarm <= scheduler->n_alarms &&
           call->period_sec > 0 && call->evaluation_periods > 0 &&
           call->evaluation_periods <= PERIODS_MAX && call->datapoints != 0 &&
           call->datapoints >= ID_NONE && call->datapoints <= call->evaluation_periods &&
           call->threshold_milli > -MILLI_MAX && call->threshold_milli < MILLI_MAX &&
           (by_service ? cluster_in_range(call->service, cluster->n_services)
                       : cluster_in_range(call->target_group, cluster->n_target_groups));
}

void alarm_finish(struct alarm *alarm)
{
    struct message message = {.kind = MESSAGE_PUT_METRIC_ALARM};

    message.as.put_metric_alarm = alarm->spec;
    message_finish(&message);
    watch_finish(&alarm->watch);
}

void alarm_put(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
{
    const struct put_metric_alarm *call = &event->as.put_metric_alarm;
    struct alarm *alarm;
    struct message copy;

    if (scheduler->ending || !is_sound(scheduler, call)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    if (call->alarm == scheduler->n_alarms)
        ARRAY_ADD(scheduler, alarms);
    else
        alarm_finish(&scheduler->alarms[call->alarm]);
    alarm = &scheduler->alarms[call->alarm];
    *alarm = (struct alarm){.spec = copy.as.put_metric_alarm,
                            .name = names_intern(&scheduler->cluster.names, call->name)};
    watch_init(&alarm->watch, call->evaluation_periods,
               call->datapoints == ID_NONE ? call->evaluation_periods : call->datapoints,
               call->missing);
}

static void gather(struct alarm *alarm, bool is_present, struct ratio value)
{
    alarm->n_gathered++;
    if (!is_present)
        return;
    if (alarm->n_present++ == 0) {
        alarm->sum = alarm->least = alarm->most = value;
        return;
    }
    alarm->sum =
        ratio_of((__int128)alarm->sum.num + value.num, (__int128)alarm->sum.den + value.den);
    if (ratio_order(value, alarm->least) < 0)
        alarm->least = value;
    if (ratio_order(value, alarm->most) > 0)
        alarm->most = value;
}

/* Its statistic over what was gathered; the average weighs each period by what it counted. */
static struct ratio statistic(const struct alarm *alarm)
{
    switch (alarm->spec.statistic) {
    case STATISTIC_SUM:
        return ratio_of((__int128)alarm->sum.num * alarm->n_present, alarm->sum.den);
    case STATISTIC_MINIMUM:
        return alarm->least;
    case STATISTIC_MAXIMUM:
        return alarm->most;
    default:
        return alarm->sum;
    }
}

static bool breaches(const struct put_metric_alarm *spec, struct ratio value)
{
    int order = ratio_compare(value, spec->threshold_milli);

    switch (spec->comparison) {
    case COMPARE_GE:
        return order >= 0;
    case COMPARE_GT:
        return order > 0;
    case COMPARE_LT:
        return order < 0;
    default:
        return order <= 0;
    }
}

static void say(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    const struct alarm *alarm = &scheduler->alarms[id];
    struct alarm_state *said = &decide(scheduler, outputs, MESSAGE_ALARM)->as.alarm;

    said->alarm = id;
    said->status = alarm->watch.status;
    said->value_milli = alarm->has_last ? ratio_milli(alarm->last) : 0;
}

bool alarm_observe(struct scheduler *scheduler, struct outputs *outputs, int id,
                   const struct observe *observe)
{
    struct alarm *alarm = &scheduler->alarms[id];
    struct ratio value = {0, 1};
    bool is_present = metrics_value(&scheduler->cluster, observe, alarm->spec.metric,
                                    alarm->spec.service, alarm->spec.target_group, &value);

    gather(alarm, is_present, value);
    if (alarm->n_gathered < (alarm->spec.period_sec + 59) / 60)
        return false;
    alarm->has_last = alarm->n_present > 0;
    if (alarm->has_last)
        alarm->last = statistic(alarm);
    alarm->n_gathered = alarm->n_present = 0;
    if (watch_add(&alarm->watch, alarm->has_last,
                  alarm->has_last && breaches(&alarm->spec, alarm->last))) {
        say(scheduler, outputs, id);
        if (alarm->watch.status == ALARM_ALARM)
            deployment_note_alarm(scheduler, outputs, alarm->name);
    }
    return true;
}

bool alarm_is_on(const struct scheduler *scheduler, int32_t name)
{
    for (int i = 0; i < scheduler->n_alarms; i++)
        if (scheduler->alarms[i].name == name && scheduler->alarms[i].watch.status == ALARM_ALARM)
            return true;
    return false;
}
