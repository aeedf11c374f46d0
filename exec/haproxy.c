/*
 * One frontend, one backend a target group. A request brings its source and a number drawn for it;
 * three maps, which the runtime socket changes, turn these into a backend, so a shift of traffic is
 * HAProxy's own doing, and the same request goes to the same side as in a simulation.
 */
#include "exec/haproxy.h"

#include "exec/cloud.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES = 5000, ANSWER_SEC = 5 };

bool haproxy_find(struct err *err)
{
    return access(HAPROXY_PROGRAM, X_OK) == 0 ||
           err_set(err, EXIT_MACHINE,
                   "this scenario has target groups, and their balancer is missing; remedy: "
                   "sudo apt-get install haproxy");
}

/* ---- configuration ---- */

static const char *algorithm(enum balancing_algorithm wanted)
{
    switch (wanted) {
    case BALANCING_LEAST_OUTSTANDING:
        return "leastconn";
    case BALANCING_WEIGHTED_RANDOM:
        return "random(1)";
    case BALANCING_ROUND_ROBIN:
        break;
    }
    return "roundrobin";
}

/* Never a second try, never another target: what fails is to be seen. A request's connection to its
 * target is its own, so that a target that is not used is really left alone. */
static void write_head(FILE *out, const char *folder)
{
    fprintf(out,
            "global\n"
            "    nbthread 1\n"
            "    fd-hard-limit 20000\n"
            "    stats socket unix@%s/socket mode 600 level admin\n"
            "defaults\n"
            "    mode http\n"
            "    retries 0\n"
            "    http-reuse never\n"
            "    option http-server-close\n"
            "    timeout connect 5s\n"
            "    timeout client 1h\n"
            "    timeout http-keep-alive 1h\n"
            "    timeout server 1h\n"
            "    timeout queue 60s\n",
            folder);
    fprintf(out,
            "frontend front\n"
            "    bind %s:%d\n"
            "    http-request set-var(txn.draw) req.hdr_val(" HAPROXY_DRAW ")\n"
            "    http-request set-var(txn.cut) req.hdr(" HAPROXY_SOURCE ")"
            ",map_str_int(%s/cut.map,0)\n"
            "    use_backend %%[req.hdr(" HAPROXY_SOURCE "),map(%s/to.map,nobody)]"
            " if { var(txn.draw),sub(txn.cut) lt 0 }\n"
            "    use_backend %%[req.hdr(" HAPROXY_SOURCE "),map(%s/from.map,nobody)]\n"
            "    default_backend nobody\n"
            "backend nobody\n",
            cloud_text(cloud_address()), HAPROXY_PORT, folder, folder, folder);
}

static bool write_config(const char *folder, const struct create_target_group *const *groups,
                         int n_groups)
{
    char path[320];
    FILE *out;

    snprintf(path, sizeof path, "%s/config", folder);
    out = fopen(path, "we");
    if (!out) {
        return false;
    }
    write_head(out, folder);
    for (int i = 0; i < n_groups; i++) {
        fprintf(out,
                "backend b%d\n"
                "    balance %s\n"
                "    http-after-response set-header " HAPROXY_GROUP " %d\n"
                "    http-after-response set-header " HAPROXY_TARGET " %%[srv_name]\n",
                i + 1, algorithm(groups[i]->algorithm), i);
    }
    return fclose(out) == 0;
}

static bool write_map(const char *folder, const char *name, int n_sources, const char *value)
{
    char path[320];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s.map", folder, name);
    out = fopen(path, "we");
    if (!out) {
        return false;
    }
    for (int i = 0; i < n_sources; i++) {
        fprintf(out, "%d %s\n", i, value);
    }
    return fclose(out) == 0;
}

/* ---- the runtime socket ---- */

static void *grow(void *memory, size_t size)
{
    memory = realloc(memory, size);
    assert(memory != NULL);
    return memory;
}

static void *allocate(size_t size)
{
    return grow(NULL, size);
}

static int dial(const struct haproxy *haproxy)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = ANSWER_SEC};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", haproxy->folder) >=
        (int)sizeof address.sun_path) {
        errno = ENAMETOOLONG;
    } else if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

/* Sends one line of commands; its whole answer, to free(), or NULL. */
static char *ask_all(const struct haproxy *haproxy, const char *line, struct err *err)
{
    int fd = dial(haproxy);
    size_t n_all = 0, size = 4096, length = strlen(line);
    char *answer = allocate(size);
    ssize_t n = -1;

    if (fd >= 0 && send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length) {
        while ((n = recv(fd, answer + n_all, size - 1 - n_all, 0)) > 0) {
            n_all += (size_t)n;
            if (n_all + 1 == size) {
                answer = grow(answer, size *= 2);
            }
        }
    }
    answer[n_all] = '\0';
    if (n != 0) {
        err_errno(err, errno, "the balancer (HAProxy) does not answer");
        free(answer);
        answer = NULL;
    }
    if (fd >= 0) {
        close(fd);
    }
    return answer;
}

