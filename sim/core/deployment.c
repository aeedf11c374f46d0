/*
 * A deployment from its beginning to its end. A rolling one is done when the service is steady; the
 * others go through ECS's life-cycle stages, whose hooks berth passes at once.
 */
#include "core/deployment.h"

#include "core/alarm.h"
#include "core/capacity.h"
#include "core/decide.h"
#include "core/limits.h"
#include "core/service.h"

static struct service *get(struct scheduler *scheduler, int service)
{
    return &scheduler->cluster.services[service];
}

static struct deployment *primary_of(struct service *service)
{
    return &service->deployments[service->primary];
}

static void say(struct scheduler *scheduler, struct outputs *outputs, int id, int number)
{
    const struct service *service = get(scheduler, id);
    const struct deployment *deployment = &service->deployments[number];
    struct deployment_state *said = &decide(scheduler, outputs, MESSAGE_DEPLOYMENT)->as.deployment;

    said->service = id;
    said->deployment = number;
    said->taskdef = deployment->taskdef;
    said->status = deployment->status;
    said->rollout = deployment->rollout;
    said->stage = deployment->stage;
    said->reason = deployment->reason;
    said->n_failed = deployment->n_failed;
    if (service->settings.breaker.enable)
        said->threshold = limits_threshold(service->desired, &service->settings.breaker);
}

static void say_event(struct scheduler *scheduler, struct outputs *outputs, int id, int number,
                      enum service_event_code code)
{
    service_say(scheduler, outputs, id, code)->deployment = number;
}

/* Traffic -------------------------------------------------------------------------------------- */

static int32_t group_on(const struct deployment *deployment, int balancer, bool alternate)
{
    return alternate ? deployment->balancers[balancer].alternate
                     : deployment->balancers[balancer].target_group;
}

int32_t deployment_group(const struct deployment *deployment, int balancer)
{
    return group_on(deployment, balancer, deployment->is_alternate);
}

bool deployment_shares_groups(const struct deployment *deployment, const struct deployment *other,
                              bool alternate)
{
    for (int i = 0; i < deployment->n_balancers; i++)
        for (int j = 0; j < other->n_balancers; j++)
            if (group_on(deployment, i, alternate) != ID_NONE &&
                group_on(deployment, i, alternate) == deployment_group(other, j))
                return true;
    return false;
}

/* Requests find both by the same target groups. */
static bool has_same_groups(const struct deployment *a, const struct deployment *b)
{
    for (int i = 0; i < a->n_balancers; i++)
        if (i >= b->n_balancers || deployment_group(a, i) != deployment_group(b, i))
            return false;
    return true;
}

/* `permille` of the traffic goes to the primary deployment, the rest to the one that served so far. */
static void shift(struct scheduler *scheduler, struct outputs *outputs, int id, int32_t permille,
                  bool test)
{
    struct service *service = get(scheduler, id);
    struct deployment *to = primary_of(service);
    const struct deployment *from =
        service->serving == ID_NONE ? to : &service->deployments[service->serving];

    for (int i = 0; i < to->n_balancers; i++) {
        struct shift_traffic *said;

        if (test && !to->balancers[i].test_traffic)
            continue;
        said = &decide(scheduler, outputs, MESSAGE_SHIFT_TRAFFIC)->as.shift_traffic;
        said->service = id;
        said->to = deployment_group(to, i);
        said->from = i < from->n_balancers ? deployment_group(from, i) : said->to;
        said->permille = permille;
        said->test = test;
    }
    if (!test)
        to->permille = permille;
}

void deployment_say_traffic(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    shift(scheduler, outputs, id, 1000, false);
}

/* Beginning ------------------------------------------------------------------------------------ */

/* What was primary gives way; traffic it had been given goes back to where all of it last was. */
static void supersede(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *old = primary_of(service);

    if (service->serving != ID_NONE && service->serving != service->primary && old->permille > 0)
        shift(scheduler, outputs, id, 0, false);
    old->is_left = old->stage != STAGE_NONE && old->stage < STAGE_CLEAN_UP && old->n_balancers > 0;
    old->permille = 0;
    old->status = DEPLOYMENT_ACTIVE;
    old->due_usec = USEC_NEVER;
    if (old->rollout == ROLLOUT_IN_PROGRESS)
        old->reason = DEPLOYMENT_SUPERSEDED;
    old->stage = STAGE_NONE;
    say(scheduler, outputs, id, service->primary);
}

