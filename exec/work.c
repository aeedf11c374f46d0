/*
 * berth-work: what a container does when a scenario says how it behaves. It really burns the CPU
 * time, touches the memory and serves the HTTP it is asked for. Static and without a C library, so
 * that starting it costs next to nothing and every root file system can hold it. It must never know
 * that it is in a container.
 *
 *     berth-work [--memory BYTES] [--ready USEC] [--http PORT]... [--service-time USEC]
 *                [--service-wait USEC] [--concurrency N] [--line N] [--draws HEADER] [--work USEC]
 *                [--threads N] [--idle USEC|forever] [--exit N] [--stop USEC|forever]
 *
 * Order: memory, waiting to be ready, listening, SIGUSR1 to the parent ("ready"), CPU work, idling
 * (or serving), exit. SIGTERM ends it, at once by its default action or after --stop, in which it serves
 * no more: 128 + 15 = 143, as most programs in containers do.
 */
#include "exec/bare.h"

#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { EXIT_USAGE = 2, EXIT_MACHINE = 3, FOREVER = -1, PAGE_BYTES = 4096 };

/* ---- text ---- */

static size_t length_of(const char *text)
{
    size_t n = 0;

    while (text[n]) {
        n++;
    }
    return n;
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static void say(int fd, const char *text)
{
    bare_call3(SYS_write, fd, (long)text, (long)length_of(text));
}

/* One line: what is done, a number and its unit. */
static void tell(const char *what, int64_t number, const char *unit)
{
    char line[128], digits[24];
    size_t n = 0, at = sizeof digits;
    const char *parts[3];

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    parts[0] = what;
    parts[1] = digits + at;
    parts[2] = unit;
    for (int i = 0; i < 3; i++) {
        for (const char *c = parts[i]; *c && n < sizeof line - 1; c++) {
            line[n++] = *c;
        }
    }
    line[n++] = '\n';
    bare_call3(SYS_write, 1, (long)line, (long)n);
}

static _Noreturn void usage(const char *wrong)
{
    say(2, "berth-work: ");
    say(2, wrong);
    say(2, "\nusage: berth-work [--memory BYTES] [--ready USEC] [--http PORT]... "
           "[--service-time USEC] [--service-wait USEC] [--concurrency N] [--line N] "
           "[--draws HEADER] [--work USEC] [--threads N] [--idle USEC|forever] [--exit N] "
           "[--stop USEC|forever]\n");
    bare_exit(EXIT_USAGE);
}

static int64_t number_of(const char *text, const char *option)
{
    int64_t value = 0;

    if (!text || !*text) {
        usage(option);
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > INT64_MAX / 10 - 9) {
            usage(option);
        }
        value = value * 10 + (*text - '0');
    }
    return value;
}

/* ---- what it does ---- */

static _Noreturn void give_up(const char *what, long status)
{
    say(2, "berth-work: ");
    tell(what, -status, "");
    bare_exit(EXIT_MACHINE);
}

static void sleep_usec(int64_t usec)
{
    struct timespec rest = {.tv_sec = usec / 1000000, .tv_nsec = usec % 1000000 * 1000};

    /* A signal only interrupts: go on with what is left. */
    while (bare_call3(SYS_nanosleep, (long)&rest, (long)&rest, 0) == -4) {
    }
}

