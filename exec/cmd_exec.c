/*
 * `berth exec SCENARIO`: the same file, for real. The order of things is the order of this file:
 * read, see whether this machine can, run, read back, show.
 */
#include "exec/command.h"

#include "exec/cloud.h"
#include "exec/controller.h"
#include "exec/haproxy.h"
#include "exec/leftover.h"
#include "exec/owner.h"
#include "exec/prints.h"
#include "exec/program.h"
#include "exec/report.h"
#include "exec/trial.h"
#include "exec/wants.h"
#include "exec/warm.h"
#include "file/fatal.h"
#include "file/options.h"
#include "file/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const char about[] =
    "Runs a scenario, or a bare ECS task definition, for real: each instance is a cgroup with an\n"
    "agent, each container has namespaces of its own. The run is logged in RUN: without -o that\n"
    "is the scenario's name with .exec.run, here. When it is over every decision is made again\n"
    "from the log and compared. A task on Fargate gets a virtual machine of its own. The memory\n"
    "that programs will touch is touched once before: a guest's host may have taken it back.\n"
    "Ctrl-C ends the run in order, a second one at once; nothing is left behind.\n"
    "Exits with 1 if an expectation fails or the replay differs, with 3 if this machine cannot.";

static const char examples[] =
    "  berth exec scenarios/first.json                     for real, and first.exec.run\n"
    "  berth exec big.json --scale auto                    as much of it as this machine can hold\n"
    "  berth exec first.json --machines=vms --boot restore   instances with kernels of their own\n"
    "  berth exec web.json --count 3 --instances 2xt3.micro   a bare task definition\n";

struct wishes {
    int64_t seed, count; /* seed -1: the scenario's */
    const char *log_path, *instances, *scale, *jitter;
    int machines, boot_path; /* -1: as the costs say */
    bool json, dry_run;
    struct option_texts sets;
};

/* A run from its first look at the machine to its last. */
struct stage {
    const struct wishes *request;
    struct scenario *scenario;
    struct programs programs;
    struct cgroup_machine cgroups;
    struct sweep_run run;
    struct plans plans;
    struct guests guests;
    struct report report;
    char *log_path, *prints;
    int64_t jitter_usec;
    uint64_t network;
};

/* What tell_fatal() tells of: there is one run at a time. */
static const struct stage *running;

static void tell_fatal(void)
{
    fprintf(stderr, "run %s of %s, seed %" PRIu64 "; to see it again: berth replay %s\n",
            running->run.id, running->scenario->path, running->report.seed, running->log_path);
}

/* ---- read ---- */

static struct scenario *load(const char *path, const struct wishes *request)
{
    const struct scenario_options options = {
        .count = (int32_t)request->count,
        .instances = request->instances,
        .n_sets = request->sets.n_texts,
        .sets = request->sets.texts,
        .machines = request->machines < 0 ? NULL : machines_names[request->machines],
        .boot_path = request->boot_path < 0 ? NULL : boot_path_names[request->boot_path],
    };
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, &options, &findings);

    findings_print(&findings, stderr);
    findings_finish(&findings);
    return scenario;
}

/* first.json -> first.exec.run, in this folder. */
static char *default_log_path(const char *scenario_path)
{
    const char *slash = strrchr(scenario_path, '/');
    const char *name = slash ? slash + 1 : scenario_path;
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    char *path;

    if (asprintf(&path, "%.*s.exec.run", length, name) < 0) {
        abort();
    }
    return path;
}

static bool read_jitter(struct stage *stage, struct err *err)
{
    const char *text = stage->request->jitter;
    const char *wrong = text ? units_duration(text, &stage->jitter_usec) : NULL;

    return !wrong || err_set(err, EXIT_INPUT, "--delay-jitter \"%s\" %s", text, wrong);
}

/* ---- see whether this machine can ---- */

static bool find_balancer(const struct scenario *scenario, struct err *err)
{
    return scenario->n_target_groups == 0 || haproxy_find(err);
}

