/*
 * Numbers are kept whole and rounded when they are printed.
 */
#include "replications.h"

#include "core/array.h"
#include "file/estimate.h"
#include "file/memory.h"

#include <stdlib.h>

void replications_add(struct replications *list, const struct story *story)
{
    int64_t end_usec = story->end_usec == USEC_NEVER ? story->last_usec : story->end_usec;

    if (list->n_runs == 0)
        list->end_usec = end_usec;
    warmup_add(list->sums, story, list->end_usec);
    *ARRAY_ADD(list, runs) = measure_story(story, list->from_usec);
}

int64_t replications_warm_up(const struct replications *list)
{
    return warmup_usec(list->sums, list->end_usec);
}

void replications_restart(struct replications *list, int64_t from_usec)
{
    replications_finish(list);
    list->from_usec = from_usec;
}

static struct estimate estimate_at(const struct replications *list, enum measure_kind kind)
{
    int64_t *values = memory_zeroed((size_t)list->n_runs, sizeof *values);
    struct estimate estimate;

    for (int i = 0; i < list->n_runs; i++)
        values[i] = list->runs[i].values[kind];
    estimate = estimate_of(values, list->n_runs);
    free(values);
    return estimate;
}

void replications_print(FILE *out, const struct replications *list)
{
    fprintf(out, "\nmean over %d runs, \u00b1 half of its 95 %% confidence interval", list->n_runs);
    if (list->from_usec > 0)
        fprintf(out, "; the first %.3f s are left out", (double)list->from_usec / USEC_PER_SEC);
    fputs("\n", out);
    for (int k = 0; k < MEASURES; k++) {
        const struct measure_row *row = &measure_rows[k];
        struct estimate estimate = estimate_at(list, (enum measure_kind)k);

        if (estimate.is_unknown) {
            fprintf(out, "  %-12s %12s\n", row->title, "-");
            continue;
        }
        fprintf(out, "  %-12s %12.*f \u00b1%.*f%s%s\n", row->title, row->decimals + 1,
                estimate.mean / row->per_unit, row->decimals + 1, estimate.half / row->per_unit,
                row->unit[0] ? " " : "", row->unit);
    }
}

void replications_json(struct buffer *json, const struct replications *list)
{
    buffer_add(json, "\"warm_up\": %.6f, \"measures\": {", (double)list->from_usec / USEC_PER_SEC);
    for (int k = 0; k < MEASURES && list->n_runs > 0; k++) {
        struct estimate estimate = estimate_at(list, (enum measure_kind)k);

        buffer_add_text(json, k ? ", " : "");
        measure_add_json(json, (enum measure_kind)k, &estimate);
    }
    buffer_add_text(json, "}");
}

void replications_finish(struct replications *list)
{
    free(list->runs);
    *list = (struct replications){0};
}
