/*
 * Numbers are rounded when they are printed and nowhere before, so the same runs give the same bytes.
 */
#include "sweep_table.h"

#include "file/buffer.h"
#include "file/estimate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CELL_COLUMNS 17
#define BLOCK_MEASURES 4

static struct estimate estimate_at(const struct sweep *sweep, int point, enum measure_kind kind)
{
    int64_t *values = sweep_values(sweep, point, kind);
    struct estimate estimate = estimate_of(values, sweep->plan.n_seeds);

    free(values);
    return estimate;
}

/* For people ----------------------------------------------------------------------------------- */

/* What is behind the last dot, unless two axes have the same there. */
static const char *short_name(const struct sweep_grid *grid, int axis)
{
    const char *path = grid->axes[axis].path, *dot = strrchr(path, '.');
    const char *name = dot && dot[1] ? dot + 1 : path;

    for (int i = 0; i < grid->n_axes; i++) {
        const char *other = strrchr(grid->axes[i].path, '.');

        other = other && other[1] ? other + 1 : grid->axes[i].path;
        if (i != axis && strcmp(other, name) == 0)
            return path;
    }
    return name;
}

static int axis_width(const struct sweep_grid *grid, int axis)
{
    size_t width = strlen(short_name(grid, axis));

    for (int i = 0; i < grid->axes[axis].n_values; i++)
        if (strlen(grid->axes[axis].values[i]) > width)
            width = strlen(grid->axes[axis].values[i]);
    return (int)width;
}

static void print_line(FILE *out, struct buffer *line)
{
    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->text[--line->length] = '\0';
    fprintf(out, "%s\n", line->text);
    buffer_clear(line);
}

static void print_head(FILE *out, const struct sweep_grid *grid, int first, int end)
{
    struct buffer line = {0};

    fputs("\n", out);
    for (int i = 0; i < grid->n_axes; i++)
        buffer_add(&line, "%-*s  ", axis_width(grid, i), short_name(grid, i));
    for (int k = first; k < end; k++) {
        const struct measure_row *row = &measure_rows[k];
        char title[48];

        snprintf(title, sizeof title, "%s%s%s", row->title, row->unit[0] ? ", " : "", row->unit);
        buffer_add(&line, "%14s   ", title);
    }
    print_line(out, &line);
    buffer_finish(&line);
}

static void add_cell(struct buffer *line, const struct estimate *estimate, enum measure_kind kind)
{
    const struct measure_row *row = &measure_rows[kind];
    char half[32] = "";

    if (estimate->is_unknown) {
        buffer_add(line, "%9s %-*s", "-", CELL_COLUMNS - 10, "");
        return;
    }
    if (estimate->has_interval)
        snprintf(half, sizeof half, "\u00b1%.*f", row->decimals, estimate->half / row->per_unit);
    buffer_add(line, "%9.*f %-*s", row->decimals, estimate->mean / row->per_unit,
               CELL_COLUMNS - 10 + estimate->has_interval, half);
}

static void print_block(FILE *out, const struct sweep *sweep, int first, int end)
{
    const struct sweep_grid *grid = &sweep->grid;
    struct buffer line = {0};

    print_head(out, grid, first, end);
    for (int point = 0; point < grid->n_points; point++) {
        for (int i = 0; i < grid->n_axes; i++)
            buffer_add(&line, "%-*s  ", axis_width(grid, i),
                       grid->axes[i].values[sweep_grid_value(grid, point, i)]);
        for (int k = first; k < end; k++) {
            struct estimate estimate = estimate_at(sweep, point, (enum measure_kind)k);

            add_cell(&line, &estimate, (enum measure_kind)k);
        }
        print_line(out, &line);
    }
    buffer_finish(&line);
}

void sweep_table_print(FILE *out, const struct sweep *sweep)
{
    fprintf(out, "%s\n%d %s x %d %s, SIMULATED\n", sweep->title, sweep->grid.n_points,
            sweep->grid.n_points == 1 ? "point" : "points", sweep->plan.n_seeds,
            sweep->plan.n_seeds == 1 ? "seed" : "seeds");
    for (int first = 0; first < MEASURES; first += BLOCK_MEASURES)
        print_block(out, sweep, first,
                    first + BLOCK_MEASURES < MEASURES ? first + BLOCK_MEASURES : MEASURES);
    if (sweep->plan.n_seeds > 1)
        fputs("\n\u00b1 is the 95 % confidence interval over the seeds\n", out);
    else
        fputs("\none seed is one story: --seeds 20 says how much of it was luck\n", out);
}

