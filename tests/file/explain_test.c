/*
 * Explanations agree with what was decided, for every task of runs that place in every way, and say
 * so in words and in JSON.
 */
#include "file/explain.h"

#include "tiny.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEC USEC_PER_SEC

static char path[TINY_PATH_BYTES];
static struct tiny run;

static void make_run(void)
{
    tiny_make_log(&run, path);
}

static void remove_run(void)
{
    tiny_remove_log(&run, path);
}

TestSuite(explain, .init = make_run, .fini = remove_run);

/* The decision that placed the task, as logged. */
static const struct place_task *decision_of(int32_t task)
{
    for (int i = 0; i < run.n_records; i++)
        for (int j = 0; j < run.records[i].outputs.n_messages; j++) {
            const struct message *output = &run.records[i].outputs.messages[j];

            if (output->kind == MESSAGE_PLACE_TASK && output->as.place_task.task == task &&
                run.records[i].machine == ID_NONE)
                return &output->as.place_task;
        }
    return NULL;
}

static char *text_of(const struct explain *explain)
{
    struct buffer text = {0};

    explain_text(explain, &text);
    return text.text;
}

static json_t *json_of(const struct explain *explain)
{
    struct buffer text = {0};
    json_t *json;

    explain_json(explain, &text);
    json = json_loads(text.text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(json != NULL, "not JSON: %s", text.text);
    buffer_finish(&text);
    return json;
}

static const char *member(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

/* Several tasks placed by one event are each seen on the cluster as it was just before them. */
Test(explain, every_placement_is_reproduced)
{
    int n_by_rule[3] = {0}; /* no rule was needed, a rule decided, the lowest number did */

    for (int32_t task = 0; task < run.summary.tasks - 3; task++) {
        const struct place_task *decision = decision_of(task);
        struct explain explain;
        struct err err = {0};
        char wanted[40];
        char *text;
        json_t *json;

        cr_assert(decision != NULL);
        cr_assert(explain_task(&explain, path, task, USEC_NEVER, &err), "t%d: %s", task + 1,
                  err.text);
        cr_assert(explain.kind == EXPLAIN_PLACED);
        cr_assert(explain.table.placement.instance == decision->instance);
        cr_assert(explain.table.placement.rule == decision->rule);
        text = text_of(&explain);
        snprintf(wanted, sizeof wanted, "\nWhy i%d, at ", decision->instance + 1);
        cr_assert(strstr(text, wanted) != NULL, "%s", text);
        json = json_of(&explain);
        cr_assert_str_eq(member(json, "kind"), "placed");
        cr_assert(json_integer_value(json_object_get(json, "candidates")) ==
                  explain.table.n_candidates);
        n_by_rule[decision->rule == ID_NONE ? 0 : decision->rule < explain.table.n_rules ? 1 : 2]++;
        cr_assert(strstr(text, explain.chooser == EXPLAIN_BY_CALL ? "\ndecided: StartTask named i1"
                               : decision->rule == ID_NONE        ? " was the only candidate"
                               : decision->rule < explain.table.n_rules ? "\ndecided: rule 1, "
                                                                        : "the rules left equals"),
                  "%s", text);
        json_decref(json);
        free(text);
        explain_finish(&explain);
    }
    cr_assert(n_by_rule[0] > 0 && n_by_rule[1] > 0 && n_by_rule[2] > 0, "%d %d %d", n_by_rule[0],
              n_by_rule[1], n_by_rule[2]);
}

Test(explain, the_reasons_are_in_the_words)
{
    static const struct {
        int32_t task;
        const char *says[6];
    } cases[] = {
        /* The two of the service want the same host port. */
        {0,
         {"t1 web:1", "asked for by service web",
          "the rules left equals, of which i1 has the lowest number",
          "rule 1: spread attribute:ecs.availability-zone", "deaf: image pulled (0.200 s)"}},
        {1, {"Why i2, at 2.000 s", "i1 has host port 8080 in use", "i2 was the only candidate"}},
        /* i1 and i2 have 768 CPU units each: a job of 512 goes to the lowest, the next elsewhere. */
        {2, {"Why i1, at 4.000 s", "the rules left equals, of which i1 has the lowest number"}},
        {3,
         {"Why i2, at 4.000 s", "i2 was the only candidate",
          "binpack cpu prefers i1, but i1 lacks 256 CPU units", "job: exited with 0",
          "STOPPED: EssentialContainerExited"}},
        {4,
         {"accepted: PROVISIONING, asked for by RunTask",
          "waits for room; nearest miss: i1 lacks 256 CPU units (RESOURCE:CPU)",
          "PENDING: placed on"}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct explain explain;
        struct err err = {0};
        char *text;

        cr_assert(explain_task(&explain, path, cases[i].task, USEC_NEVER, &err), "%s", err.text);
        text = text_of(&explain);
        for (int j = 0; j < 6 && cases[i].says[j]; j++)
            cr_assert(strstr(text, cases[i].says[j]) != NULL, "\"%s\" is not in:\n%s",
                      cases[i].says[j], text);
        free(text);
        explain_finish(&explain);
    }
}

Test(explain, a_waiting_task_is_explained_as_things_stood)
{
    struct explain explain;
    struct err err = {0};
    char *text;
    json_t *json;

    cr_assert(explain_task(&explain, path, 4, 5 * SEC, &err), "%s", err.text);
    cr_assert(explain.kind == EXPLAIN_WAITING && explain.at_usec == 5 * SEC);
    cr_assert(explain.table.placement.instance == ID_NONE);
    text = text_of(&explain);
    cr_assert(strstr(text, "t5 job:1  PROVISIONING") != NULL, "%s", text);
    cr_assert(strstr(text, "Why it waits, at 5.000 s") != NULL, "%s", text);
    cr_assert(strstr(text, "no room; nearest miss: i1 lacks 256 CPU units (RESOURCE:CPU)"), "%s",
              text);
    cr_assert(strstr(text, "PENDING: placed") == NULL, "that was later: %s", text);
    json = json_of(&explain);
    cr_assert_str_eq(member(json, "kind"), "waiting");
    cr_assert_str_eq(member(json, "nearest"), "i1");
    cr_assert_str_eq(member(json, "nearest_reason"), "RESOURCE:CPU");
    cr_assert(json_integer_value(json_object_get(json, "nearest_lack")) == 256);
    cr_assert(
        json_integer_value(json_object_get(json_object_get(json, "removed"), "RESOURCE:CPU")) == 2);
    json_decref(json);
    free(text);
    explain_finish(&explain);
}

/* A run that ends, is cut, or takes the task away while it waits. */
Test(explain, a_task_that_never_found_room_is_explained_at_the_last_moment)
{
    struct explain last;
    struct err none = {0};

    cr_assert(explain_task(&last, path, (int32_t)run.summary.tasks - 1, USEC_NEVER, &none), "%s",
              none.text);
    cr_assert(last.kind == EXPLAIN_WAITING && last.at_usec == 34 * SEC);
    cr_assert(last.table.placement.instance == ID_NONE);
    explain_finish(&last);
    for (int whole = 0; whole < 2; whole++) {
        struct tiny tiny = run;
        struct explain explain;
        struct err err = {0};

        for (tiny.n_records = 0; run.records[tiny.n_records].at_usec < 5 * SEC;)
            tiny.n_records++;
        if (whole) {
            struct record end = {.machine = ID_NONE, .at_usec = 5 * SEC};

            for (int i = 0; i < tiny.n_records; i++)
                end.seq += run.records[i].machine == ID_NONE;
            end.seq++;
            end.event = message_new(MESSAGE_STOP_TASK_CALL);
            end.event.as.stop_task_call.task = 4;
            tiny.records = malloc(((size_t)tiny.n_records + 1) * sizeof end);
            memcpy(tiny.records, run.records, (size_t)tiny.n_records * sizeof end);
            tiny.records[tiny.n_records++] = end;
        }
        tiny_write(&tiny, path, false);
        cr_assert(explain_task(&explain, path, 4, USEC_NEVER, &err), "%s", err.text);
        cr_assert(explain.kind == EXPLAIN_WAITING);
        cr_assert(explain.table.miss.reason == PLACE_CPU);
        cr_assert(explain.table.miss.lack == 256);
        explain_finish(&explain);
        if (whole)
            free(tiny.records);
    }
}

Test(explain, a_log_of_the_scheduler_alone_is_enough)
{
    struct run_header header = {.mode = RUN_SIM,
                                .seed = TINY_SEED,
                                .epoch_usec = TINY_EPOCH_USEC,
                                .scale_numerator = 1,
                                .scale_denominator = 1};
    struct err err = {0};
    struct runlog_writer *writer = runlog_create(path, &header, LOG_TASKS, &err);
    struct explain explain;

    for (int i = 0; i < run.n_records; i++)
        runlog_write(writer, &run.records[i]);
    cr_assert(runlog_close(writer, &run.summary, &err), "%s", err.text);
    cr_assert(explain_task(&explain, path, 3, USEC_NEVER, &err), "%s", err.text);
    cr_assert(explain.table.placement.instance == 1);
    explain_finish(&explain);
}

Test(explain, wrong_questions_are_errors)
{
    static const struct {
        int32_t task;
        int64_t at_usec;
        const char *says;
    } cases[] = {
        {99, USEC_NEVER, "this run has no t100; its tasks are t1 to t"},
        {INT32_MAX - 1, USEC_NEVER, "this run has no t2147483647"},
        {4, 3 * SEC, "t5 does not exist at that time yet; it comes at 4.000 s"},
        {4, -1, "t5 does not exist at that time yet"},
    };
    struct explain explain;
    struct err err = {0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(!explain_task(&explain, path, cases[i].task, cases[i].at_usec, &err));
        cr_assert(err.code == EXIT_INPUT && strstr(err.text, cases[i].says), "%s", err.text);
        explain_finish(&explain);
    }
    cr_assert(!explain_task(&explain, "/tmp/no-such.run", 0, USEC_NEVER, &err));
    cr_assert(err.code == EXIT_INPUT);
    explain_finish(&explain);
}

Test(explain, a_log_that_does_not_replay_is_not_explained)
{
    struct explain explain;
    struct err err = {0};

    for (int i = 0; i < run.n_records; i++)
        if (run.records[i].event.kind == MESSAGE_CREATE_SERVICE) {
            run.records[i].outputs.messages[0].as.place_task.rule++;
            break;
        }
    tiny_write(&run, path, true);
    cr_assert(!explain_task(&explain, path, 3, USEC_NEVER, &err));
    cr_assert(err.code == EXIT_ANSWER && strstr(err.text, "berth replay") != NULL, "%s", err.text);
    explain_finish(&explain);
}

Test(explain, one_more_goes_by_the_rules_of_its_kind)
{
    struct tiny tiny = {0};
    struct explain explain;
    char *text;
    json_t *json;
    int n_tasks;

    /* The cluster of the run at 4.5 s, stepped to anew. */
    tiny_init(&tiny);
    for (int i = 0; run.records[i].at_usec < 4500 * USEC_PER_MSEC; i++) {
        struct outputs outputs = {0};

        if (run.records[i].machine == ID_NONE)
            scheduler_step(&tiny.scheduler, run.records[i].at_usec, &run.records[i].event,
                           &outputs);
        outputs_finish(&outputs);
    }
    n_tasks = tiny.scheduler.cluster.n_tasks;
    explain_what_if(&explain, &tiny.scheduler.cluster, 0, NULL, 4500 * USEC_PER_MSEC);
    text = text_of(&explain);
    cr_assert(
        strstr(text, "One more web:1 at 4.500 s, as service web would place it, goes to") ||
            strstr(text, "One more web:1 at 4.500 s, as service web would place it, finds no"),
        "%s", text);
    cr_assert(explain.task == n_tasks && tiny.scheduler.cluster.n_tasks == n_tasks);
    free(text);
    explain_finish(&explain);
    explain_what_if(&explain, &tiny.scheduler.cluster, 1, NULL, 4500 * USEC_PER_MSEC);
    json = json_of(&explain);
    cr_assert_str_eq(member(json, "kind"), "what-if");
    cr_assert_str_eq(member(json, "nearest_text"), "i1 lacks 256 CPU units (RESOURCE:CPU)");
    cr_assert_str_eq(json_string_value(json_array_get(json_object_get(json, "rules"), 0)),
                     "binpack cpu");
    json_decref(json);
    explain_finish(&explain);
    explain_what_if(&explain, &tiny.scheduler.cluster, 3, NULL, 4500 * USEC_PER_MSEC);
    json = json_of(&explain);
    cr_assert_str_eq(json_string_value(json_array_get(json_object_get(json, "rules"), 0)),
                     "random");
    json_decref(json);
    explain_finish(&explain);
    tiny_finish(&tiny);
}

Test(explain, a_missing_attribute_is_named)
{
    struct attribute attributes[] = {{"rack", NULL}, {"disk", "ssd"}};
    struct task_definition definition = {.n_requires = 2, .requires = attributes};
    char text[160];

    cr_assert_str_eq(explain_lack(&definition, PLACE_ATTRIBUTE, 1, text, sizeof text),
                     "lacks the attribute rack");
    cr_assert_str_eq(explain_miss(&definition, PLACE_ATTRIBUTE, 0, 2, text, sizeof text),
                     "i1 lacks the attribute disk=ssd (ATTRIBUTE)");
    for (int i = 0; i < 2; i++) /* a log whose definitions say otherwise */
        cr_assert_str_eq(
            explain_lack(i ? &definition : NULL, PLACE_ATTRIBUTE, 3, text, sizeof text),
            "lacks number 3 of requiresAttributes");
}

Test(explain, a_port_is_named_with_its_protocol_where_that_is_udp)
{
    struct port_mapping udp = {.container_port = 53, .host_port = 53, .protocol = PROTOCOL_UDP};
    struct port_mapping both[] = {udp, {.container_port = 53, .host_port = 53}};
    struct container_definition container = {.n_ports = 1, .ports = &udp};
    struct task_definition definition = {
        .network_mode = NETWORK_BRIDGE, .n_containers = 1, .containers = &container};
    char text[100];

    cr_expect_str_eq(explain_lack(&definition, PLACE_PORTS, 53, text, sizeof text),
                     "has host port 53/udp in use");
    container = (struct container_definition){.n_ports = 2, .ports = both};
    cr_expect_str_eq(explain_lack(&definition, PLACE_PORTS, 53, text, sizeof text),
                     "has host port 53 in use");
    cr_expect_str_eq(explain_lack(NULL, PLACE_PORTS, 80, text, sizeof text),
                     "has host port 80 in use");
}

Test(explain, an_expression_that_gave_up_is_told_from_one_that_is_not_met)
{
    char text[100];

    cr_expect_str_eq(explain_lack(NULL, PLACE_MEMBER_OF, 0, text, sizeof text),
                     "does not meet the placement constraint");
    cr_expect_str_eq(explain_lack(NULL, PLACE_MEMBER_OF, 1, text, sizeof text),
                     "is left out: a pattern of the placement constraint takes too many steps");
}
