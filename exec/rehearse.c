/*
 * The agent's side lives in a child process: as root it moves into namespaces of its own, and it is as
 * small as a real agent. What it measures it leaves in memory that both share. What it does there is
 * rehearse_lives.c's.
 */
#include "exec/loop.h"
#include "exec/rehearse_inside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOUCH "128MiB"

#define WORKER(name)                                                                               \
    "{ \"family\": \"" name "\", \"networkMode\": \"none\", \"containerDefinitions\": ["           \
    " { \"name\": \"c\", \"image\": \"rehearsal\", \"memory\": 192, \"cpu\": 256 } ] }"

#define LIMITED(name, mode, mib)                                                                   \
    "{ \"family\": \"" name "\", \"networkMode\": \"" mode "\", \"containerDefinitions\": ["       \
    " { \"name\": \"c\", \"image\": \"rehearsal\", \"memory\": " mib " } ] }"
#define FAMILY(name, mode) LIMITED(name, mode, "192")

/* clang-format off */
static const char world[] =
    "{ \"berth\": \"scenario/1\", \"title\": \"Rehearsal\","
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"16GiB\", \"boot\": \"0s\" } },"
    "  \"instances\": [ { \"type\": \"box\", \"count\": 1 } ],"
    "  \"taskDefinitions\": ["
    FAMILY("none", "none") "," FAMILY("host", "host") "," FAMILY("bridge", "bridge") ","
    FAMILY("awsvpc", "awsvpc") "," FAMILY("touch", "none") "," FAMILY("once", "none") ","
    FAMILY("least", "none") "," FAMILY("within", "none") "," LIMITED("beyond", "none", "16") "," WORKER("short") "],"
    "  \"behaviour\": {"
    "    \"none/c\": { \"idle\": \"forever\" }, \"host/c\": { \"idle\": \"forever\" },"
    "    \"bridge/c\": { \"idle\": \"forever\" }, \"awsvpc/c\": { \"idle\": \"forever\" },"
    "    \"touch/c\": { \"idle\": \"forever\", \"memory\": \"" TOUCH "\" },"
    "    \"least/c\": { \"work\": \"1h\" },"
    "    \"once/c\": { \"idle\": \"0s\" }, \"within/c\": { \"idle\": \"0s\", \"memory\": \"16MiB\" },"
    "    \"beyond/c\": { \"idle\": \"0s\", \"memory\": \"24MiB\" },"
    "    \"short/c\": { \"work\": \"20ms\" } },"
    "  \"until\": \"1s\" }";
/* clang-format on */

/* ---- the process ---- */

static int32_t find_family(const struct scenario *scenario, const char *family)
{
    int32_t taskdef = 0;

    while (strcmp(scenario->taskdefs[taskdef].definition->family, family) != 0) {
        taskdef++;
        assert(taskdef < scenario->n_taskdefs);
    }
    return taskdef;
}

static bool open_stage(struct stage *stage, const struct sweep_run *run,
                       const struct programs *programs, int cloud_fd, int index, struct err *err)
{
    struct findings findings = {0};
    const struct cgroup_limits none = {0};

    stage->scenario = scenario_parse(world, "rehearsal", &findings);
    assert(stage->scenario != NULL);
    findings_finish(&findings);
    stage->setup.instance = index;
    if (asprintf(&stage->setup.folder, "%s/r%d", run->folder, index) < 0 ||
        asprintf(&stage->setup.prints, "%s/prints", stage->setup.folder) < 0 ||
        asprintf(&stage->setup.group, "berth-%s-r%d-box", run->id, index) < 0) {
        abort();
    }
    stage->setup.work_program = (char *)(uintptr_t)programs->work;
    plans_make(&stage->plans, stage->scenario, (struct scale){1, 1}, 1, NULL);
    stage->taskdef = find_family(stage->scenario, stage->round->family);
    if (mkdir(stage->setup.folder, 0700) != 0 || mkdir(stage->setup.prints, 0700) != 0) {
        return err_errno(err, errno, "cannot make %s", stage->setup.folder);
    }
    if ((cloud_fd >= 0 && !network_open(&stage->network, cloud_fd, index, err)) ||
        !cgroup_make(stage->cgroups, stage->setup.group, true, &none, err) ||
        !performer_open(&stage->performer, &stage->setup, stage->cgroups, stage->network, NULL,
                        err)) {
        return false;
    }
    stage->helper = rehearse_used_last_pid(getpid());
    for (int i = 0; i < stage->scenario->n_taskdefs; i++) {
        performer_plan(stage->performer, &stage->plans.list[i]);
    }
    return true;
}

static void perform(struct table *table, int agent, const struct sweep_run *run,
                    struct cgroup_machine *cgroups, const struct programs *programs, int cloud_fd,
                    int index, const struct rehearse_round *round, int word)
{
    static struct stage stage;
    struct answer *answer = &table->answers[agent];

    stage = (struct stage){
        .table = table, .round = round, .word = word, .times = &answer->times, .cgroups = cgroups};
    answer->times.n = round->n;
    answer->ok = open_stage(&stage, run, programs, cloud_fd, index + agent, &answer->err) &&
                 rehearse_lives(&stage, &answer->err);
    if (!stage.slept) {
        atomic_fetch_add(&table->n_asleep, 1);
    }
}

