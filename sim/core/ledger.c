/*
 * Adding up. The sums are exact but for what a task uses of an instance, which is rounded down to a unit
 * that no bill shows; what nobody uses is what is left, so the two always sum to the whole.
 */
#include "core/ledger.h"

#include "core/array.h"
#include "core/draw.h"
#include "core/unit.h"

#include <stdlib.h>

#define HOUR_USEC (3600 * USEC_PER_SEC)

void ledger_finish(struct ledger *ledger)
{
    for (int i = 0; i < ledger->n_accounts; i++)
        free(ledger->accounts[i].hours);
    free(ledger->accounts);
    free(ledger->services);
    *ledger = (struct ledger){0};
}

static struct ledger_account *account_of(struct ledger *ledger, int provider)
{
    while (ledger->n_accounts <= provider + 1)
        ARRAY_ADD(ledger, accounts);
    return &ledger->accounts[provider + 1];
}

static void add_hours(struct ledger_account *account, int64_t rate, int64_t from_usec,
                      int64_t to_usec)
{
    while (from_usec < to_usec) {
        int64_t hour = from_usec / HOUR_USEC;
        int64_t end_usec = (hour + 1) * HOUR_USEC;

        if (hour >= LEDGER_HOURS_MAX - 1) {
            hour = LEDGER_HOURS_MAX - 1;
            end_usec = to_usec;
        }
        if (end_usec > to_usec)
            end_usec = to_usec;
        while (account->n_hours <= hour)
            ARRAY_ADD(account, hours);
        account->hours[hour] +=
            (unsigned __int128)(uint64_t)rate * (uint64_t)(end_usec - from_usec);
        from_usec = end_usec;
    }
}

void ledger_bill(struct ledger *ledger, int provider, int64_t rate, int64_t from_usec,
                 int64_t to_usec)
{
    struct ledger_account *account = account_of(ledger, provider);

    account->total += (unsigned __int128)(uint64_t)rate * (uint64_t)(to_usec - from_usec);
    if (account->instance_usec < USEC_NEVER - (to_usec - from_usec))
        account->instance_usec += to_usec - from_usec;
    account->n_instances++;
    if (rate > 0)
        add_hours(account, rate, from_usec, to_usec);
}

unsigned __int128 ledger_part(int64_t rate, int64_t usec, int64_t part, int64_t whole)
{
    unsigned __int128 amount = (unsigned __int128)(uint64_t)rate * (uint64_t)usec;

    if (part >= whole)
        return amount;
    return amount / (uint64_t)whole * (uint64_t)part +
           amount % (uint64_t)whole * (uint64_t)part / (uint64_t)whole;
}

void ledger_charge(struct ledger *ledger, int provider, int service, int64_t rate, int64_t usec,
                   int64_t part, int64_t whole)
{
    ledger_pay(ledger, provider, service, ledger_part(rate, usec, part, whole));
}

void ledger_pay(struct ledger *ledger, int provider, int service, unsigned __int128 amount)
{
    account_of(ledger, provider)->used += amount;
    while (ledger->n_services <= service + 1)
        ARRAY_ADD(ledger, services);
    ledger->services[service + 1] += amount;
}

int64_t ledger_nanos(unsigned __int128 amount)
{
    const unsigned __int128 unit = (unsigned __int128)LEDGER_UNIT * HOUR_USEC;

    amount = (amount + unit / 2) / unit;
    return amount < INT64_MAX ? (int64_t)amount : INT64_MAX;
}

uint64_t ledger_hash(const struct ledger *ledger, uint64_t digest)
{
    for (int i = 0; i < ledger->n_accounts; i++) {
        digest = draw_mix(digest ^ (uint64_t)ledger->accounts[i].total);
        digest = draw_mix(digest ^ (uint64_t)(ledger->accounts[i].total >> 64));
        digest = draw_mix(digest ^ (uint64_t)ledger->accounts[i].used);
    }
    return digest;
}
