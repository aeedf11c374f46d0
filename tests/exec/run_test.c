/*
 * Whole real runs of `berth exec`, looked at from outside: what it says, what it logs, what it
 * leaves, and what happens when somebody kills parts of it.
 */
#include "exec/cgroup.h"
#include "file/story.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 24, PIDS_MAX = 256 };

static char folder[] = "/tmp/berth-run-XXXXXX"; /* of this test, the runs' current one */

/* ---- running programs ---- */

struct outcome {
    pid_t pid;
    int status; /* as waitpid() has it */
    char out[16384], errors[16384];
};

/* The environment and user of an ordinary user, in a folder of its own. */
static void become_nobody(void)
{
    if (syscall(SYS_setgroups, 0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0) {
        _exit(99);
    }
    setenv("HOME", folder, 1);
    setenv("XDG_RUNTIME_DIR", folder, 1);
}

static void start_as(struct outcome *outcome, bool nobody, const char *program, const char *rest[])
{
    const char *argv[ARGUMENTS_MAX] = {program};

    for (int i = 0; rest[i]; i++) {
        argv[i + 1] = rest[i];
    }
    outcome->pid = fork();
    if (outcome->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(folder) != 0) {
            _exit(99);
        }
        if (!freopen("out", "w", stdout) || !freopen("errors", "w", stderr)) {
            _exit(99);
        }
        if (nobody) {
            become_nobody();
        }
        execv(program, (char **)argv);
        _exit(99);
    }
}

static void slurp(const char *name, char *text, size_t size)
{
    char path[256];
    FILE *file;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "r");
    if (file) {
        n = fread(text, 1, size - 1, file);
        fclose(file);
    }
    text[n] = '\0';
}

static void wait_for(struct outcome *outcome)
{
    cr_assert(waitpid(outcome->pid, &outcome->status, 0) == outcome->pid);
    slurp("out", outcome->out, sizeof outcome->out);
    slurp("errors", outcome->errors, sizeof outcome->errors);
    cr_assert(!WIFEXITED(outcome->status) || WEXITSTATUS(outcome->status) != 99,
              "the program was not started");
}

static int exit_code(const struct outcome *outcome)
{
    return WIFEXITED(outcome->status) ? WEXITSTATUS(outcome->status) : -1;
}

#define START(outcome, ...)                                                                        \
    start_as(outcome, false, EXEC_PROGRAM, (const char *[]){__VA_ARGS__, NULL})
#define RUN(outcome, ...) (START(outcome, __VA_ARGS__), wait_for(outcome))

/* ---- looking at them ---- */

static void pause_ms(int milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000L}, NULL);
}

/* Reads the log as far as it goes. False where there is none to read yet. */
static bool load(struct story *story, const char *name, bool *truncated)
{
    struct run_header header;
    char path[256];
    struct err err;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    story_init(story);
    if (!story_load(story, path, &header, truncated, &err)) {
        story_finish(story);
        return false;
    }
    run_header_finish(&header);
    return true;
}

/* How many containers are ready and have not ended. */
static int count_ready(const struct story *story)
{
    int n = 0;

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        for (int c = 0; c < task->n_containers && task->stopped_at_usec == USEC_NEVER; c++) {
            n += task->containers[c].ready_at_usec != USEC_NEVER &&
                 task->containers[c].exited_at_usec == USEC_NEVER;
        }
    }
    return n;
}

/* Tasks whose first container is ready: others may come and go beside it. */
static int count_ready_tasks(const struct story *story)
{
    int n = 0;

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        n += task->n_containers > 0 && task->stopped_at_usec == USEC_NEVER &&
             task->containers[0].ready_at_usec != USEC_NEVER &&
             task->containers[0].exited_at_usec == USEC_NEVER;
    }
    return n;
}

static void wait_until(const char *name, int n_tasks, int (*count)(const struct story *),
                       int n_ready)
{
    for (int tries = 0; tries < 2400; tries++) {
        struct story story;
        bool done = false;

        if (load(&story, name, NULL)) {
            done = story.n_tasks >= n_tasks && count(&story) >= n_ready;
            story_finish(&story);
        }
        if (done) {
            return;
        }
        pause_ms(50);
    }
    cr_assert_fail("there were never %d tasks and %d ready ones within 120 s", n_tasks, n_ready);
}

/* Waits until a run that goes on has had that many tasks, and has that many ready containers. */
static void wait_until_ready(const char *name, int n_tasks, int n_ready)
{
    wait_until(name, n_tasks, count_ready, n_ready);
}

