/*
 * `berth sim SCENARIO`: one simulation and its picture, or many and a table.
 */
#include "command.h"

#include "here.h"

#include "core/array.h"
#include "file/buffer.h"
#include "file/cost.h"
#include "file/expect.h"
#include "file/layers.h"
#include "file/options.h"
#include "file/saga.h"
#include "file/summary.h"
#include "file/units.h"
#include "file/why.h"
#include "nearby.h"
#include "replications.h"
#include "sim.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Beyond this many tasks nobody looks at bars, and each would cost memory for the whole run. */
#define TASKS_TOLD 20000

static const char about[] =
    "Simulates a scenario, or a bare ECS task definition, and shows what happens. The run is "
    "logged\n"
    "in RUN: without -o that is the scenario's name with .run, here; with --json nothing "
    "is\n"
    "written unless -o says so, and --runs writes none. The same scenario, seed and version give "
    "the same bytes.\n"
    "\n"
    "With --runs N it ends with the mean of each measure over the seeds and its 95 % confidence "
    "interval\n"
    "(Student's t). A simulation begins empty; --warm-up leaves its beginning out. With auto the\n"
    "length follows from the number of running tasks, averaged over all runs in 400 equal parts of "
    "the\n"
    "time: MSER-5 drops what makes the mean of the rest surest, at most the half.\n"
    "Measures are those of berth sweep; the cost is the whole bill, warm-up with it.\n"
    "\n"
    "Exits with 1 if an expectation fails or tasks could not be placed.";

static const char examples[] =
    "  berth sim scenarios/first.json                      a picture, and first.run\n"
    "  berth sim first.json --set behaviour.job/job.work=4s   the same with one thing changed\n"
    "  berth sim web.json --count 10 --instances 4xm5.large   a bare task definition\n"
    "  berth sim first.json --runs 20                      twenty seeds, a line each\n";

struct wish {
    int64_t seed; /* -1: the scenario's */
    int64_t count, runs;
    const char *warm_up;
    bool warm_up_auto;
    int64_t warm_up_usec;
    const char *log_path, *instances;
    const char *host_profile;
    int log_level, machines, boot_path; /* the last two: -1: as the costs say */
    bool paranoid, json, no_contention;
    struct option_texts sets;
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* first.json -> first.run, in this folder. */
static char *default_log_path(const char *scenario_path)
{
    const char *name =
        strrchr(scenario_path, '/') ? strrchr(scenario_path, '/') + 1 : scenario_path;
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    char *path = malloc((size_t)length + 5);

    assert(path != NULL);
    snprintf(path, (size_t)length + 5, "%.*s.run", length, name);
    return path;
}

/* Before it starts: how many tasks the scenario asks for. */
static int64_t count_tasks(const struct scenario *scenario)
{
    int64_t n = 0;

    for (int i = 0; i < scenario->n_services; i++)
        n += scenario->services[i].as.create_service.desired;
    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct message *call = &scenario->timeline[i].call;

        if (scenario->timeline[i].is_fault)
            continue;
        if (call->kind == MESSAGE_RUN_TASK)
            n += call->as.run_task.count;
        else if (call->kind == MESSAGE_CREATE_SERVICE)
            n += call->as.create_service.desired;
        else if (call->kind == MESSAGE_UPDATE_SERVICE && call->as.update_service.desired > 0)
            n += call->as.update_service.desired;
    }
    return n;
}

static void tell_missed(const struct scenario *scenario, const struct sim_result *result)
{
    for (int i = 0; i < result->n_missed; i++) {
        const struct scenario_entry *entry = &scenario->timeline[result->missed[i]];

        fprintf(stderr, "%s:%d: warning: this fault found nothing to hit at %.3f s\n",
                scenario->path, entry->line, (double)entry->at_usec / USEC_PER_SEC);
    }
}

/* Output ---------------------------------------------------------------------------------------- */

static int verdict(const struct scenario *scenario, const struct sim_result *result)
{
    bool all_hold = expect_count(scenario, &result->story) == scenario->n_expects;

    return all_hold && result->unplaced + result->waiting + result->given_up == 0 ? EXIT_FINE
                                                                                  : EXIT_ANSWER;
}

