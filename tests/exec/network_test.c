/*
 * Real networks, all of them inside namespaces of the test's own: an instance is a child process, a
 * client is another one inside the cloud, and what they say to each other crosses real interfaces.
 */
#include "fixture.h"

#include "exec/cloud.h"
#include "exec/network.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT = 4096, CONTAINERS_MAX = 4 };

static int cloud = -1;

/* ---- what the machine's own network is ---- */

/* The names of all interfaces, and what the machine's routes are. */
static void read_whole(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, size - 1) : 0;

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
}

static void describe_machine(char *text, size_t size)
{
    char whole[TEXT], *line, *rest = whole;
    size_t used = 0;

    read_whole("/proc/net/dev", whole, sizeof whole);
    while ((line = strsep(&rest, "\n"))) {
        char *colon = strchr(line, ':');

        if (colon) {
            used += (size_t)snprintf(text + used, size - used, "%.*s ", (int)(colon - line), line);
        }
    }
    read_whole("/proc/net/route", text + used, size - used);
}

static char before[2 * TEXT];

static void open_cloud(void)
{
    struct err err;

    if (geteuid() != 0) {
        cr_skip_test("needs root: containers with limits are made as root here");
    }
    describe_machine(before, sizeof before);
    if (!cloud_open(&cloud, &err)) {
        cr_skip_test("no network can be made here: %s", err.text);
    }
}

/* The folder of the last instance's run, in memory that its process shares. */
static char *base;

static void close_cloud(void)
{
    char after[sizeof before];

    if (cloud >= 0) {
        close(cloud);
        describe_machine(after, sizeof after);
        cr_expect(strcmp(before, after) == 0, "the machine's network changed:\n%s\n%s", before,
                  after);
    }
}

TestSuite(network, .init = open_cloud, .fini = close_cloud);

/* ---- an instance in a child process ---- */

struct wish {
    enum network_mode mode;
    int32_t task; /* awsvpc: those of one task share a namespace */
    const char *script;
    struct network_binding binding; /* containerPort 0: none */
};

struct instance {
    pid_t pid;
    int ready, leave;
    char (*outputs)[TEXT]; /* of its containers, shared memory */
};

struct inside {
    struct fixture fixture;
    struct network *network;
    struct network_seat seats[CONTAINERS_MAX];
    struct container_spec specs[CONTAINERS_MAX];
    const char *argv[CONTAINERS_MAX][4];
    char names[CONTAINERS_MAX][16];
};

static bool take_seat(struct inside *inside, const struct wish *wishes, int i, struct err *err)
{
    struct network_seat *seat = &inside->seats[i];

    *seat = NETWORK_NO_SEAT;
    switch (wishes[i].mode) {
    case NETWORK_HOST:
        *seat = network_host(inside->network);
        return true;
    case NETWORK_NONE:
        return network_join_none(inside->network, seat, err);
    case NETWORK_BRIDGE:
        return network_join_bridge(inside->network, seat, err);
    case NETWORK_AWSVPC:
        for (int j = 0; j < i; j++) {
            if (wishes[j].mode == NETWORK_AWSVPC && wishes[j].task == wishes[i].task) {
                *seat = inside->seats[j];
                return true;
            }
        }
        return network_join_cloud(inside->network, wishes[i].task, seat, err);
    }
    return false;
}

static bool start_one(struct inside *inside, const struct wish *wishes, int i, int output,
                      struct err *err)
{
    const struct wish *wish = &wishes[i];
    struct container *container;

    snprintf(inside->names[i], sizeof inside->names[i], "c%d", i);
    inside->argv[i][0] = "sh";
    inside->argv[i][1] = "-c";
    inside->argv[i][2] = wish->script;
    inside->specs[i] = fixture_spec(&inside->fixture, inside->argv[i]);
    if (!take_seat(inside, wishes, i, err)) {
        return false;
    }
    inside->specs[i].name = inside->names[i];
    inside->specs[i].network_fd = inside->seats[i].fd;
    inside->specs[i].output_fd = output;
    inside->specs[i].hosts = "127.0.0.1 localhost\n10.213.0.99 ninety-nine\n";
    inside->specs[i].resolv_conf = "nameserver 10.213.0.98\n";
    return container_create(inside->fixture.host, &inside->specs[i], NULL, &container, err) &&
           container_start(container, err) &&
           (wish->binding.container_port == 0 ||
            network_map(inside->network, &inside->seats[i], &wish->binding, err));
}

