/*
 * The points of a sweep: every combination of the values that its axes take. Knows texts and numbers,
 * and nothing of what a scenario makes of them.
 */
#ifndef BERTH_SWEEP_GRID_H
#define BERTH_SWEEP_GRID_H

#include "file/err.h"

#include <stdint.h>

/* As many points as a person can still mean. */
#define SWEEP_POINTS_MAX 100000

struct sweep_axis {
    char *path;
    char **values;
    int n_values, cap_values;
};

struct sweep_grid {
    struct sweep_axis *axes;
    int n_axes, cap_axes;
    int n_points; /* 1 where there is no axis */
};

/*
 * Reads one axis "PATH=VALUE,VALUE,...". Commas inside brackets, braces and quotes belong to a value.
 * "1..8" stands for 1,2,...,8; "0..100..25" for 0,25,50,75,100; "1s..3s" for 1s,2s,3s. False
 * (EXIT_INPUT) where the text has no value, names a path twice or makes too many points.
 */
bool sweep_grid_add(struct sweep_grid *grid, const char *text, struct err *err);
void sweep_grid_finish(struct sweep_grid *grid);

/* Which of its values the axis has at a point: the first axis changes slowest. */
int sweep_grid_value(const struct sweep_grid *grid, int point, int axis);

/* "PATH=VALUE" of one axis at a point, for free(). */
char *sweep_grid_text(const struct sweep_grid *grid, int point, int axis);

#endif
