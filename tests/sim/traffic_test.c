/*
 * Requests one by one, without a cluster: what becomes of them when targets come, stop, vanish or are
 * slow; and the queues against theory (M/M/1 and M/M/c).
 */
#include "traffic.h"

#include "file/estimate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define SECOND USEC_PER_SEC

struct world {
    struct queue queue;
    struct traffic traffic;
    struct rate_step step;
    struct load_source load;
    struct request_behaviour behaviour;
};

/* A source of that rate; nobody serves yet. */
static struct world *new_world(int64_t rate, enum arrival_spacing spacing, uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);

    world->step.rate = rate;
    world->load = (struct load_source){
        .curve = {1, &world->step, 0},
        .spacing = spacing,
        .to_usec = USEC_NEVER,
        .timeout_usec = 60 * SECOND,
    };
    world->behaviour = request_behaviour_default();
    queue_init(&world->queue);
    traffic_init(&world->traffic, &world->queue, NULL, seed);
    traffic_add_group(&world->traffic, BALANCER_ROUND_ROBIN, 0, 0, 0);
    return world;
}

static void finish_world(struct world *world)
{
    traffic_finish(&world->traffic);
    queue_finish(&world->queue);
    free(world);
}

static void serve(struct world *world, int64_t at_usec, int32_t task)
{
    traffic_register(&world->traffic, at_usec, 0, task, 0);
    traffic_open(&world->traffic, at_usec, task, 0, &world->behaviour);
    traffic_set(&world->traffic, at_usec, 0, task, BALANCER_IN_USE);
}

static void run(struct world *world, int64_t until_usec)
{
    struct queue_entry entry;

    queue_push(&world->queue, until_usec, 0, 0);
    while (queue_pop(&world->queue, &entry) && entry.what != 0)
        traffic_event(&world->traffic, &entry);
}

static struct traffic_count *counted(struct world *world)
{
    return &world->traffic.groups[0].period;
}

Test(traffic, is_refused_where_there_is_no_target)
{
    struct world *world = new_world(100 * RATE_PER_SEC, ARRIVALS_EVEN, 1);

    traffic_add_source(&world->traffic, &world->load, 0);
    run(world, SECOND + 1);
    cr_assert(counted(world)->n_rejected == 100 && counted(world)->n_requests == 0);
    finish_world(world);
}

Test(traffic, takes_the_time_that_the_service_takes)
{
    struct world *world = new_world(100 * RATE_PER_SEC, ARRIVALS_EVEN, 1);

    world->behaviour.wait = distribution_constant(3000);
    world->behaviour.work = distribution_constant(1000);
    serve(world, 0, 5);
    traffic_add_source(&world->traffic, &world->load, 0);
    run(world, 10 * SECOND + 5000);
    cr_assert(counted(world)->n_requests == 1000 && counted(world)->n_errors == 0);
    cr_assert(counted(world)->latency.sum_usec == 1000 * 4000);
    finish_world(world);
}

/* 100 a second on one server of 20 ms: the line grows to its end, the rest is turned away. */
Test(traffic, waits_in_line_and_is_turned_away_at_its_end)
{
    struct world *world = new_world(100 * RATE_PER_SEC, ARRIVALS_EVEN, 1);

    world->behaviour.wait = distribution_constant(20000);
    world->behaviour.concurrency = 1;
    world->behaviour.line_max = 10;
    serve(world, 0, 0);
    traffic_add_source(&world->traffic, &world->load, 0);
    run(world, 10 * SECOND);
    cr_assert(world->traffic.stations[0].line.n_waiting >= 9);
    cr_assert(counted(world)->n_errors > 470 && counted(world)->n_errors < 500);
    cr_assert(histogram_percentile_usec(&counted(world)->latency, 990) <= 222000);
    cr_assert(histogram_percentile_usec(&counted(world)->latency, 990) >= 198000);
    finish_world(world);
}

