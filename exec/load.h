/*
 * Where the requests of a real run come from: one process in the run's cloud that sends the scenario's
 * requests at their times, whatever becomes of them, and asks targets for their health. The times are
 * the keyed draws of the simulation, so both runs send the same requests. It must never judge what it
 * sees: each request and each probe is reported as it went.
 */
#ifndef BERTH_EXEC_LOAD_H
#define BERTH_EXEC_LOAD_H

#include "core/message.h"
#include "exec/helper.h"
#include "exec/scale.h"
#include "file/scenario.h"

#include <stdbool.h>
#include <stdint.h>

struct load {
    struct helper helper;
    int fd; /* readable: there are reports, or its end */
};

#define LOAD_NONE ((struct load){.helper = {.fd = -1}, .fd = -1})

/* What it is to send. All borrowed, the scenario for as long as it runs. */
struct load_job {
    const struct scenario *scenario;
    uint64_t seed;
    struct scale scale;
    int64_t origin_usec; /* CLOCK_MONOTONIC at which the run began */
    uint32_t address;    /* of the balancer, host byte order */
    int32_t port;
};

enum { LOAD_PATH_MAX = 512, LOAD_REPORTS_MAX = 64 };

/* A target to be asked at once and then at each interval. */
struct load_probe {
    int32_t group, task;
    uint32_t address; /* host byte order */
    int32_t port;
    int32_t draws; /* see plans_draws() */
    int64_t interval_usec, timeout_usec;
    char path[LOAD_PATH_MAX];
};

enum load_kind { LOAD_REQUEST_ENDED, LOAD_PROBE_ENDED };

/* Times are microseconds since the run began. */
struct load_report {
    enum load_kind kind;
    int32_t group; /* that answered or that the target is of; ID_NONE: nobody has said so */
    int32_t task;  /* of a probe, or the target that got the request; ID_NONE: likewise */
    int32_t source;
    int32_t draw;   /* between 0 and 999: see haproxy.h */
    int32_t status; /* of HTTP; 0: there was no answer */
    int64_t number; /* of the request among its source's, from 0 */
    int64_t scheduled_usec, sent_usec, ended_usec;
};

bool load_start(struct load *load, const struct helper_place *place, const struct load_job *job,
                struct err *err);
void load_stop(struct load *load, const struct cgroup_machine *cgroups);

/* False where it has ended. */
bool load_ask(const struct load *load, const struct load_probe *probe);
bool load_forget(const struct load *load, int32_t group, int32_t task);

/* No request begins from now on. */
bool load_end(const struct load *load);

/* What has been reported and not been read yet, up to LOAD_REPORTS_MAX; 0: nothing now; -1: it has
 * ended. */
int load_hear(const struct load *load, struct load_report *reports);

#endif
