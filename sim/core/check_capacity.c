/*
 * What must hold of groups, capacity providers, strategies and the bill: recounted, with nothing of the
 * code that keeps them.
 */
#include "core/check_inside.h"

static bool is_up(const struct instance *instance)
{
    return instance->status != INSTANCE_INACTIVE;
}

static bool group_is_listed(const struct cluster *cluster, int g, const struct finding *finding)
{
    int n = 0, before = ID_NONE;

    for (int i = cluster->groups[g].first_up; i != ID_NONE; i = cluster->instances[i].next_up) {
        const struct instance *instance = &cluster->instances[i];

        if (n++ > cluster->n_instances || instance->group != g || instance->prev_up != before ||
            !is_up(instance))
            FAIL(finding, "i%d does not belong in the list of group %d", i + 1, g);
        before = i;
    }
    for (int i = 0; i < cluster->n_instances; i++)
        n -= cluster->instances[i].group == g && is_up(&cluster->instances[i]);
    if (n != 0)
        FAIL(finding, "group %d lists %d more instances than it has", g, n);
    return true;
}

/* An Auto Scaling group has what it wants at most, and wants what it may. */
bool check_groups(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int g = 0; g < cluster->n_groups; g++) {
        const struct group *group = &cluster->groups[g];
        int n_in = 0, n_spot = 0;

        for (int i = 0; i < cluster->n_instances; i++) {
            const struct instance *instance = &cluster->instances[i];

            if (instance->group != g || !is_up(instance) || instance->leaving)
                continue;
            n_in++;
            n_spot += instance->spot;
        }
        if (n_in != group->n_in || n_spot != group->n_spot)
            FAIL(finding, "group %d keeps %d instances, %d Spot; recounted %d, %d", g, group->n_in,
                 group->n_spot, n_in, n_spot);
        if (group->spec.kind == GROUP_AUTO_SCALING &&
            (group->desired > group->spec.maximum ||
             (group->spec.replace && group->desired < group->spec.minimum)))
            FAIL(finding, "group %d wants %d instances, and may have %d to %d", g, group->desired,
                 group->spec.minimum, group->spec.maximum);
        if (group->spec.kind != GROUP_FARGATE && n_in > group->desired)
            FAIL(finding, "group %d has %d instances and wants %d", g, n_in, group->desired);
        if (!group_is_listed(cluster, g, finding))
            return false;
    }
    return true;
}

/* An instance whose place was given up takes no more tasks, and is waited for. */
bool check_leaving(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int i = 0; i < cluster->n_instances; i++) {
        const struct instance *instance = &cluster->instances[i];
        bool listed = false;

        if (!instance->leaving || !is_up(instance) || instance->status == INSTANCE_DEREGISTERING)
            continue;
        for (int l = 0; l < scheduler->n_leaving; l++)
            listed = listed || scheduler->leaving[l] == i;
        if (!listed)
            FAIL(finding, "i%d is to go and nobody waits for it", i + 1);
        if (instance->drain_until_usec <= scheduler->now_usec)
            FAIL(finding, "i%d should have gone by now", i + 1);
    }
    return true;
}

static bool chain_is_sound(const struct cluster *cluster, int first, const struct finding *finding)
{
    int n_bases = 0, n_weights = 0, n = 0;

    for (int r = first; r != ID_NONE; r = cluster->requests[r].next_share, n++) {
        const struct request *request = &cluster->requests[r];

        if (n > cluster->n_requests || request->chain != first || request->provider == ID_NONE ||
            request->share.provider != request->provider ||
            cluster->providers[request->provider].spec.group != request->group)
            FAIL(finding, "request %d does not belong in the chain of request %d", r, first);
        if (cluster->providers[request->provider].is_fargate !=
            cluster->providers[cluster->requests[first].provider].is_fargate)
            FAIL(finding, "the chain of request %d mixes Fargate and groups", first);
        n_bases += request->share.base > 0;
        n_weights += request->share.weight > 0;
    }
    if (n_bases > 1 || n_weights == 0)
        FAIL(finding, "the chain of request %d has %d bases and %d weights", first, n_bases,
             n_weights);
    return true;
}

/* Requests count their tasks; those of a strategy stand in a chain that is sound. */
bool check_chains(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int r = 0; r < cluster->n_requests; r++) {
        const struct request *request = &cluster->requests[r];
        int n = 0;

        for (int t = 0; t < cluster->n_tasks; t++)
            n += cluster->tasks[t].request == r && cluster->tasks[t].desired == TASK_RUNNING;
        if (n != request->n_wanted)
            FAIL(finding, "request %d keeps %d wanted tasks, recounted %d", r, request->n_wanted,
                 n);
        if (request->chain == r && request->provider != ID_NONE &&
            !chain_is_sound(cluster, r, finding))
            return false;
    }
    return true;
}

/* A task runs where its capacity provider has its instances; a micro-VM has the task it was made for,
 * and no other. */
bool check_homes(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    int n_fargate = 0;

    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct task *task = &cluster->tasks[t];
        const struct request *request = &cluster->requests[task->request];
        const struct instance *instance;

        if (task->last == TASK_PROVISIONING)
            n_fargate +=
                request->provider != ID_NONE && cluster->providers[request->provider].is_fargate;
        if (task->instance == ID_NONE || task->last == TASK_STOPPED)
            continue;
        instance = &cluster->instances[task->instance];
        if (request->group != ID_NONE && instance->group != request->group)
            FAIL(finding, "t%d is on i%d of group %d, its provider has group %d", t + 1,
                 task->instance + 1, instance->group, request->group);
        if (instance->is_vm && (instance->bound_task != t || instance->n_tasks != 1))
            FAIL(finding, "t%d is on i%d, a micro-VM for t%d with %d tasks", t + 1,
                 task->instance + 1, instance->bound_task + 1, instance->n_tasks);
    }
    if (n_fargate != scheduler->n_waiting_fargate)
        FAIL(finding, "%d tasks wait for Fargate, recounted %d", scheduler->n_waiting_fargate,
             n_fargate);
    return true;
}

/* Nothing costs twice: who is gone stands in the ledger once, who runs does not, and what services and
 * hours pay is what providers cost. */
bool check_bill(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    const struct ledger *ledger = &cluster->ledger;
    unsigned __int128 used = 0, paid = 0;
    int n_billed = 0, n_listed = 0;

    for (int i = 0; i < cluster->n_instances; i++) {
        const struct instance *instance = &cluster->instances[i];
        bool gone = !is_up(instance) || instance->status == INSTANCE_DEREGISTERING;

        if (!ledger->closed && gone != instance->billed)
            FAIL(finding, "i%d is %s and %s", i + 1, gone ? "gone" : "up",
                 instance->billed ? "billed" : "not billed");
        n_billed += instance->billed &&
                    (!instance->is_vm || cluster->tasks[instance->bound_task].instance == i);
    }
    for (int a = 0; a < ledger->n_accounts; a++) {
        const struct ledger_account *account = &ledger->accounts[a];
        unsigned __int128 hours = 0;

        for (int h = 0; h < account->n_hours; h++)
            hours += account->hours[h];
        if (hours != account->total || (ledger->closed && account->used > account->total))
            FAIL(finding, "account %d: its hours are another sum, or more is used than it has", a);
        n_listed += account->n_instances;
        used += account->used;
    }
    for (int s = 0; s < ledger->n_services; s++)
        paid += ledger->services[s];
    if (paid != used)
        FAIL(finding, "services pay another sum than instances are used for");
    if (n_listed != n_billed)
        FAIL(finding, "%d instances are billed, %d stand in the ledger", n_billed, n_listed);
    return true;
}
