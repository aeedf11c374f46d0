/*
 * Tasks in order of what stopping them would leave, in trees that know how many stand where: one for each
 * set of attribute values that the strategy spreads over, because a stop changes the totals of all who share
 * a value. The choice among equals is place_victim()'s: any of them, drawn by its rank among their indexes.
 */
#include "core/victims.h"

#include "core/array.h"
#include "core/draw.h"
#include "core/place.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A task, as a node of its class' tree: a heap by priority, in order of values, then of the index. */
struct node {
    int32_t task;
    int32_t class;
    int32_t left, right; /* ID_NONE */
    int32_t size;        /* with all below; 0: it is in no tree */
    uint32_t priority;
};

struct class
{
    int32_t root;
    int32_t value; /* the first of its values, one a rule */
};

struct victims {
    const struct cluster *cluster;
    int service, deployment;
    const struct strategy_rule *rules;
    int n_rules; /* 0 while they are on no instance that could be compared */
    int32_t task_group;
    struct node *nodes; /* in order of tasks */
    int n_nodes, n_left;
    int64_t *values; /* by node and rule; nothing for an attribute */
    struct class *classes;
    int n_classes, cap_classes;
    int32_t *tied;         /* classes, for one question */
    int32_t *class_values; /* by class and rule: which of the totals counts */
    int n_class_values, cap_class_values;
    int64_t *totals; /* tasks of the group, by rule and value, of attributes */
    int n_totals, cap_totals;
    struct names names, class_names;
    int32_t *own_tasks; /* of the group, by instance */
    int32_t last;       /* node of the last answer, or ID_NONE */
};

static void *allocate(int64_t n, size_t size)
{
    void *memory = calloc(n > 0 ? (size_t)n : 1, size);

    assert(memory != NULL);
    return memory;
}

static bool by_attribute(const struct strategy_rule *rule)
{
    return rule->type == STRATEGY_SPREAD && rule->field == BY_ATTRIBUTE;
}

/* Trees ------------------------------------------------------------------------------------------ */

/* How the values of two nodes compare: negative, 0, positive. */
static int compare_values(const struct victims *victims, int32_t a, int32_t b)
{
    const int64_t *left = &victims->values[(int64_t)a * victims->n_rules];
    const int64_t *right = &victims->values[(int64_t)b * victims->n_rules];

    for (int r = 0; r < victims->n_rules; r++)
        if (left[r] != right[r])
            return left[r] < right[r] ? -1 : 1;
    return 0;
}

static bool before(const struct victims *victims, int32_t a, int32_t b)
{
    int order = compare_values(victims, a, b);

    return order != 0 ? order < 0 : a < b;
}

static int32_t size_of(const struct victims *victims, int32_t node)
{
    return node == ID_NONE ? 0 : victims->nodes[node].size;
}

static void count(struct victims *victims, int32_t id)
{
    struct node *node = &victims->nodes[id];

    node->size = 1 + size_of(victims, node->left) + size_of(victims, node->right);
}

/* Parts a tree into those before the node and the others. */
static void split(struct victims *victims, int32_t root, int32_t node, int32_t *left,
                  int32_t *right)
{
    if (root == ID_NONE) {
        *left = *right = ID_NONE;
    } else if (before(victims, root, node)) {
        *left = root;
        split(victims, victims->nodes[root].right, node, &victims->nodes[root].right, right);
        count(victims, root);
    } else {
        *right = root;
        split(victims, victims->nodes[root].left, node, left, &victims->nodes[root].left);
        count(victims, root);
    }
}

/* One tree of two, of which the first stands before the other. */
static int32_t merge(struct victims *victims, int32_t left, int32_t right)
{
    struct node *nodes = victims->nodes;

    if (left == ID_NONE || right == ID_NONE)
        return left == ID_NONE ? right : left;
    if (nodes[left].priority > nodes[right].priority) {
        nodes[left].right = merge(victims, nodes[left].right, right);
        count(victims, left);
        return left;
    }
    nodes[right].left = merge(victims, left, nodes[right].left);
    count(victims, right);
    return right;
}

