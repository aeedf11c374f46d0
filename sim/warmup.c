/*
 * Whole numbers throughout, compared by cross-multiplication, so that the answer is the same on every machine.
 */
#include "warmup.h"

#define BATCH 5

__extension__ typedef __int128 wide;

/* The squared error of the mean of what is left, times what all of them share: sum of (y - mean)^2 / m^2 with m
 * values left is (m * sum y^2 - (sum y)^2) / m^3. */
struct error {
    wide above;
    int64_t below;
};

static bool is_less(const struct error *a, const struct error *b)
{
    /* both sides stay far below 2^127: above < 2^105, below < 2^20 */
    return a->above * b->below < b->above * a->below;
}

int warmup_mser5(const int64_t *values, int n)
{
    int n_batches = n / BATCH, best = 0;
    wide sum = 0, squares = 0;
    struct error least = {0, 0};

    if (n < 4 * BATCH)
        return 0;
    /* from the end: each step drops one batch less */
    for (int first = n_batches - 1; first >= 0; first--) {
        int64_t left = n_batches - first;
        wide batch = 0;
        struct error error;

        for (int i = 0; i < BATCH; i++)
            batch += values[first * BATCH + i];
        sum += batch;
        squares += batch * batch;
        if (first > n_batches / 2)
            continue;
        error = (struct error){left * squares - sum * sum, left * left * left};
        if (least.below == 0 || !is_less(&least, &error)) {
            least = error;
            best = first;
        }
    }
    return best * BATCH;
}

/* What one task adds to the parts that it runs in. */
static void add_task(int64_t sums[WARMUP_PARTS], int64_t from_usec, int64_t to_usec,
                     int64_t end_usec)
{
    for (int part = (int)((wide)from_usec * WARMUP_PARTS / end_usec); part < WARMUP_PARTS; part++) {
        int64_t begin = (int64_t)((wide)end_usec * part / WARMUP_PARTS);
        int64_t end = (int64_t)((wide)end_usec * (part + 1) / WARMUP_PARTS);
        int64_t from = from_usec > begin ? from_usec : begin;
        int64_t to = to_usec < end ? to_usec : end;

        if (begin >= to_usec)
            return;
        if (to > from)
            sums[part] += (to - from) * 1000 / (end - begin);
    }
}

void warmup_add(int64_t sums[WARMUP_PARTS], const struct story *story, int64_t end_usec)
{
    if (end_usec < WARMUP_PARTS)
        return;
    for (int i = 0; i < story->n_tasks; i++) {
        int64_t from_usec = story->tasks[i].running_at_usec;
        int64_t to_usec = story->tasks[i].stopped_at_usec;

        if (from_usec < end_usec)
            add_task(sums, from_usec, to_usec < end_usec ? to_usec : end_usec, end_usec);
    }
}

int64_t warmup_usec(const int64_t sums[WARMUP_PARTS], int64_t end_usec)
{
    return (int64_t)((wide)end_usec * warmup_mser5(sums, WARMUP_PARTS) / WARMUP_PARTS);
}