static void note_alarms(const struct scheduler *scheduler, const struct service *service,
                        struct deployment *deployment)
{
    for (int i = 0; i < service->n_alarm_names && i < 64; i++)
        if (alarm_is_on(scheduler, service->alarm_names[i]))
            deployment->ignored_alarms |= UINT64_C(1) << i;
}

void deployment_renew_alarms(struct scheduler *scheduler, int id)
{
    struct deployment *primary = primary_of(get(scheduler, id));

    primary->ignored_alarms = 0;
    note_alarms(scheduler, get(scheduler, id), primary);
}

/* The deployment that has the traffic keeps it until it is moved, and so its tasks. */
static void keep_serving(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);

    if (service->deployments[service->serving].status != DEPLOYMENT_INACTIVE)
        return;
    service->deployments[service->serving].status = DEPLOYMENT_ACTIVE;
    say(scheduler, outputs, id, service->serving);
}

/* A new deployment's targets stand where those that serve do not, or, where it is rolled out among them, where they
 * do, if that is still one of its groups. */
static void choose_groups(struct scheduler *scheduler, struct outputs *outputs, int id, int old)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = primary_of(service);
    const struct deployment *serving = &service->deployments[service->serving];
    bool shifts = service->settings.strategy != DEPLOYMENT_ROLLING;

    if (service->serving != ID_NONE && shifts) {
        deployment->is_alternate = deployment_shares_groups(deployment, serving, false);
        deployment->stage = STAGE_RECONCILE_SERVICE;
        keep_serving(scheduler, outputs, id);
    } else if (service->serving != ID_NONE) {
        deployment->is_alternate = !deployment_shares_groups(deployment, serving, false) &&
                                   deployment_shares_groups(deployment, serving, true);
    } else if (!has_same_groups(deployment, &service->deployments[old])) {
        /* The first one was replaced before it was done. */
        if (shifts)
            deployment_say_traffic(scheduler, outputs, id);
        else
            service->serving = old;
    }
}

void deployment_begin(struct scheduler *scheduler, struct outputs *outputs, int id, int taskdef)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment;
    bool first = service->n_deployments == 0;
    int old = service->primary;

    if (!first)
        supersede(scheduler, outputs, id);
    if (!first)
        service->request =
            capacity_renew_request(&scheduler->cluster, service->request, taskdef, NULL, 0);
    service->primary = cluster_add_deployment(service, taskdef);
    primary_of(service)->request = service->request;
    service->taskdef = taskdef;
    deployment = primary_of(service);
    if (!first)
        choose_groups(scheduler, outputs, id, old);
    note_alarms(scheduler, service, deployment);
    service->n_failures = service->n_crashes = 0; /* a new deployment clears the throttle */
    service->retry_at_usec = 0;
    if (service->said_rebalancing)
        service_say(scheduler, outputs, id, EVENT_REBALANCING_STOPPED);
    service->is_steady = service->is_rebalancing = service->said_rebalancing = false;
    say(scheduler, outputs, id, service->primary);
}

/* Ends ----------------------------------------------------------------------------------------- */

static void complete(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = primary_of(service);

    deployment->rollout = ROLLOUT_COMPLETED;
    deployment->reason = DEPLOYMENT_STEADY;
    deployment->was_completed = true;
    deployment->stage = STAGE_NONE;
    deployment->is_rollback = false;
    deployment->n_failed = 0;
    deployment->permille = 0;
    service->serving = service->primary;
    say(scheduler, outputs, id, service->primary);
    say_event(scheduler, outputs, id, service->primary, EVENT_DEPLOYMENT_COMPLETED);
}

/* The newest deployment that was COMPLETED, or ID_NONE. */
static int last_completed(const struct service *service)
{
    if (service->serving != ID_NONE && service->serving != service->primary &&
        service->deployments[service->serving].was_completed)
        return service->serving;
    for (int i = service->n_deployments - 1; i >= 0; i--)
        if (i != service->primary && service->deployments[i].was_completed)
            return i;
    return ID_NONE;
}

