/*
 * What a run's tasks stand on: when they were ready, what operating systems of their own take, and how many tasks
 * a GiB of a host carries where machines take their part of it. For virtual machines beside containers of one
 * kernel. It must never know how charts are drawn.
 */
#include "viz/life.h"
#include "viz/plots.h"
#include "viz/series.h"
#include "viz/track.h"

#include "file/layers.h"

#include <stdio.h>

#define PANEL_PIXELS 200
#define MIB (INT64_C(1) << 20)
#define MIB_PER_GIB 1024

struct tracks {
    struct series ready, system_mib, taken_mib; /* taken: from hosts, by machines and by tasks */
};

static bool is_machine(const struct story_instance *instance)
{
    return instance->course.start[0] != '\0';
}

/* A virtual machine keeps all its memory from others, and whoever runs it takes some beside: as logged, or what
 * it held when it was up. */
static int64_t logged_bytes(const struct story_course *course)
{
    int64_t bytes = course->memory_bytes + course->overhead_bytes;

    return course->host_bytes > bytes ? course->host_bytes : bytes;
}

/* One of the size that a scenario gives: a micro-VM is made for its task, another is of its type. */
static int64_t whole_bytes(const struct story *story, const struct scenario *scenario,
                           const struct story_instance *instance)
{
    const struct vm_costs *vm = &scenario->costs.vm;
    const struct scenario_group *group = &scenario->groups[instance->group];
    const struct task_definition *definition =
        instance->bound_task != ID_NONE ? life_definition(story, instance->bound_task) : NULL;
    const struct instance_type *type = &scenario->types[scenario_group_type(group, instance->type)];
    int64_t mib = definition ? costs_guest_mib(vm, taskdef_memory_mib(definition))
                             : instance_type_whole_mib(type);

    return mib * MIB + (instance->course.overhead_bytes > 0 ? instance->course.overhead_bytes
                                                            : vm->overhead_bytes);
}

/* Whether it is counted with what its tasks reserve: a virtual machine that has told of its boot, or a simulated
 * micro-VM, which may tell of none. */
static bool is_whole(const struct plots_run *run, const struct scenario *scenario, int id)
{
    return is_machine(&run->story.instances[id]) ||
           (scenario && run->header.mode != RUN_EXEC && story_is_micro_vm(&run->story, id));
}

/* What it takes of a host beside what its tasks reserve, if that is not counted with it. At full scale, as their
 * reservations are, where the scenario is known. */
static int64_t taken_bytes(const struct plots_run *run, const struct scenario *scenario, int id,
                           int64_t os_bytes)
{
    const struct story_instance *instance = &run->story.instances[id];
    bool full = run->header.scale_numerator == run->header.scale_denominator;
    bool known = scenario && instance->group >= 0 && instance->group < scenario->n_groups &&
                 scenario->groups[instance->group].type != ID_NONE;

    if (!is_whole(run, scenario, id))
        return os_bytes;
    return known && !(full && is_machine(instance)) ? whole_bytes(&run->story, scenario, instance)
                                                    : logged_bytes(&instance->course);
}

/* Ready from when all its containers are. */
static void add_task(struct tracks *tracks, const struct plots_run *run,
                     const struct scenario *scenario, int id)
{
    const struct story *story = &run->story;
    const struct story_task *task = &story->tasks[id];
    const struct task_definition *definition = life_definition(story, id);
    int64_t ready_usec = task->n_containers > 0 ? 0 : USEC_NEVER;
    const struct story_machine *machine = task->machine;
    for (int i = 0; i < task->n_containers; i++) {
        if (task->containers[i].ready_at_usec > ready_usec)
            ready_usec = task->containers[i].ready_at_usec;
    }
    if (ready_usec < track_freed_usec(task))
        series_add(&tracks->ready, ready_usec, track_freed_usec(task), 1);
    if (definition && task->placed_at_usec < track_freed_usec(task) &&
        (task->instance == ID_NONE || !is_whole(run, scenario, task->instance)))
        series_add(&tracks->taken_mib, task->placed_at_usec, track_freed_usec(task),
                   taskdef_memory_mib(definition));
    /* what its machine takes is part of what its task reserves */
    if (machine && machine->booted_at_usec != USEC_NEVER)
        series_add(&tracks->system_mib, machine->boot_at_usec, machine->gone_at_usec,
                   machine->course.system_bytes / MIB);
}

