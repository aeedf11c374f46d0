/*
 * Health checks' commands in real containers: that they run where the payload runs, as what it is,
 * and no longer than they may.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct fixture fixture;

static void set_up(void)
{
    fixture_open(&fixture);
}

static void tear_down(void)
{
    if (fixture.host) {
        fixture_close(&fixture);
    }
}

TestSuite(probe, .init = set_up, .fini = tear_down);

static struct container *start(struct container_spec *spec)
{
    struct container *container;
    struct container_event event;
    struct err err;

    cr_assert(container_create(fixture.host, spec, NULL, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_STARTED, "%s",
              event.err.text);
    return container;
}

static void end(struct container *container)
{
    struct container_event event = {0};

    container_remove(container);
    while (event.kind != CONTAINER_REMOVED) {
        cr_assert(fixture_next(&fixture, &event));
    }
}

static enum container_probe_result ask(struct container *container, struct container_spec *spec,
                                       const char *script, const char *needs, int64_t timeout_usec)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    static int32_t number;
    const struct container_probe probe = {argv, needs, timeout_usec, ++number};
    struct container_event event;
    struct err err;

    cr_assert(container_probe(container, spec, &probe, &err), "%s", err.text);
    do {
        cr_assert(fixture_next(&fixture, &event), "no answer to: %s", script);
    } while (event.kind != CONTAINER_PROBED);
    cr_expect(event.probe == number);
    return event.result;
}

static const char *const sleeps[] = {"sh", "-c", "echo here >/tmp/here; sleep 1000", NULL};

Test(probe, runs_where_the_payload_runs)
{
    static const struct {
        const char *script;
        bool passes;
    } cases[] = {
        {"exit 0", true},
        {"exit 1", false},
        {"kill -9 $$", false},
        {"nonesuch", false},
        {"sleep 0.05; grep -q here /tmp/here", true},
        {"test $(hostname) = web", true},
        {"test $(cat /proc/1/comm) = berth-init", true},
        {"test $(id -u) = 65534 -a $(id -g) = 65534", true},
        {"test $GREETING = ahoy -a $HOSTNAME = web -a $HOME = /", true},
        {"test $(pwd) = /srv", true},
        {"test $(ulimit -n) = 100", true},
        {"touch /proc/1/comm 2>/dev/null", false},
        {"touch /srv/file 2>/dev/null", false},
        {"test $(grep NoNewPrivs /proc/self/status | cut -f2) = 1", true},
        {"test $(grep Seccomp: /proc/self/status | cut -f2) = 2", true},
        {"test $(grep CapEff /proc/self/status | cut -f2) = 0000000000000000", true},
        {"test \"$(grep CapBnd /proc/self/status)\" = \"$(grep CapBnd /proc/2/status)\"", true},
        {"test \"$(cat /proc/self/cgroup)\" = \"$(cat /proc/2/cgroup)\"", true},
        {"test \"$(echo $(ls /proc/self/fd))\" = '0 1 2 3'", true},
        {"test $(ls /sys/class/net) = lo", true},
        {"unshare -U true 2>/dev/null", false},
    };
    static const char *const env[] = {"GREETING=ahoy", NULL};
    const struct container_rlimit files = {RLIMIT_NOFILE, 100, 100};
    struct container_spec spec = fixture_spec(&fixture, sleeps);
    struct container *container;

    spec.env = env;
    spec.cwd = "/srv";
    spec.user = "nobody";
    spec.rlimits = &files;
    spec.n_rlimits = 1;
    spec.limits.memory_bytes = 64 << 20;
    container = start(&spec);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool passed =
            ask(container, &spec, cases[i].script, NULL, 60000000) == CONTAINER_PROBE_PASSED;

        cr_expect(passed == cases[i].passes, "%s %s", cases[i].script, passed ? "passed" : "failed");
    }
    end(container);
}

Test(probe, namespaces_are_the_containers)
{
    static const char *const names[] = {"mnt", "pid", "uts", "ipc", "net", "cgroup"};
    struct container_spec spec = fixture_spec(&fixture, sleeps);
    struct container *container = start(&spec);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char script[160];

        snprintf(script, sizeof script,
                 "test $(readlink /proc/self/ns/%s) = $(readlink /proc/2/ns/%s)", names[i],
                 names[i]);
        cr_expect(ask(container, &spec, script, NULL, 60000000) == CONTAINER_PROBE_PASSED, "%s",
                  names[i]);
    }
    end(container);
}

/* It goes with all that it has started. */
Test(probe, is_killed_when_its_time_is_over)
{
    struct container_spec spec = fixture_spec(&fixture, sleeps);
    struct container *container = start(&spec);
    int64_t begin_usec = fixture_now_usec();

    cr_expect(ask(container, &spec, "sleep 900 & sleep 900", NULL, 200000) ==
              CONTAINER_PROBE_FAILED);
    cr_expect(fixture_now_usec() - begin_usec >= 200000);
    cr_expect(ask(container, &spec, "! ps | grep -q '[s]leep 900'", NULL, 60000000) ==
              CONTAINER_PROBE_PASSED);
    end(container);
}

Test(probe, says_that_the_program_is_missing)
{
    static const struct {
        const char *needs;
        enum container_probe_result result;
    } cases[] = {
        {"curl", CONTAINER_PROBE_NO_PROGRAM},     {"/bin/curl", CONTAINER_PROBE_NO_PROGRAM},
        {"wget", CONTAINER_PROBE_PASSED},         {"/bin/wget", CONTAINER_PROBE_PASSED},
        {"/etc/../bin/sh", CONTAINER_PROBE_PASSED},
    };
    struct container_spec spec = fixture_spec(&fixture, sleeps);
    struct container *container = start(&spec);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(ask(container, &spec, "exit 0", cases[i].needs, 60000000) == cases[i].result, "%s",
                  cases[i].needs);
    }
    end(container);
}

/* One that is out when the container goes gives no answer and leaves nothing; nor does one whose
 * container has ended, or that the next one overtakes. */
Test(probe, ends_with_its_container)
{
    static const char *const soon[] = {"true", NULL};
    const char *const argv[] = {"sleep", "1000", NULL};
    struct container_probe probe = {argv, NULL, 60000000, 7};
    struct container_spec spec = fixture_spec(&fixture, sleeps);
    struct container *container = start(&spec);
    struct container_event event = {0};
    struct err err;

    cr_assert(container_probe(container, &spec, &probe, &err), "%s", err.text);
    probe.number = 8;
    cr_assert(container_probe(container, &spec, &probe, &err), "%s", err.text);
    container_remove(container);
    while (event.kind != CONTAINER_REMOVED) {
        cr_assert(fixture_next(&fixture, &event));
        cr_expect(event.kind != CONTAINER_PROBED || event.probe != 7, "overtaken");
    }
    spec.argv = soon;
    container = start(&spec);
    do {
        cr_assert(fixture_next(&fixture, &event));
    } while (event.kind != CONTAINER_EXITED);
    cr_expect(!container_probe(container, &spec, &probe, &err));
    end(container);
}