Test(traffic, that_nobody_waits_for_any_more_is_an_error)
{
    struct world *world = new_world(100 * RATE_PER_SEC, ARRIVALS_EVEN, 1);

    world->behaviour.wait = distribution_constant(20000);
    world->behaviour.concurrency = 1;
    world->load.timeout_usec = SECOND;
    serve(world, 0, 0);
    traffic_add_source(&world->traffic, &world->load, 0);
    run(world, 20 * SECOND);
    cr_assert(counted(world)->n_errors > 800, "%lld", (long long)counted(world)->n_errors);
    cr_assert(histogram_percentile_usec(&counted(world)->latency, 1000) <= 1010000);
    finish_world(world);
}

Test(traffic, is_cut_off_when_its_container_ends)
{
    struct world *world = new_world(100 * RATE_PER_SEC, ARRIVALS_EVEN, 1);

    world->behaviour.wait = distribution_constant(100000);
    world->behaviour.concurrency = 4;
    serve(world, 0, 0);
    serve(world, 0, 1);
    traffic_add_source(&world->traffic, &world->load, 0);
    run(world, 95000);
    traffic_close(&world->traffic, 95000, 0, 0);
    cr_assert(counted(world)->n_errors == 5, "the four in service and the one in line");
    run(world, SECOND);
    cr_assert(counted(world)->n_errors > 40, "what comes is refused");
    traffic_set(&world->traffic, SECOND, 0, 0, BALANCER_SPARE);
    counted(world)->n_errors = 0;
    world->behaviour.concurrency = 16;
    traffic_open(&world->traffic, SECOND, 1, 0, &world->behaviour);
    run(world, 3 * SECOND);
    cr_assert(counted(world)->n_errors == 0);
    finish_world(world);
}

Test(traffic, is_cut_off_when_its_target_is_deregistered_for_good)
{
    struct world *world = new_world(200 * RATE_PER_SEC, ARRIVALS_EVEN, 1);
    int64_t before;

    world->behaviour.wait = distribution_constant(100000);
    world->behaviour.concurrency = 2;
    serve(world, 0, 0);
    serve(world, 0, 1);
    traffic_add_source(&world->traffic, &world->load, 0);
    run(world, 99000);
    traffic_set(&world->traffic, 99000, 0, 0, BALANCER_HOLD);
    before = counted(world)->n_errors;
    cr_assert(before == 0);
    traffic_forget(&world->traffic, 99000, 0, 0);
    cr_assert(counted(world)->n_errors == 10, "%lld", (long long)counted(world)->n_errors);
    cr_assert(world->traffic.stations[0].line.n_waiting == 0);
    cr_assert(world->traffic.stations[0].line.n_serving == 0);
    run(world, SECOND);
    cr_assert(counted(world)->n_errors == 10);
    finish_world(world);
}

Test(traffic, is_shared_among_groups_as_it_is_shifted)
{
    struct world *world = new_world(1000 * RATE_PER_SEC, ARRIVALS_EVEN, 1);
    int64_t n;

    traffic_add_group(&world->traffic, BALANCER_ROUND_ROBIN, 0, 0, 0);
    serve(world, 0, 0);
    traffic_register(&world->traffic, 0, 1, 1, 0);
    traffic_open(&world->traffic, 0, 1, 0, &world->behaviour);
    traffic_set(&world->traffic, 0, 1, 1, BALANCER_IN_USE);
    traffic_add_source(&world->traffic, &world->load, 0);
    traffic_shift(&world->traffic, 0, 0, 1, 100);
    run(world, 20 * SECOND);
    n = world->traffic.groups[1].period.n_requests;
    cr_assert(n > 1870 && n < 2130, "a tenth of 20000: %lld", (long long)n);
    cr_assert(n + counted(world)->n_requests >= 19999);
    finish_world(world);
}

/* Theory ----------------------------------------------------------------------------------------- */

