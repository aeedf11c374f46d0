/*
 * Member by member, in the order of struct container_run.
 */
#include "file/taskdef_run_read.h"

#include "file/json_shape.h"
#include "file/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* More than any machine has: 32 TiB. */
#define MIB_MAX (32 * 1024 * 1024)

static void read_text_into(const struct node *object, const char *name, char **to)
{
    struct node member = node_member(object, name);
    const char *text;

    if (node_text(&member, &text))
        *to = memory_text(text);
}

static void read_flag(const struct node *object, const char *name, bool *to)
{
    struct node member = node_member(object, name);

    node_bool(&member, to);
}

/* A list of texts, or of these values. */
static void read_texts(const struct node *object, const char *name, const char *const *values,
                       char ***to, int32_t *n)
{
    struct node list = node_member(object, name);
    size_t n_items = node_list(&list);

    node_take_texts(&list);
    if (n_items)
        *to = memory_zeroed(n_items, sizeof **to);
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(&list, i);
        const char *text;
        int choice;

        if (values ? node_choice(&item, values, &choice) : node_text(&item, &text))
            (*to)[(*n)++] = memory_text(values ? values[choice] : text);
    }
}

/* Zeroed room for a list's items, and the list. */
static void *list_room(const struct node *object, const char *name, size_t size, struct node *list,
                       size_t *n)
{
    *list = node_member(object, name);
    *n = node_list(list);
    return *n ? memory_zeroed(*n, size) : NULL;
}

static bool read_path(const struct node *node, const char **path)
{
    if (!node_text(node, path))
        return false;
    /* Windows has its own */
    if (**path == '/' || (isalpha((unsigned char)(*path)[0]) && (*path)[1] == ':'))
        return true;
    node_error(node, "found \"%s\", wanted an absolute path", *path);
    return false;
}

/* Other tools write variables as one object. */
static void list_variables(const struct node *container)
{
    struct node map = node_member(container, "environment");
    json_t *list, *value;
    const char *name;

    if (!json_is_object(map.value) || json_object_get(map.value, "name"))
        return;
    node_warning(&map, "found an object of variables; ECS takes a list of {\"name\", \"value\"}");
    node_take_texts(&map);
    list = json_array();
    json_object_foreach(map.value, name, value)
        json_array_append_new(list, json_pack("{s:s, s:O}", "name", name, "value", value));
    json_object_set_new(container->value, "environment", list);
}

static void read_environment(const struct node *container, struct container_run *run)
{
    struct node list;
    size_t n;

    list_variables(container);
    run->environment = list_room(container, "environment", sizeof *run->environment, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node, value_node;
        const char *name, *value = "";
        char *variable;

        if (!node_object(&item, &environment_grammar))
            continue;
        name_node = node_member(&item, "name");
        value_node = node_member(&item, "value");
        if (!name_node.value)
            node_error(&name_node, "missing: the variable's name");
        if (!node_text(&name_node, &name))
            continue;
        node_text(&value_node, &value);
        if (!*name || strchr(name, '=')) {
            node_error(&name_node, "found \"%s\", wanted a name without =", name);
            continue;
        }
        variable = memory_zeroed(strlen(name) + strlen(value) + 2, 1);
        strcat(strcat(strcpy(variable, name), "="), value);
        run->environment[run->n_environment++] = variable;
    }
}

/* ECS API, HealthCheck.command: CMD with the arguments of a program, or CMD-SHELL with a line. Real
 * files leave the word out. */
static void read_health_command(const struct node *container, struct container_run *run)
{
    struct node check = node_member(container, "healthCheck");
    struct node command = node_member(&check, "command"), first;
    const char *word;

    if (!json_is_object(check.value) || !command.value)
        return;
    read_texts(&check, "command", NULL, &run->health_command, &run->n_health_command);
    if (run->n_health_command == 0) {
        node_error(&command, "found an empty list, wanted [\"CMD-SHELL\", \"...\"] or [\"CMD\", "
                             "program, ...]");
        return;
    }
    word = run->health_command[0];
    run->health_shell = strcmp(word, "CMD-SHELL") == 0;
    if (!run->health_shell && strcmp(word, "CMD") != 0) {
        first = node_item(&command, 0);
        node_warning(&first, "found \"%s\" where ECS takes CMD or CMD-SHELL: taken as %s", word,
                     run->n_health_command == 1 ? "CMD-SHELL" : "CMD");
        run->health_shell = run->n_health_command == 1;
        return;
    }
    if (run->n_health_command == 1 || (run->health_shell && run->n_health_command > 2))
        node_error(&command, "%s takes %s", word,
                   run->health_shell ? "one text, a line for the shell" : "a program");
    free(run->health_command[0]);
    run->n_health_command--;
    memmove(run->health_command, run->health_command + 1,
            (size_t)run->n_health_command * sizeof *run->health_command);
}

