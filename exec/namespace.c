/*
 * clone3 by hand, because the C library offers neither pidfds nor cgroups with it, and netlink
 * through libmnl.
 */
#include "exec/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t namespace_flags(bool user_namespace)
{
    return CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
           (user_namespace ? CLONE_NEWUSER : 0);
}

static pid_t clone_now(struct clone_args *args)
{
    return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

/*
 * The parent will sleep, so its own CPU is the free one. Left to itself the kernel wakes another
 * for the child, which costs a tenth of a whole start, and more on a busy machine.
 */
static pid_t clone_here(struct clone_args *args)
{
    cpu_set_t before, here;
    pid_t pid;

    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    if (sched_getaffinity(0, sizeof before, &before) != 0) {
        return clone_now(args); /* more CPUs than a cpu_set_t has */
    }
    sched_setaffinity(0, sizeof here, &here);
    pid = clone_now(args);
    if (pid == 0) { /* woken on this same CPU, the parent would have to wait for us */
        sched_setaffinity(getppid(), sizeof before, &before);
    }
    sched_setaffinity(0, sizeof before, &before);
    return pid;
}

pid_t namespace_fork(uint64_t flags, int cgroup_fd, int *pidfd, bool wait)
{
    struct clone_args args = {
        .flags = flags | CLONE_CLEAR_SIGHAND | (wait ? CLONE_VFORK : 0) |
                 (pidfd ? CLONE_PIDFD : 0) | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
    };

    return wait ? clone_here(&args) : clone_now(&args);
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), why;
    ssize_t wrote;

    if (fd < 0) {
        return -1;
    }
    wrote = write(fd, text, strlen(text));
    why = errno;
    close(fd);
    errno = why;
    return wrote < 0 ? -1 : 0;
}

int namespace_map_user(uid_t uid, uid_t outer_uid, gid_t gid, gid_t outer_gid)
{
    char text[64];

    /* Whoever has changed its user before finds /proc/self closed to itself. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    /* Without this the kernel gives nobody the right to write gid_map. */
    if (write_file("/proc/self/setgroups", "deny") != 0) {
        return -1;
    }
    snprintf(text, sizeof text, "%u %u 1\n", gid, outer_gid);
    if (write_file("/proc/self/gid_map", text) != 0) {
        return -1;
    }
    snprintf(text, sizeof text, "%u %u 1\n", uid, outer_uid);
    return write_file("/proc/self/uid_map", text);
}

/* Sends one request and reads its answer: 0, or -1 with the kernel's errno. */
static int ask(struct mnl_socket *socket, struct nlmsghdr *request)
{
    char answer[1024];
    ssize_t n;

    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
        return -1;
    }
    n = mnl_socket_recvfrom(socket, answer, sizeof answer);
    return n < 0                                                                  ? -1
           : mnl_cb_run(answer, (size_t)n, request->nlmsg_seq, 0, NULL, NULL) < 0 ? -1
                                                                                  : 0;
}

int namespace_lo_up(void)
{
    char buffer[256] = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *interface;
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    int status;

    if (!socket) {
        return -1;
    }
    request->nlmsg_type = RTM_NEWLINK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request->nlmsg_seq = 1;
    interface = mnl_nlmsg_put_extra_header(request, sizeof *interface);
    interface->ifi_family = AF_UNSPEC;
    interface->ifi_index = 1; /* lo is the first interface of every namespace */
    interface->ifi_flags = IFF_UP;
    interface->ifi_change = IFF_UP;
    status = ask(socket, request);
    mnl_socket_close(socket);
    return status;
}
