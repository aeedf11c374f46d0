/*
 * A request's way: arrival, target, line, CPU time, wait, answer. It lives in the pool from its arrival
 * until its end is counted; one that is broken off while the queue still holds an entry for it stays
 * until that entry comes.
 */
#include "traffic.h"

#include "core/array.h"
#include "file/runlog.h"
#include "flow.h"

#include <assert.h>
#include <stdlib.h>

/* Completions are whole microseconds: what is left then is rounding. */
#define WORK_NOTHING SHARE_ONE_CPU

void traffic_init(struct traffic *traffic, struct queue *queue, struct fleet *fleet, uint64_t seed)
{
    *traffic = (struct traffic){.queue = queue, .fleet = fleet, .seed = seed};
    visits_init(&traffic->pool);
}

void traffic_finish(struct traffic *traffic)
{
    for (int i = 0; i < traffic->n_groups; i++) {
        balancer_finish(&traffic->groups[i].balancer);
        free(traffic->groups[i].stations);
    }
    for (int i = 0; i < traffic->n_stations; i++)
        free(traffic->stations[i].works);
    free(traffic->groups);
    free(traffic->stations);
    free(traffic->sources);
    free(traffic->tasks);
    free(traffic->probers);
    free(traffic->results);
    visits_finish(&traffic->pool);
    *traffic = (struct traffic){0};
}

/* Groups and sources --------------------------------------------------------------------------- */

int32_t traffic_add_group(struct traffic *traffic, enum balancer_algorithm algorithm,
                          int64_t slow_start_usec, int64_t interval_usec, int64_t timeout_usec)
{
    struct traffic_group *group = ARRAY_ADD(traffic, groups);
    int32_t index = traffic->n_groups - 1;

    group->interval_usec = interval_usec;
    group->timeout_usec = timeout_usec;
    balancer_init(&group->balancer, algorithm, slow_start_usec,
                  draw_stream(traffic->seed, DRAW_ROUTE, -1 - index));
    histogram_init(&group->period.latency);
    return index;
}

static void queue_arrival(struct traffic *traffic, int32_t source)
{
    int64_t at_usec =
        traffic->flow ? USEC_NEVER : arrivals_next(&traffic->sources[source].arrivals);

    if (at_usec != USEC_NEVER)
        queue_push(traffic->queue, at_usec, TRAFFIC_ARRIVAL, source);
}

int32_t traffic_add_source(struct traffic *traffic, const struct load_source *load, int32_t group)
{
    struct traffic_source *source = ARRAY_ADD(traffic, sources);
    int32_t index = traffic->n_sources - 1;

    source->load = load;
    sampler_init(&source->work, draw_stream(traffic->seed, DRAW_SERVICE, index));
    sampler_init(&source->wait, draw_stream(traffic->seed, DRAW_PAUSE, index));
    source->route_stream = draw_stream(traffic->seed, DRAW_ROUTE, index);
    arrivals_init(&source->arrivals, &load->curve, load->spacing, traffic->seed, index,
                  load->from_usec, load->to_usec);
    source->from = source->to = group;
    queue_arrival(traffic, index);
    return index;
}

void traffic_shift(struct traffic *traffic, int32_t index, int32_t from, int32_t to,
                   int32_t permille)
{
    struct traffic_source *source = &traffic->sources[index];

    source->from = from;
    source->to = to;
    source->permille = permille;
}

void traffic_end(struct traffic *traffic)
{
    traffic->log = NULL; /* the teardown's victims are nobody's */
    for (int i = 0; i < traffic->n_probers; i++)
        traffic->probers[i].over = true;
    for (int i = 0; i < traffic->n_sources; i++) {
        arrivals_end(&traffic->sources[i].arrivals);
        traffic->sources[i].over = true;
    }
}

/* Ends ----------------------------------------------------------------------------------------- */

static struct traffic_group *group_of(struct traffic *traffic, const struct visit *request)
{
    return &traffic->groups[request->group];
}

static void answer_probe(struct traffic *traffic, struct traffic_prober *prober, bool passed);

static void log_request(struct traffic *traffic, const struct visit *request, int32_t task,
                        enum traffic_end end)
{
    const struct runlog_request line = {
        .source = request->source,
        .target_group = request->group,
        .task = task,
        .n = request->n,
        .arrived_usec = request->arrived_usec,
        .ended_usec = traffic->now_usec,
        .status = (int32_t)end,
    };

    if (traffic->log)
        runlog_write_request(traffic->log, &line);
}

