/*
 * `berth explain`: why a task is where it is, why it waits, where one more would go.
 */
#include "command.h"

#include "file/cost.h"
#include "file/explain.h"
#include "file/fatal.h"
#include "file/nearest.h"
#include "file/options.h"
#include "file/saga.h"
#include "file/units.h"
#include "sim.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Says what happened to a task of a run, and why it was placed where it is: how many instances\n"
    "each filter removed, what each strategy rule saw in those that were left, and which rule\n"
    "decided; or why it waits. With --service: what happened to a service, in order, in ECS's "
    "words.\n"
    "With --what-if: where one more task of a definition would go in a scenario, at a moment of "
    "its\n"
    "simulation.";

static const char examples[] =
    "  berth explain first.run --task t7               why there, and what became of it\n"
    "  berth explain first.run --task t7 --at 6s       as things stood then\n"
    "  berth explain rolling.run --service web         its events in ECS's words, its deployments\n"
    "  berth explain scale-out.run --capacity boxes    why its instances came and went\n"
    "  berth explain scenarios/first.json --what-if job --at 6s\n"
    "                                                  where one more job would go\n";

struct wish {
    const char *path, *task, *service, *what_if, *at, *capacity;
    bool json;
    int64_t at_usec;
    struct option_texts sets;
};

static int usage_error(const char *what)
{
    fprintf(stderr, "berth explain: %s (see berth explain --help)\n", what);
    return EXIT_INPUT;
}

static void print(const struct explain *explain, bool json)
{
    struct buffer text = {0};

    if (json) {
        explain_json(explain, &text);
        buffer_add_text(&text, "\n");
    } else {
        explain_text(explain, &text);
    }
    fputs(text.text, stdout);
    buffer_finish(&text);
}

/* What tell_fatal() tells of. */
static const struct wish *asked;

static void tell_fatal(void)
{
    fprintf(stderr, "to see it again: berth explain %s --%s %s\n", asked->path,
            asked->task ? "task" : "what-if", asked->task ? asked->task : asked->what_if);
}

static int explain_run(const struct wish *wish)
{
    struct explain explain;
    struct err err;
    int32_t task;
    const char *wrong = units_id(wish->task, 't', &task);
    int code = EXIT_FINE;

    if (wrong) {
        fprintf(stderr, "berth explain: --task \"%s\" %s\n", wish->task, wrong);
        return EXIT_INPUT;
    }
    fatal_watch(tell_fatal);
    if (explain_task(&explain, wish->path, task, wish->at_usec, &err))
        print(&explain, wish->json);
    else
        code = err_report(&err);
    fatal_unwatch();
    explain_finish(&explain);
    return code;
}

static int explain_service(const struct wish *wish)
{
    struct buffer text = {0};
    struct err err;
    int code = EXIT_FINE;

    if (saga_of_log(wish->path, wish->service, wish->json, &text, &err))
        fputs(text.text ? text.text : "", stdout);
    else
        code = err_report(&err);
    buffer_finish(&text);
    return code;
}

/* Why a capacity provider's group grew and shrank. */
static int explain_capacity(const struct wish *wish)
{
    struct story story;
    struct run_header header;
    struct buffer text = {0};
    struct err err;
    bool found;

    story_init(&story);
    if (!story_load(&story, wish->path, &header, NULL, &err)) {
        story_finish(&story);
        return err_report(&err);
    }
    found = wish->json ? cost_explain_json(&text, &story, wish->capacity)
                       : cost_explain(&text, &story, wish->capacity);
    if (found)
        fputs(text.text, stdout);
    else
        fprintf(stderr, "berth explain: %s has no capacity provider \"%s\"\n", wish->path,
                wish->capacity);
    buffer_finish(&text);
    run_header_finish(&header);
    story_finish(&story);
    return found ? EXIT_FINE : EXIT_INPUT;
}

static struct scenario *load(const char *path, const struct option_texts *sets)
{
    const struct scenario_options options = {.n_sets = sets->n_texts, .sets = sets->texts};
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(path, &options, &findings);

    findings_print(&findings, stderr);
    findings_finish(&findings);
    return scenario;
}

/* "web" (its newest revision) or "web:2" among the registered ones. */
static int32_t find_taskdef(const struct taskdefs *taskdefs, const char *name)
{
    for (int i = taskdefs->n_definitions - 1; i >= 0; i--) {
        const struct task_definition *definition = taskdefs_get(taskdefs, i);
        size_t length = strlen(definition->family);
        char revision[16];

        snprintf(revision, sizeof revision, ":%d", definition->revision);
        if (strncmp(name, definition->family, length) == 0 &&
            (!name[length] || strcmp(name + length, revision) == 0))
            return i;
    }
    return ID_NONE;
}

static int no_such_taskdef(const struct taskdefs *taskdefs, const struct wish *wish)
{
    const char **names = calloc((size_t)taskdefs->n_definitions + 1, sizeof *names);
    const char *nearest;

    assert(names != NULL);
    for (int i = 0; i < taskdefs->n_definitions; i++)
        names[i] = taskdefs_get(taskdefs, i)->family;
    nearest = nearest_name(wish->what_if, names, taskdefs->n_definitions);
    fprintf(stderr,
            "berth explain: %s has no task definition \"%s\", nor is there such a file%s%s%s\n",
            wish->path, wish->what_if, nearest ? "; did you mean " : "", nearest ? nearest : "",
            nearest ? "?" : "");
    free(names);
    return EXIT_INPUT;
}

