/*
 * berth-work: what a container does when a scenario says how it behaves. It really burns the CPU
 * time, touches the memory and serves the HTTP it is asked for. Static and without a C library, so
 * that starting it costs next to nothing and every root file system can hold it. It must never know
 * that it is in a container.
 *
 *     berth-work [--memory BYTES] [--ready USEC] [--http PORT [--service-time USEC]] [--work USEC]
 *                [--idle USEC|forever] [--exit N] [--ignore-term]
 *
 * Order: memory, waiting to be ready, SIGUSR1 to the parent ("ready"), CPU work, idling (or
 * serving), exit. SIGTERM ends it at once, by its default action: 128 + 15 = 143, as most programs
 * in containers do.
 */
#include "exec/bare.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
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
    say(2,
        "\nusage: berth-work [--memory BYTES] [--ready USEC] [--http PORT [--service-time USEC]] "
        "[--work USEC] [--idle USEC|forever] [--exit N] [--ignore-term]\n");
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
        status = bare_call3(SYS_listen, fd, 128, 0);
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

static void answer(int fd, int64_t service_usec)
{
    static const char reply[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n"
                                "Content-Length: 6\r\nConnection: close\r\n\r\nberth\n";
    char bytes[1024];
    uint32_t tail = 0;
    long n;

    do {
        n = bare_call3(SYS_read, fd, (long)bytes, sizeof bytes);
    } while (n > 0 && !header_ended(&tail, bytes, n));
    if (n > 0) {
        burn(service_usec);
        /* sendto, as a peer that has gone must not end us with SIGPIPE. */
        bare_call(SYS_sendto, fd, (long)reply, sizeof reply - 1, MSG_NOSIGNAL, 0, 0);
        bare_call3(SYS_shutdown, fd, SHUT_WR, 0);
    }
    bare_call3(SYS_close, fd, 0, 0);
}

/* Serves one request after the other until the time is over; -1 = for ever. */
static void serve(int fd, int64_t service_usec, int64_t idle_usec)
{
    struct timespec now, timeout;
    int64_t end_usec = 0, left_usec;

    bare_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
    end_usec = now.tv_sec * 1000000 + now.tv_nsec / 1000 + idle_usec;
    for (;;) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN};

        bare_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
        left_usec = end_usec - now.tv_sec * 1000000 - now.tv_nsec / 1000;
        if (idle_usec != FOREVER && left_usec <= 0) {
            return;
        }
        timeout.tv_sec = left_usec / 1000000;
        timeout.tv_nsec = left_usec % 1000000 * 1000;
        if (bare_call(SYS_ppoll, (long)&wanted, 1, idle_usec == FOREVER ? 0 : (long)&timeout, 0, 0,
                      0) > 0) {
            long client = bare_call3(SYS_accept, fd, 0, 0);

            if (client >= 0) {
                answer((int)client, service_usec);
            }
        }
    }
}

struct behaviour {
    int64_t memory_bytes, ready_usec, work_usec, idle_usec, service_usec, port, exit_code;
    int ignore_term;
};

static void ignore_term(void)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } action = {.handler = (void *)1 /* SIG_IGN */};

    bare_call(SYS_rt_sigaction, SIGTERM, (long)&action, 0, 8, 0, 0);
}

static struct behaviour read_options(int n, char **options)
{
    struct behaviour does = {0};
    const struct {
        const char *name;
        int64_t *value;
    } known[] = {{"--memory", &does.memory_bytes},      {"--ready", &does.ready_usec},
                 {"--work", &does.work_usec},           {"--idle", &does.idle_usec},
                 {"--exit", &does.exit_code},           {"--http", &does.port},
                 {"--service-time", &does.service_usec}};
    enum { N_KNOWN = sizeof known / sizeof *known };

    for (int i = 1; i < n; i++) {
        int at = 0;

        if (same(options[i], "--ignore-term")) {
            does.ignore_term = 1;
            continue;
        }
        while (at < N_KNOWN && !same(options[i], known[at].name)) {
            at++;
        }
        if (at == N_KNOWN || i + 1 == n) {
            usage(options[i]);
        }
        i++;
        *known[at].value = known[at].value == &does.idle_usec && same(options[i], "forever")
                               ? FOREVER
                               : number_of(options[i], options[i - 1]);
    }
    return does;
}

static void idle(const struct behaviour *does, int socket)
{
    if (does->idle_usec == FOREVER) {
        say(1, "idling for ever\n");
    } else if (does->idle_usec) {
        tell("idling for ", does->idle_usec, " us");
    }
    if (socket >= 0) {
        serve(socket, does->service_usec, does->idle_usec);
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
    int socket = -1;

    if (does.ignore_term) {
        ignore_term();
    }
    if (does.memory_bytes) {
        touch(does.memory_bytes);
        tell("touched ", does.memory_bytes, " bytes");
    }
    if (does.port) {
        socket = listen_on(does.port);
        tell("listening on port ", does.port, "");
    }
    sleep_usec(does.ready_usec);
    say(1, "ready\n");
    if (bare_call3(SYS_getppid, 0, 0, 0) == 1) { /* not a shell, when somebody tries us by hand */
        bare_call3(SYS_kill, 1, SIGUSR1, 0);
    }
    if (does.work_usec) {
        burn(does.work_usec);
        tell("worked for ", does.work_usec, " us of CPU time");
    }
    idle(&does, socket);
    tell("exit ", does.exit_code, "");
    bare_exit(does.exit_code);
}