static _Noreturn void be_instance(int32_t number, const struct wish *wishes, int n,
                                  const int *outputs, int ready, int leave)
{
    static struct inside inside;
    struct container_event event;
    struct err err = {0};
    char byte = 'y';
    bool ok;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ok = network_open(&inside.network, cloud, number, &err) &&
         fixture_open_as_user(&inside.fixture, &err);
    strcpy(base, inside.fixture.base);
    for (int i = 0; i < n && ok; i++) {
        ok = start_one(&inside, wishes, i, outputs[i], &err);
    }
    if (!ok) {
        fprintf(stderr, "i%d: %s\n", number + 1, err.text);
        byte = 'n';
    }
    if (write(ready, &byte, 1) == 1) {
        while (read(leave, &byte, 1) < 0) {
        }
    }
    if (inside.fixture.host) {
        while (container_host_next(inside.fixture.host, &event)) {
        }
        fixture_close(&inside.fixture);
    }
    if (inside.network) {
        network_close(inside.network);
    }
    _exit(0);
}

static int outputs[2][CONTAINERS_MAX];

static int leaves[4], n_leaves;

/* Comes back when all containers were started. */
static struct instance boot(int32_t number, const struct wish *wishes, int n)
{
    struct instance instance = {0};
    int ready[2], leave[2];
    char byte = 0;

    cr_assert(pipe(ready) == 0 && pipe(leave) == 0);
    base = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(base != MAP_FAILED);
    for (int i = 0; i < n; i++) {
        outputs[number][i] = memfd_create("output", 0);
    }
    instance.pid = fork();
    if (instance.pid == 0) {
        close(leave[1]);
        for (int i = 0; i < n_leaves; i++) { /* the end of another's pipe is its sign to leave */
            close(leaves[i]);
        }
        be_instance(number, wishes, n, outputs[number], ready[1], leave[0]);
    }
    close(ready[1]);
    close(leave[0]);
    instance.ready = ready[0];
    instance.leave = leaves[n_leaves++] = leave[1];
    cr_assert(read(instance.ready, &byte, 1) == 1 && byte == 'y', "the instance did not come up");
    return instance;
}

static void shut(struct instance *instance)
{
    int status = -1;

    close(instance->leave);
    waitpid(instance->pid, &status, 0);
    cr_expect(status == 0, "the instance ended with %d", status);
    close(instance->ready);
}

/* Waits up to a minute for a text in what a container printed. */
static const char *printed(int instance, int container, const char *wanted)
{
    static char text[TEXT];

    for (int i = 0; i < 6000; i++) {
        ssize_t n = pread(outputs[instance][container], text, sizeof text - 1, 0);

        text[n > 0 ? n : 0] = '\0';
        if (strstr(text, wanted)) {
            break;
        }
        usleep(10000);
    }
    return text;
}

/* ---- a client in the cloud ---- */

/* What a command inside the cloud prints. */
static const char *in_cloud(const char *command)
{
    static char text[TEXT];
    int ends[2];
    ssize_t n, used = 0;
    pid_t pid;

    cr_assert(pipe(ends) == 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        if (setns(cloud, CLONE_NEWNET) == 0) {
            execl("/bin/busybox", "busybox", "sh", "-c", command, NULL);
        }
        _exit(1);
    }
    close(ends[1]);
    while ((n = read(ends[0], text + used, sizeof text - 1 - (size_t)used)) > 0) {
        used += n;
    }
    text[used] = '\0';
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return text;
}

/* Tries for a while: a server may need a moment until it listens. */
static const char *fetch(const char *where)
{
    char command[512];

    snprintf(command, sizeof command,
             "for i in $(busybox seq 200); do busybox timeout 20 busybox wget -qO- http://%s/ "
             "2>/dev/null && exit; "
             "busybox usleep 100000; done",
             where);
    return in_cloud(command);
}

/* An HTTP server that says `what`, for ever. */
#define SERVE(port, what)                                                                          \
    "while true; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\n" what "' | nc -l -p " port                 \
    " >/dev/null; done"

/* A client of one, as soon as it listens. */
#define GET(where) "until wget -qO- http://" where "/ 2>/dev/null; do sleep 0.1; done; sleep 1000"

/* ---- tests ---- */