static void count_good(struct traffic *traffic, struct traffic_group *group,
                       const struct visit *request)
{
    struct balancer_target *target = &group->balancer.targets[request->target];

    histogram_add(&group->period.latency, traffic->now_usec - request->arrived_usec);
    if (!target->answered)
        target->first_usec = traffic->now_usec;
    target->answered = true;
}

/* Counts what became of a request that had reached a target; a probe's is its prober's. */
static void count(struct traffic *traffic, const struct visit *request, enum traffic_end end)
{
    struct traffic_group *group;

    if (request->source == ID_NONE) {
        answer_probe(traffic, &traffic->probers[request->target], end == TRAFFIC_OK);
        return;
    }
    group = group_of(traffic, request);
    log_request(traffic, request, group->balancer.targets[request->target].task, end);
    group->balancer.targets[request->target].outstanding--;
    group->period.n_requests++;
    if (end == TRAFFIC_OK)
        count_good(traffic, group, request);
    else {
        group->period.n_errors++;
        group->balancer.targets[request->target].n_errors++;
    }
}

static void end(struct traffic *traffic, int32_t index, enum traffic_end end)
{
    count(traffic, &traffic->pool.visits[index], end);
    visits_remove(&traffic->pool, index);
}

static bool given_up(const struct traffic *traffic, const struct visit *request)
{
    if (request->source == ID_NONE)
        return false; /* its prober looks at the time itself */
    return traffic->now_usec - request->arrived_usec >
           traffic->sources[request->source].load->timeout_usec;
}

static struct traffic_station *find_station(struct traffic *traffic, int32_t task, int container)
{
    int32_t i = task >= 0 && task < traffic->n_tasks ? traffic->tasks[task] : ID_NONE;

    while (i != ID_NONE && traffic->stations[i].container != container)
        i = traffic->stations[i].next_of_task;
    return i == ID_NONE ? NULL : &traffic->stations[i];
}

/* CPU time ------------------------------------------------------------------------------------- */

/* Takes off what has been done since the fleet was told: an equal part for each. */
static void take_off(struct traffic_station *station, share_wide left)
{
    share_wide each;

    if (station->n_works == 0 || left >= station->given)
        return;
    station->used += station->given - left;
    each = (station->given - left) / (unsigned)station->n_works;
    for (int i = 0; i < station->n_works; i++) {
        struct traffic_work *work = &station->works[i];

        work->left = work->left > each ? work->left - each : 0;
    }
    station->given = left;
}

static void settle(struct traffic *traffic, struct traffic_station *station)
{
    if (station->n_works > 0)
        take_off(station,
                 fleet_left(traffic->fleet, traffic->now_usec, station->task, station->container));
}

/* Tells the fleet what is to be done until the next of them has its CPU time. */
static void resume(struct traffic *traffic, struct traffic_station *station)
{
    station->given = 0;
    for (int i = 0; i < station->n_works; i++)
        if (i == 0 || station->works[i].left < station->given)
            station->given = station->works[i].left;
    station->given *= (unsigned)station->n_works;
    fleet_serve(traffic->fleet, traffic->now_usec, station->task, station->container,
                station->n_works, station->given);
}

static void drop_work(struct traffic *traffic, struct traffic_station *station, int32_t request)
{
    int at = 0;

    while (station->works[at].request != request)
        at++;
    settle(traffic, station);
    station->works[at] = station->works[--station->n_works];
    resume(traffic, station);
}

/* Service -------------------------------------------------------------------------------------- */

static void wait_for_rest(struct traffic *traffic, int32_t index, int64_t usec)
{
    traffic->pool.visits[index].state = REQUEST_WAITING;
    queue_push(traffic->queue, traffic->now_usec + usec, TRAFFIC_DONE, index);
}

static void begin_work(struct traffic *traffic, int32_t index, int64_t usec)
{
    struct visit *request = &traffic->pool.visits[index];
    struct traffic_station *station = &traffic->stations[request->station];

    request->state = REQUEST_WORKING;
    settle(traffic, station);
    *ARRAY_ADD(station, works) = (struct traffic_work){(share_wide)usec * SHARE_ONE_CPU, index};
    resume(traffic, station);
}

/* A request is being served from now on. */
static void serve(struct traffic *traffic, int32_t index)
{
    const struct visit *request = &traffic->pool.visits[index];

    if (traffic->fleet && request->work_usec > 0)
        begin_work(traffic, index, request->work_usec);
    else
        wait_for_rest(traffic, index, request->work_usec + request->wait_usec);
}

/* A request has left its station: those in line whose clients have given up are told so when their
 * turn comes, the next one is served. */