static void add_result(struct buffer *json, const struct scenario *scenario, uint64_t seed,
                       const char *log_path, const struct sim_result *result)
{
    const struct run_summary *summary = &result->summary;

    buffer_add_text(json, "{\"title\": ");
    buffer_add_json_string(json, scenario->title);
    buffer_add(json,
               ", \"mode\": \"sim\", \"seed\": %" PRIu64 ", \"tasks\": %" PRId64
               ", \"instances\": %" PRId64 ", \"micro_vms\": %" PRId64 ", \"events\": %" PRId64
               ", \"decisions\": %" PRId64 ", \"machines\": %" PRId64
               ", \"state_hash\": \"%016" PRIx64 "\", \"end\": %.6f, \"placed\": %" PRId64
               ", \"refused\": %" PRId64 ", \"waiting\": %" PRId64 ", \"memory\": %" PRId64 ", ",
               seed, summary->tasks, summary->instances, summary->micro_vms, summary->events,
               summary->decisions, summary->machines, summary->state_hash,
               (double)summary->end_usec / USEC_PER_SEC, result->placed, result->refused,
               result->waiting, result->most_memory_bytes);
    expect_add(json, scenario, &result->story);
    if (result->story.responses.n_groups > 0)
        buffer_add_text(json, ", ");
    responses_json(json, &result->story.responses);
    buffer_add_text(json, ", ");
    saga_deployments_json(json, &result->scheduler.cluster);
    buffer_add_text(json, ", ");
    cost_add_json(json, &result->story);
    if (result->story.n_instances > 0) {
        struct layers layers = layers_of(scenario, &result->story, false);

        buffer_add_text(json, ", ");
        layers_add_json(json, &layers);
    }
    buffer_add_text(json, ", \"log\": ");
    buffer_add_json_string(json, log_path);
    buffer_add_text(json, "}");
}

static void print_counts(const struct sim_result *result)
{
    char micro_vms[48] = "";

    if (result->summary.micro_vms > 0)
        snprintf(micro_vms, sizeof micro_vms, " and %" PRId64 " micro-VM%s",
                 result->summary.micro_vms, result->summary.micro_vms == 1 ? "" : "s");
    printf("%" PRId64 " tasks on %" PRId64 " instances%s, %" PRId64 " events, %" PRId64
           " decisions\n%" PRId64 " placed, %" PRId64 " refused, %" PRId64 " waiting at the end\n",
           result->summary.tasks, result->summary.instances, micro_vms, result->summary.events,
           result->summary.decisions, result->placed, result->refused, result->waiting);
}

static void print_deployments(const struct sim_result *result)
{
    struct buffer text = {0};

    saga_deployments_text(&text, &result->scheduler.cluster);
    if (text.text)
        fputs(text.text, stdout);
    buffer_finish(&text);
}

/* With the command that says more, on the same line where there is room. */
static void print_why(const struct sim_options *options, const struct sim_result *result)
{
    struct buffer text = {0}, more = {0};
    int32_t task;

    if (!options->log_path || options->log_level == LOG_SUMMARY)
        return;
    task = why_line(&text, options->log_path, &result->story);
    if (task != ID_NONE) {
        bool fits;

        buffer_add_text(&more, "(berth explain ");
        buffer_add_shell_word(&more, options->log_path);
        buffer_add(&more, " --task %s)", story_task_name(task));
        fits = 9 + (int)text.length + 3 + (int)more.length <= SUMMARY_COLUMNS;
        printf("why      %s%s%s\n", text.text, fits ? "   " : "\n         ", more.text);
    }
    buffer_finish(&more);
    buffer_finish(&text);
}

