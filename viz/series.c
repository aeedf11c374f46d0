/*
 * Differences are sorted once and summed up. It must never know what it counts.
 */
#include "viz/series.h"

#include "core/array.h"
#include "viz/time_sort.h"

#include <stdlib.h>

void series_add(struct series *series, int64_t from_usec, int64_t to_usec, int64_t by)
{
    if (from_usec == USEC_NEVER || to_usec <= from_usec)
        return;
    *ARRAY_ADD(series, points) = (struct series_point){from_usec, by};
    if (to_usec != USEC_NEVER)
        *ARRAY_ADD(series, points) = (struct series_point){to_usec, -by};
}

void series_set(struct series *series, int64_t at_usec, int64_t value)
{
    series->absolute = true;
    if (series->n_points > 0 && series->points[series->n_points - 1].at_usec == at_usec)
        series->n_points--;
    *ARRAY_ADD(series, points) = (struct series_point){at_usec, value};
}

/* Turns sorted differences into values, one for each moment. */
static void sum_up(struct series *series)
{
    int64_t value = 0;
    int n = 0;
    /* changes of one moment add up in any order */
    time_sort(series->points, series->n_points, sizeof *series->points, NULL);
    for (int i = 0; i < series->n_points; i++) {
        value += series->points[i].value;
        if (n == 0 || series->points[n - 1].at_usec != series->points[i].at_usec)
            n++;
        series->points[n - 1] = (struct series_point){series->points[i].at_usec, value};
    }
    series->n_points = n;
    series->absolute = true;
}

/* Something to begin with. */
static void begin_at_zero(struct series *series)
{
    if (series->n_points > 0 && series->points[0].at_usec <= 0)
        return;
    ARRAY_ADD(series, points);
    for (int i = series->n_points - 1; i > 0; i--)
        series->points[i] = series->points[i - 1];
    series->points[0] = (struct series_point){0, 0};
}

void series_close(struct series *series, int64_t end_usec)
{
    if (!series->absolute)
        sum_up(series);
    begin_at_zero(series);
    while (series->n_points > 1 && series->points[series->n_points - 1].at_usec >= end_usec)
        series->n_points--;
}

/* Which of the parts a moment falls into. */
static int64_t part_of(int64_t at_usec, int64_t end_usec, int n_parts)
{
    int64_t width = end_usec / n_parts + 1;
    return at_usec / width;
}

/* Keeps those of points first .. last - 1 that the picture needs; returns how many stand at `to`. */
static int keep(const struct series_point *first, int n, struct series_point *to)
{
    int least = 0, most = 0, kept = 0;
    for (int i = 1; i < n; i++) {
        if (first[i].value < first[least].value)
            least = i;
        if (first[i].value > first[most].value)
            most = i;
    }
    for (int i = 0; i < n; i++) {
        if (i == 0 || i == least || i == most || i == n - 1)
            to[kept++] = first[i];
    }
    return kept;
}

void series_thin(struct series *series, int64_t end_usec, int n_parts)
{
    int n = 0;
    if (series->n_points <= 4 * n_parts)
        return;
    for (int i = 0; i < series->n_points;) {
        int64_t part = part_of(series->points[i].at_usec, end_usec, n_parts);
        int next = i;
        while (next < series->n_points &&
               part_of(series->points[next].at_usec, end_usec, n_parts) == part)
            next++;
        /* what is kept never overtakes what is read */
        n += keep(&series->points[i], next - i, &series->points[n]);
        i = next;
    }
    series->n_points = n;
}

int64_t series_at(const struct series *series, int64_t at_usec)
{
    int low = 0, high = series->n_points; /* the answer stands before `high` */
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (series->points[middle].at_usec <= at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? series->points[low - 1].value : 0;
}

void series_finish(struct series *series)
{
    free(series->points);
    *series = (struct series){0};
}
