/*
 * One event a line, a parent before its children. What had not ended by the end of the log ends there.
 */
#include "file/export_chrome.h"

#include "core/array.h"
#include "file/buffer.h"
#include "file/memory.h"

#include <inttypes.h>
#include <stdlib.h>

/* Processes: the cluster as a whole first, then the instances. */
#define PID_CLUSTER 1
#define PID_INSTANCES 2

/* Threads of an instance: its own life, then the slots. */
#define TID_LIFE 1
#define TID_SLOTS 2

/* When each slot of an instance is free again. */
struct slots {
    int64_t *free_at_usec;
    int n_free_at_usec, cap_free_at_usec;
};

struct trace {
    FILE *out;
    const struct story *story;
    struct buffer line;
    struct slots *slots; /* by instance */
    int64_t end_usec;
    bool some; /* an event was written */
};

/* Lines ------------------------------------------------------------------------------------------ */

static void begin(struct trace *trace, const char *phase, const char *name, int32_t pid)
{
    buffer_add(&trace->line, "%s{\"ph\": \"%s\", \"name\": ", trace->some ? ",\n" : "", phase);
    buffer_add_json_string(&trace->line, name);
    buffer_add(&trace->line, ", \"pid\": %" PRId32, pid);
    trace->some = true;
}

static void end(struct trace *trace)
{
    buffer_add_text(&trace->line, "}");
    fwrite(trace->line.text, 1, trace->line.length, trace->out);
    buffer_clear(&trace->line);
}

/* "process_name", "thread_name" */
static void name(struct trace *trace, const char *what, int32_t pid, int32_t tid, const char *text)
{
    begin(trace, "M", what, pid);
    if (tid)
        buffer_add(&trace->line, ", \"tid\": %" PRId32, tid);
    buffer_add_text(&trace->line, ", \"args\": {\"name\": ");
    buffer_add_json_string(&trace->line, text);
    buffer_add_text(&trace->line, "}");
    end(trace);
}

static void order(struct trace *trace, int32_t pid)
{
    begin(trace, "M", "process_sort_index", pid);
    buffer_add(&trace->line, ", \"args\": {\"sort_index\": %" PRId32 "}", pid);
    end(trace);
}

/* A span of time; moments that never came are the end. Leaves the line open for args. */
static bool begin_span(struct trace *trace, const char *kind, const char *text, int32_t pid,
                       int32_t tid, int64_t from_usec, int64_t to_usec)
{
    if (from_usec > trace->end_usec)
        return false;
    if (to_usec > trace->end_usec)
        to_usec = trace->end_usec;
    if (to_usec < from_usec)
        return false;
    begin(trace, "X", text, pid);
    buffer_add(&trace->line,
               ", \"tid\": %" PRId32 ", \"cat\": \"%s\", \"ts\": %" PRId64 ", \"dur\": %" PRId64,
               tid, kind, from_usec, to_usec - from_usec);
    return true;
}

static void span(struct trace *trace, const char *kind, const char *text, int32_t pid, int32_t tid,
                 int64_t from_usec, int64_t to_usec, bool modelled)
{
    if (!begin_span(trace, kind, text, pid, tid, from_usec, to_usec))
        return;
    if (modelled)
        buffer_add_text(&trace->line, ", \"args\": {\"modelled\": true}");
    end(trace);
}

static void instant(struct trace *trace, const char *text, int32_t pid, int32_t tid,
                    int64_t at_usec)
{
    begin(trace, "i", text, pid);
    buffer_add(&trace->line, ", \"tid\": %" PRId32 ", \"ts\": %" PRId64 ", \"s\": \"%s\"", tid,
               at_usec, tid == TID_LIFE ? "p" : "t");
    end(trace);
}

/* Instances ---------------------------------------------------------------------------------------- */

static int32_t pid_of(int32_t instance)
{
    return PID_INSTANCES + instance;
}

