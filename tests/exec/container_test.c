/*
 * Real containers: what they see, what they may not, how they end. Every test makes its own run and
 * leaves nothing.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static struct fixture fixture;
static struct outcome outcome;

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

TestSuite(container, .init = set_up, .fini = tear_down);

Test(container, how_it_ends)
{
    static const struct {
        const char *script;
        int exit_code, signal;
    } cases[] = {
        {"exit 0", 0, 0},
        {"exit 3", 3, 0},
        {"exit 255", 255, 0},
        {"kill -TERM $$", 143, SIGTERM},
        {"kill -KILL $$", 137, SIGKILL},
        {"kill -SEGV $$", 139, SIGSEGV},
        {"sleep 1000 & exit 4", 4, 0}, /* what it leaves running dies with it */
        {"(setsid sleep 1000 &) ; exit 5", 5, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_shell(&fixture, cases[i].script, &outcome);
        cr_expect(outcome.exit_code == cases[i].exit_code, "%s: exit code %d", cases[i].script,
                  outcome.exit_code);
        cr_expect(outcome.signal == cases[i].signal, "%s: signal %d", cases[i].script,
                  outcome.signal);
        cr_expect(!outcome.oom_killed, "%s: no memory was short", cases[i].script);
    }
}

/* Runs a script and expects these exact words. */
Test(container, what_it_sees)
{
    static const struct {
        const char *name, *script, *output;
    } cases[] = {
        {"host name", "hostname", "web\n"},
        {"only three descriptors", "echo $(ls /proc/self/fd)", "0 1 2 3\n"}, /* 3 is ls's own */
        {"its parent is pid 1", "echo $PPID; set -- /proc/[0-9]*; echo $#", "1\n2\n"},
        {"own session", "cut -d' ' -f6 /proc/self/stat", "2\n"},
        {"user", "id -u; id -g", "0\n0\n"},
        {"directory", "pwd", "/\n"},
        {"environment", "env | grep -v -e PWD -e SHLVL | sort",
         "HOME=/root\nHOSTNAME=web\n"
         "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"},
        {"file mode mask", "umask", "0022\n"},
        {"root is an overlay it may write", "echo yes >/file && cat /file", "yes\n"},
        {"lower layers joined", "test -x /probe -a -x /bin/berth-work && echo both", "both\n"},
        {"lo is up", "ping -c1 -w1 127.0.0.1 >/dev/null && echo up", "up\n"},
        {"no other interface", "echo $(ls /sys/class/net)", "lo\n"},
        {"devices", "echo $(ls /dev)",
         "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero\n"},
        {"devices work", "echo x >/dev/null && head -c3 /dev/zero | wc -c", "3\n"},
        {"pseudo terminals", "test -c /dev/ptmx && echo yes", "yes\n"},
        {"shared memory", "echo y >/dev/shm/x && cat /dev/shm/x", "y\n"},
        {"signals unblocked and default",
         "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status | cut -f2 | uniq", "0000000000000000\n"},
        {"no new privileges", "grep NoNewPrivs /proc/self/status | cut -f2", "1\n"},
        {"filtered", "grep Seccomp: /proc/self/status | cut -f2", "2\n"},
        {"rlimits", "ulimit -Sn; ulimit -Hn; ulimit -c", "1024\n4096\n0\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_shell(&fixture, cases[i].script, &outcome);
        cr_expect(!strcmp(outcome.output, cases[i].output), "%s: got [%s], wanted [%s]",
                  cases[i].name, outcome.output, cases[i].output);
    }
}

/* Scripts that must say "no". */
Test(container, what_it_may_not)
{
    static const struct {
        const char *name, *script;
    } cases[] = {
        {"kernel's memory", "test $(head -c1 /proc/kcore 2>/dev/null | wc -c) = 1 && echo yes"},
        {"keys", "test -s /proc/keys && grep . /proc/keys && echo yes"},
        {"timers", "grep . /proc/timer_list && echo yes"},
        {"interrupts", "grep . /proc/interrupts && echo yes"},
        {"ACPI", "ls /proc/acpi 2>/dev/null | grep . && echo yes"},
        {"firmware", "ls /sys/firmware 2>/dev/null | grep . && echo yes"},
        {"kernel settings", "echo x >/proc/sys/kernel/domainname && echo yes"},
        {"magic key", "echo h >/proc/sysrq-trigger && echo yes"},
        {"interrupt placement", "echo 1 >/proc/irq/default_smp_affinity && echo yes"},
        {"sysfs", "echo 0 >/sys/kernel/profiling && echo yes; mkdir /sys/x && echo yes"},
        {"mounting", "mount -t tmpfs none /tmp && echo yes"},
        {"unmounting", "umount /proc/keys && echo yes; umount /proc/sys && echo yes"},
        {"remounting", "mount -o remount,rw /sys && echo yes"},
        {"devices", "mknod /tmp/sda b 8 0 && echo yes"},
        {"host name", "hostname other && echo yes"},
        {"pid 1", "kill -KILL 1; kill -TERM 1; sleep 0.05; kill -0 1 || echo yes"},
        {"pid 1's files",
         "readlink /proc/1/fd/0 | grep . && echo yes; ls /proc/1/root/ | grep . && echo yes"},
        {"pid 1's memory", "head -c1 /proc/1/mem | grep . && echo yes"},
        {"interfaces", "ip link add type veth && echo yes"},
        {"host's files",
         "ls -A / | grep -vxE 'bin|dev|etc|proc|probe|root|srv|sys|tmp|var' && echo yes; "
         "ls -A /root /srv /tmp | grep -v : | grep . && echo yes"},
        {"host's processes", "ls -d /proc/[0-9]* | grep -v -e '/[1-9]$' && echo yes"},
        {"the old root",
         "cd /proc/self/root/../../../.. && ls | grep -x -e boot -e lib64 && echo yes"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_shell(&fixture, cases[i].script, &outcome);
        cr_expect(!strstr(outcome.output, "yes"), "%s: [%s]", cases[i].name, outcome.output);
    }
}

Test(container, filter_denies)
{
    static const struct {
        const char *line;
    } wanted[] = {
        {"keyctl EPERM\n"},         {"add_key EPERM\n"},     {"bpf EPERM\n"},
        {"io_uring_setup EPERM\n"}, {"userfaultfd EPERM\n"}, {"perf_event_open EPERM\n"},
        {"clone3 ENOSYS\n"},        {"unshare EPERM\n"},     {"clone EPERM\n"},
        {"personality EPERM\n"},    {"vsock EPERM\n"},       {"mount EPERM\n"},
        {"pivot_root EPERM\n"},     {"setns EPERM\n"},       {"init_module EPERM\n"},
        {"mknod EPERM\n"},          {"socket ok\n"},
    };
    const char *const argv[] = {"/probe", NULL};

    fixture_run(&fixture, fixture_spec(&fixture, argv), &outcome);
    cr_assert(outcome.exit_code == 0, "%s", outcome.err.text);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        cr_expect(strstr(outcome.output, wanted[i].line), "wanted %s in: %s", wanted[i].line,
                  outcome.output);
    }
}

/* moby, oci/caps/defaults.go, as a mask. */
Test(container, capabilities_are_dockers_or_fewer)
{
    const unsigned long long dockers = 0xa80425fb;
    char *line;

    fixture_shell(&fixture, "grep Cap /proc/self/status", &outcome);
    for (line = strtok(outcome.output, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long long set = strtoull(strchr(line, '\t'), NULL, 16);

        cr_expect((set & ~dockers) == 0, "more than Docker's: %s", line);
        if (!strncmp(line, "CapBnd", 6)) {
            cr_expect(set != 0, "root in a container keeps some: %s", line);
        }
        if (!strncmp(line, "CapInh", 6) || !strncmp(line, "CapAmb", 6)) {
            cr_expect(set == 0, "none are handed on: %s", line);
        }
    }
}

Test(container, namespaces_are_its_own)
{
    static const char *const names[] = {"mnt", "pid", "uts", "ipc", "net", "cgroup"};
    char path[64], link[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char script[128];
        ssize_t n;

        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        snprintf(script, sizeof script, "readlink %s", path);
        n = readlink(path, link, sizeof link - 2);
        cr_assert(n > 0);
        link[n] = '\n';
        link[n + 1] = '\0';
        fixture_shell(&fixture, script, &outcome);
        cr_expect(!strncmp(outcome.output, names[i], strlen(names[i])), "%s", outcome.output);
        cr_expect(strcmp(outcome.output, link), "%s is the host's", names[i]);
    }
}

Test(container, sees_its_cgroups_as_the_root)
{
    fixture_shell(&fixture,
                  "grep -v -e ':/$' /proc/self/cgroup | grep -e memory -e pids -e cpu: -e '^0:'",
                  &outcome);
    cr_expect(outcome.output[0] == '\0', "a path leads up: %s", outcome.output);
}

Test(container, inherits_no_descriptor)
{
    int leaks[20];

    for (int i = 0; i < 20; i++) {
        leaks[i] = open("/dev/null", O_RDONLY); /* without close-on-exec */
    }
    fixture_shell(&fixture, "echo $(ls /proc/self/fd)", &outcome);
    cr_expect(!strcmp(outcome.output, "0 1 2 3\n"), "%s", outcome.output);
    for (int i = 0; i < 20; i++) {
        close(leaks[i]);
    }
}

Test(container, users)
{
    static const struct {
        const char *user, *output;
    } cases[] = {
        {NULL, "0 0 /root\n"},         {"root", "0 0 /root\n"}, {"nobody", "65534 65534 /\n"},
        {"65534", "65534 65534 /\n"},  {"1000", "1000 0 /\n"},  {"1000:5", "1000 5 /\n"},
        {"nobody:tty", "65534 5 /\n"}, {"0:5", "0 5 /root\n"},
    };
    const char *const argv[] = {"sh", "-c", "echo $(id -u) $(id -g) $HOME", NULL};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct container_spec spec = fixture_spec(&fixture, argv);

        spec.user = cases[i].user;
        fixture_run(&fixture, spec, &outcome);
        cr_expect(!strcmp(outcome.output, cases[i].output), "%s: %s",
                  cases[i].user ? cases[i].user : "(none)", outcome.output);
    }
}

Test(container, another_user_has_no_capabilities_and_can_be_ready_and_stopped)
{
    const char *const argv[] = {"sh", "-c",
                                "grep -e CapEff -e CapPrm /proc/self/status; "
                                "exec berth-work --idle forever",
                                NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    int output = memfd_create("output", MFD_CLOEXEC);
    struct container *container;
    struct container_event event;
    char text[256] = "";
    struct err err;

    spec.user = "nobody";
    spec.output_fd = output;
    cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_STARTED);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_READY);
    cr_expect(container_signal(container, SIGTERM, &err));
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_EXITED);
    cr_expect(event.exit_code == 143, "%d", event.exit_code);
    container_remove(container);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_REMOVED);
    cr_expect(pread(output, text, sizeof text - 1, 0) > 0);
    cr_expect(!strncmp(text, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n", 50), "%s",
              text);
    close(output);
}

