/*
 * One epoll set over the read ends of all pipes. A pipe that is at its end is forgotten: its
 * container, and whatever it had started, is gone.
 */
#include "exec/prints.h"

#include "core/array.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

struct print {
    struct print *next;
    char name[160];
    int pipe_fd, file_fd; /* file_fd -1: not yet */
    bool full;            /* nothing is written any more */
    size_t n_kept;        /* that were handed on */
};

struct prints {
    int folder_fd;          /* -1: none */
    struct prints_out *out; /* NULL: into the folder */
    int epoll_fd;
    struct print *all;
};

bool prints_open(struct prints **opened, const char *folder, struct prints_out *out,
                 struct err *err)
{
    struct prints *prints = calloc(1, sizeof *prints);
    struct stat is;

    assert(prints);
    folder = out ? NULL : folder;
    prints->out = out;
    prints->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    prints->folder_fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (prints->epoll_fd < 0 ||
        (folder && (prints->folder_fd < 0 || fstat(prints->folder_fd, &is)))) {
        err_errno(err, errno, "cannot use %s", folder ? folder : "epoll");
    } else if (folder && is.st_uid != geteuid()) {
        err_set(err, EXIT_MACHINE, "%s is somebody else's by now", folder);
    } else {
        *opened = prints;
        return true;
    }
    prints_close(prints);
    return false;
}

int prints_fd(const struct prints *prints)
{
    return prints->epoll_fd;
}

/* ---- one file ---- */

static bool open_file(const struct prints *prints, struct print *print)
{
    if (print->file_fd < 0 && !print->full) {
        print->file_fd = openat(prints->folder_fd, print->name,
                                O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
        print->full = print->file_fd < 0;
    }
    return !print->full;
}

static void write_all(struct print *print, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(print->file_fd, bytes, n);

        if (wrote < 0 && errno != EINTR) {
            print->full = true; /* the disk is */
            return;
        }
        if (wrote > 0) {
            bytes += wrote;
            n -= (size_t)wrote;
        }
    }
}

static const char cut[] = "\n[berth: what follows is not kept: more than 1 MiB was printed]\n";

static void add_chunk(const struct prints *prints, const struct print *print, const char *bytes,
                      size_t n)
{
    struct prints_chunk *chunk = ARRAY_ADD(prints->out, list);

    snprintf(chunk->name, sizeof chunk->name, "%s", print->name);
    chunk->n = n;
    chunk->bytes = malloc(n + 1);
    assert(chunk->bytes);
    memcpy(chunk->bytes, bytes, n);
}

/* As much as a file holds. A container that was started again is given as much once more: the file
 * knows. */
static void hand_on(const struct prints *prints, struct print *print, const char *bytes, size_t n)
{
    size_t room = PRINTS_MAX_BYTES + 1 - print->n_kept;

    n = n < room ? n : room;
    if (n > 0) {
        print->n_kept += n;
        add_chunk(prints, print, bytes, n);
    }
}

static void keep(const struct prints *prints, struct print *print, const char *bytes, size_t n)
{
    struct stat is;
    size_t room;

    if (!open_file(prints, print) || fstat(print->file_fd, &is) != 0) {
        return;
    }
    room = is.st_size < PRINTS_MAX_BYTES ? (size_t)(PRINTS_MAX_BYTES - is.st_size) : 0;
    write_all(print, bytes, n < room ? n : room);
    if (n > room && !print->full) {
        /* A container that was started again finds its file full already, with that line. */
        if (is.st_size <= PRINTS_MAX_BYTES) {
            write_all(print, cut, sizeof cut - 1);
        }
        print->full = true;
    }
}

static void forget(struct prints *prints, struct print *print)
{
    struct print **link = &prints->all;

    while (*link != print) {
        link = &(*link)->next;
    }
    *link = print->next;
    /* A container that is just being cloned has a copy for a moment: closing would not be enough. */
    epoll_ctl(prints->epoll_fd, EPOLL_CTL_DEL, print->pipe_fd, NULL);
    close(print->pipe_fd);
    if (print->file_fd >= 0) {
        close(print->file_fd);
    }
    free(print);
}

/* ---- all of them ---- */

void prints_pump(struct prints *prints)
{
    struct epoll_event ready[16];
    int n = epoll_wait(prints->epoll_fd, ready, 16, 0);
    char bytes[65536];

    /* One read each: who talks without end must not keep the others waiting. */
    for (int i = 0; i < n; i++) {
        struct print *print = ready[i].data.ptr;
        ssize_t got = read(print->pipe_fd, bytes, sizeof bytes);

        if (got > 0 && prints->out) {
            hand_on(prints, print, bytes, (size_t)got);
        } else if (got > 0) {
            keep(prints, print, bytes, (size_t)got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            forget(prints, print);
        }
    }
}

int prints_begin(struct prints *prints, const char *name)
{
    struct print *print;
    struct epoll_event event = {.events = EPOLLIN};
    int ends[2];

    if ((prints->folder_fd < 0 && !prints->out) || pipe2(ends, O_CLOEXEC) != 0) {
        return 0;
    }
    print = calloc(1, sizeof *print);
    assert(print);
    print->pipe_fd = ends[0];
    print->file_fd = -1;
    snprintf(print->name, sizeof print->name, "%s.log", name);
    print->next = prints->all;
    prints->all = print;
    event.data.ptr = print;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (epoll_ctl(prints->epoll_fd, EPOLL_CTL_ADD, ends[0], &event) != 0) {
        close(ends[1]);
        forget(prints, print);
        return 0;
    }
    return ends[1];
}

void prints_append(const char *folder, const char *name, const char *bytes, size_t n)
{
    struct prints prints = {.folder_fd =
                                open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    struct print print = {.file_fd = -1};

    snprintf(print.name, sizeof print.name, "%s", name);
    if (prints.folder_fd >= 0 && !strchr(name, '/') && name[0] != '.') {
        keep(&prints, &print, bytes, n);
    }
    if (print.file_fd >= 0) {
        close(print.file_fd);
    }
    if (prints.folder_fd >= 0) {
        close(prints.folder_fd);
    }
}

/* Those who print are dead, or about to die: what they have said is in the pipes. */
static void drain(struct prints *prints)
{
    struct epoll_event ready;

    for (int rounds = 0; rounds < 1000 && prints->all; rounds++) {
        if (epoll_wait(prints->epoll_fd, &ready, 1, 0) <= 0) {
            return;
        }
        prints_pump(prints);
    }
}

void prints_close(struct prints *prints)
{
    drain(prints);
    while (prints->all) {
        forget(prints, prints->all);
    }
    if (prints->folder_fd >= 0) {
        close(prints->folder_fd);
    }
    if (prints->epoll_fd >= 0) {
        close(prints->epoll_fd);
    }
    free(prints);
}
