/*
 * Each number of the bill is rounded once, by itself; idle is what is left of the whole.
 */
#include "core/bill.h"

#include "core/array.h"
#include "core/decide.h"

static unsigned __int128 sum(const struct ledger *ledger, bool used)
{
    unsigned __int128 total = 0;

    for (int i = 0; i < ledger->n_accounts; i++)
        total += used ? ledger->accounts[i].used : ledger->accounts[i].total;
    return total;
}

int64_t bill_nanos(const struct scheduler *scheduler)
{
    return ledger_nanos(sum(&scheduler->cluster.ledger, false));
}

int64_t bill_idle_nanos(const struct scheduler *scheduler)
{
    const struct ledger *ledger = &scheduler->cluster.ledger;

    return ledger_nanos(sum(ledger, false) - sum(ledger, true));
}

static void tell_account(struct scheduler *scheduler, int provider,
                         const struct ledger_account *account)
{
    struct bill_parts *parts = &scheduler->bill;
    struct bill_provider *row;

    if (account->n_instances == 0)
        return;
    row = ARRAY_ADD(parts, providers);
    row->provider = provider;
    row->nanos = ledger_nanos(account->total);
    row->idle_nanos = ledger_nanos(account->total - account->used);
    row->instance_usec = account->instance_usec;
    row->n_instances = account->n_instances;
    for (int h = 0; h < account->n_hours; h++)
        if (account->hours[h] > 0)
            *ARRAY_ADD(parts, hours) =
                (struct bill_hour){h, provider, ledger_nanos(account->hours[h])};
}

void bill_tell(struct scheduler *scheduler, struct outputs *outputs)
{
    const struct ledger *ledger = &scheduler->cluster.ledger;
    struct bill_parts *parts = &scheduler->bill;
    struct bill *call;

    if (sum(ledger, false) == 0)
        return;
    for (int i = 0; i < ledger->n_accounts; i++)
        tell_account(scheduler, i - 1, &ledger->accounts[i]);
    for (int i = 0; i < ledger->n_services; i++)
        if (ledger->services[i] > 0)
            *ARRAY_ADD(parts, services) =
                (struct bill_service){i - 1, ledger_nanos(ledger->services[i])};
    call = &decide(scheduler, outputs, MESSAGE_BILL)->as.bill;
    call->nanos = bill_nanos(scheduler);
    call->idle_nanos = bill_idle_nanos(scheduler);
    call->n_providers = parts->n_providers;
    call->providers = parts->providers;
    call->n_services = parts->n_services;
    call->services = parts->services;
    call->n_hours = parts->n_hours;
    call->hours = parts->hours;
}
