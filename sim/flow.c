/*
 * Targets that fare alike to within a few percent are put together before their latencies are spread
 * over buckets, which is the costly part.
 */
#include "flow.h"

#include "core/array.h"

#include <stdlib.h>
#include <string.h>

void flow_init(struct flow *flow, struct traffic *traffic, struct fleet *fleet)
{
    *flow = (struct flow){.traffic = traffic, .fleet = fleet};
}

void flow_finish(struct flow *flow)
{
    for (int i = 0; i < flow->n_known; i++)
        free(flow->known[i].service);
    free(flow->known);
    free(flow->stations);
    free(flow->groups);
    free(flow->hosts);
    *flow = (struct flow){0};
}

static const struct fluid_service *service_of(struct flow *flow,
                                              const struct request_behaviour *behaviour)
{
    struct flow_known *known;

    for (int i = 0; i < flow->n_known; i++)
        if (flow->known[i].behaviour == behaviour)
            return flow->known[i].service;
    known = ARRAY_ADD(flow, known);
    known->behaviour = behaviour;
    known->service = malloc(sizeof *known->service);
    fluid_service_init(known->service, behaviour);
    return known->service;
}

static void grow(struct flow *flow)
{
    const struct traffic *traffic = flow->traffic;

    while (flow->n_stations < traffic->n_stations)
        ARRAY_ADD(flow, stations);
    while (flow->n_groups < traffic->n_groups)
        fluid_latency_init(&ARRAY_ADD(flow, groups)->latency);
    while (flow->fleet && flow->n_hosts < flow->fleet->n_instances)
        ARRAY_ADD(flow, hosts);
}

/* What comes ------------------------------------------------------------------------------------- */

static double requests_of(const struct load_source *load, int64_t from_usec, int64_t to_usec)
{
    if (from_usec < load->from_usec)
        from_usec = load->from_usec;
    if (to_usec > load->to_usec)
        to_usec = load->to_usec;
    if (from_usec >= to_usec)
        return 0;
    return rate_curve_requests(&load->curve, from_usec - load->from_usec,
                               to_usec - load->from_usec);
}

static void offer(struct flow *flow, int64_t to_usec)
{
    for (int g = 0; g < flow->n_groups; g++)
        flow->groups[g].offered = 0;
    for (int i = 0; i < flow->traffic->n_sources; i++) {
        const struct traffic_source *source = &flow->traffic->sources[i];
        double n = requests_of(source->load, flow->at_usec, to_usec);

        if (source->to == ID_NONE || source->over)
            continue;
        if (source->from == source->to) {
            flow->groups[source->to].offered += n;
            continue;
        }
        flow->groups[source->to].offered += n * source->permille / 1000;
        flow->groups[source->from].offered += n * (1000 - source->permille) / 1000;
    }
}

/* Each target's part, as its balancer would give it over the stretch. */
static void share_out(struct flow *flow, int32_t index, int64_t middle_usec)
{
    const struct traffic_group *group = &flow->traffic->groups[index];
    const struct balancer *balancer = &group->balancer;
    double weights = 0, offered = flow->groups[index].offered;

    for (int i = 0; i < balancer->n_routed; i++)
        weights += (double)balancer_weight(balancer, middle_usec, balancer->routed[i]);
    if (balancer->n_routed == 0)
        flow->groups[index].n_rejected += offered;
    for (int i = 0; i < balancer->n_routed; i++) {
        int32_t target = balancer->routed[i];
        int32_t station = group->stations[target];
        double n = offered * (double)balancer_weight(balancer, middle_usec, target) / weights;

        flow->groups[index].n_sent += n;
        if (flow->traffic->stations[station].open)
            flow->stations[station].requests += n;
        else
            flow->groups[index].n_errors += n;
    }
}

/* CPUs ------------------------------------------------------------------------------------------- */

static double weight_of(const struct traffic_station *station, const struct flow *flow)
{
    double cpu = taskdef_cpu(fleet_definition(flow->fleet, station->task));

    return cpu > 2 ? cpu : 2;
}

static double wanted_cpus(const struct flow_station *station, double usec)
{
    double wanted = station->service ? (station->requests + station->backlog) *
                                           station->service->work_usec / usec
                                     : 0;

    return station->service && wanted > station->service->concurrency
               ? station->service->concurrency
               : wanted;
}