/* CPU time that this process itself has used: waiting for the CPU does not count. */
static int64_t cpu_usec(void)
{
    struct timespec used;

    bare_call3(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, (long)&used, 0);
    return used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void burn(int64_t usec)
{
    int64_t until = cpu_usec() + usec;
    volatile uint32_t mill = 1;

    while (cpu_usec() < until) {
        for (int i = 0; i < 20000; i++) {
            mill = mill * 1664525u + 1013904223u;
        }
    }
}

/* As many processes as threads are wanted, each with its part: the kernel shares CPUs among them alike,
 * and they need no C library. */
static void burn_together(int64_t usec, int64_t threads)
{
    long pid = 1;

    for (int64_t i = 1; i < threads && pid > 0; i++) {
        pid = bare_call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
    }
    if (pid < 0) {
        give_up("no threads, error ", pid);
    }
    burn(threads > 1 ? usec / threads : usec);
    if (pid == 0) {
        bare_exit(0);
    }
    while (threads > 1 && bare_call3(SYS_wait4, -1, 0, 0) > 0) {
    }
}

static void touch(int64_t bytes)
{
    long memory =
        bare_call(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory < 0 && memory > -4096) {
        give_up("no memory, error ", memory);
    }
    for (int64_t at = 0; at < bytes; at += PAGE_BYTES) {
        ((volatile char *)memory)[at] = 1;
    }
}

/* ---- serving ---- */

/*
 * One process accepts and never works; it passes descriptors through a pipe, which is the line, to
 * workers that share its table of descriptors: as many as may serve at once, made as they are needed.
 * Each says so on a second pipe when a request is done.
 */
enum { PORTS_MAX = 16, HEADER_MAX = 16384, LINE_MAX = 15000 };

struct service {
    int64_t work_usec, wait_usec; /* of a request that does not say so itself */
    int64_t concurrency, line;    /* at once, and in line; beyond it 503 */
    const char *draws;            /* name of the header in which a request says so, or NULL */
    int n_ports;
    int64_t ports[PORTS_MAX];
    int sockets[PORTS_MAX];
};

static int listen_on(int64_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = (uint16_t)((port & 255) << 8 | port >> 8)};
    int one = 1;
    long fd = bare_call3(SYS_socket, AF_INET, SOCK_STREAM, 0), status = fd;

    if (status >= 0) {
        bare_call(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof one, 0);
        status = bare_call3(SYS_bind, fd, (long)&address, sizeof address);
    }
    if (status >= 0) {
        status = bare_call3(SYS_listen, fd, 1024, 0);
    }
    if (status < 0) {
        give_up("cannot listen, error ", status);
    }
    return (int)fd;
}

/* Whether the last four bytes end an HTTP header; `tail` remembers them from read to read. */
static int header_ended(uint32_t *tail, const char *bytes, long n)
{
    for (long i = 0; i < n; i++) {
        *tail = *tail << 8 | (unsigned char)bytes[i];
        if (*tail == 0x0d0a0d0a || (*tail & 0xffff) == 0x0a0a) {
            return 1;
        }
    }
    return 0;
}

/* The bytes of a request up to its empty line; what is beyond `size` is read and forgotten. 0: the
 * client has gone. */
static long read_header(int fd, char *header, long size)
{
    char rest[512];
    uint32_t tail = 0;
    long n_kept = 0, n;
    char *to;

    do {
        to = n_kept < size ? header + n_kept : rest;
        n = bare_call3(SYS_read, fd, (long)to, n_kept < size ? size - n_kept : (long)sizeof rest);
        n_kept += n > 0 && to != rest ? n : 0;
    } while (n > 0 && !header_ended(&tail, to, n));
    return n > 0 ? n_kept : 0;
}

/* Digits at `at`, which moves on behind them and one blank. */
static int64_t digits_at(const char *bytes, long n, long *at)
{
    int64_t value = 0;

    while (*at < n && bytes[*at] >= '0' && bytes[*at] <= '9' && value < INT64_MAX / 10 - 9) {
        value = value * 10 + (bytes[(*at)++] - '0');
    }
    *at += *at < n && bytes[*at] == ' ';
    return value;
}

/* "NAME: WORK WAIT" on a line of its own says what this request takes, in microseconds. */
static void read_draws(const struct service *service, const char *header, long n,
                       int64_t *work_usec, int64_t *wait_usec)
{
    long n_name = service->draws ? (long)length_of(service->draws) : n;

    for (long i = 0; i + n_name + 2 < n; i++) {
        long at = 0;

        while (at < n_name && header[i + 1 + at] == service->draws[at]) {
            at++;
        }
        if (header[i] != '\n' || at < n_name || header[i + 1 + at] != ':') {
            continue;
        }
        at = i + n_name + 2;
        at += at < n && header[at] == ' ';
        *work_usec = digits_at(header, n, &at);
        *wait_usec = digits_at(header, n, &at);
        return;
    }
}

