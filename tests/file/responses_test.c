/*
 * How requests fared, added up from the scheduler's events.
 */
#include "file/responses.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct record record_of(enum message_kind kind)
{
    return (struct record){.machine = ID_NONE, .event = message_new(kind)};
}

static void create_group(struct responses *responses, int32_t group, char *name)
{
    struct record record = record_of(MESSAGE_CREATE_TARGET_GROUP);

    record.event.as.create_target_group.target_group = group;
    record.event.as.create_target_group.name = name;
    responses_add(responses, &record);
}

static void observe(struct responses *responses, struct target_group_metrics *rows, int n)
{
    struct record record = record_of(MESSAGE_OBSERVE);

    record.event.as.observe.n_target_groups = n;
    record.event.as.observe.target_groups = rows;
    responses_add(responses, &record);
}

Test(responses, add_up_over_the_periods)
{
    struct responses responses = {0};
    struct latency_bin bins[] = {{1000, 60}, {2000, 38}};
    struct target_group_metrics rows[] = {
        {.target_group = 0,
         .n_requests = 100,
         .n_errors = 2,
         .n_rejected = 5,
         .n_latency = 2,
         .latency = bins},
        {.target_group = 1, .n_rejected = 7},
    };
    struct target_metrics targets[] = {{.task = 3, .n_requests = 60, .n_most = 4},
                                       {.task = 1, .n_requests = 40, .n_errors = 2, .n_most = 9}};
    const struct responses_group *web;
    struct buffer json = {0};

    rows[0].n_targets = 2;
    rows[0].targets = targets;

    create_group(&responses, 0, "web");
    create_group(&responses, 1, "api");
    observe(&responses, rows, 2);
    observe(&responses, rows, 1);
    web = responses_find(&responses, "web");
    cr_assert(web && web->n_sent == 210 && web->n_failed == 14);
    cr_assert(llabs(responses_percentile_usec(web, 500) - 1000) <= 10);
    cr_assert(llabs(responses_percentile_usec(web, 990) - 2000) <= 20);
    cr_assert(responses_find(&responses, "api")->n_sent == 7);
    cr_assert(web->n_targets == 2 && web->targets[0].task == 3);
    cr_assert(web->targets[0].n_requests == 120 && web->targets[1].n_requests == 80);
    cr_assert(web->targets[1].n_errors == 4 && web->targets[1].n_most == 9,
              "the most, not the sum");
    cr_assert(!responses_find(&responses, "none"));
    cr_assert(responses_json(&json, &responses));
    cr_assert(strncmp(json.text,
                      "\"requests_sent\": 217, \"requests_failed\": 21, \"target_groups\"",
                      60) == 0,
              "%s", json.text);
    buffer_finish(&json);
    responses_finish(&responses);
}

Test(responses, are_none_without_a_target_group)
{
    struct responses responses = {0};
    struct buffer json = {0};

    cr_assert(!responses_json(&json, &responses) && json.length == 0);
    responses_finish(&responses);
}

/* In a step in which something else is refused, such as a scheduled action that was due. */
Test(responses, are_kept_where_another_call_is_refused)
{
    struct responses responses = {0};
    struct record record = record_of(MESSAGE_CREATE_TARGET_GROUP);

    record.event.as.create_target_group.target_group = 0;
    outputs_add(&record.outputs, MESSAGE_REFUSE)->as.refuse.call = MESSAGE_PUT_SCHEDULED_ACTION;
    responses_add(&responses, &record);
    outputs_finish(&record.outputs);
    cr_assert(responses.n_groups == 1);
    responses_finish(&responses);
}

/* What no run contains: groups that nobody created, refused ones, numbers below nothing. */
Test(responses, pass_over_what_cannot_be)
{
    struct responses responses = {0};
    struct latency_bin bins[] = {{-5, -7}, {INT64_MAX, INT64_MAX}};
    struct target_group_metrics rows[] = {
        {.target_group = 3, .n_requests = 1},
        {.target_group = -1, .n_requests = 1},
        {.target_group = 0,
         .n_requests = -4,
         .n_errors = INT64_MAX,
         .n_latency = 2,
         .latency = bins},
    };
    struct record refused = record_of(MESSAGE_CREATE_TARGET_GROUP);

    create_group(&responses, 0, NULL);
    create_group(&responses, 0, "again");
    refused.event.as.create_target_group.target_group = 1;
    outputs_add(&refused.outputs, MESSAGE_REFUSE)->as.refuse.call = MESSAGE_CREATE_TARGET_GROUP;
    responses_add(&responses, &refused);
    outputs_finish(&refused.outputs);
    for (int i = 0; i < 5000; i++)
        observe(&responses, rows, 3);
    cr_assert(responses.n_groups == 1 && responses.groups[0].n_sent == 0);
    cr_assert(responses.groups[0].n_failed > 0 && responses.groups[0].latency->n > 0);
    responses_finish(&responses);
}
