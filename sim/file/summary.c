/*
 * The rows are drawn into a line of characters first, so that a bar and its axis cannot disagree.
 * Bars: `.` from the placement until it runs and is ready, `=` while it runs, `-` while it stops;
 * `|` is an end as meant, `x` any other. What the teardown stops runs to the edge. An instance's own
 * bar: `.` until it registers, `~` while its agent is disconnected, `-` while it drains, `x` its end.
 */
#include "file/summary.h"

#include "file/expect.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define AXIS 44     /* columns */
#define NAME_MAX 16 /* of a task's family */
#define REMARK_MAX (SUMMARY_COLUMNS - AXIS - 12)
#define FARGATE_ROWS 24 /* of a zone's tasks, where there are many */

struct picture {
    FILE *out;
    const struct scenario *scenario;
    const struct story *story;
    uint64_t seed;
    int64_t end_usec;
    int name_width;    /* of families */
    int32_t *replaces; /* by task: the task whose death it made up for, or ID_NONE */
    int rows_left;
};

const char *summary_duration(int64_t usec, char *text, size_t size)
{
    if (usec % USEC_PER_SEC == 0)
        snprintf(text, size, "%" PRId64 " s", usec / USEC_PER_SEC);
    else if (usec >= 10 * USEC_PER_SEC)
        snprintf(text, size, "%.1f s", (double)usec / USEC_PER_SEC);
    else if (usec >= USEC_PER_SEC / 100)
        snprintf(text, size, "%.2f s", (double)usec / USEC_PER_SEC);
    else
        snprintf(text, size, "%.2f ms", (double)usec / USEC_PER_MSEC);
    return text;
}

void summary_title(FILE *out, const struct scenario *scenario, const char *how)
{
    const char *title = scenario->title ? scenario->title : scenario->path;
    int gap = SUMMARY_COLUMNS - (int)strlen(title) - (int)strlen(how);

    fprintf(out, "%s%*s%s\n", title, gap > 2 ? gap : 2, "", how);
}

/* What each task is about ----------------------------------------------------------------------- */

static const struct task_definition *definition_of(const struct picture *picture,
                                                   const struct story_task *task)
{
    return picture->story->taskdefs.definitions[task->taskdef];
}

static bool is_dead(const struct story_task *task)
{
    return !task->torn_down && task->stopped_at_usec != USEC_NEVER;
}

/* Every container has exited with 0, by itself. */
static bool ended_well(const struct story_task *task)
{
    for (int i = 0; i < task->n_containers; i++)
        if (task->containers[i].exit_code > 0 && task->containers[i].term_at_usec == USEC_NEVER)
            return false;
    return task->stop_code != STOP_TASK_FAILED_TO_START &&
           task->stop_code != STOP_INFRASTRUCTURE_HEALTH &&
           task->stop_code != STOP_SPOT_INTERRUPTION;
}

static int64_t ready_usec(const struct story_task *task)
{
    int64_t last = task->running_at_usec;

    for (int i = 0; i < task->n_containers && last != USEC_NEVER; i++)
        if (task->containers[i].ready_at_usec != USEC_NEVER &&
            task->containers[i].ready_at_usec > last)
            last = task->containers[i].ready_at_usec;
    return last;
}

struct death {
    int32_t service;
    int32_t task;
    int64_t at_usec;
};

static int compare_deaths(const void *a, const void *b)
{
    const struct death *x = a, *y = b;

    if (x->service != y->service)
        return x->service < y->service ? -1 : 1;
    if (x->at_usec != y->at_usec)
        return x->at_usec < y->at_usec ? -1 : 1;
    return x->task < y->task ? -1 : x->task > y->task;
}

/* All deaths in services that call for another task, by service, then by time. */
static int list_deaths(const struct story *story, struct death *deaths)
{
    int n = 0;

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        if (task->service == ID_NONE || !is_dead(task))
            continue;
        if (task->stop_reason == STOP_FOR_HEALTH)
            deaths[n++] = (struct death){task->service, t, task->stop_at_usec};
        else if (task->stop_code != STOP_SERVICE_SCHEDULER_INITIATED)
            deaths[n++] = (struct death){task->service, t, task->stopped_at_usec};
    }
    qsort(deaths, (size_t)n, sizeof *deaths, compare_deaths);
    return n;
}