static void add_what_if(struct buffer *text, const struct scenario *scenario,
                        const struct sim_options *options, const struct wish *request,
                        const struct story_note *note, const struct task_definition *definition)
{
    char at[32];

    buffer_add_shell_word(text, scenario->path);
    buffer_add(text, " --what-if %s --at %ss", definition->family,
               buffer_seconds(note->at_usec, at, sizeof at));
    for (int i = 0; i < request->sets.n_texts; i++) {
        buffer_add_text(text, " --set ");
        buffer_add_shell_word(text, request->sets.texts[i]);
    }
    if (options->seed != scenario->seed)
        buffer_add(text, " --set seed=%" PRIu64, options->seed);
}

/* The command that tells why there is no room. What has no number is asked about in the scenario, as it was run. */
static void print_why_not(const struct scenario *scenario, const struct sim_options *options,
                          const struct sim_result *result, const struct wish *request)
{
    bool as_written = request->count == 0 && !request->instances && !request->host_profile &&
                      request->machines < 0 && request->boot_path < 0 && !request->no_contention;
    const struct story_note *note = summary_first_miss(&result->story);
    const struct message *message = note ? &note->message : NULL;
    const struct task_definition *definition;
    struct buffer text = {0};

    if (!message)
        return;
    definition = story_definition(&result->story, message->kind == MESSAGE_WAIT
                                                      ? message->as.wait.taskdef
                                                      : message->as.refuse.taskdef);
    if (message->kind == MESSAGE_WAIT && message->as.wait.task != ID_NONE) {
        if (!options->log_path || options->log_level == LOG_SUMMARY)
            return;
        buffer_add_shell_word(&text, options->log_path);
        buffer_add(&text, " --task %s", story_task_name(message->as.wait.task));
    } else if (as_written && definition) {
        add_what_if(&text, scenario, options, request, note, definition);
    }
    if (text.length > 0)
        printf("why not  berth explain %s\n", text.text);
    buffer_finish(&text);
}

static void print_next(const struct scenario *scenario, const struct sim_result *result)
{
    char length[32], *path = buffer_shell_word(scenario->path);

    printf("next     berth exec %s        the same file, for real, about %s\n", path,
           summary_duration(result->summary.end_usec, length, sizeof length));
    free(path);
}

static void print_picture(const struct scenario *scenario, const struct sim_options *options,
                          const struct sim_result *result, const struct wish *request, double took)
{
    char how[96], end[32], wall[32];
    struct layers layers;

    snprintf(how, sizeof how, "SIMULATED %s in %s, seed %" PRIu64,
             summary_duration(result->summary.end_usec, end, sizeof end),
             summary_duration((int64_t)(took * USEC_PER_SEC), wall, sizeof wall), options->seed);
    summary_title(stdout, scenario, how);
    if (options->tell) {
        summary_bars(stdout, scenario, &result->story, options->seed);
        if (summary_unplaced(stdout, &result->story) > 0)
            print_why_not(scenario, options, result, request);
        summary_given_up(stdout, result->given_up);
        summary_unsimulated(stdout, scenario);
        print_why(options, result);
        print_deployments(result);
        responses_print(stdout, &result->story.responses);
        cost_print(stdout, &result->story);
        layers = layers_of(scenario, &result->story, false);
        layers_print(stdout, &layers);
        summary_expect(stdout, scenario, &result->story);
    } else {
        print_counts(result);
        responses_print(stdout, &result->story.responses);
    }
    print_next(scenario, result);
}

/* Runs ------------------------------------------------------------------------------------------ */

static int run_one(const struct scenario *scenario, const struct wish *request)
{
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    char *own_path = NULL;
    double start = seconds();
    struct buffer json = {0};
    struct err err;
    int code;

    if (!request->log_path && !request->json)
        own_path = default_log_path(scenario->path);
    options.seed = request->seed >= 0 ? (uint64_t)request->seed : scenario->seed;
    options.log_path = request->log_path ? request->log_path : own_path;
    options.log_level = (enum log_level)request->log_level;
    options.paranoid = request->paranoid;
    options.tell = count_tasks(scenario) <= TASKS_TOLD || scenario->n_expects > 0;
    if (!sim_run(scenario, &options, &result, &err)) {
        code = err_report(&err);
    } else {
        if (options.tell)
            nearby_warn(stderr, scenario, &result.story);
        tell_missed(scenario, &result);
        if (request->json) {
            add_result(&json, scenario, options.seed, options.log_path, &result);
            printf("%s\n", json.text);
        } else {
            print_picture(scenario, &options, &result, request, seconds() - start);
        }
        code = verdict(scenario, &result);
    }
    buffer_finish(&json);
    sim_result_finish(&result);
    free(own_path);
    return code;
}

