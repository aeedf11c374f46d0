/*
 * berth-work by hand: it burns what it says, says what it does, and understands its options.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char output[4096];
static struct rusage used;

static pid_t start(const char *const *options, int fd)
{
    const char *argv[20] = {"berth-work"};
    pid_t pid;

    for (size_t i = 0; options[i]; i++) {
        argv[i + 1] = options[i];
    }
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves nobody on its ports */
        dup2(fd, 1);
        dup2(fd, 2);
        execv(WORK_PROGRAM, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

/* Runs it to its end: the wait status; its words in `output`, its costs in `used`. */
static int run(const char *const *options)
{
    int fd = memfd_create("output", MFD_CLOEXEC), status;
    pid_t pid = start(options, fd);
    ssize_t n;

    cr_assert(wait4(pid, &status, 0, &used) == pid);
    n = pread(fd, output, sizeof output - 1, 0);
    output[n > 0 ? n : 0] = '\0';
    close(fd);
    return status;
}

static int64_t used_cpu_usec(void)
{
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) +
           used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

Test(work, options_and_words)
{
    static const struct {
        const char *options[8];
        int exit_code;
        const char *says;
    } cases[] = {
        {{NULL}, 0, "ready\nexit 0\n"},
        {{"--exit", "7"}, 7, "ready\nexit 7\n"},
        {{"--ready", "1000", "--idle", "2000"}, 0, "ready\nidling for 2000 us\nexit 0\n"},
        {{"--memory", "8192"}, 0, "touched 8192 bytes\nready\nexit 0\n"},
        {{"--work", "1000"}, 0, "ready\nworked for 1000 us of CPU time\nexit 0\n"},
        {{"--work", "4000", "--threads", "4"},
         0,
         "ready\nworked for 4000 us of CPU time\nexit 0\n"},
        {{"--exit"}, 2, "berth-work: --exit\nusage"},
        {{"--exit", "x"}, 2, "berth-work: --exit\nusage"},
        {{"--work", "-1"}, 2, "berth-work: --work\nusage"},
        {{"--work", "99999999999999999999"}, 2, "berth-work: --work\nusage"},
        {{"--work", "forever"}, 2, "berth-work: --work\nusage"},
        {{"--http", "65536"}, 2, "berth-work: --http\nusage"},
        {{"--concurrency", "0"}, 2, "berth-work: --concurrency is at least 1"},
        {{"--line", "15001"}, 2, "berth-work: --concurrency is at least 1, --line at most 15000"},
        {{"--nonesuch"}, 2, "berth-work: --nonesuch\nusage"},
        {{"--memory", "9000000000000000"}, 3, "berth-work: no memory, error 12\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].options);

        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].exit_code, "%zu: status %d",
                  i, status);
        cr_expect(!strncmp(output, cases[i].says, strlen(cases[i].says)), "%zu: %s", i, output);
    }
}

Test(work, burns_cpu_time)
{
    const char *const options[] = {"--work", "150000", NULL};
    int64_t cpu_usec;

    cr_expect(run(options) == 0);
    cpu_usec = used_cpu_usec();
    cr_expect(cpu_usec >= 149000 && cpu_usec < 1000000, "%ld us", (long)cpu_usec);
}

/* Together they burn what one would; each thread's time is its own. */
Test(work, threads_share_the_work)
{
    const char *const options[] = {"--work", "150000", "--threads", "3", NULL};
    int64_t cpu_usec;

    cr_expect(run(options) == 0);
    cpu_usec = used_cpu_usec();
    cr_expect(cpu_usec >= 149000 && cpu_usec < 1000000, "%ld us", (long)cpu_usec);
}

Test(work, touches_memory)
{
    const char *const options[] = {"--memory", "33554432", NULL};

    cr_expect(run(options) == 0);
    cr_expect(used.ru_maxrss >= 31 << 10, "%ld KiB", used.ru_maxrss);
}

/* As a program that says goodbye to its clients: with whatever of its threads hears it. */
Test(work, takes_its_time_to_terminate)
{
    const char *const options[][8] = {
        {"--idle", "forever", "--stop", "300000"},
        {"--work", "60000000", "--threads", "2", "--stop", "300000"},
    };

    for (size_t i = 0; i < 2; i++) {
        int fd = memfd_create("output", MFD_CLOEXEC), status;
        pid_t pid = start(options[i], fd);
        struct stat is;

        do {
            usleep(1000);
        } while (fstat(fd, &is) == 0 && is.st_size < 6); /* until it is ready */
        kill(pid, SIGTERM);
        usleep(100000);
        cr_expect(waitpid(pid, NULL, WNOHANG) == 0, "%zu: it takes its time", i);
        cr_assert(waitpid(pid, &status, 0) == pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 143, "%zu: %d", i, status);
        close(fd);
    }
}