static void read_ulimits(const struct node *container, struct container_run *run)
{
    struct node list;
    size_t n;

    run->ulimits = list_room(container, "ulimits", sizeof *run->ulimits, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name, soft, hard;
        struct run_ulimit *ulimit = &run->ulimits[run->n_ulimits];
        int choice;

        if (!node_object(&item, &ulimit_grammar))
            continue;
        name = node_member(&item, "name");
        soft = node_member(&item, "softLimit");
        hard = node_member(&item, "hardLimit");
        if (!node_choice(&name, ulimit_names, &choice) ||
            !node_number(&soft, -1, INT32_MAX, BARE_NUMBER, &ulimit->soft) ||
            !node_number(&hard, -1, INT32_MAX, BARE_NUMBER, &ulimit->hard))
            continue;
        ulimit->name = (enum ulimit_name)choice;
        if (ulimit->hard >= 0 && (ulimit->soft < 0 || ulimit->soft > ulimit->hard))
            node_error(&soft, "%s is more than the hardLimit, %lld", node_found(&soft),
                       (long long)ulimit->hard);
        run->n_ulimits++;
    }
}

/* What a container has for itself: its network's, and System V's and POSIX's queues (ECS API,
 * SystemControl). */
static bool control_is_namespaced(const char *name)
{
    static const char *const names[] = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                                        "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                                        "kernel.shmmni", "kernel.shm_rmid_forced"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return strncmp(name, "net.", 4) == 0 || strncmp(name, "fs.mqueue.", 10) == 0;
}

static void read_controls(const struct node *container, struct container_run *run)
{
    struct node list;
    size_t n;

    run->controls = list_room(container, "systemControls", sizeof *run->controls, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node, value_node;
        const char *name, *value;

        if (!node_object(&item, &system_control_grammar))
            continue;
        name_node = node_member(&item, "namespace");
        value_node = node_member(&item, "value");
        if (!name_node.value || !value_node.value)
            node_error(&item, "wanted a namespace and a value");
        if (!node_text(&name_node, &name) || !node_text(&value_node, &value))
            continue;
        if (!control_is_namespaced(name)) {
            node_error(&name_node,
                       "found \"%s\"; ECS takes what a container has for itself: net.*, "
                       "fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm*",
                       name);
            continue;
        }
        run->controls[run->n_controls++] =
            (struct run_control){memory_text(name), memory_text(value)};
    }
}

static void read_tmpfs(const struct node *linux_node, struct container_run *run)
{
    const char *const *options = grammar_member(&tmpfs_grammar, "mountOptions")->values;
    struct node list;
    size_t n;

    run->tmpfs = list_room(linux_node, "tmpfs", sizeof *run->tmpfs, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), path_node, size;
        struct run_tmpfs *tmpfs = &run->tmpfs[run->n_tmpfs];
        const char *path;

        if (!node_object(&item, &tmpfs_grammar))
            continue;
        path_node = node_member(&item, "containerPath");
        size = node_member(&item, "size");
        if (!node_int(&size, 1, MIB_MAX, BARE_MIB, &tmpfs->size_mib) ||
            !read_path(&path_node, &path))
            continue;
        tmpfs->path = memory_text(path);
        read_texts(&item, "mountOptions", options, &tmpfs->options, &tmpfs->n_options);
        run->n_tmpfs++;
    }
}

static void read_capabilities(const struct node *linux_node, struct container_run *run)
{
    const char *const *names = grammar_member(&capabilities_grammar, "add")->values;
    struct node node = node_member(linux_node, "capabilities");

    if (!node.value || !node_object(&node, &capabilities_grammar))
        return;
    read_texts(&node, "add", names, &run->add, &run->n_add);
    read_texts(&node, "drop", names, &run->drop, &run->n_drop);
}

static void read_linux(const struct node *container, struct container_run *run)
{
    struct node node = node_member(container, "linuxParameters"), shared, swap, swappiness;

    if (!node.value || !node_object(&node, &linux_parameters_grammar))
        return;
    shape_check_unused(&node, &linux_parameters_grammar);
    shared = node_member(&node, "sharedMemorySize");
    swap = node_member(&node, "maxSwap");
    swappiness = node_member(&node, "swappiness");
    read_capabilities(&node, run);
    read_tmpfs(&node, run);
    read_flag(&node, "initProcessEnabled", &run->init_process);
    node_int(&shared, 1, MIB_MAX, BARE_MIB, &run->shared_memory_mib);
    node_int(&swap, 0, MIB_MAX, BARE_MIB, &run->max_swap_mib);
    node_int(&swappiness, 0, 100, BARE_NUMBER, &run->swappiness);
    if (swappiness.value && !swap.value)
        node_warning(&swappiness, "ECS takes no notice of it without maxSwap");
}