static void print_line(const struct scenario *scenario, uint64_t seed,
                       const struct sim_result *result)
{
    printf("%10" PRIu64 " %12.6f %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64
           "   %3d of %-3d   %016" PRIx64 "\n",
           seed, (double)result->summary.end_usec / USEC_PER_SEC, result->summary.tasks,
           result->placed, result->refused, result->waiting, expect_count(scenario, &result->story),
           scenario->n_expects, result->summary.state_hash);
}

/* Once more, measured from where the warm-up ends. */
static bool measure_again(const struct scenario *scenario, struct sim_options options,
                          uint64_t seed, struct replications *list, struct err *err)
{
    int n_runs = list->n_runs;
    struct sim_result result;
    bool ok = true;

    replications_restart(list, replications_warm_up(list));
    for (options.seed = seed; ok && list->n_runs < n_runs; options.seed++) {
        ok = sim_run(scenario, &options, &result, err);
        if (ok)
            replications_add(list, &result.story);
        sim_result_finish(&result);
    }
    return ok;
}

/* What is the same of all runs, behind what is each one's own. */
static void print_replications(const struct wish *request, const struct replications *list,
                               struct buffer *json)
{
    if (request->json) {
        buffer_add_text(json, "],\n ");
        replications_json(json, list);
        printf("{\"runs\": [%s}\n", json->text);
    } else if (list->n_runs > 1) {
        replications_print(stdout, list);
    }
}

/* Seed after seed. The worst verdict is the whole's. */
static int run_many(const struct scenario *scenario, const struct wish *request)
{
    struct sim_options options = sim_options_default(scenario);
    struct replications list = {.from_usec = request->warm_up_usec};
    struct sim_result result;
    struct buffer json = {0};
    struct err err;
    int worst = EXIT_FINE;

    if (request->seed >= 0)
        options.seed = (uint64_t)request->seed;
    options.paranoid = request->paranoid;
    options.tell = count_tasks(scenario) <= TASKS_TOLD || scenario->n_expects > 0;
    if (!request->json)
        printf("%10s %12s %8s %8s %8s %8s   %-10s   %s\n", "seed", "end (s)", "tasks", "placed",
               "refused", "waiting", "expect", "state hash");
    for (int64_t i = 0; i < request->runs && worst <= EXIT_ANSWER; i++, options.seed++) {
        int code;

        if (!sim_run(scenario, &options, &result, &err)) {
            code = err_report(&err);
        } else if (request->json) {
            buffer_add_text(&json, i > 0 ? ",\n " : "");
            add_result(&json, scenario, options.seed, NULL, &result);
            code = verdict(scenario, &result);
        } else {
            print_line(scenario, options.seed, &result);
            code = verdict(scenario, &result);
        }
        if (options.tell && code <= EXIT_ANSWER)
            replications_add(&list, &result.story);
        sim_result_finish(&result);
        worst = code > worst ? code : worst;
    }
    if (worst <= EXIT_ANSWER && request->warm_up_auto && list.n_runs > 0 &&
        !measure_again(scenario, options, options.seed - (uint64_t)list.n_runs, &list, &err))
        worst = err_report(&err);
    if (worst <= EXIT_ANSWER && list.n_runs > 0 && list.from_usec >= list.end_usec) {
        err_set(&err, EXIT_INPUT, "--warm-up leaves nothing of a run of %.3f s",
                (double)list.end_usec / USEC_PER_SEC);
        worst = err_report(&err);
    }
    if (worst <= EXIT_ANSWER)
        print_replications(request, &list, &json);
    replications_finish(&list);
    buffer_finish(&json);
    return worst;
}