/* The state and parent of a process from /proc; false where it is gone. */
static bool look_at(pid_t pid, char *state, pid_t *parent, char name[32])
{
    char path[64], line[512];
    FILE *file;
    char *end;
    bool ok;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (!file) {
        return false;
    }
    ok = fgets(line, sizeof line, file) && (end = strrchr(line, ')')) &&
         sscanf(end + 1, " %c %d", state, parent) == 2;
    fclose(file);
    if (ok) {
        *end = '\0';
        snprintf(name, 32, "%s", strchr(line, '(') + 1);
    }
    return ok;
}

/* All living descendants of a process, in no order; optionally only those of that name. */
static int descendants(pid_t root, const char *wanted, pid_t pids[PIDS_MAX])
{
    pid_t family[PIDS_MAX] = {root};
    int n_family = 1, n = 0, n_before;

    do {
        DIR *proc = opendir("/proc");
        struct dirent *entry;

        n_before = n_family;
        while ((entry = readdir(proc))) {
            pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0, parent;
            bool known = false, child = false;
            char state, name[32];

            if (pid == 0 || !look_at(pid, &state, &parent, name) || state == 'Z') {
                continue;
            }
            for (int i = 0; i < n_family; i++) {
                known |= family[i] == pid;
                child |= family[i] == parent;
            }
            if (known || !child || n_family == PIDS_MAX) {
                continue;
            }
            family[n_family++] = pid;
            if (!wanted || strcmp(name, wanted) == 0) {
                pids[n++] = pid;
            }
        }
        closedir(proc);
    } while (n_family > n_before);
    return n;
}

static int children(pid_t root, const char *wanted, pid_t pids[PIDS_MAX])
{
    int n_all = descendants(root, wanted, pids), n = 0;

    for (int i = 0; i < n_all; i++) {
        char state, name[32];
        pid_t parent;

        if (look_at(pids[i], &state, &parent, name) && parent == root) {
            pids[n++] = pids[i];
        }
    }
    return n;
}

static bool is_alive(pid_t pid)
{
    char state, name[32];
    pid_t parent;

    return look_at(pid, &state, &parent, name) && state != 'Z' && state != 'X';
}

/* Some 10 ms are usual; a loaded machine may take longer, but nothing may stay. */
static void expect_gone(const pid_t *pids, int n)
{
    int waited_ms = 0, n_alive = n;

    for (; n_alive > 0 && waited_ms < 30000; waited_ms += 5) {
        pause_ms(5);
        n_alive = 0;
        for (int i = 0; i < n; i++) {
            n_alive += is_alive(pids[i]);
        }
    }
    cr_log_info("%d processes were gone after %d ms", n - n_alive, waited_ms);
    cr_expect(n_alive == 0, "%d of %d processes live on", n_alive, n);
}

/* The id that a run said on stderr. */
static void run_id(char id[16])
{
    char errors[16384];
    char *line;

    errors[0] = '\n';
    slurp("errors", errors + 1, sizeof errors - 1);
    line = strstr(errors, "\nrun ");
    cr_assert(line != NULL, "%s", errors);
    line++;
    snprintf(id, 16, "%.*s", (int)strcspn(line + 4, ":"), line + 4);
}

static int count_groups(const char *id)
{
    struct cgroup_machine machine;
    char prefix[64];
    struct err err;
    int n = 0;

    snprintf(prefix, sizeof prefix, "berth-%s-", id);
    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    for (int i = 0; i < CGROUP_PLACES; i++) {
        int fd = machine.roots[i] < 0 ? -1 : openat(machine.roots[i], ".", O_RDONLY | O_DIRECTORY);
        DIR *root = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *entry;

        while (root && (entry = readdir(root))) {
            n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
        }
        if (root) {
            closedir(root);
        }
    }
    cgroup_close(&machine);
    return n;
}

static bool folder_exists(const char *id)
{
    char path[256];
    struct stat is;

    snprintf(path, sizeof path, geteuid() == 0 ? "/run/berth/%s" : "%s/berth/%s",
             geteuid() == 0 ? id : folder, id);
    return stat(path, &is) == 0;
}

static void expect_nothing_left(const struct outcome *outcome)
{
    char id[16];
    pid_t pids[PIDS_MAX];

    run_id(id);
    cr_expect(strstr(outcome->out, "0 processes, 0 mounts, 0 namespaces, 0 cgroups left") != NULL,
              "%s", outcome->out);
    cr_expect(descendants(getpid(), NULL, pids) == 0, "orphans come to us: there are none");
    cr_expect(count_groups(id) == 0);
    cr_expect(!folder_exists(id));
}

static void expect_identical(const struct outcome *outcome)
{
    cr_expect(strstr(outcome->out, "replay: identical (") != NULL, "%s", outcome->out);
}