static void roll_back(struct scheduler *scheduler, struct outputs *outputs, int id, int to)
{
    struct service *service = get(scheduler, id);
    struct deployment *failed = primary_of(service), *back = &service->deployments[to];

    if (service->serving != service->primary && failed->permille > 0)
        shift(scheduler, outputs, id, 0, false);
    failed->status = DEPLOYMENT_ACTIVE;
    failed->is_left = failed->stage != STAGE_NONE && failed->n_balancers > 0;
    failed->stage = STAGE_NONE;
    failed->permille = 0;
    service->primary = to;
    service->taskdef = back->taskdef;
    service->n_balancers = back->n_balancers;
    service->balancers = back->balancers;
    service->n_failures = service->n_crashes = 0;
    service->retry_at_usec = 0;
    service->is_steady = false;
    back->status = DEPLOYMENT_PRIMARY;
    back->rollout = ROLLOUT_IN_PROGRESS;
    back->reason = DEPLOYED_BY_ROLLBACK;
    back->is_rollback = true;
    back->said_stuck = back->is_left = false;
    back->stage = STAGE_NONE;
    say(scheduler, outputs, id, to);
    say_event(scheduler, outputs, id, to, EVENT_ROLLING_BACK);
}

static void fail(struct scheduler *scheduler, struct outputs *outputs, int id,
                 enum deployment_reason reason, bool rolls_back)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = primary_of(service);
    int to = rolls_back ? last_completed(service) : ID_NONE;

    deployment->rollout = ROLLOUT_FAILED;
    deployment->reason = reason;
    deployment->due_usec = USEC_NEVER;
    say(scheduler, outputs, id, service->primary);
    say_event(scheduler, outputs, id, service->primary, EVENT_DEPLOYMENT_FAILED);
    if (to != ID_NONE)
        roll_back(scheduler, outputs, id, to);
    service_touch(scheduler, id);
}

void deployment_note_failure(struct scheduler *scheduler, struct outputs *outputs, int id,
                             int number, bool was_running)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = &service->deployments[number];
    const struct circuit_breaker *breaker = &service->settings.breaker;

    /* A rollback has nothing to fall back on: it goes on trying. */
    if (number != service->primary || deployment->rollout != ROLLOUT_IN_PROGRESS ||
        deployment->is_rollback || was_running != deployment->has_run)
        return;
    deployment->n_failed++;
    if (breaker->enable && deployment->stage == STAGE_NONE &&
        deployment->n_failed >= limits_threshold(service->desired, breaker))
        fail(scheduler, outputs, id, DEPLOYMENT_TASKS_FAILED, breaker->rollback);
}

void deployment_note_healthy(struct scheduler *scheduler, int id, int number)
{
    struct service *service = get(scheduler, id);

    if (!service->settings.breaker.cumulative)
        service->deployments[number].n_failed = 0;
}

void deployment_note_alarm(struct scheduler *scheduler, struct outputs *outputs, int32_t name)
{
    for (int id = 0; id < scheduler->cluster.n_services; id++) {
        struct service *service = get(scheduler, id);

        if (!service->settings.has_alarms || service->status != SERVICE_ACTIVE ||
            primary_of(service)->rollout != ROLLOUT_IN_PROGRESS ||
            primary_of(service)->is_rollback ||
            primary_of(service)->stage ==
                STAGE_CLEAN_UP) /* the bake is over: nothing to go back to */
            continue;
        for (int i = 0; i < service->n_alarm_names; i++) {
            bool ignored = i < 64 && (primary_of(service)->ignored_alarms >> i & 1);

            if (service->alarm_names[i] != name || ignored)
                continue;
            fail(scheduler, outputs, id, DEPLOYMENT_ALARM_WENT_OFF,
                 service->settings.alarms_roll_back);
            break;
        }
    }
}

/* Stages --------------------------------------------------------------------------------------- */

static void wait_for(struct scheduler *scheduler, struct deployment *deployment, int32_t minutes)
{
    int64_t usec = scheduler->rules.minute_usec;

    usec = minutes > 0 && usec > USEC_MAX / minutes ? USEC_MAX : usec * minutes;
    deployment->due_usec = scheduler->now_usec + usec;
}

/* The next share of traffic; true once all of it has moved. */
static bool shift_more(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = primary_of(service);
    const struct service_settings *settings = &service->settings;
    int32_t permille = 1000, minutes = 0;

    if (deployment->permille >= 1000)
        return true;
    if (settings->strategy == DEPLOYMENT_CANARY && deployment->permille == 0) {
        permille = settings->canary_permille;
        minutes = settings->canary_bake_minutes;
    } else if (settings->strategy == DEPLOYMENT_LINEAR) {
        permille = limits_shifted(settings->step_permille,
                                  deployment->permille / settings->step_permille + 1);
        minutes = settings->step_bake_minutes;
    }
    shift(scheduler, outputs, id, permille, false);
    if (permille < 1000)
        wait_for(scheduler, primary_of(service), minutes);
    return permille >= 1000;
}