Test(container, what_the_specification_asks_for)
{
    const char *const argv[] = {"sh", "-c",
                                "pwd; hostname; echo $GREETING; ulimit -n; "
                                "touch /file 2>/dev/null && echo writable",
                                NULL};
    const char *const env[] = {"GREETING=ahoy", "PATH=/bin", NULL};
    const struct container_rlimit files = {RLIMIT_NOFILE, 100, 100};
    struct container_spec spec = fixture_spec(&fixture, argv);

    spec.env = env;
    spec.cwd = "/srv/new/folder";
    spec.hostname = "harbour";
    spec.read_only = true;
    spec.rlimits = &files;
    spec.n_rlimits = 1;
    fixture_run(&fixture, spec, &outcome);
    cr_expect(!strcmp(outcome.output, "/srv/new/folder\nharbour\nahoy\n100\n"), "%s %s",
              outcome.output, outcome.err.text);
}

/* What it writes goes into its own memory: never into the layers, which others share. */
Test(container, layers_stay_as_they_are)
{
    fixture_shell(&fixture, "rm /etc/passwd; echo x >/etc/group; touch /new", &outcome);
    fixture_shell(&fixture, "test -s /etc/passwd && ls /new; head -n1 /etc/group", &outcome);
    cr_expect(strstr(outcome.output, "root:x:0:"), "%s", outcome.output);
    cr_expect(strstr(outcome.output, "No such file"), "%s", outcome.output);
}

