/*
 * Loading a scenario: the file, the task definition files it names, --set, then each part in turn.
 * A bare task definition is wrapped into a scenario first, so everything after that has one form.
 */
#include "file/json_set.h"
#include "file/scenario_read.h"
#include "file/taskdef_read.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tasks that --count may ask for. */
#define COUNT_MAX 1000000

/* The file's name without folder and suffix. */
static char *file_stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *stem = memory_text(slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');

    if (dot && dot != stem)
        *dot = '\0';
    return stem;
}

/* What Terraform and `aws ecs register-task-definition --container-definitions` take. */
static void accept_containers(struct document *document)
{
    json_t *first = json_array_get(document->root, 0);
    struct node top = node_root(document);

    if (!json_is_object(first) || json_object_get(first, "containerDefinitions") ||
        !(json_object_get(first, "image") || json_object_get(first, "name")))
        return;
    node_warning(&top, "a list of container definitions alone: taken as a task definition");
    document_wrap_list(document, "containerDefinitions");
}

static const char *text_or_nothing(const struct node *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object->value, name));

    return text ? text : "";
}

bool scenario_is_other(const struct node *top, const char *wanted)
{
    static const struct {
        const char *kind, *about;
    } kinds[] = {
        {"scenario/1", "a scenario"},
        {"host-profile/1", "a host profile, for --host-profile"},
        {"check/1", "what `berth check` reads of a lab"},
        {"run/1", "the log of a run"},
    };
    const char *found = text_or_nothing(top, "berth");

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(found, kinds[i].kind) != 0 || strcmp(found, wanted) == 0)
            continue;
        node_error(top, "this is %s; wanted a file whose \"berth\" is \"%s\"", kinds[i].about,
                   wanted);
        return true;
    }
    return false;
}

/* Others' spellings, said once instead of member by member. */
static bool refuse_foreign(const struct node *top)
{
    if (json_object_get(top->value, "ContainerDefinitions") ||
        json_object_get(top->value, "AWSTemplateFormatVersion"))
        node_error(top, "this is CloudFormation; berth takes what the ECS API takes (family, "
                        "containerDefinitions): `aws ecs describe-task-definition` prints it");
    else if (json_object_get(top->value, "Resources") ||
             strncmp(text_or_nothing(top, "Type"), "AWS::", 5) == 0)
        node_error(top, "this is CloudFormation; berth takes what the ECS API takes");
    else if (json_object_get(top->value, "apiVersion") && json_object_get(top->value, "kind"))
        node_error(top, "this is a manifest of Kubernetes; berth takes what the ECS API takes "
                        "(family, containerDefinitions)");
    else if (!json_object_get(top->value, "berth") &&
             json_is_object(json_object_get(top->value, "services")))
        node_error(top, "this is a file of Docker Compose; berth takes what the ECS API takes "
                        "(family, containerDefinitions)");
    else if (json_is_array(top->value) &&
             json_object_get(json_array_get(top->value, 0), "containerDefinitions"))
        node_error(top, "a list of task definitions: wanted one a file, or all as "
                        "\"taskDefinitions\" of a scenario");
    else
        return scenario_is_other(top, "scenario/1");
    return true;
}