static int load_and_run(const char *path, const struct wish *request)
{
    const struct scenario_options options = {
        .count = (int32_t)request->count,
        .instances = request->instances,
        .n_sets = request->sets.n_texts,
        .sets = request->sets.texts,
        .image_folder = here_images(),
        .host_profile = request->host_profile,
        .no_contention = request->no_contention,
        .machines = request->machines < 0 ? NULL : machines_names[request->machines],
        .boot_path = request->boot_path < 0 ? NULL : boot_path_names[request->boot_path],
    };
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, &options, &findings);
    int code = EXIT_INPUT;

    findings_print(&findings, stderr);
    findings_finish(&findings);
    if (!scenario)
        return code;
    code = request->runs > 1 ? run_many(scenario, request) : run_one(scenario, request);
    scenario_destroy(scenario);
    return code;
}

static bool read_warm_up(struct wish *request)
{
    const char *wrong;

    if (!request->warm_up)
        return true;
    request->warm_up_auto = strcmp(request->warm_up, "auto") == 0;
    wrong = request->warm_up_auto ? NULL : units_duration(request->warm_up, &request->warm_up_usec);
    if (wrong)
        fprintf(stderr, "berth sim: --warm-up \"%s\" %s\n", request->warm_up, wrong);
    else if (request->runs < 2)
        fprintf(stderr, "berth sim: --warm-up is for --runs of two or more\n");
    return !wrong && request->runs > 1;
}

int cmd_sim(int argc, char **argv)
{
    struct wish request = {
        .seed = -1, .runs = 1, .log_level = LOG_ALL, .machines = -1, .boot_path = -1};
    const struct option_row rows[] = {
        {"output", 'o', OPTION_TEXT, &request.log_path, "RUN", "where the run log goes", 0, NULL},
        {"seed", 0, OPTION_NUMBER, &request.seed, "N", "instead of the scenario's seed", 0, NULL},
        {"set", 0, OPTION_TEXTS, &request.sets, "PATH=VALUE",
         "change one value of the scenario, as often as you like", 0, NULL},
        {"count", 0, OPTION_COUNT, &request.count, "N", "tasks of a bare task definition", 1, NULL},
        {"instances", 0, OPTION_TEXT, &request.instances, "NxTYPE",
         "instances to run it on, such as 4xm5.large", 0, NULL},
        {"host-profile", 0, OPTION_TEXT, &request.host_profile, "FILE",
         "costs that berth calibrate has measured, instead of the scenario's", 0, NULL},
        {"no-contention", 0, OPTION_FLAG, &request.no_contention, NULL,
         "the naive prediction: everything takes as long as if it were alone", 0, NULL},
        {"machines", 0, OPTION_CHOICE, &request.machines, "WHAT",
         "what instances are: slices of a host, or virtual machines (vms)", 0, machines_names},
        {"boot", 0, OPTION_CHOICE, &request.boot_path, "PATH",
         "how virtual machines start: scratch, uncompressed or restore", 0, boot_path_names},
        {"log", 0, OPTION_CHOICE, &request.log_level, "LEVEL",
         "summary, tasks (the scheduler alone), all or requests (all, and each request)", 0,
         log_level_names},
        {"runs", 0, OPTION_COUNT, &request.runs, "N", "N seeds from the first on, a line each", 1,
         NULL},
        {"warm-up", 0, OPTION_TEXT, &request.warm_up, "DURATION",
         "with --runs: measure only what comes after it; auto finds it (MSER-5)", 0, NULL},
        {"json", 0, OPTION_FLAG, &request.json, NULL, "one JSON object instead of the picture", 0,
         NULL},
        {"paranoid", 0, OPTION_FLAG, &request.paranoid, NULL,
         "check every invariant after every step", 0, NULL},
    };
    const struct options options = {
        .command = "sim",
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
        if (!read_warm_up(&request)) {
            code = EXIT_INPUT;
        } else if (request.runs > 1 && request.log_path) {
            fprintf(stderr, "berth sim: --runs writes no log: leave out -o or --runs\n");
            code = EXIT_INPUT;
        } else {
            code = load_and_run(argv[0], &request);
        }
    }
    free(request.sets.texts);
    return code;
}
