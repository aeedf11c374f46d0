/*
 * What must hold of findings, of a scenario, of its source and of its script.
 */
#include "scenario_target.h"

#include "core/check.h"
#include "core/depend.h"
#include "core/host.h"
#include "core/scheduler.h"
#include "file/scenario.h"
#include "file/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scenario_target_accepted;

static const char *text_now = "";

/* What must be so; else the text that shows that it is not. */
#define hold(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n%s\n", __FILE__, __LINE__, #condition, text_now);  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* One line, a place, a severity: what a person or an editor needs. */
static void check_finding(const struct finding *finding)
{
    static const char name[] = "x.json:";
    const char *at = finding->text + strlen(name);
    char *end, severity[20];

    if (finding->document > 0)
        return; /* it stands in a file that the text names */
    hold(strncmp(finding->text, name, strlen(name)) == 0);
    hold(strtol(at, &end, 10) == finding->line && *end == ':' && finding->line > 0);
    hold(strtol(end + 1, &end, 10) == finding->column && finding->column > 0);
    snprintf(severity, sizeof severity, ": %s: ", severity_names[finding->severity]);
    hold(strncmp(end, severity, strlen(severity)) == 0);
    for (at = finding->text; *at; at++)
        hold((unsigned char)*at >= ' ');
}

static void check_findings(const struct findings *findings, const struct scenario *scenario)
{
    int n_errors = 0;

    for (int i = 0; i < findings->n_list; i++) {
        check_finding(&findings->list[i]);
        n_errors += findings->list[i].severity == SEVERITY_ERROR;
        hold(i == 0 || findings->list[i].document > findings->list[i - 1].document ||
             findings->list[i].line >= findings->list[i - 1].line);
    }
    hold(n_errors == findings->n_errors);
    hold((scenario == NULL) == (n_errors > 0));
}

static void check_container(const struct task_definition *definition,
                            const struct container_definition *container)
{
    hold(container->gpus >= GPUS_ALL && container->gpus <= HOST_GPUS_MAX);
    hold(!container->restart || container->restart->attempt_period_usec > 0);
    hold(!container->health ||
         (container->health->interval_usec > 0 && container->health->timeout_usec > 0 &&
          container->health->retries > 0));
    for (int i = 0; i < container->n_ports; i++)
        hold(container->ports[i].container_port > 0 && container->ports[i].host_port >= 0 &&
             (definition->network_mode == NETWORK_BRIDGE || container->ports[i].host_port == 0 ||
              container->ports[i].host_port == container->ports[i].container_port));
}

static void check_run(const struct taskdef_run *task, const struct container_run *run)
{
    for (int i = 0; i < run->n_mounts; i++)
        hold(run->mounts[i].volume >= 0 && run->mounts[i].volume < task->n_volumes &&
             run->mounts[i].path);
    for (int i = 0; i < run->n_volumes_from; i++)
        hold(run->volumes_from[i].container >= 0 &&
             run->volumes_from[i].container < task->n_containers);
    for (int i = 0; i < run->n_links; i++)
        hold(run->links[i].container < task->n_containers && *run->links[i].alias);
    for (int i = 0; i < run->n_tmpfs; i++)
        hold(run->tmpfs[i].path && run->tmpfs[i].size_mib > 0);
    for (int i = 0; i < run->n_health_command; i++)
        hold(run->health_command[i]);
}

static void check_taskdef(const struct scenario *scenario, const struct scenario_taskdef *taskdef)
{
    const struct task_definition *definition = taskdef->definition;
    int a, b;

    hold(definition && *definition->family && definition->revision >= 1);
    hold(definition->n_containers >= 1 && definition->n_containers <= TASKDEF_CONTAINERS_MAX);
    hold(taskdef_memory_mib(definition) >= 0 && taskdef_cpu(definition) >= 0);
    hold(taskdef_is_sound(definition) && !depend_has_cycle(definition, &a, &b));
    hold(taskdef->run->n_containers == definition->n_containers);
    for (int c = 0; c < definition->n_containers; c++) {
        const struct container_definition *container = &definition->containers[c];

        hold(*container->name && *container->image);
        hold(taskdef_container(definition, container->name) == c);
        hold(taskdef->images[c] >= 0 && taskdef->images[c] < scenario->n_images);
        hold(strcmp(scenario->images[taskdef->images[c]].name, container->image) == 0);
        hold(taskdef->behaviours[c].idle_usec >= 0 && taskdef->behaviours[c].memory_bytes >= 0);
        for (int i = 0; i < container->n_depends; i++)
            hold(container->depends[i].container >= 0 && container->depends[i].container != c &&
                 container->depends[i].container < definition->n_containers);
        check_container(definition, container);
        check_run(taskdef->run, &taskdef->run->containers[c]);
    }
}