Test(container, failures_name_stage_and_cause)
{
    static const struct {
        const char *name, *argv0, *user, *cwd, *layer;
        enum container_stage stage;
        const char *says;
    } cases[] = {
        {"no program", "nonesuch", NULL, NULL, NULL, STAGE_EXEC,
         "cannot execute nonesuch: No such file"},
        {"no path", "/bin/none", NULL, NULL, NULL, STAGE_EXEC,
         "cannot execute /bin/none: No such file"},
        {"no permission", "/etc/passwd", NULL, NULL, NULL, STAGE_EXEC, "Permission denied"},
        {"no folder", "true", NULL, "/etc/passwd", NULL, STAGE_WORKDIR,
         "/etc/passwd: Not a directory"},
        {"no user", "true", "somebody", NULL, NULL, STAGE_CREATE, "user somebody is not in"},
        {"no group", "true", "0:somebody", NULL, NULL, STAGE_CREATE, "group somebody is not in"},
        {"no layer", "true", NULL, NULL, "/nonesuch", STAGE_ROOTFS, "overlay: No such file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const argv[] = {cases[i].argv0, NULL};
        const char *const layers[] = {cases[i].layer, NULL};
        struct container_spec spec = fixture_spec(&fixture, argv);

        spec.user = cases[i].user;
        spec.cwd = cases[i].cwd;
        spec.layers = cases[i].layer ? layers : spec.layers;
        fixture_run(&fixture, spec, &outcome);
        cr_expect(outcome.failed || !outcome.created, "%s: did not fail", cases[i].name);
        cr_expect(outcome.stage == cases[i].stage, "%s: stage %s", cases[i].name,
                  container_stage_name(outcome.stage));
        cr_expect(strstr(outcome.err.text, cases[i].says), "%s: %s", cases[i].name,
                  outcome.err.text);
    }
}

Test(container, unsafe_names_are_refused)
{
    static const char *const names[] = {"", "..", "a/b", "cpu.max", "a b", NULL};
    const char *const argv[] = {"true", NULL};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct container_spec spec = fixture_spec(&fixture, argv);

        spec.name = names[i];
        fixture_run(&fixture, spec, &outcome);
        cr_expect(!outcome.created, "%s was accepted", names[i] ? names[i] : "NULL");
        cr_expect(outcome.err.code == EXIT_INPUT);
    }
}

