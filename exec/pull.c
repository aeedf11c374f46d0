/*
 * The worker and its two lists, under one lock: images in the order in which they were first asked
 * for; the worker goes through them, the agent collects behind it.
 */
#include "exec/pull.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    struct pulled pulled;
    char *layout;
    struct entry *next;
};

struct puller {
    char store[400], work_layer[420];
    char *work_program;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    int event_fd;
    bool closing;
    struct entry *first, **last; /* all, in order; never removed */
    struct entry *to_fetch;      /* the worker's next, NULL: none */
    struct entry *to_collect;    /* the agent's next; those before to_fetch are there */
};

static bool copy(const char *from, const char *to, struct err *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    ssize_t n = out < 0 ? -1 : 1;

    while (n > 0) {
        n = sendfile(out, in, NULL, 1 << 20);
    }
    if (n < 0 || fchmod(out, 0755) != 0) {
        n = -1;
        err_errno(err, errno, "cannot copy %s to %s", from, to);
    }
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    return n == 0;
}

static bool make_work_layer(const struct puller *puller, struct err *err)
{
    char path[sizeof puller->work_layer + 16];
    struct stat is;

    snprintf(path, sizeof path, "%s/berth-work", puller->work_layer);
    if (stat(path, &is) == 0) {
        return true;
    }
    if ((mkdir(puller->work_layer, 0755) != 0 && errno != EEXIST) ||
        chmod(puller->work_layer, 0755) != 0) {
        return err_errno(err, errno, "cannot make %s", puller->work_layer);
    }
    return copy(puller->work_program, path, err);
}

static bool is_tarball(const char *path)
{
    struct stat is;

    return stat(path, &is) == 0 && !S_ISDIR(is.st_mode);
}

static void fetch(const struct puller *puller, struct entry *entry)
{
    struct pulled *pulled = &entry->pulled;

    if (entry->layout == NULL) {
        pulled->ok =
            image_builtin(puller->store, NULL, puller->work_program, &pulled->image, &pulled->err);
    } else {
        pulled->ok = (is_tarball(entry->layout) ? image_tarball : image_unpack)(
                         entry->layout, puller->store, &pulled->image, &pulled->err) &&
                     make_work_layer(puller, &pulled->err);
    }
}

static void *work(void *argument)
{
    struct puller *puller = argument;
    const uint64_t one = 1;

    pthread_mutex_lock(&puller->lock);
    while (!puller->closing) {
        struct entry *entry = puller->to_fetch;

        if (entry == NULL) {
            pthread_cond_wait(&puller->wanted, &puller->lock);
            continue;
        }
        pthread_mutex_unlock(&puller->lock);
        fetch(puller, entry);
        pthread_mutex_lock(&puller->lock);
        puller->to_fetch = entry->next;
        if (write(puller->event_fd, &one, sizeof one) < 0) {
            abort(); /* a counter that cannot count to one */
        }
    }
    pthread_mutex_unlock(&puller->lock);
    return NULL;
}

bool pull_open(struct puller **out, const char *store, const char *work_program, struct err *err)
{
    struct puller *puller = calloc(1, sizeof *puller);
    sigset_t all, before;
    int result;

    assert(puller != NULL);
    snprintf(puller->store, sizeof puller->store, "%s", store);
    snprintf(puller->work_layer, sizeof puller->work_layer, "%s/berth-work", store);
    puller->work_program = strdup(work_program);
    puller->last = &puller->first;
    puller->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&puller->lock, NULL);
    pthread_cond_init(&puller->wanted, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = puller->event_fd < 0 ? errno : pthread_create(&puller->thread, NULL, work, puller);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        free(puller->work_program);
        free(puller);
        return err_errno(err, result, "cannot start the thread that unpacks images");
    }
    *out = puller;
    return true;
}

void pull_close(struct puller *puller)
{
    pthread_mutex_lock(&puller->lock);
    puller->closing = true;
    pthread_cond_signal(&puller->wanted);
    pthread_mutex_unlock(&puller->lock);
    pthread_join(puller->thread, NULL);
    while (puller->first) {
        struct entry *entry = puller->first;

        puller->first = entry->next;
        if (entry->pulled.ok) {
            image_finish(&entry->pulled.image);
        }
        free(entry->layout);
        free(entry);
    }
    close(puller->event_fd);
    free(puller->work_program);
    free(puller);
}

int pull_fd(const struct puller *puller)
{
    return puller->event_fd;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct entry *add(struct puller *puller, const char *layout)
{
    struct entry *entry = calloc(1, sizeof *entry);

    assert(entry != NULL);
    entry->layout = layout ? strdup(layout) : NULL;
    entry->pulled.layout = entry->layout;
    *puller->last = entry;
    puller->last = &entry->next;
    if (puller->to_fetch == NULL) {
        puller->to_fetch = entry;
    }
    if (puller->to_collect == NULL) {
        puller->to_collect = entry;
    }
    pthread_cond_signal(&puller->wanted);
    return entry;
}

const struct pulled *pull_image(struct puller *puller, const char *layout)
{
    struct entry *entry;
    bool fetched = true;

    pthread_mutex_lock(&puller->lock);
    for (entry = puller->first; entry && !same(entry->layout, layout); entry = entry->next) {
        fetched = fetched && entry != puller->to_collect;
    }
    fetched = entry && fetched && entry != puller->to_collect;
    if (!entry) {
        add(puller, layout);
    }
    pthread_mutex_unlock(&puller->lock);
    return fetched ? &entry->pulled : NULL;
}

const struct pulled *pull_next(struct puller *puller)
{
    struct entry *entry = NULL;
    uint64_t times;

    pthread_mutex_lock(&puller->lock);
    if (puller->to_collect != puller->to_fetch) {
        entry = puller->to_collect;
        puller->to_collect = entry->next;
    } else if (read(puller->event_fd, &times, sizeof times) < 0) {
        assert(errno == EAGAIN);
    }
    pthread_mutex_unlock(&puller->lock);
    return entry ? &entry->pulled : NULL;
}

const char *pull_work_layer(const struct puller *puller)
{
    return puller->work_layer;
}