static void sum_hosts(struct flow *flow, double usec)
{
    for (int i = 0; i < flow->n_hosts; i++)
        flow->hosts[i] = (struct flow_host){.cpus = fleet_cpus(flow->fleet, i)};
    for (int i = 0; i < flow->n_stations; i++) {
        const struct traffic_station *station = &flow->traffic->stations[i];
        struct flow_host *host;

        if (!station->open)
            continue;
        flow->stations[i].service = service_of(flow, station->behaviour);
        if (!flow->fleet)
            continue;
        host = &flow->hosts[fleet_instance_of(flow->fleet, station->task)];
        host->wanted += wanted_cpus(&flow->stations[i], usec);
        host->weights += weight_of(station, flow);
    }
}

/* What the others leave, at least its part by weight, at most its quota. */
static double cpus_for(const struct flow *flow, int32_t index, double usec)
{
    const struct traffic_station *station = &flow->traffic->stations[index];
    const struct flow_host *host;
    double rest, part, quota;

    if (!flow->fleet)
        return 1e6; /* a CPU for each request */
    host = &flow->hosts[fleet_instance_of(flow->fleet, station->task)];
    rest = host->cpus - (host->wanted - wanted_cpus(&flow->stations[index], usec));
    part = host->cpus * weight_of(station, flow) / host->weights;
    quota = (double)fleet_definition(flow->fleet, station->task)->cpu / CPU_UNITS_PER_VCPU;
    if (rest < part)
        rest = part;
    return quota > 0 && rest > quota ? quota : rest;
}

/* How they fare ---------------------------------------------------------------------------------- */

#define HEAPS 8

/* Targets that fare alike. */
struct heap {
    const struct fluid_service *service;
    int32_t key[4];
    struct fluid_result result;
    double n;
};

static void spread(struct flow_group *group, struct heap *heaps, int n)
{
    for (int i = 0; i < n; i++)
        fluid_latency_add(&group->latency, heaps[i].service, &heaps[i].result, heaps[i].n);
}

static int collect(struct flow_group *group, struct heap *heaps, int n,
                   const struct fluid_service *service, const struct fluid_result *result)
{
    const int32_t key[] = {histogram_bucket((int64_t)(result->stretch * 100)),
                           histogram_bucket((int64_t)(result->waits * result->line_usec)),
                           histogram_bucket((int64_t)(result->waits * result->shared * 100)),
                           histogram_bucket((int64_t)result->delay_usec)};

    for (int i = 0; i < n; i++)
        if (heaps[i].service == service && memcmp(heaps[i].key, key, sizeof key) == 0) {
            heaps[i].n += result->n_served;
            return n;
        }
    if (n == HEAPS) {
        spread(group, heaps, n);
        n = 0;
    }
    heaps[n] = (struct heap){.service = service, .result = *result, .n = result->n_served};
    memcpy(heaps[n].key, key, sizeof key);
    return n + 1;
}

/* Most targets of a group get as much as their neighbours: answers are asked for once. */
#define ASKED 8

struct asked {
    const struct fluid_service *service;
    double requests, cpus;
    struct fluid_result result;
};

static struct fluid_result ask(struct asked *asked, struct flow_station *station,
                               const struct fluid_flow *flow, int *n)
{
    struct asked *slot;

    if (station->backlog > 0)
        return fluid_serve(station->service, flow, &station->backlog);
    for (int i = 0; i < ASKED; i++)
        if (asked[i].service == station->service && asked[i].requests == flow->requests &&
            asked[i].cpus == flow->cpus)
            return asked[i].result;
    slot = &asked[(*n)++ % ASKED];
    slot->service = station->service;
    slot->requests = flow->requests;
    slot->cpus = flow->cpus;
    slot->result = fluid_serve(station->service, flow, &station->backlog);
    if (station->backlog > 0) /* the next one's own */
        slot->service = NULL;
    return slot->result;
}