/* ---- limits ---- */

Test(container, too_much_memory_is_137)
{
    const char *const argv[] = {"berth-work", "--memory", "67108864", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);

    if (!fixture.machine.limits_memory) {
        cr_skip_test("memory cannot be limited here");
    }
    spec.limits.memory_bytes = 32 << 20;
    fixture_run(&fixture, spec, &outcome);
    cr_expect(outcome.exit_code == 137 && outcome.oom_killed, "exit code %d, OOM %d, %s",
              outcome.exit_code, outcome.oom_killed, outcome.output);
    spec.limits.memory_bytes = 128 << 20;
    fixture_run(&fixture, spec, &outcome);
    cr_expect(outcome.exit_code == 0 && !outcome.oom_killed, "exit code %d, OOM %d",
              outcome.exit_code, outcome.oom_killed);
    cr_expect(outcome.usage.peak_bytes >= 64 << 20, "peak of %ld bytes",
              (long)outcome.usage.peak_bytes);
}

Test(container, too_many_processes_are_refused)
{
    const char *const argv[] = {"sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all",
                                NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);

    if (!fixture.machine.limits_pids) {
        cr_skip_test("processes cannot be limited here");
    }
    spec.limits.pids = 5;
    fixture_run(&fixture, spec, &outcome);
    cr_expect(strstr(outcome.output, "can't fork"), "%s", outcome.output);
    spec.limits.pids = 20;
    fixture_run(&fixture, spec, &outcome);
    cr_expect(!strcmp(outcome.output, "all\n"), "%s", outcome.output);
}

/* 0.2 s of work with a quarter of a CPU: 0.8 s less the first period's share. Where the machine is so
 * busy that not even the quarter is to be had, nothing has to be throttled. */
