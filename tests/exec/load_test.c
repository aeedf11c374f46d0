/*
 * Open loop: what is scheduled is sent at its time and reported once, with its whole wait, also where
 * nobody answers, and probes tell what they saw. The server is berth-work in a cloud of the test's own.
 */
#include "exec/load.h"

#include "exec/cloud.h"
#include "exec/loop.h"
#include "model/arrivals.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RATE = 200, SECONDS = 3, REQUESTS_MAX = 2000, SEED = 7 };

static struct {
    char base[64];
    struct cgroup_machine cgroups;
    struct sweep_run run;
    struct helper_place place;
    struct helper server;
    struct load load;
    struct load_job job;
    struct scenario scenario;
    struct load_source source;
    struct rate_step step;
} it;

static void set_up(void)
{
    struct err err;
    int fd;

    if (geteuid() != 0) {
        cr_skip_test("only root makes the network namespaces that requests go through here");
    }
    memset(&it, 0, sizeof it);
    strcpy(it.base, "/tmp/berth-load-XXXXXX");
    cr_assert(mkdtemp(it.base) != NULL);
    cr_assert(cgroup_open(&it.cgroups, CGROUP_BY_FD, &err), "%s", err.text);
    cr_assert(sweep_open(&it.run, it.base, &err), "%s", err.text);
    cr_assert(cloud_open(&fd, &err), "%s", err.text);
    it.place = (struct helper_place){&it.run, &it.cgroups, fd};
    it.server = HELPER_NONE;
    it.load = LOAD_NONE;
    it.step = (struct rate_step){0, RATE * RATE_PER_SEC};
    it.source = (struct load_source){.curve = {.n_steps = 1, .steps = &it.step},
                                     .spacing = ARRIVALS_POISSON,
                                     .to_usec = SECONDS * USEC_PER_SEC,
                                     .timeout_usec = 60 * USEC_PER_SEC};
    it.scenario = (struct scenario){.loads = &it.source, .n_loads = 1};
    it.job = (struct load_job){.scenario = &it.scenario,
                               .seed = SEED,
                               .scale = {1, 1},
                               .origin_usec = loop_clock_usec(),
                               .address = cloud_address(),
                               .port = 80};
}

static void tear_down(void)
{
    struct sweep_counts counts = {0};
    struct err err;

    load_stop(&it.load, &it.cgroups);
    helper_stop(&it.server, &it.cgroups);
    close(it.place.cloud_fd);
    cr_expect(sweep_close(&it.run, &it.cgroups, &counts, &err), "%s", err.text);
    cr_expect(counts.processes == 0 && counts.groups == 0, "something was left");
    cgroup_close(&it.cgroups);
    rmdir(it.base);
}

TestSuite(load, .init = set_up, .fini = tear_down);

/* From inside the cloud: until somebody listens there. */
static void wait_for_server(void)
{
    pid_t pid = fork();
    int status, fd;

    if (pid == 0) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(80),
                                 .sin_addr.s_addr = htonl(cloud_address())};

        if (setns(it.place.cloud_fd, CLONE_NEWNET) != 0) {
            _exit(1);
        }
        for (int i = 0; i < 60000; i++) {
            fd = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
                _exit(0);
            }
            close(fd);
            usleep(1000);
        }
        _exit(1);
    }
    cr_assert(waitpid(pid, &status, 0) == pid && status == 0, "nobody listens");
}

static void serve(void)
{
    struct err err;
    pid_t pid = helper_fork(&it.server, "server", &it.place, -1, &err);

    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout)) {
            _exit(127);
        }
        execl(WORK_PROGRAM, "berth-work", "--http", "80", "--concurrency", "4", "--line", "10000",
              "--idle", "forever", NULL);
        _exit(127);
    }
    cr_assert(pid > 0, "%s", err.text);
    wait_for_server();
    it.job.origin_usec = loop_clock_usec();
}

static int64_t now_usec(void)
{
    return loop_clock_usec() - it.job.origin_usec;
}

/* Waits for the next reports; their number. */
static int hear(struct load_report *reports)
{
    struct pollfd wanted = {.fd = it.load.fd, .events = POLLIN};
    int n;

    cr_assert(poll(&wanted, 1, 60000) == 1, "no report for a minute");
    n = load_hear(&it.load, reports);
    cr_assert(n >= 0, "the source of load has ended");
    return n;
}

/* When requests are to come, by the model itself. */
static int schedule(int64_t *at_usec)
{
    struct arrivals arrivals;
    int n = 0;

    arrivals_init(&arrivals, &it.source.curve, it.source.spacing, SEED, 0, 0, it.source.to_usec);
    while ((at_usec[n] = arrivals_next(&arrivals)) != USEC_NEVER) {
        n++;
    }
    return n;
}

/* All of `n` requests, by number; each comes once. */
static void collect(struct load_report *all, int n)
{
    struct load_report reports[LOAD_REPORTS_MAX];
    int n_heard = 0;

    while (n_heard < n) {
        int n_new = hear(reports);

        for (int i = 0; i < n_new; i++) {
            cr_assert(reports[i].number >= 0 && reports[i].number < n);
            cr_assert(all[reports[i].number].ended_usec == 0, "reported twice");
            all[reports[i].number] = reports[i];
        }
        n_heard += n_new;
    }
}

