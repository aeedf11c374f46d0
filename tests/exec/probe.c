/*
 * Runs inside a container and asks the kernel for what a container must not have: prints "name
 * errno" a line. Each call is made so that it would succeed, or fail otherwise, if nobody stood in
 * its way.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void tell(const char *name, long result)
{
    printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
}

/* Answers each datagram with "answer to " and what it was. */
static int answer_datagrams(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in from;
    char text[256] = "answer to ";
    size_t prefix = strlen(text);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        return 1;
    }
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(fd, text + prefix, sizeof text - prefix, 0, (struct sockaddr *)&from,
                             &size);

        if (n >= 0) {
            sendto(fd, text, prefix + (size_t)n, 0, (struct sockaddr *)&from, size);
        }
    }
}

int main(int argc, char **argv)
{
    union bpf_attr nothing = {0};
    struct clone_args clone = {0};

    if (argc == 3 && strcmp(argv[1], "udp") == 0) {
        return answer_datagrams(atoi(argv[2]));
    }
    tell("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
    tell("add_key", syscall(SYS_add_key, "user", "berth", "x", 1, KEY_SPEC_PROCESS_KEYRING));
    tell("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &nothing, sizeof nothing));
    tell("io_uring_setup", syscall(SYS_io_uring_setup, 0, NULL));
    tell("userfaultfd", syscall(SYS_userfaultfd, 1));
    tell("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    tell("clone3", syscall(SYS_clone3, &clone, 0));
    tell("unshare", unshare(CLONE_NEWUSER));
    tell("clone", syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD, NULL, NULL, NULL, NULL));
    tell("personality", personality(ADDR_NO_RANDOMIZE));
    tell("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    tell("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
    tell("pivot_root", syscall(SYS_pivot_root, ".", "."));
    tell("setns", setns(-1, 0));
    tell("init_module", syscall(SYS_init_module, NULL, 0, ""));
    tell("mknod", mknod("/tmp/sda", S_IFBLK | 0600, makedev(8, 0)));
    tell("socket", socket(AF_INET, SOCK_STREAM, 0));
    return 0;
}