/* Fragments in documentation have no family: the file's name serves, and stands in the source. */
static void default_family(const struct node *node)
{
    struct node inner_node;
    const struct node *inner = taskdef_unwrap(node, &inner_node);
    struct node family = node_member(inner, "family");
    char *stem;

    if (!json_object_get(inner->value, "containerDefinitions") || family.value)
        return;
    stem = file_stem(node->document->name);
    if (strlen(stem) > 255)
        stem[255] = '\0';
    for (char *at = stem; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-')
            *at = '_';
    node_warning(&family, "missing: taken from the file's name, \"%s\"", stem);
    json_object_set_new(inner->value, "family", json_string(stem));
    free(stem);
}

/* Puts the object that a file holds in the place of the file's name. */
static void inline_file(struct scenario_reader *reader, const struct node *list, size_t index)
{
    struct node item = node_item(list, index), root;
    char *path = document_beside(&reader->document, json_string_value(item.value));
    struct document *file = &reader->files[index];
    int errors = reading_errors(&reader->reading);
    struct err err;

    if (!document_open(file, &reader->reading, path, &err)) {
        if (reading_errors(&reader->reading) == errors)
            node_error(&item, "%s", err.text);
        free(path);
        return;
    }
    accept_containers(file);
    if (!json_is_object(file->root)) {
        root = node_root(file);
        node_error(&root, "found %s, wanted a task definition", node_found(&root));
    } else {
        root = node_root(file);
        default_family(&root);
        json_array_set(list->value, index, file->root);
    }
    free(path);
}

static void inline_files(struct scenario_reader *reader)
{
    struct node top = node_root(&reader->document);
    struct node list = node_member(&top, "taskDefinitions");
    size_t n = json_array_size(list.value);

    if (!json_is_object(top.value))
        return;
    reader->files = memory_zeroed(n, sizeof *reader->files);
    reader->n_files = (int)n;
    for (size_t i = 0; i < n; i++)
        if (json_is_string(json_array_get(list.value, i)))
            inline_file(reader, &list, i);
}

/* Whether the file is a task definition rather than a scenario. */
static bool is_bare(const struct node *top)
{
    return !json_object_get(top->value, "berth") &&
           (json_object_get(top->value, "containerDefinitions") ||
            json_object_get(top->value, "family") ||
            json_is_object(json_object_get(top->value, "taskDefinition")));
}

/* N tasks by as many RunTask calls as ECS wants for them, ten a call. */
static json_t *run_tasks(const char *family, int32_t count)
{
    json_t *timeline = json_array();

    while (count > 0) {
        int now = count < 10 ? (int)count : 10;

        json_array_append_new(timeline,
                              json_pack("{s:s, s:{s:s, s:i}, s:b}", "at", "0s", "runTask",
                                        "taskDefinition", family, "count", now, "wait", 1));
        count -= (int32_t)now;
    }
    return timeline;
}

/* Makes the definition in the document the only one of a scenario, which takes the document's
 * place; the definition keeps its own as a file does. */
static void wrap(struct scenario_reader *reader, const char *instances, int32_t count)
{
    struct document *document = &reader->document;
    struct node top = node_root(document), inner_node;
    const char *family;

    default_family(&top);
    family = json_string_value(json_object_get(taskdef_unwrap(&top, &inner_node)->value, "family"));
    reader->files = memory_zeroed(1, sizeof *reader->files);
    reader->n_files = 1;
    reader->files[0] = *document;
    document->name = memory_text(reader->files[0].name);
    document->text = memory_zeroed(document->length + 1, 1);
    memcpy(document->text, reader->files[0].text, document->length);
    document->positions = NULL;
    document->root =
        json_pack("{s:s, s:s, s:s, s:[O], s:o}", "berth", "scenario/1", "title",
                  family ? family : "", "instances", instances, "taskDefinitions",
                  reader->files[0].root, "timeline", run_tasks(family ? family : "", count));
    if (document->root)
        return;
    reading_error(&reader->reading, document->name, "--instances", "not UTF-8 text");
    document->root = json_object();
}

/* --set cpu=512 beside a bare definition means the definition. */
static char *set_path(bool bare, const char *set)
{
    static const char prefix[] = "taskDefinitions.0.";
    bool of_scenario = !bare;
    char *path;

    for (const struct grammar_member *member = scenario_grammar.members; member->name; member++)
        of_scenario = of_scenario || json_set_begins(set, member->name);
    if (of_scenario)
        return memory_text(set);
    path = memory_zeroed(strlen(prefix) + strlen(set) + 1, 1);
    strcat(strcpy(path, prefix), set);
    return path;
}

static void apply_sets(struct scenario_reader *reader, const struct scenario_options *options,
                       bool bare)
{
    struct reading *reading = &reader->reading;
    struct overlay *overlays;

    if (!options || options->n_sets == 0)
        return;
    overlays = memory_zeroed((size_t)options->n_sets, sizeof *overlays);
    for (int i = 0; i < options->n_sets; i++) {
        char *set = set_path(bare, options->sets[i]);
        struct err err;

        if (json_set(reader->document.root, set, &overlays[reading->n_overlays], &err))
            overlays[reading->n_overlays++].text = options->sets[i];
        else
            reading_error(reading, reader->document.name, "--set", "%s", err.text);
        free(set);
    }
    reading->overlays = overlays;
}

/* How often a bare definition is to run. */
static int32_t wanted_count(struct scenario_reader *reader, const struct scenario_options *options,
                            bool bare)
{
    int32_t count = options && options->count ? options->count : 1;

    if (count != 1 && !bare)
        reading_error(&reader->reading, reader->document.name, "--count",
                      "belongs to a bare task definition; a scenario says itself what runs");
    else if (count < 1 || count > COUNT_MAX)
        reading_error(&reader->reading, reader->document.name, "--count",
                      "found %d, wanted 1 to %d", (int)count, COUNT_MAX);
    else
        return count;
    return 1;
}

static void apply_options(struct scenario_reader *reader, const struct scenario_options *options)
{
    const char *instances = options ? options->instances : NULL;
    struct node top;
    int32_t count;
    bool bare;

    accept_containers(&reader->document);
    top = node_root(&reader->document);
    bare = is_bare(&top);
    count = wanted_count(reader, options, bare);
    if (bare)
        wrap(reader, instances ? instances : "1xm5.large", count);
    else
        inline_files(reader);
    if (instances && !bare)
        json_object_set_new(top.value, "instances", json_string(instances));
    scenario_put_costs(reader, options);
    apply_sets(reader, options, bare);
    if (options && (options->machines || options->boot_path)) { /* whatever costs were set */
        const struct scenario_options machines = {.machines = options->machines,
                                                  .boot_path = options->boot_path};

        scenario_put_costs(reader, &machines);
    }
}

/* 2026-01-01T00:00:00Z */
#define EPOCH_SEC INT64_C(1767225600)

/* Days from 1970-01-01 of a date of the Gregorian calendar, in years that begin in March. */
static int64_t days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

bool scenario_read_date(const struct node *node, int64_t *usec)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    int year, month, day, hour, minute, second;
    const char *text;
    size_t i = 0;

    if (!node_text(node, &text))
        return false;
    while (text[i] && (form[i] == '0' ? isdigit((unsigned char)text[i]) : text[i] == form[i]))
        i++;
    if (text[i] || form[i] ||
        sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute, &second) !=
            6 ||
        month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) {
        node_error(node,
                   "found %s, wanted a date and time in UTC such as "
                   "\"2026-01-01T00:00:00Z\"",
                   node_found(node));
        return false;
    }
    *usec = (days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * USEC_PER_SEC;
    return true;
}