static void serve_group(struct flow *flow, int32_t index, double usec, double variation,
                        double timeout_usec)
{
    const struct traffic_group *group = &flow->traffic->groups[index];
    struct heap heaps[HEAPS];
    struct asked asked[ASKED] = {0};
    int n = 0, n_asked = 0;

    for (int t = 0; t < group->n_stations; t++) {
        struct flow_station *station = &flow->stations[group->stations[t]];
        struct fluid_result result;

        if (!flow->traffic->stations[group->stations[t]].open ||
            (station->requests <= 0 && station->backlog <= 0)) {
            station->there = station->backlog;
            continue;
        }
        result = ask(asked, station,
                     &(struct fluid_flow){station->requests, usec,
                                          cpus_for(flow, group->stations[t], usec), variation,
                                          timeout_usec},
                     &n_asked);
        station->there = result.n_there;
        station->requests = 0;
        flow->groups[index].n_errors += result.n_errors;
        flow->traffic->stations[group->stations[t]].used += (share_wide)(result.work_usec * 0x1p32);
        if (result.n_served > 0)
            n = collect(&flow->groups[index], heaps, n, station->service, &result);
    }
    spread(&flow->groups[index], heaps, n);
}

/* A balancer that goes round makes what is left for each target more even: every n-th of Poisson
 * arrivals is Erlang's. */
static double variation_of(const struct flow *flow, int32_t group)
{
    const struct balancer *balancer = &flow->traffic->groups[group].balancer;
    bool poisson = false;

    for (int i = 0; i < flow->traffic->n_sources; i++) {
        const struct traffic_source *source = &flow->traffic->sources[i];

        if (source->to == group || source->from == group)
            poisson = poisson || source->load->spacing == ARRIVALS_POISSON;
    }
    if (!poisson)
        return 0;
    return balancer->algorithm == BALANCER_WEIGHTED_RANDOM || balancer->n_routed < 2
               ? 1
               : 1.0 / balancer->n_routed;
}

static double timeout_of(const struct flow *flow, int32_t group)
{
    double shortest = (double)USEC_MAX;

    for (int i = 0; i < flow->traffic->n_sources; i++) {
        const struct traffic_source *source = &flow->traffic->sources[i];

        if ((source->to == group || source->from == group) &&
            (double)source->load->timeout_usec < shortest)
            shortest = (double)source->load->timeout_usec;
    }
    return shortest;
}

void flow_advance(struct flow *flow, int64_t at_usec)
{
    double usec = (double)(at_usec - flow->at_usec);

    grow(flow);
    if (at_usec <= flow->at_usec)
        return;
    offer(flow, at_usec);
    for (int g = 0; g < flow->n_groups; g++)
        share_out(flow, g, flow->at_usec + (at_usec - flow->at_usec) / 2);
    sum_hosts(flow, usec);
    for (int g = 0; g < flow->n_groups; g++)
        serve_group(flow, g, usec, variation_of(flow, g), timeout_of(flow, g));
    flow->at_usec = at_usec;
}

void flow_cut(struct flow *flow, int32_t group, int32_t task)
{
    int32_t target = balancer_find(&flow->traffic->groups[group].balancer, task);
    struct flow_station *station;

    if (target == ID_NONE || group >= flow->n_groups)
        return;
    station = &flow->stations[flow->traffic->groups[group].stations[target]];
    flow->groups[group].n_errors += station->there;
    station->there = station->backlog = 0;
}

double flow_delay_usec(const struct flow *flow, int32_t index)
{
    const struct flow_station *station;

    if (index >= flow->n_stations)
        return 0;
    station = &flow->stations[index];
    if (!station->service || station->backlog <= 0)
        return 0;
    if (station->backlog >= station->service->line_max + station->service->concurrency)
        return (double)USEC_MAX; /* it is turned away */
    return station->backlog * (station->service->work_usec + station->service->wait_usec) /
           station->service->concurrency;
}

static int64_t take_whole(double *n)
{
    int64_t whole = (int64_t)(*n + 0.5);

    *n -= (double)whole;
    return whole;
}

void flow_count(struct flow *flow)
{
    for (int g = 0; g < flow->n_groups; g++) {
        struct flow_group *group = &flow->groups[g];
        struct traffic_count *count = &flow->traffic->groups[g].period;

        count->n_requests += take_whole(&group->n_sent);
        count->n_errors += take_whole(&group->n_errors);
        count->n_rejected += take_whole(&group->n_rejected);
        fluid_latency_move(&group->latency, &count->latency);
    }
}