static int32_t find_volume(const struct taskdef_run *task, const char *name)
{
    for (int i = 0; i < task->n_volumes; i++)
        if (strcmp(task->volumes[i].name, name) == 0)
            return i;
    return -1;
}

static const char *nearest_volume(const struct taskdef_run *task, const char *name)
{
    const char *names[64];
    int n = 0;

    for (int i = 0; i < task->n_volumes && n < 64; i++)
        names[n++] = task->volumes[i].name;
    return nearest_name(name, names, n);
}

static void read_mounts(const struct node *container, const struct taskdef_run *task,
                        struct container_run *run)
{
    struct node list;
    size_t n;

    run->mounts = list_room(container, "mountPoints", sizeof *run->mounts, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), volume, path_node;
        struct run_mount *mount = &run->mounts[run->n_mounts];
        const char *name, *path;

        if (!node_object(&item, &mount_point_grammar))
            continue;
        volume = node_member(&item, "sourceVolume");
        path_node = node_member(&item, "containerPath");
        read_flag(&item, "readOnly", &mount->readonly);
        if (!volume.value || !path_node.value)
            node_error(&item, "wanted a sourceVolume and a containerPath");
        if (!node_text(&volume, &name))
            continue;
        mount->volume = find_volume(task, name);
        if (mount->volume < 0)
            node_warning(&volume, "no volume \"%s\" in this definition: not mounted%s", name,
                         node_hint(nearest_volume(task, name)));
        else if (read_path(&path_node, &path))
            run->mounts[run->n_mounts++].path = memory_text(path);
    }
}

static void read_hosts(const struct node *container, struct container_run *run)
{
    struct node list;
    size_t n;

    run->hosts = list_room(container, "extraHosts", sizeof *run->hosts, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node, address_node;
        const char *name, *address;

        if (!node_object(&item, &host_entry_grammar))
            continue;
        name_node = node_member(&item, "hostname");
        address_node = node_member(&item, "ipAddress");
        if (node_text(&name_node, &name) && node_text(&address_node, &address))
            run->hosts[run->n_hosts++] = (struct run_host){memory_text(name), memory_text(address)};
    }
}

static void read_labels(const struct node *container, struct container_run *run)
{
    struct node map = node_member(container, "dockerLabels");
    const char *name, *text;
    json_t *value;

    if (map.value && !json_is_object(map.value))
        node_error(&map, "found %s, wanted an object of names and texts", node_found(&map));
    if (json_object_size(map.value))
        run->labels = memory_zeroed(json_object_size(map.value), sizeof *run->labels);
    node_take_texts(&map);
    json_object_foreach(map.value, name, value)
    {
        struct node member = node_member(&map, name);

        if (node_text(&member, &text))
            run->labels[run->n_labels++] = (struct run_label){memory_text(name), memory_text(text)};
    }
}

static void read_log(const struct node *container, struct container_run *run)
{
    struct node log = node_member(container, "logConfiguration"), driver, options;
    const char *const *drivers = grammar_member(&log_configuration_grammar, "logDriver")->values;
    const char *name, *text;
    json_t *value;
    int choice;

    if (!log.value || !node_object(&log, &log_configuration_grammar))
        return;
    shape_check_unused(&log, &log_configuration_grammar);
    driver = node_member(&log, "logDriver");
    options = node_member(&log, "options");
    if (node_choice(&driver, drivers, &choice))
        run->log_driver = memory_text(drivers[choice]);
    if (options.value && !json_is_object(options.value))
        node_error(&options, "found %s, wanted an object of names and texts", node_found(&options));
    node_take_texts(&options);
    json_object_foreach(options.value, name, value)
    {
        struct node option = node_member(&options, name);

        node_text(&option, &text);
    }
}

/* A whole line where the words of a program belong. What only a shell would understand is nobody's
 * guess. */
