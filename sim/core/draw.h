/*
 * Random numbers by name. A draw is a pure function of (seed, purpose, entity, n): asking for one
 * never changes another, so two runs that differ in one thing share all other draws (common random
 * numbers). The generator is the finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable
 * pseudorandom number generators", OOPSLA 2014) applied to each word of the key in turn.
 */
#ifndef BERTH_CORE_DRAW_H
#define BERTH_CORE_DRAW_H

#include <stdint.h>

/* What a draw is for. A number once given to a purpose is never given to another: append only. */
enum draw_purpose {
    DRAW_PLACEMENT_RANDOM = 1, /* entity: task, n: attempt */
    DRAW_VICTIM_RANDOM = 2,    /* entity: service, n: stops so far */
    DRAW_PLACEMENT_LOT = 3,    /* entity: task, n: instance */
    DRAW_HEARTBEAT = 4,        /* entity: instance, n: connection */
    DRAW_TERMINATION = 5,      /* entity: group, n: instances chosen so far */
    DRAW_BOOT = 16,            /* entity: instance; from here on the model's */
    DRAW_REGISTER = 17,        /* entity: instance */
    DRAW_PULL = 18,            /* entity: task * 16 + container */
    DRAW_CREATE = 19,
    DRAW_START = 20,
    DRAW_READY = 21,
    DRAW_WORK = 22,
    DRAW_STOP = 23,
    DRAW_MESSAGE = 24,  /* entity: instance, n: message number */
    DRAW_TEARDOWN = 25, /* entity: instance */
    DRAW_PERIOD = 26,   /* entity: task: where in a quota's period it begins */
    DRAW_SPOT = 27,     /* entity: instance */
    DRAW_TURNS = 28,    /* entity: task * 16 + container, n: twice the starts before; work: and 1 */
    DRAW_AGENT_TURN = 29, /* entity: instance, n: turns so far */
    DRAW_BESIDE = 30,     /* entity: task * 16 + container, n: its starts before */
    DRAW_OVERBALANCE =
        31,             /* entity: times before, n: 0: which line, 1: whether one is alone, else */
    DRAW_STEP = 64,     /* to 191: waits and CPU times of enum cost_step, two each */
    DRAW_VM_STEP = 192, /* to 223: of enum vm_step, likewise */
    DRAW_ARRIVAL = 224, /* entity: source of load, n: request */
    DRAW_SERVICE = 225, /* entity: target group, n: request */
    DRAW_PAUSE = 226,   /* likewise, what is not CPU time */
    DRAW_ROUTE = 227,   /* entity: source of load, n: request */
};

/* The mixing step alone: also used for digests. */
static inline uint64_t draw_mix(uint64_t word)
{
    word += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* 64 uniform bits for the key. */
uint64_t draw_bits(uint64_t seed, enum draw_purpose purpose, int64_t entity, int64_t n);

/* The same in two halves, for whoever draws millions for one entity: draw_bits(seed, purpose,
 * entity, n) is draw_next(draw_stream(seed, purpose, entity), n). */
uint64_t draw_stream(uint64_t seed, enum draw_purpose purpose, int64_t entity);

static inline uint64_t draw_next(uint64_t stream, int64_t n)
{
    return draw_mix(stream ^ (uint64_t)n);
}

/* A uniform number in [0, bound), without bias. `bound` is at least 1. */
uint64_t draw_below(uint64_t seed, enum draw_purpose purpose, int64_t entity, int64_t n,
                    uint64_t bound);

/* The same from a key's bits. */
uint64_t draw_bits_below(uint64_t bits, uint64_t bound);

#endif
