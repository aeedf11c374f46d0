/*
 * Rows are matched by what they are of and its name.
 */
#include "viz/compare_cost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct compare_cost *find(struct compare_cost *rows, int n, const struct cost_row *row)
{
    for (int i = 0; i < n; i++) {
        if (rows[i].kind == row->kind && strcmp(rows[i].name, row->name) == 0)
            return &rows[i];
    }
    return NULL;
}

struct compare_cost *compare_costs(const struct compare *compare, int *n)
{
    struct cost_row *bills[2];
    int n_rows[2];
    *n = 0;
    for (int s = 0; s < 2; s++)
        bills[s] = cost_rows(compare->sides[s].story, &n_rows[s]);
    struct compare_cost *rows = calloc((size_t)(n_rows[0] + n_rows[1]) + 1, sizeof *rows);
    if (!rows)
        abort();
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < n_rows[s]; i++) {
            struct compare_cost *row = find(rows, *n, &bills[s][i]);
            if (!row) {
                row = &rows[(*n)++];
                row->kind = bills[s][i].kind;
                row->name = bills[s][i].name;
            }
            row->sides[s] = bills[s][i];
        }
        free(bills[s]);
    }
    /* Where nothing has a price there is no bill, and what it costs is unknown. */
    for (int s = 0; s < 2; s++) {
        for (int i = 0; n_rows[s] == 0 && compare->sides[s].story->n_instances > 0 && i < *n; i++)
            rows[i].sides[s] = (struct cost_row){.kind = rows[i].kind, .name = rows[i].name};
    }
    return rows;
}

const char *compare_cost_tell(const struct cost_row *row, char *text, size_t size)
{
    char dollars[40];
    if (!row->name)
        snprintf(text, size, "-");
    else if (!row->is_known && !row->is_partial)
        snprintf(text, size, "unknown");
    else
        snprintf(text, size, "%s%s", row->is_partial ? "at least " : "",
                 cost_dollars(row->nanos, dollars, sizeof dollars));
    return text;
}

static void add_dollars(struct buffer *json, const struct cost_row *row)
{
    if (!row->name || !row->is_known)
        buffer_add_text(json, "null");
    else
        buffer_add(json, "%" PRId64 ".%09" PRId64, row->nanos / 1000000000,
                   row->nanos % 1000000000);
}

void compare_cost_add_json(struct buffer *json, const struct compare *compare)
{
    static const char *const kinds[] = {"total", "idle", "provider", "service"};
    int n;
    struct compare_cost *rows = compare_costs(compare, &n);
    buffer_add_text(json, "\"cost\":[");
    for (int i = 0; i < n; i++) {
        buffer_add(json, "%s{\"what\":\"%s\",\"name\":", i > 0 ? "," : "", kinds[rows[i].kind]);
        buffer_add_json_string(json, rows[i].kind < COST_PROVIDER ? NULL : rows[i].name);
        buffer_add_text(json, ",\"dollars\":[");
        add_dollars(json, &rows[i].sides[0]);
        buffer_add_text(json, ",");
        add_dollars(json, &rows[i].sides[1]);
        buffer_add_text(json, "]}");
    }
    buffer_add_text(json, "]");
    free(rows);
}
