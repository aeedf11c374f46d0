/*
 * A table is a list of columns, and a column is a name, what it means and how one cell is made: so the
 * documentation cannot differ from the file.
 */
#include "file/export_csv.h"

#include "file/buffer.h"
#include "file/phases.h"

#include <inttypes.h>
#include <string.h>

const char *const export_table_names[] = {"tasks", "containers", "instances", "micro_vms", NULL};

/* What a line is about: an instance alone, a task, or a task's container. */
struct subject {
    const struct story *story;
    int32_t task, container, instance; /* or ID_NONE */
    const struct story_task *of_task;
    const struct story_container *of_container;
    const struct story_instance *of_instance; /* that it is on */
    const struct task_definition *definition; /* NULL: the log broke off before it was named */
};

struct column {
    const char *name, *about;
    void (*add)(struct buffer *line, const struct subject *subject);
};

/* Cells ------------------------------------------------------------------------------------------ */

static void add_text(struct buffer *line, const char *text)
{
    if (!text)
        return;
    if (!strpbrk(text, ",\"\n\r")) {
        buffer_add_text(line, text);
        return;
    }
    buffer_add_text(line, "\"");
    for (; *text; text++)
        buffer_add(line, *text == '"' ? "\"\"" : "%c", *text);
    buffer_add_text(line, "\"");
}

static void add_usec(struct buffer *line, int64_t usec)
{
    if (usec != USEC_NEVER)
        buffer_add(line, "%" PRId64 ".%06d", usec / USEC_PER_SEC, (int)(usec % USEC_PER_SEC));
}

static void add_group_zone(struct buffer *line, const struct subject *subject)
{
    const struct story_instance *instance = subject->of_instance;
    const struct instance_group *group;

    if (!instance || instance->group < 0 || instance->group >= subject->story->n_groups)
        return;
    group = &subject->story->groups[instance->group];
    if (instance->zone >= 0 && instance->zone < group->n_zones)
        add_text(line, group->zones[instance->zone].name);
}

static void add_type(struct buffer *line, const struct subject *subject)
{
    const struct story_instance *instance = subject->of_instance;

    if (instance && instance->group >= 0 && instance->group < subject->story->n_groups &&
        !story_is_micro_vm(subject->story, subject->instance))
        add_text(line, story_type(subject->story, instance));
}

static void add_task(struct buffer *line, const struct subject *subject)
{
    buffer_add_text(line, story_task_name(subject->task));
}

static void add_instance(struct buffer *line, const struct subject *subject)
{
    if (subject->instance != ID_NONE && !story_is_micro_vm(subject->story, subject->instance))
        buffer_add_text(line, story_instance_name(subject->instance));
}

static void add_provider(struct buffer *line, const struct subject *subject)
{
    if (subject->of_instance)
        add_text(line, story_provider(subject->story, subject->of_instance->group));
}

static void add_owner(struct buffer *line, const struct subject *subject)
{
    buffer_add_text(line, story_task_name(subject->of_instance->bound_task));
}

static void add_spot(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_instance->spot);
}

static void add_interrupted(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_instance->interrupted);
}

/* Nano-dollars as a decimal number. */
static void add_price(struct buffer *line, const struct subject *subject)
{
    int64_t nanos = subject->of_instance->price_nanos;

    if (nanos > 0)
        buffer_add(line, "%" PRId64 ".%09" PRId64, nanos / 1000000000, nanos % 1000000000);
}

static void add_family(struct buffer *line, const struct subject *subject)
{
    if (subject->definition)
        add_text(line, subject->definition->family);
}

static void add_revision(struct buffer *line, const struct subject *subject)
{
    if (subject->definition)
        buffer_add_int(line, subject->definition->revision);
}

static void add_service(struct buffer *line, const struct subject *subject)
{
    int32_t service = subject->of_task->service;

    if (service >= 0 && service < subject->story->n_services)
        add_text(line, subject->story->services[service].name);
}

static void add_cpu(struct buffer *line, const struct subject *subject)
{
    if (subject->definition)
        buffer_add_int(line, taskdef_cpu(subject->definition));
}

static void add_memory(struct buffer *line, const struct subject *subject)
{
    if (subject->definition)
        buffer_add_int(line, taskdef_memory_mib(subject->definition));
}

static void add_stop_code(struct buffer *line, const struct subject *subject)
{
    if (subject->of_task->stop_code != STOP_NONE)
        buffer_add_text(line, stop_code_names[subject->of_task->stop_code]);
}

static void add_reason(struct buffer *line, const struct subject *subject)
{
    add_text(line, story_reason(subject->of_task));
}

static void add_torn_down(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_task->torn_down);
}

static void add_name(struct buffer *line, const struct subject *subject)
{
    add_text(line, subject->definition->containers[subject->container].name);
}

static void add_image(struct buffer *line, const struct subject *subject)
{
    add_text(line, subject->definition->containers[subject->container].image);
}

