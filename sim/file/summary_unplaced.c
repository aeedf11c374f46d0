/*
 * What went without: calls that were refused, tasks and services that found no room, expectations
 * that do not hold. Said with the nearest miss, so that the reader knows what would have helped.
 */
#include "file/expect.h"
#include "file/explain.h"
#include "file/refusal.h"
#include "file/summary.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_miss(FILE *out, const struct story *story, int64_t at_usec,
                       const struct task_definition *definition, enum place_reason reason,
                       int32_t nearest, int64_t lack)
{
    bool launching = reason == PLACE_INACTIVE && story_is_launching(story, nearest, at_usec);
    char words[160];

    if (nearest == ID_NONE) {
        fprintf(out, "%s",
                reason == PLACE_MISSING       ? "there is no such instance (MISSING)"
                : reason == PLACE_NO_INSTANCE ? "the cluster has no instance"
                                              : "no instance takes it");
        return;
    }
    fprintf(out, "nearest is %s, which %s (%s)", story_instance_name(nearest),
            launching ? "is not ACTIVE but LAUNCHING"
                      : explain_lack(definition, reason, lack, words, sizeof words),
            place_reason_names[reason]);
}

static const char *family(const struct story *story, int32_t taskdef)
{
    const struct task_definition *definition = story_definition(story, taskdef);

    return definition ? definition->family : "";
}

static void print_refusal(FILE *out, const struct story *story, const struct story_note *note,
                          int times)
{
    const struct refuse *refuse = &note->message.as.refuse;
    char when[32];

    fprintf(out, "REFUSED  at %s: %s%s%s", summary_duration(note->at_usec, when, sizeof when),
            message_kind_names[refuse->call], *family(story, refuse->taskdef) ? " " : "",
            family(story, refuse->taskdef));
    if (note->about)
        fprintf(out, "%s", note->about);
    if (times > 1)
        fprintf(out, ", %d tasks", times);
    if (refuse->refusal == REFUSED_NO_CAPACITY) {
        fprintf(out, ": no room: ");
        print_miss(out, story, note->at_usec, story_definition(story, refuse->taskdef),
                   refuse->reason, refuse->nearest, refuse->lack);
    } else {
        fprintf(out, ": %s", refusal_words(refuse->refusal));
    }
    fprintf(out, "\n");
}

/* How many tasks a service lacks at the end for want of room: it has placed nothing since it said
 * that it waits. */
static int service_lacks(const struct story *story, const struct story_note *note)
{
    int32_t service = note->message.as.wait.service;
    int live = 0;

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        if (task->service != service || task->placed_at_usec == USEC_NEVER)
            continue;
        if (task->nth_placed >= note->n_placed)
            return 0;
        live += task->torn_down || task->stop_at_usec == USEC_NEVER
                    ? task->torn_down || task->stopped_at_usec == USEC_NEVER
                    : 0;
    }
    return story->services[service].desired > live ? story->services[service].desired - live : 0;
}

/* How many tasks what the note is about still lacks at the end. */
static int lacks_of(const struct story *story, const struct story_note *note)
{
    const struct wait *wait = &note->message.as.wait;

    if (wait->service != ID_NONE)
        return service_lacks(story, note);
    return story->tasks[wait->task].placed_at_usec == USEC_NEVER &&
           (story->tasks[wait->task].stopped_at_usec == USEC_NEVER ||
            story->tasks[wait->task].torn_down);
}

static int print_waiting(FILE *out, const struct story *story, const struct story_note *note)
{
    const struct wait *wait = &note->message.as.wait;
    bool is_service = wait->service != ID_NONE;
    int lacks = lacks_of(story, note);
    char since[32];

    if (lacks == 0)
        return 0;
    fprintf(out, "WAITING  since %s: ", summary_duration(note->at_usec, since, sizeof since));
    if (is_service)
        fprintf(out,
                "service %s lacks %d of %d tasks: no room: ", story->services[wait->service].name,
                lacks, story->services[wait->service].desired);
    else
        fprintf(out, "%s %s: no room: ", story_task_name(wait->task),
                family(story, story->tasks[wait->task].taskdef));
    print_miss(out, story, note->at_usec,
               story_definition(story, is_service ? story->services[wait->service].taskdef
                                                  : story->tasks[wait->task].taskdef),
               wait->reason, wait->nearest, wait->lack);
    fprintf(out, "\n");
    return lacks;
}

static bool same_refusal(const struct story_note *a, const struct story_note *b)
{
    return a->message.kind == MESSAGE_REFUSE && b->message.kind == MESSAGE_REFUSE &&
           a->at_usec == b->at_usec && a->message.as.refuse.call == b->message.as.refuse.call &&
           a->message.as.refuse.taskdef == b->message.as.refuse.taskdef &&
           a->message.as.refuse.reason == b->message.as.refuse.reason &&
           strcmp(a->about ? a->about : "", b->about ? b->about : "") == 0;
}