static void put_in(struct victims *victims, int32_t id)
{
    struct node *node = &victims->nodes[id];
    int32_t *link = &victims->classes[node->class].root;

    node->size = 1;
    while (*link != ID_NONE && victims->nodes[*link].priority >= node->priority) {
        victims->nodes[*link].size++;
        link =
            before(victims, *link, id) ? &victims->nodes[*link].right : &victims->nodes[*link].left;
    }
    split(victims, *link, id, &node->left, &node->right);
    *link = id;
    count(victims, id);
}

static void take_out(struct victims *victims, int32_t id)
{
    struct node *node = &victims->nodes[id];
    int32_t *link = &victims->classes[node->class].root;

    while (*link != id) {
        victims->nodes[*link].size--;
        link =
            before(victims, *link, id) ? &victims->nodes[*link].right : &victims->nodes[*link].left;
    }
    *link = merge(victims, node->left, node->right);
    node->size = 0;
}

static int32_t first_of(const struct victims *victims, int32_t root)
{
    while (victims->nodes[root].left != ID_NONE)
        root = victims->nodes[root].left;
    return root;
}

/* How many of the class tie with its first and come no later than the node `last` in order of tasks. */
static int32_t count_tied(const struct victims *victims, int32_t class, int32_t last)
{
    int32_t at = victims->classes[class].root, first = first_of(victims, at), n = 0;

    while (at != ID_NONE) {
        const struct node *node = &victims->nodes[at];

        if (at > last || compare_values(victims, at, first) != 0) {
            /* of those that tie all on the right come later still, unless they have other values */
            at = node->left;
        } else {
            n += 1 + size_of(victims, node->left);
            at = node->right;
        }
    }
    return n;
}

/* Values ----------------------------------------------------------------------------------------- */

static void find_values(struct victims *victims, int32_t id)
{
    const struct cluster *cluster = victims->cluster;
    const struct task *task = &cluster->tasks[victims->nodes[id].task];
    int64_t *values = &victims->values[(int64_t)id * victims->n_rules];

    for (int r = 0; r < victims->n_rules; r++) {
        const struct strategy_rule *rule = &victims->rules[r];
        const struct instance *instance = &cluster->instances[task->instance];
        const struct taskdef_facts *facts = &cluster->taskdef_facts[task->taskdef];

        if (rule->type == STRATEGY_SPREAD && !by_attribute(rule))
            values[r] = -(int64_t)victims->own_tasks[task->instance];
        else if (rule->type == STRATEGY_BINPACK && rule->field == BY_CPU)
            values[r] = -((int64_t)instance->cpu - instance->cpu_reserved + facts->cpu);
        else if (rule->type == STRATEGY_BINPACK)
            values[r] = -((int64_t)instance->memory_mib - instance->memory_reserved_mib +
                          facts->memory_mib);
    }
}

/* Where the rule's total for the instance's value stands; having none is a value too. */
static int32_t total_of(struct victims *victims, int rule, int32_t instance)
{
    const char *value =
        cluster_attribute(victims->cluster, instance, victims->rules[rule].attribute);
    size_t size = (value ? strlen(value) : 0) + 32;
    char *name = allocate((int64_t)size, 1);
    int32_t index;

    snprintf(name, size, "%d%s%s", rule, value ? "=" : "-", value ? value : "");
    index = names_intern(&victims->names, name);
    free(name);
    if (index == victims->n_totals)
        (void)ARRAY_ADD(victims, totals);
    return index;
}

