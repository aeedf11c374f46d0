/*
 * Open loop: a request is sent when its time has come, over a connection that is free or a new one,
 * however many are out; its latency counts from its scheduled time. Late is late: after a stall all
 * whose time has passed are sent at once, none is left out. h2load was tried in this place: it times
 * each request from the one before, so it falls behind its script (1.2 s in 10 s of 200 a second, over
 * HTTP/2), and over HTTP/1.1 sends none while its connections are busy.
 */
#include "exec/load_loop.h"

#include "core/array.h"
#include "core/draw.h"
#include "exec/exchange.h"
#include "exec/haproxy.h"
#include "exec/loop.h"
#include "exec/plan.h"
#include "model/arrivals.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Tags of what is waited for; calls have their index. */
enum { TAG_ORDERS = -1, TAG_TIMER = -2, EVENTS_MAX = 64 };

struct source {
    struct arrivals arrivals;
    uint64_t work_stream, wait_stream, route_stream;
    int64_t next_usec; /* USEC_NEVER: no more */
};

/* A connection, and what is out on it. */
struct call {
    struct exchange exchange; /* .fd -1: there is no connection */
    bool busy;
    int probe; /* or -1: a request */
    int64_t give_up_usec;
    struct load_report report;
};

struct probe {
    struct load_probe order;
    bool over;
    bool out;
    int64_t next_usec;
};

struct world {
    const struct load_job *job;
    int orders_fd, epoll_fd, timer_fd;
    struct source *sources;
    int n_sources, cap_sources;
    struct call **calls;
    int n_calls, cap_calls;
    int *idle; /* calls with a free connection to the balancer, the last used last */
    int n_idle, cap_idle;
    int *unused; /* calls without a connection */
    int n_unused, cap_unused;
    struct probe *probes;
    int n_probes, cap_probes;
    struct load_report *reports; /* not told yet */
    int n_reports, cap_reports;
    int64_t look_usec; /* no call is to be given up before */
};

static int64_t now_usec(const struct world *world)
{
    return loop_clock_usec() - world->job->origin_usec;
}

/* ---- reports ---- */