Test(network, dynamic_ports_of_two_containers_are_reachable)
{
    const struct wish wishes[] = {
        {NETWORK_BRIDGE, 0, SERVE("80", "one"), {80, 49153, PROTOCOL_TCP}},
        {NETWORK_BRIDGE, 0, SERVE("80", "two"), {80, 49154, PROTOCOL_TCP}},
    };
    struct instance instance = boot(0, wishes, 2);

    cr_expect_str_eq(fetch("10.213.0.11:49153"), "one");
    cr_expect_str_eq(fetch("10.213.0.11:49154"), "two");
    shut(&instance);
}

/* Each instance has all ports, and a container reaches another's through its instance. */
Test(network, the_same_port_on_two_instances)
{
    const struct wish first[] = {{NETWORK_BRIDGE, 0, SERVE("80", "i1"), {80, 8080, PROTOCOL_TCP}}};
    const struct wish second[] = {
        {NETWORK_BRIDGE, 0, SERVE("80", "i2"), {80, 8080, PROTOCOL_TCP}},
        {NETWORK_BRIDGE, 0, GET("10.213.0.11:8080"), {0}},
    };
    struct instance one = boot(0, first, 1), two = boot(1, second, 2);

    cr_expect_str_eq(printed(1, 1, "i1"), "i1");
    cr_expect_str_eq(fetch("10.213.0.11:8080"), "i1");
    cr_expect_str_eq(fetch("10.213.0.12:8080"), "i2");
    shut(&one);
    shut(&two);
}

Test(network, streams_are_carried_whole_and_their_end_too)
{
    const struct wish wishes[] = {
        {NETWORK_BRIDGE, 0, "nc -l -p 80 -e md5sum & "
         "until grep -q ':0050 .* 0A ' /proc/net/tcp*; do sleep 0.05; done; echo listens; sleep 1000", {80, 8080, PROTOCOL_TCP}}};
    struct instance instance = boot(0, wishes, 1);
    const char *came;
    char wanted[64];

    printed(0, 0, "listens");
    snprintf(wanted, sizeof wanted, "%.32s", in_cloud("busybox seq 1 500000 | busybox md5sum"));
    came = in_cloud("busybox seq 1 500000 | busybox timeout 60 busybox nc 10.213.0.11 8080");
    cr_expect(strlen(wanted) == 32 && strncmp(came, wanted, 32) == 0, "sent %s, came %s", wanted,
              came);
    shut(&instance);
}

/* A datagram from the cloud and what comes back; -1 where nothing does. */
static int ask_udp(const char *address, uint16_t port, const char *question, char *answer, int size)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd, n = -1;
    struct pollfd wait;

    inet_pton(AF_INET, address, &to.sin_addr);
    cr_assert(setns(cloud, CLONE_NEWNET) == 0);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert(setns(home, CLONE_NEWNET) == 0);
    close(home);
    wait = (struct pollfd){.fd = fd, .events = POLLIN};
    sendto(fd, question, strlen(question), 0, (struct sockaddr *)&to, sizeof to);
    if (poll(&wait, 1, 1000) == 1) {
        n = (int)recv(fd, answer, (size_t)size - 1, 0);
    }
    answer[n > 0 ? n : 0] = '\0';
    close(fd);
    return n;
}

Test(network, datagrams_are_mapped_and_answered)
{
    const struct wish wishes[] = {
        {NETWORK_BRIDGE, 0, "exec /probe udp 53", {53, 5353, PROTOCOL_UDP}}};
    struct instance instance = boot(0, wishes, 1);
    char answer[64] = "";

    for (int i = 0; i < 60 && !answer[0]; i++) {
        ask_udp("10.213.0.11", 5353, "one", answer, sizeof answer);
    }
    cr_expect_str_eq(answer, "answer to one");
    shut(&instance);
}