/* Rates are in order, and requests come in order. */
static void check_load(const struct load_source *load)
{
    const struct rate_curve *curve = &load->curve;
    struct arrivals arrivals;
    int64_t last_usec = 0;

    hold(!load->service != !load->target_group);
    hold(load->from_usec >= 0 && load->timeout_usec > 0 && curve->n_steps >= 1);
    for (int i = 0; i < curve->n_steps; i++)
        hold(curve->steps[i].rate >= 0 && curve->steps[i].rate <= RATE_MAX &&
             (i == 0 ? curve->steps[i].at_usec == 0
                     : curve->steps[i].at_usec > curve->steps[i - 1].at_usec));
    hold(curve->period_usec == 0 || curve->period_usec > curve->steps[curve->n_steps - 1].at_usec);
    arrivals_init(&arrivals, curve, load->spacing, 1, 0, load->from_usec, load->to_usec);
    for (int n = 0; n < 50; n++) {
        int64_t at_usec = arrivals_next(&arrivals);

        hold(at_usec >= last_usec && at_usec >= load->from_usec);
        hold(at_usec == USEC_NEVER || at_usec < load->to_usec);
        last_usec = at_usec;
    }
}

static void check_scenario(const struct scenario *scenario)
{
    hold(scenario->title && scenario->source && !strchr(scenario->source, '\n'));
    hold(scenario->until_usec > 0);
    for (int i = 0; i < scenario->n_groups; i++) {
        hold(scenario->groups[i].count >= (scenario->groups[i].kind == GROUP_FIXED));
        hold(scenario->groups[i].type >= 0 && scenario->groups[i].type < scenario->n_types);
        hold(!scenario->groups[i].rules || scenario->groups[i].rules->heartbeat_timeout_usec > 0);
    }
    for (int i = 0; i < scenario->n_types; i++)
        hold(scenario->types[i].cpu > 0 && scenario->types[i].memory_mib > 0);
    for (int i = 0; i < scenario->n_images; i++)
        hold(scenario->images[i].size_bytes >= 0);
    for (int i = 0; i < scenario->n_taskdefs; i++)
        check_taskdef(scenario, &scenario->taskdefs[i]);
    for (int i = 0; i < scenario->n_loads; i++)
        check_load(&scenario->loads[i]);
    for (int i = 0; i < scenario->n_services; i++)
        hold(scenario->services[i].as.create_service.taskdef >= 0 &&
             scenario->services[i].as.create_service.taskdef < scenario->n_taskdefs);
    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];

        hold(entry->at_usec >= 0 && entry->at_usec >= (i ? entry[-1].at_usec : 0));
        hold(entry->taskdef >= ID_NONE && entry->taskdef < scenario->n_taskdefs);
        hold(entry->is_fault == (entry->call.kind == MESSAGE_TICK));
        hold(entry->n_targets >= 0 && entry->n_targets <= 10);
        hold(!entry->is_fault || entry->fault.for_usec > 0);
    }
}

/* The source says the same again. */
static void check_source(const struct scenario *scenario)
{
    struct findings findings = {0};
    struct scenario *again = scenario_parse(scenario->source, "x.json", &findings);

    hold(again && strcmp(again->source, scenario->source) == 0);
    hold(again->n_loads == scenario->n_loads && again->load_level == scenario->load_level);
    hold(again->seed == scenario->seed && again->n_timeline == scenario->n_timeline);
    for (int i = 0; i < scenario->n_timeline; i++)
        hold(message_equal(&scenario->timeline[i].call, &again->timeline[i].call, NULL, 0));
    for (int i = 0; i < scenario->n_taskdefs; i++)
        hold(schema_equal(&task_definition_schema, scenario->taskdefs[i].definition,
                          again->taskdefs[i].definition, NULL, 0));
    scenario_destroy(again);
    findings_finish(&findings);
}

static int64_t instances(const struct scenario *scenario)
{
    int64_t n = 0;

    for (int i = 0; i < scenario->n_groups; i++)
        n += scenario->groups[i].count;
    return n;
}

/* Whatever was accepted can be played into a scheduler, in a world where nothing ever starts. */
static void check_script(const struct scenario *scenario)
{
    struct scheduler scheduler;
    struct outputs outputs = {0};
    struct script script;
    int64_t now_usec = 0;

    scheduler_init(&scheduler, scenario->seed);
    script_init(&script, scenario);
    for (int n = 0; n < 10000; n++) {
        struct script_step got = script_next(&script, &scheduler, now_usec);

        if (got.item == SCRIPT_END || (got.item == SCRIPT_WAIT && got.at_usec == USEC_NEVER))
            break;
        hold(got.item != SCRIPT_WAIT || got.at_usec > now_usec);
        if (got.item == SCRIPT_WAIT)
            now_usec = got.at_usec;
        if (got.item == SCRIPT_EVENT)
            scheduler_step(&scheduler, now_usec, got.event, &outputs);
        outputs.n_messages = 0; /* what they point to is the scheduler's */
    }
    hold(core_check(&scheduler, (char[256]){0}, 256) == NULL);
    outputs_finish(&outputs);
    scheduler_finish(&scheduler);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct findings findings = {.wants_notes = true};
    struct scenario *scenario;
    char *text = malloc(size + 1);

    if (!text)
        abort();
    text_now = text;
    memcpy(text, data, size);
    text[size] = '\0';
    scenario = scenario_parse(text, "x.json", &findings);
    check_findings(&findings, scenario);
    if (scenario) {
        scenario_target_accepted++;
        check_scenario(scenario);
        check_source(scenario);
        if (instances(scenario) < 1000)
            check_script(scenario);
    }
    scenario_destroy(scenario);
    findings_finish(&findings);
    free(text);
    return 0;
}