static void tell(struct world *world)
{
    int at = 0;

    if (world->n_reports == 0) {
        return;
    }
    while (at < world->n_reports) {
        int n = world->n_reports - at;

        n = n < LOAD_REPORTS_MAX ? n : LOAD_REPORTS_MAX;
        if (send(world->orders_fd, world->reports + at, (size_t)n * sizeof *world->reports,
                 MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            if (errno == EAGAIN || errno == ENOBUFS) {
                break; /* the controller is busy: later */
            }
            _exit(0);
        }
        at += n;
    }
    world->n_reports -= at;
    memmove(world->reports, world->reports + at, (size_t)world->n_reports * sizeof *world->reports);
}

/* ---- calls ---- */

static int take_call(struct world *world, uint32_t address, int32_t port)
{
    int fd = exchange_dial(address, port), index;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};

    if (fd < 0) {
        return -1;
    }
    if (world->n_unused > 0) {
        index = world->unused[--world->n_unused];
    } else {
        index = world->n_calls;
        *ARRAY_ADD(world, calls) = calloc(1, sizeof **world->calls);
        assert(world->calls[index]);
    }
    world->calls[index]->exchange.fd = fd;
    event.data.u64 = (uint64_t)index;
    if (epoll_ctl(world->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        abort();
    }
    return index;
}

static void hang_up(struct world *world, int index)
{
    close(world->calls[index]->exchange.fd);
    world->calls[index]->exchange.fd = -1;
    *ARRAY_ADD(world, unused) = index;
}

static void report(struct world *world, const struct load_report *told)
{
    struct load_report *report = ARRAY_ADD(world, reports);

    *report = *told;
    report->ended_usec = now_usec(world);
}

/* Its answer is there, or none will be. */
static void end_call(struct world *world, int index, bool answered)
{
    struct call *call = world->calls[index];
    struct exchange *exchange = &call->exchange;

    call->busy = false;
    exchange_finish(exchange);
    if (call->probe >= 0) {
        world->probes[call->probe].out = false;
        call->report.status = answered ? exchange->status : 0;
        if (!world->probes[call->probe].over) {
            report(world, &call->report);
        }
        hang_up(world, index);
        return;
    }
    call->report.status = answered ? exchange->status : 0;
    call->report.group = answered ? exchange->group : ID_NONE;
    call->report.task = answered ? exchange->task : ID_NONE;
    report(world, &call->report);
    if (answered && exchange->keeps) {
        *ARRAY_ADD(world, idle) = index;
    } else {
        hang_up(world, index);
    }
}

/* A free connection that the balancer has closed. */
static void drop_idle(struct world *world, int index)
{
    int at = 0;

    while (at < world->n_idle && world->idle[at] != index) {
        at++;
    }
    if (at < world->n_idle) {
        world->n_idle--;
        memmove(world->idle + at, world->idle + at + 1,
                (size_t)(world->n_idle - at) * sizeof *world->idle);
        hang_up(world, index);
    }
}

static void go_on(struct world *world, int index)
{
    switch (exchange_go_on(&world->calls[index]->exchange)) {
    case EXCHANGE_DONE:
        end_call(world, index, true);
        break;
    case EXCHANGE_BROKEN:
        end_call(world, index, false);
        break;
    case EXCHANGE_GOES_ON:
        break;
    }
}

static void begin_call(struct world *world, int index, const char *text, int n, int probe,
                       int64_t give_up_usec, const struct load_report *report)
{
    struct call *call = world->calls[index];

    call->busy = true;
    call->probe = probe;
    call->give_up_usec = give_up_usec;
    call->report = *report;
    if (give_up_usec < world->look_usec) {
        world->look_usec = give_up_usec;
    }
    exchange_begin(&call->exchange, call->exchange.fd, text, (size_t)n);
    go_on(world, index);
}

/* Ends those whose clients have given up. */
static void give_up(struct world *world)
{
    int64_t now = now_usec(world);

    if (now < world->look_usec) {
        return;
    }
    world->look_usec = INT64_MAX;
    for (int i = 0; i < world->n_calls; i++) {
        const struct call *call = world->calls[i];

        if (!call->busy) {
            continue;
        }
        if (call->give_up_usec <= now) {
            end_call(world, i, false);
        } else if (call->give_up_usec < world->look_usec) {
            world->look_usec = call->give_up_usec;
        }
    }
}

/* ---- requests ---- */

/* What the request takes from each kind of container. */
static int add_draws(const struct world *world, const struct source *source, int64_t n, char *text,
                     int length)
{
    const struct scenario *scenario = world->job->scenario;

    for (int i = 0; i < scenario->n_taskdefs; i++) {
        for (int j = 0; j < scenario->taskdefs[i].definition->n_containers; j++) {
            const struct request_behaviour *request = &scenario->taskdefs[i].behaviours[j].request;
            int32_t draws = plans_draws(scenario, i, j);

            if (draws != i * TASKDEF_CONTAINERS_MAX + j || length > EXCHANGE_REQUEST_MAX / 2) {
                continue; /* said already */
            }
            length += sprintf(
                text + length, BERTH_DRAWS "%" PRId32 ": %" PRId64 " %" PRId64 "\r\n", draws,
                scale_down(
                    world->job->scale,
                    distribution_from_bits(&request->work, draw_next(source->work_stream, n))),
                distribution_from_bits(&request->wait, draw_next(source->wait_stream, n)));
        }
    }
    return length;
}

static int request_text(const struct world *world, const struct load_report *report, char *text)
{
    int length =
        sprintf(text,
                "GET / HTTP/1.0\r\nhost: berth\r\nconnection: keep-alive\r\n" HAPROXY_SOURCE
                ": %" PRId32 "\r\n" HAPROXY_DRAW ": %" PRId32 "\r\n",
                report->source, report->draw);

    length = add_draws(world, &world->sources[report->source], report->number, text, length);
    return length + sprintf(text + length, "\r\n");
}

static void send_request(struct world *world, int index)
{
    struct source *source = &world->sources[index];
    const struct load_source *load = &world->job->scenario->loads[index];
    char text[EXCHANGE_REQUEST_MAX];
    struct load_report sent = {
        .kind = LOAD_REQUEST_ENDED,
        .group = ID_NONE,
        .task = ID_NONE,
        .source = index,
        .number = source->arrivals.n - 1,
        .scheduled_usec = source->next_usec,
        .sent_usec = now_usec(world),
    };
    int call;

    sent.draw = (int32_t)draw_bits_below(draw_next(source->route_stream, sent.number), 1000);
    source->next_usec = arrivals_next(&source->arrivals);
    call = world->n_idle > 0 ? world->idle[--world->n_idle]
                             : take_call(world, world->job->address, world->job->port);
    if (call < 0) {
        report(world, &sent);
        return;
    }
    begin_call(world, call, text, request_text(world, &sent, text), -1,
               load->timeout_usec < INT64_MAX - sent.scheduled_usec
                   ? sent.scheduled_usec + load->timeout_usec
                   : INT64_MAX,
               &sent);
}

static void open_sources(struct world *world)
{
    const struct scenario *scenario = world->job->scenario;
    uint64_t seed = world->job->seed;

    for (int i = 0; i < scenario->n_loads; i++) {
        const struct load_source *load = &scenario->loads[i];
        struct source *source = ARRAY_ADD(world, sources);

        *source = (struct source){.work_stream = draw_stream(seed, DRAW_SERVICE, i),
                                  .wait_stream = draw_stream(seed, DRAW_PAUSE, i),
                                  .route_stream = draw_stream(seed, DRAW_ROUTE, i)};
        arrivals_init(&source->arrivals, &load->curve, load->spacing, seed, i, load->from_usec,
                      load->to_usec);
        source->next_usec = arrivals_next(&source->arrivals);
    }
}

/* ---- probes ---- */

static void send_probe(struct world *world, int index)
{
    struct probe *probe = &world->probes[index];
    const struct load_probe *order = &probe->order;
    int64_t now = now_usec(world);
    struct load_report asked = {.kind = LOAD_PROBE_ENDED,
                                .group = order->group,
                                .task = order->task,
                                .scheduled_usec = probe->next_usec,
                                .sent_usec = now};
    char text[LOAD_PATH_MAX + 128];
    int call = take_call(world, order->address, order->port), n;

    probe->next_usec = now + order->interval_usec;
    if (call < 0) {
        report(world, &asked);
        return;
    }
    probe->out = true;
    n = snprintf(text, sizeof text,
                 "GET %s HTTP/1.0\r\nhost: berth\r\nuser-agent: berth-probe\r\n" BERTH_DRAWS
                 "%" PRId32 ": 0 0\r\n\r\n",
                 order->path, order->draws);
    begin_call(world, call, text, n, index, now + order->timeout_usec, &asked);
}

static struct probe *find_probe(struct world *world, int32_t group, int32_t task)
{
    for (int i = 0; i < world->n_probes; i++) {
        struct probe *probe = &world->probes[i];

        if (!probe->over && probe->order.group == group && probe->order.task == task) {
            return probe;
        }
    }
    return NULL;
}

/* ---- orders ---- */

static void obey(struct world *world, const struct load_order *order)
{
    struct probe *probe = find_probe(world, order->probe.group, order->probe.task);

    switch (order->word) {
    case LOAD_WORD_PROBE:
        if (!probe) {
            *ARRAY_ADD(world, probes) =
                (struct probe){.order = order->probe, .next_usec = now_usec(world)};
        }
        break;
    case LOAD_WORD_FORGET:
        if (probe) {
            probe->over = true;
        }
        break;
    case LOAD_WORD_END:
        for (int i = 0; i < world->n_sources; i++) {
            world->sources[i].next_usec = USEC_NEVER;
        }
        for (int i = 0; i < world->n_probes; i++) {
            world->probes[i].over = true;
        }
        break;
    }
}

static void hear(struct world *world)
{
    struct load_order order;
    ssize_t n;

    while ((n = recv(world->orders_fd, &order, sizeof order, MSG_DONTWAIT)) ==
           (ssize_t)sizeof order) {
        obey(world, &order);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        _exit(0);
    }
}

/* ---- the loop ---- */

/* Does what is due; returns when the next thing is. */
static int64_t advance(struct world *world)
{
    int64_t next_usec = INT64_MAX;

    for (int i = 0; i < world->n_sources; i++) {
        struct source *source = &world->sources[i];

        while (source->next_usec <= now_usec(world)) {
            send_request(world, i);
        }
        next_usec = source->next_usec < next_usec ? source->next_usec : next_usec;
    }
    for (int i = 0; i < world->n_probes; i++) {
        if (world->probes[i].over) {
            continue;
        }
        if (!world->probes[i].out && world->probes[i].next_usec <= now_usec(world)) {
            send_probe(world, i);
        }
        if (!world->probes[i].out && world->probes[i].next_usec < next_usec) {
            next_usec = world->probes[i].next_usec;
        }
    }
    give_up(world);
    return world->look_usec < next_usec ? world->look_usec : next_usec;
}

/* What could not be told is tried again soon. */
static void set_timer(const struct world *world, int64_t at_usec)
{
    struct itimerspec when = {0};

    if (world->n_reports > 0 && at_usec > now_usec(world) + 1000) {
        at_usec = now_usec(world) + 1000;
    }
    if (at_usec != INT64_MAX && at_usec != USEC_NEVER) {
        at_usec += world->job->origin_usec;
        when.it_value.tv_sec = at_usec / 1000000;
        when.it_value.tv_nsec = at_usec % 1000000 * 1000 + 1;
    }
    timerfd_settime(world->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void take(struct world *world, const struct epoll_event *event)
{
    int64_t tag = (int64_t)event->data.u64;
    uint64_t times;

    if (tag == TAG_ORDERS) {
        hear(world);
    } else if (tag == TAG_TIMER) {
        if (read(world->timer_fd, &times, sizeof times) < 0) {
            return;
        }
    } else if (world->calls[tag]->busy) {
        go_on(world, (int)tag);
    } else if (world->calls[tag]->exchange.fd >= 0 && event->events & (EPOLLIN | EPOLLHUP)) {
        drop_idle(world, (int)tag);
    }
}

static void watch(const struct world *world, int fd, int64_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)tag};

    if (fd < 0 || epoll_ctl(world->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        abort();
    }
}

_Noreturn void load_loop(const struct load_job *job, int fd)
{
    struct world world = {.job = job, .orders_fd = fd, .look_usec = INT64_MAX};
    struct epoll_event events[EVENTS_MAX];
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    world.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    world.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    watch(&world, world.orders_fd, TAG_ORDERS);
    watch(&world, world.timer_fd, TAG_TIMER);
    open_sources(&world);
    for (;;) {
        int64_t next_usec = advance(&world);
        int n;

        tell(&world);
        set_timer(&world, next_usec);
        n = epoll_wait(world.epoll_fd, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++) {
            take(&world, &events[i]);
        }
    }
}