static bool choose_scale(struct stage *stage, struct err *err)
{
    struct capacity machine = capacity_of_machine();
    struct scale *scale = &stage->report.scale;

    return scale_choose(scale, stage->request->scale, stage->scenario, &machine, err) &&
           scale_check(*scale, stage->scenario, err);
}

static void tell_swept(const struct sweep_counts *counts)
{
    if (counts->runs_alive > 0) {
        fprintf(stderr,
                "berth: warning: %d other run%s on this machine: what takes how long here "
                "depends on %s too\n",
                counts->runs_alive, counts->runs_alive == 1 ? " goes on" : "s go on",
                counts->runs_alive == 1 ? "it" : "them");
    }
    if (counts->runs_dead > 0) {
        fprintf(stderr, "removed what %d dead run%s left: %d processes, %d cgroups, %d folders\n",
                counts->runs_dead, counts->runs_dead == 1 ? " had" : "s had", counts->processes,
                counts->groups, counts->folders);
    }
}

static bool open_run(struct stage *stage, struct err *err)
{
    struct sweep_counts counts = {0};
    struct trial trial;
    char base[256];

    if (!cgroup_open(&stage->cgroups, cgroup_backend_wanted(), err)) {
        return false;
    }
    if (!sweep_base(base, sizeof base, err) || !sweep_dead(base, &stage->cgroups, &counts, err) ||
        !sweep_open(&stage->run, base, err)) {
        cgroup_close(&stage->cgroups);
        return false;
    }
    tell_swept(&counts);
    if (stage->cgroups.note[0]) {
        fprintf(stderr, "berth: %s\n", stage->cgroups.note);
    }
    if (!trial_run(&stage->run, &stage->cgroups, &stage->programs, &trial, err)) {
        sweep_close(&stage->run, &stage->cgroups, &counts, &(struct err){0});
        cgroup_close(&stage->cgroups);
        return false;
    }
    stage->report.inside = trial;
    return true;
}

/* As far as can be seen without making anything. */
static bool is_possible(struct stage *stage, struct err *err)
{
    return programs_find(&stage->programs, err) && wants_check(stage->scenario, err) &&
           find_balancer(stage->scenario, err) && read_jitter(stage, err) &&
           choose_scale(stage, err);
}

static bool guests_are_possible(struct stage *stage, struct err *err)
{
    bool ok;

    plans_make(&stage->plans, stage->scenario, stage->report.scale, stage->report.seed, NULL);
    guests_init(&stage->guests, (enum vm_start)stage->scenario->costs.path, &stage->plans,
                &stage->run, &stage->programs);
    ok = !guests_any(stage->scenario) || guests_check(&stage->guests, err);
    guests_close(&stage->guests);
    plans_finish(&stage->plans);
    return ok;
}

static int run_dry(struct stage *stage)
{
    const struct scale *scale = &stage->report.scale;
    struct err err;

    if (!is_possible(stage, &err) || !guests_are_possible(stage, &err)) {
        return err_report(&err);
    }
    if (stage->request->json) {
        printf("{\"missing\": null, \"scale\": \"%d/%d\"}\n", scale->numerator, scale->denominator);
    } else {
        printf("nothing is missing to run %s at scale %d/%d\n", stage->scenario->path,
               scale->numerator, scale->denominator);
    }
    return EXIT_FINE;
}

/* ---- run ---- */

static struct runlog_writer *open_log(struct stage *stage, struct err *err)
{
    char started[32], host[160];
    time_t now = time(NULL);
    struct utsname name;
    struct run_header header = {
        .mode = RUN_EXEC,
        .title = stage->scenario->title,
        .scenario = stage->scenario->source,
        .seed = stage->report.seed,
        .epoch_usec = stage->scenario->epoch_usec,
        .scale_numerator = stage->report.scale.numerator,
        .scale_denominator = stage->report.scale.denominator,
        .version = (char *)BERTH_VERSION,
        .started = started,
        .host = host,
    };
    struct runlog_writer *log;

    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    uname(&name);
    snprintf(host, sizeof host, "Linux %.64s, cgroup %s", name.release,
             cgroup_kind_name(stage->cgroups.kind));
    log = runlog_create(stage->log_path, &header, LOG_ALL, err);
    if (log) {
        stage->report.given_to_user = owner_give(stage->log_path);
    }
    return log;
}

