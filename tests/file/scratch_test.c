/*
 * A command's own folder goes with it; where it was killed, the next one removes it, and never that of one
 * that lives.
 */
#include "file/scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[] = "/tmp/berth-scratch-test-XXXXXX";

static void begin(void)
{
    cr_assert(mkdtemp(home));
    setenv("TMPDIR", home, 1);
}

static void end(void)
{
    cr_expect(rmdir(home) == 0, "something was left in %s", home);
}

static void put_file(const char *folder, const char *name)
{
    char path[400];
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    cr_assert(fd >= 0);
    close(fd);
}

/* Makes its folder, with something in it, and waits to be killed. */
static pid_t start_one(struct scratch *told)
{
    int report[2];
    struct err err;
    pid_t pid;

    cr_assert(pipe(report) == 0);
    pid = fork();
    if (pid == 0) {
        struct scratch scratch;
        char below[300];

        if (scratch_open(&scratch, &err)) {
            put_file(scratch.folder, "1.run");
            snprintf(below, sizeof below, "%s/below", scratch.folder);
            mkdir(below, 0700);
            put_file(below, "printed");
            if (write(report[1], &scratch, sizeof scratch) == sizeof scratch)
                pause();
        }
        _exit(1);
    }
    close(report[1]);
    cr_assert(read(report[0], told, sizeof *told) == sizeof *told);
    close(report[0]);
    return pid;
}

Test(scratch, goes_with_all_in_it, .init = begin, .fini = end)
{
    struct scratch scratch;
    struct err err;

    cr_assert(scratch_open(&scratch, &err), "%s", err.text);
    put_file(scratch.folder, "1.run");
    scratch_close(&scratch);
    cr_expect(access(scratch.folder, F_OK) != 0);
}

Test(scratch, the_next_removes_what_a_killed_one_left, .init = begin, .fini = end)
{
    struct scratch killed, alive, mine;
    pid_t pid = start_one(&killed), other = start_one(&alive);
    struct err err;

    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    cr_assert(access(killed.folder, F_OK) == 0);
    cr_assert(scratch_open(&mine, &err), "%s", err.text);
    cr_expect(access(killed.folder, F_OK) != 0, "a dead one's is left");
    cr_expect(access(alive.folder, F_OK) == 0, "a living one's was taken");
    cr_expect(scratch_sweep() == 0, "its own was taken");
    scratch_close(&mine);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    cr_expect(scratch_sweep() == 1);
    cr_expect(access(alive.folder, F_OK) != 0);
}

/* Only folders, only of this name; what a link leads to is another's. */
Test(scratch, takes_nothing_else, .init = begin, .fini = end)
{
    char other[300], link[300], file[300];

    snprintf(other, sizeof other, "%s/berth-other", home);
    snprintf(link, sizeof link, "%s/berth-scratch-link", home);
    snprintf(file, sizeof file, "%s/berth-scratch-file", home);
    cr_assert(mkdir(other, 0700) == 0);
    put_file(other, "precious");
    put_file(home, "berth-scratch-file");
    cr_assert(symlink(other, link) == 0);
    cr_expect(scratch_sweep() == 0);
    strcat(other, "/precious");
    cr_expect(unlink(other) == 0, "it was taken");
    *strrchr(other, '/') = '\0';
    cr_expect(rmdir(other) == 0 && unlink(link) == 0 && unlink(file) == 0);
}

Test(scratch, says_where_it_cannot_be)
{
    struct scratch scratch;
    struct err err;

    setenv("TMPDIR", "/nowhere", 1);
    cr_expect(!scratch_open(&scratch, &err));
    cr_expect(strstr(err.text, "/nowhere/"), "%s", err.text);
}
