/*
 * Where images are kept: in memory that nobody else sees, or in a mere folder.
 */
#include "exec/kernel_threads.h"
#include "exec/store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_in_memory(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

/* In a process with mounts of its own. Returns which step failed, 0: none. */
static int keep(const char *path)
{
    char file[80];
    bool mounted;
    struct err err;
    int fd;

    snprintf(file, sizeof file, "%s/image", path);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return 1;
    }
    if (!store_open(path, true, &mounted, &err) || !is_in_memory(path)) {
        return 2;
    }
    fd = open(file, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || close(fd) != 0) {
        return 3;
    }
    store_close(path, mounted);
    return mounted && access(file, F_OK) == 0 ? 4 : 0;
}

Test(store, is_memory_of_the_process_own)
{
    char folder[] = "/var/tmp/berth-store-XXXXXX", path[64];
    int status;
    pid_t pid;

    if (geteuid() != 0) {
        cr_skip_test("only root has mounts of its own without a user namespace");
    }
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/images", folder);
    pid = fork();
    if (pid == 0) {
        _exit(keep(path));
    }
    cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    cr_expect_eq(WEXITSTATUS(status), 0, "step %d", WEXITSTATUS(status));
    cr_expect(rmdir(path) == 0, "nobody else sees what was kept");
    rmdir(folder);
}

Test(store, may_be_a_mere_folder)
{
    char folder[] = "/tmp/berth-store-XXXXXX", path[64];
    bool mounted = true;
    struct err err;

    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/images", folder);
    cr_expect(store_open(path, false, &mounted, &err));
    cr_expect(!mounted);
    cr_expect(store_open(path, false, &mounted, &err), "it may be there");
    cr_expect(rmdir(path) == 0);
    rmdir(folder);
    cr_expect(!store_open("/no/such/folder", false, &mounted, &err));
}

Test(store, the_kernels_own_work_never_shrinks)
{
    struct kernel_threads threads;
    int64_t before_usec;
    int n;

    kernel_threads_open(&threads);
    before_usec = kernel_threads_used_usec(&threads);
    n = threads.n_list;
    cr_expect(before_usec >= 0);
    usleep(20000);
    kernel_threads_look(&threads);
    cr_expect(threads.n_list >= n && kernel_threads_used_usec(&threads) >= before_usec);
    kernel_threads_close(&threads);
}
