/*
 * The controller's side: orders out, reports in, each one packet.
 */
#include "exec/load.h"

#include "exec/load_loop.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* So that many reports fit while the controller is busy. */
enum { SOCKET_BYTES = 1 << 20 };

bool load_start(struct load *load, const struct helper_place *place, const struct load_job *job,
                struct err *err)
{
    int pair[2], size = SOCKET_BYTES;
    pid_t pid;

    *load = LOAD_NONE;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        return err_errno(err, errno, "cannot make a socket for the load");
    }
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    pid = helper_fork(&load->helper, "load", place, pair[1], err);
    if (pid == 0) {
        load_loop(job, pair[1]);
    }
    close(pair[1]);
    load->fd = pair[0];
    if (pid < 0) {
        close(pair[0]);
        load->fd = -1;
    }
    return pid > 0;
}

void load_stop(struct load *load, const struct cgroup_machine *cgroups)
{
    helper_stop(&load->helper, cgroups);
    if (load->fd >= 0) {
        close(load->fd);
    }
    load->fd = -1;
}

/* Orders are few: where the socket is full its reader does nothing any more. */
static bool order(const struct load *load, const struct load_order *order)
{
    return send(load->fd, order, sizeof *order, MSG_NOSIGNAL) == (ssize_t)sizeof *order;
}

bool load_ask(const struct load *load, const struct load_probe *probe)
{
    return order(load, &(struct load_order){LOAD_WORD_PROBE, *probe});
}

bool load_forget(const struct load *load, int32_t group, int32_t task)
{
    return order(load, &(struct load_order){LOAD_WORD_FORGET, {.group = group, .task = task}});
}

bool load_end(const struct load *load)
{
    return order(load, &(struct load_order){.word = LOAD_WORD_END});
}

int load_hear(const struct load *load, struct load_report *reports)
{
    ssize_t n = recv(load->fd, reports, LOAD_REPORTS_MAX * sizeof *reports, MSG_DONTWAIT);

    if (n > 0) {
        return (int)(n / (ssize_t)sizeof *reports);
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}