/* A service's task makes up for the first death in it that nobody has made up for yet. */
static void find_replacements(struct picture *picture)
{
    const struct story *story = picture->story;
    struct death *deaths = malloc(((size_t)story->n_tasks + 1) * sizeof *deaths);
    int *next = calloc((size_t)story->n_services + 1, sizeof *next);
    int n;

    picture->replaces = malloc(((size_t)story->n_tasks + 1) * sizeof *picture->replaces);
    assert(deaths != NULL && next != NULL && picture->replaces != NULL);
    n = list_deaths(story, deaths);
    for (int i = n - 1; i >= 0; i--)
        next[deaths[i].service] = i;
    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];
        int at = task->service == ID_NONE ? n : next[task->service];

        picture->replaces[t] = ID_NONE;
        if (at >= n || deaths[at].service != task->service || task->placed_at_usec == USEC_NEVER ||
            deaths[at].at_usec > task->placed_at_usec)
            continue;
        picture->replaces[t] = deaths[at].task;
        next[task->service]++;
    }
    free(deaths);
    free(next);
}

/* Whether the fault is such a task's end. */
static bool kills(const struct picture *picture, const struct fault *fault, int32_t id)
{
    const struct story_task *task = &picture->story->tasks[id];
    const struct story_instance *instance;

    switch (fault->kind) {
    case FAULT_KILL_TASK:
    case FAULT_KILL_CONTAINER:
        return fault->task == id;
    case FAULT_KILL_INSTANCE:
    case FAULT_KILL_AGENT:
        return task->stop_code == STOP_INFRASTRUCTURE_HEALTH && fault->instance == task->instance;
    case FAULT_KILL_ZONE:
        instance = task->instance == ID_NONE ? NULL : &picture->story->instances[task->instance];
        return task->stop_code == STOP_INFRASTRUCTURE_HEALTH && instance &&
               instance->zone != ID_NONE &&
               strcmp(picture->story->groups[instance->group].zones[instance->zone].name,
                      fault->zone) == 0;
    default:
        return false;
    }
}

static bool killed_by_scenario(const struct picture *picture, int32_t id)
{
    const struct scenario *scenario = picture->scenario;
    const struct story_task *task = &picture->story->tasks[id];

    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];

        if (!entry->is_fault || entry->at_usec > task->stopped_at_usec)
            continue;
        if (kills(picture, &entry->fault, id))
            return true;
    }
    return false;
}

/* The container that decided the task's end: the first that exited. */
static int first_exit(const struct story_task *task)
{
    int first = ID_NONE;

    for (int i = 0; i < task->n_containers; i++)
        if (task->containers[i].exited_at_usec != USEC_NEVER &&
            (first == ID_NONE ||
             task->containers[i].exited_at_usec < task->containers[first].exited_at_usec))
            first = i;
    return first;
}

static void remark_death(const struct picture *picture, int32_t id, char *text, size_t size)
{
    const struct story_task *task = &picture->story->tasks[id];
    int c = first_exit(task);

    if (task->stop_code == STOP_TASK_FAILED_TO_START)
        snprintf(text, size, "did not start: %s",
                 story_reason(task) ? story_reason(task) : "no reason given");
    else if (killed_by_scenario(picture, id))
        snprintf(text, size, "killed by the scenario");
    else if (task->stop_code == STOP_INFRASTRUCTURE_HEALTH)
        snprintf(text, size, "its %s was lost",
                 story_is_micro_vm(picture->story, task->instance) ? "micro-VM" : "instance");
    else if (task->stop_code == STOP_SPOT_INTERRUPTION)
        snprintf(text, size, "Spot interruption");
    else if (task->stop_code == STOP_USER_INITIATED)
        snprintf(text, size, "stopped by StopTask");
    else if (task->stop_reason == STOP_FOR_HEALTH)
        snprintf(text, size, "unhealthy: replaced");
    else if (task->stop_reason == STOP_FOR_DRAINING)
        snprintf(text, size, "moved: its instance drains");
    else if (task->stop_code == STOP_SERVICE_SCHEDULER_INITIATED)
        snprintf(text, size, "stopped by its service");
    else if (c != ID_NONE && task->containers[c].oom)
        snprintf(text, size, "%s ran out of memory (exit 137)",
                 definition_of(picture, task)->containers[c].name);
    else if (c != ID_NONE && task->containers[c].exit_code != 0)
        snprintf(text, size, "%s exited with %d", definition_of(picture, task)->containers[c].name,
                 task->containers[c].exit_code);
}