static void read_epoch(struct scenario_reader *reader, const struct node *top)
{
    struct node node = node_member(top, "epoch");

    reader->scenario->epoch_usec = EPOCH_SEC * USEC_PER_SEC;
    scenario_read_date(&node, &reader->scenario->epoch_usec);
}

static void read_head(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node version = node_member(top, "berth"), title = node_member(top, "title");
    struct node seed = node_member(top, "seed"), cluster = node_member(top, "cluster");
    const char *text;
    int64_t number = 1;
    int choice;

    node_choice(&version, grammar_member(&scenario_grammar, "berth")->values, &choice);
    scenario->title = node_text(&title, &text) ? memory_text(text) : file_stem(scenario->path);
    node_number(&seed, 0, INT64_MAX, BARE_NUMBER, &number);
    scenario->seed = (uint64_t)number;
    if (node_text(&cluster, &text) && !*text)
        node_error(&cluster, "found an empty text, wanted a name");
    read_epoch(reader, top);
}

static void read_scenario(struct scenario_reader *reader)
{
    struct scenario *scenario = reader->scenario;
    struct node top = node_root(&reader->document);

    if (refuse_foreign(&top) || !node_object(&top, &scenario_grammar))
        return;
    read_head(reader, &top);
    scenario_read_costs(reader, &top);
    scenario_read_rules(reader, &top);
    scenario_read_instances(reader, &top);
    scenario_read_capacity(reader, &top);
    scenario_read_definitions(reader, &top);
    scenario_read_images(reader, &top);
    scenario_read_behaviours(reader, &top);
    scenario_read_until(reader, &top);
    scenario_read_cluster_rules(reader, &top);
    scenario_read_target_groups(reader, &top);
    scenario_read_services(reader, &top);
    scenario_read_loads(reader, &top);
    scenario_read_scaling(reader, &top);
    scenario_read_timeline(reader, &top);
    scenario_read_expects(reader, &top);
    scenario->source = json_dumps(top.value, JSON_COMPACT);
}

