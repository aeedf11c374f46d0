/*
 * The view's time. It must never know a window, a key or the computer's clock.
 */
#include "viz/clock.h"

#include "core/array.h"
#include "file/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In tenths. */
static const int speeds[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
#define SPEED_NORMAL 3

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Puts them in order, each once. */
static void settle(struct clock_moments *moments)
{
    int kept = 1, sorted = 1;
    while (sorted < moments->n_usec && moments->usec[sorted - 1] <= moments->usec[sorted])
        sorted++;
    if (sorted < moments->n_usec)
        qsort(moments->usec, (size_t)moments->n_usec, sizeof *moments->usec, by_value);
    for (int i = 1; i < moments->n_usec; i++) {
        if (moments->usec[i] != moments->usec[kept - 1])
            moments->usec[kept++] = moments->usec[i];
    }
    moments->n_usec = kept;
}

static void add(struct clock_moments *moments, int64_t at_usec)
{
    if (moments->n_usec == 0 || moments->usec[moments->n_usec - 1] != at_usec)
        *ARRAY_ADD(moments, usec) = at_usec;
}

static bool decides(const struct scene_event *event)
{
    switch (event->kind) {
    case SCENE_LAUNCHED:
    case SCENE_PLACED:
    case SCENE_STOP:
    case SCENE_REFUSED:
    case SCENE_WAITS:
    case SCENE_END:
        return true;
    default:
        return false;
    }
}

/* What the scheduler decides of services and of capacity. */
static bool is_decision(const struct message *message)
{
    return message->kind == MESSAGE_SCALE || message->kind == MESSAGE_DEPLOYMENT ||
           (message->kind == MESSAGE_CAPACITY && (message->as.capacity.verdict == CAPACITY_OUT ||
                                                  message->as.capacity.verdict == CAPACITY_IN));
}

static void take_run(struct clock *clock, const struct scene_index *index)
{
    const struct story *story = index->story;
    int64_t length_usec = scene_index_length_usec(index);
    if (length_usec > clock->length_usec)
        clock->length_usec = length_usec;
    for (int i = 0; i < index->n_events; i++) {
        add(&clock->events, index->events[i].at_usec);
        if (decides(&index->events[i]))
            add(&clock->decisions, index->events[i].at_usec);
    }
    for (int i = 0; i < story->n_facts; i++) {
        if (is_decision(&story->facts[i].message) && story->facts[i].at_usec <= length_usec) {
            add(&clock->decisions, story->facts[i].at_usec);
            add(&clock->events, story->facts[i].at_usec);
        }
    }
}

/* Events and decisions are both in order of time. */
static void count_placed(struct clock *clock, const struct scene_index *index)
{
    int at = 0;
    for (int i = 0; i < index->n_events; i++) {
        if (index->events[i].kind != SCENE_PLACED)
            continue;
        while (clock->decisions.usec[at] < index->events[i].at_usec)
            at++;
        clock->placed[at]++;
    }
}

void clock_init(struct clock *clock, const struct scene_index *const *indexes, int n_indexes)
{
    *clock = (struct clock){.speed = SPEED_NORMAL, .length_usec = 1, .shown = CLOCK_ALL};
    add(&clock->events, 0);
    add(&clock->decisions, 0);
    for (int i = 0; i < n_indexes; i++)
        take_run(clock, indexes[i]);
    settle(&clock->events);
    settle(&clock->decisions);
    clock->placed = calloc((size_t)clock->decisions.n_usec + 1, sizeof *clock->placed);
    for (int i = 0; i < n_indexes; i++)
        count_placed(clock, indexes[i]);
}

void clock_finish(struct clock *clock)
{
    free(clock->events.usec);
    free(clock->decisions.usec);
    free(clock->placed);
    *clock = (struct clock){0};
}

void clock_seek(struct clock *clock, int64_t at_usec)
{
    clock->at_usec = at_usec < 0 ? 0 : at_usec > clock->length_usec ? clock->length_usec : at_usec;
    clock->shown = CLOCK_ALL;
}

/* The number of moments before `at_usec`. */
static int count_before(const struct clock_moments *moments, int64_t at_usec)
{
    int low = 0, high = moments->n_usec;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (moments->usec[middle] < at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void clock_step(struct clock *clock, const struct clock_moments *moments, int direction)
{
    clock->playing = false;
    int at = direction > 0 ? count_before(moments, clock->at_usec + 1)
                           : count_before(moments, clock->at_usec) - 1;
    if (at >= 0 && at < moments->n_usec)
        clock_seek(clock, moments->usec[at]);
    else
        clock_seek(clock, direction > 0 ? clock->length_usec : clock->at_usec);
}

int32_t clock_placed(const struct clock *clock)
{
    int at = count_before(&clock->decisions, clock->at_usec);
    bool is = at < clock->decisions.n_usec && clock->decisions.usec[at] == clock->at_usec;
    return is ? clock->placed[at] : 0;
}

void clock_step_decision(struct clock *clock, int direction)
{
    int32_t placed = clock_placed(clock);
    clock->playing = false;
    if (direction > 0 && clock->shown < placed) {
        clock->shown = clock->shown + 1 < placed ? clock->shown + 1 : CLOCK_ALL;
        return;
    }
    if (direction < 0 && placed > 1 && clock->shown > 1) {
        clock->shown = (clock->shown < placed ? clock->shown : placed) - 1;
        return;
    }
    int64_t before_usec = clock->at_usec;
    clock_step(clock, &clock->decisions, direction);
    if (direction > 0 && clock->at_usec != before_usec && clock_placed(clock) > 1)
        clock->shown = 1;
}

void clock_toggle(struct clock *clock)
{
    if (!clock->playing && clock->at_usec >= clock->length_usec)
        clock->at_usec = 0;
    clock->playing = !clock->playing;
}

void clock_change_speed(struct clock *clock, int direction)
{
    int speed = clock->speed + direction;
    if (speed >= 0 && speed < (int)(sizeof speeds / sizeof speeds[0]))
        clock->speed = speed;
}

bool clock_advance(struct clock *clock, int64_t real_usec)
{
    if (!clock->playing || real_usec <= 0)
        return false;
    /* A suspended computer is no reason to jump over everything. */
    if (real_usec > USEC_PER_SEC)
        real_usec = USEC_PER_SEC;
    clock_seek(clock, clock->at_usec + real_usec * speeds[clock->speed] / 10);
    if (clock->at_usec >= clock->length_usec)
        clock->playing = false;
    return true;
}

/* "1:30", "1:02:03.5": sixties before the last colon. */
static const char *read_colons(const char *text, int64_t *at_usec)
{
    int64_t sixties = 0;
    char seconds[40];
    for (const char *colon; (colon = strchr(text, ':')); text = colon + 1) {
        char *end;
        long long n = strtoll(text, &end, 10);
        if (end != colon || n < 0 || n > 1000000 || sixties > 1000000)
            return "is no time; times look like \"1:30\", \"12s\", \"50%\", \"end\"";
        sixties = (sixties + n) * 60;
    }
    snprintf(seconds, sizeof seconds, "%ss", text);
    const char *wrong = units_duration(seconds, at_usec);
    *at_usec += sixties * USEC_PER_SEC;
    return wrong;
}

static const char *read_moment(const struct clock *clock, const char *text, int64_t *at_usec)
{
    size_t length = strlen(text);
    char number[40];
    if (strcmp(text, "end") == 0) {
        *at_usec = clock->length_usec;
        return NULL;
    }
    if (length == 0 || length > sizeof number - 2)
        return "is no time; times look like \"1:30\", \"12s\", \"50%\", \"end\"";
    if (strchr(text, ':'))
        return read_colons(text, at_usec);
    if (text[length - 1] >= '0' && text[length - 1] <= '9') {
        snprintf(number, sizeof number, "%ss", text);
        return units_duration(number, at_usec);
    }
    if (text[length - 1] != '%')
        return units_duration(text, at_usec);
    /* As seconds: a hundredth of a per cent is ten milliseconds then. */
    snprintf(number, sizeof number, "%.*ss", (int)length - 1, text);
    const char *wrong = units_duration(number, at_usec);
    if (!wrong && *at_usec <= 100 * USEC_PER_SEC)
        *at_usec = (int64_t)((unsigned __int128)*at_usec * (uint64_t)clock->length_usec /
                             (100 * USEC_PER_SEC));
    else if (!wrong)
        *at_usec = clock->length_usec;
    return wrong;
}

const char *clock_read(const struct clock *clock, const char *text, int64_t *at_usec)
{
    int64_t usec = 0;
    int sign = *text == '+' ? 1 : *text == '-' ? -1 : 0;
    const char *wrong = read_moment(clock, sign ? text + 1 : text, &usec);
    if (!wrong)
        *at_usec = sign ? clock->at_usec + sign * usec : usec;
    return wrong;
}

char *clock_tell_speed(const struct clock *clock, char *text, size_t size)
{
    int tenths = speeds[clock->speed];
    if (tenths < 10)
        snprintf(text, size, "x1/%d", 10 / tenths);
    else
        snprintf(text, size, "x%d", tenths / 10);
    return text;
}

char *clock_tell(const struct clock *clock, char *text, size_t size)
{
    char speed[16];
    snprintf(text, size, "%s%s", clock->playing ? "playing " : "",
             clock->playing ? clock_tell_speed(clock, speed, sizeof speed) : "");
    return text;
}