/* Adds the definition of a file to the cluster. */
static int32_t register_file(struct cluster *cluster, const char *path)
{
    const struct option_texts none = {0};
    struct scenario *scenario = load(path, &none);
    int32_t id = ID_NONE;

    if (!scenario)
        return ID_NONE;
    if (scenario->n_taskdefs > 0 && cluster_add_taskdef(cluster, scenario->taskdefs[0].definition))
        id = cluster->taskdefs.n_definitions - 1;
    scenario_destroy(scenario);
    return id;
}

/* The scenario's next RunTask of the definition from then on, or NULL. */
static const struct message *find_call(const struct scenario *scenario, int32_t taskdef,
                                       int64_t from_usec)
{
    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];

        if (!entry->is_fault && entry->call.kind == MESSAGE_RUN_TASK && entry->taskdef == taskdef &&
            entry->at_usec >= from_usec)
            return &entry->call;
    }
    return NULL;
}

static int ask(const struct wish *wish, const struct scenario *scenario, struct cluster *cluster)
{
    int32_t taskdef = find_taskdef(&cluster->taskdefs, wish->what_if);
    struct explain explain;

    if (taskdef == ID_NONE && access(wish->what_if, R_OK) != 0)
        return no_such_taskdef(&cluster->taskdefs, wish);
    if (taskdef == ID_NONE)
        taskdef = register_file(cluster, wish->what_if);
    if (taskdef == ID_NONE)
        return EXIT_INPUT;
    fatal_watch(tell_fatal);
    fatal_about(cluster);
    explain_what_if(&explain, cluster, taskdef, find_call(scenario, taskdef, wish->at_usec),
                    wish->at_usec);
    print(&explain, wish->json);
    fatal_unwatch();
    explain_finish(&explain);
    return EXIT_FINE;
}

/* A run that is over has no tasks and no room: what one asks about is its last moment. */
static void say_end(struct wish *wish, int64_t end_usec)
{
    char seconds[32];

    if (end_usec < wish->at_usec)
        fprintf(stderr,
                "berth explain: %s is over before %s; this is how things stand at its end, %s s\n",
                wish->path, wish->at, buffer_seconds(end_usec, seconds, sizeof seconds));
    wish->at_usec = end_usec < wish->at_usec ? end_usec : wish->at_usec;
}

static int explain_scenario(struct wish *wish)
{
    struct scenario *scenario = load(wish->path, &wish->sets);
    struct sim_options options;
    struct sim_result result;
    struct err err;
    int code;

    if (!scenario)
        return EXIT_INPUT;
    options = sim_options_default(scenario);
    options.stop_at_usec = wish->at_usec;
    if (sim_run(scenario, &options, &result, &err)) {
        say_end(wish, result.torn_down_usec);
        code = ask(wish, scenario, &result.scheduler.cluster);
    } else {
        code = err_report(&err);
    }
    sim_result_finish(&result);
    scenario_destroy(scenario);
    return code;
}

static int explain(struct wish *wish)
{
    const char *wrong = NULL;

    asked = wish;
    wish->at_usec = USEC_NEVER;
    if (wish->at)
        wrong = units_duration(wish->at, &wish->at_usec);
    if (wrong) {
        fprintf(stderr, "berth explain: --at \"%s\" %s\n", wish->at, wrong);
        return EXIT_INPUT;
    }
    if ((wish->task != NULL) + (wish->what_if != NULL) + (wish->service != NULL) +
            (wish->capacity != NULL) !=
        1)
        return usage_error("give a run and --task, --service or --capacity, or a scenario and "
                           "--what-if");
    if (wish->sets.n_texts > 0 && !wish->what_if)
        return usage_error("--set goes with --what-if: a run is over");
    if (wish->service)
        return explain_service(wish);
    if (wish->capacity)
        return explain_capacity(wish);
    if (wish->task)
        return explain_run(wish);
    if (!wish->at)
        return usage_error("--what-if at which moment? Add --at, such as --at 6s");
    return explain_scenario(wish);
}

int cmd_explain(int argc, char **argv)
{
    struct wish wish = {0};
    const struct option_row rows[] = {
        {"task", 0, OPTION_TEXT, &wish.task, "ID", "the task, such as t7", 0, NULL},
        {"service", 0, OPTION_TEXT, &wish.service, "NAME", "the service, such as web", 0, NULL},
        {"what-if", 0, OPTION_TEXT, &wish.what_if, "TASKDEF",
         "a family of the scenario, family:revision, or a file", 0, NULL},
        {"capacity", 0, OPTION_TEXT, &wish.capacity, "NAME",
         "a capacity provider: every datapoint, and why its group grew or shrank", 0, NULL},
        {"at", 0, OPTION_TEXT, &wish.at, "TIME", "the moment, such as 6s; else the end", 0, NULL},
        {"set", 0, OPTION_TEXTS, &wish.sets, "PATH=VALUE",
         "with --what-if: change one value of the scenario, as often as you like", 0, NULL},
        {"json", 0, OPTION_FLAG, &wish.json, NULL, "one JSON object", 0, NULL},
    };
    const struct options options = {
        .command = "explain",
        .usage = "RUN --task ID [OPTION]... | RUN --service NAME | SCENARIO --what-if TASKDEF --at "
                 "TIME [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int n_operands, code;

    if (options_parse(&options, argc, argv, &n_operands, &code)) {
        wish.path = argv[0];
        code = explain(&wish);
    }
    free(wish.sets.texts);
    return code;
}