Test(work, terminates_or_does_not)
{
    static const struct {
        const char *options[5];
        int signal;
    } cases[] = {{{"--idle", "forever"}, SIGTERM},
                 {{"--idle", "forever", "--stop", "forever"}, SIGKILL}};

    for (size_t i = 0; i < 2; i++) {
        int fd = memfd_create("output", MFD_CLOEXEC), status;
        pid_t pid = start(cases[i].options, fd);
        struct stat is;

        do {
            usleep(1000);
        } while (fstat(fd, &is) == 0 && is.st_size < 20); /* until it idles */
        kill(pid, SIGTERM);
        if (cases[i].signal == SIGKILL) {
            usleep(20000);
            cr_expect(waitpid(pid, NULL, WNOHANG) == 0, "it does not care for SIGTERM");
            kill(pid, SIGKILL);
        }
        cr_assert(waitpid(pid, &status, 0) == pid);
        cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal, "%zu: %d", i, status);
        close(fd);
    }
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    for (int i = 0; i < 30000; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
            return fd;
        }
        close(fd);
        usleep(1000);
    }
    return -1;
}

Test(work, serves_http)
{
    const char *const options[] = {"--http",  "18473", "--service-time", "20000", "--idle",
                                   "forever", NULL};
    int null = open("/dev/null", O_WRONLY), status;
    pid_t pid;
    char reply[1024];

    prctl(PR_SET_CHILD_SUBREAPER, 1); /* the process that works becomes ours */
    pid = start(options, null);
    for (int i = 0; i < 3; i++) {
        int fd = connect_to(18473);
        size_t have = 0;
        ssize_t n;

        cr_assert(fd >= 0, "nobody listens");
        cr_assert(write(fd, "GET / HTTP/1.0\r\n", 16) == 16);
        usleep(1000); /* a header in two pieces */
        cr_assert(write(fd, "Host: x\r\n\r\n", 11) == 11);
        while ((n = read(fd, reply + have, sizeof reply - 1 - have)) > 0) {
            have += (size_t)n;
        }
        reply[have] = '\0';
        cr_expect(!strncmp(reply, "HTTP/1.0 200 OK\r\n", 17) && strstr(reply, "\r\n\r\nberth\n"),
                  "%s", reply);
        close(fd);
    }
    kill(pid, SIGTERM);
    cr_assert(waitpid(pid, &status, 0) == pid);
    cr_assert(wait4(-1, &status, 0, &used) > 0, "one process works and dies with the first");
    cr_expect(used_cpu_usec() >= 50000, "the service time was not burnt");
    close(null);
}

static int ask(int port, const char *header)
{
    int fd = connect_to(port);

    cr_assert(fd >= 0, "nobody listens");
    cr_assert(dprintf(fd, "GET / HTTP/1.0\r\nhost: x\r\n%s\r\n", header) > 0);
    return fd;
}

/* The status of an answer, waited for. */
static int status_of(int fd)
{
    char reply[1024] = "";
    ssize_t n, have = 0;

    while ((n = read(fd, reply + have, sizeof reply - 1 - (size_t)have)) > 0) {
        have += n;
    }
    close(fd);
    return have > 12 ? atoi(reply + 9) : 0;
}

Test(work, lets_so_many_in_and_no_more)
{
    const char *const options[] = {
        "--http",     "18474",         "--http", "18475",   "--service-wait",
        "3600000000", "--concurrency", "2",      "--line",  "1",
        "--draws",    "draws-3",       "--idle", "forever", NULL};
    int null = open("/dev/null", O_WRONLY), out[3];
    pid_t pid = start(options, null);

    cr_expect(status_of(ask(18475, "draws-30: 9 9000000000\r\ndraws-3: 0 0\r\n")) == 200,
              "a request says what it takes");
    out[0] = ask(18475, "draws-3: 0 3600000000\r\n");
    for (int i = 0; i < 2; i++) { /* once it looks at this port twice, it has looked at the other */
        cr_expect(status_of(ask(18474, "draws-3: 0 0\r\n")) == 200, "one more is let in");
    }
    out[1] = ask(18474, "");
    out[2] = ask(18474, "draws-3: 0 0\r\n"); /* in line */
    cr_expect(status_of(ask(18474, "")) == 503, "the line is full");
    kill(pid, SIGTERM);
    cr_assert(waitpid(pid, NULL, 0) == pid);
    for (int i = 0; i < 3; i++) {
        cr_expect(status_of(out[i]) == 0, "cut off with its server");
    }
    close(null);
}

Test(work, is_small_and_static)
{
    struct stat is;
    char command[600];

    cr_assert(stat(WORK_PROGRAM, &is) == 0);
    cr_expect(is.st_size < 40 << 10, "%ld bytes", (long)is.st_size);
    snprintf(command, sizeof command, "readelf -l %s | grep -q INTERP", WORK_PROGRAM);
    cr_expect(system(command) != 0, "it needs a dynamic linker");
}
