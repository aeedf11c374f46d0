/*
 * Taking axes apart and counting through their combinations.
 */
#include "sweep_grid.h"

#include "core/array.h"
#include "file/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_value(struct sweep_axis *axis, const char *text, size_t length)
{
    char *value = memory_zeroed(length + 1, 1);

    memcpy(value, text, length);
    *ARRAY_ADD(axis, values) = value;
}

/* The length of the value that `text` begins with: up to a comma that is in no bracket or quote. */
static size_t value_length(const char *text)
{
    int depth = 0;
    bool quoted = false;
    size_t i = 0;

    for (; text[i] && (text[i] != ',' || depth > 0 || quoted); i++) {
        if (text[i] == '\\' && quoted && text[i + 1])
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += (text[i] == '[' || text[i] == '{') - (text[i] == ']' || text[i] == '}');
    }
    return i;
}

/* Ranges --------------------------------------------------------------------------------------- */

#define UNIT_MAX 15

struct range {
    int64_t first, last, step;
    char unit[UNIT_MAX + 1];
};

/* A whole number with what stands behind it up to ".." or the end. */
static bool read_bound(const char **text, int64_t *number, char *unit)
{
    const char *end;
    char *behind;
    size_t length;

    errno = 0;
    *number = strtoll(*text, &behind, 10);
    if (behind == *text || errno != 0)
        return false;
    end = strstr(behind, "..");
    length = end ? (size_t)(end - behind) : strlen(behind);
    if (length > UNIT_MAX || memchr(behind, '.', length))
        return false;
    memcpy(unit, behind, length);
    unit[length] = '\0';
    *text = behind + length;
    return true;
}

/* "A..B" or "A..B..STEP", all in one unit (the step may leave it out). */
static bool read_range(const char *text, struct range *range)
{
    char unit[UNIT_MAX + 1];

    if (!read_bound(&text, &range->first, range->unit) || strncmp(text, "..", 2) != 0)
        return false;
    text += 2;
    if (!read_bound(&text, &range->last, unit) || strcmp(unit, range->unit) != 0)
        return false;
    range->step = range->first <= range->last ? 1 : -1;
    if (!*text)
        return true;
    text += 2;
    if (!read_bound(&text, &range->step, unit) || *text)
        return false;
    if (range->step == 0 || (range->step > 0) != (range->first <= range->last))
        return false;
    return !*unit || strcmp(unit, range->unit) == 0;
}

static bool add_range(struct sweep_axis *axis, const struct range *range, struct err *err)
{
    uint64_t size = range->step > 0 ? (uint64_t)range->step : -(uint64_t)range->step;
    uint64_t span = range->step > 0 ? (uint64_t)range->last - (uint64_t)range->first
                                    : (uint64_t)range->first - (uint64_t)range->last;
    char text[48];

    if (span / size >= SWEEP_POINTS_MAX)
        return err_set(err, EXIT_INPUT, "%s: %" PRId64 "..%" PRId64 " are too many values",
                       axis->path, range->first, range->last);
    for (uint64_t i = 0; i <= span / size; i++) {
        snprintf(text, sizeof text, "%" PRId64 "%s",
                 (int64_t)((uint64_t)range->first + i * (uint64_t)range->step), range->unit);
        add_value(axis, text, strlen(text));
    }
    return true;
}

/* Axes ----------------------------------------------------------------------------------------- */

static void axis_finish(struct sweep_axis *axis)
{
    for (int i = 0; i < axis->n_values; i++)
        free(axis->values[i]);
    free(axis->values);
    free(axis->path);
    *axis = (struct sweep_axis){0};
}

static bool read_values(struct sweep_axis *axis, const char *text, struct err *err)
{
    for (;;) {
        size_t length = value_length(text);
        struct range range;
        char *value = memory_zeroed(length + 1, 1);
        bool is_range, ok = true;

        memcpy(value, text, length);
        is_range = read_range(value, &range);
        if (is_range)
            ok = add_range(axis, &range, err);
        else
            add_value(axis, value, length);
        free(value);
        if (!ok)
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

bool sweep_grid_add(struct sweep_grid *grid, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    struct sweep_axis axis = {0};
    int n_points = grid->n_axes ? grid->n_points : 1;

    if (!equals || equals == text || !equals[1])
        return err_set(err, EXIT_INPUT, "--set %s: wanted PATH=VALUE,VALUE,...", text);
    if (strchr(text, '\n'))
        return err_set(err, EXIT_INPUT, "--set takes one line");
    axis.path = memory_zeroed((size_t)(equals - text) + 1, 1);
    memcpy(axis.path, text, (size_t)(equals - text));
    for (int i = 0; i < grid->n_axes; i++) {
        if (strcmp(grid->axes[i].path, axis.path) == 0) {
            err_set(err, EXIT_INPUT, "--set names %s twice", axis.path);
            axis_finish(&axis);
            return false;
        }
    }
    if (!read_values(&axis, equals + 1, err)) {
        axis_finish(&axis);
        return false;
    }
    if ((int64_t)n_points * axis.n_values > SWEEP_POINTS_MAX) {
        err_set(err, EXIT_INPUT, "these are %" PRId64 " points, and %d are the most",
                (int64_t)n_points * axis.n_values, SWEEP_POINTS_MAX);
        axis_finish(&axis);
        return false;
    }
    grid->n_points = n_points * axis.n_values;
    *ARRAY_ADD(grid, axes) = axis;
    return true;
}

void sweep_grid_finish(struct sweep_grid *grid)
{
    for (int i = 0; i < grid->n_axes; i++)
        axis_finish(&grid->axes[i]);
    free(grid->axes);
    *grid = (struct sweep_grid){0};
}

int sweep_grid_value(const struct sweep_grid *grid, int point, int axis)
{
    for (int i = grid->n_axes - 1; i > axis; i--)
        point /= grid->axes[i].n_values;
    return point % grid->axes[axis].n_values;
}

char *sweep_grid_text(const struct sweep_grid *grid, int point, int axis)
{
    const struct sweep_axis *from = &grid->axes[axis];
    const char *value = from->values[sweep_grid_value(grid, point, axis)];
    size_t size = strlen(from->path) + strlen(value) + 2;
    char *text = memory_zeroed(size, 1);

    snprintf(text, size, "%s=%s", from->path, value);
    return text;
}
