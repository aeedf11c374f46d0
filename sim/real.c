/*
 * The child is this very program, so it finds its parts as this one does. Ctrl-C reaches parent and
 * child alike: the child ends its run in order, and the parent waits for it. It does so too where the
 * parent is killed.
 */
#include "real.h"

#include "core/array.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a run that was told to end may take to do so. */
#define END_MSEC 60000

/* What a shell sees of a program that SIGINT ended. */
#define INTERRUPTED 130

/* Signals ----------------------------------------------------------------------------------------- */

/*
 * Whoever ends this program finds nothing left of it, at whatever moment: a thread takes the signals. A
 * child that runs is waited for, since it ends in order.
 */
static struct {
    pthread_mutex_t lock;
    pthread_t thread;
    sigset_t taken, before;
    struct real *real;
    pid_t child;
    int signal; /* that came while a child ran */
} watch = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Noreturn void end_by(int signal)
{
    fprintf(stderr, "berth: ended by %s\n", signal == SIGINT ? "Ctrl-C" : strsignal(signal));
    scratch_close(&watch.real->scratch);
    pthread_sigmask(SIG_SETMASK, &watch.before, NULL);
    raise(signal);
    _exit(INTERRUPTED);
}

static void *take_signals(void *none)
{
    int signal;

    while (sigwait(&watch.taken, &signal) == 0) {
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        pthread_mutex_lock(&watch.lock);
        if (watch.child == 0)
            end_by(signal);
        watch.signal = signal;
        if (signal != SIGINT) /* Ctrl-C reached it too, and a second one would end it at once */
            kill(watch.child, SIGTERM);
        pthread_mutex_unlock(&watch.lock);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    }
    return none;
}

/* What is ignored stays so: nohup is to go on. */
static bool watch_signals(struct real *real, struct err *err)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;
    int failed;

    sigemptyset(&watch.taken);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&watch.taken, signals[i]);
    watch.real = real;
    watch.child = 0;
    watch.signal = 0;
    pthread_sigmask(SIG_BLOCK, &watch.taken, &watch.before);
    failed = pthread_create(&watch.thread, NULL, take_signals, NULL);
    if (failed == 0)
        return true;
    pthread_sigmask(SIG_SETMASK, &watch.before, NULL);
    return err_errno(err, failed, "cannot start a thread");
}

bool real_open(struct real *real, struct err *err)
{
    *real = (struct real){0};
    if (!scratch_open(&real->scratch, err))
        return false;
    if (watch_signals(real, err))
        return true;
    scratch_close(&real->scratch);
    return false;
}

void real_close(struct real *real)
{
    pthread_cancel(watch.thread);
    pthread_join(watch.thread, NULL);
    scratch_close(&real->scratch);
    pthread_sigmask(SIG_SETMASK, &watch.before, NULL);
}

/* Children ---------------------------------------------------------------------------------------- */

static bool redirect(int to, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0644);

    return fd >= 0 && dup2(fd, to) == to;
}

/* Told to end with its parent, whatever ends that: a real run ends in order then. */
static _Noreturn void become(const char *const *words, const char *output, const char *said,
                             pid_t parent)
{
    const int to = O_WRONLY | O_CREAT | O_TRUNC;

    pthread_sigmask(SIG_SETMASK, &watch.before, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(EXIT_MACHINE);
    if ((!said || redirect(STDERR_FILENO, said, to)) &&
        (!output || redirect(STDOUT_FILENO, output, to)) &&
        redirect(STDIN_FILENO, "/dev/null", O_RDONLY))
        execv("/proc/self/exe", (char *const *)words);
    dprintf(STDERR_FILENO, "berth: cannot start `berth %s`: %s\n", words[1], strerror(errno));
    _exit(EXIT_MACHINE);
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

static bool start(pid_t *pid, const char *const *words, const char *output, const char *said,
                  struct err *err)
{
    pid_t self = getpid();
    int failed;

    fflush(stdout);
    pthread_mutex_lock(&watch.lock);
    *pid = fork();
    failed = errno;
    if (*pid == 0)
        become(words, output, said, self);
    watch.child = *pid > 0 ? *pid : 0;
    pthread_mutex_unlock(&watch.lock);
    return *pid > 0 || err_errno(err, failed, "cannot start `berth %s`", words[1]);
}

static void ended(void)
{
    pthread_mutex_lock(&watch.lock);
    watch.child = 0;
    if (watch.signal)
        end_by(watch.signal);
    pthread_mutex_unlock(&watch.lock);
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
    int status = 0, code;
    bool in_time;
    pid_t pid;

    snprintf(said, sizeof said, "%s/said", real->scratch.folder);
    if (!start(&pid, words, output, says ? NULL : said, err))
        return EXIT_MACHINE;
    in_time = await(pid, patience_usec, &status);
    ended();
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

#define DRY_RUN_PATIENCE_USEC (60 * USEC_PER_SEC)

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

bool real_can_run(struct real *real, const char *scenario, const char *const *words,
                  struct err *err)
{
    char printed[300];
    struct words list = {0};
    int code;

    add(&list, "berth");
    add(&list, "exec");
    add(&list, scenario);
    add(&list, "--dry-run");
    for (const char *const *word = words; word && *word; word++)
        add(&list, *word);
    add(&list, NULL);
    snprintf(printed, sizeof printed, "%s/printed", real->scratch.folder);
    code = real_command(real, list.words, printed, false, DRY_RUN_PATIENCE_USEC, err);
    free(list.words);
    return code == EXIT_FINE;
}
