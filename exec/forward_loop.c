/*
 * One epoll loop over listeners, streams with a buffer for each direction, and for datagrams one
 * socket per peer, so that answers find their way back. It must never block on any of them.
 */
#include "exec/forward_loop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 32768,
    DATAGRAM_BYTES = 65536,
    PEER_IDLE_SEC = 90, /* moby, portmapper: UDPConnTrackTimeout */
    PEERS_MAX = 1024,   /* per listener: then the one that was idle longest has to go */
};

enum kind { KIND_ORDERS, KIND_LISTENER, KIND_END, KIND_PEER };

/* What an epoll event points to: always the first member. */
struct watched {
    enum kind kind;
    int fd;
};

struct listener {
    struct watched watched;
    struct forward_rule rule;
    struct stream *streams;
    struct peer *peers;
    int n_peers;
    struct listener *next;
};

struct end {
    struct watched watched;
    struct stream *stream;
    char bytes[BUFFER_BYTES]; /* read here, to be written to the other end */
    size_t begin, length;
    bool ended;  /* nothing more will be read here */
    bool closed; /* the other end was told so */
    uint32_t events;
};

struct stream {
    struct listener *listener;
    struct end ends[2]; /* the client's, the container's */
    bool connecting, dead;
    struct stream *next;
};

struct peer {
    struct watched watched;
    struct listener *listener;
    struct sockaddr_in address;
    time_t used;
    bool dead;
    struct peer *next;
};

static int epoll_fd;
static struct listener *listeners;

static void *new (size_t size)
{
    void *memory = calloc(1, size);

    assert(memory);
    return memory;
}

static int watch(struct watched *watched, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watched};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, watched->fd, &event);
}