/* The class of the instance's attribute values, new if it is the first with those. */
static int32_t class_of(struct victims *victims, int32_t instance)
{
    size_t size = 12 * (size_t)victims->n_rules + 1, length = 0;
    char *name = allocate((int64_t)size, 1);
    int32_t *values = allocate(victims->n_rules, sizeof *values), class;

    for (int r = 0; r < victims->n_rules; r++) {
        if (!by_attribute(&victims->rules[r]))
            continue;
        values[r] = total_of(victims, r, instance);
        length += (size_t)snprintf(name + length, size - length, "%d ", values[r]);
    }
    class = names_intern(&victims->class_names, name);
    if (class == victims->n_classes) {
        *ARRAY_ADD(victims, classes) = (struct class){ID_NONE, victims->n_class_values};
        for (int r = 0; r < victims->n_rules; r++)
            *ARRAY_ADD(victims, class_values) = values[r];
    }
    free(name);
    free(values);
    return class;
}

/* The tasks of the group on every instance, and with every value. */
static void count_tasks(struct victims *victims)
{
    const struct cluster *cluster = victims->cluster;

    victims->own_tasks = allocate(cluster->n_instances, sizeof *victims->own_tasks);
    for (int i = 0; i < cluster->n_instances; i++) {
        victims->own_tasks[i] = place_own_tasks(cluster, i, victims->task_group);
        for (int r = 0; r < victims->n_rules && victims->own_tasks[i] > 0; r++) {
            int32_t total;

            if (!by_attribute(&victims->rules[r]))
                continue;
            total = total_of(victims, r, i);
            victims->totals[total] += victims->own_tasks[i];
        }
    }
}

/* Building --------------------------------------------------------------------------------------- */

static void clear(struct victims *victims)
{
    free(victims->nodes);
    free(victims->values);
    free(victims->classes);
    free(victims->tied);
    free(victims->class_values);
    free(victims->totals);
    free(victims->own_tasks);
    names_finish(&victims->names);
    names_finish(&victims->class_names);
    *victims = (struct victims){
        .cluster = victims->cluster,
        .service = victims->service,
        .deployment = victims->deployment,
        .last = ID_NONE,
    };
}

/* Takes in those of whom one goes next: all that never ran, or else all. */
static void gather(struct victims *victims)
{
    const struct cluster *cluster = victims->cluster;
    const struct service *service = &cluster->services[victims->service];
    const struct request *request = &cluster->requests[service->request];
    int32_t *tasks = allocate(service->n_live, sizeof *tasks);
    bool placed;

    clear(victims);
    victims->n_nodes = place_list_victims(cluster, victims->service, victims->deployment, tasks);
    victims->n_left = victims->n_nodes;
    placed = victims->n_nodes > 0 && cluster->tasks[tasks[0]].instance != ID_NONE;
    victims->rules = request->strategy;
    victims->n_rules = placed ? request->n_strategy : 0;
    victims->task_group = request->task_group;
    victims->nodes = allocate(victims->n_nodes, sizeof *victims->nodes);
    victims->values =
        allocate((int64_t)victims->n_nodes * victims->n_rules, sizeof *victims->values);
    if (placed)
        count_tasks(victims);
    for (int i = 0; i < victims->n_nodes; i++) {
        int32_t instance = cluster->tasks[tasks[i]].instance;

        victims->nodes[i] = (struct node){
            .task = tasks[i],
            .class = class_of(victims, instance),
            .priority = (uint32_t)draw_mix((uint64_t)(uint32_t)tasks[i]),
        };
        find_values(victims, i);
        put_in(victims, i);
    }
    victims->tied = allocate(victims->n_classes, sizeof *victims->tied);
    free(tasks);
}

struct victims *victims_create(const struct cluster *cluster, int service, int deployment)
{
    const struct request *request = &cluster->requests[cluster->services[service].request];
    struct victims *victims;

    for (int r = 0; r < request->n_strategy; r++)
        if (request->strategy[r].type == STRATEGY_OWN)
            return NULL;
    victims = allocate(1, sizeof *victims);
    victims->cluster = cluster;
    victims->service = service;
    victims->deployment = deployment;
    victims->last = ID_NONE;
    return victims;
}