/* For programs --------------------------------------------------------------------------------- */

/* RFC 4180: quotes where a comma, a quote or an end of line would be taken for something else. */
static void add_field(struct buffer *line, const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        buffer_add_text(line, text);
        return;
    }
    buffer_add_text(line, "\"");
    for (; *text; text++)
        buffer_add(line, *text == '"' ? "\"\"" : "%c", *text);
    buffer_add_text(line, "\"");
}

static void add_csv_head(struct buffer *csv, const struct sweep *sweep)
{
    for (int i = 0; i < sweep->grid.n_axes; i++) {
        add_field(csv, sweep->grid.axes[i].path);
        buffer_add_text(csv, ",");
    }
    buffer_add_text(csv, "seeds");
    for (int k = 0; k < MEASURES; k++)
        buffer_add(csv, ",%s,%s_ci95", measure_rows[k].name, measure_rows[k].name);
    buffer_add_text(csv, "\n");
}

static void add_csv_point(struct buffer *csv, const struct sweep *sweep, int point)
{
    const struct sweep_grid *grid = &sweep->grid;

    for (int i = 0; i < grid->n_axes; i++) {
        add_field(csv, grid->axes[i].values[sweep_grid_value(grid, point, i)]);
        buffer_add_text(csv, ",");
    }
    buffer_add(csv, "%d", sweep->plan.n_seeds);
    for (int k = 0; k < MEASURES; k++) {
        const struct measure_row *row = &measure_rows[k];
        struct estimate estimate = estimate_at(sweep, point, (enum measure_kind)k);

        buffer_add_text(csv, ",");
        if (!estimate.is_unknown)
            buffer_add(csv, "%.6f", estimate.mean / row->per_unit);
        buffer_add_text(csv, ",");
        if (estimate.has_interval)
            buffer_add(csv, "%.6f", estimate.half / row->per_unit);
    }
    buffer_add_text(csv, "\n");
}

bool sweep_table_csv(const struct sweep *sweep, const char *path, struct err *err)
{
    FILE *file = fopen(path, "w");
    struct buffer csv = {0};
    bool ok;

    if (!file)
        return err_errno(err, errno, "cannot write %s", path);
    add_csv_head(&csv, sweep);
    for (int point = 0; point < sweep->grid.n_points; point++)
        add_csv_point(&csv, sweep, point);
    ok = fputs(csv.text, file) >= 0;
    ok = fclose(file) == 0 && ok;
    buffer_finish(&csv);
    return ok || err_errno(err, errno, "cannot write %s", path);
}

static void add_json_point(struct buffer *json, const struct sweep *sweep, int point)
{
    const struct sweep_grid *grid = &sweep->grid;

    buffer_add_text(json, "{\"set\": {");
    for (int i = 0; i < grid->n_axes; i++) {
        buffer_add_text(json, i ? ", " : "");
        buffer_add_json_string(json, grid->axes[i].path);
        buffer_add_text(json, ": ");
        buffer_add_json_string(json, grid->axes[i].values[sweep_grid_value(grid, point, i)]);
    }
    buffer_add_text(json, "}");
    for (int k = 0; k < MEASURES; k++) {
        struct estimate estimate = estimate_at(sweep, point, (enum measure_kind)k);

        buffer_add_text(json, ", ");
        measure_add_json(json, (enum measure_kind)k, &estimate);
    }
    buffer_add_text(json, "}");
}

void sweep_table_json(FILE *out, const struct sweep *sweep)
{
    struct buffer json = {0};

    buffer_add_text(&json, "{\"title\": ");
    buffer_add_json_string(&json, sweep->title);
    buffer_add(&json, ", \"seeds\": %d, \"points\": [\n ", sweep->plan.n_seeds);
    for (int point = 0; point < sweep->grid.n_points; point++) {
        buffer_add_text(&json, point ? ",\n " : "");
        add_json_point(&json, sweep, point);
    }
    fprintf(out, "%s]}\n", json.text);
    buffer_finish(&json);
}
