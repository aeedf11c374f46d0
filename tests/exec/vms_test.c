/*
 * Real runs whose instances are virtual machines.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

TestSuite(vms, .init = runs_set_up, .fini = runs_tear_down);

/* Skips the test where there can be none: the doctor's word, as for containers. */
static void skip_without_vms(void)
{
    struct runs_program doctor;

    RUNS_RUN(&doctor, "doctor");
    if (!strstr(doctor.out, "\nvms         ok") && !strstr(doctor.out, "\nvms         limited")) {
        const char *line = strstr(doctor.out, "\nvms  ");

        cr_skip_test("no virtual machines here, says berth doctor: %.*s",
                     line ? (int)strcspn(line + 1, "\n") : 0, line ? line + 1 : "");
    }
}

static void start_vms(struct runs_program *outcome, const char *boot)
{
    skip_without_vms();
    RUNS_START(outcome, "exec", TESTS "/vms.json", "--machines=vms", "--boot", boot);
}

static void wait_until_launched(const char *name, int n)
{
    struct story story;
    int found = 0;

    for (int tries = 0; tries < 600 && found < n; tries++) {
        if (runs_load(&story, name, NULL)) {
            found = story.n_instances;
            story_finish(&story);
        }
        runs_pause_ms(50);
    }
    cr_assert(found >= n, "%d instances instead of %d", found, n);
}

/* A container is told of the host's kernel and memory, a machine of its own. */
static void expect_seen(const char *out, const char *release, const struct story_course *course)
{
    const char *kernel = strstr(out, "same kernel "), *memory = strstr(out, "same memory ");
    long long host_mib = 0, container_mib = 0;
    char host[64] = "", container[64] = "", guest[64] = "";
    int guest_mib = 0, whole_mib = 0;

    cr_assert(kernel && memory, "%s", out);
    sscanf(kernel,
           "same kernel host %63[^,], inside a container %63s inside a virtual machine %63s", host,
           container, guest);
    sscanf(memory,
           "same memory host %lld MiB, inside a container %lld MiB inside a virtual machine %d MiB "
           "of its %d",
           &host_mib, &container_mib, &guest_mib, &whole_mib);
    cr_expect_str_eq(host, release);
    cr_expect_str_eq(container, release);
    cr_expect_str_eq(guest, course->kernel);
    cr_expect(host_mib > 0 && container_mib == host_mib, "%s", memory);
    cr_expect(guest_mib == course->seen_bytes >> 20 && whole_mib == 160, "%s", memory);
}

/* Each has a kernel of its own, of which the log tells; what containers print comes back. */
Test(vms, two_instances)
{
    struct runs_program outcome;
    struct story story;
    struct story_course first;
    struct utsname host;
    char printed[256];

    start_vms(&outcome, "uncompressed");
    runs_wait_until("vms.exec.run", 2, runs_count_ready_tasks, 2);
    runs_end_in_order(&outcome);
    cr_assert(runs_load(&story, "vms.exec.run", NULL));
    uname(&host);
    for (int i = 0; i < 2; i++) {
        const struct story_course *course = &story.instances[i].course;

        cr_expect_str_eq(course->start, "uncompressed");
        cr_expect(course->kernel[0] && strcmp(course->kernel, host.release) != 0, "%s",
                  course->kernel);
        cr_expect(course->firmware_usec >= 0 && course->kernel_usec > 0 && course->user_usec > 0,
                  "%" PRId64 ", %" PRId64 ", %" PRId64, course->firmware_usec, course->kernel_usec,
                  course->user_usec);
        cr_expect(course->system_bytes > 0 && course->system_bytes < course->memory_bytes);
        cr_expect(course->memory_bytes <= INT64_C(160) << 20);
        /* a kernel that has begun does not count itself and what its firmware keeps */
        cr_expect(course->seen_bytes > INT64_C(96) << 20 &&
                      course->seen_bytes < course->memory_bytes,
                  "%" PRId64, course->seen_bytes);
        cr_expect(course->overhead_bytes > INT64_C(16) << 20 &&
                      course->overhead_bytes < course->host_bytes,
                  "%" PRId64 " of %" PRId64 ", of which some is the guest's",
                  course->overhead_bytes, course->host_bytes);
        cr_expect(!story.instances[i].boot_modelled);
        cr_expect(story.tasks[i].instance != story.tasks[1 - i].instance);
    }
    cr_expect(!story.tasks[0].containers[0].pull_modelled, "the image is on the guest's disk");
    first = story.instances[0].course;
    story_finish(&story);
    expect_seen(outcome.out, host.release, &first);
    runs_read("vms.exec.run.logs/t1.web.log", printed, sizeof printed);
    cr_expect(strstr(printed, "ready") != NULL, "%s", printed);
}

