/*
 * A task's own machine without a machine: a script stands where qemu would, and says on its line what a
 * test wants heard. Here only what a guest's timing would decide.
 */
#include "exec/annex.h"
#include "exec/vm.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TASK = 4 }; /* t5: the fixture has a group for t1 */

/* Its first word, and after it all that it asks before it is set up. */
#define CLOCK "\nclock {\"clock\":1000,\"now\":0}"
#define HELLO                                                                                      \
    "hello "                                                                                       \
    "{\"clock\":1000,\"kernelTook\":500,\"available\":900,\"total\":1000,\"kernel\":\"k\"}" CLOCK CLOCK CLOCK     \
        CLOCK

static struct fixture fixture;
static struct annexes *annexes;
static struct setup setup;
static struct plan plan;
static struct plan_guest guest;
static struct duty *duty; /* its owner frees it with its task */
static char program[300], group[160];

static void make_duty(void)
{
    static struct duty_container does = {.exit_code = 3};

    duty = calloc(1, sizeof *duty);
    *duty = (struct duty){.task = TASK, .n_containers = 1, .containers = &does};
}

static void set_up(void)
{
    static struct container_definition container = {
        .name = "c", .image = "none", .essential = true};
    static struct task_definition definition = {
        .family = "f", .revision = 1, .n_containers = 1, .containers = &container};
    static struct plan_container from = {
        .name = "c", .image = "none", .performs = true, .weight_cpu = 2};
    struct err err;

    fixture_open(&fixture);
    snprintf(program, sizeof program, "%s/machine", fixture.run.folder);
    snprintf(group, sizeof group, "%s/t%d", fixture.instance, TASK + 1);
    setup = (struct setup){.folder = fixture.run.folder, .group = fixture.instance};
    guest = (struct plan_guest){.qemu = program,
                                .vmlinuz = program,
                                .vmlinux = program,
                                .initramfs = program,
                                .start = VM_UNCOMPRESSED,
                                .memory_mib = 96,
                                .cpus = 1,
                                .patience_usec = 60000000};
    plan = (struct plan){.definition = &definition,
                         .weight_cpu = 2,
                         .guest = &guest,
                         .n_containers = 1,
                         .containers = &from};
    make_duty();
    cr_assert(annexes_open(&annexes, &setup, &fixture.machine, &err), "%s", err.text);
}

static void tear_down(void)
{
    if (fixture.host) {
        fixture_close(&fixture); /* fails where a process, a cgroup or a folder was left */
    }
}

TestSuite(annex, .init = set_up, .fini = tear_down);

/* What it says on its line, which is its descriptor 3; then it stays. */
static struct annex *boot(const char *says)
{
    FILE *file = fopen(program, "we");

    cr_assert(file != NULL);
    fprintf(file, "#!/bin/sh\n%s%s%sexec sleep 600\n", says ? "echo '" : "", says ? says : "",
            says ? "' >&3\n" : "");
    cr_assert(fclose(file) == 0 && chmod(program, 0700) == 0);
    return annex_boot(annexes, &plan, duty, group);
}

/* What it has said, or its end, has come. */
static void await_its_line(void)
{
    struct pollfd some = {.fd = annexes_fd(annexes), .events = POLLIN};

    cr_assert(poll(&some, 1, 60000) == 1, "nothing within a minute");
}

static bool machine_folder_exists(void)
{
    char path[300];

    snprintf(path, sizeof path, "%s/machine-t%d", fixture.run.folder, TASK + 1);
    return access(path, F_OK) == 0;
}

static bool wait_for_fact(struct fact *fact)
{
    for (int tries = 0; tries < 600; tries++) {
        if (annexes_next(annexes, fact)) {
            return true;
        }
        usleep(100000);
    }
    return false;
}

/* One that is heard has come up, and goes with its task. */
Test(annex, its_first_word_is_told)
{
    struct annex *annex = boot(HELLO);
    struct fact fact;

    cr_assert(wait_for_fact(&fact));
    cr_assert(fact.event.kind == MESSAGE_MACHINE_BOOTED);
    cr_expect(fact.event.as.machine_booted.error == NULL);
    cr_expect_str_eq(fact.event.as.machine_booted.course->kernel, "k");
    message_finish(&fact.event);
    annex_end(annex);
    annexes_close(annexes);
    free(duty);
    cr_expect(!machine_folder_exists());
}

/* What it said before its task went, and what nobody had heard by then, is about a task that is not
 * there any more. */
Test(annex, nothing_is_told_once_its_task_has_gone)
{
    static const char *const words[] = {
        HELLO, HELLO "\nfact {\"containerStarted\":{\"task\":\"t5\",\"container\":0}}"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct annex *annex = boot(words[i]);
        struct fact fact;

        await_its_line();
        annex_end(annex);
        free(duty); /* as its owner does then */
        for (int tries = 0; tries < 600 && machine_folder_exists(); tries++) {
            cr_expect(!annexes_next(annexes, &fact), "words %zu", i);
            usleep(10000);
        }
        cr_expect(!machine_folder_exists(), "it is cleared up as soon as its end is seen");
        make_duty();
    }
    annexes_close(annexes);
    free(duty);
}

/* Orders are answered by one that could not come up, too. */
Test(annex, who_is_gone_answers)
{
    struct message action = message_new(MESSAGE_PULL_IMAGE);
    struct annex *annex;
    struct fact fact;

    guest.qemu = (char *)"/none"; /* its process ends at once */
    annex = boot(NULL);
    cr_assert(wait_for_fact(&fact) && fact.event.kind == MESSAGE_MACHINE_BOOTED);
    cr_expect(fact.event.as.machine_booted.error != NULL);
    message_finish(&fact.event);
    action.as.order.task = TASK;
    annex_order(annex, &action);
    cr_assert(wait_for_fact(&fact) && fact.event.kind == MESSAGE_IMAGE_PULLED);
    cr_expect_str_eq(fact.event.as.fact.error, "its virtual machine has ended");
    message_finish(&fact.event);
    annex_end(annex);
    annexes_close(annexes);
    free(duty);
}
