/*
 * Target groups are matched by their names, targets by the numbers of their tasks. It must never know how the numbers
 * came about.
 */
#include "viz/compare_requests.h"

#include "file/memory.h"
#include "viz/compare_print.h"
#include "viz/compare_table.h"

#include <inttypes.h>
#include <stdlib.h>

/* The next target group from `*at` on that is in both runs. False: there is none. */
static bool next_groups(const struct compare *compare, int *at,
                        const struct responses_group *groups[2])
{
    const struct responses *first = &compare->sides[0].story->responses;
    while (*at < first->n_groups) {
        groups[0] = &first->groups[(*at)++];
        groups[1] = responses_find(&compare->sides[1].story->responses, groups[0]->name);
        if (groups[1])
            return true;
    }
    return false;
}

/* Targets -------------------------------------------------------------------------------------------- */

static int by_task(const void *left, const void *right)
{
    const struct compare_target *a = left, *b = right;
    return a->task < b->task ? -1 : a->task > b->task;
}

struct compare_target *compare_requests_targets(const struct responses_group *const groups[2],
                                                int *n)
{
    int n_rows = 0;
    struct compare_target *rows =
        memory_zeroed((size_t)groups[0]->n_targets + (size_t)groups[1]->n_targets, sizeof *rows);
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < groups[s]->n_targets; i++) {
            rows[n_rows].task = groups[s]->targets[i].task;
            rows[n_rows++].sides[s] = &groups[s]->targets[i];
        }
    }
    qsort(rows, (size_t)n_rows, sizeof *rows, by_task);
    *n = 0;
    for (int i = 0; i < n_rows; i++) {
        const struct compare_target row = rows[i];
        if (*n == 0 || rows[*n - 1].task != row.task)
            rows[(*n)++] = (struct compare_target){.task = row.task};
        for (int s = 0; s < 2; s++) {
            if (row.sides[s])
                rows[*n - 1].sides[s] = row.sides[s];
        }
    }
    return rows;
}

enum count { COUNT_REQUESTS, COUNT_ERRORS, COUNT_MOST, COUNTS };

static int64_t count_of(const struct responses_target *target, enum count count)
{
    return count == COUNT_REQUESTS ? target->n_requests
           : count == COUNT_ERRORS ? target->n_errors
                                   : target->n_most;
}

static const char *tell_count(char *text, size_t size, const struct responses_target *target,
                              enum count count)
{
    if (target)
        snprintf(text, size, "%" PRId64, count_of(target, count));
    else
        snprintf(text, size, "-");
    return text;
}

static void add_target(struct libscols_table *table, const char *group,
                       const struct compare_target *target, bool mixed)
{
    char cells[COUNTS][2][32], error[32] = "-";
    for (int count = 0; count < COUNTS; count++) {
        for (int s = 0; s < 2; s++)
            tell_count(cells[count][s], sizeof cells[count][s], target->sides[s],
                       (enum count)count);
    }
    if (target->sides[0] && target->sides[1])
        compare_table_change(
            error, sizeof error,
            (int64_t[]){target->sides[0]->n_requests, target->sides[1]->n_requests}, mixed);
    compare_table_add(table, 9, group, story_task_name(target->task), cells[COUNT_REQUESTS][0],
                      cells[COUNT_REQUESTS][1], error, cells[COUNT_ERRORS][0],
                      cells[COUNT_ERRORS][1], cells[COUNT_MOST][0], cells[COUNT_MOST][1]);
}

