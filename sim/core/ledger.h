/*
 * Who pays what: each instance's and each Fargate task's time at its price, to capacity providers, hours
 * and services. Amounts are LEDGER_UNIT-ths of nano-dollars per hour times microseconds, in 128 bits;
 * they are divided once, when somebody asks for nano-dollars. Knows no instance and no task.
 */
#ifndef BERTH_CORE_LEDGER_H
#define BERTH_CORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

/* Prices per vCPU and GiB divide by 1024. */
#define LEDGER_UNIT 1024

/* $10,000 an hour: sums stay within 128 bits for longer than any run. */
#define LEDGER_PRICE_MAX INT64_C(10000000000000)

/* Hours beyond the last count as the last one: no log makes the list grow without bound. */
#define LEDGER_HOURS_MAX 20000

struct ledger_account {
    unsigned __int128 total, used; /* used: what tasks pay of it */
    int64_t instance_usec;
    int32_t n_instances;
    unsigned __int128 *hours; /* from the start of the run */
    int n_hours, cap_hours;
};

struct ledger {
    struct ledger_account *accounts; /* by capacity provider + 1; 0: without one */
    int n_accounts, cap_accounts;
    unsigned __int128 *services; /* by service + 1; 0: tasks of RunTask */
    int n_services, cap_services;
    bool closed; /* the run is over: nothing costs any more */
};

void ledger_finish(struct ledger *ledger);

/* An instance or a Fargate task of the provider (or ID_NONE) has taken the time. */
void ledger_bill(struct ledger *ledger, int provider, int64_t rate, int64_t from_usec,
                 int64_t to_usec);

/* A task of the service (or ID_NONE) has used `part` of `whole` of it. */
void ledger_charge(struct ledger *ledger, int provider, int service, int64_t rate, int64_t usec,
                   int64_t part, int64_t whole);

/* What that part comes to, and the same for one who pays it later. */
unsigned __int128 ledger_part(int64_t rate, int64_t usec, int64_t part, int64_t whole);
void ledger_pay(struct ledger *ledger, int provider, int service, unsigned __int128 amount);

/* Nano-dollars of an amount, rounded to the nearest. */
int64_t ledger_nanos(unsigned __int128 amount);

uint64_t ledger_hash(const struct ledger *ledger, uint64_t digest);

#endif