/* "2 s of work took 4.0 s: shared CPU", of the container with the most work that finished it. */
static void remark_work(const struct picture *picture, int32_t id, char *text, size_t size)
{
    const struct story_task *task = &picture->story->tasks[id];
    const struct behaviour *behaviours = picture->scenario->taskdefs[task->taskdef].behaviours;
    int64_t most = 0, took = 0;
    char work_text[32], took_text[32];

    for (int i = 0; i < task->n_containers; i++) {
        const struct story_container *container = &task->containers[i];
        int64_t work = distribution_sample(&behaviours[i].work, picture->seed, DRAW_WORK,
                                           (int64_t)id * 16 + i, 0);

        if (work <= most || behaviours[i].idle_usec == IDLE_FOREVER ||
            container->exited_at_usec == USEC_NEVER || container->ready_at_usec == USEC_NEVER ||
            container->exit_code != behaviours[i].exit_code)
            continue;
        most = work;
        took = container->exited_at_usec - container->ready_at_usec - behaviours[i].idle_usec;
    }
    if (most == 0)
        return;
    summary_duration(most, work_text, sizeof work_text);
    if (took > most + most / 20 + USEC_PER_MSEC)
        snprintf(text, size, "%s of work took %s: %s", work_text,
                 summary_duration(took, took_text, sizeof took_text),
                 definition_of(picture, task)->cpu > 0 &&
                         definition_of(picture, task)->cpu < CPU_UNITS_PER_VCPU
                     ? "its CPU ceiling"
                     : "shared CPU");
    else
        snprintf(text, size, "%s of work", work_text);
}

