/*
 * Exports of simulated runs, read again by other means: a trace has what Perfetto demands, and the
 * tables have as many lines and cells as they should.
 */
#include "file/export_chrome.h"
#include "file/export_csv.h"
#include "sim.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct exported {
    struct scenario *scenario;
    struct sim_result result;
};

static void run(struct exported *run, const char *name)
{
    struct findings findings = {0};
    struct sim_options options;
    char path[512];
    struct err err;

    snprintf(path, sizeof path, SCENARIOS "/%s", name);
    run->scenario = scenario_load(path, NULL, &findings);
    cr_assert(run->scenario != NULL, "%s", name);
    findings_finish(&findings);
    options = sim_options_default(run->scenario);
    options.tell = true;
    cr_assert(sim_run(run->scenario, &options, &run->result, &err), "%s: %s", name, err.text);
}

static void finish(struct exported *run)
{
    sim_result_finish(&run->result);
    scenario_destroy(run->scenario);
}

static json_t *trace_of(const struct story *story, const char *title)
{
    struct run_header header = {.title = (char *)title, .version = "0", .seed = 1};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    json_error_t error;
    json_t *trace;

    export_chrome(out, story, &header);
    fclose(out);
    trace = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    cr_assert(trace != NULL, "line %d: %s", error.line, error.text);
    free(text);
    return trace;
}

static int64_t number(const json_t *event, const char *member)
{
    const json_t *value = json_object_get(event, member);

    cr_assert(json_is_integer(value), "no whole number %s in %s", member,
              json_string_value(json_object_get(event, "name")));
    return json_integer_value(value);
}

/* The open events of one thread. */
#define DEPTH_MAX 8
struct thread {
    int64_t pid, tid;
    bool is_named;
    int depth;
    int64_t end[DEPTH_MAX];
    int64_t last_usec;
};

static struct thread *find(struct thread *threads, int *n, int64_t pid, int64_t tid)
{
    for (int i = 0; i < *n; i++)
        if (threads[i].pid == pid && threads[i].tid == tid)
            return &threads[i];
    cr_assert(*n < 1000);
    threads[*n] = (struct thread){.pid = pid, .tid = tid};
    return &threads[(*n)++];
}

/* A complete event lies within the one that is open on its thread, or begins after it. */
static void check_span(struct thread *thread, const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "name"));
    int64_t from = number(event, "ts"), to = from + number(event, "dur");

    cr_assert(from >= 0 && to >= from, "%s", name);
    cr_assert(thread->is_named, "%s stands on a thread without a name", name);
    while (thread->depth > 0 && from >= thread->end[thread->depth - 1])
        thread->depth--;
    cr_assert(from >= thread->last_usec, "%s comes before its predecessor", name);
    cr_assert(thread->depth == 0 || to <= thread->end[thread->depth - 1], "%s is not nested", name);
    cr_assert(thread->depth < DEPTH_MAX);
    thread->end[thread->depth++] = to;
    thread->last_usec = from;
}

static int check_trace(const json_t *trace, const char *name)
{
    static struct thread threads[1000];
    const json_t *events = json_object_get(trace, "traceEvents"), *event;
    int n_threads = 0, n_tasks = 0, n_counters = 0;
    size_t i;

    cr_assert(json_is_array(events), "%s", name);
    json_array_foreach(events, i, event)
    {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        const char *what = json_string_value(json_object_get(event, "name"));
        const char *category = json_string_value(json_object_get(event, "cat"));

        cr_assert(phase && what && number(event, "pid") > 0, "%s", name);
        if (strcmp(phase, "X") == 0) {
            check_span(find(threads, &n_threads, number(event, "pid"), number(event, "tid")),
                       event);
            n_tasks += category && strcmp(category, "task") == 0;
        } else if (strcmp(phase, "M") == 0) {
            cr_assert(json_is_object(json_object_get(event, "args")), "%s", what);
            if (strcmp(what, "thread_name") == 0)
                find(threads, &n_threads, number(event, "pid"), number(event, "tid"))->is_named =
                    true;
        } else if (strcmp(phase, "C") == 0) {
            const char *key;
            json_t *value;

            n_counters++;
            json_object_foreach(json_object_get(event, "args"), key, value) cr_assert(
                json_is_integer(value) && json_integer_value(value) >= 0, "%s %s", what, key);
        } else {
            cr_assert_str_eq(phase, "i");
            cr_assert(number(event, "ts") >= 0);
        }
    }
    cr_assert(n_tasks == 0 || n_counters > 0, "%s", name);
    return n_tasks;
}

static const char *const scenarios[] = {"first.json", "sidecars.json", "faults.json",
                                        "tournament.json"};