static void print_targets(FILE *out, const struct compare *compare)
{
    char errors[2][32], most[2][32];
    for (int s = 0; s < 2; s++) {
        snprintf(errors[s], sizeof errors[s], "failed %s", compare_side_name(compare, s));
        snprintf(most[s], sizeof most[s], "at once %s", compare_side_name(compare, s));
    }
    const char *heads[] = {"balanced",
                           "to",
                           compare_side_name(compare, 0),
                           compare_side_name(compare, 1),
                           compare_error_name(compare),
                           errors[0],
                           errors[1],
                           most[0],
                           most[1]};
    struct libscols_table *table = compare_table_new(heads, 9, 2);
    const struct responses_group *groups[2];
    int n_rest = 0;
    for (int at = 0; next_groups(compare, &at, groups);) {
        int n;
        struct compare_target *rows = compare_requests_targets(groups, &n);
        for (int i = 0; i < n && i < COMPARE_PRINT_TASKS; i++)
            add_target(table, i == 0 ? groups[0]->name : "", &rows[i], compare->mixed);
        n_rest += n > COMPARE_PRINT_TASKS ? n - COMPARE_PRINT_TASKS : 0;
        free(rows);
    }
    bool some = compare_table_print(out, table);
    if (n_rest > 0)
        fprintf(out, "... and %d more (--json has them all)\n", n_rest);
    if (some)
        fputc('\n', out);
}

/* Target groups -------------------------------------------------------------------------------------- */

static void add_requests(struct libscols_table *table, const struct compare *compare,
                         const struct responses_group *const groups[2])
{
    static const char *const names[] = {"sent", "failed", "p50", "p95", "p99"};
    static const int permilles[] = {500, 950, 990};
    for (int i = 0; i < 5; i++) {
        char cells[2][32], error[32];
        int64_t values[2];
        for (int s = 0; s < 2; s++) {
            values[s] = i == 0   ? groups[s]->n_sent
                        : i == 1 ? groups[s]->n_failed
                                 : responses_percentile_usec(groups[s], permilles[i - 2]);
            if (i < 2)
                snprintf(cells[s], sizeof cells[s], "%" PRId64, values[s]);
            else
                compare_print_duration(cells[s], sizeof cells[s], values[s]);
        }
        compare_table_change(error, sizeof error, values, compare->mixed);
        compare_table_add(table, 5, i == 0 ? groups[0]->name : "", names[i], cells[0], cells[1],
                          error);
    }
}

void compare_requests_print(FILE *out, const struct compare *compare)
{
    const char *heads[] = {"requests", "", compare_side_name(compare, 0),
                           compare_side_name(compare, 1), compare_error_name(compare)};
    struct libscols_table *table = compare_table_new(heads, 5, 2);
    const struct responses_group *groups[2];
    for (int at = 0; next_groups(compare, &at, groups);)
        add_requests(table, compare, groups);
    if (compare_table_print(out, table)) {
        fputc('\n', out);
        print_targets(out, compare);
    }
}

/* For programs --------------------------------------------------------------------------------------- */

static void add_counts(struct buffer *json, const struct compare_target *target, enum count count)
{
    static const char *const names[COUNTS] = {"requests", "errors", "open_most"};
    buffer_add(json, ",\"%s\":[", names[count]);
    for (int s = 0; s < 2; s++) {
        buffer_add_text(json, s > 0 ? "," : "");
        if (target->sides[s])
            buffer_add_int(json, count_of(target->sides[s], count));
        else
            buffer_add_text(json, "null");
    }
    buffer_add_text(json, "]");
}

void compare_requests_add_json(struct buffer *json, const struct compare *compare)
{
    const struct responses_group *groups[2];
    const char *before = "";
    buffer_add_text(json, "\"targets\":[");
    for (int at = 0; next_groups(compare, &at, groups);) {
        int n;
        struct compare_target *rows = compare_requests_targets(groups, &n);
        for (int i = 0; i < n; i++) {
            buffer_add(json, "%s\n{\"target_group\":", before);
            buffer_add_json_string(json, groups[0]->name);
            buffer_add(json, ",\"task\":\"%s\"", story_task_name(rows[i].task));
            for (int count = 0; count < COUNTS; count++)
                add_counts(json, &rows[i], (enum count)count);
            buffer_add_text(json, "}");
            before = ",";
        }
        free(rows);
    }
    buffer_add_text(json, "]");
}