/* Only the last word on each service and task counts: an index into the notes, or ID_NONE. */
static int32_t *last_words(const struct story *story)
{
    size_t n = (size_t)story->n_services + (size_t)story->n_tasks;
    int32_t *last = malloc((n + 1) * sizeof *last);

    assert(last != NULL);
    for (size_t i = 0; i < n; i++)
        last[i] = ID_NONE;
    for (int i = 0; i < story->n_notes; i++) {
        const struct wait *wait = &story->notes[i].message.as.wait;

        if (story->notes[i].message.kind != MESSAGE_WAIT)
            continue;
        if (wait->service >= 0 && wait->service < story->n_services)
            last[wait->service] = i;
        else if (wait->task >= 0 && wait->task < story->n_tasks)
            last[story->n_services + wait->task] = i;
    }
    return last;
}

const struct story_note *summary_first_miss(const struct story *story)
{
    int32_t *last = last_words(story);
    const struct story_note *first = NULL;

    for (int i = 0; i < story->n_notes && !first; i++) {
        const struct refuse *refuse = &story->notes[i].message.as.refuse;

        if (story->notes[i].message.kind == MESSAGE_REFUSE && refuse->call == MESSAGE_RUN_TASK &&
            refuse->refusal == REFUSED_NO_CAPACITY)
            first = &story->notes[i];
    }
    for (int i = 0; i < story->n_services + story->n_tasks && !first; i++)
        if (last[i] != ID_NONE && lacks_of(story, &story->notes[last[i]]) > 0)
            first = &story->notes[last[i]];
    free(last);
    return first;
}

/* Tasks that were given up in PROVISIONING, of one service or task definition. */
struct given_up {
    const struct story_task *first;
    int n;
};

/* `rows` has room for one row for each task. */
static int list_given_up(const struct story *story, struct given_up *rows)
{
    int n_rows = 0, i;

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        if (!story_given_up(task))
            continue;
        for (i = 0; i < n_rows; i++)
            if (rows[i].first->service == task->service && rows[i].first->taskdef == task->taskdef)
                break;
        if (i == n_rows)
            rows[n_rows++] = (struct given_up){.first = task};
        rows[i].n++;
    }
    return n_rows;
}

/* Services ask for theirs anew: only the others count as unplaced. */
static int print_given_up(FILE *out, const struct story *story)
{
    struct given_up *rows = malloc(((size_t)story->n_tasks + 1) * sizeof *rows);
    int n_rows, unplaced = 0;
    char when[32];

    assert(rows != NULL);
    n_rows = list_given_up(story, rows);
    for (int i = 0; i < n_rows; i++) {
        const struct story_task *first = rows[i].first;
        bool is_service = first->service != ID_NONE;

        fprintf(out, "GAVE UP  from %s: %s %s, %d task%s stopped: no capacity came in time\n",
                summary_duration(first->stop_at_usec, when, sizeof when),
                is_service ? "service" : "RunTask",
                is_service ? story->services[first->service].name : family(story, first->taskdef),
                rows[i].n, rows[i].n == 1 ? "" : "s");
        unplaced += is_service ? 0 : rows[i].n;
    }
    free(rows);
    return unplaced;
}

int summary_unplaced(FILE *out, const struct story *story)
{
    int32_t *last = last_words(story);
    int unplaced = 0, times = 1;

    for (int i = 0; i < story->n_notes; i += times) {
        const struct story_note *note = &story->notes[i];

        times = 1;
        if (note->message.kind != MESSAGE_REFUSE)
            continue;
        while (i + times < story->n_notes && same_refusal(note, &story->notes[i + times]))
            times++;
        print_refusal(out, story, note, times);
        if (note->message.as.refuse.refusal == REFUSED_NO_CAPACITY)
            unplaced += times;
    }
    for (int i = 0; i < story->n_services + story->n_tasks; i++)
        if (last[i] != ID_NONE)
            unplaced += print_waiting(out, story, &story->notes[last[i]]);
    free(last);
    return unplaced + print_given_up(out, story);
}

void summary_unsimulated(FILE *out, const struct scenario *scenario)
{
    if (scenario->unsimulated)
        fprintf(out, "noted    not simulated: %s   (berth validate -v says where)\n",
                scenario->unsimulated);
}

bool summary_expect(FILE *out, const struct scenario *scenario, const struct story *story)
{
    int holding = expect_count(scenario, story);
    char found[128];

    if (scenario->n_expects == 0)
        return true;
    fprintf(out, "expect   %d of %d hold%s\n", holding, scenario->n_expects,
            scenario->n_expects == 1 ? "s" : "");
    for (int i = 0; i < scenario->n_expects; i++)
        if (!expect_holds(&scenario->expects[i], story, found, sizeof found))
            fprintf(out, "   FAILED line %d: %s: %s\n", scenario->expects[i].line,
                    scenario->expects[i].text, found);
    return holding == scenario->n_expects;
}

void summary_given_up(FILE *out, int n_groups)
{
    if (n_groups > 0)
        fprintf(out,
                "GAVE UP  instances of %d group%s failed at every launch: no more are launched\n",
                n_groups, n_groups == 1 ? "" : "s");
}
