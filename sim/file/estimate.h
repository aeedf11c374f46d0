/*
 * A mean and how sure it is: the 95 % confidence interval of a few equally trusted values. Uses plain
 * arithmetic in a fixed order alone, so that it prints the same on every machine.
 */
#ifndef BERTH_FILE_ESTIMATE_H
#define BERTH_FILE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

/* A value that nobody knows: with one among them, nothing is known of their mean. */
#define ESTIMATE_UNKNOWN INT64_MIN

struct estimate {
    double mean;
    double half;       /* the interval is mean - half to mean + half */
    double deviation;  /* the values' standard deviation, of which they are a sample; 0 for one */
    bool has_interval; /* there are two values at least */
    bool is_unknown;   /* then the rest is 0 and false */
};

/* Of `n` > 0 values, each less than 2^50 in size and at most 10000 of them. Student's t. */
struct estimate estimate_of(const int64_t *values, int n);

/* Of the differences left[i] - right[i]: what varies for both alike (the same seed, the same world)
 * cancels out. */
struct estimate estimate_of_difference(const int64_t *left, const int64_t *right, int n);

/* Whether 0 lies in the interval, or there is none. */
bool estimate_holds_zero(const struct estimate *estimate);

/* The 97.5 % point of Student's t with that many degrees of freedom, at least 1. */
double estimate_t(int freedom);

#endif
