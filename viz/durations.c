/*
 * Both distances walk once through both sorted samples, in whole numbers. It must never know what took so long.
 */
#include "viz/durations.h"

#include "core/array.h"

#include <stdbool.h>
#include <stdlib.h>

__extension__ typedef __int128 wide;

void durations_add(struct durations *durations, int64_t usec)
{
    *ARRAY_ADD(durations, usec) = usec;
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

void durations_sort(struct durations *durations)
{
    if (durations->n_usec > 1)
        qsort(durations->usec, (size_t)durations->n_usec, sizeof *durations->usec, compare_times);
}

int64_t durations_quantile(const struct durations *durations, int permille)
{
    int64_t rank = ((int64_t)durations->n_usec * permille + 999) / 1000;
    if (durations->n_usec == 0)
        return 0;
    return durations->usec[rank > 0 ? rank - 1 : 0];
}

int64_t durations_median(const struct durations *durations)
{
    int n = durations->n_usec;
    if (n == 0)
        return 0;
    int64_t low = durations->usec[(n - 1) / 2], high = durations->usec[n / 2];
    return low + (high - low) / 2;
}

/* A place in both samples: what has been passed, and the next value of either. */
struct walk {
    const struct durations *a, *b;
    int i, j;
    int64_t at_usec;
};

/* Goes on to the next different value. */
static bool step(struct walk *walk)
{
    bool more_a = walk->i < walk->a->n_usec, more_b = walk->j < walk->b->n_usec;
    if (!more_a && !more_b)
        return false;
    if (more_a && (!more_b || walk->a->usec[walk->i] <= walk->b->usec[walk->j]))
        walk->at_usec = walk->a->usec[walk->i];
    else
        walk->at_usec = walk->b->usec[walk->j];
    while (walk->i < walk->a->n_usec && walk->a->usec[walk->i] == walk->at_usec)
        walk->i++;
    while (walk->j < walk->b->n_usec && walk->b->usec[walk->j] == walk->at_usec)
        walk->j++;
    return true;
}

/* The difference of the distribution functions there, times both sizes. */
static int64_t gap(const struct walk *walk)
{
    return llabs((int64_t)walk->i * walk->b->n_usec - (int64_t)walk->j * walk->a->n_usec);
}

int64_t durations_wasserstein_usec(const struct durations *a, const struct durations *b)
{
    struct walk walk = {.a = a, .b = b};
    wide area = 0;
    if (a->n_usec == 0 || b->n_usec == 0)
        return -1;
    step(&walk);
    for (;;) {
        int64_t from_usec = walk.at_usec, height = gap(&walk);
        if (!step(&walk))
            break;
        area += (wide)height * (walk.at_usec - from_usec);
    }
    return (int64_t)(area / ((wide)a->n_usec * b->n_usec));
}

int durations_smirnov_permille(const struct durations *a, const struct durations *b)
{
    struct walk walk = {.a = a, .b = b};
    int64_t most = 0, all = (int64_t)a->n_usec * b->n_usec;
    if (all == 0)
        return -1;
    while (step(&walk))
        most = gap(&walk) > most ? gap(&walk) : most;
    return (int)(((wide)most * 2000 + all) / (2 * (wide)all));
}

void durations_finish(struct durations *durations)
{
    free(durations->usec);
    *durations = (struct durations){0};
}