/* Hands what was read to the scenario, or takes it all back after an error. */
static struct scenario *finish(struct scenario_reader *reader)
{
    struct scenario *scenario = reader->scenario;
    bool fine = reading_errors(&reader->reading) == 0;

    scenario->types = reader->types;
    scenario->n_types = reader->n_types;
    scenario->groups = reader->groups;
    scenario->n_groups = reader->n_groups;
    scenario->providers = reader->providers;
    scenario->n_providers = reader->n_providers;
    names_finish(&reader->group_names);
    names_finish(&reader->provider_names);
    scenario->images = reader->images;
    scenario->n_images = reader->n_images;
    scenario->samples = reader->reading.samples;
    scenario->n_samples = reader->reading.n_samples;
    scenario->unsimulated = reader->reading.unsimulated;
    reader->reading.unsimulated = NULL;
    names_finish(&reader->type_names);
    names_finish(&reader->image_names);
    names_finish(&reader->digests);
    free(reader->shared);
    scenario->loads = reader->loads;
    scenario->n_loads = reader->n_loads;
    names_finish(&reader->services);
    names_finish(&reader->target_groups);
    names_finish(&reader->policies);
    names_finish(&reader->alarms);
    names_finish(&reader->containers);
    names_finish(&reader->references);
    free(reader->referred);
    scenario_destroy_rules(reader->rules);
    for (int i = 0; i < reader->n_files; i++)
        document_finish(&reader->files[i]);
    free(reader->files);
    document_finish(&reader->profile);
    document_finish(&reader->document);
    for (int i = 0; i < reader->reading.n_overlays; i++)
        free(reader->reading.overlays[i].key);
    free((void *)reader->reading.overlays);
    reading_finish(&reader->reading);
    if (fine)
        return scenario;
    scenario_destroy(scenario);
    return NULL;
}

static void start(struct scenario_reader *reader, const char *path, struct findings *findings)
{
    *reader = (struct scenario_reader){
        .reading = {.findings = findings,
                    .first_finding = findings->n_list,
                    .first_error = findings->n_errors},
        .scenario = memory_zeroed(1, sizeof *reader->scenario),
    };
    reader->scenario->path = memory_text(path);
}

struct scenario *scenario_load(const char *path, const struct scenario_options *options,
                               struct findings *findings)
{
    struct scenario_reader reader;
    struct err err;

    start(&reader, path, findings);
    reader.is_file = true;
    if (document_open(&reader.document, &reader.reading, path, &err)) {
        apply_options(&reader, options);
        read_scenario(&reader);
    } else if (reading_errors(&reader.reading) == 0) {
        reading_error(&reader.reading, path, "file", "%s", err.text);
    }
    return finish(&reader);
}

struct scenario *scenario_parse(const char *text, const char *name, struct findings *findings)
{
    struct scenario_reader reader;

    start(&reader, name, findings);
    if (document_parse(&reader.document, &reader.reading, name, text, strlen(text))) {
        apply_options(&reader, NULL);
        read_scenario(&reader);
    }
    return finish(&reader);
}

struct scenario *scenario_reread(const char *text)
{
    struct findings findings = {0};
    struct scenario *scenario = text ? scenario_parse(text, "scenario", &findings) : NULL;