static void add_exit_code(struct buffer *line, const struct subject *subject)
{
    if (subject->of_container->exit_code != ID_NONE)
        buffer_add_int(line, subject->of_container->exit_code);
}

static void add_oom(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_container->oom);
}

static void add_restarts(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_container->n_restarts);
}

static void add_health(struct buffer *line, const struct subject *subject)
{
    buffer_add_text(line, health_status_names[subject->of_container->health]);
}

static void add_modelled(struct buffer *line, const struct subject *subject)
{
    bool first = true;

    for (int phase = 0; phase < PHASE_STARTUP; phase++) {
        if (phases_of_container(subject->story, subject->of_container, (enum phase)phase) ==
                USEC_NEVER ||
            !phases_container_modelled(subject->of_container, (enum phase)phase))
            continue;
        buffer_add(line, "%s%s", first ? "" : " ", phases_names[phase]);
        first = false;
    }
}

static void add_instance_cpu(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_instance->cpu);
}

static void add_instance_memory(struct buffer *line, const struct subject *subject)
{
    buffer_add_int(line, subject->of_instance->memory_mib);
}

/* A moment of a structure as a cell. */
#define MOMENT(function, owner, member)                                                            \
    static void function(struct buffer *line, const struct subject *subject)                       \
    {                                                                                              \
        add_usec(line, subject->owner->member);                                                    \
    }

MOMENT(add_accepted, of_task, accepted_at_usec)
MOMENT(add_placed, of_task, placed_at_usec)
MOMENT(add_received, of_task, received_at_usec)
MOMENT(add_admitted, of_task, admitted_at_usec)
MOMENT(add_running, of_task, running_at_usec)
MOMENT(add_first_answer, of_task, first_answer_at_usec)
MOMENT(add_stop, of_task, stop_at_usec)
MOMENT(add_stopped, of_task, stopped_at_usec)
MOMENT(add_pull, of_container, pull_at_usec)
MOMENT(add_pulled, of_container, pulled_at_usec)
MOMENT(add_create, of_container, create_at_usec)
MOMENT(add_created, of_container, created_at_usec)
MOMENT(add_start, of_container, start_at_usec)
MOMENT(add_started, of_container, started_at_usec)
MOMENT(add_ready, of_container, ready_at_usec)
MOMENT(add_term, of_container, term_at_usec)
MOMENT(add_kill, of_container, kill_at_usec)
MOMENT(add_exited, of_container, exited_at_usec)
MOMENT(add_launch, of_instance, launch_at_usec)
MOMENT(add_booted, of_instance, booted_at_usec)
MOMENT(add_registered, of_instance, registered_at_usec)
MOMENT(add_lost, of_instance, lost_at_usec)

/* Tables ----------------------------------------------------------------------------------------- */

static const struct column task_columns[] = {
    {"task", "t1, t2, ...", add_task},
    {"family", "of its task definition", add_family},
    {"revision", "of its task definition", add_revision},
    {"service", "its service's name; empty: it was run by itself", add_service},
    {"instance", "where it was placed: i1, i2, ...; empty: nowhere, or on Fargate", add_instance},
    {"instance_type", "of that instance", add_type},
    {"capacity_provider", "whose instance or, on Fargate, micro-VM it is on; empty: of none",
     add_provider},
    {"zone", "of that instance or micro-VM", add_group_zone},
    {"cpu", "CPU units that it reserves", add_cpu},
    {"memory_mib", "MiB that it reserves", add_memory},
    {"accepted_s", "when it was asked for", add_accepted},
    {"placed_s", "when the scheduler chose its instance", add_placed},
    {"received_s", "when the instance's agent heard of it", add_received},
    {"admitted_s", "when the agent had room and began with it", add_admitted},
    {"running_s", "when the scheduler heard that it is RUNNING", add_running},
    {"first_answer_s", "when its first good answer behind a load balancer went out",
     add_first_answer},
    {"stop_s", "when the scheduler decided to stop it; empty: it never did", add_stop},
    {"stopped_s", "when the scheduler heard that it is STOPPED", add_stopped},
    {"stop_code", "ECS's stop code", add_stop_code},
    {"stopped_reason", "why, in words", add_reason},
    {"torn_down", "1: the end of the run stopped it", add_torn_down},
    {0},
};

static const struct column container_columns[] = {
    {"task", "t1, t2, ...", add_task},
    {"container", "its name in the task definition", add_name},
    {"image", "its image", add_image},
    {"instance", "where its task was placed; empty: on Fargate", add_instance},
    {"pull_s", "when its image was asked for", add_pull},
    {"pulled_s", "when it was there", add_pulled},
    {"create_s", "when its creation was ordered", add_create},
    {"created_s", "when it was created", add_created},
    {"start_s", "when its start was ordered", add_start},
    {"started_s", "when its program ran", add_started},
    {"ready_s", "when its program was ready", add_ready},
    {"sigterm_s", "when SIGTERM was ordered", add_term},
    {"sigkill_s", "when SIGKILL was ordered", add_kill},
    {"exited_s", "when it exited, the last time", add_exited},
    {"exit_code", "of its last exit", add_exit_code},
    {"oom", "1: it was killed for its memory", add_oom},
    {"restarts", "by its restart policy", add_restarts},
    {"health", "as its health check said last", add_health},
    {"modelled", "phases of a real run that were modelled, not measured", add_modelled},
    {0},
};