Test(container, cpu_quota_of_the_task_holds)
{
    const char *const argv[] = {"berth-work", "--work", "200000", NULL};
    char group[128];
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct cgroup_limits quarter = {.quota_cpu = 256};
    struct cgroup_usage usage;
    struct err err;

    if (!fixture.machine.limits_cpu) {
        cr_skip_test("CPU cannot be limited here");
    }
    snprintf(group, sizeof group, "%s/t2", fixture.instance);
    cr_assert(cgroup_make(&fixture.machine, group, true, &quarter, &err), "%s", err.text);
    spec.task_group = group;
    fixture_run(&fixture, spec, &outcome);
    cr_expect(outcome.exit_code == 0);
    cr_expect(outcome.exited_usec - outcome.started_usec > 500000, "took only %ld us",
              (long)(outcome.exited_usec - outcome.started_usec));
    cr_expect(outcome.usage.cpu_usec >= 200000, "used %ld us", (long)outcome.usage.cpu_usec);
    cr_expect(outcome.used_usec >= 200000, "with its pid 1 %ld us", (long)outcome.used_usec);
    cr_expect(cgroup_read(&fixture.machine, group, &usage, &err), "%s", err.text);
    cr_expect(usage.throttled_periods >= 1 ||
                  outcome.exited_usec - outcome.started_usec > 4 * outcome.usage.cpu_usec,
              "throttled in %ld periods", (long)usage.throttled_periods);
    cr_expect(cgroup_remove(&fixture.machine, group));
}

/* ---- time ---- */

Test(container, tells_when_it_is_ready)
{
    const char *const argv[] = {"berth-work", "--ready", "100000", "--idle",
                                "50000",      "--exit",  "7",      NULL};

    fixture_run(&fixture, fixture_spec(&fixture, argv), &outcome);
    cr_expect(outcome.exit_code == 7);
    cr_assert(outcome.ready);
    /* Its own clock runs from its first instruction; when pid 1 hears of that is the load's affair. */
    cr_expect(outcome.ready_usec - outcome.begin_usec >= 100000, "ready after %ld us",
              (long)(outcome.ready_usec - outcome.begin_usec));
    cr_expect(outcome.exited_usec - outcome.begin_usec >= 150000);
    cr_expect(outcome.started_usec <= outcome.ready_usec);
    cr_expect(outcome.ready_usec <= outcome.exited_usec);
    cr_expect(!strcmp(outcome.output, "ready\nidling for 50000 us\nexit 7\n"), "%s",
              outcome.output);
}

/* At a gate of its own: `*word` is to be closed. */
static struct container *start_parked(int *word)
{
    const char *const argv[] = {"berth-work", "--idle", "forever", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct container *container;
    struct err err;
    int gate[2];

    cr_assert(pipe2(gate, O_CLOEXEC) == 0);
    spec.gate_fd = gate[0];
    cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    close(gate[0]);
    *word = gate[1];
    return container;
}

Test(container, waits_at_its_gate)
{
    struct container_event event;
    int word;

    start_parked(&word);
    usleep(100000);
    cr_expect(!container_host_next(fixture.host, &event), "it waits");
    close(word);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_STARTED);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_READY);
}

/* Nothing of it is left: the fixture looks. */
Test(container, removed_while_it_waits_at_its_gate)
{
    struct container_event event;
    int word;
    struct container *container = start_parked(&word);

    usleep(50000);
    container_remove(container);
    do {
        cr_assert(fixture_next(&fixture, &event));
        cr_expect(event.kind != CONTAINER_STARTED);
    } while (event.kind != CONTAINER_REMOVED);
    close(word);
}

Test(container, stages_come_in_order)
{
    const char *const argv[] = {"true", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct container_event event;
    struct container *container;
    int64_t last_usec = 0;
    struct err err;

    cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_STARTED);
    for (int i = 0; i < STAGE_N; i++) {
        int64_t usec = container_stages(container)[i];

        cr_expect((usec == 0) == (i == STAGE_USER_NAMESPACE), "%s: %ld", container_stage_name(i),
                  (long)usec);
        cr_expect(usec == 0 || usec >= last_usec, "%s is before its time", container_stage_name(i));
        last_usec = usec ? usec : last_usec;
    }
    cr_expect(event.at_usec >= last_usec);
    container_remove(container);
}

/* ---- what it costs ---- */

static long pss_kib(int pid)
{
    char path[64], line[256];
    long kib = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Pss: %ld", &kib) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return kib;
}

/* ---- stopping ---- */