static struct sockaddr_in address_of(uint32_t address, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static int connected_socket(int type, const struct forward_rule *rule)
{
    struct sockaddr_in to = address_of(rule->address, rule->port);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- streams ---- */

/* Freed after the round of events: others of them may still point here. */
static void kill_stream(struct stream *stream)
{
    if (!stream->dead) {
        stream->dead = true;
        close(stream->ends[0].watched.fd);
        close(stream->ends[1].watched.fd);
    }
}

static void want(struct stream *stream, int side)
{
    struct end *end = &stream->ends[side], *other = &stream->ends[!side];
    struct epoll_event event = {.data.ptr = &end->watched};

    if (!end->ended && end->length == 0 && !(stream->connecting && side == 1)) {
        event.events |= EPOLLIN;
    }
    if (other->length > 0 || (stream->connecting && side == 1)) {
        event.events |= EPOLLOUT;
    }
    /* The end of a connection is told whether it is wanted or not, over and over: so not even
     * watched while nothing is wanted. */
    if (event.events != end->events) {
        epoll_ctl(epoll_fd,
                  end->events == 0    ? EPOLL_CTL_ADD
                  : event.events == 0 ? EPOLL_CTL_DEL
                                      : EPOLL_CTL_MOD,
                  end->watched.fd, &event);
        end->events = event.events;
    }
}

static bool cannot_wait(ssize_t n)
{
    return n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}

static void fill(struct end *end)
{
    ssize_t n;

    if (end->ended || end->length > 0) {
        return;
    }
    n = recv(end->watched.fd, end->bytes, sizeof end->bytes, 0);
    if (n > 0) {
        end->begin = 0;
        end->length = (size_t)n;
    } else if (n == 0 || cannot_wait(n)) {
        end->ended = true;
        if (n < 0) {
            kill_stream(end->stream);
        }
    }
}

/* Writes what was read at `from` to the other end, and passes its end on. */
static void drain(struct end *from, struct end *to)
{
    while (from->length > 0) {
        ssize_t n = send(to->watched.fd, from->bytes + from->begin, from->length, MSG_NOSIGNAL);

        if (n < 0) {
            if (cannot_wait(n)) {
                kill_stream(from->stream);
            }
            return;
        }
        from->begin += (size_t)n;
        from->length -= (size_t)n;
    }
    if (from->ended && !from->closed) {
        from->closed = true;
        shutdown(to->watched.fd, SHUT_WR);
    }
}

static void finish_connecting(struct stream *stream)
{
    int error = 0;
    socklen_t size = sizeof error;

    getsockopt(stream->ends[1].watched.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    stream->connecting = false;
    if (error) {
        kill_stream(stream);
    }
}

static void carry(struct end *end, uint32_t events)
{
    struct stream *stream = end->stream;
    int side = end == &stream->ends[1];

    if (stream->dead) {
        return;
    }
    if (stream->connecting && side == 1) {
        finish_connecting(stream);
    }
    if (!stream->dead && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        fill(end);
    }
    for (int i = 0; i < 2 && !stream->dead && !stream->connecting; i++) {
        drain(&stream->ends[i], &stream->ends[!i]);
    }
    if (!stream->dead && stream->ends[0].closed && stream->ends[1].closed) {
        kill_stream(stream);
    }
    for (int i = 0; i < 2 && !stream->dead; i++) {
        want(stream, i);
    }
}

static void accept_stream(struct listener *listener)
{
    int client = accept4(listener->watched.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int target = client >= 0 ? connected_socket(SOCK_STREAM, &listener->rule) : -1;
    const int fds[2] = {client, target}, one = 1;
    struct stream *stream;

    if (target < 0) {
        if (client >= 0) {
            close(client);
        }
        return;
    }
    stream = new (sizeof *stream);
    stream->listener = listener;
    stream->connecting = true;
    stream->next = listener->streams;
    listener->streams = stream;
    for (int i = 0; i < 2; i++) {
        struct end *end = &stream->ends[i];

        setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        end->watched = (struct watched){KIND_END, fds[i]};
        end->stream = stream;
        end->events = i == 0 ? EPOLLIN : EPOLLOUT;
        watch(&end->watched, end->events);
    }
}

/* ---- datagrams ---- */

static void kill_peer(struct peer *peer)
{
    if (!peer->dead) {
        peer->dead = true;
        peer->listener->n_peers--;
        close(peer->watched.fd);
    }
}

static struct peer *add_peer(struct listener *listener, const struct sockaddr_in *address)
{
    int fd = connected_socket(SOCK_DGRAM, &listener->rule);
    struct peer *peer;

    if (fd < 0) {
        return NULL;
    }
    peer = new (sizeof *peer);
    *peer = (struct peer){{KIND_PEER, fd}, listener, *address, 0, false, listener->peers};
    listener->peers = peer;
    listener->n_peers++;
    watch(&peer->watched, EPOLLIN);
    return peer;
}

static struct peer *find_peer(struct listener *listener, const struct sockaddr_in *address)
{
    struct peer *oldest = NULL;

    for (struct peer *peer = listener->peers; peer; peer = peer->next) {
        if (peer->dead) {
            continue;
        }
        if (peer->address.sin_addr.s_addr == address->sin_addr.s_addr &&
            peer->address.sin_port == address->sin_port) {
            return peer;
        }
        if (!oldest || peer->used < oldest->used) {
            oldest = peer;
        }
    }
    if (listener->n_peers >= PEERS_MAX) {
        kill_peer(oldest);
    }
    return add_peer(listener, address);
}

static void take_datagram(struct listener *listener)
{
    static char bytes[DATAGRAM_BYTES];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(listener->watched.fd, bytes, sizeof bytes, MSG_DONTWAIT,
                         (struct sockaddr *)&from, &size);
    struct peer *peer = n >= 0 ? find_peer(listener, &from) : NULL;

    if (peer) {
        peer->used = time(NULL);
        send(peer->watched.fd, bytes, (size_t)n, MSG_NOSIGNAL);
    }
}

static void return_datagram(struct peer *peer)
{
    static char bytes[DATAGRAM_BYTES];
    ssize_t n = peer->dead ? -1 : recv(peer->watched.fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n >= 0) {
        peer->used = time(NULL);
        sendto(peer->listener->watched.fd, bytes, (size_t)n, MSG_NOSIGNAL,
               (struct sockaddr *)&peer->address, sizeof peer->address);
    }
}

/* ---- listeners and orders ---- */

static int add_rule(const struct forward_rule *rule)
{
    bool tcp = rule->protocol == PROTOCOL_TCP;
    struct sockaddr_in here = address_of(INADDR_ANY, rule->host_port);
    int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int one = 1;
    struct listener *listener;
    int why;

    /* Connections of the one before may linger; two listeners it does not allow. */
    if (fd >= 0 && tcp) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    }
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) != 0 ||
        (tcp && listen(fd, 128) != 0)) {
        why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return why;
    }
    listener = new (sizeof *listener);
    listener->watched = (struct watched){KIND_LISTENER, fd};
    listener->rule = *rule;
    listener->next = listeners;
    listeners = listener;
    return watch(&listener->watched, EPOLLIN) == 0 ? 0 : errno;
}

/* Frees the dead of a listener, or all. */
static void sweep(struct listener *listener, bool all)
{
    time_t now = time(NULL);

    for (struct stream **link = &listener->streams, *stream; (stream = *link);) {
        if (all) {
            kill_stream(stream);
        }
        if (stream->dead) {
            *link = stream->next;
            free(stream);
        } else {
            link = &stream->next;
        }
    }
    for (struct peer **link = &listener->peers, *peer; (peer = *link);) {
        if (all || peer->used + PEER_IDLE_SEC < now) {
            kill_peer(peer);
        }
        if (peer->dead) {
            *link = peer->next;
            free(peer);
        } else {
            link = &peer->next;
        }
    }
}

static int remove_rule(const struct forward_rule *rule)
{
    for (struct listener **link = &listeners, *listener; (listener = *link);
         link = &listener->next) {
        if (listener->rule.protocol == rule->protocol &&
            listener->rule.host_port == rule->host_port &&
            listener->rule.address == rule->address) {
            *link = listener->next;
            sweep(listener, true);
            close(listener->watched.fd);
            free(listener);
            return 0;
        }
    }
    return ENOENT;
}

/* False when the starter is gone. */
static bool take_order(void)
{
    struct forward_order order;
    ssize_t n = recv(FORWARD_FD, &order, sizeof order, 0);
    int answer;

    if (n < 0 && errno == EINTR) {
        return true;
    }
    if (n != (ssize_t)sizeof order) {
        return false;
    }
    answer = order.add ? add_rule(&order.rule) : remove_rule(&order.rule);
    return send(FORWARD_FD, &answer, sizeof answer, MSG_NOSIGNAL) == (ssize_t)sizeof answer;
}

static void serve(struct watched *watched, uint32_t events)
{
    struct listener *listener;

    switch (watched->kind) {
    case KIND_LISTENER:
        listener = (struct listener *)watched;
        if (listener->rule.protocol == PROTOCOL_TCP) {
            accept_stream(listener);
        } else {
            take_datagram(listener);
        }
        break;
    case KIND_END:
        carry((struct end *)watched, events);
        break;
    case KIND_PEER:
        return_datagram((struct peer *)watched);
        break;
    case KIND_ORDERS:
        break; /* after the others: it frees what they point to */
    }
}

void forward_loop(void)
{
    struct watched orders = {KIND_ORDERS, FORWARD_FD};
    struct epoll_event events[64];
    bool ordered, living = true;

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0 || watch(&orders, EPOLLIN) != 0) {
        return;
    }
    while (living) {
        int n = epoll_wait(epoll_fd, events, 64, PEER_IDLE_SEC * 1000);

        ordered = false;
        for (int i = 0; i < n; i++) {
            ordered |= events[i].data.ptr == &orders;
            serve(events[i].data.ptr, events[i].events);
        }
        for (struct listener *listener = listeners; listener; listener = listener->next) {
            sweep(listener, false);
        }
        if (ordered) {
            living = take_order();
        }
    }
}