Test(export, a_trace_is_what_perfetto_demands)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        struct exported exported;
        int n_placed = 0;
        json_t *trace;

        run(&exported, scenarios[i]);
        for (int t = 0; t < exported.result.story.n_tasks; t++)
            n_placed += exported.result.story.tasks[t].placed_at_usec != USEC_NEVER;
        trace = trace_of(&exported.result.story, scenarios[i]);
        cr_expect_eq(check_trace(trace, scenarios[i]), n_placed, "%s", scenarios[i]);
        json_decref(trace);
        finish(&exported);
    }
}

Test(export, a_first_answer_is_in_the_trace_and_in_the_table)
{
    struct exported exported;
    const struct story *story = &exported.result.story;
    int n_answered = 0, n_told = 0;
    const json_t *event;
    json_t *trace;
    char *text;
    size_t size, i;
    FILE *out;

    run(&exported, "rolling-web.json");
    trace = trace_of(story, "rolling-web");
    check_trace(trace, "rolling-web");
    for (int t = 0; t < story->n_tasks; t++)
        n_answered += story->tasks[t].first_answer_at_usec != USEC_NEVER;
    json_array_foreach(json_object_get(trace, "traceEvents"), i, event)
    {
        const char *name = json_string_value(json_object_get(event, "name"));

        n_told += strcmp(name, "first request answered") == 0;
    }
    cr_expect(n_answered == 8 && n_told == 8, "%d of 8, %d told", n_answered, n_told);
    out = open_memstream(&text, &size);
    export_csv(out, story, EXPORT_TASKS);
    fclose(out);
    cr_expect(strstr(text, ",running_s,first_answer_s,stop_s,"), "%s", text);
    free(text);
    json_decref(trace);
    finish(&exported);
}

/* Wherever a run breaks off, its trace is whole. */
Test(export, a_run_that_broke_off_has_a_trace)
{
    struct exported exported;

    run(&exported, "sidecars.json");
    for (int64_t usec = 0; usec < 20 * USEC_PER_SEC; usec += 137 * USEC_PER_MSEC) {
        json_t *trace;

        exported.result.story.last_usec = usec;
        trace = trace_of(&exported.result.story, "cut");
        check_trace(trace, "cut");
        json_decref(trace);
    }
    finish(&exported);
}

Test(export, a_run_without_tasks_has_a_trace)
{
    struct story story;
    json_t *trace;

    story_init(&story);
    trace = trace_of(&story, "nothing \"at\" all");
    cr_expect_eq(check_trace(trace, "nothing"), 0);
    json_decref(trace);
    story_finish(&story);
}

/* Cells of a line that has no quotes. */
static int count_cells(const char *line)
{
    int n = 1;

    for (; *line && *line != '\n'; line++)
        n += *line == ',';
    return n;
}

static void check_table(const struct story *story, enum export_table table, int n_lines,
                        const char *first_names)
{
    char *text, *line;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int n = 0, n_cells;

    export_csv(out, story, table);
    fclose(out);
    n_cells = count_cells(text);
    cr_expect_eq(strncmp(text, first_names, strlen(first_names)), 0, "%s", text);
    for (line = text; *line; line = strchr(line, '\n') + 1) {
        cr_assert(strstr(line, "\r\n") != NULL, "lines end as RFC 4180 has it");
        cr_expect(memchr(line, '"', strcspn(line, "\n")) != NULL || count_cells(line) == n_cells,
                  "%.80s", line);
        n++;
    }
    cr_expect_eq(n, n_lines + 1, "%s", export_table_names[table]);
    free(text);
}

Test(export, tables_have_a_line_for_each)
{
    struct exported exported;
    const struct story *story = &exported.result.story;
    int n_containers = 0;

    run(&exported, "sidecars.json");
    for (int i = 0; i < story->n_tasks; i++)
        n_containers += story->tasks[i].n_containers;
    check_table(story, EXPORT_TASKS, story->n_tasks, "task,family,revision,service,");
    check_table(story, EXPORT_CONTAINERS, n_containers, "task,container,image,");
    check_table(story, EXPORT_MICRO_VMS, 0, "task,capacity_provider,zone,spot,");
    check_table(story, EXPORT_INSTANCES, story->n_instances,
                "instance,instance_type,capacity_provider,zone,spot,interrupted,price_per_hour,");
    finish(&exported);
}

/* A cell with commas, quotes and ends of lines is one cell. */
Test(export, cells_are_quoted)
{
    struct exported exported;
    char *text;
    size_t size;
    FILE *out;

    run(&exported, "first.json");
    free(exported.result.story.tasks[0].reason);
    exported.result.story.tasks[0].reason = strdup("a, \"b\"\nc");
    exported.result.story.tasks[0].stop_reason = ID_NONE;
    out = open_memstream(&text, &size);
    export_csv(out, &exported.result.story, EXPORT_TASKS);
    fclose(out);
    cr_expect(strstr(text, ",\"a, \"\"b\"\"\nc\",") != NULL, "%s", text);
    free(text);
    finish(&exported);
}
