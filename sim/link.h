/*
 * The connections between the scheduler and its agents, in virtual time: a message takes its latency,
 * arrives in the order of sending, and waits where the connection is cut. Both ends of a cut notice at
 * once, as with a closed socket. Never looks into a message but to tell a heartbeat.
 */
#ifndef BERTH_LINK_H
#define BERTH_LINK_H

#include "core/message.h"
#include "file/scenario.h"
#include "fleet.h"
#include "queue.h"

enum link_what {
    LINK_TO_AGENT = FLEET_WHATS, /* id: letter */
    LINK_TO_SCHEDULER,           /* id: letter */
    LINK_AGENT_NOTICES,          /* id: instance, and below: its link has been cut */
    LINK_SCHEDULER_NOTICES,
    LINK_RESTORED, /* a cut is over */
    LINK_RETRIED,  /* the agent has connected anew by itself */
    LINK_RELEASED, /* the next of the letters that were held */
    LINK_WHATS,
};

/* A message on its way or held; `next` of those held, or of the free places. */
struct letter {
    struct message message;
    int32_t instance;
    int32_t next;
    bool to_agent;
};

struct link {
    int64_t down_usec, up_usec; /* the last arrival at the agent, at the scheduler */
    int64_t cut_until_usec;     /* 0: it is not cut */
    int32_t first_held, last_held;
    int32_t first_unsent, last_unsent; /* what its agent has said and not sent yet */
    int32_t n_sent;
};

struct links {
    const struct scenario *scenario;
    uint64_t luck;
    struct queue *queue;
    struct link *list; /* by instance */
    int n_list, cap_list;
    struct letter *letters;
    int n_letters, cap_letters;
    int32_t free_letter;
    int64_t scheduler_usec; /* until then it is busy with messages */
    int32_t n_taken;        /* messages that the scheduler has taken */
    int32_t delivered;      /* the letter whose message the last event was, or ID_NONE */
    int64_t n_heartbeats;   /* on their way: entries of the queue that lead to nothing */
};

void links_init(struct links *links, const struct scenario *scenario, uint64_t luck,
                struct queue *queue);
void links_finish(struct links *links);

/* The link of the next instance. */
void links_add(struct links *links);

/* A copy of the message leaves in `extra_usec`, and never overtakes what was sent before it. */
void links_send(struct links *links, int64_t now_usec, int32_t instance, bool to_agent,
                int64_t extra_usec, const struct message *message);

/* A copy of the message from an agent leaves with links_flush(). */
void links_say(struct links *links, int32_t instance, const struct message *message);
void links_flush(struct links *links, int64_t now_usec, int32_t instance);

/* Cuts the link for so long (USEC_NEVER: until links_restore()), or longer than it is cut already. */
void links_cut(struct links *links, int64_t now_usec, int32_t instance, int64_t for_usec);

/* The agent wants to connect anew: it can, unless the link is cut. */
void links_reconnect(struct links *links, int64_t now_usec, int32_t instance);

/* No link is cut any more. */
void links_restore(struct links *links, int64_t now_usec);

/* The instance is gone, and what it still had to say or to hear. */
void links_lose(struct links *links, int32_t instance);

/* Makes of a queue entry the event that it is for a machine: an agent, or the scheduler (`*machine`
 * ID_NONE). False where it concerns nobody now. The event is valid until the next call. */
bool links_event(struct links *links, const struct queue_entry *entry, int32_t *machine,
                 struct message *event);

/* What it will probably be to the scheduler, or NULL. */
const struct message *links_foresee(const struct links *links, const struct queue_entry *entry);

#endif