static void tell_plan(const struct stage *stage)
{
    struct capacity wanted = capacity_of_scenario(stage->scenario);
    char text[64], length[48] = "";

    if (stage->scenario->until_usec != USEC_NEVER) {
        snprintf(length, sizeof length, ", about %.0f s",
                 (double)stage->scenario->until_usec / USEC_PER_SEC);
    }
    wanted.cpu = scale_down(stage->report.scale, wanted.cpu);
    wanted.memory_bytes = scale_down(stage->report.scale, wanted.memory_bytes);
    fprintf(stderr, "run %s: %s in all, at scale %d/%d%s; Ctrl-C ends it in order\n", stage->run.id,
            capacity_text(text, sizeof text, &wanted), stage->report.scale.numerator,
            stage->report.scale.denominator, length);
    plans_tell(&stage->plans);
    wants_tell(stage->scenario, &stage->cgroups);
}

/* A run can do without networks: its containers then have nothing but lo, which is said. */
static int open_cloud(const struct stage *stage)
{
    char path[sizeof stage->run.folder + 8], target[64];
    struct err err;
    int fd;

    if (!cloud_open(&fd, &err)) {
        fprintf(stderr, "berth: warning: containers have no networks here: %s\n", err.text);
        return -1;
    }
    /* For those who want to look in: the name lives as long as we do. */
    snprintf(path, sizeof path, "%s/cloud", stage->run.folder);
    snprintf(target, sizeof target, "/proc/%d/fd/%d", (int)getpid(), fd);
    if (symlink(target, path) != 0) {
        fprintf(stderr, "berth: warning: cannot make %s\n", path);
    }
    return fd;
}

static bool open_guests(struct stage *stage, struct err *err)
{
    guests_init(&stage->guests, (enum vm_start)stage->scenario->costs.path, &stage->plans,
                &stage->run, &stage->programs);
    return !guests_any(stage->scenario) || guests_open(&stage->guests, err);
}

static bool control(struct stage *stage, struct err *err)
{
    struct controller_result result;
    struct controller_job job = {
        .scenario = stage->scenario,
        .plans = &stage->plans,
        .run = &stage->run,
        .cgroups = &stage->cgroups,
        .agent_program = stage->programs.agent,
        .work_program = stage->programs.work,
        .prints = stage->prints,
        .guests = &stage->guests,
        .cloud_fd = -1,
        .jitter_usec = stage->jitter_usec,
        .talk = isatty(STDERR_FILENO),
    };
    struct err log_err;
    bool ok, logged;

    if (!prints_folder_make(stage->prints, err)) {
        return false;
    }
    job.log = open_log(stage, err);
    if (!job.log) {
        prints_folder_finish(stage->prints);
        return false;
    }
    job.cloud_fd = open_cloud(stage);
    ok = controller_run(&job, &result, err);
    if (prints_folder_finish(stage->prints)) {
        stage->report.prints = stage->prints;
    }
    if (job.cloud_fd >= 0) {
        close(job.cloud_fd);
    }
    logged = runlog_close(job.log, &result.summary, &log_err);
    if (ok && !logged) {
        *err = log_err;
    }
    stage->report.with_kvm = stage->guests.kit.kvm;
    stage->report.summary = result.summary;
    stage->report.waiting = result.waiting;
    stage->report.given_up = result.given_up;
    stage->report.interrupted = result.interrupted;
    return ok && logged;
}

/* Ends the run and counts what is there afterwards. */
static bool close_run(struct stage *stage, struct err *err)
{
    struct sweep_counts counts = {0};
    bool ok = sweep_close(&stage->run, &stage->cgroups, &counts, err);

    stage->report.left =
        leftover_count(stage->run.id, stage->run.folder, &stage->cgroups, stage->network);
    return ok;
}

/* ---- show ---- */

static int show(struct stage *stage)
{
    struct report *report = &stage->report;
    struct err err;
    int code;

    if (!report_read(report, &err)) {
        return err_report(&err);
    }
    if (stage->request->json) {
        report_print_json(report);
    } else {
        report_print(report);
    }
    code = report_verdict(report);
    report_finish(report);
    return code;
}