static void leave(struct traffic *traffic, struct traffic_station *station)
{
    int32_t next = station_leave(&station->line, &traffic->pool);

    while (next != ID_NONE && given_up(traffic, &traffic->pool.visits[next])) {
        end(traffic, next, TRAFFIC_TIMEOUT);
        next = station_leave(&station->line, &traffic->pool);
    }
    if (next != ID_NONE)
        serve(traffic, next);
}

static void done(struct traffic *traffic, int32_t index)
{
    const struct visit *request = &traffic->pool.visits[index];
    struct traffic_station *station = &traffic->stations[request->station];

    if (request->state == REQUEST_BROKEN) {
        visits_remove(&traffic->pool, index);
        return;
    }
    end(traffic, index, given_up(traffic, request) ? TRAFFIC_TIMEOUT : TRAFFIC_OK);
    leave(traffic, station);
}

void traffic_worked(struct traffic *traffic, int64_t at_usec, int32_t task, int container)
{
    struct traffic_station *station = find_station(traffic, task, container);
    int n = 0;

    traffic->now_usec = at_usec;
    if (!station)
        return;
    take_off(station, 0);
    for (int i = 0; i < station->n_works; i++) {
        struct traffic_work *work = &station->works[i];

        if (work->left > WORK_NOTHING)
            station->works[n++] = *work;
        else
            wait_for_rest(traffic, work->request, traffic->pool.visits[work->request].wait_usec);
    }
    station->n_works = n;
    resume(traffic, station);
}

/* Arrivals ------------------------------------------------------------------------------------- */

static int32_t pick_group(const struct traffic_source *source, int64_t n)
{
    if (source->from == source->to)
        return source->to;
    return draw_bits_below(draw_next(source->route_stream, n), 1000) < (uint64_t)source->permille
               ? source->to
               : source->from;
}

/* Into the container: served, in line, or turned away. */
static void come(struct traffic *traffic, struct traffic_station *station, int32_t index)
{
    switch (station_come(&station->line, &traffic->pool, index)) {
    case STATION_SERVES:
        serve(traffic, index);
        break;
    case STATION_QUEUES:
        break;
    case STATION_FULL:
        end(traffic, index, TRAFFIC_NO_TARGET);
        break;
    }
}

/* There is no target, or nobody listens there. */
static void refuse(struct traffic *traffic, const struct visit *request, int32_t target)
{
    struct traffic_group *group = group_of(traffic, request);

    if (target == ID_NONE) {
        group->period.n_rejected++;
        log_request(traffic, request, ID_NONE, TRAFFIC_NO_TARGET);
        return;
    }
    group->period.n_requests++;
    group->period.n_errors++;
    group->balancer.targets[target].n_given++;
    group->balancer.targets[target].n_errors++;
    log_request(traffic, request, group->balancer.targets[target].task, TRAFFIC_BROKEN);
}

static void arrive(struct traffic *traffic, int32_t source_index)
{
    struct traffic_source *source = &traffic->sources[source_index];
    int64_t n = source->arrivals.n - 1;
    int32_t group_index = pick_group(source, n);
    struct traffic_group *group;
    struct traffic_station *station;
    struct balancer_target *given;
    struct visit *request;
    int32_t target, index;

    queue_arrival(traffic, source_index);
    if (group_index == ID_NONE)
        return;
    group = &traffic->groups[group_index];
    target = balancer_pick(&group->balancer, traffic->now_usec, n);
    station = target == ID_NONE ? NULL : &traffic->stations[group->stations[target]];
    if (!station || !station->open) {
        refuse(traffic,
               &(struct visit){.arrived_usec = traffic->now_usec,
                               .n = n,
                               .source = source_index,
                               .group = group_index},
               target);
        return;
    }
    index = visits_add(&traffic->pool);
    request = &traffic->pool.visits[index];
    request->arrived_usec = traffic->now_usec;
    request->n = n;
    request->work_usec = sampler_usec(&source->work, &station->behaviour->work, n);
    request->wait_usec = sampler_usec(&source->wait, &station->behaviour->wait, n);
    request->source = source_index;
    request->group = group_index;
    request->target = target;
    request->station = group->stations[target];
    given = &group->balancer.targets[target];
    given->n_given++;
    if (++given->outstanding > given->n_most)
        given->n_most = given->outstanding;
    come(traffic, station, index);
}

/* Health checks ---------------------------------------------------------------------------------- */

static void wake_prober(struct traffic *traffic, struct traffic_prober *prober, int64_t at_usec)
{
    prober->wake_usec = at_usec;
    queue_push(traffic->queue, at_usec, TRAFFIC_PROBE, (int32_t)(prober - traffic->probers));
}