/* Likewise, cut to the buffer's size. */
static bool ask(const struct haproxy *haproxy, const char *line, char *answer, size_t size,
                struct err *err)
{
    char *all = ask_all(haproxy, line, err);

    snprintf(answer, size, "%s", all ? all : "");
    free(all);
    return all != NULL;
}

static bool say(const struct haproxy *haproxy, char *answer, size_t size, struct err *err,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static bool say(const struct haproxy *haproxy, char *answer, size_t size, struct err *err,
                const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return ask(haproxy, line, answer, size, err);
}

/* An answer of blank lines: it has been done. */
static bool is_silent(const char *answer)
{
    return answer[strspn(answer, " \n")] == '\0';
}

static bool refused(struct err *err, const char *answer)
{
    return err_set(err, EXIT_BUG, "the balancer (HAProxy) refuses: %.*s",
                   (int)strcspn(answer, "\n"), answer);
}

/* ---- start and stop ---- */

static _Noreturn void become(const char *folder)
{
    char config[320], log[320];
    char *argv[] = {(char *)"haproxy", (char *)"-db", (char *)"-f", config, NULL};
    char *env[] = {NULL};
    int fd;

    snprintf(config, sizeof config, "%s/config", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    execve(HAPROXY_PROGRAM, argv, env);
    _exit(127);
}

/* What it said last, in one line. */
static const char *last_words(const struct haproxy *haproxy, char *words, size_t size)
{
    char path[320];
    FILE *in;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/log", haproxy->folder);
    in = fopen(path, "re");
    if (in) {
        n = fread(words, 1, size - 1, in);
        fclose(in);
    }
    words[n] = '\0';
    for (char *c = words; *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    return words;
}

static bool has_ended(const struct haproxy *haproxy)
{
    siginfo_t info = {0};

    return waitid(P_PIDFD, (id_t)haproxy->helper.fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

/* Its socket can be there before it knows that it cannot listen where it is to: an answer counts. */
static bool wait_for_answer(const struct haproxy *haproxy, struct err *err)
{
    char words[400];

    for (int i = 0; i < START_TRIES && !has_ended(haproxy); i++) {
        if (ask(haproxy, "show version\n", words, sizeof words, err) && words[0]) {
            return true;
        }
        usleep(1000);
    }
    return err_set(err, EXIT_MACHINE, "the balancer (HAProxy) does not start: %s",
                   last_words(haproxy, words, sizeof words));
}

bool haproxy_start(struct haproxy *haproxy, const struct helper_place *place,
                   const struct create_target_group *const *groups, int n_groups, int n_sources,
                   struct err *err)
{
    pid_t pid;

    *haproxy = HAPROXY_NONE;
    snprintf(haproxy->folder, sizeof haproxy->folder, "%s/balancer", place->run->folder);
    if (mkdir(haproxy->folder, 0700) != 0 || !write_config(haproxy->folder, groups, n_groups) ||
        !write_map(haproxy->folder, "from", n_sources, "nobody") ||
        !write_map(haproxy->folder, "to", n_sources, "nobody") ||
        !write_map(haproxy->folder, "cut", n_sources, "0")) {
        return err_errno(err, errno, "cannot write %s", haproxy->folder);
    }
    pid = helper_fork(&haproxy->helper, "balancer", place, -1, err);
    if (pid == 0) {
        become(haproxy->folder);
    }
    if (pid > 0 && wait_for_answer(haproxy, err)) {
        return true;
    }
    haproxy_stop(haproxy, place->cgroups);
    return false;
}

void haproxy_stop(struct haproxy *haproxy, const struct cgroup_machine *cgroups)
{
    helper_stop(&haproxy->helper, cgroups);
}

/* ---- what it is told ---- */

bool haproxy_add(const struct haproxy *haproxy, int32_t group, int32_t task, uint32_t address,
                 int32_t port, int64_t slow_start_usec, struct err *err)
{
    char answer[256], slow[48] = "";

    if (slow_start_usec > 0) {
        snprintf(slow, sizeof slow, " slowstart %" PRId64 "ms", (slow_start_usec + 999) / 1000);
    }
    return say(haproxy, answer, sizeof answer, err, "add server b%d/t%d %s:%d weight 100%s\n",
               group + 1, task + 1, cloud_text(address), port, slow) &&
           (strstr(answer, "registered") != NULL || refused(err, answer));
}

bool haproxy_use(const struct haproxy *haproxy, int32_t group, int32_t task, bool use,
                 struct err *err)
{
    char answer[256];

    return say(haproxy, answer, sizeof answer, err, "set server b%d/t%d state %s\n", group + 1,
               task + 1, use ? "ready" : "drain") &&
           (is_silent(answer) || refused(err, answer));
}

bool haproxy_remove(const struct haproxy *haproxy, int32_t group, int32_t task, bool *gone,
                    struct err *err)
{
    char answer[512], name[48];

    snprintf(name, sizeof name, "b%d/t%d", group + 1, task + 1);
    if (!say(haproxy, answer, sizeof answer, err,
             "set server %s state maint; shutdown sessions server %s; del server %s\n", name, name,
             name)) {
        return false;
    }
    *gone = strstr(answer, "deleted") != NULL || strstr(answer, "No such") != NULL;
    return true;
}

static const char *backend(int32_t group, char *text, size_t size)
{
    if (group < 0) {
        return "nobody";
    }
    snprintf(text, size, "b%d", group + 1);
    return text;
}

bool haproxy_route(const struct haproxy *haproxy, int source, int32_t from, int32_t to,
                   int permille, struct err *err)
{
    const char *folder = haproxy->folder;
    char answer[512], a[24], b[24];

    return say(haproxy, answer, sizeof answer, err,
               "set map %s/from.map %d %s; set map %s/to.map %d %s; set map %s/cut.map %d %d\n",
               folder, source, backend(from, a, sizeof a), folder, source, backend(to, b, sizeof b),
               folder, source, permille) &&
           (is_silent(answer) || refused(err, answer));
}

/* ---- what it says ---- */

/* The columns that are looked at, by the names that its first line gives them. */
enum column {
    PROXY,
    SERVER,
    SESSIONS,
    OPEN,
    MOST,
    QUEUED,
    STATUS,
    ANSWERED_5XX,
    UNREACHED,
    CUT,
    COLUMNS
};
static const char *const column_names[COLUMNS] = {"pxname", "svname", "stot",     "scur", "smax",
                                                  "qcur",   "status", "hrsp_5xx", "econ", "eresp"};

/* The n-th field of a line that ends at a newline, as a text without its end. */
static const char *field_of(const char *line, int n, size_t *length)
{
    for (; n > 0; n--) {
        line += strcspn(line, ",\n");
        if (*line != ',') {
            *length = 0;
            return line;
        }
        line++;
    }
    *length = strcspn(line, ",\n");
    return line;
}

static void find_columns(const char *head, int columns[COLUMNS])
{
    size_t length;

    for (int c = 0; c < COLUMNS; c++) {
        columns[c] = -1;
        for (int i = 0; field_of(head, i, &length)[0] && (i == 0 || length > 0); i++) {
            if (length == strlen(column_names[c]) &&
                strncmp(field_of(head, i, &length), column_names[c], length) == 0) {
                columns[c] = i;
                break;
            }
        }
    }
}

static int64_t number_of(const char *line, int column)
{
    size_t length;
    const char *field = column < 0 ? "" : field_of(line, column, &length);

    return strtoll(field, NULL, 10); /* an empty one is none */
}

/* "b2" and "t14": the number behind the letter, from 0; -1: it is not one of ours. */
static int32_t index_of(const char *line, int column, char letter)
{
    size_t length;
    const char *field = column < 0 ? "" : field_of(line, column, &length);
    char *end;
    long n;

    if (field[0] != letter) {
        return -1;
    }
    n = strtol(field + 1, &end, 10);
    return *end == ',' && n > 0 && n <= INT32_MAX ? (int32_t)n - 1 : -1;
}

struct haproxy_server *haproxy_read_statistics(const char *table, int *n)
{
    struct haproxy_server *servers = NULL;
    int columns[COLUMNS], size = 0;
    const char *line = table + strcspn(table, "\n");

    *n = 0;
    find_columns(table[0] == '#' ? table + 1 + strspn(table + 1, " ") : table, columns);
    for (; *line == '\n'; line += strcspn(line, "\n")) {
        int32_t group = index_of(++line, columns[PROXY], 'b');
        int32_t task = index_of(line, columns[SERVER], 't');
        size_t length = 0;

        if (group < 0 || task < 0) {
            continue;
        }
        if (*n == size) {
            servers = grow(servers, (size_t)(size = size ? size * 2 : 16) * sizeof *servers);
        }
        servers[(*n)++] = (struct haproxy_server){
            .group = group,
            .task = task,
            .n_sessions = number_of(line, columns[SESSIONS]),
            .n_errors = number_of(line, columns[ANSWERED_5XX]) +
                        number_of(line, columns[UNREACHED]) + number_of(line, columns[CUT]),
            .n_open = (int32_t)number_of(line, columns[OPEN]),
            .n_most = (int32_t)number_of(line, columns[MOST]),
            .n_queued = (int32_t)number_of(line, columns[QUEUED]),
            /* One without checks of its own is never "UP". */
            .in_use = columns[STATUS] >= 0 &&
                      (strncmp(field_of(line, columns[STATUS], &length), "no check", 8) == 0 ||
                       strncmp(field_of(line, columns[STATUS], &length), "UP", 2) == 0),
        };
    }
    return servers;
}

bool haproxy_statistics(const struct haproxy *haproxy, struct haproxy_server **servers, int *n,
                        struct err *err)
{
    char *table = ask_all(haproxy, "show stat -1 4 -1\n", err);

    *servers = NULL;
    *n = 0;
    if (!table) {
        return false;
    }
    *servers = haproxy_read_statistics(table, n);
    free(table);
    return true;
}