static int run(struct stage *stage)
{
    struct err err, close_err;
    bool ok;
    int code;

    stage->network = leftover_network();
    if (!is_possible(stage, &err) || !open_run(stage, &err)) {
        return err_report(&err);
    }
    plans_make(&stage->plans, stage->scenario, stage->report.scale, stage->report.seed,
               stage->programs.images[0] ? stage->programs.images : NULL);
    tell_plan(stage);
    ok = open_guests(stage, &err);
    if (ok) {
        warm_memory(warm_wanted(&stage->plans));
        ok = control(stage, &err);
    }
    if (!close_run(stage, &close_err)) {
        err_report(&close_err); /* what is left is counted, and shown */
    }
    guests_close(&stage->guests);
    plans_finish(&stage->plans);
    code = ok ? show(stage) : err_report(&err);
    cgroup_close(&stage->cgroups);
    return code;
}

static int load_and_run(const char *path, const struct wishes *request)
{
    struct stage stage = {.request = request};
    int code;

    stage.scenario = load(path, request);
    if (!stage.scenario) {
        return EXIT_INPUT;
    }
    stage.log_path = request->log_path ? strdup(request->log_path) : default_log_path(path);
    assert(stage.log_path != NULL);
    stage.prints = prints_folder(stage.log_path);
    running = &stage;
    fatal_watch(tell_fatal);
    stage.report.scenario = stage.scenario;
    stage.report.log_path = stage.log_path;
    stage.report.cgroups = &stage.cgroups;
    stage.report.seed = request->seed >= 0 ? (uint64_t)request->seed : stage.scenario->seed;
    code = request->dry_run ? run_dry(&stage) : run(&stage);
    fatal_unwatch();
    running = NULL;
    free(stage.log_path);
    free(stage.prints);
    scenario_destroy(stage.scenario);
    return code;
}

int cmd_exec(int argc, char **argv)
{
    struct wishes request = {.seed = -1, .machines = -1, .boot_path = -1};
    const struct option_row rows[] = {
        {"output", 'o', OPTION_TEXT, &request.log_path, "RUN", "where the run log goes", 0, NULL},
        {"scale", 0, OPTION_TEXT, &request.scale, "N/M",
         "give containers that part of what they ask for; auto: the largest that fits", 0, NULL},
        {"machines", 0, OPTION_CHOICE, &request.machines, "WHAT",
         "what instances are: slices of this machine (cgroups), or virtual machines (vms)", 0,
         machines_names},
        {"boot", 0, OPTION_CHOICE, &request.boot_path, "PATH",
         "how virtual machines start: scratch, uncompressed or restore", 0, boot_path_names},
        {"seed", 0, OPTION_NUMBER, &request.seed, "N", "instead of the scenario's seed", 0, NULL},
        {"set", 0, OPTION_TEXTS, &request.sets, "PATH=VALUE",
         "change one value of the scenario, as often as you like", 0, NULL},
        {"count", 0, OPTION_COUNT, &request.count, "N", "tasks of a bare task definition", 1, NULL},
        {"instances", 0, OPTION_TEXT, &request.instances, "NxTYPE",
         "instances to run it on, such as 2xt3.micro", 0, NULL},
        {"json", 0, OPTION_FLAG, &request.json, NULL, "one JSON object instead of the picture", 0,
         NULL},
        {"dry-run", 0, OPTION_FLAG, &request.dry_run, NULL,
         "say what this machine lacks for it, and do not run it", 0, NULL},
        {"delay-jitter", 0, OPTION_TEXT, &request.jitter, "DURATION",
         "delay each report of an agent by up to that long, at random: to test with", 0, NULL},
    };
    const struct options options = {
        .command = "exec",
        .usage = "SCENARIO [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int n_operands, code;

    if (options_parse(&options, argc, argv, &n_operands, &code)) {
        code = load_and_run(argv[0], &request);
    }
    free(request.sets.texts);
    return code;
}
