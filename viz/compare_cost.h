/*
 * What two runs cost and what they stand on, side by side: the bills, machines, operating systems and the first
 * byte. It must never know how the numbers came about.
 */
#ifndef BERTH_VIZ_COMPARE_COST_H
#define BERTH_VIZ_COMPARE_COST_H

#include "file/buffer.h"
#include "file/cost.h"
#include "viz/compare.h"

/* A row of either bill. */
struct compare_cost {
    enum cost_kind kind;
    const char *name;
    struct cost_row sides[2]; /* name NULL: it does not stand in that run's bill */
};

/* The rows of both bills, those of the first one first; free() them. None where neither has one. */
struct compare_cost *compare_costs(const struct compare *compare, int *n);

/* "$0.004000", "unknown", "at least $0.004000", "-": for people, in `text` of `size` bytes. */
const char *compare_cost_tell(const struct cost_row *row, char *text, size_t size);

/* `"cost":[{"what":"provider","name":"boxes","dollars":[..,..]}, ...]`: null where unknown or not there. */
void compare_cost_add_json(struct buffer *json, const struct compare *compare);

#endif
