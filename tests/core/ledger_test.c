/*
 * Sums that are exact: hours, parts of instances, and what is rounded only when somebody asks.
 */
#include "core/ledger.h"
#include "core/unit.h"

#include <criterion/criterion.h>

#define HOUR (3600 * USEC_PER_SEC)
#define DOLLAR (INT64_C(1000000000) * LEDGER_UNIT) /* an hour, as a rate */

Test(ledger, an_hour_at_a_dollar_is_a_dollar)
{
    struct ledger ledger = {0};

    ledger_bill(&ledger, 0, DOLLAR, 0, HOUR);
    cr_expect(ledger_nanos(ledger.accounts[1].total) == 1000000000);
    cr_expect(ledger.accounts[1].n_instances == 1 && ledger.accounts[1].instance_usec == HOUR);
    ledger_finish(&ledger);
}

Test(ledger, hours_are_of_the_run_and_sum_to_the_whole)
{
    struct ledger ledger = {0};
    const struct ledger_account *account;

    ledger_bill(&ledger, -1, DOLLAR, HOUR / 2, 2 * HOUR + HOUR / 4);
    account = &ledger.accounts[0];
    cr_assert(account->n_hours == 3);
    cr_expect(ledger_nanos(account->hours[0]) == 500000000);
    cr_expect(ledger_nanos(account->hours[1]) == 1000000000);
    cr_expect(ledger_nanos(account->hours[2]) == 250000000);
    cr_expect(account->hours[0] + account->hours[1] + account->hours[2] == account->total);
    ledger_finish(&ledger);
}

/* Beyond the last hour that is kept everything counts as it. */
Test(ledger, a_run_without_end_has_an_end_of_hours)
{
    struct ledger ledger = {0};
    int64_t from_usec = (int64_t)(LEDGER_HOURS_MAX + 5) * HOUR;

    ledger_bill(&ledger, 0, DOLLAR, from_usec, from_usec + 3 * HOUR);
    cr_expect(ledger.accounts[1].n_hours == LEDGER_HOURS_MAX);
    cr_expect(ledger_nanos(ledger.accounts[1].hours[LEDGER_HOURS_MAX - 1]) == 3000000000);
    ledger_finish(&ledger);
}

/* Three tasks share an instance whose price three does not divide: nobody pays more than there is. */
Test(ledger, parts_never_sum_to_more_than_the_whole)
{
    struct ledger ledger = {0};
    unsigned __int128 paid = 0;

    ledger_bill(&ledger, 0, 100000000007 * LEDGER_UNIT, 0, 7777777);
    for (int service = 0; service < 3; service++)
        ledger_charge(&ledger, 0, service, 100000000007 * LEDGER_UNIT, 7777777, 341, 1023);
    for (int service = 0; service < 3; service++)
        paid += ledger.services[service + 1];
    cr_expect(paid == ledger.accounts[1].used);
    cr_expect(paid <= ledger.accounts[1].total);
    cr_expect(ledger.accounts[1].total - paid < 1024 * 3, "a unit each that no bill shows");
    ledger_finish(&ledger);
}

Test(ledger, nano_dollars_are_rounded_to_the_nearest)
{
    const unsigned __int128 nano = (unsigned __int128)LEDGER_UNIT * HOUR;

    cr_expect(ledger_nanos(0) == 0);
    cr_expect(ledger_nanos(nano / 2 - 1) == 0);
    cr_expect(ledger_nanos(nano / 2) == 1);
    cr_expect(ledger_nanos(nano * 3 / 2) == 2);
    cr_expect(ledger_nanos(nano * INT64_MAX * 4) == INT64_MAX, "more than can be said");
}

/* The dearest instance for two hundred years. */
Test(ledger, sums_do_not_overflow)
{
    struct ledger ledger = {0};

    for (int i = 0; i < 1000; i++)
        ledger_bill(&ledger, 0, LEDGER_PRICE_MAX * LEDGER_UNIT, 0, INT64_C(200) * 8766 * HOUR);
    cr_expect(ledger.accounts[1].total ==
              (unsigned __int128)LEDGER_PRICE_MAX * LEDGER_UNIT * 200 * 8766 * HOUR * 1000);
    ledger_finish(&ledger);
}