/* sendto, as a peer that has gone must not end us with SIGPIPE. */
static void reply(int fd, const char *text)
{
    bare_call(SYS_sendto, fd, (long)text, (long)length_of(text), MSG_NOSIGNAL, 0, 0);
    bare_call3(SYS_shutdown, fd, SHUT_WR, 0);
    bare_call3(SYS_close, fd, 0, 0);
}

/* It is out before its client knows, who may send the next one at once. */
static void answer(const struct service *service, int fd, int done_fd)
{
    static char header[HEADER_MAX];
    int64_t work_usec = service->work_usec, wait_usec = service->wait_usec;
    long n = read_header(fd, header, sizeof header);

    if (n == 0) {
        bare_call3(SYS_write, done_fd, (long)"", 1);
        bare_call3(SYS_close, fd, 0, 0);
        return;
    }
    read_draws(service, header, n, &work_usec, &wait_usec);
    if (work_usec) {
        burn(work_usec);
    }
    if (wait_usec) {
        sleep_usec(wait_usec);
    }
    bare_call3(SYS_write, done_fd, (long)"", 1);
    reply(fd, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
              "Connection: close\r\n\r\nberth\n");
}

static _Noreturn void be_worker(const struct service *service, int line_fd, int done_fd)
{
    int fd;

    bare_call3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
    for (;;) {
        if (bare_call3(SYS_read, line_fd, (long)&fd, sizeof fd) != sizeof fd) {
            continue;
        }
        answer(service, fd, done_fd);
    }
}

/* What the accepting process knows. */
struct counter {
    int line[2], done[2];
    int64_t n_inside, n_workers;
};

static void take_in(const struct service *service, struct counter *counter, int listener)
{
    int fd = (int)bare_call3(SYS_accept, listener, 0, 0);

    if (fd < 0) {
        return;
    }
    if (counter->n_inside >= service->concurrency + service->line) {
        reply(fd, "HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n");
        return;
    }
    counter->n_inside++;
    if (counter->n_inside > counter->n_workers && counter->n_workers < service->concurrency) {
        long pid = bare_call(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0, 0);

        if (pid == 0) {
            be_worker(service, counter->line[0], counter->done[1]);
        }
        counter->n_workers += pid > 0;
    }
    bare_call3(SYS_write, counter->line[1], (long)&fd, sizeof fd);
}

static void open_pipe(int fds[2])
{
    long status = bare_call3(SYS_pipe2, (long)fds, 0, 0);

    if (status < 0) {
        give_up("no pipe, error ", status);
    }
}

/* Serves until the time is over; -1 = for ever. */
static void serve(const struct service *service, int64_t idle_usec)
{
    struct pollfd wanted[PORTS_MAX + 1];
    struct counter counter = {0};
    struct timespec now, timeout;
    int64_t end_usec = 0, left_usec;
    char done[256];

    open_pipe(counter.line);
    open_pipe(counter.done);
    for (int i = 0; i < service->n_ports; i++) {
        wanted[i] = (struct pollfd){.fd = service->sockets[i], .events = POLLIN};
    }
    wanted[service->n_ports] = (struct pollfd){.fd = counter.done[0], .events = POLLIN};
    bare_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
    end_usec = now.tv_sec * 1000000 + now.tv_nsec / 1000 + idle_usec;
    for (;;) {
        bare_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
        left_usec = end_usec - now.tv_sec * 1000000 - now.tv_nsec / 1000;
        if (idle_usec != FOREVER && left_usec <= 0) {
            return;
        }
        timeout.tv_sec = left_usec / 1000000;
        timeout.tv_nsec = left_usec % 1000000 * 1000;
        if (bare_call(SYS_ppoll, (long)wanted, service->n_ports + 1,
                      idle_usec == FOREVER ? 0 : (long)&timeout, 0, 0, 0) <= 0) {
            continue;
        }
        if (wanted[service->n_ports].revents) {
            long n = bare_call3(SYS_read, counter.done[0], (long)done, sizeof done);

            counter.n_inside -= n > 0 ? n : 0;
        }
        for (int i = 0; i < service->n_ports; i++) {
            if (wanted[i].revents) {
                take_in(service, &counter, wanted[i].fd);
            }
        }
    }
}

/* ---- the program ---- */

