/*
 * One server, Poisson arrivals, exponential service (M/M/1): what a customer costs with the
 * simulator's own queue, balancer and stations. Beside it, in the same run, the same by a plain
 * program: a binary heap of events and malloc for each customer. Where the floor's source stands
 * beside the checkout it is built and run too.
 */
#include "bench.h"

#include "model/sampler.h"
#include "traffic.h"

#include <stdlib.h>
#include <unistd.h>

#define CUSTOMERS INT64_C(4000000)
#define SERVICE_USEC (10 * USEC_PER_MSEC)
#define ROUNDS 5

struct answer {
    double nsec;   /* a customer */
    double in_sec; /* mean time in the system */
};

static struct rate_step one_step;

static struct load_source mm1_source(double utilization)
{
    one_step.rate = (int64_t)(utilization * 1e6 / SERVICE_USEC * RATE_PER_SEC);
    return (struct load_source){
        .target_group = 0,
        .curve = {1, &one_step, 0},
        .to_usec = USEC_NEVER,
        .timeout_usec = USEC_NEVER,
    };
}

static struct answer with_engine(double utilization)
{
    const struct request_behaviour behaviour = {
        .work = distribution_constant(0),
        .wait = {.kind = DISTRIBUTION_EXPONENTIAL, .a_usec = SERVICE_USEC},
        .concurrency = 1,
        .line_max = INT32_MAX,
    };
    const struct load_source load = mm1_source(utilization);
    struct queue *queue = malloc(sizeof *queue);
    struct traffic traffic;
    struct queue_entry entry;
    struct answer answer;
    double start = bench_seconds();

    queue_init(queue);
    traffic_init(&traffic, queue, NULL, 1);
    traffic_add_group(&traffic, BALANCER_ROUND_ROBIN, 0, 0, 0);
    traffic_register(&traffic, 0, 0, 0, 0);
    traffic_open(&traffic, 0, 0, 0, &behaviour);
    traffic_set(&traffic, 0, 0, 0, BALANCER_IN_USE);
    traffic_add_source(&traffic, &load, 0);
    while (traffic.groups[0].period.n_requests < CUSTOMERS && queue_pop(queue, &entry))
        traffic_event(&traffic, &entry);
    answer.nsec = (bench_seconds() - start) / CUSTOMERS * 1e9;
    answer.in_sec = (double)traffic.groups[0].period.latency.sum_usec / CUSTOMERS * 1e-6;
    traffic_finish(&traffic);
    queue_finish(queue);
    free(queue);
    return answer;
}

/* The plain program ------------------------------------------------------------------------------ */

struct customer {
    double arrived;
    struct customer *next;
};

struct event {
    double at;
    int64_t seq;
    int kind;
};

struct plain {
    struct event *heap; /* from 1 on */
    int n;
    int64_t seq, n_arrived, n_served;
    struct customer *first, *last;
    double sum;
};