static const struct column instance_columns[] = {
    {"instance", "i1, i2, ...", add_instance},
    {"instance_type", "its type", add_type},
    {"capacity_provider", "that launched it; empty: it belongs to none", add_provider},
    {"zone", "its Availability Zone", add_group_zone},
    {"spot", "1: Spot, 0: on demand", add_spot},
    {"interrupted", "1: its Spot capacity was taken back", add_interrupted},
    {"price_per_hour", "in dollars, illustrative; empty: it has none", add_price},
    {"cpu", "CPU units that it registered", add_instance_cpu},
    {"memory_mib", "MiB that it registered", add_instance_memory},
    {"launch_s", "when the scheduler launched it", add_launch},
    {"booted_s", "when its agent started", add_booted},
    {"registered_s", "when the scheduler heard of the agent", add_registered},
    {"lost_s", "when it was terminated or lost", add_lost},
    {0},
};

static const struct column micro_vm_columns[] = {
    {"task", "whose it is: t1, t2, ...", add_owner},
    {"capacity_provider", "FARGATE or FARGATE_SPOT", add_provider},
    {"zone", "its Availability Zone", add_group_zone},
    {"spot", "1: Spot, 0: on demand", add_spot},
    {"interrupted", "1: its Spot capacity was taken back", add_interrupted},
    {"price_per_hour", "of its vCPU and memory, in dollars, illustrative", add_price},
    {"cpu", "CPU units that it has", add_instance_cpu},
    {"memory_mib", "MiB that it has for its task", add_instance_memory},
    {"launch_s", "when the scheduler launched it", add_launch},
    {"booted_s", "when it had booted", add_booted},
    {"registered_s", "when the scheduler heard of it", add_registered},
    {"lost_s", "when it was terminated or lost", add_lost},
    {0},
};

static const struct column *const tables[] = {task_columns, container_columns, instance_columns,
                                              micro_vm_columns};

static void add_line(FILE *out, struct buffer *line, const struct column *columns,
                     const struct subject *subject)
{
    for (int i = 0; columns[i].name; i++) {
        if (i)
            buffer_add_text(line, ",");
        columns[i].add(line, subject);
    }
    buffer_add_text(line, "\r\n");
    fwrite(line->text, 1, line->length, out);
    buffer_clear(line);
}

static void add_tasks(FILE *out, struct buffer *line, const struct story *story,
                      enum export_table table)
{
    for (int i = 0; i < story->n_tasks; i++) {
        struct subject subject = {.story = story, .task = i, .container = ID_NONE};

        subject.of_task = &story->tasks[i];
        if (subject.of_task->taskdef != ID_NONE)
            subject.definition = taskdefs_get(&story->taskdefs, subject.of_task->taskdef);
        subject.instance = subject.of_task->instance;
        if (subject.instance >= 0 && subject.instance < story->n_instances)
            subject.of_instance = &story->instances[subject.instance];
        if (table == EXPORT_TASKS)
            add_line(out, line, tables[table], &subject);
        for (int c = 0;
             c < subject.of_task->n_containers && subject.definition && table == EXPORT_CONTAINERS;
             c++) {
            subject.container = c;
            subject.of_container = &subject.of_task->containers[c];
            add_line(out, line, tables[table], &subject);
        }
    }
}

void export_csv(FILE *out, const struct story *story, enum export_table table)
{
    struct buffer line = {0};

    for (int i = 0; tables[table][i].name; i++)
        fprintf(out, "%s%s", i ? "," : "", tables[table][i].name);
    fputs("\r\n", out);
    if (table == EXPORT_TASKS || table == EXPORT_CONTAINERS)
        add_tasks(out, &line, story, table);
    for (int i = 0; i < story->n_instances; i++) {
        bool micro = story_is_micro_vm(story, i);
        struct subject subject = {.story = story,
                                  .task = ID_NONE,
                                  .container = ID_NONE,
                                  .instance = i,
                                  .of_instance = &story->instances[i]};

        if (table == (micro ? EXPORT_MICRO_VMS : EXPORT_INSTANCES))
            add_line(out, &line, tables[table], &subject);
    }
    buffer_finish(&line);
}

void export_csv_describe(FILE *out, enum export_table table)
{
    for (int i = 0; tables[table][i].name; i++)
        fprintf(out, "  %-17s  %s\n", tables[table][i].name, tables[table][i].about);
}
