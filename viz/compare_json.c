/*
 * The comparison as one JSON object. It must never know how the numbers came about.
 */
#include "file/buffer.h"
#include "viz/compare_cost.h"
#include "viz/compare_print.h"
#include "viz/compare_requests.h"
#include "viz/life.h"
#include "viz/scene_tell.h"

#include <inttypes.h>
#include <stdlib.h>

static void add_usec(struct buffer *to, int64_t usec)
{
    if (usec == USEC_NEVER)
        buffer_add_text(to, "null");
    else
        buffer_add_int(to, usec);
}

/* `name`:[first, second] */
static void add_pair(struct buffer *to, const char *name, const int64_t usec[2])
{
    buffer_add(to, "\"%s\":[", name);
    add_usec(to, usec[0]);
    buffer_add_text(to, ",");
    add_usec(to, usec[1]);
    buffer_add_text(to, "]");
}

/* Percent with one decimal. */
static void add_percent(struct buffer *to, int64_t permille)
{
    buffer_add(to, "%s%" PRId64 ".%" PRId64, permille < 0 ? "-" : "", (int64_t)llabs(permille) / 10,
               (int64_t)llabs(permille) % 10);
}

static void add_side(struct buffer *to, const struct compare *compare, int side)
{
    const struct run_header *header = compare->sides[side].header;
    buffer_add_text(to, "{\"path\":");
    buffer_add_json_string(to, compare->sides[side].path);
    buffer_add(to, ",\"mode\":\"%s\",\"seed\":%" PRIu64 ",\"scale\":\"%d/%d\",\"title\":",
               header->mode == RUN_EXEC ? "exec" : "sim", header->seed, header->scale_numerator,
               header->scale_denominator);
    buffer_add_json_string(to, header->title);
    buffer_add_text(to, ",\"end_usec\":");
    add_usec(to, compare->sides[side].story->end_usec);
    if (compare->sides[side].story->responses.n_groups > 0)
        buffer_add_text(to, ",");
    responses_json(to, &compare->sides[side].story->responses);
    buffer_add_text(to, "}");
}

/* Whose phase it is. */
static void add_owner(struct buffer *to, const struct compare *compare,
                      const struct compare_row *row)
{
    const struct story *story = compare->sides[0].story;
    if (row->task == ID_NONE) {
        buffer_add(to, "\"instance\":\"%s\"", story_machine_name(story, row->instance));
        return;
    }
    buffer_add(to, "\"task\":\"%s\",\"container\":", story_task_name(row->task));
    buffer_add_json_string(
        to, row->container == ID_NONE
                ? NULL
                : life_definition(story, row->task)->containers[row->container].name);
}

static void add_row(struct buffer *to, const struct compare *compare, const struct compare_row *row)
{
    static const char *const marks[] = {"counted", "modelled", "one"};
    buffer_add_text(to, "{");
    add_owner(to, compare, row);
    buffer_add(to, ",\"phase\":\"%s\",", phases_names[row->phase]);
    add_pair(to, "usec", row->usec);
    buffer_add(to, ",\"mark\":\"%s\",\"error\":", marks[row->mark]);
    if (row->mark == COMPARE_COUNTED)
        add_percent(to, row->error_permille);
    else
        buffer_add_text(to, "null");
    buffer_add_text(to, "}");
}

static void add_instance(struct buffer *to, const struct story *story, int32_t instance)
{
    if (instance == ID_NONE)
        buffer_add_text(to, "null");
    else
        buffer_add(to, "\"%s\"", story_place_name(story, instance));
}

static void add_placements(struct buffer *to, const struct compare *compare)
{
    const struct story *a = compare->sides[0].story, *b = compare->sides[1].story;
    buffer_add(to, "{\"placed\":%d,\"same\":%d,\"in_one\":%d,\"tasks\":[", compare->n_placed,
               compare->n_same, compare->n_placed_in_one);
    for (int t = 0; t < a->n_tasks && t < b->n_tasks; t++) {
        buffer_add(to, "%s{\"task\":\"%s\",\"instances\":[", t > 0 ? "," : "", story_task_name(t));
        add_instance(to, a, a->tasks[t].instance);
        buffer_add_text(to, ",");
        add_instance(to, b, b->tasks[t].instance);
        buffer_add_text(to, "]}");
    }
    buffer_add_text(to, "],\"first_difference\":");
    if (!compare->difference.found) {
        buffer_add_text(to, "null}");
        return;
    }
    buffer_add_text(to, "[");
    for (int s = 0; s < 2; s++) {
        const struct scene_index *index = &compare->sides[s].index;
        int at = compare->difference.events[s];
        buffer_add_text(to, s > 0 ? "," : "");
        if (at < 0) {
            buffer_add_text(to, "null");
            continue;
        }
        char what[200];
        scene_tell_event(what, sizeof what, index, &index->events[at]);
        buffer_add(to, "{\"at_usec\":%" PRId64 ",\"what\":", index->events[at].at_usec);
        buffer_add_json_string(to, what);
        buffer_add_text(to, "}");
    }
    buffer_add_text(to, "]}");
}