static void split_line(const struct node *object, const char *name)
{
    struct node member = node_member(object, name);
    const char *text = json_string_value(member.value);
    char *words, *word, *rest;
    json_t *list;

    if (!text || !strpbrk(text, " \t"))
        return;
    if (strpbrk(text, "\"'\\$`|&;<>(){}[]*?~#\n")) {
        node_error(&member,
                   "found %s where ECS takes a list of words, such as [\"sh\", \"-c\", "
                   "\"sleep 1; echo done\"]",
                   node_found(&member));
        json_object_set_new(object->value, name, json_array());
        return;
    }
    node_warning(&member, "found %s where ECS takes a list: taken as its words",
                 node_found(&member));
    words = memory_text(text);
    list = json_array();
    for (word = strtok_r(words, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
        json_array_append_new(list, json_string(word));
    json_object_set_new(object->value, name, list);
    free(words);
}

void taskdef_run_read_container(const struct node *object, const struct taskdef_run *task,
                                struct container_run *run)
{
    split_line(object, "entryPoint");
    split_line(object, "command");
    read_texts(object, "entryPoint", NULL, &run->entry_point, &run->n_entry_point);
    read_texts(object, "command", NULL, &run->command, &run->n_command);
    read_environment(object, run);
    read_text_into(object, "workingDirectory", &run->working_directory);
    read_text_into(object, "user", &run->user);
    read_text_into(object, "hostname", &run->hostname);
    read_flag(object, "readonlyRootFilesystem", &run->readonly_root);
    read_flag(object, "privileged", &run->privileged);
    read_flag(object, "interactive", &run->interactive);
    read_flag(object, "pseudoTerminal", &run->pseudo_terminal);
    read_flag(object, "disableNetworking", &run->disable_networking);
    read_health_command(object, run);
    read_ulimits(object, run);
    read_controls(object, run);
    read_linux(object, run);
    read_mounts(object, task, run);
    read_hosts(object, run);
    read_texts(object, "dnsServers", NULL, &run->dns_servers, &run->n_dns_servers);
    read_texts(object, "dnsSearchDomains", NULL, &run->dns_search, &run->n_dns_search);
    read_labels(object, run);
    read_log(object, run);
}

/* The task's part */

static void read_host_volume(const struct node *volume, struct run_volume *to)
{
    struct node host = node_member(volume, "host"), source;
    const char *path;

    if (!host.value || !node_object(&host, &host_volume_grammar))
        return;
    source = node_member(&host, "sourcePath");
    if (!source.value || (json_is_string(source.value) && !*json_string_value(source.value)))
        return;
    if (read_path(&source, &path)) {
        to->kind = VOLUME_HOST;
        to->source_path = memory_text(path);
    }
}

static void read_docker_volume(const struct node *volume, struct run_volume *to)
{
    struct node docker = node_member(volume, "dockerVolumeConfiguration"), scope, autoprovision;
    int choice = 0;

    if (!docker.value || !node_object(&docker, &docker_volume_grammar))
        return;
    scope = node_member(&docker, "scope");
    autoprovision = node_member(&docker, "autoprovision");
    node_choice(&scope, volume_scope_names, &choice);
    node_bool(&autoprovision, &to->autoprovision);
    if (choice == 1)
        to->kind = VOLUME_SHARED;
    else if (to->autoprovision)
        node_error(&autoprovision, "belongs to a volume of scope shared");
}

/* A volume has at most one of these. */
static void check_kinds(const struct node *volume)
{
    static const char *const kinds[] = {"host", "dockerVolumeConfiguration",
                                        "efsVolumeConfiguration", "s3filesVolumeConfiguration",
                                        "fsxWindowsFileServerVolumeConfiguration"};
    const char *first = NULL;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct node kind = node_member(volume, kinds[i]);

        if (kind.value && first)
            node_error(&kind, "the volume has a %s already", first);
        else if (kind.value)
            first = kinds[i];
    }
}

static void read_volume(struct node *node, struct taskdef_run *run)
{
    struct run_volume *volume = &run->volumes[run->n_volumes];
    struct node name_node;
    const char *name;

    if (!node_object(node, &volume_grammar))
        return;
    shape_check_unused(node, &volume_grammar);
    name_node = node_member(node, "name");
    if (!name_node.value)
        node_error(&name_node, "missing: the volume's name");
    if (!node_text(&name_node, &name))
        return;
    if (find_volume(run, name) >= 0)
        node_error(&name_node, "a volume \"%s\" stands above already", name);
    check_kinds(node);
    for (const struct grammar_member *member = volume_grammar.members; member->name; member++)
        if (!member->about && json_object_get(node->value, member->name))
            volume->kind = VOLUME_REMOTE;
    read_host_volume(node, volume);
    read_docker_volume(node, volume);
    volume->name = memory_text(name);
    run->n_volumes++;
}

void taskdef_run_read(const struct node *definition, struct taskdef_run *run)
{
    struct node pid = node_member(definition, "pidMode"), ipc = node_member(definition, "ipcMode");
    struct node list;
    size_t n;
    int choice;

    if (node_choice(&pid, pid_mode_names, &choice))
        run->pid_mode = (enum pid_mode)(choice + 1);
    if (node_choice(&ipc, ipc_mode_names, &choice))
        run->ipc_mode = (enum ipc_mode)(choice + 1);
    run->volumes = list_room(definition, "volumes", sizeof *run->volumes, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_volume(&item, run);
    }
}