static bool looks_healthy(const struct traffic *traffic, const struct traffic_prober *prober)
{
    return !traffic->fleet || fleet_is_healthy(traffic->fleet, traffic->now_usec, prober->task,
                                               traffic->stations[prober->station].container);
}

/* Weeks of passes of healthy targets tell the scheduler nothing. */
static bool is_settled(const struct traffic *traffic, const struct traffic_prober *prober)
{
    const struct balancer *balancer = &traffic->groups[prober->group].balancer;
    int32_t target = balancer_find(balancer, prober->task);

    return traffic->flow && prober->passed && target != ID_NONE &&
           balancer->targets[target].use == BALANCER_IN_USE;
}

static void answer_probe(struct traffic *traffic, struct traffic_prober *prober, bool passed)
{
    int64_t next_usec = prober->sent_usec + traffic->groups[prober->group].interval_usec;

    prober->request = ID_NONE;
    if (prober->over || !prober->awaits)
        return;
    prober->awaits = false;
    passed = passed && looks_healthy(traffic, prober);
    if (!passed || !is_settled(traffic, prober))
        *ARRAY_ADD(traffic, results) = (struct traffic_result){prober->group, prober->task, passed};
    prober->passed = passed;
    wake_prober(traffic, prober, next_usec > traffic->now_usec ? next_usec : traffic->now_usec);
}

static void send_probe(struct traffic *traffic, struct traffic_prober *prober)
{
    struct traffic_station *station = &traffic->stations[prober->station];
    int32_t index;

    prober->sent_usec = traffic->now_usec;
    prober->awaits = true;
    if (!station->open) { /* refused */
        answer_probe(traffic, prober, false);
        return;
    }
    wake_prober(traffic, prober, traffic->now_usec + traffic->groups[prober->group].timeout_usec);
    if (prober->request != ID_NONE)
        return; /* the last one still stands in line: this one behind it */
    if (traffic->flow && flow_delay_usec(traffic->flow, prober->station) >
                             (double)traffic->groups[prober->group].timeout_usec)
        return;
    index = visits_add(&traffic->pool);
    traffic->pool.visits[index] = (struct visit){.arrived_usec = traffic->now_usec,
                                                 .source = ID_NONE,
                                                 .group = prober->group,
                                                 .target = (int32_t)(prober - traffic->probers),
                                                 .station = prober->station};
    prober->request = index;
    come(traffic, station, index);
}

/* A prober's time has come: to ask, or to wait no longer. */
static void probe(struct traffic *traffic, const struct queue_entry *entry)
{
    struct traffic_prober *prober = &traffic->probers[entry->id];
    int32_t request = prober->request;

    if (prober->over || prober->wake_usec != entry->at_usec)
        return;
    if (prober->awaits) {
        answer_probe(traffic, prober, false);
        prober->request = request;
    } else {
        send_probe(traffic, prober);
    }
}

void traffic_event(struct traffic *traffic, const struct queue_entry *entry)
{
    traffic->now_usec = entry->at_usec;
    if (entry->what == TRAFFIC_ARRIVAL)
        arrive(traffic, entry->id);
    else if (entry->what == TRAFFIC_PROBE)
        probe(traffic, entry);
    else
        done(traffic, entry->id);
}

/* Containers and targets ----------------------------------------------------------------------- */

static struct traffic_station *find_or_add_station(struct traffic *traffic, int32_t task,
                                                   int container)
{
    struct traffic_station *station = find_station(traffic, task, container);

    if (station)
        return station;
    while (traffic->n_tasks <= task)
        *ARRAY_ADD(traffic, tasks) = ID_NONE;
    station = ARRAY_ADD(traffic, stations);
    *station = (struct traffic_station){
        .line = station_new(1, 0),
        .task = task,
        .container = (uint8_t)container,
        .next_of_task = traffic->tasks[task],
    };
    traffic->tasks[task] = traffic->n_stations - 1;
    return station;
}

void traffic_open(struct traffic *traffic, int64_t at_usec, int32_t task, int container,
                  const struct request_behaviour *behaviour)
{
    struct traffic_station *station = find_or_add_station(traffic, task, container);

    traffic->now_usec = at_usec;
    station->open = true;
    station->behaviour = behaviour;
    station->line.concurrency = behaviour->concurrency;
    station->line.line_max = behaviour->line_max;
}

/* Ends a request that is out, wherever it is, without an answer. */
static void break_off(struct traffic *traffic, int32_t index)
{
    struct visit *request = &traffic->pool.visits[index];

    if (request->state == REQUEST_WAITING) { /* its entry is still in the queue */
        count(traffic, request, TRAFFIC_BROKEN);
        request->state = REQUEST_BROKEN;
    } else {
        end(traffic, index, TRAFFIC_BROKEN);
    }
}

