/*
 * Columns are filled by one walk over the events and one over each series. It must never know pixels' places,
 * colours or who draws it.
 */
#include "viz/chronicle.h"

#include "core/array.h"
#include "file/cost.h"
#include "file/scenario.h"
#include "viz/scene_tell.h"
#include "viz/track.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Marks -------------------------------------------------------------------------------------------- */

static void add_mark(struct chronicle *chronicle, int64_t at_usec, enum chronicle_kind kind, int id)
{
    if (at_usec <= scene_index_length_usec(chronicle->index))
        *ARRAY_ADD(chronicle, marks) = (struct chronicle_mark){at_usec, kind, id};
}

static void mark_faults(struct chronicle *chronicle, const char *text)
{
    struct scenario *scenario = scenario_reread(text);
    for (int i = 0; scenario && i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];
        if (!entry->is_fault)
            continue;
        struct chronicle_fault *fault = ARRAY_ADD(chronicle, faults);
        scenario_tell_fault(&entry->fault, fault->text, sizeof fault->text);
        add_mark(chronicle, entry->at_usec, CHRONICLE_FAULT, chronicle->n_faults - 1);
    }
    if (scenario)
        scenario_destroy(scenario);
}

static void mark_fact(struct chronicle *chronicle, int fact)
{
    const struct story_fact *row = &chronicle->index->story->facts[fact];
    const struct message *message = &row->message;
    if (message->kind == MESSAGE_DEPLOYMENT) {
        /* The first is the service's creation. */
        if (message->as.deployment.deployment > 0)
            add_mark(chronicle, row->at_usec, CHRONICLE_DEPLOYMENT, fact);
    } else if (message->kind == MESSAGE_SCALE) {
        add_mark(chronicle, row->at_usec,
                 message->as.scale.to > message->as.scale.from ? CHRONICLE_SCALE_OUT
                                                               : CHRONICLE_SCALE_IN,
                 fact);
    } else if (message->kind == MESSAGE_CAPACITY) {
        if (message->as.capacity.verdict == CAPACITY_OUT)
            add_mark(chronicle, row->at_usec, CHRONICLE_SCALE_OUT, fact);
        else if (message->as.capacity.verdict == CAPACITY_IN)
            add_mark(chronicle, row->at_usec, CHRONICLE_SCALE_IN, fact);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct chronicle_mark *left = a, *right = b;
    if (left->at_usec != right->at_usec)
        return left->at_usec < right->at_usec ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static void make_marks(struct chronicle *chronicle, const char *scenario)
{
    const struct scene_index *index = chronicle->index;
    mark_faults(chronicle, scenario);
    for (int i = 0; i < index->story->n_facts; i++)
        mark_fact(chronicle, i);
    for (int i = 0; i < index->n_events; i++) {
        if (index->events[i].failure)
            add_mark(chronicle, index->events[i].at_usec, CHRONICLE_FAILURE, i);
    }
    if (chronicle->n_marks > 1)
        qsort(chronicle->marks, (size_t)chronicle->n_marks, sizeof *chronicle->marks, by_time);
}

/* Strips ------------------------------------------------------------------------------------------- */

static void make_strips(struct chronicle *chronicle)
{
    const struct story *story = chronicle->index->story;
    struct series *strips = chronicle->strips;
    track_share(story, false, &strips[CHRONICLE_UTILIZATION]);
    track_level(story, TRACK_WAITING, &strips[CHRONICLE_WAITING]);
    track_level(story, TRACK_RUNNING, &strips[CHRONICLE_RUNNING]);
    track_price(story, &strips[CHRONICLE_COST]);
    track_slowest(story, &strips[CHRONICLE_LATENCY]);
    for (int s = 0; s < CHRONICLE_STRIPS; s++) {
        for (int i = 0; i < strips[s].n_points; i++) {
            if (strips[s].points[i].value > chronicle->most[s])
                chronicle->most[s] = strips[s].points[i].value;
        }
    }
    if (chronicle->most[CHRONICLE_UTILIZATION] > 0)
        chronicle->most[CHRONICLE_UTILIZATION] = 10000;
}

void chronicle_init(struct chronicle *chronicle, const struct scene_index *index,
                    const char *scenario)
{
    *chronicle = (struct chronicle){.index = index};
    make_marks(chronicle, scenario);
    make_strips(chronicle);
}

static void forget_columns(struct chronicle *chronicle)
{
    free(chronicle->kinds);
    free(chronicle->low);
    free(chronicle->high);
}

void chronicle_finish(struct chronicle *chronicle)
{
    forget_columns(chronicle);
    free(chronicle->marks);
    free(chronicle->faults);
    for (int s = 0; s < CHRONICLE_STRIPS; s++)
        series_finish(&chronicle->strips[s]);
    *chronicle = (struct chronicle){0};
}

/* Columns ------------------------------------------------------------------------------------------ */

int chronicle_column(int64_t at_usec, int width, int64_t length_usec)
{
    if (at_usec <= 0 || length_usec < 1)
        return 0;
    if (at_usec >= length_usec)
        return width - 1;
    /* Scaled down first, so that a run of a hundred years does not overflow. */
    while (length_usec > INT64_C(1) << 40) {
        length_usec >>= 1;
        at_usec >>= 1;
    }
    return (int)(at_usec * (width - 1) / length_usec);
}

static void fit_kinds(struct chronicle *chronicle)
{
    const struct scene_index *index = chronicle->index;
    for (int i = 0; i < index->n_events; i++) {
        const struct scene_event *event = &index->events[i];
        enum chronicle_kind kind = CHRONICLE_KINDS;
        if (event->kind == SCENE_PLACED)
            kind = CHRONICLE_PLACED;
        else if (event->kind == SCENE_STOPPED || event->kind == SCENE_LOST)
            kind = CHRONICLE_STOPPED;
        else
            continue;
        chronicle
            ->kinds[chronicle_column(event->at_usec, chronicle->width, chronicle->length_usec)] |=
            (uint8_t)(1U << kind);
    }
    for (int i = 0; i < chronicle->n_marks; i++)
        chronicle->kinds[chronicle_column(chronicle->marks[i].at_usec, chronicle->width,
                                          chronicle->length_usec)] |=
            (uint8_t)(1U << chronicle->marks[i].kind);
}

/* A point's value holds from its own column up to the next point's; the run's end is the last column. */
static void fit_strip(struct chronicle *chronicle, enum chronicle_strip strip)
{
    const struct series *series = &chronicle->strips[strip];
    int64_t *low = &chronicle->low[strip * chronicle->width];
    int64_t *high = &chronicle->high[strip * chronicle->width];
    int last = chronicle_column(scene_index_length_usec(chronicle->index), chronicle->width,
                                chronicle->length_usec);
    for (int x = 0; x < chronicle->width; x++)
        low[x] = high[x] = -1;
    for (int i = 0; i < series->n_points; i++) {
        int64_t value = series->points[i].value;
        if (!chronicle_knows(chronicle, strip, value))
            continue;
        int from =
            chronicle_column(series->points[i].at_usec, chronicle->width, chronicle->length_usec);
        int to = i + 1 < series->n_points
                     ? chronicle_column(series->points[i + 1].at_usec, chronicle->width,
                                        chronicle->length_usec)
                     : last;
        for (int x = from; x <= to; x++) {
            low[x] = low[x] < 0 || value < low[x] ? value : low[x];
            high[x] = value > high[x] ? value : high[x];
        }
    }
}

void chronicle_fit(struct chronicle *chronicle, int width, int64_t length_usec)
{
    if (width < 1 || (width == chronicle->width && length_usec == chronicle->length_usec))
        return;
    forget_columns(chronicle);
    chronicle->width = width;
    chronicle->length_usec = length_usec;
    chronicle->kinds = calloc((size_t)width, sizeof *chronicle->kinds);
    chronicle->low = calloc((size_t)width * CHRONICLE_STRIPS, sizeof *chronicle->low);
    chronicle->high = calloc((size_t)width * CHRONICLE_STRIPS, sizeof *chronicle->high);
    fit_kinds(chronicle);
    for (int s = 0; s < CHRONICLE_STRIPS; s++)
        fit_strip(chronicle, (enum chronicle_strip)s);
}

/* Words -------------------------------------------------------------------------------------------- */

static const char *service_name(const struct story *story, int32_t service)
{
    return service >= 0 && service < story->n_services ? story->services[service].name
                                                       : "a service";
}

static void tell_fact(const struct story *story, const struct message *message, char *text,
                      size_t size)
{
    const struct deployment_state *deployment = &message->as.deployment;
    const struct task_definition *definition;
    switch (message->kind) {
    case MESSAGE_DEPLOYMENT:
        definition = story_definition(story, deployment->taskdef);
        snprintf(text, size, "%s: deployment of %s:%d is %s (%s)",
                 service_name(story, deployment->service), definition ? definition->family : "?",
                 definition ? (int)definition->revision : 0,
                 rollout_state_names[deployment->rollout],
                 deployment_reason_names[deployment->reason]);
        break;
    case MESSAGE_SCALE:
        snprintf(text, size, "%s: desired count %d to %d",
                 service_name(story, message->as.scale.service), (int)message->as.scale.from,
                 (int)message->as.scale.to);
        break;
    default:
        snprintf(text, size, "%s: %d to %d instances",
                 cost_provider(story, message->as.capacity.provider),
                 (int)message->as.capacity.from, (int)message->as.capacity.desired);
        break;
    }
}

void chronicle_tell(const struct chronicle *chronicle, const struct chronicle_mark *mark,
                    char *text, size_t size)
{
    const struct scene_index *index = chronicle->index;
    if (mark->kind == CHRONICLE_FAULT)
        snprintf(text, size, "fault: %s", chronicle->faults[mark->id].text);
    else if (mark->kind == CHRONICLE_FAILURE)
        scene_tell_event(text, size, index, &index->events[mark->id]);
    else
        tell_fact(index->story, &index->story->facts[mark->id].message, text, size);
}

bool chronicle_knows(const struct chronicle *chronicle, enum chronicle_strip strip, int64_t value)
{
    if (strip == CHRONICLE_LATENCY)
        return value > 0;
    return strip != CHRONICLE_COST || chronicle->most[strip] > 0;
}

void chronicle_tell_value(enum chronicle_strip strip, int64_t value, char *text, size_t size)
{
    if (strip == CHRONICLE_UTILIZATION)
        snprintf(text, size, "%" PRId64 " %%", (value + 50) / 100);
    else if (strip == CHRONICLE_COST)
        snprintf(text, size, "%" PRId64 ".%03" PRId64, (value + 500000) / 1000000000,
                 (value + 500000) / 1000000 % 1000);
    else if (strip == CHRONICLE_LATENCY && value >= 10 * USEC_PER_SEC)
        snprintf(text, size, "%" PRId64 " s", value / USEC_PER_SEC);
    else if (strip == CHRONICLE_LATENCY && value >= 10 * USEC_PER_MSEC)
        snprintf(text, size, "%" PRId64 " ms", value / USEC_PER_MSEC);
    else if (strip == CHRONICLE_LATENCY)
        snprintf(text, size, "%" PRId64 ".%" PRId64 " ms", value / USEC_PER_MSEC,
                 value % USEC_PER_MSEC / 100);
    else
        snprintf(text, size, "%" PRId64, value);
}

int64_t chronicle_next(const struct chronicle *const *chronicles, int n, int64_t at_usec,
                       int direction)
{
    int64_t best_usec = USEC_NEVER;
    for (int c = 0; c < n; c++) {
        for (int i = 0; i < chronicles[c]->n_marks; i++) {
            int64_t mark_usec = chronicles[c]->marks[i].at_usec;
            if (direction > 0 && mark_usec > at_usec && mark_usec < best_usec)
                best_usec = mark_usec;
            if (direction < 0 && mark_usec < at_usec &&
                (best_usec == USEC_NEVER || mark_usec > best_usec))
                best_usec = mark_usec;
        }
    }
    return best_usec;
}