/* Tasks of the log are on the same instances as in the other. */
static void expect_same_placement(const char *real, const char *simulated)
{
    struct story a, b;
    bool truncated;

    cr_assert(load(&a, real, &truncated) && !truncated);
    cr_assert(load(&b, simulated, &truncated) && !truncated);
    cr_expect(a.n_tasks == b.n_tasks, "%d tasks instead of %d", a.n_tasks, b.n_tasks);
    for (int i = 0; i < a.n_tasks && i < b.n_tasks; i++) {
        cr_expect(a.tasks[i].instance == b.tasks[i].instance, "t%d is on i%d instead of i%d", i + 1,
                  a.tasks[i].instance + 1, b.tasks[i].instance + 1);
    }
    story_finish(&a);
    story_finish(&b);
}

/* What the doctor says of containers, in one line. */
static const char *diagnosis(const struct outcome *doctor)
{
    static char line[600];
    const char *container = strstr(doctor->out, "container ");

    container = container ? container : doctor->errors;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(container, "\n"), container);
    return line;
}

static void set_up(void)
{
    struct outcome doctor;

    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    cr_assert(chmod(folder, 0777) == 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    unsetenv("SUDO_UID");
    RUN(&doctor, "doctor");
    if (exit_code(&doctor) == EXIT_MACHINE) {
        cr_skip_test("no real runs here: %s", diagnosis(&doctor));
    }
}

static void tear_down(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(system(command) == 0);
}

TestSuite(run, .init = set_up, .fini = tear_down);
TestSuite(jitter, .init = set_up, .fini = tear_down);
TestSuite(vms, .init = set_up, .fini = tear_down);

/* Nothing but the service of first.json, until we end it. */
#define QUIET                                                                                      \
    SCENARIOS "/first.json", "--set", "timeline=[]", "--set", "until=300s", "--set", "expect=[]"

/* Ends a run in order, as Ctrl-C does, and sees that it was. */
static void end_in_order(struct outcome *outcome)
{
    kill(outcome->pid, SIGINT);
    wait_for(outcome);
    cr_expect(exit_code(outcome) == 130, "%d: %s%s", exit_code(outcome), outcome->out,
              outcome->errors);
    expect_identical(outcome);
    expect_nothing_left(outcome);
}

/* Tasks that ran until the end of the run. */
static int count_torn_down(const struct story *story)
{
    int n = 0;

    for (int i = 0; i < story->n_tasks; i++) {
        n += story->tasks[i].torn_down && story->tasks[i].running_at_usec != USEC_NEVER;
    }
    return n;
}

/* ---- runs that go as they should ---- */

Test(run, first_scenario)
{
    struct outcome outcome;
    struct story story;
    bool truncated;

    start_as(&outcome, false, BERTH_PROGRAM,
             (const char *[]){"sim", SCENARIOS "/first.json", "-o", "sim.run", NULL});
    wait_for(&outcome);
    cr_assert(exit_code(&outcome) == 0, "%s", outcome.errors);
    RUN(&outcome, "exec", SCENARIOS "/first.json");
    cr_expect(exit_code(&outcome) == 0, "%d: %s", exit_code(&outcome), outcome.errors);
    expect_identical(&outcome);
    expect_nothing_left(&outcome);
    cr_expect(strstr(outcome.out, "expect   3 of 3 hold") != NULL, "%s", outcome.out);
    cr_assert(load(&story, "first.exec.run", &truncated));
    cr_expect(!truncated);
    cr_expect(story.end_usec >= 15 * USEC_PER_SEC);
    cr_expect(!story.tasks[0].containers[0].pull_modelled, "an image that is here is unpacked");
    cr_expect(story.tasks[0].containers[0].exit_code == 137, "killed by the scenario");
    story_finish(&story);
    expect_same_placement("first.exec.run", "sim.run");
}

/* Strategies of core/strategies.c decide a real run by name; the scenario says where each task belongs. */
Test(run, own_strategies)
{
    struct outcome outcome;

    start_as(&outcome, false, BERTH_PROGRAM,
             (const char *[]){"sim", TESTS "/strategies.json", "-o", "sim.run", NULL});
    wait_for(&outcome);
    cr_assert(exit_code(&outcome) == 0, "%s%s", outcome.out, outcome.errors);
    RUN(&outcome, "exec", TESTS "/strategies.json");
    cr_expect(exit_code(&outcome) == 0, "%d: %s", exit_code(&outcome), outcome.errors);
    expect_identical(&outcome);
    expect_nothing_left(&outcome);
    cr_expect(strstr(outcome.out, "expect   6 of 6 hold") != NULL, "%s", outcome.out);
    expect_same_placement("strategies.exec.run", "sim.run");
}

/* Programs of the user's own, with all that a definition says about them, and how they end. */
Test(run, own_programs)
{
    static const struct {
        int exit_code;
        bool oom;
        enum stop_code code;
    } ends[] = {
        {3, false, STOP_ESSENTIAL_CONTAINER_EXITED},
        {ID_NONE, false, STOP_TASK_FAILED_TO_START},
        {137, true, STOP_ESSENTIAL_CONTAINER_EXITED},
        {137, false, STOP_USER_INITIATED}, /* SIGTERM is ignored, SIGKILL is not */
    };
    struct outcome outcome;
    struct story story;

    RUN(&outcome, "exec", TESTS "/own.json");
    cr_expect(exit_code(&outcome) == 0, "%d: %s", exit_code(&outcome), outcome.errors);
    expect_identical(&outcome);
    expect_nothing_left(&outcome);
    cr_assert(load(&story, "own.exec.run", NULL));
    cr_assert(story.n_tasks == 4);
    cr_expect(story.instances[0].boot_modelled, "a boot time that is given is waited for");
    cr_expect(story.instances[0].booted_at_usec >= 100000);
    for (int i = 0; i < 4; i++) {
        const struct story_container *container = &story.tasks[i].containers[0];

        if (i == 2 && strstr(outcome.errors, "no limits")) {
            continue; /* nothing runs out of memory without limits */
        }
        cr_expect(container->exit_code == ends[i].exit_code, "t%d exited with %d", i + 1,
                  container->exit_code);
        cr_expect(container->oom == ends[i].oom, "t%d", i + 1);
        cr_expect(story.tasks[i].stop_code == ends[i].code, "t%d: %s", i + 1,
                  stop_code_names[story.tasks[i].stop_code]);
    }
    cr_assert(story.tasks[1].reason != NULL);
    cr_expect(strstr(story.tasks[1].reason, "/no/such/program") != NULL, "%s",
              story.tasks[1].reason);
    cr_expect(story.tasks[3].containers[0].exited_at_usec -
                      story.tasks[3].containers[0].term_at_usec >=
                  2 * USEC_PER_SEC,
              "its stop timeout");
    story_finish(&story);
}

enum { TURNS_MAX = 64 };

/* What happened to a container, with what must not be compared left out: when. */
struct turn {
    int64_t at_usec;
    int task, container;
    const char *what;
};

static int add_turn(struct turn *turns, int n, int task, int container, const char *what,
                    int64_t at_usec)
{
    if (at_usec != USEC_NEVER && n < TURNS_MAX)
        turns[n++] = (struct turn){at_usec, task, container, what};
    return n;
}

/* Whether the one has to come before the other: by far, or because it was waited for. */
static bool must_precede(const struct turn *a, const struct turn *b)
{
    bool waited_for = strcmp(a->what, "exited") == 0 && strcmp(b->what, "told to stop") == 0;

    return a->task == b->task && a->at_usec < b->at_usec &&
           (waited_for || b->at_usec - a->at_usec > 200000);
}

/* The states of the first tasks' containers. */
static int turns_of(const struct story *story, int n_tasks, struct turn *turns)
{
    int n = 0;

    for (int t = 0; t < n_tasks && t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        for (int c = 0; c < task->n_containers; c++) {
            const struct story_container *container = &task->containers[c];

            n = add_turn(turns, n, t, c, "started", container->started_at_usec);
            n = add_turn(turns, n, t, c, "told to stop", container->term_at_usec);
            n = add_turn(turns, n, t, c, "exited", container->exited_at_usec);
        }
        n = add_turn(turns, n, t, task->n_containers, "RUNNING", task->running_at_usec);
        n = add_turn(turns, n, t, task->n_containers, "STOPPED", task->stopped_at_usec);
    }
    return n;
}

/* Containers that wait for each other's SUCCESS and HEALTHY, and go in reverse. */
Test(run, sidecars_in_the_simulated_order)
{
    struct turn simulated[TURNS_MAX], real[TURNS_MAX];
    struct outcome outcome;
    struct story a, b;
    int n, n_real, n_ordered = 0;

    start_as(&outcome, false, BERTH_PROGRAM,
             (const char *[]){"sim", SCENARIOS "/sidecars.json", "-o", "sim.run", NULL});
    wait_for(&outcome);
    cr_assert(exit_code(&outcome) == 0, "%s", outcome.errors);
    RUN(&outcome, "exec", SCENARIOS "/sidecars.json");
    cr_expect(exit_code(&outcome) == 0, "%d: %s", exit_code(&outcome), outcome.out);
    expect_identical(&outcome);
    cr_assert(load(&a, "sim.run", NULL) && load(&b, "sidecars.exec.run", NULL));
    n = turns_of(&a, 3, simulated);
    n_real = turns_of(&b, 3, real);
    cr_expect(n == n_real && n > 20, "%d turns simulated, %d real", n, n_real);
    for (int i = 0; i < n && i < n_real; i++) {
        cr_assert(simulated[i].task == real[i].task &&
                  simulated[i].container == real[i].container &&
                  strcmp(simulated[i].what, real[i].what) == 0);
        for (int j = 0; j < n && j < n_real; j++) {
            if (must_precede(&simulated[i], &simulated[j])) {
                n_ordered++;
                cr_expect(real[i].at_usec <= real[j].at_usec,
                          "t%d: container %d %s before container %d %s", real[i].task + 1,
                          real[i].container, real[i].what, real[j].container, real[j].what);
            }
        }
    }
    cr_expect(n_ordered > 60, "only %d pairs", n_ordered);
    story_finish(&a);
    story_finish(&b);
}

Test(run, a_task_definition_as_it_is)
{
    struct outcome outcome;
    struct story story;

    START(&outcome, "exec", TESTS "/as-others-write.json", "--scale", "auto", "-o", "x.run");
    wait_until_ready("x.run", 1, 2);
    end_in_order(&outcome);
    cr_expect(strstr(outcome.errors, ": stand-in (this machine does not have the image)") != NULL,
              "%s", outcome.errors);
    cr_assert(load(&story, "x.run", NULL));
    cr_expect(story.n_tasks == 1 && story.tasks[0].containers[0].pull_modelled);
    story_finish(&story);
}

Test(run, scale)
{
    static const char *const big = "instances[0].count=1000";
    struct outcome outcome;

    RUN(&outcome, "exec", SCENARIOS "/first.json", "--set", big);
    cr_expect(exit_code(&outcome) == EXIT_MACHINE);
    cr_expect(strstr(outcome.errors, "needs 1000 CPUs") && strstr(outcome.errors, "--scale auto"),
              "%s", outcome.errors);
    RUN(&outcome, "exec", SCENARIOS "/first.json", "--set", "instances[0].count=100000", "--scale",
        "auto");
    cr_expect(exit_code(&outcome) == EXIT_MACHINE);
    cr_expect(strstr(outcome.errors, "instance type box") != NULL, "%s", outcome.errors);
    START(&outcome, "exec", QUIET, "--scale", "1/8", "-o", "x.run");
    wait_until_ready("x.run", 4, 4);
    end_in_order(&outcome);
    cr_expect(strstr(outcome.out, "at scale 1/8") != NULL, "%s", outcome.out);
}

/* Files made under sudo are the caller's. */
Test(run, owner)
{
    struct outcome outcome;
    char path[256];
    struct stat is;

    if (geteuid() != 0) {
        cr_skip_test("only root can give files away");
    }
    setenv("SUDO_UID", "65534", 1);
    setenv("SUDO_GID", "65534", 1);
    RUN(&outcome, "exec", QUIET, "--set", "until=1s");
    unsetenv("SUDO_UID");
    snprintf(path, sizeof path, "%s/first.exec.run", folder);
    cr_assert(stat(path, &is) == 0, "%s", outcome.errors);
    cr_expect(is.st_uid == 65534 && is.st_gid == 65534);
    cr_expect(strstr(outcome.out, "(yours, not root's)") != NULL, "%s", outcome.out);
}

Test(run, ordinary_user)
{
    struct outcome outcome;

    if (geteuid() != 0) {
        cr_skip_test("the other tests are an ordinary user's already");
    }
    start_as(&outcome, true, EXEC_PROGRAM, (const char *[]){"doctor", NULL});
    wait_for(&outcome);
    if (exit_code(&outcome) != 0) {
        cr_skip_test("not for an ordinary user here: %s", diagnosis(&outcome));
    }
    start_as(&outcome, true, EXEC_PROGRAM, (const char *[]){"exec", QUIET, "-o", "x.run", NULL});
    wait_until_ready("x.run", 4, 4);
    end_in_order(&outcome);
}

/* ---- runs that somebody disturbs ---- */

Test(run, payload_is_killed)
{
    pid_t pids[PIDS_MAX];
    struct outcome outcome;
    struct story story;
    int n_killed = 0;

    START(&outcome, "exec", QUIET, "-o", "x.run");
    wait_until_ready("x.run", 4, 4);
    cr_assert(descendants(outcome.pid, "berth-work", pids) == 4);
    kill(pids[0], SIGKILL);
    wait_until_ready("x.run", 5, 4);
    end_in_order(&outcome);
    cr_assert(load(&story, "x.run", NULL));
    cr_expect(count_torn_down(&story) == 4, "the service had four again");
    cr_expect(story.n_tasks == 5, "%d tasks", story.n_tasks);
    for (int i = 0; i < story.n_tasks; i++) {
        n_killed += story.tasks[i].containers[0].exit_code == 137 && !story.tasks[i].torn_down;
    }
    cr_expect(n_killed == 1, "%d were seen to be killed", n_killed);
    story_finish(&story);
}

Test(run, agent_is_killed)
{
    pid_t agents[PIDS_MAX], pids[PIDS_MAX];
    struct outcome outcome;
    struct story story;
    int n_lost = 0, n_pids;

    START(&outcome, "exec", QUIET, "-o", "x.run");
    wait_until_ready("x.run", 4, 4);
    cr_assert(children(outcome.pid, "berth-agent", agents) == 2);
    n_pids = descendants(agents[0], NULL, pids);
    cr_expect(n_pids == 5, "%d: two containers, each with its pid 1, and mapped ports", n_pids);
    kill(agents[0], SIGKILL);
    expect_gone(pids, n_pids);
    wait_until_ready("x.run", 6, 4);
    end_in_order(&outcome);
    cr_assert(load(&story, "x.run", NULL));
    cr_expect(count_torn_down(&story) == 4, "the service had four again");
    for (int i = 0; i < story.n_instances; i++) {
        n_lost += !story.instances[i].torn_down && story.instances[i].lost_at_usec != USEC_NEVER;
    }
    cr_expect(n_lost == 1 && story.n_instances == 3, "lost and replaced: %d of %d", n_lost,
              story.n_instances);
    story_finish(&story);
}

Test(run, controller_is_killed)
{
    struct outcome outcome, clean;
    pid_t pids[PIDS_MAX];
    struct story story;
    bool truncated;
    char id[16];
    int n;

    START(&outcome, "exec", QUIET, "-o", "x.run");
    wait_until_ready("x.run", 4, 4);
    run_id(id);
    n = descendants(outcome.pid, NULL, pids);
    cr_expect(n == 2 * 2 + 4 * 2, "%d: two agents with their ports, four containers", n);
    kill(outcome.pid, SIGKILL);
    expect_gone(pids, n);
    wait_for(&outcome);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    cr_assert(load(&story, "x.run", &truncated), "its log can be read up to there");
    cr_expect(truncated && story.n_tasks == 4);
    story_finish(&story);
    cr_expect(folder_exists(id));
    RUN(&clean, "clean");
    cr_expect(exit_code(&clean) == 0);
    cr_expect(!folder_exists(id) && count_groups(id) == 0, "nothing at all after the next command");
}

/* What a scenario kills is killed, and what it cannot find is said. */
Test(run, faults)
{
    struct outcome outcome;
    struct story story;

    START(&outcome, "exec", QUIET, "-o", "x.run", "--set",
          "timeline=[{\"at\":\"2s\",\"fault\":{\"killInstance\":\"i1\"}},"
          "{\"at\":\"3s\",\"fault\":{\"killContainer\":{\"task\":\"t2\",\"container\":\"web\"}}},"
          "{\"at\":\"3s\",\"fault\":{\"killTask\":\"t99\"}}]");
    wait_until_ready("x.run", 7, 4);
    end_in_order(&outcome);
    cr_expect(strstr(outcome.errors, "found nothing to hit") != NULL, "%s", outcome.errors);
    cr_assert(load(&story, "x.run", NULL));
    cr_expect(count_torn_down(&story) == 4, "the service had four again");
    cr_assert(story.n_tasks == 7 && story.n_instances == 3, "%d tasks on %d instances",
              story.n_tasks, story.n_instances);
    cr_expect(!story.instances[0].torn_down && story.instances[0].lost_at_usec != USEC_NEVER);
    cr_expect(story.tasks[0].stop_code == STOP_INFRASTRUCTURE_HEALTH &&
              story.tasks[2].stop_code == STOP_INFRASTRUCTURE_HEALTH);
    cr_expect(story.tasks[1].containers[0].exit_code == 137);
    story_finish(&story);
}

/* Whatever the reason: there is an end to it, it is said, and it is no success. */
Test(run, agents_that_never_come_up_are_given_up)
{
    struct outcome outcome;
    char command[1200];

    snprintf(command, sizeof command,
             "cd %s && cp %s berth-exec && cp %s berth-work && printf '#!/bin/sh\\nexit 1\\n' "
             ">berth-agent && chmod 755 berth-agent",
             folder, EXEC_PROGRAM, WORK_PROGRAM);
    cr_assert(system(command) == 0);
    snprintf(command, sizeof command, "%s/berth-exec", folder);
    start_as(&outcome, false, command,
             (const char *[]){"exec", SCENARIOS "/first.json", "-o", "x.run", "--set", "until=20s",
                              "--set", "instances=[{\"type\":\"box\",\"count\":1}]", "--set",
                              "expect=[]", NULL});
    wait_for(&outcome);
    cr_expect(exit_code(&outcome) == EXIT_ANSWER, "%d: %s", exit_code(&outcome), outcome.errors);
    cr_expect(strstr(outcome.out, "GAVE UP  instances of 1 group failed at every launch"), "%s",
              outcome.out);
    cr_expect(!strstr(outcome.out, "i6 "), "five tries are enough: %s", outcome.out);
    expect_identical(&outcome);
    expect_nothing_left(&outcome);
}

Test(run, interrupted)
{
    struct outcome outcome;
    struct story story;
    bool truncated;

    START(&outcome, "exec", QUIET, "-o", "x.run");
    wait_until_ready("x.run", 4, 4);
    end_in_order(&outcome);
    cr_expect(strstr(outcome.out, "(interrupted)") != NULL);
    cr_assert(load(&story, "x.run", &truncated));
    cr_expect(!truncated, "the log is complete");
    for (int i = 0; i < story.n_tasks; i++) {
        cr_expect(story.tasks[i].stopped_at_usec != USEC_NEVER);
        cr_expect(story.tasks[i].containers[0].exit_code == 143, "asked to stop, not killed");
    }
    story_finish(&story);
}

Test(run, interrupted_twice)
{
    struct outcome outcome;
    time_t begin = time(NULL);

    START(&outcome, "exec", TESTS "/own.json", "-o", "x.run", "--set", "until=300s", "--set",
          "timeline[4].at=299s", "--set",
          "taskDefinitions[3].containerDefinitions[0].stopTimeout=120");
    wait_until_ready("x.run", 4, 1); /* the deaf one */
    kill(outcome.pid, SIGTERM);
    pause_ms(200);
    kill(outcome.pid, SIGTERM);
    wait_for(&outcome);
    cr_expect(time(NULL) - begin < 100, "nobody waits for the one that ignores SIGTERM");
    cr_expect(exit_code(&outcome) == 130, "%d: %s", exit_code(&outcome), outcome.out);
    expect_identical(&outcome);
    expect_nothing_left(&outcome);
}

/* ---- delays ---- */

/* Who hears what first must not decide where tasks go. */
Test(jitter, placement)
{
    const char *wanted = getenv("BERTH_JITTER_RUNS");
    int n_runs = wanted ? atoi(wanted) : 3;
    /* Few runs: the same story, told faster. */
    const char *const quick[] = {"--set", "timeline[0].at=2s", "--set", "timeline[1].at=3s",
                                 "--set", "timeline[2].at=5s", "--set", "until=8s",
                                 "--set", "expect=[]",         NULL};

    for (int i = 0; i < n_runs; i++) {
        const char *argv[ARGUMENTS_MAX] = {"exec", SCENARIOS "/first.json", "--seed"};
        struct outcome outcome;
        char seed[16];
        int n = 3;

        snprintf(seed, sizeof seed, "%d", i + 1);
        argv[n++] = seed;
        for (int j = 0; !wanted && quick[j]; j++) {
            argv[n++] = quick[j];
        }
        argv[n++] = "-o";
        argv[n] = "sim.run";
        argv[0] = "sim";
        start_as(&outcome, false, BERTH_PROGRAM, argv);
        wait_for(&outcome);
        argv[n++] = "x.run";
        argv[n++] = "--delay-jitter";
        argv[n++] = "100ms";
        argv[0] = "exec";
        start_as(&outcome, false, EXEC_PROGRAM, argv);
        wait_for(&outcome);
        cr_expect(exit_code(&outcome) == 0, "seed %s: %s", seed, outcome.out);
        expect_identical(&outcome);
        expect_same_placement("x.run", "sim.run");
    }
}

/* ---- instances that are virtual machines ---- */

/* Skips the test where there can be none: the doctor's word, as for containers. */
static void skip_without_vms(void)
{
    struct outcome doctor;

    RUN(&doctor, "doctor");
    if (!strstr(doctor.out, "\nvms         ok") && !strstr(doctor.out, "\nvms         limited")) {
        cr_skip_test("no virtual machines here");
    }
}

static void start_vms(struct outcome *outcome, const char *boot)
{
    skip_without_vms();
    START(outcome, "exec", TESTS "/vms.json", "--machines=vms", "--boot", boot);
}

/* Waits until it says that on stderr. */
static void wait_until_said(const char *words)
{
    char errors[16384];

    for (int tries = 0; tries < 2400; tries++) {
        slurp("errors", errors, sizeof errors);
        if (strstr(errors, words)) {
            return;
        }
        pause_ms(50);
    }
    cr_assert_fail("never said \"%s\": %s", words, errors);
}

static void wait_until_launched(const char *name, int n)
{
    struct story story;
    int found = 0;

    for (int tries = 0; tries < 600 && found < n; tries++) {
        if (load(&story, name, NULL)) {
            found = story.n_instances;
            story_finish(&story);
        }
        pause_ms(50);
    }
    cr_assert(found >= n, "%d instances instead of %d", found, n);
}

/* Each has a kernel of its own, of which the log tells; what containers print comes back. */
Test(vms, two_instances)
{
    struct outcome outcome;
    struct story story;
    struct utsname host;
    char printed[256];

    start_vms(&outcome, "uncompressed");
    wait_until("vms.exec.run", 2, count_ready_tasks, 2);
    end_in_order(&outcome);
    cr_assert(load(&story, "vms.exec.run", NULL));
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
        cr_expect(course->host_bytes > 0);
        cr_expect(!story.instances[i].boot_modelled);
        cr_expect(story.tasks[i].instance != story.tasks[1 - i].instance);
    }
    cr_expect(!story.tasks[0].containers[0].pull_modelled, "the image is on the guest's disk");
    story_finish(&story);
    cr_expect(strstr(outcome.out, "inside a virtual machine") != NULL, "%s", outcome.out);
    slurp("vms.exec.run.logs/t1.web.log", printed, sizeof printed);
    cr_expect(strstr(printed, "ready") != NULL, "%s", printed);
}