/* A machine beside a slice, in one cluster and one network: tasks find each other. */
Test(vms, one_of_two_instances)
{
    struct runs_program outcome;
    struct story story;

    skip_without_vms();
    RUNS_START(&outcome, "exec", TESTS "/vms.json", "--boot", "uncompressed", "--set",
               "instances=[{\"type\":\"box\",\"isolation\":\"vm\"},{\"type\":\"box\"}]");
    runs_wait_until("vms.exec.run", 2, runs_count_ready_tasks, 2);
    cr_assert(runs_load(&story, "vms.exec.run", NULL));
    cr_expect(story.instances[0].course.start[0] != '\0');
    cr_expect(story.instances[1].course.start[0] == '\0');
    story_finish(&story);
    cr_expect(system(EXEC_PROGRAM " enter -- busybox sh -c 'ping -c 1 -w 20 10.213.128.1 && "
                                  "ping -c 1 -w 20 10.213.128.2' >/dev/null") == 0,
              "both tasks answer in the run's network");
    runs_end_in_order(&outcome);
}

/* Lines of a file of this test's runs_folder; "" where there are fewer. */
static void read_lines(const char *name, char lines[3][64])
{
    char text[512];
    const char *at = text;

    runs_read(name, text, sizeof text);
    for (int i = 0; i < 3; i++) {
        snprintf(lines[i], 64, "%.*s", (int)strcspn(at, "\n"), at);
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
}

/* Both woke from one snapshot: the kernel's name for its boot, what it draws and its clock are its
 * own all the same. */
static void expect_own_identities(void)
{
    char lines[2][3][64];

    for (int tries = 0; tries < 600; tries++) { /* what they print comes a little later */
        read_lines("vms.exec.run.logs/t1.who.log", lines[0]);
        read_lines("vms.exec.run.logs/t2.who.log", lines[1]);
        if (lines[0][2][0] && lines[1][2][0]) {
            break;
        }
        runs_pause_ms(50);
    }
    for (int i = 0; i < 2; i++) {
        cr_expect(strlen(lines[0][i]) == 36 && strcmp(lines[0][i], lines[1][i]) != 0, "%s, %s",
                  lines[0][i], lines[1][i]);
    }
    for (int i = 0; i < 2; i++) {
        cr_expect(llabs(atoll(lines[i][2]) - (long long)time(NULL)) < 200, "%s", lines[i][2]);
    }
}

/* An instance that is killed is replaced; with the controller all die, and the next one cleans up. */
Test(vms, controller_is_killed)
{
    struct runs_program outcome, clean;
    pid_t pids[RUNS_PIDS_MAX];
    char id[16];
    int n;

    start_vms(&outcome, "restore");
    runs_wait_until("vms.exec.run", 2, runs_count_ready_tasks, 2);
    expect_own_identities();
    n = runs_children(outcome.pid, "qemu-system-x86", pids);
    cr_assert(n == 2, "%d machines", n);
    kill(pids[0], SIGKILL);
    runs_wait_until("vms.exec.run", 3, runs_count_ready_tasks, 2);
    runs_id(id);
    n = runs_descendants(outcome.pid, NULL, pids);
    cr_expect(n >= 2);
    kill(outcome.pid, SIGKILL);
    runs_wait_for(&outcome);
    runs_expect_gone(pids, n);
    RUNS_RUN(&clean, "clean");
    cr_expect(runs_exit_code(&clean) == 0);
    cr_expect(runs_count_groups(id) == 0);
    cr_expect(!runs_folder_exists(id));
}

/* One that stands still before it was heard is killed, lost and replaced. */
Test(vms, hanging_boots_are_given_up)
{
    struct runs_program outcome;
    pid_t pids[RUNS_PIDS_MAX];
    int n = 0;

    setenv("BERTH_GUEST_PATIENCE", "4s", 1);
    start_vms(&outcome, "uncompressed");
    for (int tries = 0; tries < 400 && n < 2; tries++) {
        runs_pause_ms(20);
        n = runs_children(outcome.pid, "qemu-system-x86", pids);
    }
    cr_assert(n == 2, "%d machines", n);
    kill(pids[0], SIGSTOP);
    runs_wait_until_said("does not come up: no sign of life");
    wait_until_launched("vms.exec.run", 3); /* the scheduler replaces what is lost */
    runs_end_in_order(&outcome);
    unsetenv("BERTH_GUEST_PATIENCE");
}

/* ---- machines of single tasks ---- */

static void start_isolated(struct runs_program *outcome, const char *boot)
{
    skip_without_vms();
    RUNS_START(outcome, "exec", TESTS "/isolated.json", "--boot", boot);
}

static bool has_stopped(const char *name, int task)
{
    struct story story;
    bool stopped = false;

    if (runs_load(&story, name, NULL)) {
        stopped = story.n_tasks > task && story.tasks[task].stopped_at_usec != USEC_NEVER;
        story_finish(&story);
    }
    return stopped;
}

static void wait_until_stopped(const char *name, int task)
{
    bool stopped = false;

    for (int tries = 0; tries < 600 && !stopped; tries++) {
        runs_pause_ms(50);
        stopped = has_stopped(name, task);
    }
    cr_assert(stopped, "t%d has not stopped", task + 1);
}

static pid_t find_machine(const struct runs_program *outcome)
{
    pid_t pids[RUNS_PIDS_MAX];
    int n = 0;

    for (int tries = 0; tries < 400 && n < 1; tries++) {
        runs_pause_ms(20);
        n = runs_descendants(outcome->pid, "qemu-system-x86", pids);
    }
    cr_assert(n == 1, "%d machines", n);
    return pids[0];
}

/* One task boots a kernel of its own on the instance on which the other shares the host's; both are in
 * one network. When the machine goes, the task does. */
Test(vms, a_task_has_a_machine_of_its_own)
{
    struct runs_program outcome;
    struct utsname host;
    struct story story;
    char printed[256] = "";

    start_isolated(&outcome, "uncompressed");
    runs_wait_until("isolated.exec.run", 2, runs_count_ready_tasks, 2);
    cr_expect(system(EXEC_PROGRAM " enter -- busybox sh -c 'ping -c 1 -w 20 10.213.128.1 && "
                                  "ping -c 1 -w 20 10.213.128.2' >/dev/null") == 0,
              "both tasks answer in the run's network");
    for (int tries = 0; tries < 600 && !printed[0];
         tries++) { /* what it prints comes a little later */
        runs_pause_ms(50);
        runs_read("isolated.exec.run.logs/t1.who.log", printed, sizeof printed);
    }
    kill(find_machine(&outcome), SIGKILL);
    wait_until_stopped("isolated.exec.run", 0);
    runs_end_in_order(&outcome);
    cr_assert(runs_load(&story, "isolated.exec.run", NULL));
    uname(&host);
    cr_assert(story.tasks[0].machine && !story.tasks[1].machine);
    cr_expect(story.tasks[0].instance == story.tasks[1].instance);
    cr_expect_str_eq(story.tasks[0].machine->course.start, "uncompressed");
    cr_expect(strcmp(story.tasks[0].machine->course.kernel, host.release) != 0);
    cr_expect(story.tasks[0].machine->course.kernel_usec > 0 &&
              story.tasks[0].machine->course.system_bytes > 0);
    cr_expect(story.tasks[0].containers[0].exit_code == 128 + SIGKILL);
    cr_expect(story.tasks[0].machine->gone_at_usec != USEC_NEVER);
    cr_expect(strncmp(printed, story.tasks[0].machine->course.kernel,
                      strlen(story.tasks[0].machine->course.kernel)) == 0,
              "%s", printed);
    cr_expect(strstr(outcome.out, "1 task in virtual machines of their own") != NULL, "%s",
              outcome.out);
    story_finish(&story);
}

/* The first row of a service in which its task had begun to work, and all later ones: what its cgroup in
 * the guest counts, not what the guest takes of its host. Returns how many there are. */
static int count_used(const struct story *story, int32_t service)
{
    int n = 0;

    for (int i = 0; i < story->n_facts; i++) {
        const struct observe *observe = &story->facts[i].message.as.observe;

        for (int j = 0; story->facts[i].message.kind == MESSAGE_OBSERVE && j < observe->n_services;
             j++) {
            const struct service_metrics *row = &observe->services[j];

            if (row->service != service || row->memory_bytes < INT64_C(20) << 20) {
                continue;
            }
            cr_expect(row->n_tasks == 1 && row->cpu_usec >= 0);
            cr_expect(row->memory_bytes <= INT64_C(48) << 20, "%" PRId64, row->memory_bytes);
            n += row->cpu_usec > 0;
        }
    }
    return n;
}

static int count_used_by_both(const struct story *story)
{
    int web = count_used(story, 0), safe = count_used(story, 1);

    return web < safe ? web : safe;
}

/* What services use is observed in machines too, be they instances or a task's own. */
Test(vms, what_services_use_inside_is_observed)
{
    struct runs_program outcome;
    struct story story;
    int n = 0;

    skip_without_vms();
    RUNS_START(&outcome, "exec", TESTS "/used.json", "--boot", "uncompressed");
    for (int tries = 0; tries < 1200 && n < 2; tries++) {
        runs_pause_ms(50);
        if (runs_load(&story, "used.exec.run", NULL)) {
            n = count_used_by_both(&story);
            story_finish(&story);
        }
    }
    runs_end_in_order(&outcome);
    cr_assert(runs_load(&story, "used.exec.run", NULL));
    cr_expect(count_used_by_both(&story) >= 2, "%d rows", n);
    cr_expect(story.instances[0].course.start[0] && story.tasks[1].machine);
    story_finish(&story);
}

/* At half the size it leaves half to tasks, which are half as large: as many as the scenario counts on. */
Test(vms, a_smaller_machine_holds_as_many_tasks)
{
    struct runs_program outcome;
    struct story story;

    skip_without_vms();
    RUNS_START(&outcome, "exec", TESTS "/vms.json", "--machines=vms", "--boot", "uncompressed",
               "--scale", "1/2", "--set", "instances=1xbox", "--set",
               "instanceTypes.box.memory=1024MiB", "--set",
               "taskDefinitions.0.containerDefinitions.0.memory=440", "--set",
               "services.0.placementConstraints=[]");
    runs_wait_until("vms.exec.run", 2, runs_count_ready_tasks, 2);
    runs_end_in_order(&outcome);
    cr_assert(runs_load(&story, "vms.exec.run", NULL));
    cr_expect(story.n_instances == 1 && story.n_tasks == 2);
    cr_expect(story.instances[0].course.memory_bytes < INT64_C(800) << 20, "%" PRId64,
              story.instances[0].course.memory_bytes);
    story_finish(&story);
}

/* One that stands still before it was heard is killed, and its task could not start. */
Test(vms, a_task_whose_machine_hangs)
{
    struct runs_program outcome;
    struct story story;

    setenv("BERTH_GUEST_PATIENCE", "4s", 1);
    start_isolated(&outcome, "scratch");
    kill(find_machine(&outcome), SIGSTOP);
    wait_until_stopped("isolated.exec.run", 0);
    runs_end_in_order(&outcome);
    unsetenv("BERTH_GUEST_PATIENCE");
    cr_assert(runs_load(&story, "isolated.exec.run", NULL));
    cr_expect(story.tasks[0].stop_code == STOP_TASK_FAILED_TO_START);
    cr_expect(strstr(story.tasks[0].reason, "ResourceInitializationError: does not come up"), "%s",
              story.tasks[0].reason);
    story_finish(&story);
}
