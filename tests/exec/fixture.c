/*
 * See fixture.h.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int64_t fixture_now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* A second layer with one program: every test runs on an overlay of two. */
static bool add_probe(struct fixture *fixture, struct err *err)
{
    static char folder[400];
    char path[420], block[65536];
    FILE *from = fopen(PROBE_PROGRAM, "re"), *to;
    size_t n;

    snprintf(folder, sizeof folder, "%s/probe", fixture->run.folder);
    snprintf(path, sizeof path, "%s/probe", folder);
    if (!from || mkdir(folder, 0755) != 0 || !(to = fopen(path, "we"))) {
        return err_errno(err, errno, "cannot copy %s", PROBE_PROGRAM);
    }
    while ((n = fread(block, 1, sizeof block, from)) > 0) {
        fwrite(block, 1, n, to);
    }
    fclose(from);
    fclose(to);
    chmod(path, 0755);
    fixture->layers[0] = fixture->image.layers[0];
    fixture->layers[1] = folder;
    fixture->layers[2] = NULL;
    return true;
}

static bool open_all(struct fixture *fixture, struct err *err)
{
    char store[400];

    *fixture = (struct fixture){.base = "/tmp/berth-test-XXXXXX"};
    if (!mkdtemp(fixture->base)) {
        return err_errno(err, errno, "cannot make a folder in /tmp");
    }
    if (!cgroup_open(&fixture->machine, cgroup_backend_wanted(), err) ||
        !sweep_open(&fixture->run, fixture->base, err)) {
        return false;
    }
    snprintf(store, sizeof store, "%s/store", fixture->run.folder);
    snprintf(fixture->instance, sizeof fixture->instance, "berth-%s-i1", fixture->run.id);
    snprintf(fixture->task, sizeof fixture->task, "%s/t1", fixture->instance);
    return image_builtin(store, NULL, WORK_PROGRAM, &fixture->image, err) &&
           add_probe(fixture, err) &&
           cgroup_make(&fixture->machine, fixture->instance, true, &(struct cgroup_limits){0},
                       err) &&
           cgroup_make(&fixture->machine, fixture->task, true, &(struct cgroup_limits){0}, err) &&
           container_host_open(&fixture->host, fixture->run.folder, fixture->instance,
                               &fixture->machine, err);
}

void fixture_open(struct fixture *fixture)
{
    struct err err;

    if (geteuid() != 0) {
        cr_skip_test("needs root: containers with limits are made as root here");
    }
    cr_assert(open_all(fixture, &err), "%s", err.text);
}

bool fixture_open_as_user(struct fixture *fixture, struct err *err)
{
    return open_all(fixture, err);
}

void fixture_close(struct fixture *fixture)
{
    struct sweep_counts counts = {0};
    struct err err;

    container_host_close(fixture->host);
    image_finish(&fixture->image);
    cr_expect(cgroup_remove(&fixture->machine, fixture->task), "the task's group was left busy");
    cr_expect(cgroup_remove(&fixture->machine, fixture->instance),
              "the instance's group was left busy");
    cr_expect(sweep_close(&fixture->run, &fixture->machine, &counts, &err), "%s", err.text);
    cr_expect(counts.processes == 0, "%d processes were left", counts.processes);
    cr_expect(counts.groups == 0, "%d groups were left", counts.groups);
    cr_expect(rmdir(fixture->base) == 0, "%s was not empty", fixture->base);
    cgroup_close(&fixture->machine);
}

struct container_spec fixture_spec(const struct fixture *fixture, const char *const *argv)
{
    return (struct container_spec){
        .name = "web",
        .task_group = fixture->task,
        .layers = fixture->layers,
        .argv = argv,
    };
}

bool fixture_next(struct fixture *fixture, struct container_event *event)
{
    struct pollfd fd = {.fd = container_host_fd(fixture->host), .events = POLLIN};
    int64_t until_usec = fixture_now_usec() + 60000000;

    while (!container_host_next(fixture->host, event)) {
        if (fixture_now_usec() > until_usec) {
            return false;
        }
        poll(&fd, 1, 100);
    }
    return true;
}

static void take(struct outcome *outcome, const struct container_event *event)
{
    switch (event->kind) {
    case CONTAINER_STARTED:
        outcome->started = true;
        outcome->started_usec = event->at_usec;
        break;
    case CONTAINER_READY:
        outcome->ready = true;
        outcome->ready_usec = event->at_usec;
        break;
    case CONTAINER_FAILED:
        outcome->failed = true;
        outcome->stage = event->stage;
        outcome->error = event->error;
        outcome->err = event->err;
        break;
    case CONTAINER_EXITED:
        outcome->exit_code = event->exit_code;
        outcome->signal = event->signal;
        outcome->oom_killed = event->oom_killed;
        outcome->used_usec = event->used_usec;
        outcome->exited_usec = event->at_usec;
        break;
    case CONTAINER_PROBED:
    case CONTAINER_REMOVED:
        break;
    }
}

/* Until the container is gone; it has two minutes. */
static void wait_for_end(struct fixture *fixture, struct outcome *outcome)
{
    int64_t until_usec = fixture_now_usec() + 120000000;
    struct container_event event = {0};

    while (event.kind != CONTAINER_REMOVED && fixture_now_usec() < until_usec) {
        if (!fixture_next(fixture, &event)) {
            continue;
        }
        take(outcome, &event);
        if (event.kind == CONTAINER_EXITED || event.kind == CONTAINER_FAILED) {
            struct err err;

            container_usage(event.container, &outcome->usage, &err);
            container_remove(event.container);
        }
    }
    cr_assert(event.kind == CONTAINER_REMOVED, "the container did not end within 120 s");
}

void fixture_run(struct fixture *fixture, struct container_spec spec, struct outcome *outcome)
{
    int output = memfd_create("output", MFD_CLOEXEC);
    struct container *container;
    ssize_t n;

    *outcome = (struct outcome){.begin_usec = fixture_now_usec()};
    spec.output_fd = output;
    outcome->created = container_create(fixture->host, &spec, fixture, &container, &outcome->err);
    if (outcome->created && !container_start(container, &outcome->err)) {
        outcome->failed = true;
        outcome->stage = STAGE_CLONE;
        container_remove(container);
    }
    if (outcome->created) {
        wait_for_end(fixture, outcome);
    }
    n = pread(output, outcome->output, sizeof outcome->output - 1, 0);
    outcome->output[n > 0 ? n : 0] = '\0';
    close(output);
}

void fixture_shell(struct fixture *fixture, const char *script, struct outcome *outcome)
{
    const char *const argv[] = {"sh", "-c", script, NULL};

    fixture_run(fixture, fixture_spec(fixture, argv), outcome);
    cr_expect(outcome->started, "did not start: %s", outcome->err.text);
}

pid_t fixture_sleeper_in(const struct cgroup_machine *machine, const char *path)
{
    int ready[2];
    char byte;
    pid_t pid;

    cr_assert(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        for (int place = 0; place < CGROUP_PLACES; place++) {
            char file[CGROUP_PATH_MAX + 32];
            int fd;

            snprintf(file, sizeof file, "%s/cgroup.procs", path);
            fd = machine->roots[place] < 0 ? -1 : openat(machine->roots[place], file, O_WRONLY);
            if (fd >= 0 && write(fd, "0", 1) != 1) {
                _exit(1);
            }
        }
        if (write(ready[1], "r", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    cr_assert(read(ready[0], &byte, 1) == 1, "the child could not enter %s", path);
    close(ready[0]);
    return pid;
}
