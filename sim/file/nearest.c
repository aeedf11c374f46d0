/*
 * The nearest name by optimal string alignment distance.
 */
#include "file/nearest.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_MAX 128

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The distance, or `limit` where it is at least that. */
static int distance(const char *a, const char *b, int limit)
{
    int length_a = (int)strlen(a), length_b = (int)strlen(b);
    int rows[3][LENGTH_MAX + 1];
    int *before = rows[0], *last = rows[1], *now = rows[2];

    if (length_a > LENGTH_MAX || length_b > LENGTH_MAX || abs(length_a - length_b) >= limit)
        return limit;
    for (int j = 0; j <= length_b; j++)
        last[j] = j;
    for (int i = 1; i <= length_a; i++) {
        int *spare = before;

        now[0] = i;
        for (int j = 1; j <= length_b; j++) {
            now[j] = last[j - 1] + !same(a[i - 1], b[j - 1]);
            now[j] = smaller(now[j], smaller(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return smaller(last[length_b], limit);
}

const char *nearest_name(const char *word, const char *const *names, int n)
{
    const char *nearest = NULL;
    int limit = (int)strlen(word) / 3 + 2;

    for (int i = 0; i < n; i++) {
        int d = names[i] ? distance(word, names[i], limit) : limit;

        if (d < limit) {
            nearest = names[i];
            limit = d;
        }
    }
    return nearest;
}

const char *nearest_of(const char *word, const char *const *names)
{
    int n = 0;

    while (names[n])
        n++;
    return nearest_name(word, names, n);
}