static bool is_out(const struct visit *request)
{
    return request->state != REQUEST_FREE && request->state != REQUEST_BROKEN;
}

void traffic_close(struct traffic *traffic, int64_t at_usec, int32_t task, int container)
{
    struct traffic_station *station = find_station(traffic, task, container);

    traffic->now_usec = at_usec;
    if (!station || !station->open)
        return;
    for (int32_t i = 0; i < traffic->pool.n_visits; i++)
        if (is_out(&traffic->pool.visits[i]) &&
            &traffic->stations[traffic->pool.visits[i].station] == station)
            break_off(traffic, i);
    station->open = false;
    station->n_works = 0;
    station->line = station_new(station->line.concurrency, station->line.line_max);
}

void traffic_register(struct traffic *traffic, int64_t at_usec, int32_t group_index, int32_t task,
                      int container)
{
    struct traffic_group *group = &traffic->groups[group_index];
    int32_t station;

    if (balancer_find(&group->balancer, task) != ID_NONE)
        return;
    balancer_add(&group->balancer, task);
    station = (int32_t)(find_or_add_station(traffic, task, container) - traffic->stations);
    *ARRAY_ADD(group, stations) = station;
    if (group->interval_usec == 0)
        return;
    *ARRAY_ADD(traffic, probers) = (struct traffic_prober){
        .group = group_index, .task = task, .station = station, .request = ID_NONE};
    wake_prober(traffic, &traffic->probers[traffic->n_probers - 1], at_usec);
}

static void stop_probing(struct traffic *traffic, int32_t group, int32_t task)
{
    for (int i = 0; i < traffic->n_probers; i++)
        if (traffic->probers[i].group == group && traffic->probers[i].task == task)
            traffic->probers[i].over = true;
}

void traffic_set(struct traffic *traffic, int64_t at_usec, int32_t group, int32_t task,
                 enum balancer_use use)
{
    struct balancer *balancer = &traffic->groups[group].balancer;
    int32_t target = balancer_find(balancer, task);

    if (target != ID_NONE)
        balancer_set(balancer, at_usec, target, use);
}

/* One in line leaves a hole in it: found from the front, as it is a chain. */
static void leave_line(struct traffic *traffic, struct traffic_station *station, int32_t index)
{
    struct visit *requests = traffic->pool.visits;
    int32_t before = ID_NONE;

    for (int32_t i = station->line.first; i != index; i = requests[i].next)
        before = i;
    if (before == ID_NONE)
        station->line.first = requests[index].next;
    else
        requests[before].next = requests[index].next;
    if (station->line.last == index)
        station->line.last = before;
    station->line.n_waiting--;
}

/* The connection to one target is cut; the container goes on with the others. */
static void cut(struct traffic *traffic, int32_t index)
{
    struct visit *request = &traffic->pool.visits[index];
    struct traffic_station *station = &traffic->stations[request->station];
    bool in_line = request->state == REQUEST_IN_LINE;

    if (in_line)
        leave_line(traffic, station, index);
    else if (request->state == REQUEST_WORKING)
        drop_work(traffic, station, index);
    break_off(traffic, index);
    if (!in_line)
        leave(traffic, station);
}

void traffic_forget(struct traffic *traffic, int64_t at_usec, int32_t group, int32_t task)
{
    struct balancer *balancer = &traffic->groups[group].balancer;
    int32_t target = balancer_find(balancer, task);

    traffic->now_usec = at_usec;
    if (target == ID_NONE)
        return;
    balancer_set(balancer, at_usec, target, BALANCER_GONE);
    stop_probing(traffic, group, task);
    for (int32_t i = 0; i < traffic->pool.n_visits; i++)
        if (is_out(&traffic->pool.visits[i]) && traffic->pool.visits[i].source != ID_NONE &&
            traffic->pool.visits[i].group == group && traffic->pool.visits[i].target == target)
            cut(traffic, i);
}

int64_t traffic_take_cpu(struct traffic *traffic, int64_t at_usec, int32_t task)
{
    int64_t sum_usec = 0;

    traffic->now_usec = at_usec;
    for (int32_t i = task < traffic->n_tasks ? traffic->tasks[task] : ID_NONE; i != ID_NONE;
         i = traffic->stations[i].next_of_task) {
        struct traffic_station *station = &traffic->stations[i];
        int64_t usec;

        settle(traffic, station);
        usec = (int64_t)(station->used / SHARE_ONE_CPU);
        station->used -= (share_wide)usec * SHARE_ONE_CPU;
        sum_usec += usec;
    }
    return sum_usec;
}
