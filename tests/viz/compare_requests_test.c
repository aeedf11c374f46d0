/*
 * What balancers gave their targets, in two runs: matched by task, told as a table and as JSON.
 */
#include "viz/compare_requests.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sample runs[2];
static struct compare compare;

static void compare_runs(void)
{
    const char *const paths[] = {"sim.run", "exec.run"};
    const struct story *const stories[] = {&runs[0].story, &runs[1].story};
    const struct run_header *const headers[] = {&runs[0].header, &runs[1].header};
    compare_init(&compare, paths, stories, headers);
}

static void tear_down(void)
{
    compare_finish(&compare);
    for (int i = 0; i < 2; i++)
        sample_finish(&runs[i]);
}

static void set_up(void)
{
    sample_init(&runs[0], RUN_SIM);
    sample_init(&runs[1], RUN_EXEC);
}

TestSuite(compare_requests, .init = set_up, .fini = tear_down);

static void create_group(int run, int32_t group, const char *name)
{
    struct record record = {.machine = ID_NONE, .event = message_new(MESSAGE_CREATE_TARGET_GROUP)};
    record.event.as.create_target_group.target_group = group;
    record.event.as.create_target_group.name = (char *)name;
    responses_add(&runs[run].story.responses, &record);
}

static void observe(int run, int32_t group, struct target_metrics *targets, int n)
{
    struct record record = {.machine = ID_NONE, .event = message_new(MESSAGE_OBSERVE)};
    struct target_group_metrics row = {
        .target_group = group, .n_requests = 100, .n_targets = n, .targets = targets};
    record.event.as.observe.n_target_groups = 1;
    record.event.as.observe.target_groups = &row;
    responses_add(&runs[run].story.responses, &record);
}

static void fill(void)
{
    struct target_metrics first[] = {{.task = 2, .n_requests = 30, .n_most = 3},
                                     {.task = 0, .n_requests = 60, .n_errors = 1, .n_most = 7},
                                     {.task = 1, .n_requests = 10, .n_most = 1}};
    struct target_metrics second[] = {{.task = 3, .n_requests = 50, .n_most = 2},
                                      {.task = 0, .n_requests = 40, .n_most = 5}};
    create_group(0, 0, "web");
    create_group(0, 1, "alone");
    create_group(1, 0, "other");
    create_group(1, 1, "web"); /* another number, the same name */
    observe(0, 0, first, 3);
    observe(0, 1, first, 3);
    observe(1, 1, second, 2);
    observe(1, 0, second, 2);
    compare_runs();
}

Test(compare_requests, targets_are_matched_by_their_tasks)
{
    static const int64_t wanted[4][2] = {{60, 40}, {10, -1}, {30, -1}, {-1, 50}};
    int n;
    fill();
    const struct responses_group *groups[] = {&runs[0].story.responses.groups[0],
                                              &runs[1].story.responses.groups[1]};
    struct compare_target *rows = compare_requests_targets(groups, &n);
    cr_assert_eq(n, 4);
    for (int i = 0; i < n; i++) {
        cr_expect_eq(rows[i].task, i);
        for (int s = 0; s < 2; s++) {
            int64_t found = rows[i].sides[s] ? rows[i].sides[s]->n_requests : -1;
            cr_expect_eq(found, wanted[i][s], "t%d, run %d", i + 1, s);
        }
    }
    free(rows);
}

Test(compare_requests, tell_of_the_groups_that_are_in_both)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fill();
    compare_requests_print(out, &compare);
    fclose(out);
    cr_expect(!strstr(text, "alone") && !strstr(text, "other"), "%s", text);
    cr_expect(strstr(text, "t1"), "%s", text);
    cr_expect(strstr(text, "+50 %"), "60 instead of 40: %s", text);
    cr_expect(strstr(text, "t4"), "%s", text);
    free(text);
}

Test(compare_requests, json_says_null_where_there_is_no_target)
{
    struct buffer json = {0};
    fill();
    compare_requests_add_json(&json, &compare);
    cr_expect_str_eq(json.text, "\"targets\":[\n"
                                "{\"target_group\":\"web\",\"task\":\"t1\",\"requests\":[60,40],"
                                "\"errors\":[1,0],\"open_most\":[7,5]},\n"
                                "{\"target_group\":\"web\",\"task\":\"t2\",\"requests\":[10,null],"
                                "\"errors\":[0,null],\"open_most\":[1,null]},\n"
                                "{\"target_group\":\"web\",\"task\":\"t3\",\"requests\":[30,null],"
                                "\"errors\":[0,null],\"open_most\":[3,null]},\n"
                                "{\"target_group\":\"web\",\"task\":\"t4\",\"requests\":[null,50],"
                                "\"errors\":[null,0],\"open_most\":[null,2]}]");
    buffer_finish(&json);
}

Test(compare_requests, nothing_without_a_target_group)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct buffer json = {0};
    compare_runs();
    compare_requests_print(out, &compare);
    compare_requests_add_json(&json, &compare);
    fclose(out);
    cr_expect_str_eq(text, "");
    cr_expect_str_eq(json.text, "\"targets\":[]");
    buffer_finish(&json);
    free(text);
}
