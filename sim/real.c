/*
 * The child is this very program, so it finds its parts as this one does. Ctrl-C reaches parent and
 * child alike: the child ends its run in order, and the parent waits for it.
 */
#include "real.h"

#include "core/array.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a run that was told to end may take to do so. */
#define END_MSEC 60000

/* What a shell sees of a program that SIGINT ended. */
#define INTERRUPTED 130

bool real_open(struct real *real, struct err *err)
{
    *real = (struct real){0};
    return scratch_open(&real->scratch, err);
}

void real_close(struct real *real)
{
    scratch_close(&real->scratch);
}

/* Children ---------------------------------------------------------------------------------------- */

static int spawn(pid_t *pid, const char *const *words, const char *output, const char *said)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int result;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (output)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (said)
        posix_spawn_file_actions_addopen(&actions, 2, said, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    result =
        posix_spawn(pid, "/proc/self/exe", &actions, &attributes, (char *const *)words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* False where the child had to be killed. */
static bool await(pid_t pid, int64_t patience_usec, int *status)
{
    int64_t msec = patience_usec / USEC_PER_MSEC;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    /* without any patience nothing is in time, however quick */
    bool in_time =
        msec > 0 && (fd < 0 || poll(&end, 1, msec < INT32_MAX ? (int)msec : INT32_MAX) != 0);

    if (!in_time) {
        kill(pid, SIGTERM);
        if (poll(&end, 1, END_MSEC) == 0)
            kill(pid, SIGKILL);
    }
    while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
    }
    if (fd >= 0)
        close(fd);
    return in_time;
}

/* The end of what the child said: an error comes last. */
static void quote(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t n = 0;

    text[0] = '\0';
    if (!file)
        return;
    if (fseek(file, -(long)(size - 1), SEEK_END) != 0)
        rewind(file);
    n = fread(text, 1, size - 1, file);
    fclose(file);
    text[n] = '\0';
    while (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    if (strrchr(text, '\n'))
        memmove(text, strrchr(text, '\n') + 1, strlen(strrchr(text, '\n')));
}

static int fail_late(const char *const *words, struct err *err)
{
    err_set(err, EXIT_MACHINE,
            "`berth %s` took too long and was ended: nothing is concluded from it", words[1]);
    return EXIT_MACHINE;
}

int real_command(struct real *real, const char *const *words, const char *output, bool says,
                 int64_t patience_usec, struct err *err)
{
    char said[300], text[800];
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    int status = 0, code, failed;
    bool in_time = true;
    pid_t pid;

    snprintf(said, sizeof said, "%s/said", real->scratch.folder);
    fflush(stdout);
    sigaction(SIGINT, &ignore, &before);
    failed = spawn(&pid, words, output, says ? NULL : said);
    if (failed == 0)
        in_time = await(pid, patience_usec, &status);
    sigaction(SIGINT, &before, NULL);
    if (failed != 0) {
        err_errno(err, failed, "cannot start `berth %s`", words[1]);
        return EXIT_MACHINE;
    }
    real->timed_out = !in_time;
    if (!in_time)
        return fail_late(words, err);
    code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BUG;
    quote(said, text, sizeof text);
    if (code != EXIT_FINE)
        err_set(err, (enum exit_code)code, "%s",
                says || !text[0]              ? "see above"
                : strncmp(text, "berth: ", 7) ? text
                                              : text + 7);
    return code;
}

/* Runs -------------------------------------------------------------------------------------------- */

struct words {
    const char **words;
    int n_words, cap_words;
};

static void add(struct words *list, const char *word)
{
    *ARRAY_ADD(list, words) = word;
}

bool real_run(struct real *real, const char *scenario, const struct real_wish *wish,
              struct story *story, struct err *err)
{
    char run[300], printed[300], seed[32];
    struct run_header header;
    struct words list = {0};
    int code;

    snprintf(run, sizeof run, "%s/%d.run", real->scratch.folder, ++real->n_runs);
    snprintf(printed, sizeof printed, "%s/printed", real->scratch.folder);
    snprintf(seed, sizeof seed, "%lld", (long long)wish->seed);
    add(&list, "berth");
    add(&list, wish->simulated ? "sim" : "exec");
    add(&list, scenario);
    add(&list, "-o");
    add(&list, run);
    if (wish->seed >= 0) {
        add(&list, "--seed");
        add(&list, seed);
    }
    for (const char *const *word = wish->words; word && *word; word++)
        add(&list, *word);
    add(&list, NULL);
    code = real_command(real, list.words, printed, false, wish->patience_usec, err);
    free(list.words);
    /* 1: the scenario expects something else; also a run whose log is not whole */
    if (code == INTERRUPTED)
        return err_set(err, (enum exit_code)INTERRUPTED, "ended by Ctrl-C");
    if ((code != EXIT_FINE && code != EXIT_ANSWER) || !story_load(story, run, &header, NULL, err))
        return false;
    run_header_finish(&header);
    return true;
}