Test(network, a_port_is_taken_once)
{
    struct network_seat seat = NETWORK_NO_SEAT;
    struct network_binding binding = {80, 8080, PROTOCOL_TCP};
    struct network *network;
    struct err err;
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        bool ok = network_open(&network, cloud, 0, &err) &&
                  network_join_bridge(network, &seat, &err) &&
                  network_map(network, &seat, &binding, &err) &&
                  !network_map(network, &seat, &binding, &err) && strstr(err.text, "8080");

        network_unmap(network, &seat, &binding);
        ok = ok && network_map(network, &seat, &binding, &err);
        binding.protocol = PROTOCOL_UDP; /* another port altogether */
        ok = ok && network_map(network, &seat, &binding, &err);
        network_leave(network, &seat);
        network_close(network);
        _exit(ok ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    cr_expect(status == 0, "%d", status);
}

/* Containers of a task have one lo and one address; other tasks reach it by that. */
Test(network, awsvpc_is_one_address_per_task)
{
    const struct wish wishes[] = {
        {NETWORK_AWSVPC, 0, SERVE("80", "task-one"), {0}},
        {NETWORK_AWSVPC, 0, GET("127.0.0.1"), {0}},
        {NETWORK_AWSVPC, 1, GET("10.213.128.1"), {0}},
        {NETWORK_AWSVPC, 1, "ip -4 -o addr show dev eth0; sleep 60", {0}},
    };
    struct instance instance = boot(0, wishes, 4);

    cr_expect(strstr(printed(0, 1, "task-one"), "task-one"), "%s", printed(0, 1, "task-one"));
    cr_expect_str_eq(printed(0, 2, "task-one"), "task-one");
    cr_expect(strstr(printed(0, 3, "10.213.128.2/16"), "10.213.128.2/16"), "%s",
              printed(0, 3, "10.213.128.2/16"));
    cr_expect_str_eq(fetch("10.213.128.1"), "task-one");
    cr_expect_str_eq(
        in_cloud("busybox timeout 2 busybox wget -qO- http://10.213.0.11/ 2>/dev/null"), "",
        "not the instance's");
    shut(&instance);
}

Test(network, none_is_lo_alone)
{
    const struct wish wishes[] = {
        {NETWORK_NONE,
         0,
         "ip route; ip -o link | wc -l; wget -qO- http://10.213.0.1/ 2>&1; echo end",
         {0}}};
    struct instance instance = boot(0, wishes, 1);

    cr_expect_str_eq(printed(0, 0, "end"),
                     "1\nwget: can't connect to remote host (10.213.0.1): Network is unreachable\n"
                     "end\n");
    shut(&instance);
}

/* The instance's namespace, and not the machine's. */
Test(network, host_is_the_instance)
{
    const struct wish wishes[] = {
        {NETWORK_HOST,
         0,
         "readlink /proc/self/ns/net; ls /sys/class/net; " SERVE("8081", "host"),
         {0}}};
    struct instance instance = boot(0, wishes, 1);
    char own[64] = "";

    cr_expect_str_eq(fetch("10.213.0.11:8081"), "host");
    cr_expect(readlink("/proc/self/ns/net", own, sizeof own - 1) > 0);
    cr_expect(!strstr(printed(0, 0, "net:"), own), "the machine's own");
    cr_expect(strstr(printed(0, 0, "docker0"), "docker0"));
    shut(&instance);
}

Test(network, names_are_those_that_were_given)
{
    const struct wish wishes[] = {
        {NETWORK_BRIDGE, 0, "cat /etc/hostname /etc/resolv.conf; grep ninety /etc/hosts", {0}}};
    struct instance instance = boot(0, wishes, 1);

    cr_expect_str_eq(printed(0, 0, "ninety"),
                     "c0\nnameserver 10.213.0.98\n10.213.0.99 ninety-nine\n");
    shut(&instance);
}

/* The machine's network is compared when every test ends; here by force. */
Test(network, nothing_is_left_of_an_instance_that_was_killed)
{
    const struct wish wishes[] = {
        {NETWORK_BRIDGE, 0, SERVE("80", "one"), {80, 8080, PROTOCOL_TCP}},
        {NETWORK_AWSVPC, 0, SERVE("80", "two"), {0}},
    };
    struct cgroup_machine machine;
    struct sweep_counts counts = {0};
    struct instance instance;
    const char *links;
    struct err err;

    prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us: then all are known to be gone */
    instance = boot(0, wishes, 2);
    cr_expect_str_eq(fetch("10.213.0.11:8080"), "one");
    kill(instance.pid, SIGKILL);
    for (int i = 0; i < 6000 && (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD); i++) {
        usleep(10000);
    }
    cr_expect(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "processes are left");
    for (int i = 0; i < 2000; i++) { /* the kernel takes a namespace apart in its own time */
        links = in_cloud("busybox ip -o link | busybox wc -l");
        if (strcmp(links, "2\n") == 0) {
            break;
        }
        usleep(10000);
    }
    cr_expect_str_eq(links, "2\n", "lo and the bridge: %s", in_cloud("busybox ip -o link"));
    close(instance.ready);
    close(instance.leave);
    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    cr_expect(sweep_dead(base, &machine, &counts, &err) && counts.runs_dead == 1, "%s", err.text);
    cgroup_close(&machine);
    cr_expect(rmdir(base) == 0, "%s is not empty", base);
}