static bool before(const struct event *a, const struct event *b)
{
    return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

static void plain_push(struct plain *plain, double at, int kind)
{
    struct event fresh = {at, ++plain->seq, kind};
    int i = ++plain->n;

    for (; i > 1 && before(&fresh, &plain->heap[i / 2]); i /= 2)
        plain->heap[i] = plain->heap[i / 2];
    plain->heap[i] = fresh;
}

static struct event plain_pop(struct plain *plain)
{
    struct event top = plain->heap[1], last = plain->heap[plain->n--];
    int i = 1;

    for (int child; (child = 2 * i) <= plain->n; i = child) {
        if (child < plain->n && before(&plain->heap[child + 1], &plain->heap[child]))
            child++;
        if (!before(&plain->heap[child], &last))
            break;
        plain->heap[i] = plain->heap[child];
    }
    plain->heap[i] = last;
    return top;
}

static double plain_exponential(double mean, enum draw_purpose purpose, int64_t n)
{
    const struct distribution distribution = {.kind = DISTRIBUTION_EXPONENTIAL,
                                              .a_usec = (int64_t)(mean * 1e6)};

    return (double)distribution_sample(&distribution, 1, purpose, 0, n) * 1e-6;
}

static void plain_serve(struct plain *plain, double now)
{
    plain_push(plain, now + plain_exponential(SERVICE_USEC * 1e-6, DRAW_SERVICE, plain->n_served),
               1);
}

static void plain_arrive(struct plain *plain, double now, double mean_gap)
{
    struct customer *customer = malloc(sizeof *customer);

    *customer = (struct customer){now, NULL};
    if (plain->first)
        plain->last->next = customer;
    else
        plain->first = customer;
    plain->last = customer;
    if (plain->first == customer)
        plain_serve(plain, now);
    plain_push(plain, now + plain_exponential(mean_gap, DRAW_ARRIVAL, ++plain->n_arrived), 0);
}

static void plain_leave(struct plain *plain, double now)
{
    struct customer *customer = plain->first;

    plain->sum += now - customer->arrived;
    plain->n_served++;
    plain->first = customer->next;
    free(customer);
    if (plain->first)
        plain_serve(plain, now);
}

static struct answer plainly(double utilization)
{
    struct plain plain = {.heap = malloc(8 * sizeof *plain.heap)};
    double mean_gap = SERVICE_USEC * 1e-6 / utilization;
    double start = bench_seconds();
    struct answer answer;

    plain_push(&plain, plain_exponential(mean_gap, DRAW_ARRIVAL, 0), 0);
    while (plain.n_served < CUSTOMERS) {
        struct event event = plain_pop(&plain);

        if (event.kind == 0)
            plain_arrive(&plain, event.at, mean_gap);
        else
            plain_leave(&plain, event.at);
    }
    answer.nsec = (bench_seconds() - start) / CUSTOMERS * 1e9;
    answer.in_sec = plain.sum / CUSTOMERS;
    while (plain.first)
        plain_leave(&plain, 0);
    free(plain.heap);
    return answer;
}

/* The floor: what C can do at all, where its source is there. */
static double floor_nsec(const char *name)
{
    char command[1024], line[256];
    double best = 0;
    FILE *pipe;

    if (access(FLOOR_SOURCE, R_OK) != 0)
        return 0;
    snprintf(command, sizeof command,
             "d=$(mktemp -d) && " BENCH_FLOOR_CC
             " -o $d/floor '%s' -lm && for i in 1 2 3; do $d/floor "
             "%lld; done; rm -rf $d",
             FLOOR_SOURCE, (long long)CUSTOMERS);
    pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe)) {
        const char *value = strstr(line, "ns/customer=");

        if (strncmp(line, name, strlen(name)) == 0 && value &&
            (best == 0 || atof(value + 12) < best))
            best = atof(value + 12);
    }
    if (pipe)
        pclose(pipe);
    return best;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    const double utilization = 0.9;
    bool json = bench_wants_json(argc, argv);
    double engine[ROUNDS], plain[ROUNDS];
    struct answer answer = {0};
    double engine_floor = floor_nsec("C-engine"), floor = floor_nsec("C-floor");

    for (int i = 0; i < ROUNDS; i++) {
        answer = with_engine(utilization);
        engine[i] = answer.nsec;
        plain[i] = plainly(utilization).nsec;
    }
    qsort(engine, ROUNDS, sizeof *engine, compare);
    qsort(plain, ROUNDS, sizeof *plain, compare);
    bench_title(json, "M/M/1 at 90 %: nanoseconds a customer, median of five", "ns/customer");
    bench_row(json, "mm1", "engine", CUSTOMERS, engine[ROUNDS / 2], "ns", "plain",
              plain[ROUNDS / 2]);
    bench_row(json, "mm1", "plain", CUSTOMERS, plain[ROUNDS / 2], "ns", NULL, 0);
    if (engine_floor > 0) {
        bench_row(json, "mm1", "engine", CUSTOMERS, engine[ROUNDS / 2], "ns", "generic floor",
                  engine_floor);
        bench_row(json, "mm1", "engine", CUSTOMERS, engine[ROUNDS / 2], "ns", "hand-written floor",
                  floor);
    }
    if (!json)
        printf("mean time in the system %.5f s, theory %.5f s\n", answer.in_sec,
               SERVICE_USEC * 1e-6 / (1 - utilization));
    return 0;
}
