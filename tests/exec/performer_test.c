/*
 * An agent's hands without an agent: orders in, facts out. Here only what a whole run would need a
 * minute for.
 */
#include "exec/performer.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;
static struct performer *performer;

enum { TASK = 4 }; /* t5: the fixture has a group for t1 */

static void set_up(void)
{
    fixture_open(&fixture);
}

static void tear_down(void)
{
    if (fixture.host) {
        fixture_close(&fixture);
    }
}

TestSuite(performer, .init = set_up, .fini = tear_down);

/* The next fact of that kind; others are passed over. */
static struct fact next(enum message_kind kind)
{
    int64_t until_usec = fixture_now_usec() + 60000000;
    struct fact fact;
    int fds[PERFORMER_FDS];
    struct pollfd polls[PERFORMER_FDS];

    performer_fds(performer, fds);
    while (fixture_now_usec() < until_usec) {
        while (performer_next(performer, &fact)) {
            if (fact.event.kind == kind) {
                return fact;
            }
            message_finish(&fact.event);
        }
        for (int i = 0; i < PERFORMER_FDS; i++) {
            polls[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        }
        poll(polls, PERFORMER_FDS, 100);
    }
    cr_assert_fail("no %s within 60 s", message_kind_names[kind]);
    abort();
}

static void order(enum message_kind kind)
{
    struct message message = message_new(kind);

    message.as.order.task = TASK;
    message.as.order.container = 0;
    performer_act(performer, &message);
}

static void expect_fine(enum message_kind kind)
{
    struct fact fact = next(kind);

    cr_assert(fact.event.as.fact.error == NULL, "%s", fact.event.as.fact.error);
    message_finish(&fact.event);
}

/* One container of the built-in image that does its work and ends with 3. */
static void place(void)
{
    static struct container_definition container = {.name = "c", .image = "none", .essential = true};
    struct task_definition definition = {.family = "f", .revision = 1, .n_containers = 1,
                                         .containers = &container};
    struct plan_container from = {.name = "c", .image = "none", .performs = true, .weight_cpu = 2};
    struct plan plan = {.definition = &definition, .weight_cpu = 2, .n_containers = 1,
                        .containers = &from};
    struct duty_container does = {.exit_code = 3, .unhealthy_after_usec = INT64_MAX};
    struct duty duty = {.task = TASK, .n_containers = 1, .containers = &does};
    struct plan plan_copy;
    struct duty duty_copy;

    schema_copy(&plan_schema, &plan_copy, &plan);
    schema_copy(&duty_schema, &duty_copy, &duty);
    performer_plan(performer, &plan_copy);
    performer_duty(performer, &duty_copy);
}

/* By its restart policy: the same orders, the same answers, as often as one likes. */
Test(performer, a_container_starts_again)
{
    struct setup setup = {.folder = fixture.run.folder, .group = fixture.instance,
                          .work_program = (char *)WORK_PROGRAM};
    struct message remove = message_new(MESSAGE_REMOVE_TASK);
    struct err err;

    container_host_close(fixture.host);
    cr_assert(performer_open(&performer, &setup, &fixture.machine, NULL, NULL, &err), "%s",
              err.text);
    place();
    order(MESSAGE_PULL_IMAGE);
    expect_fine(MESSAGE_IMAGE_PULLED);
    order(MESSAGE_CREATE_CONTAINER);
    expect_fine(MESSAGE_CONTAINER_CREATED);
    for (int life = 0; life < 3; life++) {
        struct fact fact;

        order(MESSAGE_START_CONTAINER);
        expect_fine(MESSAGE_CONTAINER_STARTED);
        fact = next(MESSAGE_CONTAINER_EXITED);
        cr_expect(fact.event.as.exited.exit_code == 3, "life %d: %d", life,
                  fact.event.as.exited.exit_code);
    }
    order(MESSAGE_START_CONTAINER); /* removed while it starts again */
    remove.as.remove_task.task = TASK;
    performer_act(performer, &remove);
    performer_close(performer);
    cr_assert(container_host_open(&fixture.host, fixture.run.folder, fixture.instance,
                                  &fixture.machine, &err),
              "%s", err.text);
}
