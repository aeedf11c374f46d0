/*
 * Letters go through the event queue; one that comes while its link is cut, or while others of that
 * link are still held, is put behind them. After the cut they come out one by one, so that both
 * directions keep their order.
 */
#include "link.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>

void links_init(struct links *links, const struct scenario *scenario, uint64_t luck,
                struct queue *queue)
{
    *links = (struct links){.scenario = scenario,
                            .luck = luck,
                            .queue = queue,
                            .free_letter = ID_NONE,
                            .delivered = ID_NONE};
}

void links_finish(struct links *links)
{
    for (int32_t i = links->free_letter; i != ID_NONE; i = links->letters[i].next)
        links->letters[i].message = message_new(MESSAGE_TICK);
    for (int i = 0; i < links->n_letters; i++)
        message_finish(&links->letters[i].message);
    free(links->letters);
    free(links->list);
    *links = (struct links){0};
}

void links_add(struct links *links)
{
    *ARRAY_ADD(links, list) = (struct link){.first_held = ID_NONE,
                                            .last_held = ID_NONE,
                                            .first_unsent = ID_NONE,
                                            .last_unsent = ID_NONE};
}

/* Letters --------------------------------------------------------------------------------------- */

static int32_t new_letter(struct links *links, int32_t instance, bool to_agent,
                          const struct message *message)
{
    int32_t id = links->free_letter;

    if (id == ID_NONE) {
        ARRAY_ADD(links, letters);
        id = links->n_letters - 1;
    } else {
        links->free_letter = links->letters[id].next;
    }
    links->letters[id] = (struct letter){.instance = instance, .to_agent = to_agent};
    message_copy(&links->letters[id].message, message);
    return id;
}

static void free_letter(struct links *links, int32_t id)
{
    message_finish(&links->letters[id].message);
    links->letters[id].next = links->free_letter;
    links->free_letter = id;
}

static void free_delivered(struct links *links)
{
    if (links->delivered != ID_NONE)
        free_letter(links, links->delivered);
    links->delivered = ID_NONE;
}

static int64_t sum_of(struct step_draw drawn)
{
    return drawn.wait_usec + drawn.cpu_usec;
}

static int64_t message_usec(const struct links *links, int32_t instance, struct link *link)
{
    return sum_of(
        costs_draw(&links->scenario->costs, COST_MESSAGE, links->luck, instance, link->n_sent++));
}

/* When the scheduler has taken a message that comes at that time: one after the other. On a host of
 * one's own its thread stands in the fleet. */
static int64_t taken_usec(struct links *links, int64_t at_usec)
{
    const struct step_cost *cost = &links->scenario->costs.steps[COST_SCHEDULER_EVENT];

    if ((distribution_is_zero(&cost->wait) && distribution_is_zero(&cost->cpu)) ||
        !links->scenario->costs.contention || links->scenario->costs.host_cpu > 0)
        return at_usec;
    if (at_usec < links->scheduler_usec)
        at_usec = links->scheduler_usec;
    at_usec += sum_of(costs_draw(&links->scenario->costs, COST_SCHEDULER_EVENT, links->luck, 0,
                                 links->n_taken++));
    links->scheduler_usec = at_usec;
    return at_usec;
}

static void send_letter(struct links *links, int64_t now_usec, int64_t extra_usec, int32_t letter)
{
    int32_t instance = links->letters[letter].instance;
    bool to_agent = links->letters[letter].to_agent;
    struct link *link = &links->list[instance];
    int64_t *last_usec = to_agent ? &link->down_usec : &link->up_usec;
    int64_t at_usec = now_usec + extra_usec + message_usec(links, instance, link);

    if (!to_agent)
        at_usec = taken_usec(links, at_usec);
    if (at_usec < *last_usec)
        at_usec = *last_usec;
    *last_usec = at_usec;
    links->n_heartbeats += links->letters[letter].message.kind == MESSAGE_HEARTBEAT;
    queue_push(links->queue, at_usec, to_agent ? LINK_TO_AGENT : LINK_TO_SCHEDULER, letter);
}

void links_send(struct links *links, int64_t now_usec, int32_t instance, bool to_agent,
                int64_t extra_usec, const struct message *message)
{
    send_letter(links, now_usec, extra_usec, new_letter(links, instance, to_agent, message));
}

void links_say(struct links *links, int32_t instance, const struct message *message)
{
    struct link *link = &links->list[instance];
    int32_t letter = new_letter(links, instance, false, message);

    links->letters[letter].next = ID_NONE;
    if (link->first_unsent == ID_NONE)
        link->first_unsent = letter;
    else
        links->letters[link->last_unsent].next = letter;
    link->last_unsent = letter;
}

void links_flush(struct links *links, int64_t now_usec, int32_t instance)
{
    struct link *link = &links->list[instance];

    while (link->first_unsent != ID_NONE) {
        int32_t letter = link->first_unsent;

        link->first_unsent = links->letters[letter].next;
        send_letter(links, now_usec, 0, letter);
    }
}

