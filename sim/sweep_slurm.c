/*
 * `sbatch --wait` returns when the array has ended, so there is nothing to ask Slurm for meanwhile: how
 * far it is stands in the folder.
 */
#include "sweep_slurm.h"

#include "file/memory.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NSEC 200000000

extern char **environ;

/* Between quotes of the shell. */
static void put_quoted(FILE *file, const char *text)
{
    fputc('\'', file);
    for (; *text; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, file);
    fputc('\'', file);
}

static bool own_path(char *path, size_t size, struct err *err)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);

    if (length < 0)
        return err_errno(err, errno, "cannot find the program that runs");
    path[length] = '\0';
    return true;
}

/* The folder as the nodes see it: under the same path. */
static bool write_script(const char *folder, const char *script, int n_shards, struct err *err)
{
    char berth[PATH_MAX];
    FILE *file;
    bool ok;

    if (!own_path(berth, sizeof berth, err))
        return false;
    file = fopen(script, "w");
    if (!file)
        return err_errno(err, errno, "cannot write %s", script);
    fprintf(
        file,
        "#!/bin/sh\n"
        "#SBATCH --job-name=berth-sweep\n"
        "#SBATCH --array=1-%d\n"
        "# Each job runs one shard on the CPUs that it was given; what is done is not done again.\n"
        "exec ",
        n_shards);
    put_quoted(file, berth);
    fputs(" sweep ", file);
    put_quoted(file, folder);
    fprintf(file, " --shard \"$SLURM_ARRAY_TASK_ID/%d\" --jobs \"${SLURM_CPUS_ON_NODE:-1}\"\n",
            n_shards);
    ok = !ferror(file);
    ok = fclose(file) == 0 && ok && chmod(script, 0777 & ~022) == 0;
    return ok || err_errno(err, errno, "cannot write %s", script);
}

static bool submit(const char *folder, const char *script, pid_t *pid, struct err *err)
{
    char output[PATH_MAX + 32];
    char *argv[] = {"sbatch", "--wait", "--parsable", output, (char *)script, NULL};
    posix_spawn_file_actions_t actions;
    int errnum;

    snprintf(output, sizeof output, "--output=%s/shard-%%a.log", folder);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    errnum = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errnum == ENOENT)
        return err_set(
            err, EXIT_MACHINE,
            "there is no sbatch here (Debian: slurm-client); %s is written: submit it where "
            "there is one, then berth sweep %s",
            script, folder);
    return errnum == 0 || err_errno(err, errnum, "cannot start sbatch");
}

static bool await(struct sweep *sweep, pid_t pid, sweep_progress *progress, struct err *err)
{
    const struct timespec pause = {0, POLL_NSEC};
    pid_t ended;
    int status;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        nanosleep(&pause, NULL);
        if (progress) {
            sweep_collect(sweep);
            progress(sweep->n_done, sweep->n_runs);
        }
    }
    sweep_collect(sweep);
    if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return err_set(
        err, EXIT_MACHINE,
        "the job array failed with %d of %d runs done: %s/shard-*.log have its words; the same "
        "command goes on with the rest",
        sweep->n_done, sweep->n_runs, sweep->folder);
}

bool sweep_slurm(struct sweep *sweep, int n_shards, sweep_progress *progress, struct err *err)
{
    char *folder = realpath(sweep->folder, NULL);
    char script[PATH_MAX + 8];
    pid_t pid;
    bool ok;

    if (!folder)
        return err_errno(err, errno, "cannot find %s", sweep->folder);
    snprintf(script, sizeof script, "%s/job.sh", folder);
    ok = write_script(folder, script, n_shards, err) && submit(folder, script, &pid, err) &&
         await(sweep, pid, progress, err);
    free(folder);
    return ok;
}
