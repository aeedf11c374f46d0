/*
 * A child makes the namespaces, since whoever enters a user namespace does not come back; the parent
 * opens them by the child's process number.
 */
#include "exec/cloud.h"

#include "exec/namespace.h"
#include "exec/netlink.h"
#include "exec/setting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOUD UINT32_C(0x0ad50000) /* 10.213.0.0 */
#define INNER UINT32_C(0xac100000) /* 172.16.0.0 */
#define TUN "/dev/net/tun"

uint32_t cloud_address(void)
{
    return CLOUD + 1;
}

uint32_t cloud_instance_address(int32_t instance)
{
    return CLOUD + 11 + (uint32_t)instance;
}

uint32_t cloud_task_address(int32_t task)
{
    return CLOUD + 0x8001 + (uint32_t)task;
}

uint32_t cloud_inner_address(int32_t instance)
{
    return INNER + ((uint32_t)instance + 1) * 256;
}

const char *cloud_text(uint32_t address)
{
    static char texts[4][INET_ADDRSTRLEN];
    static int next;
    struct in_addr in = {htonl(address)};

    next = (next + 1) % 4;
    return inet_ntop(AF_INET, &in, texts[next], INET_ADDRSTRLEN);
}

bool cloud_is_network(int fd)
{
    return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

/* What went wrong in the child. */
struct report {
    int error;
    char at[48];
};

static int build(struct report *report)
{
    static const uint8_t hardware[6] = {0x02, 0x42, 10, 213, 0, 1};
    bool user_namespace = geteuid() != 0;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct netlink netlink;
    int index;

    snprintf(report->at, sizeof report->at, "user namespace");
    if (user_namespace &&
        (unshare(CLONE_NEWUSER) != 0 || namespace_map_user(uid, uid, gid, gid) != 0)) {
        return -1;
    }
    snprintf(report->at, sizeof report->at, "network namespace");
    if (unshare(CLONE_NEWNET) != 0 || netlink_open(&netlink) != 0) {
        return -1;
    }
    setting_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    setting_write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    snprintf(report->at, sizeof report->at, "bridge");
    if (netlink_up(&netlink, 1) != 0 || netlink_add_bridge(&netlink, CLOUD_BRIDGE, hardware) != 0) {
        return -1;
    }
    snprintf(report->at, sizeof report->at, "address");
    index = netlink_index(&netlink, CLOUD_BRIDGE);
    if (index < 0 || netlink_add_address(&netlink, index, cloud_address(), CLOUD_PREFIX) != 0) {
        return -1;
    }
    return setting_write("/proc/sys/net/ipv4/ip_forward", "1");
}

/* Tells how it went and stays until the parent has what it wants. */
static _Noreturn void be_child(int to, int from)
{
    struct report report = {0};
    char byte;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (build(&report) != 0) {
        report.error = errno ? errno : EINVAL;
    }
    if (write(to, &report, sizeof report) == sizeof report) {
        while (read(from, &byte, 1) < 0 && errno == EINTR) {
        }
    }
    _exit(0);
}

static bool collect(pid_t pid, int from, int *fd, struct err *err)
{
    struct report report;
    char path[48];
    ssize_t n;
    int low;

    do {
        n = read(from, &report, sizeof report);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof report) {
        return err_set(err, EXIT_MACHINE, "cannot make a network: killed");
    }
    if (report.error) {
        return err_errno(err, report.error, "cannot make a network: %s", report.at);
    }
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    low = open(path, O_RDONLY | O_CLOEXEC);
    *fd = low >= 0 ? fcntl(low, F_DUPFD_CLOEXEC, 10) : -1;
    if (*fd < 0) {
        err_errno(err, errno, "cannot open %s", path);
    }
    if (low >= 0) {
        close(low);
    }
    return *fd >= 0;
}

bool cloud_open(int *fd, struct err *err)
{
    int answer[2], leave[2];
    pid_t pid;
    bool ok;

    if (pipe2(answer, O_CLOEXEC) != 0 || pipe2(leave, O_CLOEXEC) != 0) {
        return err_errno(err, errno, "cannot make a pipe");
    }
    pid = fork();
    if (pid == 0) {
        close(leave[1]);
        be_child(answer[1], leave[0]);
    }
    close(answer[1]);
    close(leave[0]);
    ok = pid > 0 ? collect(pid, answer[0], fd, err) : err_errno(err, errno, "cannot fork");
    close(answer[0]);
    close(leave[1]);
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
    return ok;
}

bool cloud_enter_owner(int fd, struct err *err)
{
    int owner = ioctl(fd, NS_GET_USERNS);
    struct stat theirs, ours;
    bool ok;

    if (owner < 0) {
        return err_errno(err, errno, "cannot find the owner of the network");
    }
    ok = fstat(owner, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
         (theirs.st_ino == ours.st_ino || setns(owner, CLONE_NEWUSER) == 0);
    ok = ok || err_errno(err, errno, "cannot enter the owner of the network");
    close(owner);
    /* A process that changed its rights is closed to itself (prctl(2)): its children map users. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return ok;
}

int cloud_add_route(struct netlink *netlink, int32_t instance)
{
    return netlink_add_route(netlink, cloud_inner_address(instance), CLOUD_INNER_PREFIX,
                             cloud_instance_address(instance));
}

/* ---- guests ---- */

bool cloud_has_taps(struct err *err)
{
    int fd = open(TUN, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        return err_errno(err, errno, TUN);
    }
    close(fd);
    return true;
}

static int make_tap(int cloud_fd, int32_t instance, int *error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    struct netlink netlink;
    struct err err;
    int fd, index, bridge;

    if (!cloud_enter_owner(cloud_fd, &err) || setns(cloud_fd, CLONE_NEWNET) != 0 ||
        netlink_open(&netlink) != 0) {
        *error = errno;
        return -1;
    }
    snprintf(request.ifr_name, sizeof request.ifr_name, "vm-i%d", instance + 1);
    fd = open(TUN, O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0 ||
        (index = netlink_index(&netlink, request.ifr_name)) < 0 ||
        (bridge = netlink_index(&netlink, CLOUD_BRIDGE)) < 0 ||
        netlink_join(&netlink, index, bridge) != 0 || cloud_add_route(&netlink, instance) != 0) {
        *error = errno;
        if (fd >= 0) {
            close(fd);
        }
        fd = -1;
    }
    netlink_close(&netlink);
    return fd;
}

/* Whoever enters a user namespace does not come back, so a child does it: one that shares our table
 * of descriptors, and leaves this one in it. */
bool cloud_tap(int cloud_fd, int32_t instance, int *fd, struct err *err)
{
    int answer[2] = {-1, 0}, ends[2];
    struct err why;
    pid_t pid;

    *fd = -1;
    if (cloud_fd < 0 || !cloud_has_taps(&why)) {
        return true;
    }
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return err_errno(err, errno, "cannot make a pipe");
    }
    pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        answer[0] = make_tap(cloud_fd, instance, &answer[1]);
        _exit(write(ends[1], answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
    if (pid < 0 || read(ends[0], answer, sizeof answer) != sizeof answer) {
        answer[1] = pid < 0 ? errno : ECHILD;
    }
    close(ends[0]);
    close(ends[1]);
    *fd = answer[0];
    return *fd >= 0 || err_errno(err, answer[1], "cannot make a guest's network interface");
}