/* A machine beside a slice, in one cluster and one network: tasks find each other. */
Test(vms, one_of_two_instances)
{
    struct outcome outcome;
    struct story story;

    skip_without_vms();
    START(&outcome, "exec", TESTS "/vms.json", "--boot", "uncompressed", "--set",
          "instances=[{\"type\":\"box\",\"isolation\":\"vm\"},{\"type\":\"box\"}]");
    wait_until("vms.exec.run", 2, count_ready_tasks, 2);
    cr_assert(load(&story, "vms.exec.run", NULL));
    cr_expect(story.instances[0].course.start[0] != '\0');
    cr_expect(story.instances[1].course.start[0] == '\0');
    story_finish(&story);
    cr_expect(system(EXEC_PROGRAM " enter -- busybox sh -c 'ping -c 1 -w 20 10.213.128.1 && "
                                  "ping -c 1 -w 20 10.213.128.2' >/dev/null") == 0,
              "both tasks answer in the run's network");
    end_in_order(&outcome);
}

/* Lines of a file of this test's folder; "" where there are fewer. */
static void read_lines(const char *name, char lines[3][64])
{
    char text[512];
    const char *at = text;

    slurp(name, text, sizeof text);
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
        pause_ms(50);
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
    struct outcome outcome, clean;
    pid_t pids[PIDS_MAX];
    char id[16];
    int n;

    start_vms(&outcome, "restore");
    wait_until("vms.exec.run", 2, count_ready_tasks, 2);
    expect_own_identities();
    n = children(outcome.pid, "qemu-system-x86", pids);
    cr_assert(n == 2, "%d machines", n);
    kill(pids[0], SIGKILL);
    wait_until("vms.exec.run", 3, count_ready_tasks, 2);
    run_id(id);
    n = descendants(outcome.pid, NULL, pids);
    cr_expect(n >= 2);
    kill(outcome.pid, SIGKILL);
    wait_for(&outcome);
    expect_gone(pids, n);
    RUN(&clean, "clean");
    cr_expect(exit_code(&clean) == 0);
    cr_expect(count_groups(id) == 0);
    cr_expect(!folder_exists(id));
}

/* One that stands still before it was heard is killed, lost and replaced. */
Test(vms, hanging_boots_are_given_up)
{
    struct outcome outcome;
    pid_t pids[PIDS_MAX];
    int n = 0;

    setenv("BERTH_GUEST_PATIENCE", "4s", 1);
    start_vms(&outcome, "uncompressed");
    for (int tries = 0; tries < 400 && n < 2; tries++) {
        pause_ms(20);
        n = children(outcome.pid, "qemu-system-x86", pids);
    }
    cr_assert(n == 2, "%d machines", n);
    kill(pids[0], SIGSTOP);
    wait_until_said("does not come up: no sign of life");
    wait_until_launched("vms.exec.run", 3); /* the scheduler replaces what is lost */
    end_in_order(&outcome);
    unsetenv("BERTH_GUEST_PATIENCE");
}
