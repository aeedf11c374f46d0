/*
 * The loop over epoll, timerfd and signalfd. Only descriptors that the caller made are ever waited
 * for; a descriptor's fate is the caller's business.
 */
#include "exec/loop.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { LOOP_BATCH = 64 };

int64_t loop_clock_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool loop_watch(struct loop *loop, int fd, int64_t tag, bool write_too, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN | (write_too ? EPOLLOUT : 0u)};

    event.data.u64 = (uint64_t)tag;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) {
        return true;
    }
    if (errno == EEXIST && epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0) {
        return true;
    }
    return err_errno(err, errno, "cannot wait for descriptor %d", fd);
}

void loop_forget(struct loop *loop, int fd)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

bool loop_open(struct loop *loop, const sigset_t *signals, struct err *err)
{
    *loop = (struct loop){.alarm_usec = INT64_MAX};
    sigprocmask(SIG_BLOCK, signals, NULL);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    loop->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->timer_fd < 0 || loop->signal_fd < 0) {
        err_errno(err, errno, "cannot make an event loop");
        loop_close(loop);
        return false;
    }
    return loop_watch(loop, loop->timer_fd, LOOP_ALARM, false, err) &&
           loop_watch(loop, loop->signal_fd, LOOP_SIGNAL, false, err);
}

void loop_close(struct loop *loop)
{
    int fds[] = {loop->epoll_fd, loop->timer_fd, loop->signal_fd};

    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    loop->epoll_fd = loop->timer_fd = loop->signal_fd = -1;
}

void loop_alarm(struct loop *loop, int64_t at_usec)
{
    struct itimerspec when = {0};

    if (at_usec == loop->alarm_usec) {
        return;
    }
    loop->alarm_usec = at_usec;
    if (at_usec != INT64_MAX) {
        /* All zero would switch the timer off instead of firing at once. */
        int64_t usec = at_usec > 0 ? at_usec : 1;

        when.it_value.tv_sec = usec / 1000000;
        when.it_value.tv_nsec = usec % 1000000 * 1000;
    }
    int result = timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    assert(result == 0);
}

int loop_wait(struct loop *loop, struct loop_ready *ready, int n_max)
{
    struct epoll_event events[LOOP_BATCH];
    int n = epoll_wait(loop->epoll_fd, events, n_max < LOOP_BATCH ? n_max : LOOP_BATCH, -1);
    int n_ready = 0;

    for (int i = 0; i < n; i++) {
        struct loop_ready *one = &ready[n_ready];
        struct signalfd_siginfo signal;
        uint64_t expirations;

        *one = (struct loop_ready){.tag = (int64_t)events[i].data.u64};
        one->readable = (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
        one->writable = (events[i].events & EPOLLOUT) != 0;
        if (one->tag == LOOP_ALARM) {
            if (read(loop->timer_fd, &expirations, sizeof expirations) < 0) {
                continue; /* it was set anew in between */
            }
            loop->alarm_usec = INT64_MAX;
        } else if (one->tag == LOOP_SIGNAL) {
            if (read(loop->signal_fd, &signal, sizeof signal) != sizeof signal) {
                continue;
            }
            one->signal = (int)signal.ssi_signo;
        }
        n_ready++;
    }
    return n_ready;
}