#define SEEDS 30
#define CUSTOMERS 160000
#define SERVICE_USEC 100000

/* Mean time in the system of so many customers of one run, after a tenth as many that do not count. */
static double mean_usec(int servers, double utilization, int customers, uint64_t seed)
{
    int64_t warm_up = customers / 10;
    int64_t rate = (int64_t)(utilization * servers * 1e6 / SERVICE_USEC * RATE_PER_SEC);
    struct world *world = new_world(rate, ARRIVALS_POISSON, seed);
    struct queue_entry entry;
    double mean;

    world->behaviour.wait =
        (struct distribution){.kind = DISTRIBUTION_EXPONENTIAL, .a_usec = SERVICE_USEC};
    world->behaviour.concurrency = servers;
    world->behaviour.line_max = INT32_MAX;
    world->load.timeout_usec = USEC_NEVER;
    serve(world, 0, 0);
    traffic_add_source(&world->traffic, &world->load, 0);
    while (counted(world)->n_requests < warm_up + customers && queue_pop(&world->queue, &entry)) {
        traffic_event(&world->traffic, &entry);
        if (counted(world)->n_requests == warm_up) {
            counted(world)->latency.sum_usec = 0;
        }
    }
    mean = (double)counted(world)->latency.sum_usec / customers;
    finish_world(world);
    return mean;
}

/* Erlang's C: the mean time in the system of M/M/c, in service times. */
static double theory(int servers, double utilization)
{
    double offered = servers * utilization, term = 1, sum = 0, waits;

    for (int k = 0; k < servers; k++) {
        sum += term;
        term *= offered / (k + 1);
    }
    waits = term / (1 - utilization);
    waits /= sum + waits;
    return 1 + waits / (servers * (1 - utilization));
}

/* Over 30 fixed seeds theory lies in the 99 % interval of the mean, which is within half a percent. */
static void assert_theory(int servers)
{
    const double t99 = 2.756; /* Student's, 29 degrees of freedom */
    double want = theory(servers, 0.7) * SERVICE_USEC;
    double sum = 0, squares = 0, mean, half;

    for (int seed = 1; seed <= SEEDS; seed++) {
        double value = mean_usec(servers, 0.7, CUSTOMERS, (uint64_t)seed) / want;

        sum += value;
        squares += value * value;
    }
    mean = sum / SEEDS;
    half = t99 * sqrt((squares - sum * sum / SEEDS) / (SEEDS - 1) / SEEDS);
    cr_assert(fabs(mean - 1) <= half, "%d servers: theory is %f away, the interval is +-%f",
              servers, mean - 1, half);
    cr_assert(fabs(mean - 1) <= 0.005, "%d servers: %f of theory", servers, mean);
}

Test(traffic, queues_as_theory_says_with_one_server)
{
    cr_assert(fabs(theory(1, 0.7) - 1 / 0.3) < 1e-12);
    assert_theory(1);
}

Test(traffic, queues_as_theory_says_with_three_servers)
{
    assert_theory(3);
}

Test(traffic, queues_as_theory_says_with_ten_servers)
{
    assert_theory(10);
}

/* What the interval of a few replications promises: of 100 of them 95 or so hold what theory says. */
Test(traffic, intervals_hold_the_mean_as_often_as_they_say)
{
    const double want = theory(1, 0.7) * SERVICE_USEC;
    int n_hold = 0;

    for (uint64_t i = 0; i < 100; i++) {
        int64_t means[8];
        struct estimate estimate;

        for (uint64_t k = 0; k < 8; k++)
            means[k] = (int64_t)mean_usec(1, 0.7, 4000, 1000 + i * 8 + k);
        estimate = estimate_of(means, 8);
        n_hold += fabs(estimate.mean - want) <= estimate.half;
    }
    cr_assert(88 <= n_hold && n_hold <= 100, "%d of 100", n_hold);
}