static void collect(struct tracks *tracks, const struct plots_run *run)
{
    const struct story *story = &run->story;
    struct scenario *scenario = run->header.scenario ? scenario_reread(run->header.scenario) : NULL;
    bool real = run->header.mode == RUN_EXEC || !scenario;
    for (int i = 0; i < story->n_tasks; i++)
        add_task(tracks, run, scenario, i);
    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *instance = &story->instances[i];
        int64_t bytes = layers_os_bytes(scenario, instance, real);
        int64_t taken = taken_bytes(run, scenario, i, bytes);
        if (taken <= 0)
            continue;
        if (bytes > 0)
            series_add(&tracks->system_mib, instance->launch_at_usec, track_gone_usec(story, i),
                       bytes / MIB);
        series_add(&tracks->taken_mib, instance->launch_at_usec, track_gone_usec(story, i),
                   taken / MIB);
    }
    if (scenario)
        scenario_destroy(scenario);
    series_close(&tracks->ready, track_end_usec(story));
    series_close(&tracks->system_mib, track_end_usec(story));
    series_close(&tracks->taken_mib, track_end_usec(story));
}

/* Thousandths of a task for each GiB, at each moment at which one of both changes. */
static void divide(const struct tracks *tracks, int64_t end_usec, struct series *density)
{
    const struct series *top = &tracks->ready, *bottom = &tracks->taken_mib;
    int t = 0, b = 0;
    while (t < top->n_points || b < bottom->n_points) {
        bool from_top = b == bottom->n_points ||
                        (t < top->n_points && top->points[t].at_usec <= bottom->points[b].at_usec);
        int64_t at_usec = from_top ? top->points[t].at_usec : bottom->points[b].at_usec;
        t += t < top->n_points && top->points[t].at_usec == at_usec;
        b += b < bottom->n_points && bottom->points[b].at_usec == at_usec;
        int64_t tasks = t > 0 ? top->points[t - 1].value : 0;
        int64_t mib = b > 0 ? bottom->points[b - 1].value : 0;
        series_set(density, at_usec, mib > 0 ? tasks * MIB_PER_GIB * 1000 / mib : 0);
    }
    series_close(density, end_usec);
}

void plots_layers(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    chart_add_panel(chart, "Tasks that are ready", "tasks", PANEL_PIXELS);
    chart_add_panel(chart, "Memory that operating systems of their own keep from tasks", "MiB",
                    PANEL_PIXELS);
    chart_add_panel(
        chart, "Tasks that are ready, for each GiB that they and their machines take from hosts",
        "tasks per GiB", PANEL_PIXELS);
    chart->panels[0].counts = true;
    for (int run = 0; run < n_runs; run++) {
        struct tracks tracks = {0};
        struct series density = {0};
        int64_t end_usec = track_end_usec(&runs[run].story);
        collect(&tracks, &runs[run]);
        divide(&tracks, end_usec, &density);
        struct {
            struct series *series;
            double scale;
        } rows[] = {{&tracks.ready, 1}, {&tracks.system_mib, 1}, {&density, 1e-3}};
        for (int panel = 0; panel < 3; panel++) {
            struct chart_line *line = chart_add_line(&chart->panels[panel], runs[run].name,
                                                     plots_paint(runs, run), CHART_STEPS);
            line->dashed = run % 2 == 1;
            plots_add_series(line, rows[panel].series, end_usec, usec_per_x, rows[panel].scale);
        }
        series_finish(&tracks.ready);
        series_finish(&tracks.system_mib);
        series_finish(&tracks.taken_mib);
        series_finish(&density);
    }
}