    findings_finish(&findings);
    return scenario;
}

static void destroy_taskdef(struct scenario_taskdef *taskdef)
{
    taskdef_run_destroy(taskdef->run);
    taskdef_destroy(taskdef->definition);
    free(taskdef->behaviours);
    free(taskdef->images);
}

static void destroy_group(struct scenario_group *group)
{
    free(group->name);
    free(group->more_types);
    for (int i = 0; i < group->n_zones; i++)
        free(group->zones[i].name);
    for (int i = 0; i < group->n_attributes; i++) {
        free(group->attributes[i].name);
        free(group->attributes[i].value);
    }
    scenario_destroy_rules(group->rules);
    free(group->zones);
    free(group->attributes);
}

static void destroy_entries(struct scenario_entry *entries, int n)
{
    for (int i = 0; i < n; i++) {
        struct scenario_entry *entry = &entries[i];

        message_finish(&entry->call);
        free(entry->service);
        free(entry->targets);
        free(entry->fault.container_name);
        free(entry->fault.zone);
        for (int j = 0; j < entry->n_names; j++)
            free(entry->names[j]);
        free(entry->names);
    }
    free(entries);
}

static void destroy_calls(struct scenario *scenario)
{
    for (int i = 0; i < scenario->n_providers; i++)
        message_finish(&scenario->providers[i]);
    free(scenario->providers);
    if (scenario->default_strategy)
        message_finish(scenario->default_strategy);
    free(scenario->default_strategy);
    for (int i = 0; i < scenario->n_services; i++)
        message_finish(&scenario->services[i]);
    if (scenario->cluster_rules)
        message_finish(scenario->cluster_rules);
    free(scenario->cluster_rules);
    for (int i = 0; i < scenario->n_target_groups; i++)
        message_finish(&scenario->target_groups[i]);
    free(scenario->target_groups);
    destroy_entries(scenario->scaling, scenario->n_scaling);
    destroy_entries(scenario->timeline, scenario->n_timeline);
    for (int i = 0; i < scenario->n_expects; i++) {
        free(scenario->expects[i].service);
        free(scenario->expects[i].target_group);
        free(scenario->expects[i].text);
    }
    free(scenario->services);
    free(scenario->expects);
}

void scenario_destroy(struct scenario *scenario)
{
    if (!scenario)
        return;
    for (int i = 0; i < scenario->n_types; i++)
        free(scenario->types[i].name);
    for (int i = 0; i < scenario->n_groups; i++)
        destroy_group(&scenario->groups[i]);
    for (int i = 0; i < scenario->n_images; i++) {
        free(scenario->images[i].name);
        free(scenario->images[i].oci);
        free(scenario->images[i].rootfs);
        free(scenario->images[i].layers);
    }
    for (int i = 0; i < scenario->n_samples; i++)
        free(scenario->samples[i]);
    free(scenario->samples);
    for (int i = 0; i < scenario->n_taskdefs; i++)
        destroy_taskdef(&scenario->taskdefs[i]);
    for (int i = 0; i < scenario->n_loads; i++) {
        free(scenario->loads[i].service);
        free(scenario->loads[i].target_group);
        free(scenario->loads[i].curve.steps);
    }
    free(scenario->loads);
    destroy_calls(scenario);
    free(scenario->types);
    free(scenario->groups);
    free(scenario->images);
    free(scenario->taskdefs);
    free(scenario->title);
    free(scenario->unsimulated);
    free(scenario->source);
    free(scenario->path);
    free(scenario);
}

bool scenario_group_is_vm(const struct scenario *scenario, const struct scenario_group *group)
{
    if (group->isolation == ISOLATION_BY_COSTS)
        return scenario->costs.machines == MACHINES_VMS;
    return group->isolation == ISOLATION_VM;
}

int32_t scenario_group_type(const struct scenario_group *group, int32_t type)
{
    return type > 0 && type <= group->n_more_types ? group->more_types[type - 1] : group->type;
}