static struct container *start_idle(const char *option)
{
    const char *const argv[] = {"berth-work", "--idle", "forever", option, "forever", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct container *container;
    struct container_event event;
    struct err err;

    cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_STARTED, "%s",
              event.err.text);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_READY);
    return container;
}

Test(container, takes_less_than_40_kib_beyond_its_payload)
{
    struct container *container = start_idle("--idle");
    long kib = pss_kib(container_pid(container));

    cr_expect(kib >= 0 && kib <= 40, "%ld KiB", kib);
}

Test(container, term_then_kill)
{
    struct container *container = start_idle("--stop");
    struct container_event event;
    struct err err;

    cr_expect(container_signal(container, SIGTERM, &err));
    usleep(50000);
    cr_expect(!container_host_next(fixture.host, &event), "it does not care for SIGTERM");
    container_kill(container);
    cr_assert(fixture_next(&fixture, &event));
    cr_expect(event.kind == CONTAINER_EXITED && event.exit_code == 137 && event.signal == SIGKILL);
    cr_expect(!event.oom_killed);
    cr_expect_eq(event.used_usec, 0, "its pid 1 could not tell");
    cr_expect(container_signal(container, SIGTERM, &err), "signals after the end are fine");
    container_kill(container);
    container_remove(container);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_REMOVED);
}

Test(container, signal_right_after_start_is_not_lost)
{
    const char *const argv[] = {"berth-work", "--idle", "forever", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct container *container;
    struct container_event event;
    struct err err;

    cr_assert(container_create(fixture.host, &spec, &fixture, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    cr_assert(container_signal(container, SIGTERM, &err), "%s", err.text);
    do {
        cr_assert(fixture_next(&fixture, &event));
        cr_expect(event.owner == &fixture && event.container == container);
    } while (event.kind != CONTAINER_EXITED);
    cr_expect(event.exit_code == 143, "exit code %d", event.exit_code);
    container_remove(container);
}

Test(container, removed_while_it_runs)
{
    struct container *container = start_idle("--idle");
    struct container_event event;

    container_remove(container);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_EXITED);
    cr_expect(event.exit_code == 137);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_REMOVED);
}

Test(container, removed_before_it_ran)
{
    const char *const argv[] = {"true", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct container *container;
    struct container_event event;
    struct err err;

    cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
    container_remove(container);
    cr_assert(fixture_next(&fixture, &event));
    cr_expect(event.kind == CONTAINER_REMOVED && event.container == container);
}

/* On a busy machine it may have been quicker than we are. */
Test(container, killed_before_it_ran_has_failed)
{
    const char *const argv[] = {"berth-work", "--idle", "forever", NULL};
    struct container_spec spec = fixture_spec(&fixture, argv);
    struct container *container;
    struct container_event event;
    struct err err;

    cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
    cr_assert(container_start(container, &err), "%s", err.text);
    container_kill(container);
    cr_assert(fixture_next(&fixture, &event));
    if (event.kind == CONTAINER_STARTED) {
        cr_assert(fixture_next(&fixture, &event));
        cr_expect(event.kind == CONTAINER_EXITED && event.exit_code == 137, "%d", event.kind);
    } else {
        cr_expect(event.kind == CONTAINER_FAILED && strstr(event.err.text, "killed"), "%d %s",
                  event.kind, event.err.text);
    }
    container_remove(container);
    cr_assert(fixture_next(&fixture, &event) && event.kind == CONTAINER_REMOVED);
}

/* Many at once, ended by closing the host: fixture_close() counts what is left. */
Test(container, many_at_once)
{
    const char *const argv[] = {"berth-work", "--idle", "forever", NULL};
    struct container_event event;
    int started = 0;

    for (int i = 0; i < 30; i++) {
        struct container_spec spec = fixture_spec(&fixture, argv);
        struct container *container;
        char name[16];
        struct err err;

        snprintf(name, sizeof name, "c%d", i);
        spec.name = name;
        cr_assert(container_create(fixture.host, &spec, NULL, &container, &err), "%s", err.text);
        cr_assert(container_start(container, &err), "%s", err.text);
    }
    while (started < 30 && fixture_next(&fixture, &event)) {
        cr_expect(event.kind != CONTAINER_FAILED, "%s", event.err.text);
        started += event.kind == CONTAINER_STARTED;
    }
    cr_expect(started == 30, "%d of 30 started", started);
}
