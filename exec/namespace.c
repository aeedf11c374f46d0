/*
 * clone3 by hand, because the C library offers neither pidfds nor cgroups with it, and netlink
 * through libmnl.
 */
#include "exec/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
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

/* ---- children ---- */

static struct clone_args args_of(uint64_t flags, int cgroup_fd)
{
    return (struct clone_args){
        .flags = flags | CLONE_CLEAR_SIGHAND | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
        .exit_signal = SIGCHLD,
        .cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
    };
}

pid_t namespace_fork(uint64_t flags, int cgroup_fd, int *pidfd)
{
    struct clone_args args = args_of(flags, cgroup_fd);

    if (pidfd) {
        args.flags |= CLONE_PIDFD;
        args.pidfd = (uint64_t)(uintptr_t)pidfd;
    }
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

/* The address sanitizer's notes of the child's stack would outlive it in memory that both have. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SHARED_MEMORY 0
#endif
#endif
#if defined __SANITIZE_ADDRESS__
#define SHARED_MEMORY 0
#elif !defined SHARED_MEMORY
#define SHARED_MEMORY CLONE_VM
#endif

/*
 * The parent will sleep, so its own CPU is the free one. Left to itself the kernel wakes another
 * for the child, which costs a tenth of a whole start, and more on a busy machine.
 */
void namespace_spawn_begin(struct namespace_spawn *spawn, int cgroup_fd)
{
    cpu_set_t here;

    spawn->args = args_of(SHARED_MEMORY | CLONE_VFORK, cgroup_fd);
    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    /* it fails where there are more CPUs than a cpu_set_t has */
    spawn->held = sched_getaffinity(0, sizeof spawn->before, &spawn->before) == 0 &&
                  sched_setaffinity(0, sizeof here, &here) == 0;
}

void namespace_spawned(const struct namespace_spawn *spawn)
{
    if (spawn->held) { /* woken on this same CPU, the parent would have to wait for us */
        sched_setaffinity(getppid(), sizeof spawn->before, &spawn->before);
        sched_setaffinity(0, sizeof spawn->before, &spawn->before);
    }
}

void namespace_spawn_end(const struct namespace_spawn *spawn)
{
    if (spawn->held) {
        sched_setaffinity(0, sizeof spawn->before, &spawn->before);
    }
}

/*
 * The child goes on first, on the stack of both, and writes over the place where our return address is:
 * it waits in a register.
 */
#if defined __x86_64__
__asm__(".text\n"
        ".globl namespace_clone\n"
        ".type namespace_clone, @function\n"
        "namespace_clone:\n"
        "    pop %rdx\n"
        "    mov $435, %eax\n" /* clone3 */
        "    syscall\n"
        "    push %rdx\n"
        "    ret\n"
        ".size namespace_clone, . - namespace_clone\n");
#elif defined __aarch64__
__asm__(".text\n"
        ".globl namespace_clone\n"
        ".type namespace_clone, @function\n"
        "namespace_clone:\n" /* the return address is in a register here */
        "    mov x8, #435\n" /* clone3 */
        "    svc #0\n"
        "    ret\n"
        ".size namespace_clone, . - namespace_clone\n");
#else
#error "berth knows amd64 and arm64"
#endif

/* ---- what they do first ---- */

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