static bool deliver(struct links *links, int32_t id, int32_t *machine, struct message *event)
{
    links->delivered = id;
    *machine = links->letters[id].to_agent ? links->letters[id].instance : ID_NONE;
    *event = links->letters[id].message;
    return true;
}

/* Cuts ------------------------------------------------------------------------------------------ */

static bool is_cut(const struct link *link)
{
    return link->cut_until_usec > 0;
}

void links_cut(struct links *links, int64_t now_usec, int32_t instance, int64_t for_usec)
{
    struct link *link = &links->list[instance];
    int64_t until_usec = for_usec < USEC_NEVER - now_usec ? now_usec + for_usec : USEC_NEVER;

    if (!is_cut(link)) {
        queue_push(links->queue, now_usec, LINK_AGENT_NOTICES, instance);
        queue_push(links->queue, now_usec, LINK_SCHEDULER_NOTICES, instance);
    }
    if (until_usec <= link->cut_until_usec)
        return;
    link->cut_until_usec = until_usec;
    if (until_usec != USEC_NEVER)
        queue_push(links->queue, until_usec, LINK_RESTORED, instance);
}

void links_reconnect(struct links *links, int64_t now_usec, int32_t instance)
{
    struct link *link = &links->list[instance];
    int64_t usec = message_usec(links, instance, link);

    queue_push(links->queue, now_usec + usec, LINK_RETRIED, instance);
}

void links_restore(struct links *links, int64_t now_usec)
{
    for (int i = 0; i < links->n_list; i++) {
        if (!is_cut(&links->list[i]))
            continue;
        links->list[i].cut_until_usec = now_usec;
        queue_push(links->queue, now_usec, LINK_RESTORED, i);
    }
}

static void drop_letters(struct links *links, int32_t *first)
{
    while (*first != ID_NONE) {
        int32_t next = links->letters[*first].next;

        free_letter(links, *first);
        *first = next;
    }
}

void links_lose(struct links *links, int32_t instance)
{
    drop_letters(links, &links->list[instance].first_held);
    drop_letters(links, &links->list[instance].first_unsent);
}

static void hold(struct links *links, struct link *link, int32_t id)
{
    links->letters[id].next = ID_NONE;
    if (link->first_held == ID_NONE)
        link->first_held = id;
    else
        links->letters[link->last_held].next = id;
    link->last_held = id;
}

static bool arrive(struct links *links, int32_t id, int32_t *machine, struct message *event)
{
    struct link *link = &links->list[links->letters[id].instance];

    links->n_heartbeats -= links->letters[id].message.kind == MESSAGE_HEARTBEAT;
    if (is_cut(link) || link->first_held != ID_NONE) {
        hold(links, link, id);
        return false;
    }
    return deliver(links, id, machine, event);
}

static bool release(struct links *links, const struct queue_entry *entry, int32_t *machine,
                    struct message *event)
{
    struct link *link = &links->list[entry->id];
    int32_t id = link->first_held;

    if (id == ID_NONE || is_cut(link))
        return false;
    link->first_held = links->letters[id].next;
    if (link->first_held != ID_NONE)
        queue_push(links->queue, entry->at_usec, LINK_RELEASED, entry->id);
    return deliver(links, id, machine, event);
}

/* Tells the agent that it is connected, then lets out what was held. */
static bool connect_agent(struct links *links, const struct queue_entry *entry,
                          struct message *event)
{
    struct link *link = &links->list[entry->id];

    if (entry->what == LINK_RESTORED && entry->at_usec == link->cut_until_usec)
        link->cut_until_usec = 0;
    else if (entry->what == LINK_RESTORED || is_cut(link))
        return false;
    if (link->first_held != ID_NONE)
        queue_push(links->queue, entry->at_usec, LINK_RELEASED, entry->id);
    *event = message_new(MESSAGE_CONNECTED);
    return true;
}

bool links_event(struct links *links, const struct queue_entry *entry, int32_t *machine,
                 struct message *event)
{
    free_delivered(links);
    *machine = entry->id;
    switch (entry->what) {
    case LINK_TO_AGENT:
    case LINK_TO_SCHEDULER:
        return arrive(links, entry->id, machine, event);
    case LINK_AGENT_NOTICES:
        *event = message_new(MESSAGE_DISCONNECTED);
        return true;
    case LINK_SCHEDULER_NOTICES:
        *machine = ID_NONE;
        *event = message_new(MESSAGE_AGENT_DISCONNECTED);
        event->as.agent_disconnected.instance = entry->id;
        return true;
    case LINK_RESTORED:
    case LINK_RETRIED:
        return connect_agent(links, entry, event);
    case LINK_RELEASED:
        return release(links, entry, machine, event);
    }
    assert(!"a link's entry");
    return false;
}

const struct message *links_foresee(const struct links *links, const struct queue_entry *entry)
{
    return entry->what == LINK_TO_SCHEDULER ? &links->letters[entry->id].message : NULL;
}
