/*
 * Few values, sorted when somebody asks.
 */
#include "exec/series.h"

#include <stdlib.h>
#include <string.h>

void series_add(struct series *series, int64_t value)
{
    if (series->n < SERIES_MOST) {
        series->values[series->n++] = value;
    }
}

void series_add_all(struct series *series, const int64_t *values, int n)
{
    for (int i = 0; i < n; i++) {
        series_add(series, values[i]);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static struct series sorted(const struct series *series)
{
    struct series copy = *series;

    qsort(copy.values, (size_t)copy.n, sizeof *copy.values, by_value);
    return copy;
}

static int64_t at(const struct series *series, int64_t permille)
{
    int64_t place = permille * (series->n - 1);
    int64_t below = series->values[place / 1000];
    int64_t above = series->values[place / 1000 + (place % 1000 > 0)];

    return below + (above - below) * (place % 1000) / 1000;
}

int64_t series_quantile(const struct series *series, int permille)
{
    struct series in_order = sorted(series);

    return series->n > 0 ? at(&in_order, permille) : 0;
}

int64_t series_mean(const struct series *series)
{
    int64_t sum = 0;

    for (int i = 0; i < series->n; i++) {
        sum += series->values[i];
    }
    return series->n > 0 ? sum / series->n : 0;
}

static struct series combine(const struct series *left, const struct series *right, int sign)
{
    struct series a = sorted(left), b = sorted(right), result = {.n = left->n};

    for (int i = 0; i < a.n; i++) {
        int64_t other = b.n > 0 ? at(&b, a.n > 1 ? (int64_t)i * 1000 / (a.n - 1) : 500) : 0;
        int64_t value = a.values[i] + sign * other;

        result.values[i] = value > 0 ? value : 0;
    }
    return result;
}

struct series series_minus(const struct series *left, const struct series *right)
{
    return combine(left, right, -1);
}

struct series series_plus(const struct series *left, const struct series *right)
{
    return combine(left, right, 1);
}

struct series series_middle(const struct rounds *rounds)
{
    const int n_dropped = rounds->n / 4;
    struct series result = {0};
    int rank;

    for (int i = 0; i < rounds->n; i++) {
        rank = 0;
        for (int k = 0; k < rounds->n; k++) {
            int64_t mine = series_quantile(&rounds->list[i], 500);
            int64_t other = series_quantile(&rounds->list[k], 500);

            rank += other < mine || (other == mine && k < i);
        }
        if (rank >= n_dropped && rank < rounds->n - n_dropped) {
            series_add_all(&result, rounds->list[i].values, rounds->list[i].n);
        }
    }
    return result;
}