static void add_medians(struct buffer *to, const struct compare *compare)
{
    buffer_add_text(to, "{");
    bool some = false;
    for (int phase = 0; phase < PHASES; phase++) {
        const struct compare_median *median = &compare->medians[phase];
        if (median->n == 0)
            continue;
        buffer_add(to, "%s\"%s\":{\"counted\":%d,", some ? "," : "", phases_names[phase],
                   median->n);
        add_pair(to, "usec", median->usec);
        buffer_add_text(to, ",\"error\":");
        add_percent(to, median->error_permille);
        buffer_add_text(to, ",\"p95_error\":");
        add_percent(to, median->p95_permille);
        buffer_add_text(to, "}");
        some = true;
    }
    buffer_add_text(to, "}");
}

/* "startup":{"n":[8,8],"median_usec":[..],"p95_usec":[..],"wasserstein_usec":..,"ks":..,"difference":{..}} */
static void add_totals(struct buffer *to, const struct compare *compare)
{
    bool some = false;
    buffer_add_text(to, "{");
    for (int i = 0; i < TOTALS; i++) {
        const struct compare_total *total = &compare->totals.totals[i];
        if (total->wasserstein_usec < 0)
            continue;
        buffer_add(to, "%s\"%s\":{\"n\":[%d,%d],", some ? "," : "", totals_names[i],
                   total->durations[0].n_usec, total->durations[1].n_usec);
        add_pair(to, "median_usec",
                 (int64_t[]){durations_median(&total->durations[0]),
                             durations_median(&total->durations[1])});
        buffer_add_text(to, ",");
        add_pair(to, "p95_usec",
                 (int64_t[]){durations_quantile(&total->durations[0], 950),
                             durations_quantile(&total->durations[1], 950)});
        buffer_add(to, ",\"wasserstein_usec\":%" PRId64 ",\"ks\":%d.%03d,\"difference\":",
                   total->wasserstein_usec, total->smirnov_permille / 1000,
                   total->smirnov_permille % 1000);
        if (!total->has_difference)
            buffer_add_text(to, "null}");
        else if (total->difference.has_interval)
            buffer_add(to, "{\"pairs\":%d,\"mean_usec\":%.1f,\"ci95_usec\":%.1f}}", total->n_pairs,
                       total->difference.mean, total->difference.half);
        else
            buffer_add(to, "{\"pairs\":%d,\"mean_usec\":%.1f,\"ci95_usec\":null}}", total->n_pairs,
                       total->difference.mean);
        some = true;
    }
    buffer_add_text(to, "}");
}

static void add_bands(struct buffer *to, const struct story *const *stories, int n_stories)
{
    bool some = false;
    buffer_add_text(to, "{");
    for (int i = 0; i < TOTALS; i++) {
        struct compare_band band = compare_totals_band(stories, n_stories, (enum total)i);
        if (band.n_runs == 0)
            continue;
        buffer_add(to, "%s\"%s\":{\"runs\":%d,\"median_usec\":[%" PRId64 ",%" PRId64 "]}",
                   some ? "," : "", totals_names[i], band.n_runs, band.least_usec, band.most_usec);
        some = true;
    }
    buffer_add_text(to, "}");
}

void compare_print_json(FILE *out, const struct compare *compare)
{
    struct buffer buffer = {0};
    buffer_add(&buffer, "{\"same_scenario\":%s,\"runs\":[",
               compare->same_scenario ? "true" : "false");
    add_side(&buffer, compare, 0);
    buffer_add_text(&buffer, ",");
    add_side(&buffer, compare, 1);
    buffer_add_text(&buffer, "],\"phases\":[");
    for (int i = 0; i < compare->n_rows; i++) {
        buffer_add_text(&buffer, i > 0 ? ",\n" : "\n");
        add_row(&buffer, compare, &compare->rows[i]);
    }
    buffer_add_text(&buffer, "],\n\"medians\":");
    add_medians(&buffer, compare);
    buffer_add_text(&buffer, ",\n\"totals\":");
    add_totals(&buffer, compare);
    if (compare->n_others > 1) {
        buffer_add_text(&buffer, ",\n\"band\":");
        add_bands(&buffer, compare->others, compare->n_others);
    }
    buffer_add_text(&buffer, ",\n");
    compare_requests_add_json(&buffer, compare);
    buffer_add_text(&buffer, ",\n");
    compare_cost_add_json(&buffer, compare);
    buffer_add_text(&buffer, ",\n\"placement\":");
    add_placements(&buffer, compare);
    buffer_add(&buffer,
               ",\n\"measured\":{\"counted\":%d,\"modelled\":%d,\"share\":", compare->n_counted,
               compare->n_modelled);
    add_percent(&buffer, compare_measured_permille(compare));
    buffer_add_text(&buffer, "}}\n");
    fputs(buffer.text, out);
    buffer_finish(&buffer);
}
