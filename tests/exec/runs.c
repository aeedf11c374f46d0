/*
 * Starting, watching, ending and reading whole runs.
 */
#include "runs.h"

#include "exec/cgroup.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

char runs_folder[] = "/tmp/berth-run-XXXXXX";

/* ---- running programs ---- */

/* The environment and user of an ordinary user, in a folder of its own. */
static void become_nobody(void)
{
    if (syscall(SYS_setgroups, 0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0) {
        _exit(99);
    }
    setenv("HOME", runs_folder, 1);
    setenv("XDG_RUNTIME_DIR", runs_folder, 1);
}

void runs_start_as(struct runs_program *outcome, bool nobody, const char *program,
                   const char *rest[])
{
    const char *argv[RUNS_ARGUMENTS_MAX] = {program};

    for (int i = 0; rest[i]; i++) {
        argv[i + 1] = rest[i];
    }
    outcome->pid = fork();
    if (outcome->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(runs_folder) != 0) {
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

void runs_read(const char *name, char *text, size_t size)
{
    char path[256];
    FILE *file;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/%s", runs_folder, name);
    file = fopen(path, "r");
    if (file) {
        n = fread(text, 1, size - 1, file);
        fclose(file);
    }
    text[n] = '\0';
}

void runs_wait_for(struct runs_program *outcome)
{
    cr_assert(waitpid(outcome->pid, &outcome->status, 0) == outcome->pid);
    runs_read("out", outcome->out, sizeof outcome->out);
    runs_read("errors", outcome->errors, sizeof outcome->errors);
    cr_assert(!WIFEXITED(outcome->status) || WEXITSTATUS(outcome->status) != 99,
              "the program was not started");
}

int runs_exit_code(const struct runs_program *outcome)
{
    return WIFEXITED(outcome->status) ? WEXITSTATUS(outcome->status) : -1;
}

void runs_simulate(const char *scenario)
{
    struct runs_program outcome;

    runs_start_as(&outcome, false, BERTH_PROGRAM,
                  (const char *[]){"sim", scenario, "-o", "sim.run", NULL});
    runs_wait_for(&outcome);
    cr_assert(runs_exit_code(&outcome) == 0, "%s%s", outcome.out, outcome.errors);
}

/* ---- looking at them ---- */

void runs_pause_ms(int milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000L}, NULL);
}

/* Reads the log as far as it goes. False where there is none to read yet. */
bool runs_load(struct story *story, const char *name, bool *truncated)
{
    struct run_header header;
    char path[256];
    struct err err;

    snprintf(path, sizeof path, "%s/%s", runs_folder, name);
    story_init(story);
    if (!story_load(story, path, &header, truncated, &err)) {
        story_finish(story);
        return false;
    }
    run_header_finish(&header);
    return true;
}

/* How many containers are ready and have not ended. */
int runs_count_ready(const struct story *story)
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
int runs_count_ready_tasks(const struct story *story)
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

void runs_wait_until(const char *name, int n_tasks, int (*count)(const struct story *), int n_ready)
{
    for (int tries = 0; tries < 2400; tries++) {
        struct story story;
        bool done = false;

        if (runs_load(&story, name, NULL)) {
            done = story.n_tasks >= n_tasks && count(&story) >= n_ready;
            story_finish(&story);
        }
        if (done) {
            return;
        }
        runs_pause_ms(50);
    }
    cr_assert_fail("there were never %d tasks and %d ready ones within 120 s", n_tasks, n_ready);
}

/* Waits until a run that goes on has had that many tasks, and has that many ready containers. */
void runs_wait_until_ready(const char *name, int n_tasks, int n_ready)
{
    runs_wait_until(name, n_tasks, runs_count_ready, n_ready);
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
int runs_descendants(pid_t root, const char *wanted, pid_t pids[RUNS_PIDS_MAX])
{
    pid_t family[RUNS_PIDS_MAX] = {root};
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
            if (known || !child || n_family == RUNS_PIDS_MAX) {
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

int runs_children(pid_t root, const char *wanted, pid_t pids[RUNS_PIDS_MAX])
{
    int n_all = runs_descendants(root, wanted, pids), n = 0;

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
void runs_expect_gone(const pid_t *pids, int n)
{
    int waited_ms = 0, n_alive = n;

    for (; n_alive > 0 && waited_ms < 30000; waited_ms += 5) {
        runs_pause_ms(5);
        n_alive = 0;
        for (int i = 0; i < n; i++) {
            n_alive += is_alive(pids[i]);
        }
    }
    cr_log_info("%d processes were gone after %d ms", n - n_alive, waited_ms);
    cr_expect(n_alive == 0, "%d of %d processes live on", n_alive, n);
}

/* The id that a run said on stderr. */
void runs_id(char id[16])
{
    char errors[16384];
    char *line;

    errors[0] = '\n';
    runs_read("errors", errors + 1, sizeof errors - 1);
    line = strstr(errors, "\nrun ");
    cr_assert(line != NULL, "%s", errors);
    line++;
    snprintf(id, 16, "%.*s", (int)strcspn(line + 4, ":"), line + 4);
}

int runs_count_groups(const char *id)
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

bool runs_folder_exists(const char *id)
{
    char path[256];
    struct stat is;

    snprintf(path, sizeof path, geteuid() == 0 ? "/run/berth/%s" : "%s/berth/%s",
             geteuid() == 0 ? id : runs_folder, id);
    return stat(path, &is) == 0;
}

void runs_expect_nothing_left(const struct runs_program *outcome)
{
    char id[16];
    pid_t pids[RUNS_PIDS_MAX];

    runs_id(id);
    cr_expect(strstr(outcome->out, "0 processes, 0 mounts, 0 namespaces, 0 cgroups left") != NULL,
              "%s", outcome->out);
    cr_expect(runs_descendants(getpid(), NULL, pids) == 0, "orphans come to us: there are none");
    cr_expect(runs_count_groups(id) == 0);
    cr_expect(!runs_folder_exists(id));
}

void runs_expect_identical(const struct runs_program *outcome)
{
    cr_expect(strstr(outcome->out, "replay: identical (") != NULL, "%s", outcome->out);
}

/* Tasks of the log are on the same instances as in the other. */
void runs_expect_same_placement(const char *real, const char *simulated)
{
    struct story a, b;
    bool truncated;

    cr_assert(runs_load(&a, real, &truncated) && !truncated);
    cr_assert(runs_load(&b, simulated, &truncated) && !truncated);
    cr_expect(a.n_tasks == b.n_tasks, "%d tasks instead of %d", a.n_tasks, b.n_tasks);
    for (int i = 0; i < a.n_tasks && i < b.n_tasks; i++) {
        cr_expect(a.tasks[i].instance == b.tasks[i].instance, "t%d is on i%d instead of i%d", i + 1,
                  a.tasks[i].instance + 1, b.tasks[i].instance + 1);
    }
    story_finish(&a);
    story_finish(&b);
}

/* What the doctor says of containers, in one line. */
const char *runs_diagnosis(const struct runs_program *doctor)
{
    static char line[600];
    const char *container = strstr(doctor->out, "container ");

    container = container ? container : doctor->errors;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(container, "\n"), container);
    return line;
}

void runs_set_up(void)
{
    struct runs_program doctor;

    strcpy(runs_folder + strlen(runs_folder) - 6, "XXXXXX");
    cr_assert(mkdtemp(runs_folder) != NULL);
    cr_assert(chmod(runs_folder, 0777) == 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    unsetenv("SUDO_UID");
    RUNS_RUN(&doctor, "doctor");
    if (runs_exit_code(&doctor) == EXIT_MACHINE) {
        cr_skip_test("no real runs here: %s", runs_diagnosis(&doctor));
    }
}

void runs_tear_down(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", runs_folder);
    cr_expect(system(command) == 0);
}

/* Ends a run in order, as Ctrl-C does, and sees that it was. */
void runs_end_in_order(struct runs_program *outcome)
{
    kill(outcome->pid, SIGINT);
    runs_wait_for(outcome);
    cr_expect(runs_exit_code(outcome) == 130, "%d: %s%s", runs_exit_code(outcome), outcome->out,
              outcome->errors);
    runs_expect_identical(outcome);
    runs_expect_nothing_left(outcome);
}

/* Tasks that ran until the end of the run. */
int runs_count_torn_down(const struct story *story)
{
    int n = 0;

    for (int i = 0; i < story->n_tasks; i++) {
        n += story->tasks[i].torn_down && story->tasks[i].running_at_usec != USEC_NEVER;
    }
    return n;
}

/* Waits until it says that on stderr. */
void runs_wait_until_said(const char *words)
{
    char errors[16384];

    for (int tries = 0; tries < 2400; tries++) {
        runs_read("errors", errors, sizeof errors);
        if (strstr(errors, words)) {
            return;
        }
        runs_pause_ms(50);
    }
    cr_assert_fail("never said \"%s\": %s", words, errors);
}