void victims_destroy(struct victims *victims)
{
    if (!victims)
        return;
    clear(victims);
    free(victims);
}

/* Choosing --------------------------------------------------------------------------------------- */

/* How the first of two classes compare, totals and all. */
static int compare_classes(const struct victims *victims, int32_t a, int32_t b)
{
    const struct class *left = &victims->classes[a], *right = &victims->classes[b];
    int64_t first = (int64_t)first_of(victims, left->root) * victims->n_rules;
    int64_t second = (int64_t)first_of(victims, right->root) * victims->n_rules;

    for (int r = 0; r < victims->n_rules; r++) {
        int64_t x = victims->values[first + r], y = victims->values[second + r];

        if (by_attribute(&victims->rules[r])) {
            x = -victims->totals[victims->class_values[left->value + r]];
            y = -victims->totals[victims->class_values[right->value + r]];
        }
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* The classes whose first are the best of all; returns how many. */
static int find_tied(struct victims *victims)
{
    int n = 0;

    for (int c = 0; c < victims->n_classes; c++) {
        int order;

        if (victims->classes[c].root == ID_NONE)
            continue;
        order = n ? compare_classes(victims, c, victims->tied[0]) : -1;
        n = order < 0 ? 0 : n;
        if (order <= 0)
            victims->tied[n++] = c;
    }
    return n;
}

static int32_t count_all_tied(const struct victims *victims, int n_tied, int32_t last)
{
    int32_t n = 0;

    for (int i = 0; i < n_tied; i++)
        n += count_tied(victims, victims->tied[i], last);
    return n;
}

/* The node with so many that tie before it. */
static int32_t select_node(const struct victims *victims, int n_tied, int32_t rank)
{
    int32_t low = 0, high = victims->n_nodes - 1;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (count_all_tied(victims, n_tied, middle) > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The node of a task that may still be stopped, or ID_NONE. */
static int32_t node_of(const struct victims *victims, int32_t task)
{
    int32_t low = 0, high = victims->n_nodes;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (victims->nodes[middle].task < task)
            low = middle + 1;
        else
            high = middle;
    }
    return low < victims->n_nodes && victims->nodes[low].task == task &&
                   victims->nodes[low].size > 0
               ? low
               : ID_NONE;
}

/* The last one has been stopped: those beside it stand otherwise now. */
static void note_stop(struct victims *victims)
{
    const struct cluster *cluster = victims->cluster;
    const struct node *last = &victims->nodes[victims->last];
    int32_t instance = cluster->tasks[last->task].instance;

    assert(cluster->tasks[last->task].desired == TASK_STOPPED);
    victims->last = ID_NONE;
    if (victims->n_rules == 0)
        return;
    victims->own_tasks[instance]--;
    for (int r = 0; r < victims->n_rules; r++)
        if (by_attribute(&victims->rules[r]))
            victims->totals[victims->class_values[victims->classes[last->class].value + r]]--;
    for (int t = cluster_newest_on(cluster, &cluster->instances[instance]); t != ID_NONE;
         t = cluster_older_on(cluster, t)) {
        int32_t node = node_of(victims, t);

        if (node == ID_NONE)
            continue;
        take_out(victims, node);
        find_values(victims, node);
        put_in(victims, node);
    }
}

int victims_next(struct victims *victims)
{
    const struct cluster *cluster = victims->cluster;
    int n_tied;

    if (victims->last != ID_NONE)
        note_stop(victims);
    if (victims->n_left == 0)
        gather(victims);
    if (victims->n_left == 0)
        return ID_NONE;
    n_tied = find_tied(victims);
    victims->last =
        select_node(victims, n_tied,
                    (int32_t)draw_below(cluster->seed, DRAW_VICTIM_RANDOM, victims->service,
                                        cluster->services[victims->service].n_victims,
                                        (uint64_t)count_all_tied(victims, n_tied, INT32_MAX)));
    take_out(victims, victims->last);
    victims->n_left--;
    return victims->nodes[victims->last].task;
}