/* A round under way. */
struct rehearsal {
    const struct sweep_run *run;
    struct cgroup_machine *cgroups;
    int index;
    struct table *table;
    int word[2]; /* a pipe that agents read from while they sleep */
    pid_t pids[AGENTS_MOST];
};

/* Waits for an agent's end and removes what it has left. */
static bool end_agent(const struct rehearsal *rehearsal, int agent, struct err *err)
{
    const struct answer *answer = &rehearsal->table->answers[agent];
    struct cgroup_swept swept;
    char prefix[64];
    struct err none;
    int status = 0;

    waitpid(rehearsal->pids[agent], &status, 0);
    snprintf(prefix, sizeof prefix, "berth-%s-r%d-", rehearsal->run->id, rehearsal->index + agent);
    cgroup_sweep(rehearsal->cgroups, prefix, &swept, &none);
    return (rehearsal->pids[agent] > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FINE &&
            answer->ok) ||
           err_set(err, EXIT_MACHINE, "a rehearsal of containers failed: %.700s",
                   answer->err.text[0] ? answer->err.text : "its process ended");
}

/* One agent's times behind those that are there. */
static void add_times(struct rehearse_times *all, const struct rehearse_times *times)
{
    if (all->n == 0) {
        *all = *times;
        return;
    }
    for (int what = 0; what < REHEARSED; what++) {
        memcpy(&all->usec[what][all->n], times->usec[what],
               (size_t)times->n * sizeof times->usec[what][0]);
    }
    all->n += times->n;
    all->n_oom += times->n_oom;
    if (times->all_usec > all->all_usec) {
        all->all_usec = times->all_usec;
        all->started_usec = times->started_usec;
        all->kernel_usec = times->kernel_usec;
    }
    if (times->ended_usec > all->ended_usec) { /* the kernel's threads are everybody's */
        all->end_usec = times->end_usec;
        all->kernel_end_usec = times->kernel_end_usec;
        all->exited_usec = times->exited_usec;
        all->ended_usec = times->ended_usec;
        all->kernel_ended_usec = times->kernel_ended_usec;
    }
}

struct rehearsal *rehearse_begin(const struct sweep_run *run, struct cgroup_machine *cgroups,
                                 const struct programs *programs, int cloud_fd, int index,
                                 const struct rehearse_round *round)
{
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    struct table *table =
        mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int n_agents = round->agents > 0 ? round->agents : 1;

    assert(rehearsal != NULL && table != MAP_FAILED && n_agents <= AGENTS_MOST &&
           round->n * n_agents <= REHEARSE_MOST);
    *rehearsal = (struct rehearsal){.run = run, .cgroups = cgroups, .index = index, .table = table};
    table->n_agents = n_agents;
    if (pipe2(rehearsal->word, O_CLOEXEC) != 0) {
        abort();
    }
    for (int agent = 0; agent < n_agents; agent++) {
        rehearsal->pids[agent] = fork();
        if (rehearsal->pids[agent] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(rehearsal->word[1]);
            perform(table, agent, run, cgroups, programs, cloud_fd, index, round,
                    rehearsal->word[0]);
            _exit(EXIT_FINE); /* what still lives in it dies with it */
        }
    }
    close(rehearsal->word[0]);
    return rehearsal;
}

void rehearse_await_sleep(const struct rehearsal *rehearsal)
{
    const struct table *table = rehearsal->table;
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;

    while (atomic_load(&table->n_asleep) < table->n_agents && loop_clock_usec() < until_usec) {
        usleep(20000);
    }
}

void rehearse_wake(struct rehearsal *rehearsal)
{
    if (rehearsal->word[1] >= 0) {
        close(rehearsal->word[1]);
    }
    rehearsal->word[1] = -1;
}

void rehearse_abandon(struct rehearsal *rehearsal)
{
    static struct rehearse_times nothing;
    struct err none;

    for (int agent = 0; agent < rehearsal->table->n_agents; agent++) {
        if (rehearsal->pids[agent] > 0) {
            kill(rehearsal->pids[agent], SIGKILL);
        }
    }
    rehearse_end(rehearsal, &nothing, &none);
}

bool rehearse_end(struct rehearsal *rehearsal, struct rehearse_times *times, struct err *err)
{
    struct table *table = rehearsal->table;
    bool ok = true;

    rehearse_wake(rehearsal);
    times->n = times->n_oom = 0;
    for (int agent = 0; agent < table->n_agents; agent++) {
        ok = end_agent(rehearsal, agent, err) && ok;
        add_times(times, &table->answers[agent].times);
    }
    munmap(table, sizeof *table);
    free(rehearsal);
    return ok;
}

bool rehearse(const struct sweep_run *run, struct cgroup_machine *cgroups,
              const struct programs *programs, int cloud_fd, int index,
              const struct rehearse_round *round, struct rehearse_times *times, struct err *err)
{
    return rehearse_end(rehearse_begin(run, cgroups, programs, cloud_fd, index, round), times, err);
}