Test(load, a_stall_leaves_no_request_out)
{
    static int64_t at_usec[REQUESTS_MAX + 1];
    static struct load_report all[REQUESTS_MAX];
    int64_t stopped_usec, again_usec;
    int n = schedule(at_usec), n_stalled = 0, n_sent = 0;
    struct err err;

    serve();
    cr_assert(load_start(&it.load, &it.place, &it.job, &err), "%s", err.text);
    usleep(USEC_PER_SEC);
    kill(-it.server.pid, SIGSTOP);
    stopped_usec = now_usec();
    usleep(USEC_PER_SEC);
    again_usec = now_usec();
    kill(-it.server.pid, SIGCONT);
    collect(all, n);
    for (int i = 0; i < n; i++) {
        int64_t wait_usec = all[i].ended_usec - all[i].scheduled_usec;

        cr_expect(all[i].scheduled_usec == at_usec[i], "the model's own times");
        cr_expect(all[i].sent_usec >= at_usec[i] && all[i].status == 200, "request %d: %d", i,
                  all[i].status);
        if (at_usec[i] < stopped_usec || at_usec[i] >= again_usec) {
            continue;
        }
        n_stalled++;
        n_sent += all[i].sent_usec < again_usec;
        cr_expect(wait_usec >= again_usec - at_usec[i], "request %d counts its whole wait", i);
    }
    cr_expect(n_stalled > RATE / 2, "%d were to come in that second", n_stalled);
    cr_expect(n_sent > 32,
              "%d were sent meanwhile: a closed loop sends what it has connections for", n_sent);
}

Test(load, nobody_answers)
{
    static int64_t at_usec[REQUESTS_MAX + 1];
    static struct load_report all[REQUESTS_MAX];
    struct err err;
    int n;

    it.source.to_usec = USEC_PER_SEC / 2;
    n = schedule(at_usec);
    cr_assert(load_start(&it.load, &it.place, &it.job, &err), "%s", err.text);
    collect(all, n);
    for (int i = 0; i < n; i++) {
        cr_expect(all[i].status == 0 && all[i].group == ID_NONE && all[i].task == ID_NONE);
        cr_expect(all[i].scheduled_usec == at_usec[i]);
    }
}

Test(load, clients_give_up)
{
    static int64_t at_usec[REQUESTS_MAX + 1];
    static struct load_report all[REQUESTS_MAX];
    struct err err;
    int n, n_given_up = 0;

    it.source.to_usec = 2 * USEC_PER_SEC;
    it.source.timeout_usec = USEC_PER_SEC / 10;
    n = schedule(at_usec);
    serve();
    cr_assert(load_start(&it.load, &it.place, &it.job, &err), "%s", err.text);
    usleep(USEC_PER_SEC);
    kill(-it.server.pid, SIGSTOP);
    collect(all, n);
    for (int i = 0; i < n; i++) {
        n_given_up += all[i].status == 0;
        cr_expect(all[i].status == 200 || all[i].ended_usec >= at_usec[i] + it.source.timeout_usec);
    }
    cr_expect(n_given_up > 0);
    kill(-it.server.pid, SIGCONT);
}

Test(load, probes)
{
    struct load_probe probe = {.group = 1,
                               .task = 5,
                               .address = cloud_address(),
                               .port = 80,
                               .interval_usec = 20000,
                               .timeout_usec = USEC_PER_SEC / 4,
                               .path = "/health"};
    struct load_report reports[LOAD_REPORTS_MAX];
    struct err err;
    int status = 0;

    it.scenario.n_loads = 0;
    cr_assert(load_start(&it.load, &it.place, &it.job, &err), "%s", err.text);
    cr_assert(load_ask(&it.load, &probe));
    while (hear(reports) == 0) {
    }
    cr_expect(reports[0].kind == LOAD_PROBE_ENDED && reports[0].group == 1 &&
                  reports[0].task == 5 && reports[0].status == 0,
              "refused");
    serve();
    while (status != 200) {
        int n = hear(reports);

        status = n > 0 ? reports[n - 1].status : status;
    }
    kill(-it.server.pid, SIGSTOP);
    while (status != 0) {
        int n = hear(reports);

        status = n > 0 ? reports[n - 1].status : status;
    }
    kill(-it.server.pid, SIGCONT);
    cr_assert(load_forget(&it.load, 1, 5));
    cr_assert(load_end(&it.load));
}

/* As when its process is killed: it is noticed, not waited for. */
Test(load, its_end_is_noticed)
{
    struct load_report reports[LOAD_REPORTS_MAX];
    struct pollfd wanted;
    struct err err;

    it.scenario.n_loads = 0;
    cr_assert(load_start(&it.load, &it.place, &it.job, &err), "%s", err.text);
    kill(it.load.helper.pid, SIGKILL);
    wanted = (struct pollfd){.fd = it.load.fd, .events = POLLIN};
    cr_assert(poll(&wanted, 1, 60000) == 1);
    cr_expect(load_hear(&it.load, reports) == -1);
}
