/*
 * The starter's side: orders over a socket pair, one answer each. The process itself is
 * forward_loop.c.
 */
#include "exec/forward.h"

#include "exec/forward_loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors that the starter may have open, and its signal handling, are none of its business. */
static _Noreturn void be_forwarder(int fd)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* one that came too late reads the end of its socket */
    prctl(PR_SET_NAME, "berth-forward");
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (fd != FORWARD_FD) {
        dup2(fd, FORWARD_FD);
    }
    close_range(FORWARD_FD + 1, ~0U, 0);
    forward_loop();
    _exit(0);
}

bool forward_start(struct forward *forward, struct err *err)
{
    int pair[2], why;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(err, errno, "cannot make a socket for the port mapping");
    }
    forward->fd = pair[0];
    forward->pid = fork();
    why = errno;
    if (forward->pid == 0) {
        be_forwarder(pair[1]);
    }
    close(pair[1]);
    if (forward->pid < 0) {
        close(pair[0]);
        *forward = (struct forward){0, -1};
        return err_errno(err, why, "cannot start the port mapping");
    }
    return true;
}

void forward_stop(struct forward *forward)
{
    if (forward->pid > 0) {
        close(forward->fd);
        kill(forward->pid, SIGKILL);
        waitpid(forward->pid, NULL, 0);
    }
    *forward = (struct forward){0, -1};
}

/* The errno that came back. */
static int order(struct forward *forward, const struct forward_rule *rule, bool add)
{
    struct forward_order order = {.add = add, .rule = *rule};
    ssize_t n = -1;
    int answer = 0;

    if (send(forward->fd, &order, sizeof order, MSG_NOSIGNAL) == (ssize_t)sizeof order) {
        do {
            n = recv(forward->fd, &answer, sizeof answer, 0);
        } while (n < 0 && errno == EINTR);
    }
    return n == (ssize_t)sizeof answer ? answer : ESRCH;
}

bool forward_add(struct forward *forward, const struct forward_rule *rule, struct err *err)
{
    int why = order(forward, rule, true);

    return why == 0 || err_errno(err, why, "cannot map the instance's %s port %u",
                                 port_protocol_names[rule->protocol], rule->host_port);
}

void forward_remove(struct forward *forward, const struct forward_rule *rule)
{
    order(forward, rule, false);
}