static void name_instance(struct trace *trace, int32_t id)
{
    const struct story_instance *instance = &trace->story->instances[id];
    const struct instance_group *group =
        instance->group != ID_NONE && instance->group < trace->story->n_groups
            ? &trace->story->groups[instance->group]
            : NULL;
    struct buffer text = {0};

    buffer_add_text(&text, story_machine_name(trace->story, id));
    if (story_is_micro_vm(trace->story, id))
        buffer_add(&text, " on %s", story_place_name(trace->story, id));
    else if (group && group->type)
        buffer_add(&text, " %s", story_type(trace->story, instance));
    if (group && instance->zone >= 0 && instance->zone < group->n_zones)
        buffer_add(&text, ", zone %s", group->zones[instance->zone].name);
    name(trace, "process_name", pid_of(id), 0, text.text);
    buffer_finish(&text);
    order(trace, pid_of(id));
    name(trace, "thread_name", pid_of(id), TID_LIFE,
         story_is_micro_vm(trace->story, id) ? "micro-VM" : "instance");
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void tell_instance(struct trace *trace, int32_t id)
{
    const struct story_instance *instance = &trace->story->instances[id];
    const char *kind = story_is_micro_vm(trace->story, id) ? "micro-VM" : "instance";
    int64_t registered_usec = least(instance->registered_at_usec, instance->lost_at_usec);
    int64_t booted_usec = least(instance->booted_at_usec, registered_usec);

    name_instance(trace, id);
    span(trace, kind, "starting", pid_of(id), TID_LIFE, instance->launch_at_usec, registered_usec,
         false);
    span(trace, kind, "boot", pid_of(id), TID_LIFE, instance->launch_at_usec, booted_usec,
         instance->boot_modelled);
    if (instance->booted_at_usec <= registered_usec)
        span(trace, kind, "register", pid_of(id), TID_LIFE, booted_usec, registered_usec, false);
    if (instance->registered_at_usec != USEC_NEVER)
        span(trace, kind, "up", pid_of(id), TID_LIFE, instance->registered_at_usec,
             instance->lost_at_usec, false);
}

/* Tasks -------------------------------------------------------------------------------------------- */

/* Where phases stand: on one thread, within a time that they may not leave. */
struct frame {
    int32_t pid, tid;
    int64_t from_usec, until_usec;
};

/* The lowest slot that is free when the frame begins, taken until it ends. */
static int32_t take_slot(struct trace *trace, int32_t instance, const struct frame *frame)
{
    struct slots *slots = &trace->slots[instance];
    int i = 0;

    while (i < slots->n_free_at_usec && slots->free_at_usec[i] > frame->from_usec)
        i++;
    if (i == slots->n_free_at_usec) {
        char text[32];

        ARRAY_ADD(slots, free_at_usec);
        snprintf(text, sizeof text, "slot %d", i + 1);
        name(trace, "thread_name", frame->pid, TID_SLOTS + i, text);
    }
    slots->free_at_usec[i] = frame->until_usec;
    return TID_SLOTS + i;
}

/* An agent's clock may be a little off the scheduler's, so what sticks out of the frame is cut off. */
static void tell_phase(struct trace *trace, const struct frame *frame, const char *text,
                       int64_t from_usec, int64_t to_usec, bool modelled)
{
    if (from_usec < frame->from_usec)
        from_usec = frame->from_usec;
    if (from_usec <= frame->until_usec)
        span(trace, "phase", text, frame->pid, frame->tid, from_usec,
             least(to_usec, frame->until_usec), modelled);
}

/* The phases of its last start, side by side. */
static void tell_phases(struct trace *trace, const struct frame *frame,
                        const struct story_container *row)
{
    int64_t exit_usec = least(row->exited_at_usec, frame->until_usec);
    int64_t stop_usec = least(least(row->term_at_usec, row->kill_at_usec), exit_usec);
    int64_t ready_usec = least(row->ready_at_usec, stop_usec);

    tell_phase(trace, frame, "pull", row->pull_at_usec, row->pulled_at_usec, row->pull_modelled);
    tell_phase(trace, frame, "create", row->create_at_usec, row->created_at_usec,
               row->create_modelled);
    tell_phase(trace, frame, "start", row->start_at_usec, least(row->started_at_usec, exit_usec),
               row->start_modelled);
    tell_phase(trace, frame, "getting ready", row->started_at_usec, ready_usec,
               row->ready_modelled);
    if (row->ready_at_usec <= stop_usec)
        tell_phase(trace, frame, "running", row->ready_at_usec, stop_usec, false);
    if (row->started_at_usec <= stop_usec && stop_usec < exit_usec)
        tell_phase(trace, frame, "stopping", stop_usec, exit_usec, row->exit_modelled);
}

static void tell_container(struct trace *trace, const struct frame *of_task,
                           const struct story_container *row, const char *text)
{
    struct frame frame = *of_task;
    int64_t from_usec = least(row->pull_at_usec, row->create_at_usec);

    if (from_usec > frame.from_usec)
        frame.from_usec = from_usec;
    frame.until_usec = least(row->exited_at_usec, frame.until_usec);
    if (from_usec == USEC_NEVER || !begin_span(trace, "container", text, frame.pid, frame.tid,
                                               frame.from_usec, frame.until_usec))
        return;
    if (row->exit_code != ID_NONE)
        buffer_add(&trace->line,
                   ", \"args\": {\"exitCode\": %" PRId32 ", \"restarts\": %" PRId32 "}",
                   row->exit_code, row->n_restarts);
    end(trace);
    tell_phases(trace, &frame, row);
}

static void add_task_args(struct trace *trace, const struct story_task *task,
                          const struct task_definition *definition)
{
    const char *reason = story_reason(task);

    buffer_add(&trace->line, ", \"args\": {\"cpu\": %" PRId32 ", \"memoryMiB\": %" PRId32,
               taskdef_cpu(definition), taskdef_memory_mib(definition));
    if (task->service != ID_NONE && task->service < trace->story->n_services) {
        buffer_add_text(&trace->line, ", \"service\": ");
        buffer_add_json_string(&trace->line, trace->story->services[task->service].name);
    }
    if (task->stop_code != STOP_NONE)
        buffer_add(&trace->line, ", \"stopCode\": \"%s\"", stop_code_names[task->stop_code]);
    if (reason) {
        buffer_add_text(&trace->line, ", \"stoppedReason\": ");
        buffer_add_json_string(&trace->line, reason);
    }
    buffer_add_text(&trace->line, "}");
}

static void tell_task(struct trace *trace, int32_t id)
{
    const struct story_task *task = &trace->story->tasks[id];
    const struct task_definition *definition = taskdefs_get(&trace->story->taskdefs, task->taskdef);
    struct frame frame = {.pid = pid_of(task->instance),
                          .from_usec = task->placed_at_usec,
                          .until_usec = least(task->stopped_at_usec, trace->end_usec)};
    struct buffer text = {0};

    frame.tid = take_slot(trace, task->instance, &frame);
    buffer_add(&text, "%s %s:%" PRId32, story_task_name(id), definition->family,
               definition->revision);
    if (begin_span(trace, "task", text.text, frame.pid, frame.tid, frame.from_usec,
                   frame.until_usec)) {
        add_task_args(trace, task, definition);
        end(trace);
    }
    if (task->first_answer_at_usec <= trace->end_usec)
        instant(trace, "first request answered", frame.pid, frame.tid, task->first_answer_at_usec);
    if (task->n_containers == 1)
        tell_phases(trace, &frame, &task->containers[0]);
    for (int c = 0; c < task->n_containers && task->n_containers > 1; c++) {
        buffer_clear(&text);
        buffer_add(&text, "%s %s", story_task_name(id), definition->containers[c].name);
        frame.tid = take_slot(trace, task->instance, &frame);
        tell_container(trace, &frame, &task->containers[c], text.text);
    }
    buffer_finish(&text);
}

struct placed {
    int64_t at_usec;
    int32_t task;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;

    if (a->at_usec != b->at_usec)
        return a->at_usec < b->at_usec ? -1 : 1;
    return a->task < b->task ? -1 : a->task > b->task;
}

/* A log that broke off may tell of a task nothing but its number. */
static bool was_placed(const struct story *story, const struct story_task *task)
{
    return task->placed_at_usec != USEC_NEVER && task->taskdef != ID_NONE && task->instance >= 0 &&
           task->instance < story->n_instances;
}

/* In the order of their placement, so that slots are taken as they become free. */
static void tell_tasks(struct trace *trace)
{
    const struct story *story = trace->story;
    struct placed *placed = memory_zeroed((size_t)story->n_tasks, sizeof *placed);
    int n = 0;

    for (int i = 0; i < story->n_tasks; i++)
        if (was_placed(story, &story->tasks[i]))
            placed[n++] = (struct placed){story->tasks[i].placed_at_usec, i};
    qsort(placed, (size_t)n, sizeof *placed, compare_placed);
    for (int i = 0; i < n; i++)
        tell_task(trace, placed[i].task);
    free(placed);
}

/* Counters ----------------------------------------------------------------------------------------- */

enum level {
    LEVEL_CPU,
    LEVEL_MEMORY,
    LEVEL_RUNNING,
    LEVEL_STARTING,
    LEVEL_WAITING,
    LEVEL_LACKING,
    LEVELS
};

/* What changes at a moment, on an instance or (ID_NONE) in the whole cluster. */
struct change {
    int64_t at_usec;
    int32_t instance;
    int32_t order;
    enum level level;
    int32_t by;
};

struct changes {
    struct change *changes;
    int n_changes, cap_changes;
};

static int compare_changes(const void *left, const void *right)
{
    const struct change *a = left, *b = right;

    if (a->instance != b->instance)
        return a->instance < b->instance ? -1 : 1;
    if (a->at_usec != b->at_usec)
        return a->at_usec < b->at_usec ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void change(struct changes *list, int32_t instance, enum level level, int32_t by,
                   int64_t from_usec, int64_t to_usec)
{
    if (from_usec == USEC_NEVER || to_usec <= from_usec)
        return;
    for (int up = 1; up >= 0; up--) {
        struct change *next;

        if (!up && to_usec == USEC_NEVER)
            return;
        next = ARRAY_ADD(list, changes);
        *next = (struct change){up ? from_usec : to_usec, instance, list->n_changes, level,
                                up ? by : -by};
    }
}

/* What services want, less what they have, waits too: no task stands for it yet. */
static void list_wants(const struct story *story, struct changes *list)
{
    for (int i = 0; i < story->n_wants; i++) {
        int64_t until_usec = USEC_NEVER;

        for (int j = i + 1; j < story->n_wants && until_usec == USEC_NEVER; j++)
            if (story->wants[j].service == story->wants[i].service)
                until_usec = story->wants[j].at_usec;
        change(list, ID_NONE, LEVEL_LACKING, story->wants[i].desired, story->wants[i].at_usec,
               until_usec);
    }
}

static void list_changes(const struct story *story, struct changes *list)
{
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        const struct task_definition *definition;
        int64_t freed_usec = least(task->stop_at_usec, task->stopped_at_usec);

        if (task->service == ID_NONE)
            change(list, ID_NONE, LEVEL_WAITING, 1, task->accepted_at_usec,
                   least(task->placed_at_usec, task->stopped_at_usec));
        else
            change(list, ID_NONE, LEVEL_LACKING, -1, task->placed_at_usec, freed_usec);
        if (!was_placed(story, task))
            continue;
        definition = taskdefs_get(&story->taskdefs, task->taskdef);
        change(list, task->instance, LEVEL_CPU, taskdef_cpu(definition), task->placed_at_usec,
               freed_usec);
        change(list, task->instance, LEVEL_MEMORY, taskdef_memory_mib(definition),
               task->placed_at_usec, freed_usec);
        change(list, ID_NONE, LEVEL_STARTING, 1, task->placed_at_usec,
               least(task->running_at_usec, task->stopped_at_usec));
        change(list, ID_NONE, LEVEL_RUNNING, 1, task->running_at_usec, task->stopped_at_usec);
    }
    list_wants(story, list);
    if (list->n_changes > 1)
        qsort(list->changes, (size_t)list->n_changes, sizeof *list->changes, compare_changes);
}

static void tell_levels(struct trace *trace, int32_t instance, int64_t at_usec,
                        const int64_t *levels)
{
    static const struct {
        const char *name;
        enum level first, last;
    } counters[] = {{"reserved CPU units", LEVEL_CPU, LEVEL_CPU},
                    {"reserved MiB", LEVEL_MEMORY, LEVEL_MEMORY},
                    {"tasks", LEVEL_RUNNING, LEVEL_WAITING}};
    static const char *const names[LEVELS] = {"units",    "MiB",     "running",
                                              "starting", "waiting", NULL};

    for (int c = instance == ID_NONE ? 2 : 0; c < (instance == ID_NONE ? 3 : 2); c++) {
        begin(trace, "C", counters[c].name, instance == ID_NONE ? PID_CLUSTER : pid_of(instance));
        buffer_add(&trace->line, ", \"ts\": %" PRId64 ", \"args\": {", at_usec);
        for (int level = (int)counters[c].first; level <= (int)counters[c].last; level++) {
            int64_t lacking =
                level == LEVEL_WAITING && levels[LEVEL_LACKING] > 0 ? levels[LEVEL_LACKING] : 0;

            buffer_add(&trace->line, "%s\"%s\": %" PRId64,
                       level > (int)counters[c].first ? ", " : "", names[level],
                       levels[level] + lacking);
        }
        buffer_add_text(&trace->line, "}");
        end(trace);
    }
}

/* Once for each moment at which something changed. */
static void tell_counters(struct trace *trace)
{
    struct changes list = {0};
    int64_t levels[LEVELS] = {0};

    list_changes(trace->story, &list);
    for (int i = 0; i < list.n_changes; i++) {
        const struct change *now = &list.changes[i];
        const struct change *next = i + 1 < list.n_changes ? now + 1 : NULL;

        levels[now->level] += now->by;
        if (next && next->instance == now->instance && next->at_usec == now->at_usec)
            continue;
        if (now->at_usec <= trace->end_usec)
            tell_levels(trace, now->instance, now->at_usec, levels);
        if (!next || next->instance != now->instance)
            for (int level = 0; level < LEVELS; level++)
                levels[level] = 0;
    }
    free(list.changes);
}

/* The rest ----------------------------------------------------------------------------------------- */

/* What befell instances, and what the scheduler said no to. */
static void tell_instants(struct trace *trace)
{
    const struct story *story = trace->story;

    for (int i = 0; i < story->n_turns; i++) {
        const struct story_turn *turn = &story->turns[i];
        const char *text = turn->kind == TURN_CONNECTED && !turn->value ? "agent disconnected"
                           : turn->kind == TURN_CONNECTED               ? "agent connected"
                           : turn->kind == TURN_DRAINING && turn->value ? "DRAINING"
                           : turn->kind == TURN_DRAINING                ? "ACTIVE again"
                           : turn->kind == TURN_WARNED                  ? "Spot warning"
                                                                        : NULL;

        if (text && turn->instance >= 0 && turn->instance < story->n_instances)
            instant(trace, text, pid_of(turn->instance), TID_LIFE, turn->at_usec);
    }
    for (int i = 0; i < story->n_notes; i++) {
        const struct message *note = &story->notes[i].message;
        struct buffer text = {0};

        if (note->kind != MESSAGE_REFUSE)
            continue;
        buffer_add(&text, "refused: %s", refusal_names[note->as.refuse.refusal]);
        instant(trace, text.text, PID_CLUSTER, TID_LIFE, story->notes[i].at_usec);
        buffer_finish(&text);
    }
}

static void tell_header(struct trace *trace, const struct run_header *header)
{
    buffer_add_text(&trace->line, "{\"displayTimeUnit\": \"ms\",\n\"otherData\": {\"title\": ");
    buffer_add_json_string(&trace->line, header->title);
    buffer_add(&trace->line, ", \"mode\": \"%s\", \"seed\": %" PRIu64 ", \"version\": ",
               header->mode == RUN_EXEC ? "exec" : "sim", header->seed);
    buffer_add_json_string(&trace->line, header->version);
    buffer_add_text(&trace->line, "},\n\"traceEvents\": [\n");
    fwrite(trace->line.text, 1, trace->line.length, trace->out);
    buffer_clear(&trace->line);
}

void export_chrome(FILE *out, const struct story *story, const struct run_header *header)
{
    struct trace trace = {
        .out = out,
        .story = story,
        .slots = memory_zeroed((size_t)story->n_instances, sizeof *trace.slots),
        .end_usec = story->last_usec,
    };

    tell_header(&trace, header);
    name(&trace, "process_name", PID_CLUSTER, 0, "cluster");
    order(&trace, PID_CLUSTER);
    name(&trace, "thread_name", PID_CLUSTER, TID_LIFE, "scheduler");
    for (int i = 0; i < story->n_instances; i++)
        tell_instance(&trace, i);
    tell_tasks(&trace);
    tell_instants(&trace);
    tell_counters(&trace);
    fputs("\n]}\n", out);
    for (int i = 0; i < story->n_instances; i++)
        free(trace.slots[i].free_at_usec);
    free(trace.slots);
    buffer_finish(&trace.line);
}