static void add_remark(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_remark(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;

    if (used > 0 && used + 2 < size)
        used += (size_t)snprintf(text + used, size - used, "; ");
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

static void remark_start(const struct picture *picture, int32_t id, char *text, size_t size)
{
    const struct story_task *task = &picture->story->tasks[id];
    int32_t before = picture->replaces[id];
    char took[32];

    if (before == ID_NONE)
        return;
    if (ready_usec(task) != USEC_NEVER && ready_usec(task) < picture->end_usec)
        add_remark(text, size, "replaces t%d, ready after %s", before + 1,
                   summary_duration(ready_usec(task) - task->placed_at_usec, took, sizeof took));
    else
        add_remark(text, size, "replaces t%d", before + 1);
}

/* What delayed or disturbed it on its way. */
static void remark_way(const struct picture *picture, int32_t id, char *text, size_t size)
{
    const struct story_task *task = &picture->story->tasks[id];
    char took[32], what[64];

    if (story_queued(task, what, sizeof what))
        add_remark(
            text, size, "waited %s for %s",
            summary_duration(task->admitted_at_usec - task->received_at_usec, took, sizeof took),
            what);
    for (int i = 0; i < task->n_containers; i++) {
        const char *name = definition_of(picture, task)->containers[i].name;

        if (task->containers[i].n_restarts == 1)
            add_remark(text, size, "%s restarted", name);
        else if (task->containers[i].n_restarts > 1)
            add_remark(text, size, "%s restarted %d times", name, task->containers[i].n_restarts);
    }
}

static void remark_task(const struct picture *picture, int32_t id, char *text, size_t size)
{
    const struct story_task *task = &picture->story->tasks[id];
    char end[128] = "";

    text[0] = '\0';
    remark_start(picture, id, text, size);
    remark_way(picture, id, text, size);
    if (is_dead(task) && (!ended_well(task) || task->stop_code == STOP_USER_INITIATED ||
                          task->stop_code == STOP_SERVICE_SCHEDULER_INITIATED))
        remark_death(picture, id, end, sizeof end);
    else if (text[0] == '\0' && is_dead(task))
        remark_work(picture, id, end, sizeof end);
    if (end[0])
        add_remark(text, size, "%s", end);
}

/* Drawing --------------------------------------------------------------------------------------- */

static int column(const struct picture *picture, int64_t at_usec)
{
    if (at_usec >= picture->end_usec)
        return AXIS;
    return (int)((double)at_usec * AXIS / (double)picture->end_usec);
}

static void fill(const struct picture *picture, char *bar, int64_t from_usec, int64_t to_usec,
                 char mark)
{
    for (int i = column(picture, from_usec); i < column(picture, to_usec); i++)
        bar[i] = mark;
}

static void print_row(struct picture *picture, const char *label, const char *bar,
                      const char *remark)
{
    char line[SUMMARY_COLUMNS + 1];
    int end = snprintf(line, sizeof line, "%-*s%s%s%.*s", picture->name_width + 9, label, bar,
                       remark[0] ? "  " : "", REMARK_MAX, remark);

    picture->rows_left--;
    end = end < SUMMARY_COLUMNS ? end : SUMMARY_COLUMNS;
    while (end > 0 && line[end - 1] == ' ')
        end--;
    fprintf(picture->out, "%.*s\n", end, line);
}

/* When its bar begins: what it waits for on Fargate is its micro-VM. */
static int64_t coming_usec(const struct story *story, const struct story_task *task)
{
    return story_is_micro_vm(story, task->instance)
               ? story->instances[task->instance].launch_at_usec
               : task->placed_at_usec;
}

static void print_task(struct picture *picture, int32_t id)
{
    const struct story_task *task = &picture->story->tasks[id];
    bool stopped = task->stopped_at_usec < picture->end_usec;
    int64_t end = stopped ? task->stopped_at_usec : picture->end_usec;
    int64_t ready = ready_usec(task);
    char bar[AXIS + 1], label[64], remark[256];
    int last;

    memset(bar, ' ', AXIS);
    bar[AXIS] = '\0';
    fill(picture, bar, coming_usec(picture->story, task), ready < end ? ready : end, '.');
    if (ready < end)
        fill(picture, bar, ready, end, '=');
    if (!task->torn_down && task->stop_at_usec < end)
        fill(picture, bar, task->stop_at_usec, end, '-');
    last = column(picture, end);
    if (stopped)
        bar[last < AXIS ? last : AXIS - 1] = ended_well(task) ? '|' : 'x';
    snprintf(label, sizeof label, "   t%-3d %.*s", id + 1, NAME_MAX,
             definition_of(picture, task)->family);
    remark_task(picture, id, remark, sizeof remark);
    print_row(picture, label, bar, remark);
}

/* The times that it was not itself, into its bar and its remark. */
static void draw_turns(const struct picture *picture, int32_t id, char *bar, char *remark,
                       size_t size)
{
    const struct story_instance *instance = &picture->story->instances[id];
    int64_t away_usec = USEC_NEVER, drains_usec = USEC_NEVER, total_usec = 0;
    int64_t end_usec =
        instance->lost_at_usec < picture->end_usec ? instance->lost_at_usec : picture->end_usec;
    char took[32];

    for (int i = 0; i <= picture->story->n_turns; i++) {
        const struct story_turn *turn = &picture->story->turns[i];
        bool last = i == picture->story->n_turns;
        int64_t at_usec = last || turn->at_usec > end_usec ? end_usec : turn->at_usec;

        if (!last && turn->instance != id)
            continue;
        if (away_usec != USEC_NEVER && (last || turn->kind == TURN_CONNECTED)) {
            fill(picture, bar, away_usec, at_usec, '~');
            total_usec += at_usec - away_usec;
            away_usec = USEC_NEVER;
        }
        if (drains_usec != USEC_NEVER && (last || turn->kind == TURN_DRAINING)) {
            fill(picture, bar, drains_usec, at_usec, '-');
            add_remark(remark, size, "drains from %s",
                       summary_duration(drains_usec, took, sizeof took));
            drains_usec = USEC_NEVER;
        }
        if (!last && turn->kind == TURN_CONNECTED && !turn->value)
            away_usec = at_usec;
        if (!last && turn->kind == TURN_DRAINING && turn->value)
            drains_usec = at_usec;
    }
    if (total_usec > 0)
        add_remark(remark, size, "its agent was disconnected for %s",
                   summary_duration(total_usec, took, sizeof took));
}

/* Gone before the end: which is meant where its group needs it no longer. */
static void draw_end(const struct picture *picture, const struct story_instance *instance,
                     char *bar, char *remark, size_t size)
{
    int at = column(picture, instance->lost_at_usec);

    if (instance->lost_at_usec >= picture->end_usec || instance->torn_down)
        return;
    bar[at < AXIS ? at : AXIS - 1] = instance->terminate_at_usec != USEC_NEVER ? '|' : 'x';
    if (instance->interrupted)
        add_remark(
            remark, size, "Spot interruption%s",
            instance->price_nanos > 0 &&
                    story_is_free(picture->story, (int)(instance - picture->story->instances))
                ? ", so not billed"
                : "");
    else if (instance->terminate_at_usec == USEC_NEVER)
        add_remark(remark, size, "lost");
    else
        add_remark(remark, size, "scaled in");
}

static void print_instance(struct picture *picture, int32_t id)
{
    const struct story_instance *instance = &picture->story->instances[id];
    const struct instance_group *group = &picture->story->groups[instance->group];
    char bar[AXIS + 1], label[64], remark[128] = "";
    int used = snprintf(label, sizeof label, "i%d", id + 1);

    memset(bar, ' ', AXIS);
    bar[AXIS] = '\0';
    if (instance->zone != ID_NONE && group->n_zones > 1)
        snprintf(label + used, sizeof label - (size_t)used, " zone %.*s", NAME_MAX,
                 group->zones[instance->zone].name);
    else
        snprintf(label + used, sizeof label - (size_t)used, " %.*s", NAME_MAX,
                 story_type(picture->story, instance));
    fill(picture, bar, instance->launch_at_usec,
         instance->registered_at_usec < picture->end_usec ? instance->registered_at_usec
                                                          : picture->end_usec,
         '.');
    draw_turns(picture, id, bar, remark, sizeof remark);
    if (instance->registered_at_usec == USEC_NEVER)
        add_remark(remark, sizeof remark, "never registered");
    draw_end(picture, instance, bar, remark, sizeof remark);
    print_row(picture, label, bar, remark);
}

/* Steps of 1, 2 or 5 times a power of ten, at least 8 columns wide. */
static void print_axis(struct picture *picture)
{
    static const int64_t steps[] = {1, 2, 5};
    int64_t step = 0, power = USEC_PER_MSEC;
    char words[AXIS + 16], marks[AXIS + 1], text[32];

    for (int i = 0; step * AXIS < picture->end_usec * 8; i++) {
        if (i > 0 && i % 3 == 0)
            power *= 10;
        step = steps[i % 3] * power;
    }
    memset(words, ' ', sizeof words);
    memset(marks, ' ', AXIS);
    for (int64_t at = 0; at <= picture->end_usec; at += step) {
        int x = column(picture, at);
        int length;

        x = x < AXIS ? x : AXIS - 1;
        summary_duration(at, text, sizeof text);
        length = (int)strlen(text);
        memcpy(words + x, text, (size_t)length);
        marks[x] = '|';
    }
    marks[AXIS] = '\0';
    words[AXIS + 8] = '\0';
    for (int i = AXIS + 7; i >= 0 && words[i] == ' '; i--)
        words[i] = '\0';
    fprintf(picture->out, "%*s%s\n", picture->name_width + 9, "", words);
    fprintf(picture->out, "%*s%s\n", picture->name_width + 9, "", marks);
}

static void measure_names(struct picture *picture)
{
    const struct story *story = picture->story;
    bool used;

    picture->name_width = 4;
    for (int d = 0; d < story->taskdefs.n_definitions; d++) {
        int length = (int)strlen(story->taskdefs.definitions[d]->family);

        used = false;
        for (int t = 0; t < story->n_tasks && !used; t++)
            used = story->tasks[t].taskdef == d;
        if (used && length > picture->name_width)
            picture->name_width = length < NAME_MAX ? length : NAME_MAX;
    }
}

/* Where tasks are: a list for each instance, and one for each zone of each of Fargate's providers. */
struct homes {
    int32_t *of_group; /* by group: its first zone's; behind those of the instances */
    int n;
    int32_t *first; /* by home: its first task */
    int32_t *next;  /* by task: the next one there */
    int hidden_tasks, hidden_instances;
};

static int home_of(const struct story *story, const struct homes *homes,
                   const struct story_task *task)
{
    const struct story_instance *instance = &story->instances[task->instance];
    int32_t zone = instance->zone;

    if (!story_is_micro_vm(story, task->instance) || instance->group < 0 ||
        instance->group >= story->n_groups)
        return task->instance;
    return homes->of_group[instance->group] +
           (zone >= 0 && zone < story->groups[instance->group].n_zones ? zone : 0);
}

static void find_homes(const struct story *story, struct homes *homes)
{
    homes->of_group = malloc(((size_t)story->n_groups + 1) * sizeof *homes->of_group);
    assert(homes->of_group != NULL);
    homes->n = story->n_instances;
    for (int g = 0; g < story->n_groups; g++) {
        homes->of_group[g] = homes->n;
        homes->n += story->groups[g].n_zones > 0 ? story->groups[g].n_zones : 1;
    }
    homes->first = malloc(((size_t)homes->n + 1) * sizeof *homes->first);
    homes->next = malloc(((size_t)story->n_tasks + 1) * sizeof *homes->next);
    assert(homes->first != NULL && homes->next != NULL);
    for (int i = 0; i < homes->n; i++)
        homes->first[i] = ID_NONE;
    for (int t = story->n_tasks - 1; t >= 0; t--) {
        int home;

        if (story->tasks[t].instance == ID_NONE)
            continue;
        home = home_of(story, homes, &story->tasks[t]);
        homes->next[t] = homes->first[home];
        homes->first[home] = t;
    }
}

static void print_tasks(struct picture *picture, struct homes *homes, int home, int most)
{
    int shown = 0, more = 0;

    for (int32_t t = homes->first[home]; t != ID_NONE; t = homes->next[t]) {
        if (picture->rows_left > 1 && shown++ < most)
            print_task(picture, t);
        else
            more++;
    }
    if (more > 0 && picture->rows_left > 1) {
        fprintf(picture->out, "   ... and %d more task%s here\n", more, more == 1 ? "" : "s");
        picture->rows_left--;
    } else {
        homes->hidden_tasks += more;
    }
}

/* On Fargate there is no instance to see: a provider's tasks, each in a micro-VM of its own. */
static void print_fargate(struct picture *picture, struct homes *homes, int group, int most)
{
    const struct instance_group *spec = &picture->story->groups[group];
    const char *provider = story_provider(picture->story, group);
    int n_zones = spec->n_zones > 0 ? spec->n_zones : 1;
    char label[64];

    for (int z = 0; z < n_zones; z++) {
        if (homes->first[homes->of_group[group] + z] == ID_NONE)
            continue;
        snprintf(label, sizeof label, "%.*s%s%.*s", NAME_MAX, provider ? provider : spec->type,
                 n_zones > 1 ? " zone " : "", NAME_MAX, n_zones > 1 ? spec->zones[z].name : "");
        if (picture->rows_left > 1)
            print_row(picture, label, "", "");
        print_tasks(picture, homes, homes->of_group[group] + z, most);
    }
}

static void print_cluster(struct picture *picture)
{
    const struct story *story = picture->story;
    struct homes homes = {0};
    bool all = story->n_instances - story->n_micro_vms + story->n_tasks <= SUMMARY_ROWS;

    find_homes(story, &homes);
    for (int i = 0; i < story->n_instances; i++) {
        if (story_is_micro_vm(story, i))
            continue;
        if (picture->rows_left > 1)
            print_instance(picture, i);
        else
            homes.hidden_instances++;
        print_tasks(picture, &homes, i, all ? story->n_tasks : 6);
    }
    for (int g = 0; g < story->n_groups; g++)
        if (story->groups[g].kind == GROUP_FARGATE)
            print_fargate(picture, &homes, g, all ? story->n_tasks : FARGATE_ROWS);
    if (homes.hidden_instances > 0)
        fprintf(picture->out, "... and %d more instance%s, %d more task%s\n",
                homes.hidden_instances, homes.hidden_instances == 1 ? "" : "s", homes.hidden_tasks,
                homes.hidden_tasks == 1 ? "" : "s");
    else if (homes.hidden_tasks > 0)
        fprintf(picture->out, "... and %d more task%s\n", homes.hidden_tasks,
                homes.hidden_tasks == 1 ? "" : "s");
    free(homes.of_group);
    free(homes.first);
    free(homes.next);
}

void summary_bars(FILE *out, const struct scenario *scenario, const struct story *story,
                  uint64_t seed)
{
    struct picture picture = {
        .out = out,
        .scenario = scenario,
        .story = story,
        .seed = seed,
        .end_usec = story->end_usec != USEC_NEVER ? story->end_usec : story->last_usec,
        .rows_left = SUMMARY_ROWS,
    };

    if (picture.end_usec <= 0)
        picture.end_usec = 1;
    measure_names(&picture);
    find_replacements(&picture);
    print_axis(&picture);
    print_cluster(&picture);
    free(picture.replaces);
}