void deployment_follow_tasks(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *primary = primary_of(service);
    int32_t permille = 1000;

    if (service->serving == ID_NONE || service->serving == service->primary ||
        primary->stage != STAGE_NONE || primary->n_healthy == 0 ||
        has_same_groups(primary, &service->deployments[service->serving]))
        return;
    if (primary->n_healthy < service->n_healthy && primary->n_healthy < service->desired)
        permille = (int32_t)((int64_t)primary->n_healthy * 1000 / service->desired);
    if (permille != primary->permille)
        shift(scheduler, outputs, id, permille, false);
    if (permille == 1000)
        service->serving = service->primary;
}

/* What the stage waits for has come, so that the next one begins. */
static bool stage_is_over(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = primary_of(service);

    if (deployment->due_usec != USEC_NEVER) {
        if (deployment->due_usec > scheduler->now_usec) {
            decide_by(scheduler, deployment->due_usec);
            return false;
        }
        deployment->due_usec = USEC_NEVER;
        if (deployment->stage == STAGE_BAKE_TIME)
            return true;
    }
    switch (deployment->stage) {
    case STAGE_SCALE_UP:
        return deployment->n_healthy >= service->desired;
    case STAGE_TEST_TRAFFIC_SHIFT:
        shift(scheduler, outputs, id, 1000, true);
        return true;
    case STAGE_PRODUCTION_TRAFFIC_SHIFT:
        if (shift_more(scheduler, outputs, id))
            return true;
        return stage_is_over(scheduler, outputs,
                             id); /* asks for the deadline, or goes on at once */
    case STAGE_BAKE_TIME:
        wait_for(scheduler, deployment, service->settings.bake_minutes);
        return stage_is_over(scheduler, outputs, id);
    case STAGE_CLEAN_UP:
        return deployment->n_live == service->n_live && deployment->n_healthy == service->desired &&
               deployment->n_wanted == service->desired;
    default:
        return true;
    }
}

static void go_through_stages(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *deployment = primary_of(service);

    while (deployment->rollout == ROLLOUT_IN_PROGRESS && stage_is_over(scheduler, outputs, id)) {
        if (deployment->stage == STAGE_CLEAN_UP) {
            complete(scheduler, outputs, id);
            return;
        }
        deployment->stage++;
        if (deployment->stage ==
            STAGE_CLEAN_UP) { /* it has all of the traffic: what fails later comes back to it */
            service->deployments[service->serving].is_left = deployment->n_balancers > 0;
            service->serving = service->primary;
            deployment->was_completed = true;
        }
        say(scheduler, outputs, id, service->primary);
    }
}

/* The service is as it should be, and nothing of it is on its way. */
static bool is_steady(const struct service *service)
{
    const struct deployment *primary = &service->deployments[service->primary];

    return primary->n_wanted == service->desired && primary->n_healthy == service->desired &&
           primary->n_outdated == 0 && service->n_live == service->desired;
}

/* Old deployments that have no task left are over. */
static void end_old(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);

    for (int i = 0; i < service->n_deployments; i++) {
        struct deployment *deployment = &service->deployments[i];

        if (deployment->status != DEPLOYMENT_ACTIVE || deployment->n_live > 0 ||
            service_keeps(service, i))
            continue;
        deployment->status = DEPLOYMENT_INACTIVE;
        say(scheduler, outputs, id, i);
    }
}

void deployment_advance(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct deployment *primary = primary_of(service);
    bool steady;

    if (service->status != SERVICE_ACTIVE)
        return;
    if (primary->rollout == ROLLOUT_IN_PROGRESS && primary->stage != STAGE_NONE)
        go_through_stages(scheduler, outputs, id);
    deployment_follow_tasks(scheduler, outputs, id);
    end_old(scheduler, outputs, id);
    steady = is_steady(service);
    primary = primary_of(service);
    if (steady && primary->rollout == ROLLOUT_IN_PROGRESS && primary->stage == STAGE_NONE)
        complete(scheduler, outputs, id);
    if (steady && !service->is_steady && primary->stage == STAGE_NONE)
        service_say(scheduler, outputs, id, EVENT_STEADY)->count = service->desired;
    service->is_steady = steady;
}