struct behaviour {
    int64_t memory_bytes, ready_usec, work_usec, threads, idle_usec, exit_code;
    int64_t stop_usec; /* for the time in which it is not answered */
    struct service service;
};

static int64_t stopping_usec;

/* Whichever thread hears it: none goes on once it has exited. */
static void stop(int signal)
{
    (void)signal;
    say(1, "asked to stop\n");
    sleep_usec(stopping_usec);
    bare_exit(128 + SIGTERM);
}

static void take_time_to_stop(int64_t usec)
{
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } action = {.handler = usec == FOREVER ? SIG_IGN : stop,
                /* x86 insists on a way back, which stop() does not take */
                .flags = 0x04000000 /* SA_RESTORER */,
                .restorer = (void (*)(void))stop};

    stopping_usec = usec;
    bare_call(SYS_rt_sigaction, SIGTERM, (long)&action, 0, 8, 0, 0);
}

static struct behaviour read_options(int n, char **options)
{
    struct behaviour does = {.service = {.concurrency = 1, .line = 128}};
    int64_t port = 0;
    const struct {
        const char *name;
        int64_t *value;
    } known[] = {{"--memory", &does.memory_bytes},
                 {"--ready", &does.ready_usec},
                 {"--work", &does.work_usec},
                 {"--threads", &does.threads},
                 {"--idle", &does.idle_usec},
                 {"--exit", &does.exit_code},
                 {"--stop", &does.stop_usec},
                 {"--http", &port},
                 {"--service-time", &does.service.work_usec},
                 {"--service-wait", &does.service.wait_usec},
                 {"--concurrency", &does.service.concurrency},
                 {"--line", &does.service.line}};
    enum { N_KNOWN = sizeof known / sizeof *known };

    for (int i = 1; i < n; i++) {
        int at = 0;

        if (same(options[i], "--draws") && i + 1 < n) {
            does.service.draws = options[++i];
            continue;
        }
        while (at < N_KNOWN && !same(options[i], known[at].name)) {
            at++;
        }
        if (at == N_KNOWN || i + 1 == n) {
            usage(options[i]);
        }
        i++;
        *known[at].value =
            (known[at].value == &does.idle_usec || known[at].value == &does.stop_usec) &&
                    same(options[i], "forever")
                ? FOREVER
                : number_of(options[i], options[i - 1]);
        if (known[at].value == &port) {
            if (port < 1 || port > 65535 || does.service.n_ports == PORTS_MAX) {
                usage(options[i - 1]);
            }
            does.service.ports[does.service.n_ports++] = port;
        }
    }
    if (does.service.concurrency < 1 || does.service.line > LINE_MAX) {
        usage("--concurrency is at least 1, --line at most 15000");
    }
    return does;
}

static void idle(const struct behaviour *does)
{
    if (does->idle_usec == FOREVER) {
        say(1, "idling for ever\n");
    } else if (does->idle_usec) {
        tell("idling for ", does->idle_usec, " us");
    }
    if (does->service.n_ports > 0) {
        serve(&does->service, does->idle_usec);
        return;
    }
    while (does->idle_usec == FOREVER) {
        sleep_usec(INT64_C(3600000000));
    }
    sleep_usec(does->idle_usec);
}

static _Noreturn void bare_main(int n, char **options)
{
    struct behaviour does = read_options(n, options);

    if (does.stop_usec) {
        take_time_to_stop(does.stop_usec);
    }
    if (does.memory_bytes) {
        touch(does.memory_bytes);
        tell("touched ", does.memory_bytes, " bytes");
    }
    sleep_usec(does.ready_usec);
    for (int i = 0; i < does.service.n_ports; i++) {
        does.service.sockets[i] = listen_on(does.service.ports[i]);
        tell("listening on port ", does.service.ports[i], "");
    }
    say(1, "ready\n");
    if (bare_call3(SYS_getppid, 0, 0, 0) == 1) { /* not a shell, when somebody tries us by hand */
        bare_call3(SYS_kill, 1, SIGUSR1, 0);
    }
    if (does.work_usec) {
        burn_together(does.work_usec, does.threads);
        tell("worked for ", does.work_usec, " us of CPU time");
    }
    idle(&does);
    tell("exit ", does.exit_code, "");
    bare_exit(does.exit_code);
}
