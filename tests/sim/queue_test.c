/*
 * The event queue against the plainest reference there is: a sorted list. Order is by time, then by
 * the order of putting in, whatever the times look like.
 */
#include "core/draw.h"
#include "core/unit.h"
#include "queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct reference {
    struct queue_entry *entries; /* in order */
    int n;
};

static void reference_push(struct reference *reference, struct queue_entry entry)
{
    int at = reference->n++;

    reference->entries =
        realloc(reference->entries, (size_t)reference->n * sizeof *reference->entries);
    for (; at > 0 && reference->entries[at - 1].at_usec > entry.at_usec; at--)
        reference->entries[at] = reference->entries[at - 1];
    reference->entries[at] = entry;
}

static struct queue_entry reference_pop(struct reference *reference)
{
    struct queue_entry first = reference->entries[0];

    memmove(reference->entries, reference->entries + 1,
            (size_t)--reference->n * sizeof *reference->entries);
    return first;
}

/* How far ahead the next one lies: each shape strains another part. */
static int64_t delay(int shape, uint64_t seed, int i)
{
    uint64_t bits = draw_bits(seed, DRAW_WORK, i, shape);

    switch (shape) {
    case 0: /* all at once */
        return 0;
    case 1: /* few times, many ties */
        return (int64_t)(bits % 4);
    case 2: /* near */
        return (int64_t)(bits % 1000);
    case 3: /* every scale alike */
        return (int64_t)(bits >> (2 + bits % 62)) >> 2;
    case 4: /* bursts: a far time for all, then hardly any step */
        return i % 200 == 0 ? 60000000 : (int64_t)(bits % 3);
    case 5: /* round times, as in scenarios */
        return (int64_t)(bits % 20) * USEC_PER_SEC;
    default: /* zero delays between far ones */
        return bits % 2 ? 0 : (int64_t)(bits % 100000000);
    }
}

/* What it foresees is what comes. Returns how much it does. */
static int expect_foreseen(const struct queue *queue, const struct reference *reference)
{
    struct queue_entry entry;
    int n = 0;

    while (queue_foresee(queue, n, &entry)) {
        cr_assert(n < reference->n);
        cr_assert(entry.id == reference->entries[n].id &&
                  entry.at_usec == reference->entries[n].at_usec);
        n++;
    }
    return n;
}

static void play(int shape, uint64_t seed)
{
    struct queue queue;
    struct reference reference = {0};
    struct queue_entry got, want;
    int64_t now = 0, n_foreseen = 0;

    queue_init(&queue);
    for (int i = 0; i < 6000; i++) {
        bool growing = i % 1500 < 800;
        bool push =
            reference.n == 0 || draw_below(seed, DRAW_START, i, shape, 10) < (growing ? 7 : 3);

        if (push) {
            want = (struct queue_entry){now + delay(shape, seed, i), (uint32_t)shape, i};
            if (want.at_usec > INT64_MAX / 4)
                continue;
            queue_push(&queue, want.at_usec, want.what, want.id);
            reference_push(&reference, want);
            continue;
        }
        n_foreseen += expect_foreseen(&queue, &reference);
        want = reference_pop(&reference);
        cr_assert(queue_pop(&queue, &got));
        cr_assert(got.at_usec == want.at_usec && got.id == want.id && got.what == want.what,
                  "shape %d seed %llu step %d: got %lld/%d, not %lld/%d", shape,
                  (unsigned long long)seed, i, (long long)got.at_usec, got.id,
                  (long long)want.at_usec, want.id);
        now = got.at_usec;
        cr_assert(queue.n_entries == reference.n);
    }
    while (reference.n > 0) {
        want = reference_pop(&reference);
        cr_assert(queue_pop(&queue, &got) && got.id == want.id && got.at_usec == want.at_usec);
    }
    cr_assert(!queue_pop(&queue, &got), "empty");
    cr_expect(n_foreseen > 0);
    free(reference.entries);
    queue_finish(&queue);
}

Test(queue, agrees_with_a_sorted_list)
{
    for (int shape = 0; shape < 7; shape++)
        for (uint64_t seed = 1; seed <= 12; seed++)
            play(shape, seed);
}

Test(queue, empty_gives_nothing)
{
    struct queue queue;
    struct queue_entry entry;

    queue_init(&queue);
    cr_assert(!queue_pop(&queue, &entry));
    queue_push(&queue, 5, 1, 2);
    cr_assert(queue_pop(&queue, &entry) && entry.at_usec == 5);
    cr_assert(!queue_pop(&queue, &entry));
    queue_push(&queue, 5, 1, 3);
    cr_assert(queue_pop(&queue, &entry) && entry.id == 3, "the time just taken is not past");
    queue_finish(&queue);
}

/* A million entries of one time, each of which puts one in at that time: no quadratic shifting. */
Test(queue, takes_crowds)
{
    struct queue queue;
    struct queue_entry entry;
    int32_t want = 0;

    queue_init(&queue);
    for (int32_t i = 0; i < 1000000; i++)
        queue_push(&queue, 77777777, 0, i);
    while (want < 1000000) {
        cr_assert(queue_pop(&queue, &entry) && entry.id == want++);
        queue_push(&queue, entry.at_usec, 0, entry.id + 1000000);
    }
    for (; want < 2000000; want++)
        cr_assert(queue_pop(&queue, &entry) && entry.id == want);
    queue_finish(&queue);
}
